"""engine.compile: calls that are replayed give what ordinary calls give."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compiling import replays, stencil

import engine
import engine.numpy as enp
from engine import nn

CALLS = 5


def test_replays_give_what_numpy_gives() -> None:
    compiled = engine.compile(stencil)
    rng = np.random.default_rng(0)
    for k in range(CALLS):
        x = rng.normal(size=9)
        result = compiled(enp.array(x), 0.5 + k)
        assert np.array_equal(result.numpy_copy(), stencil(x, 0.5 + k))
    assert replays(compiled) == CALLS - 2


def test_results_of_replays_live_on() -> None:
    compiled = engine.compile(lambda x: x * 2.0)
    results = [compiled(enp.array([float(k)])) for k in range(CALLS)]
    assert [float(y[0]) for y in results] == [2.0 * k for k in range(CALLS)]


def test_results_keep_their_structure_face_and_layout() -> None:
    def parts(x: Any) -> Any:
        y = x * 2
        return {"both": [y, y[1:]], "turned": (x + x.T).T, "sum": y.sum(), "n": 3}

    for face in (enp.array, engine.tensor):
        compiled = engine.compile(parts)
        x = face(np.arange(9.0).reshape(3, 3))
        for _ in range(4):
            found, wanted = compiled(x), parts(x)
            assert found["n"] == 3
            assert (
                found["turned"].strides == wanted["turned"].strides
                if (face is enp.array)
                else found["turned"].stride() == wanted["turned"].stride()
            )
            assert type(found["sum"]) is type(wanted["sum"])
            assert found["sum"].scalar == wanted["sum"].scalar
            for one, other in zip(found["both"], wanted["both"], strict=True):
                assert np.array_equal(one.numpy_copy(), other.numpy_copy())
            found["both"][0][1:] = 7.0  # the second is a view of the first
            assert float(found["both"][1][0, 0]) == 7.0
        assert replays(compiled) == 2


def test_views_of_results_know_their_base() -> None:
    compiled = engine.compile(lambda x: (x + 1)[1:])
    for _ in range(4):
        y = compiled(enp.arange(4.0))
        assert y.base is not None
        assert y.base.shape == (4,)
    assert replays(compiled) == 2


@pytest.mark.parametrize("face", [enp.array, engine.tensor])
def test_arguments_are_written_in_place(face: Any) -> None:
    def add(x: Any, y: Any) -> None:
        x += y
        x[0] = 5.0

    compiled = engine.compile(add)
    x, y = face([1.0, 2.0]), face([10.0, 20.0])
    view = x[1:]
    for k in range(CALLS):
        compiled(x, y)
        assert x.tolist() == [5.0, 2.0 + 20.0 * (k + 1)]
        assert view.tolist() == x.tolist()[1:]
    assert replays(compiled) == CALLS - 2


def test_numpy_arguments_are_written_in_the_callers_arrays() -> None:
    def push(x: Any, y: Any) -> Any:
        x[1:] += x[:-1] * y[1:]
        return x.sum()

    compiled = engine.compile(push)
    wanted = np.arange(6.0)
    x = wanted.copy()
    y = np.linspace(0, 1, 12)[::2]
    for _ in range(CALLS):
        total = compiled(x, y)
        wanted[1:] += wanted[:-1] * y[1:]
        assert np.array_equal(x, wanted)
        assert float(total) == wanted.sum()
    assert replays(compiled) == CALLS - 2


def test_numpy_arguments_in_fortran_order_and_views_are_written() -> None:
    def scale(x: Any) -> None:
        x *= 2.0

    compiled = engine.compile(scale)
    for x in (np.ones((3, 4), order="F"), np.ones((6, 8))[::2, ::2], np.ones(())):
        for _ in range(4):
            compiled(x)
        assert np.array_equal(x, np.full(x.shape, 16.0))
    assert replays(compiled) >= 6 - 1


def test_results_do_not_share_the_memory_of_numpy_arguments() -> None:
    compiled = engine.compile(lambda x: (x, x[1:], x.reshape(2, 2)))
    x = np.arange(4.0)
    for _ in range(4):
        results = compiled(x)
        x += 1
        assert float(results[0][0]) == x[0] - 1
        assert float(results[1][0]) == x[1] - 1
    assert replays(compiled) == 2


def test_a_read_only_numpy_argument_is_not_written() -> None:
    def scale(x: Any) -> None:
        x *= 2.0

    x = np.ones(3)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        engine.compile(scale)(x)


@pytest.mark.parametrize(
    "arguments",
    [
        lambda x: (x, x),
        lambda x: (x, x[1:]),
        lambda x: (x[1:], x),
        lambda x: (x[::2], x[1::2]),
        lambda x: (x, x.copy()),
        lambda x: (x[:3], x[2:5]),
    ],
)
@pytest.mark.parametrize("face", [np.array, enp.array])
def test_aliases_among_arguments(face: Any, arguments: Callable[[Any], Any]) -> None:
    def mix(x: Any, y: Any) -> Any:
        x[1:3] = y[:2] * 2
        y[0] = x[1] + 1
        return x + 1 if x.shape == y.shape else y * 2

    compiled = engine.compile(mix)
    for start in range(CALLS):
        x, wanted = face(np.arange(6.0) + start), np.arange(6.0) + start
        result, other = compiled(*arguments(x)), mix(*arguments(wanted))
        assert np.array_equal(np.asarray(x), wanted)
        assert np.array_equal(result.numpy_copy(), other)


def test_copies_that_are_one_value_are_told_apart() -> None:
    def move(x: Any, y: Any) -> None:
        x[...] = y
        y += 1

    def exchange(x: Any, y: Any) -> None:
        y += 1
        x[...] = y

    for function in (move, exchange):
        compiled = engine.compile(function)
        x, y, a, b = enp.zeros(3), enp.ones(3), np.zeros(3), np.ones(3)
        view = y[1:]
        for _ in range(5):
            compiled(x, y)
            function(a, b)
            assert (x.tolist(), y.tolist()) == (a.tolist(), b.tolist())
            assert view.tolist() == b[1:].tolist()
        assert replays(compiled) == 3


def test_shared_memory_is_seen_both_ways() -> None:
    def double(x: Any) -> None:
        x *= 2.0

    compiled = engine.compile(double)
    x = enp.ones(3)
    for _ in range(3):
        compiled(x)
    seen = np.asarray(x)
    compiled(x)
    assert seen.tolist() == [16.0] * 3
    seen[0] = 1.0
    compiled(x)
    assert x.tolist() == [2.0, 32.0, 32.0]
    assert "shared with NumPy" in compiled.report()


def test_who_holds_the_old_elements_keeps_them() -> None:
    def double(x: Any) -> None:
        x *= 2.0

    compiled = engine.compile(double)
    x = engine.ones(4)
    kept = []
    for k in range(CALLS):
        kept.append(x.clone() if k % 2 else x + 0)
        engine.eval(kept)
        compiled(x)
    assert [float(y[0]) for y in kept] == [2.0**k for k in range(CALLS)]


def test_memory_is_written_in_place() -> None:
    def double(x: Any) -> None:
        x *= 2.0

    compiled = engine.compile(double)
    x = enp.ones(1000)
    with engine.config(tier="compiled"):
        for _ in range(4):
            compiled(x)
        before = x.line.value.buffer.ctypes.data
        compiled(x)
        assert x.line.value.buffer.ctypes.data == before
    assert replays(compiled) == 3


def test_floats_are_not_baked_in() -> None:
    def blend(x: Any, a: float, b: float) -> Any:
        return x * (a * a - b) + -a / 2

    x = np.arange(3.0)
    for face in (enp.array, engine.tensor):
        compiled = engine.compile(blend)
        for a in (1.0, 1.5, 2.5, 1.0):
            result = compiled(face(x), a, 0.25).numpy_copy()
            assert np.allclose(result, blend(x, a, 0.25), rtol=1e-6)
        assert replays(compiled) == 2
        assert len(compiled._signatures) == 1


def test_a_float_that_a_loop_uses_is_converted_once_for_a_replay() -> None:
    def smooth(x: Any, weight: float) -> Any:
        for _ in range(50):
            x = x * weight + 2.0 * weight
        return x

    compiled = engine.compile(smooth)
    for weight in (0.5, 0.25, -0.0, 0.125):
        x = np.array([1.0, 2.0])
        assert np.array_equal(compiled(enp.array(x), weight), smooth(x, weight))
    (entry,) = (e for found in compiled._signatures.values() for e in found.entries)
    assert len(entry.recording.program.steps) < 5


def test_floats_that_python_looks_at_belong_to_the_signature() -> None:
    def branch(x: Any, a: float, b: float) -> Any:
        y = x * b
        if a > 1.0:
            y = y + math.sqrt(a)
        return y

    compiled = engine.compile(branch)
    x = np.arange(3.0)
    for a in (0.5, 2.0, 4.0, 0.5, 2.0, 4.0, 4.0, 4.0, 0.5):
        found = compiled(enp.array(x), a, a + 1).numpy_copy()
        assert np.array_equal(found, branch(x, a, a + 1))
    assert replays(compiled) == 2


def test_powers_of_floats_mean_what_they_mean_in_numpy() -> None:
    compiled = engine.compile(lambda x, p: x**p)
    x = np.array([2.0, 3.0])
    for p in (2.0, 2.0, 0.5, -1.0, 3.0, 2.0, 2.0):
        assert np.allclose(compiled(enp.array(x), p).numpy_copy(), x**p, rtol=1e-15)


WITH_FLOATS: dict[str, Callable[[Any, float], Any]] = {
    "clip": lambda x, a: enp.clip(x, a, a + 1),
    "full": lambda x, a: enp.full((3,), a) + x,
    "where": lambda x, a: enp.where(x > a, a, -a),
    "linspace": lambda x, a: enp.linspace(a, 2 * a, 3) + x,
    "arange": lambda x, a: enp.arange(0.0, 3 * a + 1, a)[:3] + x,
    "exp of a number": lambda x, a: enp.exp(a) * x,
    "remainder": lambda x, a: x % a + a % 2.0,
    "write": lambda x, a: x.__setitem__(0, a) or x * 1,
    "array": lambda x, a: enp.array([a, a, 1.0]) * x,
    "round": lambda x, a: x * round(a) + divmod(a, 2.0)[1],
    "narrow": lambda x, a: x.astype(np.float32) * a,
    "NumPy scalars": lambda x, a: x * (np.float32(2) * a),
    "type": lambda x, a: x * (2.0 if type(a) is float else 3.0),
    "isinstance": lambda x, a: x * (2.0 if isinstance(a, float) else 3.0),
    "text": lambda x, a: x * len(f"{a:.3f}"),
    "tensor": lambda x, a: engine.full((3,), a) * engine.tensor(x.tolist()),
    "clamp": lambda x, a: engine.ones(3).clamp(a, a + 1),
    "addcmul": lambda x, a: engine.ones(3).addcmul(x, x, value=a),
    "elu": lambda x, a: nn.functional.elu(engine.ones(3) - 2, a),
    "masked_fill": lambda x, a: engine.ones(3).masked_fill(x > 1, a),
}


@pytest.mark.parametrize("name", WITH_FLOATS)
def test_floats_mean_what_they_mean_without(name: str) -> None:
    function = WITH_FLOATS[name]
    compiled = engine.compile(function)
    for a in (1.5, 2.0, 0.5, 3.25, 1.5, 2.0, 1.5):
        found = compiled(enp.array([1.0, 2.0, 3.0]), a)
        wanted = function(enp.array([1.0, 2.0, 3.0]), a)
        assert found.dtype == wanted.dtype
        assert np.array_equal(found.numpy_copy(), wanted.numpy_copy())


def test_floats_and_strings_are_returned() -> None:
    compiled = engine.compile(lambda x, a: (a * 2, "a", x + a))
    for a in (1.0, 2.0, 3.0, 4.0):
        number, text, _ = compiled(enp.ones(2), a)
        assert type(number) is float
        assert (number, text) == (2 * a, "a")
    assert replays(compiled) == 2


def test_integers_and_keywords_belong_to_the_signature() -> None:
    def cut(x: Any, n: int, *, where: str = "front", flip: bool = False) -> Any:
        part = x[:n] if where == "front" else x[-n:]
        return part[::-1] if flip else part * 1

    compiled = engine.compile(cut)
    x = np.arange(8.0)
    for n in (2, 3, 2, 3, 2, 3):
        for options in ({}, {"where": "back"}, {"where": "back", "flip": True}):
            found = compiled(enp.array(x), n, **options).numpy_copy()
            assert np.array_equal(found, cut(x, n, **options))
    assert replays(compiled) == 6


def test_new_extents_are_recorded_once_and_compile_nothing() -> None:
    compiled = engine.compile(stencil)
    with engine.config(tier="compiled"):
        for n in (10, 10, 11):
            engine.eval(compiled(enp.ones(n), 0.5))
        before = engine.stats()["kernels_compiled"]
        for n in range(12, 20):
            engine.eval(compiled(enp.ones(n), 0.5))
            replayed = replays(compiled)
            engine.eval(compiled(enp.ones(n), 0.5))
            assert replays(compiled) == replayed + 1
        assert engine.stats()["kernels_compiled"] == before


def test_the_least_recently_used_signatures_are_forgotten() -> None:
    compiled = engine.compile(shapes=3)(stencil)
    for n in range(4, 20):
        compiled(enp.ones(n), 0.5)
    assert len(compiled._signatures) == 3


def test_nested_arguments_are_taken_apart() -> None:
    def total(tree: Any, pair: Any) -> Any:
        return tree["a"] * pair[0] + tree["b"][1]

    compiled = engine.compile(total)
    for k in (1.0, 2.0, 3.0, 4.0):
        tree = {"a": enp.ones(2) * k, "b": [None, np.ones(2)]}
        assert compiled(tree, (k, "x")).tolist() == [k * k + 1] * 2
    assert replays(compiled) == 2


def test_long_calls_are_replayed_part_by_part() -> None:
    def sweep(x: Any, y: Any) -> None:
        for _ in range(700):
            y[1:-1] = (x[:-2] + x[1:-1] + x[2:]) * 0.3
            x[1:-1] = y[1:-1]

    compiled = engine.compile(sweep)
    x, y = enp.linspace(0, 1, 12), enp.zeros(12)
    a, b = np.linspace(0, 1, 12), np.zeros(12)
    for _ in range(5):
        compiled(x, y)
        sweep(a, b)
        assert np.allclose(x.numpy_copy(), a, rtol=1e-12)
    # The native recorder leaves the first call to Python, which holds one array more.
    assert replays(compiled) in (2, 3)
    assert " parts" in compiled.report()


# -- random programs -------------------------------------------------------------------
SPOTS = (slice(None), slice(1, None), slice(None, -1), slice(None, None, -1))


def random_program(seed: int) -> Callable[..., Any]:
    """Views, writes and reads of three arrays; the same for NumPy and Engine."""
    rng = np.random.default_rng(seed)
    steps = [[int(n) for n in rng.integers(0, 100, 8)] for _ in range(8)]
    kept = [int(n) for n in rng.integers(0, 100, 3)]

    def program(a: Any, b: Any, c: Any, weight: float) -> Any:
        pool = [a, b, c]
        for kind, i, j, k, s, t, u, v in steps:
            x, y = pool[i % len(pool)], pool[j % len(pool)]
            n = min(x.shape[0], y.shape[0]) - 1
            match kind % 5:
                case 0:
                    pool.append(x[SPOTS[s % 4]])
                case 1:
                    x[1 : 1 + n] = y[:n] * weight
                case 2:
                    x[:n] += y[1 : 1 + n]
                case 3:
                    pool.append(x[:n] * (k % 3) - y[:n] / 2)
                case _:
                    x[t % (n + 1)] = y[u % (n + 1)] + v
        return [pool[k % len(pool)] for k in kept]

    return program


@pytest.mark.parametrize("seed", range(40))
def test_random_programs(seed: int) -> None:
    program = random_program(seed)
    compiled = engine.compile(program)
    rng = np.random.default_rng(seed)
    face = (enp.array, engine.tensor, np.array)[seed % 3]
    # PyTorch has no negative steps; NumPy's arrays share no memory with results.
    if face is engine.tensor:
        face = enp.array
    for call in range(4):
        wanted = [rng.normal(size=7) for _ in range(2)]
        given = [face(x) for x in wanted]
        weight = float(rng.normal())
        views = [given[0], given[1], given[seed % 2][1:]]
        if face is np.array:
            views[2] = views[2].copy()
        others = [wanted[0], wanted[1], wanted[seed % 2][1:]]
        if face is np.array:
            others[2] = others[2].copy()
        found, expected = compiled(*views, weight), program(*others, weight)
        for one, other in zip(found, expected, strict=True):
            assert np.allclose(one.numpy_copy(), other, rtol=1e-12), call
        for one, other in zip(views, others, strict=True):
            assert np.allclose(np.array(one), other, rtol=1e-12), call
    assert replays(compiled) == 2, compiled.report()
