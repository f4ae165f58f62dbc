"""Random bits for references: NumPy takes 200 operations for what a kernel does in one.

A draw of a new shape is interpreted at first, in 130 us, of which these were 120.
"""

from __future__ import annotations

from ..philox import PHILOX_MULTIPLIERS, PHILOX_ROUNDS, PHILOX_WEYL
from .language import load, slot, state, store
from .macros import IncRef

LOW = 0xFFFFFFFF
FIRST_FACTOR, SECOND_FACTOR = PHILOX_MULTIPLIERS
FIRST_STEP, SECOND_STEP = PHILOX_WEYL


def fill_bits(self: int, given: int, count: int) -> int:
    """``fill(counters, keys, bits)``: the bits of all counters for the first key.

    The arrays are of uint64, in C order, of one axis.
    """
    counters = load(load(given) + slot.buffer_data)
    key = load(load(load(given + 8) + slot.buffer_data))
    bits = load(given + 16)
    size = load(load(bits + slot.numpy_extents))
    bits = load(bits + slot.buffer_data)
    i = 0
    while i < size:
        store(bits + 8 * i, philox_bits(load(counters + 8 * i), key))
        i += 1
    IncRef(state.none)
    return state.none


def philox_bits(counter: int, key: int) -> int:
    """See `kernels.philox`."""
    a = counter & LOW
    b = counter >> 32
    c = 0
    d = 0
    k = key & LOW
    m = key >> 32
    step = 0
    while step < PHILOX_ROUNDS:
        first = a * FIRST_FACTOR
        second = c * SECOND_FACTOR
        a = (second >> 32) ^ b ^ k
        b = second & LOW
        c = (first >> 32) ^ d ^ m
        d = first & LOW
        k = (k + FIRST_STEP) & LOW
        m = (m + SECOND_STEP) & LOW
        step += 1
    return a | (b << 32)
