"""Paths that go on otherwise than the last time are recorded by native code, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np
from engine import native
from engine.execute import flush
from engine.record.trace import Trace, current_trace
from engine.record.value import Scalar

pytestmark = pytest.mark.skipif(
    native.recorder()[0] != "native", reason=f"no native code: {native.recorder()[1]}"
)


@contextmanager
def by_python() -> Iterator[list[str]]:
    """The names of the ops that Python records meanwhile."""
    seen: list[str] = []
    whole = Trace.advance

    def advance(self: Trace, op: Any, *rest: Any) -> Any:
        seen.append(op.name)
        return whole(self, op, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trace, "advance", advance)
        yield seen


def array(*shape: int) -> Any:
    return np.array(numpy.arange(numpy.prod(shape), dtype=float).reshape(shape) + 1.0)


def test_programs_that_alternate_are_followed() -> None:
    x, y = array(7), array(3, 5)
    programs = (
        lambda: float((x * 2 + x).sum()),
        lambda: float((y - x[0] * 3).max()),
        lambda: float((x / x[::-1]).min()),
        lambda: float((y[1] * y[2]).sum()),
    )
    expected = [program() for program in programs]
    for program in programs:
        program()
    with by_python() as seen:
        for _ in range(3):
            assert [program() for program in programs] == expected
    assert seen == []


def test_events_on_other_rows_are_new_but_not_unknown() -> None:
    x, y = array(40, 6), array(40, 6)
    want = numpy.asarray(y).copy()

    def step(i: int) -> None:
        y[i] = 0.5 * x[i] + y[i - 1] / 3.0
        want[i] = 0.5 * numpy.asarray(x)[i] + want[i - 1] / 3.0

    for i in range(1, 4):
        step(i)
    with by_python() as seen:
        for i in range(4, 40):
            step(i)
    assert seen == []
    numpy.testing.assert_array_equal(numpy.asarray(y), want)


def test_what_is_all_of_an_array_is_no_region() -> None:
    x, y = array(4, 3), array(1, 4)
    for _ in range(3):
        for key in (slice(0, 2), slice(0, 4), slice(0, 0), slice(1, 4)):
            z = x[key] * 2.0
            assert z.tolist() == (numpy.asarray(x)[key] * 2.0).tolist()
            copy = np.zeros_like(x)
            copy[key] = z
            plain = numpy.zeros((4, 3))
            plain[key] = numpy.asarray(z)
            assert copy.tolist() == plain.tolist()
        assert (y[0] + 1).tolist() == [2.0, 3.0, 4.0, 5.0]


def test_errors_of_new_events_are_those_of_old_ones() -> None:
    x, y = array(4), array(3)
    for _ in range(2):
        with pytest.raises(ValueError, match="broadcast"):
            x + y
        assert (x + x[:1]).tolist() == [2.0, 3.0, 4.0, 5.0]
        with pytest.raises(TypeError):
            x << 2
        with pytest.raises(ValueError, match="broadcast"):
            x[1:] = y[:2]
        with pytest.raises(ValueError, match="read-only"):
            np.broadcast_to(x, (2, 4))[1] = x


def test_gradients_flow_through_new_events() -> None:
    w = engine.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    for i in range(1, 4):
        loss = (w[i - 1] * w[i] * 2.0).sum()
        (found,) = engine.autograd.grad(loss, [w])
        want = numpy.zeros(4)
        want[i - 1], want[i] = 2.0 * (i + 1), 2.0 * i
        assert found.tolist() == want.tolist()


def test_the_line_of_a_new_event_is_the_users() -> None:
    x = array(5)
    for i in range(3):
        y = x[i : i + 2] * 2.0
    assert "test_turning.py" in str(engine.explain(y))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32", "complex128"])
def test_writes_by_an_operator_are_recorded_for_any_dtype(dtype: str) -> None:
    plain = numpy.ones((4, 5), dtype)
    x, y = np.array(plain), np.array(plain)
    want = plain.copy()
    for _ in range(3):
        x += y
        x *= y[0]
        want += plain
        want *= plain[0]
    with by_python() as seen:
        for _ in range(3):
            x += y
            x *= y[0]
            want += plain
            want *= plain[0]
    assert seen == []
    assert x.dtype == plain.dtype
    assert x.tolist() == want.tolist()


def test_integers_do_not_become_a_quotient_in_place() -> None:
    x, y = np.array([6, 8]), np.array([2, 3])
    for _ in range(3):
        _ = x / y
        with pytest.raises(TypeError):
            x /= y
        x //= y
        assert x.tolist() == [3, 2]
        x *= y
        assert x.tolist() == [6, 6]
        x[1] = 8


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "complex64"])
def test_numbers_in_histories_are_those_of_python(dtype: str) -> None:
    x = engine.tensor([1.5, 2.0], dtype=getattr(engine, dtype), requires_grad=True)
    y = np.asarray(x.detach())
    y.requires_grad_()

    def histories() -> list[str]:
        flush(current_trace())
        results = [x * 1.5, 2 / x, x - 3, -0.0 + x, x * 0.1 * 2**25, x * 65519.0]
        results += [y * 1.5, 1 - y, y / 3, y * numpy.float64(0.1)]
        found = [value.read().history for value in results]
        inputs = [number for one in found if one is not None for number in one.inputs]
        return [repr(number) for number in inputs if type(number) is Scalar]

    native.use("python")
    try:
        want = histories()
    finally:
        native.use("native")
    assert len(want) >= 10
    for _ in range(3):
        assert histories() == want
    with by_python() as seen:
        assert histories() == want
    assert dtype not in ("float32", "float64") or len(seen) < 4
