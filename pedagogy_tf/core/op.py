"""The row of an op: one line of TensorFlow's catalogue, and how values enter a graph.

A row holds what is to be known of an op in one place: its type name and signature,
its kernel (arrays to arrays), its shape rule and its gradient rule (tensors to
tensors). Calling a row appends an operation to the graph.
"""

# Generated from book/source/06_ops.md: change it there, then `make export`.

from __future__ import annotations

import inspect
import re
from collections import namedtuple
from typing import NamedTuple

import numpy as np

from pedagogy_tf.core.arrays import to_array
from pedagogy_tf.core.dtypes import TYPES, DType, as_dtype
from pedagogy_tf.core.graph import ROWS, Tensor, get_default_graph, graph_of
from pedagogy_tf.core.shapes import Dimension, TensorShape, as_shape

__all__ = [
    "ShapeError",
    "GRADIENTS",
    "Argument",
    "ARGUMENT",
    "SIGNATURE",
    "parse_arguments",
    "Known",
    "Row",
    "op",
    "same",
    "scalar",
    "RegisterGradient",
    "NotDifferentiable",
    "show_shape",
    "show_value",
    "constant_value",
    "known_sizes",
    "CONVERSIONS",
    "register_tensor_conversion_function",
    "convert_to_tensor",
    "const",
    "constant",
]


## Build


class ShapeError(ValueError):
    """What a shape rule raises: the graph adds the operation and the user's line."""


GRADIENTS = {}  # op type, or a name given to RegisterGradient -> gradient rule


class Argument(NamedTuple):
    """One input or output in an op's signature."""

    name: str
    dtype: object  # a DType, or the name of the attribute that holds it
    ref: bool = False  # a variable itself, not its value
    count: str | None = None  # the attribute that holds how many: `values:N*T`
    mixed: bool = False  # a list whose dtypes are an attribute: `data:*T`
    default: DType | None = None  # the dtype of a Python value, if it has a say


ARGUMENT = re.compile(r"(\w+):(ref )?(?:(\w*)(\*))?(\w+)(?:=(\w+))?$")

SIGNATURE = re.compile(r"(\w+)(?:\((.*?)\) -> \((.*)\))?$")


def parse_arguments(text):
    """`"a:T, n:int32"` as a list of Arguments."""
    found = []
    for part in filter(None, text.split(", ")):
        match = ARGUMENT.match(part)
        if not match:
            raise ValueError(f"{part!r} is not of the form name:dtype")
        name, ref, count, star, dtype, default = match.groups()
        dtype = as_dtype(dtype) if dtype in TYPES else dtype
        found.append(
            Argument(
                name,
                dtype,
                bool(ref),
                count or None,
                bool(star and not count),
                as_dtype(default) if default else None,
            )
        )
    return found


class Known:
    """What is known of an operation while its shapes are worked out.

    A shape rule receives it as `op`, before the shapes of the inputs. While the graph
    is written, little may be known; when a plan is made for given feeds, more is.
    """

    def __init__(self, operation, shapes=None, values=None):
        self.operation = operation
        self.attrs = operation.attrs
        self.inputs = operation.inputs
        self.shapes = [t.shape for t in operation.inputs] if shapes is None else shapes
        self.values = values
        self.asked, self.asked_sizes = {}, {}  # for the message, if a rule objects

    def get_attr(self, name):
        """The value of an attribute."""
        return self.operation.get_attr(name)

    def constant(self, i):
        """The value of input `i` as an array, or None where only a run can tell."""
        value = (
            constant_value(self.inputs[i]) if self.values is None else self.values[i]
        )
        if value is not None:
            self.asked[i] = value
        return value

    def sizes(self, i):
        """Input `i` read as a shape: a TensorShape with unknown sizes where need be."""
        value = self.constant(i)
        if value is not None:
            return as_shape([None if n < 0 else int(n) for n in np.ravel(value)])
        sizes = known_sizes(self.inputs[i])
        if sizes is None:
            ndims = self.shapes[i].ndims
            count = self.shapes[i].dims[0].value if ndims == 1 else None
            return TensorShape(None if count is None else [None] * count)
        self.asked_sizes[i] = as_shape(sizes)
        return self.asked_sizes[i]

    def sizes_of(self, i):
        """Input `i` as `known_sizes` has it."""
        return known_sizes(self.inputs[i]) if self.values is None else None


