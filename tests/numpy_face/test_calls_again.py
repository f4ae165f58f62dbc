"""Functions whose events are remembered give the same when they are called again."""

from __future__ import annotations

import warnings
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np

CALLS = """
np.roll(x, 1)
np.roll(x, (1, 2), (0, 1))
np.pad(x, 1)
np.pad(x, ((1, 0), (0, 2)))
np.pad(x, 1, constant_values=2)
np.pad(x, 1, mode="edge")
np.tile(x, 2)
np.tile(x, (2, 1, 1))
np.tile(x, 1)
np.repeat(x, 2, 0)
np.repeat(x, 2)
np.repeat(x, 2, axis=1)
np.diff(x)
np.diff(x, 2, 0)
np.diff(v, prepend=0)
np.gradient(v)
np.gradient(v, 2)
np.gradient(v, 0.5)
np.trace(x)
np.trace(x, 1)
np.trace(x, dtype=float)
np.trace(x, dtype="f8")
np.kron(x, y)
np.outer(v, w)
np.outer(v, v)
np.inner(v, w)
np.inner(x, y)
np.vdot(v, w)
np.dot(x, y)
np.dot(v, w)
np.dot(x, v)
np.tensordot(x, y, 1)
np.tensordot(x, y, ((0,), (1,)))
np.einsum("ij,jk->ik", x, y)
np.einsum("ij,jk->ki", x, y)
np.einsum("ij->", x)
np.einsum("ii->i", x)
np.einsum("i,i", v, v)
np.clip(x, 1, 2)
np.clip(x, 0.5, 1.5)
np.clip(x, None, 2)
np.clip(x, max=2)
np.where(x > 1, x, y)
np.where(x > 1, x, 0)
np.where(x > 1, 1, 0)
np.where(x > 1, 1.0, 0)
np.where(x > 1, True, False)
np.round(x, 1)
np.sinc(x)
np.triu(x)
np.tril(x, -1)
np.vander(v)
np.vander(v, 3, True)
np.convolve(v, w)
np.convolve(v, w, "same")
np.correlate(v, w)
np.trapezoid(v)
np.trapezoid(v, w)
np.trapezoid(v, None, 0.5)
np.ptp(x)
np.ptp(x, 0)
np.full((2, 3), 1.5)
np.full((2, 3), 1)
np.full(3, np.inf)
np.full(3, np.nan)
np.full(3, True)
np.full(3, 2, dtype=float)
np.full(3, 2, int)
np.full((2, 3), 1.5, order="F")
np.full_like(x, 2)
np.full_like(x, 2, dtype=float)
np.full_like(x, 2, dtype="f8")
np.full_like(x, 2, order="F")
np.eye(3)
np.eye(3, 4, 1)
np.eye(3, dtype=int)
np.eye(3, dtype=bool)
np.identity(3)
np.linspace(0, 1, 5)
np.linspace(0.5, 1.5, 5)
np.linspace(0, 1, 5, endpoint=False)
np.linspace(0, 10, 5, dtype=int)
np.logspace(0, 2, 3)
np.arange(4.0)
np.arange(0, 1, 0.25)
np.arange(5, dtype=float)
np.arange(5, dtype="f4")
np.linalg.norm(x)
np.linalg.norm(x, axis=-1)
np.linalg.norm(v)
np.linalg.norm(x, 1)
np.sort(x)
np.sort(x, 0)
np.sort(x, None)
np.sort(x, axis=0, kind="stable")
np.argsort(v, kind="stable")
np.argsort(x, 1, kind="stable")
np.nansum(x)
np.nansum(x, 0)
np.nansum(x, axis=1, keepdims=True)
np.nanprod(x, 0)
np.nanmean(x)
np.nanmean(x, 1, keepdims=True)
np.nanmean(x, dtype="f8")
np.nanmax(x)
np.nanmin(x, axis=0)
np.nanvar(x)
np.nanstd(x, 0, ddof=1)
np.nanstd(v, ddof=9)
np.sum(x, 0, float)
np.sum(x, dtype=np.float32)
np.sum(x, 1, dtype="f8", keepdims=True)
np.prod(v, dtype=int)
x.sum(dtype=complex)
x.sum(axis=0, dtype=np.int64)
np.diag(v)
np.diag(v, -2)
np.diag(x, 1)
np.take(v, np.array([3, -1, 0]))
np.take(x, np.array([[1, 0]]), 0)
np.take(x, np.array([1, 0]))
v.take(np.array([2, 2]))
np.add.reduce(x)
np.add.reduce(x, 1)
np.add.reduce(x, None)
np.multiply.reduce(v)
np.maximum.reduce(x)
np.minimum.reduce(x, (0, 1))
np.logical_and.reduce(x)
np.logical_or.reduce(v)
np.add.accumulate(x)
np.add.accumulate(x, 1)
np.multiply.accumulate(v)
np.maximum.accumulate(x)
""".strip().splitlines()

