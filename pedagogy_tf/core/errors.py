"""What goes wrong, and where: the classes of tf.errors, and messages that help.

A message says what happened (in TensorFlow's words, where it has some), at which
line of the user's program, what was expected, and how to fix it.
"""

# Generated from book/source/02_errors.md: change it there, then `make export`.

import difflib
import itertools
import linecache
import re
import sys

__all__ = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
    "OpError",
    "InvalidArgumentError",
    "FailedPreconditionError",
    "OutOfRangeError",
    "NotFoundError",
    "AlreadyExistsError",
    "PermissionDeniedError",
    "UnauthenticatedError",
    "CancelledError",
    "DeadlineExceededError",
    "ResourceExhaustedError",
    "AbortedError",
    "UnavailableError",
    "UnknownError",
    "UnimplementedError",
    "InternalError",
    "DataLossError",
    "exception_type_from_error_code",
    "error_code_from_exception_type",
    "Site",
    "user_site",
    "explain",
    "near_misses",
    "OperatorNotAllowedInGraphError",
    "InaccessibleTensorError",
]


## Sort errors by what the caller can do

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16

_CLASSES = {}


class OpError(Exception):
    """An operation failed while the graph ran.

    Attributes:
      node_def: the NodeDef of the operation that failed, or None.
      op: the Operation that failed, or None.
      message: what happened, the text of `str(error)`.
      error_code: one of the codes above, in [1, 16].
    """

    code = UNKNOWN

    def __init_subclass__(cls, code=None):
        if code is not None:
            cls.code = code
            _CLASSES[code] = cls

    def __init__(self, node_def, op, message, error_code=None):
        super().__init__(message)
        self.node_def = node_def
        self.op = op
        self.message = message
        self.error_code = self.code if error_code is None else error_code

    def __reduce__(self):
        """What pickle sends: the message, not the graph."""
        return type(self), (None, None, self.message, self.error_code)


class InvalidArgumentError(OpError, code=INVALID_ARGUMENT):
    """The values are wrong, whatever the state of the program: a bad shape, say."""


class FailedPreconditionError(OpError, code=FAILED_PRECONDITION):
    """The state of the program is wrong: a variable was never initialized."""


class OutOfRangeError(OpError, code=OUT_OF_RANGE):
    """Past the end: the input has no more elements."""


class NotFoundError(OpError, code=NOT_FOUND):
    """A file, a key or a device is not there."""


class AlreadyExistsError(OpError, code=ALREADY_EXISTS):
    """What was to be made is there already."""


class PermissionDeniedError(OpError, code=PERMISSION_DENIED):
    """The caller may not do that."""


class UnauthenticatedError(OpError, code=UNAUTHENTICATED):
    """The caller did not say who it is."""


class CancelledError(OpError, code=CANCELLED):
    """Somebody called it off: a queue was closed, a session ended."""


class DeadlineExceededError(OpError, code=DEADLINE_EXCEEDED):
    """It took too long."""


class ResourceExhaustedError(OpError, code=RESOURCE_EXHAUSTED):
    """Out of memory, disk or the like."""


class AbortedError(OpError, code=ABORTED):
    """Two things got in each other's way."""


class UnavailableError(OpError, code=UNAVAILABLE):
    """The service does not answer now."""


class UnknownError(OpError, code=UNKNOWN):
    """The reason is not known."""


class UnimplementedError(OpError, code=UNIMPLEMENTED):
    """There is no code for that."""


class InternalError(OpError, code=INTERNAL):
    """A law of the house is broken: a mistake of ours."""


class DataLossError(OpError, code=DATA_LOSS):
    """Data is damaged and cannot be read."""


def exception_type_from_error_code(error_code):
    """The class of an error code: 5 -> NotFoundError. KeyError if there is none."""
    return _CLASSES[error_code]


def error_code_from_exception_type(cls):
    """The code of a class: NotFoundError -> 5."""
    return cls.code


## Remember a place


class Site:
    """A place in the user's program: cheap to take, read only when it is shown.

    Attributes:
      filename: the file, or "cell" in a notebook.
      lineno: the number of the line, from 1.
      function: the name of the function, "<module>" outside of any.
      line: the text of the line.
      expression: the part of the line that was running.
    """

    __slots__ = ("_code", "_instruction")

    def __init__(self, code, instruction):
        self._code = code
        self._instruction = instruction

    def _position(self):
        """(first line, last line, first column, last column); columns count bytes."""
        positions = self._code.co_positions()
        return next(itertools.islice(positions, self._instruction // 2, None))

    @property
    def lineno(self):
        return self._position()[0]

    @property
    def function(self):
        return self._code.co_name

    @property
    def filename(self):
        name = self._code.co_filename
        return "cell" if _NOTEBOOK.search(name) else name

    @property
    def line(self):
        return linecache.getline(self._code.co_filename, self.lineno).strip()

    @property
    def expression(self):
        first, last, start, end = self._position()
        if first != last or start is None:
            return self.line
        line = linecache.getline(self._code.co_filename, first)
        return line.encode()[start:end].decode()

    def __str__(self):
        where = f"{self.filename}, line {self.lineno}"
        if not self.function.startswith("<"):
            where += f", in {self.function}"
        line, expression = self.line, self.expression
        if line:
            where += f"\n    {line}"
        part = expression != line and not expression.isidentifier()
        part = part and not line.startswith("with ")
        if part and line.count(expression) == 1:
            where += f"\n    {' ' * line.index(expression)}{'^' * len(expression)}"
        return where

    def __repr__(self):
        return f"<Site {self.filename}:{self.lineno}>"


_NOTEBOOK = re.compile(r"ipykernel_\d+|<ipython-input")


## Find the user's line

_HOUSE = ("pedagogy_tf.", "contextlib")


def user_site(skip=1):
    """The innermost running expression that is not ours; about a microsecond.

    Args:
      skip: how many frames to leave out, from this one outwards.

    Returns:
      A Site, or None if there is no frame of the user.
    """
    frame = sys._getframe(skip)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not module.startswith(_HOUSE):
            code = frame.f_code
            if module != "__main__" or not _in_book(code.co_filename):
                return Site(code, frame.f_lasti)
        frame = frame.f_back
    return None


_IN_BOOK = {}


def _in_book(filename):
    """Is this file a cell of the book that becomes part of the package?"""
    if filename not in _IN_BOOK:
        _IN_BOOK[filename] = linecache.getline(filename, 1).startswith("#|")
    return _IN_BOOK[filename]


## Explain


def explain(first_line, where=None, **facts):
    """An error message: what happened, then one labelled entry per fact.

    Args:
      first_line: what happened, in TensorFlow's words where it has some.
      where: the Site of the mistake; by default the user's line that runs now.
      **facts: usually expected and fix, in this order. A fact that is None is left
        out. In labels, "_" stands for a space.
    """
    lines = [first_line]
    for label, fact in {"where": where or user_site(skip=2), **facts}.items():
        if fact is not None:
            text = str(fact).replace("\n", "\n  ")
            lines.append(f"  {label.replace('_', ' ')}: {text}")
    return "\n".join(lines)


def near_misses(name, names):
    """Up to three of `names` that look like `name`, the closest first."""
    return difflib.get_close_matches(name, list(names), n=3, cutoff=0.6)


class OperatorNotAllowedInGraphError(TypeError):
    """Python asked a tensor for its value while the graph was being written."""


class InaccessibleTensorError(ValueError):
    """A run was asked for what belongs inside a branch or a loop."""
