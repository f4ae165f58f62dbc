"""Operands and right results for ops that are not elementwise, and for casts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import check_cases
import fourier_cases
import matrix_cases
import numpy as np
from cases import Case, numbers
from harness import DTYPES, edges, record

from engine import ops
from engine.ops.op import Loop, Op
from engine.recipe import Recipe
from engine.record.value import Value

Array = np.ndarray[Any, Any]
Generator = np.random.Generator


def casts(rng: Generator) -> list[Case]:
    """Every dtype to every other; integers wrap around, floats are rounded to zero."""
    cases = []
    for source in DTYPES:
        for target in DTYPES:
            x = edges(source)
            if source.kind in "fc" and target.kind in "iu":
                # What does not fit is undefined in C, and so in NumPy.
                x = np.array([0.0, 0.5, 1.0, 1.9, 2.5, 100.0]).astype(source)
            right = x.real if source.kind == "c" and target.kind not in "cb" else x
            with np.errstate(all="ignore"):
                expected = right.astype(target)
            smooth = source.char in "dD" and target.char in "dD"
            x = x[np.isfinite(x) & (np.abs(x) < 1e9)] if smooth else x
            expected = expected[: x.size] if not smooth else x.real.astype(target)
            if smooth and target.kind == "c":
                expected = x.astype(target)
            cases.append(Case((x,), (target,), expected, 0.0, smooth))
    return cases


AXES: list[tuple[int, ...]] = [(0,), (1,), (2,), (0, 2), (1, 2), (0, 1, 2)]


def _reduction(
    function: Callable[..., Any], dtypes: str, ulps: float, empty: bool = True
) -> Callable[[Generator], list[Case]]:
    def cases(rng: Generator) -> list[Case]:
        found = []
        for dtype in map(np.dtype, dtypes.split()):
            x = numbers(rng, (3, 4, 5), dtype)
            allowed = ulps if dtype.kind in "fc" else 0.0
            axes = AXES if dtype == np.float64 else AXES[2:3]
            for some in axes:
                out = np.asarray(function(x, axis=some))
                smooth = dtype.kind in "fc" and dtype.itemsize >= 8
                found.append(
                    Case((x,), (some,), out, allowed, smooth and dtype.char in "dD")
                )
        special = np.array([[1.0, np.inf, 2.0], [np.nan, 0.0, 3.0]])
        found.append(
            Case((special,), ((1,),), np.asarray(function(special, axis=(1,))), ulps)
        )
        found.append(_single(function, rng))
        if empty:
            x = np.zeros((3, 0, 2))
            found.append(Case((x,), ((1,),), np.asarray(function(x, axis=1))))
        long = rng.normal(size=20_000) / 4 + (1.0 if function is np.prod else 0.0)
        long = np.exp(long / 100) if function is np.prod else long
        found.append(Case((long,), ((0,),), np.asarray(function(long)), 1e4))
        return found

    return cases


def _single(function: Callable[..., Any], rng: Generator) -> Case:
    x = numbers(rng, (), float)
    return Case((x,), ((),), np.asarray(function(x, axis=())))


def _sum(x: Array, axis: Any = None) -> Any:
    return np.sum(x, axis=axis, dtype=x.dtype)


def _prod(x: Array, axis: Any = None) -> Any:
    return np.prod(x, axis=axis, dtype=x.dtype)


def _deviations(x: Array, axis: Any = None) -> Any:
    wide = np.longdouble if x.dtype != np.float16 else x.dtype
    distance = x.astype(wide)
    if x.size:
        with np.errstate(invalid="ignore"):
            distance = distance - distance.mean(axis=axis, keepdims=True)
    return np.sum(np.square(distance), axis=axis).astype(x.dtype)


def _truth(function: Callable[..., Any]) -> Callable[[Generator], list[Case]]:
    def cases(rng: Generator) -> list[Case]:
        found = []
        for some in AXES:
            for chance in (0.1, 0.9):
                x = rng.uniform(size=(3, 4, 5)) < chance
                found.append(Case((x,), (some,), function(x, axis=some)))
        x = np.zeros((3, 0), bool)
        found.append(Case((x,), ((1,),), function(x, axis=1)))
        x = np.array(True)
        found.append(Case((x,), ((),), np.asarray(function(x))))
        return found

    return cases


def _place(function: Callable[..., Any]) -> Callable[[Generator], list[Case]]:
    def cases(rng: Generator) -> list[Case]:
        found = []
        for dtype in map(np.dtype, ["?", "b", "B", "q", "Q", "f", "d"]):
            x = numbers(rng, (3, 4, 5), dtype)
            found.append(Case((x,), ((2,),), function(x, axis=2)))
        for axis in range(3):
            found.append(Case((x,), ((axis,),), function(x, axis=axis)))
        found.append(Case((x,), ((0, 1, 2),), np.asarray(function(x))))
        x = np.array([[1.0, np.nan, 9.0, np.nan], [np.inf, -np.inf, np.inf, 0.0]])
        found.append(Case((x,), ((1,),), function(x, axis=1)))
        found.append(Case((x,), ((0, 1),), np.asarray(function(x))))
        found.append(Case((np.array(3.0),), ((),), np.asarray(function(np.array(3.0)))))
        return found

    return cases


MATRIX_SHAPES = [
    ((2, 3), (3, 4)),
    ((3,), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3,)),
    ((5, 2, 3), (3, 4)),
    ((5, 1, 2, 3), (6, 3, 4)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (3,)),
    ((2, 0), (0, 4)),
    ((0, 3), (3, 4)),
]


def matrices(rng: Generator) -> list[Case]:
    """Products of every rank and of every kind of number."""
    cases = []
    for left, right in MATRIX_SHAPES:
        x, y = rng.normal(size=left), rng.normal(size=right)
        cases.append(Case((x, y), (), np.asarray(x @ y), 64.0, x.size > 0))
    for dtype in map(np.dtype, ["?", "b", "q", "f", "F", "D"]):
        x, y = numbers(rng, (2, 3), dtype), numbers(rng, (3, 2), dtype)
        cases.append(Case((x, y), (), x @ y, 64.0, dtype.char == "D"))
    return cases


def _scan(
    function: Callable[..., Any], differentiable: bool = True, ulps: float = 64.0
) -> Callable[[Generator], list[Case]]:
    def cases(rng: Generator) -> list[Case]:
        found = []
        for dtype in map(np.dtype, ["b", "q", "f", "d", "D"]):
            x = numbers(rng, (3, 4), dtype)
            for axis in range(2):
                smooth = differentiable and dtype.char in "dD"
                found.append(Case((x,), (axis,), function(x, axis), ulps, smooth))
        x = np.array([2.0, np.nan, -np.inf, 1.0])
        found.append(Case((x,), (0,), function(x, 0), ulps))
        x = np.zeros((0, 3))
        found.append(Case((x,), (1,), function(x, 1)))
        return found

    return cases


def sorts(rng: Generator) -> list[Case]:
    """Stable for zeros of both signs too, in vectors as long as NumPy's blocks."""
    long = rng.normal(size=1000)
    signed = np.where(long > 0, 0.0, -0.0)
    return [
        *_scan(np.sort)(rng),
        Case((long,), (0,), np.sort(long, kind="stable"), 0.0),
        Case((signed,), (0,), signed, 0.0),
        Case((signed,), (0, "quicksort"), np.sort(signed), 0.0),
    ]


