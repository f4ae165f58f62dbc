"""What stood in for numbers while a call was watched, taken out of where it was put."""

from __future__ import annotations

import gc
import sys
import types
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from engine.record.runtime import RunTime, stands_in

DEEP = 4
"""So many tuples may stand around a number."""


def plain(x: Any) -> Any:
    """The number that something stands in for, or the thing itself."""
    return x.value if stands_in(x) else x


def release(numbers: Sequence[RunTime], own: Sequence[Any]) -> None:
    """Put the numbers in the place of what stood in for them, wherever that is kept.

    Lists, dicts, sets, deques, tuples in them, variables of functions and attributes
    are looked through, but for what is in `own`. What is deeper in tuples, in one that
    only code holds, or in a slice, stays, and acts as its number.
    """
    instead: dict[int, Any] = {id(x): x.value for x in numbers}
    skipped = {id(numbers), *map(id, own), *(id(x.operands) for x in numbers)}
    known = _references([*own, *(x.operands for x in numbers)])
    found: Sequence[Any] = [x for x in numbers if not _is_gone(x, known)]
    for _ in range(DEEP):  # the call below may show up as a tuple of its arguments
        if not found:
            return
        holders = [x for x in gc.get_referrers(*found) if id(x) not in skipped]
        skipped.update((id(found), id(holders)))
        found = [x for x in holders if isinstance(x, tuple) and id(x) not in instead]
        skipped.add(id(found))
        for old in found:
            parts = [instead.get(id(x), x) for x in old]
            instead[id(old)] = tuple(parts) if type(old) is tuple else old
        for holder in holders:
            _put(holder, instead)


def _references(containers: Sequence[Any]) -> Counter[int]:
    """How often numbers are in containers, each of which counts once."""
    distinct = {id(container): container for container in containers}
    found: Counter[int] = Counter()
    for container in distinct.values():
        found.update([id(item) for item in container])
    return found


def _is_gone(number: RunTime, known: Counter[int]) -> bool:
    """Whether nobody but who is known holds a number.

    To look for others takes 10 ms and more, as long as it takes to look at all objects.
    """
    # The list's, the loop's, the argument, and getrefcount's.
    return sys.getrefcount(number) <= HELD + known[id(number)]


HELD = 4
"""References to a number that nobody holds but who asks."""


def _put(holder: Any, instead: Mapping[int, Any]) -> None:
    """Let an object hold others in the place of some."""
    kind = type(holder)
    if kind is list or kind is deque:
        for place, item in enumerate(holder):
            if id(item) in instead:
                holder[place] = instead[id(item)]
    elif isinstance(holder, dict):
        if any(map(stands_in, holder)):
            items = [(plain(key), item) for key, item in holder.items()]
            holder.clear()
            holder.update(items)
        for key, item in list(holder.items()):
            if id(item) in instead:
                holder[key] = instead[id(item)]
    elif isinstance(holder, set):
        old = [item for item in holder if stands_in(item)]
        holder.difference_update(old)
        holder.update(item.value for item in old)
    elif kind is types.CellType:
        content = holder.cell_contents
        holder.cell_contents = instead.get(id(content), content)
    elif not stands_in(holder) and not isinstance(holder, (tuple, types.FrameType)):
        _put_into_attributes(holder, instead)


def _put_into_attributes(holder: Any, instead: Mapping[int, Any]) -> None:
    for cls in type(holder).__mro__:
        for name, member in vars(cls).items():
            if isinstance(member, types.MemberDescriptorType):
                value = getattr(holder, name, None)
                if id(value) in instead:
                    with suppress(AttributeError):  # those of slices cannot be set
                        member.__set__(holder, instead[id(value)])
    for name, value in list(getattr(holder, "__dict__", {}).items()):
        if id(value) in instead:
            vars(holder)[name] = instead[id(value)]
