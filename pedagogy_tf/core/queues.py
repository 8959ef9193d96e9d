"""Queues, and the threads that fill them while a program trains.

A queue lives in a session. An enqueue into a full one waits, and so does a dequeue from
an empty one, each in order of arrival. Everybody who waits is woken by what changes: an
element, a room, the queue's or the session's end; who waits for nothing is told so.
"""

# Generated from book/source/29_queues.md: change it there, then `make export`.

import contextlib
import hashlib
import logging
import sys
import threading
import time
import weakref
from collections import deque
from functools import partial

import numpy as np

from pedagogy_tf.core.dtypes import as_dtype, float32, string
from pedagogy_tf.core.errors import (
    CancelledError,
    DeadlineExceededError,
    InvalidArgumentError,
    OpError,
    OutOfRangeError,
    explain,
)
from pedagogy_tf.core.graph import (
    GraphKeys,
    Tensor,
    add_to_collection,
    control_dependencies,
    get_collection,
    get_default_graph,
    get_default_session,
    name_scope,
)
from pedagogy_tf.core.op import constant, convert_to_tensor, op, scalar
from pedagogy_tf.core.ops.array import gather
from pedagogy_tf.core.ops.basic import identity, shape, size, without_blame
from pedagogy_tf.core.ops.control import Assert
from pedagogy_tf.core.ops.elementwise import greater
from pedagogy_tf.core.ops.math import cast, maximum, range_
from pedagogy_tf.core.ops.random import Stream, get_seed, random_shuffle
from pedagogy_tf.core.session import BaseSession
from pedagogy_tf.core.shapes import Dimension, TensorShape, as_shape, in_brackets
from pedagogy_tf.core.variables import Variable

__all__ = [
    "LOG",
    "PATIENCE",
    "BYSTANDERS",
    "Idle",
    "Ticket",
    "Queue",
    "ShuffleQueue",
    "PaddingQueue",
    "queue_in",
    "fifo_queue_v2",
    "padding_fifo_queue_v2",
    "random_shuffle_queue_v2",
    "queue_enqueue_v2",
    "queue_enqueue_many_v2",
    "queue_dequeue_v2",
    "take_batch",
    "queue_dequeue_many_v2",
    "queue_dequeue_up_to_v2",
    "queue_close_v2",
    "queue_size_v2",
    "queue_is_closed_v2",
    "element_shapes",
    "shape_list",
    "QueueBase",
    "values_of",
    "as_components",
    "FIFOQueue",
    "PaddingFIFOQueue",
    "RandomShuffleQueue",
    "Coordinator",
    "LooperThread",
    "QueueRunner",
    "add_queue_runner",
    "start_queue_runners",
    "limit_epochs",
    "summarize_fullness",
    "input_producer",
    "string_input_producer",
    "range_input_producer",
    "slice_input_producer",
    "same_keys",
    "part_shapes",
    "part_dtypes",
    "batched",
    "of_capacity",
    "over_least",
    "check_room",
    "batch",
    "batch_join",
    "batch_like",
    "shuffle_batch",
    "shuffle_batch_join",
    "shuffle_like",
]


## A line in which threads wait

LOG = logging.getLogger("tensorflow")

PATIENCE = 0.25  # seconds between two looks whether waiting is of any use


### Who could still help?

BYSTANDERS = weakref.WeakSet(threading.enumerate())
BYSTANDERS.discard(threading.main_thread())


class Idle:
    """The threads that wait for others, and a count of what has happened.

    Attributes:
      threads: those that wait at a queue, or for the end.
      news: how often something happened that may wake one of them.
    """

    threads, news = [], 0

    def __enter__(self):
        Idle.threads.append(threading.current_thread())

    def __exit__(self, *error):
        Idle.threads.remove(threading.current_thread())

    @staticmethod
    def is_everybody():
        """Whether no thread is left that could do something."""
        return set(threading.enumerate()) <= {*BYSTANDERS, *Idle.threads}


class Ticket:
    """A place in one of the two lines of a queue.

    Args:
      queue: the Queue.
      line: the list of Tickets, in order of arrival.
      what: "Enqueue" or "Dequeue".
    """

    def __init__(self, queue, line, what):
        self.queue, self.line, self.what = queue, line, what
        self.cancelled = False

    def __enter__(self):
        self.queue.changed.acquire()
        self.line.append(self)
        try:
            self.wait(lambda: self.line[0] is self)
        except BaseException:  # an interrupt from the keyboard, too
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        self.line.remove(self)
        self.queue.tell()
        self.queue.changed.release()

    def wait(self, ready):
        """Wait until `ready()`; others have the queue meanwhile.

        Raises:
          CancelledError: the queue, or the session, does not want this any longer.
          DeadlineExceededError: nobody is left who could make it ready.
        """
        looks, news = 0, Idle.news
        while True:
            if self.cancelled or self.queue.cancelled:
                message = f"{self.what} operation was cancelled"
                raise CancelledError(None, None, message)
            if ready():
                return
            with Idle():
                woken = self.queue.changed.wait(PATIENCE)
                stuck = Idle.is_everybody() and not woken and news == Idle.news
            looks, news = looks + 1 if stuck else 0, Idle.news
            if looks > 3 and not ready():
                raise DeadlineExceededError(None, None, self.queue.stuck(self.what))


### The queue itself


