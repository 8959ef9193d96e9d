"""Graph, Operation, Tensor: a program written down before it is run.

A graph is append-only: an operation can only use tensors that already exist,
so the order of birth is a correct order of execution. Nodes hold no values.
"""

# Generated from book/source/05_graph.md: change it there, then `make export`.

import re
import threading
from contextlib import contextmanager

from pedagogy_tf.core.dtypes import as_dtype
from pedagogy_tf.core.errors import (
    OperatorNotAllowedInGraphError,
    near_misses,
    user_site,
)
from pedagogy_tf.core.shapes import TensorShape

__all__ = [
    "ROWS",
    "OPERATORS",
    "Tensor",
    "Operation",
    "Scopes",
    "VALID_NAME",
    "VALID_INNER_NAME",
    "Graph",
    "DEVICE_PART",
    "parse_device",
    "merge_devices",
    "get_default_graph",
    "reset_default_graph",
    "get_default_session",
    "need_session",
    "graph_of",
    "name_scope",
    "control_dependencies",
    "device",
    "colocate_with",
    "add_to_collection",
    "add_to_collections",
    "get_collection",
    "get_collection_ref",
    "GraphKeys",
]


## Build

ROWS = {}  # op type -> its row (core.op fills it); a graph asks it for shapes

OPERATORS = {}  # "add", "matmul", ... -> a function of two tensors (core.ops fill it)


class Tensor:
    """A symbolic handle to one output of an operation. It holds no value.

    Attributes:
      op: the Operation that produces it.
      value_index: which output of that operation it is.
      dtype: the DType of its elements.
      shape: what is known of its TensorShape before the program runs.
    """

    def __init__(self, op, value_index, dtype):
        self.op = op
        self.value_index = value_index
        self.dtype = as_dtype(dtype)
        self._shape = TensorShape(None)
        self._consumers = []

    @property
    def name(self):
        """`operation:output`, the name that feeds and fetches know it by."""
        return f"{self.op.name}:{self.value_index}"

    @property
    def graph(self):
        """The Graph that owns this tensor."""
        return self.op.graph

    @property
    def device(self):
        """The device its operation asks for."""
        return self.op.device

    @property
    def shape(self):
        """What is known of the shape."""
        return self._shape

    def get_shape(self):
        """Same as `shape`."""
        return self._shape

    def set_shape(self, shape):
        """Add what you know of the shape.

        Raises:
          ValueError: if it contradicts what is known already.
        """
        self._shape = self._shape.merge_with(shape)

    def consumers(self):
        """The operations that read this tensor, oldest first."""
        return list(self._consumers)

    def eval(self, feed_dict=None, session=None):
        """Run the default session (or `session`) for this one value."""
        return need_session(session, self, "eval(session=sess)").run(self, feed_dict)

    def __repr__(self):
        return f"<tf.Tensor '{self.name}' shape={self._shape} dtype={self.dtype.name}>"

    def __str__(self):
        shape = "" if self._shape.ndims is None else f", shape={self._shape}"
        device = f", device={self.device}" if self.device else ""
        return f'Tensor("{self.name}"{shape}, dtype={self.dtype.name}{device})'

    def __hash__(self):
        return id(self)

    def __eq__(self, other):
        return self is other

    def __bool__(self):
        raise OperatorNotAllowedInGraphError(
            "using a `tf.Tensor` as a Python `bool` is not allowed in Graph execution. "
            "Use Eager execution or decorate this function with @tf.function.\n"
            f"{user_site()}\n"
            "This line runs once, while the graph is being written, and "
            f"{self.name!r} has no value then.\n"
            "To choose while the program runs, write tf.cond(pred, true_fn, false_fn); "
            "to ask whether it exists, `is not None`."
        )

    def __iter__(self):
        raise OperatorNotAllowedInGraphError(
            "iterating over `tf.Tensor` is not allowed in Graph execution. "
            "Use Eager execution or decorate this function with @tf.function.\n"
            f"{user_site()}\n"
            f"{self.name!r} has no elements yet. "
            "tf.unstack(x) gives a list of tensors, tf.map_fn(f, x) applies f to each."
        )

    def __len__(self):
        raise TypeError("object of type 'Tensor' has no len()")

    __array_priority__ = 100  # NumPy leaves `array + tensor` to the tensor


