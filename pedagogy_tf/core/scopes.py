"""Variable scopes: variables that are found by name, and what they get by default.

`get_variable` makes a variable the first time a name is asked for. Asked again, it
refuses, or hands out the same one, as the scope says.
"""

# Generated from book/source/16_scopes.md: change it there, then `make export`.

import enum
import functools
import inspect
from contextlib import contextmanager

from pedagogy_tf.core.dtypes import as_dtype, float32
from pedagogy_tf.core.errors import explain, user_site
from pedagogy_tf.core.graph import (
    GraphKeys,
    colocate_with,
    get_default_graph,
    graph_of,
    name_scope,
)
from pedagogy_tf.core.initializers import GlorotUniform, Zeros
from pedagogy_tf.core.op import convert_to_tensor
from pedagogy_tf.core.shapes import as_shape
from pedagogy_tf.core.variables import Variable

__all__ = [
    "VariableStore",
    "variable_store",
    "get_variable_scope",
    "AUTO_REUSE",
    "VariableScope",
    "already_exists",
    "find",
    "default_initializer",
    "initial_value",
    "filled_later",
    "check_dtype",
    "penalize",
    "make_or_find",
    "does_not_exist",
    "DEFAULTS",
    "get_variable",
    "get_local_variable",
    "check_scope",
    "variable_scope",
    "chained",
]


## The dictionary


class VariableStore:
    """The named variables of a graph.

    Attributes:
      variables: full name -> Variable.
      counts: name of a scope -> how often it was opened since its parent was left.
      scope: the VariableScope that is open.
    """

    def __init__(self):
        self.variables, self.counts = {}, {}
        self.scope = VariableScope(False)

    def open(self, name):
        """Count one more opening of a scope."""
        self.counts[name] = self.counts.get(name, 0) + 1

    def close(self, name):
        """Forget how often the scopes inside a scope were opened."""
        for inner in self.counts:
            if not name or inner.startswith(f"{name}/"):
                self.counts[inner] = 0

    def free(self, name):
        """A name that no scope in the open one has: `name`, `name_1`, ..."""
        full = f"{self.scope.name}/{name}" if self.scope.name else name
        if not self.counts.get(full):
            return name
        number = 1
        while self.counts.get(f"{full}_{number}"):
            number += 1
        return f"{name}_{number}"


def variable_store():
    """The store of the default graph."""
    kept = get_default_graph().get_collection_ref(("variable store",))
    if not kept:
        kept.append(VariableStore())
    return kept[0]


def get_variable_scope():
    """The VariableScope that is open."""
    return variable_store().scope


## A scope's opinion


class _ReuseMode(enum.Enum):
    """A way of answering when a name is asked for again."""

    AUTO_REUSE = 1


AUTO_REUSE = _ReuseMode.AUTO_REUSE


