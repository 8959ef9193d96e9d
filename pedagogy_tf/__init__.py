"""TensorFlow 1 and Keras 2, small enough to read and real enough to use.

`import pedagogy_tf as tf`. Every line of the package stands in a chapter of the book;
the public names are listed in `pedagogy_tf.api`. They are loaded when the first one is
asked for: a chapter of the book that imports one early module does not load them all.
"""

from importlib import import_module


def __getattr__(name):
    if name.startswith("__") and name not in ("__all__", "__version__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    api = import_module("pedagogy_tf.api")
    names = {n: value for n, value in vars(api).items() if not n.startswith("_")}
    globals().update({**names, "__version__": api.__version__, "__all__": list(names)})
    if name not in globals():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals()[name]


def __dir__():
    return [*globals(), *vars(import_module("pedagogy_tf.api"))]
