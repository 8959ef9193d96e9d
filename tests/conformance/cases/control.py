"""tf.cond, tf.case, tf.while_loop: nodes, values, and what they refuse."""

import collections

from tests.conformance.harness import case, message


@case("tf.cond")
def cond(tf, np):
    x = tf.constant(3.0, name="x")
    return [tf.cond(x > n, lambda: x * 2.0, lambda: x + 1.0) for n in (1.0, 5.0)]


@case("tf.cond")
def cond_of_something_else_than_a_tensor(tf, np):
    return [
        tf.cond(np.bool_(True), lambda: tf.constant(1), lambda: tf.constant(2)),
        message(lambda: tf.cond(True, lambda: tf.constant(1), lambda: 2)),
        message(lambda: tf.cond(1, lambda: tf.constant(1), lambda: 2)),
    ]


@case("tf.cond")
def cond_by_a_known_pred(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    return [
        tf.cond(tf.constant(p), lambda: x * 2.0, lambda: tf.zeros([2]), name="choice")
        for p in (True, False)
    ]


@case("tf.cond")
def cond_that_hands_on_what_is_there(tf, np):
    x, y = tf.constant(1.0, name="x"), tf.constant(2.0, name="y")
    return tf.cond(x < y, lambda: x, lambda: y), tf.cond(x > y, lambda: x, lambda: y)


@case("tf.cond")
def cond_of_python_values(tf, np):
    x = tf.constant(1.0, name="x")
    return tf.cond(x < 2.0, lambda: 5, lambda: np.int32(7))


@case("tf.cond")
def cond_of_structures(tf, np):
    x = tf.constant(1.0, name="x")
    Pair = collections.namedtuple("Pair", "left right")
    pred = x < 2.0
    return [
        tf.cond(pred, lambda: (x, x + 1.0), lambda: (x + 2.0, x)),
        tf.cond(pred, lambda: [x], lambda: [x + 2.0]),
        tf.cond(pred, lambda: [x], lambda: [x + 2.0], strict=True),
        tf.cond(pred, lambda: {"b": x, "a": [x]}, lambda: {"b": x, "a": [x + 1.0]}),
        tf.cond(pred, lambda: Pair(x, (x,)), lambda: Pair(x, (x + 1.0,))),
    ]


@case("tf.cond")
def cond_of_operations(tf, np):
    v = tf.Variable(1.0, name="v")
    x = tf.placeholder_with_default(3.0, [], name="x")
    return tf.cond(x > 1.0, lambda: tf.no_op(), lambda: tf.group(v.initializer))


@case("tf.cond")
def cond_that_updates(tf, np):
    v = tf.Variable(1.0, name="v")
    x = tf.placeholder_with_default(3.0, [], name="x")
    y = tf.cond(x > 1.0, lambda: tf.assign_add(v, 10.0), lambda: tf.assign(v, 7.0))
    z = tf.cond(x > 1.0, lambda: v.assign_sub(5.0), lambda: v + 1.0)
    with tf.Session() as session:
        session.run(v.initializer)
        return [
            session.run(y),
            session.run(y, {x: 0.0}),
            session.run(z),
            session.run(v),
        ]


@case("tf.cond", "tf.assign_add")
def the_trap_of_what_is_made_outside(tf, np):
    v = tf.Variable(0.0, name="v")
    outside = tf.assign_add(v, 1.0)
    pred = tf.placeholder(tf.bool, [], name="pred")
    y = tf.cond(pred, lambda: tf.identity(outside), lambda: tf.constant(-1.0))
    with tf.Session() as session:
        session.run(v.initializer)
        return [session.run(y, {pred: p}) for p in (False, True)], session.run(v)


@case("tf.cond")
def cond_that_reads_a_variable(tf, np):
    v = tf.Variable([1.0, 2.0], name="v")
    pred = tf.reduce_sum(v) > 2.0
    return [
        tf.cond(pred, lambda: v, lambda: v * 2.0),
        tf.cond(pred, lambda: v.read_value(), lambda: tf.zeros_like(v)),
        tf.cond(pred, lambda: tf.zeros([2]), lambda: v.value()),
    ]


@case("tf.cond")
def cond_within_cond(tf, np):
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.constant(10.0, name="y")

    def inner():
        z = y * 2.0
        return tf.cond(x > 5.0, lambda: x + z, lambda: x - y)

    found = tf.cond(x > 0.0, inner, lambda: -x)
    (slope,) = tf.gradients(found, x)
    with tf.Session() as session:
        values = [session.run([found, slope], {x: n}) for n in (-1.0, 3.0, 7.0)]
    return {"value": values}


@case("tf.cond")
def cond_with_control_dependencies(tf, np):
    v = tf.Variable(0.0, name="v")
    before = tf.assign_add(v, 1.0)
    x = tf.constant(1.0, name="x")

    def branch():
        with tf.control_dependencies([tf.assign_add(v, 10.0)]):
            return tf.identity(x)

    with tf.control_dependencies([before]):
        y = tf.cond(x > 0.0, branch, lambda: x * 2.0)
    with tf.control_dependencies([y]):
        z = v.read_value()
    return [y, z]


@case("tf.cond")
def cond_gradients(tf, np):
    x = tf.placeholder(tf.float32, [None], name="x")
    w = tf.constant([2.0, 3.0], name="w")
    y = tf.cond(tf.reduce_sum(x) > 0.0, lambda: x * w, lambda: tf.exp(x))
    slopes = tf.gradients(y, [x, w])
    with tf.Session() as session:
        found = [session.run(slopes, {x: n}) for n in ([1.0, 2.0], [-1.0, -2.0])]
    return {"gradient": found}


@case("tf.cond")
def cond_gradients_of_known_sizes(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    y = tf.cond(x[0] > 5.0, lambda: (x * x, x), lambda: (x, x * 3.0))
    return {"gradient": [tf.gradients(y[0], x), tf.gradients(y, x)]}


@case("tf.cond")
def cond_second_gradients(tf, np):
    x = tf.constant(2.0, name="x")
    y = tf.cond(x > 1.0, lambda: x * x * x, lambda: x)
    (first,) = tf.gradients(y, x)
    return {"gradient": [first, tf.gradients(first, x)]}


@case("tf.cond")
def cond_of_the_gradient_of_a_branch(tf, np):
    x = tf.constant(2.0, name="x")
    pred = tf.placeholder_with_default(True, [], name="pred")

    def branch():
        return tf.gradients(x * x, x)[0]

    return {"gradient": tf.cond(pred, branch, lambda: tf.zeros([]))}


@case("tf.cond")
def cond_merges_shapes(tf, np):
    pred = tf.placeholder_with_default(True, [], name="pred")
    x = tf.placeholder_with_default([[1.0, 2.0]], [None, 2], name="x")
    return [
        tf.cond(pred, lambda: tf.zeros([2, 3]), lambda: tf.zeros([4, 3])),
        tf.cond(pred, lambda: tf.zeros([2, 3]), lambda: tf.zeros([3])),
        tf.cond(pred, lambda: x, lambda: tf.zeros([1, 2])),
    ]


@case("tf.cond")
def cond_of_indexed_slices(tf, np):
    pred = tf.placeholder_with_default(True, [], name="pred")
    table = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="table")
    rows = tf.IndexedSlices(table, tf.constant([3, 1]))
    more = tf.IndexedSlices(table * 2.0, tf.constant([0, 1]))
    return tf.cond(pred, lambda: rows, lambda: more)


@case("tf.cond")
def cond_refuses(tf, np):
    pred = tf.placeholder(tf.bool, [], name="pred")
    one = lambda: tf.constant(1.0)
    two = lambda: [tf.constant(1.0), tf.constant(2.0)]
    return [
        message(lambda: tf.cond(pred)),
        message(lambda: tf.cond(pred, one)),
        message(lambda: tf.cond(pred, one, 3)),
        message(lambda: tf.cond(pred, 3, one)),
        message(lambda: tf.cond(pred, one, one, fn1=one)),
        message(lambda: tf.cond(pred, one, one, fn2=one)),
        message(lambda: tf.cond(pred, one, lambda: None)),
        message(lambda: tf.cond(pred, lambda: None, one)),
        message(lambda: tf.cond(pred, one, two)),
        message(lambda: tf.cond(pred, two, lambda: tuple(two()))),
        message(lambda: tf.cond(pred, one, lambda: tf.constant(1))),
        message(lambda: tf.cond(pred, lambda: [], lambda: [])),
    ]


@case("tf.cond", only="messages values")
def what_is_made_in_a_branch_stays_there(tf, np):
    pred = tf.placeholder_with_default(True, [], name="pred")
    made = []

    def branch():
        made.append(tf.constant(1.0) * 2.0)
        return made[0]

    y = tf.cond(pred, branch, lambda: tf.constant(0.0))
    with tf.Session() as session:
        return [
            session.run(y),
            message(lambda: session.run(made[0])),
            message(lambda: session.run(made[0].op)),
        ]


@case("tf.cond")
def cond_by_old_names(tf, np):
    x = tf.constant(1.0, name="x")
    return tf.cond(x > 0.0, fn1=lambda: x, fn2=lambda: -x)


@case("tf.cond", only="values")
def cond_by_a_variable(tf, np):
    v = tf.Variable(True, name="v")
    x = tf.Variable(1.0, name="x")
    y = tf.cond(v, lambda: x.assign_add(1.0), lambda: x.assign_add(10.0))
    turn = v.assign(tf.logical_not(v))
    with tf.Session() as session:
        session.run([v.initializer, x.initializer])
        first = session.run(y)
        session.run(turn)
        return [first, session.run(y)]


@case("tf.case")
def case_of_three(tf, np):
    x = tf.placeholder_with_default(2.0, [], name="x")
    y = tf.case(
        [(x < 1.0, lambda: x), (x < 3.0, lambda: x * 10.0), (x < 5.0, lambda: -x)],
        default=lambda: tf.constant(0.0),
    )
    with tf.Session() as session:
        return [session.run(y, {x: n}) for n in (0.0, 2.0, 4.0, 6.0)]


@case("tf.case")
def case_exclusive(tf, np):
    x = tf.placeholder_with_default(2.0, [], name="x")
    y = tf.case(
        [(x < 1.0, lambda: x), (x < 3.0, lambda: x * 10.0)],
        default=lambda: tf.constant(0.0),
        exclusive=True,
    )
    with tf.Session() as session:
        return session.run(y), message(lambda: session.run(y, {x: 0.0}))


@case("tf.case")
def case_without_default(tf, np):
    x = tf.placeholder_with_default(2.0, [], name="x")
    y = tf.case([(x < 1.0, lambda: x), (x < 3.0, lambda: x * 10.0)])
    z = tf.case({x < 3.0: lambda: x + 1.0}, name="single")
    with tf.Session() as session:
        return session.run([y, z]), message(lambda: session.run(y, {x: 9.0}))


@case("tf.case")
def case_by_a_dict(tf, np):
    x = tf.placeholder_with_default(2.0, [], name="x")
    pairs = {
        tf.less(x, 1.0, name="b"): lambda: x,
        tf.less(x, 3.0, name="a"): lambda: -x,
    }
    return tf.case(pairs, default=lambda: x, exclusive=False, strict=True)


@case("tf.case")
def case_refuses(tf, np):
    x = tf.constant(1.0, name="x")
    return [
        message(lambda: tf.case(x)),
        message(lambda: tf.case([x])),
        message(lambda: tf.case([(x, lambda: x)])),
        message(lambda: tf.case([(True, lambda: x)])),
        message(lambda: tf.case([(x < 1.0, 1)])),
    ]


@case("tf.Assert")
def an_assertion(tf, np):
    x = tf.placeholder_with_default([1.0, 2.0], [None], name="x")
    n = tf.constant([1, 2, 3, 4], name="n")
    good = tf.Assert(tf.reduce_all(x > 0.0), [x], name="good")
    whole = tf.Assert(n[0] > 5, ["n is", n], summarize=2)
    also = tf.Assert(tf.reduce_all(x > 0.0), ["x is", x, n])
    with tf.control_dependencies([good]):
        y = tf.identity(x)
    with tf.Session() as session:
        return [
            session.run(y),
            message(lambda: session.run(y, {x: [-1.0, 2.5, 3.0, 4.0]})),
            message(lambda: session.run(also, {x: [-1.0, 0.1, 1e10]})),
            message(lambda: session.run(whole)),
        ]


@case("tf.while_loop")
def while_loop(tf, np):
    i = tf.constant(0, name="i")
    return tf.while_loop(lambda i: i < 10, lambda i: i + 3, [i])


@case("tf.while_loop")
def while_of_two(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    return tf.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, y * x), [0, x])


