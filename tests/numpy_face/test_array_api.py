"""`engine.numpy` is a namespace of the array API standard, version 2025.12.

The standard's own suite needs to be fetched: docs/array-api.md says how it is run. What
it asks for is checked here by tables: what functions accept, which dtypes they give,
special values, broadcasting, 0-d and empty arrays.
"""

from __future__ import annotations

import inspect
import itertools
import pickle
from collections.abc import Iterator
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np

# Each function, how many positional arguments it takes, and its keywords.
ACCEPTED = """
arange 3 dtype device; asarray 1 dtype device copy; empty 1 dtype device
empty_like 1 dtype device; eye 2 k dtype device; from_dlpack 1 device copy
full 2 dtype device; full_like 2 dtype device; linspace 3 dtype device endpoint
meshgrid 3 indexing; ones 1 dtype device; ones_like 1 dtype device; tril 1 k; triu 1 k
zeros 1 dtype device; zeros_like 1 dtype device
astype 2 copy device; can_cast 2; finfo 1; iinfo 1; isdtype 2; result_type 3
clip 1 min max; round 1
take 2 axis; take_along_axis 2 axis
matmul 2; matrix_transpose 1; tensordot 2 axes; vecdot 2 axis
broadcast_arrays 2; broadcast_shapes 2; broadcast_to 2; concat 1 axis
expand_dims 1 axis; flip 1 axis; moveaxis 3; permute_dims 1 axes; repeat 2 axis
reshape 1 shape copy; roll 2 axis; squeeze 1 axis; stack 1 axis; tile 2; unstack 1 axis
argmax 1 axis keepdims; argmin 1 axis keepdims; count_nonzero 1 axis keepdims; nonzero 1
searchsorted 2 side sorter; where 3
isin 2 invert; unique_all 1; unique_counts 1; unique_inverse 1; unique_values 1
argsort 1 axis descending stable; sort 1 axis descending stable
cumulative_prod 1 axis dtype include_initial
cumulative_sum 1 axis dtype include_initial
max 1 axis keepdims; mean 1 axis keepdims; min 1 axis keepdims
prod 1 axis dtype keepdims; std 1 axis correction keepdims
sum 1 axis dtype keepdims; var 1 axis correction keepdims
all 1 axis keepdims; any 1 axis keepdims; diff 1 axis n prepend append
linalg.cholesky 1 upper; linalg.cross 2 axis; linalg.det 1; linalg.eig 1; linalg.eigh 1
linalg.eigvals 1; linalg.eigvalsh 1; linalg.inv 1; linalg.matmul 2
linalg.matrix_norm 1 keepdims ord; linalg.matrix_power 2; linalg.outer 2
linalg.qr 1 mode; linalg.slogdet 1; linalg.solve 2; linalg.svd 1 full_matrices
linalg.svdvals 1; linalg.tensordot 2 axes; linalg.trace 1 offset dtype
linalg.vecdot 2 axis; linalg.diagonal 1 offset; linalg.matrix_transpose 1
linalg.pinv 1 rtol; linalg.matrix_rank 1 rtol
linalg.vector_norm 1 axis keepdims ord
fft.fft 1 n axis norm; fft.ifft 1 n axis norm; fft.rfft 1 n axis norm
fft.irfft 1 n axis norm; fft.fftn 1 s axes norm; fft.ifftn 1 s axes norm
fft.rfftn 1 s axes norm; fft.irfftn 1 s axes norm
fft.hfft 1 n axis norm; fft.ihfft 1 n axis norm
fft.fftfreq 1 d dtype device; fft.rfftfreq 1 d dtype device
fft.fftshift 1 axes; fft.ifftshift 1 axes
__array_namespace_info__ 0
"""

REAL = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
INTEGER = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
NUMERIC = (*INTEGER, *REAL, *COMPLEX)
EVERY = ("bool", *NUMERIC)

