"""Reductions: a whole axis, or several, gathered into one number.

What was one becomes many again on the way back: a mean shares its blame out equally, a
maximum gives it to the winners.
"""

# Generated from book/source/12_elementwise.md: change it there, then `make export`.

import numpy as np

from pedagogy_tf.core.dtypes import as_dtype, int32, int64
from pedagogy_tf.core.graph import name_scope
from pedagogy_tf.core.op import GRADIENTS, ShapeError, constant, convert_to_tensor, op
from pedagogy_tf.core.ops.basic import reshape, shape, stop_gradient, zeros_like
from pedagogy_tf.core.ops.elementwise import (
    equal,
    exp,
    is_finite,
    keep_shape,
    log,
    not_equal,
    pass_no_blame,
    select,
    sqrt,
)
from pedagogy_tf.core.ops.math import (
    add,
    cast,
    dtypes,
    kept_shape,
    maximum,
    over_nothing,
    reduce_sum,
    reduce_with,
    reduced,
    square,
    subtract,
    sum_op,
    truediv,
)
from pedagogy_tf.core.shapes import TensorShape, unknown_shape

__all__ = [
    "GATHERED",
    "INDEX",
    "axes_of",
    "mean_op",
    "max_op",
    "min_op",
    "lowest",
    "highest",
    "prod_op",
    "all_op",
    "any_op",
    "reducing",
    "to_the_winners",
    "reduction",
    "reduce_mean",
    "reduce_max",
    "reduce_min",
    "reduce_prod",
    "reduce_all",
    "reduce_any",
    "argmax_op",
    "argmin_op",
    "without_axis",
    "argmax",
    "argmin",
    "one_axis",
    "cumsum_op",
    "cumprod_op",
    "running",
    "cumsum",
    "cumprod",
    "reduce_logsumexp",
    "count_nonzero",
    "reduce_variance",
    "reduce_std",
]


## Gathering up

GATHERED = dtypes(
    "float32 float64 int32 uint8 int16 int8 complex64 int64 qint8 quint8 qint32 "
    "bfloat16 uint16 complex128 float16 uint32 uint64"
)
INDEX = (int32, int64)


def axes_of(reduction_indices):
    """The axes as NumPy wants them."""
    return tuple(np.unique(reduction_indices).tolist())


@op("Mean(input:T, reduction_indices:Tidx=int32) -> (output:T)", T=GATHERED, Tidx=INDEX)
def mean_op(xp, input, reduction_indices, *, keep_dims=False):
    """The mean over some axes."""
    axes = axes_of(reduction_indices)
    total = xp.sum(input, axis=axes, dtype=input.dtype, keepdims=keep_dims)
    count = np.size(input) // max(np.size(total), 1)
    if input.dtype.kind in "iu":  # of whole numbers a whole number, nearer to zero
        return xp.asarray(xp.trunc(total / count), input.dtype)
    return total / count


@op("Max(input:T, reduction_indices:Tidx=int32) -> (output:T)", T=GATHERED, Tidx=INDEX)
def max_op(xp, input, reduction_indices, *, keep_dims=False):
    """The largest number over some axes; of none, the smallest there is."""
    least = lowest(input.dtype)
    return xp.max(
        input, axis=axes_of(reduction_indices), keepdims=keep_dims, initial=least
    )


@op("Min(input:T, reduction_indices:Tidx=int32) -> (output:T)", T=GATHERED, Tidx=INDEX)
def min_op(xp, input, reduction_indices, *, keep_dims=False):
    """The smallest number over some axes; of none, the largest there is."""
    most = highest(input.dtype)
    return xp.min(
        input, axis=axes_of(reduction_indices), keepdims=keep_dims, initial=most
    )


