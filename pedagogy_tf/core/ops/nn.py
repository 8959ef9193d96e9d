"""What bends and what judges: activations, softmax, losses, dropout.

An activation bends each number by itself; a softmax makes probabilities of scores; a
loss says how wrong they are. Each knows its slope, and none overflows on the way.
"""

# Generated from book/source/17_nn.md: change it there, then `make export`.

import numbers
import warnings

import numpy as np

from pedagogy_tf.core.dtypes import float16, float32, int32, int64
from pedagogy_tf.core.errors import InvalidArgumentError, explain
from pedagogy_tf.core.graph import control_dependencies, merge_shapes, name_scope
from pedagogy_tf.core.op import (
    RegisterGradient,
    ShapeError,
    constant,
    constant_value,
    convert_to_tensor,
    op,
    same,
    with_rank,
    with_rank_at_least,
)
from pedagogy_tf.core.ops.array import concat, expand_dims, slice_, squeeze, transpose
from pedagogy_tf.core.ops.basic import (
    identity,
    ones_like,
    prevent_gradient,
    rank,
    reshape,
    shape,
    stop_gradient,
    zeros,
    zeros_like,
)
from pedagogy_tf.core.ops.elementwise import (
    ORDERED,
    equal,
    exp,
    keep_shape,
    log,
    log1p,
    logical_and,
    select,
    sigmoid,
)
from pedagogy_tf.core.ops.math import (
    add,
    cast,
    dtypes,
    matmul,
    negative,
    newer,
    range_,
    reduce_sum,
    stretched,
    subtract,
    sum_op,
    tile,
)
from pedagogy_tf.core.ops.random import random_uniform
from pedagogy_tf.core.ops.reduce import reduce_all
from pedagogy_tf.core.shapes import TensorShape, as_shape, in_brackets, unknown_shape

__all__ = [
    "WITH_FRACTION",
    "relu",
    "relu_grad",
    "nothing",
    "as_both",
    "relu6",
    "relu6_grad",
    "leaky_relu_op",
    "leaky_relu_grad",
    "leaky_relu",
    "SELU",
    "SELU_LIMIT",
    "elu",
    "elu_grad",
    "selu",
    "selu_grad",
    "of_slope",
    "softplus",
    "softplus_grad",
    "softsign",
    "softsign_grad",
    "crelu",
    "log_sigmoid",
    "identity_n",
    "swish",
    "softmax_op",
    "log_softmax_op",
    "below_best",
    "along",
    "swapped",
    "softmax",
    "log_softmax",
    "FORMATS",
    "bias_add_op",
    "why_no_bias",
    "features_axis",
    "bias_add_grad",
    "one_size",
    "bias_add",
    "xw_plus_b",
    "relu_layer",
    "l2_loss",
    "softmax_cross_entropy_op",
    "of_one_shape",
    "for_each_row",
    "is_zero",
    "sparse_softmax_cross_entropy_op",
    "why_no_labels",
    "require_classes",
    "require_names",
    "as_table",
    "axis_last",
    "less_axis",
    "in_float32",
    "softmax_cross_entropy_with_logits_v2",
    "softmax_cross_entropy_with_logits",
    "assert_op",
    "in_words",
    "in_brackets_by_row",
    "in_digits",
    "require_equal",
    "sparse_softmax_cross_entropy_with_logits",
    "shape_checks",
    "both_known",
    "require_one_label_each",
    "of_the_same_shape",
    "sigmoid_cross_entropy_with_logits",
    "weighted_cross_entropy_with_logits",
    "log_poisson_loss",
    "dropout",
    "thinned",
    "dropped",
    "require_rate",
    "shape_of_noise",
]


### A gate

WITH_FRACTION = dtypes("float16 bfloat16 float32 float64")


@op("Relu(features:T) -> (activations:T)", T=(*ORDERED, *dtypes("qint8")))
def relu(xp, features):
    """The larger of each number and 0."""
    return xp.maximum(features, 0)


@op("ReluGrad(gradients:T, features:T) -> (backprops:T)", T=ORDERED)
def relu_grad(xp, gradients, features):
    """The blame where features are above 0; elsewhere, and at 0, nothing."""
    return gradients * (features > 0)


@relu.gradient
def _(op, dy):
    return relu_grad(dy, op.outputs[0])


@relu_grad.gradient
def _(op, dz):
    y = op.inputs[1]
    return relu_grad(dz, y), nothing(y)


def nothing(x):
    """No blame, in the shape of x."""
    return zeros(shape(x), x.dtype)


def as_both(op, x, y):
    """Shape rule: the shape that both inputs have."""
    return merge_shapes(x, y)


relu.shape(same)
relu_grad.shape(as_both)


### Its relatives


@op("Relu6(features:T) -> (activations:T)", T=ORDERED)
def relu6(xp, features):
    """Each number, moved into the range from 0 to 6."""
    return xp.minimum(xp.maximum(features, 0), 6)


@op("Relu6Grad(gradients:T, features:T) -> (backprops:T)", T=ORDERED)
def relu6_grad(xp, gradients, features):
    """The blame where features are between 0 and 6; elsewhere nothing."""
    return gradients * ((features > 0) & (features < 6))


