"""engine.compile: functions that gain nothing are called as they are, for a while."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
from compiling import replays

import engine
import engine.numpy as np
from engine.capture.compiled import PATIENCE
from engine.capture.rest import ENOUGH, LONGEST, SHORTEST, TIMED, TRIED, Pace, Rest


def _looking(x: Any, a: float = 1.0) -> Any:
    return x * a if float(x.sum()) > 0 else x + a


def _calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The calls that are looked at, from now on."""
    seen: list[Any] = []
    known = engine.capture.compiled.Call

    def call(*given: Any) -> Any:
        seen.append(given)
        return known(*given)

    monkeypatch.setattr("engine.capture.compiled.Call", call)
    return seen


def test_calls_in_vain_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = engine.compile(_looking)
    seen = _calls(monkeypatch)
    for k in range(PATIENCE + SHORTEST + 7):
        x = np.ones(3) * (k - 150)
        assert compiled(x, a=2.0).tolist() == _looking(x, 2.0).tolist()
    assert len(seen) == PATIENCE + 7
    assert "Python looks at the value" in compiled.report()


def test_arrays_of_numpy_are_arrays_of_engine_at_rest() -> None:
    def kind(x: Any) -> Any:
        return x.sum().item(), type(x).__module__

    compiled = engine.compile(kind)
    for given in (np.ones(3), numpy.ones(3), np.ones(3)):
        for _ in range(PATIENCE + 1):
            assert compiled(given) == (3.0, np.ndarray.__module__)


def test_strict_functions_never_rest() -> None:
    compiled = engine.compile(_looking, strict=True)
    for _ in range(PATIENCE + 9):
        with pytest.raises(RuntimeError, match="looks at the value"):
            compiled(np.ones(3))


def test_a_function_that_changes_is_captured_after_a_rest() -> None:
    state = {"looks": True}

    def function(x: Any) -> Any:
        return x * 2 if state["looks"] and float(x[0]) > 0 else x * 3

    compiled = engine.compile(function)
    for _ in range(PATIENCE):
        assert compiled(np.ones(3)).tolist() == [2.0] * 3
    state["looks"] = False
    for _ in range(SHORTEST):
        assert compiled(np.ones(4)).tolist() == [3.0] * 4
    assert replays(compiled) == 0
    for _ in range(TRIED):
        assert compiled(np.ones(4)).tolist() == [3.0] * 4
    assert replays(compiled) > 0


def test_rests_become_longer() -> None:
    rest, lengths = Rest(64), []
    for _ in range(9):
        looked = 0
        while not rest.takes((), {}):
            rest.lost()
            looked += 1
        length = 1
        while rest.takes((), {}):
            length += 1
        lengths.append((looked, length))
        rest.lost()
    assert lengths[0] == (64, SHORTEST)
    assert lengths[1] == (TRIED - 1, 2 * SHORTEST)
    assert lengths[-1] == (TRIED - 1, LONGEST)
    rest.gained()
    assert not rest.takes((), {})


def _paced(replay: float, ordinary: float) -> Pace:
    pace = Pace()
    for k in range(ENOUGH):
        assert not pace.is_on_trial()
        pace.replayed(replay * (1 + k % 3))
    while pace.is_on_trial():
        assert not pace.is_slow
        pace.called(ordinary)
    return pace


def test_replays_by_python_are_timed_beside_ordinary_calls() -> None:
    assert _paced(20e-6, 10e-6).is_slow
    assert not _paced(20e-6, 19e-6).is_slow
    assert not _paced(20e-6, 30e-6).is_slow
    assert not _paced(1.0, 0.1).is_slow  # so long that nothing is compared


def test_calls_that_are_slower_when_they_are_replayed_are_ordinary(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, seconds in (("replayed", 1e-4), ("called", 1e-5)):
        own = getattr(Pace, name)
        monkeypatch.setattr(
            Pace, name, lambda self, _, own=own, seconds=seconds: own(self, seconds)
        )

    def function(x: Any) -> Any:
        x += 1.0
        return np.sort(x), 2.0 * float(x.ndim)

    compiled = engine.compile(function)
    x = numpy.zeros(3)
    for k in range(2 + ENOUGH + TIMED + 20):
        assert compiled(x)[0].tolist() == [k + 1.0] * 3
    assert x.tolist() == [k + 1.0] * 3
    assert replays(compiled) == ENOUGH
    assert "undecorated it is quicker" in compiled.report()