def _operator(name, reverse=False):
    def method(self, other):
        x, y = (other, self) if reverse else (self, other)
        return OPERATORS[name](x, y)

    method.__name__ = f"__{'r' if reverse else ''}{name}__"
    return method


def _unary(name):
    return lambda self: OPERATORS[name](self)


_BINARY = "add sub mul truediv div floordiv mod pow matmul and or xor".split()
for _method, _function in [
    *((n, _operator(n)) for n in _BINARY),
    *((f"r{n}", _operator(n, reverse=True)) for n in _BINARY),
    *((n, _operator(n)) for n in ("lt", "le", "gt", "ge", "getitem")),
    *((n, _unary(n)) for n in ("neg", "abs", "invert")),
]:
    setattr(Tensor, f"__{_method}__", _function)


class Operation:
    """A node: one op applied to some tensors, with attributes and a name.

    Attributes:
      graph: the Graph that owns it.
      name: unique in its graph, with scopes: `layer/MatMul`.
      type: the op's type, `MatMul`: which row of the registry it follows.
      inputs: the tensors it reads, in TensorFlow's order.
      control_inputs: the operations that must run before it.
      outputs: the tensors it produces.
      site: the line of the user's program that made it.
    """

    def __init__(self, graph, type, name, inputs, control_inputs, attrs, device=""):
        self.graph = graph
        self.type = type
        self.name = name
        self.inputs = list(inputs)
        self.control_inputs = list(control_inputs)
        self.attrs = attrs
        self.device = device
        self.outputs = []
        self.site = user_site()
        self._id = None  # its rank of birth, given by the graph

    def get_attr(self, name):
        """The value of an attribute.

        Raises:
          ValueError: if the operation has no attribute of that name.
        """
        try:
            return self.attrs[name]
        except KeyError:
            raise ValueError(
                f"Operation '{self.name}' has no attr named '{name}'."
            ) from None

    def values(self):
        """The outputs, as a tuple."""
        return tuple(self.outputs)

    def run(self, feed_dict=None, session=None):
        """Run the default session (or `session`) for this operation's effect."""
        need_session(session, self, "run(session=sess)").run(self, feed_dict)

    def colocation_groups(self):
        """The `loc:@name` groups it belongs to; its own when it has no other."""
        return self.attrs.get("_class") or [f"loc:@{self.name}".encode()]

    def _add_control_input(self, operation):
        if operation not in self.control_inputs:
            self.control_inputs.append(operation)
            self.graph._rewired += 1

    def _add_control_inputs(self, operations):
        for operation in operations:
            self._add_control_input(operation)

    @property
    def traceback(self):
        """The user's line, in the form of Python's `traceback.extract_stack`."""
        return [
            (self.site.filename, self.site.lineno, self.site.function, self.site.line)
        ]

    def __repr__(self):
        return f"<tf.Operation '{self.name}' type={self.type}>"

    def __str__(self):
        inputs = "".join(f'input: "{t.name}"\n' for t in self.inputs)
        return f'name: "{self.name}"\nop: "{self.type}"\n{inputs}'


class Scopes(threading.local):
    """What the `with` blocks around the current line ask of new operations."""

    def __init__(self):
        self.name = ""
        self.controls = []  # [(control inputs, operations born inside the block)]
        self.devices = []
        self.colocation = []
        self.attrs = []
        self.gradients = []


VALID_NAME = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$")

VALID_INNER_NAME = re.compile(r"^[A-Za-z0-9_.\\/>-]*$")