def partitions(rng: Generator) -> list[Case]:
    """Around one place and around several, along each axis."""
    x = rng.normal(size=(5, 7))
    ways = [(1, (2,)), (0, (1, 4)), (1, (-1,))]
    cut = [np.partition(x, places, axis) for axis, places in ways]
    return [Case((x,), *way, 0.0, True) for way in zip(ways, cut, strict=True)]


def places_of_partitions(rng: Generator) -> list[Case]:
    """Around one place and around several, with elements that are equal."""
    x = rng.integers(0, 9, (5, 30)).astype(float)
    ways = [(1, (2,)), (0, (1, 4)), (1, (-1, 7))]
    return [Case((x,), (axis, at), np.argpartition(x, at, axis)) for axis, at in ways]


def _cumprod(rng: Generator) -> list[Case]:
    found = _scan(lambda x, axis: np.cumprod(x, axis, dtype=x.dtype))(rng)
    x = np.array([[2.0, 0.0, 3.0, 0.5], [0.0, 3.0, 0.0, 2.0]])
    found.append(Case((x,), (1,), np.cumprod(x, 1), 0.0, True))
    return found


def _recurrences(rng: Generator) -> list[Case]:
    """Every length from 0 to 9: halving must meet odd and even ones."""
    found = []
    for dtype in map(np.dtype, ["f", "d", "D"]):
        for length in range(10) if dtype == np.float64 else (7,):
            factors = numbers(rng, (2, length, 3), dtype)
            factors[0, 1::3] = 0.0
            terms = numbers(rng, (2, length, 3), dtype)
            out = terms.copy()
            for i in range(1, length):
                out[:, i] = factors[:, i] * out[:, i - 1] + terms[:, i]
            smooth = dtype.char in "dD" and length > 0
            arrays = (factors, terms)
            found.append(Case(arrays, (1,), out, 64.0 * length, smooth))
    return found


