"""Pooling: what is the largest, and what the mean, in a window that moves.

Along one axis after the other. Whoever was the largest gets the blame; of equals the
first.
"""

# Generated from book/source/24_convolution.md: change it there, then `make export`.

import numpy as np

from pedagogy_tf.core.dtypes import int32, int64
from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.graph import name_scope
from pedagogy_tf.core.op import convert_to_tensor, op, with_rank
from pedagogy_tf.core.ops.array import expand_dims, squeeze
from pedagogy_tf.core.ops.basic import shape, stop_gradient, zeros
from pedagogy_tf.core.ops.conv import (
    flat_format,
    in_full,
    move,
    spatial,
    stops,
    strides_or_rates,
    way,
    with_space_to_batch,
)
from pedagogy_tf.core.ops.elementwise import ORDERED
from pedagogy_tf.core.ops.math import dtypes, newer
from pedagogy_tf.core.ops.nn import FORMATS, WITH_FRACTION
from pedagogy_tf.core.shapes import TensorShape

__all__ = [
    "walks",
    "along",
    "padded",
    "lowest",
    "largest",
    "winners",
    "handed_back",
    "found_there",
    "stages",
    "POOL",
    "POOLED",
    "max_pool_op",
    "max_pool_grad",
    "max_pool_grad_grad",
    "summed",
    "spread",
    "pixels",
    "avg_pool_op",
    "avg_pool_grad",
    "pooled_shape",
    "ARGMAX",
    "numbered",
    "max_pool_with_argmax_op",
    "max_pool_grad_with_argmax",
    "max_pool",
    "avg_pool",
    "max_pool2d",
    "pool_images",
    "max_pool1d",
    "avg_pool1d",
    "pool_lines",
    "max_pool_with_argmax",
    "pool",
    "require_even_pool",
]


## Keep the strongest


def walks(sizes, ksize, strides, padding):
    """[(axis, Move)] where a window moves along an axis; the last axis comes first."""
    found = [
        (axis, move(n, k, s, padding=padding))
        for axis, (n, k, s) in enumerate(zip(sizes, ksize, strides, strict=True))
    ]
    return [
        (axis, step)
        for axis, step in found[::-1]
        if step.count != step.size or step.window > 1
    ]


def along(axis, cells):
    """An index that takes cells along one axis."""
    return (slice(None),) * axis + (cells,)


def padded(xp, x, axis, step, fill):
    """x with a number before and after, along an axis."""
    if not step.before and not step.after:
        return x
    sizes = list(x.shape)
    sizes[axis] += step.before + step.after
    wide = xp.full(sizes, fill, x.dtype)
    wide[along(axis, slice(step.before, step.before + step.size))] = x
    return wide


def lowest(dtype):
    """The smallest number of a dtype."""
    dtype = np.dtype(dtype)
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def largest(xp, x, axis, step):
    """The largest value at each stop of a window along an axis."""
    x = padded(xp, x, axis, step, lowest(x.dtype))
    best = x[along(axis, step.cells(0))].copy()
    for i in range(1, step.window):
        xp.maximum(best, x[along(axis, step.cells(i))], out=best)
    return best


def winners(xp, x, best, axis, step):
    """For each cell of the window: what it meets, and where it is the first best."""
    x = padded(xp, x, axis, step, lowest(x.dtype))
    open_ = xp.ones(best.shape, bool)
    for i in range(step.window):
        met = along(axis, step.cells(i))
        hit = (x[met] == best) & open_
        open_ ^= hit
        yield met, hit


def handed_back(xp, x, best, blame, axis, step):
    """The blame for x, given the blame for the best."""
    dx = padded(xp, xp.zeros_like(x, dtype=blame.dtype), axis, step, 0)
    for met, hit in winners(xp, x, best, axis, step):
        dx[met] += blame * hit
    return dx[along(axis, slice(step.before, step.before + step.size))]


def found_there(xp, x, best, other, axis, step):
    """What `other` has where x is the best: one value for each stop."""
    found = xp.zeros(best.shape, other.dtype)
    other = padded(xp, other, axis, step, 0)
    for met, hit in winners(xp, x, best, axis, step):
        found += other[met] * hit
    return found


def stages(xp, x, ksize, strides, padding):
    """[(axis, Move, the array before, the array after)] of a pool of largest values."""
    found = []
    for axis, step in walks(x.shape, ksize, strides, padding):
        best = largest(xp, x, axis, step)
        found.append((axis, step, x, best))
        x = best
    return found


