"""Ask the real TensorFlow every case and store its answers in `fixtures/`.

Run with the Python that has TensorFlow 1.15.5, from the root of the repository:

    python3.7 -m tests.conformance.make_fixtures [file ...]

Without arguments all files of `cases/` are asked, else those named.
"""

import os
import sys
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.filterwarnings("ignore")

import tensorflow as tf  # noqa: E402
from tensorflow.python.framework import op_def_registry  # noqa: E402

from tests.conformance import harness  # noqa: E402


def op_defaults():
    """{op type: {attribute: text of its default}} of all that TensorFlow has."""
    ops = op_def_registry.get_registered_ops()
    return {name: dict(attribute_defaults(op)) for name, op in ops.items()}


def attribute_defaults(op):
    for attr in op.attr:
        kind = attr.default_value.WhichOneof("value")
        if kind not in (None, "type"):
            value = getattr(attr.default_value, kind)
            if kind == "list":
                value = [item for _, items in value.ListFields() for item in items]
            yield attr.name, harness.attribute_text(tf, value)


def ask(wanted):
    """{file: {case: what TensorFlow shows}}."""
    records = {}
    for id, case in harness.load_cases().items():
        file, name = id.split("/")
        if not wanted or file in wanted:
            records.setdefault(file, {})[name] = harness.observe(case.program, tf)[0]
    return records


def main(wanted):
    if tf.__version__ != "1.15.5":
        sys.exit("fixtures come from TensorFlow 1.15.5, this is " + tf.__version__)
    tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
    known, everything = dict(harness.defaults()), op_defaults()
    harness.defaults().update(everything)
    records = ask(wanted)
    text = str(records)
    for name, values in everything.items():
        if values and " = %s(" % name in text:
            known[name] = values
    records["op_defaults"] = known
    for file, record in records.items():
        path = harness.HERE / "fixtures" / (file + ".json")
        path.write_text(harness.dump(record) + "\n", encoding="utf8")
        print("%-16s %4d cases %7d bytes" % (file, len(record), path.stat().st_size))


if __name__ == "__main__":
    main(sys.argv[1:])