class VariableScope:
    """What is said, in one scope, of the variables made in it.

    Attributes:
      name: the prefix of their names, without a slash at its end.
      original_name_scope: the name scope that was opened with it, ending in a slash.
      reuse: whether a name must exist (True), must not (False), or either (AUTO_REUSE).
      initializer, regularizer, caching_device, partitioner, custom_getter, dtype,
      use_resource, constraint: what variables get of which nothing else is said.
    """

    def __init__(
        self,
        reuse,
        name="",
        initializer=None,
        regularizer=None,
        caching_device=None,
        partitioner=None,
        custom_getter=None,
        name_scope="",
        dtype=float32,
        use_resource=None,
        constraint=None,
    ):
        self.name, self.reuse, self._name_scope = name, reuse, name_scope
        self.initializer, self.regularizer = initializer, regularizer
        self.caching_device, self.partitioner = caching_device, partitioner
        self.custom_getter, self.dtype = custom_getter, as_dtype(dtype)
        self.use_resource, self.constraint = use_resource, constraint

    @property
    def original_name_scope(self):
        """The name scope that was opened with it, ending in a slash."""
        return self._name_scope

    def changed(self, **new):
        """A copy in which some attributes are others; None leaves one as it is."""
        copy = VariableScope.__new__(VariableScope)
        copy.__dict__.update(self.__dict__)
        copy.__dict__.update({k: v for k, v in new.items() if v is not None})
        return copy

    def reuse_variables(self):
        """From now on, names must exist."""
        self.reuse = True

    def get_collection(self, name):
        """What a collection holds of this scope."""
        prefix = f"{self.name}/" if self.name else ""
        return get_default_graph().get_collection(name, prefix)

    def global_variables(self):
        """The variables of this scope."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def trainable_variables(self):
        """The trainable variables of this scope."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def local_variables(self):
        """The local variables of this scope."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(self, var_store, name, custom_getter=None, reuse=None, **options):
        """The variable of a name in this scope; see the function `get_variable`."""
        check_dtype(options.get("initializer"), options.get("dtype"))
        for key in DEFAULTS:
            if options.get(key) is None:
                options[key] = getattr(self, key)
        if not callable(options["regularizer"]):
            options["regularizer"] = None
        full_name = f"{self.name}/{name}" if self.name else name
        reuse = self.reuse if reuse is None else reuse
        get = functools.partial(make_or_find, var_store)
        for getter in (self.custom_getter, custom_getter):
            if getter is not None:
                get = functools.partial(getter, get)
        with name_scope(None):
            return get(full_name, reuse=reuse, **options)


def _setter(name):
    def set_it(self, value):
        setattr(self, name, value)

    set_it.__name__, set_it.__doc__ = f"set_{name}", f"Set the scope's {name}."
    return set_it


_SAID = "initializer regularizer caching_device partitioner custom_getter dtype"
for _name in f"{_SAID} use_resource".split():
    setattr(VariableScope, f"set_{_name}", _setter(_name))


## Find it


def already_exists(found, name):
    """The error that says that a name is taken."""
    return ValueError(
        explain(
            f"Variable {name} already exists, disallowed. Did you mean to set "
            "reuse=True or reuse=tf.AUTO_REUSE in VarScope? Originally defined "
            f"at:\n\n{found.op.site}",
            where=user_site(),
            fix="in a notebook, a cell that runs twice makes everything twice: "
            "begin it with tf.reset_default_graph()",
        )
    )


def find(found, name, shape, dtype, reuse):
    """A variable that exists, if it may be shared and is what was asked for."""
    if not reuse:
        raise already_exists(found, name)
    if shape is not None and not as_shape(shape).is_compatible_with(found.shape):
        raise ValueError(
            f"Trying to share variable {name}, but specified shape {as_shape(shape)} "
            f"and found shape {found.shape}."
        )
    if not dtype.is_compatible_with(found.dtype):
        raise ValueError(
            f"Trying to share variable {name}, but specified dtype {dtype.name} and "
            f"found dtype {found.dtype.name}."
        )
    return found


## Make it


def default_initializer(name, dtype):
    """What is taken where nobody says: Glorot for floats, zeros for the rest."""
    if dtype.is_floating:
        return GlorotUniform()
    if dtype.is_integer or dtype.is_bool or dtype.name == "string":
        return Zeros()
    raise ValueError(
        f"An initializer for variable {name} of {dtype.base_dtype} is required"
    )


def initial_value(name, shape, dtype, initializer):
    """What a new variable starts with: a value, or a function that makes one."""
    if initializer is None:
        initializer = default_initializer(name, dtype)
    sizes = as_shape(shape)
    if not callable(initializer):
        if sizes.is_fully_defined():
            raise ValueError("If initializer is a constant, do not specify shape.")
        return initializer
    if isinstance(initializer, type):
        initializer = initializer(dtype=dtype)
    if sizes.is_fully_defined():
        return filled_later(initializer, sizes.as_list(), dtype)
    if shape is None and not hasattr(initializer, "get_config"):
        return initializer
    raise ValueError(
        explain(
            "The initializer passed is not valid. It should be a callable with no "
            "arguments and the shape should not be provided or an instance of "
            "`tf.keras.initializers.*' and `shape` should be fully defined.",
            where=user_site(),
            expected=f"all sizes of '{name}' to be known, got {shape}",
        )
    )


def filled_later(initializer, sizes, dtype):
    """A function without arguments that calls an initializer with what it asks for."""
    options = {"dtype": dtype}
    if "partition_info" in inspect.signature(initializer).parameters:
        options["partition_info"] = None
    return lambda: initializer(sizes, **options)


def check_dtype(initializer, dtype):
    """Raise ValueError if the value that a variable starts with has another dtype."""
    if dtype is None or initializer is None or callable(initializer):
        return
    with name_scope(None):
        found = convert_to_tensor(initializer).dtype.base_dtype
    if found != as_dtype(dtype):
        raise ValueError(
            f"Initializer type '{found}' and explicit dtype '{as_dtype(dtype)}' don't "
            "match."
        )


def penalize(variable, regularizer):
    """Add the regularizer's penalty for a variable to the regularization losses."""
    with colocate_with(variable.op), name_scope(f"{variable.op.name}/Regularizer/"):
        loss = regularizer(variable)
    if loss is not None:
        get_default_graph().add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)


