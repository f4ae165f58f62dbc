"""Lowering: kernels without extents, the fewest axes, contiguous vector axes."""

from __future__ import annotations

import numpy as np
from planning import (
    Recorded,
    array,
    op,
    put_part,
    reduced,
    reshaped,
    take_part,
    turned,
)

from engine.kernels.kernel import IOTA, Kernel, Loop, Store
from engine.lower import Lowered
from engine.record.value import Scalar, Value


def lowered(*outputs: Value, donated: tuple[Value, ...] = ()) -> list[Lowered]:
    rows = Recorded(outputs, donated).plan().rows
    return [row.lowered for row in rows if row.lowered is not None]


def lines(kernel: Kernel) -> list[str]:
    """The statements as short text; loops are indented."""
    text = []
    for statement in kernel.body:
        inner = statement.body if isinstance(statement, Loop) else (statement,)
        indent = "  " if isinstance(statement, Loop) else ""
        for s in inner:
            name = type(s).__name__.lower()
            value = getattr(s, "text", None) or getattr(s, "value", "")
            target = getattr(s, "target", "")
            text.append(f"{indent}{name} {target} {value}".replace("  ", " ").rstrip())
    return text


def softmax(x: Value) -> Value:
    n, _ = x.shape
    e = op("exp", x - reshaped(reduced("max", x, 1), n, 1))
    return e / reshaped(reduced("sum", e, 1), n, 1)


# -- text -----------------------------------------------------------------------------
def test_a_chain_loads_computes_and_stores() -> None:
    (made,) = lowered(op("exp", array(5)) + 1.0)
    assert lines(made.kernel) == [
        "load x0",
        "compute t0 exp(x0)",
        "compute t1 t0 + s0",
        "store t1",
    ]
    assert made.kernel.name == "exp_add"


def test_python_scalars_are_arguments() -> None:
    first, second = lowered(array(5) * 2.0), lowered(array(5) * 3.5)
    assert first[0].kernel.scalars == ("float64",)
    assert first[0].kernel.key == second[0].kernel.key
    assert first[0].scalars == (0,)


def test_softmax_keeps_its_exponentials_in_its_result() -> None:
    (made,) = lowered(softmax(array(4, 5)))
    assert lines(made.kernel) == [
        " load x0",
        " reduce t0 x0",
        " load x1",
        " compute t1 x1 - t0",
        " compute t2 exp(t1)",
        " reduce t3 t2",
        " store t2",
        " load x2",
        " compute t4 divide(x2, t3)",
        " store t4",
    ]
    assert [a.role for a in made.kernel.arguments] == ["read", "update"]
    assert made.temporaries == ()


def test_an_expensive_value_waits_in_a_temporary_where_no_result_can_hold_it() -> None:
    x = array(4, 5)
    e = op("exp", x)
    total = reduced("sum", e, 1)
    centred = e - reshaped(total, 4, 1)
    (made,) = lowered(reduced("sum", centred * centred, 1))
    assert [size for _, size in made.temporaries] == [20]
    exponentials = [line for line in lines(made.kernel) if "exp" in line]
    assert len(exponentials) == 1


def test_a_cheap_value_is_computed_again() -> None:
    x = array(4, 5)
    mean = reshaped(reduced("sum", x, 1), 4, 1)
    (made,) = lowered(reduced("sum", (x - mean) * (x - mean), 1))
    assert made.temporaries == ()


def test_an_array_of_one_number_is_a_scalar() -> None:
    number = Scalar(2.0, np.dtype(float))
    twos = op("full", number, attributes=((4, 5), np.dtype(float)))
    (made,) = lowered(array(4, 5) * twos)
    assert len(made.kernel.arguments) == 2
    assert made.kernel.scalars == ("float64",)


def test_counted_positions_need_no_memory() -> None:
    counted = op("iota", attributes=(9,))
    (made,) = lowered(counted * 3)
    assert made.kernel.accesses[0].argument == IOTA


# -- axes -----------------------------------------------------------------------------
def test_contiguous_arrays_of_any_rank_have_one_axis() -> None:
    keys = set()
    for shape in ((24,), (4, 6), (2, 3, 4), (1, 24, 1)):
        (made,) = lowered(array(*shape) + array(*shape))
        assert made.layout.extents == (24,)
        keys.add(made.kernel.key)
    assert len(keys) == 1


def test_axes_merge_where_all_accesses_allow_it() -> None:
    (made,) = lowered(array(2, 3, 4, 5) + array(4, 5))
    assert made.layout.extents == (6, 20)
    strides = [access.strides for access in made.kernel.accesses]
    assert strides == [("n", "1"), ("0", "1"), ("n", "1")]


def test_the_vector_axis_is_contiguous_for_most_accesses() -> None:
    x, y, z = array(5, 4), array(4, 5), array(4, 5, seed=1)
    (made,) = lowered(turned(x) + y * z)
    strides = sorted(access.strides for access in made.kernel.accesses)
    assert strides == [("n", "1"), ("n", "1"), ("n", "1"), ("n", "n")]


def test_negative_strides_and_offsets_stand_in_the_layout() -> None:
    (made,) = lowered(take_part(array(9), slice(None, None, -2)) * 2.0)
    assert made.layout.extents == (5,)
    assert made.layout.places[0] == (8, -2)


def test_rows_reduce_one_inner_axis() -> None:
    (made,) = lowered(reduced("sum", array(3, 4, 5), 1, 2))
    assert (made.kernel.kind, made.kernel.outer, made.kernel.inner) == ("row", 1, 1)
    assert made.layout.extents == (3, 20)


def test_columns_keep_the_last_axis_outside() -> None:
    (made,) = lowered(reduced("sum", array(3, 4, 5), 1))
    assert (made.kernel.kind, made.kernel.outer, made.kernel.inner) == ("column", 2, 1)
    assert made.layout.extents == (3, 5, 4)


def test_memory_that_is_read_and_written_is_one_argument() -> None:
    x = array(9)
    (made,) = lowered(op("exp", x), donated=(x,))
    assert [a.role for a in made.kernel.arguments] == ["update"]


def test_stores_come_after_every_load_of_a_walk() -> None:
    x = array(9)
    key = slice(2, 7)
    y = put_part(x, take_part(x, key) * 2.0, key)
    (made,) = lowered(y, donated=(x,))
    assert isinstance(made.kernel.body[-1], Store)


# -- keys -----------------------------------------------------------------------------
def _blocks(n: int, m: int) -> list[Value]:
    x, bias = array(n, m), array(m)
    inner = slice(1, -1)
    return [
        softmax(x * 2.0 + bias),
        reduced("sum", op("exp", x), 0),
        turned(op("tanh", x)) + 1.0,
        put_part(x, take_part(x, inner, inner) * 0.5, inner, inner),
    ]


def test_a_thousand_extents_have_the_kernels_of_one() -> None:
    rng = np.random.default_rng(0)

    def keys(n: int, m: int) -> set[str]:
        return {made.kernel.key for made in lowered(*_blocks(n, m))}

    expected = keys(17, 21)
    seen = set()
    for n, m in rng.integers(17, 1000, (250, 2)).tolist():
        if m not in (n, n - 2):  # what has the same extents may share a kernel
            seen |= keys(n, m)
    assert seen == expected
