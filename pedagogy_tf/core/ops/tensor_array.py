"""TensorArray: a list of tensors that lasts for one run, filled and read in loops.

The handle says which list it is; the flow leads from each write to what comes after it.
On the way back there is a list of blame beside it, where what is written twice adds up.
"""

# Generated from book/source/21_loops.md: change it there, then `make export`.

from contextlib import nullcontext

import numpy as np

from pedagogy_tf.core.dtypes import as_dtype, int64
from pedagogy_tf.core.errors import InvalidArgumentError, UnimplementedError, explain
from pedagogy_tf.core.graph import (
    Tensor,
    colocate_with,
    control_dependencies,
    device,
    name_scope,
)
from pedagogy_tf.core.op import (
    ShapeError,
    constant_value,
    convert_to_tensor,
    op,
    show_shape,
    with_rank_at_least,
)
from pedagogy_tf.core.ops.basic import C_NAMES, identity_op, shape, without_blame
from pedagogy_tf.core.ops.math import cast, range_
from pedagogy_tf.core.shapes import TensorShape, as_shape, in_brackets

__all__ = [
    "Elements",
    "in_words",
    "tensor_array_op",
    "tensor_array_grad_op",
    "tensor_array_close_op",
    "tensor_array_write_op",
    "tensor_array_read_op",
    "tensor_array_size_op",
    "tensor_array_gather_op",
    "tensor_array_scatter_op",
    "tensor_array_concat_op",
    "tensor_array_split_op",
    "require_alike",
    "size_of_none",
    "HANDLE",
    "FLOW",
    "TensorArray",
    "require_none",
    "call_of",
    "blame_beside",
]


## A list in a graph


class Elements:
    """The list behind a handle, in a run.

    Attributes:
      items: the elements; None where nothing was written, and a shape in the place of
        an element that was read and given away.
      dtype: the NumPy type of the elements.
      shape: what is known of the shape of every element, a TensorShape.
      dynamic: whether it grows when somebody writes behind its end.
      clears: whether an element can be read only once.
      alike: whether all elements have the shape of the first.
      source: the Elements whose blame this list holds, or None.
      gradients: name -> list of blame.
    """

    def __init__(self, name, size, dtype, shape, dynamic, clears, alike, source=None):
        self.name, self.items = name, [None] * size
        self.dtype, self.shape, self.sizes = dtype, shape, None
        self.dynamic, self.clears, self.alike = dynamic, clears, alike
        self.source, self.gradients = source, {}

    def require(self, condition, message, named=True):
        """Raise InvalidArgumentError unless a condition holds."""
        if not condition:
            message = f"TensorArray {self.name}: {message}" if named else message
            raise InvalidArgumentError(None, None, message)

    def write(self, i, value):
        """Put an element at place i; where blame is listed, add it."""
        items = self.items
        if not 0 <= i < len(items):
            self.grow(i)
        if value.dtype != self.dtype or value.shape != self.sizes:
            self.look_at(i, value)
        if items[i] is not None:
            done = "read" if isinstance(items[i], tuple) else "written to"
            able = self.source is not None and done != "read"
            problem = (
                f"Could not write to TensorArray index {i} because it has already been "
            )
            self.require(able, f"{problem}{done}.")
            value = items[i] + value
        items[i] = value

    def grow(self, i):
        """Make the list long enough to have a place i."""
        size = len(self.items)
        self.require(
            self.dynamic and i >= 0,
            f"Tried to write to index {i} but array is not resizeable and size "
            f"is: {size}",
        )
        self.items += [None] * (i + 1 - size)

    def look_at(self, i, value):
        """Refuse an element of another dtype or shape; learn from the first one."""
        self.require(
            value.dtype == self.dtype,
            "TensorArray dtype is "
            f"{C_NAMES.get(self.dtype.name, self.dtype.name)} but Op is "
            f"trying to write dtype {value.dtype.name}.",
            named=False,
        )
        self.require(
            self.shape.is_compatible_with(value.shape),
            f"Could not write to TensorArray index {i} because the value shape is "
            f"{in_brackets(value.shape)} which is incompatible with the TensorArray's "
            f"inferred element shape: {in_words(self.shape)} (consider setting "
            "infer_shape=False).",
        )
        if self.alike:
            self.shape, self.sizes = TensorShape(value.shape), value.shape

    def read(self, i):
        """The element at place i."""
        size = len(self.items)
        self.require(
            0 <= i < size,
            f"Tried to read from index {i} but array size is: {size}",
            named=False,
        )
        value = self.items[i]
        if value is None:
            value = self.nothing(i)
        self.require(
            not isinstance(value, tuple),
            f"Could not read index {i} twice because it was cleared after a "
            "previous read "
            "(perhaps try setting clear_after_read = false?).",
        )
        if self.clears:
            self.items[i] = value.shape
        return value

    def nothing(self, i):
        """Zeros for an element that was never written, if its shape is known."""
        shape = self.shape
        if self.source is not None and i < len(self.source.items):
            item = self.source.items[i]
            shape = shape if item is None else TensorShape(getattr(item, "shape", item))
        self.require(
            shape.is_fully_defined(),
            f"Could not read from TensorArray index {i}.  Furthermore, the "
            "element shape is "
            f"not fully defined: {in_words(shape)}.  It is possible you are "
            "working with a "
            "resizeable TensorArray and stop_gradients is not allowing the "
            "gradients to be "
            "written.  If you set the full element_shape property on the forward "
            "TensorArray, "
            "the proper all-zeros tensor will be returned instead of incurring "
            "this error.",
        )
        return np.zeros(shape.as_list(), self.dtype)[()]

    def gradient(self, name):
        """The list of blame of that name; a new one if there is none yet."""
        if name not in self.gradients:
            own, size, like = (
                f"{self.name}@{name}",
                len(self.items),
                (self.dtype, self.shape),
            )
            self.gradients[name] = Elements(
                own, size, *like, False, True, self.alike, self
            )
        return self.gradients[name]