class Row:
    """An op: its signature, kernel, shape rule and gradient rule.

    Attributes:
      type: TensorFlow's type name, `MatMul`.
      inputs, outputs: its Arguments.
      attrs: attribute name -> default; `...` where a value is required.
      kernel: function of arrays. Its first parameter is `xp` (NumPy or CuPy), or
        `run` for an op that keeps something between runs.
      stateful: whether it does.
      view: whether the kernel may hand out memory of its inputs.
    """

    def __init__(self, signature, kernel, view=False, reads_ref=True, **allowed):
        self.type, inputs, outputs = SIGNATURE.match(signature).groups()
        parameters = list(inspect.signature(kernel).parameters.values())
        self.kernel, self.view, self.reads_ref = kernel, view, reads_ref
        self.stateful = parameters[0].name == "run"
        positional = [p.name for p in parameters[1:] if p.kind is not p.KEYWORD_ONLY]
        if inputs is None:
            inputs, outputs = ", ".join(f"{n}:T" for n in positional), "y:T"
        self.inputs, self.outputs = parse_arguments(inputs), parse_arguments(outputs)
        self.attrs = {
            p.name: ... if p.default is p.empty else p.default
            for p in parameters
            if p.kind is p.KEYWORD_ONLY
        }
        self.allowed = allowed
        self.shape_rule = self.sizes_rule = self.shortcut_rule = None
        self.__name__, self.__doc__ = kernel.__name__, kernel.__doc__
        self.__module__ = kernel.__module__
        names = [a.name for a in self.inputs] + list(self.attrs)
        self.__signature__ = (
            inspect.Signature(
                [
                    inspect.Parameter(
                        n,
                        inspect.Parameter.POSITIONAL_OR_KEYWORD,
                        default=self.attrs[n]
                        if self.attrs.get(n, ...) is not ...
                        else inspect.Parameter.empty,
                    )
                    for n in names
                ]
                + [
                    inspect.Parameter(
                        "name", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None
                    )
                ]
            )
            if all(self.attrs.get(n) is not ... for n in names)
            else None
        )
        self.result = (
            namedtuple(self.type, [a.name for a in self.outputs], rename=True)
            if len(self.outputs) > 1
            else None
        )
        ROWS[self.type] = self

    def __repr__(self):
        return f"<op {self.type}>"

    # -- columns -----------------------------------------------------------------

    def shape(self, rule):
        """Set the shape rule: `rule(op, *input_shapes)` gives the output shape(s)."""
        self.shape_rule = rule
        return rule

    def gradient(self, rule):
        """Set the gradient rule: `rule(op, dy)` gives a tensor or None per input.

        With several outputs it is `rule(op, dy_0, dy_1, ...)`. None in place of a rule
        declares that no gradient flows.
        """
        GRADIENTS[self.type] = rule
        return rule

    def sizes(self, rule):
        """Set the rule that says which sizes an integer output holds.

        `rule(op, *input_shapes)` gives a list with None for unknown sizes, for a scalar
        an int or None; None where nothing is known.
        """
        self.sizes_rule = rule
        return rule

    def shortcut(self, rule):
        """Set the rule that says when the op does nothing.

        `rule(op, *input_shapes)` gives the number of the input that equals the output,
        or None. A plan leaves such operations out.
        """
        self.shortcut_rule = rule
        return rule

    # -- kernels -------------------------------------------------------------------

    def arrange(self, values, attrs):
        """A flat list of input values as the kernel's arguments, lists where it has lists."""
        arguments, rest = [], list(values)
        for argument in self.inputs:
            if argument.count or argument.mixed:
                size = (
                    attrs[argument.count]
                    if argument.count
                    else len(attrs[argument.dtype])
                )
                arguments.append(rest[:size])
                rest = rest[size:]
            else:
                arguments.append(rest.pop(0))
        return arguments

    def kernel_attrs(self, attrs):
        """The attributes that the kernel takes."""
        return {key: attrs[key] for key in self.attrs}

    # -- nodes ---------------------------------------------------------------------

    def __call__(self, *args, name=None, **kwargs):
        """Append an operation of this type and return its output(s)."""
        values, attrs, name = self._bind(args, kwargs, name)
        graph = graph_of(_tensors_in(values))
        with graph.as_default(), graph.name_scope(name or self.type) as scope:
            tensors, attrs = self._convert(values, attrs)
            dtypes = self._output_dtypes(attrs)
            operation = graph.create_op(
                self.type, tensors, dtypes, name=scope, attrs=attrs
            )
        return self._hand_out(operation, attrs)

    def _bind(self, args, kwargs, name):
        """Sort arguments into input values, attributes and the name."""
        names = [a.name for a in self.inputs] + list(self.attrs)
        if len(args) > len(names) + 1:
            raise TypeError(
                f"{self.__name__}() takes {len(names)} arguments and a name, "
                f"got {len(args)}"
            )
        given = dict(zip(names, args))  # noqa: B905
        if len(args) > len(names):
            name = args[-1]
        for key, value in kwargs.items():
            if key in given or key not in names:
                what = "twice" if key in given else "and does not know it"
                raise TypeError(f"{self.__name__}() got argument '{key}' {what}")
            given[key] = value
        attrs = {k: given.get(k, default) for k, default in self.attrs.items()}
        missing = [n for n in names if n not in given and attrs.get(n, ...) is ...]
        if missing:
            raise TypeError(f"{self.__name__}() misses the argument '{missing[0]}'")
        return [given[a.name] for a in self.inputs], attrs, name

    def _convert(self, values, attrs):
        """Input values as tensors; attributes completed by what the inputs tell."""
        attrs, tensors, told_by = dict(attrs), [], {}
        for argument, value in zip(self.inputs, values, strict=True):
            if argument.mixed or argument.count:
                if not isinstance(value, (list, tuple)):
                    raise TypeError(
                        f"Expected list for '{argument.name}' argument to "
                        f"'{self.type}' Op, not {value!r}."
                    )
                found = self._convert_list(argument, value, attrs, told_by)
                tensors += found
                if argument.mixed:
                    attrs[argument.dtype] = [t.dtype.base_dtype for t in found]
                elif attrs.setdefault(argument.count, len(found)) != len(found):
                    raise ValueError(
                        f"List argument '{argument.name}' to '{self.type}' Op with length "
                        f"{len(found)} must match length {attrs[argument.count]}."
                    )
            else:
                tensors.append(self._convert_one(argument, value, attrs, told_by))
        self._check_allowed(attrs, told_by)
        return tensors, {k: _attr(k, v) for k, v in attrs.items()}

    def _convert_list(self, argument, values, attrs, told_by):
        if argument.mixed:
            return [
                convert_to_tensor(v, name=f"{argument.name}_{i}")
                for i, v in enumerate(values)
            ]
        if isinstance(argument.dtype, str) and argument.dtype not in attrs:
            known = [v.dtype for v in values if isinstance(v, Tensor)]
            hint = known[0].base_dtype if known else None
        else:
            hint = attrs.get(argument.dtype, argument.dtype)
        found = []
        for i, value in enumerate(values):
            one = argument._replace(name=f"{argument.name}_{i}")
            if hint is not None and not isinstance(value, Tensor):
                value = convert_to_tensor(value, hint, name=one.name)
            found.append(self._convert_one(one, value, attrs, told_by))
        if not found and isinstance(argument.dtype, str):
            attrs.setdefault(argument.dtype, argument.default)
        return found

    def _convert_one(self, argument, value, attrs, told_by):
        """One input as a tensor of the dtype that the signature asks for."""
        by_attr = isinstance(argument.dtype, str)
        wanted = attrs.get(argument.dtype) if by_attr else argument.dtype
        wanted = None if wanted in (None, ...) else as_dtype(wanted)
        try:
            tensor = convert_to_tensor(
                value, wanted, argument.name, argument.default, as_ref=argument.ref
            )
        except TypeError as error:
            if wanted is None:
                raise
            raise TypeError(
                f"Expected {wanted.name} passed to parameter '{argument.name}' of op "
                f"'{self.type}', got {value!r} of type '{type(value).__name__}' instead. "
                f"Error: {error}"
            ) from None
        except ValueError:
            if wanted is None or not isinstance(getattr(value, "dtype", None), DType):
                raise
            prefix = (
                f"Input '{argument.name}' of '{self.type}' Op has type "
                f"{value.dtype.base_dtype.name} that does not match"
            )
            if not by_attr:
                raise TypeError(f"{prefix} expected type of {wanted.name}.") from None
            raise TypeError(
                f"{prefix} type {wanted.name} of argument '{told_by.get(argument.dtype)}'."
            ) from None
        if argument.ref and not tensor.dtype.is_ref_dtype:
            raise TypeError(
                f"'{self.type}' Op requires that input '{argument.name}' be a mutable tensor "
                "(e.g.: a tf.Variable)"
            )
        if by_attr:
            attrs[argument.dtype] = tensor.dtype.base_dtype
            told_by.setdefault(argument.dtype, argument.name)
        return tensor

    def _check_allowed(self, attrs, told_by):
        for key, allowed in self.allowed.items():
            if key in attrs and attrs[key] not in allowed:
                names = ", ".join(d.name for d in allowed)
                raise TypeError(
                    f"Value passed to parameter '{told_by.get(key, key)}' has DataType "
                    f"{attrs[key].name} not in list of allowed values: {names}"
                )

    def _output_dtypes(self, attrs):
        """The dtype of each output tensor."""
        dtypes = []
        for argument in self.outputs:
            dtype = (
                attrs[argument.dtype]
                if isinstance(argument.dtype, str)
                else argument.dtype
            )
            if argument.mixed:
                dtypes += dtype
            else:
                dtype = dtype._as_ref if argument.ref else dtype
                dtypes += [dtype] * (attrs[argument.count] if argument.count else 1)
        return dtypes

    def _hand_out(self, operation, attrs):
        """What the caller gets: a tensor, a list, a named tuple, or the operation."""
        if not self.outputs:
            return operation
        parts, rest = [], list(operation.outputs)
        for argument in self.outputs:
            if argument.count or argument.mixed:
                count = (
                    attrs[argument.count]
                    if argument.count
                    else len(attrs[argument.dtype])
                )
                parts.append(rest[:count])
                rest = rest[count:]
            else:
                parts.append(rest.pop(0))
        return parts[0] if len(parts) == 1 else self.result(*parts)

    def infer_shapes(self, operation):
        """Set the shapes of a new operation's outputs by the shape rule.

        Raises:
          ValueError: if the shapes of the inputs do not fit together.
        """
        if self.shape_rule is None:
            return
        known = Known(operation)
        try:
            shapes = self.output_shapes(known)
        except ShapeError as error:
            raise ValueError(_misfit(error, known)) from None
        for tensor, shape in zip(operation.outputs, shapes):  # noqa: B905
            tensor._shape = shape

    def output_shapes(self, known):
        """The shapes of the outputs, by the shape rule."""
        shapes = self.shape_rule(known, *known.shapes)
        return [as_shape(s) for s in (shapes if isinstance(shapes, list) else [shapes])]


