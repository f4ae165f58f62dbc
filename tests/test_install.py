"""What a user installs: a wheel, or the checkout itself, works from any directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

USE = """
import engine
import engine.numpy as np

x = np.arange(5.0)
with engine.config(tier="compiled"):
    y = np.exp(-x * x) + 1
    print(float(y[0]), engine.stats()["interpreted_ops"], engine.__file__)
"""


def run(*command: str | Path, at: Path) -> str:
    """Output of a command that sees nothing of this process's Python settings."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment |= {
        "ENGINE_CACHE_DIR": str(at / "cache"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    done = subprocess.run(
        list(map(str, command)),
        cwd=at,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git tracks of the package, as builds write beside the source."""
    copy = tmp_path_factory.mktemp("checkout")
    unwanted = shutil.ignore_patterns("__pycache__")
    for folder in ("engine", "kernels"):
        shutil.copytree(ROOT / folder, copy / folder, symlinks=True, ignore=unwanted)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from an sdist, so that both must be complete."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "-o", out, at=checkout)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The interpreter of an empty environment that borrows NumPy and Numba from ours.

    The path file makes our packages importable but not our editable installs, whose
    own path files only count in a real site folder.
    """
    home = tmp_path / "venv"
    venv.create(home, symlinks=True)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(home)}))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin" / "python"


def test_the_wheel_holds_every_module_once(wheel: Path) -> None:
    sources = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "engine").rglob("*.py")
    } | {
        f"engine/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "kernels").rglob("*.py")
    }
    names = zipfile.ZipFile(wheel).namelist()
    assert {name for name in names if name.endswith(".py")} == sources
    assert len(names) == len(set(names))
    assert "engine/py.typed" in names


def test_a_wheel_works_from_any_directory(
    wheel: Path, python: Path, tmp_path: Path
) -> None:
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")
    run(*pip, "--no-deps", "--no-index", wheel, at=tmp_path)
    value, interpreted, file = run(python, "-c", USE, at=tmp_path).split()
    assert (float(value), interpreted) == (2.0, "0")
    assert file.startswith(str(tmp_path))
    assert run(python, "-m", "engine", "info", at=tmp_path).startswith("engine")


def test_an_editable_install_follows_its_source(
    checkout: Path, python: Path, tmp_path: Path
) -> None:
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--editable")
    run(*pip, *options, checkout, at=tmp_path)
    value, interpreted, file = run(python, "-c", USE, at=tmp_path).split()
    assert (float(value), interpreted) == (2.0, "0")
    assert file == str(checkout / "engine" / "__init__.py")
    (checkout / "engine" / "new_module.py").write_text("print('seen')\n")
    seen = run(python, "-c", "import engine.new_module", at=tmp_path)
    (checkout / "engine" / "new_module.py").unlink()
    assert seen == "seen\n"
