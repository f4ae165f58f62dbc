"""Generated kernels on CUDA devices.

* `emit`: Kernel -> text; needs nothing.
* `compile`, `functions`, `halves`, `teams`: text -> machine code; needs numba-cuda.
* `device`: memory and launches of a real device; `simulator`: the same in Python.
* `launch`, `backend`: which form of a kernel runs, on how many blocks.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any


def simulated() -> bool:
    """Whether numba-cuda's simulator stands in for a device in this process.

    Examples
    --------
    >>> simulated() in (True, False)
    True
    """
    return os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"


@cache
def hardware() -> Any:
    """The module that owns memory and starts kernels: `device` or `simulator`.

    Raises
    ------
    ImportError
        If the packages of the extra ``cuda`` are not installed.
    """
    if simulated():
        from . import simulator

        return simulator
    from . import device

    return device


@cache
def available() -> bool:
    """Whether kernels can run on a CUDA device of this machine.

    Examples
    --------
    >>> available() in (True, False)
    True
    """
    try:
        return bool(hardware().available())
    except ImportError:
        return False
