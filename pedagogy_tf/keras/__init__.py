"""Keras, on the graph of the core."""
