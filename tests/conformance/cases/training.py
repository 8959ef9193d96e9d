"""Optimizers: the nodes of `minimize`, the slots, and where some steps lead."""

from tests.conformance.harness import case, message


def descend(tf, optimizer, steps=4):
    """Minimise (w - 3)^2 from w = 1 and look at all variables after each step."""
    w = tf.Variable(1.0, name="w")
    step = optimizer.minimize(tf.square(w - 3.0))
    slots = [v for v in tf.global_variables() if v is not w]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = [[sess.run(step), sess.run([w, *slots])] for _ in range(steps)]
    return {
        "value": path,
        "texts": [repr(step).splitlines()[0], [repr(s) for s in slots]],
        "slot names": optimizer.get_slot_names(),
        "name": optimizer.get_name(),
    }


def steps(kind, label, *args, **options):
    @case("tf.train." + kind, name=kind + label, within=2e-6)
    def program(tf, np):
        return descend(tf, getattr(tf.train, kind)(*args, **options))


steps("GradientDescentOptimizer", "", 0.1)
steps("MomentumOptimizer", "", 0.1, 0.9)
steps("MomentumOptimizer", "_nesterov", 0.1, 0.9, use_nesterov=True)
steps("AdamOptimizer", "", 0.1)
steps("AdamOptimizer", "_with_arguments", 0.5, beta1=0.8, beta2=0.9, epsilon=1.0)
steps("RMSPropOptimizer", "", 0.1)
steps("RMSPropOptimizer", "_centered", 0.1, decay=0.8, momentum=0.5, centered=True)
steps("AdagradOptimizer", "", 0.1)
steps("AdadeltaOptimizer", "", 1.0)
steps("FtrlOptimizer", "", 0.1)
steps(
    "FtrlOptimizer",
    "_regularized",
    0.5,
    l1_regularization_strength=0.1,
    l2_regularization_strength=0.2,
)
steps("ProximalGradientDescentOptimizer", "", 0.1, l1_regularization_strength=0.1)
steps("ProximalAdagradOptimizer", "", 0.1, l2_regularization_strength=0.1)


def layer(tf, np):
    """A small linear layer and its loss: (loss, [w, b])."""
    x = tf.constant([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]], name="x")
    w = tf.Variable([[0.1], [0.2]], name="w")
    b = tf.Variable([0.3], name="b")
    y = tf.matmul(x, w) + b
    return tf.reduce_mean(tf.square(y - [[1.0], [2.0], [0.0]])), [w, b]


def train_layer(kind, *args):
    @case("tf.train." + kind, name="layer_" + kind, within=1e-5)
    def program(tf, np):
        loss, variables = layer(tf, np)
        step = getattr(tf.train, kind)(*args).minimize(loss)
        losses = []
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for _ in range(5):
                losses.append(sess.run(loss))
                sess.run(step)
            return {"value": [losses, sess.run(variables)]}


train_layer("GradientDescentOptimizer", 0.1)
train_layer("MomentumOptimizer", 0.05, 0.9)
train_layer("AdamOptimizer", 0.05)
train_layer("RMSPropOptimizer", 0.01)
train_layer("AdagradOptimizer", 0.5)


def sparse_steps(kind, *args, **options):
    @case("tf.train." + kind, "tf.IndexedSlices", name="sparse_" + kind, within=2e-6)
    def program(tf, np):
        table = tf.Variable(tf.ones([4, 2]), name="table")
        rows = tf.nn.embedding_lookup(table, [1, 3, 1])
        step = getattr(tf.train, kind)(*args, **options).minimize(
            tf.reduce_sum(tf.square(rows))
        )
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return {"value": [[sess.run(step), sess.run(table)] for _ in range(3)]}


sparse_steps("GradientDescentOptimizer", 0.1)
sparse_steps("MomentumOptimizer", 0.1, 0.9)
sparse_steps("AdamOptimizer", 0.1)
sparse_steps("AdagradOptimizer", 0.1)
sparse_steps("RMSPropOptimizer", 0.1)


