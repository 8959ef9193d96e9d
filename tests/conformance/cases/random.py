"""Random numbers: Philox, and the seeds of graphs and ops."""

from tests.conformance.harness import case, message


def runs(tf, fetches, times=3):
    """What `times` runs of one session give."""
    with tf.Session() as sess:
        return [sess.run(fetches) for _ in range(times)]


@case("tf.random_normal", "tf.random.normal")
def normal_with_an_op_seed(tf, np):
    x = tf.random_normal([5], seed=42)
    y = tf.random_normal([2, 3], mean=5.0, stddev=0.1, seed=7, name="y")
    z = tf.random_normal([3], dtype=tf.float64, seed=1)
    return {"random": runs(tf, [x, y, z]), "shapes": [x.shape, y.shape, repr(z)]}


@case("tf.random_normal", "tf.set_random_seed")
def normal_with_a_graph_seed(tf, np):
    tf.set_random_seed(777)
    a = tf.random_normal([4])
    tf.constant(1)
    b = tf.random_normal([4])
    c = tf.random_normal([4], seed=5)
    return {"random": runs(tf, [a, b, c])}


@case("tf.set_random_seed")
def two_sessions_start_the_same(tf, np):
    tf.set_random_seed(1)
    x = tf.random_uniform([3])
    return {"random": [runs(tf, x, 2), runs(tf, x, 2)]}


@case("tf.set_random_seed")
def seeds_of_zero(tf, np):
    x = tf.random_uniform([2], seed=0)
    tf.set_random_seed(0)
    y = tf.random_uniform([2], seed=0)
    z = tf.random_uniform([2])
    return {"random": runs(tf, [x, y, z])}


@case("tf.set_random_seed")
def large_and_negative_seeds(tf, np):
    tf.set_random_seed(2**40 + 3)
    x = tf.random_uniform([2], seed=-5)
    y = tf.random_uniform([2], seed=2**33)
    return {"random": runs(tf, [x, y])}


@case("tf.set_random_seed", "tf.get_seed")
def get_seed(tf, np):
    found = [tf.get_seed(None), tf.get_seed(3)]
    tf.set_random_seed(9)
    tf.constant(0)
    found += [tf.get_seed(None), tf.get_seed(3)]
    return {"value": [*found, tf.get_default_graph().seed]}


@case("tf.random_uniform", "tf.random.uniform")
def uniform(tf, np):
    x = tf.random_uniform([5], seed=1)
    y = tf.random_uniform([2, 2], -1.0, 3.0, seed=2, name="y")
    z = tf.random_uniform([3], dtype=tf.float64, seed=3)
    h = tf.random_uniform([4], 0, 10, dtype=tf.float16, seed=3)
    return {"random": runs(tf, [x, y, z, h])}


@case("tf.random_uniform")
def uniform_of_integers(tf, np):
    x = tf.random_uniform([6], 0, 10, tf.int32, seed=1)
    y = tf.random_uniform([6], minval=-100, maxval=10**12, dtype=tf.int64, seed=2)
    n = tf.placeholder_with_default(3, [], name="n")
    z = tf.random_uniform([n], maxval=n, dtype=tf.int32, seed=4)
    return {
        "random": runs(tf, [x, y, z]),
        "messages": [message(lambda: tf.random_uniform([2], dtype=tf.int32))],
    }


@case("tf.truncated_normal", "tf.random.truncated_normal")
def truncated_normal(tf, np):
    x = tf.truncated_normal([20], seed=1)
    y = tf.truncated_normal([3, 2], mean=1.0, stddev=0.02, seed=2, name="y")
    return {"random": runs(tf, [x, y])}


@case("tf.random_shuffle", "tf.random.shuffle")
def random_shuffle(tf, np):
    x = tf.random_shuffle(tf.range(10), seed=3)
    y = tf.random_shuffle([[1, 2], [3, 4], [5, 6]], seed=4, name="y")
    z = tf.random_shuffle(tf.range(1), seed=4)
    return {"random": runs(tf, [x, y, z])}


@case("tf.multinomial", "tf.random.categorical")
def multinomial(tf, np):
    logits = tf.log([[0.2, 0.3, 0.5], [0.9, 0.05, 0.05]])
    x = tf.multinomial(logits, 6, seed=11)
    y = tf.random.categorical(logits, 3, dtype=tf.int32, seed=12)
    return {"random": runs(tf, [x, y])}