@op("LeakyRelu(features:T=float32) -> (activations:T)", T=WITH_FRACTION)
def leaky_relu_op(xp, features, *, alpha=0.2):
    """Numbers above 0 as they are, others times alpha."""
    return xp.where(features > 0, features, features * alpha)


@op(
    "LeakyReluGrad(gradients:T=float32, features:T=float32) -> (backprops:T)",
    T=WITH_FRACTION,
)
def leaky_relu_grad(xp, gradients, features, *, alpha=0.2):
    """The blame where features are above 0; elsewhere, alpha times the blame."""
    return xp.where(features > 0, gradients, gradients * alpha)


keep_shape(relu6, leaky_relu_op)
relu6_grad.shape(as_both)
leaky_relu_grad.shape(as_both)


@relu6.gradient
def _(op, dy):
    return relu6_grad(dy, op.outputs[0])


@relu6_grad.gradient
def _(op, dz):
    y = op.inputs[1]
    return relu6_grad(dz, y), nothing(y)


@leaky_relu_op.gradient
def _(op, dy):
    return leaky_relu_grad(dy, op.inputs[0], op.get_attr("alpha"))


@leaky_relu_grad.gradient
def _(op, dz):
    x = op.inputs[1]
    return leaky_relu_grad(dz, x, op.get_attr("alpha")), nothing(x)


def leaky_relu(features, alpha=0.2, name=None):
    """Numbers above 0 as they are, others times alpha.

    Args:
      features: a tensor; whole numbers become float32.
      alpha: the slope below 0.
      name: the name of the operation.
    """
    with name_scope(name, "LeakyRelu", [features, alpha]) as name:
        features = convert_to_tensor(features, name="features")
        if features.dtype.is_integer:
            features = cast(features, float32)
        return leaky_relu_op(features, alpha, name=name)


### Soft bends

SELU = 1.0507009873554805  # the slope above 0
SELU_LIMIT = 1.7580993408473768  # how far it goes down below 0


@op("Elu(features:T) -> (activations:T)", T=WITH_FRACTION)
def elu(xp, features):
    """Numbers above 0 as they are; below, e^x - 1."""
    return xp.maximum(features, 0) + (xp.exp(xp.minimum(features, 0)) - 1)


@op("EluGrad(gradients:T, outputs:T) -> (backprops:T)", T=WITH_FRACTION)
def elu_grad(xp, gradients, outputs):
    """The blame for x in outputs = elu(x)."""
    return gradients * xp.where(outputs < 0, outputs + 1, 1)


@op("Selu(features:T) -> (activations:T)", T=WITH_FRACTION)
def selu(xp, features):
    """Elu with factors that keep mean 0 and variance 1."""
    below = SELU_LIMIT * (xp.exp(xp.minimum(features, 0)) - 1)
    return SELU * xp.maximum(features, 0) + below


@op("SeluGrad(gradients:T, outputs:T) -> (backprops:T)", T=WITH_FRACTION)
def selu_grad(xp, gradients, outputs):
    """The blame for x in outputs = selu(x)."""
    return gradients * xp.where(outputs < 0, outputs + SELU_LIMIT, SELU)


keep_shape(elu, selu)
elu_grad.shape(as_both)
selu_grad.shape(as_both)
elu.gradient(lambda op, dy: elu_grad(dy, op.outputs[0]))
selu.gradient(lambda op, dy: selu_grad(dy, op.outputs[0]))
elu_grad.gradient(lambda op, dz: (elu_grad(dz, op.inputs[1]), of_slope(op, dz)))
selu_grad.gradient(lambda op, dz: (selu_grad(dz, op.inputs[1]), of_slope(op, dz)))


def of_slope(op, dz):
    """The blame for y in dx = dy * (y + ...) where y < 0; elsewhere nothing."""
    dy, y = op.inputs
    return select(y < 0, dz * dy, zeros_like(y))


@op("Softplus(features:T) -> (activations:T)", T=WITH_FRACTION)
def softplus(xp, features):
    """log(1 + e^x)."""
    return xp.maximum(features, 0) + xp.log1p(xp.exp(-xp.abs(features)))


@op("SoftplusGrad(gradients:T, features:T) -> (backprops:T)", T=WITH_FRACTION)
def softplus_grad(xp, gradients, features):
    """The blame for x in softplus(x)."""
    return gradients / (xp.exp(-features) + 1)


@op("Softsign(features:T) -> (activations:T)", T=WITH_FRACTION)
def softsign(xp, features):
    """x / (1 + |x|): from -1 to 1."""
    return features / (xp.abs(features) + 1)


@op("SoftsignGrad(gradients:T, features:T) -> (backprops:T)", T=WITH_FRACTION)
def softsign_grad(xp, gradients, features):
    """The blame for x in softsign(x)."""
    return gradients / xp.square(xp.abs(features) + 1)


keep_shape(softplus, softsign)
softplus_grad.shape(as_both)
softsign_grad.shape(as_both)
softplus.gradient(lambda op, dy: dy * sigmoid(op.inputs[0]))
softsign.gradient(lambda op, dy: softsign_grad(dy, op.inputs[0]))


