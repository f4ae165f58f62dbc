"""Selections by a mask: when the mask is looked at, and how gradients flow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest
from selecting import arrays

import engine
import engine.numpy as np
from engine import native
from engine.numpy import masked

PENDING = """
a[m] * 2 + c[m]
a[a > 0] - c[a > 0]
np.exp(a[m]).sum()
a[m].mean()
a[m].std()
a[r].sum(axis=0)
a[r].max(axis=1)
a[m].max(initial=0.0)
np.count_nonzero(a[m] > 0)
np.extract(a > 0, a).sum()
a[m].astype('float32').copy()
(a[m] > 0).any()
a.__setitem__(m, c[m])
a.__setitem__(m, a[m] ** 2 + c[m])
a.__setitem__(a > 0, np.log(a[a > 0]))
a.__setitem__(r, a[r] * row)
a[m].__iadd__(c[m])
a[m].ndim, a[m].dtype, a[m].requires_grad
a[numpy_mask] + c[numpy_mask]
"""

LOOKING = """
a[m].shape
len(a[m])
a[m].size
a[m][0]
a[m].max()
a[m].argmax()
a[m].reshape(-1, 1)
a[m] + np.arange(3)[:1]
np.sort(a[m])
a.__setitem__(m, a[c > 0][:1])
"""


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Selections of a few elements are pending here, as those of many are.

    Native code, which knows how many a few are, takes no part.
    """
    monkeypatch.setattr(masked, "FEW", 0)
    own, _ = native.recorder()
    native.use("python")
    yield
    native.use(own)


def synchronisations(source: str) -> int:
    """How often a program looks before its result is looked at."""
    space = {**arrays(np), "engine": engine}
    for name in "mr":
        space[name] = space[name] & True  # pending
    engine.eval(*(space[name] for name in "ac"))
    engine.reset_stats()
    kept = eval(source, space)
    count: int = engine.stats()["synchronisations"]
    del kept
    return count


@pytest.mark.parametrize("source", PENDING.strip().splitlines())
def test_a_selection_stays_pending(source: str) -> None:
    space = arrays(np)
    engine.eval(*(x for x in space.values() if isinstance(x, np.ndarray)))
    assert synchronisations(source) == 0


@pytest.mark.parametrize("source", LOOKING.strip().splitlines())
def test_the_mask_is_computed_once_its_extent_is_needed(source: str) -> None:
    assert synchronisations(source) == 1


def test_a_gathered_selection_is_an_array_like_others() -> None:
    x = np.arange(6.0)
    chosen = x[x > 2]
    assert isinstance(chosen, np.ndarray)
    assert chosen.shape == (3,)
    assert type(chosen) is np.ndarray
    view = chosen[1:]
    view += 1
    assert chosen.tolist() == [3.0, 5.0, 6.0]
    assert view.base is chosen


def test_what_has_been_evaluated_needs_no_second_look() -> None:
    x = np.arange(6.0)
    chosen = x[x > 2] * 2
    engine.eval(chosen, [x[x < 9]])
    engine.reset_stats()
    assert chosen.shape == (3,)
    assert engine.stats()["synchronisations"] == 0
    assert chosen.tolist() == [6.0, 8.0, 10.0]


def test_masks_with_equal_elements_are_one_mask_however_they_were_made() -> None:
    x = np.arange(6.0)
    first = x[x > 2]
    engine.eval(first)
    total = first + x[x * 2 > 4] + x[numpy.arange(6) > 2]
    assert total.tolist() == [9.0, 12.0, 15.0]


def test_few_elements_of_a_known_mask_are_copied_at_once() -> None:
    x = np.arange(10_000.0)
    few, many = x < 9, x > 9
    engine.eval(few, many)
    assert "float64[9] = exp" in str(engine.explain(np.exp(x[few])))
    assert "float64[10000] = exp" in str(engine.explain(np.exp(x[many]).sum()))


def test_a_selection_follows_no_write_by_whoever_shares_the_memory() -> None:
    x = np.arange(6.0)
    outside = numpy.asarray(x)
    chosen = x[x > 2]
    outside[:] = 0
    x[...] = -1
    assert chosen.tolist() == [3.0, 4.0, 5.0]
    flags = numpy.array([True, False] * 3)
    twice = np.arange(6)[flags] * 2
    flags[:] = True
    assert twice.tolist() == [0, 4, 8]


