"""tf.losses: what is wrong, how it is weighted, and where it is kept."""

from tests.conformance.harness import case, message


def wrong(tf):
    """(labels, predictions), both (2, 3)."""
    labels = tf.constant([[0.0, 1.0, 0.5], [1.0, 0.0, 0.25]])
    return labels, tf.constant([[0.1, 0.7, 0.5], [0.9, 0.6, 0.875]])


def scores(tf):
    """(labels, scores), both (2, 3); a row of labels has one 1."""
    labels = tf.constant([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    return labels, tf.constant([[0.5, -1.0, 2.0], [3.0, 0.0, -2.5]])


REDUCTIONS = "NONE SUM SUM_OVER_BATCH_SIZE MEAN SUM_BY_NONZERO_WEIGHTS"


@case("tf.losses.mean_squared_error")
def mean_squared_error(tf, np):
    labels, predictions = wrong(tf)
    loss = tf.losses.mean_squared_error(labels, predictions)
    again = tf.losses.mean_squared_error(labels, predictions, scope="mine")
    return {"value": [loss, again], "gradients": tf.gradients(loss, predictions)}


@case("tf.losses.mean_squared_error")
def mean_squared_error_of_an_unknown_batch(tf, np):
    x = tf.placeholder_with_default(np.float32([[1], [3]]), [None, 1])
    t = tf.placeholder_with_default(np.float32([[0], [0]]), [None, 1])
    loss = tf.losses.mean_squared_error(labels=t, predictions=x)
    return {"value": loss, "gradients": tf.gradients(loss, x)}


@case("tf.losses.mean_squared_error")
def other_dtypes(tf, np):
    whole = tf.constant([1, 2, 3])
    return [
        tf.losses.mean_squared_error(whole, tf.constant([1.5, 2.5, 2.0])),
        tf.losses.absolute_difference(whole, np.array([1.5, 2.5, 2.0])),
        tf.losses.mean_squared_error([1.0, 2.0], [2.0, 4.0]),
        tf.losses.compute_weighted_loss(tf.constant([1.0, 2.0], tf.float64)),
        tf.losses.compute_weighted_loss(tf.constant([1, 2])),
    ]


@case("tf.losses.compute_weighted_loss", "tf.losses.Reduction")
def reductions(tf, np):
    losses = tf.constant([[1.0, 4.0], [2.0, 5.0]])
    found = []
    for word in REDUCTIONS.split():
        reduction = getattr(tf.losses.Reduction, word)
        for weights in (2.0, [[1.0], [0.0]]):
            loss = tf.losses.compute_weighted_loss(losses, weights, reduction=reduction)
            found.append(loss)
    return {"value": found, "gradients": tf.gradients(found[-1], losses)}


@case("tf.losses.Reduction")
def words_for_reductions(tf, np):
    reduction = tf.losses.Reduction
    return [
        reduction.all(),
        reduction.SUM_OVER_NONZERO_WEIGHTS,
        message(reduction.validate, "foo"),
        message(lambda: tf.losses.compute_weighted_loss([1.0], reduction="mean")),
    ]


@case("tf.losses.compute_weighted_loss")
def weights_that_fit(tf, np):
    losses = tf.constant([[1.0, 4.0], [2.0, 5.0]])
    weight = tf.Variable(2.0)
    found = [
        tf.losses.compute_weighted_loss(losses, w)
        for w in (np.float32(0.5), tf.constant(3), weight, [[1, 0]])
    ]
    return {"value": found, "gradients": tf.gradients(found[2], [weight, losses])}


@case("tf.losses.compute_weighted_loss")
def weights_that_do_not_fit(tf, np):
    losses, of = tf.zeros([2, 3]), tf.losses.compute_weighted_loss
    return [
        message(of, losses, [1.0, 2.0]),
        message(of, losses, [[1.0], [2.0], [3.0]]),
        message(of, losses, [[1.0, 2.0]]),
        message(of, losses, None),
    ]


DYNAMIC = "the check of weights needs no tf.cond"


@case(
    "tf.losses.compute_weighted_loss", only="names values", differs={"names": DYNAMIC}
)
def weights_known_in_the_run(tf, np):
    losses = np.float32([[1, 4], [2, 5]])
    found = []
    values = tf.placeholder_with_default(losses, [None, 2])
    for weights, sizes in ((2.0, None), ([[1.0], [0.0]], [None, 1])):
        w = tf.placeholder_with_default(np.float32(weights), sizes)
        loss = tf.losses.compute_weighted_loss(values, w, reduction="weighted_sum")
        found.append(loss)
    return found


@case("tf.losses.compute_weighted_loss", only="messages")
def weights_that_do_not_fit_in_the_run(tf, np):
    said = []
    for weights in ([1.0, 2.0], [[1.0, 2.0, 3.0]]):
        w = tf.placeholder_with_default(np.float32(weights), None)
        values = tf.placeholder_with_default(np.float32([[1, 4], [2, 5]]), [None, 2])
        loss = tf.losses.compute_weighted_loss(values, w, reduction="weighted_sum")
        with tf.Session() as session:
            text = message(session.run, loss)
        said.append(
            [type(text.error).__name__, "weights can not be" in str(text.error)]
        )
    return {"messages": said}


@case("tf.losses.absolute_difference")
def absolute_difference(tf, np):
    labels, predictions = wrong(tf)
    loss = tf.losses.absolute_difference(labels, predictions, [[2.0], [0.5]])
    return {"value": loss, "gradients": tf.gradients(loss, [labels, predictions])}


@case("tf.losses.cosine_distance")
def cosine_distance(tf, np):
    labels, predictions = wrong(tf)
    loss = tf.losses.cosine_distance(labels, predictions, axis=1)
    other = tf.losses.cosine_distance(labels, predictions, dim=0, weights=0.5)
    said = [message(tf.losses.cosine_distance, labels, predictions)]
    slopes = tf.gradients(loss, predictions)
    return {"value": [loss, other], "gradients": slopes, "messages": said}


@case("tf.losses.hinge_loss")
def hinge_loss(tf, np):
    labels, logits = scores(tf)
    loss = tf.losses.hinge_loss(labels, logits)
    none = tf.losses.hinge_loss(labels, logits, reduction="none")
    return {"value": [loss, none], "gradients": tf.gradients(loss, logits)}


@case("tf.losses.huber_loss")
def huber_loss(tf, np):
    labels, predictions = scores(tf)
    loss = tf.losses.huber_loss(labels, predictions)
    other = tf.losses.huber_loss(labels, predictions, delta=0.5, reduction="none")
    return {"value": [loss, other], "gradients": tf.gradients(loss, predictions)}


@case("tf.losses.log_loss")
def log_loss(tf, np):
    labels, predictions = wrong(tf)
    loss = tf.losses.log_loss(labels, predictions)
    other = tf.losses.log_loss(labels, predictions, epsilon=1e-3, reduction="none")
    edge = tf.losses.log_loss([0.0, 1.0], [0.0, 0.0])
    return {"value": [loss, other, edge], "gradients": tf.gradients(loss, predictions)}


@case("tf.losses.mean_pairwise_squared_error", within=1e-6)
def mean_pairwise_squared_error(tf, np):
    labels, predictions = wrong(tf)
    found = [
        tf.losses.mean_pairwise_squared_error(labels, predictions),
        tf.losses.mean_pairwise_squared_error(labels, predictions, 0.0),
        tf.losses.mean_pairwise_squared_error(labels, predictions, [[2.0], [0.0]]),
    ]
    return {"value": found, "gradients": tf.gradients(found[0], predictions)}


@case("tf.losses.sigmoid_cross_entropy")
def sigmoid_cross_entropy(tf, np):
    labels, logits = scores(tf)
    loss = tf.losses.sigmoid_cross_entropy(labels, logits)
    smooth = tf.losses.sigmoid_cross_entropy(
        tf.cast(labels, tf.int32), logits, label_smoothing=0.1, reduction="none"
    )
    return {"value": [loss, smooth], "gradients": tf.gradients(loss, logits)}


@case("tf.losses.softmax_cross_entropy")
def softmax_cross_entropy(tf, np):
    labels, logits = scores(tf)
    loss = tf.losses.softmax_cross_entropy(labels, logits)
    weighted = tf.losses.softmax_cross_entropy(labels, logits, [1.0, 3.0])
    smooth = tf.losses.softmax_cross_entropy(
        tf.cast(labels, tf.int32), logits, label_smoothing=0.2, reduction="none"
    )
    slopes = tf.gradients(loss, [logits, labels])[:1]
    return {"value": [loss, weighted, smooth], "gradients": slopes}


@case("tf.losses.sparse_softmax_cross_entropy")
def sparse_softmax_cross_entropy(tf, np):
    logits = scores(tf)[1]
    of = tf.losses.sparse_softmax_cross_entropy
    loss = of([1, 0], logits)
    found = [
        loss,
        of(labels=tf.constant([[1], [0]]), logits=logits),
        of([1, 0], logits, weights=[[1.0], [2.0]]),
        of(tf.constant([[1, 0]], tf.int64), logits[None], reduction="none"),
    ]
    return {"value": found, "gradients": tf.gradients(loss, logits)}


@case("tf.losses.sparse_softmax_cross_entropy")
def sparse_softmax_cross_entropy_of_an_unknown_batch(tf, np):
    logits = tf.placeholder_with_default(np.float32([[0, 1], [2, 0]]), [None, 2])
    labels = tf.placeholder_with_default(np.int64([1, 0]), [None])
    return tf.losses.sparse_softmax_cross_entropy(labels, logits)


@case("tf.losses.sparse_softmax_cross_entropy", only="values")
def sparse_softmax_cross_entropy_of_an_unknown_rank(tf, np):
    logits = tf.placeholder_with_default(np.float32([[0, 1], [2, 0]]), [None, 2])
    found = []
    for labels in ([1, 0], [[1], [0]]):
        t = tf.placeholder_with_default(np.int64(labels), None)
        found.append(tf.losses.sparse_softmax_cross_entropy(t, logits))
    return found


@case(
    "tf.losses.add_loss",
    "tf.losses.get_losses",
    "tf.losses.get_total_loss",
    "tf.losses.get_regularization_loss",
    "tf.losses.get_regularization_losses",
)
def collections(tf, np):
    labels, predictions = wrong(tf)
    nothing = tf.losses.get_regularization_loss()
    with tf.name_scope("a"):
        tf.losses.mean_squared_error(labels, predictions)
    tf.losses.add_loss(tf.constant(2.0, name="b"))
    tf.losses.absolute_difference(labels, predictions, loss_collection="mine")
    tf.losses.absolute_difference(labels, predictions, loss_collection=None)
    tf.get_variable(
        "w", [2], initializer=tf.ones_initializer(), regularizer=tf.reduce_sum
    )
    tf.get_variable(
        "v", [3], initializer=tf.ones_initializer(), regularizer=tf.reduce_sum
    )
    found = [
        nothing,
        tf.losses.get_regularization_loss(),
        tf.losses.get_total_loss(),
        tf.losses.get_total_loss(False, name="t"),
        tf.losses.get_total_loss(scope="a"),
    ]
    groups = [
        tf.losses.get_losses(),
        tf.losses.get_losses("a"),
        tf.losses.get_losses(loss_collection="mine"),
        tf.losses.get_regularization_losses(),
        tf.losses.get_regularization_losses("w"),
    ]
    return {"value": found, "names": [[t.name for t in group] for group in groups]}


@case("tf.losses.mean_squared_error", "tf.losses.softmax_cross_entropy")
def what_losses_refuse(tf, np):
    two, three = tf.zeros([2, 2]), tf.zeros([3, 2])
    losses = tf.losses
    return [
        message(losses.mean_squared_error, None, two),
        message(losses.mean_squared_error, two, None),
        message(losses.mean_squared_error, two, three),
        message(losses.absolute_difference, two[:, 0], two),
        message(losses.softmax_cross_entropy, None, two),
        message(losses.softmax_cross_entropy, two, three),
        message(losses.sigmoid_cross_entropy, None, two),
        message(losses.sigmoid_cross_entropy, two, None),
        message(losses.sparse_softmax_cross_entropy, None, two),
        message(losses.sparse_softmax_cross_entropy, [1, 2, 3], two),
        message(losses.mean_pairwise_squared_error, two, three),
        message(losses.hinge_loss, two, None),
        message(losses.log_loss, two, three),
        message(losses.get_total_loss),
    ]
