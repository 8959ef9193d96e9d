"""tf.layers: the base of all layers, dense, dropout and flatten."""

from tests.conformance.harness import case, message


def names(variables):
    return [v.name for v in variables]


@case("tf.layers.dense")
def dense(tf, np):
    tf.set_random_seed(1)
    x = tf.constant([[1.0, -2.0, 3.0, 0.5]])
    y = tf.layers.dense(x, 3, activation=tf.nn.relu)
    z = tf.layers.dense(y, 2, use_bias=False, name="out")
    w = tf.layers.dense(z, 1, tf.sigmoid)
    slopes = tf.gradients(w, tf.trainable_variables())
    return {"random": [y, z, w], "gradients": slopes}


@case("tf.layers.dense")
def dense_of_an_unknown_batch(tf, np):
    x = tf.placeholder(tf.float32, [None, 4])
    y = tf.layers.dense(x, 3)
    ones = tf.ones_initializer()
    with tf.name_scope("outer"), tf.variable_scope("scope"):
        z = tf.layers.dense(y, 2, kernel_initializer=ones, bias_initializer=ones)
        tf.layers.dense(y, 2)
    return {"names": [y.name, z.name], "shapes": [y.shape.as_list()]}


@case("tf.layers.dense")
def dense_of_three_axes(tf, np):
    tf.set_random_seed(2)
    open = tf.placeholder(tf.float32, [None, 5, 4])
    y = tf.layers.dense(open, 2)
    known = tf.constant(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    z = tf.layers.dense(known, 2, tf.tanh)
    slopes = tf.gradients(z, tf.trainable_variables()[2:])
    return {"random": z, "gradients": slopes, "shapes": y.shape.as_list()}


@case("tf.layers.dense")
def dense_with_double_precision(tf, np):
    tf.set_random_seed(3)
    layer = tf.layers.Dense(2, dtype=tf.float64)
    return {"random": [tf.layers.dense(np.ones([2, 3]), 2), layer(tf.ones([1, 2]))]}


@case("tf.layers.dense", "tf.layers.Dense")
def an_object_and_functions_that_share(tf, np):
    def frozen(getter, name, *args, **kwargs):
        kwargs["trainable"] = False
        return getter(name, *args, **kwargs)

    x, one = tf.ones([1, 2]), tf.ones_initializer()
    with tf.variable_scope("m"):
        layer = tf.layers.Dense(2, kernel_initializer=one, name="fc")
        found = [layer(x)]
    with tf.variable_scope("m", reuse=True):
        found += [tf.layers.dense(x, 2, name="fc"), tf.layers.Dense(2, name="fc")(x)]
    with tf.name_scope("n"):
        found += [layer(x)]
    with tf.variable_scope("s", custom_getter=frozen, initializer=one):
        other = tf.layers.Dense(2)
        found += [other(x)]
    trained = [names(other.trainable_weights), names(other.non_trainable_weights)]
    return {"value": found, "names": trained}


@case("tf.layers.dense")
def sharing_a_dense_layer(tf, np):
    x = tf.constant([[1.0, 2.0]])
    one = tf.ones_initializer()
    a = tf.layers.dense(x, 2, kernel_initializer=one, name="a")
    b = tf.layers.dense(x, 2, kernel_initializer=one, name="a", reuse=True)
    with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
        c = tf.layers.dense(x, 2, kernel_initializer=one, name="a")
        d = tf.layers.dense(x, 2, kernel_initializer=one, name="a")
    with tf.variable_scope("s") as scope:
        scope.reuse_variables()
        e = tf.layers.dense(x, 2, kernel_initializer=one, name="a")
    return [a, b, c, d, e]


@case("tf.layers.dense", "tf.contrib.layers.l2_regularizer")
def dense_with_contrib_regularizers(tf, np):
    layers = tf.contrib.layers
    x, one = tf.constant([[1.0, 2.0]]), tf.ones_initializer()
    for penalty in (
        layers.l1_regularizer(0.1),
        layers.l2_regularizer(0.2, scope="mine"),
        layers.l1_l2_regularizer(0.1, 0.2),
    ):
        tf.layers.dense(x, 2, kernel_initializer=one, kernel_regularizer=penalty)
    said = [message(layers.l1_regularizer, scale) for scale in (1, -1.0)]
    said += [message(layers.l2_regularizer, -0.5)]
    return {"value": tf.losses.get_regularization_losses(), "messages": said}


@case("tf.layers.dense", "tf.losses.get_regularization_losses")
def dense_with_penalties(tf, np):
    x, one = tf.constant([[1.0, 2.0]]), tf.ones_initializer()

    def penalty(w):
        return 0.5 * tf.reduce_sum(tf.square(w))

    options = {"kernel_initializer": one, "kernel_regularizer": penalty}
    tf.layers.dense(x, 2, bias_regularizer=penalty, name="a", **options)
    tf.layers.dense(x, 2, name="a", reuse=True, **options)
    tf.layers.dense(x, 3, activity_regularizer=tf.reduce_sum, kernel_initializer=one)
    with tf.variable_scope("s", regularizer=penalty, initializer=one):
        tf.layers.dense(x, 2)
    found = tf.losses.get_regularization_losses()
    return {"value": found, "names": [t.name for t in found]}


@case("tf.layers.dense")
def words_for_functions(tf, np):
    x = tf.constant([[1.0, -2.0]])
    found = []
    for word in "relu tanh sigmoid linear softmax elu softplus softsign".split():
        y = tf.layers.dense(x, 2, activation=word, kernel_initializer="ones")
        found.append(y)
    found += [message(tf.layers.dense, x, 2, "foo")]
    tf.layers.dense(x, 2, kernel_initializer="he_normal")
    return found


ONE_NODE = "selu by its name is the op Selu, and six nodes in Keras"


@case("tf.layers.dense", only="names values", differs={"names": ONE_NODE})
def selu_by_its_name(tf, np):
    x = tf.constant([[1.0, -2.0]])
    return tf.layers.dense(x, 2, activation="selu", kernel_initializer="ones")


@case("tf.layers.dense")
def what_dense_refuses(tf, np):
    x = tf.zeros([2, 2])
    tf.layers.dense(x, 2, name="taken")
    dense = tf.layers.dense
    return [
        message(lambda: dense(tf.zeros([5]), 2)),
        message(lambda: dense(tf.placeholder(tf.float32), 2)),
        message(lambda: dense(tf.placeholder(tf.float32, [None, None]), 2)),
        message(lambda: dense(tf.zeros([2, 2], tf.int32), 2)),
        message(lambda: dense(x, 2, name="taken")),
        message(lambda: dense(x, 3, name="taken", reuse=True)),
        message(lambda: dense(x, 2, name="new", reuse=True)),
    ]


@case("tf.layers.Dense", "tf.layers.Layer")
def a_layer_as_an_object(tf, np):
    tf.set_random_seed(4)
    layer = tf.layers.Dense(3, activation=tf.nn.relu)
    before = [layer.name, layer.built, layer.dtype, str(layer.input_spec)]
    before += [message(lambda: layer.scope_name), message(layer.count_params)]
    x = tf.constant([[1.0, 2.0]])
    y, z = layer(x), layer.apply(2 * x)
    other = tf.layers.Dense(3, name="other", trainable=False)
    w = other(x)
    after = [layer.name, layer.scope_name, layer.built, layer.dtype]
    after += [str(layer.input_spec), layer.count_params(), other.scope_name]
    after += [layer.compute_output_shape([None, 2]).as_list(), layer.units]
    after += [message(lambda: layer(tf.zeros([2, 5])))]
    after += [message(lambda: tf.layers.Dense(3, foo=1))]
    return {
        "random": [y, z, w],
        "value": before + after,
        "names": [
            names(layer.weights),
            names(layer.trainable_weights),
            names(other.non_trainable_variables),
            names(other.trainable_variables),
            names(layer.variables),
        ],
    }


@case("tf.layers.Dense")
def layers_as_plain_values(tf, np):
    found = []
    for layer in (
        tf.layers.Dense(3),
        tf.layers.Dense(3, tf.nn.relu, False, name="d", trainable=False),
        tf.layers.Dropout(0.25, seed=3),
        tf.layers.Flatten(),
    ):
        found.append(layer.get_config())
    again = tf.layers.Dropout.from_config(found[2])
    return found + [again.rate, again.name]


@case("tf.layers.Layer")
def a_layer_of_ones_own(tf, np):
    class Scale(tf.layers.Layer):
        def build(self, input_shape):
            one = tf.ones_initializer()
            self.factor = self.add_variable("factor", [int(input_shape[-1])], None, one)
            self.count = self.add_weight(
                "count", [], initializer=one, trainable=False, dtype=tf.float64
            )
            self.built = True

        def call(self, x):
            self.add_update(self.count.assign_add(1.0))
            self.add_loss(tf.reduce_sum(x, name="size"), inputs=x)
            return x * self.factor

    layer = Scale(name="scale")
    x = tf.constant([[1.0, 2.0]])
    y = layer(x)
    z = Scale()(y, scope="given")
    found = [layer.weights, layer.non_trainable_weights, layer.trainable_variables]
    return {
        "value": [y, z],
        "names": [names(group) for group in found]
        + [[t.name for t in layer.losses], [t.name for t in layer.updates]],
    }


@case("tf.layers.dropout")
def dropout(tf, np):
    tf.set_random_seed(5)
    x = tf.ones([4, 6])
    found = [
        tf.layers.dropout(x, training=True),
        tf.layers.dropout(x, 0.3, seed=7, training=True, name="d"),
        tf.layers.dropout(x, 0.3, noise_shape=[4, 1], training=True, name="d"),
        tf.layers.dropout(x, 0.3),
        tf.layers.dropout(x, 0.25, noise_shape=[None, 1], training=True),
    ]
    return {"random": found}


CONDITION = "training is chosen by Select: both ways are computed"


@case("tf.layers.dropout", only="names values", differs={"names": CONDITION})
def dropout_if_told_to_in_the_run(tf, np):
    x = tf.ones([4, 6])
    no = tf.placeholder_with_default(False, [])
    return tf.layers.dropout(x, 0.5, training=no)


@case("tf.layers.flatten")
def flatten(tf, np):
    x = tf.reshape(tf.range(24.0), [2, 3, 4])
    open = tf.placeholder(tf.float32, [None, 3, 4])
    opener = tf.placeholder(tf.float32, [None, None, 4])
    found = [tf.layers.flatten(x), tf.layers.flatten(x, data_format="channels_first")]
    found += [tf.layers.flatten(tf.constant([1.0, 2.0]), name="f")]
    shapes = [tf.layers.flatten(t).shape.as_list() for t in (open, opener)]
    said = [message(tf.layers.flatten, tf.placeholder(tf.float32))]
    said += [message(lambda: tf.layers.Flatten(data_format="foo"))]
    return {"value": found, "shapes": shapes, "messages": said}


@case("tf.layers.dense", "tf.losses.mean_squared_error", within=2e-6)
def a_network_of_layers(tf, np):
    tf.set_random_seed(6)
    x = tf.constant(np.linspace(-1, 1, 12).reshape(6, 2).astype(np.float32))
    t = tf.constant(np.linspace(0, 1, 6).reshape(6, 1).astype(np.float32))
    hidden = tf.layers.dense(x, 4, tf.nn.relu)
    loss = tf.losses.mean_squared_error(t, tf.layers.dense(hidden, 1))
    step = tf.train.AdamOptimizer(0.05).minimize(loss)
    losses = []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(5):
            losses.append(session.run([loss, step])[0])
    return np.array(losses)


@case("tf.tensordot")
def tensordot(tf, np):
    x = tf.constant(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    y = tf.constant(np.arange(12, dtype=np.float32).reshape(4, 3))
    open = tf.placeholder_with_default(x, [None, 3, 4])
    opener = tf.placeholder_with_default(x, None)
    found = [
        tf.tensordot(x, y, 1),
        tf.tensordot(x, y, [[2, 1], [0, 1]], name="two"),
        tf.tensordot(x, y, [1, 1]),
        tf.tensordot(open, y, [[-1], [0]]),
        tf.tensordot(x, y, 0),
        tf.tensordot(opener, y, [[2], [0]]),
        tf.tensordot(opener, y, 1),
    ]
    said = [
        message(tf.tensordot, x, y, -1),
        message(tf.tensordot, x, y, 4),
        message(tf.tensordot, x, y, [1, 2, 3]),
        message(tf.tensordot, x, y, [[1, 2], [1]]),
    ]
    shapes = [t.shape.as_list() for t in found[:5]]
    return {"value": found, "messages": said, "shapes": shapes}
