"""Pictures cut into blocks: pixels become features, or pictures; and back."""

# Generated from book/source/24_convolution.md: change it there, then `make export`.

import numpy as np

from pedagogy_tf.core.dtypes import int32
from pedagogy_tf.core.graph import name_scope
from pedagogy_tf.core.op import (
    ShapeError,
    constant_value,
    convert_to_tensor,
    op,
    with_rank,
    with_rank_at_least,
)
from pedagogy_tf.core.ops.array import INDEX, stack, whole
from pedagogy_tf.core.ops.basic import zeros
from pedagogy_tf.core.ops.math import newer
from pedagogy_tf.core.ops.nn import FORMATS
from pedagogy_tf.core.shapes import TensorShape, unknown_shape

__all__ = [
    "divided",
    "space_to_depth_op",
    "depth_to_space_op",
    "in_order",
    "in_format",
    "times",
    "space_to_depth",
    "depth_to_space",
    "space_to_batch_op",
    "batch_to_space_op",
    "plus",
    "blocked",
    "space_to_batch_nd",
    "batch_to_space_nd",
    "squared",
    "space_to_batch",
    "batch_to_space",
    "required_space_to_batch_paddings",
]


## Pixels change places


def divided(size, block):
    """A size in blocks. ShapeError if something is left over."""
    if size is None:
        return None
    if size % block:
        problem = f"Dimension size must be evenly divisible by {block} but is {size}"
        raise ShapeError(problem)
    return size // block


