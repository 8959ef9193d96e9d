"""The row of an op, and how Python values enter a graph.

A row holds what is to be known of an op in one place: its signature, its kernel (from
arrays to arrays), its shape rule and its gradient rule (from tensors to tensors).
Calling a row appends an operation to the graph.
"""

# Generated from book/source/06_ops.md: change it there, then `make export`.

from __future__ import annotations

import inspect
import numbers
import re
from collections import namedtuple
from contextlib import ExitStack
from typing import NamedTuple

import numpy as np

from pedagogy_tf.core.arrays import to_array
from pedagogy_tf.core.dtypes import TYPES, DType, as_dtype
from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.graph import ROWS, Operation, Tensor, get_default_graph, graph_of
from pedagogy_tf.core.shapes import Dimension, TensorShape, as_shape, in_brackets

__all__ = [
    "Argument",
    "ARGUMENT",
    "SIGNATURE",
    "parse_arguments",
    "exactly",
    "plain",
    "FORMS",
    "attribute_type",
    "Row",
    "op",
    "split",
    "GRADIENTS",
    "RegisterGradient",
    "NotDifferentiable",
    "same",
    "scalar",
    "Known",
    "ShapeError",
    "misfit",
    "show_shape",
    "show_value",
    "with_rank",
    "with_rank_at_least",
    "SMALL",
    "constant_value",
    "fold",
    "sizes_alone",
    "known_sizes",
    "const",
    "constant",
    "has_tensor",
    "CONVERSIONS",
    "register_tensor_conversion_function",
    "convert_to_tensor",
    "enter",
    "shape_to_tensor",
    "dimension_to_tensor",
    "refuse_operation",
    "flat",
    "first_line",
    "snake",
]


## A signature


class Argument(NamedTuple):
    """One input or output in the signature of an op."""

    name: str
    dtype: object  # a DType, or the name of the attribute that holds it
    ref: bool = False  # a variable itself, not its value
    count: str | None = None  # a list, and the attribute that holds its length
    mixed: bool = False  # a list of any dtypes; the attribute `dtype` lists them
    default: DType | None = None  # what Python values become, if they can

    @property
    def is_list(self):
        return self.mixed or self.count is not None


ARGUMENT = re.compile(r"(\w+):(ref )?(?:(\w*)\*)?(\w+)(?:=(\w+))?")
SIGNATURE = re.compile(r"(\w+)(?:\((.*?)\) -> \((.*)\))?")


def parse_arguments(text):
    """`"a:T, n:int32"` as a list of Arguments."""
    found = []
    for part in filter(None, text.split(", ")):
        match = ARGUMENT.fullmatch(part)
        if not match:
            raise ValueError(f"{part!r} is not of the form name:dtype")
        name, ref, count, dtype, default = match.groups()
        dtype = as_dtype(dtype) if dtype in TYPES else dtype
        default = as_dtype(default) if default else None
        argument = Argument(name, dtype, bool(ref), count or None, count == "", default)
        found.append(argument)
    return found


## Attributes


def exactly(*types):
    """A function that hands back values of some types and refuses others."""

    def check(value):
        if not isinstance(value, types):
            raise TypeError
        return value

    return check


