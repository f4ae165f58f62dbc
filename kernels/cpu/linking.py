"""Object files brought into memory without LLVM.

LLVM's library takes 30 ms to load, and its linker a quarter of a millisecond for a
kernel. Our code names all things by addresses of 64 bits (`target.machine`), so that
one kind of relocation occurs, and linking is to add addresses: 60 us. What a file has
besides is left to LLVM. Tables for unwinding are left out: no exception of C++ passes
through our code, and most of it has none.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache as once
from typing import Any, NamedTuple

import numpy as np

from . import room
from .object_file import (
    ABSOLUTE,
    ADDENDS,
    GLOBAL,
    NO_ADDENDS,
    NO_BITS,
    PROGRAM,
    RESERVED,
    UNDEFINED,
    UNWIND,
    ObjectFile,
    Section,
    damaged,
    read,
)
from .processor import is_known

X86_64 = 62
"""The number of these machines (EM_X86_64)."""

ADDRESS = 1
"""R_X86_64_64: eight bytes are what a symbol stands for, and a number more."""

WRITE, ALLOCATE = 1, 2
USUAL = WRITE | ALLOCATE | 4 | 0x10 | 0x20 | 0x10000000
"""Flags of sections: these, then code, equal constants, texts, and far away."""

MOST = 2**26
"""Bytes of a file in memory: no kernel has as many."""

_BYTES = np.arange(8)


class Unlinkable(Exception):
    """A file that has something which only LLVM can bring in."""


class Image(NamedTuple):
    """Where the sections of a file are to be, from the start of its memory on.

    `places` has None for those that are not needed. What is not written later comes
    first, in `fixed` bytes; the rest begins on a page of its own.
    """

    places: list[int | None]
    fixed: int
    size: int


def link(code: bytes, names: Sequence[str]) -> list[int]:
    """Bring an object file into memory; the addresses of functions of it.

    Raises
    ------
    ValueError
        If the file is damaged, or has no such function.
    Unlinkable
        If it has something that only LLVM can bring in.
    """
    if not is_known():
        raise Unlinkable("not Linux on x86-64")
    file = read(code)
    if file.machine != X86_64:
        raise Unlinkable(f"machine {file.machine}")
    image = _image(file.sections)
    if image.size > MOST:
        raise damaged(f"{image.size} bytes")
    try:
        start = room.reserve(image.size)
        values = _values(file, image, start)
        _fill(file, image, start, values)
        room.make_executable(start, image.fixed)
    except OSError as error:  # LLVM may know another way
        raise Unlinkable(str(error)) from None
    functions = {
        symbol.name: value
        for symbol, value in zip(file.symbols, values, strict=True)
        if symbol.info >= GLOBAL and symbol.section != UNDEFINED
    }
    for name in names:
        if name not in functions:
            raise damaged(f"it has no {name}")
    return [functions[name] for name in names]


def _image(sections: Sequence[Section]) -> Image:
    """The places of sections: first what is not written, then the rest."""
    places: list[int | None] = [None] * len(sections)
    ends = []
    end = 0
    for writable in (0, WRITE):
        end = room.pages(end)
        for number, section in enumerate(sections):
            if not section.flags & ALLOCATE or section.kind == UNWIND:
                continue
            if section.flags & ~USUAL or section.kind not in (PROGRAM, NO_BITS):
                raise Unlinkable(f"a section of kind {section.kind}")
            if section.flags & WRITE == writable:
                align = max(section.align, 1)
                if align > room.PAGE:
                    raise Unlinkable(f"an alignment of {align}")
                places[number] = place = -(-end // align) * align
                end = place + section.size
        ends.append(end)
    return Image(places, *ends)


def _values(file: ObjectFile, image: Image, start: int) -> list[int]:
    """What the symbols of a file stand for; 0 for those of what is not needed."""
    values = []
    for name, _, section, value in file.symbols:
        if section == UNDEFINED:
            values.append(_address_outside(name) if name else 0)
        elif section == ABSOLUTE:
            values.append(value)
        elif section >= RESERVED:
            raise Unlinkable(f"a symbol of section {section}")
        elif section >= len(file.sections) or value > file.sections[section].size:
            raise damaged("a symbol is nowhere")
        else:
            place = image.places[section]
            values.append(0 if place is None else start + place + value)
    return values


@once
def _outside() -> Any:
    """What this process has: the interpreter, and all that is loaded for all."""
    return ctypes.CDLL(None)


def _address_outside(name: str) -> int:
    """The address of a function of this process."""
    try:
        found = _outside()[name]
    except AttributeError:
        raise Unlinkable(f"{name} is not in this process") from None
    return int(ctypes.cast(found, ctypes.c_void_p).value or 0)


def _fill(file: ObjectFile, image: Image, start: int, values: Sequence[int]) -> None:
    """Write sections into memory, and addresses into them."""
    memory: Any = (ctypes.c_uint8 * image.size).from_address(start)
    written = np.frombuffer(memory, np.uint8)
    for section, place in zip(file.sections, image.places, strict=True):
        if place is not None and section.kind == PROGRAM:
            content = file.code[section.offset : section.offset + section.size]
            ctypes.memmove(start + place, content, section.size)
    numbers = np.array(values, np.uint64)
    for section in file.sections:
        if section.kind not in (ADDENDS, NO_ADDENDS):
            continue
        if section.about >= len(file.sections):
            raise damaged("relocations of nothing")
        place = image.places[section.about]
        if place is None:
            continue
        if section.kind == NO_ADDENDS:
            raise Unlinkable("relocations without addends")
        part = written[place : place + file.sections[section.about].size]
        _relocate(part, file.relocations(section), numbers)


def _relocate(part: Any, rows: Any, values: Any) -> None:
    """Write addresses where a section names symbols."""
    kinds, symbols = rows["info"] & 0xFFFFFFFF, rows["info"] >> 32
    if (kinds != ADDRESS).any():
        raise Unlinkable("a relocation other than of addresses")
    if (symbols >= len(values)).any() or (rows["offset"] > part.size - 8).any():
        raise damaged("a relocation is nowhere")
    found = values[symbols] + rows["addend"].view(np.uint64)
    where = rows["offset"].astype(np.int64)[:, None] + _BYTES
    part[where] = found.view(np.uint8).reshape(-1, 8)
