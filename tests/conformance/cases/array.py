"""Ops that look at, move and rearrange: no arithmetic."""

from tests.conformance.harness import case, message


def cube(tf, np):
    return tf.constant(np.arange(24, dtype=np.float32).reshape(2, 3, 4), name="x")


@case("tf.zeros", "tf.ones", "tf.fill")
def zeros_ones_fill(tf, np):
    n = tf.placeholder_with_default([2, 2], [2], name="n")
    return [
        tf.zeros([2, 3]),
        tf.zeros([]),
        tf.zeros([3], tf.int32),
        tf.zeros([2], tf.bool, "off"),
        tf.zeros([1], tf.string),
        tf.zeros(n),
        tf.zeros([n[0], 3]),
        tf.zeros(4),
        tf.zeros([40, 40])[0, 0],
        tf.ones([2, 3]),
        tf.ones(n, tf.float64),
        tf.ones([3], tf.bool),
        tf.ones((), tf.int64, "one"),
        tf.fill([2, 3], 7),
        tf.fill(n, 0.5),
        tf.fill([n[0], 3], True, name="filled"),
    ]


@case("tf.zeros_like", "tf.ones_like")
def zeros_and_ones_like(tf, np):
    x = tf.placeholder_with_default(np.ones((2, 2), np.float32), [None, 2], name="x")
    c = tf.constant([1, 2, 3])
    return [
        tf.zeros_like(x),
        tf.zeros_like(c),
        tf.zeros_like([1.0, 2.0]),
        tf.zeros_like(x, tf.int32),
        tf.zeros_like(c, optimize=False, name="z"),
        tf.zeros_like(tf.constant(["a"])),
        tf.ones_like(x),
        tf.ones_like(c),
        tf.ones_like(c, tf.float32),
        tf.ones_like(x, name="o"),
    ]


@case("tf.range")
def ranges(tf, np):
    n = tf.placeholder_with_default(4, [], name="n")
    return {
        "value": [
            tf.range(5),
            tf.range(2, 9),
            tf.range(2, 9, 3),
            tf.range(9, 2, -2),
            tf.range(0.0, 1.0, 0.25),
            tf.range(3, dtype=tf.float32),
            tf.range(0, 5.5),
            tf.range(start=3, limit=18, delta=5, name="r"),
            tf.range(n),
            tf.range(tf.constant(4, tf.int64)),
            tf.range(5, 5),
        ],
        "messages": [
            message(lambda: tf.range(0, 5, 0)),
            message(lambda: tf.range(5, 0)),
        ],
    }


@case("tf.linspace", "tf.lin_space")
def linspaces(tf, np):
    return [
        tf.linspace(10.0, 12.0, 3),
        tf.lin_space(-1.0, 1.0, 7, name="grid"),
        tf.linspace(tf.constant(0, tf.float64), 1, 4),
        tf.linspace(3.0, 5.0, 1),
    ]


@case("tf.shape", "tf.size", "tf.rank", "tf.shape_n")
def shape_size_rank(tf, np):
    x = tf.placeholder_with_default(np.ones((2, 3), np.float32), [None, 3], name="x")
    u = tf.placeholder_with_default(np.ones((2, 3), np.float32), None, name="u")
    c = tf.constant([[1, 2], [3, 4]])
    return [
        tf.shape(x),
        tf.shape(u),
        tf.shape(c),
        tf.shape(c, out_type=tf.int64),
        tf.shape([1, 2, 3], name="s"),
        tf.size(x),
        tf.size(c),
        tf.size(u, out_type=tf.int64),
        tf.rank(x),
        tf.rank(u),
        tf.rank(5),
        tf.shape_n([x, u])[0],
    ]


