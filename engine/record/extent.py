"""Extents that Python asks for while `engine.compile` captures a call.

What a function does with the extents of its arguments may depend on them in any way:
``x if x.shape[0] % 2 else -x``. As long as it does no more than to add integers to them
or subtract some, and to hand them to functions of Engine, as in
``np.zeros(x.shape[0] - 1)``, what is recorded says for which extents it is the same
(see `engine.capture.family`).
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any
from weakref import ref

from engine.errors import is_of_engine

from . import runtime
from .runtime import RunTime
from .trace import current_trace
from .watchers import watchers


def asked_for_size() -> None:
    """Say that Python has asked how long an array is, unless Engine itself has."""
    if watchers and not is_of_engine(sys._getframe(2)):
        watcher = watchers.get(id(current_trace()))
        if watcher is not None:
            watcher.asked_for_size()


def shown(extents: tuple[int, ...]) -> tuple[int, ...]:
    """The extents of an array, for whoever asks for its shape."""
    if not watchers or is_of_engine(sys._getframe(2)):
        return extents
    watcher = watchers.get(id(current_trace()))
    return extents if watcher is None else watcher.extents(extents)


class Extent(RunTime):
    """An integer that Python has from the shape of an array.

    It is an integer to all that does not look at its type, as a `RunTime` is. Who
    looks at its value, the watcher hears of, unless it is Engine.
    """

    __slots__ = ()

    def __init__(self, value: int, watcher: Any) -> None:
        super().__init__(value, watcher)
        self.watcher = ref(watcher)  # caches of shapes may keep this

    def like(self, value: int) -> Any:
        """Another one that Python has from this one."""
        watcher = self.watcher()
        return value if watcher is None else Extent(value, watcher)

    def look(self) -> Any:
        """The value, for what is no such sum."""
        frame = sys._getframe(1)
        while frame.f_code.co_filename in _OURS and frame.f_back is not None:
            frame = frame.f_back
        watcher = self.watcher()
        if watcher is not None and not is_of_engine(frame):
            watcher.asked_for_size()
        return self.value

    def derived(self, function: Callable[..., Any], *operands: Any) -> Any:
        """What a function of this and another number gives.

        What grows with an extent, one for one, is an extent as well. Slices with such
        bounds grow, shrink or stay the same with it, and never two of these.
        """
        values = [x.value if type(x) is Extent else x for x in operands]
        result = function(*values)
        follows = function in _FOLLOWED and operands[0] is self
        if follows and type(operands[1]) is int and result >= 0:
            return self.like(result)
        self.look()
        return result


_OURS = (__file__, runtime.__file__)

_FOLLOWED = frozenset((operator.add, operator.sub))


def _binary(function: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    """A method for an operator, and the reflected one."""

    def method(self: Extent, other: Any) -> Any:
        if type(other) is not Extent and hasattr(type(other), "read"):
            return NotImplemented  # an array of Engine
        return self.derived(function, self, other)

    def reflected(self: Extent, other: Any) -> Any:
        if function is operator.add:
            return self.derived(function, self, other)
        return self.derived(function, other, self)

    return method, reflected


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    _method, _reflected = _binary(getattr(operator, _name))
    setattr(Extent, f"__{_name}__", _method)
    setattr(Extent, f"__r{_name}__", _reflected)
