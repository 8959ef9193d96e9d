"""Batch normalisation: every feature with mean 0 and variance 1, then stretched.

In training, mean and variance are those of the batch, and moving averages follow them;
otherwise the moving averages are used. Whoever trains has to run the updates of the
averages: they are in the collection UPDATE_OPS.
"""

# Generated from book/source/25_convlayers.md: change it there, then `make export`.

from pedagogy_tf.core.dtypes import as_dtype, float32
from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.graph import (
    Tensor,
    colocate_with,
    control_dependencies,
    name_scope,
)
from pedagogy_tf.core.layers import InputSpec, Layer, in_words, initializer_of
from pedagogy_tf.core.op import constant, constant_value, convert_to_tensor
from pedagogy_tf.core.ops import measures, norm
from pedagogy_tf.core.ops.basic import (
    identity,
    ones_like,
    reshape,
    shape,
    stop_gradient,
    zeros_like,
)
from pedagogy_tf.core.ops.control import cond
from pedagogy_tf.core.ops.elementwise import sqrt
from pedagogy_tf.core.ops.math import cast, maximum, minimum
from pedagogy_tf.core.ops.nn import relu
from pedagogy_tf.core.ops.reduce import reduce_mean
from pedagogy_tf.core.shapes import as_shape
from pedagogy_tf.core.variables import assign, assign_sub

__all__ = [
    "known_truth",
    "either",
    "BatchNormalization",
    "composed",
    "batch_normalization",
]


## Features of one size


def known_truth(condition):
    """A condition as a bool, or None if only a run will tell.

    Raises:
      TypeError: it is neither a tensor nor a truth value.
    """
    if isinstance(condition, (bool, int)) and condition in (0, 1):
        return bool(condition)
    if hasattr(condition, "_as_graph_element"):  # a variable can change in each run
        return None
    if isinstance(condition, Tensor):
        value = constant_value(condition)
        return None if value is None else bool(value)
    raise TypeError(
        explain(
            "`pred` must be a Tensor, or a Python bool, or 1 or 0. Found instead: "
            f"{condition}",
            fix="training=True, training=False, or a tensor of one bool",
        )
    )


def either(condition, yes, no):
    """What `yes` or `no` returns: known now if the condition is, else in the run."""
    known = known_truth(condition)
    if known is None:
        return cond(condition, yes, no)
    return yes() if known else no()