# Each elementwise function, the dtypes that it takes, and what it gives.
UNARY = {
    "acos acosh asin asinh atan atanh cos cosh exp expm1 log log10 log1p log2 sin "
    "sinh sqrt tan tanh": ((*REAL, *COMPLEX), "same"),
    "abs": (NUMERIC, "real"),
    "ceil floor trunc": ((*INTEGER, *REAL), "same"),
    "negative positive round sign square": (NUMERIC, "same"),
    "reciprocal": ((*REAL, *COMPLEX), "same"),
    "conj": (NUMERIC, "same"),
    "imag real": (COMPLEX, "real"),
    "isfinite isinf isnan": (NUMERIC, "bool"),
    "signbit": (REAL, "bool"),
    "logical_not": (("bool",), "bool"),
    "bitwise_invert": (("bool", *INTEGER), "same"),
}
BINARY = {
    "add multiply subtract": (NUMERIC, "same"),
    "divide": ((*REAL, *COMPLEX), "same"),
    "pow": (NUMERIC, "same"),
    "floor_divide remainder": ((*INTEGER, *REAL), "same"),
    "atan2 copysign hypot logaddexp nextafter": (REAL, "same"),
    "maximum minimum": ((*INTEGER, *REAL), "same"),
    "bitwise_and bitwise_or bitwise_xor": (("bool", *INTEGER), "same"),
    "bitwise_left_shift bitwise_right_shift": (INTEGER, "same"),
    "equal not_equal": (EVERY, "bool"),
    "greater greater_equal less less_equal": ((*INTEGER, *REAL), "bool"),
    "logical_and logical_or logical_xor": (("bool",), "bool"),
}
# How reductions and scans of the standard choose a dtype.
WIDER = {
    **{name: "int64" for name in INTEGER if name.startswith("int")},
    **{name: "uint64" for name in INTEGER if name.startswith("uint")},
}


def _entries() -> Iterator[tuple[str, int, list[str]]]:
    for entry in ACCEPTED.replace("\n", ";").split(";"):
        if entry.strip():
            name, count, *keywords = entry.split()
            yield name, int(count), keywords


def _function(name: str) -> Any:
    target: Any = np
    for part in name.split("."):
        target = getattr(target, part)
    return target


def _cases(table: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (name, dtype, _result(dtype, kind))
        for names, (dtypes, kind) in table.items()
        for name in names.split()
        for dtype in dtypes
    ]


def _result(dtype: str, kind: str) -> str:
    if kind == "real" and dtype in COMPLEX:
        return REAL[COMPLEX.index(dtype)]
    return "bool" if kind == "bool" else dtype


@pytest.mark.parametrize(("name", "count", "keywords"), list(_entries()))
def test_functions_accept_what_the_standard_says(
    name: str, count: int, keywords: list[str]
) -> None:
    signature = inspect.signature(_function(name))
    signature.bind(*range(count), **dict.fromkeys(keywords))


def test_elementwise_functions_give_the_dtypes_of_the_standard() -> None:
    for name, dtype, result in _cases(UNARY):
        for shape in ((), (0,), (2, 3)):
            out = _function(name)(np.ones(shape, dtype))
            assert (out.dtype.name, out.shape) == (result, shape), (name, dtype)
    for name, dtype, result in _cases(BINARY):
        out = _function(name)(np.ones((2, 1), dtype), np.ones(3, dtype))
        assert (out.dtype.name, out.shape) == (result, (2, 3)), (name, dtype)
        out = _function(name)(np.ones((0, 1), dtype), np.ones((), dtype))
        assert (out.dtype.name, out.shape) == (result, (0, 1)), (name, dtype)


def test_python_scalars_take_the_dtype_of_the_array() -> None:
    for name, dtype, result in _cases(BINARY):
        scalar: Any = True if dtype == "bool" else 1
        for arguments in (np.ones(2, dtype), scalar), (scalar, np.ones(2, dtype)):
            assert _function(name)(*arguments).dtype.name == result, (name, dtype)


def test_dtypes_of_one_kind_promote_as_the_lattice_says() -> None:
    signed, unsigned = INTEGER[:4], INTEGER[4:]
    for chain in (signed, unsigned, REAL, COMPLEX):
        for i, j in itertools.product(range(len(chain)), repeat=2):
            want = chain[max(i, j)]
            assert np.result_type(chain[i], chain[j]).name == want
            assert (np.ones(1, chain[i]) + np.ones(1, chain[j])).dtype.name == want
    for i, j in itertools.product(range(4), range(3)):
        want = signed[max(i, j + 1)]
        assert (np.ones(1, signed[i]) * np.ones(1, unsigned[j])).dtype.name == want
    for i, j in itertools.product(range(2), range(2)):
        want = COMPLEX[max(i, j)]
        assert (np.ones(1, REAL[i]) - np.ones(1, COMPLEX[j])).dtype.name == want


