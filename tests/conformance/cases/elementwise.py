"""One number in, one number out, and two in, one out: functions, operators, logic."""

from tests.conformance.harness import case, message

WIDE = [-3.0, -1.5, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 2.5, 3.5]
UNIT = [-0.9, -0.5, 0.0, 0.3, 0.75]
POSITIVE = [0.1, 0.5, 1.0, 2.0, 7.5]
ABOVE_ONE = [1.0, 1.5, 3.0]


def unary(api, points, order=1, **options):
    """A case: value, static shapes, first (and second) derivative of one function."""

    def program(tf, np):
        function = tf
        for part in api.split(".")[1:]:
            function = getattr(function, part)
        x = tf.constant(points, name="x")
        y = function(x)
        found = {"value": [y, function(x, name="named")]}
        unknown = tf.placeholder(tf.float32, [None, 3], name="u")
        found["shapes"] = [
            function(unknown).shape,
            function(tf.placeholder(tf.float64)).shape,
        ]
        if order > 0:
            (d,) = tf.gradients(y, x)
            found["gradient"] = d
        if order > 1:
            found["gradient of gradient"] = tf.gradients(d, x)
        return found

    name = api.replace("tf.", "").replace(".", "_")
    case(api, name=name, **options)(program)


for _api, _points in {
    "tf.abs": WIDE,
    "tf.negative": WIDE,
    "tf.sign": WIDE,
    "tf.square": WIDE,
    "tf.exp": WIDE,
    "tf.expm1": WIDE,
    "tf.sin": WIDE,
    "tf.cos": WIDE,
    "tf.atan": WIDE,
    "tf.asinh": WIDE,
    "tf.sinh": WIDE,
    "tf.cosh": WIDE,
    "tf.tanh": WIDE,
    "tf.sigmoid": WIDE,
    "tf.sqrt": POSITIVE,
    "tf.rsqrt": POSITIVE,
    "tf.log": POSITIVE,
    "tf.log1p": POSITIVE,
    "tf.reciprocal": POSITIVE,
    "tf.asin": UNIT,
    "tf.acos": UNIT,
    "tf.atanh": UNIT,
    "tf.tan": UNIT,
    "tf.acosh": ABOVE_ONE[1:],
}.items():
    unary(_api, _points, order=2)

for _api in ("tf.erf", "tf.erfc", "tf.lgamma", "tf.digamma"):
    unary(
        _api,
        POSITIVE,
        order=int(_api != "tf.digamma"),
        within=8,  # TensorFlow itself is 7 units off at digamma(0.5)
    )

for _api in ("tf.floor", "tf.ceil", "tf.round", "tf.rint"):
    unary(_api, WIDE + [1.5, -2.5, 4.5])

for _api in ("tf.is_nan", "tf.is_inf", "tf.is_finite"):
    unary(_api, [1.0, float("inf"), float("-inf"), float("nan")], order=0)

unary("tf.math.softplus", WIDE, within=8)
unary("tf.math.log_sigmoid", WIDE, within=8)


@case("tf.sqrt", "tf.log", "tf.reciprocal", "tf.rsqrt", "tf.exp", within=1e-6)
def values_at_the_edges(tf, np):
    edges = tf.constant([0.0, -0.0, -1.0, float("inf"), float("nan"), 1e37])
    functions = [
        tf.sqrt,
        tf.log,
        tf.reciprocal,
        tf.rsqrt,
        tf.abs,
        tf.square,
        tf.tanh,
        tf.sigmoid,
        tf.sign,
    ]
    big = tf.constant([100.0, 88.0, -87.0, -50.0])
    gradients = [tf.gradients(f(edges), edges)[0] for f in (tf.sqrt, tf.log, tf.abs)]
    return {
        "value": [f(edges) for f in functions]
        + [tf.exp(big), tf.sigmoid(big), tf.tanh(big)],
        "gradient": gradients,
    }


@case(
    "tf.sqrt",
    differs={"values": "Numbers below 1.2e-38 are kept; TensorFlow makes them zero."},
)
def the_smallest_numbers(tf, np):
    return tf.sqrt(tf.constant([1e-45, 1e-40]))


