"""Constants, placeholders, names, scopes, devices, collections, shapes, dtypes."""

from tests.conformance.harness import case, message


@case("tf.constant")
def constants_of_python_values(tf, np):
    values = [
        1,
        -1.5,
        True,
        "text",
        b"bytes",
        1 + 2j,
        2**40,
        [1, 2],
        [1, 2.5],
        [[1], [2]],
        [],
    ]
    return [tf.constant(v) for v in values]


@case("tf.constant")
def constants_of_numpy_values(tf, np):
    kinds = "bool int8 int16 int32 int64 uint8 uint16 float16 float32 float64 complex64"
    arrays = [tf.constant(np.array([[0, 1, 2]], kind)) for kind in kinds.split()]
    scalars = [
        tf.constant(np.float32(0.1)),
        tf.constant(np.float64(0.1)),
        tf.constant(np.int64(3)),
    ]
    return arrays + scalars


@case("tf.constant")
def constant_arguments(tf, np):
    return [
        tf.constant(1, tf.float32),
        tf.constant(1, "float64", name="one"),
        tf.constant([1, 2, 3], shape=[3, 1]),
        tf.constant(7, tf.int64, [2, 2], "sevens"),
        tf.constant([1.0, 2.0], shape=[2, 3]),
        tf.constant(np.arange(6), tf.float32, (2, 3)),
        tf.constant([[1, 2], [3, 4]], tf.int8),
    ]


@case("tf.constant")
def constant_errors(tf, np):
    return [
        message(lambda: tf.constant(1.5, tf.int32)),
        message(lambda: tf.constant("a", tf.float32)),
        message(lambda: tf.constant([1, "a"])),
        message(lambda: tf.constant(None)),
        message(lambda: tf.constant([1, 2, 3], shape=[2])),
        message(lambda: tf.constant([[1, 2], [3]])),
        message(lambda: tf.constant(2**31, tf.int32)),
        message(lambda: tf.constant(300, tf.uint8)),
    ]


@case("tf.constant", "tf.Tensor")
def tensor_attributes(tf, np):
    x = tf.constant([[1.0, 2.0]], name="x")
    return {
        "value": [
            x.name,
            x.op.name,
            x.op.type,
            x.value_index,
            x.shape,
            x.get_shape(),
            x.dtype,
        ],
        "lists": [
            x.shape.as_list(),
            x.shape.ndims,
            x.get_shape()[1].value,
            len(x.shape),
        ],
        "texts": [str(x), repr(x), repr(x.op).splitlines()[:3], str(x.dtype)],
        "graph": [
            x.graph is tf.get_default_graph(),
            x.op.graph is x.graph,
            x.consumers(),
        ],
        "device": [x.device, x.op.device],
    }


@case("tf.placeholder")
def placeholders(tf, np):
    return {
        "value": [
            repr(tf.placeholder(tf.float32)),
            repr(tf.placeholder("int32", [None, 3])),
            repr(tf.placeholder(tf.float32, (2, 3), "x")),
            repr(tf.placeholder(np.float64, [])),
            repr(tf.placeholder(tf.string, shape=[None])),
            repr(tf.placeholder(tf.bool, tf.TensorShape([None, 4]))),
            str(tf.placeholder(tf.float32)),
            str(tf.placeholder(tf.float32, [None, 2], name="y")),
        ]
    }


@case("tf.placeholder")
def a_placeholder_is_fed(tf, np):
    x = tf.placeholder(tf.float32, [None, 2])
    y = x * 2 + 1
    with tf.Session() as sess:
        return [
            sess.run(y, {x: [[1, 2]]}),
            sess.run(y, feed_dict={x: np.ones((3, 2))}),
            sess.run(y, {"Placeholder:0": [[0.5, 0.25]]}),
            y.eval({x: np.zeros((0, 2))}),
        ]


