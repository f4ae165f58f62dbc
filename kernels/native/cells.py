"""LLVM text: numbers in the memory of arrays, read into new arrays and written.

And what arithmetic gives for two of them, where every way to do it has the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from string import Template

from .. import memory
from . import numpy_api

BOOL, SIGNED, UNSIGNED, FLOAT, OTHER = range(5)
"""Kinds of dtypes: how a number of Python becomes one of them; others are only read."""

KINDS = {"b": BOOL, "i": SIGNED, "u": UNSIGNED, "f": FLOAT}
"""The kinds by NumPy's letters."""

_TEXT = """
declare void @Py_IncRef(ptr)
declare i32 @PyObject_IsTrue(ptr)
declare i64 @PyLong_AsLongLong(ptr)
declare double @PyFloat_AsDouble(ptr)
declare ptr @PyErr_Occurred()
declare void @PyErr_Clear()
declare double @llvm.fabs.f64(double)
declare float @llvm.fabs.f32(float)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)

; A new array without axes, with a copy of one item; null without memory. The words:
; PyArray_NewFromDescr, the type of arrays, the dtype, the address and the bytes of the
; item.
define ptr @engine_new_cell(ptr %words, i64 %nothing, i64 %none) {
  %make = load ptr, ptr %words
  %type.at = getelementptr i64, ptr %words, i64 1
  %type = load ptr, ptr %type.at
  %dtype.at = getelementptr i64, ptr %words, i64 2
  %dtype = load ptr, ptr %dtype.at
  %from.at = getelementptr i64, ptr %words, i64 3
  %from = load ptr, ptr %from.at
  %size.at = getelementptr i64, ptr %words, i64 4
  %size = load i64, ptr %size.at
  call void @Py_IncRef(ptr %dtype)
  %array = call ptr %make(ptr %type, ptr %dtype, i32 0, ptr null, ptr null, ptr null,
                          i32 0, ptr null)
  %absent = icmp eq ptr %array, null
  br i1 %absent, label %fail, label %copy
copy:
  %data.at = getelementptr i8, ptr %array, i64 $data
  %data = load ptr, ptr %data.at
  call void @llvm.memcpy.p0.p0.i64(ptr %data, ptr %from, i64 %size, i1 false)
  ret ptr %array
fail:
  call void @PyErr_Clear()
  ret ptr null
}

; Write a number of Python into items. The words: the address of the first item, how
; many there are, the bytes from one to the next, the kind of the dtype and the bytes of
; an item. Gives 1, or 0 where nothing was written: the number does not fit.
define i64 @engine_fill_cells(ptr %words, ptr %number, i64 %nothing) {
start:
  %first = load ptr, ptr %words
  %count.at = getelementptr i64, ptr %words, i64 1
  %count = load i64, ptr %count.at
  %step.at = getelementptr i64, ptr %words, i64 2
  %step = load i64, ptr %step.at
  %kind.at = getelementptr i64, ptr %words, i64 3
  %kind = load i64, ptr %kind.at
  %size.at = getelementptr i64, ptr %words, i64 4
  %size = load i64, ptr %size.at
  %bits.size = shl i64 %size, 3
  switch i64 %kind, label %fail [
    i64 $bool, label %truth
    i64 $signed, label %integer
    i64 $unsigned, label %integer
    i64 $float, label %real
  ]
truth:
  %true = call i32 @PyObject_IsTrue(ptr %number)
  %bad = icmp slt i32 %true, 0
  %truth.bits = zext i32 %true to i64
  br i1 %bad, label %clear, label %write
integer:
  %whole = call i64 @PyLong_AsLongLong(ptr %number)
  %minus = icmp eq i64 %whole, -1
  br i1 %minus, label %doubt, label %range
doubt:
  %error = call ptr @PyErr_Occurred()
  %fine = icmp eq ptr %error, null
  br i1 %fine, label %range, label %clear
range:
  %is.signed = icmp eq i64 %kind, $signed
  %unused = sub i64 64, %bits.size
  %up = shl i64 %whole, %unused
  %arithmetic = ashr i64 %up, %unused
  %logical = lshr i64 %up, %unused
  %back = select i1 %is.signed, i64 %arithmetic, i64 %logical
  %same = icmp eq i64 %back, %whole
  %positive = icmp sge i64 %whole, 0
  %sign = or i1 %is.signed, %positive
  %fits = and i1 %same, %sign
  br i1 %fits, label %write, label %fail
real:
  %double = call double @PyFloat_AsDouble(ptr %number)
  %minus.one = fcmp oeq double %double, -1.0
  br i1 %minus.one, label %real.doubt, label %real.fits
real.doubt:
  %real.error = call ptr @PyErr_Occurred()
  %real.fine = icmp eq ptr %real.error, null
  br i1 %real.fine, label %real.fits, label %clear
real.fits:
  %is.wide = icmp eq i64 %size, 8
  %double.bits = bitcast double %double to i64
  br i1 %is.wide, label %write, label %narrow
narrow:
  %single = fptrunc double %double to float
  %single.half = bitcast float %single to i32
  %single.bits = zext i32 %single.half to i64
  %far = call float @llvm.fabs.f32(float %single)
  %infinite = fcmp oeq float %far, 0x7FF0000000000000
  %far.double = call double @llvm.fabs.f64(double %double)
  %finite = fcmp one double %far.double, 0x7FF0000000000000
  %overflow = and i1 %infinite, %finite
  br i1 %overflow, label %fail, label %write
write:
  %bits = phi i64 [ %truth.bits, %truth ], [ %whole, %range ],
                  [ %double.bits, %real.fits ], [ %single.bits, %narrow ]
  %step2 = shl i64 %step, 1
  %step3 = add i64 %step2, %step
  %step4 = shl i64 %step, 2
  %is.dense = icmp eq i64 %step, %size
  %is.byte = icmp eq i64 %size, 1
  %is.zero = icmp eq i64 %bits, 0
  %bytes.alike = or i1 %is.byte, %is.zero
  %is.block = and i1 %is.dense, %bytes.alike
  br i1 %is.block, label %block, label %each
block:
  %byte = trunc i64 %bits to i8
  %total = mul i64 %count, %size
  call void @llvm.memset.p0.i64(ptr %first, i8 %byte, i64 %total, i1 false)
  ret i64 1
each:
  switch i64 %size, label %fail [
    i64 1, label %size1
    i64 2, label %size2
    i64 4, label %size4
    i64 8, label %size8
  ]
$loops
done:
  ret i64 1
clear:
  call void @PyErr_Clear()
  ret i64 0
fail:
  ret i64 0
}
"""

