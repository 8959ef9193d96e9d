"""Layers that look through a window: convolutions that bring their own filters."""

# Generated from book/source/25_convlayers.md: change it there, then `make export`.

import inspect

from pedagogy_tf.core.dtypes import int32
from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.layers import (
    InputSpec,
    Layer,
    activation_of,
    in_words,
    initializer_of,
    is_word,
    snake_case,
)
from pedagogy_tf.core.op import convert_to_tensor
from pedagogy_tf.core.ops import conv
from pedagogy_tf.core.ops.array import expand_dims, pad, squeeze, stack
from pedagogy_tf.core.ops.basic import reshape, shape
from pedagogy_tf.core.ops.nn import bias_add
from pedagogy_tf.core.shapes import TensorShape, as_shape

__all__ = [
    "in_tuple",
    "padding_word",
    "format_word",
    "in_letters",
    "arranged",
    "stops",
    "Conv",
    "Conv1D",
    "Conv2D",
    "as_function",
    "conv1d",
    "conv2d",
    "Conv2DTranspose",
    "conv2d_transpose",
    "SeparableConv",
    "SeparableConv1D",
    "SeparableConv2D",
    "separable_conv1d",
    "separable_conv2d",
]


## What a window is told


def in_tuple(value, count, name):
    """So many whole numbers, from as many or from one for all.

    Raises:
      ValueError: there are more or fewer, or something that is no number.
    """
    if isinstance(value, int):
        return (value,) * count
    problem = f"The `{name}` argument must be a tuple of {count} integers. "
    problem += f"Received: {value}"
    numbers = tuple(value) if hasattr(value, "__iter__") else ()
    if len(numbers) != count:
        raise ValueError(explain(problem, fix=f"{name}=3 for all of them"))
    for number in numbers:
        try:
            int(number)
        except (TypeError, ValueError):
            problem += f" including element {number} of type {type(number)}"
            raise ValueError(explain(problem)) from None
    return numbers


def padding_word(padding):
    """A padding by its word in small letters; a list of zeros as it is."""
    if isinstance(padding, (list, tuple)):
        return padding
    if padding.lower() not in ("valid", "same", "causal"):
        raise ValueError(
            'The `padding` argument must be a list/tuple or one of "valid", "same" '
            f'(or "causal", only for `Conv1D). Received: {padding.lower()}'
        )
    return padding.lower()


def format_word(data_format):
    """A format by its word in small letters; None stands for channels_last."""
    word = "channels_last" if data_format is None else data_format.lower()
    if word not in ("channels_first", "channels_last"):
        raise ValueError(
            'The `data_format` argument must be one of "channels_first", '
            f'"channels_last". Received: {data_format}'
        )
    return word


def in_letters(data_format, rank):
    """A format as the ops spell it: "NWC", "NHWC", "NCW" or "NCHW"."""
    axes = "HW"[-rank:]
    return f"N{axes}C" if data_format == "channels_last" else f"NC{axes}"


def arranged(first, numbers, features, data_format):
    """A list for all axes: of examples, of space, of features, in a format."""
    if data_format == "channels_last":
        return [first, *numbers, features]
    return [first, features, *numbers]


