"""tf.metrics: what is counted, where it is kept, and what comes of it."""

from tests.conformance.harness import case, message

DIAGONAL = "a sum of counts by scatter_nd, a diagonal by gather; no sparse matrix"
COUNTERS = "true_positives false_negatives true_negatives false_positives"


def numbers(tf):
    """(labels, predictions), both (2, 3)."""
    labels = tf.constant([[0.0, 1.0, 0.5], [1.0, 0.0, 0.25]])
    return labels, tf.constant([[0.1, 0.7, 0.5], [0.9, 0.6, 0.875]])


def chances(tf):
    """(labels, predictions), both (6,): whether, and how probable."""
    labels = tf.constant([0, 1, 1, 0, 1, 0])
    return labels, tf.constant([0.125, 0.75, 0.25, 0.375, 0.875, 0.625])


def told(tf, *pairs):
    """What is in the pairs (score, update): at first, in an update, and after it."""
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        scores = [score for score, _ in pairs]
        seen = [session.run(scores)]
        seen += [session.run([update for _, update in pairs]) for _ in range(2)]
        names = [[x.name for x in pair] for pair in pairs]
        return {"value": [*seen, session.run(scores)], "names": names}


@case("tf.metrics.mean")
def mean(tf, np):
    values, _ = numbers(tf)
    return told(
        tf,
        tf.metrics.mean(values),
        tf.metrics.mean([1, 2, 6], name="mine"),
        tf.metrics.mean(values, weights=2.0),
        tf.metrics.mean(values, weights=[[1.0], [0.0]]),
        tf.metrics.mean(values, weights=tf.constant([3, 1])),
        tf.metrics.mean(values, [[[1.0], [2.0], [0.0]]] * 2),
    )


@case("tf.metrics.mean")
def collections(tf, np):
    values, _ = numbers(tf)
    tf.metrics.mean(values, None, ["scores"], ["updates", "others"])
    keys = "scores updates others local_variables metric_variables variables"
    return {"names": [[x.name for x in tf.get_collection(k)] for k in keys.split()]}


@case("tf.metrics.mean_tensor")
def mean_tensor(tf, np):
    values, others = numbers(tf)
    return told(
        tf,
        tf.metrics.mean_tensor(values),
        tf.metrics.mean_tensor(others, weights=[[1.0], [0.0]]),
    )


@case("tf.metrics.accuracy")
def accuracy(tf, np):
    labels = tf.constant([[1], [0], [2], [2]])
    return told(
        tf,
        tf.metrics.accuracy(labels, tf.constant([1, 1, 2, 0])),
        tf.metrics.accuracy(labels, tf.constant([1.0, 1.0, 2.0, 0.0])),
        tf.metrics.accuracy([1, 0], [1, 1], weights=[1.0, 3.0], name="own"),
    )


@case("tf.metrics.accuracy")
def accuracy_of_an_unknown_batch(tf, np):
    labels = tf.placeholder_with_default(np.int64([1, 0, 1]), [None])
    predictions = tf.placeholder_with_default(np.int64([1, 0, 0]), [None])
    return told(
        tf,
        tf.metrics.accuracy(labels, predictions),
        tf.metrics.precision(labels, predictions),
        tf.metrics.auc(labels, tf.cast(predictions, tf.float32), num_thresholds=3),
    )


@case("tf.metrics.mean", only="values")
def weights_of_an_unknown_rank(tf, np):
    some = tf.placeholder_with_default(np.float32([1, 2, 3]), [None])
    weights = tf.placeholder_with_default(np.float32([[1], [2], [3]]), None)
    values = [1.0, 2.0, 4.0]
    return told(tf, tf.metrics.mean(values, weights), tf.metrics.mean(values, some))


@case(
    "tf.metrics.mean_absolute_error",
    "tf.metrics.mean_squared_error",
    "tf.metrics.root_mean_squared_error",
    "tf.metrics.mean_relative_error",
    "tf.metrics.mean_cosine_distance",
    "tf.metrics.percentage_below",
)
def errors(tf, np):
    labels, predictions = numbers(tf)
    pairs = []
    for weights in (None, 2.0):
        given = labels, predictions
        pairs += [
            tf.metrics.mean_absolute_error(*given, weights),
            tf.metrics.mean_squared_error(*given, weights),
            tf.metrics.root_mean_squared_error(*given, weights),
            tf.metrics.mean_relative_error(*given, labels, weights),
            tf.metrics.mean_cosine_distance(*given, 1, weights),
            tf.metrics.percentage_below(predictions, 0.6, weights),
        ]
    return told(tf, *pairs)


@case(*(f"tf.metrics.{kind}" for kind in COUNTERS.split()))
def counters(tf, np):
    labels = tf.constant([[True], [False], [True], [True]])
    predictions = tf.constant([2.0, 1.0, 0.0, 1.0])
    pairs = []
    for kind in COUNTERS.split():
        metric = getattr(tf.metrics, kind)
        pairs += [
            metric(labels, predictions),
            metric(labels, predictions, weights=tf.constant([1.0, 2.0, 3.0, 4.0])),
            metric([1, 0, 1], [1, 0, 0], tf.constant(2.0), name="own"),
        ]
    return told(tf, *pairs)


