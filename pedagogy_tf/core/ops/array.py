"""Ops that move numbers and change none: cut, join, turn, pick, put back.

Each is the gradient of a partner: Pack of Unpack, Slice of Pad, Gather of a scatter.
"""

# Generated from book/source/13_array.md: change it there, then `make export`.

import sys

import numpy as np

from pedagogy_tf.core.dtypes import as_dtype, bool_, float32, int32, int64
from pedagogy_tf.core.graph import (
    OPERATORS,
    Tensor,
    colocate_with,
    get_default_graph,
    merge_shapes,
    name_scope,
)
from pedagogy_tf.core.op import (
    ShapeError,
    constant,
    constant_value,
    convert_to_tensor,
    has_tensor,
    op,
    register_tensor_conversion_function,
    with_rank,
    with_rank_at_least,
)
from pedagogy_tf.core.ops.basic import (
    IndexedSlices,
    add_n_op,
    identity,
    ones,
    ones_like,
    rank,
    reshape,
    shape,
    size,
    zeros_like,
)
from pedagogy_tf.core.ops.elementwise import pass_no_blame, select
from pedagogy_tf.core.ops.math import (
    broadcast_gradient_args,
    cast,
    kept_shape,
    maximum,
    of_rank,
    range_,
    reduce_sum,
    tile,
)
from pedagogy_tf.core.ops.reduce import cumprod_op, prod_op, reduce_prod
from pedagogy_tf.core.shapes import Dimension, TensorShape, in_brackets, unknown_shape

__all__ = [
    "INDEX",
    "whole",
    "transpose_op",
    "invert_permutation",
    "transpose",
    "expand_dims_op",
    "squeeze_op",
    "as_the_input",
    "expand_dims",
    "squeeze",
    "pack",
    "unpack",
    "stack",
    "unstack",
    "packed",
    "leaves",
    "pack_list",
    "concat_op",
    "why_no_concat",
    "shape_n",
    "concat_offset",
    "concat",
    "slice_op",
    "pad_op",
    "pad_v2",
    "mirror_pad",
    "mirror_pad_grad",
    "padded",
    "cut_off",
    "sizes_of",
    "slice_",
    "pad",
    "split_op",
    "axis_within",
    "split_v",
    "split",
    "brackets",
    "MASKS",
    "strided_slice_op",
    "why_no_item",
    "check_items",
    "axes_in",
    "cut_size",
    "check_index",
    "pick",
    "strided_slice_grad",
    "strided_slice",
    "getitem",
    "is_mask",
    "spelled",
    "left_open",
    "index",
    "one_dtype",
    "newaxis",
    "gather_op",
    "batched_gather",
    "require_within",
    "gather_rows",
    "rows_taken",
    "along_axis",
    "gather",
    "unsorted_segment_sum",
    "slices_to_tensor",
    "gather_nd_op",
    "require_inside",
    "in_list",
    "scatter_nd_op",
    "gather_nd",
    "scatter_nd",
    "where_op",
    "where",
    "boolean_mask",
    "one_hot_op",
    "one_hot",
    "dtype_of_both",
    "reverse_op",
    "reverse",
    "lin_space",
    "linspace",
    "matrix_transpose",
    "unique_op",
    "unique",
    "list_diff",
    "broadcast_to_op",
    "broadcast_to",
]


## Turning

INDEX = (int32, int64)


def whole(vector):
    """A vector of whole numbers as a tuple of Python ints."""
    return tuple(np.ravel(vector).tolist())


@op("Transpose(x:T, perm:Tperm=int32) -> (y:T)", view=True, Tperm=INDEX)
def transpose_op(xp, x, perm):
    """The same numbers, axes renamed: axis i of the result is axis perm[i] of x."""
    return xp.transpose(x, whole(perm))


@transpose_op.shape
def _(op, x, perm):
    (count,) = of_rank(perm, 1).sizes
    if None not in (count, x.rank) and count != x.rank:
        raise ShapeError(f"Dimension must be {x.rank} but is {count}")
    order = op.constant(1)
    if x.rank is None or order is None:
        return unknown_shape(count if x.rank is None else x.rank)
    return TensorShape([x.sizes[i] for i in whole(order)])


@op("InvertPermutation(x:T=int32) -> (y:T)", T=INDEX)
def invert_permutation(xp, x):
    """The permutation that undoes x."""
    return xp.argsort(x).astype(x.dtype)


invert_permutation.shape(lambda op, x: of_rank(x, 1))
invert_permutation.gradient(None)


@transpose_op.gradient
def _(op, dy):
    return transpose(dy, invert_permutation(op.inputs[1])), None


def transpose(a, perm=None, name="transpose", conjugate=False):
    """`a` with its axes in another order; in reverse order unless `perm` says which.

    Args:
      a: a tensor.
      perm: for each axis of the result, which axis of `a` it is.
      name: the name of the operation.
      conjugate: accepted for real numbers, whose conjugates they are.
    """
    with name_scope(name, "transpose", [a]) as name:
        if perm is None:
            a = convert_to_tensor(a, name="a")
            if a.shape.rank:
                perm = np.arange(a.shape.rank)[::-1].astype(np.int32)
            else:
                count = rank(a, optimize=False)
                perm = (count - 1) - range_(0, count, 1, name="Range")
        return transpose_op(a, perm, name=name)


## Axes of size one


@op("ExpandDims(input:T, dim:Tdim=int32) -> (output:T)", view=True, Tdim=INDEX)
def expand_dims_op(xp, input, dim):
    """A new axis of size 1 at place `dim`."""
    return xp.expand_dims(input, int(xp.reshape(dim, ())))  # (), or (1,)


@expand_dims_op.shape
def _(op, x, dim):
    place = op.constant(1)
    if x.rank is None or place is None:
        return unknown_shape(None if x.rank is None else x.rank + 1)
    place = int(np.ravel(place)[0])
    if not -x.rank - 1 <= place <= x.rank:
        raise ShapeError(f"dim {place} not in the interval [{-x.rank - 1}, {x.rank}].")
    sizes = list(x.sizes)
    sizes.insert(place % (x.rank + 1), 1)
    return TensorShape(sizes)


@op("Squeeze(input:T) -> (output:T)", view=True)
def squeeze_op(xp, input, *, squeeze_dims=()):
    """Without axes of size 1: without those named, or without all."""
    return xp.squeeze(input, tuple(squeeze_dims) or None)


@squeeze_op.shape
def _(op, x):
    named = op.get_attr("squeeze_dims")
    if x.rank is None or (not named and None in x.sizes):
        return unknown_shape()
    for place, i in enumerate(named):
        if not -x.rank <= i < x.rank:
            raise ShapeError(f"squeeze_dims[{place}] not in [{-x.rank},{x.rank}).")
        if x.sizes[i] not in (1, None):
            raise ShapeError(
                f"Can not squeeze dim[{i}], expected a dimension of 1, got {x.sizes[i]}"
            )
    gone = {i % x.rank for i in named} or {i for i, n in enumerate(x.sizes) if n == 1}
    return TensorShape([n for i, n in enumerate(x.sizes) if i not in gone])