def plain(value):
    """Tuples as lists, bytes as text if they are text, other values as they are."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    return value


FORMS = {  # type of an attribute -> its name in messages, and how to make it
    DType: ("DataType", lambda value: as_dtype(value).base_dtype),
    bool: ("bool", exactly(bool)),
    int: ("int", lambda value: int(exactly(numbers.Real, np.generic)(value))),
    float: ("float", lambda value: float(np.float32(exactly(numbers.Real)(value)))),
    str: ("string", lambda value: plain(exactly(str, bytes)(value))),
    list: ("list", lambda value: list(exactly(list, tuple)(value))),
}


def attribute_type(default, allowed, is_dtype):
    """The type of an attribute; NoneType if that is open.

    Args:
      default: its default, `...` if there is none.
      allowed: what it may be, None for anything.
      is_dtype: whether the signature uses it as a dtype.
    """
    if is_dtype or isinstance(default, DType):
        return DType
    if default is ... and isinstance(allowed, tuple):
        default = allowed[0]
    return list if isinstance(default, tuple) else type(default)


## A row


class Row:
    """An op: its signature, kernel, shape rule and gradient rule.

    Attributes:
      type: TensorFlow's name of the op, `MatMul`.
      inputs, outputs: lists of Arguments.
      attrs: the kernel's attributes and their defaults; `...` where there is none.
      kernel: a function of arrays.
      stateful: whether the kernel keeps something between runs.
      view: whether the result may share memory with an input.
      reads_ref: whether the kernel reads the variables that it gets.
      opaque: whether its value counts as unknown before a run: it may be fed.
      allowed: attribute -> the DTypes or texts that it may be, or the least number.
    """

    def __init__(
        self, signature, kernel, view=False, reads_ref=True, opaque=False, **allowed
    ):
        self.type, inputs, outputs = SIGNATURE.fullmatch(signature).groups()
        first, *parameters = inspect.signature(kernel).parameters.values()
        names = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
        if inputs is None:
            inputs, outputs = ", ".join(f"{name}:T" for name in names), "y:T"
        self.inputs, self.outputs = parse_arguments(inputs), parse_arguments(outputs)
        self.kernel, self.stateful = kernel, first.name == "run"
        self.view, self.reads_ref, self.opaque = view, reads_ref, opaque
        self.allowed, self.attrs = allowed, {}
        self.shape_rule = self.sizes_rule = self.shortcut_rule = None
        self.complaint_rule = None
        self._take_attributes([p for p in parameters if p.kind is p.KEYWORD_ONLY])
        self._sign()

    def _take_attributes(self, parameters):
        """Take over the kernel's attributes: their types and their defaults."""
        arguments = [*self.inputs, *self.outputs]
        dtypes = {argument.dtype for argument in arguments if not argument.mixed}
        self._kinds = {}
        for p in sorted(parameters, key=lambda p: p.default is not p.empty):
            name, default = p.name, ... if p.default is p.empty else p.default
            kind = attribute_type(default, self.allowed.get(name), name in dtypes)
            self._kinds[name] = kind
            self.attrs[name] = (
                default if default is ... else self._attribute(name, default)
            )

    def _attribute(self, name, value):
        """The value of an attribute in the form in which it is kept.

        Raises:
          TypeError, ValueError: it is not of the attribute's type, or not allowed.
        """
        kind, allowed = self._kinds[name], self.allowed.get(name)
        word, form = FORMS.get(kind, ("", plain))
        try:
            value = form(value)
        except (TypeError, ValueError):
            problem = f"Expected {word} for argument '{name}' not {value!r}."
            raise TypeError(explain(problem)) from None
        if kind is DType:
            self._check_allowed(name, value, name)
        what = f"Attr '{name}' of '{self.type}' Op passed"
        if kind is str and allowed and value not in allowed:
            texts = ", ".join(f'"{text}"' for text in allowed)
            raise ValueError(explain(f"{what} string '{value}' not in: {texts}."))
        if kind is int and isinstance(allowed, int) and value < allowed:
            raise ValueError(explain(f"{what} {value} less than minimum {allowed}."))
        return value

    def _check_allowed(self, key, dtype, name):
        """Refuse a dtype that the op is not made for."""
        allowed = self.allowed.get(key)
        if allowed is None or isinstance(allowed, int) or dtype in allowed:
            return
        texts = ", ".join(other.name for other in allowed)
        likely = [n for n in ("float32", "int32") if n in texts.split(", ")]
        raise TypeError(
            explain(
                f"Value passed to parameter '{name}' has DataType {dtype.name} not in "
                f"list of allowed values: {texts}",
                fix=f"tf.cast({name}, tf.{(likely or [allowed[0].name])[0]})",
            )
        )

    def _sign(self):
        """Give the row what Python expects of a function."""
        kernel, kind = self.kernel, inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.__name__, self.__doc__ = kernel.__name__, kernel.__doc__
        self.__module__ = kernel.__module__
        defaults = {argument.name: ... for argument in self.inputs} | self.attrs
        self._required = {name for name, default in defaults.items() if default is ...}
        defaults["name"] = None
        self._names = defaults.keys()
        self.__signature__ = inspect.Signature(
            [
                inspect.Parameter(
                    n, kind, default=inspect.Parameter.empty if v is ... else v
                )
                for n, v in defaults.items()
            ]
        )
        outputs = [argument.name for argument in self.outputs]
        self.result = namedtuple(self.type, outputs, rename=True)

    def __repr__(self):
        return f"<op {self.type}>"

    def arrange(self, values, attrs):
        """A flat list of inputs as the kernel takes them: lists where it has lists."""
        return split(self.inputs, values, attrs)

    def kernel_attrs(self, attrs):
        """The attributes of an operation that the kernel takes."""
        return {name: attrs[name] for name in self.attrs}

    def shape(self, rule):
        """Set the shape rule.

        `rule(op, *input_shapes)` gives the shape of the output, or a list of shapes
        if there are several outputs. `op` is a Known. It raises ShapeError if the
        shapes do not go together.
        """
        self.shape_rule = rule
        return rule

    def gradient(self, rule):
        """Set the gradient rule.

        `rule(op, dy)` gives for each input a tensor, or None where no blame flows. `op`
        is the Operation, `dy` the blame for its output; there is one dy per output.
        None in place of a rule says that no blame flows at all.
        """
        GRADIENTS[self.type] = rule
        return rule

    def sizes(self, rule):
        """Set the rule that says which sizes an integer output holds.

        `rule(op, *input_shapes)` gives a list, with None for unknown sizes, or an int
        for a scalar, or None if nothing is known.
        """
        self.sizes_rule = rule
        return rule

    def shortcut(self, rule):
        """Set the rule that says when the op does nothing.

        `rule(op, *input_shapes)` gives the number of the input that equals the output,
        or None. A plan leaves such an operation out.
        """
        self.shortcut_rule = rule
        return rule

    def complaint(self, rule):
        """Set the rule that says in TensorFlow's words why a kernel failed.

        `rule(*inputs)` gets the arrays that the kernel got, and gives a sentence; or
        None, if what the kernel said is good enough. A plan asks it after a failure.
        """
        self.complaint_rule = rule
        return rule

    def infer_shapes(self, operation):
        """Set the shapes of a new operation's outputs, as far as they are known.

        Raises:
          ValueError: the shapes of the inputs do not fit together.
        """
        if self.shape_rule is None:
            return
        known = Known(operation)
        try:
            shapes = self.output_shapes(known)
        except ValueError as error:
            raise ValueError(misfit(self, known, error)) from None
        for tensor, shape in zip(operation.outputs, shapes, strict=True):
            tensor._shape = shape

    def output_shapes(self, known):
        """The shapes of the outputs, a list, by the shape rule."""
        shapes = self.shape_rule(known, *known.shapes)
        return [as_shape(s) for s in (shapes if isinstance(shapes, list) else [shapes])]

    def __call__(self, *args, **kwargs):
        """Append an operation of this type.

        Args:
          *args, **kwargs: the inputs, the attributes, and `name`, in the order of the
            signature or by name.

        Returns:
          The output; a list where the signature has one; a named tuple of several
          outputs; the Operation if there are none.
        """
        given = self._bind(args, kwargs)
        name = self.type if given.get("name") is None else given["name"]
        graph = graph_of(flat(given[argument.name] for argument in self.inputs))
        with graph.as_default(), graph.name_scope(name) as scope:
            tensors, attrs = self._convert(given)
            dtypes = self.output_dtypes(attrs)
            with self._beside(tensors):
                operation = graph.create_op(
                    self.type, tensors, dtypes, None, scope, attrs
                )
        return self._hand_out(operation)

    def _bind(self, args, kwargs):
        """Arguments by the names of parameters."""
        given = {**dict(zip(self._names, args)), **kwargs}  # counted below
        right = len(given) == len(args) + len(kwargs) and self._required <= given.keys()
        if not (right and given.keys() <= self._names):
            try:
                self.__signature__.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(explain(f"{self.__name__}() {error}")) from None
        return given

    def _convert(self, given):
        """The inputs as a flat list of tensors, and the attributes by name."""
        attrs, tensors = {}, []
        for argument in self.inputs:
            value = given[argument.name]
            if argument.is_list:
                tensors += self._enter_list(argument, value, attrs)
            else:
                tensors.append(self._enter(argument, value, attrs))
        for name, default in self.attrs.items():
            value = given.get(name)
            if value is None and default is not ...:
                attrs[name] = default
            else:
                attrs[name] = self._attribute(name, value)
        return tensors, attrs

    def _enter(self, argument, value, attrs):
        """One input as a tensor of the right dtype; `attrs` learns what was open."""
        key = argument.dtype
        wanted = attrs.get(key) if type(key) is str else key
        if type(value) is not Tensor:
            value = self._to_tensor(argument, value, wanted)
        base = value.dtype.base_dtype
        if wanted is None:
            self._check_allowed(key, base, argument.name)
            attrs[key] = base
        elif base is not wanted and base != wanted:
            raise TypeError(self._clash(argument, value.dtype, wanted))
        if argument.ref and not value.dtype.is_ref_dtype:
            raise TypeError(
                f"'{self.type}' Op requires that input '{argument.name}' be a mutable "
                "tensor (e.g.: a tf.Variable)"
            )
        return value

    def _to_tensor(self, argument, value, wanted):
        """An input value as a tensor, of dtype `wanted` if that can be."""
        name, ref = argument.name, argument.ref
        try:
            return convert_to_tensor(value, wanted, name, argument.default, as_ref=ref)
        except TypeError as error:
            if wanted is None:
                raise
            problem = f"Expected {wanted.name} passed to parameter '{name}' of op "
            problem += f"'{self.type}', got {value!r} of type '{type(value).__name__}' "
            problem += f"instead. Error: {first_line(error)}"
            raise TypeError(explain(problem)) from None
        except ValueError:
            try:
                return convert_to_tensor(value, as_ref=ref)  # of another dtype, then
            except ValueError as error:
                problem = f"Tried to convert '{name}' to a tensor and failed. "
                raise ValueError(
                    explain(f"{problem}Error: {first_line(error)}")
                ) from None

    def _clash(self, argument, dtype, wanted):
        """The message for an input of another dtype than the one wanted."""
        name, expected = argument.name, None
        text = f"Input '{name}' of '{self.type}' Op has type {dtype.name} that does "
        text += "not match"
        if isinstance(argument.dtype, DType):
            text += f" expected type of {wanted.name}."
        else:
            first = next(a.name for a in self.inputs if a.dtype == argument.dtype)
            text += f" type {wanted.name} of argument '{first}'."
            expected = "tensors of one dtype; only Python values follow the others"
        return explain(
            text, expected=expected, fix=f"tf.cast({name}, tf.{wanted.name})"
        )

    def _enter_list(self, argument, values, attrs):
        """A list of inputs as tensors."""
        name, key, mixed = argument.name, argument.dtype, argument.mixed
        if not isinstance(values, (list, tuple)):
            op = self.type if mixed else snake(self.type)
            problem = (
                f"Expected list for '{name}' argument to '{op}' Op, not {values!r}."
            )
            raise TypeError(explain(problem))
        wanted = None if mixed else key if isinstance(key, DType) else attrs.get(key)
        hint = wanted
        if wanted is None and not mixed:
            tensors = [value for value in values if isinstance(value, Tensor)]
            hint = tensors[0].dtype.base_dtype if tensors else None
        try:
            tensors = [
                convert_to_tensor(
                    v, hint, f"{name}_{i}", argument.default, as_ref=argument.ref
                )
                for i, v in enumerate(values)
            ]
            dtypes = [tensor.dtype.base_dtype for tensor in tensors]
            if len(set(dtypes)) > 1 and not mixed:
                raise TypeError
        except (TypeError, ValueError):
            raise TypeError(self._list_clash(argument, values, wanted)) from None
        self._learn(argument, dtypes, attrs)
        return tensors

    def _learn(self, argument, dtypes, attrs):
        """Let the attributes know the length and the dtypes of a list of inputs."""
        name, key, count, length = (
            argument.name,
            argument.dtype,
            argument.count,
            len(dtypes),
        )
        least = self.allowed.get(count or key, count is not None)
        problem = None
        if argument.mixed:
            attrs[key] = dtypes
            if isinstance(least, int) and length < least:
                problem = (
                    f"Attr '{key}' of '{self.type}' Op passed list of length {length} "
                )
                problem += f"less than minimum {least}."
        elif attrs.setdefault(count, length) != length:
            first = next(a.name for a in self.inputs if a.count == count)
            problem = f"List argument '{name}' to '{snake(self.type)}' Op with length "
            problem += (
                f"{length} must match length {attrs[count]} of argument '{first}'."
            )
        elif length < least:
            problem = (
                f"List argument '{name}' to '{self.type}' Op with length {length} "
            )
            problem += f"shorter than minimum length {int(least)}."
        elif isinstance(key, str) and key not in attrs:
            attrs[key] = dtypes[0] if dtypes else argument.default
            self._check_allowed(key, attrs[key], name)
        if problem:
            raise ValueError(explain(problem))

    def _list_clash(self, argument, values, wanted):
        """The message for a list whose items are not of one dtype."""
        seen = []
        for value in values:
            try:
                tensor = convert_to_tensor(value, as_ref=argument.ref)
                seen.append(tensor.dtype.base_dtype.name)
            except (TypeError, ValueError):
                seen.append("<NOT CONVERTIBLE TO TENSOR>")
        text = f"Tensors in list passed to '{argument.name}' of '{self.type}' Op have "
        text += f"types [{', '.join(seen)}] that "
        if argument.mixed:
            return explain(f"{text}are invalid. Tensors: {values}")
        if wanted is None:
            return explain(
                f"{text}don't all match.", fix="tf.cast(x, dtype) makes them one"
            )
        if isinstance(argument.dtype, DType):
            return explain(f"{text}do not match expected type {wanted.name}.")
        return explain(
            f"{text}do not match type {wanted.name} inferred from earlier arguments."
        )

    def output_dtypes(self, attrs):
        """The dtypes of an operation's outputs, from its attributes."""
        dtypes = []
        for argument in self.outputs:
            dtype = argument.dtype
            if isinstance(dtype, str):
                dtype = attrs[dtype]
            if argument.mixed:
                dtypes += dtype
            elif argument.count:
                dtypes += [dtype] * attrs[argument.count]
            else:
                dtypes.append(dtype._as_ref if argument.ref else dtype)
        return dtypes

    def _hand_out(self, operation):
        """What the caller of a row gets."""
        if not self.outputs:
            return operation
        parts = split(self.outputs, operation.outputs, operation.attrs)
        return parts[0] if len(parts) == 1 else self.result(*parts)

    def _beside(self, tensors):
        """A block for operations that live where the variables given to them live."""
        beside = ExitStack()
        for argument, tensor in zip(self.inputs, tensors):  # lists stand last
            if argument.ref:
                beside.enter_context(tensor.graph.colocate_with(tensor.op))
        return beside


