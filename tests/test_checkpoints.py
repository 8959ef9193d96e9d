"""Checkpoints: TensorFlow's are read, ours are the same, and damage is never believed.

`checkpoints/make_fixtures.py` asked TensorFlow 1.15.5 for the files and the nodes.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import pedagogy_tf as tf
from pedagogy_tf.core import checkpoint
from pedagogy_tf.core.checkpoint import (
    NewCheckpointReader,
    crc_in_lanes,
    crc_of_bytes,
    data_file,
    load_variable,
    read_table,
    write_bundle,
    write_table,
)
from pedagogy_tf.core.op import plain
from tests.checkpoints import make_values

HERE = Path(__file__).parent / "checkpoints"
FILES = HERE / "files"
THEIRS = json.loads((HERE / "fixtures.json").read_text())
VALUES = dict(make_values.values())


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def saved(prefix, *names):
    """A session's variables x, y, ... with the values 0, 1, ... in a checkpoint."""
    write_bundle(prefix, [(n, np.float32(i), "") for i, n in enumerate(names)])


# ---- the same files


@pytest.mark.parametrize("name", sorted(VALUES))
def test_reads_what_tensorflow_wrote(name):
    theirs, value = load_variable(str(FILES / "values"), name), VALUES[name]
    assert theirs.dtype == value.dtype and theirs.shape == value.shape
    assert np.array_equal(theirs, value)


def test_reads_parts_and_several_data_files():
    whole = np.arange(200, dtype=np.float32).reshape(100, 2)
    reader = NewCheckpointReader(str(FILES / "parts"))
    assert (reader.get_tensor("table") == whole).all()
    assert reader.get_tensor("whole") == 7
    reader = NewCheckpointReader(str(FILES / "shards"))
    assert reader.get_tensor("left").tolist() == [1, 2]
    assert reader.get_tensor("right").tolist() == [3, 4, 5]


def test_writes_what_tensorflow_wrote(here):
    with tf.Graph().as_default(), tf.Session() as session:
        for name, value in VALUES.items():
            tf.Variable(tf.constant(value, tf.as_dtype(value.dtype)), name=name)
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, "values")
    for ending in (".index", ".data-00000-of-00001"):
        name = f"values{ending}"
        assert (here / name).read_bytes() == (FILES / name).read_bytes()


def test_writes_the_parts_that_tensorflow_wrote(here):
    whole, first = np.arange(200, dtype=np.float32).reshape(100, 2), 0
    parts = []
    for rows in (34, 33, 33):
        text = f"100 2 {first},{rows}:0,2"
        parts.append(("table", whole[first : first + rows], text))
        first += rows
    write_bundle("parts", [*parts, ("whole", np.int32(7), "")])
    for ending in (".index", ".data-00000-of-00001"):
        name = f"parts{ending}"
        assert (here / name).read_bytes() == (FILES / name).read_bytes()


@pytest.mark.parametrize("case", sorted(THEIRS))
def test_nodes_are_those_of_tensorflow(case):
    with tf.Graph().as_default() as graph:
        w, _ = tf.Variable([1.0, 2.0], name="w"), tf.Variable(0, name="b")
        tf.Variable(1.0, name="free", validate_shape=False)
        chosen = {"old/w": w} if case == "dict" else None
        tf.train.Saver(chosen, reshape=case == "reshape", name="save")
        ours = []
        for o in graph.get_operations():
            if o.name.startswith("save"):
                company = [plain(c) for c in o.attrs.get("_class", [])]
                inputs = [t.name.removesuffix(":0") for t in o.inputs]
                inputs += [f"^{c.name}" for c in o.control_inputs]
                ours.append([o.type, o.name, inputs, o.device, company])
    assert ours == THEIRS[case]


@pytest.mark.parametrize("size", [0, 1, 1000, 16384, 16385, 99_991, 1 << 20])
def test_checksums_agree(size):
    data = np.random.default_rng(size).bytes(size)
    library = crc_of_bytes(data, 0xFFFFFFFF)
    if size > 1000:
        assert crc_in_lanes(data, 0xFFFFFFFF) == library


def test_table_of_many_blocks():
    items = [(f"{i:06d}".encode(), bytes(100)) for i in range(10_000)]
    assert list(read_table(write_table(items))) == items


# ---- savers


def test_restores_into_other_names_and_shapes(here):
    with tf.Graph().as_default(), tf.Session() as session:
        tf.Variable([1.0, 2.0, 3.0, 4.0], name="old")
        session.run(tf.global_variables_initializer())
        assert tf.train.Saver().save(session, "m") == "m"
    with tf.Graph().as_default(), tf.Session() as session:
        new = tf.Variable([[0.0, 0.0], [0.0, 0.0]], name="new")
        tf.train.Saver({"old": new}, reshape=True).restore(session, "m")
        assert session.run(new).tolist() == [[1, 2], [3, 4]]


