"""Indices that are pending: what they pick is NumPy's, and nothing runs early."""

from __future__ import annotations

import itertools
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np

BASES = {
    "x": numpy.arange(10.0) * 1.5,
    "m": numpy.arange(12.0).reshape(3, 4) - 5,
    "t": numpy.arange(24).reshape(2, 3, 4),
}
INDICES = {
    "i": numpy.array([2, -1, 0, 2]),
    "j": numpy.array([[1, -2], [0, -1]]),
    "k": numpy.array([[0], [-2]]),
    "b": numpy.array([2, 0, 1, 1], numpy.uint8),
    "s": numpy.array(1),
    "z": numpy.array(-1),
}

LAZY = """
x[i]; x[j]; x[b]; x[i, None]; x[None, i]; x[..., i]; x[i, ...]; x[s]; x[z]; x[(s,)]
x[1:][i]; x[::-1][j]; x[::3][i]; m[i]; m[j]; m[:, i]; m[..., i]; m[1:, i]; m[::-1, i]
m[i, i]; m[j, k]; m[k, i]; m[j, 0]; m[-1, i]; m[s, i]; m[i, s]; m[i, ::2]; m[i, None]
m[None, i]; m[:, None, i]; m.T[i]; m.T[:, j]; m.T[i, j[0, 0]]; m[:, 1][i]; m[..., i, k]
m[[0, 2]][j[0]]; m[s, z]; t[j]; t[:, i]; t[..., i]; t[:, j]; t[k, i]; t[:, k, i]
t[k, :, i]; t[0, :, i]; t[0, i]; t[k, 1:, j]; t[s, :, j]; t[:, i, 1]; t[:, 1, i]
t[k, None, i]; t[i - 1, ..., 0]; t.transpose(2, 0, 1)[i]; t.transpose(2, 0, 1)[:, k]
t[1, i, b]; t[None, :, i]; t[:, i, b]; np.take(m, i); np.take(m, j, 1); np.take(x, s)
np.take(m, i + 7, 0, mode='wrap'); np.take(m, i * 9, 1, mode='clip'); m.take(b, axis=0)
np.take(t, k, -1); np.take_along_axis(x, i, 0); np.take_along_axis(m, k, 0)
np.take_along_axis(m[1:], j, 1); np.take_along_axis(m, i, None); x[x.argmax()]
x[np.argsort(x)]; x[np.flip(i)]; m[np.arange(3), m.argmin(axis=1)]
np.take_along_axis(m, m.argsort(axis=1), 1); x[i].sum() + m[i, b].max()
np.exp(x[i] * 0.1) - x[b]; x[i][j]; x[x[i].astype(int) // 2]
"""
"""Expressions in which no index is looked at."""

LOOKS = """
m[s]; m[s, None]; x[:4][i > 0]; m[i[:0]]; m[:, i > 0]; x[i[:0]]; m[s, ...]; t[s, z]
m[i, ..., i]; m[[True, False, True], s]; m[[i[0], i[1]]]; x[:0][i[:0]]; x[s:]
"""
"""... and in which it must be, or is: views, masks, and what is empty."""


def operands(module: Any) -> dict[str, Any]:
    """What expressions speak of; Engine's indices are pending."""
    bases = {name: module.array(array) for name, array in BASES.items()}
    zero = module.zeros((), numpy.uint8)
    indices = {name: module.array(array) + zero for name, array in INDICES.items()}
    return {**bases, **indices, "np": module}


def pieces(table: str) -> list[str]:
    return [one.strip() for one in table.replace("\n", ";").split(";") if one.strip()]


def assert_alike(expected: Any, found: Any) -> None:
    assert isinstance(found, np.ndarray)
    assert found.scalar == isinstance(expected, numpy.generic)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    if not found.scalar:
        strides = zip(expected.shape, expected.strides, found.strides, strict=True)
        assert all(n == 1 or one == two for n, one, two in strides)
        assert found.flags.writeable == expected.flags.writeable
    numpy.testing.assert_allclose(found.computed(), expected, rtol=1e-14)


@pytest.mark.parametrize("tier", ["numpy", "compiled"])
@pytest.mark.parametrize("expression", pieces(LAZY))
def test_what_is_picked_is_numpys_and_nothing_runs(expression: str, tier: Any) -> None:
    expected = eval(expression, operands(numpy))
    with engine.config(tier=tier):
        for _ in range(2):
            space = operands(np)
            before = engine.stats()["synchronisations"]
            found = eval(expression, space)
            assert engine.stats()["synchronisations"] == before
            assert_alike(expected, found)


@pytest.mark.parametrize("expression", pieces(LOOKS))
def test_other_keys_are_looked_at(expression: str) -> None:
    assert_alike(eval(expression, operands(numpy)), eval(expression, operands(np)))


def test_pending_bases_are_picked_from_in_one_synchronisation() -> None:
    x, i = np.arange(100.0), np.arange(0, 100, 7)
    engine.reset_stats()
    total = float(np.exp(-np.sqrt(x)[i % 50] * 0.5).sum())
    assert engine.stats()["synchronisations"] == 1
    plain, places = numpy.arange(100.0), numpy.arange(0, 100, 7)
    expected = numpy.exp(-numpy.sqrt(plain)[places % 50] * 0.5).sum()
    numpy.testing.assert_allclose(total, expected, rtol=1e-14)


def test_elements_are_loaded_in_the_kernel_that_reads_them() -> None:
    x, i, w = np.arange(10.0), np.arange(4) * 2, np.ones(4)
    text = str(engine.explain(np.exp(x[i] * w).sum()))
    assert "take multiply exp sum" in text


