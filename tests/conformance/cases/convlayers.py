"""tf.layers: convolutions, pools and batch normalisation."""

from pathlib import Path

from tests.conformance.harness import case, message

DIGITS = Path(__file__).parents[3] / "pedagogy_tf" / "data" / "digits.npz"


def names(variables):
    return [v.name for v in variables]


def pictures(tf, np, *sizes):
    x = np.random.RandomState(0).randn(*sizes or (2, 7, 6, 3)).astype(np.float32)
    return tf.constant(x)


def updates(tf):
    return tf.get_collection(tf.GraphKeys.UPDATE_OPS)


@case("tf.layers.conv2d", within=1e-6)
def conv2d(tf, np):
    tf.set_random_seed(1)
    x = pictures(tf, np)
    y = tf.layers.conv2d(x, 4, 3, activation=tf.nn.relu)
    z = tf.layers.conv2d(y, 2, (3, 2), 2, "same", use_bias=False, name="out")
    w = tf.layers.conv2d(x, 3, [3, 3], padding="same", dilation_rate=2)
    slopes = tf.gradients([z, w], tf.trainable_variables())
    return {
        "random variables": tf.trainable_variables(),
        "value": [y, z, w],
        "gradients": slopes,
        "shapes": [t.shape.as_list() for t in (y, z, w)],
    }


SIZE = "a node says the size of what is combed; TensorFlow the size before the zeros"


@case("tf.layers.conv1d", within=1e-6, differs={"attributes": SIZE})
def conv1d(tf, np):
    tf.set_random_seed(2)
    x = pictures(tf, np, 2, 9, 3)
    found = [
        tf.layers.conv1d(x, 4, 3),
        tf.layers.conv1d(x, 4, 2, 2, padding="same", activation=tf.tanh),
        tf.layers.conv1d(x, 2, 3, padding="causal", dilation_rate=2),
        tf.layers.conv1d(x, 2, 3, padding="causal", name="c"),
        tf.layers.conv1d(x, 2, 3, padding="same", dilation_rate=(3,), use_bias=False),
    ]
    slopes = tf.gradients(found, tf.trainable_variables())
    return {"value": found, "gradients": slopes}


@case("tf.layers.conv2d", "tf.layers.conv1d")
def convolutions_of_unknown_sizes(tf, np):
    x = tf.placeholder(tf.float32, [None, None, None, 3])
    y = tf.layers.conv2d(x, 4, 3, 2)
    z = tf.layers.conv2d(y, 4, 3, dilation_rate=(2, 1), padding="same")
    w = tf.layers.conv1d(tf.placeholder(tf.float32, [None, 8, 2]), 3, 3)
    v = tf.layers.conv2d(tf.placeholder(tf.float32, [None, 28, 28, 1]), 32, [5, 5])
    return {"shapes": [t.shape.as_list() for t in (y, z, w, v)]}


@case("tf.layers.conv2d", "tf.layers.conv1d")
def features_first(tf, np):
    x = tf.placeholder(tf.float32, [None, 3, 9, 9])
    y = tf.layers.conv2d(x, 4, 3, data_format="channels_first")
    z = tf.layers.max_pooling2d(y, 2, 2, data_format="channels_first")
    line = tf.placeholder(tf.float32, [2, 3, 9])
    w = tf.layers.conv1d(line, 4, 3, data_format="channels_first")
    v = tf.layers.separable_conv2d(x, 4, 3, data_format="channels_first")
    u = tf.layers.separable_conv1d(line, 4, 3, data_format="channels_first")
    t = tf.layers.batch_normalization(y, axis=1, training=True)
    return {"shapes": [t.shape.as_list() for t in (y, z, w, v, u, t)]}


TRANSPOSES = "there is a kernel for features first, so nothing is transposed"


@case(
    "tf.layers.conv2d_transpose",
    "tf.layers.max_pooling1d",
    only="names shapes",
    differs={"names": TRANSPOSES, "shapes": TRANSPOSES},
)
def features_first_on_the_way_back(tf, np):
    x = tf.placeholder(tf.float32, [None, 3, 9, 9])
    y = tf.layers.conv2d_transpose(x, 2, 3, 2, data_format="channels_first")
    z = tf.layers.max_pooling1d(tf.zeros([1, 3, 8]), 2, 2, data_format="channels_first")
    return {"shapes": [y.shape.as_list(), z.shape.as_list()]}


