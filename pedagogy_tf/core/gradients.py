"""Gradients: new operations that say how much each value is to blame for a result.

Operations are visited from the results back, each once all the blame for its outputs
is in. Its gradient rule turns blame for its outputs into blame for its inputs, written
in the graph's own language, so that a gradient can be differentiated again.
"""

# Generated from book/source/10_gradients.md: change it there, then `make export`.

from collections import deque
from contextlib import nullcontext
from enum import Enum

import numpy as np

from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.graph import (
    ROWS,
    Tensor,
    colocate_with,
    device,
    get_default_graph,
    name_scope,
)
from pedagogy_tf.core.op import GRADIENTS, constant, convert_to_tensor
from pedagogy_tf.core.ops.basic import (
    IndexedSlices,
    add_n,
    fill,
    identity,
    reshape,
    shape,
    tuple_,
    zeros_like,
)
from pedagogy_tf.core.shapes import TensorShape

__all__ = [
    "is_trainable",
    "reached_from",
    "between",
    "count_uses",
    "Walk",
    "AggregationMethod",
    "UnconnectedGradients",
    "Blame",
    "add_by_device",
    "add_rows",
    "rule_for",
    "pass_on",
    "hand_out",
    "as_list",
    "WALKS",
    "require_one_each",
    "learn_shape",
    "first_blame",
    "ones_for",
    "as_tensor",
    "with_name",
    "require_kin",
    "gradients",
    "as_unconnected",
    "first_operations",
    "hessians",
    "hessian",
]


## Who can be blamed


def is_trainable(tensor):
    """Whether blame can flow through a tensor: its elements are real or complex."""
    dtype = tensor.dtype.base_dtype
    return dtype.is_floating or dtype.is_complex


def reached_from(xs):
    """The operations that blame can reach xs from."""
    reached, stack = set(), [x.op for x in xs]
    while stack:
        operation = stack.pop()
        if operation not in reached:
            reached.add(operation)
            for tensor in filter(is_trainable, operation.outputs):
                stack += tensor.consumers()
    return reached


def between(ys, xs):
    """The operations on the paths from xs to ys, those next to the ys first."""
    reached, found = reached_from(xs), {}
    queue = deque(y.op for y in ys)
    while queue:
        operation = queue.popleft()
        if operation in reached and operation not in found:
            found[operation] = True
            queue += [tensor.op for tensor in operation.inputs]
    return list(found)


def count_uses(operations):
    """A dict: each operation -> how many inputs of the others it provides."""
    uses = dict.fromkeys(operations, 0)
    for operation in operations:
        for tensor in operation.inputs:
            if tensor.op in uses:
                uses[tensor.op] += 1
    return uses


## In which order


class Walk:
    """The operations between xs and ys, each after all that use it.

    Attributes:
      left: operation -> how many of its uses have not had their turn yet.
      blame: the Blame that is carried along.
      place: function of an operation: a `with` block for its turn.
    """

    def __init__(self, ys, xs, blame=None, place=nullcontext):
        self.blame, self.place = blame, place
        self.left = count_uses(self.find(ys, xs))
        self.ready = deque(dict.fromkeys(y.op for y in ys if self.left.get(y.op) == 0))

    def find(self, ys, xs):
        """The operations that get a turn."""
        return between(ys, xs)

    def __iter__(self):
        while self.ready:
            operation = self.ready.popleft()
            yield operation
            for tensor in operation.inputs:
                if tensor.op in self.left:
                    self.left[tensor.op] -= 1
                    self.meet(tensor.op)

    def meet(self, operation):
        """Let an operation get ready when all its uses have had their turn."""
        if self.left[operation] == 0:
            self.ready.append(operation)

    def zeros(self, y):
        """The blame for an output that nobody blamed."""
        return zeros_like(y, optimize=False)

    def collecting(self, operation):
        """A `with` block in which the blame for an operation is added up."""
        return nullcontext()

    def passing_on(self, operation):
        """A `with` block in which an operation's gradient rule writes."""
        return nullcontext()

    def finish(self):
        """What is left to do when all have had their turn."""


## Where paths meet


