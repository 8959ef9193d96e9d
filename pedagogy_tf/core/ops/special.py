"""The catalogue of rarer functions: angles, hyperbolas, erf, complex numbers.

Each row has its kernel, its shape rule and its slope, as in `core.ops.elementwise`.
"""

# Generated from book/source/90_catalogue.md: change it there, then `make export`.

import math

import numpy as np

from pedagogy_tf.core.dtypes import complex64, complex128, float32, float64
from pedagogy_tf.core.graph import control_dependencies, name_scope
from pedagogy_tf.core.op import constant, convert_to_tensor, op
from pedagogy_tf.core.ops.basic import shape, zeros, zeros_like
from pedagogy_tf.core.ops.elementwise import (
    SMOOTH,
    WITH_INTEGERS,
    cos,
    exp,
    keep_shape,
    not_equal,
    reciprocal,
    sqrt,
    waits,
)
from pedagogy_tf.core.ops.math import (
    COMPLEX,
    FLOATS,
    add,
    broadcasting,
    cast,
    conj,
    div_no_nan,
    dtypes,
    square,
    subtract,
    sums_back,
)

__all__ = [
    "tan",
    "asin",
    "acos",
    "atan",
    "asin_slope",
    "times_minus",
    "atan2",
    "sinh",
    "cosh",
    "asinh",
    "acosh",
    "atanh",
    "number_by_number",
    "erf",
    "erfc",
    "bell",
    "lgamma",
    "log_gamma",
    "digamma",
    "psi",
    "PART",
    "WHOLE",
    "complex_op",
    "real_op",
    "imag_op",
    "angle_op",
    "complex_abs",
    "complex_",
    "part",
    "real",
    "imag",
    "angle",
    "FINE",
    "xlogy",
    "xdivy",
    "mul_no_nan",
    "not_zero",
]


## Angles


@op("Tan(x:T) -> (y:T)", T=WITH_INTEGERS)
def tan(xp, x):
    """The tangent of an angle in radians."""
    return xp.tan(x)


@tan.gradient
@waits
def _(op, dy):
    return square(reciprocal(cos(conj(op.inputs[0])))) * dy


@op("Asin(x:T) -> (y:T)", T=WITH_INTEGERS)
def asin(xp, x):
    """The angle whose sine is x."""
    return xp.arcsin(x)


@op("Acos(x:T) -> (y:T)", T=WITH_INTEGERS)
def acos(xp, x):
    """The angle whose cosine is x."""
    return xp.arccos(x)


@op("Atan(x:T) -> (y:T)", T=WITH_INTEGERS)
def atan(xp, x):
    """The angle whose tangent is x."""
    return xp.arctan(x)


@waits
def asin_slope(op, dy):
    """1 / sqrt(1 - x^2)."""
    squared = square(conj(op.inputs[0]))
    return reciprocal(sqrt(subtract(constant(1, dy.dtype), squared)))


asin.gradient(waits(lambda op, dy: dy * asin_slope(op, dy)))
acos.gradient(waits(lambda op, dy: times_minus(asin_slope(op, dy), dy)))


def times_minus(slope, dy):
    """-dy * slope."""
    return -dy * slope


@atan.gradient
@waits
def _(op, dy):
    squared = square(conj(op.inputs[0]))
    return dy * reciprocal(add(constant(1, dy.dtype), squared))


@op("Atan2(y:T, x:T) -> (z:T)", T=FLOATS)
def atan2(xp, y, x):
    """The angle of the point (x, y), from -pi to pi."""
    return xp.arctan2(y, x)


broadcasting(atan2)


@atan2.gradient
@waits
def _(op, dz):
    y, x = op.inputs
    per_length = dz / (square(x) + square(y))
    return x * per_length, -y * per_length


keep_shape(tan, asin, acos, atan)


## Hyperbolic functions


@op("Sinh(x:T) -> (y:T)", T=SMOOTH)
def sinh(xp, x):
    """The hyperbolic sine."""
    return xp.sinh(x)


@op("Cosh(x:T) -> (y:T)", T=SMOOTH)
def cosh(xp, x):
    """The hyperbolic cosine."""
    return xp.cosh(x)


@sinh.gradient
@waits
def _(op, dy):
    return dy * cosh(conj(op.inputs[0]))


@cosh.gradient
@waits
def _(op, dy):
    return dy * sinh(conj(op.inputs[0]))


