"""Native code compiled by a child process, while this one goes on recording in Python.

To compile it takes a second or two, once for each machine and version: too long for a
program to stand still. A child does it at low priority, puts it into the cache, and
ends. A file that is locked lets one child of all processes do it; the lock ends with
the child, however that ends. Where no child can be, or it fails, the process compiles
native code itself. ``ENGINE_CHILD=0`` asks for that.
"""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from engine.kernels import cache

if TYPE_CHECKING:
    from subprocess import Popen

PATIENCE = 60.0
"""Seconds after which a process compiles by itself what others should have compiled."""

LOCK = "building"
"""The file that is locked while a child compiles."""

CODE = (
    "import os, sys; os.nice(10); sys.path[:] = sys.argv[4:]; "
    "from engine.builder import build; build(*sys.argv[1:4])"
)
"""What the child runs. It sees no environment but that of Engine: ``-I -S``."""


class Child(NamedTuple):
    """A child, and the process that it is a child of: not of the forks of that."""

    process: Popen[bytes]
    parent: int


_child: Child | None = None
_until = 0.0
"""When patience ends, 0 before it begins."""

_failure = ""
"""Why this process is to compile, after all."""


def reason() -> str:
    """Why this process itself compiles native code; nothing where a child does it."""
    if os.environ.get("ENGINE_CHILD", "1") == "0":
        return "ENGINE_CHILD is 0"
    if getattr(sys, "frozen", False):
        return "the program is frozen"
    name = os.path.basename(sys.executable or "")
    if re.fullmatch(r"python[\d.]*[a-z]*", name) is None:
        return f"sys.executable is {sys.executable!r}, which may not be Python"
    return _failure


def awaited(name: str) -> bool:
    """Whether a child compiles native code now, which the cache will have as `name`.

    It is started where neither this process nor another one has any. False where the
    code is there, or `reason` says why no child compiles it.
    """
    global _child, _until
    now = time.monotonic()
    child = _child  # read once: another thread may end it
    if child is not None and child.parent == os.getpid():
        ended = child.process.poll() is not None
        if not ended and now < _until:
            return True
        end()
        if not cache.has(name):
            return _failed("a child could not" if ended else "a child took too long")
    if cache.has(name) or reason():
        return False
    _until = _until or now + PATIENCE
    if now > _until:
        return _failed("the child of another process took too long")
    try:
        lock = cache.lock(LOCK)
        if lock is not None:
            try:
                _child = Child(_started(name, lock), os.getpid())
            finally:
                os.close(lock)
    except Exception as error:  # of the system, or whatever an audit hook raises
        return _failed(f"no child: {type(error).__name__}: {error}")
    return True


def told() -> str:
    """Who compiles native code that the cache has not, for people."""
    why = reason()
    return f"this process ({why})" if why else "a child process"


def end() -> None:
    """Let the child of this process end, if there is one."""
    global _child
    child, _child = _child, None
    if child is not None and child.parent == os.getpid():
        child.process.kill()
        child.process.wait()


def build(name: str, lock: str, file: str) -> None:
    """Compile native code for the cache: what the child of a process does.

    Parameters
    ----------
    name : str
        What the cache is to have it as.
    lock : str
        The descriptor of the file that is locked.
    file : str
        This module, as the parent has imported it: the child may have found another.
    """
    from engine import Tensor, native_code
    from engine.kernels.cpu.target import compile_optimised
    from engine.kernels.native import entries

    if file != __file__ or name != native_code.name_in_cache(Tensor):
        sys.exit(1)
    if cache.has(name):  # it came while this process was started
        return
    code = compile_optimised(entries.text(native_code.slots_of(Tensor)))
    if os.fstat(int(lock)).st_nlink:  # nobody has removed the folder meanwhile
        cache.save(name, code)


def _failed(why: str) -> bool:
    global _failure
    _failure = why
    return False


def _started(name: str, lock: int) -> Popen[bytes]:
    """A child that inherits nothing but a lock, and of which nobody hears."""
    import subprocess

    from engine.kernels.cpu.target import forever

    root = os.path.dirname(os.path.dirname(__file__))
    given = (name, str(lock), __file__, *map(str, sys.path), root)
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", "-B", "-c", CODE, *given],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        pass_fds=(lock,),
        start_new_session=True,  # Ctrl-C is not for it
    )
    forever(child)  # it would warn that it runs, when this process ends before it
    return child
