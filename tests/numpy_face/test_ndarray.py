"""The array class: attributes, views, indexing, Python's own protocols, printing."""

from __future__ import annotations

import copy
import math
import operator
import pickle
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np
from engine import recipe
from engine.recipe import owned


def both(dtype: str = "float64") -> tuple[numpy.ndarray, np.ndarray]:
    plain = (numpy.arange(12).reshape(3, 4) * 1.5).astype(dtype)
    return plain, np.array(plain)


# -- attributes -----------------------------------------------------------------------
@pytest.mark.parametrize(
    "view",
    [
        lambda a: a,
        lambda a: a.T,
        lambda a: a[::2, 1:],
        lambda a: a[:, ::-1],
        lambda a: a[1],
        lambda a: a.reshape(2, 6),
        lambda a: a.ravel("F"),
        lambda a: a[:, None],
        lambda a: a.diagonal(),
    ],
)
def test_attributes_are_numpys(view: Any) -> None:
    want, have = (view(a) for a in both())
    for name in ["shape", "strides", "ndim", "size", "itemsize", "nbytes", "dtype"]:
        assert getattr(have, name) == getattr(want, name), name
    for name in ["C_CONTIGUOUS", "F_CONTIGUOUS", "OWNDATA", "WRITEABLE", "ALIGNED"]:
        assert have.flags[name] == want.flags[name], name
    assert (have.base is None) == (view(both()[1] * 1).base is None)


def test_base_is_the_owner_of_the_memory() -> None:
    x = np.arange(6.0)
    assert x.base is None
    assert x[1:][1:].base is x
    assert (x + 1).base is None
    assert x.copy().base is None


def test_flags_print_and_compare() -> None:
    want, have = both()
    assert repr(have.flags).strip() == repr(want.flags).strip()
    assert have.flags == np.array(want).flags
    assert have.flags.fnc is False and have.T.flags.fnc is True
    with pytest.raises(KeyError, match="Unknown flag"):
        have.flags["NONSENSE"]


def test_a_handle_can_be_made_read_only() -> None:
    x = np.zeros(3)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="assignment destination is read-only"):
        x[0] = 1
    with pytest.raises(ValueError, match="output array is read-only"):
        x += 1
    with pytest.raises(ValueError, match="cannot set WRITEABLE"):
        np.broadcast_to(x, (2, 3)).flags.writeable = True


def test_shape_can_be_assigned_where_no_copy_is_needed() -> None:
    x = np.arange(6.0)
    x.shape = 2, -1
    assert x.shape == (2, 3)
    with pytest.raises(AttributeError, match="Incompatible shape"):
        x.T.shape = (6,)


def test_the_constructor_gives_zeros() -> None:
    assert np.ndarray((2, 2), "int8").tolist() == [[0, 0], [0, 0]]
    assert np.ndarray(3).dtype == numpy.float64


# -- views and copies -----------------------------------------------------------------
def test_views_see_writes_and_copies_do_not() -> None:
    x = np.arange(6.0).reshape(2, 3)
    row, column, kept = x[0], x[:, 1], x.copy()
    x[0, 1] = 10.0
    column[1] = 20.0
    assert row.tolist() == [0.0, 10.0, 2.0]
    assert x.tolist() == [[0.0, 10.0, 2.0], [3.0, 20.0, 5.0]]
    assert kept.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


def test_overlapping_writes_read_the_old_elements() -> None:
    x = np.arange(5.0)
    x[1:] += x[:-1]
    assert x.tolist() == [0.0, 1.0, 3.0, 5.0, 7.0]
    x[::-1][...] = x
    assert x.tolist() == [7.0, 5.0, 3.0, 1.0, 0.0]


def test_augmented_assignment_to_an_index_stores_once() -> None:
    x = np.zeros(4)
    x[1:3] += 2.0
    x[[0, 0, 3]] += 1.0
    assert x.tolist() == [1.0, 2.0, 2.0, 1.0]


def test_real_and_imaginary_parts_are_views() -> None:
    z = np.zeros(2, dtype=complex)
    z.real = [1.0, 2.0]
    z.imag[1] = 5.0
    assert z.tolist() == [1 + 0j, 2 + 5j]
    assert not np.zeros(2).imag.flags.writeable