@case("tf.random_gamma", "tf.random_poisson", within=1e-5, not_yet="Not built yet.")
def gamma_and_poisson(tf, np):
    x = tf.random_gamma([3], 2.5, seed=1)
    y = tf.random_poisson(4.0, [5], seed=2)
    return {"random": runs(tf, [x, y], 2)}


@case("tf.random_crop")
def random_crop(tf, np):
    x = tf.random_crop(tf.reshape(tf.range(30), [5, 6]), [2, 3], seed=8)
    return {"random": runs(tf, x)}


@case("tf.random_normal")
def random_with_unknown_shapes(tf, np):
    n = tf.placeholder_with_default([2, 2], [2], name="n")
    m = tf.placeholder(tf.int32, [None], name="m")
    tf.set_random_seed(3)
    x = tf.random_normal(n)
    y = tf.random_uniform([n[0], 3])
    shapes = [x.shape, y.shape, tf.random_normal(m).shape]
    return {"random": runs(tf, [x, y]), "shapes": shapes}


@case("tf.random_normal")
def many_normals(tf, np):
    return {"random": tf.random_normal([50, 21], seed=123)}


@case("tf.truncated_normal")
def many_truncated_normals(tf, np):
    return {"random": tf.truncated_normal([33, 31], seed=321)}


@case("tf.random_normal")
def the_number_of_nodes_is_the_seed(tf, np):
    tf.set_random_seed(1234)
    x = tf.placeholder(tf.float32, [None, 4])
    w = tf.Variable(tf.random_normal([4, 3]), name="w")
    b = tf.Variable(tf.random_uniform([3], -1.0, 1.0), name="b")
    y = tf.matmul(x, w) + b
    v = tf.Variable(tf.truncated_normal([3, 2], stddev=0.1), name="v")
    tf.matmul(y, v)
    return {"random": [w, b, v]}


@case("tf.nn.dropout")
def dropout(tf, np):
    x = tf.constant(np.arange(1, 13, dtype=np.float32).reshape(3, 4), name="x")
    y = tf.nn.dropout(x, 0.6, seed=5)
    z = tf.nn.dropout(x, rate=0.25, seed=6, name="z")
    n = tf.nn.dropout(x, keep_prob=0.5, noise_shape=[3, 1], seed=7)
    return {"random": runs(tf, [y, z, n, tf.gradients(y, x)])}


@case("tf.nn.dropout")
def dropout_with_a_fed_rate(tf, np):
    x = tf.ones([2, 6])
    keep = tf.placeholder(tf.float32, name="keep")
    tf.set_random_seed(2)
    y = tf.nn.dropout(x, keep)
    with tf.Session() as sess:
        random = [sess.run(y, {keep: k}) for k in (1.0, 0.5, 0.9)]
    return {
        "random": random,
        "same": tf.nn.dropout(x, 1.0) is x,
        "messages": [
            message(lambda: tf.nn.dropout(x, 0.0)),
            message(lambda: tf.nn.dropout(x, 1.5)),
            message(lambda: tf.nn.dropout(x, rate=1.0)),
            message(lambda: tf.nn.dropout(tf.constant([1]), 0.5)),
            message(lambda: tf.nn.dropout(x)),
        ],
    }


def initializer(name, *args, **options):
    @case("tf." + name, name=name)
    def program(tf, np):
        tf.set_random_seed(10)
        make = tf
        for part in name.split("."):
            make = getattr(make, part)
        return {"random": [make(*args, **options)([3, 4]), make(seed=3)([2, 3])]}


initializer("random_normal_initializer", stddev=0.5)
initializer("truncated_normal_initializer", stddev=0.5)
initializer("random_uniform_initializer", -0.1, 0.1)
initializer("glorot_uniform_initializer")
initializer("glorot_normal_initializer")
initializer("variance_scaling_initializer", 2.0)
initializer("uniform_unit_scaling_initializer")


@case("tf.zeros_initializer", "tf.ones_initializer", "tf.constant_initializer")
def initializers_without_chance(tf, np):
    return [
        tf.zeros_initializer()([2]),
        tf.ones_initializer()([2], tf.int32),
        tf.constant_initializer(0.1)([3]),
        tf.constant_initializer([1.0, 2.0])([2]),
    ]