class Graph:
    """A list of operations in order of birth, and the names they go by.

    Attributes:
      seed: the graph-level random seed, or None.
      collections: names of the named lists kept with the graph.
    """

    def __init__(self):
        self._operations = []
        self._by_name = {}
        self._names_in_use = {}
        self._collections = {}
        self._scopes = Scopes()
        self._lock = threading.RLock()
        self._finalized = False
        self._unfeedable = set()
        self._unfetchable = set()
        self._rewired = (
            0  # grows when an old operation is changed, which makes plans stale
        )
        self.seed = None

    # -- names ---------------------------------------------------------------

    def unique_name(self, name, mark_as_used=True):
        """`name` inside the current scope, with `_1`, `_2`, ... when it is taken.

        Two names that differ only in case count as the same.
        """
        if self._scopes.name:
            name = f"{self._scopes.name}/{name}"
        key = name.lower()
        count = self._names_in_use.get(key, 0)
        if mark_as_used:
            self._names_in_use[key] = count + 1
        if count:
            base = key
            while key in self._names_in_use:
                key = f"{base}_{count}"
                count += 1
            if mark_as_used:
                self._names_in_use[key] = 1
            name = f"{name}_{count - 1}"
        return name

    @contextmanager
    def name_scope(self, name):
        """Put `name/` before the names of operations made inside the block.

        `name` may end in `/` (a scope met before is entered again) or be empty or
        None (back to the top). Yields the scope's full name, ending in `/`.
        """
        scopes, outer = self._scopes, self._scopes.name
        if name:
            valid = VALID_INNER_NAME if outer else VALID_NAME
            if not valid.match(name):
                raise ValueError(f"'{name}' is not a valid scope name")
        if not name:
            scopes.name = ""
        elif name[-1] == "/":
            scopes.name = name[:-1]
        else:
            scopes.name = self.unique_name(name)
        try:
            yield scopes.name + "/" if scopes.name else ""
        finally:
            scopes.name = outer

    def get_name_scope(self):
        """The current scope, without a `/` at its end."""
        return self._scopes.name

    # -- operations -------------------------------------------------------------

    def create_op(
        self, op_type, inputs, dtypes=None, input_types=None, name=None, attrs=None, **_
    ):
        """Append an operation.

        Args:
          op_type: TensorFlow's type name, `MatMul`.
          inputs: the tensors it reads.
          dtypes: the dtypes of its outputs.
          name: its name; the type by default. A name that ends in `/` is taken as is.
          attrs: its attributes, by name.

        Raises:
          RuntimeError: if the graph is finalized.
          ValueError: if an input belongs to another graph, or shapes do not fit.
        """
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")
        for tensor in inputs:
            if tensor.graph is not self:
                raise ValueError(
                    f"Tensor {tensor!r} must be from the same graph as {self!r}."
                )
        name = name or op_type
        name = name[:-1] if name[-1] == "/" else self.unique_name(name)
        attrs = {**self._scoped_attrs(), **(attrs or {})}
        operation = Operation(
            self, op_type, name, inputs, self._controls_for(inputs), attrs
        )
        operation.outputs = [
            Tensor(operation, i, dtype) for i, dtype in enumerate(dtypes or ())
        ]
        if op_type in ROWS:
            ROWS[op_type].infer_shapes(operation)
        self._place(operation)
        self._append(operation)
        return operation

    def _append(self, operation):
        with self._lock:
            if operation.name in self._by_name:
                raise ValueError(
                    f"cannot add op with name {operation.name} as that name is already used"
                )
            operation._id = len(self._operations)
            self._operations.append(operation)
            self._by_name[operation.name] = operation
            self._names_in_use.setdefault(operation.name.lower(), 1)
        for tensor in operation.inputs:
            tensor._consumers.append(operation)
        for _, born in self._scopes.controls:
            born.add(operation)

    def _scoped_attrs(self):
        merged = {}
        for attrs in self._scopes.attrs:
            merged.update(attrs)
        return {key: value for key, value in merged.items() if value is not None}

    @contextmanager
    def _attr_scope(self, attrs):
        """Give `attrs` to every operation made inside the block."""
        self._scopes.attrs.append(attrs)
        try:
            yield
        finally:
            self._scopes.attrs.pop()

    def get_operations(self):
        """All operations, oldest first."""
        return list(self._operations)

    @property
    def _last_id(self):
        return len(self._operations)

    @property
    def version(self):
        """How many operations the graph has."""
        return len(self._operations)

    def as_graph_element(self, obj, allow_tensor=True, allow_operation=True):
        """The Tensor or Operation that `obj` is, or names, in this graph.

        Raises:
          TypeError: if `obj` is neither, nor a string.
          ValueError: if it belongs to another graph, or the name is ill-formed.
          KeyError: if no such name exists; near misses are listed.
        """
        kinds = [
            k
            for k, ok in (("Tensor", allow_tensor), ("Operation", allow_operation))
            if ok
        ]
        what = " or ".join(kinds)
        convert = getattr(obj, "_as_graph_element", None)
        if convert is not None:
            obj = convert()
        if isinstance(obj, (Tensor, Operation)):
            if type(obj).__name__ not in kinds and not isinstance(
                obj, Tensor if allow_tensor else Operation
            ):
                raise TypeError(
                    f"Can not convert a {type(obj).__name__} into a {what}."
                )
            if obj.graph is not self:
                raise ValueError(
                    f"{type(obj).__name__} {obj} is not an element of this graph."
                )
            return obj
        if not isinstance(obj, (str, bytes)):
            raise TypeError(f"Can not convert a {type(obj).__name__} into a {what}.")
        name = obj.decode() if isinstance(obj, bytes) else obj
        if ":" in name and allow_tensor:
            return self._tensor_named(name)
        if ":" not in name and allow_operation:
            return self._operation_named(name)
        if ":" in name:
            raise ValueError(
                f"Name {name!r} appears to refer to a Tensor, not a Operation."
            )
        if name in self._by_name:
            raise ValueError(
                f"The name '{name}' refers to an Operation, not a Tensor. Tensor names "
                'must be of the form "<op_name>:<output_index>".'
            )
        raise ValueError(
            f"The name '{name}' looks like an (invalid) Operation name, not a Tensor. "
            'Tensor names must be of the form "<op_name>:<output_index>".'
        )

    def _tensor_named(self, name):
        op_name, _, index = name.rpartition(":")
        if not index.isdigit() or ":" in op_name:
            raise ValueError(
                f"The name '{name}' looks a like a Tensor name, but is not a valid one. "
                'Tensor names must be of the form "<op_name>:<output_index>".'
            )
        if op_name not in self._by_name:
            raise KeyError(
                f"The name '{name}' refers to a Tensor which does not exist. The "
                f"operation, '{op_name}', does not exist in the graph."
                + self._near(op_name)
            )
        outputs = self._by_name[op_name].outputs
        if int(index) >= len(outputs):
            raise KeyError(
                f"The name '{name}' refers to a Tensor which does not exist. The "
                f"operation, '{op_name}', exists but only has {len(outputs)} outputs."
            )
        return outputs[int(index)]

    def _operation_named(self, name):
        if name not in self._by_name:
            raise KeyError(
                f"The name '{name}' refers to an Operation not in the graph."
                + self._near(name)
            )
        return self._by_name[name]

    def _near(self, name):
        near = near_misses(name, self._by_name)
        return f" Did you mean {', '.join(near)}?" if near else ""

    def get_tensor_by_name(self, name):
        """The tensor called `operation:output`."""
        if not isinstance(name, str):
            raise TypeError(
                f"Tensor names are strings (or similar), not {type(name).__name__}."
            )
        return self.as_graph_element(name, allow_operation=False)

    def get_operation_by_name(self, name):
        """The operation of that name."""
        if not isinstance(name, str):
            raise TypeError(
                f"Operation names are strings (or similar), not {type(name).__name__}."
            )
        return self.as_graph_element(name, allow_tensor=False)

    # -- order ---------------------------------------------------------------

    @contextmanager
    def control_dependencies(self, control_inputs):
        """Operations made inside the block run after `control_inputs`.

        Only operations *made inside* wait; a tensor that existed before does not.
        None lifts the dependencies of the blocks around.
        """
        scopes, outer = self._scopes, self._scopes.controls
        if control_inputs is None:
            scopes.controls = []
        else:
            operations = []
            for item in control_inputs:
                element = self.as_graph_element(item)
                operation = element.op if isinstance(element, Tensor) else element
                if operation not in operations:
                    operations.append(operation)
            scopes.controls = [*outer, (operations, set())]
        try:
            yield
        finally:
            scopes.controls = outer

    def _controls_for(self, inputs):
        """Control inputs of a new operation; those implied by its inputs are left out."""
        found, parents = [], {tensor.op for tensor in inputs}
        for operations, born in self._scopes.controls:
            if parents.isdisjoint(born):
                found += [o for o in operations if o not in parents and o not in found]
        return found

    # -- places --------------------------------------------------------------

    @contextmanager
    def device(self, device_name_or_function):
        """Ask for a device for operations made inside the block.

        Args:
          device_name_or_function: `/gpu:0`, `/job:ps/task:1`, a function of an
            Operation that returns such a string, or None to lift all requests.
        """
        scopes, outer = self._scopes, self._scopes.devices
        asked = device_name_or_function
        scopes.devices = [] if asked is None else [*outer, asked]
        try:
            yield
        finally:
            scopes.devices = outer

    @contextmanager
    def colocate_with(self, operation, ignore_existing=False):
        """Operations made inside the block live where `operation` lives.

        None lifts the requests of the blocks around.
        """
        scopes, outer = self._scopes, (self._scopes.colocation, self._scopes.devices)
        operation = getattr(operation, "op", operation)
        if operation is None:
            scopes.colocation = []
        else:
            scopes.colocation = [*([] if ignore_existing else outer[0]), operation]
            scopes.devices = []
        try:
            yield
        finally:
            scopes.colocation, scopes.devices = outer

    def _place(self, operation):
        """Set the device and the colocation groups of a new operation."""
        for asked in self._scopes.devices:
            wanted = asked(operation) if callable(asked) else str(asked)
            operation.device = merge_devices(operation.device, wanted or "")
        groups = []
        for other in self._scopes.colocation:
            groups += [g for g in other.colocation_groups() if g not in groups]
            operation.device = other.device or operation.device
        if groups:
            groups += [g for g in operation.attrs.get("_class", []) if g not in groups]
            operation.attrs["_class"] = sorted(groups)

    @contextmanager
    def gradient_override_map(self, op_type_map):
        """Inside the block, operations of a type use another gradient.

        Args:
          op_type_map: op type -> a name given to `tf.RegisterGradient`.
        """
        scopes, outer = self._scopes, self._scopes.gradients
        scopes.gradients = [*outer, dict(op_type_map)]
        try:
            yield
        finally:
            scopes.gradients = outer

    # -- collections ---------------------------------------------------------

    def add_to_collection(self, name, value):
        """Append `value` to the list kept under `name`."""
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")
        self._collections.setdefault(name, []).append(value)

    def add_to_collections(self, names, value):
        """Append `value` to each of several collections, once to each."""
        names = (names,) if isinstance(names, str) else dict.fromkeys(names)
        for name in names:
            self.add_to_collection(name, value)

    def get_collection(self, name, scope=None):
        """A copy of the collection, or those whose `name` begins with `scope`."""
        items = self._collections.get(name, [])
        if scope is None:
            return list(items)
        pattern = re.compile(scope)
        return [x for x in items if hasattr(x, "name") and pattern.match(x.name)]

    def get_collection_ref(self, name):
        """The collection itself: changes to the list are changes to the graph."""
        return self._collections.setdefault(name, [])

    def get_all_collection_keys(self):
        """The names of the collections."""
        return [k for k in self._collections if isinstance(k, str)]

    @property
    def collections(self):
        """The names of the collections."""
        return list(self._collections)

    def clear_collection(self, name):
        """Forget a collection."""
        self._collections.pop(name, None)

    # -- the rest ------------------------------------------------------------

    def finalize(self):
        """Forbid further changes."""
        self._finalized = True

    @property
    def finalized(self):
        """Whether the graph is closed for changes."""
        return self._finalized

    def prevent_feeding(self, tensor):
        """Forbid feeding `tensor`."""
        self._unfeedable.add(tensor)

    def is_feedable(self, tensor):
        """Whether `tensor` may be fed."""
        return tensor not in self._unfeedable

    def prevent_fetching(self, operation):
        """Forbid fetching `operation`."""
        self._unfetchable.add(operation)

    def is_fetchable(self, tensor_or_operation):
        """Whether it may be fetched."""
        return (
            getattr(tensor_or_operation, "op", tensor_or_operation)
            not in self._unfetchable
        )

    @contextmanager
    def as_default(self):
        """Make this the graph that new operations go to, inside the block."""
        _stacks.graphs.append(self)
        try:
            yield self
        finally:
            _stacks.graphs.remove(self)


