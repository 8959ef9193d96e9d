"""Functions of each number by itself, comparisons, and choices.

Each function is a row: a kernel, and a slope written in the graph's own language.
"""

# Generated from book/source/12_elementwise.md: change it there, then `make export`.

import numpy as np

from pedagogy_tf.core.dtypes import int32, int64
from pedagogy_tf.core.graph import (
    OPERATORS,
    control_dependencies,
    merge_shapes,
    name_scope,
)
from pedagogy_tf.core.op import convert_to_tensor, op, same
from pedagogy_tf.core.ops.basic import zeros_like
from pedagogy_tf.core.ops.math import (
    COMPLEX,
    FLOATS,
    broadcasting,
    conj,
    dtypes,
    maximum,
    minimum,
    operator,
    square,
)

__all__ = [
    "keep_shape",
    "pass_no_blame",
    "SMOOTH",
    "WITH_INTEGERS",
    "waits",
    "exp",
    "expm1",
    "log",
    "log1p",
    "sin",
    "cos",
    "reciprocal",
    "inv",
    "reciprocal_grad",
    "sqrt",
    "sqrt_grad",
    "rsqrt",
    "rsqrt_grad",
    "tanh",
    "tanh_grad",
    "sigmoid",
    "sigmoid_grad",
    "floor",
    "ceil",
    "round_op",
    "round_",
    "rint",
    "ORDERED",
    "COMPARABLE",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "equal_op",
    "not_equal_op",
    "equal",
    "not_equal",
    "logical_and",
    "logical_or",
    "logical_not",
    "logical_xor",
    "is_nan",
    "is_inf",
    "is_finite",
    "compares",
    "select",
    "clip_by_value",
]


## Functions of one number


def keep_shape(*rows):
    """Give rows the shape rule: as the first input."""
    for row in rows:
        row.shape(same)


def pass_no_blame(*rows):
    """Declare that no gradient flows through rows."""
    for row in rows:
        row.gradient(None)


SMOOTH = (*FLOATS, *COMPLEX)
WITH_INTEGERS = (*FLOATS, int32, int64, *COMPLEX)


def waits(rule):
    """Let the operations of a gradient rule wait for the blame."""

    def waiting(op, dy):
        with control_dependencies([dy]):
            return rule(op, dy)

    return waiting


### Powers of e


@op("Exp(x:T) -> (y:T)", T=SMOOTH)
def exp(xp, x):
    """e to the power x."""
    return xp.exp(x)


@exp.gradient
@waits
def _(op, dy):
    return dy * conj(op.outputs[0])


@op("Expm1(x:T) -> (y:T)", T=SMOOTH)
def expm1(xp, x):
    """exp(x) - 1, exact also where x is tiny."""
    return xp.expm1(x)


@expm1.gradient
@waits
def _(op, dy):
    return dy * exp(conj(op.inputs[0]))


@op("Log(x:T) -> (y:T)", T=SMOOTH)
def log(xp, x):
    """The natural logarithm."""
    return xp.log(x)


@log.gradient
@waits
def _(op, dy):
    return dy * reciprocal(conj(op.inputs[0]))


@op("Log1p(x:T) -> (y:T)", T=SMOOTH)
def log1p(xp, x):
    """log(1 + x), exact also where x is tiny."""
    return xp.log1p(x)


@log1p.gradient
@waits
def _(op, dy):
    return dy * reciprocal(1 + conj(op.inputs[0]))


### Waves


@op("Sin(x:T) -> (y:T)", T=SMOOTH)
def sin(xp, x):
    """The sine of an angle in radians."""
    return xp.sin(x)


@op("Cos(x:T) -> (y:T)", T=SMOOTH)
def cos(xp, x):
    """The cosine of an angle in radians."""
    return xp.cos(x)


@sin.gradient
@waits
def _(op, dy):
    return dy * cos(conj(op.inputs[0]))


@cos.gradient
@waits
def _(op, dy):
    x = conj(op.inputs[0])
    return -dy * sin(x)


### Roots and reciprocals


@op("Reciprocal(x:T) -> (y:T)", T=WITH_INTEGERS)
def reciprocal(xp, x):
    """1 / x."""
    return xp.reciprocal(x)


@op("Inv(x:T) -> (y:T)", T=WITH_INTEGERS)
def inv(xp, x):
    """1 / x; the older type."""
    return xp.reciprocal(x)


@op("ReciprocalGrad(y:T, dy:T) -> (z:T)", T=SMOOTH)
def reciprocal_grad(xp, y, dy):
    """The blame for x in y = 1 / x."""
    return -dy * y * y


@reciprocal_grad.gradient
@waits
def _(op, dz):
    y, dy, dz_ = conj(op.inputs[0]), op.inputs[1], conj(dz)
    return dz_ * -2.0 * dy * y, reciprocal_grad(y, dz)


