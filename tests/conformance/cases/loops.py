"""tf.TensorArray, tf.map_fn, tf.scan, tf.foldl, tf.foldr: nodes, values, gradients."""

from tests.conformance.harness import case, message


@case("tf.TensorArray")
def write_and_read(tf, np):
    array = tf.TensorArray(tf.float32, size=3, name="array")
    array = array.write(0, [1.0, 2.0]).write(2, [3.0, 4.0], name="last")
    return [array.read(0), array.read(2, name="read"), array.size(), array.flow]


@case("tf.TensorArray")
def stack_and_unstack(tf, np):
    x = tf.placeholder_with_default([[1.0, 2.0], [3.0, 4.0]], [None, 2], name="x")
    array = tf.TensorArray(tf.float32, tf.shape(x)[0]).unstack(x)
    y = array.stack()
    return {"value": [y, array.size()], "gradient": tf.gradients(y * y, x)}


@case("tf.TensorArray")
def gather_and_scatter(tf, np):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    array = tf.TensorArray(tf.float32, 4, clear_after_read=False).scatter([3, 1], x)
    y = array.gather([1, 3, 3])
    return {"value": y, "gradient": tf.gradients(y, x)}


@case("tf.TensorArray")
def split_and_concat(tf, np):
    x = tf.constant([[1.0], [2.0], [3.0], [4.0]], name="x")
    even = tf.TensorArray(tf.float32, 2).split(x, [2, 2])
    odd = tf.TensorArray(tf.float32, 2, infer_shape=False).split(x, [3, 1])
    y, z = even.concat(), odd.concat(name="joined")
    return {"value": [y, z], "gradient": [tf.gradients(y * y, x), tf.gradients(z, x)]}


@case("tf.TensorArray")
def array_that_grows(tf, np):
    array = tf.TensorArray(tf.int32, size=0, dynamic_size=True, infer_shape=True)
    for i in range(4):
        array = array.write(i, i * i)
    return [array.stack(), array.size()]


@case("tf.TensorArray")
def array_attributes(tf, np):
    array = tf.TensorArray(
        "float64",
        2,
        element_shape=[None, 3],
        tensor_array_name="rows",
        colocate_with_first_write_call=False,
    )
    before = str(array.element_shape)
    other = array.write(0, np.ones((2, 3)))
    return {
        "names": [array.handle.name, array.flow.name, other.flow.name],
        "shapes": [before, str(array.element_shape), str(other.element_shape)],
        "value": [other.read(0), array.dynamic_size, array.dtype.name],
    }


@case("tf.TensorArray")
def array_identity_waits(tf, np):
    v = tf.Variable(1.0, name="v")
    array = tf.TensorArray(tf.float32, 1).write(0, v * 1.0)
    with tf.control_dependencies([array.flow]):
        with tf.control_dependencies([v.assign(5.0)]):
            return array.identity().stack()


