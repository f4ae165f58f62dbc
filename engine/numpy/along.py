"""Functions of the user's, applied along axes or to every element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import named

from . import compiled_loops
from .axes import normal_axis
from .fallback import (
    ask,
    library_call,
    place_of,
    refuse_gradients,
    to_host,
    wrapped,
)
from .joining import stack
from .manipulation import expand_dims, moveaxis
from .operands import NOT_GIVEN

__all__ = ["apply_along_axis", "apply_over_axes", "vectorize"]


def apply_along_axis(
    func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any
) -> Any:
    """A function of arrays of one axis, applied to all that lie along an axis.

    The function gets lazy arrays. The axis is replaced by those of what it returns;
    the first result says what dtype all have.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.apply_along_axis(lambda row: row[-1] - row[0], 1, np.arange(6).reshape(2, 3))
    array([2, 2])
    """
    array = face.asarray(arr)
    place = normal_axis(axis, array.ndim)
    lines = moveaxis(array, place, -1)
    outside = lines.shape[:-1]
    if 0 in outside:
        raise ValueError(
            named("Cannot apply_along_axis when any iteration dimensions are 0")
        )
    made = [
        face.asarray(func1d(lines[where], *args, **kwargs))
        for where in np.ndindex(outside)
    ]
    shape, dtype = made[0].shape, made[0].dtype
    if not outside:
        return face.ndarray.wrap(made[0].read())  # an array also where it is a scalar
    joined = stack([one.astype(dtype) for one in made]).reshape(*outside, *shape)
    axes = range(len(outside), len(outside) + len(shape))
    return moveaxis(joined, tuple(axes), tuple(place + k for k in range(len(shape))))


def apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Any:
    """A function of an array and an axis, applied for one axis after the other.

    Axes that the function takes away are put back, with extent 1.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.apply_over_axes(np.sum, np.ones((2, 3)), [0, 1])
    array([[6.]])
    """
    array = face.asarray(a)
    rank = array.ndim
    for axis in np.atleast_1d(axes).tolist():
        place = axis + rank if axis < 0 else axis
        made = face.asarray(func(array, place))
        if made.ndim != rank:
            made = expand_dims(made, place)
            if made.ndim != rank:
                raise ValueError(
                    named("a function that gives an array of as many axes was required")
                )
        array = made
    return array


class vectorize:
    """A function of numbers, applied to every element of arrays, with broadcasting.

    It is a loop in Python, as in NumPy: what is written with functions of arrays is
    fused and differentiable, and this is not. For a function that ``numba.njit`` gave
    the loop is compiled as well, where there are many elements.

    Parameters
    ----------
    pyfunc : callable
    otypes : str or list of dtype, optional
        The dtypes of the results; without them the first element's result says.
    doc : str, optional
    excluded : set of int or str, optional
        Arguments that are handed over as they are.
    cache : bool
        Whether the first call, which finds the dtypes, is remembered.
    signature : str, optional
        Axes that the function itself works on, as ``"(n),(n)->()"``.

    Examples
    --------
    >>> import engine.numpy as np
    >>> step = np.vectorize(lambda x, low: x if x > low else 0.0)
    >>> step(np.array([1.0, 2.0, 3.0]), 1.5)
    array([0., 2., 3.])
    """

    def __init__(
        self,
        pyfunc: Any = NOT_GIVEN,
        otypes: Any = None,
        doc: str | None = None,
        excluded: Any = None,
        cache: bool = False,
        signature: str | None = None,
    ) -> None:
        self.pyfunc = pyfunc
        self.otypes, self.cache, self.signature = otypes, cache, signature
        self.excluded = set() if excluded is None else set(excluded)
        self.__doc__ = doc
        if pyfunc is not NOT_GIVEN:
            made: Any = self._loop()  # which refuses what it does not know
            self.otypes, self.__doc__ = made.otypes, made.__doc__
            self.__name__ = getattr(pyfunc, "__name__", "vectorize")

    def _loop(self) -> Any:
        """NumPy's, with the attributes as they are now."""
        options = self.otypes, self.__doc__, self.excluded, self.cache, self.signature
        return np.vectorize(self.pyfunc, *options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.pyfunc is NOT_GIVEN:  # a decorator with options: here is the function
            options = self.otypes, self.__doc__, self.excluded, self.cache
            return vectorize(args[0], *options, self.signature)
        name = "vectorize"
        if args and not kwargs and self._may_compile():
            refuse_gradients(name, "the function is not differentiated", args)
            found = ask(name, compiled_loops.elementwise, self.pyfunc, to_host(args))
            if found is not None:
                return wrapped(found, place_of(args))
        return library_call(name, self._loop(), *args, **kwargs)

    def _may_compile(self) -> bool:
        plain = self.otypes is None and not self.excluded and self.signature is None
        return plain and compiled_loops.is_compiled(self.pyfunc)
