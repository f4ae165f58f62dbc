"""Numbers that change from one run of a recording to the next, and who watches one.

While `engine.compile` captures a call, Python numbers that it shall be able to replace
are stood in for by a `RunTime`: it computes like the number, and remembers how it was
computed. What looks at its value in another way gets it, and the watcher hears of it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .trace import current_trace
from .watchers import watchers


def looked(what: str = "the value of an array") -> None:
    """Say that a value has been looked at, in this thread."""
    if watchers:
        watcher = watchers.get(id(current_trace()))
        if watcher is not None:
            watcher.looked(what)


def from_source(source: Callable[[], Any], place: tuple[Any, Any]) -> Any:
    """A number that `source` gives anew in every run of what is recorded.

    `place` says where it is kept: an object, and what it is called there.
    """
    value = source()
    watcher = watchers.get(id(current_trace())) if watchers else None
    return value if watcher is None else watcher.number(value, source, place)


def setting(options: MutableMapping[Any, Any], key: Any) -> Any:
    """An option that may change between runs, such as a learning rate."""
    if not watchers:
        return options[key]
    return from_source(Kept(options, key), (options, key))


def counted(counts: MutableMapping[Any, Any], key: Any) -> Any:
    """Count one more; the new count."""
    if not watchers:
        counts[key] += 1
        return counts[key]
    return from_source(Kept(counts, key, 1), (counts, key))


@dataclass(frozen=True, slots=True)
class Kept:
    """A number that is kept in a mapping, and may grow each time that it is asked for.

    Parameters
    ----------
    holder, key
        Where it is kept.
    more : int
        By how much it grows.
    before : bool
        Whether what it was before is given.
    """

    holder: MutableMapping[Any, Any]
    key: Any
    more: int = 0
    before: bool = False

    def __call__(self) -> Any:
        number = self.holder[self.key]
        if self.more:
            self.holder[self.key] = number + self.more
        return number if self.before else self.holder[self.key]

    def undo(self) -> None:
        """Let it be what it was before it was asked for."""
        if self.more:
            self.holder[self.key] -= self.more


CONVERSIONS: set[Callable[..., Any]] = set()
"""Functions of a number and a dtype, first of all: the number as NumPy's scalar."""


class RunTime:
    """A number in a captured call: its value now, and the steps that lead to it.

    Parameters
    ----------
    value : int, float or NumPy scalar
        What it is in this call.
    watcher : Watcher
        Who hears when it is looked at, and has it among its `numbers`.
    function : callable or None
        What computes it from `operands`, which are numbers of either kind; None for
        one that comes from outside.
    """

    __slots__ = ("function", "operands", "value", "watcher")

    def __init__(
        self,
        value: Any,
        watcher: Any,
        function: Callable[..., Any] | None = None,
        operands: tuple[Any, ...] = (),
    ) -> None:
        self.value = value
        self.watcher = watcher
        self.function = function
        self.operands = operands
        watcher.numbers.append(self)

    def _kind(self) -> Any:
        return type(self.value)

    # So that isinstance says of it what it says of the number.
    __class__: Any = property(_kind)

    def look(self) -> Any:
        """The value, for something that arithmetic does not cover."""
        self.watcher.looked_at(self)
        return self.value

    def derived(self, function: Callable[..., Any], *operands: Any) -> Any:
        """What a function of numbers gives for this one; errors rise as they would."""
        values = [x.value if type(x) is RunTime else x for x in operands]
        value = function(*values)
        if type(value) is complex:
            self.look()
            return value
        return RunTime(value, self.watcher, function, operands)

    def typed(self, convert: Callable[..., Any], *form: Any) -> Any:
        """The number as a scalar: what `convert` makes of it and a dtype."""
        return self.derived(convert, self, *form)

    def item(self) -> Any:
        """A typed scalar as a Python number again."""
        return self.derived(_item, self)

    # -- looks ----------------------------------------------------------------------
    def __float__(self) -> float:
        return float(self.look())

    def __int__(self) -> int:
        return int(self.look())

    def __index__(self) -> int:
        return operator.index(self.look())

    def __bool__(self) -> bool:
        return bool(self.look())

    def __complex__(self) -> complex:
        return complex(self.look())

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.look(), digits)

    def __floor__(self) -> Any:
        return math.floor(self.look())

    def __ceil__(self) -> Any:
        return math.ceil(self.look())

    def __trunc__(self) -> Any:
        return math.trunc(self.look())

    def __hash__(self) -> int:
        return hash(self.look())

    def __repr__(self) -> str:
        return repr(self.look())

    def __str__(self) -> str:
        return str(self.look())

    def __format__(self, form: str) -> str:
        return format(self.look(), form)

    def __reduce__(self) -> Any:
        return _same, (self.look(),)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self.look(), name)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.look(), dtype)

    def __array_ufunc__(
        self, function: Any, method: str, *inputs: Any, **options: Any
    ) -> Any:
        return getattr(function, method)(*map(plain, inputs), **options)

    def __array_function__(
        self, function: Any, types: Any, args: Any, options: Any
    ) -> Any:
        return function(*map(plain, args), **{k: plain(x) for k, x in options.items()})


def stands_in(x: Any) -> bool:
    """Whether something stands in for a number; `isinstance` says what that is."""
    return issubclass(type(x), RunTime)


def plain(x: Any) -> Any:
    """A number's own value: it has then been looked at. Anything else is itself."""
    return x.look() if stands_in(x) else x


def _same(x: Any) -> Any:
    return x


def _item(x: Any) -> Any:
    return x.item()


_PLAIN = (int, float)


def _binary(function: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    """A method for an operator, and the reflected one."""

    def method(self: RunTime, other: Any) -> Any:
        if type(other) in _PLAIN or type(other) is RunTime:
            return self.derived(function, self, other)
        if hasattr(other, "read"):
            return NotImplemented  # an array of Engine
        return function(self.look(), other)

    def reflected(self: RunTime, other: Any) -> Any:
        if type(other) in _PLAIN:
            return self.derived(function, other, self)
        return function(other, self.look())

    return method, reflected


def _looking(function: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    """A method for an operator that looks, and the reflected one."""

    def method(self: RunTime, other: Any) -> Any:
        return function(self.look(), plain(other))

    def reflected(self: RunTime, other: Any) -> Any:
        return function(other, self.look())

    return method, reflected


def _unary(function: Callable[[Any], Any]) -> Any:
    def method(self: RunTime) -> Any:
        return self.derived(function, self)

    return method


def _compared(function: Callable[[Any, Any], Any]) -> Any:
    def method(self: RunTime, other: Any) -> Any:
        if hasattr(other, "read"):
            return NotImplemented
        return function(self.look(), plain(other))

    return method


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    _method, _reflected = _binary(getattr(operator, _name))
    setattr(RunTime, f"__{_name}__", _method)
    setattr(RunTime, f"__r{_name}__", _reflected)
for _name in ("lshift", "rshift", "and_", "or_", "xor", "divmod"):
    _function = divmod if _name == "divmod" else getattr(operator, _name)
    _method, _reflected = _looking(_function)
    setattr(RunTime, f"__{_name.rstrip('_')}__", _method)
    setattr(RunTime, f"__r{_name.rstrip('_')}__", _reflected)
for _name in ("neg", "pos", "abs"):
    setattr(RunTime, f"__{_name}__", _unary(getattr(operator, _name)))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(RunTime, f"__{_name}__", _compared(getattr(operator, _name)))
