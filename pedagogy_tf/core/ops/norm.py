"""Normalisation of pictures, as one operation: over the batch, or among neighbours."""

# Generated from book/source/24_convolution.md: change it there, then `make export`.

from pedagogy_tf.core.dtypes import float32
from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.op import constant, convert_to_tensor, op, with_rank
from pedagogy_tf.core.ops.array import transpose
from pedagogy_tf.core.ops.basic import reshape
from pedagogy_tf.core.ops.conv import Move
from pedagogy_tf.core.ops.elementwise import rsqrt
from pedagogy_tf.core.ops.math import dtypes, reduce_sum
from pedagogy_tf.core.ops.nn import FORMATS, one_size
from pedagogy_tf.core.ops.pool import summed
from pedagogy_tf.core.ops.reduce import reduce_mean
from pedagogy_tf.core.shapes import TensorShape, unknown_shape

__all__ = [
    "HALF",
    "others",
    "beside",
    "fused_batch_norm_op",
    "fused_batch_norm_grad",
    "features_and",
    "fused_batch_norm",
    "neighbours",
    "local_response_normalization",
    "lrn_grad",
]


## Bring features to one scale

HALF = dtypes("float16 bfloat16 float32")


def others(data_format):
    """All axes but the one of the features."""
    return (0, 2, 3) if data_format == "NCHW" else (0, 1, 2)


def beside(vector, data_format):
    """A vector, one number for each feature, in a shape that goes with pictures."""
    return vector.reshape(-1, 1, 1) if data_format == "NCHW" else vector


@op(
    "FusedBatchNormV3(x:T, scale:U, offset:U, mean:U, variance:U) -> (y:T, "
    "batch_mean:U, batch_variance:U, reserve_space_1:U, reserve_space_2:U, "
    "reserve_space_3:U)",
    T=HALF,
    U=(float32,),
    data_format=FORMATS,
)
def fused_batch_norm_op(
    xp,
    x,
    scale,
    offset,
    mean,
    variance,
    *,
    epsilon=0.0001,
    data_format="NHWC",
    is_training=True,
):
    """Pictures on one scale; what that took, for running averages and for blame."""
    axes, wide = others(data_format), x.astype(scale.dtype, copy=False)
    handed_out = variance
    if is_training:
        mean = xp.mean(wide, axis=axes)
    away = wide - beside(mean, data_format)
    if is_training:
        variance = xp.mean(xp.square(away), axis=axes)
        count = x.size // max(1, len(mean))
        handed_out = variance * variance.dtype.type(count / max(1, count - 1))
    factor = scale / xp.sqrt(variance + variance.dtype.type(epsilon))
    away *= beside(factor, data_format)
    away += beside(offset, data_format)
    nothing = xp.zeros((), scale.dtype)
    y = away.astype(x.dtype, copy=False)
    return y, mean, handed_out, mean, variance, nothing


@op(
    "FusedBatchNormGradV3(y_backprop:T, x:T, scale:float32, reserve_space_1:U, "
    "reserve_space_2:U, reserve_space_3:U) -> (x_backprop:T, scale_backprop:U, "
    "offset_backprop:U, reserve_space_4:U, reserve_space_5:U)",
    T=HALF,
    U=(float32,),
    data_format=FORMATS,
)
def fused_batch_norm_grad(
    xp,
    y_backprop,
    x,
    scale,
    reserve_space_1,
    reserve_space_2,
    reserve_space_3,
    *,
    epsilon=0.0001,
    data_format="NHWC",
    is_training=True,
):
    """The blame for x, scale and offset of FusedBatchNormV3."""
    axes, mean, variance = others(data_format), reserve_space_1, reserve_space_2
    dy = y_backprop.astype(scale.dtype, copy=False)
    r = 1 / xp.sqrt(variance + variance.dtype.type(epsilon))
    scaled = (x - beside(mean, data_format)) * beside(r, data_format)
    doffset, dscale = xp.sum(dy, axis=axes), xp.sum(dy * scaled, axis=axes)
    dx, rest = dy, xp.zeros(len(mean), scale.dtype)
    if is_training:
        part = scale.dtype.type(len(mean) / max(1, x.size))
        dx = dy - beside(doffset * part, data_format)
        dx -= scaled * beside(dscale * part, data_format)
        rest = xp.zeros(0, scale.dtype)
    dx = dx * beside(scale * r, data_format)
    return dx.astype(x.dtype, copy=False), dscale, doffset, rest, rest


def features_and(op, x, vectors):
    """(x, the number of features) if vectors of so many numbers go with x."""
    axis = 1 if op.get_attr("data_format") == "NCHW" else 3
    x = with_rank(x, 4)
    sizes = list(x.sizes)
    for vector in vectors:
        sizes[axis] = one_size(sizes[axis], with_rank(vector, 1).sizes[0])
    return TensorShape(sizes), TensorShape([sizes[axis]])


@fused_batch_norm_op.shape
def _(op, x, *vectors):
    used = vectors[:2] if op.get_attr("is_training") else vectors
    x, vector = features_and(op, x, used)
    return [x, *[vector] * 4, unknown_shape()]


@fused_batch_norm_grad.shape
def _(op, dy, x, scale, mean, variance, rest):
    x, vector = features_and(op, dy.merge_with(x), [scale, mean, variance])
    rest = TensorShape([0]) if op.get_attr("is_training") else vector
    return [x, vector, vector, rest, rest]