@case("tf.shape", "tf.stack", "tf.fill")
def static_shapes_from_shape_arithmetic(tf, np):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.float32, [5, 3], name="y")
    n = tf.shape(x)[0]
    made = [
        tf.zeros([n, 7]),
        tf.zeros(tf.stack([n, 7])),
        tf.reshape(x, [n, 3]),
        tf.reshape(x, [-1, tf.shape(x)[1]]),
        tf.reshape(x, tf.shape(x)),
        tf.reshape(y, tf.shape(y)),
        tf.fill(tf.shape(x), 1.0),
        tf.fill(tf.concat([tf.shape(x), [2]], 0), 1.0),
        tf.zeros([tf.shape(y)[0] * 2, 4]),
        tf.tile(y, [1, tf.rank(y)]),
        tf.ones(tf.shape(x)[1:]),
        tf.ones([tf.size(y)]),
        tf.reshape(y, tf.stack([tf.shape(y)[1], -1])),
        tf.zeros(tf.cast(tf.shape(y, out_type=tf.int64), tf.int32)),
    ]
    return {"value": [str(t.shape) for t in made]}


@case("tf.reshape")
def reshapes(tf, np):
    x = cube(tf, np)
    u = tf.placeholder_with_default(np.ones((2, 6), np.float32), [None, 6], name="u")
    y = tf.reshape(x, [4, -1])
    return {
        "value": [
            y,
            tf.reshape(x, [-1]),
            tf.reshape(x, (2, 12), name="flat"),
            tf.reshape([5], []),
            tf.reshape(u, [-1, 2, 3]),
            tf.reshape(u, [3, -1]),
            tf.reshape(u, [-1]),
            tf.reshape(7, [1, 1]),
            tf.reshape(x, np.array([6, 4], np.int64)),
        ],
        "gradient": tf.gradients(y * y, x),
    }


@case("tf.reshape")
def reshape_errors(tf, np):
    x = cube(tf, np)
    n = tf.placeholder_with_default([5, 5], [2])
    messages = [
        message(lambda: tf.reshape(x, [5, 5])),
        message(lambda: tf.reshape(x, [5, -1])),
        message(lambda: tf.reshape(x, [-1, -1])),
    ]
    y = tf.reshape(x, n)
    with tf.Session() as sess:
        messages += [
            message(lambda: sess.run(y)),
            message(lambda: sess.run(y, {n: [-1, 7]})),
            message(lambda: sess.run(y, {n: [-1, -1]})),
            message(lambda: sess.run(y, {n: [-2, 12]})),
        ]
    return messages


@case("tf.transpose")
def transposes(tf, np):
    x = cube(tf, np)
    u = tf.placeholder_with_default(np.ones((2, 3), np.float32), [None, 3], name="u")
    y = tf.transpose(x, [1, 0, 2])
    return {
        "value": [
            y,
            tf.transpose(x),
            tf.transpose(x, perm=(2, 1, 0), name="back"),
            tf.transpose(u),
            tf.transpose([[1, 2], [3, 4]]),
            tf.transpose(tf.constant(3)),
        ],
        "gradient": tf.gradients(y * y, x),
        "messages": [
            message(lambda: tf.transpose(x, [0, 1])),
            message(lambda: tf.transpose(x, [0, 1, 1])),
        ],
    }


@case("tf.matrix_transpose")
def matrix_transpose(tf, np):
    u = tf.placeholder_with_default(np.ones((2, 3), np.float32), None, name="u")
    return [tf.matrix_transpose(cube(tf, np)), tf.matrix_transpose(u)]


@case("tf.concat")
def concats(tf, np):
    a = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="a")
    b = tf.constant([[5.0, 6.0]], name="b")
    u = tf.placeholder_with_default(np.ones((3, 2), np.float32), [None, 2], name="u")
    y = tf.concat([a, b, a], 0)
    z = tf.concat([a, tf.transpose(a)], axis=-1)
    return {
        "value": [
            y,
            z,
            tf.concat([a, u], 0),
            tf.concat([a], 1),
            tf.concat([[1], [2, 3]], 0, "joined"),
        ],
        "gradient": [
            tf.gradients(y * y, [a, b]),
            tf.gradients(z * z, a),
            tf.gradients(tf.concat([u, a], 0), u),
        ],
    }


