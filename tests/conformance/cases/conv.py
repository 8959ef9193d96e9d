"""Convolutions, pools, blocks of pixels, normalisation of pictures."""

from tests.conformance.harness import case, message


def pictures(tf, np, *sizes):
    """A constant tensor of some shape; no two elements are alike."""
    count = int(np.prod(sizes))
    values = np.sin(np.arange(count) * 7.0).astype(np.float32)
    return tf.constant(values.reshape(sizes), name="x")


def filters(tf, np, *sizes):
    count = int(np.prod(sizes))
    values = np.cos(np.arange(count) * 3.0).astype(np.float32)
    return tf.constant(values.reshape(sizes), name="w")


@case("tf.nn.conv2d", within=1e-5)
def conv2d(tf, np):
    x, w = pictures(tf, np, 2, 6, 5, 2), filters(tf, np, 3, 2, 2, 3)
    y = tf.nn.conv2d(x, w, [1, 2, 2, 1], "SAME")
    dx, dw = tf.gradients(y * y, [x, w])
    return {
        "value": [
            y,
            tf.nn.conv2d(x, filters=w, strides=1, padding="VALID", name="named"),
            tf.nn.conv2d(x, w, 2, [[0, 0], [1, 2], [1, 1], [0, 0]]),
        ],
        "gradient": [dx, dw, tf.gradients(dx, [x, w]), tf.gradients(dw, [x, w])],
    }


@case("tf.nn.conv2d", within=1e-5)
def conv2d_with_rates(tf, np):
    x, w = pictures(tf, np, 2, 7, 6, 2), filters(tf, np, 3, 2, 2, 3)
    y = tf.nn.conv2d(x, w, 1, "SAME", dilations=2)
    return {"value": [y, tf.nn.conv2d(x, w, 1, "VALID", dilations=[1, 2, 3, 1])]}


@case("tf.nn.conv2d", "tf.nn.max_pool", "tf.nn.avg_pool")
def shapes_known_in_part(tf, np):
    u = tf.placeholder(tf.float32)
    x = tf.placeholder(tf.float32, [None, 9, None, 3])
    z = tf.placeholder(tf.float32, [None, 3, None, 9])
    w = tf.placeholder(tf.float32, [2, None, 3, 4])
    k = tf.nn.conv2d
    f = [
        k(u, u, 1, "SAME"),
        k(x, w, 2, "SAME"),
        k(x, w, 2, "VALID"),
        k(x, u, 1, "VALID"),
        k(z, w, 2, "VALID", data_format="NCHW"),
        tf.nn.max_pool(u, 2, 2, "SAME"),
        tf.nn.max_pool(x, 2, 2, "VALID"),
        tf.nn.avg_pool(z, 2, 2, "VALID", data_format="NCHW"),
        tf.nn.depthwise_conv2d_native(x, w, [1, 1, 1, 1], "SAME"),
        tf.space_to_depth(u, 2),
        tf.space_to_depth(x, 3),
        tf.depth_to_space(tf.placeholder(tf.float32, [None, 2, None, 8]), 2),
        tf.space_to_batch_nd(x, [3, 2], [[0, 0], [1, 0]]),
        tf.batch_to_space_nd(x, [3, 2], [[0, 1], [1, 0]]),
    ]
    return {"shapes": [y.shape for y in f]}


@case("tf.nn.conv2d_backprop_input", "tf.nn.conv2d_backprop_filter", within=1e-5)
def conv2d_backprops(tf, np):
    x, w = pictures(tf, np, 2, 6, 5, 2), filters(tf, np, 3, 2, 2, 3)
    dy = pictures(tf, np, 2, 3, 3, 3)
    way = {"strides": [1, 2, 2, 1], "padding": "SAME"}
    return [
        tf.nn.conv2d_backprop_input([2, 6, 5, 2], w, dy, **way),
        tf.nn.conv2d_backprop_filter(x, [3, 2, 2, 3], dy, **way),
    ]


@case("tf.nn.conv2d_transpose", within=1e-5)
def conv2d_transpose(tf, np):
    x, w = pictures(tf, np, 2, 3, 3, 2), filters(tf, np, 3, 3, 4, 2)
    u = tf.placeholder_with_default(np.ones((1, 3, 3, 2), np.float32), [None, 3, 3, 2])
    y = tf.nn.conv2d_transpose(x, w, [2, 6, 6, 4], [1, 2, 2, 1])
    sizes = tf.stack([tf.shape(u)[0], 7, 7, 4])
    return {
        "value": [y, tf.nn.conv2d_transpose(u, w, sizes, 2, padding="VALID")],
        "gradient": tf.gradients(y * y, [x, w]),
    }


