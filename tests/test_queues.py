"""Queues and threads: everybody who waits is woken, with TensorFlow's words.

Each test runs in a thread of its own with a limit of time, so that a hang fails.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
import time

import numpy as np
import pytest

import pedagogy_tf as tf
from pedagogy_tf.core import queues

LIMIT = 20  # seconds


def limited(test):
    """A test that fails if it hangs."""

    @functools.wraps(test)
    def run(*args, **kwargs):
        failures = []

        def target():
            try:
                with tf.Graph().as_default():
                    test(*args, **kwargs)
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        thread.join(LIMIT)
        assert not thread.is_alive(), f"{test.__name__} hangs"
        if failures:
            raise failures[0]

    return run


def first_line(function):
    """The value of a function, or the class and first line of its error."""
    try:
        return function()
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


class Later:
    """A run in another thread; `result()` is as first_line gives it."""

    def __init__(self, session, fetch):
        self.found = []
        work = functools.partial(session.run, fetch)
        self.thread = threading.Thread(
            target=lambda: self.found.append(first_line(work)), daemon=True
        )
        self.thread.start()
        time.sleep(0.1)

    def result(self):
        self.thread.join(5)
        assert self.found, "it still waits"
        return self.found[0]


MAKE = {
    "FIFOQueue": lambda n: tf.FIFOQueue(n, tf.int32, [[2]]),
    "RandomShuffleQueue": lambda n: tf.RandomShuffleQueue(n, 0, tf.int32, [[2]]),
    "PaddingFIFOQueue": lambda n: tf.PaddingFIFOQueue(n, [tf.int32], [[2]]),
}
kinds = pytest.mark.parametrize("kind", MAKE)


def words(kind):
    """What TensorFlow calls a queue when one element is concerned."""
    return "FIFOQueue" if kind == "PaddingFIFOQueue" else kind


@kinds
@limited
def test_a_closed_queue(kind):
    q, x = MAKE[kind](3), tf.placeholder(tf.int32)
    name = f"_0_{q.name}"
    four, some, none, one = (
        q.dequeue_many(4),
        q.dequeue_up_to(5),
        q.dequeue_many(0),
        q.dequeue(),
    )
    put, puts, close, cancel = (
        q.enqueue([[1, 2]]),
        q.enqueue_many([[[1, 2], [3, 4], [5, 6]]]),
        q.close(),
        q.close(cancel_pending_enqueues=True),
    )
    size, closed, fed = q.size(), q.is_closed(), q.enqueue_many(x)
    with tf.Session() as s:
        text = first_line(lambda: s.run(fed, {x: [[1, 2, 3]]}))
        error = "InvalidArgumentError: Shape mismatch in tuple component 0. Expected "
        assert text == f"{error}[1,2], got [1,3]"
        waiting = Later(s, four)
        s.run(puts)
        time.sleep(0.1)
        assert s.run([size, closed]) == [0, False]
        s.run(close)
        lack = "is closed and has insufficient elements (requested"
        assert waiting.result() == (
            f"OutOfRangeError: {kind} '{name}' {lack} 1, current size 0)"
        )
        assert s.run([size, closed]) == [3, True]  # they went back
        for op in (put, puts):
            text = f"CancelledError: {words(kind)} '{name}' is closed."
            assert first_line(lambda op=op: s.run(op)) == text
        text = f"CancelledError: Queue '{name}' is already closed."
        assert first_line(lambda: s.run(close)) == text
        assert s.run(cancel) is None
        assert sorted(s.run(some).tolist()) == [[1, 2], [3, 4], [5, 6]]
        text = f"OutOfRangeError: {kind} '{name}' {lack} 5, current size 0)"
        assert first_line(lambda: s.run(some)) == text
        text = f"OutOfRangeError: {words(kind)} '{name}' {lack} 1, current size 0)"
        assert first_line(lambda: s.run(one)) == text
        assert s.run(none).shape == (0, 2)


@kinds
@limited
def test_closing_waits_behind_those_who_came_before(kind):
    q = MAKE[kind](2)
    puts, close, put = (
        q.enqueue_many([[[1, 2], [3, 4], [5, 6]]]),
        q.close(),
        q.enqueue([[7, 8]]),
    )
    one, state, cancel = q.dequeue(), [q.size(), q.is_closed()], q.close(True)
    with tf.Session() as s:
        waiting = [Later(s, puts), Later(s, close), Later(s, put)]
        assert s.run(state) == [2, False]
        s.run(one)
        results = [w.result() for w in waiting]
        assert results[:2] == [None, None]
        assert results[2] == f"CancelledError: {words(kind)} '_0_{q.name}' is closed."
        assert s.run(state) == [2, True]
    with tf.Session() as s:
        waiting = Later(s, puts)
        s.run(cancel)
        assert waiting.result() == "CancelledError: Enqueue operation was cancelled"
        assert s.run(state) == [2, True]


@kinds
@limited
def test_closing_the_session_wakes_everybody(kind):
    empty, full = MAKE[kind](2), MAKE[kind](1)
    one, puts = empty.dequeue(), full.enqueue_many([[[1, 2], [3, 4]]])
    s = tf.Session()
    waiting = Later(s, one), Later(s, puts)
    s.close()
    results = [w.result() for w in waiting]
    assert results == [
        "CancelledError: Dequeue operation was cancelled",
        "CancelledError: Enqueue operation was cancelled",
    ]


@limited
def test_wrong_requests():
    n = tf.placeholder(tf.int32)
    for q in (tf.FIFOQueue(3, tf.int32), tf.RandomShuffleQueue(3, 0, tf.int32)):
        kind = type(q).__name__
        with tf.Session() as s:
            error = f"InvalidArgumentError: {kind}'s DequeueMany and DequeueUpTo "
            error += "require the components to have specified shapes."
            assert first_line(lambda q=q, s=s: s.run(q.dequeue_many(2))) == error
    many = tf.FIFOQueue(3, tf.int32, [[]]).dequeue_many(n)
    with tf.Session() as s:
        error = "InvalidArgumentError: DequeueManyOp requested -1 < 0 elements"
        assert first_line(lambda: s.run(many, {n: -1})) == error
        bad = tf.RandomShuffleQueue(3, 3, tf.int32).size()
        error = "InvalidArgumentError: min_after_dequeue 3 must be < capacity 3"
        assert first_line(lambda: s.run(bad)) == error
    with pytest.raises(ValueError, match="All shapes must be fully defined: "):
        tf.FIFOQueue(3, tf.int32, [[None]])
    with pytest.raises(ValueError, match=r"Shapes \(1,\) and \(2,\) are incompatible"):
        tf.FIFOQueue(3, tf.int32, [[2]]).enqueue([[1]])


@limited
def test_names_and_padding():
    q = tf.PaddingFIFOQueue(9, [tf.int32, tf.string], [[None], [None, 2]], ["n", "t"])
    puts = [q.enqueue({"n": [1] * i, "t": [["a", "b"]] * (3 - i)}) for i in range(1, 3)]
    both = q.dequeue_many(2)
    with tf.Session() as s:
        for put in puts:
            s.run(put)
        found = s.run(both)
    assert found["n"].tolist() == [[1, 0], [1, 1]]
    assert found["t"].tolist() == [
        [[b"a", b"b"], [b"a", b"b"]],
        [[b"a", b"b"], [b"", b""]],
    ]


@limited
def test_starved_queues_say_so(monkeypatch):
    """With nobody else there: this thread stands for the whole program."""
    here = threading.current_thread()
    others = [t for t in threading.enumerate() if t is not here]
    monkeypatch.setattr(queues, "BYSTANDERS", set(others))
    q = tf.FIFOQueue(1, tf.int32, [[]])
    one, puts = q.dequeue(), q.enqueue_many([[1, 2]])
    with tf.Session() as s:
        with pytest.raises(tf.errors.DeadlineExceededError, match="is empty"):
            s.run(one)
        with pytest.raises(tf.errors.DeadlineExceededError, match="is full"):
            s.run(puts)
        assert s.run(one) == 1  # the session is usable


@limited
def test_a_slow_producer_is_waited_for():
    q = tf.FIFOQueue(1, tf.int32, [[]])
    put, one = q.enqueue(7), q.dequeue()
    with tf.Session() as s:
        late = threading.Timer(2.0, lambda: s.run(put))
        late.start()
        assert s.run(one) == 7


def test_an_interrupt_leaves_the_session_usable():
    with tf.Graph().as_default(), tf.Session() as s:
        q = tf.FIFOQueue(5, tf.int32, [[]])
        put, three, size = q.enqueue([1]), q.dequeue_many(3), q.size()
        s.run(put)
        timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
        guard = threading.Timer(LIMIT, s.close)
        timer.start(), guard.start()
        with pytest.raises(KeyboardInterrupt):
            s.run(three)
        guard.cancel()
        assert s.run(size) == 1  # what it had taken went back
        s.run(put), s.run(put)
        assert s.run(three).tolist() == [1, 1, 1]


@limited
def test_a_failing_runner_reports_to_join():
    x = tf.placeholder(tf.int32, [])
    number = tf.train.batch([x], 2)  # nobody feeds the placeholder
    coord = tf.train.Coordinator()
    with tf.Session() as s:
        threads = tf.train.start_queue_runners(s, coord)
        assert [t.name.split("-", 1)[1] for t in threads] == [
            "batch/fifo_queue-batch/fifo_queue_enqueue",
            "batch/fifo_queue-close_on_stop",
        ]
        error = "OutOfRangeError: FIFOQueue '_0_batch/fifo_queue' is closed and has "
        error += "insufficient elements (requested 2, current size 0)"
        assert first_line(lambda: s.run(number)) == error
        with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed"):
            coord.join(threads)


@limited
def test_stragglers():
    coord, go = tf.train.Coordinator(), threading.Event()
    thread = threading.Thread(target=go.wait, name="slow", daemon=True)
    thread.start()
    coord.request_stop()
    with pytest.raises(RuntimeError, match="threads still running: slow"):
        coord.join([thread], stop_grace_period_secs=0.2)
    coord.join([thread], stop_grace_period_secs=0.2, ignore_live_threads=True)
    go.set()
    with pytest.raises(KeyError):
        coord.request_stop(KeyError("nobody else to tell"))
    coord.clear_stop()
    assert not coord.should_stop()


@limited
def test_many_threads_lose_nothing():
    q, n = tf.RandomShuffleQueue(7, 2, tf.int32, [[]]), 300
    x = tf.placeholder(tf.int32, [None])
    puts, five, close = q.enqueue_many([x]), q.dequeue_up_to(5), q.close()
    got = []
    with tf.Session() as s:

        def give(start):
            for i in range(start, n, 3):
                s.run(puts, {x: [i]})

        def take():
            with tf.train.Coordinator().stop_on_exception():
                while True:
                    got.extend(s.run(five).tolist())

        givers = [threading.Thread(target=give, args=[i]) for i in range(3)]
        takers = [threading.Thread(target=take) for _ in range(3)]
        for thread in givers + takers:
            thread.start()
        for thread in givers:
            thread.join()
        s.run(close)
        for thread in takers:
            thread.join()
    assert sorted(got) == list(range(n))


@limited
def test_the_nodes_of_a_batch():
    x = tf.constant([[1.0, 2.0]])
    batch = tf.train.shuffle_batch([x], 4, 100, 10, enqueue_many=True, seed=3)
    graph = tf.get_default_graph()
    names = [op.name.removeprefix("shuffle_batch/") for op in graph.get_operations()]
    queue = "random_shuffle_queue"
    gauge = "fraction_over_10_of_90_full"
    assert names[1:] == [
        "Const",
        queue,
        f"{queue}_EnqueueMany",
        f"{queue}_Close",
        f"{queue}_Close_1",
        f"{queue}_Size",
        "sub/y",
        "sub",
        "Maximum/x",
        "Maximum",
        "Cast",
        "mul/y",
        "mul",
        f"{gauge}/tags",
        gauge,
        "n",
        "shuffle_batch",
    ]
    assert batch.shape.as_list() == [4, 2]
    attrs = graph.get_operation_by_name(f"shuffle_batch/{queue}").attrs
    assert (attrs["seed"], attrs["seed2"]) == (87654321, 3)


@limited
def test_the_nodes_of_a_producer():
    tf.train.slice_input_producer([tf.zeros([5, 2]), [1, 2, 3, 4, 5]], num_epochs=1)
    names = [op.name for op in tf.get_default_graph().get_operations()]
    outer, inner = "input_producer/", "input_producer/input_producer/"
    assert names == [
        "zeros",
        *[f"{outer}{n}" for n in ("Const", "Shape", "strided_slice/stack")],
        *[f"{outer}strided_slice{n}" for n in ("/stack_1", "/stack_2", "")],
        *[f"{inner}{n}" for n in ("range/start", "range/delta", "range")],
        *[f"{inner}{n}" for n in ("RandomShuffle", "limit_epochs/Const")],
        *[f"{inner}limit_epochs/epochs{n}" for n in ("", "/Assign", "/read")],
        *[f"{inner}limit_epochs{n}" for n in ("/CountUpTo", "")],
        inner[:-1],
        *[f"{inner}input_producer_{n}" for n in ("EnqueueMany", "Close", "Close_1")],
        *[f"{inner}{n}" for n in ("input_producer_Size", "Cast", "mul/y", "mul")],
        *[f"{inner}fraction_of_32_full{n}" for n in ("/tags", "")],
        f"{outer}input_producer_Dequeue",
        *[f"{outer}{n}" for n in ("GatherV2/axis", "GatherV2")],
        *[f"{outer}{n}" for n in ("GatherV2_1/axis", "GatherV2_1")],
    ]


@limited
def test_an_epoch_in_batches():
    x, y = np.arange(12.0).reshape(6, 2), np.arange(6)
    row, label = tf.train.slice_input_producer([x, y], num_epochs=2, seed=5)
    rows, labels = tf.train.shuffle_batch(
        [row, label], 5, 20, 3, seed=1, allow_smaller_final_batch=True
    )
    seen, coord = [], tf.train.Coordinator()
    with tf.Session() as s:
        s.run(tf.local_variables_initializer())
        tf.train.start_queue_runners(s, coord)
        with coord.stop_on_exception():
            while not coord.should_stop():
                x_value, y_value = s.run([rows, labels])
                assert (x_value[:, 0] == 2 * y_value).all()
                seen += y_value.tolist()
        coord.join()
    assert sorted(seen) == sorted([*range(6)] * 2)
