"""Details of arrays, keyword by keyword: small programs mean what they mean in NumPy.

``details.txt`` has one on each line: statements, and an expression. Values, dtypes,
shapes, strides, whether results can be written to, and the classes of exceptions are
compared.
"""

from __future__ import annotations

import copy
import math
import operator
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy
import pytest
from numpy_comparison import same

import engine
import engine.numpy as np

OPERANDS = """
f = np.array([[1.5, -2.0, 3.25], [0.0, 5.0, -6.5]])
i = np.array([[4, 1, 3], [0, 5, 2]])
b = i > 2
z = f + 1j * f[::-1]
v = np.arange(6.0)
w = np.arange(5)
s = f[0, 0]
zero = np.array(3.5)
e = np.zeros((0, 3))
F = np.array([[1, 2, 3], [4, 5, 6]], order='F')
u = np.array([250, 3], 'uint8')
h = np.array([1.5, 2.5], 'float16')
"""
SECTIONS = {
    lines.split("\n")[0]: lines.strip().split("\n")[1:]
    for lines in (Path(__file__).parent / "details.txt").read_text().split("# ")[1:]
}


def outcome(source: str, module: Any) -> Any:
    """What a small program gives, or the exception that it raises."""
    space = {
        "np": module,
        "copy": copy,
        "math": math,
        "operator": operator,
        "pickle": pickle,
    }
    *statements, expression = source.split("; ")
    exec(OPERANDS, space)
    with warnings.catch_warnings(), numpy.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            exec("\n".join(statements), space)
            return computed(eval(expression, space))
        except Exception as error:
            return error


def computed(found: Any) -> Any:
    """A result whose arrays of Engine are computed, so that late errors come now."""
    if isinstance(found, np.ndarray):
        engine.eval(found)
    elif isinstance(found, (tuple, list)):
        for part in found:
            computed(part)
    return found


def differs(want: Any, have: Any) -> str:
    """What is different between NumPy's outcome and Engine's; empty for nothing."""
    if isinstance(want, Exception) or isinstance(have, Exception):
        alike = isinstance(have, type(want)) or isinstance(want, type(have))
        return "" if alike else "an exception"
    if isinstance(want, (tuple, list)) and isinstance(have, (tuple, list)):
        if len(want) != len(have):
            return "the length"
        return next(filter(None, map(differs, want, have)), "")
    if isinstance(want, (numpy.ndarray, numpy.generic)):
        return differs_as_array(want, have)
    return "" if type(want) is type(have) and repr(want) == repr(have) else "the value"


def differs_as_array(want: Any, have: Any) -> str:
    """`differs`, for what is an array or a scalar in NumPy."""
    if not isinstance(have, np.ndarray):
        is_own = type(have) is type(want) and repr(have) == repr(want)
        return "" if is_own else "the class"
    if isinstance(want, numpy.generic) != have.scalar:
        return "what is a scalar"
    if (want.dtype, want.shape) != (have.dtype, have.shape):
        return "dtype or shape"
    strides = zip(want.shape, want.strides, have.strides, strict=True)
    if want.size and any(n > 1 and one != two for n, one, two in strides):
        return "strides"
    if not have.scalar and want.flags.writeable != have.flags.writeable:
        return "writeable"
    return "" if same(want, have.computed()) else "elements"


@pytest.mark.parametrize("section", SECTIONS)
def test_small_programs_mean_what_they_mean_in_numpy(section: str) -> None:
    with engine.config(tier="numpy"):
        wrong = []
        for source in SECTIONS[section]:
            want, have = outcome(source, numpy), outcome(source, np)
            what = differs(want, have)
            if what:
                wrong.append(f"{source}: {what} differs: {want!r}, {have!r}")
    assert not wrong, "\n".join(wrong)


def lost_parts(source: str, module: Any) -> list[str]:
    """The warnings of a program that imaginary parts are lost."""
    space: dict[str, Any] = {"np": module}
    exec(OPERANDS, space)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(source, space)
    assert all(
        str(one.message).startswith("Casting complex values to real") for one in caught
    )
    return [one.category.__name__ for one in caught]


LOSING = (
    """
z.astype(int); z.astype(bool); z.astype('c8'); f[0] = z[0]; f[b] = z[b]; f[b] = f[b]
f[0][:] = z[0]
f.flat = z; np.copyto(f, z, casting='unsafe'); np.sum(z, dtype=float); np.sum(z)
z.mean(dtype=float); np.array(z, float); np.asarray(z, dtype=float); float(z[0, 0])
np.cumsum(z, dtype=float); z.cumprod(0, int); np.cumulative_sum(z[0], dtype='i2')
np.add(z, z, out=f, casting='unsafe'); np.put(f, [0], z[0, 0]); z[0] = f[0]
""".strip()
    .replace("\n", "; ")
    .split("; ")
)


@pytest.mark.parametrize("source", LOSING)
def test_numpys_warning_says_where_imaginary_parts_are_lost(source: str) -> None:
    assert lost_parts(source, np) == lost_parts(source, numpy)
