"""The memory of the host, in the words of the protocol of backends."""

from __future__ import annotations

from typing import Any

from numpy.typing import DTypeLike, NDArray

from . import memory


class HostMemory:
    """What backends that compute on NumPy arrays do about memory."""

    def allocate(self, dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
        """A C-contiguous array of undefined content."""
        return memory.allocate(dtype, shape)

    def pointer(self, buffer: NDArray[Any]) -> int:
        """The address of element 0."""
        return memory.pointer(buffer)

    def upload(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array itself: it is where kernels need it."""
        return array

    def download(self, buffer: NDArray[Any]) -> NDArray[Any]:
        """The buffer itself: it is a NumPy array."""
        return buffer
