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
    float16,
    float32,
    float64,
    int32,
    int64,
    string,
)
from pedagogy_tf.core.graph import (
    OPERATORS,
    ROWS,
    Tensor,
    colocate_with,
    control_dependencies,
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
from pedagogy_tf.core.ops.basic import (
    IndexedSlices,
    add_n_op,
    fill,
    fill_op,
    identity,
    ones_like,
    rank,
    reshape,
    shape,
    size,
    zeros,
    zeros_like,
)
from pedagogy_tf.core.shapes import (
    TensorShape,
    as_shape,
    broadcast_sizes,
    in_brackets,
    unknown_shape,
)

__all__ = [
    "dtypes",
    "FLOATS",
    "COMPLEX",
    "REAL",
    "SIGNED",
    "NUMBERS",
    "stretched",
    "of_rank",
    "unfit",
    "broadcasting",
    "add",
    "add_v2",
    "sum_op",
    "reduced",
    "over_nothing",
    "no_axis",
    "reduce_with",
    "newer",
    "all_axes",
    "reduce_sum",
    "broadcast_gradient_args",
    "sums_back",
    "sum_back",
    "shadows",
    "keep",
    "constant_tuple",
    "once",
    "all_known_and_equal",
    "subtract",
    "negative",
    "multiply",
    "conj_op",
    "conj",
    "realdiv",
    "operator",
    "add_or_join",
    "cast_op",
    "cast",
    "cast_to",
    "to_float",
    "to_double",
    "to_int32",
    "to_int64",
    "to_complex64",
    "to_complex128",
    "floor_div",
    "floormod",
    "truncatediv",
    "truncatemod",
    "not_zero",
    "QUOTIENTS",
    "truediv",
    "of_one_dtype",
    "divide",
    "div",
    "floordiv",
    "mod",
    "tile",
    "tile_all",
    "range_op",
    "range_length",
    "WIDTHS",
    "range_",
    "dynamic_stitch",
    "maximum",
    "minimum",
    "saturate_cast",
    "kept_shape",
    "known_repeats",
    "matmul_op",
    "turned",
    "summed",
    "products",
    "batch_matmul_op",
    "adjoint",
    "matmul",
    "only_one",
    "abs_op",
    "abs_",
    "sign",
    "square",
    "squared_difference",
    "scalar_mul",
    "div_no_nan_op",
    "div_no_nan",
    "pow_op",
    "pow_",
    "winner_takes_all",
    "accumulate_n_op",
    "accumulate_n",
]


## Types of numbers


def dtypes(names):
    """Several DTypes by name."""
    return tuple(as_dtype(name) for name in names.split())


FLOATS = dtypes("bfloat16 float16 float32 float64")
COMPLEX = dtypes("complex64 complex128")
REAL = (*FLOATS, int32, int64)
SIGNED = (*REAL, *COMPLEX)
NUMBERS = (*FLOATS, *dtypes("uint8 int8 uint16 int16"), int32, int64, *COMPLEX)


## Two shapes that meet


def stretched(op, x, y):
    """Shape rule: the shape to which two shapes stretch.

    Raises:
      ShapeError: two sizes that differ and are not 1.
    """
    try:
        return TensorShape(broadcast_sizes(x.sizes, y.sizes))
    except ValueError as error:
        raise ShapeError(str(error)) from None


def of_rank(shape, rank, where=""):
    """A shape that must have so many axes; for shape rules.

    Raises:
      ShapeError: if it has more or fewer.
    """
    if shape.rank not in (None, rank):
        raise ShapeError(f"Shape must be rank {rank} but is rank {shape.rank}{where}")
    return shape.with_rank(rank)


def unfit(x, y):
    """Complaint: two arrays do not stretch to one shape; None if they do."""
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return f"Incompatible shapes: {in_brackets(x.shape)} vs. {in_brackets(y.shape)}"


def broadcasting(*rows):
    """Give rows of two inputs the shape rule of broadcasting, and its complaint."""
    for row in rows:
        row.shape(stretched)
        row.complaint(unfit)


@op("Add(x:T, y:T) -> (z:T)", T=(*(t for t in NUMBERS if t != "uint16"), string))
def add(xp, x, y):
    """x + y, element by element; strings are joined."""
    return x + y


@op("AddV2(x:T, y:T) -> (z:T)", T=tuple(t for t in NUMBERS if t != "uint16"))
def add_v2(xp, x, y):
    """x + y, element by element; what the operator `+` makes of tensors."""
    return x + y


broadcasting(add, add_v2)


## Sum


@op(
    "Sum(input:T, reduction_indices:Tidx=int32) -> (output:T)",
    T=dtypes(
        "float32 float64 int32 uint8 int16 int8 complex64 int64 qint8 quint8 qint32 "
        "bfloat16 uint16 complex128 float16 uint32 uint64"
    ),
    Tidx=(int32, int64),
)
def sum_op(xp, input, reduction_indices, *, keep_dims=False):
    """The sum over some axes; with `keep_dims` they stay, with size 1."""
    axes = tuple(np.unique(reduction_indices).tolist())
    return xp.sum(input, axis=axes, dtype=input.dtype, keepdims=keep_dims)


@sum_op.shape
def reduced(op, x, axes):
    """Shape rule of reductions: without some axes, or with size 1 in their place."""
    chosen, keep = op.constant(1), op.get_attr("keep_dims")
    if x.rank is None or chosen is None:
        return unknown_shape(x.rank if keep else None)
    for i in np.ravel(chosen):
        if not -x.rank <= i < x.rank:
            raise ShapeError(
                f"Invalid reduction dimension {i} for input with {x.rank} dimensions."
            )
    gone = {int(i) % x.rank for i in np.ravel(chosen)}
    sizes = [1 if i in gone else n for i, n in enumerate(x.sizes)]
    return TensorShape([n for i, n in enumerate(sizes) if keep or i not in gone])


@sum_op.shortcut
def over_nothing(op, x, axes):
    """Shortcut rule of reductions: over no axes, the result is the input."""
    axes = op.constant(1)
    return 0 if axes is not None and axes.size == 0 else None


@sum_op.complaint
def no_axis(input, reduction_indices):
    """Complaint of reductions: there is no such axis."""
    for i in np.ravel(reduction_indices):
        if not -input.ndim <= i < input.ndim:
            return (
                f"Invalid reduction dimension ({i} for input with {input.ndim} "
                "dimension(s)"
            )


def reduce_with(row, x, axis, keepdims, name, reduction_indices=None, keep_dims=None):
    """What all `tf.reduce_...` do: apply the row of a reduction.

    Args:
      row: the reduction, with an input for the axes and an attribute `keep_dims`.
      x: what is reduced.
      axis: an axis, or a list of axes; all of them unless given.
      keepdims: whether the axes stay, with size 1.
      name: the name of the operation.
      reduction_indices, keep_dims: the old names of axis and keepdims.
    """
    axis = newer("axis", axis, "reduction_indices", reduction_indices)
    keepdims = newer("keepdims", keepdims, "keep_dims", keep_dims)
    axes = all_axes(x) if axis is None else axis
    result = row(x, axes, bool(keepdims), name=name)
    if axis is None and not keepdims:
        result.set_shape([])
    return result


def newer(name, value, old_name, old_value):
    """The value of an argument that may be given by its old name.

    Raises:
      ValueError: if it is given by both.
    """
    if None not in (value, old_value):
        raise ValueError(f"Cannot specify both '{old_name}' and '{name}'")
    return old_value if value is None else value


def all_axes(x):
    """The numbers of all axes of x, as a tensor."""
    if isinstance(x, Tensor) and x.shape.rank is not None:
        return constant(np.arange(x.shape.rank), int32)
    return range_(0, rank(x))


def reduce_sum(
    input_tensor,
    axis=None,
    keepdims=None,
    name=None,
    reduction_indices=None,
    keep_dims=None,
):
    """The sum over an axis or a list of axes; over all of them unless given."""
    return reduce_with(
        sum_op, input_tensor, axis, keepdims, name, reduction_indices, keep_dims
    )


## The shadow


@op("BroadcastGradientArgs(s0:T=int32, s1:T=int32) -> (r0:T, r1:T)", T=(int32, int64))
def broadcast_gradient_args(xp, s0, s1):
    """For two shapes that met, the axes over which the blame for each is summed."""
    rank = max(len(s0), len(s1))
    sizes = np.array([[1] * (rank - len(s)) + list(s) for s in (s0, s1)], s0.dtype)
    if np.array_equal(s0, s1):
        return [np.zeros(0, s0.dtype)] * 2
    return [np.flatnonzero(row == 1).astype(s0.dtype) for row in sizes]


broadcast_gradient_args.shape(lambda op, s0, s1: [TensorShape([None])] * 2)
broadcast_gradient_args.gradient(None)


def sums_back(sx, sy):
    """Two functions that bring blame for x + y back to the shapes sx and sy."""
    axes = broadcast_gradient_args(sx, sy)
    return [sum_back(a, s) for a, s in zip(axes, (sx, sy), strict=True)]


def sum_back(axes, sizes):
    """A function that sums blame over axes, and gives it a shape."""
    return lambda blame: reshape(reduce_sum(blame, axes), sizes)


def shadows(x, y, dz):
    """`sums_back` for two tensors; where shapes are known, no more than is needed."""
    if isinstance(dz, IndexedSlices):
        return sums_back(shape(x), shape(y))
    if not (x.shape.is_fully_defined() and y.shape.is_fully_defined()):
        return sums_back(shape(x, optimize=False), shape(y, optimize=False))
    sizes = x.shape.sizes, y.shape.sizes

    def axes():
        return [constant_tuple(r) for r in broadcast_gradient_args(*sizes)]

    pairs = zip(once(("shadows", sizes), axes), sizes, strict=True)
    return [keep if s == dz.shape.sizes else sum_back(a, s) for a, s in pairs]


def keep(blame):
    """Blame that has the right shape already."""
    return blame


def constant_tuple(tensor):
    """The value of a vector that is known while the graph is written, as a tuple."""
    return tuple(constant_value(tensor).tolist())


_made = weakref.WeakKeyDictionary()  # graph -> what its gradient rules made only once


def once(key, make):
    """What `make()` returns; for the same key and graph, it is called only once."""
    found = _made.setdefault(get_default_graph(), {})
    if key not in found:
        found[key] = make()
    return found[key]


def all_known_and_equal(*tensors):
    """Whether tensors have one shape, known while the graph is written."""
    first = tensors[0].shape
    return first.is_fully_defined() and all(
        t.shape.sizes == first.sizes for t in tensors
    )


@add.gradient
@add_v2.gradient
def _(op, dz):
    x, y = op.inputs
    if all_known_and_equal(x, y, dz):
        return dz, dz
    to_x, to_y = shadows(x, y, dz)
    return to_x(dz), to_y(dz)


## The other three


@op("Sub(x:T, y:T) -> (z:T)", T=NUMBERS)
def subtract(xp, x, y):
    """x - y, element by element."""
    return x - y


@subtract.gradient
def _(op, dz):
    x, y = op.inputs
    if all_known_and_equal(x, y, dz):
        return dz, -dz
    to_x, to_y = shadows(x, y, dz)
    return to_x(dz), to_y(-dz)


@op("Neg(x:T) -> (y:T)", T=SIGNED)
def negative(xp, x):
    """-x."""
    return -x


negative.shape(same)


@negative.gradient
def _(op, dy):
    return -dy


@op("Mul(x:T, y:T) -> (z:T)", T=NUMBERS)
def multiply(xp, x, y):
    """x * y, element by element."""
    return x * y


@multiply.gradient
def _(op, dz):
    x, y = op.inputs
    if all_known_and_equal(x, y, dz) and dz.dtype in (int32, float32):
        return multiply(dz, y), multiply(dz, x)
    to_x, to_y = shadows(x, y, dz)
    x, y = conj(x), conj(y)
    return to_x(multiply(dz, y)), to_y(multiply(x, dz))


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


@op("RealDiv(x:T, y:T) -> (z:T)", T=NUMBERS)
def realdiv(xp, x, y):
    """x / y, element by element, for numbers with a fraction."""
    return x / y


@realdiv.gradient
def _(op, dz):
    to_x, to_y = sums_back(*map(shape, op.inputs))
    x, y = map(conj, op.inputs)
    return to_x(realdiv(dz, y)), to_y(dz * realdiv(realdiv(-x, y), y))


broadcasting(subtract, multiply, realdiv)


## Operators


def operator(name, function):
    """Let a Python operator on tensors call `function`, under the operator's name."""

    def apply(x, y):
        with name_scope(None, name, [x, y]) as scope:
            if not isinstance(x, Tensor):
                x = convert_to_tensor(x, y.dtype.base_dtype, name="x")
            elif not isinstance(y, Tensor):
                try:
                    hint = x.dtype.base_dtype
                    y = convert_to_tensor(y, dtype_hint=hint, name="y")
                except TypeError:
                    if hasattr(y, f"__r{name}__"):
                        return NotImplemented  # perhaps y knows what to do
                    raise
            return function(x, y, name=scope)

    OPERATORS[name] = apply


def add_or_join(x, y, name):
    """x + y: numbers are added, strings are joined."""
    return (add if x.dtype == string else add_v2)(x, y, name=name)


operator("add", add_or_join)
operator("sub", subtract)
operator("mul", multiply)
OPERATORS["neg"] = negative


## Whole numbers


@op("Cast(x:SrcT) -> (y:DstT)")
def cast_op(xp, x, *, DstT, Truncate=False):
    """The same numbers in another dtype; a fraction is dropped where none can be."""
    if x.dtype.kind == "c" and not DstT.is_complex:
        x = x.real
    return x.astype(DstT.as_numpy_dtype)


cast_op.shape(same)


@cast_op.gradient
def _(op, dy):
    own, given = op.inputs[0].dtype.base_dtype, dy.dtype.base_dtype
    smooth = {own, given} <= {*FLOATS, *COMPLEX}
    return cast(dy, own) if smooth else None


def cast(x, dtype, name=None):
    """The same numbers as `dtype`; x itself, if that is its dtype."""
    dtype = as_dtype(dtype).base_dtype
    if isinstance(x, Tensor) and x.dtype == dtype:
        return x
    with name_scope(name, "Cast", [x]) as name:
        if isinstance(x, IndexedSlices):
            return IndexedSlices(cast(x.values, dtype), x.indices, x.dense_shape)
        x = convert_to_tensor(x, name="x")
        return x if x.dtype.base_dtype == dtype else cast_op(x, dtype, name=name)


def cast_to(dtype, name):
    """A function that casts to one dtype, such as `tf.to_float`: `f(x, name)`."""

    def function(x, name=name):
        return cast(x, dtype, name=name)

    return function


to_float = cast_to("float32", "ToFloat")
to_double = cast_to("float64", "ToDouble")
to_int32 = cast_to("int32", "ToInt32")
to_int64 = cast_to("int64", "ToInt64")
to_complex64 = cast_to("complex64", "ToComplex64")
to_complex128 = cast_to("complex128", "ToComplex128")


@op("FloorDiv(x:T, y:T) -> (z:T)", T=NUMBERS)
def floor_div(xp, x, y):
    """x / y, rounded down."""
    return x // not_zero(xp, x, y) if y.dtype.kind in "iu" else xp.floor(x / y)


@op("FloorMod(x:T, y:T) -> (z:T)", T=(int32, int64, *FLOATS))
def floormod(xp, x, y):
    """What x // y leaves of x; it has the sign of y."""
    if y.dtype.kind in "iu":
        return x % not_zero(xp, x, y)
    rest = xp.fmod(x, y)
    return xp.where((rest != 0) & ((rest < 0) != (y < 0)), rest + y, rest)


@op("TruncateDiv(x:T, y:T) -> (z:T)", T=NUMBERS)
def truncatediv(xp, x, y):
    """x / y, rounded towards zero."""
    if y.dtype.kind not in "iu":
        return xp.trunc(x / y)
    down = x // not_zero(xp, x, y)
    return down + ((down < 0) & (down * y != x))


@op("TruncateMod(x:T, y:T) -> (z:T)", T=(int32, int64, *FLOATS))
def truncatemod(xp, x, y):
    """What a division rounded towards zero leaves of x; it has the sign of x."""
    return xp.fmod(x, not_zero(xp, x, y) if y.dtype.kind in "iu" else y)


def not_zero(xp, x, y):
    """y, if there is no zero in it, or nothing to divide.

    Raises:
      ValueError: in TensorFlow's words.
    """
    if x.size and not xp.all(y):
        raise ValueError("Integer division by zero")
    return y


broadcasting(floor_div, floormod, truncatediv, truncatemod)
floor_div.gradient(lambda op, dz: (None, None))
truncatediv.gradient(lambda op, dz: (None, None))


@floormod.gradient
def _(op, dz):
    to_x, to_y = sums_back(*map(shape, op.inputs))
    whole = floor_div(*op.inputs)
    return to_x(dz), to_y(dz * negative(whole))


truncatemod.gradient(None)

QUOTIENTS = {
    **dict.fromkeys(dtypes("uint8 int8 uint16 int16"), float32),
    **dict.fromkeys((int32, int64), float64),
    **{t: t for t in (*FLOATS, *COMPLEX)},
}


def truediv(x, y, name=None):
    """x / y with its fraction.

    Whole numbers are divided as float64, or as float32 if they have 8 or 16 bits.

    Raises:
      TypeError: if the dtypes differ, or are no numbers.
    """
    with name_scope(name, "truediv", [x, y]) as name:
        x, y = of_one_dtype(x, y)
        if x.dtype.base_dtype not in QUOTIENTS:
            raise TypeError(f"Invalid dtype {x.dtype.base_dtype!r} in __truediv__")
        dtype = QUOTIENTS[x.dtype.base_dtype]
        return realdiv(cast(x, dtype), cast(y, dtype), name=name)


def of_one_dtype(x, y, dtype=None):
    """Two values as tensors, which must have one dtype."""
    x = convert_to_tensor(x, name="x")
    y = convert_to_tensor(y, dtype and x.dtype.base_dtype, name="y")
    if x.dtype.base_dtype != y.dtype.base_dtype:
        raise TypeError(
            f"x and y must have the same dtype, got {x.dtype.base_dtype!r} != "
            f"{y.dtype.base_dtype!r}"
        )
    return x, y


def divide(x, y, name=None):
    """x / y, as Python divides; of two numbers, a number."""
    return x / y if name is None else truediv(x, y, name)


def div(x, y, name=None):
    """x / y as Python 2 divided: whole numbers give whole numbers, rounded down."""
    with name_scope(name, "div", [x, y]) as name:
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, x.dtype.base_dtype, name="y")
        whole = not (x.dtype.is_floating or x.dtype.is_complex)
        return (floor_div if whole else realdiv)(x, y, name=name)