@case("tf.concat")
def concat_errors(tf, np):
    a = tf.zeros([2, 3], name="a")
    b = tf.zeros([3, 2], name="b")
    u = tf.placeholder_with_default(np.ones((3, 2), np.float32), None)
    messages = [
        message(lambda: tf.concat([a, b], 0)),
        message(lambda: tf.concat([a, b], 2)),
        message(lambda: tf.concat([a, tf.zeros([2])], 0)),
        message(lambda: tf.concat([a, tf.zeros([2, 3], tf.int32)], 0)),
        message(lambda: tf.concat([1, 2], 0)),
        message(lambda: tf.concat(a, "axis")),
    ]
    y = tf.concat([a, u], 0)
    with tf.Session() as sess:
        return messages + [message(lambda: sess.run(y))]


@case(
    "tf.stack",
    "tf.unstack",
)
def stacks(tf, np):
    a, b = tf.constant([1.0, 2.0], name="a"), tf.constant([3.0, 4.0], name="b")
    u = tf.placeholder_with_default(np.ones((2, 3), np.float32), [None, 3], name="u")
    y = tf.stack([a, b, a])
    z = tf.stack([a, b], axis=1, name="columns")
    parts = tf.unstack(z, axis=1)
    return {
        "value": [
            y,
            z,
            tf.stack([a, b], axis=-1),
            tf.stack([1, 2, 3]),
            tf.stack([tf.constant(1), 2]),
            tf.stack([u, u]),
            parts,
            tf.unstack(u, axis=1),
            tf.unstack(y, num=3),
            tf.unstack(u, num=2),
        ],
        "gradient": [tf.gradients(y * y, [a, b]), tf.gradients(parts[1] * 3, [a, b])],
    }


@case("tf.stack", "tf.unstack")
def stack_errors(tf, np):
    a, b = tf.zeros([2], name="a"), tf.zeros([3], name="b")
    u = tf.placeholder(tf.float32, [None, 3])
    return [
        message(lambda: tf.stack([a, b])),
        message(lambda: tf.stack([a, a], axis=2)),
        message(lambda: tf.stack([a, tf.zeros([2], tf.int32)])),
        message(lambda: tf.unstack(u)),
        message(lambda: tf.unstack(tf.placeholder(tf.float32))),
        message(lambda: tf.unstack(a, num=3)),
        message(lambda: tf.unstack(a, axis=1)),
    ]


@case("tf.split")
def splits(tf, np):
    x = cube(tf, np)
    u = tf.placeholder_with_default(np.ones((4, 3), np.float32), [None, 3], name="u")
    halves = tf.split(x, 2, axis=2)
    uneven = tf.split(x, [1, 2], 1, name="uneven")
    return {
        "value": [
            halves,
            uneven,
            tf.split(x, 2),
            tf.split(x, [1, -1, 1], -1),
            tf.split(u, 2),
            tf.split(u, [1, 2], 1),
            tf.split([1, 2, 3, 4], num_or_size_splits=4, axis=0),
        ],
        "gradient": [
            tf.gradients(halves[0] * halves[0], x),
            tf.gradients([uneven[1] * 2, uneven[0]], x),
        ],
        "messages": [
            message(lambda: tf.split(x, 3, axis=2)),
            message(lambda: tf.split(x, [1, 1], 1)),
            message(lambda: tf.split(x, 2, 5)),
        ],
    }