@case("tf.layers.conv2d_transpose", within=1e-6)
def conv2d_transpose(tf, np):
    tf.set_random_seed(3)
    x = pictures(tf, np, 2, 4, 3, 5)
    found = [
        tf.layers.conv2d_transpose(x, 2, 3),
        tf.layers.conv2d_transpose(x, 2, (3, 5), 2, "same", activation=tf.nn.relu),
        tf.layers.conv2d_transpose(x, 3, 2, (3, 1), use_bias=False, name="t"),
    ]
    slopes = tf.gradients(found, tf.trainable_variables())
    open = tf.placeholder(tf.float32, [None, None, 7, 4])
    y = tf.layers.conv2d_transpose(open, 6, 3, 2)
    return {
        "random variables": tf.trainable_variables(),
        "value": found,
        "gradients": slopes,
        "shapes": y.shape.as_list(),
    }


@case("tf.layers.separable_conv2d", "tf.layers.separable_conv1d", within=1e-6)
def separable_convolutions(tf, np):
    tf.set_random_seed(4)
    x, line = pictures(tf, np), pictures(tf, np, 2, 9, 3)
    found = [
        tf.layers.separable_conv2d(x, 4, 3, depth_multiplier=2),
        tf.layers.separable_conv2d(x, 2, (3, 3), padding="same", dilation_rate=2),
        tf.layers.separable_conv1d(line, 4, 3, 2, activation=tf.nn.relu),
        tf.layers.separable_conv1d(line, 4, 3, padding="same", name="s"),
    ]
    slopes = tf.gradients(found, tf.trainable_variables())
    return {
        "random variables": tf.trainable_variables(),
        "value": found,
        "gradients": slopes,
    }


@case(
    "tf.layers.max_pooling1d",
    "tf.layers.max_pooling2d",
    "tf.layers.average_pooling1d",
    "tf.layers.average_pooling2d",
    within=1e-6,
)
def pools(tf, np):
    x, line = pictures(tf, np), pictures(tf, np, 2, 9, 3)
    open = tf.placeholder(tf.float32, [None, None, 7, 4])
    late = tf.layers.max_pooling2d(open, (3, 2), (2, 1), "same")
    found = [
        tf.layers.max_pooling2d(x, 2, 2),
        tf.layers.max_pooling2d(x, [3, 2], 1, "same", name="p"),
        tf.layers.max_pooling2d(x, 2, 2, name="p"),
        tf.layers.average_pooling2d(x, 3, 2, "same"),
        tf.layers.max_pooling1d(line, 3, 2),
        tf.layers.average_pooling1d(line, 2, 2, "same"),
    ]
    slopes = tf.gradients(found, [x, line])
    return {"value": found, "gradients": slopes, "shapes": late.shape.as_list()}


@case("tf.layers.Conv2D", "tf.layers.Conv1D", within=1e-6)
def layers_that_share(tf, np):
    x, one = pictures(tf, np), tf.ones_initializer()
    layer = tf.layers.Conv2D(2, 3, kernel_initializer=one, name="c")
    found = [layer(x), layer(x)]
    found += [tf.layers.conv2d(x, 2, 3, name="c", reuse=True)]
    with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
        for _ in range(2):
            found += [tf.layers.conv2d(x, 2, 3, kernel_initializer=one, name="d")]
    norm = tf.layers.BatchNormalization(name="n")
    found += [norm(x, training=True), norm(x)]
    said = [
        layer.count_params(),
        layer.kernel.name,
        layer.bias.name,
        str(layer.input_spec),
    ]
    found += [tf.layers.Conv1D(2, 3, kernel_initializer="ones")(x[:, 0])]
    return {
        "value": found,
        "names": [names(norm.weights), names(norm.trainable_weights), *map(str, said)],
    }


@case("tf.layers.conv2d", "tf.losses.get_regularization_losses")
def a_convolution_with_penalties(tf, np):
    def penalty(w):
        return 0.5 * tf.reduce_sum(tf.square(w))

    x, one = pictures(tf, np), tf.ones_initializer()
    options = {"kernel_initializer": one, "kernel_regularizer": penalty}
    tf.layers.conv2d(x, 2, 3, bias_regularizer=penalty, **options)
    tf.layers.separable_conv2d(
        x,
        2,
        3,
        depthwise_initializer=one,
        depthwise_regularizer=penalty,
        pointwise_initializer=one,
        pointwise_regularizer=penalty,
    )
    tf.layers.batch_normalization(x, gamma_regularizer=penalty)
    tf.layers.conv2d(x, 2, 3, kernel_initializer=one, activity_regularizer=penalty)
    found = tf.losses.get_regularization_losses()
    return {"value": found[:-1], "names": names(found)}


