"""Object files that LLVM makes on Linux, as they are in the cache: their parts.

A file is ELF for x86-64 (System V ABI, AMD64 supplement, chapter 4), and may be
damaged: that its parts lie within it is checked here, what symbols and relocations name
is checked by `linking`.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np

HEAD = b"\x7fELF\x02\x01"
"""A file of 64 bits, little-endian."""

UNDEFINED, ABSOLUTE, RESERVED = 0, 0xFFF1, 0xFF00
"""What a symbol has for a section: none, a plain number, from here on other things."""

PROGRAM, SYMBOLS, ADDENDS, NO_BITS, NO_ADDENDS, UNWIND = 1, 2, 4, 8, 9, 0x70000001
"""Kinds of sections: SHT_PROGBITS, _SYMTAB, _RELA, _NOBITS, _REL, _X86_64_UNWIND."""

GLOBAL = 1 << 4
"""The `info` of symbols that are seen from outside is not less."""

RELOCATION = np.dtype([("offset", "<u8"), ("info", "<u8"), ("addend", "<i8")])


class Section(NamedTuple):
    """The head of a section: where it lies in the file, and what it is for.

    `link` and `about` are numbers of sections: of the names of symbols, and of what is
    to be relocated.
    """

    kind: int
    flags: int
    offset: int
    size: int
    link: int
    about: int
    align: int


class Symbol(NamedTuple):
    """A name, and what it stands for: a place in a section, or a number."""

    name: str
    info: int
    section: int
    value: int


class ObjectFile(NamedTuple):
    """A file in parts."""

    code: bytes
    machine: int
    sections: list[Section]
    symbols: list[Symbol]

    def undefined(self) -> list[str]:
        """The names that are expected from outside."""
        return [x.name for x in self.symbols if x.section == UNDEFINED and x.name]

    def relocations(self, section: Section) -> Any:
        """The rows of a section of relocations: offset, info, addend."""
        count = section.size // RELOCATION.itemsize
        return np.frombuffer(self.code, RELOCATION, count, section.offset)


def read(code: bytes) -> ObjectFile:
    """The parts of an object file.

    Raises
    ------
    ValueError
        If `code` is no 64-bit little-endian ELF file, or is damaged.
    """
    if code[: len(HEAD)] != HEAD:
        raise ValueError("not a 64-bit little-endian ELF file")
    try:
        return _read(code)
    except (struct.error, IndexError, OverflowError, UnicodeDecodeError) as error:
        raise damaged(str(error)) from None


def damaged(why: str) -> ValueError:
    """The error for a file whose parts do not fit together."""
    return ValueError(f"a damaged object file: {why}")


def undefined_symbols(code: bytes) -> list[str]:
    """Names that an object file expects from outside.

    Raises
    ------
    ValueError
        If `code` is no 64-bit little-endian ELF file, or is damaged.
    """
    return read(code).undefined()


def _read(code: bytes) -> ObjectFile:
    (machine,) = struct.unpack_from("<H", code, 0x12)
    (table,) = struct.unpack_from("<Q", code, 0x28)
    size, count = struct.unpack_from("<HH", code, 0x3A)
    sections = [_section(code, table + k * size) for k in range(count)]
    symbols: list[Symbol] = []
    for section in sections:
        if section.kind == SYMBOLS:
            symbols += _symbols(code, section, sections[section.link])
    return ObjectFile(code, machine, sections, symbols)


def _section(code: bytes, place: int) -> Section:
    head = struct.unpack_from("<IIQQQQIIQQ", code, place)
    _, kind, flags, _, offset, size, link, about, align, _ = head
    if kind != NO_BITS and offset + size > len(code):
        raise damaged("a section is cut off")
    return Section(kind, flags, offset, size, link, about, align)


def _symbols(code: bytes, table: Section, names: Section) -> list[Symbol]:
    """The symbols of a table; the sections they name are there."""
    rows = code[table.offset : table.offset + table.size]
    found = []
    for name, info, _, section, value, _ in struct.iter_unpack("<IBBHQQ", rows):
        start = names.offset + name
        end = code.find(b"\0", start)
        if end < 0:
            raise damaged("a name has no end")
        found.append(Symbol(code[start:end].decode(), info, section, value))
    return found
