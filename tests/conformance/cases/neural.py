"""tf.nn: activations, softmax, cross-entropies, moments."""

from tests.conformance.harness import case, message

POINTS = [-7.0, -1.5, -0.5, 0.0, 0.25, 1.0, 6.0, 8.0]


def activation(name, within=4):
    @case("tf.nn." + name, name=name, within=within)
    def program(tf, np):
        f = getattr(tf.nn, name)
        x = tf.constant(POINTS, name="x")
        u = tf.placeholder(tf.float32, [None, 3], name="u")
        y = f(x)
        (d,) = tf.gradients(y, x)
        return {
            "value": [y, f(x, name="named")],
            "shapes": [f(u).shape],
            "gradient": [d, tf.gradients(d, x) if name != "softsign" else None],
            "messages": [message(tf.gradients, d, x)] if name == "softsign" else [],
        }


for _name in "relu relu6 elu selu leaky_relu softsign tanh".split():
    activation(_name)
activation("softplus", within=2e-6)  # near -7 right to digit 4 in TensorFlow
activation("sigmoid", within=2e-6)  # TensorFlow's sigmoid(-7) is wrong from digit 5 on


@case("tf.nn.crelu", "tf.nn.swish")
def crelu_and_swish(tf, np):
    x = tf.constant([[-1.0, 2.0]], name="x")
    y, z = tf.nn.crelu(x), tf.nn.swish(x)
    return {"value": [y, z], "gradient": [tf.gradients(y, x), tf.gradients(z, x)]}


@case("tf.nn.leaky_relu")
def leaky_relu_with_alpha(tf, np):
    x = tf.constant([-2.0, 0.0, 3.0], name="x")
    y = tf.nn.leaky_relu(x, alpha=0.01)
    return {"value": y, "gradient": tf.gradients(y, x)}


@case("tf.nn.relu", "tf.nn.elu")
def activations_of_other_dtypes(tf, np):
    n, d = tf.constant([-1, 2]), tf.constant([-1.0, 2.0], tf.float64)
    return {
        "value": [
            tf.nn.relu(n),
            tf.nn.relu6(n),
            tf.nn.relu(d),
            tf.nn.elu(d),
            tf.nn.softplus(d),
        ],
        "messages": [
            message(lambda: tf.nn.elu(n)),
            message(lambda: tf.nn.relu([True])),
        ],
    }


@case("tf.nn.softmax", "tf.nn.log_softmax")
def softmax(tf, np):
    x = tf.constant([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0]], name="x")
    y, z = tf.nn.softmax(x), tf.nn.log_softmax(x)
    return {
        "value": [
            y,
            z,
            tf.nn.softmax(x, name="p"),
            tf.nn.softmax([1.0, 2.0]),
            tf.nn.log_softmax(x, axis=1),
        ],
        "gradient": [tf.gradients(y[:, 0], x), tf.gradients(z[:, 1], x)],
    }


@case("tf.nn.softmax")
def softmax_along_other_axes(tf, np):
    x = tf.constant([[[1.0, 2.0], [3.0, 5.0]]], name="x")
    u = tf.placeholder_with_default(np.ones((2, 3), np.float32), [None, 3], name="u")
    y = tf.nn.softmax(x, axis=1)
    return {
        "value": [
            y,
            tf.nn.softmax(x),
            tf.nn.softmax(u),
            tf.nn.softmax(u, 0),
            tf.nn.softmax(x, dim=-1),
        ],
        "shapes": [tf.nn.softmax(u).shape],
        "gradient": tf.gradients(y * x, x),
        "messages": [message(lambda: tf.nn.softmax(x, axis=4))],
    }


@case("tf.nn.bias_add", within=1e-6)
def bias_add(tf, np):
    x = tf.constant(np.arange(12, dtype=np.float32).reshape(2, 2, 3), name="x")
    b = tf.constant([1.0, 2.0, 3.0], name="b")
    y = tf.nn.bias_add(x, b)
    u = tf.placeholder(tf.float32, [None, 3])
    return {
        "value": [y, tf.nn.bias_add([[1.0, 2.0, 3.0]], b, name="plus")],
        "shapes": [tf.nn.bias_add(u, b).shape],
        "gradient": tf.gradients(y * y, [x, b]),
        "messages": [
            message(lambda: tf.nn.bias_add(x, [1.0])),
            message(lambda: tf.nn.bias_add(b, b)),
            message(lambda: tf.nn.bias_add(x, b, data_format="N")),
        ],
    }


