"""NumPy's functions on arrays of Engine, foreign memory, and what raises when."""

from __future__ import annotations

import gc
import warnings
from typing import Any

import numpy
import pytest
from numpy.lib.recfunctions import repack_fields

import engine
import engine.numpy as np
from engine.numpy import FallbackWarning


def pending(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.read().buffer is None


# -- unchanged NumPy code -------------------------------------------------------------
@pytest.mark.parametrize(
    "call",
    [
        lambda x: numpy.sin(x),
        lambda x: numpy.add(x, 1),
        lambda x: numpy.where(x > 1, x, 0),
        lambda x: numpy.concatenate([x, x]),
        lambda x: numpy.stack([x, x]),
        lambda x: numpy.sum(x, axis=0),
        lambda x: numpy.mean(x),
        lambda x: numpy.add.reduce(x),
        lambda x: numpy.clip(x, 0, 1),
        lambda x: numpy.zeros_like(x),
        lambda x: numpy.linalg.norm(x),
        lambda x: numpy.ones(3) + x,
        lambda x: numpy.float32(2) * x,
        lambda x: numpy.ones((2, 3)) @ x,
        lambda x: numpy.arange(3) > x,
    ],
)
def test_numpys_own_functions_stay_lazy(call: Any) -> None:
    x = np.arange(3.0)
    found = call(x)
    assert pending(found)
    numpy.testing.assert_allclose(numpy.asarray(found), call(numpy.arange(3.0)))


def test_an_array_of_numpy_as_left_operand_in_place_is_written() -> None:
    a = numpy.ones(3)
    a += np.arange(3.0)
    assert a.tolist() == [1.0, 2.0, 3.0]
    numpy.add(np.ones(3), 1.0, out=a)
    assert a.tolist() == [2.0, 2.0, 2.0]


def test_what_has_no_lazy_version_converts_with_one_warning() -> None:
    x = np.array([3.0, 1.0, 2.0])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            found = repack_fields(x)
    assert isinstance(found, np.ndarray)
    assert [w.category for w in caught] == [FallbackWarning]
    assert "repack_fields has no lazy version" in str(caught[0].message)
    assert caught[0].filename == __file__
    assert __file__ in str(caught[0].message)


def test_a_function_without_a_lazy_version_never_drops_a_gradient() -> None:
    x = np.ones((2, 2))
    x.requires_grad_()
    with pytest.raises(TypeError, match="an array that requires grad was given"):
        np.linalg.qr(x, "raw")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FallbackWarning)
        with pytest.raises(TypeError, match="repack_fields: arrays without gradients"):
            repack_fields(x)
    assert np.linalg.qr(x.detach(), "raw")[0].shape == (2, 2)


def test_the_array_api_namespace() -> None:
    x = np.ones(2)
    assert x.__array_namespace__() is np
    assert x.__array_namespace__(api_version="2024.12") is np
    with pytest.raises(ValueError, match="2024"):
        x.__array_namespace__(api_version="1999.01")
    assert x.device == "cpu"
    assert x.to_device("cpu") is x


def test_gradients_flow_through_numpys_functions() -> None:
    x = np.array([0.5, 2.0])
    x.requires_grad_()
    numpy.sum(numpy.where(x > 1, numpy.log(x), x * x)).backward()
    numpy.testing.assert_allclose(numpy.asarray(x.grad), [1.0, 0.5])


def test_gradients_flow_through_writes() -> None:
    a = np.array([2.0, 3.0])
    a.requires_grad_()
    b = np.zeros(2)
    b[0] = a[0] * 2
    b[1] = b[0] * a[1]
    b.sum().backward()
    assert a.grad.tolist() == [8.0, 4.0]


# -- laziness -------------------------------------------------------------------------
def test_a_block_runs_when_it_is_looked_at() -> None:
    x = np.arange(12.0).reshape(3, 4)
    engine.eval(x)
    engine.reset_stats()
    y = np.exp(-x * x) + x.mean(axis=1, keepdims=True)
    y[y > 3] = 0.0
    y[:, 1:-1] *= 2.0
    z = np.concatenate([y, np.sort(y, axis=0)]).T.reshape(-1)[::2].cumsum()
    work = engine.stats()
    assert work["launches"] == work["interpreted_ops"] == work["synchronisations"] == 0
    z.tolist()
    assert engine.stats()["synchronisations"] == 1


