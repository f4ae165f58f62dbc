"""Index tensors that are pending: rows are picked when a value is looked at."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import engine
from engine.nn import functional

TABLE = numpy.arange(24.0, dtype=numpy.float32).reshape(2, 3, 4)
PLACES = {
    "i": numpy.array([1, -1, 0, 1]),
    "j": numpy.array([[0, -1], [1, 0]], numpy.int32),
}

LAZY = [
    *(
        "t[i]",
        "t[j]",
        "t[:, i]",
        "t[..., i]",
        "t[i, j[0, 1]]",
        "t[i, i]",
        "t[:, j, 1:]",
    ),
    *("t[j, :, i[:2]]", "t[None, i]", "t[1, i]", "t[i, None]", "t[0][i, 2]"),
    "t[:, i, ::2].sum(1)",
]


def operands(pending: bool) -> dict[str, Any]:
    """A tensor and index tensors; adding a number makes those pending."""
    arrays = {name: engine.tensor(array) for name, array in PLACES.items()}
    if pending:
        arrays = {name: index + 0 for name, index in arrays.items()}
    return {"t": engine.tensor(TABLE), **arrays}


@pytest.mark.parametrize("tier", ["numpy", "compiled"])
@pytest.mark.parametrize("expression", LAZY)
def test_a_pending_index_picks_what_a_known_one_does(
    expression: str, tier: Any
) -> None:
    expected = eval(expression, operands(pending=False))
    with engine.config(tier=tier):
        found = eval(expression, operands(pending=True))
        assert found.shape == expected.shape
        numpy.testing.assert_array_equal(found.numpy(), expected.numpy())


@pytest.mark.parametrize("expression", LAZY[:4])
def test_nothing_runs_before_a_look(expression: str) -> None:
    space = operands(pending=True)
    before = engine.stats()["synchronisations"]
    picked = eval(expression, space)
    assert engine.stats()["synchronisations"] == before
    plain = eval(expression, {"t": TABLE, **PLACES})
    numpy.testing.assert_array_equal(picked.numpy(), plain)


def test_gradients_add_up_where_rows_repeat() -> None:
    weight = engine.tensor(TABLE[0]).requires_grad_()
    rows = (engine.arange(5) * 2) % 3
    (functional.embedding(rows, weight) ** 2).sum().backward()
    expected = 2 * TABLE[0] * numpy.array([[2.0], [1.0], [2.0]])
    numpy.testing.assert_array_equal(weight.grad.numpy(), expected)


def test_an_index_out_of_bounds_names_the_dimension_when_it_is_computed() -> None:
    t = engine.tensor(TABLE)
    picked = t[:, engine.arange(3) + 1] * 2
    message = "indices: index 3 is out of bounds for dimension 1 with size 3; recorded"
    with pytest.raises(IndexError, match=message):
        picked.numpy()
    assert t.sum().item() == TABLE.sum()


def test_writes_look_at_the_index_and_leave_the_tensor_as_it_was() -> None:
    t = engine.tensor(TABLE)
    with pytest.raises(IndexError, match="index 2 is out of bounds for dimension 0"):
        t[engine.arange(3)] = 0.0
    numpy.testing.assert_array_equal(t.numpy(), TABLE)
    t[engine.arange(1) + 1] = 7.0
    assert t[1].unique().tolist() == [7.0]


def test_a_compiled_function_looks_rows_up() -> None:
    table = engine.tensor(TABLE[0])
    sums = engine.compile(lambda rows: table[rows].sum(1))
    for last in (0, 1, 2, 0):
        found = sums(engine.tensor([1, last])).tolist()
        assert found == TABLE[0][[1, last]].sum(1).tolist()
    assert "replayed" in sums.report()