@softplus_grad.gradient
def _(op, dz):
    dy, x = op.inputs
    with control_dependencies([dz]):
        ddy = softplus_grad(dz, x)
        return ddy, dz * dy / (exp(-x) + 2.0 + exp(x))


### Bends made of bends


def crelu(features, name=None, axis=-1):
    """relu of the features and of their opposites, one after the other on an axis."""
    with name_scope(name, "CRelu", [features]) as name:
        features = convert_to_tensor(features, name="features")
        return relu(concat([features, -features], axis, name=name))


def log_sigmoid(x, name=None):
    """log(sigmoid(x)), which does not underflow: -softplus(-x)."""
    with name_scope(name, "LogSigmoid", [x]) as name:
        x = convert_to_tensor(x, name="x")
        return negative(softplus(-x), name=name)


@op("IdentityN(input:*T) -> (output:*T)", view=True)
def identity_n(xp, input):
    """The same tensors."""
    return input


identity_n.shape(lambda op, *shapes: list(shapes))
identity_n.gradient(lambda op, *dys: list(dys))


def swish(features):
    """x * sigmoid(x), with a gradient that needs only x."""
    x = convert_to_tensor(features, name="features")
    y = x * sigmoid(x)
    identity(y)  # a node that TensorFlow leaves behind
    with x.graph.gradient_override_map({"IdentityN": "Swish"}):
        return identity_n([y, x])[0]


@RegisterGradient("Swish")
def _(op, dy, _):
    x = op.inputs[1]
    with control_dependencies([dy]):
        s = sigmoid(x)
    slope = s * (1.0 + x * (1.0 - s))
    return None, dy * slope


## Scores become probabilities


@op("Softmax(logits:T) -> (softmax:T)", T=WITH_FRACTION)
def softmax_op(xp, logits):
    """Probabilities from scores, along the last axis: e^x, divided by their sum."""
    e = xp.exp(below_best(xp, logits))
    e *= 1 / xp.sum(e, axis=-1, keepdims=True)
    return e


@op("LogSoftmax(logits:T) -> (logsoftmax:T)", T=WITH_FRACTION)
def log_softmax_op(xp, logits):
    """The logarithms of the probabilities, along the last axis."""
    z = below_best(xp, logits)
    return z - xp.log(xp.sum(xp.exp(z), axis=-1, keepdims=True))


def below_best(xp, scores):
    """How far each score is below the best one in its row: 0 or less."""
    return scores - xp.max(scores, axis=-1, keepdims=True)


@softmax_op.shape
@log_softmax_op.shape
def _(op, logits):
    return with_rank_at_least(logits, 1)


@softmax_op.gradient
def _(op, dp):
    p = op.outputs[0]
    average = reduce_sum(dp * p, -1, keepdims=True)
    return (dp - average) * p


@log_softmax_op.gradient
def _(op, dy):
    p = exp(op.outputs[0])
    return dy - reduce_sum(dy, -1, keepdims=True) * p


### Along another axis


def along(row, x, axis, name):
    """What a row does along the last axis, along any axis.

    Raises:
      InvalidArgumentError: if there is no such axis.
    """
    x = convert_to_tensor(x)
    sizes = x.shape
    if axis in (-1, None) or axis == sizes.rank - 1:
        return row(x, name=name)
    if not -sizes.rank <= axis < sizes.rank:
        count = sizes.rank
        problem = (
            f"Dimension ({axis}) must be in the range [{-count}, {count}) where "
            f"{count} is the number of dimensions in the input."
        )
        raise InvalidArgumentError(None, None, explain(problem))
    ndims = rank(x)
    axis = axis + ndims if axis < 0 else axis
    ndims = rank(x)
    axis = axis % sizes.rank
    turned = row(swapped(x, axis, subtract(ndims, 1)))
    result = swapped(turned, axis, subtract(ndims, 1), name)
    result.set_shape(sizes)
    return result


def swapped(x, i, j, name=None):
    """x with the axes i and j swapped; i < j."""
    order = concat([range_(i), [j], range_(i + 1, j), [i]], 0)
    return transpose(x, order, name=name or "transpose")


def softmax(logits, axis=None, name=None, dim=None):
    """Probabilities from scores: e^x, divided by the sum along an axis.

    Args:
      logits: scores, of any size.
      axis: the axis of the classes; the last by default (`dim` by its old name).
      name: the name of the operation.
    """
    return along(softmax_op, logits, newer("axis", axis, "dim", dim), name)


def log_softmax(logits, axis=None, name=None, dim=None):
    """The logarithms of `softmax`, exact also where a probability is tiny."""
    return along(log_softmax_op, logits, newer("axis", axis, "dim", dim), name)


## A bias for each feature

FORMATS = ("NHWC", "NCHW")


@op(
    "BiasAdd(value:T, bias:T) -> (output:T)", T=sum_op.allowed["T"], data_format=FORMATS
)
def bias_add_op(xp, value, bias, *, data_format="NHWC"):
    """value + bias, one number for each feature; axis 1 are the features in NCHW."""
    axis = features_axis(data_format)
    if value.ndim < 2 or bias.shape != (value.shape[axis],):
        raise ValueError(why_no_bias(value, bias, data_format))
    if axis == 1:
        bias = xp.reshape(bias, (-1,) + (1,) * (value.ndim - 2))
    return value + bias


