"""Updates into fresh memory: the region is computed there, what surrounds it is copied.

``x[1:-1] = f(x[:-2], x[2:])`` cannot be written over x while its neighbours are read. A
large region is then written into fresh memory at once, rather than into a temporary
first; what surrounds it is copied, slab by slab. Small arrays pay with a launch: what
is done must not depend on extents, for that would compile more kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from engine.access import meet
from engine.program import EMPTY, Step
from engine.recipe import Recipe
from engine.record.registry import REGISTRY

_REACH = 64
"""How many steps of a value are looked at for reads of neighbours."""


def surroundings(region: Recipe, size: int) -> list[Recipe] | None:
    """The slabs around a box in an array, None where the region is no large box.

    >>> import numpy as np
    >>> box = Recipe(np.dtype(float), 201, (198, 199), (200, 1))
    >>> for slab in surroundings(box, 40_000):
    ...     print(slab.offset, slab.shape)
    0 (1, 200)
    39800 (1, 200)
    200 (198, 1)
    """
    if region.size * 2 < size or not region.size:
        return None
    strides = region.strides
    shape = _shape_around(strides, size)
    if shape is None:
        return None
    slabs = []
    rest, offset = list(shape), 0
    for axis, extent in enumerate(shape):
        start = region.offset // strides[axis] % extent
        stop = start + region.shape[axis]
        for first, count in ((0, start), (stop, extent - stop)):
            if count:
                sizes = (*rest[:axis], count, *rest[axis + 1 :])
                place = offset + first * strides[axis]
                slabs.append(Recipe(region.dtype, place, sizes, strides))
        rest[axis] = region.shape[axis]
        offset += start * strides[axis]
    return slabs


def tile(regions: Sequence[Recipe], size: int) -> bool:
    """Whether regions of an array, none of which shows an element twice, are all of it.

    >>> import numpy as np
    >>> even = Recipe(np.dtype(float), 0, (2,), (2,))
    >>> tile([even, even._replace(offset=1)], 4)
    True
    >>> tile([even, even._replace(offset=2)], 4)
    False
    """
    if sum(region.size for region in regions) != size:
        return False
    return not any(meet(*pair) for pair in combinations(regions, 2))


def copies_of_slabs(
    source: Step, base: int, slabs: Sequence[Recipe], number: int
) -> list[Step]:
    """Steps, numbered from `number` on, that fill fresh memory with slabs of `base`."""
    like = (source.dtype, source.shape, -1, source.line)
    steps = [Step(EMPTY, (), (), (), *like)]
    for slab in slabs:
        made = number + len(steps) - 1
        part = (source.dtype, slab.shape, -1, source.line)
        steps.append(Step(REGISTRY["view"], (base,), (slab,), (), *part))
        steps.append(Step(REGISTRY["update"], (made, made + 1), (slab,), (), *like))
    return steps


def _shape_around(strides: tuple[int, ...], size: int) -> tuple[int, ...] | None:
    """The shape of the C-contiguous array that has these strides."""
    shape = []
    for stride in strides:
        if stride <= 0 or size % stride:
            return None
        shape.append(size // stride)
        size = stride
    return tuple(shape) if size == 1 else None


def neighbours(
    steps: Sequence[Step],
    root: Sequence[int],
    update: Step,
    is_library: Callable[[Step], bool],
) -> set[int]:
    """The views of the written memory, of other elements, that the value is made of.

    Only what can be computed in one kernel with the update counts.
    """
    base, value = update.operands
    region: Recipe = update.attributes[0]
    owner = root[base]
    found: set[int] = set()
    if value < 0 or root[value] != value or root[value] == owner:
        return found
    stack, seen = [value], 0
    while stack and seen < _REACH:
        step = steps[stack.pop()]
        seen += 1
        if step.op.kind != "elementwise" or is_library(step):
            continue
        for k in step.values:
            if root[k] == k:
                stack.append(k)
            elif root[k] == owner and steps[k].operands[0] == owner:
                read: Recipe = steps[k].attributes[0]
                if read[1:] != region[1:] and meet(read, region):
                    found.add(k)
    return found
