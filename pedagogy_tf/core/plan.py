"""Plans: a graph, some fetches and some feeds, made into one list of steps.

The graph is never changed. A plan leaves out what the fetches do not need, works out
once what is the same in every run, and is written as a straight-line Python function,
which can be printed: the program that the graph stands for.

Order: operations run in order of birth, unless control dependencies say otherwise. A
variable is read by each operation that uses it, when that operation runs; a fetched
variable is read at the end.
"""

# Generated from book/source/08_plan.md: change it there, then `make export`.

from __future__ import annotations

import heapq
import keyword
import re
import textwrap
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from pedagogy_tf.core.dtypes import DType
from pedagogy_tf.core.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    OpError,
    ResourceExhaustedError,
    explain,
)
from pedagogy_tf.core.graph import ROWS, Operation, Tensor
from pedagogy_tf.core.op import Known
from pedagogy_tf.core.shapes import TensorShape

__all__ = [
    "needed_operations",
    "is_fed",
    "in_order",
    "is_back",
    "refuse_circle",
    "is_slot",
    "updates",
    "has_effect",
    "returns_list",
    "Step",
    "Plan",
    "row_of",
    "FOLD_LIMIT",
    "known_sizes_of",
    "MERGE_LIMIT",
    "fetched",
    "mark",
    "asked_for",
    "copied",
    "memory",
    "Page",
    "GRADIENT_SCOPE",
    "remark",
    "GLUE",
    "TOGETHER",
    "wrapped",
    "parts",
    "brief",
    "PLANNERS",
    "make_plan",
    "WRONG_VALUES",
    "explained",
    "kernel_error",
    "node",
    "complaint",
    "kernel_arguments",
    "misfit",
    "seen",
    "unfed",
    "path",
    "uninitialized",
    "read_first",
    "early_initializer",
]


## Which operations


def needed_operations(fetches, feeds=()):
    """The operations that must run for `fetches`, in order.

    Args:
      fetches: tensors and operations.
      feeds: tensors whose values are given: what they depend on need not run.
    """
    fed, needed = set(feeds), set()
    stack = [getattr(fetch, "op", fetch) for fetch in fetches if fetch not in fed]
    while stack:
        operation = stack.pop()
        if operation not in needed and not is_fed(operation, fed):
            needed.add(operation)
            stack += [tensor.op for tensor in operation.inputs if tensor not in fed]
            stack += operation.control_inputs
    return in_order(needed, fed)


def is_fed(operation, fed):
    """Whether an operation is a placeholder whose value is given."""
    return operation.type == "Placeholder" and operation.outputs[0] in fed


## In which order


def in_order(operations, fed=()):
    """Operations in order of birth, but each after those that it waits for.

    Raises:
      InvalidArgumentError: they wait for each other in a circle.
    """
    waits, users = {}, {operation: [] for operation in operations}
    for operation in operations:
        parents = {t.op for t in operation.inputs if t not in fed and not is_back(t)}
        parents = [p for p in parents.union(operation.control_inputs) if p in users]
        waits[operation] = len(parents)
        for parent in parents:
            users[parent].append(operation)
    ready = [(o._id, o) for o in operations if not waits[o]]
    heapq.heapify(ready)
    order = []
    while ready:
        _, operation = heapq.heappop(ready)
        order.append(operation)
        for user in users[operation]:
            waits[user] -= 1
            if not waits[user]:
                heapq.heappush(ready, (user._id, user))
    if len(order) < len(users):
        refuse_circle(set(users).difference(order))
    return order


def is_back(tensor):
    """Whether a tensor leads back to the top of a loop."""
    return tensor.op.type.endswith("NextIteration")


def refuse_circle(stuck):
    """Say which operations wait for each other."""
    first, *_ = found = sorted(stuck, key=lambda o: o._id)
    names = ", ".join(o.name for o in found[:5])
    message = f"Graph is invalid, contains a cycle with {len(found)} nodes, including: "
    raise InvalidArgumentError(None, first, explain(message + names, first.site))


## Four kinds of operations


def is_slot(operation):
    """Whether an operation stands for a variable's memory."""
    return not operation.inputs and any(t.dtype.is_ref_dtype for t in operation.outputs)


