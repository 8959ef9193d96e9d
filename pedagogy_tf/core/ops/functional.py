"""Functions of functions: apply one to each row of tensors, or along the rows.

Elements may be structures: a function of a pair gets a pair of rows.
"""

# Generated from book/source/21_loops.md: change it there, then `make export`.

from pedagogy_tf.core.graph import name_scope
from pedagogy_tf.core.nest import (
    assert_same_structure,
    flatten,
    map_structure,
    pack_sequence_as,
)
from pedagogy_tf.core.op import constant, convert_to_tensor
from pedagogy_tf.core.ops.basic import shape
from pedagogy_tf.core.ops.control import while_loop
from pedagogy_tf.core.ops.tensor_array import TensorArray

__all__ = [
    "map_fn",
    "loop_options",
    "require_rows",
    "stacked",
    "scan",
    "foldl",
    "foldr",
    "unstacked",
]


## Loops for everybody


def map_fn(
    fn,
    elems,
    dtype=None,
    parallel_iterations=None,
    back_prop=True,
    swap_memory=False,
    infer_shape=True,
    name=None,
):
    """What `fn` gives for each row, along the first axis.

    Args:
      fn: function of a row of each of `elems`, in their form.
      elems: a tensor, or a structure of tensors with first axes of one length.
      dtype: the dtypes of what `fn` gives, in its form; those of `elems` by default.
      parallel_iterations, back_prop, swap_memory: as for `while_loop`.
      infer_shape: False: results may have different shapes.
      name: the scope of the operations, "map" by default.

    Raises:
      TypeError, ValueError: `fn` is no function, `elems` have no rows, or forms differ.
    """
    if not callable(fn):
        raise TypeError("fn must be callable.")
    options = loop_options(parallel_iterations or 10, back_prop, swap_memory)
    with name_scope(name, "map", flatten(elems)):
        tensors = [convert_to_tensor(x, name="elem") for x in flatten(elems)]
        dtype = dtype or pack_sequence_as(elems, [x.dtype for x in tensors])
        require_rows(tensors)
        n = tensors[0].shape[0].value or shape(tensors[0])[0]
        rows = [TensorArray(x.dtype, n) for x in tensors]
        rows = [array.unstack(x) for array, x in zip(rows, tensors, strict=True)]
        i = constant(0)
        results = [TensorArray(t, n, infer_shape=infer_shape) for t in flatten(dtype)]

        def turn(i, results):
            row = pack_sequence_as(elems, [array.read(i) for array in rows])
            found = fn(row)
            assert_same_structure(dtype, found)
            pairs = zip(results, flatten(found), strict=True)
            results = [array.write(i, value) for array, value in pairs]
            return i + 1, results

        _, results = while_loop(
            lambda i, _: i < n, turn, (i, results), maximum_iterations=n, **options
        )
        return pack_sequence_as(dtype, stacked(results, tensors))


def loop_options(parallel_iterations, back_prop, swap_memory):
    """Options that are handed on to `while_loop`."""
    return {
        "parallel_iterations": parallel_iterations,
        "back_prop": back_prop,
        "swap_memory": swap_memory,
    }


def require_rows(tensors):
    """Refuse tensors without a first axis."""
    if tensors[0].shape.rank == 0:
        if len(tensors) == 1:
            raise ValueError("elems must be a 1+ dimensional Tensor, not a scalar")
        raise ValueError(
            "elements in elems must be 1+ dimensional Tensors, not scalars"
        )


def stacked(arrays, tensors):
    """TensorArrays as tensors, with as many rows as the tensors that came in."""
    found = [array.stack() for array in arrays]
    rows = tensors[0].shape[:1]
    for x in tensors[1:]:
        rows.merge_with(x.shape[:1])  # objects if they differ
    for x in found:
        x.set_shape(rows.concatenate(x.shape[1:]))
    return found