@case("tf.TensorArray")
def elements_that_were_never_written(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    array = tf.TensorArray(tf.float32, 3).write(1, x)
    empty = tf.TensorArray(tf.float32, 0, element_shape=[2])
    y = array.stack()
    return {"value": [y, empty.stack()], "gradient": tf.gradients(y, x)}


@case("tf.TensorArray")
def array_refuses_at_once(tf, np):
    array = tf.TensorArray(tf.float32, 2)
    handle, flow = array.handle, array.flow
    make = tf.TensorArray
    return [
        message(lambda: make(tf.float32)),
        message(lambda: make(tf.float32, 2, handle=handle, flow=flow)),
        message(lambda: make(tf.float32, handle=handle)),
        message(lambda: make(tf.float32, handle=3)),
        message(lambda: make(tf.float32, handle=handle, tensor_array_name="x")),
        message(lambda: make(tf.float32, handle=handle, flow=flow, element_shape=[2])),
        message(lambda: make(tf.float32, handle=handle, flow=flow, dynamic_size=True)),
        message(lambda: make(tf.float32, 2).write(0, [1.0]).write(1, [1.0, 2.0])),
        message(lambda: make(tf.float32, 2, element_shape=[2]).unstack([[1.0]])),
        message(lambda: make(tf.float32, 2).scatter([0], [1.0, 2.0])),
        message(lambda: make(tf.float32, 2).scatter([0], 1.0)),
    ]


@case("tf.TensorArray", only="messages")
def array_refuses_in_a_run(tf, np):
    make = tf.TensorArray

    def first_words(action):
        """The error without the name of the list, which counts all lists so far."""
        try:
            with tf.Session() as session:
                session.run(action())
        except Exception as error:
            text = str(error).split("\n")[0].split(": ", 1)[-1]
            again = type(error)(None, None, text)
            return message(lambda: (_ for _ in ()).throw(again))
        return "nothing was raised"

    unknown = tf.placeholder_with_default([1.0, 2.0, 3.0], None)
    short = make(tf.float32, 2, infer_shape=False).write(0, [1.0]).write(1, [1.0, 2.0])
    once = make(tf.float32, 1).write(0, 1.0)
    with tf.control_dependencies([once.read(0)]):
        twice = once.read(0)
    return [
        first_words(lambda: make(tf.float32, 3).write(3, 1.0).flow),
        first_words(lambda: make(tf.float32, 3).write(-1, 1.0).flow),
        first_words(lambda: make(tf.float32, 3).write(1, 1.0).write(1, 2.0).flow),
        first_words(lambda: make(tf.float32, 3).read(1)),
        first_words(lambda: make(tf.float32, 3, element_shape=[None]).read(1)),
        first_words(lambda: make(tf.float32, 3).write(0, 1.0).read(5)),
        first_words(lambda: twice),
        first_words(lambda: make(tf.float32, 2).write(0, [1.0]).write(1, unknown).flow),
        first_words(lambda: short.stack()),
        first_words(lambda: make(tf.float32, 2).write(0, 1.0).write(1, 1.0).concat()),
        first_words(lambda: make(tf.float32, 0).stack()),
        first_words(lambda: make(tf.float32, 2).unstack([1.0, 2.0, 3.0]).stack()),
        first_words(lambda: make(tf.float32, 2).split([1.0, 2.0, 3.0], [1, 1]).flow),
        first_words(lambda: make(tf.float32, 2).split([1.0, 2.0, 3.0], [1, 1, 1]).flow),
        first_words(lambda: make(tf.float32, -1).flow),
    ]


@case("tf.TensorArray", "tf.while_loop")
def array_in_a_loop(tf, np):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="x")
    rows = tf.TensorArray(tf.float32, 3).unstack(x)
    results = tf.TensorArray(tf.float32, 3)

    def body(i, total, results):
        total = total + rows.read(i) * total
        return i + 1, total, results.write(i, total)

    _, total, results = tf.while_loop(
        lambda i, *_: i < 3, body, [0, tf.ones([2]), results]
    )
    y = results.stack()
    return {"value": [y, total], "gradient": tf.gradients(y, x)}


@case("tf.TensorArray", "tf.while_loop")
def array_in_a_loop_of_unknown_sizes(tf, np):
    x = tf.placeholder_with_default([[1.0, 2.0], [3.0, 4.0]], [None, None], name="x")
    w = tf.constant([0.5, 0.25], name="w")
    n = tf.shape(x)[0]
    rows = tf.TensorArray(tf.float32, n, name="rows").unstack(x)

    def body(i, results):
        return i + 1, results.write(i, tf.tanh(rows.read(i) * w))

    _, results = tf.while_loop(
        lambda i, _: i < n, body, [0, tf.TensorArray(tf.float32, n)]
    )
    y = results.stack()
    return {"value": y, "gradient": tf.gradients(tf.reduce_sum(y * y), [x, w])}


@case("tf.TensorArray", "tf.cond")
def array_in_a_branch(tf, np):
    x = tf.placeholder_with_default([1.0, 2.0], [2], name="x")
    array = tf.TensorArray(tf.float32, 2).write(0, x)
    array = tf.cond(
        x[0] > 0.0, lambda: array.write(1, x * 2.0), lambda: array.write(1, -x)
    )
    y = array.stack()
    return {"value": y, "gradient": tf.gradients(y, x)}


@case("tf.map_fn")
def map_fn(tf, np):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    y = tf.map_fn(lambda row: row * row[0], x)
    return {"value": y, "gradient": tf.gradients(y, x)}


@case("tf.map_fn")
def map_fn_of_structures(tf, np):
    a, b = tf.constant([1, 2, 3], name="a"), tf.constant([-1.0, 1.0, -1.0], name="b")
    return [
        tf.map_fn(lambda p: tf.cast(p[0], tf.float32) * p[1], (a, b), dtype=tf.float32),
        tf.map_fn(lambda n: (n, [-n]), a, dtype=(tf.int32, [tf.int32])),
        tf.map_fn(lambda d: {"y": d["x"] + 1}, {"x": a}, dtype={"y": tf.int32}),
    ]


@case("tf.map_fn")
def map_fn_of_unknown_length(tf, np):
    x = tf.placeholder_with_default([1.0, 2.0, 3.0], [None], name="x")
    w = tf.Variable(2.0, name="w")
    y = tf.map_fn(lambda n: n * w, x, parallel_iterations=1, name="each")
    return {"value": y, "gradient": tf.gradients(y, [x, w])}


