"""Interrupts: Ctrl-C is heard between computations, not in the middle of one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


def run_whole(function: Callable[..., None], *arguments: Any) -> None:
    """Call a function; an interrupt (Ctrl-C) meanwhile is heard when it is done.

    A computation that stops halfway has overwritten memory that it cannot give back:
    the weights of a model would be lost. A second interrupt is heard at once.
    """
    handler = None
    if threading.current_thread() is threading.main_thread():
        handler = signal.getsignal(signal.SIGINT)
    if handler is None or not callable(handler):
        function(*arguments)
        return
    heard: list[FrameType | None] = []

    def remember(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, handler)
        heard.append(frame)

    try:
        signal.signal(signal.SIGINT, remember)
    except ValueError:  # only the main interpreter may
        function(*arguments)
        return
    try:
        function(*arguments)
    finally:
        signal.signal(signal.SIGINT, handler)
        if heard:
            handler(signal.SIGINT, heard[0])
