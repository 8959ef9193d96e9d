"""Diagonals, bands, rolls, grids and masks: where numbers stand in a table."""

# Generated from book/source/91_shelf.md: change it there, then `make export`.

import numpy as np

from pedagogy_tf.core.dtypes import as_dtype, bool_, float32, int32, int64
from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.graph import Tensor, name_scope
from pedagogy_tf.core.op import (
    ShapeError,
    constant,
    constant_value,
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
    gather_nd,
    in_list,
    require_inside,
    slice_,
    stack,
    transpose,
    whole,
)
from pedagogy_tf.core.ops.basic import (
    identity,
    ones,
    rank,
    reshape,
    shape,
    size,
    with_dependencies,
    zeros,
    zeros_like,
)
from pedagogy_tf.core.ops.control import Assert
from pedagogy_tf.core.ops.elementwise import less, pass_no_blame
from pedagogy_tf.core.ops.math import (
    SIGNED,
    all_axes,
    cast_op,
    dtypes,
    dynamic_stitch,
    maximum,
    minimum,
    range_,
    range_op,
    reduce_sum,
)
from pedagogy_tf.core.ops.measures import top_k
from pedagogy_tf.core.ops.random import random_uniform
from pedagogy_tf.core.ops.reduce import max_op, reduce_all, reduce_prod
from pedagogy_tf.core.shapes import TensorShape, unknown_shape

__all__ = [
    "diag",
    "diag_part",
    "matrix_diag_op",
    "matrix_diag_part_op",
    "matrix_set_diag_op",
    "with_diagonal",
    "matrix_diag",
    "matrix_diag_part",
    "matrix_set_diag",
    "trace",
    "eye",
    "matrix_band_part",
    "roll",
    "reverse_sequence_op",
    "reverse_sequence",
    "sequence_mask",
    "meshgrid",
    "stretched",
    "sort",
    "argsort",
    "sorted_along",
    "last_exchanged",
    "unique_with_counts",
    "dynamic_partition",
    "scattering",
    "put_at",
    "tensor_scatter_add",
    "tensor_scatter_sub",
    "tensor_scatter_update",
    "sparse_to_dense_op",
    "sparse_to_dense",
    "random_crop",
    "broadcast_dynamic_shape_op",
    "broadcast_dynamic_shape",
    "BITS",
    "bitcast",
    "batch_gather",
    "gathered_at_once",
]


## Diagonals


@op("Diag(diagonal:T) -> (output:T)", T=SIGNED)
def diag(xp, diagonal):
    """All numbers of a tensor on one diagonal, the rest 0: (...) -> (..., ...)."""
    return xp.reshape(xp.diag(xp.ravel(diagonal)), diagonal.shape * 2)


