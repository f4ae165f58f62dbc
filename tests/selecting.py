"""Programs that select by masks, for NumPy and for Engine: what their tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
from numpy_comparison import same


def arrays(module: Any) -> dict[str, Any]:
    """Arrays of every kind, the same for both libraries."""
    draw = numpy.random.default_rng(3)
    a, c = draw.standard_normal((2, 4, 5))
    plain = {
        "a": a,
        "c": c,
        "row": draw.standard_normal(5),
        "t": draw.standard_normal((4, 3, 2)),
        "k": draw.integers(1, 9, (4, 5)),
        "u": draw.integers(0, 200, (4, 5)).astype("uint8"),
        "f": draw.standard_normal((4, 5)).astype("float32"),
        "h": draw.standard_normal((4, 5)).astype("float16"),
        "z": a + 1j * c,
        "b": a > 0.5,
        "m": draw.random((4, 5)) > 0.4,
        "r": numpy.array([True, False, True, True]),
        "none": numpy.zeros((4, 5), bool),
    }
    space = {name: module.array(x) for name, x in plain.items()}
    return {**space, "np": module, "numpy_mask": plain["m"].copy()}


def after(source: str, module: Any) -> dict[str, Any]:
    """The names after a program has run."""
    space = arrays(module)
    exec(source, space)
    return {n: x for n, x in space.items() if n not in ("np", "__builtins__")}


def assert_alike(want: Any, have: Any, source: str) -> None:
    """Equal in value, dtype, shape and layout; Python's own objects equal."""
    if not hasattr(want, "dtype"):
        assert repr(want) == repr(have), source
        return
    assert (want.dtype, want.shape) == (have.dtype, have.shape), source
    assert same(want, have.computed()), f"{source}: {want!r}, {have!r}"
    strides = zip(want.shape, want.strides, have.strides, strict=True)
    assert all(n < 2 or one == two for n, one, two in strides), source
    assert isinstance(want, numpy.generic) == have.scalar, source


def random_program(seed: int) -> str:
    """Lines that select, compute, write and reduce by a few masks, in any order."""
    draw = numpy.random.default_rng(seed)

    def pick(*options: str) -> str:
        return options[int(draw.integers(len(options)))]

    lines = []
    for number in range(8):
        array, other = pick("a", "c", "k", "f"), pick("a", "c", "k", "f")
        mask = pick("m", "m", "r", "a > 0", "numpy_mask", "k < 5")
        names = [f"s{i}" for i in range(number) if f"s{i} = " in "\n".join(lines)]
        known = pick(*names) if names else f"{array}[{mask}]"
        kind = int(draw.integers(8))
        if kind < 2:
            lines.append(
                f"s{number} = {array}[{mask}] {pick('+', '*')} {other}[{mask}]"
            )
        elif kind == 2:
            lines.append(f"s{number} = abs({known}) {pick('+ 1', '* 0.5', '- row[0]')}")
        elif kind == 3:
            lines.append(f"e{number} = {known}.{pick('sum', 'mean', 'any', 'prod')}()")
        elif kind == 4:
            lines.append(f"{array}[{mask}] {pick('=', '+=')} {other}[{mask}]")
        elif kind == 5:
            lines.append(f"{array}[{mask}] = {known}")
        elif kind == 6:
            lines.append(f"{known}[...] {pick('*', '+')}= 2")
        else:
            change = pick("m[0] = ~m[1]", "a -= 0.25", "k %= 7", f"{known}.shape")
            lines.append(change)
    return "\n".join(lines)


def run(
    source: str,
    module: Any,
    look: Callable[[dict[str, Any]], None] = lambda space: None,
) -> dict[str, Any]:
    """The names after a program; which of its lines failed is noted."""
    space = arrays(module)
    for number, line in enumerate(source.splitlines()):
        try:
            exec(line, space)
        except Exception:
            space[f"error{number}"] = True
        look(space)
    return {n: x for n, x in space.items() if n not in ("np", "__builtins__")}
