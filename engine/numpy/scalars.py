"""What NumPy's scalars have and its arrays have not."""

from __future__ import annotations

import math
from typing import Any

from engine.array import Array


class _OfScalars:
    """A method or attribute that an array has where it is a scalar in NumPy."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, array: Any, owner: type) -> Any:
        if array is None:
            return self
        if array.scalar:
            return getattr(array.computed()[()], self.name)
        raise AttributeError(f"'ndarray' object has no attribute '{self.name}'")


class Scalars(Array):
    """Methods of numbers, for arrays that are scalars in NumPy.

    They look at the number and give what those of its class in NumPy give: an
    AttributeError where that has no such method.
    """

    __slots__ = ()

    as_integer_ratio = _OfScalars()
    bit_count = _OfScalars()
    denominator = _OfScalars()
    hex = _OfScalars()
    is_integer = _OfScalars()
    numerator = _OfScalars()

    def __trunc__(self) -> int:
        if not self.scalar:
            raise TypeError("type ndarray doesn't define __trunc__ method")
        number: Any = self.computed()[()]
        whole: int = math.trunc(number)
        return whole


def repeats(number: Any, other: Any) -> bool:
    """Whether a product is Python's: of a sequence and a scalar, how often it comes.

    Of a scalar that is no integer, Python says that it cannot do that.
    """
    return number.scalar and isinstance(other, (list, tuple, bytes, str))
