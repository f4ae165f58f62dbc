"""Interpolation at Chebyshev points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial.chebyshev import chebpts1

from engine.errors import named

from ..fallback import library_call, to_host
from ..joining import concatenate
from .families import CHEBYSHEV
from .values import table


def interpolate(func: Any, deg: Any, args: Any) -> Any:
    """The Chebyshev series that takes a function's values at Chebyshev points."""
    host = np.asarray(to_host(deg))
    if host.ndim > 0 or host.dtype.kind not in "iu":
        raise TypeError(named(f"deg must be an int; {deg!r} given"))
    if host < 0:
        raise ValueError(named(f"expected deg >= 0; {deg} given"))
    count = int(host) + 1
    places = library_call("chebpts1", chebpts1, count)
    sums = table(CHEBYSHEV, places, count - 1).T @ func(places, *args)
    return concatenate((sums[:1] / count, sums[1:] / (0.5 * count)))