@case("tf.train.Optimizer.compute_gradients", "tf.train.Optimizer.apply_gradients")
def compute_and_apply(tf, np):
    loss, (w, b) = layer(tf, np)
    optimizer = tf.train.GradientDescentOptimizer(0.5)
    pairs = optimizer.compute_gradients(loss)
    clipped = [(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in pairs]
    step = optimizer.apply_gradients(clipped, name="step")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        found = [sess.run([g for g, _ in pairs]), sess.run(step), sess.run([w, b])]
    return {"value": found, "names": [[g.name, v.name] for g, v in pairs]}


@case("tf.train.Optimizer.minimize")
def arguments_of_minimize(tf, np):
    loss, (w, b) = layer(tf, np)
    count = tf.Variable(0, trainable=False, name="count")
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    step = optimizer.minimize(loss, global_step=count, var_list=[b], name="only_b")
    scaled = optimizer.minimize(loss, grad_loss=tf.constant(2.0))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        found = [
            sess.run(step),
            sess.run([w, b, count]),
            sess.run(step),
            sess.run(count),
        ]
        found += [sess.run(scaled), sess.run([w, b])]
    return {"value": found, "texts": [repr(step).splitlines()[0]]}


@case("tf.train.Optimizer.minimize", within=2e-6)
def two_optimizers_in_one_graph(tf, np):
    loss, (w, b) = layer(tf, np)
    with tf.name_scope("train"):
        one = tf.train.AdamOptimizer(0.1).minimize(loss, var_list=[w])
        two = tf.train.AdamOptimizer(0.1, name="Second").minimize(loss, var_list=[b])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        found = [sess.run(one), sess.run([w, b]), sess.run(two), sess.run([w, b])]
    return {"value": found, "names": [v.name for v in tf.global_variables()]}


@case("tf.train.Optimizer.get_slot", "tf.train.Optimizer.variables")
def slots(tf, np):
    loss, (w, b) = layer(tf, np)
    optimizer = tf.train.AdamOptimizer(0.1)
    before = optimizer.get_slot(w, "m")
    optimizer.minimize(loss, var_list=[w])
    return {
        "value": [
            before,
            optimizer.get_slot_names(),
            optimizer.get_slot(w, "m").name,
            optimizer.get_slot(w, "v").name,
            optimizer.get_slot(b, "m"),
            [v.name for v in optimizer.variables()],
            optimizer.get_name(),
        ]
    }


@case("tf.train.Optimizer")
def gate_gradients(tf, np):
    found = []
    for gate in (0, 1, 2):
        tf.reset_default_graph()
        loss, _ = layer(tf, np)
        tf.train.GradientDescentOptimizer(0.1).minimize(loss, gate_gradients=gate)
        operations = tf.get_default_graph().get_operations()
        found.append(
            [[op.name, [c.name for c in op.control_inputs]] for op in operations][-8:]
        )
    return {"value": [found, tf.train.Optimizer.GATE_OP, tf.train.Optimizer.GATE_GRAPH]}


@case("tf.train.GradientDescentOptimizer", "tf.train.AdamOptimizer")
def learning_rates_that_are_tensors(tf, np):
    rate = tf.placeholder_with_default(0.1, [], name="rate")
    w = tf.Variable(1.0, name="w")
    loss = tf.square(w)
    down = tf.train.GradientDescentOptimizer(rate).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [sess.run(down), sess.run(w), sess.run(down, {rate: 0.5}), sess.run(w)]


@case("tf.train.AdamOptimizer")
def a_callable_learning_rate(tf, np):
    return descend(tf, tf.train.GradientDescentOptimizer(lambda: 0.1), 1)


@case("tf.train.Optimizer")
def optimizer_errors(tf, np):
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    c = tf.constant(1.0, name="c")
    messages = [message(lambda: optimizer.minimize(c))]
    v = tf.Variable(1.0, name="v")
    n = tf.Variable(1, name="n")
    messages += [
        message(lambda: optimizer.minimize(c)),
        message(lambda: optimizer.minimize(v * 2, var_list=[c])),
        message(lambda: optimizer.minimize(v * 2, var_list=[])),
        message(lambda: optimizer.minimize(tf.cast(n, tf.float32), var_list=[n])),
        message(lambda: optimizer.minimize(n)),
        message(lambda: optimizer.apply_gradients([])),
        message(lambda: optimizer.apply_gradients([(None, v)])),
        message(lambda: optimizer.apply_gradients([(c, "v")])),
        message(lambda: optimizer.minimize(v * 2, gate_gradients=5)),
    ]
    return messages


@case("tf.train.exponential_decay", within=2e-6)
def exponential_decay(tf, np):
    step = tf.placeholder(tf.int32, [], name="step")
    rates = [
        tf.train.exponential_decay(0.1, step, 10, 0.5),
        tf.train.exponential_decay(0.1, step, 10, 0.5, staircase=True, name="stairs"),
    ]
    with tf.Session() as sess:
        return [sess.run(rates, {step: n}) for n in (0, 5, 10, 25)]


@case(
    "tf.train.piecewise_constant",
    "tf.train.polynomial_decay",
    "tf.train.inverse_time_decay",
    "tf.train.natural_exp_decay",
    "tf.train.cosine_decay",
    within=2e-6,
)
def other_decays(tf, np):
    step = tf.placeholder(tf.int32, [], name="step")
    rates = [
        tf.train.piecewise_constant(step, [5, 15], [1.0, 0.5, 0.1]),
        tf.train.polynomial_decay(0.1, step, 20, 0.01, power=2.0),
        tf.train.inverse_time_decay(0.1, step, 10, 0.5),
        tf.train.natural_exp_decay(0.1, step, 10, 0.5),
        tf.train.cosine_decay(0.1, step, 20),
    ]
    with tf.Session() as sess:
        return [sess.run(rates, {step: n}) for n in (0, 5, 10, 25)]


@case(
    "tf.train.get_global_step",
    "tf.train.create_global_step",
    "tf.train.global_step",
)
def global_steps(tf, np):
    before = tf.train.get_global_step()
    step = tf.train.get_or_create_global_step()
    found = [before, step.name, repr(step), tf.train.get_global_step() is step]
    found += [message(tf.train.create_global_step)]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [*found, tf.train.global_step(sess, step)]


@case("tf.train.ExponentialMovingAverage")
def moving_average(tf, np):
    v = tf.Variable(10.0, name="v")
    average = tf.train.ExponentialMovingAverage(0.9)
    keep = average.apply([v])
    shadow = average.average(v)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        found = [sess.run(shadow)]
        for value in (20.0, 30.0):
            sess.run(v.assign(value))
            sess.run(keep)
            found.append(sess.run(shadow))
    return {"value": found, "name": [shadow.name, average.average_name(v)]}
