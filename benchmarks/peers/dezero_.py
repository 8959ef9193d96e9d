"""The cases with DeZero, the framework of a well-known book."""

import numpy as np
from dezero import Variable, optimizers
from dezero import functions as F
from dezero.models import MLP


class Peer:
    """Builds cases with DeZero; see peers/graph.py."""

    def __init__(self, module):
        del module

    def chain(self, length):
        """Additions and products, one after the other, of scalars."""
        x = Variable(np.array(1.5, np.float32))

        def run():
            y = x
            for i in range(length):
                y = y + x if i % 2 else y * 0.5
            return float(y.data)

        return run

    def feed(self, length):
        """One product of a vector."""
        array = np.ones(length, np.float32)
        return lambda: float((Variable(array) * 2.0).data[0])

    def tiny(self, _, network):
        """A training step of a tiny network."""
        return self.mlp("sgd", network)

    def mlp(self, optimizer, network):
        """A training step: loss, gradients, update."""
        model = MLP([b.size for b in network.weights[1::2]], activation=F.relu)
        kinds = {"sgd": optimizers.SGD, "adam": optimizers.Adam}
        step = kinds[optimizer](network.rates[optimizer]).setup(model)
        model(network.x)  # makes the weights
        for layer, w, b in zip(
            model.layers, network.weights[::2], network.weights[1::2]
        ):
            layer.W.data, layer.b.data = w.copy(), b.copy()

        def run():
            loss = F.softmax_cross_entropy(model(network.x), network.labels)
            model.cleargrads()
            loss.backward()
            step.update()
            return float(loss.data)

        return run
