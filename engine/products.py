"""Matrix products in a plan: where their operands stand, for BLAS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.kernels.cpu.launch import CHUNK
from engine.kernels.native.blas import Matrix, Product, product
from engine.program import is_view, is_whole
from engine.recipe import c_strides

if TYPE_CHECKING:
    from engine.row import Row


def product_of(row: Row) -> tuple[Product, tuple[int, int, int]] | None:
    """The call that computes a row, and the slots whose addresses it takes.

    None where the row is something else than a product that BLAS can do.
    """
    (n, *others) = row.group.steps
    step = row.steps[n]
    result = row.buffers.slots[n]
    fresh = any(slot == result for slot, *_ in row.fresh)
    if others or step.op.name != "matmul" or not fresh:
        return None
    places = [_operand(row, k) for k in step.operands]
    left, right = places
    if left is None or right is None:
        return None
    (x_slot, x), (y_slot, y) = left, right
    found = product(step.dtype, x, y, x_slot == y_slot, CHUNK)
    if found is None:
        return None
    slots = (y_slot, x_slot) if found.swapped else (x_slot, y_slot)
    return found, (*slots, result)


def _operand(row: Row, k: int) -> tuple[int, Matrix] | None:
    """The slot of an operand and its place in it, if that is one stretch of memory."""
    step, slot = row.steps[k], row.buffers.slots[k]
    if slot >= 0:
        return slot, Matrix(0, step.shape, c_strides(step.shape))
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
    return slot, Matrix(recipe.offset, recipe.shape, recipe.strides)
