"""Native picks: what NumPy's indexing picks, or a refusal that changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from engine.kernels.native.picks import AXES, pick


@pytest.mark.parametrize("letter", "?bhiqBHIQefdFD")
@pytest.mark.parametrize("axes", range(1, AXES + 1))
def test_items_of_every_size_are_picked(letter: str, axes: int) -> None:
    rng = np.random.default_rng(axes)
    for rest in ((), (3,), (4,), (8,), (2, 5)):
        shape = (7, 4, 6)[:axes]
        x = rng.integers(0, 2, (*shape, *rest)).astype(letter)
        indices = [rng.integers(-n, n, (9, 11)) for n in shape]
        picked = pick(x, indices)
        assert picked is not None
        assert picked.dtype == x.dtype
        np.testing.assert_array_equal(picked, x[tuple(indices)])


@pytest.mark.parametrize("wrong", [4, -5, 2**62, -(2**63)])
def test_an_index_out_of_bounds_is_refused(wrong: int) -> None:
    x = np.arange(12.0).reshape(3, 4)
    good, bad = np.zeros(50, np.int64), np.zeros(50, np.int64)
    bad[31] = wrong
    assert pick(x, [good, good]) is not None
    assert pick(x, [good, bad]) is None
    assert pick(x.T.copy(), [bad, good]) is None


def test_long_picks_are_shared() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 8))
    index = rng.integers(-1000, 1000, 200_000)
    picked = pick(x, [index])
    assert picked is not None
    np.testing.assert_array_equal(picked, x[index])
