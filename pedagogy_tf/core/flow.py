"""Plans with `if` and `while`: the structure of branches and loops, found again.

Where an operation stands follows from the nodes: an Enter leads into a loop, an Exit
out of it; a Switch adds a condition, a Merge takes it away. Switches and the nodes of
loops are no steps then, only other names for what they hand on.
"""

# Generated from book/source/20_control.md: change it there, then `make export`.

from pedagogy_tf.core.errors import InvalidArgumentError
from pedagogy_tf.core.graph import Operation, Tensor
from pedagogy_tf.core.ops.basic import C_NAMES
from pedagogy_tf.core.ops.control import ENTERS, EXITS
from pedagogy_tf.core.plan import (
    GRADIENT_SCOPE,
    PLANNERS,
    Page,
    Plan,
    Step,
    complaint,
    is_back,
    memory,
    parts,
    refuse_circle,
    remark,
)

__all__ = [
    "frames_of",
    "waits_of",
    "in_turn",
    "needs_of",
    "meet",
    "NEVER",
    "Choice",
    "Turn",
    "FlowPlan",
    "require_same_dtype",
    "MERGES",
    "take_name",
    "take_test",
    "take_switch",
    "take_nothing",
    "take_merge",
    "take_identity",
    "TAKERS",
    "FlowPage",
    "require_value",
    "write_merge",
    "write_test",
    "write_next",
    "assignment",
    "WRITERS",
]


## Back to `if` and `while`


def frames_of(operations, fed=()):
    """Where operations run: a path of loops' names, () outside of all.

    An Enter belongs to the loop that it leads into, an Exit to what is around it.

    Args:
      operations: each after its inputs, except those that come round a loop.
      fed: tensors whose values are given.
    """
    frames = {}
    for operation in operations:
        found = [frames[o] for o in waits_of(operation, fed) if o in frames]
        frame = max(found, key=len, default=())
        if operation.type in ENTERS:
            frame = (*frame, operation.attrs["frame_name"])
        frames[operation] = frame[:-1] if operation.type in EXITS else frame
    return frames


def waits_of(operation, fed=()):
    """The operations that must run before it: of its inputs, and control inputs."""
    inputs = [t.op for t in operation.inputs if t not in fed and not is_back(t)]
    return list(dict.fromkeys(inputs + operation.control_inputs))


def in_turn(units, needs, age):
    """Units, the oldest first, but each after what it needs, which comes early for it.

    Args:
      units: what is to be ordered.
      needs: unit -> the units that must come before it.
      age: function of a unit; smaller is older.
    """
    order, begun = {}, set()
    stack = sorted(units, key=age, reverse=True)
    while stack:
        unit = stack[-1]
        missing = [u for u in needs[unit] if u not in order]
        if not missing or unit in order:
            order[stack.pop()] = True
        elif unit in begun:
            refuse_circle([u for u in stack if isinstance(u, Operation)])
        else:
            begun.add(unit)
            stack += sorted(missing, key=age, reverse=True)
    return list(order)


def needs_of(frames, fed=()):
    """{frame: {unit in it: the units in it that must come before}}.

    A unit is an operation, or the path of a loop that stands in the frame.
    """
    needs = {(): {}}
    for operation, frame in frames.items():
        for depth in range(len(frame)):
            needs.setdefault(frame[:depth], {}).setdefault(frame[: depth + 1], [])
        needs.setdefault(frame, {}).setdefault(operation, [])
        for other in waits_of(operation, fed):
            if other in frames:
                shared, mine, theirs = meet(operation, frame, other, frames[other])
                if mine != theirs:
                    needs[shared].setdefault(mine, []).append(theirs)
    return needs


def meet(a, a_frame, b, b_frame):
    """The innermost frame around two operations, and the two units that hold them."""
    depth = 0
    for x, y in zip(a_frame, b_frame):
        if x != y:
            break
        depth += 1
    a = a_frame[: depth + 1] if len(a_frame) > depth else a
    b = b_frame[: depth + 1] if len(b_frame) > depth else b
    return a_frame[:depth], a, b


NEVER = "never"  # in the place of a guard: there will be no value


class Choice(Step):
    """A merge: it takes the one of its inputs that has a value."""

    def changed(self):
        return []


class Turn(Choice):
    """The beginning of a loop, the test for another turn, or the end of one."""


