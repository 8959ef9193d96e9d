"""Linear algebra: solve, invert, factorise; and products written as equations."""

# Generated from book/source/91_shelf.md: change it there, then `make export`.

import math
import re
from string import ascii_letters

import numpy as np

from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.graph import Tensor, name_scope
from pedagogy_tf.core.op import ShapeError, convert_to_tensor, op, with_rank_at_least
from pedagogy_tf.core.ops.array import (
    concat,
    expand_dims,
    matrix_transpose,
    squeeze,
    transpose,
)
from pedagogy_tf.core.ops.basic import reshape, shape, zeros_like
from pedagogy_tf.core.ops.elementwise import ORDERED, log, reciprocal
from pedagogy_tf.core.ops.layout import (
    eye,
    matrix_band_part,
    matrix_diag,
    matrix_diag_part,
    matrix_set_diag,
    trace,
)
from pedagogy_tf.core.ops.math import conj, dtypes, matmul, multiply, reduce_sum
from pedagogy_tf.core.shapes import TensorShape, unknown_shape

__all__ = [
    "MATRICES",
    "by_lapack",
    "square",
    "adjoint_of",
    "matrix_inverse",
    "matrix_determinant",
    "log_matrix_determinant",
    "matrix_solve",
    "matrix_triangular_solve",
    "solution",
    "adjoint",
    "times_inverse",
    "blame_for_system",
    "cholesky",
    "cholesky_solve",
    "logdet",
    "qr",
    "sizes_of_factors",
    "times_inverse_of",
    "self_adjoint_eig_op",
    "self_adjoint_eig",
    "self_adjoint_eigvals",
    "svd_op",
    "svd",
    "einsum",
    "parsed",
    "in_letters",
    "product_of_two",
    "sizes_of",
    "in_all",
    "in_shape",
    "matvec",
    "cross",
]


## Systems of equations

MATRICES = dtypes("float64 float32 float16 complex64 complex128")


def by_lapack(function, problem, *arrays, **options):
    """A function of NumPy's linalg, in at least float32, in the dtype of the input.

    Raises:
      ValueError: `problem`, if NumPy finds no solution.
    """
    dtype = arrays[0].dtype
    if dtype == np.float16:
        arrays = [a.astype(np.float32) for a in arrays]
    try:
        found = function(*arrays, **options)
    except np.linalg.LinAlgError:
        raise ValueError(problem) from None
    if dtype != np.float16:
        return found
    return (
        [a.astype(dtype) for a in found]
        if type(found) is tuple
        else found.astype(dtype)
    )


def square(x):
    """The shape of square matrices (..., n, n); for shape rules. Raises ShapeError."""
    x = with_rank_at_least(x, 2)
    if x.rank is None:
        return x
    n, m = x.sizes[-2:]
    if None not in (n, m) and n != m:
        raise ShapeError(f"Dimensions must be equal, but are {n} and {m}")
    n = m if n is None else n
    return x[:-2].concatenate([n, n])


def adjoint_of(x):
    """Arrays: matrices turned round, each number conjugate."""
    return np.conj(np.swapaxes(x, -1, -2))


@op("MatrixInverse(input:T) -> (output:T)", T=MATRICES)
def matrix_inverse(xp, input, *, adjoint=False):
    """The matrices that undo those of the input: (..., n, n)."""
    found = by_lapack(xp.linalg.inv, "Input is not invertible.", input)
    return adjoint_of(found) if adjoint else found


@op("MatrixDeterminant(input:T) -> (output:T)", T=MATRICES[2:] + MATRICES[:2])
def matrix_determinant(xp, input):
    """By how much matrices stretch volumes; negative, if they mirror: (..., n, n)."""
    return by_lapack(xp.linalg.det, "", input)


@op(
    "LogMatrixDeterminant(input:T) -> (sign:T, log_abs_determinant:T)",
    T=MATRICES[2:] + MATRICES[:2],
)
def log_matrix_determinant(xp, input):
    """The sign of the determinant, and the logarithm of its size."""
    sign, size = by_lapack(lambda x: tuple(xp.linalg.slogdet(x)), "", input)
    return sign, size.astype(input.dtype)


@op("MatrixSolve(matrix:T, rhs:T) -> (output:T)", T=MATRICES)
def matrix_solve(xp, matrix, rhs, *, adjoint=False):
    """The x with matrix @ x = rhs: (..., n, n), (..., n, k) -> (..., n, k)."""
    a = adjoint_of(matrix) if adjoint else matrix
    return by_lapack(xp.linalg.solve, "Input matrix is not invertible.", a, rhs)


