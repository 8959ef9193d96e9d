"""The way back through branches and loops.

Back through a loop goes a loop of as many turns, the last one first. What it needs of a
turn is pushed on a stack by the loop on the way there, and popped on the way back.
"""

# Generated from book/source/21_loops.md: change it there, then `make export`.

from contextlib import nullcontext

from pedagogy_tf.core.dtypes import int32
from pedagogy_tf.core.errors import explain
from pedagogy_tf.core.gradients import WALKS, Walk, between, is_trainable
from pedagogy_tf.core.graph import (
    colocate_with,
    control_dependencies,
    get_default_graph,
)
from pedagogy_tf.core.op import constant, convert_to_tensor, op
from pedagogy_tf.core.ops.array import concat
from pedagogy_tf.core.ops.basic import (
    IndexedSlices,
    identity,
    shape,
    without_blame,
    zeros,
    zeros_like,
)
from pedagogy_tf.core.ops.control import (
    ENTERS,
    EXITS,
    CondContext,
    WhileContext,
    control_trigger_op,
    enter_op,
    exit_op,
    home_of,
    is_loop_constant,
    lead_back,
    loop_cond_op,
    loop_of,
    merge,
    merge_op,
    next_iteration_op,
    ref_enter_op,
    ref_merge_op,
    ref_switch_op,
    switch,
    switch_beside,
    switch_op,
)
from pedagogy_tf.core.ops.elementwise import equal, greater_equal
from pedagogy_tf.core.ops.math import add, maximum, subtract
from pedagogy_tf.core.shapes import TensorShape

__all__ = [
    "stack_op",
    "stack_push_op",
    "stack_pop_op",
    "LoopState",
    "within",
    "circle",
    "leave",
    "branch_around",
    "constant_enter",
    "exit_rule",
    "next_iteration_rule",
    "merge_rule",
    "switch_rule",
    "enter_rule",
    "LoopWalk",
    "is_loop_switch",
]


## Stacks


@op("StackV2(max_size:int32) -> (handle:resource)")
def stack_op(run, max_size, *, elem_type, stack_name=""):
    """An empty stack."""
    return []


@op("StackPushV2(handle:resource, elem:T) -> (output:T)", view=True)
def stack_push_op(run, handle, elem, *, swap_memory=False):
    """`elem`, which lies on top of the stack now."""
    handle.append(elem)
    return elem


@op("StackPopV2(handle:resource) -> (elem:elem_type)", view=True)
def stack_pop_op(run, handle, *, elem_type):
    """What lies on top of the stack, and is taken away."""
    return handle.pop()


stack_op.shape(lambda op, size: TensorShape([2]))  # a handle is two words
stack_push_op.shape(lambda op, handle, elem: elem)
stack_pop_op.shape(lambda op, handle: TensorShape(None))
without_blame(stack_op, stack_push_op, stack_pop_op)


## A loop and its way back