def as_the_input(op, dy):
    """Gradient rule: in the shape of the first input."""
    return reshape(dy, shape(op.inputs[0]))


squeeze_op.gradient(as_the_input)


@expand_dims_op.gradient
def _(op, dy):
    return as_the_input(op, dy), None


def expand_dims(input, axis=None, name=None, dim=None):
    """`input` with a new axis of size 1 at place `axis` (`dim` by its old name)."""
    axis = dim if axis is None else axis
    if axis is None:
        raise ValueError("Must specify an axis argument to tf.expand_dims()")
    return expand_dims_op(input, axis, name=name)


def squeeze(input, axis=None, name=None, squeeze_dims=None):
    """`input` without axes of size 1: those of `axis`, or all."""
    axis = squeeze_dims if axis is None else axis
    axis = [] if axis is None else [int(i) for i in np.ravel(axis)]
    return squeeze_op(input, axis, name=name)


### A new axis


@op("Pack(values:N*T) -> (output:T)")
def pack(xp, values, *, axis=0):
    """Tensors of one shape side by side along a new axis."""
    return xp.stack(values, axis)


@pack.shape
def _(op, *shapes):
    merged = add_n_op.shape_rule(op, *shapes)
    if merged.rank is None:
        return merged
    sizes, axis = list(merged.sizes), op.get_attr("axis")
    sizes.insert(axis % (merged.rank + 1), len(shapes))
    return TensorShape(sizes)


@pack.sizes
def _(op, *shapes):
    found = [op.sizes_of(i) for i in range(len(shapes))]
    return None if any(isinstance(n, list) for n in found) else found


@op("Unpack(value:T) -> (output:num*T)", view=True)
def unpack(xp, value, *, num, axis=0):
    """The parts of a tensor along an axis, which they lose."""
    return [xp.take(value, i, axis) for i in range(num)]


@unpack.shape
def _(op, x):
    num, axis = op.get_attr("num"), op.get_attr("axis")
    if x.rank is None:
        return [unknown_shape()] * num
    sizes = list(x.sizes)
    if sizes.pop(axis) not in (num, None):
        raise ShapeError(f"Dimension must be {num} but is {x.sizes[axis]}")
    return [TensorShape(sizes)] * num


@pack.gradient
def _(op, dy):
    return unstack(dy, num=op.get_attr("N"), axis=op.get_attr("axis"))


@unpack.gradient
def _(op, *dys):
    return stack(list(dys), axis=op.get_attr("axis"))


def stack(values, axis=0, name="stack"):
    """Tensors of one shape side by side along a new axis.

    Args:
      values: a list of tensors; numbers alone become one constant.
      axis: where the new axis is.
      name: the name of the operation.
    """
    if axis == 0:
        try:
            return convert_to_tensor(values, name=name)
        except (TypeError, ValueError):
            pass  # their dtypes are not clear: Pack will say so
    first = convert_to_tensor(values[0], name=name).shape
    if first.rank is not None and not -first.rank - 1 <= axis <= first.rank:
        raise ValueError(f"axis = {axis} not in [{-first.rank - 1}, {first.rank + 1})")
    return pack(values, axis=axis, name=name)


def unstack(value, num=None, axis=0, name="unstack"):
    """The parts of a tensor along an axis, as a list.

    Args:
      value: a tensor.
      num: how many there are, where the shape does not tell.
      axis: the axis along which to cut.
      name: the name of the operation.
    """
    if num is None:
        value = convert_to_tensor(value)
        if value.shape.rank is not None:
            if not -value.shape.rank <= axis < value.shape.rank:
                raise ValueError(
                    f"axis = {axis} not in [{-value.shape.rank}, {value.shape.rank})"
                )
            num = value.shape.sizes[axis]
        if num is None:
            raise ValueError(f"Cannot infer num from shape {value.shape}")
    return unpack(value, num=num, axis=axis, name=name)


### Lists with tensors in them


def packed(value, dtype=None, name=None, as_ref=False):
    """A list in which there is a tensor, as one tensor."""
    if as_ref or not has_tensor(value):
        return NotImplemented
    inside = next(v for v in leaves(value) if has_tensor(v)).dtype.base_dtype
    if dtype is None:
        return pack_list(value, inside, name or "packed")
    return pack_list(value, dtype, name or "packed", convert=dtype != inside)


def leaves(value):
    """What nested lists hold, one after the other."""
    for item in value:
        yield from leaves(item) if isinstance(item, (list, tuple)) else [item]


def pack_list(value, dtype, name, convert=False):
    """Nested lists with tensors in them, packed from the inside out."""
    with name_scope(name) as scope:
        parts = []
        for i, item in enumerate(value):
            if isinstance(item, (list, tuple)) and has_tensor(item):
                item = pack_list(item, dtype, str(i), convert)
            elif not has_tensor(item):
                item = constant(item, dtype, name=str(i))
            elif convert:
                item = cast(convert_to_tensor(item), dtype)
            elif item.dtype.base_dtype != dtype:
                raise TypeError(
                    "Cannot convert a list containing a tensor of dtype "
                    f"{item.dtype!r} to {dtype!r} (Tensor is: {item!r})"
                )
            parts.append(item)
        return pack(parts, name=scope)


register_tensor_conversion_function((list, tuple), packed, 99)


### A longer axis


@op("ConcatV2(values:N*T, axis:Tidx=int32) -> (output:T)", Tidx=INDEX)
def concat_op(xp, values, axis):
    """Tensors one after the other along an axis."""
    try:
        return xp.concatenate(values, int(axis))
    except ValueError:
        message = why_no_concat([np.shape(x) for x in values], int(axis))
    raise ValueError(message)


def why_no_concat(shapes, axis):
    """Why tensors cannot stand one after the other, in TensorFlow's words."""
    first, *others = shapes
    for i, other in enumerate(others, 1):
        what = "Ranks" if len(other) != len(first) else "Dimensions"
        rest = [s[:axis] + s[axis % len(s) + 1 :] for s in (first, other)]
        if what == "Ranks" or rest[0] != rest[1]:
            return (
                f"ConcatOp : {what} of inputs should match: shape[0] = "
                f"{in_brackets(first)} vs. shape[{i}] = {in_brackets(other)}"
            )
    return (
        "ConcatOp : Expected concatenating dimensions in the range of the rank, got "
        f"{axis}"
    )


@concat_op.shape
def _(op, *shapes):
    *parts, _ = shapes
    ranks = [p.rank for p in parts if p.rank is not None]
    if not ranks:
        return unknown_shape()
    parts = [with_rank(p, ranks[0]) for p in parts]
    if not ranks[0]:
        raise ShapeError("Can't concatenate scalars (use tf.stack instead)")
    axis = op.constant(len(parts))
    if axis is None:
        return unknown_shape(ranks[0])
    with_rank_at_least(parts[-1], axis + 1 if axis >= 0 else -axis)
    axis = int(axis) % ranks[0]
    before, after = parts[-1][:axis], parts[-1][axis + 1 :]
    for p in reversed(parts[:-1]):
        before = merge_shapes(p[:axis], before)
        after = merge_shapes(p[axis + 1 :], after)
    lengths = [p.sizes[axis] for p in parts]
    length = None if None in lengths else sum(lengths)
    return before.concatenate([length]).concatenate(after)


