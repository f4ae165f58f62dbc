"""Elementwise calls: operands in memory order, op, result in NumPy's layout."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

import engine.numpy.handle as face
import engine.numpy.masked as masked
from engine.array import Array
from engine.errors import broadcast_error, named, naming, warn_of_parts
from engine.movement import broadcast_value
from engine.ops.op import ElementwiseOp, Op, cast
from engine.record.registry import REGISTRY
from engine.record.trace import current_trace
from engine.record.value import Scalar, Value, constant
from engine.record.watchers import watchers
from engine.shapes import broadcast_shapes

from .at_once import of_scalars
from .fallback import into_foreign
from .operands import (
    WEAK,
    layout_of,
    operand,
    ordered_value,
    plain_value,
    result_order,
    strong,
)

_COMPARE = {
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": operator.eq,
    "not_equal": operator.ne,
}


def apply(op: Op, *args: Any) -> face.ndarray:
    """Record an elementwise op on anything that may be an operand."""
    values = []
    ours, scalars = False, True
    for x in args:
        if type(x) is face.ndarray:
            value = plain_value(x)
            if value is None:
                return apply_general(op, args)
            values.append(value)
            ours, scalars = True, scalars and x.scalar
        elif type(x) in WEAK:
            values.append(x)
        else:
            return apply_general(op, args)
    if not ours:
        return apply_general(op, args)
    known = of_scalars(op, args) if scalars else None
    if known is not None:
        return face.ndarray.wrap(known, scalar=True)
    try:
        result = op(*values)
    except OverflowError:
        if op.name not in _COMPARE:
            raise
        result = _out_of_range(op, values)
    return face.ndarray.wrap(result, scalar=not result.shape)


def apply_general(op: Op, args: tuple[Any, ...]) -> face.ndarray:
    """`apply` for views, selections, foreign operands and scalars."""
    if face.Masked in map(type, args):
        pending = masked.apply(op, args)
        if pending is not None:
            return pending
    silent = not watchers and not current_trace().loud
    if silent and WEAK.issuperset(map(type, args)):
        known = _of_numbers(op, args)
        if known is not None:
            return known
    result, order = compute(op, args)
    return face.ndarray.wrap(result, order, scalar=not result.shape)


def _of_numbers(op: Op, args: tuple[Any, ...]) -> face.ndarray | None:
    """What a function gives for Python numbers alone, at once; None to record it.

    That is less work than to record it, and a number for all elements of a kernel.
    """
    parts = _strong_numbers(op.name, args)
    if not isinstance(op, ElementwiseOp) or op.ufunc is None:
        return None
    if op.resolve(kinds_of(parts)).output.kind not in "fc":
        return None
    if [*map(type, args)] == [float]:
        _FLOATS[op] = op.ufunc
    return _scalar_of(op.ufunc, *[x.value for x in parts])


_FLOATS: dict[Op, Any] = {}
"""What does ops for a Python number at once, of those that were done so before."""


def of_float(op: Op, number: float) -> face.ndarray | None:
    """What an op gives for a Python number where that is known, as `_of_numbers`."""
    ufunc = _FLOATS.get(op)
    if ufunc is None or watchers or current_trace().loud:
        return None
    return _scalar_of(ufunc, number)


def _scalar_of(ufunc: np.ufunc, *numbers: Any) -> face.ndarray:
    """What NumPy's function gives for numbers."""
    with np.errstate(all="ignore"):
        cell = np.array(ufunc(*numbers))
    return face.ndarray.wrap(Value(cell.dtype, (), cell), scalar=True)


def compute(op: Op, args: tuple[Any, ...]) -> tuple[Value, tuple[int, ...] | None]:
    """The result as a value in memory order, and that order."""
    values, order = prepared(op.name, args)
    try:
        return op(*values), order
    except OverflowError:
        if op.name not in _COMPARE:
            raise
    return _out_of_range(op, values), order


def prepared(
    name: str, args: tuple[Any, ...]
) -> tuple[list[Any], tuple[int, ...] | None]:
    """Operands as values in the memory order of the result, and that order."""
    parts = [operand(x, name) for x in args]
    if WEAK.issuperset(x.__class__ for x in parts):
        parts = _strong_numbers(name, parts)
    layouts = tuple(map(layout_of, parts))
    try:
        order = result_order(layouts)
    except ValueError:
        if name in REGISTRY:  # NumPy complains of dtypes before shapes
            REGISTRY[name].resolve(kinds_of(parts))
        broadcast_error(name, [shape for shape, _ in layouts])
    return [ordered_value(x, order) for x in parts], order


def _strong_numbers(name: str, numbers: Sequence[Any]) -> list[Any]:
    """Python numbers alone as scalars of NumPy's default dtypes.

    Integers that no dtype holds may stand beside floating numbers, and be compared.
    """
    try:
        return [strong(x) for x in numbers]
    except OverflowError:
        if any(isinstance(x, (float, complex)) for x in numbers):
            with naming():
                return [strong(float(x) if type(x) is int else x) for x in numbers]
        if name not in _COMPARE:
            raise
    one, two = numbers
    return [strong((one > two) - (one < two)), strong(0)]