class LoopState:
    """A loop, its way back, and what passes from the one to the other.

    Attributes:
      forward, back: the WhileContexts of both.
      outer: the LoopState of the loop around, or None.
      caller: the context in which `gradients` was called, or None.
      exits: the exits of the loop, before it got a counter.
      waiting: how many exits have not had their turn.
      deferred, unused: exits that wait for the others; exits that nobody blamed.
      counted, count_back: the counters' values for the next turn, there and back.
      found: tensor of the loop -> its value, on the way back.
      merges: Switch of the loop -> the Merge on the way back.
    """

    def __init__(self, forward, outer):
        self.graph, self.forward, self.outer = forward.graph, forward, outer
        self.caller = self.graph._scopes.context
        self.exits, self.waiting = list(forward.exits), len(forward.exits)
        self.deferred, self.unused = [], []
        self.found, self.merges = {}, {}
        self._there_sync = self._back_sync = None
        around = forward.outer if outer is None else outer.forward
        with within(around):
            turns = self._count_there()
        if outer is None:
            with within(around):
                self._begin_back(turns)
        else:
            around.known.add(turns)
            history = outer.push(turns)
            with outer.back.entered():
                self._begin_back(turns, history)

    def _begin_back(self, turns, history=None):
        """Write the counter of the way back, for that many turns."""
        there = self.forward
        self.back = WhileContext(
            there.maximum_iterations,
            there.parallel,
            there.back_prop,
            there.swap_memory,
            name=there.name,
            grad_state=self,
        )
        turns = turns if history is None else self.outer.pop(history, turns)
        self._count_back(turns)

    def _count_there(self):
        """The number of turns, counted: `n = 0; while ...: n += 1`."""
        loop, start = self.forward, constant(0, name="f_count")
        if self.outer is not None:  # one turn around after the other, for the stacks
            start.op._add_control_input(self.outer.counted.op.inputs[0].op)
        with loop.entered():
            n, go_on, stop = circle(loop, start, "f_count")
            self.counted = lead_back(n, add(go_on, 1))
            return leave(loop, stop, "f_count")

    def _count_back(self, turns):
        """Count down: `n = turns; while n >= 1: n -= 1`."""
        loop, one = self.back, constant(1, name="b_count")
        with loop.entered():
            loop.known.add(turns)
            entered = loop.let_in(turns, name="b_count")
            loop.enters.append(entered)
            n = merge([entered, entered])[0]
            loop.pivot_for_pred = n
            loop.pivot = loop_cond_op(greater_equal(n, one), name="b_count")
            stop, go_on = switch(n, loop.pivot)
            loop.pivot_for_body = subtract(go_on, one)
            self.count_back = lead_back(n, loop.pivot_for_body)
            final = leave(loop, stop, "b_count")
        if self.outer is not None:
            self.outer.back_sync._add_control_input(final.op)

    def push(self, value, dead=False):
        """Let the loop push a value in each turn. The stack, outside of the loop.

        Args:
          value: a tensor of the loop, or of a branch in it.
          dead: whether to push it if its branch is *not* taken.
        """
        caller = self.graph._scopes.context
        with control_dependencies(None):
            with within(caller), colocate_with(value):
                size = constant(-1, int32)
                handle = stack_op(size, value.dtype.base_dtype, name="f_acc")
            inner, home = self.forward.bring(handle), home_of(value.op)
            place = home.outer if dead else home
            with place.entered():
                pushed = stack_push_op(inner, value, self.forward.swap_memory)
            if dead:
                pushed.op._context = home
            after = self.counted.op if home is self.forward else self.there_sync
            after._add_control_input(pushed.op)
            pushed.op._add_control_input(self.counted.op.inputs[0].op)
        return handle

    def pop(self, handle, value, dead=False):
        """On the way back: what was pushed in the same turn."""
        branch = branch_around(value, handle)
        with control_dependencies(None), self.back.entered():
            if branch is not None:
                which = 1 - branch.branch if dead else branch.branch
                handle = switch_beside(handle, self.pred_of(branch))[which]
            popped = stack_pop_op(handle, value.dtype.base_dtype)
            popped.set_shape(value.shape)
        if self.back.parallel > 1:
            self.back_sync._add_control_input(popped.op)
        return popped

    def pred_of(self, branch):
        """The pred of a branch, as it was in the turn on the way there."""
        state = self
        while state is not None:
            if branch.pred in state.found:
                return state.found[branch.pred]
            state = state.outer
        return branch.pred

    @property
    def there_sync(self):
        """An operation of each turn there that waits for pushes in branches."""
        if self._there_sync is None:
            self._there_sync = self._sync("f_sync", self.forward, self.counted)
        return self._there_sync

    @property
    def back_sync(self):
        """An operation of each turn back that waits for pops."""
        if self._back_sync is None:
            self._back_sync = self._sync("b_sync", self.back, self.count_back)
        return self._back_sync

    def _sync(self, name, loop, counter):
        with control_dependencies(None):
            found = control_trigger_op(name=name)
        found._context = loop
        counter.op._add_control_input(found)
        return found

    def remembered(self, tensor):
        """On the way back: a tensor of the loop, as it was in the same turn.

        A constant of the loop is the same in each turn, and needs no stack.
        """
        if tensor not in self.found:
            self.found[tensor] = self._remember(tensor)
        return self.found[tensor]

    def _remember(self, tensor):
        state = self
        while (entered := constant_enter(tensor)) is not None:
            tensor, state = entered.inputs[0], state.outer
            if state is None:
                return self.back.bring(tensor)
        if tensor.op.type == "Const":
            return constant(tensor.op.attrs["value"], tensor.dtype)
        with self.graph._inside(context=self.caller):
            handle = state.push(tensor)
        popped = state.pop(handle, tensor)
        return popped if state is self else self.back.bring(popped)

    def pred_in_turn(self, pred):
        """On the way back: which branch was taken in the turn on the way there."""
        if pred not in self.found:
            with self.graph._inside(context=self.caller):
                handle = self.push(pred)
            self.found[pred] = self.pop(handle, pred)
        return self.found[pred]

    def add_up(self, op, dy):
        """`sum = 0; while ...: sum += dy`, on the way back."""
        loop = self.back
        with self.graph._inside(context=self.caller):
            start = self.zeros_for(op.inputs[0], dy)
        merged, go_on, stop = circle(loop, start, "b_acc", merge_name="b_acc")
        lead_back(merged, add(go_on, dy), must_fit=False)
        return leave(loop, stop, "b_acc")

    def zeros_for(self, value, dy):
        """Zeros in the shape of the blame for a constant of the loop, outside of it."""
        outside = self.back.outer
        if dy.shape.is_fully_defined():
            with within(outside):
                return constant(0, dy.dtype, dy.shape, name="b_acc")
        if self.outer is None or not (outside is not None and outside.is_loop):
            with within(outside):
                return zeros(shape(value, optimize=False), dy.dtype)
        with self.forward.outer.entered():
            sizes = shape(value, optimize=False)
        handle = self.outer.push(sizes)
        with outside.entered():
            return zeros(self.outer.pop(handle, sizes), dy.dtype)

    def gather_rows(self, op, dy):
        """The rows of all turns, one after the other, as IndexedSlices."""
        loop, parts = self.back, [dy.indices, dy.values]
        parts += [] if dy.dense_shape is None else [dy.dense_shape]
        with self.graph._inside(context=self.caller), within(loop.outer):
            starts = self.no_rows(op, dy)
        shapes = [TensorShape([None]), TensorShape(None), TensorShape(None)]
        if starts[1].shape.rank is not None:
            shapes[1] = TensorShape([None, *starts[1].shape.as_list()[1:]])
        loop.known.update(starts)
        enters = [
            loop.let_in(x, name="b_acc", shape=s)
            for x, s in zip(starts, shapes, strict=False)
        ]
        loop.enters += enters
        merges = [merge([x, x], name="b_acc")[0] for x in enters]
        turns = [switch(x, loop.pivot) for x in merges]
        nexts = [
            concat([go_on, part], 0)
            for (_, go_on), part in zip(turns[:2], parts, strict=False)
        ]
        if dy.dense_shape is not None:
            nexts.append(maximum(dy.dense_shape, turns[2][1]))
        for merged, value in zip(merges, nexts, strict=True):
            lead_back(merged, value, must_fit=False)
        exits = [exit_op(stop, name="b_acc") for stop, _ in turns]
        loop.exits += exits
        loop.release(exits)
        return IndexedSlices(exits[1], exits[0], *exits[2:])

    def no_rows(self, op, dy):
        """What the list of rows begins with: a row of zeros, which changes nothing."""
        if dy.values.shape.is_fully_defined():
            row = [1, *dy.values.shape.as_list()[1:]]
            values = constant(0, dy.values.dtype, row, name="b_acc")
        else:
            sizes = shape(op.inputs[0], optimize=False)[1:]
            values = zeros(concat([[1], sizes], 0), dy.values.dtype)
        starts = [constant([0], dy.indices.dtype), values]
        if dy.dense_shape is None:
            return starts
        if dy.dense_shape.shape.is_fully_defined():
            return [*starts, constant(0, dy.dense_shape.dtype, dy.dense_shape.shape)]
        sizes = shape(op.inputs[0], optimize=False, out_type=dy.dense_shape.dtype)
        return [*starts, zeros_like(sizes, optimize=False)]

    def zeros_in_turn(self, y, branch, is_switch):
        """On the way back: zeros in the shape that y had in the same turn."""
        if y.shape.is_fully_defined():
            found = constant(0, y.dtype, y.shape)
            if is_switch:
                found = switch_beside(found, self.found.get(branch.pred))[
                    1 - branch.branch
                ]
            return found
        if is_switch:
            with within(branch.outer):
                other = switch_beside(y.op.inputs[0], branch.pred)[1 - branch.branch]
                sizes = shape(other, optimize=False)
            other.op._context = sizes.op._context = branch
        else:
            with within(branch):
                sizes = shape(y, optimize=False)
        with self.graph._inside(context=self.caller):
            handle = self.push(sizes, dead=is_switch)
        return zeros(self.pop(handle, sizes, dead=is_switch), y.dtype)

    def close(self, merged):
        """Let a variable on the way back be zero from the second turn on."""
        entered = merged.op.inputs[0]
        if entered.shape.is_fully_defined():
            with self.back.entered():
                lead_back(
                    merged, constant(0, entered.dtype, entered.shape), must_fit=False
                )
            return
        with within(self.back.outer):
            nothing = zeros(shape(entered.op.inputs[0], optimize=False))
        with self.back.entered():
            lead_back(merged, nothing, must_fit=False)