_LOOP = """
size$size:
  %item$size = $narrowed
  br label %four.look$size
four.look$size:
  %left$size = phi i64 [ %count, %size$size ], [ %left.after$size, %four$size ]
  %at$size = phi ptr [ %first, %size$size ], [ %next$size, %four$size ]
  %four.more$size = icmp sge i64 %left$size, 4
  br i1 %four.more$size, label %four$size, label %look$size
four$size:
  %one$size = getelementptr i8, ptr %at$size, i64 %step
  %two$size = getelementptr i8, ptr %at$size, i64 %step2
  %three$size = getelementptr i8, ptr %at$size, i64 %step3
  %next$size = getelementptr i8, ptr %at$size, i64 %step4
  store i$bits %item$size, ptr %at$size, align 1
  store i$bits %item$size, ptr %one$size, align 1
  store i$bits %item$size, ptr %two$size, align 1
  store i$bits %item$size, ptr %three$size, align 1
  %left.after$size = sub i64 %left$size, 4
  br label %four.look$size
look$size:
  %rest$size = phi i64 [ %left$size, %four.look$size ], [ %rest.after$size, %put$size ]
  %place$size = phi ptr [ %at$size, %four.look$size ], [ %further$size, %put$size ]
  %more$size = icmp sgt i64 %rest$size, 0
  br i1 %more$size, label %put$size, label %done
put$size:
  store i$bits %item$size, ptr %place$size, align 1
  %further$size = getelementptr i8, ptr %place$size, i64 %step
  %rest.after$size = sub i64 %rest$size, 1
  br label %look$size
"""
"""Four stores a turn: one store a cycle, where each alone would wait for its branch."""


