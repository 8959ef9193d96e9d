"""Branches and loops: switches, merges, and what leads values through them.

An operation without a value at one of its inputs does not run and gives no value: it is
dead. Switch gives a value at one of two outputs, Merge takes the one that is there. A
loop has a frame of its own, which values enter and exit.

The kernels say what the ops mean. A plan does not call them: `core.flow` writes blocks.
"""

# Generated from book/source/20_control.md: change it there, then `make export`.

import collections
from functools import partial

import numpy as np

from pedagogy_tf.core.dtypes import int32
from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.graph import (
    OPERATORS,
    GraphKeys,
    Operation,
    Tensor,
    add_to_collection,
    colocate_with,
    control_dependencies,
    get_default_graph,
    name_scope,
)
from pedagogy_tf.core.nest import (
    COMPOSITES,
    assert_same_structure,
    flatten,
    is_nested,
    map_structure,
    pack_sequence_as,
    parts_of,
    with_parts,
)
from pedagogy_tf.core.op import constant, convert_to_tensor, op, same, with_rank
from pedagogy_tf.core.ops.array import stack
from pedagogy_tf.core.ops.basic import (
    IndexedSlices,
    identity,
    no_op,
    shape,
    with_dependencies,
)
from pedagogy_tf.core.ops.elementwise import less_equal, logical_and
from pedagogy_tf.core.ops.math import cast, range_, reduce_sum
from pedagogy_tf.core.ops.nn import assert_op
from pedagogy_tf.core.shapes import TensorShape

__all__ = [
    "switch_op",
    "merge_op",
    "ref_switch_op",
    "ref_merge_op",
    "switch_shape",
    "merge_shape",
    "as_node",
    "switch",
    "switch_beside",
    "merge",
    "as_rows",
    "Context",
    "home_of",
    "loop_of",
    "ENTERS",
    "EXITS",
    "CondContext",
    "bring_inputs",
    "flow_of",
    "with_flows",
    "cond",
    "PYTHON_IF",
    "one_of",
    "single",
    "fork",
    "join",
    "case",
    "checked_pairs",
    "Assert",
    "at_most",
    "last_chance",
    "enter_op",
    "ref_enter_op",
    "exit_op",
    "next_iteration_op",
    "loop_cond_op",
    "control_trigger_op",
    "WhileContext",
    "is_loop_constant",
    "covers",
    "check_invariant",
    "lead_back",
    "while_loop",
    "as_limit",
    "counted",
    "start_of",
]


## A switch and a merge


@op(
    "Switch(data:T, pred:bool) -> (output_false:T, output_true:T)",
    view=True,
    opaque=True,
)
def switch_op(xp, data, pred):
    """The data, at the second output if `pred` holds, else at the first."""
    return (None, data) if pred else (data, None)


@op("Merge(inputs:N*T) -> (output:T, value_index:int32)", view=True, opaque=True)
def merge_op(xp, inputs):
    """The one input that has a value, and its number."""
    return next((x, np.int32(i)) for i, x in enumerate(inputs) if x is not None)


@op("RefSwitch(data:ref T, pred:bool) -> (output_false:ref T, output_true:ref T)")
def ref_switch_op(xp, data, pred):
    """The variable, at the second output if `pred` holds, else at the first."""


@op("RefMerge(inputs:ref N*T) -> (output:ref T, value_index:int32)")
def ref_merge_op(xp, inputs):
    """The one variable that arrives, and its number."""


def switch_shape(op, data, pred):
    """Shape rule: that of the data, at both outputs."""
    return [data, data]


def merge_shape(op, *shapes):
    """Shape rule: what all inputs have in common."""
    found = shapes[0]
    for other in shapes[1:]:
        if None in (found.rank, other.rank) or found.rank != other.rank:
            found = TensorShape(None)
            break
        pairs = zip(found.sizes, other.sizes, strict=True)
        found = TensorShape([a if a == b else None for a, b in pairs])
    return [found, TensorShape([])]


switch_op.shape(switch_shape)
ref_switch_op.shape(switch_shape)
merge_op.shape(merge_shape)
ref_merge_op.shape(merge_shape)


def as_node(value, name=None):
    """A value as a tensor, a variable as its place; a composite as it is."""
    if type(value) in COMPOSITES:
        return value
    return convert_to_tensor(value, name=name, as_ref=True)