def within(context):
    """A block in a context; where there is none, no block."""
    return nullcontext() if context is None else context.entered()


def circle(loop, start, name, shape=None, merge_name=None):
    """One more variable for a loop: its merge, and where it goes on and stops."""
    loop.known.add(start)
    entered = loop.let_in(start, name=name, shape=shape)
    loop.enters.append(entered)
    merged = merge([entered, entered], name=merge_name)[0]
    stop, go_on = switch(merged, loop.pivot)
    return merged, go_on, stop


def leave(loop, tensor, name=None):
    """A tensor of a loop, outside, when the loop has ended."""
    found = exit_op(tensor, name=name)
    loop.exits.append(found)
    loop.release([found])
    return found


def branch_around(value, handle):
    """The innermost branch that a value is in, and its stack is not; or None."""
    context = value.op._context
    while context is not None and context is not handle.op._context:
        if isinstance(context, CondContext):
            return context
        context = context.outer
    return None


def constant_enter(tensor):
    """The Enter through which a loop's constant came in, or None."""
    while tensor.op.type in ("Switch", "RefSwitch", "Identity", "RefIdentity"):
        tensor = tensor.op.inputs[0]
    return tensor.op if is_loop_constant(tensor) else None


## The rules


@exit_op.gradient
def exit_rule(op, dy):
    """Blame enters the loop of the way back."""
    loop = op.graph._scopes.context
    if not loop.back_prop:
        return None
    if op._context.grad_state is not None:
        raise TypeError(
            explain(
                "Second-order gradient for while loops not supported.",
                where=op.site,
                fix="write the first gradient by hand, or unroll the loop",
            )
        )
    dy = convert_to_tensor(dy)
    loop.known.add(dy)
    with loop.entered():
        entered = loop.let_in(dy, name="b_exit")
    loop.enters.append(entered)
    return entered