class AggregationMethod:
    """How blame that comes together is added up; the sum is the same.

    Attributes:
      ADD_N, DEFAULT: one AddN of all parts.
      EXPERIMENTAL_TREE: two at a time.
      EXPERIMENTAL_ACCUMULATE_N: one AccumulateNV2, where the shape is known and there
        are more than two parts.
    """

    ADD_N = 0
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


class UnconnectedGradients(Enum):
    """What an x gets that no y depends on: None, or zeros in its shape."""

    NONE = "none"
    ZERO = "zero"


class Blame:
    """The blame that has come in for each output of each operation.

    Args:
      method: an AggregationMethod; None for the default.

    Raises:
      ValueError: if there is no such method.
    """

    def __init__(self, method=None):
        if method not in (None, 0, 1, 2):
            raise ValueError(f"Invalid aggregation_method specified {method}.")
        self.method = method
        self.parts = {}  # operation -> a list of parts for each output
        self.sums = {}  # operation -> the sum for each output, None if none came

    def add(self, tensor, part):
        """Some more blame for a tensor."""
        parts = self.parts.setdefault(tensor.op, [[] for _ in tensor.op.outputs])
        parts[tensor.value_index].append(part)

    def collect(self, operation):
        """The sum for each output of an operation all of whose blame is in."""
        parts = self.parts.get(operation, [[]] * len(operation.outputs))
        self.sums[operation] = [self.add_up(p, operation) for p in parts]
        return list(self.sums[operation])

    def of(self, x, unconnected):
        """The blame for one of the xs, when all operations have been visited."""
        if x.op not in self.parts:
            return zeros_like(x) if unconnected is UnconnectedGradients.ZERO else None
        return self.sums[x.op][x.value_index]

    def add_up(self, parts, operation):
        """The sum of what came together; None if nothing did."""
        if len(parts) < 2:
            return parts[0] if parts else None
        if any(isinstance(part, IndexedSlices) for part in parts):
            return add_rows(parts)
        if self.method in (None, AggregationMethod.ADD_N):
            return add_by_device(parts)
        shape, total = TensorShape(None), parts[0]
        for part in parts:
            shape = shape.merge_with(part.shape)
        by_two = self.method == AggregationMethod.EXPERIMENTAL_TREE
        if not by_two and len(parts) > 2 and shape.is_fully_defined():
            return ROWS["AccumulateNV2"](parts, shape)
        with name_scope(f"{operation.name}_gradient_sum"):
            for part in parts[1:]:
                total = add_n([total, part])
        return total


def add_by_device(parts):
    """The sum of tensors: first on each device, then of these sums."""
    on_device = {}
    for part in parts:
        on_device.setdefault(part.device, []).append(part)
    sums = []
    for _, group in sorted(on_device.items()):
        with colocate_with(group[0].op, ignore_existing=True):
            sums.append(add_n(group))
    return add_n(sums)


def add_rows(parts):
    """The sum of IndexedSlices: all their rows, one after the other."""
    if any(isinstance(part, Tensor) for part in parts):
        return add_n(parts)
    concat = ROWS["ConcatV2"]
    values = concat([part.values for part in parts], 0, name="concat")
    indices = concat([part.indices for part in parts], 0, name="concat")
    return IndexedSlices(values, indices, parts[0].dense_shape)


## Pass it on


def rule_for(operation):
    """The gradient rule of an operation; None if no blame flows through it.

    Raises:
      LookupError: if nobody gave its type a rule.
    """
    name = operation.attrs.get("_gradient_op_type", operation.type)
    if name not in GRADIENTS:
        raise LookupError(
            explain(
                f"No gradient defined for operation '{operation.name}' (op type: "
                f"{operation.type})",
                where=operation.site,
                fix=f"@tf.RegisterGradient({name!r}) gives it a rule; "
                f"tf.NotDifferentiable({name!r}) says that no blame flows through it",
            )
        )
    return GRADIENTS[name]


def pass_on(operation, walk, stop, gate):
    """Turn the blame for an operation's outputs into blame for its inputs."""
    with walk.collecting(operation):
        dys = walk.blame.collect(operation)
    if stop or not operation.inputs or all(dy is None for dy in dys):
        return
    rule = rule_for(operation)
    if rule is not None:
        with walk.passing_on(operation):
            hand_out(operation, rule, dys, walk, gate)