def _out_of_range(op: Op, values: list[Any]) -> Value:
    """Comparison with an integer that the dtype cannot hold: the same for all."""
    compare = _COMPARE[op.name]
    numbers = [x if type(x) is int else 0 for x in values]
    shape = next(x.shape for x in values if isinstance(x, (Value, Scalar)))
    answer = np.bool_(compare(*numbers))
    scalar = Scalar(answer, answer.dtype)
    return REGISTRY["full"](scalar, attributes=(shape, answer.dtype))


# -- results into memory that exists --------------------------------------------------
def check_out(out: Any) -> Any:
    """Refuse what is no writeable array, in NumPy's order of complaints.

    An ndarray of NumPy's is one, too.
    """
    if isinstance(out, Array) and not out.scalar:
        can_be_written = out.writeable
    elif isinstance(out, np.ndarray):
        can_be_written = out.flags.writeable
    else:
        raise TypeError(named("return arrays must be of ArrayType"))
    if not can_be_written:
        raise ValueError(named("output array is read-only"))
    return out


def kinds_of(parts: list[Any]) -> tuple[Any, ...]:
    """The dtypes of operands, the types of weak numbers."""
    return tuple(x.__class__ if x.__class__ in WEAK else x.dtype for x in parts)


def check_loop(op: Op, args: tuple[Any, ...], out: Any, casting: str) -> None:
    """Refuse dtypes that `out` cannot hold: NumPy complains of them before shapes."""
    parts = [operand(x, op.name) for x in args]
    kinds = kinds_of(parts)
    if not all(isinstance(kind, type) for kind in kinds):
        check_cast(op.name, op.resolve(kinds).output, out, casting)


def check_operands(op: Op, args: tuple[Any, ...], casting: str) -> None:
    """Refuse operands that the rule does not let the loop take."""
    with naming():
        np.can_cast(np.bool_, np.bool_, casting)  # type: ignore[arg-type]  # a rule?
    kinds = kinds_of([operand(x, op.name) for x in args])
    if all(isinstance(kind, type) for kind in kinds):
        return
    for i, (kind, want) in enumerate(zip(kinds, op.resolve(kinds).inputs, strict=True)):
        if isinstance(kind, type) and kind is not bool:
            continue  # a plain number takes the dtype of the loop
        given = np.dtype(kind)
        if not np.can_cast(given, want, casting):  # type: ignore[arg-type]
            raise TypeError(
                named(
                    f"Cannot cast ufunc '{op.name}' input {i} from {given!r} to "
                    f"{want!r} with casting rule '{casting}'"
                )
            )


def check_cast(name: str, dtype: np.dtype[Any], out: Any, casting: str) -> None:
    """Refuse a result's dtype that the rule does not let `out` take."""
    if not np.can_cast(dtype, out.dtype, casting):  # type: ignore[arg-type]
        raise TypeError(
            named(
                f"Cannot cast ufunc '{name}' output from {dtype!r} to {out.dtype!r} "
                f"with casting rule '{casting}'"
            )
        )


def in_c_order(result: Value, order: tuple[int, ...] | None) -> Value:
    """A value whose axes are in memory order, with its axes in their own order."""
    return result if order is None else face.ndarray.wrap(result, order).read()


def store_out(name: str, result: Value, out: Any, casting: str, where: Any) -> None:
    """Write a ufunc's result through `out`, cast and broadcast as NumPy does."""
    check_cast(name, result.dtype, out, casting)
    shape = out.shape
    if result.shape != shape:
        try:
            fits = broadcast_shapes(result.shape, shape) == shape
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(
                f"{name}: an output of the broadcast shape {result.shape} was required;"
                f" a non-broadcastable output operand with shape {shape} was given"
            )
    if isinstance(out, np.ndarray):
        mask = where if where is True else face.ndarray.wrap(where)
        made = face.ndarray.wrap(result)
        into_foreign(name, np.copyto, out, made, casting="unsafe", where=mask)
        return
    warn_of_parts(result.dtype, out.dtype)
    value = broadcast_value(cast(result, out.dtype), shape)
    if where is not True:
        value = REGISTRY["where"](broadcast_value(where, shape), value, out.read())
    out.store(value)


def mask_value(where: Any) -> Value:
    """A `where=` argument: an array of booleans, or anything else that may be true."""
    if not hasattr(where, "dtype"):
        where = np.asarray(where, bool)
    value = where.read() if isinstance(where, Array) else constant(where)
    if value.dtype != np.bool_:
        raise TypeError(
            "where: a boolean array was required; Cannot cast array data from "
            f"{value.dtype!r} to dtype('bool') according to the rule 'safe'"
        )
    return value
