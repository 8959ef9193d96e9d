"""Sums, means, products and extremes of rows that have the same number; histograms."""

# Generated from book/source/91_shelf.md: change it there, then `make export`.

import numpy as np

from pedagogy_tf.core.dtypes import as_dtype, bool_, int32
from pedagogy_tf.core.graph import name_scope
from pedagogy_tf.core.op import (
    constant,
    convert_to_tensor,
    op,
    with_rank,
    with_rank_at_least,
)
from pedagogy_tf.core.ops.array import (
    INDEX,
    concat,
    expand_dims,
    gather,
    in_list,
    unsorted_segment_sum,
)
from pedagogy_tf.core.ops.basic import (
    fill,
    ones,
    ones_like,
    rank,
    reshape,
    shape,
    zeros_like,
)
from pedagogy_tf.core.ops.elementwise import (
    ORDERED,
    equal,
    greater,
    logical_and,
    pass_no_blame,
    select,
    sqrt,
)
from pedagogy_tf.core.ops.math import cast, cast_op, dtypes, maximum, minimum, truediv
from pedagogy_tf.core.ops.reduce import GATHERED, reduce_max, reduce_prod
from pedagogy_tf.core.shapes import TensorShape, unknown_shape

__all__ = [
    "by_number",
    "in_order",
    "segments",
    "limit",
    "rows_in_order",
    "segment_sum",
    "segment_prod",
    "segment_max",
    "segment_min",
    "segment_mean",
    "to_the_extremes",
    "unsorted_segments",
    "unsorted_segment_max",
    "unsorted_segment_min",
    "unsorted_segment_prod",
    "given_back",
    "to_the_extremes_of",
    "rows_counted",
    "unsorted_segment_mean",
    "unsorted_segment_sqrt_n",
    "COUNTS",
    "bincount_op",
    "histogram_op",
    "bincount",
    "histogram_fixed_width",
]


## Sums by number


def by_number(xp, join, start, empty, data, ids, count):
    """Rows joined by their numbers: (n, ...), (n,) -> (count, ...).

    Args:
      xp: NumPy or CuPy.
      join: a ufunc, such as np.add.
      start: what each result begins with.
      empty: what the result is where there was no row.
      data, ids: the rows and their numbers; a row with a negative number is left out.
      count: how many results.
    """
    result = np.full((count, *data.shape[1:]), start, data.dtype)
    join.at(result, ids[ids >= 0], data[ids >= 0])
    if empty != start:
        result[np.bincount(ids[ids >= 0], minlength=count) == 0] = empty
    return result


def in_order(data, ids):
    """How many segments there are.

    Raises:
      ValueError: numbers that are not in order, in TensorFlow's words.
    """
    if len(ids) != len(data):
        raise ValueError("segment_ids should be the same size as dimension 0 of input.")
    if (np.diff(ids) < 0).any():
        raise ValueError("segment ids are not increasing")
    count = int(ids[-1]) + 1 if len(ids) else 0
    if len(ids) and ids[0] < 0:
        raise ValueError(
            f"Segment id {int(ids[0])} out of range [0, {count}), possibly because "
            "'segment_ids' input is not sorted."
        )
    return count


def segments(op_type, join, empty, promise, allowed=GATHERED):
    """The row that joins rows whose numbers are in order."""
    signature = f"{op_type}(data:T, segment_ids:Tindices=int32) -> (output:T)"

    def kernel(xp, data, segment_ids):
        count = in_order(data, segment_ids)
        begin = empty if join in (np.add, np.multiply) else limit(join, data.dtype)
        return by_number(xp, join, begin, empty, data, segment_ids, count)

    kernel.__doc__ = promise
    row = op(signature, T=allowed, Tindices=INDEX)(kernel)
    row.shape(rows_in_order)
    return row


def limit(join, dtype):
    """Where a search begins: below all numbers for np.maximum, else above them."""
    info = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return info.min if join is np.maximum else info.max


def rows_in_order(op, data, ids):
    """Shape rule: some rows of the data."""
    with_rank(ids, 1)
    with_rank_at_least(data, 1)
    if data.rank is None:
        return unknown_shape()
    return TensorShape([None]).concatenate(data[1:])


segment_sum = segments("SegmentSum", np.add, 0, "The sum of the rows of each number.")
segment_prod = segments(
    "SegmentProd", np.multiply, 1, "The product of the rows of each number."
)
segment_max = segments(
    "SegmentMax", np.maximum, 0, "The largest elements of each number.", ORDERED
)
segment_min = segments(
    "SegmentMin", np.minimum, 0, "The smallest elements of each number.", ORDERED
)


