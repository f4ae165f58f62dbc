"""Calls of the C library for rare elements that leave the loop a vector loop.

LLVM's loop vectoriser gives up on a loop with a call, unless the call names a vector
variant of the function. `rarely` defines such a function and its variants in the
module of the kernel: each looks first whether any of its elements needs the library,
which costs one comparison, and calls it element by element only then.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from .term import Term, library, magnitude

WIDTHS = {"float64": (2, 4, 8), "float32": (4, 8, 16)}
"""How many elements the vectors of SSE, AVX and AVX-512 hold."""

_LANE = ir.IntType(32)


def beyond(name: str, x: Term, limit: float) -> Term:
    """Library function `name` of `x` where ``|x| > limit``, anything elsewhere."""
    builder = x.place.builder
    module = builder.module
    label = f"beyond_{name}_{x.dtype}"
    function: Any = module.globals.get(label)
    if function is None:
        function = _define_scalar(name, label, x, limit)
        variants = [
            _define_vector(function, x, limit, width) for width in WIDTHS[x.dtype]
        ]
        _keep(module, variants)
    call = builder.call(function, [x.value])
    mapping = ",".join(
        f"_ZGV_LLVM_N{width}v_{label}({label}_{width})" for width in WIDTHS[x.dtype]
    )
    # llvmlite knows no attributes of this form, but writes them as they are.
    set.add(call.attributes, f'"vector-function-abi-variant"="{mapping}"')
    return Term(x.place, call, x.dtype)


def _define(module: ir.Module, kind: ir.Type, label: str) -> Any:
    function = ir.Function(module, ir.FunctionType(kind, [kind]), label)
    function.linkage = "internal"
    for attribute in ("noinline", "nounwind"):
        function.attributes.add(attribute)
    set.add(function.attributes, "willreturn")
    set.add(function.attributes, "memory(none)")
    return function


def _define_scalar(name: str, label: str, x: Term, limit: float) -> Any:
    function = _define(x.place.builder.module, x.value.type, label)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    here = type(x.place)(builder, x.place.symbol)
    element = Term(here, function.args[0], x.dtype)
    with builder.if_then((magnitude(element) > limit).value, likely=False):
        builder.ret(library(name, element).value)
    builder.ret(element.value)
    return function


def _define_vector(scalar: Any, x: Term, limit: float, width: int) -> Any:
    module = x.place.builder.module
    kind = ir.VectorType(x.value.type, width)
    function = _define(module, kind, f"{scalar.name}_{width}")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    (values,) = function.args
    label = f"llvm.fabs.v{width}f{x.bits}"
    size = module.globals.get(label)
    if size is None:
        size = ir.Function(module, ir.FunctionType(kind, [kind]), label)
    bound = ir.Constant(kind, [limit] * width)
    large = builder.fcmp_ordered(">", builder.call(size, [values]), bound)
    mask = builder.bitcast(large, ir.IntType(width))
    with builder.if_then(builder.icmp_signed("!=", mask, mask.type(0)), likely=False):
        result = values
        for lane in range(width):
            one = builder.extract_element(values, _LANE(lane))
            one = builder.call(scalar, [one])
            result = builder.insert_element(result, one, _LANE(lane))
        builder.ret(result)
    builder.ret(values)
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