## Make it, or find it


def make_or_find(
    store,
    name,
    shape=None,
    dtype=float32,
    initializer=None,
    regularizer=None,
    reuse=None,
    trainable=None,
    collections=None,
    caching_device=None,
    partitioner=None,
    validate_shape=True,
    use_resource=None,
    constraint=None,
    synchronization=None,
    aggregation=None,
):
    """The variable of a full name."""
    dtype = as_dtype(dtype)
    if name in store.variables:
        return find(store.variables[name], name, shape, dtype, reuse)
    if reuse is True:
        raise does_not_exist(store, name)
    value = initial_value(name, shape, dtype, initializer)
    made = store.variables[name] = Variable(
        value,
        trainable=trainable,
        collections=collections,
        validate_shape=validate_shape,
        name=name,
        dtype=dtype.base_dtype if callable(value) else None,
        constraint=constraint,
    )
    if regularizer is not None:
        penalize(made, regularizer)
    return made


def does_not_exist(store, name):
    """The error that says that a name is not known, and which ones are."""
    return ValueError(
        explain(
            f"Variable {name} does not exist, or was not created with "
            "tf.get_variable(). Did you mean to set reuse=tf.AUTO_REUSE in "
            "VarScope?",
            where=user_site(),
            there_are=", ".join(list(store.variables)[:8]) or "none",
        )
    )


DEFAULTS = (
    "initializer",
    "regularizer",
    "caching_device",
    "partitioner",
    "dtype",
    "use_resource",
    "constraint",
)


def get_variable(
    name,
    shape=None,
    dtype=None,
    initializer=None,
    regularizer=None,
    trainable=None,
    collections=None,
    caching_device=None,
    partitioner=None,
    validate_shape=True,
    use_resource=None,
    custom_getter=None,
    constraint=None,
    synchronization=None,
    aggregation=None,
):
    """The variable of a name in the open scope: made, or found, as the scope says.

    Args:
      name: its name; the scope's is put before it.
      shape: its shape, unless the initializer is a value.
      dtype: its DType; the scope's by default.
      initializer: an Initializer, a function of a shape, or a value; the scope's by
        default, and if that has none, GlorotUniform for floats and Zeros for the rest.
      regularizer: a function of the variable whose result joins the regularization
        losses; the scope's by default.
      trainable: whether optimizers change it; True by default.
      collections: the collections to join; the global variables by default.
      caching_device, partitioner, use_resource, synchronization, aggregation: accepted.
      validate_shape: False lets the shape stay open.
      custom_getter: called in its stead, with `get_variable` as its first argument.
      constraint: what optimizers apply after a step.

    Raises:
      ValueError: if it exists and must not, or must and does not, or is another one.
    """
    return get_variable_scope().get_variable(
        variable_store(),
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=collections,
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        custom_getter=custom_getter,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )


def get_local_variable(name, *args, collections=None, **kwargs):
    """`get_variable` for a local variable, which is not trained."""
    kwargs["trainable"] = False
    collections = [*(collections or []), GraphKeys.LOCAL_VARIABLES]
    return get_variable(name, *args, collections=collections, **kwargs)