def test_bytes_can_be_read_as_another_dtype() -> None:
    x = np.array([1.0, -0.0])
    assert x.view("uint64").tolist() == [0x3FF0000000000000, 1 << 63]
    x.view("int64")[1] = 0
    assert math.copysign(1.0, float(x[1])) == 1.0
    with pytest.raises(ValueError, match="last axis must be contiguous"):
        np.zeros((2, 2)).T.view("int8")


def test_flat_reads_and_writes_in_c_order() -> None:
    x = np.arange(6.0).reshape(2, 3).T
    assert [float(number) for number in x.flat] == [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]
    x.flat[1] = 30.0
    x.flat[4:] = [-1.0, -2.0]
    assert x.tolist() == [[0.0, 30.0], [1.0, 4.0], [-1.0, -2.0]]
    x.flat = 1.0
    assert x.sum() == 6.0
    assert len(x.flat) == 6


# -- indexing -------------------------------------------------------------------------
def test_scalars_are_copies_and_assigned_to_by_masks_alone() -> None:
    x = np.arange(3.0)
    first = x[0]
    x[0] = 7.0
    assert first == 0.0
    with pytest.raises(TypeError, match="does not support item assignment"):
        first[...] = 1.0
    first += 1.0
    assert (first, x[0]) == (1.0, 7.0)
    total = x.sum()  # the array API knows no scalars: libraries write into this
    total[np.asarray(False)] = 2.0
    assert total == 10.0
    total[np.asarray(True)] = 3.0
    assert (total, repr(total)) == (3.0, "array(3.)")


def test_a_mask_with_a_number_stays_lazy() -> None:
    x = np.arange(6.0)
    engine.eval(x)
    engine.reset_stats()
    x[x > 2] = 0.0
    assert engine.stats()["synchronisations"] == 0
    assert x.tolist() == [0.0, 1.0, 2.0, 0.0, 0.0, 0.0]


def test_a_pending_index_is_computed_first() -> None:
    x, where = np.arange(5.0), np.arange(2) + 2
    assert x[where].tolist() == [2.0, 3.0]
    x[where] = [10.0, 20.0]
    assert x[np.argmax(x)] == 20.0
    assert x[np.array(1) : np.array(4)].tolist() == [1.0, 10.0, 20.0]


def test_of_repeated_indices_the_last_one_wins() -> None:
    x = np.zeros(3)
    x[[0, 1, 0]] = [1.0, 2.0, 3.0]
    assert x.tolist() == [3.0, 2.0, 0.0]


def test_indexing_one_axis_of_a_large_array_needs_no_positions_of_all() -> None:
    import tracemalloc

    x = np.zeros((2000, 1000)) + 1.0
    float(x[0, 0])
    tracemalloc.start()
    picked = x[[5, 1999]]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert picked.shape == (2, 1000)
    assert peak < 4_000_000  # all positions would be 16 MB


@pytest.mark.parametrize(
    "key",
    [
        (0, [0, 1]),
        ([2, 0], slice(None), 1),
        (slice(None), [1, 0], 1),
        (..., [1, 0, 1]),
        ([[0], [1]], [0, 2], slice(1, None)),
        (slice(None), 1, [0, 2]),
        (None, [1, 0]),
        ([0, 1], None, [1, 2]),
        (numpy.array(1), slice(None), [0, 1]),
    ],
)
def test_large_arrays_index_as_small_ones_do(key: Any) -> None:
    plain = numpy.arange(20 * 12 * 16.0).reshape(20, 12, 16)
    lazy = np.array(plain)
    views: list[Any] = [
        lambda a: a,
        lambda a: a.T,
        lambda a: a[::2, :, ::-1],
        lambda a: a.transpose(1, 2, 0),
    ]
    for view in views:
        want, have = view(plain)[key], view(lazy)[key]
        numpy.testing.assert_array_equal(want, have.computed())
        for extent, one, two in zip(
            want.shape, want.strides, have.strides, strict=True
        ):
            assert extent == 1 or one == two


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (5, "index 5 is out of bounds for axis 0 with size 3"),
        ((0, -9), "index -9 is out of bounds for axis 1 with size 4"),
        ((0, 0, 0), "too many indices for array"),
        ([7], "index 7 is out of bounds"),
        (1.5, "only integers, slices"),
        ("a", "only integers, slices"),
        ([1.5], "integer"),
        ((..., ...), "single ellipsis"),
    ],
)
def test_bad_indices_raise_index_errors(key: Any, message: str) -> None:
    x = np.zeros((3, 4))
    with pytest.raises(IndexError, match=message):
        x[key]
    with pytest.raises(IndexError, match=message):
        x[key] = 1.0


