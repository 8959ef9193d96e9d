"""The works that are timed, and the numbers that every framework gets.

A case is a name and some sizes. Each module in `peers/` has a function for the kinds of
case that it knows; all of them compute the same thing from the same arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Case:
    """One thing to time.

    Attributes:
        name: as in the table, `chain 100`.
        kind: the function in a peer's module that builds it.
        size: what the kind needs to know, a number or a word.
        unit: what one call does, for the table.
    """

    name: str
    kind: str
    size: int | str
    unit: str


CASES = [
    Case("chain 10", "chain", 10, "10 small additions and products, one run"),
    Case("chain 100", "chain", 100, "100 of them"),
    Case("chain 1000", "chain", 1000, "1000 of them"),
    Case("feed and fetch", "feed", 32, "one product of a fed vector of 32"),
    Case("tiny network", "tiny", 8, "a training step of 4-8-1, batch 4: overhead"),
    Case("MLP, gradient descent", "mlp", "sgd", "a step of 784-256-128-10, batch 128"),
    Case("MLP, Adam", "mlp", "adam", "the same with Adam"),
]


@dataclass
class Network:
    """A network with relu layers and a softmax at its end, and a batch for it.

    Attributes:
        weights: matrix, bias, matrix, bias, ...; float32.
        x: (batch, inputs) float32.
        labels: (batch,) int64.
        rates: the learning rate of each optimizer.
    """

    weights: list[np.ndarray]
    x: np.ndarray
    labels: np.ndarray
    rates: dict[str, float]


def network(sizes: list[int], batch: int) -> Network:
    """A network of given layer sizes, from a fixed seed."""
    rng = np.random.RandomState(0)
    weights = []
    for n, m in zip(sizes, sizes[1:], strict=False):
        weights.append((rng.randn(n, m) / np.sqrt(n)).astype(np.float32))
        weights.append(np.zeros(m, np.float32))
    x = rng.rand(batch, sizes[0]).astype(np.float32)
    labels = rng.randint(0, sizes[-1], batch).astype(np.int64)
    return Network(weights, x, labels, {"sgd": 0.01, "adam": 1e-4})


def mlp() -> Network:
    """784-256-128-10, batch 128."""
    return network([784, 256, 128, 10], 128)


def tiny() -> Network:
    """4-8-2, batch 4: the framework, not the arithmetic, takes the time."""
    return network([4, 8, 2], 4)