@op("MatrixTriangularSolve(matrix:T, rhs:T) -> (output:T)", T=MATRICES)
def matrix_triangular_solve(xp, matrix, rhs, *, lower=True, adjoint=False):
    """The same for a matrix of which one half is 0; what stands there is not read."""
    a = xp.tril(matrix) if lower else xp.triu(matrix)
    a = adjoint_of(a) if adjoint else a
    return by_lapack(xp.linalg.solve, "Input matrix is not invertible.", a, rhs)


matrix_inverse.shape(lambda op, x: square(x))


@matrix_determinant.shape
def _(op, x):
    return square(x)[:-2] if x.rank is not None else unknown_shape()


@log_matrix_determinant.shape
def _(op, x):
    return [square(x)[:-2] if x.rank is not None else unknown_shape()] * 2


def solution(op, matrix, rhs):
    """Shape rule: as many rows as the matrix has, as many columns as rhs."""
    matrix, rhs = square(matrix), with_rank_at_least(rhs, 2)
    if None in (matrix.rank, rhs.rank):
        return unknown_shape()
    n, m = matrix.sizes[-1], rhs.sizes[-2]
    if None not in (n, m) and n != m:
        raise ShapeError(f"Dimensions must be equal, but are {n} and {m}")
    front = matrix[:-2].merge_with(rhs[:-2])
    return front.concatenate([m if n is None else n, rhs.sizes[-1]])


matrix_solve.shape(solution)
matrix_triangular_solve.shape(solution)


def adjoint(matrix, name=None):
    """Matrices turned round, each number conjugate: (..., n, m) -> (..., m, n)."""
    with name_scope(name, "adjoint", [matrix]):
        matrix = convert_to_tensor(matrix, name="matrix")
        turned = matrix_transpose(matrix)
        return conj(turned) if matrix.dtype.is_complex else turned


@matrix_inverse.gradient
def _(op, dy):
    y = op.outputs[0]
    dx = -matmul(y, matmul(dy, y, adjoint_b=True), adjoint_a=True)
    return adjoint(dx) if op.get_attr("adjoint") else dx


def times_inverse(x, blame, size):
    """Blame for a number of each matrix, times the inverse of the matrix, turned."""
    turned = matrix_inverse(x, adjoint=True)
    blame = blame if size is None else blame * size
    size = blame if size is None else size
    return reshape(blame, concat([shape(size), [1, 1]], 0)) * turned


@matrix_determinant.gradient
def _(op, dy):
    return times_inverse(op.inputs[0], dy, op.outputs[0])


@log_matrix_determinant.gradient
def _(op, _, dy):
    return times_inverse(op.inputs[0], dy, None)


def blame_for_system(op, dx, **half):
    """The blame for a matrix and for the right-hand side of its system."""
    turned = op.get_attr("adjoint")
    matrix, x = op.inputs[0], op.outputs[0]
    solve = matrix_triangular_solve if half else matrix_solve
    drhs = solve(matrix, dx, adjoint=not turned, **half)
    if turned:
        return -matmul(x, drhs, adjoint_b=True), drhs
    return -matmul(drhs, x, adjoint_b=True), drhs


matrix_solve.gradient(lambda op, dx: blame_for_system(op, dx))


@matrix_triangular_solve.gradient
def _(op, dx):
    lower = op.get_attr("lower")
    dmatrix, drhs = blame_for_system(op, dx, lower=lower)
    half = (-1, 0) if lower else (0, -1)
    return matrix_band_part(dmatrix, *half), drhs


## Factors


@op("Cholesky(input:T) -> (output:T)", T=MATRICES)
def cholesky(xp, input):
    """The lower triangular L with L @ L^T = input; of input, only that half is read."""
    problem = "Cholesky decomposition was not successful. The input might not be valid."
    return by_lapack(xp.linalg.cholesky, problem, input)


cholesky.shape(lambda op, x: square(x))


@cholesky.gradient
def _(op, dy):
    y = op.outputs[0]
    count, front = shape(y)[-1], shape(y)[:-2]
    inverse = matrix_triangular_solve(y, eye(count, batch_shape=front, dtype=y.dtype))
    middle = matmul(y, dy, adjoint_a=True)
    middle = matrix_set_diag(middle, 0.5 * matrix_diag_part(middle))
    middle = matrix_band_part(middle, -1, 0)
    dx = matmul(matmul(inverse, middle, adjoint_a=True), inverse)
    return (dx + adjoint(dx)) * 0.5


def cholesky_solve(chol, rhs, name=None):
    """The x with A @ x = rhs, given the Cholesky factor of A."""
    with name_scope(name, "cholesky_solve", [chol, rhs]):
        y = matrix_triangular_solve(chol, rhs, adjoint=False, lower=True)
        return matrix_triangular_solve(chol, y, adjoint=True, lower=True)