def why_no_bias(value, bias, data_format):
    """Why a bias does not fit, in TensorFlow's words."""
    shapes = in_brackets(value.shape), in_brackets(bias.shape)
    if value.ndim < 2:
        return f"Input tensor must be at least 2D: {shapes[0]}"
    if bias.ndim != 1:
        return f"Biases must be 1D: {shapes[1]}"
    which = "last" if data_format == "NHWC" else "channel"
    return (
        f"Must provide as many biases as the {which} dimension of the input tensor: "
        f"{shapes[1]} vs. {shapes[0]}"
    )


def features_axis(data_format):
    """Where the features are."""
    return 1 if data_format == "NCHW" else -1


@op(
    "BiasAddGrad(out_backprop:T) -> (output:T)",
    T=sum_op.allowed["T"],
    data_format=FORMATS,
)
def bias_add_grad(xp, out_backprop, *, data_format="NHWC"):
    """The sum over all axes but the one of the features."""
    dy = out_backprop
    if dy.ndim < 2:
        raise ValueError(f"Input tensor must be at least 2D: {in_brackets(dy.shape)}")
    if data_format == "NHWC":
        return xp.sum(xp.reshape(dy, (-1, dy.shape[-1])), axis=0, dtype=dy.dtype)
    others = (0, *range(2, dy.ndim))
    return xp.sum(dy, axis=others, dtype=dy.dtype)


@bias_add_op.shape
def _(op, value, bias):
    axis = features_axis(op.get_attr("data_format"))
    value, bias = with_rank_at_least(value, 2 if axis < 0 else 3), with_rank(bias, 1)
    if value.rank is None:
        return value
    sizes = list(value.sizes)
    sizes[axis] = one_size(sizes[axis], bias.sizes[0])
    return TensorShape(sizes)


@bias_add_grad.shape
def _(op, dy):
    axis = features_axis(op.get_attr("data_format"))
    dy = with_rank_at_least(dy, 2 if axis < 0 else 3)
    return TensorShape([None if dy.rank is None else dy.sizes[axis]])


def one_size(n, m):
    """The size that two axes have in common; None if neither is known."""
    if None not in (n, m) and n != m:
        raise ShapeError(f"Dimensions must be equal, but are {n} and {m}")
    return m if n is None else n


@bias_add_op.gradient
def _(op, dy):
    return dy, bias_add_grad(dy, op.attrs["data_format"])


@bias_add_grad.gradient
def _(op, dz):
    sizes, count = shape(op.inputs[0]), shape(dz)
    if op.attrs["data_format"] == "NCHW":
        alone = concat([ones_like(sizes[:1]), count, ones_like(sizes[2:])], 0)
        times = concat([sizes[:1], [1], sizes[2:]], 0)
    else:
        alone = concat([ones_like(sizes[:-1]), count], 0)
        times = concat([sizes[:-1], [1]], 0)
    return tile(reshape(dz, alone), times)


def bias_add(value, bias, data_format=None, name=None):
    """value + bias, where bias has one number for each feature.

    Args:
      value: a tensor with two axes or more.
      bias: a vector.
      data_format: `N...C`, features last, as by default; or `NC...`, features second.
      name: the name of the operation.

    Raises:
      ValueError: for another format, or if there are not as many numbers as features.
    """
    with name_scope(name, "BiasAdd", [value, bias]) as name:
        if data_format and data_format.startswith("NC"):
            data_format = "NCHW"
        elif data_format and not (data_format[0] == "N" and data_format[-1] == "C"):
            problem = "data_format must be of the form `N...C` or `NC...`"
            raise ValueError(explain(problem, fix='data_format="NHWC" or "NCHW"'))
        elif data_format:
            data_format = "NHWC"
        value = convert_to_tensor(value, name="input")
        bias = convert_to_tensor(bias, value.dtype.base_dtype, name="bias")
        return bias_add_op(value, bias, data_format, name=name)


def xw_plus_b(x, weights, biases, name=None):
    """x @ weights + biases: (n, k), (k, m), (m,) -> (n, m)."""
    with name_scope(name, "xw_plus_b", [x, weights, biases]) as name:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return bias_add(matmul(x, weights), biases, name=name)


def relu_layer(x, weights, biases, name=None):
    """relu(x @ weights + biases): (n, k), (k, m), (m,) -> (n, m)."""
    with name_scope(name, "relu_layer", [x, weights, biases]) as name:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return relu(bias_add(matmul(x, weights), biases), name=name)


### How long


@op("L2Loss(t:T) -> (output:T)", T=WITH_FRACTION)
def l2_loss(xp, t):
    """Half the sum of the squares: one number."""
    return xp.sum(xp.square(t), dtype=t.dtype) * t.dtype.type(0.5)


l2_loss.shape(lambda op, t: TensorShape([]))
l2_loss.gradient(lambda op, dy: op.inputs[0] * dy)


