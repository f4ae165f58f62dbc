"""Explain: what would happen if an array were looked at, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.array import Array
from engine.kernels.backend import HOST, UnsupportedKernel
from engine.liveness import donated_leaves, live_values
from engine.plan import WholePlan, build_plan
from engine.record.frames import events
from engine.record.node import LEAF, Node
from engine.record.value import Value
from engine.row import Row

SHOWN = 60
"""Lines of a section that are printed; longer ones are cut in the middle."""


class Explanation:
    """The stages of one evaluation, in print.

    Attributes
    ----------
    recorded, simplified, scheduled, kernels : str
        The text of each stage.
    sources : tuple of str
        The generated text of each kernel.
    """

    def __init__(self, nodes: Sequence[Node], plan: WholePlan | None) -> None:
        self.recorded = _recorded(nodes)
        self.simplified = _simplified(plan)
        self.scheduled = _scheduled(plan)
        self.kernels, self.sources = _kernels(plan)

    def __str__(self) -> str:
        parts = [
            ("recorded", self.recorded),
            ("simplified", self.simplified),
            ("scheduled", self.scheduled),
            ("kernels", self.kernels),
        ]
        text = [f"== {name} ==\n{_shortened(part)}" for name, part in parts if part]
        return "\n\n".join([*text, *dict.fromkeys(self.sources)])

    __repr__ = __str__


def explain(array: Array | Value) -> Explanation:
    """Show what looking at an array would compute, and how; computes nothing.

    Parameters
    ----------
    array : array
        An array of either face.

    Returns
    -------
    Explanation
        Prints the recorded ops with the user's lines, what simplification left of
        them, which of them are one kernel and why others are not, and the source of
        every kernel.

    Raises
    ------
    TypeError
        When something else than an array is given.

    Examples
    --------
    >>> import engine
    >>> import engine.numpy as np
    >>> print(engine.explain(np.exp(np.ones(3)) + 1).scheduled)
    group 0: map: exp add -> v...
        opened since it reads arrays only
    """
    if not isinstance(array, (Array, Value)):
        raise TypeError(
            f"explain: an array was required; {type(array).__name__} was given"
        )
    value = array.read() if isinstance(array, Array) else array
    trace = value.trace
    if value.buffer is not None or trace is None:
        return Explanation([], None)
    with trace.lock:
        if value.trace is not trace:  # another thread has computed it
            return Explanation([], None)
        flushing, trace.flushing = trace.flushing, True  # native code waits
        alive = live_values(trace)
        donated = donated_leaves(trace)
        nodes = events(trace)
        trace.flushing = flushing
    alive[value.number] = True
    return Explanation(nodes, build_plan(nodes, alive, donated))


def _recorded(nodes: Sequence[Node]) -> str:
    if not nodes:
        return "nothing: the array is computed already"
    leaves = sum(node.op is LEAF for node in nodes)
    lines = [f"{len(nodes) - leaves} ops on {leaves} arrays"]
    return "\n".join(lines + [f"{node!r}  # {node.line}" for node in nodes])


def _simplified(plan: WholePlan | None) -> str:
    if plan is None:
        return ""
    program = plan.schedule.program
    rules = "; ".join(program.notes)
    return "\n".join([f"{len(program.steps)} steps left. {rules}", program.text()])


def _scheduled(plan: WholePlan | None) -> str:
    if plan is None:
        return ""
    return "\n".join([plan.schedule.text(), *plan.buffers.reused])


def _kernels(plan: WholePlan | None) -> tuple[str, tuple[str, ...]]:
    if plan is None:
        return "", ()
    lines, sources = [], []
    for number, row in enumerate(plan.rows):
        line, source = _kernel(row)
        lines.append(f"group {number}: {line}")
        sources.append(source)
    return "\n".join(lines), tuple(source for source in sources if source)


def _kernel(row: Row) -> tuple[str, str]:
    lowered = row.lowered
    if lowered is None:
        return f"{row.steps[row.group.steps[0]].op.name}, one call of NumPy", ""
    kernel, extents = lowered.kernel, lowered.layout.extents
    about = f"{kernel.name} {kernel.key[:8]} ({kernel.kind} over {extents})"
    if row.device != HOST:
        about += f" on {row.device}"
    try:
        return about, row.backend.emit(kernel)
    except UnsupportedKernel as error:
        return f"{about}: NumPy computes it: {error}", ""


def _shortened(text: str) -> str:
    lines: list[Any] = text.splitlines()
    if len(lines) > SHOWN:
        half = SHOWN // 2
        left_out = f"... {len(lines) - 2 * half} lines more ..."
        lines = [*lines[:half], left_out, *lines[-half:]]
    return "\n".join(lines)
