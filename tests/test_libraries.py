"""Other libraries take Engine arrays: SciPy, scikit-learn, xarray, einops and more.

Each test does what a user of the library does, and compares with what the library makes
of NumPy arrays. The extra `libraries` has them; what is not installed is skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np

RANDOM = numpy.random.default_rng(0)
POINTS = RANDOM.standard_normal((40, 3))


def close(got: Any, want: Any, tolerance: float = 1e-9) -> bool:
    return numpy.allclose(numpy.asarray(got), want, tolerance, tolerance)


def run(program: str, **environment: str) -> None:
    """Run a program in a process of its own: libraries read the environment once."""
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


SCIPY = """
import numpy, scipy.special, scipy.stats, scipy.integrate, scipy.linalg
import engine.numpy as np

x = numpy.linspace(0.1, 4.0, 20)
mine = np.asarray(x)
def same(got, want):
    assert isinstance(got, np.ndarray), type(got)
    assert numpy.allclose(numpy.asarray(got), want, 1e-12, 1e-12)

same(scipy.special.logsumexp(mine), scipy.special.logsumexp(x))
same(scipy.special.softmax(mine), scipy.special.softmax(x))
same(scipy.special.xlogy(mine, mine), scipy.special.xlogy(x, x))
same(scipy.special.entr(mine), scipy.special.entr(x))
same(scipy.special.gammaln(mine), scipy.special.gammaln(x))
same(scipy.stats.zscore(mine), scipy.stats.zscore(x))
same(scipy.stats.skew(mine), scipy.stats.skew(x))
same(scipy.stats.kurtosis(mine), scipy.stats.kurtosis(x))
same(scipy.stats.gmean(mine), scipy.stats.gmean(x))
same(scipy.stats.pearsonr(mine, mine * mine).statistic,
     scipy.stats.pearsonr(x, x * x).statistic)
same(scipy.integrate.trapezoid(mine * mine, mine), scipy.integrate.trapezoid(x * x, x))
sums = scipy.integrate.cumulative_trapezoid
same(sums(mine), sums(x))
assert scipy.integrate.simpson(mine, x=mine) == scipy.integrate.simpson(x, x=x)
"""


def test_scipy_computes_with_engine_arrays() -> None:
    pytest.importorskip("scipy", minversion="1.15")
    pytest.importorskip("array_api_compat")
    run(SCIPY, SCIPY_ARRAY_API="1")


def test_scipy_minimizes_with_engine_gradients() -> None:
    optimize = pytest.importorskip("scipy.optimize")

    def rosenbrock(x: Any) -> Any:
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    derivative = engine.value_and_grad(rosenbrock)

    def value(x: Any) -> Any:
        loss, slope = derivative(np.asarray(x))
        return float(loss), numpy.asarray(slope)

    start = numpy.array([1.3, 0.7, 0.8, 1.9, 1.2])
    result = optimize.minimize(value, start, method="L-BFGS-B", jac=True)
    assert result.success and close(result.x, numpy.ones(5), 1e-4)
    direct = optimize.minimize(derivative, start, method="BFGS", jac=True)
    assert close(direct.x, numpy.ones(5), 1e-4)


def test_scipy_sparse_matrices_and_solvers_take_engine_arrays() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    linalg = pytest.importorskip("scipy.linalg")
    interpolate = pytest.importorskip("scipy.interpolate")
    signal = pytest.importorskip("scipy.signal")
    matrix = sparse.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(9, 9))
    x = np.linspace(0.0, 1.0, 9)
    plain = numpy.linspace(0.0, 1.0, 9)
    assert close(matrix @ x, matrix @ plain)
    assert close(
        linalg.solve(matrix.toarray(), x), linalg.solve(matrix.toarray(), plain)
    )
    spline = interpolate.CubicSpline(x, np.sin(x))
    assert close(spline(0.3), interpolate.CubicSpline(plain, numpy.sin(plain))(0.3))
    assert close(signal.convolve(x, x), numpy.convolve(plain, plain))


def test_scikit_learn_fits_engine_arrays() -> None:
    sklearn = pytest.importorskip("sklearn")
    pytest.importorskip("array_api_compat")
    program = f"""
import numpy, sklearn
from sklearn.preprocessing import MinMaxScaler, MaxAbsScaler, Normalizer
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import r2_score, accuracy_score, mean_squared_error
import engine.numpy as np

X = numpy.array({POINTS.tolist()!r})
y = X @ numpy.array([1.0, -2.0, 0.5]) + 0.25
labels = (y > 0).astype(int)
E, f, g = np.asarray(X), np.asarray(y), np.asarray(labels)
def same(got, want, kind=np.ndarray):
    assert isinstance(got, kind), type(got)
    assert numpy.allclose(numpy.asarray(got), want, 1e-8, 1e-8)

