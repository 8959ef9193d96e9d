"""Variables: values that last from run to run, and the nodes that speak of them.

A Variable is a handle to four nodes: the initial value, the place in the session's
memory, the assignment of the one to the other, and a reading. The value itself is in a
session, or nowhere.
"""

# Generated from book/source/15_variables.md: change it there, then `make export`.

import warnings

from pedagogy_tf.core.errors import explain, user_site
from pedagogy_tf.core.graph import (
    OPERATORS,
    GraphKeys,
    Tensor,
    add_to_collections,
    colocate_with,
    control_dependencies,
    device,
    get_default_graph,
    name_scope,
    session_for,
)
from pedagogy_tf.core.op import convert_to_tensor, register_tensor_conversion_function
from pedagogy_tf.core.ops.basic import IndexedSlices, group, identity, no_op
from pedagogy_tf.core.ops.state import (
    assign_add_op,
    assign_op,
    assign_sub_op,
    count_up_to_op,
    is_variable_initialized_op,
    scatter_add_op,
    scatter_div_op,
    scatter_max_op,
    scatter_min_op,
    scatter_mul_op,
    scatter_nd_add_op,
    scatter_nd_sub_op,
    scatter_nd_update_op,
    scatter_sub_op,
    scatter_update_op,
    variable_v2,
)
from pedagogy_tf.core.shapes import TensorShape

__all__ = [
    "Variable",
    "guarded",
    "asking_first",
    "reads_variables",
    "handle_of",
    "require_outside",
    "variable_to_tensor",
    "borrowed",
    "UNARY",
    "BINARY",
    "ONE_WAY",
    "rows_changer",
    "assign",
    "assign_add",
    "assign_sub",
    "count_up_to",
    "scattering",
    "scatter_update",
    "scatter_add",
    "scatter_sub",
    "scatter_mul",
    "scatter_div",
    "scatter_min",
    "scatter_max",
    "scatter_nd_update",
    "scatter_nd_add",
    "scatter_nd_sub",
    "place_of",
    "global_variables",
    "local_variables",
    "model_variables",
    "trainable_variables",
    "moving_average_variables",
    "variables_initializer",
    "global_variables_initializer",
    "local_variables_initializer",
    "is_variable_initialized",
    "unique_scope",
    "renamed",
    "all_variables",
    "initialize_variables",
    "initialize_all_variables",
    "initialize_local_variables",
]


## Four nodes and a handle


