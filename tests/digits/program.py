"""A TensorFlow 1 program that learns to read digits; it does not know who runs it."""

import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "..", "pedagogy_tf", "data", "digits.npz")
TRAIN, BATCH, EPOCHS = 1500, 50, 20


def read():
    """Images (1797, 64) in [0, 1], labels (1797,); of both, the first 1500 train."""
    with np.load(DATA) as file:
        images, labels = file["images"], file["labels"]
    return images.reshape(-1, 64) / np.float32(16), labels.astype(np.int64)


def learn(tf):
    """(initial weights by name, mean loss of each epoch, guesses for the last 297)."""
    images, labels = read()
    tf.reset_default_graph()
    tf.set_random_seed(777)
    x = tf.placeholder(tf.float32, [None, 64])
    y = tf.placeholder(tf.int64, [None])
    W1 = tf.Variable(tf.random_normal([64, 128], stddev=0.1))
    b1 = tf.Variable(tf.zeros([128]))
    W2 = tf.Variable(tf.truncated_normal([128, 10], stddev=0.1))
    b2 = tf.Variable(tf.zeros([10]))
    logits = tf.matmul(tf.nn.relu(tf.matmul(x, W1) + b1), W2) + b2
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    )
    train = tf.train.AdamOptimizer(1e-3).minimize(loss)
    losses = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        start = sess.run({"W1": W1, "b1": b1, "W2": W2, "b2": b2})
        for _ in range(EPOCHS):
            total = 0.0
            for i in range(0, TRAIN, BATCH):
                feed = {x: images[i : i + BATCH], y: labels[i : i + BATCH]}
                value, _ = sess.run([loss, train], feed_dict=feed)
                total += float(value)
            losses.append(total / (TRAIN // BATCH))
        guesses = sess.run(logits, feed_dict={x: images[TRAIN:]}).argmax(1)
    return start, losses, guesses
