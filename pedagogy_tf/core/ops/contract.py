"""tensordot: the product of two tensors, summed over some axes of each."""

# Generated from book/source/23_layers.md: change it there, then `make export`.

import math

from pedagogy_tf.core.dtypes import int32
from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.graph import name_scope
from pedagogy_tf.core.op import convert_to_tensor
from pedagogy_tf.core.ops.array import (
    concat,
    gather,
    list_diff,
    stack,
    transpose,
    where,
)
from pedagogy_tf.core.ops.basic import rank, reshape, shape
from pedagogy_tf.core.ops.math import matmul, range_
from pedagogy_tf.core.ops.reduce import reduce_prod

__all__ = ["tensordot", "axes_of_both", "as_matrix"]


## Every unit sees every input


def tensordot(a, b, axes, name=None):
    """The product of two tensors, summed over some axes of each.

    Args:
      a, b: two tensors of the same dtype.
      axes: how many axes, the last ones of a with the first ones of b; or a pair: the
        axis or axes of a, and those of b.
      name: the scope of the operations.

    Returns:
      A tensor with the other axes of a, then the other axes of b.

    Raises:
      ValueError: a and b have not as many axes each, or not those.
    """
    with name_scope(name, "Tensordot", [a, b, axes]) as name:
        a, b = convert_to_tensor(a, name="a"), convert_to_tensor(b, name="b")
        of_a, of_b = axes_of_both(a, axes)
        left, rows, known_rows = as_matrix(a, of_a, summed_first=False)
        right, columns, known_columns = as_matrix(b, of_b, summed_first=True)
        product = matmul(left, right)
        if isinstance(rows, list) and isinstance(columns, list):
            return reshape(product, rows + columns, name=name)
        rows = convert_to_tensor(rows, int32)
        columns = convert_to_tensor(columns, int32)
        result = reshape(product, concat([rows, columns], 0), name=name)
        if known_rows is not None and known_columns is not None:
            result.set_shape(known_rows + known_columns)
        return result


def axes_of_both(a, axes):
    """(the summed axes of a, those of b), as lists or tensors."""
    problem = None
    if isinstance(axes, int):
        n = a.shape.rank
        if axes < 0:
            problem = "'axes' must be at least 0."
        elif n is None:
            n = rank(a)
            return range_(n - axes, n, dtype=int32), range_(axes, dtype=int32)
        elif axes > n:
            problem = "'axes' must not be larger than the number of dimensions of "
            problem += f"tensor {a}."
        else:
            return list(range(n - axes, n)), list(range(axes))
    elif not isinstance(axes, (list, tuple)):
        axes = convert_to_tensor(axes, int32, name="axes")
        return axes[0], axes[1]
    elif len(axes) != 2:
        problem = "'axes' must be an integer or have length 2."
    else:
        of_a, of_b = ([i] if isinstance(i, int) else i for i in axes)
        if len(of_a) == len(of_b):
            return of_a, of_b
        problem = (
            "Different number of contraction axes 'a' and 'b', "
            f"{len(of_a)} != {len(of_b)}."
        )
    raise ValueError(explain(problem))


def as_matrix(x, axes, summed_first):
    """(x as a matrix, the sizes of its free axes, and what is known of them).

    The matrix is (free, summed), or (summed, free). Sizes are a list where all are
    known, and a tensor where some are not; what is known, a list with None, or None.
    """
    sizes, known = None, None
    if x.shape.rank is not None and isinstance(axes, (list, tuple)):
        sizes = x.shape.as_list()
        axes = [i if i >= 0 else i + len(sizes) for i in axes]
        free = [i for i in range(len(sizes)) if i not in axes]
        known = [sizes[i] for i in free]
        if None not in sizes:
            counts = [math.prod(known), math.prod(sizes[i] for i in axes)]
            order = axes + free if summed_first else free + axes
            counts = counts[::-1] if summed_first else counts
            return reshape(transpose(x, order), counts), known, known
        axes = convert_to_tensor(axes, int32, name="axes")
        free = convert_to_tensor(free, int32, name="free")
        sizes = shape(x)
    else:
        sizes, ndims = shape(x), rank(x)
        axes = convert_to_tensor(axes, int32, name="axes")
        axes = where(axes >= 0, axes, axes + ndims)
        free = list_diff(range_(ndims), axes)[0]
    left, summed = gather(sizes, free), gather(sizes, axes)
    counts = [reduce_prod(left), reduce_prod(summed)]
    order = concat([axes, free] if summed_first else [free, axes], 0)
    counts = stack(counts[::-1] if summed_first else counts)
    return reshape(transpose(x, order), counts), left, known
