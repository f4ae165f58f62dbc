"""Python objects for native code: where their fields lie, functions made of addresses.

Nothing is assumed about the layout of objects: it is found by putting objects into
fields and looking where they went. Where that fails, there is no native code.
"""

from __future__ import annotations

import ctypes
import platform
import sys
import sysconfig
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..cpu.target import forever

FASTCALL, ONE, NONE = 0x0080 | 0x0002, 0x0008, 0x0004
"""How a function is called: many arguments and keywords; one; none but `self`."""


class Unknown(Exception):
    """An object is not laid out as native code expects."""


class _Method(ctypes.Structure):
    """PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


def unsupported() -> str | None:
    """Why this interpreter cannot have native code, None where it can."""
    if sys.implementation.name != "cpython":
        return f"{sys.implementation.name} is not CPython"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "this Python runs without a global lock"
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return f"Python {sys.version_info[0]}.{sys.version_info[1]} was not tested"
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64"):
        return f"{sys.platform} on {platform.machine()} was not tested"
    if ctypes.sizeof(ctypes.c_void_p) != 8 or sys.byteorder != "little":
        return "a 64-bit little-endian machine is needed"
    return None


def word(address: int) -> int:
    """The word at an address."""
    return ctypes.c_uint64.from_address(address).value


def header() -> dict[str, int]:
    """Where the type of an object is, and the number of references to it."""
    thing = _Probe()
    if word(id(thing) + 8) != id(_Probe):
        raise Unknown("the type of an object")
    before = word(id(thing)) & 0xFFFFFFFF
    others = [thing] * 3
    if (word(id(thing)) & 0xFFFFFFFF) - before != len(others):
        raise Unknown("the references to an object")
    # Objects that are not counted, from 3.12 on, have this set in their number.
    return {"type": 8, "references": 0, "immortal": word(id(None)) & 1 << 31}


class _Probe:
    __slots__ = ()


def fields(prefix: str, make: Callable[[], Any], *names: str) -> dict[str, int]:
    """Where fields with ``__slots__`` lie in objects of a class, by name.

    ``make()`` gives an object in which they can be set at will.
    """
    found = {}
    thing = make()
    end = type(thing).__basicsize__
    for name in names:
        places = set(range(16, end, 8))
        for _ in range(2):
            mark = _Probe()
            setattr(thing, name, mark)
            places = {at for at in places if word(id(thing) + at) == id(mark)}
        if len(places) != 1:
            raise Unknown(f"{type(thing).__name__}.{name}")
        (found[f"{prefix}_{name.lstrip('_')}"],) = places
        delattr(thing, name)
    return found


def slice_fields() -> dict[str, int]:
    """Where the bounds of a slice are."""
    marks = _Probe(), _Probe(), _Probe()
    thing = slice(*marks)
    found = {}
    for name, mark in zip(("start", "stop", "step"), marks, strict=True):
        places = [
            at
            for at in range(16, slice.__basicsize__, 8)
            if word(id(thing) + at) == id(mark)
        ]
        if len(places) != 1:
            raise Unknown(f"slice.{name}")
        (found[f"slice_{name}"],) = places
    return found


def cell_fields() -> dict[str, int]:
    """Where a cell of a function has its content."""
    mark = _Probe()
    cell = types.CellType(mark)
    found = {"cell_content": 16}
    if word(id(cell) + found["cell_content"]) != id(mark):
        raise Unknown("a cell")
    return found


def all_fields(make: Callable[[], Any]) -> list[int]:
    """Where all fields of the objects of a class lie, which has to have no others."""
    cls = type(make())
    if cls.__dictoffset__:
        raise Unknown(f"the attributes of {cls.__name__}")
    names = [n for c in cls.__mro__ for n in c.__dict__.get("__slots__", ())]
    own = [name for name in names if name != "__weakref__"]
    places = sorted(fields("its", make, *own).values())
    there = set(range(16, cls.__basicsize__, 8)) - {cls.__weakrefoffset__}
    if set(places) != there:
        raise Unknown(f"the fields of {cls.__name__}")
    return places


def sequences() -> dict[str, int]:
    """Where tuples and lists have their sizes and items."""
    marks = [_Probe() for _ in range(5)]
    items = tuple(marks)
    more = list(marks)
    more.append(marks[0])  # now there is room for others
    found = {
        **{"tuple_size": 16, "tuple_items": 24},
        **{"list_size": 16, "list_items": 24, "list_room": 32},
    }
    at = id(items) + found["tuple_items"]
    sizes = word(id(items) + 16), word(id(more) + 16)
    if sizes != (5, 6) or [word(at + 8 * i) for i in range(5)] != [*map(id, marks)]:
        raise Unknown("a tuple")
    room = word(id(more) + found["list_room"])
    if more.__sizeof__() != list.__basicsize__ + 8 * room or room < len(more):
        raise Unknown("a list")
    at = word(id(more) + found["list_items"])
    if [word(at + 8 * i) for i in range(5)] != [*map(id, marks)]:
        raise Unknown("the items of a list")
    return found


def integers() -> dict[str, int]:
    """Where integers of one digit have their value, and what says that they are."""
    examples = {
        "int_one_digit": (1, 7, 255, 256, 12345, (1 << 30) - 1),
        "int_zero": (0,),
        "int_negative": (-1, -2, -12345, -(1 << 30) + 1),
    }
    found = {"int_tag": 16, "int_digit": 24}
    for name, numbers in examples.items():
        found[name] = word(id(numbers[0]) + 16)
        for number in numbers:
            if word(id(number) + 16) != found[name]:
                raise Unknown("an integer")
            if number and word(id(number) + 24) & 0xFFFFFFFF != abs(number):
                raise Unknown("the value of an integer")
    tags = [found[name] for name in examples]
    tags += [word(id(x) + 16) for x in (1 << 30, 1 << 62, -(1 << 30), -(1 << 62))]
    if len({*tags}) < 5 or {*tags[:3]} & {*tags[3:]}:
        raise Unknown("an integer of more digits")
    return found


ALLOC, DEALLOC = 47, 52
"""Numbers of functions of a class in CPython's stable interface."""


