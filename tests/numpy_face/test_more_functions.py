"""Polynomials, windows, histograms, quantiles without NaN, files, and the like."""

from __future__ import annotations

import errno
import io
import warnings
from pathlib import Path
from typing import Any

import mpmath
import numba
import numpy
import pytest
import scipy.special
from test_functions import compare, operands

import engine
import engine.numpy as np
from engine.numpy import compiled_loops

EXPRESSIONS = """
np.hanning(7); np.hanning(1); np.hanning(0); np.hamming(6); np.blackman(5)
np.bartlett(8); np.bartlett(1); np.bartlett(-2); np.kaiser(6, 8.6); np.kaiser(1, 2.0)
np.i0(m); np.i0(3); np.i0(np.array([0.5, 30], 'float32')); np.i0(b)
np.poly(v); np.poly([1j, -1j]); np.poly([[1, 2], [3, 4.0]]); np.poly(np.zeros(0))
np.roots([1, -3, 2]); np.roots(v); np.polyval(v, m); np.polyval([1, 2], 3)
np.polyval([], m); np.polyval(i, bad); np.polyadd(v, v3); np.polyadd([1], i)
np.polysub(v3, v); np.polymul([0, 1, 2], v); np.polymul([0], [0]); np.polymul(z, v3)
np.polydiv(v, v3); np.polydiv(v3, v); np.polydiv([1, 3, 2], [1, 1]); np.polydiv(z, [1j])
np.polyder(v); np.polyder(i, 2); np.polyder(v, 0); np.polyder([1.0], 3); np.polyint(v)
np.polyint(i, 2, [3, 4]); np.polyint(v, 2, 5); np.polyfit(v, v * v - 1, 2)
np.polyfit(v, m.T, 1); np.polyfit(v, v * v, 1, w=v, cov=True)
np.polyfit(v, m.T, 1, cov='unscaled'); np.polyfit(v, v * v, 2, full=True)
np.poly1d([0, 0, 1, 2]).coeffs; np.poly1d(v, True).c; np.poly1d(v)(m)
(np.poly1d(v) * np.poly1d(v3)).coef; (np.poly1d(v) + 1).coeffs; (2 - np.poly1d(v)).c
(np.poly1d(v) ** 2).c; (np.poly1d(v) / np.poly1d(v3))[1].c; (np.poly1d(v) / 2).c
np.poly1d(v).deriv(2).c; np.poly1d(v).integ(k=2).c; np.poly1d(v)[1]; np.poly1d(v).order
np.poly1d(v)(np.poly1d([1, 1])).c; str(np.poly1d([1, 2])); repr(np.poly1d([1.0, -2]))
bool(np.poly1d(v) == np.poly1d(v)); bool(np.poly1d(v) != np.poly1d(v3))
np.poly1d([1, 3, 2]).r
len(np.poly1d(v)); list(np.poly1d(i)); (-np.poly1d(v)).c
np.correlate(v, v3); np.correlate(v3, v, 'same'); np.correlate(z, v, 'full')
np.correlate(v3, v, 2); np.correlate([1], [2]); np.convolve(v, 2.0);
np.convolve(z, v, 1)
np.unwrap(m); np.unwrap(m * 7, axis=0); np.unwrap([0, 1, 2, -1, 0], period=4)
np.unwrap([1, 2, 3, 0, 1], period=3); np.unwrap(v * 5, 2.0, period=4.0)
np.unwrap(np.array([1, 9], 'float32'))
np.nanmedian(bad); np.nanmedian(bad[:2]); np.nanmedian(m, 0); np.nanmedian(i)
np.nanmedian(m, (0, 1)); np.nanmedian(m, 1, keepdims=True); np.nanmedian(b)
np.nanquantile(bad[:3], 0.25); np.nanquantile(m, 0.7, axis=1); np.nanquantile(i, 1)
np.nanquantile(m, [0.2, 0.5]); np.nanpercentile(bad[:3], 60.0, method='lower')
np.nanpercentile(m, 30.0, 0, keepdims=True); np.nanquantile(np.nan * v, 0.5)
np.quantile(m, [0.25, 0.7], axis=1); np.percentile(m, (0, 100))
np.quantile(np.float32(1) * v, [[0.1, 0.9]], keepdims=True); np.percentile(i, [25, 50])
np.quantile(i, [0, 1]); np.quantile(v, []); np.percentile(bad, np.array([10.0, 90]))
np.median(np.array([1.0, np.inf])); np.quantile(i, 0); np.quantile(bad[2:], 0.5)
np.nanmax(bad[:3], initial=-1.0); np.nansum(bad[:2], where=[True, False])
np.nanmean(bad[:3], where=[True, True, False]); np.nanvar(m, correction=1)
np.nanargmax(m, 1, keepdims=True); np.nanargmin(bad[:2])
np.cov(m, ddof=0); np.cov(m, fweights=[1, 2, 1, 3]); np.cov(m.T, aweights=v3, ddof=2)
np.cov(np.float32(1) * m[0]); np.cov(v, z[:1] * v); np.cov(m, dtype='float32')
np.corrcoef(m, rowvar=False); np.corrcoef(z * v3, dtype='complex64')
np.einsum('...i,...i->...', m, v); np.einsum('i...->...', c3);
np.einsum('ij,jk', m, m.T)
np.einsum(m, [0, 1], v, [1], [0]); np.einsum('ij,jk,kl->il', m, m.T, m, optimize=True)
np.einsum('ij,jk,kl->il', m, m.T, m, optimize='optimal'); np.einsum('i,i', i, i)
np.einsum('...,...', m, m[:1]); np.einsum_path('ij,jk,kl', m, m.T, m)[0]
np.einsum(m, [0, ...], m, [0, ...]); np.einsum('ij->ji', m, optimize='greedy')
np.trim_zeros(np.pad(m, 2)); np.trim_zeros(np.pad(m, 1), 'f', 1); np.trim_zeros(m * 0)
np.clip(m, min=2); np.clip(m, max=3); np.clip(m); np.clip(m, 2, 5, dtype='float32')
np.clip(i, 1, 2, where=[True] * 5) * 0
np.unique(i, True); np.unique(m > 2, axis=0); np.unique(bad, return_inverse=True)
np.apply_along_axis(lambda x: x.sum(), 0, m); np.apply_along_axis(np.sort, 1, m)
np.apply_along_axis(lambda x: np.diag(x), -1, m); np.apply_along_axis(np.ptp, 1, c3)
np.apply_along_axis(lambda x: x[:2], 1, c3); np.apply_over_axes(np.sum, c3, [0, 2])
np.apply_over_axes(lambda x, axis: np.cumsum(x, axis), m, 1)
np.vectorize(lambda x, y: x if x > y else y)(m, 3); np.vectorize(abs, otypes='f')(m)
np.vectorize(lambda x: (x, -x))(i); np.vectorize(lambda x, k=1: x * k)(v, k=3)
np.vectorize(lambda x: x.sum(), signature='(n)->()')(m)
np.vectorize(lambda x, y: x + len(y), excluded={1})(v, [1, 2])
np.vectorize(otypes=[float])(lambda x: x + 1)(i)
np.histogram(v, [0, 1, 4]); np.histogram(v, weights=v, density=True)
np.histogram_bin_edges(m, 'auto'); np.histogram2d(v, v * 2, 3)
np.histogramdd(m[:, :2], 2)
np.packbits(b); np.packbits(b, axis=1, bitorder='little'); np.packbits(b, 0)
np.unpackbits(np.array([7, 200], 'uint8')); np.sort_complex(v); np.sort_complex(z)
np.sort_complex(i8); np.real_if_close(z); np.real_if_close(z.real + 1e-15j)
np.real_if_close(z, 5); np.real_if_close(v); np.mask_indices(3, np.triu)
np.mask_indices(4, np.tril, -1); np.require(m.T, requirements='C')
np.require(m, 'float32', ['F', 'W', 'O']);
np.require(np.broadcast_to(v, (2, 4)), None, 'W')
np.broadcast(m, v).shape; np.broadcast(i, 2).size; list(np.broadcast(m[:, :1], v))[5]
np.broadcast(m, v, 1).numiter; np.broadcast(c3).nd
np.base_repr(9, 3); np.binary_repr(-3, 5); np.format_float_positional(0.1 + 0.2)
np.format_float_scientific(1234.5, 3); np.typename('d'); np.mintypecode('df')
np.True_; np.long; np.longdouble; np.typecodes['Float']; np.ScalarType[0]
np.zeros(2, np.longdouble) + 1; np.fromstring('1 2 3', sep=' ')
np.emath.sqrt(-v); np.emath.sqrt(v); np.emath.log(-v); np.emath.log2(i8)
np.emath.log10(np.array([-1, 2], 'float32')); np.emath.logn(2, -v);
np.emath.power(-v, 2)
np.emath.power(2, [-1, 2]); np.emath.power(-2, 0.5); np.emath.arccos(v);
np.emath.arcsin(2)
np.emath.arctanh(m); np.emath.arccos(v / 4); np.emath.sqrt(z); np.emath.sqrt(-3)
np.linalg.tensorsolve(np.eye(6).reshape(2, 3, 6) * 2, m[:2, :3])
np.linalg.tensorsolve(np.eye(6).reshape(6, 2, 3) * 2, m[:2, :3], axes=(0,))
np.linalg.tensorinv(np.eye(24).reshape(4, 6, 8, 3) * 2)
np.linalg.tensorinv(np.eye(6).reshape(6, 2, 3), ind=1); np.linalg.diagonal(c3, offset=1)
np.linalg.trace(c3); np.linalg.matrix_transpose(c3); np.linalg.outer(v, v3)
np.linalg.cross(v3, i[:3]); np.linalg.tensordot(c3, m, axes=([2], [1]))
np.linalg.pinv(m, rtol=1e-3); np.linalg.matrix_rank(m, rtol=1e-3)
np.ndarray.dot(m, v); m.partition(1) is None; m.searchsorted is not None
"""
CASES = [
    part.strip()
    for line in EXPRESSIONS.strip().splitlines()
    for part in line.split(";")
    if part.strip()
]