class Queue:
    """Elements in a line, first in, first out; one session's memory behind a handle.

    Args:
      name: its name in messages.
      dtypes: the DType of each component of an element.
      shapes: the TensorShape of each component; [] leaves them open.
      capacity: how many elements it holds at most; negative: any number.

    Attributes:
      elements: a list of the components for each element, the next one first.
      closed: whether no more elements may come.
    """

    kind = kind_of_many = "FIFOQueue"
    least = 0  # how many elements must stay, as long as more may come

    def __init__(self, name, dtypes, shapes, capacity):
        self.name, self.dtypes, self.capacity = name, dtypes, capacity
        self.shapes = [as_shape(s) for s in shapes]
        self.elements = self._new_elements()
        self.closed = self.cancelled = False
        self.changed = threading.Condition()
        self.givers, self.takers = [], []

    def _new_elements(self):
        return deque()

    def _take(self):
        return self.elements.popleft()

    def _put_back(self, elements):
        self.elements.extendleft(reversed(elements))

    def tell(self):
        """Wake whoever waits: something has changed. The lock is held."""
        Idle.news += 1
        self.changed.notify_all()

    def stuck(self, what):
        """What to say to a thread for which nobody is left to wait."""
        state, other = ("full", "empty") if what == "Enqueue" else ("empty", "fill")
        fix = {
            "empty": "run a dequeue, in this thread before or in another",
            "fill": "tf.train.start_queue_runners(sess) before; or enqueue first",
        }[other]
        return (
            f"Timed out waiting for notification: {self.kind} '{self.name}' "
            f"is {state}, "
            f"and no thread is left that could {other} it\n  fix: {fix}"
        )

    def put(self, elements):
        """Append elements, each as soon as there is room.

        Raises:
          CancelledError: it is closed; or gets closed with `cancel_pending_enqueues`.
        """
        with Ticket(self, self.givers, "Enqueue") as ticket:
            if self.closed:
                message = f"{self.kind} '{self.name}' is closed."
                raise CancelledError(None, None, message)
            for element in elements:
                ticket.wait(lambda: not 0 <= self.capacity <= len(self.elements))
                self.elements.append(element)
                self.tell()

    def take(self, count, kind, fewer=False):
        """Take elements out: a list of `count` of them.

        Args:
          count: how many.
          kind: what to call the queue in a message.
          fewer: whether the last elements of a closed queue may be fewer, but not none.

        Raises:
          OutOfRangeError: it is closed, and there are not enough.
        """
        found = []
        if not count:
            return found
        with Ticket(self, self.takers, "Dequeue") as ticket:
            try:
                while len(found) < count:
                    ticket.wait(lambda: self.closed or len(self.elements) > self.least)
                    missing, there = count - len(found), len(self.elements)
                    if self.closed and there < missing:
                        if not fewer or not there + len(found):
                            raise self._exhausted(kind, missing, there)
                        count = there + len(found)
                        continue
                    found.append(self._take())
                    self.tell()
            except BaseException:
                self._put_back(found)
                raise
        return found

    def _exhausted(self, kind, missing, there):
        message = f"{kind} '{self.name}' is closed and has insufficient elements "
        message += f"(requested {missing}, current size {there})"
        return OutOfRangeError(None, None, message)

    def close(self, cancel_pending=False):
        """Let no more elements come.

        Args:
          cancel_pending: whether those who wait with an element are sent away.

        Raises:
          CancelledError: it was closed before, and not with `cancel_pending`.
        """
        if cancel_pending:
            with self.changed:
                self.closed = True
                for ticket in self.givers:
                    ticket.cancelled = True
                self.tell()
            return
        with Ticket(self, self.givers, "Enqueue"):
            if self.closed:
                message = f"Queue '{self.name}' is already closed."
                raise CancelledError(None, None, message)
            self.closed = True

    def cancel(self):
        """Wake and refuse everybody, for good: the session is closed."""
        with self.changed:
            self.cancelled = True
            self.tell()

    def _fit(self, i, wanted, component):
        if not wanted.is_compatible_with(np.shape(component)):
            message = f"Shape mismatch in tuple component {i}. Expected "
            message += (
                f"{in_brackets(wanted.sizes)}, got {in_brackets(np.shape(component))}"
            )
            raise InvalidArgumentError(None, None, message)

    def _copies(self, components):
        pairs = zip(components, self.dtypes, strict=True)
        return [np.array(x, dtype.as_numpy_dtype)[()] for x, dtype in pairs]

    def one(self, components):
        """One element: a copy of its components, which must have the right shapes."""
        for i, (wanted, x) in enumerate(zip(self.shapes, components, strict=False)):
            self._fit(i, wanted, x)
        return self._copies(components)

    def many(self, components):
        """The elements that lie in the rows of the components: as many in each."""
        count = (*np.shape(components[0]), 0)[0]
        shapes = self.shapes or [
            as_shape([None] * (np.ndim(x) - 1)) for x in components
        ]
        for i, (wanted, x) in enumerate(zip(shapes, components, strict=True)):
            self._fit(i, TensorShape([count]).concatenate(wanted), x)
        kept = self._copies(components)
        return [[x[i] for x in kept] for i in range(count)]

    def batch(self, elements):
        """The components of several elements, one array each, padded if need be."""
        batches = []
        for i, (dtype, wanted) in enumerate(zip(self.dtypes, self.shapes, strict=True)):
            parts = [element[i] for element in elements]
            sizes = [
                max([np.shape(x)[axis] for x in parts], default=0) if n is None else n
                for axis, n in enumerate(wanted.sizes)
            ]
            filler = b"" if dtype == string else 0
            array = np.full((len(parts), *sizes), filler, dtype.as_numpy_dtype)
            for row, x in enumerate(parts):
                array[(row, *map(slice, np.shape(x)))] = x
            batches.append(array)
        return batches


### Shuffled, padded


class ShuffleQueue(Queue):
    """A queue from which elements come in random order.

    Args:
      least: how many elements must stay, to choose among.
      seeds: the two seeds; the same seeds give TensorFlow's order.
    """

    kind = kind_of_many = "RandomShuffleQueue"

    def __init__(self, name, dtypes, shapes, capacity, least, seeds):
        super().__init__(name, dtypes, shapes, capacity)
        self.least, self.stream, self.words = least, Stream(*seeds), []

    def _new_elements(self):
        return []

    def _take(self):
        if not self.words:
            self.words = self.stream.words(self.stream.advance(1), 1)[0].tolist()
        i = self.words.pop(0) % len(self.elements)
        chosen, self.elements[i] = self.elements[i], self.elements[-1]
        self.elements.pop()
        return chosen

    def _put_back(self, elements):
        self.elements.extend(reversed(elements))


class PaddingQueue(Queue):
    """A queue whose elements may differ in the sizes that its shapes leave open."""

    kind_of_many = "PaddingFIFOQueue"


## A queue in the graph


def queue_in(run, make, container, shared_name):
    """The queue of an operation: found among what the session keeps, or made."""
    number = len(run.resources)
    name = shared_name or f"_{number}_{run.op.name}"
    key = (container, shared_name) if shared_name else run.op.name
    return run.resources.share(key, lambda: make(name))


@op("FIFOQueueV2() -> (handle:resource)")
def fifo_queue_v2(
    run, *, component_types, shapes=(), capacity=-1, container="", shared_name=""
):
    """A queue: first in, first out."""

    def make(name):
        return Queue(name, component_types, shapes, capacity)

    return queue_in(run, make, container, shared_name)


