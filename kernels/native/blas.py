"""Products of matrices by the BLAS that NumPy brought along, called by address.

NumPy's wheels carry an OpenBLAS with 64-bit integers. Each product is given to the
routine that NumPy would call, with the same arguments, so that results have the same
bits; what NumPy does without BLAS, or by ``syrk``, is left to NumPy. Products that are
just too large for one thread of OpenBLAS are given to it in `parts`.
"""

from __future__ import annotations

import ctypes
import math
from functools import cache
from importlib import import_module
from string import Template
from typing import NamedTuple, TypeAlias

import numpy as np

from .parts import SMALL, shape_of_parts

_ROW, _COLUMN, PLAIN, TURNED = 101, 102, 111, 112
"""CBLAS: orders of a matrix, and whether it is transposed."""

LARGE = 2**31
"""Extents and strides from here on are left to NumPy."""

NANOSECONDS = 0.0075
"""Estimated nanoseconds of a multiply-add, for each byte of a real number: 33 GFlop/s
in float64, a thread of Zen 3. It decides nothing but how a product is shared."""

CALL = 500
"""Estimated nanoseconds of all else that a product takes, however small it is."""

_ENTRY = """
; Products lo .. hi of a batch of two levels. The words: pointers of a, b and c; the
; routine; four numbers about its arguments, three extents or strides, and one more;
; length of the inner batch; steps of a, b and c along it, and along the outer one, and
; where a and b start, in bytes.
define i32 @engine_${name}_${letter}(ptr %r, ptr %e, ptr %words, i64 %lo, i64 %hi) {
start:
  %routine.at = getelementptr ptr, ptr %words, i64 3
  %routine = load ptr, ptr %routine.at
  %length.at = getelementptr i64, ptr %words, i64 12
  %length = load i64, ptr %length.at
  br label %look
look:
  %i = phi i64 [ %lo, %start ], [ %after, %call ]
  %more = icmp slt i64 %i, %hi
  br i1 %more, label %call, label %done
call:
  %outer = udiv i64 %i, %length
  %inner = urem i64 %i, %length
  %a = call ptr @operand_${name}_${letter}(ptr %words, i64 0, i64 %outer, i64 %inner)
  %b = call ptr @operand_${name}_${letter}(ptr %words, i64 1, i64 %outer, i64 %inner)
  %c = call ptr @operand_${name}_${letter}(ptr %words, i64 2, i64 %outer, i64 %inner)
  call void @${name}_${letter}(ptr %routine, ptr %words, ptr %a, ptr %b, ptr %c)
  %after = add i64 %i, 1
  br label %look
done:
  ret i32 0
}

define internal ptr @operand_${name}_${letter}(ptr %words, i64 %k, i64 %outer,
                                               i64 %inner) {
  %base.at = getelementptr ptr, ptr %words, i64 %k
  %base = load ptr, ptr %base.at
  %numbers = getelementptr i64, ptr %words, i64 %k
  %inner.at = getelementptr i64, ptr %numbers, i64 13
  %inner.step = load i64, ptr %inner.at
  %outer.at = getelementptr i64, ptr %numbers, i64 16
  %outer.step = load i64, ptr %outer.at
  %start.at = getelementptr i64, ptr %numbers, i64 19
  %begin = load i64, ptr %start.at
  %near = mul i64 %inner, %inner.step
  %far = mul i64 %outer, %outer.step
  %both = add i64 %near, %far
  %all = add i64 %both, %begin
  %at = getelementptr i8, ptr %base, i64 %all
  ret ptr %at
}
"""

_NUMBERS = """
  %w4 = getelementptr i64, ptr %words, i64 4
  %w5 = getelementptr i64, ptr %words, i64 5
  %w6 = getelementptr i64, ptr %words, i64 6
  %w7 = getelementptr i64, ptr %words, i64 7
  %w8 = getelementptr i64, ptr %words, i64 8
  %w9 = getelementptr i64, ptr %words, i64 9
  %w10 = getelementptr i64, ptr %words, i64 10
  %w11 = getelementptr i64, ptr %words, i64 11
"""

