"""tf.layers: functions that bring their own weights."""

from pedagogy_tf.core.convolutional import (
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    SeparableConv1D,
    SeparableConv2D,
    conv1d,
    conv2d,
    conv2d_transpose,
    separable_conv1d,
    separable_conv2d,
)
from pedagogy_tf.core.layers import (
    Dense,
    Dropout,
    Flatten,
    InputSpec,
    Layer,
    dense,
    dropout,
    flatten,
)
from pedagogy_tf.core.normalization import BatchNormalization, batch_normalization
from pedagogy_tf.core.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    MaxPooling1D,
    MaxPooling2D,
    average_pooling1d,
    average_pooling2d,
    max_pooling1d,
    max_pooling2d,
)