POOL = {"padding": ("SAME", "VALID"), "data_format": FORMATS}
POOLED = (*ORDERED, *dtypes("qint8"))


@op("MaxPool(input:T=float32) -> (output:T)", T=POOLED, **POOL)
def max_pool_op(xp, input, *, ksize, strides, padding, data_format="NHWC"):
    """The largest value in each window."""
    for axis, step in walks(input.shape, ksize, strides, padding):
        input = largest(xp, input, axis, step)
    return input


@op(
    "MaxPoolGrad(orig_input:T=float32, orig_output:T=float32, grad:T=float32) "
    "-> (output:T)",
    T=ORDERED,
    **POOL,
)
def max_pool_grad(
    xp, orig_input, orig_output, grad, *, ksize, strides, padding, data_format="NHWC"
):
    """The blame for the input of MaxPool."""
    for axis, step, x, best in stages(xp, orig_input, ksize, strides, padding)[::-1]:
        grad = handed_back(xp, x, best, grad, axis, step)
    return grad


@op(
    "MaxPoolGradGrad(orig_input:T, orig_output:T, grad:T) -> (output:T)",
    T=ORDERED,
    **POOL,
)
def max_pool_grad_grad(
    xp, orig_input, orig_output, grad, *, ksize, strides, padding, data_format="NHWC"
):
    """What `grad` has where the input of MaxPool is largest."""
    for axis, step, x, best in stages(xp, orig_input, ksize, strides, padding):
        grad = found_there(xp, x, best, grad, axis, step)
    return grad


def summed(xp, x, axis, step):
    """The sum at each stop of a window along an axis."""
    x = padded(xp, x, axis, step, 0)
    total = x[along(axis, step.cells(0))].copy()
    for i in range(1, step.window):
        total += x[along(axis, step.cells(i))]
    return total


def spread(xp, y, axis, step):
    """What each cell collects if every stop gives its value to all that it sees."""
    sizes = list(y.shape)
    sizes[axis] = step.before + step.size + step.after
    x = xp.zeros(sizes, y.dtype)
    for i in range(step.window):
        x[along(axis, step.cells(i))] += y
    return x[along(axis, slice(step.before, step.before + step.size))]


def pixels(xp, ndims, axis, step, dtype):
    """How many pixels a window sees at each stop along an axis, ready to divide by."""
    count = summed(np, np.ones(step.size), 0, step)
    sizes = [1] * ndims
    sizes[axis] = -1
    return xp.asarray(count.reshape(sizes), dtype)


@op("AvgPool(value:T) -> (output:T)", T=WITH_FRACTION, **POOL)
def avg_pool_op(xp, value, *, ksize, strides, padding, data_format="NHWC"):
    """The mean of the pixels in each window."""
    for axis, step in walks(value.shape, ksize, strides, padding):
        value = summed(xp, value, axis, step)
        value /= pixels(xp, value.ndim, axis, step, value.dtype)
    return value


@op(
    "AvgPoolGrad(orig_input_shape:int32, grad:T) -> (output:T)", T=WITH_FRACTION, **POOL
)
def avg_pool_grad(
    xp, orig_input_shape, grad, *, ksize, strides, padding, data_format="NHWC"
):
    """The blame for the input of AvgPool: each pixel gets its share."""
    sizes = orig_input_shape.tolist()
    for axis, step in walks(sizes, ksize, strides, padding)[::-1]:
        share = grad / pixels(xp, grad.ndim, axis, step, grad.dtype)
        grad = spread(xp, share, axis, step)
    return grad


@max_pool_op.shape
@avg_pool_op.shape
def _(op, x):
    return pooled_shape(op, with_rank(x, 4))


def pooled_shape(op, x):
    """The shape of a pool of x."""
    parts = [op.get_attr("ksize"), op.get_attr("strides")]
    padding = op.get_attr("padding")
    return TensorShape(
        [
            None if n is None else stops(n, k, s, 1, padding)
            for n, k, s in zip(x.sizes, *parts, strict=True)
        ]
    )


max_pool_grad.shape(lambda op, x, y, dy: with_rank(x, 4))
avg_pool_grad.shape(lambda op, sizes, dy: with_rank(op.sizes(0), 4))


@max_pool_grad_grad.shape
def _(op, x, y, dx):
    return pooled_shape(op, with_rank(x, 4)).merge_with(with_rank(y, 4))


@max_pool_op.gradient
def _(op, dy):
    return max_pool_grad(op.inputs[0], op.outputs[0], dy, **way(op))