DEVICE_PART = re.compile(
    r"/(?:(job):(\w+)|(replica):(\d+)|(task):(\d+)"
    r"|(device):(\w+):(\d+|\*)|(device):(\w+)|(cpu|gpu):(\d+|\*)|(cpu|gpu))",
    re.IGNORECASE,
)


def parse_device(text):
    """The parts of a device string: {"job", "replica", "task", "device"} -> value."""
    parts, rest = {}, text
    while rest and rest != "/":
        match = DEVICE_PART.match(rest)
        if not match:
            raise ValueError(f"Malformed device specification '{text}'")
        found = [g for g in match.groups() if g is not None]
        key, values = found[0].lower(), found[1:]
        if key in ("cpu", "gpu"):
            key, values = "device", [key.upper(), *values]
        if key == "device":
            values = [values[0].upper(), values[1] if len(values) > 1 else "*"]
        parts[key] = ":".join(values)
        rest = rest[match.end() :]
    return parts


def merge_devices(outer, inner):
    """The inner request, completed by the outer one: `/job:ps` + `/gpu:0`."""
    parts = {**parse_device(outer), **parse_device(inner)}
    order = ("job", "replica", "task", "device")
    return "".join(f"/{key}:{parts[key]}" for key in order if key in parts)


class _Stacks(threading.local):
    """The default graphs and sessions of one thread, innermost last."""

    def __init__(self):
        self.graphs = []
        self.sessions = []