def in_words(shape):
    """A shape as it stands in messages about TensorArrays."""
    return "<unknown>" if shape.rank is None else show_shape(shape)


@op("TensorArrayV3(size:int32) -> (handle:resource, flow:float32)")
def tensor_array_op(
    run,
    size,
    *,
    dtype,
    element_shape=TensorShape(None),
    dynamic_size=False,
    clear_after_read=True,
    identical_element_shapes=False,
    tensor_array_name="",
):
    """A list with room for `size` elements, and the beginning of its flow."""
    if size < 0:
        raise InvalidArgumentError(None, None, "Size should be >= 0.")
    run.memory["made"] = run.memory.get("made", -1) + 1
    name = f"{tensor_array_name or run.op.name}_{run.memory['made']}"
    like = np.dtype(dtype.as_numpy_dtype), element_shape
    more = dynamic_size, clear_after_read, identical_element_shapes
    return Elements(name, int(size), *like, *more), np.float32(0)


@op(
    "TensorArrayGradV3(handle:resource, flow_in:float32) "
    "-> (grad_handle:resource, flow_out:float32)"
)
def tensor_array_grad_op(run, handle, flow_in, *, source):
    """The list of blame beside a list; one for each source that asks."""
    return handle.gradient(source), flow_in


@op("TensorArrayCloseV3(handle:resource) -> ()")
def tensor_array_close_op(run, handle):
    """Nothing: a list is gone when the run has ended."""


@op(
    "TensorArrayWriteV3(handle:resource, index:int32, value:T, flow_in:float32) "
    "-> (flow_out:float32)"
)
def tensor_array_write_op(run, handle, index, value, flow_in):
    """Put an element into the list."""
    handle.write(index, value if hasattr(value, "dtype") else np.asarray(value, object))
    return flow_in


@op(
    "TensorArrayReadV3(handle:resource, index:int32, flow_in:float32) -> (value:dtype)",
    view=True,
)
def tensor_array_read_op(run, handle, index, flow_in, *, dtype):
    """An element of the list."""
    return handle.read(index)


