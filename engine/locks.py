"""Locks that a forked child can take: no thread that it lacks holds one."""

from __future__ import annotations

import os
import threading


def new_lock() -> threading.RLock:
    """A lock for which a fork waits, and which is free behind it in both processes."""
    lock = threading.RLock()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=lock.acquire,
            after_in_parent=lock.release,
            after_in_child=lock.release,
        )
    return lock
