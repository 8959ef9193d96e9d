"""Whole programs: the first lessons of many tutorials."""

from tests.conformance.harness import case


@case("tf.Session", "tf.train.GradientDescentOptimizer", within=1e-4)
def linear_regression(tf, np):
    tf.set_random_seed(777)
    x_train, y_train = [1, 2, 3], [1, 2, 3]
    w = tf.Variable(tf.random_normal([1]), name="weight")
    b = tf.Variable(tf.random_normal([1]), name="bias")
    hypothesis = x_train * w + b
    cost = tf.reduce_mean(tf.square(hypothesis - y_train))
    train = tf.train.GradientDescentOptimizer(learning_rate=0.01).minimize(cost)
    found = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for step in range(2001):
            _, a, c = sess.run([train, w, b])
            if step % 400 == 0:
                found += [a, c]
    return {"random": found[:2], "value": found}


@case("tf.placeholder", "tf.train.GradientDescentOptimizer", within=1e-5)
def linear_regression_with_feeds(tf, np):
    tf.set_random_seed(777)
    x = tf.placeholder(tf.float32, shape=[None])
    y = tf.placeholder(tf.float32, shape=[None])
    w = tf.Variable(tf.random_normal([1]), name="weight")
    b = tf.Variable(tf.random_normal([1]), name="bias")
    hypothesis = x * w + b
    cost = tf.reduce_mean(tf.square(hypothesis - y))
    optimizer = tf.train.GradientDescentOptimizer(learning_rate=0.01)
    train = optimizer.minimize(cost)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        feed = {x: [1, 2, 3, 4, 5], y: [2.1, 3.1, 4.1, 5.1, 6.1]}
        for _ in range(500):
            sess.run(train, feed_dict=feed)
        found = [sess.run(hypothesis, {x: [5]}), sess.run(hypothesis, {x: [1.5, 3.5]})]
        return [*found, sess.run([w, b, cost], feed)]


@case("tf.gradients", "tf.assign", within=1e-5)
def gradient_descent_by_hand(tf, np):
    x, y = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    w = tf.Variable(5.0, name="weight")
    cost = tf.reduce_mean(tf.square(w * x - y))
    gradient = tf.reduce_mean((w * x - y) * x)
    update = w.assign(w - 0.1 * gradient)
    found = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        feed = {x: [1, 2, 3], y: [1, 2, 3]}
        for _ in range(5):
            found.append(sess.run(cost, feed))
            found.append(sess.run(update, feed))
    return found


@case("tf.train.Optimizer.compute_gradients", within=1e-5)
def gradients_shown_before_they_are_applied(tf, np):
    w = tf.Variable(5.0)
    hypothesis = [1.0, 2.0, 3.0] * w
    gradient = tf.reduce_mean((w * [1, 2, 3] - [1, 2, 3]) * [1, 2, 3]) * 2
    cost = tf.reduce_mean(tf.square(hypothesis - [1, 2, 3]))
    optimizer = tf.train.GradientDescentOptimizer(learning_rate=0.01)
    gvs = optimizer.compute_gradients(cost)
    apply_gradients = optimizer.apply_gradients(gvs)
    found = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(4):
            found.append(sess.run([gradient, gvs]))
            sess.run(apply_gradients)
    return found


@case("tf.matmul", "tf.reduce_mean", within=1e-4)
def multivariable_regression(tf, np):
    tf.set_random_seed(777)
    data = [
        [73.0, 80.0, 75.0],
        [93.0, 88.0, 93.0],
        [89.0, 91.0, 90.0],
        [96.0, 98.0, 100.0],
    ]
    x = tf.placeholder(tf.float32, shape=[None, 3])
    y = tf.placeholder(tf.float32, shape=[None, 1])
    w = tf.Variable(tf.random_normal([3, 1]), name="weight")
    b = tf.Variable(tf.random_normal([1]), name="bias")
    hypothesis = tf.matmul(x, w) + b
    cost = tf.reduce_mean(tf.square(hypothesis - y))
    train = tf.train.GradientDescentOptimizer(learning_rate=1e-5).minimize(cost)
    costs = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        random = sess.run([w, b])
        feed = {x: data, y: [[152.0], [185.0], [180.0], [196.0]]}
        for _ in range(30):
            costs.append(sess.run([cost, hypothesis, train], feed_dict=feed)[0])
        found = sess.run([hypothesis, w, b], feed)
    return {"random": random, "value": [costs[::10], found]}


