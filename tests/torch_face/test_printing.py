"""Tensors print as PyTorch's do: texts stored as torch 2.13 prints them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import engine


def stored() -> list[tuple[str, str]]:
    """Sources and texts: a block begins at each prompt."""
    blocks = (Path(__file__).parent / "printed.txt").read_text().split(">>> ")[1:]
    pairs = [block.split("\n", 1) for block in blocks]
    return [(source, text.rstrip("\n")) for source, text in pairs]


@pytest.mark.parametrize(("source", "text"), stored(), ids=[s for s, _ in stored()])
def test_printed_as_by_torch(source: str, text: str) -> None:
    assert repr(eval(f"engine.{source}")) == text


def test_gradient_functions_show() -> None:
    x = engine.tensor([1.0, 2.0], requires_grad=True)
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<MulBackward0>)"
    assert str(x.sum().detach()) == "tensor(3.)"
    assert f"{x[1]:.3f}" == "2.000" and f"{x[1]}".startswith("tensor(2.")


def test_random_tensors_print_as_by_torch() -> None:
    torch = pytest.importorskip("torch", reason="compares with torch where it is")
    rng = np.random.default_rng(3)
    for _ in range(150):
        shape = tuple(int(n) for n in rng.integers(0, 8, rng.integers(0, 4)))
        array = rng.normal(size=shape) * 10.0 ** rng.integers(-6, 10)
        dtype = rng.choice(
            ["float32", "float64", "int64", "int32", "bool", "complex64"]
        )
        if rng.random() < 0.3:
            array = np.round(array)
        if "float" in dtype and array.size and rng.random() < 0.3:
            array.reshape(-1)[0] = rng.choice([np.nan, np.inf, -np.inf, 0.0])
        with np.errstate(all="ignore"):
            array = array.astype(dtype)
        want = repr(torch.tensor(array)).replace("torch.", "engine.")
        assert repr(engine.tensor(array)) == want


def test_options_change_the_text_and_unknown_ones_are_refused() -> None:
    x = engine.tensor([1.23456789, 2.0])
    engine.set_printoptions(precision=2)
    try:
        assert repr(x) == "tensor([1.23, 2.00])"
    finally:
        engine.set_printoptions(precision=4)
    with pytest.raises(TypeError, match="width"):
        engine.set_printoptions(width=3)  # type: ignore[call-arg]
