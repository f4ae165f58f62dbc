"""What a function reads besides its arguments: found, and compared between calls.

From its code (and that of what it calls) come the names; from the names the objects:
globals, closures, attributes, the contents of containers. Arrays are taken by
reference. All else must be the same at the next call, or the call is recorded anew; an
object whose state cannot be compared is refused.
"""

from __future__ import annotations

import builtins
import dis
import functools
import types
from collections.abc import Callable, Iterator
from operator import is_
from typing import Any, NamedTuple

import numpy as np

from engine.array import Array
from engine.random import Generator, default_generator
from engine.record.runtime import RunTime

MOST = 20_000
"""Objects that a function may reach: comparing more costs more than recording."""

ATOMS = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    type(...),
    type(NotImplemented),
    slice,
    range,
    np.generic,
    np.dtype,
)

_PURE_MODULES = frozenset(
    "math cmath operator _operator itertools functools _functools collections "
    "typing abc dataclasses enum types numbers".split()
)
_PURE_BUILTINS = frozenset(
    "abs all any bin bool bytes callable chr complex delattr dict divmod enumerate "
    "filter float format frozenset getattr hasattr hash hex int isinstance issubclass "
    "iter len list map max min next object oct ord pow property range repr reversed "
    "round set setattr slice sorted staticmethod classmethod str sum super tuple type "
    "zip __build_class__ __debug__ __name__".split()
)
_IMPURE = frozenset(
    "engine.eval engine.explain engine.initial_seed engine.load engine.manual_seed "
    "engine.reset_stats engine.save engine.seed engine.set_default_dtype "
    "engine.set_printoptions engine.stats "
    "numpy.fromfile numpy.load numpy.loadtxt numpy.memmap numpy.save numpy.savetxt "
    "numpy.savez numpy.savez_compressed numpy.set_printoptions numpy.seterr".split()
) - {"engine.eval"}


class Refused(Exception):
    """Why a call cannot be captured, and the user's line.

    `lasting` says that no later call can be either.
    """

    def __init__(self, reason: str, line: str, lasting: bool = True) -> None:
        super().__init__(f"{reason}; at {line}")
        self.reason, self.line, self.lasting = reason, line, lasting


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
        if len(container) != len(values):
            return path
        if keys is None:
            pairs = zip(range(len(values)), container, values, strict=True)
        else:
            if not all(map(same, container, keys)):
                return path
            pairs = zip(keys, container.values(), values, strict=True)
        for place, now, before in pairs:
            if not same(now, before):
                return f"{path}[{place!r}]" if not callable(place) else path
        return None

    def restore(self) -> None:
        """Put numbers in the place of what stood in for them."""
        container, keys, values, _ = self
        items = enumerate(values) if keys is None else zip(keys, values, strict=True)
        if isinstance(container, (dict, list)):
            for key, _value in list(items):
                if type(container[key]) is RunTime:
                    container[key] = container[key].value


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


def same(now: Any, before: Any) -> bool:
    """Whether an object is what it was: the same, or an equal number or string."""
    if now is before or before is ANY:
        return True
    if type(now) is not type(before):
        return False
    return isinstance(now, ATOMS) and repr(now) == repr(before)


