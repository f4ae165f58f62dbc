"""Statements written for several elements at a time.

A thread that takes one element waits for memory after each load. Written for some
elements, all loads come first, so that as many are under way at once; the names of
values end in the number of their element.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..kernel import Access, Compute, Gather, Load, Reduce, Store

AT_A_TIME = {4: 8, 12: 4}
"""Elements of a row that a thread takes at a time, by the most statements of its loop.

Memory is a thousand cycles away, and a multiprocessor holds some 24 warps of such
kernels: each must have four to eight loads under way to keep all of the bandwidth busy.
Longer loops have work between their loads, and need their registers for it.
"""

Plain = Load | Gather | Compute | Store | Reduce


def at_a_time(body: Sequence[Plain]) -> int:
    """Elements that a thread takes at a time of a loop with this body."""
    fitting = [n for longest, n in AT_A_TIME.items() if len(body) <= longest]
    return fitting[0] if fitting else 1


class Copies:
    """The statements of a body, for the elements of several numbers.

    Examples
    --------
    >>> copies = Copies((Load("x0", 0), Compute("t0", "float32", "x0 * s0")))
    >>> copies.statement(Compute("t0", "float32", "x0 * s0"), 2)
    Compute(target='t0_2', dtype='float32', text='x0_2 * s0')
    """

    def __init__(self, body: Sequence[Plain]) -> None:
        self.targets = [
            s.target for s in body if isinstance(s, Load | Gather | Compute)
        ]
        names = "|".join(re.escape(name) for name in self.targets) or "(?!)"
        self.names = re.compile(rf"\b({names})\b")

    def own(self, text: str, number: int) -> str:
        """`text` with the names of values of element `number`."""
        return self.names.sub(rf"\1_{number}", text)

    def dtypes(self, dtypes: Mapping[str, str], count: int) -> dict[str, str]:
        """Those of the values of `count` elements, given those of the plain names."""
        return {
            f"{name}_{number}": dtypes[name]
            for name in self.targets
            for number in range(count)
        }

    def statement(self, statement: Plain, number: int) -> Plain:
        """A statement of element `number`."""
        match statement:
            case Load(target, _):
                return replace(statement, target=self.own(target, number))
            case Gather(target, _, index):
                target, index = self.own(target, number), self.own(index, number)
                return replace(statement, target=target, index=index)
            case Compute(target, _, text):
                target, text = self.own(target, number), self.own(text, number)
                return replace(statement, target=target, text=text)
            case Store(_, value) | Reduce(_, _, value, _):
                return replace(statement, value=self.own(value, number))


def loads_first(
    body: Sequence[Plain], accesses: Sequence[Access]
) -> tuple[list[Plain], list[Plain]]:
    """What may precede the statements of all elements, and the statements that stay.

    Loads stay where they are if what one reads may have been stored by an element
    before: where the memory is that of a store, but not its place.
    """
    stores = {s.access for s in body if isinstance(s, Store)}
    stored = {accesses[access].argument for access in stores}
    for s in body:
        elsewhere = isinstance(s, Gather) and s.argument in stored
        if isinstance(s, Load) and accesses[s.access].argument in stored:
            elsewhere = s.access not in stores or accesses[s.access].strides[-1] == "0"
        if elsewhere:
            return [], list(body)
    loads: list[Plain] = [s for s in body if isinstance(s, Load)]
    return loads, [s for s in body if not isinstance(s, Load)]
