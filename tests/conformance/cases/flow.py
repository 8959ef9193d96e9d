"""Small programs with branches and loops, as people write them."""

from tests.conformance.harness import case


@case("tf.while_loop", within=1e-4)
def dense_in_loop(tf, np):
    tf.set_random_seed(3)
    x = tf.constant([[1.0, 2.0]], name="x")

    def body(i, h):
        with tf.variable_scope("cell", reuse=tf.AUTO_REUSE):
            w = tf.get_variable("w", [2, 2])
            b = tf.get_variable("b", [2], initializer=tf.zeros_initializer())
        return i + 1, tf.tanh(tf.matmul(h, w) + b)

    _, h = tf.while_loop(lambda i, h: i < 3, body, [0, x])
    loss = tf.reduce_sum(h * h)
    tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return {"random": [h], "gradient": tf.gradients(loss, tf.trainable_variables())}


@case("tf.cond", within=1e-4)
def optimizer_in_cond(tf, np):
    w = tf.Variable(1.0, name="w")
    p = tf.placeholder_with_default(True, [], name="p")
    loss = w * w
    t = tf.cond(
        p, lambda: tf.train.AdamOptimizer(0.1).minimize(loss), lambda: tf.no_op()
    )
    with tf.control_dependencies([t]):
        return w.read_value()


@case("tf.cond", within=1e-4)
def update_ops_in_cond(tf, np):
    x = tf.constant([[1.0, 2.0], [3.0, 5.0]], name="x")
    p = tf.placeholder_with_default(True, [], name="p")
    m = tf.Variable(tf.zeros([2]), trainable=False, name="m")

    def train():
        mean = tf.reduce_mean(x, 0)
        with tf.control_dependencies([tf.assign(m, 0.9 * m + 0.1 * mean)]):
            return tf.identity(mean)

    mean = tf.cond(p, train, lambda: tf.identity(m))
    y = x - mean
    with tf.control_dependencies([y]):
        return [y, m.read_value()]


@case("tf.cond", within=1e-4)
def dropout_in_cond(tf, np):
    tf.set_random_seed(1)
    x = tf.ones([4, 4])
    p = tf.placeholder_with_default(True, [], name="p")
    y = tf.cond(p, lambda: tf.nn.dropout(x, keep_prob=0.5), lambda: x)
    return {"random": y, "gradient": tf.gradients(y, x)[0].shape.as_list()}


@case("tf.while_loop")
def list_vars_and_condition_on_array(tf, np):
    x = tf.placeholder_with_default([3.0, 4.0], [None], name="x")
    n = tf.shape(x)[0]
    return tf.while_loop(
        lambda i, s: tf.logical_and(i < n, tf.reduce_sum(s) < 100.0),
        lambda i, s: [i + 1, s + x[i]],
        [tf.constant(0), tf.zeros_like(x)],
    )


@case("tf.while_loop")
def gradient_of_slices(tf, np):
    x = tf.constant([1.0, 2.0, 3.0], name="x")
    _, s = tf.while_loop(
        lambda i, s: i < 3, lambda i, s: (i + 1, s + x[i] * x[i]), (0, 0.0)
    )
    return {"value": s, "gradient": tf.gradients(s, x)}


@case("tf.while_loop")
def embedding_in_loop(tf, np):
    e = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="e")

    def body(i, tok, s):
        v = tf.nn.embedding_lookup(e, tok)
        s = s * 0.5 + v
        return i + 1, tf.cast(tf.argmax(s, 1), tf.int32), s

    _, tok, s = tf.while_loop(
        lambda i, *_: i < 3, body, (0, tf.constant([2, 0]), tf.zeros([2, 2]))
    )
    g = tf.gradients(s, e)[0]
    return {"value": [tok, s], "gradient": g}


@case("tf.while_loop")
def loop_in_control_dependencies_of_a_loop(tf, np):
    i = tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
    with tf.control_dependencies([i]):
        j = tf.while_loop(lambda j: j < 5, lambda j: j + 2, [1])
    return i, j


@case("tf.cond")
def gradient_wrt_result_of_cond(tf, np):
    x = tf.constant(2.0, name="x")
    y = tf.cond(x > 1.0, lambda: x * x, lambda: x)
    z = y * y * y
    return {"gradient": [tf.gradients(z, y), tf.gradients(z, [x, y])]}


@case("tf.while_loop")
def gradient_wrt_result_of_while(tf, np):
    x = tf.constant(2.0, name="x")
    _, y = tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, y * x), (0, x))
    z = y * y * x
    return {"gradient": [tf.gradients(z, y), tf.gradients(z, [x, y])]}


@case("tf.while_loop")
def two_loops_in_a_row(tf, np):
    x = tf.constant(1.1, name="x")
    _, y = tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, y * x), (0, x))
    _, z = tf.while_loop(
        lambda i, z: i < 3, lambda i, z: (i + 1, tf.sin(z) * y), (0, y)
    )
    return {"value": z, "gradient": tf.gradients(z, [x, y])}


@case("tf.while_loop")
def stop_gradient_in_loop(tf, np):
    x = tf.constant(1.1, name="x")
    _, y = tf.while_loop(
        lambda i, y: i < 3, lambda i, y: (i + 1, y * tf.stop_gradient(x) + x), (0, x)
    )
    return {"value": y, "gradient": tf.gradients(y, x)}


@case("tf.cond")
def cond_gradients_with_rows(tf, np):
    e = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="e")
    p = tf.placeholder_with_default(True, [], name="p")
    y = tf.cond(p, lambda: tf.gather(e, [0, 2]), lambda: tf.zeros([2, 2]))
    g = tf.gradients(y, e)[0]
    return {"gradient": g, "kind": type(g).__name__}


@case("tf.cond")
def cond_of_gather_outside(tf, np):
    e = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="e")
    p = tf.placeholder_with_default(True, [], name="p")
    y = tf.cond(p, lambda: e * 2.0, lambda: e * 3.0)
    g = tf.gradients(tf.gather(y, [0, 2]), e)[0]
    return {"gradient": g, "kind": type(g).__name__}


@case("tf.while_loop", "tf.gradients")
def colocated_gradients(tf, np):
    x = tf.constant(1.1, name="x")
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), (0, x))
    z = tf.cond(y > 1.0, lambda: y * x, lambda: y)
    return {"gradient": tf.gradients(z, x, colocate_gradients_with_ops=True)}


@case("tf.while_loop", "tf.device")
def devices(tf, np):
    x = tf.constant(1.1, name="x")
    with tf.device("/cpu:0"):
        _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), (0, x))
        z = tf.cond(y > 1.0, lambda: y * x, lambda: y)
    return {"value": z, "gradient": tf.gradients(z, x)}
