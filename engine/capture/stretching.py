"""Steady calls of any extent: one axis may have any length between two.

Recordings of other extents differ in numbers that follow from these (see `sized`).
Where a single extent changes, all numbers follow linearly, no launch is shared between
threads and nothing else differs, native code finds them by itself: each word of the
plan, and each extent of a result, is ``a + b * n``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.capture.sized import Extents, Sized
from engine.capture.steady import ANY_LENGTH, Filled, Host, Nested, Steady, Stretch
from engine.capture.steadying import Unsteady, described, steady_of
from engine.kernels.native.resizing import chunks_of, places_of_memory
from engine.recipe import owned

if TYPE_CHECKING:
    from engine.capture.call import Call

Words = np.ndarray[Any, np.dtype[np.int64]]

_SAME = (
    *("leaves", "free", "changing", "places", "sources", "steps"),
    *("left", "result", "reached", "grads", "names"),
)
"""What has to be equal for all extents."""


def stretched(
    sized: Sized, extents: Extents, call: Call, settings: Sequence[Any]
) -> Steady | None:
    """A recording for native code with an extent that may change; None without one.

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
    line = sized.line()
    if line is None:
        raise Unsteady
    which, meeting = line
    lengths = _lengths(sized, which, meeting)
    entries = [sized.entry(_with(extents, which, n)) for n in lengths]
    arguments, forms = described(call, sized.sample.entry)
    found = []
    for entry in entries:
        if entry is None:
            raise Unsteady
        found.append(steady_of(entry, arguments, forms, call, settings))
    first, middle, last = found
    if last.long or any([getattr(first, x) != getattr(last, x) for x in _SAME]):
        raise Unsteady
    assert last.plan is not None
    start, step = _line_of_words(found, lengths)
    fixed = {1, *[n for k, n in enumerate(extents) if k != which], *meeting}
    counts = _counts(lengths, [one.scalars for one in found])
    if counts and first.changing:
        raise Unsteady
    stretch = Stretch(lengths[0], lengths[2], tuple(fixed), start, step, counts)
    n = extents[which]
    return first._replace(
        arguments=tuple([_with_any(x, n) for x in arguments]),
        forms=tuple([_with_any(x, n) for x in forms]),
        plan=last.plan,
        effects=_lines(lengths, first.effects, middle.effects, last.effects),
        specs=_lines(lengths, first.specs, middle.specs, last.specs),
        counts=sized.counts,
        stretch=stretch,
    )


def _lengths(sized: Sized, which: int, meeting: frozenset[int]) -> tuple[int, int, int]:
    """Three lengths between those that were seen, the least and the most among them."""
    low, high = sized.lowest[which], sized.highest[which]
    fits = [n for n in range(low, high + 1) if n not in meeting]
    if len(fits) < 3:
        raise Unsteady
    return fits[0], fits[len(fits) // 2], fits[-1]


def _with(extents: Extents, which: int, n: int) -> Extents:
    return (*extents[:which], n, *extents[which + 1 :])


def _with_any(form: Any, n: int) -> Any:
    """A form, or a container of such, whose axes of a length may have any."""
    if isinstance(form, Nested):
        return form._replace(items=tuple([_with_any(x, n) for x in form.items]))
    if isinstance(form, Host):
        shape = tuple([ANY_LENGTH if x == n else x for x in form.shape])
        return form._replace(shape=shape)
    if type(form) is not tuple:
        return form
    face, recipe, shape, *rest = form
    if recipe != owned(recipe.dtype, recipe.shape) or shape != recipe.shape:
        raise Unsteady
    return face, None, tuple([ANY_LENGTH if x == n else x for x in shape]), *rest


def _line(lengths: Sequence[int], values: Sequence[Any]) -> tuple[Any, Any]:
    """``a`` and ``b``, where values are ``a + b * n`` for three lengths."""
    first, middle, last = values
    step, rest = divmod(last - first, lengths[2] - lengths[0])
    start = first - step * lengths[0]
    if np.any(rest != 0) or np.any(start + step * lengths[1] != middle):
        raise Unsteady
    return start, step


def _counts(
    lengths: Sequence[int], scalars: Sequence[Sequence[Any]]
) -> tuple[tuple[int, int, int], ...]:
    """The scalars that change, such as how many elements a mean is of, as lines."""
    found = []
    for place, own in enumerate(zip(*scalars, strict=True)):
        if len({(type(x), repr(x)) for x in own}) > 1:
            numbers = [int(x) for x in own]
            if any([x != n for x, n in zip(own, numbers, strict=True)]):
                raise Unsteady
            start, step = _line(lengths, numbers)
            found.append((place, int(start), int(step)))
    return tuple(found)


def _line_of_words(
    found: Sequence[Steady], lengths: Sequence[int]
) -> tuple[Words, Words]:
    """The words of the plan, as lines."""
    words: list[Words] = []
    for one in found:
        assert one.plan is not None
        words.append(np.frombuffer(one.plan[0], np.int64).copy())
        if len(words[-1]) != len(words[0]):
            raise Unsteady
        if any(chunks_of(words[-1])):
            raise Unsteady  # a launch that threads share
    for place in places_of_memory(words[0]):  # as for the longest, which is enough
        for own in words[:2]:
            own[place] = words[2][place]
    return _line(lengths, words)


def _lines(lengths: Sequence[int], *found: tuple[Filled, ...]) -> tuple[Filled, ...]:
    """What is written or made, with lines in the place of extents."""
    made = []
    for own in zip(*found, strict=True):
        first = own[0]
        if len({(x.root, x.buffer, x.dtype, len(x.shape), x.face) for x in own}) != 1:
            raise Unsteady
        axes = zip(*[x.shape for x in own], strict=True)
        lines = [number for axis in axes for number in _line(lengths, axis)]
        made.append(first._replace(shape=tuple(map(int, lines)), layout=None))
    return tuple(made)
