"""A plan serves pieces of other sizes, where nothing that is compared is otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from planning import (
    Recorded,
    array,
    bits,
    empty_trace,
    op,
    put_part,
    reduced,
    take_part,
    turned,
)

import engine.chain
from engine.chain import assemble, find, unknown
from engine.config import config
from engine.description import Piece
from engine.extents import Factor, Numbers, Region, Sizes, Sizing, pattern, sizing
from engine.kernels.kernel import Layout
from engine.pieces import pieces
from engine.plan import Plan, build_plan
from engine.recipe import Recipe
from engine.record.value import Value


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(engine.chain, "_templates", {})
    with empty_trace(), config(tier="compiled"):
        yield


def parts_of(recorded: Recorded) -> list[Piece]:
    return pieces(recorded.nodes, recorded.alive, recorded.donated)


def check(recorded: Recorded) -> int:
    """The bits of pieces are those of the whole; how many had to be planned."""
    parts = parts_of(recorded)
    count, _ = unknown(parts)
    made = assemble(recorded.nodes, recorded.alive, parts, build_plan)
    check_layouts(recorded, parts)
    plan = Plan(made.rows, made.contents, made.leaves, made.outputs)
    whole = recorded.run(recorded.plan())
    for _ in range(2):
        found = recorded.run(plan)
        assert {k: bits(x) for k, x in found.items()} == {
            k: bits(x) for k, x in whole.items()
        }
    return count


def check_layouts(recorded: Recorded, parts: list[Piece]) -> None:
    """What serves other sizes has the kernels, and the numbers, of plans made anew."""
    for part in parts:
        template = find(part)
        assert template is not None
        plan = build_plan(part.nodes(recorded.nodes), part.alive, part.donated)
        sized = template.sized(part)
        if sized.piece is part:
            found = [lowered for lowered in sized.lowered if lowered is not None]
            anew = [row.lowered for row in plan.rows if row.lowered is not None]
            assert [x.layout for x in found] == [x.layout for x in anew]
            assert [x.kernel.key for x in found] == [x.kernel.key for x in anew]
            assert [x.temporaries for x in found] == [x.temporaries for x in anew]
            assert [*sized.contents] == [*plan.contents]
            assert sized.steps() == plan.schedule.program.steps


def eliminated(rows: int, columns: int) -> Recorded:
    """Gauss's elimination: the column that is read is part of what is written."""
    a = op("add", array(rows, columns), array(rows, 1, seed=1)) * 0.1
    for k in range(rows - 1):
        rest = slice(k + 1, None), slice(k, None)
        left = take_part(a, slice(k + 1, None), slice(k, k + 1))
        factor = left / (take_part(a, k, k) + 9.0)
        less = factor * take_part(a, k, slice(k, None))
        a = put_part(a, take_part(a, *rest) - less, *rest)
    return Recorded([a])


def swept(rows: int, columns: int, across: bool) -> Recorded:
    """A recursion along one axis, read along the other."""
    p, v = array(rows, columns), turned(array(columns, rows))
    for i in range(1, columns if across else rows):
        at = (slice(None), i) if across else (i,)
        before = (slice(None), i - 1) if across else (i - 1,)
        value = take_part(p, *before) * 0.5 + take_part(v, *at)
        p = put_part(p, value, *at)
    return Recorded([p])


def test_an_elimination_of_another_size_plans_its_ends_alone() -> None:
    first = check(eliminated(30, 40))
    assert first < 8
    # Its first piece copies what comes in, its last one has an extent of 1.
    for rows, columns in ((31, 42), (40, 41), (36, 60)):
        assert check(eliminated(rows, columns)) <= 3


@pytest.mark.parametrize("across", [False, True])
def test_sweeps_of_other_sizes_plan_their_ends_alone(across: bool) -> None:
    first = check(swept(60, 70, across))
    for rows, columns in ((61, 70), (60, 73), (90, 66)):
        assert check(swept(rows, columns, across)) <= min(first, 4)


def orthogonal(rows: int, columns: int) -> Recorded:
    """Gram and Schmidt's: sums down ever fewer columns, in ever wider steps."""
    q = op("add", array(rows, columns), array(rows, 1, seed=1)) + 0.5
    for k in range(columns - 1):
        column = take_part(q, slice(None), k)
        length = op("sqrt", reduced("sum", column * column, 0)) + 1.0
        q = put_part(q, column / length, slice(None), k)
        one = take_part(q, slice(None), slice(k, k + 1))
        rest = take_part(q, slice(None), slice(k + 1, None))
        along = reduced("sum", one * rest, 0)
        q = put_part(q, rest - one * along, slice(None), slice(k + 1, None))
    return Recorded([q])


def test_loops_that_reduce_have_plans_for_other_sizes() -> None:
    check(orthogonal(40, 30))
    assert check(orthogonal(44, 33)) <= 3
    assert check(orthogonal(60, 21)) <= 3


@pytest.mark.parametrize("rows", [3, 15, 16, 17, 18, 40])
def test_short_lines_are_no_likes_of_long_ones(rows: int) -> None:
    for columns in (30, 20, 17, 40):
        check(orthogonal(rows, columns))


@pytest.mark.parametrize("seed", range(12))
def test_random_statements_on_parts_have_their_bits_at_any_size(seed: int) -> None:
    for rows, columns in ((30, 30), (30, 37), (37, 30), (33, 33), (24, 48)):
        check(random_statements(np.random.default_rng(seed), rows, columns))


