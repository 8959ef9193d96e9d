"""One framework in one interpreter: builds a case, runs it, says how long it took.

Started by `python -m benchmarks`. Reads a line of JSON for each order and answers with
one.
"""

import importlib
import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

MODULES = {  # peer -> (module with the cases, module of the framework)
    "pedagogy_tf": ("peers.graph", "pedagogy_tf"),
    "tensorflow-1.15": ("peers.graph", "tensorflow"),
    "tensorflow-2": ("peers.graph", "tensorflow.compat.v1"),
    "pytorch": ("peers.torch_", "torch"),
    "autograd": ("peers.autograd_", "autograd"),
    "dezero": ("peers.dezero_", "dezero"),
}


def load(name):
    """The peer, ready to build cases."""
    text, framework = MODULES[name]
    tf = importlib.import_module(framework)
    if name == "tensorflow-2":
        tf.disable_eager_execution()
    return importlib.import_module(text).Peer(tf)


def build(peer, kind, size, arrays):
    """The function that does the work of a case once; None if the peer has none."""
    method = getattr(peer, kind, None)
    if method is None:
        return None
    return method(size) if arrays is None else method(size, arrays)


class Arrays:
    """What a case computes with; see cases.Network."""

    def __init__(self, path):
        import numpy as np

        data = np.load(path)
        count = len([key for key in data.files if key.startswith("w")])
        self.weights = [data["w{}".format(i)] for i in range(count)]
        self.x, self.labels = data["x"], data["labels"]
        self.rates = {name: float(data[name]) for name in ("sgd", "adam")}


def said(error):
    """The class of an error and its first line."""
    return "{}: {}".format(type(error).__name__, str(error).split("\n")[0])


def seconds(work, at_least):
    """The time of one call, from as many calls as fill `at_least` seconds."""
    count, total = 1, 0.0
    while True:
        start = time.perf_counter()
        for _ in range(count):
            work()
        total = time.perf_counter() - start
        if total >= at_least:
            return total / count
        count = max(count + 1, int(count * min(10, 1.2 * at_least / max(total, 1e-9))))


def main(name):
    """Answer orders until there are no more."""
    out = os.fdopen(os.dup(1), "w")  # what frameworks print does not get in the way
    os.dup2(2, 1)
    try:
        peer = load(name)
    except Exception as error:
        print(json.dumps({"missing": said(error)}), file=out, flush=True)
        return
    version = getattr(sys.modules[MODULES[name][1].split(".")[0]], "__version__", "")
    print(json.dumps({"version": str(version)}), file=out, flush=True)
    work = None
    for line in sys.stdin:
        order = json.loads(line)
        answer = {}
        try:
            if "build" in order:
                arrays = Arrays(order["arrays"]) if order["arrays"] else None
                work = build(peer, order["build"], order["size"], arrays)
                answer = {"first": [work() for _ in range(3)] if work else None}
            else:
                answer = {"seconds": seconds(work, order["at_least"])}
        except Exception as error:
            answer = {"error": said(error)}
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