@op("PaddingFIFOQueueV2() -> (handle:resource)")
def padding_fifo_queue_v2(
    run, *, component_types, shapes=(), capacity=-1, container="", shared_name=""
):
    """A queue for elements of different sizes."""

    def make(name):
        return PaddingQueue(name, component_types, shapes, capacity)

    return queue_in(run, make, container, shared_name)


@op("RandomShuffleQueueV2() -> (handle:resource)")
def random_shuffle_queue_v2(
    run,
    *,
    component_types,
    shapes=(),
    capacity=-1,
    min_after_dequeue=0,
    seed=0,
    seed2=0,
    container="",
    shared_name="",
):
    """A queue from which elements come in random order."""
    problem = None
    if min_after_dequeue < 0:
        problem = ">= 0"
    elif 0 <= capacity <= min_after_dequeue:
        problem = f"< capacity {capacity}"
    if problem:
        message = f"min_after_dequeue {min_after_dequeue} must be {problem}"
        raise InvalidArgumentError(None, None, message)

    def make(name):
        least, seeds = min_after_dequeue, (seed, seed2)
        return ShuffleQueue(name, component_types, shapes, capacity, least, seeds)

    return queue_in(run, make, container, shared_name)


fifo_queue_v2.shape(scalar)
padding_fifo_queue_v2.shape(scalar)
random_shuffle_queue_v2.shape(scalar)
without_blame(fifo_queue_v2, padding_fifo_queue_v2, random_shuffle_queue_v2)


@op("QueueEnqueueV2(handle:resource, components:*Tcomponents) -> ()", Tcomponents=1)
def queue_enqueue_v2(run, handle, components, *, timeout_ms=-1):
    """Append an element; wait for room."""
    handle.put([handle.one(components)])


@op("QueueEnqueueManyV2(handle:resource, components:*Tcomponents) -> ()", Tcomponents=1)
def queue_enqueue_many_v2(run, handle, components, *, timeout_ms=-1):
    """Append an element for each row; wait for room as often as it takes."""
    handle.put(handle.many(components))


@op("QueueDequeueV2(handle:resource) -> (components:*component_types)")
def queue_dequeue_v2(run, handle, *, component_types, timeout_ms=-1):
    """Take an element out; wait for one."""
    return handle.take(1, handle.kind)[0]


def take_batch(queue, n, op_name, fewer):
    """The components of `n` elements, in one array each.

    Raises:
      InvalidArgumentError: `n` is negative, or elements may have any shape.
    """
    problem = None
    if n < 0:
        problem = f"{op_name} requested {n} < 0 elements"
    elif not queue.shapes:
        problem = f"{queue.kind_of_many}'s DequeueMany and DequeueUpTo require the "
        problem += "components to have specified shapes."
    if problem:
        raise InvalidArgumentError(None, None, problem)
    return queue.batch(queue.take(int(n), queue.kind_of_many, fewer))


@op("QueueDequeueManyV2(handle:resource, n:int32) -> (components:*component_types)")
def queue_dequeue_many_v2(run, handle, n, *, component_types, timeout_ms=-1):
    """Take `n` elements out, as a batch; wait for the last."""
    return take_batch(handle, n, "DequeueManyOp", fewer=False)


@op("QueueDequeueUpToV2(handle:resource, n:int32) -> (components:*component_types)")
def queue_dequeue_up_to_v2(run, handle, n, *, component_types, timeout_ms=-1):
    """Take `n` elements out; fewer if the queue is closed and has no more."""
    return take_batch(handle, n, "DequeueUpToOp", fewer=True)


@op("QueueCloseV2(handle:resource) -> ()")
def queue_close_v2(run, handle, *, cancel_pending_enqueues=False):
    """Let no more elements come."""
    handle.close(cancel_pending_enqueues)


@op("QueueSizeV2(handle:resource) -> (size:int32)")
def queue_size_v2(run, handle):
    """How many elements there are now."""
    return np.int32(len(handle.elements))


@op("QueueIsClosedV2(handle:resource) -> (is_closed:bool)")
def queue_is_closed_v2(run, handle):
    """Whether no more elements may come."""
    return np.bool_(handle.closed)


def element_shapes(op):
    """The shapes of the components of a queue's elements, as far as they are known."""
    shapes = op.inputs[0].op.attrs.get("shapes")
    return shapes or [TensorShape(None)] * len(op.get_attr("component_types"))


@queue_dequeue_v2.shape
def _(op, handle):
    return list(map(as_shape, element_shapes(op)))


@queue_dequeue_many_v2.shape
def _(op, handle, n):
    count = op.constant(1)
    count = TensorShape([None if count is None or count < 0 else int(count)])
    return [count.concatenate(shape) for shape in element_shapes(op)]


@queue_dequeue_up_to_v2.shape
def _(op, handle, n):
    return [TensorShape([None]).concatenate(shape) for shape in element_shapes(op)]


queue_enqueue_v2.shape(lambda op, *_: [])
queue_enqueue_many_v2.shape(lambda op, *_: [])
queue_close_v2.shape(lambda op, handle: [])
queue_size_v2.shape(scalar)
queue_is_closed_v2.shape(scalar)
without_blame(queue_enqueue_v2, queue_enqueue_many_v2, queue_close_v2)
without_blame(queue_dequeue_v2, queue_dequeue_many_v2, queue_dequeue_up_to_v2)
without_blame(queue_size_v2, queue_is_closed_v2)


### The classes of the public API


def shape_list(shapes, partial=False):
    """The shapes of a queue's components as a list of TensorShapes, or None.

    Raises:
      TypeError, ValueError: they are no list of shapes; or a size is open, and the
        queue cannot pad.
    """
    single = isinstance(shapes, (list, tuple)) and all(
        n is None or isinstance(n, (int, Dimension)) for n in shapes
    )
    if partial and (not isinstance(shapes, (list, tuple)) or not shapes or single):
        what = "When providing partial shapes, a list of shapes must be provided."
        raise ValueError(explain(what))
    if shapes is None:
        return None
    if isinstance(shapes, TensorShape) or (single and shapes != [] != list(shapes)):
        shapes = [shapes]
    if not isinstance(shapes, (list, tuple)):
        what = "shapes must be a TensorShape or a list or tuple of TensorShapes."
        raise TypeError(explain(what))
    shapes = [as_shape(s) for s in ([shapes] if single and not shapes else shapes)]
    if not partial and any(not s.is_fully_defined() for s in shapes):
        what = f"All shapes must be fully defined: {shapes}"
        fix = "tf.PaddingFIFOQueue, or dynamic_pad=True, if sizes differ"
        raise ValueError(explain(what, fix=fix))
    if any(s.rank is None for s in shapes):
        raise ValueError(explain(f"All shapes must have a defined rank: {shapes}"))
    return shapes


