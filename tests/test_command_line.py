"""``python -m engine``: what each command prints and returns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import engine
from engine.__main__ import main
from engine.kernels import cache
from engine.warm import Made, common_blocks


def test_info_names_versions_machine_and_cache(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_CACHE_DIR", str(tmp_path / "cache"))
    assert main(["info"]) == 0
    facts = dict(
        line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()
    )
    assert facts["numpy"] == np.__version__
    assert {
        "engine",
        "numba",
        "cpu",
        "threads",
        "tier",
        "recorder",
        "builder",
    } <= facts.keys()
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


SCRIPT = """
import sys
import engine.numpy as np
if __name__ == "__main__":
    print(sys.argv[1:], float((np.cosh(np.ones(7)) * 0.123).sum()))
"""


def warm(*arguments: str, cache: Path) -> str:
    """What ``python -m engine cache warm`` prints last, in a process of its own."""
    command = [sys.executable, "-m", "engine", "cache", "warm", *arguments]
    environment = {**os.environ, "ENGINE_CACHE_DIR": str(cache)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_cache_warm_compiles_what_a_script_needs(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    first = warm(str(script), "--some", "thing", cache=tmp_path / "cache")
    assert first.startswith("['--some', 'thing'] 1.328")
    assert "compiled 1 kernels in " in first
    again = warm(str(script), cache=tmp_path / "cache")
    assert "compiled 0 kernels in " in again
    assert "found 1; " in again


def test_what_cannot_be_kept_or_removed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENGINE_CACHE_DIR", str(tmp_path))
    name = cache.key("a kernel")
    assert cache.save(name, b"code")
    monkeypatch.setattr("pathlib.Path.unlink", _refuse)
    assert main(["cache", "clear"]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("removed 0 B") and "cannot be removed" in said.err
    monkeypatch.setattr("engine.warm.warm_common", lambda: Made(2, 0, 0, 0.1))
    assert main(["cache", "warm"]) == 1
    assert "0 of them could be kept" in capsys.readouterr().err


def _refuse(self: Path, missing_ok: bool = False) -> None:
    raise OSError("read-only")


def test_cache_warm_compiles_common_kernels(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("UNARY", "BINARY", "REDUCTIONS", "ROWS", "COMPOSITES"):
        monkeypatch.setattr(f"engine.warm.{name}", getattr(engine.warm, name)[-1:])
    with engine.config(tier="auto"):
        assert main(["cache", "warm"]) == 0
    assert str(tmp_path) in capsys.readouterr().out
    assert len(common_blocks("float32")) == 9


def test_cache_warm_of_no_script_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "warm", "no_such_script.py"]) == 1
    assert "'no_such_script.py' is none" in capsys.readouterr().err


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
