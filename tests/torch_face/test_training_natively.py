"""A training step that is recorded at once keeps its references, its lines, its kinds.

What is told apart by what a step records is in `test_recorded_at_once` and
`test_steps_again`; here is what else could differ from one call to the next.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from error_rows import raised
from steps import OPTIMIZERS, TURNS, Passed, in_turns, leaf, numbers_of, trained

import engine
from engine import Tensor, nn, optim
from engine.execute import flush
from engine.nn import functional as F
from engine.record.trace import current_trace
from engine.record.value import Value

pytestmark = pytest.mark.usefixtures("interpreted")


@contextmanager
def collected_every(allocations: int) -> Iterator[None]:
    """The collector runs after so many allocations."""
    threshold = gc.get_threshold()
    gc.set_threshold(allocations)
    try:
        yield
    finally:
        gc.set_threshold(*threshold)


def test_the_collector_may_run_at_every_step_of_training(passed: Passed) -> None:
    want = trained(OPTIMIZERS[2], True)
    flush(current_trace())
    with collected_every(1):
        assert trained(OPTIMIZERS[2], True) == want
    assert passed


def test_finalizers_may_record_in_the_middle_of_training(passed: Passed) -> None:
    class Last:
        def __init__(self, array: Any) -> None:
            self.array, self.itself = array, self

        def __del__(self) -> None:
            self.array.add(1.0)

    want = trained(OPTIMIZERS[2], True)
    flush(current_trace())
    x = leaf(1.0)
    with collected_every(7):
        for _ in range(3):
            for _ in range(40):
                Last(x)
            assert trained(OPTIMIZERS[2], True) == want
    gc.collect()
    assert passed


def test_training_loses_no_reference_and_keeps_none() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    optimizer = optim.Adam(model.parameters())
    x, y = engine.ones(5, 3), engine.tensor([0, 1, 1, 0, 1])
    hot = (None, True, False, Value, Tensor, x.recipe, 0, 1)

    def counted() -> list[int]:
        for _ in range(50):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            engine.eval(loss, list(model.parameters()))
        gc.collect()
        return [*map(sys.getrefcount, hot), sys.getallocatedblocks()]

    counted()
    first, second = counted(), counted()
    for before, after in zip(first, second, strict=True):
        assert abs(after - before) < 45  # one for each step would be too many


def test_late_errors_name_the_line_of_each_call(passed: Passed) -> None:
    source = "loss = F.cross_entropy(x, y)\nloss.item()"
    names = {"F": F, "x": leaf(1.0, 2.0).reshape(1, 2)}
    for line in (3, 9, 3, 9, 3, 9, 3, 9):
        for given in ([1], [2]):
            names["y"] = engine.tensor(given) + 0  # what is known is checked at once
            if given == [1]:
                raised(source + "\nraise ValueError", names, line)
                continue
            error = raised(source, names, line)
            assert isinstance(error, IndexError)
            assert str(error).endswith(f"recorded at user.py:{line}")
    assert passed


def test_tensors_of_a_users_class_stay_of_it() -> None:
    class Mine(Tensor):
        def read(self) -> Any:
            return super().read() * 2.0

    for _ in range(TURNS):
        assert F.relu(Mine([1.0, -1.0])).tolist() == [4.0, 0.0]  # read twice
        assert type(F.relu(Mine([1.0]))) is Mine
        assert type(F.relu(leaf(1.0))) is Tensor
        flush(current_trace())


def test_views_are_read_as_they_are(passed: Passed) -> None:
    base = leaf(1.0, -2.0, 3.0, -4.0, grad=False)

    def program(start: int, step: int) -> Any:
        return F.relu(base[start::step] * 1.0 + base.flip(0)[start::step]).tolist()

    def direct(start: int, step: int) -> Any:
        return F.relu(base[start::step]).tolist()

    in_turns(
        [
            lambda: direct(0, 1),
            lambda: direct(0, 2),
            lambda: direct(2, 1),
            lambda: program(0, 2),
        ],
        [[1, 0, 3, 0], [1, 3], [3, 0], [0, 1]],
    )
    assert passed


def test_a_write_to_an_argument_is_seen(passed: Passed) -> None:
    x = leaf(1.0, -2.0, grad=False)
    for k in range(2 * TURNS):
        x[1] = float(k)
        assert F.relu(x).tolist() == [1, k]
    seen = x.numpy()
    for k in range(TURNS):
        seen[0] = k
        assert F.relu(x).tolist() == [k, seen[1]]
    assert passed


def test_the_default_dtype_may_change() -> None:
    x = engine.tensor([1, -2])

    def program(dtype: Any) -> Any:
        engine.set_default_dtype(dtype)
        try:
            return [f(x).dtype for f in (F.gelu, lambda x: x.softmax(0))]
        finally:
            engine.set_default_dtype(engine.float32)

    kinds = [engine.float32, engine.float64]
    in_turns(
        [lambda: program(kinds[0]), lambda: program(kinds[1])],
        [[kinds[0]] * 2, [kinds[1]] * 2],
    )


def test_arguments_of_any_kind_are_told_apart(passed: Passed) -> None:
    x, y = leaf(2.0, -3.0), leaf(1.0, 1.0)

    def program(**options: Any) -> Any:
        loss = F.huber_loss(x * 1.0, y, **options)
        return round(loss.sum().item(), 12)

    in_turns(
        [
            lambda: program(),
            lambda: program(delta=2.0),
            lambda: program(delta=2),
            lambda: program(reduction="sum"),
            lambda: program(reduction="su" + "m"),
        ],
        [2.0, 3.25, 3.25, 4.0, 4.0],
    )
    assert passed


def test_new_batch_sizes_dtypes_and_frozen_parameters(passed: Passed) -> None:
    layer = nn.Linear(2, 1).double()
    with engine.no_grad():
        layer.weight.fill_(2.0)
        layer.bias.fill_(1.0)

    def program(rows: int, frozen: bool, single: bool = False) -> Any:
        layer.to(engine.float32 if single else engine.float64)
        layer.weight.requires_grad_(not frozen)
        layer.zero_grad()
        out = layer(engine.ones(rows, 2, dtype=layer.weight.dtype))
        out.sum().backward()
        return out.tolist(), numbers_of(layer.weight.grad), out.dtype

    double, float_ = engine.float64, engine.float32
    in_turns(
        [
            lambda: program(2, False),
            lambda: program(3, False),
            lambda: program(2, True),
            lambda: program(2, False, True),
        ],
        [
            ([[5.0]] * 2, [[2.0, 2.0]], double),
            ([[5.0]] * 3, [[3.0, 3.0]], double),
            ([[5.0]] * 2, None, double),
            ([[5.0]] * 2, [[2.0, 2.0]], float_),
        ],
    )
    assert passed


def test_products_on_all_lines_are_the_same_events() -> None:
    x = leaf(1.0, 2.0, grad=False).reshape(1, 2)
    names = {"x": x, "flush": lambda: flush(current_trace())}
    nodes = []
    for line in (2, 5):
        space: dict[str, Any] = {**names}
        exec(compile("\n" * line + "y = x @ x.T", "user.py", "exec"), space)
        nodes.append(current_trace().node)
        np.testing.assert_array_equal(space["y"].tolist(), [[5.0]])
    assert nodes[0] is nodes[1]