@pytest.mark.parametrize("name", ["sum", "prod", "cumulative_sum", "cumulative_prod"])
def test_accumulations_give_the_dtypes_of_the_standard(name: str) -> None:
    for dtype in NUMERIC:
        array = np.ones((2, 0, 3), dtype)
        out = _function(name)(array, axis=2)
        assert out.dtype.name == WIDER.get(dtype, dtype)
        assert out.shape == ((2, 0) if name in ("sum", "prod") else (2, 0, 3))
        assert _function(name)(array, axis=1, dtype=dtype).dtype.name == dtype


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, numpy.inf, -numpy.inf, numpy.nan]


def _same(got: Any, want: Any) -> bool:
    """Equal, NaN to NaN and zeros with their signs."""
    got, want = numpy.asarray(got), numpy.asarray(want)
    if got.dtype.kind == "c":
        return _same(got.real, want.real) and _same(got.imag, want.imag)
    if got.dtype.kind != "f":
        return bool((got == want).all())
    special = ~numpy.isfinite(want) | (want == 0)
    tolerance = 4 * numpy.finfo(got.dtype).eps
    return (
        numpy.array_equal(got[special], want[special], equal_nan=True)
        and bool((numpy.signbit(got) == numpy.signbit(want))[want == 0].all())
        and numpy.allclose(got[~special], want[~special], tolerance, 0.0)
    )


def _special_cases() -> list[tuple[str, Any, Any]]:
    """Each function of special values: its name, what it gives, what NumPy gives."""
    plane = numpy.array([complex(a, b) for a in SPECIAL for b in SPECIAL])
    pairs = numpy.meshgrid(SPECIAL, SPECIAL)
    lines = {"float64": [numpy.array(SPECIAL)], "complex128": [plane]}
    given = [(name, lines.get(dtype)) for name, dtype, _ in _cases(UNARY)]
    given += [(name, pairs) for name, dtype, _ in _cases(BINARY) if dtype == "float64"]
    return [
        (name, _function(name)(*map(np.asarray, arrays)), getattr(numpy, name)(*arrays))
        for name, arrays in given
        if arrays
    ]


@pytest.mark.parametrize("tier", ["numpy", "compiled"])
def test_special_values_are_those_of_the_standard(tier: str) -> None:
    """NumPy's, which are the standard's but for floor_divide and complex expm1."""
    with engine.config(tier=tier), numpy.errstate(all="ignore"):
        cases = _special_cases()
        engine.eval([got for _, got, _ in cases])
    assert len(cases) > 70
    assert not [name for name, got, want in cases if not _same(got, want)]


def test_descending_sorts_keep_the_order_of_equal_elements() -> None:
    array = numpy.array([[3, 1, 3, 2], [0, 0, 5, 0]])
    given = np.asarray(array)
    assert np.sort(given, descending=True).tolist() == [[3, 3, 2, 1], [5, 0, 0, 0]]
    places = np.argsort(given, descending=True)
    assert places.tolist() == [[0, 2, 3, 1], [2, 0, 1, 3]]
    assert np.argsort(given, axis=0, descending=True).tolist() == [
        [0, 0, 1, 0],
        [1, 1, 0, 1],
    ]
    assert np.sort(np.asarray(3.0), axis=None, descending=True).tolist() == [3.0]


