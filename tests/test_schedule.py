"""Decisions of the scheduler, as text: what is fused, and what is written in place."""

from __future__ import annotations

import numpy as np
import pytest
from planning import (
    Recorded,
    array,
    empty_trace,
    op,
    put_part,
    reduced,
    reshaped,
    take_part,
    turned,
)

import engine.schedule.scheduler
from engine.record.value import Scalar, Value


def softmax(x: Value) -> Value:
    n, _ = x.shape
    e = op("exp", x - reshaped(reduced("max", x, 1), n, 1))
    return e / reshaped(reduced("sum", e, 1), n, 1)


def layer_norm(x: Value, weight: Value, bias: Value) -> Value:
    n, m = x.shape
    centred = x - reshaped(reduced("sum", x, 1) / float(m), n, 1)
    variance = reduced("sum", centred * centred, 1) / float(m)
    return centred / op("sqrt", reshaped(variance, n, 1) + 1e-5) * weight + bias


def sweep(a: Value, b: Value) -> Value:
    """A Jacobi sweep of the inner points of `a`, written into `b`."""
    inner, low, high = slice(1, -1), slice(None, -2), slice(2, None)
    total = take_part(a, low, inner) + take_part(a, high, inner)
    total = total + take_part(a, inner, low) + take_part(a, inner, high)
    return put_part(b, total * 0.25, inner, inner)


# -- fusion ---------------------------------------------------------------------------
def test_a_tree_of_elementwise_ops_is_one_map() -> None:
    a, b, c = array(9), array(9, seed=1), array(9, seed=2)
    y = op("sqrt", a * a + b * b) + op("exp", b) * op("sin", c)
    assert Recorded([y]).decisions() == [
        "group 0: map: multiply multiply add sqrt exp sin multiply add -> v10"
    ]


def test_broadcast_arrays_are_loaded_not_expanded() -> None:
    x, row, column = array(4, 5), array(5), array(4, 1)
    assert Recorded([x * row + column]).decisions() == [
        "group 0: map: multiply add -> v4"
    ]


def test_softmax_is_one_group() -> None:
    assert Recorded([softmax(array(4, 50))]).decisions() == [
        "group 0: row: max subtract exp sum divide -> v7"
    ]


def test_layer_norm_is_one_group() -> None:
    y = layer_norm(array(4, 50), array(50), array(50))
    assert Recorded([y]).decisions() == [
        "group 0: row: sum divide subtract multiply sum divide add sqrt divide "
        "multiply add -> v15"
    ]


def test_producers_are_fused_into_reductions() -> None:
    x, y = array(4, 5), array(4, 5, seed=1)
    assert Recorded([reduced("sum", op("exp", x) * y, 0)]).decisions() == [
        "group 0: column: exp multiply sum -> v4"
    ]


def test_outputs_that_share_an_input_are_one_group() -> None:
    x = array(7)
    assert Recorded([op("exp", x), op("sin", x)]).decisions() == [
        "group 0: map: exp sin -> v1 v2"
    ]


def test_outputs_that_read_other_parts_of_an_input_are_two_groups() -> None:
    x = array(8)
    first, second = take_part(x, slice(0, 4)), take_part(x, slice(4, 8))
    kinds = Recorded([op("exp", first), op("sin", second)]).decisions()
    assert kinds == ["group 0: map: exp -> v3", "group 1: map: sin -> v4"]


def test_unrelated_outputs_are_two_groups() -> None:
    assert Recorded([op("exp", array(7)), op("sin", array(7))]).decisions() == [
        "group 0: map: exp -> v1",
        "group 1: map: sin -> v3",
    ]


def test_views_that_only_reorder_a_computed_value_are_fused() -> None:
    x, y = array(4, 5), array(5, 4)
    assert Recorded([turned(op("exp", x)) + y]).decisions() == [
        "group 0: map: exp add -> v4"
    ]


def test_a_shifted_read_of_a_computed_value_cuts() -> None:
    y = op("exp", array(9))
    z = take_part(y, slice(1, None)) - take_part(y, slice(None, -1))
    plan = Recorded([z]).plan()
    assert [group.kind for group in plan.schedule.groups] == ["map", "map"]
    assert "reads other elements of v1 than its own" in plan.schedule.groups[1].reason


def test_a_column_reduction_is_not_walked_twice() -> None:
    x = array(40, 5)
    centred = x - reduced("sum", x, 0)
    assert Recorded([centred]).decisions() == [
        "group 0: column: sum -> v1",
        "group 1: map: subtract -> v2",
    ]


