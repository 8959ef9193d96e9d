"""The tensors in the checkpoint `files/values`; read by both sides."""

import numpy as np

DTYPES = (
    "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 bool complex64 "
    "complex128"
).split()


def values():
    """A tensor of each dtype, and of several shapes."""
    for number, dtype in enumerate(DTYPES):
        yield f"kinds/{dtype}", (np.arange(6).reshape(2, 3) - number % 2).astype(dtype)
    yield "kinds/string", np.array([b"a", b"", b"\xff" * 130, "é".encode()], object)
    yield "shapes/empty", np.zeros((0, 3), np.float32)
    yield "shapes/no_strings", np.zeros((0,), object)
    yield "shapes/scalar", np.float32(2.5)
