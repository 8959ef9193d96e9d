"""Measures, and what is done about them: moments, lengths, hits, lookups.

Mean and variance bring features to one scale; what is too long keeps its direction; the
largest k say whether an answer was among them.
"""

# Generated from book/source/22_measures.md: change it there, then `make export`.

import numpy as np

from pedagogy_tf.core.dtypes import float32, int32, int64
from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.graph import colocate_with, name_scope
from pedagogy_tf.core.op import (
    ShapeError,
    constant,
    convert_to_tensor,
    op,
    with_rank,
    with_rank_at_least,
)
from pedagogy_tf.core.ops.array import expand_dims, gather, scatter_nd, squeeze, stack
from pedagogy_tf.core.ops.basic import (
    IndexedSlices,
    identity,
    ones_like,
    rank,
    reshape,
    shape,
    size,
    stop_gradient,
    zeros,
    zeros_like,
)
from pedagogy_tf.core.ops.elementwise import (
    ORDERED,
    is_finite,
    not_equal,
    pass_no_blame,
    reciprocal,
    rsqrt,
    select,
    sqrt,
)
from pedagogy_tf.core.ops.math import (
    abs_,
    add,
    cast,
    conj,
    maximum,
    minimum,
    multiply,
    newer,
    pow_,
    range_,
    reduce_sum,
    square,
    squared_difference,
    subtract,
)
from pedagogy_tf.core.ops.nn import in_float32, l2_loss, one_size
from pedagogy_tf.core.ops.reduce import reduce_max, reduce_mean, reduce_prod
from pedagogy_tf.core.shapes import TensorShape, in_brackets, unknown_shape

__all__ = [
    "moments",
    "handed_out",
    "batch_normalization",
    "weighted_moments",
    "sufficient_statistics",
    "count_over",
    "normalize_moments",
    "norm",
    "norm_of_sizes",
    "axes_of_norm",
    "require_order",
    "is_above_0",
    "l2_normalize",
    "clip_by_norm",
    "with_rows_of",
    "clip_by_average_norm",
    "global_norm",
    "clip_by_global_norm",
    "require_list",
    "tensors_in",
    "values_of",
    "top_k_op",
    "why_no_top",
    "top_k",
    "in_top_k_op",
    "why_no_targets",
    "in_top_k",
    "zero_fraction",
    "embedding_lookup",
    "axes_after",
]


## Bring to one scale


def moments(x, axes, shift=None, name=None, keep_dims=None, keepdims=None):
    """Mean and variance of x over some axes.

    Args:
      x: a tensor; of float16, the sums are done in float32.
      axes: a list of axes.
      shift: accepted, and of no effect.
      name: the scope of the operations.
      keepdims: whether the axes stay, with size 1 (`keep_dims` by its old name).

    Returns:
      (mean, variance), two tensors.
    """
    keepdims = newer("keepdims", keepdims, "keep_dims", keep_dims)
    with name_scope(name, "moments", [x, axes]):
        y = in_float32(x)
        mean = reduce_mean(y, axes, keepdims=True, name="mean")
        squares = squared_difference(y, stop_gradient(mean))
        variance = reduce_mean(squares, axes, keepdims=True, name="variance")
        return handed_out([mean, variance], axes, keepdims, x.dtype)


def handed_out(pair, axes, keepdims, dtype):
    """Mean and variance as they were asked for."""
    if not keepdims:
        pair = [squeeze(part, axes) for part in pair]
    return tuple(cast(part, dtype) for part in pair)


def batch_normalization(x, mean, variance, offset, scale, variance_epsilon, name=None):
    """(x - mean) / root of the variance, times scale, plus offset.

    Args:
      x: a tensor.
      mean, variance, offset, scale: tensors that stretch to its shape; offset and scale
        may be None.
      variance_epsilon: a little more variance, so that it is not 0.
      name: the scope of the operations.
    """
    with name_scope(name, "batchnorm", [x, mean, variance, scale, offset]):
        factor = rsqrt(variance + variance_epsilon)
        if scale is not None:
            factor = factor * scale
        scaled = x * cast(factor, x.dtype)
        rest = -mean * factor if offset is None else offset - mean * factor
        return scaled + cast(rest, x.dtype)


