"""Random programs of views, writes, reductions and casts, against NumPy.

``ENGINE_FUZZ_PROGRAMS`` says how many, and there are five times as many short ones of
indexing and writing in place: 10,000 by default. A failure prints the program.
"""

from __future__ import annotations

import os

import pytest
from indexing_lines import INDEXING, INDEXING_SHARED
from numpy_comparison import compare, compare_cuts
from program_lines import LATER, ROUNDED, SHARED

import engine

PROGRAMS = int(os.environ.get("ENGINE_FUZZ_PROGRAMS", "2000"))
INDEXING_PROGRAMS = 5 * PROGRAMS
SHORT = (4, 9)
"""How many lines programs of indexing have: what follows a mistake hides others."""

BATCHES = 20


@pytest.mark.parametrize("batch", range(BATCHES))
def test_fuzz_indexing_and_writes_do_what_numpys_do(batch: int) -> None:
    with engine.config(tier="numpy"):
        for seed in range(batch, INDEXING_PROGRAMS, BATCHES):
            compare(seed, INDEXING, lines=SHORT)


def test_fuzz_indexing_of_memory_that_others_see() -> None:
    with engine.config(tier="numpy"):
        for seed in range(9_000_000, 9_000_000 + INDEXING_PROGRAMS // 20):
            compare(seed, INDEXING_SHARED, lines=SHORT)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_fuzz_programs_show_what_numpy_shows(batch: int) -> None:
    with engine.config(tier="numpy"):
        for seed in range(batch, PROGRAMS, BATCHES):
            compare(seed)


def test_fuzz_programs_that_run_again_show_what_numpy_shows() -> None:
    with engine.config(tier="numpy"):
        for seed in range(8_000_000, 8_000_000 + PROGRAMS // 20):
            compare(seed, times=3)


def test_fuzz_programs_show_what_numpy_shows_when_compiled() -> None:
    with engine.config(tier="compiled"):
        for seed in range(1_000_000, 1_000_000 + PROGRAMS // 50):
            compare(seed, ROUNDED)


def test_fuzz_memory_that_others_see_and_write() -> None:
    with engine.config(tier="numpy"):
        for seed in range(3_000_000, 3_000_000 + PROGRAMS // 5):
            compare(seed, SHARED)


def test_fuzz_indices_that_are_pending() -> None:
    with engine.config(tier="numpy"):
        for seed in range(4_000_000, 4_000_000 + PROGRAMS // 10):
            compare(seed, LATER, times=2)


@pytest.mark.parametrize("tier", ["numpy", "auto"])
def test_fuzz_results_do_not_depend_on_where_programs_are_flushed(tier: str) -> None:
    with engine.config(tier=tier):
        for seed in range(2_000_000, 2_000_000 + PROGRAMS // 20):
            compare_cuts(seed)
