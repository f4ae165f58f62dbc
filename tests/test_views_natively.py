"""Methods that show the same memory otherwise: natively they make what Python makes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np
from engine import native

pytestmark = pytest.mark.skipif(
    native.recorder()[0] != "native", reason=f"no native code: {native.recorder()[1]}"
)

CALLS = """
x.reshape(-1)
x.reshape(6)
x.reshape(2, 3)
x.reshape((3, 2))
x.reshape([6])
x.reshape(3, -1, 1)
x.reshape(2, 1, 3, 1, 1)
x.reshape(5)
x.reshape(2**70)
x.reshape(True, 6)
x.ravel()
x.flatten()
x.T
x.transpose()
x.transpose(None)
x.transpose(1, 0)
x.transpose((1, 0))
x.transpose(0, 0)
x.swapaxes(0, 1)
x.swapaxes(0, -1)
x.squeeze()
x.squeeze(0)
x.squeeze(None)
x.squeeze((0,))
x.view()
x.astype('float32')
x.astype(int)
x.astype(float, copy=False)
x.view(6)
x.view(-1, 2)
x.view((2, 3))
x.permute(1, 0)
x.permute((1, 0))
x.unsqueeze(0)
x.unsqueeze(-1)
x.t()
x.flatten(0, 1)
"""

ARRAYS: dict[str, Callable[[Any], Any]] = {
    "plain": lambda x: x,
    "again": lambda x: (x.reshape(-1), x)[1],
    "turned": lambda x: x.T,
    "part": lambda x: x[:, 1:],
    "steps": lambda x: x[:, ::2],
    "backwards": lambda x: x[::-1] if type(x) is np.ndarray else x.flip(0),
    "gaps": lambda x: x[..., None],
    "line": lambda x: x[0],
    "flat": lambda x: x.reshape(6),
    "empty": lambda x: x[:0],
    "one": lambda x: x[:1, :1],
    "scalar": lambda x: x.sum(),
    "pending": lambda x: x + 1,
    "exported": lambda x: (numpy.asarray(x), x)[1],
}


@pytest.fixture(autouse=True)
def recorder() -> Iterator[None]:
    yield
    native.use(native.recorder()[0])


def _about(call: str, face: str, kind: str) -> Any:
    """What a call gives, or which error."""
    made: Any = numpy.arange(6.0).reshape(2, 3)
    made = np.array(made) if face == "numpy" else engine.tensor(made)
    x = ARRAYS[kind](made)
    try:
        y = eval(call, {"x": x})
    except Exception as error:
        return type(error), str(error)
    told: list[Any] = [type(y), y.recipe, y.scalar, y.writeable, y is x, y.dtype]
    if face == "numpy":
        told += [y.strides, y.flags.c_contiguous, y.base is None, y.base is x.base]
    before = y.tolist()
    with contextlib.suppress(Exception):
        y[...] = 7
    return [*told, before, y.tolist(), x.tolist(), made.tolist()]


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("face", ["numpy", "torch"])
def test_views_are_what_python_makes(face: str, kind: str) -> None:
    for call in CALLS.split("\n")[1:-1]:
        native.use("python")
        expected = _about(call, face, kind)
        native.use("native")
        for _ in range(3):
            assert _about(call, face, kind) == expected, call


def test_views_have_the_gradients_and_flags_of_their_arrays() -> None:
    native.use("native")
    for _ in range(3):
        x = engine.ones(2, 3, requires_grad=True)
        (x.reshape(6) * engine.arange(6.0)).sum().backward()
        assert x.grad.tolist() == [[0, 1, 2], [3, 4, 5]]
        y = np.ones((2, 3))
        y.flags.writeable = False
        assert not y.T.flags.writeable
        assert y.T.base is y
        assert y.T.reshape(3, 2).base is y


def test_an_array_of_another_shape_has_other_views() -> None:
    native.use("native")
    x = np.arange(6.0)
    for shape in ((2, 3), (3, 2), (6,), (1, 6)) * 2:
        x.shape = shape
        assert x.T.shape == shape[::-1]
        assert x.reshape(-1).tolist() == [0, 1, 2, 3, 4, 5]


class Own(np.ndarray):  # type: ignore[misc]
    """A subclass has its own methods."""

    def reshape(self, *shape: Any, **options: Any) -> Any:
        return "own"


def test_subclasses_keep_their_own_methods() -> None:
    native.use("native")
    for _ in range(3):
        x = np.ones((2, 3)).view(type=Own)
        assert x.reshape(6) == "own"
        assert type(x.T) is Own
