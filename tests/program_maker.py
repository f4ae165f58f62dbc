"""Random small programs on values: what the tests of planning draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from planning import Recorded, take_part

from engine.ops.op import cast
from engine.recipe import Recipe, index_basic, reshape, transposed, whole
from engine.record.registry import REGISTRY
from engine.record.trace import current_trace
from engine.record.value import Scalar, Value, constant

UNARY = ("exp", "negative", "sqrt", "absolute", "tanh", "floor", "sin")
BINARY = ("add", "subtract", "multiply", "maximum", "divide", "minimum")
REDUCTIONS = ("sum", "max", "min", "prod", "argmax", "argmin")
DTYPES = ("float64", "float32", "int32", "int64")
RARE = ("uint8", "bool", "int8", "complex128", "float16")


class ProgramMaker:
    """Draws one op at a time on the values it has made.

    `values` are all values that it may still read. With `rare` it also draws dtypes
    that few kernels are made for, and the ops that write at computed positions.
    """

    def __init__(self, seed: int, rare: bool = False) -> None:
        self.rare = rare
        self.rng = np.random.default_rng(seed)
        self.values: list[Value] = []
        self.shape = tuple(int(n) for n in self.rng.integers(1, 5, self.integer(1, 4)))
        for _ in range(self.integer(1, 4)):
            self.values.append(self.leaf())

    def integer(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high))

    def leaf(self) -> Value:
        """An array of the program's shape, or of one that broadcasts to it."""
        shape = self.shape[self.integer(0, 2) and self.integer(0, len(self.shape)) :]
        shape = tuple(1 if self.integer(0, 6) == 0 else n for n in shape)
        numbers = self.rng.normal(size=shape) * 3
        kinds = RARE if self.rare and self.integer(0, 3) == 0 else DTYPES
        dtype = np.dtype(kinds[self.integer(0, len(kinds))])
        if dtype.kind == "u":
            numbers = np.abs(numbers)
        return constant(numbers.astype(dtype))

    def pick(self) -> Value:
        """A value, rather a late one."""
        n = len(self.values)
        return self.values[max(self.integer(0, n), self.integer(0, n))]

    def step(self) -> None:
        """Record one op."""
        kinds: list[Callable[[], Value | None]] = [
            self.unary,
            self.binary,
            self.binary,
            self.binary,
            self.with_scalar,
            self.where,
            self.cast,
            self.move,
            self.move,
            self.slice,
            self.reduce,
            self.reduce,
            self.update,
            self.update,
            self.update_add,
            self.take,
            self.source,
        ]
        if self.rare:
            kinds += [self.put, self.compare, self.truth, self.scan]
        try:
            made = kinds[self.integer(0, len(kinds))]()
        except TypeError:  # no such op for these dtypes
            return
        if made is not None:
            self.values.append(made)

    # -- elements -----------------------------------------------------------------
    def unary(self) -> Value:
        return REGISTRY[UNARY[self.integer(0, len(UNARY))]](self.pick())

    def binary(self) -> Value | None:
        x, y = self.pick(), self.pick()
        try:
            np.broadcast_shapes(x.shape, y.shape)
        except ValueError:
            return None
        return REGISTRY[BINARY[self.integer(0, len(BINARY))]](x, y)

    def with_scalar(self) -> Value:
        return REGISTRY[BINARY[self.integer(0, 4)]](self.pick(), self.integer(1, 5))

    def where(self) -> Value | None:
        x, y = self.pick(), self.pick()
        if x.shape != y.shape:
            return None
        return REGISTRY["where"](REGISTRY["greater"](x, y), x, y)

    def cast(self) -> Value:
        return cast(self.pick(), np.dtype(DTYPES[self.integer(0, 2)]))

    # -- regions ------------------------------------------------------------------
    def move(self) -> Value:
        x = self.pick()
        recipe = whole(x.dtype, x.shape)
        choice = self.integer(0, 4)
        if choice == 0:
            recipe = transposed(recipe, self.rng.permutation(len(x.shape)).tolist())
        elif choice == 1:
            recipe = reshape(recipe, (x.size,)) or recipe
        elif choice == 2 and x.size:
            recipe = reshape(recipe, (*x.shape, 1)) or recipe
        else:
            shape = (2, *x.shape)
            recipe = Recipe(x.dtype, 0, shape, (0, *recipe.strides))
        return REGISTRY["view"](x, attributes=(recipe,))

    def region(self, x: Value) -> Recipe:
        """A random slice of every axis."""
        key = []
        for n in x.shape:
            start = self.integer(0, n) if n else 0
            stop = self.integer(start, n + 1)
            step = (1, 1, 2, -1)[self.integer(0, 4)]
            back = slice(stop - 1 if stop else None, start - 1 if start else None, -1)
            key.append(slice(start, stop, step) if step > 0 else back)
        return index_basic(whole(x.dtype, x.shape), key)[0]

    def slice(self) -> Value:
        x = self.pick()
        return REGISTRY["view"](x, attributes=(self.region(x),))

    def update(self) -> Value:
        return self._write("update")

    def update_add(self) -> Value:
        return self._write("update_add")

    def _write(self, op: str) -> Value:
        x = self.pick()
        recipe = self.region(x)
        value = self._of_shape(recipe)
        self.forget(x)
        return REGISTRY[op](x, value, attributes=(recipe,))

    def _of_shape(self, recipe: Recipe) -> Value:
        """A value of the shape and dtype of a region, computed where one fits."""
        for _ in range(4):
            y = self.pick()
            if y.shape == recipe.shape and y.dtype == recipe.dtype:
                return y
            if y.dtype == recipe.dtype and y.size >= recipe.size > 0:
                flat = Recipe(y.dtype, 0, (recipe.size,), (1,))
                cut = reshape(flat, recipe.shape)
                if cut is not None:
                    return REGISTRY["view"](y, attributes=(cut,))
        number: Any = Scalar(recipe.dtype.type(self.integer(0, 9)), recipe.dtype)
        return REGISTRY["full"](number, attributes=(recipe.shape, recipe.dtype))

    def forget(self, x: Value) -> None:
        """Mostly an overwritten value is read no more."""
        if self.integer(0, 3) and len(self.values) > 1:
            self.values = [v for v in self.values if v is not x]

    # -- the rest -----------------------------------------------------------------
    def reduce(self) -> Value | None:
        x = self.pick()
        name = REDUCTIONS[self.integer(0, len(REDUCTIONS))]
        rank = len(x.shape)
        count = self.integer(1, rank + 1) if rank else 0
        if name.startswith("arg") and count not in (1, rank):
            count = 1
        if not rank or not x.size:
            return None
        axes = sorted(self.rng.permutation(rank)[:count].tolist())
        made = REGISTRY[name](x, attributes=(tuple(axes),))
        if self.integer(0, 2):
            kept = tuple(1 if a in axes else n for a, n in enumerate(x.shape))
            recipe = whole(made.dtype, kept)
            made = REGISTRY["view"](made, attributes=(recipe,))
        return made

    def take(self) -> Value | None:
        x = self.pick()
        if not x.size:
            return None
        count = self.integer(1, 6)
        counted = REGISTRY["iota"](attributes=(count,))
        positions = REGISTRY["minimum"](counted * self.integer(1, 4), x.size - 1)
        return REGISTRY["take"](x, positions)

    def put(self) -> Value | None:
        x = self.pick()
        if not x.size:
            return None
        count = self.integer(1, 6)
        counted = REGISTRY["iota"](attributes=(count,))
        positions = REGISTRY["minimum"](counted * self.integer(0, 4), x.size - 1)
        value = self._of_shape(whole(x.dtype, (count,)))
        self.forget(x)
        return REGISTRY[("put", "put_add")[self.integer(0, 2)]](x, positions, value)

    def compare(self) -> Value:
        name = ("less", "equal", "greater_equal")[self.integer(0, 3)]
        return REGISTRY[name](self.pick(), self.integer(0, 3))

    def truth(self) -> Value | None:
        x = self.pick()
        if not x.shape or not x.size:
            return None
        axes = (self.integer(0, len(x.shape)),)
        return REGISTRY[("any", "all")[self.integer(0, 2)]](x, attributes=(axes,))

    def scan(self) -> Value | None:
        x = self.pick()
        if not x.shape or x.dtype.kind not in "f":
            return None
        return REGISTRY["cumsum"](x, attributes=(self.integer(0, len(x.shape)),))

    def source(self) -> Value:
        if self.integer(0, 2):
            return REGISTRY["iota"](attributes=(self.integer(1, 6),))
        number: Any = Scalar(np.float64(1.5), np.dtype(np.float64))
        return REGISTRY["full"](number, attributes=(self.shape, np.dtype(np.float64)))