class QueueBase:
    """A queue of the graph; its methods make operations.

    Args:
      dtypes: a list with the DType of each component of an element.
      shapes: a list with their shapes; None if they may have any.
      names: a list of names for them; None if they have none. With names an element
        is a dict.
      queue_ref: the handle, a tensor.
    """

    def __init__(self, dtypes, shapes, names, queue_ref):
        if shapes is not None and len(shapes) != len(dtypes):
            raise ValueError(
                explain("Queue shapes must have the same length as dtypes")
            )
        if names is not None and len(names) != len(dtypes):
            raise ValueError(explain("Queue names must have the same length as dtypes"))
        unknown = [TensorShape(None)] * len(dtypes)
        self._dtypes, self._names, self._queue_ref = dtypes, names, queue_ref
        self._shapes = unknown if shapes is None else [as_shape(s) for s in shapes]
        self._name = queue_ref.op.name.rpartition("/")[2]

    dtypes = property(lambda self: self._dtypes, doc="The DTypes of the components.")
    shapes = property(lambda self: self._shapes, doc="Their TensorShapes.")
    names = property(lambda self: self._names, doc="Their names, or None.")
    queue_ref = property(lambda self: self._queue_ref, doc="The handle, a tensor.")
    name = property(lambda self: self._queue_ref.op.name, doc="The node's name.")

    def _components(self, values):
        """The components of an element, or of several, as tensors."""
        if isinstance(values, dict):
            if not self._names:
                what = "Queue must have names to enqueue a dictionary"
                raise ValueError(explain(what))
            if sorted(self._names, key=str) != sorted(values, key=str):
                what = "Keys in dictionary to enqueue do not match names of Queue.  "
                what += (
                    f"Dictionary: ({sorted(values)}), Queue: ({sorted(self._names)})"
                )
                raise ValueError(explain(what))
            values = [values[name] for name in self._names]
        elif self._names:
            what = "You must enqueue a dictionary in a Queue with names"
            raise ValueError(explain(what))
        elif not isinstance(values, (list, tuple)):
            values = [values]
        return [
            convert_to_tensor(value, dtype, name=f"component_{i}")
            for i, (value, dtype) in enumerate(zip(values, self._dtypes, strict=False))
        ]

    def _handed_out(self, components):
        """The components of what was dequeued, in the form that the user wants."""
        if self._names:
            return dict(zip(self._names, components, strict=True))
        return components[0] if len(components) == 1 else components

    def enqueue(self, vals, name=None):
        """An operation that appends an element; it waits while the queue is full.

        Args:
          vals: a tensor, or a list or dict of tensors: the components.
          name: the name of the operation.
        """
        with name_scope(name, f"{self._name}_enqueue", values_of(vals)) as scope:
            components = self._components(vals)
            for tensor, wanted in zip(components, self._shapes, strict=False):
                tensor.shape.assert_is_compatible_with(wanted)
            return queue_enqueue_v2(self._queue_ref, components, name=scope)

    def enqueue_many(self, vals, name=None):
        """An operation that appends an element for each row of `vals`."""
        with name_scope(name, f"{self._name}_EnqueueMany", values_of(vals)) as scope:
            components = self._components(vals)
            count = TensorShape([None])
            for tensor, wanted in zip(components, self._shapes, strict=False):
                found = tensor.shape.with_rank_at_least(1)
                count = count.merge_with(found[:1])
                found[1:].assert_is_compatible_with(wanted)
            return queue_enqueue_many_v2(self._queue_ref, components, name=scope)

    def dequeue(self, name=None):
        """The components of the next element; the run waits while there is none."""
        name = f"{self._name}_Dequeue" if name is None else name
        return self._handed_out(
            queue_dequeue_v2(self._queue_ref, self._dtypes, name=name)
        )

    def dequeue_many(self, n, name=None):
        """The next `n` elements, as a batch."""
        name = f"{self._name}_DequeueMany" if name is None else name
        found = queue_dequeue_many_v2(self._queue_ref, n, self._dtypes, name=name)
        return self._handed_out(found)

    def dequeue_up_to(self, n, name=None):
        """The next `n` elements, or those that are left when the queue is closed."""
        name = f"{self._name}_DequeueUpTo" if name is None else name
        found = queue_dequeue_up_to_v2(self._queue_ref, n, self._dtypes, name=name)
        return self._handed_out(found)

    def close(self, cancel_pending_enqueues=False, name=None):
        """An operation after which no more elements may come."""
        name = f"{self._name}_Close" if name is None else name
        return queue_close_v2(self._queue_ref, cancel_pending_enqueues, name=name)

    def is_closed(self, name=None):
        """Whether no more elements may come, a bool."""
        name = f"{self._name}_Is_Closed" if name is None else name
        return queue_is_closed_v2(self._queue_ref, name=name)

    def size(self, name=None):
        """The number of elements, an int32."""
        name = f"{self._name}_Size" if name is None else name
        return queue_size_v2(self._queue_ref, name=name)


def values_of(values):
    """The values in a list or a dict, or a single one, as a list."""
    if isinstance(values, dict):
        return list(values.values())
    return list(values) if isinstance(values, (list, tuple)) else [values]


def as_components(dtypes, names):
    """The dtypes, and the names or None, as lists of the same length."""
    dtypes = [as_dtype(t) for t in values_of(dtypes)]
    if names is not None:
        names = values_of(names)
        if len(names) != len(dtypes):
            what = "List of names must have the same length as the list of dtypes"
            raise ValueError(explain(what))
    return dtypes, names


class FIFOQueue(QueueBase):
    """A queue: first in, first out.

    Args:
      capacity: how many elements it holds at most.
      dtypes: the DType of an element, or a list with one for each component.
      shapes: the shapes of the components; None if they may have any. Without shapes
        there is no dequeue_many.
      names: names for the components.
      shared_name: queues of that name are one, in a session.
      name: the name of the operation.
    """

    def __init__(
        self,
        capacity,
        dtypes,
        shapes=None,
        names=None,
        shared_name=None,
        name="fifo_queue",
    ):
        dtypes, names = as_components(dtypes, names)
        shapes = shape_list(shapes)
        handle = fifo_queue_v2(
            dtypes, shapes, capacity, shared_name=shared_name, name=name
        )
        super().__init__(dtypes, shapes, names, handle)


