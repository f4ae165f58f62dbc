"""An attempt to capture a call: an ordinary call, watched."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.capture.arguments import check_fit, form_of, pattern_of, separated, value_of
from engine.capture.call import Call
from engine.capture.effects import Refused
from engine.capture.reach import Reach
from engine.capture.recording import Recording, mapped
from engine.capture.release import plain, release
from engine.capture.replay import Entry, gathered
from engine.capture.watch import Capture, Roots
from engine.config import config
from engine.execute import flush
from engine.kernels.pool import num_threads
from engine.record.runtime import stands_in
from engine.record.trace import current_trace, grad_enabled
from engine.torch.dtypes import Default


@dataclass
class Attempt:
    """What came of a call.

    Parameters
    ----------
    result : object
        What it returned.
    entry : Entry or None
        How to replay it.
    refused : Refused or None
        Why it cannot be replayed.
    looks : dict of int to str
        The floats at which Python looked, and where.
    asked_sizes : bool
        Whether Python has asked, or may have, how many elements there are;
    gave_extents : bool
        whether it has got extents, and done no more than to add integers to them.
    """

    result: Any = None
    entry: Entry | None = None
    refused: Refused | None = None
    looks: dict[int, str] = field(default_factory=dict)
    asked_sizes: bool = False
    gave_extents: bool = False


def settings() -> tuple[Any, ...]:
    """What all calls depend on."""
    return grad_enabled(), config.tier, Default.dtype, num_threads()


def attempt(
    function: Callable[..., Any],
    reach: Reach,
    call: Call,
    static: Set[int],
    line: str,
) -> Attempt:
    """Call a function whose `reach` is known; `static` floats are part of the call.

    Raises
    ------
    Unfit
        Before the call, when arrays are not fit for it.
    """
    trace = current_trace()
    flush(trace)
    handles = call.handles(None)
    grads, cells = gathered(handles, reach.handles)
    everything = [*handles, *reach.handles, *grads]
    forms = grad_forms(cells)
    capture = Capture(trace, reach)
    pattern = _enter(capture, everything, reach)
    free = [k for k in range(len(call.floats)) if k not in static]
    numbers: list[Any] = list(call.floats)
    for k in free:
        numbers[k] = capture.argument(numbers[k])
    roots = Roots.of(everything, cells, line)
    made = Attempt()
    try:
        recording = _watched(made, capture, function, call, handles, numbers, roots)
    except BaseException as error:
        error.args = tuple(map(plain, error.args))
        raise
    finally:
        made.result = _plained(made.result)
        own = [numbers, capture.arguments, *(s.scalars for s in capture.segments)]
        own += capture.sources
        release(capture.numbers, own)
        call.write_back(handles)
    made.looks, made.asked_sizes = _looked(capture, free), capture.asked_sizes
    made.gave_extents = capture.gave_extents
    if made.refused is None and capture.foreign_look is not None:
        made.refused = capture.foreign_look
    if recording is not None and made.refused is None and not made.looks:
        arrays = [k for k, x in enumerate(call.given) if type(x) is np.ndarray]
        made.entry = Entry(
            recording, reach, len(everything), forms, pattern, arrays, free
        )
    return made


def _watched(
    made: Attempt,
    capture: Capture,
    function: Callable[..., Any],
    call: Call,
    handles: Sequence[Any],
    numbers: Sequence[Any],
    roots: Roots,
) -> Recording | None:
    """Call the function; what it has done, or None where no replay would do it."""
    with capture:
        before = settings()
        made.result, changed = call.invoke(function, handles, numbers)
        try:
            if changed:
                reason = "it changes or returns a list or dict that it is given"
                raise Refused(reason, roots.line)
            if settings() != before:
                raise Refused("it changes a setting of Engine", roots.line)
            return capture.finish(made.result, roots)
        except Refused as refused:
            made.refused = refused
            return None


def _enter(capture: Capture, handles: Sequence[Any], reach: Reach) -> tuple[Any, ...]:
    """Give arrays their slots; the pattern in which they share memory."""
    for handle in reach.handles:
        assert handle.line is not None  # by which it is known again
        check_fit(handle)
    values = separated(handles, [value_of(handle) for handle in handles])
    pattern = pattern_of(handles, values)
    for value in values:
        capture.enter(value.buffer)
    return pattern


def _looked(capture: Capture, free: Sequence[int]) -> dict[int, str]:
    own = {id(x): k for k, x in zip(free, capture.arguments, strict=True)}
    return {own[n]: line for n, line in capture.looks.items() if n in own}


def grad_forms(cells: Sequence[Any]) -> tuple[Any, ...]:
    """The forms of the gradients of leaves; None for one that has none."""
    return tuple(None if cell.grad is None else form_of(cell.grad) for cell in cells)


def _plained(result: Any) -> Any:
    """A result with numbers in the place of what stood in for them."""
    found: list[Any] = []

    def number(x: Any) -> Any:
        if stands_in(x):
            found.append(x)
        return plain(x)

    tree = mapped(result, number)
    return tree if found else result