_GEMM = """
; c = a b: transposes of a and b, m, n, k, distances of their rows and of those of c
define internal void @gemm_$letter(ptr %routine, ptr %words, ptr %a, ptr %b, ptr %c) {
  $numbers
  %a.turned = load i32, ptr %w4
  %b.turned = load i32, ptr %w5
  %m = load i64, ptr %w6
  %n = load i64, ptr %w7
  %k = load i64, ptr %w8
  %lda = load i64, ptr %w9
  %ldb = load i64, ptr %w10
  %ldc = load i64, ptr %w11
  call void %routine(i32 101, i32 %a.turned, i32 %b.turned, i64 %m, i64 %n, i64 %k,
                     $one, ptr %a, i64 %lda, ptr %b, i64 %ldb,
                     $zero, ptr %c, i64 %ldc)
  ret void
}
"""

_GEMV = """
; c = a' b, a a matrix: order of a, rows, columns, distance of rows, steps of b and c
define internal void @gemv_$letter(ptr %routine, ptr %words, ptr %a, ptr %b, ptr %c) {
  $numbers
  %order = load i32, ptr %w4
  %rows = load i64, ptr %w5
  %columns = load i64, ptr %w6
  %lda = load i64, ptr %w7
  %b.step = load i64, ptr %w8
  %c.step = load i64, ptr %w9
  call void %routine(i32 %order, i32 112, i64 %rows, i64 %columns, $one, ptr %a,
                     i64 %lda, ptr %b, i64 %b.step, $zero, ptr %c, i64 %c.step)
  ret void
}
"""

_DOT = """
; c = a . b: length, steps of a and b
define internal void @dot_$letter(ptr %routine, ptr %words, ptr %a, ptr %b, ptr %c) {
  $numbers
  %n = load i64, ptr %w4
  %a.step = load i64, ptr %w5
  %b.step = load i64, ptr %w6
  %product = call $type %routine(i64 %n, ptr %a, i64 %a.step, ptr %b, i64 %b.step)
  %sum = fadd $type 0.0, %product
  store $type %sum, ptr %c
  ret void
}
"""

_NUMBER = """
@one_$letter = internal constant [2 x $type] [$type 1.0, $type 0.0]
@zero_$letter = internal constant [2 x $type] zeroinitializer
"""

_TEXTS = {"gemm": _GEMM, "gemv": _GEMV, "dot": _DOT}


class Kind(NamedTuple):
    """How BLAS spells a dtype."""

    letter: str
    type: str  # LLVM's, of the parts of complex numbers
    one: str  # the arguments that scale a product and what stands there before
    zero: str
    routines: tuple[str, ...]


_KINDS = {
    "float32": Kind("s", "float", "float 1.0", "float 0.0", ("gemm", "gemv", "dot")),
    "float64": Kind("d", "double", "double 1.0", "double 0.0", ("gemm", "gemv", "dot")),
    "complex64": Kind("c", "float", "ptr @one_c", "ptr @zero_c", ("gemm", "gemv")),
    "complex128": Kind("z", "double", "ptr @one_z", "ptr @zero_z", ("gemm", "gemv")),
}


class Matrix(NamedTuple):
    """An operand in memory: where it starts, and its shape and strides, in items."""

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


Numbers: TypeAlias = list[int]


class Product(NamedTuple):
    """A product, or a batch of them, as one native call.

    Parameters
    ----------
    entry : int
        To be called with the pointers of both operands, of the result, and `numbers`.
    swapped : bool
        Whether the second operand's pointer comes first.
    numbers : tuple of int
    total, chunk : int
        Length of the batch, and what a thread takes of it at a time; 0: all of it.
    work : float
        Estimated nanoseconds.
    """

    entry: int
    swapped: bool
    numbers: tuple[int, ...]
    total: int
    chunk: int
    work: float