def test_a_single_row_is_walked_again_by_a_kernel_that_cores_share() -> None:
    x = array(100)
    assert Recorded([x / reduced("sum", x, 0)]).decisions() == [
        "group 0: row: sum -> v1",
        "group 1: map: divide -> v2",
    ]


def test_many_short_lines_are_reduced_as_columns_and_walked_again() -> None:
    for shape in ((4, 16), (40, 5)):
        assert Recorded([softmax(array(*shape))]).decisions() == [
            "group 0: column: max subtract exp sum divide -> v7"
        ]
    for shape in ((4, 17), (1, 16)):  # longer ones, and one alone, are rows
        (group, *_) = Recorded([softmax(array(*shape))]).plan().schedule.groups
        assert group.kind == "row"


def test_the_kind_of_a_reduction_depends_on_its_axes_not_on_layout() -> None:
    x = array(40, 50)
    for axes, kind in (((0,), "column"), ((1,), "row"), ((0, 1), "row")):
        (group,) = Recorded([reduced("sum", x, *axes)]).plan().schedule.groups
        assert group.kind == kind
        last = Recorded([reduced("sum", turned(x), *axes)]).plan().schedule.groups[-1]
        assert last.kind == kind


def test_reduced_axes_that_do_not_adjoin_are_reduced_one_after_the_other() -> None:
    x = array(3, 4, 50)
    assert Recorded([reduced("sum", x, 0, 2)]).decisions() == [
        "group 0: row: sum -> v1",
        "group 1: column: sum -> v2",
    ]


def test_gathers_are_fused_with_their_positions() -> None:
    x = array(30)
    positions = op("iota", attributes=(9,)) * 3
    y = op("take", x, positions) + 1.0
    assert Recorded([y]).decisions() == ["group 0: map: multiply take add -> v4"]


def test_a_library_call_stands_alone() -> None:
    x, y = array(4, 5), array(5, 3)
    z = op("exp", op("matmul", op("exp", x), y))
    kinds = [group.kind for group in Recorded([z]).plan().schedule.groups]
    assert kinds == ["map", "library", "map"]


def test_a_kernel_is_capped() -> None:
    y = array(9)
    for _ in range(300):
        y = op("sin", y)
    groups = Recorded([y]).plan().schedule.groups
    assert len(groups) == 3
    assert groups[1].reason == "the group before it is full"
    assert max(len(group.steps) for group in groups) <= 128


def test_a_group_stays_behind_one_that_it_reads_and_that_has_moved() -> None:
    p, q, weight = array(3), array(2, 3, seed=1), array(3, 3, seed=2)
    a, y = op("exp", p), op("exp", q)
    first = reshaped(take_part(op("matmul", y, weight), 0), 3)
    z = op("multiply", first, p)  # takes exp(p) along, behind the product
    x = op("multiply", q, a)  # would join exp(q), before it
    Recorded([a, y, z, x]).check()


# -- writes ---------------------------------------------------------------------------
def test_sweeps_between_two_arrays_are_in_place_and_one_group_each() -> None:
    a, b = array(6, 8), array(6, 8, seed=1)
    b1 = sweep(a, b)
    a1 = sweep(b1, a)
    assert Recorded([a1], donated=[a, b]).decisions() == [
        "v10: in place into v9",
        "v19: in place into v0",
        "group 0: map: add add add multiply update -> v10, v10 in place",
        "group 1: map: add add add multiply update -> v19, v19 in place",
    ]


def test_an_array_that_others_hold_is_copied_before_it_is_written() -> None:
    a, b = array(6, 8), array(6, 8, seed=1)
    corner = slice(0, 2)
    y = put_part(b, take_part(a, corner, corner) * 2.0, corner, corner)
    assert Recorded([y], donated=[a]).decisions() == [
        "v5: v3 is copied: others hold it",
        "group 0: map: copy -> v4",
        "group 1: map: multiply update -> v5, v5 in place",
    ]


def test_of_an_array_that_others_hold_only_what_is_not_written_is_copied() -> None:
    a, b = array(6, 8), array(6, 8, seed=1)
    assert Recorded([sweep(a, b)], donated=[a]).decisions() == [
        "v19: the rest of v9 is copied: others hold it",
        "group 0: map: update update -> v12 v14, v12 in place, v14 in place",
        "group 1: map: update update -> v16 v18, v16 in place, v18 in place",
        "group 2: map: add add add multiply update -> v19, v19 in place",
    ]


