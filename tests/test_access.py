"""Which places of one memory have an element in common, against sets of addresses."""

from __future__ import annotations

import random
from itertools import product

import pytest

from engine.access import Place, meetings, overlap

Where = tuple[tuple[int, ...], Place]

SIZES = (1, 2, 3, 5, 7)


def addresses(where: Where) -> set[int]:
    extents, place = where
    return {
        place.offset + sum(i * s for i, s in zip(index, place.strides, strict=True))
        for index in product(*map(range, extents))
    }


def a_slice(draw: random.Random, shape: tuple[int, ...]) -> Where:
    """A region of a C-contiguous array: slices by steps of either sign, and points."""
    extents, strides, offset, stride = [], [], 0, 1
    for count in reversed(shape):
        places = range(count)[slice(*sorted(draw.choices(range(count + 1), k=2)))]
        places = places[:: draw.choice((1, 1, 1, 2, -1, -2))]
        if draw.random() < 0.2:
            offset += stride * draw.randrange(count)
        else:
            offset += stride * (places.start if places else 0)
            extents.append(len(places))
            strides.append(stride * places.step)
        stride *= count
    if draw.random() < 0.3:
        extents.reverse()
        strides.reverse()
    return tuple(extents), Place(offset, tuple(strides))


def anything(draw: random.Random) -> Where:
    """Any extents and strides, zero and negative ones included."""
    axes = range(draw.randrange(4))
    strides = tuple(draw.choice((0, 1, -1, 2, 3, 4, -6, 12)) for _ in axes)
    return tuple(draw.choice((0, *SIZES)) for _ in axes), Place(
        draw.randrange(40), strides
    )


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("kind", ["slices", "anything"])
def test_places_meet_where_they_have_an_address_in_common(kind: str, seed: int) -> None:
    draw = random.Random(f"{kind} {seed}")
    for _ in range(20):
        shape = tuple(draw.choices(SIZES, k=draw.randrange(1, 4)))
        slices = kind == "slices"
        places = [a_slice(draw, shape) if slices else anything(draw) for _ in range(5)]
        pairs = [(places[j], places[k]) for k in range(5) for j in range(k)]
        expected = [bool(addresses(one) & addresses(other)) for one, other in pairs]
        assert meetings(places) == expected, places
        assert [overlap(*one, *other) for one, other in pairs] == expected, places


def test_slices_are_compared_as_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> bool:
        raise AssertionError("compared one by one")

    monkeypatch.setattr(overlap, "__wrapped__", refuse)
    places = [  # of A[2:, 1], A[2:, 2:] and A[1, 2:], where A is 6 x 6
        ((4,), Place(13, (6,))),
        ((4, 4), Place(14, (6, 1))),
        ((4,), Place(8, (1,))),
    ]
    assert meetings(places) == [False, False, False]
