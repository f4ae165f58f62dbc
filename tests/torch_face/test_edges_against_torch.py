"""0-d and empty tensors, NaN, narrow dtypes, rarer arguments: as in PyTorch.

Runs where torch is installed.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import engine

torch = pytest.importorskip("torch", reason="compares with torch where it is")

# Sources over s (), e (0, 3), x (3, 4), v (4,), i (integers, 3 x 4), and `torch`.
SOURCES = """
s.sum()
s.sum(0)
s.sum(-1, keepdim=True)
s.mean(0)
s.max()
s.max(0)[0]
s.max(0)[1]
s.softmax(0)
s.log_softmax(0)
s.logsumexp(0)
s.cumsum(0)
s.sort()[0]
s.argsort()
s.argmax()
s.argmax(0)
s.topk(1)[0]
s.norm()
s.std(unbiased=False)
s.var(0, unbiased=False)
s.prod(0)
s.any()
s.all(0)
s.t()
s.T
s.flatten()
s.squeeze()
s.unsqueeze(0)
s.expand(3)
s.view(1)
s.reshape(1, 1)
s.transpose(0, 0)
s[...]
s[None]
s[True]
s.item() * x
s * x
s.repeat(3)
s.flip(0)
s.roll(1)
s.nonzero()
s.unique()
torch.stack([s, s])
torch.where(s > 0, s, x)
s.clamp(0, 0.1)
e.sum()
e.sum(0)
e.sum(1)
e.mean()
e.mean(1)
e.prod()
e.any()
e.all()
e.max(1)[0]
e + 1
e.softmax(1)
e.cumsum(0)
e.sort()[0]
e.t()
e.reshape(3, 0)
e.view(-1, 3)
e.norm()
e @ torch.ones(3, 2)
torch.ones(2, 0) @ torch.ones(0, 3)
e.std()
e.logsumexp(1)
e.unique()
e.nonzero()
e[:, 0]
e[[]]
e[e > 0]
torch.cat([e, torch.ones(2, 3)])
torch.cat([torch.zeros(0), torch.ones(2, 3)])
torch.stack([e, e])
e.flatten()
e.chunk(2)[0]
e.split(1)[0]
torch.nn.functional.mse_loss(e, e)
x[1:1]
x[1:1].sum(0)
x.narrow(0, 1, 0)
torch.arange(0)
torch.zeros(0, 3).max(1)[0]
x.sum([])
x.sum(())
x.sum(dim=None)
x.sum(dim=(1,), keepdim=True)
x.mean(dim=[0, 1])
x.std(dim=1, keepdim=True)
x.argmax(dim=None, keepdim=True)
x.max(dim=1, keepdim=True)[1]
x.norm(dim=(0, 1))
x.norm(p="fro")
x.norm(p=0)
x.norm(p=float("-inf"))
x.flatten(0, 0)
x.squeeze((0, 1))
x.unflatten(0, (3, 1))
torch.tensor([float("nan"), 1.0]).max()
torch.tensor([float("nan"), 1.0]).relu()
torch.tensor([float("nan"), 1.0]).clamp(0, 2)
torch.tensor([float("nan"), 1.0]).clamp(min=0)
torch.tensor([float("nan"), 1.0]).sort()[0]
torch.tensor([float("nan"), 1.0, -1.0]).argmax()
torch.tensor([float("-inf"), float("-inf")]).logsumexp(0)
torch.tensor([-1.0, 0.0]).log()
torch.tensor([5, -5]) // 2
torch.tensor([5, -5]) % 3
torch.tensor([5.0, -5.0]) // 0
torch.tensor([5, -5]).div(2, rounding_mode="trunc")
torch.tensor([1, 2], dtype=torch.uint8) - 2
-torch.tensor([1, 2], dtype=torch.uint8)
torch.tensor([True, False]) + torch.tensor([True, True])
torch.tensor([True, False]) * 2
torch.tensor([True, False]).sum()
torch.tensor([True, False]).max()
torch.tensor([True, False]).cumsum(0)
torch.tensor([2, 3]) ** torch.tensor([2, 0])
2 ** torch.tensor([2, 3])
torch.tensor([2, 3]) ** 0.5
torch.tensor([2.5, 3.5, -0.5]).round()
torch.tensor([1.5]).half() + torch.tensor([1.0])
torch.ones(3).half().sum()
torch.ones(3).half().mean()
(torch.ones(4).half() * 60000).mean()
torch.ones(2, dtype=torch.complex64) * 1j
(torch.ones(2, dtype=torch.complex64) * (1 + 1j)).abs()
torch.tensor([3, 1, 2]).sort(descending=True)[0]
torch.tensor([1, 1, 0]).sort(descending=True)[1]
torch.tensor([1.0, 1.0]).max(0)[1]
torch.tensor([[1, 2], [3, 4]]).float().std(0)
torch.tensor([3]).float().std()
torch.tensor([1, 2]).to(torch.float64).dtype.itemsize + x
torch.empty(2, 0).sum(1)
torch.full((2,), True)
torch.linspace(1, 1, 3)
torch.linspace(0, 10, 5, dtype=torch.int64)
torch.arange(5, dtype=torch.float32)
torch.arange(0.5, 3)
torch.eye(0)
x.to("cpu").to(torch.float64, copy=True)
x.to(i)
x.type(torch.float64)
torch.ones(3).expand(2, -1).contiguous()
torch.broadcast_to(torch.ones(3), (2, 3)) if hasattr(torch, "broadcast_to") else x
torch.maximum(torch.tensor([1, 2]), torch.tensor([1.5, 1.5]))
torch.where(x > 0, 1, 0)
torch.where(x > 0, 1.0, 0.0)
torch.where(x > 0, x.double(), x)
torch.min(x, 1)[0]
torch.sum(x, 0)
torch.softmax(x, 1)
torch.clamp(x, max=0.1)
torch.permute(x, (1, 0))
torch.unsqueeze(x, 0)
torch.allclose(x, x) + x
torch.std(x, 0, correction=1)
torch.argsort(x, 1, descending=True)
torch.cumsum(x, 0)
torch.index_select(x, 0, torch.tensor([0]))
torch.gather(x, 0, torch.zeros(1, 4, dtype=torch.int64))
torch.chunk(x, 2, 1)[1]
torch.unbind(x)[0]
torch.norm(x)
torch.dot(v, v)
torch.outer(v, v)
torch.count_nonzero(x)
torch.isclose(x, x)
torch.numel(x) + x
torch.logical_not(i)
torch.square(i)
torch.sign(i)
torch.abs(i)
torch.bitwise_and(i, 3)
torch.floor_divide(i, 2)
torch.true_divide(i, 2)
torch.rsqrt(x.abs())
torch.lerp(x, x * 2, 0.5)
torch.lerp(x, x * 2, x)
"""


def names(xp: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "torch": xp,
        "s": xp.tensor(0.7),
        "e": xp.zeros(0, 3),
        "x": xp.tensor(rng.normal(size=(3, 4)).astype(np.float32)),
        "v": xp.tensor(rng.normal(size=4).astype(np.float32)),
        "i": xp.tensor(rng.integers(-3, 9, (3, 4))),
    }


def result(source: str, xp: Any) -> Any:
    """What a source gives, or the class of the exception that it raises."""
    try:
        return eval(source, names(xp))
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("source", SOURCES.strip().splitlines())
def test_edges(source: str) -> None:
    with engine.config(tier="numpy"):
        got = result(source, engine)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = result(source, torch)
    if isinstance(want, type):
        assert got is want
        return
    assert not isinstance(got, type), got
    assert str(got.dtype)[7:] == str(want.dtype)[6:]
    assert tuple(got.shape) == tuple(want.shape)
    np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-5, atol=1e-6)
