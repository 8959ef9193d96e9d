"""Ask the real TensorFlow 1.15.5 for the checkpoints that test_checkpoints.py reads.

Run it with TensorFlow's Python, from the root of the repository:

    python tests/checkpoints/make_fixtures.py

It writes the files of three checkpoints and `fixtures.json`: the nodes of savers.
"""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf
from make_values import values

HERE = Path(__file__).resolve().parent


def save_values(prefix):
    with tf.Graph().as_default(), tf.Session() as session:
        for name, value in values():
            tf.Variable(value, name=name)
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, prefix, write_meta_graph=False)


def save_parts(prefix):
    with tf.Graph().as_default(), tf.Session() as session:
        whole = np.arange(200, dtype=np.float32).reshape(100, 2)

        def start(shape, dtype=None, partition_info=None):
            first = partition_info.var_offset[0]
            return tf.constant(whole[first : first + shape[0]])

        split = tf.fixed_size_partitioner(3)
        tf.get_variable("table", (100, 2), initializer=start, partitioner=split)
        tf.Variable(7, name="whole")
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, prefix, write_meta_graph=False)


def save_shards(prefix):
    """Two data files, as two devices would write them."""
    with tf.Graph().as_default():
        config = tf.ConfigProto(device_count={"CPU": 2})
        with tf.device("/cpu:0"):
            tf.Variable([1.0, 2.0], name="left")
        with tf.device("/cpu:1"):
            tf.Variable([3, 4, 5], name="right")
        with tf.Session(config=config) as session:
            session.run(tf.global_variables_initializer())
            saver = tf.train.Saver(sharded=True)
            saver.save(session, prefix, write_meta_graph=False)


def nodes(reshape=False, as_dict=False):
    """The nodes of a saver: type, name, inputs, device, and where they live."""
    with tf.Graph().as_default() as graph:
        w, _ = tf.Variable([1.0, 2.0], name="w"), tf.Variable(0, name="b")
        tf.Variable(1.0, name="free", validate_shape=False)
        tf.train.Saver({"old/w": w} if as_dict else None, reshape=reshape, name="save")
        found = []
        for node in graph.as_graph_def().node:
            if node.name.startswith("save"):
                company = [c.decode() for c in node.attr["_class"].list.s]
                found.append(
                    [node.op, node.name, list(node.input), node.device, company]
                )
        return found


if __name__ == "__main__":
    tf.logging.set_verbosity("ERROR")
    folder = HERE / "files"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.chdir(folder)
    save_values("values")
    save_parts("parts")
    save_shards("shards")
    graphs = {
        "plain": nodes(),
        "reshape": nodes(reshape=True),
        "dict": nodes(as_dict=True),
    }
    (HERE / "fixtures.json").write_text(json.dumps(graphs, indent=1) + "\n")
