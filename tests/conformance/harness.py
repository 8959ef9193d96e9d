"""What a case is, what can be seen of it, and when two sightings agree.

A case is an ordinary program over `tf` and `np`. It returns what is worth comparing;
tensors in it are run. The harness adds by itself what the program left in the graph.
Everything seen falls under one of seven aspects:

names       the nodes with their inputs and devices; collections; `repr` of what returns
attributes  the attributes of every node
shapes      dtype and static shape of every output
values      what the program returned
gradients   what it returned under a key that starts with "gradient"
random      what it returned under a key that starts with "random"
messages    class and first line of errors

Names and shapes may be returned too, under keys that start with "name" or "shape".
"""

from __future__ import annotations

import base64
import functools
import importlib
import json
import pkgutil
import zlib
from difflib import unified_diff
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
ASPECTS = "names attributes shapes values gradients random messages".split()
DEFAULTS = HERE / "fixtures" / "op_defaults.json"
PRIVATE = ("_output_shapes", "_gradient_op_type")  # attributes nobody should compare
CASES = {}


class Case:
    """A program, the public names it is about, and how closely we must agree.

    Attributes:
        id: "file/name".
        api: the public names, as in "tf.matmul".
        within: tolerance for floats: from 1 on, units in the last place of each number;
            below 1, relative to the largest number of an array. Random numbers always
            have to keep within 4 units in the last place; gradients, in which numbers
            cancel, only within 2e-6.
        only: the aspects that count; all if there are none.
        differs: {aspect: reason} where we leave TensorFlow's way on purpose.
        not_yet: {aspect: reason} where we are not there yet; a reason alone means that
            the case as a whole is not there yet.
    """

    def __init__(self, id, api, program, within, only, differs, not_yet):
        self.id, self.api, self.program, self.within = id, api, program, within
        self.only, self.differs, self.not_yet = only, differs or {}, not_yet or {}


def case(*api, name=None, within=4, only="", differs=None, not_yet=None):
    """Decorator: this function `program(tf, np)` is a case about the names in `api`."""

    def register(program):
        file = program.__module__.rsplit(".", 1)[-1]
        id = f"{file}/{name or program.__name__}"
        if id in CASES:
            raise ValueError("two cases are called " + id)
        CASES[id] = Case(id, api, program, within, only.split(), differs, not_yet)
        return program

    return register


@functools.lru_cache(maxsize=None)
def load_cases():
    """Import every file of `cases/`; return {id: Case}."""
    folder = HERE / "cases"
    for module in pkgutil.iter_modules([str(folder)]):
        importlib.import_module("tests.conformance.cases." + module.name)
    return CASES


# ---- Fixtures ------------------------------------------------------------------------


@functools.lru_cache(maxsize=None)
def load_fixtures():
    """{id: what TensorFlow showed} for every stored fixture."""
    records = {}
    for path in sorted(set((HERE / "fixtures").glob("*.json")) - {DEFAULTS}):
        for name, record in json.loads(path.read_text(encoding="utf8")).items():
            records[path.stem + "/" + name] = record
    return records


@functools.lru_cache(maxsize=None)
def defaults():
    """{op type: {attribute: text of its default}}, for the ops that the cases use."""
    return json.loads(DEFAULTS.read_text(encoding="utf8")) if DEFAULTS.exists() else {}


def dump(tree, indent=0):
    """JSON that a person can read in a diff: what fits on a line stays on one."""
    flat = json.dumps(tree, sort_keys=True)
    if len(flat) + indent <= 160 or not isinstance(tree, (dict, list)):
        return flat
    pad = "\n" + " " * (indent + 1)
    if isinstance(tree, list):
        return "[" + pad + ("," + pad).join(dump(x, indent + 1) for x in tree) + "]"
    items = (f"{json.dumps(k)}: {dump(tree[k], indent + 1)}" for k in sorted(tree))
    return "{" + pad + ("," + pad).join(items) + "}"


# ---- Seeing --------------------------------------------------------------------------


