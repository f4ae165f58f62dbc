"""Options of the test run."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--device",
        choices=("cpu", "cuda"),
        default="cpu",
        help="where the walk over all ops runs (cuda: skipped where there is none)",
    )
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the generated texts into tests/golden instead of comparing",
    )
