"""Convolutions: the same small window, everywhere.

A window stops at many places; what it sees there is a row of a matrix. The convolution
is one matrix product, and both of its gradients are one, too. Arrays are cut into parts
of a few images, so that the matrix of windows never leaves the cache.
"""

# Generated from book/source/24_convolution.md: change it there, then `make export`.

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pedagogy_tf.core.dtypes import int32
from pedagogy_tf.core.errors import UnimplementedError, explain
from pedagogy_tf.core.graph import name_scope
from pedagogy_tf.core.op import (
    ShapeError,
    constant,
    constant_value,
    convert_to_tensor,
    op,
    with_rank,
)
from pedagogy_tf.core.ops.array import concat, expand_dims, shape_n, squeeze, stack
from pedagogy_tf.core.ops.basic import shape
from pedagogy_tf.core.ops.blocks import (
    batch_to_space_nd,
    required_space_to_batch_paddings,
    space_to_batch_nd,
)
from pedagogy_tf.core.ops.math import dtypes, newer
from pedagogy_tf.core.ops.nn import FORMATS, WITH_FRACTION, one_size
from pedagogy_tf.core.shapes import TensorShape

__all__ = [
    "Move",
    "reach_of",
    "stops",
    "move",
    "spatial",
    "moves",
    "features_last",
    "as_format",
    "with_zeros",
    "zeros_around",
    "inside",
    "windows",
    "CACHE",
    "THIN",
    "parts",
    "as_rows",
    "slide",
    "row_bytes",
    "blame_filters",
    "blame_input",
    "shares",
    "PADDINGS",
    "CONV",
    "conv2d_op",
    "conv2d_backprop_input_op",
    "conv2d_backprop_filter_op",
    "require_images",
    "require_fit",
    "stops_of",
    "shape_of",
    "features_of",
    "require_four",
    "way",
    "DEPTHWISE",
    "over_cells",
    "apart",
    "depthwise_op",
    "depthwise_backprop_input_op",
    "depthwise_backprop_filter_op",
    "in_full",
    "padding_of",
    "ONES",
    "conv2d",
    "conv2d_backprop_filter",
    "conv2d_backprop_input",
    "conv2d_transpose",
    "conv1d",
    "flat_format",
    "with_space_to_batch",
    "zeros_that_fit",
    "spatial_sizes",
    "for_axes",
    "convolution",
    "dilated",
    "shape_if_known",
    "require_same_depth",
    "strides_or_rates",
    "atrous_conv2d",
    "depthwise_conv2d_native",
    "depthwise_conv2d",
    "each_alone",
    "separable_conv2d",
    "extract_image_patches_op",
    "extract_image_patches",
]


## A window that moves along an axis


class Move(NamedTuple):
    """How a window moves along one axis: all in cells, but for `count`."""

    size: int  # of the axis
    window: int  # cells that the window sees
    stride: int  # from one stop to the next
    rate: int  # from one cell of the window to the next
    before: int  # zeros on this side
    after: int  # and on that
    count: int  # stops

    @property
    def reach(self):
        """From the first cell of the window to the last."""
        return reach_of(self.window, self.rate)

    def cells(self, i):
        """The cells that the i-th cell of the window meets, as a slice."""
        first = i * self.rate
        return slice(first, first + (self.count - 1) * self.stride + 1, self.stride)


def reach_of(window, rate):
    """How many cells a window spans if its cells are `rate` apart."""
    return (window - 1) * rate + 1