# -- writes around ---------------------------------------------------------------------
def test_a_pick_shows_what_was_there_when_it_was_written() -> None:
    for tier in ("numpy", "compiled"):
        with engine.config(tier=tier):
            x, i = np.arange(5.0) + 0, np.arange(3) + 1
            picked = x[i]
            x[1:] += 10
            i += 1
            again = x[i]
            picked += 100
            assert picked.tolist() == [101.0, 102.0, 103.0]
            assert again.tolist() == [12.0, 13.0, 14.0]
            assert x.tolist() == [0.0, 11.0, 12.0, 13.0, 14.0]


def test_memory_that_numpy_sees_is_picked_from_as_it_is() -> None:
    source = numpy.arange(4.0)
    x, i = np.from_numpy(source), np.arange(2) + 1
    picked = x[i]
    source[:] = -1
    assert picked.tolist() == [1.0, 2.0]
    assert x[np.arange(2) + 1].tolist() == [-1.0, -1.0]


def test_a_view_of_other_bytes_is_picked_from() -> None:
    x = numpy.arange(6.0)
    found = np.array(x).view(np.int64)[::2][np.arange(3) - 2]
    assert_alike(x.view(numpy.int64)[::2][numpy.arange(3) - 2], found)


# -- errors ----------------------------------------------------------------------------
@pytest.mark.parametrize("tier", ["numpy", "compiled"])
@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("x[i * 5]", "index 10 is out of bounds for axis 0 with size 10"),
        ("x[i - 11]", "index -12 is out of bounds for axis 0 with size 10"),
        ("m[:, i + 2]", "index 4 is out of bounds for axis 1 with size 4"),
        ("m[None, i + 2]", "index 4 is out of bounds for axis 0 with size 3"),
        ("m[i, i + 2]", "index 4 is out of bounds for axis 1 with size 4"),
        ("np.take(m, i * 6)", "index 12 is out of bounds for axis 0 with size 12"),
        ("x[s * 10]", "index 10 is out of bounds for axis 0 with size 10"),
        (
            "x[np.arange(100_000) - 1]",
            "index 10 is out of bounds for axis 0 with size 10",
        ),
    ],
)
def test_an_index_out_of_bounds_raises_when_it_is_computed(
    expression: str, message: str, tier: Any
) -> None:
    with pytest.raises(IndexError):
        eval(expression, operands(numpy))
    with engine.config(tier=tier):
        for _ in range(4):
            space = operands(np)
            picked = np.exp(eval(expression, space))
            other = space["x"] + 1
            with pytest.raises(IndexError, match=f"indices: {message}; recorded at"):
                picked.tolist()
            assert other.tolist() == (BASES["x"] + 1).tolist()
            assert space["x"].tolist() == BASES["x"].tolist()


@pytest.mark.parametrize(
    "expression",
    ["x[i, i]", "m[i, 7]", "m[i, j[0]]", "x[x]", "m[i, i, i]", "x[..., i, ...]"],
)
def test_what_shapes_and_dtypes_forbid_is_refused_at_once(expression: str) -> None:
    with pytest.raises(IndexError):
        eval(expression, operands(numpy))
    with pytest.raises(IndexError, match="getitem"):
        eval(expression, operands(np))


# -- gradients -------------------------------------------------------------------------
def sums(key: Any) -> Any:
    return lambda v: (np.sin(v)[key()] ** 3 * np.arange(1.0, 5.0)).sum()


@pytest.mark.parametrize("make", [lambda array: array + 0, lambda array: array])
def test_gradients_to_second_order_are_those_of_a_known_index(make: Any) -> None:
    """Repeated places add up; the reference is written with one-hot rows."""
    places = numpy.array([2, -1, 0, 2])
    rows = numpy.eye(3)[places]
    v = np.array([0.3, -0.7, 1.1])
    picked = sums(lambda: make(np.array(places)))

    def reference(v: Any) -> Any:
        return ((np.array(rows) @ np.sin(v)) ** 3 * np.arange(1.0, 5.0)).sum()

    for _ in range(3):
        numpy.testing.assert_allclose(picked(v), reference(v), rtol=1e-13)
        picked, reference = (summed_slope(f) for f in (picked, reference))


def summed_slope(function: Any) -> Any:
    slope = engine.grad(function)
    return lambda v: (slope(v) * np.arange(1.0, 4.0)).sum()


def test_backward_walks_through_pending_picks() -> None:
    m = np.array(BASES["m"]).requires_grad_()
    i = np.arange(4) % 3
    before = engine.stats()["synchronisations"]
    (m[i, np.arange(4)] ** 2).sum().backward()
    assert engine.stats()["synchronisations"] == before
    expected = numpy.zeros((3, 4))
    for row, column in zip([0, 1, 2, 0], range(4), strict=True):
        expected[row, column] = 2 * BASES["m"][row, column]
    numpy.testing.assert_allclose(m.grad.computed(), expected)


# -- programs --------------------------------------------------------------------------
def test_many_shapes_of_keys_agree_with_numpy() -> None:
    """Every key of up to three parts, on an array of three axes, in two layouts."""
    parts = ["i", "k", "1", ":", "::-1", "None", "..."]
    keys = [key for n in (1, 2, 3) for key in itertools.product(parts, repeat=n)]
    plain = {"i": numpy.array([1, -1]), "k": numpy.array([[0], [-2]])}
    for axes in ((0, 1, 2), (2, 0, 1)):
        base = numpy.arange(24.0).reshape(2, 3, 4).transpose(axes)
        for key in keys:
            if not {"i", "k"} & set(key):
                continue
            text = f"a[{', '.join(key)}]"
            try:
                expected = eval(text, {"a": base, **plain})
            except IndexError:
                continue
            pending = {name: np.array(index) + 0 for name, index in plain.items()}
            lazy = np.array(base, order="K")
            assert_alike(expected, eval(text, {"a": lazy, **pending}))