class FlowPlan(Plan):
    """A Plan with `if` and `while` blocks.

    Attributes:
      blocks: operation of a step -> the blocks around it, the outermost first: (pred,
        True or False) for an `if`, (None, frame) for a `while`.
      loops: frame -> the merges of its loop variables.
      choices: merge -> [(number of an input, the conditions under which it is taken)].
    """

    def _take_all(self, operations):
        fed = set(self.feeds)
        self.frames = frames_of(operations, fed)
        self.needs = needs_of(self.frames, fed)
        self.guards, self.turns, self.firsts = {}, {}, {}
        self.blocks, self.loops, self.choices = {}, {}, {}
        self.around = {(): ()}  # frame -> the blocks around what is in it
        self._take_frame(())

    def guard_of(self, tensor):
        """The conditions under which a tensor has a value, or NEVER."""
        return self.guards.get(tensor, self.guards.get(tensor.op, ()))

    def _guard(self, operation):
        """When an operation runs, apart from the conditions of its loop."""
        frame = self.frames[operation]
        if operation.type in ENTERS or operation.type == "ControlTrigger":
            return ()
        if operation.type in EXITS:
            return self.guards[self.frames[operation.inputs[0].op]]
        waits = [o for o in operation.control_inputs if self.frames.get(o) == frame]
        return self._joined([t for t in operation.inputs if not is_back(t)], waits)

    def _joined(self, tensors, operations):
        """The conditions under which all of these have run."""
        guards = [self.guard_of(t) for t in tensors]
        guards += [self.guards.get(o, ()) for o in operations]
        if NEVER in guards:
            return NEVER
        found = dict.fromkeys(condition for guard in guards for condition in guard)
        if any((pred, not answer) in found for pred, answer in found):
            return NEVER
        return tuple(sorted(found, key=lambda c: self.turns.get(c[0].op, -1)))

    def _take_frame(self, frame, first=()):
        """Take in what is in a frame; first the given units and what they need."""
        needs = self.needs[frame]

        def age(unit):
            if isinstance(unit, tuple):  # a loop is as old as the first that enters
                return min(o._id for o in self.needs[unit] if isinstance(o, Operation))
            return 0 if unit in first else unit._id

        for unit in in_turn(needs, needs, age):
            if isinstance(unit, tuple):
                self._take_loop(unit)
            elif unit not in self.turns:
                self._take(unit)

    def _take_loop(self, frame):
        """Take in a loop: its beginning, what is in it, and its end."""
        inner = [o for o in self.needs[frame] if isinstance(o, Operation)]
        enters = [o for o in inner if o.type in ENTERS]
        waits = [
            w for o in enters for w in o.control_inputs if self.frames[w] == frame[:-1]
        ]
        guard = self._joined([t for o in enters for t in o.inputs], waits)
        self.guards[frame] = guard
        if guard is NEVER:
            self.guards.update(dict.fromkeys(inner, NEVER))
            return
        outside = self.around[frame[:-1]] + guard
        self.around[frame] = (*outside, (None, frame))
        for operation in enters:
            self._take(operation)
        merges = [o for o in inner if any(map(is_back, o.inputs))]
        self.loops[frame] = merges
        for merged in merges:
            require_same_dtype(merged)
            self._take(merged)
        self._turn(merges[0], [self.resolve(o.inputs[0]) for o in merges], outside)
        self._take_frame(frame, [o for o in inner if o.type == "LoopCond"])
        nexts = [self.resolve(o.inputs[1]) for o in merges]
        self._turn(merges[0].inputs[1].op, nexts, self.around[frame])

    def _turn(self, operation, inputs, blocks):
        """A step that belongs to a loop itself."""
        self.blocks[operation] = blocks
        self.steps.append(Turn(operation, inputs))

    def _take(self, operation):
        """Take in one operation, unless it never runs."""
        self.turns[operation] = len(self.turns)
        taker = TAKERS.get(operation.type, Plan._take)
        if operation.type not in MERGES:
            guard = self._guard(operation)
            if not self._set_place(operation, guard):
                return
        taker(self, operation)

    def _set_place(self, operation, guard):
        """Note the blocks around an operation. Says whether it ever runs."""
        self.guards[operation] = guard
        if guard is NEVER:
            return False
        blocks = self.blocks[operation] = self.around[self.frames[operation]] + guard
        self.first = self.firsts.setdefault(blocks, {})
        return True

    def _uses(self, step):
        """The tensors that a step needs, those of the blocks around it included."""
        preds = [pred for pred, _ in self.blocks[step.operation] if pred is not None]
        return [*step.inputs, *preds]

    def _returned(self):
        """The tensors needed at the end: results, and whether they are there."""
        guards = [self.guard_of(t) for t in self.fetches if isinstance(t, Tensor)]
        preds = [pred for guard in guards if guard is not NEVER for pred, _ in guard]
        return Plan._returned(self) + preds

    def _acts(self, step):
        """Whether a step does something besides computing its outputs."""
        if isinstance(step, Choice):
            return isinstance(step, Turn)
        return Plan._acts(self, step)

    @property
    def page(self):
        """The plan as a Python function."""
        if self._page is None:
            self._page = FlowPage(self)
        return self._page


