"""Gradients of random programs, against the complex step and finite differences."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine
import engine.numpy as enp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gradient_programs import GradientProgram

LOOKS: tuple[Callable[[Any], Any], ...] = (
    lambda a: None,
    lambda a: np.asarray(a.detach()).sum(),
)


def programs(start: int) -> Iterator[tuple[int, GradientProgram]]:
    for seed in count(start):
        program = GradientProgram(seed)
        if program.usable:
            yield seed, program


def gradient(program: GradientProgram, inputs: list[Any], look: Any) -> list[Any]:
    def loss(*arguments: Any) -> Any:
        return program.loss(enp, arguments, look)

    arguments = [enp.array(x) for x in inputs]
    return list(engine.grad(loss, argnums=(0, 1))(*arguments))


def check(seed: int, program: GradientProgram) -> bool:
    """Compare one program; whether its gradient is not 0."""
    found = gradient(program, program.inputs, LOOKS[seed % 2])
    pairs = zip(found, program.directions, strict=True)
    got = sum(float((np.asarray(g) * d).sum()) for g, d in pairs)
    want = program.complex_step()
    scale = max(1.0, *(float(np.abs(np.asarray(g)).max()) for g in found))
    assert abs(got - want) <= 1e-9 * scale, f"seed {seed}\n" + "\n".join(program.lines)
    return want != 0


def check_second(seed: int, program: GradientProgram) -> None:
    """Compare the derivative of the gradient with differences of gradients."""
    step = 1e-5

    def moved(factor: float) -> list[Any]:
        pairs = zip(program.inputs, program.directions, strict=True)
        found = gradient(program, [x + factor * d for x, d in pairs], LOOKS[0])
        return [np.asarray(g) for g in found]

    def along(*arguments: Any) -> Any:
        first = engine.grad(
            lambda *inner: program.loss(enp, inner, LOOKS[seed % 2]), argnums=(0, 1)
        )(*arguments)
        pairs = zip(first, program.directions, strict=True)
        return sum(((g * enp.array(d)).sum() for g, d in pairs), enp.array(0.0))

    arguments = [enp.array(x) for x in program.inputs]
    found = engine.grad(along, argnums=(0, 1))(*arguments)
    for up, down, got in zip(moved(step), moved(-step), found, strict=True):
        want = (up - down) / (2 * step)
        scale = max(1.0, float(np.abs(want).max()), float(np.abs(up).max()))
        np.testing.assert_allclose(
            np.asarray(got),
            want,
            rtol=0,
            atol=1e-4 * scale,
            err_msg=f"seed {seed}\n" + "\n".join(program.lines),
        )


@pytest.mark.parametrize("block", range(4))
def test_gradients_of_programs_are_those_of_the_complex_step(block: int) -> None:
    with engine.config(tier="numpy"):
        done = [check(*each) for each in islice(programs(1000 * block), 100)]
    assert sum(done) > 80


def test_compiled_gradients_are_those_of_the_complex_step() -> None:
    with engine.config(tier="compiled"):
        for seed, program in islice(programs(50_000), 3):
            check(seed, program)


def test_second_derivatives_of_programs_are_those_of_differences() -> None:
    with engine.config(tier="numpy"):
        for seed, program in islice(programs(20_000), 40):
            check_second(seed, program)


def test_fuzz_gradients_of_programs() -> None:
    wanted = int(os.environ.get("ENGINE_FUZZ_PROGRAMS", "2000")) // 40
    with engine.config(tier="numpy"):
        for seed, program in islice(programs(1_000_000), wanted):
            check(seed, program)