@case("tf.while_loop")
def while_that_never_turns(tf, np):
    x = tf.constant(1.0, name="x")
    found = tf.while_loop(lambda y: y < 0.0, lambda y: y * 2.0, [x])
    return {"value": found, "gradient": tf.gradients(found, x)}


@case("tf.while_loop")
def while_swaps(tf, np):
    return tf.while_loop(
        lambda i, a, b: i < 9, lambda i, a, b: (i + 1, b, a + b), (0, 0, 1), name="fib"
    )


@case("tf.while_loop")
def while_of_structures(tf, np):
    Pair = collections.namedtuple("Pair", "j k")
    start = (tf.constant(0), Pair(tf.constant(1), {"b": tf.constant(2)}))
    return tf.while_loop(
        lambda i, p: i < 3,
        lambda i, p: (i + 1, Pair(p.j + p.k["b"], {"b": p.j})),
        start,
    )


@case("tf.while_loop")
def while_with_maximum_iterations(tf, np):
    n = tf.placeholder_with_default(4, [], name="n")
    return [
        tf.while_loop(lambda i: i < 10, lambda i: i + 1, [0], maximum_iterations=4),
        tf.while_loop(
            lambda i, x: i < 10,
            lambda i, x: (i + 1, x * 2.0),
            (0, 1.0),
            maximum_iterations=n,
        ),
        message(
            lambda: tf.while_loop(
                lambda i, x: i < 10,
                lambda i, x: (i + 1, x * 2.0),
                [0, 1.0],
                maximum_iterations=n,
            )
        ),
    ]