def op(signature, **options):
    """Decorator: make a kernel the row of an op.

    Args:
      signature: `MatMul(a:T, b:T) -> (product:T)`; a bare `Tanh` takes the kernel's
        parameters as inputs, all of one dtype. `x:ref T` is a variable, `x:N*T` a list
        of N tensors, `x:*T` a list of any dtypes, `x:T=int32` the dtype of Python
        values that leave it open.
      **options: `view`, see Row; `T=FLOATS` lists the dtypes that T may be.
    """

    def wrap(kernel):
        return Row(signature, kernel, **options)

    return wrap


def same(op, x, *_):
    """Shape rule: as the first input."""
    return x


def scalar(op, *_):
    """Shape rule: no axes."""
    return TensorShape([])


def RegisterGradient(name):  # noqa: N802, TensorFlow's name
    """Decorator: name a gradient rule, for `Graph.gradient_override_map`."""

    def wrap(rule):
        GRADIENTS[name] = rule
        return rule

    return wrap


def NotDifferentiable(op_type):  # noqa: N802, TensorFlow's name
    """Declare that no gradient flows through ops of a type."""
    GRADIENTS[op_type] = None


def _attr(key, value):
    """An attribute in the form it is kept in."""
    if value is ...:
        raise TypeError(f"the attribute '{key}' is missing")
    return value


