"""tf.contrib: what TensorFlow 1 had on trial."""

from pedagogy_tf.contrib import layers