@pytest.mark.parametrize("expression", CASES)
def test_an_expression_means_the_same_as_in_numpy(expression: str) -> None:
    plain = operands()
    with engine.config(tier="numpy"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = eval(expression, {"np": numpy, **plain})
        lazy = {name: np.array(x) for name, x in plain.items()}
        compare(expected, eval(expression, {"np": np, **lazy}))


ERRORS = """
np.poly(c3); np.polyder(v, -1); np.polyint(v, -1); np.polyint(v, 3, [1, 2])
np.polyfit(v, v, -1); np.polyfit(m, v, 1); np.polyfit(v[:0], v[:0], 1)
np.polyfit(v, c3, 1); np.polyfit(v, v3, 1); np.polyfit(v, v, 1, w=m)
np.polyfit(v, v, 4, cov=True); np.polydiv([], v); np.poly1d(m); np.poly1d(v) ** -1
np.poly1d(v) ** 0.5; np.correlate(m, v); np.correlate(v, v, 'x'); np.correlate(2.0, v)
np.convolve(v, v, 3); np.i0(z); np.nanargmax(np.nan * v); np.nanquantile(v, 1.5)
np.nanargmin(m, (0,)); np.argmax(m, (0, 1)); np.cumsum(m, (0,)); np.sum(v[0], (0,))
np.cov(c3); np.cov(m, fweights=v); np.cov(m, aweights=-v); np.cov(m, aweights=v3)
np.clip(m, a_min=1); np.trim_zeros(v, 'x'); np.einsum();
np.einsum('ij', v)
np.apply_along_axis(np.sum, 1, m[:, :0].T);
np.apply_over_axes(lambda x, k: x[0, 0], c3, 0)
np.require(v, None, 'CF'); np.require(v, None, ['C', 'F']); np.require(v, None, 'Q')
np.fromstring('1 x', sep=' '); np.loadtxt(['1 x'])
np.linalg.tensorsolve(m, v3); np.linalg.tensorinv(c3, 0); np.linalg.tensorinv(c3)
np.linalg.outer(m, v); np.linalg.matrix_transpose(v);
np.quantile(b, 0.5); np.diff(v, prepend=None)
np.packbits(v); np.unpackbits(i); np.vectorize(lambda x: x)(); np.broadcast(v, v3)
"""
REFUSED = [
    part.strip()
    for line in ERRORS.strip().splitlines()
    for part in line.split(";")
    if part.strip()
]


@pytest.mark.parametrize("expression", REFUSED)
def test_what_numpy_refuses_is_refused_with_its_class(expression: str) -> None:
    plain = operands()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as expected:
            eval(expression, {"np": numpy, **plain})
        with pytest.raises(Exception) as found:
            eval(
                expression,
                {"np": np, **{name: np.array(x) for name, x in plain.items()}},
            )
    one, two = expected.type, found.type
    assert issubclass(one, two) or issubclass(two, one), (expected, found)


# -- accuracy and gradients -----------------------------------------------------------
def test_the_bessel_function_is_right_to_a_few_ulp() -> None:
    x = numpy.concatenate([numpy.linspace(0, 30, 61), [8.0, 8.0001, 100.0, 700.0]])
    exact = numpy.array([float(mpmath.besseli(0, mpmath.mpf(float(t)))) for t in x])
    found = np.i0(np.array(x)).computed()
    assert (abs(found - exact) <= 4 * numpy.spacing(exact)).all()


def test_the_slope_of_the_bessel_function_is_the_next_one() -> None:
    x = numpy.array([0.0, 0.5, -3.0, 8.0, 9.0, 30.0])
    lazy = np.array(x).requires_grad_()
    np.i0(lazy).sum().backward()
    numpy.testing.assert_allclose(lazy.grad.computed(), scipy.special.i1(x), rtol=1e-13)


SMOOTH: dict[str, Any] = {
    "polyval": lambda m, x: m.polyval(x, 1.5),
    "polymul": lambda m, x: m.polymul(x, x[:3]),
    "polyder": lambda m, x: m.polyder(x, 2),
    "polyint": lambda m, x: m.polyint(x),
    "poly": lambda m, x: m.poly(x),
    "polydiv": lambda m, x: m.polydiv(x, x[:2])[0],
    "correlate": lambda m, x: m.correlate(x, x[1:], "full"),
    "unwrap": lambda m, x: m.unwrap(x * 9),
    "interp at": lambda m, x: m.interp(x, [0.0, 1.0, 2.0], [1.0, 3.0, -1.0], left=7.0),
    "interp of": lambda m, x: m.interp([-1.0, 0.1, 1.9, 3, 4], [0.0, 1, 2, 3], x),
    "interp between": lambda m, x: m.interp([0.5, 1.2], m.cumsum(x), x, right=0.0),
    "kaiser": lambda m, x: m.kaiser(5, x[0]) if m is np else m.kaiser(5, float(x[0])),
    "nanmedian": lambda m, x: m.nanmedian(x),
    "nanquantile": lambda m, x: m.nanquantile(x, 0.3),
    "quantiles": lambda m, x: m.quantile(x, [0.2, 0.9]),
    "cov": lambda m, x: m.cov(x.reshape(2, 2)),
    "cov of weights": lambda m, x: m.cov(x, aweights=[1.0, 2.0, 0.5, 1.0]),
    "corrcoef": lambda m, x: m.corrcoef(x, x[::-1] ** 2),
    "einsum": lambda m, x: m.einsum("...i,...i->...", x.reshape(2, 2), x[:2]),
    "optimized": lambda m, x: m.einsum(
        "i,ij,j", x[:2], x.reshape(2, 2), x[2:], optimize=True
    ),
    "apply_along_axis": lambda m, x: m.apply_along_axis(
        lambda r: (r * r).sum(), 1, x.reshape(2, 2)
    ),
    "emath": lambda m, x: abs(m.emath.sqrt(-x)),
    "tensorsolve": lambda m, x: m.linalg.trace(x.reshape(2, 2)),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    function, x = SMOOTH[name], numpy.array([0.75, 1.5, 0.25, 2.5])
    lazy = np.array(x).requires_grad_()
    with engine.config(tier="numpy"):
        (function(np, lazy) * 1.0).sum().backward()
    step = 1e-6
    for k in range(x.size):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[k] += sign * step
            ends.append(float(numpy.sum(function(numpy, moved))))
        slope = (ends[0] - ends[1]) / (2 * step)
        assert float(lazy.grad[k]) == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_interpolation_with_gradients_gives_numpys_values() -> None:
    places, samples = (
        numpy.array([0.0, 1.0, 1.0, 3.0]),
        numpy.array([2.0, -1.0, 4.0, 0.5]),
    )
    x = numpy.array([[-1.0, 0.0, 0.25, 1.0], [2.0, 3.0, 3.5, numpy.nan]])
    for options in ({}, {"left": 9.0, "right": -9.0}):
        expected = numpy.interp(x, places, samples, **options)
        lazy = np.array(samples).requires_grad_()
        found = np.interp(np.array(x), places, lazy, **options)
        numpy.testing.assert_allclose(found.computed(), expected)
        assert found.dtype == expected.dtype
        assert found.requires_grad


def test_new_functions_stay_lazy() -> None:
    x = np.arange(6.0)
    engine.reset_stats()
    made = [
        np.polyval(x, x),
        np.polyadd(x, x[:2]),
        np.correlate(x, x[:3]),
        np.unwrap(x),
        np.kaiser(5, x[1]),
        np.cov(x.reshape(2, 3)),
        np.einsum("...i,i", x.reshape(2, 3), x[:3], optimize=True),
        np.apply_along_axis(np.sum, 0, x.reshape(2, 3)),
    ]
    assert engine.stats()["synchronisations"] == 0
    engine.eval(*made)


def test_what_numpy_computes_refuses_gradients() -> None:
    x = np.arange(4.0).requires_grad_()
    for call in (
        lambda: np.roots(x),
        lambda: np.polyfit(x, x, 1),
        lambda: np.histogram([1, 2, 3, 4], weights=x),
        lambda: np.vectorize(abs)(x),
    ):
        with pytest.raises(TypeError, match="detach"):
            call()


def test_an_array_that_numpy_returns_twice_is_one_array() -> None:
    rows, columns = np.diag_indices(3)
    rows[0] = 7
    assert rows is columns  # so that nothing takes one's memory for free of the other
    assert columns.tolist() == [7, 1, 2]


def test_numpys_functions_of_engine_arrays_are_these() -> None:
    x = np.arange(1.0, 5.0).requires_grad_()
    found = [
        numpy.polyval(x, 2.0),
        numpy.unwrap(x * 3),
        numpy.nanmedian(x),
        numpy.emath.sqrt(x),
        numpy.einsum("...i,i", x, x),
        numpy.linalg.diagonal(x.reshape(2, 2)),
        numpy.apply_along_axis(np.cumsum, 0, x),
    ]
    assert all(type(one) is np.ndarray and one.requires_grad for one in found)


def test_functions_that_numba_compiled_are_looped_over_by_compiled_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def plain(x: float, y: float) -> float:
        return x - y if x > y else y * 2.0

    x = numpy.random.default_rng(0).normal(size=(2, 50)).astype("float32")
    expected = numpy.vectorize(plain)(x, 0.25)
    monkeypatch.setattr(compiled_loops, "WORTH", 100)
    monkeypatch.setattr(numpy.vectorize, "__call__", None)  # not this one's loop
    found = np.vectorize(numba.njit(plain))(np.array(x), 0.25)
    assert found.dtype == expected.dtype == numpy.float64
    assert found.tolist() == expected.tolist()
    with pytest.raises(ZeroDivisionError):
        np.vectorize(numba.njit(lambda k: 1 // k))(np.arange(100)[::-1])


# -- files ----------------------------------------------------------------------------
def test_arrays_are_saved_and_loaded(tmp_path: Path) -> None:
    x = np.arange(6).reshape(2, 3) * 1.5
    np.save(tmp_path / "x.npy", x)
    assert numpy.load(tmp_path / "x.npy").tolist() == x.tolist()
    assert type(np.load(tmp_path / "x.npy")) is np.ndarray
    np.savez(tmp_path / "some.npz", x, y=x[0])
    np.savez_compressed(tmp_path / "less.npz", x, y=x[0])
    for name in ("some.npz", "less.npz"):
        with np.load(tmp_path / name) as found:
            assert sorted(found.files) == ["arr_0", "y"]
            assert found["arr_0"].tolist() == x.tolist()
            assert {key: type(y) for key, y in found.items()} == {
                "arr_0": np.ndarray,
                "y": np.ndarray,
            }
            assert len(found) == 2


def test_a_mapped_file_is_shared(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(4.0))
    x = np.load(tmp_path / "x.npy", mmap_mode="r+")
    x[1] = 7.0
    assert x.tolist() == [0.0, 7.0, 2.0, 3.0]
    del x
    assert np.load(tmp_path / "x.npy").tolist() == [0.0, 7.0, 2.0, 3.0]
    still = np.load(tmp_path / "x.npy", mmap_mode="r")
    with pytest.raises(ValueError, match="read-only"):
        still[0] = 1.0


@pytest.mark.parametrize("call", ["load", "fromfile", "save", "savetxt"])
def test_errors_about_files_say_which_and_why(call: str, tmp_path: Path) -> None:
    name = str(tmp_path / "missing" / "x.npy")
    given = (np.ones(2),) if call.startswith("save") else ()
    with pytest.raises(FileNotFoundError, match=f"{call}: No such file") as caught:
        getattr(np, call)(name, *given)
    error = caught.value
    assert (error.errno, error.filename) == (errno.ENOENT, name)
    assert "test_more_functions.py" in str(error)


def test_no_pickle_is_loaded_by_default() -> None:
    file = io.BytesIO()
    numpy.save(file, numpy.array([{}], dtype=object), allow_pickle=True)
    file.seek(0)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        np.load(file)


def test_text_files_hold_numbers(tmp_path: Path) -> None:
    x = np.arange(6).reshape(2, 3) / 4
    np.savetxt(tmp_path / "x.txt", x, fmt="%.3f", header="numbers")
    assert (tmp_path / "x.txt").read_text().startswith("# numbers\n0.000 0.250")
    assert np.loadtxt(tmp_path / "x.txt").tolist() == x.tolist()
    first, last = np.loadtxt(tmp_path / "x.txt", usecols=(0, 2), unpack=True)
    assert (first.tolist(), last.tolist()) == ([0.0, 0.75], [0.5, 1.25])
    x.tofile(str(tmp_path / "x.raw"))
    assert np.fromfile(str(tmp_path / "x.raw")).tolist() == x.ravel().tolist()


MISSING = """
['1,2', '3,', '5,6'], delimiter=','
['1,2', '3,', '5,6'], delimiter=',', filling_values=-1, dtype=int
['a b', '1 2', '3 4'], skip_header=1, unpack=True
['1 2 3'], usecols=(0, 2)
['1 2', '3']
""".strip().split("\n")


@pytest.mark.parametrize("call", MISSING)
def test_text_with_missing_numbers_is_read_as_by_numpy(call: str) -> None:
    try:
        want = eval(f"genfromtxt({call})", {"genfromtxt": numpy.genfromtxt})
    except ValueError:
        with pytest.raises(ValueError, match="genfromtxt: Some errors were detected"):
            eval(f"genfromtxt({call})", {"genfromtxt": np.genfromtxt})
        return
    have = eval(f"genfromtxt({call})", {"genfromtxt": np.genfromtxt})
    assert have.dtype == want.dtype
    numpy.testing.assert_array_equal(numpy.asarray(have), want)


@pytest.mark.parametrize("options", [{"names": True}, {"usemask": True}], ids=str)
def test_text_with_records_or_a_mask_is_an_array_of_numpys(
    options: dict[str, Any],
) -> None:
    found = np.genfromtxt(["a b", "1 2", "3 4"], **options)
    assert isinstance(found, numpy.ndarray)


def test_an_ellipsis_as_out_gives_arrays_where_scalars_would_come() -> None:
    """As NumPy 2.3 and later do."""
    scalar = np.array([1.5])[0]
    for made in (np.add(scalar, 2, out=...), *np.modf(scalar, out=...)):
        assert not made.scalar
        assert made.shape == ()
    assert np.add(scalar, 2, out=...) == 3.5
    assert np.add(np.ones(2), 2, out=...).tolist() == [3.0, 3.0]


def test_places_of_masks_take_what_numpy_takes() -> None:
    for module in (numpy, np):
        for function in (module.putmask, module.place):
            x = module.zeros(3, "u1")
            with pytest.raises(OverflowError, match="out of bounds for uint8"):
                function(x, x < 1, [-1] if function is module.place else -1)
            y = module.zeros(3, "i1")
            with pytest.raises(TypeError, match="according to the rule 'safe'"):
                function(y, y < 1, module.arange(3) * 100.5)
            function(y, y < 1, [1.5, 2.5, 3.5])
            assert y.tolist() == [1, 2, 3] and x.tolist() == [0, 0, 0]
        z = module.zeros(4, "float32")
        module.putmask(z, z < 1, numpy.float64(1.5))
        module.putmask(z, z > 1, [])
        assert z.tolist() == [1.5] * 4
        assert module.tri(-3).shape == (0, 0)
        assert module.tri(3, -4).shape == (3, 0)
        assert module.tri(0.5).tolist() == [[1.0]]
        x = module.ones((2, 2))
        module.fill_diagonal(x, ())
        assert x.tolist() == [[1.0, 1.0], [1.0, 1.0]]