def updates(row):
    """Whether an op changes variables."""
    takes = any(argument.ref for argument in row.inputs)
    return takes and (row.reads_ref or any(argument.ref for argument in row.outputs))


def has_effect(row):
    """Whether an op does something besides computing its outputs."""
    return row.stateful or updates(row) or not row.outputs


def returns_list(row):
    """Whether a kernel returns a list: of several outputs, or of an output's items."""
    several = any(argument.is_list for argument in row.outputs)
    return several or len(row.outputs) > 1


class Step(NamedTuple):
    """One line of a plan."""

    operation: Operation
    inputs: list  # tensors, after names for the same thing are merged

    @property
    def row(self):
        """The row of its operation."""
        return ROWS[self.operation.type]

    def arguments(self):
        """(Argument, tensor or list of tensors) for each argument of the kernel."""
        tensors = self.row.arrange(self.inputs, self.operation.attrs)
        return list(zip(self.row.inputs, tensors, strict=True))

    def changed(self):
        """The variables that it changes, as tensors."""
        if not updates(self.row):
            return []
        return [tensor for argument, tensor in self.arguments() if argument.ref]


## A plan takes in operations


class Plan:
    """The steps that compute `fetches` from `feeds`, and the function that does them.

    Args:
      fetches: tensors and operations.
      feeds: the tensors whose values each run brings.
      shapes: the shapes of these values; by default what the graph knows of them.
      runs: function of an Operation: what its stateful kernel gets as `run`.
      optimize: compute once what never changes, drop what does nothing or is done
        already. The results are the same with and without.

    Attributes:
      steps: the Steps, in order.
      page: the plan as a Python function. `print(plan)` shows it.
    """

    def __init__(self, fetches, feeds=(), shapes=None, runs=None, optimize=True):
        self.fetches, self.feeds, self.optimize = list(fetches), list(feeds), optimize
        self.runs = runs or (lambda operation: SimpleNamespace(op=operation))
        given = [t.shape for t in self.feeds] if shapes is None else shapes
        self.shapes = {
            t: TensorShape(s) for t, s in zip(self.feeds, given, strict=True)
        }
        self.values = {}  # tensor -> its value, where it is the same in every run
        self.same = {}  # tensor -> the earlier tensor that it equals
        self.first = {}  # a constant or a step, described -> where it came first
        self.changes = {}  # variable -> how often it has changed so far
        self.readers = {}  # variable -> the operation that reads it: `v/read`
        self.steps, self._page = [], None
        self._take_all(needed_operations(self.fetches, self.feeds))
        if optimize:
            self._drop_dead()

    def _take_all(self, operations):
        for operation in operations:
            self._take(operation)

    def shape_of(self, tensor):
        """What the plan knows of a tensor's shape."""
        found = self.shapes.get(tensor)
        return tensor.shape if found is None else found

    def resolve(self, tensor):
        """The tensor that stands for `tensor` in the plan."""
        return self.same.get(tensor, tensor)

    def is_live(self, tensor):
        """Whether a tensor is a variable, whose value may change during a run."""
        return tensor.dtype.is_ref_dtype and tensor not in self.shapes

    def _take(self, operation):
        """Take in one operation: as a known value, another name, or a step."""
        if is_slot(operation) or operation.type == "NoOp":
            return  # memory, or something to wait for: nothing to do
        row = row_of(operation)
        inputs = [self.resolve(tensor) for tensor in operation.inputs]
        fed = not self.shapes.keys().isdisjoint(operation.outputs)
        if operation.type == "Identity" and self.is_live(inputs[0]) and not fed:
            self.same[operation.outputs[0]] = inputs[0]  # a read is the variable itself
            self.readers.setdefault(inputs[0], operation)
            return
        shapes = [self.shape_of(tensor) for tensor in inputs]
        known = Known(operation, shapes, [self.values.get(t) for t in inputs])
        if self.optimize and not fed and not has_effect(row):
            if self._fold(row, known) or self._skip(row, known, inputs):
                return
            if self._repeats(operation, inputs):
                return
        self._infer(row, known)
        self.steps.append(Step(operation, inputs))
        self._note_changes(self.steps[-1])

    def _infer(self, row, known):
        """Work out the shapes of the outputs with what the feeds tell."""
        if row.shape_rule is None:
            return
        outputs = known.operation.outputs
        try:
            pairs = zip(outputs, row.output_shapes(known), strict=True)
            shapes = [tensor.shape.merge_with(found) for tensor, found in pairs]
        except ValueError:
            return
        for tensor, known_shape in zip(outputs, shapes, strict=True):
            self.shapes.setdefault(tensor, known_shape)

    def _note_changes(self, step):
        """Count the changes of variables; what an update hands out is the variable."""
        slots = step.changed()
        for tensor in slots:
            if not self.is_live(tensor):
                raise complaint(
                    InvalidArgumentError,
                    f"{tensor.name} is fed: there is no place for what "
                    f"{step.operation.name} would put into it",
                    step.operation,
                    fix="feed the value to assign, not the variable",
                )
            self.changes[tensor] = self.changes.get(tensor, 0) + 1
        refs = [t for t in step.operation.outputs if t.dtype.is_ref_dtype]
        self.same.update(zip(refs, slots, strict=False))

    def _fold(self, row, known):
        """Compute now what is the same in every run. Says whether it could."""
        results = known_sizes_of(row, known)
        if results is None and all(value is not None for value in known.values):
            results = self._results(row, known)
        if results is None or row.opaque:
            return False
        for tensor, result in zip(known.operation.outputs, results, strict=True):
            self._know(tensor, result)
        return True

    def _results(self, row, known):
        """What the kernel gives for known inputs; None to leave it to the run."""
        values = row.arrange(known.values, known.attrs)
        try:
            with np.errstate(all="ignore"):
                results = row.kernel(np, *values, **row.kernel_attrs(known.attrs))
        except Exception:
            return None  # the run will say what is wrong, and where
        results = results if returns_list(row) else [results]
        small = sum(np.size(result) for result in results) <= FOLD_LIMIT
        return results if small or known.operation.type == "Const" else None

    def _know(self, tensor, value):
        """Keep a value that is the same in every run; equal small ones once."""
        self.values[tensor] = fetched(value)
        self.shapes[tensor] = TensorShape(np.shape(value))
        array = np.asarray(value)
        if array.size <= MERGE_LIMIT and array.dtype != object:
            key = (array.dtype, array.shape, array.tobytes())
            first = self.first.setdefault(key, tensor)
            if first is not tensor:
                self.same[tensor] = first

    def _skip(self, row, known, inputs):
        """Leave out an operation that only hands on an input. Says whether it does."""
        which = row.shortcut_rule and row.shortcut_rule(known, *known.shapes)
        if which is None or self.is_live(inputs[which]):
            return False
        self.same[known.operation.outputs[0]] = inputs[which]
        return True

    def _repeats(self, operation, inputs):
        """Use an earlier step that does the same. Says whether there is one."""
        attrs = sorted((k, mark(v)) for k, v in operation.attrs.items() if k[0] != "_")
        ages = [self.changes.get(tensor, 0) for tensor in inputs]
        key = (operation.type, *inputs, *attrs, *ages)
        first = self.first.setdefault(key, operation)
        if first is operation:
            return False
        self.same.update(zip(operation.outputs, first.outputs, strict=True))
        return True

    def _drop_dead(self):
        """Leave out steps whose results nobody uses, unless they have an effect."""
        used = set(self._returned())
        wanted, kept = asked_for(self.fetches), []
        for step in reversed(self.steps):
            outputs = step.operation.outputs
            needed = step.operation in wanted or not used.isdisjoint(outputs)
            if needed or self._acts(step):
                kept.append(step)
                used.update(self._uses(step))
        self.steps = kept[::-1]

    def _returned(self):
        """The tensors that are needed at the end of a run."""
        return [self.resolve(t) for t in self.fetches if isinstance(t, Tensor)]

    def _acts(self, step):
        """Whether a step does something besides computing its outputs."""
        return has_effect(step.row)

    def _uses(self, step):
        """The tensors that a step needs."""
        return step.inputs

    @property
    def page(self):
        """The plan as a Python function."""
        if self._page is None:
            self._page = Page(self)
        return self._page

    def __str__(self):
        return self.page.source

    @np.errstate(all="ignore")
    def __call__(self, state, arrays):
        """Run the steps.

        Args:
          state: the session's memory: name of a variable -> array.
          arrays: a value for each feed.

        Returns:
          A list with a value for each fetched tensor.

        Raises:
          OpError: of the class that TensorFlow raises, naming the operation.
        """
        page = self._page or self.page
        try:
            return page.function(state, *arrays)
        except Exception as error:
            raise explained(error, self, state) from None


