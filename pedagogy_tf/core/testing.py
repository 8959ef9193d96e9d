"""check: what every op must pass.

One call looks at an op from all sides: its value against an expected one, every tensor
on the way against the dtype and shape that the graph promised, plans with shortcuts
against plans without, and gradient rules against finite differences.
"""

# Generated from book/source/10_gradients.md: change it there, then `make export`.

from functools import partial

import numpy as np

from pedagogy_tf.core.arrays import array_module, to_array, to_host
from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.gradients import as_list, gradients
from pedagogy_tf.core.graph import Graph, control_dependencies
from pedagogy_tf.core.op import constant
from pedagogy_tf.core.ops.basic import IndexedSlices, identity, placeholder
from pedagogy_tf.core.ops.state import assign_op, variable_v2
from pedagogy_tf.core.plan import PLANNERS, make_plan
from pedagogy_tf.core.session import Session

__all__ = [
    "numeric_gradient",
    "Trial",
    "is_several",
    "is_float",
    "KNOWN",
    "CHECKED",
    "projection",
    "parts_of",
    "assembled",
    "check",
]


## Is it true?


def numeric_gradient(f, x, step=1e-5):
    """The slope of f in each element of x, from the values of f nearby.

    Args:
      f: function of an array like x; gives a number.
      x: a float64 array.
      step: how far to go to each side, as a fraction of max(1, |x|).
    """
    x = np.asarray(x, np.float64)
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        h = np.zeros(x.shape)
        h[place] = step * max(1.0, abs(x[place]))
        slopes[place] = (f(x + h) - f(x - h)) / (2 * h[place])
    return slopes


## A trial


class Trial:
    """A function of tensors, and the values on which it is tried.

    Args:
      function: the row of an op, or any function from tensors to tensors.
      inputs: a value for each argument.
      attrs: more arguments, by name.
      near: (rtol, atol); two values agree if |got - want| <= atol + rtol * |want|.
      device: where to compute.
    """

    def __init__(self, function, inputs, attrs, near, device):
        self.function, self.attrs, self.near = function, attrs, near
        self.name = getattr(function, "type", getattr(function, "__name__", "it"))
        self.device = device
        self.inputs = [
            [to_array(part) for part in x] if is_several(x) else to_array(x)
            for x in inputs
        ]

    def build(self, known, dtype=None):
        """Write the function down in a new graph.

        Args:
          known: one of KNOWN. With "sizes", only floats are fed, the rest is constant.
          dtype: for floats, instead of their own.

        Returns:
          The graph, {placeholder: array}, the list of outputs.
        """
        feeds = {}

        def enter(x):
            if isinstance(x, list):
                return [enter(part) for part in x]
            x = x.astype(dtype or x.dtype) if is_float(x) else x.copy()
            if known == "sizes" and not is_float(x):
                return constant(x)
            shape = {"sizes": x.shape, "rank": [None] * x.ndim, "nothing": None}[known]
            x.setflags(write=False)  # no kernel may write into its inputs
            tensor = placeholder(x.dtype, shape)
            feeds[tensor] = x
            return tensor

        with Graph().as_default() as graph, graph.device(self.device):
            outputs = self.call([enter(x) for x in self.inputs])
        return graph, feeds, outputs

    def call(self, tensors):
        """The outputs for some tensors, as a list.

        If the op changes a variable, it gets one that holds the tensor.
        """
        starts = []
        for i, argument in enumerate(getattr(self.function, "inputs", ())):
            if argument.ref:
                variable = variable_v2(tensors[i].shape, tensors[i].dtype)
                starts.append(assign_op(variable, tensors[i]))
                tensors[i] = variable
        with control_dependencies(starts):
            outputs = as_list(self.function(*tensors, **self.attrs))
            return [identity(y) if y.dtype.is_ref_dtype else y for y in outputs]

    def compute(self, graph, feeds, tensors):
        """The values of `tensors`, as a session computes them.

        Every tensor of the graph is computed once more, without shortcuts, and compared
        with what the graph promised. In a graph with branches, some of which may have
        no value, only `tensors` are.
        """
        types = {operation.type for operation in graph.get_operations()}
        CHECKED.update(types)
        every = list(tensors)
        if types.isdisjoint(PLANNERS):
            outputs = [tensor for o in graph.get_operations() for tensor in o.outputs]
            every = [tensor for tensor in outputs if tensor.dtype.name != "resource"]
        with Session(graph=graph) as session:
            values = [to_host(value) for value in session.run(tensors, feeds)]
        with Session(graph=graph) as session:
            plan = make_plan(every, list(feeds), None, session._run_for, False)
            plain = plan(session._state, list(feeds.values()))
        plain = {t: to_host(v) for t, v in zip(every, plain, strict=True)}
        for tensor, value in plain.items():
            self.require_promise(tensor, np.asarray(value))
        for tensor, value in zip(tensors, values, strict=True):
            where = f"{tensor.name} in an optimised plan"
            self.require_near(where, value, plain[tensor])
        return values

    def require_promise(self, tensor, value):
        """A value has the dtype and the shape that the graph promised."""
        promised, found = tensor.dtype.base_dtype.name, value.dtype.name
        if tensor.dtype.as_numpy_dtype in (value.dtype, object):
            promised, found = f"shape {tensor.shape}", f"shape {value.shape}"
            if tensor.shape.is_compatible_with(value.shape):
                return
        kernel = f"the kernel of {tensor.op.type}"
        self.fail(
            f"the graph promised {promised}, {kernel} gave {found}",
            tensor=repr(tensor),
            fix="mend the kernel, or the shape rule of the row",
        )

    def require_near(self, what, got, want):
        """Two values agree; if not, the message says where they first differ."""
        got, want = np.asarray(got), np.asarray(want)
        if got.shape != want.shape:
            self.fail(f"{what}: the shape is {got.shape}, and should be {want.shape}")
        if got.dtype.kind in "fc":
            good = np.isclose(got, want, *self.near, equal_nan=True)
        else:
            good = np.equal(got, want)
        if not good.all():
            place = tuple(np.argwhere(np.atleast_1d(~good))[0][: got.ndim].tolist())
            found = [np.asarray(x[place]) for x in (got, want)]
            pair = [f"{x:.6g}" if x.dtype.kind == "f" else str(x) for x in found]
            self.fail(
                f"{what}: {pair[0]} at {list(place)}, and should be {pair[1]}",
                got=got,
                expected=want,
            )

    def fail(self, first_line, **facts):
        """Raise AssertionError, with the inputs among the facts."""
        facts["inputs"] = "\n".join(str(x) for x in self.inputs)
        raise AssertionError(explain(f"{self.name}: {first_line}", **facts))

    def numeric_gradients(self, weights):
        """For each float input, the slopes of the weighted sum of the outputs."""
        graph, feeds, ys = self.build("sizes", np.float64)
        ys = [y for y in ys if y.dtype.is_floating]
        with Session(graph=graph) as session:

            def weighted_sum(x, value):
                found = session.run(ys, {**feeds, x: value})
                return sum(np.sum(w * y) for w, y in zip(weights, found, strict=True))

            return [numeric_gradient(partial(weighted_sum, x), feeds[x]) for x in feeds]

    def symbolic_gradients(self, weights, known):
        """The same by `gradients`; None for an input that no blame reaches."""
        graph, feeds, ys = self.build(known, np.float64)
        ys = [y for y in ys if y.dtype.is_floating]
        xs = [x for x in feeds if x.dtype.is_floating]
        with graph.as_default(), graph.device(self.device):
            dys = [constant(w, y.dtype) for w, y in zip(weights, ys, strict=True)]
            parts = [parts_of(dx) for dx in gradients(ys, xs, dys)]
        values = iter(self.compute(graph, feeds, [part for p in parts for part in p]))
        return [
            assembled([next(values) for _ in p], feeds[x].shape)
            for x, p in zip(xs, parts, strict=True)
        ]

    def check_gradients(self, outputs, known, required):
        """Gradients agree with slopes; a rule may be missing unless it is required."""
        weights = [projection(y.shape) for y in map(np.asarray, outputs) if is_float(y)]
        try:
            found = [self.symbolic_gradients(weights, k) for k in known]
        except LookupError:
            if required:
                raise
            return
        if required or any(dx is not None for dx in found[0]):
            slopes = self.numeric_gradients(weights)
            for k, dxs in zip(known, found, strict=True):
                for i, (dx, slope) in enumerate(zip(dxs, slopes, strict=True)):
                    if dx is not None or required:
                        dx = np.zeros(slope.shape) if dx is None else dx
                        self.require_near(
                            f"gradient of input {i} in a graph that knows {k}",
                            dx,
                            slope,
                        )