def require_same_dtype(merged):
    """Refuse a loop variable whose next value is of another dtype than the first."""
    value = merged.inputs[1]
    names = [t.dtype.base_dtype.name for t in (value, merged.outputs[0])]
    if names[0] != names[1]:
        passed, expected = [C_NAMES.get(name, name) for name in names]
        raise complaint(
            InvalidArgumentError,
            f"Input 1 of node {merged.name} was passed {passed} from {value.name} "
            f"incompatible with expected {expected}.",
            merged,
            fix=f"the body should give tf.cast(x, tf.{names[1]})",
        )


MERGES = ("Merge", "RefMerge")


def take_name(plan, operation):
    """An operation that is another name for its input."""
    plan.same[operation.outputs[0]] = plan.resolve(operation.inputs[0])


def take_test(plan, operation):
    """The question whether there is another turn."""
    take_name(plan, operation)
    plan._turn(operation, [plan.resolve(operation.inputs[0])], plan.blocks[operation])


def take_switch(plan, operation):
    """A switch: other names for its data, each with one more condition.

    In a loop, behind the test for another turn, all is as the test has it.
    """
    data, pred = [plan.resolve(tensor) for tensor in operation.inputs]
    plan.same.update(dict.fromkeys(operation.outputs, data))
    if operation.inputs[1].op.type == "LoopCond":
        return
    known, guard = plan.values.get(pred), plan.guards[operation]
    for answer, tensor in zip((False, True), operation.outputs, strict=True):
        condition = (pred, answer)
        if (known is None or known == answer) and (pred, not answer) not in guard:
            added = () if known is not None or condition in guard else (condition,)
            plan.guards[tensor] = guard + added
        else:
            plan.guards[tensor] = NEVER


def take_nothing(plan, operation):
    """An operation that only waits."""


def take_merge(plan, operation):
    """A merge: of the roads on which a value can come, the one on which it does."""
    tensors = [t for t in operation.inputs if not is_back(t)]
    roads = [(i, plan.guard_of(t)) for i, t in enumerate(tensors)]
    roads = [(i, guard) for i, guard in roads if guard is not NEVER]
    shared = [c for c in roads[0][1] if all(c in g for _, g in roads)] if roads else ()
    if not plan._set_place(operation, tuple(shared) if roads else NEVER):
        return
    if len(tensors) < len(operation.inputs):
        return  # of a loop, which begins with it
    own = [(i, [c for c in guard if c not in shared]) for i, guard in roads]
    plan.choices[operation] = own
    values = [plan.resolve(tensors[i]) for i, _ in own]
    if len(set(values)) == 1:
        plan.same[operation.outputs[0]] = values[0]
    preds = [pred for _, conditions in own for pred, _ in conditions]
    plan.steps.append(Choice(operation, values + preds))
    for tensor in operation.outputs:
        plan.shapes.setdefault(tensor, tensor.shape)


def take_identity(plan, operation):
    """An identity; of a yes or no that is a variable, a picture.

    Such a variable may decide, and change before the decision has been carried out.
    """
    tensor = plan.resolve(operation.inputs[0])
    if plan.is_live(tensor) and tensor.dtype.base_dtype.is_bool:
        plan.steps.append(Step(operation, [tensor]))
    else:
        Plan._take(plan, operation)


TAKERS = {
    **dict.fromkeys([*ENTERS, *EXITS, "NextIteration", "RefNextIteration"], take_name),
    **dict.fromkeys(MERGES, take_merge),
    "Switch": take_switch,
    "RefSwitch": take_switch,
    "LoopCond": take_test,
    "ControlTrigger": take_nothing,
    "Identity": take_identity,
}
PLANNERS.update(
    dict.fromkeys(["Switch", "RefSwitch", "Merge", "RefMerge", "Enter"], FlowPlan)
)


### The page