def switch(data, pred, name=None):
    """(data if `pred` is false, data if it is true); one of them has no value."""
    with name_scope(name, "Switch", [data, pred]) as name:
        data, pred = as_node(data, name="data"), convert_to_tensor(pred, name="pred")
        if type(data) not in COMPOSITES:
            return switch_op(data, pred, name=name)
        pairs = [switch_op(part, pred) for part in parts_of(data)]
        return tuple(with_parts(data, list(side)) for side in zip(*pairs, strict=True))


def switch_beside(data, pred, name="Switch"):
    """The same, on the device of the data, which may also be a variable."""
    with colocate_with(data, ignore_existing=True):
        if data.dtype.is_ref_dtype:
            return ref_switch_op(data, pred, name=name)
        return switch(data, pred, name=name)


def merge(inputs, name=None):
    """(the one of `inputs` that has a value, which one it is)."""
    with name_scope(name, "Merge", inputs) as name:
        nodes = [as_node(x) for x in inputs]
        if any(type(x) in COMPOSITES for x in nodes):
            nodes = [as_rows(x) for x in nodes]
            parts = zip(*[parts_of(x) for x in nodes], strict=True)
            merged = [merge_op(list(same)) for same in parts]
            return with_parts(nodes[0], [m[0] for m in merged]), merged[0][1]
        if all(x.dtype.is_ref_dtype for x in nodes):
            return ref_merge_op(nodes, name=name)
        return merge_op(nodes, name=name)


def as_rows(value):
    """A tensor as the IndexedSlices of all its rows; a composite as it is."""
    if not isinstance(value, Tensor):
        return value
    sizes = shape(value, optimize=False)
    return IndexedSlices(value, range_(0, sizes[0]), sizes)


COMPOSITES[IndexedSlices] = (
    lambda rows: [
        p for p in (rows.values, rows.indices, rows.dense_shape) if p is not None
    ],
    lambda rows, parts: IndexedSlices(*parts),
)


## What is written inside


class Context:
    """A branch or a loop that is being written.

    Attributes:
      name: its name.
      outer: the context in which it stands, or None.
      nested: the contexts that stand in it.
      known: the tensors that belong to it, or that have come in.
      inside: tensor from outside -> the tensor that stands for it inside.
      is_loop: whether it is a loop.
    """

    is_loop = False

    def __init__(self, name):
        self.graph = get_default_graph()
        self.name = self.graph.unique_name(name)
        self.outer, self.nested = self.graph._scopes.context, []
        if self.outer is not None:
            self.outer.nested.append(self)
        self.known, self.inside = set(), {}

    def entered(self):
        """A block in which new operations belong to it."""
        return self.graph._inside(context=self)

    def lineage(self):
        """It, and the contexts around it, the innermost first."""
        context = self
        while context is not None:
            yield context
            context = context.outer

    def __str__(self):
        return self.name

    @property
    def loop(self):
        """The innermost loop that it is or stands in; None outside of loops."""
        return next((c for c in self.lineage() if c.is_loop), None)

    def release(self, tensors):
        """Let the context around know tensors that are handed out."""
        if self.outer is not None:
            self.outer.known.update(tensors)

    def _drop_outer_waits(self, operation):
        """Let an operation in a loop wait only for others in it; give back the rest."""
        waits = operation.control_inputs
        if self.loop is None:
            return []
        inner = [o for o in waits if loop_of(home_of(o)) is self.loop]
        if len(inner) < len(waits):
            operation._remove_all_control_inputs()
            operation._add_control_inputs(inner)
        return [o for o in waits if o not in inner]

    def check_use(self, source, user):
        """Raise ValueError if an operation outside of the loop uses one inside."""
        home, there = loop_of(home_of(source)), loop_of(user._context)
        if home is None or (there is not None and home in there.lineage()):
            return
        if any(loop is not None and loop.grad_state for loop in (home, there)):
            return  # the way back reads the way there
        if there is None and user.type in (*ENTERS, "Switch", "RefSwitch"):
            return  # these stand in front of a context that is nested
        what = f"Cannot use '{source.name}' as input to '{user.name}' because "
        if there is None:
            what += f"'{source.name}' is in a while loop."
        else:
            what += "they are in different while loops."
        raise ValueError(
            explain(
                f"{what} See info log for more details.",
                where=user.site,
                made=f"in a loop, at {source.site}",
                fix="let the body return it, as a loop variable",
            )
        )


