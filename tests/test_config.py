"""Settings: what they accept, how long they hold, whom they reach."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from engine.config import config


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    before = config.tier
    yield
    config.tier = before


def test_a_block_ends_and_nests() -> None:
    config.tier = "auto"
    with config(tier="compiled"):
        assert config.tier == "compiled"
        with config(tier="numpy"):
            assert config.tier == "numpy"
        assert config.tier == "compiled"
    assert config.tier == "auto"


def test_a_block_ends_with_an_error_too() -> None:
    config.tier = "auto"
    with pytest.raises(KeyError), config(tier="numpy"):
        raise KeyError
    assert config.tier == "auto"


def test_one_context_object_may_be_entered_twice() -> None:
    config.tier = "auto"
    numpy_tier = config(tier="numpy")
    with numpy_tier:
        with numpy_tier:
            assert config.tier == "numpy"
        assert config.tier == "numpy"
    assert config.tier == "auto"


def test_an_assignment_in_a_block_ends_with_it() -> None:
    config.tier = "auto"
    with config(tier="compiled"):
        config.tier = "numpy"
        assert config.tier == "numpy"
    assert config.tier == "auto"


def seen_by_a_new_thread() -> str:
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.append(config.tier))
    thread.start()
    thread.join()
    return seen[0]


def test_a_block_is_for_its_own_thread_and_an_assignment_for_all() -> None:
    config.tier = "compiled"
    with config(tier="numpy"):
        assert seen_by_a_new_thread() == "compiled"
    config.tier = "auto"
    assert seen_by_a_new_thread() == "auto"


def test_a_wrong_tier_is_named_with_the_right_ones() -> None:
    message = "config.tier: 'auto', 'compiled' or 'numpy' was required; 'gpu' was given"
    with pytest.raises(ValueError, match=message):
        config.tier = "gpu"  # type: ignore[assignment]
    with pytest.raises(ValueError, match=message):
        config(tier="gpu")  # type: ignore[arg-type]


def test_a_misspelt_setting_raises() -> None:
    with pytest.raises(AttributeError):
        config.teir = "numpy"  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        config(teir="numpy")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("numpy", "numpy"),
        ("fast", "ENGINE_TIER: 'auto', 'compiled' or 'numpy' was required"),
    ],
)
def test_the_environment_gives_the_start_value(value: str, expected: str) -> None:
    code = "from engine.config import config; print(config.tier)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "ENGINE_TIER": value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert expected in (done.stdout if done.returncode == 0 else done.stderr)
