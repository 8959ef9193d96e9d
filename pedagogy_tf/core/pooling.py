"""Pools as layers: the largest value, or the mean, of what a window sees."""

# Generated from book/source/25_convlayers.md: change it there, then `make export`.

from pedagogy_tf.core.convolutional import (
    arranged,
    format_word,
    in_letters,
    in_tuple,
    padding_word,
    stops,
)
from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.layers import InputSpec, Layer
from pedagogy_tf.core.ops.array import expand_dims, squeeze
from pedagogy_tf.core.ops.pool import avg_pool, max_pool
from pedagogy_tf.core.shapes import TensorShape, as_shape

__all__ = [
    "Pooling",
    "MaxPooling1D",
    "MaxPooling2D",
    "AveragePooling1D",
    "AveragePooling2D",
    "max_pooling1d",
    "max_pooling2d",
    "average_pooling1d",
    "average_pooling2d",
]


## Pools


class Pooling(Layer):
    """What a window sees, as one number for each feature.

    Args:
      pool_size: the sizes of the window, one number or one for each axis.
      strides: how far from stop to stop; as pool_size.
      padding: "valid" or "same".
      data_format: "channels_last", (n, ..., features), or "channels_first".
      name, **options: see Layer.
    """

    rank = 2  # how many axes the window moves along
    pool = None  # an op

    def __init__(
        self,
        pool_size,
        strides,
        padding="valid",
        data_format="channels_last",
        name=None,
        **options,
    ):
        if strides is None:
            problem = "Argument `strides` must not be None."
            raise ValueError(explain(problem, fix=f"strides={pool_size}"))
        super().__init__(name=name, **options)
        self.pool_size = in_tuple(pool_size, self.rank, "pool_size")
        self.strides = in_tuple(strides, self.rank, "strides")
        self.padding = padding_word(padding)
        self.data_format = format_word(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs):
        """The pooled inputs; lines are pooled as pictures of one column."""
        size, strides = self.pool_size, self.strides
        axis = 2 if self.data_format == "channels_last" else 3
        if self.rank == 1:
            inputs = expand_dims(inputs, axis)
            size, strides = (*size, 1), (*strides, 1)
        outputs = type(self).pool(
            inputs,
            arranged(1, size, 1, self.data_format),
            arranged(1, strides, 1, self.data_format),
            self.padding.upper(),
            in_letters(self.data_format, 2),
        )
        return squeeze(outputs, [axis]) if self.rank == 1 else outputs

    def compute_output_shape(self, input_shape):
        """(n, ..., features) -> (n, stops, features), or in the other format."""
        first, *sizes = as_shape(input_shape).as_list()
        last = self.data_format == "channels_last"
        features = sizes.pop(-1 if last else 0)
        steps = zip(sizes, self.pool_size, self.strides, strict=True)
        counts = [stops(size, window, self.padding, by) for size, window, by in steps]
        return TensorShape(arranged(first, counts, features, self.data_format))

    def get_config(self):
        """What it was made with, as plain values."""
        plain = "pool_size strides padding data_format".split()
        said = {name: getattr(self, name) for name in plain}
        return {**super().get_config(), **said}


class MaxPooling1D(Pooling):
    """The largest value in each window along one axis; see Pooling."""

    rank, pool = 1, max_pool


class MaxPooling2D(Pooling):
    """The largest value in each window along two axes; see Pooling."""

    pool = max_pool


class AveragePooling1D(Pooling):
    """The mean of each window along one axis; see Pooling."""

    rank, pool = 1, avg_pool


class AveragePooling2D(Pooling):
    """The mean of each window along two axes; see Pooling."""

    pool = avg_pool


def max_pooling1d(
    inputs, pool_size, strides, padding="valid", data_format="channels_last", name=None
):
    """The largest value in each window along one axis; see Pooling."""
    return MaxPooling1D(pool_size, strides, padding, data_format, name)(inputs)


def max_pooling2d(
    inputs, pool_size, strides, padding="valid", data_format="channels_last", name=None
):
    """The largest value in each window along two axes; see Pooling."""
    return MaxPooling2D(pool_size, strides, padding, data_format, name)(inputs)


def average_pooling1d(
    inputs, pool_size, strides, padding="valid", data_format="channels_last", name=None
):
    """The mean of each window along one axis; see Pooling."""
    return AveragePooling1D(pool_size, strides, padding, data_format, name)(inputs)


def average_pooling2d(
    inputs, pool_size, strides, padding="valid", data_format="channels_last", name=None
):
    """The mean of each window along two axes; see Pooling."""
    return AveragePooling2D(pool_size, strides, padding, data_format, name)(inputs)