def op(signature, **options):
    """Decorator: make a kernel the row of an op, and enter it in the registry.

    Args:
      signature: `MatMul(a:T, b:T) -> (product:T)`. A bare `Tanh` takes the kernel's
        parameters as inputs of one dtype T.
      **options: `view`, `reads_ref`, `opaque`, and what attributes may be; see Row.
        `T=(float32, float64)` are DTypes, `padding=("SAME", "VALID")` texts, and `N=2`
        is the least length of a list.
    """

    def make(kernel):
        row = Row(signature, kernel, **options)
        ROWS[row.type] = row
        return row

    return make


def split(arguments, values, attrs):
    """A flat list, cut as a signature says: an item or a list for each argument."""
    parts, rest = [], iter(values)
    for argument in arguments:
        if argument.is_list:
            listed = attrs[argument.count or argument.dtype]
            length = len(listed) if argument.mixed else listed
            parts.append([next(rest) for _ in range(length)])
        else:
            parts.append(next(rest))
    return parts


## The columns

GRADIENTS = {}  # op type, or a name of the user's -> gradient rule, or None


class RegisterGradient:
    """Decorator: keep a gradient rule by name, for `Graph.gradient_override_map`.

    Args:
      op_type: the name, or an op type: then it is the rule of that op.
    """

    def __init__(self, op_type):
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self.op_type = op_type

    def __call__(self, rule):
        GRADIENTS[self.op_type] = rule
        return rule