@op("DiagPart(input:T) -> (diagonal:T)", T=SIGNED)
def diag_part(xp, input):
    """What stands on the diagonal: (..., ...) -> (...)."""
    sizes = input.shape[: input.ndim // 2]
    if not input.ndim or sizes * 2 != input.shape:
        raise ValueError(
            f"Invalid shape: dimensions {in_list(input.shape)} do not match as two "
            "equal halves"
        )
    count = int(np.prod(sizes))
    return xp.reshape(xp.diagonal(xp.reshape(input, (count, count))), sizes).copy()


@diag.shape
def _(op, x):
    return unknown_shape() if x.rank is None else with_rank_at_least(x, 1) + x


@diag_part.shape
def _(op, x):
    if x.rank is None:
        return unknown_shape()
    if x.rank % 2 or not x.rank:
        raise ShapeError(
            f"Input must have even and non-zero rank, input rank is {x.rank}"
        )
    return x[: x.rank // 2].merge_with(x[x.rank // 2 :])


diag.gradient(lambda op, dy: diag_part(dy))
diag_part.gradient(lambda op, dy: diag(dy))


@op("MatrixDiag(diagonal:T) -> (output:T)")
def matrix_diag_op(xp, diagonal):
    """Square matrices with these diagonals: (..., n) -> (..., n, n)."""
    n = diagonal.shape[-1]
    return with_diagonal(xp, xp.zeros((*diagonal.shape, n), diagonal.dtype), diagonal)


@op("MatrixDiagPart(input:T) -> (diagonal:T)")
def matrix_diag_part_op(xp, input):
    """The diagonals of matrices: (..., n, m) -> (..., min(n, m))."""
    return xp.diagonal(input, axis1=-2, axis2=-1).copy()


@op("MatrixSetDiag(input:T, diagonal:T) -> (output:T)")
def matrix_set_diag_op(xp, input, diagonal):
    """Matrices with other diagonals: (..., n, m), (..., min(n, m)) -> (..., n, m)."""
    return with_diagonal(xp, input.copy(), diagonal)


def with_diagonal(xp, fresh, diagonal):
    """A new array, after its diagonals have been written."""
    i = xp.arange(min(fresh.shape[-2:]))
    fresh[..., i, i] = diagonal
    return fresh


@matrix_diag_op.shape
def _(op, x):
    return with_rank_at_least(x, 1) + x[-1:] if x.rank else with_rank_at_least(x, 1)


@matrix_diag_part_op.shape
def _(op, x):
    if with_rank_at_least(x, 2).rank is None:
        return unknown_shape()
    n, m = x.sizes[-2:]
    return x[:-2].concatenate([None if None in (n, m) else min(n, m)])


@matrix_set_diag_op.shape
def _(op, x, diagonal):
    return with_rank_at_least(x, 2)


matrix_diag_op.gradient(lambda op, dy: matrix_diag_part(dy))


@matrix_diag_part_op.gradient
def _(op, dy):
    x = op.inputs[0]
    n, m = x.shape.sizes[-2:] if x.shape.rank else (None, None)
    if n == m and n is not None:
        return matrix_diag(dy)
    return matrix_set_diag(zeros_like(x), dy)


@matrix_set_diag_op.gradient
def _(op, dy):
    diagonal = op.inputs[1]
    known = diagonal.shape.is_fully_defined()
    blank = zeros(diagonal.shape, dy.dtype) if known else zeros_like(diagonal)
    return matrix_set_diag(dy, blank), matrix_diag_part(dy)


def matrix_diag(diagonal, name="diag"):
    """Square matrices with these diagonals: (..., n) -> (..., n, n)."""
    return matrix_diag_op(diagonal, name=name)


def matrix_diag_part(input, name="diag_part"):
    """The diagonals of matrices: (..., n, m) -> (..., min(n, m))."""
    return matrix_diag_part_op(input, name=name)


def matrix_set_diag(input, diagonal, name="set_diag"):
    """Matrices with other diagonals: (..., n, m), (..., min(n, m)) -> (..., n, m)."""
    return matrix_set_diag_op(input, diagonal, name=name)


def trace(x, name=None):
    """The sums of the diagonals of matrices: (..., n, m) -> (...)."""
    with name_scope(name, "Trace", [x]) as name:
        x = convert_to_tensor(x, name="x")
        return reduce_sum(matrix_diag_part(x), [-1], name=name)


def eye(num_rows, num_columns=None, batch_shape=None, dtype=float32, name=None):
    """The identity matrix, or a batch of them: ones on the diagonal, else zeros.

    Args:
      num_rows, num_columns: its size; square by default.
      batch_shape: the axes in front.
      dtype: the dtype of the elements.
      name: the scope of the operations.
    """
    with name_scope(name, "eye", [num_rows, num_columns, batch_shape]):
        square = num_columns is None
        num_columns = num_rows if square else num_columns
        batch_shape = [] if batch_shape is None else batch_shape
        if isinstance(batch_shape, TensorShape):
            batch_shape = batch_shape.as_list()
        sizes = [num_rows, num_columns]
        sizes += [batch_shape] if isinstance(batch_shape, Tensor) else batch_shape
        if all(isinstance(n, (int, np.integer)) for n in sizes):
            length = [*batch_shape, min(num_rows, num_columns)]
            whole_shape = [*batch_shape, num_rows, num_columns]
        else:
            least = minimum(num_rows, num_columns)
            front = convert_to_tensor(batch_shape, int32, name="shape")
            length = concat([front, [least]], 0)
            whole_shape = (
                None if square else concat([front, [num_rows, num_columns]], 0)
            )
        line = ones(length, dtype)
        if square:
            return matrix_diag(line)
        return matrix_set_diag(zeros(whole_shape, dtype), line)


@op(
    "MatrixBandPart(input:T, num_lower:Tindex=int64, num_upper:Tindex=int64) "
    "-> (band:T)",
    Tindex=INDEX,
)
def matrix_band_part(xp, input, num_lower, num_upper):
    """Matrices with zeros outside of a band around the diagonal; -1 is all."""
    n, m = input.shape[-2:]
    above = xp.arange(m) - xp.arange(n)[:, None]  # how far right of the diagonal
    keep = (num_lower < 0) | (-above <= num_lower)
    keep = keep & ((num_upper < 0) | (above <= num_upper))
    return xp.where(keep, input, xp.zeros((), input.dtype))


matrix_band_part.shape(lambda op, x, *_: with_rank_at_least(x, 2))
matrix_band_part.gradient(
    lambda op, dy: (matrix_band_part(dy, *op.inputs[1:]), None, None)
)


## Rolls, grids and masks


@op(
    "Roll(input:T, shift:Tshift=int32, axis:Taxis=int32) -> (output:T)",
    Tshift=INDEX,
    Taxis=INDEX,
)
def roll(xp, input, shift, axis):
    """Shifted by `shift` places along an axis, or along several by several."""
    return xp.roll(input, whole(shift), whole(axis))


roll.shape(lambda op, x, *_: with_rank_at_least(x, 1))
roll.gradient(lambda op, dy: (roll(dy, -op.inputs[1], op.inputs[2]), None, None))


@op(
    "ReverseSequence(input:T, seq_lengths:Tlen=int64) -> (output:T)",
    Tlen=INDEX,
)
def reverse_sequence_op(xp, input, seq_lengths, *, seq_dim, batch_dim=0):
    """The first seq_lengths[i] elements of sequence i backwards, the rest as it is."""
    x = xp.moveaxis(input, (batch_dim, seq_dim), (0, 1))
    place, length = xp.arange(x.shape[1]), seq_lengths[:, None]
    order = xp.where(place < length, length - 1 - place, place)  # (batch, time)
    turned = x[xp.arange(x.shape[0])[:, None], order]
    return xp.ascontiguousarray(xp.moveaxis(turned, (0, 1), (batch_dim, seq_dim)))


@reverse_sequence_op.shape
def _(op, x, lengths):
    with_rank(lengths, 1)
    return x


@reverse_sequence_op.gradient
def _(op, dy):
    axes = op.get_attr("seq_dim"), op.get_attr("batch_dim")
    return reverse_sequence(dy, op.inputs[1], *axes), None


def reverse_sequence(
    input,
    seq_lengths,
    seq_axis=None,
    batch_axis=None,
    name=None,
    seq_dim=None,
    batch_dim=None,
):
    """Each sequence of a batch backwards, up to its own length; what is behind stays.

    Args:
      input: a tensor with an axis of time and one of sequences.
      seq_lengths: (batch,), whole numbers.
      seq_axis, seq_dim: the axis of time.
      batch_axis, batch_dim: the axis of sequences; the first by default.
      name: the name of the operation.
    """
    seq_dim = seq_axis if seq_dim is None else seq_dim
    batch_dim = (batch_axis if batch_dim is None else batch_dim) or 0
    return reverse_sequence_op(input, seq_lengths, seq_dim, batch_dim, name=name)


def sequence_mask(lengths, maxlen=None, dtype=bool_, name=None):
    """True for the first places of each row, as many as lengths say, False behind.

    Args:
      lengths: (...), whole numbers.
      maxlen: the size of the new, last axis; the greatest length by default.
      dtype: of the result; bool by default.
      name: the scope of the operations.
    """
    with name_scope(name, "SequenceMask", [lengths, maxlen]):
        lengths = convert_to_tensor(lengths)
        if maxlen is None:
            maxlen = max_op(lengths, all_axes(lengths))
            maxlen = maximum(constant(0, maxlen.dtype), maxlen)
        else:
            maxlen = convert_to_tensor(maxlen)
        if maxlen.shape.rank not in (None, 0):
            raise ValueError(explain("maxlen must be scalar for sequence_mask"))
        kind = maxlen.dtype.base_dtype
        places = range_op(constant(0, kind), maxlen, constant(1, kind))
        ends = cast_op(expand_dims(lengths, -1), kind)
        result = less(places, ends)
        if dtype is None or as_dtype(dtype).base_dtype == bool_:
            return result
        return cast_op(result, as_dtype(dtype))


def meshgrid(*args, indexing="xy", name="meshgrid"):
    """Tables of coordinates: the n-th result holds the n-th coordinate of each point.

    Args:
      *args: vectors.
      indexing: "ij" for (size of the first, size of the second, ...); "xy", the
        default, with the first two exchanged, as in a picture.
      name: the scope of the operations.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(explain("indexing parameter must be either 'xy' or 'ij'"))
    with name_scope(name, "meshgrid", args):
        count = len(args)
        if not count:
            return []
        tables = [reshape(stack(x), stretched(i, count)) for i, x in enumerate(args)]
        sizes = [size(x) for x in args]
        dtype = convert_to_tensor(args[0]).dtype.base_dtype
        if indexing == "xy" and count > 1:
            tables[0] = reshape(tables[0], stretched(1, count))
            tables[1] = reshape(tables[1], stretched(0, count))
            sizes[:2] = sizes[1::-1]
        everywhere = ones(sizes, dtype)
        return [table * everywhere for table in tables]


def stretched(axis, count):
    """A shape of `count` axes, all 1 but one."""
    return [-1 if i == axis else 1 for i in range(count)]


## Order


def sort(values, axis=-1, direction="ASCENDING", name=None):
    """The numbers along an axis in order: "ASCENDING" or "DESCENDING"."""
    with name_scope(name, "sort"):
        return sorted_along(values, axis, direction, places=False)


def argsort(values, axis=-1, direction="ASCENDING", stable=False, name=None):
    """Where the numbers stood that `sort` puts in order; equals stay as they were."""
    with name_scope(name, "argsort"):
        return sorted_along(values, axis, direction, places=True)


def sorted_along(values, axis, direction, places):
    """The numbers in order, or where they stood."""
    if direction not in ("ASCENDING", "DESCENDING"):
        problem = f"{direction} should be one of ASCENDING, DESCENDING"
        raise ValueError(explain(problem))
    known = constant_value(convert_to_tensor(axis, name="axis"))
    if known is None or known.ndim:
        raise ValueError(explain("axis must be a constant scalar"))
    axis, values = int(known), convert_to_tensor(values, name="values")
    upward = direction == "ASCENDING"
    x = -values if upward else values
    count, ndims = shape(x)[axis], rank(x)
    perm = None
    if axis != -1 and axis + 1 != values.shape.rank:
        perm = last_exchanged(values, axis, ndims)
        x = transpose(x, perm)
    result = top_k(x, count)[places]
    result = result if perm is None else transpose(result, perm)
    return -result if upward and not places else result


def last_exchanged(values, axis, ndims):
    """The permutation that exchanges an axis with the last one."""
    count = values.shape.rank
    if count is None:
        raise NotImplementedError(
            "tf.sort along an inner axis of a tensor of unknown rank; "
            "x.set_shape([...]) tells it"
        )
    perm = np.arange(count)
    perm[[axis, -1]] = perm[[-1, axis]]
    return constant(perm, int64, name="transposition")


## Parts and places


@op("UniqueWithCounts(x:T) -> (y:T, idx:out_idx, count:out_idx)", out_idx=INDEX)
def unique_with_counts(xp, x, *, out_idx=int32):
    """The different elements as they first come, which each is, and how often."""
    _, first, which, count = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    places = np.argsort(order)[which.reshape(-1)]
    kind = out_idx.as_numpy_dtype
    return x[first[order]], places.astype(kind), count[order].astype(kind)


@unique_with_counts.shape
def _(op, x):
    return [TensorShape([None]), with_rank(x, 1), TensorShape([None])]


pass_no_blame(unique_with_counts)


@op("DynamicPartition(data:T, partitions:int32) -> (outputs:num_partitions*T)")
def dynamic_partition(xp, data, partitions, *, num_partitions):
    """The rows of data with number 0, those with number 1, and so on."""
    outside = (partitions < 0) | (partitions >= num_partitions)
    if outside.any():
        place = np.argwhere(np.atleast_1d(outside))[0]
        where = f"[{','.join(str(i) for i in place)}]" if partitions.ndim else ""
        bad = np.atleast_1d(partitions)[tuple(place)]
        raise ValueError(f"partitions{where} = {bad} is not in [0, {num_partitions})")
    return [data[partitions == i] for i in range(num_partitions)]


@dynamic_partition.shape
def _(op, data, partitions):
    count = op.get_attr("num_partitions")
    if data.rank is None or partitions.rank is None:
        return [unknown_shape()] * count
    return [TensorShape([None]).concatenate(data[partitions.rank :])] * count


@dynamic_partition.gradient
def _(op, *dys):
    data, partitions = op.inputs
    sizes = shape(partitions)
    numbers = reshape(range_(reduce_prod(sizes)), sizes)
    origins = dynamic_partition(numbers, partitions, op.get_attr("num_partitions"))
    joined = dynamic_stitch(list(origins), list(dys))
    return reshape(joined, shape(data)), None


def scattering(op_type, change, promise):
    """The row that changes a tensor in places: `change(array, places, updates)`."""
    signature = f"{op_type}(tensor:T, indices:Tindices=int32, updates:T) -> (output:T)"

    def kernel(xp, tensor, indices, updates):
        require_inside(indices, tensor.shape)
        result = tensor.copy()
        change(result, tuple(xp.moveaxis(indices, -1, 0)), updates)
        return result

    kernel.__doc__ = promise
    row = op(signature, Tindices=INDEX)(kernel)
    row.shape(lambda op, x, *_: with_rank_at_least(x, 1))
    return row


def put_at(array, places, updates):
    """array[places] = updates."""
    array[places] = updates


tensor_scatter_add = scattering(
    "TensorScatterAdd", np.add.at, "The tensor, with updates added at some places."
)
tensor_scatter_sub = scattering(
    "TensorScatterSub", np.subtract.at, "The tensor, less updates at some places."
)
tensor_scatter_update = scattering(
    "TensorScatterUpdate", put_at, "The tensor, with updates in place of some elements."
)


@tensor_scatter_add.gradient
def _(op, dy):
    return identity(dy), None, gather_nd(dy, op.inputs[1])


@tensor_scatter_sub.gradient
def _(op, dy):
    return identity(dy), None, -gather_nd(dy, op.inputs[1])


@tensor_scatter_update.gradient
def _(op, dy):
    blame = gather_nd(dy, op.inputs[1])
    kept = tensor_scatter_update(identity(dy), op.inputs[1], zeros_like(op.inputs[2]))
    return kept, None, blame


@op(
    "SparseToDense(sparse_indices:Tindices=int32, output_shape:Tindices, "
    "sparse_values:T, default_value:T) -> (dense:T)",
    Tindices=INDEX,
)
def sparse_to_dense_op(
    xp,
    sparse_indices,
    output_shape,
    sparse_values,
    default_value,
    *,
    validate_indices=True,
):
    """A table of a default value, with other values at some places."""
    places = xp.reshape(sparse_indices, (-1, len(output_shape)))
    require_inside(places, whole(output_shape))
    dense = xp.full(whole(output_shape), default_value)
    dense[tuple(places.T)] = sparse_values
    return dense


sparse_to_dense_op.shape(lambda op, *_: op.sizes(1))


@sparse_to_dense_op.gradient
def _(op, dy):
    at_places = gather_nd(dy, op.inputs[0])
    elsewhere = reduce_sum(dy) - reduce_sum(at_places)
    return None, None, at_places, elsewhere


def sparse_to_dense(
    sparse_indices,
    output_shape,
    sparse_values,
    default_value=0,
    validate_indices=True,
    name=None,
):
    """A table of a default value, with other values at some places.

    Args:
      sparse_indices: (n, rank) places; (n,) in a vector; a number for one place.
      output_shape: the shape of the table.
      sparse_values: (n,), or one for all.
      default_value: what stands everywhere else.
      validate_indices: whether to insist on places in order, none twice; accepted.
      name: the name of the operation.
    """
    return sparse_to_dense_op(
        sparse_indices,
        output_shape,
        sparse_values,
        default_value,
        validate_indices,
        name=name,
    )


def random_crop(value, size, seed=None, name=None):
    """A piece of a tensor of a given size, from a place drawn anew in each run.

    Args:
      value: a tensor.
      size: the shape of the piece, at most that of `value`.
      seed: for the place.
      name: the scope of the operations.
    """
    with name_scope(name, "random_crop", [value, size]) as name:
        value = convert_to_tensor(value, name="value")
        size = convert_to_tensor(size, int32, name="size")
        sizes = shape(value)
        words = ["Need value.shape >= size, got ", sizes, size]
        fits = Assert(reduce_all(sizes >= size), words, summarize=1000)
        sizes = with_dependencies([fits], sizes)
        places = sizes - size + 1
        draw = random_uniform(
            shape(sizes), maxval=size.dtype.max, dtype=int32, seed=seed
        )
        return slice_(value, draw % places, size, name=name)


@op("BroadcastArgs(s0:T=int32, s1:T=int32) -> (r0:T)", T=INDEX)
def broadcast_dynamic_shape_op(xp, s0, s1):
    """The shape to which two shapes stretch."""
    return xp.asarray(np.broadcast_shapes(whole(s0), whole(s1)), s0.dtype)


@broadcast_dynamic_shape_op.complaint
def _(s0, s1):
    return f"Incompatible shapes: {in_list(s0)} vs. {in_list(s1)}"


@broadcast_dynamic_shape_op.shape
def _(op, x, y):
    sizes = with_rank(x, 1).sizes, with_rank(y, 1).sizes
    if None in sizes or (None,) in map(tuple, sizes):
        return TensorShape([None])
    return TensorShape([max(sizes[0][0], sizes[1][0])])


pass_no_blame(broadcast_dynamic_shape_op)


def broadcast_dynamic_shape(shape_x, shape_y):
    """The shape to which two shapes stretch, as tensors."""
    return broadcast_dynamic_shape_op(shape_x, shape_y)


BITS = dtypes(
    "bfloat16 float16 float32 float64 int64 int32 uint8 uint16 uint32 uint64 int8 "
    "int16 complex64 complex128 qint8 quint8 qint16 quint16 qint32"
)


@op("Bitcast(input:T) -> (output:type)", T=BITS)
def bitcast(xp, input, *, type):
    """The same bits read as another dtype; the last axis makes up for its size."""
    kind = np.dtype(type.as_numpy_dtype)
    ratio = input.dtype.itemsize / kind.itemsize
    bits = xp.ascontiguousarray(input).reshape(-1).view(kind)
    if ratio > 1:
        return bits.reshape(*input.shape, int(ratio))
    return bits.reshape(input.shape if ratio == 1 else input.shape[:-1])


@bitcast.shape
def _(op, x):
    kinds = op.inputs[0].dtype, op.get_attr("type")
    ratio = kinds[0].size / kinds[1].size
    if x.rank is None or ratio == 1:
        return x
    if ratio > 1:
        return x.concatenate([int(ratio)])
    if not x.rank or x.sizes[-1] not in (None, round(1 / ratio)):
        raise ShapeError(
            f"Cannot bitcast due to shape. {x.sizes[-1] if x.rank else 0} does not "
            f"match {round(1 / ratio)}"
        )
    return x[:-1]


pass_no_blame(bitcast)


def batch_gather(params, indices, name=None):
    """params[i, j, ..., indices[i, j, ..., k]] for each k of the last axis of indices.

    Args:
      params: (..., n, ...); its first axes are those of indices, but the last.
      indices: (..., m), whole numbers in [0, n).
      name: the scope of the operations.
    """
    with name_scope(name, "BatchGather", [params, indices]):
        indices = convert_to_tensor(indices, name="indices")
        params = convert_to_tensor(params, name="params")
        if indices.shape.rank is None:
            raise ValueError(
                explain("batch_gather does not allow indices with unknown shape.")
            )
        return gathered_at_once(params, indices, indices.shape.rank - 1)


def gathered_at_once(params, indices, batch):
    """The gather of a batch, as one gather of rows that are numbered through."""
    kind, found, sizes = indices.dtype.base_dtype, shape(indices), shape(params)
    numbers, step = indices, ones([], kind)
    counts = cast_op(sizes, kind)
    for axis in reversed(range(batch)):
        count = counts[axis]
        step = step * counts[axis + 1]
        first = range_op(zeros([], kind), count, ones([], kind)) * step
        around = [1] * axis + [count] + [1] * (batch - axis)
        numbers = numbers + reshape(first, stack(around))
    numbers = reshape(numbers, [-1])
    outer = sizes[batch + 1 :]
    inner = reduce_prod(sizes[: batch + 1], [0])
    flat = reshape(params, concat([[inner], outer], 0))
    result = reshape(gather(flat, numbers), concat([found, outer], 0))
    if params.shape.rank is not None:
        front = indices.shape[:batch].merge_with(params.shape[:batch])
        back = indices.shape[batch:].concatenate(params.shape[batch + 1 :])
        result.set_shape(front.concatenate(back))
    return result