@case("tf.while_loop")
def while_with_return_same_structure(tf, np):
    return [
        tf.while_loop(
            lambda i: i < 3, lambda i: [i + 1], [0], return_same_structure=True
        ),
        tf.while_loop(lambda i: i < 3, lambda i: (i + 1,), (0,)),
        tf.while_loop(
            lambda i: i < 3,
            lambda i: [i + 1],
            [0],
            return_same_structure=True,
            maximum_iterations=2,
        ),
    ]


@case("tf.while_loop")
def while_with_other_options(tf, np):
    x = tf.constant(1.5, name="x")
    i, y = tf.while_loop(
        lambda i, y: i < 3,
        lambda i, y: (i + 1, y * x),
        [0, x],
        parallel_iterations=1,
        swap_memory=True,
        back_prop=True,
        name="loop",
    )
    _, z = tf.while_loop(
        lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, x], back_prop=False
    )
    return {"value": [i, y, z], "gradient": [tf.gradients(y, x), tf.gradients(z, x)]}


@case("tf.while_loop")
def while_with_shape_invariants(tf, np):
    x = tf.ones([2, 2])
    i, y = tf.while_loop(
        lambda i, y: i < 3,
        lambda i, y: [i + 1, tf.concat([y, y], axis=0)],
        [tf.constant(0), x],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2])],
    )
    return {"value": [i, y]}


