"""poly1d: a polynomial as a number-like object, as NumPy has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import named

from .manipulation import atleast_1d
from .triangles import trim_zeros


def trimmed(weights: Any) -> Any:
    """Coefficients without leading zeros, of which at least one is left. Computes."""
    left = trim_zeros(weights, "f")
    return left if left.size else face.ndarray(1, left.dtype)


class poly1d:
    """A polynomial in one variable, given by coefficients or by its zeros.

    Leading zeros are dropped, which looks at the coefficients.

    Parameters
    ----------
    c_or_r : array_like
        Coefficients, that of the highest power first; or zeros.
    r : bool
        Whether zeros are given.
    variable : str, optional
        The letter that is printed.

    Examples
    --------
    >>> import engine.numpy as np
    >>> p = np.poly1d([1, 2, 3])
    >>> p(2)
    np.int64(11)
    >>> (p * p).coeffs
    array([ 1,  4, 10, 12,  9])
    """

    __hash__ = None  # type: ignore[assignment]
    _coeffs: Any
    _variable: str

    def __init__(
        self, c_or_r: Any, r: bool = False, variable: str | None = None
    ) -> None:
        from .polynomials import poly

        if isinstance(c_or_r, poly1d):
            self._variable = c_or_r._variable if variable is None else variable
            self._coeffs = c_or_r._coeffs
            return
        weights = atleast_1d(poly(c_or_r) if r else c_or_r)
        if weights.ndim > 1:
            raise ValueError(named("Polynomial must be 1d only."))
        self._coeffs = trimmed(weights)
        self._variable = "x" if variable is None else variable

    @property
    def coeffs(self) -> Any:
        """The coefficients, that of the highest power first."""
        return self._coeffs

    @coeffs.setter
    def coeffs(self, value: Any) -> None:
        if value is not self._coeffs:
            raise AttributeError("Cannot set attribute")

    c = coef = coefficients = coeffs

    @property
    def variable(self) -> str:
        """The letter that is printed."""
        return self._variable

    @property
    def order(self) -> int:
        """The highest power."""
        return int(self._coeffs.size) - 1

    o = order

    @property
    def roots(self) -> Any:
        """The zeros of the polynomial."""
        from .polynomials import roots

        return roots(self._coeffs)

    r = roots

    def __call__(self, val: Any) -> Any:
        from .polynomials import polyval

        return polyval(self, val)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self._coeffs.computed(), dtype)

    def __len__(self) -> int:
        return self.order

    def __iter__(self) -> Iterator[Any]:
        return iter(self._coeffs)

    def __getitem__(self, val: int) -> Any:
        if not 0 <= val <= self.order:
            return self._coeffs.dtype.type(0)
        return self._coeffs[self.order - val]

    def __setitem__(self, key: int, val: Any) -> None:
        if key < 0:
            raise ValueError(named("Does not support negative powers."))
        if key > self.order:
            lead = face.ndarray(key - self.order, self._coeffs.dtype)
            from .joining import concatenate

            self._coeffs = concatenate((lead, self._coeffs))
        self._coeffs[self.order - key] = val

    # -- arithmetic ---------------------------------------------------------------
    def __neg__(self) -> poly1d:
        return poly1d(-self._coeffs)

    def __pos__(self) -> poly1d:
        return self

    def __add__(self, other: Any) -> Any:
        from .polynomials import polyadd

        return polyadd(self, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        from .polynomials import polysub

        return polysub(self, other)

    def __rsub__(self, other: Any) -> Any:
        from .polynomials import polysub

        return polysub(other, self)

    def __mul__(self, other: Any) -> Any:
        from .polynomials import polymul

        if np.isscalar(other):
            return poly1d(self._coeffs * other)
        return polymul(self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        from .polynomials import polydiv

        if np.isscalar(other):
            return poly1d(self._coeffs / other)
        return polydiv(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        from .polynomials import polydiv

        if np.isscalar(other):
            return poly1d(other / self._coeffs)
        return polydiv(other, self)

    def __pow__(self, val: Any) -> Any:
        if not isinstance(val, (int, np.integer)) or val < 0:
            raise ValueError(named("Power to non-negative integers only."))
        result: Any = poly1d([1])
        for _ in range(val):
            result = self * result
        return result

    def __eq__(self, other: object) -> Any:
        if not isinstance(other, poly1d):
            return NotImplemented
        if self._coeffs.shape != other._coeffs.shape:
            return False
        return bool((self._coeffs == other._coeffs).all())

    def __ne__(self, other: object) -> Any:
        if not isinstance(other, poly1d):
            return NotImplemented
        return not self == other

    # -- calculus -----------------------------------------------------------------
    def deriv(self, m: int = 1) -> Any:
        """The m-th derivative."""
        from .polynomials import polyder

        return polyder(self, m)

    def integ(self, m: int = 1, k: Any = 0) -> Any:
        """The m-th antiderivative, with constants of integration."""
        from .polynomials import polyint

        return polyint(self, m, k)

    # -- printing -----------------------------------------------------------------
    def __repr__(self) -> str:
        return repr(np.poly1d(self._coeffs.computed(), variable=self._variable))

    def __str__(self) -> str:
        return str(np.poly1d(self._coeffs.computed(), variable=self._variable))
