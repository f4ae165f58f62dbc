"""What stood in for numbers while a call was watched, taken out of where it was put."""

from __future__ import annotations

import gc
import types
from collections import deque
from collections.abc import Sequence
from typing import Any

from engine.record.runtime import RunTime


def plain(x: Any) -> Any:
    """The number that something stands in for, or the thing itself."""
    return x.value if type(x) is RunTime else x


def release(numbers: Sequence[RunTime], own: Sequence[Any]) -> None:
    """Put the numbers in the place of what stood in for them, wherever that is kept.

    Lists, dicts, sets, deques, variables of functions and attributes are looked
    through, but for the lists in `own`. What is in a tuple stays, and acts as its
    number.
    """
    if not numbers:
        return
    skipped = {id(numbers), *map(id, own)}
    for holder in gc.get_referrers(*numbers):
        if id(holder) not in skipped:
            _put_plain(holder)


def _put_plain(holder: Any) -> None:
    kind = type(holder)
    if kind is list or kind is deque:
        for place, item in enumerate(holder):
            holder[place] = plain(item)
    elif isinstance(holder, dict):
        for key, item in list(holder.items()):
            if type(item) is RunTime:
                holder[key] = item.value
    elif isinstance(holder, set):
        stand_ins = [item for item in holder if type(item) is RunTime]
        holder.difference_update(stand_ins)
        holder.update(map(plain, stand_ins))
    elif kind is types.CellType:
        holder.cell_contents = plain(holder.cell_contents)
    elif kind is not RunTime and not isinstance(holder, (tuple, types.FrameType)):
        _put_into_attributes(holder)


def _put_into_attributes(holder: Any) -> None:
    for cls in type(holder).__mro__:
        for name, member in vars(cls).items():
            if isinstance(member, types.MemberDescriptorType):
                value = getattr(holder, name, None)
                if type(value) is RunTime:
                    member.__set__(holder, value.value)
    for name, value in list(getattr(holder, "__dict__", {}).items()):
        if type(value) is RunTime:
            vars(holder)[name] = value.value
