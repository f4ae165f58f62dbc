"""Formulas of scalars, written once in Python and carried out on LLVM values.

A `Term` is an LLVM value with Python's operators. A formula is an ordinary Python
function of terms: calling it appends its instructions to the kernel that is being
generated. This costs the compiler far less than a jitted helper per function, gives
both devices the same formulas, and leaves no branch in the way of the vectoriser.

Terms never convert by themselves: both operands have the same dtype, and a plain
Python number takes the dtype of the other operand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from llvmlite import ir

Symbol: TypeAlias = Callable[[str, str], str]
"""Name of a C library function for a dtype: ``("asin", "float32") -> "asinf"``."""

BITS = {"bool": 1, "float32": 32, "float64": 64} | {
    f"{sign}int{bits}": bits for sign in ("", "u") for bits in (8, 16, 32, 64)
}
_TYPES: dict[str, ir.Type] = {
    name: ir.IntType(bits)
    if not name.startswith("float")
    else (ir.FloatType() if bits == 32 else ir.DoubleType())
    for name, bits in BITS.items()
}


class NoVector(Exception):
    """A formula that has no form for vectors met one."""


class Place:
    """Where instructions go: a builder, and what that device has.

    `symbol` names the functions of its C library; `missing` are the LLVM intrinsics
    that it does not have, and for which that library stands in; `vector_loops` says
    whether the compiler makes vector loops there, which must have no branch. `scale`
    gives ``x * 2**n`` of vectors, rounded once, for whole floats `n`, where the machine
    has an instruction for it; None of other terms.
    """

    __slots__ = ("builder", "missing", "scale", "symbol", "vector_loops")

    def __init__(
        self,
        builder: ir.IRBuilder,
        symbol: Symbol,
        missing: frozenset[str] = frozenset(),
        vector_loops: bool = True,
        scale: Callable[[Term, Term], Term | None] | None = None,
    ) -> None:
        self.builder = builder
        self.scale = scale
        self.symbol = symbol
        self.missing = missing
        self.vector_loops = vector_loops


class Term:
    """An LLVM value of a NumPy dtype, or a vector of them, with Python's operators.

    ``<<``, ``>>`` and integer ``+ - *`` wrap around as the machine does; comparisons
    give ``bool`` terms and are false for NaN, but for ``!=``.
    """

    __slots__ = ("dtype", "place", "value")

    def __init__(self, place: Place, value: ir.Value, dtype: str) -> None:
        self.place = place
        self.value = value
        self.dtype = dtype

    @property
    def is_float(self) -> bool:
        return self.dtype.startswith("float")

    @property
    def is_signed(self) -> bool:
        return self.dtype.startswith("int")

    @property
    def is_vector(self) -> bool:
        return isinstance(self.value.type, ir.VectorType)

    @property
    def bits(self) -> int:
        return BITS[self.dtype]

    def like(self, number: float | Term) -> Term:
        """A constant of this term's dtype; a term is checked and given back."""
        if isinstance(number, Term):
            if number.dtype != self.dtype:
                raise TypeError(f"a {self.dtype} term met a {number.dtype} term")
            return number
        return Term(self.place, same_everywhere(number, self.value.type), self.dtype)

    def _binary(
        self, other: float | Term, floating: str, whole: str, swap: bool = False
    ) -> Term:
        right = self.like(other)
        left, right = (right, self) if swap else (self, right)
        build = getattr(self.place.builder, floating if self.is_float else whole)
        return Term(self.place, build(left.value, right.value), self.dtype)

    def __add__(self, other: float | Term) -> Term:
        return self._binary(other, "fadd", "add")

    def __radd__(self, other: float) -> Term:
        return self._binary(other, "fadd", "add", swap=True)

    def __sub__(self, other: float | Term) -> Term:
        return self._binary(other, "fsub", "sub")

    def __rsub__(self, other: float) -> Term:
        return self._binary(other, "fsub", "sub", swap=True)

    def __mul__(self, other: float | Term) -> Term:
        return self._binary(other, "fmul", "mul")

    def __rmul__(self, other: float) -> Term:
        return self._binary(other, "fmul", "mul", swap=True)

    def __truediv__(self, other: float | Term) -> Term:
        return self._binary(other, "fdiv", "")

    def __rtruediv__(self, other: float) -> Term:
        return self._binary(other, "fdiv", "", swap=True)

    def __floordiv__(self, other: int | Term) -> Term:
        """The quotient of integers, rounded to zero; the divisor must not be 0."""
        return self._binary(other, "", "sdiv" if self.is_signed else "udiv")

    def __mod__(self, other: int | Term) -> Term:
        """The remainder with the sign of the dividend; the divisor must not be 0."""
        return self._binary(other, "", "srem" if self.is_signed else "urem")

    def __and__(self, other: int | Term) -> Term:
        return self._binary(other, "", "and_")

    def __or__(self, other: int | Term) -> Term:
        return self._binary(other, "", "or_")

    def __xor__(self, other: int | Term) -> Term:
        return self._binary(other, "", "xor")

    def __lshift__(self, other: int | Term) -> Term:
        return self._binary(other, "", "shl")

    def __rshift__(self, other: int | Term) -> Term:
        return self._binary(other, "", "ashr" if self.is_signed else "lshr")

    def __invert__(self) -> Term:
        return self ^ -1

    def __neg__(self) -> Term:
        if self.is_float:
            return self.like(-0.0) - self  # CUDA's dialect of LLVM has no fneg
        return self.like(0) - self

    def _compare(self, symbol: str, other: float | Term) -> Term:
        build = self.place.builder
        right = self.like(other).value
        if self.is_float:
            unordered = symbol == "!="
            make = build.fcmp_unordered if unordered else build.fcmp_ordered
        else:
            make = build.icmp_signed if self.is_signed else build.icmp_unsigned
        return Term(self.place, make(symbol, self.value, right), "bool")

    def __lt__(self, other: float | Term) -> Term:
        return self._compare("<", other)

    def __le__(self, other: float | Term) -> Term:
        return self._compare("<=", other)

    def __gt__(self, other: float | Term) -> Term:
        return self._compare(">", other)

    def __ge__(self, other: float | Term) -> Term:
        return self._compare(">=", other)

    def __eq__(self, other: float | Term) -> Term:  # type: ignore[override]
        return self._compare("==", other)

    def __ne__(self, other: float | Term) -> Term:  # type: ignore[override]
        return self._compare("!=", other)

    __hash__ = None  # type: ignore[assignment]