_stacks = _Stacks()

_global = {"graph": Graph()}  # the default graph where no `with` block says otherwise


def get_default_graph():
    """The graph that new operations go to."""
    return _stacks.graphs[-1] if _stacks.graphs else _global["graph"]


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
    _global["graph"] = Graph()


def get_default_session():
    """The innermost session entered by `with`, or None."""
    return _stacks.sessions[-1] if _stacks.sessions else None


def need_session(session, what, how):
    """`session`, or the default one, for `what.eval()` and `what.run()`."""
    session = session or get_default_session()
    verb = "evaluate tensor" if isinstance(what, Tensor) else "execute operation"
    if session is None:
        raise ValueError(
            f"Cannot {verb} using `{how.split('(')[0]}()`: No default session is "
            f"registered. Use `with sess.as_default()` or pass an explicit session to "
            f"`{how}`"
        )
    if session.graph is not what.graph:
        raise ValueError(
            f"Cannot use the default session to {verb}: the "
            f"{'tensor' if isinstance(what, Tensor) else 'operation'}'s graph is different from the session's graph. "
            f"Pass an explicit session to `{how}`."
        )
    return session


def graph_of(values):
    """The one graph that the tensors among `values` belong to, else the default graph."""
    graph = None
    for value in values or ():
        element = getattr(value, "_as_graph_element", lambda v=value: v)()
        if isinstance(element, (Tensor, Operation)):
            if graph is None:
                graph, first = element.graph, element
            elif element.graph is not graph:
                raise ValueError(f"{element} must be from the same graph as {first}.")
    return graph or get_default_graph()