class PaddingFIFOQueue(QueueBase):
    """A queue for elements whose sizes differ: None in `shapes`. Arguments as above."""

    def __init__(
        self,
        capacity,
        dtypes,
        shapes,
        names=None,
        shared_name=None,
        name="padding_fifo_queue",
    ):
        dtypes, names = as_components(dtypes, names)
        shapes = shape_list(shapes, partial=True)
        if len(dtypes) != len(shapes):
            what = "Shapes must be provided for all components, but received "
            what += f"{len(dtypes)} dtypes and {len(shapes)} shapes."
            raise ValueError(explain(what))
        handle = padding_fifo_queue_v2(
            dtypes, shapes, capacity, shared_name=shared_name, name=name
        )
        super().__init__(dtypes, shapes, names, handle)


class RandomShuffleQueue(QueueBase):
    """A queue from which elements come in random order.

    Args:
      min_after_dequeue: how many stay to choose among, as long as more may come.
      seed: for the order.

    The other arguments are those of FIFOQueue.
    """

    def __init__(
        self,
        capacity,
        min_after_dequeue,
        dtypes,
        shapes=None,
        names=None,
        seed=None,
        shared_name=None,
        name="random_shuffle_queue",
    ):
        dtypes, names = as_components(dtypes, names)
        shapes = shape_list(shapes)
        seed1, seed2 = get_seed(seed)
        if seed1 is None and seed2 is None:
            seed1, seed2 = 0, 0
        elif seed is None and shared_name is not None:
            digest = hashlib.md5(f"{seed1}{shared_name}".encode()).hexdigest()
            seed2 = int(digest[:8], 16) & 0x7FFFFFFF
        handle = random_shuffle_queue_v2(
            dtypes,
            shapes,
            capacity,
            min_after_dequeue,
            seed1,
            seed2,
            shared_name=shared_name,
            name=name,
        )
        super().__init__(dtypes, shapes, names, handle)


## Threads that stop together


class Coordinator:
    """Lets several threads stop together, and hands on the first error.

    Args:
      clean_stop_exception_types: errors that only mean that it is time to stop;
        OutOfRangeError by default.
    """

    def __init__(self, clean_stop_exception_types=None):
        clean = clean_stop_exception_types
        self._clean = (OutOfRangeError,) if clean is None else tuple(clean)
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._error, self._joined, self._threads = None, False, []

    joined = property(lambda self: self._joined, doc="Whether join has returned.")

    def request_stop(self, ex=None):
        """Ask all threads to stop.

        Args:
          ex: an exception, or what `sys.exc_info()` gave: `join` will raise it, unless
            it is of a type that means a clean stop.

        Raises:
          the exception, if `join` is over: there is nobody else to tell.
        """
        error = ex[1] if isinstance(ex, tuple) else ex
        if isinstance(error, self._clean):
            error = None
        with self._lock:
            if self._joined and error is not None:
                raise error
            if error is not None and not self._stop.is_set():
                LOG.info("Error reported to Coordinator: %s, %s", type(error), error)
                self._error = error
            self._stop.set()

    def clear_stop(self):
        """Forget that anybody asked to stop, and why."""
        with self._lock:
            self._joined, self._error = False, None
            self._stop.clear()

    def should_stop(self):
        """Whether somebody asked to stop."""
        return self._stop.is_set()

    @contextlib.contextmanager
    def stop_on_exception(self):
        """A block whose errors are requests to stop."""
        try:
            yield
        except BaseException:
            self.request_stop(sys.exc_info())

    def wait_for_stop(self, timeout=None):
        """Wait until somebody asks to stop, or `timeout` seconds. Says whether."""
        return self._stop.wait(timeout)

    def register_thread(self, thread):
        """Let `join` wait for a thread, too."""
        with self._lock:
            self._threads.append(thread)

    def raise_requested_exception(self):
        """Raise the error with which somebody asked to stop, if there is one."""
        if self._error is not None:
            raise self._error

    def join(self, threads=None, stop_grace_period_secs=120, ignore_live_threads=False):
        """Wait until all threads have ended.

        Args:
          threads: which, besides the registered ones.
          stop_grace_period_secs: how long to wait after somebody asked to stop.
          ignore_live_threads: whether it is no error if some go on after that.

        Raises:
          the error with which somebody asked to stop.
          RuntimeError: some threads go on.
        """
        with self._lock:
            threads = list(dict.fromkeys([*self._threads, *(threads or ())]))
        while any(t.is_alive() for t in threads) and not self.wait_for_stop(0.1):
            pass
        end = time.monotonic() + stop_grace_period_secs
        for thread in threads:
            while thread.is_alive() and time.monotonic() < end:
                thread.join(0.1)
        alive = [t.name for t in threads if t.is_alive()]
        with self._lock:
            self._joined, self._threads = True, []
        self.raise_requested_exception()
        if alive:
            message = (
                f"Coordinator stopped with threads still running: {' '.join(alive)}"
            )
            if not ignore_live_threads:
                raise RuntimeError(message)
            LOG.info(message)


class LooperThread(threading.Thread):
    """A thread that calls a function until a coordinator stops it.

    Args:
      coord: the Coordinator.
      timer_interval_secs: seconds between two calls; None: without a pause.
      target, args, kwargs: the function and its arguments; or override `run_loop`.
    """

    def __init__(self, coord, timer_interval_secs, target=None, args=None, kwargs=None):
        if not isinstance(coord, Coordinator):
            raise ValueError(f"'coord' argument must be a Coordinator: {coord}")
        if not target and (args or kwargs):
            what = "'args' and 'kwargs' argument require that you also pass 'target'"
            raise ValueError(what)
        super().__init__(daemon=True)
        self._coord, self._interval = coord, timer_interval_secs
        self._call = (
            partial(target, *(args or ()), **(kwargs or {})) if target else None
        )
        coord.register_thread(self)

    @staticmethod
    def loop(coord, timer_interval_secs, target, args=None, kwargs=None):
        """Make one and start it."""
        looper = LooperThread(coord, timer_interval_secs, target, args, kwargs)
        looper.start()
        return looper

    def run(self):
        """What the thread does."""
        with self._coord.stop_on_exception():
            self.start_loop()
            due = time.monotonic()
            while not self._coord.wait_for_stop(max(due - time.monotonic(), 0)):
                due += self._interval or 0
                self.run_loop()
            self.stop_loop()

    def start_loop(self):
        """Called once, before."""

    def stop_loop(self):
        """Called once, after."""

    def run_loop(self):
        """Called again and again."""
        if self._call:
            self._call()