def floordiv(x, y, name=None):
    """x / y, rounded down."""
    with name_scope(name, "floordiv", [x, y]) as name:
        return floor_div(x, y, name=name)


mod = floormod
operator("div", div)
operator("truediv", truediv)
operator("floordiv", floordiv)
operator("mod", floormod)


## Sum and Tile


@op(
    "Tile(input:T, multiples:Tmultiples=int32) -> (output:T)", Tmultiples=(int32, int64)
)
def tile(xp, input, multiples):
    """The tensor repeated `multiples[i]` times along axis i."""
    if len(multiples) != np.ndim(input):
        raise ValueError(
            "Expected multiples argument to be a vector of length "
            f"{np.ndim(input)} but got length {len(multiples)}"
        )
    return xp.tile(input, tuple(multiples.tolist()))


@tile.complaint
def _(input, multiples):
    for i, n in enumerate(multiples):
        if n < 0:
            return f"Expected multiples[{i}] >= 0, but got {n}"


@tile.shape
def _(op, x, multiples):
    (count,) = of_rank(multiples, 1).sizes
    if x.rank is None or count is None:
        return unknown_shape(count if x.rank is None else x.rank)
    times = of_rank(unknown_shape(count), x.rank) and op.sizes(1)
    pairs = zip(x.sizes, times.sizes, strict=True)
    return TensorShape([None if None in (n, m) else n * m for n, m in pairs])


