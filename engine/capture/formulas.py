"""Formulas: how numbers of recordings follow from the extents of their arguments.

Some recordings of a function, of arguments of other extents, differ in numbers: shapes,
strides, places, how often a kernel repeats. Each of those is fitted by a polynomial of
the extents, in exact arithmetic and with at least one recording more than it has
coefficients, which are integers. A number that is not, such as ``(n + 1) // 2``, has
none.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations_with_replacement
from math import prod
from typing import Any, NamedTuple

import numpy as np

Integers = np.ndarray[Any, Any]
Monomial = tuple[int, ...]
"""Which extents are multiplied; () is 1."""

MOST = 3
"""So many extents may change."""

LARGE = 2**62


def monomials(changing: Sequence[int]) -> list[Monomial]:
    """The products of extents, by number, that formulas are made of, low ones first.

    Of a single extent the third power is one of them, as in ``x[:, :, None] * x``.

    >>> monomials([2])
    [(), (2,), (2, 2), (2, 2, 2)]
    >>> monomials([0, 1])
    [(), (0,), (1,), (0, 0), (0, 1), (1, 1)]
    """
    degree = 3 if len(changing) == 1 else 2
    return [
        term
        for count in range(degree + 1)
        for term in combinations_with_replacement(changing, count)
    ]


def changing(extents: Sequence[Sequence[int]]) -> list[int]:
    """Which extents are not the same in all recordings, by number.

    >>> changing([(3, 7, 2), (4, 7, 2)])
    [0]
    """
    columns = zip(*extents, strict=True)
    return [k for k, column in enumerate(columns) if len({*column}) > 1]


def wanted(count: int) -> int:
    """How many recordings it takes where so many extents change.

    >>> wanted(1), wanted(2)
    (5, 7)
    """
    return len(monomials(range(count))) + 1


class Formulas(NamedTuple):
    """Numbers as polynomials of extents.

    Parameters
    ----------
    terms : list of tuple of int
        The products of extents that they are sums of.
    coefficients : ndarray of int64, shape (numbers, terms)
    relations : list of (int, list of int, list of tuple of int)
        What has been so for all extents that were seen: ``(d, c, terms)`` says that
        ``d`` times the last term is the sum of the others, each times its ``c``.
    """

    terms: list[Monomial]
    coefficients: Integers
    relations: list[tuple[int, list[int], list[Monomial]]]

    def numbers(self, extents: Sequence[int]) -> Integers | None:
        """The numbers for some extents; None where a relation does not hold."""
        for divisor, factors, terms in self.relations:
            *others, last = [prod([extents[k] for k in term]) for term in terms]
            total = sum([c * x for c, x in zip(factors, others, strict=True)])
            if divisor * last != total:
                return None
        values = [prod([extents[k] for k in term]) for term in self.terms]
        found: Integers = self.coefficients @ np.array(values, np.int64)
        return found

    def are_linear(self) -> bool:
        """Whether numbers are linear in each extent."""
        return all([len({*term}) == len(term) for term in self.terms])

    def fits(self, extents: Sequence[int]) -> bool:
        """Whether no number overflows for extents up to these."""
        values = [prod([extents[k] for k in term]) for term in self.terms]
        rows = np.abs(self.coefficients).tolist()
        return all(
            sum([c * x for c, x in zip(row, values, strict=True)]) < LARGE
            for row in rows
        )


def fit(extents: Sequence[Sequence[int]], numbers: Integers) -> Formulas | None:
    """The formulas of numbers; None where one of them has none.

    Parameters
    ----------
    extents : sequence of sequence of int
        Those of each recording, `wanted` at least.
    numbers : ndarray of int64, shape (recordings, numbers)

    Examples
    --------
    >>> extents = [(5, 2), (6, 2), (8, 2), (9, 2), (12, 2)]
    >>> found = fit(extents, np.array([[n - 2, n * n] for n, _ in extents]))
    >>> found.numbers((10, 2)).tolist()
    [8, 100]
    >>> fit(extents, np.array([[n // 2] for n, _ in extents])) is None
    True
    """
    names = changing(extents)
    if not names or len(names) > MOST or len(extents) < wanted(len(names)):
        return None
    all_terms = monomials(names)
    rows = [
        [prod([one[k] for k in term]) for term in all_terms] + list(map(int, own))
        for one, own in zip(extents, numbers.tolist(), strict=True)
    ]
    count = len(all_terms)
    reduced, pivots = _reduced(rows, count)
    if any(x for row in reduced[len(pivots) :] for x in row[count:]):
        return None
    relations = []
    for k in range(count):
        if k not in pivots:
            factors = [reduced[i][k] for i in range(len(pivots))]
            divisor = prod({x.denominator for x in factors})
            whole = [int(x * divisor) for x in factors]
            terms = [*(all_terms[p] for p in pivots), all_terms[k]]
            relations.append((divisor, whole, terms))
    found = [row[count:] for row in reduced[: len(pivots)]]
    if any(x.denominator != 1 for row in found for x in row):
        return None
    used = [i for i, row in enumerate(found) if any(row)] or [0]
    table = np.array([[int(x) for x in found[i]] for i in used], np.int64).T
    return Formulas([all_terms[pivots[i]] for i in used], table.copy(), relations)


def _reduced(
    rows: Sequence[Sequence[int]], count: int
) -> tuple[list[list[Fraction]], list[int]]:
    """The reduced row echelon form of the first `count` columns; where its pivots are.

    The other columns go with them.
    """
    left = [list(map(Fraction, row)) for row in rows]
    pivots: list[int] = []
    for column in range(count):
        top = len(pivots)
        best = next((i for i in range(top, len(left)) if left[i][column]), None)
        if best is None:
            continue
        left[top], left[best] = left[best], left[top]
        pivot = left[top][column]
        left[top] = [x / pivot for x in left[top]]
        for i, row in enumerate(left):
            factor = row[column]
            if i != top and factor:
                left[i] = [
                    x - factor * y if y else x
                    for x, y in zip(row, left[top], strict=True)
                ]
        pivots.append(column)
    return left, pivots
