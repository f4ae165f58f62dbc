"""Interrupts: signals are heard between computations, not in the middle of one."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

_builtin: Any = importlib.import_module("_signal")
"""What `signal` wraps: its functions take 3 us to name numbers, these 0.1 us."""

_signal, _getsignal = _builtin.signal, _builtin.getsignal

_NAMES = "SIGINT SIGTERM SIGALRM SIGHUP SIGUSR1 SIGUSR2"

SIGNALS: tuple[int, ...] = tuple(
    int(getattr(_builtin, name)) for name in _NAMES.split() if hasattr(_builtin, name)
)
"""Signals whose handlers raise in some programs: Ctrl-C first, deadlines, an end."""

BUT_CTRL_C = SIGNALS[1:]
"""Those whose exceptions may be taken for those of what is computed."""

Heard = list[tuple[int, FrameType | None]]
Handlers = dict[int, Callable[[int, FrameType | None], Any]]


def run_whole(
    function: Callable[..., None], *arguments: Any, waiting: Sequence[int] = SIGNALS
) -> None:
    """Call a function; a signal (Ctrl-C) meanwhile is heard when it is done.

    A computation that stops halfway has overwritten memory that it cannot give back:
    the weights of a model would be lost. A second signal of a kind is heard at once,
    and so are those that are not among the `waiting` ones.
    """
    if threading.get_ident() != threading.main_thread().ident:
        function(*arguments)
        return
    handlers: Handlers = {}
    for number in waiting:
        handler = _getsignal(number)
        if callable(handler):
            handlers[number] = handler
    if not handlers:
        function(*arguments)
        return
    heard: Heard = []

    def remember(number: int, frame: FrameType | None) -> None:
        _signal(number, handlers[number])
        heard.append((number, frame))

    try:
        try:
            for number in handlers:
                _signal(number, remember)
        except ValueError:  # only the main interpreter may
            handlers.clear()
        function(*arguments)
    finally:
        try:
            _restore(handlers)
        except BaseException:  # of a handler that was back already
            _restore(handlers)
            raise
        finally:
            if heard:
                _hear(heard, handlers)


def _restore(handlers: Handlers) -> None:
    for number, handler in handlers.items():
        _signal(number, handler)


def _hear(heard: Heard, handlers: Handlers) -> None:
    """Call the handlers of signals, each of them though one before it raises."""
    while heard:
        number, frame = heard.pop(0)
        try:
            handlers[number](number, frame)
        finally:
            _hear(heard, handlers)
