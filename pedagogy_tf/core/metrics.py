"""Metrics: scores that are kept over many batches.

Each returns two tensors: the score so far, and an update, which adds a batch and is the
score afterwards. The counts are local variables.
"""

# Generated from book/source/30_metrics.md: change it there, then `make export`.

from pedagogy_tf.core.dtypes import bool_, float32, float64, int32, int64
from pedagogy_tf.core.errors import InvalidArgumentError, explain
from pedagogy_tf.core.graph import (
    GraphKeys,
    add_to_collections,
    control_dependencies,
    name_scope,
)
from pedagogy_tf.core.losses import broadcast_weights, without_last_axis
from pedagogy_tf.core.op import constant, constant_value, convert_to_tensor
from pedagogy_tf.core.ops.array import (
    expand_dims,
    gather,
    scatter_nd,
    squeeze,
    stack,
    transpose,
    where,
)
from pedagogy_tf.core.ops.basic import (
    identity,
    no_op,
    ones,
    ones_like,
    rank,
    reshape,
    shape,
    size,
    with_dependencies,
    zeros,
    zeros_like,
)
from pedagogy_tf.core.ops.control import Assert, cond
from pedagogy_tf.core.ops.elementwise import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    log,
    logical_and,
    logical_not,
    not_equal,
    sqrt,
)
from pedagogy_tf.core.ops.math import (
    abs_,
    cast,
    div,
    div_no_nan,
    maximum,
    minimum,
    multiply,
    range_,
    reduce_sum,
    squared_difference,
    subtract,
    tile,
)
from pedagogy_tf.core.ops.reduce import (
    argmax,
    argmin,
    cumsum,
    reduce_all,
    reduce_max,
    reduce_mean,
    reduce_min,
)
from pedagogy_tf.core.scopes import variable_scope
from pedagogy_tf.core.variables import Variable, assign_add, scatter_add

__all__ = [
    "metric_variable",
    "kept",
    "measured",
    "aligned",
    "with_axes_of",
    "mean",
    "weighted",
    "ratio",
    "mean_tensor",
    "accuracy",
    "percentage_below",
    "mean_absolute_error",
    "mean_squared_error",
    "root_mean_squared_error",
    "mean_relative_error",
    "mean_cosine_distance",
    "COUNTS",
    "counter",
    "as_truths",
    "count_hits",
    "require_rank",
    "true_positives",
    "false_negatives",
    "true_negatives",
    "false_positives",
    "precision",
    "recall",
    "share",
    "require",
    "probabilities",
    "counts_at",
    "tables",
    "counter_at_thresholds",
    "true_positives_at_thresholds",
    "false_negatives_at_thresholds",
    "true_negatives_at_thresholds",
    "false_positives_at_thresholds",
    "precision_at_thresholds",
    "recall_at_thresholds",
    "share_at",
    "auc",
    "levels_of",
    "curve_points",
    "area",
    "area_below_precision",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
    "confusion_matrix",
    "from_zero",
    "below",
    "mean_iou",
    "in_a_row",
    "overlap",
    "mean_per_class_accuracy",
]


## Variables that are not saved


## Places, and answers


def metric_variable(shape, dtype, name):
    """A local variable of zeros that counts for a metric."""
    collections = [GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES]
    return Variable(
        lambda: zeros(shape, dtype), trainable=False, collections=collections, name=name
    )


def kept(value, update, metrics_collections, updates_collections):
    """A score and its update, which have joined collections, if there are any."""
    if metrics_collections:
        add_to_collections(metrics_collections, value)
    if updates_collections:
        add_to_collections(updates_collections, update)
    return value, update


def measured(measure, places, updates, *collections):
    """A function of counts: of the counts so far, and of those after an update."""
    value = measure(*places, name="value")
    return kept(value, measure(*updates, name="update_op"), *collections)


## Labels, predictions, weights


def aligned(predictions, labels, weights):
    """Predictions, labels and weights with the same number of axes.

    Args:
      predictions: a tensor.
      labels: a tensor of its shape, with or without a last axis of size 1; or None.
      weights: a number, or a tensor of that shape; or None.
    """
    predictions = convert_to_tensor(predictions)
    if labels is not None:
        labels, predictions = without_last_axis(labels, predictions)
        predictions.shape.assert_is_compatible_with(labels.shape)
    weights = None if weights is None else with_axes_of(predictions, weights)
    return predictions, labels, weights