@op("TensorArraySizeV3(handle:resource, flow_in:float32) -> (size:int32)")
def tensor_array_size_op(run, handle, flow_in):
    """The number of elements for which there is room."""
    return np.int32(len(handle.items))


@op(
    "TensorArrayGatherV3(handle:resource, indices:int32, flow_in:float32) "
    "-> (value:dtype)"
)
def tensor_array_gather_op(
    run, handle, indices, flow_in, *, dtype, element_shape=TensorShape(None)
):
    """Some elements in one array, along a new first axis."""
    rows = [handle.read(i) for i in indices.tolist()]
    if not rows:
        return np.zeros([0, *size_of_none(handle, element_shape)], handle.dtype)
    require_alike(rows, np.shape, "has shape")
    return np.stack(rows)


@op(
    "TensorArrayScatterV3(handle:resource, indices:int32, value:T, flow_in:float32) "
    "-> (flow_out:float32)"
)
def tensor_array_scatter_op(run, handle, indices, value, flow_in):
    """Put the rows of an array into the list."""
    last = max(indices.tolist(), default=-1)
    size = len(handle.items)
    if last >= size and not handle.dynamic:
        problem = f"Max scatter index must be < array size ({last} vs. {size})"
        raise InvalidArgumentError(None, None, problem)
    for i, row in zip(indices.tolist(), value, strict=True):
        handle.write(i, row)
    return flow_in


@op(
    "TensorArrayConcatV3(handle:resource, flow_in:float32) "
    "-> (value:dtype, lengths:int64)"
)
def tensor_array_concat_op(
    run, handle, flow_in, *, dtype, element_shape_except0=TensorShape(None)
):
    """All elements end to end, and how long each is."""
    rows = [handle.read(i) for i in range(len(handle.items))]
    if not rows:
        return np.zeros(
            [0, *size_of_none(handle, element_shape_except0)], handle.dtype
        ), (np.zeros(0, np.int64))
    for i, row in enumerate(rows):
        if not np.ndim(row):
            problem = f"Concat saw a scalar shape at index {i} but requires at least "
            problem += "vectors.  Did you mean to call pack?"
            raise InvalidArgumentError(None, None, problem)
    require_alike(rows, lambda x: x.shape[1:], "has (excepting dimension 0) shape")
    return np.concatenate(rows), np.array([len(row) for row in rows], np.int64)


@op(
    "TensorArraySplitV3(handle:resource, value:T, lengths:int64, flow_in:float32) "
    "-> (flow_out:float32)"
)
def tensor_array_split_op(run, handle, value, lengths, flow_in):
    """Put pieces of an array into the list, of these lengths."""
    problem, size, shape = None, len(handle.items), in_brackets(np.shape(value))
    if not np.ndim(value):
        problem = f"Expected value to be at least a vector, but received shape: {shape}"
    elif sum(lengths) != len(value):
        problem = "Expected sum of lengths to be equal to values.shape[0], but sum of "
        problem += f"lengths is {sum(lengths)} and value's shape is: {shape}"
    elif len(lengths) > size and not handle.dynamic:
        problem = "TensorArray's size is not equal to the size of lengths "
        problem += f"({size} vs. {len(lengths)}), and the TensorArray is not marked as "
        problem += "dynamically resizeable"
    if problem:
        raise InvalidArgumentError(None, None, problem)
    for i, piece in enumerate(np.split(value, np.cumsum(lengths)[:-1])):
        handle.write(i, piece)
    return flow_in


def require_alike(rows, shape_of, words):
    """Raise InvalidArgumentError unless all elements have the shape of the first."""
    first = shape_of(rows[0])
    for i, row in enumerate(rows):
        if shape_of(row) != first:
            raise InvalidArgumentError(
                None,
                None,
                "TensorArray has inconsistent shapes.  Index 0 "
                f"{words}: {in_brackets(first)} but index {i} {words}: "
                f"{in_brackets(shape_of(row))}",
            )


