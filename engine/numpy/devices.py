"""Devices by name, as in the array API standard: ``"cpu"`` and ``"cuda"``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import cuda
from engine.array import Array
from engine.errors import named
from engine.kernels.backend import HOST

if TYPE_CHECKING:
    from .handle import ndarray


def devices() -> list[str]:
    """The devices that arrays can be on.

    Examples
    --------
    >>> devices()[0]
    'cpu'
    """
    return [HOST, *(["cuda"] if cuda.is_available() else [])]


def checked_device(device: object) -> str:
    """The name of a device that is there.

    Raises
    ------
    ValueError
        For any other.
    """
    for name in devices():
        if device == name:
            return name
    known = " or ".join(map(repr, devices()))
    raise ValueError(named(f"device {known} was required; {device!r} was given"))


def placed(array: ndarray, device: Any, like: Any = None) -> ndarray:
    """A new array on a device; where `like` is when none is named."""
    if device is not None:
        return array.to_device(device)
    away = isinstance(like, Array) and like.place != HOST
    return array.to_device(like.place) if away else array