def weighted_moments(
    x, axes, frequency_weights, name=None, keep_dims=None, keepdims=None
):
    """Mean and variance of x, if each element had come as often as its weight says.

    Args:
      x: a tensor.
      axes: a list of axes.
      frequency_weights: weights that stretch to the shape of x.
      name: the scope of the operations.
      keepdims: whether the axes stay, with size 1 (`keep_dims` by its old name).
    """
    keepdims = newer("keepdims", keepdims, "keep_dims", keep_dims)
    with name_scope(name, "weighted_moments", [x, frequency_weights, axes]):
        x = convert_to_tensor(x, name="x")
        w = convert_to_tensor(frequency_weights, name="frequency_weights")
        y = in_float32(x)
        w = cast(w, y.dtype)
        total = reduce_sum(w * y, axes, keepdims=True, name="weighted_input_sum")
        each = w + zeros_like(y)
        weight = reduce_sum(each, axes, keepdims=True, name="sum_of_weights")
        per_weight = reciprocal(weight, name="inv_weight_sum")
        mean = multiply(total, per_weight)
        squares = w * squared_difference(y, mean)
        spread = reduce_sum(squares, axes, keepdims=True, name="weighted_distsq")
        variance = multiply(spread, per_weight)
        return handed_out([mean, variance], axes, keepdims, x.dtype)


def sufficient_statistics(
    x, axes, shift=None, keep_dims=None, name=None, keepdims=None
):
    """(count, sum, sum of squares, shift): all that mean and variance need to know.

    Args:
      x: a tensor.
      axes: a list of axes.
      shift: taken from x first, so that the sums stay small.
      keepdims: whether the axes stay, with size 1 (`keep_dims` by its old name).
      name: the scope of the operations.
    """
    keepdims = newer("keepdims", keepdims, "keep_dims", keep_dims)
    with name_scope(name, "sufficient_statistics", [x, shift]):
        x = convert_to_tensor(x, name="x")
        count = count_over(x, axes)
        if shift is None:
            first, second = x, square(x)
        else:
            shift = convert_to_tensor(shift, name="shift")
            first, second = subtract(x, shift), squared_difference(x, shift)
        first = reduce_sum(first, axes, keepdims, name="mean_ss")
        second = reduce_sum(second, axes, keepdims, name="var_ss")
        return count, first, second, shift


def count_over(x, axes):
    """How many elements of x are summed up over some axes, as a number of its dtype."""
    sizes = x.shape.sizes
    if sizes is not None and None not in [sizes[i] for i in axes]:
        return constant(np.prod([sizes[i] for i in axes]), x.dtype)
    sizes = gather(cast(shape(x), x.dtype), axes)
    return reduce_prod(sizes, name="count")


def normalize_moments(counts, mean_ss, variance_ss, shift, name=None):
    """(mean, variance) from what `sufficient_statistics` gives, perhaps added up."""
    with name_scope(name, "normalize", [counts, mean_ss, variance_ss, shift]):
        per_count = reciprocal(counts, name="divisor")
        if shift is None:
            mean = shifted = multiply(mean_ss, per_count, name="mean")
        else:
            shifted = multiply(mean_ss, per_count, name="shifted_mean")
            mean = add(shifted, shift, name="mean")
        squares = multiply(variance_ss, per_count)
        return mean, subtract(squares, square(shifted), name="variance")


## Limit a length


def norm(tensor, ord="euclidean", axis=None, keepdims=None, name=None, keep_dims=None):
    """The length of a tensor, of its vectors, or of its matrices.

    Args:
      tensor: a tensor.
      ord: "euclidean", 1, 2, np.inf or any number above 0; for matrices "fro" instead
        of numbers other than 1 and np.inf.
      axis: None for all elements, an axis for vectors, two axes for matrices.
      keepdims: whether the axes stay, with size 1 (`keep_dims` by its old name).
      name: the scope of the operations.

    Raises:
      ValueError: for an axis or an ord that is none of these.
      NotImplementedError: for ord=2 of matrices, which takes singular values.
    """
    keepdims = newer("keepdims", keepdims, "keep_dims", keep_dims)
    axis = axes_of_norm(axis)
    matrix = axis is not None and len(axis) == 2
    require_order(ord, matrix)
    with name_scope(name, "norm", [tensor]):
        tensor = convert_to_tensor(tensor)
        if ord in ("euclidean", "fro", 2):
            squares = tensor * conj(tensor)
            length = sqrt(reduce_sum(squares, axis, keepdims=True))
        else:
            length = norm_of_sizes(abs_(tensor), ord, axis, matrix)
        return length if keepdims else squeeze(length, axis)


