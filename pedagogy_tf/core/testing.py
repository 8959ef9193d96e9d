"""check: what every op must pass.

One call looks at an op from all sides: the value against an expected one, every tensor
that is computed against the dtype and shape that the graph promised, a plan with
shortcuts against one without, and the gradient rule against finite differences.
"""

# Generated from book/source/10_gradients.md: change it there, then `make export`.

import numpy as np

from pedagogy_tf.core.arrays import array_module, to_host
from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.gradients import gradients
from pedagogy_tf.core.graph import Graph
from pedagogy_tf.core.op import constant
from pedagogy_tf.core.ops.basic import identity, placeholder
from pedagogy_tf.core.plan import Plan
from pedagogy_tf.core.session import Session

__all__ = [
    "CHECKED",
    "check",
    "Trial",
    "is_several",
    "as_array",
    "is_float",
    "check_gradient",
    "projection",
    "numeric_gradient",
    "dense",
    "require_promise",
    "require_close",
]


## check

CHECKED = set()  # op types that a check has run


def check(
    function,
    *inputs,
    expect=None,
    rtol=1e-5,
    atol=1e-6,
    gradient=None,
    device="/cpu:0",
    **attrs,
):
    """Raise AssertionError unless an op does all that its row promises.

    Args:
      function: the row of an op, or any function from tensors to tensors.
      *inputs: a value for each input. A list of arrays is a list of tensors; any other
        list is one tensor.
      expect: the value it must give (a list, if there are several), from a source
        other than us: a closed form, TensorFlow, NumPy.
      rtol, atol: how near: |value - expect| <= atol + rtol * |expect|.
      gradient: True or False to ask for the check of the gradient, or to spare it; by
        default it is made where an input is float and the rules exist.
      device: where to compute.
      **attrs: more arguments of the function.
    """
    array_module(device)  # complains if there is no such device
    trial = Trial(function, inputs, attrs, device)
    values = trial.run(known=True)
    for known in ("rank", False):
        for i, (got, want) in enumerate(zip(trial.run(known), values, strict=True)):
            require_close(trial, f"output {i}, shapes unknown", got, want, 0, 0)
    if expect is not None:
        wanted = expect if len(values) > 1 else [expect]
        for i, (got, want) in enumerate(zip(values, wanted, strict=True)):
            require_close(trial, f"output {i}", got, np.asarray(want), rtol, atol)
    if gradient is not False:
        check_gradient(trial, gradient is True, max(rtol, 1e-5))


class Trial:
    """A function, the arrays to try it on, and the graphs in which it is tried.

    Attributes:
      arrays: an array, or a list of arrays, for each input.
    """

    def __init__(self, function, inputs, attrs, device):
        self.function, self.attrs, self.device = function, attrs, device
        self.name = getattr(function, "type", getattr(function, "__name__", "function"))
        self.arrays = [
            [np.asarray(part) for part in x] if is_several(x) else as_array(x)
            for x in inputs
        ]

    def run(self, known):
        """The outputs, each tensor on the way compared with what the graph promised.

        Args:
          known: True: float inputs are placeholders of known shape, others constants;
            "rank": all are placeholders whose sizes are unknown; False: of unknown rank.
        """
        with Graph().as_default() as graph, graph.device(self.device):
            feeds, outputs = self.build(self.arrays, known)
        CHECKED.update(operation.type for operation in graph.get_operations())
        with Session(graph=graph) as session:
            values = [to_host(v) for v in session.run(outputs, feeds)]
        with Session(graph=graph) as session:
            every = [t for o in graph.get_operations() for t in o.outputs]
            plan = Plan(every, list(feeds), None, session._run_for, optimize=False)
            results = dict(zip(every, plan(session._state, list(feeds.values()))))
        for tensor, value in results.items():
            require_promise(self, tensor, to_host(value))
        for i, (output, value) in enumerate(zip(outputs, values, strict=True)):
            exact = to_host(results[output])
            require_close(self, f"output {i}, optimised", value, exact, 1e-6, 1e-7)
        return values

    def build(self, arrays, known, dtype=None):
        """Call the function on placeholders: ({placeholder: array}, list of outputs)."""
        feeds, tensors = {}, []
        for array in arrays:
            parts = [
                self.enter(part, known, dtype, feeds)
                for part in (array if isinstance(array, list) else [array])
            ]
            tensors.append(parts if isinstance(array, list) else parts[0])
        outputs = self.function(*tensors, **self.attrs)
        outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        return feeds, [identity(o) if o.dtype.is_ref_dtype else o for o in outputs]

    def enter(self, array, known, dtype, feeds):
        """One array as a tensor of a new graph."""
        if is_float(array) and dtype is not None:
            array = array.astype(dtype)
        if known is True and not is_float(array):
            return constant(array)
        shape = {True: array.shape, "rank": [None] * array.ndim, False: None}[known]
        tensor = placeholder(array.dtype, shape)
        feeds[tensor] = array
        return tensor