class Reach:
    """All that is reached from some roots.

    Attributes
    ----------
    handles : list of Array
        The arrays, in the order in which they were found.
    guards : list of Guard
    """

    def __init__(self) -> None:
        self.handles: list[Array] = []
        self.paths: list[str] = []
        self.guards: list[Guard] = []
        self.names: set[str] = set()
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
                assert guard.keys is not None
                guard.values[guard.keys.index(key)] = ANY

    # -- objects --------------------------------------------------------------------
    def _visit(self, thing: Any, path: str, line: str) -> None:
        kind = type(thing)
        if isinstance(thing, Array):
            self.handles.append(thing)
            self.paths.append(path)
        elif isinstance(thing, np.ndarray):
            raise Refused(
                f"it reads the NumPy array {path}, whose elements may change: make it "
                "an argument, or an array of Engine",
                line,
            )
        elif isinstance(thing, types.FunctionType):
            if not is_known(thing, path, line):
                self._function(thing, path)
        elif isinstance(thing, types.MethodType):
            self._push(line, (thing.__self__, path), (thing.__func__, path))
        elif isinstance(thing, functools.partial):
            self._push(line, (thing.func, path), (thing.args, path))
            self._push(line, (thing.keywords, path))
        elif isinstance(thing, (staticmethod, classmethod)):
            self._push(line, (thing.__func__, path))
        elif isinstance(thing, property):
            for part in (thing.fget, thing.fset, thing.fdel):
                self._push(line, (part, path))
        elif isinstance(thing, type):
            if not is_known(thing, path, line):
                self._classes.append((thing, path, line))
                self.guards.append(_mapping(vars(thing), path))
        elif kind is tuple or kind is frozenset:
            self._items(thing, path, line)
        elif kind in (list, set):
            self.guards.append(Table(thing, None, list(thing), path))
            self._items(thing, path, line)
        elif isinstance(thing, dict):
            self._mapping(thing, path, line)
        elif isinstance(thing, Generator):
            pass  # its draws are counted; see record.runtime
        elif isinstance(thing, types.ModuleType) or not is_known(thing, path, line):
            self._instance(thing, path, line)

    def _push(self, line: str, *items: tuple[Any, str]) -> None:
        self._stack += [(thing, path, line) for thing, path in items]

    def _items(self, things: Any, path: str, line: str) -> None:
        for number, item in enumerate(things):
            self._push(line, (item, f"{path}[{number}]"))

    def _mapping(self, thing: Any, path: str, line: str) -> None:
        self.guards.append(_mapping(thing, path))
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
        heap = type(thing).__flags__ & (1 << 9)  # made by a class statement
        if isinstance(thing, types.ModuleType) or not heap or not (plain or slots):
            raise Refused(
                f"it reads {path}, a {type(thing).__name__}, whose state cannot be "
                "compared between calls",
                line,
            )
        if plain:
            self.guards.append(_mapping(vars(thing), path))
            for name, item in vars(thing).items():
                self._push(line, (item, f"{path}.{name}"))
        for name in slots:
            get = functools.partial(getattr, thing, name, MISSING)
            self._name(get, f"{path}.{name}", line)
        self._push(line, (type(thing), type(thing).__name__))

    def _name(self, get: Callable[[], Any], path: str, line: str) -> Any:
        value = get()
        self.guards.append(Name(get, value, path))
        if value is not MISSING:
            self._push(line, (value, path))
        return value

    # -- code -----------------------------------------------------------------------
    def _function(self, function: types.FunctionType, path: str) -> None:
        """What a function reads by name, and its defaults."""
        code = function.__code__
        line = f"{code.co_filename}:{code.co_firstlineno}"
        name = function.__name__
        for part in ("__defaults__", "__kwdefaults__", "__code__"):
            get = functools.partial(getattr, function, part)
            self.guards.append(Name(get, get(), f"{name}.{part}"))
        self._push(line, (function.__defaults__, f"a default of {name}"))
        self._push(line, (function.__kwdefaults__, f"a default of {name}"))
        cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
        for one in _codes(code):
            self._code(one, function.__globals__, cells)

    def _code(
        self, code: types.CodeType, names: dict[str, Any], cells: dict[str, Any]
    ) -> None:
        if code.co_flags & 0x2A0:  # a generator or coroutine; expressions are local
            if code.co_name != "<genexpr>":
                line = f"{code.co_filename}:{code.co_firstlineno}"
                raise Refused(f"{code.co_name} is a generator or coroutine", line)
        chain: Any = MISSING  # what the attributes that follow are read from
        path = line = ""
        for step in dis.get_instructions(code):
            number = step.positions.lineno if step.positions else None
            name, what = step.argval, step.opname
            if what.startswith(("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER")):
                self.names.add(name)
                if isinstance(chain, (types.ModuleType, type)):
                    path = f"{path}.{name}"
                    if _impure(chain, name):
                        raise Refused(f"it calls {path}, which has effects", line)
                    get = functools.partial(getattr, chain, name, MISSING)
                    chain = self._link(get, path, line)
                    continue
            self._end(chain, path, line)
            chain = MISSING
            line = f"{code.co_filename}:{number or code.co_firstlineno}"
            if what in ("LOAD_GLOBAL", "LOAD_NAME"):
                path = name
                chain = self._global(names, name, line)
            elif what in ("LOAD_DEREF", "LOAD_CLASSDEREF") and name in cells:
                path = name
                get = functools.partial(_content, cells[name])
                chain = self._link(get, path, line)
            elif what in ("STORE_GLOBAL", "DELETE_GLOBAL"):
                raise Refused(f"it writes the global {name}", line)
            elif what in ("STORE_DEREF", "DELETE_DEREF") and name in cells:
                raise Refused(
                    f"it writes the variable {name} of the outer function", line
                )
            elif what == "IMPORT_NAME":
                raise Refused(f"it imports {name}", line)
        self._end(chain, path, line)

    def _link(self, get: Callable[[], Any], path: str, line: str) -> Any:
        """A value that a name leads to; attributes of modules may follow."""
        value = get()
        self.guards.append(Name(get, value, path))
        return value

    def _global(self, names: dict[str, Any], name: str, line: str) -> Any:
        if name in names:
            return self._link(functools.partial(names.get, name, MISSING), name, line)
        self.guards.append(
            Name(functools.partial(names.get, name, MISSING), MISSING, name)
        )
        if hasattr(builtins, name):
            found = getattr(builtins, name)
            known = isinstance(found, type) and issubclass(found, BaseException)
            if (
                not known
                and name not in _PURE_BUILTINS
                and not isinstance(found, ATOMS)
            ):
                raise Refused(f"it calls {name}, which has effects", line)
        return MISSING

    def _end(self, value: Any, path: str, line: str) -> None:
        """The end of a chain of attributes: what is used."""
        if value is MISSING:
            return
        if isinstance(value, types.ModuleType):
            if not _is_ours(value.__name__):
                raise Refused(f"it uses the module {path} as a value", line)
            return
        self._push(line, (value, path))

    def _members(self) -> bool:
        """Put what classes have under names that code asks for on the stack."""
        for cls, path, line in self._classes:
            for one in cls.__mro__:
                if _is_ours(one.__module__) or one.__module__ == "builtins":
                    continue
                for name, member in vars(one).items():
                    special = name[:2] == "__" and callable(member)
                    if (name in self.names or special) and id(member) not in self._seen:
                        if not isinstance(member, (*ATOMS, *_DESCRIPTORS)):
                            self._push(line, (member, f"{path}.{name}"))
        return bool(self._stack)