## Opening a scope


def check_scope(name_or_scope, default_name, reuse):
    """Raise TypeError or ValueError unless a scope can be opened with these."""
    if name_or_scope is None and default_name is None:
        raise TypeError("If default_name is None then name_or_scope is required")
    if not isinstance(name_or_scope, (str, VariableScope, type(None))):
        raise TypeError(
            "VariableScope: name_or_scope must be a string or VariableScope."
        )
    if name_or_scope is None and reuse:
        raise ValueError("reuse=True cannot be used without a name_or_scope")


class variable_scope:
    """A scope for the names of variables: `with tf.variable_scope("layer") as scope:`.

    Args:
      name_or_scope: the scope, as a name (inside of the open one) or a VariableScope
        (entered again, wherever we are).
      default_name: used when `name_or_scope` is None, with a number if it is taken.
      values: tensors that must share one graph, the one in which the scope is opened.
      initializer, regularizer, caching_device, partitioner, custom_getter, dtype,
      use_resource, constraint: defaults for the variables inside.
      reuse: True, AUTO_REUSE, or None (as outside).
      auxiliary_name_scope: False opens no name scope.
    """

    def __init__(
        self,
        name_or_scope,
        default_name=None,
        values=None,
        initializer=None,
        regularizer=None,
        caching_device=None,
        partitioner=None,
        custom_getter=None,
        reuse=None,
        dtype=None,
        use_resource=None,
        constraint=None,
        auxiliary_name_scope=True,
    ):
        check_scope(name_or_scope, default_name, reuse)
        self._given, self._default_name = name_or_scope, default_name
        self._values, self._getter = values, custom_getter
        self._reuse, self._with_name_scope = reuse, auxiliary_name_scope
        self._said = {
            "initializer": initializer,
            "regularizer": regularizer,
            "caching_device": caching_device,
            "partitioner": partitioner,
            "dtype": None if dtype is None else as_dtype(dtype),
            "use_resource": use_resource,
            "constraint": constraint,
        }

    def _names(self, store):
        """(full name of the scope, label of the name scope that opens with it)."""
        given, prefix = self._given, f"{store.scope.name}/" if store.scope.name else ""
        if isinstance(given, VariableScope):
            return given.name, given.name.split("/")[-1]
        if given is None:
            return prefix + store.free(self._default_name), self._default_name
        return prefix + given, given

    @contextmanager
    def _name_scope(self, label):
        """The name scope that opens with the scope, and its full name."""
        if label and self._with_name_scope:
            with name_scope(label) as operations:
                yield operations
        else:
            outer = get_default_graph().get_name_scope()
            yield f"{outer}/" if outer else ""

    def _new(self, outer, name, operations):
        """The VariableScope inside of the `with` block."""
        if isinstance(self._given, VariableScope):
            base, operations = self._given, self._given.original_name_scope
            reuse = self._reuse or (base.reuse if self._reuse is None else False)
        else:
            base, reuse = outer, self._reuse or outer.reuse
        new = base.changed(name=name, _name_scope=operations, **self._said)
        new.reuse, new.custom_getter = reuse, chained(base.custom_getter, self._getter)
        return new

    @contextmanager
    def _opened(self, graph):
        """The scope while it is open."""
        again = isinstance(self._given, VariableScope)
        with graph.as_default():
            store = variable_store()
            outer, counts = store.scope, dict(store.counts)
            name, label = self._names(store)
            with self._name_scope(label) as operations:
                store.scope = self._new(outer, name, operations)
                if not again:
                    store.open(name)
                try:
                    yield store.scope
                finally:
                    store.close(name)
                    if again:
                        store.counts = counts
                    store.scope = outer

    def __enter__(self):
        self._open = self._opened(graph_of(self._values or ()))
        return self._open.__enter__()

    def __exit__(self, *error):
        return self._open.__exit__(*error)


def chained(outer, inner):
    """Two custom getters as one; the inner is asked first."""
    if outer is None or inner is None:
        return outer or inner

    def both(getter, *args, **kwargs):
        return inner(functools.partial(outer, getter), *args, **kwargs)

    return both
