"""The scalar library for Numba's CPU compiler.

Every function is an intrinsic: it types its operands by the rule of the scalar
library and carries its formula out on the LLVM builder. Nothing is jitted on its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from ..builders import BUILDERS
from ..scalars import NAMES, Scalar, operand_dtype
from ..term import Place, Term

LIBM = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
}


def libm_symbol(name: str, dtype: str) -> str:
    """The name in the C library: ``arcsin`` of float32 is ``asinf``."""
    return LIBM.get(name, name) + ("f" if dtype == "float32" else "")


def dtype_name(kind: types.Type) -> str:
    """NumPy's name of a Numba scalar type."""
    return str((kind.literal_type if isinstance(kind, types.Literal) else kind).name)


def numba_type(dtype: str) -> types.Type:
    """The Numba type with NumPy's name `dtype`."""
    return types.boolean if dtype == "bool" else getattr(types, dtype)


def signature(name: str, scalar: Scalar, dtypes: tuple[str, ...]) -> tuple[str, ...]:
    """dtypes of the result and of the operands in which `name` works.

    Examples
    --------
    >>> signature("exp", NAMES["exp"], ("int8",))
    ('float64', 'float64')
    >>> signature("select", NAMES["select"], ("bool", "int8", "int8"))
    ('int8', 'bool', 'int8', 'int8')
    """
    if name == "philox":
        return "uint64", "uint64", "uint64"
    free = dtypes[1:] if name == "select" else dtypes[:1] if name == "ldexp" else dtypes
    work = operand_dtype(free)
    if scalar.result == "float" and "float" not in work and "complex" not in work:
        work = "float64"
    result = work if scalar.result in ("same", "float") else scalar.result
    if name == "select":
        return result, "bool", work, work
    if name == "ldexp":
        return result, work, dtypes[1]
    return (result, *[work] * scalar.arity)


def as_intrinsic(name: str, scalar: Scalar, build: Callable[..., Term]) -> Any:
    """The Numba intrinsic that carries out `build`."""

    def typed(*operands: types.Type) -> Any:
        names = tuple(dtype_name(kind) for kind in operands)
        result, *work = signature(name, scalar, names)

        def generate(
            context: Any, builder: ir.IRBuilder, signature: Any, values: list[ir.Value]
        ) -> ir.Value:
            place = Place(builder, libm_symbol)
            terms = map(Term, [place] * len(work), values, work)
            return build(*terms).value

        return numba_type(result)(*[numba_type(dtype) for dtype in work]), generate

    typer = _with_parameters(typed, scalar.arity)
    typer.__name__ = name
    typer.__doc__ = scalar.meaning
    return intrinsic(typer)


def _with_parameters(typed: Callable[..., Any], arity: int) -> Any:
    """`typed` behind as many parameters: Numba reads the Python signature."""
    if arity == 1:
        return lambda context, x: typed(x)
    if arity == 2:
        return lambda context, x, y: typed(x, y)
    return lambda context, x, y, z: typed(x, y, z)


NAMESPACE: dict[str, object] = {
    name: as_intrinsic(name, scalar, BUILDERS[name]) for name, scalar in NAMES.items()
}
"""What the names in a kernel's text mean when Numba compiles it for this machine."""