class Variable:
    """A value that lasts from run to run of a session.

    Args:
      initial_value: what it starts with: a value, a tensor, or a function without
        arguments that makes one. It also says dtype and shape.
      trainable: whether optimizers change it unless told otherwise; True by default.
      collections: lists of the graph to be in; the global variables by default.
      validate_shape: False lets the shape stay open and change.
      caching_device: accepted and ignored.
      name: the name of the place, `Variable` by default.
      dtype: convert the initial value to it.
      constraint: a function of tensors that optimizers apply after each update.

    Raises:
      ValueError: without an initial value, or if its shape is not known.
    """

    def __init__(
        self,
        initial_value=None,
        trainable=None,
        collections=None,
        validate_shape=True,
        caching_device=None,
        name=None,
        variable_def=None,
        dtype=None,
        expected_shape=None,
        import_scope=None,
        constraint=None,
        use_resource=None,
        synchronization=None,
        aggregation=None,
        shape=None,
    ):
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        self._trainable = trainable is None or trainable
        self._constraint = constraint
        self._save_slice_info = None
        collections = (
            [GraphKeys.GLOBAL_VARIABLES] if collections is None else collections
        )
        if self._trainable and GraphKeys.TRAINABLE_VARIABLES not in collections:
            collections = [*collections, GraphKeys.TRAINABLE_VARIABLES]
        with control_dependencies(None):
            self._build(initial_value, validate_shape, name, dtype)
        add_to_collections(collections, self)

    def _build(self, initial_value, validate_shape, name, dtype):
        """Write the four nodes."""
        made_here = callable(initial_value)
        values = [] if made_here else [initial_value]
        with name_scope(name, "Variable", values) as scope:
            graph = get_default_graph()
            if made_here:
                group_name = {"_class": [f"loc:@{scope[:-1]}"]}
                with graph._attr_scope(group_name):
                    with name_scope("Initializer"), device(None):
                        initial = initial_value()
                        initial = convert_to_tensor(
                            initial, dtype, name="initial_value"
                        )
                    place = self._make_place(initial, validate_shape, scope)
            else:
                initial = convert_to_tensor(initial_value, dtype, name="initial_value")
                require_outside(initial, scope)
                place = self._make_place(initial, validate_shape, scope)
            self._connect(initial, place, validate_shape)

    def _connect(self, initial, place, validate_shape):
        """Write the assignment and the reading, and keep hold of all four."""
        self._initial_value, self._variable = initial, place
        start = guarded(initial, place.op.name)
        assign = assign_op(place, start, validate_shape=validate_shape, name="Assign")
        self._initializer_op = assign.op
        with colocate_with(place.op):
            self._snapshot = identity(place, name="read")

    def initialized_value(self):
        """Its value if it has one, else its initial value."""
        cond = OPERATORS.get("cond")  # core.ops.control adds it
        if cond is None:
            return self.value()
        with control_dependencies(None):
            given = is_variable_initialized(self)
            return cond(given, self.read_value, lambda: self.initial_value)

    def _make_place(self, initial, validate_shape, scope):
        """The node that stands for the memory."""
        shape = initial.shape if validate_shape else TensorShape(None)
        if validate_shape and not shape.is_fully_defined():
            raise ValueError(
                explain(
                    f"initial_value must have a shape specified: {initial}",
                    where=user_site(),
                    fix="give a value of known shape, or validate_shape=False",
                )
            )
        return variable_v2(shape=shape, dtype=initial.dtype.base_dtype, name=scope)

    @property
    def name(self):
        """The name of its place, as `counter:0`."""
        return self._variable.name

    @property
    def op(self):
        """The operation that stands for its place."""
        return self._variable.op

    @property
    def graph(self):
        """The Graph that it is in."""
        return self._variable.graph

    @property
    def device(self):
        """The device that its place asks for."""
        return self._variable.device

    @property
    def dtype(self):
        """The DType of its place: a reference type, `float32_ref`."""
        return self._variable.dtype

    @property
    def shape(self):
        """The shape of its value."""
        return self._variable.shape

    def get_shape(self):
        """Same as `shape`."""
        return self.shape

    def set_shape(self, shape):
        """Add what you know of the shape, to the place and to its reading."""
        self._variable.set_shape(shape)
        self._snapshot.set_shape(shape)

    @property
    def initial_value(self):
        """The tensor that it starts with."""
        return self._initial_value

    @property
    def initializer(self):
        """The operation that puts the initial value in its place."""
        return self._initializer_op

    @property
    def trainable(self):
        """Whether optimizers change it unless told otherwise."""
        return self._trainable

    @property
    def constraint(self):
        """What optimizers apply after an update: a function of tensors, or None."""
        return self._constraint

    @property
    def _shared_name(self):
        return self.op.name

    def __repr__(self):
        return f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    def value(self):
        """Its reading: the value that it has when the reader runs."""
        return self._snapshot

    def read_value(self):
        """A new reading, which waits for what a `control_dependencies` block asks."""
        return identity(self._variable, name="read")

    def _ref(self):
        """Its place, for ops that change it."""
        return self._variable

    def _as_graph_element(self):
        """What a session fetches or feeds for it."""
        return self._variable

    def __iter__(self):
        raise TypeError("'Variable' object is not iterable.")

    def assign(self, value, use_locking=False, name=None, read_value=True):
        """An operation that makes `value` its value.

        Args:
          value: the new value, in its shape and dtype.
          use_locking: accepted; here an assignment is never seen half done.
          name: the name of the operation.
          read_value: False gives the operation, True a tensor: the variable after it.
        """
        result = assign_op(self._ref(), value, use_locking=use_locking, name=name)
        return result if read_value else result.op

    def assign_add(self, delta, use_locking=False, name=None, read_value=True):
        """An operation that adds `delta` to its value."""
        result = assign_add_op(self._ref(), delta, use_locking=use_locking, name=name)
        return result if read_value else result.op

    def assign_sub(self, delta, use_locking=False, name=None, read_value=True):
        """An operation that subtracts `delta` from its value."""
        result = assign_sub_op(self._ref(), delta, use_locking=use_locking, name=name)
        return result if read_value else result.op

    def count_up_to(self, limit):
        """An operation that adds 1 and gives the value before.

        Raises:
          OutOfRangeError: in a run, once the value is `limit`.
        """
        return count_up_to_op(self._ref(), limit=limit)

    def eval(self, session=None):
        """Its value in the default session, or in `session`."""
        return self._variable.eval(session=session)

    def load(self, value, session=None):
        """Put a NumPy value in its place, without a new operation."""
        session = session_for(self._variable, session)
        session.run(self.initializer, {self.initializer.inputs[1]: value})


