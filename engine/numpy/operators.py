"""Operators of the array class: arithmetic, comparison, in-place forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import engine.numpy.handle as face
import engine.numpy.masked as masked
from engine.array import Array
from engine.ops.op import Op
from engine.ops.powers import CONSTANT_POWERS
from engine.ops.regions import full_value
from engine.record.forms import form
from engine.record.registry import REGISTRY
from engine.record.value import DATES
from engine.shapes import broadcast_shapes

from .elementwise import apply, check_loop, check_out, in_c_order, prepared, store_out
from .operands import WEAK
from .scalars import repeats

_TAKEN = (np.ndarray, np.generic, bool, int, float, complex, list, tuple, range)


def _defers(other: Any) -> bool:
    """Whether the other operand's class shall decide what an operator means."""
    if type(other) in WEAK or isinstance(other, _TAKEN):
        return False
    return not isinstance(other, face.ndarray) and (
        isinstance(other, Array)
        or getattr(other, "__array_ufunc__", 0) is None
        or _priority(other) > Array.__array_priority__
        or not hasattr(other, "__array__")
    )


def _priority(other: Any) -> float:
    """What a class says of its operators; what is no number is said of no use."""
    said = getattr(other, "__array_priority__", 0)
    return float(said) if isinstance(said, (int, float)) else 0.0


def _is_no_number(other: Any) -> bool:
    """Whether an operand is one that no element is equal to, as NumPy finds."""
    kind = type(other)
    if kind is face.ndarray or kind in WEAK or hasattr(kind, "__array_ufunc__"):
        return False
    compares: Any = kind.__eq__
    plain = compares is object.__eq__ and not hasattr(kind, "__array__")
    return other is None or isinstance(other, (str, bytes)) or plain


def _binary(name: str) -> Callable[[Any, Any], Any]:
    op = REGISTRY[name]

    @form(name, 2)
    def method(self: Any, other: Any) -> Any:
        if type(other) is not face.ndarray and _defers(other):
            return NotImplemented
        if name == "multiply" and repeats(self, other):
            return NotImplemented
        return apply(op, self, other)

    return method


def _reflected(name: str) -> Callable[[Any, Any], Any]:
    op = REGISTRY[name]

    @form(name, 2, reflected=True)
    def method(self: Any, other: Any) -> Any:
        if type(other) is not face.ndarray and _defers(other):
            return NotImplemented
        if name == "multiply" and repeats(self, other):
            return NotImplemented
        return apply(op, other, self)

    return method


def _in_place(name: str) -> Callable[[Any, Any], Any]:
    op = REGISTRY[name]

    @form(name, 2, in_place=True)
    def method(self: Any, other: Any) -> Any:
        if self.scalar:
            if name == "multiply" and repeats(self, other):
                return other * self
            return apply(op, self, other)
        if isinstance(other, Array) and not isinstance(other, face.ndarray):
            # What is written decides the rules: the other face's array is read as ours.
            other = face.ndarray.from_line(other.line, other.recipe, other.writeable)
        elif type(other) is not face.ndarray and _defers(other):
            return NotImplemented
        return update_in_place(op, self, other)

    return method


def _unary(name: str) -> Callable[[Any], Any]:
    op = REGISTRY[name]

    @form(name, 1)
    def method(self: Any) -> Any:
        return apply(op, self)

    return method


def update_in_place(op: Op, target: Any, other: Any, shown: Any = None) -> Any:
    """``target op= other``, with NumPy's rules of casting and order of complaints.

    `shown` is an array of what the target shows, where that has been read already.
    """
    check_out(target)
    check_loop(op, (target, other), target, "same_kind")
    if type(target) is face.Masked and masked.update(op, target, other):
        return target
    first = target if shown is None else shown
    values, order = prepared(op.name, (first, other))
    result = in_c_order(op(*values), order)
    store_out(op.name, result, target, "same_kind", True)
    return target


def _are_unlike(one: Any, other: Any) -> bool:
    """Whether two operands have no common dtype, as dates and numbers have none."""
    kinds = [np.dtype(getattr(x, "dtype", type(x))).kind for x in (one, other)]
    return not set(DATES).isdisjoint(kinds)


def _told_apart(name: str, one: Any, other: Any) -> Any:
    """What differs in kind is not equal, element by element."""
    shape = broadcast_shapes(np.shape(one), np.shape(other))
    value = full_value(shape, name == "not_equal", np.bool_)
    return face.ndarray.wrap(value, scalar=not shape)


def _power_op(base: Any, exponent: Any) -> Op | None:
    """The cheaper op for a power that NumPy's operator also treats apart."""
    if exponent.__class__ not in (int, float):
        return None
    if base.dtype.kind == "b":
        is_square = exponent.__class__ is int and exponent == 2 and not base.scalar
        return REGISTRY["square"] if is_square else None
    if exponent == 2:
        return REGISTRY["square"] if _keeps(base, exponent) else None
    cheaper = CONSTANT_POWERS.get(exponent)
    if cheaper and base.dtype.kind in "fc" and cheaper.text(base.dtype):
        return cheaper
    if cheaper and type(exponent) is int and exponent > 0 and base.dtype.kind in "iu":
        return cheaper
    if base.dtype.kind in "fc":
        if exponent == 0.5:
            return REGISTRY["sqrt"]
        if exponent == -1:
            return REGISTRY["reciprocal"]
    elif type(exponent) is int and exponent < 0:
        raise ValueError(
            "power: an exponent of at least 0 was required for integers; "
            f"{exponent} was given: Integers to negative integer powers are not "
            "allowed."
        )
    return None


POWERS: dict[tuple[np.dtype[Any], type, Any], Op] = {}
"""The ops that exponents mean, by the dtype of the base, for native code."""

