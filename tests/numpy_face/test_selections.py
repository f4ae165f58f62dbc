"""Selections by a mask: NumPy's results, and no look at the mask before need."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import numpy
import pytest
from numpy_comparison import same

import engine
import engine.numpy as np

PROGRAMS = """
y = a[m]
y = a[a > 0]
y = b[m]
y = a[m] * 2 + 1
y = a[m] * c[m] - a[m] / c[m]
y = np.exp(-a[m] ** 2)
y = k[m] + a[m]
y = k[m] // 3 + u[m]
y = k[m] / k[m]
y = u[m] + 1
y = f[m] + 1.5
y = f[m] * a[m]
y = z[m] ** 2 + z[m]
y = abs(z[m])
y = -z[m].conj()
y = a[m] > c[m]
y = ~(a[m] > c[m]) & b[m]
y = np.where(a[m] > 0, a[m], -c[m])
y = np.clip(a[m], -0.5, 0.5).round(1)
y = a[m].astype('float32')
y = a[m].astype('int8', copy=True)
y = a[m].copy()
y = a[m] + np.float32(2)
y = a[m] + a[0, 0]
y = a[m] + a[0, :1]
y = a[m] + np.arange(m.sum())
y = a[m] + c[a > 0][0]
y = divmod(k[m], 3)[1]
y = np.sqrt(a[a > 0]) - np.log(a[a > 0])
y = a[r]
y = a[r] * 2 + row
y = a[r] - a[r].mean(axis=1, keepdims=True)
y = a[r] / a[r].sum(1, keepdims=True)
y = a[r].max(axis=-1)
y = a[r] @ row
y = a[r].T
y = a.T[np.arange(5) > 2] + 1
y = a.T[m.T] + 1
y = a[1:, ::2][m[1:, ::2]] * 2
y = a[:, 0][r] * a[:, 1][r]
y = t[r] + 1
y = t[m[:, :3]] * 2
y = t[r].sum(axis=(0, 2))
y = t[r].sum(axis=(1, 2))
y = t[m[:, :3]].sum(axis=0)
y = a[m][::2]
y = a[m][a[m] > 0]
y = a[m].reshape(-1, 1)
y = np.sort(a[m])
y = np.cumsum(a[m])
y = np.concatenate([a[m], c[m]])
y = a[m].argmax()
y = a[none]
y = a[none] + 1
y = a[none].sum()
y = a[none].prod()
y = a[none].any()
y = a[none].all()
y = np.median(a[m])
y = np.ptp(a[m])
y = a[m].sum()
y = a[m].sum(0)
y = np.sum(a[m], axis=(0,), keepdims=True)
y = np.sum(a[r], axis=0)
y = a[r].sum(axis=(0, 1), keepdims=True)
y = np.add.reduce(a[m])
y = np.add.reduce(a[r])
y = k[m].sum()
y = u[m].sum()
y = b[m].sum()
y = u[m].prod()
y = k[m].mean()
y = f[m].mean()
y = h[m].mean()
y = z[m].sum()
y = z[m].mean()
y = z[m].var()
y = z[m].prod()
y = a[m].mean(keepdims=True)
y = a[r].mean(axis=0)
y = a[m].var()
y = a[m].std(ddof=1)
y = a[r].var(axis=0)
y = a[m].max()
y = a[m].min()
y = np.max(a[r], axis=0)
y = k[m].max()
y = u[m].min()
y = b[m].max()
y = z[m].max()
y = a[m].max(initial=9.0)
y = a[none].max(initial=0.5)
y = a[m].sum(initial=3.0)
y = a[m].sum(where=a[m] > 0)
y = a[m].any()
y = (a[m] > -9).all()
y = np.count_nonzero(a[m] > 0)
y = np.count_nonzero(a[r] > 0, axis=0)
y = a[m].sum(out=np.zeros(()))
y = a[m].size, len(a[m]), a[m].shape, a[m].ndim, a[m].dtype
y = a[m].tolist()
y = [x + 1 for x in a[m]]
y = repr(a[m])
y = a[m].base is None
y = a[r, ...]
y = a[True]
y = a[np.array(False)]
y = a[0, 0][True]
y = a[[True, False, True, False]]
y = a[numpy_mask] * 2 + c[numpy_mask]
y = a[numpy_mask].sum()
y = np.compress(m.ravel(), a) + 1
y = np.compress(m[0], a[0], axis=0) * 2
y = np.compress([True, False], a[0])
y = np.compress(r, a, axis=0)
y = a.compress(m.ravel())
y = np.extract(a > 0, a).sum()
y = np.extract(k, a)
a[m] = c[m]
a[m] = c[m] * 2 + k[m]
a[m] += 1
a[m] *= c[m]
a[m] = 0
a[m] = -a[m]
a[a > 0] = np.log(a[a > 0])
a[a > 0] += c[a > 0]
a[numpy_mask] = c[numpy_mask] - 1
a[numpy_mask] += 1
k[m] = a[m] * 9
k[m] += u[m]
u[m] += 1
u[m] -= 7
b[m] = a[m]
f[m] = a[m]
z[m] = z[m] ** 2 + a[m]
a[r] = c[r] * 2
a[r] += row
a[r] = row
a[r] = 1
a[r] = a[r][:, ::-1]
a.T[m.T] = 5 * c.T[m.T]
a[1:][m[1:]] = c[1:][m[1:]]
a[:, 1][r] = c[:, 0][r]
a[:, 1][r] += 3
t[r] *= 2
t[m[:, :3]] += 1
t[m[:, :3]] = row[:2]
a[m] = np.arange(m.sum())
a[m] = c[a > 0][0]
a[none] = 1
a[none] = a[none]
s = a[m]; a[...] = 0; y = s + 1
s = a[m]; a[m] = 0; y = s.sum()
s = a[m] * 2; m[...] = False; y = s
s = a[m]; s += 1; y = s * 2
s = a[m]; w = s; s *= c[m]; y = w + s
s = a[m]; v = s[1:]; s += 1; y = v
s = a[m]; v = s[1:]; v += 1; y = s * 2
s = a[m] * 2; s[0] = 7; y = s + 1
s = k[m]; s **= 2; y = s
s = a[m]; a += 1; y = a[m] - s
s = z[m]; p = s.real; p += 1; y = s
s = a[m]; n = m.copy(); n[0] = True; y = s.sum() + a[n].sum()
"""
LINES = [line for line in PROGRAMS.strip().splitlines()]

ERRORS = """
a[m] + a[r]
a[m] + np.arange(99)
a[m] + c[~m][:-1]
a[m[:2]]
a[m.T]
a[none].max()
a[none].min(axis=0)
a[none].argmax()
a[m].sum(axis=1)
a[m].sum(axis=(0, 0))
a[m].max(axis=2)
a[m].reshape(99, 99)
a[m][99]
float(a[m])
len(a[m][0])
bool(a[m])
a[m].__setitem__(m, 1)
a.__setitem__(m, np.arange(99))
a.__setitem__(m, c[a > 9])
a.__setitem__(r, np.arange(99))
k.__setitem__(m, 'x')
k[m].__iadd__(0.5)
u[m].__ior__(0.5)
b[m] - b[m]
np.sqrt(a[m], casting='equiv', dtype='int8')
k[m] ** -1
k[m] ** (k[m] - 9)
a[m].no_such_name
"""


def arrays(module: Any) -> dict[str, Any]:
    """Arrays of every kind, the same for both libraries."""
    draw = numpy.random.default_rng(3)
    a, c = draw.standard_normal((2, 4, 5))
    plain = {
        "a": a,
        "c": c,
        "row": draw.standard_normal(5),
        "t": draw.standard_normal((4, 3, 2)),
        "k": draw.integers(1, 9, (4, 5)),
        "u": draw.integers(0, 200, (4, 5)).astype("uint8"),
        "f": draw.standard_normal((4, 5)).astype("float32"),
        "h": draw.standard_normal((4, 5)).astype("float16"),
        "z": a + 1j * c,
        "b": a > 0.5,
        "m": draw.random((4, 5)) > 0.4,
        "r": numpy.array([True, False, True, True]),
        "none": numpy.zeros((4, 5), bool),
    }
    space = {name: module.array(x) for name, x in plain.items()}
    return {**space, "np": module, "numpy_mask": plain["m"].copy()}


def after(source: str, module: Any) -> dict[str, Any]:
    """The names after a program has run."""
    space = arrays(module)
    exec(source, space)
    return {n: x for n, x in space.items() if n not in ("np", "__builtins__")}


def assert_alike(want: Any, have: Any, source: str) -> None:
    """Equal in value, dtype, shape and layout; Python's own objects equal."""
    if not hasattr(want, "dtype"):
        assert repr(want) == repr(have), source
        return
    assert (want.dtype, want.shape) == (have.dtype, have.shape), source
    assert same(want, have.computed()), f"{source}: {want!r}, {have!r}"
    strides = zip(want.shape, want.strides, have.strides, strict=True)
    assert all(n < 2 or one == two for n, one, two in strides), source
    assert isinstance(want, numpy.generic) == have.scalar, source


