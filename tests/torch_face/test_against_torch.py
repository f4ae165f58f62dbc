"""Calls whose source is the same in PyTorch: values, dtypes, shapes and gradients.

Runs where torch is installed. What it checks is claimed without torch elsewhere.
"""

from __future__ import annotations

import ast
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import engine

torch = pytest.importorskip("torch", reason="compares with torch where it is")

# Sources over x (3, 4), y (3, 4), v (4), m (4, 5), i (integers, 3 x 4), b (bool), and
# `torch`, which is engine for engine.
VALUES = """
x + y
x - 2
2 - x
x * v
x / y
i / 2
i // 2
i % 3
-i // 2
x // y
x % y
2 ** x
x ** 2
abs(x) ** 0.5
x ** y.abs()
i ** 2
-x
~b
b & (x > 0)
b | (x > 0)
b ^ (x > 0)
i & 3
i << 1
i >> 1
x == y
x != 0
x < v
x.abs().sqrt()
x.exp()
x.abs().log()
x.sin() + x.cos() * x.tan()
x.tanh().atanh()
x.sigmoid()
x.relu()
x.erf()
x.expm1()
x.abs().log1p()
x.abs().rsqrt()
x.reciprocal()
x.square()
x.sign()
x.floor() + x.ceil() + x.trunc() + x.round()
(x * 10).round(decimals=1)
x.clamp(-0.5, 0.5)
x.clamp(min=0.1)
x.clamp(max=y)
x.add(y, alpha=2)
x.sub(y, alpha=0.5)
x.div(y, rounding_mode="floor")
x.div(y, rounding_mode="trunc")
i.div(2, rounding_mode="floor")
i.div(2, rounding_mode="trunc")
x.fmod(0.3)
x.remainder(-0.3)
x.lerp(y, 0.3)
x.addcmul(x, y, value=0.5)
x.addcdiv(x, y, value=0.5)
x.atan2(y)
x.hypot(y)
x.logaddexp(y)
x.copysign(y)
torch.maximum(x, y)
torch.minimum(x, y)
torch.where(b, x, y)
torch.where(b, x, 0.0)
torch.where(b, 1.0, x)
x.masked_fill(b, -1.0)
x.isclose(y, atol=0.5)
torch.logical_and(b, i)
x.sum()
x.sum(0)
x.sum(-1, keepdim=True)
x.sum((0, 1))
i.sum()
b.sum()
b.sum(1)
x.mean()
x.mean(1)
x.mean((0, 1), keepdim=True)
x.std()
x.var(0)
x.var(1, unbiased=False)
x.std(1, correction=0)
x.std(False)
x.prod()
x.prod(1)
x.max()
x.max(1)[0]
x.max(1)[1]
x.max(0, keepdim=True)[0]
x.min(1).indices
x.max(y)
x.amax(1)
x.amin((0, 1))
x.argmax()
x.argmax(1)
x.argmin(0, keepdim=True)
b.any()
b.all(1)
x.any(0)
x.logsumexp(1)
x.logsumexp((0, 1))
x.softmax(1)
x.softmax(0)
x.log_softmax(-1)
x.cumsum(0)
i.cumsum(1)
x.cumprod(1)
x.sort()[0]
x.sort(0, descending=True)[0]
x.sort(1, descending=True).indices
x.argsort(0)
x.topk(2)[0]
x.topk(2, 0, largest=False)[0]
x.topk(2, 0).indices
x.norm()
x.norm(1)
x.norm(2, 1)
x.norm(float("inf"), 0)
x.norm(3, 1, keepdim=True)
x.dist(y)
i.count_nonzero()
x.nansum()
x @ m
x.matmul(v)
v @ m
x.mm(m)
v.dot(v)
v.outer(v)
x.mv(v)
torch.stack([x, y]).bmm(torch.stack([m, m]))
torch.stack([x, y]) @ m
torch.einsum("ij,jk->ik", x, m)
torch.einsum("ij,ij->", x, y)
torch.einsum("ij->ji", x)
torch.einsum("ij,kj->ik", x, y)
torch.einsum("bij,bjk->bik", torch.stack([x, y]), torch.stack([m, m]))
torch.einsum("i,j,k->kji", v, v, v)
torch.tensordot(x, m, 1)
torch.tensordot(x, y, ([0], [0]))
torch.addmm(torch.ones(3, 5), x, m, beta=2, alpha=0.5)
x.view(12)
x.view(2, -1)
x.reshape(4, 3)
x.t().reshape(-1)
x.flatten()
x.unflatten(1, (2, 2))
x.permute(1, 0)
x.transpose(0, 1)
x.T
x.unsqueeze(1)
x.unsqueeze(-1).squeeze(-1)
x[:1].squeeze(0)
x[None].expand(2, 3, 4)
v.expand(3, -1)
x.movedim(0, 1)
x.narrow(1, 1, 2)
x.select(1, 2)
x.diagonal()
x.diagonal(1)
x.diagonal(-1)
x.unfold(1, 2, 1)
torch.cat(x.chunk(2, 1), 0)
torch.cat(x.split(2), 0)
torch.cat(x.split([1, 2]), 0)
torch.cat([x, i], 1)
torch.stack([x, y], 1)
torch.stack(x.unbind(1))
torch.tril(x)
torch.triu(x, 1)
b.tril()
b.triu(1)
b.square()
b ** 2
i.round()
torch.flip(x, [0, 1])
x.flip(1)
torch.roll(x, 1, 1)
x.roll(2)
x.repeat(2, 1)
x.tile(2)
x.repeat_interleave(2, 1)
v.repeat_interleave(3)
x[0]
x[1, 2]
x[:, 1]
x[1:, ::2]
x[..., 0]
x[None, :, None]
x[-1]
x[[0, 2]]
x[i[:, 0] % 3]
x[:, [1, 1, 0]]
x[[0, 1], [2, 3]]
x[[0, 1], :2]
x[b]
x[x > 0]
x[b[:, 0]]
x[0, [1, 2]]
x[:, None, [1, 2]]
torch.stack([x, y])[:, [0, 1], :, ][:, :, [3]]
torch.stack([x, y])[0, :, [0, 1]]
torch.stack([x, y])[[0, 1], :, [0, 1]]
x[True]
x.gather(1, i % 4)
x.index_select(1, torch.tensor([0, 2]))
x.masked_select(b)
x.nonzero()
torch.nonzero(b, as_tuple=True)[1]
torch.zeros(3, 4).index_add_(0, torch.tensor([0, 0, 2]), x)
torch.zeros(3, 4).scatter_(1, i % 4, 1.0)
torch.zeros(3, 4).scatter_add_(1, i % 4, x)
torch.arange(5)
torch.arange(1, 7, 2)
torch.arange(0, 1, 0.25)
torch.arange(3, 0, -1)
torch.linspace(0, 1, 5)
torch.linspace(-3, 3, 7)
torch.eye(3)
torch.eye(2, 3, dtype=torch.int64)
torch.full((2, 2), 3)
torch.full((2,), 2.5)
torch.zeros_like(i)
torch.ones(2, 3).to(torch.float16)
x.to(torch.int32)
x.double()
x.long()
x.bool()
i.float()
i.type_as(x)
torch.unique(i)
torch.unique(i % 3, return_inverse=True, return_counts=True)[1]
torch.unique(i % 2, dim=1, return_counts=True)[1]
torch.broadcast_tensors(x, v)[1]
torch.isfinite(x / 0)
torch.nn.functional.gelu(x)
torch.nn.functional.gelu(x, approximate="tanh")
torch.nn.functional.silu(x)
torch.nn.functional.mish(x)
torch.nn.functional.softplus(x)
torch.nn.functional.softplus(x, 2.0, threshold=1.0)
torch.nn.functional.leaky_relu(x, 0.1)
torch.nn.functional.elu(x)
torch.nn.functional.logsigmoid(x)
torch.nn.functional.layer_norm(x, (4,))
torch.nn.functional.layer_norm(x, (3, 4), eps=1e-3)
torch.nn.functional.batch_norm(x, None, None, training=True)
torch.nn.functional.normalize(x)
torch.nn.functional.pad(x, (1, 2), value=3.0)
torch.nn.functional.pad(x, (0, 0, 1, 0))
torch.nn.functional.one_hot(i[0] % 4, 5)
torch.nn.functional.linear(x, m.t())
torch.nn.functional.mse_loss(x, y)
torch.nn.functional.mse_loss(x, y, reduction="none")
torch.nn.functional.l1_loss(x, y, reduction="sum")
torch.nn.functional.huber_loss(x, y, delta=0.3)
torch.nn.functional.cross_entropy(x, i[:, 0] % 4)
torch.nn.functional.cross_entropy(x, i[:, 0] % 4, reduction="none")
torch.nn.functional.cross_entropy(x, i[:, 0] % 4, label_smoothing=0.2)
torch.nn.functional.cross_entropy(x, i[:, 0] % 4, weight=v.abs())
torch.nn.functional.cross_entropy(x, i[:, 0] % 4, v.abs(), label_smoothing=0.1)
torch.nn.functional.cross_entropy(x, i[:, 0] % 4, ignore_index=1)
torch.nn.functional.cross_entropy(x, y.softmax(1))
torch.nn.functional.cross_entropy(v, i[0, 0] % 4)
torch.nn.functional.nll_loss(x.log_softmax(1), i[:, 0] % 4)
torch.nn.functional.binary_cross_entropy_with_logits(x, y.sigmoid())
torch.nn.functional.binary_cross_entropy(x.sigmoid(), y.sigmoid())
torch.nn.functional.binary_cross_entropy(x.sigmoid(), y.sigmoid(), v.detach())
torch.nn.BCEWithLogitsLoss(pos_weight=v.exp())(x, y.sigmoid())
torch.nn.BCEWithLogitsLoss(y.exp(), reduction="none", pos_weight=v)(x, y.sigmoid())
"""

