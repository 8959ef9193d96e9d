"""Layers: functions that bring their own weights.

A layer makes its variables when it is first called, in a variable scope of its own that
it keeps; called again, it uses the same ones.
"""

# Generated from book/source/23_layers.md: change it there, then `make export`.

import inspect
import math
import re
from contextlib import contextmanager

import numpy as np

from pedagogy_tf.core import initializers
from pedagogy_tf.core.dtypes import as_dtype, float32
from pedagogy_tf.core.errors import explain, near_misses
from pedagogy_tf.core.graph import GraphKeys, Tensor, get_default_graph, name_scope
from pedagogy_tf.core.op import constant_value, convert_to_tensor, flat
from pedagogy_tf.core.ops import nn
from pedagogy_tf.core.ops.array import transpose
from pedagogy_tf.core.ops.basic import identity, reshape, shape
from pedagogy_tf.core.ops.contract import tensordot
from pedagogy_tf.core.ops.elementwise import exp, select, sigmoid, tanh
from pedagogy_tf.core.ops.math import cast, matmul
from pedagogy_tf.core.scopes import VariableScope, get_variable, variable_scope
from pedagogy_tf.core.shapes import TensorShape, as_shape
from pedagogy_tf.core.variables import global_variables

__all__ = [
    "InputSpec",
    "require_spec",
    "why_not",
    "linear",
    "ACTIVATIONS",
    "INITIALIZERS",
    "look_up",
    "activation_of",
    "initializer_of",
    "is_word",
    "in_words",
    "snake_case",
    "numbered",
    "each",
    "as_input",
    "ACCEPTED",
    "Layer",
    "join",
    "Dense",
    "dense",
    "Dropout",
    "dropout",
    "Flatten",
    "flatten",
]


## What an input must be


class InputSpec:
    """What a layer takes; None leaves a thing open.

    Attributes:
      dtype: the name of a DType.
      shape: a list of sizes, with None for any.
      ndim, min_ndim, max_ndim: how many axes, exactly, at least, at most.
      axes: {axis: size}.
    """

    def __init__(
        self,
        dtype=None,
        shape=None,
        ndim=None,
        max_ndim=None,
        min_ndim=None,
        axes=None,
    ):
        self.dtype = None if dtype is None else as_dtype(dtype).name
        self.shape, self.ndim = shape, ndim if shape is None else len(shape)
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(axis): n for axis, n in (axes or {}).items()}

    def __repr__(self):
        fields = "dtype shape ndim max_ndim min_ndim axes".split()
        said = [f"{f}={getattr(self, f)}" for f in fields if getattr(self, f)]
        return f"InputSpec({', '.join(said)})"


def require_spec(spec, inputs, layer):
    """Raise ValueError if the inputs are not what a layer takes.

    Args:
      spec: an InputSpec, a list with one for each input, or None.
      inputs: a tensor, or lists of them.
      layer: the name of the layer.
    """
    specs, inputs = list(flat([spec])), list(flat([inputs]))
    if not spec:
        return
    if len(specs) != len(inputs):
        raise ValueError(
            f"Layer {layer} expects {len(specs)} inputs, but it received {len(inputs)} "
            f"input tensors. Inputs received: {inputs}"
        )
    for i, (x, spec) in enumerate(zip(inputs, specs, strict=True)):
        problem = spec and why_not(spec, x)
        if problem:
            first = f"Input {i} of layer {layer} is incompatible with the layer"
            words = f"{first}: {problem}"
            raise ValueError(explain(words, the_input=repr(x), it_takes=spec))