def stops(size, window, padding, stride, rate=1):
    """How often a window stops along an axis of this size; None if it is not known."""
    if size is None:
        return None
    if padding == "valid":
        size -= conv.reach_of(window, rate) - 1
    return -(-size // stride)


## A layer that convolves


class Conv(Layer):
    """activation(convolution(inputs, kernel) + bias), along `rank` axes.

    Args:
      filters: how many features come out.
      kernel_size: the sizes of the window, one number or one for each axis.
      strides: how far from stop to stop; as kernel_size.
      padding: "valid" or "same"; along one axis also "causal": zeros before alone, so
        that nothing depends on what comes later.
      data_format: "channels_last", (n, ..., features), or "channels_first".
      dilation_rate: how far from cell to cell; if more than 1, strides must be 1.
      activation: a function, or its name.
      use_bias: whether a bias is added.
      kernel_initializer, bias_initializer: see `get_variable`.
      kernel_regularizer, bias_regularizer, activity_regularizer: functions that give a
        penalty for the kernel, the bias, the output.
      kernel_constraint, bias_constraint: what optimizers apply after a step.
      trainable, name, **options: see Layer.
    """

    rank = 2  # how many axes the window moves along
    parts = ("kernel", "bias")  # what has an initializer, a regularizer, a constraint

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format="channels_last",
        dilation_rate=1,
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
        self.filters, self.use_bias = filters, use_bias
        self._set_window(kernel_size, strides, padding, data_format, dilation_rate)
        self.activation = activation_of(activation)
        self.kernel_initializer = initializer_of(kernel_initializer)
        self.bias_initializer = initializer_of(bias_initializer)
        self.kernel_regularizer = kernel_regularizer
        self.bias_regularizer = bias_regularizer
        self.kernel_constraint = kernel_constraint
        self.bias_constraint = bias_constraint
        self.kernel = self.bias = None
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _set_window(self, size, strides, padding, data_format, rate):
        self.kernel_size = in_tuple(size, self.rank, "kernel_size")
        self.strides = in_tuple(strides, self.rank, "strides")
        self.padding = padding_word(padding)
        if self.padding == "causal" and self.rank > 1:
            raise ValueError(
                "Causal padding is only supported for `Conv1D`and ``SeparableConv1D`."
            )
        self.data_format = format_word(data_format)
        self.dilation_rate = in_tuple(rate, self.rank, "dilation_rate")

    def build(self, input_shape):
        """Make the kernel (*kernel_size, features, filters) and the bias (filters,)."""
        depth = self._depth(input_shape)
        self.kernel = self._weight("kernel", [*self.kernel_size, depth, self.filters])
        self._add_bias()
        conv.strides_or_rates(self.rank, self.strides, self.dilation_rate)
        self._rate = convert_to_tensor(self.dilation_rate, int32, name="dilation_rate")
        self.built = True

    def _depth(self, input_shape):
        """How many features come in; from now on, no other number will do."""
        axis = -1 if self.data_format == "channels_last" else 1
        depth = as_shape(input_shape).as_list()[axis]
        if depth is None:
            problem = "The channel dimension of the inputs should be defined. "
            problem += "Found `None`."
            fix = "x.set_shape(...) says what you know; tf.placeholder takes a shape"
            raise ValueError(explain(problem, fix=fix))
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: depth})
        return depth

    def _weight(self, name, sizes):
        """A variable, with the initializer and so on that was given for its part."""
        part = name.split("_")[0]
        given = "initializer", "regularizer", "constraint"
        return self.add_weight(
            name, sizes, **{kind: getattr(self, f"{part}_{kind}") for kind in given}
        )

    def _add_bias(self):
        if self.use_bias:
            self.bias = self._weight("bias", [self.filters])

    def call(self, inputs):
        """activation(convolution + bias)."""
        letters = in_letters(self.data_format, self.rank)
        one = conv.conv1d if self.rank == 1 else conv.conv2d

        def look(x, _, padding):
            return one(x, self.kernel, self.strides, padding, data_format=letters)

        outputs = conv.with_space_to_batch(
            self._with_past(inputs),
            self._rate,
            self._padding(),
            look,
            self.kernel.shape,
            list(conv.spatial(letters, self.rank + 2)),
            letters,
        )
        return self.activation(self._with_bias(outputs))

    def _padding(self):
        """The padding as the ops spell it."""
        word = "valid" if self.padding == "causal" else self.padding
        return word.upper() if is_word(word) else word

    def _with_past(self, inputs):
        """For causal padding, the inputs after as many zeros as a window looks back."""
        if self.padding != "causal":
            return inputs
        back = conv.reach_of(self.kernel_size[0], self.dilation_rate[0]) - 1
        return pad(inputs, arranged([0, 0], [[back, 0]], [0, 0], self.data_format))

    def _with_bias(self, outputs):
        if not self.use_bias:
            return outputs
        if outputs.shape.rank == 3 and self.data_format == "channels_first":
            return outputs + reshape(self.bias, (1, self.filters, 1))
        return bias_add(outputs, self.bias, in_letters(self.data_format, 2))

    def compute_output_shape(self, input_shape):
        """(n, ..., features) -> (n, ..., filters), or in the other format."""
        sizes = as_shape(input_shape).as_list()
        first = 1 if self.data_format == "channels_last" else 2
        steps = zip(self.kernel_size, self.strides, self.dilation_rate, strict=True)
        counts = [
            stops(size, window, self.padding, stride, rate)
            for size, (window, stride, rate) in zip(sizes[first:], steps)
        ]
        return TensorShape(arranged(sizes[0], counts, self.filters, self.data_format))

    def get_config(self):
        """What it was made with, as plain values."""
        plain = "filters kernel_size strides padding data_format dilation_rate use_bias"
        said = {name: getattr(self, name) for name in plain.split()}
        kinds = "initializer", "regularizer", "constraint"
        functions = [f"{part}_{kind}" for kind in kinds for part in self.parts]
        for name in (*functions, "activation", "activity_regularizer"):
            said[name] = in_words(getattr(self, name))
        return {**Layer.get_config(self), **said}