def test_misfits_leave_everything_as_it_was(here):
    saved("m", "a", "b")
    with tf.Graph().as_default(), tf.Session() as session:
        a, b = tf.Variable(7.0, name="a"), tf.Variable([1.0, 2.0], name="b")
        session.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"lhs shape= \[2\]"):
            tf.train.Saver().restore(session, "m")
        with pytest.raises(tf.errors.NotFoundError, match="Key c not found"):
            tf.train.Saver({"a": a, "c": b}).restore(session, "m")
        c = tf.Variable(1, name="c")
        with pytest.raises(tf.errors.InvalidArgumentError, match="dtype int32"):
            tf.train.Saver({"a": a, "b": c}).restore(session, "m")
        assert session.run(a) == 7


def test_counts_and_removes(here):
    with tf.Graph().as_default(), tf.Session() as session:
        tf.Variable(1.0, name="x")
        session.run(tf.global_variables_initializer())
        saver = tf.train.Saver(max_to_keep=2)
        for step in range(4):
            saver.save(session, "m", step)
        assert saver.last_checkpoints == ["m-2", "m-3"]
        assert sorted(os.listdir(".")) == [
            "checkpoint",
            "m-2.data-00000-of-00001",
            "m-2.index",
            "m-3.data-00000-of-00001",
            "m-3.index",
        ]
        other = tf.train.Saver(max_to_keep=2)
        other.recover_last_checkpoints(["m-1", "m-2", "m-3"])
        assert other.last_checkpoints == ["m-2", "m-3"]
        other.save(session, "m", np.int64(4))
        assert other.last_checkpoints == ["m-3", "m-4"]
        assert tf.train.latest_checkpoint(".") == "./m-4"
        path = saver.save(session, "n", 5, write_state=False)
        assert path == "n-5" and tf.train.latest_checkpoint(".") == "./m-4"


def test_names_in_the_state_file(here):
    """As TensorFlow writes them: absolute, relative, and letters as octal numbers."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.Variable(1.0, name="x")
        session.run(tf.global_variables_initializer())
        saver = tf.train.Saver()
        saver.save(session, f"{here}/é/m", 3)
        text = Path("é/checkpoint").read_text()
        assert text.startswith(f'model_checkpoint_path: "{here}/\\303\\251/m-3"\n')
        assert tf.train.latest_checkpoint("é") == f"{here}/é/m-3"
        relative = tf.train.Saver(save_relative_paths=True)
        relative.save(session, f"{here}/r/m")
        assert 'model_checkpoint_path: "m"' in Path("r/checkpoint").read_text()
        tf.train.Saver().save(session, "k/m")
        assert 'all_model_checkpoint_paths: "m"' in Path("k/checkpoint").read_text()


def test_what_a_saver_refuses(here):
    with tf.Graph().as_default(), tf.Session() as session:
        Saver = tf.train.Saver
        for empty in (None, []):
            with pytest.raises(ValueError, match="No variables to save"):
                Saver(empty)
        x = tf.Variable(1.0, name="x")
        with pytest.raises(ValueError, match=r"At least two variables .* name: x"):
            Saver([x, x])
        with pytest.raises(ValueError, match="restored with two names: b"):
            Saver({"a": x, "b": x})
        with pytest.raises(TypeError, match="Variable to save is not a Variable"):
            Saver([tf.constant(1.0)])
        with pytest.raises(TypeError, match="passed in a dict or a list"):
            Saver(5)
        with pytest.raises(TypeError, match="Name is not a string: 3"):
            Saver({3: x})
        saver = Saver()
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized"):
            os.mkdir("u")
            saver.save(session, "u/m")
        session.run(x.initializer)
        with pytest.raises(ValueError, match="must not contain path components"):
            saver.save(session, "m", latest_filename="a/b")
        with pytest.raises(ValueError, match="collides"):
            saver.save(session, "checkpoint")
        with pytest.raises(TypeError, match="'sess' must be a Session; None"):
            saver.save(None, "m")
        Path("file").write_text("")
        with pytest.raises(ValueError, match="Parent directory of file/m"):
            saver.save(session, "file/m")
        with pytest.raises(ValueError, match="save_path when it is None"):
            saver.restore(session, None)
        with pytest.raises(ValueError, match="not a valid checkpoint: nope"):
            saver.restore(session, "nope")
        late = Saver(defer_build=True)
        with pytest.raises(RuntimeError, match="should be called before save"):
            late.save(session, "m")
        late.build()
        assert late.save(session, "m") == "m"
        nothing = Saver([], allow_empty=True)
        assert nothing.save(session, "z") is None


def test_threads_save_at_once(here):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.Variable(1.0, name="x")
        session.run(x.initializer)
        saver, failures = tf.train.Saver(max_to_keep=None), []

        def work(first):
            try:
                for step in range(first, 20, 4):
                    saver.save(session, "m", step)
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert all(load_variable(f"m-{i}", "x") == 1 for i in range(20))
        assert not [name for name in os.listdir(".") if "tempstate" in name]


# ---- killed, full, forbidden

ENDLESS = """
import sys, numpy as np
from pedagogy_tf.core.checkpoint import write_bundle
n = 0
while True:
    n += 1
    value = np.full(200_000, n, np.float32)
    write_bundle("model", [("x", value, ""), ("y", value, "")])
    print(n, flush=True)