@case("tf.sign", "tf.abs", "tf.negative", "tf.square")
def unary_of_integers(tf, np):
    x = tf.constant([-3, 0, 2], name="x")
    return {
        "value": [
            tf.sign(x),
            tf.abs(x),
            tf.negative(x),
            tf.square(x),
            -x,
            abs(x),
            tf.round(x),
        ],
        "none": tf.gradients(tf.square(x), x),
        "messages": [
            message(lambda: tf.exp(x)),
            message(lambda: tf.sqrt([1, 2])),
            message(lambda: tf.tanh(x)),
        ],
    }


@case("tf.exp", "tf.sqrt", "tf.tanh")
def unary_of_float64(tf, np):
    x = tf.constant([0.5, 1.25, 3.0], tf.float64, name="x")
    ys = [
        tf.exp(x),
        tf.sqrt(x),
        tf.tanh(x),
        tf.log(x),
        tf.sigmoid(x),
        tf.sin(x),
        tf.square(x),
    ]
    return {"value": ys, "gradient": [tf.gradients(y, x)[0] for y in ys]}


@case(
    "tf.Tensor.__add__",
    "tf.Tensor.__sub__",
    "tf.Tensor.__mul__",
    "tf.Tensor.__truediv__",
)
def operators_on_floats(tf, np):
    x = tf.constant([7.0, -7.0, 2.5], name="x")
    y = tf.constant([2.0, 2.0, -1.0], name="y")
    return [
        x + y,
        x - y,
        x * y,
        x / y,
        x // y,
        x % y,
        x**2,
        -x,
        abs(x),
        2 + x,
        2 - x,
        2 * x,
        2 / y,
        15 // y,
        7 % y,
        2**y,
        x + [1, 2, 3],
        np.float64(2.0) * x,
        np.array([1.0, 2.0, 3.0]) + x,
        x + np.array([1, 2, 3]),
        +1.5 + x,
    ]


@case("tf.Tensor.__add__", "tf.Tensor.__floordiv__", "tf.Tensor.__mod__")
def operators_on_integers(tf, np):
    x = tf.constant([7, -7, 9], name="x")
    y = tf.constant([2, 2, -4], name="y")
    return {
        "value": [
            x + y,
            x - y,
            x * y,
            x / y,
            x // y,
            x % y,
            x**2,
            -x,
            abs(x),
            1 + x,
            10 // y,
            x / 2,
            3 / y,
        ],
        "messages": [
            message(lambda: x + 1.5),
            message(lambda: x * tf.constant(1.0)),
            message(lambda: x + "a"),
        ],
    }


@case(
    "tf.Tensor.__lt__", "tf.Tensor.__and__", "tf.Tensor.__invert__", "tf.Tensor.__eq__"
)
def operators_that_ask(tf, np):
    x = tf.constant([1.0, 2.0, 3.0], name="x")
    p, q = (
        tf.constant([True, True, False], name="p"),
        tf.constant([True, False, False], name="q"),
    )
    return {
        "value": [
            x < 2,
            x <= 2,
            x > 2,
            x >= 2.0,
            p & q,
            p | q,
            p ^ q,
            ~p,
            True & p,
        ],
        "python": [
            x == 2,
            x != 2,
            x == x,
            hash(x) == hash(x),
            len({x, p, x}),
            x in [p, x],
        ],
        "messages": [
            message(lambda: x & p),
            message(lambda: ~x),
            message(lambda: x < tf.constant(1)),
        ],
    }


@case("tf.Tensor.__matmul__")
def matmul_operator(tf, np):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    return [
        x @ x,
        x @ [[1.0], [1.0]],
        [[1.0, 1.0]] @ x,
        np.eye(2, dtype=np.float32) @ x,
    ]


BINARY = (
    "add subtract multiply divide div truediv realdiv floordiv floor_div mod floormod "
)
BINARY += "maximum minimum pow squared_difference div_no_nan"


