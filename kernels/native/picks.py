"""Elements at places that index arrays name, with a look at the bounds on the way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from string import Template
from typing import Any, TypeAlias

import numpy as np

from .. import memory, pool

NDArray: TypeAlias = np.ndarray[Any, Any]

AXES = 3
"""Index arrays of a pick, at most."""

_CHUNK = 2**14
"""Elements that a thread picks at a time, if each is a single number."""

_SIZES = (1, 2, 4, 8, 16, 32, 64)
"""Bytes of items that are moved as one number or vector; others are copied."""

_TEXT = """
; Copy items of memory from the places that index arrays name. The words: pointers of
; the items and of the copies, the bytes of an item, and for each array its pointer and
; the extent that it is an index into. Indices below 0 count from the end. The status is
; 1 where one is out of bounds.
define i32 @engine_pick_${axes}_$size(ptr %r, ptr %e, ptr %words, i64 %lo, i64 %hi) {
start:
  %from = load ptr, ptr %words
  %to.at = getelementptr i64, ptr %words, i64 1
  %to = load ptr, ptr %to.at
  %bytes.at = getelementptr i64, ptr %words, i64 2
  %bytes = load i64, ptr %bytes.at
$arguments
  br label %look
look:
  %i = phi i64 [ %lo, %start ], [ %after, %copy ]
  %more = icmp slt i64 %i, %hi
  br i1 %more, label %axis0, label %done
$indices
copy:
  %skip = mul i64 %place$last, $stride
  %item = getelementptr i8, ptr %from, i64 %skip
  %ahead = mul i64 %i, $stride
  %there = getelementptr i8, ptr %to, i64 %ahead
$move
  %after = add i64 %i, 1
  br label %look
done:
  ret i32 0
outside:
  ret i32 1
}
"""

_ARGUMENT = """
  %index$k.at = getelementptr i64, ptr %words, i64 $word
  %index$k = load ptr, ptr %index$k.at
  %extent$k.at = getelementptr i64, ptr %words, i64 $next
  %extent$k = load i64, ptr %extent$k.at
"""

_INDEX = """
axis$k:
  %given$k.at = getelementptr i64, ptr %index$k, i64 %i
  %given$k = load i64, ptr %given$k.at
  %back$k = add i64 %given$k, %extent$k
  %below$k = icmp slt i64 %given$k, 0
  %own$k = select i1 %below$k, i64 %back$k, i64 %given$k
  %rows$k = mul i64 $before, %extent$k
  %place$k = add i64 %rows$k, %own$k
  %inside$k = icmp ult i64 %own$k, %extent$k
  br i1 %inside$k, label %$target, label %outside
"""

_NUMBER = """
  %number = load $type, ptr %item, align 1
  store $type %number, ptr %there, align 1
"""

_ITEM = """
  call void @llvm.memcpy.p0.p0.i64(ptr %there, ptr %item, i64 %bytes, i1 false)
"""


def _text(axes: int, size: int) -> str:
    """The LLVM text for so many index arrays and items of so many bytes (0: any)."""
    arguments = [
        Template(_ARGUMENT).substitute(k=k, word=3 + 2 * k, next=4 + 2 * k)
        for k in range(axes)
    ]
    indices = [
        Template(_INDEX).substitute(
            k=k,
            before=f"%place{k - 1}" if k else "0",
            target=f"axis{k + 1}" if k < axes - 1 else "copy",
        )
        for k in range(axes)
    ]
    whole = f"i{8 * size}" if size <= 8 else f"<{size // 8} x i64>"
    move = Template(_NUMBER).substitute(type=whole) if size else _ITEM
    return Template(_TEXT).substitute(
        axes=axes,
        size=size,
        arguments="".join(arguments),
        indices="".join(indices),
        last=axes - 1,
        stride=size or "%bytes",
        move=move,
    )


@cache
def _entries() -> dict[tuple[int, int], int] | None:
    """The address for each number of index arrays and size of items."""
    from ..cpu.target import MissingSymbol, load_text

    kinds = [(axes, size) for axes in range(1, AXES + 1) for size in (0, *_SIZES)]
    declared = "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)\n"
    try:
        found = load_text(
            declared + "".join(_text(*kind) for kind in kinds),
            *(f"engine_pick_{axes}_{size}" for axes, size in kinds),
        )
    except MissingSymbol:
        return None
    return dict(zip(kinds, found, strict=True))


def pick(x: NDArray, indices: Sequence[NDArray]) -> NDArray | None:
    """``x[tuple(indices)]``; None where an index is out of bounds, or where NumPy must.

    Parameters
    ----------
    x : ndarray
        Contiguous in C order.
    indices : sequence of ndarray
        At most `AXES`, of int64, of one shape, contiguous in C order.

    Examples
    --------
    >>> pick(np.array([1.5, 2.5]), [np.array([1, -1, 0])])
    array([2.5, 2.5, 1.5])
    >>> pick(np.array([1.5, 2.5]), [np.array([2])]) is None
    True
    """
    entries = _entries()
    if entries is None:
        return None
    axes, shape = len(indices), indices[0].shape
    out = memory.allocate(x.dtype, shape + x.shape[axes:])
    count = indices[0].size
    if not out.size:
        return None
    size = out.nbytes // count
    words = [memory.pointer(x), memory.pointer(out), size]
    for index, extent in zip(indices, x.shape, strict=False):
        words += [memory.pointer(index), extent]
    entry = entries[axes, size if size in _SIZES else 0]
    packed = np.array(words, np.int64).tobytes()
    chunk = max(1, _CHUNK // max(1, size // 8))
    return None if pool.run(entry, packed, count, chunk) else out