@case("tf.while_loop")
def while_refuses_shapes(tf, np):
    x = tf.ones([2, 2], name="x")
    grow = lambda y: tf.concat([y, y], axis=0)
    return [
        message(lambda: tf.while_loop(lambda y: y[0, 0] < 3.0, grow, [x])),
        message(
            lambda: tf.while_loop(
                lambda y: y[0, 0] < 3.0,
                grow,
                [x],
                shape_invariants=[tf.TensorShape([3, None])],
            )
        ),
        message(
            lambda: tf.while_loop(
                lambda y: y[0, 0] < 3.0, grow, [x], shape_invariants=[[None, 2]]
            )
        ),
        message(
            lambda: tf.while_loop(
                lambda y: y[0, 0] < 3.0,
                grow,
                [x],
                shape_invariants=[tf.TensorShape([2, 2]), tf.TensorShape([2, 2])],
            )
        ),
    ]


@case("tf.while_loop")
def while_refuses(tf, np):
    less, more = lambda i: i < 3, lambda i: i + 1
    return [
        message(lambda: tf.while_loop(1, more, [0])),
        message(lambda: tf.while_loop(less, 1, [0])),
        message(lambda: tf.while_loop(less, more, [])),
        message(lambda: tf.while_loop(less, more, [0], parallel_iterations=0)),
        message(lambda: tf.while_loop(less, more, [0], maximum_iterations=[1, 2])),
        message(lambda: tf.while_loop(less, lambda i: [i, i], [0])),
        message(lambda: tf.while_loop(lambda i, j: i < 3, lambda i, j: i, [0, 1])),
        message(lambda: tf.while_loop(less, lambda i: tf.cast(i, tf.float32), [0])),
        message(lambda: tf.while_loop(lambda i: i + 1, more, [0])),
        message(lambda: tf.while_loop(lambda i: [i < 3], more, [0])),
    ]


