"""LLVM text: threads that share the chunks of a launch.

A launch that is to be shared stands in one of `JOBS` jobs. Its chunks are dealt out in
ranges of neighbours, one for each thread: what a chunk reads at its ends its neighbour
has read, too, and the same thread works at the same part of an array in every launch,
as far as its own caches reach. Who is through with its range goes on with the next one.
Beside claims of one chunk after the other, a sweep of a stencil over 120 x 120 x 120
numbers takes 1029 us instead of 1507, one over 1000 x 1000 238 instead of 332.

The *ticket* of a range holds the number of its next chunk and that of its end; a thread
claims a chunk by compare-and-swap of the whole ticket and reads the job only after
that. So a thread that looked at a ticket and then slept can do no harm: if the ticket
has changed meanwhile it claims nothing, and if the same ticket stands there again, what
it claims is a chunk of the new job. A job is written only when all chunks of the one
before are done.

Helpers wait on a semaphore, never for the GIL. After work they look for more for
`SPIN` nanoseconds, so that the rows of a plan need not wake them again, and then sleep.
When a caller works alone instead is in `resting`.
"""

from __future__ import annotations

import platform
import time
from string import Template

from . import resting

SPIN = 50_000
"""Nanoseconds that a helper looks for more work before it sleeps: to wake it takes 15
to 35 us, see `cpu.launch.SERIAL`."""

RANGES = 16
"""Ranges of a launch at most; of more threads, some begin where others do."""

JOBS = 16
"""Launches that are shared at once; callers of more work alone. More would keep more
threads busy than most machines have CPUs."""

WORDS = 32 + JOBS * (32 + 8 * RANGES)
"""Size of the pool's state, in words of 8 bytes."""