MOST = 1000
"""So many are kept; past this many all are forgotten."""


def _remember_power(dtype: np.dtype[Any], exponent: Any, op: Op) -> None:
    """Let native code know an op; that of booleans depends on more than the dtype."""
    if len(POWERS) >= MOST:
        POWERS.clear()
    if dtype.kind != "b":
        POWERS[dtype, type(exponent), exponent] = op


def _is_squared(base: Any, exponent: Any) -> bool:
    """Whether NumPy takes a power of complex numbers by squaring."""
    return (
        exponent.__class__ is int and base.dtype.kind == "c" and 4 < abs(exponent) < 100
    )


def _by_squaring(base: Any, exponent: int) -> Any:
    """The power of an exponent that is not 0, product by product."""
    square, result, factor = REGISTRY["square"], None, base
    left = abs(exponent)
    while True:
        if left & 1:
            result = factor if result is None else result * factor
        left >>= 1
        if not left:
            break
        factor = apply(square, factor)
    return apply(REGISTRY["reciprocal"], result) if exponent < 0 else result


def _keeps(base: Any, exponent: Any) -> bool:
    return base.dtype.kind in "fc" or type(exponent) is int


class Operators(Array):
    """Arithmetic, comparison and in-place operators."""

    __slots__ = ()

    __add__ = _binary("add")
    __radd__ = _reflected("add")
    __iadd__ = _in_place("add")
    __sub__ = _binary("subtract")
    __rsub__ = _reflected("subtract")
    __isub__ = _in_place("subtract")
    __mul__ = _binary("multiply")
    __rmul__ = _reflected("multiply")
    __imul__ = _in_place("multiply")
    __truediv__ = _binary("divide")
    __rtruediv__ = _reflected("divide")
    __itruediv__ = _in_place("divide")
    __floordiv__ = _binary("floor_divide")
    __rfloordiv__ = _reflected("floor_divide")
    __ifloordiv__ = _in_place("floor_divide")
    __mod__ = _binary("remainder")
    __rmod__ = _reflected("remainder")
    __imod__ = _in_place("remainder")
    __and__ = _binary("bitwise_and")
    __rand__ = _reflected("bitwise_and")
    __iand__ = _in_place("bitwise_and")
    __or__ = _binary("bitwise_or")
    __ror__ = _reflected("bitwise_or")
    __ior__ = _in_place("bitwise_or")
    __xor__ = _binary("bitwise_xor")
    __rxor__ = _reflected("bitwise_xor")
    __ixor__ = _in_place("bitwise_xor")
    __lshift__ = _binary("left_shift")
    __rlshift__ = _reflected("left_shift")
    __ilshift__ = _in_place("left_shift")
    __rshift__ = _binary("right_shift")
    __rrshift__ = _reflected("right_shift")
    __irshift__ = _in_place("right_shift")
    __lt__ = _binary("less")
    __le__ = _binary("less_equal")
    __gt__ = _binary("greater")
    __ge__ = _binary("greater_equal")
    __neg__ = _unary("negative")
    __pos__ = _unary("positive")
    __abs__ = _unary("absolute")
    __invert__ = _unary("invert")
    __rpow__ = _reflected("power")

    def __pow__(self, exponent: Any, modulus: Any = None) -> Any:
        if modulus is not None:
            return NotImplemented
        if type(exponent) is not face.ndarray and _defers(exponent):
            return NotImplemented
        op = _power_op(self, exponent)
        if op is not None:
            _remember_power(self.dtype, exponent, op)
            return apply(op, self)
        if _is_squared(self, exponent):
            return _by_squaring(self, exponent)
        if type(exponent) is float and self.dtype.kind == "f":
            _remember_power(self.dtype, exponent, REGISTRY["power"])
        return apply(REGISTRY["power"], self, exponent)

    def __ipow__(self, exponent: Any) -> Any:  # type: ignore[misc]
        if self.scalar:
            return self**exponent
        op = _power_op(self, exponent)
        if op is None or type(self) is face.Masked:  # which stays pending so
            return update_in_place(REGISTRY["power"], self, exponent)
        check_out(self)
        store_out(op.name, apply(op, self).read(), self, "same_kind", True)
        return self

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __matmul__(self, other: Any) -> Any:
        if type(other) is not face.ndarray and _defers(other):
            return NotImplemented
        return face.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return face.matmul(other, self)

    def __imatmul__(self, other: Any) -> Any:
        if not self.ndim or np.ndim(other) < 2:
            raise ValueError(
                "matmul: in place, at least one axis on the left and two on the right "
                f"were required; {self.ndim} and {np.ndim(other)} were given"
            )
        return face.matmul(self, other, self)

    @form("equal", 2)
    def __eq__(self, other: object) -> Any:
        return self._equal("equal", other)

    @form("not_equal", 2)
    def __ne__(self, other: object) -> Any:
        return self._equal("not_equal", other)

    def _equal(self, name: str, other: Any) -> Any:
        if _is_no_number(other):
            if self.scalar and not isinstance(other, (str, bytes)):
                return name == "not_equal"
            return face.fresh(full_value(self.shape, name == "not_equal", bool))
        if type(other) is not face.ndarray and _defers(other):
            return NotImplemented
        try:
            return apply(REGISTRY[name], self, other)
        except TypeError:
            if not _are_unlike(self, other):
                raise
        return _told_apart(name, self, other)

    def __hash__(self) -> int:
        if self.scalar:
            return hash(self.computed()[()])
        raise TypeError(f"unhashable type: '{type(self).__name__}'")

    def __setitem__(self, key: Any, value: Any) -> None:
        raise NotImplementedError