def norm_of_sizes(size, ord, axis, matrix):
    """A norm of the sizes of all elements."""
    first, last = (None, None) if axis is None else (axis[0], axis[-1])
    if ord == 1:  # the sum; for matrices the largest sum of a column
        length = reduce_sum(size, first, keepdims=True)
        return reduce_max(length, last, keepdims=True) if matrix else length
    if ord == np.inf:  # the largest; for matrices the largest sum of a row
        length = reduce_sum(size, last, keepdims=True) if matrix else size
        return reduce_max(length, first, keepdims=True)
    powers = reduce_sum(pow_(size, ord), axis, keepdims=True)
    return pow_(powers, 1.0 / ord)


def axes_of_norm(axis):
    """The axes of a norm as a tuple; None for all elements."""
    if isinstance(axis, (list, tuple)):
        axis = tuple(axis)
        if (
            len(axis) == 2
            and axis[0] != axis[1]
            and all(isinstance(i, int) for i in axis)
        ):
            return axis
    elif axis is None or isinstance(axis, int):
        return axis if axis is None else (axis,)
    problem = "'axis' must be None, an integer, or a tuple of 2 unique integers"
    raise ValueError(explain(problem))


def require_order(ord, matrix):
    """Raise an error if there is no such norm."""
    known = ["euclidean", "fro", 1, 2, np.inf]
    if matrix and ord not in known:
        problem = f"'ord' must be a supported matrix norm in {known}, got {ord}"
    elif not matrix and (ord == "fro" or (ord != "euclidean" and not is_above_0(ord))):
        problem = f"'ord' must be a supported vector norm, got {ord}"
    elif matrix and ord == 2:
        raise NotImplementedError("tf.norm of matrices with ord=2, the singular value")
    else:
        return
    raise ValueError(explain(problem))


def is_above_0(ord):
    """Whether it is a number above 0."""
    return not isinstance(ord, str) and ord > 0


def l2_normalize(x, axis=None, epsilon=1e-12, name=None, dim=None):
    """x divided by its length along an axis, so that it becomes 1.

    Args:
      x: a tensor.
      axis: an axis or a list of axes (`dim` by its old name); all by default.
      epsilon: the least squared length, for what is 0.
      name: the name of the last operation.
    """
    axis = newer("axis", axis, "dim", dim)
    with name_scope(name, "l2_normalize", [x]) as name:
        x = convert_to_tensor(x, name="x")
        squares = reduce_sum(square(x), axis, keepdims=True)
        return multiply(x, rsqrt(maximum(squares, epsilon)), name=name)


def clip_by_norm(t, clip_norm, axes=None, name=None):
    """t, and where it is longer than `clip_norm`, made that long.

    Args:
      t: a tensor, or IndexedSlices.
      clip_norm: the largest length, above 0.
      axes: the axes over which the length is taken; all by default.
      name: the name of the last operation.
    """
    with name_scope(name, "clip_by_norm", [t, clip_norm]) as name:
        values = convert_to_tensor(
            t.values if isinstance(t, IndexedSlices) else t, name="t"
        )
        squares = reduce_sum(values * values, axes, keepdims=True)
        some = squares > 0
        length = sqrt(select(some, squares, ones_like(squares)))
        length = select(some, length, squares)
        scaled = values * clip_norm
        values.shape.merge_with(scaled.shape)
        clipped = identity(scaled / maximum(length, clip_norm), name=name)
        return with_rows_of(t, clipped)


def with_rows_of(t, values):
    """Values, as IndexedSlices if t is that."""
    if isinstance(t, IndexedSlices):
        return IndexedSlices(values, t.indices, t.dense_shape)
    return values


def clip_by_average_norm(t, clip_norm, name=None):
    """t, made smaller if its length divided by its size is above `clip_norm`."""
    with name_scope(name, "clip_by_average_norm", [t, clip_norm]) as name:
        t = convert_to_tensor(t, name="t")
        count = cast(size(t), float32)
        per_length = rsqrt(reduce_sum(t * t, range_(rank(t))))
        scaled = t * clip_norm
        factor = minimum(per_length * count, constant(1.0) / clip_norm)
        return identity(scaled * factor, name=name)


def global_norm(t_list, name=None):
    """The length of several tensors, taken as one.

    Args:
      t_list: a list of tensors, IndexedSlices and None.
      name: the scope of the operations.
    """
    require_list(t_list)
    with name_scope(name, "global_norm", tensors_in(t_list)):
        halves = []
        for values in values_of(t_list):
            if values is not None:
                with colocate_with(values):
                    halves.append(l2_loss(values))
        half = reduce_sum(stack(halves))
        return sqrt(half * constant(2.0, half.dtype), name="global_norm")


