"""What is kept for gradients at a flush, and what is let go."""

from __future__ import annotations

import numpy
import pytest

from engine.array import Array
from engine.autograd import leaf_gradients
from engine.config import config
from engine.execute import compute, flush
from engine.liveness import live_values
from engine.ops import add, exp, multiply, sin
from engine.ops.op import cast
from engine.ops.regions import full_value, reduce_sum, update, view
from engine.recipe import Recipe
from engine.record import Value, constant, current_trace, grad_mode
from engine.record.frames import events
from engine.storage import GradCell, leaf

FLOAT = numpy.dtype(float)


@pytest.fixture(autouse=True)
def an_empty_trace() -> None:
    flush(current_trace())


def leaf_of(numbers: list[float]) -> tuple[Value, GradCell]:
    array = numpy.array(numbers)
    cell = GradCell(Recipe(FLOAT, 0, array.shape, (1,)), Array)
    return leaf(constant(array), cell), cell


def total(value: Value) -> Value:
    return reduce_sum(value, (0,))


def kept() -> list[str]:
    trace = current_trace()
    mask = live_values(trace)
    nodes = events(trace)
    return [node.op.name for node, wanted in zip(nodes, mask, strict=True) if wanted]


def gradient(loss: Value, retain_graph: bool = False) -> list[float]:
    seeds = [(loss, full_value((), 1.0, FLOAT))]
    ((_, grad),) = leaf_gradients(seeds, retain_graph=retain_graph)
    return compute([grad])[0].tolist()


def test_a_flush_keeps_what_the_rules_read_and_cannot_do_again() -> None:
    x, _ = leaf_of([1.0, 2.0])
    loss = multiply(total(exp(x)), total(add(sin(x), 1.0)))
    # multiply reads both sums; exp reads its result, which is elementwise in x.
    assert kept() == ["sum", "sum", "multiply"]
    del loss


def test_elementwise_values_that_were_not_kept_are_done_again() -> None:
    x, _ = leaf_of([1.0, 2.0])
    loss = total(exp(add(sin(x), 1.0)))
    assert kept() == ["sum"]
    compute([loss])
    numpy.testing.assert_allclose(
        gradient(loss), numpy.cos([1, 2]) * numpy.exp(numpy.sin([1, 2]) + 1), rtol=1e-14
    )


def test_after_backward_only_the_results_are_kept() -> None:
    x, _ = leaf_of([1.0, 2.0])
    loss = total(exp(multiply(x, x)))
    seeds = [(loss, full_value((), 1.0, FLOAT))]
    ((_, grad),) = leaf_gradients(seeds, retain_graph=False)
    del seeds
    assert kept() == ["sum", "add"]  # the loss, and both ways to the gradient added up
    expected = 2 * numpy.array([1, 2]) * numpy.exp([1, 4])
    numpy.testing.assert_allclose(compute([grad])[0], expected, rtol=1e-14)


def test_a_graph_can_be_walked_twice_only_when_it_is_retained() -> None:
    x, _ = leaf_of([3.0])
    loss = total(multiply(x, x))
    assert gradient(loss, retain_graph=True) == [6.0]
    assert gradient(loss) == [6.0]
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        gradient(loss)


def test_nothing_is_kept_for_values_that_died() -> None:
    x, _ = leaf_of([1.0, 2.0])
    loss = total(exp(x))
    del loss
    alive = multiply(x, 2.0)
    assert kept() == ["multiply"]
    del alive


def test_no_history_is_recorded_under_no_grad_or_for_integers() -> None:
    x, _ = leaf_of([1.0])
    with grad_mode(False):
        assert exp(x).history is None
    assert exp(x).history is not None
    assert cast(x, numpy.dtype(numpy.int64)).history is None


@pytest.mark.parametrize("flush_every", [0, 1, 7])
def test_single_element_writes_cost_linear_memory_and_time(flush_every: int) -> None:
    with config(tier="numpy"):
        n = 60
        x, _ = leaf_of([0.5] * n)
        base = constant(numpy.zeros(n))
        for i in range(1, n):
            one = view(base, attributes=(Recipe(FLOAT, i - 1, (1,), (1,)),))
            more = view(x, attributes=(Recipe(FLOAT, i, (1,), (1,)),))
            item = add(multiply(multiply(one, one), 0.25), more)
            base = update(base, item, attributes=(Recipe(FLOAT, i, (1,), (1,)),))
            del one, more, item
            if flush_every and i % flush_every == 0:
                # The elements that were read are kept, not every version of the base.
                sizes = [
                    node.shape
                    for node, wanted in zip(
                        events(current_trace()),
                        live_values(current_trace()),
                        strict=True,
                    )
                    if wanted
                ]
                assert sum(shape == (n,) for shape in sizes) == 1
                compute([base])
        loss = total(base)
        ours = gradient(loss)
    numpy.testing.assert_allclose(ours, _reference(n), rtol=1e-12)


def _reference(n: int) -> numpy.ndarray:
    values = numpy.zeros(n)
    for i in range(1, n):
        values[i] = 0.25 * values[i - 1] ** 2 + 0.5
    grad, carried = numpy.zeros(n), 0.0
    for i in range(n - 1, 0, -1):
        carried = 1.0 + carried * 0.5 * values[i]
        grad[i] = carried
    return grad
