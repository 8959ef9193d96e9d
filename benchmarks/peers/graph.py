"""The cases in TensorFlow 1's words: one text for us and for the originals."""

import numpy as np


class Peer:
    """Builds cases with a module that has TensorFlow 1's names.

    Each method returns a function that does the work once, and gives a number by which
    frameworks are compared before they are timed.
    """

    def __init__(self, tf):
        self.tf = tf

    def session(self):
        """A session with as many threads as the benchmark asks for."""
        return self.tf.Session()

    def chain(self, length):
        """Additions and products, one after the other, of scalars."""
        tf = self.tf
        with tf.Graph().as_default():
            x = tf.placeholder(tf.float32, [])
            y = x
            for i in range(length):
                y = y + x if i % 2 else y * 0.5
            session = self.session()
        return lambda: float(session.run(y, {x: 1.5}))

    def feed(self, length):
        """One product of a fed vector."""
        tf = self.tf
        with tf.Graph().as_default():
            x = tf.placeholder(tf.float32, [None])
            y = x * 2.0
            session = self.session()
        array = np.ones(length, np.float32)
        return lambda: float(session.run(y, {x: array})[0])

    def tiny(self, _, network):
        """A training step of a tiny network."""
        return self.mlp("sgd", network)

    def mlp(self, optimizer, network):
        """A training step: loss, gradients, update."""
        tf = self.tf
        with tf.Graph().as_default():
            x = tf.placeholder(tf.float32, [None, network.x.shape[1]])
            labels = tf.placeholder(tf.int64, [None])
            variables = [tf.Variable(w) for w in network.weights]
            hidden = x
            for i in range(0, len(variables), 2):
                hidden = tf.matmul(hidden, variables[i]) + variables[i + 1]
                if i < len(variables) - 2:
                    hidden = tf.nn.relu(hidden)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(
                    labels=labels, logits=hidden
                )
            )
            kinds = {
                "sgd": tf.train.GradientDescentOptimizer,
                "adam": tf.train.AdamOptimizer,
            }
            train = kinds[optimizer](network.rates[optimizer]).minimize(loss)
            session = self.session()
            session.run(tf.global_variables_initializer())
        feed = {x: network.x, labels: network.labels}
        return lambda: float(session.run([loss, train], feed)[0])
