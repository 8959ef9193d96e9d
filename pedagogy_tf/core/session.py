"""Sessions: the memory of a program, and the plans for what it was asked.

A session remembers each request, that is fetches and feeds, with a plan for each set of
feed shapes. The first run of a request makes the plan; later runs find it and do it.
"""

# Generated from book/source/09_session.md: change it there, then `make export`.

from __future__ import annotations

import math
import threading
import warnings
from contextlib import ExitStack
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from pedagogy_tf.core.arrays import why_no_gpu
from pedagogy_tf.core.errors import (
    InaccessibleTensorError,
    UnimplementedError,
    explain,
    user_site,
)
from pedagogy_tf.core.graph import (
    Graph,
    Operation,
    Tensor,
    _stacks,
    get_default_graph,
    pushed,
)
from pedagogy_tf.core.ops.basic import flatten
from pedagogy_tf.core.plan import make_plan

__all__ = [
    "Fetches",
    "in_sequence",
    "in_dict",
    "framed",
    "feed_array",
    "tensor_is_no_value",
    "holds",
    "check_shape",
    "shape_hint",
    "feed_pairs",
    "Request",
    "MAX_SHAPES",
    "Resources",
    "Run",
    "BaseSession",
    "frozen",
    "GROWN_OFTEN",
    "Session",
    "InteractiveSession",
    "DeviceAttributes",
]


## The form of a question


class Fetches:
    """What a run is asked for: graph elements in nested lists, tuples and dicts.

    Attributes:
      elements: the Tensors and Operations, each once; first the Tensors.
      build: function of the Tensors' values: the answer, in the form of the question.
    """

    def __init__(self, fetches, graph):
        self.graph, self.places, self.operations = graph, {}, {}
        self.build = self._parse(fetches)
        self.elements = [*self.places, *self.operations]

    def _parse(self, fetch):
        """A function of the list of values that gives the answer to `fetch`."""
        if isinstance(fetch, dict):
            return in_dict(type(fetch), {k: self._parse(f) for k, f in fetch.items()})
        if isinstance(fetch, (list, tuple)):
            make = getattr(fetch, "_make", type(fetch))  # a namedtuple has _make
            return in_sequence(make, [self._parse(f) for f in fetch])
        if hasattr(fetch, "_fetch_parts"):  # IndexedSlices
            parts, make = fetch._fetch_parts()
            return in_sequence(lambda v: make(*v), [self._parse(f) for f in parts])
        element = self._element(fetch)
        if isinstance(element, Operation):
            self.operations[element] = None
            return lambda values: None
        return itemgetter(self.places.setdefault(element, len(self.places)))

    def _element(self, fetch):
        """The graph element that a leaf stands for.

        Raises:
          TypeError: it is something else.
          ValueError: it is not in this graph, or may not be fetched.
        """
        what = f"Fetch argument {fetch!r}"
        if fetch is None:
            raise TypeError(explain(f"{what} has invalid type {type(fetch)!r}"))
        try:
            element = self.graph.as_graph_element(fetch)
        except TypeError as error:
            what += f" has invalid type {type(fetch)!r}, must be a string or Tensor."
            raise framed(TypeError, what, error) from None
        except (ValueError, KeyError) as error:
            what += " cannot be interpreted as a Tensor."
            raise framed(ValueError, what, error) from None
        if not self.graph.is_fetchable(element):
            name = getattr(element, "op", element).name
            message = (
                f"Operation '{name}' has been marked as not fetchable. Typically "
                "this happens when it is defined in another function or code block. "
                "Use return values,explicit Python locals or TensorFlow collections "
                "to access it."
            )
            raise InaccessibleTensorError(explain(message))
        return element


def in_sequence(make, builds):
    """Build the parts, then make one list or tuple of them."""
    return lambda values: make([build(values) for build in builds])


def in_dict(kind, builds):
    """Build the parts, then fill a dict with them."""

    def build(values):
        answer = kind()
        answer.update((key, part(values)) for key, part in builds.items())
        return answer

    return build


def framed(kind, what, error):
    """An error that says `what`, and in brackets what another one said."""
    first, *rest = str(error).split("\n")
    new = kind("\n".join([f"{what} ({first})", *rest]))
    for remark in getattr(error, "__notes__", ()):
        new.add_note(remark)
    return new


## What is fed


