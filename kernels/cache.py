"""The disk cache of machine code: content-addressed files in a folder of this user.

A file that is damaged, cut off, written for something else or not to be read counts as
absent; a folder that cannot be written is not written. No failure here reaches a user:
the worst that happens is that a kernel is compiled again.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import threading
import time
from collections.abc import Iterator
from functools import cache as once
from importlib.util import find_spec
from pathlib import Path
from typing import Any

MAGIC = b"ENGINE-KERNEL-1\n"
SUFFIX = ".kernel"
LIMIT = 512 * 2**20
"""Bytes that the folder may hold; the oldest files go first."""

_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Flags by which a file that is none, as a pipe, is opened without a wait."""

_STALE = 3600.0  # seconds after which a temporary file belongs to a dead process
_REFRESH = 86400.0  # seconds after which a file that is read counts as new again
_written = 0  # bytes since the folder was last looked through
_looked: Path | None = None


def cache_dir() -> Path:
    """The folder of the cache: ``$ENGINE_CACHE_DIR``, or this user's own."""
    return Path(_folder())


def _folder() -> str:
    """`cache_dir` as text: a path object takes as long as all else that `load` does."""
    named = os.environ.get("ENGINE_CACHE_DIR")
    if named:
        return named
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if base[:1] == "~":  # nobody knows where this user is at home
        base = os.devnull
    return os.path.join(base, "engine", "kernels")


def key(text: str, *conditions: str) -> str:
    """The name under which machine code of `text` is kept.

    It depends on `conditions` (CPU, compiler options), on the versions of Python and
    Numba, and on the source of the generators and of the scalar library.
    """
    parts = (text, *conditions, _generator(), _numba(), sys.version)
    return digest(*(f"{len(part)}:{part}".encode() for part in parts)).hex()


def load(name: str) -> bytes | None:
    """The bytes that were saved under `name`, or None."""
    folder = _folder()
    if not _trusted(folder):
        return None
    path = os.path.join(folder, name + SUFFIX)
    try:
        handle = os.open(path, os.O_RDONLY | _AT_ONCE)
        with open(handle, "rb", 0) as file:
            state = os.fstat(file.fileno())
            usual = stat.S_ISREG(state.st_mode) and state.st_size <= LIMIT
            if not usual or not _ours(state):
                return None
            content = file.read()
    except OSError:
        return None
    head = MAGIC + bytes.fromhex(name)
    body = content[len(head) + 32 :]
    if content[: len(head)] != head or content[len(head) :][:32] != _sum(name, body):
        return None
    if time.time() - state.st_mtime > _REFRESH:
        with contextlib.suppress(OSError):
            os.utime(path)
    return body


def has(name: str) -> bool:
    """Whether there is a file under `name`; `load` may still find it damaged."""
    return os.path.isfile(os.path.join(_folder(), name + SUFFIX))


