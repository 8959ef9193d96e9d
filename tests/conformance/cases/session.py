"""Session: fetch structures, feeds, default sessions, and their complaints."""

import collections

from tests.conformance.harness import case, message


@case("tf.Session.run")
def fetch_structures(tf, np):
    x, y = tf.constant(1.0, name="x"), tf.constant([2, 3], name="y")
    v = tf.Variable(4.0, name="v")
    Pair = collections.namedtuple("Pair", "first second")
    with tf.Session() as sess:
        sess.run(v.initializer)
        return [
            sess.run(x),
            sess.run([x]),
            sess.run((x, y)),
            sess.run([]),
            sess.run({}),
            sess.run({"a": x, "b": [y, (x, x)]}),
            sess.run(Pair(x, [y])),
            sess.run(collections.OrderedDict([("k", x), ("j", y)])),
            sess.run([x, x, y]),
            sess.run("x:0"),
            sess.run(["x:0", {"k": "y:0"}]),
            sess.run(v),
            sess.run([v, v.op, "v"]),
            sess.run(tf.no_op()),
            sess.run([tf.no_op(), x]),
            sess.run(x.op),
        ]


@case("tf.Session.run")
def fetched_kinds(tf, np):
    with tf.Session() as sess:
        return [
            sess.run(tf.constant(1)),
            sess.run(tf.constant(1.5)),
            sess.run(tf.constant(True)),
            sess.run(tf.constant("s")),
            sess.run(tf.constant(["s", "t"])),
            sess.run(tf.constant([1.0])),
            sess.run(tf.zeros([0, 3])),
            sess.run(tf.constant(1, tf.int64)),
            sess.run(tf.reduce_sum(tf.constant([1.0, 2.0]))),
            sess.run(tf.gather(tf.constant([1.0, 2.0]), 1)),
        ]


@case("tf.Session.run")
def feeds(tf, np):
    x = tf.placeholder(tf.float32, [None], name="x")
    n = tf.placeholder(tf.int32, [], name="n")
    c = tf.constant([1.0, 2.0], name="c")
    y = x * 2
    z = y + c
    with tf.Session() as sess:
        return [
            sess.run(z, {x: [1, 2]}),
            sess.run(z, {x: (3.0, 4.0)}),
            sess.run(z, {"x:0": np.array([1, 2], np.int64)}),
            sess.run(z, {y: [10, 20]}),
            sess.run(z, {x: [1, 2], c: [5, 5]}),
            sess.run([y, c], {y: [7], c: [0, 0]}),
            sess.run(n + 1, {n: 3}),
            sess.run(n + 1, {n: np.int64(3)}),
            sess.run(n + 1, {n: True}),
            sess.run(n, {n: 1.0}),
            sess.run(x, {x: np.float64(1.0) * np.arange(2)}),
            sess.run(x, {x: [True, False]}),
        ]


@case("tf.Session.run")
def a_fractional_feed_of_an_integer_is_cut(tf, np):
    x = tf.placeholder(tf.int32, [2])
    with tf.Session() as sess:
        return sess.run(x, {x: [1.5, 2.0]})


@case("tf.Session.run")
def feed_a_variable(tf, np):
    v = tf.Variable([1.0, 2.0])
    with tf.Session() as sess:
        sess.run(v.initializer)
        return [sess.run(v * 2, {v: [5.0, 6.0]}), sess.run(v * 2)]


@case("tf.Session.run")
def feed_several_in_one_key(tf, np):
    x, y = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    with tf.Session() as sess:
        return sess.run(x + y, {(x, y): (1, 2)})


@case("tf.Session.run")
def feed_errors(tf, np):
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    n = tf.placeholder(tf.int32, name="n")
    y = x * 2
    other = tf.Graph()
    with other.as_default():
        z = tf.placeholder(tf.float32, name="z")
    with tf.Session() as sess:
        run = sess.run
        return [
            message(lambda: run(y)),
            message(lambda: run(n)),
            message(lambda: run(y, {x: np.zeros((3, 3))})),
            message(lambda: run(y, {x: [1, 2, 3]})),
            message(lambda: run(y, {x: "text"})),
            message(lambda: run(y, {x: None})),
            message(lambda: run(y, {x: tf.zeros([2, 3])})),
            message(lambda: run(y, {"nothing:0": 1})),
            message(lambda: run(y, {"x": 1})),
            message(lambda: run(y, {1: 1})),
            message(lambda: run(y, {z: 1})),
            message(lambda: run(y, [x])),
            message(lambda: run(n, {n: 2**40})),
        ]


