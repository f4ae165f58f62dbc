"""Indexing and views against NumPy, where both have one rule; PyTorch's where not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine
from engine import Tensor


class Keys:
    """Random keys that mean the same in NumPy and PyTorch."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        rank = int(self.rng.integers(1, 4))
        self.shape = tuple(int(n) for n in self.rng.integers(1, 5, rank))

    def basic(self) -> Any:
        parts: list[Any] = []
        for extent in self.shape[: self.rng.integers(0, len(self.shape) + 1)]:
            if self.rng.random() < 0.4:
                parts.append(int(self.rng.integers(-extent, extent)))
            else:
                ends = self.rng.integers(-extent - 1, extent + 2, 2).tolist()
                step = int(self.rng.integers(1, 4))
                parts.append(slice(*ends, step) if self.rng.random() < 0.7 else ...)
        if ... in parts:
            parts = [*parts[: parts.index(...)], ...]
        if self.rng.random() < 0.2:
            parts.insert(0, None)
        return tuple(parts)

    def fancy(self) -> Any:
        """Index arrays on leading or later axes, adjacent; or a mask."""
        if self.rng.random() < 0.3:
            return self.rng.random(self.shape) < 0.5
        at = int(self.rng.integers(0, len(self.shape)))
        count = int(self.rng.integers(1, len(self.shape) - at + 1))
        inner = tuple(int(n) for n in self.rng.integers(1, 4, self.rng.integers(1, 3)))
        arrays = [self.rng.integers(-n, n, inner) for n in self.shape[at : at + count]]
        return (*[slice(None)] * at, *arrays)


def as_engine(key: Any) -> Any:
    """The same key, with tensors for arrays."""
    if isinstance(key, tuple):
        return tuple(as_engine(part) for part in key)
    return engine.tensor(key) if isinstance(key, np.ndarray) else key


def pair(keys: Keys) -> tuple[np.ndarray[Any, Any], Tensor]:
    array = keys.rng.normal(size=keys.shape)
    return array, engine.tensor(array)


@pytest.mark.parametrize("block", range(4))
def test_reading_is_numpys(block: int) -> None:
    for seed in range(block * 100, block * 100 + 100):
        keys = Keys(seed)
        array, tensor = pair(keys)
        for key in (keys.basic(), keys.fancy()):
            want = array[key]
            got = tensor[as_engine(key)]
            assert got.shape == want.shape and got.tolist() == want.tolist(), key


@pytest.mark.parametrize("block", range(4))
def test_writing_is_numpys(block: int) -> None:
    for seed in range(block * 100, block * 100 + 100):
        keys = Keys(seed)
        array, tensor = pair(keys)
        for key in (keys.basic(), keys.fancy()):
            new = keys.rng.normal(size=array[key].shape)
            for value in (2.5, new):
                array[key] = value
                tensor[as_engine(key)] = as_engine(value)
                assert tensor.tolist() == array.tolist(), key
            if array[key].size:
                array[key] += 1
                tensor[as_engine(key)] += 1
                assert tensor.tolist() == array.tolist(), key


def test_views_share_memory_and_copies_do_not() -> None:
    for seed in range(200):
        keys = Keys(seed)
        array, tensor = pair(keys)
        key = keys.basic()
        part, other = tensor[key], array[key]
        part.fill_(7.0)
        array[key] = 7.0
        assert tensor.tolist() == array.tolist(), key
        assert part.shape == other.shape
        copied = tensor[as_engine(keys.fancy())]
        copied.zero_()
        assert tensor.tolist() == array.tolist()


# -- where PyTorch differs from NumPy --------------------------------------------------
def test_an_integer_takes_a_view_of_a_vector() -> None:
    x = engine.zeros(3)
    first = x[0]
    first += 5
    assert first.shape == () and x.tolist() == [5, 0, 0]


def test_integers_are_applied_before_index_tensors() -> None:
    x = engine.arange(24).reshape(2, 3, 4)
    # NumPy would put the index's axis first here: shape (2, 3).
    assert x[0, :, [1, 3]].tolist() == [[1, 3], [5, 7], [9, 11]]


def test_negative_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="step must be greater than zero; -1"):
        engine.zeros(3)[::-1]


def test_0d_index_tensors_are_integers_and_bools_add_an_axis() -> None:
    x = engine.arange(6).reshape(2, 3)
    assert x[engine.tensor(1)].tolist() == [3, 4, 5]
    assert x[True].shape == (1, 2, 3) and x[False].shape == (0, 2, 3)