@concat_op.sizes
def _(op, *shapes):
    found = [op.sizes_of(i) for i in range(len(shapes) - 1)]
    known = all(isinstance(part, list) for part in found)
    return [n for part in found for n in part] if known else None


@op("ShapeN(input:N*T) -> (output:N*out_type)", out_type=INDEX)
def shape_n(xp, input, *, out_type=int32):
    """The shape of each of several tensors."""
    return [np.array(np.shape(x), out_type.as_numpy_dtype) for x in input]


@op("ConcatOffset(concat_dim:int32, shape:N*int32) -> (offset:N*int32)")
def concat_offset(xp, concat_dim, shape):
    """Where each of several tensors begins when they are joined along an axis."""
    offsets, place = [], 0
    for sizes in shape:
        offset = np.zeros_like(sizes)
        offset[int(concat_dim)] = place
        place += sizes[int(concat_dim)]
        offsets.append(offset)
    return offsets


shape_n.shape(lambda op, *shapes: [TensorShape([x.rank]) for x in shapes])
concat_offset.shape(lambda op, axis, *shapes: list(shapes))
pass_no_blame(shape_n, concat_offset)


def concat(values, axis, name="concat"):
    """Tensors one after the other along an axis.

    Args:
      values: a list of tensors whose other axes have equal sizes.
      axis: the axis that gets longer, from -rank to rank - 1.
      name: the name of the operation.
    """
    values = values if isinstance(values, (list, tuple)) else [values]
    if len(values) > 1:
        return concat_op(values, axis, name=name)
    with name_scope(name):
        convert_to_tensor(axis, int32, name="concat_dim")
        return identity(values[0], name=name)


### Blocks, and what is around them


@op(
    "Slice(input:T, begin:Index=int32, size:Index=int32) -> (output:T)",
    view=True,
    Index=INDEX,
)
def slice_op(xp, input, begin, size):
    """The block that begins at `begin`; a size of -1 goes to the end."""
    place = []
    for i, (b, n) in enumerate(zip(whole(begin), whole(size), strict=True)):
        n = input.shape[i] - b if n == -1 else n
        if not 0 <= b <= input.shape[i]:
            raise ValueError(
                f"Expected begin[{i}] in [0, {input.shape[i]}], but got {b}"
            )
        if not 0 <= n <= input.shape[i] - b:
            raise ValueError(
                f"Expected size[{i}] in [0, {input.shape[i] - b}], but got {n}"
            )
        place.append(slice(b, b + n))
    return input[tuple(place)]


@slice_op.shape
def _(op, x, begin, size):
    count = with_rank(begin, 1).merge_with(with_rank(size, 1)).sizes[0]
    x = x if count is None else with_rank(x, count)
    starts, lengths = op.constant(1), op.constant(2)
    if lengths is None:
        return unknown_shape(x.rank)
    sizes = []
    for i, n in enumerate(whole(lengths)):
        end = None if x.rank is None else x.sizes[i]
        if n == -1:
            n = None if end is None or starts is None else end - int(starts[i])
        sizes.append(n)
    return TensorShape(sizes)


@op("Pad(input:T, paddings:Tpaddings=int32) -> (output:T)", Tpaddings=INDEX)
def pad_op(xp, input, paddings):
    """With paddings[i] = (before, after) zeros around along axis i."""
    return xp.pad(input, [whole(pair) for pair in paddings])


@op(
    "PadV2(input:T, paddings:Tpaddings=int32, constant_values:T) -> (output:T)",
    Tpaddings=INDEX,
)
def pad_v2(xp, input, paddings, constant_values):
    """With paddings[i] = (before, after) copies of a number around along axis i."""
    return xp.pad(input, [whole(p) for p in paddings], constant_values=constant_values)


@op("MirrorPad(input:T, paddings:Tpaddings=int32) -> (output:T)", Tpaddings=INDEX)
def mirror_pad(xp, input, paddings, *, mode):
    """With a mirror image around: REFLECT leaves the edge out, SYMMETRIC repeats it."""
    return xp.pad(input, [whole(pair) for pair in paddings], mode=mode.lower())


@op("MirrorPadGrad(input:T, paddings:Tpaddings=int32) -> (output:T)", Tpaddings=INDEX)
def mirror_pad_grad(xp, input, paddings, *, mode):
    """Blame for the inside: its own, and that of its mirror images."""
    edge = int(mode == "REFLECT")
    for axis, (before, after) in enumerate(paddings.tolist()):
        x = xp.moveaxis(input, axis, 0)
        n = len(x) - before - after
        inside = x[before : before + n].copy()
        inside[edge : edge + before] += x[:before][::-1]
        inside[n - edge - after : n - edge] += x[before + n :][::-1]
        input = xp.moveaxis(inside, 0, axis)
    return input


def padded(op, x, paddings, *_):
    """Shape rule: longer by the paddings."""
    count = with_rank(paddings, 2).sizes[0]
    x = x if count is None else with_rank(x, count)
    pairs = op.constant(1)
    if pairs is None or x.rank is None:
        return unknown_shape(x.rank)
    if np.min(pairs, initial=0) < 0:
        raise ShapeError("Paddings must be non-negative")
    return TensorShape(
        [
            None if n is None else n + int(sum(p))
            for n, p in zip(x.sizes, pairs, strict=True)
        ]
    )


for _row in (pad_op, pad_v2, mirror_pad):
    _row.shape(padded)


@mirror_pad_grad.shape
def _(op, dy, paddings):
    pairs = op.constant(1)
    if pairs is None or dy.rank is None:
        return unknown_shape(dy.rank)
    totals = pairs.sum(1).tolist()
    return TensorShape(
        [None if n is None else n - k for n, k in zip(dy.sizes, totals, strict=True)]
    )


@slice_op.gradient
def _(op, dy):
    x, begin, _ = op.inputs
    ndims, length = rank(x), shape(op.outputs[0])
    column = stack([ndims, 1])
    before = reshape(begin, column)
    after = reshape(shape(x) - length - begin, column)
    return pad(dy, concat([before, after], 1)), None, None


def cut_off(op, dy):
    """Gradient rule of Pad and PadV2: the block without what was put around it."""
    x, paddings = op.inputs[:2]
    before = slice_(paddings, [0, 0], stack([rank(x), 1]))
    begin = reshape(before, [-1])
    return slice_(dy, begin, shape(x)), *[None] * (len(op.inputs) - 1)


pad_op.gradient(cut_off)
pad_v2.gradient(cut_off)


@mirror_pad.gradient
def _(op, dy):
    return mirror_pad_grad(dy, op.inputs[1], op.get_attr("mode")), None


@mirror_pad_grad.gradient
def _(op, dy):
    return mirror_pad(dy, op.inputs[1], op.get_attr("mode")), None