def _products(rng: Generator) -> list[Case]:
    found = _reduction(_prod, "b q Q f d F D", 64.0)(rng)
    some = [2.0, 0.0, 3.0], [0.0, 0.0, 3.0], [1.0, 2.0, 3.0], [0.0, 0.0, 0.0, 3.0]
    for x in some:
        array = np.array(x)
        found.append(Case((array,), ((0,),), np.prod(array), 4.0, True))
    return found


def float_operands(op: Op, rng: np.random.Generator, shapes: Any) -> list[Any]:
    """Operands from the op's domain, in the dtypes that it accepts."""
    given = op.samples if op.samples is not None else _plain
    samples = given if isinstance(given, tuple) else (given,) * op.nin
    arrays = [
        np.asarray(draw(rng, shape))
        for draw, shape in zip(samples, shapes, strict=True)
    ]
    loop = _some_loop(op)
    return [
        np.asarray(np.abs(x * 5) if dtype.kind in "iub" else x).astype(dtype)
        for x, dtype in zip(arrays, loop.inputs, strict=True)
    ]


def _some_loop(op: Op) -> Loop:
    """The widest loop: of floats if there is one, else of integers."""
    for kind in "dqQ":
        for kinds in ((kind,) * op.nin, (kind, *"i" * (op.nin - 1))):
            try:
                return op.resolve(tuple(map(np.dtype, kinds)))
            except TypeError:
                continue
    raise AssertionError(f"{op.name} takes no numbers")


