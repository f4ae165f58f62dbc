"""Polynomials in one variable, given by coefficients with the highest power first."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import named, warn_user

from .creation import as_index, ones, zeros_like
from .fallback import library_call, refuse_gradients
from .joining import concatenate
from .linalg import eigvals, inv, lstsq
from .manipulation import atleast_1d
from .polynomial_class import poly1d, trimmed
from .ranges import arange
from .signals import convolve
from .triangles import vander

__all__ = [
    "poly",
    "poly1d",
    "polyadd",
    "polyder",
    "polydiv",
    "polyfit",
    "polyint",
    "polymul",
    "polysub",
    "polyval",
    "roots",
]


def poly(seq_of_zeros: Any) -> Any:
    """The coefficients of the polynomial with these zeros, or of a square matrix.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.poly([1.0, 2.0])
    array([ 1., -3.,  2.])
    """
    zeros = atleast_1d(seq_of_zeros)
    if zeros.ndim == 2 and zeros.shape[0] == zeros.shape[1] != 0:
        zeros = eigvals(zeros)
    elif zeros.ndim != 1:
        raise ValueError(named("input must be 1d or non-empty square 2d array."))
    if not zeros.size:
        return 1.0
    if zeros.dtype.char not in "fdgFD":
        zeros = zeros.astype(float)
    one = made = ones(1, zeros.dtype)
    for k in range(zeros.size):
        made = convolve(made, concatenate((one, -zeros[k : k + 1])))
    if made.dtype.kind == "c" and _is_closed(zeros.computed()):
        made = made.real.copy()
    return made


def _is_closed(zeros: Any) -> bool:
    """Whether the conjugates of all zeros are among them."""
    return bool(np.all(np.sort(zeros) == np.sort(zeros.conjugate())))


def roots(p: Any) -> Any:
    """The zeros of a polynomial; computed by NumPy.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.roots(np.array([1.0, -3.0, 2.0]))
    array([2., 1.])
    """
    return library_call("roots", np.roots, weights_of(p))


def polyval(p: Any, x: Any) -> Any:
    """The values of a polynomial, by Horner's rule.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polyval([3.0, 0.0, 1.0], np.array([5.0, 2.0]))
    array([76., 13.])
    """
    weights = p.coeffs if isinstance(p, poly1d) else atleast_1d(p)
    place: Any = x if isinstance(x, poly1d) else face.asarray(x)
    total: Any = 0 if isinstance(x, poly1d) else zeros_like(place)
    for k in range(weights.shape[0]):
        total = total * place + weights[k]
    return total


def weights_of(p: Any) -> Any:
    """The coefficients of a polynomial, as an array of one axis."""
    if isinstance(p, poly1d):
        return p.coeffs
    weights = atleast_1d(p)
    if weights.ndim > 1:
        raise ValueError(named(f"one axis was required; shape {weights.shape} given"))
    return weights


def _of_class(weights: Any, *given: Any) -> Any:
    """Coefficients; as a poly1d where one was given."""
    return poly1d(weights) if any(isinstance(p, poly1d) for p in given) else weights


def _padded(a1: Any, a2: Any) -> tuple[Any, Any]:
    """Both polynomials with zeros for the powers that one of them lacks."""
    one, two = weights_of(a1), weights_of(a2)
    missing = two.size - one.size
    if missing > 0:
        one = concatenate((face.ndarray(missing, one.dtype), one))
    elif missing < 0:
        two = concatenate((face.ndarray(-missing, two.dtype), two))
    return one, two


def polyadd(a1: Any, a2: Any) -> Any:
    """The sum of two polynomials.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polyadd(np.array([1, 2]), np.array([1, 0, 0]))
    array([1, 1, 2])
    """
    one, two = _padded(a1, a2)
    return _of_class(one + two, a1, a2)


def polysub(a1: Any, a2: Any) -> Any:
    """The difference of two polynomials.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polysub(np.array([1, 2]), np.array([1, 0]))
    array([0, 2])
    """
    one, two = _padded(a1, a2)
    return _of_class(one - two, a1, a2)


def polymul(a1: Any, a2: Any) -> Any:
    """The product of two polynomials. Looks for leading zeros.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polymul(np.array([1, 1]), np.array([1, -1]))
    array([ 1,  0, -1])
    """
    return _of_class(convolve(trimmed(weights_of(a1)), trimmed(weights_of(a2))), a1, a2)


def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """Quotient and remainder of two polynomials. Looks for leading zeros.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polydiv(np.array([1.0, 0.0, -1.0]), np.array([1.0, 1.0]))
    (array([ 1., -1.]), array([0.]))
    """
    over, under = weights_of(u) + 0.0, weights_of(v) + 0.0
    if not over.size or not under.size:
        raise IndexError(named("coefficients were required; none were given"))
    dtype = np.result_type(over.dtype, under.dtype)
    steps = over.size - under.size + 1
    rest, parts = over.astype(dtype), []
    scale = 1.0 / under[0]
    for k in range(steps):
        parts.append(scale * rest[k : k + 1])
        end = k + under.size
        less = rest[k:end] - parts[-1] * under
        rest = concatenate((rest[:k], less, rest[end:]))
    quotient = concatenate(parts).astype(dtype) if parts else face.ndarray(1, dtype)
    small = np.isclose(rest.computed(), 0, rtol=1e-14)
    kept = int(np.argmin(small)) if not small.all() else rest.size - 1
    return _of_class(quotient, u, v), _of_class(rest[kept:], u, v)


def polyder(p: Any, m: Any = 1) -> Any:
    """The m-th derivative of a polynomial.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polyder(np.array([1, 2, 3]))
    array([2, 2])
    """
    times = as_index(m, "an order")
    if times < 0:
        raise ValueError(named("Order of derivative must be positive (see polyint)"))
    weights = weights_of(p)
    for _ in range(times):
        weights = weights[:-1] * arange(weights.shape[0] - 1, 0, -1)
    return _of_class(weights, p)


def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """The m-th antiderivative of a polynomial, with constants `k` of integration.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polyint(np.array([3.0, 2.0, 1.0]))
    array([1., 1., 1., 0.])
    """
    times = index(m)
    if times < 0:
        raise ValueError(named("Order of integral must be positive (see polyder)"))
    constants = atleast_1d(0.0 if k is None else k)
    if constants.size == 1 and times > 1:
        constants = constants.ravel()[[0] * times]
    if constants.size < times:
        raise ValueError(named(f"one constant or at least {m} were required as k"))
    weights = weights_of(p)
    for step in range(times):
        grown = weights / arange(weights.shape[0], 0, -1)
        weights = concatenate((grown, constants[step : step + 1]))
    return _of_class(weights, p)


# -- fits -----------------------------------------------------------------------------
def polyfit(
    x: Any,
    y: Any,
    deg: Any,
    rcond: float | None = None,
    full: bool = False,
    w: Any = None,
    cov: Any = False,
) -> Any:
    """The coefficients of the polynomial that is nearest to points, by least squares.

    Parameters
    ----------
    x, y : array_like
        Places, and values at them: of one axis, or a column for each of several fits.
    deg : int
        The degree.
    rcond : float, optional
        Singular values below this share of the largest are left out.
    full : bool
        Whether to return what `linalg.lstsq` says, too.
    w : array_like, optional
        How much the distance at each place counts.
    cov : bool or "unscaled"
        Whether to return the covariance of the coefficients, too.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.arange(4.0)
    >>> np.polyfit(x, 2 * x + 1, 1).round(6)
    array([2., 1.])
    """
    refuse_gradients("polyfit", "NumPy computes the fit", (x, y, w))
    place, value = face.asarray(x) + 0.0, face.asarray(y) + 0.0
    order = as_index(deg, "a degree") + 1
    _check_points(order, place, value, w)
    limit = place.size * np.finfo(place.dtype).eps if rcond is None else rcond
    left = vander(place, order)
    if w is not None:
        weights = face.asarray(w) + 0.0
        left = left * weights[:, None]
        value = value * (weights if value.ndim == 1 else weights[:, None])
    scale = abs(left * left.conj()).sum(axis=0) ** 0.5
    found, residuals, rank, singular = lstsq(left / scale, value, limit)
    found = (found.T / scale).T
    if rank != order and not full:
        message = "polyfit: Polyfit may be poorly conditioned"
        warn_user(message, np.exceptions.RankWarning)
    if full:
        return found, residuals, rank, singular, limit
    if not cov:
        return found
    scaled = left / scale
    spread = inv(scaled.T @ scaled) / (scale[:, None] * scale)
    factor = 1.0 if cov == "unscaled" else residuals / _freedom(place.size, order)
    return found, spread * factor if value.ndim == 1 else spread[:, :, None] * factor


def _freedom(points: int, order: int) -> int:
    if points <= order:
        raise ValueError(
            named("the number of data points must exceed order to scale the covariance")
        )
    return points - order


def _check_points(order: int, x: Any, y: Any, w: Any) -> None:
    if order < 1:
        raise ValueError(named("expected deg >= 0"))
    if x.ndim != 1:
        raise TypeError(named("expected 1D vector for x"))
    if not x.size:
        raise TypeError(named("expected non-empty vector for x"))
    if y.ndim not in (1, 2):
        raise TypeError(named("expected 1D or 2D array for y"))
    if x.shape[0] != y.shape[0]:
        raise TypeError(named("expected x and y to have same length"))
    if w is not None and face.asarray(w).shape != x.shape:
        raise TypeError(named("expected a 1-d array of the length of x for weights"))