@case("tf.sigmoid", "tf.log", within=1e-4)
def logistic_regression(tf, np):
    tf.set_random_seed(777)
    x_data = [[1, 2], [2, 3], [3, 1], [4, 3], [5, 3], [6, 2]]
    y_data = [[0], [0], [0], [1], [1], [1]]
    x = tf.placeholder(tf.float32, shape=[None, 2])
    y = tf.placeholder(tf.float32, shape=[None, 1])
    w = tf.Variable(tf.random_normal([2, 1]), name="weight")
    b = tf.Variable(tf.random_normal([1]), name="bias")
    hypothesis = tf.sigmoid(tf.matmul(x, w) + b)
    cost = -tf.reduce_mean(y * tf.log(hypothesis) + (1 - y) * tf.log(1 - hypothesis))
    train = tf.train.GradientDescentOptimizer(learning_rate=0.01).minimize(cost)
    predicted = tf.cast(hypothesis > 0.5, dtype=tf.float32)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(predicted, y), dtype=tf.float32))
    feed, found = {x: x_data, y: y_data}, []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for step in range(1001):
            value, _ = sess.run([cost, train], feed_dict=feed)
            if step % 200 == 0:
                found.append(value)
        return [found[1:], sess.run([hypothesis, predicted, accuracy], feed_dict=feed)]


@case("tf.nn.softmax", "tf.one_hot", "tf.argmax", within=1e-4)
def softmax_regression(tf, np):
    tf.set_random_seed(777)
    x_data = [
        [1, 2, 1, 1],
        [2, 1, 3, 2],
        [3, 1, 3, 4],
        [4, 1, 5, 5],
        [1, 7, 5, 5],
        [1, 2, 5, 6],
    ]
    y_data = [[2], [2], [2], [1], [1], [0]]
    x = tf.placeholder(tf.float32, [None, 4])
    y = tf.placeholder(tf.int32, [None, 1])
    hot = tf.reshape(tf.one_hot(y, 3), [-1, 3])
    w = tf.Variable(tf.random_normal([4, 3]), name="weight")
    b = tf.Variable(tf.random_normal([3]), name="bias")
    logits = tf.matmul(x, w) + b
    hypothesis = tf.nn.softmax(logits)
    cost = tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits_v2(
            logits=logits, labels=tf.stop_gradient([hot])
        )
    )
    optimizer = tf.train.GradientDescentOptimizer(learning_rate=0.1).minimize(cost)
    prediction = tf.argmax(hypothesis, 1)
    correct = tf.equal(prediction, tf.argmax(hot, 1))
    accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
    feed, found = {x: x_data, y: y_data}, []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for step in range(501):
            sess.run(optimizer, feed_dict=feed)
            if step % 100 == 0:
                found.append(sess.run([cost, accuracy], feed))
        return {"value": [found[1:], sess.run([hypothesis, prediction], feed)]}


@case("tf.nn.softmax", "tf.log", within=1e-4)
def cross_entropy_by_hand(tf, np):
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y_ = tf.placeholder(tf.float32, [None, 2], name="labels")
    w = tf.Variable(tf.zeros([3, 2]))
    b = tf.Variable(tf.zeros([2]))
    y = tf.nn.softmax(tf.matmul(x, w) + b)
    cost = tf.reduce_mean(-tf.reduce_sum(y_ * tf.log(y), reduction_indices=[1]))
    step = tf.train.GradientDescentOptimizer(0.5).minimize(cost)
    correct = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
    accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
    feed = {x: [[1, 0, 2], [0, 1, -1], [1, 1, 0.5]], y_: [[1, 0], [0, 1], [1, 0]]}
    sess = tf.InteractiveSession()
    tf.global_variables_initializer().run()
    found = []
    for _ in range(10):
        step.run(feed)
        found.append([cost.eval(feed_dict=feed), accuracy.eval(feed)])
    found.append([w.eval(), b.eval()])
    sess.close()
    return found


