"""Save and load tensors in the safetensors format: data only, nothing is executed.

A file is 8 bytes with the length of a JSON header, the header, and the elements of all
tensors one after another. It is written beside its place and renamed into it, so that
an interrupted `save` leaves the old file whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from errno import EACCES, EISDIR, ENOENT
from math import prod
from typing import IO, Any, NamedTuple, TypeAlias

import numpy as np

from engine.array import Array
from engine.execute import compute
from engine.kernels import memory
from engine.record.value import Value
from engine.torch.tensor import Tensor

Path: TypeAlias = str | bytes | os.PathLike[str]

DTYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "U16": "uint16",
    "I16": "int16",
    "U32": "uint32",
    "I32": "int32",
    "U64": "uint64",
    "I64": "int64",
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
    "C64": "complex64",
}
"""The format's names of dtypes."""

_NAMES = {np.dtype(name): code for code, name in DTYPES.items()}
_FOREIGN = frozenset(
    (
        *("BF16", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"),
        *("F6_E2M3", "F6_E3M2", "F4"),
    )
)
"""Dtypes of the format that Engine has not."""
_MAX_HEADER = 100_000_000


class DamagedFile(ValueError):
    """A file that is not, or no longer, what `save` writes."""


class Entry(NamedTuple):
    """One tensor of a file: its dtype and shape, and where its bytes begin and end."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int


def save(
    obj: Mapping[str, Any], f: Path, metadata: Mapping[str, str] | None = None
) -> None:
    """Save a dictionary of tensors, such as a state dict, in the safetensors format.

    Parameters
    ----------
    obj : mapping of str to Tensor or array
        What to save; all dtypes but complex128 can be.
    f : str or path
        Where. The file appears whole or not at all.
    metadata : mapping of str to str, optional
        Remarks to keep in the file.

    Raises
    ------
    TypeError
        When something else than tensors is given.
    ValueError
        When a name is no text that UTF-8 can write.
    OSError
        When the file cannot be written; what was there before is kept.

    Examples
    --------
    >>> import engine, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "weights.safetensors")
    >>> engine.save({"w": engine.tensor([1.0, 2.0])}, path)
    >>> engine.load(path)
    {'w': tensor([1., 2.])}
    """
    arrays = _arrays(obj)
    header = _header(arrays, metadata)
    with _writing(os.fsdecode(f)) as file:
        file.write(len(header).to_bytes(8, "little"))
        file.write(header)
        for array in arrays.values():
            file.write(array.reshape(-1).view(np.uint8).data)


def load(
    f: Path, map_location: Any = None, *, weights_only: bool = True
) -> dict[str, Tensor]:
    """Load the tensors of a safetensors file.

    Parameters
    ----------
    f : str or path
        A file that `save`, or any other writer of the format, has written.
    map_location : str or device, optional
        The device to load to; by default the host.
    weights_only : bool
        True: nothing but tensors is ever loaded.

    Returns
    -------
    dict of str to Tensor

    Raises
    ------
    DamagedFile
        When the file is not in the format, or a part of it is missing.
    TypeError
        When it has tensors of a dtype that Engine has not, such as bfloat16.
    FileNotFoundError
        When there is no such file.
    ValueError
        When more than tensors is asked for.

    Examples
    --------
    >>> import engine
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "weights.safetensors")
    >>> engine.save({"w": engine.ones(2)}, path)
    >>> engine.load(path)["w"]
    tensor([1., 1.])
    """
    if not weights_only:
        raise ValueError(
            "load: weights_only=True was required, as files hold tensors alone and "
            "nothing is unpickled; False was given"
        )
    name = os.fsdecode(f)
    with open(name, "rb") as file:
        entries, start = read_header(file, name)
        tensors = {
            key: Tensor.wrap(_read(file, name, start, entry))
            for key, entry in entries.items()
        }
    if map_location is None:
        return tensors
    return {key: tensor.to(map_location) for key, tensor in tensors.items()}


def _read(file: IO[bytes], name: str, start: int, entry: Entry) -> Value:
    """One tensor, read to where it stays."""
    try:
        buffer = memory.allocate(entry.dtype, entry.shape)
    except ValueError as error:
        shape = f"an array of shape {list(entry.shape)}"
        raise _damaged(name, shape, f"one of which NumPy says: {error}") from error
    data = buffer.reshape(-1).view(np.uint8)
    file.seek(start + entry.begin)
    count = file.readinto(data.data)  # type: ignore[attr-defined]
    if count != data.size:  # the file has shrunk meanwhile
        raise _damaged(name, f"{data.size} bytes", f"{count} bytes")
    if buffer.dtype == bool:  # any byte but 0 is True elsewhere; kernels count on 1
        np.not_equal(data, 0, out=data.view(bool))
    return Value(buffer.dtype, buffer.shape, buffer)


def _arrays(obj: Mapping[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """The elements of all tensors, computed together, by name."""
    if not isinstance(obj, Mapping):
        raise TypeError(
            "save: a dictionary of tensors, such as a state dict, was required; "
            f"{type(obj).__name__} was given"
        )
    for key, item in obj.items():
        if not isinstance(key, str) or key == "__metadata__":
            raise TypeError(f"save: names as keys were required; {key!r} was given")
        if not isinstance(item, (Array, np.ndarray)):
            raise TypeError(
                f"save: tensors were required; {type(item).__name__} was given as "
                f"{key!r}"
            )
    compute([item.read() for item in obj.values() if isinstance(item, Array)])
    arrays = {
        key: item.computed() if isinstance(item, Array) else item
        for key, item in obj.items()
    }
    for key, array in arrays.items():
        if _native(array) not in _NAMES:
            raise TypeError(
                f"save: a dtype among {', '.join(DTYPES.values())} was required; "
                f"{key!r} is {array.dtype.name}"
            )
    # Wide elements first, so that each begins at a multiple of its size.
    order = sorted(arrays, key=lambda key: (-arrays[key].dtype.itemsize, key))
    return {
        key: np.asarray(arrays[key], _native(arrays[key]), order="C") for key in order
    }


def _native(array: np.ndarray[Any, Any]) -> np.dtype[Any]:
    """The dtype with the order of bytes that files have."""
    dtype: np.dtype[Any] = array.dtype.newbyteorder("<")
    return dtype


def _header(
    arrays: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, str] | None
) -> bytes:
    described: dict[str, Any] = {}
    if metadata is not None:
        if not isinstance(metadata, Mapping):
            raise TypeError(
                "save: a dictionary of texts was required as metadata; "
                f"{type(metadata).__name__} was given"
            )
        described["__metadata__"] = {str(k): str(v) for k, v in metadata.items()}
    place = 0
    for key, array in arrays.items():
        described[key] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [place, place + array.nbytes],
        }
        place += array.nbytes
    text = json.dumps(described, separators=(",", ":"), ensure_ascii=False)
    try:
        encoded = text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            "save: names that UTF-8 can write were required; "
            f"{text[error.start : error.end]!r} was given in one"
        ) from None
    return encoded + b" " * (-len(encoded) % 8)


@contextlib.contextmanager
def _writing(name: str) -> Iterator[IO[bytes]]:
    """A file to write to, that takes the place of `name` when all went well.

    Of links the file that they lead to; pipes and devices are written to themselves.
    """
    place = os.path.realpath(name)
    folder = os.path.dirname(place)
    if not os.path.isdir(folder):
        raise FileNotFoundError(ENOENT, "save: no such directory", folder)
    if os.path.isdir(place) or not os.path.basename(name):
        raise IsADirectoryError(EISDIR, "save: the name of a file was required", name)
    if os.path.exists(place) and not os.access(place, os.W_OK):
        raise PermissionError(EACCES, "save: the file is read-only", name)
    if os.path.exists(place) and not os.path.isfile(place):
        with open(place, "wb") as file:
            yield file
    else:
        with _replacing(place, folder) as file:
            yield file


@contextlib.contextmanager
def _replacing(name: str, folder: str) -> Iterator[IO[bytes]]:
    """A new file in a folder that takes the place of `name` when all went well."""
    start = os.path.basename(name)[:40]  # the whole may be as long as names can be
    handle, temporary = tempfile.mkstemp(prefix=f"{start}.", suffix=".part", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _permissions(name))
        os.replace(temporary, name)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _permissions(name: str) -> int:
    """Those of the file that is replaced, or those of new files here."""
    try:
        return os.stat(name).st_mode & 0o7777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def read_header(file: IO[bytes], name: str) -> tuple[dict[str, Entry], int]:
    """The tensors of an open file, and the position where their bytes start.

    Raises DamagedFile when what it says does not fit the file.
    """
    size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > min(size - 8, _MAX_HEADER):
        raise _damaged(name, f"a header of {length} bytes", f"{size} bytes in all")
    text = file.read(length)
    try:
        described = json.loads(text.decode())
        assert isinstance(described, dict)
        described.pop("__metadata__", None)
        _check_dtypes(described, name)
        entries = {key: _entry(item) for key, item in described.items()}
    except (ValueError, AssertionError, KeyError, RecursionError) as error:
        raise _damaged(name, "a safetensors header", f"{text[:40]!r}") from error
    _check_places(entries, name, size - 8 - length)
    return entries, 8 + length


def _check_dtypes(described: Mapping[str, Any], name: str) -> None:
    """Raise TypeError for what the format has, and Engine has not."""
    for key, item in described.items():
        assert isinstance(item, dict) and isinstance(item["dtype"], str)
        if item["dtype"] in _FOREIGN:
            raise TypeError(
                f"load: a dtype among {', '.join(DTYPES)} was required; {key!r} of "
                f"{name} is {item['dtype']}"
            )


def _entry(item: dict[str, Any]) -> Entry:
    shape, places = item["shape"], item["data_offsets"]
    assert isinstance(shape, list) and isinstance(places, list)
    begin, end = places
    assert all(type(n) is int and n >= 0 for n in (*shape, begin, end))
    return Entry(np.dtype(DTYPES[item["dtype"]]), tuple(shape), begin, end)


def _check_places(entries: Mapping[str, Entry], name: str, size: int) -> None:
    """The tensors must fill the rest of the file, without gaps and overlaps."""
    place = 0
    for key, entry in sorted(entries.items(), key=lambda pair: pair[1].begin):
        wanted = prod(entry.shape) * entry.dtype.itemsize
        if entry.begin != place or entry.end - entry.begin != wanted:
            raise _damaged(
                name,
                f"{key!r} in bytes {place} to {place + wanted}",
                f"bytes {entry.begin} to {entry.end}",
            )
        place = entry.end
    if place != size:
        raise _damaged(name, f"{place} bytes of elements", f"{size} bytes")


def _damaged(name: str, required: str, given: str) -> DamagedFile:
    return DamagedFile(
        f"load: {required} had to be there; found: {given}; {name} is damaged, or no "
        "safetensors file"
    )