@case("tf.slice")
def slices(tf, np):
    x = cube(tf, np)
    u = tf.placeholder_with_default(np.ones((4, 3), np.float32), [None, 3], name="u")
    n = tf.placeholder_with_default(1, [], name="n")
    y = tf.slice(x, [0, 1, 0], [2, 1, 3])
    return {
        "value": [
            y,
            tf.slice(x, [1, 0, 2], [-1, -1, -1]),
            tf.slice(u, [1, 0], [-1, 2]),
            tf.slice(u, [0, n], [2, 1], name="cut"),
            tf.slice([1, 2, 3], [1], [1]),
        ],
        "gradient": tf.gradients(y * y, x),
        "messages": [
            message(lambda: tf.slice(x, [0, 0, 0], [3, 1, 1])),
            message(lambda: tf.slice(x, [0], [1])),
        ],
    }


@case("tf.Tensor.__getitem__", "tf.strided_slice")
def indexing_with_numbers_and_slices(tf, np):
    x = cube(tf, np)
    return [
        x[0],
        x[-1],
        x[1, 2],
        x[1, 2, 3],
        x[:],
        x[1:],
        x[:, 1:],
        x[:, :-1],
        x[0, 1:3],
        x[:, 0:3:2],
        x[:, ::2, ::3],
        x[::-1],
        x[:, ::-1, ::-2],
        x[:, 2:0:-1],
        x[0, -2:],
        x[:, 5:],
        x[:, -7:9],
    ]


@case("tf.Tensor.__getitem__", "tf.newaxis")
def indexing_with_ellipsis_and_newaxis(tf, np):
    x = cube(tf, np)
    return [
        x[...],
        x[..., 0],
        x[0, ..., 1],
        x[..., 1:, :2],
        x[tf.newaxis],
        x[:, None],
        x[..., tf.newaxis],
        x[0, None, :, 1],
        x[..., None, 0],
        x[:, :, None, 1:3],
        x[None, ..., None],
    ]


@case("tf.Tensor.__getitem__")
def indexing_with_tensors(tf, np):
    x = cube(tf, np)
    i = tf.placeholder_with_default(1, [], name="i")
    return [
        x[i],
        x[:, i:],
        x[:, :i],
        x[:, i : i + 1, 0],
        x[0, ::i],
        x[tf.constant(1)],
        x[np.int64(1)],
        x[i, i, i],
    ]


@case("tf.Tensor.__getitem__")
def indexing_of_unknown_sizes(tf, np):
    u = tf.placeholder_with_default(np.ones((4, 3), np.float32), [None, 3], name="u")
    w = tf.placeholder_with_default(np.ones((4, 3), np.float32), None, name="w")
    return [
        u[0],
        u[1:3],
        u[:, 1],
        u[1:],
        u[:-1, :2],
        u[-1],
        u[::2],
        u[None],
        w[0],
        w[..., 1],
        u[3:1],
    ]


@case("tf.Tensor.__getitem__", "tf.gradients")
def gradients_of_indexing(tf, np):
    x = cube(tf, np)
    i = tf.placeholder_with_default(1, [], name="i")
    parts = [x[0], x[:, 1:], x[..., 0], x[::-1, None, ::2], x[i], x[0, 1, 2]]
    return {"gradient": [tf.gradients(p * p, x)[0] for p in parts]}


@case("tf.Tensor.__getitem__")
def indexing_errors(tf, np):
    x = cube(tf, np)
    u = tf.placeholder_with_default(np.ones((4, 3), np.float32), [None, 3], name="u")
    messages = [
        message(lambda: x[2]),
        message(lambda: x[0, 0, 0, 0]),
        message(lambda: x[..., 0, ...]),
        message(lambda: x[::0]),
        message(lambda: x[1.5]),
        message(lambda: x["a"]),
        message(lambda: x[[0, 1]]),
        message(lambda: x[tf.constant([True, False])]),
        message(lambda: tf.constant(1)[0]),
        message(lambda: x[0.0:2]),
    ]
    y = u[7]
    with tf.Session() as sess:
        return messages + [message(lambda: sess.run(y))]