def why_not(spec, x):
    """What an input lacks, or None."""
    rank, sizes = x.shape.rank, x.shape.sizes
    full = f". Full shape received: {None if sizes is None else list(sizes)}"
    limits = (spec.ndim, spec.min_ndim, spec.max_ndim)
    if rank is None:
        unknown = "its rank is undefined, but the layer requires a defined rank."
        return None if limits == (None, None, None) else unknown
    if rank != (rank if spec.ndim is None else spec.ndim):
        return f"expected ndim={spec.ndim}, found ndim={rank}{full}"
    if spec.max_ndim is not None and rank > spec.max_ndim:
        return f"expected max_ndim={spec.max_ndim}, found ndim={rank}"
    if spec.min_ndim is not None and rank < spec.min_ndim:
        return f": expected min_ndim={spec.min_ndim}, found ndim={rank}{full}"
    if spec.dtype is not None and x.dtype != spec.dtype:
        return f"expected dtype={spec.dtype}, found dtype={x.dtype}"
    for axis, n in spec.axes.items():
        if n is not None and sizes[axis] not in (n, None):
            return (
                f"expected axis {axis} of input shape to have value {n} but "
                f"received input with shape {list(sizes)}"
            )
    if spec.shape is not None and not as_shape(spec.shape).is_compatible_with(x.shape):
        return f"expected shape={spec.shape}, found shape={list(sizes)}"
    return None


## Words for functions


def linear(x):
    """The input as it is: no activation."""
    return x


ACTIVATIONS = {
    "linear": linear,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "exponential": exp,
    **{
        name: getattr(nn, name)
        for name in "relu elu selu softmax softplus softsign".split()
    },
}
INITIALIZERS = {
    "zeros": initializers.Zeros,
    "ones": initializers.Ones,
    "constant": initializers.Constant,
    "uniform": lambda: initializers.RandomUniform(-0.05, 0.05),
    "normal": lambda: initializers.RandomNormal(stddev=0.05),
    "random_uniform": lambda: initializers.RandomUniform(-0.05, 0.05),
    "random_normal": lambda: initializers.RandomNormal(stddev=0.05),
    "truncated_normal": lambda: initializers.TruncatedNormal(stddev=0.05),
    "glorot_uniform": initializers.GlorotUniform,
    "glorot_normal": initializers.GlorotNormal,
    "variance_scaling": initializers.VarianceScaling,
    **{
        name: getattr(initializers, name)
        for name in "he_normal he_uniform lecun_normal lecun_uniform".split()
    },
}


def look_up(word, table, kind):
    """What a word stands for. ValueError if it stands for nothing."""
    if word not in table:
        near = ", ".join(near_misses(word, table)) or ", ".join(table)
        raise ValueError(explain(f"Unknown {kind}:{word}", there_is=near))
    return table[word]


def activation_of(given):
    """An activation from a function, a word, or None for none."""
    if given is None:
        return linear
    known = ACTIVATIONS
    return look_up(given, known, "activation function") if is_word(given) else given


def initializer_of(given):
    """An initializer from one, a word, what `get_config` says of one, or None."""
    if isinstance(given, dict):
        return getattr(initializers, given["class_name"])(**given["config"])
    return look_up(given, INITIALIZERS, "initializer")() if is_word(given) else given


def is_word(given):
    """Whether an argument is a word, rather than what the word stands for."""
    return isinstance(given, str)


def in_words(given):
    """A function or an initializer as plain values."""
    if hasattr(given, "get_config"):
        return {"class_name": type(given).__name__, "config": given.get_config()}
    return getattr(given, "__name__", given)


## What all layers share


def snake_case(name):
    """`MaxPooling2D` as the name of a layer, `max_pooling2d`."""
    words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    words = re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
    return f"private{words}" if words[0] == "_" else words


def numbered(name):
    """The name with the number of the layer in its graph: `dense_1`, `dense_2`, ..."""
    kept = get_default_graph().get_collection_ref(("counts of layers",))
    if not kept:
        kept.append({})
    kept[0][name] = kept[0].get(name, 0) + 1
    return f"{name}_{kept[0][name]}"


def each(function, inputs):
    """A function of every tensor in nested lists and dicts, in the same structure."""
    if isinstance(inputs, dict):
        return {key: each(function, value) for key, value in inputs.items()}
    if isinstance(inputs, (list, tuple)):
        parts = [each(function, value) for value in inputs]
        named = hasattr(inputs, "_fields")
        return type(inputs)(*parts) if named else type(inputs)(parts)
    return function(inputs)


