"""The dozen ops that the engine itself speaks.

Placeholders and identities, shapes as values, tensors of one number, the sum of what
meets, and nodes that do nothing but wait for others.
"""

# Generated from book/source/07_basic.md: change it there, then `make export`.

import functools
import math
import operator
from collections import namedtuple

import numpy as np

from pedagogy_tf.core.dtypes import as_dtype, float32, int32, int64
from pedagogy_tf.core.errors import InvalidArgumentError, explain
from pedagogy_tf.core.graph import (
    Operation,
    Tensor,
    colocate_with,
    control_dependencies,
    device,
    merge_shapes,
    name_scope,
)
from pedagogy_tf.core.op import (
    ShapeError,
    constant,
    convert_to_tensor,
    op,
    same,
    scalar,
    with_rank,
)
from pedagogy_tf.core.shapes import TensorShape, as_shape, in_brackets

__all__ = [
    "C_NAMES",
    "placeholder_op",
    "placeholder",
    "placeholder_with_default_op",
    "placeholder_with_default",
    "identity_op",
    "stop_gradient",
    "prevent_gradient",
    "hand_on",
    "identity",
    "shape_op",
    "size_op",
    "rank_op",
    "shape_n_op",
    "without_blame",
    "shape",
    "size",
    "rank",
    "shape_n",
    "INTS",
    "reshape_op",
    "why_no_reshape",
    "reshaped",
    "refuse_division",
    "reshape",
    "fill_op",
    "fill",
    "zeros_like_op",
    "ones_like_op",
    "FEW",
    "filled",
    "product",
    "as_vector",
    "zeros",
    "ones",
    "zeros_like",
    "ones_like",
    "add_n_op",
    "add_n",
    "IndexedSlices",
    "IndexedSlicesValue",
    "no_op",
    "flatten",
    "as_operation",
    "group",
    "wait_for",
    "with_dependencies",
    "tuple_",
]


## Values that come with a run

C_NAMES = {"float16": "half", "float32": "float", "float64": "double"}


@op("Placeholder() -> (output:dtype)")
def placeholder_op(run, *, dtype, shape=None):
    """The value comes with each run; without one, this kernel objects."""
    text = f"dtype {C_NAMES.get(dtype.name, dtype.name)}"
    if as_shape(shape).sizes:
        text += f" and shape {in_brackets(as_shape(shape).sizes)}"
    name = run.op.name
    message = f"You must feed a value for placeholder tensor '{name}' with {text}"
    raise InvalidArgumentError(None, run.op, message)


placeholder_op.shape(lambda op: op.get_attr("shape"))
placeholder_op.gradient(None)


def placeholder(dtype, shape=None, name=None):
    """A tensor whose value comes with each run, in `feed_dict`.

    Args:
      dtype: its DType.
      shape: its shape, with None for sizes that may differ from run to run; None if
        even the rank is unknown.
      name: the name of the operation.
    """
    return placeholder_op(as_dtype(dtype), as_shape(shape), name=name)


@op("PlaceholderWithDefault(input:dtype) -> (output:dtype)", view=True, opaque=True)
def placeholder_with_default_op(xp, input, *, shape):
    """`input`; what is fed takes the place of the output."""
    return input


@placeholder_with_default_op.shape
def _(op, input):
    merge_shapes(input, op.get_attr("shape"))
    return op.get_attr("shape")


@placeholder_with_default_op.gradient
def _(op, dy):
    return dy


def placeholder_with_default(input, shape, name=None):
    """A tensor that is `input` in every run that feeds nothing else.

    Args:
      input: the value by default.
      shape: what its shape and those of all feeds have in common.
      name: the name of the operation.
    """
    return placeholder_with_default_op(input, as_shape(shape), name=name)


## Values that pass


@op("Identity(input:T) -> (output:T)", view=True)
def identity_op(xp, input):
    """The same value."""
    return input


@op("StopGradient(input:T) -> (output:T)", view=True)
def stop_gradient(xp, input):
    """The same value; no blame passes through it."""
    return input


@op("PreventGradient(input:T) -> (output:T)", view=True)
def prevent_gradient(xp, input, *, message=""):
    """The same value; to differentiate through it is an error that says `message`."""
    return input


