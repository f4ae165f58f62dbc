"""Object files brought into memory without LLVM.

LLVM's library takes 30 ms to load, and its linker a quarter of a millisecond for a
kernel. Our code names all things by addresses of 64 bits (`target.machine`), so that
one kind of relocation occurs, and linking is to add addresses: 60 us. What a file has
besides is left to LLVM. Tables for unwinding are left out: no exception of C++ passes
through our code, and most of it has none.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
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
"""Flags of sections that may stand beside those of SHF_WRITE and SHF_ALLOC, in this
order: SHF_EXECINSTR, SHF_MERGE, SHF_STRINGS and SHF_X86_64_LARGE.
"""

MOST = 2**26
"""Bytes of a file in memory: no kernel has as many."""

_BYTES = np.arange(8)


class Unlinkable(Exception):
    """A file that has something which only LLVM can bring in."""


class MissingSymbol(Exception):
    """Machine code needs what is not there: a function, LLVM, memory that may be run.

    Whoever wanted the code does without it.
    """


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
        If the file is damaged.
    MissingSymbol
        If it has no such function.
    Unlinkable
        If it has something that only LLVM can bring in.
    """
    if not is_known():
        raise Unlinkable("not x86-64, or not with the calls of Linux")
    file = read(code)
    if file.machine != X86_64:
        raise Unlinkable(f"machine {file.machine}")
    image = _image(file.sections)
    if image.size > MOST:
        raise damaged(f"{image.size} bytes")
    _check_symbols(file)
    outside = {name: _address_outside(name) for name in file.undefined()}
    patches = _patches(file, image)
    try:  # from here on memory is taken, so this comes last
        start = room.reserve(image.size)
        values = _values(file, image, start, outside)
        _fill(file, image, start)
        _relocate(image, start, patches, np.array(values, np.uint64))
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
            raise MissingSymbol(name)
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


def _values(
    file: ObjectFile, image: Image, start: int, outside: Mapping[str, int]
) -> list[int]:
    """What the symbols of a file stand for; 0 for those of what is not needed."""
    values = []
    for name, _, section, value in file.symbols:
        if section == UNDEFINED:
            values.append(outside[name] if name else 0)
        elif section == ABSOLUTE:
            values.append(value)
        else:
            place = image.places[section]
            values.append(0 if place is None else start + place + value)
    return values


@once
def _process() -> Any:
    """What is visible everywhere in this process: the interpreter's functions, and
    those of libraries that are loaded for all.
    """
    return ctypes.CDLL(None)


def _address_outside(name: str) -> int:
    """The address of a function of this process."""
    try:
        found = _process()[name]
    except AttributeError:
        raise Unlinkable(f"{name} is not in this process") from None
    return int(ctypes.cast(found, ctypes.c_void_p).value or 0)


def _check_symbols(file: ObjectFile) -> None:
    """Raise for symbols that are unknown, or nowhere."""
    for _, _, number, value in file.symbols:
        if number in (UNDEFINED, ABSOLUTE):
            continue
        if number >= RESERVED:
            raise Unlinkable(f"a symbol of section {number}")
        if number >= len(file.sections) or value > file.sections[number].size:
            raise damaged("a symbol is nowhere")


def _patches(file: ObjectFile, image: Image) -> list[tuple[int, Any]]:
    """Where sections are to be, and the rows that say what is written into them."""
    patches = []
    for section in file.sections:
        if section.kind not in (ADDENDS, NO_ADDENDS):
            continue
        if section.about >= len(file.sections):
            raise damaged("relocations of nothing")
        place = image.places[section.about]
        if place is not None:
            if section.kind == NO_ADDENDS:
                raise Unlinkable("relocations without addends")
            rows = file.relocations(section)
            _check(rows, file.sections[section.about].size, len(file.symbols))
            patches.append((place, rows))
    return patches


def _check(rows: Any, size: int, symbols: int) -> None:
    """Raise for relocations that are unknown, or not within a section of this size."""
    if ((rows["info"] & 0xFFFFFFFF) != ADDRESS).any():
        raise Unlinkable("a relocation other than of addresses")
    if (rows["info"] >> 32 >= symbols).any() or (rows["offset"] > size - 8).any():
        raise damaged("a relocation is nowhere")


def _fill(file: ObjectFile, image: Image, start: int) -> None:
    """Write sections into memory, which was zeros."""
    for section, place in zip(file.sections, image.places, strict=True):
        if place is not None and section.kind == PROGRAM:
            content = file.code[section.offset : section.offset + section.size]
            ctypes.memmove(start + place, content, section.size)


def _relocate(
    image: Image, start: int, patches: Sequence[tuple[int, Any]], values: Any
) -> None:
    """Write addresses where sections name symbols."""
    memory: Any = (ctypes.c_uint8 * image.size).from_address(start)
    written = np.frombuffer(memory, np.uint8)
    for place, rows in patches:
        found = values[rows["info"] >> 32] + rows["addend"].view(np.uint64)
        where = rows["offset"].astype(np.int64)[:, None] + (place + _BYTES)
        written[where] = found.view(np.uint8).reshape(-1, 8)