"""


def test_killed_at_random_moments(here):
    root = str(Path(tf.__file__).parent.parent)
    rng = random.Random(1)
    for _ in range(5):
        program = subprocess.Popen(
            [sys.executable, "-c", ENDLESS],
            env={**os.environ, "PYTHONPATH": root},
            stdout=subprocess.PIPE,
            text=True,
        )
        program.stdout.readline()
        time.sleep(rng.random() / 10)
        program.send_signal(signal.SIGKILL)
        said = [1, *map(int, program.communicate()[0].split())]
        reader = NewCheckpointReader("model")
        x, y = reader.get_tensor("x"), reader.get_tensor("y")
        assert (x == x[0]).all() and (x == y).all() and x[0] - said[-1] in (0, 1)
    write_bundle("model", [("x", np.float32(1), "")])
    assert not [name for name in os.listdir(".") if "tempstate" in name]


def test_full_disk_leaves_the_old_one(here, monkeypatch):
    saved("m", "x")

    def full(descriptor):
        raise OSError(28, "No space left on device", "m.index.tempstate")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(tf.errors.ResourceExhaustedError, match="No space left"):
        write_bundle("m", [("x", np.float32(9), "")])
    assert load_variable("m", "x") == 0
    assert not [name for name in os.listdir(".") if "tempstate" in name]


# ---- damage


@pytest.fixture
def pair(here):
    """A small checkpoint, copied: the prefix and the bytes of both files."""
    for path in FILES.glob("values.*"):
        shutil.copy(path, here)
    files = [Path("values.index"), Path(data_file("values"))]
    return "values", *[path.read_bytes() for path in files]


def everything(prefix):
    reader = NewCheckpointReader(prefix)
    return {n: reader.get_tensor(n) for n in reader.get_variable_to_shape_map()}


def test_damaged_files_have_tensorflows_classes(pair):
    prefix, index, data = pair
    Path(data_file(prefix)).write_bytes(data[:30])
    with pytest.raises(tf.errors.OutOfRangeError, match="Read less bytes"):
        everything(prefix)
    Path(data_file(prefix)).write_bytes(b"\xff" + data[1:])
    with pytest.raises(tf.errors.DataLossError, match="Checksum does not match"):
        everything(prefix)
    Path(data_file(prefix)).unlink()
    with pytest.raises(tf.errors.NotFoundError, match="No such file or directory"):
        everything(prefix)
    for bad, words in [
        (b"", "file is too short to be an sstable"),
        (index[:40], "file is too short to be an sstable"),
        (index[:-10], "bad magic number"),
        (b"x" + index[1:], "block checksum mismatch"),
    ]:
        Path("values.index").write_bytes(bad)
        with pytest.raises(tf.errors.DataLossError, match=words):
            NewCheckpointReader(prefix)
    with pytest.raises(tf.errors.NotFoundError, match="Failed to find any"):
        NewCheckpointReader("value")


def resealed(index, rng):
    """An index whose entries were changed at random, with checksums that are right."""
    items = []
    for key, value in read_table(index):
        value = bytearray(value)
        for _ in range(rng.choice([0, 0, 1, 2])):
            if value:
                value[rng.randrange(len(value))] = rng.randrange(256)
        items.append((key, bytes(value)))
    return write_table(items)


def test_nothing_is_read_wrong(pair):
    """A thousand damaged checkpoints: an error of tf.errors, or the right values."""
    prefix, index, data = pair
    right, rng = everything(prefix), random.Random(5)
    for turn in range(1000):
        bad_index, bad_data = bytearray(index), bytearray(data)
        if turn % 4 == 3:
            bad_index = resealed(index, rng)
        else:
            target = (bad_index, bad_data)[turn % 2]
            for _ in range(rng.choice([1, 1, 2, 9])):
                target[rng.randrange(len(target))] ^= 1 << rng.randrange(8)
            if turn % 5 == 0:
                del target[rng.randrange(len(target)) :]
        Path("values.index").write_bytes(bad_index)
        Path(data_file(prefix)).write_bytes(bad_data)
        try:
            found = everything(prefix)
        except tf.errors.OpError:
            continue
        if turn % 4 != 3:  # a checksum cannot know of a change before it was made
            assert found.keys() == right.keys()
            assert all(np.array_equal(found[n], right[n]) for n in right)


def test_an_index_that_claims_a_terabyte(here):
    entry = checkpoint.Entry(1, (1 << 38,), size=1 << 40)
    header = checkpoint.field(1, 1)
    table = write_table([(b"", header), (b"x", entry.to_bytes())])
    Path("m.index").write_bytes(table)
    Path(data_file("m")).write_bytes(bytes(100))
    with pytest.raises(tf.errors.OutOfRangeError, match="Read less bytes"):
        load_variable("m", "x")


def test_damaged_state_file(here):
    Path("checkpoint").write_text("what is this?")
    with pytest.warns(UserWarning, match="Checkpoint ignored"):
        assert tf.train.latest_checkpoint(".") is None
    assert tf.train.latest_checkpoint("nowhere") is None
    Path("checkpoint").write_text("")
    with pytest.raises(ValueError, match="Invalid checkpoint state"):
        tf.train.get_checkpoint_state(".")
