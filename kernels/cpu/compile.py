"""Stage 7, compile: generated text -> machine code, by Numba and LLVM.

Texts of the small language that the emitters write are lowered by `body`, with Numba's
intrinsics; any other text goes through Numba's front end, in a trimmed pipeline. Either
way there are no wrappers for calls from Python, pointers are promised not to overlap,
and LLVM's optimiser runs once, over the whole module. This module imports Numba, which
takes a while, so it is itself imported late.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
from numba import prange, types
from numba.core import (
    codegen,
    compiler,
    compiler_machinery,
    sigutils,
    typed_passes,
    untyped_passes,
)
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from ..kernel import DTYPES
from ..term import NoVector
from ..text import Lines
from .body import lower
from .primitives import PRIMITIVES
from .target import machine
from .values import Beyond
from .wide import lower_to_vectors

PASSES = (
    untyped_passes.TranslateByteCode,
    untyped_passes.FixupArgs,
    untyped_passes.IRProcessing,
    typed_passes.NopythonTypeInference,
    typed_passes.IRLegalization,
    typed_passes.AnnotateTypes,
    typed_passes.NativeLowering,
    typed_passes.NoPythonBackend,
)


make_flags: Any = compiler.Flags  # Numba's own modules have no types
make_passes: Any = compiler_machinery.PassManager
compile_extra: Any = compiler.compile_extra
normalize_signature: Any = sigutils.normalize_signature


class LeanLibrary(codegen.JITCodeLibrary):
    """A module that is left alone until all of it is optimised at once."""

    def _optimize_functions(self, module: Any) -> None:
        module.data_layout = self._codegen._data_layout


make_library: Any = LeanLibrary


class LeanPipeline(compiler.CompilerBase):
    """Numba's pipeline without what generated kernels never need."""

    def define_pipelines(self) -> list[Any]:
        manager = make_passes("lean")
        for step in PASSES:
            manager.add_pass(step, step._name)
        manager.finalize()
        return [manager]


class _Jit:
    """Stands in for ``numba.jit`` in generated text: keeps signature and function."""

    signature: str
    function: Any

    def jit(self, signature: str, **options: Any) -> Any:
        self.signature = signature

        def keep(function: Any) -> Any:
            self.function = function
            return function

        return keep


def compile_text(text: str, entry: str, filename: str, assembly: bool = False) -> Any:
    """Machine code (an object file) of generated `text`, with `entry` as its symbol.

    ``int32 entry(void*, void*, int64* words, int64 lo, int64 hi)`` unpacks the words
    (pointers, scalars, extents, places) and calls the generated function.
    """
    lines = text.splitlines(keepends=True)
    linecache.cache[filename] = (len(text), None, lines, filename)
    with global_compiler_lock:
        module, optimise = _module(text, entry, filename)
        optimise(module)
        if assembly:
            return machine().emit_assembly(module)
        return machine().emit_object(module)


def _module(text: str, entry: str, filename: str) -> tuple[Any, Callable[[Any], None]]:
    """The LLVM module of `text`, and what optimises it."""
    optimise = _tidy
    try:
        try:
            lowered = lower_to_vectors(text, names(), entry)
        except NoVector:
            lowered, optimise = lower(text, names(), entry), _optimise
    except Beyond:
        return _lower(*_whole(text, filename), entry), _optimise
    module = llvm.parse_assembly(str(lowered))
    module.triple = machine().triple
    module.data_layout = str(machine().target_data)
    module.verify()
    return module, optimise


def _whole(text: str, filename: str) -> tuple[Any, str]:
    """The function of `text` itself, and its signature."""
    jit = _Jit()
    namespace = {"numba": jit, **names()}
    exec(compile(text, filename, "exec"), namespace)
    return jit.function, jit.signature


def names() -> dict[str, Any]:
    """Everything that generated text may name."""
    from .functions import NAMESPACE

    numbers = DTYPES - {"bool", "float16"}
    dtypes = {name: getattr(types, name) for name in numbers}
    constants = {"inf": float("inf"), "nan": float("nan")}
    return {"prange": prange, **NAMESPACE, **dtypes, **constants, **PRIMITIVES}


def _lower(function: Any, signature: str, entry: str) -> Any:
    """Numba's LLVM module of the function, with everything it calls and the entry."""
    flags = make_flags()
    flags.error_model = "numpy"
    flags.noalias = True
    flags.no_cpython_wrapper = True
    flags.no_cfunc_wrapper = True
    flags.no_compile = True
    arguments, result = normalize_signature(signature)
    library: Any = make_library(cpu_target.target_context.codegen(), entry)
    library.enable_object_caching()
    compiled = compile_extra(
        cpu_target.typing_context,
        cpu_target.target_context,
        function,
        arguments,
        result,
        flags,
        {},
        library=library,
        pipeline_class=LeanPipeline,
    )
    module = library._final_module
    for other in dict.fromkeys(library._linking_libraries):
        module.link_in(other._get_module_for_linking(), preserve=True)
    inner = module.get_function(compiled.fndesc.llvm_func_name)
    module.link_in(llvm.parse_assembly(_entry_text(inner, entry)))
    for symbol in (*module.functions, *module.global_variables):
        if symbol.name.startswith("llvm."):
            continue  # lists that LLVM itself reads
        if not symbol.is_declaration and symbol.name != entry:
            symbol.linkage = "internal"
    module.verify()
    return module


def _entry_text(inner: Any, entry: str) -> str:
    """LLVM text of the uniform entry: unpack words, call `inner`."""
    kinds = [str(argument.type) for argument in inner.arguments]
    lines = Lines()
    lines.add(f'declare i32 @"{inner.name}"({", ".join(kinds)})')
    lines.add(f"define i32 @{entry}(ptr %r, ptr %e, ptr %words, i64 %lo, i64 %hi) {{")
    lines.add("  %result = alloca ptr")
    lines.add("  %error = alloca ptr")
    passed = ["ptr %result", "ptr %error"]
    for k, kind in enumerate(kinds[2:-2]):
        stored = "i64" if kind[0] == "i" else kind
        lines.add(f"  %w{k} = getelementptr i64, ptr %words, i64 {k}")
        lines.add(f"  %v{k} = load {stored}, ptr %w{k}, align 8")
        value = f"%v{k}"
        if kind[0] == "i" and kind != "i64":
            value = f"%t{k}"
            lines.add(f"  {value} = trunc i64 %v{k} to {kind}")
        passed.append(f"{kind} {value}")
    passed += ["i64 %lo", "i64 %hi"]
    lines.add(f'  %status = call i32 @"{inner.name}"({", ".join(passed)})')
    lines.add("  ret i32 %status")
    lines.add("}")
    return lines.text()


def _tidy(module: Any) -> None:
    """What a module needs whose loops are made of vectors already.

    LLVM's usual passes take five times as long, and find nothing more to do; to combine
    instructions took as long as these, and the code was no faster.
    """
    builder = llvm.create_pass_builder(machine(), llvm.PipelineTuningOptions())
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.run(module, builder)


def _optimise(module: Any) -> None:
    """All that LLVM has, which makes vectors of loops."""
    options = llvm.PipelineTuningOptions(speed_level=3)
    options.loop_vectorization = True
    options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine(), options)
    builder.getModulePassManager().run(module, builder)
