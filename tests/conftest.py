"""Options of the test run."""

from __future__ import annotations

from collections.abc import Iterator

import harness
import pytest

import engine
from engine import native
from engine.execute import flush
from engine.record.trace import current_trace


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--device",
        choices=("cpu", "cuda"),
        default="cpu",
        help="where the walk over all ops runs (cuda: skipped where there is none, "
        "but NUMBA_ENABLE_CUDASIM=1 simulates one)",
    )
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the generated texts into tests/golden instead of comparing",
    )


def pytest_configure(config: pytest.Config) -> None:
    native.start()  # all tests on one recorder, whatever ran before
    harness.Place.device = config.getoption("--device")


def pytest_collection_finish() -> None:
    """Compute the arrays that modules made for their parameters: tests empty traces."""
    flush(current_trace())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what walks over ops on the backends of the device that was asked for."""
    marked = metafunc.definition.get_closest_marker("backends")
    if not marked or "backend" not in metafunc.fixturenames:
        return
    if harness.Place.device == "cpu":
        metafunc.parametrize("backend", harness.BACKENDS)
        return
    absent = pytest.mark.skipif(
        not engine.cuda.is_available(), reason="engine.cuda.is_available() is False"
    )
    metafunc.parametrize("backend", [pytest.param("compiled", marks=absent)])


@pytest.fixture
def native_code() -> None:
    """Needs native code."""
    own, why = native.recorder()
    if own != "native":
        pytest.skip(f"no native code: {why}")


@pytest.fixture
def compiled_tier() -> Iterator[None]:
    """Kernels are compiled at once."""
    with engine.config(tier="compiled"):
        yield


@pytest.fixture(params=["native", "python"])
def recorder(request: pytest.FixtureRequest) -> Iterator[str]:
    """Tests run on both recorders: the name of the one that records."""
    own, why = native.recorder()
    if request.param == "native" and own != "native":
        pytest.skip(f"no native code: {why}")
    native.use(request.param)
    yield request.param
    native.use(own)