def NotDifferentiable(op_type):
    """Declare that no blame flows through ops of a type."""
    RegisterGradient(op_type)(None)


def same(op, x, *_):
    """Shape rule: the shape of the first input."""
    return x


def scalar(op, *_):
    """Shape rule: no axes."""
    return TensorShape([])


## Shapes, before anything runs


class Known:
    """What is known of an operation while its shapes are worked out; a rule's `op`.

    While a program is written little may be known. When a plan is made for given feeds
    it is more, and the same rules are asked again.

    Args:
      operation: the Operation.
      shapes: the shapes of its inputs, if more is known than their own.
      values: their values, None where unknown; by default what `constant_value` finds.

    Attributes:
      operation, attrs, inputs: the Operation, and its attributes and inputs.
      shapes: the shapes of its inputs.
    """

    def __init__(self, operation, shapes=None, values=None):
        self.operation = operation
        self.attrs, self.inputs = operation.attrs, operation.inputs
        self.shapes = [t._shape for t in self.inputs] if shapes is None else shapes
        self.values = values
        self._told = {}  # input -> what a rule was told, in case it objects
        self._told_sizes = {}

    def get_attr(self, name):
        """The value of an attribute, text as str."""
        return self.attrs[name]

    def constant(self, i):
        """The value of input `i` as an array, or None where only a run can tell."""
        value = (
            constant_value(self.inputs[i]) if self.values is None else self.values[i]
        )
        if value is not None:
            self._told[i] = value
        return value

    def sizes_of(self, i):
        """What is known of input `i`, a vector of sizes, before any plan."""
        return known_sizes(self.inputs[i]) if self.values is None else None

    def sizes(self, i):
        """Input `i`, a vector of sizes, read as a shape."""
        known = None if self.values is None else self.values[i]
        sizes = self.sizes_of(i) if known is None else np.asarray(known).tolist()
        if sizes is None:
            length = (self.shapes[i].sizes or (None,))[0]
            return TensorShape(None if length is None else [None] * length)
        sizes = sizes if isinstance(sizes, list) else [sizes]
        shape = TensorShape([None if n is None or n < 0 else n for n in sizes])
        self._told_sizes[i] = shape
        return shape


