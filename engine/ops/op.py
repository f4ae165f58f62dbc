"""Op: the one block that says everything about one operation, and its decorators."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from engine.errors import broadcast_error, same_kind, warn_user
from engine.installed import NUMPY_2_5
from engine.record.registry import REGISTRY
from engine.record.runtime import CONVERSIONS, RunTime
from engine.record.trace import record
from engine.record.value import Scalar, Value, typed
from engine.shapes import broadcast_shapes

Kind: TypeAlias = Literal[
    "elementwise", "reduce", "region", "gather", "source", "library", "transfer"
]
DType: TypeAlias = np.dtype[Any]
Operand: TypeAlias = Value | Scalar | bool | int | float | complex
Samples: TypeAlias = Callable[["np.random.Generator", tuple[int, ...]], Any]


class Loop(NamedTuple):
    """The dtypes that an elementwise op works in; `direct`: operands have them."""

    inputs: tuple[DType, ...]
    output: DType
    direct: bool = False


class Op:
    """One operation: meaning, dtype and shape rule, scalar text, gradient, names.

    Attributes
    ----------
    name : str
        The name in the registry, in texts and in errors.
    kind : str
        What the scheduler may do with it. ``elementwise`` ops have a scalar text;
        ``reduce`` ops have attributes ``(axes, ...)``; ``region`` ops read or write a
        strided part (`engine.ops.regions`); ``source`` ops have no operands and a
        scalar text; ``library`` ops are one call of `reference`; ``transfer`` ops
        copy to the device that is their attribute.
    reference : callable
        ``reference(*arrays, *attributes)``, the NumPy meaning: oracle, interpreter and
        fallback in one.
    infer : callable
        ``infer(*operands, *attributes) -> (dtype, shape)``; raises the user's errors.
    scalar : str or dict of str to str
        Text of one element in a kernel, operands written ``{x} {y} {z}``; by dtype kind
        (``"b i u f c"``, "" for the rest) where it differs.
    rule : callable or None
        ``rule(grad, out, *inputs, *attributes)`` gives one gradient (a Value) or None
        for each input. It is written in public ops and knows neither masks nor
        broadcasting: both are the work of `engine.autograd`.
    loops : dict
        The loops that were resolved so far, by the dtypes of operands: what they are
        cast to. Ops that are not elementwise have none, but for `matmul`.
    fails_late : bool
        Whether what it finds in the data may be refused when it runs. Each line that
        records it then has an event of its own, which names it; library ops by default.
    """

    def __init__(
        self,
        name: str,
        kind: Kind,
        nin: int,
        reference: Callable[..., Any],
        infer: Callable[..., tuple[DType, tuple[int, ...]]],
        *,
        scalar: str | dict[str, str] | None = None,
        onnx: str | None = None,
        samples: Samples | tuple[Samples, ...] | None = None,
        dtypes: str = "biufc",
        linear: bool = False,
        expensive: bool = False,
        halves: bool = True,
        fails_late: bool | None = None,
        doc: str = "",
    ) -> None:
        if name in REGISTRY:
            raise ValueError(f"op {name!r} is defined twice")
        self.name = name
        self.kind = kind
        self.nin = nin
        self.reference = reference
        self.infer = infer
        self.scalar = scalar
        self.onnx = onnx
        self.samples = samples
        self.dtypes = dtypes
        self.linear = linear
        self.expensive = expensive
        self.halves = halves
        self.fails_late = kind == "library" if fails_late is None else fails_late
        self.__doc__ = doc
        self.rule: Callable[..., Any] | None = None
        self._reads: frozenset[int] | None = None
        self.transports = False
        self.choose: Callable[..., Any] | None = None
        self.loop_rule: Callable[[tuple[Any, ...]], Loop] | None = None
        self.loops: dict[tuple[Any, ...], Loop] = {}
        REGISTRY[name] = self

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    # -- gradient -----------------------------------------------------------------
    def vjp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: the local gradient rule, ``rule(grad, out, *inputs, *attrs)``."""
        self.rule, self._reads = rule, None
        return rule

    def cotangent(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: a rule that moves masks too, ``rule(cotangent, out, ...)``.

        It takes and gives `engine.cotangent.Cotangent`; see there.
        """
        self.transports = True
        return self.vjp(rule)

    def selects(self, choose: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: ``choose(out, *inputs, *attrs)``, a mask (or None) per input.

        The elements in which that input decides the result. Outside of them the
        gradient is selected away, never multiplied by 0.
        """
        self.choose, self._reads = choose, None
        return choose

    @property
    def reads(self) -> frozenset[int]:
        """The parameters of the rule whose *values* it uses: what is kept for it."""
        known = self._reads
        if known is None:
            known = frozenset()
            if self.rule is not None:
                known |= _parameters_read(self.rule)
            if self.choose is not None:
                known |= _parameters_read(self.choose, shift=1)
            self._reads = known
        return known

    # -- calls --------------------------------------------------------------------
    def __call__(self, *operands: Operand, attributes: tuple[Any, ...] = ()) -> Value:
        """Record the op on values. Python scalars are weak; dtypes promote as NumPy's.

        Elementwise operands are cast to the op's loop; operands of other kinds must
        have the right dtypes already.
        """
        if self.kind != "elementwise":
            return record(self, operands, attributes)  # type: ignore[arg-type]
        given = []
        for x in operands:
            kind = type(x)
            typed = kind is Value or kind is Scalar
            given.append(x.dtype if typed else x.__class__)  # type: ignore[union-attr]
        kinds = tuple(given)
        loop = self.loops.get(kinds) or self.resolve(kinds)
        if loop.direct:
            return record(self, operands, attributes)  # type: ignore[arg-type]
        inputs: list[Value | Scalar] = []
        for x, want in zip(operands, loop.inputs, strict=True):
            if type(x) is float:
                inputs.append(Scalar(want.type(x), want))
            else:
                if want.kind == "m" and x.__class__ is int and self.loop_rule is None:
                    _warn_of_no_unit(self.name, x)
                inputs.append(as_operand(x, want, self.name))
        return record(self, inputs, attributes)

    def resolve(self, kinds: Sequence[Any]) -> Loop:
        """The loop for operands of these dtypes (or Python scalar types)."""
        key = tuple(kinds)
        loop = self.loops.get(key)
        if loop is None:
            loop = self._resolve(key)
            # `==` alone would do for dtypes, but `float64 == float` holds too.
            exact = all(isinstance(kind, np.dtype) for kind in key)
            loop = loop._replace(direct=exact and key == loop.inputs)
            self.loops[key] = loop
        return loop

    def _resolve(self, kinds: tuple[Any, ...]) -> Loop:
        if self.loop_rule is None:
            raise NotImplementedError(self.name)
        return self.loop_rule(kinds)

    def text(self, dtype: DType) -> str | None:
        """The scalar text for operands of `dtype`, None where there is none."""
        if self.scalar is None:
            return None
        kind = dtype.kind
        if dtype.char == "e" and not self.halves:
            return None
        if not isinstance(self.scalar, str) and kind in self.scalar:
            return self.scalar[kind]
        if kind not in self.dtypes:
            return None
        return self.scalar if isinstance(self.scalar, str) else self.scalar.get("")


class ElementwiseOp(Op):
    """An op whose dtypes are those of a NumPy ufunc, or of a rule given to it."""

    ufunc: np.ufunc | None = None

    def _resolve(self, kinds: tuple[Any, ...]) -> Loop:
        if self.loop_rule is not None:
            return self.loop_rule(kinds)
        assert self.ufunc is not None
        given = tuple(k if isinstance(k, np.dtype) else _weak(k) for k in kinds)
        found = resolved(self.ufunc, self.name, (*given, *[None] * self.ufunc.nout))
        return Loop(tuple(found[: self.nin]), found[self.nin])


def resolved(
    ufunc: np.ufunc, name: str, given: tuple[Any, ...], **options: Any
) -> tuple[DType, ...]:
    """The loop of a NumPy ufunc. Its refusals say what was given."""
    try:
        return ufunc.resolve_dtypes(given, **options)
    except (TypeError, ValueError) as error:
        kinds = [getattr(k, "name", None) or k.__name__ for k in given if k is not None]
        message = f"{name}: {error}; {' and '.join(kinds)} given"
        raise same_kind(error, message) from None


def _weak(kind: type) -> Any:
    if kind is bool or issubclass(kind, np.bool_):
        return np.dtype(bool)
    for weak in (int, float, complex):
        if kind is weak:
            return weak
    raise TypeError(f"an array or a Python number was required; {kind} was given")


def _warn_of_no_unit(name: str, number: Any) -> None:
    """Warn, where the installed NumPy does, of an integer that is a duration."""
    if NUMPY_2_5:
        message = f"{name}: a duration with a unit was required; {number} was given"
        warn_user(message, DeprecationWarning)


def as_operand(x: Operand, dtype: DType, name: str) -> Value | Scalar:
    """`x` with `dtype`: a cast value, or a typed scalar."""
    if isinstance(x, Value):
        return x if x.dtype == dtype else cast(x, dtype)
    number = x.value if isinstance(x, Scalar) else x
    if type(number) is RunTime:
        return Scalar(number.typed(_typed, dtype, name), dtype)
    return Scalar(_typed(number, dtype, name), dtype)


def _typed(number: Any, dtype: DType, name: str) -> Any:
    if dtype.kind in "iu" and isinstance(number, int):
        info = np.iinfo(dtype)
        if not info.min <= number <= info.max:
            raise OverflowError(
                f"{name}: Python integer {number} out of bounds for {dtype.name}"
            )
    return typed(number, dtype)


CONVERSIONS.add(_typed)


def cast(x: Value, dtype: DType) -> Value:
    """`x` in another dtype; the same value when it has it already.

    Of complex numbers, in a real dtype, the real part.
    """
    if x.dtype == dtype:
        return x
    if x.dtype.kind == "c" and dtype.kind != "c":
        if dtype.kind == "b":
            return REGISTRY["not_equal"](x, 0)
        return cast(REGISTRY["real"](x), dtype)
    return record(REGISTRY["cast"], (x,), (dtype,))


def broadcast_shape(name: str, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The common shape, or the ValueError that names the axis."""
    first = shapes[0]
    if all(shape == first for shape in shapes):
        return first
    try:
        return broadcast_shapes(*shapes)
    except ValueError:
        broadcast_error(name, shapes)


def elementwise(
    numpy: Callable[..., Any],
    *,
    scalar: str | dict[str, str],
    nin: int | None = None,
    loop: Callable[[tuple[Any, ...]], Loop] | None = None,
    onnx: str | None = None,
    samples: Samples | tuple[Samples, ...] | None = None,
    dtypes: str | None = None,
    linear: bool = False,
    expensive: bool = False,
    halves: bool = True,
) -> Callable[[Callable[..., Any]], ElementwiseOp]:
    """Declare an op that works element by element, with broadcasting.

    Parameters
    ----------
    numpy : callable
        The NumPy meaning; when it is a ufunc it is also the dtype rule.
    scalar : str or dict
        Text of one element, see `Op`.
    loop : callable, optional
        The dtype rule where `numpy` is no ufunc: operand dtypes (or Python scalar
        types) to a `Loop`.
    samples : callable or tuple of callables
        ``samples(rng, shape)`` draws a float64 operand from the op's domain; a tuple
        has one for each operand.
    dtypes : str, optional
        dtype kinds of operands that the scalar text serves; default all but complex.
    linear : bool
        Whether a zero gradient gives exact zeros (add, negate, cast).
    expensive : bool
        Whether to keep results rather than compute them twice.
    halves : bool
        Whether the text, computed in float32 and rounded, is right for float16.
    """

    def declare(signature: Callable[..., Any]) -> ElementwiseOp:
        name = signature.__name__.rstrip("_")

        def infer(*operands: Any) -> tuple[DType, tuple[int, ...]]:
            shape = broadcast_shape(name, [x.shape for x in operands[: op.nin]])
            return op.resolve([x.dtype for x in operands[: op.nin]]).output, shape

        op = ElementwiseOp(
            name,
            "elementwise",
            nin or signature.__code__.co_argcount,
            numpy,
            infer,
            scalar=scalar,
            onnx=onnx,
            samples=samples,
            dtypes=dtypes or "biuf",
            linear=linear,
            expensive=expensive,
            halves=halves,
            doc=signature.__doc__ or "",
        )
        op.ufunc = numpy if isinstance(numpy, np.ufunc) else None
        op.loop_rule = loop
        return op

    return declare


def operation(
    kind: Kind,
    infer: Callable[..., tuple[DType, tuple[int, ...]]],
    *,
    onnx: str | None = None,
    scalar: str | dict[str, str] | None = None,
    samples: Samples | tuple[Samples, ...] | None = None,
    dtypes: str = "biufc",
    linear: bool = False,
    expensive: bool = False,
    fails_late: bool | None = None,
    loop: Callable[[tuple[Any, ...]], Loop] | None = None,
) -> Callable[[Callable[..., Any]], Op]:
    """Declare an op of any other kind; the decorated function is its NumPy reference.

    The function takes the operands as arrays, then the attributes, all positional.
    """

    def declare(reference: Callable[..., Any]) -> Op:
        op = Op(
            reference.__name__.rstrip("_"),
            kind,
            reference.__code__.co_argcount,
            reference,
            infer,
            onnx=onnx,
            scalar=scalar,
            samples=samples,
            dtypes=dtypes,
            linear=linear,
            expensive=expensive,
            fails_late=fails_late,
            doc=reference.__doc__ or "",
        )
        op.loop_rule = loop
        return op

    return declare


def _parameters_read(rule: Callable[..., Any], shift: int = 0) -> frozenset[int]:
    """Which parameters a rule uses, as positions after ``grad``: 0 is ``out``.

    Read off its code, so that what must be kept for it is stated only once, in it.
    """
    if not isinstance(rule, types.FunctionType):
        return frozenset(range(64))
    names = rule.__code__.co_varnames[: rule.__code__.co_argcount]
    if rule.__code__.co_flags & 0x04:  # *inputs: may use all of them
        return frozenset(range(64))
    import dis  # not before a gradient is asked for: it is long in loading

    instructions = list(dis.get_instructions(rule))
    used: set[str] = set()
    for instruction, after in zip_longest(instructions, instructions[1:]):
        if not instruction.opname.startswith(_LOADS):
            continue
        given = instruction.argval
        loaded = given if isinstance(given, tuple) else (given,)
        # `x.shape` needs no element of x.
        known = after is not None and after.opname == "LOAD_ATTR"
        if known and after.argval in ("shape", "dtype", "size", "device"):
            loaded = loaded[:-1]
        used.update(loaded)
    return frozenset(i - 1 + shift for i, name in enumerate(names) if name in used)


_LOADS = ("LOAD_", "STORE_FAST_LOAD", "MAKE_CELL")