class name_scope:  # noqa: N801, TensorFlow's name
    """`with tf.name_scope("layer") as scope:` prefixes the names made inside.

    Args:
      name: the scope; a name that ends in `/` enters an old scope again.
      default_name: used when `name` is None.
      values: tensors that must share one graph, the one whose scope is set.
    """

    def __init__(self, name, default_name=None, values=None):
        if default_name is not None and not isinstance(default_name, str):
            raise TypeError(
                f"`default_name` type ({type(default_name)}) is not a string type. You "
                "likely meant to pass this into the `values` kwarg."
            )
        self._name = default_name if name is None else name
        self._missing = name is None and default_name is None and values is not None
        self._default_name, self._values = default_name, values

    @property
    def name(self):
        """The name asked for."""
        return self._name

    def __enter__(self):
        if self._missing:
            raise ValueError(
                f"At least one of name ({self._name}) and default_name "
                f"({self._default_name}) must be provided."
            )
        graph = graph_of(self._values)
        self._graph = None if self._values is None else graph.as_default()
        if self._graph:
            self._graph.__enter__()
        self._scope = graph.name_scope(self._name)
        return self._scope.__enter__()

    def __exit__(self, *error):
        self._scope.__exit__(*error)
        if self._graph:
            self._graph.__exit__(*error)


