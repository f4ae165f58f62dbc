"""Blocks of NumPy programs run unchanged, in two ways, with NumPy's results."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
from blocks import blocks, swapped

import engine
import engine.numpy

NAMES = sorted(blocks())


def agree(got: Any, want: Any) -> None:
    """Structure, shape, dtype and, up to rounding, values are the same."""
    if isinstance(want, (tuple, list)):
        assert len(got) == len(want)
        for one, other in zip(got, want, strict=True):
            agree(one, other)
        return
    assert numpy.shape(got) == numpy.shape(want)
    assert numpy.asarray(got).dtype == numpy.asarray(want).dtype
    want = numpy.asarray(want)
    if want.dtype.kind in "fc":
        size = max(1.0, float(abs(want[numpy.isfinite(want)]).max(initial=0.0)))
        numpy.testing.assert_allclose(numpy.asarray(got), want, 1e-7, 1e-9 * size)
    else:
        numpy.testing.assert_array_equal(numpy.asarray(got), want)


def given(arguments: tuple[Any, ...]) -> list[Any]:
    """Engine arrays in place of NumPy's."""
    return [
        engine.numpy.array(x) if isinstance(x, numpy.ndarray) else x for x in arguments
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_block_runs_with_the_module_swapped(name: str) -> None:
    block = blocks()[name]
    arguments = block.arguments(block.small)
    want = block.function(*arguments)
    agree(swapped(name)(*given(arguments)), want)


@pytest.mark.parametrize("name", NAMES)
def test_an_unchanged_block_takes_engine_arrays(name: str) -> None:
    block = blocks()[name]
    arguments = block.arguments(block.small)
    want = block.function(*arguments)
    with numpy.errstate(all="ignore"):
        agree(block.function(*given(arguments)), want)


def test_the_collection_is_broad() -> None:
    assert len(NAMES) >= 40
