"""Largest errors of the vector math, against mpmath, as a Markdown table.

``python tests/ulp_table.py [points]`` prints what stands in ``docs/accuracy.md``.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath
import numpy as np
from exact import log_gamma
from numba import njit

from engine.kernels.cpu.functions import NAMESPACE
from engine.kernels.scalars import NAMES

Array = np.ndarray[Any, Any]


class Case(NamedTuple):
    """A function, where to try it (float64, float32), and where its formula changes."""

    exact: Callable[..., Any]
    wide: tuple[float, float]
    narrow: tuple[float, float]
    seams: tuple[float, ...] = ()
    by_exponent: bool = False  # draw the exponent evenly, not the value


def _in_base(base: int) -> Callable[[Any], Any]:
    return lambda x: mpmath.log(x) / mpmath.log(base)


def _cube_root(x: Any) -> Any:
    return mpmath.sign(x) * mpmath.cbrt(abs(x))


LN2, QUARTER_PI, ROOT = math.log(2) / 2, math.pi / 4, math.sqrt(0.5)
POSITIVE = (1e-300, 1e300), (1e-37, 1e37)
FAR = (1e-3, 1e300), (1e-3, 1e37)
ABOVE_ONE = (1.0, 1e300), (1.0, 1e37)
GAMMA = (1e-300, 2.55e305), (1e-37, 4.084e36)

CASES = {
    "exp": Case(mpmath.exp, (-745, 709.7), (-103, 88.7), (LN2,)),
    "exp2": Case(lambda x: mpmath.power(2, x), (-1074, 1023.9), (-149, 127.9), (0.5,)),
    "expm1": Case(mpmath.expm1, (-45, 709.7), (-20, 88.7), (LN2,)),
    "log": Case(mpmath.log, *POSITIVE, (1.0, ROOT, 2 * ROOT), True),
    "log2": Case(_in_base(2), *POSITIVE, (1.0, ROOT, 2 * ROOT), True),
    "log10": Case(_in_base(10), *POSITIVE, (1.0, ROOT, 2 * ROOT), True),
    "log1p": Case(mpmath.log1p, *POSITIVE, (ROOT - 1, 2 * ROOT - 1, -0.5, 1.0), True),
    "sin": Case(mpmath.sin, *FAR, (QUARTER_PI, 2e5, 1e12), True),
    "cos": Case(mpmath.cos, *FAR, (QUARTER_PI, 2e5, 1e12), True),
    "tan": Case(mpmath.tan, *FAR, (QUARTER_PI, 2e5, 1e12), True),
    "sinh": Case(mpmath.sinh, (-710.4, 710.4), (-89.4, 89.4), (1.0, -1.0, LN2)),
    "cosh": Case(mpmath.cosh, (-710.4, 710.4), (-89.4, 89.4), (1.0, LN2)),
    "tanh": Case(mpmath.tanh, (-23, 23), (-11, 11), (0.6, -0.6, 1.4)),
    "sigmoid": Case(
        lambda x: 1 / (1 + mpmath.exp(-x)), (-745, 40), (-103, 20), (LN2, 0.0, -2.0)
    ),
    "erf": Case(mpmath.erf, (-6.6, 6.6), (-4.5, 4.5), (0.75, 1.0, -1.0)),
    "erfc": Case(mpmath.erfc, (-6, 27.2), (-4, 10.1), (0.75, 0.5, -0.75, 1.0)),
    "arcsin": Case(mpmath.asin, (-1, 1), (-1, 1), (0.5, -0.5)),
    "arccos": Case(mpmath.acos, (-1, 1), (-1, 1), (0.5, -0.5)),
    "arctan": Case(mpmath.atan, *POSITIVE, (0.41421356, 1.0, 2.41421356), True),
    "arctan2": Case(mpmath.atan2, (-9, 9), (-9, 9), (0.41421356, 1.0, 2.41421356)),
    "arcsinh": Case(mpmath.asinh, *POSITIVE, (0.375, 0.75, 1e-4), True),
    "arccosh": Case(mpmath.acosh, *ABOVE_ONE, (1.0, 1.0625, 1.25), True),
    "arctanh": Case(mpmath.atanh, (-1, 1), (-1, 1), (ROOT**3, 1 / 3, 1e-4)),
    "cbrt": Case(_cube_root, *POSITIVE, (1.0, 2.0, 4.0, 8.0), True),
    "rsqrt": Case(lambda x: 1 / mpmath.sqrt(x), *POSITIVE, (1.0, 2.0, 4.0), True),
    "lgamma": Case(log_gamma, *GAMMA, (0.5, 1.0, 1.5, 2.0, 2.5), True),
    "hypot": Case(mpmath.hypot, *POSITIVE, (1.0,), True),
    "power": Case(mpmath.power, *POSITIVE, (1.0, ROOT, 2.0), True),
}

DOMAINS = {
    "power": (0.0, math.inf),
    "arcsin": (-1.0, 1.0),
    "arccos": (-1.0, 1.0),
    "arccosh": (1.0, math.inf),
    "arctanh": (-1.0, 1.0),
    "rsqrt": (0.0, math.inf),
    "lgamma": (0.0, math.inf),
}
"""Where functions are tried that are not defined, or not as exact, everywhere."""


def points(name: str, dtype: str, count: int) -> list[Array]:
    """Operands to try: random ones, and dense ones at the seams and small integers."""
    case = CASES[name]
    generator = np.random.default_rng(len(name) + count)
    low, high = case.wide if dtype == "float64" else case.narrow
    near = [generator.normal(seam, 1e-3, count // 8) for seam in case.seams]
    near += [np.linspace(0.9, 1.1, count // 8) * seam for seam in case.seams]
    if case.by_exponent:
        spread = 10 ** generator.uniform(math.log10(low), math.log10(high), count)
        small = generator.uniform(0.1, 10, count)
    else:
        spread = generator.uniform(low, high, count)
        small = generator.uniform(-2, 2, count)
    x = np.concatenate([spread, small, *near]).astype(dtype)
    x = x[(x != 0) | (name in ("exp", "cos", "cosh"))]
    if name in DOMAINS:
        least, most = DOMAINS[name]
        x = x[(x >= least) & (x <= most)]
    if name == "power":
        reach = 300 if dtype == "float64" else 36
        limit = reach / np.maximum(np.abs(np.log10(x.astype("float64"))), 0.3)
        y = generator.uniform(-1, 1, len(x)) * limit
        return [x, y.astype(dtype)]
    if name in ("arctan2", "hypot"):
        ratio = 10 ** generator.normal(0, 0.5, len(x))
        ratio[: len(x) // 4] = generator.normal(1 + math.sqrt(2), 1e-3, len(x) // 4)
        signs = generator.choice([-1.0, 1.0], len(x))
        return [x, (x.astype("float64") * ratio * signs).astype(dtype)]
    if name in ("sin", "cos", "tan"):
        turns = np.arange(1, count // 8) * (math.pi / 4)  # near zeros and poles
        x = np.concatenate([x, turns, -turns]).astype(dtype)
    return [x]


def evaluate(name: str, operands: list[Array]) -> Array:
    """The scalar function, compiled in a loop as kernels do it."""
    names = "xy"[: NAMES[name].arity]
    text = (
        f"def loop({', '.join(names)}, out):\n"
        "    for i in range(out.shape[0]):\n"
        f"        out[i] = scalar({', '.join(f'{x}[i]' for x in names)})\n"
    )
    namespace: dict[str, Any] = {"scalar": NAMESPACE[name]}
    exec(text, namespace)
    result = np.empty_like(operands[0])
    njit(error_model="numpy")(namespace["loop"])(*operands, result)
    return result


def largest_error(name: str, dtype: str, count: int) -> tuple[float, list[float]]:
    """The largest error in units in the last place, and the operands that have it."""
    operands = points(name, dtype, count)
    result = evaluate(name, operands)
    worst, where = 0.0, [0.0]
    with mpmath.workprec(1300 if name in ("sin", "cos", "tan") else 140):
        for row in zip(result, *operands, strict=True):
            numbers = [float(x) for x in row]
            exact = CASES[name].exact(*map(mpmath.mpf, numbers[1:]))
            with np.errstate(over="ignore"):
                rounded = np.dtype(dtype).type(float(exact))
            if not np.isfinite(rounded):
                continue
            unit = float(np.spacing(np.abs(rounded)))
            error = abs(float((mpmath.mpf(numbers[0]) - exact) / unit))
            if not error <= worst:
                worst, where = error, numbers[1:]
    return worst, where


def main(count: int) -> None:
    print("| function | float64 | float32 | largest at (float64) |")
    print("|---|---|---|---|")
    for name in CASES:
        wide, where = largest_error(name, "float64", count)
        narrow, _ = largest_error(name, "float32", count)
        shown = ", ".join(f"{x:.6g}" for x in where)
        print(f"| {name} | {wide:.2f} | {narrow:.2f} | {shown} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
