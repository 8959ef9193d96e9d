"""tf.random: random numbers under their newer names."""

from pedagogy_tf.core.ops.random import (
    categorical,
    get_seed,
    multinomial,
    set_random_seed,
    truncated_normal,
)
from pedagogy_tf.core.ops.random import random_normal as normal
from pedagogy_tf.core.ops.random import random_shuffle as shuffle
from pedagogy_tf.core.ops.random import random_uniform as uniform
