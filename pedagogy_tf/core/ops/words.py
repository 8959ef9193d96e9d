"""Texts in a graph, doors to Python, and checks of what flows by."""

# Generated from book/source/91_shelf.md: change it there, then `make export`.

import re
import sys

import numpy as np

from pedagogy_tf.core.dtypes import DType, as_dtype, float32, string
from pedagogy_tf.core.errors import InvalidArgumentError, UnknownError
from pedagogy_tf.core.graph import (
    GraphKeys,
    colocate_with,
    control_dependencies,
    get_default_graph,
    name_scope,
)
from pedagogy_tf.core.op import constant, convert_to_tensor, op, same
from pedagogy_tf.core.ops.array import INDEX, boolean_mask, stack
from pedagogy_tf.core.ops.basic import group, with_dependencies
from pedagogy_tf.core.ops.elementwise import keep_shape, logical_not, pass_no_blame
from pedagogy_tf.core.ops.math import FLOATS, dtypes
from pedagogy_tf.core.ops.nn import in_words
from pedagogy_tf.core.ops.state import is_variable_initialized_op
from pedagogy_tf.core.shapes import broadcast_static_shape, unknown_shape

__all__ = [
    "text_by_text",
    "string_join_op",
    "substr_op",
    "size_of",
    "part_of",
    "string_strip",
    "string_lower",
    "string_upper",
    "cased",
    "string_length_op",
    "static_regex_replace",
    "regex_replace_op",
    "replacing",
    "string_to_number_op",
    "as_string",
    "decode_raw_op",
    "string_join",
    "substr",
    "string_length",
    "regex_replace",
    "string_to_number",
    "decode_raw",
    "FUNCTIONS",
    "called",
    "promised",
    "as_bytes",
    "py_func_op",
    "py_func_stateless_op",
    "py_func",
    "print_op",
    "Print",
    "check_numerics",
    "verify_tensor_all_finite",
    "add_check_numerics_ops",
    "report_uninitialized_variables",
]


## Words


def text_by_text(function, *arrays, dtype=object):
    """A function of single elements, applied to arrays that stretch to one shape."""
    arrays = np.broadcast_arrays(*arrays)
    flat = [
        function(*items) for items in zip(*(np.ravel(a) for a in arrays), strict=True)
    ]
    result = np.empty(len(flat), dtype)
    result[:] = flat
    return result.reshape(arrays[0].shape)


@op("StringJoin(inputs:N*string) -> (output:string)")
def string_join_op(xp, inputs, *, separator=""):
    """Texts joined, element by element; a single text goes with all."""
    between = separator.encode() if isinstance(separator, str) else separator
    return text_by_text(lambda *texts: between.join(texts), *inputs)


@string_join_op.shape
def _(op, *shapes):
    found = unknown_shape()
    for x in shapes:
        if x.rank is None:
            return unknown_shape()
        found = found.merge_with(x) if x.rank else found
    return shapes[0] if found.rank is None else found


@op("Substr(input:string, pos:T, len:T) -> (output:string)", T=INDEX)
def substr_op(xp, input, pos, len, *, unit="BYTE"):
    """So many bytes of each text, from a place on; a negative place is from the end."""
    places = np.broadcast_to(pos, np.broadcast_shapes(np.shape(input), pos.shape))
    for i, (text, place) in enumerate(
        zip(np.ravel(np.broadcast_to(input, places.shape)), places.ravel(), strict=True)
    ):
        if not -size_of(text) <= place <= size_of(text):
            at = f" at index {i}" if places.ndim else " at index 0"
            raise ValueError(f"pos {place} out of range for string {text!r}{at}")
    return text_by_text(part_of, input, pos, len)


def size_of(text):
    """How many bytes."""
    return len(text)


def part_of(text, place, count):
    """The bytes from a place on."""
    start = place + len(text) if place < 0 else place
    return text[start : start + max(count, 0)]


substr_op.shape(lambda op, x, pos, count: broadcast_static_shape(x, pos))


@op("StringStrip(input:string) -> (output:string)")
def string_strip(xp, input):
    """Without white space at both ends."""
    return text_by_text(bytes.strip, input)


@op("StringLower(input:string) -> (output:string)")
def string_lower(xp, input, *, encoding=""):
    """In small letters; with encoding "utf-8" also those that are not of ASCII."""
    return text_by_text(cased(str.lower, bytes.lower, encoding), input)


