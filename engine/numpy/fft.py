"""Fourier transforms, computed by NumPy; shifts and frequencies are lazy."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face

from .fallback import library_call, quiet_call
from .names import nearest_message

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "irfft",
    "rfft",
    "rfftfreq",
]


def fft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    """The discrete Fourier transform."""
    return library_call("fft.fft", np.fft.fft, a, n, axis, norm)


def ifft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    """The inverse of `fft`."""
    return library_call("fft.ifft", np.fft.ifft, a, n, axis, norm)


def rfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    """The transform of real numbers, its first half."""
    return library_call("fft.rfft", np.fft.rfft, a, n, axis, norm)


def irfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    """The inverse of `rfft`."""
    return library_call("fft.irfft", np.fft.irfft, a, n, axis, norm)


def fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    """The transform over two axes."""
    return library_call("fft.fft2", np.fft.fft2, a, s, axes, norm)


def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    """The inverse of `fft2`."""
    return library_call("fft.ifft2", np.fft.ifft2, a, s, axes, norm)


def fftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    """The transform over axes."""
    return library_call("fft.fftn", np.fft.fftn, a, s, axes, norm)


def ifftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    """The inverse of `fftn`."""
    return library_call("fft.ifftn", np.fft.ifftn, a, s, axes, norm)


def fftfreq(n: int, d: float = 1.0) -> Any:
    """The frequencies of `fft`."""
    return quiet_call(np.fft.fftfreq, n, d)


def rfftfreq(n: int, d: float = 1.0) -> Any:
    """The frequencies of `rfft`."""
    return quiet_call(np.fft.rfftfreq, n, d)


def _shifted(x: Any, axes: Any, sign: int) -> Any:
    from .manipulation import roll

    array = face.asarray(x)
    if axes is None:
        axes = tuple(range(array.ndim))
    elif isinstance(axes, int):
        axes = (axes,)
    halves = tuple(
        array.shape[a] // 2 if sign > 0 else -(array.shape[a] // 2) for a in axes
    )
    return roll(array, halves, tuple(axes))


def fftshift(x: Any, axes: Any = None) -> Any:
    """The zero frequency moved to the middle."""
    return _shifted(x, axes, 1)


def ifftshift(x: Any, axes: Any = None) -> Any:
    """The inverse of `fftshift`."""
    return _shifted(x, axes, -1)


def __getattr__(name: str) -> Any:
    raise AttributeError(nearest_message(name, __all__, __name__, np.fft))
