"""ufunc objects: NumPy's calling convention around the elementwise ops."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.array import Array
from engine.errors import named
from engine.loud import unheard
from engine.movement import broadcast_value
from engine.ops.op import Op, cast, resolved
from engine.record.registry import REGISTRY
from engine.record.trace import current_trace
from engine.record.value import Scalar, Value, typed
from engine.shapes import broadcast_shapes

from . import elementwise, extremes, reductions, scans, shared_calls
from .axes import order_letter
from .fallback import into_foreign, library_call
from .indexing import add_at
from .operands import WEAK, checked_dtype, is_square, to_value
from .ufunc_examples import EXAMPLES

_ABSENT = set("OG")
"""Codes of dtypes that there are no arrays of: objects, complex256."""

_FREE = ("same_kind", "unsafe")
"""Casting rules that every loop's operands meet; the others need a look."""

_RUNNING = {"maximum": "cummax", "minimum": "cummin"}
"""Ops that are the `accumulate` of a ufunc."""


def _documented(name: str, nin: int, meaning: str) -> str:
    """The docstring of a ufunc: its meaning, what all ufuncs take, and an example."""
    meaning = meaning.partition("Examples")[0].strip()
    given, gives = EXAMPLES[name]
    gives = gives.replace("\n", "\n    ")
    return f"""{meaning}

    Parameters
    ----------
    {"x" if nin == 1 else "x1, x2"} : array_like
        Operands; they are broadcast, and cast to the dtype in which they meet.
    out : ndarray, or tuple of one for each result, optional
        Where to store the result.
    where : array_like of bool
        Where to compute; elsewhere `out` keeps what it has.
    dtype, casting, order, signature
        The dtype to compute in, which casts are allowed, and the layout of the result.

    Returns
    -------
    ndarray, or a tuple of several

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.{name}({given})
    {gives}
    """


def _as_arrays(results: Any) -> Any:
    """Results with arrays of no axes in place of scalars, as ``out=...`` asks for."""
    if isinstance(results, tuple):
        return tuple(map(_as_arrays, results))
    return results[...] if results.scalar else results


def _named(name: str) -> Any:
    """The ufunc of a name: what a pickle holds of it."""
    return getattr(sys.modules["engine.numpy"], name)