## Threads that fill a queue


class QueueRunner:
    """Fills a queue from threads.

    Args:
      queue: a queue of the graph.
      enqueue_ops: the operations to run, each in a thread of its own.
      close_op: run when the last thread has come to its end; by default it closes the
        queue.
      cancel_op: run when the coordinator stops; by default it closes the queue and
        sends away those who wait with an element.
      queue_closed_exception_types: what an operation raises when there is no more; by
        default (OutOfRangeError,).
    """

    def __init__(
        self,
        queue=None,
        enqueue_ops=None,
        close_op=None,
        cancel_op=None,
        queue_closed_exception_types=None,
        queue_runner_def=None,
        import_scope=None,
    ):
        if queue is None or not enqueue_ops:
            raise ValueError(explain("Must provide queue and enqueue_ops."))
        types = queue_closed_exception_types
        good = isinstance(types, tuple) and types
        if types is not None and not (
            good and all(issubclass(t, OpError) for t in types)
        ):
            what = "queue_closed_exception_types, when provided, must be a tuple of "
            raise TypeError(explain(f"{what}tf.error types, but saw: {types}"))
        self._queue, self._enqueue_ops = queue, enqueue_ops
        self._close_op = queue.close() if close_op is None else close_op
        cancel = partial(queue.close, cancel_pending_enqueues=True)
        self._cancel_op = cancel() if cancel_op is None else cancel_op
        self._ends, self._lock = types or (OutOfRangeError,), threading.Lock()
        self._running = weakref.WeakKeyDictionary()  # session -> number of threads
        self._exceptions_raised = []

    queue = property(lambda self: self._queue, doc="The queue.")
    enqueue_ops = property(lambda self: self._enqueue_ops, doc="What fills it.")
    close_op = property(lambda self: self._close_op, doc="What closes it.")
    cancel_op = property(lambda self: self._cancel_op, doc="What stops it.")
    name = property(lambda self: self._queue.name, doc="The name of the queue.")
    queue_closed_exception_types = property(
        lambda self: self._ends, doc="What an operation raises at the end."
    )
    exceptions_raised = property(
        lambda self: self._exceptions_raised,
        doc="Errors of the threads that ran without a coordinator.",
    )

    def _fill(self, sess, enqueue_op, coord):
        """What a thread does."""
        try:
            while not (coord and coord.should_stop()):
                sess.run(enqueue_op)
        except self._ends:
            if self._leave(sess) == 0:
                with contextlib.suppress(Exception):  # it may be closed already
                    sess.run(self._close_op)
        except Exception as error:
            self._leave(sess)
            if coord:
                coord.request_stop(error)
            else:
                LOG.error("Exception in QueueRunner: %s", error)
                self._exceptions_raised.append(error)
                raise
        else:
            self._leave(sess)

    def _leave(self, sess):
        """Count a thread off; returns how many are left."""
        with self._lock:
            self._running[sess] -= 1
            return self._running[sess]

    def _close_on_stop(self, sess, coord):
        """What the thread does that waits for the coordinator."""
        with Idle():
            coord.wait_for_stop()
        with contextlib.suppress(Exception):  # the session may be closed already
            sess.run(self._cancel_op)

    def create_threads(self, sess, coord=None, daemon=False, start=False):
        """The threads that fill the queue in a session; [] if there are some already.

        Args:
          sess: the session.
          coord: a Coordinator that hears of errors and may stop them.
          daemon: whether the program may end while they run.
          start: whether to start them.
        """
        with self._lock:
            if self._running.get(sess, 0) > 0:
                return []
            self._running[sess] = len(self._enqueue_ops)
            self._exceptions_raised = []
        jobs = [
            (f"{op.name}", self._fill, (sess, op, coord)) for op in self._enqueue_ops
        ]
        if coord:
            jobs.append(("close_on_stop", self._close_on_stop, (sess, coord)))
        threads = []
        for what, target, args in jobs:
            name = f"QueueRunnerThread-{self.name}-{what}"
            thread = threading.Thread(
                target=target, args=args, name=name, daemon=daemon
            )
            threads.append(thread)
            if coord:
                coord.register_thread(thread)
            if start:
                thread.start()
        return threads


def add_queue_runner(qr, collection=GraphKeys.QUEUE_RUNNERS):
    """Let start_queue_runners find a QueueRunner."""
    add_to_collection(collection, qr)


def start_queue_runners(
    sess=None, coord=None, daemon=True, start=True, collection=GraphKeys.QUEUE_RUNNERS
):
    """Start the threads of all queue runners in the graph; returns the threads.

    Args:
      sess: the session in which they run; the default session if None.
      coord: the Coordinator that stops them.
      daemon: whether the program may end while they run.
      start: whether to start them.
      collection: where the runners are.
    """
    sess = get_default_session() if sess is None else sess
    if sess is None:
        what = "Cannot start queue runners: No default session is registered. Use "
        what += "`with sess.as_default()` or pass an explicit session to "
        raise ValueError(explain(f"{what}tf.start_queue_runners(sess=sess)"))
    if not isinstance(sess, BaseSession):
        what = f"sess must be a `tf.Session` object. Given class: {type(sess)}"
        raise TypeError(explain(what))
    runners = get_collection(collection)
    if not runners:
        LOG.warning(
            "`tf.train.start_queue_runners()` was called when no queue runners were "
            "defined. You can safely remove the call to this deprecated function."
        )
    with sess.graph.as_default():
        started = [r.create_threads(sess, coord, daemon, start) for r in runners]
    return [thread for threads in started for thread in threads]


## Examples from a list