@case("tf.layers.batch_normalization", within=2e-6)
def batch_normalization_in_training(tf, np):
    x, rows = pictures(tf, np), pictures(tf, np, 6, 4)
    found = [
        tf.layers.batch_normalization(x, training=True),
        tf.layers.batch_normalization(rows, training=True, momentum=0.9),
        tf.layers.batch_normalization(x, training=True, fused=False, axis=1),
        tf.layers.batch_normalization(rows, scale=False, training=True, name="n"),
        tf.layers.batch_normalization(x, center=False, scale=False, training=True),
        tf.layers.batch_normalization(x, axis=[1, 3], training=True),
    ]
    slopes = tf.gradients(
        tf.add_n([tf.reduce_sum(y * y * y) for y in found]), [x, rows]
    )
    averages = [v for v in tf.global_variables() if "moving" in v.name]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(updates(tf))
        now = session.run(averages)
    return {
        "value": [found, now],
        "gradients": slopes,
        "names": [names(updates(tf)), names(tf.trainable_variables())],
    }


@case("tf.layers.batch_normalization")
def batch_normalization_afterwards(tf, np):
    x, rows = pictures(tf, np), pictures(tf, np, 6, 4)
    half = {"moving_mean_initializer": tf.constant_initializer(0.5)}
    found = [
        tf.layers.batch_normalization(x, **half),
        tf.layers.batch_normalization(rows, epsilon=0.1, **half),
        tf.layers.batch_normalization(x, training=0, trainable=False),
        tf.layers.batch_normalization(tf.cast(rows, tf.float64)),
        tf.layers.batch_normalization(pictures(tf, np, 2, 5, 4), axis=1),
    ]
    return {
        "value": found,
        "names": [names(updates(tf)), names(tf.trainable_variables())],
    }


@case("tf.layers.batch_normalization", within=2e-6)
def batch_normalization_if_told_to_in_the_run(tf, np):
    x, rows = pictures(tf, np), pictures(tf, np, 6, 4)
    told = tf.placeholder(tf.bool, [])
    y = tf.layers.batch_normalization(x, training=told)
    z = tf.layers.batch_normalization(rows, training=told)
    steps, found = updates(tf), []
    averages = [v for v in tf.global_variables() if "moving" in v.name]
    slopes = tf.gradients([y * y * y, z * z * z], [x, rows])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for answer in (True, False, True, False):
            found.append(session.run([y, z], {told: answer}))
            session.run(steps, {told: answer})
            found.append(session.run(averages))
        back = [session.run(slopes, {told: answer}) for answer in (True, False)]
    return {"value": found, "gradients": back, "names": names(steps)}


@case("tf.layers.batch_normalization", within=2e-6)
def batch_normalization_in_special_ways(tf, np):
    rows = pictures(tf, np, 6, 4)
    limits = {"rmin": 0.5, "rmax": 2.0, "dmax": 1.0}

    def adjustment(sizes):
        return tf.fill([sizes[0], 1], 2.0), tf.ones([4])

    found = [
        tf.layers.batch_normalization(
            rows, training=True, renorm=True, renorm_clipping=limits
        ),
        tf.layers.batch_normalization(rows, training=True, renorm=True, fused=True),
        tf.layers.batch_normalization(rows, training=True, virtual_batch_size=2),
        tf.layers.batch_normalization(rows, training=True, adjustment=adjustment),
    ]
    averages = [v for v in tf.global_variables() if not v.name.endswith("a:0")]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        first = session.run(found)
        session.run(updates(tf))
        now = session.run(averages)
    return {"value": [first, now], "names": names(averages)}


@case("tf.layers.conv2d", "tf.layers.max_pooling2d", "tf.layers.batch_normalization")
def what_they_refuse(tf, np):
    layers, x = tf.layers, tf.zeros([2, 7, 6, 3])
    open = tf.placeholder(tf.float32, [None, 7, 6, None])
    return [
        message(lambda: layers.conv2d(x, 2, (3, 3, 3))),
        message(lambda: layers.conv2d(x, 2, "3x")),
        message(lambda: layers.conv2d(x, 2, 3, padding="foo")),
        message(lambda: layers.conv2d(x, 2, 3, padding="causal")),
        message(lambda: layers.conv2d(x, 2, 3, data_format="foo")),
        message(lambda: layers.conv2d(x, 2, 3, strides=2, dilation_rate=2)),
        message(lambda: layers.conv2d(x[0], 2, 3)),
        message(lambda: layers.conv1d(x, 2, 3)),
        message(lambda: layers.conv2d(open, 2, 3)),
        message(lambda: layers.conv2d_transpose(open, 2, 3)),
        message(lambda: layers.max_pooling2d(x, 2, None)),
        message(lambda: layers.max_pooling2d(x, (2, 2, 2), 2)),
        message(lambda: layers.max_pooling1d(x, 2, 2)),
        message(lambda: layers.batch_normalization(x, axis=4)),
        message(lambda: layers.batch_normalization(x, axis=[1, 1])),
        message(lambda: layers.batch_normalization(x, axis="1")),
        message(lambda: layers.batch_normalization(open)),
        message(lambda: layers.batch_normalization(x, virtual_batch_size=0)),
        message(
            lambda: layers.batch_normalization(
                x, renorm=True, renorm_clipping={"foo": 1}
            )
        ),
    ]