### How wrong


@op(
    "SoftmaxCrossEntropyWithLogits(features:T, labels:T) -> (loss:T, backprop:T)",
    T=WITH_FRACTION,
)
def softmax_cross_entropy_op(xp, features, labels):
    """How wrong scores are, and the slope: (n, m), (n, m) -> (n,), (n, m)."""
    if features.shape != labels.shape:
        features, labels = of_one_shape(xp, features, labels)
    z = below_best(xp, features)
    p = xp.exp(z)
    total = xp.sum(p, axis=-1, keepdims=True)
    loss = xp.sum(labels * (xp.log(total) - z), axis=-1)
    p /= total
    return loss, p - labels


def of_one_shape(xp, features, labels):
    """Scores and labels, stretched to one shape."""
    try:
        return xp.broadcast_arrays(features, labels)
    except ValueError:
        sizes = in_brackets(features.shape), in_brackets(labels.shape)
    raise ValueError(
        "logits and labels must be broadcastable: logits_size={} labels_size={}".format(
            *sizes
        )
    )


@softmax_cross_entropy_op.shape
def _(op, features, labels):
    table = unknown_shape(2)
    known = [table if x.rank is None else x for x in (features, labels)]
    both = stretched(op, *known)
    if both.rank != 2:
        raise ShapeError(
            f"Shape must be broadcasted with rank 2, but is rank {both.rank}"
        )
    return [both[:1], both]


@softmax_cross_entropy_op.gradient
def _(op, dloss, dslope):
    scores, slope = op.inputs[0], op.outputs[1]
    dx = for_each_row(dloss, slope)
    if not is_zero(dslope):
        p = softmax(scores)
        average = matmul(expand_dims(dslope, 1), expand_dims(p, 2))
        dx = dx + (dslope - squeeze(average, axis=1)) * p
    return dx, for_each_row(dloss, -log_softmax(scores))


def for_each_row(numbers, table):
    """Each row of a table times a number: (n,), (n, m) -> (n, m)."""
    return expand_dims(numbers, -1) * table


def is_zero(dy):
    """Whether blame is known to be nothing, while the graph is written."""
    if dy.op.type == "ZerosLike":
        return True
    value = constant_value(dy)
    return value is not None and not value.any()


### When the label is a number


@op(
    "SparseSoftmaxCrossEntropyWithLogits(features:T, labels:Tlabels=int64) "
    "-> (loss:T, backprop:T)",
    T=WITH_FRACTION,
    Tlabels=(int32, int64),
)
def sparse_softmax_cross_entropy_op(xp, features, labels):
    """How wrong scores are, and the slope: (n, m), (n,) -> (n,), (n, m)."""
    if (
        features.ndim != 2
        or labels.shape != features.shape[:1]
        or not features.shape[1]
    ):
        raise ValueError(why_no_labels(features, labels))
    require_classes(labels, features.shape[1])
    z, rows = below_best(xp, features), xp.arange(len(labels))
    p = xp.exp(z)
    total = xp.sum(p, axis=-1, keepdims=True)
    loss = xp.log(total[:, 0]) - z[rows, labels]
    p /= total
    p[rows, labels] -= 1
    return loss, p


def why_no_labels(features, labels):
    """Why labels do not go with scores, in TensorFlow's words."""
    shapes = in_brackets(features.shape), in_brackets(labels.shape)
    if features.ndim != 2:
        return f"logits must be 2-D, but got shape {shapes[0]}"
    if labels.ndim != 1:
        return f"labels must be 1-D, but got shape {shapes[1]}"
    if len(features) == len(labels):
        return f"Must have at least one class, but got logits shape {shapes[0]}"
    return (
        "logits and labels must have the same first dimension, got logits shape "
        f"{shapes[0]} and labels shape {shapes[1]}"
    )


def require_classes(labels, classes):
    """Raise ValueError, in TensorFlow's words, for a label that no class has."""
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        first, values = labels[outside][0], " ".join(map(str, labels.tolist()))
        raise ValueError(
            f"Received a label value of {first} which is outside the valid "
            f"range of [0, {classes}).  Label values: {values}\n"
            f"  expected: labels from 0 to {classes - 1}, one less than scores\n"
            "  fix: labels = labels - 1, if they count from 1; or a wider last layer"
        )


@sparse_softmax_cross_entropy_op.shape
def _(op, features, labels):
    features, labels = with_rank(features, 2), with_rank(labels, 1)
    batch = one_size(features.sizes[0], labels.sizes[0])
    return [TensorShape([batch]), TensorShape([batch, features.sizes[1]])]


@sparse_softmax_cross_entropy_op.gradient
def _(op, dloss, dslope):
    slope = prevent_gradient(
        op.outputs[1],
        message="Currently there is no way to take the second derivative of "
        "sparse_softmax_cross_entropy_with_logits due to the fused implementation's "
        "interaction with tf.gradients()",
    )
    return for_each_row(dloss, slope), None


### What programs call


