"""Variables as the graph has them: nodes that stand for memory of the session.

The kernel of an op that changes a variable is pure: it takes the old value and gives
the new one, and the plan puts that into the session's memory.
"""

# Generated from book/source/07_basic.md: change it there, then `make export`.

import numpy as np

from pedagogy_tf.core.dtypes import int32, int64
from pedagogy_tf.core.errors import InvalidArgumentError, OutOfRangeError
from pedagogy_tf.core.graph import merge_shapes
from pedagogy_tf.core.op import ShapeError, op, scalar, with_rank
from pedagogy_tf.core.ops.basic import without_blame
from pedagogy_tf.core.shapes import TensorShape, as_shape, in_brackets

__all__ = [
    "variable_v2",
    "assign_add_op",
    "assign_sub_op",
    "same_size",
    "assign_op",
    "is_variable_initialized_op",
    "scattered",
    "SCATTER",
    "put",
    "divide_at",
    "scatter_update_op",
    "scatter_add_op",
    "scatter_sub_op",
    "scatter_mul_op",
    "scatter_div_op",
    "scatter_min_op",
    "scatter_max_op",
    "scatter_shape",
    "scatters",
    "scattered_nd",
    "scatter_nd_update_op",
    "scatter_nd_add_op",
    "scatter_nd_sub_op",
    "scatter_nd_shape",
    "count_up_to_op",
]


## A variable is a name for a place


@op("VariableV2() -> (ref:ref dtype)")
def variable_v2(run, *, shape, dtype, container="", shared_name=""):
    """A place in the session's memory; it holds nothing before an Assign."""


variable_v2.shape(lambda op: as_shape(op.get_attr("shape")))
variable_v2.gradient(None)


@op("AssignAdd(ref:ref T, value:T) -> (output_ref:ref T)")
def assign_add_op(xp, ref, value, *, use_locking=False):
    """Add `value`, which has the variable's shape, to the variable."""
    return same_size(ref, value) + value


@op("AssignSub(ref:ref T, value:T) -> (output_ref:ref T)")
def assign_sub_op(xp, ref, value, *, use_locking=False):
    """Subtract `value`, which has the variable's shape, from the variable."""
    return same_size(ref, value) - value


def same_size(ref, value):
    """`ref`, if `value` has its shape: an update is not stretched."""
    if ref.shape != value.shape:
        message = "Parameters and update must be the same size"
        raise InvalidArgumentError(None, None, message)
    return ref


assign_add_op.shape(lambda op, ref, value: merge_shapes(ref, value))
assign_sub_op.shape(lambda op, ref, value: merge_shapes(ref, value))
without_blame(assign_add_op, assign_sub_op)


@op("Assign(ref:ref T, value:T) -> (output_ref:ref T)", reads_ref=False, view=True)
def assign_op(xp, ref, value, *, validate_shape=True, use_locking=True):
    """Make `value` the variable's value. `ref` is the variable's shape, or None."""
    found = np.shape(value)
    if validate_shape and ref != found:
        if not TensorShape(ref).is_compatible_with(found):
            raise InvalidArgumentError(
                None,
                None,
                "Assign requires shapes of both tensors to match. "
                f"lhs shape= {in_brackets(ref)} rhs shape= {in_brackets(found)}",
            )
    return value


@assign_op.shape
def _(op, ref, value):
    return merge_shapes(ref, value) if op.get_attr("validate_shape") else value


assign_op.gradient(None)


@op("IsVariableInitialized(ref:ref dtype) -> (is_initialized:bool)", reads_ref=False)
def is_variable_initialized_op(xp, ref):
    """Whether the variable has a value: `ref`, a bool."""
    return np.bool_(ref)


is_variable_initialized_op.shape(scalar)
is_variable_initialized_op.gradient(None)


## Change a few rows