def row_of(operation):
    """The row of an operation's type.

    Raises:
      InvalidArgumentError: nobody has written that op yet.
    """
    if operation.type not in ROWS:
        raise complaint(
            InvalidArgumentError,
            f"No OpKernel was registered to support Op '{operation.type}'",
            operation,
            fix=f"give it a row: @op('{operation.type}(...) -> (...)')",
        )
    return ROWS[operation.type]


## What need not be done in every run

FOLD_LIMIT = 100_000  # elements; what is larger is computed anew in each run


def known_sizes_of(row, known):
    """[the array] that the sizes rule of an op knows completely, or None."""
    sizes = row.sizes_rule and row.sizes_rule(known, *known.shapes)
    if sizes is None or None in np.ravel(sizes):
        return None
    return [np.array(sizes, known.operation.outputs[0].dtype.as_numpy_dtype)]


MERGE_LIMIT = 64  # elements; larger constants are not compared


def fetched(value):
    """A result as the caller gets it: an array, or a NumPy scalar."""
    return value[()] if isinstance(value, np.ndarray) and not value.ndim else value


def mark(value):
    """What stands for an attribute in comparisons: equal marks, equal values."""
    return id(value) if isinstance(value, np.ndarray) else repr(value)


def asked_for(fetches):
    """The operations that are fetched, and those in groups that are fetched."""
    found, stack = set(), [f for f in fetches if isinstance(f, Operation)]
    while stack:
        operation = stack.pop()
        if operation not in found:
            found.add(operation)
            stack += operation.control_inputs if operation.type == "NoOp" else []
    return found


