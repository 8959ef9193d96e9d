"""Matrices."""

from tests.conformance.harness import case, message


def matrix(tf, np, *shape):
    numbers = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
    return tf.constant(numbers / 4 - 1, name="m")


@case("tf.matmul", within=1e-5)
def matmul(tf, np):
    a, b = matrix(tf, np, 2, 3), matrix(tf, np, 3, 4)
    y = tf.matmul(a, b)
    u = tf.placeholder_with_default(np.ones((5, 3), np.float32), [None, 3], name="u")
    return {
        "value": [y, tf.matmul(u, b, name="named"), tf.matmul([[1, 2]], [[3], [4]])],
        "shapes": [tf.matmul(u, b).shape],
        "gradient": [
            tf.gradients(y * y, [a, b]),
            tf.gradients(tf.matmul(u, b), [u, b]),
        ],
    }


def transposed(first, second):
    @case("tf.matmul", name="matmul_transposed_%d%d" % (first, second), within=1e-5)
    def program(tf, np):
        a = matrix(tf, np, *((3, 2) if first else (2, 3)))
        b = matrix(tf, np, *((4, 3) if second else (3, 4)))
        y = tf.matmul(a, b, transpose_a=first, transpose_b=second)
        (d,) = tf.gradients(y * y, a)
        return {"value": y, "gradient": [d, tf.gradients(y * y, b), tf.gradients(d, b)]}


for _first in (False, True):
    for _second in (False, True):
        if _first or _second:
            transposed(_first, _second)


@case("tf.matmul", within=1e-5)
def batched_matmul(tf, np):
    a, b = matrix(tf, np, 2, 2, 3), matrix(tf, np, 2, 3, 2)
    y = tf.matmul(a, b)
    t = tf.matmul(a, a, transpose_b=True)
    s = tf.matmul(a, a, adjoint_a=True)
    u = tf.placeholder_with_default(
        np.ones((2, 2, 3), np.float32), [None, 2, 3], name="u"
    )
    return {
        "value": [y, t, s, tf.matmul(u, b), tf.matmul(a, matrix(tf, np, 3, 2))],
        "shapes": [tf.matmul(u, b).shape],
        "gradient": [
            tf.gradients(y, [a, b]),
            tf.gradients(t * t, a),
            tf.gradients(s, a),
        ],
    }


@case("tf.matmul", within=1e-5)
def matmul_of_other_dtypes(tf, np):
    a = tf.constant([[1, 2], [3, 4]])
    d = tf.constant([[1, 2], [3, 4]], tf.float64)
    return [
        tf.matmul(a, a),
        tf.matmul(d, d),
        tf.matmul(tf.cast(d, tf.complex64), tf.cast(d, tf.complex64)),
    ]


@case("tf.matmul")
def matmul_errors(tf, np):
    a, b = tf.zeros([2, 3], name="a"), tf.zeros([4, 5], name="b")
    u, w = (
        tf.placeholder(tf.float32, [None, None], "u"),
        tf.placeholder(tf.float32, [None, None], "w"),
    )
    y = tf.matmul(u, w)
    messages = [
        message(lambda: tf.matmul(a, b)),
        message(lambda: tf.matmul(a, a)),
        message(lambda: a @ b),
        message(lambda: tf.matmul(a, tf.zeros([3]))),
        message(lambda: tf.matmul(tf.zeros([3]), tf.zeros([3]))),
        message(lambda: tf.matmul(a, tf.zeros([3, 2], tf.float64))),
        message(lambda: tf.matmul(a, tf.zeros([3, 2], tf.int32))),
        message(lambda: tf.matmul(a, b, transpose_a=True, adjoint_a=True)),
        message(lambda: tf.matmul(a, b, transpose_a=True, name="fc")),
    ]
    with tf.Session() as sess:
        return messages + [
            message(lambda: sess.run(y, {u: np.zeros((2, 3)), w: np.zeros((2, 3))}))
        ]


@case("tf.tensordot", within=1e-5)
def tensordot(tf, np):
    a, b = matrix(tf, np, 2, 3), matrix(tf, np, 3, 2, 2)
    y = tf.tensordot(a, b, 1)
    return {
        "value": [
            y,
            tf.tensordot(a, b, [[0, 1], [1, 0]]),
            tf.tensordot(a, a, axes=[[1], [1]]),
        ],
        "gradient": tf.gradients(y * y, [a, b]),
    }


@case("tf.einsum", within=1e-5)
def einsum(tf, np):
    a, b = matrix(tf, np, 2, 3), matrix(tf, np, 3, 4)
    return [
        tf.einsum("ij,jk->ik", a, b),
        tf.einsum("ij->ji", a),
        tf.einsum("bij,bjk->bik", a[None], b[None]),
    ]


@case(
    "tf.matrix_inverse",
    "tf.matrix_determinant",
    "tf.cholesky",
    "tf.matrix_solve",
    within=1e-5,
)
def solving(tf, np):
    m = tf.constant([[4.0, 1.0], [1.0, 3.0]], name="m")
    r = tf.constant([[1.0], [2.0]], name="r")
    ys = [
        tf.matrix_inverse(m),
        tf.matrix_determinant(m),
        tf.cholesky(m),
        tf.matrix_solve(m, r),
    ]
    return {"value": ys, "gradient": [tf.gradients(y, m) for y in ys]}


@case(
    "tf.linalg.matmul",
    "tf.linalg.matvec",
    "tf.linalg.transpose",
    "tf.linalg.norm",
    within=1e-5,
)
def names_in_tf_linalg(tf, np):
    m = matrix(tf, np, 2, 2)
    return [
        tf.linalg.matmul(m, m),
        tf.linalg.matvec(m, [1.0, 2.0]),
        tf.linalg.transpose(m),
        tf.linalg.norm(m),
    ]