def draw(seed: int, rare: bool = False) -> Recorded:
    """A random program with random outputs and donations."""
    maker = ProgramMaker(seed, rare)
    for _ in range(maker.integer(3, 16)):
        maker.step()
    pending = [v for v in maker.values if v.buffer is None]
    outputs = [v for v in pending if maker.integer(0, 3)] or pending[-1:]
    trace = current_trace()
    donated = [v for v in trace.leaves if maker.integer(0, 2)]
    return Recorded(outputs, donated)


def draw_products(seed: int) -> Recorded:
    """A random program of matrix products and of what may fuse around them.

    Three small arrays are read again and again, so that groups share what they read.
    """
    rng = np.random.default_rng(seed)
    shapes = (3,), (2, 3), (3, 3)
    leaves = [constant(rng.normal(size=shape)) for shape in shapes]
    values = list(leaves)

    def any_of(choices: list[Value]) -> Value:
        return choices[int(rng.integers(len(choices)))]

    for _ in range(int(rng.integers(10, 30))):
        matrices = [x for x in values if len(x.shape) == 2]
        x, y = any_of(values), any_of(leaves if rng.integers(2) else values)
        match int(rng.integers(5)):
            case 0:
                values.append(REGISTRY["tanh"](y))
            case 1:
                values.append(REGISTRY["matmul"](any_of(matrices), leaves[-1]))
            case 2:
                values.append(take_part(any_of(matrices), 0))
            case _ if x.shape == y.shape or 1 in (len(x.shape), len(y.shape)):
                values.append(x * y)
    pending = [x for x in values if x.buffer is None]
    return Recorded([x for x in pending if rng.integers(2)] or pending[-1:])
