"""Where a mask holds: the positions of what is not 0 among booleans."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np

from .. import memory, pool

NDArray: TypeAlias = np.ndarray[Any, Any]

LARGE = 2**16
"""Masks of fewer elements are no work for NumPy."""

FEWEST, MOST = 1 / 500, 1 / 3
"""The shares of elements for which more is to be gained than lost.

NumPy takes a branch for each element of such masks, which nobody can foretell; here
there is one for each that holds. Where fewer do, or more, NumPy has ways as good.
"""

BLOCK = 2**14
"""Elements that are counted together, so that each thread knows where to write."""

_CHUNK = 4
"""Blocks that a thread takes at a time."""

_TEXT = f"""
declare i64 @llvm.ctpop.i64(i64)
declare i64 @llvm.cttz.i64(i64, i1)

; Which of 64 bytes are not 0, the first one in the lowest bit.
define internal i64 @true_bits(ptr %at) {{
  %bytes = load <64 x i8>, ptr %at, align 1
  %some = icmp ne <64 x i8> %bytes, zeroinitializer
  %bits = bitcast <64 x i1> %some to i64
  ret i64 %bits
}}

; The words: pointer of the mask, its length, pointers of a number for each block and of
; the positions.
;
; Count the bytes of blocks lo .. hi that are not 0.
define i32 @engine_count_places(ptr %r, ptr %e, ptr %words, i64 %lo, i64 %hi) {{
start:
  %mask = load ptr, ptr %words
  %length.at = getelementptr i64, ptr %words, i64 1
  %length = load i64, ptr %length.at
  %numbers.at = getelementptr i64, ptr %words, i64 2
  %numbers = load ptr, ptr %numbers.at
  br label %block
block:
  %b = phi i64 [ %lo, %start ], [ %b.after, %counted ]
  %more = icmp slt i64 %b, %hi
  br i1 %more, label %begin, label %done
begin:
  %first = mul i64 %b, {BLOCK}
  %far = add i64 %first, {BLOCK}
  %whole = icmp sle i64 %far, %length
  %last = select i1 %whole, i64 %far, i64 %length
  br label %wide
wide:
  %i = phi i64 [ %first, %begin ], [ %i.after, %wide.do ]
  %n = phi i64 [ 0, %begin ], [ %n.after, %wide.do ]
  %i.after = add i64 %i, 64
  %fits = icmp sle i64 %i.after, %last
  br i1 %fits, label %wide.do, label %rest
wide.do:
  %at = getelementptr i8, ptr %mask, i64 %i
  %bits = call i64 @true_bits(ptr %at)
  %ones = call i64 @llvm.ctpop.i64(i64 %bits)
  %n.after = add i64 %n, %ones
  br label %wide
rest:
  %k = phi i64 [ %i, %wide ], [ %k.after, %rest.do ]
  %m = phi i64 [ %n, %wide ], [ %m.after, %rest.do ]
  %left = icmp slt i64 %k, %last
  br i1 %left, label %rest.do, label %counted
rest.do:
  %one.at = getelementptr i8, ptr %mask, i64 %k
  %one = load i8, ptr %one.at
  %is.true = icmp ne i8 %one, 0
  %more.by = zext i1 %is.true to i64
  %m.after = add i64 %m, %more.by
  %k.after = add i64 %k, 1
  br label %rest
counted:
  %number.at = getelementptr i64, ptr %numbers, i64 %b
  store i64 %m, ptr %number.at
  %b.after = add i64 %b, 1
  br label %block
done:
  ret i32 0
}}

