"""Variables as the graph has them: nodes that stand for memory of the session.

The kernel of an op that changes a variable is pure: it takes the old value and gives
the new one, and the plan puts that into the session's memory.
"""

# Generated from book/source/07_basic.md: change it there, then `make export`.

import numpy as np

from pedagogy_tf.core.dtypes import int32, int64
from pedagogy_tf.core.errors import InvalidArgumentError, OutOfRangeError
from pedagogy_tf.core.graph import merge_shapes
from pedagogy_tf.core.op import ShapeError, op, scalar, snake, with_rank
from pedagogy_tf.core.ops.basic import without_blame
from pedagogy_tf.core.shapes import TensorShape, as_shape, in_brackets

__all__ = [
    "variable_v2",
    "assign_add_op",
    "assign_sub_op",
    "same_size",
    "refuse",
    "assign_op",
    "is_variable_initialized_op",
    "in_rows",
    "in_parts",
    "put",
    "divide_at",
    "rows_fit",
    "parts_fit",
    "scatter",
    "scatter_update_op",
    "scatter_add_op",
    "scatter_sub_op",
    "scatter_mul_op",
    "scatter_div_op",
    "scatter_min_op",
    "scatter_max_op",
    "scatter_nd_update_op",
    "scatter_nd_add_op",
    "scatter_nd_sub_op",
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
        refuse("Parameters and update must be the same size")
    return ref


def refuse(message):
    """Say that the values are wrong."""
    raise InvalidArgumentError(None, None, message)


assign_add_op.shape(lambda op, ref, value: merge_shapes(ref, value))
assign_sub_op.shape(lambda op, ref, value: merge_shapes(ref, value))
without_blame(assign_add_op, assign_sub_op)


@op("Assign(ref:ref T, value:T) -> (output_ref:ref T)", reads_ref=False, view=True)
def assign_op(xp, ref, value, *, validate_shape=True, use_locking=True):
    """Make `value` the variable's value. `ref` is the variable's shape, or None."""
    found = np.shape(value)
    if validate_shape and ref != found:
        if not TensorShape(ref).is_compatible_with(found):
            refuse(
                "Assign requires shapes of both tensors to match. "
                f"lhs shape= {in_brackets(ref)} rhs shape= {in_brackets(found)}"
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


def in_rows(change, ref, indices, updates):
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
        refuse(f"{text} is not in [0, {len(ref)})")
    if updates.shape not in ((), indices.shape + ref.shape[1:]):
        refuse(
            "Must have updates.shape = indices.shape + params.shape[1:] or "
            f"updates.shape = [], got updates.shape {in_brackets(updates.shape)}, "
            f"indices.shape {in_brackets(indices.shape)}, "
            f"params.shape {in_brackets(ref.shape)}"
        )
    new = ref.copy()
    change(new, indices, updates)
    return new


def in_parts(change, ref, indices, updates):
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
        refuse(f"{text} does not index into shape {in_brackets(ref.shape)}")
    if updates.shape != (*outer, *ref.shape[k:]):
        refuse(
            "Must have updates.shape = indices.shape[:batch_dim] + "
            "params_shape[slice_dim:], got updates.shape: "
            f"{in_brackets(updates.shape)}, indices.shape: "
            f"{in_brackets(indices.shape)}, params_shape: {in_brackets(ref.shape)}, "
            f"slice_dim: {k}, and batch_dim: {len(outer)}"
        )
    new = ref.copy()
    change(new, tuple(np.moveaxis(indices, -1, 0)), updates)
    return new


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
        refuse("Integer division by zero")
    sign, size = np.sign(array), np.abs(array)
    np.multiply.at(sign, indices, np.sign(updates))
    np.floor_divide.at(size, indices, np.abs(updates))
    array[...] = sign * size


def rows_fit(op, ref, indices, updates):
    """Shape rule: that of the variable; the updates have the shape of the rows."""
    if updates.rank != 0 and ref.rank:
        merge_shapes(updates, indices.concatenate(ref[1:]))
    return ref


def parts_fit(op, ref, indices, updates):
    """Shape rule: that of the variable; the updates have the shape of the parts."""
    if None in (ref.rank, indices.rank, updates.rank) or indices.sizes[-1] is None:
        return ref
    outer, k = indices.rank - 1, indices.sizes[-1]
    halves = [
        ("outer", "indices", indices, indices[:outer], updates[:outer]),
        ("inner", "input", ref, ref[k:], updates[outer:]),
    ]
    for side, name, shape, x, y in halves:
        try:
            merge_shapes(x, y)
        except ValueError as error:
            raise ShapeError(
                f"The {side} {x.rank} dimensions of {name}.shape="
                f"{in_brackets(shape.sizes)} must match the {side} "
                f"{outer if side == 'outer' else y.rank} dimensions of updates.shape="
                f"{in_brackets(updates.sizes)}: {error}"
            ) from None
    return ref


def scatter(op_type, change, promise, use_locking=False):
    """The row of an op that changes some rows or, with Nd in its name, some parts.

    Args:
      op_type: `ScatterAdd`, say.
      change: the name of a ufunc, or `change(array, indices, updates)`.
      promise: what it does, in a sentence.
      use_locking: the default of that attribute.
    """
    where = in_parts if "Nd" in op_type else in_rows

    def kernel(xp, ref, indices, updates, *, use_locking=use_locking):
        at = getattr(xp, change).at if isinstance(change, str) else change
        return where(at, ref, indices, updates)

    kernel.__name__, kernel.__doc__ = snake(op_type), promise
    signature = "(ref:ref T, indices:Tindices, updates:T) -> (output_ref:ref T)"
    row = op(op_type + signature, Tindices=(int32, int64))(kernel)
    row.shape(parts_fit if "Nd" in op_type else rows_fit)
    row.gradient(None)
    return row


_put = "Put `updates` there; what comes last stays."
_add = "Add `updates` there; a place that comes twice gets both."
_subtract = "Subtract `updates` there."
scatter_update_op = scatter("ScatterUpdate", put, _put, use_locking=True)
scatter_add_op = scatter("ScatterAdd", "add", _add)
scatter_sub_op = scatter("ScatterSub", "subtract", _subtract)
scatter_mul_op = scatter("ScatterMul", "multiply", "Multiply by `updates` there.")
scatter_div_op = scatter("ScatterDiv", divide_at, "Divide by `updates` there.")
scatter_min_op = scatter("ScatterMin", "minimum", "Keep the smaller there.")
scatter_max_op = scatter("ScatterMax", "maximum", "Keep the larger there.")
scatter_nd_update_op = scatter("ScatterNdUpdate", put, _put, use_locking=True)
scatter_nd_add_op = scatter("ScatterNdAdd", "add", _add)
scatter_nd_sub_op = scatter("ScatterNdSub", "subtract", _subtract)


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