@concat_op.gradient
def _(op, dy):
    *parts, axis = op.inputs
    if isinstance(dy, IndexedSlices):
        dy = convert_to_tensor(dy)
    if axis.op.type == "Const" and axis.op._context is not dy.op._context:
        axis = constant(axis.op.attrs["value"], axis.dtype)  # one for the way back
    axis = axis % rank(parts[0])
    sizes = sizes_of(parts)
    return *[
        slice_(dy, begin, length)
        for begin, length in zip(concat_offset(axis, sizes), sizes, strict=True)
    ], None


def sizes_of(tensors):
    """Their shapes: constants if all are known, else what one ShapeN says."""
    sizes = []
    for x in tensors:
        sizes.append(shape(x))
        if sizes[-1].op.type != "Const":
            return shape_n(tensors)
    return sizes


def slice_(input_, begin, size, name=None):
    """`tf.slice`: the block that begins at `begin`; a size of -1 goes to the end."""
    return slice_op(input_, begin, size, name=name)


def pad(tensor, paddings, mode="CONSTANT", name=None, constant_values=0):
    """`tensor` with something around it.

    Args:
      tensor: a tensor.
      paddings: (rank, 2) how much before and after, along each axis.
      mode: CONSTANT, REFLECT (mirrored at the edge) or SYMMETRIC (edge repeated).
      name: the name of the operation.
      constant_values: the number that is put around.
    """
    mode = mode.upper()
    if mode in ("REFLECT", "SYMMETRIC"):
        return mirror_pad(tensor, paddings, mode=mode, name=name)
    if mode != "CONSTANT":
        raise ValueError(f"Unknown padding mode: {mode}")
    if isinstance(constant_values, Tensor) or constant_values != 0:
        return pad_v2(tensor, paddings, constant_values, name=name)
    return pad_op(tensor, paddings, name=name)


### Parts of equal size, parts of any size


@op("Split(split_dim:int32, value:T) -> (output:num_split*T)", view=True)
def split_op(xp, split_dim, value, *, num_split):
    """Equal parts along an axis."""
    return xp.split(value, num_split, int(split_dim))


@split_op.shape
def _(op, axis, x):
    axis, count = op.constant(0), op.get_attr("num_split")
    if axis is None or x.rank is None:
        return [unknown_shape(x.rank)] * count
    axis, sizes = axis_within(axis, x), list(x.sizes)
    if sizes[axis] is not None:
        if sizes[axis] % count:
            raise ShapeError(
                f"Dimension size must be evenly divisible by {count} but is "
                f"{sizes[axis]}\n\tNumber of ways to split should evenly divide the "
                "split dimension"
            )
        sizes[axis] //= count
    return [TensorShape(sizes)] * count


def axis_within(axis, x):
    """An axis of a shape, counted from the front."""
    axis = int(axis)
    if not -x.rank <= axis < x.rank:
        raise ShapeError(
            f"Dimension size, given by scalar input {axis} must be in range "
            f"[-{x.rank}, {x.rank})"
        )
    return axis % x.rank


@op(
    "SplitV(value:T, size_splits:Tlen=int64, split_dim:int32) -> (output:num_split*T)",
    view=True,
    Tlen=INDEX,
)
def split_v(xp, value, size_splits, split_dim, *, num_split):
    """Parts of given sizes along an axis; one of them may be -1: the rest."""
    sizes, total = list(whole(size_splits)), value.shape[int(split_dim)]
    sizes = [total - sum(sizes) - 1 if n == -1 else n for n in sizes]
    if sum(sizes) != total:
        raise ValueError(
            "Determined shape must either match input shape along split_dim exactly if "
            "fully specified, or be less than the size of the input along split_dim if "
            f"not fully specified.  Got: {sum(sizes)}"
        )
    return xp.split(value, np.cumsum(sizes)[:-1].tolist(), int(split_dim))


@split_v.shape
def _(op, x, lengths, axis):
    lengths, axis = op.constant(1), op.constant(2)
    count = op.get_attr("num_split")
    if axis is None or lengths is None or x.rank is None:
        return [unknown_shape(x.rank)] * count
    axis, parts = axis_within(axis, x), list(whole(lengths))
    total = x.sizes[axis]
    if total is not None:
        if -1 in parts:
            parts[parts.index(-1)] = total - sum(parts) - 1
        if sum(parts) != total or min(parts) < 0:
            raise ShapeError(
                f"can't split axis of size {total} into pieces of size "
                f"{in_brackets(whole(lengths))}"
            )
    front, back = x[:axis], x[axis + 1 :]
    sizes = [None if n == -1 else n for n in parts]
    return [front.concatenate([n]).concatenate(back) for n in sizes]


@split_op.gradient
def _(op, *dys):
    return None, concat(list(dys), op.inputs[0])


@split_v.gradient
def _(op, *dys):
    return concat(list(dys), op.inputs[2]), None, None


def split(value, num_or_size_splits, axis=0, num=None, name="split"):
    """Parts of a tensor along an axis, as a list.

    Args:
      value: a tensor.
      num_or_size_splits: how many equal parts, or a list of their sizes.
      axis: the axis along which to cut.
      num: how many sizes there are, where that is not known.
      name: the name of the operation.
    """
    sizes = convert_to_tensor(num_or_size_splits)
    if isinstance(num_or_size_splits, (int, Dimension)):
        return split_op(axis, value, num_split=int(num_or_size_splits), name=name)
    if sizes.shape.rank == 0:
        raise ValueError(
            "Rank-0 tensors are not supported as the num_or_size_splits argument to "
            f"split. Argument provided: {num_or_size_splits}"
        )
    num = sizes.shape.as_list()[0] if num is None else num
    if num is None:
        raise ValueError(f"Cannot infer num from shape {num_or_size_splits}")
    return split_v(value, sizes, axis, num_split=num, name=name)


## Python's brackets


def brackets(begin, end, strides, masks):
    """What stood in the brackets, as Python has it.

    Args:
      begin, end, strides: vectors; begin and end may hold None for what is not known.
      masks: the five masks by name.
    """
    items = []
    for i, (b, e, s) in enumerate(zip(begin, end, strides, strict=True)):
        bit = 1 << i
        if masks["ellipsis_mask"] & bit:
            items.append(Ellipsis)
        elif masks["new_axis_mask"] & bit:
            items.append(None)
        elif masks["shrink_axis_mask"] & bit:
            items.append(b)
        else:
            b = None if masks["begin_mask"] & bit else b
            items.append(slice(b, None if masks["end_mask"] & bit else e, s))
    return tuple(items)


MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


