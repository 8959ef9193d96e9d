"""What a plan leaves out changes nothing, and nobody can reach what a session keeps."""

import random
import threading

import numpy as np
import pytest

from pedagogy_tf.core.dtypes import float32
from pedagogy_tf.core.errors import FailedPreconditionError, InvalidArgumentError
from pedagogy_tf.core.graph import (
    ROWS,
    Graph,
    control_dependencies,
    get_default_graph,
    reset_default_graph,
)
from pedagogy_tf.core.op import Row, constant
from pedagogy_tf.core.ops import math
from pedagogy_tf.core.ops.basic import (
    add_n,
    group,
    identity,
    placeholder,
    reshape,
    shape,
    stop_gradient,
)
from pedagogy_tf.core.ops.state import assign_add_op, assign_op, variable_v2
from pedagogy_tf.core.plan import Plan
from pedagogy_tf.core.session import Session


@pytest.fixture(autouse=True)
def empty_graph():
    reset_default_graph()


def some_program(seed):
    """A random program over vectors of four: its placeholder, and what to fetch."""
    pick = random.Random(seed)
    x = placeholder("float32", [None], name="x")
    variables = [variable_v2([4], float32, name=f"v{i}") for i in range(2)]
    values = [x, constant([1.0, 2.0, 3.0, 4.0]), *variables]
    for _ in range(30):
        a, b = pick.choice(values), pick.choice(values)
        make = pick.choice(
            [
                lambda a, b: a + b,
                lambda a, b: a * 0.5 - b,
                lambda a, b: add_n([a, b, a]),
                lambda a, b: identity(a),
                lambda a, b: stop_gradient(a),
                lambda a, b: reshape(reshape(a, [2, 2]), shape(b)),
                lambda a, b: a + math.cast(shape(b), "float32"),
                lambda a, b: assign_op(pick.choice(variables), a * 0.25),
                lambda a, b: assign_add_op(pick.choice(variables), b * 0.125),
                lambda a, b: waiting(a, b),
            ]
        )
        values.append(make(a, b))
    fetches = pick.sample(values, 5) + [pick.choice(values).op]
    return x, fetches


def waiting(a, b):
    with control_dependencies([a]):
        return b + 0.0


@pytest.mark.parametrize("seed", range(60))
def test_the_optimized_plan_gives_the_same(seed):
    x, fetches = some_program(seed)
    fed, results = np.array([0.5, -1.0, 2.0, 8.0], np.float32), []
    for optimize in (False, True):
        for shapes in (None, [(4,)]):
            state = {"v0": np.arange(4, dtype=np.float32), "v1": fed * 3}
            plan = Plan(fetches, [x], shapes, optimize=optimize)
            values = plan(state, [fed]) + plan(state, [fed + 1])
            results.append([*values, state["v0"], state["v1"]])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)
            assert np.asarray(a).dtype == np.asarray(b).dtype


@pytest.mark.parametrize("length", [3_000, 20_000])
def test_a_deep_chain_needs_no_recursion(length):
    x = y = placeholder("float32", [], name="same")
    for _ in range(length):
        y = add_n([y, x], name="same")
    with Session() as session:
        assert session.run(y, {x: 1.0}) == length + 1


def test_two_to_the_forty_paths():
    x = y = placeholder("float64", [], name="x")
    for _ in range(40):
        y = y + y
    with Session() as session:
        assert session.run(y, {x: 1.0}) == 2.0**40


def test_what_is_fetched_can_be_written_into():
    x, v = placeholder("float32", [2]), variable_v2([2], float32, name="v")
    c = constant([5.0, 6.0])
    doubled = x + x
    with Session() as session:
        mine = np.array([1.0, 2.0], np.float32)
        session.run(assign_op(v, x), {x: mine})
        session.run([v, c, reshape(c, [1, 2])])
        stored, y = session.run([assign_op(v, doubled), doubled], {x: mine})
        twins = session.run([x + 1.0, x + 1.0, identity(x), x], {x: mine})
        assert not any(np.shares_memory(a, mine) for a in twins)
        twins[0][:] = 0
        assert twins[1].tolist() == [2, 3]
        for array in (mine, stored, y, session.run(v), session.run(c)):
            array[:] = -1
        assert session.run([v, c, reshape(c, [2])], {x: mine})[0].tolist() == [2, 4]
        assert session.run(c).tolist() == [5, 6]


