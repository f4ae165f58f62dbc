"""A reduction is the same as a method, a function, or a function of NumPy's."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import engine
import engine.numpy as en
from engine import native
from engine.record import current_trace
from engine.record.frames import events

NAMES = (
    *("sum", "prod", "max", "min", "any", "all", "argmax", "argmin"),
    *("mean", "var", "std", "cumsum", "cumprod"),
)
SCANS = ("cumsum", "cumprod")
AXES: tuple[Any, ...] = (None, 0, -1, 1, (0,), (0, 1), (1, -2), (), 2, (0, 0))

Method = Callable[..., Any]


pytestmark = pytest.mark.usefixtures("recorder")


def outcome(call: Callable[[], Any]) -> tuple[Any, ...]:
    """What a call gives, or the class of what it raises."""
    try:
        result = call()
    except Exception as error:
        return (type(error),)
    return result.dtype, result.shape, result.tolist()


def spellings(name: str, axis: Any, kept: Any) -> list[Method]:
    """Ways to say one thing."""
    options = {} if kept is None else {"keepdims": kept}
    function, numpys = getattr(en, name), getattr(np, name)
    return [
        lambda x: getattr(x, name)(axis, **options),
        lambda x: getattr(x, name)(axis=axis, **options),
        lambda x: getattr(x, name)(**options, axis=axis),
        lambda x: function(x, axis, **options),
        lambda x: function(x, axis=axis, **options),
        lambda x: function(a=x, axis=axis, **options),
        lambda x: numpys(x, axis=axis, **options),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_all_spellings_give_what_numpy_gives_each_time(name: str) -> None:
    given = np.array([[3.0, 1.0, 2.0, 2.0], [0.0, -1.0, 2.0, 1.0]])  # exact means
    for axis in AXES:
        for kept in (None,) if name in SCANS else (None, False, True):
            options = {} if kept is None else {"keepdims": kept}
            x = en.array(given)
            engine.eval(x)
            wanted = outcome(lambda a=axis, o=options: getattr(given, name)(a, **o))
            for call in spellings(name, axis, kept) * 3:
                found = outcome(lambda f=call, x=x: f(x))
                assert found == wanted, (axis, kept)


@pytest.mark.parametrize("name", NAMES)
def test_all_spellings_record_the_same_events(name: str) -> None:
    x = en.arange(6.0).reshape(2, 3) + 1
    engine.eval(x)
    seen = set()
    for call in spellings(name, 1, None) * 2:
        result = call(x)
        seen.add(str(events(current_trace())))
        engine.eval(result)
    assert len(seen) == 1


def test_names_are_those_of_a_face() -> None:
    x, t = en.ones((2, 3)), engine.ones(2, 3)
    for _ in range(3):
        assert x.sum(axis=1, keepdims=True).tolist() == [[3.0], [3.0]]
        assert t.sum(dim=1, keepdim=True).tolist() == [[3.0], [3.0]]
        assert t.sum(dim=(0, 1)).item() == 6.0
        for wrong in ({"dim": 1}, {"axis": 1, "keepdim": True}, {"axes": 1}):
            with pytest.raises(TypeError):
                x.sum(**wrong)
        with pytest.raises(TypeError):
            x.sum(1, axis=1)
        with pytest.raises(TypeError):
            t.sum(keepdims=True)


def test_a_mean_of_nothing_warns_each_time() -> None:
    for x in (en.ones((0, 3)), en.ones((0, 3)) * 2.0):
        engine.eval(x)
        for call in (*spellings("mean", 0, None), *spellings("mean", None, None)):
            for _ in range(4):
                with pytest.warns(RuntimeWarning, match="Mean of empty slice"):
                    engine.eval(call(x))


def test_native_code_alone_records_what_was_called_before() -> None:
    if native.recorder()[0] != "native":
        pytest.skip(f"no native code: {native.recorder()[1]}")
    native.use("native")
    x = en.ones((2, 3)) * 2.0
    engine.eval(x)

    def frames(call: Method) -> int:
        seen: list[str] = []
        sys.setprofile(lambda frame, event, _: event == "call" and seen.append(event))
        result = call(x)
        sys.setprofile(None)
        engine.eval(result)
        return len(seen)

    for call in spellings("var", (0, 1), True)[:3]:
        assert [frames(call) for _ in range(3)][-1] == 1  # that of the lambda


def test_gradients_go_through_every_spelling() -> None:
    given = np.array([[1.0, 2.0], [3.0, 5.0]])
    for call in spellings("var", 0, None) * 2:
        slope = engine.grad(lambda x, f=call: f(x).sum())(en.array(given))
        np.testing.assert_allclose(slope, given - given.mean(0), rtol=1e-15)


def test_a_variance_owns_its_memory() -> None:
    x = en.array([[1.0, 2.0], [3.0, 5.0]])
    for result in (x.var(0), x.var(0, keepdims=True), x.std(1)):
        assert result.base is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert x.var().tolist() == np.var(np.asarray(x))