def test_a_namespace_describes_itself() -> None:
    assert np.__array_api_version__ == "2025.12"
    info = np.ones(1).__array_namespace__().__array_namespace_info__()
    capabilities = info.capabilities()
    assert capabilities["boolean indexing"] and capabilities["data-dependent shapes"]
    assert np.zeros((1,) * capabilities["max dimensions"]).ndim == 64
    assert info.default_device() in info.devices()
    for kind, dtype in info.default_dtypes().items():
        names = "integral" if kind == "indexing" else kind
        assert dtype in info.dtypes(kind=names).values()
    assert tuple(info.dtypes()) == EVERY
    assert tuple(info.dtypes(kind=("signed integer", "bool"))) == (*INTEGER[:4], "bool")
    with pytest.raises(ValueError, match="'floating' was given"):
        info.dtypes(kind="floating")
    with pytest.raises(ValueError, match="device"):
        info.dtypes(device="tpu")


def test_arrays_are_exchanged_by_dlpack() -> None:
    array = np.arange(6.0).reshape(2, 3)
    assert array.__dlpack_device__() == (1, 0)
    other = np.from_dlpack(array)
    assert other.tolist() == array.tolist()
    assert numpy.from_dlpack(array).tolist() == array.tolist()
    copied = np.from_dlpack(numpy.arange(3), copy=True)
    copied[0] = 9
    assert copied.tolist() == [9, 1, 2]


def test_0d_sets_keep_the_shape_of_their_operand() -> None:
    assert np.isin(np.asarray(3), np.asarray([1, 3])).shape == ()
    assert np.unique_inverse(np.asarray(3)).inverse_indices.shape == ()
    assert np.unique_all(np.ones((2, 0))).inverse_indices.shape == (2, 0)


def test_linalg_names_are_those_of_the_standard_where_numpy_has_two() -> None:
    array = np.arange(24.0).reshape(2, 3, 4)
    want = numpy.linalg.trace(numpy.arange(24.0).reshape(2, 3, 4), offset=1)
    assert np.linalg.trace(array, offset=1).tolist() == want.tolist()
    assert np.trace(array).shape == (4,)
    with pytest.raises(ValueError, match="vectors of one length were required"):
        np.vecdot(np.ones((2, 3)), np.ones((2, 1)))


def test_diagonals_may_lie_outside_of_a_matrix() -> None:
    for k in (-(2**70), -3, 3, 2**63):
        want = numpy.tri(2, 3, max(-9, min(k, 9))).tolist()
        assert np.tri(2, 3, k).tolist() == want
        assert not np.eye(2, 3, k).any()
        assert np.eye(0, k=k).shape == (0, 0)


@pytest.mark.parametrize("dtype", ["float16", "float32", "complex64", "float64"])
def test_what_finfo_tells_is_a_float_of_the_dtype_that_is_asked_about(
    dtype: str,
) -> None:
    want, have = numpy.finfo(dtype), np.finfo(dtype)
    for name in ("eps", "smallest_normal", "tiny", "resolution", "max", "min"):
        one, two = getattr(want, name), getattr(have, name)
        assert isinstance(two, float)
        assert (repr(two), two.dtype) == (repr(one), one.dtype)
        assert (two / 2 - one).dtype == one.dtype
    assert (str(have), repr(have), have.bits) == (str(want), repr(want), want.bits)
    assert have is np.finfo(np.ones(2, dtype)) is pickle.loads(pickle.dumps(have))


def test_clip_takes_numpys_names_of_its_limits_and_the_standards() -> None:
    x = np.arange(5)
    want = [1, 1, 2, 3, 3]
    assert np.clip(x, 1, 3).tolist() == want
    assert np.clip(x, min=1, max=3).tolist() == want
    assert np.clip(x, a_min=1, a_max=3).tolist() == want
    assert np.clip(x, 1, a_max=3).tolist() == want
    assert np.clip(x, 1, max=3).tolist() == want
    assert np.clip(x, 1).tolist() == [1, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="names of one limit"):
        np.clip(x, 1, 3, a_max=2)
    with pytest.raises(TypeError, match="a_max was required"):
        np.clip(x, a_min=1)


def test_methods_have_the_parameters_of_the_standard() -> None:
    wanted = {
        "__dlpack__": ["self", "stream", "max_version", "dl_device", "copy"],
        "__dlpack_device__": ["self"],
        "__array_namespace__": ["self", "api_version"],
        "to_device": ["self", "device", "stream"],
    }
    for name, parameters in wanted.items():
        method = getattr(np.ndarray, name)
        assert list(inspect.signature(method).parameters) == parameters