for _row in (reciprocal, inv):
    _row.gradient(lambda op, dy: reciprocal_grad(op.outputs[0], dy))


@op("Sqrt(x:T) -> (y:T)", T=SMOOTH)
def sqrt(xp, x):
    """The root of x."""
    return xp.sqrt(x)


@sqrt.gradient
def _(op, dy):
    return sqrt_grad(op.outputs[0], dy)


@op("SqrtGrad(y:T, dy:T) -> (z:T)", T=SMOOTH)
def sqrt_grad(xp, y, dy):
    """The blame for x in y = sqrt(x)."""
    return dy * y.dtype.type(0.5) / y


@sqrt_grad.gradient
@waits
def _(op, dz):
    per_y = dz / op.inputs[0]
    return -conj(per_y) * op.outputs[0], 0.5 * per_y


@op("Rsqrt(x:T) -> (y:T)", T=SMOOTH)
def rsqrt(xp, x):
    """1 / sqrt(x)."""
    return 1 / xp.sqrt(x)


@rsqrt.gradient
def _(op, dy):
    return rsqrt_grad(op.outputs[0], dy)


@op("RsqrtGrad(y:T, dy:T) -> (z:T)", T=SMOOTH)
def rsqrt_grad(xp, y, dy):
    """The blame for x in y = 1 / sqrt(x)."""
    return dy * y.dtype.type(-0.5) * y * y * y


@rsqrt_grad.gradient
@waits
def _(op, dz):
    y, dy = conj(op.inputs[0]), op.inputs[1]
    return -1.5 * conj(dz) * dy * square(y), rsqrt_grad(y, dz)


### S-shaped functions


@op("Tanh(x:T) -> (y:T)", T=SMOOTH)
def tanh(xp, x):
    """The hyperbolic tangent: from -1 to 1."""
    return xp.tanh(x)


@tanh.gradient
@waits
def _(op, dy):
    return tanh_grad(conj(op.outputs[0]), dy)


@op("TanhGrad(y:T, dy:T) -> (z:T)", T=SMOOTH)
def tanh_grad(xp, y, dy):
    """The blame for x in y = tanh(x)."""
    return dy * (1 - y * y)


@tanh_grad.gradient
@waits
def _(op, dz):
    y, dy = conj(op.inputs[0]), conj(op.inputs[1])
    return dz * -2.0 * dy * y, tanh_grad(y, dz)


@op("Sigmoid(x:T) -> (y:T)", T=SMOOTH)
def sigmoid(xp, x):
    """1 / (1 + exp(-x)): from 0 to 1."""
    return 1 / (1 + xp.exp(-x))


@sigmoid.gradient
@waits
def _(op, dy):
    return sigmoid_grad(conj(op.outputs[0]), dy)


@op("SigmoidGrad(y:T, dy:T) -> (z:T)", T=SMOOTH)
def sigmoid_grad(xp, y, dy):
    """The blame for x in y = sigmoid(x)."""
    return dy * y * (1 - y)


@sigmoid_grad.gradient
@waits
def _(op, dz):
    y, dy = conj(op.inputs[0]), conj(op.inputs[1])
    blame = dz * dy
    return blame - 2.0 * blame * y, sigmoid_grad(y, dz)


### Steps


@op("Floor(x:T) -> (y:T)", T=FLOATS)
def floor(xp, x):
    """The next whole number below."""
    return xp.floor(x)


@op("Ceil(x:T) -> (y:T)", T=FLOATS)
def ceil(xp, x):
    """The next whole number above."""
    return xp.ceil(x)


@op("Round(x:T) -> (y:T)", T=WITH_INTEGERS)
def round_op(xp, x):
    """The nearest whole number; the even one of two equally near."""
    return xp.round(x)


def round_(x, name=None):
    """`tf.round`: the nearest whole number; the even one of two equally near."""
    x = convert_to_tensor(x, name="x")
    return x if x.dtype.is_integer else round_op(x, name=name)


@op("Rint(x:T) -> (y:T)", T=FLOATS)
def rint(xp, x):
    """The nearest whole number; the even one of two equally near."""
    return xp.rint(x)


pass_no_blame(floor, ceil, round_op, rint)

keep_shape(exp, expm1, log, log1p, sin, cos)
keep_shape(reciprocal, inv, sqrt, rsqrt, tanh, sigmoid)
keep_shape(reciprocal_grad, sqrt_grad, rsqrt_grad, tanh_grad, sigmoid_grad)
keep_shape(floor, ceil, round_op, rint)


## Comparing

ORDERED = dtypes(
    "float32 float64 int32 uint8 int16 int8 int64 bfloat16 uint16 float16 uint32 uint64"
)
COMPARABLE = dtypes(
    "bfloat16 float16 float32 float64 uint8 int8 int16 int32 int64 complex64 quint8 "
    "qint8 qint32 string bool complex128"
)