COMPARED = {
    **{"less": ("slt", "olt"), "less_equal": ("sle", "ole")},
    **{"greater": ("sgt", "ogt"), "greater_equal": ("sge", "oge")},
    **{"equal": ("eq", "oeq"), "not_equal": ("ne", "une")},
}
"""Comparisons: what LLVM calls those of integers and of floats."""

REAL = {"add": "fadd", "subtract": "fsub", "multiply": "fmul", "divide": "fdiv"}
"""What LLVM calls arithmetic of floats; a quotient of integers is a float."""

WHOLE = ("floor_divide", "remainder")
"""Ops that are done here for integers alone, the second one above 0."""

CODES = {name: code for code, name in enumerate((*COMPARED, *REAL, *WHOLE, "negative"))}
"""The ops that are done here by numbers of their own."""

NOTHING, INTEGER, REAL_NUMBER, TRUTH = range(4)
"""What a result is; of numbers that come in, `INTEGER` or `REAL_NUMBER`."""

_COMPUTE = """
; The result of an op on numbers. The words: the code of the op, the kinds of both, both
; numbers, the result, and whether floats are of single precision: both are rounded to
; it then, and so is the result. Gives the kind of the result, $nothing without one.
define i64 @engine_compute_cells(ptr %words, i64 %nothing, i64 %none) {
  %code = load i64, ptr %words
  %x.kind.at = getelementptr i64, ptr %words, i64 1
  %x.kind = load i64, ptr %x.kind.at
  %y.kind.at = getelementptr i64, ptr %words, i64 2
  %y.kind = load i64, ptr %y.kind.at
  %x.at = getelementptr i64, ptr %words, i64 3
  %x = load i64, ptr %x.at
  %y.at = getelementptr i64, ptr %words, i64 4
  %y = load i64, ptr %y.at
  %result.at = getelementptr i64, ptr %words, i64 5
  %x.is.real = icmp eq i64 %x.kind, $real
  %y.is.real = icmp eq i64 %y.kind, $real
  %x.bits = bitcast i64 %x to double
  %y.bits = bitcast i64 %y to double
  %x.wide = sitofp i64 %x to double
  %y.wide = sitofp i64 %y to double
  %x.real = select i1 %x.is.real, double %x.bits, double %x.wide
  %y.real = select i1 %y.is.real, double %y.bits, double %y.wide
  %single.at = getelementptr i64, ptr %words, i64 6
  %single = load i64, ptr %single.at
  %is.single = icmp ne i64 %single, 0
  %x.narrow = fptrunc double %x.real to float
  %y.narrow = fptrunc double %y.real to float
  %x.single = fpext float %x.narrow to double
  %y.single = fpext float %y.narrow to double
  %f = select i1 %is.single, double %x.single, double %x.real
  %g = select i1 %is.single, double %y.single, double %y.real
  %some.real = or i1 %x.is.real, %y.is.real
  %are.real = or i1 %some.real, %is.single
  br i1 %are.real, label %reals, label %integers
integers:
  switch i64 %code, label %fail [ $integer_cases ]
reals:
  switch i64 %code, label %fail [ $real_cases ]
$blocks
number:
  %whole = phi i64 $numbers
  store i64 %whole, ptr %result.at
  ret i64 $integer
real:
  %double = phi double $doubles
  br i1 %is.single, label %narrow, label %wide
narrow:
  ; That twice is rounded changes nothing: a double has more than twice the bits.
  %float = fptrunc double %double to float
  store float %float, ptr %result.at
  ret i64 $real
wide:
  store double %double, ptr %result.at
  ret i64 $real
truth:
  %answer = phi i1 $truths
  %bit = zext i1 %answer to i64
  store i64 %bit, ptr %result.at
  ret i64 $truth
fail:
  ret i64 $nothing
}
"""