@case("tf.tanh", "tf.train.MomentumOptimizer", within=1e-4)
def xor(tf, np):
    tf.set_random_seed(777)
    x_data = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    y_data = np.array([[0], [1], [1], [0]], dtype=np.float32)
    x = tf.placeholder(tf.float32, [None, 2])
    y = tf.placeholder(tf.float32, [None, 1])
    with tf.name_scope("layer1"):
        w1 = tf.Variable(tf.random_normal([2, 8]), name="weight1")
        b1 = tf.Variable(tf.random_normal([8]), name="bias1")
        layer1 = tf.tanh(tf.matmul(x, w1) + b1)
    with tf.name_scope("layer2"):
        w2 = tf.Variable(tf.random_normal([8, 1]), name="weight2")
        b2 = tf.Variable(tf.random_normal([1]), name="bias2")
        logits = tf.matmul(layer1, w2) + b2
    with tf.name_scope("cost"):
        loss = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits)
        cost = tf.reduce_mean(loss)
    with tf.name_scope("train"):
        train = tf.train.MomentumOptimizer(0.05, 0.9).minimize(cost)
    hypothesis = tf.sigmoid(logits)
    found = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        random = sess.run([w1, b1, w2, b2])
        for step in range(300):
            _, value = sess.run([train, cost], feed_dict={x: x_data, y: y_data})
            if step % 50 == 0:
                found.append(value)
        return {
            "random": random,
            "value": [found[1:], sess.run(hypothesis, {x: x_data})],
        }


@case(
    "tf.train.exponential_decay",
    within=1e-4,
)
def regularized_network_with_decay(tf, np):
    tf.set_random_seed(1234)
    rng = np.random.RandomState(0)
    images = rng.rand(32, 6).astype(np.float32)
    labels = rng.randint(0, 3, 32)
    x = tf.placeholder(tf.float32, shape=(16, 6))
    y = tf.placeholder(tf.float32, shape=(16, 3))
    w1 = tf.Variable(tf.truncated_normal([6, 10], stddev=0.1))
    b1 = tf.Variable(tf.constant(0.1, shape=[10]))
    w2 = tf.Variable(tf.truncated_normal([10, 3], stddev=0.1))
    b2 = tf.Variable(tf.constant(0.1, shape=[3]))
    hidden = tf.nn.relu(tf.matmul(x, w1) + b1)
    logits = tf.matmul(hidden, w2) + b2
    loss = tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits)
    )
    loss += 5e-4 * (tf.nn.l2_loss(w1) + tf.nn.l2_loss(w2))
    count = tf.Variable(0, trainable=False)
    rate = tf.train.exponential_decay(0.5, count, 4, 0.9, staircase=True)
    step = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=count)
    found = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for n in range(10):
            rows = np.arange(16) + 16 * (n % 2)
            feed = {x: images[rows], y: np.eye(3, dtype=np.float32)[labels[rows]]}
            sess.run(step, feed)
            found.append(sess.run([loss, rate, count], feed))
    return found


@case("tf.random_normal", "tf.train.AdamOptimizer", "tf.truncated_normal", within=1e-4)
def twenty_epochs_of_a_network(tf, np):
    tf.set_random_seed(777)
    x = tf.placeholder(tf.float32, [None, 64])
    y = tf.placeholder(tf.int64, [None])
    w1 = tf.Variable(tf.random_normal([64, 128], stddev=0.1))
    b1 = tf.Variable(tf.zeros([128]))
    w2 = tf.Variable(tf.truncated_normal([128, 10], stddev=0.1))
    b2 = tf.Variable(tf.zeros([10]))
    logits = tf.matmul(tf.nn.relu(tf.matmul(x, w1) + b1), w2) + b2
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(entropy)
    train = tf.train.AdamOptimizer(1e-3).minimize(loss)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), y), tf.float32))
    rng = np.random.RandomState(1)
    images = rng.randint(0, 17, (600, 64)) / np.float32(16)
    labels = np.argmax(images[:, :10], 1)
    losses = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        weights = sess.run([w1, w2])
        for _ in range(20):
            total = 0.0
            for i in range(0, 600, 60):
                feed = {x: images[i : i + 60], y: labels[i : i + 60]}
                total += sess.run([train, loss], feed)[1]
            losses.append(np.float32(total / 10))
        result = sess.run([loss, accuracy], {x: images, y: labels})
    return {"random": weights, "value": [losses, result]}