def _plain(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return rng.uniform(-2.0, 2.0, shape)


def record_case(op: Op, values: list[Value], case: Case) -> Value:
    if op.name == "cast":
        return ops.cast_value(values[0], case.attributes[0])
    if op.kind == "source":
        return op(*case.scalars, attributes=case.attributes)
    return record(op, values, case.attributes)


# -- regions ---------------------------------------------------------------------------
def _region(dtype: Any, offset: int, shape: Any, strides: Any) -> Recipe:
    return Recipe(np.dtype(dtype), offset, shape, strides)


REGIONS = [
    _region(float, 0, (4, 3), (1, 4)),
    _region(float, 11, (3, 4), (-4, -1)),
    _region(float, 1, (3, 2), (4, 2)),
    _region(float, 0, (12,), (1,)),
    _region(float, 5, (), ()),
    _region(float, 0, (3,), (5,)),
    _region(float, 0, (0, 4), (4, 1)),
]


def _shown(x: Array, recipe: Recipe) -> Array:
    step = recipe.dtype.itemsize
    return np.lib.stride_tricks.as_strided(
        x.reshape(-1).view(recipe.dtype)[recipe.offset :],
        recipe.shape,
        tuple(s * step for s in recipe.strides),
    )


def views(rng: Generator) -> list[Case]:
    """Transposed, reversed, stepped, reshaped, broadcast, reinterpreted, empty."""
    x = rng.normal(size=(3, 4))
    cases = [
        Case((x,), (recipe,), _shown(x, recipe).copy(), 0.0, bool(recipe.size))
        for recipe in [*REGIONS, _region(float, 2, (3, 5), (4, 0))]
    ]
    z = numbers(rng, (5,), complex)
    parts = _region(float, 1, (5,), (2,))
    cases.append(Case((z,), (parts,), z.imag.copy(), 0.0, True))
    back = _region(complex, 4, (5,), (-1,))
    cases.append(Case((z,), (back,), z[::-1].copy(), 0.0, True))
    pairs = _region(complex, 1, (2,), (3,))
    cases.append(Case((x,), (pairs,), x.reshape(-1).view(complex)[[1, 4]], 0.0, True))
    return cases


def _writes(add: bool) -> Callable[[Generator], list[Case]]:
    def cases(rng: Generator) -> list[Case]:
        found = []
        for recipe in REGIONS:
            x, v = rng.normal(size=(3, 4)), rng.normal(size=recipe.shape)
            out = x.copy()
            if recipe.size:
                shown = _shown(out, recipe)
                shown[...] = shown + v if add else v
            found.append(Case((x, v), (recipe,), out, 0.0, bool(recipe.size)))
        x, v = numbers(rng, (4,), complex), numbers(rng, (2,), complex)
        out = x.copy()
        out[::2] = x[::2] + v if add else v
        recipe = _region(complex, 0, (2,), (2,))
        found.append(Case((x, v), (recipe,), out, 0.0, True))
        return found

    return cases


PLACES = np.array([[3, 0], [11, 3], [3, 5]])


def takes(rng: Generator) -> list[Case]:
    """Gathering, with repeated positions."""
    x, z = rng.normal(size=(3, 4)), numbers(rng, (3, 4), complex)
    none = np.zeros((0, 2), np.int64)
    return [
        Case((z, PLACES), (), z.reshape(-1)[PLACES], 0.0, True),
        Case((x, PLACES), (), x.reshape(-1)[PLACES], 0.0, True),
        Case((x, none), (), np.zeros((0, 2))),
        Case((np.arange(5, dtype=np.int8), np.array(2)), (), np.int8(2)),
    ]


def _scattered(add: bool) -> Callable[[Generator], list[Case]]:
    def cases(rng: Generator) -> list[Case]:
        found = []
        for dtype in (float, complex):
            x, v = numbers(rng, (3, 4), dtype), numbers(rng, PLACES.shape, dtype)
            out = x.copy()
            for place, number in zip(PLACES.flat, v.flat, strict=True):
                out.flat[place] = out.flat[place] + number if add else number
            found.append(Case((x, PLACES, v), (), out, 4.0 * add, True))
        return found

    return cases


def puts(rng: Generator) -> list[Case]:
    """Scattering: the last of repeated positions wins."""
    return _scattered(add=False)(rng)


def put_adds(rng: Generator) -> list[Case]:
    """Scattering that adds: repeated positions count each time."""
    return _scattered(add=True)(rng)


def winners(rng: Generator) -> list[Case]:
    """Where a position occurs for the last time."""
    expected = np.array([[False, True], [True, False], [True, True]])
    return [Case((PLACES,), (), expected)]


# -- sources ---------------------------------------------------------------------------
def fulls(rng: Generator) -> list[Case]:
    """One number of every dtype."""
    from engine.record.value import Scalar

    cases = []
    for dtype in DTYPES:
        number = Scalar(dtype.type(1), dtype)
        for shape in ((), (3, 2), (0,)):
            expected = np.full(shape, 1, dtype)
            cases.append(Case((), (shape, dtype), expected, scalars=(number,)))
    return cases


def iotas(rng: Generator) -> list[Case]:
    """Counting from 0."""
    return [Case((), (n,), np.arange(n, dtype=np.int64)) for n in (0, 1, 1000)]


def transfers(rng: Generator) -> list[Case]:
    """Every dtype and some shapes, to where the elements are and back."""
    arrays = [numbers(rng, shape, d) for d in DTYPES for shape in ((), (0, 2), (3, 2))]
    return [
        Case((x,), ("cpu",), x, differentiable=x.dtype.char in "dD" and x.size > 0)
        for x in arrays
    ]


CASES: dict[str, Callable[[Generator], list[Case]]] = {
    **check_cases.CASES,
    **matrix_cases.CASES,
    **fourier_cases.CASES,
    "all": _truth(np.all),
    "any": _truth(np.any),
    "argmax": _place(np.argmax),
    "argmin": _place(np.argmin),
    "argpartition": places_of_partitions,
    "argsort": _scan(
        lambda x, axis: np.argsort(x, axis, kind="stable"), differentiable=False
    ),
    "cast": casts,
    "cummax": _scan(np.maximum.accumulate),
    "cummin": _scan(np.minimum.accumulate),
    "cumprod": _cumprod,
    "cumsum": _scan(lambda x, axis: np.cumsum(x, axis, dtype=x.dtype)),
    "full": fulls,
    "iota": iotas,
    "matmul": matrices,
    "max": _reduction(np.max, "? b B q Q f d", 0.0, empty=False),
    "min": _reduction(np.min, "? b B q Q f d", 0.0, empty=False),
    "partition": partitions,
    "prod": _products,
    "put": puts,
    "put_add": put_adds,
    "recurrence": _recurrences,
    "sort": sorts,
    "squared_deviations": _reduction(_deviations, "e f d", 1e2),
    "sum": _reduction(_sum, "b q Q e f d F D", 1e4),
    "take": takes,
    "to_device": transfers,
    "update": _writes(add=False),
    "update_add": _writes(add=True),
    "view": views,
    "winner": winners,
}
"""For every op that is not elementwise, what draws its cases."""
