"""What can be asked about CUDA devices, as in ``torch.cuda``.

Tensors are put on a device by ``tensor.to("cuda")``; kernels on them are generated for
it, and run on its default stream. Engine uses one device, the first.
"""

from __future__ import annotations

from typing import Any

from engine.kernels import cuda as _cuda


def is_available() -> bool:
    """Whether tensors can be on a CUDA device.

    That needs a device, its driver, and the packages of the extra ``cuda``. The
    simulator of numba-cuda (``NUMBA_ENABLE_CUDASIM=1``) counts as a device.

    Examples
    --------
    >>> import engine
    >>> device = engine.device("cuda" if engine.cuda.is_available() else "cpu")
    """
    return _cuda.available()


def device_count() -> int:
    """How many CUDA devices tensors can be on: 1 or 0.

    Examples
    --------
    >>> import engine
    >>> engine.cuda.device_count() == int(engine.cuda.is_available())
    True
    """
    return int(_cuda.available())


def synchronize(device: object = None) -> None:
    """Wait until everything that was started on the device is done.

    Raises
    ------
    RuntimeError
        When there is no such device.
    """
    _present("synchronize", device)
    _cuda.hardware().device().synchronize()


def empty_cache() -> None:
    """Give the memory of the device that no tensor holds back to the driver.

    It is kept otherwise, as new tensors are made faster of it. Does nothing where there
    is no device.
    """
    if _cuda.available():
        _cuda.hardware().device().empty_cache()


def current_device() -> int:
    """The index of the CUDA device in use: 0.

    Raises
    ------
    RuntimeError
        When there is none.
    """
    _present("current_device", None)
    return 0


def get_device_name(device: object = None) -> str:
    """The name of the device, as its driver gives it.

    Raises
    ------
    RuntimeError
        When there is no such device.
    """
    _present("get_device_name", device)
    return str(_cuda.hardware().device().name)


def _present(name: str, device: Any) -> None:
    given = "" if device is None else f" {device!r} was given, and"
    if not _cuda.available():
        raise RuntimeError(
            f"cuda.{name}: a CUDA device was required;{given} "
            "engine.cuda.is_available() is False"
        )
    if device is not None and str(device) not in ("cuda", "cuda:0", "0"):
        raise RuntimeError(
            f"cuda.{name}: the device cuda:0 was required;{given} "
            "it is the only one in use"
        )
