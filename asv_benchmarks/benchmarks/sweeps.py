"""Many small statements on slices: what does code take that is all overhead?"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .libraries import Start, by_compiled, by_engine, by_jax, by_numba, by_numpy
from .race import Race, Target, Timed


def jacobi_1d(a: Any, sweeps: int) -> Any:
    """Two statements of three ops in each sweep."""
    a, b = a.copy(), a.copy()
    for _ in range(sweeps):
        b[1:-1] = 0.33333 * (a[:-2] + a[1:-1] + a[2:])
        a[1:-1] = 0.33333 * (b[:-2] + b[1:-1] + b[2:])
    return a


def jacobi_1d_jax(jax: Any) -> Any:
    def step(_: int, a: Any) -> Any:
        return a.at[1:-1].set(0.33333 * (a[:-2] + a[1:-1] + a[2:]))

    return jax.jit(lambda a, sweeps: jax.lax.fori_loop(0, 2 * sweeps, step, a))


def jacobi_1d_numba(numba: Any) -> Any:
    @numba.njit
    def run(a: Any, sweeps: int) -> Any:
        a, b = a.copy(), a.copy()
        for _ in range(sweeps):
            for i in range(1, a.size - 1):
                b[i] = 0.33333 * (a[i - 1] + a[i] + a[i + 1])
            for i in range(1, a.size - 1):
                a[i] = 0.33333 * (b[i - 1] + b[i] + b[i + 1])
        return a

    return run


def lu(a: Any) -> Any:
    """Both factors of a matrix in one, without exchanges of rows."""
    a = a.copy()
    for k in range(a.shape[0] - 1):
        a[k + 1 :, k] /= a[k, k]
        a[k + 1 :, k + 1 :] -= a[k + 1 :, k : k + 1] * a[k, k + 1 :]
    return a


def lu_numba(numba: Any) -> Any:
    @numba.njit
    def run(a: Any) -> Any:
        a = a.copy()
        n = a.shape[0]
        for k in range(n - 1):
            for i in range(k + 1, n):
                a[i, k] /= a[k, k]
                for j in range(k + 1, n):
                    a[i, j] -= a[i, k] * a[k, j]
        return a

    return run


def adi(u: Any, steps: int) -> Any:
    """Implicit diffusion, first along one axis, then along the other.

    Each half step solves tridiagonal systems, all columns (or rows) at a time.
    """
    u = u.copy()
    n = u.shape[0]
    p, q = np.zeros_like(u), np.zeros_like(u)
    for _ in range(steps):
        for v in (u, u.T):
            right = v.copy()
            right[:, 1:-1] += 0.25 * (v[:, 2:] - 2.0 * v[:, 1:-1] + v[:, :-2])
            q[0] = right[0]
            for i in range(1, n - 1):
                below = 1.5 - 0.25 * p[i - 1]
                p[i] = 0.25 / below
                q[i] = (right[i] + 0.25 * q[i - 1]) / below
            for i in range(n - 2, 0, -1):
                v[i] = p[i] * v[i + 1] + q[i]
    return u


def adi_numba(numba: Any) -> Any:
    @numba.njit
    def half(v: Any, p: Any, q: Any) -> None:
        n, m = v.shape
        right = v.copy()
        for i in range(n):
            for j in range(1, m - 1):
                right[i, j] += 0.25 * (v[i, j + 1] - 2.0 * v[i, j] + v[i, j - 1])
        q[0] = right[0]
        for i in range(1, n - 1):
            for j in range(m):
                below = 1.5 - 0.25 * p[i - 1, j]
                p[i, j] = 0.25 / below
                q[i, j] = (right[i, j] + 0.25 * q[i - 1, j]) / below
        for i in range(n - 2, 0, -1):
            for j in range(m):
                v[i, j] = p[i, j] * v[i + 1, j] + q[i, j]

    def run(u: Any, steps: int) -> Any:
        u = u.copy()
        p, q = np.zeros_like(u), np.zeros_like(u)
        for _ in range(steps):
            half(u, p, q)
            half(u.T, p, q)
        return u

    return run


def coefficients(alpha: float) -> tuple[float, ...]:
    """Of Deriche's recursive smoothing filter: four of the input, two of the output."""
    decay = np.exp(-alpha)
    k = (1 - decay) ** 2 / (1 + 2 * alpha * decay - decay**2)
    given = (k, k * decay * (alpha - 1), k * decay * (alpha + 1), -k * decay**2)
    return tuple(float(x) for x in (*given, 2 * decay, -(decay**2)))


