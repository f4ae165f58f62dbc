"""What this CPU can do, asked of the CPU itself.

LLVM tells as well, but its library takes 30 ms to load, and a process whose kernels
are all in the disk cache needs it for nothing else. On CPUs and systems that are not
known here, LLVM is asked.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
from functools import cache as once

from .room import place_code

_CPUID = bytes.fromhex(
    "4989d0"  # mov r8, rdx
    "53"  # push rbx
    "89f8"  # mov eax, edi
    "89f1"  # mov ecx, esi
    "0fa2"  # cpuid
    "418900"  # mov [r8], eax
    "41895804"  # mov [r8 + 4], ebx
    "41894808"  # mov [r8 + 8], ecx
    "4189500c"  # mov [r8 + 12], edx
    "5b"  # pop rbx
    "c3"  # ret
)
"""``void cpuid(uint32 leaf, uint32 part, uint32 answer[4])``, by System V's rules."""

_XGETBV = bytes.fromhex(
    "31c9"  # xor ecx, ecx
    "0f01d0"  # xgetbv
    "48c1e220"  # shl rdx, 32
    "4809d0"  # or rax, rdx
    "c3"  # ret
)
"""``uint64 xgetbv()``: which registers the system keeps for each thread."""

EAX, EBX, ECX, EDX = range(4)

LEAVES = (
    *((0, 0, EBX), (0, 0, ECX), (0, 0, EDX)),
    *((1, 0, EAX), (1, 0, ECX), (1, 0, EDX)),  # its EBX is another on each core
    *((7, 0, EBX), (7, 0, ECX), (7, 0, EDX)),
    *((7, 1, EAX), (7, 1, EBX), (7, 1, ECX), (7, 1, EDX)),
    *((0xD, 1, EAX), (0x14, 0, EBX), (0x19, 0, EBX), (0x24, 0, EBX)),
    *((0x80000001, 0, ECX), (0x80000001, 0, EDX), (0x80000008, 0, EBX)),
)
"""Leaf, part and register: all that tells LLVM which CPU this is, and its features."""

FMA, SAVES_VECTORS, AVX, F16C = 1 << 12, 1 << 27, 1 << 28, 1 << 29
"""Bits of ECX of leaf 1 (Intel's manual, volume 2, CPUID)."""

AVX512F = 1 << 16
"""A bit of EBX of leaf 7."""

VECTORS_KEPT, WIDE_KEPT = 0x6, 0xE6
"""Bits of xgetbv's answer: the system keeps the registers of AVX, of AVX-512."""


class Processor:
    """An x86 CPU in words: those of `LEAVES`, in this order, then what is kept."""

    def __init__(self, words: tuple[int, ...]) -> None:
        self.words = words

    def has(self, *bits: int) -> bool:
        """Whether it has features of vectors of 32 bytes, by bits of leaf 1."""
        answer = self.words[LEAVES.index((1, 0, ECX))]
        if not answer & SAVES_VECTORS or self.words[-1] & VECTORS_KEPT != VECTORS_KEPT:
            return False
        return all(answer & bit for bit in (AVX, *bits))

    def has_wide(self) -> bool:
        """Whether it has vectors of 64 bytes, AVX-512's foundation."""
        wide = self.words[LEAVES.index((7, 0, EBX))] & AVX512F
        return bool(wide) and self.has() and self.words[-1] & WIDE_KEPT == WIDE_KEPT

    def text(self) -> str:
        """The words as text: CPUs that LLVM tells apart have different ones."""
        return " ".join(f"{word:x}" for word in self.words)


def is_known() -> bool:
    """Whether this is an x86 CPU whose functions are called as on Linux."""
    return (
        sys.platform.startswith(("linux", "freebsd"))
        and platform.machine() in ("x86_64", "amd64")
        and struct.calcsize("P") == 8
    )


@once
def processor() -> Processor | None:
    """This CPU; None where it cannot be asked, so that LLVM is to be."""
    if not is_known():
        return None
    try:
        cpuid_address, xgetbv_address = map(place_code, (_CPUID, _XGETBV))
    except OSError:
        return None
    cpuid = ctypes.CFUNCTYPE(
        None, ctypes.c_uint32, ctypes.c_uint32, ctypes.POINTER(ctypes.c_uint32)
    )(cpuid_address)
    answer = (ctypes.c_uint32 * 4)()

    @once  # each question takes 20 us in a virtual machine
    def asked(leaf: int, part: int) -> list[int]:
        cpuid(leaf, part, answer)
        return list(answer)

    def word(leaf: int, part: int, register: int) -> int:
        last, *_ = asked(leaf & 0x80000000, 0)
        return asked(leaf, part)[register] if leaf <= last else 0

    words = [word(*leaf) for leaf in LEAVES]
    kept = 0
    if words[LEAVES.index((1, 0, ECX))] & SAVES_VECTORS:
        kept = int(ctypes.CFUNCTYPE(ctypes.c_uint64)(xgetbv_address)())
    return Processor((*words, kept))
