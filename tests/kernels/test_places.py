"""Where masks hold: what NumPy finds, whatever their sizes and shares are."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from engine.kernels.native.places import BLOCK, FEWEST, LARGE, MOST, true_places


def mask_of(size: int, share: float) -> np.ndarray:
    return np.random.default_rng(size).random(size) < share


@pytest.mark.parametrize("size", [0, 1, LARGE - 1, LARGE, 5 * BLOCK + 1, 8 * BLOCK - 1])
@pytest.mark.parametrize("share", [0, FEWEST / 2, 0.01, 0.1, 0.3, MOST, 0.9, 1])
def test_places_are_those_of_numpy(size: int, share: float) -> None:
    mask = mask_of(size, share)
    for part in (mask, mask[1:], mask[::-1], mask[: size // 6 * 6].reshape(2, 3, -1)):
        found, wanted = true_places(part), np.flatnonzero(part)
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("where", [slice(0, BLOCK), slice(-BLOCK, None), slice(5, 70)])
def test_blocks_may_be_full_or_empty(where: slice) -> None:
    mask = np.zeros(6 * BLOCK + 33, bool)
    mask[where] = True
    mask[: 7 * BLOCK : 100] = True
    np.testing.assert_array_equal(true_places(mask), np.flatnonzero(mask))


def test_bytes_that_are_no_booleans_hold() -> None:
    raw = np.zeros(LARGE + 7, np.uint8)
    raw[3::50] = np.arange(raw[3::50].size) % 254 + 2
    found = true_places(raw.view(bool))
    np.testing.assert_array_equal(found, np.flatnonzero(raw))


def test_a_mask_that_changes_meanwhile_harms_nothing() -> None:
    mask = np.zeros(4 * LARGE, bool)
    mask[::20] = True
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            mask[::40] = False
            mask[::40] = True

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(100):
            found = true_places(mask)
            assert np.all(np.diff(found) > 0)
            assert np.all(found % 20 == 0)
            assert np.all((found >= 0) & (found < mask.size))
            assert np.isin(np.arange(20, mask.size, 40), found).all()
    finally:
        stop.set()
        thread.join()