def feed_array(tensor, value):
    """A fed value as an array of the tensor's dtype, or a NumPy scalar.

    Raises:
      TypeError: a tensor is fed, or an integer that the dtype cannot hold.
      ValueError: the value makes no array of that dtype.
    """
    dtype = tensor.dtype.as_numpy_dtype
    if isinstance(value, Tensor):
        raise TypeError(tensor_is_no_value(tensor, value))
    if isinstance(value, int) and not holds(dtype, value):
        raise TypeError(
            explain(
                f"Type of feed value {value} with type {type(value)} is not "
                f"compatible with Tensor type {dtype}. Try explicitly setting the type "
                "of the feed tensor to a larger type (e.g. int64)."
            )
        )
    try:
        array = np.asarray(value, dtype)
    except OverflowError:  # an integer in a list is cut like any other number
        array = np.asarray(value).astype(dtype)
    except (TypeError, ValueError) as error:  # NumPy says what; we say where
        wanted = f"a value of dtype {tensor.dtype.base_dtype.name}"
        if tensor.shape.ndims is not None:
            wanted += f", shape {tensor.shape}"
        raise type(error)(
            explain(str(error), tensor_made=tensor.op.site, expected=wanted)
        ) from None
    return array if array.ndim or dtype is object else array[()]


def tensor_is_no_value(tensor, value):
    """The message for a tensor that is fed to another."""
    return explain(
        "The value of a feed cannot be a tf.Tensor object. Acceptable feed values "
        "include Python scalars, strings, lists, numpy ndarrays, or TensorHandles. For "
        f"reference, the tensor object was {value} which was passed to the feed with "
        f"key {tensor}.",
        fix="run it first, and feed what comes back",
    )


def holds(dtype, value):
    """Whether a NumPy type can hold an integer exactly."""
    try:
        return dtype(value) == value
    except (OverflowError, TypeError):
        return False


def check_shape(tensor, shape):
    """Raise ValueError unless a value of that shape may be fed to `tensor`."""
    if not tensor.shape.is_compatible_with(shape):
        raise ValueError(
            explain(
                f"Cannot feed value of shape {shape} for Tensor {tensor.name!r}, which "
                f"has shape {str(tensor.shape)!r}",
                tensor_made=tensor.op.site,
                fix=shape_hint(shape, tensor.shape),
            )
        )


def shape_hint(shape, wanted):
    """How a value of the wrong shape might be brought into the wanted one, or None."""
    if wanted.is_compatible_with((1, *shape)):
        return "an axis for the batch is missing: feed value[np.newaxis]"
    if wanted.is_compatible_with(shape[::-1]):
        return "it may lie on its side: feed value.T"
    sizes = [-1 if n is None else n for n in wanted.as_list()]
    count, product = math.prod(shape), math.prod(n for n in sizes if n != -1)
    fits = count % product == 0 if -1 in sizes and product else count == product
    if fits and sizes.count(-1) < 2:
        return f"the same numbers in another shape: feed value.reshape({sizes})"
    return None


def feed_pairs(feed_dict):
    """(key, value) for each feed; a tuple of keys goes with a tuple of values.

    Raises:
      TypeError: `feed_dict` is no dict.
      ValueError: there are more keys than values, or fewer.
    """
    if not isinstance(feed_dict, dict):
        raise TypeError(explain("input must be a dictionary"))
    for key, value in feed_dict.items():
        if not isinstance(key, tuple):
            yield key, value
            continue
        keys, values = flatten(key), flatten(value)
        if len(keys) != len(values):
            raise ValueError(
                explain(
                    f"Could not flatten dictionary. Key had {len(keys)} elements, but "
                    f"value had {len(values)} elements. Key: {keys}, value: {values}."
                )
            )
        yield from zip(keys, values, strict=True)


## A request


class Request:
    """Fetches and feeds that go together, with a plan for each set of feed shapes.

    Args:
      session: the session that it belongs to.
      fetches: the Fetches.
      feeds: a list of the tensors that are fed.
    """

    def __init__(self, session, fetches, feeds):
        self.session, self.fetches, self.feeds = session, fetches, feeds
        self.build = fetches.build
        self.dtypes = [np.dtype(tensor.dtype.as_numpy_dtype) for tensor in feeds]
        self.plans = {}  # shapes of the feeds -> Plan

    def __call__(self, values):
        """Run it once, with a value for each feed, and give the answer."""
        arrays = [
            value
            if type(value) is np.ndarray and value.dtype is dtype and value.ndim
            else feed_array(tensor, value)
            for tensor, dtype, value in zip(
                self.feeds, self.dtypes, values, strict=True
            )
        ]
        shapes = tuple([array.shape for array in arrays])
        plan = self.plans.get(shapes) or self.plan(shapes)
        return self.build(plan(self.session._state, arrays))

    def plan(self, shapes):
        """The plan for feeds of these shapes.

        Raises:
          ValueError: a shape does not fit the tensor that it is fed to.
        """
        for tensor, shape in zip(self.feeds, shapes, strict=True):
            check_shape(tensor, shape)
        with self.session._lock:
            key = shapes if len(self.plans) < MAX_SHAPES else None
            if key not in self.plans:
                fetches, runs = self.fetches.elements, self.session._run_for
                optimize = self.session.optimize
                self.plans[key] = make_plan(fetches, self.feeds, key, runs, optimize)
                self.session.graph._planned = self.session.graph.version
            self.plans[shapes] = self.plans[key]
        return self.plans[shapes]