@op("Less(x:T, y:T) -> (z:bool)", T=ORDERED)
def less(xp, x, y):
    """Whether x < y, element by element."""
    return x < y


@op("LessEqual(x:T, y:T) -> (z:bool)", T=ORDERED)
def less_equal(xp, x, y):
    """Whether x <= y, element by element."""
    return x <= y


@op("Greater(x:T, y:T) -> (z:bool)", T=ORDERED)
def greater(xp, x, y):
    """Whether x > y, element by element."""
    return x > y


@op("GreaterEqual(x:T, y:T) -> (z:bool)", T=ORDERED)
def greater_equal(xp, x, y):
    """Whether x >= y, element by element."""
    return x >= y


@op("Equal(x:T, y:T) -> (z:bool)", T=COMPARABLE)
def equal_op(xp, x, y, *, incompatible_shape_error=True):
    """Whether x and y are equal, element by element."""
    return xp.equal(x, y).astype(bool)


@op("NotEqual(x:T, y:T) -> (z:bool)", T=COMPARABLE)
def not_equal_op(xp, x, y, *, incompatible_shape_error=True):
    """Whether x and y differ, element by element."""
    return xp.not_equal(x, y).astype(bool)


def equal(x, y, name=None):
    """Whether x and y are equal, element by element."""
    return equal_op(x, y, name=name)


def not_equal(x, y, name=None):
    """Whether x and y differ, element by element."""
    return not_equal_op(x, y, name=name)


@op("LogicalAnd(x:bool, y:bool) -> (z:bool)")
def logical_and(xp, x, y):
    """Whether both are true."""
    return xp.logical_and(x, y)


@op("LogicalOr(x:bool, y:bool) -> (z:bool)")
def logical_or(xp, x, y):
    """Whether at least one is true."""
    return xp.logical_or(x, y)


@op("LogicalNot(x:bool) -> (y:bool)")
def logical_not(xp, x):
    """Whether it is false."""
    return xp.logical_not(x)


def logical_xor(x, y, name="LogicalXor"):
    """Whether exactly one is true."""
    either, both = logical_or(x, y), logical_and(x, y)
    return logical_and(either, logical_not(both), name=name)


@op("IsNan(x:T) -> (y:bool)", T=FLOATS)
def is_nan(xp, x):
    """Whether it is not a number."""
    return xp.isnan(x)


@op("IsInf(x:T) -> (y:bool)", T=FLOATS)
def is_inf(xp, x):
    """Whether it is infinite."""
    return xp.isinf(x)


@op("IsFinite(x:T) -> (y:bool)", T=FLOATS)
def is_finite(xp, x):
    """Whether it is neither infinite nor not a number."""
    return xp.isfinite(x)


broadcasting(less, less_equal, greater, greater_equal, logical_and, logical_or)
broadcasting(equal_op, not_equal_op)
keep_shape(logical_not, is_nan, is_inf, is_finite)
pass_no_blame(less, less_equal, greater, greater_equal, equal_op, not_equal_op)
pass_no_blame(logical_and, logical_or, logical_not, is_nan, is_inf, is_finite)


def compares(name, row):
    """Let a comparison operator of Python call a row, under the row's own name."""

    def apply(x, y):
        return row(x, y)

    OPERATORS[name] = apply


compares("lt", less)
compares("le", less_equal)
compares("gt", greater)
compares("ge", greater_equal)
operator("and", logical_and)
operator("or", logical_or)
operator("xor", logical_xor)
OPERATORS["invert"] = logical_not


## Choosing


@op("Select(condition:bool, t:T, e:T) -> (output:T)")
def select(xp, condition, t, e):
    """t where the condition holds, else e; of one axis, it chooses rows."""
    extra = np.ndim(t) - np.ndim(condition)
    return xp.where(xp.reshape(condition, np.shape(condition) + (1,) * extra), t, e)


@select.shape
def _(op, condition, t, e):
    result = merge_shapes(t, e)
    if condition.rank == 1:
        merge_shapes(condition, result[:1])
    elif condition.rank:
        merge_shapes(condition, result)
    return result


@select.gradient
def _(op, dy):
    condition, t, _ = op.inputs
    nothing = zeros_like(t)
    return None, select(condition, dy, nothing), select(condition, nothing, dy)


def clip_by_value(t, clip_value_min, clip_value_max, name=None):
    """t, with what lies outside of a range moved to its ends.

    Args:
      t: a tensor.
      clip_value_min, clip_value_max: numbers, or tensors of its shape.
      name: the name of the operation.
    """
    with name_scope(name, "clip_by_value", [t, clip_value_min, clip_value_max]) as name:
        t = convert_to_tensor(t, name="t")
        below = minimum(t, clip_value_max)
        t.shape.merge_with(below.shape)
        above = maximum(below, clip_value_min, name=name)
        t.shape.merge_with(above.shape)
        return above
