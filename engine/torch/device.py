"""Devices: where a tensor's memory is."""

from __future__ import annotations

from typing import Any

from engine import cuda
from engine.ops.transfer import on_device
from engine.record.value import Value


class device:
    """A device by type and index.

    Examples
    --------
    >>> import engine
    >>> engine.device("cuda:0")
    device(type='cuda', index=0)
    >>> engine.zeros(2).device
    device(type='cpu')
    >>> str(engine.device("cuda", 1))
    'cuda:1'
    """

    __slots__ = ("index", "type")
    type: str
    index: int | None

    def __init__(self, type: Any, index: int | None = None) -> None:
        if isinstance(type, device):
            self.type, self.index = type.type, type.index
            return
        if isinstance(type, int):
            self.type, self.index = "cuda", type
            return
        name, _, place = str(type).partition(":")
        if name not in ("cpu", "cuda") or (place and not place.isdigit()):
            raise RuntimeError(
                "device: cpu or cuda, with an optional index as in cuda:0, was "
                f"required; {type!r} was given"
            )
        if place and index is not None:
            raise RuntimeError(
                f"device: one index was required; {type!r} and {index} were given"
            )
        self.type = name
        self.index = int(place) if place else index

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type={self.type!r}{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, device):
            return NotImplemented
        return (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))


CPU = device("cpu")
CUDA = device("cuda", 0)


def usable_device(given: Any) -> device:
    """The device that `given` names.

    Raises RuntimeError when tensors cannot live there.
    """
    if given is None:
        return CPU
    wanted = device(given)
    if wanted.type == "cuda" and not cuda.is_available():
        raise RuntimeError(
            "device: a device that tensors can be on was required; "
            f"{str(wanted)!r} was given, and engine.cuda.is_available() is False"
        )
    if wanted.index:
        raise RuntimeError(
            "device: cuda or cuda:0 was required, the only CUDA device in use; "
            f"{str(wanted)!r} was given"
        )
    return wanted


def placed(value: Value, wanted: Any) -> Value:
    """A value in the memory of a device, or where it is when None is wanted.

    Raises RuntimeError when tensors cannot live there.
    """
    return value if wanted is None else on_device(value, usable_device(wanted).type)
