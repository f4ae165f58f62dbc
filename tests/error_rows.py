"""What the tests of errors of both faces share: users' code on a line that is known."""

from __future__ import annotations

import builtins
import os
from types import TracebackType
from typing import Any

import numpy

import engine

USER = "user.py"
ENGINE = os.path.dirname(os.path.realpath(engine.__file__)) + os.sep
KERNELS = os.path.realpath(os.path.join(ENGINE, "kernels")) + os.sep


def run_at(source: str, names: dict[str, Any], line: int = 2) -> dict[str, Any]:
    """Run source as if it began on a line of ``user.py``; gives its names."""
    space = dict(names)
    exec(compile("\n" * (line - 1) + source, USER, "exec"), space)
    return space


def raised(source: str, names: dict[str, Any], line: int = 2) -> Exception:
    """What the source raises."""
    try:
        run_at(source, names, line)
    except Exception as error:
        return error
    raise AssertionError(f"{source!r} raised nothing")


def public_class(kind: type) -> type:
    """The class that users catch: NumPy has private ones below it."""
    for base in kind.__mro__:
        public = (builtins, numpy.exceptions, numpy.linalg)
        if any(getattr(space, base.__name__, None) is base for space in public):
            return base
    raise AssertionError(kind)


def innermost_line(error: Exception) -> str:
    """``file:line`` of the innermost frame of the traceback outside of Engine."""
    trace: TracebackType | None = error.__traceback__
    found = ""
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if not os.path.realpath(filename).startswith((ENGINE, KERNELS)):
            found = f"{filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def chain(error: BaseException) -> list[BaseException]:
    """All exceptions that Python prints with this one."""
    found = [error]
    while True:
        last = found[-1]
        shown = None if last.__suppress_context__ else last.__context__
        before = last.__cause__ or shown
        if before is None:
            return found
        found.append(before)