@max_pool_grad.gradient
def _(op, dz):
    x, y, _ = op.inputs
    return (
        zeros(shape(x), x.dtype),
        zeros(shape(y), y.dtype),
        max_pool_grad_grad(x, y, dz, **way(op)),
    )


@max_pool_grad_grad.gradient
def _(op, dz):
    x, y, _ = op.inputs
    return (
        zeros(shape(x), x.dtype),
        zeros(shape(y), y.dtype),
        max_pool_grad(x, y, dz, **way(op)),
    )


@avg_pool_op.gradient
def _(op, dy):
    return avg_pool_grad(shape(op.inputs[0]), dy, **way(op))


@avg_pool_grad.gradient
def _(op, dz):
    return stop_gradient(op.inputs[0]), avg_pool_op(dz, **way(op))


ARGMAX = {"T": ORDERED, "Targmax": (int32, int64), "padding": ("SAME", "VALID")}


def numbered(xp, x, whole, dtype):
    """Each element's place in its picture, or in the whole batch."""
    sizes = x.shape if whole else (1, *x.shape[1:])
    places = xp.arange(int(np.prod(sizes)), dtype=dtype).reshape(sizes)
    return xp.broadcast_to(places, x.shape)


@op("MaxPoolWithArgmax(input:T) -> (output:T, argmax:Targmax)", **ARGMAX)
def max_pool_with_argmax_op(
    xp,
    input,
    *,
    ksize,
    strides,
    Targmax=int64,
    padding,
    include_batch_in_index=False,
):
    """The largest value in each window, and its place."""
    dtype = Targmax.as_numpy_dtype
    place, best = numbered(xp, input, include_batch_in_index, dtype), input
    for axis, step, x, best in stages(xp, input, ksize, strides, padding):
        place = found_there(xp, x, best, place, axis, step)
    return best, place


@op("MaxPoolGradWithArgmax(input:T, grad:T, argmax:Targmax) -> (output:T)", **ARGMAX)
def max_pool_grad_with_argmax(
    xp,
    input,
    grad,
    argmax,
    *,
    ksize,
    strides,
    padding,
    include_batch_in_index=False,
):
    """The blame for the input of MaxPoolWithArgmax: given back to the places."""
    dx = xp.zeros((len(input), int(np.prod(input.shape[1:]))), grad.dtype)
    places = argmax.reshape(len(input), -1)
    if not include_batch_in_index:
        places = places + xp.arange(len(input))[:, None] * dx.shape[1]
    flat = dx.reshape(-1)
    xp.add.at(flat, places.reshape(-1), grad.reshape(-1))
    return flat.reshape(input.shape)


@max_pool_with_argmax_op.shape
def _(op, x):
    return [pooled_shape(op, with_rank(x, 4))] * 2


max_pool_grad_with_argmax.shape(lambda op, x, dy, places: with_rank(x, 4))


@max_pool_with_argmax_op.gradient
def _(op, dy, _):
    return max_pool_grad_with_argmax(op.inputs[0], dy, op.outputs[1], **way(op))


def max_pool(value, ksize, strides, padding, data_format="NHWC", name=None, input=None):
    """The largest value in each window.

    Args:
      value: (n, h, w, c), or (n, c, h, w) for the format NCHW; `input` by its other
        name.
      ksize: the sizes of the window: a number, one for each of h and w, or four.
      strides: how far from stop to stop, in the same forms.
      padding: "SAME" or "VALID".
      data_format: "NHWC" or "NCHW".
      name: the name of the operation.
    """
    value = newer("input", input, "value", value)
    with name_scope(name, "MaxPool", [value]) as name:
        return pool_images(
            max_pool_op, value, ksize, strides, padding, data_format, name
        )


def avg_pool(value, ksize, strides, padding, data_format="NHWC", name=None, input=None):
    """The mean of the pixels in each window; arguments as for `max_pool`."""
    value = newer("input", input, "value", value)
    with name_scope(name, "AvgPool", [value]) as name:
        return pool_images(
            avg_pool_op, value, ksize, strides, padding, data_format, name
        )


def max_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    """`max_pool`, with another name for its operation."""
    with name_scope(name, "MaxPool2d", [input]) as name:
        return pool_images(
            max_pool_op, input, ksize, strides, padding, data_format, name
        )


