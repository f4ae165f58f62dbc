"""Errors: raised where the op is written, with PyTorch's types, saying what was wrong.

A row is a source over x (3,), m (2, 3), i (integers), b (bool), p (a leaf), the type of
the exception, and what its message must say.
"""

from __future__ import annotations

import traceback
from typing import Any

import pytest

import engine

ROWS: list[tuple[str, type[Exception], str]] = [
    # shapes
    ("x + torch.ones(4)", RuntimeError, r"add: .*tensor a \(3\) must match.*b \(4\)"),
    ("m * torch.ones(2)", RuntimeError, "multiply: .*at non-singleton dimension 1"),
    ("torch.where(b, x, m.t())", RuntimeError, "where: sizes that are equal or 1"),
    ("x.add_(m)", RuntimeError, r"output with shape \[3\] doesn't match.*\[2, 3\]"),
    ("m @ m", RuntimeError, r"cannot be multiplied \(2x3 and 2x3\)"),
    ("m @ torch.ones(2)", RuntimeError, "matmul: .*3 is different from 2"),
    ("x.mm(m)", RuntimeError, r"mm: a tensor of 2 dimensions.*shape \[3\]"),
    ("x.dot(m)", RuntimeError, "dot: a tensor of 1 dimension"),
    ("torch.cat([x, m])", RuntimeError, "same number of dimensions: got 1 and 2"),
    (
        "torch.cat([m, m.t()])",
        RuntimeError,
        "Expected size 3 but got size 2",
    ),
    ("torch.cat([])", ValueError, "non-empty list"),
    ("torch.stack([x, m])", RuntimeError, "equal size"),
    ("torch.einsum('ij,jk->ik', m, m)", RuntimeError, "'j' is 3 and 2"),
    ("torch.einsum('ii', m)", RuntimeError, "einsum: "),
    ("torch.einsum('ij,jk', m)", RuntimeError, "for 1 operands"),
    # dimensions
    ("m.sum(2)", IndexError, r"range of \[-2, 1\], but got 2"),
    ("m.softmax(5)", IndexError, "Dimension out of range"),
    ("m.max(-3)", IndexError, "Dimension out of range"),
    ("m.unsqueeze(4)", IndexError, r"range of \[-3, 2\]"),
    ("m.sum((0, 0))", RuntimeError, "each once"),
    ("m.topk(9)", RuntimeError, "out of range"),
    ("torch.zeros(0).max()", RuntimeError, "Specify the reduction dim"),
    ("m.gather(0, i)", RuntimeError, "same number of dimensions"),
    # dtypes
    ("i.mean()", RuntimeError, "mean.*engine.int64|Long"),
    ("i.std()", RuntimeError, "floating point"),
    ("~x", TypeError, "only implemented on integer and Boolean-type"),
    ("-b", RuntimeError, "not supported"),
    ("b - b", RuntimeError, "two bool tensors"),
    ("i.add_(1.5)", RuntimeError, "can't be cast"),
    ("b.mul_(2)", RuntimeError, "can't be cast"),
    ("i ** -1", RuntimeError, "negative integer powers"),
    ("torch.where(x, x, x)", RuntimeError, "boolean tensor"),
    ("m @ torch.ones(3, 2).double()", RuntimeError, "same dtype"),
    ("i.requires_grad_()", RuntimeError, "floating point"),
    ("torch.zeros(2, dtype=3)", TypeError, "3"),
    ("torch.full((2,), 300, dtype=torch.int8)", RuntimeError, "without overflow"),
    ("x.fill_(1e300)", RuntimeError, "float32 without overflow|type float"),
    ("torch.tensor([300], dtype=torch.uint8)", RuntimeError, "without overflow"),
    ("x.to('nowhere')", RuntimeError, "nowhere"),
    # numbers
    ("x.item()", RuntimeError, "3 elements cannot be converted to Scalar"),
    ("bool(x)", RuntimeError, "more than one value is ambiguous"),
    ("[1, 2, 3][x]", TypeError, "integer tensors of a single element"),
    ("len(x[0])", TypeError, "0-d tensor"),
    ("list(x[0])", TypeError, "0-d tensor"),
    ("x + 'a'", TypeError, "unsupported operand"),
    ("x + None", TypeError, "unsupported operand"),
    ("x.clamp()", RuntimeError, "At least one of 'min' or 'max'"),
    ("x.div(2, rounding_mode='up')", RuntimeError, "rounding_mode"),
    ("x.fill_(m)", RuntimeError, "0-dim.*value tensor"),
    # gradients
    ("p.add_(1)", RuntimeError, "leaf"),
    ("p.numpy()", RuntimeError, r"tensor\.detach\(\)\.numpy\(\)"),
    ("p.backward()", RuntimeError, "scalar outputs"),
    ("x.sum().backward()", RuntimeError, "does not require grad"),
    ("x.register_hook(print)", RuntimeError, "doesn't require gradient"),
    ("x.retain_grad()", RuntimeError, "requires_grad=False"),
    # keywords
    ("x.sum(axes=0)", TypeError, "axes"),
    ("torch.zeros(2, layout=3)", TypeError, "layout"),
    ("torch.nn.Linear(2, 2, biases=True)", TypeError, "biases"),
    ("torch.nn.functional.gelu(x, approximate='fast')", RuntimeError, "approximate"),
]


def names(xp: Any) -> dict[str, Any]:
    return {
        "torch": xp,
        "x": xp.ones(3),
        "m": xp.ones(2, 3),
        "i": xp.arange(3),
        "b": xp.tensor([True, False, True]),
        "p": xp.ones(3, requires_grad=True),
    }


@pytest.mark.parametrize(("source", "kind", "message"), ROWS, ids=[r[0] for r in ROWS])
def test_errors_are_raised_where_the_op_is_written(
    source: str, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        exec(compile(f"done = 1\n{source}", "user.py", "exec"), names(engine))
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert [f.lineno for f in frames if f.filename == "user.py"] == [2]
    assert "numba" not in "".join(f.filename for f in frames)


@pytest.mark.parametrize(("source", "kind", "message"), ROWS, ids=[r[0] for r in ROWS])
def test_pytorch_raises_the_same_types(
    source: str, kind: type[Exception], message: str
) -> None:
    torch = pytest.importorskip("torch", reason="compares with torch where it is")
    if source in ("torch.einsum('ii', m)", "torch.zeros(2, layout=3)"):
        kind = (RuntimeError, TypeError)  # type: ignore[assignment]
    with pytest.raises(kind):
        exec(source, names(torch))


def test_an_error_leaves_everything_as_it_was() -> None:
    x = engine.ones(3)
    y = x * 2
    for _ in range(3):
        with pytest.raises(RuntimeError):
            y.add_(engine.ones(4))
    assert (y + 1).tolist() == [3.0, 3.0, 3.0]
