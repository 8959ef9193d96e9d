"""TensorShape: what is known about the shape of a tensor before the graph runs.

Every size is a number or unknown (None); the rank may be unknown too.
"""

# Generated from book/source/04_shapes.md: change it there, then `make export`.

import math
import operator

from pedagogy_tf.core.dtypes import DType
from pedagogy_tf.core.errors import explain

__all__ = [
    "as_size",
    "Dimension",
    "as_dimension",
    "dimension_value",
    "dimension_at_index",
    "TensorShape",
    "unknown_shape",
    "as_shape",
    "scalar",
    "vector",
    "matrix",
    "broadcast_sizes",
    "broadcast_static_shape",
    "in_brackets",
]


## A size that may be unknown


def as_size(value):
    """A size, an int >= 0 or None if it is not known, from an int, Dimension or None.

    Raises:
      ValueError: negative, or not a whole number.
      TypeError: not a number at all.
    """
    if value is None or (type(value) is int and value >= 0):
        return value
    if isinstance(value, Dimension):
        return value.value
    if isinstance(value, DType):
        raise TypeError(explain(f"Cannot convert {value} to Dimension"))
    size = int(value)
    if size != value and not isinstance(value, (str, bytes)):
        raise ValueError(explain(f"Ambiguous dimension: {value}"))
    if size < 0:
        fix = "write None for a size that is not known" if size == -1 else None
        raise ValueError(explain(f"Dimension {size} must be >= 0", fix=fix))
    return size


def _lift(function):
    """Arithmetic on sizes: with one that is unknown, the result is unknown."""

    def method(self, other):
        try:
            x, y = self.value, as_size(other)
        except (TypeError, ValueError):
            return NotImplemented
        return Dimension(None if x is None or y is None else function(x, y))

    return method


def _compare(function):
    """A comparison of sizes: with one that is unknown, the answer is None."""

    def method(self, other):
        x, y = self.value, as_size(other)
        return None if x is None or y is None else function(x, y)

    return method


