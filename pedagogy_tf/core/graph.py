"""Graph, Operation, Tensor: a program written down before it is run.

A graph is append-only: an operation can only use tensors that already exist, so the
order of birth is a correct order of execution. Nodes hold no values.
"""

# Generated from book/source/05_graph.md: change it there, then `make export`.

from __future__ import annotations

import re
import threading
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import NamedTuple

from pedagogy_tf.core.dtypes import as_dtype
from pedagogy_tf.core.errors import (
    OperatorNotAllowedInGraphError,
    explain,
    near_misses,
    user_site,
)
from pedagogy_tf.core.shapes import TensorShape, as_shape, in_brackets

__all__ = [
    "Tensor",
    "UNKNOWN",
    "Operation",
    "merge_shapes",
    "Graph",
    "Scopes",
    "VALID_NAME",
    "VALID_INNER_NAME",
    "bad_name",
    "foreign",
    "parse_device",
    "merge_devices",
    "ROWS",
    "NodeDef",
    "GraphKeys",
    "Stacks",
    "pushed",
    "get_default_graph",
    "reset_default_graph",
    "get_default_session",
    "control_dependencies",
    "device",
    "colocate_with",
    "add_to_collection",
    "add_to_collections",
    "get_collection",
    "get_collection_ref",
    "graph_of",
    "strangers",
    "name_scope",
    "SESSION_WORDS",
    "session_for",
    "OPERATORS",
    "operator",
]


## An operation and its tensors


class Tensor:
    """One output of an operation: a name for a value that a run will bring.

    Attributes:
      op: the Operation that produces it.
      value_index: which of the operation's outputs it is, from 0.
      dtype: the DType of its elements.
      shape: a TensorShape, what is known of the shape before a run.
      name: `operation:index`, by which feeds and fetches may call it.
      graph, device: those of its operation.
    """

    def __init__(self, op, value_index, dtype):
        self.op = op
        self.value_index = value_index
        self.dtype = as_dtype(dtype)
        self._shape = UNKNOWN
        self._consumers = []

    __array_priority__ = 100  # NumPy leaves `array + tensor` to the tensor

    name = property(lambda self: f"{self.op.name}:{self.value_index}")
    graph = property(lambda self: self.op.graph)
    device = property(lambda self: self.op.device)
    shape = property(lambda self: self._shape)

    def __repr__(self):
        return f"<tf.Tensor '{self.name}' shape={self._shape} dtype={self.dtype.name}>"

    def get_shape(self):
        """The same as `shape`."""
        return self._shape

    def set_shape(self, shape):
        """Add what you know of the shape.

        Raises:
          ValueError: it contradicts what is known already.
        """
        try:
            self._shape = merge_shapes(self._shape, as_shape(shape))
        except ValueError as error:
            raise ValueError(
                explain(str(error), expected=f"a shape of {self.name} {self._shape}")
            ) from None

    def consumers(self):
        """The operations that read this tensor, the oldest first."""
        return list(self._consumers)

    def eval(self, feed_dict=None, session=None):
        """The value of this tensor, from a run of `session` or the default session."""
        return session_for(self, session).run(self, feed_dict)

    def __bool__(self):
        raise OperatorNotAllowedInGraphError(
            explain(
                "using a `tf.Tensor` as a Python `bool` is not allowed in Graph "
                "execution. Use Eager execution or decorate this function with "
                "@tf.function.",
                expected="a Python value: this line runs once, while the graph is "
                f"written, and '{self.name}' has no value then",
                fix="tf.cond(pred, true_fn, false_fn) or tf.where(condition, x, y) "
                "choose in each run; `x is None` asks whether there is a tensor",
            )
        )

    def __iter__(self):
        raise OperatorNotAllowedInGraphError(
            explain(
                "iterating over `tf.Tensor` is not allowed in Graph execution. "
                "Use Eager execution or decorate this function with @tf.function.",
                expected=f"a list: '{self.name}' has no elements at this time",
                fix="tf.unstack(x) makes a list of tensors, tf.map_fn(f, x) applies f "
                "to each",
            )
        )
        yield  # a generator, so that Python says the same for `1 in x`

    def __len__(self):
        raise TypeError(
            f"len is not well defined for symbolic Tensors. ({self.name}) "
            "Please call `x.shape` rather than `len(x)` for shape information."
        )

    def __array__(self, dtype=None, copy=None):
        raise NotImplementedError(
            explain(
                f"Cannot convert a symbolic Tensor ({self.name}) to a numpy array.",
                fix="session.run(x) gives an array; tf functions compute with tensors",
            )
        )

    def __str__(self):
        shape = "" if self._shape.sizes is None else f", shape={self._shape}"
        device = f", device={self.device}" if self.device else ""
        return f'Tensor("{self.name}"{shape}, dtype={self.dtype.name}{device})'


