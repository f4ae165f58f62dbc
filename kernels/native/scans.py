"""Sums, products and extremes of all elements up to each one, of many lines.

Each line is scanned in order, as NumPy does, so that the bits are NumPy's; but four
lines at a time, since one addition has to wait for the one before: rows of 500 take 0.6
ns an element, NumPy 4. Lines that lie across the memory are scanned together, a row of
`WIDTH` of them after the other.
"""

from __future__ import annotations

from functools import cache
from string import Template

WIDTH = 64
"""Neighbouring lines across the memory that are scanned together: lines of the cache
are read whole, and the results so far, of 512 bytes, stay in the nearest cache."""

TYPES = {"float32": "float", "float64": "double", "int64": "i64"}
"""The dtypes that are scanned here, as LLVM spells them."""

_LARGER = """
  $sum.over = fcmp $than $type $total, $x
  $sum.nan = fcmp uno $type $total, $total
  $sum.stays = or i1 $sum.over, $sum.nan
  $sum = select i1 $sum.stays, $type $total, $type $x
"""

_LARGER_INTEGER = """
  $sum.stays = icmp s$than $type $total, $x
  $sum = select i1 $sum.stays, $type $total, $type $x
"""

_NEXT = {
    "cumsum": ("  $sum = fadd $type $total, $x", "  $sum = add $type $total, $x"),
    "cumprod": ("  $sum = fmul $type $total, $x", "  $sum = mul $type $total, $x"),
    "cummax": (_LARGER.replace("$than", "ogt"), _LARGER_INTEGER.replace("$than", "gt")),
    "cummin": (_LARGER.replace("$than", "olt"), _LARGER_INTEGER.replace("$than", "lt")),
}
"""How the next result of each op comes from the last one, for floats and integers."""

_KINDS = [(op, kind) for op in _NEXT for kind in TYPES.values()]

_LINES = """
; Scan lines that lie along the memory. The words: pointers of the elements and of the
; results, where the elements start, in bytes, and the length of a line.
define i32 @engine_${op}_lines_$type(ptr %r, ptr %e, ptr %words, i64 %lo, i64 %hi) {
start:
  %from.base = load ptr, ptr %words
  %to.at = getelementptr i64, ptr %words, i64 1
  %to = load ptr, ptr %to.at
  %offset.at = getelementptr i64, ptr %words, i64 2
  %offset = load i64, ptr %offset.at
  %from = getelementptr i8, ptr %from.base, i64 %offset
  %length.at = getelementptr i64, ptr %words, i64 3
  %length = load i64, ptr %length.at
  br label %four
$fours
$ones
done:
  ret i32 0
}
"""

_GROUP = """
$group:
  %$group.first = phi i64 [ $begin, %$before ], [ %$group.after, %$group.loop ]
  %$group.after = add i64 %$group.first, $count
  %$group.fits = icmp sle i64 %$group.after, %hi
  br i1 %$group.fits, label %$group.start, label %$after
$group.start:
$starts
  br label %$group.loop
$group.loop:
  %$group.i = phi i64 [ 1, %$group.start ], [ %$group.i.after, %$group.step ]
$phis
  %$group.more = icmp slt i64 %$group.i, %length
  br i1 %$group.more, label %$group.step, label %$group
$group.step:
$steps
  %$group.i.after = add i64 %$group.i, 1
  br label %$group.loop
"""

_START = """
  %$k.number = add i64 %$group.first, $number
  %$k.place = mul i64 %$k.number, %length
  %$k.from = getelementptr $type, ptr %from, i64 %$k.place
  %$k.to = getelementptr $type, ptr %to, i64 %$k.place
  %$k.first = load $type, ptr %$k.from
  store $type %$k.first, ptr %$k.to
"""

_PHI = """
  %$k.total = phi $type [ %$k.first, %$group.start ], [ %$k.sum, %$group.step ]
"""

_STEP = """
  %$k.at = getelementptr $type, ptr %$k.from, i64 %$group.i
  %$k.x = load $type, ptr %$k.at
$next
  %$k.there = getelementptr $type, ptr %$k.to, i64 %$group.i
  store $type %$k.sum, ptr %$k.there
"""

