"""TensorShape: what is known about the shape of a tensor before the graph runs.

Every size is a number or unknown (None); the rank may be unknown too.
"""

# Generated from book/source/04_shapes.md: change it there, then `make export`.

import operator

from pedagogy_tf.core.dtypes import DType
from pedagogy_tf.core.errors import explain

__all__ = [
    "as_size",
    "Dimension",
    "as_dimension",
    "TensorShape",
    "as_shape",
    "unknown_shape",
    "scalar",
    "vector",
    "matrix",
    "dimension_value",
    "dimension_at_index",
    "broadcast_sizes",
    "broadcast_static_shape",
    "in_brackets",
]


# Know the shape before the numbers


def as_size(value):
    """A size as an int >= 0, or None if unknown, from an int, None or a Dimension.

    Raises:
      ValueError: negative, or not a whole number.
    """
    if value is None or (type(value) is int and value >= 0):
        return value
    if isinstance(value, Dimension):
        return value._value
    if isinstance(value, DType):
        raise TypeError(f"Cannot convert {value} to Dimension")
    size = int(value)
    if not isinstance(value, (str, bytes)) and size != value:
        raise ValueError(f"Ambiguous dimension: {value}")
    if size < 0:
        raise ValueError(f"Dimension {size} must be >= 0")
    return size


def _lift(function):
    """Arithmetic on sizes: with an unknown one, the result is unknown."""

    def method(self, other):
        try:
            x, y = self._value, as_size(other)
        except (TypeError, ValueError):
            return NotImplemented
        return Dimension(None if x is None or y is None else function(x, y))

    return method


def _compare(function):
    """A comparison of sizes: with an unknown one, the answer is None."""

    def method(self, other):
        x, y = self._value, as_size(other)
        return None if x is None or y is None else function(x, y)

    return method


class Dimension:
    """One size of a shape, a number or unknown.

    Attributes:
      value: the size, an int >= 0, or None.
    """

    __slots__ = ("_value",)

    def __init__(self, value):
        self._value = as_size(value)

    @property
    def value(self):
        return self._value

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
    __hash__ = None

    def __eq__(self, other):
        try:
            x, y = self._value, as_size(other)
        except (TypeError, ValueError):
            return NotImplemented
        return None if x is None or y is None else x == y

    def __ne__(self, other):
        equal = self.__eq__(other)
        return equal if equal in (None, NotImplemented) else not equal

    def __truediv__(self, other):
        raise TypeError("unsupported operand type(s) for /: 'Dimension' and "
                        f"'{type(other).__name__}', please use // instead")

    def __rtruediv__(self, other):
        raise TypeError(f"unsupported operand type(s) for /: '{type(other).__name__}' "
                        "and 'Dimension', please use // instead")

    def __index__(self):
        if self._value is None:
            raise TypeError(explain(
                "__int__ returned non-int (type NoneType)",
                expected="a size that is known before the graph runs",
                fix="use tf.shape(x), whose value is known when the graph runs"))
        return self._value

    __int__ = __index__

    def is_compatible_with(self, other):
        """Could the two be the same size?"""
        other = as_size(other)
        return self._value is None or other is None or self._value == other

    def assert_is_compatible_with(self, other):
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {other} are not compatible")

    def merge_with(self, other):
        """What is known if both describe the same size."""
        self.assert_is_compatible_with(other)
        return Dimension(other if self._value is None else self._value)

    def __reduce__(self):
        return Dimension, (self._value,)

    def __repr__(self):
        return f"Dimension({self._value})"

    def __str__(self):
        return "?" if self._value is None else str(self._value)


def as_dimension(value):
    """`value` as a Dimension."""
    return value if isinstance(value, Dimension) else Dimension(value)