def _tensors_in(values):
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from value
        else:
            yield value


def _misfit(error, known):
    """TensorFlow's sentence for shapes that do not fit, then the user's line."""
    operation = known.operation
    shapes = ", ".join(show_shape(s) for s in known.shapes)
    text = (
        f"{error} for '{operation.name}' (op: '{operation.type}') "
        f"with input shapes: {shapes}"
    )
    if known.asked:
        told = ", ".join(
            f"input[{i}] = {show_value(v)}" for i, v in sorted(known.asked.items())
        )
        text += f" and with computed input tensors: {told}"
    if known.asked_sizes:
        told = ", ".join(
            f"input[{i}] = {show_shape(s)}"
            for i, s in sorted(known.asked_sizes.items())
        )
        text += f" and with input tensors computed as partial shapes: {told}"
    inputs = "".join(
        f"\n  input {i}: {t.name}, made by {t.op.site}"
        for i, t in enumerate(operation.inputs)
    )
    return f"{text}.\n{operation.site}{inputs}"


def show_shape(shape):
    """A shape as TensorFlow's shape messages write it: `[?,3]`, or `?` if unknown."""
    if shape.ndims is None:
        return "<unknown>"
    return "[" + ",".join("?" if n is None else str(n) for n in shape.as_list()) + "]"