_FLOORED = """
floor_divide.whole:
  %above.zero.q = icmp sgt i64 %y, 0
  br i1 %above.zero.q, label %floor_divide.do, label %fail
floor_divide.do:
  %quotient = sdiv i64 %x, %y
  %rest.q = srem i64 %x, %y
  %low.q = icmp slt i64 %rest.q, 0
  %one.less = sext i1 %low.q to i64
  %floor_divide.n = add i64 %quotient, %one.less
  br label %number
remainder.whole:
  %above.zero.r = icmp sgt i64 %y, 0
  br i1 %above.zero.r, label %remainder.do, label %fail
remainder.do:
  %rest = srem i64 %x, %y
  %low = icmp slt i64 %rest, 0
  %once.more = select i1 %low, i64 %y, i64 0
  %remainder.n = add i64 %rest, %once.more
  br label %number
"""
"""Quotients and remainders are rounded down, not to 0."""


ROW = 8 * 4
"""A row of the table: dtype, recipe of one element, bytes, kind; a 0 ends it."""

MAKE, FILL, COMPUTE, MAKE_ARRAY = 0, 8, 16, 24
HEAD = 8 * 5
"""Before the rows: three functions, PyArray_NewFromDescr, the type of arrays."""


def _loop(size: int) -> str:
    """LLVM text that stores items of so many bytes."""
    narrowed = f"trunc i64 %bits to i{8 * size}" if size < 8 else "add i64 %bits, 0"
    return Template(_LOOP).substitute(size=size, bits=8 * size, narrowed=narrowed)


def _compute() -> str:
    """LLVM text that computes with two numbers."""
    wholes = {"add": "add", "subtract": "sub", "multiply": "mul"}
    lines = [_FLOORED]
    for name, (whole, real) in COMPARED.items():
        lines.append(f"{name}.whole:\n  %{name}.i = icmp {whole} i64 %x, %y")
        lines.append(f"  br label %truth\n{name}.real:")
        lines.append(f"  %{name}.f = fcmp {real} double %f, %g\n  br label %truth")
    for name, real in REAL.items():
        lines.append(f"{name}.real:\n  %{name}.f = {real} double %f, %g")
        lines.append("  br label %real")
    for name, whole in wholes.items():
        lines.append(f"{name}.whole:\n  %{name}.n = {whole} i64 %x, %y")
        lines.append("  br label %number")
    lines.append("negative.whole:\n  %negative.n = sub i64 0, %x\n  br label %number")
    lines.append("negative.real:\n  %negative.f = fneg double %f\n  br label %real")
    ends = {name: f"{name}.do" for name in WHOLE}
    numbers = [*wholes, *WHOLE, "negative"]
    reals = [*COMPARED, *REAL, "negative"]

    def cases(names: Iterable[str], kind: str) -> str:
        return " ".join(f"i64 {CODES[name]}, label %{name}.{kind}" for name in names)

    integers = cases([*COMPARED, *numbers], "whole") + " " + cases(["divide"], "real")
    return Template(_COMPUTE).substitute(
        **{"nothing": NOTHING, "integer": INTEGER, "real": REAL_NUMBER, "truth": TRUTH},
        integer_cases=integers,
        real_cases=cases(reals, "real"),
        blocks="\n".join(lines),
        numbers=", ".join(
            f"[ %{name}.n, %{ends.get(name, f'{name}.whole')} ]" for name in numbers
        ),
        doubles=", ".join(f"[ %{n}.f, %{n}.real ]" for n in (*REAL, "negative")),
        truths=", ".join(
            f"[ %{n}.i, %{n}.whole ], [ %{n}.f, %{n}.real ]" for n in COMPARED
        ),
    )


def head() -> tuple[int, ...]:
    """The words before the rows.

    Raises
    ------
    MissingSymbol
        Where this process is no Python whose functions can be found.
    """
    from ..cpu.target import load_text

    text = Template(_TEXT).substitute(
        data=memory.DATA,
        bool=BOOL,
        signed=SIGNED,
        unsigned=UNSIGNED,
        float=FLOAT,
        loops="".join(map(_loop, (1, 2, 4, 8))),
    )
    return (
        *load_text(
            text + _compute(),
            "engine_new_cell",
            "engine_fill_cells",
            "engine_compute_cells",
        ),
        numpy_api.address(numpy_api.NEW_ARRAY),
        numpy_api.address(numpy_api.ARRAY_TYPE),
    )