@op("SpaceToDepth(input:T) -> (output:T)", data_format=FORMATS)
def space_to_depth_op(xp, input, *, block_size, data_format="NHWC"):
    """(n, h * b, w * b, c) -> (n, h, w, b * b * c): a block becomes features."""
    b, turned = block_size, data_format == "NCHW"
    x = xp.moveaxis(input, 1, -1) if turned else input
    n, h, w, c = x.shape
    if h % b or w % b:
        raise ValueError(
            f"Image width {w} and height {h} should be divisible by block_size: {b}"
        )
    x = x.reshape(n, h // b, b, w // b, b, c).transpose(0, 1, 3, 2, 4, 5)
    y = x.reshape(n, h // b, w // b, b * b * c)
    return xp.moveaxis(y, -1, 1) if turned else y


@op("DepthToSpace(input:T) -> (output:T)", data_format=FORMATS)
def depth_to_space_op(xp, input, *, block_size, data_format="NHWC"):
    """(n, h, w, b * b * c) -> (n, h * b, w * b, c): features become a block."""
    b, turned = block_size, data_format == "NCHW"
    x = xp.moveaxis(input, 1, -1) if turned else input
    n, h, w, c = x.shape
    if c % (b * b):
        problem = "Input depth dimension {} should be divisible by: {}"
        raise ValueError(problem.format(c, b * b))
    x = x.reshape(n, h, w, b, b, c // (b * b)).transpose(0, 1, 3, 2, 4, 5)
    y = x.reshape(n, h * b, w * b, c // (b * b))
    return xp.moveaxis(y, -1, 1) if turned else y


def in_order(op, x):
    """(n, h, w, c), the sizes of x, whatever its format is."""
    n, h, w, c = with_rank(x, 4).sizes
    return (n, w, c, h) if op.get_attr("data_format") == "NCHW" else (n, h, w, c)


def in_format(op, n, h, w, c):
    """A shape in the format of an op."""
    turned = op.get_attr("data_format") == "NCHW"
    return TensorShape([n, c, h, w] if turned else [n, h, w, c])


def times(size, factor):
    """A size that may be unknown, times a number."""
    return None if size is None else size * factor


@space_to_depth_op.shape
def _(op, x):
    (n, h, w, c), b = in_order(op, x), op.get_attr("block_size")
    return in_format(op, n, divided(h, b), divided(w, b), times(c, b * b))


@depth_to_space_op.shape
def _(op, x):
    (n, h, w, c), b = in_order(op, x), op.get_attr("block_size")
    return in_format(op, n, times(h, b), times(w, b), divided(c, b * b))


@space_to_depth_op.gradient
def _(op, dy):
    return depth_to_space_op(dy, op.get_attr("block_size"), op.attrs["data_format"])


@depth_to_space_op.gradient
def _(op, dy):
    return space_to_depth_op(dy, op.get_attr("block_size"), op.attrs["data_format"])


def space_to_depth(input, block_size, name=None, data_format="NHWC"):
    """Blocks of pixels as features: (n, h * b, w * b, c) -> (n, h, w, b * b * c)."""
    return space_to_depth_op(input, block_size, data_format, name=name)


def depth_to_space(input, block_size, name=None, data_format="NHWC"):
    """Features as blocks of pixels: (n, h, w, b * b * c) -> (n, h * b, w * b, c)."""
    return depth_to_space_op(input, block_size, data_format, name=name)


@op(
    "SpaceToBatchND(input:T, block_shape:Tblock_shape=int32, paddings:Tpaddings=int32) "
    "-> (output:T)",
    Tblock_shape=INDEX,
    Tpaddings=INDEX,
)
def space_to_batch_op(xp, input, block_shape, paddings):
    """Every b-th pixel along each axis is a smaller picture of its own."""
    block = whole(block_shape)
    rest = input.ndim - 1 - len(block)
    x = xp.pad(input, [(0, 0), *map(whole, paddings), *[(0, 0)] * rest])
    sizes = [divided(n, b) for n, b in zip(x.shape[1:], block)]
    cut = [k for pair in zip(sizes, block, strict=True) for k in pair]
    x = x.reshape(len(x), *cut, *x.shape[1 + len(block) :])
    inner = range(2, 1 + len(cut), 2)
    outer = range(1, 1 + len(cut), 2)
    x = x.transpose(*inner, 0, *outer, *range(1 + len(cut), x.ndim))
    return x.reshape(-1, *x.shape[1 + len(block) :])


@op(
    "BatchToSpaceND(input:T, block_shape:Tblock_shape=int32, crops:Tcrops=int32) "
    "-> (output:T)",
    Tblock_shape=INDEX,
    Tcrops=INDEX,
)
def batch_to_space_op(xp, input, block_shape, crops):
    """Smaller pictures, woven into a large one again."""
    block = whole(block_shape)
    count = len(block)
    x = input.reshape(*block, -1, *input.shape[1:])
    woven = [k for i in range(count) for k in (count + 1 + i, i)]
    x = x.transpose(count, *woven, *range(2 * count + 1, x.ndim))
    sizes = [n * b for n, b in zip(input.shape[1:], block)]
    x = x.reshape(len(x), *sizes, *input.shape[1 + count :])
    ends = zip(map(whole, crops), sizes, strict=True)
    return x[(slice(None), *[slice(a, n - b) for (a, b), n in ends])]


@space_to_batch_op.shape
def _(op, x, block, paddings):
    return blocked(
        op, x, lambda n, b: times(n, b), lambda n, b, k: divided(plus(n, k), b)
    )


@batch_to_space_op.shape
def _(op, x, block, crops):
    return blocked(op, x, divided, lambda n, b, k: plus(times(n, b), -k))


def plus(size, number):
    """A size that may be unknown, plus a number."""
    return None if size is None else size + number


def blocked(op, x, of_batch, of_axis):
    """The shape of x after a change of the batch and of the axes that are in blocks."""
    block, ends = op.constant(1), op.constant(2)
    if x.rank is None or block is None:
        return unknown_shape(x.rank)
    block = whole(block)
    n, *sizes = with_rank_at_least(x, 1 + len(block)).sizes
    for b in block:
        n = of_batch(n, b)
    for i, b in enumerate(block):
        known = ends is not None
        sizes[i] = of_axis(sizes[i], b, int(sum(ends[i]))) if known else None
    return TensorShape([n, *sizes])


@space_to_batch_op.gradient
def _(op, dy):
    return batch_to_space_op(dy, *op.inputs[1:]), None, None


@batch_to_space_op.gradient
def _(op, dy):
    return space_to_batch_op(dy, *op.inputs[1:]), None, None


def space_to_batch_nd(input, block_shape, paddings, name=None):
    """Every b-th pixel is a picture of its own: (n, h, w, c) -> (n b b, h/b, w/b, c).

    Args:
      input: a tensor; its first axis are the examples.
      block_shape: b for each of the next axes.
      paddings: for each of them, how many zeros come before and after.
      name: the name of the operation.
    """
    return space_to_batch_op(input, block_shape, paddings, name=name)


def batch_to_space_nd(input, block_shape, crops, name=None):
    """The way back from `space_to_batch_nd`; `crops` are cut off at the end."""
    return batch_to_space_op(input, block_shape, crops, name=name)


def squared(block_size):
    """One number for two axes."""
    return None if block_size is None else np.array([block_size] * 2, np.int64)


def space_to_batch(input, paddings, block_size=None, name=None, block_shape=None):
    """`space_to_batch_nd` for two axes."""
    block = newer("block_shape", block_shape, "block_size", squared(block_size))
    return space_to_batch_nd(input, block, paddings, name)


def batch_to_space(input, crops, block_size, name=None, block_shape=None):
    """`batch_to_space_nd` for two axes."""
    block = newer("block_shape", block_shape, "block_size", squared(block_size))
    return batch_to_space_nd(input, block, crops, name)


def required_space_to_batch_paddings(
    input_shape, block_shape, base_paddings=None, name=None
):
    """The paddings and crops with which sizes become whole numbers of blocks.

    Args:
      input_shape: (m,), the sizes of the axes.
      block_shape: (m,), the sizes of a block.
      base_paddings: (m, 2), paddings that are wanted anyway.
      name: the scope of the operations.

    Returns:
      (paddings, crops), both (m, 2).
    """
    given = [input_shape, block_shape]
    with name_scope(name, "required_space_to_batch_paddings", given):
        sizes = convert_to_tensor(input_shape, int32, name="input_shape")
        block = convert_to_tensor(block_shape, int32, name="block_shape")
        count = block.shape.num_elements()
        if base_paddings is None:
            base = zeros([count, 2], int32)
        else:
            base = convert_to_tensor(base_paddings, int32, name="base_paddings")
        known = [constant_value(part) for part in (sizes, block, base)]
        if all(part is not None for part in known):
            sizes, block, base = known
        before, after = base[:, 0], base[:, 1]
        whole_size = sizes + before + after
        extra = (block - whole_size % block) % block
        after = after + extra
        axes = range(count)
        paddings = stack([[before[i], after[i]] for i in axes], name="paddings")
        return paddings, stack([[0, extra[i]] for i in axes], name="crops")