def test_threads_may_gather_one_selection_at_once() -> None:
    x = np.arange(5000.0)
    for _ in range(20):
        chosen = x[x > 10] * 2
        start, seen = threading.Barrier(4), []

        def look(
            chosen: Any = chosen, start: Any = start, seen: list[Any] = seen
        ) -> None:
            start.wait()
            seen.append((chosen.shape, float(chosen[0])))

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [((4989,), 22.0)] * 4


def test_a_function_that_selects_is_captured() -> None:
    @engine.compile
    def step(z: Any, c: Any) -> Any:
        inside = abs(z) < 2
        z[inside] = z[inside] ** 2 + c[inside]
        return z, z[inside].sum()

    draw = numpy.random.default_rng(0)
    for _ in range(4):
        z, c = draw.standard_normal((2, 7))
        have, total = step(np.array(z), np.array(c))
        inside = abs(z) < 2
        z[inside] = z[inside] ** 2 + c[inside]
        assert numpy.allclose(have.computed(), z, rtol=1e-14)
        assert numpy.isclose(float(total), z[inside].sum(), rtol=1e-13)


# -- gradients ------------------------------------------------------------------------
DIFFERENTIABLE = """
x[m]
x[x > 0] ** 3
np.log(x[x > 0])
np.log(x[x > 0])[1:]
np.sqrt(x[m] ** 2 + 1) * x[m]
x[m].sum() ** 2
x[m].prod()
x[m].mean() * x.sum()
x[m].var()
np.exp(x[m]).std()
x[m].max() ** 3
(x[m] * x[m]).min()
x[r].sum(axis=0) ** 2
x[r].max(axis=1) ** 2
x[r] / (x[r] ** 2).sum(axis=1, keepdims=True)
put(x * 1, m, x[m] ** 3)
put(x * 1, x > 0, np.log(x[x > 0]))
put(x * x, r, x[r] * x[0])
put(x ** 3, m, 2.0)
"""


def put(array: Any, mask: Any, value: Any) -> Any:
    """The array after a write."""
    array[mask] = value
    return array


def weighted(source: str, module: Any) -> Callable[[Any], Any]:
    """A function to a number that depends on each element in another way."""
    given = arrays(module)

    def function(x: Any) -> Any:
        space = {"x": x, "np": module, "put": put, "m": given["m"], "r": given["r"]}
        result = eval(source, space)
        count = int(numpy.prod(result.shape))
        weights = (numpy.arange(count) % 7 + 1.0).reshape(result.shape)
        return (result * weights).sum()

    return function


def slopes(function: Callable[[Any], Any], x: Any, step: float) -> Any:
    """Central differences."""
    found = []
    for k in range(x.size):
        offset = numpy.zeros(x.size)
        offset[k] = step
        moved = offset.reshape(x.shape)
        found.append((function(x + moved) - function(x - moved)) / (2 * step))
    return numpy.stack(found)


@pytest.mark.parametrize("source", DIFFERENTIABLE.strip().splitlines())
def test_gradients_flow_to_second_order(source: str) -> None:
    x = numpy.random.default_rng(5).uniform(0.3, 2.0, (4, 5)) * (
        1 - 2.0 * (numpy.arange(20).reshape(4, 5) % 3 == 1)
    )
    with engine.config(tier="numpy"):
        gradient = engine.grad(weighted(source, np))
        first = gradient(np.array(x)).computed()
        expected = slopes(weighted(source, numpy), x, 1e-6).reshape(x.shape)
        assert numpy.allclose(first, expected, rtol=1e-5, atol=1e-6)
        direction = numpy.cos(numpy.arange(20.0)).reshape(4, 5)
        second = engine.grad(lambda x: (gradient(x) * direction).sum())
        expected = slopes(
            lambda x: (gradient(np.array(x)).computed() * direction).sum(), x, 1e-6
        ).reshape(x.shape)
        found = second(np.array(x)).computed()
        assert numpy.allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_elements_that_were_not_selected_get_no_gradient_of_nan() -> None:
    for gather in (False, True):
        x = np.array([0.0, 4.0, -1.0]).requires_grad_()
        roots = np.sqrt(x[x > 0])
        total = roots[:1].sum() if gather else roots.sum()
        total.backward()
        assert x.grad.tolist() == [0.0, 0.25, 0.0]


def test_a_selection_remembers_whether_gradients_were_recorded() -> None:
    x = np.array([1.0, 2.0, 3.0]).requires_grad_()
    with engine.no_grad():
        constant = x[x > 1]
    kept = x[x > 1]
    with engine.no_grad():
        assert kept.tolist() == [2.0, 3.0]
    assert not (constant * 2).requires_grad
    (kept * kept).sum().backward()
    assert x.grad.tolist() == [0.0, 4.0, 6.0]
