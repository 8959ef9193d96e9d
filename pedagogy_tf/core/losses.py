"""Losses: how wrong predictions are, in one number, which is kept in a collection.

Each mistake gets a weight, then a reduction makes one number of them. Penalties on
weights are losses, too; they are kept apart, and join in `get_total_loss`.
"""

# Generated from book/source/23_layers.md: change it there, then `make export`.

import numbers
from contextlib import contextmanager

from pedagogy_tf.core.dtypes import float32, int32
from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.graph import (
    GraphKeys,
    control_dependencies,
    get_default_graph,
    name_scope,
)
from pedagogy_tf.core.op import constant, convert_to_tensor
from pedagogy_tf.core.ops.array import concat, expand_dims, slice_, squeeze, where
from pedagogy_tf.core.ops.basic import (
    add_n,
    no_op,
    ones_like,
    rank,
    reshape,
    shape,
    size,
    stop_gradient,
    zeros_like,
)
from pedagogy_tf.core.ops.elementwise import equal, log, logical_and, logical_or
from pedagogy_tf.core.ops.math import (
    abs_,
    add,
    cast,
    div_no_nan,
    maximum,
    minimum,
    multiply,
    newer,
    range_,
    reduce_sum,
    square,
    squared_difference,
    subtract,
)
from pedagogy_tf.core.ops.nn import (
    assert_op,
    l2_loss,
    relu,
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from pedagogy_tf.core.ops.reduce import reduce_all

__all__ = [
    "Reduction",
    "CANNOT",
    "assert_broadcastable",
    "why_static",
    "fits",
    "broadcast_weights",
    "compute_weighted_loss",
    "reduced",
    "safe_mean",
    "how_many",
    "how_many_count",
    "add_loss",
    "compared",
    "require_given",
    "require_same_shape",
    "mean_squared_error",
    "absolute_difference",
    "huber_loss",
    "hinge_loss",
    "log_loss",
    "cosine_distance",
    "mean_pairwise_squared_error",
    "pairwise",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
    "without_last_axis",
    "squeezed",
    "l1_regularizer",
    "l2_regularizer",
    "penalty",
    "l1_l2_regularizer",
    "sum_regularizer",
    "get_losses",
    "get_regularization_losses",
    "get_regularization_loss",
    "get_total_loss",
]


## From many losses to one number


class Reduction:
    """What is done with weighted losses."""

    NONE = "none"  # they are left as they are
    SUM = "weighted_sum"  # they are added; below, the sum is also divided
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"  # by how many there are
    MEAN = "weighted_mean"  # by the sum of the weights
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"  # by how many count
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls):
        """Every reduction."""
        first = (cls.NONE, cls.SUM, cls.MEAN, cls.SUM_OVER_BATCH_SIZE)
        return (*first, cls.SUM_OVER_NONZERO_WEIGHTS, cls.SUM_BY_NONZERO_WEIGHTS)

    @classmethod
    def validate(cls, key):
        """Raise ValueError if there is no such reduction."""
        if key not in cls.all():
            known = ", ".join(dict.fromkeys(cls.all()))
            raise ValueError(explain(f"Invalid Reduction Key {key}.", there_are=known))


### Weights that fit

CANNOT = "weights can not be broadcast to values."


def assert_broadcastable(weights, values):
    """An operation that objects if weights do not fit; or ValueError."""
    with name_scope(None, "assert_broadcastable", (weights, values)) as scope:
        with name_scope(None, "weights", (weights,)) as name:
            weights = convert_to_tensor(weights, name=name)
            sizes, ndims = shape(weights, name="shape"), rank(weights, name="rank")
        with name_scope(None, "values", (values,)) as name:
            values = convert_to_tensor(values, name=name)
            of_values = shape(values, name="shape"), rank(values, name="rank")
        known = why_static(weights.shape, values.shape)
        if known is not None:
            return no_op(name=known)
        is_scalar = equal(0, ndims, name="is_scalar")
        with name_scope("is_valid_shape"):
            valid = logical_or(is_scalar, fits(sizes, ndims, *of_values))
        data = [CANNOT, "weights.shape=", weights.name, sizes, "values.shape="]
        data += [values.name, of_values[0], "is_scalar=", is_scalar]
        return assert_op(valid, data, name=scope)


