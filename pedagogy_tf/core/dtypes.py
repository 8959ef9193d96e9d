"""DType: the types of elements that a tensor can have.

A DType is a name, TensorFlow's number for it, and the NumPy type that holds it.
"""

# Generated from book/source/03_dtypes.md: change it there, then `make export`.

import numpy as np

from pedagogy_tf.core.errors import explain, near_misses

__all__ = [
    "TYPES",
    "REF",
    "DType",
    "float16",
    "half",
    "float32",
    "float64",
    "double",
    "bfloat16",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "complex64",
    "complex128",
    "bool_",
    "string",
    "qint8",
    "quint8",
    "qint16",
    "quint16",
    "qint32",
    "resource",
    "variant",
    "QUANTIZED_DTYPES",
    "as_dtype",
]


# Name the type of every number

# name: (number in TensorFlow's types.proto, kind, NumPy type)
TYPES = {
    "float32": (1, "f", np.float32),
    "float64": (2, "f", np.float64),
    "int32": (3, "i", np.int32),
    "uint8": (4, "u", np.uint8),
    "int16": (5, "i", np.int16),
    "int8": (6, "i", np.int8),
    "string": (7, "S", object),
    "complex64": (8, "c", np.complex64),
    "int64": (9, "i", np.int64),
    "bool": (10, "b", np.bool_),
    "qint8": (11, "q", np.dtype([("qint8", np.int8)])),
    "quint8": (12, "q", np.dtype([("quint8", np.uint8)])),
    "qint32": (13, "q", np.dtype([("qint32", np.int32)])),
    "bfloat16": (14, "f", None),
    "qint16": (15, "q", np.dtype([("qint16", np.int16)])),
    "quint16": (16, "q", np.dtype([("quint16", np.uint16)])),
    "uint16": (17, "u", np.uint16),
    "complex128": (18, "c", np.complex128),
    "float16": (19, "f", np.float16),
    "resource": (20, "O", object),
    "variant": (21, "O", object),
    "uint32": (22, "u", np.uint32),
    "uint64": (23, "u", np.uint64),
}
REF = 100  # the number of a reference type is that of its base plus this


class DType:
    """The type of the elements of a tensor, `tf.float32` and its like.

    A reference type (`float32_ref`) is the type of a variable: a place that
    holds float32 and can be assigned.
    """

    __slots__ = ("_base", "_enum", "kind", "_name", "_numpy")

    def __init__(self, type_enum):
        number = int(type_enum)
        name = _NAMES.get(number % REF) if number < 2 * REF else None
        if name is None:
            raise TypeError(f"type_enum is not a valid types_pb2.DataType: {number}")
        self._enum = number
        self._base, self.kind, self._numpy = TYPES[name]
        self._name = name if number < REF else name + "_ref"

    @property
    def name(self):
        return self._name

    @property
    def as_datatype_enum(self):
        return self._enum

    @property
    def as_numpy_dtype(self):
        if self._numpy is None:
            raise TypeError("NumPy has no bfloat16")
        return self._numpy

    @property
    def base_dtype(self):
        return _BY_ENUM[self._base]

    @property
    def _as_ref(self):
        return _BY_ENUM[self._base + REF]

    @property
    def _is_ref_dtype(self):
        return self._enum > REF

    is_ref_dtype = _is_ref_dtype

    @property
    def real_dtype(self):
        """The type of the real part: complex64 -> float32, others unchanged."""
        return {8: float32, 18: float64}.get(self._base, self)

    @property
    def is_floating(self):
        return self.kind == "f"

    @property
    def is_integer(self):
        return self.kind in "iu"

    @property
    def is_unsigned(self):
        return self.kind == "u"

    @property
    def is_complex(self):
        return self.kind == "c"

    @property
    def is_bool(self):
        return self.kind == "b"

    @property
    def is_quantized(self):
        return self.kind == "q"

    @property
    def is_numpy_compatible(self):
        return self.kind != "O" and self._numpy is not None

    @property
    def size(self):
        """Bytes per element; a string, resource or variant counts as in TensorFlow."""
        if self.kind == "O":
            return 1
        return 2 if self._numpy is None else np.dtype(self._numpy).itemsize

    @property
    def min(self):
        if self._numpy is None:
            return -3.38953139e38
        if self.is_floating:
            return np.finfo(self._numpy).min
        if self.is_integer:
            return np.iinfo(self._numpy).min
        raise TypeError(f"Cannot find minimum value of {self}.")

    @property
    def max(self):
        if self._numpy is None:
            return 3.38953139e38
        if self.is_floating:
            return np.finfo(self._numpy).max
        if self.is_integer:
            return np.iinfo(self._numpy).max
        raise TypeError(f"Cannot find maximum value of {self}.")

    @property
    def limits(self):
        """(0, brightest value) when pixels have this type: 1 for floats."""
        return (0, 1 if self.is_floating or self.is_bool else self.max)

    def is_compatible_with(self, other):
        """May a value of type `other` go where this type is wanted?"""
        other = as_dtype(other)
        return self._enum in (other._enum, other._base)

    def __eq__(self, other):
        if type(other) is not DType:
            try:
                other = as_dtype(other)
            except TypeError:
                return False
        return self._enum == other._enum

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return self._enum

    def __reduce__(self):
        return as_dtype, (self._name,)

    def __repr__(self):
        return f"tf.{self._name}"

    def __str__(self):
        return f"<dtype: '{self._name}'>"


