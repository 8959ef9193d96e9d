"""Gradients where small engines go wrong: paths that meet, long ways, and the way back.

Expected values are closed forms. The graphs are also compared with TensorFlow's, node
for node, in tests/conformance.
"""

import numpy as np
import pytest

import pedagogy_tf as tf


@pytest.fixture(autouse=True)
def new_graph():
    with tf.Graph().as_default():
        yield


def run(tensors):
    with tf.Session() as session:
        return session.run(tensors)


def slope(y, x):
    return run(tf.gradients(y, x)[0])


# ---- paths that meet


def test_a_value_used_twice():
    a = tf.constant([1.0, 2.0])
    b = a + a
    assert slope(b * b, a).tolist() == [8.0, 16.0]


def test_a_value_and_its_negative():
    a = tf.constant(3.0)
    assert slope(a + -a, a) == 0.0


@pytest.mark.parametrize("turned", [False, True])
def test_a_value_used_at_two_depths(turned):
    a = tf.constant(2.0)
    b = a * a
    c = b * a
    y = c * b if turned else b * c  # a ** 5
    assert slope(y, a) == 80.0


def test_a_value_used_near_the_end_and_far_from_it():
    a = tf.constant(2.0)
    far = a
    for _ in range(10):
        far = tf.identity(far)
    y = a * far
    assert slope(y, a) == 4.0


def test_a_million_million_paths():
    x = a = tf.constant(1.0)
    for _ in range(40):
        x = x + x
    assert slope(x, a) == 2.0**40


def test_two_results_of_which_one_depends_on_the_other():
    a = tf.constant(3.0)
    b = a * a
    c = b * a
    assert slope([b, c], a) == 2 * 3 + 3 * 9
    assert slope([b, b], a) == 12.0


def test_one_source_on_the_way_to_another():
    a = tf.constant(3.0)
    b = a * a
    assert run(tf.gradients(b * a, [a, b])) == [27.0, 3.0]


def test_an_operation_with_an_output_that_nobody_uses():
    a = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    first, _ = tf.split(a, 2, axis=1)
    assert slope(first * first, a).tolist() == [[2.0, 0.0], [6.0, 0.0]]


# ---- long ways


def test_a_chain_of_three_thousand():
    x = a = tf.constant(1.0, tf.float64)
    for _ in range(3000):
        x = x * 1.001
    assert np.isclose(slope(x, a), 1.001**3000)


def test_a_chain_of_three_thousand_that_is_a_diamond_each_time():
    x = a = tf.constant(1.0)
    for _ in range(3000):
        x = 0.5 * x + 0.5 * tf.identity(x)
    assert slope(x, a) == 1.0


# ---- derivatives of derivatives


def test_second_and_third_derivatives():
    x = tf.constant(2.0)
    y = x * x * x
    first = tf.gradients(y, x)[0]
    second = tf.gradients(first, x)[0]
    third = tf.gradients(second, x)[0]
    assert run([first, second, third]) == [12.0, 12.0, 6.0]
    assert tf.gradients(third, x) == [None]


def test_second_derivative_through_a_product_of_matrices():
    w, x = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [-2.0]])
    at_w, at_x = tf.constant(w), tf.constant(x)
    (dw,) = tf.gradients(tf.square(tf.matmul(at_w, at_x)), at_w)  # 2 w x x^T
    (dx,) = tf.gradients(tf.square(dw), at_x)  # of 4 |w x|^2 |x|^2
    y = w @ x
    assert np.allclose(run(dx), 8 * w.T @ y * np.sum(x * x) + 8 * np.sum(y * y) * x)


def test_hessian_of_a_cubic_form():
    x = tf.constant([1.0, 2.0, 3.0])
    (h,) = tf.hessians(tf.reduce_sum(x * x * x), x)
    assert run(h).tolist() == np.diag([6.0, 12.0, 18.0]).tolist()


def test_mixed_second_derivatives_are_symmetric():
    x, y = tf.constant(1.5), tf.constant(0.5)
    z = x * x * y + x * y * y * y
    dx, dy = tf.gradients(z, [x, y])
    xy, yx = tf.gradients(dx, y)[0], tf.gradients(dy, x)[0]
    assert run(xy) == run(yx) == 2 * 1.5 + 3 * 0.25


# ---- what does not depend


def test_unconnected_is_none_or_zero():
    x, other = tf.constant([1.0, 2.0]), tf.constant([[3.0]])
    y = x * x
    assert tf.gradients(y, other) == [None]
    (zero,) = tf.gradients(y, other, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    assert run(zero).tolist() == [[0.0]]


def test_integers_are_not_blamed():
    i, x = tf.constant(3), tf.constant(2.0)
    y = tf.cast(i, tf.float32) * x
    assert tf.gradients(y, i) == [None]
    assert slope(y, x) == 3.0
    assert tf.gradients(tf.cast(tf.cast(x, tf.int32), tf.float32), x) == [None]


def test_stopped_on_the_way():
    x = tf.constant(3.0)
    assert slope(x * tf.stop_gradient(x), x) == 3.0
    assert tf.gradients(tf.stop_gradient(x), x) == [None]


# ---- where blame begins and ends


def test_given_blame():
    x = tf.constant([1.0, 2.0, 3.0])
    (dx,) = tf.gradients(x * x, x, grad_ys=tf.constant([1.0, 0.0, 2.0]))
    assert run(dx).tolist() == [2.0, 0.0, 12.0]


def test_given_blame_for_some_of_several_results():
    x = tf.constant([1.0, 2.0])
    y, z = x * x, 3.0 * x
    (dx,) = tf.gradients([y, z], x, grad_ys=[tf.constant([1.0, 2.0]), None])
    assert run(dx).tolist() == [2.0 + 3.0, 8.0 + 3.0]


def test_given_blame_can_be_differentiated():
    x, u = tf.constant(3.0), tf.constant(5.0)
    (dx,) = tf.gradients(x * x, x, grad_ys=u)
    assert run(tf.gradients(dx, [u, x])) == [6.0, 10.0]


def test_stop_gradients_makes_a_total_derivative_partial():
    a = tf.constant(1.0)
    b = 2.0 * a
    c = a + b
    assert run(tf.gradients(c, [a, b])) == [3.0, 1.0]
    assert run(tf.gradients(c, [a, b], stop_gradients=[a, b])) == [1.0, 1.0]
    assert run(tf.gradients(c, a, stop_gradients=b)) == [1.0]


def test_blame_that_is_fed():
    x = tf.placeholder(tf.float32, [None])
    y = x * x
    z = y * y
    (dx,) = tf.gradients(z, x)
    with tf.Session() as session:
        assert session.run(dx, {x: [1.0, 2.0]}).tolist() == [4.0, 32.0]
        assert session.run(dx, {x: [1.0], y: [10.0]}).tolist() == [40.0]


# ---- all ways to ask give the same


@pytest.mark.parametrize(
    "options",
    [
        {"gate_gradients": True},
        {"colocate_gradients_with_ops": True},
        {"aggregation_method": tf.AggregationMethod.EXPERIMENTAL_TREE},
        {"aggregation_method": tf.AggregationMethod.EXPERIMENTAL_ACCUMULATE_N},
    ],
    ids=str,
)
def test_options_do_not_change_the_sum(options):
    x = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    b = tf.constant([1.0, -1.0, 2.0])
    y = x * b + x * x * b + b
    plain, other = tf.gradients(y, [x, b]), tf.gradients(y, [x, b], **options)
    for one, two in zip(run(plain), run(other), strict=True):
        assert np.array_equal(one, two)
