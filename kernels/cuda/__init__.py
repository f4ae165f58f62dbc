"""Generated kernels on CUDA devices.

* `emit`: Kernel -> text; needs nothing.
* `compile`, `functions`, `halves`, `teams`: text -> machine code; needs numba-cuda.
* `launch`, `backend`: device memory and launches; needs a device as well.
"""

from __future__ import annotations


def available() -> bool:
    """Whether kernels can run on a CUDA device of this machine.

    Examples
    --------
    >>> available() in (True, False)
    True
    """
    try:
        from . import launch
    except ImportError:
        return False
    return launch.available()