def home_of(operation):
    """The context of an operation's outputs: for an Exit, the one around the loop."""
    context = operation._context
    if context is not None and operation.type in EXITS:
        return context.outer
    return context


def loop_of(context):
    """The loop around a context, which may be None."""
    return None if context is None else context.loop


ENTERS, EXITS = ("Enter", "RefEnter"), ("Exit", "RefExit")


class CondContext(Context):
    """One branch of a `cond`.

    Attributes:
      pred: the tensor that decides.
      pivot: a tensor that has a value only in this branch.
      branch: 1 for the branch of true, 0 for that of false.
    """

    def __init__(self, pred, pivot, branch, name="cond_text"):
        super().__init__(name)
        self.pred, self.pivot, self.branch = pred, pivot, branch
        self.known.update([pred, pivot])
        self.inside[pred] = pred
        pivot.op._context = self

    @property
    def grad_state(self):
        return None if self.loop is None else self.loop.grad_state

    @property
    def control_pivot(self):
        """What an operation without inputs waits for."""
        return self.pivot

    def bring(self, tensor):
        """The tensor that stands for `tensor` in this branch."""
        if tensor in self.known:
            return self.inside.get(tensor, tensor)
        found = self._bring_near(tensor)
        with control_dependencies(None):
            found = switch_beside(found, self.pred)[self.branch]
        self.graph.prevent_fetching(found.op)
        found.op._context = self
        for context in self.lineage():
            context.known.add(found)
        self.inside[tensor] = found
        return found

    def _bring_near(self, tensor):
        """What stands for `tensor` in the context around."""
        self.known.add(tensor)
        if self.outer is None:
            return tensor
        found = self.outer.bring(tensor)
        self.known.add(found)
        self.inside[found] = found
        return found

    def add(self, operation):
        """Take in a new operation."""
        self.take(operation)

    def take(self, operation):
        """Take in an operation that belongs here."""
        if operation.inputs:
            bring_inputs(self, operation)
            self._drop_outer_waits(operation)
        else:
            self._drop_outer_waits(operation)
            homes = [o._context for o in operation.control_inputs]
            if not any(home is not None and self in home.lineage() for home in homes):
                operation._add_control_input(self.pivot.op)
        for context in self.lineage():
            context.known.update(operation.outputs)
        if self.outer is not None or operation.type not in EXITS:
            self.graph.prevent_fetching(operation)

    def write(self, function):
        """What a branch's function returns: as it is, and as tensors of this branch."""
        original = function()
        if original is None:
            return None, None
        result = map_structure(self._hand_out, original, expand_composites=True)
        return original, result if isinstance(result, (list, tuple)) else [result]

    def _hand_out(self, value):
        """A result as a tensor that has a value only in this branch."""
        if isinstance(value, Operation):
            return with_dependencies([value], self.pivot)
        tensor = convert_to_tensor(flow_of(value))
        if tensor in self.known:
            return self.inside.get(tensor, tensor)
        found = self._bring_near(tensor)
        self.inside[tensor] = switch_beside(found, self.pred)[self.branch]
        return self.inside[tensor]


def bring_inputs(context, operation):
    """Let an operation read what stands for its inputs in a context."""
    for i, tensor in enumerate(operation.inputs):
        found = context.bring(tensor)
        if found is not tensor:
            operation._update_input(i, found)


## Choose


def flow_of(value):
    """The tensor that stands for a TensorArray; other values as they are."""
    return value.flow if hasattr(value, "_with_flow") else value


def with_flows(originals, tensors):
    """TensorArrays like the originals with these flows; other tensors as they are."""
    pairs = zip(originals, tensors, strict=True)
    return [x._with_flow(t) if hasattr(x, "_with_flow") else t for x, t in pairs]


