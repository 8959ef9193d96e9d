"""The cases in PyTorch's words."""

import torch


class Peer:
    """Builds cases with PyTorch; see peers/graph.py."""

    def __init__(self, module):
        del module

    def chain(self, length):
        """Additions and products, one after the other, of scalars."""
        x = torch.tensor(1.5)

        def run():
            y = x
            for i in range(length):
                y = y + x if i % 2 else y * 0.5
            return float(y)

        return run

    def feed(self, length):
        """One product of a vector that comes as an array."""
        import numpy as np

        array = np.ones(length, np.float32)
        return lambda: float((torch.from_numpy(array) * 2.0).numpy()[0])

    def tiny(self, _, network):
        """A training step of a tiny network."""
        return self.mlp("sgd", network)

    def mlp(self, optimizer, network):
        """A training step: loss, gradients, update."""
        layers = []
        for w, b in zip(network.weights[::2], network.weights[1::2]):
            layer = torch.nn.Linear(*w.shape)
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(w.T))
                layer.bias.copy_(torch.from_numpy(b))
            layers += [layer, torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers[:-1])
        kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
        step = kinds[optimizer](model.parameters(), lr=network.rates[optimizer])
        x, labels = torch.from_numpy(network.x), torch.from_numpy(network.labels)

        def run():
            loss = torch.nn.functional.cross_entropy(model(x), labels)
            step.zero_grad()
            loss.backward()
            step.step()
            return float(loss)

        return run
