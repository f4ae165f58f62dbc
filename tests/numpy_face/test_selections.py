"""Selections by a mask show what NumPy shows: values, layouts, errors, copies."""

from __future__ import annotations

import itertools
from typing import Any

import numpy
import pytest
from selecting import after, arrays, assert_alike, random_program, run

import engine
import engine.numpy as np
from engine.numpy import masked

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


@pytest.fixture(autouse=True, params=[0, masked.FEW])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Selections of a few elements are pending like others, or made at once."""
    monkeypatch.setattr(masked, "FEW", request.param)


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


def test_random_programs_give_the_same_bits_however_they_are_flushed() -> None:
    draw = numpy.random.default_rng(0)

    def look(space: dict[str, Any]) -> None:
        names = [name for name, x in space.items() if isinstance(x, np.ndarray)]
        if draw.random() < 0.6:
            engine.eval(space[names[int(draw.integers(len(names)))]])

    with engine.config(tier="numpy"):
        for seed in range(1000, 1100):
            source = random_program(seed)
            one, two = run(source, np), run(source, np, look)
            for name, x in one.items():
                if isinstance(x, np.ndarray):
                    same_bits = x.computed().tobytes() == two[name].computed().tobytes()
                    assert same_bits, f"{seed}: {name}\n{source}"


def test_a_few_elements_are_selected_at_once_where_nobody_watches() -> None:
    x, weight = np.arange(6.0), engine.numpy.arange(6.0)
    weight.requires_grad_()
    assert (type(x[x > 2]) is np.ndarray) == (masked.FEW > 0)
    assert type(weight[x > 2]) is not np.ndarray  # gradients flow through a choice
    weight[x > 2].sum().backward()
    assert weight.grad.tolist() == [0, 0, 0, 1, 1, 1]

    @engine.compile
    def total(x: Any) -> Any:
        return x[x > 2].sum()

    assert [float(total(x)) for _ in range(4)] == [12.0] * 4
    assert "replayed 2 times" in total.report()
