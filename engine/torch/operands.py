"""Record ops on tensors: PyTorch's promotion and broadcasting, decided at the call."""

from __future__ import annotations

from math import isfinite
from operator import index
from typing import Any, TypeAlias

import numpy as np

from engine.array import Array
from engine.errors import named
from engine.kernels.backend import HOST
from engine.movement import broadcast_value
from engine.ops.op import Op, cast
from engine.ops.regions import full_value
from engine.record.registry import REGISTRY
from engine.record.runtime import CONVERSIONS, RunTime
from engine.record.value import Scalar, Value, constant
from engine.torch.dtypes import (
    DIMENSIONED,
    NUMBER,
    ZERO_DIMENSIONAL,
    Default,
    NumpyDType,
    known,
    result_dtype,
)

Number: TypeAlias = bool | int | float | complex
Operand: TypeAlias = Array | Number | np.generic | np.ndarray[Any, Any]
Shape: TypeAlias = tuple[int, ...]

NUMBERS = (bool, int, float, complex, np.generic)
OPERANDS = (Array, *NUMBERS, np.ndarray)
"""What the operators take; for anything else they return NotImplemented."""


def elementwise(op: Op, *operands: Any, floating: bool = False) -> Value:
    """Record an elementwise op on tensors, arrays and numbers.

    All operands are cast to the dtype in which they meet; `floating` says that
    integers meet in the default dtype, as in a true division.
    """
    if len(operands) == 2:
        x, y = operands
        if isinstance(x, Array):  # the usual cases, without a look at any table
            own = x.recipe.dtype
            try:
                if own.kind == "f":
                    if isinstance(y, Array):
                        recipe = y.recipe
                        if recipe.dtype == own and recipe.shape == x.recipe.shape:
                            left, right = x.read(), y.read()
                            if left.device != right.device:
                                check_devices(op.name, left, right)
                            return op(left, right)
                    elif type(y) is float or type(y) is int:
                        return op(x.read(), typed(y, own))
            except TypeError:
                if op.name not in _WHOLE:
                    raise
    dtype = common_dtype(op.name, *operands, floating=floating)
    if op.name in _WHOLE and dtype.kind not in "biu":
        raise NotImplementedError(
            f"{op.name}: integers or booleans were required; {known(dtype)!r} was given"
        )
    if op.name in _COMPARISONS and dtype.kind in "iu":
        dtype = _comparable(operands, dtype)
    if op.name == "square" and dtype.kind == "b":  # a power by an integer, as there
        dtype = np.dtype(np.int64)
    inputs = [operand(x, dtype) for x in operands]
    if len(inputs) > 1:
        check_devices(op.name, *inputs)
        check_broadcast(op.name, [x.shape for x in inputs])
    return op(*inputs)


_WHOLE = frozenset(
    ("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift")
)


def check_devices(name: str, *inputs: Any) -> None:
    """Raise RuntimeError for tensors on two devices.

    As in PyTorch, a number of the host may meet tensors on any device, but none of a
    device those of the host.
    """
    values = [x for x in inputs if type(x) is Value]
    devices = {x.device: None for x in values if x.shape or x.device != HOST}
    if len(devices) > 1:
        raise RuntimeError(
            f"{name}: Expected all tensors to be on the same device, but found at "
            f"least two devices: tensors on {' and '.join(devices)} were given; move "
            "one of them with to()"
        )


_COMPARISONS = frozenset(
    ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
)


def _comparable(operands: tuple[Any, ...], dtype: NumpyDType) -> NumpyDType:
    """An integer dtype that holds the numbers too: 300 must not wrap around to 44."""
    numbers = [x for x in operands if isinstance(x, NUMBERS)]
    return dtype if all(fits(x, dtype) for x in numbers) else np.dtype(np.int64)


def common_dtype(name: str, *operands: Any, floating: bool = False) -> NumpyDType:
    """The dtype in which operands meet."""
    kinds = tuple(_kind(x, name) for x in operands)
    dtype = Default.inferred.get((floating, kinds))
    if dtype is None:
        for kind, _ in kinds:
            if isinstance(kind, np.dtype) and kind.kind not in "biufc":
                raise TypeError(f"{name}: numbers were required; {kind} was given")
        dtype = result_dtype(kinds)
        if floating and dtype.kind in "biu":
            dtype = Default.dtype
        Default.inferred[floating, kinds] = dtype
    return dtype


def operand(x: Any, dtype: NumpyDType) -> Value | Scalar:
    """A tensor, array or number as an operand of a dtype."""
    return typed(x, dtype) if isinstance(x, NUMBERS) else as_value(x, dtype)


def _kind(x: Any, name: str) -> tuple[Any, int]:
    if isinstance(x, Array):
        recipe = x.recipe
        return recipe.dtype, DIMENSIONED if recipe.shape else ZERO_DIMENSIONAL
    if isinstance(x, (Value, np.ndarray)):
        return x.dtype, DIMENSIONED if x.shape else ZERO_DIMENSIONAL
    if isinstance(x, NUMBERS) and not isinstance(x, (np.datetime64, np.timedelta64)):
        return x.__class__, NUMBER
    raise TypeError(
        f"{name}: a tensor or a number was required; {type(x).__name__} was given"
    )