def test_assignment_casts_as_numpy_does() -> None:
    x = np.zeros(3, dtype="int8")
    x[:] = [1.9, -2.9, 3.0]
    assert x.tolist() == [1, -2, 3]
    with pytest.raises(OverflowError):
        x[0] = 300
    with pytest.raises(ValueError, match="broadcast"):
        x[:] = [1, 2]
    with pytest.raises(TypeError):
        x += 1.5


# -- Python's protocols ---------------------------------------------------------------
def test_conversions_to_python_numbers() -> None:
    x = np.array([2, 5])
    assert (int(x[0]), float(x[1]), complex(x[1])) == (2, 5.0, 5 + 0j)
    assert [10, 20, 30][x[0]] == 30
    assert operator.index(x[1]) == 5
    assert list(range(x[0])) == [0, 1]
    assert math.sqrt(x[0] + 2) == 2.0
    assert round(np.array([2.567])[0], 1) == 2.6
    with pytest.raises(TypeError, match="converted to Python scalars"):
        float(x)
    with pytest.raises(TypeError, match="scalar index"):
        operator.index(np.array(1.5))


def test_truth() -> None:
    assert np.array(1.0) and not np.array([0])
    with pytest.raises(ValueError, match="ambiguous"):
        bool(np.zeros(2))


def test_length_iteration_and_membership() -> None:
    x = np.arange(6).reshape(2, 3)
    assert len(x) == 2
    assert [row.tolist() for row in x] == [[0, 1, 2], [3, 4, 5]]
    assert 4 in x and 9 not in x
    with pytest.raises(TypeError, match="unsized"):
        len(np.array(1.0))
    with pytest.raises(TypeError, match="0-d"):
        iter(np.array(1.0))


def test_rows_of_an_iteration_are_views() -> None:
    x = np.zeros((2, 2))
    for row in x:
        row += 1.0
    assert x.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_hashing() -> None:
    assert {np.arange(3)[1]: "one"}[1] == "one"
    with pytest.raises(TypeError, match="unhashable"):
        hash(np.zeros(2))


def test_copies_and_pickles() -> None:
    x = np.arange(6.0).reshape(2, 3).T
    for again in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert again.tolist() == x.tolist()
        again[0, 0] = 9.0
        assert x[0, 0] == 0.0
    assert pickle.loads(pickle.dumps(x[0, 1])).scalar


# -- printing -------------------------------------------------------------------------
@pytest.mark.parametrize(
    "make",
    [
        lambda np: np.arange(3.0),
        lambda np: np.arange(12).reshape(3, 4),
        lambda np: np.arange(2000),
        lambda np: np.array([1e-10, 1.0]),
        lambda np: np.array([True, False]),
        lambda np: np.array([1 + 2j]),
        lambda np: np.zeros((0, 3), dtype="int8"),
        lambda np: np.array(2.5),
        lambda np: np.arange(3.0)[1],
        lambda np: np.arange(3)[1],
        lambda np: np.array([numpy.nan, numpy.inf]).astype("float32"),
    ],
)
def test_printing_is_numpys(make: Any) -> None:
    want, have = make(numpy), make(np)
    assert repr(have) == repr(want)
    assert str(have) == str(want)


def test_formatting_scalars() -> None:
    x = np.array([3.14159])
    assert f"{x[0]:.2f} {x.sum():8.3f}" == "3.14    3.142"
    assert f"{np.array(7):d}" == "7"
    with pytest.raises(TypeError, match="unsupported format string"):
        format(x, ".2f")


def test_printing_options_are_numpys_own() -> None:
    with np.printoptions(precision=2):
        assert str(np.array([1 / 3])) == "[0.33]"


def test_an_array_that_requires_grad_says_so() -> None:
    x = np.ones(2)
    x.requires_grad_()
    assert repr(x) == "array([1., 1.], requires_grad=True)"


