"""tf.contrib.layers: penalties on weights."""

from pedagogy_tf.core.losses import (
    l1_l2_regularizer,
    l1_regularizer,
    l2_regularizer,
    sum_regularizer,
)
