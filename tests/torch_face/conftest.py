"""What the tests of programs that repeat share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import engine
from engine import native
from engine.execute import flush
from engine.record.splice import Passage
from engine.record.trace import current_trace


@pytest.fixture(params=["native", "python"])
def interpreted(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing is compiled here: what is recorded, by both recorders, is what counts."""
    own = native.recorder()[0]
    if request.param == "native" and own != "native":
        pytest.skip(f"no native code: {native.recorder()[1]}")
    flush(current_trace())
    native.use(request.param)
    with engine.config(tier="numpy"):
        yield
    flush(current_trace())
    native.use(own)


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A list that grows with each function that was recorded at once."""
    done: list[Any] = []
    append = Passage._append

    def counted(self: Passage, *arguments: Any) -> Any:
        made = append(self, *arguments)
        if made is not None:
            done.append(self)
        return made

    monkeypatch.setattr(Passage, "_append", counted)
    return done
