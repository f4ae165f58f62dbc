"""Interrupts: Ctrl-C is heard between computations, not in the middle of one."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

_builtin: Any = importlib.import_module("_signal")
"""What `signal` wraps: its functions take 3 us to name numbers, these 0.1 us."""

_SIGINT = int(_builtin.SIGINT)


def run_whole(function: Callable[..., None], *arguments: Any) -> None:
    """Call a function; an interrupt (Ctrl-C) meanwhile is heard when it is done.

    A computation that stops halfway has overwritten memory that it cannot give back:
    the weights of a model would be lost. A second interrupt is heard at once.
    """
    handler = None
    if threading.get_ident() == threading.main_thread().ident:
        handler = _builtin.getsignal(_SIGINT)
    if handler is None or not callable(handler):
        function(*arguments)
        return
    heard: list[FrameType | None] = []

    def remember(number: int, frame: FrameType | None) -> None:
        _builtin.signal(_SIGINT, handler)
        heard.append(frame)

    try:
        _builtin.signal(_SIGINT, remember)
    except ValueError:  # only the main interpreter may
        function(*arguments)
        return
    try:
        function(*arguments)
    finally:
        _builtin.signal(_SIGINT, handler)
        if heard:
            handler(_SIGINT, heard[0])