@case("tf.placeholder_with_default")
def placeholder_with_default(tf, np):
    x = tf.placeholder_with_default([1.0, 2.0], [None])
    n = tf.placeholder_with_default(3, (), name="n")
    with tf.Session() as sess:
        return {
            "value": [
                repr(x),
                repr(n),
                sess.run([x, n]),
                sess.run([x, n], {x: [5], n: 7}),
            ],
            "gradient": sess.run(tf.gradients(x * x, x)),
        }


@case("tf.placeholder_with_default")
def placeholder_with_default_errors(tf, np):
    x = tf.placeholder_with_default([1.0, 2.0], [2])
    with tf.Session() as sess:
        return [
            message(lambda: tf.placeholder_with_default([1.0, 2.0], [3])),
            message(lambda: sess.run(x, {x: [1.0]})),
        ]


@case("tf.convert_to_tensor")
def convert_to_tensor(tf, np):
    x = tf.constant(1.0)
    return {
        "value": [
            tf.convert_to_tensor(3),
            tf.convert_to_tensor([1, 2], dtype=tf.float32),
            tf.convert_to_tensor([x, 2.0]),
            tf.convert_to_tensor([[x], [2 * x]], name="pair"),
            tf.convert_to_tensor(2, preferred_dtype=tf.float32),
            tf.convert_to_tensor(2.5, preferred_dtype=tf.int32),
            tf.convert_to_tensor(np.arange(3.0)),
            tf.convert_to_tensor(tf.TensorShape([2, 3])),
            tf.convert_to_tensor(tf.TensorShape([2, 3])[1]),
        ],
        "same": [tf.convert_to_tensor(x) is x],
        "messages": [
            message(lambda: tf.convert_to_tensor(x, tf.int32)),
            message(lambda: tf.convert_to_tensor(tf.TensorShape([2, None]))),
            message(lambda: tf.convert_to_tensor(object)),
        ],
    }


@case("tf.identity", "tf.no_op", "tf.group", "tf.tuple")
def identity_noop_group_tuple(tf, np):
    x = tf.constant([1.0, 2.0])
    y, z = tf.tuple([x + 1, None, x * 2])[::2]
    return {
        "value": [tf.identity(x), tf.identity(3, name="three"), y, z],
        "ops": [
            tf.no_op(),
            tf.no_op("nothing"),
            tf.group(x, y),
            tf.group(name="empty"),
        ],
        "texts": [repr(tf.group(y.op, z, name="both")).splitlines()[0]],
    }


@case("tf.name_scope")
def name_scopes(tf, np):
    with tf.name_scope("layer") as scope:
        a = tf.constant(1)
        with tf.name_scope("inner"):
            b = tf.constant(2)
            v = tf.Variable(3, name="v")
    with tf.name_scope("layer"):
        c = tf.add(a, b)
    with tf.name_scope(scope):
        d = tf.add(a, b)
    with tf.name_scope("layer/"):
        e = tf.add(a, b)
    with tf.name_scope(None):
        f = tf.add(a, b)
    with tf.name_scope("given", "default", [a]):
        g = a + b
    with tf.name_scope(None, "default", [a]) as name:
        h = tf.identity(a, name=name)
    return {"value": [a, b, c, d, e, f, g, h, v], "names": [scope, name]}


@case("tf.name_scope")
def name_scope_errors(tf, np):
    other = tf.Graph()
    with other.as_default():
        y = tf.constant(1)
    x = tf.constant(1)

    def enter(*args):
        with tf.name_scope(*args):
            pass

    return [
        message(lambda: enter("with space")),
        message(lambda: enter("_underscore")),
        message(lambda: enter(None, None, [x])),
        message(lambda: enter("s", "s", [x, y])),
        message(lambda: tf.constant(1, name="a b")),
        message(lambda: tf.constant(1, name="-a")),
    ]