def place_in_type(cls: type, number: int) -> int:
    """Where a class, made by a class statement, has one of its functions."""
    slot_of = ctypes.pythonapi.PyType_GetSlot
    slot_of.argtypes = [ctypes.py_object, ctypes.c_int]
    slot_of.restype = ctypes.c_void_p
    function = slot_of(cls, number)
    words = (ctypes.c_uint64 * (object.__sizeof__(cls) // 8)).from_address(id(cls))[:]
    if function is None or words.count(function) != 1:
        raise Unknown(f"function {number} of {cls.__name__}")
    return id(cls) + 8 * words.index(function)


def write_word(address: int, number: int) -> None:
    """Change the word at an address."""
    ctypes.c_uint64.from_address(address).value = number


def use_for_type(cls: type, number: int, address: int) -> None:
    """Let native code make, or free, the objects of a class, where CPython did."""
    place = place_in_type(cls, number)
    if word(place) != word(place_in_type(_Probe, number)):
        raise Unknown(f"function {number} of {cls.__name__}: it is not CPython's")
    write_word(place, address)


def arrays() -> dict[str, int]:
    """Where arrays and dtypes of NumPy's have their fields, as NumPy's headers say.

    They are part of the interface that NumPy keeps; looked at once more all the same.
    """
    found = {
        "numpy_rank": 24,
        "numpy_extents": 32,
        "numpy_strides": 40,
        "numpy_base": 48,
        "numpy_descr": 56,
        "array_flags": 64,
        "dtype_type": 16,
    }
    base = np.empty((2, 5, 7), np.float32)
    array, at = base[:, 1:4], {name: id(base) + k for name, k in found.items()}
    own = {name: word(place) for name, place in at.items()}
    there = id(array.dtype), 0
    axes = [
        [word(own[name] + 8 * k) for k in range(array.ndim)]
        for name in ("numpy_extents", "numpy_strides")
    ]
    known = [*map(list, (base.shape, base.strides))]
    if (own["numpy_descr"], own["numpy_base"]) != there or axes != known:
        raise Unknown("an array")
    if own["numpy_rank"] & 0xFFFFFFFF != array.ndim:
        raise Unknown("the number of axes of an array")
    if word(id(array) + found["numpy_base"]) != id(base):
        raise Unknown("the base of an array")
    base.flags.writeable = False
    if word(at["array_flags"]) != own["array_flags"] ^ 0x400:
        raise Unknown("the flags of an array")
    if word(id(base.dtype) + found["dtype_type"]) != id(np.float32):
        raise Unknown("the type of a dtype")
    return found


def _definition(name: str, address: int, flags: int, doc: str) -> Any:
    made = _Method(name.encode(), address, flags, doc.encode() or None)
    forever(made)
    return made


def function(name: str, address: int, flags: int, doc: str = "") -> Any:
    """A built-in function whose code is at an address."""
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    make.restype = ctypes.py_object
    return make(ctypes.byref(_definition(name, address, flags, doc)), None, None)


def method(cls: type, name: str, address: int, flags: int, doc: str = "") -> Any:
    """A method of a class whose code is at an address, to be set as its attribute."""
    make = ctypes.pythonapi.PyDescr_NewMethod
    make.argtypes = [ctypes.py_object, ctypes.c_void_p]
    make.restype = ctypes.py_object
    return make(cls, ctypes.byref(_definition(name, address, flags, doc)))
