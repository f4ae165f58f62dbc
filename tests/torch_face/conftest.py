"""What the tests of programs that repeat share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from steps import Passed

import engine
from engine import native
from engine.execute import flush
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
def passed() -> Passed:
    """It grows with each stretch of events that is recorded at once."""
    return Passed()