@case("tf.metrics.precision", "tf.metrics.recall")
def precision_and_recall(tf, np):
    labels, predictions = chances(tf)
    called = tf.greater(predictions, 0.5)
    weights = tf.constant([1.0, 2.0, 3.0, 4.0, 0.0, 0.5])
    return told(
        tf,
        tf.metrics.precision(labels, called),
        tf.metrics.recall(labels, called),
        tf.metrics.precision(labels, called, weights),
        tf.metrics.recall(labels, called, weights, name="mine"),
        tf.metrics.precision([0, 1], [0, 0]),
    )


@case(
    *(f"tf.metrics.{kind}_at_thresholds" for kind in COUNTERS.split()),
    "tf.metrics.precision_at_thresholds",
    "tf.metrics.recall_at_thresholds",
)
def at_thresholds(tf, np):
    labels, predictions = chances(tf)
    pairs = []
    for kind in [*COUNTERS.split(), "precision", "recall"]:
        metric = getattr(tf.metrics, f"{kind}_at_thresholds")
        pairs += [metric(labels, predictions, [0.0, 0.5, 0.75])]
    pairs += [metric(labels, predictions, [0.25], weights=2.0)]
    return told(tf, *pairs)


@case("tf.metrics.auc", within=16)
def auc(tf, np):
    given = chances(tf)
    careful = "careful_interpolation"
    return told(
        tf,
        tf.metrics.auc(*given),
        tf.metrics.auc(*given, num_thresholds=5, curve="PR"),
        tf.metrics.auc(*given, curve="PR", summation_method=careful),
        tf.metrics.auc(*given, thresholds=[0.5, 0.3], summation_method="minoring"),
        tf.metrics.auc(*given, [1.0] * 6, summation_method="majoring", name="x"),
    )


@case(
    "tf.metrics.sensitivity_at_specificity",
    "tf.metrics.specificity_at_sensitivity",
)
def at_a_level(tf, np):
    given = chances(tf)
    return told(
        tf,
        tf.metrics.sensitivity_at_specificity(*given, 0.6),
        tf.metrics.specificity_at_sensitivity(*given, 0.6, num_thresholds=20),
    )


@case("tf.confusion_matrix", "tf.math.confusion_matrix", only="values shapes")
def confusion_matrix(tf, np):
    labels, predictions = tf.constant([0, 1, 2, 2]), tf.constant([0, 2, 2, 2])
    return [
        tf.confusion_matrix(labels, predictions),
        tf.math.confusion_matrix([[1], [0]], [1, 1], 3, tf.float32, "own"),
        tf.confusion_matrix([1, 1], [0, 0], num_classes=2, weights=[2, 3]),
    ]


@case("tf.metrics.mean_per_class_accuracy")
def mean_per_class_accuracy(tf, np):
    labels = tf.constant([[0, 1], [2, 2]])
    predictions = tf.constant([[0, 2], [2, 1]])
    weights = tf.constant([[1.0, 2.0], [0.5, 3.0]])
    return told(
        tf,
        tf.metrics.mean_per_class_accuracy(labels, predictions, 3),
        tf.metrics.mean_per_class_accuracy(labels, predictions, 4, weights),
    )


@case("tf.metrics.mean_iou", differs={"names": DIAGONAL})
def mean_iou(tf, np):
    labels = tf.constant([[0, 1], [2, 2]])
    predictions = tf.constant([[0, 2], [2, 1]])
    weights = tf.constant([[1.0, 2.0], [0.5, 3.0]])
    pairs = [
        tf.metrics.mean_iou(labels, predictions, 3),
        tf.metrics.mean_iou(labels, predictions, 4, weights),
    ]
    return told(tf, *pairs)


@case("tf.metrics.accuracy", "tf.metrics.auc", "tf.confusion_matrix", only="messages")
def refused(tf, np):
    m, y, p = tf.metrics, *numbers(tf)

    def ran(x):
        with tf.Session() as session:
            session.run(tf.local_variables_initializer())
            session.run(x)

    late = tf.placeholder_with_default([3], [1])
    high = tf.placeholder_with_default([2.0], [1])
    return [
        message(lambda: m.accuracy(y, tf.zeros([2, 2]))),
        message(lambda: m.auc(y, p, curve="x")),
        message(lambda: m.auc(y, p, summation_method="x")),
        message(lambda: m.sensitivity_at_specificity(y, p, 2)),
        message(lambda: m.specificity_at_sensitivity(y, p, 2)),
        message(lambda: m.mean(y, weights=tf.constant([[1.0], [2.0], [3.0]]))),
        message(lambda: m.auc([True], tf.constant([2.0]))),
        message(lambda: tf.confusion_matrix([-3], [1])),
        message(lambda: ran(m.auc([True], high))),
        message(lambda: ran(tf.confusion_matrix(late, [1], 2))),
    ]
