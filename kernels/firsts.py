"""What a process has one of, although threads may begin to make it at the same time.

``functools.cache`` keeps what was made last then, and each thread goes on with its own:
helpers would wait for the work of a pool that nobody uses. A lock is no way out, since
a finalizer that computes may need what the thread that it interrupts is making.
"""

from __future__ import annotations

from typing import Any, TypeVar

Made = TypeVar("Made")

_firsts: dict[str, Any] = {}


def first(name: str, made: Made) -> Made:
    """What was made first under a name: `made`, or what another thread has made.

    Examples
    --------
    >>> first("example", 1), first("example", 2)
    (1, 1)
    """
    kept: Made = _firsts.setdefault(name, made)
    return kept