@pytest.mark.parametrize(
    ("key", "kind", "message"),
    [
        (5, IndexError, "index 5 is out of bounds"),
        ((0, 0, 0), IndexError, "too many indices for tensor of dimension 2; 3"),
        (1.5, IndexError, r"only integers.*got float"),
        ("a", TypeError, r"only integers.*got str"),
        ([0, 2], IndexError, "index 2 is out of bounds for dimension 0 with size 2"),
        (
            ([0, 1], [0, 1, 2]),
            IndexError,
            r"together with shapes \[2\], \[3\]",
        ),
        (np.ones(3, bool), IndexError, r"The shape of the mask \[3\] at index 0"),
        ((..., ...), IndexError, "single ellipsis"),
    ],
)
def test_keys_that_do_not_fit(key: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        engine.zeros(2, 3)[key]
    with pytest.raises(kind, match=message):
        engine.zeros(2, 3)[key] = 1.0


def test_values_that_do_not_fit() -> None:
    x = engine.zeros(2, 3)
    with pytest.raises(RuntimeError, match=r"shape \[2\] cannot be .*\[2, 3\]"):
        x[...] = engine.zeros(2)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        x[[0, 1]] = engine.zeros(4, 3)
    x[0] = engine.ones(1, 1, 3)  # leading dimensions of 1 are dropped
    assert x[0].tolist() == [1, 1, 1]


def test_index_tensors_need_no_flush_of_what_they_index() -> None:
    x = engine.arange(6.0) * 2
    engine.reset_stats()
    y = x[engine.tensor([5, 0])] + 1
    assert x.read().buffer is None and engine.stats()["synchronisations"] == 0
    assert y.tolist() == [11, 1]


# -- views -----------------------------------------------------------------------------
def test_view_refuses_what_reshape_copies() -> None:
    x = engine.arange(6).reshape(2, 3)
    with pytest.raises(RuntimeError, match=r"view size is not compatible.*reshape"):
        x.t().view(6)
    copied = x.t().reshape(6)
    copied.zero_()
    assert x.any()
    x.view(-1)[0] = 9
    assert x[0, 0].item() == 9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: x.view(4), r"shape '\[4\]' is invalid for input of size 6"),
        (lambda x: x.reshape(-1, -1), "only one dimension can be inferred"),
        (lambda x: x.reshape(-1, 4), "is invalid for input of size 6"),
        (lambda x: x.expand(2, 4), r"expanded size of the tensor \(4\).*size \(3\)"),
        (lambda x: x.permute(0, 0), "each of 2 dimensions once"),
        (lambda x: x.narrow(1, 2, 5), "exceeds dimension size"),
        (lambda x: x.split([1, 1], 1), "sum up to 3"),
        (lambda x: x.chunk(0), "positive"),
        (lambda x: x[None].t(), "<= 2 dimensions"),
    ],
)
def test_views_that_are_none(call: Any, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        call(engine.zeros(2, 3))


def test_writes_through_an_expanded_tensor_are_refused() -> None:
    x = engine.zeros(1, 2).expand(3, 2)
    with pytest.raises(RuntimeError, match="more than one element"):
        x += 1
    assert (x + 1).tolist() == [[1, 1]] * 3


def test_strides_and_contiguity() -> None:
    x = engine.zeros(2, 3, 4)
    assert x.stride() == (12, 4, 1) and x.is_contiguous()
    y = x.transpose(0, 2)
    assert y.stride() == (1, 4, 12) and not y.is_contiguous()
    assert y.contiguous().is_contiguous() and x.contiguous() is x
    assert x[:, 1:].storage_offset() == 4


def test_places_that_are_named_count_from_the_front() -> None:
    x = engine.arange(6.0).reshape(2, 3)
    for pending in (False, True):
        for wrong in (-1, 3):
            place = (
                engine.tensor([0, wrong]) + 0 if pending else engine.tensor([0, wrong])
            )
            for write in ("index_add_", "index_copy_"):
                target = x.clone()
                with pytest.raises(IndexError, match="out of bounds"):
                    getattr(target, write)(1, place, x[:, :2])
                    target.sum().item()
            with pytest.raises(IndexError, match="out of bounds"):
                x.index_select(1, place).sum().item()
            for use in (
                lambda y, at: y.gather(1, at[None]),
                lambda y, at: y.scatter_(1, at[None], 5.0),
                lambda y, at: y.scatter_add_(1, at[None], y),
            ):
                with pytest.raises(RuntimeError, match="out of bounds for dimension 1"):
                    use(x.clone(), place)
    assert x.clone().index_fill_(1, engine.tensor([-1]), 9)[0].tolist() == [
        0.0,
        1.0,
        9.0,
    ]
    assert x.index_select(0, engine.tensor(1)).tolist() == [[3.0, 4.0, 5.0]]
    with pytest.raises(IndexError, match="vector of indices"):
        x.index_select(0, engine.tensor([[0]]))
    with pytest.raises(RuntimeError, match="index of integers"):
        x.index_select(0, engine.tensor([0.0]))
    with pytest.raises(RuntimeError, match="no larger than self"):
        x.gather(0, engine.tensor([[0, 1, 0, 0]]))


def test_sources_are_scaled_and_rolls_go_along_several_dimensions() -> None:
    x = engine.arange(6.0).reshape(2, 3)
    x.index_add_(1, engine.tensor([1, 0]), engine.ones(2, 2), alpha=2)
    assert x.tolist() == [[2.0, 3.0, 2.0], [5.0, 6.0, 5.0]]
    x = engine.arange(6).reshape(2, 3)
    assert x.roll((1, 1), (0, 1)).tolist() == [[5, 3, 4], [2, 0, 1]]
    with pytest.raises(RuntimeError, match="must align"):
        x.roll((1, 1), 0)