; Write the positions of blocks lo .. hi. The numbers say where those of each block, and
; those of the one after it, begin. The status is 1 where there are more than counted.
define i32 @engine_write_places(ptr %r, ptr %e, ptr %words, i64 %lo, i64 %hi) {{
start:
  %mask = load ptr, ptr %words
  %length.at = getelementptr i64, ptr %words, i64 1
  %length = load i64, ptr %length.at
  %numbers.at = getelementptr i64, ptr %words, i64 2
  %numbers = load ptr, ptr %numbers.at
  %places.at = getelementptr i64, ptr %words, i64 3
  %places = load ptr, ptr %places.at
  br label %block
block:
  %b = phi i64 [ %lo, %start ], [ %b.after, %written ]
  %more = icmp slt i64 %b, %hi
  br i1 %more, label %begin, label %done
begin:
  %first = mul i64 %b, {BLOCK}
  %far = add i64 %first, {BLOCK}
  %whole = icmp sle i64 %far, %length
  %last = select i1 %whole, i64 %far, i64 %length
  %b.after = add i64 %b, 1
  %from.at = getelementptr i64, ptr %numbers, i64 %b
  %from = load i64, ptr %from.at
  %end.at = getelementptr i64, ptr %numbers, i64 %b.after
  %end = load i64, ptr %end.at
  br label %wide
wide:
  %i = phi i64 [ %first, %begin ], [ %i.after, %wide.next ]
  %to = phi i64 [ %from, %begin ], [ %to.after, %wide.next ]
  %i.after = add i64 %i, 64
  %fits = icmp sle i64 %i.after, %last
  br i1 %fits, label %wide.do, label %rest
wide.do:
  %at = getelementptr i8, ptr %mask, i64 %i
  %bits = call i64 @true_bits(ptr %at)
  %ones = call i64 @llvm.ctpop.i64(i64 %bits)
  %to.after = add i64 %to, %ones
  %room = icmp sle i64 %to.after, %end
  br i1 %room, label %bit, label %changed
bit:
  %b.left = phi i64 [ %bits, %wide.do ], [ %b.fewer, %bit.do ]
  %b.to = phi i64 [ %to, %wide.do ], [ %b.to.after, %bit.do ]
  %any = icmp ne i64 %b.left, 0
  br i1 %any, label %bit.do, label %wide.next
bit.do:
  %zeros = call i64 @llvm.cttz.i64(i64 %b.left, i1 true)
  %place = add i64 %i, %zeros
  %put = getelementptr i64, ptr %places, i64 %b.to
  store i64 %place, ptr %put
  %b.to.after = add i64 %b.to, 1
  %below = sub i64 %b.left, 1
  %b.fewer = and i64 %b.left, %below
  br label %bit
wide.next:
  br label %wide
rest:
  %k = phi i64 [ %i, %wide ], [ %k.after, %rest.next ]
  %k.to = phi i64 [ %to, %wide ], [ %k.to.after, %rest.next ]
  %left = icmp slt i64 %k, %last
  br i1 %left, label %rest.do, label %written
rest.do:
  %one.at = getelementptr i8, ptr %mask, i64 %k
  %one = load i8, ptr %one.at
  %is.true = icmp ne i8 %one, 0
  br i1 %is.true, label %rest.true, label %rest.next
rest.true:
  %k.room = icmp slt i64 %k.to, %end
  br i1 %k.room, label %rest.put, label %changed
rest.put:
  %rest.at = getelementptr i64, ptr %places, i64 %k.to
  store i64 %k, ptr %rest.at
  %k.to.next = add i64 %k.to, 1
  br label %rest.next
rest.next:
  %k.to.after = phi i64 [ %k.to, %rest.do ], [ %k.to.next, %rest.put ]
  %k.after = add i64 %k, 1
  br label %rest
written:
  %final = phi i64 [ %k.to, %rest ]
  %all = icmp eq i64 %final, %end
  br i1 %all, label %block, label %changed
done:
  ret i32 0
changed:
  ret i32 1
}}
"""


@cache
def _entries() -> list[int] | None:
    """The addresses of both functions."""
    from ..cpu.target import MissingSymbol, load_text

    try:
        return load_text(_TEXT, "engine_count_places", "engine_write_places")
    except MissingSymbol:
        return None


def true_places(mask: NDArray) -> NDArray:
    """Positions in C order where a mask holds, ascending; threads share large masks.

    Parameters
    ----------
    mask : ndarray of bool

    Examples
    --------
    >>> true_places(np.array([[False, True], [True, False]]))
    array([1, 2])
    """
    found = None
    if _is_worth_it(mask):
        found = _shared(mask)
        if found is None:  # another thread writes to it
            mask = mask.copy()
            found = _shared(mask)
    return memory.counted(np.flatnonzero, mask) if found is None else found


def _is_worth_it(mask: NDArray) -> bool:
    """Whether NumPy's own way takes longer."""
    if mask.size < LARGE or not mask.flags.c_contiguous:
        return False
    return FEWEST < int(np.count_nonzero(mask)) / mask.size < MOST


def _shared(mask: NDArray) -> NDArray | None:
    """The positions; None without native code, or if somebody writes meanwhile."""
    entries = _entries()
    if entries is None:
        return None
    count, write = entries
    blocks = -(-mask.size // BLOCK)
    numbers = np.zeros(blocks + 1, np.int64)
    words = [memory.pointer(mask), mask.size, memory.pointer(numbers) + 8, 0]
    pool.run(count, np.array(words, np.int64).tobytes(), blocks, _CHUNK)
    np.cumsum(numbers, out=numbers)
    found = memory.allocate(np.int64, (int(numbers[-1]),))
    words[2:] = [memory.pointer(numbers), memory.pointer(found)]
    failed = pool.run(write, np.array(words, np.int64).tobytes(), blocks, _CHUNK)
    return None if failed else found
