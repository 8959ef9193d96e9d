"""tf.math: the functions of tensors under their newer names."""

from pedagogy_tf.core.ops.basic import add_n
from pedagogy_tf.core.ops.array import invert_permutation, unsorted_segment_sum
from pedagogy_tf.core.ops.elementwise import (
    ceil,
    equal,
    exp,
    expm1,
    floor,
    greater,
    greater_equal,
    inv,
    is_finite,
    is_inf,
    is_nan,
    less,
    less_equal,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
    reciprocal,
    rint,
    rsqrt,
    sigmoid,
    sqrt,
    tanh,
)
from pedagogy_tf.core.ops.elementwise import round_ as round
from pedagogy_tf.core.ops.math import (
    accumulate_n,
    add,
    conj,
    divide,
    floordiv,
    maximum,
    minimum,
    mod,
    multiply,
    negative,
    reduce_sum,
    scalar_mul,
    sign,
    square,
    squared_difference,
    subtract,
    truediv,
)
from pedagogy_tf.core.ops.math import abs_ as abs
from pedagogy_tf.core.ops.math import div_no_nan
from pedagogy_tf.core.ops.math import floormod
from pedagogy_tf.core.ops.math import pow_ as pow
from pedagogy_tf.core.ops.measures import in_top_k, l2_normalize, top_k, zero_fraction
from pedagogy_tf.core.ops.nn import log_softmax, softmax, softplus, softsign
from pedagogy_tf.core.ops.reduce import (
    argmax,
    argmin,
    count_nonzero,
    cumprod,
    cumsum,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_std,
    reduce_variance,
)
from pedagogy_tf.core.ops.special import (
    acos,
    acosh,
    angle,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cos,
    cosh,
    digamma,
    erf,
    erfc,
    imag,
    lgamma,
    real,
    sin,
    sinh,
    tan,
    xdivy,
    xlogy,
)
from pedagogy_tf.core.ops.special import mul_no_nan as multiply_no_nan