def hand_on(*rows):
    """Say of rows that their output is their input."""
    for row in rows:
        row.shape(same)
        row.sizes(lambda op, x: op.sizes_of(0))
        row.shortcut(lambda op, x: 0)


hand_on(identity_op, stop_gradient, prevent_gradient)
stop_gradient.gradient(None)


@identity_op.gradient
def _(op, dy):
    return dy


@prevent_gradient.gradient
def _(op, dy):
    raise LookupError(f"Gradient explicitly disabled. Reason: {op.get_attr('message')}")


def identity(input, name=None):
    """The same tensor as a new node, which can have a name, a place, and can wait."""
    return identity_op(input, name=name)


## The shape is a value, too


@op("Shape(input:T) -> (output:out_type)")
def shape_op(xp, input, *, out_type=int32):
    """The sizes of the axes, as a vector."""
    return np.array(np.shape(input), out_type.as_numpy_dtype)


shape_op.shape(lambda op, x: TensorShape([x.rank]))
shape_op.sizes(lambda op, x: None if x.rank is None else x.as_list())


@op("Size(input:T) -> (output:out_type)")
def size_op(xp, input, *, out_type=int32):
    """The number of elements."""
    return out_type.as_numpy_dtype(np.size(input))


size_op.shape(scalar)
size_op.sizes(lambda op, x: x.num_elements())


@op("Rank(input:T) -> (output:int32)")
def rank_op(xp, input):
    """The number of axes."""
    return np.int32(np.ndim(input))


rank_op.shape(scalar)
rank_op.sizes(lambda op, x: x.rank)


@op("ShapeN(input:N*T) -> (output:N*out_type)")
def shape_n_op(xp, input, *, out_type=int32):
    """The shapes of several tensors."""
    return [np.array(np.shape(x), out_type.as_numpy_dtype) for x in input]


shape_n_op.shape(lambda op, *shapes: [TensorShape([x.rank]) for x in shapes])


def without_blame(*rows):
    """Say of rows that no blame flows through them."""
    for row in rows:
        row.gradient(None)


without_blame(shape_op, size_op, rank_op, shape_n_op)


def shape(input, name=None, out_type=int32, optimize=True):
    """The shape of `input` as a vector of integers.

    Args:
      input: a tensor.
      name: the name of the operation.
      out_type: int32 or int64.
      optimize: a shape that is known already becomes a constant.
    """
    with name_scope(name, "Shape", [input]) as name:
        input = convert_to_tensor(input)
        if optimize and input.shape.is_fully_defined():
            return constant(input.shape.as_list(), out_type, name=name)
        return shape_op(input, as_dtype(out_type), name=name)


def size(input, name=None, out_type=int32, optimize=True):
    """The number of elements of `input`, an integer. Arguments as for `shape`."""
    with name_scope(name, "Size", [input]) as name:
        input = convert_to_tensor(input)
        if optimize and input.shape.is_fully_defined():
            return constant(input.shape.num_elements(), out_type, name=name)
        return size_op(input, as_dtype(out_type), name=name)


def rank(input, name=None, optimize=True):
    """The number of axes of `input`, an int32."""
    with name_scope(name, "Rank", [input]) as name:
        input = convert_to_tensor(input)
        if optimize and input.shape.rank is not None:
            return constant(input.shape.rank, int32, name=name)
        return rank_op(input, name=name)


def shape_n(input, out_type=int32, name=None):
    """The shapes of a list of tensors, as a list of vectors."""
    return shape_n_op(input, as_dtype(out_type), name=name)


## The same numbers in another shape

INTS = (int32, int64)


@op("Reshape(tensor:T, shape:Tshape=int32) -> (output:T)", view=True, Tshape=INTS)
def reshape_op(xp, tensor, shape):
    """The same elements in rows of another length; one size may be -1."""
    sizes = shape.tolist()
    try:
        if shape.ndim == 1 and min(sizes, default=0) >= -1:
            return xp.reshape(tensor, sizes)
    except ValueError:
        pass
    raise InvalidArgumentError(None, None, why_no_reshape(np.size(tensor), shape))


