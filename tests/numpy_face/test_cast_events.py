"""Casts, ranges, joins and products: recorded natively as Python records them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np
from engine import native
from engine.execute import flush
from engine.record import current_trace
from engine.record.frames import events

pytestmark = pytest.mark.skipif(
    native.recorder()[0] != "native", reason=f"no native code: {native.recorder()[1]}"
)

INTEGERS = numpy.arange(1, 13).reshape(3, 4)
GIVEN = {
    "i": INTEGERS,
    "b": INTEGERS % 3 == 0,
    "n": INTEGERS.astype("i1"),
    "u": INTEGERS.astype("u8"),
    "h": INTEGERS.astype("f2") / 4,
    "s": INTEGERS.astype("f4") / 8,
    "x": INTEGERS / 8,
    "c": INTEGERS - 1j * INTEGERS,
    "q": (INTEGERS + 2j).astype("c8"),
    "r": numpy.arange(4.0),
    "k": numpy.arange(4),
}

LINES = """
i * 2.5; 2.5 * i; i + 2j; 1j - i; x * 2j; 2j / x; c * 2; c + 2.5; c - 1j; 3 - c
-0.0 * c
i / 3; i / i; 3 / i; i ** 0.5; x ** i; x[:, :1] ** k; i ** i; 2.0 ** i; i % 2.5
i + x; x + i; i * c; s + x; s * i; b + i; b * 2.5; b & (i > 3); n + i; n * 2.5; u + i
u * 2; u / 2; h * x; h * 2; s * 2j; q * 2j; q * 2; q + c; n / n; n // 2; b + 1j
i == 2.5; i < x; c == 2j; c != i; i <= 3; s >= x; n == 300; u > -1; b == 1
np.exp(i); np.sin(c); np.sqrt(n); np.hypot(i, 2); np.arctan2(i, x); np.ldexp(s, i)
np.ldexp(2, b); np.copysign(i, -1); np.logaddexp(i, 1.5); np.float_power(i, 2)
x @ i.T; i @ x.T; c @ x.T; x @ k; k @ i.T; k @ k; i @ i.T; s @ i.T
x[:, ::2] @ c[:2, ::2].T
x[..., 1]; x[..., ::2]; x[1, ...]; x[..., None]; x[..., 1, 2]; x[1, 2, ...]; x[...]
x[..., ::2] * i[..., 1::2]; c[..., ::-1] + 1j
np.arange(4) * x; np.arange(3); np.arange(2, 9); np.arange(9, 2, -3)
np.arange(5, -1, -1)
np.arange(-3, 3); np.arange(0); np.arange(3, 1); np.arange(0, 10, 4); np.arange(2.0)
np.arange(2**40, 2**40 + 3); np.arange(True); np.arange(4) * 2j / 4
np.concatenate([x, x]); np.concatenate((x, x[:1]), 1 - 1); np.concatenate([x, i])
np.concatenate([x[:, 1:], x[:, :2], x], axis=1); np.concatenate([x.T, x.T])
np.concatenate([c, c[..., :0]], axis=-1); np.concatenate([r, k]); np.stack([x, x])
np.concatenate([k, k, k])
np.roll(x, 1, 0); np.roll(i, (1, -1), (0, 1)); np.roll(k, -1, 0); np.roll(x, 0, 1)
np.roll(x, 5); np.roll(x.T, 1, 0); np.roll(x[:, 1:], 1, 1); np.roll(c, (1, 2), (1, 1))
n + 100; n * -128; n == 3; u * 2**63; u == 0; n < -5; u // 3; b == 1
np.exp(0.5); np.sqrt(2); np.exp(1j); np.add(1, 2); np.arctan2(1, 2.5); np.power(2.0, -1)
np.exp(0.5) * x; np.log(-1.0); np.exp(1e6); np.logical_and(1, 2)
"""
STATEMENTS = [line.strip() for line in LINES.replace("\n", ";").split(";") if line]


@pytest.fixture(autouse=True)
def _native_afterwards() -> Iterator[None]:
    yield
    native.use("native")


def given() -> dict[str, Any]:
    """The arrays, computed, and nothing pending."""
    flush(current_trace())
    return {name: np.array(array) for name, array in GIVEN.items()}


def events_of(statement: str, arrays: dict[str, Any]) -> tuple[Any, list[str]]:
    """What a statement gives, and the events that it needs."""
    flush(current_trace())
    result = eval(statement, {"np": np}, arrays)
    trace = current_trace()
    scalars = [complex(x) for x in trace.scalars]
    needed = [str(node) for node in events(trace)]
    return result, [*needed, f"{scalars}"]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_both_recorders_record_what_numpy_computes(statement: str) -> None:
    with numpy.errstate(all="ignore"):
        wanted = eval(statement, {"np": numpy}, GIVEN)
    native.use("python")
    arrays = given()
    _, expected = events_of(statement, arrays)
    native.use("native")
    with engine.config(tier="numpy"):
        for _ in range(3):  # at first the path is new, then it is followed
            result, seen = events_of(statement, arrays)
            assert seen == expected
            assert result.dtype == wanted.dtype
            numpy.testing.assert_array_equal(numpy.asarray(result), wanted)


def calls_of(work: Callable[[], Any]) -> list[str]:
    """The Python functions that are called, the work itself left out."""
    found: list[str] = []

    def look(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            found.append(frame.f_code.co_name)

    sys.setprofile(look)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found[1:]


NATIVE = [
    *("n + 100", "u * 7", "n == 3", "u // 3"),
    *("i * 2.5", "x * 2j", "c * 2", "i / 3", "x ** i", "i + x", "b * 2.5", "np.exp(i)"),
    *("x @ k", "k @ k", "c @ r", "x[..., ::2]", "s + x", "2j / x", "n == 3.5"),
]


@pytest.mark.parametrize("statement", NATIVE)
def test_known_casts_are_recorded_without_python(statement: str) -> None:
    arrays = given()
    code = compile(statement, "<statement>", "eval")
    for _ in range(3):
        found = calls_of(lambda: eval(code, {"np": np}, arrays))
        flush(current_trace())
    assert found == ["<module>"]


def test_the_truth_of_a_computed_bool_is_looked_at_without_python() -> None:
    x = np.array([True, False])
    x.computed()
    assert [bool(x[0]), bool(x[1])] == [True, False]
    yes, no = x[0], x[1]
    assert calls_of(lambda: bool(yes) or bool(no)) == []
    pending = np.array([1.0, 2.0])
    assert [bool(some.any()) for some in (pending > 1, pending > 2)] == [True, False]
    for wrong in (x, np.array([])):
        with pytest.raises(ValueError, match="truth value of an"):
            bool(wrong)


def test_a_new_range_join_or_product_follows_what_its_like_did() -> None:
    x = np.array(numpy.arange(6.0).reshape(2, 3))
    y = np.array(numpy.arange(2))

    def work(k: float) -> Any:
        a = np.arange(2) * (y + k)
        return np.concatenate([x, x]) @ (x.T @ a)

    for k in (1, 1.0, 2):  # twice beside integers, once beside floats
        wanted = numpy.arange(2) * (numpy.arange(2) + k)
        plain = numpy.asarray(x)
        both = numpy.concatenate([plain, plain]) @ (plain.T @ wanted)
        for _ in range(3):
            assert numpy.asarray(work(k)).tolist() == both.tolist()