with sklearn.config_context(array_api_dispatch=True):
    same(MinMaxScaler().fit_transform(E), MinMaxScaler().fit_transform(X))
    same(MaxAbsScaler().fit_transform(E), MaxAbsScaler().fit_transform(X))
    same(Normalizer().fit_transform(E), Normalizer().fit_transform(X))
    mine, theirs = PCA(2, svd_solver="full").fit(E), PCA(2, svd_solver="full").fit(X)
    same(abs(mine.components_), abs(theirs.components_))
    same(mine.explained_variance_, theirs.explained_variance_)
    same(Ridge(solver="svd").fit(E, f).coef_, Ridge(solver="svd").fit(X, y).coef_)
    model = LinearDiscriminantAnalysis().fit(E, g)
    same(model.predict(E), LinearDiscriminantAnalysis().fit(X, labels).predict(X))
    assert abs(float(r2_score(f, f * 1.5)) - r2_score(y, y * 1.5)) < 1e-12
    assert accuracy_score(g, g) == 1.0
    assert abs(float(mean_squared_error(f, f + 1)) - 1.0) < 1e-12
"""
    assert sklearn.__version__
    run(program, SCIPY_ARRAY_API="1")


def test_scikit_learn_converts_engine_arrays_without_dispatch() -> None:
    cluster = pytest.importorskip("sklearn.cluster")
    given = np.asarray(POINTS)
    mine = cluster.KMeans(3, n_init=1, random_state=0).fit(given)
    theirs = cluster.KMeans(3, n_init=1, random_state=0).fit(POINTS)
    assert (mine.labels_ == theirs.labels_).all()


def test_xarray_keeps_engine_arrays() -> None:
    xarray = pytest.importorskip("xarray")
    given = np.asarray(POINTS)
    mine = xarray.DataArray(given, dims=("time", "space"))
    theirs = xarray.DataArray(POINTS, dims=("time", "space"))
    assert isinstance(mine.data, np.ndarray)
    for one in (
        lambda x: x.mean("time"),
        lambda x: (x - x.mean("time")) / x.std("time"),
        lambda x: x.isel(time=slice(2, 20, 3)).sum("space"),
        lambda x: x.transpose("space", "time").cumsum("time"),
        lambda x: xarray.where(x > 0, x, 0.0).max(),
        lambda x: numpy.exp(x).rolling(time=1).mean() if x is theirs else numpy.exp(x),
        lambda x: xarray.concat([x, x * 2], dim="time"),
        lambda x: x.diff("time"),
        lambda x: xarray.dot(x, x, dim="time"),
        lambda x: x.fillna(0.0).clip(-1, 1),
    ):
        assert isinstance(one(mine).data, np.ndarray)
        assert close(one(mine).data, one(theirs).data)


def test_einops_rearranges_engine_arrays() -> None:
    einops = pytest.importorskip("einops.array_api")
    plain = numpy.arange(24.0).reshape(2, 3, 4)
    mine = np.asarray(plain).requires_grad_()
    for one in (
        lambda x: einops.rearrange(x, "a b c -> c (a b)"),
        lambda x: einops.reduce(x, "a b c -> a c", "mean"),
        lambda x: einops.repeat(x, "a b c -> a b 2 c"),
        lambda x: einops.pack([x, x * 2], "a * c")[0],
    ):
        result = one(mine)
        assert isinstance(result, np.ndarray) and result.requires_grad
        assert close(result.detach(), one(plain))


def test_pandas_makes_columns_of_engine_arrays() -> None:
    pandas = pytest.importorskip("pandas")
    mine = np.asarray(POINTS)
    frame = pandas.DataFrame({"x": mine[:, 0], "y": numpy.exp(mine[:, 1])})
    assert close(frame["y"], numpy.exp(POINTS[:, 1]))
    series = pandas.Series(mine[:, 2])
    assert series.mean() == pytest.approx(POINTS[:, 2].mean())
    assert close(np.asarray(frame["x"]) * 2, POINTS[:, 0] * 2)
    assert close(frame["x"] + mine[:, 1], POINTS[:, 0] + POINTS[:, 1])


def test_matplotlib_plots_engine_arrays() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    x = np.linspace(0.0, 6.0, 50)
    figure, axes = pyplot.subplots(1, 3)
    (line,) = axes[0].plot(x, np.sin(x))
    assert close(line.get_ydata(), numpy.sin(numpy.linspace(0.0, 6.0, 50)))
    image = axes[1].imshow(np.outer(x, x))
    assert image.get_array().shape == (50, 50)
    counts, _, _ = axes[2].hist(np.cos(x), bins=5)
    assert counts.sum() == 50
    axes[2].fill_between(x, np.sin(x), np.cos(x))
    axes[2].scatter(x, x, c=x)
    figure.canvas.draw()
    pyplot.close(figure)


def test_joblib_and_pickle_copy_engine_arrays() -> None:
    joblib = pytest.importorskip("joblib")
    x = np.arange(5.0)
    assert joblib.hash(x) == joblib.hash(np.arange(5.0))