@op("Asinh(x:T) -> (y:T)", T=SMOOTH)
def asinh(xp, x):
    """The number whose hyperbolic sine is x."""
    return xp.arcsinh(x)


@op("Acosh(x:T) -> (y:T)", T=SMOOTH)
def acosh(xp, x):
    """The number >= 0 whose hyperbolic cosine is x."""
    return xp.arccosh(x)


@op("Atanh(x:T) -> (y:T)", T=SMOOTH)
def atanh(xp, x):
    """The number whose hyperbolic tangent is x."""
    return xp.arctanh(x)


asinh.gradient(waits(lambda op, dy: dy / cosh(conj(op.outputs[0]))))
acosh.gradient(waits(lambda op, dy: dy / sinh(conj(op.outputs[0]))))


@atanh.gradient
@waits
def _(op, dy):
    squared = square(conj(op.inputs[0]))
    return dy * reciprocal(subtract(constant(1, dy.dtype), squared))


keep_shape(sinh, cosh, asinh, acosh, atanh)


## The error function and the logarithm of the gamma function


def number_by_number(function, x):
    """A function of one Python float applied to each element, in the dtype of x."""
    flat = [function(v) for v in np.ravel(x).tolist()]
    return np.array(flat, x.dtype).reshape(np.shape(x))


@op("Erf(x:T) -> (y:T)", T=FLOATS)
def erf(xp, x):
    """The error function: how much of a bell curve lies within x, from -1 to 1."""
    return number_by_number(math.erf, x)


@op("Erfc(x:T) -> (y:T)", T=FLOATS)
def erfc(xp, x):
    """1 - erf(x), exact also where x is large."""
    return number_by_number(math.erfc, x)


def bell(sign):
    """The slope of erf (sign 1) or erfc (sign -1)."""

    def rule(op, dy):
        peak = constant(sign * 2 / math.sqrt(math.pi), dy.dtype)
        with control_dependencies([dy]):
            return dy * peak * exp(-square(conj(op.inputs[0])))

    return rule


for _row, _sign in ((erf, 1), (erfc, -1)):
    _row.gradient(bell(_sign))


@op("Lgamma(x:T) -> (y:T)", T=FLOATS)
def lgamma(xp, x):
    """The logarithm of |gamma(x)|; gamma(n) is (n - 1)! for whole n."""
    return number_by_number(log_gamma, x)


def log_gamma(x):
    """math.lgamma, infinite at the poles 0, -1, -2, ..."""
    return math.inf if x <= 0 and x == math.floor(x) else math.lgamma(x)


@lgamma.gradient
@waits
def _(op, dy):
    return dy * digamma(conj(op.inputs[0]))


@op("Digamma(x:T) -> (y:T)", T=FLOATS)
def digamma(xp, x):
    """The slope of lgamma."""
    return number_by_number(psi, x)


def psi(x):
    """The digamma function: reflected to x > 0, moved up to x > 6, then its series."""
    if x <= 0:
        if x == math.floor(x):
            return math.nan
        return psi(1 - x) - math.pi / math.tan(math.pi * x)
    shift = 0.0
    while x < 6:
        shift, x = shift - 1 / x, x + 1
    y = 1 / (x * x)
    tail = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y / 132))))
    return shift + math.log(x) - 0.5 / x - tail


keep_shape(erf, erfc, lgamma, digamma)
digamma.gradient(None)  # its slope, polygamma, is not in the catalogue yet


## Complex numbers

PART = {"complex64": float32, "complex128": float64}
WHOLE = {"float32": complex64, "float64": complex128}


@op("Complex(real:T=float32, imag:T=float32) -> (out:Tout)", T=(float32, float64))
def complex_op(xp, real, imag, *, Tout=complex64):
    """real + i * imag."""
    return (real + 1j * imag).astype(Tout.as_numpy_dtype)


@op("Real(input:T=complex64) -> (output:Tout)", T=COMPLEX)
def real_op(xp, input, *, Tout=float32):
    """The real part."""
    return xp.real(input).copy()


@op("Imag(input:T=complex64) -> (output:Tout)", T=COMPLEX)
def imag_op(xp, input, *, Tout=float32):
    """The imaginary part."""
    return xp.imag(input).copy()


@op("Angle(input:T=complex64) -> (output:Tout)", T=COMPLEX)
def angle_op(xp, input, *, Tout=float32):
    """The angle from the real axis, from -pi to pi."""
    return xp.angle(input)


