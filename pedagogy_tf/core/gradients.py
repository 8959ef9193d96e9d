"""Gradients: new operations that say how much each value is to blame for a result.

Operations are visited from the results back, each once all the blame for its outputs
is in. Its gradient rule turns blame for its outputs into blame for its inputs, written
in the graph's own language, so that a gradient can be differentiated again.
"""

# Generated from book/source/10_gradients.md: change it there, then `make export`.

from collections import deque
from contextlib import nullcontext

from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.graph import (
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
    shape,
    tuple_,
    zeros_like,
)

__all__ = [
    "gradients",
    "as_list",
    "as_place",
    "is_trainable",
    "count_waiting",
    "first_blame",
    "Blame",
    "sum_of",
    "pass_on",
    "rule_for",
]


# Follow the blame backwards


def gradients(
    ys,
    xs,
    grad_ys=None,
    name="gradients",
    colocate_gradients_with_ops=False,
    gate_gradients=False,
    aggregation_method=None,
    stop_gradients=None,
    unconnected_gradients="none",
):
    """The derivatives of the sum of `ys` with respect to each of `xs`, as tensors.

    Args:
      ys: a tensor or a list of tensors.
      xs: a tensor or a variable, or a list of these.
      grad_ys: the blame for each y, in its shape; ones unless given.
      name: the scope of the new operations.
      colocate_gradients_with_ops: put each where the operation it belongs to lives.
      gate_gradients: hand on blame for an operation's inputs only when it is complete.
      aggregation_method: how blame that meets is added up; all ways give the same sum.
      stop_gradients: tensors that are taken as constants.
      unconnected_gradients: "none" or "zero": what an x gets that no y depends on.

    Returns:
      A list with a tensor, an IndexedSlices or None for each x.

    Raises:
      LookupError: if an operation on the way has no gradient rule.
    """
    if unconnected_gradients not in ("none", "zero"):
        raise ValueError(
            f"Unknown value for unconnected_gradients: {unconnected_gradients!r}"
        )
    ys, xs, stops = as_list(ys), as_list(xs), as_list(stop_gradients)
    grad_ys = [None] * len(ys) if grad_ys is None else as_list(grad_ys)
    with name_scope(name, "gradients", [*ys, *xs, *stops, *grad_ys]):
        get_default_graph().unique_name("uid")
        ys = [convert_to_tensor(y, name=f"y_{i}") for i, y in enumerate(ys)]
        xs = [as_place(x, f"x_{i}") for i, x in enumerate(xs)]
        blame = Blame()
        for y, dy in zip(ys, first_blame(ys, grad_ys), strict=True):
            blame.add(y, dy)
        waiting = count_waiting(ys, xs)
        stop_ops = {t.op for t in stops} | {
            x.op for x in xs if not any(waiting.get(t.op) for t in x.op.inputs)
        }
        ready = deque(dict.fromkeys(y.op for y in ys if waiting.get(y.op) == 0))
        while ready:
            operation = ready.popleft()
            place = (
                colocate_with(operation)
                if colocate_gradients_with_ops
                else nullcontext()
            )
            with place:
                pass_on(operation, blame, operation in stop_ops, gate_gradients)
            for tensor in operation.inputs:
                if tensor.op in waiting:
                    waiting[tensor.op] -= 1
                    if not waiting[tensor.op]:
                        ready.append(tensor.op)
        return [blame.for_source(x, unconnected_gradients) for x in xs]


def as_list(x):
    """A list of x, or x itself if it is one; None is an empty list."""
    return [] if x is None else list(x) if isinstance(x, (list, tuple)) else [x]


def as_place(x, name):
    """The tensor with respect to which we differentiate: for a variable, its memory."""
    if isinstance(x, IndexedSlices):
        return x
    return convert_to_tensor(x, name=name, as_ref=True)


def is_trainable(tensor):
    """Whether blame can flow through a tensor: its elements are real or complex."""
    dtype = tensor.dtype.base_dtype
    return dtype.is_floating or dtype.is_complex


