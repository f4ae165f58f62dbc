"""Powers with a constant exponent that cost less than `power`, within 2 ULP of it.

NumPy's operator ``**`` records them for exponents that are plain numbers. Infinities
and zeros of either sign give what `power` gives: ``(-inf)**1.5`` is infinite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.record.value import Value

from .exponential import positive_numbers, sqrt, wide
from .loops import conj
from .op import ElementwiseOp, Loop, elementwise


def power_of(
    exponent: float, scalar: str | dict[str, str], samples: Any, dtypes: str = "f"
) -> Callable[[Callable[..., Any]], ElementwiseOp]:
    """Declare an op that means ``np.power(x, exponent)``, dtypes included."""

    def function(x: Any) -> Any:
        return np.power(x, exponent)

    def loop(kinds: tuple[Any, ...]) -> Loop:
        found = np.power.resolve_dtypes((np.dtype(kinds[0]), type(exponent), None))
        return Loop((found[0],), found[2])

    return elementwise(
        function, scalar=scalar, nin=1, loop=loop, samples=samples, dtypes=dtypes
    )


_COMPLEX_CUBE = "multiply({x}, multiply({x}, {x}))"


@power_of(3, {"c": _COMPLEX_CUBE, "": "{x} * {x} * {x}"}, wide, "iuf")
def cube(x: Any) -> Any:
    """x to the power 3; integers wrap around."""


@cube.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(x * x * 3.0),)


@power_of(4, {"c": "square(square({x}))", "": "square({x} * {x})"}, wide, "iuf")
def fourth_power(x: Any) -> Any:
    """x to the power 4; integers wrap around."""


@fourth_power.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(cube(x) * 4.0),)


@power_of(
    -2.0,
    {"c": "reciprocal(square({x}))", "": "square(reciprocal({x}))"},
    positive_numbers,
)
def reciprocal_square(x: Any) -> Any:
    """x to the power -2."""


@reciprocal_square.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(out / x * -2.0),)


@power_of(1.5, "select(isinf({x}), absolute({x}), {x} * sqrt({x}))", positive_numbers)
def sqrt_cubed(x: Any) -> Any:
    """x to the power 1.5; NaN below 0."""


@sqrt_cubed.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(sqrt(x) * 1.5),)


@power_of(
    -0.5,
    "absolute(rsqrt(select(isinf({x}), absolute({x}), {x})))",
    positive_numbers,
)
def reciprocal_sqrt(x: Any) -> Any:
    """x to the power -0.5; NaN below 0."""


@reciprocal_sqrt.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(reciprocal_sqrt_cubed(x) * -0.5),)


@power_of(
    -1.5,
    "select(isinf({x}), absolute(reciprocal({x})), divide(reciprocal({x}), sqrt({x})))",
    positive_numbers,
)
def reciprocal_sqrt_cubed(x: Any) -> Any:
    """x to the power -1.5; NaN below 0."""


@reciprocal_sqrt_cubed.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(out / x * -1.5),)


CONSTANT_POWERS = {
    3: cube,
    4: fourth_power,
    -2: reciprocal_square,
    -0.5: reciprocal_sqrt,
    1.5: sqrt_cubed,
    -1.5: reciprocal_sqrt_cubed,
}
"""By exponent; of integers only those with an exponent above 0."""
