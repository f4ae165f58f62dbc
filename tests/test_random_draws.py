"""Draws that are recorded again from known steps are those of the stream."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np

DRAWS = """
r.random(n)
r.random((2, n))
r.random(n, dtype='float32')
r.standard_normal(n)
r.standard_normal(n, dtype='float32')
r.normal(size=n)
r.normal(1.0, 2.0, n)
r.normal(0, 1, n)
r.uniform(size=n)
r.uniform(-1, 1, n)
r.integers(0, 5, n)
r.integers(-3, 4, (2, n))
r.integers(0, 256, n, dtype='uint8')
r.permutation(n)
r.exponential(2.0, n)
""".strip().splitlines()


@pytest.mark.parametrize("draw", DRAWS)
def test_a_draw_depends_on_the_stream_alone(draw: str, recorder: str) -> None:
    def drawn(seed: int, sizes: list[int]) -> list[Any]:
        r = np.random.default_rng(seed)
        return [numpy.array(eval(draw, {"r": r, "n": n})) for n in sizes]

    for seed in (0, 2**63 + 5):
        first = drawn(seed, [4, 4, 3, 4])
        for _ in range(3):  # at first the path is new, then its steps are known
            for one, again in zip(first, drawn(seed, [4, 4, 3, 4]), strict=True):
                assert one.dtype == again.dtype
                numpy.testing.assert_allclose(one, again, rtol=1e-6)  # tiers differ
        assert not numpy.array_equal(first[0], first[1])
        together = drawn(seed, [4])[0]
        numpy.testing.assert_allclose(first[0], together, rtol=1e-6)


@pytest.mark.parametrize("recorders", [("native", "python"), ("python", "native")])
def test_both_recorders_draw_the_same(recorders: tuple[str, str]) -> None:
    if engine.native.recorder()[0] != "native":
        pytest.skip(f"no native code: {engine.native.recorder()[1]}")
    found = []
    try:
        for name in recorders:
            engine.native.use(name)
            r = np.random.default_rng(3)
            found.append([eval(line, {"r": r, "n": 5}).tolist() for line in DRAWS])
    finally:
        engine.native.use("native")
    for one, other in zip(*found, strict=True):
        numpy.testing.assert_allclose(one, other, rtol=1e-6)


def test_the_end_of_the_counters_is_their_beginning(recorder: str) -> None:
    generator = engine.Generator().manual_seed(1)
    for _ in range(3):
        generator.set_state((1, 2**64 - 3))
        over = engine.randn(4, generator=generator, dtype=engine.float64)
        generator.set_state((1, 2**64 - 3))
        again = engine.randn(4, generator=generator, dtype=engine.float64)
        assert over.tolist() == again.tolist()
        assert generator.get_state() == (1, 5)


def test_standard_parameters_change_nothing(recorder: str) -> None:
    plain = np.random.default_rng(5).standard_normal(6)
    for loc, scale in ((0, 1), (0.0, 1.0)):
        found = np.random.default_rng(5).normal(loc, scale, 6)
        numpy.testing.assert_array_equal(found, plain)
    moved = np.random.default_rng(5).normal(2, 3, 6)
    numpy.testing.assert_allclose(moved, numpy.asarray(plain) * 3 + 2)
    with pytest.raises(ValueError, match="scale"):
        np.random.default_rng(5).normal(0, -1, 6)
    with pytest.raises(ValueError, match="scale"):
        np.random.default_rng(5).normal(0, numpy.nan, 6)
    with pytest.raises(OverflowError, match="range"):
        np.random.default_rng(5).uniform(0, numpy.inf, 6)