class ShapeError(ValueError):
    """What a shape rule raises; the row adds the operation, its inputs and the line."""


def misfit(row, known, error):
    """The message for shapes that do not fit together."""
    operation, error = known.operation, str(error).split("\n  where:")[0]
    shapes = ", ".join(show_shape(shape) for shape in known.shapes)
    text = (
        f"{error} for '{operation.name}' (op: '{row.type}') with input shapes: {shapes}"
    )
    for told, what, form in (
        (known._told, "computed input tensors", show_value),
        (known._told_sizes, "input tensors computed as partial shapes", show_shape),
    ):
        if told:
            each = ", ".join(f"input[{i}] = {form(told[i])}" for i in sorted(told))
            text += f" and with {what}: {each}"
    names = split(row.inputs, range(len(known.inputs)), known.attrs)
    origins = {
        argument.name: f"{known.inputs[i].name}, made at {known.inputs[i].op.site}"
        for argument, i in zip(row.inputs, names, strict=True)
        if isinstance(i, int)
    }
    promise = row.__doc__ and row.__doc__.splitlines()[0]
    return explain(f"{text}.", operation.site, **origins, expected=promise)


def show_shape(shape):
    """A shape as TensorFlow's shape messages write it: `[?,3]`, or `?`."""
    return "?" if shape.sizes is None else in_brackets(shape.sizes)


