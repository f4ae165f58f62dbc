"""Keys of tensors: PyTorch's rules, which differ from NumPy's in small things.

An integer takes a view, steps are positive, and integers in front of index tensors are
applied before them. Index tensors are checked when they are used; what a pending one
reads stays pending, and it is checked when it is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from engine.array import Array
from engine.errors import named
from engine.kernels.backend import HOST
from engine.movement import broadcast_value, reshape_value
from engine.ops.op import cast
from engine.ops.scans import indices
from engine.recipe import Recipe
from engine.record.registry import REGISTRY
from engine.record.value import Value, constant
from engine.record.watchers import watchers
from engine.shapes import broadcast_shapes

NDArray = np.ndarray[Any, Any]
Index: TypeAlias = NDArray | Value


class Places(NamedTuple):
    """What a key with index tensors means: flat positions within a base."""

    positions: Value
    base: Value
    in_place: bool
    """Whether the base is the storage's own, so that a write can go there."""


class Key(NamedTuple):
    """A key in two steps: a basic one, then index arrays on axes of its result."""

    basic: list[Any]
    arrays: list[tuple[int, Index]]


def split_key(key: Any, shape: tuple[int, ...], look: bool = True) -> Key:
    """Separate what makes a view from index arrays (host memory, integers).

    With `look` pending indices are computed; else they stay Values, checked later.
    """
    given = key if isinstance(key, tuple) else (key,)
    parts = [part if not look and is_pending(part) else _simple(part) for part in given]
    taken = sum(_axes_taken(part) for part in parts)
    if taken > len(shape):
        raise IndexError(
            named(
                f"too many indices for tensor of dimension {len(shape)}; {taken} were "
                "given"
            )
        )
    if sum(part is Ellipsis for part in parts) > 1:
        raise IndexError(named("an index can only have a single ellipsis ('...')"))
    if not any(part is Ellipsis for part in parts):
        parts.append(Ellipsis)
    basic: list[Any] = []
    arrays: list[tuple[int, Index]] = []
    axis = place = 0  # of the tensor, and of the result of the basic step
    for part in parts:
        width = len(shape) - taken if part is Ellipsis else _axes_taken(part)
        if part is Ellipsis:
            basic += [slice(None)] * width
            place += width
        elif isinstance(part, (np.ndarray, Array)):
            found = _index_arrays(part, shape, axis)
            basic += [slice(None)] * width or [None]
            arrays += [(place + k, array) for k, array in enumerate(found)]
            place += max(width, 1)
        else:
            basic.append(part)
            place += not isinstance(part, int)
        axis += width
    return Key(basic, arrays)


def _simple(part: Any) -> Any:
    """A part of a key as an int, slice, None, Ellipsis or ndarray."""
    if isinstance(part, slice):
        if part.step is not None and int(part.step) <= 0:
            raise ValueError(
                named(
                    "step must be greater than zero; "
                    f"{part.step} was given; flip() reads backwards"
                )
            )
        return slice(*(None if x is None else int(x) for x in _ends(part)))
    if part is None or part is Ellipsis:
        return part
    if isinstance(part, (bool, np.bool_)):
        return np.asarray(bool(part))
    if isinstance(part, (int, np.integer)):
        return int(part)
    if isinstance(part, Array):
        array = part.computed()
    elif isinstance(part, (list, tuple, range, np.ndarray)):
        array = np.asarray(part)
        array = array.astype(np.int64) if array.size == 0 else array
    else:
        array = None
    if array is None or array.dtype.kind not in "biu":
        kind = TypeError if isinstance(part, str) else IndexError
        raise kind(
            named(
                "only integers, slices (`:`), ellipsis (`...`), None and long or byte "
                f"Variables are valid indices (got {type(part).__name__})"
            )
        )
    return int(array) if array.ndim == 0 and array.dtype.kind != "b" else array


def _ends(part: slice) -> tuple[Any, Any, Any]:
    return part.start, part.stop, part.step