def control_dependencies(control_inputs):
    """`Graph.control_dependencies` of the default graph."""
    return get_default_graph().control_dependencies(control_inputs)


def device(device_name_or_function):
    """`Graph.device` of the default graph."""
    return get_default_graph().device(device_name_or_function)


def colocate_with(operation, ignore_existing=False):
    """`Graph.colocate_with` of the default graph."""
    return get_default_graph().colocate_with(operation, ignore_existing)


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


class GraphKeys:
    """The names of the collections that the library itself uses."""

    GLOBAL_VARIABLES = "variables"
    LOCAL_VARIABLES = "local_variables"
    METRIC_VARIABLES = "metric_variables"
    MODEL_VARIABLES = "model_variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    SUMMARIES = "summaries"
    QUEUE_RUNNERS = "queue_runners"
    TABLE_INITIALIZERS = "table_initializer"
    ASSET_FILEPATHS = "asset_filepaths"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    REGULARIZATION_LOSSES = "regularization_losses"
    CONCATENATED_VARIABLES = "concatenated_variables"
    SAVERS = "savers"
    WEIGHTS = "weights"
    BIASES = "biases"
    ACTIVATIONS = "activations"
    UPDATE_OPS = "update_ops"
    LOSSES = "losses"
    SAVEABLE_OBJECTS = "saveable_objects"
    RESOURCES = "resources"
    LOCAL_RESOURCES = "local_resources"
    INIT_OP = "init_op"
    LOCAL_INIT_OP = "local_init_op"
    READY_OP = "ready_op"
    READY_FOR_LOCAL_INIT_OP = "ready_for_local_init_op"
    SUMMARY_OP = "summary_op"
    GLOBAL_STEP = "global_step"
    EVAL_STEP = "eval_step"
    TRAIN_OP = "train_op"
    COND_CONTEXT = "cond_context"
    WHILE_CONTEXT = "while_context"
    VARIABLES = "variables"  # the old name of GLOBAL_VARIABLES