def lowest(dtype):
    """Where a search for the largest begins."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def highest(dtype):
    """Where a search for the smallest begins."""
    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max


@op("Prod(input:T, reduction_indices:Tidx=int32) -> (output:T)", T=GATHERED, Tidx=INDEX)
def prod_op(xp, input, reduction_indices, *, keep_dims=False):
    """The product over some axes; of none, 1."""
    axes = axes_of(reduction_indices)
    return xp.prod(input, axis=axes, dtype=input.dtype, keepdims=keep_dims)


@op("All(input:bool, reduction_indices:Tidx=int32) -> (output:bool)", Tidx=INDEX)
def all_op(xp, input, reduction_indices, *, keep_dims=False):
    """Whether all are true over some axes."""
    return xp.all(input, axis=axes_of(reduction_indices), keepdims=keep_dims)


@op("Any(input:bool, reduction_indices:Tidx=int32) -> (output:bool)", Tidx=INDEX)
def any_op(xp, input, reduction_indices, *, keep_dims=False):
    """Whether at least one is true over some axes."""
    return xp.any(input, axis=axes_of(reduction_indices), keepdims=keep_dims)


def reducing(*rows):
    """Give rows the shape rule, the shortcut and the complaint of Sum."""
    for row in rows:
        row.shape(reduced)
        row.shortcut(over_nothing)
        row.complaint_rule = sum_op.complaint_rule


reducing(mean_op, max_op, min_op, prod_op, all_op, any_op)
pass_no_blame(all_op, any_op)


@mean_op.gradient
def _(op, dy):
    x, y = op.inputs[0], op.outputs[0]
    back = GRADIENTS["Sum"](op, dy)[0]
    if x.shape.is_fully_defined() and y.shape.is_fully_defined():
        count = x.shape.num_elements() // max(y.shape.num_elements(), 1)
        count = constant(count, back.dtype)
    else:
        sizes, left = shape(x), shape(y)
        count = reduce_prod(sizes) // maximum(reduce_prod(left), 1)
    return truediv(back, cast(count, back.dtype)), None


def to_the_winners(op, dy):
    """Gradient rule of Max and Min: shared among the elements equal to the result."""
    x, axes = op.inputs
    kept = kept_shape(shape(x), axes)
    y, dy = reshape(op.outputs[0], kept), reshape(dy, kept)
    winners = cast(equal(y, x), dy.dtype)
    count = reshape(reduce_sum(winners, axes), kept)
    return truediv(winners, count) * dy, None


max_op.gradient(to_the_winners)
min_op.gradient(to_the_winners)
prod_op.gradient(None)  # chapter 13 has what it takes


def reduction(row, what):
    """The function that programs call for the row of a reduction."""

    def reduce(
        input_tensor,
        axis=None,
        keepdims=None,
        name=None,
        reduction_indices=None,
        keep_dims=None,
    ):
        return reduce_with(
            row, input_tensor, axis, keepdims, name, reduction_indices, keep_dims
        )

    reduce.__name__ = f"reduce_{what.split()[-1]}"
    reduce.__doc__ = (
        f"{what.capitalize()} over an axis or a list of axes; over all by default."
    )
    return reduce


reduce_mean = reduction(mean_op, "the mean")
reduce_max = reduction(max_op, "the max")
reduce_min = reduction(min_op, "the min")
reduce_prod = reduction(prod_op, "the prod")
reduce_all = reduction(all_op, "whether all")
reduce_any = reduction(any_op, "whether any")


### Where, not how much


@op(
    "ArgMax(input:T, dimension:Tidx=int32) -> (output:output_type)",
    T=GATHERED,
    Tidx=INDEX,
    output_type=INDEX,
)
def argmax_op(xp, input, dimension, *, output_type=int64):
    """The position of the largest along an axis, the first if several are."""
    return xp.argmax(input, axis=int(dimension)).astype(output_type.as_numpy_dtype)


@op(
    "ArgMin(input:T, dimension:Tidx=int32) -> (output:output_type)",
    T=GATHERED,
    Tidx=INDEX,
    output_type=INDEX,
)
def argmin_op(xp, input, dimension, *, output_type=int64):
    """The position of the smallest along an axis, the first if several are."""
    return xp.argmin(input, axis=int(dimension)).astype(output_type.as_numpy_dtype)


def without_axis(op, x, axis):
    """Shape rule: the input's, without the axis that the second input names."""
    chosen = op.constant(1)
    if x.rank is None:
        return unknown_shape()
    if x.rank <= 1:
        return TensorShape([])
    if chosen is None:
        return unknown_shape(x.rank - 1)
    if not -x.rank <= chosen < x.rank:
        raise ShapeError(
            f"Dimension ({int(chosen)}) must be in the range [{-x.rank}, {x.rank}), "
            f"where {x.rank} is the number of dimensions in the input."
        )
    sizes = list(x.sizes)
    del sizes[int(chosen)]
    return TensorShape(sizes)


argmax_op.shape(without_axis)
argmin_op.shape(without_axis)
pass_no_blame(argmax_op, argmin_op)


def argmax(input, axis=None, name=None, dimension=None, output_type=int64):
    """The position of the largest along an axis, the first if several are.

    Args:
      input: a tensor.
      axis: the axis along which to look; 0 by default.
      name: the name of the operation.
      dimension: the old name of axis.
      output_type: int64, or int32.
    """
    return argmax_op(input, one_axis(axis, dimension), as_dtype(output_type), name=name)


def argmin(input, axis=None, name=None, dimension=None, output_type=int64):
    """The position of the smallest along an axis; arguments as for `argmax`."""
    return argmin_op(input, one_axis(axis, dimension), as_dtype(output_type), name=name)