def cond(
    pred, true_fn=None, false_fn=None, strict=False, name=None, fn1=None, fn2=None
):
    """What `true_fn` returns if `pred` holds in a run, else what `false_fn` returns.

    Both functions are called once, now. What they *make* runs only if their branch is
    taken. What was made before runs in any case, if one of them uses it.

    Args:
      pred: a bool without axes.
      true_fn, false_fn: functions without arguments that return a tensor or a structure
        of tensors; of the same form and dtypes.
      strict: False takes a list of one for its item.
      name: the scope of the operations, "cond" by default.
      fn1, fn2: old names of true_fn and false_fn.

    Returns:
      Tensors, in the form of what the functions return.

    Raises:
      TypeError, ValueError: what is given or returned does not go together.
    """
    true_fn = one_of("true_fn", true_fn, "fn1", fn1)
    false_fn = one_of("false_fn", false_fn, "fn2", fn2)
    with name_scope(name, "cond", [pred]):
        if isinstance(pred, bool):
            raise TypeError(explain("pred must not be a Python bool", fix=PYTHON_IF))
        contexts = fork(pred)
        given, results = [], []
        for context, function in zip(contexts, (true_fn, false_fn), strict=True):
            with context.entered():
                original, result = context.write(function)
                if original is None:
                    word = "true_fn" if context.branch else "false_fn"
                    raise ValueError(f"{word} must have a return value.")
                context.release(flatten(result, expand_composites=True))
            given.append(original if strict else single(original))
            results.append(flatten(result, expand_composites=True))
        merges = join(given, results)
        if contexts[0].outer is None:
            for context in contexts:
                add_to_collection(GraphKeys.COND_CONTEXT, context)
        return merges if strict else single(merges)


OPERATORS["cond"] = cond
PYTHON_IF = "a Python `if` chooses while the graph is written; a tensor in each run"


def one_of(name, value, old_name, old_value):
    """A function that may be given by its old name."""
    if old_value is not None and value is not None:
        raise TypeError(f"cond(): {name} and {old_name} may not be set simultaneously.")
    value = old_value if value is None else value
    if value is None:
        raise TypeError(f"cond(): {name} argument required")
    if not callable(value):
        raise TypeError(f"{name} must be callable.")
    return value


def single(structure):
    """The item of a list or tuple of one; anything else as it is."""
    if isinstance(structure, (list, tuple)) and len(structure) == 1:
        return structure[0]
    return structure


def fork(pred):
    """The contexts of the two branches of `pred`, first that of true."""
    low, high = switch(pred, pred)
    pivots = identity(high, name="switch_t"), identity(low, name="switch_f")
    pred = identity(pred, name="pred_id")
    for tensor in (high, low, *pivots, pred):
        tensor.graph.prevent_fetching(tensor.op)
    return [CondContext(pred, pivot, 1 - i) for i, pivot in enumerate(pivots)]


def join(given, results):
    """The merged results of two branches.

    Args:
      given: what the functions of true and false returned: the form of the answer.
      results: two flat lists of tensors.

    Raises:
      TypeError, ValueError: forms or dtypes differ, or there is nothing.
    """
    assert_same_structure(*given, expand_composites=True)
    if not results[0]:
        raise ValueError("true_fn and false_fn must return at least one result.")
    for x, y in zip(*results, strict=True):
        if x.dtype.base_dtype != y.dtype.base_dtype:
            raise ValueError(
                explain(
                    "Outputs of true_fn and false_fn must have the same type: "
                    f"{x.dtype.name}, {y.dtype.name}",
                    fix=f"tf.cast(x, tf.{x.dtype.base_dtype.name}) in false_fn",
                )
            )
    merges = [merge([y, x])[0] for x, y in zip(*results, strict=True)]
    merges = with_flows(flatten(given[0], expand_composites=True), merges)
    return pack_sequence_as(given[0], merges, expand_composites=True)


### More than two


def case(pred_fn_pairs, default=None, exclusive=False, strict=False, name="case"):
    """What the function of the first pred that holds returns.

    Args:
      pred_fn_pairs: a list of pairs (pred, function without arguments), or a dict.
      default: the function to take if no pred holds; without one, that is an error.
      exclusive: whether it is an error if two preds hold.
      strict: as for `cond`.
      name: the scope of the operations.

    Raises:
      TypeError: if the pairs are not what they should be.
    """
    preds, functions = zip(*checked_pairs(pred_fn_pairs), strict=True)
    with name_scope(name, "case", preds):
        if default is None:
            default = last_chance(preds, functions)
            preds, functions = preds[:-1], functions[:-1]
        choose = default
        for pred, function in reversed(list(zip(preds, functions, strict=True))):
            choose = partial(cond, pred, function, choose, strict)
        if not exclusive:
            return choose()
        with control_dependencies([at_most(1, preds, "Input error: exclusive=True")]):
            return choose()


