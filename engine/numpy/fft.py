"""Fourier transforms: recorded as everything else, computed by pocketfft."""

from __future__ import annotations

from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.array import Array
from engine.composites import fourier
from engine.errors import named, warn_user
from engine.movement import integers
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
    if out is not None and getattr(out, "shape", value.shape) != value.shape:
        raise ValueError(
            named(
                f"output array has wrong shape: {value.shape} was required; "
                f"{out.shape} was given"
            )
        )
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
    """The inverse of `fft`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.ifft(np.array([4.0, 0.0, 0.0, 0.0]))
    array([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])
    """
    return _along(fourier.ifft, a, n, axis, norm, out)


def rfft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    """The transform of real numbers, its first half.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.rfft(np.array([1.0, 0.0, 1.0, 0.0]))
    array([2.+0.j, 0.+0.j, 2.+0.j])
    """
    return _along(fourier.rfft, a, n, axis, norm, out)


def irfft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    """The inverse of `rfft`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.irfft(np.array([2.0, 0.0, 2.0]))
    array([1., 0., 1., 0.])
    """
    return _along(fourier.irfft, a, n, axis, norm, out)


def hfft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    """The transform of a Hermitian sequence, given its first half: real numbers.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.hfft(np.array([1.0, 0.5, 0.0]))
    array([2., 1., 0., 1.])
    """
    return _along(fourier.hfft, a, n, axis, norm, out)


def ihfft(
    a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None
) -> Any:
    """The inverse of `hfft`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.ihfft(np.array([1.0, 1.0, 1.0, 1.0]))
    array([1.-0.j, 0.-0.j, 0.-0.j])
    """
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
    """The transform over two axes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.fft2(np.eye(2))
    array([[2.+0.j, 0.+0.j],
           [0.+0.j, 2.+0.j]])
    """
    return fftn(a, s, axes, norm, out)


def ifft2(
    a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None
) -> Any:
    """The inverse of `fft2`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.ifft2(np.fft.fft2(np.eye(2))).real
    array([[1., 0.],
           [0., 1.]])
    """
    return ifftn(a, s, axes, norm, out)


def fftn(
    a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None
) -> Any:
    """The transform over axes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.fftn(np.ones((2, 2, 2)))[0, 0, 0]
    np.complex128(8+0j)
    """
    value = fourier.fftn(_value(a), _lengths(s, axes), axes, norm)
    return delivered("fftn", value, out)


def ifftn(
    a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None
) -> Any:
    """The inverse of `fftn`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.ifftn(np.fft.fftn(np.arange(4.0).reshape(2, 2))).real
    array([[0., 1.],
           [2., 3.]])
    """
    value = fourier.fftn(_value(a), _lengths(s, axes), axes, norm, inverse=True)
    return delivered("ifftn", value, out)


def rfftn(
    a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None
) -> Any:
    """The transform of real numbers over axes; half of the last one.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.rfftn(np.ones((2, 4))).shape
    (2, 3)
    """
    value = fourier.rfftn(_value(a), _lengths(s, axes), axes, norm)
    return delivered("rfftn", value, out)


def irfftn(
    a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None
) -> Any:
    """The inverse of `rfftn`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.irfftn(np.fft.rfftn(np.ones((2, 4)))).shape
    (2, 4)
    """
    value = fourier.irfftn(_value(a), _lengths(s, axes), axes, norm)
    return delivered("irfftn", value, out)


def rfft2(
    a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None
) -> Any:
    """The transform of real numbers over two axes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.rfft2(np.ones((2, 4)))[0]
    array([8.+0.j, 0.+0.j, 0.+0.j])
    """
    return rfftn(a, s, axes, norm, out)


def irfft2(
    a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None
) -> Any:
    """The inverse of `rfft2`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.irfft2(np.fft.rfft2(np.ones((2, 4))))
    array([[1., 1., 1., 1.],
           [1., 1., 1., 1.]])
    """
    return irfftn(a, s, axes, norm, out)


# -- frequencies ----------------------------------------------------------------------
def _frequencies(
    function: Callable[..., Any], n: Any, d: Any, device: Any, dtype: Any
) -> Any:
    n = n.item() if isinstance(n, Array) else n
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
    """The frequencies of `rfft`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.rfftfreq(4, d=0.5)
    array([0. , 0.5, 1. ])
    """
    return _frequencies(np.fft.rfftfreq, n, d, device, dtype)


def _shifted(x: Any, axes: Any, sign: int) -> Any:
    from .rearrangement import roll

    array = face.asarray(x)
    axes = tuple(range(array.ndim)) if axes is None else integers(axes)
    halves = tuple(
        array.shape[a] // 2 if sign > 0 else -(array.shape[a] // 2) for a in axes
    )
    return roll(array, halves, tuple(axes))


def fftshift(x: Any, axes: Any = None) -> Any:
    """The zero frequency moved to the middle.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.fftshift(np.fft.fftfreq(4))
    array([-0.5 , -0.25,  0.  ,  0.25])
    """
    return _shifted(x, axes, 1)


def ifftshift(x: Any, axes: Any = None) -> Any:
    """The inverse of `fftshift`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fft.ifftshift(np.arange(4))
    array([2, 3, 0, 1])
    """
    return _shifted(x, axes, -1)


def __getattr__(name: str) -> Any:
    raise AttributeError(nearest_message(name, __all__, __name__, np.fft))