def hand_out(operation, rule, dys, walk, gate):
    """Do what a gradient rule says with the blame `dys` for an operation's outputs."""
    for i, y in enumerate(operation.outputs):
        if dys[i] is None and is_trainable(y):
            dys[i] = walk.zeros(y)
    with name_scope(f"{operation.name}_grad"):
        dxs = as_list(rule(operation, *dys))
        require_one_each(operation, dxs)
        if gate and sum(dx is not None for dx in dxs) > 1:
            with device(None), colocate_with(None, ignore_existing=True):
                dxs = tuple_(dxs)
    for i, (x, dx) in enumerate(zip(operation.inputs, dxs, strict=True)):
        if dx is not None:
            learn_shape(operation, i, dx)
            walk.blame.add(x, dx)


def as_list(x):
    """A list of what is in a list or tuple, or of x alone."""
    return list(x) if isinstance(x, (list, tuple)) else [x]


WALKS = [Walk]  # the last one is taken; core.loops adds one that knows loops


def require_one_each(operation, dxs):
    """A rule gives a tensor or None for each input."""
    if len(dxs) != len(operation.inputs):
        raise ValueError(
            explain(
                f"Num gradients {len(dxs)} generated for op {operation} do not match "
                f"num inputs {len(operation.inputs)}",
                where=operation.site,
                fix=f"the gradient rule of {operation.type} must return a list of "
                f"{len(operation.inputs)}, with None where there is no blame to give",
            )
        )


def learn_shape(operation, i, dx):
    """Blame has the shape of what it is for."""
    x = operation.inputs[i]
    if isinstance(dx, Tensor):
        try:
            dx.set_shape(x.shape)
        except ValueError:
            raise ValueError(
                "Incompatible shapes between op input and calculated input gradient.  "
                f"Forward operation: {operation.name}.  Input index: {i}. Original "
                f"input shape: {x.shape}.  Calculated input gradient shape: {dx.shape}"
            ) from None


## Where it begins


def first_blame(ys, grad_ys, place):
    """The blame that each y starts with: what is given, or ones.

    Raises:
      ValueError: if there are not as many grad_ys as ys.
      TypeError: if blame and y do not go together, or a y needs a grad_y and has none.
    """
    if len(grad_ys) != len(ys):
        raise ValueError(f"Passed {len(grad_ys)} grad_ys for {len(ys)} ys")
    given = [as_tensor(dy, f"grad_y_{i}") for i, dy in enumerate(grad_ys)]
    for i, (y, dy) in enumerate(zip(ys, given, strict=True)):
        with place(y.op):
            if dy is None:
                yield y, ones_for(y, f"grad_ys_{i}")
            else:
                require_kin(y, dy)
                yield y, with_name(dy, f"grad_ys_{i}")


def ones_for(y, name):
    """Blame of one for each element of y."""
    if y.dtype.is_complex:
        raise TypeError(
            f"Gradients of complex tensors must set grad_ys (y.dtype = {y.dtype!r})"
        )
    return fill(shape(y), constant(1, dtype=y.dtype, name=name))


def as_tensor(x, name, as_ref=False):
    """A value as a tensor; IndexedSlices and None as they are."""
    if x is None or isinstance(x, IndexedSlices):
        return x
    return convert_to_tensor(x, name=name, as_ref=as_ref)


def with_name(dy, name):
    """Given blame, under a name of its own."""
    if isinstance(dy, Tensor):
        return identity(dy, name=name)

    def named(part, suffix):
        return part if part is None else identity(part, name=f"{name}_{suffix}")

    indices = named(dy.indices, "indices")
    return IndexedSlices(
        named(dy.values, "values"), indices, named(dy.dense_shape, "shape")
    )


def require_kin(y, dy):
    """Real and whole numbers are blamed by such, complex ones by complex ones."""
    y_real, dy_real = (t.dtype.is_floating or t.dtype.is_integer for t in (y, dy))
    if not y_real and not y.dtype.is_complex:
        raise TypeError(
            f"Tensor {y} with type {y.dtype.base_dtype.name} must be numeric to obtain "
            "a default gradient"
        )
    if y_real and not dy_real:
        kind, wanted = "real or integer-valued", "real or integer"
    elif not y_real and not dy.dtype.is_complex:
        kind, wanted = "complex-valued", "real"  # so says TensorFlow; it means complex
    else:
        return
    raise TypeError(
        f"Gradient type {dy.dtype.base_dtype.name} generated for {kind} tensor {y} "
        f"with type {y.dtype.base_dtype.name} must be {wanted}"
    )