UNKNOWN = TensorShape(None)


class Operation:
    """A node of the graph: one op applied to some tensors.

    Attributes:
      graph: the Graph that owns it.
      type: the op's type, such as `MatMul`.
      name: unique in its graph, with scopes: `layer/MatMul`.
      inputs: a tuple of the tensors that it reads.
      control_inputs: a list of the operations that must run before it.
      outputs: a list of the tensors that it produces.
      attrs: its attributes by name, as Python values.
      device: where it asks to run, such as `/device:GPU:0`; "" for anywhere.
      site: the line of the user's program that made it, a Site.
    """

    def __init__(self, graph, type, name, inputs=(), control_inputs=(), attrs=None):
        self.graph, self.type, self.name = graph, type, name
        self.inputs = tuple(inputs)
        self.attrs = {} if attrs is None else attrs
        self.outputs = []
        self.device = ""
        self.site = user_site()
        self._control_inputs = list(control_inputs)
        self._id = None  # its rank of birth, from 1; the graph gives it
        self._context = None  # the branch or loop that it belongs to

    def __repr__(self):
        return f"<tf.Operation '{self.name}' type={self.type}>"

    @property
    def control_inputs(self):
        return list(self._control_inputs)

    def values(self):
        """The outputs, as a tuple."""
        return tuple(self.outputs)

    @property
    def traceback(self):
        """The site as Python's `traceback` has it: [(file, line, function, text)]."""
        site = self.site
        return [(site.filename, site.lineno, site.function, site.line)] if site else []

    def _add_control_input(self, operation):
        """Make this operation wait for another."""
        self._add_control_inputs([operation])

    def _add_control_inputs(self, operations):
        for operation in operations:
            if not isinstance(operation, Operation):
                raise TypeError(f"op must be an Operation: {operation}")
            if operation.graph is not self.graph:
                raise ValueError(foreign(operation))
            if operation not in self._control_inputs:
                self._control_inputs.append(operation)
                self.graph._note_rewired(self)

    def _update_input(self, index, tensor):
        """Read `tensor` in the place of input number `index`."""
        old, inputs = self.inputs[index], list(self.inputs)
        inputs[index] = tensor
        self.inputs = tuple(inputs)
        old._consumers.remove(self)
        tensor._consumers.append(self)
        self.graph._note_rewired(self)

    def _remove_all_control_inputs(self):
        self._control_inputs.clear()
        self.graph._note_rewired(self)

    def colocation_groups(self):
        """The groups that it lives with, as bytes; its own if there is no other."""
        groups = [g.encode() for g in self.attrs.get("_class", []) if g[:5] == "loc:@"]
        return groups or [f"loc:@{self.name}".encode()]

    def get_attr(self, name):
        """The value of an attribute: a number, DType, array, list, text as bytes, ...

        Raises:
          ValueError: the operation has no attribute of that name.
        """
        if name not in self.attrs:
            known = ", ".join(key for key in self.attrs if key[0] != "_") or "none"
            raise ValueError(
                explain(
                    f"Operation '{self.name}' has no attr named '{name}'.", it_has=known
                )
            )
        value = self.attrs[name]
        if isinstance(value, (list, tuple)):
            return [v.encode() if isinstance(v, str) else v for v in value]
        return value.encode() if isinstance(value, str) else value

    @property
    def node_def(self):
        names = [t.name.removesuffix(":0") for t in self.inputs]
        names += [f"^{operation.name}" for operation in self._control_inputs]
        return NodeDef(self.name, self.type, names, self.device, dict(self.attrs))

    def __str__(self):
        return str(self.node_def)

    def run(self, feed_dict=None, session=None):
        """Run this operation in `session` or the default session."""
        session_for(self, session).run(self, feed_dict)


def merge_shapes(x, y):
    """What is known of a tensor that has shape x and has shape y.

    Raises:
      ValueError: no tensor has both.
    """
    if x.sizes is None or y.sizes is None or x.sizes == y.sizes:
        return y if x.sizes is None else x
    if len(x.sizes) != len(y.sizes):
        raise ValueError(
            f"Shapes must be equal rank, but are {len(x.sizes)} and {len(y.sizes)}"
        )
    for i, (a, b) in enumerate(zip(x.sizes, y.sizes, strict=True)):
        if a != b and a is not None and b is not None:
            raise ValueError(
                f"Dimension {i} in both shapes must be equal, but are {a} and {b}. "
                f"Shapes are {in_brackets(x.sizes)} and {in_brackets(y.sizes)}."
            )
    return x.merge_with(y)