def show_value(value):
    """A constant as TensorFlow's shape messages write it: `<4 2>`, `<[1 1][2 2]>`."""
    if np.ndim(value) > 1:
        return f"<{''.join(f'[{show_value(row)[1:-1]}]' for row in value)}>"
    items = np.ravel(value).tolist()
    return f"<{' '.join(f'{v:g}' if isinstance(v, float) else str(v) for v in items)}>"


def with_rank(shape, rank):
    """The shape, which must have that many axes. Raises ShapeError."""
    if shape.rank not in (None, rank):
        raise ShapeError(f"Shape must be rank {rank} but is rank {shape.rank}")
    return shape.with_rank(rank)


def with_rank_at_least(shape, rank):
    """The shape, which must have that many axes or more. Raises ShapeError."""
    if shape.rank is not None and shape.rank < rank:
        raise ShapeError(f"Shape must be at least rank {rank} but is rank {shape.rank}")
    return shape


## Values, before anything runs

SMALL = 10_000  # elements; larger values are left to a run


def constant_value(tensor):
    """The value of `tensor` as an array if it is known before a run, else None."""
    waiting = [tensor.op]
    while waiting:
        operation = waiting[-1]
        if hasattr(operation, "_values"):
            waiting.pop()
            continue
        row = ROWS.get(operation.type)
        if row is None or row.stateful or row.opaque or not operation.outputs:
            operation._values = None
            continue
        unasked = [t.op for t in operation.inputs if not hasattr(t.op, "_values")]
        if unasked:
            waiting.append(unasked[0])
        else:
            operation._values = fold(row, operation)
    values = tensor.op._values
    return None if values is None else values[tensor.value_index]