_TEXT = """
; A job: owner (1 while a caller uses it) | seats left for helpers, ranges | chunks that
; are done, 1 if one failed | the launch | tickets. Each part has a cache line of its
; own, and so has each ticket.
%job = type { i64, [7 x i64], i64, i64, [6 x i64], i64, i64, [6 x i64],
              ptr, ptr, i64, i64, [4 x i64], [$ranges x [8 x i64]] }

; The pool: helpers awake, helpers | end of working alone, its multiple, number and
; nanoseconds of launches without helpers | semaphore | jobs
%pool = type { i64, i64, [6 x i64], i64, i64, [2 x i64], [4 x i64],
               [16 x i64], [$jobs x %job] }

declare i32 @sem_init(ptr, i32, i32)
declare i32 @sem_wait(ptr)
declare i32 @sem_post(ptr)
declare i32 @sched_yield()
declare i32 @clock_gettime(i32, ptr)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
$declare_pause

define i32 @engine_pool_start(ptr %pool) {
  call void @llvm.memset.p0.i64(ptr %pool, i8 0, i64 $bytes, i1 false)
  %semaphore = getelementptr %pool, ptr %pool, i32 0, i32 7
  %status = call i32 @sem_init(ptr %semaphore, i32 0, i32 0)
  ret i32 %status
}

define internal i64 @now() {
  %time = alloca [2 x i64]
  call i32 @clock_gettime(i32 $clock, ptr %time)
  %seconds = load i64, ptr %time
  %rest.at = getelementptr i64, ptr %time, i64 1
  %rest = load i64, ptr %rest.at
  %whole = mul i64 %seconds, 1000000000
  %sum = add i64 %whole, %rest
  ret i64 %sum
}

; Call the kernel for all of a launch, with the help of others if that is worthwhile.
define i32 @engine_share(ptr %pool, ptr %entry, ptr %words, i64 %total, i64 %chunk,
                         i64 %threads) {
  %company = icmp sgt i64 %threads, 1
  %many = icmp sgt i64 %total, %chunk
  %both = and i1 %company, %many
  br i1 %both, label %try, label %alone
try:
  %rests = call i1 @rests(ptr %pool)
  br i1 %rests, label %alone, label %take
take:
  %job = call ptr @take_job(ptr %pool)
  %none = icmp eq ptr %job, null
  br i1 %none, label %alone, label %together
together:
  %status = call i32 @together(ptr %pool, ptr %job, ptr %entry, ptr %words,
                               i64 %total, i64 %chunk, i64 %threads)
  ret i32 %status
alone:
  %result = call i32 %entry(ptr null, ptr null, ptr %words, i64 0, i64 %total)
  ret i32 %result
}

define internal i32 @together(ptr %pool, ptr %job, ptr %entry, ptr %words, i64 %total,
                              i64 %chunk, i64 %threads) {
  %up = add i64 %total, %chunk
  %up.less = sub i64 %up, 1
  %chunks = udiv i64 %up.less, %chunk
  %few = icmp slt i64 %chunks, %threads
  %hands = select i1 %few, i64 %chunks, i64 %threads
  %wanted = sub i64 %hands, 1
  %entry.at = getelementptr %job, ptr %job, i32 0, i32 8
  store ptr %entry, ptr %entry.at
  %words.at = getelementptr %job, ptr %job, i32 0, i32 9
  store ptr %words, ptr %words.at
  %total.at = getelementptr %job, ptr %job, i32 0, i32 10
  store i64 %total, ptr %total.at
  %chunk.at = getelementptr %job, ptr %job, i32 0, i32 11
  store i64 %chunk, ptr %chunk.at
  %done.at = getelementptr %job, ptr %job, i32 0, i32 5
  store atomic i64 0, ptr %done.at seq_cst, align 8
  %failed.at = getelementptr %job, ptr %job, i32 0, i32 6
  store atomic i64 0, ptr %failed.at seq_cst, align 8
  call void @deal(ptr %job, i64 %chunks, i64 %hands)
  %seats.at = getelementptr %job, ptr %job, i32 0, i32 2
  store atomic i64 %wanted, ptr %seats.at seq_cst, align 8
  call void @wake(ptr %pool, i64 %wanted)
  %begin = call i64 @now()
  call void @work(ptr %job, i64 0)
  %end = call i64 @now()
  call void @await(ptr %done.at, i64 %chunks)
  %last = call i64 @now()
  %worked = sub i64 %end, %begin
  %waited = sub i64 %last, %end
  %seats = atomicrmw xchg ptr %seats.at, i64 0 seq_cst
  %nobody = icmp eq i64 %seats, %wanted
  call void @weigh(ptr %pool, i64 %worked, i64 %waited, i64 %last, i1 %nobody)
  %failed = load atomic i64, ptr %failed.at seq_cst, align 8
  store atomic i64 0, ptr %job seq_cst, align 8
  %status = trunc i64 %failed to i32
  ret i32 %status
}

; Write the tickets of a launch, for as many threads as there are hands.
define internal void @deal(ptr %job, i64 %chunks, i64 %hands) {
start:
  %few = icmp slt i64 %hands, $ranges
  %ranges = select i1 %few, i64 %hands, i64 $ranges
  %ranges.at = getelementptr %job, ptr %job, i32 0, i32 3
  store atomic i64 %ranges, ptr %ranges.at monotonic, align 8
  br label %next
next:
  %k = phi i64 [ 0, %start ], [ %after, %next ]
  %first = phi i64 [ 0, %start ], [ %end, %next ]
  %after = add i64 %k, 1
  %much = mul i64 %chunks, %after
  %end = udiv i64 %much, %ranges
  %high = shl i64 %end, 32
  %ticket = or i64 %high, %first
  %ticket.at = getelementptr %job, ptr %job, i32 0, i32 13, i64 %k
  store atomic i64 %ticket, ptr %ticket.at release, align 8
  %more = icmp ult i64 %after, %ranges
  br i1 %more, label %next, label %done
done:
  ret void
}

; A job that no other caller uses, or null.
define internal ptr @take_job(ptr %pool) {
start:
  br label %look
look:
  %k = phi i64 [ 0, %start ], [ %after, %next ]
  %job = getelementptr %pool, ptr %pool, i32 0, i32 8, i64 %k
  %pair = cmpxchg ptr %job, i64 0, i64 1 seq_cst seq_cst
  %got = extractvalue { i64, i1 } %pair, 1
  br i1 %got, label %found, label %next
next:
  %after = add i64 %k, 1
  %last = icmp eq i64 %after, $jobs
  br i1 %last, label %none, label %look
found:
  ret ptr %job
none:
  ret ptr null
}

; Have `wanted` helpers awake: those that look for work need no waking.
define internal void @wake(ptr %pool, i64 %wanted) {
  %semaphore = getelementptr %pool, ptr %pool, i32 0, i32 7
  br label %look
look:
  %awake = load atomic i64, ptr %pool seq_cst, align 8
  %enough = icmp sge i64 %awake, %wanted
  br i1 %enough, label %done, label %post
post:
  atomicrmw add ptr %pool, i64 1 seq_cst
  call i32 @sem_post(ptr %semaphore)
  br label %look
done:
  ret void
}

; Claim chunks and run them until there are none left, in the range `first` first.
define internal void @work(ptr %job, i64 %first) {
start:
  %ranges.at = getelementptr %job, ptr %job, i32 0, i32 3
  %done.at = getelementptr %job, ptr %job, i32 0, i32 5
  %failed.at = getelementptr %job, ptr %job, i32 0, i32 6
  %entry.at = getelementptr %job, ptr %job, i32 0, i32 8
  %words.at = getelementptr %job, ptr %job, i32 0, i32 9
  %total.at = getelementptr %job, ptr %job, i32 0, i32 10
  %chunk.at = getelementptr %job, ptr %job, i32 0, i32 11
  %ranges = load atomic i64, ptr %ranges.at monotonic, align 8
  %last = add i64 %first, %ranges
  br label %range
range:
  %k = phi i64 [ %first, %start ], [ %following, %over ]
  %number = urem i64 %k, %ranges
  %ticket.at = getelementptr %job, ptr %job, i32 0, i32 13, i64 %number
  br label %look
look:
  %ticket = load atomic i64, ptr %ticket.at seq_cst, align 8
  %next = and i64 %ticket, 4294967295
  %limit = lshr i64 %ticket, 32
  %left = icmp ult i64 %next, %limit
  br i1 %left, label %claim, label %over
claim:
  %after = add i64 %ticket, 1
  %pair = cmpxchg ptr %ticket.at, i64 %ticket, i64 %after seq_cst seq_cst
  %got = extractvalue { i64, i1 } %pair, 1
  br i1 %got, label %run, label %look
run:
  %entry = load ptr, ptr %entry.at
  %words = load ptr, ptr %words.at
  %total = load i64, ptr %total.at
  %chunk = load i64, ptr %chunk.at
  %lo = mul i64 %next, %chunk
  %end = add i64 %lo, %chunk
  %short = icmp slt i64 %end, %total
  %hi = select i1 %short, i64 %end, i64 %total
  %status = call i32 %entry(ptr null, ptr null, ptr %words, i64 %lo, i64 %hi)
  %failed = icmp ne i32 %status, 0
  br i1 %failed, label %fail, label %count
fail:
  store atomic i64 1, ptr %failed.at seq_cst, align 8
  br label %count
count:
  atomicrmw add ptr %done.at, i64 1 seq_cst
  br label %look
over:
  %following = add i64 %k, 1
  %more = icmp ult i64 %following, %last
  br i1 %more, label %range, label %done
done:
  ret void
}

; Wait for the chunks that helpers are at: at most the length of one, if they run.
define internal void @await(ptr %done.at, i64 %chunks) {
start:
  br label %look
look:
  %k = phi i64 [ 0, %start ], [ %after, %spin ], [ %after, %yield ]
  %after = add i64 %k, 1
  %done = load atomic i64, ptr %done.at seq_cst, align 8
  %ready = icmp uge i64 %done, %chunks
  br i1 %ready, label %return, label %wait
wait:
  %soon = icmp ult i64 %k, 200
  br i1 %soon, label %spin, label %yield
spin:
  $pause
  br label %look
yield:
  call i32 @sched_yield()
  br label %look
return:
  ret void
}

; The life of a helper; it never returns.
define void @engine_help(ptr %pool) {
start:
  %semaphore = getelementptr %pool, ptr %pool, i32 0, i32 7
  %helpers.at = getelementptr %pool, ptr %pool, i32 0, i32 1
  %number = atomicrmw add ptr %helpers.at, i64 1 seq_cst
  br label %sleep
sleep:
  %status = call i32 @sem_wait(ptr %semaphore)
  %woken = icmp eq i32 %status, 0
  br i1 %woken, label %renew, label %sleep
renew:
  %time = call i64 @now()
  %until = add i64 %time, $spin
  br label %look
look:
  %worked = call i1 @help_once(ptr %pool, i64 %number)
  br i1 %worked, label %renew, label %idle
idle:
  $pause
  $pause
  $pause
  $pause
  %present = call i64 @now()
  %over = icmp sgt i64 %present, %until
  br i1 %over, label %leave, label %look
leave:
  atomicrmw sub ptr %pool, i64 1 seq_cst
  %again = call i1 @help_once(ptr %pool, i64 %number)
  br i1 %again, label %back, label %sleep
back:
  atomicrmw add ptr %pool, i64 1 seq_cst
  br label %renew
}

; Work at every job that has a seat left; whether there was one. The first range is that
; of the caller, the others those of the helpers, by their numbers.
define internal i1 @help_once(ptr %pool, i64 %number) {
start:
  br label %look
look:
  %k = phi i64 [ 0, %start ], [ %after, %next ]
  %any = phi i1 [ false, %start ], [ %found, %next ]
  %job = getelementptr %pool, ptr %pool, i32 0, i32 8, i64 %k
  %seats.at = getelementptr %job, ptr %job, i32 0, i32 2
  %seats = load atomic i64, ptr %seats.at seq_cst, align 8
  %free = icmp sgt i64 %seats, 0
  br i1 %free, label %take, label %next
take:
  %fewer = sub i64 %seats, 1
  %pair = cmpxchg ptr %seats.at, i64 %seats, i64 %fewer seq_cst seq_cst
  %got = extractvalue { i64, i1 } %pair, 1
  br i1 %got, label %join, label %next
join:
  %ranges.at = getelementptr %job, ptr %job, i32 0, i32 3
  %ranges = load atomic i64, ptr %ranges.at monotonic, align 8
  %others = sub i64 %ranges, 1
  %place = urem i64 %number, %others
  %first = add i64 %place, 1
  call void @work(ptr %job, i64 %first)
  br label %next
next:
  %found = phi i1 [ %any, %look ], [ %any, %take ], [ true, %join ]
  %after = add i64 %k, 1
  %last = icmp eq i64 %after, $jobs
  br i1 %last, label %done, label %look
done:
  ret i1 %found
}
"""


def text() -> str:
    """The LLVM text for this machine.

    It defines ``engine_pool_start(pool)``, ``engine_help(pool)`` and ``engine_share(
    pool, entry, words, total, chunk, threads)``.
    """
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    pause = "call void @llvm.x86.sse2.pause()" if x86 else ""
    own = Template(_TEXT).substitute(
        bytes=8 * WORDS,
        ranges=RANGES,
        jobs=JOBS,
        clock=int(time.CLOCK_MONOTONIC),
        spin=SPIN,
        pause=pause,
        declare_pause="declare void @llvm.x86.sse2.pause()" if x86 else "",
    )
    return own + resting.text()
