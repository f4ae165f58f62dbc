"""Masks as subscripts of few elements: each recorder does what NumPy does."""

from __future__ import annotations

import threading
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np

LINES = """
y = x[m]
x[m] = 0
x[m] = 1.5
x[m] = -2
x[m] += 1
x[m] *= 2
x[m] = x[m] * 2 + 1
x[m] = y[m]
x[m] = y
x[m] = x[m][::-1]
x[~m] = x[m].sum()
x[x > 0] = x[x > 0] - 1
x[m] = m
y[m] = x[m]
m[m] = False
m[x > 1] = True
m = x > 0
m = ~m
y = x.copy()
y = x
y = x[1:]; y[m[1:]] = 3
x[m, None] = 5
x[m[0]] = 7
x[numpy_mask] = 2
y = x[numpy_mask]
x = x + 1
x = -x
x[m] = [1, 2]
y = x.T; y[m.T] = 4
x[m] = numpy.float32(2.5)
x[m] = 10**30
x[m] = True
x[m] = 1j
y = x[m] + x[m].max()
y = float(x[m].sum())
""".strip().splitlines()

DTYPES = ("f8", "f4", "i8", "i4", "u1", "c16", "?")


def show(names: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name in "xym":
        thing = names[name]
        found[name] = numpy.array(thing), getattr(thing, "dtype", type(thing))
    return found


def run(xp: Any, lines: list[str], dtype: str, seed: int) -> list[Any]:
    random = numpy.random.default_rng(seed)
    x = random.integers(0, 4, (3, 3)).astype(dtype)
    m = random.random((3, 3)) > 0.4
    names = {"numpy": numpy, "numpy_mask": random.random((3, 3)) > 0.4}
    names |= {"x": xp.array(x), "y": xp.array(x[::-1].copy()), "m": xp.array(m)}
    told: list[Any] = []
    for line in lines:
        try:
            exec(line, names)
        except Exception as error:
            told.append(next(c for c in type(error).__mro__ if c.__module__[0] != "n"))
        told.append(line)
    for name, (elements, kind) in show(names).items():
        told.append((name, elements.tolist(), str(kind), elements.shape))
    return told


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", DTYPES)
def test_programs_of_masks(dtype: str, recorder: str) -> None:
    random = numpy.random.default_rng(int(numpy.dtype(dtype).num))
    for seed in range(150):
        lines = [str(line) for line in random.choice(LINES, 8)]
        assert run(np, lines, dtype, seed) == run(numpy, lines, dtype, seed), lines


def test_who_holds_the_elements_keeps_them(recorder: str) -> None:
    for _ in range(3):
        x = np.array([1.0, 2.0, 3.0, 4.0])
        engine.eval(x)
        kept, seen, view = x.copy(), numpy.asarray(x + 0), x[1:]
        m = x > 2
        x[m] = x[m] * 10
        numpy.testing.assert_array_equal(x, [1.0, 2.0, 30.0, 40.0])
        numpy.testing.assert_array_equal(view, [2.0, 30.0, 40.0])
        numpy.testing.assert_array_equal(kept, [1.0, 2.0, 3.0, 4.0])
        numpy.testing.assert_array_equal(seen, [1.0, 2.0, 3.0, 4.0])
        out = numpy.asarray(x)  # shares the memory from now on
        x[m] = np.array([5.0, 6.0])
        numpy.testing.assert_array_equal(out, [1.0, 2.0, 5.0, 6.0])


def test_a_mask_of_the_wrong_extent_says_so(recorder: str) -> None:
    x, m = np.array([1.0, 2.0, 3.0]), np.array([True, False, True])
    for _ in range(3):
        with pytest.raises(IndexError, match="boolean"):
            x[np.array([True, False])]
        with pytest.raises(ValueError, match="setitem"):
            x[m] = np.array([1.0, 2.0, 3.0])
        numpy.testing.assert_array_equal(x, [1.0, 2.0, 3.0])
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        x[m] = np.array([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        x[m] = 1.0


def test_gradients_flow_through_masks(recorder: str) -> None:
    x = engine.tensor([1.0, 2.0, 3.0], requires_grad=True, dtype=engine.float64)
    for _ in range(3):
        y = np.asarray(x) if hasattr(np, "asarray") else x
        m = y > 1.5
        chosen = y[m]
        (engine.as_tensor(chosen) ** 2).sum().backward()
    numpy.testing.assert_allclose(numpy.asarray(x.grad), [0.0, 12.0, 18.0])


def test_threads_write_under_masks(recorder: str) -> None:
    wrong: list[Any] = []

    def work(number: int) -> None:
        for k in range(100):
            x = np.array(numpy.arange(6.0) + number)
            m = x > number + 2.5
            x[m] = x[m] + k
            x[~m] = 0
            want = numpy.where(numpy.arange(6) > 2, numpy.arange(6.0) + number + k, 0)
            if numpy.asarray(x).tolist() != want.tolist():
                wrong.append((number, k, numpy.asarray(x)))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


PLACES = """
v[i] = w
v[i] = 3
v[i] = 2.5
v[i] = -1
v[i] = v[i] + 1
v[i] += 1
v[i] = v[j]
v[j] = v
v[i] = w[::-1]
v[i] = 300
v[i] = 10**30
v[i] = x[0]
v[i[:2]] = 7
v[i[1:]] = w[:2]
v[i[1:2]] = v[1:2]
v[i[::2]] = 5
v[i[::-1]] = w
v[i[2:2]] = 9
v[j[:2]] = w
i[i[1:]] = 1
i[j[:2]] = i[1:]
j[1:] = i[:2]; v[j[1:]] = 6
part = j[:2]; j[0] = 1; v[part] = 8
v[i] = [1, 2, 3]
v[numpy_places - 9] = 1
v[i] = w[:2]
v[numpy_places] = 4
y = v[i]
y = v[i] * v[j]
y = x[i]
x[i] = 5
x[i] = w
v = v + 1
i = -1 - i
kept = v.copy()
part = v[1:]; v[i] = w; y = part
""".strip().splitlines()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", DTYPES)
def test_programs_of_places(dtype: str, recorder: str) -> None:
    random = numpy.random.default_rng(int(numpy.dtype(dtype).num))

    def run_with(xp: Any, lines: list[str], seed: int) -> list[Any]:
        draw = numpy.random.default_rng(seed)
        names = {"numpy": numpy, "numpy_places": draw.integers(0, 3, 3)}
        names |= {"y": xp.zeros(1), "x": xp.array(draw.integers(0, 4, (3, 3)))}
        for name in "vw":
            names[name] = xp.array(draw.integers(0, 4, 3).astype(dtype))
        for name in "ij":
            names[name] = xp.array(draw.integers(-3, 3, 3))
        told: list[Any] = []
        for line in lines:
            try:
                exec(line, names)
            except (IndexError, ValueError, OverflowError, TypeError):
                told.append(line)
        for name in "vwxyij":
            thing = numpy.array(names[name])
            told.append((name, thing.tolist(), str(thing.dtype), thing.shape))
        return told

    for seed in range(150):
        lines = [str(line) for line in random.choice(PLACES, 8)]
        assert run_with(np, lines, seed) == run_with(numpy, lines, seed), lines


STATEMENTS = "z[z] = 9", "z[z] = y", "z[z] = z", "z[z] += 1", "z[z[:40]] = 9"


@pytest.mark.parametrize("statement", STATEMENTS)
def test_places_may_be_written_while_they_are_read(
    statement: str, recorder: str
) -> None:
    """More than once: at first the array has no memory of which it alone is sure."""
    shifted = numpy.roll(numpy.arange(54), -1)
    pair = {"z": np.array(shifted), "y": np.arange(54) * 3}
    wanted: dict[str, Any] = {"z": shifted.copy(), "y": numpy.arange(54) * 3}
    for names, module in ((pair, np), (wanted, numpy)):
        for _ in range(30):
            names["z"][:] = module.roll(module.arange(54), -1)
            names["z"][module.array([3, 4])] = 5
            engine.eval(*(x for x in names.values() if isinstance(x, np.ndarray)))
            exec(statement, names)
    numpy.testing.assert_array_equal(numpy.asarray(pair["z"]), wanted["z"])