## The graph is a list


class Graph:
    """A list of operations in the order of their birth, and what is kept beside it.

    Attributes:
      seed: the graph-level random seed, or None.
      collections: the names of its collections.
      finalized: whether it is closed for changes.
      version: how many operations it has.
    """

    building_function = False  # TensorFlow 2 has graphs that are functions

    def __init__(self):
        self.seed = None
        self._operations = []
        self._by_name = {}
        self._names_in_use = {}
        self._collections = {}
        self._scopes = Scopes()
        self._lock = threading.RLock()
        self._finalized = False
        self._unfeedable, self._unfetchable = set(), set()
        self._planned = 0  # how many of the operations a session may have plans for
        self._rewired = 0  # grows when one of these changes: plans are stale then

    def get_operations(self):
        """All operations, the oldest first."""
        return list(self._operations)

    def _append(self, operation):
        """Take in a new operation, whose inputs are in the graph already."""
        with self._lock:
            if operation.name in self._by_name:
                raise ValueError(
                    explain(
                        f"Duplicate node name in graph: '{operation.name}'",
                        where=operation.site,
                        first=f"made at {self._by_name[operation.name].site}",
                        fix="without a / at its end, the name is made unique",
                    )
                )
            self._operations.append(operation)
            operation._id = len(self._operations)
            self._by_name[operation.name] = operation
            self._names_in_use.setdefault(operation.name.lower(), 1)
        for tensor in operation.inputs:
            tensor._consumers.append(operation)
        for _, born in self._scopes.controls:
            born.add(operation)

    @property
    def version(self):
        return len(self._operations)

    @property
    def _last_id(self):
        return len(self._operations)

    @contextmanager
    def _inside(self, **asked):
        """Change fields of the scopes for the length of a block."""
        scopes = self._scopes
        outer = {field: getattr(scopes, field) for field in asked}
        vars(scopes).update(asked)
        try:
            yield
        finally:
            vars(scopes).update(outer)

    def unique_name(self, name, mark_as_used=True):
        """`name` in the current scope, with `_1`, `_2`, ... behind it if it is taken.

        Args:
          name: the name wished for. `a` and `A` count as the same.
          mark_as_used: whether the answer is taken from now on.
        """
        if self._scopes.name:
            name = f"{self._scopes.name}/{name}"
        used, key = self._names_in_use, name.lower()
        with self._lock:
            count = used.get(key, 0)
            number, free = count, key
            while free in used:  # somebody may have asked for `a_1` by that name
                free = f"{key}_{number}"
                number += 1
            if mark_as_used:
                used[key] = count + 1
                used[free] = max(used.get(free, 0), 1)
        return f"{name}_{number - 1}" if count else name

    @contextmanager
    def name_scope(self, name):
        """Put `name/` before the names of operations made inside the block.

        Args:
          name: a scope, made unique if it is taken. One that ends in `/` is entered as
            it is, perhaps again. "" or None lead out of all scopes.

        Yields:
          The scope's full name with a `/` at its end; "" outside of all scopes.

        Raises:
          ValueError: `name` has characters that a name cannot have.
        """
        if isinstance(name, bytes):
            name = name.decode()
        if name:
            valid = VALID_INNER_NAME if self._scopes.name else VALID_NAME
            if not valid.fullmatch(name):
                raise ValueError(bad_name(name, "scope"))
            name = name[:-1] if name[-1] == "/" else self.unique_name(name)
        with self._inside(name=name or ""):
            yield f"{name}/" if name else ""

    def get_name_scope(self):
        """The current name scope, without a `/` at its end."""
        return self._scopes.name

    def as_graph_element(self, obj, allow_tensor=True, allow_operation=True):
        """The Tensor or Operation of this graph that `obj` is, or names, or stands for.

        Raises:
          TypeError: `obj` is nothing of the kind.
          ValueError: it belongs to another graph, or the name is ill-formed.
          KeyError: the graph has nothing of that name.
        """
        kinds = [Tensor] * allow_tensor + [Operation] * allow_operation
        if not kinds:
            raise ValueError("allow_tensor and allow_operation can't both be False.")
        if hasattr(obj, "_as_graph_element"):  # a variable stands for its tensor
            obj = obj._as_graph_element()
        if isinstance(obj, (str, bytes)):
            name = obj if isinstance(obj, str) else obj.decode()
            return self._named(name, allow_tensor, allow_operation)
        if not isinstance(obj, tuple(kinds)):
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise TypeError(
                explain(
                    f"Can not convert a {type(obj).__name__} into a {wanted}.",
                    expected=f"a {wanted} of the graph, or its name",
                )
            )
        if obj.graph is not self:
            raise ValueError(foreign(obj))
        return obj

    def _named(self, name, allow_tensor, allow_operation):
        """The Tensor or Operation of that name."""
        if ":" in name:
            if allow_tensor:
                return self._tensor_named(name)
            raise ValueError(
                f"Name '{name}' appears to refer to a Tensor, not a Operation."
            )
        if allow_operation:
            if name in self._by_name:
                return self._by_name[name]
            raise self._unknown(
                f"The name '{name}' refers to an Operation not in the graph.", name
            )
        form = 'Tensor names must be of the form "<op_name>:<output_index>".'
        if name in self._by_name:
            known = f"The name '{name}' refers to an Operation, not a Tensor. {form}"
            raise ValueError(explain(known, fix=f"'{name}:0' is its first output"))
        kind = "looks like an (invalid) Operation name, not a Tensor."
        raise ValueError(f"The name '{name}' {kind} {form}")

    def _tensor_named(self, name):
        """The Tensor called `operation:index`."""
        owner, _, index = name.partition(":")
        if not index.removeprefix("-").isdigit():
            raise ValueError(
                f"The name '{name}' looks a like a Tensor name, but is not a valid "
                'one. Tensor names must be of the form "<op_name>:<output_index>".'
            )
        missing = f"The name '{name}' refers to a Tensor which does not exist. "
        missing += f"The operation, '{owner}', "
        if owner not in self._by_name:
            raise self._unknown(missing + "does not exist in the graph.", owner)
        outputs = self._by_name[owner].outputs
        try:
            return outputs[int(index)]
        except IndexError:
            raise KeyError(
                missing + f"exists but only has {len(outputs)} outputs."
            ) from None

    def _unknown(self, message, name):
        """A KeyError with a note: the names that come near."""
        error, near = KeyError(message), near_misses(name, self._by_name)
        if near:
            error.add_note(f"Did you mean {' or '.join(near)}?")
        return error

    def get_tensor_by_name(self, name):
        """The tensor called `operation:index`. Raises as `as_graph_element`."""
        if not isinstance(name, str):
            kind = type(name).__name__
            raise TypeError(f"Tensor names are strings (or similar), not {kind}.")
        return self.as_graph_element(name, allow_operation=False)

    def get_operation_by_name(self, name):
        """The operation of that name. Raises as `as_graph_element`."""
        if not isinstance(name, str):
            kind = type(name).__name__
            raise TypeError(f"Operation names are strings (or similar), not {kind}.")
        return self.as_graph_element(name, allow_tensor=False)

    def control_dependencies(self, control_inputs):
        """Operations made inside the block run after `control_inputs`.

        Only what is *made* inside waits. A tensor that existed before does not.

        Args:
          control_inputs: operations and tensors, or their names. None lifts what the
            blocks around ask for, and leads out of branches and loops.
        """
        outer, waits = self._scopes.controls, []
        if control_inputs is None:
            return self._inside(controls=(), context=None)
        known = {operation for operations, _ in outer for operation in operations}
        for item in control_inputs:
            if not isinstance(item, (Tensor, Operation)):
                item = getattr(item, "op", item)  # a variable, or slices of a tensor
            element = self.as_graph_element(item)
            operation = getattr(element, "op", element)
            if operation not in known:
                known.add(operation)
                waits.append(operation)
        return self._inside(controls=(*outer, (waits, set())))

    def _controls_for(self, inputs):
        """The control inputs of a new operation, without what its inputs imply."""
        if not self._scopes.controls:
            return []
        found, parents = [], {tensor.op for tensor in inputs}
        for waits, born in self._scopes.controls:
            if parents.isdisjoint(born):
                found += [operation for operation in waits if operation not in parents]
        return found

    def _note_rewired(self, operation):
        """Take note that an operation is no longer what it was when it was made."""
        self._rewired += operation._id <= self._planned

    @contextmanager
    def device(self, device_name_or_function):
        """Ask for a device for the operations made inside the block.

        Args:
          device_name_or_function: a name such as `/gpu:0`; or a function of an
            Operation that returns one; or None to lift what the blocks around ask for.

        Raises:
          ValueError: it is no device name.
        """
        asked = device_name_or_function
        if asked is not None and not callable(asked):
            asked = merge_devices(str(asked), "")
        with self._inside(devices=(*self._scopes.devices, asked)):
            yield

    @contextmanager
    def colocate_with(self, op, ignore_existing=False):
        """Operations made inside the block live where `op` lives.

        Args:
          op: an Operation, a Tensor or a variable; or None to lift what the blocks
            around ask for.
          ignore_existing: whether to forget the colocations asked for around.

        Raises:
          ValueError: `op` is None and `ignore_existing` is not True.
        """
        if op is None and not ignore_existing:
            raise ValueError(
                "Trying to reset colocation (op is None) but ignore_existing is not "
                "True"
            )
        outer = () if ignore_existing else self._scopes.colocation
        more = () if op is None else (getattr(op, "op", op),)
        with self._inside(colocation=(*outer, *more), devices=()):
            yield

    def _place(self, operation):
        """Give a new operation the device and the company that the scopes ask for."""
        scopes = self._scopes
        for asked in reversed(scopes.devices):
            if asked is None:
                break
            if callable(asked):
                operation.device = asked(operation) or ""
            elif asked:
                operation.device = merge_devices(operation.device, asked)
        if scopes.colocation:
            groups = set()
            for other in reversed(scopes.colocation):
                groups.update(g.decode() for g in other.colocation_groups())
                operation.device = other.device or operation.device
            operation.attrs["_class"] = sorted(groups)

    def _attr_scope(self, attr_map):
        """Give attributes to operations made inside the block; None takes one back."""
        merged = {**self._scopes.attrs, **attr_map}
        return self._inside(attrs={k: v for k, v in merged.items() if v is not None})

    def gradient_override_map(self, op_type_map):
        """Let operations made inside the block use other gradient rules.

        Args:
          op_type_map: op type -> the name given to `tf.RegisterGradient`.
        """
        pairs = op_type_map.items() if isinstance(op_type_map, dict) else [(None, None)]
        if not all(isinstance(name, str) for pair in pairs for name in pair):
            raise TypeError(
                "op_type_map must be a dictionary mapping strings to strings"
            )
        return self._inside(gradients={**self._scopes.gradients, **op_type_map})

    def create_op(
        self, op_type, inputs, dtypes=None, input_types=None, name=None, attrs=None, **_
    ):
        """Append an operation.

        Args:
          op_type: TensorFlow's name of the type, `MatMul`.
          inputs: the tensors that it reads.
          dtypes: the DTypes of its outputs.
          name: its name, the type by default. One that ends in `/` is taken as it is.
          attrs: its attributes by name.

        Raises:
          RuntimeError: the graph is finalized.
          TypeError: an input is not a tensor.
          ValueError: an input belongs to another graph, the name is not valid, or the
            shapes do not fit.
        """
        self._check_not_finalized()
        self._check_inputs(inputs)
        name, scopes = self._node_name(op_type if name is None else name), self._scopes
        attrs = {**scopes.attrs, **(attrs or {})}
        if op_type in scopes.gradients:
            attrs["_gradient_op_type"] = scopes.gradients[op_type]
        controls = self._controls_for(inputs)
        operation = Operation(self, op_type, name, inputs, controls, attrs)
        for i, dtype in enumerate(dtypes or ()):
            operation.outputs.append(Tensor(operation, i, dtype))
        if op_type in ROWS:
            ROWS[op_type].infer_shapes(operation)
        self._place(operation)
        self._append(operation)
        self._adopt(operation)
        return operation

    def _adopt(self, operation):
        """Let the context that is being written take in a new operation."""
        context = operation._context = self._scopes.context
        for tensor in operation.inputs:
            if tensor.op._context not in (None, context):
                tensor.op._context.check_use(tensor.op, operation)
        if context is not None:
            context.add(operation)

    def _node_name(self, name):
        """The full, unique name of a new operation."""
        if isinstance(name, bytes):
            name = name.decode()
        name = name[:-1] if name[-1:] == "/" else self.unique_name(name)
        if not VALID_NAME.fullmatch(name):
            raise ValueError(bad_name(name, "node"))
        return name

    def _check_inputs(self, inputs):
        for i, tensor in enumerate(inputs):
            if not isinstance(tensor, Tensor):
                raise TypeError(f"Input #{i} is not a tensor: {tensor}")
            if tensor.graph is not self:
                raise ValueError(foreign(tensor))

    def finalize(self):
        """Close the graph: from now on it cannot be changed."""
        self._finalized = True

    @property
    def finalized(self):
        return self._finalized

    def _check_not_finalized(self):
        if self._finalized:
            raise RuntimeError(
                explain(
                    "Graph is finalized and cannot be modified.",
                    fix="build every operation before the loop, and only run in it",
                )
            )

    def prevent_feeding(self, tensor):
        """Forbid feeding `tensor`."""
        self._unfeedable.add(tensor)

    def is_feedable(self, tensor):
        """Whether `tensor` may be fed."""
        return tensor not in self._unfeedable

    def prevent_fetching(self, op):
        """Forbid fetching `op`."""
        self._unfetchable.add(op)

    def is_fetchable(self, tensor_or_op):
        """Whether a tensor, or an operation, may be fetched."""
        return getattr(tensor_or_op, "op", tensor_or_op) not in self._unfetchable

    def add_to_collection(self, name, value):
        """Append `value` to the collection called `name`."""
        self._check_not_finalized()
        self._collections.setdefault(name, []).append(value)

    def add_to_collections(self, names, value):
        """Append `value` to each of several collections; `names` may be one name."""
        names = [names] if isinstance(names, str) else dict.fromkeys(names)
        for name in names:
            self.add_to_collection(name, value)

    def get_collection(self, name, scope=None):
        """A copy of a collection, [] if there is none.

        Args:
          name: the name of the collection.
          scope: keep only items whose `name` begins so; a regular expression.
        """
        items = self._collections.get(name, [])
        if scope is None:
            return list(items)
        begins = re.compile(scope).match
        return [item for item in items if hasattr(item, "name") and begins(item.name)]

    def get_collection_ref(self, name):
        """The collection itself: who changes this list changes the graph."""
        return self._collections.setdefault(name, [])

    def get_all_collection_keys(self):
        """The names of the collections, those that are text."""
        return [name for name in self._collections if isinstance(name, str)]

    @property
    def collections(self):
        return list(self._collections)

    def clear_collection(self, name):
        """Forget a collection."""
        self._check_not_finalized()
        self._collections.pop(name, None)

    def as_default(self):
        """Make this the graph that new operations go to, inside a `with` block."""
        return pushed(_stacks.graphs, self)


