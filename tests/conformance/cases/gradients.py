"""tf.gradients: its arguments, its corners, derivatives of derivatives."""

from tests.conformance.harness import case, message


@case("tf.gradients")
def a_value_used_twice_at_two_depths(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    a = x + x
    b = a * a
    c = b + x * a
    return {"value": c, "gradient": tf.gradients(c, [x, a, b])}


@case("tf.gradients")
def forty_doublings(tf, np):
    y = x = tf.constant(1.0, name="x")
    for _ in range(40):
        y = y + y
    (d,) = tf.gradients(y, x)
    with tf.Session() as sess:
        return {"value": sess.run(y), "gradient": sess.run(d)}


@case("tf.gradients", within=1e-6)
def a_deep_chain(tf, np):
    y = x = tf.constant(0.5, name="x")
    for _ in range(20):
        y = tf.sin(y) + 0.1
    return {"gradient": tf.gradients(y, x)}


@case("tf.gradients", within=1e-4)
def three_thousand_steps_deep(tf, np):
    with tf.Graph().as_default():  # out of sight of the list of nodes
        y = x = tf.constant(0.5)
        for _ in range(3000):
            y = y * 1.0001
        (d,) = tf.gradients(y, x)
        with tf.Session() as sess:
            return {"value": sess.run(y), "gradient": sess.run(d)}


@case("tf.gradients")
def several_ys_add_up(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    w = tf.constant(3.0, name="w")
    return {"gradient": tf.gradients([x * w, x * x, w * w], [x, w])}


@case("tf.gradients")
def nested_and_single_arguments(tf, np):
    x, w = tf.constant(1.0, name="x"), tf.constant(3.0, name="w")
    y = x * w
    return {
        "gradient": [tf.gradients(y, x), tf.gradients(ys=[y], xs=(x, w), name="back")],
        "kind": type(tf.gradients(y, x)).__name__,
    }


@case("tf.gradients")
def grad_ys(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    y, z = x * x, x * 3.0
    return {
        "gradient": [
            tf.gradients(y, x, grad_ys=tf.constant([10.0, 100.0])),
            tf.gradients([y, z], x, grad_ys=[None, [1.0, 2.0]]),
            tf.gradients([y, z], x, [tf.ones_like(y), tf.zeros_like(z)], name="given"),
        ],
        "messages": [
            message(lambda: tf.gradients(y, x, grad_ys=[1.0])),
            message(lambda: tf.gradients(y, x, grad_ys=[tf.constant([1, 2])])),
            message(lambda: tf.gradients([y, z], x, grad_ys=[None])),
        ],
    }


@case("tf.gradients")
def stop_gradients(tf, np):
    a = tf.constant(2.0, name="a")
    b = 2 * a
    c = a + b
    return {
        "gradient": [
            tf.gradients(c, [a, b], stop_gradients=[a, b]),
            tf.gradients(c, [a, b]),
            tf.gradients(c * b, a, stop_gradients=b),
        ]
    }


@case("tf.gradients", "tf.UnconnectedGradients")
def unconnected(tf, np):
    x, z = tf.constant([1.0, 2.0], name="x"), tf.constant(3.0, name="z")
    y = x * x
    zero = tf.UnconnectedGradients.ZERO
    return {
        "none": tf.gradients(y, [z]),
        "gradient": [
            tf.gradients(y, [x, z]),
            tf.gradients(y, [x, z], unconnected_gradients=zero),
            tf.gradients(y, [x, z], unconnected_gradients="zero"),
        ],
        "messages": [
            message(lambda: tf.gradients(y, z, unconnected_gradients="nothing"))
        ],
    }


@case("tf.gradients")
def integers_have_no_gradient(tf, np):
    x, n = tf.constant([1.0, 2.0], name="x"), tf.constant([1, 2], name="n")
    y = x * tf.cast(n, tf.float32)
    return {
        "gradient": tf.gradients(y, [x, n]),
        "none": [tf.gradients(tf.argmax(x), x), tf.gradients(tf.floor(x), x)],
        "messages": [
            message(lambda: tf.gradients(n, x)),
            message(lambda: tf.gradients(n * 2, n)),
        ],
    }


@case("tf.gradients")
def gradients_of_an_input_of_itself(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    v = tf.Variable(1.0, name="v")
    return {
        "gradient": [
            tf.gradients(x, x),
            tf.gradients(v, v),
            tf.gradients([x, x * 2], [x]),
        ]
    }


@case("tf.gradients")
def gradients_with_respect_to_the_middle(tf, np):
    x = tf.constant(3.0, name="x")
    h = tf.square(x)
    y = tf.exp(h * 0.1) + x
    return {"gradient": tf.gradients(y, [h, x])}


@case("tf.gradients")
def third_derivative(tf, np):
    x = tf.constant(2.0, name="x")
    y = x * x * x
    found = [y]
    for _ in range(4):
        found.append(tf.gradients(found[-1], x)[0])
    return {"gradient": found[1:], "value": y}


@case("tf.gradients", within=1e-6)
def second_derivatives_of_a_network(tf, np):
    x = tf.constant([[0.5, -1.0]], name="x")
    w = tf.constant([[0.1, 0.2], [0.3, -0.4]], name="w")
    y = tf.reduce_sum(tf.tanh(tf.matmul(x, w)))
    (dx,) = tf.gradients(y, x)
    penalty = tf.reduce_sum(tf.square(dx))
    return {"gradient": [dx, tf.gradients(penalty, w)]}


@case("tf.hessians", within=1e-6, not_yet={"names": "It is built without a loop."})
def hessians(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    return {"gradient": tf.hessians(tf.reduce_sum(x * x * x) + x[0] * x[1], x)}


@case("tf.gradients")
def gradient_of_unknown_shapes(tf, np):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    b = tf.Variable([1.0, 2.0], name="b")
    y = tf.square(x + b)
    found = tf.gradients(y, [x, b])
    with tf.Session() as sess:
        sess.run(b.initializer)
        values = sess.run(found, {x: [[1, 2], [3, 4], [5, 6]]})
    return {"gradient": values, "shapes": [g.shape for g in found]}


@case("tf.gradients")
def where_of_a_bad_logarithm(tf, np):
    x = tf.constant([0.0, 1.0], name="x")
    safe = tf.where(x > 0, x, tf.ones_like(x))
    return {
        "gradient": [
            tf.gradients(tf.where(x > 0, tf.log(x), tf.zeros_like(x)), x),
            tf.gradients(tf.where(x > 0, tf.log(safe), tf.zeros_like(x)), x),
        ]
    }


@case("tf.gradients")
def gradients_across_outputs(tf, np):
    x = tf.constant([[1.0, 2.0, 3.0]], name="x")
    a, b, c = tf.split(x, 3, 1)
    d = tf.unstack(x, axis=1)
    return {
        "gradient": [
            tf.gradients(a * b, x),
            tf.gradients([c, d[1]], x),
            tf.gradients(b, [a, b]),
        ]
    }


@case("tf.gradients")
def gradient_errors(tf, np):
    x = tf.constant([1.0], name="x")
    other = tf.Graph()
    with other.as_default():
        z = tf.constant([1.0], name="z")
    return [
        message(lambda: tf.gradients(x, 1.0 * z)),
        message(lambda: tf.gradients("x", x)),
        message(lambda: tf.gradients(x)),
        message(lambda: tf.gradients(tf.unique([1.0, 2.0])[0] * x, x)),
    ]


@case("tf.matrix_determinant", "tf.gradients")
def ops_without_a_gradient(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    y = tf.matrix_determinant(tf.diag(x)) + tf.cast(tf.shape(x)[0], tf.float32)
    return {"gradient": tf.gradients(y, x)}


@case("tf.custom_gradient", not_yet="Not built yet.")
def custom_gradient(tf, np):
    @tf.custom_gradient
    def clipped(x):
        return tf.identity(x), lambda dy: tf.clip_by_value(dy, -1.0, 1.0)

    x = tf.constant([1.0, 2.0], name="x")
    return {"gradient": tf.gradients(clipped(x) * 5.0, x)}


@case("tf.RegisterGradient", "tf.Graph.gradient_override_map")
def override_a_gradient(tf, np):
    @tf.RegisterGradient("Sevenfold%d" % id(tf))
    def sevenfold(op, dy):
        return 7.0 * dy

    x = tf.constant([1.0, 2.0], name="x")
    with tf.get_default_graph().gradient_override_map(
        {"Identity": "Sevenfold%d" % id(tf)}
    ):
        y = tf.identity(x)
    return {"gradient": tf.gradients(y, x)}


@case("tf.AggregationMethod")
def aggregation_methods(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    y = x * 2 + x * 3 + x * 4
    method = tf.AggregationMethod.ADD_N
    return {
        "gradient": tf.gradients(y, x, aggregation_method=method),
        "value": [
            tf.AggregationMethod.DEFAULT,
            method,
            tf.AggregationMethod.EXPERIMENTAL_TREE,
        ],
    }


@case("tf.gradients")
def gate_gradients(tf, np):
    x, w = tf.constant(2.0, name="x"), tf.constant(3.0, name="w")
    return {"gradient": tf.gradients(x * w, [x, w], gate_gradients=True)}


@case("tf.gradients", "tf.device")
def gradients_are_placed_with_their_ops(tf, np):
    x = tf.constant(2.0, name="x")
    with tf.device("/cpu:0"):
        y = tf.square(x)
    return {
        "gradient": [
            tf.gradients(y, x),
            tf.gradients(y, x, colocate_gradients_with_ops=True),
        ]
    }


@case("tf.gradients", "tf.name_scope")
def names_of_gradients(tf, np):
    with tf.name_scope("layer"):
        x = tf.constant(2.0, name="x")
        y = tf.square(x, name="y")
        inside = tf.gradients(y, x)
    with tf.name_scope("train"):
        again = tf.gradients(y, x)
    return {"gradient": [inside, again, tf.gradients(y, x), tf.gradients(y, x)]}
