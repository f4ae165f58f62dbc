"""Shapes that are broadcast together, of arrays of as many axes as NumPy's may have."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import named

MOST_AXES = 64
"""NumPy's arrays have no more."""


def check_axes(shape: Sequence[int], error: type[Exception] = ValueError) -> None:
    """Raise an error for more axes than an array may have."""
    if len(shape) > MOST_AXES:
        message = f"at most {MOST_AXES} axes were required; {len(shape)} were given"
        raise error(named(message))


def reduced_shape(
    shape: tuple[int, ...], axes: Sequence[int], keepdims: bool = False
) -> tuple[int, ...]:
    """What a reduction over axes, which are not negative, leaves of a shape.

    Examples
    --------
    >>> reduced_shape((2, 3, 4), (1,)), reduced_shape((2, 3, 4), (1,), keepdims=True)
    ((2, 4), (2, 1, 4))
    """
    if keepdims:
        return tuple([1 if axis in axes else n for axis, n in enumerate(shape)])
    return tuple([n for axis, n in enumerate(shape) if axis not in axes])


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape of operands.

    NumPy's function of the name stops at 32 axes, which is half of what arrays have.

    Raises
    ------
    ValueError
        If an axis has two extents other than 1.

    Examples
    --------
    >>> broadcast_shapes((2, 1), (3,), ())
    (2, 3)
    """
    found = [1] * max(map(len, shapes), default=0)
    for shape in shapes:
        for axis, extent in enumerate(shape, len(found) - len(shape)):
            if extent == 1 or extent == found[axis]:
                continue
            if found[axis] != 1:
                raise ValueError(
                    "shape mismatch: objects cannot be broadcast to a single shape; "
                    f"{' and '.join(map(str, shapes))} were given"
                )
            found[axis] = extent
    return tuple(found)
