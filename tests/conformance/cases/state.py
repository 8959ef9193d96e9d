"""Variables: what they build, how they change, how they begin."""

from tests.conformance.harness import case, message


def run_each(tf, *fetches):
    """Initialise all variables, then run the fetches one after the other."""
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [sess.run(f) for f in fetches]


@case("tf.Variable")
def variables(tf, np):
    return [
        tf.Variable(1),
        tf.Variable(2.0),
        tf.Variable([1.0, 2.0], name="v"),
        tf.Variable([[1, 2]], dtype=tf.float32),
        tf.Variable(tf.zeros([2, 3])),
        tf.Variable(lambda: tf.ones([2]), name="lazy"),
        tf.Variable(np.arange(3), name="v"),
        tf.Variable(True, trainable=False),
        tf.Variable("text"),
        tf.Variable(tf.constant(1.0), dtype=tf.float32, name="w"),
        tf.Variable(initial_value=[], dtype=tf.float32),
    ]


@case("tf.Variable")
def variable_attributes(tf, np):
    v = tf.Variable([[1.0, 2.0]], name="v")
    with tf.name_scope("s"):
        w = tf.Variable(3, name="w", trainable=False)
    return {
        "value": [
            v.name,
            v.op.name,
            v.op.type,
            v.dtype,
            v.shape,
            v.get_shape(),
            repr(v),
        ],
        "more": [str(v), v.device, v.graph is tf.get_default_graph(), v.trainable],
        "parts": [v.initializer.name, v.initial_value.name, v.value().name, w.name],
        "types": [w.trainable, v.read_value().name, v.dtype.base_dtype, repr(w)],
        "tensor": tf.convert_to_tensor(v).name,
        "hash": [hash(v) == hash(v), v == v, v in [w, v], len({v: 1, w: 2})],
    }


@case("tf.Variable")
def variable_arguments(tf, np):
    n = tf.placeholder_with_default([[1.0]], [None, 1], name="n")
    u = tf.Variable(n, validate_shape=False, name="u")
    w = tf.Variable(1.0, collections=[], name="w")
    with tf.Session() as sess:
        sess.run([u.initializer, w.initializer])
        return {
            "value": [
                repr(u),
                sess.run([u, w]),
                [v.name for v in tf.global_variables()],
            ],
            "expected": repr(tf.Variable([1.0], expected_shape=[1], name="e")),
        }


@case("tf.Variable")
def variable_errors(tf, np):
    n = tf.placeholder(tf.float32, [None])
    v = tf.Variable([1.0, 2.0], name="v")
    return [
        message(lambda: tf.Variable()),
        message(lambda: tf.Variable(n)),
        message(lambda: tf.Variable(1.5, dtype=tf.int32)),
        message(lambda: tf.Variable(lambda: None)),
        message(lambda: v.assign([1.0, 2.0, 3.0])),
        message(lambda: v.assign(tf.constant([1, 2]))),
        message(lambda: v.assign("a")),
        message(lambda: bool(v)),
        message(lambda: iter(v)),
        message(lambda: v.eval()),
        message(lambda: tf.assign(tf.constant(1.0), 2.0)),
    ]


@case("tf.Variable")
def uninitialized_variables(tf, np):
    v = tf.Variable(1.0, name="v")
    w = tf.Variable([1.0], name="w")
    up = v.assign_add(1.0)
    with tf.Session() as sess:
        messages = [message(sess.run, f) for f in (v, v * 2, up, w.read_value())]
        sess.run(tf.variables_initializer([v]))
        return {"messages": [*messages, message(sess.run, v + w)], "value": sess.run(v)}


@case("tf.Variable")
def operators_of_variables(tf, np):
    v = tf.Variable([1.0, 2.0], name="v")
    return [
        v + 1,
        1 - v,
        v * v,
        v / 2,
        -v,
        abs(v),
        v[0],
        v**2,
        v > 1.5,
        v[None] @ [[1.0], [1.0]],
    ]