@case(
    "tf.layers.Conv1D",
    "tf.layers.Conv2D",
    "tf.layers.Conv2DTranspose",
    "tf.layers.MaxPooling1D",
    "tf.layers.MaxPooling2D",
    "tf.layers.AveragePooling1D",
    "tf.layers.AveragePooling2D",
    "tf.layers.BatchNormalization",
)
def layers_as_plain_values(tf, np):
    layers, found = tf.layers, []
    for layer in (
        layers.Conv1D(3, 5, padding="causal"),
        layers.Conv2D(3, (5, 3), 2, "SAME", activation=tf.nn.relu),
        layers.Conv2DTranspose(3, 5, 2),
        layers.MaxPooling1D(3, 2),
        layers.MaxPooling2D(3, 2, "same"),
        layers.AveragePooling1D(3, 2),
        layers.AveragePooling2D((3, 2), 2, data_format="channels_first"),
        layers.BatchNormalization(momentum=0.9),
        layers.BatchNormalization(renorm=True, virtual_batch_size=3),
    ):
        sizes = [None, 9, 9, 3] if "1D" not in type(layer).__name__ else [None, 9, 3]
        shape = tf.TensorShape(layer.compute_output_shape(tf.TensorShape(sizes)))
        found += [layer.get_config(), layer.name, shape.as_list()]
        type(layer).from_config(found[-3])
    return found


@case("tf.layers.SeparableConv1D", "tf.layers.SeparableConv2D")
def separable_layers_as_plain_values(tf, np):
    layers, found = tf.layers, []
    for layer, sizes in (
        (layers.SeparableConv1D(3, 5, name="s"), [None, 9, 3]),
        (layers.SeparableConv2D(3, 5, depth_multiplier=2), [None, 9, 9, 3]),
    ):
        config = layer.get_config()
        type(layer).from_config(config)
        shape = layer.compute_output_shape(tf.TensorShape(sizes)).as_list()
        # TensorFlow also lists a kernel that the layer does not have
        config = {k: v for k, v in config.items() if not k.startswith("kernel_")}
        found += [config, layer.kernel_size, layer.name, shape]
    return found


def reader_of_digits(tf, np, training, steps):
    """Eight lines that read digits, and their losses."""
    data = np.load(str(DIGITS))
    images = data["images"][:1500].astype(np.float32)[..., None] / 16
    labels = data["labels"][:1500].astype(np.int64)
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [None, 8, 8, 1])
    t = tf.placeholder(tf.int64, [None])
    y = tf.layers.conv2d(x, 16, 3, padding="same", activation=tf.nn.relu)
    y = tf.layers.max_pooling2d(y, 2, 2)
    if training is not None:
        y = tf.layers.batch_normalization(y, training=training)
    y = tf.layers.flatten(tf.layers.conv2d(y, 32, 3, activation=tf.nn.relu))
    scores = tf.layers.dense(y, 10)
    loss = tf.losses.sparse_softmax_cross_entropy(t, scores)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        step = tf.train.AdamOptimizer(0.003).minimize(loss)
    losses = []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i in range(steps):
            part = slice(50 * (i % 30), 50 * (i % 30) + 50)
            feed = {x: images[part], t: labels[part]}
            losses.append(session.run([loss, step], feed)[0])
    return np.array(losses)


SHAPE_N = "the parts that are known of a ShapeN are not used for static shapes"


@case(
    "tf.layers.conv2d",
    "tf.layers.max_pooling2d",
    "tf.layers.flatten",
    within=2e-5,
    not_yet={"shapes": SHAPE_N},
)
def a_network_that_reads_digits(tf, np):
    return reader_of_digits(tf, np, None, 30)


@case(
    "tf.layers.batch_normalization",
    "tf.layers.conv2d",
    within=2e-5,
    not_yet={"shapes": SHAPE_N},
)
def a_network_with_batch_normalization(tf, np):
    return reader_of_digits(tf, np, True, 30)