def is_several(x):
    """Whether an input stands for a list of tensors: a list with arrays in it."""
    return isinstance(x, list) and any(isinstance(part, np.ndarray) for part in x)


def is_float(array):
    """Whether slopes can be taken in it."""
    return array.dtype.kind == "f"


KNOWN = ("sizes", "rank", "nothing")  # how much a graph may know of its inputs

CHECKED = set()  # the op types that checks have run


## Both gradients


def projection(shape):
    """Numbers without a pattern: weights that make one sum of many outputs."""
    return np.sin(1.0 + np.arange(np.prod(shape, dtype=int))).reshape(shape)


def parts_of(dx):
    """The tensors that make up a gradient: none, one, or the two of IndexedSlices."""
    if isinstance(dx, IndexedSlices):
        return [dx.values, dx.indices]
    return [] if dx is None else [dx]


def assembled(parts, shape):
    """A gradient from the values of its parts; rows are added where they belong."""
    if len(parts) < 2:
        return parts[0] if parts else None
    total = np.zeros(shape)
    np.add.at(total, parts[1], parts[0])
    return total


## Check


def check(
    function,
    *inputs,
    expect=None,
    rtol=1e-5,
    atol=1e-6,
    gradient=None,
    known=KNOWN,
    device="/cpu:0",
    **attrs,
):
    """Raise AssertionError unless an op keeps all its promises.

    Args:
      function: the row of an op, or any function from tensors to tensors.
      *inputs: a value for each of its tensors. A list with NumPy arrays in it stands
        for a list of tensors, any other list for one tensor.
      expect: the value it should give (several outputs: a list of values), from a
        source other than us: a closed form, NumPy, TensorFlow.
      rtol, atol: how near is near: |got - want| <= atol + rtol * |want|.
      gradient: True: every float input must have the right gradient; False: do not
        look; None: those that have one must have it right.
      known: what the graph knows of its inputs; one run for each, see KNOWN. An op
        that needs to know sizes gets `known=["sizes"]`.
      device: where to compute.
      **attrs: more arguments of the function.
    """
    array_module(device)  # raises if there is no such device
    trial = Trial(function, inputs, attrs, (rtol, atol), device)
    runs = [trial.compute(*trial.build(k)) for k in known]
    wanted = runs[0] if expect is None else expect if len(runs[0]) > 1 else [expect]
    for k, values in zip(known, runs, strict=True):
        for i, (got, want) in enumerate(zip(values, wanted, strict=True)):
            trial.require_near(f"output {i} of a graph that knows {k}", got, want)
    if gradient is not False:
        trial.check_gradients(runs[0], known, required=gradient is True)