@case("tf.nn.l2_loss", within=1e-6)
def l2_loss(tf, np):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    y = tf.nn.l2_loss(x)
    return {
        "value": [y, tf.nn.l2_loss([3.0], name="half")],
        "gradient": tf.gradients(y, x),
    }


@case("tf.nn.xw_plus_b", "tf.nn.relu_layer", within=1e-6)
def xw_plus_b(tf, np):
    x = tf.constant([[1.0, 2.0]], name="x")
    w, b = (
        tf.constant([[1.0, -3.0], [4.0, 0.5]], name="w"),
        tf.constant([0.1, 0.2], name="b"),
    )
    y = tf.nn.xw_plus_b(x, w, b)
    z = tf.nn.relu_layer(x, w, b)
    return {"value": [y, z], "gradient": tf.gradients([y, z], [x, w, b])}


@case("tf.nn.moments", within=1e-6)
def moments(tf, np):
    x = tf.constant([[1.0, 2.0, 4.0], [3.0, 2.0, 0.5]], name="x")
    mean, variance = tf.nn.moments(x, [0])
    u = tf.placeholder(tf.float32, [None, 3])
    return {
        "value": [
            mean,
            variance,
            tf.nn.moments(x, [0, 1], keep_dims=True),
            tf.nn.moments(x, axes=[1], name="m"),
        ],
        "shapes": [m.shape for m in tf.nn.moments(u, [0])],
        "gradient": tf.gradients(variance + mean, x),
    }


@case("tf.nn.l2_normalize")
def l2_normalize(tf, np):
    x = tf.constant([[3.0, 4.0], [0.0, 0.0]], name="x")
    y = tf.nn.l2_normalize(x, 1)
    return {
        "value": [
            y,
            tf.nn.l2_normalize(x, axis=0, epsilon=0.1),
            tf.nn.l2_normalize(x, dim=1, name="n"),
        ],
        "gradient": tf.gradients(y * x, x),
    }


@case("tf.nn.zero_fraction", not_yet={"names": "It is built without tf.cond."})
def zero_fraction(tf, np):
    x = tf.constant([[3.0, 4.0], [0.0, 0.0]], name="x")
    return [tf.nn.zero_fraction(x), tf.nn.zero_fraction(tf.zeros([3]), name="all")]


@case("tf.nn.batch_normalization")
def batch_normalization(tf, np):
    x = tf.constant([[1.0, 2.0], [3.0, 6.0]], name="x")
    mean, variance = tf.nn.moments(x, [0])
    offset, scale = (
        tf.constant([0.1, 0.2], name="offset"),
        tf.constant(1.5, name="scale"),
    )
    y = tf.nn.batch_normalization(x, mean, variance, offset, scale, 1e-3)
    z = tf.nn.batch_normalization(x, mean, variance, None, None, 1e-3)
    blamed = [mean, variance, offset, scale]
    return {"value": [y, z], "gradient": tf.gradients(y * y, blamed)}


@case("tf.nn.embedding_lookup")
def embedding_lookup(tf, np):
    table = tf.Variable(np.arange(8, dtype=np.float32).reshape(4, 2), name="table")
    y = tf.nn.embedding_lookup(table, [[0, 3], [1, 1]])
    return {
        "value": [y, tf.nn.embedding_lookup([table], 2)],
        "gradient": tf.gradients(y * y, table),
    }


@case("tf.nn.in_top_k")
def in_top_k(tf, np):
    x = tf.constant([[0.1, 0.5, 0.4], [0.3, 0.3, 0.4]])
    return [tf.nn.in_top_k(x, [2, 0], 1), tf.nn.in_top_k(x, [2, 0], 2)]


@case("tf.nn.softmax_cross_entropy_with_logits")
def softmax_cross_entropy(tf, np):
    z = tf.constant([[1.0, 2.0, 3.0], [0.5, -1.0, 100.0]], name="z")
    p = tf.constant([[0.0, 1.0, 0.0], [0.2, 0.3, 0.5]], name="p")
    y = tf.nn.softmax_cross_entropy_with_logits(labels=p, logits=z)
    return {"value": y, "gradient": tf.gradients(y, [z, p])}