## With blocks that remember


class Scopes(threading.local):
    """What the `with` blocks around the running line ask of new operations.

    Each thread has its own. A block replaces fields when it begins and puts the old
    ones back at its end; the values themselves are never changed.

    Attributes:
      name: the name scope, without a / at its end.
      controls: pairs (operations to wait for, operations born inside the block).
      devices: device names and functions, the innermost last; None hides the outer.
      colocation: operations whose place new ones share, the innermost last.
      attrs: attributes for every operation.
      gradients: op type -> name of the gradient rule to use instead of its own.
      context: the branch or the loop that is being written, if any.
    """

    name = ""
    context = None
    controls = ()
    devices = ()
    colocation = ()
    attrs = {}
    gradients = {}


## Name scopes

VALID_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\-/]*")
VALID_INNER_NAME = re.compile(r"[A-Za-z0-9_.\-/]*")  # behind a scope


def bad_name(name, kind):
    """The message for a name with characters that it cannot have."""
    return explain(
        f"'{name}' is not a valid {kind} name",
        expected="letters, digits and . _ - /, beginning with a letter, digit or dot",
    )


## Find things by name


def foreign(element):
    """The message for a Tensor or Operation that another graph owns."""
    operation = getattr(element, "op", element)
    return explain(
        f"{type(element).__name__} {element} is not an element of this graph.",
        made=f"in another graph, at {operation.site}",
        expected="one graph for everything that is used together",
        fix="build all of it inside one `with graph.as_default():` block; after "
        "tf.reset_default_graph(), build everything again",
    )