def tile_all(dy, x):
    """The blame for each element of x, of which only the sum was used."""
    dy = reshape(dy, [1] * x.shape.rank)
    sizes = x.shape
    return tile(
        dy, constant(sizes.as_list(), int32) if sizes.is_fully_defined() else shape(x)
    )


@op(
    "Range(start:Tidx=int32, limit:Tidx=int32, delta:Tidx=int32) -> (output:Tidx)",
    Tidx=dtypes("bfloat16 float32 float64 int32 int64"),
)
def range_op(xp, start, limit, delta):
    """start, start + delta, ... as long as limit is not reached."""
    steps = xp.full(range_length(start, limit, delta), delta, start.dtype)
    return xp.cumsum(
        xp.concatenate([xp.reshape(start, 1), steps])[:-1], dtype=start.dtype
    )


def range_length(start, limit, delta):
    """How many numbers `range_op` gives.

    Raises:
      ShapeError: in TensorFlow's words, if it would never end.
    """
    if delta == 0:
        raise ShapeError("Requires delta != 0")
    if (limit - start) * np.sign(delta) < 0:
        sign, side = ("<=", ">") if delta > 0 else (">=", "<")
        raise ShapeError(
            f"Requires start {sign} limit when delta {side} 0: {start:g}/{limit:g}"
        )
    return int(np.ceil(np.abs((limit - start) / delta)))