def fold(row, operation):
    """The values of an operation's outputs if its inputs are constant, else None."""
    values = [t.op._values and t.op._values[t.value_index] for t in operation.inputs]
    large = [t for t in operation.outputs if (t.shape.num_elements() or 0) > SMALL]
    if any(value is None for value in values) or (values and large):
        return sizes_alone(row, operation)
    attrs = operation.attrs
    try:
        with np.errstate(all="ignore"):
            found = row.kernel(
                np, *row.arrange(values, attrs), **row.kernel_attrs(attrs)
            )
    except Exception:
        return None
    return [np.asarray(v) for v in (found if len(operation.outputs) > 1 else [found])]


def sizes_alone(row, operation):
    """The one value of an operation that follows from shapes, if it is known whole."""
    if row.sizes_rule is None:
        return None
    known = Known(operation, values=[None] * len(operation.inputs))
    sizes = row.sizes_rule(known, *known.shapes)
    if sizes is None or None in np.ravel(sizes):
        return None
    return [np.array(sizes, operation.outputs[0].dtype.as_numpy_dtype)]


def known_sizes(tensor):
    """What is known of an integer tensor that holds sizes.

    Returns:
      A list with None for unknown sizes; an int or None for a scalar; None also if
      nothing is known.
    """
    row = ROWS.get(tensor.op.type)
    if row is not None and row.sizes_rule is not None and tensor.shape.rank == 1:
        known = Known(tensor.op)
        sizes = row.sizes_rule(known, *known.shapes)
        if sizes is not None:
            return sizes
    value = constant_value(tensor)
    return None if value is None else value.tolist()


## Constants


@op("Const() -> (output:dtype)")
def const(xp, *, value, dtype):
    """The array that is its attribute."""
    return value


const.shape(lambda op: op.get_attr("value").shape)
const.gradient(None)


def constant(value, dtype=None, shape=None, name="Const", verify_shape=False):
    """A tensor that is the same in every run.

    Args:
      value: a number, a text, an array, or nested lists of them.
      dtype: its DType. By default Python's ints become int32 and floats float32.
      shape: its shape. If it has room for more elements, the last one repeats.
      name: the name of the operation.
      verify_shape: whether `value` must have exactly that shape.

    Raises:
      TypeError, ValueError: `value` does not become an array of that dtype and shape.
    """
    try:
        array = np.array(to_array(value, dtype, shape, verify_shape))
    except (TypeError, ValueError, NotImplementedError):
        if not has_tensor(value):
            raise
        raise TypeError(
            explain(
                "List of Tensors when single Tensor expected",
                expected="values that are known now",
                fix="tf.convert_to_tensor(value) accepts tensors; tf.stack joins them",
            )
        ) from None
    array.flags.writeable = False
    dtype = as_dtype(array.dtype if dtype is None else dtype).base_dtype
    attrs, graph = {"value": array, "dtype": dtype}, get_default_graph()
    return graph.create_op("Const", [], [dtype], name=name, attrs=attrs).outputs[0]


def has_tensor(value):
    """Is it a tensor, or is one in its nested lists? A variable counts as one."""
    if isinstance(value, (list, tuple)):
        return any(has_tensor(item) for item in value)
    return isinstance(value, Tensor) or hasattr(value, "_as_graph_element")


## Values that become tensors

CONVERSIONS = []  # (priority, number, types, function), in the order in which to ask
_asked = {}  # type -> the functions to ask, found once


def register_tensor_conversion_function(base_type, conversion_func, priority=100):
    """Say how values of a type become tensors.

    Args:
      base_type: a type or a tuple of types.
      conversion_func: `f(value, dtype=None, name=None, as_ref=False)` gives a Tensor,
        or NotImplemented to leave it to the next.
      priority: smaller ones are asked first.

    Raises:
      TypeError: not a type; or one that has its meaning already, such as int.
    """
    types = base_type if isinstance(base_type, tuple) else (base_type,)
    if not types or not all(isinstance(t, type) for t in types):
        raise TypeError("base_type must be a type or a tuple of types.")
    if any(issubclass(t, (int, float, np.generic, np.ndarray)) for t in types):
        raise TypeError(
            "Cannot register conversions for Python numeric types and NumPy scalars "
            "and arrays."
        )
    if not callable(conversion_func):
        raise TypeError("conversion_func must be callable.")
    CONVERSIONS.append((priority, len(CONVERSIONS), types, conversion_func))
    CONVERSIONS.sort(key=lambda entry: entry[:2])
    _asked.clear()