class TensorShape:
    """A shape of which some sizes, or even the rank, may be unknown.

    Args:
      dims: an iterable of sizes (int, Dimension or None), one size, another
        TensorShape, or None if not even the rank is known.

    Attributes:
      sizes: a tuple of int and None, or None if the rank is unknown. (Ours, for
        shape rules: plain Python values are quicker than Dimensions.)
    """

    __slots__ = ("sizes",)
    __hash__ = None

    def __init__(self, dims):
        if dims is None:
            self.sizes = None
        elif isinstance(dims, TensorShape):
            self.sizes = dims.sizes
        elif isinstance(dims, (str, bytes)):
            raise TypeError("A string has ambiguous TensorShape, please wrap in a "
                            f"list or convert to an int: {dims}")
        else:
            try:
                dims = iter(dims)
            except TypeError:
                dims = (dims,)
            self.sizes = tuple([as_size(n) for n in dims])

    @property
    def rank(self):
        """The number of axes, or None."""
        return None if self.sizes is None else len(self.sizes)

    ndims = rank

    @property
    def dims(self):
        """A list of Dimension, or None."""
        return None if self.sizes is None else [Dimension(n) for n in self.sizes]

    def as_list(self):
        """A list of int and None. ValueError if the rank is unknown."""
        if self.sizes is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self.sizes)

    def num_elements(self):
        """How many elements such a tensor has, or None."""
        if not self.is_fully_defined():
            return None
        total = 1
        for size in self.sizes:
            total *= size
        return total

    def is_fully_defined(self):
        return self.sizes is not None and None not in self.sizes

    def assert_is_fully_defined(self):
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def __len__(self):
        if self.sizes is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self.sizes)

    def __bool__(self):
        return self.sizes is not None

    def __iter__(self):
        if self.sizes is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(self.dims)

    def __getitem__(self, key):
        if self.sizes is not None:
            part = self.sizes[key]
            return TensorShape(part) if isinstance(key, slice) else Dimension(part)
        if not isinstance(key, slice):
            return Dimension(None)
        if key.step is not None:
            raise ValueError("Steps are not yet handled")
        start, stop = key.start or 0, key.stop
        if stop is None or start < 0 or stop < 0:
            return unknown_shape()
        return unknown_shape(stop - start)

    def merge_with(self, other):
        """What is known if both describe the same tensor. ValueError if they disagree."""
        other = as_shape(other)
        if self.sizes is None:
            return other
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are not compatible")
        if other.sizes is None:
            return self
        return TensorShape([y if x is None else x for x, y in zip(self.sizes, other.sizes)])

    def is_compatible_with(self, other):
        """Could the two describe the same tensor?"""
        x, y = self.sizes, as_shape(other).sizes
        if x is None or y is None or x == y:
            return True
        if len(x) != len(y):
            return False
        return all(a == b or a is None or b is None for a, b in zip(x, y))

    def assert_is_compatible_with(self, other):
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are incompatible")

    def most_specific_compatible_shape(self, other):
        """The sizes on which both agree; the others are unknown."""
        other = as_shape(other)
        if self.rank is None or self.rank != other.rank:
            return unknown_shape()
        return TensorShape([x if x == y else None for x, y in zip(self.sizes, other.sizes)])

    def concatenate(self, other):
        """The axes of this shape, then those of `other`."""
        other = as_shape(other)
        if self.sizes is None or other.sizes is None:
            return unknown_shape()
        return TensorShape(self.sizes + other.sizes)

    __add__ = concatenate

    def __radd__(self, other):
        return as_shape(other).concatenate(self)

    def assert_same_rank(self, other):
        other = as_shape(other)
        if None not in (self.rank, other.rank) and self.rank != other.rank:
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def assert_has_rank(self, rank):
        if self.rank not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def with_rank(self, rank):
        """This shape, which must have that many axes."""
        self.assert_has_rank(rank)
        return unknown_shape(rank) if self.sizes is None else self

    def with_rank_at_least(self, rank):
        if self.rank is not None and self.rank < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank):
        if self.rank is not None and self.rank > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def __eq__(self, other):
        try:
            other = as_shape(other)
        except TypeError:
            return NotImplemented
        if self is other or self.sizes is None:
            return self.sizes == other.sizes
        return None not in self.sizes and self.sizes == other.sizes

    def __ne__(self, other):
        try:
            other = as_shape(other)
        except TypeError:
            return NotImplemented
        if self.sizes is None or other.sizes is None:
            raise ValueError("The inequality of unknown TensorShapes is undefined.")
        return not self == other

    def __reduce__(self):
        return TensorShape, (self.sizes,)

    def __repr__(self):
        return f"TensorShape({self.dims})"

    def __str__(self):
        if self.sizes is None:
            return "<unknown>"
        inside = ", ".join("?" if n is None else str(n) for n in self.sizes)
        return f"({inside},)" if len(self.sizes) == 1 else f"({inside})"


def as_shape(shape):
    """`shape` as a TensorShape."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def unknown_shape(rank=None, **kwargs):
    """A shape of which at most the rank is known."""
    if rank is None and "ndims" in kwargs:
        rank = kwargs.pop("ndims")
    if kwargs:
        raise TypeError(f"Unknown argument: {kwargs}")
    return TensorShape(None if rank is None else [None] * int(rank))


def scalar():
    """The shape of one number, ()."""
    return TensorShape([])


def vector(length):
    """The shape (length,)."""
    return TensorShape([length])


def matrix(rows, cols):
    """The shape (rows, cols)."""
    return TensorShape([rows, cols])


def dimension_value(dimension):
    """The int or None inside a Dimension; an int or None as it is."""
    return dimension.value if isinstance(dimension, Dimension) else dimension


def dimension_at_index(shape, index):
    """The Dimension at an index; unknown if the rank is."""
    return shape[index]


def broadcast_sizes(x, y):
    """The sizes of x + y, given those of x and y (tuples, or None); for shape rules.

    Sizes are matched from the right; a 1 stretches; a missing one counts as 1.

    Raises:
      ValueError: two sizes that differ and are not 1.
    """
    if x is None or y is None:
        return None
    if x == y and None not in x:
        return x
    if len(x) < len(y):
        x = (1,) * (len(y) - len(x)) + tuple(x)
    else:
        y = (1,) * (len(x) - len(y)) + tuple(y)
    return tuple([_broadcast_size(a, b) for a, b in zip(x, y)])


def _broadcast_size(a, b):
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if a is None or b is None:
        return b if a is None else a  # it must be 1 or that number: the result is that number
    raise ValueError(f"Dimensions must be equal, but are {a} and {b}")


def broadcast_static_shape(shape_x, shape_y):
    """The shape of x + y, given those of x and y. ValueError if they do not fit."""
    shape_x, shape_y = as_shape(shape_x), as_shape(shape_y)
    try:
        return TensorShape(broadcast_sizes(shape_x.sizes, shape_y.sizes))
    except ValueError:
        raise ValueError(
            f"Incompatible shapes for broadcasting: {shape_x} and {shape_y}") from None


def in_brackets(sizes):
    """Sizes as TensorFlow's kernels print them: [2,?], or ? for an unknown rank."""
    if sizes is None:
        return "<unknown>"
    return "[" + ",".join("?" if n is None else str(n) for n in sizes) + "]"