def as_input(x):
    """Numbers and arrays as a tensor; everything else as it is."""
    return convert_to_tensor(x) if isinstance(x, (np.ndarray, float, int)) else x


ACCEPTED = "input_shape batch_input_shape batch_size weights autocast dynamic".split()


class Layer:
    """A function of tensors that brings its own variables.

    Args:
      trainable: whether its variables are trained.
      name: its name, and that of its variable scope; its kind by default.
      dtype: the DType of its variables; that of the first input by default.
      activity_regularizer: a function of the output that gives a penalty.

    Attributes:
      name, trainable, activity_regularizer: as given.
      dtype: the name of the DType, or None before the first call.
      built: whether the variables are made.
      input_spec: an InputSpec, a list of them, or None for no limits.
      losses: its penalties.
    """

    def __init__(self, trainable=True, name=None, dtype=None, **options):
        scope, self._reuse = options.pop("_scope", None), options.pop("_reuse", None)
        self.activity_regularizer = options.pop("activity_regularizer", None)
        for option in options:
            if option not in ACCEPTED:
                raise TypeError("Keyword argument not understood:", option)
        kind = snake_case(type(self).__name__)
        given = name.name if isinstance(name, VariableScope) else name
        self._base_name = given or kind
        self.name = given or numbered(kind)
        self.trainable, self.built, self.input_spec = trainable, False, None
        self.dtype = None if dtype is None else as_dtype(dtype).name
        self.losses, self._updates = [], []
        self._trained, self._kept = [], []  # its variables
        self._scope = self._current_scope = None
        self.graph = None  # a layer can be called in any graph, until it is built
        if scope:
            with variable_scope(scope) as self._scope:
                pass

    def build(self, input_shape):
        """Make the variables, for an input of this shape."""
        self.built = True

    def call(self, inputs, *args, **kwargs):
        """The output for an input; what a kind of layer is."""
        return inputs

    def __call__(self, inputs, *args, scope=None, **kwargs):
        """The output for an input.

        Args:
          inputs: a tensor or an array, or nested lists or dicts of them.
          *args, **kwargs: what else `call` takes.
          scope: the variable scope to use, if it is the first call.

        Raises:
          ValueError: an input is not what the layer takes.
        """
        self._find_scope(scope)
        with self._inside() as current:
            if "scope" in inspect.signature(self.call).parameters:
                kwargs["scope"] = current
            inputs = each(as_input, inputs)
            require_spec(self.input_spec, inputs, self.name)
            with name_scope(current.original_name_scope):
                if not self.built:
                    self._build(inputs)
                outputs = self.call(inputs, *args, **kwargs)
                if outputs is None:
                    raise ValueError(
                        "A layer's `call` method should return a Tensor or a list "
                        f"of Tensors, not None (layer: {self.name})."
                    )
                self._judge(outputs)
        join(GraphKeys.UPDATE_OPS, self.updates)
        return outputs

    def apply(self, inputs, *args, **kwargs):
        """The same as calling the layer."""
        return self(inputs, *args, **kwargs)

    def _find_scope(self, scope):
        """Choose the variable scope, unless that is done: a free one, or one in use."""
        if self._scope is not None:
            return
        if self._reuse:
            opened = variable_scope(self._base_name if scope is None else scope)
        else:
            opened = variable_scope(scope, default_name=self._base_name)
        with opened as self._scope:
            pass

    @contextmanager
    def _inside(self):
        """Enter the variable scope; the variables of a built layer must exist."""
        reuse = self.built or self._reuse
        opened = variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False)
        with opened as current:
            self._current_scope = current
            yield current

    def _build(self, inputs):
        """Make the variables for these inputs."""
        if self.dtype is None:
            self.dtype = next(flat([inputs])).dtype.base_dtype.name
        self.build(each(lambda x: x.shape, inputs))
        self.built = True

    def _judge(self, outputs):
        """Add the penalty for the outputs, per example."""
        if self.activity_regularizer is None:
            return
        with name_scope("ActivityRegularizer"):
            for output in flat([outputs]):
                penalty = self.activity_regularizer(output)
                self.add_loss(penalty / cast(shape(output)[0], penalty.dtype))

    @property
    def scope_name(self):
        """The name of its variable scope, known after the first call."""
        if self._scope is None:
            raise ValueError(
                'No name available for layer scope because the layer "'
                f'{self.name}" has not been used yet. The scope name  is determined '
                "the first time the layer instance is called. You must therefore call "
                "the layer before querying `scope_name`."
            )
        return self._scope.name

    def add_weight(
        self,
        name,
        shape,
        dtype=None,
        initializer=None,
        regularizer=None,
        trainable=None,
        constraint=None,
        **options,
    ):
        """A variable of the layer: made, or found if it is shared.

        Args:
          name, shape, constraint: as for `get_variable`.
          dtype: its DType; the layer's by default.
          initializer: as for `get_variable`; a word, such as "zeros", will do.
          regularizer: a function of the variable that gives a penalty.
          trainable: whether it is trained, if the layer is; True by default.
          **options: more of `get_variable`.
        """
        trainable = (trainable is None or trainable) and self.trainable
        before = {id(v) for v in global_variables()}
        self._find_scope(None)
        with self._inside() as scope, name_scope(scope.original_name_scope):
            variable = get_variable(
                name,
                shape,
                dtype or self.dtype or float32,
                initializer_of(initializer),
                trainable=trainable,
                constraint=constraint,
                **options,
            )
            if regularizer is not None and id(variable) not in before:
                with name_scope(f"{name}/Regularizer"):
                    self.add_loss(regularizer(variable))
        trained = get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES)
        own = any(variable is v for v in trained)  # a custom getter may see to that
        (self._trained if trainable and own else self._kept).append(variable)
        return variable

    def add_loss(self, losses, inputs=None):
        """Add penalties: tensors, or functions that give one. None does not count."""
        found = [loss() if callable(loss) else loss for loss in flat([losses])]
        found = [convert_to_tensor(loss) for loss in found if loss is not None]
        self.losses.extend(found)
        join(GraphKeys.REGULARIZATION_LOSSES, found)

    def add_update(self, updates, inputs=None):
        """Add operations that a training step has to run, such as moving averages."""
        for update in flat([updates]):
            update = update() if callable(update) else update
            self._updates.append(getattr(update, "op", update))

    @property
    def updates(self):
        """What a training step has to run for this layer; nothing if it is frozen."""
        return list(self._updates) if self.trainable else []

    @property
    def trainable_weights(self):
        """Its variables that are trained."""
        return list(self._trained) if self.trainable else []

    @property
    def non_trainable_weights(self):
        """Its variables that are not trained."""
        return list(self._kept) if self.trainable else self._trained + self._kept

    @property
    def weights(self):
        """Its variables, the trained ones first."""
        return self.trainable_weights + self.non_trainable_weights

    def count_params(self):
        """How many numbers its variables hold."""
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on {self.name}, but the layer isn't "
                "built. You can build it manually via: "
                f"`{self.name}.build(batch_input_shape)`."
            )
        return sum(v.shape.num_elements() for v in self.weights)

    def compute_output_shape(self, input_shape):
        """The shape of the output for an input of this shape."""
        raise NotImplementedError(f"{type(self).__name__} has no compute_output_shape")

    def get_config(self):
        """What it was made with, as plain values."""
        return {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        """The layer that `get_config` described; its variables are new."""
        return cls(**config)


def join(collection, items):
    """Add to a collection of the graph what it does not have yet."""
    kept = get_default_graph().get_collection_ref(collection)
    kept.extend(item for item in items if not any(item is other for other in kept))


### Its variables

Layer.add_variable = Layer.add_weight

Layer.trainable_variables = Layer.trainable_weights
Layer.non_trainable_variables = Layer.non_trainable_weights
Layer.variables = Layer.weights


## Every unit sees every input


class Dense(Layer):
    """activation(inputs @ kernel + bias): (..., n) -> (..., units).

    Args:
      units: how many outputs.
      activation: a function, or its name.
      use_bias: whether a bias is added.
      kernel_initializer, bias_initializer: see `get_variable`.
      kernel_regularizer, bias_regularizer, activity_regularizer: functions that give a
        penalty for the kernel, the bias, the output.
      kernel_constraint, bias_constraint: what optimizers apply after a step.
      trainable, name, **options: see Layer.
    """

    def __init__(
        self,
        units,
        activation=None,
        use_bias=True,
        kernel_initializer=None,
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        trainable=True,
        name=None,
        **options,
    ):
        options["activity_regularizer"] = activity_regularizer
        super().__init__(trainable=trainable, name=name, **options)
        self.units, self.use_bias = int(units), use_bias
        self.activation = activation_of(activation)
        self.kernel_initializer = initializer_of(kernel_initializer)
        self.bias_initializer = initializer_of(bias_initializer)
        self.kernel_regularizer = kernel_regularizer
        self.bias_regularizer = bias_regularizer
        self.kernel_constraint = kernel_constraint
        self.bias_constraint = bias_constraint
        self.kernel = self.bias = None
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape):
        """Make the kernel (n, units) and the bias (units,)."""
        dtype = as_dtype(self.dtype or float32)
        size = as_shape(input_shape).as_list()[-1]
        if not (dtype.is_floating or dtype.is_complex):
            problem = "Unable to build `Dense` layer with non-floating point dtype"
            raise TypeError(explain(f"{problem} {dtype}", fix="tf.cast(x, tf.float32)"))
        if size is None:
            problem = "The last dimension of the inputs to `Dense` should be defined. "
            fix = "x.set_shape(...) says what you know; tf.placeholder takes a shape"
            raise ValueError(explain(f"{problem}Found `None`.", fix=fix))
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})
        for name, sizes in (("kernel", [size, self.units]), ("bias", [self.units])):
            if name == "kernel" or self.use_bias:
                variable = self.add_weight(
                    name,
                    sizes,
                    initializer=getattr(self, f"{name}_initializer"),
                    regularizer=getattr(self, f"{name}_regularizer"),
                    constraint=getattr(self, f"{name}_constraint"),
                )
                setattr(self, name, variable)
        self.built = True

    def call(self, inputs):
        """activation(inputs @ kernel + bias)."""
        last = inputs.shape.rank - 1
        if last > 1:
            outputs = tensordot(inputs, self.kernel, [[last], [0]])
            outputs.set_shape([*inputs.shape.as_list()[:-1], self.units])
        else:
            outputs = matmul(cast(inputs, self.dtype or inputs.dtype), self.kernel)
        if self.use_bias:
            outputs = nn.bias_add(outputs, self.bias)
        return self.activation(outputs)

    def compute_output_shape(self, input_shape):
        """(..., n) -> (..., units)."""
        sizes = as_shape(input_shape).with_rank_at_least(2).as_list()
        if sizes[-1] is None:
            raise ValueError(
                "The innermost dimension of input_shape must be defined, but saw: "
                f"{as_shape(input_shape)}"
            )
        return TensorShape([*sizes[:-1], self.units])

    def get_config(self):
        """What it was made with, as plain values."""
        functions = [
            f"{part}_{kind}"
            for kind in ("initializer", "regularizer", "constraint")
            for part in ("kernel", "bias")
        ]
        functions += ["activation", "activity_regularizer"]
        said = {name: in_words(getattr(self, name)) for name in functions}
        base = Layer.get_config(self)
        return {**base, "units": self.units, "use_bias": self.use_bias, **said}


