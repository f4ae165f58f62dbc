"""Floating-point errors are told where a program asks for it, as NumPy tells them."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from typing import Any

import numpy
import pytest
from numpy_comparison import same

import engine
import engine.numpy as np

PROGRAMS = """
with np.errstate(all='raise'): r = 1 / x
with np.errstate(all='raise'): r = x / x
with np.errstate(all='warn'): r = 1 / x
with np.errstate(divide='warn'): r = 1 / x
with np.errstate(all='ignore'): r = 1 / x
with np.errstate(invalid='raise'): r = np.sqrt(x)
with np.errstate(over='raise'): r = big * 10
with np.errstate(over='raise'): r = np.exp(x * 1000)
with np.errstate(over='raise'): r = np.exp(x * 100)
with np.errstate(over='warn'): r = np.power(x * 1e200, 2); str(r)
with np.errstate(over='raise'): r = np.power(x * 1e200, 2); str(r)
with np.errstate(under='raise'): r = 1 / big * 1e-10
with np.errstate(all='warn'): r = i // 0
with np.errstate(all='warn'): r = i % 0
with np.errstate(all='warn'): r = np.sum(big)
with np.errstate(all='warn'): r = np.cumsum(big)
with np.errstate(all='warn'): r = big.astype('f4')
with np.errstate(all='warn'): r = (big * 1e10).astype(int)
with np.errstate(all='warn'): r = np.mean(x / 0)
with np.errstate(all='warn'): r = x**-2, x**-1, x**1.5, x**0.5
with np.errstate(all='warn'): x /= 0; r = x
with np.errstate(all='warn'): x[x < 0] = 0; r = np.sqrt(x)
with np.errstate(all='warn'): r = np.where(x > 0, np.log(x), 0)
with np.errstate(all='warn'): r = x[x > 0]; r = np.log(r)
with np.errstate(all='raise'): r = np.log(x, where=x > 0, out=np.zeros(3))
with np.errstate(all='raise'): r = np.divide(1, x, where=x != 0, out=np.zeros(3))
with np.errstate(all='raise'): r = np.nanmean(x), np.std(x), np.linalg.norm(x), x @ x
with np.errstate(all='warn'): r = np.gradient(x), np.polyfit([0, 1, 2], x, 1)
with np.errstate(divide='raise'), np.errstate(divide='ignore'): r = 1 / x
with np.errstate(divide='raise'), np.errstate(invalid='ignore'): r = 1 / x
old = np.seterr(all='raise'); r = np.geterr(); np.seterr(**old)
old = np.seterr(all='raise'); np.seterr(**old); r = 1 + x, old
old = np.seterr(invalid='print'); r = np.seterr(**old)
r = np.errstate(all='raise')(lambda y: 1 / y)(x)
r = np.errstate(all='ignore')(lambda y: 1 / y)(x)
with np.errstate(nonsense='raise'): pass
with np.errstate(all='nonsense'): pass
r = np.seterr(all='nonsense')
r = []; with np.errstate(all='call', call=lambda *a: r.append(a)): 1 / x
""".strip().split("\n")


def outcome(program: str, module: Any) -> tuple[Any, list[str]]:
    """What a program leaves in `r`, or its exception, and what it warns of."""
    space: dict[str, Any] = {
        "np": module,
        "x": module.array([1.0, 0.0, -1.0]),
        "big": module.array([1e308, 1e308]),
        "i": module.array([1, 2]),
    }
    before = numpy.geterr()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(program.replace("; with", "\nwith"), space)
            result = space.get("r")
            if isinstance(result, np.ndarray):
                engine.eval(result)
        except Exception as error:
            result = error
    assert numpy.geterr() == before
    if module is np:
        assert all(one.filename == "<string>" for one in caught)
    return result, [str(one.message).split("; at")[0] for one in caught]


def alike(want: Any, have: Any) -> bool:
    if isinstance(want, Exception):
        return type(have) is type(want) and str(want) in str(have)
    if isinstance(want, tuple):
        return all(map(alike, want, have))
    if isinstance(want, (numpy.ndarray, numpy.generic)):
        return same(want, have.computed())
    return bool(want == have)


@pytest.mark.parametrize("program", PROGRAMS)
def test_errors_are_told_as_numpy_tells_them(program: str) -> None:
    (want, wanted), (have, had) = (outcome(program, module) for module in (numpy, np))
    assert alike(want, have), (want, have)
    assert had == wanted


def test_nothing_is_told_by_default() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert numpy.isinf((1 / np.zeros(2)).item(0))


def test_what_was_recorded_before_the_block_is_not_told_in_it() -> None:
    y = 1 / np.zeros(2)
    with np.errstate(all="raise"):
        assert numpy.isinf(y.item(0))


def test_errors_are_caught_where_they_are_made() -> None:
    x = np.ones(3)
    with np.errstate(divide="raise"):
        with pytest.raises(
            FloatingPointError, match=r"at .*test_floating_errors\.py:\d+$"
        ):
            x / 0
        assert (x / 2).tolist() == [0.5, 0.5, 0.5]
    assert numpy.isinf((x / 0).item(0))


def test_an_error_that_raises_leaves_arrays_as_they_were() -> None:
    x = np.ones(3)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        x /= 0
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_errors_are_printed_and_logged() -> None:
    log, out = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(out), np.errstate(all="print"):
        1 / np.zeros(1)
    with np.errstate(divide="log", call=log):
        1 / np.zeros(1)
    wanted = "Warning: divide by zero encountered in divide\n"
    assert (out.getvalue(), log.getvalue()) == (wanted, wanted)


def test_a_thread_hears_what_it_asks_for_alone() -> None:
    found: list[Any] = []

    def divide() -> None:
        found.append((1 / np.zeros(1)).tolist())

    with np.errstate(all="raise"):
        thread = threading.Thread(target=divide)
        thread.start()
        thread.join()
    assert found == [[numpy.inf]]


def test_a_gradient_is_not_told_of() -> None:
    x = np.array([0.0, 4.0]).requires_grad_()
    with np.errstate(all="raise"):
        y = np.where(x > 0, np.sqrt(x), 0.0).sum()
        y.backward()
        with pytest.raises(FloatingPointError):
            y / 0
    assert x.grad.tolist() == [0.0, 0.25]


def test_a_compiled_function_runs_op_by_op_where_errors_are_told() -> None:
    @engine.compile
    def inverse(x: Any) -> Any:
        return 1 / x

    for _ in range(3):
        inverse(np.array([0.0, 1.0]))
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        inverse(np.array([0.0, 1.0]))


def test_the_blocks_are_instances_of_numpys() -> None:
    assert isinstance(np.errstate(), numpy.errstate)
