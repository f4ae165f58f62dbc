"""The scalar library as Numba intrinsics, for any of Numba's targets.

Every function types its operands by the rule of the scalar library and carries its
formula out on the LLVM builder. Nothing is jitted on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from llvmlite import ir
from numba.core import types

from .builders import COMPLEX_MATH, Builder
from .complexes import Complex, put_together, taken_apart
from .scalars import NAMES, PARTS, Scalar, signature
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
        formula = COMPLEX_MATH.get(name) if work[-1] in PARTS else build
        if formula is None:
            raise TypeError(f"{name}: real numbers were required; {names} were given")

        def generate(
            context: Any, builder: ir.IRBuilder, signature: Any, values: list[ir.Value]
        ) -> ir.Value:
            here = place(builder)
            operands = [
                taken_apart(here, value, dtype)
                if dtype in PARTS
                else Term(here, value, dtype)
                for value, dtype in zip(values, work, strict=True)
            ]
            found = formula(*operands)
            return put_together(found) if isinstance(found, Complex) else found.value

        return numba_type(result)(*[numba_type(dtype) for dtype in work]), generate

    function = _with_parameters(typed, scalar.arity)
    function.__name__ = name
    function.__doc__ = scalar.meaning
    return function


def _with_parameters(typed: Callable[..., Any], arity: int) -> Any:
    """`typed` behind as many parameters: Numba reads the Python signature."""
    if arity == 1:
        return lambda context, x: typed(x)
    if arity == 2:
        return lambda context, x, y: typed(x, y)
    return lambda context, x, y, z: typed(x, y, z)