class Splat(ir.Constant):  # type: ignore[misc]
    """A vector with one constant in all lanes, which llvmlite would write as a list."""

    def __init__(self, kind: ir.VectorType, element: ir.Constant) -> None:
        self.type, self.constant = kind, element

    def _get_reference(self) -> str:
        return f"splat ({self.constant})"


def same_everywhere(number: float, kind: ir.Type) -> ir.Constant:
    """The constant `number` of a type; in every lane of a vector."""
    if isinstance(kind, ir.VectorType):
        return Splat(kind, same_everywhere(number, kind.element))
    whole = isinstance(kind, ir.IntType)
    return ir.Constant(kind, int(number) if whole else float(number))


def scalar_type(dtype: str) -> ir.Type:
    """The LLVM type of one number of `dtype`."""
    return _TYPES[dtype]


def alike(x: Term, dtype: str) -> ir.Type:
    """The LLVM type of `dtype`; of as many of them as `x` has, if it is a vector."""
    kind = _TYPES[dtype]
    return ir.VectorType(kind, x.value.type.count) if x.is_vector else kind


def mangled(kind: ir.Type) -> str:
    """The name of a type in the name of an LLVM intrinsic: v32f64."""
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{mangled(kind.element)}"
    name: str = kind.intrinsic_name
    return name


def constant(place: Place, number: float, dtype: str) -> Term:
    """A constant."""
    exact = float(number) if dtype.startswith("float") else int(number)
    return Term(place, ir.Constant(_TYPES[dtype], exact), dtype)