def test_an_array_that_is_read_later_is_copied_before_it_is_written() -> None:
    x, value = array(8), array(3)
    y = put_part(x, value, slice(1, 4))
    z = op("exp", x)
    assert "v3: v0 is copied: v4 reads it later" in (
        Recorded([y, z], donated=[x]).decisions()
    )


def test_of_a_few_elements_that_are_read_later_only_they_are_kept() -> None:
    x = array(8)
    first = take_part(x, slice(0, 1))
    y = put_part(x, take_part(x, slice(7, 8)), slice(0, 1))
    z = put_part(y, first, slice(7, 8))
    decisions = Recorded([z], donated=[x]).decisions()
    assert "v4: v2 kept, v0 is overwritten" in decisions
    assert "v4: in place into v0" in decisions
    assert not any("copied" in line for line in decisions)


def test_an_update_that_reads_its_neighbours_is_computed_before_it_is_stored() -> None:
    x = array(9)
    total = take_part(x, slice(None, 3)) + take_part(x, slice(1, 4))
    recorded = Recorded([put_part(x, total, slice(1, 4))], donated=[x])
    assert recorded.decisions() == [
        "v4: in place into v0",
        "group 0: map: add -> v3",
        "group 1: map: update -> v4, v4 in place",
    ]


def test_a_few_elements_that_an_update_reads_where_it_writes_are_kept() -> None:
    x = array(20, 30)
    rest = slice(1, None), slice(None)
    column, row = take_part(x, slice(1, None), slice(0, 1)), take_part(x, 0)
    y = put_part(x, take_part(x, *rest) - column * row, *rest)
    recorded = Recorded([y], donated=[x])
    kept = ["v7: v2 kept, v0 is overwritten", "v7: in place into v0"]
    assert recorded.decisions()[:2] == kept
    ((number, result),) = recorded.run(recorded.plan()).items()
    np.testing.assert_allclose(result, recorded.expected()[number], rtol=1e-12)


def test_an_update_of_the_region_that_it_reads_is_one_group() -> None:
    x = array(9)
    key = slice(2, 7)
    y = put_part(x, take_part(x, key) * 2.0, key)
    assert Recorded([y], donated=[x]).decisions() == [
        "v3: in place into v0",
        "group 0: map: multiply update -> v3, v3 in place",
    ]


def test_single_element_writes_share_one_buffer() -> None:
    x = array(50)
    y = x
    with empty_trace():
        for i in range(50):
            y = put_part(y, take_part(y, slice(i, i + 1)) * 2.0, slice(i, i + 1))
        plan = Recorded([y], donated=[x]).plan()
    assert len(plan.buffers.contents) == 1
    assert len(plan.schedule.groups) <= 2


def test_an_elementwise_result_is_written_over_a_dying_operand() -> None:
    x = array(9)
    assert Recorded([op("exp", x)], donated=[x]).plan().buffers.reused == (
        "v1 is written over v0",
    )
    x = array(9)
    assert Recorded([op("exp", x)]).plan().buffers.reused == ()


def test_decisions_are_made_for_thousands_of_steps() -> None:
    y = array(9)
    for _ in range(3000):
        y = y * 0.5
    assert len(Recorded([y]).plan().schedule.groups) <= 40


def test_single_numbers_are_computed_where_they_are_used() -> None:
    x, rate, decay = array(9), array(1), array(1, seed=1)
    step = op("sqrt", rate) / (decay + 1.0)
    recorded = Recorded([x - step * op("exp", x), op("sin", array(7)) * step])
    assert recorded.decisions() == [
        "group 0: map: sqrt add divide exp multiply subtract -> v8",
        "group 1: map: sqrt add divide sin multiply -> v11",
    ]
    recorded.check()


def test_a_single_number_is_read_before_its_array_is_overwritten() -> None:
    x = array(9)
    first = op("exp", take_part(x, slice(0, 1)))
    y = put_part(x, take_part(x, slice(0, 5)) * first, slice(0, 5))
    recorded = Recorded([y], donated=[x])
    assert len(recorded.plan().schedule.groups) == 2
    recorded.check()


# -- memory traffic -------------------------------------------------------------------
def test_most_of_an_array_is_updated_from_its_neighbours_in_fresh_memory() -> None:
    x = array(20, 30)
    recorded = Recorded([sweep(x, x)], donated=[x])
    assert recorded.decisions() == [
        "v18: the rest of v0 is copied: its neighbours are read",
        "group 0: map: update update -> v3 v5, v3 in place, v5 in place",
        "group 1: map: update update -> v7 v9, v7 in place, v9 in place",
        "group 2: map: add add add multiply update -> v18, v18 in place",
    ]
    recorded.check()