def why_no_reshape(count, shape):
    """Why `count` elements cannot take a shape, in TensorFlow's words."""
    if shape.ndim != 1:
        return f"sizes input must be 1-D, not {in_brackets(shape.shape)}"
    sizes = shape.tolist()
    open_axes = [i for i, n in enumerate(sizes) if n == -1]
    if len(open_axes) > 1:
        first, second = open_axes[:2]
        return f"Only one input size may be -1, not both {first} and {second}"
    for i, n in enumerate(sizes):
        if n < -1:
            return f"Size {i} must be non-negative, not {n}"
    wanted = "requires a multiple of" if open_axes else "has"
    start = f"Input to reshape is a tensor with {count} values, but the requested shape"
    return f"{start} {wanted} {math.prod(n for n in sizes if n != -1)}"


def reshaped(x, wanted):
    """The shape that a tensor of shape x has when it is reshaped to `wanted`.

    Raises:
      ShapeError: the numbers of elements cannot be the same.
    """
    if x.rank is None or wanted.rank is None:
        return wanted
    count, product = [
        math.prod(n for n in s.sizes if n is not None) for s in (x, wanted)
    ]
    unknown = x.sizes.count(None) if count else 0  # nothing times unknown is nothing
    open_axes = wanted.sizes.count(None)
    if not unknown and (count != product if not open_axes else count and not product):
        raise ShapeError(
            f"Cannot reshape a tensor with {count} elements to shape "
            f"{in_brackets(wanted.sizes)} ({product} elements)"
        )
    if unknown == 1 and not open_axes and product % count:
        refuse_division(product, count)
    if not unknown and open_axes == 1 and product:
        if count % product:
            refuse_division(count, product)
        sizes = [count // product if n is None else n for n in wanted.sizes]
        return TensorShape(sizes)
    return wanted


def refuse_division(count, size):
    """Say that the size of an axis is no whole number."""
    raise ShapeError(
        f"Dimension size must be evenly divisible by {size} but is {count}"
    )


@reshape_op.shape
def _(op, x, wanted):
    with_rank(wanted, 1)
    return reshaped(x, op.sizes(1))


@reshape_op.shortcut
def _(op, x, _):
    wanted = reshaped(x, op.sizes(1))
    return 0 if wanted.is_fully_defined() and wanted.sizes == x.sizes else None


@reshape_op.gradient
def _(op, dy):
    return reshape(dy, shape(op.inputs[0])), None


def reshape(tensor, shape, name=None):
    """The elements of `tensor` in another shape, one size of which may be -1."""
    return reshape_op(tensor, shape, name=name)


## Tensors of one number


@op("Fill(dims:index_type=int32, value:T) -> (output:T)", index_type=INTS)
def fill_op(xp, dims, value):
    """A tensor of shape `dims`, every element `value`."""
    problem = None
    if dims.ndim != 1:
        problem = f"dims must be a vector, got shape {in_brackets(dims.shape)}"
    elif np.ndim(value):
        problem = f"value must be a scalar, got shape {in_brackets(value.shape)}"
    elif min(dims, default=0) < 0:
        problem = f"Dimension {min(dims)} must be >= 0"
    if problem:
        raise InvalidArgumentError(None, None, problem)
    return xp.full(dims.tolist(), value, getattr(value, "dtype", object))


@fill_op.shape
def _(op, dims, value):
    with_rank(dims, 1), with_rank(value, 0)
    return op.sizes(0)


def fill(dims, value, name=None):
    """A tensor of shape `dims`, every element the scalar `value`."""
    return fill_op(dims, value, name=name)


@op("ZerosLike(x:T) -> (y:T)")
def zeros_like_op(xp, x):
    """Zeros in the shape and dtype of x."""
    return xp.zeros_like(x)


@op("OnesLike(x:T) -> (y:T)")
def ones_like_op(xp, x):
    """Ones in the shape and dtype of x."""
    return xp.ones_like(x)


zeros_like_op.shape(same)
ones_like_op.shape(same)
without_blame(zeros_like_op, ones_like_op)

FEW = 1000  # elements; as many and more are made by a Fill


def filled(shape, value, dtype, name):
    """A tensor of one number: a constant if it is small, else a Fill.

    Args:
      shape: a tensor, or a list in which a size may be one.
      value: the number, as a Python value.
      dtype: its DType.
      name: a name scope that is open.
    """
    if not isinstance(shape, Tensor):
        try:
            if product(shape) < FEW:
                return constant(value, dtype, shape, name)
        except TypeError:
            pass  # a size is a tensor, or the shape is one number
        shape = as_vector(shape)
    elif not shape.shape.rank:
        shape = reshape(shape, [-1])
    return fill(shape, constant(value, dtype), name=name)


def product(sizes):
    """The product of sizes; with a tensor among them, a tensor."""
    sizes = list(sizes)
    return functools.reduce(operator.mul, sizes) if sizes else 1


def as_vector(shape):
    """A shape as a tensor: a constant if all of it is known."""
    try:
        return convert_to_tensor(TensorShape(shape), int32)
    except (TypeError, ValueError):
        return convert_to_tensor(shape, int32)


def zeros(shape, dtype=float32, name=None):
    """A tensor of zeros; of False or of empty strings, if that is its dtype."""
    dtype = as_dtype(dtype).base_dtype
    zero = {"bool": False, "string": ""}.get(dtype.name, 0)
    with name_scope(name, "zeros", [shape]) as name:
        return filled(shape, zero, dtype, name)


def ones(shape, dtype=float32, name=None):
    """A tensor of ones."""
    dtype = as_dtype(dtype).base_dtype
    one = True if dtype.is_bool else 1
    with name_scope(name, "ones", [shape]) as name:
        return filled(shape, one, dtype, name)


def zeros_like(tensor, dtype=None, name=None, optimize=True):
    """Zeros in the shape of `tensor`, and of its dtype unless another is asked for."""
    with name_scope(name, "zeros_like", [tensor]) as name:
        tensor = convert_to_tensor(tensor, name="tensor")
        dtype = as_dtype(dtype or tensor.dtype).base_dtype
        if optimize and tensor.shape.is_fully_defined():
            return zeros(tensor.shape, dtype, name=name)
        if dtype != tensor.dtype.base_dtype:
            return zeros(shape(tensor, optimize=optimize), dtype, name=name)
        return zeros_like_op(tensor, name=name)


def ones_like(tensor, dtype=None, name=None, optimize=True):
    """Ones in the shape of `tensor`, and of its dtype unless another is asked for."""
    with name_scope(name, "ones_like", [tensor]) as name:
        tensor = convert_to_tensor(tensor, name="tensor")
        sizes = shape(tensor, optimize=optimize)
        return ones(sizes, dtype or tensor.dtype, name=name)


## What meets is added


@op("AddN(inputs:N*T) -> (sum:T)", view=True)
def add_n_op(xp, inputs):
    """The sum of tensors of one shape."""
    total = inputs[0]
    for i, x in enumerate(inputs[1:], 1):
        if x.shape != total.shape:
            raise InvalidArgumentError(
                None,
                None,
                "Inputs to operation AddN of type AddN must have the same size and "
                f"shape.  Input 0: {in_brackets(total.shape)} != input {i}: "
                f"{in_brackets(x.shape)}",
            )
        total = total + x
    return total


@add_n_op.shape
def _(op, *shapes):
    merged = shapes[-1]
    for i in reversed(range(len(shapes) - 1)):
        try:
            merged = merge_shapes(shapes[i], merged)
        except ValueError as error:
            text = f"{error}\n\tFrom merging shape {i} with other shapes."
            raise ShapeError(text) from None
    return merged


add_n_op.shortcut(lambda op, *shapes: 0 if len(shapes) == 1 else None)


@add_n_op.gradient
def _(op, dy):
    return [dy] * len(op.inputs)


def add_n(inputs, name=None):
    """The sum of a list of tensors of one shape and dtype."""
    inputs = list(inputs)
    if not inputs:
        raise ValueError(
            explain(
                "inputs must be a list of at least one Tensor/IndexedSlices with the "
                "same dtype and shape"
            )
        )
    if len(inputs) == 1:
        only = inputs[0]
        only = only if isinstance(only, IndexedSlices) else convert_to_tensor(only)
        return identity(only, name=name) if name else only
    return add_n_op(inputs, name=name)


class IndexedSlices:
    """Some rows of a tensor: `values[i]` belongs to row `indices[i]`.

    Attributes:
      values: (n, ...), the rows.
      indices: (n,), which rows they are. If one comes twice, its values add up.
      dense_shape: the shape of the whole tensor, as a vector, or None.
      op, name, dtype, device, graph: those of `values`.
    """

    def __init__(self, values, indices, dense_shape=None):
        self.values, self.indices, self.dense_shape = values, indices, dense_shape

    op = property(lambda self: self.values.op)
    name = property(lambda self: self.values.name)
    dtype = property(lambda self: self.values.dtype)
    device = property(lambda self: self.values.device)
    graph = property(lambda self: self.values.graph)

    def __neg__(self):
        return IndexedSlices(-self.values, self.indices, self.dense_shape)

    def __str__(self):
        parts = [f"indices={self.indices}", f"values={self.values}"]
        if self.dense_shape is not None:
            parts.append(f"dense_shape={self.dense_shape}")
        return f"IndexedSlices({', '.join(parts)})"

    def _fetch_parts(self):
        """What a session fetches for it, and the function that takes their values."""
        parts = [self.values, self.indices, self.dense_shape]
        return [p for p in parts if p is not None], IndexedSlicesValue


IndexedSlicesValue = namedtuple(
    "IndexedSlicesValue", ["values", "indices", "dense_shape"], defaults=[None]
)


## Nodes that only wait


@op("NoOp() -> ()")
def no_op(xp):
    """Nothing; something to run that waits for others."""


no_op.shape(lambda op: [])
no_op.gradient(None)


def flatten(structure):
    """The leaves of nested lists, tuples and dicts, in order."""
    if isinstance(structure, dict):
        structure = [structure[key] for key in sorted(structure)]
    if not isinstance(structure, (list, tuple)):
        return [structure]
    return [leaf for part in structure for leaf in flatten(part)]


def as_operation(item, complaint):
    """The operation of a tensor, a variable or an operation.

    Raises:
      TypeError: it is nothing of these; the message is `complaint`.
    """
    convert = getattr(item, "_as_graph_element", None)
    item = convert() if convert else item
    found = item if isinstance(item, Operation) else getattr(item, "op", None)
    if not isinstance(found, Operation):
        raise TypeError(explain(complaint))
    return found


def group(*inputs, name=None):
    """An operation that is done when all of `inputs` are done.

    Args:
      *inputs: tensors, operations and variables, or lists of these.
      name: the name of the operation, "group_deps" by default.
    """
    places = {}  # device -> operations
    for item in flatten(inputs):
        kind = f"'{item}' with type '{type(item)}'"
        what = f"Expected tf.group() expected Tensor arguments not {kind}"
        operation = as_operation(item, what)
        places.setdefault(operation.device, []).append(operation)
    everything = [o for operations in places.values() for o in operations]
    with name_scope(name, "group_deps", everything) as name:
        if len(places) < 2:
            return wait_for(everything, name, *places)
        waits = [wait_for(places[place], None, place) for place in sorted(places)]
        return wait_for(waits, name)


def wait_for(operations, name, place=""):
    """A NoOp that waits for operations, on their device if they have one."""
    with control_dependencies(operations), device(place or ""):
        return no_op(name=name)


def with_dependencies(dependencies, tensor, name=None):
    """`tensor`, handed out only after all of `dependencies` have run."""
    values = [*dependencies, tensor]
    with name_scope(name, "control_dependency", values) as name:
        with colocate_with(tensor.op), control_dependencies(dependencies):
            if isinstance(tensor, IndexedSlices):
                rows = identity(tensor.values, name=name)
                return IndexedSlices(rows, tensor.indices, tensor.dense_shape)
            return identity(tensor, name=name)


def tuple_(tensors, name=None, control_inputs=None):
    """The same tensors, handed out only when all of them are computed.

    Args:
      tensors: a list of tensors, IndexedSlices or None.
      name: the scope of the operations, "tuple" by default.
      control_inputs: more to wait for.
    """
    values = [t for t in tensors if t is not None]
    if not values:
        raise ValueError(explain(f"Must have at least one Tensor: {tensors}"))
    with name_scope(name, "tuple", values):
        waits = [tensor.op for tensor in values]
        for item in control_inputs or ():
            what = f"Control input must be Operation or Tensor: {item}"
            waits.append(as_operation(item, what))
        gate = group(*sorted(set(waits), key=lambda operation: operation._id))
        return [t if t is None else with_dependencies([gate], t) for t in tensors]