@next_iteration_op.gradient
def next_iteration_rule(op, dy):
    """What a turn takes over, it is to blame for in the next."""
    return dy


@merge_op.gradient
def merge_rule(op, dy, _):
    """Blame goes to the input that was taken."""
    home, writing = home_of(op.inputs[0].op), op.graph._scopes.context
    if home is None:
        taken = [equal(op.outputs[1], i) for i in range(len(op.inputs))]
        return [switch_beside(dy, pred)[1] for pred in taken]
    if home.is_loop:
        return list(switch_beside(dy, writing.pivot))
    pred, state = home.pred, None if writing is None else writing.grad_state
    if state is not None:
        pred = state.pred_in_turn(pred)
    return list(switch_beside(dy, pred, name="cond_grad"))


@switch_op.gradient
def switch_rule(op, *dys):
    """Blame from both sides meets in a merge."""
    home = op._context
    if home is None:
        low, high = [switch(dy, op.inputs[1])[i] for i, dy in enumerate(dys)]
        return merge([low, high])[0], None
    if not home.is_loop:
        if dys[1 - home.branch] is None:  # a dtype that nobody can blame
            return None, None
        return merge(dys, name="cond_grad")[0], None
    merges = op.graph._scopes.context.grad_state.merges
    if op in merges:
        if dys[1] is not None:
            lead_back(merges[op], dys[1], must_fit=False)
        return None, None
    if dys[0] is None:
        return None, None
    merges[op] = merge([dys[0], dys[0]], name="b_switch")[0]
    return merges[op], None


