"""Errors: raised where the op is written, with PyTorch's types, saying what was wrong.

A row is a source over x (3,), m (2, 3), i (integers), b (bool), p (a leaf), s (a sum
of its squares), e (expanded), n (a layer), o (an optimizer), the type of the
exception, and what its message must say.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from error_rows import chain, innermost_line, raised

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
    ("x @ 2", TypeError, r"for @: 'Tensor' and 'int'"),
    ("m.view(4)", RuntimeError, r"view: shape '\[4\]' is invalid for input of size 6"),
    ("m.t().view(6)", RuntimeError, "view: view size is not compatible"),
    ("m.reshape(-1, -1)", RuntimeError, "reshape: only one dimension"),
    ("x.expand(2, 4)", RuntimeError, r"expand: .*\[2, 4\]"),
    ("m.split([1, 2], 0)", RuntimeError, r"split: .*2 were required; \[1, 2\]"),
    ("m.narrow(0, 1, 5)", RuntimeError, r"narrow: start \(1\) \+ length \(5\)"),
    ("torch.zeros(2, -1)", RuntimeError, r"zeros: .*required; \[2, -1\] was given"),
    ("torch.linspace(0, 1, -1)", RuntimeError, r"linspace: .*\[-1\] was given"),
    ("torch.eye(-1)", RuntimeError, r"eye: .*required; \[-1, -1\] was given"),
    ("torch.randperm(-1)", RuntimeError, r"randperm: .*required; \[-1\] was given"),
    ("x.tril()", RuntimeError, r"tril: .*2 dimensions was required; shape \[3\]"),
    ("torch.zeros(2.5)", TypeError, r"zeros: integers .*a shape; \(2.5,\) was given"),
    ("torch.randn('a')", TypeError, "randn: integers were required for a shape"),
    ("torch.eye('a')", TypeError, r"eye: integers .*a shape; \('a', 'a'\) was given"),
    ("torch.randperm(2.5)", TypeError, r"randperm: integers .*; \(2.5,\) was given"),
    ("torch.arange('a')", TypeError, r"arange: numbers .*; \(0, 'a', 1\) were given"),
    ("torch.cat(3)", TypeError, "cat: a sequence of tensors was required; int was"),
    ("torch.einsum(3, x)", TypeError, "einsum: an equation, .*; int was given"),
    ("x.dot(3)", TypeError, "dot: a tensor was required; int was given"),
    ("x.equal(3)", TypeError, "equal: a tensor was required; int was given"),
    ("x.reshape(1.5, 2)", TypeError, "reshape: integers were required for a shape"),
    # dimensions
    ("m.sum(1.5)", TypeError, "sum: an integer .*for a dimension; 1.5 was given"),
    ("m.sum(2)", IndexError, r"range of \[-2, 1\], but got 2"),
    ("m.softmax(5)", IndexError, "Dimension out of range"),
    ("m.max(-3)", IndexError, "Dimension out of range"),
    ("m.unsqueeze(4)", IndexError, r"range of \[-3, 2\]"),
    ("m.sum((0, 0))", RuntimeError, r"sum: each dimension once .*; \(0, 0\) was"),
    ("m.topk(9)", RuntimeError, "out of range"),
    ("torch.zeros(0).max()", RuntimeError, "Specify the reduction dim"),
    ("m.gather(0, i)", RuntimeError, "same number of dimensions"),
    ("m.gather(3, m.long())", IndexError, "gather: Dimension out of range.*got 3"),
    ("m.flip(0, 0)", RuntimeError, r"flip: .*once was required; \(0, 0\) was given"),
    ("torch.cat([m, m], 2)", IndexError, "cat: Dimension out of range"),
    ("torch.zeros(0, 3).max(0)", IndexError, r"max: .*required.*shape \[0, 3\]"),
    ("torch.zeros(0).argmax()", IndexError, "argmax: at least one element"),
    # indices
    ("x[3]", IndexError, "getitem: index 3 is out of bounds.* with size 3"),
    ("m[0, 0, 0]", IndexError, "getitem: too many indices.*; 3 were given"),
    ("x[torch.tensor([0, 5])]", IndexError, "getitem: index 5 is out of bounds"),
    ("x[torch.tensor([True, False])]", IndexError, r"getitem: .*mask \[2\].*\[3\]"),
    ("x[1.5]", IndexError, r"getitem: only integers.*got float"),
    ("x['a']", TypeError, r"getitem: only integers.*got str"),
    ("x[::-1]", ValueError, "getitem: step must be greater than zero; -1 was given"),
    ("x[7] = 1.0", IndexError, "setitem: index 7 is out of bounds"),
    ("x[:] = torch.ones(4)", RuntimeError, r"setitem: shape mismatch.*\[4\].*\[3\]"),
    ("x[0] = 'a'", TypeError, "setitem: numbers were required; str was given"),
    ("m.gather(0, m.long() * 5)", RuntimeError, "gather: index 5 is out of bounds"),
    ("m.gather(0, m)", RuntimeError, "gather: an index of integers .*; float32 was"),
    ("torch.nn.functional.one_hot(x)", RuntimeError, "one_hot: integers were required"),
    ("m.index_select(0, i)", IndexError, "index_select: index 2 is out of .* size 2"),
    ("x.masked_select(i)", RuntimeError, "masked_select: .*bool was required; int64"),
    # dtypes
    ("i.mean()", RuntimeError, "mean.*engine.int64|Long"),
    ("i.std()", RuntimeError, "floating point"),
    ("~x", TypeError, "only implemented on integer and Boolean-type"),
    ("-b", RuntimeError, "not supported"),
    ("b - b", RuntimeError, "two bool tensors"),
    ("1 - b", RuntimeError, "rsub: Subtraction.*with a bool tensor"),
    ("x & x", NotImplementedError, "bitwise_and: integers.*required; engine.float32"),
    ("x << 1", NotImplementedError, "left_shift: integers.*required; engine.float32"),
    ("i.add_(1.5)", RuntimeError, "can't be cast"),
    ("b.mul_(2)", RuntimeError, "can't be cast"),
    ("i ** -1", RuntimeError, "negative integer powers"),
    ("torch.where(x, x, x)", RuntimeError, "where: .*boolean tensor"),
    ("x.masked_fill(x, 1)", RuntimeError, "masked_fill: .*boolean tensor"),
    ("torch.finfo(torch.int32)", TypeError, "finfo: a floating dtype was required"),
    ("m @ torch.ones(3, 2).double()", RuntimeError, "same dtype"),
    ("i.requires_grad_()", RuntimeError, "floating point"),
    ("torch.zeros(2, dtype=3)", TypeError, "3"),
    ("torch.full((2,), 300, dtype=torch.int8)", RuntimeError, "without overflow"),
    ("x.fill_(1e300)", RuntimeError, "float32 without overflow|type float"),
    ("torch.tensor([300], dtype=torch.uint8)", RuntimeError, "without overflow"),
    ("x.to('nowhere')", RuntimeError, "nowhere"),
    # numbers
    ("float(x)", ValueError, r"float: only one element.*; shape \[3\] was given"),
    ("torch.tensor(2**70)", ValueError, "tensor: .*64 bits were required; 118059162"),
    ("torch.tensor(None)", RuntimeError, "tensor: .*'NoneType': could not infer"),
    ("torch.tensor('a')", TypeError, "tensor: .*invalid data type"),
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
    ("x.fill_('a')", TypeError, "fill_: a number was required; str was given"),
    ("x.norm('a')", RuntimeError, "norm: a number.* was required for p; 'a' was given"),
    ("torch.from_dlpack(3)", TypeError, "from_dlpack: an array.*; int was given"),
    # functions of tensors
    ("torch.exp(2.0)", TypeError, "exp: a tensor was required; float was given"),
    ("torch.exp([1, 2])", TypeError, "exp: a tensor was required; list was given"),
    ("torch.softmax('a', 0)", TypeError, "softmax: a tensor was required; str was"),
    ("torch.neg(None)", TypeError, "neg: a tensor was required; NoneType was given"),
    # gradients
    ("p += 1", RuntimeError, "add: .*no leaf.* required; a leaf .*given"),
    ("p.grad = 3", TypeError, "grad: an array or None was required; int was given"),
    ("p.add_(1)", RuntimeError, "leaf"),
    ("p.numpy()", RuntimeError, r"tensor\.detach\(\)\.numpy\(\)"),
    ("p.backward()", RuntimeError, "scalar outputs"),
    ("p[0] = 1.0", RuntimeError, "setitem: .*no leaf.* required; a leaf .*given"),
    ("e.add_(1)", RuntimeError, "add_: .*more than one element of the written-to"),
    ("s.backward(); s.backward()", RuntimeError, "backward: .*a second time"),
    ("s.backward(x)", RuntimeError, r"backward: .*\(\) was required; \(3,\) was given"),
    ("torch.autograd.grad(x.sum(), x)", RuntimeError, "grad: "),
    ("torch.autograd.grad(s, x.requires_grad_())", RuntimeError, "grad: .*not.*used"),
    ("x.sum().backward()", RuntimeError, "does not require grad"),
    ("x.register_hook(print)", RuntimeError, "doesn't require gradient"),
    ("x.retain_grad()", RuntimeError, "requires_grad=False"),
    # keywords
    ("x.sum(axes=0)", TypeError, "axes"),
    ("torch.zeros(2, layout=3)", TypeError, "layout"),
    ("torch.nn.Linear(2, 2, biases=True)", TypeError, "biases"),
    ("torch.nn.Linear(2, 2)(m)", RuntimeError, r"linear|Linear: .*2x3 and 2x2"),
    ("torch.nn.LayerNorm(2)(m)", RuntimeError, r"LayerNorm: .*\[2\].*size\[2, 3\]"),
    ("torch.nn.Dropout(2.0)", ValueError, "Dropout: .*between 0 and 1, but got 2.0"),
    # modules, parameters and optimizers
    ("torch.nn.Parameter(3)", TypeError, "Parameter: a tensor was required; int was"),
    ("torch.nn.Sequential(3)", TypeError, "add_module: a Module or None .*; int was"),
    ("n.register_buffer('a', 3)", TypeError, "register_buffer: a Tensor.*'a'; int"),
    ("n.register_parameter('a', x)", TypeError, "register_parameter: a Parameter or"),
    ("n.register_parameter('a.b', None)", KeyError, "a name without a dot.*'a.b' was"),
    ("n.load_state_dict(3)", TypeError, "load_state_dict: a mapping .*; int was given"),
    ("n.load_state_dict({'weight': 3})", RuntimeError, "weight: a tensor was required"),
    ("n.load_state_dict({})", RuntimeError, "Missing key.*weight"),
    (
        "torch.nn.BatchNorm1d(2)(m)",
        RuntimeError,
        "batch_norm: running_mean should cont",
    ),
    ("torch.optim.SGD(3, lr=1.0)", TypeError, "SGD: an iterable of param.*; int was"),
    ("torch.optim.SGD([p], lr='a')", TypeError, "SGD: a number .*learning rate; 'a'"),
    ("torch.optim.Adam([p], betas=0.9)", TypeError, "Adam: a pair of numbers .*; 0.9"),
    ("o.add_param_group(3)", TypeError, "add_param_group: a dictionary .*'params'"),
    (
        "torch.optim.lr_scheduler.StepLR(3, 1)",
        TypeError,
        "StepLR: an optimizer .*; int",
    ),
    ("torch.optim.SGD([p], lr=-1.0)", ValueError, "SGD: Invalid .*value: -1.0"),
    ("torch.optim.SGD([], lr=1.0)", ValueError, "SGD: .*empty parameter list"),
    ("torch.zeros(2, device='nowhere')", RuntimeError, "device: .*'nowhere' was given"),
    ("torch.nn.functional.gelu(x, approximate='fast')", RuntimeError, "approximate"),
]

OTHERWISE: dict[str, type[Exception]] = {
    "torch.from_dlpack(3)": RuntimeError,
    "torch.nn.Parameter(3)": AttributeError,
}
"""What PyTorch raises where the types are not the same."""

BY_PYTHON = r"unsupported operand|[\w.]+\(\) got an unexpected keyword|Error\(s\) in"
"""Messages of Python itself, and of PyTorch, which name the op in their own way."""


def names(xp: Any) -> dict[str, Any]:
    p = xp.ones(3, requires_grad=True)
    return {
        "torch": xp,
        "x": xp.ones(3),
        "m": xp.ones(2, 3),
        "i": xp.tensor([0, 1, 2]),  # known, not pending
        "b": xp.tensor([True, False, True]),
        "p": p,
        "s": (p * p).sum(),
        "e": xp.ones(3).expand(2, 3),
        "n": xp.nn.Linear(3, 2, bias=False),
        "o": xp.optim.SGD([xp.ones(1, requires_grad=True)], lr=1.0),
    }


@pytest.mark.parametrize(("source", "kind", "message"), ROWS, ids=[r[0] for r in ROWS])
def test_errors_are_raised_where_the_op_is_written(
    source: str, kind: type[Exception], message: str
) -> None:
    error = raised(source, names(engine))
    assert type(error) is kind
    assert re.search(message, str(error)), str(error)
    said = error.args[0] if kind is KeyError else str(error)
    assert re.match(rf"[\w.]+(\(\))?: |{BY_PYTHON}", said), said
    assert innermost_line(error) == "user.py:2"
    assert chain(error) == [error]


@pytest.mark.parametrize(("source", "kind", "message"), ROWS, ids=[r[0] for r in ROWS])
def test_pytorch_raises_the_same_types(
    source: str, kind: type[Exception], message: str
) -> None:
    torch = pytest.importorskip("torch", reason="compares with torch where it is")
    with pytest.raises(OTHERWISE.get(source, kind)):
        exec(source, names(torch))


def test_an_error_leaves_everything_as_it_was() -> None:
    x = engine.ones(3)
    y = x * 2
    for _ in range(3):
        with pytest.raises(RuntimeError):
            y.add_(engine.ones(4))
    assert (y + 1).tolist() == [3.0, 3.0, 3.0]