_DESCRIPTORS = (types.GetSetDescriptorType, types.MemberDescriptorType, dict)


def _mapping(thing: Any, path: str) -> Table:
    return Table(thing, list(thing), list(thing.values()), path)


def _slots(cls: type) -> tuple[str, ...]:
    found = vars(cls).get("__slots__", ())
    return (found,) if isinstance(found, str) else tuple(found)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return MISSING


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """A code object, and those of functions and comprehensions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _is_ours(module: str) -> bool:
    """Whether a module is part of Engine or NumPy, whose functions keep no state."""
    root = module.partition(".")[0]
    return root in ("engine", "numpy") or module in _PURE_MODULES


def _impure(owner: Any, name: str) -> bool:
    module = getattr(owner, "__name__", "")
    return module == "numpy.random" or f"{module}.{name}" in _IMPURE


def is_known(thing: Any, path: str, line: str) -> bool:
    """Whether a callable or class does nothing but compute; refuses what has effects."""
    if isinstance(thing, (types.BuiltinFunctionType, np.ufunc)):
        module = getattr(thing, "__module__", None) or "numpy"
        owner = getattr(thing, "__self__", None)
        bound = owner is not None and not isinstance(owner, (types.ModuleType, type))
        name = getattr(thing, "__name__", "")
        if module == "builtins" and not bound and name in _PURE_BUILTINS:
            return True
        if bound or not _is_ours(module) or module.startswith("numpy.random"):
            raise Refused(f"it calls {path}, which may have effects", line)
        return True
    if isinstance(thing, types.ModuleType):
        return False
    if isinstance(thing, (type, types.FunctionType)):
        module = getattr(thing, "__module__", None) or ""
        short = f"{module.partition('.')[0]}.{getattr(thing, '__name__', '')}"
        if short in _IMPURE and _is_ours(module):
            raise Refused(f"it calls {path}, which has effects", line)
        return _is_ours(module) or module == "builtins"
    return _is_stateless(thing)


def _is_stateless(thing: Any) -> bool:
    """Whether an object of a class of Engine, NumPy or Python keeps no state."""
    if isinstance(thing, (types.MethodDescriptorType, types.WrapperDescriptorType)):
        return True
    module = type(thing).__module__
    if module == "typing":
        return True
    return _is_ours(module) and not module.startswith(_STATEFUL)


_STATEFUL = ("engine.nn", "engine.optim", "engine.numpy.random", "numpy.random")
