"""Python loops over small things: what no kernel is gained by, and a lazy array pays.

    cd asv_benchmarks && python -m benchmarks.small_loops       prints all of them

Here NumPy takes a microsecond or two for each call, so that what Engine does besides
the arithmetic is all that is seen: in the first call of a loop, whose steps are new,
and when they are known.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import engine
import engine.numpy

from .cold import seconds

Loop = Callable[[Any, Any, Any], Any]

LOOPS: dict[str, Loop] = {}
SECONDS = 3.0
"""So long a loop is repeated until its least time counts."""


def loop(function: Loop) -> Loop:
    """Decorator: a loop over a matrix of 200 x 300 and a vector of 20,000 numbers."""
    LOOPS[function.__name__] = function
    return function


@loop
def sum_elements(np: Any, m: Any, v: Any) -> Any:
    total = 0.0
    for i in range(100):
        for j in range(100):
            total += m[i, j]
    return total


@loop
def write_elements(np: Any, m: Any, v: Any) -> Any:
    for i in range(9000):
        v[i] = 0.5 * i
    return v


@loop
def recurrence_by_elements(np: Any, m: Any, v: Any) -> Any:
    for i in range(1, 9000):
        v[i] = 0.5 * v[i - 1] + 0.25 * v[i]
    return v


@loop
def branch_on_elements(np: Any, m: Any, v: Any) -> Any:
    count = 0
    for i in range(5000):
        if v[i] > 0:
            count += 1
    return count


@loop
def sums_of_rows(np: Any, m: Any, v: Any) -> Any:
    return np.array([m[i].sum() for i in range(200)])


@loop
def moving_mean(np: Any, m: Any, v: Any) -> Any:
    return [float(v[i : i + 10].mean()) for i in range(3000)]


@loop
def moving_maximum(np: Any, m: Any, v: Any) -> Any:
    out = np.zeros(3000)
    for i in range(3000):
        out[i] = v[i : i + 16].max()
    return out


@loop
def growing_sums(np: Any, m: Any, v: Any) -> Any:
    return [float(v[:k].sum()) for k in range(1, 1500)]


@loop
def gather_few(np: Any, m: Any, v: Any) -> Any:
    places = np.arange(3000) * 7 % 20000
    return [v[places[k : k + 10]] for k in range(0, 3000, 10)]


@loop
def scatter_few(np: Any, m: Any, v: Any) -> Any:
    places = np.arange(3000) * 7 % 20000
    for k in range(0, 3000, 10):
        v[places[k : k + 10]] = 0.0
    return v


@loop
def swap_rows(np: Any, m: Any, v: Any) -> Any:
    for k in range(199):
        m[[k, k + 1]] = m[[k + 1, k]]
    return m


@loop
def append_numbers(np: Any, m: Any, v: Any) -> Any:
    x = np.array([])
    for k in range(300):
        x = np.append(x, k)
    return x


@loop
def sort_pieces(np: Any, m: Any, v: Any) -> Any:
    return [np.sort(v[i : i + 100])[50] for i in range(0, 20000, 100)]


@loop
def small_dots(np: Any, m: Any, v: Any) -> Any:
    return [float(m[i] @ m[i + 1]) for i in range(199)]


@loop
def lists_of_numbers(np: Any, m: Any, v: Any) -> Any:
    return [
        float(np.dot(np.array([k, 1.0, 2.0]), np.array([1.0, k, 3.0])))
        for k in range(300)
    ]


@loop
def forward_substitution(np: Any, m: Any, v: Any) -> Any:
    a, x = m[:, :200] + 20 * np.eye(200), np.zeros(200)
    for i in range(200):
        x[i] = (m[i, 0] - a[i, :i] @ x[:i]) / a[i, i]
    return x


@loop
def cholesky(np: Any, m: Any, v: Any) -> Any:
    a = m[:40, :40] @ m[:40, :40].T + 80 * np.eye(40)
    lower = np.zeros((40, 40))
    for j in range(40):
        lower[j, j] = np.sqrt(a[j, j] - (lower[j, :j] ** 2).sum())
        for i in range(j + 1, 40):
            lower[i, j] = (a[i, j] - lower[i, :j] @ lower[j, :j]) / lower[j, j]
    return lower


@loop
def gram_schmidt(np: Any, m: Any, v: Any) -> Any:
    q = m[:40, :40].copy()
    for j in range(40):
        for k in range(j):
            q[:, j] -= (q[:, k] @ q[:, j]) * q[:, k]
        q[:, j] /= np.sqrt(q[:, j] @ q[:, j])
    return q


@loop
def elimination_with_pivots(np: Any, m: Any, v: Any) -> Any:
    a = m[:60, :60].copy()
    for k in range(59):
        p = k + int(np.argmax(np.abs(a[k:, k])))
        if p != k:
            a[[k, p]] = a[[p, k]]
        a[k + 1 :, k] /= a[k, k]
        a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
    return a


@loop
def conjugate_gradients(np: Any, m: Any, v: Any) -> Any:
    a = m[:100, :100] @ m[:100, :100].T + 100 * np.eye(100)
    b, x = m[0, :100], np.zeros(100)
    r = b - a @ x
    p, square = r, r @ r
    for _ in range(20):
        ap = a @ p
        step = square / (p @ ap)
        x, r = x + step * p, r - step * ap
        last, square = square, r @ r
        p = r + (square / last) * p
    return x


@loop
def runge_kutta(np: Any, m: Any, v: Any) -> Any:
    def slope(y: Any) -> Any:
        return np.array([y[1], -y[0]])

    y, h = np.array([1.0, 0.0]), 0.01
    for _ in range(100):
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y


def data(make: Callable[[Any], Any]) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return make(rng.normal(size=(200, 300))), make(rng.normal(size=20000))


def run(name: str, by: str) -> Callable[[], Any]:
    """A call of a loop by NumPy or by Engine, on numbers of its own."""
    module = np if by == "numpy" else engine.numpy
    start = data(module.array)

    def call() -> Any:
        result = LOOPS[name](module, *[module.array(x) for x in start])
        return evaluated(result) if by == "engine" else result

    return call


def evaluated(result: Any) -> Any:
    """A result, or a list of results, with nothing left pending."""
    parts = result if isinstance(result, list) else [result]
    engine.eval(*[x for x in parts if isinstance(x, engine.numpy.ndarray)])
    return result


class SmallLoops:
    """Each loop by NumPy and by Engine, when its steps are known."""

    params = ([*LOOPS], ["numpy", "engine"])
    param_names = ("loop", "by")
    warmup_time = 1.0
    timeout = 300

    def setup(self, loop: str, by: str) -> None:
        self.call = run(loop, by)

    def time_loop(self, loop: str, by: str) -> None:
        self.call()


def main() -> None:
    """Print all loops: NumPy's least time, Engine's first calls and its least."""
    print("| loop | NumPy, ms | first call | second to tenth | known |")
    print("|---|---|---|---|---|")
    for name in sys.argv[1:] or LOOPS:
        theirs, ours = run(name, "numpy"), run(name, "engine")
        wanted, first = theirs(), seconds(ours)
        soon = [seconds(ours) for _ in range(9)]
        assert np.allclose(np.array(ours(), float), np.array(wanted, float)), name
        end = time.perf_counter() + SECONDS
        taken = [(seconds(theirs), seconds(ours))]
        while time.perf_counter() < end:
            taken.append((seconds(theirs), seconds(ours)))
        least, known = map(min, zip(*taken, strict=True))
        ratios = f"{first / least:.1f} x | {np.mean(soon) / least:.1f} x"
        ratios += f" | {known / least:.2f} x"
        print(f"| {name} | {1e3 * least:.3g} | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