WRITES = """
x[0] = 5
x[:, 1] = v[:3]
x[1:] += x[:-1].clone()
x[0] += 1
x[[0, 2]] = y[:2]
x[b] = 0
x[b] = y[b]
x[x > 0] *= 2
x[0, 0] = x[1, 1]
x[...] = v
x[:, [0, 1]] += 1
x[i[:, 0] % 3] = 7
x += y
x -= 1
x *= v
x /= 2
x **= 2
x.add_(y, alpha=3)
x.mul_(2).sub_(y)
x.zero_()
x.fill_(3)
x.copy_(v)
x.clamp_(-0.1, 0.1)
x.exp_()
x.t()[0] = 9
x.view(-1)[3:5] = 1
x.masked_fill_(b, 4)
x.lerp_(y, 0.25)
x.addcmul_(y, y, value=2)
x.addcdiv_(y, v, value=2)
x.fill_diagonal_(2)
x.index_fill_(1, torch.tensor([0, 2]), 1.5)
x.unsqueeze(0)[0, 1] = y[0]
x[0], x[1] = x[1].clone(), x[0].clone()
x.floor_divide_(0.3)
i += 2
i *= 3
i //= 2
i[0] = 2.7
i[b] = 9
i.clamp_(0, 2)
b[0] = True
b &= x > 0
x.diagonal()[:] = 0
x.unbind(1)[2].add_(5)
x.split(2)[1].mul_(0)
"""

