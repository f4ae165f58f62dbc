"""LLVM text: when a caller works alone, since it would share in vain.

A caller that waited long for a chunk in the hands of a helper, or to whom no helper
came for some launches in a row, has shared in vain: the machine is busy. It works alone
for `REST` times as long as that took, or twice as often each time that happens again
soon. What is lost by sharing in vain, and by working alone where the machine is free
again, stay in proportion, whether launches take microseconds or seconds.

The type of the pool and ``@now`` are those of `sharing`.
"""

from __future__ import annotations

from string import Template

LATE = 50_000
"""Nanoseconds of waiting for a helper after which the machine counts as busy."""

REST, MOST = 2, 128
"""How many times as long as it shared in vain a caller works alone: first, at most."""

SOON = 4
"""How many times as long as that is soon after it worked alone."""

ALONE = 4
"""Launches in a row without a helper that are sharing in vain."""

LONGEST = 1_000_000_000
"""Nanoseconds that a caller works alone at most."""

_TEXT = """
; Whether a launch is to run alone, since the machine was busy a moment ago.
define internal i1 @rests(ptr %pool) {
  %end.at = getelementptr %pool, ptr %pool, i32 0, i32 3
  %end = load atomic i64, ptr %end.at monotonic, align 8
  %time = call i64 @now()
  %rests = icmp slt i64 %time, %end
  ret i1 %rests
}

; After a launch: was it shared in vain?
define internal void @weigh(ptr %pool, i64 %worked, i64 %waited, i64 %time,
                            i1 %nobody) {
  %count.at = getelementptr %pool, ptr %pool, i32 0, i32 5
  %sum.at = getelementptr %pool, ptr %pool, i32 0, i32 5, i64 1
  br i1 %nobody, label %count, label %helped
count:
  %fewer = load atomic i64, ptr %count.at monotonic, align 8
  %less = load atomic i64, ptr %sum.at monotonic, align 8
  %number = add i64 %fewer, 1
  %sum = add i64 %less, %worked
  store atomic i64 %number, ptr %count.at monotonic, align 8
  store atomic i64 %sum, ptr %sum.at monotonic, align 8
  %often = icmp sge i64 %number, $alone
  br i1 %often, label %rest, label %done
helped:
  store atomic i64 0, ptr %count.at monotonic, align 8
  store atomic i64 0, ptr %sum.at monotonic, align 8
  %twice = shl i64 %waited, 1
  %more = icmp sgt i64 %twice, %worked
  %late = icmp sgt i64 %waited, $late
  %busy = and i1 %more, %late
  br i1 %busy, label %rest, label %done
rest:
  %lost = phi i64 [ %sum, %count ], [ %waited, %helped ]
  store atomic i64 0, ptr %count.at monotonic, align 8
  store atomic i64 0, ptr %sum.at monotonic, align 8
  %end.at = getelementptr %pool, ptr %pool, i32 0, i32 3
  %multiple.at = getelementptr %pool, ptr %pool, i32 0, i32 4
  %before = load atomic i64, ptr %end.at monotonic, align 8
  %multiple = load atomic i64, ptr %multiple.at monotonic, align 8
  %since = sub i64 %time, %before
  %span = mul i64 %lost, $soon
  %soon = icmp slt i64 %since, %span
  %double = shl i64 %multiple, 1
  %much = icmp sgt i64 %double, $most
  %more.often = select i1 %much, i64 $most, i64 %double
  %next = select i1 %soon, i64 %more.often, i64 $rest
  store atomic i64 %next, ptr %multiple.at monotonic, align 8
  %whole = mul i64 %lost, %next
  %far = icmp sgt i64 %whole, $longest
  %long = select i1 %far, i64 $longest, i64 %whole
  %end = add i64 %time, %long
  store atomic i64 %end, ptr %end.at monotonic, align 8
  br label %done
done:
  ret void
}
"""


def text() -> str:
    """The LLVM text of ``@rests(pool)`` and ``@weigh(...)``."""
    return Template(_TEXT).substitute(
        late=LATE, rest=REST, most=MOST, soon=SOON, alone=ALONE, longest=LONGEST
    )