class ufunc:
    """A universal function: element by element, with broadcasting.

    Calls are as NumPy's: ``out``, ``where``, ``dtype`` and ``casting`` are honoured,
    and ``reduce``, ``accumulate``, ``outer`` and ``at`` are methods.
    """

    __slots__ = ("__dict__", "op")

    def __init__(
        self,
        name: str,
        compose: Callable[..., tuple[Any, ...]] | None = None,
        meaning: str | None = None,
    ) -> None:
        self.__name__ = name
        self.numpy: np.ufunc = getattr(np, name)
        self.op: Op | None = REGISTRY.get(self.numpy.__name__)
        self.compose = compose
        own = meaning or (self.op or compose).__doc__ or ""
        self.__doc__ = _documented(name, self.numpy.nin, own)

    def __reduce__(self) -> tuple[Any, ...]:
        return _named, (self.__name__,)

    def __repr__(self) -> str:
        return f"<ufunc {self.__name__!r}>"

    @property
    def nin(self) -> int:
        """The number of inputs."""
        return self.numpy.nin

    @property
    def nout(self) -> int:
        """The number of outputs."""
        return self.numpy.nout

    @property
    def nargs(self) -> int:
        """The number of arguments, inputs and outputs."""
        return self.numpy.nargs

    @property
    def types(self) -> list[str]:
        """The loops that there are, as NumPy writes them."""
        return [loop for loop in self.numpy.types if not _ABSENT & set(loop)]

    @property
    def ntypes(self) -> int:
        """The number of loops."""
        return len(self.types)

    @property
    def identity(self) -> Any:
        """What a reduction of nothing gives, None where there is none."""
        return self.numpy.identity

    @property
    def signature(self) -> None:
        """None: these are no generalised ufuncs."""
        return None

    def resolve_dtypes(
        self,
        dtypes: Any,
        *,
        signature: Any = None,
        casting: Any = None,
        reduction: bool = False,
    ) -> Any:
        """The dtypes of operands and results, as NumPy resolves them."""
        options = {"signature": signature, "casting": casting}
        given = {key: x for key, x in options.items() if x is not None}
        return self.numpy.resolve_dtypes(dtypes, reduction=reduction, **given)

    # -- calls --------------------------------------------------------------------
    def __call__(
        self,
        *args: Any,
        out: Any = None,
        where: Any = True,
        casting: str = "same_kind",
        order: str = "K",
        dtype: Any = None,
        subok: bool = True,
        signature: Any = None,
        sig: Any = None,
    ) -> Any:
        if out is Ellipsis:
            given = args, None, where, casting, order, dtype, signature or sig
            return _as_arrays(self._call_general(*given))
        op = self.op
        plain = out is None and where is True and dtype is None and order == "K"
        unsigned = signature is None and sig is None
        free = casting in _FREE
        if plain and unsigned and free and op is not None and len(args) == op.nin:
            if self.__name__ == "power" and is_square(*args):
                op, args = REGISTRY["square"], args[:1]
            return elementwise.apply(op, *args)
        given = args, out, where, casting, order, dtype, signature or sig
        if where is True or not current_trace().loud:
            return self._call_general(*given)
        with unheard():  # of what is masked out; all is computed
            return self._call_general(*given)

    def _call_general(
        self,
        args: tuple[Any, ...],
        out: Any,
        where: Any,
        casting: str,
        order: str,
        dtype: Any,
        signature: Any,
    ) -> Any:
        order = order_letter(order)
        nin = self.numpy.nin
        if not nin <= len(args) <= self.numpy.nargs:
            raise TypeError(
                f"{self.__name__}() takes from {nin} to {self.numpy.nargs} positional "
                f"arguments but {len(args)} were given"
            )
        if len(args) > nin:
            if out is not None:
                raise TypeError(
                    named(
                        "cannot specify 'out' as both a positional and keyword argument"
                    )
                )
            missing = self.numpy.nargs - len(args)
            out = (*args[nin:], *[None] * missing)
            args = args[:nin]
        if dtype is not None and signature is not None:
            raise TypeError(named("cannot specify both 'signature' and 'dtype'"))
        outs = self._outputs(out)
        if self.op is None:
            given = args, outs, where, casting, order, dtype, signature
            return self._call_composed(*given)
        target = None if outs[0] is None else elementwise.check_out(outs[0])
        if target is not None and dtype is None and signature is None:
            elementwise.check_loop(self.op, args, target, casting)
        result, result_order = self._result(args, casting, dtype, signature)
        mask = True if where is True else elementwise.mask_value(where)
        if target is not None:
            result = elementwise.in_c_order(result, result_order)
            elementwise.store_out(self.__name__, result, target, casting, mask)
            return target
        if isinstance(mask, Value):
            result, result_order = self._masked(result, result_order, mask), None
        handle = face.ndarray.wrap(result, result_order, scalar=not result.shape)
        return handle if order == "K" else handle.copy(order)

    def _outputs(self, out: Any) -> tuple[Any, ...]:
        """What was given as `out`, for each result; None where it is a new array."""
        count = self.numpy.nout
        if out is None:
            return (None,) * count
        if not isinstance(out, tuple):
            if count > 1:
                raise TypeError(named("'out' must be a tuple of arrays"))
            return (out,)
        if len(out) != count:
            raise ValueError(
                named("The 'out' tuple must have exactly one entry per ufunc output")
            )
        return out

    def _result(
        self, args: tuple[Any, ...], casting: str, dtype: Any, signature: Any
    ) -> tuple[Value, tuple[int, ...] | None]:
        op = self.op
        assert op is not None
        if dtype is None and signature is None:
            if casting not in _FREE:
                elementwise.check_operands(op, args, casting)
            return elementwise.compute(op, args)
        values, order = elementwise.prepared(self.__name__, args)
        kinds = [x.__class__ if x.__class__ in WEAK else x.dtype for x in values]
        given = [np.dtype(bool) if kind is bool else kind for kind in kinds]
        loop = resolved(
            self.numpy,
            self.__name__,
            (*given, *[None] * self.numpy.nout),
            signature=self._loop_wanted(dtype, signature),
            # NumPy crashes on "equiv" with plain numbers; our bytes have one order.
            casting="no" if casting == "equiv" else casting,
        )
        taken = [
            cast(x, want)
            if isinstance(x, Value)
            else Scalar(typed(x.value if isinstance(x, Scalar) else x, want), want)
            for x, want in zip(values, loop, strict=False)
        ]
        result = op(*taken)
        return cast(result, loop[self.numpy.nin]), order

    def _loop_wanted(self, dtype: Any, signature: Any) -> tuple[Any, ...]:
        """The dtypes that a call names for its loop, None for those left open."""
        if signature is None:
            result = None if dtype is None else checked_dtype(dtype)
            return (*[None] * self.numpy.nin, *[result] * self.numpy.nout)
        if isinstance(signature, str):
            codes = signature.replace("->", "")
            return tuple(checked_dtype(code) for code in codes)
        return tuple(None if one is None else checked_dtype(one) for one in signature)

    @staticmethod
    def _masked(result: Value, order: tuple[int, ...] | None, mask: Value) -> Value:
        """Zeros where a result without `out` is masked out (NumPy leaves garbage)."""
        result = elementwise.in_c_order(result, order)
        shape = broadcast_shapes(result.shape, mask.shape)
        zero = Scalar(typed(0, result.dtype), result.dtype)
        chosen = broadcast_value(mask, shape)
        return REGISTRY["where"](chosen, broadcast_value(result, shape), zero)

    def _where(self, result: face.ndarray, mask: Any) -> face.ndarray:
        """A result of NumPy, which has garbage where it is masked out: zeros there."""
        return face.fresh(self._masked(result.read(), None, mask))

    def _call_composed(
        self,
        args: tuple[Any, ...],
        outs: tuple[Any, ...],
        where: Any,
        casting: str,
        order: str,
        dtype: Any,
        signature: Any,
    ) -> Any:
        plain = where is True and dtype is None and signature is None
        if self.compose is not None and plain and casting in _FREE:
            results = self.compose(*args)
        else:
            options = {"where": where, "casting": casting, "dtype": dtype}
            results = library_call(self.__name__, self.numpy, *args, **options)
            results = results if isinstance(results, tuple) else (results,)
        mask = True if where is True else elementwise.mask_value(where)
        final = []
        for result, out in zip(results, outs, strict=True):
            if out is None:
                made = result if where is True else self._where(result, mask)
                final.append(made if order == "K" else made.copy(order))
                continue
            target = elementwise.check_out(out)
            elementwise.store_out(self.__name__, result.read(), target, casting, mask)
            final.append(target)
        return tuple(final) if len(final) > 1 else final[0]

    # -- methods ------------------------------------------------------------------
    def reduce(
        self,
        array: Any,
        /,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        """Reduce an axis by applying the function along it."""
        function = _REDUCTIONS.get(self.__name__)
        plain = dtype is None and out is None and initial is None and where is True
        if function is not None and plain and not keepdims:
            return function(array, axis)
        options: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
        if initial is not None:
            options["initial"] = initial
        if where is not True:
            options["where"] = where
        truth = self.__name__.startswith("logical") and dtype is not None
        if function is None or truth:
            name, reduce = f"{self.__name__}.reduce", self.numpy.reduce
            result = library_call(name, reduce, array, dtype=dtype, **options)
            return reductions.deliver(name, result, out)
        if dtype is not None and self.__name__ in ("maximum", "minimum"):
            array = face.asarray(array).astype(dtype, copy=False)
        if self.__name__ in ("add", "multiply"):
            options["dtype"] = dtype
        return function(array, out=out, **options)

    def accumulate(
        self, array: Any, /, axis: Any = 0, dtype: Any = None, out: Any = None
    ) -> Any:
        """The reductions of all prefixes along an axis."""
        if self.__name__ in ("add", "multiply"):
            scan = scans.cumsum if self.__name__ == "add" else scans.cumprod
            plain = type(axis) is int and dtype is None and out is None
            if plain and type(array) is face.ndarray and array.recipe.shape:
                return scan(array, axis)
            rank = np.ndim(array)
            if not rank:
                raise TypeError(named("cannot accumulate on a scalar"))
            axes = range(rank) if axis is None else axis
            if isinstance(axes, (range, tuple)):
                if len(axes) != 1:
                    raise ValueError(named("accumulate does not allow multiple axes"))
                (axis,) = axes
            return scan(array, axis=axis, dtype=dtype, out=out)
        name = f"{self.__name__}.accumulate"
        running = _RUNNING.get(self.__name__)
        if running is not None and type(axis) is int and np.ndim(array):
            found = scans.running(running, array, axis, dtype)
            return reductions.deliver(name, found, out)
        result = library_call(
            name, shared_calls.accumulate, self.numpy, array, axis, dtype
        )
        return reductions.deliver(name, result, out)

    def reduceat(
        self,
        array: Any,
        /,
        indices: Any,
        axis: int = 0,
        dtype: Any = None,
        out: Any = None,
    ) -> Any:
        """Reductions of slices that begin at indices."""
        name = f"{self.__name__}.reduceat"
        result = library_call(name, self.numpy.reduceat, array, indices, axis, dtype)
        return reductions.deliver(name, result, out)

    def outer(self, A: Any, B: Any, /, **kwargs: Any) -> Any:
        """The function of every pair of elements."""
        if self.nin != 2:
            raise ValueError(named("outer product only supported for binary functions"))
        left, right = face.asarray(A), face.asarray(B)
        shape = left.shape + (1,) * right.ndim
        return self(left.reshape(shape), right, **kwargs)

    def at(self, a: Any, indices: Any, b: Any = None, /) -> None:
        """Apply the function in place at indices, repeated ones each time."""
        if isinstance(a, np.ndarray):
            given = (indices,) if b is None else (indices, b)
            into_foreign(f"{self.__name__}.at", self.numpy.at, a, *given)
            return
        if not isinstance(a, Array):
            raise TypeError(named("first operand must be array"))
        if not a.writeable:
            raise ValueError("at: a writeable array was required; array is read-only")
        if b is None and self.nin > 1:
            raise ValueError(named("second operand needed for ufunc"))
        if self.__name__ in ("add", "subtract"):
            value = to_value(b, self.__name__)
            if self.__name__ == "subtract":
                value = REGISTRY["negative"](value)
            add_at(a, indices, value)
            return
        work = face.ndarray.wrap(a.read())
        arguments = (indices,) if b is None else (indices, b)

        def run(target: Any, *rest: Any) -> Any:
            self.numpy.at(target := target.copy(), *rest)
            return target

        result = library_call(f"{self.__name__}.at", run, work, *arguments)
        a.store(result.read())


_REDUCTIONS = {
    "add": reductions.sum,
    "multiply": reductions.prod,
    "maximum": extremes.max,
    "minimum": extremes.min,
    "logical_and": reductions.all,
    "logical_or": reductions.any,
}