## The plan as a Python function


def copied(value):
    """A copy of something that is kept, so that nobody can change it from outside."""
    return value.copy()[()] if isinstance(value, np.ndarray) else value


def memory(tensor):
    """The expression for a variable in the session's memory."""
    return f"state[{tensor.op.name!r}]"


class Page:
    """A plan as the text of a Python function, and what the names in it mean.

    Attributes:
      source: the text.
      function: the text, compiled: `f(state, *feeds)` gives the list of fetched values.
      places: number of a line -> the operation that runs there.
      indent: the blanks in front of the lines; a page with loops changes it.
    """

    def __init__(self, plan):
        self.plan, self.fed, self.indent = plan, set(plan.feeds), ""
        self.meaning = {"np": np, "fetched": fetched, "copied": copied}
        self.taken = {*keyword.kwlist, *self.meaning, "state", "plan", "_"}
        self.names, self.counts, self.places = {}, {}, {}
        self.constants, self.loaded, self.given = {}, set(), set()
        parameters = ["state", *[self._name(tensor) for tensor in plan.feeds]]
        self.lines = [f"def plan({', '.join(parameters)}):"]
        self._write_steps(plan.steps)
        self._write_return(plan.fetches)
        self.source = "\n    ".join(self.lines) + "\n"
        exec(compile(self.source, "<plan>", "exec"), self.meaning)
        self.function = self.meaning["plan"]

    def _name(self, tensor):
        """The name of a tensor: that of its operation, as far as Python allows."""
        if tensor not in self.names:
            name = GRADIENT_SCOPE.sub("", tensor.op.name)
            if len(tensor.op.outputs) > 1:
                name += f"_{tensor.value_index}"
            self.names[tensor] = self._unique(name)
        return self.names[tensor]

    def _bind(self, name, thing):
        """The name of something else: a kernel, what it gets as `run`, an attribute."""
        if id(thing) not in self.names:
            self.names[id(thing)] = self._unique(name)
            self.meaning[self.names[id(thing)]] = thing
        return self.names[id(thing)]

    def _unique(self, name):
        base = name = re.sub(r"\W|^(?=\d)", "_", name)
        while name in self.taken:
            self.counts[base] = self.counts.get(base, 0) + 1
            name = f"{base}_{self.counts[base]}"
        self.taken.add(name)
        return name

    def _value(self, tensor, step):
        """The expression for the value of an input."""
        text = self._name(tensor)
        if tensor in self.plan.values:
            self._mean(text, self.plan.values[tensor])
        elif self.plan.is_live(tensor) and tensor not in self.loaded:
            self.loaded.add(tensor)
            reader = self.plan.readers.get(tensor, step.operation)
            self._add(f"{text} = {memory(tensor)}", reader)
        if updates(step.row) and step.row.view:
            text = f"copied({text})" if self._is_kept(tensor) else text
            self.given.add(tensor)
        return text

    def _mean(self, name, value):
        self.meaning[name] = self.constants[name] = value

    def _is_kept(self, tensor):
        """Whether somebody else holds, or may hold, the array of a tensor."""
        if self.plan.is_live(tensor):
            return False  # the value of a variable is replaced, never changed
        known = tensor in self.plan.values or tensor in self.fed
        return known or ROWS[tensor.op.type].view or not tensor.op.inputs

    def _reference(self, row, tensor):
        """What a kernel gets for a variable: its value, or less if it needs less."""
        if row.reads_ref:
            return memory(tensor)
        if updates(row):
            return repr(tensor.shape.sizes)
        return f"{tensor.op.name!r} in state"

    def _literal(self, key, value):
        """An attribute as it can be written in Python."""
        values = value if type(value) in (list, tuple) else [value]
        if all(type(v) in (bool, int, str, bytes, type(None)) for v in values):
            return repr(value)
        if type(value) is float and np.isfinite(value):
            return repr(value)
        return self._bind(value.name if isinstance(value, DType) else key, value)

    def _call(self, step):
        """The call of a kernel."""
        row, operation, texts = step.row, step.operation, ["np"]
        if row.stateful:
            name = "run_" + operation.name.rpartition("/")[2]
            texts = [self._bind(name, self.plan.runs(operation))]
        for argument, tensor in step.arguments():
            if argument.ref:
                texts.append(self._reference(row, tensor))
            elif isinstance(tensor, list):
                texts.append(f"[{', '.join([self._value(t, step) for t in tensor])}]")
            else:
                texts.append(self._value(tensor, step))
        for key, value in row.kernel_attrs(operation.attrs).items():
            if mark(value) != mark(row.attrs[key]):
                texts.append(f"{key}={self._literal(key, value)}")
        name = row.kernel.__name__.removesuffix("_op")
        name += "_op" if name in self.taken else ""
        return f"{self._bind(name, row.kernel)}({', '.join(texts)})"

    def _write(self, step):
        """Write the line of a step."""
        call = self._call(step)
        targets = [memory(tensor) for tensor in step.changed()]
        self.loaded.difference_update(step.changed())
        targets += self._results(step)
        text = ", ".join(targets)
        if len(targets) == 1 and returns_list(step.row) and not updates(step.row):
            text = f"[{text}]"
        shapes = [self.plan.shape_of(tensor) for tensor in step.operation.outputs]
        line = f"{text} = {call}" if targets else call
        self._add(line, step.operation, remark(shapes))

    def _results(self, step):
        """The names for the outputs of a step; `_` for one that is fed instead."""
        plain = [t for t in step.operation.outputs if not t.dtype.is_ref_dtype]
        return ["_" if tensor in self.fed else self._name(tensor) for tensor in plain]

    def _add(self, line, operation, remark=""):
        for part in (wrapped(line) + remark).split("\n"):
            self.lines.append(self.indent + part)
            self.places[len(self.lines)] = operation

    def _write_steps(self, steps):
        for step in steps:  # tensors before kernels: they keep the names of the graph
            self._results(step)
        before = None
        for step, part in zip(steps, parts(steps), strict=True):
            if part != before:
                self.lines.append(f"# {part}")
            self._write(step)
            before = part

    def _write_return(self, fetches):
        """Write the last line, and below it what the names of constants mean."""
        tensors = [self.plan.resolve(t) for t in fetches if isinstance(t, Tensor)]
        self.lines.append(f"return [{', '.join([self._fetch(t) for t in tensors])}]")
        self.lines += [f"# {n} = {brief(value)}" for n, value in self.constants.items()]

    def _fetch(self, tensor):
        """The expression for a fetch; what the session keeps is copied."""
        if self.plan.is_live(tensor):
            return f"copied({memory(tensor)})"
        text = self._name(tensor)
        if tensor in self.fed:
            return f"np.array({text})"
        if tensor in self.plan.values:
            self._mean(text, self.plan.values[tensor])
        if self._is_kept(tensor) or tensor in self.given:
            return f"copied({text})"
        self.given.add(tensor)
        return text if self.plan.shape_of(tensor).rank else f"fetched({text})"