@op(
    "SegmentMean(data:T, segment_ids:Tindices=int32) -> (output:T)",
    T=GATHERED,
    Tindices=INDEX,
)
def segment_mean(xp, data, segment_ids):
    """The mean of the rows of each number."""
    count = in_order(data, segment_ids)
    total = by_number(xp, np.add, 0, 0, data, segment_ids, count)
    many = np.maximum(np.bincount(segment_ids, minlength=count), 1)
    many = many.reshape(-1, *[1] * (data.ndim - 1))
    if data.dtype.kind in "iu":
        return (total // many).astype(data.dtype)
    return (total / many).astype(data.dtype)


segment_mean.shape(rows_in_order)


@segment_sum.gradient
def _(op, dy):
    return gather(dy, op.inputs[1]), None


@segment_mean.gradient
def _(op, dy):
    data, ids = op.inputs
    ndims = rank(data)
    sizes = concat([shape(ids), fill(expand_dims(ndims - 1, 0), 1)], 0)
    many = segment_sum(fill(sizes, constant(1, dy.dtype)), ids)
    return gather(truediv(dy, many), ids), None


def to_the_extremes(op, dy):
    """Gradient rule: shared among the elements that are equal to the result."""
    data, ids = op.inputs
    blank = zeros_like(data)
    winners = equal(data, gather(op.outputs[0], ids))
    many = segment_sum(cast(winners, dy.dtype), ids)
    return select(winners, gather(truediv(dy, many), ids), blank), None


segment_max.gradient(to_the_extremes)
segment_min.gradient(to_the_extremes)
segment_prod.gradient(None)  # TensorFlow has no rule for it


def unsorted_segments(op_type, join, promise, allowed):
    """The row that joins rows whose numbers come in any order."""
    signature = (
        f"{op_type}(data:T, segment_ids:Tindices=int32, "
        "num_segments:Tnumsegments=int32) -> (output:T)"
    )

    def kernel(xp, data, segment_ids, num_segments):
        outside = segment_ids >= num_segments
        if outside.any():
            place = np.argwhere(np.atleast_1d(outside))[0]
            where = in_list(place) if segment_ids.ndim else ""
            bad = int(np.atleast_1d(segment_ids)[tuple(place)])
            raise ValueError(
                f"segment_ids{where} = {bad} is out of range [0, {int(num_segments)})"
            )
        rows = xp.reshape(data, (-1, *data.shape[segment_ids.ndim :]))
        start = 1 if join is np.multiply else limit(join, data.dtype)
        ids, count = xp.reshape(segment_ids, -1), int(num_segments)
        return by_number(xp, join, start, start, rows, ids, count)

    kernel.__doc__ = promise
    row = op(signature, T=allowed, Tindices=INDEX, Tnumsegments=INDEX)(kernel)
    row.shape(unsorted_segment_sum.shape_rule)
    return row


unsorted_segment_max = unsorted_segments(
    "UnsortedSegmentMax", np.maximum, "The largest elements of each number.", ORDERED
)
unsorted_segment_min = unsorted_segments(
    "UnsortedSegmentMin", np.minimum, "The smallest elements of each number.", ORDERED
)
unsorted_segment_prod = unsorted_segments(
    "UnsortedSegmentProd", np.multiply, "The product of each number's rows.", GATHERED
)


def given_back(rows, ids, clipped=None, kept=None):
    """The row of each number, zeros for a negative one; also what helped to find it."""
    clipped = maximum(ids, zeros_like(ids)) if clipped is None else clipped
    found = gather(rows, clipped)
    if kept is None:
        kept = ids >= 0
        for _ in range(found.shape.ndims - ids.shape.ndims):
            kept = expand_dims(kept, -1)
        kept = kept & ones_like(found, dtype=bool_)
    return select(kept, found, zeros_like(found)), clipped, kept


def to_the_extremes_of(op, dy):
    """Gradient rule: shared among the elements that are equal to the result."""
    data, ids, count = op.inputs
    reached, clipped, kept = given_back(op.outputs[0], ids)
    winners = logical_and(equal(data, reached), kept)
    many = unsorted_segment_sum(cast(winners, dy.dtype), ids, count)
    shares, _, _ = given_back(truediv(dy, many), ids, clipped, kept)
    return select(winners, shares, zeros_like(shares)), None, None


unsorted_segment_max.gradient(to_the_extremes_of)
unsorted_segment_min.gradient(to_the_extremes_of)


@unsorted_segment_prod.gradient
def _(op, dy):
    data, ids, count = op.inputs
    is_zero = equal(data, 0)
    zeros_there = unsorted_segment_sum(cast(is_zero, int32), ids, count)
    dy = select(greater(zeros_there, 1), zeros_like(dy), dy)
    others = select(is_zero, ones_like(data), data)
    without_zeros = unsorted_segment_prod(others, ids, count)
    clipped = maximum(ids, zeros_like(ids))
    product, rest = gather(op.outputs[0], clipped), gather(without_zeros, clipped)
    slope = select(is_zero, rest, truediv(product, data))
    return given_back(dy, ids, clipped)[0] * slope, None, None


def rows_counted(data, ids, count):
    """How many rows have each number, at least 1: (count, 1, ...)."""
    one_each = ones(shape(ids), data.dtype)
    many = unsorted_segment_sum(one_each, ids, count)
    extra = data.shape.ndims - ids.shape.ndims
    return maximum(reshape(many, [count] + [1] * extra), 1)


def unsorted_segment_mean(data, segment_ids, num_segments, name=None):
    """The mean of the rows of each number; 0 where there is none."""
    with name_scope(name, "UnsortedSegmentMean"):
        data, ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
        many = rows_counted(data, ids, num_segments)
        return unsorted_segment_sum(data, ids, num_segments) / many


def unsorted_segment_sqrt_n(data, segment_ids, num_segments, name=None):
    """The sum of each number's rows, divided by the square root of their count."""
    with name_scope(name, "UnsortedSegmentSqrtN"):
        data, ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
        many = rows_counted(data, ids, num_segments)
        return unsorted_segment_sum(data, ids, num_segments) / sqrt(many)


## Histograms

COUNTS = dtypes("int32 int64 float32 float64")


@op("Bincount(arr:int32, size:int32, weights:T) -> (bins:T)", T=COUNTS)
def bincount_op(xp, arr, size, weights):
    """How often each number below `size` occurs, or the sum of its weights."""
    if (arr < 0).any():
        raise ValueError("Input arr must be non-negative!")
    keep = xp.ravel(arr) < size
    each = xp.ravel(weights)[keep] if weights.size else None
    bins = xp.bincount(xp.ravel(arr)[keep], each, minlength=int(size))
    return bins.astype(weights.dtype)


@bincount_op.shape
def _(op, arr, size, weights):
    size = op.constant(1)
    return TensorShape([None if size is None else int(size)])


@op(
    "HistogramFixedWidth(values:T, value_range:T, nbins:int32) -> (out:dtype)",
    T=COUNTS,
    dtype=INDEX,
)
def histogram_op(xp, values, value_range, nbins, *, dtype=int32):
    """How many values fall into each of `nbins` bins of one width."""
    low, high = value_range
    if not low < high:
        pair = ", ".join(f"{v:g}" for v in value_range)
        raise ValueError(
            "value_range should satisfy value_range[0] < value_range[1], but got "
            f"'[{pair}]'"
        )
    place = (np.ravel(values) - low) / ((high - low) / float(nbins))
    place = xp.clip(xp.floor(place), 0, nbins - 1).astype(int)
    return xp.bincount(place, minlength=int(nbins)).astype(dtype.as_numpy_dtype)


@histogram_op.shape
def _(op, values, value_range, nbins):
    nbins = op.constant(2)
    return TensorShape([None if nbins is None else int(nbins)])


pass_no_blame(bincount_op, histogram_op)


def bincount(arr, weights=None, minlength=None, maxlength=None, dtype=int32):
    """How often each whole number >= 0 occurs in a tensor.

    Args:
      arr: int32, of any shape.
      weights: in the shape of `arr`; what each occurrence counts, instead of 1.
      minlength, maxlength: the least and the greatest length of the result.
      dtype: of the result; with weights, theirs.

    Returns:
      A vector as long as the largest number says.
    """
    with name_scope(None, "bincount"):
        arr = convert_to_tensor(arr, int32, name="arr")
        some = reduce_prod(shape(arr)) > 0
        length = cast_op(some, int32) * (reduce_max(arr) + 1)
        if minlength is not None:
            minlength = convert_to_tensor(minlength, int32, name="minlength")
            length = maximum(minlength, length)
        if maxlength is not None:
            maxlength = convert_to_tensor(maxlength, int32, name="maxlength")
            length = minimum(maxlength, length)
        if weights is not None:
            weights = convert_to_tensor(weights, name="weights")
            return unsorted_segment_sum(weights, arr, length)
        return bincount_op(arr, length, constant([], as_dtype(dtype)))


def histogram_fixed_width(values, value_range, nbins=100, dtype=int32, name=None):
    """How many values fall into each of some bins of one width.

    Args:
      values: numbers, of any shape.
      value_range: (2,), where the first bin begins and where the last one ends.
      nbins: how many bins.
      dtype: of the counts.
      name: the name of the operation.
    """
    with name_scope(name, "histogram_fixed_width", [values, value_range]) as name:
        return histogram_op(values, value_range, nbins, as_dtype(dtype), name=name)