@case("tf.Variable", "tf.Tensor.__add__")
def more_operators_of_variables(tf, np):
    v, w = tf.Variable(7, name="v"), tf.Variable([1.0], name="w")
    return [
        v // 2,
        v % 4,
        10 - v,
        v / 2,
        tf.reduce_sum(w),
        w + tf.cast(v, tf.float32),
        -v,
    ]


@case("tf.assign", "tf.Variable.assign")
def assignments(tf, np):
    v = tf.Variable([1.0, 2.0], name="v")
    a = v.assign([3.0, 4.0])
    b = tf.assign(v, v * 2, name="b")
    c = tf.assign(v, [9.0, 9.0], use_locking=True)
    return {
        "value": run_each(tf, a, b, v, b, c.op, v),
        "repr": [repr(a), repr(b.op.type)],
    }


@case("tf.assign_add", "tf.assign_sub", "tf.Variable.assign_add")
def assignments_that_add(tf, np):
    v, n = tf.Variable([1.0, 2.0], name="v"), tf.Variable(0, name="n")
    a = v.assign_add([1.0, 1.0])
    b = tf.assign_sub(v, [0.5, 0.5], name="less")
    c = v.assign_sub(tf.ones([2]))
    d = tf.assign_add(n, 1)
    return {
        "value": run_each(tf, a, b, c, d, d, [v, n], a + 1),
        "messages": [
            message(lambda: n.assign_add(1.5)),
            message(lambda: v.assign_add([1.0])),
        ],
    }


@case("tf.assign")
def assignments_of_other_shapes(tf, np):
    v = tf.Variable([1.0, 2.0], name="v", validate_shape=False)
    grow = tf.assign(v, [1.0, 2.0, 3.0], validate_shape=False)
    return {"value": run_each(tf, v, grow, v), "repr": [repr(grow), repr(v)]}


@case("tf.Variable.load", "tf.Variable.eval")
def load_and_eval(tf, np):
    v = tf.Variable([1.0, 2.0], name="v")
    with tf.Session() as sess:
        sess.run(v.initializer)
        v.load([5.0, 6.0], sess)
        return [
            v.eval(),
            v.eval(sess),
            sess.run(v.value()),
        ]


@case(
    "tf.scatter_add",
    "tf.scatter_sub",
    "tf.scatter_update",
    "tf.scatter_mul",
    "tf.scatter_div",
    "tf.scatter_min",
    "tf.scatter_max",
)
def scatters(tf, np):
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="v")
    steps = [
        tf.scatter_update(v, [0, 2], [[9.0, 9.0], [8.0, 8.0]]),
        tf.scatter_add(v, [1, 1], [[1.0, 1.0], [2.0, 2.0]]),
        tf.scatter_sub(v, 0, [1.0, 1.0]),
        tf.scatter_mul(v, [2], 2.0 * tf.ones([1, 2]), name="times"),
        tf.scatter_div(v, [2], [[4.0, 2.0]]),
        tf.scatter_min(v, [0], [[0.0, 100.0]]),
        tf.scatter_max(v, [0], [[1.0, 1.0]]),
    ]
    return {
        "value": run_each(tf, *steps, v),
        "repr": repr(steps[0]),
        "messages": [message(lambda: tf.scatter_add(v, [0], [[1.0]]))],
    }


@case("tf.scatter_nd_update", "tf.scatter_nd_add")
def scatters_nd(tf, np):
    v = tf.Variable([1.0, 2.0, 3.0, 4.0], name="v")
    a = tf.scatter_nd_update(v, [[1], [3]], [9.0, 8.0])
    return run_each(tf, a, tf.scatter_nd_add(v, [[0]], [1.0]), v)


@case("tf.scatter_update")
def scatter_out_of_range(tf, np):
    v = tf.Variable([1.0, 2.0], name="v")
    s = tf.scatter_update(v, [2], [1.0])
    with tf.Session() as sess:
        sess.run(v.initializer)
        return [message(sess.run, s), sess.run(v)]