@op("StringUpper(input:string) -> (output:string)")
def string_upper(xp, input, *, encoding=""):
    """In capital letters; with encoding "utf-8" also those that are not of ASCII."""
    return text_by_text(cased(str.upper, bytes.upper, encoding), input)


def cased(of_str, of_bytes, encoding):
    """The function that changes the case of bytes."""
    return (lambda text: of_str(text.decode()).encode()) if encoding else of_bytes


@op("StringLength(input:string) -> (output:int32)")
def string_length_op(xp, input, *, unit="BYTE"):
    """How many bytes, or with unit "UTF8_CHAR" how many characters."""
    chars = unit == "UTF8_CHAR"
    return text_by_text(
        lambda t: len(t.decode() if chars else t), input, dtype=np.int32
    )


@op("StaticRegexReplace(input:string) -> (output:string)")
def static_regex_replace(xp, input, *, pattern, rewrite, replace_global=True):
    r"""What fits a pattern, replaced; \\1 in rewrite is the first group, \\0 all."""
    return text_by_text(replacing(pattern, rewrite, replace_global), input)


@op("RegexReplace(input:string, pattern:string, rewrite:string) -> (output:string)")
def regex_replace_op(xp, input, pattern, rewrite, *, replace_global=True):
    """The same with a pattern that is a tensor."""
    found = np.asarray(pattern).item(), np.asarray(rewrite).item()
    return text_by_text(replacing(*found, replace_global), input)


def replacing(pattern, rewrite, everywhere):
    """A function that replaces what fits in a text."""
    pattern, rewrite = (
        t.encode() if isinstance(t, str) else t for t in (pattern, rewrite)
    )
    rewrite = re.sub(rb"\\(\d)", rb"\\g<\1>", rewrite)
    return lambda text: re.sub(pattern, rewrite, text, count=0 if everywhere else 1)


keep_shape(string_strip, string_lower, string_upper, string_length_op)
keep_shape(static_regex_replace, regex_replace_op)


@op(
    "StringToNumber(string_tensor:string) -> (output:out_type)",
    out_type=dtypes("float32 float64 int32 int64"),
)
def string_to_number_op(xp, string_tensor, *, out_type=float32):
    """The numbers that are written there."""
    kind = out_type.as_numpy_dtype
    read = float if out_type.is_floating else int

    def number(text):
        try:
            return read(text)
        except ValueError:
            raise ValueError(
                f"StringToNumberOp could not correctly convert string: {text.decode()}"
            ) from None

    return text_by_text(number, string_tensor, dtype=kind)


@op(
    "AsString(input:T) -> (output:string)",
    T=dtypes("int8 int16 int32 int64 complex64 complex128 float32 float64 bool"),
)
def as_string(
    xp, input, *, precision=-1, scientific=False, shortest=False, width=-1, fill=""
):
    """The numbers written down, as C's printf does."""
    letter = "e" if scientific else "g" if shortest else "f"
    if input.dtype.kind in "iu":
        letter = "d"
    digits = f".{precision}" if precision >= 0 and letter != "d" else ""
    form = f"%{fill}{width if width > 0 else ''}{digits}{letter}"

    def written(v):
        if input.dtype.kind == "b":
            return b"true" if v else b"false"
        if input.dtype.kind == "c":
            return f"({form % v.real},{form % v.imag})".encode()
        return (form % v).encode()

    return text_by_text(written, input)