## Places


@cache
def parse_device(text):
    """The parts of a device name by their keys: job, replica, task and device.

    Raises:
      ValueError: it has parts that no device has.
    """
    parts = {}
    for part in filter(None, text.split("/")):
        key, *value = part.split(":")
        if key.lower() in ("cpu", "gpu"):
            key, value = "device", [key, *value]
        if key not in ("job", "replica", "task", "device") or not value:
            raise ValueError(f"Unknown attribute: '{key}' in '{text}'")
        if key == "device":
            if "device" in parts:
                raise ValueError(f"Cannot specify multiple device types: {text}")
            kind, number = [*value, "*"][:2]
            value = [kind.upper(), number if number == "*" else str(int(number))]
        parts[key] = ":".join(value)
    return parts


@cache
def merge_devices(inner, outer):
    """The device that `inner` asks for, completed by what `outer` asks for."""
    parts = {**parse_device(outer), **parse_device(inner)}
    order = ("job", "replica", "task", "device")
    return "".join(f"/{key}:{parts[key]}" for key in order if key in parts)


## One door for new operations

ROWS = {}  # op type -> its row; core.op fills it


class NodeDef(NamedTuple):
    """An operation as plain data: what would be written to a file.

    Attributes:
      name, op, device: its name, type and device.
      input: names, `a` or `a:1` for a tensor, `^a` for an operation to wait for.
      attr: its attributes.
    """

    name: str
    op: str
    input: list
    device: str
    attr: dict

    def __str__(self):
        lines = [f'name: "{self.name}"', f'op: "{self.op}"']
        lines += [f'input: "{name}"' for name in self.input]
        lines += [f'device: "{self.device}"'] if self.device else []
        lines += [f"attr {name}: {value}" for name, value in self.attr.items()]
        return "\n".join(lines)