def scattered(change, ref, indices, updates):
    """A copy of `ref`, some rows of which are changed.

    Args:
      change: `change(array, indices, updates)` changes rows of an array in place.
      ref: (n, ...), the old value.
      indices: the numbers of the rows, in any shape.
      updates: `indices.shape + ref.shape[1:]`, or one number for all.

    Raises:
      InvalidArgumentError: a row that is not there, or a wrong shape.
    """
    wrong = np.argwhere((indices < 0) | (indices >= len(ref)))
    if len(wrong):
        place = tuple(wrong[0].tolist())
        text = f"indices{in_brackets(place) if place else ''} = {indices[place]}"
        message = f"{text} is not in [0, {len(ref)})"
        raise InvalidArgumentError(None, None, message)
    if updates.shape not in ((), indices.shape + ref.shape[1:]):
        raise InvalidArgumentError(
            None,
            None,
            "Must have updates.shape = indices.shape + params.shape[1:] or "
            f"updates.shape = [], got updates.shape {in_brackets(updates.shape)}, "
            f"indices.shape {in_brackets(indices.shape)}, "
            f"params.shape {in_brackets(ref.shape)}",
        )
    new = ref.copy()
    change(new, indices, updates)
    return new


SCATTER = "(ref:ref T, indices:Tindices, updates:T) -> (output_ref:ref T)"
_ints = {"Tindices": (int32, int64)}


def put(array, indices, updates):
    """array[indices] = updates; what comes last stays."""
    array[indices] = updates


def divide_at(array, indices, updates):
    """array[indices] /= updates; integers are cut towards zero.

    Raises:
      InvalidArgumentError: integers are divided by zero.
    """
    if array.dtype.kind not in "iu":
        np.divide.at(array, indices, updates)
        return
    if not np.all(updates):
        raise InvalidArgumentError(None, None, "Integer division by zero")
    sign, size = np.sign(array), np.abs(array)
    np.multiply.at(sign, indices, np.sign(updates))
    np.floor_divide.at(size, indices, np.abs(updates))
    array[...] = sign * size


@op(f"ScatterUpdate{SCATTER}", **_ints)
def scatter_update_op(xp, ref, indices, updates, *, use_locking=True):
    """Put `updates` into the rows `indices`; what comes last stays."""
    return scattered(put, ref, indices, updates)


@op(f"ScatterAdd{SCATTER}", **_ints)
def scatter_add_op(xp, ref, indices, updates, *, use_locking=False):
    """Add `updates` to the rows `indices`; a row that comes twice gets both."""
    return scattered(xp.add.at, ref, indices, updates)


@op(f"ScatterSub{SCATTER}", **_ints)
def scatter_sub_op(xp, ref, indices, updates, *, use_locking=False):
    """Subtract `updates` from the rows `indices`."""
    return scattered(xp.subtract.at, ref, indices, updates)


@op(f"ScatterMul{SCATTER}", **_ints)
def scatter_mul_op(xp, ref, indices, updates, *, use_locking=False):
    """Multiply the rows `indices` by `updates`."""
    return scattered(xp.multiply.at, ref, indices, updates)


@op(f"ScatterDiv{SCATTER}", **_ints)
def scatter_div_op(xp, ref, indices, updates, *, use_locking=False):
    """Divide the rows `indices` by `updates`."""
    return scattered(divide_at, ref, indices, updates)


@op(f"ScatterMin{SCATTER}", **_ints)
def scatter_min_op(xp, ref, indices, updates, *, use_locking=False):
    """Keep the smaller of the rows `indices` and `updates`."""
    return scattered(xp.minimum.at, ref, indices, updates)


@op(f"ScatterMax{SCATTER}", **_ints)
def scatter_max_op(xp, ref, indices, updates, *, use_locking=False):
    """Keep the larger of the rows `indices` and `updates`."""
    return scattered(xp.maximum.at, ref, indices, updates)


def scatter_shape(op, ref, indices, updates):
    """Shape rule: that of the variable."""
    if updates.rank != 0 and ref.rank:
        merge_shapes(updates, indices.concatenate(ref[1:]))
    return ref


def scatters(shape_rule, *rows):
    """Give ops that change parts of a variable their shape rule."""
    for row in rows:
        row.shape(shape_rule)
    without_blame(*rows)