@case("tf.global_variables_initializer", "tf.initialize_all_variables")
def initializers(tf, np):
    tf.Variable(1.0, name="a")
    b = tf.Variable(2.0, name="b")
    local = tf.Variable(3.0, name="c", collections=[tf.GraphKeys.LOCAL_VARIABLES])
    made = [
        tf.global_variables_initializer(),
        tf.initialize_all_variables(),
        tf.local_variables_initializer(),
        tf.variables_initializer([b], name="only"),
        tf.variables_initializer([]),
        tf.initialize_variables([b]),
        tf.initialize_local_variables(),
    ]
    texts = [repr(op).splitlines()[0] for op in made]
    with tf.Session() as sess:
        found = [sess.run(op) for op in made] + [sess.run([b, local])]
    return {"value": found, "texts": texts}


@case("tf.global_variables_initializer")
def an_initializer_of_no_variables(tf, np):
    return [tf.global_variables_initializer(), tf.local_variables_initializer()]


@case("tf.is_variable_initialized")
def is_initialized(tf, np):
    v = tf.Variable([1.0, 2.0], name="v")
    flag = tf.is_variable_initialized(v)
    with tf.Session() as sess:
        before = sess.run(flag)
        sess.run(v.initializer)
        return [before, sess.run(flag)]


@case("tf.Variable.initialized_value")
def initialized_value(tf, np):
    v = tf.Variable([1.0, 2.0], name="v")
    return [tf.Variable(v.initialized_value() * 2, name="w"), v]


@case("tf.report_uninitialized_variables")
def report_uninitialized(tf, np):
    v = tf.Variable(1.0, name="v")
    tf.Variable(2.0, name="w")
    report = tf.report_uninitialized_variables()
    with tf.Session() as sess:
        found = [sess.run(report)]
        sess.run(v.initializer)
        return [*found, sess.run(report)]


@case("tf.Variable.count_up_to", "tf.count_up_to")
def count_up_to(tf, np):
    v = tf.Variable(0, name="v")
    up = v.count_up_to(2)
    with tf.Session() as sess:
        sess.run(v.initializer)
        return [sess.run(up), sess.run(up), message(sess.run, up)]


@case("tf.Variable")
def a_counting_loop(tf, np):
    state = tf.Variable(0, name="counter")
    update = tf.assign(state, tf.add(state, tf.constant(1)))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        found = [sess.run(state)]
        for _ in range(3):
            sess.run(update)
            found.append(sess.run(state))
        return found


@case("tf.Variable", "tf.gradients")
def gradients_of_variables(tf, np):
    v = tf.Variable([1.0, 2.0], name="v")
    y = v * v + tf.identity(v)
    return {
        "gradient": [
            tf.gradients(y, v),
            tf.gradients(y, [v.value()]),
            tf.gradients(v.read_value() * 3.0, v),
        ]
    }


@case("tf.Variable")
def variables_in_name_scopes(tf, np):
    names = []
    for _ in range(2):
        with tf.name_scope("layer"):
            names += [tf.Variable(1.0, name="w").name, tf.Variable(1.0).name]
    return {"value": names}


@case("tf.Variable", "tf.control_dependencies")
def variables_under_control_dependencies(tf, np):
    a = tf.no_op("a")
    with tf.control_dependencies([a]):
        v = tf.Variable(1.0, name="v")
        w = tf.Variable(lambda: 2.0, name="w")
    return [v, w]


@case("tf.Session.run")
def reads_before_updates_when_chained(tf, np):
    v = tf.Variable(1.0, name="v")
    old = tf.identity(v)
    with tf.control_dependencies([old]):
        up = v.assign_add(1.0)
    with tf.control_dependencies([up]):
        new = v.read_value()
    return run_each(tf, [old, up, new], [old, up, new])
