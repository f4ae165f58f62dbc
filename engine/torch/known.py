"""Arguments that are computed already: what is wrong with them is said at once.

Those that are pending are checked when they are computed: after the step of an
optimizer, as a rule, so that the error takes the parameters with it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.array import Array
from engine.kernels.backend import HOST
from engine.recipe import strided
from engine.record.value import Value
from engine.record.watchers import watchers

_fine: weakref.WeakKeyDictionary[Value, set[Any]] = weakref.WeakKeyDictionary()
"""Parts of computed values of which something is known, and what it is."""

MAX_KNOWN = 1024
"""So much is known of one value; then it is forgotten."""


def is_checked(
    x: Array, key: Any, require: Callable[[np.ndarray[Any, Any]], None]
) -> bool:
    """Whether the elements are computed already; `require` raises for wrong ones.

    It is not called again for elements that it has passed with the same key. In
    functions that are compiled the next call has other elements: none are looked at.
    """
    if watchers:
        return False
    line, recipe = x._line, x.recipe
    if line is not None and line.storage.shared():  # its elements may change
        require(strided(line.storage.export().reshape(-1), recipe))
        return True
    value = x._value if line is None else line.current()
    if value is None or value.buffer is None or value.device != HOST:
        return False
    known, whole = _fine.setdefault(value, set()), (recipe, key)
    if whole in known:
        return True
    require(strided(value.buffer.reshape(-1), recipe))
    if len(known) >= MAX_KNOWN:
        known.clear()
    known.add(whole)
    return True
