"""Tensors and NumPy: shared memory, operators of both, NumPy's functions."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import engine
import engine.numpy as enp
from engine import Tensor


def test_tensor_copies_and_from_numpy_shares() -> None:
    array = np.arange(4.0)
    copied, shared = engine.tensor(array), engine.from_numpy(array)
    array[0] = 9
    shared[1] = 8
    assert copied.tolist() == [0, 1, 2, 3]
    assert array.tolist() == [9, 8, 2, 3] and shared.tolist() == [9, 8, 2, 3]


@pytest.mark.parametrize(
    "cut", [np.s_[...], np.s_[::2], np.s_[::-1], np.s_[1:-1], np.s_[5:2:-2]]
)
def test_shared_views_are_written_and_read_both_ways(cut: object) -> None:
    array = np.arange(10.0)
    x = engine.from_numpy(array[cut])  # type: ignore[index]
    before = x + 1
    array[...] = 100
    assert (x == 100).all() and not (before == 101).all()
    x[0] = -5
    assert array[cut][0] == -5  # type: ignore[index]
    part = x[1:3]
    part += 1
    assert array[cut][1] == 101  # type: ignore[index]


def test_two_tensors_on_overlapping_memory_see_each_other() -> None:
    array = np.zeros(6)
    x, y = engine.from_numpy(array), engine.from_numpy(array[1:4])
    x[2] = 7
    assert y[1].item() == 7
    y[0] = 3
    assert array.tolist() == [0, 3, 7, 0, 0, 0] == x.tolist()


def test_numpy_gives_the_memory_and_takes_it_back() -> None:
    x = engine.zeros(2, 3)
    memory = x.numpy()
    memory[0, 1] = 5
    x[1] = 2
    assert x.tolist() == [[0, 5, 0], [2, 2, 2]] and memory.tolist() == x.tolist()
    recorded = x * 2
    memory[...] = 0
    assert recorded.tolist() == [[0, 10, 0], [4, 4, 4]]
    view = memory[0, 1:]
    del memory
    view[0] = 8
    assert x[0, 1].item() == 8
    del view
    gc.collect()
    x += 1
    assert x[0].tolist() == [1, 9, 1]


def test_numpy_of_what_requires_grad_is_refused() -> None:
    x = engine.ones(2, requires_grad=True)
    for convert in (lambda: x.numpy(), lambda: np.asarray(x), lambda: np.array(x * 2)):
        with pytest.raises(RuntimeError, match=r"Use tensor\.detach\(\)\.numpy\(\)"):
            convert()
    assert x.detach().numpy().tolist() == [1, 1]


def test_dlpack_both_ways() -> None:
    x = engine.arange(3.0)
    array = np.from_dlpack(x)
    x[0] = 7
    assert array[0] == 7
    y = engine.from_dlpack(array)
    y[1] = 9
    assert x.tolist() == [7, 9, 2]


def test_operators_with_arrays_give_tensors_by_pytorchs_rule() -> None:
    t, ours = engine.tensor([1.0, 2.0]), enp.array([1, 2])
    for mixed in (t * np.array([1, 2]), np.array([1, 2]) * t, t * ours, ours * t):
        assert type(mixed) is Tensor and mixed.dtype is engine.float32
    assert (np.float64(2) * t).dtype is engine.float32
    assert (np.ones(2) - t).dtype is engine.float64
    assert type(np.ones(2) < t) is Tensor
    array = enp.array([1.0, 2.0])
    array += t
    assert type(array) is enp.ndarray and array.dtype == np.float64


def test_dlpack_drops_no_gradient() -> None:
    x = engine.ones(2, requires_grad=True)
    for tensor in (x, x * 2):
        with pytest.raises(BufferError, match=r"require gradient, use tensor.detach()"):
            np.from_dlpack(tensor)
    assert np.from_dlpack(x.detach()).tolist() == [1, 1]


def test_what_comes_by_dlpack_may_be_copied() -> None:
    array = np.zeros(2)
    shared = engine.from_dlpack(array, device="cpu", copy=False)
    copied = engine.from_dlpack(array, copy=True)
    array[0] = 5.0
    assert shared.tolist() == [5, 0] and copied.tolist() == [0, 0]


def test_numpys_functions_stay_lazy_and_differentiable() -> None:
    x = engine.tensor([1.0, 4.0], requires_grad=True)
    y = np.sqrt(x)
    assert type(y) is Tensor and y.read().buffer is None
    np.sum(y * 2).backward()
    assert x.grad is not None and x.grad.tolist() == [1.0, 0.5]
    joined = np.concatenate([x.detach(), engine.zeros(1)])
    assert type(joined) is Tensor and joined.tolist() == [1, 4, 0]
    assert [type(part) for part in np.split(x.detach(), 2)] == [Tensor, Tensor]


def test_out_writes_where_it_says() -> None:
    t, array = engine.zeros(2), np.zeros(2)
    assert np.add(t, 1, out=t) is t and t.tolist() == [1, 1]
    assert np.add(t, 1, out=array) is array and array.tolist() == [2, 2]


def test_tensors_of_numpys_and_mixed_lists() -> None:
    assert engine.tensor(np.float32(3)).dtype is engine.float32
    assert engine.tensor([engine.tensor(1), engine.tensor(2)]).tolist() == [1, 2]
    assert engine.tensor([[1, 2.5], [True, 3]]).dtype is engine.float32
    assert engine.tensor([1, True]).dtype is engine.int64
    assert engine.tensor([]).dtype is engine.float32
    assert engine.as_tensor(np.zeros(2)).dtype is engine.float64


def test_read_only_arrays_are_not_written() -> None:
    array = np.zeros(2)
    array.flags.writeable = False
    x = engine.from_numpy(array)
    with pytest.raises(RuntimeError, match="read-only"):
        x += 1
    assert x.tolist() == [0, 0]
