"""TensorFlow 1 and Keras, small enough to read. Every module comes from a chapter."""

__version__ = "0.1.0"