@case("tf.Session.run")
def unfed_placeholders(tf, np):
    a = tf.placeholder(tf.float32)
    b = tf.placeholder(tf.int64, [None], "b")
    c = tf.placeholder(tf.float64, [None, 4], "c")
    d = tf.placeholder(tf.bool, [2, 3], "d")
    e = tf.placeholder(tf.string, [], "e")
    with tf.Session() as sess:
        return [message(sess.run, tf.identity(t)) for t in (a, b, c, d, e)]


@case("tf.Session.run")
def fetch_errors(tf, np):
    x = tf.constant(1.0, name="x")
    other = tf.Graph()
    with other.as_default():
        z = tf.constant(1.0, name="z")
    with tf.Session() as sess:
        return [
            message(lambda: sess.run(None)),
            message(lambda: sess.run([x, None])),
            message(lambda: sess.run(1.0)),
            message(lambda: sess.run("nothing")),
            message(lambda: sess.run("nothing:0")),
            message(lambda: sess.run("x:1")),
            message(lambda: sess.run(z)),
            message(lambda: sess.run([np.zeros(2)])),
            message(lambda: sess.run({"a": 3})),
        ]


@case("tf.Session.run")
def error_objects(tf, np):
    x = tf.placeholder(tf.float32, [2], name="x")
    v = tf.Variable(1.0, name="v")
    with tf.Session() as sess:
        found = []
        for fetch in (tf.identity(x), v * 2):
            try:
                sess.run(fetch)
            except tf.errors.OpError as e:
                found.append([type(e).__name__, e.error_code, e.op and e.op.name])
                found.append(e.message.splitlines()[0])
    return {"messages": found}


@case("tf.Session")
def closed_and_empty_sessions(tf, np):
    empty = tf.Graph()
    with tf.Session(graph=empty) as sess:
        messages = [message(lambda: sess.run("x:0"))]
    x = tf.constant(1.0)
    sess = tf.Session()
    graph_is_default = sess.graph is tf.get_default_graph()
    sess.close()
    messages.append(message(lambda: sess.run(x)))
    messages.append(message(lambda: x.eval()))
    messages.append(message(lambda: x.op.run()))
    return {"value": graph_is_default, "messages": messages}


@case("tf.Session", "tf.get_default_session")
def default_sessions(tf, np):
    x = tf.constant(2.0)
    found = [tf.get_default_session()]
    with tf.Session() as sess:
        found += [tf.get_default_session() is sess, x.eval()]
        with tf.Session() as inner:
            found += [tf.get_default_session() is inner]
        found += [tf.get_default_session() is sess]
    found += [tf.get_default_session()]
    sess = tf.Session()
    with sess.as_default():
        found += [x.eval(), x.op.run()]
    found += [sess.run(x), x.eval(session=sess)]
    sess.close()
    return found


@case("tf.InteractiveSession")
def interactive_session(tf, np):
    sess = tf.InteractiveSession()
    v = tf.Variable([1.0, 2.0])
    tf.global_variables_initializer().run()
    found = [v.eval(), (v * 2).eval(), tf.get_default_session() is sess]
    v.assign([3.0, 4.0]).eval()
    found += [v.eval(), v.initializer.run(), sess.run(v)]
    sess.close()
    return found + [tf.get_default_session()]


@case("tf.Session")
def memory_belongs_to_the_session(tf, np):
    v = tf.Variable(0)
    up = v.assign_add(1)
    a, b = tf.Session(), tf.Session()
    a.run(v.initializer)
    b.run(v.initializer)
    found = [a.run(up), a.run(up), b.run(up), a.run(v), b.run(v)]
    a.close()
    b.close()
    return found


@case("tf.Session")
def graph_of_a_session(tf, np):
    g = tf.Graph()
    with g.as_default():
        x = tf.constant(3.0, name="x")
    with tf.Session(graph=g) as sess:
        inside = tf.get_default_graph() is g
        y = x + 1
        return [inside, sess.graph is g, sess.run(y), y.graph is g]


@case("tf.Session", "tf.ConfigProto", not_yet="Not built yet.")
def session_config(tf, np):
    config = tf.ConfigProto(allow_soft_placement=True, log_device_placement=False)
    config.gpu_options.allow_growth = True
    with tf.Session(config=config) as sess:
        return sess.run(tf.constant(1.0))


@case("tf.Session.make_callable", "tf.Session")
def make_callable(tf, np):
    x = tf.placeholder(tf.float32)
    y = x * 2
    with tf.Session() as sess:
        f = sess.make_callable(y, [x])
        g = sess.make_callable([y, y + 1], feed_list=[x])
        return [f(3.0), g(4.0)]


@case("tf.Session.run")
def what_a_fetch_can_reach_only_runs(tf, np):
    v = tf.Variable(0)
    up = v.assign_add(1)
    x = tf.constant(1) + 1
    tf.identity(up)
    with tf.Session() as sess:
        sess.run(v.initializer)
        return [sess.run(x), sess.run(v)]