def binary(name):
    def program(tf, np):
        f = getattr(tf, name)
        x = tf.constant([[1.0, 2.0, 4.5], [3.0, 2.0, 0.5]], name="x")
        y = tf.constant([[2.0, 2.0, 1.5]], name="y")
        u = tf.placeholder_with_default(
            np.ones((2, 3), np.float32), [None, 3], name="u"
        )
        z = f(x, y)
        return {
            "value": [z, f(x, 2.0, name="named"), f(2.0, x), f(u, y)],
            "shapes": [f(u, y).shape, f(tf.placeholder(tf.float32), y).shape],
            "gradient": [tf.gradients(z, [x, y]), tf.gradients(f(u, y), [u, y])],
        }

    case("tf." + name, name=name)(program)


for _name in BINARY.split():
    binary(_name)


@case("tf.atan2")
def atan2(tf, np):
    y, x = (
        tf.constant([1.0, -2.0, 0.5], name="y"),
        tf.constant([2.0, 1.0, -1.5], name="x"),
    )
    z = tf.atan2(y, x)
    return {"value": z, "gradient": tf.gradients(z, [y, x])}


@case(
    "tf.add", "tf.maximum", "tf.floordiv", "tf.mod", "tf.truncatediv", "tf.truncatemod"
)
def binary_of_integers(tf, np):
    x, y = tf.constant([7, -7, 8], name="x"), tf.constant([2, 2, -3], name="y")
    names = "add subtract multiply divide div truediv floordiv mod floormod maximum "
    names = (names + "minimum truncatediv truncatemod").split()
    return {
        "value": [getattr(tf, n)(x, y) for n in names]
        + [tf.pow(x, 2), tf.squared_difference(x, y)],
        "none": tf.gradients(tf.multiply(x, y), x),
    }