@case("tf.nn.conv1d", within=1e-5)
def conv1d(tf, np):
    x, w = pictures(tf, np, 2, 6, 2), filters(tf, np, 3, 2, 4)
    y = tf.nn.conv1d(x, w, 2, "SAME")
    return {
        "value": [y, tf.nn.conv1d(x, w, stride=1, padding="VALID", name="line")],
        "gradient": tf.gradients(y * y, [x, w]),
    }


@case("tf.nn.convolution", "tf.nn.atrous_conv2d", within=1e-5)
def convolution(tf, np):
    x, w = pictures(tf, np, 2, 7, 6, 2), filters(tf, np, 3, 2, 2, 3)
    line = pictures(tf, np, 2, 6, 2)
    y = tf.nn.convolution(x, w, "SAME", dilation_rate=[2, 3])
    return {
        "value": [
            y,
            tf.nn.convolution(x, w, "VALID", strides=[2, 1]),
            tf.nn.convolution(line, filters(tf, np, 3, 2, 4), "VALID"),
            tf.nn.atrous_conv2d(x, w, 2, "VALID"),
            tf.nn.atrous_conv2d(x, w, 1, "SAME", name="near"),
        ],
        "gradient": tf.gradients(y * y, [x, w]),
    }


@case("tf.nn.convolution", within=1e-5)
def convolution_of_any_size(tf, np):
    start = np.cos(np.arange(84.0)).reshape(1, 7, 6, 2).astype(np.float32)
    x = tf.placeholder_with_default(start, [None, None, None, 2], name="x")
    w = filters(tf, np, 3, 3, 2, 3)
    return tf.nn.convolution(x, w, "SAME", dilation_rate=[2, 2])


@case("tf.nn.depthwise_conv2d", "tf.nn.separable_conv2d", within=1e-5)
def depthwise_conv2d(tf, np):
    x, w = pictures(tf, np, 2, 6, 6, 2), filters(tf, np, 3, 2, 2, 2)
    p = filters(tf, np, 1, 1, 4, 3)
    y = tf.nn.depthwise_conv2d(x, w, [1, 2, 2, 1], "SAME")
    z = tf.nn.separable_conv2d(x, w, p, [1, 1, 1, 1], "SAME")
    dx, dw = tf.gradients(y * y, [x, w])
    return {
        "value": [
            y,
            z,
            tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "VALID", rate=[2, 2]),
            tf.nn.separable_conv2d(x, w, p, [1, 1, 1, 1], "SAME", rate=[2, 2]),
            tf.nn.depthwise_conv2d_native(x, w, [1, 1, 1, 1], "VALID"),
        ],
        "gradient": [
            dx,
            dw,
            tf.gradients(z, [x, w, p]),
            tf.gradients(dx, [w]),
            tf.gradients(dw, [x]),
        ],
    }


@case("tf.nn.depthwise_conv2d_native", within=1e-5)
def depthwise_backprops(tf, np):
    x, w = pictures(tf, np, 2, 6, 6, 2), filters(tf, np, 3, 2, 2, 2)
    dy, way = pictures(tf, np, 2, 3, 3, 4), ([1, 2, 2, 1], "SAME")
    return [
        tf.nn.depthwise_conv2d_native_backprop_input([2, 6, 6, 2], w, dy, *way),
        tf.nn.depthwise_conv2d_native_backprop_filter(x, [3, 2, 2, 2], dy, *way),
    ]


@case("tf.nn.max_pool", "tf.nn.max_pool2d", "tf.nn.max_pool1d", within=1e-6)
def max_pool(tf, np):
    x = pictures(tf, np, 2, 6, 5, 2)
    y = tf.nn.max_pool(x, [1, 3, 2, 1], [1, 2, 2, 1], "SAME")
    (d,) = tf.gradients(y * y, x)
    ties = tf.constant(np.ones((1, 4, 4, 1), np.float32))
    return {
        "value": [
            y,
            tf.nn.max_pool(x, 2, 2, "VALID", name="halved"),
            tf.nn.max_pool2d(x, 2, 1, "SAME"),
            tf.nn.max_pool1d(x[0], 2, 2, "SAME"),
            tf.nn.max_pool(x, [1, 1, 1, 2], [1, 1, 1, 2], "VALID"),
        ],
        "gradient": [
            d,
            tf.gradients(d * d, x),
            tf.gradients(tf.nn.max_pool(ties, 3, 1, "SAME"), ties),
        ],
    }