@case("tf.strided_slice")
def strided_slices(tf, np):
    x = cube(tf, np)
    return [
        tf.strided_slice(x, [1, 0, 0], [2, 2, 4], [1, 1, 2]),
        tf.strided_slice(x, [0, -1], [2, -3], [1, -1], name="cut"),
        tf.strided_slice(x, [0, 0], [2, 1]),
        tf.strided_slice(x, [0, 1], [1, 9], begin_mask=1, end_mask=3),
        tf.strided_slice(x, [1, 1], [2, 2], shrink_axis_mask=1),
    ]


@case("tf.gather")
def gathers(tf, np):
    x = cube(tf, np)
    u = tf.placeholder_with_default(np.ones((4, 3), np.float32), [None, 3], name="u")
    return [
        tf.gather(x, 1),
        tf.gather(x, [1, 0, 1]),
        tf.gather(x, [[0, 1], [1, 1]], name="picked"),
        tf.gather(x, [2, 0], axis=1),
        tf.gather(x, [0, 3], axis=-1),
        tf.gather(u, [3, 0]),
        tf.gather(u, [1], axis=1),
        tf.gather([10, 20, 30], tf.constant([2, 1], tf.int64)),
        tf.gather(["a", "b"], [1]),
    ]


@case("tf.gather", "tf.IndexedSlices")
def gradient_of_gather_is_sparse(tf, np):
    x = tf.Variable(np.arange(6, dtype=np.float32).reshape(3, 2), name="x")
    c = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="c")
    i = tf.constant([1, 0, 1], name="i")
    (gx,) = tf.gradients(tf.gather(x, i) * 2, x)
    (gc,) = tf.gradients(tf.gather(c, i), c)
    (ga,) = tf.gradients(tf.gather(c, [1], axis=1), c)
    return {
        "gradient": [gx, gc, ga, tf.convert_to_tensor(gc)],
        "texts": [
            type(gx).__name__,
            str(gx),
            gx.values.name,
            gx.indices.name,
            gx.dense_shape.name,
        ],
        "more": [gx.dtype, gx.name, gx.op.name, gx.graph is x.graph],
    }


@case("tf.gather")
def sparse_gradients_add_up(tf, np):
    x = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="x")
    a = tf.gather(x, [0, 1])
    b = tf.gather(x, [1, 2])
    (twice,) = tf.gradients(a + b, x)
    (mixed,) = tf.gradients(tf.reduce_sum(a) + tf.reduce_sum(x * x), x)
    return {"gradient": [twice, mixed]}


@case("tf.gather")
def gather_errors(tf, np):
    x = tf.constant([1.0, 2.0, 3.0], name="x")
    y = tf.gather(x, [0, 3], name="y")
    z = tf.gather(x, -1, name="z")
    with tf.Session() as sess:
        return [
            message(lambda: sess.run(y)),
            message(lambda: sess.run(z)),
            message(lambda: tf.gather(x, [0.5])),
            message(lambda: tf.gather(x, [0], axis=1)),
        ]


@case("tf.gather_nd", "tf.scatter_nd")
def gather_nd(tf, np):
    x = cube(tf, np)
    i = tf.constant([[0, 1], [1, 2], [0, 1]], name="i")
    y = tf.gather_nd(x, i)
    return {
        "value": [
            y,
            tf.gather_nd(x, [[1, 2, 3], [0, 0, 0]]),
            tf.gather_nd(x, [[[1]], [[0]]]),
            tf.gather_nd(x, [0, 0, 2], name="one"),
            tf.scatter_nd([[1], [3], [1]], [9.0, 10.0, 11.0], [5]),
            tf.scatter_nd(i, tf.ones([3, 4]), [2, 3, 4]),
        ],
        "gradient": tf.gradients(y * y, x),
    }


@case("tf.batch_gather", "tf.gather")
def batch_gathers(tf, np):
    x = cube(tf, np)
    return [
        tf.gather(x, [[0, 1], [2, 2]], batch_dims=1),
        tf.batch_gather(x, [[0], [2]]),
    ]


