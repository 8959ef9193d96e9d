"""Arithmetic: sums and products of tensors, of matrices, and along axes.

Where shapes differ, the smaller tensor is stretched to the larger; its blame is summed
back over the axes along which it was stretched. Sum and Tile are each other's blame,
and so are a matrix product and its transposes.
"""

# Generated from book/source/11_math.md: change it there, then `make export`.

import weakref

import numpy as np

from pedagogy_tf.core.dtypes import (
    as_dtype,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    string,
    uint8,
    uint16,
)
from pedagogy_tf.core.errors import InvalidArgumentError
from pedagogy_tf.core.graph import (
    OPERATORS,
    ROWS,
    Tensor,
    colocate_with,
    get_default_graph,
    name_scope,
)
from pedagogy_tf.core.op import (
    ShapeError,
    constant,
    constant_value,
    convert_to_tensor,
    op,
    same,
)
from pedagogy_tf.core.ops.basic import fill, fill_op, rank, reshape, shape, size
from pedagogy_tf.core.shapes import TensorShape, broadcast_sizes

__all__ = [
    "FLOATS",
    "COMPLEX",
    "NUMBERS",
    "PLAIN",
    "stretched",
    "fit",
    "broadcast_gradient_args",
    "once",
    "shadows",
    "sums_back",
    "sum_back",
    "same_known_shape",
    "conj_op",
    "conj",
    "add",
    "add_v2",
    "subtract",
    "multiply",
    "realdiv",
    "negative",
    "sum_op",
    "reduced",
    "nothing_to_sum",
    "known_repeats",
    "kept_shape",
    "reduce_with",
    "chosen",
    "reduce_sum",
    "tile",
    "dynamic_stitch",
    "range_op",
    "range_",
    "cast_op",
    "cast",
    "floor_div",
    "not_by_zero",
    "floormod",
    "maximum",
    "matmul_op",
    "matmul",
    "operator",
    "operate",
    "truediv",
    "floordiv",
]


# Add, multiply, and take it back

FLOATS = (float16, float32, float64)
COMPLEX = (complex64, complex128)
NUMBERS = (*FLOATS, uint8, int8, uint16, int16, int32, int64, *COMPLEX)
PLAIN = (*FLOATS, int32, int64)


def stretched(op, x, y):
    """Shape rule: the shape to which two shapes stretch.

    Raises:
      ShapeError: two sizes that differ and are not 1.
    """
    try:
        return TensorShape(broadcast_sizes(x.sizes, y.sizes))
    except ValueError as error:
        raise ShapeError(str(error)) from None


def fit(xp, x, y):
    """Raise TensorFlow's error if the shapes of two arrays do not stretch to one."""
    try:
        np.broadcast_shapes(np.shape(x), np.shape(y))
    except ValueError:
        shapes = " vs. ".join(str(list(np.shape(a))).replace(" ", "") for a in (x, y))
        raise InvalidArgumentError(
            None, None, f"Incompatible shapes: {shapes}"
        ) from None


@op("BroadcastGradientArgs(s0:T=int32, s1:T=int32) -> (r0:T, r1:T)", T=(int32, int64))
def broadcast_gradient_args(xp, s0, s1):
    """The axes over which blame is summed, for two shapes that met."""
    sizes = np.ones((2, max(len(s0), len(s1))), np.asarray(s0).dtype)
    sizes[0, sizes.shape[1] - len(s0) :] = s0
    sizes[1, sizes.shape[1] - len(s1) :] = s1
    stretched = (sizes == 1) & (not np.array_equal(*sizes) or len(s0) != len(s1))
    return [np.nonzero(row)[0].astype(sizes.dtype) for row in stretched]


broadcast_gradient_args.shape(lambda op, s0, s1: [TensorShape([None])] * 2)
broadcast_gradient_args.gradient(None)

_remembered = weakref.WeakKeyDictionary()  # graph -> what its rules need only once


def once(key, make):
    """What `make()` gives; for the same key and graph it is asked only once."""
    found = _remembered.setdefault(get_default_graph(), {})
    if key not in found:
        found[key] = make()
    return found[key]