@op("ComplexAbs(x:T=complex64) -> (y:Tout)", T=COMPLEX)
def complex_abs(xp, x, *, Tout=float32):
    """The distance from 0."""
    return xp.abs(x)


broadcasting(complex_op)
keep_shape(real_op, imag_op, angle_op, complex_abs)


@complex_op.gradient
def _(op, dz):
    to_x, to_y = sums_back(*map(shape, op.inputs))
    return to_x(real(dz)), to_y(imag(dz))


@real_op.gradient
def _(op, dy):
    return complex_(dy, constant(0, dy.dtype))


@imag_op.gradient
def _(op, dy):
    return complex_(constant(0, dy.dtype), dy)


@angle_op.gradient
@waits
def _(op, dy):
    z = op.inputs[0]
    unit = reciprocal(complex_(imag(z), real(z)))
    return -complex_(dy, zeros(shape(dy), dy.dtype)) * unit


@complex_abs.gradient
def _(op, dy):
    z, size = op.inputs[0], op.outputs[0]
    toward = complex_(dy, zeros_like(dy)) * z
    return div_no_nan(toward, complex_(size, zeros_like(size)))


def complex_(real, imag, name=None):
    """`tf.complex`: real + i * imag, both float32 or both float64."""
    real = convert_to_tensor(real, name="real")
    imag = convert_to_tensor(imag, name="imag")
    with name_scope(name, "Complex", [real, imag]) as name:
        pair = real.dtype.base_dtype.name, imag.dtype.base_dtype.name
        if pair[0] != pair[1] or pair[0] not in WHOLE:
            raise TypeError(
                f"real and imag have incorrect types: {real.dtype.name} "
                f"{imag.dtype.name}"
            )
        return complex_op(real, imag, WHOLE[pair[0]], name=name)


def part(row, default_name, input, name):
    """A real number that belongs to a complex one."""
    with name_scope(name, default_name, [input]) as name:
        input = convert_to_tensor(input, name="input")
        return row(input, PART[input.dtype.base_dtype.name], name=name)


def real(input, name=None):
    """The real part; of a real number, the number itself."""
    input = convert_to_tensor(input, name="input")
    return part(real_op, "Real", input, name) if input.dtype.is_complex else input


def imag(input, name=None):
    """The imaginary part; of a real number, 0."""
    input = convert_to_tensor(input, name="input")
    return (
        part(imag_op, "Imag", input, name)
        if input.dtype.is_complex
        else zeros_like(input)
    )


def angle(input, name=None):
    """The angle of a complex number from the real axis."""
    return part(angle_op, "Angle", input, name)


## Products that know about zero

FINE = dtypes("float16 float32 float64 complex64 complex128")


@op("Xlogy(x:T, y:T) -> (z:T)", T=FINE)
def xlogy(xp, x, y):
    """x * log(y); 0 where x is 0."""
    return xp.where(x == 0, x.dtype.type(0), x * xp.log(y))


@op("Xdivy(x:T, y:T) -> (z:T)", T=FINE)
def xdivy(xp, x, y):
    """x / y; 0 where x is 0."""
    return xp.where(x == 0, x.dtype.type(0), x / y)


@op("MulNoNan(x:T, y:T) -> (z:T)", T=FINE)
def mul_no_nan(xp, x, y):
    """x * y; 0 where y is 0, also if x is infinite or nan."""
    return xp.where(y == 0, y.dtype.type(0), x * y)


broadcasting(xlogy, xdivy, mul_no_nan)


def not_zero(x):
    """1 where x is not 0, in its dtype."""
    return cast(not_equal(x, cast(0.0, x.dtype)), x.dtype)


@xlogy.gradient
def _(op, dz):
    x, y = op.inputs
    to_x, to_y = sums_back(shape(x), shape(y))
    with control_dependencies([dz]):
        by_x, by_y = xlogy(not_zero(x), y), xdivy(x, y)
        return to_x(by_x * dz), to_y(by_y * dz)


@xdivy.gradient
def _(op, dz):
    x, y = op.inputs
    to_x, to_y = sums_back(shape(x), shape(y))
    with control_dependencies([dz]):
        by_x, by_y = xdivy(not_zero(x), y), xdivy(-x, y**2)
        return to_x(by_x * dz), to_y(by_y * dz)


@mul_no_nan.gradient
def _(op, dz):
    x, y = op.inputs
    to_x, to_y = sums_back(shape(x), shape(y))
    return to_x(mul_no_nan(dz, y)), to_y(mul_no_nan(x, dz))