def convert_to_tensor(
    value, dtype=None, name=None, preferred_dtype=None, dtype_hint=None, as_ref=False
):
    """`value` as a tensor; a tensor is handed back as it is.

    Args:
      value: a Tensor, a variable, a number, a text, an array, lists of these, ...
      dtype: the DType that it must have.
      name: the name of the constant, if one is made.
      preferred_dtype, dtype_hint: the DType that it gets if it can.
      as_ref: whether a variable should give itself, not its value.

    Raises:
      TypeError: nobody knows how to make a tensor of it, or not of that dtype.
      ValueError: it is a tensor of another dtype.
    """
    dtype = None if dtype is None else as_dtype(dtype)
    if isinstance(value, Tensor):
        if dtype is not None and not dtype.is_compatible_with(value.dtype):
            raise ValueError(
                explain(
                    f"Tensor conversion requested dtype {dtype.name} for Tensor with "
                    f"dtype {value.dtype.name}: {value!r}",
                    fix=f"tf.cast(x, tf.{dtype.name})",
                )
            )
        return value
    hint = dtype_hint if preferred_dtype is None else preferred_dtype
    if dtype is None and hint is not None:
        try:
            return enter(value, as_dtype(hint), name, as_ref)
        except (TypeError, ValueError):
            pass  # then as it is
    return enter(value, dtype, name, as_ref)


def enter(value, dtype, name, as_ref):
    """A value as a tensor: by who is registered for it, else as a constant."""
    kind = type(value)
    if kind not in _asked:
        _asked[kind] = [f for *_, types, f in CONVERSIONS if issubclass(kind, types)]
    for function in _asked[kind]:
        tensor = function(value, dtype=dtype, name=name, as_ref=as_ref)
        if tensor is NotImplemented:
            continue
        what = f"Conversion function {function!r} for type {kind} returned"
        if not isinstance(tensor, Tensor):
            raise RuntimeError(
                f"{name + ': ' if name else ''}{what} non-Tensor: {tensor!r}"
            )
        if dtype is not None and not dtype.is_compatible_with(tensor.dtype):
            raise RuntimeError(
                f"{name + ': ' if name else ''}{what} incompatible dtype: requested = "
                f"{dtype.name}, actual = {tensor.dtype.name}"
            )
        return tensor
    return constant(value, dtype, name=name)


def shape_to_tensor(value, dtype=None, name=None, as_ref=False):
    """A TensorShape as an integer vector."""
    if not value.is_fully_defined():
        raise ValueError(
            explain(
                f"Cannot convert a partially known TensorShape to a Tensor: {value}",
                fix="tf.shape(x) gives the sizes of each run, as a tensor",
            )
        )
    largest = max(value.sizes, default=0)
    if dtype is None:
        dtype = as_dtype("int32" if largest < 2**31 else "int64")
    if dtype.name not in ("int32", "int64"):
        raise TypeError(f"Cannot convert a TensorShape to dtype: {dtype}")
    if dtype.name == "int32" and largest >= 2**31:
        raise ValueError(
            "Cannot convert a TensorShape to dtype int32; a dimension is too large "
            f"({largest})"
        )
    return constant(value.as_list(), dtype, name=name or "shape_as_tensor")


def dimension_to_tensor(value, dtype=None, name=None, as_ref=False):
    """A Dimension as an integer."""
    if value.value is None:
        raise ValueError(f"Cannot convert an unknown Dimension to a Tensor: {value}")
    if dtype is not None and dtype.name not in ("int32", "int64"):
        raise TypeError(f"Cannot convert a TensorShape to dtype: {dtype}")
    return constant(value.value, dtype or "int32", name=name or "shape_as_tensor")


def refuse_operation(value, dtype=None, name=None, as_ref=False):
    """An Operation does not become a tensor."""
    raise TypeError(
        explain(
            f"Can't convert Operation '{value.name}' to Tensor "
            f"(target dtype={dtype!r}, name={name!r}, as_ref={as_ref!r})",
            fix=f"its outputs are tensors, here {[t.name for t in value.outputs]}",
        )
    )


register_tensor_conversion_function(TensorShape, shape_to_tensor)
register_tensor_conversion_function(Dimension, dimension_to_tensor)
register_tensor_conversion_function(Operation, refuse_operation)


## Calling a row


def flat(values):
    """The values, and those in their lists."""
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from flat(value)
        else:
            yield value


def first_line(error):
    """The first line of an error's message."""
    return str(error).split("\n")[0]


def snake(name):
    """`ConcatV2` as the name of a Python function, `concat_v2`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
