"""What goes wrong, and where: the classes of tf.errors, and messages that help.

A message says what happened (in TensorFlow's words, where it has some), at
which line of the user's program, what was expected, and how to fix it.
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
    "CancelledError",
    "UnknownError",
    "InvalidArgumentError",
    "DeadlineExceededError",
    "NotFoundError",
    "AlreadyExistsError",
    "PermissionDeniedError",
    "UnauthenticatedError",
    "ResourceExhaustedError",
    "FailedPreconditionError",
    "AbortedError",
    "OutOfRangeError",
    "UnimplementedError",
    "InternalError",
    "UnavailableError",
    "DataLossError",
    "exception_type_from_error_code",
    "error_code_from_exception_type",
    "OperatorNotAllowedInGraphError",
    "Site",
    "user_site",
    "explain",
    "near_misses",
]


# Say what went wrong, and where

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


class OpError(Exception):
    """An operation failed while the graph ran.

    Attributes:
      node_def: the NodeDef of the operation that failed, or None.
      op: the Operation that failed, or None.
      message: what happened, the text of `str(error)`.
      error_code: one of the constants of this module, in [1, 16].
    """

    code = UNKNOWN

    def __init__(self, node_def, op, message, error_code=None):
        super().__init__(message)
        self.node_def = node_def
        self.op = op
        self.message = message
        self.error_code = self.code if error_code is None else error_code

    def __str__(self):
        return str(self.message)

    def __reduce__(self):
        """A graph does not travel between processes: the message does, the op stays."""
        return type(self), (None, None, self.message)


class CancelledError(OpError):
    """Somebody called it off: a queue was closed, a session ended."""

    code = CANCELLED


class UnknownError(OpError):
    """The reason is not known."""

    code = UNKNOWN


class InvalidArgumentError(OpError):
    """The values are wrong, whatever the state of the program: a bad shape, a bad feed."""

    code = INVALID_ARGUMENT


class DeadlineExceededError(OpError):
    """It took too long."""

    code = DEADLINE_EXCEEDED


class NotFoundError(OpError):
    """A file, a key or a device is not there."""

    code = NOT_FOUND


class AlreadyExistsError(OpError):
    """What was to be made is there already."""

    code = ALREADY_EXISTS


class PermissionDeniedError(OpError):
    """The caller may not do that."""

    code = PERMISSION_DENIED


class UnauthenticatedError(OpError):
    """The caller did not say who it is."""

    code = UNAUTHENTICATED


class ResourceExhaustedError(OpError):
    """Out of memory, disk or the like."""

    code = RESOURCE_EXHAUSTED


class FailedPreconditionError(OpError):
    """The state of the program is wrong: a variable was never initialized."""

    code = FAILED_PRECONDITION


class AbortedError(OpError):
    """Two things got in each other's way; a retry may help."""

    code = ABORTED


class OutOfRangeError(OpError):
    """Past the end: the input has no more elements."""

    code = OUT_OF_RANGE


class UnimplementedError(OpError):
    """There is no code for that."""

    code = UNIMPLEMENTED


class InternalError(OpError):
    """A law of the house is broken: a mistake of ours."""

    code = INTERNAL


class UnavailableError(OpError):
    """The service does not answer now."""

    code = UNAVAILABLE


class DataLossError(OpError):
    """Data is damaged and cannot be read."""

    code = DATA_LOSS


_CLASSES = {cls.code: cls for cls in OpError.__subclasses__()}


def exception_type_from_error_code(error_code):
    """The class of an error code: 5 -> NotFoundError. KeyError for an unknown code."""
    return _CLASSES[error_code]


def error_code_from_exception_type(cls):
    """The code of a class: NotFoundError -> 5."""
    return cls.code


class OperatorNotAllowedInGraphError(TypeError):
    """Python asked a tensor for its value while the graph was being written."""


class Site:
    """A place in the user's program, cheap to take and read only when shown.

    Attributes:
      filename: the file, or "cell" in a notebook.
      lineno: the line, from 1.
      function: the name of the enclosing function, "<module>" outside of any.
      line: the text of the line.
    """

    __slots__ = ("_code", "_instruction")

    def __init__(self, code, instruction):
        self._code = code
        self._instruction = instruction

    def _position(self):
        """(first line, last line, first column, last column) of the running expression."""
        positions = self._code.co_positions()
        return next(itertools.islice(positions, self._instruction // 2, None))

    @property
    def filename(self):
        name = self._code.co_filename
        return "cell" if _NOTEBOOK.search(name) else name

    @property
    def lineno(self):
        return self._position()[0]

    @property
    def function(self):
        return self._code.co_name

    @property
    def line(self):
        return linecache.getline(self._code.co_filename, self.lineno).strip()

    def __str__(self):
        where = f"{self.filename}, line {self.lineno}"
        if not self.function.startswith("<"):
            where += f", in {self.function}"
        return where + (f"\n    {self.line}" if self.line else "")

    def __repr__(self):
        return f"<Site {self.filename}:{self.lineno}>"

    def __reduce__(self):
        return str, (str(self),)


_NOTEBOOK = re.compile(r"ipykernel_\d+|<ipython-input")
_HOUSE = ("pedagogy_tf.", "contextlib")


def user_site(skip=1):
    """The innermost running line that is not ours, as a Site; about a microsecond.

    Frames of the package are passed over, and so are exported cells of the book
    (they become the package). None if there is no other frame.
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


def explain(first_line, where=None, **facts):
    """An error message: what happened, then one labelled line per fact.

    Args:
      first_line: what happened, in TensorFlow's words where it has some.
      where: the Site of the mistake; by default the user's line that runs now.
      **facts: usually expected and fix, in this order; a fact that is None is
        left out; in labels "_" stands for a space.
    """
    lines = [first_line]
    for label, text in {"where": where or user_site(skip=2), **facts}.items():
        if text is not None:
            text = str(text).replace("\n", "\n      ")
            lines.append(f"  {label.replace('_', ' ')}: {text}")
    return "\n".join(lines)


def near_misses(name, names):
    """Up to three of `names` that look like `name`, the closest first."""
    return difflib.get_close_matches(name, list(names), n=3, cutoff=0.6)
