"""One step of training a network with Adam, float32: who is fastest, at which size?

Each call takes one more step from the same start. `run` returns the loss before it and
the parameters after it.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

import engine

from .libraries import Run, load_jax, load_torch
from .race import Race, Target, Timed

RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8


def network(*widths: int, batch: int) -> tuple[Any, ...]:
    """A batch, its labels, then weights (outputs, inputs) and biases of each layer."""
    draw = np.random.default_rng(0)
    x = draw.standard_normal((batch, widths[0])).astype(np.float32)
    labels = draw.integers(0, widths[-1], batch)
    parameters = []
    for inputs, outputs in pairwise(widths):
        bound = inputs**-0.5
        for shape in ((outputs, inputs), (outputs,)):
            parameters.append(draw.uniform(-bound, bound, shape).astype(np.float32))
    return x, labels, *parameters


def step_numpy(x: Any, labels: Any, *start: Any) -> Run:
    """Forward, backward and Adam by hand."""
    parameters = [p.copy() for p in start]
    means = [np.zeros_like(p) for p in start]
    squares = [np.zeros_like(p) for p in start]
    steps = 0

    def run() -> list[Any]:
        nonlocal steps
        steps += 1
        loss, gradients = loss_and_gradients(x, labels, parameters)
        correction1, correction2 = 1 - BETA1**steps, 1 - BETA2**steps
        for p, g, m, v in zip(parameters, gradients, means, squares, strict=True):
            m *= BETA1
            m += (1 - BETA1) * g
            v *= BETA2
            v += (1 - BETA2) * g * g
            p -= RATE / correction1 * m / (np.sqrt(v / correction2) + EPSILON)
        return [loss, *parameters]

    return run


def loss_and_gradients(x: Any, labels: Any, parameters: list[Any]) -> Any:
    """Cross-entropy of a network with ReLUs, and its gradients."""
    layers = list(zip(parameters[::2], parameters[1::2], strict=True))
    inputs = []
    for number, (weight, bias) in enumerate(layers):
        inputs.append(x)
        x = x @ weight.T + bias
        if number < len(layers) - 1:
            x = np.maximum(x, 0)
    rows = np.arange(len(labels))
    shifted = x - x.max(axis=1, keepdims=True)
    logarithms = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -logarithms[rows, labels].mean()
    grad = np.exp(logarithms)
    grad[rows, labels] -= 1
    grad /= np.float32(len(labels))
    gradients = []
    for (weight, _), given in zip(reversed(layers), reversed(inputs), strict=True):
        gradients += [grad.sum(axis=0), grad.T @ given]
        if given is not inputs[0]:
            grad = (grad @ weight) * (given > 0)
    return loss, gradients[::-1]


def step_engine(x: Any, labels: Any, *start: Any) -> Run:
    """As people write it, undecorated."""
    return step_by(engine, x, labels, *start)


def step_torch(x: Any, labels: Any, *start: Any) -> Run:
    """The same source, by PyTorch."""
    return step_by(load_torch(), x, labels, *start)


def step_by(module: Any, x: Any, labels: Any, *start: Any) -> Run:
    """What `engine` and `torch` have in common is all of it."""
    nn = module.nn
    layers = []
    for weight, bias in zip(start[::2], start[1::2], strict=True):
        layer = nn.Linear(*reversed(weight.shape))
        with module.no_grad():
            layer.weight.copy_(module.tensor(weight))
            layer.bias.copy_(module.tensor(bias))
        layers += [layer, nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    optimizer = module.optim.Adam(model.parameters(), lr=RATE)
    loss_function = nn.CrossEntropyLoss()
    x, labels = module.tensor(x), module.tensor(labels)
    parameters = list(model.parameters())

    def run() -> list[Any]:
        optimizer.zero_grad()
        loss = loss_function(model(x), labels)
        loss.backward()
        optimizer.step()
        if module is engine:
            engine.eval(loss, parameters)
        return [loss, *parameters]

    return run


def step_jax(x: Any, labels: Any, *start: Any) -> Run:
    """One jitted function for the whole step; the old state is given away."""
    jax = load_jax()
    jnp = jax.numpy

    def loss_function(parameters: Any, x: Any, labels: Any) -> Any:
        layers = list(zip(parameters[::2], parameters[1::2], strict=True))
        for number, (weight, bias) in enumerate(layers):
            x = x @ weight.T + bias
            if number < len(layers) - 1:
                x = jax.nn.relu(x)
        return -jax.nn.log_softmax(x)[jnp.arange(len(labels)), labels].mean()

    def step(state: Any, x: Any, labels: Any) -> Any:
        parameters, means, squares, steps = state
        loss, gradients = jax.value_and_grad(loss_function)(parameters, x, labels)
        steps = steps + 1
        rate = RATE / (1 - BETA1**steps)
        correction = 1 - BETA2**steps
        new: tuple[list[Any], ...] = ([], [], [])
        for p, g, m, v in zip(parameters, gradients, means, squares, strict=True):
            m = BETA1 * m + (1 - BETA1) * g
            v = BETA2 * v + (1 - BETA2) * g * g
            p = p - rate * m / (jnp.sqrt(v / correction) + EPSILON)
            for values, value in zip(new, (p, m, v), strict=True):
                values.append(value)
        return loss, (*new, steps)

    compiled = jax.jit(step, donate_argnums=0)
    x, labels = jnp.asarray(x), jnp.asarray(labels)
    zeros = [[jnp.zeros(p.shape, p.dtype) for p in start] for _ in range(2)]
    state = ([jnp.array(p) for p in start], *zeros, jnp.float32(0))

    def run() -> list[Any]:
        nonlocal state
        loss, state = jax.block_until_ready(compiled(state, x, labels))
        return [loss, *state[0]]

    return run


BY = {
    "numpy": step_numpy,
    "jax.jit": step_jax,
    "torch": step_torch,
    "engine": step_engine,
}

AHEAD = Target(1.0, ("jax.jit", "torch"))

RACES = [
    Race(
        f"training step, {'-'.join(map(str, widths))}, batch {batch}",
        data=partial(network, *widths, batch=batch),
        small=partial(network, 5, 7, 3, batch=4),
        by=BY,
        targets=targets,
        stateful=True,
        tolerance=1e-3,  # Adam divides by the root of tiny squares
    )
    for widths, batch, targets in (
        ((64, 128, 10), 64, (Target(1.5, ("jax.jit",)), Target(5.0, ("torch",)))),
        ((784, 512, 256, 10), 128, (AHEAD,)),
        ((784, 2048, 2048, 10), 256, (AHEAD,)),
    )
]


class Training(Timed):
    """Forward, backward and Adam."""

    races = RACES
    params = ([race.name for race in RACES], list(BY))
    param_names = ("work", "by")

    def time_step(self, work: str, by: str) -> None:
        self.run()