def why_static(weights, values):
    """How shapes show already that weights fit, or None. ValueError if they do not."""
    if weights.rank is None or values.rank is None:
        return None
    if weights.rank == 0:
        return "static_scalar_check_success"
    if weights.rank != values.rank:
        problem = f"values.rank={values.rank}. weights.rank={weights.rank}."
        problem += f" values.shape={values}. weights.shape={weights}."
        fix = "tf.expand_dims(weights, -1) adds an axis, tf.squeeze drops one"
        raise ValueError(explain(f"{CANNOT} {problem}", fix=fix))
    if not (weights.is_fully_defined() and values.is_fully_defined()):
        return None
    for i, (n, m) in enumerate(zip(weights.sizes, values.sizes, strict=True)):
        if n not in (1, m):
            shapes = [" ".join(map(str, s.sizes)) for s in (values, weights)]
            problem = f"values.shape=[{shapes[0]}] weights.shape=[{shapes[1]}]."
            raise ValueError(explain(f"{CANNOT} Mismatch at dim {i}. {problem}"))
    return "static_dims_check_success"


def fits(sizes, ndims, of_values, ndims_of_values):
    """Whether weights of these sizes have the axes of the values, or 1 instead."""
    padded = concat([sizes, ones_like(of_values)], 0)  # as many as we need, at least
    padded = slice_(padded, [0], [ndims_of_values])
    same = logical_or(equal(padded, of_values), equal(padded, 1))
    return logical_and(equal(ndims, ndims_of_values), reduce_all(same))


def broadcast_weights(weights, values):
    """Weights in the shape of the values."""
    with name_scope(None, "broadcast_weights", (weights, values)) as scope:
        values = convert_to_tensor(values, name="values")
        weights = convert_to_tensor(weights, values.dtype.base_dtype, name="weights")
        known = weights.shape.is_fully_defined() and values.shape.is_fully_defined()
        if known and weights.shape == values.shape:
            return weights
        with control_dependencies([assert_broadcastable(weights, values)]):
            return multiply(weights, ones_like(values), name=scope)


### The one number


def compute_weighted_loss(
    losses,
    weights=1.0,
    scope=None,
    loss_collection=GraphKeys.LOSSES,
    reduction=Reduction.SUM_BY_NONZERO_WEIGHTS,
):
    """One number for many losses, added to a collection.

    Args:
      losses: a tensor of numbers; the result has its dtype.
      weights: a number, or a tensor with the axes of the losses, of the same size or 1.
      scope: the scope of the operations.
      loss_collection: the collection that the loss joins, or None.
      reduction: one of Reduction.

    Raises:
      ValueError: weights do not fit, or there is no such reduction.
    """
    Reduction.validate(reduction)
    with name_scope(scope, "weighted_loss", (losses, weights)):
        with control_dependencies([assert_broadcastable(weights, losses)]):
            losses = convert_to_tensor(losses)
            dtype = losses.dtype
            losses, weights = cast(losses, float32), cast(weights, float32)
            loss = reduced(multiply(losses, weights), losses, weights, reduction)
            loss = cast(loss, dtype)
            add_loss(loss, loss_collection)
            return loss


def reduced(weighted, losses, weights, reduction):
    """What a reduction makes of weighted losses."""
    if reduction == Reduction.NONE:
        return weighted
    total = reduce_sum(weighted)
    if reduction == Reduction.SUM:
        return total
    if reduction == Reduction.MEAN:
        return safe_mean(total, reduce_sum(ones_like(losses) * weights))
    if reduction == Reduction.SUM_OVER_BATCH_SIZE:
        return safe_mean(total, how_many(losses))
    return safe_mean(total, how_many_count(losses, weights))


