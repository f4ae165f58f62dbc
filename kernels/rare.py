"""Code for rare elements that leaves the loop a vector loop.

LLVM's loop vectoriser gives up on a loop with a call, unless the call names a vector
variant of the function. `rarely` defines such a function and its variants in the
module of the kernel: each looks first whether any of its elements is a rare one,
which costs one comparison (0.2 ns an element), and goes through them one by one only
then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from llvmlite import ir

from .term import Place, Term, library, same_everywhere, scalar_type

WIDTHS = {"float64": (2, 4, 8), "float32": (4, 8, 16)}
"""How many elements the vectors of SSE, AVX and AVX-512 hold."""

_LANE = ir.IntType(32)


def beyond(name: str, size: Term, limit: float, *operands: Term) -> Term:
    """Library function `name` where ``size > limit``, anything elsewhere."""
    return rarely(name, partial(library, name), size, limit, *operands)


def rarely(
    name: str,
    formula: Callable[..., Term],
    size: Term,
    limit: float,
    *operands: Term,
) -> Term:
    """``formula(*operands)`` where ``size > limit``, anything elsewhere.

    The formula becomes a function of its own, called `name` in the module.
    """
    builder = size.place.builder
    if not size.place.vector_loops:
        return _branch(formula, size, limit, operands)
    label = f"beyond_{name}_{size.dtype}"
    function: Any = builder.module.globals.get(label)
    if function is None:
        function = _define_scalar(formula, label, size, limit, len(operands))
    given = [size.value, *[x.value for x in operands]]
    if size.is_vector:
        variant = _vector(function, limit, size.value.type.count)
        return Term(size.place, builder.call(variant, given), size.dtype)
    widths = WIDTHS[size.dtype]
    if f"{label}_{widths[0]}" not in builder.module.globals:
        _keep(builder.module, [_vector(function, limit, width) for width in widths])
    call = builder.call(function, given)
    lanes = "v" * (1 + len(operands))
    mapping = ",".join(
        f"_ZGV_LLVM_N{width}{lanes}_{label}({label}_{width})" for width in widths
    )
    # llvmlite knows no attributes of this form, but writes them as they are.
    set.add(call.attributes, f'"vector-function-abi-variant"="{mapping}"')
    return Term(size.place, call, size.dtype)


def _branch(
    formula: Callable[..., Term], size: Term, limit: float, operands: tuple[Term, ...]
) -> Term:
    builder = size.place.builder
    before = builder.block
    with builder.if_then((size > limit).value, likely=False):
        found = formula(*operands)
        inside = builder.block
    result = builder.phi(size.value.type)
    result.add_incoming(size.value, before)
    result.add_incoming(found.value, inside)
    return Term(size.place, result, size.dtype)


def _define(module: ir.Module, kind: ir.Type, label: str, arity: int) -> Any:
    function = ir.Function(module, ir.FunctionType(kind, [kind] * arity), label)
    function.linkage = "internal"
    for attribute in ("noinline", "nounwind"):
        function.attributes.add(attribute)
    set.add(function.attributes, "willreturn")
    set.add(function.attributes, "memory(none)")
    return function


def _define_scalar(
    formula: Callable[..., Term], label: str, size: Term, limit: float, count: int
) -> Any:
    module = size.place.builder.module
    function = _define(module, scalar_type(size.dtype), label, 1 + count)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    here = Place(builder, size.place.symbol)
    first, *operands = (Term(here, value, size.dtype) for value in function.args)
    with builder.if_then((first > limit).value, likely=False):
        builder.ret(formula(*operands).value)
    builder.ret(first.value)
    return function


def _vector(scalar: Any, limit: float, width: int) -> Any:
    """The variant for vectors, defined if it is not yet."""
    label = f"{scalar.name}_{width}"
    known = scalar.module.globals.get(label)
    return _define_vector(scalar, label, limit, width) if known is None else known


def _define_vector(scalar: Any, label: str, limit: float, width: int) -> Any:
    kind = ir.VectorType(scalar.args[0].type, width)
    function = _define(scalar.module, kind, label, len(scalar.args))
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    size = function.args[0]
    large = builder.fcmp_ordered(">", size, same_everywhere(limit, kind))
    mask = builder.bitcast(large, ir.IntType(width))
    with builder.if_then(builder.icmp_signed("!=", mask, mask.type(0)), likely=False):
        result = size
        for lane in range(width):
            ones = [builder.extract_element(x, _LANE(lane)) for x in function.args]
            one = builder.call(scalar, ones)
            result = builder.insert_element(result, one, _LANE(lane))
        builder.ret(result)
    builder.ret(size)
    return function


def _keep(module: ir.Module, functions: list[Any]) -> None:
    """Keep functions that nothing calls yet until the vectoriser has run."""
    pointer = ir.IntType(8).as_pointer()
    name = "llvm.compiler.used"
    used: Any = module.globals.get(name)
    kept = [function.bitcast(pointer) for function in functions]
    if used is not None:
        kept = [*used.initializer.constant, *kept]
    kind = ir.ArrayType(pointer, len(kept))
    if used is None:
        used = ir.GlobalVariable(module, kind, name)
        used.linkage = "appending"
        used.section = "llvm.metadata"
    used.value_type = kind
    used.type = kind.as_pointer()
    used.initializer = ir.Constant(kind, kept)