class FlowPage(Page):
    """The text of a FlowPlan.

    Attributes:
      open: the blocks around the line that is written.
      elses: the depths at which the last block began with `else`.
    """

    open = ()

    def _write_steps(self, steps):
        self.elses = set()
        for merges in self.plan.loops.values():
            for merged in merges:
                self._name_first(merged)
        for step in steps:
            self._name_first(step.operation)
        before = None
        for step, part in zip(steps, parts(steps), strict=True):
            self._move_to(self.plan.blocks[step.operation])
            if part != before and not self.open:
                self.lines.append(f"# {part}")
                before = part
            WRITERS.get(step.operation.type, Page._write)(self, step)
        self._move_to(())

    def _name_first(self, operation):
        """Give the outputs of an operation their names; a merge is called as it is."""
        for tensor in operation.outputs:
            if operation.type in MERGES and tensor not in self.names:
                name = operation.name + "_index" * tensor.value_index
                self.names[tensor] = self._unique(GRADIENT_SCOPE.sub("", name))
            elif tensor not in self.fed and not tensor.dtype.is_ref_dtype:
                self._name(tensor)

    def _move_to(self, blocks):
        """Leave blocks and open others, so that the next line stands in these."""
        kept = 0
        while (
            kept < len(blocks) and self.open[kept : kept + 1] == blocks[kept : kept + 1]
        ):
            kept += 1
        closed, self.open = self.open[kept:], blocks
        if closed or blocks[kept:]:
            self.loaded.clear()
        for depth, (pred, answer) in enumerate(blocks[kept:], kept):
            self.indent = "    " * depth
            opposite = depth == kept and closed[:1] == ((pred, not answer),)
            line = f"if {self._test([(pred, answer)])}:"
            if opposite and depth not in self.elses:
                line = "else:"
                self.elses.add(depth)
            else:
                self.elses.discard(depth)
            self.lines.append(self.indent + line)
        self.indent = "    " * len(blocks)

    def _test(self, conditions):
        """Conditions as a Python expression."""
        texts = [("" if answer else "not ") + self._text(p) for p, answer in conditions]
        return " and ".join(texts)

    def _text(self, tensor):
        """The expression for a value; a variable is read where it stands."""
        if self.plan.is_live(tensor):
            return memory(tensor)
        if tensor in self.plan.values:
            self._mean(self._name(tensor), self.plan.values[tensor])
        return self._name(tensor)

    def _pick(self, roads):
        """`a if p else b`: of (expression, conditions) that whose conditions hold."""
        *others, (text, _) = roads
        for value, conditions in reversed(others):
            if len(conditions) == 1 and not conditions[0][1]:
                text = f"{text} if {self._text(conditions[0][0])} else {value}"
            else:
                text = f"{value} if {self._test(conditions)} else {text}"
        return text

    def _write_return(self, fetches):
        """Write what is returned, and before it the conditions for that."""
        tensors = [fetch for fetch in fetches if isinstance(fetch, Tensor)]
        for i, tensor in enumerate(tensors):
            guard = self.plan.guard_of(tensor)
            if guard:
                test = "False" if guard is NEVER else self._test(guard)
                name = self._bind("require_value", require_value)
                self._add(f"{name}({test}, {i})", tensor.op)
        Page._write_return(self, fetches)


def require_value(condition, i):
    """Raise InvalidArgumentError unless a fetch has a value."""
    if not condition:
        message = f"Retval[{i}] does not have value"
        raise InvalidArgumentError(None, None, message)


def write_merge(page, step):
    """Write the beginning of a loop, or the choice between two values."""
    operation = step.operation
    if isinstance(step, Turn):
        frame = page.plan.frames[operation]
        for merged, start in zip(page.plan.loops[frame], step.inputs, strict=True):
            line = f"{page._text(merged.outputs[0])} = {page._text(start)}"
            page._add(line, merged, remark([merged.outputs[0].shape]))
        page.lines.append(f"{page.indent}while True:")
        page.elses.discard(len(page.open))
        page.open += ((None, frame),)
        page.loaded.clear()
        return
    output, index = operation.outputs
    roads = page.plan.choices[operation]
    if page.plan.resolve(output) is output:
        values = [(page._text(x), c) for x, (_, c) in zip(step.inputs, roads)]
        line = assignment(page._text(output), page._pick(values))
        page._add(line, operation, remark([page.plan.shape_of(output)]))
    if index.consumers() or index in page.plan.fetches:
        numbers = [(f"np.int32({i})", conditions) for i, conditions in roads]
        page._add(assignment(page._text(index), page._pick(numbers)), operation)


def write_test(page, step):
    """Write the way out of a loop."""
    page._add(f"if not {page._text(step.inputs[0])}:", step.operation)
    page._add("    break", step.operation)


def write_next(page, step):
    """Write the values for the next turn, all at once."""
    merges = page.plan.loops[page.open[-1][1]]
    pairs = zip([o.outputs[0] for o in merges], step.inputs, strict=True)
    pairs = [(page._text(m), page._text(x)) for m, x in pairs if m is not x]
    pairs = pairs or [("_", "None")]  # nothing changes: it turns for ever
    targets, values = (", ".join(texts) for texts in zip(*pairs, strict=True))
    page._add(assignment(targets, values), step.operation)


def assignment(targets, value):
    """A line that can be broken in two if it is long."""
    return (
        f"{targets} = {value}"
        if len(targets + value) < 70
        else f"{targets} = ({value})"
    )


WRITERS = {
    **dict.fromkeys(MERGES, write_merge),
    **dict.fromkeys(["NextIteration", "RefNextIteration"], write_next),
    "LoopCond": write_test,
}