FORMS: dict[str, Any] = {
    "owned": lambda xp, x: xp.array(x),
    "fortran": lambda xp, x: xp.array(x.T.copy()).T,
    "part": lambda xp, x: xp.array(numpy.pad(x, 1))[(slice(1, -1),) * x.ndim],
    "turned": lambda xp, x: xp.array(x[::-1].copy())[::-1],
}


def arrays(dtype: str, seed: int, shape: tuple[int, ...] = (4, 4)) -> Any:
    random = numpy.random.default_rng(seed)
    x, y = random.integers(0, 4, (2, *shape))
    v, w = random.integers(0, 4, (2, shape[0]))
    return {name: a.astype(dtype) for name, a in zip("xyvw", (x, y, v, w), strict=True)}


def check(found: Any, want: Any, in_order: bool) -> None:
    assert found.dtype == want.dtype
    assert found.shape == want.shape
    assert isinstance(want, numpy.generic) == (
        isinstance(found, engine.numpy.ndarray) and found.scalar
    )
    numpy.testing.assert_allclose(numpy.asarray(found), want, rtol=1e-6)
    if in_order and want.size > 1:
        for flag in ("c_contiguous", "f_contiguous"):
            assert getattr(found.flags, flag) == getattr(want.flags, flag)
        assert found.flags.writeable == want.flags.writeable


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "u1", "c16", "?"])
@pytest.mark.parametrize("form", FORMS)
def test_a_call_gives_the_same_again(form: str, dtype: str, recorder: str) -> None:
    wrong = []
    for call in CALLS:
        code = compile(call, call, "eval")
        for seed in range(3):
            given = arrays(dtype, seed)
            theirs = {k: FORMS[form](numpy, a) for k, a in given.items()}
            ours = {k: FORMS[form](np, a) for k, a in given.items()}
            want, told = outcome(code, {"np": numpy, **theirs})
            found, warned = outcome(code, {"np": np, **ours})
            try:
                assert warned == told
                if isinstance(found, Exception):
                    assert isinstance(want, type(found)), found
                else:
                    check(found, want, form != "fortran")
            except AssertionError as error:
                wrong.append((call, seed, str(error)))
    assert not wrong