@case("tf.Graph.unique_name", "tf.Graph")
def names_are_made_unique(tf, np):
    g = tf.get_default_graph()
    names = [
        tf.constant(1, name=n).name
        for n in ("a", "a", "A", "a_1", "a", "b/c", "b/c", "b")
    ]
    more = [
        g.unique_name("a"),
        g.unique_name("a", mark_as_used=False),
        g.unique_name("a"),
    ]
    with tf.name_scope("b"):
        more.append(tf.constant(1, name="c").name)
    with tf.name_scope("s"):
        more += [
            tf.get_default_graph().get_name_scope(),
            tf.constant(1, name="/abs").name,
        ]
    return names + more


@case("tf.Graph")
def graph_lookups(tf, np):
    g = tf.get_default_graph()
    x = tf.constant(1.0, name="x")
    y = tf.split(tf.constant([1, 2]), 2, name="y")[1]
    return {
        "value": [
            g.get_operation_by_name("x") is x.op,
            g.get_tensor_by_name("x:0") is x,
            g.get_tensor_by_name("y:1") is y,
            g.as_graph_element("x").name,
            g.as_graph_element("x:0").name,
            g.as_graph_element(x) is x,
            [op.name for op in g.get_operations()],
            g.is_feedable(x),
            g.is_fetchable(x),
            g.finalized,
            g.version,
        ],
        "messages": [
            message(lambda: g.get_tensor_by_name("x")),
            message(lambda: g.get_tensor_by_name("z:0")),
            message(lambda: g.get_tensor_by_name("x:1")),
            message(lambda: g.get_operation_by_name("z")),
            message(lambda: g.get_operation_by_name("x:0")),
            message(lambda: g.as_graph_element(1)),
            message(lambda: g.get_tensor_by_name(3)),
        ],
    }


@case("tf.Graph", "tf.get_default_graph", "tf.reset_default_graph")
def default_graphs(tf, np):
    first = tf.get_default_graph()
    g = tf.Graph()
    with g.as_default():
        inside = tf.get_default_graph() is g
        x = tf.constant(1, name="x")

        error = message(tf.reset_default_graph)
    back = tf.get_default_graph() is first
    tf.constant(1)
    tf.reset_default_graph()
    return [inside, x.graph is g, back, tf.get_default_graph() is first, error]


@case("tf.Graph.finalize")
def finalize(tf, np):
    x = tf.constant(1.0)
    tf.get_default_graph().finalize()
    with tf.Session() as sess:
        value = sess.run(x)
    return [value, tf.get_default_graph().finalized, message(lambda: x + 1)]


@case("tf.control_dependencies")
def control_dependencies(tf, np):
    x = tf.constant(1.0, name="x")
    a, b = tf.no_op(name="a"), tf.no_op(name="b")
    with tf.control_dependencies([a, x]):
        c = tf.identity(x, name="c")
        with tf.control_dependencies([b]):
            d = tf.constant(2.0, name="d")
            e = tf.identity(d, name="e")
        with tf.control_dependencies(None):
            f = tf.constant(3.0, name="f")
        g = x + 1
    with tf.control_dependencies([]):
        h = tf.constant(1, name="h")
    return [c, d, e, f, g, h]


@case("tf.control_dependencies")
def control_dependencies_order_a_read(tf, np):
    v = tf.Variable(1.0)
    five = tf.assign(v, 5.0)
    with tf.control_dependencies([five]):
        inside, itself = tf.identity(v), v.read_value()
    with tf.Session() as sess:
        sess.run(v.initializer)
        return [sess.run(inside), sess.run(itself), sess.run(v)]


@case("tf.control_dependencies")
def control_dependencies_errors(tf, np):
    def depend_on(what):
        with tf.control_dependencies([what]):
            tf.no_op()

    return [message(depend_on, w) for w in (3, "missing", None)]


@case("tf.device")
def devices(tf, np):
    with tf.device("/cpu:0"):
        a = tf.constant(1, name="a")
        with tf.device("/device:GPU:1"):
            b = tf.constant(1, name="b")
        with tf.device(None):
            c = tf.constant(1, name="c")
        v = tf.Variable(1.0, name="v")
    with tf.device("/job:worker/task:2"), tf.device("/gpu:0"):
        d = tf.constant(1, name="d")
    with tf.device(lambda op: "/cpu:0" if op.type == "Const" else "/gpu:0"):
        e = tf.constant(1.0, name="e") + 1
    return {"value": [t.device for t in (a, b, c, d, e)] + [v.device]}


