"""Arrays: where values live. NumPy on a CPU, CuPy on a GPU; this room alone asks which.

It also turns a Python value into the array that `tf.constant` would hold.
"""

# Generated from book/source/03_dtypes.md: change it there, then `make export`.

import functools
import importlib
import numbers

import numpy as np

from pedagogy_tf.core.dtypes import as_dtype, float32, string
from pedagogy_tf.core.errors import InvalidArgumentError, explain

__all__ = ["why_no_gpu", "array_module", "to_host", "to_array"]


# Name the type of every number


@functools.cache
def _find_cupy():
    """(CuPy, None), or (None, the reason why there is no GPU)."""
    try:
        cupy = importlib.import_module("cupy")
    except ImportError:
        return None, "CuPy is not installed"
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:
        return None, f"CuPy {cupy.__version__} finds no NVIDIA driver ({error})"
    if count == 0:
        return None, f"CuPy {cupy.__version__} finds no GPU"
    return cupy, None


def why_no_gpu():
    """One sentence that says why there is no GPU; None if there is one."""
    return _find_cupy()[1]


def array_module(device=""):
    """NumPy for a CPU ("", "/cpu:0", None), CuPy for a GPU ("/gpu:0", "/device:GPU:0").

    Raises:
      InvalidArgumentError: if there is no GPU.
    """
    if "gpu" not in (device or "").lower():
        return np
    cupy, reason = _find_cupy()
    if cupy is None:
        raise InvalidArgumentError(None, None, explain(
            f"Cannot use device {device!r}: {reason}.",
            fix='run on "/cpu:0", or pip install "pedagogy_tf[gpu]" on a machine with one'))
    return cupy


def to_host(array):
    """The same values as a NumPy array."""
    return array.get() if hasattr(array, "__cuda_array_interface__") else array


_PYTHON_KINDS = {
    "b": bool,
    "i": (numbers.Integral, np.integer),
    "f": (numbers.Real, np.integer, np.floating),
    "c": (numbers.Complex, np.number),
    "S": (str, bytes),
}
_PYTHON_KINDS["u"] = _PYTHON_KINDS["i"]


def to_array(value, dtype=None, shape=None, verify_shape=False):
    """The array that `tf.constant(value, dtype, shape)` holds.

    Without `dtype`, Python numbers become int32 or float32 (int64 where int32 is
    too small), and arrays keep their type; strings become arrays of bytes. If
    `shape` asks for more elements than there are, the last one repeats.

    Raises:
      TypeError: the elements do not fit `dtype`, or each other.
      ValueError: None, ragged lists, more elements than `shape` has room for.
    """
    dtype = None if dtype is None else as_dtype(dtype).base_dtype
    shape = None if shape is None else tuple(int(n) for n in shape)
    if shape is not None and 0 in shape:
        value = np.empty(shape, (dtype or float32).as_numpy_dtype)
    if hasattr(value, "__array__") or isinstance(value, (bytearray, memoryview)):
        array = _from_array(np.asarray(to_host(value)), dtype)
    else:
        array = _from_python(value, dtype)
    return array if shape is None else _fill(array, shape, verify_shape)


def _from_array(array, dtype):
    if dtype is None:
        dtype = as_dtype(array.dtype)
    if dtype == string:
        return _bytes(array.astype(object))
    with np.errstate(all="ignore"):
        return array.astype(dtype.as_numpy_dtype, copy=False)


def _from_python(value, dtype):
    if value is None:
        raise ValueError("None values not supported.")
    if dtype is not None:
        _check_elements(value, dtype)
    try:
        array = np.array(value)
    except ValueError:  # ragged
        array = np.array(value, dtype=object)
    wanted = _dense_shape(value)
    if list(array.shape) != wanted:
        raise ValueError(explain(
            f"Argument must be a dense tensor: {value} - got shape {list(array.shape)}, "
            f"but wanted {wanted}.",
            fix="give every row the same length (np.stack makes one array of several)"))
    if dtype == string or dtype is None and array.dtype.kind in "OSU":
        if array.size == 0:
            return array.astype(object)
        objects = np.empty(array.shape, object)  # np.array would trim trailing zero bytes
        objects[...] = value
        try:
            return _bytes(objects)
        except TypeError:
            raise TypeError(explain(
                f"Failed to convert object of type {type(value)} to Tensor. Contents: "
                f"{value}. Consider casting elements to a supported type.")) from None
    if dtype is None:
        return _prefer_32_bits(array)
    if array.dtype == np.uint64 != dtype and dtype.is_integer:
        raise OverflowError("Python int too large to convert to C long")
    with np.errstate(all="ignore"):
        return array.astype(dtype.as_numpy_dtype)


def _prefer_32_bits(array):
    """float64 -> float32; int64 -> int32 if no value is lost."""
    with np.errstate(all="ignore"):
        if array.dtype == np.float64:
            return array.astype(np.float32)
        if array.dtype == np.int64:
            small = array.astype(np.int32)
            return small if np.array_equal(small, array) else array
    as_dtype(array.dtype)
    return array


def _bytes(array):
    """The same array with every text encoded as UTF-8."""
    flat = np.empty(array.size, object)
    for i, text in enumerate(array.ravel()):
        if not isinstance(text, (str, bytes)):
            raise TypeError(f"Expected binary or unicode string, got {text}")
        flat[i] = text.encode() if isinstance(text, str) else bytes(text)
    return flat.reshape(array.shape)


def _leaves(value):
    if isinstance(value, (list, tuple, range)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _check_elements(value, dtype):
    kinds = _PYTHON_KINDS.get(dtype.kind, ())
    for leaf in _leaves(value):
        from_numpy = isinstance(leaf, (np.generic, np.ndarray))
        if isinstance(leaf, kinds):
            continue
        if dtype.is_integer and hasattr(leaf, "__index__") and not from_numpy:
            continue  # a Dimension
        shown = leaf.item() if isinstance(leaf, np.generic) else leaf
        raise TypeError(explain(
            f"Expected {dtype.name}, got {shown!r} of type '{type(leaf).__name__}' instead."))


def _dense_shape(value):
    if not isinstance(value, (list, tuple)):
        return []
    return [len(value)] + (_dense_shape(value[0]) if value else [])


def _fill(array, shape, verify_shape):
    """`array` in another shape; its last element repeats where it is too short."""
    if verify_shape and array.shape != shape:
        raise TypeError(f"Expected Tensor's shape: {shape}, got {array.shape}.")
    size = int(np.prod(shape))
    if array.size > size:
        raise ValueError(
            f"Too many elements provided. Needed at most {size}, but received {array.size}")
    flat = array.ravel()
    if flat.size == 0:
        return np.zeros(shape, array.dtype)
    rest = np.broadcast_to(flat[-1:], (size - flat.size,))
    return np.concatenate([flat, rest]).reshape(shape)