def one_axis(axis, dimension):
    """The axis, which may be given by its old name."""
    if axis is not None and dimension is not None:
        raise ValueError("Cannot specify both 'dimension' and 'axis'")
    axis = dimension if axis is None else axis
    return 0 if axis is None else axis


### Running totals


@op("Cumsum(x:T, axis:Tidx=int32) -> (out:T)", T=GATHERED, Tidx=INDEX)
def cumsum_op(xp, x, axis, *, exclusive=False, reverse=False):
    """The sum of all up to here; exclusive: without here; reverse: from here on."""
    return running(xp, xp.cumsum, x, int(axis), exclusive, reverse, start=0)


@op("Cumprod(x:T, axis:Tidx=int32) -> (out:T)", T=GATHERED, Tidx=INDEX)
def cumprod_op(xp, x, axis, *, exclusive=False, reverse=False):
    """The product of all up to here; exclusive: without here; reverse: from here on."""
    return running(xp, xp.cumprod, x, int(axis), exclusive, reverse, start=1)


def running(xp, total, x, axis, exclusive, reverse, start):
    """A running total along an axis, perhaps backwards, perhaps one step behind."""
    x = xp.flip(x, axis) if reverse else x
    if exclusive:
        first = xp.full_like(xp.take(x, [0], axis), start)
        x = xp.concatenate([first, xp.delete(x, -1, axis)], axis)
    result = total(x, axis, dtype=x.dtype)
    return xp.flip(result, axis) if reverse else result


keep_shape(cumsum_op, cumprod_op)


@cumsum_op.gradient
def _(op, dy):
    exclusive, reverse = op.get_attr("exclusive"), op.get_attr("reverse")
    return cumsum_op(dy, op.inputs[1], exclusive, not reverse), None


@cumprod_op.gradient
def _(op, dy):
    x, axis = op.inputs
    exclusive, reverse = op.get_attr("exclusive"), op.get_attr("reverse")
    product = cumprod_op(x, axis, exclusive, reverse)
    return cumsum_op(product * dy, axis, exclusive, not reverse) / x, None


def cumsum(x, axis=0, exclusive=False, reverse=False, name=None):
    """The sum of all elements up to each, along an axis."""
    return cumsum_op(x, axis, exclusive, reverse, name=name)


def cumprod(x, axis=0, exclusive=False, reverse=False, name=None):
    """The product of all elements up to each, along an axis."""
    return cumprod_op(x, axis, exclusive, reverse, name=name)


### The logarithm of a sum of exponentials


def reduce_logsumexp(
    input_tensor,
    axis=None,
    keepdims=None,
    name=None,
    reduction_indices=None,
    keep_dims=None,
):
    """log(sum(exp(x))) over an axis or a list of axes, without overflow."""
    axis = reduction_indices if axis is None else axis
    keepdims = bool(keep_dims if keepdims is None else keepdims)
    x = convert_to_tensor(input_tensor)
    with name_scope(name, "ReduceLogSumExp", [x]):
        top = reduce_max(x, axis, True)
        top = stop_gradient(select(is_finite(top), top, zeros_like(top)))
        result = log(reduce_sum(exp(subtract(x, top)), axis, keepdims))
        if not keepdims:
            top = reshape(top, shape(result))
        return add(result, top)


def count_nonzero(
    input_tensor=None,
    axis=None,
    keepdims=None,
    dtype=int64,
    name=None,
    reduction_indices=None,
    keep_dims=None,
    input=None,
):
    """How many elements are not zero, over an axis or all."""
    x = input if input_tensor is None else input_tensor
    axis = reduction_indices if axis is None else axis
    with name_scope(name, "count_nonzero", [x]):
        x = convert_to_tensor(x, name="input")
        nothing = constant(x.dtype.as_numpy_dtype(), x.dtype, name="zeros")
        hits = cast(not_equal(x, nothing), int64)
        return cast(
            reduce_sum(hits, axis, keep_dims if keepdims is None else keepdims), dtype
        )


def reduce_variance(input_tensor, axis=None, keepdims=False, name=None):
    """The mean squared distance from the mean, over an axis or all."""
    with name_scope(name or "reduce_variance"):
        x = convert_to_tensor(input_tensor)
        if not (x.dtype.is_floating or x.dtype.is_complex):
            raise TypeError("Input must be either real or complex")
        distance = x - reduce_mean(x, axis, True)
        return reduce_mean(square(distance), axis, keepdims)


def reduce_std(input_tensor, axis=None, keepdims=False, name=None):
    """The root of the variance, over an axis or all."""
    with name_scope(name or "reduce_std"):
        return sqrt(reduce_variance(input_tensor, axis, keepdims))