def shadows(x, y, dz):
    """Two functions that bring blame for a stretched x and y back to their shapes.

    Where all shapes are known, only the axes that need it are summed.
    """
    if not (x.shape.is_fully_defined() and y.shape.is_fully_defined()):
        return sums_back(shape(x, optimize=False), shape(y, optimize=False))

    def axes():
        return [
            tuple(constant_value(r).tolist()) for r in broadcast_gradient_args(*key[1:])
        ]

    key = ("shadows", x.shape.sizes, y.shape.sizes)
    return [
        (lambda d: d) if sizes == dz.shape.sizes else sum_back(axes, sizes)
        for sizes, axes in zip(key[1:], once(key, axes), strict=True)
    ]


def sums_back(sx, sy):
    """`shadows` where only the run knows the shapes."""
    return [
        sum_back(axes, s) for axes, s in zip(broadcast_gradient_args(sx, sy), (sx, sy))
    ]


def sum_back(axes, sizes):
    """A function that sums blame over `axes`, in the shape `sizes`."""
    return lambda d: reshape(reduce_sum(d, axes), sizes)


def same_known_shape(*tensors):
    """Whether all have one shape that is known: nothing was stretched."""
    first = tensors[0].shape
    return first.is_fully_defined() and all(
        t.shape.sizes == first.sizes for t in tensors
    )


@op("Conj(input:T) -> (output:T)", T=COMPLEX)
def conj_op(xp, input):
    """The complex conjugate."""
    return xp.conj(input)


conj_op.shape(same)
conj_op.gradient(lambda op, dy: conj(dy))


def conj(x, name=None):
    """The complex conjugate of x; of real numbers, x itself."""
    x = convert_to_tensor(x, name="x")
    return conj_op(x, name=name) if x.dtype.is_complex else x


@op("Add(x:T, y:T) -> (z:T)", T=(*NUMBERS, string))
def add(xp, x, y):
    """x + y, element by element; strings are joined."""
    fit(xp, x, y)
    return x + y


@op("AddV2(x:T, y:T) -> (z:T)", T=NUMBERS)
def add_v2(xp, x, y):
    """x + y, element by element."""
    fit(xp, x, y)
    return x + y


@add.gradient
@add_v2.gradient
def _(op, dz):
    x, y = op.inputs
    if same_known_shape(x, y, dz):
        return dz, dz
    to_x, to_y = shadows(x, y, dz)
    return to_x(dz), to_y(dz)


@op("Sub(x:T, y:T) -> (z:T)", T=NUMBERS)
def subtract(xp, x, y):
    """x - y, element by element."""
    fit(xp, x, y)
    return x - y


@subtract.gradient
def _(op, dz):
    x, y = op.inputs
    if same_known_shape(x, y, dz):
        return dz, -dz
    to_x, to_y = shadows(x, y, dz)
    return to_x(dz), to_y(-dz)


@op("Mul(x:T, y:T) -> (z:T)", T=NUMBERS)
def multiply(xp, x, y):
    """x * y, element by element."""
    fit(xp, x, y)
    return x * y


@multiply.gradient
def _(op, dz):
    x, y = op.inputs
    if same_known_shape(x, y, dz) and dz.dtype in (int32, float32):
        return multiply(dz, y), multiply(dz, x)
    to_x, to_y = shadows(x, y, dz)
    x, y = conj(x), conj(y)
    return to_x(multiply(dz, y)), to_y(multiply(x, dz))


@op("RealDiv(x:T, y:T) -> (z:T)", T=NUMBERS)
def realdiv(xp, x, y):
    """x / y, element by element."""
    fit(xp, x, y)
    return x / y


@realdiv.gradient
def _(op, dz):
    x, y = op.inputs
    to_x, to_y = sums_back(shape(x), shape(y))
    x, y = conj(x), conj(y)
    return to_x(realdiv(dz, y)), to_y(dz * realdiv(realdiv(-x, y), y))


@op("Neg(x:T) -> (y:T)", T=(*PLAIN, *COMPLEX))
def negative(xp, x):
    """-x."""
    return -x


negative.gradient(lambda op, dy: -dy)


@op("Sum(input:T, reduction_indices:Tidx=int32) -> (output:T)")
def sum_op(xp, input, reduction_indices, *, keep_dims=False):
    """The sum over some axes; with `keep_dims` they stay, with size 1."""
    axes = tuple(np.ravel(reduction_indices).tolist())
    return xp.sum(input, axis=axes, dtype=input.dtype, keepdims=keep_dims)