def require_names(function, sentinel, labels, logits):
    """Raise ValueError if arguments were given by place, or are missing."""
    if sentinel is not None:
        problem = "with named arguments (labels=..., logits=..., ...)"
        raise ValueError(
            explain(
                f"Only call `{function}` {problem}",
                expected="names, because the order of the two has changed in the past",
                fix=f"tf.nn.{function}(labels=..., logits=...)",
            )
        )
    if labels is None or logits is None:
        raise ValueError(explain("Both labels and logits must be provided."))


def as_table(x):
    """A tensor as a table: all axes but the last in one."""
    ndims, sizes = rank(x), shape(x)
    classes = slice_(sizes, [subtract(ndims, 1)], [1])
    table = reshape(x, concat([[-1], classes], 0))
    if x.shape.rank and None not in x.shape.sizes[:-1]:
        table.set_shape([x.shape[:-1].num_elements(), x.shape.sizes[-1]])
    return table


def axis_last(x, axis, ndims):
    """x with one axis moved to the end."""
    order = concat([range_(axis), range_(axis + 1, ndims), [axis]], 0)
    return transpose(x, order)


def less_axis(sizes, axis):
    """A shape without one of its axes."""
    if sizes.rank is None:
        return sizes
    left = list(sizes.sizes)
    del left[axis]
    return TensorShape(left)


def in_float32(x):
    """x, but as float32 if it has half as many bits: sums of halves lose too much."""
    return cast(x, float32) if x.dtype == float16 else x


def softmax_cross_entropy_with_logits_v2(
    labels, logits, axis=None, name=None, dim=None
):
    """How wrong scores are, given true probabilities. Blame reaches the labels, too.

    Args:
      labels: (..., m), the true probabilities; each row should add up to 1.
      logits: (..., m), scores: what goes into a softmax, not what comes out.
      axis: the axis of the classes; the last by default (`dim` by its old name).
      name: the scope of the operations.

    Returns:
      (...), one number for each row.
    """
    axis = newer("axis", axis, "dim", dim)
    axis = -1 if axis is None else axis
    scope = "softmax_cross_entropy_with_logits"
    with name_scope(name, scope, [logits, labels]) as name:
        given = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        logits = in_float32(given)
        labels = cast(labels, logits.dtype)
        ndims = rank(logits)
        if axis != -1:
            logits = axis_last(logits, axis, ndims)
            labels = axis_last(labels, axis, ndims)
        sizes, table, truth = shape(logits), as_table(logits), as_table(labels)
        loss = softmax_cross_entropy_op(table, truth, name=name).loss
        loss = reshape(loss, slice_(sizes, [0], [subtract(ndims, 1)]))
        loss.set_shape(less_axis(given.shape, axis))
        return cast(loss, given.dtype)


def softmax_cross_entropy_with_logits(
    _sentinel=None, labels=None, logits=None, dim=-1, name=None, axis=None
):
    """The older one: as `..._v2`, but labels are constants, no blame reaches them."""
    function = "softmax_cross_entropy_with_logits"
    axis = newer("axis", axis, "dim", dim)
    require_names(function, _sentinel, labels, logits)
    warnings.warn(
        f"tf.nn.{function} is deprecated: use tf.nn.{function}_v2, in which gradients "
        "flow into the labels, too",
        DeprecationWarning,
        2,
    )
    with name_scope(name, f"{function}_sg", [logits, labels]) as name:
        labels = stop_gradient(labels, name="labels_stop_gradient")
        return softmax_cross_entropy_with_logits_v2(labels, logits, axis, name)


@op("Assert(condition:bool, data:*T) -> ()")
def assert_op(run, condition, data, *, summarize=3):
    """Nothing, if the condition holds; else an error that shows the data."""
    if not condition:
        parts = [f"[{in_words(value, summarize)}]" for value in data]
        problem = f"assertion failed: {' '.join(parts)}"
        raise InvalidArgumentError(None, None, problem)


assert_op.shape(lambda op, *_: [])
assert_op.gradient(None)


def in_words(value, count):
    """The first elements of an array, as they stand in a message; all if count < 0."""
    array = np.asarray(value)
    flat = array.ravel()[: array.size if count < 0 else count]
    words = in_brackets_by_row([in_digits(v) for v in flat], array.shape)
    return words + "..." * (flat.size < array.size)


def in_brackets_by_row(words, shape):
    """Words for the first elements of an array of that shape, row by row."""
    if len(shape) < 2 or not words:
        return " ".join(words)
    size = int(np.prod(shape[1:]))
    rows = [words[i : i + size] for i in range(0, len(words), size)]
    cut = ["..." if len(shape) == 2 and len(row) < size else "" for row in rows]
    rows = [in_brackets_by_row(row, shape[1:]) for row in rows]
    return "".join(f"[{row}{dots}]" for row, dots in zip(rows, cut, strict=True))


def in_digits(v):
    """A number in as few digits as tell it apart from others, a bool as 0 or 1."""
    if isinstance(v, np.floating):
        kind, few, many = (
            (np.float64, 15, 17) if v.itemsize == 8 else (np.float32, 6, 9)
        )
        short = f"{v:.{few}g}"
        return short if kind(short) == kind(v) else f"{v:.{many}g}"
    if isinstance(v, bytes):
        return v.decode()
    return str(int(v)) if isinstance(v, np.bool_) else str(v)


