"""Variable scopes and get_variable: making, finding and sharing by name."""

from tests.conformance.harness import case, message


def names(*variables):
    return [v.name for v in variables]


@case("tf.get_variable")
def get_variable(tf, np):
    tf.set_random_seed(1)
    a = tf.get_variable("a", [2, 3])
    b = tf.get_variable("b", shape=(3,), initializer=tf.zeros_initializer())
    c = tf.get_variable("c", initializer=tf.constant([1.0, 2.0]))
    d = tf.get_variable("d", initializer=[1, 2], dtype=tf.int32, trainable=False)
    return {"random": a, "value": [b, c, d], "names": [repr(v) for v in (a, b, c, d)]}


@case("tf.get_variable")
def default_initializers(tf, np):
    tf.set_random_seed(2)
    floats = tf.get_variable("f", [2, 2], tf.float64)
    ints = tf.get_variable("i", [2], tf.int32)
    bools = tf.get_variable("b", [2], tf.bool)
    return {"random": floats, "value": [ints, bools]}


@case("tf.get_variable")
def initializers_of_several_kinds(tf, np):
    return [
        tf.get_variable("a", [2], initializer=tf.constant_initializer(0.5)),
        tf.get_variable("b", [2], initializer=tf.ones_initializer),
        tf.get_variable(
            "c", [2], initializer=lambda shape, dtype, partition_info: tf.ones(shape)
        ),
        tf.get_variable("d", initializer=np.float32(3.0)),
        tf.get_variable("e", initializer=2.0),
        tf.get_variable("f", initializer=lambda: tf.ones([2])),
    ]


@case("tf.variable_scope")
def names_in_variable_scopes(tf, np):
    found = []
    with tf.variable_scope("s"):
        found += [tf.get_variable("v", [1]).name, tf.Variable(1.0, name="w").name]
        found += [tf.constant(1, name="c").name]
        with tf.variable_scope("t"):
            found += [tf.get_variable("v", [1]).name, tf.get_variable_scope().name]
        with tf.name_scope("n"):
            found += [tf.get_variable("u", [1]).name, tf.constant(1, name="c").name]
    with tf.variable_scope("s"):
        found += [tf.get_variable("x", [1]).name, tf.Variable(1.0, name="w").name]
        found += [tf.constant(1, name="c").name]
    return {"names": found}


@case("tf.variable_scope")
def default_names(tf, np):
    found = []
    for _ in range(3):
        with tf.variable_scope(None, "layer"):
            found += [tf.get_variable("v", [1]).name, tf.constant(1, name="c").name]
    with tf.variable_scope("given", "layer"):
        found += [tf.get_variable("v", [1]).name]
    with tf.variable_scope("outer"):
        for _ in range(2):
            with tf.variable_scope(None, default_name="layer"):
                found += [tf.get_variable("v", [1]).name]
    return {"names": found}


@case("tf.variable_scope", "tf.AUTO_REUSE")
def sharing(tf, np):
    with tf.variable_scope("s"):
        v = tf.get_variable("v", [2])
    with tf.variable_scope("s", reuse=True):
        w = tf.get_variable("v", [2])
    with tf.variable_scope("s") as scope:
        scope.reuse_variables()
        x = tf.get_variable("v")
    with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
        y, z = tf.get_variable("v", [2]), tf.get_variable("new", [1])
    with tf.variable_scope("outer", reuse=tf.AUTO_REUSE), tf.variable_scope("inner"):
        a, b = tf.get_variable("v", [1]), tf.get_variable("v", [1])
    same = [v is w, v is x, v is y, a is b]
    reuse = [scope.reuse, tf.get_variable_scope().reuse]
    return {
        "value": [same, reuse],
        "names": names(v, z, a),
        "repr": repr(tf.AUTO_REUSE),
    }


@case("tf.variable_scope")
def a_scope_opened_again(tf, np):
    with tf.variable_scope("a") as scope, tf.variable_scope("b"):
        x = tf.get_variable("x", [1])
    with tf.variable_scope("c"):
        with tf.variable_scope(scope):
            y = tf.get_variable("y", [1])
            c = tf.constant(1, name="c")
        with tf.variable_scope(scope, reuse=tf.AUTO_REUSE) as again:
            z = tf.get_variable("y", [1])
    with tf.variable_scope(scope, auxiliary_name_scope=False):
        d = tf.constant(1, name="d")
    attributes = [
        scope.name,
        scope.original_name_scope,
        again.name,
        again.original_name_scope,
    ]
    return {"names": [*names(x, y, z, c, d), *attributes], "value": y is z}


@case("tf.get_variable_scope", "tf.VariableScope")
def the_root_scope(tf, np):
    scope = tf.get_variable_scope()
    found = [scope.name, scope.reuse, scope.initializer, scope.regularizer, scope.dtype]
    scope.reuse_variables()
    return [*found, scope.reuse, message(lambda: tf.get_variable("v", [1]))]