def test_one_of_two_outputs_is_fed(monkeypatch):
    both = Row("Both(x:T) -> (plus:T, minus:T)", lambda xp, x: (x, -x), view=True)
    both.shape(lambda op, x: [x, x])
    monkeypatch.setitem(ROWS, "Both", both)
    x = placeholder("float32", [])
    plus, minus = both(x)
    with Session() as session:
        assert session.run([plus, minus], {x: 3.0, plus: 7.0}) == [7.0, -3.0]
        assert session.run(plus * 2.0, {plus: 7.0}) == 14.0


def test_a_placeholder_that_is_only_waited_for_need_not_run():
    x = placeholder("float32", [])
    with control_dependencies([x]):
        y = constant(1.0) + 0.0
    with Session() as session:
        assert session.run([y, group(x)], {x: 0.0}) == [1.0, None]
        with pytest.raises(InvalidArgumentError, match="You must feed"):
            session.run(y)


def test_an_old_operation_gets_a_new_control_input():
    v = variable_v2([], float32, name="v")
    y = v + 0.0
    later = assign_op(v, 5.0)
    with Session() as session:
        session.run(assign_op(v, 1.0))
        assert session.run(y) == 1.0
        y.op._add_control_input(later.op)
        assert session.run(y) == 5.0
        later.op._add_control_input(y.op)
        with pytest.raises(InvalidArgumentError, match="contains a cycle"):
            session.run(y)


def test_a_variable_that_is_fed_cannot_be_changed():
    v = variable_v2([], float32, name="v")
    with Session() as session:
        assert session.run(v * 2.0, {v: 4.0}) == 8.0
        with pytest.raises(InvalidArgumentError, match="v:0 is fed"):
            session.run(assign_op(v, 1.0), {v: 4.0})


def test_all_variables_without_a_value_are_named():
    a, b, c = [variable_v2([], float32, name=name) for name in "abc"]
    with Session() as session:
        session.run(assign_op(b, 0.0))
        with pytest.raises(FailedPreconditionError) as caught:
            session.run(a + b + c)
        assert str(caught.value).startswith("Attempting to use uninitialized value a\n")
        assert "also uninitialized: c\n" in str(caught.value)
        assert caught.value.op.name in ("a", "add") and caught.value.error_code == 9


def test_the_message_names_node_line_and_way():
    x, y = placeholder("float32", name="x"), placeholder("float32", name="y")
    z = (x + y) * 2.0
    with Session() as session:
        with pytest.raises(InvalidArgumentError) as caught:
            session.run(z, {x: np.ones((2, 3)), y: np.ones(4)})
        first, second, *_ = str(caught.value).splitlines()
        assert first == "Incompatible shapes: [2,3] vs. [4]"
        assert second.startswith("\t [[node add (defined at ")
        assert caught.value.op.name == "add"
        with pytest.raises(InvalidArgumentError, match="needed by: mul <- add <- y"):
            session.run(z, {x: 1.0})


def test_names_that_python_or_the_plan_use_already():
    names = ["state", "np", "plan", "fetched", "add", "class", "0", "a/b", "a_b"]
    x = placeholder("float32", [1], name="lambda")
    total = x
    for name in names:
        total = add_n([total, x], name=name)
    with Session() as session:
        assert session.run(total, {x: [1.0]}).tolist() == [len(names) + 1]


def test_many_shapes_and_many_threads():
    x = placeholder("float32", [None])
    y = x + x
    session, failures = Session(), []

    def work(seed):
        for n in range(1, 40):
            array = np.full((n * seed) % 50 + 1, seed, np.float32)
            if session.run(y, {x: array}).tolist() != [2 * seed] * len(array):
                failures.append((seed, n))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with pytest.raises(ValueError, match="Cannot feed value of shape"):
        session.run(y, {x: np.ones((2, 2))})


def test_fetch_keys_do_not_collide():
    x, y = placeholder("float32", [], name="x"), constant(1.0, name="y")
    with Session() as session:
        for _ in range(2):
            assert session.run((y, y)) == (1.0, 1.0)
            assert session.run([y, y]) == [1.0, 1.0]
            assert session.run(y, {y: 3.0}) == 3.0
            assert session.run([y, [y, (y,)]]) == [1.0, [1.0, (1.0,)]]
            assert session.run([y, (y, [y])]) == [1.0, (1.0, [1.0])]
            assert session.run({"a": y, "b": {"c": (x, y)}}, {"x:0": 2.0}) == {
                "a": 1.0,
                "b": {"c": (2.0, 1.0)},
            }


def test_a_session_of_another_graph():
    with Graph().as_default():
        y = constant(2.0)
        with Session() as session:
            assert y.eval() == 2.0 and session.graph is get_default_graph()
    constant(1.0)
    with Session() as session, pytest.raises(ValueError, match="not an element of"):
        session.run(y)