def scan(
    fn,
    elems,
    initializer=None,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    infer_shape=True,
    reverse=False,
    name=None,
):
    """What `fn` gives for the result so far and each row: all results, as rows.

    Args:
      fn: function of the result so far and a row of `elems` that gives the next result.
      elems: a tensor, or a structure of tensors with first axes of one length.
      initializer: the first result so far; the first row of `elems` by default.
      parallel_iterations, back_prop, swap_memory: as for `while_loop`.
      infer_shape: False: results may have different shapes.
      reverse: begin with the last row.
      name: the scope of the operations, "scan" by default.

    Raises:
      TypeError, ValueError: `fn` is no function, or forms differ.
    """
    if not callable(fn):
        raise TypeError("fn must be callable.")
    options = loop_options(parallel_iterations, back_prop, swap_memory)
    form = elems if initializer is None else initializer
    with name_scope(name, "scan", flatten(elems)):
        tensors = [convert_to_tensor(x, name="elem") for x in flatten(elems)]
        n = tensors[0].shape[0].value
        n = shape(tensors[0])[0] if n is None else n
        rows = [TensorArray(x.dtype, n, element_shape=x.shape[1:]) for x in tensors]
        rows = [array.unstack(x) for array, x in zip(rows, tensors, strict=True)]
        first = (n - 1) if reverse else 0
        if initializer is None:
            so_far, i = [array.read(first) for array in rows], 1
        else:
            so_far, i = [convert_to_tensor(x) for x in flatten(initializer)], 0
        results = [
            TensorArray(
                x.dtype,
                n,
                element_shape=x.shape if infer_shape else None,
                infer_shape=infer_shape,
            )
            for x in so_far
        ]
        if initializer is None:
            pairs = zip(results, so_far, strict=True)
            results = [array.write(first, x) for array, x in pairs]

        def turn(i, so_far, results):
            row = pack_sequence_as(elems, [array.read(i) for array in rows])
            found = fn(pack_sequence_as(form, so_far), row)
            assert_same_structure(form, found)
            pairs = zip(results, flatten(found), strict=True)
            results = [array.write(i, value) for array, value in pairs]
            return i - 1 if reverse else i + 1, flatten(found), results

        start = n - 1 - i if reverse else i
        _, _, results = while_loop(
            (lambda i, *_: i >= 0) if reverse else (lambda i, *_: i < n),
            turn,
            (start, so_far, results),
            maximum_iterations=n,
            **options,
        )
        return pack_sequence_as(form, stacked(results, tensors))


def foldl(
    fn,
    elems,
    initializer=None,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    name=None,
):
    """What is left when `fn` has put one row after the other into the result so far.

    Arguments as for `scan`. The name of the scope is "foldl" by default.
    """
    if not callable(fn):
        raise TypeError("fn must be callable.")
    options = loop_options(parallel_iterations, back_prop, swap_memory)
    with name_scope(name, "foldl", flatten(elems)):
        n, rows = unstacked(elems)
        so_far = initializer
        if initializer is None:
            so_far = map_structure(lambda array: array.read(0), rows)
        i = constant(0 if initializer is not None else 1)

        def turn(i, so_far):
            row = map_structure(lambda array: array.read(i), rows)
            so_far = fn(so_far, row)
            return [i + 1, so_far]

        return while_loop(
            lambda i, _: i < n, turn, [i, so_far], maximum_iterations=n, **options
        )[1]


def foldr(
    fn,
    elems,
    initializer=None,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    name=None,
):
    """The same from the last row to the first. The scope is "foldr" by default."""
    if not callable(fn):
        raise TypeError("fn must be callable.")
    options = loop_options(parallel_iterations, back_prop, swap_memory)
    with name_scope(name, "foldr", flatten(elems)):
        n, rows = unstacked(elems)
        i, so_far = n, initializer
        if initializer is None:
            i = n - 1
            so_far = map_structure(lambda array: array.read(i), rows)

        def turn(i, so_far):
            i = i - 1
            row = map_structure(lambda array: array.read(i), rows)
            return [i, fn(so_far, row)]

        return while_loop(
            lambda i, _: i > 0, turn, [i, so_far], maximum_iterations=n, **options
        )[1]


def unstacked(elems):
    """The number of rows, and TensorArrays of them in the form of `elems`."""
    tensors = [convert_to_tensor(x, name="elem") for x in flatten(elems)]
    n = tensors[0].shape[0].value or shape(tensors[0])[0]
    return n, map_structure(lambda x: TensorArray(x.dtype, n).unstack(x), elems)