@case("tf.nn.softmax_cross_entropy_with_logits_v2")
def softmax_cross_entropy_v2(tf, np):
    z = tf.constant([[1.0, 2.0, 3.0], [0.5, -1.0, 100.0]], name="z")
    p = tf.constant([[0.0, 1.0, 0.0], [0.2, 0.3, 0.5]], name="p")
    y = tf.nn.softmax_cross_entropy_with_logits_v2(labels=p, logits=z, name="loss")
    (d,) = tf.gradients(y, z)
    return {"value": y, "gradient": [d, tf.gradients(y, p), tf.gradients(d * z, z)]}


@case("tf.nn.softmax_cross_entropy_with_logits")
def softmax_cross_entropy_of_other_shapes(tf, np):
    z = tf.constant(
        np.linspace(-1, 1, 12).astype(np.float32).reshape(2, 2, 3), name="z"
    )
    p = tf.nn.softmax(z * 2.0)
    u = tf.placeholder(tf.float32, [None, 3])
    f = tf.nn.softmax_cross_entropy_with_logits_v2
    return {
        "value": [
            f(labels=p, logits=z),
            f(labels=p, logits=z, dim=1),
            f(labels=p[0, 0], logits=z[1, 1]),
        ],
        "shapes": [f(labels=u, logits=u).shape],
    }


@case("tf.nn.sparse_softmax_cross_entropy_with_logits")
def sparse_softmax_cross_entropy(tf, np):
    z = tf.constant([[1.0, 2.0, 3.0], [0.5, -1.0, 100.0]], name="z")
    n = tf.constant([1, 2], tf.int64, name="n")
    f = tf.nn.sparse_softmax_cross_entropy_with_logits
    y = f(labels=n, logits=z)
    u, m = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.int32, [None])
    (d,) = tf.gradients(y, z)
    return {
        "value": [
            y,
            f(labels=[[1, 0]], logits=[[[1.0, 2.0], [3.0, 4.0]]], name="grid"),
        ],
        "shapes": [f(labels=m, logits=u).shape],
        "gradient": d,
        "messages": [message(tf.gradients, d * z, z)],
    }


@case("tf.nn.sigmoid_cross_entropy_with_logits")
def sigmoid_cross_entropy(tf, np):
    z = tf.constant([-30.0, -1.0, 0.0, 2.0, 30.0], name="z")
    p = tf.constant([0.0, 1.0, 0.5, 0.0, 1.0], name="p")
    y = tf.nn.sigmoid_cross_entropy_with_logits(labels=p, logits=z)
    return {"value": y, "gradient": tf.gradients(y, [z, p])}


@case("tf.nn.weighted_cross_entropy_with_logits")
def weighted_cross_entropy(tf, np):
    z = tf.constant([-3.0, 0.0, 2.0], name="z")
    y = tf.nn.weighted_cross_entropy_with_logits([0.0, 1.0, 1.0], z, 3.0)
    return {"value": y, "gradient": tf.gradients(y, z)}


@case(
    "tf.nn.softmax_cross_entropy_with_logits", "tf.nn.sigmoid_cross_entropy_with_logits"
)
def cross_entropy_errors(tf, np):
    z = tf.constant([[1.0, 2.0, 3.0]], name="z")
    sparse = tf.nn.sparse_softmax_cross_entropy_with_logits
    dense = tf.nn.softmax_cross_entropy_with_logits_v2
    binary = tf.nn.sigmoid_cross_entropy_with_logits
    n = tf.placeholder_with_default([3], [1], name="n")
    u = tf.placeholder_with_default([0, 1], [None], name="u")
    loss, other = sparse(labels=n, logits=z), sparse(labels=u, logits=z)
    with tf.Session() as sess:
        return [
            message(lambda: sparse(z, [1])),
            message(lambda: dense(z, z)),
            message(lambda: binary(z, z)),
            message(lambda: sparse(labels=[[1]], logits=z)),
            message(lambda: sparse(labels=1, logits=z)),
            message(lambda: sparse(labels=[1.0], logits=z)),
            message(lambda: sparse(labels=[1, 2], logits=z)),
            message(lambda: sparse(labels=[1], logits=None)),
            message(lambda: dense(labels=[[1.0, 0.0]], logits=z)),
            message(lambda: dense(labels=None, logits=z)),
            message(lambda: binary(labels=[[1.0]], logits=z)),
            message(lambda: binary(labels=[1], logits=z)),
            message(lambda: sess.run(loss)),
            message(lambda: sess.run(other)),
        ]