def logdet(matrix, name=None):
    """The logarithm of the determinant of a positive definite matrix."""
    with name_scope(name, "logdet", [matrix]):
        chol = cholesky(matrix)
        return 2.0 * reduce_sum(log(matrix_diag_part(chol)), [-1])


@op("Qr(input:T) -> (q:T, r:T)", T=MATRICES)
def qr(xp, input, *, full_matrices=False):
    """q @ r = input, with orthogonal columns in q and r upper triangular."""
    mode = "complete" if full_matrices else "reduced"
    return by_lapack(lambda x: tuple(xp.linalg.qr(x, mode)), "", input)


@qr.shape
def _(op, x):
    x = with_rank_at_least(x, 2)
    if x.rank is None:
        return [unknown_shape()] * 2
    front, n, m, p = sizes_of_factors(x)
    k = n if op.get_attr("full_matrices") else p
    return [front.concatenate([n, k]), front.concatenate([k, m])]


def sizes_of_factors(x):
    """The batch, the rows n, the columns m, and the smaller of n and m."""
    n, m = x.sizes[-2:]
    return x[:-2], n, m, None if None in (n, m) else min(n, m)


@qr.gradient
def _(op, dq, dr):
    q, r = op.outputs
    n, m = q.shape.sizes[-2:] if q.shape.rank else (None, None)
    if None in (n, m) or r.shape.sizes[-1] != m or op.get_attr("full_matrices"):
        raise NotImplementedError(
            "QrGrad not implemented when nrows < ncols, with full_matrices, or for "
            "matrices of unknown size"
        )
    inner = matmul(q, dq, adjoint_a=True)
    odd_inner = inner - adjoint(inner)
    outer = matmul(r, dr, adjoint_b=True)
    half = matrix_band_part(odd_inner + (outer - adjoint(outer)), -1, 0)
    along = matmul(q, dr + times_inverse_of(r, half))
    return along + times_inverse_of(r, dq - matmul(q, inner))


def times_inverse_of(r, x):
    """x @ inverse(r)^T, for r upper triangular."""
    return adjoint(matrix_triangular_solve(r, adjoint(x), lower=False, adjoint=False))


@op("SelfAdjointEigV2(input:T) -> (e:T, v:T)", T=MATRICES)
def self_adjoint_eig_op(xp, input, *, compute_v=True):
    """Eigenvalues in rising order, eigenvectors as columns; reads the lower half."""
    if compute_v:
        e, v = by_lapack(lambda x: tuple(xp.linalg.eigh(x)), "", input)
    else:
        e = by_lapack(xp.linalg.eigvalsh, "", input)
        v = xp.zeros(0)
    return e.astype(input.dtype), v.astype(input.dtype)


@self_adjoint_eig_op.shape
def _(op, x):
    x = square(x)
    values = unknown_shape() if x.rank is None else x[:-1]
    return [values, x if op.get_attr("compute_v") else TensorShape([0])]


@self_adjoint_eig_op.gradient
def _(op, de, dv):
    e = op.outputs[0]
    if op.get_attr("compute_v"):
        v = op.outputs[1]
        gaps = reciprocal(expand_dims(e, -2) - expand_dims(e, -1))
        gaps = matrix_set_diag(gaps, zeros_like(e))
        inner = matrix_diag(de) + gaps * matmul(v, dv, adjoint_a=True)
    else:
        _, v = self_adjoint_eig(op.inputs[0])
        inner = matrix_diag(de)
    dx = matmul(v, matmul(inner, v, adjoint_b=True))
    dx = matrix_band_part(dx + adjoint(dx), -1, 0)
    return matrix_set_diag(dx, 0.5 * matrix_diag_part(dx))


def self_adjoint_eig(tensor, name=None):
    """(e, v): eigenvalues in rising order, and eigenvectors as the columns of v."""
    e, v = self_adjoint_eig_op(tensor, compute_v=True, name=name)
    return e, v


def self_adjoint_eigvals(tensor, name=None):
    """Eigenvalues of symmetric matrices, in rising order: (..., n, n) -> (..., n)."""
    return self_adjoint_eig_op(tensor, compute_v=False, name=name)[0]


