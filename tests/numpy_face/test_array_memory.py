"""Methods on the memory of an array: resize, flags, bytes, parts, pickles."""

from __future__ import annotations

import copy
import io
import pickle
from pathlib import Path
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np


@pytest.mark.parametrize(
    "shape", [(2, 4), ((4,),), (0,), ((3, 3),), (6,), (1, 2, 3), (2,)]
)
def test_resize_keeps_elements_in_order_and_adds_zeros(shape: Any) -> None:
    for order in "CF":
        want = numpy.array([[0, 1, 2], [3, 4, 5]], order=order)
        have = np.array([[0, 1, 2], [3, 4, 5]], order=order)
        want.resize(*shape, refcheck=False)
        have.resize(*shape)
        assert have.tolist() == want.tolist()
        assert have.shape == want.shape


def test_resize_refuses_views_and_what_is_viewed() -> None:
    x = np.arange(6)
    view = x[1:]
    with pytest.raises(ValueError, match="owns its data"):
        view.resize(3)
    with pytest.raises(ValueError, match="referenced"):
        x.resize(3)
    x.resize(3, refcheck=False)
    assert (x.tolist(), view.tolist()) == ([0, 1, 2], [1, 2, 3, 4, 5])
    y = np.arange(4.0)
    part = y[:2]
    del part
    y.resize(2)
    y += 1
    assert y.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="gradients"):
        np.ones(2).requires_grad_().resize(3)


def test_setflags_sets_write_only() -> None:
    x = np.arange(3)
    x.setflags(write=False)
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 1
    x.setflags(write=True, align=True, uic=False)
    x[0] = 1
    for wrong in ({"align": False}, {"uic": True}):
        with pytest.raises(ValueError):
            x.setflags(**wrong)