@case("tf.where")
def where(tf, np):
    c = tf.constant([True, False, True], name="c")
    x, y = (
        tf.constant([1.0, 2.0, 3.0], name="x"),
        tf.constant([4.0, 5.0, 6.0], name="y"),
    )
    rows = tf.where(c, tf.ones([3, 2]), tf.zeros([3, 2]))
    z = tf.where(c, x, y, name="chosen")
    u = tf.placeholder_with_default([[True, False]], [None, 2], name="u")
    return {
        "value": [
            z,
            rows,
            tf.where(c),
            tf.where([[0.0, 1.5], [2.0, 0.0]]),
            tf.where(u),
            tf.where(True, 1, 2),
            tf.where(u, [[1, 2]], [[3, 4]]),
        ],
        "gradient": tf.gradients(z * z, [x, y]),
        "messages": [
            message(lambda: tf.where(c, x)),
            message(lambda: tf.where(c, x, tf.zeros([2]))),
            message(lambda: tf.where(c, x, tf.zeros([3], tf.int32))),
            message(lambda: tf.where(c, tf.zeros([2, 3]), tf.zeros([2, 3]))),
        ],
    }


@case("tf.pad")
def pads(tf, np):
    x = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="x")
    u = tf.placeholder_with_default(np.ones((4, 3), np.float32), [None, 3], name="u")
    y = tf.pad(x, [[1, 0], [2, 1]])
    r = tf.pad(x, [[1, 1], [2, 0]], "REFLECT")
    s = tf.pad(x, [[1, 1], [0, 2]], mode="symmetric")
    v = tf.pad(x, [[0, 1], [1, 0]], constant_values=9)
    return {
        "value": [
            y,
            r,
            s,
            v,
            tf.pad(u, [[1, 2], [0, 1]], name="padded"),
            tf.pad([1, 2], [[1, 1]]),
        ],
        "gradient": [tf.gradients(t * t, x)[0] for t in (y, r, s, v)],
        "messages": [
            message(lambda: tf.pad(x, [[1, 1]])),
            message(lambda: tf.pad(x, [[0, 0], [3, 0]], "REFLECT")),
            message(lambda: tf.pad(x, [[0, 0], [0, 0]], "nothing")),
            message(lambda: tf.pad(x, [[-1, 0], [0, 0]])),
        ],
    }


@case("tf.tile")
def tiles(tf, np):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    u = tf.placeholder_with_default(np.ones((1, 3), np.float32), [None, 3], name="u")
    y = tf.tile(x, [2, 3])
    n = tf.placeholder_with_default([1, 2], [2], name="n")
    return {
        "value": [
            y,
            tf.tile(u, [2, 1], name="tiled"),
            tf.tile([1, 2], [0]),
            tf.tile(x, n),
        ],
        "gradient": tf.gradients(y * y, x),
        "messages": [message(lambda: tf.tile(x, [2]))],
    }


@case("tf.squeeze", "tf.expand_dims")
def squeeze_and_expand(tf, np):
    x = tf.constant([[[1.0], [2.0]]], name="x")
    u = tf.placeholder_with_default(
        np.ones((1, 3, 1), np.float32), [None, 3, 1], name="u"
    )
    s = tf.squeeze(x, [0])
    e = tf.expand_dims(s, 1)
    return {
        "value": [
            s,
            e,
            tf.squeeze(x),
            tf.squeeze(x, axis=-1, name="last"),
            tf.squeeze(x, squeeze_dims=[0, 2]),
            tf.squeeze(u),
            tf.squeeze(u, [2]),
            tf.expand_dims(5, 0),
            tf.expand_dims(u, -1),
            tf.expand_dims(x, axis=0, name="wide"),
            tf.expand_dims(x, dim=2),
        ],
        "gradient": [tf.gradients(s * s, x), tf.gradients(e * e, x)],
        "messages": [
            message(lambda: tf.squeeze(x, [1])),
            message(lambda: tf.squeeze(x, [3])),
            message(lambda: tf.expand_dims(x, 4)),
        ],
    }