NO_GRADIENT = ("%", "//", "fmod", "copysign", "weight=v", "v.abs(), label")
"""Sources whose gradients PyTorch has not, or defines otherwise at steps."""


def sources(block: str) -> list[str]:
    return [line for line in block.strip().splitlines() if line]


def names(xp: ModuleType | Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    floats = {
        name: rng.normal(size=shape).astype(np.float32)
        for name, shape in [("x", (3, 4)), ("y", (3, 4)), ("v", (4,)), ("m", (4, 5))]
    }
    made = {name: xp.tensor(array) for name, array in floats.items()}
    made["i"] = xp.tensor(rng.integers(-5, 9, (3, 4)))
    made["b"] = xp.tensor(rng.random((3, 4)) < 0.5)
    return {"torch": xp, **made}


def same(got: Any, want: Any, what: str) -> None:
    assert str(got.dtype) == str(want.dtype).replace("torch", "engine"), what
    assert tuple(got.shape) == tuple(want.shape), what
    np.testing.assert_allclose(
        got.detach().numpy(), want.detach().numpy(), rtol=2e-5, atol=2e-6, err_msg=what
    )


def same_gradient(got: Any, want: Any, what: str) -> None:
    """None and zeros are the same: nothing depends on the leaf."""
    if got is None or want is None:
        assert got is None or not got.any(), what
        assert want is None or not want.any(), what
    else:
        same(got, want, what)


@pytest.mark.parametrize("source", sources(VALUES))
def test_values_dtypes_and_shapes(source: str) -> None:
    with engine.config(tier="numpy"):
        same(eval(source, names(engine)), eval(source, names(torch)), source)


@pytest.mark.parametrize(
    "source",
    [s for s in sources(VALUES) if not any(word in s for word in NO_GRADIENT)],
)
def test_gradients(source: str) -> None:
    compare_gradients(source)


def compare_gradients(source: str) -> None:
    found = []
    with engine.config(tier="numpy"):
        for xp in (engine, torch):
            given = names(xp)
            leaves = [given[k].requires_grad_() for k in ("x", "y", "v", "m")]
            out = eval(source, given)
            if not out.requires_grad:
                found.append(None)
                continue
            (out * out.detach().cos()).sum().backward()
            found.append([None if p.grad is None else p.grad for p in leaves])
        ours, theirs = found
        assert (ours is None) == (theirs is None), source
        for mine, wanted in zip(ours or [], theirs or [], strict=True):
            same_gradient(mine, wanted, source)


@pytest.mark.parametrize("source", sources(WRITES))
def test_writes(source: str) -> None:
    ast.parse(source)
    found = []
    with engine.config(tier="numpy"):
        for xp in (engine, torch):
            given = names(xp)
            exec(source, given)
            found.append(given)
        ours, theirs = found
        for name in "xyvmib":
            same(ours[name], theirs[name], f"{name} after {source}")


@pytest.mark.parametrize(
    "source", [s for s in sources(WRITES)[:35] if "floor_divide" not in s]
)
def test_gradients_through_writes(source: str) -> None:
    found = []
    with engine.config(tier="numpy"):
        for xp in (engine, torch):
            given = names(xp)
            leaves = [given[k].requires_grad_() for k in ("x", "y", "v")]
            given["x"] = given["x"] * 1
            exec(source, given)
            out = given["x"]
            if out.requires_grad:
                (out * out.detach().cos()).sum().backward()
            found.append([p.grad for p in leaves])
        for mine, wanted in zip(*found, strict=True):
            same_gradient(mine, wanted, source)