def pool_images(row, x, ksize, strides, padding, data_format, name):
    """A pool of pictures; sizes of windows and strides in any form."""
    data_format = "NHWC" if data_format is None else data_format
    ksize = in_full(ksize, 2, data_format, "ksize")
    if 0 in ksize:
        raise ValueError(explain("ksize cannot be zero."))
    strides = in_full(strides, 2, data_format, "strides")
    return row(
        x,
        ksize=ksize,
        strides=strides,
        padding=padding,
        data_format=data_format,
        name=name,
    )


def max_pool1d(input, ksize, strides, padding, data_format="NWC", name=None):
    """The largest value in each window along one axis: (n, w, c) -> (n, stops, c)."""
    with name_scope(name, "MaxPool1d", [input]) as name:
        return pool_lines(
            max_pool_op, input, ksize, strides, padding, data_format, name
        )


def avg_pool1d(input, ksize, strides, padding, data_format="NWC", name=None):
    """The mean in each window along one axis: (n, w, c) -> (n, stops, c)."""
    with name_scope(name, "AvgPool1D", [input]) as name:
        return pool_lines(
            avg_pool_op, input, ksize, strides, padding, data_format, name
        )


def pool_lines(row, x, ksize, strides, padding, data_format, name):
    """A pool of pictures of one line."""
    data_format, axis = flat_format(data_format)
    result = row(
        expand_dims(x, axis),
        ksize=[1, *in_full(ksize, 1, data_format, "ksize")],
        strides=[1, *in_full(strides, 1, data_format, "strides")],
        padding=padding,
        data_format=data_format,
        name=name,
    )
    return squeeze(result, [axis])


def max_pool_with_argmax(
    input,
    ksize,
    strides,
    padding,
    data_format="NHWC",
    Targmax=None,
    name=None,
    output_dtype=None,
    include_batch_in_index=False,
):
    """The largest value in each window, and its place: two tensors.

    Args:
      input: (n, h, w, c).
      ksize, strides: four numbers each.
      padding: "SAME" or "VALID".
      data_format: "NHWC".
      Targmax: int32 or int64, for places; `output_dtype` by its other name.
      name: the name of the operation.
      output_dtype: see `Targmax`.
      include_batch_in_index: whether places count through the whole batch.
    """
    if data_format != "NHWC":
        problem = "Data formats other than 'NHWC' are not yet supported"
        raise ValueError(explain(problem))
    return max_pool_with_argmax_op(
        input,
        ksize=ksize,
        strides=strides,
        Targmax=newer("output_dtype", output_dtype, "Targmax", Targmax),
        padding=padding,
        include_batch_in_index=include_batch_in_index,
        name=name,
    )


def pool(
    input,
    window_shape,
    pooling_type,
    padding,
    dilation_rate=None,
    strides=None,
    name=None,
    data_format=None,
    dilations=None,
):
    """A pool along one or two axes, as many as the window has.

    Args:
      input: (n, ..., c).
      window_shape: a size for each spatial axis.
      pooling_type: "MAX" or "AVG".
      padding: "SAME" or "VALID".
      dilation_rate: how far from cell to cell; `dilations` by its other name.
      strides: how far from stop to stop, for each axis.
      name: the name of the operation.
      data_format: None, or for example "NCHW".
    """
    rates = newer("dilations", dilations, "dilation_rate", dilation_rate)
    with name_scope(name, f"{pooling_type.lower()}_pool", [input]) as name:
        input, count = convert_to_tensor(input, name="input"), len(window_shape)
        row = {"MAX": max_pool_op, "AVG": avg_pool_op}.get(pooling_type)
        if row is None or count not in (1, 2):
            problem = f"{count}-D {pooling_type} pooling is not supported."
            raise ValueError(explain(problem))
        strides, rates = strides_or_rates(count, strides, rates)
        require_even_pool(window_shape, strides, rates, padding)
        call = pool_lines if count == 1 else pool_images

        def over(combed, _, padding):
            sizes = list(window_shape), strides
            return call(row, combed, *sizes, padding, data_format, name)

        axes = spatial(data_format or "NHWC", count + 2)
        return with_space_to_batch(
            input, rates, padding, over, window_shape, axes, data_format
        )


def require_even_pool(window, strides, rates, padding):
    """Raise ValueError for the pools that TensorFlow does not make."""
    if padding == "SAME" and max(rates) > 1:
        problem = "pooling with SAME padding is not implemented for dilation_rate > 1"
        raise ValueError(explain(problem))
    if any(s > k for s, k in zip(strides, window, strict=True)):
        raise ValueError(
            explain(
                "strides > window_shape not supported due to inconsistency between CPU "
                "and GPU implementations"
            )
        )
