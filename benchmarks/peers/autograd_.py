"""The cases with HIPS autograd: NumPy with derivatives, no graph kept."""

import autograd.numpy as np
from autograd import value_and_grad


class Peer:
    """Builds cases with autograd; see peers/graph.py."""

    def __init__(self, module):
        del module

    def chain(self, length):
        """Additions and products, one after the other, of scalars."""
        x = np.float32(1.5)

        def run():
            y = x
            for i in range(length):
                y = y + x if i % 2 else y * np.float32(0.5)
            return float(y)

        return run

    def feed(self, length):
        """One product of a vector."""
        array = np.ones(length, np.float32)
        return lambda: float((array * np.float32(2))[0])

    def tiny(self, _, network):
        """A training step of a tiny network."""
        return self.mlp("sgd", network)

    def mlp(self, optimizer, network):
        """A training step: loss, gradients, update."""
        if optimizer != "sgd":
            return None
        weights = [w.copy() for w in network.weights]
        rows = np.arange(len(network.labels))

        def loss(weights):
            hidden = network.x
            for i in range(0, len(weights), 2):
                hidden = np.dot(hidden, weights[i]) + weights[i + 1]
                if i < len(weights) - 2:
                    hidden = np.maximum(hidden, 0)
            top = np.max(hidden, axis=1, keepdims=True)
            total = np.log(np.sum(np.exp(hidden - top), axis=1)) + top[:, 0]
            return np.mean(total - hidden[rows, network.labels])

        slope = value_and_grad(loss)

        def run():
            value, grads = slope(weights)
            for w, g in zip(weights, grads):
                w -= network.rates["sgd"] * g
            return float(value)

        return run