@case("tf.colocate_with", "tf.Graph.colocate_with")
def colocations(tf, np):
    with tf.device("/cpu:0"):
        a = tf.constant(1, name="a")
    with tf.get_default_graph().colocate_with(a.op):
        b = tf.constant(2, name="b")
    return {"value": [b.device, b.op.colocation_groups()]}


@case("tf.add_to_collection", "tf.get_collection", "tf.GraphKeys")
def user_collections(tf, np):
    tf.add_to_collection("mine", 1)
    tf.add_to_collection("mine", "two")
    with tf.name_scope("s"):
        x = tf.constant(1.0, name="x")
    tf.add_to_collection("mine", x)
    tf.add_to_collections(["mine", "other"], 3)
    copy = tf.get_collection("mine")
    copy.append(4)
    reference = tf.get_collection_ref("other")
    reference.append(5)
    return {
        "value": [
            tf.get_collection("mine")[:2],
            tf.get_collection("other"),
            tf.get_collection("nothing"),
            [t.name for t in tf.get_collection("mine", "s")],
            sorted(map(str, tf.get_default_graph().get_all_collection_keys())),
        ]
    }


@case("tf.GraphKeys")
def graph_keys(tf, np):
    return {
        k: getattr(tf.GraphKeys, k) for k in sorted(dir(tf.GraphKeys)) if k[0] != "_"
    }


@case("tf.global_variables", "tf.trainable_variables", "tf.local_variables")
def variable_collections(tf, np):
    tf.Variable(1.0, name="a")
    tf.Variable(2, name="b", trainable=False)
    tf.Variable(3.0, name="c", collections=[tf.GraphKeys.LOCAL_VARIABLES])
    with tf.name_scope("s"):
        tf.Variable(4.0, name="d", collections=["mine", tf.GraphKeys.GLOBAL_VARIABLES])
    lists = [
        tf.global_variables(),
        tf.trainable_variables(),
        tf.local_variables(),
        tf.all_variables(),
        tf.global_variables("s"),
        tf.get_collection("mine"),
    ]
    return {"value": [[v.name for v in found] for found in lists]}