def checked_pairs(pairs):
    """The pairs of a `case` as a list. Raises TypeError if they are no such."""
    if not isinstance(pairs, (list, tuple, dict)):
        raise TypeError("fns must be a list, tuple, or dict")
    if isinstance(pairs, collections.OrderedDict):
        pairs = list(pairs.items())
    elif isinstance(pairs, dict):
        pairs = sorted(pairs.items(), key=lambda pair: pair[0].name)
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("Each entry in pred_fn_pairs must be a 2-tuple")
        pred, function = pair
        if not isinstance(pred, Tensor):
            raise TypeError(
                explain(f"pred must be a Tensor, got: {pred}", fix=PYTHON_IF)
            )
        if not pred.dtype.is_bool:
            raise TypeError(f"pred must be Tensor of type bool: {pred.name}")
        if not callable(function):
            raise TypeError(f"fn for pred {pred.name} must be callable.")
    return pairs


def Assert(condition, data, summarize=None, name=None):
    """An operation that fails in a run in which `condition` does not hold.

    Args:
      condition: a bool without axes.
      data: a list of what the message shows, tensors and values.
      summarize: how many elements of each tensor it shows, 3 by default.
      name: the scope of the operations, "Assert" by default.
    """
    with name_scope(name, "Assert", flatten([condition, data])):
        seen = [convert_to_tensor(x) for x in data]
        if all(x.dtype.name in ("string", "int32") for x in seen):
            return assert_op(condition, data, summarize=summarize, name="Assert")
        condition = convert_to_tensor(condition, name="Condition")

        def fail():
            return assert_op(condition, data, summarize=summarize, name="Assert")

        return cond(condition, no_op, fail, name="AssertGuard").op


def at_most(n, preds, words):
    """An operation that fails if more than n of the preds hold."""
    all_preds = stack(preds, name="preds_c")
    count = reduce_sum(cast(all_preds, int32), name="num_true_conds")
    condition = less_equal(count, constant(n, name="n_true_conds"))
    names = ", ".join(pred.name for pred in preds)
    words = f"{words}: more than {n} conditions ({names}) evaluated as True:"
    return Assert(condition, [words, all_preds], summarize=len(preds))


def last_chance(preds, functions):
    """The last function, guarded: its own pred must hold, and no other."""
    k = len(preds) - 1
    words = "Implementation error: selected default action "
    words += f"#{k} was called, but some of other predicates are True: "

    def default():
        none = "Input error: None of conditions evaluated as True:"
        every = stack(preds, name="preds_c")
        checks = [at_most(0, preds[:-1], words), Assert(preds[-1], (none, every))]
        with control_dependencies(checks):
            return functions[-1]()

    return default


## Repeat


@op("Enter(data:T) -> (output:T)", view=True, opaque=True)
def enter_op(xp, data, *, frame_name, is_constant=False, parallel_iterations=10):
    """The data, inside of a loop; a constant one is there in every turn."""
    return data


@op("RefEnter(data:ref T) -> (output:ref T)")
def ref_enter_op(xp, data, *, frame_name, is_constant=False, parallel_iterations=10):
    """A variable, inside of a loop."""


@op("Exit(data:T) -> (output:T)", view=True, opaque=True)
def exit_op(xp, data):
    """The data, outside of the loop, when the loop has ended."""
    return data


@op("NextIteration(data:T) -> (output:T)", view=True, opaque=True)
def next_iteration_op(xp, data):
    """The data, in the next turn."""
    return data


@op("LoopCond(input:bool) -> (output:bool)", view=True, opaque=True)
def loop_cond_op(xp, input):
    """Whether there is another turn."""
    return input


@op("ControlTrigger() -> ()")
def control_trigger_op(xp):
    """Nothing; it waits for others, also for those that do not run."""


@enter_op.shape
def _(op, data):
    return data if op.get_attr("is_constant") else TensorShape(None)


@loop_cond_op.shape
def _(op, condition):
    return with_rank(condition, 0)