## Collections


class GraphKeys:
    """The names of the collections that the library uses."""

    GLOBAL_VARIABLES = "variables"
    LOCAL_VARIABLES = "local_variables"
    METRIC_VARIABLES = "metric_variables"
    MODEL_VARIABLES = "model_variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    TRAINABLE_RESOURCE_VARIABLES = "trainable_resource_variables"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    CONCATENATED_VARIABLES = "concatenated_variables"
    LOSSES = "losses"
    REGULARIZATION_LOSSES = "regularization_losses"
    UPDATE_OPS = "update_ops"
    TRAIN_OP = "train_op"
    GLOBAL_STEP = "global_step"
    EVAL_STEP = "eval_step"
    SUMMARIES = "summaries"
    SUMMARY_OP = "summary_op"
    WEIGHTS = "weights"
    BIASES = "biases"
    ACTIVATIONS = "activations"
    QUEUE_RUNNERS = "queue_runners"
    TABLE_INITIALIZERS = "table_initializer"
    ASSET_FILEPATHS = "asset_filepaths"
    SAVERS = "savers"
    SAVEABLE_OBJECTS = "saveable_objects"
    RESOURCES = "resources"
    LOCAL_RESOURCES = "local_resources"
    INIT_OP = "init_op"
    LOCAL_INIT_OP = "local_init_op"
    READY_OP = "ready_op"
    READY_FOR_LOCAL_INIT_OP = "ready_for_local_init_op"
    COND_CONTEXT = "cond_context"
    WHILE_CONTEXT = "while_context"
    VARIABLES = "variables"  # the old name of GLOBAL_VARIABLES