@case("tf.map_fn")
def map_fn_of_arrays_and_other_shapes(tf, np):
    return [
        tf.map_fn(lambda x: x * x, np.array([1, 2, 3, 4, 5, 6])),
        tf.map_fn(
            lambda n: tf.range(n),
            tf.constant([2, 2]),
            infer_shape=False,
            back_prop=False,
        ),
        tf.map_fn(lambda x: tf.cast(x, tf.int64), tf.constant([1.5]), dtype=tf.int64),
    ]


@case("tf.map_fn", "tf.scan", "tf.foldl", "tf.foldr")
def they_refuse(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    return [
        message(lambda: tf.map_fn(1, x)),
        message(lambda: tf.map_fn(lambda x: x, tf.constant(1.0))),
        message(lambda: tf.map_fn(lambda x: x[0], (tf.constant(1.0), x))),
        message(lambda: tf.map_fn(lambda x: (x, x), x)),
        message(lambda: tf.scan(1, x)),
        message(lambda: tf.scan(lambda a, x: (a, x), x)),
        message(lambda: tf.foldl(1, x)),
        message(lambda: tf.foldr(1, x)),
    ]


@case("tf.scan")
def scan(tf, np):
    x = tf.constant([1.0, 2.0, 3.0], name="x")
    y = tf.scan(lambda total, n: total * n, x)
    return {"value": y, "gradient": tf.gradients(y, x)}


@case("tf.scan")
def scan_from_the_end(tf, np):
    x = tf.constant([1, 2, 3], name="x")
    return [
        tf.scan(lambda total, n: total + n, x, reverse=True),
        tf.scan(lambda total, n: total - n, x, 10, reverse=True, name="down"),
    ]


@case("tf.scan", within=1e-5)
def scan_with_initializer(tf, np):
    x = tf.placeholder_with_default(np.ones([4, 2], "float32"), [None, 2], name="x")
    w = tf.constant([[0.5, 0.25], [0.1, -0.3]], name="w")
    h = tf.zeros([2])
    y = tf.scan(
        lambda h, row: tf.tanh(tf.squeeze(tf.matmul([h + row], w), 0)), x, initializer=h
    )
    return {"value": y, "gradient": tf.gradients(y, [x, w])}


@case("tf.scan")
def scan_of_structures(tf, np):
    x = np.array([1, 0, 0, 0, 0, 0])
    fibonacci = tf.scan(lambda a, _: (a[1], a[0] + a[1]), x, (np.array(0), np.array(1)))
    pairs = tf.scan(lambda a, p: a + p[0] * p[1], (x, x + 1), np.array(5))
    return fibonacci, pairs


@case("tf.foldl", "tf.foldr")
def fold(tf, np):
    x = tf.constant([1.0, 2.0, 3.0], name="x")
    left = tf.foldl(lambda a, n: a * 10.0 + n, x)
    right = tf.foldr(lambda a, n: a * 10.0 + n, x)
    begun = tf.foldl(lambda a, n: a - n, x, initializer=100.0, name="begun")
    other = tf.foldr(lambda a, n: a * n, x, initializer=2.0)
    return {
        "value": [left, right, begun, other],
        "gradient": [tf.gradients(left, x), tf.gradients(other, x)],
    }


@case("tf.foldl")
def fold_of_unknown_length(tf, np):
    x = tf.placeholder_with_default([[1.0], [2.0]], [None, 1], name="x")
    return tf.foldl(lambda a, n: a + n, x), tf.foldr(lambda a, n: a - n, x)


@case("tf.while_loop", "tf.TensorArray", within=1e-5)
def a_recurrent_network_by_hand(tf, np):
    np.random.seed(1)
    x = tf.constant(np.random.randn(3, 5, 2).astype("float32"), name="x")
    w = tf.Variable(np.random.randn(6, 4).astype("float32"), name="w")
    b = tf.Variable(np.zeros(4, "float32"), name="b")
    inputs = tf.TensorArray(tf.float32, 5).unstack(tf.transpose(x, [1, 0, 2]))

    def step(t, h, outputs):
        h = tf.tanh(tf.matmul(tf.concat([inputs.read(t), h], 1), w) + b)
        return t + 1, h, outputs.write(t, h)

    _, h, outputs = tf.while_loop(
        lambda t, *_: t < 5, step, [0, tf.zeros([3, 4]), tf.TensorArray(tf.float32, 5)]
    )
    y = tf.transpose(outputs.stack(), [1, 0, 2])
    loss = tf.reduce_sum(y * y) + tf.reduce_sum(h)
    return {"value": [y, loss], "gradient": tf.gradients(loss, [w, b, x])}
