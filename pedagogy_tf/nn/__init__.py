"""tf.nn: what networks are made of."""

from pedagogy_tf.core.ops.elementwise import sigmoid, tanh