def require_equal(x, y):
    """An operation that objects if two tensors differ in an element."""
    with name_scope(None, "assert_equal"):
        pass  # TensorFlow opens this scope twice
    with name_scope(None, "assert_equal"):
        condition = reduce_all(equal(x, y))
        words = "Condition x == y did not hold element-wise:"
        data = [words, f"x ({x.name}) = ", x, f"y ({y.name}) = ", y]
        with name_scope("Assert"):
            for text in data[:2] + data[3:4]:
                constant(text)  # made by TensorFlow, and used by nobody
            return assert_op(condition, data)


def sparse_softmax_cross_entropy_with_logits(
    _sentinel=None, labels=None, logits=None, name=None
):
    """How wrong scores are, given the number of the right class.

    Args:
      labels: (...), whole numbers from 0 to m - 1.
      logits: (..., m), scores: what goes into a softmax, not what comes out.
      name: the scope of the operations.

    Returns:
      (...), one number for each label; 0 is the best.
    """
    function = "sparse_softmax_cross_entropy_with_logits"
    require_names(function, _sentinel, labels, logits)
    loss_of = sparse_softmax_cross_entropy_op
    scope = "SparseSoftmaxCrossEntropyWithLogits"
    with name_scope(name, scope, [labels, logits]):
        labels, given = convert_to_tensor(labels), convert_to_tensor(logits)
        logits, sizes = in_float32(given), shape(labels)
        require_one_label_each(labels.shape, logits.shape)
        if logits.shape.rank == 2:
            loss = loss_of(logits, labels, name=name).loss
        else:
            with control_dependencies(shape_checks(labels, logits)):
                classes = shape(logits)[rank(logits) - 1]
                table = reshape(logits, [-1, classes])
                loss = loss_of(table, reshape(labels, [-1]), name=name).loss
                loss = reshape(loss, sizes)
            loss.set_shape(labels.shape)
        return cast(loss, given.dtype)


def shape_checks(labels, logits):
    """What has to be compared in the run: nothing, if all shapes are known."""
    if both_known(labels.shape, logits.shape):
        return []
    return [require_equal(shape(labels), shape(logits)[:-1])]


def both_known(labels, logits):
    """Whether the shapes of labels and scores are known, but for the classes."""
    return labels.is_fully_defined() and logits[:-1].is_fully_defined()


def require_one_label_each(labels, logits):
    """Raise ValueError if shapes of labels and scores contradict each other."""
    problem = None
    if logits.rank == 0:
        problem = f"Logits cannot be scalars - received shape {logits}."
    elif None not in (labels.rank, logits.rank) and labels.rank != logits.rank - 1:
        problem = (
            f"Rank mismatch: Rank of labels (received {labels.rank}) should equal rank "
            f"of logits minus 1 (received {logits.rank})."
        )
    elif both_known(labels, logits) and labels != logits[:-1]:
        problem = (
            f"Shape mismatch: The shape of labels (received {labels}) should equal the "
            f"shape of logits except for the last dimension (received {logits})."
        )
    if problem:
        fix = "for labels of 0 and 1: tf.nn.softmax_cross_entropy_with_logits_v2"
        raise ValueError(explain(problem, fix=fix))


### Yes or no


def of_the_same_shape(x, y, names):
    """Raise ValueError if the shapes of two tensors contradict each other."""
    try:
        y.shape.merge_with(x.shape)
    except ValueError:
        problem = f"{names} must have the same shape ({x.shape} vs {y.shape})"
        raise ValueError(explain(problem)) from None


def sigmoid_cross_entropy_with_logits(
    _sentinel=None, labels=None, logits=None, name=None
):
    """How wrong the answers to yes-or-no questions are.

    Args:
      labels: the true probabilities of a yes, 0 or 1 in most programs.
      logits: scores, in the same shape: what goes into a sigmoid.
      name: the name of the last operation.

    Returns:
      One number for each question; 0 is the best.
    """
    function = "sigmoid_cross_entropy_with_logits"
    require_names(function, _sentinel, labels, logits)
    with name_scope(name, "logistic_loss", [logits, labels]) as name:
        x = convert_to_tensor(logits, name="logits")
        y = convert_to_tensor(labels, name="labels")
        of_the_same_shape(x, y, "logits and labels")
        nought = zeros_like(x)
        positive = x >= nought
        gate = select(positive, x, nought)
        minus_size = select(positive, -x, x)
        return add(gate - x * y, log1p(exp(minus_size)), name=name)


def weighted_cross_entropy_with_logits(
    labels=None, logits=None, pos_weight=None, name=None, targets=None
):
    """As `sigmoid_cross_entropy_with_logits`, with another weight for a missed yes.

    Args:
      labels: the true probabilities (`targets` by its old name).
      logits: scores, in the same shape.
      pos_weight: how often a missed yes counts.
      name: the name of the last operation.
    """
    labels = newer("labels", labels, "targets", targets)
    with name_scope(name, "logistic_loss", [logits, labels]) as name:
        x = convert_to_tensor(logits, name="logits")
        y = convert_to_tensor(labels, name="labels")
        of_the_same_shape(x, y, "logits and labels")
        weight = 1 + (pos_weight - 1) * y
        if_no = (1 - y) * x
        miss = log1p(exp(-abs(x))) + relu(-x)
        return add(if_no, weight * miss, name=name)