@op(
    "DecodeRaw(bytes:string) -> (output:out_type)",
    out_type=dtypes(
        "float16 float32 float64 int32 uint16 uint8 int16 int8 int64 complex64 "
        "complex128 bool"
    ),
)
def decode_raw_op(xp, bytes, *, out_type, little_endian=True):
    """The bytes of each text, read as numbers along a new axis; texts of one length."""
    kind = np.dtype(out_type.as_numpy_dtype)
    texts = np.ravel(bytes).tolist()
    length = len(texts[0]) if texts else 0
    for i, text in enumerate(texts):
        if len(text) != length:
            raise ValueError(
                "DecodeRaw requires input strings to all be the same size, but element "
                f"{i} has size {length} != {len(text)}"
            )
    if length % kind.itemsize:
        raise ValueError(
            f"Input to DecodeRaw has length {length} that is not a multiple of "
            f"{kind.itemsize}, the size of {kind.name}"
        )
    order = kind.newbyteorder("<" if little_endian else ">")
    numbers = np.frombuffer(b"".join(texts), order).astype(kind)
    return numbers.reshape(*np.shape(bytes), length // kind.itemsize)


keep_shape(string_to_number_op, as_string)
decode_raw_op.shape(lambda op, x: x.concatenate([None]))
pass_no_blame(
    string_join_op,
    substr_op,
    string_strip,
    string_lower,
    string_upper,
    string_length_op,
    static_regex_replace,
    regex_replace_op,
    string_to_number_op,
    as_string,
    decode_raw_op,
)


def string_join(inputs, separator="", name=None):
    """A list of tensors of texts, joined element by element."""
    return string_join_op(inputs, separator, name=name)


def substr(input, pos, len, name=None, unit="BYTE"):
    """So many bytes of each text, from a place on."""
    return substr_op(input, pos, len, unit, name=name)


def string_length(input, name=None, unit="BYTE"):
    """How many bytes each text has; with unit "UTF8_CHAR", how many characters."""
    return string_length_op(input, unit, name=name)


def regex_replace(input, pattern, rewrite, replace_global=True, name=None):
    """What fits a pattern, replaced, in each text: everywhere, or the first time."""
    if isinstance(pattern, (str, bytes)) and isinstance(rewrite, (str, bytes)):
        row, texts = static_regex_replace, {"pattern": pattern, "rewrite": rewrite}
        return row(input, **texts, replace_global=replace_global, name=name)
    return regex_replace_op(input, pattern, rewrite, replace_global, name=name)


def string_to_number(string_tensor=None, out_type=float32, name=None, input=None):
    """The numbers that are written in texts."""
    texts = input if string_tensor is None else string_tensor
    return string_to_number_op(texts, as_dtype(out_type), name=name)


def decode_raw(
    input_bytes=None, out_type=None, little_endian=True, name=None, bytes=None
):
    """The bytes of texts, read as numbers of a dtype along a new axis."""
    texts = bytes if input_bytes is None else input_bytes
    return decode_raw_op(texts, as_dtype(out_type), little_endian, name=name)


## Doors

FUNCTIONS = []  # what py_func was given; a token is "pyfunc_" and a place in it


def called(inputs, token, kinds):
    """What a function of Python makes of arrays, as arrays of the promised dtypes."""
    try:
        found = FUNCTIONS[int(token.rpartition("_")[2])](*inputs)
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
        raise UnknownError(None, None, problem) from error
    found = list(found) if isinstance(found, (list, tuple)) else [found]
    found = found if kinds else []  # what a function without a result gives is dropped
    if len(found) != len(kinds):
        raise ValueError(
            f"{token} returns {len(found)} values, but expects to see {len(kinds)} "
            "values."
        )
    return [promised(v, k, i, token) for i, (v, k) in enumerate(zip(found, kinds))]


def promised(value, kind, i, token):
    """A value as an array. Raises ValueError if it is of another dtype."""
    if kind == string:
        return text_by_text(as_bytes, np.asarray(value, object))
    array = np.asarray(value)
    if array.dtype != kind.as_numpy_dtype:
        names = {"float64": "double", "float32": "float"}
        got, want = (names.get(n, n) for n in (array.dtype.name, kind.name))
        raise ValueError(
            f"{i}-th value returned by {token} is {got}, but expects {want}"
        )
    return array


def as_bytes(text):
    """A text as bytes."""
    return text.encode() if isinstance(text, str) else text


@op("PyFunc(input:*Tin) -> (output:*Tout)")
def py_func_op(run, input, *, token, Tout):
    """What a function of Python makes of the inputs; called in every run."""
    return called(input, token, Tout)


@op("PyFuncStateless(input:*Tin) -> (output:*Tout)", opaque=True)
def py_func_stateless_op(xp, input, *, token, Tout):
    """The same for a function that always gives the same for the same."""
    return called(input, token, Tout)


for _row in (py_func_op, py_func_stateless_op):
    _row.shape(lambda op, *_: [unknown_shape()] * len(op.get_attr("Tout")))
pass_no_blame(py_func_op, py_func_stateless_op)


def py_func(func, inp, Tout, stateful=True, name=None):
    """Call a function of Python with the values of tensors, whenever the graph runs.

    Args:
      func: gets arrays, and gives an array, or a list of them.
      inp: a list of tensors.
      Tout: the dtype of what it gives, or a list of dtypes.
      stateful: whether it may give something else for the same inputs.
      name: the name of the operation.

    Returns:
      A tensor of unknown shape, or a list of them; set_shape tells the shape.
    """
    one = isinstance(Tout, (str, DType, type))
    kinds = [as_dtype(t) for t in ([Tout] if one else Tout)]
    FUNCTIONS.append(func)
    row = py_func_op if stateful else py_func_stateless_op
    result = row(list(inp), f"pyfunc_{len(FUNCTIONS) - 1}", kinds, name=name)
    if not kinds:
        return get_default_graph().get_operations()[-1]
    return result[0] if one else result


@op("Print(input:T, data:*U) -> (output:T)")
def print_op(run, input, data, *, message="", first_n=-1, summarize=3):
    """The input; and some values are written to the error stream."""
    count = run.memory["count"] = run.memory.get("count", 0) + 1
    if first_n < 0 or count <= first_n:
        words = "".join(f"[{in_words(value, summarize)}]" for value in data)
        print(f"{message}{words}", file=sys.stderr)
    return input


print_op.shape(same)
print_op.gradient(lambda op, dy, *_: [dy] + [None] * (len(op.inputs) - 1))


def Print(input_, data, message=None, first_n=None, summarize=None, name=None):
    """`input_`; whenever it is computed, values are written to the error stream.

    Args:
      input_: a tensor.
      data: a list of tensors to write.
      message: what stands before them.
      first_n: how many times at most; every time by default.
      summarize: how many elements of each; three by default.
      name: the name of the operation.
    """
    options = {"message": message, "first_n": first_n, "summarize": summarize}
    options = {key: value for key, value in options.items() if value is not None}
    return print_op(input_, list(data), **options, name=name)


@op("CheckNumerics(tensor:T) -> (output:T)", T=FLOATS)
def check_numerics(run, tensor, *, message):
    """The tensor; an error with a message, if there is a nan or an infinity in it."""
    kinds = [("Inf", np.isinf), ("NaN", np.isnan)]
    found = [name for name, test in kinds if test(tensor).any()]
    if found:
        problem = f"{message} : Tensor had {' and '.join(found)} values"
        raise InvalidArgumentError(None, None, problem)
    return tensor


check_numerics.shape(same)


@check_numerics.gradient
def _(op, dy):
    message = "Not a number (NaN) or infinity (Inf) values detected in gradient. "
    return check_numerics(dy, message + str(op.get_attr("message")))


def verify_tensor_all_finite(t=None, msg=None, name=None, x=None, message=None):
    """`t`, if it has neither a nan nor an infinity in it; else an error says `msg`."""
    x, message = t if x is None else x, msg if message is None else message
    with name_scope(name, "VerifyFinite", [x]):
        x = convert_to_tensor(x, name="x")
        with colocate_with(x):
            checked = check_numerics(x, message)
        return with_dependencies([checked.op], x)


def add_check_numerics_ops():
    """An operation that looks for nan and infinity in every float of the graph."""
    checks = []
    for operation in get_default_graph().get_operations():
        for tensor in operation.outputs:
            if tensor.dtype.base_dtype in dtypes("float16 float32 float64"):
                with control_dependencies(checks[-1:]):
                    checks.append(check_numerics(tensor, tensor.name).op)
    return group(*checks)


def report_uninitialized_variables(
    var_list=None, name="report_uninitialized_variables"
):
    """The names of the variables that have no value at the time of the run: (count,).

    Args:
      var_list: the variables to look at; all global and local ones by default.
      name: the scope of the operations.
    """
    graph = get_default_graph()
    if var_list is None:
        keys = GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES
        var_list = [v for key in keys for v in graph.get_collection(key)]
    with name_scope(name):
        tests = [is_variable_initialized_op(v) for v in var_list]
        with graph.device("/cpu:0"):
            if not var_list:
                return constant([], string)
            missing = logical_not(stack(tests))
            names = constant([v.op.name for v in var_list])
            return boolean_mask(names, missing)
