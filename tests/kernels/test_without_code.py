"""Where machine code cannot be had, run or kept, NumPy computes, and nothing breaks."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from by_hand import elementwise

from engine.kernels import cache
from engine.kernels.cpu.backend import CpuBackend

ROOT = Path(__file__).parents[2]

COMPUTE = """
import warnings
warnings.simplefilter("ignore")
import numpy, engine, engine.numpy as np
for tier in ("auto", "compiled"):
    with engine.config(tier=tier):
        for _ in range(6):
            x = np.asarray([1.0, 2.0])
            y = np.exp(x) + x.sum()
            for _ in range(60):
                y = y + 1.0
            x[0] = y[1]
            found = numpy.asarray(y)
assert numpy.allclose(found, numpy.exp([1.0, 2.0]) + 63)
"""


def computed(before: str, after: str = "", **environment: str) -> str:
    """What a process prints that computes after something else."""
    done = subprocess.run(
        [sys.executable, "-c", before + COMPUTE + after],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


NOT_EXECUTABLE = """
import ctypes
control = ctypes.CDLL(None).prctl
control.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
if control(65, 1, 0, 0, 0) != 0:  # PR_SET_MDWE: memory never becomes executable
    print("as usual")
    raise SystemExit
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a call of Linux")
@pytest.mark.parametrize("warm", [False, True])
def test_memory_that_cannot_be_run(tmp_path: Path, warm: bool) -> None:
    environment = {"ENGINE_CACHE_DIR": str(tmp_path / "cache")}
    if warm:
        computed("", **environment)
    after = "print(engine.native.recorder()[0])"
    found = computed(NOT_EXECUTABLE, "import engine.native\n" + after, **environment)
    if found == "as usual":
        pytest.skip("this kernel cannot be told to refuse")
    assert found == "python"


NO_LLVM = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name == "llvmlite.binding":
            raise OSError("no room for the library")

sys.meta_path.insert(0, Refuse())
"""


def test_a_library_of_llvms_that_cannot_be_loaded(tmp_path: Path) -> None:
    computed(NO_LLVM, ENGINE_CACHE_DIR=str(tmp_path / "cache"))


def test_a_package_in_an_archive(tmp_path: Path) -> None:
    archive = tmp_path / "engine.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in [*ROOT.glob("engine/**/*.py"), *ROOT.glob("kernels/**/*.py")]:
            name = str(path.relative_to(ROOT))
            inside = name if name.startswith("engine") else f"engine/{name}"
            if inside not in file.namelist():
                file.write(path, inside)
    before = f"import sys; sys.path.insert(0, {str(archive)!r})\n"
    after = "print(engine.__file__)"
    found = computed(before, after, ENGINE_CACHE_DIR=str(tmp_path / "cache"))
    assert found.startswith(str(archive))


def test_a_user_without_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENGINE_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.chdir(tmp_path)
    assert cache.save("ab" * 32, b"code") is False
    assert cache.load("ab" * 32) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_CACHE_DIR", str(tmp_path))
    os.mkfifo(tmp_path / f"{'ab' * 32}{cache.SUFFIX}")
    assert cache.load("ab" * 32) is None


def test_what_changed_sources_make_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_IMPORTED", 0)
    kernel = elementwise("x0 * 2.5", "float64", "float64")
    assert not CpuBackend().compile(kernel).loaded
    assert not CpuBackend().compile(kernel).loaded
    monkeypatch.undo()


FORKS = """
import os, signal, sys, threading
import numpy, engine, engine.numpy as np

engine.config.tier = "compiled"
stop = threading.Event()

def compile_on(start):
    k = start
    while not stop.is_set():
        k += 1.5
        x = np.asarray(numpy.ones(8))
        for _ in range(int(k) % 7 + 1):
            x = np.sqrt(x * x + x) - x
        numpy.asarray(x)

numpy.asarray(np.asarray(numpy.ones(3)) * 3.0)
thread = threading.Thread(target=compile_on, args=(1.0,))
thread.start()
wrong = 0
for k in range(6):
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        x = np.asarray(numpy.full(4, 2.0))
        for _ in range(k + 2):
            x = np.cbrt(x * x * x)
        os._exit(0 if numpy.allclose(x, 2.0) else 1)
    wrong += os.waitpid(child, 0)[1] != 0
stop.set()
thread.join()
print(wrong)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_fork_while_another_thread_compiles(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS],
        env={**os.environ, "ENGINE_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.stdout.strip() == "0", done.stderr[-2000:]