def _axes_taken(part: Any) -> int:
    """How many axes of the tensor a part of a key speaks of."""
    if part is None or part is Ellipsis:
        return 0
    if isinstance(part, np.ndarray) and part.dtype.kind == "b":
        return part.ndim
    return 1


def is_pending(part: Any) -> bool:
    """Whether an index, of one dimension or more, has not been computed.

    While somebody watches the trace, to run it again, all count as that.
    """
    if not isinstance(part, Array) or part.recipe.dtype.kind not in "iu":
        return False
    value = part._value if part._line is None else part._line.value
    if value is None or value.device != HOST or 0 in part.recipe.shape:
        return False
    return bool(part.recipe.shape) and (value.buffer is None or bool(watchers))


def _index_arrays(part: Any, shape: tuple[int, ...], axis: int) -> Sequence[Index]:
    """Checked, non-negative indices for each axis that a part speaks of."""
    if isinstance(part, Array):
        wide = cast(part.read(), np.dtype(np.int64))
        return [indices(wide, attributes=(shape[axis], f"dimension {axis}"))]
    if part.dtype.kind == "b":
        for k, extent in enumerate(part.shape):
            if extent != shape[axis + k]:
                raise IndexError(
                    named(
                        f"The shape of the mask {list(part.shape)} at index {k} does "
                        f"not match the shape of the indexed tensor {list(shape)} at "
                        f"index {axis + k}"
                    )
                )
        if part.ndim == 0:
            return [np.zeros(int(part), np.int64)]
        return list(part.nonzero())
    return [checked_index(part, shape[axis], axis)]


def checked_index(index: NDArray, extent: int, dim: int) -> NDArray:
    """Indices counted from the front; IndexError for the first that is outside."""
    wide = index.astype(np.int64)
    outside = (wide < -extent) | (wide >= extent)
    if outside.any():
        raise IndexError(
            named(
                f"index {wide[outside][0]} is out of bounds for dimension {dim} with "
                f"size {extent}"
            )
        )
    return np.where(wide < 0, wide + extent, wide)


def require_from_front(
    index: NDArray, extent: int, dim: int, kind: type[Exception]
) -> None:
    """Raise for the first index that is outside, or counted from the end."""
    outside = (index < 0) | (index >= extent)
    if outside.any():
        raise kind(
            named(
                f"index {index[outside][0]} is out of bounds for dimension {dim} with "
                f"size {extent}"
            )
        )


def flat_places(recipe: Recipe, arrays: Sequence[tuple[int, Index]]) -> Value:
    """Flat positions of what index arrays on axes of a recipe select."""
    try:
        inner = broadcast_shapes(*(array.shape for _, array in arrays))
    except ValueError:
        shapes = ", ".join(str(list(array.shape)) for _, array in arrays)
        raise IndexError(
            named(
                "shape mismatch: indexing tensors could not be broadcast together with "
                f"shapes {shapes}"
            )
        ) from None
    axes = [axis for axis, _ in arrays]
    together = axes == list(range(axes[0], axes[0] + len(axes)))
    front = axes[0] if together else 0
    rest = [a for a in range(len(recipe.shape)) if a not in axes]
    shape = [recipe.shape[a] for a in rest]
    place: Any = recipe.offset
    for axis, index in arrays:
        if isinstance(index, np.ndarray):
            place = np.asarray(place + index * recipe.strides[axis])
    if isinstance(place, np.ndarray):
        place = constant(place)
    for axis, index in arrays:
        if isinstance(index, Value):
            stride = recipe.strides[axis]
            step = index if stride == 1 else index * stride
            place = step if type(place) is int and place == 0 else step + place
    after = len(rest) - front
    value = broadcast_value(place, inner)
    value = reshape_value(value, (1,) * front + inner + (1,) * after)
    for k, axis in enumerate(rest):
        dims = [1] * (len(rest) + len(inner))
        dims[k if k < front else k + len(inner)] = shape[k]
        steps = REGISTRY["iota"](attributes=(shape[k],)) * recipe.strides[axis]
        value = value + reshape_value(steps, dims)
    return value