def product(
    dtype: np.dtype[np.generic], x: Matrix, y: Matrix, same: bool, chunk: int = 8_000
) -> Product | None:
    """How BLAS computes ``matmul(x, y)`` into C-contiguous memory; None if NumPy does.

    Parameters
    ----------
    dtype : numpy.dtype
    x, y : Matrix
        Operands of one or more dimensions.
    same : bool
        Whether both start from the same memory.
    chunk : int
        Nanoseconds of work that a thread takes at a time.
    """
    if dtype.name not in _KINDS:
        return None
    x, y = as_matrices(x, y)
    numbers = (*x.shape, *y.shape, *x.strides, *y.strides)
    if 0 in (*x.shape, *y.shape) or max(map(abs, numbers)) >= LARGE:
        return None
    if same and x.offset == y.offset and _is_square_of(x, y):
        return None
    if dtype.kind == "c" and x.shape[-1] == 1:  # NumPy's loops round their products
        return None
    width, step = y.shape[-1], x.shape[-2] * y.shape[-1]
    if len(x.shape) == 2 == len(y.shape):
        parts = shape_of_parts(dtype, x.shape, y.shape)
        if parts is not None:
            rows, columns = parts
            x, y = _cut(x, -2, rows), _cut(y, -1, columns)
            step = columns if columns < width else rows * width
    batch = batch_levels(x, y, step)
    chosen = _routine(x, y, width)
    if batch is None or chosen is None:
        return None
    name, arguments, swapped = chosen
    found = routines(dtype.name)
    if found is None or name not in found:
        return None
    entry, address = found[name]
    first, second = (y, x) if swapped else (x, y)
    levels, steps = batch
    item = dtype.itemsize
    order = (1, 0, 2) if swapped else (0, 1, 2)
    bytes_of = [level[k] * item for level in reversed(steps) for k in order]
    starts = (first.offset * item, second.offset * item, 0)
    padded = (*arguments, *[0] * (8 - len(arguments)))
    total = math.prod(levels)
    size = x.shape[-2] * x.shape[-1] * y.shape[-1]
    cost = CALL + size * item * NANOSECONDS * (2 if dtype.kind == "c" else 1)
    shared = dtype.kind == "f" and size <= SMALL and total * cost >= 4 * chunk
    return Product(
        entry,
        swapped,
        (address, *padded, levels[1], *bytes_of, *starts),
        total,
        math.ceil(chunk / cost) if shared else 0,
        total * cost,
    )


def as_matrices(x: Matrix, y: Matrix) -> tuple[Matrix, Matrix]:
    """Operands of a product; a vector is a row on the left, a column on the right."""
    if len(x.shape) == 1:
        x = Matrix(x.offset, (1, *x.shape), (0, *x.strides))
    if len(y.shape) == 1:
        y = Matrix(y.offset, (*y.shape, 1), (*y.strides, 0))
    return x, y


def _is_square_of(x: Matrix, y: Matrix) -> bool:
    """Whether y is the transpose of x."""
    turned = (x.shape[-1], x.shape[-2]), (x.strides[-1], x.strides[-2])
    return (y.shape[-2:], y.strides[-2:]) == turned


def _cut(matrix: Matrix, axis: int, extent: int) -> Matrix:
    """Parts of a matrix as a batch; itself where they are as long as the axis is."""
    if matrix.shape[axis] == extent:
        return matrix
    shape, stride = [*matrix.shape], matrix.strides[axis]
    parts, shape[axis] = shape[axis] // extent, extent
    strides = (extent * stride, *matrix.strides)
    return Matrix(matrix.offset, (parts, *shape), strides)


def batch_levels(
    x: Matrix, y: Matrix, step: int | None = None
) -> tuple[tuple[int, int], tuple[tuple[int, int, int], tuple[int, int, int]]] | None:
    """Extents of two batch levels, and the steps of x, y and the result along each.

    `step` is that of the result along the last batch axis, where its matrices do not
    follow each other. None where the batch axes cannot be walked as two.
    """
    shape = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    if step is None:
        step = x.shape[-2] * y.shape[-1]
    axes: list[tuple[int, tuple[int, int, int]]] = []
    for axis in range(-1, -len(shape) - 1, -1):
        extent = shape[axis]
        a, b = _step(x, axis), _step(y, axis)
        steps = (a, b, step)
        step *= extent
        if extent == 1:
            continue
        if axes and steps == tuple(s * axes[-1][0] for s in axes[-1][1]):
            axes[-1] = (axes[-1][0] * extent, axes[-1][1])
        else:
            axes.append((extent, steps))
    if len(axes) > 2:
        return None
    axes += [(1, (0, 0, 0))] * (2 - len(axes))
    (inner, inner_steps), (outer, outer_steps) = axes
    return (outer, inner), (outer_steps, inner_steps)


