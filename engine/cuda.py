"""What can be asked about CUDA devices, as in ``torch.cuda``.

Kernels can be emitted for CUDA devices (see `engine.kernels`), but tensors live in the
memory of the host in this version, so there is no device to use them on.
"""

from __future__ import annotations

from typing import NoReturn


def is_available() -> bool:
    """Whether tensors can be on a CUDA device.

    Examples
    --------
    >>> import engine
    >>> device = engine.device("cuda" if engine.cuda.is_available() else "cpu")
    """
    return False


def device_count() -> int:
    """How many CUDA devices tensors can be on."""
    return 0


def synchronize(device: object = None) -> None:
    """Wait for a CUDA device.

    Raises
    ------
    RuntimeError
        When there is none.
    """
    _missing("synchronize", device)


def current_device() -> int:
    """The index of the CUDA device in use.

    Raises
    ------
    RuntimeError
        When there is none.
    """
    _missing("current_device", None)


def _missing(name: str, device: object) -> NoReturn:
    given = "" if device is None else f" {device!r} was given, and"
    raise RuntimeError(
        f"cuda.{name}: a CUDA device was required;{given} "
        "engine.cuda.is_available() is False"
    )