def is_several(x):
    """Whether an input of `check` stands for a list of tensors."""
    return isinstance(x, list) and any(isinstance(part, np.ndarray) for part in x)


def as_array(x):
    """A value as the array that `tf.constant` would make of it."""
    with Graph().as_default():
        return constant(x).op.get_attr("value")


def is_float(array):
    """Whether blame can flow into it."""
    return array.dtype.kind in "fc"


def check_gradient(trial, required, tolerance):
    """Compare gradients with finite differences, in double precision."""
    with Graph().as_default() as graph, graph.device(trial.device):
        feeds, ys = trial.build(trial.arrays, True, np.float64)
        ys = [y for y in ys if y.dtype.is_floating]
        xs = [x for x in feeds if x.dtype.is_floating]
        with Session(graph=graph) as session:
            weights = [projection(v.shape) for v in session.run(ys, feeds)]
            try:
                dxs = gradients(ys, xs, [constant(w) for w in weights])
            except LookupError:
                if required:
                    raise
                return
            for i, (x, dx) in enumerate(zip(xs, dxs, strict=True)):
                if dx is None and not required:
                    continue

                def loss(value, x=x):
                    found = session.run(ys, {**feeds, x: value})
                    return sum(np.sum(w * y) for w, y in zip(weights, found))

                got = np.zeros_like(feeds[x]) if dx is None else session.run(dx, feeds)
                require_close(
                    trial,
                    f"gradient of input {i}",
                    dense(got, feeds[x].shape),
                    numeric_gradient(loss, feeds[x]),
                    tolerance,
                    tolerance,
                )


def projection(shape):
    """Numbers without a pattern, in a shape: weights that make one loss of many."""
    return np.sin(1.0 + np.arange(np.prod(shape, dtype=int))).reshape(shape)


def numeric_gradient(f, x, step=1e-5):
    """The slope of f in each element of x, from its values nearby.

    Args:
      f: function of an array like x that gives a number.
      x: a float64 array.
      step: half the distance over which the slope is taken, relative to max(1, |x|).
    """
    x = np.asarray(x, np.float64)
    slopes = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        h = np.zeros(x.shape)
        h[index] = step * max(1.0, abs(x[index]))
        slopes[index] = (f(x + h) - f(x - h)) / (2 * h[index])
    return slopes


def dense(value, shape):
    """A gradient as an array; rows of an IndexedSlices are added where they belong."""
    if not hasattr(value, "indices"):
        return value
    total = np.zeros(shape)
    np.add.at(total, value.indices, value.values)
    return total


def require_promise(trial, tensor, value):
    """A tensor's value has the dtype and shape that its graph promised."""
    value = np.asarray(value)
    if tensor.dtype.as_numpy_dtype not in (value.dtype, object):
        promised, found = tensor.dtype.name, value.dtype.name
    elif not tensor.shape.is_compatible_with(value.shape):
        promised, found = tensor.shape, value.shape
    else:
        return
    raise AssertionError(
        explain(
            f"{trial.name}: the graph promised {promised}, the kernel gave {found}",
            tensor=repr(tensor),
            fix="mend the kernel, or the shape rule of the row",
        )
    )


def require_close(trial, what, got, want, rtol, atol):
    """Two arrays agree; if not, the message says where."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        raise AssertionError(
            explain(
                f"{trial.name}, {what}: the shape is {got.shape}, not {want.shape}",
                inputs=trial.arrays,
            )
        )
    if want.dtype.kind in "fc":
        good = np.isclose(got, want, rtol, atol, equal_nan=True)
    else:
        good = got == want
    if not np.all(good):
        where = tuple(int(i) for i in np.argwhere(~np.asarray(good))[0])
        raise AssertionError(
            explain(
                f"{trial.name}, {what}: {got[where]} at {where}, not {want[where]}",
                got=got,
                expected=want,
                inputs=trial.arrays,
            )
        )