def dense(
    inputs,
    units,
    activation=None,
    use_bias=True,
    kernel_initializer=None,
    bias_initializer="zeros",
    kernel_regularizer=None,
    bias_regularizer=None,
    activity_regularizer=None,
    kernel_constraint=None,
    bias_constraint=None,
    trainable=True,
    name=None,
    reuse=None,
):
    """activation(inputs @ kernel + bias): (..., n) -> (..., units); see Dense.

    Args:
      inputs: (..., n), a tensor of floats.
      reuse: whether the variables of an earlier layer of this name are used.
    """
    layer = Dense(
        units,
        activation,
        use_bias,
        kernel_initializer,
        bias_initializer,
        kernel_regularizer,
        bias_regularizer,
        activity_regularizer,
        kernel_constraint,
        bias_constraint,
        trainable,
        name,
        _scope=name,
        _reuse=reuse,
    )
    return layer(inputs)


## Drop some, flatten all


class Dropout(Layer):
    """Some inputs at random set to 0, the others divided by what is kept, in training.

    Args:
      rate: the fraction that is dropped, in [0, 1).
      noise_shape: the shape of the draw; where it has 1, a whole axis is kept or
        dropped together; None stands for the size of the input.
      seed: an integer, or None; see `set_random_seed`.
      name, **options: see Layer.
    """

    def __init__(self, rate=0.5, noise_shape=None, seed=None, name=None, **options):
        super().__init__(name=name, **options)
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed

    def _thinned(self, x):
        noise_shape = self.noise_shape
        if noise_shape is not None:
            sizes = shape(x)
            known = [sizes[i] if n is None else n for i, n in enumerate(noise_shape)]
            noise_shape = convert_to_tensor(known)
        return nn.dropout(x, noise_shape=noise_shape, seed=self.seed, rate=self.rate)

    def call(self, inputs, training=False):
        """The thinned inputs if training, else the inputs."""
        if isinstance(training, Tensor) or hasattr(training, "_as_graph_element"):
            asked = convert_to_tensor(training)
            training = constant_value(asked)
            if training is None:
                with name_scope("cond"):
                    return select(asked, self._thinned(inputs), inputs)
        return self._thinned(inputs) if training else identity(inputs)

    def compute_output_shape(self, input_shape):
        """The same shape."""
        return as_shape(input_shape)

    def get_config(self):
        """What it was made with, as plain values."""
        said = {"rate": self.rate, "noise_shape": self.noise_shape, "seed": self.seed}
        return {**super().get_config(), **said}