ref_enter_op.shape(enter_op.shape_rule)
exit_op.shape(same)
next_iteration_op.shape(same)
control_trigger_op.shape(lambda op: [])
control_trigger_op.gradient(None)
loop_cond_op.gradient(None)


class WhileContext(Context):
    """A `while_loop`, or the way back through one.

    Attributes:
      maximum_iterations, parallel_iterations, back_prop, swap_memory: see `while_loop`.
      grad_state: what the way back knows of the loop, if it is a way back.
      pivot: the tensor that says whether there is another turn.
      pivot_for_pred, pivot_for_body: what constants of the condition and of the body
        wait for.
      enters, exits: the tensors that enter and leave it, one for each loop variable.
    """

    is_loop = True

    def __init__(
        self,
        maximum_iterations=None,
        parallel_iterations=10,
        back_prop=True,
        swap_memory=False,
        name="while_context",
        grad_state=None,
    ):
        super().__init__(name)
        self.maximum_iterations, self.parallel = maximum_iterations, parallel_iterations
        self.back_prop, self.swap_memory = back_prop, swap_memory
        self.grad_state = grad_state
        self.pivot = self.pivot_for_pred = self.pivot_for_body = None
        self.enters, self.exits = [], []

    @property
    def control_pivot(self):
        """What an operation waits for that would run in no turn or in all."""
        found = self.pivot_for_body
        return self.pivot_for_pred if found is None else found

    def let_in(self, tensor, is_constant=False, name=None, shape=None):
        """A tensor or a variable from the context around, inside of the loop.

        Args:
          tensor: the tensor.
          is_constant: whether it is there in every turn.
          name: the name of the operation.
          shape: its shape in all turns, by default that of the tensor.
        """
        row = ref_enter_op if tensor.dtype.is_ref_dtype else enter_op
        found = row(tensor, self.name, is_constant, self.parallel, name=name)
        found.set_shape(tensor.shape if shape is None else shape)
        return found

    def bring(self, tensor):
        """The tensor that stands for `tensor` in this loop."""
        if tensor in self.known or tensor.op._context is self:
            return self.inside.get(tensor, tensor)
        self.known.add(tensor)
        found = self._from_forward(tensor)
        if found is None:
            found = tensor if self.outer is None else self.outer.bring(tensor)
            with control_dependencies(None):
                found = self.let_in(found, is_constant=True)
                self.graph.prevent_feeding(found)
            self._settle([found])
            self.known.add(found)
        self.inside[tensor] = found
        return found

    def _from_forward(self, tensor):
        """On the way back: a tensor of the loop, as it was in the same turn."""
        writing = loop_of(self.graph._scopes.context)
        state = None if writing is None else writing.grad_state
        home = loop_of(home_of(tensor.op))
        if state is None or home is None or home is not state.forward:
            return None
        return state.remembered(tensor)

    def take(self, operation):
        """Take in a new operation; what waits for something outside lets it in."""
        if operation.inputs:
            bring_inputs(self, operation)
            outside = self._drop_outer_waits(operation)
            if not operation.control_inputs and all(
                map(is_loop_constant, operation.inputs)
            ):
                operation._add_control_input(self.control_pivot.op)
        else:
            outside = self._drop_outer_waits(operation)
            if not operation.control_inputs:
                operation._add_control_input(self.control_pivot.op)
        self.known.update(operation.outputs)
        if outside:
            with control_dependencies(None), self.entered():
                let_in = [identity(o.outputs[0]).op for o in outside if o.outputs]
            operation._add_control_inputs(let_in)
        if self.outer is not None or operation.type not in EXITS:
            self.graph.prevent_fetching(operation)
            for tensor in operation.outputs:
                self.graph.prevent_feeding(tensor)

    def add(self, operation):
        """Take in a new operation, here or in the loop whose way back this is.

        A shape takes less room than what has it. So if the way back asks for a shape,
        it is worked out on the way there.
        """
        home = self
        if operation.type in ("Shape", "Size", "Rank"):
            source, writing = (
                operation.inputs[0].op,
                loop_of(self.graph._scopes.context),
            )
            state = None if writing is None else writing.grad_state
            if state is not None and loop_of(source._context) is state.forward:
                home = operation._context = source._context
        home.take(operation)

    def _settle(self, enters):
        """Make Enter nodes part of the loop, waiting for what it waits for."""
        outside = []
        for context in [] if self.outer is None else self.outer.lineage():
            outside.append(context)
            if context.is_loop:
                break
        else:
            outside.append(None)
        for tensor in enters:
            waits = self.graph._controls_for([tensor.op.inputs[0]])
            tensor.op._context = self
            tensor.op._add_control_inputs([o for o in waits if home_of(o) in outside])
            for _, born in self.graph._scopes.controls:
                born.add(tensor.op)

    def build(self, condition, body, loop_vars, starts, shapes):
        """Write the loop.

        Args:
          condition, body: functions of the loop variables.
          loop_vars: their structure.
          starts: their values at the beginning, a flat list of tensors.
          shapes: the shapes that they keep, as many.

        Returns:
          What the body returned, and the tensors that leave the loop.
        """
        with self.entered():
            merges = self._begin(starts, shapes)
            self.pivot_for_pred = merges[0]
            again = condition(*self._packed(loop_vars, merges))
            self.pivot = loop_cond_op(convert_to_tensor(again), name="LoopCond")
            turns = [switch_beside(x, self.pivot) for x in merges]
            inner = [identity(go_on) for _, go_on in turns]
            self.pivot_for_body = inner[0]
            variables = self._packed(loop_vars, inner)
            result = body(*variables)
            result = result if is_nested(result, True) else [result]
            assert_same_structure(list(variables), list(result), expand_composites=True)
            leaves = flatten(result, expand_composites=True)
            values = [convert_to_tensor(flow_of(x)) for x in leaves]
            for merged, value in zip(merges, values, strict=True):
                lead_back(merged, value)
            self.exits = [exit_op(stop, name="Exit") for stop, _ in turns]
            self.release(self.exits)
        return result, with_flows(leaves, self.exits)

    def _packed(self, loop_vars, tensors):
        """Tensors in the structure of the loop variables."""
        leaves = flatten(loop_vars, expand_composites=True)
        packed = with_flows(leaves, tensors)
        return pack_sequence_as(loop_vars, packed, expand_composites=True)

    def _begin(self, starts, shapes):
        """Let the starts enter; the merged loop variables."""
        self.known = set(starts)
        if self.outer is not None:
            starts = [self.outer.bring(x) for x in starts]
        pairs = list(zip(starts, shapes, strict=True))
        for start, invariant in pairs:
            check_invariant(start, invariant)
        with control_dependencies(None):
            enters = [self.let_in(start, shape=shape) for start, shape in pairs]
        around = [] if self.outer is None else self.outer.lineage()
        pivot = next(
            (c.control_pivot for c in around if c.control_pivot is not None), None
        )
        for entered, start in zip(enters, starts, strict=True):
            self.graph.prevent_feeding(entered)
            if pivot is not None and is_loop_constant(start):
                entered.op._add_control_input(pivot.op)
        self._settle(enters)
        self.known, self.enters = set(enters), enters
        return [merge([x, x])[0] for x in enters]


