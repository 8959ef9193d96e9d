"""Arrays: where values live. NumPy on a CPU, CuPy on a GPU; this room alone asks which.

It also turns a Python value into the array that `tf.constant` would hold.
"""

# Generated from book/source/03_dtypes.md: change it there, then `make export`.

import functools
import importlib
import numbers

import numpy as np

from pedagogy_tf.core.dtypes import as_dtype, float32, int32, string, uint64
from pedagogy_tf.core.errors import InvalidArgumentError, explain

__all__ = ["why_no_gpu", "array_module", "to_host", "to_array"]


## Where arrays live


@functools.cache
def _find_cupy():
    """(CuPy, None), or (None, the reason why there is no GPU)."""
    try:
        cupy = importlib.import_module("cupy")
        count = cupy.cuda.runtime.getDeviceCount()
    except ImportError:
        return None, "CuPy is not installed"
    except Exception as error:  # CuPy's own classes cannot be named without CuPy
        return None, f"CuPy finds no driver for a GPU ({error})"
    return (cupy, None) if count else (None, "CuPy finds no GPU")


def why_no_gpu():
    """Why there is no GPU, in a few words; None if there is one."""
    return _find_cupy()[1]


def array_module(device=""):
    """NumPy for a CPU ("", None, "/cpu:0"), CuPy for a GPU ("/gpu:0", "/device:GPU:0").

    Raises:
      InvalidArgumentError: if there is no GPU.
    """
    if "gpu" not in (device or "").lower():
        return np
    cupy, reason = _find_cupy()
    if cupy is None:
        message = explain(
            f"Cannot use device {device}: {reason}.",
            fix='use "/cpu:0", or pip install "pedagogy_tf[gpu]" where there is a GPU',
        )
        raise InvalidArgumentError(None, None, message)
    return cupy


def to_host(array):
    """The same values as a NumPy array, copied if they are on a GPU."""
    return array.get() if hasattr(array, "__cuda_array_interface__") else array


## From a Python value to an array


def _from_array(array, dtype):
    """A NumPy array as another one of type `dtype`, or of its own if that is None."""
    dtype = dtype or as_dtype(array.dtype)
    return _texts(array, array.shape) if dtype == string else _cast(array, dtype)


def _cast(array, dtype):
    """Numbers of another type; what does not fit wraps or becomes infinite."""
    with np.errstate(all="ignore"):
        return array.astype(dtype.as_numpy_dtype, copy=False)


def _texts(values, shape):
    """An array of bytes objects. TypeError if any of the values is not a text."""
    array = np.empty(shape, object)
    array[...] = values
    for index, text in np.ndenumerate(array):
        if not isinstance(text, (str, bytes)):
            raise TypeError(
                explain(
                    f"Expected binary or unicode string, got {text!r}",
                    fix="convert the values with str(...) first",
                )
            )
        array[index] = text.encode() if isinstance(text, str) else bytes(text)
    return array


_FITS = {
    "b": bool,
    "i": (numbers.Integral, np.integer),
    "u": (numbers.Integral, np.integer),
    "f": (numbers.Real, np.integer, np.floating),
    "c": (numbers.Complex, np.number),
    "S": (str, bytes),
}


def _check_elements(value, dtype):
    """TypeError if an element of nested lists does not fit `dtype`."""
    fits = _FITS.get(dtype.kind, ())
    for leaf in _leaves(value):
        if not isinstance(leaf, fits) and not (dtype.is_integer and _is_index(leaf)):
            shown = leaf.item() if isinstance(leaf, np.generic) else leaf
            raise TypeError(
                explain(
                    f"Expected {dtype.name}, got {shown!r} of type "
                    f"'{type(leaf).__name__}' instead.",
                    fix=f"give values that {dtype.name} can hold, or another dtype",
                )
            )


