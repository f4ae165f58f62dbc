"""The machine: llvmlite's view of this CPU, and machine code brought into the process.

Nothing here imports Numba: a process whose kernels are all in the disk cache does
without it, and, where `linking` and `processor` know the system, without LLVM.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache as once
from typing import Any

from .. import cache
from ..locks import new_lock, wait_first
from .linking import MissingSymbol as MissingSymbol
from .linking import Unlinkable, link
from .object_file import undefined_symbols
from .processor import AVX, F16C, FMA, is_known, processor

_lock = new_lock()  # a handler of signals may compute, too
_paused = [False]
"""Whether the garbage collector is off for a while."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold the lock, and keep the garbage collector from running finalizers meanwhile.

    A finalizer that computes may wait for a thread that waits for this lock.
    """
    with _lock:
        ran = gc.isenabled()
        _paused[0] |= ran
        try:
            gc.disable()  # here: an interrupt is heard behind it
            yield
        finally:
            if ran:
                _paused[0] = False
                gc.enable()


@once
def binding() -> Any:
    """llvmlite's binding, imported when it is first needed: it takes 30 ms.

    Raises
    ------
    MissingSymbol
        If LLVM's library cannot be loaded, perhaps for want of memory.
    """
    try:
        import llvmlite.binding
    except OSError as error:
        raise MissingSymbol(f"LLVM: {error}") from None
    return llvmlite.binding


def forever(thing: object) -> None:
    """Never free `thing`, not even when the interpreter shuts down.

    Code that outlives this module may run in it: an array that dies last gives its
    memory back.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


_compiling = new_lock()


@contextmanager
def compiling() -> Iterator[None]:
    """Work by Numba or LLVM, which a fork of another thread waits for.

    They have locks of their own, which a child would find held for ever.
    """
    with _compiling:
        _import_logging()
        yield


@once
def _import_logging() -> None:
    """Import what Numba does, of which a fork takes a lock that Numba needs."""
    import logging  # noqa: F401

    wait_first()


def _after_fork_in_child() -> None:
    """The thread that paused the collector may not be there in the child."""
    if _paused[0]:
        _paused[0] = False
        gc.enable()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


@once
def machine() -> Any:
    """The target machine: this CPU with all its features, code for a JIT.

    Such code names all things by addresses of 64 bits. To name constants by their
    distance would make kernels a few per cent faster; but llvmlite may put them
    elsewhere than the code, and where they are too far away, LLVM aborts.
    """
    llvm = binding()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    triple = llvm.get_process_triple()
    return llvm.Target.from_triple(triple).create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=cpu_features(),
        opt=3,
        reloc="static" if is_x86() else "default",
        codemodel="jitdefault",
        jit=True,
    )


@once
def is_x86() -> bool:
    """Whether this process runs x86 code."""
    if is_known():
        return True
    triple: str = binding().get_process_triple()
    return triple.startswith(("x86", "i386", "i686"))


@once
def cpu_features() -> str:
    """Features of this CPU, as LLVM spells them."""
    try:
        return str(binding().get_host_cpu_features().flatten())
    except RuntimeError:  # LLVM cannot tell on this platform
        return ""


@once
def features() -> frozenset[str]:
    """Which of the features of x86 CPUs this one has that decide what is generated."""
    cpu = processor()
    if cpu is None:
        return frozenset(("avx", "fma", "f16c", "avx512f")).intersection(
            name[1:] for name in cpu_features().split(",") if name[:1] == "+"
        )
    bits = {"avx": AVX, "fma": FMA, "f16c": F16C}
    found = {name for name, bit in bits.items() if cpu.has(bit)}
    return frozenset(found | {"avx512f"} if cpu.has_wide() else found)


def has_fused_multiply_add() -> bool:
    """Whether ``x * y + z`` with one rounding is one instruction of this CPU.

    All CPUs have it but for x86 before 2013; there each would be a slow call.
    """
    return not is_x86() or "fma" in features()


def converts_halves() -> bool:
    """Whether this CPU converts float16: all do but for x86 before 2012."""
    return not is_x86() or "f16c" in features()


def loads_by_masks() -> bool:
    """Whether this CPU loads some lanes of a vector of floats by one instruction."""
    return is_x86() and "avx" in features()


def scales_vectors() -> bool:
    """Whether this CPU multiplies vectors by powers of two, by one instruction."""
    return is_x86() and "avx512f" in features()


@once
def identity() -> str:
    """What machine code from this process depends on, but for Numba and the text.

    That is LLVM and this CPU. Where the CPU can be asked, LLVM is not loaded for it.
    """
    cpu, version = processor(), _llvmlite()
    if cpu is not None and version is not None:
        return f"{version}|{sys.platform}|{cpu.text()}"
    llvm = binding()
    return "|".join(
        (
            sys.modules["llvmlite"].__version__,
            ".".join(map(str, llvm.llvm_version_info)),
            llvm.get_process_triple(),
            llvm.get_host_cpu_name(),
            cpu_features(),
        )
    )