def size_of_none(handle, shape):
    """The sizes of the elements of a list without any."""
    known = shape if handle.shape.rank is None else handle.shape
    if not known.is_fully_defined():
        raise UnimplementedError(
            None,
            None,
            f"TensorArray has size zero, but element shape {in_words(known)} "
            "is not fully "
            "defined. Currently only static shapes are supported when packing "
            "zero-size "
            "TensorArrays.",
        )
    return known.as_list()


HANDLE, FLOW = TensorShape([2]), TensorShape([])

tensor_array_op.shape(lambda op, size: [HANDLE, FLOW])
tensor_array_grad_op.shape(lambda op, handle, flow: [HANDLE, FLOW])
tensor_array_close_op.shape(lambda op, handle: [])
tensor_array_write_op.shape(lambda op, *_: FLOW)
tensor_array_read_op.shape(lambda op, *_: TensorShape(None))
tensor_array_size_op.shape(lambda op, *_: FLOW)
tensor_array_split_op.shape(lambda op, *_: FLOW)
without_blame(tensor_array_op, tensor_array_grad_op)
without_blame(tensor_array_close_op, tensor_array_size_op)


@tensor_array_gather_op.shape
def _(op, handle, indices, flow):
    return TensorShape([None]).concatenate(op.get_attr("element_shape"))


@tensor_array_concat_op.shape
def _(op, handle, flow):
    rest = op.get_attr("element_shape_except0")
    return [TensorShape([None]).concatenate(rest), TensorShape([None])]


@tensor_array_scatter_op.shape
def _(op, handle, indices, value, flow):
    count, rows = indices[:1], with_rank_at_least(value, 1)[:1]
    if not count.is_compatible_with(rows):
        raise ShapeError(
            f"Dimensions must be equal, but are {rows.sizes[0]} and {count.sizes[0]}"
        )
    return FLOW


### The list in Python