@case("tf.variable_scope")
def defaults_of_a_scope(tf, np):
    with tf.variable_scope("s", initializer=tf.constant_initializer(3.0)):
        a = tf.get_variable("a", [2])
        with tf.variable_scope("t"):
            b = tf.get_variable("b", [1])
        with tf.variable_scope("u", initializer=tf.zeros_initializer()) as scope:
            c = tf.get_variable("c", [1])
            scope.set_initializer(tf.ones_initializer())
            d = tf.get_variable("d", [1])
    with tf.variable_scope("w", dtype=tf.float64):
        e = tf.get_variable("e", initializer=tf.constant(1.0, tf.float64))
        f = tf.get_variable("f", [1], initializer=tf.zeros_initializer())
    return [a, b, c, d, e, f]


@case("tf.get_variable", "tf.GraphKeys")
def regularizers_and_collections(tf, np):
    def penalty(w):
        return 0.1 * tf.reduce_sum(tf.square(w), name="penalty")

    a = tf.get_variable("a", initializer=[1.0, 2.0], regularizer=penalty)
    with tf.variable_scope("s", regularizer=penalty):
        b = tf.get_variable("b", initializer=3.0)
        tf.get_variable("c", initializer=4.0, regularizer=lambda w: None)
    tf.get_variable("d", [1], collections=["mine", tf.GraphKeys.LOCAL_VARIABLES])
    tf.get_local_variable("e", [1])
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return {"value": [a, b, losses], "names": names(*losses, *tf.local_variables())}


@case("tf.variable_scope")
def custom_getters(tf, np):
    def doubled(getter, name, *args, **kwargs):
        return 2.0 * getter(name + "_inside", *args, **kwargs)

    with tf.variable_scope("s", custom_getter=doubled):
        v = tf.get_variable("v", initializer=[1.0, 2.0])
    w = tf.get_variable("w", initializer=5.0, custom_getter=doubled)
    return [v, w]


@case("tf.get_variable", "tf.variable_scope")
def scope_errors(tf, np):
    def get(scope, *args, **options):
        reuse = options.pop("reuse", None)
        with tf.variable_scope(scope, reuse=reuse):
            return tf.get_variable(*args, **options)

    get("s", "v", [2])
    return [
        message(lambda: get("s", "v", [2])),
        message(lambda: get("s", "w", [2], reuse=True)),
        message(lambda: get("s", "v", [3], reuse=True)),
        message(lambda: get("s", "v", [2], dtype=tf.int32, reuse=True)),
        message(lambda: get("s", "n")),
        message(lambda: get("s", "m", [2], initializer=tf.constant([1.0, 2.0]))),
        message(lambda: get("s", "o", [None, 2])),
        message(lambda: get("s", "", [2])),
        message(lambda: get("s", "p", [2], dtype=tf.string)),
        message(lambda: get("s", "r", dtype=tf.float32, initializer=[1, 2])),
        message(lambda: get(None, "v", [2])),
        message(lambda: get(3, "v", [2])),
        message(lambda: get("s", "q", [2], initializer=tf.constant_initializer("a"))),
    ]


@case("tf.variable_scope", "tf.gradients")
def a_shared_weight(tf, np):
    def layer(x):
        with tf.variable_scope("layer", reuse=tf.AUTO_REUSE):
            w = tf.get_variable("w", initializer=[[1.0, 2.0], [3.0, 4.0]])
            return tf.matmul(x, w)

    y = layer(layer(tf.constant([[1.0, -1.0]])))
    (w,) = tf.trainable_variables()
    return {"value": y, "gradient": tf.gradients(y, w), "names": [w.name]}


@case("tf.make_template", not_yet="Not built yet.")
def make_template(tf, np):
    def scale(x):
        return x * tf.get_variable("k", initializer=3.0)

    scaled = tf.make_template("scale", scale)
    return {"value": [scaled(1.0), scaled(2.0)], "names": names(*tf.global_variables())}


@case("tf.variable_op_scope", not_yet="Not built yet.")
def variable_op_scope(tf, np):
    x = tf.constant(1.0)
    with tf.variable_op_scope([x], None, "default"):
        return {"names": [tf.get_variable("v", [1]).name]}


@case("tf.get_variable", "tf.Variable")
def variables_do_not_share_unasked(tf, np):
    with tf.variable_scope("s"):
        made = [tf.Variable(1.0, name="v") for _ in range(2)]
        found = tf.get_variable("v", [1])
    return {"names": names(*made, found)}


@case("tf.get_variable")
def device_and_name_scope_of_an_initializer(tf, np):
    with tf.device("/cpu:0"), tf.name_scope("n"), tf.variable_scope("s"):
        v = tf.get_variable("v", [2], initializer=tf.zeros_initializer())
        y = v + 1.0
    return {"value": y, "names": [v.device, y.name]}


@case("tf.global_variables", "tf.get_collection")
def variables_of_a_scope(tf, np):
    for scope in ("a", "ab", "a/b"):
        with tf.variable_scope(scope):
            tf.get_variable("v", [1])
    key = tf.GraphKeys.GLOBAL_VARIABLES
    found = [names(*tf.get_collection(key, scope=s)) for s in ("a", "a/", "ab", "b")]
    return {"names": [*found, names(*tf.trainable_variables("a/b"))]}