def stops(size, window, stride, rate, padding, around=(0, 0)):
    """How often a window stops along an axis. ShapeError if it does not fit in."""
    if padding == "SAME":
        return -(-size // stride)
    size, reach = size + sum(around), reach_of(window, rate)
    if reach > size:
        raise ShapeError(
            f"Negative dimension size caused by subtracting {reach} from {size}"
        )
    return (size - reach) // stride + 1


def move(size, window, stride=1, rate=1, padding="VALID", around=(0, 0)):
    """A Move; `around` are the zeros for EXPLICIT padding."""
    count = stops(size, window, stride, rate, padding, around)
    before, after = around
    if padding == "SAME":
        room = max((count - 1) * stride + reach_of(window, rate) - size, 0)
        before, after = room // 2, room - room // 2
    return Move(size, window, stride, rate, before, after, count)


def spatial(data_format, ndims):
    """The axes along which windows move: [1, 2] for NHWC, [2, 3] for NCHW."""
    first = 2 if data_format.startswith("NC") else 1
    return range(first, first + ndims - 2)


def moves(sizes, window, strides, rates, padding, data_format, explicit=()):
    """A Move for each spatial axis.

    Args:
      sizes: the shape of the input, in its own format.
      window: the sizes of the window, along the spatial axes alone.
      strides, rates: a number for each axis of the input.
      padding: SAME, VALID or EXPLICIT.
      data_format: NHWC or NCHW.
      explicit: for EXPLICIT, two numbers of zeros for each axis of the input.
    """
    explicit = explicit or (0,) * (2 * len(sizes))
    return [
        move(sizes[a], k, strides[a], rates[a], padding, explicit[2 * a : 2 * a + 2])
        for a, k in zip(spatial(data_format, len(sizes)), window, strict=True)
    ]


def features_last(xp, x, data_format):
    """x with its features on the last axis: a view."""
    return xp.moveaxis(x, 1, -1) if data_format.startswith("NC") else x


def as_format(xp, y, data_format):
    """y, whose features are on the last axis, in a format: a view."""
    return xp.moveaxis(y, -1, 1) if data_format.startswith("NC") else y


## What the windows see


def with_zeros(xp, x, steps):
    """x (n, ..., c) with the zeros that the moves ask for."""
    if not any(step.before or step.after for step in steps):
        return x
    wide = zeros_around(xp, x.shape, steps, x.dtype)
    inside(wide, steps)[...] = x
    return wide


def zeros_around(xp, sizes, steps, dtype):
    """Nothing but zeros, with room for what stands around an array of some shape."""
    spread = [step.before + step.size + step.after for step in steps]
    return xp.zeros((sizes[0], *spread, *sizes[1 + len(steps) :]), dtype)


def inside(wide, steps):
    """A wide array without what stands around: a view."""
    cut = [slice(step.before, step.before + step.size) for step in steps]
    return wide[(slice(None), *cut)]


def windows(xp, x, steps):
    """All windows of x (n, h, w, c) as a view: (n, stops, stops, cells, cells, c)."""
    count = len(steps)
    axes = tuple(range(1, 1 + count))
    reach = [step.reach for step in steps]
    view = xp.lib.stride_tricks.sliding_window_view(x, reach, axes)
    stop = [slice(None, None, step.stride) for step in steps]
    cell = [slice(None, None, step.rate) for step in steps]
    view = view[(slice(None), *stop, slice(None), *cell)]
    return xp.moveaxis(view, 1 + count, -1)


CACHE = 1 << 20  # bytes of windows at a time
THIN = 8  # features; with fewer, lines of pixels are longer than rows of features


def parts(count, size):
    """Slices of `count` examples, of `size` bytes each, that fit into the cache."""
    step = max(1, CACHE // max(1, size))
    return [slice(i, i + step) for i in range(0, count, step)]


def as_rows(xp, x, steps):
    """The windows of x as a matrix: (stops of all examples, cells * features)."""
    view = windows(xp, x, steps)
    count = len(steps)
    width = view.shape[-1] * int(np.prod([step.window for step in steps]))
    if view.shape[-1] >= THIN:
        return xp.reshape(view, (-1, width))
    axes = (*range(1 + count, 2 + 2 * count), *range(1 + count))
    return xp.ascontiguousarray(xp.transpose(view, axes)).reshape(width, -1).T


## Forward, and back twice


def slide(xp, x, w, steps):
    """The convolution: x (n, h, w, c), w (i, j, c, f) -> (n, stops, stops, f)."""
    y = xp.empty((len(x), *[step.count for step in steps], w.shape[-1]), x.dtype)
    matrix = xp.reshape(w, (-1, w.shape[-1]))
    x = with_zeros(xp, x, steps)
    for part in parts(len(x), row_bytes(y, matrix)):
        out = y[part].reshape(-1, w.shape[-1])
        xp.matmul(as_rows(xp, x[part], steps), matrix, out=out)
    return y


def row_bytes(y, matrix):
    """How large the matrix of windows is for one example of the result y."""
    return int(np.prod(y.shape[1:-1])) * len(matrix) * y.itemsize


def blame_filters(xp, x, dy, sizes, steps):
    """The blame for filters of some shape: rows transposed, times blame."""
    dw = xp.zeros((int(np.prod(sizes[:-1])), sizes[-1]), x.dtype)
    x = with_zeros(xp, x, steps)
    for part in parts(len(x), row_bytes(dy, dw)):
        rows = as_rows(xp, x[part], steps)
        dw += rows.T @ dy[part].reshape(-1, sizes[-1])
    return dw.reshape(sizes)


def blame_input(xp, w, dy, sizes, steps):
    """The blame for an input of some shape: each cell hands back what it saw."""
    dx = zeros_around(xp, sizes, steps, dy.dtype)
    thin, size = sizes[-1] < THIN, dy[:1].nbytes
    if thin:  # again lines of pixels are longer than rows of features
        dx = xp.moveaxis(xp.zeros((sizes[-1], *dx.shape[:-1]), dy.dtype), 0, -1)
        size = row_bytes(dy, w.reshape(-1, w.shape[-1]))
    for part in parts(len(dx), size):
        for cell, share in shares(xp, w, dy[part], thin):
            met = [step.cells(i) for step, i in zip(steps, cell, strict=True)]
            dx[(part, *met)] += share
    return inside(dx, steps)


def shares(xp, w, dy, thin):
    """For each cell of the window: its place, and what it hands back at each stop."""
    blame, many = dy.reshape(-1, dy.shape[-1]), dy.shape[:-1]
    if thin:
        lines = (w.reshape(-1, w.shape[-1]) @ blame.T).reshape(*w.shape[:-1], *many)
    for cell in np.ndindex(w.shape[:-2]):
        if thin:
            yield cell, xp.moveaxis(lines[cell], 0, -1)
        else:
            yield cell, (blame @ w[cell].T).reshape(*many, -1)


## The ops

PADDINGS = ("SAME", "VALID", "EXPLICIT")
CONV = {"T": WITH_FRACTION, "padding": PADDINGS, "data_format": FORMATS}


@op("Conv2D(input:T, filter:T) -> (output:T)", **CONV)
def conv2d_op(
    xp,
    input,
    filter,
    *,
    strides,
    use_cudnn_on_gpu=True,
    padding,
    explicit_paddings=(),
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
):
    """(n, h, w, c), (i, j, c, f) -> (n, stops, stops, f)."""
    require_images(input, filter, data_format)
    way = strides, dilations, padding, data_format, explicit_paddings
    steps = moves(input.shape, filter.shape[:2], *way)
    y = slide(xp, features_last(xp, input, data_format), filter, steps)
    return as_format(xp, y, data_format)


@op(
    "Conv2DBackpropInput(input_sizes:int32, filter:T, out_backprop:T) -> (output:T)",
    **CONV,
)
def conv2d_backprop_input_op(
    xp,
    input_sizes,
    filter,
    out_backprop,
    *,
    strides,
    use_cudnn_on_gpu=True,
    padding,
    explicit_paddings=(),
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
):
    """The blame for the input of a convolution; or a convolution the other way."""
    way = strides, dilations, padding, data_format, explicit_paddings
    steps = moves(input_sizes.tolist(), filter.shape[:2], *way)
    dy = features_last(xp, out_backprop, data_format)
    require_fit("Input", steps, dy, filter)
    sizes = (len(dy), *[step.size for step in steps], filter.shape[2])
    dx = blame_input(xp, filter, dy, sizes, steps)
    return as_format(xp, dx, data_format)


@op(
    "Conv2DBackpropFilter(input:T, filter_sizes:int32, out_backprop:T) -> (output:T)",
    **CONV,
)
def conv2d_backprop_filter_op(
    xp,
    input,
    filter_sizes,
    out_backprop,
    *,
    strides,
    use_cudnn_on_gpu=True,
    padding,
    explicit_paddings=(),
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
):
    """The blame for the filters of a convolution."""
    sizes = filter_sizes.tolist()
    way = strides, dilations, padding, data_format, explicit_paddings
    steps = moves(input.shape, sizes[:2], *way)
    dy = features_last(xp, out_backprop, data_format)
    require_fit("Filter", steps, dy)
    x = features_last(xp, input, data_format)
    return blame_filters(xp, x, dy, sizes, steps)


def require_images(x, w, data_format):
    """Raise ValueError unless x are images with the features that w is made for."""
    for name, array in (("input", x), ("filter", w)):
        if array.ndim != 4:
            sizes = ",".join(map(str, array.shape))
            raise ValueError(f"{name} must be 4-dimensional[{sizes}]")
    features, depth = x.shape[1 if data_format == "NCHW" else 3], w.shape[2]
    if features % depth:
        raise ValueError(
            "input depth must be evenly divisible by filter depth: "
            f"{features} vs {depth}"
        )
    if features != depth:
        raise UnimplementedError(
            None,
            None,
            explain(
                "Generic conv implementation does not support grouped convolutions "
                "for now.",
                expected=f"filters of depth {features}, got {depth}",
            ),
        )


def require_fit(what, steps, dy, w=None):
    """Raise ValueError unless dy has a place for each stop, and the features of w."""
    name = f"Conv2DCustomBackprop{what}"
    if w is not None and dy.shape[-1] != w.shape[-1]:
        raise ValueError(
            f"{name}: filter and out_backprop must have the same out_depth"
        )
    for axis, (step, size) in enumerate(zip(steps, dy.shape[1:]), 1):
        if step.count != size:
            raise ValueError(
                f"{name}: Size of out_backprop doesn't match computed: actual = "
                f"{size}, computed = {step.count} spatial_dim: {axis} input: "
                f"{step.size} filter: {step.window} output: {size} stride: "
                f"{step.stride} dilation: {step.rate}"
            )


def stops_of(op, x, window, rates=(1, 1, 1, 1), explicit=()):
    """The numbers of stops along the spatial axes of x, a shape; None if unknown."""
    strides, padding = op.get_attr("strides"), op.get_attr("padding")
    axes = spatial(op.get_attr("data_format"), x.rank)
    explicit = explicit or (0,) * (2 * x.rank)
    counts = []
    for a, k in zip(axes, window, strict=True):
        size, known = x.sizes[a], k is not None or padding == "SAME"
        if strides[a] <= 0:
            raise ShapeError(f"Stride must be > 0, but got {strides[a]}")
        way = strides[a], rates[a], padding, explicit[2 * a : 2 * a + 2] or (0, 0)
        counts.append(None if size is None or not known else stops(size, k, *way))
    return counts


def shape_of(op, n, counts, features):
    """A shape in the format of an op."""
    if op.get_attr("data_format").startswith("NC"):
        return TensorShape([n, features, *counts])
    return TensorShape([n, *counts, features])


def features_of(op, x):
    """The number of features of x, a shape."""
    return x.sizes[1 if op.get_attr("data_format").startswith("NC") else -1]


def require_four(op, what, verb):
    """Raise ShapeError unless an attribute has a number for each axis."""
    if len(op.get_attr(what)) != 4:
        count = len(op.get_attr(what))
        raise ShapeError(
            f"{op.operation.type} requires the {verb} attribute to contain 4 values, "
            f"but got: {count}"
        )


@conv2d_op.shape
def _(op, x, w):
    x, w = with_rank(x, 4), with_rank(w, 4)
    require_four(op, "dilations", "dilation")
    require_four(op, "strides", "stride")
    features, depth = features_of(op, x), w.sizes[2]
    if features is not None and depth and features % depth:
        raise ShapeError(
            f"Depth of input ({features}) is not a multiple of input depth of filter "
            f"({depth})"
        )
    explicit = op.get_attr("explicit_paddings")
    ends = spatial(op.get_attr("data_format"), 4)
    if any(n for i, n in enumerate(explicit) if i // 2 not in ends):
        raise ShapeError(
            "Nonzero explicit padding in the batch or depth dimensions is not supported"
        )
    counts = stops_of(op, x, w.sizes[:2], op.get_attr("dilations"), explicit)
    return shape_of(op, x.sizes[0], counts, w.sizes[3])


@conv2d_backprop_input_op.shape
def _(op, sizes, w, dy):
    return with_rank(op.sizes(0), 4)


@conv2d_backprop_filter_op.shape
def _(op, x, sizes, dy):
    return with_rank(op.sizes(1), 4)


def way(op):
    """How the windows of an operation move: attributes for the one that answers it."""
    others = ("T", "Targmax", "_class")
    return {name: value for name, value in op.attrs.items() if name not in others}


@conv2d_op.gradient
def _(op, dy):
    (x, w), how = op.inputs, way(op)
    sizes = shape_n([x, w])
    return (
        conv2d_backprop_input_op(sizes[0], w, dy, **how),
        conv2d_backprop_filter_op(x, sizes[1], dy, **how),
    )


@conv2d_backprop_input_op.gradient
def _(op, dz):
    (_, w, dy), how = op.inputs, way(op)
    dw = conv2d_backprop_filter_op(dz, shape(w), dy, **how)
    return None, dw, conv2d_op(dz, w, **how)


@conv2d_backprop_filter_op.gradient
def _(op, dz):
    (x, _, dy), how = op.inputs, way(op)
    dx = conv2d_backprop_input_op(shape(x), dz, dy, **how)
    return dx, None, conv2d_op(x, dz, **how)


## One filter for each feature

DEPTHWISE = {"T": WITH_FRACTION, "padding": PADDINGS[:2], "data_format": FORMATS}


def over_cells(xp, x, steps):
    """For each cell of the window: its place, and what it meets, (n, h, w, c, 1)."""
    for cell in np.ndindex(*[step.window for step in steps]):
        met = [step.cells(i) for step, i in zip(steps, cell, strict=True)]
        yield cell, x[(slice(None), *met)][..., None]


def apart(y, multiplier):
    """(..., c * m) -> (..., c, m): what each feature has become."""
    return y.reshape(*y.shape[:-1], -1, multiplier)


@op("DepthwiseConv2dNative(input:T, filter:T) -> (output:T)", **DEPTHWISE)
def depthwise_op(
    xp,
    input,
    filter,
    *,
    strides,
    padding,
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
):
    """(n, h, w, c), (i, j, c, m) -> (n, stops, stops, c * m)."""
    steps = moves(
        input.shape, filter.shape[:2], strides, dilations, padding, data_format
    )
    x = with_zeros(xp, features_last(xp, input, data_format), steps)
    y = xp.zeros((len(x), *[s.count for s in steps], *filter.shape[2:]), x.dtype)
    for part in parts(len(x), 3 * y[:1].nbytes):
        product = xp.empty_like(y[part])
        for cell, met in over_cells(xp, x[part], steps):
            line = xp.broadcast_to(filter[cell], y.shape[2:]).copy()
            y[part] += xp.multiply(met, line, out=product)
    return as_format(xp, y.reshape(*y.shape[:-2], -1), data_format)


@op(
    "DepthwiseConv2dNativeBackpropInput(input_sizes:int32, filter:T, out_backprop:T) "
    "-> (output:T)",
    **DEPTHWISE,
)
def depthwise_backprop_input_op(
    xp,
    input_sizes,
    filter,
    out_backprop,
    *,
    strides,
    padding,
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
):
    """The blame for the input of a depthwise convolution."""
    sizes = input_sizes.tolist()
    steps = moves(sizes, filter.shape[:2], strides, dilations, padding, data_format)
    dy = apart(features_last(xp, out_backprop, data_format), filter.shape[3])
    spread = (len(dy), *[step.size for step in steps], filter.shape[2])
    dx = zeros_around(xp, spread, steps, dy.dtype)
    for cell, met in over_cells(xp, dx, steps):
        met[..., 0] += xp.einsum("...m,...m->...", dy, filter[cell])
    return as_format(xp, inside(dx, steps), data_format)


@op(
    "DepthwiseConv2dNativeBackpropFilter(input:T, filter_sizes:int32, out_backprop:T) "
    "-> (output:T)",
    **DEPTHWISE,
)
def depthwise_backprop_filter_op(
    xp,
    input,
    filter_sizes,
    out_backprop,
    *,
    strides,
    padding,
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
):
    """The blame for the filters of a depthwise convolution."""
    sizes = filter_sizes.tolist()
    steps = moves(input.shape, sizes[:2], strides, dilations, padding, data_format)
    dy = apart(features_last(xp, out_backprop, data_format), sizes[3])
    x = with_zeros(xp, features_last(xp, input, data_format), steps)
    dw = xp.empty(sizes, x.dtype)
    for cell, met in over_cells(xp, x, steps):
        dw[cell] = xp.einsum("nhwc,nhwcm->cm", met[..., 0], dy)
    return dw


@depthwise_op.shape
def _(op, x, w):
    x, w = with_rank(x, 4), with_rank(w, 4)
    features = one_size(features_of(op, x), w.sizes[2])
    both = None if None in (features, w.sizes[3]) else features * w.sizes[3]
    counts = stops_of(op, x, w.sizes[:2], op.get_attr("dilations"))
    return shape_of(op, x.sizes[0], counts, both)


depthwise_backprop_input_op.shape(lambda op, *_: with_rank(op.sizes(0), 4))
depthwise_backprop_filter_op.shape(lambda op, *_: with_rank(op.sizes(1), 4))


@depthwise_op.gradient
def _(op, dy):
    (x, w), how = op.inputs, way(op)
    return (
        depthwise_backprop_input_op(shape(x), w, dy, **how),
        depthwise_backprop_filter_op(x, shape(w), dy, **how),
    )


@depthwise_backprop_input_op.gradient
def _(op, dz):
    (_, w, dy), how = op.inputs, way(op)
    dw = depthwise_backprop_filter_op(dz, shape(w), dy, **how)
    return None, dw, depthwise_op(dz, w, **how)


@depthwise_backprop_filter_op.gradient
def _(op, dz):
    (x, _, dy), how = op.inputs, way(op)
    dx = depthwise_backprop_input_op(shape(x), dz, dy, **how)
    return dx, None, depthwise_op(x, dz, **how)


## What programs call


def in_full(value, count, data_format, name):
    """A number for each axis of images, from one, from one per axis, or from all.

    Args:
      value: None, a number, or a list of numbers.
      count: the number of spatial axes.
      data_format: where the features are; None for last.
      name: what the numbers are, for the message.
    """
    value = [1] if value is None else value
    value = list(value) if hasattr(value, "__len__") else [value]
    if len(value) == count + 2:
        return value
    if len(value) not in (1, count):
        problem = f"{name} should be of length 1, {count} or {count + 2} but was "
        raise ValueError(explain(f"{problem}{len(value)}"))
    value = value * count if len(value) == 1 else value
    if data_format is not None and data_format.startswith("NC"):
        return [1, 1, *value]
    return [1, *value, 1]


def padding_of(padding):
    """(SAME, VALID or EXPLICIT; the zeros of the latter as one list)."""
    if padding == "EXPLICIT":
        raise ValueError(
            explain(
                '"EXPLICIT" is not a valid value for the padding parameter. To use '
                "explicit padding, the padding parameter must be a list.",
                fix="padding=[[0, 0], [top, bottom], [left, right], [0, 0]]",
            )
        )
    if not isinstance(padding, (list, tuple)):
        return padding, []
    what = "When padding is a list,"
    for i, pair in enumerate(padding):
        problem = f"{what} each element of padding must be a list/tuple of size 2. "
        if not isinstance(pair, (list, tuple)):
            problem += f"Element with index {i} of padding is not a list/tuple"
            raise ValueError(explain(problem))
        if len(pair) != 2:
            problem += f"Element with index {i} of padding has size {len(pair)}"
            raise ValueError(explain(problem))
    if len(padding) != 4:
        problem = f"{what} it must be of size 4. Got padding of size: {len(padding)}"
        raise ValueError(explain(problem))
    return "EXPLICIT", [n for pair in padding for n in pair]


ONES = (1, 1, 1, 1)


def conv2d(
    input,
    filter=None,
    strides=None,
    padding=None,
    use_cudnn_on_gpu=True,
    data_format="NHWC",
    dilations=ONES,
    name=None,
    filters=None,
):
    """A convolution: the same filters at every place.

    Args:
      input: (n, h, w, c), or (n, c, h, w) for the format NCHW.
      filter: (i, j, c, f); `filters` by its other name.
      strides: how far from stop to stop: a number, one for each of h and w, or four.
      padding: "SAME", "VALID", or a list of four pairs of numbers of zeros.
      use_cudnn_on_gpu: accepted, and of no effect.
      data_format: "NHWC" or "NCHW".
      dilations: how far from cell to cell, in the forms of `strides`.
      name: the name of the operation.
    """
    filter = newer("filters", filters, "filter", filter)
    padding, explicit = padding_of(padding)
    data_format = "NHWC" if data_format is None else data_format
    return conv2d_op(
        input,
        filter,
        strides=in_full(strides, 2, data_format, "strides"),
        padding=padding,
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        explicit_paddings=explicit,
        data_format=data_format,
        dilations=in_full(dilations, 2, data_format, "dilations"),
        name=name,
    )


def conv2d_backprop_filter(
    input,
    filter_sizes,
    out_backprop,
    strides,
    padding,
    use_cudnn_on_gpu=True,
    data_format="NHWC",
    dilations=ONES,
    name=None,
):
    """The blame for the filters of `conv2d`, given the blame for its result."""
    padding, explicit = padding_of(padding)
    return conv2d_backprop_filter_op(
        input,
        filter_sizes,
        out_backprop,
        strides=strides,
        padding=padding,
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        explicit_paddings=explicit,
        data_format=data_format,
        dilations=dilations,
        name=name,
    )


def conv2d_backprop_input(
    input_sizes,
    filter=None,
    out_backprop=None,
    strides=None,
    padding=None,
    use_cudnn_on_gpu=True,
    data_format="NHWC",
    dilations=ONES,
    name=None,
    filters=None,
):
    """The blame for the input of `conv2d`, given the blame for its result."""
    filter = newer("filters", filters, "filter", filter)
    padding, explicit = padding_of(padding)
    return conv2d_backprop_input_op(
        input_sizes,
        filter,
        out_backprop,
        strides=strides,
        padding=padding,
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        explicit_paddings=explicit,
        data_format=data_format,
        dilations=dilations,
        name=name,
    )


def conv2d_transpose(
    value=None,
    filter=None,
    output_shape=None,
    strides=None,
    padding="SAME",
    data_format="NHWC",
    name=None,
    input=None,
    filters=None,
    dilations=None,
):
    """The way back through a convolution: from small pictures to large ones.

    Args:
      value: (n, h, w, f); `input` by its other name.
      filter: (i, j, c, f), as for the convolution from large to small.
      output_shape: the shape of the result, (n, H, W, c).
      strides, padding, data_format, dilations: as in `conv2d`.
      name: the name of the operation.
    """
    value = newer("input", input, "value", value)
    filter = newer("filters", filters, "filter", filter)
    with name_scope(name, "conv2d_transpose", [value, filter, output_shape]) as name:
        data_format = "NHWC" if data_format is None else data_format
        return conv2d_backprop_input(
            output_shape,
            filter,
            value,
            in_full(strides, 2, data_format, "strides"),
            padding,
            data_format=data_format,
            dilations=in_full(dilations, 2, data_format, "dilations"),
            name=name,
        )


def conv1d(
    value=None,
    filters=None,
    stride=None,
    padding=None,
    use_cudnn_on_gpu=None,
    data_format=None,
    name=None,
    input=None,
    dilations=None,
):
    """A convolution along one axis: `conv2d` on pictures of one line.

    Args:
      value: (n, w, c), or (n, c, w) for the format NCW; `input` by its other name.
      filters: (j, c, f).
      stride, padding, dilations: as in `conv2d`, for one axis.
      use_cudnn_on_gpu: accepted, and of no effect.
      data_format: "NWC" or "NCW".
      name: the name of the convolution.
    """
    value = newer("input", input, "value", value)
    with name_scope(name, "conv1d", [value, filters]) as name:
        data_format, axis = flat_format(data_format)
        strides = [1, *in_full(stride, 1, data_format, "stride")]
        dilations = [1, *in_full(dilations, 1, data_format, "dilations")]
        result = conv2d_op(
            expand_dims(value, axis),
            expand_dims(filters, 0),
            strides=strides,
            padding=padding,
            use_cudnn_on_gpu=use_cudnn_on_gpu,
            data_format=data_format,
            dilations=dilations,
            name=name,
        )
        return squeeze(result, [axis])


def flat_format(data_format):
    """(the format of pictures of one line, the axis along which they have one line)."""
    if data_format in (None, "NHWC", "NWC"):
        return "NHWC", 1
    if data_format in ("NCHW", "NCW"):
        return "NCHW", 2
    raise ValueError(explain('data_format must be "NWC" or "NCW".'))


### Cells that stand apart


def with_space_to_batch(
    input,
    dilation_rate,
    padding,
    op,
    filter_shape=None,
    spatial_dims=None,
    data_format=None,
):
    """Apply an op for windows as if their cells stood apart.

    Args:
      input: a tensor of pictures.
      dilation_rate: how far from cell to cell, for each spatial axis.
      padding: SAME or VALID.
      op: a function of a tensor, the number of spatial axes, and the padding.
      filter_shape: the sizes of the window; needed for SAME.
      spatial_dims: the spatial axes, if not the first ones.
      data_format: where the features are.
    """
    rate = convert_to_tensor(dilation_rate, int32, name="dilation_rate")
    count = rate.shape.num_elements()
    first = 2 if data_format is not None and data_format.startswith("NC") else 1
    axes = list(spatial_dims or range(first, first + count))
    known = constant_value(rate)
    if known is not None and (known < 1).any():
        raise ValueError(explain("dilation_rate must be positive"))
    if known is not None and (known == 1).all():
        return op(input, count, padding)
    base = zeros_that_fit(filter_shape, rate if known is None else known, padding)
    sizes = spatial_sizes(input, axes)
    paddings, crops = required_space_to_batch_paddings(sizes, rate, base)
    block, paddings, crops = [
        for_axes(values, fill, axes)
        for values, fill in ((rate, 1), (paddings, 0), (crops, 0))
    ]
    combed = space_to_batch_nd(input, block, paddings)
    return batch_to_space_nd(op(combed, count, "VALID"), block, crops)


def zeros_that_fit(filter_shape, rate, padding):
    """The zeros around that make VALID of a padding: pairs, one for each axis."""
    count = rate.shape[0]
    if padding == "VALID":
        return np.zeros([int(count), 2], np.int32)
    if padding != "SAME":
        raise ValueError(explain(f"Invalid padding method {padding!r}"))
    if filter_shape is None:
        raise ValueError(explain("filter_shape must be specified for SAME padding"))
    window = convert_to_tensor(filter_shape, name="filter_shape")
    known = constant_value(window)
    window = (window if known is None else known)[:count]
    around = window + (window - 1) * (rate - 1) - 1
    before = around // 2
    after = around - before
    return stack([[before[i], after[i]] for i in range(count)])


def spatial_sizes(input, axes):
    """The sizes of pictures along some axes: a list, or a tensor."""
    if input.shape.rank is not None:
        sizes = [input.shape.sizes[a] for a in axes]
        if None not in sizes:
            return sizes
    sizes = shape(input)
    return stack([sizes[a] for a in axes])


def for_axes(values, fill, axes):
    """Values for spatial axes, after a row for each axis between them and the first."""
    known = constant_value(values)
    gap = np.full([axes[0] - 1, *values.shape.sizes[1:]], fill, np.int32)
    rows = (values if known is None else known)[0 : len(axes)]
    rows = [gap, rows] if axes[0] > 1 else [rows]
    return concat(rows, 0) if known is None else np.concatenate(rows)


def convolution(
    input,
    filter,
    padding,
    strides=None,
    dilation_rate=None,
    name=None,
    data_format=None,
    filters=None,
    dilations=None,
):
    """A convolution along one or two axes, as many as there are.

    Args:
      input: (n, ..., c).
      filter: (..., c, f); `filters` by its other name.
      padding: "SAME" or "VALID".
      strides: a number for each spatial axis.
      dilation_rate: how far from cell to cell; `dilations` by its other name. If that
        is more than 1, strides must be 1.
      name: the scope of the operations.
      data_format: None, or for example "NCHW".
    """
    filter = newer("filters", filters, "filter", filter)
    rates = newer("dilations", dilations, "dilation_rate", dilation_rate)
    input, filter = convert_to_tensor(input), convert_to_tensor(filter)
    count = (input.shape.rank or filter.shape.rank or 0) - 2
    if not 1 <= count <= 2:
        problem = f"Input tensor must be of rank 3, 4 or 5 but was {count + 2}."
        problem = "rank of input or filter must be known" if count < -1 else problem
        raise ValueError(explain(problem, there_are="convolutions of rank 3 and 4"))
    with name_scope(name, "convolution", [input, filter]) as name:
        strides = in_full(strides, count, data_format, "strides")
        rates = in_full(rates, count, data_format, "dilations")
        call = conv1d if count == 1 else conv2d
        if max(rates) == 1:
            return call(
                input, filter, strides, padding, data_format=data_format, name=name
            )
        return dilated(
            input, filter, padding, strides, rates, name, data_format, count, call
        )


def dilated(input, filter, padding, strides, rates, name, data_format, count, call):
    """A convolution on pictures that are combed into smaller ones."""
    axes = spatial(data_format or "NHWC", count + 2)
    features = input.shape[1 if axes[0] == 2 else count + 1].value
    require_same_depth(features, filter.shape[count].value)
    strides, rates = ([numbers[a] for a in axes] for numbers in (strides, rates))
    strides_or_rates(count, strides, rates)

    def slide_over(combed, _, padding):
        return call(
            combed, filter, strides, padding, data_format=data_format, name=name
        )

    return with_space_to_batch(
        input, rates, padding, slide_over, shape_if_known(filter), axes, data_format
    )


def shape_if_known(filter):
    """The shape of a filter, as it is known or as a tensor."""
    return filter.shape if filter.shape.is_fully_defined() else shape(filter)


def require_same_depth(features, depth):
    """Raise ValueError unless the filters are made for so many features."""
    if None not in (features, depth) and features != depth:
        raise ValueError(
            explain(
                "number of input channels does not match corresponding dimension of "
                f"filter, {features} != {depth}"
            )
        )


def strides_or_rates(count, strides, rates):
    """Both as lists; ValueError if there are too many of them, or both are above 1."""
    strides = [1] * count if strides is None else list(strides)
    rates = [1] * count if rates is None else list(rates)
    for name, numbers in (("dilation_rate", rates), ("strides", strides)):
        if len(numbers) != count:
            problem = f"len({name})={len(numbers)} but should be {count}"
            raise ValueError(explain(problem))
        if min(numbers) < 1:
            raise ValueError(explain(f"all values of {name} must be positive"))
    if max(strides) > 1 and max(rates) > 1:
        problem = "strides > 1 not supported in conjunction with dilation_rate > 1"
        raise ValueError(explain(problem, fix="tf.nn.conv2d has dilations and strides"))
    return strides, rates


def atrous_conv2d(value, filters, rate, padding, name=None):
    """`convolution` with cells that are `rate` apart, in both directions."""
    return convolution(value, filters, padding, dilation_rate=[rate, rate], name=name)


def depthwise_conv2d_native(
    input, filter, strides, padding, data_format="NHWC", dilations=ONES, name=None
):
    """Each feature has filters of its own, as one operation."""
    return depthwise_op(
        input,
        filter,
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilations=dilations,
        name=name,
    )


def depthwise_conv2d(
    input,
    filter,
    strides,
    padding,
    rate=None,
    name=None,
    data_format=None,
    dilations=None,
):
    """Each feature has filters of its own.

    Args:
      input: (n, h, w, c).
      filter: (i, j, c, m).
      strides: four numbers, the middle two equal in TensorFlow.
      padding: "SAME" or "VALID".
      rate: how far from cell to cell, two numbers; `dilations` by its other name.
      name: the name of the operation.
      data_format: "NHWC" or "NCHW".

    Returns:
      (n, stops, stops, c * m).
    """
    rate = newer("dilations", dilations, "rate", rate)
    with name_scope(name, "depthwise", [input, filter]) as name:
        input = convert_to_tensor(input, name="tensor_in")
        filter = convert_to_tensor(filter, name="filter_in")
        return each_alone(input, filter, strides, padding, rate, name, data_format)


def each_alone(input, filter, strides, padding, rate, name, data_format):
    """A depthwise convolution whose cells may stand apart."""

    def slide_over(combed, _, padding):
        return depthwise_conv2d_native(
            combed, filter, strides, padding, data_format, name=name
        )

    return with_space_to_batch(
        input,
        [1, 1] if rate is None else rate,
        padding,
        slide_over,
        shape(filter),
        data_format=data_format,
    )


def separable_conv2d(
    input,
    depthwise_filter,
    pointwise_filter,
    strides,
    padding,
    rate=None,
    name=None,
    data_format=None,
    dilations=None,
):
    """A depthwise convolution, then one that mixes features and looks at single pixels.

    Args:
      input: (n, h, w, c).
      depthwise_filter: (i, j, c, m).
      pointwise_filter: (1, 1, c * m, f).
      strides, padding, rate, data_format, dilations: as in `depthwise_conv2d`.
      name: the name of the last operation.
    """
    rate = newer("dilations", dilations, "rate", rate)
    given = [input, depthwise_filter, pointwise_filter]
    with name_scope(name, "separable_conv2d", given) as name:
        input = convert_to_tensor(input, name="tensor_in")
        alone = convert_to_tensor(depthwise_filter, name="depthwise_filter")
        mix = convert_to_tensor(pointwise_filter, name="pointwise_filter")
        for size in mix.shape.with_rank(4)[:2]:
            size.assert_is_compatible_with(1)
        y = each_alone(input, alone, strides, padding, rate, "depthwise", data_format)
        return conv2d(y, mix, ONES, "VALID", data_format=data_format, name=name)


## Pictures of pictures


@op(
    "ExtractImagePatches(images:T) -> (patches:T)",
    T=(
        *dtypes("float32 float64 int32 uint8 int16 int8 int64 bfloat16 uint16 float16"),
    ),
    padding=PADDINGS[:2],
)
def extract_image_patches_op(xp, images, *, ksizes, strides, rates, padding):
    """(n, h, w, c) -> (n, stops, stops, i * j * c): what each window sees."""
    steps = moves(images.shape, ksizes[1:3], strides, rates, padding, "NHWC")
    seen = windows(xp, with_zeros(xp, images, steps), steps)
    return seen.reshape(*seen.shape[:3], -1)


@extract_image_patches_op.shape
def _(op, x):
    n, *sizes, c = with_rank(x, 4).sizes
    window, strides, rates = map(op.get_attr, ("ksizes", "strides", "rates"))
    counts = [
        None
        if sizes[a - 1] is None
        else stops(
            sizes[a - 1], window[a], strides[a], rates[a], op.get_attr("padding")
        )
        for a in (1, 2)
    ]
    return TensorShape([n, *counts, None if c is None else window[1] * window[2] * c])


@extract_image_patches_op.gradient
def _(op, dy):
    (x,), (_, *window, _) = op.inputs, op.get_attr("ksizes")
    features = x.shape[3].value
    if features is None:
        raise ValueError(explain("patches have a gradient if their features are known"))
    width = features * window[0] * window[1]
    one_each = np.eye(width).reshape(*window, features, width)
    return conv2d_backprop_input_op(
        shape(x),
        constant(one_each, x.dtype),
        dy,
        strides=op.get_attr("strides"),
        padding=op.get_attr("padding"),
        dilations=op.get_attr("rates"),
    )


def extract_image_patches(
    images,
    ksizes=None,
    strides=None,
    rates=None,
    padding=None,
    name=None,
    sizes=None,
):
    """What the windows see, as features: (n, h, w, c) -> (n, stops, stops, i * j * c).

    Args:
      images: (n, h, w, c).
      ksizes: the sizes of the window, four numbers; `sizes` by its other name.
      strides, rates: from stop to stop and from cell to cell, four numbers each.
      padding: "SAME" or "VALID".
      name: the name of the operation.
    """
    ksizes = newer("sizes", sizes, "ksizes", ksizes)
    return extract_image_patches_op(
        images, ksizes=ksizes, strides=strides, rates=rates, padding=padding, name=name
    )