@sum_op.shape
def reduced(op, x, axes):
    """Shape rule: without some axes, or with size 1 in their place."""
    chosen, keep = op.constant(1), op.get_attr("keep_dims")
    if x.rank is None:
        return TensorShape(None)
    if chosen is None:
        return TensorShape([None] * x.rank if keep else None)
    chosen = [int(i) for i in np.ravel(chosen)]
    for i in chosen:
        if not -x.rank <= i < x.rank:
            raise ShapeError(
                f"Invalid reduction dimension {i} for input with {x.rank} dimensions."
            )
    chosen = {i % x.rank for i in chosen}
    sizes = [1 if i in chosen else n for i, n in enumerate(x.sizes)]
    return TensorShape([n for i, n in enumerate(sizes) if keep or i not in chosen])


@sum_op.shortcut
def nothing_to_sum(op, x, axes):
    """Shortcut rule: a reduction over no axes gives its input."""
    return 0 if op.constant(1) is not None and np.size(op.constant(1)) == 0 else None


@sum_op.gradient
def _(op, dy):
    x, axes = op.inputs
    chosen = constant_value(axes)
    if x.shape.rank is not None and chosen is not None:
        if np.array_equal(chosen, np.arange(x.shape.rank)):
            dy = reshape(dy, [1] * x.shape.rank)
            if x.shape.is_fully_defined():
                return tile(dy, constant(x.shape.as_list(), int32)), None
            return tile(dy, shape(x)), None
        if x.shape.is_fully_defined():
            key = ("sum", x.shape.sizes, tuple(np.ravel(chosen).tolist()))
            kept, repeats = once(key, lambda: known_repeats(*key[1:]))
            return tile(reshape(dy, kept), repeats), None
    sizes = shape(x)
    with colocate_with(sizes):
        kept = kept_shape(sizes, axes)
        repeats = sizes // maximum(kept, 1)
    return tile(reshape(dy, kept), repeats), None


def known_repeats(sizes, axes):
    """The sizes with 1 for the summed axes, and how often each is repeated."""
    kept = tuple(constant_value(kept_shape(sizes, axes)).tolist())
    repeats = operate("floordiv", sizes, maximum(kept, 1))
    return kept, tuple(constant_value(repeats).tolist())


def kept_shape(sizes, axes):
    """The shape `sizes` with 1 in the place of each of `axes`, as a tensor."""
    sizes, axes = cast(sizes, int32), cast(axes, int32)
    rank = size(sizes)
    axes = (axes + rank) % rank
    return dynamic_stitch([range_(rank), axes], [sizes, fill(shape(axes), 1)])


def reduce_with(row, x, axis, keepdims, name):
    """Apply the row of a reduction; without an axis, over all of them."""
    x = convert_to_tensor(x)
    chosen = axis
    if axis is None:
        known = x.shape.rank
        chosen = (
            constant(np.arange(known), int32)
            if known is not None
            else range_(0, rank(x))
        )
    result = row(x, chosen, keep_dims=bool(keepdims), name=name)
    if axis is None and not keepdims:
        result.set_shape([])
    return result


def chosen(new, new_value, old, old_value):
    """The value of an argument that has an old name as well."""
    if old_value is None:
        return new_value
    if new_value is not None:
        raise ValueError(f"Cannot specify both '{new}' and '{old}'")
    return old_value


def reduce_sum(
    input_tensor,
    axis=None,
    keepdims=None,
    name=None,
    reduction_indices=None,
    keep_dims=None,
):
    """The sum over the axes `axis`; over all of them unless given."""
    axis = chosen("axis", axis, "reduction_indices", reduction_indices)
    keepdims = chosen("keepdims", keepdims, "keep_dims", keep_dims)
    return reduce_with(sum_op, input_tensor, axis, keepdims, name)


@op("Tile(input:T, multiples:Tmultiples=int32) -> (output:T)")
def tile(xp, input, multiples):
    """The tensor repeated `multiples[i]` times along axis i."""
    return xp.tile(input, tuple(int(n) for n in multiples))


