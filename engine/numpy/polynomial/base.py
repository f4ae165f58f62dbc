"""Series as number-like objects: one body for the classes of all families."""

from __future__ import annotations

import os
from collections.abc import Iterator
from numbers import Number
from typing import Any, ClassVar, Self

import numpy as np
from numpy.polynomial._polybase import ABCPolyBase

import engine.numpy.handle as face
from engine.errors import named

from ..fallback import refuse_gradients, to_host
from ..ranges import linspace
from . import calculus, problems, series, values
from .families import Family
from .polyutils import EMPTY, as_series, getdomain, mapdomain, mapparms, trimcoef


class Series:
    """A sum of coefficients, each times a polynomial of its family.

    Points are first mapped from `domain` to `window`.

    Parameters
    ----------
    coef : array_like
        Coefficients, that of the lowest degree first.
    domain, window : array_like, optional
        Two numbers each; those of the class where nothing is given.
    symbol : str
        What the variable is called where series are printed.

    Attributes
    ----------
    coef, domain, window : ndarray
    symbol : str
    """

    __hash__ = None  # type: ignore[assignment]
    __array_ufunc__ = None  # so that arrays leave arithmetic with series to them

    family: ClassVar[Family]
    basis_name: ClassVar[str | None]
    maxpower = 100
    coef: Any
    domain: Any
    window: Any
    _prints_unicode: ClassVar[bool] = os.name != "nt"

    def __init__(
        self, coef: Any, domain: Any = None, window: Any = None, symbol: str = "x"
    ) -> None:
        (self.coef,) = as_series([coef], trim=False)
        if domain is not None:
            self.domain = _interval("Domain", domain)
        if window is not None:
            self.window = _interval("Window", window)
        if not isinstance(symbol, str):
            raise TypeError(named(f"Symbol must be a non-empty string; {symbol!r}"))
        if not symbol.isidentifier():
            message = "Symbol string must be a valid Python identifier"
            raise ValueError(named(f"{message}; {symbol!r} given"))
        self._symbol = symbol

    @property
    def symbol(self) -> str:
        """What the variable is called where the series is printed."""
        return self._symbol

    def _like(self, coef: Any) -> Self:
        """A series of the same domain, window and symbol."""
        return type(self)(coef, self.domain, self.window, self.symbol)

    # -- comparisons --------------------------------------------------------------
    def has_samecoef(self, other: Any) -> bool:
        """Whether coefficients are equal."""
        return _are_equal(self.coef, other.coef)

    def has_samedomain(self, other: Any) -> bool:
        """Whether domains are equal."""
        return _are_equal(self.domain, other.domain)

    def has_samewindow(self, other: Any) -> bool:
        """Whether windows are equal."""
        return _are_equal(self.window, other.window)

    def has_sametype(self, other: Any) -> bool:
        """Whether the other series is of this class."""
        return isinstance(other, type(self))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, type(self))
            and self.has_samedomain(other)
            and self.has_samewindow(other)
            and self.has_samecoef(other)
            and self.symbol == other.symbol
        )

    def _coefficients_of(self, other: Any) -> Any:
        """The coefficients of an operand; None for what has none.

        Raises TypeError or ValueError for a series that does not fit this one.
        """
        if isinstance(other, (Series, ABCPolyBase)):
            if not isinstance(other, type(self)):
                raise TypeError(_differing("Polynomial types", type(self), type(other)))
            if not self.has_samedomain(other):
                raise TypeError(_differing("Domains", self.domain, other.domain))
            if not self.has_samewindow(other):
                raise TypeError(_differing("Windows", self.window, other.window))
            if self.symbol != other.symbol:
                symbols = self.symbol, other.symbol
                raise ValueError(_differing("Polynomial symbols", *symbols))
            return other.coef
        try:
            (coef,) = as_series([other], trim=False)
        except (TypeError, ValueError):
            return None
        return coef

    # -- values -------------------------------------------------------------------
    def __call__(self, arg: Any) -> Any:
        place = mapdomain(arg, self.domain, self.window)
        if not isinstance(place, Series):
            return values.value(self.family, place, self.coef)
        return place._like(
            series.composed(self.family, self.coef, place.family, place.coef)
        )

    def __iter__(self) -> Iterator[Any]:
        return iter(self.coef)

    def __len__(self) -> int:
        return len(self.coef)

    def linspace(self, n: int = 100, domain: Any = None) -> tuple[Any, Any]:
        """Evenly spaced points of the domain, or of another, and the values there."""
        ends = self.domain if domain is None else domain
        refuse_gradients("linspace", "its ends are looked at", ends)
        x = linspace(ends[0], ends[1], n)
        return x, self(x)

    # -- arithmetic ---------------------------------------------------------------
    def __neg__(self) -> Self:
        return self._like(-self.coef)

    def __pos__(self) -> Self:
        return self

    def __add__(self, other: Any) -> Any:
        coef = self._coefficients_of(other)
        if coef is None:
            return NotImplemented
        return self._like(series.add(self.coef, coef))

    def __sub__(self, other: Any) -> Any:
        coef = self._coefficients_of(other)
        if coef is None:
            return NotImplemented
        return self._like(series.subtract(self.coef, coef))

    def __mul__(self, other: Any) -> Any:
        coef = self._coefficients_of(other)
        if coef is None:
            return NotImplemented
        return self._like(series.multiply(self.family, self.coef, coef))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> Any:
        coef = self._coefficients_of(other)
        if coef is None:
            return NotImplemented
        return self._like(series.subtract(coef, self.coef))

    def __truediv__(self, other: Any) -> Any:
        ours = isinstance(other, face.ndarray) and other.scalar
        if not ours and (isinstance(other, bool) or not isinstance(other, Number)):
            kinds = f"'{type(self).__name__}', '{type(other).__name__}'"
            raise TypeError(named(f"unsupported types for true division: {kinds}"))
        return self // other

    def __floordiv__(self, other: Any) -> Any:
        both = self.__divmod__(other)
        return both if both is NotImplemented else both[0]

    def __mod__(self, other: Any) -> Any:
        both = self.__divmod__(other)
        return both if both is NotImplemented else both[1]

    def __divmod__(self, other: Any) -> Any:
        coef = self._coefficients_of(other)
        if coef is None:
            return NotImplemented
        return tuple(map(self._like, series.divide(self.family, self.coef, coef)))

    def __rfloordiv__(self, other: Any) -> Any:
        both = self.__rdivmod__(other)
        return both if both is NotImplemented else both[0]

    def __rmod__(self, other: Any) -> Any:
        both = self.__rdivmod__(other)
        return both if both is NotImplemented else both[1]

    def __rdivmod__(self, other: Any) -> Any:
        coef = self._coefficients_of(other)
        if coef is None:
            return NotImplemented
        return tuple(map(self._like, series.divide(self.family, coef, self.coef)))

    def __pow__(self, other: Any) -> Self:
        return self._like(series.power(self.family, self.coef, other, self.maxpower))

    # -- degrees ------------------------------------------------------------------
    def copy(self) -> Self:
        """A copy of the series."""
        return self._like(self.coef)

    def degree(self) -> int:
        """The number of coefficients less one, zeros included."""
        return len(self) - 1

    def cutdeg(self, deg: Any) -> Self:
        """The series without what is above a degree."""
        return self.truncate(deg + 1)

    def trim(self, tol: Any = 0) -> Self:
        """The series without trailing coefficients of at most `tol`."""
        return self._like(trimcoef(self.coef, tol))

    def truncate(self, size: Any) -> Self:
        """The series of the first `size` coefficients."""
        count = int(size)
        if count != size or count < 1:
            raise ValueError(named(f"size must be a positive integer; {size} given"))
        return self._like(self.coef[:count])

    # -- changes ------------------------------------------------------------------
    def convert(self, domain: Any = None, kind: Any = None, window: Any = None) -> Any:
        """The same polynomial as a series of another class, domain or window."""
        wanted = type(self) if kind is None else kind
        domain = wanted.domain if domain is None else domain
        window = wanted.window if window is None else window
        return self(wanted.identity(domain, window=window, symbol=self.symbol))

    def mapparms(self) -> tuple[Any, Any]:
        """Offset and scale of the map of the domain onto the window."""
        return mapparms(self.domain, self.window)

    def integ(self, m: int = 1, k: Any = EMPTY, lbnd: Any = None) -> Self:
        """The m-th antiderivative, with constants `k` at `lbnd`."""
        offset, scale = self.mapparms()
        start = 0 if lbnd is None else offset + scale * lbnd
        parts = calculus.antiderivative(
            self.family, self.coef, m, k, start, 1.0 / scale, 0
        )
        return self._like(parts)

    def deriv(self, m: int = 1) -> Self:
        """The m-th derivative."""
        _, scale = self.mapparms()
        return self._like(calculus.derivative(self.family, self.coef, m, scale, 0))

    def roots(self) -> Any:
        """The roots, sorted before they are mapped to the domain."""
        found = problems.roots(self.family, self.coef)
        return mapdomain(found, self.window, self.domain)

    # -- series from other things -------------------------------------------------
    @classmethod
    def fit(
        cls,
        x: Any,
        y: Any,
        deg: Any,
        domain: Any = None,
        rcond: float | None = None,
        full: bool = False,
        w: Any = None,
        window: Any = None,
        symbol: str = "x",
    ) -> Any:
        """The series nearest to points by least squares.

        Parameters
        ----------
        x, y : array_like
            Places, and values at them.
        deg : int or sequence of int
            The highest degree, or all degrees that take part.
        domain : array_like, optional
            None: the smallest interval that holds the points; []: that of the class.
        rcond : float, optional
            Singular values below this share of the largest are left out.
        full : bool
            Whether to return what `linalg.lstsq` says, too.
        w : array_like, optional
            How much the distance at each place counts.
        """
        if domain is None:
            domain = getdomain(x)
            if domain[0] == domain[1]:
                domain = domain + np.array([-1, 1])
        domain = cls.domain if _is_empty(domain) else domain
        window = cls.window if window is None else window
        places = mapdomain(x, domain, window)
        found = problems.fit(cls.family, places, y, deg, rcond, full, w)
        coef, status = found if full else (found, None)
        made = cls(coef, domain=domain, window=window, symbol=symbol)
        return (made, status) if full else made

    @classmethod
    def fromroots(
        cls,
        roots: Any,
        domain: Any = EMPTY,
        window: Any = None,
        symbol: str = "x",
    ) -> Self:
        """The series with these roots and with 1 for the highest power of x."""
        (places,) = as_series([roots], trim=False)
        domain = getdomain(places) if domain is None else domain
        domain = cls.domain if _is_empty(domain) else domain
        window = cls.window if window is None else window
        offset, scale = mapparms(domain, window)
        coef = series.from_roots(cls.family, offset + scale * places)
        coef = coef / scale ** len(places)
        return cls(coef, domain=domain, window=window, symbol=symbol)

    @classmethod
    def identity(
        cls, domain: Any = None, window: Any = None, symbol: str = "x"
    ) -> Self:
        """The series whose value at each point is the point."""
        domain = cls.domain if domain is None else domain
        window = cls.window if window is None else window
        coef = series.line(cls.family, *mapparms(window, domain))
        return cls(coef, domain, window, symbol)

    @classmethod
    def basis(
        cls,
        deg: Any,
        domain: Any = None,
        window: Any = None,
        symbol: str = "x",
    ) -> Self:
        """The series that is the polynomial of a degree."""
        degree = int(deg)
        if degree != deg or degree < 0:
            raise ValueError(named(f"deg must be non-negative integer; {deg} given"))
        domain = cls.domain if domain is None else domain
        window = cls.window if window is None else window
        return cls([0] * degree + [1], domain, window, symbol)

    @classmethod
    def cast(cls, series: Any, domain: Any = None, window: Any = None) -> Any:
        """A series of any class as one of this class."""
        domain = cls.domain if domain is None else domain
        window = cls.window if window is None else window
        return series.convert(domain, cls, window)

    # -- printing -----------------------------------------------------------------
    def _of_numpy(self) -> Any:
        """NumPy's series of the same numbers, which knows how to print itself."""
        cls = getattr(np.polynomial, self.family.name)
        numbers = to_host((self.coef, self.domain, self.window))
        return cls(*numbers, symbol=self.symbol)

    def __repr__(self) -> str:
        plain = repr(self._of_numpy()).removeprefix(self.family.name)
        return f"{type(self).__name__}{plain}"

    def __str__(self) -> str:
        return format(self._of_numpy(), "unicode" if self._prints_unicode else "ascii")

    def __format__(self, fmt_str: str) -> str:
        return format(self._of_numpy(), fmt_str) if fmt_str else str(self)

    def _repr_latex_(self) -> str:
        return str(self._of_numpy()._repr_latex_())


ABCPolyBase.register(Series)  # NumPy's series refuse ours as those of another class


def _interval(name: str, given: Any) -> Any:
    (ends,) = as_series([given], trim=False)
    if len(ends) != 2:
        message = f"{name} has wrong number of elements; {len(ends)} given"
        raise ValueError(named(message))
    return ends


def _is_empty(domain: Any) -> bool:
    return isinstance(domain, list) and not domain


def _are_equal(one: Any, two: Any) -> bool:
    return np.array_equal(*to_host((one, two)))


def _differing(what: str, one: Any, two: Any) -> str:
    return named(f"{what} differ: {one!r} and {two!r} were given")
