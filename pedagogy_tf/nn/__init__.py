"""tf.nn: what networks are made of."""

from pedagogy_tf.core.ops.blocks import (
    depth_to_space,
    space_to_batch,
    space_to_depth,
)
from pedagogy_tf.core.ops.conv import (
    atrous_conv2d,
    conv1d,
    conv2d,
    conv2d_backprop_filter,
    conv2d_backprop_input,
    conv2d_transpose,
    convolution,
    depthwise_conv2d,
    depthwise_conv2d_native,
    separable_conv2d,
    with_space_to_batch,
)
from pedagogy_tf.core.ops.conv import (
    depthwise_backprop_filter_op as depthwise_conv2d_native_backprop_filter,
)
from pedagogy_tf.core.ops.conv import (
    depthwise_backprop_input_op as depthwise_conv2d_native_backprop_input,
)
from pedagogy_tf.core.ops.elementwise import sigmoid, tanh
from pedagogy_tf.core.ops.measures import (
    batch_normalization,
    embedding_lookup,
    in_top_k,
    l2_normalize,
    moments,
    normalize_moments,
    sufficient_statistics,
    top_k,
    weighted_moments,
    zero_fraction,
)
from pedagogy_tf.core.ops.nn import (
    bias_add,
    crelu,
    dropout,
    elu,
    l2_loss,
    leaky_relu,
    log_poisson_loss,
    log_softmax,
    relu,
    relu6,
    relu_layer,
    selu,
    sigmoid_cross_entropy_with_logits,
    softmax,
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    softplus,
    softsign,
    sparse_softmax_cross_entropy_with_logits,
    swish,
    weighted_cross_entropy_with_logits,
    xw_plus_b,
)
from pedagogy_tf.core.ops.norm import fused_batch_norm, local_response_normalization
from pedagogy_tf.core.ops.norm import local_response_normalization as lrn
from pedagogy_tf.core.ops.pool import (
    avg_pool,
    avg_pool1d,
    max_pool,
    max_pool1d,
    max_pool2d,
    max_pool_with_argmax,
    pool,
)
from pedagogy_tf.core.ops.pool import avg_pool as avg_pool2d