class Message:
    """An error as the user meets it: its class and the first line of its text."""

    def __init__(self, error):
        self.error = error

    def __repr__(self):
        first = str(self.error).splitlines() or [""]
        return f"{type(self.error).__name__}: {first[0]}"


ATTEMPTS = set()  # the nodes that attempts left behind; nobody compares them


def message(action, *args):
    """The error that `action(*args)` raises, to be returned by a case."""
    before = len(nodes_now())
    try:
        action(*args)
    except Exception as error:
        return Message(error)
    finally:
        ATTEMPTS.update(nodes_now()[before:])
    return "nothing was raised"


def nodes_now():
    """The nodes of the default graph; `observe` says of which TensorFlow."""
    return []


def observe(program, tf):
    """Run a case: {"nodes", "collections", "returned", "results"}, and any error."""
    global nodes_now
    tf.reset_default_graph()
    nodes_now = lambda: tf.get_default_graph().get_operations()
    ATTEMPTS.clear()
    np.random.seed(0)
    try:
        result = program(tf, np)
    except Exception as error:
        result = {"message": Message(error)}
    if not isinstance(result, dict):
        result = {"value": result}
    seen = {
        "nodes": [node_text(tf, node) for node in nodes_now() if node not in ATTEMPTS],
        "collections": collections(tf.get_default_graph()),
        "returned": [repr_text(x) for x in symbols(tf, result)],
    }
    results = run_symbols(tf, result)
    seen["results"] = {key: encode(value) for key, value in results.items()}
    return {k: v for k, v in seen.items() if v}, first_error(results)


def repr_text(x):
    """The `repr` of an object, or the name of its class if that shows an address."""
    text = repr(x)
    return type(x).__name__ if " object at 0x" in text else text


def first_error(tree):
    """The first exception among the results, for the traceback of a failing test."""
    found = []
    replace(tree, lambda x: found.append(x.error) if isinstance(x, Message) else x)
    return found[0] if found else None


def node_text(tf, operation):
    """Like "name = Type(inputs, ^controls) @device -> dtypes and shapes | attributes".

    An input in the same name scope is written "./input".
    """
    scope = operation.name.rpartition("/")[0] + "/"
    inputs = [
        t.name[:-2] if t.name.endswith(":0") else t.name for t in operation.inputs
    ]
    inputs = ["./" + i[len(scope) :] if i.startswith(scope) else i for i in inputs]
    inputs += sorted("^" + control.name for control in operation.control_inputs)
    device = " @" + operation.device if operation.device else ""
    outputs = "; ".join(t.dtype.name + str(t.shape) for t in operation.outputs)
    call = f"{operation.type}({', '.join(inputs)}){device}"
    more = "; ".join(f"{key}={text}" for key, text in attributes(tf, operation))
    more = more and " | " + more
    return f"{operation.name} = {call} -> {outputs}{more}"


def attributes(tf, operation):
    """[(name, text)] of what a node's type, inputs and outputs do not tell already.

    Attributes that have the default of their op are left out, and so are dtypes.
    """
    usual = defaults().get(operation.type, {})
    ours = getattr(operation, "attrs", None)
    for name in sorted(operation.node_def.attr if ours is None else ours):
        value = operation.get_attr(name)
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, tf.DType) or name in PRIVATE:
            continue
        text = attribute_text(tf, value)
        if text != usual.get(name):
            yield name, text


def attribute_text(tf, value):
    """One attribute as text, the same for TensorFlow's messages and our objects."""
    kind = type(value).__name__
    if isinstance(value, list):
        return f"[{', '.join(attribute_text(tf, v) for v in value)}]"
    if kind == "TensorProto":
        value = tf.make_ndarray(value)
    if kind == "TensorShapeProto":
        value = tf.TensorShape(value)
    if isinstance(value, bytes):
        return value.decode("latin1")
    if isinstance(value, np.ndarray):
        flat = " ".join(array_text(value, 16).split())
        return flat if len(flat) < 200 else f"crc {zlib.crc32(flat.encode('utf8')):08x}"
    return value.name if isinstance(value, tf.DType) else str(value)