@case("tf.one_hot")
def one_hots(tf, np):
    u = tf.placeholder_with_default([1, 0], [None], name="u")
    return [
        tf.one_hot([0, 2, 1], 3),
        tf.one_hot([0, 5, -1], 3),
        tf.one_hot([[0], [1]], 2, 5.0, -1.0),
        tf.one_hot(u, 4, name="hot"),
        tf.one_hot(u, 3, axis=0),
        tf.one_hot([1, 2], 3, dtype=tf.int32),
        tf.one_hot([1, 2], 3, on_value=True, off_value=False),
        tf.one_hot(2, depth=4),
        tf.one_hot(np.array([1, 2], np.uint8), 3, on_value=2),
    ]


@case("tf.boolean_mask")
def boolean_masks(tf, np):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="x")
    u = tf.placeholder_with_default([True, False, True], [None], name="u")
    y = tf.boolean_mask(x, [True, False, True])
    return {
        "value": [
            y,
            tf.boolean_mask(x, x > 2.0),
            tf.boolean_mask(x, u, name="kept"),
            tf.boolean_mask([[0, 1]], np.array([False, True]), axis=1),
        ],
        "gradient": tf.gradients(y * y, x),
        "messages": [
            message(lambda: tf.boolean_mask(x, True)),
            message(lambda: tf.boolean_mask(x, [True, False])),
        ],
    }


@case("tf.reverse", "tf.reverse_v2")
def reverses(tf, np):
    x = cube(tf, np)
    y = tf.reverse(x, [0, 2])
    return {
        "value": [
            y,
            tf.reverse_v2(x, [-2]),
            tf.reverse([1, 2, 3], axis=[0], name="back"),
        ],
        "gradient": tf.gradients(y * x, x),
    }


@case("tf.broadcast_to", "tf.broadcast_static_shape")
def broadcasts(tf, np):
    x = tf.constant([1.0, 2.0, 3.0], name="x")
    y = tf.broadcast_to(x, [2, 3])
    return {
        "value": [
            y,
            tf.broadcast_static_shape(tf.TensorShape([1, 3]), tf.TensorShape([2, 1])),
        ],
        "gradient": tf.gradients(y * y, x),
    }


@case("tf.broadcast_dynamic_shape")
def broadcast_dynamic_shape(tf, np):
    return tf.broadcast_dynamic_shape([1, 3], [2, 1])


@case("tf.cast", "tf.to_float", "tf.to_int32", "tf.to_int64", "tf.to_double")
def casts(tf, np):
    x = tf.constant([-1.7, 0.0, 2.5, 3.9], name="x")
    i = tf.constant([0, 1, 300], name="i")
    b = tf.constant([True, False], name="b")
    y = tf.cast(x, tf.float64)
    return {
        "value": [
            tf.cast(x, tf.int32),
            tf.cast(x, tf.float32),
            tf.cast(x, "int64", name="whole"),
            tf.cast(x, tf.bool),
            tf.cast(i, tf.uint8),
            tf.cast(i, tf.float32),
            tf.cast(b, tf.float32),
            tf.cast([1, 2], tf.float16),
            tf.cast(3.7, tf.int32),
            y,
            tf.to_float(i),
            tf.to_double(i),
            tf.to_int32(x),
            tf.to_int64(x),
            tf.cast(tf.constant([1.0]), tf.complex64),
        ],
        "gradient": [tf.gradients(y * y, x), tf.gradients(tf.cast(x, tf.int32), x)],
        "messages": [message(lambda: tf.cast(tf.constant("a"), tf.float32))],
    }


