"""Guards: what a function read, and whether it is still the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from operator import is_
from typing import Any, NamedTuple

import numpy as np

from engine.record.runtime import stands_in

_PLAIN = frozenset(
    (
        *(type(None), bool, int, float, complex, str, bytes, slice, range),
        *(type(...), type(NotImplemented)),
        *(np.dtype(code).type for code in np.typecodes["All"] if code not in "OV"),
    )
)
"""Classes whose objects never change; those of their subclasses may have more."""


def is_atom(x: Any) -> bool:
    """Whether an object is no more than its value, which never changes.

    Examples
    --------
    >>> is_atom(1.5), is_atom(np.float32(1)), is_atom([])
    (True, True, False)
    """
    return type(x) in _PLAIN or isinstance(x, np.dtype)


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()
ANY: Any = object()
"""In the place of a value that may change."""


class Table(NamedTuple):
    """A container, and what it held; `keys` of a mapping."""

    container: Any
    keys: list[Any] | None
    values: list[Any]
    path: str

    def holds(self) -> bool:
        """Whether it holds the very same objects."""
        container, keys, values, _ = self
        if len(container) != len(values):
            return False
        if keys is None:
            return all(map(is_, container, values))
        return all(map(is_, container.values(), values)) and all(
            map(is_, container, keys)
        )

    def changed(self) -> str | None:
        """What is not the same; equal numbers and strings are."""
        container, keys, values, path = self
        # Copied at once: another thread may change it.
        found = list(container if keys is None else container.items())
        if len(found) != len(values):
            return path
        places: Sequence[Any] = range(len(values))
        if keys is not None:
            if not all(map(same, [key for key, _ in found], keys)):
                return path
            places, found = keys, [now for _, now in found]
        for place, now, before in zip(places, found, values, strict=True):
            if not same(now, before):
                return f"{path}[{place!r}]" if is_atom(place) else path
        return None

    def restore(self) -> None:
        """Put numbers in the place of what stood in for them."""
        container = self.container
        if isinstance(container, dict):
            items: Any = list(container.items())
        elif isinstance(container, list):
            items = list(enumerate(list(container)))
        else:
            return
        for key, item in items:
            if stands_in(item):
                container[key] = item.value


class Name(NamedTuple):
    """A variable: how to get it, and what it was."""

    get: Callable[[], Any]
    value: Any
    path: str

    def holds(self) -> bool:
        """Whether it is the very same object."""
        return self.get() is self.value

    def changed(self) -> str | None:
        """Its path when it is not the same."""
        return None if same(self.get(), self.value) else self.path

    def restore(self) -> None:
        """Nothing stands in a variable for a number."""


Guard = Table | Name


class Guards:
    """Many guards, compared fast."""

    def __init__(self, guards: Sequence[Guard]) -> None:
        self._guards = guards
        self._names = [(one.get, one.value) for one in guards if type(one) is Name]
        tables = [one for one in guards if type(one) is Table]
        whole = [one for one in tables if not any(x is ANY for x in one.values)]
        mappings = [(one.container, one.keys) for one in whole if one.keys is not None]
        self._containers = [one.container for one in whole]
        self._sizes = [len(one.values) for one in whole]
        self._items = [
            one.container.__iter__ if one.keys is None else one.container.values
            for one in whole
        ]
        self._values = [value for one in whole for value in one.values]
        self._mappings = [container for container, _ in mappings]
        self._keys = [key for _, keys in mappings for key in keys]
        self._entries = [
            (one.container, len(one.values), key, value)
            for one in tables
            if any(x is ANY for x in one.values) and one.keys is not None
            for key, value in zip(one.keys, one.values, strict=True)
            if value is not ANY
        ]

    def hold(self) -> bool:
        """Whether everything is what it was."""
        for get, value in self._names:
            if get() is not value:
                return self._changed()
        if list(map(len, self._containers)) != self._sizes:
            return False
        # All in one go: a model has dozens of them, most with few items.
        items = chain.from_iterable([each() for each in self._items])
        if not all(map(is_, items, self._values)):
            return self._changed()
        if not all(map(is_, chain.from_iterable(self._mappings), self._keys)):
            return self._changed()
        for container, size, key, value in self._entries:
            if len(container) != size or container.get(key, ANY) is not value:
                return self._changed()
        return True

    def _changed(self) -> bool:
        """Whether numbers and strings are equal at least, and all else the same."""
        return all(one.holds() or one.changed() is None for one in self._guards)


def same(now: Any, before: Any) -> bool:
    """Whether an object is what it was: the same, or an equal number or string."""
    if now is before or before is ANY:
        return True
    if type(now) is not type(before):
        return False
    return is_atom(now) and repr(now) == repr(before)


def table(mapping: Any, path: str) -> Table:
    """What a mapping holds now: copied at once, as another thread may change it."""
    items = list(mapping.items())
    keys, values = [key for key, _ in items], [value for _, value in items]
    return Table(mapping, keys, values, path)