def is_loop_constant(tensor):
    """Whether a tensor entered a loop as a constant."""
    operation = tensor.op
    return operation.type in ENTERS and operation.attrs["is_constant"]


def covers(loose, shape):
    """Whether everything that `loose` says of a shape holds for `shape`, too."""
    if loose.sizes is None:
        return True
    if shape.rank != loose.rank:
        return False
    pairs = zip(loose.sizes, shape.sizes, strict=True)
    return all(a is None or a == b for a, b in pairs)


def check_invariant(start, shape):
    """Raise ValueError unless a loop variable can start so, and keep that shape."""
    if not isinstance(shape, TensorShape):
        raise ValueError("`shapes` must be a (possibly nested) list of shapes.")
    if not covers(shape, start.shape):
        raise ValueError(
            f"The shape invariant specified for {start.name} is not "
            "compatible with the "
            "initial shape of the loop variable. It enters the loop with shape "
            f"{start.shape}, but the specified shape invariant is {shape}."
        )


def lead_back(merged, value, must_fit=True):
    """Let a value be that of a loop variable in the next turn.

    Raises:
      ValueError: it has another shape than the variable, or another dtype.
    """
    value = next_iteration_op(convert_to_tensor(value), name="NextIteration")
    if must_fit and not covers(merged.shape, value.shape):
        start = merged.op.inputs[0].op.inputs[0]
        raise ValueError(
            explain(
                f"Input tensor '{start.name}' enters the loop with shape "
                f"{start.shape}, "
                f"but has shape {value.shape} after one iteration. To allow "
                "the shape to "
                "vary across iterations, use the `shape_invariants` argument of "
                "tf.while_loop to specify a less-specific shape.",
            )
        )
    merged.op._update_input(1, value)
    return value


