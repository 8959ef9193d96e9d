"""The cases, by subject. Python 3.7 must read them too: TensorFlow 1.15 runs on it."""