def random_statements(rng: np.random.Generator, rows: int, columns: int) -> Recorded:
    """Statements on parts of two arrays, of which each iteration moves or shrinks."""
    arrays: list[Value] = [array(rows, columns, seed=k) for k in range(2)]
    most = [2, 2, 4, 6, 3, 3, 3, 4]
    body = [rng.integers(0, most) for _ in range(rng.integers(2, 4))]

    def part(form: int, k: int, i: int, j: int) -> tuple[Any, ...]:
        lines, row = slice(k + i, rows - 3 + i), k + i
        places, column = slice(k + j, columns - 3 + j), slice(k + j, k + j + 1)
        turned_lines = slice(rows - 4 + i, k + i - 1 if k + i else None, -1)
        forms = [(lines, places), (row, places), (lines, column)]
        forms += [(turned_lines, places), (row, k + j), (lines, k + j)]
        return forms[form]

    for k in range(18):
        for written, read, form, other, i, j, sign, fold in body:
            x, y = arrays[written], arrays[read]
            to, at = part(form, k, i, j), part(other, k, j, sign)
            value, more = take_part(x, *to) * 0.5, take_part(y, *at)
            if fold == 1 and more.shape:
                more = reduced("sum", more, len(more.shape) - 1) * 0.1
            elif fold == 2 and more.shape:
                more = reduced("max", more, 0)
            if broadcasts(more.shape, value.shape):
                value = value + more * 0.25
            arrays[written] = put_part(x, value, *to)
    return Recorded(arrays)


def broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False


# -- numbers --------------------------------------------------------------------------
DOUBLE = np.dtype(np.float64)
SIZES = Sizes(Numbers((0, 3), ((6, 24),), ((4, 5), (20,)), ((24, 1),)), (0, 0), {0: 7})


def test_where_a_number_stands_is_found() -> None:
    layout = Layout((20, 5), ((7, 24), (10,)))
    found = sizing(layout, [0, 0], SIZES)
    assert found is not None
    assert found.layout(SIZES) == layout
    other = SIZES._replace(
        numbers=Numbers((0, 4), ((6, 30),), ((6, 7), (42,)), ((30, 1),)),
        origins={0: 9},
    )
    assert found.fits(other.numbers)
    assert found.layout(other) == Layout((42, 7), ((9, 30), (13,)))


def test_a_number_that_may_be_one_of_two_fits_where_both_are_equal() -> None:
    found = sizing(Layout((20,), ((7,),)), [0], SIZES)
    assert found is not None
    assert found.extents == ((Factor(1, (0, 1)), Factor(2, (0,))),)
    apart = SIZES.numbers._replace(shapes=((4, 6), (20,)))
    assert not found.fits(apart)


def test_an_array_that_is_read_whole_is_no_product_by_chance() -> None:
    sizes = Sizes(Numbers((), ((20,),), ((10, 2),), ()), (), {})
    found = sizing(Layout((20,), ((0,),)), [0], sizes)
    assert found is not None
    assert found.extents == ((Factor(0, (0,)), Factor(1, (0, 1))),)
    assert not found.fits(sizes.numbers._replace(shapes=((9, 2),)))


@pytest.mark.parametrize(
    "layout", [Layout((21,), ((7,),)), Layout((20,), ((8,),)), Layout((5,), ((7, 3),))]
)
def test_a_number_that_stands_nowhere_has_no_place(layout: Layout) -> None:
    assert sizing(layout, [0], SIZES) is None


def test_memory_of_its_own_is_walked_by_the_strides_of_its_shape() -> None:
    found = sizing(Layout((4, 5), ((0, 5),)), [-1], SIZES)
    assert isinstance(found, Sizing)
    wider = SIZES._replace(numbers=SIZES.numbers._replace(shapes=((4, 9), (36,))))
    assert found.layout(wider) == Layout((4, 9), ((0, 9),))


def pattern_of(
    columns: int,
    rows: int,
    offset: int,
    shape: tuple[int, int],
    stride: int = 1,
    reduces: bool = False,
) -> tuple[Any, ...]:
    """The pattern of a piece with the first row of a matrix and a part of it."""
    strides = (columns, stride)
    recipes = [
        Recipe(DOUBLE, 0, (columns,), (1,)),
        Recipe(DOUBLE, offset, *(shape, strides)),
    ]
    regions = [Region(0, rows * columns, recipe) for recipe in recipes]
    shapes = ((columns,), shape)
    numbers = Numbers((0, offset), ((rows, columns),), shapes, ((1,), strides))
    return pattern(numbers, regions, {0}, reduces)


def test_a_pattern_says_no_number() -> None:
    assert pattern_of(8, 6, 17, (3, 4)) == pattern_of(12, 10, 25, (4, 5))


@pytest.mark.parametrize(
    "other",
    [
        (8, 6, 17, (4, 4)),  # equal extents
        (8, 6, 17, (3, 1)),  # no second axis
        (4, 6, 5, (3, 4)),  # as wide as the array: its axes adjoin
        (8, 6, 17, (2, 3)),  # fewer elements than the row
        (8, 6, 1, (3, 4)),  # it meets the row
        (8, 4, 17, (2, 8)),  # half of the array
        (8, 6, 17, (3, 2), 2),  # not contiguous
        (8, 6, 20, (3, 4), -1),  # backwards
    ],
)
def test_what_is_compared_is_in_the_pattern(other: tuple[Any, ...]) -> None:
    assert pattern_of(8, 6, 17, (3, 4)) != pattern_of(*other)
