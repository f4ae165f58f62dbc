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
    GETTERS,
    PURE_BUILTINS,
    SIZES,
    Refused,
    check_attribute,
    is_known,
    is_ours,
)
from engine.capture.guards import ANY, MISSING, Guard, Name, Table, is_atom, table
from engine.random import Generator, default_generator

MOST = 20_000
"""Objects that a function may reach: comparing more costs more than recording."""


PARTS: dict[Any, tuple[str, ...]] = {
    types.MethodType: ("__self__", "__func__"),
    functools.partial: ("func", "args", "keywords"),
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    property: ("fget", "fset", "fdel"),
    type(functools.lru_cache(len)): ("__wrapped__",),
}
"""What objects without state of their own are made of; `compiled` adds its class."""


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
        self._lines: list[str] = []
        self.names: set[str] = set()
        self.asks_types = False
        self._asks_names = False
        self._seen: dict[int, Any] = {id(default_generator): default_generator}
        self._stack: list[tuple[Any, str, str]] = []
        self._classes: list[tuple[type, str, str]] = []
        self._aliased: list[tuple[types.ModuleType, str, str]] = []

    def knows(self, thing: Any) -> bool:
        """Whether an object was reached."""
        return id(thing) in self._seen

    @property
    def asks_sizes(self) -> bool:
        """Whether code may ask how many elements there are, but for `len` and `for`."""
        named = [x for x in self._seen.values() if isinstance(x, _NAMED)]
        names = self.names.union([x.__name__ for x in named])
        return self._asks_names or not names.isdisjoint(SIZES)

    def add(self, thing: Any, path: str, line: str) -> None:
        """Follow a root to everything that it reaches."""
        self._stack.append((thing, path, line))
        while self._stack or self._members():
            item = self._stack.pop()
            if id(item[0]) in self._seen or is_atom(item[0]):
                continue
            self._seen[id(item[0])] = item[0]
            self.asks_types |= item[0] is type
            if len(self._seen) > MOST:
                raise Refused(
                    f"it reaches more than {MOST} objects through {path}", line
                )
            self._visit(*item)

    def changed(self) -> tuple[str, str] | None:
        """The path of something that is not what it was, and the line that names it."""
        for guard, line in zip(self.guards, self._lines, strict=True):
            if not guard.holds():
                path = guard.changed()
                if path is not None:
                    return path, line
        return None

    def _guard(self, guard: Guard, line: str) -> None:
        self.guards.append(guard)
        self._lines.append(line)

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
        elif isinstance(thing, (np.ndarray, np.void)):
            raise Refused(
                f"it reads the NumPy array {path}, whose elements may change: make it "
                "an argument, or an array of Engine",
                line,
            )
        elif isinstance(thing, Generator):
            pass  # its draws are counted; see record.runtime
        elif isinstance(thing, (tuple, frozenset)):
            self._items(thing, path, line)
            self._rest(thing, path, line)
        elif kind in (list, set, deque):
            held = list(thing)
            self._guard(Table(thing, None, held, path), line)
            self._items(held, path, line)
        elif isinstance(thing, dict):
            self._mapping(thing, path, line)
            self._rest(thing, path, line)
        elif isinstance(thing, GETTERS):
            made_of: Any = thing.__reduce__()
            self.names.update(x for one in made_of[1] for x in str(one).split("."))
        elif isinstance(thing, tuple(PARTS)):
            names = next(PARTS[one] for one in PARTS if isinstance(thing, one))
            self._push(line, *((getattr(thing, name), path) for name in names))
            if isinstance(thing, functools.partial):
                self._mapping(vars(thing), path, line)
        elif isinstance(thing, types.ModuleType) or not is_known(thing, path, line):
            self._look_into(thing, path, line)
        elif isinstance(thing, types.FunctionType) and thing.__closure__:
            for cell in thing.__closure__:  # `grad(f)` is ours, and f is not
                if callable(_content(cell)):
                    self._push(line, (_content(cell), path))

    def _look_into(self, thing: Any, path: str, line: str) -> None:
        """A function, a class or an object that somebody else has written."""
        if isinstance(thing, types.FunctionType):
            self._function(thing)
        elif isinstance(thing, type):
            self._class(thing, path, line)
        else:
            self._instance(thing, path, line)

    def _push(self, line: str, *items: tuple[Any, str]) -> None:
        self._stack += [(thing, path, line) for thing, path in items]

    def _items(self, things: Any, path: str, line: str) -> None:
        for number, item in enumerate(things):
            self._push(line, (item, f"{path}[{number}]"))

    def _mapping(self, thing: Any, path: str, line: str) -> None:
        held = table(thing, path)
        self._guard(held, line)
        for key, item in zip(held.keys or (), held.values, strict=True):
            name = repr(key) if is_atom(key) else "..."
            self._push(line, (key, path), (item, f"{path}[{name}]"))

    def _class(self, cls: type, path: str, line: str) -> None:
        """A class: what it has, and what its bases have, which may change, too."""
        self._classes.append((cls, path, line))
        self._read(functools.partial(getattr, cls, "__mro__"), path, line)
        self._guard(table(vars(cls), path), line)
        above = () if type(cls) is type else (type(cls),)
        for one in (*cls.__mro__[1:], *above):
            self._push(line, (one, one.__name__))

    def _rest(self, thing: Any, path: str, line: str) -> None:
        """What an object of somebody's own class has besides its items."""
        if not is_known(type(thing), path, line):
            self._attributes(thing, path, line)

    def _instance(self, thing: Any, path: str, line: str) -> None:
        """An object of a class written in Python."""
        if isinstance(thing, types.ModuleType) or not _is_python(type(thing)):
            raise Refused(
                f"it reads {path}, a {type(thing).__name__}, whose state cannot be "
                "compared between calls",
                line,
            )
        self._attributes(thing, path, line)

    def _attributes(self, thing: Any, path: str, line: str) -> None:
        """The attributes of an object, and its class."""
        slots = [
            name
            for cls in type(thing).__mro__
            for name in _slots(cls)
            if name not in ("__weakref__", "__dict__")
        ]
        if isinstance(getattr(thing, "__dict__", None), dict):
            held = table(vars(thing), path)
            self._guard(held, line)
            for name in _remembered(type(thing)):
                self.exclude(vars(thing), name)
            for name, item in zip(held.keys or (), held.values, strict=True):
                if item is not ANY:
                    self._push(line, (item, f"{path}.{name}"))
        for name in slots:
            get = functools.partial(getattr, thing, name, MISSING)
            value = self._read(get, f"{path}.{name}", line)
            if value is not MISSING:
                self._push(line, (value, f"{path}.{name}"))
        cls = self._read(functools.partial(type, thing), path, line)
        self._push(line, (cls, cls.__name__))

    # -- code -----------------------------------------------------------------------
    def _function(self, function: types.FunctionType) -> None:
        """What a function reads by name, and its defaults."""
        code, name = function.__code__, function.__name__
        found = names_of(code)
        if found.refused is not None:
            raise found.refused
        line = line_of(code)
        for part in ("__code__", "__defaults__", "__kwdefaults__"):
            get = functools.partial(getattr, function, part)
            self._read(get, f"{name}.{part}", line)
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
            value = self._read(functools.partial(_content, cells[path]), path, line)
        else:
            value = self._read(functools.partial(names.get, path, MISSING), path, line)
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
            value = get() if ours else self._read(get, path, line)
        if isinstance(value, types.ModuleType):
            if not is_ours(value.__name__):
                raise Refused(f"it uses the module {path} as a value", line)
            self._aliased.append((value, path, line))
        elif value is not MISSING:
            self._push(line, (value, path))

    def _builtin(self, name: str, line: str) -> None:
        found = getattr(builtins, name, None)
        if isinstance(found, type) and issubclass(found, BaseException):
            return
        self.asks_types |= name == "type"
        self._asks_names |= name in ("getattr", "vars", "dir")
        if name not in PURE_BUILTINS and not is_atom(found):
            raise Refused(f"it calls {name}, which has effects", line)

    def _read(self, get: Callable[[], Any], path: str, line: str) -> Any:
        """Guard what a name leads to."""
        value = get()
        self._guard(Name(get, value, path), line)
        return value

    def _members(self) -> bool:
        """Put on the stack what classes have under names that code asks for.

        Of a module that goes by another name, none may be of a function with effects.
        """
        for module, path, line in self._aliased:
            for name in self.names:
                check_attribute(module, name, f"{path}.{name}", line)
            if module is np and "random" in self.names:
                raise Refused(f"it uses {path}.random, which has effects", line)
        for cls, path, line in self._classes:
            # Code of Engine calls what subclasses of its classes define.
            called = any(is_ours(one.__module__) for one in cls.__mro__)
            for one in cls.__mro__:
                if is_ours(one.__module__) or one.__module__ == "builtins":
                    continue
                for name, member in list(vars(one).items()):
                    special = callable(member) and (called or name[:2] == "__")
                    known = id(member) in self._seen or isinstance(member, _DESCRIBE)
                    known = known or is_atom(member)
                    if (name in self.names or special) and not known:
                        self._push(line, (member, f"{path}.{name}"))
        return bool(self._stack)