def safe_mean(losses, count):
    """The sum divided by a count; 0 if the count is 0."""
    return div_no_nan(reduce_sum(losses), count, name="value")


def how_many(losses):
    """The number of losses."""
    with name_scope(None, "num_elements", [losses]) as scope:
        return cast(size(losses, name=scope), losses.dtype)


def how_many_count(losses, weights, per_example=False):
    """The number of losses whose weight is not 0; for each example, if wanted."""
    with name_scope(None, "num_present", (losses, weights)) as scope:
        weights = cast(weights, float32)
        none = equal(weights, 0.0)
        present = where(none, zeros_like(weights), ones_like(weights))
        present = broadcast_weights(present, losses)
        axes = range_(1, rank(present)) if per_example else None
        return reduce_sum(present, axes, keepdims=per_example, name=scope)


def add_loss(loss, loss_collection=GraphKeys.LOSSES):
    """Add a loss to a collection, unless that is None."""
    if loss_collection:
        get_default_graph().add_to_collection(loss_collection, loss)


## A loss for each kind of answer


@contextmanager
def compared(scope, default, weights, own_dtype=False, **pair):
    """A scope for a loss, and both sides of a comparison in one dtype and one shape.

    Args:
      scope, default: the name of the scope.
      weights: what else has to be of the same graph.
      own_dtype: whether the second side keeps its DType; float32 by default.
      **pair: the two sides, by the names that they have as arguments.

    Yields:
      (full name of the scope, labels, predictions or scores).

    Raises:
      ValueError: one is None, or the shapes contradict each other.
    """
    require_given(**pair)
    labels, given = pair.values()
    with name_scope(scope, default, (given, labels, weights)) as scope:
        given = convert_to_tensor(given) if own_dtype else cast(given, float32)
        labels = cast(labels, given.dtype)
        require_same_shape(given, labels)
        yield scope, labels, given


def require_given(**arguments):
    """Raise ValueError if one of the arguments is None."""
    for name, value in arguments.items():
        if value is None:
            raise ValueError(explain(f"{name} must not be None."))


def require_same_shape(predictions, labels):
    """Raise ValueError if two shapes contradict each other."""
    one, other = predictions.shape, labels.shape
    if one.is_compatible_with(other):
        return
    longer = max(one, other, key=lambda s: s.rank)
    near = one.rank != other.rank and longer.as_list()[-1] == 1
    fix = "tf.squeeze(x, -1) drops an axis of size 1, tf.expand_dims(x, -1) adds one"
    raise ValueError(
        explain(
            f"Shapes {one} and {other} are incompatible",
            expected="labels and predictions of one shape; arithmetic would make a "
            "table of them, and its mean means nothing",
            fix=fix if near else None,
        )
    )