def with_axes_of(predictions, weights):
    """Weights with a last axis more or less, if the predictions ask for it."""
    weights = convert_to_tensor(weights)
    ranks = weights.shape.rank, predictions.shape.rank
    if ranks[0] == 0:
        return weights
    if None not in ranks:
        surplus = ranks[0] - ranks[1]
        if surplus == 1:
            return squeeze(weights, [-1])
        return expand_dims(weights, [-1]) if surplus == -1 else weights
    ndims = rank(weights)
    surplus = ndims - rank(predictions)
    drop = ranks[0] is None or weights.shape.as_list()[-1] in (1, None)

    def fewer():
        return squeeze(weights, [-1]) if drop else weights

    def more():
        return cond(equal(surplus, -1), lambda: expand_dims(weights, [-1]), same)

    def same():
        return weights

    return cond(equal(ndims, 0), same, lambda: cond(equal(surplus, 1), fewer, more))


## The mean of everything


## Means


def mean(
    values,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """The weighted mean of all values so far, a float32.

    Args:
      values: numbers of any shape.
      weights: a number, or a tensor whose axes have the sizes of the values or 1.
      metrics_collections: a list of collections that the score joins.
      updates_collections: a list of collections that the update joins.
      name: the scope of the variables and operations.

    Returns:
      (score, update): the score so far, and the score after adding these values.
    """
    collections = metrics_collections, updates_collections
    with variable_scope(name, "mean", (values, weights)):
        values = cast(values, float32)
        places = [metric_variable([], float32, kind) for kind in ("total", "count")]
        values, counts = weighted(values, weights)
        if counts is None:
            number = cast(size(values), float32)
        else:
            number = reduce_sum(counts)
        total = reduce_sum(values)
        return ratio(places, values, total, number, collections)


def weighted(values, weights):
    """(values * weights, weights in the shape of the values), or (values, None)."""
    if weights is None:
        return values, None
    values, _, weights = aligned(values, None, weights)
    weights = broadcast_weights(cast(weights, float32), values)
    return multiply(values, weights), weights


def ratio(places, values, total, number, collections):
    """Add to two places, and divide them: (score, update)."""
    total = assign_add(places[0], total)
    with control_dependencies([values]):
        number = assign_add(places[1], number)

    def measure(total, count, name):
        return div_no_nan(total, maximum(count, 0), name=name)

    return measured(measure, places, [total, number], *collections)


def mean_tensor(
    values,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """The mean of all values so far, place by place; arguments as for `mean`."""
    collections = metrics_collections, updates_collections
    with variable_scope(name, "mean", (values, weights)):
        values = cast(values, float32)
        kinds = ("total_tensor", "count_tensor")
        places = [metric_variable(values.shape, float32, kind) for kind in kinds]
        number = ones_like(values)
        values, counts = weighted(values, weights)
        number = number if counts is None else multiply(number, counts)
        return ratio(places, values, values, number, collections)


## Means of mistakes


def accuracy(
    labels,
    predictions,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """The share of predictions that equal their labels; see `mean`."""
    collections = metrics_collections, updates_collections
    predictions, labels, weights = aligned(predictions, labels, weights)
    if labels.dtype != predictions.dtype:
        predictions = cast(predictions, labels.dtype)
    right = cast(equal(predictions, labels), float32)
    return mean(right, weights, *collections, name or "accuracy")


def percentage_below(
    values,
    threshold,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """The share of values below a threshold, from 0 to 1; see `mean`."""
    collections = metrics_collections, updates_collections
    below = cast(less(values, threshold), float32)
    return mean(below, weights, *collections, name or "percentage_below_threshold")


def mean_absolute_error(
    labels,
    predictions,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """The mean of |prediction - label|; see `mean`."""
    collections = metrics_collections, updates_collections
    predictions, labels, weights = aligned(predictions, labels, weights)
    errors = abs_(predictions - labels)
    return mean(errors, weights, *collections, name or "mean_absolute_error")


def mean_squared_error(
    labels,
    predictions,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """The mean of (prediction - label)^2; see `mean`."""
    collections = metrics_collections, updates_collections
    predictions, labels, weights = aligned(predictions, labels, weights)
    errors = squared_difference(labels, predictions)
    return mean(errors, weights, *collections, name or "mean_squared_error")


def root_mean_squared_error(
    labels,
    predictions,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """The root of the mean of (prediction - label)^2; see `mean`."""
    collections = metrics_collections, updates_collections
    predictions, labels, weights = aligned(predictions, labels, weights)
    name = name or "root_mean_squared_error"
    pair = mean_squared_error(labels, predictions, weights, name=name)
    return kept(*map(sqrt, pair), *collections)


def mean_relative_error(
    labels,
    predictions,
    normalizer,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """The mean of |prediction - label| / normalizer, 0 where that is 0; see `mean`."""
    collections = metrics_collections, updates_collections
    predictions, labels, weights = aligned(predictions, labels, weights)
    predictions, normalizer = without_last_axis(predictions, normalizer)
    predictions.shape.assert_is_compatible_with(normalizer.shape)
    none = equal(normalizer, 0.0)
    nothing = zeros_like(labels)
    errors = where(none, nothing, div(abs_(labels - predictions), normalizer))
    return mean(errors, weights, *collections, name or "mean_relative_error")


def mean_cosine_distance(
    labels,
    predictions,
    dim,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """1 minus the mean dot product of unit vectors along axis `dim`; see `mean`."""
    predictions, labels, weights = aligned(predictions, labels, weights)
    cosines = reduce_sum(multiply(predictions, labels), axis=[dim], keepdims=True)
    pair = mean(cosines, weights, name=name or "mean_cosine_distance")
    pair = [subtract(1.0, cosine) for cosine in pair]
    return kept(*pair, metrics_collections, updates_collections)


## Four ways to be right or wrong

## Right and wrong, yes and no

COUNTS = {  # key: (name, label, prediction)
    "tp": ("true_positives", True, True),
    "fn": ("false_negatives", True, False),
    "tn": ("true_negatives", False, False),
    "fp": ("false_positives", False, True),
}


def counter(key):
    """The metric that counts one of the four."""
    kind, label, prediction = COUNTS[key]

    def metric(
        labels,
        predictions,
        weights=None,
        metrics_collections=None,
        updates_collections=None,
        name=None,
    ):
        with variable_scope(name, kind, (predictions, labels, weights)):
            predictions, labels, weights = as_truths(predictions, labels, weights)
            hits = logical_and(equal(labels, label), equal(predictions, prediction))
            pair = count_hits(hits, weights)
            return kept(*pair, metrics_collections, updates_collections)

    metric.__name__ = metric.__qualname__ = kind
    metric.__doc__ = f"The sum of the weights of {kind.replace('_', ' ')}; see `mean`."
    return metric


def as_truths(predictions, labels, weights):
    """`aligned`, with predictions and labels as bools."""
    return aligned(cast(predictions, bool_), cast(labels, bool_), weights)


def count_hits(hits, weights):
    """(count so far, update) of hits, bools."""
    no_op(name="assert_type/statically_determined_correct_type")
    count = metric_variable([], float32, "count")
    hits = cast(hits, float32)
    if weights is not None:
        with control_dependencies([require_rank(weights, rank(hits))]):
            hits = multiply(hits, cast(weights, float32))
    value = identity(count)
    return value, assign_add(count, reduce_sum(hits))


def require_rank(weights, ndims):
    """An operation that fails unless weights have this rank, or 0; or ValueError."""
    with name_scope("assert_rank_in"):
        none, own = constant(0, name="rank"), shape(weights)
        for scope in ("assert_type", "assert_type_1"):
            no_op(name=f"{scope}/statically_determined_correct_type")
        wanted = constant_value(ndims)
        words = f"Tensor {weights.name} must have rank in (0, {wanted})."
        if weights.shape.rank is None or wanted is None:
            fits = equal(size(own), none) | equal(size(own), ndims)
            return Assert(fits, [words, own])
        if weights.shape.rank not in (0, wanted):
            problem = f"  Received rank {weights.shape.rank}, shape {weights.shape}"
            raise ValueError(explain(words + problem))
        return no_op(name="static_checks_determined_all_ok")


true_positives, false_negatives, true_negatives, false_positives = map(counter, COUNTS)


def precision(
    labels,
    predictions,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """Of those called true, the share that are; 0 if none are; see `mean`."""
    collections = metrics_collections, updates_collections
    with variable_scope(name, "precision", (predictions, labels, weights)):
        return share(false_positives, predictions, labels, weights, collections)


def recall(
    labels,
    predictions,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """Of those that are true, the share that is called so; see `mean`."""
    collections = metrics_collections, updates_collections
    with variable_scope(name, "recall", (predictions, labels, weights)):
        return share(false_negatives, predictions, labels, weights, collections)


def share(other, predictions, labels, weights, collections):
    """True positives, divided by them and another count."""
    predictions, labels, weights = as_truths(predictions, labels, weights)
    hits = true_positives(labels, predictions, weights)
    misses = other(labels, predictions, weights)

    def measure(tp, miss, name):
        some = greater(tp + miss, 0)
        return where(some, div(tp, tp + miss), 0, name)

    return measured(measure, *zip(hits, misses), *collections)


## Many thresholds at once


## A row of thresholds


def require(name, compare, x, y, message, sign="", shown=()):
    """An operation that fails unless compare(x, y) holds everywhere.

    Args:
      name: the scope of the operations.
      compare: a comparison of tensors.
      message: what is wrong if not.
      sign: the comparison, as text.
      shown: what the message shows; both tensors by default.
    """
    with name_scope(name, values=[x, y]):
        holds = reduce_all(compare(x, y))
        if not shown:
            shown = [f"Condition x {sign} y did not hold element-wise:"]
            shown += [f"x ({x.name}) = ", x, f"y ({y.name}) = ", y]
        known = constant_value(holds)
        if known is not None and not known:
            facts = {"expected": shown[0], "x": constant_value(x)}
            raise InvalidArgumentError(None, None, explain(message, **facts))
        return Assert(holds, [message, *shown])


def probabilities(predictions, labels, weights):
    """`aligned`, with labels as bools and predictions that lie in [0, 1]."""
    predictions = convert_to_tensor(predictions)
    message = "predictions must be in [0, 1]"
    low = cast(0.0, predictions.dtype)
    checks = [
        require("assert_greater_equal", greater_equal, predictions, low, message, ">=")
    ]
    high = cast(1.0, predictions.dtype)
    checks += [
        require("assert_less_equal", less_equal, predictions, high, message, "<=")
    ]
    with control_dependencies(checks):
        return aligned(cast(predictions, float32), cast(labels, bool_), weights)


def counts_at(labels, predictions, thresholds, weights=None, includes=tuple(COUNTS)):
    """The four counts, each for all thresholds: ({key: place}, {key: update})."""
    predictions, labels, weights = probabilities(predictions, labels, weights)
    m = len(thresholds)
    guess, truth = tables(predictions, labels, thresholds, includes)
    if weights is not None:
        weights = broadcast_weights(cast(weights, float32), predictions)
        weights = tile(reshape(weights, [1, -1]), [m, 1])
    places, updates = {}, {}
    for key in (key for key in COUNTS if key in includes):
        name, label, prediction = COUNTS[key]
        places[key] = metric_variable([m], float32, name)
        hits = cast(logical_and(truth[label], guess[prediction]), float32)
        if weights is not None:
            hits *= weights
        updates[key] = assign_add(places[key], reduce_sum(hits, 1))
    return places, updates


def tables(predictions, labels, thresholds, includes):
    """What is guessed and what is true, (m, n): two dicts {bool: tensor}."""
    m = len(thresholds)
    column = reshape(predictions, [-1, 1])
    row = reshape(cast(labels, bool_), [1, -1])
    n = column.shape.as_list()[0]
    n = shape(column)[0] if n is None else n
    levels = tile(expand_dims(constant(thresholds), [1]), stack([1, n]))
    guess = {True: greater(tile(transpose(column), [m, 1]), levels)}
    if "fn" in includes or "tn" in includes:
        guess[False] = logical_not(guess[True])
    truth = {True: tile(row, [m, 1])}
    if "fp" in includes or "tn" in includes:
        truth[False] = logical_not(truth[True])
    return guess, truth


def counter_at_thresholds(key):
    """The metric that counts one of the four for each threshold."""
    kind = COUNTS[key][0]

    def metric(
        labels,
        predictions,
        thresholds,
        weights=None,
        metrics_collections=None,
        updates_collections=None,
        name=None,
    ):
        with variable_scope(name, kind, (predictions, labels, weights)):
            given = labels, predictions, thresholds, weights
            places, updates = counts_at(*given, includes=(key,))
            pair = identity(places[key]), updates[key]
            return kept(*pair, metrics_collections, updates_collections)

    metric.__name__ = metric.__qualname__ = f"{kind}_at_thresholds"
    metric.__doc__ = f"{kind.replace('_', ' ').capitalize()}, for each threshold."
    return metric


(
    true_positives_at_thresholds,
    false_negatives_at_thresholds,
    true_negatives_at_thresholds,
    false_positives_at_thresholds,
) = map(counter_at_thresholds, COUNTS)


def precision_at_thresholds(
    labels,
    predictions,
    thresholds,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """The precision for each threshold, a list of floats; see `mean`."""
    collections = metrics_collections, updates_collections
    with variable_scope(
        name, "precision_at_thresholds", (predictions, labels, weights)
    ):
        given = labels, predictions, thresholds, weights
        counts = counts_at(*given, includes=("tp", "fp"))
        return share_at("precision_", *counts, collections)


def recall_at_thresholds(
    labels,
    predictions,
    thresholds,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """The recall for each threshold, a list of floats; see `mean`."""
    collections = metrics_collections, updates_collections
    with variable_scope(name, "recall_at_thresholds", (predictions, labels, weights)):
        given = labels, predictions, thresholds, weights
        counts = counts_at(*given, includes=("tp", "fn"))
        return share_at("recall_", *counts, collections)


def share_at(prefix, places, updates, collections):
    """The first of two counts, divided by their sum."""

    def measure(tp, other, name):
        return div(tp, 1e-7 + tp + other, name=prefix + name)

    return measured(measure, places.values(), updates.values(), *collections)


## The area under the curve


## Curves


def auc(
    labels,
    predictions,
    weights=None,
    num_thresholds=200,
    metrics_collections=None,
    updates_collections=None,
    curve="ROC",
    name=None,
    summation_method="trapezoidal",
    thresholds=None,
):
    """The area under a curve, by sums over thresholds.

    Args:
      labels, predictions, weights: as for `mean`; predictions in [0, 1].
      num_thresholds: how many, evenly spread over [0, 1].
      curve: "ROC", recall over false alarms, or "PR", precision over recall.
      summation_method: "trapezoidal", "minoring" (too small), "majoring" (too large);
        for PR also "careful_interpolation", and the trapezoids are wrong there.
      thresholds: those between 0 and 1, instead of `num_thresholds`.

    Returns:
      (score, update), as from `mean`.
    """
    with variable_scope(name, "auc", (labels, predictions, weights)):
        if curve not in ("ROC", "PR"):
            raise ValueError(
                explain(f"curve must be either ROC or PR, {curve} unknown")
            )
        levels = levels_of(num_thresholds, thresholds)
        counts = counts_at(labels, predictions, levels, weights)

        def measure(tp, fn, tn, fp, name):
            if (curve, summation_method) == ("PR", "careful_interpolation"):
                return area_below_precision(tp, fp, fn)
            points = curve_points(curve, tp, fn, tn, fp)
            return area(*points, len(levels) - 1, summation_method, name)

        pair = (places.values() for places in counts)
        return measured(measure, *pair, metrics_collections, updates_collections)


def levels_of(number, between=None, last=1.0 + 1e-7):
    """Thresholds from a little below 0 to `last`, `number` of them."""
    if between is None:
        between = [(i + 1) * 1.0 / (number - 1) for i in range(number - 2)]
    return [0.0 - 1e-7, *sorted(between), last]


def curve_points(curve, tp, fn, tn, fp):
    """(x, y) of a curve, with a little added so that 0 / 0 is no number to fear."""
    little = 1.0e-6
    hits = div(tp + little, tp + fn + little)
    if curve == "ROC":
        return div(fp, fp + tn + little), hits
    return hits, div(tp + little, tp + fp + little)


def area(x, y, n, method, name):
    """The sum of width times height over n pieces of a curve from right to left."""
    heights = {
        "trapezoidal": lambda: (y[:n] + y[1:]) / 2.0,
        "careful_interpolation": lambda: (y[:n] + y[1:]) / 2.0,
        "minoring": lambda: minimum(y[:n], y[1:]),
        "majoring": lambda: maximum(y[:n], y[1:]),
    }
    if method not in heights:
        problem = f"Invalid summation_method: {method}"
        raise ValueError(explain(problem, there_are=", ".join(heights)))
    return reduce_sum(multiply(x[:n] - x[1:], heights[method]()), name=name)


def area_below_precision(tp, fp, fn):
    """The area below precision over recall; true positives grow in proportion."""
    n = tp.shape.as_list()[0] - 1
    more = tp[:n] - tp[1:]
    called = tp + fp
    widths = maximum(called[:n] - called[1:], 0)
    slope = div_no_nan(more, widths, name="prec_slope")
    intercept = tp[1:] - multiply(slope, called[1:])
    safe = logical_and(called[:n] > 0, called[1:] > 0)
    growth = [called[:n], maximum(called[1:], 0)]
    growth = div_no_nan(*growth, name="recall_relative_ratio")
    growth = where(safe, growth, ones_like(called[1:]))
    pieces = slope * (more + intercept * log(growth))
    positives = maximum(tp[1:] + fn[1:], 0)
    pieces = div_no_nan(pieces, positives, name="pr_auc_increment")
    return reduce_sum(pieces, name="interpolate_pr_auc")


def sensitivity_at_specificity(
    labels,
    predictions,
    specificity,
    weights=None,
    num_thresholds=200,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """The recall where the share of true negatives is nearest to `specificity`."""
    if specificity < 0 or specificity > 1:
        raise ValueError(explain("`specificity` must be in the range [0, 1]."))
    title = "sensitivity_at_specificity"
    with variable_scope(name, title, (predictions, labels, weights)):
        counts = counts_at(labels, predictions, levels_of(num_thresholds), weights)

        def measure(tp, fn, tn, fp, name):
            missed = abs_(div(tn, tn + fp + 1e-7) - specificity)
            i = cast(argmin(missed, 0), int32)
            return div(tp[i], tp[i] + fn[i] + 1e-7, name)

        pair = (places.values() for places in counts)
        return measured(measure, *pair, metrics_collections, updates_collections)


def specificity_at_sensitivity(
    labels,
    predictions,
    sensitivity,
    weights=None,
    num_thresholds=200,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """The share of true negatives where the recall is nearest to `sensitivity`."""
    if sensitivity < 0 or sensitivity > 1:
        raise ValueError(explain("`sensitivity` must be in the range [0, 1]."))
    title = "specificity_at_sensitivity"
    with variable_scope(name, title, (predictions, labels, weights)):
        levels = levels_of(num_thresholds, last=1.0 - 1e-7)
        counts = counts_at(labels, predictions, levels, weights)

        def measure(tp, fn, tn, fp, name):
            hits = div(tp, tp + fn + 1e-7)
            least = reduce_min(abs_(hits - sensitivity))
            nearest = cast(equal(abs_(hits - sensitivity), least), int64)
            i = cast(argmax(cumsum(nearest), 0), int32)  # the last of them
            return div(tn[i], tn[i] + fp[i] + 1e-7, name)

        pair = (places.values() for places in counts)
        return measured(measure, *pair, metrics_collections, updates_collections)


## More than two classes


## Classes


def confusion_matrix(
    labels, predictions, num_classes=None, dtype=int32, name=None, weights=None
):
    """How often each label (rows) is predicted as each class (columns).

    Args:
      labels, predictions: (n,), whole numbers from 0 on.
      num_classes: the size of the matrix; by default one more than the largest number.
      dtype: of the matrix.
      name: the scope of the operations.
      weights: (n,), how much each counts.
    """
    with name_scope(
        name, "confusion_matrix", (predictions, labels, num_classes, weights)
    ):
        pair = [
            convert_to_tensor(labels, name="labels"),
            convert_to_tensor(predictions, name="predictions"),
        ]
        labels, predictions = without_last_axis(*pair)
        predictions, labels = cast(predictions, int64), cast(labels, int64)
        labels = from_zero(labels, "labels")
        predictions = from_zero(predictions, "predictions")
        if num_classes is None:
            num_classes = maximum(reduce_max(predictions), reduce_max(labels)) + 1
        else:
            limit = cast(num_classes, int64)
            labels = below(labels, limit, "labels")
            predictions = below(predictions, limit, "predictions")
        if weights is not None:
            weights = convert_to_tensor(weights, name="weights")
            predictions.shape.assert_is_compatible_with(weights.shape)
            weights = cast(weights, dtype)
        sizes = stack([num_classes, num_classes])
        places = stack([labels, predictions], axis=1)
        amounts = ones_like(predictions, dtype) if weights is None else weights
        return scatter_nd(places, amounts, cast(sizes, int64))


def from_zero(x, kind):
    """The same numbers, after a check that none is negative."""
    with name_scope("assert_non_negative"):
        zero = constant(0, x.dtype)
        shown = ["Condition x >= 0 did not hold element-wise:", f"x ({x.name}) = ", x]
        message = f"`{kind}` contains negative values"
        check = require("assert_less_equal", less_equal, zero, x, message, shown=shown)
    return with_dependencies([check], x)


def below(x, limit, kind):
    """The same numbers, after a check that all are below a limit."""
    message = f"`{kind}` out of bound"
    return with_dependencies([require("assert_less", less, x, limit, message, "<")], x)


def mean_iou(
    labels,
    predictions,
    num_classes,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """The mean intersection over union of the classes that occur; see `mean`.

    Returns:
      (score, update); the update is the confusion matrix, not the score.
    """
    with variable_scope(name, "mean_iou", (predictions, labels, weights)):
        labels, predictions = map(convert_to_tensor, (labels, predictions))
        predictions.shape.assert_is_compatible_with(labels.shape)
        total = metric_variable(
            [num_classes, num_classes], float64, "total_confusion_matrix"
        )
        predictions, labels = cast(predictions, int64), cast(labels, int64)
        n = cast(num_classes, int64)
        predictions, labels, weights = map(in_a_row, (predictions, labels, weights))
        table = confusion_matrix(labels, predictions, n, float64, weights=weights)
        update = assign_add(total, table)
        value = overlap(total, num_classes)
        return kept(value, update, metrics_collections, updates_collections)


def in_a_row(x):
    """A tensor without more axes than one."""
    several = x is not None and convert_to_tensor(x).shape.rank != 1
    return reshape(x, [-1]) if several else x


def overlap(table, n):
    """The mean over classes of both / either, in a confusion matrix (n, n)."""
    predicted, true = (cast(reduce_sum(table, axis), float32) for axis in (0, 1))
    both = gather(reshape(table, [-1]), range_(0, n * n, n + 1))
    both = cast(both, float32)
    either = predicted + true - both
    number = reduce_sum(cast(not_equal(either, 0), float32))
    either = where(greater(either, 0), either, ones_like(either))
    total = reduce_sum(div(both, either), name="mean_iou")
    return where(greater(number, 0), total / number, 0)


def mean_per_class_accuracy(
    labels,
    predictions,
    num_classes,
    weights=None,
    metrics_collections=None,
    updates_collections=None,
    name=None,
):
    """The mean of the accuracies of the classes.

    Returns:
      (score, update); the update is the accuracy of each class, (num_classes,).
    """
    collections = metrics_collections, updates_collections
    with variable_scope(name, "mean_accuracy", (predictions, labels, weights)):
        labels = in_a_row(cast(labels, int64))
        predictions = in_a_row(convert_to_tensor(predictions))
        predictions.shape.assert_is_compatible_with(labels.shape)
        total = metric_variable([num_classes], float32, "total")
        count = metric_variable([num_classes], float32, "count")
        amounts = ones([size(labels)], float32)
        if labels.dtype != predictions.dtype:
            predictions = cast(predictions, labels.dtype)
        right = cast(equal(predictions, labels), float32)
        if weights is not None:
            weights = cast(in_a_row(weights), float32)
            right *= weights
            amounts *= weights
        total_update = scatter_add(total, labels, amounts)
        count_update = scatter_add(count, labels, right)
        value = div_no_nan(count, maximum(total, 0))
        value = reduce_mean(value, name="mean_accuracy")
        total_update = maximum(total_update, 0)
        update = div_no_nan(count_update, total_update, name="update_op")
        return kept(value, update, *collections)