@op(
    "StridedSlice(input:T, begin:Index, end:Index, strides:Index) -> (output:T)",
    view=True,
    Index=INDEX,
)
def strided_slice_op(
    xp,
    input,
    begin,
    end,
    strides,
    *,
    begin_mask=0,
    end_mask=0,
    ellipsis_mask=0,
    new_axis_mask=0,
    shrink_axis_mask=0,
):
    """input[...] with what Python writes in the brackets."""
    masks = (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    named = dict(zip(MASKS, masks, strict=True))
    items = brackets(whole(begin), whole(end), whole(strides), named)
    try:
        return input[items]
    except IndexError:
        message = why_no_item(items, np.shape(input))
    raise ValueError(message)


def why_no_item(items, sizes):
    """Why nothing is where the brackets point to, in TensorFlow's words."""
    items = [i for i in items if i is not None]
    if Ellipsis in items:
        here = items.index(Ellipsis)
        items[here : here + 1] = [slice(None)] * (len(sizes) - len(items) + 1)
    for axis, (i, n) in enumerate(zip(items, sizes, strict=False)):
        if not isinstance(i, slice) and not -n <= i < n:
            return f"slice index {i} of dimension {axis} out of bounds."
    return (
        f"Index out of range using input dim {len(sizes)}; input has only {len(sizes)} "
        "dims"
    )


@strided_slice_op.shape
def _(op, x, begin, end, strides):
    step, masks = op.constant(3), {key: op.get_attr(key) for key in MASKS}
    if x.rank is None or step is None:
        return unknown_shape()
    check_items(x, step, masks)
    borders, unknown = [op.constant(i) for i in (1, 2)], (None,) * len(step)
    begin, end = [unknown if b is None else whole(b) for b in borders]
    items = brackets(begin, end, whole(step), masks)
    hidden = unknown in (begin, end)
    sizes, left = [], list(x.sizes)
    for i, item in enumerate(items):
        if item is Ellipsis:
            count = len(left) - axes_in(items[i + 1 :], masks, i + 1)
            sizes, left = sizes + left[:count], left[count:]
        elif masks["new_axis_mask"] >> i & 1:
            sizes.append(1)
        elif masks["shrink_axis_mask"] >> i & 1:
            axis = x.rank - len(left)
            check_index(item, left.pop(0), axis)
        else:
            sizes.append(cut_size(left.pop(0), item, hidden, masks, i))
    return TensorShape(sizes + left)


def check_items(x, step, masks):
    """Raise ShapeError if there are too many items in the brackets, or a step of 0."""
    if masks["ellipsis_mask"].bit_count() > 1:
        raise ShapeError("Multiple ellipses in slice spec not allowed")
    if axes_in(step, masks, 0) - masks["ellipsis_mask"].bit_count() > x.rank:
        raise ShapeError(
            f"Index out of range using input dim {x.rank}; input has only {x.rank} dims"
        )
    if 0 in step:
        i = list(step).index(0)
        raise ShapeError(f"strides[{i}] must be non-zero")


def axes_in(items, masks, start):
    """How many axes of the input some items of the brackets use up."""
    return sum(not masks["new_axis_mask"] >> i & 1 for i, _ in enumerate(items, start))


def cut_size(n, item, hidden, masks, i):
    """The size of an axis of size n after a cut; None where that is not known."""
    uncut = masks["begin_mask"] >> i & masks["end_mask"] >> i & 1
    if n is None or (hidden and not uncut):
        return None
    return len(range(*item.indices(n)))


def check_index(i, n, axis):
    """Raise ShapeError if index i is not within an axis of size n."""
    if None not in (i, n) and not -n <= i < n:
        raise ShapeError(f"slice index {i} of dimension {axis} out of bounds.")


@strided_slice_op.sizes
def _(op, *shapes):
    held = op.sizes_of(0)
    borders = [op.constant(i) for i in (1, 2, 3)]
    if not isinstance(held, list) or any(b is None for b in borders):
        return None
    masks = {key: op.get_attr(key) for key in MASKS}
    return pick(held, brackets(*map(whole, borders), masks))


def pick(held, items):
    """held[items] for a list of sizes and what stood in the brackets."""
    found = np.array(held, object)[items]
    return found.tolist() if isinstance(found, np.ndarray) else found


@op(
    "StridedSliceGrad(shape:Index, begin:Index, end:Index, strides:Index, dy:T) "
    "-> (output:T)",
    Index=INDEX,
)
def strided_slice_grad(
    xp,
    shape,
    begin,
    end,
    strides,
    dy,
    *,
    begin_mask=0,
    end_mask=0,
    ellipsis_mask=0,
    new_axis_mask=0,
    shrink_axis_mask=0,
):
    """Zeros of a shape, with dy at the place that the brackets name."""
    masks = (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    named = dict(zip(MASKS, masks, strict=True))
    result = xp.zeros(whole(shape), dy.dtype)
    result[brackets(whole(begin), whole(end), whole(strides), named)] = dy
    return result


strided_slice_grad.shape(lambda op, *shapes: op.sizes(0))


@strided_slice_op.gradient
def _(op, dy):
    x, begin, end, strides = op.inputs
    masks = {key: op.get_attr(key) for key in MASKS}
    sizes = shape(x, out_type=begin.dtype)
    return strided_slice_grad(sizes, begin, end, strides, dy, **masks), None, None, None


@strided_slice_grad.gradient
def _(op, dz):
    _, begin, end, strides, _ = op.inputs
    masks = {key: op.get_attr(key) for key in MASKS}
    return None, None, None, None, strided_slice_op(dz, begin, end, strides, **masks)


def strided_slice(
    input_,
    begin,
    end,
    strides=None,
    begin_mask=0,
    end_mask=0,
    ellipsis_mask=0,
    new_axis_mask=0,
    shrink_axis_mask=0,
    var=None,
    name=None,
):
    """What `input_[...]` writes down; see `brackets` for the masks."""
    masks = (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    named = dict(zip(MASKS, masks, strict=True))
    strides = ones_like(begin) if strides is None else strides
    return strided_slice_op(input_, begin, end, strides, **named, name=name)


def getitem(tensor, items):
    """`tensor[items]`."""
    if is_mask(items):
        return boolean_mask(tensor, items)
    items = items if isinstance(items, (list, tuple)) else [items]
    begin, end, strides, masks = [], [], [], dict.fromkeys(MASKS, 0)
    for i, item in enumerate(items):
        for part, value in zip(
            (begin, end, strides), spelled(item, masks, 1 << i), strict=True
        ):
            part.append(value)
    with name_scope(None, "strided_slice", [tensor, *begin, *end, *strides]) as name:
        if begin:
            vectors = one_dtype([stack(begin), stack(end), stack(strides)])
        else:
            vectors = [constant([], int32)] * 3
        return strided_slice(tensor, *vectors, **masks, name=name)


def is_mask(items):
    """Whether booleans stand in the brackets: then they choose rows."""
    if isinstance(items, Tensor):
        return items.dtype.base_dtype == bool_
    return isinstance(items, bool) or (
        isinstance(items, np.ndarray) and items.dtype == bool
    )


def spelled(item, masks, bit):
    """One item of the brackets as (begin, end, stride); its bit is set in the masks."""
    if isinstance(item, slice):
        begin, end = item.start, item.stop
        masks["begin_mask"] |= bit * left_open(begin)
        masks["end_mask"] |= bit * left_open(end)
        return (
            0 if left_open(begin) else index(begin),
            0 if left_open(end) else index(end),
            1 if item.step is None else index(item.step),
        )
    if item is Ellipsis or item is None:
        masks["ellipsis_mask" if item is Ellipsis else "new_axis_mask"] |= bit
        return 0, 0, 1
    masks["shrink_axis_mask"] |= bit
    return index(item), item + 1, 1


def left_open(border):
    """Whether a border was left out."""
    return border is None or (not isinstance(border, Tensor) and border == sys.maxsize)


def index(item):
    """A whole number, as itself or as a tensor.

    Raises:
      TypeError: in TensorFlow's words.
    """
    if isinstance(item, (int, np.integer, Dimension)):
        return item
    if (
        isinstance(item, Tensor)
        and item.dtype.is_integer
        and item.shape.rank in (0, None)
    ):
        return item
    raise TypeError(
        "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar "
        f"tf.int32/tf.int64 tensors are valid indices, got {item!r}"
    )


def one_dtype(vectors):
    """int64 for all, if one of them is."""
    if any(v.dtype == int64 for v in vectors):
        return [cast(v, int64) for v in vectors]
    return vectors


OPERATORS["getitem"] = getitem
newaxis = None


## Picking rows


@op(
    "GatherV2(params:Tparams, indices:Tindices=int32, axis:Taxis=int32) "
    "-> (output:Tparams)",
    Tindices=INDEX,
    Taxis=INDEX,
)
def gather_op(xp, params, indices, axis, *, batch_dims=0):
    """The slices of params along an axis that indices name, in their shape."""
    axis = int(axis) % max(params.ndim, 1)
    require_within(indices, params.shape[axis])
    if batch_dims:
        return batched_gather(xp, params, indices, axis, batch_dims % indices.ndim)
    return xp.take(params, indices, axis)


def batched_gather(xp, params, indices, axis, batch_dims):
    """A gather for each element of the axes that both have in front."""
    lead = params.shape[:batch_dims]
    result = [
        xp.take(params[i], indices[i], axis - batch_dims) for i in np.ndindex(*lead)
    ]
    return xp.reshape(xp.stack(result), lead + result[0].shape)


def require_within(indices, count):
    """Raise ValueError, in TensorFlow's words, for an index outside of [0, count)."""
    outside = (indices < 0) | (indices >= count)
    if outside.any():
        place = np.argwhere(np.atleast_1d(outside))[0].tolist()
        where = "indices" + (
            f"[{','.join(map(str, place))}]" if np.ndim(indices) else ""
        )
        value = np.atleast_1d(indices)[tuple(place)]
        raise ValueError(f"{where} = {value} is not in [0, {count})")


@gather_op.shape
def _(op, params, indices, axis):
    axis, batch = op.constant(2), op.get_attr("batch_dims")
    if params.rank is None or indices.rank is None or axis is None:
        return unknown_shape()
    axis = int(axis)
    if params.rank == 0:
        raise ShapeError("Shape must be at least rank 1 but is rank 0")
    if not -params.rank <= axis < params.rank:
        raise ShapeError(
            f"Shape must be at least rank {axis + 1} but is rank {params.rank}"
        )
    axis %= params.rank
    return params[:axis].concatenate(indices[batch:]).concatenate(params[axis + 1 :])


@op(
    "Gather(params:Tparams, indices:Tindices=int32) -> (output:Tparams)", Tindices=INDEX
)
def gather_rows(xp, params, indices, *, validate_indices=True):
    """The rows of params that indices name; the older type."""
    require_within(indices, params.shape[0])
    return xp.take(params, indices, 0)


gather_rows.shape(lambda op, params, indices: indices.concatenate(params[1:]))


@gather_op.sizes
def _(op, *shapes):
    held, chosen = op.sizes_of(0), op.constant(1)
    if not isinstance(held, list) or chosen is None:
        return None
    return np.array(held, object)[chosen].tolist() if chosen.ndim else held[int(chosen)]


def rows_taken(params, indices, dy, axis=0):
    """The blame for the rows that were taken, as IndexedSlices."""
    with colocate_with(params.op):
        sizes = cast(shape(params, out_type=int64), int32)
    count = expand_dims(size(indices), 0)
    if isinstance(axis, Tensor):
        return along_axis(sizes, indices, dy, axis)
    rows = reshape(dy, concat([count, sizes[1:]], 0))
    return IndexedSlices(rows, reshape(indices, count), sizes)


gather_rows.gradient(lambda op, dy: (rows_taken(*op.inputs, dy), None))


@gather_op.gradient
def _(op, dy):
    params, indices, axis = op.inputs
    if op.get_attr("batch_dims"):
        raise NotImplementedError("the gradient of a gather with batch_dims")
    first = constant_value(axis) is not None and constant_value(axis) == 0
    return rows_taken(params, indices, dy, 0 if first else axis), None, None


def along_axis(sizes, indices, dy, axis):
    """The blame for a tensor of which slices along some other axis were taken."""
    outer, inner = sizes[:axis], sizes[axis:][1:]
    values_shape = concat([outer, [-1], inner], 0)
    count, before = size(values_shape), size(outer)
    no_axes, front = range_(0), range_(0, before)
    back = range_(before + 1, count)
    values = reshape(dy, values_shape)
    to_front = transpose(values, concat([no_axes, [before], front, back], 0))
    length = sizes[axis]
    flat = reshape(indices, expand_dims(size(indices), 0))
    summed = unsorted_segment_sum(to_front, flat, length)
    return transpose(summed, concat([no_axes, front + 1, [0], back], 0))


def gather(params, indices, validate_indices=None, name=None, axis=None, batch_dims=0):
    """The slices of `params` that `indices` name.

    Args:
      params: a tensor.
      indices: whole numbers in [0, size of the axis), of any shape.
      validate_indices: ignored; indices are always checked.
      name: the name of the operation.
      axis: the axis along which to take; the first by default.
      batch_dims: how many leading axes are taken one by one.
    """
    axis = batch_dims if axis is None else axis
    return gather_op(params, indices, axis, batch_dims=batch_dims, name=name)


### Adding up by number


@op(
    "UnsortedSegmentSum(data:T, segment_ids:Tindices=int32, "
    "num_segments:Tnumsegments=int32) -> (output:T)",
    Tindices=INDEX,
    Tnumsegments=INDEX,
)
def unsorted_segment_sum(xp, data, segment_ids, num_segments):
    """The sum of the rows with number i, for each i; rows numbered < 0 are dropped."""
    depth = np.ndim(segment_ids)
    ids, rows = xp.reshape(segment_ids, -1), xp.reshape(data, (-1, *data.shape[depth:]))
    if (ids >= num_segments).any():
        bad = int(ids[ids >= num_segments][0])
        raise ValueError(f"segment_ids = {bad} is not in [0, {int(num_segments)})")
    result = xp.zeros((int(num_segments), *rows.shape[1:]), data.dtype)
    np.add.at(result, ids[ids >= 0], rows[ids >= 0])
    return result


@unsorted_segment_sum.shape
def _(op, data, ids, count):
    count = op.constant(2)
    if data.rank is None or ids.rank is None:
        return unknown_shape()
    count = None if count is None else int(count)
    return TensorShape([count]).concatenate(data[ids.rank :])


@unsorted_segment_sum.gradient
def _(op, dy):
    ids = op.inputs[1]
    rows = gather(dy, maximum(ids, zeros_like(ids)))
    keep = ids >= 0
    if None in (rows.shape.ndims, ids.shape.ndims):
        extra = ones([rank(rows) - rank(keep)], int32)
        keep = reshape(keep, concat([shape(keep), extra], 0))
    else:
        for _ in range(rows.shape.ndims - ids.shape.ndims):
            keep = expand_dims(keep, -1)
    keep = keep & ones_like(rows, dtype=bool_)
    return select(keep, rows, zeros_like(rows)), None, None


def slices_to_tensor(value, dtype=None, name=None, as_ref=False):
    """IndexedSlices as a whole tensor, zero in the rows that are not named."""
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(
            f"Tensor conversion requested dtype {dtype.name} for IndexedSlices with "
            f"dtype {value.dtype.name}"
        )
    if value.dense_shape is None:
        raise ValueError(
            "Tensor conversion requested for IndexedSlices without dense_shape: "
            f"{value}"
        )
    return unsorted_segment_sum(
        value.values, value.indices, value.dense_shape[0], name=name
    )


register_tensor_conversion_function(IndexedSlices, slices_to_tensor)


### Picking single elements


@op(
    "GatherNd(params:Tparams, indices:Tindices=int32) -> (output:Tparams)",
    Tindices=INDEX,
)
def gather_nd_op(xp, params, indices):
    """params at each of the places in the last axis of indices."""
    require_inside(indices, params.shape)
    return params[tuple(xp.moveaxis(indices, -1, 0))]


def require_inside(indices, sizes):
    """Raise ValueError, in TensorFlow's words, for a place outside of a tensor."""
    depth = indices.shape[-1]
    flat = np.reshape(indices, (-1, depth)) if depth else np.zeros((0, 0), int)
    bad = ((flat < 0) | (flat >= np.array(sizes[:depth], int))).any(axis=-1)
    if bad.any():
        i = int(np.argmax(bad))
        raise ValueError(
            f"indices[{i}] = {in_list(flat[i])} does not index into param shape "
            f"{in_list(sizes)}"
        )


def in_list(numbers):
    """Whole numbers as `[1, 2]`."""
    return "[" + ",".join(str(int(n)) for n in numbers) + "]"


@gather_nd_op.shape
def _(op, params, indices):
    if params.rank is None or indices.rank is None or indices.sizes[-1] is None:
        return unknown_shape()
    if indices.sizes[-1] > params.rank:
        raise ShapeError(
            f"indices.shape[-1] must be <= params.rank, but saw indices shape: "
            f"{in_brackets(indices.sizes)} and params shape: "
            f"{in_brackets(params.sizes)}"
        )
    return indices[:-1].concatenate(params[indices.sizes[-1] :])


@op(
    "ScatterNd(indices:Tindices, updates:T, shape:Tindices) -> (output:T)",
    Tindices=INDEX,
)
def scatter_nd_op(xp, indices, updates, shape):
    """Zeros of a shape, to which updates are added at the places in indices."""
    require_inside(indices, whole(shape))
    result = xp.zeros(whole(shape), updates.dtype)
    np.add.at(result, tuple(xp.moveaxis(indices, -1, 0)), updates)
    return result


scatter_nd_op.shape(lambda op, indices, updates, shape: op.sizes(2))


@scatter_nd_op.gradient
def _(op, dy):
    return None, gather_nd(dy, op.inputs[0]), None


@gather_nd_op.gradient
def _(op, dy):
    params, indices = op.inputs
    sizes = shape(params, out_type=indices.dtype)
    if indices.shape.rank == 2 and indices.shape.sizes[-1] == 1:
        return IndexedSlices(dy, squeeze(indices, axis=-1), sizes), None
    return scatter_nd(indices, dy, sizes), None


def gather_nd(params, indices, name=None, batch_dims=0):
    """`params` at each of the places that the last axis of `indices` spells out."""
    if batch_dims:
        raise NotImplementedError("tf.gather_nd with batch_dims")
    return gather_nd_op(params, indices, name=name)


def scatter_nd(indices, updates, shape, name=None):
    """Zeros of a shape, to which `updates` are added at the places in `indices`."""
    return scatter_nd_op(indices, updates, shape, name=name)


## Picking by a condition


@op("Where(input:T) -> (index:int64)")
def where_op(xp, input):
    """The places at which something is true (or not zero): (count, rank)."""
    return xp.argwhere(input).reshape(-1, np.ndim(input)).astype(np.int64)


where_op.shape(lambda op, x: TensorShape([None, x.rank]))
where_op.gradient(None)


def where(condition, x=None, y=None, name=None):
    """x where the condition holds, else y; without both, the places where it holds.

    Args:
      condition: booleans.
      x, y: tensors of one shape and dtype, or both None.
      name: the name of the operation.
    """
    if (x is None) != (y is None):
        raise ValueError("x and y must both be non-None or both be None.")
    if x is not None:
        return select(condition, x, y, name=name)
    with name_scope(name, "Where", [condition]) as name:
        condition = convert_to_tensor(
            condition, preferred_dtype=bool_, name="condition"
        )
        return where_op(condition, name=name)


def boolean_mask(tensor, mask, name="boolean_mask", axis=None):
    """The slices of `tensor` for which `mask` is true, one after the other.

    Args:
      tensor: a tensor.
      mask: booleans, in the shape of some axes of `tensor`; its rank must be known.
      name: the scope of the operations.
      axis: where those axes begin; 0 by default.
    """
    with name_scope(name, None, [tensor, mask]):
        tensor = convert_to_tensor(tensor, name="tensor")
        mask = convert_to_tensor(mask, name="mask")
        ndims, sizes, axis = mask.shape.rank, tensor.shape, axis or 0
        if ndims == 0:
            raise ValueError("mask cannot be scalar.")
        if ndims is None:
            raise ValueError(
                "Number of mask dimensions must be specified, even if some dimensions "
                "are None.  E.g. shape=[None] is ok, but shape=None is not."
            )
        sizes[axis : axis + ndims].assert_is_compatible_with(mask.shape)
        count = prod_op(shape(tensor)[axis : axis + ndims], [0], name="Prod")
        front, back = shape(tensor)[:axis], shape(tensor)[axis + ndims :]
        tensor = reshape(tensor, concat([front, [count], back], 0))
        length = sizes[axis : axis + ndims].num_elements()
        tensor.set_shape(
            sizes[:axis].concatenate([length]).concatenate(sizes[axis + ndims :])
        )
        chosen = squeeze(where(reshape(mask, [-1])), axis=[1])
        return gather(tensor, chosen, axis=axis)


## Numbers as places, and the rest


@op("OneHot(indices:TI=int64, depth:int32, on_value:T, off_value:T) -> (output:T)")
def one_hot_op(xp, indices, depth, on_value, off_value, *, axis=-1):
    """on_value at the place that each index names along a new axis, else off_value."""
    axis = axis % (np.ndim(indices) + 1)
    places = xp.arange(int(depth)).reshape([-1] + [1] * (np.ndim(indices) - axis))
    return xp.where(xp.expand_dims(indices, axis) == places, on_value, off_value)


@one_hot_op.shape
def _(op, indices, depth, on, off):
    depth, axis = op.constant(1), op.get_attr("axis")
    if indices.rank is None:
        return unknown_shape()
    sizes = list(indices.sizes)
    sizes.insert(axis % (indices.rank + 1), None if depth is None else int(depth))
    return TensorShape(sizes)


one_hot_op.gradient(None)


def one_hot(
    indices, depth, on_value=None, off_value=None, axis=None, dtype=None, name=None
):
    """Vectors with a 1 at the place that each index names.

    Args:
      indices: whole numbers; one outside of [0, depth) gives a vector of zeros.
      depth: the length of the vectors.
      on_value, off_value: instead of 1 and 0.
      axis: where the new axis is; last by default.
      dtype: float32 unless the values say otherwise.
      name: the name of the operation.

    Raises:
      TypeError: if the values and `dtype` do not go together.
    """
    with name_scope(name, "one_hot", [indices, depth, on_value, off_value]) as name:
        dtype = dtype_of_both(on_value, off_value, dtype)
        if on_value is None:
            on_value = convert_to_tensor(1, dtype, name="on_value")
        if off_value is None:
            off_value = convert_to_tensor(0, dtype, name="off_value")
        axis = -1 if axis is None else axis
        return one_hot_op(indices, depth, on_value, off_value, axis, name=name)


def dtype_of_both(on_value, off_value, dtype):
    """The dtype of the two values: what one of them or `dtype` says, else float32."""
    values = {"on_value": on_value, "off_value": off_value}
    kinds = {
        key: convert_to_tensor(value).dtype.base_dtype
        for key, value in values.items()
        if value is not None
    }
    for key, kind in kinds.items():
        if dtype is not None and kind != as_dtype(dtype):
            raise TypeError(
                f"dtype {kind!r} of {key} does not match dtype parameter "
                f"{as_dtype(dtype)!r}"
            )
    if len(set(kinds.values())) > 1:
        raise TypeError(
            f"dtype {kinds['on_value']!r} of on_value does not match dtype "
            f"{kinds['off_value']!r} of off_value"
        )
    return next(iter(kinds.values()), as_dtype(dtype or float32))


@op("ReverseV2(tensor:T, axis:Tidx=int32) -> (output:T)", view=True, Tidx=INDEX)
def reverse_op(xp, tensor, axis):
    """Backwards along some axes."""
    return xp.flip(tensor, whole(axis))


reverse_op.shape(lambda op, x, axis: x)
reverse_op.gradient(lambda op, dy: (reverse(dy, op.inputs[1]), None))


def reverse(tensor, axis, name=None):
    """`tensor` backwards along some axes."""
    return reverse_op(tensor, axis, name=name)


@op("LinSpace(start:T, stop:T, num:Tidx=int32) -> (output:T)", Tidx=INDEX)
def lin_space(xp, start, stop, num):
    """num numbers at equal distances, the first at start, the last at stop."""
    return xp.linspace(start, stop, int(num), dtype=start.dtype)


@lin_space.shape
def _(op, *shapes):
    num = op.constant(2)
    if num is not None and num <= 0:
        raise ShapeError(f"Requires num > 0: {int(num)}")
    return TensorShape([None if num is None else int(num)])


lin_space.gradient(None)


def linspace(start, stop, num, name=None):
    """`num` floats at equal distances from `start` to `stop`, both included."""
    return lin_space(start, stop, num, name=name)


def matrix_transpose(a, name="matrix_transpose", conjugate=False):
    """`a` with its last two axes exchanged."""
    with name_scope(name, values=[a]):
        a = convert_to_tensor(a, name="a")
        if a.shape.rank is None:
            count = rank(a)
            front = range_(0, count - 2, name="Range")
            perm = concat([front, [count - 1, count - 2]], 0)
        elif a.shape.rank < 2:
            raise ValueError(
                "Argument 'a' should be a (batch) matrix, with rank >= 2.  Found: "
                f"{a.shape}"
            )
        else:
            *front, m, n = range(a.shape.rank)
            perm = [*front, n, m]
        return transpose(a, perm)


@op("Unique(x:T) -> (y:T, idx:out_idx)", out_idx=INDEX)
def unique_op(xp, x, *, out_idx=int32):
    """The different numbers in the order of their first coming, and which each x is."""
    _, first, which = np.unique(x, return_index=True, return_inverse=True)
    order = np.argsort(first)
    places = np.argsort(order)[which.reshape(-1)]
    return x[first[order]], places.astype(out_idx.as_numpy_dtype)


@unique_op.shape
def _(op, x):
    return [TensorShape([None]), of_rank(x, 1)]


def unique(x, out_idx=int32, name=None):
    """The different elements of a vector as they first come, and which each is."""
    return unique_op(x, as_dtype(out_idx), name=name)


@op("ListDiff(x:T, y:T) -> (out:T, idx:out_idx)", out_idx=INDEX)
def list_diff(xp, x, y, *, out_idx=int32):
    """What is in x and not in y, and where it stood."""
    where = np.flatnonzero(~np.isin(x, y))
    return x[where], where.astype(out_idx.as_numpy_dtype)


list_diff.shape(lambda op, x, y: [TensorShape([None])] * 2)
pass_no_blame(unique_op, list_diff)


@op("BroadcastTo(input:T, shape:Tidx=int32) -> (output:T)", view=True, Tidx=INDEX)
def broadcast_to_op(xp, input, shape):
    """Stretched to a shape."""
    return xp.broadcast_to(input, whole(shape))


broadcast_to_op.shape(lambda op, x, shape: op.sizes(1))


@broadcast_to_op.gradient
def _(op, dy):
    sizes = shape(op.inputs[0])
    _, axes = broadcast_gradient_args(op.inputs[1], sizes)
    return reshape(reduce_sum(dy, axes, keepdims=True), sizes), None


def broadcast_to(input, shape, name=None):
    """`input` stretched to a shape, as arithmetic would stretch it."""
    return broadcast_to_op(input, shape, name=name)


### The debt of chapter 12


@prod_op.gradient
def _(op, dy):
    x, axes = op.inputs
    sizes, axes = shape(x), reshape(axes, [-1])
    kept = kept_shape(sizes, op.inputs[1])
    repeats = sizes // maximum(kept, 1)
    dy = tile(reshape(dy, kept), repeats)
    with get_default_graph().device("/cpu:0"):
        ndims = rank(x)
        axes = cast((axes + ndims) % ndims, int32)
        others = list_diff(range_(0, ndims), axes)[0]
        order = concat([axes, others], 0)
        inner = reduce_prod(gather(sizes, axes))
        outer = reduce_prod(gather(sizes, others))
    turned = transpose(x, order)
    turned_sizes = shape(turned)
    rows = reshape(turned, (inner, outer))
    before = cumprod_op(rows, 0, exclusive=True)
    after = cumprod_op(rows, 0, exclusive=True, reverse=True)
    rest = reshape(before * after, turned_sizes)
    return reshape(dy * transpose(rest, invert_permutation(order)), sizes), None