@case("tf.while_loop", only="messages values")
def what_is_made_in_a_loop_stays_there(tf, np):
    made = []

    def body(i):
        made.append(i * 2)
        return i + 1

    i = tf.while_loop(lambda i: i < 3, body, [0])
    found = [message(lambda: made[0] + 1)]
    with tf.Session() as session:
        found.append(session.run(i))
        found.append(message(lambda: session.run(made[0])))
        found.append(message(lambda: session.run(i, {made[0]: 1})))
    return found


@case("tf.while_loop")
def while_gradient_of_a_cube(tf, np):
    x = tf.constant(2.0, name="x")
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, 1.0])
    return {"value": y, "gradient": tf.gradients(y, x)}


@case("tf.while_loop")
def while_gradient_through_the_variable(tf, np):
    x = tf.placeholder_with_default([0.5, 0.25], [None], name="x")
    _, y = tf.while_loop(
        lambda i, y: i < 3, lambda i, y: (i + 1, tf.tanh(y * y + 1.0)), [0, x]
    )
    return {"value": y, "gradient": tf.gradients(y, x)}


@case("tf.while_loop")
def while_gradient_with_a_matrix(tf, np):
    w = tf.constant([[0.5, 0.1], [0.2, -0.3]], name="w")
    x = tf.placeholder_with_default([[1.0, 2.0]], [None, 2], name="x")
    i, y, z = tf.while_loop(
        lambda i, y, z: i < 4,
        lambda i, y, z: (i + 1, tf.matmul(y, w), z + tf.reduce_sum(y)),
        [0, x, 0.0],
    )
    return {
        "value": [i, y, z],
        "gradient": [tf.gradients(y, [x, w]), tf.gradients(z, [x, w])],
    }


@case("tf.while_loop")
def while_gradient_of_a_variable_that_forgets(tf, np):
    x = tf.constant(2.0, name="x")
    _, y, z = tf.while_loop(
        lambda i, y, z: i < 3, lambda i, y, z: (i + 1, z * x, x + 1.0), [0, x, x]
    )
    return {"value": [y, z], "gradient": [tf.gradients(y, x), tf.gradients([y, z], x)]}


