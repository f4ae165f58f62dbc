"""Stage 3, simplify: a table of small rewrites, each exact to the bit.

A rule looks at one step whose operands are simplified already. It gives the number of a
step with the same elements, or another step, or None. No rule may change a NaN, the
sign of a zero or a rounding: ``x * 0`` stays, ``x + 0`` stays (it turns -0.0 to 0.0).
The values of Python scalars are not known here; one program serves all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from engine.access import composed, meet
from engine.program import Program, Step, is_leaf, is_view
from engine.recipe import Recipe, canonical, whole
from engine.record.registry import REGISTRY


class Steps(list[Step]):
    """The simplified steps so far; `read_once` are those with a single reader."""

    def __init__(self) -> None:
        super().__init__()
        self.read_once: set[int] = set()


Rule = Callable[[Step, Steps], "int | Step | None"]
RULES: dict[str, list[tuple[str, Rule]]] = {}
"""The rules by the name of the op they look at, in the order they are tried."""


def simplify(program: Program) -> Program:
    """The program without what needs no computation: rules, twins, dead steps."""
    steps = Steps()
    number: list[int] = []
    known: dict[tuple[Any, ...], int] = {}
    used: Counter[str] = Counter()
    uses = Counter(k for step in program.steps for k in set(step.values))
    uses.update(program.outputs.values())
    for i, step in enumerate(program.steps):
        operands = tuple(number[k] if k >= 0 else k for k in step.operands)
        found: int | Step = step.on(operands)
        while isinstance(found, Step):
            simpler = _apply(found, steps, used)
            if simpler is None:
                break
            found = simpler
        if isinstance(found, Step):
            key = (found.op, found.operands, found.attributes, found.dtype, found.shape)
            twin = None if is_leaf(found) else known.get(key)
            if twin is None:
                known[key] = twin = len(steps)
                steps.append(found)
                if uses[i] == 1:
                    steps.read_once.add(twin)
            else:
                used["computed before"] += 1
                steps.read_once.discard(twin)
            found = twin
        elif uses[i] != 1:
            steps.read_once.discard(found)
        number.append(found)
    outputs = {value: number[k] for value, k in program.outputs.items()}
    notes = [f"{rule}: {count}" for rule, count in used.items()]
    return without_dead(program.replaced(steps, outputs, *notes))


def without_dead(program: Program) -> Program:
    """The program without steps that no output needs."""
    needed = [False] * len(program.steps)
    for k in program.outputs.values():
        needed[k] = True
    for i in range(len(program.steps) - 1, -1, -1):
        if needed[i]:
            for k in program.steps[i].values:
                needed[k] = True
    number: dict[int, int] = {}
    steps: list[Step] = []
    for i, step in enumerate(program.steps):
        if needed[i]:
            number[i] = len(steps)
            operands = tuple(number[k] if k >= 0 else k for k in step.operands)
            steps.append(step.on(operands))
    outputs = {value: number[k] for value, k in program.outputs.items()}
    return program.replaced(steps, outputs)


def _apply(step: Step, steps: Steps, used: Counter[str]) -> int | Step | None:
    for name, rule in RULES.get(step.op.name, ()):
        found = rule(step, steps)
        if found is not None:
            used[name] += 1
            return found
    return None


def _rule(name: str, *ops: str) -> Callable[[Rule], Rule]:
    def add(rule: Rule) -> Rule:
        for op in ops:
            RULES.setdefault(op, []).append((name, rule))
        return rule

    return add


def _view(step: Step, base: int, recipe: Recipe) -> Step:
    """A view of another base with the dtype and shape of `step`."""
    return replace(
        step,
        op=REGISTRY["view"],
        operands=(base,),
        attributes=(recipe,),
        scalars=(),
        dtype=recipe.dtype,
        shape=recipe.shape,
    )


def _reshaped(step: Step, k: int, steps: Steps) -> int | Step:
    """The elements of step `k` in the shape of `step`."""
    if steps[k].shape == step.shape:
        return k
    return _view(step, k, whole(step.dtype, step.shape))


# -- views ----------------------------------------------------------------------------
@_rule("view of everything", "view")
def _(step: Step, steps: Steps) -> int | Step | None:
    base, recipe = steps[step.operands[0]], step.attributes[0]
    same = recipe.is_whole(base.size, base.dtype) and base.shape == step.shape
    return step.operands[0] if same else None


@_rule("view of a view", "view")
def _(step: Step, steps: Steps) -> int | Step | None:
    base = steps[step.operands[0]]
    found = composed(base.attributes[0], step.attributes[0]) if is_view(base) else None
    return None if found is None else _view(step, base.operands[0], found)


@_rule("view of one number", "view")
def _(step: Step, steps: Steps) -> int | Step | None:
    base = steps[step.operands[0]]
    if base.op.name != "full" or step.dtype != base.dtype:
        return None
    return replace(base, shape=step.shape, attributes=(step.shape, step.dtype))


@_rule("part of complex numbers", "view")
def _(step: Step, steps: Steps) -> int | Step | None:
    """``z.real`` is a view of z's memory; kernels take it from the numbers."""
    base, recipe = steps[step.operands[0]], step.attributes[0]
    if base.dtype.kind != "c" or recipe.dtype.itemsize * 2 != base.dtype.itemsize:
        return None
    if recipe.dtype.kind != "f" or any(stride % 2 for stride in recipe.strides):
        return None
    strides = tuple(stride // 2 for stride in recipe.strides)
    numbers = Recipe(base.dtype, recipe.offset // 2, recipe.shape, strides)
    k = step.operands[0]
    if not (numbers.is_whole(base.size, base.dtype) and base.shape == step.shape):
        view = replace(step, attributes=(numbers,), dtype=base.dtype, origin=-1)
        k = len(steps)
        steps.append(view)
    part = REGISTRY["imag" if recipe.offset % 2 else "real"]
    return replace(step, op=part, operands=(k,), attributes=())


@_rule("view of an updated region", "view")
def _(step: Step, steps: Steps) -> int | Step | None:
    base, read = steps[step.operands[0]], step.attributes[0]
    if base.op.name != "update" or base.operands[1] < 0:
        return None
    if step.operands[0] not in steps.read_once:
        return None  # the scheduler forwards what is written, where that is near
    written = base.attributes[0]
    if read.dtype != base.dtype or written.dtype != base.dtype:
        return None
    if canonical(read) == canonical(written):
        return _reshaped(step, base.operands[1], steps)
    if meet(read, written):
        return None
    return step.on((base.operands[0],))


# -- updates --------------------------------------------------------------------------
@_rule("update of everything", "update")
def _(step: Step, steps: Steps) -> int | Step | None:
    base, value, recipe = steps[step.operands[0]], step.operands[1], step.attributes[0]
    if value < 0 or not recipe.is_whole(base.size, base.dtype):
        return None
    return _reshaped(step, value, steps)


@_rule("update of nothing", "update", "update_add")
def _(step: Step, steps: Steps) -> int | Step | None:
    return None if step.attributes[0].size else step.operands[0]


@_rule("update with what is there", "update")
def _(step: Step, steps: Steps) -> int | Step | None:
    base, value = step.operands
    if value < 0 or not is_view(steps[value]):
        return None
    same = (
        steps[value].operands == (base,)
        and steps[value].attributes[0] == (step.attributes[0])
    )
    return base if same else None


@_rule("update of the same region", "update")
def _(step: Step, steps: Steps) -> int | Step | None:
    before = steps[step.operands[0]]
    if before.op.name != "update" or before.attributes != step.attributes:
        return None
    if step.operands[0] not in steps.read_once:
        return None
    return step.on((before.operands[0], step.operands[1]))


# -- casts ----------------------------------------------------------------------------
@_rule("cast to its own dtype", "cast")
def _(step: Step, steps: Steps) -> int | Step | None:
    k = step.operands[0]
    return k if k >= 0 and steps[k].dtype == step.dtype else None


@_rule("cast of an exact cast", "cast")
def _(step: Step, steps: Steps) -> int | Step | None:
    k = step.operands[0]
    if k < 0 or steps[k].op.name != "cast" or steps[k].operands[0] < 0:
        return None
    first = steps[steps[k].operands[0]].dtype
    if not _is_exact(first, steps[k].dtype, step.dtype):
        return None
    return step.on(steps[k].operands)


def _is_exact(first: np.dtype[Any], middle: np.dtype[Any], last: np.dtype[Any]) -> bool:
    """Whether ``first -> middle -> last`` is ``first -> last`` for every value."""
    if not np.can_cast(first, middle, "safe"):
        return False
    if first.kind in "iu" and middle.kind == "f":
        bits = {2: 11, 4: 24, 8: 53}.get(middle.itemsize, 0)
        return last.kind == "f" and first.itemsize * 8 <= bits
    if first.kind == "f":
        return last.kind in "fb"
    return first.kind in "biu" and middle.kind in "biu"


# -- devices --------------------------------------------------------------------------
@_rule("known on every device", "to_device")
def _(step: Step, steps: Steps) -> int | Step | None:
    k = step.operands[0]
    return k if steps[k].op.name in ("full", "iota") else None


# -- elements -------------------------------------------------------------------------
@_rule("undone at once", "negative", "invert", "logical_not")
def _(step: Step, steps: Steps) -> int | Step | None:
    k = step.operands[0]
    if k < 0 or steps[k].op is not step.op or steps[k].operands[0] < 0:
        return None
    back = steps[k].operands[0]
    return back if steps[back].dtype == step.dtype else None


@_rule("no change", "positive", "conjugate")
def _(step: Step, steps: Steps) -> int | Step | None:
    k = step.operands[0]
    return k if k >= 0 and step.dtype.kind != "c" else None


@_rule("both operands the same", "maximum", "minimum", "bitwise_and", "bitwise_or")
def _(step: Step, steps: Steps) -> int | Step | None:
    x, y = step.operands
    return x if x >= 0 and x == y else None


@_rule("the same either way", "where")
def _(step: Step, steps: Steps) -> int | Step | None:
    _, x, y = step.operands
    same = x >= 0 and x == y and steps[x].shape == step.shape
    return x if same and steps[x].dtype == step.dtype else None