def show_value(value):
    """A small constant as TensorFlow's shape messages write it: `<4 2>`."""
    text = " ".join(str(v) for v in np.ravel(value).tolist())
    return f"<{text}>"


def constant_value(tensor, depth=100):
    """The value of `tensor` where it is known before the program runs, else None.

    Constants are known, and whatever is computed from constants alone.
    """
    operation = tensor.op
    if operation.type == "Const":
        return operation.attrs["value"]
    row = ROWS.get(operation.type)
    if row is None or row.stateful or not depth or not row.outputs:
        return None
    if operation.type == "PlaceholderWithDefault":
        return None  # a feed may take its place
    if hasattr(tensor, "_constant"):
        return tensor._constant
    if row.sizes_rule is not None:
        sizes = known_sizes(tensor)
        if sizes is not None and _all_known(sizes):
            return np.array(sizes, tensor.dtype.as_numpy_dtype)
    if not operation.inputs:
        return None
    values = [constant_value(t, depth - 1) for t in operation.inputs]
    if any(v is None or v.size > 10_000 for v in values):
        return None
    attrs = operation.attrs
    results = row.kernel(np, *row.arrange(values, attrs), **row.kernel_attrs(attrs))
    results = results if len(operation.outputs) > 1 else [results]
    for output, result in zip(operation.outputs, results):
        output._constant = np.asarray(result)
    return tensor._constant


def known_sizes(tensor):
    """What is known of an integer tensor that holds sizes.

    Returns:
      For a vector a list with None for unknown sizes, for a scalar an int or None;
      None also where nothing is known.
    """
    if tensor.op.type == "Const":
        return tensor.op.attrs["value"].tolist()
    row = ROWS.get(tensor.op.type)
    if row is None or row.sizes_rule is None:
        return None
    known = Known(tensor.op)
    return row.sizes_rule(known, *known.shapes)


