"""Functions of tensors that are recorded at once where they were called before.

What such a function records depends on its arguments alone. The first calls at a place
of a trace are done by Python, and what they recorded is noted; from then on the trace
goes on to its end without them (see `engine.record.splice`), in native code where there
is any.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, NoneType
from typing import Any, Generic, NamedTuple, TypeVar

from engine.array import Array
from engine.record.node import Node
from engine.record.once import repeated
from engine.record.splice import Passage, passages_from
from engine.record.watchers import watchers

T = TypeVar("T", bound=Array)

FACES: list[type[Array]] = []
"""`Tensor`, then classes whose results are of it: a user's own read as they like."""

CALLS = 4
"""Calls of one function that native code tries at one node."""

_PLAIN = (int, float, str, tuple, NoneType, FunctionType)


class Call(NamedTuple):
    """A call that was noted; native code knows the items by their numbers.

    Parameters
    ----------
    arguments : tuple
        The class of each tensor, and all else as it was given.
    grads : tuple of bool or None
        Which tensors had a history; None where none was recorded.
    passage : Passage
    """

    arguments: tuple[Any, ...]
    grads: tuple[bool, ...] | None
    passage: Passage


class Once(Generic[T]):
    """A function that gives a new tensor, recorded at once where that can be.

    Its arguments are tensors, plain numbers, words, functions, and tuples of them, by
    position. With others it is just called.
    """

    __slots__ = ("function",)

    def __init__(self, function: Callable[..., T]) -> None:
        self.function = function

    def __call__(self, *arguments: Any) -> T:
        plain = all([type(x) in FACES or isinstance(x, _PLAIN) for x in arguments])
        if watchers or not plain:
            return self.function(*arguments)
        read = tuple([_read(x) for x in arguments])
        if any([x is not other for x, other in zip(read, arguments, strict=True)]):
            return self(*read)
        # 0 is another argument than 0.0, and -0.0 than both.
        key = [(type(x), None if isinstance(x, Array) else x or repr(x)) for x in read]
        given = [type(x) if isinstance(x, Array) else x for x in read]

        def keep(node: Node, grads: Any, passage: Passage) -> None:
            known = passages_from(node)
            call = Call(tuple(given), grads, passage)
            known[self] = (call, *known.get(self, ())[: CALLS - 1])

        (value,) = repeated(
            (self, *key),
            lambda: [self.function(*read).read()],
            [x.read() for x in read if isinstance(x, Array)],
            keep=keep,
        )
        made: Any = FACES[0].wrap(value)
        result: T = made
        return result


def _read(x: Any) -> Any:
    """A tensor that owns its value, in C order; anything else as it is."""
    if not isinstance(x, Array):
        return x
    value = x.read()
    return x if value.layout is x.recipe else FACES[0].wrap(value)
