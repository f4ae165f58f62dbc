"""Windows: weights that fall off to the ends; and the Bessel function for one."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import named
from engine.record.registry import REGISTRY

from .elementwise import apply
from .ranges import arange

__all__ = ["bartlett", "blackman", "hamming", "hanning", "i0", "kaiser"]


def _short(M: Any) -> Any:
    """Windows of at most one point; None for longer ones."""
    if M < 1:
        return face.ndarray(0, np.result_type(M, 0.0))
    return arange(1, 2, dtype=np.result_type(M, 0.0)) if M == 1 else None


def _centred(M: Any) -> Any:
    """Places of the points of a window, from -1 to 1."""
    return arange(1 - M, M, 2) / (M - 1)


def _cosines(M: Any, *weights: float) -> Any:
    """A window that is a sum of cosines."""
    short = _short(M)
    if short is not None:
        return short
    angle, total = _centred(M) * np.pi, weights[0]
    for k, weight in enumerate(weights[1:], 1):
        total = total + weight * apply(REGISTRY["cos"], angle * k)
    return total


def hanning(M: Any) -> Any:
    """The Hann window: one cosine, 0 at both ends.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.hanning(5).round(3)
    array([0. , 0.5, 1. , 0.5, 0. ])
    """
    return _cosines(M, 0.5, 0.5)


def hamming(M: Any) -> Any:
    """The Hamming window: one cosine, 0.08 at both ends.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.hamming(3)
    array([0.08, 1.  , 0.08])
    """
    return _cosines(M, 0.54, 0.46)


def blackman(M: Any) -> Any:
    """The Blackman window: two cosines.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.blackman(5).round(2) + 0.0
    array([0.  , 0.34, 1.  , 0.34, 0.  ])
    """
    return _cosines(M, 0.42, 0.5, 0.08)


def bartlett(M: Any) -> Any:
    """The Bartlett window: a triangle, 0 at both ends.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.bartlett(5)
    array([0. , 0.5, 1. , 0.5, 0. ])
    """
    short = _short(M)
    return 1.0 - abs(_centred(M)) if short is None else short


def kaiser(M: Any, beta: Any) -> Any:
    """The Kaiser window; `beta` says how fast it falls off, and has a gradient.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.kaiser(3, 2.0).round(3)
    array([0.439, 1.   , 0.439])
    """
    short = _short(M)
    if short is not None:
        return short
    place, beta = _centred(M), face.asarray(beta)
    beta = beta if beta.dtype.kind == "c" else beta.astype(float)
    return i0(beta * apply(REGISTRY["sqrt"], 1.0 - place * place)) / i0(beta)


# -- the Bessel function --------------------------------------------------------------
_TERMS = 26
"""Terms of the power series that 8 needs."""

_TAIL = (
    0.40217650944500816,
    0.0033605519836670235,
    0.00013621607437904054,
    1.1143033854011811e-05,
    1.48384809739718e-06,
    2.973584533150965e-07,
    8.871360038754707e-08,
    3.9340297511352995e-08,
    2.1620199017859248e-08,
    7.472268704900415e-09,
    -7.1010934904762744e-09,
    -1.312290013299317e-08,
    -4.305727426988361e-09,
    6.919159946153143e-09,
    5.191958083669399e-09,
    -2.5947610525034172e-09,
    -2.9337366286377844e-09,
    6.763382929319093e-10,
    9.735776625085242e-10,
    -8.979705022846649e-11,
    -1.4824893214970786e-10,
)
"""exp(-x) sqrt(x) i0(x) for x above 8, in powers of 16 / x - 1; to 2 ULP."""


def i0(x: Any) -> Any:
    """The modified Bessel function of the first kind, order 0.

    A power series up to 8, then a polynomial in the reciprocal.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.i0(np.arange(3.0)).round(6)
    array([1.      , 1.266066, 2.279585])
    """
    array = face.asarray(x)
    if array.dtype.kind == "c":
        raise TypeError(named("real numbers were required; complex ones were given"))
    place = array if array.dtype.kind == "f" else array.astype(float)
    near, where = abs(place) <= 8, REGISTRY["where"]
    far = apply(where, near, 8.0, abs(place))
    result = apply(where, near, _series(place), _tail(far))
    return face.ndarray.wrap(result.read())  # an array also where there are no axes


def _series(x: Any) -> Any:
    square = x * x * 0.25
    total: Any = 1.0
    for k in range(_TERMS, 0, -1):
        total = total * square * (1.0 / (k * k)) + 1.0
    return total


def _tail(x: Any) -> Any:
    place = 16.0 / x - 1.0
    total: Any = _TAIL[-1]
    for weight in _TAIL[-2::-1]:
        total = total * place + weight
    return apply(REGISTRY["exp"], x) * total / apply(REGISTRY["sqrt"], x)