def while_loop(
    cond,
    body,
    loop_vars,
    shape_invariants=None,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    name=None,
    maximum_iterations=None,
    return_same_structure=False,
):
    """The loop variables after turns of `body`, as long as `cond` holds.

    Both functions are called once, now, with tensors that stand for the variables of
    any turn.

    Args:
      cond: function of the loop variables that gives a bool without axes.
      body: function of the loop variables that gives their values in the next turn, in
        the same form.
      loop_vars: a list, tuple or dict of values, tensors and TensorArrays.
      shape_invariants: TensorShapes in the form of `loop_vars`: what is known of the
        shapes in all turns; by default the shapes at the start.
      parallel_iterations, swap_memory: kept in the graph. Here turns run one after the
        other, and memory is not swapped.
      back_prop: False: no blame goes through the loop.
      name: the scope of the operations, "while" by default.
      maximum_iterations: stop after so many turns.
      return_same_structure: True: a loop variable that is alone stays in its list.

    Raises:
      TypeError, ValueError: forms, dtypes or shapes do not go together.
    """
    for function, word in ((cond, "cond"), (body, "body")):
        if not callable(function):
            raise TypeError(f"{word} must be callable.")
    if parallel_iterations < 1:
        raise TypeError("parallel_iterations must be a positive integer.")
    with name_scope(name, "while", flatten(loop_vars)):
        if not loop_vars:
            raise ValueError("No loop variables provided")
        limit = maximum_iterations
        if limit is not None:
            alone = len(loop_vars) == 1 and not return_same_structure
            limit = as_limit(limit)
            counter = constant(0, limit.dtype, name="iteration_counter")
            cond, body = counted(cond, body, limit, alone)
            loop_vars = (counter, loop_vars[0] if alone else loop_vars)
            if shape_invariants is not None:
                shape_invariants = (TensorShape([]), shape_invariants)
        starts, shapes = zip(*start_of(loop_vars, shape_invariants), strict=True)
        context = WhileContext(limit, parallel_iterations, back_prop, swap_memory)
        if context.outer is None:
            add_to_collection(GraphKeys.WHILE_CONTEXT, context)
        result, exits = context.build(cond, body, loop_vars, starts, shapes)
        result = pack_sequence_as(result, exits, expand_composites=True)
        if limit is not None:
            return result[1]
        alone = len(exits) == 1 and not return_same_structure
        return result[0] if alone else result


def as_limit(maximum_iterations):
    """The greatest number of turns as a tensor."""
    limit = convert_to_tensor(maximum_iterations, name="maximum_iterations")
    if limit.shape.rank != 0:
        raise ValueError(
            f"maximum_iterations must be a scalar, saw shape: {limit.shape}"
        )
    return limit


def counted(cond, body, limit, alone):
    """The functions of a loop, with a counter in front of their variables.

    Args:
      cond, body: the functions of the loop.
      limit: the greatest number of turns.
      alone: whether there is one variable, and not a list of them.
    """

    def listed(variables):
        return [variables] if alone else variables

    def counted_cond(i, variables):
        return logical_and(i < limit, cond(*listed(variables)))

    def counted_body(i, variables):
        return i + 1, body(*listed(variables))

    return counted_cond, counted_body


def start_of(loop_vars, shapes):
    """(tensor, the shape that it keeps) for each loop variable, flat."""
    leaves = flatten(loop_vars)
    if shapes is None:
        shapes = [None] * len(leaves)
    else:
        assert_same_structure(loop_vars, shapes)
        shapes = flatten(shapes)
    for leaf, asked in zip(leaves, shapes, strict=True):
        if type(leaf) not in COMPOSITES:
            start = convert_to_tensor(flow_of(leaf))
            yield start, start.shape if asked is None else asked
            continue
        for i, part in enumerate(parts_of(leaf)):
            kept = part.shape if asked is None else asked
            yield part, TensorShape([None] * part.shape.rank) if i and asked else kept
