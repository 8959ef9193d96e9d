"""tf.dtypes: the types of elements."""

from pedagogy_tf.core.dtypes import (
    QUANTIZED_DTYPES,
    DType,
    as_dtype,
    bfloat16,
    complex64,
    complex128,
    double,
    float16,
    float32,
    float64,
    half,
    int8,
    int16,
    int32,
    int64,
    qint8,
    qint16,
    qint32,
    quint8,
    quint16,
    resource,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
    variant,
)
from pedagogy_tf.core.dtypes import bool_ as bool
from pedagogy_tf.core.ops.math import cast
from pedagogy_tf.core.ops.special import complex_ as complex