def log_poisson_loss(targets, log_input, compute_full_loss=False, name=None):
    """How wrong expected counts are.

    Args:
      targets: the counts.
      log_input: the logarithms of the expected counts, in the same shape.
      compute_full_loss: whether to add what depends on the counts alone (by Stirling).
      name: the scope of the operations.
    """
    with name_scope(name, "log_poisson_loss", [log_input, targets]):
        x = convert_to_tensor(log_input, name="log_input")
        n = convert_to_tensor(targets, name="targets")
        of_the_same_shape(x, n, "log_input and targets")
        loss = exp(x) - x * n
        if compute_full_loss:
            half, two_pi = constant(0.5, loss.dtype), constant(2 * np.pi, loss.dtype)
            stirling = n * log(n) - n + half * log(two_pi * n)
            nought, one = zeros_like(n), ones_like(n)
            tiny = logical_and(n >= nought, n <= one)
            loss = loss + select(tiny, nought, stirling)
        return loss


## Leave some out


def dropout(x, keep_prob=None, noise_shape=None, seed=None, name=None, rate=None):
    """Some elements of x at random set to 0, the others divided by what is kept.

    Args:
      x: a tensor of numbers with a fraction.
      keep_prob: the fraction that is kept, in (0, 1]; the old way to say it.
      noise_shape: the shape of the draw; where it has 1, a whole axis is kept or
        dropped together. None in a list stands for the size of x.
      seed: an integer, or None; see `set_random_seed`.
      name: the scope of the operations.
      rate: the fraction that is dropped, in [0, 1): 1 - keep_prob.

    Raises:
      ValueError: for both or none of keep_prob and rate, or one out of its range.
    """
    if keep_prob is not None:
        warnings.warn(
            "tf.nn.dropout(x, keep_prob) is deprecated: use rate = 1 - keep_prob",
            DeprecationWarning,
            2,
        )
    rate = newer("rate", rate, "keep_prob", dropped(keep_prob))
    if rate is None:
        problem = "You must provide a rate to dropout."
        raise ValueError(explain(problem, fix="tf.nn.dropout(x, rate=0.5)"))
    with name_scope(name, "dropout", [x]):
        x = convert_to_tensor(x, name="x")
        require_rate(rate, x.dtype)
        if isinstance(rate, numbers.Real) and rate == 0:
            return x
        rate = convert_to_tensor(rate, x.dtype.base_dtype, name="rate")
        rate.shape.assert_has_rank(0)
        if rate.op.type == "Const" and constant_value(rate) == 0:
            return x
        return thinned(x, rate, shape_of_noise(x, noise_shape), seed)


def thinned(x, rate, noise_shape, seed):
    """Some of x set to 0, the others divided by what is kept."""
    dtype = x.dtype.base_dtype
    noise = random_uniform(noise_shape, dtype=dtype, seed=seed)
    scale = 1 / (1 - rate)
    kept = noise >= rate
    result = x * scale * cast(kept, dtype)
    result.set_shape(x.shape)
    return result


def dropped(keep_prob):
    """The fraction that is dropped, if keep_prob is kept."""
    try:
        return None if keep_prob is None else 1.0 - keep_prob
    except TypeError:
        problem = "keep_prob must be a floating point number or Tensor"
        raise ValueError(explain(f"{problem} (got {keep_prob!r})")) from None


def require_rate(rate, dtype):
    """Raise ValueError if a rate is no rate, or nothing with a fraction is dropped."""
    if not dtype.is_floating:
        raise ValueError(
            explain(
                "x has to be a floating point tensor since it's going to be scaled. "
                f"Got a {dtype} tensor instead.",
                fix="tf.cast(x, tf.float32)",
            )
        )
    if isinstance(rate, numbers.Real) and not 0 <= rate < 1:
        what = "rate must be a scalar tensor or a float in the range [0, 1), got"
        fix = "rate is the fraction that is dropped; keep_prob is 1 - rate"
        raise ValueError(explain(f"{what} {rate:g}", fix=fix))
    if isinstance(rate, numbers.Real) and rate > 0.5:
        warnings.warn(
            f"Large dropout rate: {rate:g} (>0.5). In TensorFlow 2.x, dropout() uses "
            "dropout rate instead of keep_prob. Please ensure that this is intended.",
            stacklevel=3,
        )


def shape_of_noise(x, noise_shape):
    """The shape of the draw: that of x, or the one given, with sizes of x for None."""
    if noise_shape is None:
        return shape(x)
    try:
        given = as_shape(noise_shape)
    except (TypeError, ValueError):
        return noise_shape
    if x.shape.rank is None or x.shape.rank != given.rank:
        return noise_shape
    pairs = zip(given.sizes, x.shape.sizes, strict=True)
    return TensorShape([n if m is None else m for m, n in pairs])