@case("tf.nn.avg_pool", "tf.nn.avg_pool2d", "tf.nn.avg_pool1d", within=1e-5)
def avg_pool(tf, np):
    x = pictures(tf, np, 2, 6, 5, 2)
    y = tf.nn.avg_pool(x, [1, 3, 2, 1], [1, 2, 2, 1], "SAME")
    (d,) = tf.gradients(y * y, x)
    return {
        "value": [
            y,
            tf.nn.avg_pool(x, 2, 2, "VALID", name="halved"),
            tf.nn.avg_pool2d(x, 2, 1, "SAME"),
            tf.nn.avg_pool1d(x[0], 2, 2, "SAME"),
        ],
        "gradient": [d, tf.gradients(d * d, x)],
    }


@case("tf.nn.pool", within=1e-5)
def pool(tf, np):
    x, line = pictures(tf, np, 2, 6, 6, 2), pictures(tf, np, 2, 6, 2)
    return [
        tf.nn.pool(x, [2, 2], "MAX", "VALID", strides=[2, 2]),
        tf.nn.pool(x, [2, 3], "AVG", "SAME"),
        tf.nn.pool(x, [2, 2], "AVG", "VALID", dilation_rate=[2, 1]),
        tf.nn.pool(line, [2], "MAX", "VALID", name="line"),
    ]


@case("tf.nn.max_pool_with_argmax")
def max_pool_with_argmax(tf, np):
    x = pictures(tf, np, 2, 6, 5, 2)
    window = [1, 3, 2, 1], [1, 2, 2, 1]
    y, place = tf.nn.max_pool_with_argmax(x, *window, padding="SAME")
    return {
        "value": [
            y,
            place,
            tf.nn.max_pool_with_argmax(
                x, *window, padding="VALID", include_batch_in_index=True
            ),
        ],
        "gradient": tf.gradients(y * y, x),
    }


@case("tf.nn.lrn", "tf.nn.local_response_normalization", within=1e-5)
def lrn(tf, np):
    x = pictures(tf, np, 1, 2, 2, 7)
    y = tf.nn.lrn(x, 2, 1.0, 0.5, 0.75)
    return {
        "value": [y, tf.nn.local_response_normalization(x, name="named")],
        "gradient": tf.gradients(y * y, x),
    }


@case("tf.nn.fused_batch_norm", within=1e-5)
def fused_batch_norm(tf, np):
    x = pictures(tf, np, 2, 3, 3, 2)
    scale, offset = tf.constant([1.5, 2.0]), tf.constant([0.5, -1.0])
    y, mean, variance = tf.nn.fused_batch_norm(x, scale, offset)
    z, *_ = tf.nn.fused_batch_norm(
        x, scale, offset, offset, scale, epsilon=0.1, is_training=False, name="later"
    )
    u = tf.placeholder(tf.float32, [None, 4, 4, None])
    return {
        "value": [y, mean, variance, z],
        "shapes": [t.shape for t in tf.nn.fused_batch_norm(u, scale, offset)],
        "gradient": [
            tf.gradients(y * y * y, [x, scale, offset]),
            tf.gradients(z * z, [x, scale, offset]),
        ],
    }


@case("tf.nn.fused_batch_norm", only="values gradients", within=2e-5)
def fused_batch_norm_twice(tf, np):
    x = pictures(tf, np, 2, 3, 3, 2)
    scale, offset = tf.constant([1.5, 2.0]), tf.constant([0.5, -1.0])
    y, *_ = tf.nn.fused_batch_norm(x, scale, offset)
    known = tf.constant([0.25, -0.5]), tf.constant([0.75, 1.25])
    z, *_ = tf.nn.fused_batch_norm(x, scale, offset, *known, is_training=False)
    found = []
    for result in (y, z):
        (d,) = tf.gradients(result * result * result, x)
        found.append(tf.gradients(d * d, [x, scale]))
    return {"gradient": found}


@case(
    "tf.space_to_depth",
    "tf.depth_to_space",
    "tf.space_to_batch",
    "tf.batch_to_space",
    "tf.space_to_batch_nd",
    "tf.batch_to_space_nd",
)
def blocks(tf, np):
    x = pictures(tf, np, 4, 6, 6, 4)
    f = [
        tf.space_to_depth(x, 2),
        tf.depth_to_space(x, 2, name="named"),
        tf.space_to_batch(x, [[1, 1], [0, 2]], 2),
        tf.batch_to_space(x, [[1, 0], [0, 2]], 2),
        tf.space_to_batch_nd(x, [2, 3], [[0, 0], [1, 2]]),
        tf.batch_to_space_nd(x, [1, 4], [[0, 0], [1, 2]]),
    ]
    return {"value": f, "gradient": [tf.gradients(y * y, x) for y in f]}


