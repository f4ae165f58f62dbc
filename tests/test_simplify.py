"""Simplification removes what needs no computation, and never changes a bit."""

from __future__ import annotations

import numpy as np
import pytest
from planning import (
    Recorded,
    array,
    op,
    put_part,
    region,
    reshaped,
    take_part,
    turned,
)

from engine.ops.op import cast
from engine.record.value import Value


def ops_left(*outputs: Value) -> list[str]:
    """Names of the ops that simplification leaves, leaves and outputs' copies out."""
    program = Recorded(outputs).simplified()
    return [step.op.name for step in program.steps if step.op.name != "leaf"]


def test_dead_steps_are_dropped() -> None:
    x = array(4)
    op("exp", x)
    assert ops_left(op("sin", x)) == ["sin"]


def test_the_same_step_is_computed_once() -> None:
    x = array(4)
    assert ops_left(op("exp", x) + op("exp", x)) == ["exp", "add"]


def test_steps_with_python_scalars_are_not_the_same() -> None:
    x = array(4)
    assert ops_left((x * 2.0) + (x * 2.0)) == ["multiply", "multiply", "add"]


def test_a_view_of_everything_is_no_step() -> None:
    x = array(4)
    assert ops_left(op("exp", take_part(x, slice(None)))) == ["exp"]


def test_views_of_views_are_one() -> None:
    x = array(6, 4)
    y = take_part(turned(take_part(x, slice(1, 5))), slice(None), slice(1, 3))
    program = Recorded([op("exp", y)]).simplified()
    (view,) = (step for step in program.steps if step.op.name == "view")
    assert view.attributes[0][1:] == (8, (4, 2), (1, 4))


def test_a_reshape_of_a_transpose_stays_a_view_of_a_view() -> None:
    x = array(3, 2)
    assert ops_left(op("exp", reshaped(turned(x), 6))) == ["view", "view", "exp"]


def test_what_was_just_written_is_read_from_its_source() -> None:
    x, value = array(6), array(2)
    y = take_part(put_part(x, value, slice(1, 3)), slice(1, 3))
    assert ops_left(op("exp", y)) == ["exp"]


def test_a_region_beside_an_update_is_read_below_it() -> None:
    x, value = array(6), array(2)
    y = take_part(put_part(x, value, slice(1, 3)), slice(3, 6))
    assert ops_left(op("exp", y)) == ["view", "exp"]


def test_an_overlapping_region_is_read_after_the_update() -> None:
    x, value = array(6), array(2)
    y = take_part(put_part(x, value, slice(1, 3)), slice(2, 6))
    assert ops_left(op("exp", y)) == ["update", "view", "exp"]


def test_an_update_of_everything_is_its_value() -> None:
    x, value = array(6), array(6)
    assert ops_left(op("exp", put_part(x, value, slice(None)))) == ["exp"]


def test_an_update_that_is_overwritten_at_once_is_dropped() -> None:
    x, value, other = array(6), array(2), array(2, seed=1)
    y = put_part(put_part(x, value, slice(1, 3)), other, slice(1, 3))
    assert ops_left(y) == ["update"]


def test_writing_what_is_there_is_nothing() -> None:
    x = array(6)
    y = put_part(x, take_part(x, slice(1, 3)), slice(1, 3))
    assert ops_left(op("exp", y)) == ["exp"]


def test_an_empty_region_is_not_written() -> None:
    x, value = array(6), array(0)
    assert ops_left(op("exp", put_part(x, value, slice(2, 2)))) == ["exp"]


@pytest.mark.parametrize(
    ("first", "middle", "last", "left"),
    [
        ("float32", "float64", "float32", []),
        ("int32", "int64", "int8", ["cast"]),
        ("int16", "float32", "float64", ["cast"]),
        ("float64", "float32", "float64", ["cast", "cast"]),
        ("int64", "float64", "float32", ["cast", "cast"]),
        ("int8", "float64", "uint8", ["cast", "cast"]),
        ("float32", "float64", "int32", ["cast", "cast"]),
    ],
)
def test_a_cast_of_a_cast_is_one_only_where_the_first_is_exact(
    first: str, middle: str, last: str, left: list[str]
) -> None:
    x = array(4, dtype=first)
    y = cast(cast(x, np.dtype(middle)), np.dtype(last))
    assert ops_left(op("equal", y, y)) == [*left, "equal"]


@pytest.mark.parametrize("name", ["negative", "invert"])
def test_what_is_undone_at_once_is_dropped(name: str) -> None:
    x = array(4, dtype=np.int64)
    assert ops_left(op("absolute", op(name, op(name, x)))) == ["absolute"]


def test_a_choice_between_equals_is_no_choice() -> None:
    x, y = array(4), array(4, seed=1)
    chosen = op("where", op("greater", x, y), x, x)
    assert ops_left(op("exp", chosen)) == ["exp"]


def test_arithmetic_that_could_change_a_bit_stays() -> None:
    x = array(4)
    zero = op("subtract", x, x)  # NaN where x is infinite
    assert ops_left(op("multiply", x, zero)) == ["subtract", "multiply"]


def test_rules_that_were_used_are_noted() -> None:
    x = array(4)
    program = Recorded([op("negative", op("negative", x))]).simplified()
    assert program.notes == ("undone at once: 1",)


def test_a_written_region_is_compared_element_by_element() -> None:
    """Interleaved regions do not overlap though their ranges do."""
    x, value = array(6), array(3)
    y = put_part(x, value, slice(0, 6, 2))
    assert region(x, slice(1, 6, 2)).strides == (2,)
    assert ops_left(op("exp", take_part(y, slice(1, 6, 2)))) == ["view", "exp"]