def llvm(name: str, *terms: Term) -> Term:
    """The LLVM intrinsic ``llvm.name`` of terms of one dtype."""
    first = terms[0]
    if name in first.place.missing:
        return library(name, *terms)
    kind = first.value.type
    build = first.place.builder
    symbol = f"llvm.{name}.{mangled(kind)}"
    function = build.module.globals.get(symbol)
    if function is None:
        shape = ir.FunctionType(kind, [kind] * len(terms))
        function = ir.Function(build.module, shape, symbol)
    value = build.call(function, [term.value for term in terms])
    return Term(first.place, value, first.dtype)


def library(name: str, *terms: Term) -> Term:
    """The function `name` of the device's C library (``libm``, ``libdevice``)."""
    first = terms[0]
    if first.is_vector:
        raise NoVector(name)
    symbol = first.place.symbol(name, first.dtype)
    signature = ir.FunctionType(
        _TYPES[first.dtype], [_TYPES[term.dtype] for term in terms]
    )
    module = first.place.builder.module
    function: Any = module.globals.get(symbol)
    if function is None:
        function = ir.Function(module, signature, symbol)
        function.attributes.add("nounwind")
    value = first.place.builder.call(function, [term.value for term in terms])
    return Term(first.place, value, first.dtype)


def select(condition: Term, yes: Term | float, no: Term | float) -> Term:
    """`yes` where `condition`, else `no`; both are computed."""
    left: Term
    if isinstance(yes, Term):
        left, right = yes, yes.like(no)
    else:
        assert isinstance(no, Term)
        left, right = no.like(yes), no
    value = condition.place.builder.select(condition.value, left.value, right.value)
    return Term(condition.place, value, left.dtype)


def fma(x: Term, y: Term | float, z: Term | float) -> Term:
    """``x * y + z``, rounded once."""
    return llvm("fma", x, x.like(y), x.like(z))


def bits(x: Term) -> Term:
    """The bits of a float as a signed integer."""
    dtype = f"int{x.bits}"
    return Term(x.place, x.place.builder.bitcast(x.value, alike(x, dtype)), dtype)


def from_bits(x: Term) -> Term:
    """The float that has these bits."""
    dtype = f"float{x.bits}"
    return Term(x.place, x.place.builder.bitcast(x.value, alike(x, dtype)), dtype)


def magnitude(x: Term) -> Term:
    """A float without its sign."""
    return llvm("fabs", x)


def convert(x: Term, dtype: str) -> Term:
    """`x` in another dtype; floats must fit the integer that they are turned to."""
    if dtype == x.dtype:
        return x
    if dtype == "bool":
        return x != 0
    build = x.place.builder
    kind = alike(x, dtype)
    into_float, into_signed = dtype.startswith("float"), dtype.startswith("int")
    if x.is_float and into_float:
        narrow = BITS[dtype] < x.bits
        value = (build.fptrunc if narrow else build.fpext)(x.value, kind)
    elif x.is_float:
        value = (build.fptosi if into_signed else build.fptoui)(x.value, kind)
    elif into_float:
        value = (build.sitofp if x.is_signed else build.uitofp)(x.value, kind)
    elif BITS[dtype] < x.bits:
        value = build.trunc(x.value, kind)
    elif BITS[dtype] > x.bits:
        value = (build.sext if x.is_signed else build.zext)(x.value, kind)
    else:
        value = x.value
    return Term(x.place, value, dtype)


def repeat(
    state: tuple[Term, ...],
    more: Callable[..., Term],
    step: Callable[..., tuple[Term, ...]],
) -> tuple[Term, ...]:
    """``while more(*state): state = step(*state)``, as a loop in the machine code."""
    place = state[0].place
    if any(term.is_vector for term in state):
        raise NoVector("a loop")
    build = place.builder
    before = build.block
    head = build.append_basic_block("repeat.head")
    body = build.append_basic_block("repeat.body")
    done = build.append_basic_block("repeat.done")
    build.branch(head)
    build.position_at_end(head)
    slots = [build.phi(term.value.type) for term in state]
    current = tuple(
        Term(place, slot, term.dtype) for slot, term in zip(slots, state, strict=True)
    )
    build.cbranch(more(*current).value, body, done)
    build.position_at_end(body)
    following = step(*current)
    for slot, first, later in zip(slots, state, following, strict=True):
        slot.add_incoming(first.value, before)
        slot.add_incoming(later.value, build.block)
    build.branch(head)
    build.position_at_end(done)
    return current
