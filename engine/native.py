"""Which recorder records: Python's at first, native code once it is worth its loading.

Native code takes a tenth of the time, but loading it takes as long as Python takes for
ten thousand events, and a script that computes a block once never has that many. It is
loaded at the end of the flush that makes up `LOAD_AFTER_EVENTS`, where an element that
is read or written at once counts as one, too: what has recorded so many is a loop as a
rule, of which there is more to come. Where it was never compiled before, it is
loaded as soon as a child process has compiled it. ``ENGINE_RECORDER=native`` loads it
at once, ``ENGINE_RECORDER=python`` never.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.execute import watch_flushes
from engine.interrupts import run_whole
from engine.kernels.locks import new_lock

if TYPE_CHECKING:
    from engine.recipe import Recipe

LOAD_AFTER_EVENTS = 500
"""Events after which a program counts as one that records a lot."""

_tensors: list[Any] = []
"""The PyTorch face."""

_waiting: list[tuple[str, tuple[Any, ...]]] = []
"""What native code is to know as soon as it is loaded: functions of `native_code`."""

_started: list[bool] = []
"""Not empty once native code is loaded, or known to be none."""

_unstarted = [True]
"""Empty from the moment on when a thread loads native code."""

_unwatched = [True]
"""Empty while a thread looks whether native code is there."""

_events = 0


class NumPy(NamedTuple):
    """Functions of the NumPy face that native code calls.

    ``call_ufunc`` is what ``__array_ufunc__`` does with NumPy's function, the name of
    its method, and operands; ``update_in_place(op, target, other, shown)`` does
    ``target op= other``, and ``locate(array, key)`` gives the recipe of a subscript.
    `steps` are those of what is done with arrays again, `picked` is the name there of
    what indices pick, and ``take(functions)`` gets native functions that are called
    there, or None (`engine.numpy.quick`). `powers` are the ops that exponents mean.
    Masks select at once from `few` elements; ``gathered(elements)`` wraps those.
    ``of_float(op, number)`` is what an op gives for a Python number, or None.
    """

    call_ufunc: Callable[..., Any]
    update_in_place: Callable[..., Any]
    locate: Callable[[Any, Any], Recipe | None]
    steps: dict[Any, Any]
    picked: str
    take: Callable[[Any], None]
    powers: dict[Any, Any]
    few: int
    gathered: Callable[[Any], Any]
    of_float: Callable[[Any, float], Any]


def prepare(face: type) -> None:
    """Load native code for the PyTorch face when it is worth it.

    Raises
    ------
    ValueError
        If ``ENGINE_RECORDER`` names no recorder.
    """
    wanted = os.environ.get("ENGINE_RECORDER")
    if wanted not in (None, "native", "python"):
        raise ValueError(
            f"ENGINE_RECORDER: 'native' or 'python' was required; {wanted!r} was given"
        )
    _tensors.append(face)
    if wanted == "native":
        start()
    elif wanted is None:
        watch_flushes(_flushed)


def join_numpy(*face: Any) -> None:
    """Let native code know the NumPy face as well, now or when it is loaded."""
    _join("join_numpy", face)


def join_compiled(
    cls: type, steady: str, nested: type, host: type, anything: object
) -> None:
    """Let native code replay the calls of compiled functions, now or when it is loaded.

    `steady` is the attribute that says which; there `nested` describes a container, and
    `host` an array of NumPy's; `anything` is in the place of what may change.
    """
    _join("join_compiled", (cls, steady, nested, host, anything))


def _join(name: str, what: tuple[Any, ...]) -> None:
    _waiting.append((name, what))
    if _started:
        _join_waiting()


def _join_waiting() -> None:
    from engine import native_code

    while _waiting:
        try:
            name, what = _waiting.pop()  # one thread alone gets it
        except IndexError:
            return
        getattr(native_code, name)(*what)


def start() -> None:
    """Load native code now, if it is not loaded already."""
    try:
        _unstarted.pop()  # one thread alone can
    except IndexError:
        return
    watch_flushes(None)
    with _starting:  # no fork leaves it half done
        from engine.kernels.cpu.target import compiling

        with compiling():
            run_whole(_start)


_starting = new_lock()


def _start() -> None:
    from engine import builder, native_code

    builder.end()
    native_code.start(_tensors[0])
    # Who joins from here on does so by itself; who did before is still waiting.
    _started.append(True)
    _join_waiting()


def recorder() -> tuple[str, str]:
    """Which recorder runs once it is worth it, ``"native"`` or ``"python"``, and why.

    Examples
    --------
    >>> recorder()[0] in ("native", "python")
    True
    """
    start()
    from engine import native_code

    return native_code.recorder()


def use(which: str) -> None:
    """Let the ``"native"`` or the ``"python"`` recorder record from now on.

    For tests and measurements: programs have no reason to change it.

    Raises
    ------
    RuntimeError
        When there is no native recorder.
    """
    start()
    from engine import native_code

    native_code.use(which)


def _flushed(events: int) -> None:
    """Count events: a flush is over, or an element was read or written at once."""
    global _events
    _events += events
    if _events >= LOAD_AFTER_EVENTS:
        _events = 0
        run_whole(_load)


def _load() -> None:
    """Load native code, unless a child compiles it first; this is called again then."""
    if sys.is_finalizing():
        return
    try:
        _unwatched.pop()  # one thread alone can
    except IndexError:
        return
    try:
        from engine import builder, native_code

        name = native_code.name_in_cache(_tensors[0])
        if name is not None and builder.awaited(name):
            return
    finally:
        _unwatched.append(True)
    start()
