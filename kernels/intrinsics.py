"""The scalar library as Numba intrinsics, for any of Numba's targets.

Every function types its operands by the rule of the scalar library and carries its
formula out on the LLVM builder. Nothing is jitted on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from llvmlite import ir
from numba.core import types

from .builders import Builder
from .scalars import NAMES, Scalar, signature
from .term import Place, Term

C_NAMES = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
}
"""C's names of functions that NumPy calls otherwise."""


def c_symbol(name: str, dtype: str) -> str:
    """The name in the C library: ``arcsin`` of float32 is ``asinf``.

    Examples
    --------
    >>> c_symbol("arcsin", "float32")
    'asinf'
    """
    return C_NAMES.get(name, name) + ("f" if dtype == "float32" else "")


def dtype_name(kind: types.Type) -> str:
    """NumPy's name of a Numba scalar type."""
    return str((kind.literal_type if isinstance(kind, types.Literal) else kind).name)


def numba_type(dtype: str) -> types.Type:
    """The Numba type with NumPy's name `dtype`."""
    return types.boolean if dtype == "bool" else getattr(types, dtype)


def namespace(
    builders: Mapping[str, Builder],
    place: Callable[[ir.IRBuilder], Place],
    intrinsic: Callable[[Any], Any],
) -> dict[str, object]:
    """What the names in a kernel's text mean, on one target.

    Parameters
    ----------
    builders : mapping
        Name to formula.
    place : callable
        Where the instructions of a builder go.
    intrinsic : callable
        The target's decorator for intrinsics.
    """
    return {
        name: intrinsic(typer(name, scalar, builders[name], place))
        for name, scalar in NAMES.items()
    }


def typer(
    name: str,
    scalar: Scalar,
    build: Builder,
    place: Callable[[ir.IRBuilder], Place],
) -> Any:
    """The function that gives Numba the signature and the code generator."""

    def typed(*operands: types.Type) -> Any:
        names = tuple(dtype_name(kind) for kind in operands)
        result, *work = signature(name, scalar, names)
        if "complex" in work[-1] and name not in _COMPLEX:
            raise TypeError(f"{name}: real numbers were required; {names} were given")

        def generate(
            context: Any, builder: ir.IRBuilder, signature: Any, values: list[ir.Value]
        ) -> ir.Value:
            if "complex" in work[-1]:
                kind = numba_type(work[-1])
                return _COMPLEX[name](context, builder, kind, values)
            here = place(builder)
            terms = map(Term, [here] * len(work), values, work)
            return build(*terms).value

        return numba_type(result)(*[numba_type(dtype) for dtype in work]), generate

    function = _with_parameters(typed, scalar.arity)
    function.__name__ = name
    function.__doc__ = scalar.meaning
    return function


# -- complex numbers: part by part, which LLVM can vectorise --------------------------
def _select(
    context: Any, builder: ir.IRBuilder, kind: types.Type, values: list[ir.Value]
) -> Any:
    condition, *others = values
    yes, no = (context.make_complex(builder, kind, value=value) for value in others)
    chosen = context.make_complex(builder, kind)
    chosen.real = builder.select(condition, yes.real, no.real)
    chosen.imag = builder.select(condition, yes.imag, no.imag)
    return chosen._getvalue()


def _multiply(
    context: Any, builder: ir.IRBuilder, kind: types.Type, values: list[ir.Value]
) -> Any:
    x, y = (context.make_complex(builder, kind, value=value) for value in values)
    product = context.make_complex(builder, kind)
    product.real = builder.fsub(
        builder.fmul(x.real, y.real), builder.fmul(x.imag, y.imag)
    )
    product.imag = builder.fadd(
        builder.fmul(x.real, y.imag), builder.fmul(x.imag, y.real)
    )
    return product._getvalue()


def _conjugate(
    context: Any, builder: ir.IRBuilder, kind: types.Type, values: list[ir.Value]
) -> Any:
    number = context.make_complex(builder, kind, value=values[0])
    number.imag = builder.fneg(number.imag)
    return number._getvalue()


def _real(
    context: Any, builder: ir.IRBuilder, kind: types.Type, values: list[ir.Value]
) -> Any:
    return context.make_complex(builder, kind, value=values[0]).real


def _imag(
    context: Any, builder: ir.IRBuilder, kind: types.Type, values: list[ir.Value]
) -> Any:
    return context.make_complex(builder, kind, value=values[0]).imag


_COMPLEX = {
    "select": _select,
    "multiply": _multiply,
    "conjugate": _conjugate,
    "real": _real,
    "imag": _imag,
}
"""The functions that take complex numbers too."""


def _with_parameters(typed: Callable[..., Any], arity: int) -> Any:
    """`typed` behind as many parameters: Numba reads the Python signature."""
    if arity == 1:
        return lambda context, x: typed(x)
    if arity == 2:
        return lambda context, x, y: typed(x, y)
    return lambda context, x, y, z: typed(x, y, z)