# -- memory that others see -----------------------------------------------------------
def test_asarray_of_numpy_shares_memory_both_ways() -> None:
    x = np.arange(4.0)
    a = numpy.asarray(x)
    a[0] = 10.0
    x[1] = 20.0
    assert x.tolist() == a.tolist() == [10.0, 20.0, 2.0, 3.0]
    assert numpy.shares_memory(a, numpy.asarray(x))


def test_views_export_with_their_strides() -> None:
    x = np.arange(6.0).reshape(2, 3)
    a = numpy.asarray(x.T[1:])
    assert a.strides == x.T[1:].strides
    a[...] = 0.0
    assert x.tolist() == [[0.0, 0.0, 0.0], [3.0, 0.0, 0.0]]


def test_the_array_is_lazy_again_when_nobody_else_sees_it() -> None:
    x = np.zeros(3)
    a = numpy.asarray(x)
    x += 1.0
    assert a.tolist() == [1.0, 1.0, 1.0]
    del a
    gc.collect()
    engine.reset_stats()
    x += 1.0
    assert engine.stats()["synchronisations"] == 0
    assert x.tolist() == [2.0, 2.0, 2.0]


def test_from_numpy_shares_memory_both_ways() -> None:
    a = numpy.arange(6.0).reshape(2, 3)
    x = np.from_numpy(a[:, ::-1])
    x[0] = 7.0
    a[1, 0] = -1.0
    assert a.tolist() == [[7.0, 7.0, 7.0], [-1.0, 4.0, 5.0]]
    assert x.tolist() == [[7.0, 7.0, 7.0], [5.0, 4.0, -1.0]]
    assert (x + 1).tolist() == [[8.0, 8.0, 8.0], [6.0, 5.0, 0.0]]


def test_what_was_recorded_from_shared_memory_keeps_its_value() -> None:
    a = numpy.zeros(2)
    x = np.from_numpy(a)
    y = x + 1
    a[:] = 5.0
    assert y.tolist() == [1.0, 1.0]


def test_from_numpy_of_read_only_memory_is_read_only() -> None:
    a = numpy.zeros(2)
    a.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        np.from_numpy(a)[0] = 1.0


def test_array_copies_foreign_memory() -> None:
    a = numpy.zeros(2)
    x, y = np.array(a), np.asarray(a)
    a[:] = 1.0
    assert x.tolist() == y.tolist() == [0.0, 0.0]
    shared = np.asarray(a, copy=False)
    a[0] = 3.0
    assert shared[0] == 3.0


def test_no_copy_where_one_is_needed_raises() -> None:
    with pytest.raises(ValueError, match="copy"):
        np.asarray(numpy.zeros(2), dtype="float32", copy=False)
    with pytest.raises(ValueError, match="copy"):
        numpy.asarray(np.zeros(2), dtype="float32", copy=False)
    with pytest.raises(ValueError, match="copy"):
        np.zeros((2, 2)).T.reshape(4, copy=False)


def test_dlpack_goes_both_ways_without_copies() -> None:
    x = np.arange(3.0)
    a = numpy.from_dlpack(x)
    x[0] = 5.0
    assert a[0] == 5.0
    b = numpy.arange(3.0)
    y = np.from_dlpack(b)
    b[0] = 7.0
    assert y[0] == 7.0


