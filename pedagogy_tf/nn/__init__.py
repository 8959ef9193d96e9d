"""tf.nn: what networks are made of."""

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
