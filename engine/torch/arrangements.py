"""Functions that put several tensors beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.torch.functions import cat
from engine.torch.tensor import Tensor


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Views of vectors, each repeated along the dimensions of the others.

    Parameters
    ----------
    tensors : Tensors, or one sequence of them
        Vectors or scalars.
    indexing : {"ij", "xy"}
        Whether the first two dimensions are those of the first two vectors, or of the
        second and the first one.

    Examples
    --------
    >>> import engine
    >>> rows, columns = engine.meshgrid(engine.arange(2), engine.arange(3))
    >>> columns
    tensor([[0, 1, 2],
            [0, 1, 2]])
    """
    if len(tensors) == 1 and isinstance(tensors[0], list | tuple):
        tensors = tuple(tensors[0])
    if not tensors:
        raise ValueError("meshgrid: at least one tensor was required; none was given")
    if indexing not in ("ij", "xy"):
        raise RuntimeError(
            f"meshgrid: indexing must be one of 'xy' or 'ij'; {indexing!r} was given"
        )
    for x in tensors:
        if x.dim() > 1:
            raise RuntimeError(
                "meshgrid: Expected scalar or 1D tensor in the tensor list; "
                f"{x.dim()} dimensions were given"
            )
    places = list(range(len(tensors)))
    if indexing == "xy":
        places[:2] = places[:2][::-1]
    shape, grids = [tensors[place].numel() for place in places], []
    for x, place in zip(tensors, places, strict=True):
        alone = [1] * len(shape)
        alone[place] = shape[place]
        grids.append(x.reshape(alone).expand(shape))
    return tuple(grids)


def vstack(tensors: Sequence[Any]) -> Tensor:
    """Tensors below each other, vectors as rows.

    Examples
    --------
    >>> import engine
    >>> engine.vstack([engine.tensor([1, 2]), engine.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    return cat([x.reshape(1, -1) if x.dim() < 2 else x for x in tensors], 0)


def hstack(tensors: Sequence[Any]) -> Tensor:
    """Tensors beside each other, vectors one after another.

    Examples
    --------
    >>> import engine
    >>> engine.hstack([engine.tensor([1, 2]), engine.tensor([3])])
    tensor([1, 2, 3])
    """
    least = [x.reshape(1) if x.dim() == 0 else x for x in tensors]
    return cat(least, 0 if not least or least[0].dim() == 1 else 1)