MAX_SHAPES = 16  # plans for particular feed shapes


## The memory


class Resources(dict):
    """What operations share by name, such as queues and tables: name -> thing.

    A thing at which threads can wait has a method `cancel`, which wakes them.

    Attributes:
      closed: whether the session is closed.
    """

    closed = False

    def share(self, name, make):
        """The thing of that name, made by `make` if there is none."""
        thing = self[name] if name in self else self.setdefault(name, make())
        if self.closed and hasattr(thing, "cancel"):
            thing.cancel()  # it came after all others were cancelled
        return thing

    def close(self):
        """Wake whoever waits, and forget everything."""
        self.closed = True
        for thing in list(self.values()):
            if hasattr(thing, "cancel"):
                thing.cancel()
        self.clear()


class Run:
    """What a stateful kernel gets as `run`: its operation, and what is kept for it.

    Attributes:
      op: the Operation.
      memory: a dict of its own that lasts as long as the session.
      state: the variables: name -> array.
      resources: what operations share by name, the Resources.
    """

    def __init__(self, op, state, resources):
        self.op, self.state, self.resources = op, state, resources
        self.memory = {}


class BaseSession:
    """The memory of a program; see Session.

    Attributes:
      graph: the Graph that it runs.
      optimize: False for plans that do everything as the graph has it.
    """

    optimize = True

    def __init__(self, target="", graph=None, config=None):
        if not isinstance(target, (str, bytes)):
            raise TypeError(f"target must be a string, but got {type(target)}")
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(f"graph must be a tf.Graph, but got {type(graph)}")
        self._target, self._config, self._closed = target, config, False
        self._graph = get_default_graph() if graph is None else graph
        self._state, self._resources = {}, Resources()  # variables; queues and such
        self._requests, self._runs, self._lines = {}, {}, {}
        self._rewired = self._graph._rewired
        self._lock = threading.RLock()

    graph = property(lambda self: self._graph)

    @property
    def sess_str(self):
        """The target, as bytes."""
        text = self._target
        return text if isinstance(text, bytes) else text.encode()

    def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
        """Run what `fetches` need, and return their values.

        Args:
          fetches: a Tensor, Operation or name, or lists, tuples and dicts of these.
          feed_dict: Tensor or name -> the value that takes its place in this run.
          options: a RunOptions.
          run_metadata: a RunMetadata.

        Returns:
          NumPy arrays and scalars in the form of `fetches`; None for an Operation.

        Raises:
          RuntimeError: the session is closed, or its graph is empty.
          TypeError, ValueError: a fetch or a feed is not what it should be.
          OpError: an operation failed.
        """
        feeds = {} if feed_dict is None else feed_dict
        try:
            if isinstance(fetches, (list, tuple)):
                key = ((type(fetches), *fetches), *feeds)
            else:
                key = (fetches, *feeds)
            request, values = self._requests.get(key), feeds.values()
        except (AttributeError, TypeError):  # nested, or something that is no feed_dict
            request = None
        if request is None or self._rewired != self._graph._rewired:
            request, values = self._find(fetches, feeds)
        return request(values)

    def _find(self, fetches, feed_dict):
        """The request, found or made, and the values for its feeds."""
        self._refuse_if_unusable()
        self._forget_if_rewired()
        feeds = self._feeds(feed_dict)
        key = (frozen(fetches), *feeds)
        try:
            request = self._requests.get(key)
        except TypeError:  # something that is no fetch, as Fetches will say
            request = None
        if request is None:
            request = Request(self, Fetches(fetches, self._graph), list(feeds))
            request = self._requests.setdefault(key, request)
            self._watch_growth()
        return request, feeds.values()

    def _feeds(self, feed_dict):
        """Tensor -> the value that is fed to it."""
        feeds = {}
        for key, value in feed_pairs(feed_dict):
            try:
                tensor = self._graph.as_graph_element(key, allow_operation=False)
            except (TypeError, ValueError, KeyError) as error:
                what = f"Cannot interpret feed_dict key as Tensor: {error.args[0]}"
                raise TypeError(what) from None
            if not self._graph.is_feedable(tensor):
                raise ValueError(explain(f"Tensor {tensor} may not be fed."))
            feeds[tensor] = value
        return feeds

    def _refuse_if_unusable(self):
        if self._closed:
            raise RuntimeError(
                explain(
                    "Attempted to use a closed Session.",
                    fix="run it inside the `with` block, or make a new tf.Session()",
                )
            )
        if not self._graph.version:
            raise RuntimeError(
                explain(
                    "The Session graph is empty.  Add operations to the graph before "
                    "calling run().",
                    fix="make the graph first, or the session in its `with` block",
                )
            )

    def _run_for(self, operation):
        """What the stateful kernel of an operation gets: the same in every run."""
        new = Run(operation, self._state, self._resources)
        return self._runs.setdefault(operation, new)

    def _watch_growth(self):
        """Warn where a line asks for something new each time, in a growing graph."""
        site, size = user_site(), self._graph.version
        place = (site.filename, site.lineno) if site else None
        before, count = self._lines.get(place, (size, 0))
        count += size > before
        self._lines[place] = size, count
        if count == GROWN_OFTEN:
            warnings.warn(
                f"The graph has grown {count} times between runs of one line:\n{site}\n"
                "Build it before the loop. graph.finalize() shows what adds to it.",
                stacklevel=4,
            )

    def _forget_if_rewired(self):
        """Forget plans if old operations have got new control inputs."""
        if self._rewired != self._graph._rewired:
            self._rewired = self._graph._rewired
            self._requests.clear()

    def as_default(self):
        """Let `eval` and `run` use this session in a `with` block. It stays open."""
        return pushed(_stacks.sessions, self)

    def close(self):
        """Give the memory back. The session cannot be used afterwards."""
        self._closed = True
        self._resources.close()
        for kept in (self._requests, self._state, self._runs):
            kept.clear()

    def plan(self, fetches, feed_dict=None):
        """The Plan that `run` would follow. Nothing is run. TensorFlow has no such."""
        request, values = self._find(fetches, feed_dict or {})
        arrays = [feed_array(*pair) for pair in zip(request.feeds, values, strict=True)]
        return request.plan(tuple([np.shape(array) for array in arrays]))

    def make_callable(self, fetches, feed_list=None, accept_options=False):
        """A function of the values of `feed_list` that runs `fetches`.

        Args:
          fetches: as for `run`.
          feed_list: the tensors to which its arguments are fed.
          accept_options: whether it takes `options` and `run_metadata`; it always does.
        """
        feed_list = list(feed_list or ())

        def run(*values, options=None, run_metadata=None):
            feeds = dict(zip(feed_list, values, strict=False))  # too few: run says it
            return self.run(fetches, feeds, options, run_metadata)

        return run

    def list_devices(self):
        """The devices that kernels can run on, as DeviceAttributes."""
        kinds = ["CPU"] if why_no_gpu() else ["CPU", "GPU"]
        place = "/job:localhost/replica:0/task:0/device"
        return [DeviceAttributes(f"{place}:{kind}:0", kind) for kind in kinds]

    def partial_run_setup(self, fetches, feeds=None):
        """Not here. Feed what a first run gave to a second one."""
        message = "partial_run is not implemented"
        fix = "h_value = run(h); run(y, {h: h_value}) goes on from there"
        raise UnimplementedError(None, None, explain(message, fix=fix))

    def partial_run(self, handle, fetches, feed_dict=None):
        """Not here. See `partial_run_setup`."""
        self.partial_run_setup(fetches)


