"""Native code is compiled by a child process, or by this one where no child can be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import engine
from engine import builder, native, native_code
from engine.kernels import cache
from engine.kernels.cpu import target

ROOT = Path(engine.__file__).parent.parent
ENGINE = builder.__file__
SLEEPS = "import time; time.sleep(60)"

pytestmark = pytest.mark.skipif(
    native.recorder()[0] != "native", reason=f"no native code: {native.recorder()[1]}"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, and a process that has started no child."""
    monkeypatch.setenv("ENGINE_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("ENGINE_CHILD", raising=False)
    for name, empty in (("_child", None), ("_until", 0.0), ("_failure", "")):
        monkeypatch.setattr(builder, name, empty)
    yield tmp_path
    builder.end()


def started() -> subprocess.Popen[bytes]:
    """The process of the child that has been started."""
    assert builder._child is not None
    return builder._child.process


def is_awaited_after_the_end() -> bool:
    """Whether native code is waited for when the child has ended."""
    started().wait(30)
    return builder.awaited("code")


PROGRAM = f"""
import os, sys, time
sys.path.insert(0, {str(ROOT)!r})
import engine.numpy as np
from engine import builder
children, start = [], builder._started
builder._started = lambda *given: children.append(start(*given)) or children[-1]
x, end = np.ones(3), time.monotonic() + 100
while type(np.ndarray.__add__).__name__ == "function" and time.monotonic() < end:
    for k in range(100):
        x[k % 3] = float(x[0])
    time.sleep(0.02)
print(len(children), type(np.ndarray.__add__).__name__, end=" ")
try:
    print(os.waitpid(-1, os.WNOHANG))
except ChildProcessError:
    print("alone")
"""


def test_programs_that_begin_at_once_have_one_child_compile_for_all() -> None:
    usual = {k: x for k, x in os.environ.items() if k != "ENGINE_RECORDER"}
    command = [sys.executable, "-I", "-X", "dev", "-c", PROGRAM]
    pipe = subprocess.PIPE

    def run() -> subprocess.Popen[str]:
        return subprocess.Popen(command, env=usual, text=True, stdout=pipe, stderr=pipe)

    said = sorted(program.communicate(timeout=150) for program in [run(), run()])
    children = ("0 method_descriptor alone\n", ""), ("1 method_descriptor alone\n", "")
    assert said == [*children]
    assert run().communicate(timeout=50) == children[0]  # it is in the cache


LISTS = """
import json, os, sys
folder = "/proc/self/fd/"
links = {k: folder + k for k in os.listdir(folder) if os.path.exists(folder + k)}
with open(sys.argv[1], "w") as file:
    json.dump([sys.argv[2], {k: os.readlink(x) for k, x in links.items()}], file)
"""


def test_a_child_inherits_no_descriptor_but_the_lock(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "CODE", LISTS)
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    told = folder / "told"
    assert builder.awaited(str(told))
    assert started().wait(30) == 0
    os.close(reading)
    os.close(writing)
    lock, links = json.loads(told.read_text())
    silent = dict.fromkeys("012", "/dev/null")
    assert links == {**silent, lock: str(folder / builder.LOCK)}


def test_a_child_that_fails_leaves_the_work_to_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(builder, "CODE", "import sys; sys.exit(1)")
    assert builder.awaited("code")
    assert not is_awaited_after_the_end()
    assert builder.told() == "this process (a child could not)"
    assert not builder.awaited("code")


def test_the_lock_of_a_child_that_is_killed_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(builder, "CODE", SLEEPS)
    assert builder.awaited("code")
    assert cache.lock(builder.LOCK) is None
    started().kill()
    assert not is_awaited_after_the_end()
    lock = cache.lock(builder.LOCK)
    assert lock is not None
    os.close(lock)


def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "CODE", SLEEPS)
    monkeypatch.setattr(builder, "PATIENCE", 0.2)
    assert builder.awaited("code")
    child = started()
    time.sleep(0.25)
    assert not builder.awaited("code")
    assert child.returncode == -9
    assert builder.reason() == "a child took too long"


def test_the_child_of_another_process_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(builder, "CODE", SLEEPS)
    lock = cache.lock(builder.LOCK)
    assert lock is not None
    assert builder.awaited("code")
    assert builder._child is None
    os.close(lock)  # it has failed
    assert builder.awaited("code")
    assert started().poll() is None


def test_what_the_child_of_another_process_never_finishes_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(builder, "PATIENCE", 0.1)
    lock = cache.lock(builder.LOCK)
    assert lock is not None
    assert builder.awaited("code")
    time.sleep(0.15)
    assert not builder.awaited("code")
    os.close(lock)


def test_a_fork_leaves_the_child_to_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "CODE", SLEEPS)
    assert builder.awaited("code")
    child = started()
    monkeypatch.setattr(builder, "_child", builder.Child(child, os.getpid() + 1))
    assert builder.awaited("code")  # the lock says that somebody compiles
    builder.end()
    assert child.poll() is None
    child.kill()
    child.wait()


def test_code_that_is_in_the_cache_is_not_waited_for() -> None:
    cache.save("ab" * 32, b"code")
    assert not builder.awaited("ab" * 32)
    assert builder._child is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda m: m.setenv("ENGINE_CHILD", "0"), "ENGINE_CHILD is 0"),
        (lambda m: m.setattr(sys, "frozen", True, raising=False), "frozen"),
        (lambda m: m.setattr(sys, "executable", "/usr/bin/uwsgi"), "may not be Python"),
        (lambda m: m.setattr(sys, "executable", ""), "may not be Python"),
        (lambda m: m.setattr(sys, "executable", "/none/python3"), "FileNotFoundError"),
        (lambda m: m.setenv("ENGINE_CACHE_DIR", "/dev/null/none"), "NotADirectory"),
    ],
)
def test_where_no_child_can_be_the_process_compiles(
    monkeypatch: pytest.MonkeyPatch, change: Any, told: str
) -> None:
    change(monkeypatch)
    assert not builder.awaited("code")
    assert builder._child is None
    assert told in builder.reason()
    assert builder.told() == f"this process ({builder.reason()})"


def test_a_child_compiles_for_the_same_engine_alone(folder: Path) -> None:
    name = native_code.name_in_cache(engine.Tensor)
    assert name is not None
    for given in ((name, "0", "/other/engine/builder.py"), ("00", "0", ENGINE)):
        with pytest.raises(SystemExit):
            builder.build(*given)
    assert not os.listdir(folder)


def test_a_child_does_not_make_a_folder_again_that_was_removed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "compile_optimised", lambda text: b"code")
    name = native_code.name_in_cache(engine.Tensor)
    lock = cache.lock(builder.LOCK)
    assert name is not None
    assert lock is not None
    (folder / builder.LOCK).unlink()
    folder.rmdir()
    builder.build(name, str(lock), ENGINE)
    assert not folder.exists()
    folder.mkdir()
    os.close(lock)
    lock = cache.lock(builder.LOCK)
    builder.build(name, str(lock), ENGINE)
    assert cache.load(name) == b"code"
    os.close(int(str(lock)))