@pytest.mark.parametrize("tier", ["numpy", "compiled"])
def test_programs_show_what_numpy_shows(tier: Any) -> None:
    sources = LINES if tier == "numpy" else LINES[::40]
    with engine.config(tier=tier), numpy.errstate(all="ignore"):
        for source in sources:
            want, have = after(source, numpy), after(source, np)
            for name, expected in want.items():
                if name != "numpy_mask":
                    assert_alike(expected, have[name], source)


def test_errors_are_numpys() -> None:
    for source in ERRORS.strip().splitlines():
        with numpy.errstate(all="ignore"), pytest.raises(Exception) as expected:
            eval(source, arrays(numpy))
        with pytest.raises(Exception) as raised:
            engine.eval(eval(source, arrays(np)))
        assert isinstance(expected.value, type(raised.value)), source


# -- when the mask is looked at -------------------------------------------------------
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


# -- random programs ------------------------------------------------------------------
def random_program(seed: int) -> str:
    """Lines that select, compute, write and reduce by a few masks, in any order."""
    draw = numpy.random.default_rng(seed)

    def pick(*options: str) -> str:
        return options[int(draw.integers(len(options)))]

    lines = []
    for number in range(8):
        array, other = pick("a", "c", "k", "f"), pick("a", "c", "k", "f")
        mask = pick("m", "m", "r", "a > 0", "numpy_mask", "k < 5")
        names = [f"s{i}" for i in range(number) if f"s{i} = " in "\n".join(lines)]
        known = pick(*names) if names else f"{array}[{mask}]"
        kind = int(draw.integers(8))
        if kind < 2:
            lines.append(
                f"s{number} = {array}[{mask}] {pick('+', '*')} {other}[{mask}]"
            )
        elif kind == 2:
            lines.append(f"s{number} = abs({known}) {pick('+ 1', '* 0.5', '- row[0]')}")
        elif kind == 3:
            lines.append(f"e{number} = {known}.{pick('sum', 'mean', 'any', 'prod')}()")
        elif kind == 4:
            lines.append(f"{array}[{mask}] {pick('=', '+=')} {other}[{mask}]")
        elif kind == 5:
            lines.append(f"{array}[{mask}] = {known}")
        elif kind == 6:
            lines.append(f"{known}[...] {pick('*', '+')}= 2")
        else:
            change = pick("m[0] = ~m[1]", "a -= 0.25", "k %= 7", f"{known}.shape")
            lines.append(change)
    return "\n".join(lines)


def run(source: str, module: Any) -> dict[str, Any]:
    """The names after a program; which of its lines failed is noted."""
    space = arrays(module)
    for number, line in enumerate(source.splitlines()):
        try:
            exec(line, space)
        except Exception:
            space[f"error{number}"] = True
    return {n: x for n, x in space.items() if n not in ("np", "__builtins__")}


def test_random_programs_show_what_numpy_shows() -> None:
    for seed, tier in itertools.chain(
        ((seed, "numpy") for seed in range(150)), ((seed, "auto") for seed in range(8))
    ):
        source = random_program(seed)
        with engine.config(tier=tier), numpy.errstate(all="ignore"):
            want, have = run(source, numpy), run(source, np)
            assert want.keys() == have.keys(), source
            for name, expected in want.items():
                if name != "numpy_mask":
                    assert_alike(expected, have[name], f"{seed}: {name}\n{source}")