class Conv1D(Conv):
    """A convolution along one axis: (n, w, c) -> (n, stops, filters); see Conv."""

    rank = 1


class Conv2D(Conv):
    """A convolution along two axes: (n, h, w, c) -> (n, stops, stops, filters)."""


def as_function(kind):
    """The function that makes a layer of a kind, and calls it.

    It takes `inputs`, what the class takes, and `reuse`: whether the variables of an
    earlier layer of this name are used.
    """
    *given, _ = inspect.signature(kind).parameters.values()  # the last are **options
    inputs = inspect.Parameter("inputs", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    reuse = inputs.replace(name="reuse", default=None)
    signature = inspect.Signature([inputs, *given, reuse])

    def function(*args, **kwargs):
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(explain(f"{function.__name__}() {error}")) from None
        inputs, reuse = given.pop("inputs"), given.pop("reuse", None)
        return kind(**given, _scope=given.get("name"), _reuse=reuse)(inputs)

    function.__signature__, function.__doc__ = signature, kind.__doc__
    function.__name__ = function.__qualname__ = snake_case(kind.__name__)
    return function


conv1d = as_function(Conv1D)
conv2d = as_function(Conv2D)


## There and back


class Conv2DTranspose(Conv):
    """The way back through a convolution: (n, h, w, c) -> (n, H, W, filters).

    With a stride s, H is s h for "same", and s h + max(window - s, 0) for "valid";
    arguments as for Conv, without dilation_rate.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format="channels_last",
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
        self.output_padding = options.pop("output_padding", None)
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            trainable=trainable,
            name=name,
            **options,
        )

    def build(self, input_shape):
        """Make the kernel (*kernel_size, filters, features) and the bias (filters,)."""
        depth = self._depth(input_shape)
        self.kernel = self._weight("kernel", [*self.kernel_size, self.filters, depth])
        self._add_bias()
        self.built = True

    def call(self, inputs):
        """activation(transposed convolution + bias)."""
        sizes = shape(inputs)
        n, *places = [sizes[axis] for axis in (0, *self._axes())]
        lengths = self._lengths(places)
        sizes = stack(arranged(n, lengths, self.filters, self.data_format))
        _ = sizes[0]  # TensorFlow has this node, and seeds are numbers of nodes
        outputs = conv.conv2d_transpose(
            inputs,
            self.kernel,
            sizes,
            arranged(1, self.strides, 1, self.data_format),
            self._padding(),
            in_letters(self.data_format, 2),
            dilations=self.dilation_rate,
        )
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return self.activation(self._with_bias(outputs))

    def _axes(self):
        return conv.spatial(in_letters(self.data_format, 2), 4)

    def _lengths(self, places):
        """The sizes of the result from those of the input: numbers, None, tensors."""
        extra = in_tuple(self.output_padding or 0, 2, "output_padding")
        steps = zip(
            places,
            self.kernel_size,
            self.strides,
            self.dilation_rate,
            extra,
            strict=True,
        )
        return [self._length(*step) for step in steps]

    def _length(self, size, window, stride, rate, extra):
        if size is None:
            return None
        window = conv.reach_of(window, rate)
        if self.output_padding is not None:
            around = window // 2 if self.padding == "same" else 0
            return (size - 1) * stride + window - 2 * around + extra
        size = size * stride
        return size + max(window - stride, 0) if self.padding == "valid" else size

    def compute_output_shape(self, input_shape):
        """(n, h, w, features) -> (n, H, W, filters), or in the other format."""
        sizes = as_shape(input_shape).as_list()
        lengths = self._lengths([sizes[axis] for axis in self._axes()])
        return TensorShape(arranged(sizes[0], lengths, self.filters, self.data_format))

    def get_config(self):
        """What it was made with, as plain values."""
        return {**Conv.get_config(self), "output_padding": self.output_padding}


conv2d_transpose = as_function(Conv2DTranspose)


## Two small steps for a large one


class SeparableConv(Conv):
    """Each feature through windows of its own; then features are mixed at each pixel.

    Args:
      depth_multiplier: how many windows each feature has.
      depthwise_initializer, pointwise_initializer, depthwise_regularizer,
      pointwise_regularizer, depthwise_constraint, pointwise_constraint: for the two
        kernels, as kernel_initializer and so on for Conv.

    All other arguments are those of Conv.
    """

    parts = ("depthwise", "pointwise", "bias")

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format="channels_last",
        dilation_rate=1,
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer=None,
        pointwise_initializer=None,
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
        bias_constraint=None,
        trainable=True,
        name=None,
        **options,
    ):
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            trainable=trainable,
            name=name,
            **options,
        )
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = initializer_of(depthwise_initializer)
        self.pointwise_initializer = initializer_of(pointwise_initializer)
        self.depthwise_regularizer = depthwise_regularizer
        self.pointwise_regularizer = pointwise_regularizer
        self.depthwise_constraint = depthwise_constraint
        self.pointwise_constraint = pointwise_constraint
        self.depthwise_kernel = self.pointwise_kernel = None

    def build(self, input_shape):
        """Make both kernels, and the bias (filters,)."""
        depth, m = self._depth(input_shape), self.depth_multiplier
        alone = [*self.kernel_size, depth, m]
        mix = [*[1] * self.rank, depth * m, self.filters]
        self.depthwise_kernel = self._weight("depthwise_kernel", alone)
        self.pointwise_kernel = self._weight("pointwise_kernel", mix)
        self._add_bias()
        self.built = True

    def call(self, inputs):
        """activation(mixed(convolution of each) + bias)."""
        x = self._with_past(inputs)
        kernels = self.depthwise_kernel, self.pointwise_kernel
        strides, rate = self.strides, self.dilation_rate
        axis = 1 if self.data_format == "channels_last" else 2
        if self.rank == 1:
            x = expand_dims(x, axis)
            kernels = [expand_dims(kernel, 0) for kernel in kernels]
            strides, rate = strides * 2, (1, *rate)
        strides = arranged(1, strides, 1, self.data_format)
        letters = in_letters(self.data_format, 2)
        outputs = conv.separable_conv2d(
            x, *kernels, strides, self._padding(), rate, data_format=letters
        )
        outputs = self._with_bias(outputs)
        return self.activation(squeeze(outputs, [axis]) if self.rank == 1 else outputs)

    def get_config(self):
        """What it was made with, as plain values."""
        return {**Conv.get_config(self), "depth_multiplier": self.depth_multiplier}


class SeparableConv1D(SeparableConv):
    """A separable convolution along one axis; see SeparableConv."""

    rank = 1


class SeparableConv2D(SeparableConv):
    """A separable convolution along two axes; see SeparableConv."""


separable_conv1d = as_function(SeparableConv1D)
separable_conv2d = as_function(SeparableConv2D)
