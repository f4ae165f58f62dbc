"""Random programs of views, writes, detach, no_grad and leaves, run by both libraries.

PyTorch refuses some of them (it keeps one version of each tensor); the rest must agree
in every value and gradient.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

import engine

torch = pytest.importorskip("torch", reason="compares with torch where it is")

KEYS = ("0", "1:", ":-1", "::2", "...", "[0, 1]", "[1, 0]", "[True, False, True]")


class Program:
    """Lines of source over names v0, v1 (leaves), v2 (no gradient), v3, ..."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.count = 3
        self.lines = [self.line() for _ in range(int(self.rng.integers(4, 13)))]

    def pick(self, options: Any) -> Any:
        return options[int(self.rng.integers(0, len(options)))]

    def name(self) -> str:
        return f"v{self.rng.integers(0, self.count)}"

    def expression(self) -> str:
        a, b = self.name(), self.name()
        return self.pick(
            (
                f"{a} * {b}",
                f"{a} + {b}",
                f"torch.sin({a})",
                f"torch.tanh({a} - {b})",
                f"{a} * 0.5",
                f"torch.exp(0.1 * {a})",
                f"torch.where({a} > 0, {a}, {b})",
                f"{a}.sum() * {b}",
            )
        )

    def line(self) -> str:
        a, key = self.name(), self.pick(KEYS)
        write = self.pick(
            (
                f"{a}[{key}] = torch.sin({a}[{key}])",
                f"{a}[{key}] *= 2",
                f"{a}[{key}] = 0.25",
                f"{a}.mul_({self.name()})",
                f"{a} += 0.1 * {self.name()}",
                f"{a}[:] = {self.expression()}",
            )
        )
        chance = self.rng.random()
        if chance < 0.3:
            return write
        if chance < 0.4:
            return f"with torch.no_grad(): {write}"
        if chance < 0.5:
            return f"{a}.detach()[{key}] = {self.pick((3.0, 0.5, -1.0))}"
        made = self.pick(
            (
                self.expression(),
                self.expression(),
                f"{a}.detach()",
                f"{a}.clone()",
                f"{a}.view(3)",
                f"{a}.view(3, 1).squeeze(1)",
                f"{a}[:]",
                f"torch.stack([{a}, {self.name()}])[1]",
            )
        )
        self.count += 1
        return f"v{self.count - 1} = {made}"

    def run(self, xp: Any, lines: int) -> dict[str, Any] | None:
        """All names after some lines, with gradients; None when xp refuses."""
        rng = np.random.default_rng(5)
        start = rng.normal(size=(3, 3))
        names: dict[str, Any] = {"torch": xp}
        for k in range(3):
            names[f"v{k}"] = xp.tensor(start[k], requires_grad=k < 2)
        leaves = [names["v0"], names["v1"]]
        try:
            for line in self.lines[:lines]:
                exec(line, names)
            made = [v for k, v in sorted(names.items()) if k[0] == "v"]
            loss = sum((v * (k + 1)).sum() for k, v in enumerate(made))
            if loss.requires_grad:
                loss.backward()
        except (RuntimeError, NameError):
            return None
        found = {k: v.detach().numpy() for k, v in names.items() if k[0] == "v"}
        for k, x in enumerate(leaves):
            grad = np.zeros(3) if x.grad is None else x.grad.numpy()
            found[f"gradient of leaf {k}"] = grad
        return found


def compare(seed: int) -> bool:
    """Compare one program, cut before what PyTorch refuses; whether a line is left."""
    program = Program(seed)
    for lines in range(len(program.lines), 0, -1):
        theirs = program.run(torch, lines)
        if theirs is None:
            continue
        ours = program.run(engine, lines)
        text = f"seed {seed}\n" + "\n".join(program.lines[:lines])
        assert ours is not None, text
        for key, want in theirs.items():
            np.testing.assert_allclose(ours[key], want, rtol=1e-9, err_msg=key + text)
        return True
    return False


def test_programs_mean_what_they_mean_in_pytorch() -> None:
    with engine.config(tier="numpy"):
        assert sum(compare(seed) for seed in range(120)) > 70


def test_fuzz_histories() -> None:
    wanted = int(os.environ.get("ENGINE_FUZZ_PROGRAMS", "2000")) // 40
    with engine.config(tier="numpy"):
        for seed in range(10_000, 10_000 + wanted):
            compare(seed)
