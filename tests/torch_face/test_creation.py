"""Tensors made from nothing, and random ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine

# What the seed 7 gives, in every version of Engine and on every machine.
UNIFORM = [0.7501521706581116, 0.7952840328216553, 0.008453071117401123]
INTEGERS = [86, 2, 8, 76]


@pytest.mark.parametrize(
    ("arguments", "want"),
    [
        ((5,), [0, 1, 2, 3, 4]),
        ((2, 5), [2, 3, 4]),
        ((5, 1, -2), [5, 3]),
        ((3, 3), []),
        ((0, 1, 0.25), [0.0, 0.25, 0.5, 0.75]),
        ((1.0, 3.0), [1.0, 2.0]),
    ],
)
def test_arange(arguments: Any, want: list[float]) -> None:
    found = engine.arange(*arguments)
    assert found.tolist() == want
    whole = all(isinstance(x, int) for x in arguments)
    assert found.dtype is (engine.int64 if whole else engine.float32)


def test_arange_refuses_a_step_that_never_arrives() -> None:
    for arguments in ((0, 5, -1), (5, 0), (0, 1, 0)):
        with pytest.raises(RuntimeError, match="direction of the end"):
            engine.arange(*arguments)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 50])
def test_linspace_ends_where_it_says(steps: int) -> None:
    found = engine.linspace(0.1, 0.7, steps, dtype=engine.float64)
    assert found.shape == (steps,)
    np.testing.assert_allclose(found.numpy(), np.linspace(0.1, 0.7, steps), rtol=1e-15)
    if steps > 1:
        assert found[-1].item() == 0.7 and found[0].item() == 0.1


def test_filled_tensors() -> None:
    assert engine.zeros(2, 3).shape == engine.zeros((2, 3)).shape == (2, 3)
    assert engine.full((2,), 3).dtype is engine.int64
    assert engine.full((2,), True).dtype is engine.bool
    assert engine.full_like(engine.ones(2), 7).tolist() == [7.0, 7.0]
    assert engine.eye(2, 3).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert engine.zeros_like(engine.ones(2, dtype=engine.int8)).dtype is engine.int8
    assert engine.ones(2, requires_grad=True).requires_grad
    assert engine.Tensor([1, 2]).dtype is engine.float32
    with pytest.raises(RuntimeError, match="negative dimension"):
        engine.zeros(-1)


def test_what_tensor_refuses() -> None:
    with pytest.raises(ValueError, match="equal lengths"):
        engine.tensor([[1], [1, 2]])
    with pytest.raises(TypeError, match="invalid data type 'str'"):
        engine.tensor("a")
    with pytest.raises(TypeError, match=r"expected .*ndarray"):
        engine.from_numpy([1.0])  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="is_available"):
        engine.zeros(2, device="cuda")


# -- random ---------------------------------------------------------------------------
def test_a_seed_repeats_everything() -> None:
    def draw() -> list[list[float]]:
        engine.manual_seed(42)
        drawn = (
            engine.rand(3),
            engine.randn(3),
            engine.randint(9, (3,)),
            engine.randperm(5),
        )
        return [x.tolist() for x in drawn]

    assert draw() == draw()
    assert engine.rand(4).tolist() != engine.rand(4).tolist()
    assert engine.initial_seed() == 42


def test_generators_are_streams_of_their_own() -> None:
    one = engine.Generator().manual_seed(1)
    first = engine.rand(5, generator=one)
    engine.rand(100)
    second = engine.rand(5, generator=one)
    both = engine.rand(10, generator=engine.Generator().manual_seed(1))
    assert both.tolist() == first.tolist() + second.tolist()
    state = one.get_state()
    third = engine.rand(3, generator=one)
    assert engine.rand(3, generator=one.set_state(state)).tolist() == third.tolist()


@pytest.mark.parametrize("wrong", [3, ("a", "b"), (1, 2, 3), (1.5, 2), None])
def test_what_is_no_state_leaves_a_generator_alone(wrong: Any) -> None:
    generator = engine.Generator().manual_seed(1)
    state = generator.get_state()
    with pytest.raises(TypeError, match="set_state: what get_state gives was required"):
        generator.set_state(wrong)
    assert generator.get_state() == state


@pytest.mark.parametrize("tier", ["numpy", "compiled"])
def test_numbers_do_not_depend_on_what_runs(tier: engine.config.Tier) -> None:
    generator = engine.Generator().manual_seed(7)
    with engine.config(tier=tier):
        uniform = engine.rand(3, generator=generator)
        integers = engine.randint(0, 100, (4,), generator=generator).tolist()
        assert uniform.tolist() == pytest.approx(UNIFORM, rel=1e-7)
        assert integers == INTEGERS


def test_distributions() -> None:
    engine.manual_seed(0)
    uniform = engine.rand(200_000, dtype=engine.float64).numpy()
    assert uniform.min() >= 0 and uniform.max() < 1
    assert uniform.mean() == pytest.approx(0.5, abs=0.003)
    assert uniform.var() == pytest.approx(1 / 12, rel=0.01)
    normal = engine.randn(200_000, dtype=engine.float64).numpy()
    assert normal.mean() == pytest.approx(0, abs=0.01)
    assert normal.std() == pytest.approx(1, rel=0.01)
    assert (normal**4).mean() == pytest.approx(3, rel=0.03)
    counts = np.bincount(engine.randint(10, 15, (100_000,)).numpy())
    assert counts[:10].sum() == 0 and (np.abs(counts[10:] - 20_000) < 700).all()
    assert sorted(engine.randperm(100).tolist()) == list(range(100))
    flags = engine.bernoulli(engine.full((100_000,), 0.3)).numpy()
    assert flags.mean() == pytest.approx(0.3, abs=0.01)


def test_drawing_into_tensors() -> None:
    engine.manual_seed(0)
    x = engine.empty(10_000).normal_(5.0, 2.0)
    assert x.mean().item() == pytest.approx(5, abs=0.1)
    assert x.std().item() == pytest.approx(2, rel=0.05)
    x.uniform_(-1.0, 3.0)
    assert x.min().item() >= -1 and 2.9 < x.max().item() < 3


def test_drawing_is_lazy_and_compiles_once() -> None:
    with engine.config(tier="compiled"):
        engine.rand(10).tolist()
        engine.rand(10).tolist()
        engine.reset_stats()
        for n in (11, 12, 500):
            engine.rand(n).tolist()
        assert engine.stats()["kernels_compiled"] == 0