@case("tf.saturate_cast", "tf.bitcast")
def other_casts(tf, np):
    return [
        tf.saturate_cast(tf.constant([-1.0, 300.0, 7.0]), tf.uint8),
        tf.bitcast(tf.constant([1.0, -2.0]), tf.int32),
    ]


@case("tf.stop_gradient", "tf.identity")
def stop_gradient(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    y = tf.stop_gradient(x * x) * x
    return {
        "value": y,
        "gradient": tf.gradients(y, x),
        "none": tf.gradients(tf.stop_gradient(x), x),
    }


@case("tf.identity_n")
def identity_n(tf, np):
    return tf.identity_n([tf.constant(1.0), tf.constant([2])])


@case("tf.sequence_mask")
def sequence_masks(tf, np):
    return [
        tf.sequence_mask([1, 3, 2]),
        tf.sequence_mask([1, 3, 2], 5),
        tf.sequence_mask([[1], [2]], 3, tf.float32, "mask"),
    ]


@case(
    "tf.diag",
    "tf.diag_part",
    "tf.matrix_diag",
    "tf.matrix_band_part",
    "tf.eye",
    "tf.trace",
)
def diagonals(tf, np):
    x = tf.constant([1.0, 2.0, 3.0], name="x")
    m = tf.constant(np.arange(9, dtype=np.float32).reshape(3, 3), name="m")
    return {
        "value": [
            tf.diag(x),
            tf.diag_part(m),
            tf.matrix_diag(x),
            tf.matrix_diag_part(m),
            tf.matrix_band_part(m, 0, -1),
            tf.eye(3),
            tf.eye(2, 3, dtype=tf.int32),
            tf.trace(m),
        ],
        "gradient": [tf.gradients(tf.trace(m), m), tf.gradients(tf.diag(x) * m, x)],
    }


@case("tf.invert_permutation")
def invert_permutation(tf, np):
    return tf.invert_permutation([2, 0, 1])


@case("tf.dynamic_partition", "tf.dynamic_stitch")
def partition_and_stitch(tf, np):
    x = tf.constant([10.0, 20.0, 30.0], name="x")
    parts = tf.dynamic_partition(x, [1, 0, 1], 2)
    joined = tf.dynamic_stitch([[1], [0, 2]], parts)
    return {
        "value": [parts, joined],
        "gradient": tf.gradients(parts[1] * parts[1], x),
    }


@case("tf.unique")
def unique(tf, np):
    return tf.unique(tf.constant([4, 1, 4, 2, 1]))


@case("tf.setdiff1d")
def setdiff1d(tf, np):
    return tf.setdiff1d([1, 2, 3], [2])


@case("tf.unique_with_counts")
def unique_with_counts(tf, np):
    return tf.unique_with_counts(tf.constant([4, 1, 4, 2, 1]))


@case("tf.meshgrid")
def meshgrid(tf, np):
    return [tf.meshgrid([1, 2, 3], [4, 5]), tf.meshgrid([1.0], [2.0], indexing="ij")]


@case("tf.roll")
def rolls(tf, np):
    x = tf.constant([1.0, 2.0, 3.0], name="x")
    y = tf.roll(x, 1, 0)
    return {"value": [y, tf.roll(x, [-1], [0])], "gradient": tf.gradients(y * x, x)}


@case("tf.nn.top_k")
def top_k(tf, np):
    x = tf.constant([[3.0, 1.0, 2.0], [1.0, 5.0, 5.0]], name="x")
    values, indices = tf.nn.top_k(x, 2)
    return {
        "value": [values, indices],
        "gradient": tf.gradients(values * values, x),
    }


@case("tf.sort", "tf.argsort")
def sorts(tf, np):
    x = tf.constant([[3.0, 1.0, 2.0], [1.0, 5.0, 5.0]], name="x")
    return [tf.sort(x), tf.argsort(x), tf.sort(x, direction="DESCENDING")]
