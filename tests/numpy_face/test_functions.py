"""Functions of the namespace: each expression means what it means in NumPy."""

from __future__ import annotations

import warnings
from typing import Any

import numpy
import pytest
from numpy_comparison import same

import engine
import engine.numpy as np

EXPRESSIONS = """
np.arange(5); np.arange(2, 9, 3); np.arange(5, 0, -2); np.arange(0.0, 1.0, 0.3)
np.arange(3, dtype='float32'); np.arange(0); np.arange(np.int32(3))
np.linspace(0, 1, 5); np.linspace(0, 1, 4, endpoint=False); np.linspace(2, 3, 1)
np.linspace(0, 10, 6, dtype=int); np.linspace(v, v + 1, 3)
np.logspace(0, 2, 4); np.geomspace(1, 100, 3)
np.zeros((2, 3)); np.ones(3, 'int8'); np.full((2, 2), 7); np.full(3, 1.5, 'float32')
np.full((2, 3), v3); np.eye(3, 4, 1); np.identity(2); np.tri(3, 4, -1)
np.zeros_like(m); np.ones_like(m.T); np.full_like(i, 2.9); np.empty_like(m).shape
np.array([1, 2.5]); np.array([[1, 2], [3, 4]], order='F'); np.array(3.0)
np.array(5, ndmin=2); np.asarray(m, dtype='float32'); np.ascontiguousarray(m.T)
np.asfortranarray(m); np.array(m.T); np.copy(m.T)
np.indices((2, 3)); np.indices((2, 3), sparse=True); np.fromiter(range(4), int)
np.meshgrid(v3, i); np.meshgrid(v3, i, indexing='ij', sparse=True)
np.fromfunction(lambda a, b: a + b, (2, 3)); np.frombuffer(b'ab', 'uint8')
np.mgrid[0:3, 0:2]; np.ogrid[0:3, 0:2]; np.r_[1:4, 0, v3]; np.c_[v3, v3]
np.reshape(m, (4, 3)); np.ravel(m.T); np.transpose(c3); np.swapaxes(c3, 0, 2)
np.moveaxis(c3, 0, -1); np.moveaxis(c3, (0, 1), (-1, 0)); np.rollaxis(c3, 2)
np.expand_dims(m, (0, 3)); np.squeeze(m[:1]); np.atleast_1d(2.0); np.atleast_3d(m)
np.broadcast_to(v, (3, 4)); np.broadcast_arrays(m, v)
np.flip(m); np.flip(m, 1); np.fliplr(m); np.flipud(m); np.rot90(m); np.rot90(m, 3)
np.roll(m, 1); np.roll(m, (1, -2), (0, 1)); np.roll(m, 5, axis=1)
np.repeat(m, 2); np.repeat(m, [1, 0, 2], axis=0); np.tile(v, 2); np.tile(m, (2, 1, 2))
np.resize(v, (2, 3)); np.pad(m, 1); np.pad(m, ((1, 0), (0, 2)), constant_values=3)
np.pad(v, 2, 'edge'); np.pad(m, 2, 'reflect'); np.pad(m, 1, 'wrap')
np.pad(m, 1, 'symmetric')
np.concatenate([m, m]); np.concatenate([m, m], axis=1); np.concatenate([m, i], None)
np.concatenate((m.T, m.T)); np.stack([v, v], 1); np.vstack([v, v]); np.hstack([v, v])
np.dstack([m, m]); np.column_stack([v, v]); np.append(v, 1.0); np.append(m, m, 0)
np.block([[m, m], [m, m]]); np.split(m, 2, 1); np.split(v, [1, 3]); np.array_split(v, 3)
np.hsplit(m, 2); np.vsplit(m, 3); np.unstack(m)
np.diag(v3); np.diag(m[:, :3]); np.diag(v3, 1); np.diagonal(m, 1); np.diagflat(m)
np.tril(m); np.triu(m, 1); np.tril(c3); np.vander(v3, 3); np.trace(m); np.trace(c3)
np.sum(m); np.sum(m, 0); np.sum(m, (0, 1), keepdims=True); np.sum(i, dtype=float)
np.sum(b); np.sum(m, where=m > 3); np.sum(m, initial=5.0); np.sum(m.T, axis=0)
np.prod(i); np.prod(m, axis=1); np.max(m, 1); np.min(m, 0, keepdims=True)
np.max(m, initial=100.0); np.max(m, axis=0, initial=0.0, where=m > 5); np.amax(i)
np.argmax(m); np.argmax(m, 1); np.argmin(m, 0, keepdims=True); np.argmax(b)
np.any(b); np.all(b, 0); np.any(m > 5, axis=1, keepdims=True); np.count_nonzero(m > 2)
np.mean(m); np.mean(i, 0); np.mean(m, 1, keepdims=True); np.mean(m, where=m > 2)
np.var(m); np.var(m, 0, ddof=1); np.std(m, 1); np.var(z); np.var(m, correction=1)
np.std(m, axis=1, keepdims=True); np.var(m, where=m > 2); np.ptp(m); np.ptp(m, 0)
np.average(m); np.average(m, weights=m); np.average(m, axis=1, weights=v)
np.cumsum(m); np.cumsum(m, 1); np.cumprod(i + 1); np.cumsum(b); np.cumsum(i8)
np.median(m); np.median(m, 0); np.median(i); np.percentile(m, 30)
np.quantile(m, 0.25, axis=1); np.percentile(m, [10, 90]); np.median(m, 1, keepdims=True)
np.sort(v); np.sort(m, 0); np.sort(m, None); np.argsort(v); np.argsort(m, 1)
np.lexsort((v, v)); np.searchsorted(np.sort(v), 2.0); np.digitize(v, np.sort(v))
np.partition(v, 2)[2]; np.unique(i); np.unique(i, return_counts=True); np.bincount(i)
np.histogram(v, 3); np.nonzero(m > 3); np.flatnonzero(i); np.argwhere(m > 3)
np.where(m > 3, m, 0); np.where(m > 3); np.where(b[0], i[:4], v); np.where(True, 1, 2)
np.take(v, [0, -1]); np.take(m, [2, 0], axis=0); np.take(m, 1)
np.take(v, 7, mode='clip')
np.take(v, [5, -6], mode='wrap'); np.take_along_axis(m, np.argsort(m, 1), 1)
np.compress([True, False, True], m, axis=0); np.extract(m > 3, m)
np.choose(np.array([0, 1, 0]), [v3, v3 * 10]); np.delete(v, 1); np.delete(m, [0, 2], 1)
np.insert(v, 1, 9.0); np.select([v > 2, v > 1], [v, -v], 7)
np.piecewise(v, [v < 2, v >= 2], [lambda x: -x, 5.0]); np.ix_([0, 2], [1, 3])
np.unravel_index([3, 7], (3, 4)); np.ravel_multi_index(([0, 2], [1, 3]), (3, 4))
np.clip(m, 2, 5); np.clip(m, None, 5); np.clip(m, 3, None); np.clip(i, 1, 2.5)
np.clip(i8, -1000, 4); np.clip(m, v, v + 1); np.round(m / 7, 2); np.round(m / 7)
np.round(i * 77, -2); np.fix(v - 2.5); np.around(z, 1); np.real(z); np.imag(z)
np.angle(z); np.angle(v, deg=True); np.sinc(v); np.nan_to_num(bad); np.conj(z)
np.nan_to_num(bad, nan=1.0, posinf=2.0); np.isclose(m, m + 1e-9); np.allclose(m, m)
np.isclose(bad, bad, equal_nan=True); np.array_equal(m, m); np.array_equiv(v, m * 0 + v)
np.isreal(z); np.iscomplexobj(z); np.isrealobj(m); np.isposinf(bad); np.isneginf(bad)
np.isscalar(3.0); np.isscalar(m); np.diff(v); np.diff(m, 2, axis=0); np.diff(b)
np.diff(v, prepend=0.0); np.ediff1d(v); np.gradient(v); np.gradient(m, 2.0)
np.gradient(m, axis=0); np.interp([0.5, 1.5], v3, v3 * 2); np.convolve(v, v3)
np.convolve(v, v3, 'same'); np.convolve(v3, v, 'valid')
np.trim_zeros(np.array([0, 1, 0]))
np.matmul(m, m.T); m @ v; np.dot(v, v); np.dot(m, 2.0); np.dot(m, v); np.dot(c3, v)
np.vdot(z, z); np.inner(m, m); np.outer(v, v3); np.tensordot(c3, m, ([2], [1]))
np.tensordot(m, m); np.kron(v3, m); np.cross(v3, v3 + i[:3]); np.vecdot(m, m)
np.einsum('ij,kj->ik', m, m); np.einsum('ij,j', m, v); np.einsum('ii', m[:, :3])
np.einsum('ij->ji', m); np.einsum('ijk,ijk->i', c3, c3)
np.einsum('ij,jk,kl', m, m.T, m)
np.linalg.norm(v); np.linalg.norm(m, axis=1); np.linalg.norm(v, 1); np.linalg.norm(m, 2)
np.linalg.norm(v, np.inf); np.linalg.norm(m, 'fro', keepdims=True)
np.linalg.inv(sq); np.linalg.solve(sq, v3); np.linalg.det(sq)
np.linalg.matrix_power(sq, 3)
np.linalg.eigvalsh(sq + sq.T); np.linalg.multi_dot([m, m.T, m]); np.linalg.svdvals(sq)
np.fft.fft(v); np.fft.irfft(np.fft.rfft(v)); np.fft.fftshift(v3); np.fft.fftfreq(5)
np.fft.ifftshift(m); m.flat[3]; m.flat[2:5]; list(m.flat)[2]; m.tolist(); z.real; z.imag
m.ravel('F'); m.view('int64'); m[0].view('uint8'); i.astype(float); m.T.copy('K')
m.nbytes; m.itemsize; m.size; len(m); v[2].item(); m.dot(v); m.clip(2, 4); m.round(1)
m.take([1, 5]); m.repeat(2, 0); m.nonzero(); v.argsort(); m.trace()
m.sum(); m.mean(axis=0); m.std(); m.cumsum(); m.any(); m.swapaxes(0, 1); m.mT
3.0 in m; -1 in m; divmod(i, 3); abs(z); -v; +v; ~i; i << 2; i >> 1; i & 3; i | 8; i ^ 5
2 ** i; v ** 2; 2 / (v + 1); i // 2; i % 3; 7 // (i + 1); round(v[1]); pow(v, 2)
np.bool_(True) & b; np.float32(2) * i; np.float64(2) * np.float32(1) * v
np.result_type(i8, 3); np.can_cast('int8', 'int16'); np.promote_types('i4', 'f4')
np.broadcast_shapes((3, 1), (1, 4)); np.iinfo('int8').max; np.finfo(np.float32).eps
np.shape(m); np.ndim(v); np.size(m); np.size(m, 1); np.isfortran(m.T); np.iterable(v)
np.astype(i, float); np.shares_memory(m, m[1:]); np.shares_memory(m, v)
np.shares_memory(m[:, ::2], m[:, 1::2]); np.may_share_memory(m[:, ::2], m[:, 1::2])
np.nansum(bad[:2]); np.nanmax(bad[:3]); np.nanmin(bad[:2]); np.nanprod(bad[:2])
np.nanmean(bad[:2]); np.nanvar(m); np.nanstd(bad[:2]); np.nancumsum(bad[:2])
np.nanargmax(bad); np.nanargmin(bad); np.nancumprod(bad[:2]); np.nansum(i)
np.cumulative_sum(v); np.cumulative_sum(m, axis=1, include_initial=True)
np.cumulative_prod(v, include_initial=True); np.cov(m); np.cov(v, v * 2); np.corrcoef(m)
np.cov(m, rowvar=False, bias=True); np.trapezoid(v); np.trapezoid(m, v, axis=1)
np.isin(i, [1, 3]); np.union1d(i, i8); np.intersect1d(i, [3, 7]); np.setdiff1d(i, [3])
np.setxor1d(i, [3, 9]); np.diag_indices(3); np.tril_indices(3); np.triu_indices_from(sq)
np.sort(np.unique_values(i)); np.unique_counts(i).counts
np.pi; np.e; np.inf; np.newaxis; np.float64; np.s_[1:2]; np.isnan(np.nan)
"""
CASES = [
    part.strip()
    for line in EXPRESSIONS.strip().splitlines()
    for part in line.split(";")
    if part.strip()
]


