"""The flags of an array, as NumPy shows them."""

from __future__ import annotations

from typing import Any

from engine.array import Array
from engine.errors import named

_NAMES = {
    "C_CONTIGUOUS": "c_contiguous",
    "CONTIGUOUS": "c_contiguous",
    "C": "c_contiguous",
    "F_CONTIGUOUS": "f_contiguous",
    "FORTRAN": "f_contiguous",
    "F": "f_contiguous",
    "OWNDATA": "owndata",
    "O": "owndata",
    "WRITEABLE": "writeable",
    "W": "writeable",
    "ALIGNED": "aligned",
    "A": "aligned",
    "WRITEBACKIFCOPY": "writebackifcopy",
    "X": "writebackifcopy",
    "FNC": "fnc",
    "FORC": "forc",
    "BEHAVED": "behaved",
    "B": "behaved",
    "CARRAY": "carray",
    "CA": "carray",
    "FARRAY": "farray",
    "FA": "farray",
}


_BITS = {
    "C_CONTIGUOUS": 0x1,
    "F_CONTIGUOUS": 0x2,
    "OWNDATA": 0x4,
    "ALIGNED": 0x100,
    "WRITEABLE": 0x400,
}


class Flags:
    """Facts about an array's memory."""

    __slots__ = ("_array", "c_contiguous", "f_contiguous", "owndata")

    def __init__(
        self, array: Array, c_contiguous: bool, f_contiguous: bool, owndata: bool
    ) -> None:
        self._array = array
        self.c_contiguous = c_contiguous
        self.f_contiguous = f_contiguous
        self.owndata = owndata

    aligned = True
    writebackifcopy = False

    @property
    def writeable(self) -> bool:
        """Whether the array can be written to."""
        return self._array.writeable

    @writeable.setter
    def writeable(self, value: bool) -> None:
        owner: Any = getattr(self._array, "_base", None)
        frozen = not self._array.writeable and owner is not None
        if value and (self._array.scalar or (frozen and not owner.writeable)):
            raise ValueError(named("cannot set WRITEABLE flag to True of this array"))
        self._array.writeable = bool(value)

    @property
    def num(self) -> int:
        """The flags as the bits of a number, which are those of NumPy."""
        return sum(bit for name, bit in _BITS.items() if self[name])

    contiguous = property(lambda self: self.c_contiguous)
    fortran = property(lambda self: self.f_contiguous)
    fnc = property(lambda self: self.f_contiguous and not self.c_contiguous)
    forc = property(lambda self: self.f_contiguous or self.c_contiguous)
    behaved = property(lambda self: self.writeable)
    carray = property(lambda self: self.writeable and self.c_contiguous)
    farray = property(lambda self: self.writeable and self.fnc)

    def __getitem__(self, name: str) -> Any:
        if name not in _NAMES:
            raise KeyError(named("Unknown flag"))
        return getattr(self, _NAMES[name])

    def __setitem__(self, name: str, value: bool) -> None:
        if _NAMES.get(name) != "writeable":
            raise KeyError(named("Unknown flag"))
        self.writeable = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Flags) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return "".join(
            f"  {name} : {self[name]}\n"
            for name in (
                "C_CONTIGUOUS",
                "F_CONTIGUOUS",
                "OWNDATA",
                "WRITEABLE",
                "ALIGNED",
                "WRITEBACKIFCOPY",
            )
        )
