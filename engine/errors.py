"""Errors in one form: ``op: what was required; what was given; where``."""

from __future__ import annotations

import os
import sys
import warnings
from functools import lru_cache
from types import CodeType, FrameType, TracebackType
from typing import Any, NoReturn

import numpy as np

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_KERNELS = os.path.dirname(os.path.realpath(os.path.join(_PACKAGE, "kernels")))
_KERNELS = os.path.join(_KERNELS, "kernels") + os.sep
_NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep
_CYTHON = "numpy/random/"  # where frames of extension modules say that they are
_NOT_USERS = (_PACKAGE, _KERNELS, _NUMPY, _CYTHON, "<frozen ")
_DEMO = os.path.join(_PACKAGE, "demo") + os.sep


class Unfinished(Exception):
    """Some values could not be computed; those that do not depend on them were.

    Attributes
    ----------
    error : Exception
        What went wrong first.
    outputs : dict of int to ndarray
        The buffers of the values that were computed, by number.
    """

    def __init__(self, error: Exception, outputs: dict[int, Any]) -> None:
        super().__init__(error)
        self.error = error
        self.outputs = outputs


def user_line() -> str:
    """``file:line`` of the innermost frame that is part of neither Engine nor NumPy."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        filename = frame.f_code.co_filename
        ours = _files.get(filename)
        if ours is None or filename[:1] == "<":
            ours = _is_ours(frame)
        if not ours:
            break
        frame = frame.f_back
    return _line(frame.f_code.co_filename, frame.f_lineno)


LINES: dict[int, tuple[CodeType, str | bool]] = {}
"""What `line_in` has said, for native code, which knows keys of its own."""


def line_in(frame: FrameType, number: int) -> tuple[CodeType, str | bool]:
    """The code of a frame, and ``file:line`` where it is a user's: True where not."""
    if len(LINES) >= _FILES:
        LINES.clear()
    code = frame.f_code
    return code, _is_ours(frame) or _line(code.co_filename, number)


@lru_cache(maxsize=4096)
def _line(filename: str, number: int) -> str:
    """One object each time: nodes and keys have many of them."""
    return f"{filename}:{number}"


def named(message: str) -> str:
    """A message with what the user called before it: ``sum: axis 2 is ...``.

    Shared helpers complain for many functions. The stack knows which one it was, and
    asking it costs nothing until something is wrong.
    """
    return f"{called()}: {message}"


def called() -> str:
    """The name of the function or method of Engine that the user called.

    An operator or another special method is called as in the module `operator`:
    ``add``, ``getitem``.
    """
    name = "engine"
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_ours(frame):
        name = _spoken_name(frame) or name
        frame = frame.f_back
    return name


class _Naming:
    """See `naming`."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception) and not is_from_user(error):
            name = called()
            if not str(error).startswith(f"{name}: "):
                raise same_kind(error, f"{name}: {error}") from None


_NAMING = _Naming()


def naming() -> _Naming:
    """A block in which NumPy complains: what the user called is put before it."""
    return _NAMING


def _spoken_name(frame: FrameType) -> str | None:
    """What a user calls the function of a frame; None where no user calls it."""
    code = frame.f_code
    if not code.co_filename.startswith(_PACKAGE) or code.co_name in _PROTOCOLS:
        return None
    if "<" in code.co_qualname:  # an operator is a closure over its op
        op = frame.f_locals.get("op")
        return getattr(op, "name", None)
    if code.co_name in ("__call__", "__init__"):
        this = frame.f_locals.get("self")
        return getattr(this, "__name__", type(this).__name__)
    if code.co_name.startswith("__"):
        return code.co_name.strip("_")
    return None if code.co_name.startswith("_") else code.co_name


_PROTOCOLS = (
    "__array_ufunc__",
    "__array_function__",
    "call_plain",
    "call_ufunc",
    "call_function",
    "noted_on",
    "again_or_noted",
)
"""Functions that no user calls, beside those whose names say so."""


def is_of_engine(frame: FrameType) -> bool:
    """Whether a frame is of code of Engine, not of NumPy."""
    filename = frame.f_code.co_filename
    return filename.startswith((_PACKAGE, _KERNELS)) and not filename.startswith(_DEMO)


def _is_ours(frame: FrameType) -> bool:
    """Whether a frame is part of Engine, or of NumPy, which calls back into it."""
    filename = frame.f_code.co_filename
    ours = _is_file_ours(filename)
    if ours or filename[:1] != "<":
        return ours
    # Generated methods have no file; neither has what is typed at a prompt.
    module = str(frame.f_globals.get("__name__", ""))
    return module.partition(".")[0] == "engine"


def _is_file_ours(filename: str) -> bool:
    """Whether a file is part of Engine, or of NumPy."""
    ours = _files.get(filename)
    if ours is None:
        # The demo is a user: its lines are what explain shows.
        ours = filename.startswith(_NOT_USERS) and not filename.startswith(_DEMO)
        if len(_files) < _FILES:
            _files[filename] = ours
    return ours


_FILES = 4096

_files: dict[str, bool] = {}
"""Whether files are Engine's or NumPy's: each library call asks for the user's line."""


def is_from_user(error: BaseException) -> bool:
    """Whether an error was raised in a function that the user handed over."""
    trace = error.__traceback__
    innermost = None
    while trace is not None:
        innermost, trace = trace.tb_frame, trace.tb_next
    return innermost is not None and not _is_ours(innermost)


def said(error: Exception) -> str:
    """What an exception says, without what `same_kind` keeps of it."""
    text = error.strerror if isinstance(error, OSError) else None
    return (text or str(error)).rstrip(".")


def same_kind(error: Exception, message: str) -> Exception:
    """An exception of an error's class, or of its nearest base, with a new message.

    Errors of the system keep their number and the names of files.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return OSError(error.errno, message, error.filename, None, error.filename2)
    for kind in type(error).__mro__:
        try:
            made = kind(message)
        except TypeError:  # a class with a signature of its own
            continue
        if isinstance(made, Exception) and message in str(made):
            return made
    raise AssertionError("Exception takes a message")


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the user's line, which the message names at its end."""
    line = user_line()
    warn_at(line, f"{message}; at {line}", category)


def warn_at(line: str, message: str, category: type[Warning]) -> None:
    """Warn at ``file:line``: by default once for each message, as Python does."""
    filename, _, number = line.rpartition(":")
    told = _told.setdefault(filename, {})
    warnings.warn_explicit(message, category, filename, int(number), registry=told)


_told: dict[str, dict[Any, Any]] = {}
"""What was warned of, by file: in the place of a module's ``__warningregistry__``."""


def warn_of_parts(given: np.dtype[Any], wanted: np.dtype[Any]) -> None:
    """Warn, as NumPy does, where a cast of complex numbers drops imaginary parts."""
    if given.kind == "c" and wanted.kind in "iuf":
        message = "Casting complex values to real discards the imaginary part"
        warn_user(message, np.exceptions.ComplexWarning)


def broadcast_error(op: str, shapes: list[tuple[int, ...]]) -> NoReturn:
    """Raise the ValueError that names the first axis that does not broadcast."""
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    for axis in reversed(range(rank)):
        extents = [shape[axis] for shape in padded]
        if len({n for n in extents if n != 1}) > 1:
            given = " and ".join(str(shape) for shape in shapes)
            sides = ", ".join(str(n) for n in extents)
            raise ValueError(
                f"{op}: operands could not be broadcast together: their extents must "
                f"be equal or 1; shapes {given} were given; axis {axis - rank} has "
                f"{sides}"
            ) from None
    raise AssertionError("shapes broadcast")
