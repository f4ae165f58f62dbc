"""``python -m engine``: what each command prints and returns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.__main__ import main


def test_info_names_versions_machine_and_cache(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_CACHE_DIR", str(tmp_path / "cache"))
    assert main(["info"]) == 0
    facts = dict(
        line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()
    )
    assert facts["numpy"] == np.__version__
    assert {"engine", "numba", "cpu", "threads", "tier", "recorder"} <= facts.keys()
    assert facts["runner"].split()[0] in ("native", "python")
    assert facts["devices"].startswith("cpu")
    assert facts["cache"].startswith(str(tmp_path))
    assert facts["cache"].endswith("(0 B)")


def test_info_says_why_plans_are_run_row_by_row() -> None:
    environment = {**os.environ, "ENGINE_NATIVE": "0"}
    command = [sys.executable, "-m", "engine", "info"]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    )
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("runner")]
    assert line.endswith("python (ENGINE_NATIVE is 0)")


def test_cache_clear_leaves_an_empty_folder(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_CACHE_DIR", str(tmp_path / "cache"))
    assert main(["cache", "clear"]) == 0
    assert main(["cache", "info"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("  0 B")


def test_the_demo_says_what_it_lacks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.__main__.find_spec", lambda name: None)
    assert main(["demo"]) == 1
    assert "pip install 'numba-engine[demo]'" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [[], ["fly"], ["cache"], ["cache", "burn"]])
def test_a_wrong_command_is_explained(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(wrong)
    assert stopped.value.code == 2
    assert "usage: python -m engine" in capsys.readouterr().err
