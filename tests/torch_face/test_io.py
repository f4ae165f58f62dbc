"""Files: what comes back, other readers and writers, damage, and full disks."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine
import engine.numpy
from engine.io import DTYPES, DamagedFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.safetensors"


def everything() -> dict[str, engine.Tensor]:
    rng = np.random.default_rng(0)
    made = {
        name: engine.tensor((rng.normal(size=(2, 3)) * 9).astype(name))
        for name in DTYPES.values()
        if name != "complex64"
    }
    made["complex64"] = engine.tensor([1 + 2j], dtype=engine.complex64)
    made["scalar"] = engine.tensor(3.5)
    made["empty"] = engine.zeros(0, 4)
    made["a transposed name.with/odd 'characters' é"] = engine.rand(3, 2).t()
    return made


def test_everything_comes_back(path: Path) -> None:
    saved = everything()
    engine.save(saved, path)
    loaded = engine.load(path)
    assert set(loaded) == set(saved)
    for name, tensor in saved.items():
        assert loaded[name].dtype is tensor.dtype
        assert loaded[name].shape == tensor.shape
        assert loaded[name].equal(tensor), name
    loaded["scalar"].zero_()


def test_other_readers_read_it_and_other_writers_are_read(path: Path) -> None:
    numpy = pytest.importorskip("safetensors.numpy", reason="the format's own package")
    saved = {k: v for k, v in everything().items() if v.dtype is not engine.complex64}
    engine.save(saved, path, metadata={"made by": "a test"})
    theirs = numpy.load_file(path)
    assert all(np.array_equal(theirs[k], v.numpy()) for k, v in saved.items())
    numpy.save_file(theirs, path, metadata={"x": "y"})
    ours = engine.load(path)
    assert all(ours[k].equal(v) for k, v in saved.items())


def test_elements_begin_at_multiples_of_their_size(path: Path) -> None:
    engine.save(everything(), path)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    assert (8 + length) % 8 == 0
    for entry in json.loads(data[8 : 8 + length]).values():
        size = np.dtype(DTYPES[entry["dtype"]]).itemsize
        assert entry["data_offsets"][0] % min(size, 8) == 0


def test_pending_tensors_are_computed_and_arrays_are_taken(path: Path) -> None:
    x = engine.ones(3) * 2
    engine.save({"pending": x + 1, "numpy": np.arange(3), "other": x.array()}, path)
    loaded = engine.load(path)
    assert loaded["pending"].tolist() == [3.0] * 3
    assert loaded["numpy"].tolist() == [0, 1, 2]
    assert type(loaded["other"]) is engine.Tensor


def whole_file() -> bytes:
    header = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    return len(header).to_bytes(8, "little") + header + bytes(8)


def header_of(described: Any) -> bytes:
    text = json.dumps(described).encode()
    return len(text).to_bytes(8, "little") + text


def entry(**changes: Any) -> dict[str, Any]:
    return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "header of 0 bytes"),
        (b"\x01\x02", "2 bytes in all"),
        (b"\xff" * 8 + b"{}", "10 bytes in all"),
        (whole_file()[:-1], r"8 bytes of elements .* 7 bytes"),
        (whole_file() + b"x", r"8 bytes of elements .* 9 bytes"),
        (whole_file()[:30], "bytes in all"),
        ((3).to_bytes(8, "little") + b"abc", "a safetensors header"),
        (header_of([1, 2]), "a safetensors header"),
        (header_of(entry(dtype="F33")) + bytes(8), "a safetensors header"),
        (header_of(entry(shape=[-2])) + bytes(8), "a safetensors header"),
        (header_of(entry(shape=[2.0])) + bytes(8), "a safetensors header"),
        (header_of(entry(shape=[3])) + bytes(8), "bytes 0 to 12"),
        (header_of(entry(data_offsets=[8, 16])) + bytes(16), "bytes 8 to 16"),
        (header_of(entry(data_offsets=[8, 0])) + bytes(8), "found: bytes 8"),
        (header_of(entry(shape=[2**62, 0], data_offsets=[0, 0])), "array of shape"),
        (header_of(entry(shape=[1] * 70 + [2])) + bytes(8), "an array of shape"),
        (header_of(entry(shape={}, data_offsets=[0, 4])) + bytes(4), "a safetensors"),
        (header_of(entry(shape="", data_offsets=[0, 4])) + bytes(4), "a safetensors"),
        (header_of(entry(dtype=[])) + bytes(8), "a safetensors header"),
        ((10**6).to_bytes(8, "little") + b"[" * 10**6, "a safetensors header"),
        ((8).to_bytes(8, "little") + "{}  ".encode("utf-16-le"), "a safetensors"),
        (header_of({"a": 1}), "a safetensors header"),
        (header_of({"a": {"dtype": "F32"}}), "a safetensors header"),
        (b"\x80\x04\x95" + bytes(50), "bytes in all"),
    ],
)
def test_damaged_files_are_refused(path: Path, data: bytes, message: str) -> None:
    path.write_bytes(data)
    with pytest.raises(DamagedFile, match=message) as caught:
        engine.load(path)
    assert "weights.safetensors is damaged" in str(caught.value)


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3"])
def test_dtypes_that_only_the_format_has_are_named(path: Path, dtype: str) -> None:
    path.write_bytes(header_of(entry(dtype=dtype)) + bytes(8))
    with pytest.raises(TypeError, match=f"'a' of .*weights.safetensors is {dtype}"):
        engine.load(path)


def test_true_is_any_byte_but_zero(path: Path) -> None:
    described = entry(dtype="BOOL", shape=[3], data_offsets=[0, 3])
    path.write_bytes(header_of(described) + bytes([0, 2, 255]))
    loaded = engine.load(path)["a"]
    assert loaded.numpy().view(np.uint8).tolist() == [0, 1, 1]


def test_arrays_of_any_layout_are_saved(path: Path) -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    mine = engine.numpy.array(x)
    arrays: dict[str, Any] = {
        "turned": mine[::-1, ::2],
        "fortran": engine.numpy.asfortranarray(mine),
        "broadcast": engine.numpy.broadcast_to(mine, (2, 2, 3)),
        "selected": mine[mine > 2],
        "other bytes": x.astype(">f4")[:, ::-1],
    }
    engine.save(arrays, path)
    for name, loaded in engine.load(path).items():
        assert loaded.dtype is engine.float32
        assert loaded.tolist() == np.asarray(arrays[name]).tolist(), name


def test_a_flipped_byte_never_gives_more_than_a_clear_error(path: Path) -> None:
    engine.save({"a": engine.ones(2), "b": engine.zeros(3, dtype=engine.int8)}, path)
    good = path.read_bytes()
    length = 8 + int.from_bytes(good[:8], "little")
    refused = 0
    for place in range(length):
        data = bytearray(good)
        data[place] ^= 0x15
        path.write_bytes(data)
        try:
            engine.load(path)
        except DamagedFile:
            refused += 1
    assert refused > length * 0.7  # the rest are names, and spaces


def test_missing_files(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        engine.load(path)


def test_a_folder_that_is_not_there_is_named(path: Path) -> None:
    missing = path.parent / "missing"
    with pytest.raises(FileNotFoundError, match=rf"directory: '{missing}'"):
        engine.save({"a": engine.ones(1)}, missing / "weights.safetensors")


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        ([engine.ones(1)], "dictionary of tensors"),
        ({1: engine.ones(1)}, "names as keys"),
        ({"__metadata__": engine.ones(1)}, "names as keys"),
        ({"a": [1.0]}, "list was given as 'a'"),
        ({"a": engine.ones(1, dtype=engine.complex128)}, "'a' is complex128"),
    ],
)
def test_what_cannot_be_saved(path: Path, obj: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        engine.save(obj, path)
    assert not path.exists()


def test_what_no_reader_could_read_is_not_written(path: Path) -> None:
    with pytest.raises(ValueError, match=r"names that UTF-8 can write .*'\\ud800'"):
        engine.save({"a\ud800": engine.ones(1)}, path)
    with pytest.raises(TypeError, match=r"dictionary of texts .* list was given"):
        engine.save({"a": engine.ones(1)}, path, metadata=["x"])  # type: ignore[arg-type]
    assert not path.exists()


def test_names_of_files(path: Path) -> None:
    class Text(str):
        pass

    engine.save({Text("a"): engine.ones(1)}, os.fsencode(path))
    assert engine.load(os.fsencode(path))["a"].tolist() == [1.0]
    long = path.parent / ("n" * 255)
    engine.save({"a": engine.ones(1)}, long)
    assert engine.load(long)["a"].tolist() == [1.0]


def test_a_link_stays_one(path: Path) -> None:
    link, kept = path.parent / "link", path.parent / "kept"
    kept.mkdir()
    link.symlink_to(kept / "weights")
    for number in (1.0, 2.0):  # it leads nowhere at first
        engine.save({"a": engine.tensor(number)}, link)
        assert link.is_symlink()
        assert engine.load(kept / "weights")["a"].item() == number


def test_a_pipe_is_written_to_and_stays_one(path: Path) -> None:
    engine.save({"a": engine.ones(3)}, path)
    pipe = path.parent / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(
        target=lambda: read.append(pipe.read_bytes()), daemon=True
    )
    reader.start()
    engine.save({"a": engine.ones(3)}, pipe)
    assert pipe.is_fifo()
    reader.join()
    assert read == [path.read_bytes()]


def test_directories_and_protected_files_are_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (path.parent, f"{path}/"):
        with pytest.raises(IsADirectoryError, match=str(folder)):
            engine.save({"a": engine.ones(1)}, folder)
    path.write_bytes(b"precious")
    monkeypatch.setattr(os, "access", lambda *_: False)  # it is true for a superuser
    with pytest.raises(PermissionError, match="read-only"):
        engine.save({"a": engine.ones(1)}, path)
    assert path.read_bytes() == b"precious"
    assert os.listdir(path.parent) == [path.name]


def test_a_failed_save_loses_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.save({"a": engine.ones(2)}, path)

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        engine.save({"a": engine.zeros(2)}, path)
    assert engine.load(path)["a"].tolist() == [1.0, 1.0]
    assert os.listdir(path.parent) == [path.name]


def test_permissions_are_those_of_new_files(path: Path) -> None:
    mask = os.umask(0o022)
    try:
        engine.save({"a": engine.ones(2)}, path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        path.chmod(0o600)
        engine.save({"a": engine.ones(2)}, path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(mask)


def test_keywords_of_loading(path: Path) -> None:
    engine.save({"w": engine.ones(2)}, path)
    found = engine.load(path, map_location="cpu", weights_only=True)
    assert found["w"].tolist() == [1.0, 1.0]
    assert engine.load(path, engine.device("cpu"))["w"].device == engine.device("cpu")
    with pytest.raises(ValueError, match="nothing is unpickled"):
        engine.load(path, weights_only=False)