class BatchNormalization(Layer):
    """Features with mean 0 and variance 1, times gamma, plus beta.

    Args:
      axis: the axis of the features, or a list of axes.
      momentum: how much of a moving average stays in each step, in [0, 1).
      epsilon: a little more variance, so that it is not 0.
      center, scale: whether there is a beta, a gamma.
      beta_initializer, gamma_initializer, moving_mean_initializer,
      moving_variance_initializer: see `get_variable`.
      beta_regularizer, gamma_regularizer: functions that give a penalty.
      beta_constraint, gamma_constraint: what optimizers apply after a step.
      renorm: whether batches are corrected towards what was seen before (Ioffe, 2017).
      renorm_clipping: {"rmin", "rmax", "dmax"}, limits for the corrections.
      renorm_momentum: as momentum, for what was seen before.
      fused: False forbids the single op that is used for pictures if it can be.
      trainable, name, **options: see Layer.
      virtual_batch_size: how many examples share a mean; all if it is None.
      adjustment: a function of the shape of the input that returns a scale and a bias,
        applied in training alone.

    Source: Ioffe and Szegedy, arXiv:1502.03167; renorm: Ioffe, arXiv:1702.03275.
    """

    def __init__(
        self,
        axis=-1,
        momentum=0.99,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        renorm=False,
        renorm_clipping=None,
        renorm_momentum=0.99,
        fused=None,
        trainable=True,
        virtual_batch_size=None,
        adjustment=None,
        name=None,
        **options,
    ):
        super().__init__(trainable=trainable, name=name, **options)
        if not isinstance(axis, (int, list)):
            raise TypeError(f"axis must be int or list, type given: {type(axis)}")
        unknown = set(renorm_clipping or {}) - {"rmax", "rmin", "dmax"}
        if renorm and unknown:
            keys = "['rmax', 'rmin', 'dmax']"
            problem = f"renorm_clipping {renorm_clipping} contains keys not in {keys}"
            raise ValueError(explain(problem))
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.momentum, self.epsilon = momentum, epsilon
        self.center, self.scale = center, scale
        self.beta_initializer = initializer_of(beta_initializer)
        self.gamma_initializer = initializer_of(gamma_initializer)
        self.moving_mean_initializer = initializer_of(moving_mean_initializer)
        self.moving_variance_initializer = initializer_of(moving_variance_initializer)
        self.beta_regularizer = beta_regularizer
        self.gamma_regularizer = gamma_regularizer
        self.beta_constraint = beta_constraint
        self.gamma_constraint = gamma_constraint
        self.renorm, self.renorm_clipping = renorm, renorm_clipping or {}
        self.renorm_momentum = renorm_momentum
        self.fused = fused is None or fused
        self.virtual_batch_size, self.adjustment = virtual_batch_size, adjustment
        self.beta = self.gamma = None

    def build(self, input_shape):
        """Make gamma, beta and the averages, with one number for each feature."""
        input_shape = as_shape(input_shape)
        if not input_shape.rank:
            raise ValueError("Input has undefined rank:", input_shape)
        self.axis = self._found_axes(input_shape.rank)
        self._require_virtual()
        special = self.renorm or self.adjustment is not None or len(self.axis) > 1
        special = special or self.virtual_batch_size is not None
        self.fused = self.fused and input_shape.rank == 4 and not special
        self.fused = self.fused and self.axis[0] in (1, 3)
        known = {axis: input_shape.sizes[axis] for axis in self.axis}
        if None in known.values():
            raise ValueError(
                "Input has undefined `axis` dimension. Input shape: ", input_shape
            )
        self.input_spec = InputSpec(ndim=input_shape.rank, axes=known)
        self._make_variables(self._sizes(known, input_shape.rank))
        self.built = True

    def _found_axes(self, rank):
        axes = [self.axis] if isinstance(self.axis, int) else self.axis
        axes = [axis + rank if axis < 0 else axis for axis in axes]
        for axis in axes:
            if not 0 <= axis < rank:
                raise ValueError(explain(f"Invalid axis: {axis}", the_rank=rank))
        if len(set(axes)) != len(axes):
            raise ValueError(f"Duplicate axis: {axes}")
        return axes

    def _require_virtual(self):
        if self.virtual_batch_size is None:
            return
        problem = None
        if self.virtual_batch_size <= 0:
            problem = "virtual_batch_size must be a positive integer that divides "
            problem += "the true batch size of the input Tensor"
        elif 0 in self.axis:
            problem = "When using virtual_batch_size, the batch dimension must be 0 "
            problem += "and thus axis cannot include 0"
        elif self.adjustment is not None:
            problem = "When using virtual_batch_size, adjustment cannot be specified"
        if problem:
            raise ValueError(explain(problem))

    def _sizes(self, known, rank):
        """The shape of the variables: a vector, if one axis is all there is to it."""
        if len(known) == 1 and self.virtual_batch_size is None:
            return list(known.values())
        sizes = [known.get(axis, 1) for axis in range(rank)]
        if self.virtual_batch_size is not None:
            sizes.insert(1, 1)
            self.axis = [axis + 1 for axis in self.axis]  # the inputs get one more, too
        return sizes

    def _make_variables(self, sizes):
        half = self.dtype in (None, "float16")  # too coarse for averages
        self._param_dtype = float32 if half else as_dtype(self.dtype)
        for name, wanted, neutral in (
            ("gamma", self.scale, 1.0),
            ("beta", self.center, 0.0),
        ):
            if wanted:
                self._add(name, sizes, True, getattr(self, f"{name}_initializer"))
            elif self.fused:  # the op wants one all the same
                setattr(self, f"_{name}", constant(neutral, self._param_dtype, sizes))
        self._add("moving_mean", sizes, False, self.moving_mean_initializer)
        self._add("moving_variance", sizes, False, self.moving_variance_initializer)
        if self.renorm:
            self._make_renorm_variables(sizes)

    def _make_renorm_variables(self, sizes):
        def deviation(*args, **kwargs):
            return sqrt(self.moving_variance_initializer(*args, **kwargs))

        with colocate_with(self.moving_variance.op):
            self._add("moving_stddev", sizes, False, deviation)
        with colocate_with(self.moving_mean.op):
            self._add("renorm_mean", sizes, False, self.moving_mean_initializer)
        with colocate_with(self.moving_stddev.op):
            self._add("renorm_stddev", sizes, False, deviation)

    def _add(self, name, sizes, trainable, initializer):
        given = ("regularizer", "constraint") if trainable else ()
        variable = self.add_weight(
            name,
            sizes,
            dtype=self._param_dtype,
            initializer=initializer,
            trainable=trainable,
            **{kind: getattr(self, f"{name}_{kind}") for kind in given},
        )
        setattr(self, name, variable)

    def _move(self, variable, value, momentum):
        """m - (1 - momentum) * (m - value), as an assignment to m."""
        with name_scope("AssignMovingAvg") as scope, colocate_with(variable.op):
            part = convert_to_tensor(1.0 - momentum, name="decay")
            part = cast(part, variable.dtype.base_dtype)
            change = (variable - cast(value, variable.dtype.base_dtype)) * part
            return assign_sub(variable, change, name=scope)

    def _in_one_op(self, inputs, training):
        gamma = self.gamma if self.scale else self._gamma
        beta = self.beta if self.center else self._beta
        how = {"epsilon": self.epsilon}
        how["data_format"] = "NCHW" if self.axis == [1] else "NHWC"
        moving = self.moving_mean, self.moving_variance

        def by_batch():
            return norm.fused_batch_norm(inputs, gamma, beta, **how)

        def by_memory():
            return norm.fused_batch_norm(
                inputs, gamma, beta, *moving, is_training=False, **how
            )

        outputs, *found = either(training, by_batch, by_memory)
        known = known_truth(training)
        if known is None:
            momentum = either(training, lambda: self.momentum, lambda: 1.0)
        else:
            momentum = convert_to_tensor(self.momentum)
        if known is not False:
            for variable, value in zip(moving, found, strict=True):
                self.add_update(self._move(variable, value, momentum))
        return outputs

    def call(self, inputs, training=False):
        """The normalised inputs: by their own means if training, else by the averages.

        Args:
          inputs: a tensor of floats.
          training: a truth value, or a tensor of one.
        """
        if self.fused:
            return self._in_one_op(inputs, training)
        if self.virtual_batch_size is None:
            return self._in_many_ops(inputs, training)
        sizes = [-1, *inputs.shape.as_list()[1:]]
        inputs = reshape(inputs, [self.virtual_batch_size, *sizes])
        return reshape(self._in_many_ops(inputs, training), sizes)

    def _in_many_ops(self, inputs, training):
        scale, offset = (
            self._beside(self.gamma, inputs),
            self._beside(self.beta, inputs),
        )
        mean, variance = self.moving_mean, self.moving_variance
        if known_truth(training) is not False:
            if self.adjustment:
                changes = self._adjusted(inputs, training)
                scale, offset = composed(*changes, scale, offset)
            mean, variance = self._chosen(inputs, training)
            fresh = mean, variance
            if self.virtual_batch_size is not None:
                fresh = [reduce_mean(value, 1, keepdims=True) for value in fresh]
            if self.renorm:
                r, d, *fresh = self._corrections(*fresh, training)
                r = self._beside(stop_gradient(r, name="renorm_r"), inputs)
                d = self._beside(stop_gradient(d, name="renorm_d"), inputs)
                scale, offset = composed(r, d, scale, offset)
            self._update(*fresh, training)
        mean, variance = cast(mean, inputs.dtype), cast(variance, inputs.dtype)
        offset = offset if offset is None else cast(offset, inputs.dtype)
        scale = scale if scale is None else cast(scale, inputs.dtype)
        mean, variance = self._beside(mean, inputs), self._beside(variance, inputs)
        outputs = measures.batch_normalization(
            inputs, mean, variance, offset, scale, self.epsilon
        )
        outputs.set_shape(inputs.shape)
        return outputs

    def _others(self, inputs):
        """The axes that a mean is taken over."""
        axes = [axis for axis in range(inputs.shape.rank) if axis not in self.axis]
        if self.virtual_batch_size is not None:
            del axes[1]
        return axes

    def _beside(self, vector, inputs):
        """A vector of features so that it stretches to the inputs; None stays None."""
        rank = inputs.shape.rank
        last = self._others(inputs) == list(range(rank - 1))
        if vector is None or vector.shape.rank == rank or last:
            return vector
        sizes = [1] * rank
        sizes[self.axis[0]] = inputs.shape.sizes[self.axis[0]]
        return reshape(vector, sizes)

    def _chosen(self, inputs, training):
        """Mean and variance of the inputs in training, else the averages."""
        keepdims = self.virtual_batch_size is not None or len(self.axis) > 1
        inputs = cast(inputs, self._param_dtype)
        axes = self._others(inputs)
        mean, variance = measures.moments(inputs, axes, keepdims=keepdims)
        moving = self.moving_mean, self.moving_variance
        return (
            either(training, lambda: mean, lambda: convert_to_tensor(moving[0])),
            either(training, lambda: variance, lambda: convert_to_tensor(moving[1])),
        )

    def _update(self, mean, variance, training):
        """Let the averages follow, in training."""

        def follow():
            if not self.renorm:
                return self._move(self.moving_variance, variance, self.momentum)
            root = sqrt(variance + self.epsilon)
            root = self._move(self.moving_stddev, root, self.momentum)
            square = relu(root * root - self.epsilon)
            with name_scope("AssignNewValue") as scope:
                with colocate_with(self.moving_variance.op):
                    return assign(self.moving_variance, square, name=scope)

        self.add_update(
            either(
                training,
                lambda: self._move(self.moving_mean, mean, self.momentum),
                lambda: self.moving_mean,
            )
        )
        self.add_update(either(training, follow, lambda: self.moving_variance))

    def _adjusted(self, inputs, training):
        """The scale and the bias of `adjustment`, in training; 1 and 0 otherwise."""
        scale, bias = self.adjustment(shape(inputs))
        return (
            either(training, lambda: scale, lambda: ones_like(scale)),
            either(training, lambda: bias, lambda: zeros_like(bias)),
        )

    def _corrections(self, mean, variance, training):
        """(r, d, mean, variance): a stretch, a shift, and what the averages follow."""
        root = sqrt(variance + self.epsilon)
        usual_root = maximum(self.renorm_stddev, sqrt(self.epsilon))
        r, d = root / usual_root, (mean - self.renorm_mean) / usual_root
        with control_dependencies([r, d]):  # which need the averages of before
            mean, root = identity(mean), identity(root)
        limits = self.renorm_clipping
        r = maximum(r, limits["rmin"]) if "rmin" in limits else r
        r = minimum(r, limits["rmax"]) if "rmax" in limits else r
        if "dmax" in limits:
            d = minimum(maximum(d, -limits["dmax"]), limits["dmax"])
        stretch, shift = r, d
        r = either(training, lambda: stretch, lambda: ones_like(stretch))
        d = either(training, lambda: shift, lambda: zeros_like(shift))
        moved = [
            self._renormed(self.renorm_mean, mean, training),
            self._renormed(self.renorm_stddev, root, training),
        ]
        with control_dependencies(moved):
            return r, d, identity(mean), identity(variance)

    def _renormed(self, variable, value, training):
        value = identity(value)
        return either(
            training,
            lambda: self._move(variable, value, self.renorm_momentum),
            lambda: identity(variable),
        )

    def compute_output_shape(self, input_shape):
        """The same shape."""
        return as_shape(input_shape)

    def get_config(self):
        """What it was made with, as plain values."""
        names = "beta gamma moving_mean moving_variance".split()
        functions = [f"{name}_initializer" for name in names]
        kinds = "regularizer", "constraint"
        functions += [f"{name}_{kind}" for kind in kinds for name in names[:2]]
        said = {name: in_words(getattr(self, name)) for name in functions}
        plain = "axis momentum epsilon center scale".split()
        if self.renorm:
            plain += ["renorm", "renorm_clipping", "renorm_momentum"]
        if self.virtual_batch_size is not None:
            plain += ["virtual_batch_size"]
        said.update({name: getattr(self, name) for name in plain})
        return {**Layer.get_config(self), **said}