@range_op.shape
def _(op, *shapes):
    for given, argument in zip(shapes, range_op.inputs, strict=True):
        of_rank(given, 0, f"\n\t for '{argument.name}'")
    values = [op.constant(i) for i in range(3)]
    return TensorShape(
        [None if any(v is None for v in values) else range_length(*values)]
    )


range_op.gradient(None)
WIDTHS = [int32, int64, float32, float64]  # numbers of different dtypes become the last


def range_(start, limit=None, delta=1, dtype=None, name="range"):
    """`tf.range`: start, start + delta, ... below limit; from 0, if one is given."""
    if limit is None:
        start, limit = 0, start
    with name_scope(name, "Range", [start, limit, delta]) as name:
        given = {"start": start, "limit": limit, "delta": delta}
        values = [convert_to_tensor(v, dtype, name=n) for n, v in given.items()]
        if dtype is None:
            dtype = max((v.dtype.base_dtype for v in values), key=WIDTHS.index)
            values = [cast(v, dtype) for v in values]
        return range_op(*values, name=name)


@op("DynamicStitch(indices:N*int32, data:N*T) -> (merged:T)")
def dynamic_stitch(xp, indices, data):
    """Rows in the order that indices say: merged[indices[k][i]] = data[k][i].

    Where an index comes twice, the later row stands.
    """
    count = 1 + max(int(xp.max(i, initial=-1)) for i in indices)
    merged = xp.zeros((count, *data[0].shape[np.ndim(indices[0]) :]), data[0].dtype)
    for i, rows in zip(indices, data, strict=True):
        merged[i] = rows
    return merged