@op("Svd(input:T) -> (s:T, u:T, v:T)", T=MATRICES)
def svd_op(xp, input, *, compute_uv=True, full_matrices=False):
    """u @ diag(s) @ v^T = input; s falls, the columns of u and v are orthogonal."""
    if not compute_uv:
        s = by_lapack(lambda x: xp.linalg.svd(x, compute_uv=False), "", input)
        return s.astype(input.dtype), *[xp.zeros(0, input.dtype)] * 2
    u, s, vt = by_lapack(lambda x: tuple(xp.linalg.svd(x, full_matrices)), "", input)
    return s.astype(input.dtype), u, adjoint_of(vt)


@svd_op.shape
def _(op, x):
    x = with_rank_at_least(x, 2)
    if x.rank is None:
        without = [TensorShape([0])] * 2
        return [x] * 3 if op.get_attr("compute_uv") else [x, *without]
    front, n, m, p = sizes_of_factors(x)
    if not op.get_attr("compute_uv"):
        return [front.concatenate([p]), TensorShape([0]), TensorShape([0])]
    k, l = (n, m) if op.get_attr("full_matrices") else (p, p)
    return [front.concatenate(sizes) for sizes in ([p], [n, k], [m, l])]


@svd_op.gradient
def _(op, ds, du, dv):
    if not op.get_attr("compute_uv"):
        _, u, v = svd(op.inputs[0])
        return matmul(u, matmul(matrix_diag(ds), v, adjoint_b=True))
    if op.get_attr("full_matrices"):
        raise NotImplementedError("the gradient of tf.svd with full_matrices=True")
    s, u, v = op.outputs
    squares = s * s
    gaps = reciprocal(expand_dims(squares, -2) - expand_dims(squares, -1))
    gaps = matrix_set_diag(gaps, zeros_like(s))
    by_u, by_v = matmul(u, du, adjoint_a=True), matmul(v, dv, adjoint_a=True)
    row, column = expand_dims(s, -2), expand_dims(s, -1)
    inner = matrix_diag(ds) + (gaps * (by_u - adjoint(by_u))) * row
    inner = inner + column * (gaps * (by_v - adjoint(by_v)))
    left = matmul(u, inner) + (du - matmul(u, by_u)) / row
    right = adjoint(dv - matmul(v, by_v)) / column
    return matmul(left, v, adjoint_b=True) + matmul(u, right)


def svd(tensor, full_matrices=False, compute_uv=True, name=None):
    """(s, u, v) with u @ diag(s) @ v^T = tensor; without compute_uv, s alone.

    Args:
      tensor: (..., n, m).
      full_matrices: whether u is (n, n) and v is (m, m); else min(n, m) columns each.
      compute_uv: whether u and v are wanted.
      name: the name of the operation.
    """
    s, u, v = svd_op(tensor, compute_uv, full_matrices, name=name)
    return (s, u, v) if compute_uv else s


## Products written as equations


def einsum(equation, *inputs, name=None):
    """The sum over products of elements that an equation in letters spells out.

    Args:
      equation: "ij,jk->ik": a letter for each axis of each tensor, and for the result;
        without "->", the letters that come once, in the order of the alphabet. "..."
        stands for any axes in front.
      *inputs: the tensors; their ranks must be known.
      name: the scope of the operations.

    Raises:
      ValueError: the equation makes no sense, or does not go with the tensors.
    """
    with name_scope(name, "einsum", [equation, *inputs]):
        inputs = [convert_to_tensor(x) for x in inputs]
        letters, result = parsed(equation, inputs)
        for word in letters:
            twice = any(word.count(letter) > 1 for letter in word)
            if twice and equation.replace(" ", "") == word == word[::-1]:
                return trace(inputs[0])
            if twice:
                problem = "Subscript not supported: an axis appears more than once: "
                raise ValueError(explain(problem + word))
        total, have = inputs[0], letters[0]
        for i, (x, word) in enumerate(zip(inputs[1:], letters[1:], strict=True), 2):
            later = "".join(letters[i:]) + result
            total, have = product_of_two(total, have, x, word, later)
        gone = [axis for axis, letter in enumerate(have) if letter not in result]
        total = reduce_sum(total, axis=gone) if gone else total
        have = "".join(letter for letter in have if letter in result)
        if sorted(have) != sorted(result):
            raise ValueError(explain(f"Invalid equation: {equation}"))
        return in_letters(total, have, result)