def _leaves(value):
    """The elements of nested lists, in order."""
    if isinstance(value, (list, tuple, range)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _is_index(value):
    """Does Python take it for an index, though it is no NumPy value?"""
    return hasattr(value, "__index__") and not isinstance(
        value, (np.generic, np.ndarray)
    )


def _dense(value):
    """The array that NumPy makes of nested lists. ValueError if they are ragged."""
    try:
        array = np.array(value)
    except ValueError:
        array = np.array(value, dtype=object)
    found, wanted = list(array.shape), _first_row_shape(value)
    if found != wanted:
        raise ValueError(
            explain(
                f"Argument must be a dense tensor: {value} - got shape {found}, "
                f"but wanted {wanted}.",
                expected="lists whose rows are equally long, and no arrays inside",
                fix="fill up the short rows, or use np.array(...) or np.stack(...)",
            )
        )
    return array


def _first_row_shape(value):
    if not isinstance(value, (list, tuple)):
        return []
    return [len(value), *(_first_row_shape(value[0]) if value else [])]


def _prefer_32_bits(array):
    """float64 as float32; int64 as int32 if every value fits; others as they are."""
    if array.dtype == np.float64:
        return _cast(array, float32)
    if array.dtype == np.int64:
        small = _cast(array, int32)
        return small if np.array_equal(small, array) else array
    return array


def _check_texts(value):
    """TypeError if nested lists hold anything but texts."""
    if not all(isinstance(leaf, (str, bytes)) for leaf in _leaves(value)):
        raise TypeError(
            explain(
                f"Failed to convert object of type {type(value)} to Tensor. Contents: "
                f"{value}. Consider casting elements to a supported type.",
                expected="numbers, or texts, or lists of one of them; no None",
            )
        )


def _from_python(value, dtype):
    """Numbers, texts and nested lists as an array."""
    if value is None:
        raise ValueError(explain("None values not supported."))
    if dtype is not None:
        _check_elements(value, dtype)
    array = _dense(value)
    if dtype is None and array.dtype.kind in "OSU":
        _check_texts(value)
        dtype = string
    if dtype is None:
        return _prefer_32_bits(array)
    if dtype == string:
        return _texts(value, array.shape)
    if array.dtype == np.uint64 and dtype.is_integer and dtype != uint64:
        raise OverflowError(explain("Python int too large to convert to C long"))
    return _cast(array, dtype)


def _fill(array, shape, verify_shape):
    """`array` in another shape; where it is too short, its last element repeats."""
    if verify_shape and array.shape != shape:
        raise TypeError(
            explain(f"Expected Tensor's shape: {shape}, got {array.shape}.")
        )
    size = int(np.prod(shape))
    if array.size > size:
        raise ValueError(
            explain(
                f"Too many elements provided. Needed at most {size}, "
                f"but received {array.size}",
                fix="drop shape=..., or give it the shape of the values",
            )
        )
    if array.size == 0:
        return np.zeros(shape, array.dtype)
    rest = np.broadcast_to(array.ravel()[-1:], (size - array.size,))
    return np.concatenate([array.ravel(), rest]).reshape(shape)


def to_array(value, dtype=None, shape=None, verify_shape=False):
    """The array that `tf.constant(value, dtype, shape)` holds.

    Without `dtype`, numbers from Python become int32 or float32 (int64 where int32 is
    too small), and arrays keep their type; texts become bytes. If `shape` has room
    for more elements than there are, the last one repeats.

    Raises:
      TypeError: elements that do not fit `dtype`, or each other.
      ValueError: None, ragged lists, or more elements than `shape` has room for.
    """
    dtype = None if dtype is None else as_dtype(dtype).base_dtype
    shape = None if shape is None else tuple([int(n) for n in shape])
    if shape is not None and 0 in shape:  # no room: whatever the value, it is not read
        value = np.empty(shape, (dtype or float32).as_numpy_dtype)
    if hasattr(value, "__array__") or isinstance(value, (bytearray, memoryview)):
        array = _from_array(np.asarray(to_host(value)), dtype)
    else:
        array = _from_python(value, dtype)
    return array if shape is None else _fill(array, shape, verify_shape)
