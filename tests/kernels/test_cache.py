"""The disk cache: machine code is found again, and no damage to it is ever believed."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from by_hand import elementwise, run

from engine.kernels import cache
from engine.kernels.counts import COUNTS
from engine.kernels.cpu.backend import CpuBackend, build
from engine.kernels.cpu.object_file import undefined_symbols
from engine.kernels.cpu.target import load
from engine.kernels.kernel import Layout

KERNEL = elementwise("x0 * 2.0 + s0", "float64", "float64", scalars=("float64",))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ENGINE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def compile_again() -> bool:
    """Compile and run in a backend that knows nothing; whether the disk knew it."""
    compiled = CpuBackend().compile(KERNEL)
    x, out = np.arange(5.0), np.zeros(5)
    compiled.bind(Layout((5,), ((0,), (0,))))([x.ctypes.data, out.ctypes.data], (1.0,))
    np.testing.assert_array_equal(out, x * 2 + 1)
    return compiled.loaded


def only_file(folder: Path) -> Path:
    (path,) = folder.glob("*.kernel")
    return path


def test_a_kernel_is_compiled_once_and_then_loaded(folder: Path) -> None:
    compiled, loaded = COUNTS.compiled, COUNTS.loaded
    assert [compile_again() for _ in range(3)] == [False, True, True]
    assert (COUNTS.compiled - compiled, COUNTS.loaded - loaded) == (1, 2)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert only_file(folder).stat().st_mode & 0o777 == 0o600
    assert cache.size() == only_file(folder).stat().st_size
    assert cache.clear() == 1
    assert cache.size() == 0


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "foreign", "header"])
def test_a_damaged_file_is_compiled_again(folder: Path, damage: str) -> None:
    compile_again()
    path = only_file(folder)
    content = path.read_bytes()
    broken = {
        "flip": content[:-100] + bytes([content[-100] ^ 1]) + content[-99:],
        "cut": content[: len(content) // 2],
        "empty": b"",
        "foreign": b"\x7fELF" * 1000,
        "header": content[:5] + b"?" + content[6:],
    }[damage]
    path.write_bytes(broken)
    assert compile_again() is False
    assert path.read_bytes() == content
    assert compile_again() is True


def test_a_file_under_the_name_of_another_is_not_taken(folder: Path) -> None:
    build("@numba.jit('void(int64, int64)')\ndef other(lo, hi):\n    pass\n", "other")
    other = only_file(folder).read_bytes()
    cache.clear()
    compile_again()
    only_file(folder).write_bytes(other)
    assert compile_again() is False


def test_a_file_that_is_a_folder_is_compiled_again(folder: Path) -> None:
    compile_again()
    path = only_file(folder)
    path.unlink()
    path.mkdir()
    assert [compile_again(), compile_again()] == [False, False]


def test_a_folder_that_cannot_be_made_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ENGINE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert [compile_again(), compile_again()] == [False, False]
    assert (cache.size(), cache.clear()) == (0, 0)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("call", ["open", "replace", "mkdir"])
def test_a_disk_that_refuses_is_done_without(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    owner = Path if call == "mkdir" else cache.os
    monkeypatch.setattr(owner, call, refuse)
    assert [compile_again(), compile_again()] == [False, False]
    monkeypatch.undo()
    assert not list(folder.glob("*"))


def test_a_disk_that_is_full_in_the_middle_of_a_file_keeps_nothing(
    folder: Path,
) -> None:
    resource = pytest.importorskip("resource", reason="limits of files are Unix's")
    compile_again()
    cache.clear()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        kept = cache.save("0" * 64, bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not kept
    assert not list(folder.iterdir())
    assert cache.save("0" * 64, bytes(5000))


def test_a_file_that_may_not_be_read_is_compiled_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_again()

    def refuse(*arguments: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as denied:
        denied.setattr(cache, "open", refuse, raising=False)
        assert compile_again() is False
    assert compile_again() is True


def test_a_folder_that_everybody_may_write_is_refused(folder: Path) -> None:
    compile_again()
    folder.chmod(0o777)
    assert compile_again() is False
    folder.chmod(0o700)
    assert compile_again() is True


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no users on this system")
def test_a_folder_of_another_user_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_again()
    monkeypatch.setattr(cache.os, "geteuid", lambda: os.getuid() + 1)
    assert compile_again() is False


def test_the_oldest_files_make_room(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "LIMIT", 10_000)
    names = [f"{k:064x}" for k in range(8)]
    for age, name in enumerate(names):
        assert cache.save(name, bytes(2000))
        os.utime(folder / f"{name}.kernel", (age, age))
    assert cache.size() <= 10_000
    assert cache.load(names[0]) is None
    assert cache.load(names[-1]) == bytes(2000)


def test_the_key_depends_on_everything_that_decides_code() -> None:
    keys = {
        cache.key("text", "cpu"),
        cache.key("text", "other cpu"),
        cache.key("other text", "cpu"),
        cache.key("textc", "pu"),
    }
    assert len(keys) == 4


def test_threads_that_compile_the_same_kernel_compile_it_once(folder: Path) -> None:
    backend = CpuBackend()
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(backend.compile(KERNEL)))
        for _ in range(8)
    ]
    before = COUNTS.compiled
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1
    assert COUNTS.compiled - before == 1


PROGRAM = """
import sys
sys.path.insert(0, {here!r})
import numpy as np
from by_hand import *
from engine.kernels.counts import COUNTS
from engine.kernels.cpu.processor import is_known
x, out = np.linspace(0, 1, 100_000), np.zeros(100_000)
kernel = elementwise("sin(x0) + cbrt(x0)", "float64", "float64")
run(kernel, Layout((100_000,), ((0,), (0,))), [x, out])
assert np.allclose(out, np.sin(x) + np.cbrt(x))
x, out = x.reshape(10, -1), np.zeros((10, 10_000))
run(softmax(), Layout((10, 10_000), ((0, 10_000), (0, 10_000))), [x, out])
assert np.allclose(out.sum(1), 1)
print(COUNTS.compiled, COUNTS.loaded, "numba" in sys.modules)
assert COUNTS.compiled or not is_known() or "llvmlite" not in sys.modules
"""


def program() -> subprocess.Popen[str]:
    text = PROGRAM.format(here=str(Path(__file__).parent))
    command = [sys.executable, "-W", "error", "-c", text]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_warm_process_imports_neither_numba_nor_llvm(folder: Path) -> None:
    for expected in ("2 0 True", "0 2 False"):
        process = program()
        assert process.communicate()[0].strip() == expected
        assert process.returncode == 0


def test_eight_processes_may_fill_the_cache_at_once(folder: Path) -> None:
    processes = [program() for _ in range(8)]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    process = program()
    assert process.communicate()[0].strip() == "0 2 False"
    assert not list(folder.glob(".*"))


def test_code_that_needs_a_missing_function_is_not_loaded() -> None:
    import llvmlite.binding as llvm

    from engine.kernels.cpu.target import MissingSymbol, machine

    text = "declare void @no_such_function()\ndefine void @caller() {\n"
    text += "  call void @no_such_function()\n  ret void\n}\n"
    code = machine().emit_object(llvm.parse_assembly(text))
    assert undefined_symbols(code) == ["no_such_function"]
    with pytest.raises(MissingSymbol, match="no_such_function"):
        load(code, "caller")
    with pytest.raises(ValueError, match=r"object file|ELF"):
        undefined_symbols(code[: len(code) // 2])


def test_kernels_run_after_a_run_elsewhere(folder: Path) -> None:
    x, out = np.ones(3), np.zeros(3)
    run(KERNEL, Layout((3,), ((0,), (0,))), [x, out], (0.5,))
    assert out.tolist() == [2.5] * 3
