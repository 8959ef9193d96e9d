"""tf.initializers: what variables start with."""

from pedagogy_tf.core.initializers import Constant as constant
from pedagogy_tf.core.initializers import GlorotNormal as glorot_normal
from pedagogy_tf.core.initializers import GlorotUniform as glorot_uniform
from pedagogy_tf.core.initializers import Ones as ones
from pedagogy_tf.core.initializers import RandomNormal as random_normal
from pedagogy_tf.core.initializers import RandomUniform as random_uniform
from pedagogy_tf.core.initializers import TruncatedNormal as truncated_normal
from pedagogy_tf.core.initializers import UniformUnitScaling as uniform_unit_scaling
from pedagogy_tf.core.initializers import VarianceScaling as variance_scaling
from pedagogy_tf.core.initializers import Zeros as zeros
from pedagogy_tf.core.initializers import (
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
)
from pedagogy_tf.core.variables import global_variables_initializer as global_variables
from pedagogy_tf.core.variables import local_variables_initializer as local_variables
from pedagogy_tf.core.variables import variables_initializer as variables