class TensorArray:
    """A list of tensors of one dtype, to be written and read while a graph runs.

    Args:
      dtype: the DType of the elements.
      size: how many elements there is room for.
      dynamic_size: whether it grows when an element is written behind its end.
      clear_after_read: whether an element can be read only once; True by default.
      tensor_array_name: the name of the list in messages.
      handle, flow: those of a list that exists already.
      infer_shape: whether all elements must have the shape of the first.
      element_shape: what is known of the shape of the elements.
      colocate_with_first_write_call: whether it lives beside what is written first.
      name: the name of the operation, "TensorArray" by default.

    Attributes:
      handle, flow, dtype, dynamic_size: as above.
      element_shape: what is known of the shape of the elements by now.
    """

    def __init__(
        self,
        dtype,
        size=None,
        dynamic_size=None,
        clear_after_read=None,
        tensor_array_name=None,
        handle=None,
        flow=None,
        infer_shape=True,
        element_shape=None,
        colocate_with_first_write_call=True,
        name=None,
    ):
        self.dtype, self.dynamic_size = as_dtype(dtype).base_dtype, bool(dynamic_size)
        self._infer_shape, self._colocates = infer_shape, colocate_with_first_write_call
        self._known, self._beside = [as_shape(element_shape)], []
        if handle is not None:
            given = {"size": size, "element_shape": element_shape}
            given |= {
                "dynamic_size": dynamic_size,
                "clear_after_read": clear_after_read,
            }
            require_none(handle, flow, tensor_array_name, given)
        elif size is None:
            raise ValueError("Size must be provided if handle is not provided")
        with name_scope(name, "TensorArray", [handle, size, flow]) as scope:
            self.handle, self.flow = handle, flow
            if handle is None:
                options = [
                    self.dynamic_size,
                    clear_after_read is not False,
                    infer_shape,
                ]
                options.append(tensor_array_name or "")
                with device(None), colocate_with(None, ignore_existing=True):
                    self.handle, self.flow = tensor_array_op(
                        size, self.dtype, self.element_shape, *options, name=scope
                    )

    @property
    def element_shape(self):
        return self._known[0]

    def _with_flow(self, flow):
        """The same list, after what `flow` comes from."""
        new = TensorArray(
            self.dtype,
            handle=self.handle,
            flow=flow,
            infer_shape=self._infer_shape,
            colocate_with_first_write_call=self._colocates,
        )
        new.dynamic_size = self.dynamic_size
        new._known, new._beside = (
            self._known,
            self._beside,
        )  # shared: what one learns, all know
        return new

    def _learn(self, shape):
        """Take note of the shape of an element."""
        if not shape.is_compatible_with(self.element_shape):
            raise ValueError(
                explain(
                    f"Inconsistent shapes: saw {shape} but expected "
                    f"{self.element_shape} ",
                    fix="infer_shape=False allows elements of different shapes",
                )
            )
        if self._infer_shape:
            self._known[0] = self.element_shape.merge_with(shape)

    def _placed(self, value):
        """A block in which operations live beside the value that was written first."""
        if not self._colocates:
            return nullcontext()
        if not self._beside:
            self._beside.append(value)
        return colocate_with(self._beside[0])

    def write(self, index, value, name=None):
        """The list in which element `index` is `value`. An element is written once."""
        with name_scope(name, "TensorArrayWrite", [self.handle, index, value]):
            value = convert_to_tensor(value, preferred_dtype=self.dtype, name="value")
            self._learn(value.shape)
            with self._placed(value):
                flow = tensor_array_write_op(
                    self.handle, index, value, self.flow, name=name
                )
            return self._with_flow(flow)

    def read(self, index, name=None):
        """Element `index`."""
        value = tensor_array_read_op(
            self.handle, index, self.flow, self.dtype, name=name
        )
        value.set_shape(self.element_shape)
        return value

    def size(self, name=None):
        """The number of elements, an int32."""
        return tensor_array_size_op(self.handle, self.flow, name=name)

    def close(self, name=None):
        """An operation that gives the memory back."""
        return tensor_array_close_op(self.handle, name=name)

    def identity(self):
        """The same list, after what `control_dependencies` blocks ask for."""
        return self._with_flow(identity_op(self.flow, name="Identity"))

    def stack(self, name=None):
        """All elements in one tensor, along a new first axis."""
        with colocate_with(self.handle):
            with name_scope(name, "TensorArrayStack", [self.handle]):
                return self.gather(range_(0, self.size()), name=name)

    def gather(self, indices, name=None):
        """Some elements in one tensor, along a new first axis."""
        known = self.element_shape
        value = tensor_array_gather_op(
            self.handle, indices, self.flow, self.dtype, known, name=name
        )
        value.set_shape(TensorShape([None]).concatenate(known))
        return value

    def unstack(self, value, name=None):
        """The list whose elements are the rows of a tensor."""
        with name_scope(name, "TensorArrayUnstack", [self.handle, value]):
            value = convert_to_tensor(value, preferred_dtype=self.dtype, name="value")
            count = shape(value)[0]
            return self.scatter(range_(0, count), value, name=name)

    def scatter(self, indices, value, name=None):
        """The list in which elements `indices` are the rows of a tensor."""
        with name_scope(name, "TensorArrayScatter", [self.handle, value, indices]):
            value = convert_to_tensor(value, preferred_dtype=self.dtype, name="value")
            self._learn(value.shape[1:])
            with self._placed(value):
                flow = tensor_array_scatter_op(
                    self.handle, indices, value, self.flow, name=name
                )
            return self._with_flow(flow)

    def concat(self, name=None):
        """All elements end to end, along their first axis."""
        rest = self.element_shape[1:]
        value, _ = tensor_array_concat_op(
            self.handle, self.flow, self.dtype, rest, name=name
        )
        value.set_shape(TensorShape([None]).concatenate(rest))
        return value

    def split(self, value, lengths, name=None):
        """The list whose elements are pieces of a tensor, of these lengths."""
        with name_scope(name, "TensorArraySplit", [self.handle, value, lengths]):
            value = convert_to_tensor(value, self.dtype, name="value")
            with self._placed(value):
                lengths = cast(lengths, int64)
                known = constant_value(lengths)
                if value.shape.rank is not None and known is not None and known.size:
                    if known.min() == known.max():
                        self._learn(
                            TensorShape([known[0]]).concatenate(value.shape[1:])
                        )
                flow = tensor_array_split_op(
                    self.handle, value, lengths, self.flow, name=name
                )
            return self._with_flow(flow)

    def grad(self, source, flow=None, name=None):
        """The TensorArray of blame for this one, for one call of `gradients`."""
        flow = self.flow if flow is None else flow
        with name_scope(name, "TensorArrayGrad", [self.handle]):
            with colocate_with(self.handle):
                handle, _ = tensor_array_grad_op(self.handle, flow, source, name=name)
                with control_dependencies([handle]):
                    flow = identity_op(flow, name="gradient_flow")
                new = TensorArray(
                    self.dtype,
                    handle=handle,
                    flow=flow,
                    infer_shape=self._infer_shape,
                    colocate_with_first_write_call=False,
                )
                new._known = self._known
                return new