@fused_batch_norm_op.gradient
def _(op, dy, *_):
    x, scale, _, mean, variance = op.inputs
    training, data_format = op.get_attr("is_training"), op.attrs["data_format"]
    how = {"epsilon": op.get_attr("epsilon"), "is_training": training}
    if training:
        kept, how["data_format"] = op.outputs[3:6], data_format
        return tuple(fused_batch_norm_grad(dy, x, scale, *kept, **how))
    if data_format == "NCHW":
        x, dy = transpose(x, [0, 2, 3, 1]), transpose(dy, [0, 2, 3, 1])
    kept = mean, variance, op.outputs[5]
    dx, dscale, doffset, *_ = fused_batch_norm_grad(dy, x, scale, *kept, **how)
    if data_format == "NCHW":
        dx = transpose(dx, [0, 3, 1, 2])
    return dx, dscale, doffset, None, None


@fused_batch_norm_grad.gradient
def _(op, ddx, ddscale, ddoffset, *_):
    dy, x, scale, mean, variance, _ = op.inputs
    data_format = op.attrs["data_format"]
    axes = list(others(data_format))

    def wide(vector):
        return reshape(vector, [1, -1, 1, 1]) if data_format == "NCHW" else vector

    def average(v):
        return reduce_mean(v, axes, keepdims=True)

    r = rsqrt(variance + op.get_attr("epsilon"))
    scaled, gain = (x - wide(mean)) * wide(r), wide(scale * r)
    left = ddx, dy
    if op.get_attr("is_training"):
        left = [v - average(v) - scaled * average(v * scaled) for v in left]
    for_dy = gain * left[0] + wide(ddscale) * scaled + wide(ddoffset)
    for_scale = reduce_sum(ddx * left[1], axes) * r
    for_x = wide(ddscale * r) * left[1]
    if op.get_attr("is_training"):
        parts = scaled * average(ddx * left[1])
        parts += average(dy * scaled) * left[0] + average(ddx * scaled) * left[1]
        for_x = for_x - gain * wide(r) * parts
    return for_dy, for_x, for_scale, None, None, None


def fused_batch_norm(
    x,
    scale,
    offset,
    mean=None,
    variance=None,
    epsilon=0.001,
    data_format="NHWC",
    is_training=True,
    name=None,
):
    """Pictures, each feature with mean 0 and variance 1, times scale, plus offset.

    Args:
      x: (n, h, w, c), or (n, c, h, w) for the format NCHW.
      scale, offset: (c,).
      mean, variance: (c,), if they are known; None in training, when they are taken
        from x.
      epsilon: a little more variance, so that it is not 0.
      data_format: "NHWC" or "NCHW".
      is_training: whether mean and variance are those of x.
      name: the name of the operation.

    Returns:
      (y, mean, variance); the variance of x is divided by N - 1.

    Raises:
      ValueError: if mean or variance are given in training.
    """
    x = convert_to_tensor(x, name="input")
    scale = convert_to_tensor(scale, name="scale")
    offset = convert_to_tensor(offset, name="offset")
    if is_training and (mean is not None or variance is not None):
        problem = "Both 'mean' and 'variance' must be None if is_training is True."
        raise ValueError(explain(problem))
    mean = constant([], float32) if mean is None else mean
    variance = constant([], float32) if variance is None else variance
    epsilon = max(epsilon, 1.001e-5)  # cuDNN asks for so much
    how = {"epsilon": epsilon, "data_format": data_format, "is_training": is_training}
    return tuple(
        fused_batch_norm_op(x, scale, offset, mean, variance, name=name, **how)[:3]
    )


def neighbours(xp, x, radius):
    """The sum over each feature and those up to `radius` places away."""
    step = Move(x.shape[3], 2 * radius + 1, 1, 1, radius, radius, x.shape[3])
    return summed(xp, x, 3, step)


@op("LRN(input:T=float32) -> (output:T)", T=HALF)
def local_response_normalization(
    xp, input, *, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5
):
    """input / (bias + alpha * sum of the squares of neighbouring features) ** beta."""
    squares = neighbours(xp, input * input, depth_radius)
    return input * (bias + alpha * squares) ** -beta


@op(
    "LRNGrad(input_grads:T=float32, input_image:T=float32, output_image:T=float32) "
    "-> (output:T)",
    T=HALF,
)
def lrn_grad(
    xp,
    input_grads,
    input_image,
    output_image,
    *,
    depth_radius=5,
    bias=1.0,
    alpha=1.0,
    beta=0.5,
):
    """The blame for the input of LRN."""
    x, y, dy = input_image, output_image, input_grads
    size = bias + alpha * neighbours(xp, x * x, depth_radius)
    shared = neighbours(xp, dy * y / size, depth_radius)
    return dy * size**-beta - (2 * alpha * beta) * x * shared


local_response_normalization.shape(lambda op, x: with_rank(x, 4))


@lrn_grad.shape
def _(op, dy, x, y):
    return with_rank(dy, 4).merge_with(x).merge_with(y)


@local_response_normalization.gradient
def _(op, dy):
    how = {
        name: op.get_attr(name) for name in ("depth_radius", "bias", "alpha", "beta")
    }
    return lrn_grad(dy, op.inputs[0], op.outputs[0], **how)
