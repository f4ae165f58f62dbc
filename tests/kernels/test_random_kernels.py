"""Random kernels mean on every backend what the loop IR says they mean.

The meaning is written out a second time below, in NumPy and plain loops. All values
are small integers, whatever their dtype, so that no order of additions rounds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from by_hand import run

from engine.kernels import pool
from engine.kernels.backend import Backend
from engine.kernels.cpu import backend as cpu
from engine.kernels.cpu import launch
from engine.kernels.kernel import (
    IOTA,
    Access,
    Argument,
    Compute,
    Gather,
    Kernel,
    Layout,
    Load,
    Loop,
    Reduce,
    Statement,
    Store,
)

FUNCTIONS = {
    "maximum": np.maximum,
    "minimum": np.minimum,
    "select": np.where,
    "float64": np.float64,
    "int64": np.int64,
}
REDUCTIONS: dict[str, Any] = {
    "sum": np.sum,
    "max": np.max,
    "min": np.min,
    "argmax": np.argmax,
    "argmin": np.argmin,
    "any": np.any,
    "all": np.all,
}


def interpret(
    kernel: Kernel, layout: Layout, arrays: list[Any], scalars: list[Any]
) -> None:
    """Carry out `kernel`, one outer index after the other."""
    length = layout.extents[-1] if kernel.inner else 1
    inner = np.arange(length)

    def address(access: int, outer: tuple[int, ...], r: Any) -> Any:
        place, *strides = layout.places[access]
        index = [*outer, r][: len(layout.extents)]
        for position, kind in zip(index, kernel.accesses[access].strides, strict=True):
            step = {"0": 0, "1": 1}.get(kind)
            place = place + position * (strides.pop(0) if step is None else step)
        return place

    def step(statement: Statement, outer: tuple[int, ...], r: Any) -> None:
        match statement:
            case Load(target, access):
                at, argument = (
                    address(access, outer, r),
                    kernel.accesses[access].argument,
                )
                names[target] = at if argument == IOTA else arrays[argument][at]
            case Gather(target, argument, index):
                names[target] = arrays[argument][names[index]]
            case Compute(target, dtype, text):
                value = eval(text, FUNCTIONS, names)
                names[target] = np.asarray(value).astype(dtype)[()]
            case Store(access, value):
                at = address(access, outer, r)
                arrays[kernel.accesses[access].argument][at] = names[value]
            case Loop(body):
                for inside in body:
                    step(inside, outer, inner)
            case Reduce(target, kind, value, _):
                values = np.broadcast_to(names[value], (length,))
                names[target] = REDUCTIONS[kind](values)

    for outer in np.ndindex(*layout.extents[: kernel.outer]):
        names: dict[str, Any] = {f"s{k}": value for k, value in enumerate(scalars)}
        for statement in kernel.body:
            step(statement, outer, 0)


class Maker:
    """Draws one kernel with a layout and arrays."""

    def __init__(self, seed: int, kind: str, length: int) -> None:
        self.draw = random.Random(seed)
        self.kind: Any = kind
        outer = self.draw.randint(1, 3)
        inner = [] if kind == "map" else [length]
        sizes = [1, 2, 5, 40] if length < 5000 else [1, 2]
        self.extents = [self.draw.choice(sizes) for _ in range(outer)] + inner
        if kind != "row" and length < 5000:
            self.extents[outer - 1] = self.draw.choice([1, 7, 300])
        self.outer = outer
        self.arguments: list[Argument] = []
        self.arrays: list[Any] = []
        self.accesses: list[Access] = []
        self.places: list[tuple[int, ...]] = []
        self.scalars = ("float64", "int64")
        self.names = 0
        self.table = self.argument("int64", np.arange(100)[::-1].copy())

    def argument(self, dtype: str, array: Any, role: Any = "read") -> int:
        self.arguments.append(Argument(dtype, role))
        self.arrays.append(array)
        return len(self.arrays) - 1

    def name(self) -> str:
        self.names += 1
        return f"t{self.names}"

    def input(self, in_loop: bool) -> int:
        """An access that reads memory of its own, or the iota buffer, anyhow."""
        classes: list[Any] = [self.draw.choice("01n") for _ in self.extents]
        if self.kind != "map" and not in_loop:
            classes[-1] = "0"
        strides, low, high = [], 0, 0
        for kind, extent in zip(classes, self.extents, strict=True):
            step = {"0": 0, "1": 1}.get(kind, self.draw.choice([-3, -1, 0, 2, 7]))
            if kind == "n":
                strides.append(step)
            low, high = (
                low + min(0, step * (extent - 1)),
                high + max(0, step * (extent - 1)),
            )
        argument = IOTA
        if self.draw.random() < 0.8:
            dtype = self.draw.choice(["float64", "int64", "bool", "float32"])
            values = np.random.default_rng(high).integers(-9, 9, high - low + 4)
            argument = self.argument(dtype, values.astype(dtype))
        self.accesses.append(Access(argument, tuple(classes)))
        self.places.append((2 - low, *strides))
        return len(self.accesses) - 1

    def output(self, dtype: str, in_loop: bool) -> int:
        """An access that writes every element of an array of its own once."""
        axes = list(range(self.outer)) + [self.outer] * (in_loop and self.kind != "map")
        self.draw.shuffle(axes)
        steps, size = [0] * len(self.extents), 1
        for axis in axes:
            steps[axis], size = size, size * self.extents[axis]
        argument = self.argument(dtype, np.zeros(size + 1, dtype), "write")
        classes: list[Any] = [
            "n" if axis in axes else "0" for axis in range(len(steps))
        ]
        first = axes[0]
        classes[first] = self.draw.choice(["1", "n"])
        strides = [s for s, kind in zip(steps, classes, strict=True) if kind == "n"]
        self.accesses.append(Access(argument, tuple(classes)))
        self.places.append((1, *strides))
        return len(self.accesses) - 1

    def work(self, known: dict[str, str], in_loop: bool) -> Iterator[Any]:
        """Loads and computations; `known` holds names and dtypes, and grows."""
        for _ in range(self.draw.randint(1, 3)):
            access, target = self.input(in_loop), self.name()
            argument = self.accesses[access].argument
            known[target] = (
                "int64" if argument == IOTA else self.arguments[argument].dtype
            )
            yield Load(target, access)
        for _ in range(self.draw.randint(1, 4)):
            x, y = self.draw.choice(list(known)), self.draw.choice(list(known))
            text = self.draw.choice(
                [
                    "float64({x}) - {y}",
                    "int64({x}) + int64({y})",
                    "select({x} < {y}, int64({x}), int64({y}))",
                    "maximum(float64({x}), float64({y}))",
                    "{x} < {y}",
                    "float64({x}) + s0 + s1",
                ]
            ).format(x=x, y=y)
            dtype = "int64" if text.startswith(("int64", "select")) else "float64"
            target = self.name()
            known[target] = "bool" if " < " in text and dtype == "float64" else dtype
            yield Compute(target, known[target], text)
        if self.draw.random() < 0.3:
            index, target = self.name(), self.name()
            source = self.draw.choice(list(known))
            yield Compute(index, "int64", f"maximum(minimum(int64({source}), 99), 0)")
            known[index] = known[target] = "int64"
            yield Gather(target, self.table, index)

    def store(self, known: dict[str, str], in_loop: bool) -> Store:
        value = self.draw.choice(list(known))
        return Store(self.output(known[value], in_loop), value)

    def loop(self, known: dict[str, str]) -> Loop:
        inside = dict(known)
        body = list(self.work(inside, True))
        if self.draw.random() < 0.5:
            body.append(self.store(inside, True))
        for _ in range(self.draw.randint(0, 3)):
            value, target = self.draw.choice(list(inside)), self.name()
            dtype, kind = inside[value], self.draw.choice(list(REDUCTIONS))
            if dtype == "bool" and kind == "sum":
                kind = "any"
            result = "bool" if kind in ("any", "all") else dtype
            known[target] = "int64" if kind.startswith("arg") else result
            body.append(Reduce(target, kind, value, known[target]))  # type: ignore[arg-type]
        return Loop(tuple(body))

    def kernel(self) -> tuple[Kernel, Layout]:
        known = {"s0": "float64", "s1": "int64"}
        body = list(self.work(known, self.kind == "map"))
        if self.kind != "map":
            for _ in range(self.draw.randint(1, 3)):
                body.append(self.loop(known))
                body += self.work(known, False)
        body += [self.store(known, self.kind == "map") for _ in range(2)]
        kernel = Kernel(
            "drawn",
            self.kind,
            self.outer,
            int(self.kind != "map"),
            tuple(self.arguments),
            tuple(self.accesses),
            self.scalars,
            tuple(body),
        )
        return kernel, Layout(tuple(self.extents), tuple(self.places))


def check(seed: int, kind: str, length: int, backend: Backend) -> None:
    maker = Maker(seed, kind, length)
    kernel, layout = maker.kernel()
    expected = [array.copy() for array in maker.arrays]
    interpret(kernel, layout, expected, [0.5, 3])
    run(kernel, layout, maker.arrays, [0.5, 3], backend)
    for got, wanted in zip(maker.arrays, expected, strict=True):
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("kind", ["map", "row", "column"])
@pytest.mark.parametrize("seed", range(4))
def test_random_kernels_mean_what_the_ir_says(
    seed: int, kind: str, backend: Backend
) -> None:
    check(seed, kind, [1, 3, 40, 1500][seed % 4], backend)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("kind", ["row", "column"])
@pytest.mark.parametrize("seed", range(2))
def test_random_kernels_split_among_threads(
    seed: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.set_num_threads(3)
    monkeypatch.setattr(launch, "SPLIT", 0)
    check(1005 + seed, kind, 17_000, cpu)