def _all_known(sizes):
    return (
        all(n is not None for n in sizes)
        if isinstance(sizes, list)
        else sizes is not None
    )


CONVERSIONS = []  # (priority, order, types, function), tried in this order


def register_tensor_conversion_function(base_type, conversion_func, priority=100):
    """Say how values of a type become tensors.

    Args:
      base_type: a type, or a tuple of types.
      conversion_func: `f(value, dtype=None, name=None, as_ref=False)` gives a Tensor,
        or NotImplemented to leave it to the next.
      priority: lower ones are asked first.
    """
    CONVERSIONS.append((priority, len(CONVERSIONS), base_type, conversion_func))
    CONVERSIONS.sort(key=lambda row: row[:2])


def convert_to_tensor(
    value, dtype=None, name=None, preferred_dtype=None, dtype_hint=None, as_ref=False
):
    """`value` as a tensor of the default graph; a tensor is handed back as it is.

    Args:
      value: a Tensor, a Variable, a number, a string, an array, lists of these.
      dtype: the dtype it must have.
      name: the name of the constant, if one is made.
      preferred_dtype, dtype_hint: the dtype it gets if it can.

    Raises:
      TypeError: if nobody knows how to convert `value`, or not to `dtype`.
      ValueError: if it is a tensor of another dtype.
    """
    dtype = None if dtype is None else as_dtype(dtype)
    if isinstance(value, Tensor):
        return _check_dtype(value, value, dtype)
    hint = dtype_hint if preferred_dtype is None else preferred_dtype
    if dtype is None and hint is not None:
        try:
            return convert_to_tensor(value, hint, name, as_ref=as_ref)
        except (TypeError, ValueError):
            pass
    for _, _, types, function in CONVERSIONS:
        if isinstance(value, types):
            tensor = function(value, dtype=dtype, name=name, as_ref=as_ref)
            if tensor is not NotImplemented:
                return _check_dtype(tensor, value, dtype)
    return constant(value, dtype, name=name or "Const")


def _check_dtype(tensor, value, dtype):
    if dtype is not None and not dtype.is_compatible_with(tensor.dtype.base_dtype):
        raise ValueError(
            f"Tensor conversion requested dtype {dtype.name} for Tensor with dtype "
            f"{tensor.dtype.name}: {str(value)!r}"
        )
    return tensor


@op("Const() -> (output:dtype)")
def const(xp, *, value, dtype):
    """The array `value`."""
    return value


@const.shape
def _(op):
    return as_shape(op.get_attr("value").shape)


const.gradient(None)


def constant(value, dtype=None, shape=None, name="Const", verify_shape=False):
    """A tensor that is always `value`.

    Args:
      value: a number, a string, an array, or nested lists of them.
      dtype: its DType; by default int32 for Python ints, float32 for floats.
      shape: its shape; fewer values than that are continued with the last one.
      name: the name of the operation.
      verify_shape: refuse values that do not fill `shape`.
    """
    array = to_array(value, dtype, shape, verify_shape)
    dtype = as_dtype(array.dtype if dtype is None else dtype)
    graph = get_default_graph()
    attrs = {"value": array, "dtype": dtype}
    return graph.create_op("Const", [], [dtype], name=name, attrs=attrs).outputs[0]


def _shape_to_tensor(value, dtype=None, name=None, as_ref=False):
    if not value.is_fully_defined():
        raise ValueError(
            f"Cannot convert a partially known TensorShape to a Tensor: {value}"
        )
    return constant(value.as_list(), dtype or "int32", name=name or "shape_as_tensor")


def _dimension_to_tensor(value, dtype=None, name=None, as_ref=False):
    if value.value is None:
        raise ValueError(f"Cannot convert an unknown Dimension to a Tensor: {value}")
    return constant(value.value, dtype or "int32", name=name or "shape_as_tensor")


register_tensor_conversion_function(TensorShape, _shape_to_tensor)

register_tensor_conversion_function(Dimension, _dimension_to_tensor)
