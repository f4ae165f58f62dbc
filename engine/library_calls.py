"""Library rows that are native calls: matrix products by BLAS, scans, and checks.

Products of what is on a device are calls of its BLAS.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.kernels.backend import HOST
from engine.kernels.cpu.launch import CHUNK, SERIAL, chunk_of
from engine.kernels.native import checks, scans
from engine.kernels.native.blas import Matrix, product
from engine.kernels.native.table import Call, Offset, Pointer, Word
from engine.program import is_view, is_whole
from engine.recipe import c_strides

if TYPE_CHECKING:
    from engine.kernels.cuda import blas
    from engine.row import Row


SCANNED = 2**15
"""Elements that a thread scans at a time, about."""


def library_call(row: Row) -> Call | None:
    """The call that computes a library row; None where NumPy does."""
    (n, *others) = row.group.steps
    slot = row.buffers.slots[n]
    if others or not any(fresh == slot for fresh, *_ in row.fresh):
        return None
    match row.steps[n].op.name:
        case "matmul":
            return _product(row, n)
        case "bounded":
            return _check(row, n, checks.bounded(), row.steps[n].attributes)
        case "places_along":
            return _check(row, n, checks.bounded(), (row.steps[n].attributes[0], 0))
        case "indices":
            return _check(row, n, checks.indices(), row.steps[n].attributes[:1])
        case "cumsum" | "cumprod" | "cummax" | "cummin":
            return _scan(row, n)
    return None


def _product(row: Row, n: int) -> Call | None:
    step = row.steps[n]
    left, right = (_operand(row, k) for k in step.operands)
    if left is None or right is None:
        return None
    found = product(step.dtype, left.place, right.place, left.slot == right.slot, CHUNK)
    if found is None:
        return None
    both = (right, left) if found.swapped else (left, right)
    slots = (*(one.slot for one in both), row.buffers.slots[n])
    *numbers, _, _, end = found.numbers
    starts = [one.start(step.dtype.itemsize) for one in both]
    words = (*map(Pointer, slots), *numbers, *starts, end)
    return Call(found.entry, words, found.total, found.chunk, found.work)


class DeviceProduct(NamedTuple):
    """A product that a device computes, and the slots of its operands and result."""

    product: blas.Product
    x: int
    y: int
    result: int


def device_product(row: Row) -> DeviceProduct | None:
    """How the device of a library row computes it; None where the host does."""
    if row.device == HOST or len(row.group.steps) != 1:
        return None
    (n,) = row.group.steps
    step, slot = row.steps[n], row.buffers.slots[n]
    left, right = (_operand(row, k) for k in step.operands)
    if left is None or right is None or not any(f == slot for f, *_ in row.fresh):
        return None
    from engine.kernels.cuda import blas  # slow to import, and for devices alone

    found = blas.product(step.dtype, left.place, right.place)
    return None if found is None else DeviceProduct(found, left.slot, right.slot, slot)


def _check(
    row: Row, n: int, entry: int | None, numbers: tuple[Any, ...]
) -> Call | None:
    """A failure of this call is left to Python, which finds what is out of bounds."""
    step = row.steps[n]
    operand = _operand(row, step.operands[0])
    if operand is None or entry is None or step.dtype != np.int64:
        return None
    _, shape, strides = operand.place
    if strides != c_strides(shape) or step.size == 0:
        return None
    pointers = Pointer(operand.slot), Pointer(row.buffers.slots[n])
    start = operand.start(step.dtype.itemsize)
    words: tuple[Word, ...] = (*pointers, start, *map(int, numbers))
    work = float(step.size)  # a nanosecond for each, at most
    chunk = 0 if work < SERIAL else chunk_of(1.0, step.size)
    return Call(entry, words, step.size, chunk, work, checks=True)


def _scan(row: Row, n: int) -> Call | None:
    """A scan: NumPy, which keeps the sum in memory, takes four times as long."""
    step = row.steps[n]
    operand, (axis,) = _operand(row, step.operands[0]), step.attributes
    if operand is None or step.size == 0:
        return None
    _, shape, strides = operand.place
    length, across = shape[axis], prod(shape[axis + 1 :])
    if strides != c_strides(shape):
        return None
    entry = scans.entry(step.op.name, step.dtype.name, across > 1)
    if entry is None:
        return None
    pointers = Pointer(operand.slot), Pointer(row.buffers.slots[n])
    start = operand.start(step.dtype.itemsize)
    words: tuple[Word, ...] = (*pointers, start, length)
    lines = step.size // length
    if across > 1:
        blocks = -(-across // scans.WIDTH)
        words, lines = (*words, across, blocks), lines // across * blocks
    chunk = 0 if step.size < SERIAL else max(1, SCANNED * lines // step.size)
    return Call(entry, words, lines, chunk, 1.0 * step.size)


class _Operand(NamedTuple):
    """The slot of an operand, its place in it, and which region of it may be moved."""

    slot: int
    place: Matrix
    region: int | None = None

    def start(self, itemsize: int) -> Word:
        """Where it begins, in bytes."""
        begin = self.place.offset * itemsize
        return begin if self.region is None else Offset(begin, self.region, itemsize)


def _operand(row: Row, k: int) -> _Operand | None:
    """An operand, if it is one stretch of memory."""
    if k < 0:
        return None
    step, slot = row.steps[k], row.buffers.slots[k]
    if slot >= 0:
        return _Operand(slot, Matrix(0, step.shape, c_strides(step.shape)))
    if not is_view(step):
        return None
    base = step.operands[0]
    while row.buffers.slots[base] < 0 and is_view(row.steps[base]):
        below = row.steps[base].operands[0]
        if not is_whole(row.steps[base], row.steps[below]):
            return None
        base = below
    slot, recipe = row.buffers.slots[base], step.attributes[0]
    if slot < 0 or recipe.dtype != row.steps[base].dtype:
        return None
    owner = dict(row.regions).get(k, -1)
    if owner < 0 and base in row.moving:
        return None
    place = Matrix(recipe.offset, recipe.shape, recipe.strides)
    return _Operand(slot, place, row.moving.get(owner))