def save(name: str, code: bytes) -> bool:
    """Keep `code` under `name`. False, and nothing else, if that is not possible."""
    if not _is_as_imported():
        return False
    folder = cache_dir()
    unique = f".{name}.{os.getpid()}.{threading.get_ident()}.tmp"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _trusted(folder):
            return False
        content = MAGIC + bytes.fromhex(name) + _sum(name, code) + code
        handle = os.open(folder / unique, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(folder / unique, folder / (name + SUFFIX))
        except OSError:
            os.unlink(folder / unique)
            return False
    except OSError:
        return False
    _bound(folder, len(content))
    return True


def lock(name: str) -> int | None:
    """A descriptor of a file in the folder, locked; None while another process has it.

    The lock lasts until the descriptor is closed by all who inherited it: also by the
    end, of whatever kind, of the last of them.

    Raises
    ------
    OSError
        If the folder cannot be written, or files in it cannot be locked.
    """
    import fcntl  # of POSIX alone

    folder = cache_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _trusted(folder):
        raise PermissionError(f"{folder} belongs to somebody else")
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    handle = os.open(folder / name, flags, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:
        os.close(handle)
        raise
    return handle


def size() -> int:
    """Bytes of machine code on disk.

    Examples
    --------
    >>> size() >= 0
    True
    """
    return sum(state.st_size for _, state in _files(cache_dir()))


def clear() -> int:
    """Remove every file of the cache; the number of them."""
    removed = 0
    for path, _ in list(_files(cache_dir())):
        with contextlib.suppress(OSError):
            path.unlink()
            removed += 1
    return removed


def digest(*parts: bytes) -> bytes:
    """BLAKE2b of 32 bytes, of all parts in a row.

    To import `hashlib` takes 5 ms, for OpenSSL's functions, of which this is none. So
    it is taken from where `hashlib` has it, as Python's `random` does with its own.

    Examples
    --------
    >>> digest(b"a", b"b") == digest(b"ab"), len(digest())
    (True, 32)
    """
    return bytes(_blake2b()(b"".join(parts), digest_size=32).digest())


@once
def _blake2b() -> Any:
    try:
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b
    return blake2b


def _sum(name: str, code: bytes) -> bytes:
    return digest(name.encode(), code)


def _ours(state: os.stat_result) -> bool:
    """Whether it is this user's, and not everybody may write it.

    A group may, as where each user has one: files are made by 0600 in any case.
    """
    if not hasattr(os, "geteuid"):
        return True
    return state.st_uid == os.geteuid() and not state.st_mode & stat.S_IWOTH


def _trusted(folder: str | Path) -> bool:
    try:
        state = os.stat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(state.st_mode) and _ours(state)


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Files of the cache in `folder`, temporary ones included."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith((SUFFIX, ".tmp")):
                    with contextlib.suppress(OSError):
                        yield Path(entry.path), entry.stat(follow_symlinks=False)
    except OSError:
        return


def _bound(folder: Path, added: int) -> None:
    """Remove the oldest files once the folder is over its limit."""
    global _written, _looked
    _written += added
    if _looked == folder and _written < LIMIT // 16:
        return
    _looked, _written = folder, 0
    now = time.time()
    files = sorted(_files(folder), key=lambda pair: pair[1].st_mtime)
    total = sum(state.st_size for _, state in files)
    goal = total if total <= LIMIT else LIMIT * 3 // 4
    for path, state in files:
        stale = path.suffix == ".tmp" and now - state.st_mtime > _STALE
        if total > goal or stale:
            with contextlib.suppress(OSError):
                path.unlink()
                total -= state.st_size


_IMPORTED = time.time_ns()


def _sources() -> list[str]:
    """The paths of the sources that make kernels; native code has its own text."""
    here = os.path.dirname(__file__)
    return [
        os.path.join(folder, name)
        for folder in (here, *(os.path.join(here, name) for name in ("cpu", "cuda")))
        for name in sorted(os.listdir(folder))
        if name.endswith(".py") and (folder != here or name[0] != "_")
    ]


@once
def _generator() -> str:
    """A digest of every source that takes part in generating kernels.

    Where there are none to be read, as of a package in an archive, it is another one in
    each process: nothing is found in the cache.
    """
    parts: list[bytes] = []
    try:
        for path in _sources():
            with open(path, "rb", 0) as file:
                parts += (os.path.basename(path).encode(), file.read())
    except OSError:
        parts.clear()
    if not parts:
        return f"{os.getpid()} {_IMPORTED}"
    return digest(*parts).hex()


def _is_as_imported() -> bool:
    """Whether no source has been written since this process began to read them.

    Else what it makes of the old ones, or of both, would be taken for the new ones'.
    """
    try:
        return all(os.stat(path).st_mtime_ns < _IMPORTED for path in _sources())
    except OSError:
        return False


def version_of(package: str) -> tuple[str, bytes]:
    """The folder of a package, and its ``_version.py``, which is not imported.

    Both are empty where the package is none, or has no such file.
    """
    try:
        spec = find_spec(package)
    except ValueError:  # a module that says nothing of itself
        spec = None
    origin = spec.origin if spec else None
    if origin:
        folder = os.path.dirname(origin)
        try:
            with open(os.path.join(folder, "_version.py"), "rb") as file:
                return folder, file.read()
        except OSError:
            pass
    return "", b""


@once
def _numba() -> str:
    """Numba's version and settings, read without importing it."""
    _, version = version_of("numba")
    settings = sorted(item for item in os.environ.items() if item[0][:6] == "NUMBA_")
    return f"{digest(version).hex()} {settings}"