@case("tf.required_space_to_batch_paddings")
def required_paddings(tf, np):
    sizes = tf.placeholder_with_default([5, 6], [2])
    f = tf.required_space_to_batch_paddings
    return [f([5, 6], [2, 4]), f([5, 6], [2, 4], [[1, 1], [0, 1]]), f(sizes, [2, 4])]


@case("tf.extract_image_patches")
def extract_image_patches(tf, np):
    x, one = pictures(tf, np, 2, 6, 5, 2), [1, 1, 1, 1]
    f = tf.extract_image_patches
    return [
        f(x, [1, 3, 2, 1], [1, 2, 2, 1], one, "SAME"),
        f(x, [1, 2, 2, 1], one, [1, 2, 1, 1], "VALID"),
    ]


@case("tf.extract_image_patches", only="values gradients", within=1e-5)
def gradient_of_patches(tf, np):
    x = pictures(tf, np, 2, 6, 5, 2)
    y = tf.extract_image_patches(x, [1, 3, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "SAME")
    return {"gradient": tf.gradients(y * y, x)}


@case("tf.nn.conv2d", "tf.nn.max_pool", "tf.nn.conv2d_transpose")
def messages(tf, np):
    x, w = pictures(tf, np, 2, 6, 6, 2), filters(tf, np, 3, 3, 2, 4)
    k, one = tf.nn.conv2d, [1, 1, 1, 1]
    deep = filters(tf, np, 3, 3, 3, 4)
    return [
        message(lambda: k(x, deep, one, "SAME")),
        message(lambda: k(x, filters(tf, np, 7, 7, 2, 4), one, "VALID")),
        message(lambda: k(x, filters(tf, np, 7, 2, 4), one, "VALID")),
        message(lambda: k(x[0], w, one, "VALID")),
        message(lambda: k(x, w, one, "same")),
        message(lambda: k(x, w, [1, 1, 1], "SAME")),
        message(lambda: k(x, w, [1, 0, 1, 1], "SAME")),
        message(lambda: k(x, w, one, [[1, 0], [1, 2], [1, 1], [0, 0]])),
        message(lambda: k(x, w, one, [[1, 0], [1, 2]])),
        message(lambda: k(x, w, one, "EXPLICIT")),
        message(lambda: k(x, w, one, "SAME", data_format="HWC")),
        message(lambda: tf.nn.max_pool(x, 7, 1, "VALID")),
        message(lambda: tf.nn.max_pool(x, 0, 1, "VALID")),
        message(lambda: tf.nn.max_pool(x, [7, 7, 1], 1, "VALID")),
        message(lambda: tf.nn.max_pool(x[0], 2, 1, "VALID")),
        message(lambda: tf.nn.avg_pool(x, 3, 2, "valid")),
        message(lambda: tf.nn.depthwise_conv2d(x, deep, one, "SAME")),
        message(lambda: tf.nn.atrous_conv2d(x, filters(tf, np, 3, 3, 3, 4), 2, "SAME")),
        message(lambda: tf.nn.pool(x, [2, 2], "AVG", "SAME", dilation_rate=[2, 2])),
        message(lambda: tf.nn.pool(x, [2, 2], "AVG", "SAME", strides=[3, 3])),
        message(lambda: tf.nn.convolution(x, w, "SAME", [2, 2], [2, 2])),
        message(lambda: tf.space_to_depth(x, 4)),
        message(lambda: tf.depth_to_space(x, 2)),
        message(lambda: tf.space_to_batch_nd(x, [4, 4], [[0, 0], [0, 0]])),
        message(lambda: tf.batch_to_space_nd(x, [2, 2], [[0, 0], [0, 0]])),
        message(lambda: tf.nn.fused_batch_norm(x, tf.ones([3]), tf.zeros([2]))),
        message(lambda: tf.nn.lrn(x[0])),
    ]


@case("tf.nn.conv2d", "tf.nn.conv2d_transpose")
def messages_of_runs(tf, np):
    u, n = tf.placeholder(tf.float32), tf.placeholder(tf.int32)
    w = filters(tf, np, 3, 3, 4, 2)
    y = tf.nn.conv2d(u, w, 1, "SAME")
    z = tf.nn.conv2d_transpose(u, w, n, 2)
    b = tf.space_to_depth(u, 4)
    with tf.Session() as session:

        def run(t, *shape, **feeds):
            feed = {u: np.ones(shape)}
            if feeds:
                feed[n] = feeds["n"]
            return message(lambda: session.run(t, feed))

        return [
            run(y, 2, 6, 6, 3),
            run(y, 2, 2, 2),
            run(z, 2, 6, 6, 2, n=[2, 13, 12, 4]),
            run(z, 2, 6, 6, 3, n=[2, 12, 12, 4]),
            run(b, 2, 6, 6, 2),
        ]