def limit_epochs(tensor, num_epochs=None, name=None):
    """`tensor`, in `num_epochs` runs; then OutOfRangeError. Without a number, always.

    The count is a local variable: run tf.local_variables_initializer().
    """
    if num_epochs is None:
        return tensor
    if num_epochs <= 0:
        raise ValueError(explain(f"num_epochs must be > 0 not {num_epochs}."))
    with name_scope(name, "limit_epochs", [tensor]) as name:
        zero, local = constant(0, "int64"), [GraphKeys.LOCAL_VARIABLES]
        epochs = Variable(zero, name="epochs", trainable=False, collections=local)
        with control_dependencies([epochs.count_up_to(num_epochs)]):
            return identity(tensor, name=name)


def summarize_fullness(name, tensor):
    """Note how full a queue is, as a summary of that name.

    The op of summaries has its row in a later chapter; the node stands here, so that
    the graph, and with it the seeds of what follows, are those of TensorFlow.
    """
    with name_scope(name, values=[tensor]) as scope:
        tags = constant(scope.rstrip("/"), name="tags")
        node = get_default_graph().create_op(
            "ScalarSummary", [tags, tensor], [string], name=scope, attrs={"T": float32}
        )
    node.outputs[0].set_shape([])
    add_to_collection(GraphKeys.SUMMARIES, node.outputs[0])


def input_producer(
    input_tensor,
    element_shape=None,
    num_epochs=None,
    shuffle=True,
    seed=None,
    capacity=32,
    shared_name=None,
    summary_name=None,
    name=None,
    cancel_op=None,
):
    """A queue that a queue runner fills with the rows of a tensor.

    Args:
      input_tensor: the rows.
      element_shape: the shape of a row, if the tensor does not tell it.
      num_epochs: how often they come; None: without an end.
      shuffle: whether in another order each time.
      seed: for the order.
      capacity: how many rows the queue holds.
      shared_name: queues of that name are one, in a session.
      summary_name: name for a summary of how full the queue is.
      name: the scope of the operations.
      cancel_op: see QueueRunner.

    Returns:
      A FIFOQueue.
    """
    with name_scope(name, "input_producer", [input_tensor]):
        rows = convert_to_tensor(input_tensor, name="input_tensor")
        element_shape = rows.shape[1:].merge_with(element_shape)
        if not element_shape.is_fully_defined():
            what = "Either `input_tensor` must have a fully defined shape or "
            raise ValueError(explain(f"{what}`element_shape` must be specified"))
        if shuffle:
            rows = random_shuffle(rows, seed=seed)
        rows = limit_epochs(rows, num_epochs)
        queue = FIFOQueue(
            capacity,
            [rows.dtype.base_dtype],
            [element_shape],
            shared_name=shared_name,
            name=name,
        )
        enqueue = queue.enqueue_many([rows])
        add_queue_runner(QueueRunner(queue, [enqueue], cancel_op=cancel_op))
        if summary_name is not None:
            full = cast(queue.size(), float32) * (1.0 / capacity)
            summarize_fullness(summary_name, full)
        return queue


def string_input_producer(
    string_tensor,
    num_epochs=None,
    shuffle=True,
    seed=None,
    capacity=32,
    shared_name=None,
    name=None,
    cancel_op=None,
):
    """A queue of texts, such as file names. Arguments as for input_producer."""
    problem = "string_input_producer requires a non-null input tensor"
    if not isinstance(string_tensor, Tensor) and not len(string_tensor):
        raise ValueError(explain(problem))
    with name_scope(name, "input_producer", [string_tensor]) as name:
        texts = convert_to_tensor(string_tensor, dtype=string)
        with control_dependencies([Assert(greater(size(texts), 0), [problem])]):
            texts = identity(texts)
        return input_producer(
            texts,
            [],
            num_epochs,
            shuffle,
            seed,
            capacity,
            shared_name,
            f"fraction_of_{capacity}_full",
            name,
            cancel_op,
        )


def range_input_producer(
    limit,
    num_epochs=None,
    shuffle=True,
    seed=None,
    capacity=32,
    shared_name=None,
    name=None,
):
    """A queue of the integers in [0, limit). Arguments as for input_producer."""
    with name_scope(name, "input_producer", [limit]) as name:
        summary_name = f"fraction_of_{capacity}_full"
        more = seed, capacity, shared_name, summary_name, name
        return input_producer(range_(limit), [], num_epochs, shuffle, *more)


def slice_input_producer(
    tensor_list,
    num_epochs=None,
    shuffle=True,
    seed=None,
    capacity=32,
    shared_name=None,
    name=None,
):
    """A row of each tensor in a list, the same one of all; another in each run."""
    with name_scope(name, "input_producer", tensor_list):
        tensors = [convert_to_tensor(t) for t in tensor_list]
        if not tensors:
            what = "Expected at least one tensor in slice_input_producer()."
            raise ValueError(explain(what))
        count = shape(tensors[0])[0]
        queue = range_input_producer(
            count, num_epochs, shuffle, seed, capacity, shared_name
        )
        index = queue.dequeue()
        return [gather(t, index) for t in tensors]


## Batches


def same_keys(examples):
    """Each example as a list of its parts. Dicts must have the same keys.

    Raises:
      ValueError: there is no example, or the keys differ.
    """
    if not examples:
        raise ValueError(explain("Expected at least one set of tensors"))
    if isinstance(examples[0], dict):
        if any(set(e) != set(examples[0]) for e in examples):
            what = "All dictionaries in tensors_list must have the same keys"
            raise ValueError(explain(what))
        return [[e[key] for key in sorted(e, key=str)] for e in examples]
    return [list(e) for e in examples]


def part_shapes(parts, shapes, enqueue_many):
    """The shapes of the parts of one example, for a queue."""
    if shapes is not None:
        return shapes
    found = [as_shape(part.shape) for part in parts[0]]
    for tensor in (t for example in parts for t in example):
        if tensor.shape.rank is None:
            raise ValueError(explain(f"Cannot infer Tensor's rank: {tensor}"))
    for example in parts[1:]:
        for known, tensor in zip(found, example, strict=True):
            known.merge_with(tensor.shape)
    return [s[1:] if enqueue_many else s for s in found]


def part_dtypes(parts):
    """The dtypes of the parts, which must be the same in all examples."""
    found = [[t.dtype.base_dtype for t in example] for example in parts]
    for other in found[1:]:
        if other != found[0]:
            texts = [", ".join(t.name for t in types) for types in (found[0], other)]
            what = f"Expected types to be consistent: {texts[0]} vs. {texts[1]}."
            raise TypeError(explain(what))
    return found[0]