def operands() -> dict[str, numpy.ndarray]:
    return {
        "m": numpy.arange(12.0).reshape(3, 4)[:, ::-1].copy() * 0.75,
        "c3": numpy.arange(24.0).reshape(2, 3, 4),
        "v": numpy.array([3.0, 1.0, 2.5, 0.5]),
        "v3": numpy.array([1.0, 2.0, 4.0]),
        "i": numpy.array([3, 0, 2, 3, 1]),
        "i8": numpy.array([-5, 3, 100], "int8"),
        "b": numpy.array([[True, False, True, True], [False, False, True, True]]),
        "z": numpy.array([1 + 2j, -0.5j, 3.25]),
        "bad": numpy.array([1.0, numpy.nan, numpy.inf, -numpy.inf]),
        "sq": numpy.array([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.5, 1.0, 5.0]]),
    }


@pytest.mark.parametrize("expression", CASES)
def test_an_expression_means_the_same_as_in_numpy(expression: str) -> None:
    plain = operands()
    with engine.config(tier="numpy"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = eval(expression, {"np": numpy, **plain})
        lazy = {name: np.array(x) for name, x in plain.items()}
        found = eval(expression, {"np": np, **lazy})
        compare(expected, found)


def compare(expected: Any, found: Any) -> None:
    """Equal in kind, dtype, shape, layout and value."""
    if isinstance(expected, (tuple, list)):
        assert type(found) is type(expected) or isinstance(found, (tuple, list))
        assert len(found) == len(expected)
        for one, two in zip(expected, found, strict=True):
            compare(one, two)
    elif isinstance(expected, (numpy.ndarray, numpy.generic)):
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        array = numpy.asarray(found)
        assert same(numpy.asarray(expected), array), (expected, array)
        if isinstance(found, np.ndarray):
            assert found.scalar == isinstance(expected, numpy.generic)
    else:
        assert found == expected or (found is expected)


def test_functions_take_python_lists() -> None:
    assert np.sum([[1, 2], [3, 4]], axis=0).tolist() == [4, 6]
    assert np.exp([0.0]).tolist() == [1.0]
    assert np.array([np.float64(1.5), np.arange(3)[2]]).tolist() == [1.5, 2.0]


def test_writes_through_functions() -> None:
    x = np.arange(6.0)
    np.put(x, [0, -1], [9.0, 8.0])
    np.copyto(x[1:3], 7.0)
    np.putmask(x, x == 3, -1.0)
    np.place(x, x == 4, [5.5])
    assert x.tolist() == [9.0, 7.0, 7.0, -1.0, 5.5, 8.0]
    y = np.zeros((3, 3))
    np.fill_diagonal(y, [1.0, 2.0, 3.0])
    np.put_along_axis(y, np.array([[1], [0], [0]]), 5.0, 1)
    assert y.tolist() == [[1.0, 5.0, 0.0], [5.0, 2.0, 0.0], [5.0, 0.0, 3.0]]


def test_place_refuses_what_is_read_only_though_it_writes_nothing() -> None:
    x = np.zeros(3)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        np.place(x, x > 0, 1)


def test_out_of_reductions() -> None:
    x, out = np.arange(6.0).reshape(2, 3), np.zeros(3)
    assert np.sum(x, axis=0, out=out) is out
    assert out.tolist() == [3.0, 5.0, 7.0]
    np.matmul(x, x.T, out=(square := np.zeros((2, 2))))
    assert square.tolist() == [[5.0, 14.0], [14.0, 50.0]]
    with pytest.raises(ValueError, match="shape"):
        np.sum(x, axis=1, out=out)


def test_every_name_is_one_that_numpy_has() -> None:
    extra = {"FallbackWarning", "from_numpy"}
    assert not [
        name for name in np.__all__ if not hasattr(numpy, name) and name not in extra
    ]


def test_a_missing_name_says_what_is_near() -> None:
    with pytest.raises(AttributeError, match="the nearest is 'arange'"):
        np.arrange  # noqa: B018
    with pytest.raises(AttributeError, match=r"not provided, as .* no records or text"):
        np.recarray  # noqa: B018
    with pytest.raises(AttributeError, match=r"engine.numpy.linalg.*nearest is 'norm'"):
        np.linalg.norms  # noqa: B018
    with pytest.raises(AttributeError, match=r"engine.numpy.random.*is 'normal'"):
        np.random.nomal  # noqa: B018
    with pytest.raises(AttributeError, match=r"engine.numpy.fft.*nearest is 'rfft'"):
        np.fft.rft  # noqa: B018


def test_a_keyword_that_is_not_supported_raises() -> None:
    with pytest.raises(TypeError):
        np.sum(np.ones(2), nonsense=True)
    with pytest.raises(TypeError, match="no such options"):
        np.matmul(np.eye(2), np.eye(2), axes=[(0, 1)])


def test_masks_of_masked_arrays_are_not_lost_in_silence() -> None:
    masked = numpy.ma.masked_array([1.0, 2.0, 3.0], [False, True, False])
    for use in (np.mean, np.exp, lambda m: np.ones(3) + m, lambda m: np.dot(m, m)):
        with pytest.raises(TypeError, match=r"masks 1 of 3 elements.*x\.filled"):
            use(masked)
    assert np.array(masked).tolist() == numpy.array(masked).tolist()
    assert float(np.mean(numpy.ma.masked_array([1.0, 3.0]))) == 2.0