# -- errors ---------------------------------------------------------------------------
def test_shapes_that_do_not_broadcast_are_named_with_their_axis() -> None:
    message = r"add: .*shapes \(5, 3\) and \(4,\) were given; axis -1 has 3, 4"
    with pytest.raises(ValueError, match=message):
        np.zeros((5, 3)) + np.zeros(4)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: np.zeros(3).reshape(2), ValueError, "cannot reshape array of size 3"),
        (
            lambda: np.zeros((2, 3)) @ np.zeros(2),
            ValueError,
            "3 is different",
        ),
        (lambda: np.zeros(2).sum(axis=1), np.exceptions.AxisError, "axis 1 is out of"),
        (lambda: np.zeros(0).max(), ValueError, "zero-size array to reduction"),
        (lambda: np.zeros(0).argmax(), ValueError, "attempt to get argmax of an empty"),
        (lambda: np.concatenate([]), ValueError, "need at least one array"),
        (lambda: np.stack([np.ones(2), np.ones(3)]), ValueError, "same shape"),
        (lambda: np.zeros(-1), ValueError, "negative dimensions"),
        (lambda: np.zeros(2, dtype="U3"), TypeError, "zeros: a boolean, integer"),
        (lambda: np.zeros(2, dtype=object), TypeError, "object was given"),
        (lambda: np.array(["a"]), TypeError, "were required|was required"),
        (lambda: np.array([[1], [1, 2]]), ValueError, "inhomogeneous"),
        (lambda: np.arange(3) ** -1, ValueError, "negative integer powers"),
        (lambda: np.zeros((2, 2)).transpose(0), ValueError, "axes don't match"),
        (lambda: np.zeros(2).squeeze(0), ValueError, "size not equal to one"),
        (lambda: np.zeros(2) & 1, TypeError, "bitwise_and"),
        (lambda: np.zeros(2, device="cuda"), ValueError, "'cpu' was required"),
        (lambda: np.einsum("ij->k", np.eye(2)), ValueError, "output subscripts"),
        (lambda: np.where(np.ones(2), 1), ValueError, "either both or neither"),
    ],
)
def test_errors_are_numpys_classes_and_say_what_was_given(
    call: Any, kind: type, message: str
) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_an_error_is_raised_where_the_user_wrote_the_call() -> None:
    x, y = np.zeros(3), np.zeros(4)
    try:
        x * y
    except ValueError as error:
        frame = error.__traceback__
        assert frame is not None
        assert frame.tb_frame.f_code.co_filename == __file__
        assert frame.tb_lineno == line_of_the_product()


def line_of_the_product() -> int:
    """The line of the product in the test above."""
    import inspect

    source = inspect.getsourcelines(
        test_an_error_is_raised_where_the_user_wrote_the_call
    )
    return source[1] + next(k for k, line in enumerate(source[0]) if "x * y" in line)


# -- two faces ------------------------------------------------------------------------
def test_numpy_arrays_win_over_nothing_but_foreign_ones() -> None:
    class Other:
        __array_ufunc__ = None

        def __radd__(self, other: Any) -> str:
            return "other"

    assert np.ones(2) + Other() == "other"
    assert isinstance(numpy.ones(2) + np.ones(2), np.ndarray)
    assert (np.ones(2) == "text") is not True


@pytest.mark.parametrize(
    "write",
    [
        lambda target, x: target.__iadd__(x),
        lambda target, x: numpy.sin(x, out=target),
        lambda target, x: numpy.add.at(target, [0, 1, 2], x),
    ],
)
def test_no_gradient_is_lost_in_an_ndarray(write: Any) -> None:
    x = np.arange(3.0).requires_grad_()
    target = numpy.zeros(3)
    with pytest.raises(TypeError, match="goes into an ndarray of NumPy"):
        write(target, x)
    numpy.testing.assert_array_equal(target, 0)
    write(target, x.detach())


def test_at_on_an_ndarray_writes_into_it() -> None:
    target = numpy.zeros(3)
    numpy.add.at(target, np.array([0, 0, 2]), np.array([1.0, 2.0, 5.0]))
    numpy.testing.assert_array_equal(target, [3.0, 0.0, 5.0])


def test_dtypes_are_complained_of_before_shapes() -> None:
    with pytest.raises(TypeError, match="boolean subtract"):
        np.ones(2, bool) - np.ones(3, bool)
    with pytest.raises(TypeError, match="Cannot cast ufunc"):
        np.add(np.ones(2), np.ones(2), out=np.ones(3, int))


# -- ndarrays of NumPy that are written to --------------------------------------------
WRITES = """
np.copyto(a, x); np.copyto(a, x, where=x > 1); np.copyto(a, x[0], casting='unsafe')
np.put(a, x.argmax(), -x[1]); np.put(a, [0, 5], x, mode='wrap'); np.putmask(a, x > 1, x)
np.place(a, x > 0, -x); np.fill_diagonal(m, x); np.put_along_axis(a, k, x[k], 0)
np.nan_to_num(a, copy=False, nan=x[1]); np.add.at(a, k, x[k]); np.negative.at(a, k)
np.add(x, 1, out=a); np.add(x, 1, a); np.sqrt(x, out=a, where=x > 1)
np.add(x, 1, out=h, casting='same_kind'); np.divmod(x, 2, out=(a, None))
np.divmod(x, 2, a, h); np.modf(x, out=(a, h)); np.equal(x, 1, out=t)
np.sum(m0, axis=0, out=a); np.mean(m0, axis=1, out=a); np.std(m0, 0, out=a)
np.max(m0, axis=0, out=a); np.any(m0 > 4, 0, out=t)
np.cumsum(x, out=a); np.cumprod(x, out=a); np.add.reduce(m0, out=a)
np.add.accumulate(x, out=a); np.clip(x, 1, 2, out=a); np.round(x, out=a)
np.dot(m0, x, out=a); np.matmul(m0, x, out=a); np.outer(x, x, out=m)
np.einsum('ij,j->i', m0, x, out=a); np.take(x, [2, 0, 1], out=a)
np.compress([True] * 3, x, out=a); np.choose(k, [x, -x, x], out=a)
np.concatenate([x[:1], x[1:]], out=a); np.median(m0, axis=0, out=a)
np.quantile(m0, 0.5, axis=0, out=a); np.nansum(m0, axis=0, out=a)
x.sum(out=a[:1].reshape(())); x.cumsum(out=a); x.dot(m0, out=a)
x.clip(0, 1, out=a[::-1]); np.multiply(m0, x, out=m.T)
a[1:] += x[:2]; a[k] = x; a[x > 1] = 7; a[...] = m0[0]
""".strip().replace("\n", "; ")


