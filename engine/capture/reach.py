"""What a function reads besides its arguments: found, and compared between calls.

From its code (and that of what it calls) come the names; from the names the objects:
globals, closures, attributes, the contents of containers. Arrays are taken by
reference. All else must be the same at the next call, or the call is recorded anew; an
object whose state cannot be compared is refused.
"""

from __future__ import annotations

import builtins
import functools
import types
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.array import Array
from engine.capture.code import Use, line_of, names_of
from engine.capture.effects import (
    PURE_BUILTINS,
    Refused,
    check_attribute,
    is_known,
    is_ours,
)
from engine.capture.guards import ANY, ATOMS, MISSING, Guard, Name, Table, table
from engine.random import Generator, default_generator

MOST = 20_000
"""Objects that a function may reach: comparing more costs more than recording."""


_PARTS: dict[Any, tuple[str, ...]] = {
    types.MethodType: ("__self__", "__func__"),
    functools.partial: ("func", "args", "keywords"),
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    property: ("fget", "fset", "fdel"),
    type(functools.lru_cache(len)): ("__wrapped__",),
}
"""What objects without state of their own are made of."""


class Reach:
    """All that is reached from some roots.

    Attributes
    ----------
    handles : list of Array
        The arrays, in the order in which they were found.
    guards : list of Guard
    asks_types : bool
        Whether code asks for the type of something.
    """

    def __init__(self) -> None:
        self.handles: list[Array] = []
        self.guards: list[Guard] = []
        self.names: set[str] = set()
        self.asks_types = False
        self._seen: dict[int, Any] = {id(default_generator): default_generator}
        self._stack: list[tuple[Any, str, str]] = []
        self._classes: list[tuple[type, str, str]] = []

    def knows(self, thing: Any) -> bool:
        """Whether an object was reached."""
        return id(thing) in self._seen

    def add(self, thing: Any, path: str, line: str) -> None:
        """Follow a root to everything that it reaches."""
        self._stack.append((thing, path, line))
        while self._stack or self._members():
            item = self._stack.pop()
            if id(item[0]) in self._seen or isinstance(item[0], ATOMS):
                continue
            self._seen[id(item[0])] = item[0]
            if len(self._seen) > MOST:
                raise Refused(
                    f"it reaches more than {MOST} objects through {path}", line
                )
            self._visit(*item)

    def changed(self) -> str | None:
        """The path of something that is not what it was."""
        for guard in self.guards:
            if not guard.holds():
                path = guard.changed()
                if path is not None:
                    return path
        return None

    def exclude(self, container: Any, key: Any) -> None:
        """Let one entry of a mapping change."""
        for guard in self.guards:
            if isinstance(guard, Table) and guard.container is container:
                keys = guard.keys or ()
                if key in keys:
                    guard.values[keys.index(key)] = ANY

    # -- objects --------------------------------------------------------------------
    def _visit(self, thing: Any, path: str, line: str) -> None:
        kind = type(thing)
        if isinstance(thing, Array):
            self.handles.append(thing)
        elif isinstance(thing, np.ndarray):
            raise Refused(
                f"it reads the NumPy array {path}, whose elements may change: make it "
                "an argument, or an array of Engine",
                line,
            )
        elif isinstance(thing, Generator):
            pass  # its draws are counted; see record.runtime
        elif isinstance(thing, tuple) or kind is frozenset:
            self._items(thing, path, line)
        elif kind in (list, set, deque):
            self.guards.append(Table(thing, None, list(thing), path))
            self._items(thing, path, line)
        elif isinstance(thing, dict):
            self._mapping(thing, path, line)
        elif isinstance(thing, tuple(_PARTS)):
            names = next(_PARTS[one] for one in _PARTS if isinstance(thing, one))
            self._push(line, *((getattr(thing, name), path) for name in names))
        elif isinstance(thing, types.ModuleType) or not is_known(thing, path, line):
            self._look_into(thing, path, line)

    def _look_into(self, thing: Any, path: str, line: str) -> None:
        """A function, a class or an object that somebody else has written."""
        if isinstance(thing, types.FunctionType):
            self._function(thing)
        elif isinstance(thing, type):
            self._classes.append((thing, path, line))
            self.guards.append(table(vars(thing), path))
        else:
            self._instance(thing, path, line)

    def _push(self, line: str, *items: tuple[Any, str]) -> None:
        self._stack += [(thing, path, line) for thing, path in items]

    def _items(self, things: Any, path: str, line: str) -> None:
        for number, item in enumerate(things):
            self._push(line, (item, f"{path}[{number}]"))

    def _mapping(self, thing: Any, path: str, line: str) -> None:
        self.guards.append(table(thing, path))
        for key, item in thing.items():
            name = repr(key) if isinstance(key, ATOMS) else "..."
            self._push(line, (key, path), (item, f"{path}[{name}]"))

    def _instance(self, thing: Any, path: str, line: str) -> None:
        """An object of a class written in Python: its attributes, and its class."""
        slots = [
            name
            for cls in type(thing).__mro__
            for name in _slots(cls)
            if name not in ("__weakref__", "__dict__")
        ]
        plain = isinstance(getattr(thing, "__dict__", None), dict)
        if isinstance(thing, types.ModuleType) or not _is_python(type(thing)):
            raise Refused(
                f"it reads {path}, a {type(thing).__name__}, whose state cannot be "
                "compared between calls",
                line,
            )
        if plain:
            self.guards.append(table(vars(thing), path))
            for name, item in vars(thing).items():
                self._push(line, (item, f"{path}.{name}"))
        for name in slots:
            get = functools.partial(getattr, thing, name, MISSING)
            value = self._read(get, f"{path}.{name}")
            if value is not MISSING:
                self._push(line, (value, f"{path}.{name}"))
        self._push(line, (type(thing), type(thing).__name__))

    # -- code -----------------------------------------------------------------------
    def _function(self, function: types.FunctionType) -> None:
        """What a function reads by name, and its defaults."""
        code, name = function.__code__, function.__name__
        found = names_of(code)
        if found.refused is not None:
            raise found.refused
        line = line_of(code)
        for part in ("__code__", "__defaults__", "__kwdefaults__"):
            self._read(functools.partial(getattr, function, part), f"{name}.{part}")
        self._mapping(vars(function), name, line)
        self._push(line, (function.__defaults__, f"a default of {name}"))
        self._push(line, (function.__kwdefaults__, f"a default of {name}"))
        self.names |= found.attributes
        cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
        for use in found.uses:
            self._use(use, function.__globals__, cells)

    def _use(self, use: Use, names: dict[str, Any], cells: dict[str, Any]) -> None:
        """Follow a name through the attributes of modules and classes."""
        path, line = use.name, use.line
        if not use.is_global:
            value = self._read(functools.partial(_content, cells[path]), path)
        else:
            value = self._read(functools.partial(names.get, path, MISSING), path)
            if value is MISSING:
                self._builtin(path, line)
                return
        for name in use.attributes:
            if not isinstance(value, (types.ModuleType, type)):
                break
            path = f"{path}.{name}"
            check_attribute(value, name, path, line)
            get = functools.partial(getattr, value, name, MISSING)
            ours = isinstance(value, types.ModuleType) and is_ours(value.__name__)
            value = get() if ours else self._read(get, path)
        if isinstance(value, types.ModuleType):
            if not is_ours(value.__name__):
                raise Refused(f"it uses the module {path} as a value", line)
        elif value is not MISSING:
            self._push(line, (value, path))

    def _builtin(self, name: str, line: str) -> None:
        found = getattr(builtins, name, None)
        if isinstance(found, type) and issubclass(found, BaseException):
            return
        self.asks_types |= name == "type"
        if name not in PURE_BUILTINS and not isinstance(found, ATOMS):
            raise Refused(f"it calls {name}, which has effects", line)

    def _read(self, get: Callable[[], Any], path: str) -> Any:
        """Guard what a name leads to."""
        value = get()
        self.guards.append(Name(get, value, path))
        return value

    def _members(self) -> bool:
        """Put on the stack what classes have under names that code asks for."""
        for cls, path, line in self._classes:
            # Code of Engine calls what subclasses of its classes define.
            called = any(is_ours(one.__module__) for one in cls.__mro__)
            for one in cls.__mro__:
                if is_ours(one.__module__) or one.__module__ == "builtins":
                    continue
                for name, member in vars(one).items():
                    special = callable(member) and (called or name[:2] == "__")
                    known = id(member) in self._seen or isinstance(member, _DESCRIBE)
                    known = known or name == "__repr__"
                    if (name in self.names or special) and not known:
                        self._push(line, (member, f"{path}.{name}"))
        return bool(self._stack)


_DESCRIBE = (*ATOMS, types.GetSetDescriptorType, types.MemberDescriptorType, dict)
"""What classes have that no code of theirs is in."""


def _is_python(cls: type) -> bool:
    """Whether all state of its instances is in attributes: no part is written in C."""
    return cls is types.SimpleNamespace or all(
        one.__flags__ & _HEAP
        and not isinstance(vars(one).get("__new__"), types.BuiltinFunctionType)
        for one in cls.__mro__
        if one is not object
    )


_HEAP = 1 << 9
"""The flag of classes that were made while Python ran (Py_TPFLAGS_HEAPTYPE)."""


def _slots(cls: type) -> tuple[str, ...]:
    found = vars(cls).get("__slots__", ())
    return (found,) if isinstance(found, str) else tuple(found)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return MISSING