def deriche(image: Any, alpha: float) -> Any:
    """Smooth an image by recursion to and fro, along columns and then along rows."""
    a1, a2, a3, a4, b1, b2 = coefficients(alpha)
    image = image.copy()
    for x in (image, image.T):
        forth, back = np.zeros_like(x), np.zeros_like(x)
        forth[:, 0] = a1 * x[:, 0]
        forth[:, 1] = a1 * x[:, 1] + a2 * x[:, 0] + b1 * forth[:, 0]
        for j in range(2, x.shape[1]):
            forth[:, j] = (
                a1 * x[:, j]
                + a2 * x[:, j - 1]
                + b1 * forth[:, j - 1]
                + b2 * forth[:, j - 2]
            )
        back[:, -2] = a3 * x[:, -1]
        for j in range(x.shape[1] - 3, -1, -1):
            back[:, j] = (
                a3 * x[:, j + 1]
                + a4 * x[:, j + 2]
                + b1 * back[:, j + 1]
                + b2 * back[:, j + 2]
            )
        x[:] = forth + back
    return image


def deriche_numba(numba: Any) -> Any:
    @numba.njit
    def smooth(x: Any, a1: Any, a2: Any, a3: Any, a4: Any, b1: Any, b2: Any) -> None:
        forth, back = np.zeros(x.shape[1]), np.zeros(x.shape[1])
        for i in range(x.shape[0]):
            forth[0] = a1 * x[i, 0]
            forth[1] = a1 * x[i, 1] + a2 * x[i, 0] + b1 * forth[0]
            for j in range(2, x.shape[1]):
                given = a1 * x[i, j] + a2 * x[i, j - 1]
                forth[j] = given + b1 * forth[j - 1] + b2 * forth[j - 2]
            back[-2] = a3 * x[i, -1]
            for j in range(x.shape[1] - 3, -1, -1):
                given = a3 * x[i, j + 1] + a4 * x[i, j + 2]
                back[j] = given + b1 * back[j + 1] + b2 * back[j + 2]
            for j in range(x.shape[1]):
                x[i, j] = forth[j] + back[j]

    def run(image: Any, alpha: float) -> Any:
        image = image.copy()
        given = coefficients(alpha)
        smooth(image, *given)
        smooth(image.T, *given)
        return image

    return run


def line(size: int, sweeps: int) -> tuple[Any, int]:
    return np.random.default_rng(0).random(size), sweeps


def matrix(size: int) -> tuple[Any]:
    """A random matrix with a diagonal large enough to need no exchanges."""
    return (np.random.default_rng(0).random((size, size)) + size * np.eye(size),)


def image(rows: int, columns: int, number: float) -> tuple[Any, float]:
    return np.random.default_rng(0).random((rows, columns)), number


JACOBI_1D: dict[str, Start] = {
    "numpy": by_numpy(jacobi_1d),
    "jax.jit": by_jax(jacobi_1d_jax),
    "@njit": by_numba(jacobi_1d_numba),
    "engine": by_engine(jacobi_1d),
}

RACES = [
    Race(
        "jacobi_1d, 1,600 statements of 3 ops, 3,200",
        data=partial(line, 3_200, 800),
        small=partial(line, 20, 3),
        by=JACOBI_1D,
        targets=(Target(3.0),),
    ),
    Race(
        "jacobi_1d, with @engine.compile",
        data=partial(line, 3_200, 800),
        small=partial(line, 20, 3),
        by={**JACOBI_1D, "engine": by_compiled(jacobi_1d)},
        targets=(Target(6.0),),
    ),
    Race(
        "lu, 400 x 400",
        data=partial(matrix, 400),
        small=partial(matrix, 6),
        by={
            "numpy": by_numpy(lu),
            "@njit": by_numba(lu_numba),
            "engine": by_engine(lu),
        },
        targets=(Target(2.0),),
    ),
    Race(
        "adi, 400 x 400, 2 steps",
        data=partial(image, 400, 400, 2),
        small=partial(image, 6, 6, 2),
        by={
            "numpy": by_numpy(adi),
            "@njit": by_numba(adi_numba),
            "engine": by_engine(adi),
        },
        targets=(Target(2.0),),
    ),
    Race(
        "deriche, 480 x 720",
        data=partial(image, 480, 720, 0.25),
        small=partial(image, 6, 7, 0.25),
        by={
            "numpy": by_numpy(deriche),
            "@njit": by_numba(deriche_numba),
            "engine": by_engine(deriche),
        },
        targets=(Target(2.0),),
    ),
]


class Sweeps(Timed):
    """Statements on lines, rows and columns; in `lu` each has another shape."""

    races = RACES
    params = ([race.name for race in RACES], ["numpy", "jax.jit", "@njit", "engine"])
    param_names = ("work", "by")

    def time_sweeps(self, work: str, by: str) -> None:
        self.run()