@case("tf.nn.sparse_softmax_cross_entropy_with_logits", within=1e-6)
def cross_entropy_of_labels_with_batches(tf, np):
    z = tf.placeholder(tf.float32, [None, 3], name="z")
    n = tf.placeholder(tf.int64, [None], name="n")
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=n, logits=z)
    )
    (d,) = tf.gradients(loss, z)
    with tf.Session() as sess:
        feed = {z: [[1, 2, 3], [3, 1, 0]], n: [2, 0]}
        return {"value": sess.run(loss, feed), "gradient": sess.run(d, feed)}


@case("tf.nn.log_poisson_loss", within=1e-6)
def log_poisson_loss(tf, np):
    x = tf.constant([1.0, 2.0, 0.5], name="x")
    n = tf.constant([2.0, 0.0, 5.0], name="n")
    y = tf.nn.log_poisson_loss(n, x)
    z = tf.nn.log_poisson_loss(n, x, compute_full_loss=True, name="full")
    return {
        "value": [y, z],
        "gradient": tf.gradients(y, [x, n]),
        "messages": [message(lambda: tf.nn.log_poisson_loss([1.0], x))],
    }


@case("tf.nn.bias_add")
def bias_add_for_channels(tf, np):
    x = tf.constant(np.arange(24, dtype=np.float32).reshape(2, 3, 4), name="x")
    b = tf.constant([1.0, 2.0, 3.0], name="b")
    u = tf.placeholder(tf.float32, [None, None, 4])
    y = tf.nn.bias_add(x, b, data_format="NCHW")
    (d,) = tf.gradients(y * y, b)
    return {
        "value": [y, tf.nn.bias_add(x, [1.0] * 4, data_format="NWC")],
        "shapes": [tf.nn.bias_add(u, b, data_format="NCW").shape],
        "gradient": [d, tf.gradients(d * d, [x, b])],
        "messages": [message(lambda: tf.nn.bias_add(x, b))],
    }


@case("tf.nn.dropout")
def dropout(tf, np):
    tf.set_random_seed(7)
    x = tf.constant(np.ones((3, 4), np.float32), name="x")
    u = tf.placeholder_with_default(np.ones((2, 3), np.float32), [None, 3], name="u")
    rate = tf.placeholder_with_default(0.25, [], name="r")
    y = tf.nn.dropout(x, rate=0.25)
    return {
        "random": [
            y,
            tf.nn.dropout(x, 0.5, seed=3, name="half"),
            tf.nn.dropout(u, rate=rate),
            tf.nn.dropout(u, keep_prob=rate),
            tf.nn.dropout(x, rate=0.4, noise_shape=[3, 1]),
            tf.nn.dropout(x, rate=0.4, noise_shape=[None, 1], seed=5),
        ],
        "value": [tf.nn.dropout(x, 1.0), tf.nn.dropout(x, rate=0)],
        "gradient": tf.gradients(y * x, x),
    }


