"""engine.compile: arrays of NumPy's in calls that native code replays."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
from compiling import Step, steadied

import engine
import engine.numpy as np

pytestmark = pytest.mark.usefixtures("native_code", "compiled_tier")


def test_arrays_of_numpy_that_are_read() -> None:
    compiled = steadied(lambda x, y: x * 2 + y, numpy.ones((2, 3)), np.ones(3))
    count = Step(compiled)
    x = numpy.arange(6.0).reshape(2, 3)
    for k in range(4):
        x[0, 0] = k
        found = compiled(x, np.ones(3))
        assert isinstance(found, np.ndarray)
        assert found.tolist() == (x * 2 + 1).tolist()
    assert count() == 4
    for other in (
        numpy.asfortranarray(x),
        numpy.repeat(x, 2, axis=1)[:, ::2],
        x.astype("float32"),
        x[:1],
        x.astype(">f8"),
        numpy.frombuffer(b"0" + x.tobytes(), "f8", offset=1).reshape(2, 3),
    ):
        assert compiled(other, np.ones(3)).tolist() == (other * 2 + 1).tolist()
    assert count() == 0
    x.flags.writeable = False
    assert compiled(x, np.ones(3)).tolist() == (x * 2 + 1).tolist()


def test_arrays_of_numpy_that_are_written() -> None:
    def add(x: Any, a: float) -> Any:
        x += a
        return x

    compiled = engine.compile(add)
    x = numpy.zeros(3)
    for k in range(20):
        assert compiled(x, 1.0).tolist() == [k + 1.0] * 3
        assert x.tolist() == [k + 1.0] * 3


def test_arrays_of_numpy_are_written_natively() -> None:
    def smooth(x: Any, y: Any, a: float) -> Any:
        x[1:-1] = (x[:-2] + x[2:]) * a
        y *= a
        return x.sum()

    def arrays() -> list[Any]:
        flat = numpy.arange(40.0)
        return [flat[:12].reshape(3, 4), flat[12:24].reshape(3, 4), flat]

    compiled = steadied(smooth, *arrays()[:2], 0.5)
    count = Step(compiled)
    for a in (0.25, 2.0):
        x, y, found = arrays()
        assert compiled(x, y, a).item() == smooth(*arrays()[:2], a)
        *own, wanted = arrays()
        smooth(*own, a)
        assert found.tolist() == wanted.tolist()
    assert count() == 2
    for shift in (4, 11):  # they share memory
        x, _, found = arrays()
        y = found[shift : shift + 12].reshape(3, 4)
        with pytest.raises(ValueError, match="read-only"):
            y.flags.writeable = False
            compiled(x, y, 0.5)
        y = found[shift : shift + 12].reshape(3, 4).copy()
        compiled(x, y, 0.5)
    assert count() == 2
    x, _, found = arrays()
    wanted = found.copy()
    smooth(wanted[:12].reshape(3, 4), wanted[8:20].reshape(3, 4), 0.5)
    compiled(x, found[8:20].reshape(3, 4), 0.5)
    assert found.tolist() == wanted.tolist()
    assert count() == 0


def test_rows_and_flags_of_numpy_are_written() -> None:
    def mark(x: Any, flags: Any) -> None:
        flags[:, 1:] = x[:, 1:] > 1
        x[:, 2:] = -x[:, 2:]

    compiled = steadied(mark, numpy.ones((1, 7)), numpy.zeros((1, 7), bool))
    count = Step(compiled)
    x, flags = numpy.arange(7.0).reshape(1, 7)[::-1], numpy.zeros((1, 7), bool)
    compiled(x, flags)
    assert flags.tolist() == [[False, False, *[True] * 5]]
    assert x.tolist() == [[0, 1, -2, -3, -4, -5, -6]]
    assert count() == 1
