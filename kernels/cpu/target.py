"""The machine: llvmlite's view of this CPU, and machine code brought into the process.

Nothing here imports Numba: a process whose kernels are all in the disk cache starts
with llvmlite alone.
"""

from __future__ import annotations

import ctypes
import gc
import os
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache as once
from typing import Any

from .. import cache

_lock = threading.Lock()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold the lock, and keep the garbage collector from running finalizers meanwhile.

    A finalizer that computes may wait for a thread that waits for this lock.
    """
    with _lock:
        ran = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if ran:
                gc.enable()


@once
def binding() -> Any:
    """llvmlite's binding, imported when it is first needed: it takes 50 ms."""
    import llvmlite.binding

    return llvmlite.binding


def forever(thing: object) -> None:
    """Never free `thing`, not even when the interpreter shuts down.

    Code that outlives this module may run in it: an array that dies last gives its
    memory back.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _after_fork() -> None:
    """The thread that held the lock is not there in the child."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class MissingSymbol(Exception):
    """Machine code calls a function that this process does not have."""


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
    triple: str = binding().get_process_triple()
    return triple.startswith(("x86", "i386", "i686"))


@once
def cpu_features() -> str:
    """Features of this CPU, as LLVM spells them."""
    try:
        return str(binding().get_host_cpu_features().flatten())
    except RuntimeError:  # LLVM cannot tell on this platform
        return ""


def has_fused_multiply_add() -> bool:
    """Whether ``x * y + z`` with one rounding is one instruction of this CPU.

    All CPUs have it but for x86 before 2013; there each would be a slow call.
    """
    return not is_x86() or "+fma" in cpu_features().split(",")


def converts_halves() -> bool:
    """Whether this CPU converts float16: all do but for x86 before 2012."""
    return not is_x86() or "+f16c" in cpu_features().split(",")


@once
def loads_by_masks() -> bool:
    """Whether this CPU loads some lanes of a vector of floats by one instruction."""
    return is_x86() and "+avx" in cpu_features().split(",")


@once
def identity() -> str:
    """What machine code from this process depends on, but for Numba and the text."""
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


@once
def _engine() -> Any:
    target = machine()
    llvm = binding()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    forever(engine)
    return engine


def load(code: bytes, *names: str, fresh: bool = True) -> list[int]:
    """Bring the object file `code` in and give the addresses of functions of it.

    `fresh` code was made in this process; other code is only taken where what it
    calls can be checked (ELF files). LLVM finds a name in the file that came last, so
    that no other one may come between.

    Raises
    ------
    MissingSymbol
        If the code calls a function that is not there. LLVM would abort the process.
    """
    checked = not fresh or code[:4] == b"\x7fELF"
    symbols = undefined_symbols(code) if checked else []
    with _undisturbed():
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
        code = compiled()
        addresses = load(code, *names)
        cache.save(name, code)
        return addresses


def undefined_symbols(code: bytes) -> list[str]:
    """Names that a 64-bit little-endian ELF object file expects from outside.

    Raises
    ------
    ValueError
        If `code` is no such file, or is damaged.
    """
    try:
        return _undefined_symbols(code)
    except (struct.error, IndexError) as error:
        raise ValueError(f"a damaged object file: {error}") from None


def _undefined_symbols(code: bytes) -> list[str]:
    if code[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit little-endian ELF file")
    (table,) = struct.unpack_from("<Q", code, 0x28)
    size, count = struct.unpack_from("<HH", code, 0x3A)
    sections = [
        struct.unpack_from("<IIQQQQIIQQ", code, table + k * size) for k in range(count)
    ]
    names = []
    for _, kind, _, _, offset, length, link, _, _, entry in sections:
        if kind != 2:  # SHT_SYMTAB
            continue
        strings = sections[link][4]
        for at in range(offset + entry, offset + length, entry):
            name, _, _, section, _, _ = struct.unpack_from("<IBBHQQ", code, at)
            if section == 0 and name:
                end = code.index(b"\0", strings + name)
                names.append(code[strings + name : end].decode())
    return names
