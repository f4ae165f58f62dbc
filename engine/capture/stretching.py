"""Steady calls of any extents: some axes may have any length between two.

Recordings of other extents differ in numbers that follow from these (see `sized`).
Where nothing else differs, native code finds them by itself: each word of the plan,
each extent of a result and each count is a sum of products of the extents that change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from engine.capture.formulas import Monomial, fit, wanted
from engine.capture.sized import Extents, Sized, SizedPlan
from engine.capture.steady import Filled, Host, Nested, Steady, Stretch
from engine.capture.steadying import Unsteady, described, steady_of
from engine.extents import alike
from engine.kernels.native.reckoning import OF_PLAN, OF_TABLE
from engine.kernels.native.resizing import shared_places
from engine.recipe import Recipe, owned

if TYPE_CHECKING:
    from engine.capture.call import Call
    from engine.capture.replay import Entry

Numbers = np.ndarray[Any, np.dtype[np.int64]]

_SAME = (
    *("leaves", "free", "changing", "places", "steps", "left", "result"),
    *("reached", "grads", "names", "sources"),
)
"""What has to be equal for all extents, besides what is written and made."""

_ALONE, _TOGETHER = 7, 3
"""So many lengths of one axis are tried: where one changes, and where several do."""


_APART = 1, 3, 7
"""By how much these differ where several change: lengths that meet are another call."""


def stretched(
    sized: Sized, extents: Extents, call: Call, settings: Sequence[Any]
) -> Steady | None:
    """A recording for native code with extents that may change; None without one.

    Parameters
    ----------
    sized : Sized
    extents : tuple of int
        Those of a call that was just replayed by it.
    call : Call
    settings : sequence
        See `engine.capture.attempt.settings`.
    """
    try:
        return _stretched(sized, extents, call, settings)
    except Unsteady:
        return None


def _stretched(
    sized: Sized, extents: Extents, call: Call, settings: Sequence[Any]
) -> Steady:
    which = sized.free()
    if not which or sized.sample.entry.pattern:
        raise Unsteady
    arguments, forms = described(call, sized.sample.entry)
    points, entries = _tried(sized, which)
    found = [steady_of(x, arguments, forms, call, settings) for x in entries]
    plans = [cast(SizedPlan, entry.steps[0].plan) for entry in entries]
    rows = _Rows()
    words = _words(found)
    launches = _columns(plans, words)
    rows.add(words)  # first of all
    columns = [(one[0][0], *rows.add([x[1:] for x in one])) for one in launches]
    temporaries = rows.add([one.sizes for one in plans])
    labels = rows.add([[*sized.labels(point), *point] for point in points])
    made, counts = _by_rows(rows, found)
    terms, table = rows.fitted(points)
    if np.any(table[[k for k, term in enumerate(terms) if term]][:, temporaries] < 0):
        raise Unsteady  # for those of the longest there has to be room for all
    axes = {extents[k]: ~number for number, k in enumerate(which)}
    return made._replace(
        arguments=tuple([_with_any(x, axes) for x in arguments]),
        forms=tuple([_with_any(x, axes) for x in forms]),
        counts=sized.counts,
        stretch=Stretch(
            tuple([sized.lowest[k] for k in which]),
            tuple([points[-1][k] for k in which]),
            tuple([tuple([which.index(k) for k in term]) for term in terms]),
            table,
            _told_apart(table, labels, rows.of(labels)),
            tuple(counts),
            tuple(columns),
        ),
    )


def _tried(sized: Sized, which: Sequence[int]) -> tuple[list[Extents], list[Entry]]:
    """Extents, of which the last are the longest, and the entries for them."""
    points = _points(sized, which)
    found = [(point, sized.entry(point)) for point in points]
    known = [(point, entry) for point, entry in found if entry is not None]
    if len(known) < wanted(len(which)) or known[-1][0] != points[-1]:
        raise Unsteady
    return [point for point, _ in known], [entry for _, entry in known]


def _by_rows(
    rows: _Rows, found: Sequence[Steady]
) -> tuple[Steady, list[tuple[int, int, int]]]:
    """The last recording, with rows in the place of numbers; the `counts` of all."""
    grown = rows.add([[source[0] for source in one.sources] for one in found])
    counts = [
        *_counts(rows, OF_PLAN, [one.scalars for one in found]),
        *_counts(rows, OF_TABLE, [one.numbers for one in found]),
    ]
    effects = _filled_by_rows(rows, [one.effects for one in found])
    specs = _filled_by_rows(rows, [one.specs for one in found])
    made = [_growing(one, grown) for one in found]
    last = made[-1]
    if any([getattr(x, name) != getattr(last, name) for x in made for name in _SAME]):
        raise Unsteady
    return last._replace(effects=effects, specs=specs), counts


def _points(sized: Sized, which: Sequence[int]) -> list[Extents]:
    """Extents between those that were seen; the last ones are the longest."""
    count = _ALONE if len(which) == 1 else _TOGETHER
    points: list[Extents] = []
    for apart in _APART:
        lengths = [[n] for n in sized.lowest]
        for k, shift in zip(which, (0, apart, 2 * apart), strict=False):
            ends = sized.lowest[k] + shift, sized.highest[k] - shift
            lengths[k] = sorted({*np.linspace(*ends, count).astype(int).tolist()})
        points = [*product(*lengths)]
        if sized.entry(points[-1]) is not None:
            break
    return points


class _Rows:
    """Numbers of recordings, of which each follows from the extents."""

    def __init__(self) -> None:
        self._tables: list[Numbers] = []
        self._count = 0

    def add(self, numbers: Sequence[Any]) -> range:
        """Add some numbers of each recording; where they are among all.

        Raises
        ------
        Unsteady
            When some have more of them than others.
        """
        if len({len(one) for one in numbers}) != 1:
            raise Unsteady
        table = np.array(numbers, np.int64).reshape(len(numbers), -1)
        begin = self._count
        self._tables.append(table)
        self._count += table.shape[1]
        return range(begin, self._count)

    def of(self, rows: range) -> list[int]:
        """Those of the last recording."""
        last = np.concatenate([table[-1] for table in self._tables])
        return [int(last[k]) for k in rows]

    def fitted(self, points: Sequence[Extents]) -> tuple[list[Monomial], Numbers]:
        """What they are sums of, and how often each has each of these.

        Raises
        ------
        Unsteady
            When some follow in another way.
        """
        table = np.concatenate(self._tables, axis=1)
        changing = np.flatnonzero((table != table[0]).any(axis=0))
        columns, which = np.unique(table[:, changing], axis=1, return_inverse=True)
        formulas = fit(points, columns)
        if formulas is None or formulas.relations or not formulas.fits(points[-1]):
            raise Unsteady
        terms = [(), *[term for term in formulas.terms if term]]
        made = np.zeros((len(terms), self._count), np.int64)
        made[0] = table[0]
        made[0, changing] = 0
        for term, own in zip(formulas.terms, formulas.coefficients.T, strict=True):
            made[terms.index(term), changing] = own[which.reshape(-1)]
        return terms, made


def _words(found: Sequence[Steady]) -> list[Numbers]:
    """The words of plans, of which the last one needs most room."""
    plans = [one.plan for one in found if one.plan is not None]
    words = [np.frombuffer(plan[0], np.int64).copy() for plan in plans]
    if len(words) != len(found) or len({len(own) for own in words}) != 1:
        raise Unsteady
    for place in shared_places(words[-1]):
        for own in words:
            own[place] = words[-1][place]
    return words


def _columns(
    plans: Sequence[SizedPlan], words: Sequence[Numbers]
) -> list[tuple[tuple[int, int, int], ...]]:
    """Launches that take columns together, whose steps are not among the words then."""
    pairs = zip(plans, words, strict=True)
    found = [plan.columns(own.tobytes()) for plan, own in pairs]
    for own, columns in zip(words, found, strict=True):
        own[[place for place, *_ in columns]] = 0
    return [*zip(*found, strict=True)]


def _told_apart(
    table: Numbers, labels: range, lengths: Sequence[int]
) -> tuple[tuple[int, int, int], ...]:
    """The rows of lengths that differ, and between which each of them has to be."""
    found: dict[Any, tuple[int, int, int]] = {}
    for row, length in zip(labels, lengths, strict=True):
        own = tuple(table[:, row].tolist())
        if length > 1 or any(own[1:]):
            found.setdefault(own, (row, *alike(length)))
    return tuple(found.values())


def _with_any(form: Any, axes: Mapping[int, int]) -> Any:
    """A form, or a container of such, whose axes of some lengths may have any."""
    if isinstance(form, Nested):
        return form._replace(items=tuple([_with_any(x, axes) for x in form.items]))
    if isinstance(form, Host):
        return form._replace(shape=tuple([axes.get(n, n) for n in form.shape]))
    if type(form) is not tuple:
        return form
    face, recipe, shape, *rest = form
    if recipe != owned(recipe.dtype, recipe.shape) or shape != recipe.shape:
        raise Unsteady
    return face, None, tuple([axes.get(n, n) for n in shape]), *rest


def _counts(
    rows: _Rows, kind: int, numbers: Sequence[Sequence[Any]]
) -> list[tuple[int, int, int]]:
    """Python numbers that change, such as how many elements a mean is of."""
    found = []
    for place, own in enumerate(zip(*numbers, strict=True)):
        if len({(type(x), repr(x)) for x in own}) > 1:
            exact = {type(x) for x in own} == {int} if kind == OF_TABLE else True
            whole = [int(x) for x in own]
            if not exact or any([x != n for x, n in zip(own, whole, strict=True)]):
                raise Unsteady
            (row,) = rows.add([[n] for n in whole])
            found.append((kind, place, row))
    return found


def _growing(one: Steady, rows: range) -> Steady:
    """A recording whose numbers that are kept grow by what is in rows."""
    sources = [
        (~row if more else 0, *rest)
        for (more, *rest), row in zip(one.sources, rows, strict=True)
    ]
    return one._replace(sources=tuple(sources))


def _filled_by_rows(
    rows: _Rows, found: Sequence[Sequence[Filled]]
) -> tuple[Filled, ...]:
    """What is written or made, with rows in the place of extents."""
    made = []
    if len({len(own) for own in found}) != 1:
        raise Unsteady
    for own in zip(*found, strict=True):
        first = own[0]
        if len({(x.root, x.buffer, x.dtype, x.face, x.line, x.base) for x in own}) != 1:
            raise Unsteady
        shape = rows.add([x.shape for x in own])
        recipe = _recipe_by_rows(rows, [x.recipe for x in own])
        made.append(first._replace(shape=tuple(shape), layout=None, recipe=recipe))
    return tuple(made)


def _recipe_by_rows(rows: _Rows, recipes: Sequence[Recipe | None]) -> Any:
    """What a view selects, with rows in the place of numbers; None for no view."""
    found = [x for x in recipes if x is not None]
    if len(found) != len(recipes):
        return None
    wholes = {x == owned(x.dtype, x.shape) for x in found}
    if len({x.dtype for x in found}) != 1 or len(wholes) != 1:
        raise Unsteady
    (offset,) = rows.add([(x.offset,) for x in found])
    shape, strides = (rows.add([x[k] for x in found]) for k in (2, 3))
    return found[0].dtype, wholes.pop(), offset, tuple(shape), tuple(strides)
