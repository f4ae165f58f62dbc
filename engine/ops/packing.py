"""Several results of one library call, packed one after the other in one flat value.

An event of a trace has one result. What gives several (a decomposition) gives them in
one piece of memory; each is a view of it, so that nothing is computed twice, and the
gradients of all of them arrive together.
"""

from __future__ import annotations

from math import prod

from engine.movement import view_value
from engine.recipe import Recipe, Shape, c_strides
from engine.record.value import Value

from .op import DType
from .reductions import any as any_of


def packed(dtype: DType, *shapes: Shape) -> tuple[DType, Shape]:
    """The dtype and the shape of values of these shapes, packed."""
    return dtype, (sum(prod(shape) for shape in shapes),)


def unpacked(value: Value, *shapes: Shape) -> list[Value]:
    """The parts of a packed value, as views."""
    parts, offset = [], 0
    for shape in shapes:
        recipe = Recipe(value.dtype, offset, shape, c_strides(shape))
        parts.append(view_value(value, recipe))
        offset += prod(shape)
    return parts


def packed_mask(
    mask: Value | None, shapes: tuple[Shape, ...], cores: tuple[int, ...]
) -> Value | None:
    """For each matrix whether any of its packed results is selected.

    The last ``cores[k]`` axes of part k belong to one matrix.
    """
    if mask is None:
        return None
    found: Value | None = None
    for part, core in zip(unpacked(mask, *shapes), cores, strict=True):
        rank = len(part.shape)
        if core:
            part = any_of(part, attributes=(tuple(range(rank - core, rank)),))
        found = part if found is None else found | part
    return found
