"""Many numbers become one: reductions, arg-reductions, norms."""

from tests.conformance.harness import case, message

FLOAT = "sum mean prod max min logsumexp"


def reduction(name):
    def program(tf, np):
        f = getattr(tf.math, "reduce_" + name)
        x = tf.constant([[[1.0, 2.0], [3.0, 4.5]], [[0.5, 1.0], [2.0, 7.0]]], name="x")
        u = tf.placeholder_with_default(
            np.ones((2, 3), np.float32), [None, 3], name="u"
        )
        ys = [f(x), f(x, 1), f(x, [0, -1]), f(x, axis=2, keepdims=True)]
        return {
            "value": ys
            + [
                f(x, axis=(1,), name="named"),
                f(u, 0),
                f(u),
                f(x, []),
                f([[1.0, 2.0]], 0),
            ],
            "shapes": [f(u, 0).shape, f(u, 1).shape, f(u, -1, keepdims=True).shape],
            "gradient": [tf.gradients(ys[2], x), tf.gradients(f(u, 1), u)],
        }

    case("tf.reduce_" + name, name=name, within=1e-5)(program)


for _name in FLOAT.split():
    reduction(_name)


@case("tf.math.reduce_std", "tf.math.reduce_variance", within=1e-5)
def spreads(tf, np):
    x = tf.constant([[1.0, 2.0], [3.0, 4.5]], name="x")
    y, z = tf.math.reduce_std(x, 1), tf.math.reduce_variance(x)
    return {"value": [y, z], "gradient": tf.gradients(y, x)}


@case("tf.reduce_sum", "tf.reduce_mean", "tf.reduce_max", within=1e-5)
def gradients_along_axes(tf, np):
    x = tf.constant([[[1.0, 2.0], [3.0, 4.5]], [[0.5, 1.0], [2.0, 7.0]]], name="x")
    ys = [
        tf.reduce_sum(x),
        tf.reduce_mean(x, 1),
        tf.reduce_max(x, axis=2, keepdims=True),
    ]
    return {"gradient": [tf.gradients(y * y, x) for y in ys]}


@case("tf.reduce_sum", "tf.reduce_mean", "tf.reduce_max")
def old_argument_names(tf, np):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    return [
        tf.reduce_sum(x, reduction_indices=1),
        tf.reduce_mean(x, reduction_indices=[0]),
        tf.reduce_max(x, 1, keep_dims=True),
        tf.reduce_sum(x, keep_dims=True),
        tf.reduce_prod(x, axis=0, keepdims=True),
    ]


@case("tf.reduce_sum", "tf.reduce_mean", "tf.reduce_max", "tf.reduce_prod")
def reductions_of_integers(tf, np):
    x = tf.constant([[1, 2], [4, 4]], name="x")
    y = tf.constant([5, 7], tf.int64, name="y")
    return [
        tf.reduce_sum(x),
        tf.reduce_mean(x),
        tf.reduce_mean(x, 0),
        tf.reduce_prod(x, 1),
        tf.reduce_max(x, 0),
        tf.reduce_min(y),
        tf.reduce_sum(y),
        tf.reduce_sum(tf.constant([200, 100], tf.uint8)),
        tf.reduce_mean([1, 2]),
    ]


@case("tf.reduce_all", "tf.reduce_any")
def reductions_of_truth(tf, np):
    p = tf.constant([[True, False], [True, True]], name="p")
    return {
        "value": [
            tf.reduce_all(p),
            tf.reduce_any(p),
            tf.reduce_all(p, 1),
            tf.reduce_any(p, axis=0, keepdims=True, name="any"),
        ],
        "messages": [message(lambda: tf.reduce_all([1, 2]))],
    }


@case("tf.reduce_sum")
def reductions_over_tensors_of_axes(tf, np):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    a = tf.placeholder_with_default([0], [1], name="a")
    b = tf.placeholder_with_default(1, [], name="b")
    return {
        "value": [
            tf.reduce_sum(x, a),
            tf.reduce_mean(x, b),
            tf.reduce_max(x, tf.constant(1)),
        ],
        "shapes": [tf.reduce_sum(x, a).shape, tf.reduce_sum(x, a, keepdims=True).shape],
        "gradient": tf.gradients(tf.reduce_sum(x * x, a), x),
    }


@case("tf.reduce_max", "tf.reduce_min")
def ties_share_the_gradient(tf, np):
    x = tf.constant([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], name="x")
    return {
        "gradient": [tf.gradients(f(x, 1), x) for f in (tf.reduce_max, tf.reduce_min)]
    }


@case("tf.reduce_sum", "tf.reduce_mean", "tf.reduce_max", "tf.reduce_prod")
def reductions_of_nothing(tf, np):
    x = tf.zeros([0, 2])
    names = "sum mean max min prod".split()
    return [getattr(tf, "reduce_" + n)(x, 0) for n in names] + [tf.reduce_mean(x)]


