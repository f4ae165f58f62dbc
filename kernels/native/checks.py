"""Checks that a plan makes on the way: numbers that are within bounds."""

from __future__ import annotations

from functools import cache

_BOUNDED = """
; Copy numbers that are 0 or above and below an extent, or are one other number. The
; words: pointers of the numbers and of the copy, where the numbers start, in bytes, the
; extent and the other number. The status is 1 where one is out of bounds.
define i32 @engine_bounded(ptr %r, ptr %e, ptr %words, i64 %lo, i64 %hi) {
start:
  %from.base = load ptr, ptr %words
  %to.at = getelementptr ptr, ptr %words, i64 1
  %to = load ptr, ptr %to.at
  %offset.at = getelementptr i64, ptr %words, i64 2
  %offset = load i64, ptr %offset.at
  %extent.at = getelementptr i64, ptr %words, i64 3
  %extent = load i64, ptr %extent.at
  %other.at = getelementptr i64, ptr %words, i64 4
  %other = load i64, ptr %other.at
  %from = getelementptr i8, ptr %from.base, i64 %offset
  br label %look
look:
  %i = phi i64 [ %lo, %start ], [ %after, %copy ]
  %more = icmp slt i64 %i, %hi
  br i1 %more, label %check, label %done
check:
  %at = getelementptr i64, ptr %from, i64 %i
  %number = load i64, ptr %at
  %inside = icmp ult i64 %number, %extent
  %is.other = icmp eq i64 %number, %other
  %fine = or i1 %inside, %is.other
  br i1 %fine, label %copy, label %outside
copy:
  %put = getelementptr i64, ptr %to, i64 %i
  store i64 %number, ptr %put
  %after = add i64 %i, 1
  br label %look
done:
  ret i32 0
outside:
  ret i32 1
}
"""


_INDICES = """
; Copy indices that are at least -extent and below extent, those below 0 counted from
; the front. The words: pointers of the indices and of the copy, where the indices
; start, in bytes, and the extent. The status is 1 where one is out of bounds.
define i32 @engine_indices(ptr %r, ptr %e, ptr %words, i64 %lo, i64 %hi) {
start:
  %from.base = load ptr, ptr %words
  %to.at = getelementptr ptr, ptr %words, i64 1
  %to = load ptr, ptr %to.at
  %offset.at = getelementptr i64, ptr %words, i64 2
  %offset = load i64, ptr %offset.at
  %extent.at = getelementptr i64, ptr %words, i64 3
  %extent = load i64, ptr %extent.at
  %from = getelementptr i8, ptr %from.base, i64 %offset
  %any = icmp slt i64 %lo, %hi
  br i1 %any, label %copy, label %done
copy:
  %i = phi i64 [ %lo, %start ], [ %after, %copy ]
  %seen = phi i64 [ 0, %start ], [ %found, %copy ]
  %at = getelementptr i64, ptr %from, i64 %i
  %number = load i64, ptr %at
  %below = icmp slt i64 %number, 0
  %moved = add i64 %number, %extent
  %place = select i1 %below, i64 %moved, i64 %number
  %outside = icmp uge i64 %place, %extent
  %flag = zext i1 %outside to i64
  %found = or i64 %seen, %flag
  %put = getelementptr i64, ptr %to, i64 %i
  store i64 %place, ptr %put
  %after = add i64 %i, 1
  %more = icmp slt i64 %after, %hi
  br i1 %more, label %copy, label %done
done:
  %status = phi i64 [ 0, %start ], [ %found, %copy ]
  %result = trunc i64 %status to i32
  ret i32 %result
}
"""


@cache
def _entry(text: str, name: str) -> int | None:
    """The address of a check, where it can be had."""
    from ..cpu.target import MissingSymbol, load_optimised

    try:
        (entry,) = load_optimised(text, lambda: text, [name])
    except MissingSymbol:
        return None
    return entry


def indices() -> int | None:
    """The address of the check of int64 indices, where it can be had."""
    return _entry(_INDICES, "engine_indices")


def bounded() -> int | None:
    """The address of the check of int64 numbers, where it can be had."""
    return _entry(_BOUNDED, "engine_bounded")
