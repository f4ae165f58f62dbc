"""Rows of tables by index: `engine.nn.functional.embedding`."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.array import Array
from engine.ops import bounded
from engine.ops.op import cast
from engine.torch.functions import where
from engine.torch.known import is_checked
from engine.torch.operands import as_value
from engine.torch.tensor import Tensor


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """The rows of a table that indices name.

    Parameters
    ----------
    input : Tensor
        Integers, at least 0 and below the number of rows.
    weight : Tensor
        The table.
    padding_idx : int, optional
        A row that has no gradient; counted from the end where it is negative.

    Raises
    ------
    IndexError
        When an index is out of bounds: at once where it is computed already.
    RuntimeError
        When the indices are no integers, or the table has other than 2 dimensions.

    Examples
    --------
    >>> import engine
    >>> table = engine.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> engine.nn.functional.embedding(engine.tensor([1, 0, 1]), table)
    tensor([[3., 4.],
            [1., 2.],
            [3., 4.]])
    """
    _require_table(input, weight)
    rows: int = weight.recipe.shape[0]

    def require(found: Any) -> None:
        outside = (found < 0) | (found >= rows)
        if outside.any():
            raise IndexError(
                f"embedding: index out of range in self: indices from 0 to {rows - 1} "
                f"were required; index {found[outside][0]} is out of bounds"
            )

    places = input
    if not is_checked(input, ("rows", rows), require):
        known = cast(as_value(input), np.dtype(np.int64))
        places = Tensor.wrap(bounded(known, attributes=(rows, 0)))
    if padding_idx is None:
        return weight[places]
    padding = padded_row(padding_idx, rows)
    held: Tensor = weight[places]
    chosen: Tensor = where((places != padding).unsqueeze(-1), held, held.detach())
    return chosen


def padded_row(padding_idx: int, rows: int) -> int:
    """The row that `padding_idx` names; AssertionError for one out of bounds."""
    if not -rows <= padding_idx < rows:
        raise AssertionError(
            f"embedding: Padding_idx must be within num_embeddings, {rows}; "
            f"{padding_idx} was given"
        )
    return padding_idx % rows


def _require_table(input: Any, weight: Any) -> None:
    """Raise for what are no indices of rows, or no table of rows."""
    if not isinstance(input, Array):
        raise TypeError(
            f"embedding: a tensor of indices was required; {type(input).__name__} was "
            "given"
        )
    if input.recipe.dtype.kind not in "iu":
        raise RuntimeError(
            f"embedding: integer indices were required; {input.recipe.dtype.name} was "
            "given"
        )
    if len(weight.shape) != 2:
        raise RuntimeError(
            f"embedding: 'weight' must be 2-D; {list(weight.shape)} was given"
        )