@case("tf.reduce_prod", within=1e-5)
def gradient_of_a_product_with_zeros(tf, np):
    x = tf.constant([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0]], name="x")
    return {
        "gradient": [
            tf.gradients(tf.reduce_prod(x, 1), x),
            tf.gradients(tf.reduce_prod(x), x),
        ]
    }


@case("tf.reduce_sum")
def reduction_errors(tf, np):
    x = tf.constant([[1.0, 2.0]], name="x")
    return [
        message(lambda: tf.reduce_sum(x, 2)),
        message(lambda: tf.reduce_sum(x, [0, -3])),
        message(lambda: tf.reduce_sum(x, 0.5)),
        message(lambda: tf.reduce_mean(x, 1, keepdims=True, keep_dims=True)),
        message(lambda: tf.reduce_sum(x, axis=1, reduction_indices=1)),
        message(lambda: tf.reduce_sum(tf.constant(["a"]))),
        message(lambda: tf.reduce_sum(tf.constant([True]))),
    ]


@case("tf.reduce_logsumexp", within=1e-6)
def logsumexp_of_large_numbers(tf, np):
    x = tf.constant([[1000.0, 1000.0], [-1000.0, float("-inf")]], name="x")
    return tf.reduce_logsumexp(x, 1)


@case("tf.argmax", "tf.argmin")
def argmax_and_argmin(tf, np):
    x = tf.constant([[1.0, 3.0, 3.0], [2.0, 0.0, 0.0]], name="x")
    u = tf.placeholder_with_default(np.ones((2, 3), np.float32), [None, 3], name="u")
    return {
        "value": [
            tf.argmax(x, 1),
            tf.argmin(x, 1),
            tf.argmax(x),
            tf.argmin(x, axis=-1, output_type=tf.int32),
            tf.argmax(x, dimension=0),
            tf.argmax(u, 1, name="winner"),
            tf.argmax(u, 0),
            tf.argmax([3, 1, 2], 0),
        ],
        "none": tf.gradients(tf.argmax(x, 1), x),
        "messages": [
            message(lambda: tf.argmax(x, 2)),
            message(lambda: tf.argmax(x, axis=0, dimension=1)),
        ],
    }


@case("tf.arg_max", "tf.arg_min")
def arg_max_and_arg_min(tf, np):
    return [tf.arg_max([3.0, 1.0], 0), tf.arg_min([3.0, 1.0], 0)]


@case("tf.norm", within=1e-5)
def norms(tf, np):
    x = tf.constant([[3.0, 4.0], [0.0, 12.0]], name="x")
    ys = [
        tf.norm(x, 1, 0),
        tf.norm(x, np.inf, axis=1, keepdims=True),
        tf.norm(x),
        tf.norm(x, axis=1),
    ]
    zero = tf.constant([0.0, 0.0], name="zero")
    return {
        "value": ys + [tf.norm(x, ord=3.0, axis=1, name="cubic")],
        "gradient": [tf.gradients(y, x) for y in ys[2:]]
        + [tf.gradients(tf.norm(zero), zero)],
    }


@case("tf.count_nonzero")
def count_nonzero(tf, np):
    x = tf.constant([[0.0, 1.0, 2.0], [0.0, 0.0, 3.0]], name="x")
    return [
        tf.count_nonzero(x),
        tf.count_nonzero(x, 1),
        tf.count_nonzero(x, 0, True, tf.int32),
    ]


@case("tf.reduce_mean")
def mean_of_a_batch(tf, np):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.reduce_mean(tf.reduce_sum(tf.square(x), 1))
    (g,) = tf.gradients(y, x)
    with tf.Session() as sess:
        feed = {x: [[1, 2, 3], [4, 5, 6]]}
        return {
            "value": sess.run(y, feed),
            "gradient": sess.run(g, feed),
            "shapes": [y.shape, g.shape],
        }


@case("tf.unsorted_segment_sum", within=1e-5)
def unsorted_segment_sum(tf, np):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="x")
    u = tf.unsorted_segment_sum(x, [1, 0, 1], 3)
    return {"value": u, "gradient": tf.gradients(u * u, x)}


@case("tf.segment_sum", "tf.segment_mean", "tf.segment_max")
def segments(tf, np):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="x")
    s = tf.segment_sum(x, [0, 0, 1])
    return {
        "value": [s, tf.segment_mean(x, [0, 0, 1]), tf.segment_max(x, [0, 1, 1])],
        "gradient": tf.gradients(s * s, x),
    }


@case("tf.confusion_matrix", not_yet="Not built yet.")
def confusion_matrix(tf, np):
    return tf.confusion_matrix([0, 1, 1, 2], [0, 1, 2, 2])