def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """Several tensors, made smaller together if they are longer than `clip_norm`.

    Args:
      t_list: a list of tensors, IndexedSlices and None.
      clip_norm: the largest length, above 0.
      use_norm: their `global_norm`, if it is known already.
      name: the scope of the operations.

    Returns:
      (list of tensors, their length before); all nan, if a length is not finite.
    """
    require_list(t_list)
    length = global_norm(t_list, name) if use_norm is None else use_norm
    with name_scope(
        name, "clip_by_global_norm", [*tensors_in(t_list), clip_norm]
    ) as name:
        inverse = 1.0 / length
        one = constant(1.0, length.dtype)
        factor = clip_norm * minimum(inverse, one / clip_norm)
        finite = is_finite(length)
        nowhere = constant(float("nan"), length.dtype)
        factor = select(finite, factor, nowhere)
        clipped = []
        for i, (t, values) in enumerate(zip(t_list, values_of(t_list), strict=True)):
            if values is not None:
                with colocate_with(values):
                    values = identity(values * factor, name=f"{name}_{i}")
            clipped.append(with_rows_of(t, values))
        return clipped, length


def require_list(t_list):
    """Raise TypeError if it is no list of tensors."""
    if not isinstance(t_list, (list, tuple)):
        fix = "a list of gradients, as tf.gradients returns it"
        raise TypeError(explain("t_list should be a sequence", fix=fix))


def tensors_in(t_list):
    """Those that are there."""
    return [t for t in t_list if t is not None]


def values_of(t_list):
    """The values as tensors; None stays None."""
    parts = [t.values if isinstance(t, IndexedSlices) else t for t in t_list]
    return [
        part if part is None else convert_to_tensor(part, name=f"t_{i}")
        for i, part in enumerate(parts)
    ]


## Count hits


@op("TopKV2(input:T, k:int32) -> (values:T, indices:int32)", T=ORDERED)
def top_k_op(xp, input, k, *, sorted=True):
    """The k largest along the last axis and where they stood; of equals, the first."""
    if np.ndim(k) or input.ndim < 1 or not 0 <= k <= input.shape[-1]:
        raise ValueError(why_no_top(input, k))
    backwards = xp.argsort(xp.flip(input, -1), axis=-1, kind="stable")
    order = xp.flip(input.shape[-1] - 1 - backwards, -1)[..., : int(k)]
    return xp.take_along_axis(input, order, -1), order.astype(np.int32)


def why_no_top(input, k):
    """Why there are no k largest, in TensorFlow's words."""
    if np.ndim(k):
        return f"k must be scalar, got shape {in_brackets(k.shape)}"
    if k < 0:
        return f"Need k >= 0, got {k}"
    if input.ndim < 1:
        return "input must be >= 1-D, got shape []"
    return f"input must have at least k columns. Had {input.shape[-1]}, needed {int(k)}"


@top_k_op.shape
def _(op, x, k):
    with_rank_at_least(x, 1)
    count = op.constant(1)
    if k.rank not in (None, 0):
        raise ShapeError(f"Input must be scalar but has rank {k.rank}")
    if count is not None and count < 0:
        raise ShapeError(
            "Dimension size, given by scalar input 1, must be non-negative but is "
            f"{count}"
        )
    if x.rank is None:
        return [unknown_shape()] * 2
    count, length = None if count is None else int(count), x.sizes[-1]
    if None not in (count, length) and length < count:
        raise ShapeError(
            f"input must have last dimension >= k = {count} but is {length}"
        )
    return [TensorShape([*x.sizes[:-1], count])] * 2


@top_k_op.gradient
def _(op, dvalues, _):
    sizes, found = shape(op.inputs[0]), shape(op.outputs[1])
    count = gather(cast(found, int64), size(found) - 1)
    places = reshape(op.outputs[1], stack([-1, count]))
    length = gather(cast(sizes, int64), size(sizes) - 1)
    starts = range_(0, cast(shape(places)[0], int64) * length, length)
    places = places + cast(expand_dims(starts, -1), int32)
    flat = expand_dims(reshape(places, [-1]), -1)
    blame = reshape(dvalues, [-1])
    spread = scatter_nd(flat, blame, [reduce_prod(sizes)])
    return reshape(spread, sizes), zeros([], int32)