GRADIENT_SCOPE = re.compile(r"(?:^|(?<=/))gradients(?:_\d+)?/")


def remark(shapes):
    """What a line says of shapes: those that are known and have axes."""
    known = [str(shape) for shape in shapes if shape.rank]
    return f"  # {', '.join(known)}" if known and len(known) == len(shapes) else ""


GLUE = "\N{NO-BREAK SPACE}"
TOGETHER = re.compile(r" = |'[^']*'|\"[^\"]*\"|\[[^]]*\]")


def wrapped(line, width=80):
    """A statement of the form `targets = call(...)` in lines of that width."""
    if len(line) <= width:
        return line
    targets, equals, call = line.rpartition(" = ")
    line = f"({targets}){equals}{call}" if ", " in targets else line
    line = TOGETHER.sub(lambda match: match[0].replace(" ", GLUE), line)
    wrap = textwrap.TextWrapper(width, subsequent_indent=" " * 8)
    wrap.break_long_words = wrap.break_on_hyphens = False
    return wrap.fill(line).replace(GLUE, " ")


def parts(steps):
    """The part of each step in a training step: forward, backward or update.

    Updates change variables, or compute what only updates use.
    """
    found, uses = [], {}
    for step in reversed(steps):
        users = set().union(*[uses.get(t, ()) for t in step.operation.outputs])
        part = "forward"
        if GRADIENT_SCOPE.search(step.operation.name):
            part = "backward"
        elif users == {"update"} or updates(step.row):
            part = "update"
        for tensor in step.inputs:
            uses.setdefault(tensor, set()).add(part)
        found.append(part)
    return found[::-1]


