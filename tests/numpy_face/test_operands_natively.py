"""Outputs, casts in place, NumPy's numbers and turned operands: as NumPy does it."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np

LINES = """
r = np.add(x, y, out=x)
r = np.add(x, y, x)
r = np.add(x, y, out=(x,))
r = np.multiply(x, 2, out=y)
r = np.subtract(2.5, x, out=x)
r = np.exp(x, out=y)
r = np.exp(x, y)
r = np.negative(x, out=x)
r = np.greater(x, y, out=m)
r = np.greater(x, y, out=x)
r = np.add(i, i, out=x)
r = np.add(x, y, out=i)
r = np.add(i, 1, out=i)
r = np.divide(i, 2, out=x)
r = np.divide(i, 2, out=i)
r = np.add(x[0], y[0], out=x[1])
r = np.add(x[0], y, out=x)
r = np.add(x[0], y[0], out=x)
r = np.add(x, y, out=x[0])
r = np.add(x[1:], x[:-1], out=x[1:])
r = np.add(x.T, y, out=x)
r = np.add(x, y, out=x.T)
r = np.add(x, y, out=x[::-1])
r = np.add(x, y, out=x, where=m)
r = np.add(x, y, out=None)
r = np.add(x, y, out=x, dtype=float)
r = np.add(s, x, out=x)
r = np.add(f, x, out=f)
r = np.add(f, x, out=x)
r = np.maximum(u, 7, out=u)
r = np.add(u, 300, out=u)
r = np.absolute(z, out=x)
r = np.conjugate(z, out=z)
r = w * x
r = x * w
r = x / w
r = w - x
r = w ** x
r = x > w
r = w * f
r = f * w
r = w * i
r = i * w
r = w * z
r = x[1:] * w
r = w * s
x += w
f *= w
i += w
x[1:] -= w
r = n * x
r = x * n
r = x / n
r = n - i
r = i - n
r = i // n
r = n % i
r = n ** i
r = i ** n
r = x ** n
r = i >> n
r = n | i
r = x & n
r = i > n
r = x == n
r = n * f
r = f * n
r = u + n
r = m * n
r = n * z
r = i[1:] * n
r = n * s
r = np.add(i, n)
r = np.power(x, 2)
r = np.power(f, 2.0)
r = np.power(i, 2)
r = np.power(i, 2.0)
r = np.power(u, 2)
r = np.power(m, 2)
r = np.power(s, 2)
r = np.power(x[1:], 2)
r = np.power(x.T, 2)
r = np.power(x - 2, 0.5)
r = numpy.maximum(n, i)
r = numpy.arctan2(x, n)
r = numpy.true_divide(n, i)
r = i * numpy.int64(2**62)
r = x * numpy.int64(2**62 + 1)
r = x == numpy.int64(2**62 + 1)
i += n
x *= n
i[1:] -= n
i /= n
r = numpy.add(x, y)
r = numpy.add(x, y, out=x)
r = numpy.float32(2.5) * x
r = numpy.float32(2.5) * f
r = numpy.int64(3) * i
r = x[::-1] + 1
r = x[:, ::-1] * y
r = x[::-1, ::-1] + y[::-1]
r = x.T[::-1] + 1
r = x[::-2] + y[::2]
r = np.exp(x[::-1])
x[::-1] += y
r = z.real
r = z.imag
r = z.real ** 2 + z.imag ** 2
r = z[1:].imag * 2
r = x.real
r = x.imag
r = z.T.real
z.real = 3
z.imag[0] = x[0]
z.real[...] += 1
z.real += x
z.imag *= 2
i4 = i.astype("i4"); i4 += m; r = i4
x += m
x += i
x *= i[0]
x += f
f += x
f += i
i += m
i += i.astype("i2")
i += 1
i -= 2
i *= 3
i //= 2
i %= 3
i <<= 1
i &= 3
i **= 2
i += 1.5
i /= 2
i += 10**30
i += True
u += 1
u += 200
u += 300
u -= 1
u += i
u += u
m |= m
m &= x > 1
m ^= True
m += m
m += 1
z *= 2
z *= 2.5
z *= 2j
z *= x
z += i
x *= z
x += 1j
x[m] += 1
s += 1
r = np.exp(0.5)
r = np.sqrt(2)
r = np.add(1, 2.5)
r = np.exp(-1.0) * x
r = np.sqrt(-1.0)
r = np.log(0.0)
r = np.isnan(0.5)
r = np.floor(2.5)
r = np.array(x)
r = np.array(x.T)
r = np.array(s)
r = np.array(x, copy=None)
r = np.array(x, ndmin=3)
r = x.T + 1
r = x.T * y.T
r = x.T > 1
r = x.T + f.T
r = x.T + y
r = x.T + x
r = np.exp(x.T)
r = -x.T
r = i.T / 2
r = x.T * w
r = (x.T + 1) * 2 - y.T
r = (x.T + 1)[0]
r = (x.T + 1).T
r = x.T[:2] + 1
r = z.T * 2
x += x.T + 1
x.T[...] += 1
""".strip().splitlines()


def names_of(xp: Any, seed: int) -> dict[str, Any]:
    random = numpy.random.default_rng(seed)
    x, y = random.integers(1, 5, (2, 3, 3)).astype(float)
    given = {
        "x": x,
        "y": y,
        "i": random.integers(1, 5, (3, 3)),
        "u": random.integers(1, 5, (3, 3)).astype("u1"),
        "f": random.integers(1, 5, (3, 3)).astype("f4"),
        "z": random.integers(1, 5, (3, 3)) + 1j * random.integers(1, 5, (3, 3)),
        "m": random.random((3, 3)) > 0.5,
    }
    names = {name: xp.array(a) for name, a in given.items()}
    return names | {
        "s": names["x"][0, 1],
        "w": numpy.float64(2.5),
        "n": numpy.int64(3),
        "numpy": numpy,
    }


def described(thing: Any) -> Any:
    array = numpy.asarray(thing)
    flags = getattr(thing, "flags", array.flags)
    scalar = isinstance(thing, numpy.generic) or getattr(thing, "scalar", False)
    order = flags.c_contiguous, flags.f_contiguous
    return array.tolist(), array.dtype.name, array.shape, scalar, order


def run(xp: Any, line: str, seed: int) -> tuple[Any, ...]:
    names = names_of(xp, seed)
    names["np"] = xp
    failed: Any = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(line, names)
        except Exception as error:
            failed = next(c for c in type(error).__mro__ if c.__module__ == "builtins")
    made = names.get("r")
    same = [name for name in "xyiufzm" if made is names[name]]
    found = {name: described(names[name]) for name in "xyiufzms"}
    if made is not None:
        found["r"] = described(made)
    return failed, same, found


@pytest.mark.parametrize("line", LINES)
def test_a_line_does_what_numpy_does(line: str, recorder: str) -> None:
    code: Any = compile(line, line, "exec")
    for seed in range(3):
        failed, same, found = run(np, code, seed)
        error, as_in_numpy, want = run(numpy, code, seed)
        assert (failed, same, found.keys()) == (error, as_in_numpy, want.keys())
        for name, (elements, *form) in found.items():
            numpy.testing.assert_allclose(elements, want[name][0], rtol=1e-6)
            assert form == [*want[name][1:]]


def test_an_output_is_written_where_others_see_it(recorder: str) -> None:
    for _ in range(3):
        x = np.array([[1.0, 2.0], [3.0, 4.0]])
        row, kept = x[0], x.copy()
        assert np.add(x, 1, out=x) is x
        assert np.multiply(row, 2, out=row) is row
        numpy.testing.assert_array_equal(x, [[4.0, 6.0], [4.0, 5.0]])
        numpy.testing.assert_array_equal(kept, [[1.0, 2.0], [3.0, 4.0]])
        x.flags.writeable = False
        with pytest.raises(ValueError, match="read-only"):
            np.add(x, 1, out=x)


def test_gradients_flow_into_an_output(recorder: str) -> None:
    for _ in range(3):
        x = engine.tensor([1.0, 2.0], dtype=engine.float64, requires_grad=True)
        out = np.zeros(2)
        np.multiply(np.asarray(x), 3.0, out=out)
        engine.as_tensor(out).sum().backward()
        assert x.grad is not None
        assert x.grad.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("shape", [(2, 3, 4), (3, 1, 2), (2, 2, 2), (0, 3), (5,)])
def test_transposed_operands(shape: tuple[int, ...]) -> None:
    host = numpy.arange(numpy.prod(shape), dtype=float).reshape(shape) + 1
    a = np.array(host)
    for axes in itertools.permutations(range(len(shape))):
        for _ in range(4):
            x, n = a.transpose(axes), host.transpose(axes)
            for found, wanted in (
                (x + 1, n + 1),
                (2.0 / x, 2.0 / n),
                (x > 3, n > 3),
                (np.sqrt(x) * x, numpy.sqrt(n) * n),
                (x - a.transpose(axes), n - n),
                ((x + 1).T * 2, (n + 1).T * 2),
                ((x * 2)[..., :1] + 1, (n * 2)[..., :1] + 1),
            ):
                assert (found.tolist(), found.dtype) == (wanted.tolist(), wanted.dtype)
                steps = zip(found.strides, wanted.strides, wanted.shape, strict=True)
                assert all(n < 2 or p == q for p, q, n in steps if 0 not in shape)


def test_gradients_of_transposed_operands() -> None:
    def loss(x: Any) -> Any:
        y = x.T * 2.0 + 1.0
        return (y * y.T[:, :1].sum() + np.exp(x.T)).sum()

    x = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    slope = engine.grad(loss)
    found = [slope(x).tolist() for _ in range(4)]
    step = 1e-6
    for i, j in itertools.product(range(2), range(3)):
        more, less = x.copy(), x.copy()
        more[i, j] += step
        less[i, j] -= step
        wanted = (float(loss(more)) - float(loss(less))) / (2 * step)
        assert all(abs(one[i][j] - wanted) < 1e-6 * abs(wanted) + 1e-6 for one in found)