_NAMES = {number: name for name, (number, _, _) in TYPES.items()}
_BY_ENUM = {n: DType(n) for base in _NAMES for n in (base, base + REF)}

float16 = half = _BY_ENUM[19]
float32 = _BY_ENUM[1]
float64 = double = _BY_ENUM[2]
bfloat16 = _BY_ENUM[14]
int8 = _BY_ENUM[6]
int16 = _BY_ENUM[5]
int32 = _BY_ENUM[3]
int64 = _BY_ENUM[9]
uint8 = _BY_ENUM[4]
uint16 = _BY_ENUM[17]
uint32 = _BY_ENUM[22]
uint64 = _BY_ENUM[23]
complex64 = _BY_ENUM[8]
complex128 = _BY_ENUM[18]
bool_ = _BY_ENUM[10]  # tf.bool; here the name would hide Python's
string = _BY_ENUM[7]
qint8 = _BY_ENUM[11]
quint8 = _BY_ENUM[12]
qint16 = _BY_ENUM[15]
quint16 = _BY_ENUM[16]
qint32 = _BY_ENUM[13]
resource = _BY_ENUM[20]
variant = _BY_ENUM[21]
QUANTIZED_DTYPES = frozenset(d for d in _BY_ENUM.values() if d.is_quantized)

_BY_NAME = {d.name: d for d in _BY_ENUM.values()}
for _short, _long in (("half", "float16"), ("float", "float32"), ("double", "float64")):
    _BY_NAME[_short] = _BY_NAME[_long]
    _BY_NAME[_short + "_ref"] = _BY_NAME[_long + "_ref"]
_BY_NUMPY = {
    np.dtype(d.as_numpy_dtype): d
    for n, d in _BY_ENUM.items()
    if n < REF and d.is_numpy_compatible
}


def as_dtype(type_value):
    """The DType that a DType, name, number, NumPy type or Python type stands for.

    Raises:
      TypeError: if there is none.
    """
    if type(type_value) is DType:
        return type_value
    found = None
    if isinstance(type_value, str):
        found = _BY_NAME.get(type_value)
    elif isinstance(type_value, (int, np.integer)):
        found = _BY_ENUM.get(int(type_value))
    elif type_value is float:
        found = float32
    elif isinstance(type_value, np.dtype):
        found = string if type_value.kind in "SU" else _BY_NUMPY.get(type_value)
        if found is None:
            found = _BY_NUMPY.get(type_value.newbyteorder("="))
    elif type_value in (bool, object) or (
        isinstance(type_value, type) and issubclass(type_value, np.generic)
    ):
        return as_dtype(np.dtype(type_value))
    if found is None:
        raise TypeError(_no_dtype(type_value))
    return found


def _no_dtype(value):
    hints = {int: "int32", "int": "int32", str: "string", "str": "string"}
    name = value if isinstance(value, str) else getattr(value, "__name__", "")
    near = [hints[value]] if value.__hash__ and value in hints else near_misses(name, _BY_NAME)
    return explain(
        f"Cannot convert value {value!r} to a TensorFlow DType.",
        expected="a type such as tf.float32, its name, or a NumPy type",
        fix="did you mean " + " or ".join(f"tf.{n}" for n in near) + "?" if near else None,
    )