def require_none(handle, flow, name, given):
    """Refuse what cannot be said of a list that exists already."""
    if name:
        raise ValueError("Cannot construct with both handle and tensor_array_name")
    if not isinstance(handle, Tensor):
        raise TypeError("Handle must be a Tensor")
    for word, value in given.items():
        if value is not None:
            what = f"a handle and {word} at the same time"
            raise ValueError(f"Cannot provide both {what}")
    if flow is None:
        raise ValueError("flow must not be None if handle is not None.")


### Blame for a list


def call_of(tensor):
    """The scope of the call of `gradients` in which a tensor was made.

    Raises:
      ValueError: it was made in no such scope.
    """
    parts = tensor.name.split("/")
    found = [i for i, part in enumerate(parts) if part.startswith("gradients")]
    if not found:
        raise ValueError(
            "Expected op/tensor name to start with gradients (excluding scope), got: "
            f"{tensor.name}. This means that a tf.gradients op with this op in its "
            "dependency path has a custom name that does not start with 'gradients'. "
            "Please make sure all calls to tf.gradients that have non-empty 'name' "
            "arguments use names that start with 'gradients'."
        )
    return "/".join(parts[: found[-1] + 1])


def blame_beside(op, dtype, flow, dy):
    """The TensorArray of blame beside the one that an operation uses.

    Args:
      op: the operation; its first input is the handle.
      dtype: the DType of the elements.
      flow: what it must come after.
      dy: blame from the same call of `gradients`.
    """
    array = TensorArray(
        dtype, handle=op.inputs[0], flow=flow, colocate_with_first_write_call=False
    )
    return array.grad(call_of(dy), flow)


@tensor_array_read_op.gradient
def _(op, dy):
    _, index, flow = op.inputs
    blame = blame_beside(op, op.attrs["dtype"], flow, dy)
    return [None, None, blame.write(index, dy).flow]


@tensor_array_write_op.gradient
def _(op, flow):
    blame = blame_beside(op, op.attrs["T"], flow, flow)
    return [None, None, blame.read(op.inputs[1]), flow]


@tensor_array_gather_op.gradient
def _(op, dy):
    _, indices, flow = op.inputs
    blame = blame_beside(op, op.attrs["dtype"], flow, dy)
    return [None, None, blame.scatter(indices, dy).flow]


@tensor_array_scatter_op.gradient
def _(op, flow):
    blame = blame_beside(op, op.attrs["T"], flow, flow)
    return [None, None, blame.gather(op.inputs[1]), flow]


@tensor_array_concat_op.gradient
def _(op, dy, _):
    blame = blame_beside(op, op.attrs["dtype"], op.inputs[1], dy)
    return [None, blame.split(dy, op.outputs[1]).flow]


@tensor_array_split_op.gradient
def _(op, flow):
    blame = blame_beside(op, op.attrs["T"], flow, flow)
    return [None, blame.concat(), None, flow]