@case("tf.nn.dropout")
def dropout_errors(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    return [
        message(lambda: tf.nn.dropout(x)),
        message(lambda: tf.nn.dropout(x, 0.5, rate=0.5)),
        message(lambda: tf.nn.dropout(x, 0.0)),
        message(lambda: tf.nn.dropout(x, 1.5)),
        message(lambda: tf.nn.dropout(x, rate=1)),
        message(lambda: tf.nn.dropout(x, "all")),
        message(lambda: tf.nn.dropout([1, 2], 0.5)),
        message(lambda: tf.nn.dropout(x, rate=x)),
    ]


@case("tf.nn.weighted_moments", within=1e-6)
def weighted_moments(tf, np):
    x = tf.constant([[1.0, 2.0, 4.0], [3.0, 2.0, 0.5]], name="x")
    mean, variance = tf.nn.weighted_moments(x, [0], [[1.0], [3.0]])
    kept = tf.nn.weighted_moments(x, [0, 1], 2.0, keep_dims=True, name="kept")
    return {"value": [mean, variance, kept], "gradient": tf.gradients(variance, x)}


@case("tf.nn.sufficient_statistics", "tf.nn.normalize_moments", within=1e-6)
def statistics(tf, np):
    x = tf.constant([[1.0, 2.0, 4.0], [3.0, 2.0, 0.5]], name="x")
    u = tf.placeholder_with_default(np.ones((2, 3), np.float32), [None, 3], name="u")
    plain, moved = [tf.nn.sufficient_statistics(x, [0], shift=s) for s in (None, 1.0)]
    return {
        "value": [
            plain[:3],
            moved,
            tf.nn.sufficient_statistics(u, [0, 1], keep_dims=True, name="all")[:3],
            tf.nn.normalize_moments(*plain),
            tf.nn.normalize_moments(*moved, name="normal"),
        ]
    }


@case("tf.nn.top_k")
def top_k(tf, np):
    x = tf.constant([[3.0, 1.0, 4.0, 1.5], [9.0, 9.0, 6.0, 5.0]], name="x")
    u = tf.placeholder(tf.float32, [None, 3])
    k = tf.placeholder(tf.int32, [])
    values, indices = tf.nn.top_k(x, 2)
    return {
        "value": [values, indices, tf.nn.top_k([4, 2, 7], name="best")],
        "shapes": [tf.nn.top_k(u, 2).indices.shape, tf.nn.top_k(u, k).values.shape],
        "gradient": tf.gradients(values * values, x),
        "messages": [
            message(lambda: tf.nn.top_k(x, 5)),
            message(lambda: tf.nn.top_k(x, -1)),
            message(lambda: tf.nn.top_k(2.0, 1)),
        ],
    }


@case("tf.nn.embedding_lookup", within=1e-6)
def embedding_lookup_of_short_rows(tf, np):
    table = tf.Variable(np.arange(8, dtype=np.float32).reshape(4, 2), name="table")
    y = tf.nn.embedding_lookup(table, [0, 3, 1], max_norm=2.0, name="short")
    return {
        "value": y,
        "messages": [
            message(lambda: tf.nn.embedding_lookup(None, [0])),
            message(lambda: tf.nn.embedding_lookup([], [0])),
        ],
    }


@case("tf.norm", within=1e-6)
def norm(tf, np):
    x = tf.constant([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], name="x")
    y, z = tf.norm(x), tf.norm(x, ord=1, axis=1)
    return {
        "value": [
            y,
            z,
            tf.norm(x, axis=0, keepdims=True),
            tf.norm(x, ord=np.inf, axis=-1, name="largest"),
            tf.norm(x, ord=3),
            tf.norm(x, "fro", [0, 1]),
            tf.norm(x, 1, [0, 1]),
            tf.norm(x, np.inf, (0, 1)),
        ],
        "gradient": [tf.gradients(y, x), tf.gradients(z, x)],
        "messages": [
            message(lambda: tf.norm(x, axis=[0])),
            message(lambda: tf.norm(x, ord="fro")),
            message(lambda: tf.norm(x, ord=3, axis=[0, 1])),
        ],
    }


@case("tf.nn.conv2d", within=1e-5)
def conv2d(tf, np):
    x = tf.constant(np.arange(32, dtype=np.float32).reshape(1, 4, 4, 2) / 10, name="x")
    w = tf.constant(
        np.arange(36, dtype=np.float32).reshape(3, 3, 2, 2) / 10 - 1, name="w"
    )
    y = tf.nn.conv2d(x, w, strides=[1, 2, 2, 1], padding="SAME")
    return {
        "value": [y, tf.nn.conv2d(x, w, [1, 1, 1, 1], "VALID")],
        "gradient": tf.gradients(y * y, [x, w]),
    }


@case("tf.nn.max_pool", "tf.nn.avg_pool", within=1e-5)
def pools(tf, np):
    x = tf.constant(np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1), name="x")
    window, strides = [1, 3, 3, 1], [1, 2, 2, 1]
    ys = [f(x, window, strides, "SAME") for f in (tf.nn.max_pool, tf.nn.avg_pool)]
    return {"value": ys, "gradient": [tf.gradients(y * y, x) for y in ys]}
