"""What the array API standard lets a program ask a namespace about itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import named

from .devices import checked_device, devices

__all__ = ["__array_api_version__", "__array_namespace_info__"]

__array_api_version__ = "2025.12"

_DTYPES = {
    "bool": ("bool",),
    "signed integer": ("int8", "int16", "int32", "int64"),
    "unsigned integer": ("uint8", "uint16", "uint32", "uint64"),
    "real floating": ("float32", "float64"),
    "complex floating": ("complex64", "complex128"),
}
_DTYPES["integral"] = _DTYPES["signed integer"] + _DTYPES["unsigned integer"]
_DTYPES["numeric"] = (
    _DTYPES["integral"] + _DTYPES["real floating"] + _DTYPES["complex floating"]
)
_KINDS = tuple(_DTYPES)


class ArrayNamespaceInfo:
    """Capabilities, devices and dtypes of `engine.numpy`.

    See the inspection API of the array API standard, 2025.12.
    """

    def capabilities(self) -> dict[str, bool | int | None]:
        """What is supported: data-dependent shapes, and so masks; at most 64 axes."""
        return {
            "boolean indexing": True,
            "data-dependent shapes": True,
            "max dimensions": 64,
        }

    def default_device(self) -> str:
        """Where arrays are made when no device is named."""
        return devices()[0]

    def devices(self) -> tuple[str, ...]:
        """The devices that arrays can be on."""
        return tuple(devices())

    def default_dtypes(self, *, device: Any = None) -> dict[str, np.dtype[Any]]:
        """The dtypes that Python numbers, and indices, become."""
        if device is not None:
            checked_device(device)
        return {
            "real floating": np.dtype(float),
            "complex floating": np.dtype(complex),
            "integral": np.dtype(int),
            "indexing": np.dtype(np.intp),
        }

    def dtypes(
        self, *, device: Any = None, kind: str | tuple[str, ...] | None = None
    ) -> dict[str, np.dtype[Any]]:
        """The dtypes of one kind, of several, or of all kinds, by name."""
        if device is not None:
            checked_device(device)
        kinds = ("bool", "numeric") if kind is None else kind
        kinds = (kinds,) if isinstance(kinds, str) else kinds
        unknown = [one for one in kinds if one not in _KINDS]
        if unknown:
            raise ValueError(
                named(f"kinds of {_KINDS} were required; {unknown[0]!r} was given")
            )
        return {name: np.dtype(name) for one in kinds for name in _DTYPES[one]}


def __array_namespace_info__() -> ArrayNamespaceInfo:
    """What this namespace says about itself.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.__array_namespace_info__().default_device()
    'cpu'
    """
    return ArrayNamespaceInfo()