@case("tf.while_loop")
def while_gradient_of_two_results(tf, np):
    x = tf.constant(2.0, name="x")
    _, a, b = tf.while_loop(
        lambda i, a, b: i < 3, lambda i, a, b: (i + 1, a * x, b + a), [0, x, x]
    )
    return {"gradient": [tf.gradients(a + b, x), tf.gradients(b, [x, a])]}


@case("tf.while_loop")
def while_within_while(tf, np):
    x = tf.constant(1.1, name="x")

    def row(i, total):
        _, total = tf.while_loop(
            lambda j, t: j < i, lambda j, t: (j + 1, t * x + 1.0), [0, total]
        )
        return i + 1, total

    _, total = tf.while_loop(lambda i, t: i < 4, row, [0, x])
    return {"value": total, "gradient": tf.gradients(total, x)}


@case("tf.while_loop")
def while_within_while_of_unknown_sizes(tf, np):
    x = tf.placeholder_with_default([1.1, 0.9], [None], name="x")
    w = tf.placeholder_with_default([0.5, 0.25], [None], name="w")

    def row(i, total):
        _, total = tf.while_loop(
            lambda j, t: j < 2, lambda j, t: (j + 1, tf.sin(t) * w), [0, total]
        )
        return i + 1, total * x

    _, total = tf.while_loop(lambda i, t: i < 3, row, [0, x])
    return {"value": total, "gradient": tf.gradients(total, [x, w])}


@case("tf.while_loop", "tf.cond")
def cond_within_while(tf, np):
    x = tf.constant(1.5, name="x")

    def body(i, y):
        y = tf.cond(tf.equal(i % 2, 0), lambda: y * x, lambda: y + x)
        return i + 1, y

    _, y = tf.while_loop(lambda i, y: i < 4, body, [0, x])
    return {"value": y, "gradient": tf.gradients(y, x)}


@case("tf.while_loop", "tf.cond")
def cond_within_while_of_unknown_sizes(tf, np):
    x = tf.placeholder_with_default([1.5, 0.5], [None], name="x")

    def body(i, y):
        y = tf.cond(i < 2, lambda: tf.exp(-y) * x, lambda: y + i_float(i) * x)
        return i + 1, y

    i_float = lambda i: tf.cast(i, tf.float32)
    _, y = tf.while_loop(lambda i, y: i < 4, body, [0, x])
    return {"value": y, "gradient": tf.gradients(y, x)}


@case("tf.while_loop", "tf.cond")
def while_within_cond(tf, np):
    x = tf.placeholder(tf.float32, [], name="x")

    def loop():
        _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, x])
        return y

    y = tf.cond(x > 1.0, loop, lambda: x)
    (slope,) = tf.gradients(y, x)
    with tf.Session() as session:
        return {"value": [session.run([y, slope], {x: n}) for n in (0.5, 2.0)]}


@case("tf.while_loop")
def gradients_within_while(tf, np):
    w = tf.constant(3.0, name="w")

    def step(i, x):
        (slope,) = tf.gradients((x - w) * (x - w), x)
        return i + 1, x - 0.1 * slope

    return {"value": tf.while_loop(lambda i, x: i < 5, step, [0, 0.0])}


@case("tf.while_loop")
def while_second_gradient_is_refused(tf, np):
    x = tf.constant(2.0, name="x")
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, 1.0])
    (first,) = tf.gradients(y, x)
    return {"gradient": first, "messages": message(lambda: tf.gradients(first, x))}


@case("tf.while_loop", only="messages")
def gradient_through_the_initial_value_is_refused(tf, np):
    x = tf.constant(2.0, name="x")
    seen = []

    def body(i, y):
        seen.append(message(lambda: tf.gradients(y * y, x)))
        return i + 1, y

    tf.while_loop(lambda i, y: i < 3, body, [0, x])
    return seen


