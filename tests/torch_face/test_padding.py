"""Padding by a number and by a tensor's own elements.

The expected numbers are PyTorch's.
"""

from __future__ import annotations

from typing import Any

import pytest

import engine
from engine.nn.functional import pad

ROWS = [
    ("constant", (1, 2), [0.0, 1.0, 2.0, 3.0, 0.0, 0.0], [1.0, 2.0, 3.0]),
    ("constant", (-1, 1), [2.0, 3.0, 0.0], [0.0, 0.0, 1.0]),
    ("constant", (-2, -1), [], [0.0, 0.0, 0.0]),
    ("reflect", (2, 1), [3.0, 2.0, 1.0, 2.0, 3.0, 2.0], [2.0, 9.0, 4.0]),
    ("reflect", (2, -1), [3.0, 2.0, 1.0, 2.0], [2.0, 4.0, 0.0]),
    ("replicate", (1, 4), [1.0, 1.0, 2.0, 3.0, 3.0, 3.0, 3.0, 3.0], [1, 2, 25]),
    ("circular", (2, -1), [1.0, 2.0, 1.0, 2.0], [2.0, 4.0, 0.0]),
    ("circular", (1, 2), [3.0, 1.0, 2.0, 3.0, 1.0, 2.0], [5.0, 7.0, 3.0]),
]


@pytest.mark.parametrize(("mode", "widths", "expected", "gradient"), ROWS)
def test_rows_are_padded(
    mode: str, widths: tuple[int, ...], expected: list[float], gradient: list[float]
) -> None:
    x = engine.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    padded = pad(x, widths, mode)
    assert padded.tolist() == [expected]
    (padded * engine.arange(float(len(expected)))).sum().backward()
    assert x.grad.tolist() == [gradient]


def test_planes_are_padded_with_their_elements() -> None:
    x = engine.arange(6.0).reshape(1, 2, 3)
    assert pad(x, (1, 0, 1, 0), "reflect").tolist() == [
        [[4.0, 3.0, 4.0, 5.0], [1.0, 0.0, 1.0, 2.0], [4.0, 3.0, 4.0, 5.0]]
    ]
    assert pad(x, (0, 1, -1, 2), "replicate").tolist() == [[[3.0, 4.0, 5.0, 5.0]] * 3]


def test_padding_that_cannot_be() -> None:
    x: Any = engine.ones(1, 3)
    for mode, widths in (("reflect", (3, 0)), ("circular", (0, 4))):
        with pytest.raises(RuntimeError, match="Padding size should be less than"):
            pad(x, widths, mode)
    with pytest.raises(RuntimeError, match="doesn't take in value argument"):
        pad(x, (1, 1), "reflect", 3.0)
    with pytest.raises(NotImplementedError, match="all dimensions but the first"):
        pad(x, (1, 1, 1, 1), "replicate")
    with pytest.raises(NotImplementedError, match="'wrap' was given"):
        pad(x, (1, 1), "wrap")
    for widths in ((-4, 0), (-2, -2), (-4, 9)):
        with pytest.raises(RuntimeError, match="take away at most 3 elements"):
            pad(x, widths)
    with pytest.raises(RuntimeError, match="pairs of widths"):
        pad(x, (1,))