_DESCRIBE = (types.GetSetDescriptorType, types.MemberDescriptorType, dict)
"""What classes have that no code of theirs is in, as numbers and strings have none."""


def _is_python(cls: type) -> bool:
    """Whether all state of its instances is in attributes: no part is written in C.

    Numbers and strings, of which a class may be, never change.
    """
    return cls is types.SimpleNamespace or all(
        one in _UNCHANGING or _is_made_by_python(one) for one in cls.__mro__
    )


def _is_made_by_python(cls: type) -> bool:
    """Whether a class statement, or what does the same, made a class.

    Such a class has slots, or it or a base of it has a `__dict__` for its instances.
    """
    slotted = "__slots__" in vars(cls)
    return bool(cls.__flags__ & _HEAP) and (
        slotted or any("__dict__" in vars(one) for one in cls.__mro__)
    )


_NAMED = (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType)

_UNCHANGING = frozenset((object, int, float, complex, str, bytes))

_HEAP = 1 << 9
"""The flag of classes that were made while Python ran (Py_TPFLAGS_HEAPTYPE)."""


def _remembered(cls: type) -> list[str]:
    """Attributes by which a class of Engine is faster, and does nothing else."""
    ours = [vars(one) for one in cls.__mro__ if is_ours(one.__module__)]
    return [name for names in ours for name in names.get("REMEMBERED", ())]


def _slots(cls: type) -> list[str]:
    found = vars(cls).get("__slots__", ())
    names = (found,) if isinstance(found, str) else tuple(found)
    return [_mangled(cls, name) for name in names]


def _mangled(cls: type, name: str) -> str:
    """A name as the compiler writes it in the body of a class."""
    private = name[:2] == "__" and name[-2:] != "__"
    return f"_{cls.__name__.lstrip('_')}{name}" if private else name


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return MISSING