def as_value(x: Any, dtype: NumpyDType | None = None) -> Value:
    """The value of a tensor, array or number, in `dtype` where one is given."""
    if isinstance(x, Array):
        value = x.read()
    elif isinstance(x, Value):
        value = x
    else:
        value = constant(np.asarray(x, dtype))
    return value if dtype is None or value.dtype == dtype else cast(value, dtype)


def typed(number: Any, dtype: NumpyDType) -> Scalar:
    """A Python number as an operand: integers wrap around, floats become infinite."""
    if type(number) is RunTime:
        return Scalar(number.typed(_typed_value, dtype), dtype)
    return Scalar(_typed_value(number, dtype), dtype)


def _typed_value(number: Any, dtype: NumpyDType) -> Any:
    if dtype.kind == "f":
        if -_SMALLEST_MAXIMUM < number < _SMALLEST_MAXIMUM:
            return dtype.type(number)
        with np.errstate(over="ignore"):
            return dtype.type(number)
    try:
        return dtype.type(number)
    except OverflowError:
        wrapped = int(number) & ((1 << 64) - 1)
        return np.uint64(wrapped).astype(dtype)


CONVERSIONS.add(_typed_value)


_SMALLEST_MAXIMUM = 65504.0  # float16's


def fits(number: Any, dtype: NumpyDType) -> bool:
    """Whether a dtype's range has a number in it."""
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return bool(info.min <= number <= info.max)
    if dtype.kind == "f" and isfinite(abs(number)):
        return bool(abs(number) <= float(np.finfo(dtype).max))
    return True


def filled(shape: Shape, number: Any, dtype: NumpyDType) -> Value:
    """One number everywhere; RuntimeError when the dtype cannot hold it."""
    if isinstance(number, Array):
        number = number.item()
    if not isinstance(number, NUMBERS):
        raise TypeError(
            named(f"a number was required; {type(number).__name__} was given")
        )
    if not fits(number, dtype):
        raise RuntimeError(
            named(
                f"value cannot be converted to type {dtype.name} without overflow: "
                f"{number} was given"
            )
        )
    return full_value(shape, typed(number, dtype).value, dtype)


def check_broadcast(name: str, shapes: list[Shape]) -> Shape:
    """The common shape; RuntimeError naming the first dimension that does not fit."""
    result = shapes[0]
    for shape in shapes[1:]:
        if shape != result:
            result = _broadcast(name, result, shape)
    return result


def _broadcast(name: str, left: Shape, right: Shape) -> Shape:
    rank = max(len(left), len(right))
    a = (1,) * (rank - len(left)) + left
    b = (1,) * (rank - len(right)) + right
    for axis in range(rank - 1, -1, -1):
        if a[axis] != b[axis] and 1 not in (a[axis], b[axis]):
            raise RuntimeError(
                f"{name}: sizes that are equal or 1 were required; The size of tensor "
                f"a ({a[axis]}) must match the size of tensor b ({b[axis]}) at "
                f"non-singleton dimension {axis}; shapes {list(left)} and "
                f"{list(right)} were given"
            )
    return tuple(n if m == 1 else m for n, m in zip(a, b, strict=True))


def expanded(name: str, value: Value, shape: Shape) -> Value:
    """A value broadcast to `shape`; RuntimeError when it does not fit."""
    if value.shape == shape:
        return value
    if check_broadcast(name, [shape, value.shape]) != shape:
        raise RuntimeError(
            f"{name}: output with shape {list(shape)} doesn't match the broadcast "
            f"shape {list(check_broadcast(name, [shape, value.shape]))}"
        )
    return broadcast_value(value, shape)


def op_named(name: str) -> Op:
    """The op of a name."""
    return REGISTRY[name]


def wrap_dim(dim: Any, rank: int) -> int:
    """A dimension counted from the front; IndexError when there is none such."""
    try:
        place = index(dim)
    except TypeError:
        raise TypeError(
            named(f"an integer was required for a dimension; {dim!r} was given")
        ) from None
    bound = max(rank, 1)
    if not -bound <= place < bound:
        raise IndexError(
            named(
                "Dimension out of range (expected to be in range of "
                f"[{-bound}, {bound - 1}], but got {place})"
            )
        )
    return place % bound


def wrap_dims(dim: Any, rank: int) -> tuple[int, ...]:
    """Dimensions for a reduction, sorted; None and () mean all of them."""
    if dim is None:
        return tuple(range(rank))
    given = dim if isinstance(dim, (tuple, list)) else (dim,)
    dims = sorted(wrap_dim(d, rank) for d in given)
    if len(set(dims)) != len(dims):
        raise RuntimeError(
            named(f"each dimension once was required; {tuple(given)} was given")
        )
    if not rank:
        return ()
    return tuple(dims) or tuple(range(rank))


def result_type(tensor1: Any, tensor2: Any) -> Any:
    """The dtype in which two operands meet.

    Examples
    --------
    >>> import engine
    >>> engine.result_type(engine.tensor([1, 2]), 1.5)
    engine.float32
    """
    return known(common_dtype("result_type", tensor1, tensor2))


def scaled(x: Any, factor: Number) -> Any:
    """``factor * x``; `x` itself for the factor 1."""
    if type(factor) is int and factor == 1:
        return x
    return x * factor


def is_bool(x: Any) -> bool:
    """Whether an operand is a bool tensor or number."""
    if isinstance(x, Array):
        return x.recipe.dtype.kind == "b"
    return isinstance(x, (bool, np.bool_))