def brief(value):
    """A constant in a few words; a small one in full."""
    if np.size(value) > 8:
        return f"{value.dtype} of shape {value.shape}"
    return " ".join(np.array2string(np.asarray(value), separator=", ").split())


PLANNERS = {}  # type of an operation -> the class of plans that can hold it


def make_plan(fetches, feeds=(), *more):
    """A Plan, of the class that the needed operations ask for. Arguments as there."""
    types = {operation.type for operation in needed_operations(fetches, feeds)}
    kind = next((PLANNERS[name] for name in PLANNERS if name in types), Plan)
    return kind(fetches, feeds, *more)


## Say what failed, and where

WRONG_VALUES = (ValueError, IndexError, ZeroDivisionError, OverflowError)


def explained(error, plan, state):
    """The error of a run as an OpError that names the operation and the user's line."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code is not plan.page.function.__code__:
        trace = trace.tb_next
    if trace is None or "[[node" in str(error):
        return error
    operation = plan.page.places.get(trace.tb_lineno)
    if isinstance(error, KeyError) and trace.tb_next is None:
        return uninitialized(error.args[0], operation, plan, state)
    if operation.type == "Placeholder":
        return unfed(error, operation, plan)
    return kernel_error(error, operation, kernel_arguments(trace.tb_next, operation))


def kernel_error(error, operation, values):
    """The error of a kernel that got `values`, as an OpError."""
    kind, text = InvalidArgumentError, str(error)
    if isinstance(error, OpError):
        kind, text = type(error), error.message
    elif isinstance(error, MemoryError):
        kind, text = ResourceExhaustedError, f"OOM when allocating tensor: {error}"
    elif isinstance(error, WRONG_VALUES):
        text = misfit(operation, values) or text
    else:  # a mistake of ours
        error.add_note(f"while running {node(operation)}")
        return error
    inputs = ", ".join([seen(value) for value in values])
    return complaint(kind, text, operation, inputs=inputs or None)


def node(operation):
    """Where an operation was written, the way TensorFlow says it."""
    site = operation.site
    place = f" (defined at {site.filename}:{site.lineno}) " if site else ""
    return f"[[node {operation.name}{place}]]"


def complaint(kind, message, operation, **facts):
    """An OpError that says what happened and where, and some labelled facts.

    Args:
      kind: its class.
      message: what happened, in TensorFlow's words where it has some.
      operation: the Operation that failed.
      **facts: as in `explain`.
    """
    first, *rest = message.split("\n")
    text = explain(f"{first}\n\t {node(operation)}", operation.site, **facts)
    return kind(operation.node_def, operation, "\n".join([text, *rest]))


def kernel_arguments(trace, operation):
    """The values that the kernel was called with, as its frame still has them."""
    kernel = ROWS[operation.type].kernel
    if trace is None or trace.tb_frame.f_code is not kernel.__code__:
        return []
    names = kernel.__code__.co_varnames[1 : kernel.__code__.co_argcount]
    return [trace.tb_frame.f_locals[name] for name in names]


def misfit(operation, values):
    """What TensorFlow says when a kernel gets values that do not fit, or None."""
    rule = getattr(ROWS[operation.type], "complaint_rule", None)
    return rule(*values) if rule and values else None


def seen(value):
    """A value in an error message: its dtype and shape."""
    if isinstance(value, list):
        return f"[{', '.join([seen(v) for v in value])}]"
    return f"{np.asarray(value).dtype} {np.shape(value)}"


def unfed(error, operation, plan):
    """The error for a placeholder that no feed fills."""
    tensor = operation.outputs[0]
    return complaint(
        InvalidArgumentError,
        error.message,
        operation,
        needed_by=path(plan, operation),
        expected=f"a value of dtype {tensor.dtype.name}, shape {tensor.shape}",
        fix=f"give `run` a feed_dict with a value for '{tensor.name}'",
    )


def path(plan, operation):
    """`loss <- MatMul <- x`: why the fetches need an operation."""
    queue = [getattr(fetch, "op", fetch) for fetch in plan.fetches]
    users = dict.fromkeys(queue)
    for user in queue:  # it grows while we go
        parents = [t.op for t in user.inputs if t not in plan.feeds]
        for parent in parents + user.control_inputs:
            if parent not in users:
                users[parent] = user
                queue.append(parent)
    names = []
    while operation is not None:
        names.insert(0, operation.name)
        operation = users[operation]
    if len(names) > 7:
        names[3:-3] = ["..."]
    return " <- ".join(names)


def uninitialized(name, operation, plan, state):
    """The error for a variable that holds nothing yet."""
    slot = plan.fetches[0].graph.get_operation_by_name(name)
    others = [s.name for s in read_first(plan) if s.name not in state and s is not slot]
    local = any(v.op is slot for v in slot.graph.get_collection("local_variables"))
    initializer = f"tf.{'local' if local else 'global'}_variables_initializer()"
    return complaint(
        FailedPreconditionError,
        f"Attempting to use uninitialized value {name}",
        operation or slot,
        also_uninitialized=", ".join(others) or None,
        note=early_initializer(slot),
        expected="a variable gets its value before it is used",
        fix=f"first run {initializer}, made after the last variable",
    )


def read_first(plan):
    """The variables that a plan reads before it sets them."""
    found, written = {}, set()
    for step in plan.steps:
        unread = [] if step.row.reads_ref else step.changed()
        reads = [t for t in step.inputs if plan.is_live(t) and t not in unread]
        found.update((tensor.op, None) for tensor in reads if tensor not in written)
        written.update(step.changed())
    tensors = [plan.resolve(t) for t in plan.fetches if isinstance(t, Tensor)]
    found.update((t.op, None) for t in tensors if plan.is_live(t) and t not in written)
    return list(found)


def early_initializer(slot):
    """The remark that an initializer is older than the variable, where it is."""
    groups = [o for o in slot.graph.get_operations() if o.type == "NoOp"]
    done = {group: group.control_inputs for group in groups}
    inits = [g for g, os in done.items() if os and all(o.type == "Assign" for o in os)]
    if not inits or any(o.inputs[0].op is slot for g in inits for o in done[g]):
        return None
    name = inits[-1].name
    return f"'{name}' was made before this variable, and does not initialize it"
