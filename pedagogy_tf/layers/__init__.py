"""tf.layers: functions that bring their own weights."""

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
