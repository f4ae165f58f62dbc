"""The dtypes of the PyTorch face, and its rule for operands of different dtypes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

import numpy as np

from engine.errors import named
from engine.record.extent import asked_for_size

NumpyDType = np.dtype[Any]
Operand = tuple[Any, int]
"""What promotion sees of an operand: its dtype (or Python type) and its level."""

DIMENSIONED, ZERO_DIMENSIONAL, NUMBER = range(3)
"""Levels: dimensioned tensors outweigh 0-d tensors, and these Python numbers."""

_FLOATS = ("float16", "float32", "float64")
_UNSIGNED = ("uint16", "uint32", "uint64")
_RANK = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


class dtype:
    """The type of a tensor's elements.

    It equals the NumPy dtype of the same name, and NumPy takes it where a dtype is
    asked for.

    Examples
    --------
    >>> import engine
    >>> engine.zeros(2).dtype
    engine.float32
    >>> engine.float32.itemsize, engine.float32.is_floating_point
    (4, True)
    """

    __slots__ = ("dtype", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.dtype: NumpyDType = np.dtype(name)

    @property
    def kind(self) -> str:
        """NumPy's letter: b, i, u, f or c."""
        return self.dtype.kind

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    @property
    def is_floating_point(self) -> bool:
        """Whether the elements are real floating point numbers."""
        return self.dtype.kind == "f"

    @property
    def is_complex(self) -> bool:
        """Whether the elements are complex numbers."""
        return self.dtype.kind == "c"

    @property
    def is_signed(self) -> bool:
        """Whether negative numbers can be held."""
        return self.dtype.kind in "ifc"

    def __repr__(self) -> str:
        return f"engine.{self.name}"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, dtype):
            return self is other
        if isinstance(other, (np.dtype, type)):
            return bool(self.dtype == other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        return (dtype_of, (self.name,))


bool_: Final = dtype("bool")
uint8: Final = dtype("uint8")
uint16: Final = dtype("uint16")
uint32: Final = dtype("uint32")
uint64: Final = dtype("uint64")
int8: Final = dtype("int8")
int16: Final = dtype("int16")
int32: Final = dtype("int32")
int64: Final = dtype("int64")
float16: Final = dtype("float16")
float32: Final = dtype("float32")
float64: Final = dtype("float64")
complex64: Final = dtype("complex64")
complex128: Final = dtype("complex128")

ALL: Final = (
    bool_,
    uint8,
    uint16,
    uint32,
    uint64,
    int8,
    int16,
    int32,
    int64,
    float16,
    float32,
    float64,
    complex64,
    complex128,
)
_BY_NUMPY: Final = {each.dtype: each for each in ALL}
_BY_TYPE: Final = {bool: bool_, int: int64, float: float64, complex: complex128}


def dtype_of(given: Any) -> dtype:
    """The dtype that an `engine.dtype`, a Python type or NumPy's dtypes name.

    Raises TypeError when it is no dtype that tensors have.
    """
    if isinstance(given, dtype):
        return given
    known = _BY_TYPE.get(given) if isinstance(given, type) else None
    if known is None and given is not None:
        try:
            known = _BY_NUMPY.get(np.dtype(given))
        except TypeError:
            known = None
    if known is None:
        names = ", ".join(each.name for each in ALL)
        raise TypeError(f"dtype: one of {names} was required; {given!r} was given")
    return known


def numpy_dtype(given: Any) -> NumpyDType:
    """The NumPy dtype behind any way to name a dtype."""
    return given.dtype if type(given) is dtype else dtype_of(given).dtype


class Default:
    """The dtype of Python floats, and what was inferred with it."""

    dtype: NumpyDType = float32.dtype
    inferred: ClassVar[dict[Any, NumpyDType]] = {}


def set_default_dtype(d: Any) -> None:
    """Make `d`, a floating dtype, the dtype of tensors made of Python floats.

    Examples
    --------
    >>> import engine
    >>> engine.set_default_dtype(engine.float64)
    >>> engine.tensor([0.5]).dtype
    engine.float64
    >>> engine.set_default_dtype(engine.float32)
    """
    wanted = numpy_dtype(d)
    if wanted.kind != "f":
        raise TypeError(
            f"set_default_dtype: a floating dtype was required; {d!r} was given"
        )
    Default.dtype = wanted
    Default.inferred = {}


def get_default_dtype() -> dtype:
    """The dtype of tensors made of Python floats.

    Examples
    --------
    >>> import engine
    >>> engine.get_default_dtype()
    engine.float32
    """
    return _BY_NUMPY[Default.dtype]


def number_dtype(kind: type) -> NumpyDType:
    """The dtype of a Python number of this type."""
    if issubclass(kind, (bool, np.bool_)):
        return bool_.dtype
    if issubclass(kind, (int, np.integer)):
        return int64.dtype
    if issubclass(kind, (float, np.floating)):
        return Default.dtype
    if issubclass(kind, (complex, np.complexfloating)):
        return _complex_of(Default.dtype)
    raise TypeError(
        named(f"a tensor or a number was required; {kind.__name__} was given")
    )


def _complex_of(real: NumpyDType) -> NumpyDType:
    return complex128.dtype if real == float64.dtype else complex64.dtype


def promote(left: NumpyDType, right: NumpyDType) -> NumpyDType:
    """The dtype that holds both, as PyTorch has it: an int never widens a float."""
    if left == right:
        return left
    low, high = sorted((left, right), key=lambda d: (_RANK[d.kind], d.itemsize))
    if high.kind == "c":
        if low.name in _UNSIGNED:
            raise _no_promotion(left, right)
        return complex128.dtype if low == float64.dtype else high
    if low.kind != high.kind and high.kind == "f":
        return high
    if low.name in _UNSIGNED or high.name in _UNSIGNED:
        raise _no_promotion(left, right)
    return np.promote_types(left, right)


def _no_promotion(left: NumpyDType, right: NumpyDType) -> RuntimeError:
    return RuntimeError(
        "promote: uint16, uint32 and uint64 mix with floating dtypes only; "
        f"{left.name} and {right.name} were given; convert one of them first"
    )


def result_dtype(operands: Iterable[Operand]) -> NumpyDType:
    """The dtype in which operands of these (dtype, level) pairs meet.

    Within a category the dimensioned tensors decide; a 0-d tensor or a number counts
    only when its category (bool, int, float, complex) is higher.
    """
    best: list[NumpyDType | None] = [None, None, None]
    for kind, level in operands:
        own = kind if isinstance(kind, np.dtype) else number_dtype(kind)
        known = best[level]
        best[level] = own if known is None else promote(known, own)
    result = _combined(best[0], _combined(best[1], best[2]))
    assert result is not None
    return result


def _combined(higher: NumpyDType | None, lower: NumpyDType | None) -> NumpyDType | None:
    if higher is None or lower is None:
        return higher if lower is None else lower
    if higher.kind == "c" or _RANK[lower.kind] <= _RANK[higher.kind]:
        return higher
    if higher.kind == "f":
        return _complex_of(higher)
    return lower if lower.kind in "fc" else promote(higher, lower)


def can_cast(from_: Any, to: Any) -> bool:
    """Whether an in-place operation may store `from_` into `to`.

    Examples
    --------
    >>> import engine
    >>> engine.can_cast(engine.float64, engine.float32)
    True
    >>> engine.can_cast(engine.float32, engine.int64)
    False
    """
    return storable(numpy_dtype(from_), numpy_dtype(to))


def storable(source: NumpyDType, target: NumpyDType) -> bool:
    """`can_cast` of NumPy dtypes: no category may be lost."""
    return _RANK[source.kind] <= _RANK[target.kind]


def promote_types(type1: Any, type2: Any) -> dtype:
    """The dtype of the smallest category and width that holds both.

    Examples
    --------
    >>> import engine
    >>> engine.promote_types(engine.int64, engine.float16)
    engine.float16
    """
    return _BY_NUMPY[promote(numpy_dtype(type1), numpy_dtype(type2))]


def known(given: NumpyDType) -> dtype:
    """The tensor dtype of a NumPy dtype.

    Raises TypeError when tensors have no such dtype.
    """
    found = _BY_NUMPY.get(given)
    return dtype_of(given) if found is None else found


class iinfo:
    """Limits of an integer dtype: `min`, `max`, `bits`.

    Examples
    --------
    >>> import engine
    >>> engine.iinfo(engine.int8).max
    127
    """

    def __init__(self, type: Any = int64) -> None:
        self.dtype = dtype_of(type).name
        info = np.iinfo(numpy_dtype(type))
        self.bits, self.min, self.max = info.bits, int(info.min), int(info.max)


class finfo:
    """Limits of a floating dtype: `eps`, `min`, `max`, `tiny`, `bits`.

    Examples
    --------
    >>> import engine
    >>> engine.finfo(engine.float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, type: Any = None) -> None:
        chosen = get_default_dtype() if type is None else dtype_of(type)
        self.dtype = chosen.name
        if chosen.kind not in "fc":
            raise TypeError(f"finfo: a floating dtype was required; {chosen!r} given")
        info = np.finfo(chosen.dtype)
        self.bits = info.bits
        self.min, self.max = float(info.min), float(info.max)
        self.eps, self.tiny = float(info.eps), float(info.tiny)
        self.smallest_normal = self.tiny
        self.resolution = float(info.resolution)


class Size(tuple[int, ...]):
    """The shape of a tensor: a tuple that prints as one and counts its elements.

    Examples
    --------
    >>> import engine
    >>> engine.zeros(2, 3).shape
    engine.Size([2, 3])
    >>> engine.zeros(2, 3).shape.numel()
    6
    """

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        asked_for_size()
        count = 1
        for extent in self:
            count *= extent
        return count

    def __repr__(self) -> str:
        asked_for_size()
        return f"engine.Size({list(self)})"

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        return Size(part) if isinstance(part, tuple) else part

    def __add__(self, other: Any) -> Any:
        return Size(super().__add__(other))