class Dimension:
    """One size of a shape, known or not.

    Attributes:
      value: the size, an int >= 0, or None.
    """

    __slots__ = ("value",)
    __hash__ = None  # equality has three answers, so there is no hash

    def __init__(self, value):
        self.value = as_size(value)

    __add__ = __radd__ = _lift(operator.add)
    __sub__ = _lift(operator.sub)
    __rsub__ = _lift(lambda x, y: y - x)
    __mul__ = __rmul__ = _lift(operator.mul)
    __floordiv__ = _lift(operator.floordiv)
    __rfloordiv__ = _lift(lambda x, y: y // x)
    __mod__ = _lift(operator.mod)
    __rmod__ = _lift(lambda x, y: y % x)
    __lt__ = _compare(operator.lt)
    __le__ = _compare(operator.le)
    __gt__ = _compare(operator.gt)
    __ge__ = _compare(operator.ge)

    def __repr__(self):
        return f"Dimension({self.value})"

    def __str__(self):
        return "?" if self.value is None else str(self.value)

    def __eq__(self, other):
        try:
            x, y = self.value, as_size(other)
        except (TypeError, ValueError):
            return NotImplemented
        return None if x is None or y is None else x == y

    def __ne__(self, other):
        equal = self.__eq__(other)
        return equal if equal in (None, NotImplemented) else not equal

    def __index__(self):
        """The size as an int. TypeError if it is unknown."""
        if self.value is None:
            raise TypeError(
                explain(
                    "__int__ returned non-int (type NoneType)",
                    expected="a size that is known before the graph runs",
                    fix="use tf.shape(x): a tensor, whose value is known then",
                )
            )
        return self.value

    def __int__(self):
        return self.__index__()

    def __truediv__(self, other):
        raise TypeError(
            explain(
                "unsupported operand type(s) for /: 'Dimension' and "
                f"'{type(other).__name__}', please use // instead"
            )
        )

    def __rtruediv__(self, other):
        raise TypeError(
            explain(
                f"unsupported operand type(s) for /: '{type(other).__name__}' "
                "and 'Dimension', please use // instead"
            )
        )

    def is_compatible_with(self, other):
        """Could the two be the same size?"""
        other = as_size(other)
        return self.value is None or other is None or self.value == other

    def assert_is_compatible_with(self, other):
        """ValueError if the two are different sizes."""
        if not self.is_compatible_with(other):
            raise ValueError(
                explain(f"Dimensions {self} and {other} are not compatible")
            )

    def merge_with(self, other):
        """What is known if both are the same size. ValueError if they cannot be."""
        self.assert_is_compatible_with(other)
        return Dimension(other if self.value is None else self.value)

    def __reduce__(self):
        return Dimension, (self.value,)


## Two things known about one size


def as_dimension(value):
    """A Dimension, from a Dimension, int or None."""
    return value if isinstance(value, Dimension) else Dimension(value)


def dimension_value(dimension):
    """The int or None inside a Dimension; an int or None as it is."""
    return dimension.value if isinstance(dimension, Dimension) else dimension


def dimension_at_index(shape, index):
    """The Dimension of a TensorShape at an index; unknown if the rank is."""
    return shape[index]


## A shape of sizes


class TensorShape:
    """A shape of which some sizes, or even the rank, may be unknown.

    Args:
      dims: an iterable of sizes (int, Dimension or None), one size, another
        TensorShape, or None if not even the rank is known.

    Attributes:
      sizes: a tuple of int and None, or None if the rank is unknown. (TensorFlow
        has no such attribute; rules about shapes use it.)
    """

    __slots__ = ("sizes",)
    __hash__ = None

    def __init__(self, dims):
        if dims is None:
            self.sizes = None
        elif isinstance(dims, TensorShape):
            self.sizes = dims.sizes
        else:
            self.sizes = _sizes(dims)

    def __str__(self):
        if self.sizes is None:
            return "<unknown>"
        inside = ", ".join("?" if size is None else str(size) for size in self.sizes)
        return f"({inside},)" if len(self.sizes) == 1 else f"({inside})"

    def __repr__(self):
        return f"TensorShape({self.dims})"

    @property
    def dims(self):
        """A list of Dimension, or None."""
        return None if self.sizes is None else [Dimension(n) for n in self.sizes]

    @property
    def rank(self):
        """The number of axes, or None."""
        return None if self.sizes is None else len(self.sizes)

    @property
    def ndims(self):
        """The number of axes, or None."""
        return self.rank

    def is_fully_defined(self):
        """Is every size known?"""
        return self.sizes is not None and None not in self.sizes

    def assert_is_fully_defined(self):
        """ValueError if any size is unknown."""
        if not self.is_fully_defined():
            raise ValueError(explain(f"Shape {self} is not fully defined"))

    def num_elements(self):
        """How many elements such a tensor has; None if that is not known."""
        return math.prod(self.sizes) if self.is_fully_defined() else None

    def as_list(self):
        """A list of int and None. ValueError if the rank is unknown."""
        if self.sizes is None:
            raise ValueError(
                explain("as_list() is not defined on an unknown TensorShape.")
            )
        return list(self.sizes)

    def __len__(self):
        if self.sizes is None:
            raise ValueError(
                explain("Cannot take the length of shape with unknown rank.")
            )
        return len(self.sizes)

    def __bool__(self):
        return self.sizes is not None

    def __iter__(self):
        if self.sizes is None:
            raise ValueError(explain("Cannot iterate over a shape with unknown rank."))
        return iter(self.dims)

    def __getitem__(self, key):
        if self.sizes is not None:
            part = self.sizes[key]
            return TensorShape(part) if isinstance(key, slice) else Dimension(part)
        if not isinstance(key, slice):
            return Dimension(None)
        if key.step is not None:
            raise ValueError(explain("Steps are not yet handled"))
        start, stop = key.start or 0, key.stop
        if stop is None or start < 0 or stop < 0:
            return unknown_shape()
        return unknown_shape(stop - start)

    def is_compatible_with(self, other):
        """Could the two be the shape of one tensor?"""
        x, y = self.sizes, as_shape(other).sizes
        if x is None or y is None or x == y:
            return True
        fits = [a is None or b is None or a == b for a, b in zip(x, y)]
        return len(x) == len(y) and all(fits)

    def merge_with(self, other):
        """What is known if both are the shape of one tensor. ValueError if not."""
        other = as_shape(other)
        if not self.is_compatible_with(other):
            raise ValueError(explain(f"Shapes {self} and {other} are not compatible"))
        if self.sizes is None or other.sizes is None:
            return other if self.sizes is None else self
        pairs = zip(self.sizes, other.sizes)
        return TensorShape([b if a is None else a for a, b in pairs])

    def most_specific_compatible_shape(self, other):
        """What is true of both: the sizes on which they agree."""
        other = as_shape(other)
        if self.rank is None or self.rank != other.rank:
            return unknown_shape()
        pairs = zip(self.sizes, other.sizes)
        return TensorShape([a if a == b else None for a, b in pairs])

    def assert_is_compatible_with(self, other):
        """ValueError if no tensor has both shapes."""
        if not self.is_compatible_with(other):
            raise ValueError(explain(f"Shapes {self} and {other} are incompatible"))

    def __eq__(self, other):
        try:
            other = as_shape(other)
        except TypeError:
            return NotImplemented
        known = self is other or self.sizes is None or None not in self.sizes
        return known and self.sizes == other.sizes

    def __ne__(self, other):
        try:
            other = as_shape(other)
        except TypeError:
            return NotImplemented
        if self.sizes is None or other.sizes is None:
            raise ValueError(
                explain("The inequality of unknown TensorShapes is undefined.")
            )
        return not self == other

    def assert_has_rank(self, rank):
        """ValueError if the rank is known, and another."""
        if self.rank not in (None, rank):
            raise ValueError(explain(f"Shape {self} must have rank {rank}"))

    def with_rank(self, rank):
        """This shape, with that many axes. ValueError if it has another number."""
        self.assert_has_rank(rank)
        return unknown_shape(rank) if self.sizes is None else self

    def assert_same_rank(self, other):
        """ValueError if both ranks are known, and differ."""
        other = as_shape(other)
        if None not in (self.rank, other.rank) and self.rank != other.rank:
            raise ValueError(
                explain(f"Shapes {self} and {other} must have the same rank")
            )

    def with_rank_at_least(self, rank):
        """This shape. ValueError if it has fewer axes."""
        if self.rank is not None and self.rank < rank:
            raise ValueError(explain(f"Shape {self} must have rank at least {rank}"))
        return self

    def with_rank_at_most(self, rank):
        """This shape. ValueError if it has more axes."""
        if self.rank is not None and self.rank > rank:
            raise ValueError(explain(f"Shape {self} must have rank at most {rank}"))
        return self

    def concatenate(self, other):
        """The axes of this shape, then those of `other`; unknown if either is."""
        other = as_shape(other)
        if self.sizes is None or other.sizes is None:
            return unknown_shape()
        return TensorShape(self.sizes + other.sizes)

    def __add__(self, other):
        return self.concatenate(other)

    def __radd__(self, other):
        return as_shape(other).concatenate(self)

    def __reduce__(self):
        return TensorShape, (self.sizes,)


def _sizes(dims):
    """A tuple of sizes, from an iterable of sizes or from one."""
    if isinstance(dims, (str, bytes)):
        raise TypeError(
            explain(
                "A string has ambiguous TensorShape, please wrap in a list or convert "
                f"to an int: {dims}"
            )
        )
    try:
        return tuple([as_size(size) for size in dims])
    except TypeError:
        if hasattr(dims, "__iter__"):
            raise
        return (as_size(dims),)


## What a shape can be asked


def unknown_shape(rank=None, **kwargs):
    """A shape of which at most the rank is known (`ndims` is its old name)."""
    rank = kwargs.pop("ndims", rank)
    if kwargs:
        raise TypeError(f"Unknown argument: {kwargs}")
    return TensorShape(None if rank is None else [None] * int(rank))


def as_shape(shape):
    """A TensorShape, from a TensorShape or whatever makes one."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


## Demand a rank


def scalar():
    """The shape of one number, ()."""
    return TensorShape([])


def vector(length):
    """The shape (length,)."""
    return TensorShape([length])


def matrix(rows, cols):
    """The shape (rows, cols)."""
    return TensorShape([rows, cols])


## Broadcasting


def _broadcast_size(a, b):
    """The size of a sum along one axis. ValueError if a and b do not fit."""
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if a is None or b is None:
        return a or b or None  # 0 says less than it could, as in TensorFlow
    raise ValueError(f"Dimensions must be equal, but are {a} and {b}")


def broadcast_sizes(x, y):
    """The sizes of x + y, given those of x and y: tuples, or None; for shape rules.

    Raises:
      ValueError: two sizes differ, and neither is 1 or unknown.
    """
    if x is None or y is None:
        return None
    rank = max(len(x), len(y))
    x, y = [(1,) * (rank - len(sizes)) + tuple(sizes) for sizes in (x, y)]
    return tuple([_broadcast_size(a, b) for a, b in zip(x, y, strict=True)])


def broadcast_static_shape(shape_x, shape_y):
    """The shape of x + y, given those of x and y. ValueError if they do not fit."""
    shape_x, shape_y = as_shape(shape_x), as_shape(shape_y)
    try:
        return TensorShape(broadcast_sizes(shape_x.sizes, shape_y.sizes))
    except ValueError:
        first_line = f"Incompatible shapes for broadcasting: {shape_x} and {shape_y}"
        expected = "from the right, sizes that are equal, or one of them 1"
        raise ValueError(explain(first_line, expected=expected)) from None


def in_brackets(sizes):
    """Sizes as TensorFlow's kernels print them: [?,128]."""
    if sizes is None:
        return "<unknown>"
    return "[" + ",".join("?" if size is None else str(size) for size in sizes) + "]"
