"""NumPy's work on many lines, shared among threads: NumPy's results, whoever helps."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine
import engine.numpy as en
from engine.shared_work import PART, in_parts

LONG = 100 * PART


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    before = engine.get_num_threads()
    engine.set_num_threads(3)
    yield
    engine.set_num_threads(before)


def test_every_part_is_computed_once() -> None:
    for extent in (0, 1, 2, 5, 12, 1000):
        counts = np.zeros(extent, int)

        def count(part: slice, counts: Any = counts) -> None:
            counts[part] += 1

        for work in (0.0, 3 * PART, LONG):
            in_parts(extent, work, count)
        assert (counts == 3).all()


def test_little_work_is_one_call_of_the_caller() -> None:
    seen: list[tuple[slice, int]] = []
    in_parts(50, PART, lambda part: seen.append((part, threading.get_ident())))
    assert seen == [(slice(0, 50), threading.get_ident())]


def test_an_error_is_raised_when_all_parts_have_ended() -> None:
    done = []

    def fail(part: slice) -> None:
        if part.start == 0:
            raise ValueError("the first part")
        done.append(part)

    with pytest.raises(ValueError, match="the first part"):
        in_parts(12, LONG, fail)
    assert len(done) == 11


def test_a_part_may_share_its_own_work_and_threads_may_share_at_once() -> None:
    counts = np.zeros((6, 40), int)

    def line(part: slice) -> None:
        for k in range(part.start, part.stop):
            row = counts[k]
            in_parts(40, LONG, lambda some, row=row: row.__setitem__(some, 1))

    callers = [
        threading.Thread(target=in_parts, args=(6, LONG, line)) for _ in range(4)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert (counts == 1).all()


def test_parts_run_in_the_callers_context() -> None:
    def divide(part: slice) -> None:
        with pytest.raises(FloatingPointError):
            np.ones(3) / np.zeros(3)

    with np.errstate(divide="raise"):
        in_parts(12, LONG, divide)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_helpers_of_its_own() -> None:
    total = np.zeros(12)
    in_parts(12, LONG, lambda part: total.__setitem__(part, 1))
    child = os.fork()
    if not child:
        total[:] = 0
        in_parts(12, LONG, lambda part: total.__setitem__(part, 1))
        os._exit(int(total.sum() != 12))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


LARGE = {
    "argsort": lambda m, x: m.argsort(x, axis=1, stable=True),
    "argsort down": lambda m, x: m.argsort(x, axis=0, stable=True),
    "sort": lambda m, x: m.sort(x, axis=-1),
    "sort down": lambda m, x: m.sort(x, axis=0),
    "fft": lambda m, x: m.fft.fft(x, axis=0),
    "rfft": lambda m, x: m.fft.rfft(x),
    "irfft": lambda m, x: m.fft.irfft(x[:, :51], 100, axis=1, norm="ortho"),
    "searchsorted": lambda m, x: m.searchsorted(m.sort(x[0]), x, "right"),
    "digitize": lambda m, x: m.digitize(x, m.sort(x[0])),
    "interp": lambda m, x: m.interp(x, m.arange(-3.0, 4.0), m.arange(7.0) ** 2),
    "logaddexp": lambda m, x: m.logaddexp.accumulate(x, axis=1),
}


@pytest.mark.parametrize("name", LARGE)
def test_what_is_shared_is_as_numpys(name: str) -> None:
    x = np.random.default_rng(0).normal(size=(700, 101)).round(1)
    x[::7, ::5] = -0.0
    wanted = LARGE[name](np, x)
    got = np.asarray(LARGE[name](en, en.array(x)))
    assert got.dtype == wanted.dtype
    np.testing.assert_array_equal(got, wanted)