@case("tf.floordiv", "tf.mod", "tf.div")
def integer_division_by_zero(tf, np):
    zero = tf.placeholder_with_default(0, [], name="zero")
    seven = tf.constant(7)
    with tf.Session() as sess:
        return [
            message(lambda: sess.run(seven // zero)),
            message(lambda: sess.run(seven % zero)),
            message(lambda: sess.run(tf.div(seven, zero))),
            message(lambda: sess.run(tf.pow(seven, zero - 1))),
            sess.run(seven / zero),
        ]


@case("tf.div", "tf.divide", "tf.Tensor.__truediv__")
def divisions_by_zero(tf, np):
    x, zero = tf.constant([1.0, 0.0, -1.0], name="x"), tf.constant(0.0, name="zero")
    return {
        "value": [x / zero, x // zero, tf.div_no_nan(x, zero)],
        "gradient": [
            tf.gradients(x / zero, [x, zero]),
            tf.gradients(tf.div_no_nan(x, zero), [x, zero]),
        ],
    }


@case("tf.div", "tf.truediv")
def dtypes_of_division(tf, np):
    kinds = "int8 uint8 int16 int32 int64 float16 float32 float64"
    found = []
    for kind in kinds.split():
        x = tf.constant([7, 3], kind)
        found += [x / tf.constant(2, kind), x // 2]
    return {
        "value": found,
        "messages": [message(lambda: tf.truediv(tf.constant(1), tf.constant(1.0)))],
    }


@case("tf.maximum", "tf.minimum", "tf.abs")
def ties(tf, np):
    x, y = (
        tf.constant([1.0, 2.0, 3.0], name="x"),
        tf.constant([1.0, 3.0, 2.0], name="y"),
    )
    fs = [tf.maximum(x, y), tf.minimum(x, y), tf.maximum(x, 2.0)]
    return {"value": fs, "gradient": [tf.gradients(f, [x, y]) for f in fs]}


@case("tf.pow")
def powers(tf, np):
    x = tf.constant([0.0, 1.0, 2.0, -2.0], name="x")
    y = tf.constant([2.0, 0.5, 3.0, 2.0], name="y")
    ys = [tf.pow(x, y), x**3, x**0.0, 2.0**y, x**-1.0]
    return {"value": ys, "gradient": [tf.gradients(z, [x, y]) for z in ys]}


@case("tf.add_n", "tf.accumulate_n")
def add_n(tf, np):
    x, y = tf.constant([1.0, 2.0], name="x"), tf.constant([3.0, 4.0], name="y")
    z = tf.add_n([x, y, x * y])
    u = tf.placeholder(tf.float32, [None], name="u")
    return {
        "value": [z, tf.add_n([x]), tf.add_n([x, y], name="sum")],
        "shapes": [tf.add_n([u, x]).shape],
        "gradient": tf.gradients(z, [x, y]),
        "messages": [
            message(lambda: tf.add_n([])),
            message(lambda: tf.add_n([x, tf.constant(1)])),
            message(lambda: tf.add_n([x, tf.zeros([3])])),
            message(lambda: tf.add_n(x)),
        ],
    }


@case(
    "tf.equal",
    "tf.not_equal",
    "tf.less",
    "tf.less_equal",
    "tf.greater",
    "tf.greater_equal",
)
def comparisons(tf, np):
    x, y = tf.constant([1.0, 2.0, 3.0], name="x"), tf.constant(2.0, name="y")
    u = tf.placeholder_with_default([[1.0], [2.0]], [None, 1], name="u")
    names = "equal not_equal less less_equal greater greater_equal".split()
    found = []
    for name in names:
        f = getattr(tf, name)
        found += [f(x, y), f(u, x, name="named_" + name), f([1, 2], 2)]
    return {
        "value": found + [tf.equal("a", ["a", "b"]), tf.equal([True], [False])],
        "messages": [
            message(lambda: tf.gradients(tf.less(x, y), x)),
            message(lambda: tf.equal(x, tf.constant(1))),
            message(lambda: tf.less(x, tf.zeros([2]))),
            message(lambda: tf.less(True, False)),
        ],
    }


@case("tf.logical_and", "tf.logical_or", "tf.logical_not", "tf.logical_xor")
def logic(tf, np):
    p, q = (
        tf.constant([True, True, False], name="p"),
        tf.constant([True, False, False], name="q"),
    )
    return {
        "value": [
            tf.logical_and(p, q),
            tf.logical_or(p, False),
            tf.logical_not(p),
            tf.logical_xor(p, q),
            tf.logical_and(p, q, name="both"),
            tf.logical_not([True]),
        ],
        "messages": [
            message(lambda: tf.logical_and(1, 2)),
            message(lambda: tf.logical_not(1.0)),
        ],
    }


@case("tf.clip_by_value")
def clip_by_value(tf, np):
    x = tf.constant([-2.0, -1.0, 0.0, 1.0, 2.0], name="x")
    low = tf.constant(-1.0, name="low")
    y = tf.clip_by_value(x, low, 1.0)
    return {
        "value": [
            y,
            tf.clip_by_value([1, 5, 9], 2, 7),
            tf.clip_by_value(x, [-1.0] * 5, 0.5, name="c"),
        ],
        "gradient": tf.gradients(y, [x, low]),
        "messages": [message(lambda: tf.clip_by_value(x, tf.zeros([2, 5]), 1.0))],
    }


@case("tf.clip_by_norm", within=1e-5)
def clip_by_norm(tf, np):
    x = tf.constant([[3.0, 4.0], [0.3, 0.4]], name="x")
    y = tf.clip_by_norm(x, 2.5)
    return {
        "value": [
            y,
            tf.clip_by_norm(x, 1.0, axes=[1]),
            tf.clip_by_norm(x, 50.0, name="loose"),
        ],
        "gradient": tf.gradients(y, x),
    }


@case("tf.clip_by_global_norm", "tf.global_norm", within=1e-5)
def clip_by_global_norm(tf, np):
    a, b = tf.constant([3.0, 4.0], name="a"), tf.constant([[12.0]], name="b")
    clipped, norm = tf.clip_by_global_norm([a, None, b], 6.5)
    kept, _ = tf.clip_by_global_norm([a], 100.0, name="kept")
    given, _ = tf.clip_by_global_norm([a, b], 1.0, use_norm=tf.constant(2.0))
    return {
        "value": [clipped, norm, kept, given, tf.global_norm([a, b, None], name="n")],
        "messages": [message(lambda: tf.clip_by_global_norm(a, 1.0))],
    }


@case("tf.clip_by_global_norm", within=1e-5)
def clip_sparse_gradients(tf, np):
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="v")
    (g,) = tf.gradients(tf.gather(v, [1]) * 10.0, v)
    clipped, norm = tf.clip_by_global_norm([g], 1.0)
    return [clipped, norm]


@case("tf.Tensor.__add__", "tf.gradients")
def gradients_of_broadcasting(tf, np):
    x = tf.constant([[1.0, 2.0, 3.0]], name="x")
    y = tf.constant([[4.0], [5.0]], name="y")
    s = tf.constant(2.0, name="s")
    u = tf.placeholder_with_default(np.ones((2, 3), np.float32), [None, 3], name="u")
    zs = [x + y, x * y, x - s, s / y, u * x, u + y]
    return {
        "value": zs,
        "shapes": [z.shape for z in zs]
        + [g.shape for g in tf.gradients(u * x, [u, x])],
        "gradient": [
            tf.gradients(z, [t for t in (x, y, s, u) if t in z.op.inputs]) for z in zs
        ],
    }


@case("tf.broadcast_static_shape", "tf.add")
def static_shapes_of_broadcasting(tf, np):
    def shape(a, b):
        return str(
            (tf.placeholder(tf.float32, a) + tf.placeholder(tf.float32, b)).shape
        )

    pairs = [
        ([None, 3], [5, 1]),
        ([None, 3], [1, 3]),
        ([None, 3], [3]),
        ([None], [None]),
        ([None], [1]),
        ([None, 1], [1, None]),
        ([2, 1, 4], [3, 1]),
        ([], [2]),
        (None, [2]),
        ([None, None], [7, None]),
        ([0], [1]),
    ]
    return {
        "value": [shape(a, b) for a, b in pairs],
        "messages": [
            message(lambda: shape([2], [3])),
            message(lambda: shape([None, 2], [4, 3])),
            message(lambda: shape([2, 3, 4], [2, 1, 5])),
        ],
    }


@case("tf.Tensor.__add__")
def shape_mismatch_at_run_time(tf, np):
    a, b = (
        tf.placeholder(tf.float32, [None], "a"),
        tf.placeholder(tf.float32, [None], "b"),
    )
    names = "add multiply subtract maximum less"
    ys = [getattr(tf, n)(a, b) for n in names.split()]
    with tf.Session() as sess:
        return [message(sess.run, y, {a: [1, 2], b: [1, 2, 3]}) for y in ys]


@case("tf.Tensor.__bool__", "tf.Tensor.__iter__", "tf.Tensor.__len__")
def what_a_symbol_cannot_do(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    u = tf.placeholder(tf.float32, name="u")
    return {
        "messages": [
            message(lambda: bool(x)),
            message(lambda: 1 if x > 0 else 2),
            message(lambda: not x),
            message(lambda: iter(x)),
            message(lambda: list(x)),
            message(lambda: [1, 2][x]),
            message(lambda: len(x)),
            message(lambda: x.assign(1)),
            message(lambda: x.numpy()),
            message(lambda: np.array(x)),
            message(lambda: 1 < x < 2),
            message(lambda: iter(u)),
        ]
    }


@case("tf.complex", "tf.real", "tf.imag", "tf.conj", "tf.angle")
def complex_numbers(tf, np):
    z = tf.complex([1.0, 0.0], [2.0, -1.0])
    parts = [tf.real(z), tf.imag(z), tf.conj(z), tf.abs(z), tf.angle(z)]
    return {
        "value": [z, *parts, z * z, tf.square(z)],
        "gradient": [tf.gradients(tf.abs(z), z), tf.gradients(tf.real(z), z)],
    }


@case("tf.cumsum", "tf.cumprod", within=1e-6)
def cumulations(tf, np):
    x = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="x")
    y, p = tf.cumsum(x, 1), tf.cumprod(x)
    return {
        "value": [
            y,
            p,
            tf.cumsum(x, exclusive=True),
            tf.cumsum(x, axis=1, reverse=True),
        ],
        "gradient": [tf.gradients(y * x, x), tf.gradients(p, x)],
    }


@case(
    "tf.math.add", "tf.math.log", "tf.math.exp", "tf.math.greater", "tf.math.reduce_sum"
)
def names_in_tf_math(tf, np):
    x = tf.constant([1.0, 2.0], name="x")
    return [
        tf.math.add(x, x),
        tf.math.log(x),
        tf.math.exp(x),
        tf.math.greater(x, 1.5),
        tf.math.reduce_sum(x),
    ]