@tile.shape
def _(op, x, multiples):
    times = op.sizes(1)
    if x.rank is None and times.rank is None:
        return x
    rank = times.rank if x.rank is None else x.rank
    if x.rank is None or times.rank is None:
        return TensorShape([None] * rank)
    pairs = zip(x.sizes, times.sizes, strict=True)
    return TensorShape([None if None in (n, m) else n * m for n, m in pairs])


@tile.gradient
def _(op, dy):
    x, multiples = op.inputs
    pairs = ROWS["Pack"]([multiples, shape(x)], name="stack")
    sizes = reshape(ROWS["Transpose"](pairs, [1, 0], name="transpose"), [-1])
    dx = reduce_sum(reshape(dy, sizes), range_(0, size(sizes), 2))
    return dx, None


@op("DynamicStitch(indices:N*int32, data:N*T) -> (merged:T)")
def dynamic_stitch(xp, indices, data):
    """Rows put where indices say: merged[indices[k][i]] = data[k][i], later ones win."""
    count = max(int(np.max(i, initial=-1)) for i in indices) + 1
    rest = np.shape(data[0])[np.ndim(indices[0]) :]
    merged = xp.zeros((count, *rest), np.asarray(data[0]).dtype)
    for i, d in zip(indices, data, strict=True):
        merged[i] = d
    return merged


@dynamic_stitch.shape
def _(op, *shapes):
    count = len(shapes) // 2
    known = [op.constant(i) for i in range(count)]
    rest = TensorShape(None)
    for i, d in zip(shapes[:count], shapes[count:], strict=True):
        if i.rank is not None and d.rank is not None:
            rest = rest.merge_with(d[i.rank :])
    if any(k is None for k in known):
        return TensorShape([None]).concatenate(rest)
    last = max(int(np.max(k, initial=-1)) for k in known)
    return TensorShape([last + 1]).concatenate(rest)


@op("Range(start:Tidx=int32, limit:Tidx=int32, delta:Tidx=int32) -> (output:Tidx)")
def range_op(xp, start, limit, delta):
    """start, start + delta, ... before limit."""
    return xp.arange(start, limit, delta, dtype=start.dtype)


@range_op.shape
def _(op, start, limit, delta):
    values = [op.constant(i) for i in range(3)]
    if any(v is None for v in values):
        return TensorShape([None])
    return TensorShape([len(np.arange(*values))])


range_op.gradient(None)


def range_(start, limit=None, delta=1, dtype=None, name="range"):
    """`tf.range`: start, start + delta, ... before limit; from 0 if one number is given."""
    if limit is None:
        start, limit = 0, start
    with name_scope(name, "Range", [start, limit, delta]) as name:
        given = (("start", start), ("limit", limit), ("delta", delta))
        values = [convert_to_tensor(v, dtype, name=n) for n, v in given]
        if dtype is None:
            order = (int32, int64, float32, float64)
            dtype = max((v.dtype for v in values), key=order.index)
            values = [cast(v, dtype) for v in values]
        return range_op(*values, name=name)


@op("Cast(x:SrcT) -> (y:DstT)")
def cast_op(xp, x, *, DstT, Truncate=False):
    """The same numbers in another dtype; floats lose their fraction in integers."""
    return xp.asarray(x).astype(DstT.as_numpy_dtype)


cast_op.shape(same)


@cast_op.gradient
def _(op, dy):
    wanted = op.inputs[0].dtype.base_dtype
    real = wanted.is_floating or wanted.is_complex
    return (
        cast(dy, wanted)
        if real and (dy.dtype.is_floating or dy.dtype.is_complex)
        else None
    )


def cast(x, dtype, name=None):
    """The same numbers as `dtype`; floats lose their fraction in integers."""
    dtype = as_dtype(dtype).base_dtype
    if isinstance(x, Tensor) and x.dtype == dtype:
        return x
    with name_scope(name, "Cast", [x]) as name:
        x = convert_to_tensor(x, name="x")
        return x if x.dtype.base_dtype == dtype else cast_op(x, dtype, name=name)


