"""Sums, products and extremes of all elements up to each one: NumPy's bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine
import engine.numpy as en

SHAPES = ((9, 5), (3, 130, 2), (2, 3, 70), (1, 9), (9, 1), (6,), (0, 4), (4, 0))

SCANS = {
    "cumsum": lambda m, x, axis: m.cumsum(x, axis=axis),
    "cumprod": lambda m, x, axis: m.cumprod(x, axis=axis),
    "maximum": lambda m, x, axis: m.maximum.accumulate(x, axis=axis),
    "minimum": lambda m, x, axis: m.minimum.accumulate(x, axis=axis),
}


def numbers(shape: tuple[int, ...], letter: str) -> Any:
    """Numbers with NaN and zeros of both signs among them, where there are such."""
    x = np.random.default_rng(len(shape)).normal(size=shape).round(1) * 3
    if letter in "fd":
        x.reshape(-1)[3::11] = -0.0
        x.reshape(-1)[40::17] = np.nan
    return x.astype(letter)


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize("letter", "?bqQfdD")
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
def test_scans_of_lines_have_numpys_bits(name: str, letter: str) -> None:
    with np.errstate(all="ignore"):
        for shape in SHAPES:
            x = numbers(shape, letter)
            array = en.array(x)
            for axis in range(len(shape)):
                wanted = SCANS[name](np, x, axis)
                for _ in range(3):  # at first NumPy, then native code
                    got = SCANS[name](en, array, axis)
                    engine.eval(got)
                    assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
                    assert np.asarray(got).tobytes() == wanted.tobytes()


def test_running_extremes_stay_pending_and_have_gradients() -> None:
    x = en.array([[1.0, 3.0, 2.0, 5.0], [4.0, 4.0, 0.0, 1.0]]).requires_grad_()
    engine.reset_stats()
    y = en.maximum.accumulate(x, axis=1) - en.minimum.accumulate(x, axis=1)
    assert engine.stats()["synchronisations"] == 0
    (y * en.array([1.0, 10.0, 100.0, 1000.0])).sum().backward()
    # The last of equal elements is the extreme, as in PyTorch.
    largest = [[1, 110, 0, 1000], [1, 1110, 0, 0]]
    least = [[1111, 0, 0, 0], [1, 10, 1100, 0]]
    np.testing.assert_array_equal(
        np.asarray(x.grad), np.subtract(largest, least, dtype=float)
    )


def test_running_extremes_take_numpys_arguments() -> None:
    x = np.array([[3, 1], [2, 5]], np.int8)
    array, out = en.array(x), en.zeros((2, 2))
    got = en.maximum.accumulate(array, dtype=float)
    assert got.dtype == float
    en.minimum.accumulate(array, -1, None, out)
    np.testing.assert_array_equal(np.asarray(out), np.minimum.accumulate(x, -1))
    with pytest.raises(np.exceptions.AxisError, match="axis 2"):
        en.maximum.accumulate(array, 2)
    with pytest.raises(TypeError):
        en.maximum.accumulate(en.array(1.0))