def test_a_layout_that_was_seen_before_is_not_taken_for_c_order() -> None:
    first = np.array(np.arange(16.0).reshape(4, 4), order="F")
    first.computed()
    x = np.arange(16.0).reshape(4, 4) * 1
    y = x.copy("F")
    assert y[0].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert y.tolist() == x.tolist()


def test_the_other_c_type_of_64_bits_leaves_no_trace() -> None:
    def total(dtype: str) -> str:
        return repr(np.ones(3, dtype) + np.ones(3, dtype))

    total("longlong")
    assert total("int64") == "array([2, 2, 2])"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equal_elements_of_long_lines_keep_their_order(dtype: str) -> None:
    draw = numpy.random.default_rng(3)
    lines = draw.standard_normal((4, 600)).astype(dtype)
    lines[1] = draw.integers(0, 9, 600)
    lines[2, ::7] = numpy.nan
    lines[3, ::5] = -0.0
    lines[3, 1::5] = 0.0
    for axis, plain in ((1, lines), (0, lines.T)):
        got = np.argsort(np.asarray(plain), axis=axis)
        want = numpy.argsort(plain, axis=axis, kind="stable")
        assert (numpy.asarray(got) == want).all()


@pytest.mark.parametrize("dtype", ["bool", "u1", "i4", "i8", "f2", "f4", "f8", "c16"])
def test_equal_elements_stand_where_numpys_sorts_leave_them(dtype: str) -> None:
    x = numpy.random.default_rng(4).integers(-4, 5, (40, 300)).astype(dtype)
    x[::3] *= x.dtype.type(-0.0) if x.dtype.kind == "f" else x.dtype.type(1)
    ours = np.asarray(x)
    for axis in (0, 1, None):
        for name in ("sort", "argsort"):
            for kind in (None, "quicksort", "heapsort", "stable", "mergesort"):
                got = getattr(np, name)(ours, axis, kind)
                kept = "stable" if (name, kind) == ("argsort", None) else kind
                assert same(got, getattr(numpy, name)(x, axis, kept)), (name, kind)
        for name in ("partition", "argpartition"):
            for places in (0, (7, -1), [1, 2, 30]):
                got = getattr(np, name)(ours, places, axis)
                assert same(got, getattr(numpy, name)(x, places, axis)), (name, places)


def test_integers_of_another_name_in_c_change_no_others() -> None:
    x = np.array(numpy.arange(5, dtype="longlong")) + 1
    x[:] = 7
    engine.eval(x)
    y = np.arange(5)
    y[:] = 7
    assert repr(y) == "array([7, 7, 7, 7, 7])"


def test_dtypes_of_unpickled_arrays_are_not_kept_for_others() -> None:
    strange = pickle.loads(pickle.dumps(numpy.zeros((3, 11), "f4")))
    assert strange.dtype is not numpy.dtype("f4")
    for x in (np.array(strange), np.array(numpy.ones((3, 13), ">f4")) + 1):
        assert x.dtype is numpy.dtype("f4")
        assert owned(numpy.dtype("f4"), x.shape).dtype is numpy.dtype("f4")


def test_a_layout_that_is_held_stays_one_object() -> None:
    x = np.array(numpy.zeros((3, 17), "f4"))
    for k in range(20_000):
        owned(numpy.dtype("f4"), (k, 19))
    assert owned(numpy.dtype("f4"), (3, 17)) is x.recipe
    assert len(recipe._owned) < 20_000  # others are forgotten


def same(ours: Any, wanted: Any) -> bool:
    """Whether an array has NumPy's dtype, shape and bits."""
    array = numpy.asarray(ours)
    known = array.dtype == wanted.dtype and array.shape == wanted.shape
    return known and array.tobytes() == wanted.tobytes()


def test_what_masks_and_indices_pick_is_a_copy() -> None:
    x = np.arange(12.0).reshape(3, 4)
    engine.eval(x)
    rows, chosen = x[numpy.array([2, 0, 2])], x[numpy.array([True, False, True])]
    x[:] = -1.0
    assert rows.tolist() == [[8, 9, 10, 11], [0, 1, 2, 3], [8, 9, 10, 11]]
    assert chosen.tolist() == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert rows.T.strides == numpy.zeros((3, 4)).T.strides
    with pytest.raises(IndexError, match="out of bounds"):
        x[numpy.array([3])]
