"""Random float64 programs with in-place writes, to be differentiated.

A program is NumPy source over names v0, v1, ... Run by NumPy on ``x + 1e-30j * d`` its
imaginary part is the derivative in the direction d, exact to rounding (the complex
step). So every function in it is analytic, and bounded, so that nothing overflows.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from programs import Draw

Array = np.ndarray[Any, Any]
STEP = 1e-30
SHAPES: tuple[Callable[[int], tuple[int, ...]], ...] = (
    lambda n: (n,),
    lambda n: (n, n),
    lambda n: (n, 2),
    lambda n: (2, n, 2),
)


class GradientProgram:
    """A drawn program: `lines` of source, `inputs` v0 and v1, `weights` of the loss.

    The loss is the weighted sum of all names at the end, so that gradients come through
    every one of them.
    """

    def __init__(self, seed: int) -> None:
        self.draw = Draw(seed)
        rng = self.draw.rng
        extent = self.draw.integer(2, 5)
        shapes = [self.draw.pick(SHAPES)(extent) for _ in range(2)]
        self.inputs: list[Array] = [rng.normal(size=shape) for shape in shapes]
        self.directions: list[Array] = [rng.normal(size=shape) for shape in shapes]
        self.lines: list[str] = []
        self.code: list[Any] = []
        self.names = ["v0", "v1"]
        self.environment: dict[str, Any] = {"np": np, "look": lambda a: None}
        self._grow(self.draw.integer(5, 15))
        self.weights = {
            name: rng.normal(size=np.shape(self.environment[name]))
            for name in self.names
        }

    @property
    def usable(self) -> bool:
        """Whether all numbers stayed finite and small."""
        values = [self.environment[name] for name in self.names]
        return all(
            bool(np.isfinite(v).all()) and np.abs(v).max(initial=0) < 1e6
            for v in values
        )

    # -- running ------------------------------------------------------------------
    def loss(self, xp: Any, inputs: Sequence[Any], look: Callable[[Any], Any]) -> Any:
        """Run the program with another NumPy; it may write into `inputs`."""
        environment: dict[str, Any] = {"np": xp, "look": look}
        environment.update(zip(["v0", "v1"], inputs, strict=True))
        with np.errstate(all="ignore"):
            for code in self.code:
                exec(code, environment)
        total: Any = 0.0
        for name in self.names:
            weights = xp.asarray(self.weights[name])
            total = total + (environment[name] * weights).sum()
        return total

    def complex_step(self) -> float:
        """The derivative of the loss in the program's direction, by NumPy."""
        pairs = zip(self.inputs, self.directions, strict=True)
        moved = [x + 1j * STEP * d for x, d in pairs]
        return float(np.imag(self.loss(np, moved, lambda a: None)) / STEP)

    # -- drawing ------------------------------------------------------------------
    def _grow(self, count: int) -> None:
        environment = self.environment
        environment.update((f"v{k}", x.copy()) for k, x in enumerate(self.inputs))
        makers = [self._make] * 4 + [self._write] * 5 + [self._look]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            while len(self.lines) < count:
                line = self.draw.pick(makers)()
                try:
                    code = compile(line, line, "exec")
                    exec(code, environment)
                except (IndexError, ValueError, TypeError):
                    continue  # keys are drawn without looking; most fit
                target = line.split(" = ")[0]
                if target.isidentifier():
                    if np.size(environment[target]) > 300:
                        continue
                    self.names.append(target)
                self.lines.append(line)
                self.code.append(code)

    def _any(self, fits: Callable[[Array], bool] = lambda a: True) -> str | None:
        """The name of an array that fits, rather a late one."""
        names = [name for name in self.names if fits(self.environment[name])]
        if not names:
            return None
        at = max(self.draw.integer(0, len(names)), self.draw.integer(0, len(names)))
        return names[at]

    def _name(self) -> str:
        name = self._any()
        assert name is not None
        return name

    def _other(self, shape: tuple[int, ...]) -> str:
        """The name of an array that broadcasts to a shape, or a number."""

        def fits(a: Array) -> bool:
            try:
                return np.broadcast_shapes(shape, np.shape(a)) == shape
            except ValueError:
                return False

        return self._any(fits) or "0.7"

    def _expression(self, name: str) -> str:
        other = self._other(np.shape(self.environment[name]))
        return self.draw.pick(
            [
                f"np.sin({name})",
                f"np.tanh({name})",
                f"np.cos({name}) * {other}",
                f"{name} + {other}",
                f"{name} - 0.5 * {other}",
                f"{name} / (2 + np.sin({other}))",
                f"np.exp(0.3 * np.tanh({name}))",
                f"np.sqrt(1.5 + np.sin({name}))",
                f"0.3 * np.square(np.tanh({name}))",
                f"np.tanh({name}) * {other}",
                f"{name} * 0.9",
                f"np.tanh({name} * {name})",
                f"np.log(2 + np.sin({name} + {other}))",
            ]
        )

    def _make(self) -> str:
        """A line that makes a new name."""
        name = self._name()
        a = self.environment[name]
        mask = f"np.array({self.draw.flags(np.shape(a))})"
        forms = [self._expression(name)] * 3
        if not isinstance(a, np.ndarray):  # a scalar: its parts are no views
            return f"v{len(self.names)} = {self.draw.pick(forms)}"
        forms += [f"{name}[{self.draw.basic_key(a)}]" for _ in range(3)]
        forms += [
            f"np.where({mask}, {self._expression(name)}, {self._expression(name)})",
            f"{name}.T",
            f"{name}.ravel()",
            f"{name}.reshape(-1)",
            f"np.zeros_like({name})",
            f"{name}.copy()",
            f"{name}[{self.draw.fancy_key(a)}]",
            f"np.flip({name})",
            f"{name}.sum()",
            f"{name}.sum({self.draw.integer(0, max(a.ndim, 1))})",
            f"np.broadcast_to({name}, {(2, *a.shape)})",
            f"{name}.diagonal()",
            f"{name}.swapaxes(0, -1)",
            f"np.tanh({name} @ np.tanh({name}.T))",
            f"np.concatenate([{name}, np.sin({name})])",
            f"np.cumsum({name}, axis=0)",
        ]
        return f"v{len(self.names)} = {self.draw.pick(forms)}"

    def _write(self) -> str:
        """A line that writes into a name."""
        name = self._any(lambda a: bool(a.flags.writeable)) or "v0"
        a = self.environment[name]
        return self.draw.pick(
            [*self._whole(name, a), *self._parts(name, a), *self._overlaps(name, a)]
        )

    def _whole(self, name: str, a: Array) -> list[str]:
        return [
            f"{name} *= np.cos({self._other(np.shape(a))})",
            f"{name} += {self._other(np.shape(a))}",
            f"{name}[...] = np.tanh({name})",
            f"np.add({name}, np.sin({self._other(np.shape(a))}), out={name})",
        ]

    def _parts(self, name: str, a: Array) -> list[str]:
        key, fancy = self.draw.basic_key(a), self.draw.fancy_key(a)
        mask = f"np.array({self.draw.flags(np.shape(a))})"
        part, picked = self._shape_of(name, key), self._shape_of(name, fancy)
        spread = f"np.broadcast_to(np.sin({self._other(picked)}), {picked})"
        return [
            f"{name}[{key}] = np.sin({self._other(part)})",
            f"{name}[{key}] = {self._other(part)}",
            f"{name}[{key}] += np.tanh({self._other(part)})",
            f"{name}[{key}] = 0.5",
            f"{name}[{fancy}] = np.sin({self._other(picked)})",
            f"{name}[{fancy}] *= 0.8",
            f"np.add.at({name}, np.s_[{fancy}], {spread})",
            f"{name}[{mask}] = np.sin({name}[{mask}])",
            f"{name}[{mask}] = 0.3",
        ]

    def _shape_of(self, name: str, key: str) -> tuple[int, ...]:
        """The shape of a part; that of the whole where the key does not fit."""
        try:
            return np.shape(eval(f"{name}[{key}]", self.environment))
        except (IndexError, ValueError):
            return np.shape(self.environment[name])

    def _overlaps(self, name: str, a: Array) -> list[str]:
        if not np.ndim(a) or len(a) < 2:
            return []
        return [
            f"{name}[1:] += np.tanh({name}[:-1])",
            f"{name}[::-1][...] = {name}",
            f"{name}[:-1] = {name}[1:] * {name}[:-1]",
            f"{name}[0], {name}[-1] = {name}[-1], {name}[0]",
            f"for i in range(1, {len(a)}): "
            f"{name}[i] = np.sin({name}[i - 1]) * {name}[i]",
            f"{name}[...] = {name}.T",
            f"np.fill_diagonal({name}, 0.1)",
        ]

    def _look(self) -> str:
        """A line at which a lazy engine has to evaluate."""
        return f"look({self._name()})"