### First values that read others


def guarded(initial, name):
    """An initial value that asks variables whether they have one, before it reads them.

    Args:
      initial: a tensor.
      name: the name of the variable that it is for.

    Returns:
      A tensor; `initial` itself if it reads no variables, or comes out of a loop.
    """
    if "cond" not in OPERATORS or not reads_variables(initial.op):
        return initial
    again, stack = {}, [initial.op]
    while stack:
        operation = stack[-1]
        inputs = () if operation.type == "IsVariableInitialized" else operation.inputs
        missing = [t.op for t in inputs if t.op not in again]
        if missing:
            stack.append(missing[0])
        else:
            again[stack.pop()] = asking_first(operation, again, name)
    return again[initial.op].outputs[initial.value_index]


def asking_first(operation, again, name):
    """An operation, with what its inputs have become; a variable becomes a question."""
    if operation.type == "VariableV2":
        variable = handle_of(operation)
        return operation if variable is None else variable.initialized_value().op
    inputs = [again.get(t.op, t.op).outputs[t.value_index] for t in operation.inputs]
    if inputs == list(operation.inputs):
        return operation
    kind = operation.type.removeprefix("Ref")
    dtypes = [t.dtype.base_dtype for t in operation.outputs]
    attrs, name = dict(operation.attrs), f"{operation.name}_{name}/"
    return operation.graph.create_op(kind, inputs, dtypes, name=name, attrs=attrs)


def reads_variables(operation):
    """Whether an operation depends on a variable, and not on a loop."""
    seen, stack, found = set(), [operation], False
    while stack:
        operation = stack.pop()
        if operation not in seen:
            seen.add(operation)
            found = found or operation.type == "VariableV2"
            stack += [t.op for t in operation.inputs] + operation.control_inputs
    return found and not any(o.type == "NextIteration" for o in seen)


def handle_of(operation):
    """The Variable whose place an operation is, or None."""
    for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES):
        for variable in operation.graph.get_collection(key):
            if variable.name == f"{operation.name}:0":
                return variable
    return None


def require_outside(initial, scope):
    """Refuse an initial value that exists only in a branch or a loop."""
    if initial.op._context is not None:
        raise ValueError(
            explain(
                f"Initializer for variable {scope} is from inside a control-flow "
                "construct, such as a loop or conditional. When creating a variable "
                "inside a loop or conditional, use a lambda as the initializer.",
                where=user_site(),
                made=initial.op.site,
            )
        )


## Wherever a tensor may stand


def variable_to_tensor(value, dtype=None, name=None, as_ref=False):
    """A variable as a tensor: its reading, or its place where that is asked for."""
    if dtype is not None and not dtype.is_compatible_with(value.dtype.base_dtype):
        raise ValueError(
            f"Incompatible type conversion requested to type '{dtype.name}' for "
            f"variable of type '{value.dtype.name}'"
        )
    return value._ref() if as_ref else value.value()


register_tensor_conversion_function(Variable, variable_to_tensor)


def borrowed(name):
    """The operator `name` of Tensor, applied to a variable's reading."""
    method = getattr(Tensor, name)
    return lambda self, *others: method(self.value(), *others)


UNARY = "neg abs invert"
BINARY = "add sub mul truediv floordiv mod pow matmul and or xor"
ONE_WAY = "lt le gt ge getitem"
for _word in f"{UNARY} {BINARY} {ONE_WAY}".split() + [f"r{n}" for n in BINARY.split()]:
    setattr(Variable, f"__{_word}__", borrowed(f"__{_word}__"))

Variable.__array_priority__ = Tensor.__array_priority__ + 1


## Changing it


def rows_changer(row):
    """A method of Variable that changes the rows an IndexedSlices names."""

    def method(self, sparse_delta, use_locking=False, name=None):
        if not isinstance(sparse_delta, IndexedSlices):
            raise ValueError(f"sparse_delta is not IndexedSlices: {sparse_delta}")
        return row(
            self._ref(),
            sparse_delta.indices,
            sparse_delta.values,
            use_locking=use_locking,
            name=name,
        )

    method.__name__, method.__doc__ = row.__name__.removesuffix("_op"), row.__doc__
    return method


for _row in (scatter_update_op, scatter_add_op, scatter_sub_op):
    setattr(Variable, _row.__name__.removesuffix("_op"), rows_changer(_row))


