"""Initializers: what a variable of a given shape starts with.

Weights that are too small let a signal die out on its way through the layers, weights
that are too large let it explode; the right spread depends on how many inputs are added
up. (Glorot and Bengio, AISTATS 2010; He et al., ICCV 2015.)
"""

# Generated from book/source/16_scopes.md: change it there, then `make export`.

import math

import numpy as np

from pedagogy_tf.core.dtypes import as_dtype, float32
from pedagogy_tf.core.op import constant
from pedagogy_tf.core.ops.basic import ones, zeros
from pedagogy_tf.core.ops.random import random_normal, random_uniform, truncated_normal

__all__ = [
    "Initializer",
    "Zeros",
    "Ones",
    "Constant",
    "RandomUniform",
    "RandomNormal",
    "TruncatedNormal",
    "fans",
    "VarianceScaling",
    "CUT",
    "GlorotUniform",
    "GlorotNormal",
    "lecun_normal",
    "lecun_uniform",
    "he_normal",
    "he_uniform",
    "UniformUnitScaling",
]


## What a variable starts with


class Initializer:
    """What all initializers share: they can be written down and made again.

    Attributes:
      dtype: the DType of what they give, unless another is asked for.
    """

    settings = ()  # the names of its arguments, which are attributes too

    def __init__(self, dtype=float32):
        self.dtype = as_dtype(dtype)

    def __call__(self, shape, dtype=None, partition_info=None):
        """A tensor of that shape."""
        return self._fill(shape, self.dtype if dtype is None else dtype)

    def _fill(self, shape, dtype):
        raise NotImplementedError(f"{type(self).__name__} has no __call__")

    def get_config(self):
        """Its arguments by name, as plain values."""
        values = {name: getattr(self, name) for name in self.settings}
        return {**values, "dtype": self.dtype.name}

    @classmethod
    def from_config(cls, config):
        """The initializer that `get_config` described."""
        return cls(**config)


class Zeros(Initializer):
    """Zeros."""

    def _fill(self, shape, dtype):
        return zeros(shape, dtype)


class Ones(Initializer):
    """Ones."""

    def _fill(self, shape, dtype):
        return ones(shape, dtype)


class Constant(Initializer):
    """A number everywhere, or an array in the order of its elements.

    Args:
      value: a number, a list or an array; the last element fills what is left.
      dtype: the DType of what it gives.
      verify_shape: refuse a value of another shape.
    """

    settings = ("value",)

    def __init__(self, value=0, dtype=float32, verify_shape=False):
        if not (np.isscalar(value) or isinstance(value, (list, tuple, np.ndarray))):
            raise TypeError(
                f"Invalid type for initial value: {type(value)} (expected Python "
                "scalar, list or tuple of values, or numpy.ndarray)."
            )
        super().__init__(dtype)
        self.value, self._verify = value, verify_shape

    def __call__(self, shape, dtype=None, partition_info=None, verify_shape=None):
        dtype = self.dtype if dtype is None else dtype
        verify = self._verify if verify_shape is None else verify_shape
        return constant(self.value, dtype, shape, "Const", verify)


class RandomUniform(Initializer):
    """Equally likely in [minval, maxval)."""

    settings = ("minval", "maxval", "seed")

    def __init__(self, minval=0, maxval=None, seed=None, dtype=float32):
        super().__init__(dtype)
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def _fill(self, shape, dtype):
        return random_uniform(shape, self.minval, self.maxval, dtype, seed=self.seed)


class RandomNormal(Initializer):
    """Normally distributed around `mean`."""

    settings = ("mean", "stddev", "seed")

    def __init__(self, mean=0.0, stddev=1.0, seed=None, dtype=float32):
        super().__init__(dtype)
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def _fill(self, shape, dtype):
        return random_normal(shape, self.mean, self.stddev, dtype, seed=self.seed)


class TruncatedNormal(RandomNormal):
    """Normally distributed, nearer to `mean` than two deviations."""

    def _fill(self, shape, dtype):
        return truncated_normal(shape, self.mean, self.stddev, dtype, seed=self.seed)


### How large may weights be?


def fans(shape):
    """How many numbers go into, and out of, a unit whose weights have this shape."""
    shape = [int(n) for n in shape]
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = math.prod(shape[:-2])  # the positions of a convolution's window
    return shape[-2] * field, shape[-1] * field


class VarianceScaling(Initializer):
    """Weights whose spread depends on how many inputs or outputs share them.

    Args:
      scale: the variance is scale / n.
      mode: what n counts: fan_in (inputs), fan_out (outputs) or fan_avg (their mean).
      distribution: normal or truncated_normal (cut off at two deviations),
        untruncated_normal, or uniform.
      seed: an integer, or None; see `set_random_seed`.
      dtype: the DType of what it gives.
    """

    settings = ("scale", "mode", "distribution", "seed")

    def __init__(
        self,
        scale=1.0,
        mode="fan_in",
        distribution="truncated_normal",
        seed=None,
        dtype=float32,
    ):
        if scale <= 0.0:
            raise ValueError("`scale` must be positive float.")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Invalid `mode` argument: {mode}")
        distribution = distribution.lower()
        known = ("normal", "uniform", "truncated_normal", "untruncated_normal")
        if distribution not in known:
            raise ValueError(f"Invalid `distribution` argument: {distribution}")
        super().__init__(dtype)
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.seed = seed

    def _fill(self, shape, dtype):
        inputs, outputs = fans(shape)
        mean = (inputs + outputs) / 2
        counts = {"fan_in": inputs, "fan_out": outputs, "fan_avg": mean}
        variance = self.scale / max(1.0, counts[self.mode])
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random_uniform(shape, -limit, limit, dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random_normal(shape, 0.0, math.sqrt(variance), dtype, seed=self.seed)
        stddev = math.sqrt(variance) / CUT
        return truncated_normal(shape, 0.0, stddev, dtype, seed=self.seed)


CUT = 0.87962566103423978  # the deviation of a normal distribution cut off at two


class GlorotUniform(VarianceScaling):
    """Uniform within sqrt(6 / (inputs + outputs)): the default of `get_variable`."""

    settings = ("seed",)

    def __init__(self, seed=None, dtype=float32):
        super().__init__(1.0, "fan_avg", "uniform", seed, dtype)


class GlorotNormal(VarianceScaling):
    """Normal with a variance of 2 / (inputs + outputs)."""

    settings = ("seed",)

    def __init__(self, seed=None, dtype=float32):
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, dtype)


def lecun_normal(seed=None):
    """Normal with a variance of 1 / inputs (LeCun, 1998)."""
    return VarianceScaling(1.0, "fan_in", "truncated_normal", seed)


def lecun_uniform(seed=None):
    """Uniform with a variance of 1 / inputs."""
    return VarianceScaling(1.0, "fan_in", "uniform", seed)


def he_normal(seed=None):
    """Normal with a variance of 2 / inputs."""
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed)


def he_uniform(seed=None):
    """Uniform with a variance of 2 / inputs."""
    return VarianceScaling(2.0, "fan_in", "uniform", seed)


class UniformUnitScaling(Initializer):
    """Uniform within sqrt(3 / inputs) * factor; the oldest of its kind."""

    settings = ("factor", "seed")

    def __init__(self, factor=1.0, seed=None, dtype=float32):
        super().__init__(dtype)
        self.factor, self.seed = factor, seed

    def _fill(self, shape, dtype):
        inputs = max(math.prod([float(n) for n in list(shape)[:-1]]), 1.0)
        limit = math.sqrt(3 / inputs) * self.factor
        return random_uniform(shape, -limit, limit, dtype, seed=self.seed)
