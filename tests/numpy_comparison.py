"""Running a random program on Engine, and comparing all that NumPy lets one see."""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy
from program_lines import ALL
from programs import Lines, Program

import engine
import engine.numpy as np
from engine.recipe import positions


class Mismatch(AssertionError):
    """Something differs; the message holds the program."""


def run(
    program: Program, look: Callable[[dict[str, Any]], None] = lambda space: None
) -> dict[str, Any]:
    """The names of a program after Engine has run it; `look` is called after lines."""
    space: dict[str, Any] = {
        "np": np,
        "peek": engine.eval,
        "export": numpy.asarray,
    }
    with warnings.catch_warnings(), numpy.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for source, (code, expected) in zip(
            program.sources, program.lines, strict=True
        ):
            error: Exception | None = None
            try:
                exec(code, space)
            except Exception as raised:
                error = raised
            if not _alike(expected, error):
                fail(program, f"{source!r}: NumPy {expected!r}, Engine {error!r}")
            look(space)
    return space


def _alike(expected: Exception | None, error: Exception | None) -> bool:
    """NumPy's private subclasses of public exceptions are met by those."""
    if expected is None or error is None:
        return expected is error
    return isinstance(error, type(expected)) or isinstance(expected, type(error))


def compare(
    seed: int,
    makers: tuple[type[Lines], ...] = ALL,
    times: int = 1,
    lines: tuple[int, int] = (6, 16),
) -> None:
    """Draw a program of so many lines; demand that Engine shows what NumPy shows.

    It is run so many `times`: native code does what was done before.
    """
    program = Program(seed, makers, lines)
    for _ in range(times):
        space = run(program)
    if _overflows_in_complex(program):
        return
    for name in program.names:
        _compare_one(program, name, program.space[name], space[name])
    for name in program.space:
        if re.fullmatch(r"e\d+", name) and not same(program.space[name], space[name]):
            fail(program, f"{name}: NumPy {program.space[name]!r}, {space[name]!r}")
    arrays = [
        name
        for name in program.names
        if isinstance(program.space[name], numpy.ndarray) and program.space[name].size
    ]
    for one, two in itertools.combinations(arrays, 2):
        expected = numpy.shares_memory(program.space[one], program.space[two])
        if expected != shares_memory(space[one], space[two]):
            fail(program, f"{one} and {two}: shares_memory is {expected} in NumPy")


def compare_cuts(seed: int) -> None:
    """Demand the same bits however a program is cut into flushes."""
    program = Program(seed, ALL)
    draw = numpy.random.default_rng(seed)

    def look(space: dict[str, Any]) -> None:
        names = [name for name in program.names if name in space]
        if names and draw.random() < 0.5:
            engine.eval(space[names[int(draw.integers(len(names)))]])

    whole, cut = run(program), run(program, look)
    for name in program.names:
        one, two = whole[name].computed(), cut[name].computed()
        if one.tobytes() != two.tobytes():
            fail(program, f"{name}: {one!r}, and with other flushes {two!r}")


def _compare_one(program: Program, name: str, want: Any, have: Any) -> None:
    if isinstance(want, numpy.generic) != have.scalar:
        fail(program, f"{name}: NumPy has {type(want)}")
    if (want.dtype, want.shape) != (have.dtype, have.shape):
        fail(
            program,
            f"{name}: NumPy {want.dtype}{want.shape}, Engine {have.dtype}{have.shape}",
        )
    got = have.computed()
    if not same(want, got) and not _shows_bits_of_nan(program, want):
        fail(program, f"{name}: NumPy\n{want!r}\nEngine\n{got!r}")
    if not isinstance(want, numpy.ndarray) or not want.size:
        return
    strides = zip(want.shape, want.strides, have.strides, strict=True)
    if any(n > 1 and one != two for n, one, two in strides):
        fail(
            program,
            f"{name}: strides {want.strides} in NumPy, {have.strides} in Engine, "
            f"shape {want.shape}",
        )
    if want.flags.writeable != have.flags.writeable:
        fail(program, f"{name}: writeable is {want.flags.writeable} in NumPy")


def _overflows_in_complex(program: Program) -> bool:
    """Whether complex numbers became infinite: NumPy's own products of those differ.

    Its scalars and its arrays give different mixtures of infinities and NaNs.
    """
    return any(
        isinstance(x, numpy.ndarray)
        and x.dtype.kind == "c"
        and not numpy.isfinite(x).all()
        for x in program.space.values()
    )


TOLERANCES = {"e": 2e-3, "f": 1e-4, "F": 1e-4}


def same(want: Any, have: Any) -> bool:
    """Equal; floating numbers up to the rounding of another order of a sum."""
    if want.dtype.kind not in "fc":
        return bool(numpy.array_equal(want, have))
    if want.shape == have.shape and want.tobytes() == have.tobytes():
        return True
    tolerance = TOLERANCES.get(want.dtype.char, 1e-11)
    wide = numpy.result_type(want.dtype, numpy.float64)
    with numpy.errstate(invalid="ignore"):  # a cast complains of signalling NaNs
        want, have = want.astype(wide), have.astype(wide)
    size = numpy.abs(numpy.atleast_1d(want))
    scale = float(size[numpy.isfinite(size)].max(initial=1.0))
    return bool(
        numpy.allclose(
            want, have, rtol=tolerance, atol=tolerance * scale, equal_nan=True
        )
    )


def _shows_bits_of_nan(program: Program, want: Any) -> bool:
    """Whether integers show memory of NaNs, whose sign and payload are arbitrary."""
    return (
        isinstance(want, numpy.ndarray)
        and want.dtype.kind in "iu"
        and any(
            isinstance(other, numpy.ndarray)
            and other.dtype.kind in "fc"
            and bool(numpy.isnan(other).any())
            and numpy.may_share_memory(want, other)
            for other in program.space.values()
        )
    )


def shares_memory(one: Any, two: Any) -> bool:
    """Whether two arrays of Engine have a byte in common."""
    if one is two:
        return True
    if one.line.storage is not two.line.storage:
        return False
    return bool(_bytes_of(one) & _bytes_of(two))


def _bytes_of(array: Any) -> set[int]:
    size = array.dtype.itemsize
    places = positions(array.recipe).reshape(-1).tolist()
    return {place * size + k for place in places for k in range(size)}


def fail(program: Program, reason: str) -> None:
    """Raise a `Mismatch` that shows the whole program."""
    raise Mismatch(reason + "\n" + "\n".join(program.sources))