def collections(graph):
    """{collection: names of what is in it}."""
    found = {}
    for key in graph.get_all_collection_keys():
        if not str(key).startswith("__"):
            items = graph.get_collection(key)
            found[str(key)] = [str(getattr(item, "name", item)) for item in items]
    return found


def is_symbol(tf, x):
    kinds = ("Tensor", "Operation", "Variable", "IndexedSlices", "SparseTensor")
    return isinstance(x, tuple(getattr(tf, k) for k in kinds if hasattr(tf, k)))


def replace(tree, change):
    """The same structure with every leaf changed."""
    if isinstance(tree, dict):
        return {k: replace(v, change) for k, v in tree.items()}
    if isinstance(tree, (list, tuple)):
        parts = [replace(v, change) for v in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return change(tree)


def symbols(tf, tree):
    found = []
    replace(tree, lambda x: found.append(x) if is_symbol(tf, x) else None)
    return found


def run_symbols(tf, tree):
    """Run all tensors of a structure at once, the variables freshly initialised."""
    fetches = symbols(tf, tree)
    if not fetches:
        return tree
    try:
        with tf.Session() as session:
            collection = tf.get_default_graph().get_collection
            variables = collection("variables") + collection("local_variables")
            session.run([v.initializer for v in variables])
            values = iter(session.run(fetches))
    except Exception as error:
        return {"message": Message(error)}
    return replace(tree, lambda x: next(values) if is_symbol(tf, x) else x)


# ---- Values as text ------------------------------------------------------------------


def encode(x):
    """A returned value as JSON. Arrays become one line of text, exact to the bit."""
    if isinstance(x, np.ndarray) and x.dtype.kind in "OSU":
        return {"strings": encode(x.tolist())}
    if isinstance(x, (np.ndarray, np.generic)):
        return {"array": array_text(x)}
    if isinstance(x, bytes):
        return {"bytes": x.decode("latin1")}
    if hasattr(x, "_fields"):
        return {type(x).__name__: {k: encode(getattr(x, k)) for k in x._fields}}
    if isinstance(x, dict):
        return {str(k): encode(v) for k, v in x.items()}
    if isinstance(x, tuple):
        return {"tuple": [encode(v) for v in x]}
    if isinstance(x, list):
        return [encode(v) for v in x]
    if x is None or isinstance(x, (bool, int, float, str)):
        return x
    return {"message" if isinstance(x, Message) else "repr": repr_text(x)}


def array_text(x, longest=64):
    """Like "float32[2] 0.1 0.2"; "float32 0.1" for a scalar; bits if it is long."""
    head = x.dtype.name
    if isinstance(x, np.ndarray):
        head += f"[{','.join(map(str, x.shape))}]"
    if x.size > longest:
        raw = np.ascontiguousarray(x).tobytes()
        return head + " base64 " + base64.b64encode(raw).decode("ascii")
    return " ".join([head] + [str(v) for v in np.ravel(x)])


def array_of(text):
    """(array, was it an array or a scalar) from the text of `array_text`."""
    head, *words = text.split(" ")
    name, _, shape = head.partition("[")
    sizes = [int(n) for n in shape.rstrip("]").split(",") if n]
    dtype = np.dtype(name)
    if words[:1] == ["base64"]:
        flat = np.frombuffer(base64.b64decode(words[1]), dtype)
    elif dtype.kind == "b":
        flat = np.array([w == "True" for w in words])
    elif dtype.kind == "c":
        flat = np.array([complex(w) for w in words], dtype)
    elif dtype.kind == "f":
        flat = np.array([float(w) for w in words]).astype(dtype)
    else:
        flat = np.array([int(w) for w in words], dtype)
    return flat.reshape(sizes), "[" in head


# ---- Comparing -----------------------------------------------------------------------


def compare(case, seen, expected):
    """{aspect: "" or what is different}, for the aspects that count and were seen."""
    report = {
        "names": names_differ(seen, expected),
        "shapes": rows_differ(seen, expected, shapes_part),
        "attributes": rows_differ(seen, expected, attributes_part),
    }
    if "nodes" not in expected:
        report = {}
    for key, value in expected["results"].items():
        aspect = aspect_of(key, value)
        if key in seen["results"]:
            tolerance = tolerance_of(aspect, case.within)
            problem = differ(seen["results"][key], value, tolerance)
        else:
            problem = f"missing; we have {seen['results']}"
        problem = problem and f"{key}: {problem}\n"
        report[aspect] = report.get(aspect, "") + problem
    return {a: text for a, text in report.items() if a in (case.only or ASPECTS)}


def tolerance_of(aspect, within):
    if aspect == "random":
        return 4
    return 2e-6 if aspect == "gradients" and within >= 1 else within


def aspect_of(key, value):
    for aspect in ("gradients", "random", "shapes", "names"):
        if key.startswith(aspect.rstrip("s")):
            return aspect
    return "messages" if '{"message":' in json.dumps(value) else "values"


def names_differ(seen, expected):
    def lines(record):
        nodes = [row.split(" -> ")[0] for row in record.get("nodes", [])]
        groups = sorted(record.get("collections", {}).items())
        groups = [f"{key}: {items}" for key, items in groups]
        return nodes + groups + record.get("returned", [])

    theirs, ours = lines(expected), lines(seen)
    return "\n".join(unified_diff(theirs, ours, "TensorFlow", "ours", lineterm="", n=1))


def rows_differ(seen, expected, part):
    """Differences in one part of the lines, over the nodes that both have."""

    def table(record):
        rows = (row.partition(" = ") for row in record.get("nodes", []))
        return {name: part(rest) for name, _, rest in rows}

    ours, theirs = table(seen), table(expected)
    return "\n".join(
        f"{name}: {ours[name]}, TensorFlow has {text}"
        for name, text in theirs.items()
        if ours.get(name, text) != text
    )


def shapes_part(line):
    return line.partition(" -> ")[2].partition(" | ")[0]


def attributes_part(line):
    return line.partition(" | ")[2]


def differ(ours, theirs, within):
    """The first difference of two encoded values in words, or "" when they agree."""
    if isinstance(theirs, dict) and isinstance(ours, dict) and set(ours) == set(theirs):
        if set(theirs) == {"array"}:
            return arrays_differ(ours["array"], theirs["array"], within)
        parts = [(k, differ(ours[k], theirs[k], within)) for k in theirs]
        return next((f"{key}: {text}" for key, text in parts if text), "")
    if isinstance(theirs, list) and isinstance(ours, list) and len(ours) == len(theirs):
        parts = [differ(a, b, within) for a, b in zip(ours, theirs)]
        return next((f"[{i}] {text}" for i, text in enumerate(parts) if text), "")
    return "" if ours == theirs else f"{ours}, TensorFlow has {theirs}"


def arrays_differ(ours, theirs, within):
    (a, a_array), (b, b_array) = array_of(ours), array_of(theirs)
    if (a.dtype, a.shape, a_array) != (b.dtype, b.shape, b_array):
        return f"{ours:.200}, TensorFlow has {theirs:.200}"
    same = close(a, b, within) if a.dtype.kind in "fc" else a == b
    if same.all():
        return ""
    i = np.argmin(same.ravel())
    return (
        f"{a.ravel()[i]!r}, TensorFlow has {b.ravel()[i]!r} "
        f"(element {i}; {(~same).sum()} of {same.size} differ)"
    )


def close(a, b, within):
    """Elementwise: do the numbers agree `within` the tolerance of a case?"""
    equal = (a == b) | (np.isnan(a) & np.isnan(b))
    finite = np.isfinite(a) & np.isfinite(b)
    a, b = np.where(finite, a, 0), np.where(finite, b, 0)
    if within < 1:
        allowed = within * np.max(np.abs(b), initial=0)
    else:
        allowed = within * np.spacing(np.minimum(np.abs(b), np.finfo(b.dtype).max / 2))
    return equal | (finite & (np.abs(a - b) <= allowed))