def assign(ref, value, validate_shape=None, use_locking=None, name=None):
    """An operation that makes `value` the value of a variable.

    Args:
      ref: a Variable, or the place of one.
      value: the new value.
      validate_shape: False lets the variable take the shape of `value`.
      use_locking: accepted; True by default.
      name: the name of the operation.
    """
    locking = use_locking is None or use_locking
    validate = validate_shape is None or validate_shape
    return assign_op(place_of(ref), value, validate, locking, name=name)


def assign_add(ref, value, use_locking=None, name=None):
    """An operation that adds `value` to a variable."""
    return assign_add_op(place_of(ref), value, bool(use_locking), name=name)


def assign_sub(ref, value, use_locking=None, name=None):
    """An operation that subtracts `value` from a variable."""
    return assign_sub_op(place_of(ref), value, bool(use_locking), name=name)


def count_up_to(ref, limit, name=None):
    """An operation that adds 1 and gives the value before.

    Raises:
      OutOfRangeError: in a run, once the value is `limit`.
    """
    return count_up_to_op(place_of(ref), limit=limit, name=name)


def scattering(row):
    """The function that programs call for a row that changes parts of a variable."""
    locking = row in (scatter_update_op, scatter_nd_update_op)

    def scatter(ref, indices, updates, use_locking=locking, name=None):
        return row(place_of(ref), indices, updates, use_locking, name=name)

    scatter.__name__ = row.__name__.removesuffix("_op")
    scatter.__doc__ = row.__doc__
    return scatter


scatter_update = scattering(scatter_update_op)
scatter_add = scattering(scatter_add_op)
scatter_sub = scattering(scatter_sub_op)
scatter_mul = scattering(scatter_mul_op)
scatter_div = scattering(scatter_div_op)
scatter_min = scattering(scatter_min_op)
scatter_max = scattering(scatter_max_op)
scatter_nd_update = scattering(scatter_nd_update_op)
scatter_nd_add = scattering(scatter_nd_add_op)
scatter_nd_sub = scattering(scatter_nd_sub_op)


def place_of(ref):
    """The place of a variable.

    Raises:
      AttributeError: if it is an ordinary tensor, which nobody can assign.
    """
    if isinstance(ref, Tensor) and not ref.dtype.is_ref_dtype:
        raise AttributeError(
            explain(
                "'Tensor' object has no attribute 'assign'",
                where=user_site(),
                expected=f"a tf.Variable; {ref.name} is a tensor, new in each run",
            )
        )
    return ref._ref() if isinstance(ref, Variable) else ref


## All at once


def global_variables(scope=None):
    """The variables of the default graph, or those whose names match `scope`."""
    return get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def local_variables(scope=None):
    """Variables that belong to one process: counters of metrics, of epochs."""
    return get_default_graph().get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def model_variables(scope=None):
    """Variables that the layers of `contrib` count to the model."""
    return get_default_graph().get_collection(GraphKeys.MODEL_VARIABLES, scope)


def trainable_variables(scope=None):
    """The variables that optimizers change unless told otherwise."""
    return get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def moving_average_variables(scope=None):
    """Variables that have a moving average."""
    return get_default_graph().get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


def variables_initializer(var_list, name="init"):
    """An operation that gives each variable its initial value."""
    if not var_list:
        return no_op(name=name)
    return group(*[v.initializer for v in var_list], name=name)


def global_variables_initializer():
    """An operation that gives the variables written so far their initial values."""
    return variables_initializer(global_variables())


def local_variables_initializer():
    """The same for local variables."""
    return variables_initializer(local_variables())


def is_variable_initialized(variable):
    """A tensor that says whether the variable holds a value."""
    return is_variable_initialized_op(variable._ref())


def unique_scope(name):
    """`name`, or `name_1`, `name_2`, ... if this graph has given it away before."""
    counts = get_default_graph().get_collection_ref(("scope counts",))
    if not counts:
        counts.append({})
    count = counts[0].get(name, 0)
    counts[0][name] = count + 1
    return unique_scope(f"{name}_{count}") if count else name


def renamed(old, function):
    """`function` under a name of before TensorFlow 1.0, with a word to say so."""

    def deprecated(*args, **kwargs):
        new = function.__name__
        warnings.warn(f"tf.{old} is deprecated: use tf.{new}", DeprecationWarning, 2)
        return function(*args, **kwargs)

    deprecated.__name__, deprecated.__doc__ = (
        old,
        f"The old name of `{function.__name__}`.",
    )
    return deprecated


all_variables = renamed("all_variables", global_variables)
initialize_variables = renamed("initialize_variables", variables_initializer)
initialize_all_variables = renamed(
    "initialize_all_variables", global_variables_initializer
)
initialize_local_variables = renamed(
    "initialize_local_variables", local_variables_initializer
)