@case("tf.while_loop")
def while_with_a_variable(tf, np):
    w = tf.Variable([[0.5, 0.1], [0.2, -0.3]], name="w")
    x = tf.constant([[1.0, 2.0]], name="x")
    _, y = tf.while_loop(
        lambda i, y: i < 3, lambda i, y: (i + 1, tf.matmul(y, w)), [0, x]
    )
    return {"value": y, "gradient": tf.gradients(y, w)}


@case("tf.while_loop", "tf.assign_add")
def while_that_updates(tf, np):
    v = tf.Variable(0.0, name="v")

    def body(i):
        with tf.control_dependencies([tf.assign_add(v, tf.cast(i, tf.float32))]):
            return i + 1

    i = tf.while_loop(lambda i: i < 4, body, [0])
    with tf.control_dependencies([i]):
        return [i, v.read_value()]


@case("tf.while_loop", "tf.gather")
def while_gradient_of_rows(tf, np):
    table = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="table")
    _, y = tf.while_loop(
        lambda i, y: i < 3,
        lambda i, y: (i + 1, y + tf.reduce_sum(tf.gather(table, [i, 0]) * y)),
        [0, 1.0],
    )
    (slope,) = tf.gradients(y, table)
    return {"value": y, "gradient": slope, "kind": type(slope).__name__}


@case("tf.while_loop", "tf.control_dependencies")
def while_behind_control_dependencies(tf, np):
    v = tf.Variable(0.0, name="v")
    before = tf.assign_add(v, 1.0)
    with tf.control_dependencies([before]):
        i = tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
    with tf.control_dependencies([i]):
        return [i, v.read_value()]


@case("tf.while_loop", "tf.random_uniform")
def while_that_draws(tf, np):
    tf.set_random_seed(1)
    x = tf.while_loop(
        lambda i, x: i < 3,
        lambda i, x: (i + 1, x + tf.random_uniform([2])),
        [0, tf.zeros([2])],
    )
    return {"random": x[1]}


@case("tf.while_loop")
def collections_of_contexts(tf, np):
    x = tf.constant(1.0, name="x")
    tf.cond(x > 0.0, lambda: tf.cond(x > 1.0, lambda: x, lambda: -x), lambda: x)
    tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0], name="loop")
    graph = tf.get_default_graph()
    return {
        "names": [
            context.name
            for key in ("cond_context", "while_context")
            for context in graph.get_collection(key)
        ]
    }


@case("tf.Variable.initialized_value")
def initialized_value(tf, np):
    v = tf.Variable([1.0, 2.0], name="v")
    w = tf.Variable(v.initialized_value() * 2.0, name="w")
    with tf.Session() as session:
        session.run(w.initializer)
        first = session.run(w)
        session.run(v.initializer)
        session.run(v.assign([5.0, 6.0]))
        session.run(w.initializer)
        return [first, session.run(w)]


@case("tf.Variable")
def an_initial_value_that_reads_a_variable(tf, np):
    v = tf.Variable([1.0, 2.0], name="v")
    w = tf.Variable(tf.reduce_sum(v * 2.0), name="w")
    u = tf.Variable(lambda: w + 1.0, name="u")
    with tf.Session() as session:
        session.run(w.initializer)
        first = session.run(w)
        session.run(v.initializer)
        session.run(u.initializer)
        return first, session.run([v, w, u])


@case("tf.Variable", "tf.cond")
def a_variable_made_in_a_branch(tf, np):
    pred = tf.placeholder_with_default(True, [], name="pred")
    made = []

    def branch():
        made.append(tf.Variable(lambda: tf.ones([2]), name="made"))
        return made[0] * 2.0

    y = tf.cond(pred, branch, lambda: tf.zeros([2]))
    refused = message(
        lambda: tf.cond(pred, lambda: tf.Variable(tf.ones([2]) * 2.0), lambda: y)
    )
    with tf.Session() as session:
        session.run(made[0].initializer)
        return session.run(y), refused