scatters(
    scatter_shape, scatter_update_op, scatter_add_op, scatter_sub_op, scatter_mul_op
)
scatters(scatter_shape, scatter_div_op, scatter_min_op, scatter_max_op)


def scattered_nd(change, ref, indices, updates):
    """A copy of `ref`, some parts of which are changed.

    Args:
      change: `change(array, indices, updates)` changes parts of an array in place.
      ref: the old value.
      indices: (..., k), each fixes the first k axes of `ref`.
      updates: `indices.shape[:-1] + ref.shape[k:]`.

    Raises:
      InvalidArgumentError: a place that is not there, or a wrong shape.
    """
    *outer, k = indices.shape
    wrong = np.argwhere(np.any((indices < 0) | (indices >= ref.shape[:k]), axis=-1))
    if len(wrong):
        place = tuple(wrong[0].tolist())
        text = f"indices{in_brackets(place)} = {indices[place].tolist()}"
        message = f"{text} does not index into shape {in_brackets(ref.shape)}"
        raise InvalidArgumentError(None, None, message)
    if updates.shape != (*outer, *ref.shape[k:]):
        raise InvalidArgumentError(
            None,
            None,
            "Must have updates.shape = indices.shape[:batch_dim] + "
            f"params_shape[slice_dim:], got updates.shape: {in_brackets(updates.shape)}, "
            f"indices.shape: {in_brackets(indices.shape)}, params_shape: "
            f"{in_brackets(ref.shape)}, slice_dim: {k}, and batch_dim: {len(outer)}",
        )
    new = ref.copy()
    change(new, tuple(np.moveaxis(indices, -1, 0)), updates)
    return new


@op(f"ScatterNdUpdate{SCATTER}", **_ints)
def scatter_nd_update_op(xp, ref, indices, updates, *, use_locking=True):
    """Put `updates` into the parts that `indices` name."""
    return scattered_nd(put, ref, indices, updates)


@op(f"ScatterNdAdd{SCATTER}", **_ints)
def scatter_nd_add_op(xp, ref, indices, updates, *, use_locking=False):
    """Add `updates` to the parts that `indices` name."""
    return scattered_nd(xp.add.at, ref, indices, updates)


@op(f"ScatterNdSub{SCATTER}", **_ints)
def scatter_nd_sub_op(xp, ref, indices, updates, *, use_locking=False):
    """Subtract `updates` from the parts that `indices` name."""
    return scattered_nd(xp.subtract.at, ref, indices, updates)


def scatter_nd_shape(op, ref, indices, updates):
    """Shape rule: that of the variable."""
    if None in (ref.rank, indices.rank, updates.rank) or indices.sizes[-1] is None:
        return ref
    outer, k = indices.rank - 1, indices.sizes[-1]
    for x, y, what, count in (
        (indices[:outer], updates[:outer], ("outer", "indices", indices), outer),
        (ref[k:], updates[outer:], ("inner", "input", ref), updates.rank - outer),
    ):
        try:
            merge_shapes(x, y)
        except ValueError as error:
            side, name, shape = what
            raise ShapeError(
                f"The {side} {x.rank} dimensions of {name}.shape="
                f"{in_brackets(shape.sizes)} must match the {side} {count} dimensions "
                f"of updates.shape={in_brackets(updates.sizes)}: {error}"
            ) from None
    return ref


scatters(scatter_nd_shape, scatter_nd_update_op, scatter_nd_add_op, scatter_nd_sub_op)


@op("CountUpTo(ref:ref T) -> (output:T)", T=(int32, int64))
def count_up_to_op(xp, ref, *, limit):
    """The variable, which is then one more.

    Raises:
      OutOfRangeError: it has reached `limit`.
    """
    if ref >= limit:
        raise OutOfRangeError(None, None, f"Reached limit of {limit}")
    return ref + ref.dtype.type(1), ref


count_up_to_op.shape(lambda op, ref: with_rank(ref, 0))
count_up_to_op.gradient(None)