ref_switch_op.gradient(switch_rule)
ref_merge_op.gradient(merge_rule)


@enter_op.gradient
def enter_rule(op, dy):
    """Blame leaves the loop; for a constant of the loop, the sum over all turns."""
    loop = op.graph._scopes.context
    if not loop.back_prop or loop.grad_state is None:
        return dy
    if not op.attrs["is_constant"]:
        return leave(loop, dy)
    if isinstance(dy, IndexedSlices):
        return loop.grad_state.gather_rows(op, dy)
    return loop.grad_state.add_up(op, dy)


ref_enter_op.gradient(enter_rule)


## The walk


class LoopWalk(Walk):
    """A walk that knows branches and loops.

    Attributes:
      states: WhileContext -> its LoopState.
    """

    def __init__(self, ys, xs, blame=None, place=nullcontext):
        super().__init__(ys, xs, blame, place)
        self.starts = [x.op for x in xs]
        begun = set(self.ready)
        for tensor in self._lonely_exits(begun):
            self._let_go(tensor)

    def find(self, ys, xs):
        """The operations that get a turn; with one exit of a loop, all of them."""
        self.states, operations = {}, between(ys, xs)
        found = set(operations)
        for operation in operations:  # which grows while we go through it
            loop = operation._context
            if operation.type in EXITS and loop not in self.states:
                around = None if loop.outer is None else loop.outer.loop
                with self.place(operation):
                    state = LoopState(loop, self.states.get(around))
                self.states[loop] = state
                more = [t.op for t in state.exits if t.op not in found]
                found.update(more)
                operations += more
        return operations

    def _lonely_exits(self, begun):
        """The exits that nobody uses, of loops with no other exits to wait for."""
        exits = []
        for loop, state in self.states.items():
            for tensor in state.exits:
                if not self.left.get(tensor.op):
                    state.waiting -= 1
                    state.unused += [] if tensor.op in begun else [tensor]
                    exits += state.unused if not state.waiting else []
            for tensor in loop.enters:
                self.left[tensor.op] = self.left.get(tensor.op) or 1
        return exits

    def _let_go(self, tensor):
        """Let an exit that nobody blames have its turn, with zeros."""
        if is_trainable(tensor):
            self.blame.add(tensor, self.zeros_at_exit(tensor))
            self.ready.append(tensor.op)

    def meet(self, operation):
        """Let an operation get ready; a switch of a loop at once, exits together."""
        left = self.left[operation]
        if left and not (left > 0 and is_loop_switch(operation)):
            return
        if operation.type not in EXITS:
            self.ready.append(operation)
            return
        state = self.states[operation._context]
        state.deferred.append(operation.outputs[0])
        state.waiting -= 1
        if state.waiting:
            return
        blamed = [any(self.blame.parts.get(t.op, [])) for t in state.deferred]
        for tensor, is_blamed in zip(state.deferred, blamed, strict=True):
            if is_blamed:
                self.ready.append(tensor.op)
            else:
                state.unused.append(tensor)
        for tensor in state.unused:
            if any(blamed) and is_trainable(tensor):
                self.blame.add(tensor, self.zeros_at_exit(tensor))
            self.ready.append(tensor.op)

    def collecting(self, operation):
        """A block in which the blame for an operation is added up."""
        self._refuse_initial(operation)
        return self._back_in(loop_of(home_of(operation)))

    def passing_on(self, operation):
        """A block in which an operation's gradient rule writes."""
        return self._back_in(loop_of(operation._context))

    def _back_in(self, loop):
        state = self.states.get(loop)
        return nullcontext() if state is None else state.back.entered()

    def _refuse_initial(self, operation):
        """Refuse to go back, within one turn, to what the loop began with."""
        context = operation._context
        here = get_default_graph()._scopes.context
        if not operation.type.endswith("Switch") or context is not here or here is None:
            return
        if context.is_loop:
            found, queue = None, [operation]
            for op in queue:  # which grows while we go through it
                if op in self.starts:
                    found = op
                    break
                queue += [t.op for t in op.inputs if t.op not in queue]
            raise ValueError(
                explain(
                    "Cannot compute gradient inside while loop with respect to op "
                    f"'{found.name}'. We do not support taking the gradient wrt "
                    "or through "
                    "the initial value of a loop variable. Gradients can be "
                    "computed through "
                    "loop invariants or wrt the input parameters to the loop body.",
                    where=found.site,
                )
            )

    def zeros(self, y):
        """The blame for an output that nobody blamed."""
        if is_loop_switch(y.op):
            return None
        state, branch = self.states.get(loop_of(y.op._context)), y.op._context
        is_switch = y.op.type.endswith("Switch") and isinstance(branch, CondContext)
        if state is not None:
            return state.zeros_in_turn(y, branch, is_switch)
        if not is_switch:
            return zeros_like(y, optimize=False)
        other = switch(y.op.inputs[0], branch.pred)[1 - branch.branch]
        pivot = identity(other)
        sizes = shape(other, optimize=False)
        with control_dependencies([pivot]):
            return zeros(sizes, y.dtype)

    def zeros_at_exit(self, tensor):
        """The blame for an exit that nobody blamed."""
        loop = tensor.op._context
        state = self.states.get(None if loop.outer is None else loop.outer.loop)
        if state is None:
            if tensor.shape.is_fully_defined():
                return zeros(tensor.shape, tensor.dtype)
            return zeros_like(tensor, optimize=False)
        if tensor.shape.is_fully_defined():
            with state.back.entered():
                return zeros(tensor.shape, tensor.dtype)
        with loop.outer.entered():
            sizes = shape(tensor, optimize=False)
        handle = state.push(sizes)
        with state.back.entered():
            return zeros(state.pop(handle, sizes), tensor.dtype)

    def finish(self):
        """Close the circles of variables that forget their last value."""
        for state in self.states.values():
            for merged in state.merges.values():
                if merged.op.inputs[0] is merged.op.inputs[1]:
                    state.close(merged)


def is_loop_switch(operation):
    """Whether it is the switch of a loop variable."""
    context = operation._context
    if context is None or not context.is_loop:
        return False
    if not operation.type.endswith("Switch"):
        return False
    users = [user for t in operation.outputs for user in t.consumers()]
    homes = [u._context.outer if u.type in ENTERS else u._context for u in users]
    return not all(home is not None and not home.is_loop for home in homes)


WALKS.append(LoopWalk)