def mean_squared_error(
    labels,
    predictions,
    weights=1.0,
    scope=None,
    loss_collection=GraphKeys.LOSSES,
    reduction=Reduction.SUM_BY_NONZERO_WEIGHTS,
):
    """The mean of (predictions - labels)^2.

    Args:
      labels, predictions: numbers, in the same shape.
      weights, scope, loss_collection, reduction: see `compute_weighted_loss`.
    """
    both = {"labels": labels, "predictions": predictions}
    with compared(scope, "mean_squared_error", weights, **both) as (scope, t, y):
        losses = squared_difference(y, t)
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def absolute_difference(
    labels,
    predictions,
    weights=1.0,
    scope=None,
    loss_collection=GraphKeys.LOSSES,
    reduction=Reduction.SUM_BY_NONZERO_WEIGHTS,
):
    """The mean of |predictions - labels|; arguments as for `mean_squared_error`."""
    both = {"labels": labels, "predictions": predictions}
    with compared(scope, "absolute_difference", weights, **both) as (scope, t, y):
        losses = abs_(subtract(y, t))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def huber_loss(
    labels,
    predictions,
    weights=1.0,
    delta=1.0,
    scope=None,
    loss_collection=GraphKeys.LOSSES,
    reduction=Reduction.SUM_BY_NONZERO_WEIGHTS,
):
    """The mean of e^2 / 2 for errors up to delta, and of a line beyond (Huber, 1964).

    Args:
      delta: where the parabola goes over into the line.
      labels, predictions, ...: as for `mean_squared_error`.
    """
    both = {"labels": labels, "predictions": predictions}
    with compared(scope, "huber_loss", weights, **both) as (scope, t, y):
        error = abs_(subtract(y, t))
        q = minimum(error, delta)
        line = subtract(error, q)
        half = convert_to_tensor(0.5, q.dtype)
        losses = add(multiply(half, multiply(q, q)), multiply(delta, line))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def hinge_loss(
    labels,
    logits,
    weights=1.0,
    scope=None,
    loss_collection=GraphKeys.LOSSES,
    reduction=Reduction.SUM_BY_NONZERO_WEIGHTS,
):
    """How far scores are from the right side of 1 or -1: max(0, 1 - (2t - 1) * score).

    Args:
      labels: 0 or 1.
      logits: scores, in the same shape.
      weights, scope, loss_collection, reduction: see `compute_weighted_loss`.
    """
    both = {"labels": labels, "logits": logits}
    with compared(scope, "hinge_loss", weights, **both) as (scope, t, y):
        ones = ones_like(t)
        sign = subtract(2 * t, ones)
        losses = relu(subtract(ones, multiply(sign, y)))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def log_loss(
    labels,
    predictions,
    weights=1.0,
    epsilon=1e-7,
    scope=None,
    loss_collection=GraphKeys.LOSSES,
    reduction=Reduction.SUM_BY_NONZERO_WEIGHTS,
):
    """How surprised probabilities of a yes are: -t log(p) - (1 - t) log(1 - p).

    Args:
      labels: 0 or 1, or between.
      predictions: probabilities, in the same shape.
      epsilon: what is added before a logarithm is taken.
      weights, scope, loss_collection, reduction: see `compute_weighted_loss`.
    """
    both = {"labels": labels, "predictions": predictions}
    with compared(scope, "log_loss", weights, **both) as (scope, t, p):
        yes = -multiply(t, log(p + epsilon))
        losses = yes - multiply(1 - t, log(1 - p + epsilon))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def cosine_distance(
    labels,
    predictions,
    axis=None,
    weights=1.0,
    scope=None,
    loss_collection=GraphKeys.LOSSES,
    reduction=Reduction.SUM_BY_NONZERO_WEIGHTS,
    dim=None,
):
    """1 minus the cosine of the angle between vectors of length 1.

    Args:
      labels, predictions: vectors of length 1; the caller takes care of that.
      axis: the axis along which they lie (`dim` by its old name).
      weights, scope, loss_collection, reduction: see `compute_weighted_loss`.
    """
    axis = newer("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError(explain("You must specify 'axis'."))
    both = {"labels": labels, "predictions": predictions}
    with compared(scope, "cosine_distance_loss", weights, **both) as (scope, t, y):
        losses = 1 - reduce_sum(multiply(y, t), (axis,), keepdims=True)
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def mean_pairwise_squared_error(
    labels, predictions, weights=1.0, scope=None, loss_collection=GraphKeys.LOSSES
):
    """The mean of the squared errors in all differences within an example.

    Args:
      labels, predictions: (n, ...), numbers.
      weights: a number, or one for each example, with all axes.
      scope, loss_collection: see `compute_weighted_loss`.
    """
    require_given(labels=labels, predictions=predictions)
    scope = name_scope(
        scope, "mean_pairwise_squared_error", (predictions, labels, weights)
    )
    with scope:
        weights, labels = cast(weights, float32), cast(labels, float32)
        with control_dependencies([assert_broadcastable(weights, labels)]):
            predictions = cast(predictions, float32)
            require_same_shape(predictions, labels)
            loss = pairwise(subtract(predictions, labels), weights)
            add_loss(loss, loss_collection)
            return loss


def pairwise(errors, weights):
    """2 * (sum of squares / (n - 1) - square of the sum / (n (n - 1))), weighted."""
    axes = range_(1, rank(errors))
    squares = reduce_sum(square(errors), axes, keepdims=True)
    n = how_many_count(errors, weights, per_example=True)
    one = 2.0 * div_no_nan(squares, maximum(n - 1, 0), name="value")
    total = square(reduce_sum(errors, axes, keepdims=True))
    pairs = maximum(multiply(n, n - 1), 0)
    other = 2.0 * div_no_nan(total, pairs, name="value")
    loss = reduce_sum(multiply(one - other, weights))
    return where(reduce_sum(n) > 0, loss, zeros_like(loss), name="value")


### Which of many


def sigmoid_cross_entropy(
    multi_class_labels,
    logits,
    weights=1.0,
    label_smoothing=0,
    scope=None,
    loss_collection=GraphKeys.LOSSES,
    reduction=Reduction.SUM_BY_NONZERO_WEIGHTS,
):
    """How wrong the answers to yes-or-no questions are.

    Args:
      multi_class_labels: 0 or 1.
      logits: scores, in the same shape.
      label_smoothing: how far labels are moved to 1/2, in [0, 1].
      weights, scope, loss_collection, reduction: see `compute_weighted_loss`.
    """
    both = {"multi_class_labels": multi_class_labels, "logits": logits}
    default = "sigmoid_cross_entropy_loss"
    with compared(scope, default, weights, True, **both) as (scope, t, y):
        if label_smoothing > 0:
            t = t * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = sigmoid_cross_entropy_with_logits(labels=t, logits=y, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def softmax_cross_entropy(
    onehot_labels,
    logits,
    weights=1.0,
    label_smoothing=0,
    scope=None,
    loss_collection=GraphKeys.LOSSES,
    reduction=Reduction.SUM_BY_NONZERO_WEIGHTS,
):
    """How wrong scores are, given the true probabilities.

    Args:
      onehot_labels: (..., m), a 1 for the right class. No blame reaches them.
      logits: (..., m), scores.
      label_smoothing: how far labels are moved to 1/m, in [0, 1].
      weights, scope, loss_collection, reduction: see `compute_weighted_loss`; there is
        one loss for each row.
    """
    both = {"onehot_labels": onehot_labels, "logits": logits}
    default = "softmax_cross_entropy_loss"
    with compared(scope, default, weights, True, **both) as (scope, t, y):
        if label_smoothing > 0:
            classes = cast(shape(t)[-1], y.dtype)
            little = label_smoothing / classes
            t = t * (1.0 - label_smoothing) + little
        t = stop_gradient(t, name="labels_stop_gradient")
        losses = softmax_cross_entropy_with_logits_v2(t, y, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def sparse_softmax_cross_entropy(
    labels,
    logits,
    weights=1.0,
    scope=None,
    loss_collection=GraphKeys.LOSSES,
    reduction=Reduction.SUM_BY_NONZERO_WEIGHTS,
):
    """How wrong scores are, given the number of the right class.

    Args:
      labels: (...) or (..., 1), whole numbers from 0 to m - 1.
      logits: (..., m), scores.
      weights, scope, loss_collection, reduction: see `compute_weighted_loss`; there is
        one loss for each label.
    """
    require_given(labels=labels, logits=logits)
    default = "sparse_softmax_cross_entropy_loss"
    with name_scope(scope, default, (logits, labels, weights)) as scope:
        labels, logits = without_last_axis(labels, logits, 1)
        weights = convert_to_tensor(weights)
        weights = squeezed(weights, labels, 1)
        losses = sparse_softmax_cross_entropy_with_logits(
            labels=labels, logits=logits, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def without_last_axis(labels, predictions, surplus=0):
    """Both, without a last axis of size 1 that one has too many.

    Args:
      labels, predictions: two tensors.
      surplus: how many axes predictions should have more than labels.
    """
    with name_scope(None, "remove_squeezable_dimensions", [labels, predictions]):
        predictions, labels = map(convert_to_tensor, (predictions, labels))
        return (
            squeezed(labels, predictions, 1 - surplus),
            squeezed(predictions, labels, 1 + surplus),
        )


def squeezed(x, other, too_many):
    """x without its last axis, if it has that many axes more than the other."""
    ranks = x.shape.rank, other.shape.rank
    if None not in ranks:
        return squeeze(x, [-1]) if ranks[0] - ranks[1] == too_many else x
    if ranks[0] is not None and x.shape.as_list()[-1:] not in ([1], [None]):
        return x
    extra = cast(equal(rank(x) - rank(other), too_many), int32)
    return reshape(x, slice_(shape(x), [0], expand_dims(rank(x) - extra, 0)))


## What is kept, and what is added up


def l1_regularizer(scale, scope=None):
    """A penalty: scale * sum of |w|.

    Args:
      scale: a float, 0 or more; 0 means no penalty.
      scope: the scope of its operations.
    """
    return penalty(scale, scope, "l1_regularizer", lambda w: reduce_sum(abs_(w)))


def l2_regularizer(scale, scope=None):
    """A penalty: scale * sum of w^2 / 2; arguments as for `l1_regularizer`."""
    return penalty(scale, scope, "l2_regularizer", l2_loss)


def penalty(scale, scope, default, measure):
    """A function of weights: a scale times a measure of them; None for scale 0."""
    if isinstance(scale, numbers.Integral):
        problem = f"scale cannot be an integer: {scale}"
        raise ValueError(explain(problem, fix=f"{float(scale)}"))
    if isinstance(scale, numbers.Real) and scale < 0:
        problem = f"Setting a scale less than 0 on a regularizer: {scale:g}"
        raise ValueError(explain(problem + "." * (default == "l2_regularizer")))

    def of(weights):
        if isinstance(scale, numbers.Real) and scale == 0:
            return None
        with name_scope(scope, default, [weights]) as name:
            factor = convert_to_tensor(scale, weights.dtype.base_dtype, name="scale")
            return multiply(factor, measure(weights), name=name)

    return of


def l1_l2_regularizer(scale_l1=1.0, scale_l2=1.0, scope=None):
    """Both penalties, added."""
    scope = scope or "l1_l2_regularizer"
    if scale_l1 == 0.0 and isinstance(scale_l1, float):
        return l2_regularizer(scale_l2, scope)
    if scale_l2 == 0.0 and isinstance(scale_l2, float):
        return l1_regularizer(scale_l1, scope)
    return sum_regularizer([l1_regularizer(scale_l1), l2_regularizer(scale_l2)], scope)


def sum_regularizer(regularizer_list, scope=None):
    """The sum of some penalties, as one; None if there are none."""
    regularizers = [r for r in regularizer_list if r is not None]

    def of(weights):
        with name_scope(scope, "sum_regularizer", [weights]) as name:
            found = [r(weights) for r in regularizers]
            found = [loss for loss in found if loss is not None]
            return add_n(found, name=name) if found else None

    return of if regularizers else None


def get_losses(scope=None, loss_collection=GraphKeys.LOSSES):
    """The losses in a collection, those of a scope if one is given."""
    return get_default_graph().get_collection(loss_collection, scope)


def get_regularization_losses(scope=None):
    """The penalties, those of a scope if one is given."""
    return get_losses(scope, GraphKeys.REGULARIZATION_LOSSES)


def get_regularization_loss(scope=None, name="total_regularization_loss"):
    """The sum of the penalties; 0 if there are none."""
    losses = get_regularization_losses(scope)
    return add_n(losses, name=name) if losses else constant(0.0)


def get_total_loss(add_regularization_losses=True, name="total_loss", scope=None):
    """The sum of all losses and, unless told otherwise, of all penalties.

    Raises:
      ValueError: there are none.
    """
    losses = get_losses(scope)
    if add_regularization_losses:
        losses = losses + get_regularization_losses(scope)
    return add_n(losses, name=name)
