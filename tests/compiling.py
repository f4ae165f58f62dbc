"""What the tests of `engine.compile` ask of a compiled function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import engine


def replays(compiled: Any) -> int:
    """How many calls were replayed."""
    families = [one.sized for one in compiled._families.values()]
    stretched = sum(int(one.counts[0]) for sized in families for one in sized)
    return stretched + sum(one.replays() for one in compiled._signatures.values())


def captured(function: Callable[..., Any], *args: Any) -> Any:
    """The compiled function, after calls enough for a replay."""
    compiled = engine.compile(function)
    for _ in range(3):
        compiled(*args)
    assert replays(compiled) == 1, compiled.report()
    return compiled


def why(function: Callable[..., Any], *args: Any) -> str:
    """What the report says of a function that is not to be captured."""
    compiled = engine.compile(function)
    for _ in range(6):
        compiled(*args)
    assert replays(compiled) == 0
    return str(compiled.report())


def line_of(function: Callable[..., Any], offset: int) -> str:
    """A line of a function, as errors name it."""
    code = function.__code__
    return f"{code.co_filename}:{code.co_firstlineno + offset}"


def stencil(x: Any, c: float) -> Any:
    """Something to compile."""
    y = x.copy()
    y[1:-1] = (x[:-2] + x[1:-1] + x[2:]) * c
    return y


def natively(compiled: Any) -> int:
    """How many calls native code has replayed."""
    return sum(int(one.counts[0]) for one in compiled.steady)


def steadied(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """The compiled function, which native code replays for such arguments."""
    compiled = engine.compile(function)
    for _ in range(6):
        compiled(*arguments, **options)
    before = natively(compiled)
    compiled(*arguments, **options)
    assert natively(compiled) == before + 1, compiled.report()
    return compiled


class Step:
    """How many calls of a compiled function native code has replayed meanwhile."""

    def __init__(self, compiled: Any) -> None:
        self.compiled, self.before = compiled, natively(compiled)

    def __call__(self) -> int:
        before, self.before = self.before, natively(self.compiled)
        return self.before - before
