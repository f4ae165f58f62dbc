"""`engine.compile`: calls that are recorded once, and then done without their Python.

What it makes is in `engine.capture.compiled`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from engine.capture.compiled import Compiled


@overload
def compile(
    function: Callable[..., Any], /, *, strict: bool = ..., shapes: int = ...
) -> Compiled: ...


@overload
def compile(
    *, strict: bool = ..., shapes: int = ...
) -> Callable[[Callable[..., Any]], Compiled]: ...


def compile(
    function: Callable[..., Any] | None = None,
    /,
    *,
    strict: bool = False,
    shapes: int = 64,
) -> Any:
    """Record calls of a function once, and do later ones without their Python.

    The function is called as it is until two calls have recorded the same; from then
    on, a call with arguments of the same kinds and shapes runs what was recorded, on
    its own arrays and numbers. So does a call with other shapes, between those that
    were recorded, where all numbers follow from them. A call that cannot be replayed
    is an ordinary call.

    Parameters
    ----------
    function : callable
        A function of arrays of either face, NumPy arrays, numbers, and nested lists,
        tuples and dicts of them. NumPy arrays reach it as arrays of `engine.numpy`;
        what it writes into them is written in the caller's.
    strict : bool
        Whether a function that cannot be replayed raises RuntimeError, with the
        reason and the line; otherwise `Compiled.report` gives them.
    shapes : int
        How many signatures are kept, the least recently used one being forgotten.

    Returns
    -------
    Compiled
        To be called like the function.

    Examples
    --------
    >>> import engine.numpy as np
    >>> import engine
    >>> @engine.compile
    ... def smooth(x, weight):
    ...     x[1:-1] += weight * (x[:-2] - 2 * x[1:-1] + x[2:])
    >>> x = np.array([0.0, 0.0, 8.0, 0.0, 0.0])
    >>> for weight in (0.25, 0.25, 0.5):
    ...     smooth(x, weight)
    >>> x
    array([0. , 1.5, 2. , 1.5, 0. ])
    """
    from engine.capture.compiled import compiled  # 20 modules that few programs need

    if function is None:
        return functools.partial(compiled, strict=strict, shapes=shapes)
    return compiled(function, strict, shapes)