_COLUMNS = """
define internal void @${op}_$type(ptr noalias %from, ptr noalias %to, i64 %length,
                                  i64 %step, i64 %width) {
start:
  %totals = alloca [$wide x $type]
  %bytes = mul i64 %width, $size
  call void @llvm.memcpy.p0.p0.i64(ptr %totals, ptr %from, i64 %bytes, i1 false)
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 %bytes, i1 false)
  br label %rows
rows:
  %i = phi i64 [ 1, %start ], [ %i.after, %columns ]
  %i.after = add i64 %i, 1
  %more = icmp slt i64 %i, %length
  br i1 %more, label %row, label %done
row:
  %place = mul i64 %i, %step
  %some = getelementptr $type, ptr %from, i64 %place
  %there = getelementptr $type, ptr %to, i64 %place
  br label %columns
columns:
  %j = phi i64 [ 0, %row ], [ %j.after, %column ]
  %inside = icmp slt i64 %j, %width
  br i1 %inside, label %column, label %rows
column:
  %total.at = getelementptr $type, ptr %totals, i64 %j
  %total = load $type, ptr %total.at
  %x.at = getelementptr $type, ptr %some, i64 %j
  %x = load $type, ptr %x.at
$next
  store $type %sum, ptr %total.at
  %sum.at = getelementptr $type, ptr %there, i64 %j
  store $type %sum, ptr %sum.at
  %j.after = add i64 %j, 1
  br label %columns
done:
  ret void
}

; Scan lines that lie across the memory, $wide at a time. The words: as before, then the
; distance of two elements of a line, and how many times $wide lines begin within it.
define i32 @engine_${op}_columns_$type(ptr %r, ptr %e, ptr %words, i64 %lo, i64 %hi) {
start:
  %from.base = load ptr, ptr %words
  %to.at = getelementptr i64, ptr %words, i64 1
  %to.base = load ptr, ptr %to.at
  %offset.at = getelementptr i64, ptr %words, i64 2
  %offset = load i64, ptr %offset.at
  %from.first = getelementptr i8, ptr %from.base, i64 %offset
  %length.at = getelementptr i64, ptr %words, i64 3
  %length = load i64, ptr %length.at
  %step.at = getelementptr i64, ptr %words, i64 4
  %step = load i64, ptr %step.at
  %blocks.at = getelementptr i64, ptr %words, i64 5
  %blocks = load i64, ptr %blocks.at
  %all = mul i64 %length, %step
  br label %look
look:
  %k = phi i64 [ %lo, %start ], [ %after, %block ]
  %more = icmp slt i64 %k, %hi
  br i1 %more, label %block, label %done
block:
  %outer = udiv i64 %k, %blocks
  %number = urem i64 %k, %blocks
  %column = mul i64 %number, $wide
  %left = sub i64 %step, %column
  %short = icmp slt i64 %left, $wide
  %width = select i1 %short, i64 %left, i64 $wide
  %begin = mul i64 %outer, %all
  %place = add i64 %begin, %column
  %from = getelementptr $type, ptr %from.first, i64 %place
  %to = getelementptr $type, ptr %to.base, i64 %place
  call void @${op}_$type(ptr %from, ptr %to, i64 %length, i64 %step, i64 %width)
  %after = add i64 %k, 1
  br label %look
done:
  ret i32 0
}
"""


def _next(op: str, kind: str, of: str = "") -> str:
    """LLVM text for the next result; the names of its values begin with `of`."""
    names = {name: f"%{of}{name}" for name in ("sum", "total", "x")}
    return Template(_NEXT[op][kind == "i64"]).substitute(names, type=kind)


def _group(op: str, kind: str, name: str, count: int, **around: str) -> str:
    """LLVM text that scans so many lines at a time."""
    lines = [f"{name}.{k}" for k in range(count)]

    def each(template: str) -> str:
        return "".join(
            Template(template).substitute(
                k=line,
                group=name,
                number=number,
                type=kind,
                next=_next(op, kind, f"{line}."),
            )
            for number, line in enumerate(lines)
        )

    return Template(_GROUP).substitute(
        around,
        group=name,
        count=count,
        starts=each(_START),
        phis=each(_PHI),
        steps=each(_STEP),
    )


def _text() -> str:
    """LLVM text of all scans."""
    parts = ["declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)\n"]
    for op, kind in _KINDS:
        fours = _group(op, kind, "four", 4, begin="%lo", before="start", after="one")
        ones = _group(
            op, kind, "one", 1, begin="%four.first", before="four", after="done"
        )
        size = 4 if kind == "float" else 8
        parts += [
            Template(_LINES).substitute(op=op, type=kind, fours=fours, ones=ones),
            Template(_COLUMNS).substitute(
                op=op, type=kind, next=_next(op, kind), wide=WIDTH, size=size
            ),
        ]
    return "".join(parts)


@cache
def _entries() -> dict[tuple[str, str, str], int] | None:
    """The address for each op, form and type."""
    from ..cpu.target import MissingSymbol, load_optimised

    kinds = [(op, form, kind) for op, kind in _KINDS for form in ("lines", "columns")]
    names = [f"engine_{op}_{form}_{kind}" for op, form, kind in kinds]
    text = _text()
    try:
        found = load_optimised(text, lambda: text, names)
    except MissingSymbol:
        return None
    return dict(zip(kinds, found, strict=True))


def entry(op: str, dtype: str, across: bool) -> int | None:
    """The address of a scan of lines along or across the memory, where there is one."""
    kind, entries = TYPES.get(dtype), _entries()
    if kind is None or entries is None:
        return None
    return entries[op, "columns" if across else "lines", kind]