@pytest.mark.parametrize("source", WRITES.split("; "))
@pytest.mark.parametrize("space", [np, numpy])
def test_what_numpy_writes_to_may_be_an_ndarray(source: str, space: Any) -> None:
    found = [_written(source, space, engine_arrays) for engine_arrays in (True, False)]
    for have, want in zip(*found, strict=True):
        numpy.testing.assert_array_equal(have, want)


def _written(source: str, space: Any, engine_arrays: bool) -> list[Any]:
    """What a statement leaves in arrays of NumPy, and gives."""
    made = np.array if engine_arrays else numpy.array
    targets = {
        "a": numpy.array([1.0, numpy.nan, 3.0]),
        "m": numpy.eye(3),
        "h": numpy.ones(3, "f4"),
        "t": numpy.zeros(3, bool),
    }
    operands = {
        "x": made([3.0, 0.5, 2.0]),
        "k": made([2, 0, 1]),
        "m0": made([[1.0, 5.0, 2.0], [4.0, 0.0, 1.0], [2.0, 2.0, 9.0]]),
    }
    exec(source, {"np": space if engine_arrays else numpy, **operands, **targets})
    return list(targets.values())


def test_a_write_to_an_ndarray_refuses_what_numpy_refuses() -> None:
    x = np.arange(3.0)
    frozen = numpy.zeros(3)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="output array is read-only"):
        np.add(x, 1, out=frozen)
    with pytest.raises(ValueError, match="read-only"):
        np.copyto(frozen, x)
    with pytest.raises(TypeError, match="Cannot cast"):
        np.add(x, 1, out=numpy.zeros(3, int))
    with pytest.raises(ValueError, match="non-broadcastable"):
        np.add(x, 1, out=numpy.zeros(2))
    with pytest.raises(TypeError, match="copyto: Cannot cast"):
        np.copyto(numpy.zeros(3, int), x)


@pytest.mark.parametrize(
    "write",
    [
        lambda a, x: np.add(x, 1, out=a),
        lambda a, x: np.copyto(a, x),
        lambda a, x: np.sum(x, out=a[:1].reshape(())),
        lambda a, x: numpy.putmask(a, a > 0, x),
        lambda a, x: np.add.at(a, [0], x[0]),
    ],
)
def test_a_write_to_an_ndarray_drops_no_gradient(write: Any) -> None:
    x = np.arange(3.0)
    x.requires_grad_()
    with pytest.raises(TypeError, match="an ndarray of NumPy, which has no gradient"):
        write(numpy.zeros(3), x)


def test_a_write_to_an_ndarray_is_seen_by_the_array_whose_memory_it_is() -> None:
    x = np.arange(3.0)
    np.add(x, 1, out=numpy.asarray(x)[::-1])
    assert x.tolist() == [3.0, 2.0, 1.0]
    np.copyto(numpy.asarray(x), x * 2)
    assert x.tolist() == [6.0, 4.0, 2.0]


def test_exports_of_foreign_memory_outlive_its_first_holder() -> None:
    given = numpy.zeros(3)
    x = np.from_numpy(given)
    whole, part = numpy.asarray(x), numpy.asarray(x[1:])
    del given
    x += 1
    assert whole.tolist() == [1.0] * 3
    whole[1] = 5.0
    assert x.tolist() == [1.0, 5.0, 1.0]
    del whole
    x += 1
    assert part.tolist() == [6.0, 2.0]