def parsed(equation, inputs):
    """The letters of each input, and those of the result, without "..."."""
    match = re.fullmatch(r"([a-zA-Z,.]+)(?:->([a-zA-Z.]*))?", equation.replace(" ", ""))
    if not match:
        raise ValueError(explain(f"Indices have incorrect format: {equation}"))
    letters, result = match[1].split(","), match[2]
    if len(letters) != len(inputs):
        raise ValueError(
            explain(
                f'Got {len(inputs)} arguments for equation "{equation}", expecting '
                f"{len(letters)}"
            )
        )
    free = [c for c in ascii_letters if c not in equation]
    dots = ""
    for i, (word, x) in enumerate(zip(letters, inputs, strict=True)):
        if x.shape.rank is None:
            raise ValueError(explain("Unable to statically infer ellipsis axes."))
        extra = x.shape.rank - len(word.replace("...", ""))
        if "..." in word:
            if extra < 0:
                raise ValueError(explain("Ellipses lengths do not match."))
            axes = "".join(free[len(free) - extra :])
            dots = max(dots, axes, key=len)
            letters[i] = word.replace("...", axes)
        elif extra:
            problem = f"Tensor t{i} of rank {x.shape.rank} does not match einsum "
            raise ValueError(explain(f"{problem}reduction of length {len(word)}"))
    if result is None:
        every = "".join(letters)
        once = sorted(c for c in set(every) - set(dots) if every.count(c) == 1)
        return letters, dots + "".join(once)
    return letters, result.replace("...", dots)


def in_letters(x, have, wanted):
    """The axes of a tensor in another order, if it is another."""
    if have == wanted:
        return x
    return transpose(x, [have.index(letter) for letter in wanted])


def product_of_two(x, of_x, y, of_y, later):
    """The product of two tensors, summed over the axes that nobody needs later.

    Args:
      x, y: tensors.
      of_x, of_y: the letters of their axes.
      later: the letters that other tensors or the result have.

    Returns:
      A tensor and the letters of its axes.
    """
    both = sorted(set(of_x) & set(of_y))
    kept = "".join(c for c in both if c in later)
    summed = "".join(c for c in both if c not in later)
    left = "".join(sorted(c for c in of_x if c not in both))
    right = "".join(sorted(c for c in of_y if c not in both))
    x = in_letters(x, of_x, kept + left + summed)
    if not summed:
        y = in_letters(y, of_y, kept + right)
        for _ in right:
            x = expand_dims(x, -1)
        for _ in left:
            y = expand_dims(y, len(kept))
        return multiply(x, y), kept + left + right
    y = in_letters(y, of_y, kept + summed + right)
    sizes, more = sizes_of(x), sizes_of(y)
    front, columns = sizes[: len(kept)], more[len(kept) + len(summed) :]
    rows, inner = sizes[len(kept) : len(kept + left)], sizes[len(kept + left) :]
    x = in_shape(x, [*front, in_all(rows), in_all(inner)])
    y = in_shape(y, [*front, in_all(inner), in_all(columns)])
    product = in_shape(matmul(x, y), [*front, *rows, *columns])
    return product, kept + left + right


def sizes_of(x):
    """The sizes of a tensor, numbers where they are known, else tensors."""
    if x.shape.is_fully_defined():
        return x.shape.as_list()
    found = shape(x)
    return [found[i] if n is None else n for i, n in enumerate(x.shape.sizes)]


def in_all(sizes):
    """The product of sizes, a number if all of them are."""
    return math.prod(sizes) if sizes else 1


def in_shape(x, sizes):
    """Reshaped, unless it has the shape already."""
    known = [None if isinstance(n, Tensor) else n for n in sizes]
    if known == x.shape.as_list() and None not in known:
        return x
    x = reshape(x, sizes)
    x.set_shape(known)
    return x


def matvec(
    a,
    b,
    transpose_a=False,
    adjoint_a=False,
    a_is_sparse=False,
    b_is_sparse=False,
    name=None,
):
    """Matrices times vectors: (..., n, m), (..., m) -> (..., n).

    Args:
      a, b: the matrices and the vectors.
      transpose_a, adjoint_a: turn the matrices round first.
      a_is_sparse, b_is_sparse: of no effect.
      name: the scope of the operations.
    """
    with name_scope(name, "MatVec", [a, b]):
        column = expand_dims(b, -1)
        product = matmul(a, column, transpose_a=transpose_a, adjoint_a=adjoint_a)
        return squeeze(product, axis=[-1])


@op("Cross(a:T, b:T) -> (product:T)", T=ORDERED)
def cross(xp, a, b):
    """The cross product of vectors in space: (..., 3), (..., 3) -> (..., 3)."""
    return xp.cross(a, b)


@cross.shape
def _(op, a, b):
    joined = with_rank_at_least(a, 1).merge_with(b)
    if joined.rank and joined.sizes[-1] not in (None, 3):
        raise ShapeError(f"Dimension must be 3 but is {joined.sizes[-1]}")
    return joined


@cross.gradient
def _(op, dy):
    u, v = op.inputs
    return cross(v, dy), cross(dy, u)
