"""Floating-point errors that somebody wants to hear of, as they happen.

Kernels raise no flags. A trace that is loud is flushed after each event, node by node
with NumPy's own loops, which say what they always say: see `engine.numpy.errstate`.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import user_line, warn_user
from engine.ops.powers import CONSTANT_POWERS
from engine.record.trace import current_trace, flush_trace

if TYPE_CHECKING:
    from engine.ops.op import Op
    from engine.record.node import Node

KINDS = ("divide", "over", "under", "invalid")
"""What can go wrong, as `numpy.geterr` calls it."""

_NAMES = {
    **dict.fromkeys(["sum", "prod"], "reduce"),
    **dict.fromkeys(["cumsum", "cumprod"], "accumulate"),
    "squared_deviations": "var",
    **{op.name: "power" for op in CONSTANT_POWERS.values()},
}
"""What NumPy calls what it does, where that is not the op's name."""

_MODE_OF = {
    "divide by zero": "divide",
    "overflow": "over",
    "underflow": "under",
    "invalid value": "invalid",
}
_LOUD_OPS = {"cast", "matmul", *_NAMES}
"""Ops beside the ufuncs that NumPy tells errors of."""


class Listener:
    """What the loops of NumPy are to do, and the function that they call.

    Parameters
    ----------
    loud : frozenset of str
        The kinds of errors that are told; nothing is said of others.
    """

    def __init__(self, loud: frozenset[str]) -> None:
        self.modes = {
            kind: mode if kind in loud else "ignore"
            for kind, mode in np.geterr().items()
        }
        self._user: Any = np.geterrcall()

    def call(self, node: Node, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function gives for a node, whose errors are told."""
        op: Op = node.op
        if getattr(op, "ufunc", None) is None and op.name not in _LOUD_OPS:
            return function(node, *arguments)

        raised: list[FloatingPointError] = []

        def told(error: str, flag: int) -> None:
            name = _NAMES.get(op.name, op.name)
            if self.modes[_MODE_OF[error]] == "raise":
                message = f"{name}: {error} encountered in {name}; at {user_line()}"
                raised.append(FloatingPointError(message))
                raise raised[0]
            self._tell(error, flag, name)

        modes: Any = {
            kind: mode if mode == "ignore" else "call"
            for kind, mode in self.modes.items()
        }
        with np.errstate(call=told, **modes):
            try:
                return function(node, *arguments)
            except FloatingPointError:
                if not raised:
                    raise
                # Without the node's line, which may be that of an earlier run.
                raise raised[0] from None

    def _tell(self, error: str, flag: int, name: str) -> None:
        """What NumPy does of itself, at the user's line."""
        message = f"{error} encountered in {name}"
        match self.modes[_MODE_OF[error]]:
            case "warn":
                warn_user(message, RuntimeWarning)
            case "print":
                print(f"Warning: {message}", file=sys.stderr)
            case "log":
                self._user.write(f"Warning: {message}\n")
            case _:
                self._user(error, flag)


def hear(loud: frozenset[str]) -> None:
    """Tell, from now on in this thread, errors of these kinds and of no others.

    What is pending is computed first, where it would be told otherwise than now.
    """
    trace = current_trace()
    if loud != trace.loud:
        flush_trace(trace)
        trace.loud = loud
        trace.flushing = None if loud else False


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """A block in which nothing is told, as NumPy says nothing of it."""
    loud = current_trace().loud
    if not loud:
        yield
        return
    hear(frozenset())
    try:
        yield
    finally:
        hear(loud)