@op("FloorDiv(x:T, y:T) -> (z:T)", T=NUMBERS)
def floor_div(xp, x, y):
    """x / y, rounded down."""
    fit(xp, x, y)
    if np.asarray(y).dtype.kind in "iu":
        not_by_zero(xp, y)
        return x // y
    return xp.floor(x / y)


floor_div.gradient(lambda op, dz: (None, None))


def not_by_zero(xp, y):
    """Raise TensorFlow's error if there is a zero among integers."""
    if not xp.all(y):
        raise InvalidArgumentError(None, None, "Integer division by zero")


@op("FloorMod(x:T, y:T) -> (z:T)", T=(int32, int64, *FLOATS))
def floormod(xp, x, y):
    """What x // y leaves; it has the sign of y."""
    fit(xp, x, y)
    if np.asarray(y).dtype.kind in "iu":
        not_by_zero(xp, y)
    return xp.mod(x, y)


@floormod.gradient
def _(op, dz):
    x, y = op.inputs
    to_x, to_y = sums_back(shape(x), shape(y))
    whole = floor_div(x, y)
    return to_x(dz), to_y(dz * negative(whole))


@op("Maximum(x:T, y:T) -> (z:T)", T=PLAIN)
def maximum(xp, x, y):
    """The larger of x and y."""
    fit(xp, x, y)
    return xp.maximum(x, y)


@op("MatMul(a:T, b:T) -> (product:T)", T=(*PLAIN, *COMPLEX))
def matmul_op(xp, a, b, *, transpose_a=False, transpose_b=False):
    """The matrix product of a (n, k) and b (k, m)."""
    return xp.matmul(a.T if transpose_a else a, b.T if transpose_b else b)


@matmul_op.shape
def _(op, a, b):
    a, b = a.with_rank(2), b.with_rank(2)
    n, k = a.sizes[::-1] if op.get_attr("transpose_a") else a.sizes
    l, m = b.sizes[::-1] if op.get_attr("transpose_b") else b.sizes
    if None not in (k, l) and k != l:
        raise ShapeError(f"Dimensions must be equal, but are {k} and {l}")
    return TensorShape([n, m])


@matmul_op.gradient
def _(op, dc):
    a, b = conj(op.inputs[0]), conj(op.inputs[1])
    ta, tb = op.get_attr("transpose_a"), op.get_attr("transpose_b")
    da = matmul_op(b, dc, tb, True) if ta else matmul_op(dc, b, False, not tb)
    db = matmul_op(dc, a, True, ta) if tb else matmul_op(a, dc, not ta, False)
    return da, db


def matmul(a, b, transpose_a=False, transpose_b=False, name=None):
    """The matrix product of a (n, k) and b (k, m)."""
    with name_scope(name, "MatMul", [a, b]) as name:
        a, b = convert_to_tensor(a, name="a"), convert_to_tensor(b, name="b")
        return matmul_op(a, b, transpose_a, transpose_b, name=name)


for _row in (add, add_v2, subtract, multiply, realdiv, floor_div, floormod, maximum):
    _row.shape(stretched)
negative.shape(same)


@fill_op.gradient
def _(op, dy):
    return None, reduce_sum(dy)


def operator(name, function):
    """Make `function` what a Python operator does with tensors."""

    def apply(x, y):
        with name_scope(None, name, [x, y]) as scope:
            if isinstance(x, Tensor):
                if not isinstance(y, Tensor):
                    y = convert_to_tensor(y, dtype_hint=x.dtype.base_dtype, name="y")
            else:
                x = convert_to_tensor(x, y.dtype.base_dtype, name="x")
            return function(x, y, name=scope)

    OPERATORS[name] = apply


def operate(name, x, y):
    """x (operator) y, where neither need be a tensor of ours."""
    return OPERATORS[name](x, y)


def truediv(x, y, name=None):
    """x / y."""
    with name_scope(name, "truediv", [x, y]) as name:
        return realdiv(x, y, name=name)


def floordiv(x, y, name=None):
    """x / y, rounded down."""
    with name_scope(name, "floordiv", [x, y]) as name:
        return floor_div(x, y, name=name)


operator("add", add_v2)
operator("sub", subtract)
operator("mul", multiply)
operator("truediv", truediv)
operator("floordiv", floordiv)
operator("mod", floormod)
operator("matmul", matmul)
OPERATORS["neg"] = negative