def outcome(code: Any, names: dict[str, Any]) -> tuple[Any, set[type]]:
    """What an expression gives or raises, and of what kinds it warns."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            result: Any = eval(code, names)
            if isinstance(result, engine.numpy.ndarray):
                engine.eval(result)
        except Exception as error:
            result = error
    return result, {one.category for one in told} - {RuntimeWarning}


def test_arguments_that_are_equal_but_not_the_same(recorder: str) -> None:
    x = np.array([0.0, 1.0, 2.0])
    for _ in range(3):
        assert np.full(2, 1).dtype == int
        assert np.full(2, 1.0).dtype == float
        assert np.full(2, True).dtype == bool
        assert np.signbit(np.full(2, -0.0)).all()
        assert not np.signbit(np.full(2, 0.0)).any()
        assert np.where(x > 0, 1, 0).dtype == int
        assert np.where(x > 0, 1.0, 0.0).dtype == float
        assert np.where(x > 0, True, False).dtype == bool


def test_what_is_written_to_is_written_each_time(recorder: str) -> None:
    x = np.array([[0.0, 5.0], [2.0, -3.0]])
    for k in range(4):
        out = np.zeros((2, 2))
        assert np.clip(x + k, 0, 2, out) is out
        numpy.testing.assert_array_equal(out, numpy.clip(numpy.asarray(x) + k, 0, 2))
        product = np.zeros((2, 2))
        assert np.dot(x, x, product) is product
        numpy.testing.assert_array_equal(product, numpy.asarray(x) @ numpy.asarray(x))


def test_a_result_is_an_array_of_its_own(recorder: str) -> None:
    x = np.array([1.0, 2.0, 3.0])
    for call in (
        lambda: np.tile(x, 1),
        lambda: np.roll(x, 0),
        lambda: np.clip(x, 0, 9),
        lambda: np.triu(np.outer(x, x)),
        lambda: np.full(3, 1.5),
    ):
        for _ in range(3):
            made = call()
            made[...] = -1.0
        assert (call() != -1.0).any()
    numpy.testing.assert_array_equal(x, [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.full_like(x, numpy.nan),
        lambda x: np.full(3, 1e300, dtype="f4"),
        lambda x: np.full(3, -1.0, dtype="u1") if False else np.full_like(x, 1e30),
    ],
)
def test_a_number_that_does_not_fit_is_warned_of_each_time(
    call: Any, recorder: str
) -> None:
    x = np.array([1, 2, 3])
    for _ in range(3):
        with pytest.warns(RuntimeWarning):
            engine.eval(call(x))


def test_numbers_that_are_new_in_each_call(recorder: str) -> None:
    x = np.array([0.0, 1.0, 2.0, 3.0])
    for k in range(1500):
        assert np.clip(x, 0, k / 500).max() == min(k / 500, 3.0)


GRADIENTS = """
np.pad(x, 1)
np.pad(x, 1, mode="reflect")
np.roll(x, 1, 0)
np.tile(x, 2)
np.diff(x)
np.outer(x, x)
np.einsum("ij,jk->ik", x, y)
np.einsum("ij,kj->ik", x, x)
np.tensordot(x, y, 1)
np.clip(x, 0.5, 2.5)
np.triu(x)
np.linalg.norm(x, axis=-1)
np.kron(x, y)
np.trace(x)
""".strip().splitlines()


@pytest.mark.parametrize("call", GRADIENTS)
def test_gradients_flow_through_a_call_again(call: str, recorder: str) -> None:
    found = []
    for grad in (False, True, True, True):
        x = engine.tensor(numpy.arange(9.0).reshape(3, 3) + 0.25, requires_grad=grad)
        y = np.array(numpy.arange(9.0).reshape(3, 3) - 2)
        made = eval(call, {"np": np, "x": np.asarray(x), "y": y})
        if grad:
            weights = numpy.arange(float(made.size)).reshape(made.shape) + 1
            engine.as_tensor(made * weights).sum().backward()
            assert x.grad is not None
            found.append(x.grad.tolist())
        else:
            engine.eval(made)
    assert numpy.abs(found[0]).sum() > 0
    assert found[0] == found[1] == found[2]


def test_what_shows_its_argument_still_does(recorder: str) -> None:
    x = np.array([1.0, 2.0, 3.0])
    for _ in range(3):
        part = x[1:]
        assert np.diff(part, 0) is part
        assert np.diff(x, 0) is x
        np.einsum("i->i", part)[...] = 7.0
        numpy.testing.assert_array_equal(x, [1.0, 7.0, 7.0])
