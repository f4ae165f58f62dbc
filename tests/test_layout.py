"""The structure that the documentation promises, held by tests."""

from __future__ import annotations

import ast
import importlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("engine", "kernels", "tests", "asv_benchmarks", "docs")


def sources(*folders: str) -> list[Path]:
    # glob does not follow engine/kernels, so that every file is met once.
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "engine/kernels" not in path.as_posix()
    ]


def imported(path: Path) -> Iterator[str]:
    """Absolute names of what a file imports."""
    package = [*path.relative_to(ROOT).with_suffix("").parts[:-1]]
    if package[:1] == ["kernels"]:
        package.insert(0, "engine")
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                base = package[: len(package) - node.level + 1]
                module = ".".join([*base, *filter(None, [module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_kernels_is_reached_by_one_relative_link() -> None:
    link = ROOT / "engine" / "kernels"
    assert link.is_symlink()
    assert str(link.readlink()) == "../kernels"


def test_the_link_is_tracked_by_git() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "-s", "engine/kernels"]
    listed = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert listed.stdout.startswith("120000 ")


def test_kernels_imports_nothing_else_of_engine() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources("kernels")
        for name in imported(path)
        if name.split(".")[0] == "engine" and not name.startswith("engine.kernels")
    ]
    assert not wrong


def test_nobody_imports_the_top_level_name_kernels() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources(*FOLDERS)
        for name in imported(path)
        if name.split(".")[0] == "kernels"
    ]
    assert not wrong


def test_kernels_come_from_the_link() -> None:
    kernel = importlib.import_module("engine.kernels.kernel")
    assert Path(str(kernel.__file__)).resolve() == ROOT / "kernels" / "kernel.py"


def test_files_stay_readable() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {count} lines"
        for path in sources(*FOLDERS)
        if (count := len(path.read_text().splitlines())) > 450
    ]
    assert not long


def test_every_folder_of_engine_is_a_package() -> None:
    # A folder without __init__.py would be left out of the wheel in silence.
    folders = {path.parent for path in sources("engine", "kernels")}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]
