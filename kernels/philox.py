"""Philox 4x32-10 in NumPy: the same bits as the scalar function ``philox``.

A counter-based generator: each 64-bit counter and key give 64 random bits,
independent of any other, so that every backend and every way to cut an array among
threads draws the same numbers. J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel
random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

PHILOX_MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
PHILOX_WEYL = 0x9E3779B9, 0xBB67AE85
PHILOX_ROUNDS = 10


SOME = 2**16
"""So many bits native code gives at a time: other threads wait meanwhile."""

_native: list[Callable[..., None]] = []


def use_native(fill: Callable[..., None] | None) -> None:
    """Let native code give bits: ``fill(counters, keys, bits)``, for the first key."""
    _native[:] = [] if fill is None else [fill]


def philox_numpy(
    counters: NDArray[np.uint64], key: int | np.uint64 | NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """64 random bits for every counter.

    Parameters
    ----------
    counters, key : uint64 arrays or integers
        They broadcast.

    Returns
    -------
    uint64 array

    Examples
    --------
    >>> import numpy as np
    >>> [hex(x) for x in philox_numpy(np.arange(2, dtype=np.uint64), 0)]
    ['0xe169c58d6627e8d5', '0x5cb200dbf8e4cca4']
    """
    if _native and np.size(key) == 1 and np.size(counters) > 0:
        return _by_native_code(np.asarray(counters, np.uint64), key)
    word = np.uint64(32)
    low = np.uint64(0xFFFFFFFF)
    multipliers = [np.uint64(m) for m in PHILOX_MULTIPLIERS]
    counter, keys = np.broadcast_arrays(
        np.asarray(counters, np.uint64), np.asarray(key, np.uint64)
    )
    a, b = counter & low, counter >> word
    c: NDArray[Any] = np.zeros_like(a)
    d: NDArray[Any] = np.zeros_like(a)
    for step in range(PHILOX_ROUNDS):
        # The key words grow by a constant each round, modulo 2**32.
        k = ((keys & low) + np.uint64(step * PHILOX_WEYL[0])) & low
        m = ((keys >> word) + np.uint64(step * PHILOX_WEYL[1])) & low
        first, second = a * multipliers[0], c * multipliers[1]
        a, b, c, d = (
            (second >> word) ^ b ^ k,
            second & low,
            (first >> word) ^ d ^ m,
            first & low,
        )
    result: NDArray[np.uint64] = a | (b << word)
    return result


def _by_native_code(counters: NDArray[np.uint64], key: Any) -> NDArray[np.uint64]:
    keys = np.asarray(key, np.uint64)
    shape = np.broadcast_shapes(counters.shape, keys.shape)
    bits, flat = np.empty(shape, np.uint64), np.ravel(counters)
    there = bits.reshape(-1)
    for k in range(0, len(flat), SOME):
        _native[0](flat[k : k + SOME], keys, there[k : k + SOME])
    return bits