@dynamic_stitch.shape
def _(op, *shapes):
    half = len(shapes) // 2
    indices = [op.constant(i) for i in range(half)]
    count = None
    if not any(i is None for i in indices):
        count = 1 + max(int(np.max(i, initial=-1)) for i in indices)
    row = unknown_shape()
    for i, data in zip(shapes[:half], shapes[half:], strict=True):
        if i.rank is not None and data.rank is not None:
            row = row.merge_with(data[i.rank :])
    return TensorShape([count]).concatenate(row)


@dynamic_stitch.gradient
def _(op, dy):
    half = len(op.inputs) // 2
    gather = ROWS["GatherV2"]
    return [None] * half + [gather(dy, i, 0) for i in op.inputs[:half]]


@op("Maximum(x:T, y:T) -> (z:T)", T=REAL)
def maximum(xp, x, y):
    """The larger of x and y, element by element."""
    return xp.where(x < y, y, x)


@op("Minimum(x:T, y:T) -> (z:T)", T=REAL)
def minimum(xp, x, y):
    """The smaller of x and y, element by element."""
    return xp.where(y < x, y, x)


broadcasting(maximum, minimum)


def saturate_cast(value, dtype, name=None):
    """The same numbers as `dtype`; those that it cannot hold become its ends."""
    dtype = as_dtype(dtype).base_dtype
    with name_scope(name, "saturate_cast", [value]) as name:
        value = convert_to_tensor(value, name="value")
        own = value.dtype.base_dtype
        if own.min < dtype.min:
            value = maximum(value, convert_to_tensor(dtype.min, own, name="min"))
        if own.max > dtype.max:
            value = minimum(value, convert_to_tensor(dtype.max, own, name="max"))
        return cast(value, dtype, name=name)