@case("tf.Operation")
def operation_attributes(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    y = tf.reduce_sum(x, name="y")
    op = y.op
    return {
        "value": [
            op.name,
            op.type,
            [t.name for t in op.inputs],
            [t.name for t in op.outputs],
            [c.name for c in op.control_inputs],
            op.get_attr("keep_dims"),
            op.get_attr("T"),
            op.values()[0].name,
            [c.name for c in x.consumers()],
        ],
        "messages": [message(lambda: op.get_attr("nothing"))],
    }


@case("tf.Operation")
def node_defs(tf, np):
    y = tf.reduce_sum(tf.constant([1.0, 2.0], name="x"), name="y")
    node = y.op.node_def
    return {"value": [node.name, node.op, list(node.input), sorted(node.attr)]}


@case("tf.TensorShape", "tf.Dimension")
def shapes(tf, np):
    s = tf.TensorShape([None, 3])
    u = tf.TensorShape(None)
    return {
        "value": [
            s,
            u,
            str(s),
            str(u),
            s.ndims,
            u.ndims,
            s.as_list(),
            s[1],
            s[0],
            s[0].value,
            s[-1],
            s[1:],
            len(s),
            list(s),
            s.is_fully_defined(),
            tf.TensorShape([2, 3]).num_elements(),
            s.num_elements(),
            s.merge_with([2, None]),
            s.concatenate([4]),
            s.concatenate(u),
            s.with_rank(2),
            s.is_compatible_with([5, 3]),
            s.is_compatible_with([5, 4]),
            tf.TensorShape([2]) == [2],
            tf.TensorShape([]) == tf.TensorShape(()),
            tf.TensorShape([2]) == tf.TensorShape([3]),
            tf.TensorShape(5),
            tf.TensorShape([tf.Dimension(2), 3]),
            bool(s),
            bool(u),
        ]
    }


@case("tf.Dimension")
def dimensions(tf, np):
    d, u = tf.Dimension(7), tf.Dimension(None)
    return {
        "value": [
            d + 1,
            1 + d,
            d - 2,
            d * 3,
            d // 2,
            d % 4,
            d + u,
            u * 2,
            int(d),
            d == 7,
            d == u,
            d < 8,
            u > 1,
            d.value,
            str(u),
            repr(u),
            d.merge_with(None),
            list(range(3))[tf.Dimension(1)],
        ]
    }


@case("tf.TensorShape", "tf.Dimension")
def shape_errors(tf, np):
    s = tf.TensorShape([None, 3])
    u = tf.TensorShape(None)
    return [
        message(lambda: s.merge_with([2, 4])),
        message(lambda: s.merge_with([2])),
        message(lambda: s.with_rank(3)),
        message(lambda: s.assert_is_compatible_with([2, 4])),
        message(lambda: u.as_list()),
        message(lambda: len(u)),
        message(lambda: s.assert_is_fully_defined()),
        message(lambda: s.assert_has_rank(1)),
        message(lambda: tf.TensorShape([-1])),
        message(lambda: tf.TensorShape(["a"])),
        message(lambda: tf.Dimension(2).merge_with(3)),
        message(lambda: tf.Dimension(-1)),
        message(lambda: tf.Dimension(7) / 2),
    ]


@case("tf.Tensor.set_shape")
def set_shape(tf, np):
    x = tf.placeholder(tf.float32, name="x")
    before = repr(x)
    x.set_shape([None, 3])
    y = tf.placeholder(tf.float32, [2, None], name="y")
    y.set_shape([None, 3])
    return {
        "value": [before, repr(x), repr(y)],
        "messages": [
            message(lambda: x.set_shape([2, 4])),
            message(lambda: y.set_shape([2, 3, 4])),
            message(lambda: y.set_shape([3, None])),
        ],
    }


@case("tf.DType", "tf.as_dtype")
def dtypes(tf, np):
    kinds = "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
    kinds += "bool string complex64 complex128"
    rows = []
    for kind in kinds.split():
        d = getattr(tf, kind)
        row = [repr(d), str(d), d.name, d.is_floating, d.is_integer, d.is_complex]
        row += [
            bool(d.is_unsigned),
            d.is_bool,
            d.as_datatype_enum,
            np.dtype(d.as_numpy_dtype).name,
        ]
        rows.append(
            row + [d.size, d.is_numpy_compatible, hash(d) == hash(tf.as_dtype(kind))]
        )
    return rows


@case("tf.DType", "tf.as_dtype")
def dtype_conversions(tf, np):
    return {
        "value": [
            tf.as_dtype("float32"),
            tf.as_dtype(np.int64),
            tf.as_dtype(np.dtype("bool")),
            tf.as_dtype(float),
            tf.as_dtype(bool),
            tf.as_dtype("float"),
            tf.as_dtype("double"),
            tf.as_dtype("half"),
            tf.as_dtype(1),
            tf.float32 == "float32",
            tf.float32 == np.float32,
            tf.float32 != tf.float64,
            tf.float32.base_dtype,
            tf.float32._as_ref,
            tf.as_dtype("float32_ref"),
            tf.int32.min,
            tf.int32.max,
            tf.uint8.limits,
            tf.float32.max,
            tf.float16.min,
            tf.double,
            tf.half,
            tf.float32.real_dtype,
            tf.complex64.real_dtype,
            tf.float32.is_compatible_with(tf.float32._as_ref),
        ],
        "messages": [
            message(lambda: tf.as_dtype("nothing")),
            message(lambda: tf.as_dtype(int)),
            message(lambda: tf.float32 == 3),
        ],
    }