@pytest.mark.parametrize("dtype", ["?", "i2", "u4", "f8", "F"])
def test_byteswap_and_getfield_see_the_bytes(dtype: str) -> None:
    plain = numpy.array([[1, 0, 3], [4, 5, 6]], dtype).T
    lazy = np.array(plain)
    assert lazy.byteswap().tobytes() == plain.byteswap().tobytes()
    assert lazy.byteswap().strides == plain.byteswap().strides
    if plain.itemsize > 1:
        half = f"u{plain.itemsize // 2}"
        for offset in (0, plain.itemsize // 2):
            want, have = plain.getfield(half, offset), lazy.getfield(half, offset)
            assert have.tolist() == want.tolist()
            assert have.strides == want.strides
    assert lazy.byteswap(inplace=True) is lazy
    assert lazy.tobytes() == plain.byteswap().tobytes()


def test_fields_can_be_written() -> None:
    z = np.array([1 + 2j, 3 - 1j])
    z.setfield([9.0, 8.0], float, 8)
    assert z.tolist() == [1 + 9j, 3 + 8j]
    with pytest.raises(ValueError, match="offset"):
        z.getfield(float, 4)
    with pytest.raises(ValueError, match="part of 16 bytes"):
        z.getfield(float, 16)


def test_dumps_are_pickles(tmp_path: Path) -> None:
    x, file = np.arange(3), io.BytesIO()
    x.dump(file)
    x.dump(tmp_path / "x.pickle")
    for text in (x.dumps(), file.getvalue(), (tmp_path / "x.pickle").read_bytes()):
        assert pickle.loads(text).tolist() == [0, 1, 2]


def test_elements_cannot_be_deleted() -> None:
    with pytest.raises(ValueError, match="cannot delete array elements"):
        del np.arange(3)[0]


def test_the_class_can_be_subscripted_in_annotations() -> None:
    assert str(np.ndarray[int, float]) == "engine.numpy.ndarray[int, float]"


class Shown:
    """What has an interface alone: no other protocol is asked."""

    def __init__(self, interface: dict[str, Any]) -> None:
        self.__array_interface__ = interface


@pytest.mark.parametrize("dtype", ["?", "u1", "i4", "f2", "f8", "F"])
@pytest.mark.parametrize(
    "view",
    [
        lambda a: a,
        lambda a: a.T[::-1],
        lambda a: a[1:, ::-2],
        lambda a: a[:, 1],
        lambda a: a[:0],
        lambda a: a.real,
        lambda a: a[1, 2],
        lambda a: a[a != 1],
        lambda a: a[:0].view("u1"),
        lambda a: a.view("u1"),
    ],
)
def test_the_interface_shows_the_elements(dtype: str, view: Any) -> None:
    plain = numpy.arange(6).reshape(2, 3).astype(dtype)
    want, have = view(plain), view(np.array(plain))
    shown = numpy.asarray(Shown(have.__array_interface__))
    assert shown.dtype == want.dtype
    numpy.testing.assert_array_equal(shown, want)


def test_the_interface_shares_memory_while_somebody_holds_it() -> None:
    x = np.arange(4.0)
    x += 1
    outside = numpy.asarray(Shown(x[::-1].__array_interface__))
    outside[0] = 40.0
    x[0] = 10.0
    assert (x.tolist(), outside[-1]) == ([10.0, 2.0, 3.0, 40.0], 10.0)
    del outside
    engine.reset_stats()
    x *= 2
    assert engine.stats()["launches"] == 0  # nobody sees the memory: lazy again
    assert x.tolist() == [20.0, 4.0, 6.0, 80.0]


def test_the_interface_of_what_is_read_only_is_read_only() -> None:
    x = np.arange(4.0)
    for view in (np.broadcast_to(x, (2, 4)), x.reshape(2, 2).diagonal()):
        shown = numpy.asarray(Shown(view.__array_interface__))
        assert not shown.flags.writeable
        assert shown.tolist() == view.tolist()
    assert numpy.asarray(Shown(x.__array_interface__)).flags.writeable


def test_who_takes_the_interface_for_an_address_is_told() -> None:
    with pytest.raises(IndexError):
        np.arange(3).__array_interface__["data"][0]


def test_pictures_are_made_of_arrays() -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    plain = numpy.arange(24, dtype="uint8").reshape(2, 4, 3)
    for view in (lambda a: a, lambda a: a[:, ::-1]):
        made = image.fromarray(view(np.array(plain)))
        assert numpy.array_equal(numpy.asarray(made), view(plain))


@pytest.mark.parametrize("name", ["ctypes", "__array_struct__"])
def test_what_would_need_an_address_says_why_it_is_absent(name: str) -> None:
    x = np.arange(3)
    assert not hasattr(x, name)
    with pytest.raises(AttributeError, match=r"numpy\.asarray"):
        getattr(x, name)


@pytest.mark.parametrize("dtype", [">i4", ">f8", ">c8", ">M8[D]", "<i2"])
def test_foreign_orders_of_bytes_become_this_machines(
    dtype: str, tmp_path: Path
) -> None:
    given = numpy.arange(1, 4).astype(dtype)
    given.tofile(tmp_path / "raw")
    numpy.save(tmp_path / "array.npy", given)
    for made in (
        np.array(given),
        np.asarray(given),
        np.frombuffer(given.tobytes(), dtype),
        np.fromfile(tmp_path / "raw", dtype),
        np.load(tmp_path / "array.npy"),
        np.fromiter(given.tolist(), dtype),
    ):
        assert made.dtype.isnative
        assert made.dtype == given.dtype.newbyteorder("=")
        assert made.tolist() == given.tolist()
    assert np.zeros_like(given).dtype.isnative


def test_no_array_has_another_order_of_bytes() -> None:
    x = np.ones(2)
    for make in (x.astype, x.view, lambda dtype: np.zeros(2, dtype)):
        with pytest.raises(TypeError, match=">f8 was given"):
            make(">f8")
    with pytest.raises(TypeError, match=">f8 was given"):
        np.from_numpy(numpy.ones(2, ">f8"))


def test_copies_and_pickles_of_leaves_are_leaves() -> None:
    x = np.arange(6.0).reshape(2, 3).T.requires_grad_()
    (x * x).sum().backward()
    before, again = x.grad.tolist(), copy.deepcopy([x, x])
    assert again[0] is again[1] and again[0].grad.tolist() == before
    (again[0] * 3).sum().backward()
    assert x.grad.tolist() == before != again[0].grad.tolist()
    for kept in (x, (x * 2)[1], (x * 2).sum()):
        unpickled = pickle.loads(pickle.dumps(kept))
        assert unpickled.requires_grad and unpickled.is_leaf
        (unpickled * 3).sum().backward()
        assert unpickled.grad.tolist() == np.full(kept.shape, 3.0).tolist()
    part = copy.deepcopy(x[1:])  # gradients still flow through copies of parts
    x.grad = None
    part.sum().backward()
    assert x.grad.tolist() == [[0.0] * 2, [1.0] * 2, [1.0] * 2]


class Special(np.ndarray):
    """A class of a user's own."""


def test_pickles_keep_the_class() -> None:
    x = np.arange(3).view(Special)
    assert type(pickle.loads(pickle.dumps(x))) is Special
    picked = np.arange(3)[np.arange(3) > 1]
    assert type(pickle.loads(pickle.dumps(picked))) is np.ndarray