def test_what_surrounds_an_update_is_copied_alone() -> None:
    x = array(20, 30)
    key = slice(3, 18)
    y = put_part(x, op("exp", take_part(x, key)), key)
    recorded = Recorded([y, op("sin", x)])
    assert "v8: the rest of v0 is copied: others hold it" in recorded.decisions()
    recorded.check()


def test_a_written_region_is_read_again_where_it_is_used() -> None:
    x = array(20, 30)
    inner = slice(1, -1)
    y = put_part(x, take_part(x, inner, inner) * 2.0, inner, inner)
    z = take_part(y, inner, inner) * 3.0 + take_part(y, slice(2, None), inner)
    recorded = Recorded([y, z], donated=[x])
    assert recorded.decisions()[1:] == [
        "group 0: map: multiply update -> v3, v3 in place",
        "group 1: map: multiply add -> v7",
    ]
    recorded.check()


def test_cheap_values_are_computed_again_rather_than_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine.schedule.scheduler, "MAX_STATEMENTS", 8)
    x = array(9)
    cheap = x * 2.0 + 1.0
    dear = op("exp", cheap)
    y = dear
    for _ in range(6):
        y = op("sin", y)
    recorded = Recorded([y * cheap + dear])
    groups = recorded.plan().schedule.groups
    assert [group.outputs for group in groups] == [(3, 6), (11,)]
    assert 2 in groups[0].steps
    assert 2 in groups[1].steps
    assert 3 not in groups[1].steps
    recorded.check()


def test_a_value_that_is_read_in_two_orders_is_stored() -> None:
    x = array(9)
    y = x * 2.0
    recorded = Recorded([y + take_part(y, slice(None, None, -1))])
    assert recorded.decisions() == [
        "group 0: map: multiply -> v1",
        "group 1: map: add -> v3",
    ]
    recorded.check()


def joined(*parts: tuple[Value, slice], size: int) -> Value:
    """Values at their places in an array of zeros."""
    double = np.dtype(float)
    made = op("full", Scalar(0.0, double), attributes=((size,), double))
    for value, key in parts:
        made = put_part(made, value, key)
    return made


def test_nothing_is_written_where_all_of_it_is_written_anew() -> None:
    a, b = array(6), array(4, seed=1)
    y = joined((a * 2.0, slice(6)), (b * 3.0, slice(6, 10)), size=10)
    recorded = Recorded([y])
    assert recorded.decisions() == [
        "v6: v4 is not read: all of it is written",
        "v7: in place into v6",
        "group 0: map: multiply update -> v6, v6 in place",
        "group 1: map: multiply update -> v7, v7 in place",
    ]
    recorded.check()
    even, odd = slice(0, None, 2), slice(1, None, 2)
    recorded = Recorded([joined((b, even), (b + 1.0, odd), size=8)])
    assert "v4: v2 is not read: all of it is written" in recorded.decisions()
    recorded.check()


def test_what_is_rolled_is_not_copied_first() -> None:
    x = array(10)
    y = put_part(x, take_part(x, slice(None, 7)), slice(3, None))
    y = put_part(y, take_part(x, slice(7, None)), slice(3))
    recorded = Recorded([y, op("sin", x)])
    assert "v3: v0 is not read: all of it is written" in recorded.decisions()
    recorded.check()


PARTLY_WRITTEN = {
    "a gap": lambda a, b: [joined((a, slice(6)), (b, slice(7, 11)), size=11)],
    "twice": lambda a, b: [joined((a, slice(6)), (b, slice(5, 9)), size=10)],
    "the rest is read": lambda a, b: [
        put_part(half := joined((a, slice(6)), size=10), part_of(half) + b, REST)
    ],
    "the rest is kept": lambda a, b: [
        half := joined((a, slice(6)), size=10),
        put_part(half, b, REST),
    ],
}
REST = slice(6, 10)


def part_of(half: Value) -> Value:
    return take_part(half, REST)


@pytest.mark.parametrize("name", PARTLY_WRITTEN)
def test_what_is_written_in_part_begins_with_what_was_there(name: str) -> None:
    recorded = Recorded(PARTLY_WRITTEN[name](array(6), array(4, seed=1)))
    assert "it has no memory" in "".join(recorded.decisions())
    recorded.check()