def composed(first_scale, first_offset, scale, offset):
    """(x s + o) t + p as one scale and one offset; None for t is 1, for p is 0."""
    if scale is not None:
        first_scale, first_offset = first_scale * scale, first_offset * scale
    return first_scale, first_offset if offset is None else first_offset + offset


def batch_normalization(
    inputs,
    axis=-1,
    momentum=0.99,
    epsilon=1e-3,
    center=True,
    scale=True,
    beta_initializer="zeros",
    gamma_initializer="ones",
    moving_mean_initializer="zeros",
    moving_variance_initializer="ones",
    beta_regularizer=None,
    gamma_regularizer=None,
    beta_constraint=None,
    gamma_constraint=None,
    training=False,
    trainable=True,
    name=None,
    reuse=None,
    renorm=False,
    renorm_clipping=None,
    renorm_momentum=0.99,
    fused=None,
    virtual_batch_size=None,
    adjustment=None,
):
    """Features with mean 0 and variance 1, stretched and shifted; BatchNormalization.

    Args:
      inputs: a tensor of floats.
      training: a truth value, or a tensor of one: whether the batch counts, or memory.
      reuse: whether the variables of an earlier layer of this name are used.
    """
    layer = BatchNormalization(
        axis,
        momentum,
        epsilon,
        center,
        scale,
        beta_initializer,
        gamma_initializer,
        moving_mean_initializer,
        moving_variance_initializer,
        beta_regularizer,
        gamma_regularizer,
        beta_constraint,
        gamma_constraint,
        renorm,
        renorm_clipping,
        renorm_momentum,
        fused,
        trainable,
        virtual_batch_size,
        adjustment,
        name,
        _reuse=reuse,
        _scope=name,
    )
    return layer(inputs, training=training)
