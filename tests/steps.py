"""Helpers of the tests of programs that repeat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import engine
from engine import Tensor, nn, optim
from engine.execute import flush
from engine.nn import functional as F
from engine.record.splice import PASSED
from engine.record.trace import current_trace

TURNS = 5


class Passed:
    """How many stretches have been recorded at once since it was made."""

    def __init__(self) -> None:
        self.before = PASSED[0]

    def __len__(self) -> int:
        return PASSED[0] - self.before


def leaf(*numbers: float, grad: bool = True) -> Tensor:
    return engine.tensor(numbers, dtype=engine.float64, requires_grad=grad)


def numbers_of(x: Tensor | None) -> Any:
    return None if x is None else x.detach().tolist()


def in_turns(programs: list[Callable[[], Any]], wanted: list[Any]) -> None:
    """Run programs in turns; each gives what is wanted, every time."""
    for _ in range(TURNS):
        for program, want in zip(programs, wanted, strict=True):
            assert program() == want
            flush(current_trace())


OPTIMIZERS: list[Callable[[Any], optim.Optimizer]] = [
    lambda p: optim.SGD(p, lr=0.1),
    lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1, nesterov=True),
    lambda p: optim.Adam(p, lr=0.1, amsgrad=True),
    lambda p: optim.AdamW(p, lr=0.1, maximize=True),
    lambda p: optim.RMSprop(p, lr=0.1, momentum=0.5, centered=True),
]


def trained(make: Callable[[Any], optim.Optimizer], looks: bool) -> list[Any]:
    """The parameters after some steps, with all that may change between them."""
    engine.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    optimizer = make(model.parameters())
    x = engine.tensor(np.linspace(-1, 1, 15).reshape(5, 3))
    for step in range(10):
        optimizer.zero_grad(set_to_none=step % 4 != 3)
        loss = F.cross_entropy(model(x), engine.tensor([0, 1, 1, 0, 1]))
        loss.backward()
        if step == 5:
            model[0].bias.grad = None
        optimizer.param_groups[0]["lr"] *= 0.9
        optimizer.step()
        if looks:
            loss.item()
    return [numbers_of(p) for p in model.parameters()]