def dropout(inputs, rate=0.5, noise_shape=None, seed=None, training=False, name=None):
    """Some inputs at random set to 0, the others divided by what is kept; see Dropout.

    Args:
      inputs: a tensor of floats.
      training: a truth value, or a tensor of one: False changes nothing.
    """
    layer = Dropout(rate, noise_shape=noise_shape, seed=seed, name=name)
    return layer(inputs, training=training)


class Flatten(Layer):
    """All axes but the first in one: (n, a, b, ...) -> (n, a * b * ...).

    Args:
      data_format: channels_last, or channels_first, which are moved to the end first.
      **options: see Layer.
    """

    def __init__(self, data_format=None, **options):
        super().__init__(**options)
        formats = "channels_first", "channels_last"
        self.data_format = (data_format or "channels_last").lower()
        if self.data_format not in formats:
            raise ValueError(
                'The `data_format` argument must be one of "channels_first", '
                f'"channels_last". Received: {data_format}'
            )
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs):
        """The inputs as a table, one row for each example."""
        ndims = inputs.shape.rank
        if self.data_format == "channels_first" and ndims > 1:
            inputs = transpose(inputs, [0, *range(2, ndims), 1])
        outputs = reshape(inputs, [inputs.shape.as_list()[0] or shape(inputs)[0], -1])
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return outputs

    def compute_output_shape(self, input_shape):
        """(n, a, b, ...) -> (n, a * b * ...)."""
        first, *others = as_shape(input_shape).as_list()
        return TensorShape([first, math.prod(others) if all(others) else None])

    def get_config(self):
        """What it was made with, as plain values."""
        return {**super().get_config(), "data_format": self.data_format}


def flatten(inputs, name=None, data_format="channels_last"):
    """All axes but the first in one: (n, a, b, ...) -> (n, a * b * ...)."""
    return Flatten(name=name, data_format=data_format)(inputs)
