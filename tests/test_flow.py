"""Branches in loops in branches: random programs mean what they mean in Python.

A program is a tree that is read twice: once with Python's own `if` and `for`, and once
with `cond` and `while_loop`. Values must agree, slopes must agree with differences, and
a plan that leaves nothing out must give what the usual one gives.
"""

import math
import random

import pytest

import pedagogy_tf as tf


class Python:
    """What a program means without any graph."""

    sin, tanh = math.sin, math.tanh

    @staticmethod
    def choose(x, then, other):
        return then() if x > 0.3 else other()

    @staticmethod
    def repeat(count, turn, start):
        for _ in range(count):
            start = turn(start)
        return start


class Graph:
    """The same in a graph."""

    @staticmethod
    def sin(x):
        return tf.sin(x)

    @staticmethod
    def tanh(x):
        return tf.tanh(x)

    @staticmethod
    def choose(x, then, other):
        return tf.cond(x > 0.3, then, other)

    @staticmethod
    def repeat(count, turn, start):
        def body(i, x):
            return i + 1, turn(x)

        return tf.while_loop(lambda i, x: i < count, body, [0, start])[1]


def random_program(chance, depth, names):
    """A tree: (kind, parts), where names are numbers of values that exist."""
    kinds = ["add", "mul", "sin", "sub"] + ["choose", "repeat"] * 3 * (depth > 0)
    kind, a, b = chance.choice(kinds), chance.randrange(names), chance.randrange(names)
    parts = []
    if kind == "choose":
        parts = [random_block(chance, depth - 1, names) for _ in range(2)]
    if kind == "repeat":
        parts = [chance.randrange(4), random_block(chance, depth - 1, names + 1)]
    return kind, a, b, parts


def random_block(chance, depth, names):
    length = chance.randint(1, 2)
    return [random_program(chance, depth, names + i) for i in range(length)]


def meaning(block, values, world):
    """The last value of a block, in one of the two worlds."""
    values = list(values)
    for kind, a, b, parts in block:
        x, y = values[a], values[b]
        if kind == "add":
            found = x + y
        elif kind == "sub":
            found = x - y
        elif kind == "mul":
            found = x * y * 0.5
        elif kind == "sin":
            found = world.sin(x) + 0.1
        elif kind == "choose":
            then, other = [lambda p=p: meaning(p, values, world) for p in parts]
            found = world.choose(x, then, other)
        else:
            found = world.repeat(parts[0], turn_of(parts[1], values, world), x)
        values.append(found)
    return values[-1]


def turn_of(block, values, world):
    """What one turn of a loop makes of its variable."""
    return lambda z: world.tanh(meaning(block, [*values, z], world))


@pytest.mark.parametrize("seed", range(40))
def test_program(seed):
    chance = random.Random(seed)
    block = [random_program(chance, 2, 2 + i) for i in range(4)]
    xs = [tf.placeholder(tf.float64, [], name=name) for name in "xy"]
    z = meaning(block, xs, Graph)
    slopes = tf.gradients(z, xs, unconnected_gradients="zero")
    usual, plain = tf.Session(), tf.Session()
    plain.optimize = False
    for point in ((0.51, -0.37), (1.23, 0.94), (-0.71, 0.13)):
        feeds = dict(zip(xs, point, strict=True))
        value, *found = usual.run([z, *slopes], feeds)
        assert value == pytest.approx(meaning(block, point, Python), rel=1e-9)
        assert plain.run([z, *slopes], feeds) == [value, *found]
        for i, slope in enumerate(found):
            ends = []
            for step in (1e-6, -1e-6):
                moved = [v + step * (i == k) for k, v in enumerate(point)]
                ends.append(meaning(block, moved, Python))
            assert slope == pytest.approx(
                (ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-6
            )