def frozen(fetches):
    """The same fetches as something that a dict can find again."""
    if isinstance(fetches, dict):
        return (type(fetches), *[(k, frozen(f)) for k, f in fetches.items()])
    if isinstance(fetches, (list, tuple)):
        return (type(fetches), *map(frozen, fetches))
    return fetches


GROWN_OFTEN = 50  # new requests from one line, until we say that it looks odd


class Session(BaseSession):
    """A place where a graph is run: all values are in it, none in the graph.

    Use it in a `with` block, which makes it and its graph the default inside, and
    closes it at the end.

    Args:
      target: where to run; here there is only "".
      graph: the Graph to run; by default the default graph.
      config: a ConfigProto.
    """

    def __enter__(self):
        self._entered = ExitStack()
        self._entered.enter_context(self.graph.as_default())
        return self._entered.enter_context(self.as_default())

    def __exit__(self, *error):
        self._entered.close()
        self.close()

    @staticmethod
    def reset(target, containers=None, config=None):
        """Nothing: sessions share no containers here."""


class InteractiveSession(BaseSession):
    """A session that is the default one from its making until `close`."""

    def __init__(self, target="", graph=None, config=None):
        super().__init__(target, graph, config)
        self._entered = ExitStack()
        if graph is not None:
            self._entered.enter_context(graph.as_default())
        self._entered.enter_context(self.as_default())

    def close(self):
        """Give the memory back, and be the default no longer."""
        self._entered.close()
        super().close()


## Small conveniences


class DeviceAttributes(NamedTuple):
    """A device: its full name, and CPU or GPU."""

    name: str
    device_type: str