def count_waiting(ys, xs):
    """How many uses of each operation's outputs lie between `xs` and `ys`.

    Returns:
      A dict with the operations that lie on a path from an x to a y; an operation is
      visited when all those uses have been.
    """
    reached, stack = set(), [x.op for x in xs]
    while stack:
        operation = stack.pop()
        if operation not in reached:
            reached.add(operation)
            for tensor in operation.outputs:
                if is_trainable(tensor):
                    stack += tensor._consumers
    between, stack = {}, [y.op for y in ys]
    while stack:
        operation = stack.pop()
        if operation in reached and operation not in between:
            between[operation] = 0
            stack += [t.op for t in operation.inputs]
    for operation in between:
        for tensor in operation.inputs:
            if tensor.op in between:
                between[tensor.op] += 1
    return between


def first_blame(ys, grad_ys):
    """The blame that each y starts with: what is given, or ones.

    Raises:
      ValueError: if there are not as many grad_ys as ys.
      TypeError: if a y is complex and has no grad_y, or their dtypes do not go together.
    """
    if len(grad_ys) != len(ys):
        raise ValueError(f"Passed {len(grad_ys)} grad_ys for {len(ys)} ys")
    for i, (y, dy) in enumerate(zip(ys, grad_ys, strict=True)):
        if dy is not None:
            yield convert_to_tensor(dy, name=f"grad_y_{i}")
            continue
        if y.dtype.is_complex:
            raise TypeError(
                f"Gradients of complex tensors must set grad_ys (y.dtype = {y.dtype!r})"
            )
        yield fill(shape(y), constant(1, dtype=y.dtype, name=f"grad_ys_{i}"))


class Blame:
    """The blame that has come in for each output of each operation."""

    def __init__(self):
        self.parts = {}  # operation -> a list of parts for each output
        self.sums = {}  # operation -> the sum for each output, None if none came

    def add(self, tensor, part):
        """Some more blame for a tensor."""
        parts = self.parts.setdefault(tensor.op, [[] for _ in tensor.op.outputs])
        parts[tensor.value_index].append(part)

    def collect(self, operation):
        """The sum for each output of an operation all of whose blame is in."""
        parts = self.parts.get(operation, [[] for _ in operation.outputs])
        self.sums[operation] = [sum_of(p) for p in parts]
        return list(self.sums[operation])

    def for_source(self, x, unconnected):
        """The blame for one of the xs."""
        total = self.sums.get(x.op, [None] * len(x.op.outputs))[x.value_index]
        if total is None and x.op not in self.sums and unconnected == "zero":
            return zeros_like(x)
        return total


def sum_of(parts):
    """The sum of what comes together; None if nothing does."""
    if len(parts) < 2:
        return parts[0] if parts else None
    return add_n(parts)


def pass_on(operation, blame, stop, gate):
    """Turn the blame for an operation's outputs into blame for its inputs."""
    dys = blame.collect(operation)
    rule = None
    if not stop and operation.inputs and any(dy is not None for dy in dys):
        rule = rule_for(operation)
    if rule is None:
        return
    for i, dy in enumerate(dys):
        if dy is None and is_trainable(operation.outputs[i]):
            dys[i] = zeros_like(operation.outputs[i], optimize=False)
    with name_scope(f"{operation.name}_grad"):
        dxs = rule(operation, *dys)
        dxs = list(dxs) if isinstance(dxs, (list, tuple)) else [dxs]
        if len(dxs) != len(operation.inputs):
            raise ValueError(
                f"Num gradients {len(dxs)} generated for op {operation.name} do not "
                f"match num inputs {len(operation.inputs)}"
            )
        if gate and sum(dx is not None for dx in dxs) > 1:
            with device(None), colocate_with(None, ignore_existing=True):
                dxs = tuple_(dxs)
    for tensor, dx in zip(operation.inputs, dxs, strict=True):
        if dx is not None:
            if isinstance(dx, Tensor):
                dx.set_shape(tensor.shape)
            blame.add(tensor, dx)


def rule_for(operation):
    """The gradient rule of an operation; None if no blame flows through it."""
    name = operation.attrs.get("_gradient_op_type", operation.type)
    if name not in GRADIENTS:
        raise LookupError(
            explain(
                f"No gradient defined for operation '{operation.name}' (op type: "
                f"{operation.type})",
                where=operation.site,
                fix="give its row a rule: @row.gradient, or tf.NotDifferentiable"
                f"('{operation.type}') if no blame flows through it",
            )
        )
    return GRADIENTS[name]