def _step(matrix: Matrix, axis: int) -> int:
    """The stride along a batch axis of the result, counted from the end."""
    own = len(matrix.shape) - 2
    if -axis > own or matrix.shape[own + axis] == 1:
        return 0
    return matrix.strides[own + axis]


def _routine(x: Matrix, y: Matrix, width: int) -> tuple[str, Numbers, bool] | None:
    """The routine, its numbers, and whether the operands change places.

    `width` is the distance of rows of the result.
    """
    (m, k), n = x.shape[-2:], y.shape[-1]
    (xm, xk), (yk, yn) = x.strides[-2:], y.strides[-2:]
    if m == 1 and n == 1:
        if k == 1 or xk <= 0 or yk <= 0:
            return None
        return "dot", [k, xk, yk], False
    if k > 1 and m == 1:
        vector = _vector(n, k, yn, yk, xk)
        return None if vector is None else ("gemv", [*vector, 1], True)
    if k > 1 and n == 1:
        vector = _vector(m, k, xm, xk, yk)
        return None if vector is None else ("gemv", [*vector, 1], False)
    a, b = side(m, k, xm, xk), side(k, n, yk, yn)
    if a is None or b is None:
        return None
    return "gemm", [a[0], b[0], m, n, k, a[1], b[1], width], False


def _is_plain(rows: int, columns: int, along: int, across: int) -> bool:
    """Whether a matrix stands in memory row by row."""
    return (across == 1 or columns == 1) and along >= columns


def side(rows: int, columns: int, along: int, across: int) -> tuple[int, int] | None:
    """Whether an operand of gemm is transposed, and the distance of its rows."""
    if rows == 1:
        along = max(along, columns)
    if columns == 1:
        across = max(across, rows)
    if _is_plain(rows, columns, along, across):
        return PLAIN, along
    if _is_plain(columns, rows, across, along):
        return TURNED, across
    return None


def _vector(m: int, k: int, along: int, across: int, step: int) -> Numbers | None:
    """Numbers of gemv for a matrix of m rows; `step` is that of the vector."""
    if step < 1:
        return None
    if across == 1 and along >= k:
        return [_COLUMN, k, m, along, step]
    if along == 1 and across >= m:
        return [_ROW, k, m, across, step]
    return None


@cache
def routines(dtype: str) -> dict[str, tuple[int, int]] | None:
    """The entry and the routine of each kind of product, where BLAS is found."""
    from ..cpu.target import MissingSymbol, load_text

    kind = _KINDS[dtype]
    try:
        # a look-up in NumPy's extension finds what that is linked to
        extension = import_module("numpy._core._multiarray_umath")
        library = ctypes.CDLL(str(extension.__file__))
        addresses = [
            getattr(library, f"scipy_cblas_{kind.letter}{name}64_")
            for name in kind.routines
        ]
        entries = load_text(
            _text(kind), *(f"engine_{name}_{kind.letter}" for name in kind.routines)
        )
    except (AttributeError, OSError, MissingSymbol):
        return None
    found = [ctypes.cast(address, ctypes.c_void_p).value or 0 for address in addresses]
    return dict(zip(kind.routines, zip(entries, found, strict=True), strict=True))


def _text(kind: Kind) -> str:
    """LLVM text of the entries for the products of a dtype."""
    words = {**kind._asdict(), "numbers": _NUMBERS.strip()}
    texts = [
        Template(_TEXTS[name] + _ENTRY).substitute(words, name=name)
        for name in kind.routines
    ]
    return "".join([Template(_NUMBER).substitute(words), *texts])


def available() -> bool:
    """Whether products are given to BLAS.

    Examples
    --------
    >>> available() in (True, False)
    True
    """
    return all(routines(dtype) for dtype in _KINDS)