## The default graph


class Stacks(threading.local):
    """The default graphs and sessions of one thread, the innermost last."""

    def __init__(self):
        self.graphs = []
        self.sessions = []


_stacks = Stacks()
_always = {"graph": Graph()}  # the default graph outside of all blocks


@contextmanager
def pushed(stack, item):
    """Let `item` be the top of a stack inside the block."""
    stack.append(item)
    try:
        yield item
    finally:
        del stack[max(i for i, other in enumerate(stack) if other is item)]


def get_default_graph():
    """The graph that new operations go to."""
    return _stacks.graphs[-1] if _stacks.graphs else _always["graph"]


def reset_default_graph():
    """Start over with an empty default graph.

    Raises:
      AssertionError: inside a `with graph.as_default()` block.
    """
    if _stacks.graphs:
        raise AssertionError(
            "Do not use tf.reset_default_graph() to clear nested graphs. If you need a "
            "cleared graph, exit the nesting and create a new graph."
        )
    _always["graph"] = Graph()


def get_default_session():
    """The innermost session that a `with` block entered, or None."""
    return _stacks.sessions[-1] if _stacks.sessions else None


def control_dependencies(control_inputs):
    """`Graph.control_dependencies` of the default graph."""
    return get_default_graph().control_dependencies(control_inputs)


def device(device_name_or_function):
    """`Graph.device` of the default graph."""
    return get_default_graph().device(device_name_or_function)


def colocate_with(op, ignore_existing=False):
    """`Graph.colocate_with` of the default graph."""
    return get_default_graph().colocate_with(op, ignore_existing)


def add_to_collection(name, value):
    """`Graph.add_to_collection` of the default graph."""
    get_default_graph().add_to_collection(name, value)


