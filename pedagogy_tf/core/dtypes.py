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
    "as_dtype",
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
]


## One table

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

REF = 100  # what a reference type adds to the number of its base
_NAMES = {number: name for name, (number, _, _) in TYPES.items()}


class DType:
    """The type of the elements of a tensor: `tf.float32` and its like.

    Attributes:
      name: "float32"; a reference type, that of a variable, is "float32_ref".
      as_datatype_enum: TensorFlow's number for it.
      kind: one letter: f i u c b as in NumPy, S string, q quantized, O a handle.
      is_floating, is_integer, ...: what the kind says; a quantized type is neither.
    """

    def __init__(self, type_enum):
        number = int(type_enum)
        name = _NAMES.get(number % REF) if number < 2 * REF else None
        if name is None:
            raise TypeError(f"type_enum is not a valid types_pb2.DataType: {number}")
        self.as_datatype_enum = number
        self._base, self.kind, self._numpy = TYPES[name]
        self.is_ref_dtype = self._is_ref_dtype = number > REF
        self.name = name + "_ref" * self.is_ref_dtype
        self.is_floating = self.kind == "f"
        self.is_integer = self.kind in "iu"
        self.is_unsigned = self.kind == "u"
        self.is_complex = self.kind == "c"
        self.is_bool = self.kind == "b"
        self.is_quantized = self.kind == "q"
        self.is_numpy_compatible = self.kind != "O" and self._numpy is not None

    def __repr__(self):
        return f"tf.{self.name}"

    def __str__(self):
        return f"<dtype: '{self.name}'>"

    @property
    def as_numpy_dtype(self):
        """The NumPy type of arrays that hold such elements."""
        if self._numpy is None:
            raise TypeError(
                explain(f"NumPy has no {self.name}", fix="use tf.float32 or tf.float16")
            )
        return self._numpy

    def _extreme(self, which):
        """Its "min" or "max". TypeError if it is not a type of real numbers."""
        if not (self.is_floating or self.is_integer):
            raise TypeError(explain(f"Cannot find {which}imum value of {self}."))
        if self._numpy is None:
            largest = 2.0**127 * (2 - 2.0**-7)
            return largest if which == "max" else -largest
        info = np.finfo if self.is_floating else np.iinfo
        return getattr(info(self._numpy), which)

    @property
    def min(self):
        """The smallest number of this type, below zero if it has a sign."""
        return self._extreme("min")

    @property
    def max(self):
        """The largest number of this type."""
        return self._extreme("max")

    @property
    def limits(self):
        """(darkest, brightest) value of a pixel of this type."""
        return (0, 1) if self.kind in "fb" else (0, self.max)

    @property
    def size(self):
        """Bytes for each element; a string counts as a pointer, a handle as 1."""
        if self.kind == "O":
            return 1
        return 2 if self._numpy is None else np.dtype(self._numpy).itemsize

    def __eq__(self, other):
        other = _find(other)
        return other is not None and self.as_datatype_enum == other.as_datatype_enum

    def __hash__(self):
        return self.as_datatype_enum

    def __reduce__(self):
        return as_dtype, (self.name,)

    @property
    def base_dtype(self):
        """The type without reference: float32_ref -> float32."""
        return _BY_NUMBER[self._base]

    @property
    def _as_ref(self):
        """The type of a variable that holds this type: float32 -> float32_ref."""
        return _BY_NUMBER[self._base + REF]

    @property
    def real_dtype(self):
        """The type of the real part: complex64 -> float32; others as they are."""
        parts = {"complex64": float32, "complex128": float64}
        return parts.get(self.base_dtype.name, self)

    def is_compatible_with(self, other):
        """May a tensor of type `other` go where this type is wanted?"""
        return self in (as_dtype(other), as_dtype(other).base_dtype)


## When are two types the same?

_BY_NUMBER = {n: DType(n) for base in _NAMES for n in (base, base + REF)}
_BY_NAME = {dtype.name: dtype for dtype in _BY_NUMBER.values()}
_BY_NAME |= {
    short + ref: _BY_NAME[long + ref]
    for short, long in {
        "half": "float16",
        "float": "float32",
        "double": "float64",
    }.items()
    for ref in ("", "_ref")
}
_BY_NUMPY = {
    np.dtype(dtype.as_numpy_dtype): dtype
    for number, dtype in _BY_NUMBER.items()
    if number < REF and dtype.is_numpy_compatible
}
_BY_PYTHON = {float: "float32", bool: "bool", object: "string"}


def _find(value):
    """The DType that a value stands for, or None."""
    if isinstance(value, DType):
        return value
    if isinstance(value, str):
        return _BY_NAME.get(value)
    if isinstance(value, int):
        return _BY_NUMBER.get(value)
    if isinstance(value, type) and value in _BY_PYTHON:
        return _BY_NAME[_BY_PYTHON[value]]
    if isinstance(value, type) and issubclass(value, np.generic):
        value = np.dtype(value)
    if not isinstance(value, np.dtype):
        return None
    if value.kind in "SU":
        return _BY_NAME["string"]
    return _BY_NUMPY.get(value.newbyteorder("="))


def as_dtype(type_value):
    """The DType that a DType, name, number, NumPy type or Python type stands for.

    Raises:
      TypeError: if there is none.
    """
    found = _find(type_value)
    if found is None:
        name = str(getattr(type_value, "__name__", type_value))
        meant = {"int": ["int32", "int64"], "str": ["string"], "bytes": ["string"]}
        near = meant.get(name) or near_misses(name, TYPES)
        raise TypeError(
            explain(
                f"Cannot convert value {type_value!r} to a TensorFlow DType.",
                expected="a type such as tf.float32, its name, or a NumPy type",
                did_you_mean=" or ".join(f"tf.{name}" for name in near) or None,
            )
        )
    return found


float16 = half = as_dtype("float16")
float32 = as_dtype("float32")
float64 = double = as_dtype("float64")
bfloat16 = as_dtype("bfloat16")
int8 = as_dtype("int8")
int16 = as_dtype("int16")
int32 = as_dtype("int32")
int64 = as_dtype("int64")
uint8 = as_dtype("uint8")
uint16 = as_dtype("uint16")
uint32 = as_dtype("uint32")
uint64 = as_dtype("uint64")
complex64 = as_dtype("complex64")
complex128 = as_dtype("complex128")
bool_ = as_dtype("bool")
string = as_dtype("string")
qint8 = as_dtype("qint8")
quint8 = as_dtype("quint8")
qint16 = as_dtype("qint16")
quint16 = as_dtype("quint16")
qint32 = as_dtype("qint32")
resource = as_dtype("resource")
variant = as_dtype("variant")
QUANTIZED_DTYPES = frozenset(d for d in _BY_NUMBER.values() if d.is_quantized)
