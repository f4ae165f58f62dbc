"""Orders of memory by name: the layouts, and the refusals, are NumPy's."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import engine.numpy as np

ORDERS = (None, "C", "F", "A", "K", "c", "f", "a", "k", "Q", "", "CF", b"F", 3)

CALLS = """
np.array(x, order=o); np.array(f, order=o); np.array(t, order=o); np.array(r, order=o)
np.asarray(x, order=o); np.asarray(f, order=o); np.asarray(t, order=o)
np.asarray(h, order=o); np.asanyarray(h, order=o); np.asarray(h, 'f4', order=o)
np.array(r, 'f4', order=o); np.array(f, 'f4', order=o); np.array(t, 'f4', order=o)
np.array([[1, 2], [3, 4]], order=o); np.array(t, order=o, copy=None)
np.array(x, order=o, copy=False); t.reshape(6, 4, order=o); x.reshape(6, 4, order=o)
t.ravel(o); t.flatten(o); t.copy(o); f.copy(o); np.copy(t, o); np.copy(r, o)
t.astype('f4', o); np.zeros((2, 3), order=o); np.ones((2, 3), order=o)
np.full((2, 3), 1.5, order=o); np.empty((2, 3), order=o); np.zeros_like(t, order=o)
np.ones_like(f, order=o); np.full_like(t, 2, order=o); np.empty_like(t, order=o)
np.reshape(t, (6, 4), order=o); np.ravel(t, o); np.eye(3, order=o)
np.add(t, 1, order=o); np.add(f, 1, order=o); np.multiply(x, f.T[:2], order=o)
np.exp(f, order=o); np.divmod(t, 5, order=o)[0]; np.divmod(f, 5, order=o)[1]
"""


def layout(call: str, module: Any, order: Any) -> Any:
    """The shape and strides that an expression gives, or how it is refused."""
    x = numpy.arange(24.0).reshape(2, 3, 4)
    names = {
        "x": module.array(x),
        "f": module.array(numpy.asfortranarray(x)),
        "t": module.array(x).transpose(1, 0, 2),
        "h": numpy.asfortranarray(x),
        "r": numpy.asfortranarray(x)[:, ::-1],
        "o": order,
        "np": module,
    }
    try:
        result = eval(call, names)
    except (TypeError, ValueError) as error:
        return type(error)
    return result.shape, result.strides


@pytest.mark.parametrize("order", ORDERS, ids=repr)
def test_layouts_are_numpys(order: Any) -> None:
    for call in filter(None, (c.strip() for c in CALLS.replace("\n", ";").split(";"))):
        assert layout(call, np, order) == layout(call, numpy, order), call


def test_what_was_required_is_said() -> None:
    with pytest.raises(ValueError, match="order must be one of 'C', 'F', 'A'"):
        np.asarray(numpy.ones(3), order="Q")
    with pytest.raises(TypeError, match="order must be str, not int"):
        np.exp(np.ones(3), order=3)
    with pytest.raises(ValueError, match="only 'C' or 'F' order is permitted; 'K'"):
        np.eye(3, order="K")
