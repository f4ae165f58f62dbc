"""Stage 7, compile: generated text -> PTX by numba-cuda -> machine code by nvJitLink.

Neither needs a GPU, so every kernel can be compiled and its use of registers checked
on any machine.
"""

from __future__ import annotations

import linecache
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

if not hasattr(np, "row_stack"):  # numba-cuda 0.30 still asks for it
    np.row_stack = np.vstack

from cuda.bindings import nvjitlink

with warnings.catch_warnings():  # numba-cuda 0.30 uses what NumPy 2.5 deprecates
    warnings.simplefilter("ignore", DeprecationWarning)
    from numba import cuda, types
    from numba.cuda import api, compiler, dispatcher
    from numba.cuda.cudadrv import nvvm

from ..kernel import DTYPES
from . import moments
from .forms import ENTRY, THREADS
from .functions import NAMESPACE
from .halves import FUNCTIONS as HALVES
from .memory import FUNCTIONS as MEMORY
from .memory import take_ticket
from .teams import device_functions, last_of

_lock = threading.Lock()


@dataclass(frozen=True)
class Program:
    """Machine code of one kernel, and what it takes of a multiprocessor."""

    ptx: str
    code: bytes
    registers: int
    stack_bytes: int
    spilled_bytes: int


class _Jit:
    """Stands in for ``numba.cuda`` while the text is executed: keeps the function."""

    signature: str
    function: Any

    def jit(self, signature: str) -> Any:
        self.signature = signature

        def keep(function: Any) -> Any:
            self.function = function
            return function

        return keep


def compile_text(
    text: str, filename: str = "<kernel>", architecture: tuple[int, int] = (9, 0)
) -> Program:
    """Machine code of generated `text` for a GPU architecture (9.0 is Hopper).

    Parameters
    ----------
    text : str
        What `emit` gives.
    filename : str
        The name under which tracebacks show the text.
    architecture : tuple of int
        The compute capability.
    """
    lines = text.splitlines(keepends=True)
    linecache.cache[filename] = (len(text), None, lines, filename)
    jit = _Jit()
    namespace: dict[str, Any] = {**_names(), "cuda": jit}
    exec(compile(text, filename, "exec"), namespace)
    namespace["cuda"] = cuda  # Numba reads globals when it compiles
    kinds = eval(f"[{jit.signature}]", {**_types()})
    with _lock, _as_on(architecture), _uncontracted():
        ptx, _ = cuda.compile(
            jit.function,
            types.void(*kinds),
            device=False,
            abi="numba",
            cc=architecture,
            output="ptx",
            launch_bounds=THREADS,
        )
    found = re.search(r"\.entry\s+(\w+)", ptx)
    assert found is not None
    return _link(ptx.replace(found[1], ENTRY), architecture)


@contextmanager
def _as_on(architecture: tuple[int, int]) -> Iterator[None]:
    """Let numba-cuda compile device functions as if such a device were there.

    It asks the current device what to compile them for, and gives up without one.
    """

    class Device:
        compute_capability = architecture

    modules = (dispatcher, compiler, api)
    before = [module.get_current_device for module in modules]
    for module in modules:
        module.get_current_device = Device
    try:
        yield
    finally:
        for module, function in zip(modules, before, strict=True):
            module.get_current_device = function


@contextmanager
def _uncontracted() -> Iterator[None]:
    """Let NVVM round every product by itself, so that no bit depends on what is fused.

    numba-cuda has no parameter for the option. What asks for a fused multiply-add by
    its name still gets one.
    """
    before = nvvm.compile_ir
    nvvm.compile_ir = partial(before, fma=False)
    try:
        yield
    finally:
        nvvm.compile_ir = before


@cache
def _types() -> dict[str, Any]:
    found = {name: getattr(types, name) for name in DTYPES - {"bool", "float16"}}
    return {**found, "boolean": types.boolean, "CPointer": types.CPointer}


@cache
def _names() -> dict[str, Any]:
    """Everything that generated text may name."""
    constants = {"inf": float("inf"), "nan": float("nan")}
    functions = {**device_functions(), **moments.device_functions()}
    functions |= {**HALVES, **MEMORY, **NAMESPACE}
    functions["last_of"] = last_of(take_ticket)
    return {**_types(), "bool": types.boolean, **constants, **functions}


def _link(ptx: str, architecture: tuple[int, int]) -> Program:
    """The machine code of PTX, and the report of the assembler on it."""
    major, minor = architecture
    # What comes from the cache of the linker has no report; Engine keeps its own.
    options = [f"-arch=sm_{major}{minor}", "-O3", "-Xptxas=-v", "-verbose", "-no-cache"]
    handle = nvjitlink.create(len(options), options)
    try:
        data = ptx.encode()
        nvjitlink.add_data(handle, nvjitlink.InputType.PTX, data, len(data), "kernel")
        nvjitlink.complete(handle)
        code = bytearray(nvjitlink.get_linked_cubin_size(handle))
        nvjitlink.get_linked_cubin(handle, code)
        log = bytearray(nvjitlink.get_info_log_size(handle))
        nvjitlink.get_info_log(handle, log)
    finally:
        nvjitlink.destroy(handle)
    report = log.decode(errors="replace")
    stack, stores, loads = _numbers(
        r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads",
        report,
    )
    (registers,) = _numbers(r"Used (\d+) registers", report)
    return Program(ptx, bytes(code), registers, stack, stores + loads)


def _numbers(pattern: str, report: str) -> list[int]:
    found = re.search(pattern, report)
    assert found is not None, report
    return [int(number) for number in found.groups()]
