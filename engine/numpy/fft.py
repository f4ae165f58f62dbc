"""Fourier transforms: recorded as everything else, computed by pocketfft."""

from __future__ import annotations

from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.composites import fourier
from engine.errors import named, warn_user
from engine.record.value import Value

from .devices import placed
from .names import nearest_message
from .products import delivered

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]


def _value(a: Any) -> Value:
    return face.asarray(a).read()


def _along(
    transform: fourier.Transform, a: Any, n: Any, axis: Any, norm: Any, out: Any
) -> Any:
    length = None if n is None else index(n)
    value = transform(_value(a), length, index(axis), norm)
    return delivered(transform.__name__, value, out)


def fft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    """The discrete Fourier transform along an axis, of `n` elements.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.fft(np.array([1.0, 0.0, 0.0, 0.0])).real
    array([1., 1., 1., 1.])
    """
    return _along(fourier.fft, a, n, axis, norm, out)


def ifft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    """The inverse of `fft`."""
    return _along(fourier.ifft, a, n, axis, norm, out)


def rfft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    """The transform of real numbers, its first half."""
    return _along(fourier.rfft, a, n, axis, norm, out)


def irfft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    """The inverse of `rfft`."""
    return _along(fourier.irfft, a, n, axis, norm, out)


def hfft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    """The transform of a Hermitian sequence, given its first half: real numbers."""
    return _along(fourier.hfft, a, n, axis, norm, out)


def ihfft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    """The inverse of `hfft`."""
    return _along(fourier.ihfft, a, n, axis, norm, out)


# -- several axes ---------------------------------------------------------------------
def _lengths(s: Any, axes: Any) -> Any:
    """The lengths, after NumPy's complaint of lengths without axes."""
    if s is not None and axes is None:
        warn_user(
            "fft: `axes` should not be `None` if `s` is not `None` (Deprecated in "
            "NumPy 2.0); the axes were required",
            DeprecationWarning,
        )
    return s


def fft2(
    a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None
) -> Any:
    """The transform over two axes."""
    return fftn(a, s, axes, norm, out)


def ifft2(
    a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None
) -> Any:
    """The inverse of `fft2`."""
    return ifftn(a, s, axes, norm, out)


def fftn(
    a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None
) -> Any:
    """The transform over axes."""
    value = fourier.fftn(_value(a), _lengths(s, axes), axes, norm)
    return delivered("fftn", value, out)


def ifftn(
    a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None
) -> Any:
    """The inverse of `fftn`."""
    value = fourier.fftn(_value(a), _lengths(s, axes), axes, norm, inverse=True)
    return delivered("ifftn", value, out)


def rfftn(
    a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None
) -> Any:
    """The transform of real numbers over axes; half of the last one."""
    value = fourier.rfftn(_value(a), _lengths(s, axes), axes, norm)
    return delivered("rfftn", value, out)


def irfftn(
    a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None
) -> Any:
    """The inverse of `rfftn`."""
    value = fourier.irfftn(_value(a), _lengths(s, axes), axes, norm)
    return delivered("irfftn", value, out)


def rfft2(
    a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None
) -> Any:
    """The transform of real numbers over two axes."""
    return rfftn(a, s, axes, norm, out)


def irfft2(
    a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None
) -> Any:
    """The inverse of `rfft2`."""
    return irfftn(a, s, axes, norm, out)


# -- frequencies ----------------------------------------------------------------------
def _frequencies(
    function: Callable[..., Any], n: Any, d: Any, device: Any, dtype: Any
) -> Any:
    if not isinstance(n, (int, np.integer)):
        raise ValueError(named(f"n should be an integer; {n!r} was given"))
    wanted = np.dtype(float if dtype is None else dtype)
    if wanted.kind != "f":
        raise TypeError(
            named(f"a real floating dtype was required; {wanted.name} was given")
        )
    made = face.asarray(function(n, d))
    return placed(made if made.dtype == wanted else made.astype(wanted), device)


def fftfreq(n: int, d: float = 1.0, device: Any = None, *, dtype: Any = None) -> Any:
    """The frequencies of `fft`, `d` being the distance of samples.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.fftfreq(4, dtype="float32")
    array([ 0.  ,  0.25, -0.5 , -0.25], dtype=float32)
    """
    return _frequencies(np.fft.fftfreq, n, d, device, dtype)


def rfftfreq(n: int, d: float = 1.0, device: Any = None, *, dtype: Any = None) -> Any:
    """The frequencies of `rfft`."""
    return _frequencies(np.fft.rfftfreq, n, d, device, dtype)


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
