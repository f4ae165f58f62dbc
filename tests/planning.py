"""What the tests of planning share: record on values, plan, run, compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from engine.config import config
from engine.interpret import interpret, outline_of
from engine.kernels import pool
from engine.plan import Plan, build_plan
from engine.program import Program, from_nodes
from engine.recipe import Recipe, index_basic, transposed, whole
from engine.record import loops
from engine.record.frames import events
from engine.record.node import Node
from engine.record.registry import REGISTRY
from engine.record.trace import current_trace, renew
from engine.record.trie import TRIE, Trie
from engine.record.value import Value, constant
from engine.simplify import simplify

Array = np.ndarray[Any, Any]


def op(name: str, *operands: Any, attributes: tuple[Any, ...] = ()) -> Value:
    """Record an op by name."""
    return REGISTRY[name](*operands, attributes=attributes)


def array(*shape: int, seed: int = 0, dtype: Any = np.float64) -> Value:
    """A computed value of random numbers."""
    numbers = np.random.default_rng(seed).normal(size=shape) * 3
    if np.dtype(dtype).kind == "c":
        numbers = numbers + 1j * np.roll(numbers, 1)
    return constant(numbers.astype(dtype))


def region(x: Value, *key: Any) -> Recipe:
    """The recipe of basic indexing."""
    return index_basic(whole(x.dtype, x.shape), key)[0]


def take_part(x: Value, *key: Any) -> Value:
    return op("view", x, attributes=(region(x, *key),))


def put_part(x: Value, value: Value, *key: Any) -> Value:
    return op("update", x, value, attributes=(region(x, *key),))


def reshaped(x: Value, *shape: int) -> Value:
    return op("view", x, attributes=(whole(x.dtype, shape),))


def turned(x: Value) -> Value:
    """The transpose, as a view."""
    recipe = transposed(whole(x.dtype, x.shape), range(len(x.shape))[::-1])
    return op("view", x, attributes=(recipe,))


def reduced(name: str, x: Value, *axes: int) -> Value:
    return op(name, x, attributes=(axes,))


class Recorded:
    """A recorded path: taken out of the trace, so that it can run many times."""

    def __init__(self, outputs: Sequence[Value], donated: Sequence[Value] = ()) -> None:
        trace = current_trace()
        self.nodes: list[Node] = events(trace)
        self.numbers = [x.number for x in outputs]
        self.alive = [i in self.numbers for i in range(len(self.nodes))]
        self.leaves = [leaf.buffer for leaf in trace.leaves]
        self.scalars = list(trace.scalars)
        self.donated = frozenset(trace.leaf_numbers[id(x)] for x in donated)
        renew(trace)

    def simplified(self) -> Program:
        return simplify(from_nodes(self.nodes, self.alive))

    def plan(self) -> Plan:
        return build_plan(self.nodes, self.alive, self.donated)

    def decisions(self) -> list[str]:
        """The lines that say what each group does, without their reasons."""
        text = self.plan().schedule.text()
        return [line for line in text.splitlines() if not line.startswith(" ")]

    def expected(self) -> dict[int, Array]:
        """The outputs by NumPy, node by node."""
        outline = outline_of(self.nodes, self.alive)
        return interpret(self.nodes, outline, self._copies(), self.scalars)

    def run(self, plan: Plan | None = None) -> dict[int, Array]:
        """The outputs by a plan, on copies of the leaves."""
        return (plan or self.plan()).run(self._copies(), self.scalars)

    def check(self, tolerance: float = 1e-12) -> Plan:
        """The plan, after its results were compared with NumPy's.

        The first run is row by row, the second one native where that is possible.
        """
        plan, expected = self.plan(), self.expected()
        for _ in range(2):
            for number, result in self.run(plan).items():
                assert_same(result, expected[number], tolerance)
        return plan

    def _copies(self) -> list[Array]:
        return [leaf.copy() for leaf in self.leaves if leaf is not None]


def assert_same(result: Array, expected: Array, tolerance: float) -> None:
    """The same dtype, shape and order in memory, and numbers up to rounding."""
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    assert result.flags.c_contiguous
    tolerance = max(tolerance, 1e-4 if result.dtype == np.float32 else 0)
    np.testing.assert_allclose(
        result.astype(complex), expected.astype(complex), tolerance, tolerance
    )


def bits(array: Array) -> bytes:
    """The bytes of an array, all NaNs being one."""
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.array(np.nan, array.dtype), array)
    return array.tobytes()


def parts(plan: Plan) -> list[type]:
    """What a plan is made of, after a run has bound it."""
    assert plan.bound is not None
    return [type(part) for part in plan.bound.parts]


def check_bound(recorded: Recorded) -> Plan:
    """The plan, after its native runs were compared with the one row by row."""
    plan = recorded.plan()
    expected = recorded.run(plan)
    for _ in range(3):
        results = recorded.run(plan)
        assert list(results) == list(expected)
        for number, result in results.items():
            assert result.dtype == expected[number].dtype
            assert result.shape == expected[number].shape
            assert result.flags.c_contiguous and result.flags.writeable
            assert bits(result) == bits(expected[number])
    return plan


def sweep(x: Value, seed: int) -> Value:
    """One launch that cannot be fused with the one before."""
    return op("multiply", x, reshaped(reduced("max", x, 0), 1)) + float(seed)


def chain(length: int, size: int = 50) -> Value:
    x = op("exp", array(size) * 0.01)
    for k in range(length):
        x = sweep(x, k) * 0.1
    return x


@contextmanager
def empty_trace() -> Iterator[None]:
    """Forget what a failing test may have left pending; no trace ends with a loop."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loops, "LEAST", 1 << 30)
        patch.setattr(TRIE, "root", Trie().root)
        renew(current_trace())
        yield
    renew(current_trace())


@contextmanager
def compiled_plans() -> Iterator[None]:
    """Every row is compiled; the number of threads is put back."""
    threads = pool.num_threads()
    with empty_trace(), config(tier="compiled"):
        yield
    pool.set_num_threads(threads)
