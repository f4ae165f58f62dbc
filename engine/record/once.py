"""Functions of values that are recorded at once where they were called before.

They are pure: what they record depends on their arguments alone, and on what the trace
knows of the values among them. See `splice` for what that saves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .node import Node
from .splice import TRIALS, Passage, Start, passage, passages_from
from .trace import current_trace
from .value import Value
from .watchers import watchers

KEPT = 64
"""Functions that are known at one node; more of them take the place of those."""


class _Known:
    """What is known of a function that begins to record at a node."""

    __slots__ = ("passage", "trials")

    def __init__(self) -> None:
        self.passage: Passage | None = None
        self.trials = 0


def repeated(
    key: tuple[Any, ...],
    function: Callable[[], list[Value]],
    table: Sequence[Value],
    numbers: Sequence[Any] = (),
    keep: Callable[[Node, tuple[bool, ...] | None, Passage], None] | None = None,
) -> list[Value]:
    """What a function of values and numbers gives, at once where it was called before.

    What it records must depend on nothing but the key and the forms of the values. It
    must record each number, the very object, as the value of a `Scalar`. `keep` is told
    where something is known from then on: the node, which values have histories, and
    what it is.
    """
    trace = current_trace()
    if watchers or trace.loud:
        return function()
    grads = tuple([x.history is not None for x in table]) if trace.grad else None
    passages = passages_from(trace.node)
    form = key, len(table), grads
    known: _Known | None = passages.get(form)
    if known is None:
        if len(passages) >= KEPT:
            passages.clear()
        known = passages[form] = _Known()
    if known.passage is not None:
        made = known.passage.again(table, numbers)
        if made is not None:
            return made
    known.trials += 1
    # At first it is not noted: most functions are called once at a place.
    start = Start.here() if 1 < known.trials <= TRIALS else None
    results = function()
    if start is not None:
        noted = passage(start, table, results, numbers)
        # What nothing in the trace tells might be otherwise the next time.
        if noted is not None and noted.tells_all(table):
            known.passage = noted
            if keep is not None:
                keep(start.node, grads, noted)
    return results