## The walk


def gradients(
    ys,
    xs,
    grad_ys=None,
    name="gradients",
    colocate_gradients_with_ops=False,
    gate_gradients=False,
    aggregation_method=None,
    stop_gradients=None,
    unconnected_gradients=UnconnectedGradients.NONE,
):
    """The derivatives of the sum of `ys` with respect to each of `xs`.

    Args:
      ys: a tensor or a list of tensors.
      xs: a tensor or a variable, or a list of these.
      grad_ys: the blame for each y, in its shape; None for ones.
      name: the scope of the new operations.
      colocate_gradients_with_ops: place each where the operation it belongs to lives.
      gate_gradients: hand on blame for the inputs of an operation only when it is
        there for all of them.
      aggregation_method: one of AggregationMethod.
      stop_gradients: tensors, taken as constants.
      unconnected_gradients: one of UnconnectedGradients, or its value.

    Returns:
      A list with a tensor, an IndexedSlices or None for each x.

    Raises:
      LookupError: if an operation on the way has no gradient rule.
      ValueError, TypeError: if arguments do not go together.
    """
    unconnected = as_unconnected(unconnected_gradients)
    ys, xs = as_list(ys), as_list(xs)
    stops = [] if stop_gradients is None else as_list(stop_gradients)
    grad_ys = [None] * len(ys) if grad_ys is None else as_list(grad_ys)
    place = colocate_with if colocate_gradients_with_ops else nullcontext
    with name_scope(name, "gradients", [*ys, *xs, *stops, *grad_ys]):
        get_default_graph().unique_name("uid")  # TensorFlow uses up this name
        ys = [convert_to_tensor(y, name=f"y_{i}") for i, y in enumerate(ys)]
        xs = [as_tensor(x, f"x_{i}", as_ref=True) for i, x in enumerate(xs)]
        blame = Blame(aggregation_method)
        for y, dy in first_blame(ys, grad_ys, place):
            blame.add(y, dy)
        walk = WALKS[-1](ys, xs, blame, place)
        ends = {t.op for t in stops} | first_operations(xs, walk.left)
        for operation in walk:
            with place(operation):
                pass_on(operation, walk, operation in ends, gate_gradients)
    walk.finish()
    return [blame.of(x, unconnected) for x in xs]


def as_unconnected(value):
    """One of UnconnectedGradients, from it or its value."""
    try:
        return UnconnectedGradients(value)
    except ValueError:
        raise ValueError(
            f"Unknown value for unconnected_gradients: {value!r}"
        ) from None


def first_operations(xs, uses):
    """The operations of xs that depend on no other x: there the way back ends."""
    return {x.op for x in xs if not any(uses.get(t.op) for t in x.op.inputs)}


## All second derivatives


def hessians(ys, xs, name="hessians", **options):
    """The second derivatives of the sum of `ys`: for each x, how its gradient changes.

    Each row is the gradient of one element of the gradient.

    Args:
      ys: a tensor or a list of tensors.
      xs: tensors of known shape.
      name: the scope of the new operations.
      **options: more arguments of `gradients`.

    Returns:
      A list: for each x, a tensor of shape x.shape + x.shape.

    Raises:
      ValueError: if the shape of an x is not known.
    """
    xs = as_list(xs)
    dxs = gradients(ys, xs, **options)
    with name_scope(name):
        return [hessian(dx, x, options) for dx, x in zip(dxs, xs, strict=True)]


def hessian(dx, x, options):
    """The gradients of all elements of dx with respect to x, in one tensor."""
    sizes = x.shape.as_list() if x.shape.is_fully_defined() else None
    if sizes is None:
        raise ValueError(
            explain(
                f"hessians needs to know the shape of {x!r}",
                fix="x.set_shape, or give the placeholder its sizes",
            )
        )
    units = np.eye(x.shape.num_elements(), dtype=x.dtype.as_numpy_dtype)
    rows = [
        gradients(
            dx,
            x,
            constant(unit.reshape(sizes)),
            unconnected_gradients="zero",
            **options,
        )[0]
        for unit in units
    ]
    return reshape(ROWS["Pack"](rows), sizes + sizes)