def add_to_collections(names, value):
    """`Graph.add_to_collections` of the default graph."""
    get_default_graph().add_to_collections(names, value)


def get_collection(key, scope=None):
    """`Graph.get_collection` of the default graph."""
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key):
    """`Graph.get_collection_ref` of the default graph."""
    return get_default_graph().get_collection_ref(key)


def graph_of(values):
    """The one graph that the tensors and operations among `values` belong to.

    Values of other kinds do not matter. Without any it is the default graph.

    Raises:
      ValueError: they belong to several graphs.
    """
    first = None
    for value in values:
        if not isinstance(value, (Tensor, Operation)):
            if not hasattr(value, "_as_graph_element"):
                continue
            value = value._as_graph_element()
        if first is None:
            first = value
        elif value.graph is not first.graph:
            raise ValueError(strangers(value, first))
    return get_default_graph() if first is None else first.graph


def strangers(value, first):
    """The message for two tensors or operations of different graphs."""
    sites = [getattr(element, "op", element).site for element in (first, value)]
    return explain(
        f"{value} must be from the same graph as {first}.",
        one=f"made at {sites[0]}",
        other=f"made at {sites[1]}",
        fix="build both inside one `with graph.as_default():` block; after "
        "tf.reset_default_graph(), build everything again",
    )


class name_scope:
    """`with tf.name_scope("layer") as scope:`, a name scope of the default graph.

    Args:
      name: the scope, as for `Graph.name_scope`.
      default_name: what it is called if `name` is None.
      values: tensors that must belong to one graph; the scope is that graph's, and
        it is the default graph inside the block.

    Raises:
      ValueError: `values` without any name, or values of several graphs.
    """

    def __init__(self, name, default_name=None, values=None):
        if default_name is not None and not isinstance(default_name, str):
            raise TypeError(
                f"`default_name` type ({type(default_name)}) is not a string type. You "
                "likely meant to pass this into the `values` kwarg."
            )
        self.name = default_name if name is None else name
        self._default_name = default_name
        self._values = values

    def __enter__(self):
        if self.name is None and self._values is not None:
            raise ValueError(
                f"At least one of name (None) and default_name ({self._default_name}) "
                "must be provided."
            )
        graph = graph_of(self._values or ())
        self._blocks = ExitStack()
        scope = self._blocks.enter_context(graph.name_scope(self.name))
        if graph is not get_default_graph():
            self._blocks.enter_context(graph.as_default())
        return scope

    def __exit__(self, *error):
        return self._blocks.__exit__(*error)


## A tensor is not a number

SESSION_WORDS = {
    Tensor: (
        "evaluate tensor",
        "tensor",
        "eval",
        "with sess.as_default()",
        "`eval(session=sess)`",
    ),
    Operation: (
        "execute operation",
        "operation",
        "run",
        "with sess.as_default():",
        "run(session=sess)",
    ),
}


def session_for(element, session=None):
    """The session in which to run a Tensor or Operation.

    Args:
      element: the Tensor or Operation.
      session: the one to use; the default session unless given.

    Raises:
      ValueError: there is none, or it runs another graph.
    """
    task, what, how, block, call = SESSION_WORDS[type(element)]
    chosen = session or get_default_session()
    if chosen is None:
        raise ValueError(
            f"Cannot {task} using `{how}()`: No default session is registered. Use "
            f"`{block}` or pass an explicit session to `{how}(session=sess)`"
        )
    if chosen.graph is not element.graph:
        which = "given" if session else "default"
        hint = "" if session else f" Pass an explicit session to {call}."
        raise ValueError(
            f"Cannot use the {which} session to {task}: the {what}'s graph is "
            f"different from the session's graph.{hint}"
        )
    return chosen


OPERATORS = {}  # "add", "matmul", "getitem", ... -> a function; core.ops fill it


def operator(name, swapped=False):
    """A method that hands its operands to a function of OPERATORS."""

    def method(self, *others):
        if name not in OPERATORS:
            return NotImplemented
        return (
            OPERATORS[name](*others, self)
            if swapped
            else OPERATORS[name](self, *others)
        )

    return method


_BINARY = "add sub mul truediv floordiv mod pow matmul and or xor".split()
_OTHERS = "lt le gt ge getitem neg abs invert".split()
for _name in _BINARY + _OTHERS:
    setattr(Tensor, f"__{_name}__", operator(_name))
    if _name in _BINARY:
        setattr(Tensor, f"__r{_name}__", operator(_name, swapped=True))