def _llvmlite() -> str | None:
    """Which llvmlite this is, and which build of its library, without importing it."""
    folder, version = cache.version_of("llvmlite")
    try:
        with os.scandir(os.path.join(folder, "binding")) as entries:
            files = sorted((x.name, x.stat().st_size) for x in entries)
    except OSError:
        return None
    return f"{version!r}{[pair for pair in files if 'llvmlite' in pair[0]]}"


@once
def _engine() -> Any:
    target = machine()
    llvm = binding()
    try:
        llvm.check_jit_execution()
    except OSError as error:  # LLVM would jump into memory that cannot be run
        raise MissingSymbol(f"memory that may be run: {error}") from None
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    forever(engine)
    return engine


def load(code: bytes, *names: str, fresh: bool = True) -> list[int]:
    """Bring the object file `code` in and give the addresses of functions of it.

    `fresh` code was made in this process; other code is only taken where what it
    calls can be checked (ELF files).

    Raises
    ------
    MissingSymbol
        If the code calls a function that is not there, for which LLVM would abort the
        process, or has none of these names.
    ValueError
        If the code is damaged.
    """
    try:
        return link(code, names)
    except Unlinkable as why:
        if not fresh and is_known():  # LLVM aborts on what is damaged
            raise ValueError(f"machine code of another kind: {why}") from None
        return _load_by_llvm(code, names, fresh)


def _load_by_llvm(code: bytes, names: Sequence[str], fresh: bool) -> list[int]:
    """`load`, by LLVM's linker.

    It finds a name in the file that came last, so that no other one may come between.
    """
    checked = not fresh or code[:4] == b"\x7fELF"
    symbols = undefined_symbols(code) if checked else []
    with undisturbed():
        engine = _engine()
        for symbol in symbols:
            if not binding().address_of_symbol(symbol):
                raise MissingSymbol(symbol)
        engine.add_object_file(binding().ObjectFileRef.from_data(code))
        engine.finalize_object()
        addresses = [int(engine.get_function_address(name)) for name in names]
    for name, address in zip(names, addresses, strict=True):
        if not address:
            raise MissingSymbol(name)
    return addresses


def load_text(text: str, *names: str) -> list[int]:
    """The addresses of the functions `names` of LLVM `text`, from the cache if known.

    Raises
    ------
    MissingSymbol
        If it calls a function that is not there.
    """

    def code() -> bytes:
        return bytes(machine().emit_object(binding().parse_assembly(text)))

    return _load_module(text, code, names)


PASSES = (
    *("sroa_pass", "simplify_cfg_pass", "instruction_combine_pass"),
    *("always_inliner_pass", "global_dead_code_eliminate_pass"),
    *("simplify_cfg_pass", "instruction_combine_pass", "jump_threading_pass"),
    *("sccp_pass", "simplify_cfg_pass", "dead_store_elimination_pass"),
    "instruction_combine_pass",
)
"""What LLVM does with native code, in this order.

Its own choice at ``-O2`` takes six times as long, mostly to choose what to copy into
callers, and for loops; the code is no faster. `kernels.native.language.inline` chooses.
"""


def compile_optimised(text: str) -> bytes:
    """Machine code of LLVM `text` that needs the optimiser."""
    llvm = binding()
    parsed = llvm.parse_assembly(text)
    options = llvm.create_pipeline_tuning_options()
    manager = llvm.create_new_module_pass_manager()
    for name in PASSES:
        getattr(manager, f"add_{name}")()
    manager.run(parsed, llvm.create_pass_builder(machine(), options))
    return bytes(machine().emit_object(parsed))


def load_optimised(
    source: str, text: Callable[[], str], names: Sequence[str]
) -> list[int]:
    """As `load_text`, for text that is made of `source` and needs LLVM's optimiser.

    It is made only where the machine code is not in the cache.
    """
    return _load_module(source, lambda: compile_optimised(text()), names)


def name_in_cache(source: str) -> str:
    """The name under which the cache has machine code that is made of `source`."""
    return cache.key(source, identity())


def _load_module(
    source: str, compiled: Callable[[], bytes], names: Sequence[str]
) -> list[int]:
    name = name_in_cache(source)
    code = cache.load(name)
    try:
        return load(code or b"", *names, fresh=False)
    except (MissingSymbol, ValueError):
        with compiling():
            code = compiled()
        addresses = load(code, *names)
        cache.save(name, code)
        return addresses
