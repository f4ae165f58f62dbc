"""Views by strides show what NumPy's do, and gradients add where they overlap."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
from numpy.lib.stride_tricks import as_strided, sliding_window_view

import engine
import engine.numpy as np

PLAIN = numpy.arange(30.0).reshape(5, 6)
WINDOWS = [(2, 1), ((2, 3), None), ((2, 2), (1, 0)), (6, -1), ((1, 1), None)]


@pytest.mark.parametrize(("window", "axis"), WINDOWS)
@pytest.mark.parametrize("part", [(), (slice(None, None, -1), slice(1, None, 2))])
def test_windows_are_numpys(window: Any, axis: Any, part: Any) -> None:
    given, plain = np.asarray(PLAIN)[part], PLAIN[part]
    if axis == -1:
        window = plain.shape[1]
    want = sliding_window_view(plain, window, axis)
    for got in (
        np.lib.stride_tricks.sliding_window_view(given, window, axis),
        sliding_window_view(given, window, axis),
    ):
        assert isinstance(got, np.ndarray) and not got.flags.writeable
        assert got.strides == want.strides
        assert got.tolist() == want.tolist()


@pytest.mark.parametrize(("window", "axis"), WINDOWS)
def test_gradients_add_where_windows_overlap(window: Any, axis: Any) -> None:
    def loss(x: Any) -> Any:
        view = np.lib.stride_tricks.sliding_window_view(x, window, axis)
        weight = np.cos(np.arange(float(view.size))).reshape(view.shape)
        return (weight * view**3).sum()

    places = sliding_window_view(numpy.arange(30).reshape(5, 6), window, axis)
    weight = numpy.cos(numpy.arange(float(places.size))).reshape(places.shape)
    total = numpy.bincount(places.ravel(), weight.ravel(), 30).reshape(5, 6)
    slope = engine.grad(loss)
    numpy.testing.assert_allclose(slope(np.asarray(PLAIN)), 3 * total * PLAIN**2)
    bend = engine.grad(lambda x: slope(x).sum())
    numpy.testing.assert_allclose(bend(np.asarray(PLAIN)), 6 * total * PLAIN)


def test_gradients_of_long_windows_are_summed_by_positions() -> None:
    x = np.arange(900.0).requires_grad_()
    np.lib.stride_tricks.sliding_window_view(x, 400).sum().backward()
    rise = numpy.arange(1.0, 451.0)
    want = numpy.minimum(numpy.concatenate([rise, rise[::-1]]), 400)
    assert x.grad.tolist() == want.tolist()


def test_strides_address_the_memory_of_an_array() -> None:
    given = np.asarray(PLAIN)
    view = np.lib.stride_tricks.as_strided(given, (3, 2), (96, 8))
    assert view.tolist() == as_strided(PLAIN, (3, 2), (96, 8)).tolist()
    view[1, 1] = -1.0
    assert given[2, 1] == -1.0
    back = np.lib.stride_tricks.as_strided(given[4], strides=(-48,), shape=(5,))
    assert back.tolist() == given[::-1, 0].tolist()
    once = np.lib.stride_tricks.as_strided(given, (4, 3), (8, 8))
    with pytest.raises(ValueError, match="read-only"):
        once[0] = 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s, x: s.sliding_window_view(x, 7, 1), "larger than input array"),
        (lambda s, x: s.sliding_window_view(x, -1, 1), "negative"),
        (lambda s, x: s.sliding_window_view(x, (1, 1), 1), "as many extents"),
        (lambda s, x: s.as_strided(x, (31,), (8,)), "elements 0 to 29 of the memory"),
        (lambda s, x: s.as_strided(x, (2,), (-8,)), "-1 to 0 were asked for"),
        (lambda s, x: s.as_strided(x, (2,), (4,)), "multiples of 8 bytes"),
        (lambda s, x: s.as_strided(x, (2, 2), (8,)), "mismatch in length"),
    ],
)
def test_what_does_not_fit_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(np.lib.stride_tricks, np.asarray(PLAIN))


def test_extents_and_strides_are_pythons_integers() -> None:
    x = np.arange(6.0)
    three, step = numpy.int64(3), numpy.int64(8)
    tricks = np.lib.stride_tricks
    views = [
        tricks.sliding_window_view(x, three),
        tricks.as_strided(x, [three], [step]),
    ]
    for view in views:
        assert {type(n) for n in view.shape + view.strides} == {int}
    with pytest.raises(TypeError):
        tricks.sliding_window_view(x, 1.5)