def batched(
    kind,
    examples,
    batch_size,
    make_queue,
    fullness,
    threads=1,
    enqueue_many=False,
    shapes=None,
    fewer=False,
    name=None,
):
    """Batches from a queue that queue runners fill with examples.

    Args:
      kind: the scope by default, `shuffle_batch`.
      examples: a list of examples, one for each enqueue operation.
      batch_size: how many to take out.
      make_queue: function of `dtypes` and `shapes`: the queue.
      fullness: function of the queue: the name and the value of its summary.
      threads: how many threads run each enqueue operation.
      enqueue_many: whether what is given as an example has an axis of examples.
      shapes: the shapes of an example's parts, if they are not known.
      fewer: whether the last batch may be smaller.
      name: the scope of the operations.

    Returns:
      The batch in the form of an example: a tensor, a list or a dict of them.
    """
    parts = same_keys(examples)
    with name_scope(name, kind, [t for p in parts for t in p]) as name:
        parts = [[convert_to_tensor(t) for t in p] for p in parts]
        if not parts[0]:
            raise ValueError(explain("Expected at least one tensor in batch()."))
        constant(True)  # TensorFlow's `keep_input`: a node that nobody uses
        shapes = part_shapes(parts, shapes, enqueue_many)
        queue = make_queue(dtypes=part_dtypes(parts), shapes=shapes)
        enqueue = queue.enqueue_many if enqueue_many else queue.enqueue
        operations = [enqueue(p) for p in parts] * threads
        add_queue_runner(QueueRunner(queue, operations))
        summarize_fullness(*fullness(queue))
        dequeue = queue.dequeue_up_to if fewer else queue.dequeue_many
        found = dequeue(batch_size, name=name)
    if isinstance(examples[0], dict):
        keys = sorted(examples[0], key=str)
        return dict(zip(keys, values_of(found), strict=True))
    return found


def of_capacity(capacity, queue):
    """The summary of a queue: the filled part of its places."""
    return f"fraction_of_{capacity}_full", cast(queue.size(), float32) * (1 / capacity)


def over_least(capacity, least, queue):
    """The same for a shuffling queue: what it has beyond the least."""
    room = capacity - least
    full = cast(maximum(0, queue.size() - least), float32) * (1 / room)
    return f"fraction_over_{least}_of_{room}_full", full


def check_room(capacity, least):
    """Raise ValueError if a shuffling queue would have no room."""
    if capacity <= least:
        what = f"capacity {capacity} must be bigger than min_after_dequeue {least}."
        raise ValueError(explain(what))


def batch(
    tensors,
    batch_size,
    num_threads=1,
    capacity=32,
    enqueue_many=False,
    shapes=None,
    dynamic_pad=False,
    allow_smaller_final_batch=False,
    shared_name=None,
    name=None,
):
    """Batches of what `tensors` give run by run, collected by threads.

    Args:
      tensors: a list or dict of tensors: one example, or with `enqueue_many` several.
      batch_size: the number of examples in a batch.
      num_threads: how many threads collect.
      capacity: how many examples the queue holds.
      enqueue_many: whether `tensors` have an axis of examples.
      shapes: the shapes of an example's parts, if the tensors do not tell them.
      dynamic_pad: whether sizes may differ; smaller examples are padded with zeros.
      allow_smaller_final_batch: whether the last batch may be smaller; else what is
        too little for a batch is lost.
      shared_name: queues of that name are one, in a session.
      name: the scope of the operations.

    Returns:
      The batch, in the form of `tensors`; one tensor instead of a list of one.
    """
    return batch_like(
        "batch",
        [tensors],
        batch_size,
        capacity,
        dynamic_pad,
        shared_name,
        threads=num_threads,
        enqueue_many=enqueue_many,
        shapes=shapes,
        fewer=allow_smaller_final_batch,
        name=name,
    )


def batch_join(
    tensors_list,
    batch_size,
    capacity=32,
    enqueue_many=False,
    shapes=None,
    dynamic_pad=False,
    allow_smaller_final_batch=False,
    shared_name=None,
    name=None,
):
    """The same from several sources: a thread for each item of `tensors_list`."""
    return batch_like(
        "batch_join",
        tensors_list,
        batch_size,
        capacity,
        dynamic_pad,
        shared_name,
        enqueue_many=enqueue_many,
        shapes=shapes,
        fewer=allow_smaller_final_batch,
        name=name,
    )


def batch_like(kind, examples, size, capacity, pad, shared_name, **more):
    """Batches in order, by `batched`."""
    make = partial(
        PaddingFIFOQueue if pad else FIFOQueue, capacity, shared_name=shared_name
    )
    return batched(kind, examples, size, make, partial(of_capacity, capacity), **more)


def shuffle_batch(
    tensors,
    batch_size,
    capacity,
    min_after_dequeue,
    num_threads=1,
    seed=None,
    enqueue_many=False,
    shapes=None,
    allow_smaller_final_batch=False,
    shared_name=None,
    name=None,
):
    """Batches in random order.

    Args:
      min_after_dequeue: how many examples stay in the queue, to choose among.
      seed: for the order.

    The other arguments are those of `batch`.
    """
    return shuffle_like(
        "shuffle_batch",
        [tensors],
        batch_size,
        (capacity, min_after_dequeue),
        seed,
        shared_name,
        threads=num_threads,
        enqueue_many=enqueue_many,
        shapes=shapes,
        fewer=allow_smaller_final_batch,
        name=name,
    )


def shuffle_batch_join(
    tensors_list,
    batch_size,
    capacity,
    min_after_dequeue,
    seed=None,
    enqueue_many=False,
    shapes=None,
    allow_smaller_final_batch=False,
    shared_name=None,
    name=None,
):
    """The same from several sources: a thread for each item of `tensors_list`."""
    return shuffle_like(
        "shuffle_batch_join",
        tensors_list,
        batch_size,
        (capacity, min_after_dequeue),
        seed,
        shared_name,
        enqueue_many=enqueue_many,
        shapes=shapes,
        fewer=allow_smaller_final_batch,
        name=name,
    )


def shuffle_like(kind, examples, size, room, seed, shared_name, **more):
    """Batches in random order, by `batched`. `room`: the capacity, and the least."""
    check_room(*room)
    make = partial(RandomShuffleQueue, *room, seed=seed, shared_name=shared_name)
    return batched(kind, examples, size, make, partial(over_least, *room), **more)