def top_k(input, k=1, sorted=True, name=None):
    """(values, indices) of the k largest elements along the last axis, largest first.

    Args:
      input: a tensor with an axis of k elements or more.
      k: how many.
      sorted: accepted; they are always in order.
      name: the name of the operation.
    """
    return top_k_op(input, k, sorted, name=name)


@op(
    "InTopKV2(predictions:float32, targets:T=int32, k:T=int32) -> (precision:bool)",
    T=(int32, int64),
)
def in_top_k_op(xp, predictions, targets, k):
    """Whether fewer than k scores beat the target's: (n, m), (n,) -> (n,)."""
    if problem := why_no_targets(predictions, targets, k):
        raise ValueError(problem)
    batch, classes = predictions.shape
    inside = (targets >= 0) & (targets < classes)
    target = predictions[xp.arange(batch), xp.where(inside, targets, 0)]
    better = xp.sum(predictions > target[:, None], axis=1)
    return inside & (better < k) & xp.isfinite(predictions).all(axis=1)


def why_no_targets(predictions, targets, k):
    """Why targets do not go with scores, in TensorFlow's words; "" if they do."""
    if np.ndim(k):
        return f"k must be 0-D, got shape {in_brackets(k.shape)}"
    if predictions.ndim != 2:
        return "predictions must be 2-dimensional"
    if targets.ndim != 1:
        return "targets must be 1-dimensional"
    if len(predictions) != len(targets):
        return (
            f"First dimension of predictions {len(predictions)} must match length of "
            f"targets {len(targets)}"
        )
    return ""


@in_top_k_op.shape
def _(op, predictions, targets, k):
    predictions, targets = with_rank(predictions, 2), with_rank(targets, 1)
    return TensorShape([one_size(predictions.sizes[0], targets.sizes[0])])


pass_no_blame(in_top_k_op)


def in_top_k(predictions, targets, k, name=None):
    """Whether each target is among the k best: (n, m), (n,) -> (n,) booleans.

    Args:
      predictions: (n, m), scores.
      targets: (n,), numbers of classes.
      k: how many; who is as good as the k-th is in.
      name: the name of the operation.
    """
    with name_scope(name, "in_top_k"):
        return in_top_k_op(predictions, targets, k, name=name)


def zero_fraction(value, name=None):
    """The fraction of elements that are 0: how many features a relu has shut off."""
    with name_scope(name, "zero_fraction", [value]):
        value = convert_to_tensor(value, name="value")
        count = size(value, out_type=int64)
        with name_scope("count_nonzero"):
            nought = constant(value.dtype.as_numpy_dtype(), value.dtype, name="zeros")
            hits = cast(not_equal(value, nought), int64)
            hits = reduce_sum(hits, name="nonzero_count")
        with name_scope("counts_to_fraction"):
            left_over, count = cast(count - hits, float32), cast(count, float32)
            fraction = left_over / count
        return identity(fraction, name="fraction")


## A row for each word


def embedding_lookup(
    params,
    ids,
    partition_strategy="mod",
    name=None,
    validate_indices=True,
    max_norm=None,
):
    """The rows of a table that ids name: (m, ...), (n, ...) -> (n, ..., ...).

    Args:
      params: the table, a tensor or a variable, or a list with one of them.
      ids: whole numbers.
      partition_strategy: "mod" or "div"; of no effect with one table.
      name: the scope of the operations.
      validate_indices: of no effect; ids are always checked.
      max_norm: rows that are longer are made that long.

    Raises:
      NotImplementedError: for a table in several parts.
    """
    if params is None:
        raise ValueError("params must be specified")
    params = list(params) if isinstance(params, (list, tuple)) else [params]
    if not params:
        raise ValueError("Need at least one param")
    if len(params) > 1:
        raise NotImplementedError(
            "tf.nn.embedding_lookup with a table in several parts"
        )
    with name_scope(name, "embedding_lookup", [*params, ids]) as name:
        table = convert_to_tensor(params[0], name="params")
        ids = convert_to_tensor(ids, name="ids")
        with colocate_with(params[0]):
            rows = gather(table, ids, name=name)
            if max_norm is not None:
                rows = clip_by_norm(rows, max_norm, axes_after(ids, table))
        return identity(rows)


def axes_after(ids, table):
    """The axes of one row in what is looked up."""
    if None in (ids.shape.rank, table.shape.rank):
        return range_(rank(ids), rank(table))
    return list(range(ids.shape.rank, table.shape.rank))
