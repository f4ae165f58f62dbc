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
    assert f"{x[1]:.3f}" == "2.000" and f"{x[1]}" == "2.0"
    assert repr((x**2).clamp(0, 3).double()) == (
        "tensor([1., 3.], dtype=engine.float64, grad_fn=<ToCopyBackward0>)"
    )
    assert (x**2).grad_fn.name() == "PowBackward0"
    assert x.clamp(0, 3).grad_fn.name() == "ClampBackward0"


def test_tensors_in_texts_are_as_by_torch() -> None:
    number, many = engine.tensor(3.5), engine.tensor([1, 2])
    assert f"{number} {number:.1f} {engine.tensor(True)} {many}" == (
        "3.5 3.5 True tensor([1, 2])"
    )
    with pytest.raises(TypeError, match="unsupported format"):
        f"{many:.1f}"


def test_parameters_say_so_wherever_they_are_printed() -> None:
    text = "Parameter containing:\ntensor(1., requires_grad=True)"
    parameter = engine.nn.Parameter(engine.tensor(1.0))
    assert repr(parameter) == str(parameter) == f"{parameter}" == text
    with pytest.raises(TypeError, match="unsupported format"):
        f"{parameter:.1f}"
    held = engine.nn.ParameterList([engine.ones(2, 3), engine.tensor(1.0)])
    assert repr(held) == (
        "ParameterList(\n"
        "    (0): Parameter containing: [engine.float32 of size 2x3]\n"
        "    (1): Parameter containing: [engine.float32 of size ]\n"
        ")"
    )


NAMED = {
    "x.max(dim=1)": "max(\nvalues=tensor([2., 4.]),\nindices=tensor([1, 1]))",
    "x.min(0)": "min(\nvalues=tensor([1., 2.]),\nindices=tensor([0, 0]))",
    "x[0].sort()": "sort(\nvalues=tensor([1., 2.]),\nindices=tensor([0, 1]))",
    "x[0].topk(1)": "topk(\nvalues=tensor([2.]),\nindices=tensor([1]))",
    "t.linalg.slogdet(-x)": (
        "linalg_slogdet(\nsign=tensor(-1.),\nlogabsdet=tensor(0.6931))"
    ),
    "t.linalg.eigh(4 * t.eye(1))": (
        "linalg_eigh(\neigenvalues=tensor([4.]),\neigenvectors=tensor([[1.]]))"
    ),
}


@pytest.mark.parametrize("source", NAMED)
def test_named_results_print_their_names(source: str) -> None:
    x = engine.tensor([[1.0, 2.0], [3.0, 4.0]])
    text = repr(eval(source, {"x": x, "t": engine}))
    assert text == "engine.return_types." + NAMED[source]


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
