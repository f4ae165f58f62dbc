"""Functions of classes that CPython calls for operators, subscripts and calls.

CPython's own look the method up by its name, and call it as Python code would, which
takes 20 ns of each op. These go to the native method at once. Setting an attribute of
the class puts CPython's own back, so that who replaces a method is heard.
"""

from __future__ import annotations

from .handles import FACE
from .language import invoke, load, reserve, slot, state, store
from .looking import truth
from .macros import DecRef, TupleSize
from .matching import kind
from .operators import binary
from .subscripts import setitem
from .ufuncs import call_ufunc

FORWARD, REFLECTED = 0, 8
"""The words of an operator: the entries of both its methods; 0 for one without."""

LOWER = 0xFFFFFFFF
"""What an `int` of C is of a word."""


def operator(self: int, other: int, entry: int) -> int:
    """``self op other``, where one of them at least is a handle of this class."""
    if kind(self) == load(load(entry + FORWARD) + FACE):
        return binary(self, other, load(entry + FORWARD))
    return binary(other, self, load(entry + REFLECTED))


def compare(self: int, other: int, which: int, entry: int) -> int:
    """``self op other`` for the six comparisons."""
    return binary(self, other, load(load(entry) + 8 * (which & LOWER)))


def assign(self: int, key: int, value: int, entry: int) -> int:
    """``self[key] = value``, and what CPython does for ``del self[key]``."""
    if value == 0:
        return invoke(load(entry + 8), self, key, 0)
    items = reserve(2)
    store(items, key)
    store(items + 8, value)
    answer = setitem(self, items, load(entry))
    if answer == 0:
        return -1
    DecRef(answer)
    return 0


def asked(self: int, nothing: int, entry: int) -> int:
    """``if self``: 1, 0, or -1 with an error."""
    answer = truth(self, 0, load(entry))
    if answer == 0:
        return -1
    DecRef(answer)
    return answer == state.true


def called(self: int, given: int, names: int) -> int:
    """``ufunc(...)``: `given` is a tuple, `names` a dictionary or 0."""
    if names == 0:
        return call_ufunc(self, given + slot.tuple_items, TupleSize(given), 0)
    return invoke(state.ufunc_called, self, given, names)


OPERATORS = {
    **{"add": 7, "and": 8, "floordiv": 12, "lshift": 28, "mul": 29, "or": 31},
    **{"mod": 34, "rshift": 35, "sub": 36, "truediv": 37, "xor": 38},
}
"""Numbers of functions in CPython's stable interface: for ``__add__``, ``__radd__``."""

SINGLE = {
    **{"__abs__": 6, "__invert__": 27, "__neg__": 30, "__pos__": 32},
    **{"__iadd__": 14, "__iand__": 15, "__ifloordiv__": 16, "__ilshift__": 17},
    **{"__imul__": 18, "__ior__": 19, "__imod__": 21, "__irshift__": 22},
    **{"__isub__": 23, "__itruediv__": 24, "__ixor__": 25, "__getitem__": 5},
}
"""Those that take what the method takes."""

COMPARE, COMPARISONS = 67, ("lt", "le", "eq", "ne", "gt", "ge")
ASSIGN, BOOL, CALL = 3, 9, 50