def kept_shape(sizes, axes):
    """The shape `sizes` with a 1 at each of `axes`, as a tensor."""
    sizes, axes = cast(sizes, int32), cast(axes, int32)
    rank = size(sizes)
    axes = (axes + rank) % rank
    count = shape(axes)
    return dynamic_stitch([range_(rank), axes], [sizes, fill(count, 1)])


def known_repeats(sizes, axes):
    """(sizes with a 1 at each of the axes, how often each is repeated), as tuples."""
    kept = constant_tuple(kept_shape(sizes, axes))
    return kept, constant_tuple(sizes // maximum(kept, 1))


@sum_op.gradient
def _(op, dy):
    x, axes = op.inputs
    known = constant_value(axes)
    if x.shape.rank is not None and known is not None:
        if np.array_equal(known, range(x.shape.rank)):
            return tile_all(dy, x), None
        if x.shape.is_fully_defined():
            key = "sum", x.shape.sizes, tuple(known.ravel().tolist())
            kept, repeats = once(key, lambda: known_repeats(*key[1:]))
            return tile(reshape(dy, kept), repeats), None
    sizes = shape(x)
    with colocate_with(sizes):
        kept = kept_shape(sizes, axes)
        repeats = sizes // maximum(kept, 1)
    return tile(reshape(dy, kept), repeats), None


@tile.gradient
def _(op, dy):
    x, multiples = op.inputs
    pairs = ROWS["Pack"]([multiples, shape(x, out_type=multiples.dtype)], name="stack")
    sizes = reshape(ROWS["Transpose"](pairs, [1, 0], name="transpose"), [-1])
    axes = range_(0, size(sizes), 2)
    return reduce_sum(reshape(dy, sizes), axes), None


@fill_op.gradient
def _(op, dy):
    return None, reduce_sum(dy)


## Matrices


@op("MatMul(a:T, b:T) -> (product:T)", T=SIGNED)
def matmul_op(xp, a, b, *, transpose_a=False, transpose_b=False):
    """The product of two matrices, a (n, k) and b (k, m), either of them transposed."""
    return xp.matmul(a.T if transpose_a else a, b.T if transpose_b else b)


@matmul_op.complaint
def _(a, b):
    shapes = in_brackets(a.shape), in_brackets(b.shape)
    return "Matrix size-incompatible: In[0]: {}, In[1]: {}".format(*shapes)


@matmul_op.shape
def _(op, a, b):
    n, k = turned(of_rank(a, 2), op.get_attr("transpose_a"))
    l, m = turned(of_rank(b, 2), op.get_attr("transpose_b"))
    return TensorShape([n, *summed(k, l), m])


def turned(x, turn):
    """The last two sizes, turned round if `turn`."""
    return x.sizes[-2:][::-1] if turn else x.sizes[-2:]


def summed(k, l):
    """Nothing, if the two sizes over which a product sums can be equal."""
    if None not in (k, l) and k != l:
        raise ShapeError(f"Dimensions must be equal, but are {k} and {l}")
    return []


def products(multiply, a, b, dc, turn_a, turn_b):
    """The blame for a and b in a @ b = c, where either may have been turned."""
    da = multiply(b, dc, turn_b, True) if turn_a else multiply(dc, b, False, not turn_b)
    db = multiply(dc, a, True, turn_a) if turn_b else multiply(a, dc, not turn_a, False)
    return da, db


@matmul_op.gradient
def _(op, dc):
    a, b = map(conj, op.inputs)
    return products(
        matmul_op, a, b, dc, op.get_attr("transpose_a"), op.get_attr("transpose_b")
    )


@op("BatchMatMulV2(x:T, y:T) -> (output:T)", T=SIGNED)
def batch_matmul_op(xp, x, y, *, adj_x=False, adj_y=False):
    """The products of matrices in the last two axes; the axes before them broadcast."""
    for i, array in enumerate((x, y)):
        if array.ndim < 2:
            raise ValueError(f"In[{i}] ndims must be >= 2: {array.ndim}")
    x = adjoint(xp, x) if adj_x else x
    y = adjoint(xp, y) if adj_y else y
    return xp.matmul(x, y)


@batch_matmul_op.complaint
def _(x, y):
    if x.shape[-1] == y.shape[-2]:
        return (
            "In[0] and In[1] must have compatible batch dimensions: "
            f"{in_brackets(x.shape)} vs. {in_brackets(y.shape)}"
        )
    return (
        f"In[0] mismatch In[1] shape: {x.shape[-1]} vs. {y.shape[-2]}: "
        f"{in_brackets(x.shape)} {in_brackets(y.shape)} 0 0"
    )


def adjoint(xp, x):
    """Matrices turned round, with the conjugate of each element."""
    turned = xp.swapaxes(x, -1, -2)
    return xp.conj(turned) if x.dtype.kind == "c" else turned


@batch_matmul_op.shape
def _(op, x, y):
    if x.rank is None or y.rank is None:
        return unknown_shape()
    n, k = turned(x, op.get_attr("adj_x"))
    l, m = turned(y, op.get_attr("adj_y"))
    return stretched(op, x[:-2], y[:-2]).concatenate([n, *summed(k, l), m])


@batch_matmul_op.gradient
def _(op, dz):
    x, y = op.inputs
    dx, dy = products(
        lambda a, b, ta, tb: matmul(a, b, adjoint_a=ta, adjoint_b=tb),
        x,
        y,
        dz,
        op.get_attr("adj_x"),
        op.get_attr("adj_y"),
    )
    if all_known_and_equal(x, y):
        return dx, dy
    sx, sy = shape(x), shape(y)
    rx, ry = broadcast_gradient_args(sx[:-2], sy[:-2])
    return sum_back(rx, sx)(dx), sum_back(ry, sy)(dy)


def matmul(
    a,
    b,
    transpose_a=False,
    transpose_b=False,
    adjoint_a=False,
    adjoint_b=False,
    a_is_sparse=False,
    b_is_sparse=False,
    name=None,
):
    """The product of matrices, a (..., n, k) and b (..., k, m).

    Args:
      a, b: tensors of one dtype; axes before the last two broadcast.
      transpose_a, transpose_b: turn the matrices round first.
      adjoint_a, adjoint_b: the same, and take the conjugate of each element.
      a_is_sparse, b_is_sparse: hints that TensorFlow used; here they say nothing.
      name: the name of the operation.

    Raises:
      ValueError: if a matrix is to be turned twice, or the shapes do not fit.
    """
    with name_scope(name, "MatMul", [a, b]) as name:
        only_one("a", transpose_a, adjoint_a)
        only_one("b", transpose_b, adjoint_b)
        a, b = convert_to_tensor(a, name="a"), convert_to_tensor(b, name="b")
        batch = any(t.shape.rank is None or t.shape.rank > 2 for t in (a, b))
        if batch:  # its kernel takes adjoints; conj(adjoint) is a transpose
            a, b = conj(a) if transpose_a else a, conj(b) if transpose_b else b
        else:  # its kernel transposes; conj(transpose) is an adjoint
            a, b = conj(a) if adjoint_a else a, conj(b) if adjoint_b else b
        turn_a, turn_b = bool(transpose_a or adjoint_a), bool(transpose_b or adjoint_b)
        return (batch_matmul_op if batch else matmul_op)(
            a, b, turn_a, turn_b, name=name
        )


def only_one(key, transpose, adjoint):
    """A matrix can be turned once."""
    if transpose and adjoint:
        raise ValueError(f"Only one of transpose_{key} and adjoint_{key} can be True.")


operator("matmul", matmul)


## Powers and signs


@op("Abs(x:T) -> (y:T)", T=(*FLOATS, *dtypes("int8 int16"), int32, int64))
def abs_op(xp, x):
    """The size of x, without its sign."""
    return xp.abs(x)


@abs_op.gradient
def _(op, dy):
    return dy * sign(op.inputs[0])


def abs_(x, name=None):
    """`tf.abs`: the size of x, without its sign."""
    with name_scope(name, "Abs", [x]) as name:
        x = convert_to_tensor(x, name="x")
        if x.dtype.is_complex:
            return ROWS["ComplexAbs"](x, x.dtype.real_dtype, name=name)
        return abs_op(x, name=name)


@op("Sign(x:T) -> (y:T)", T=SIGNED)
def sign(xp, x):
    """-1, 0 or 1; x / |x| for a complex x."""
    if x.dtype.kind == "c":
        return xp.where(x == 0, 0, x / xp.where(x == 0, 1, xp.abs(x))).astype(x.dtype)
    return xp.where(x == x, xp.sign(x), 0)  # 0 for nan, as in TensorFlow


@sign.gradient
def _(op, dy):
    x = op.inputs[0]
    return zeros(shape(x), x.dtype)


@op("Square(x:T) -> (y:T)", T=SIGNED)
def square(xp, x):
    """x * x."""
    return x * x


@square.gradient
def _(op, dy):
    x = op.inputs[0]
    with control_dependencies([dy]):
        x = conj(x)
        return multiply(dy, multiply(x, constant(2.0, x.dtype)))


for _row in (abs_op, sign, square):
    _row.shape(same)
OPERATORS["abs"] = abs_


@op("SquaredDifference(x:T, y:T) -> (z:T)", T=SIGNED)
def squared_difference(xp, x, y):
    """(x - y) * (x - y); for complex numbers, times its conjugate."""
    d = x - y
    return d * (xp.conj(d) if d.dtype.kind == "c" else d)


@squared_difference.gradient
def _(op, dz):
    x, y = op.inputs
    with control_dependencies([dz]):
        d = scalar_mul(2.0, dz) * (x - y)
    if all_known_and_equal(x, y, dz):
        return d, -d
    to_x, to_y = shadows(x, y, dz)
    return to_x(d), -to_y(d)


def scalar_mul(scalar, x, name=None):
    """A number times a tensor.

    Raises:
      ValueError: if `scalar` has axes.
    """
    scalar = convert_to_tensor(scalar, x.dtype.base_dtype, name="scalar")
    if scalar.shape.rank != 0:
        raise ValueError(f"Only scalar multiply works, got shape {scalar.shape}")
    if isinstance(x, IndexedSlices):
        values = multiply(scalar, x.values, name=name)
        return IndexedSlices(values, x.indices, x.dense_shape)
    return multiply(scalar, x, name=name)


@op("DivNoNan(x:T, y:T) -> (z:T)", T=(*FLOATS[1:], *COMPLEX))
def div_no_nan_op(xp, x, y):
    """x / y, and 0 where y is 0."""
    return xp.where(y == 0, 0, x / y)


@div_no_nan_op.gradient
def _(op, dz):
    to_x, to_y = sums_back(*map(shape, op.inputs))
    x, y = map(conj, op.inputs)
    slope = lambda: div_no_nan(div_no_nan(-x, y), y)
    return to_x(div_no_nan(dz, y)), to_y(dz * slope())


def div_no_nan(x, y, name=None):
    """x / y, and 0 where y is 0."""
    with name_scope(name, "div_no_nan", [x, y]) as name:
        x, y = of_one_dtype(x, y, True)
        return div_no_nan_op(x, y, name=name)


@op("Pow(x:T, y:T) -> (z:T)", T=(*FLOATS[:1], float32, float16, float64, *SIGNED[4:]))
def pow_op(xp, x, y):
    """x to the power of y, element by element."""
    if y.dtype.kind == "i" and xp.any(y < 0):
        raise ValueError("Integers to negative integer powers are not allowed")
    return xp.power(x, y)


@pow_op.gradient
def _(op, dz):
    x, y = op.inputs
    to_x, to_y = shadows(x, y, dz)
    x, y, z = conj(x), conj(y), conj(op.outputs[0])
    dx = to_x(dz * y * pow_(x, y - 1))
    positive = ROWS["NotEqual" if x.dtype.is_complex else "Greater"](x, 0)
    safe = ROWS["Select"](positive, x, ones_like(x))
    log_x = ROWS["Select"](positive, ROWS["Log"](safe), zeros_like(x))
    return dx, to_y(dz * z * log_x)


def pow_(x, y, name=None):
    """`tf.pow`: x to the power of y."""
    with name_scope(name, "Pow", [x]) as name:
        return pow_op(x, y, name=name)


operator("pow", pow_)
broadcasting(squared_difference, div_no_nan_op, pow_op)


def winner_takes_all(op, dz, wins):
    """Blame for the larger or smaller of two: all of it to the one that won."""
    x, y = op.inputs
    sx, sy = shape(x), shape(y)
    zero = zeros(shape(dz), dz.dtype)
    won = ROWS[wins](x, y)
    to_x, to_y = sums_back(sx, sy)
    select = ROWS["Select"]
    return to_x(select(won, dz, zero)), to_y(select(won, zero, dz))


@maximum.gradient
def _(op, dz):
    return winner_takes_all(op, dz, "GreaterEqual")


@minimum.gradient
def _(op, dz):
    return winner_takes_all(op, dz, "LessEqual")


@op("AccumulateNV2(inputs:N*T) -> (sum:T)", T=sum_op.allowed["T"])
def accumulate_n_op(xp, inputs, *, shape):
    """The sum of tensors of one shape."""
    return add_n_op.kernel(xp, inputs)


accumulate_n_op.shape(lambda op, *shapes: as_shape(op.get_attr("shape")))


@accumulate_n_op.gradient
def _(op, dy):
    return [dy] * len(op.inputs)


def accumulate_n(inputs, shape=None, tensor_dtype=None, name=None):
    """The sum of a list of tensors of one shape and dtype, like `add_n`.

    Raises:
      ValueError: if there is none, or they differ in dtype or shape.
      TypeError: if their dtype is not `tensor_dtype`.
    """
    tensors = (
        [convert_to_tensor(x) for x in inputs]
        if isinstance(inputs, (list, tuple))
        else []
    )
    if not tensors or any(t.dtype != tensors[0].dtype for t in tensors):
        raise ValueError(
            "inputs must be a list of at least one Tensor with the same dtype and shape"
        )
    shape = as_shape(shape)
    for tensor in tensors:
        shape = shape.merge_with(tensor.shape)
    dtype = tensors[0].dtype
    if tensor_dtype is not None and tensor_dtype != dtype:
        raise TypeError(f"tensor_dtype is {tensor_dtype}, but input is of type {dtype}")
    if len(tensors) == 1:
        return tensors[0] if name is None else identity(tensors[0], name=name)
    return accumulate_n_op(tensors, shape, name=name)
