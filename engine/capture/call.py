"""One call: its arguments as arrays, and what it leaves in those of the caller."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence, Set
from itertools import combinations
from math import prod
from operator import is_not
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.array import Array
from engine.capture.arguments import (
    Taken,
    Unfit,
    form_of,
    is_near,
    rebuilt,
    wrap_numpy,
)
from engine.recipe import owned

if TYPE_CHECKING:
    from engine.capture.family import Family

NDArray = np.ndarray[Any, Any]


class Sizes(NamedTuple):
    """Arguments apart from their extents.

    Parameters
    ----------
    key : tuple
        What they are; which extents are equal, or 1.
    extents : tuple of int
        Those that are not 1, equal ones once, in the order in which they appear.
    """

    key: tuple[Any, ...]
    extents: tuple[int, ...]


class Call:
    """The arguments of one call, and whether it was replayed."""

    def __init__(self, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.args, self.options = args, options
        self.taken = Taken(args, options)
        self.floats: list[float] = []
        self.given: list[Any] = []
        self.arrays: list[NDArray] = []
        self.family: Family | None = None
        self.replayed = False
        for leaf in self.taken.leaves:
            if type(leaf) is float:
                self.floats.append(leaf)
            else:
                self.given.append(leaf)
                if type(leaf) is np.ndarray:
                    self.arrays.append(leaf)

    def teaches(self) -> bool:
        """Whether replays are to be expected once kernels are compiled."""
        return self.family is not None and self.family.waits()

    def forms(self) -> list[Any]:
        """What a recording depends on, of the arrays; the shapes of NumPy's."""
        for one, other in combinations(self.arrays, 2):
            if np.may_share_memory(one, other):
                raise Unfit("two NumPy arrays share memory")
        if any(x.flags.writeable and meets_itself(x) for x in self.arrays):
            raise Unfit("elements of a NumPy array share memory")
        if not all(map(is_near, self.arrays)):
            raise Unfit("the elements of a NumPy array are far apart")
        if not all(x.dtype.kind in "biufc" and x.dtype.isnative for x in self.arrays):
            raise Unfit("a NumPy array has a dtype that Engine has not")
        return [x.shape if type(x) is np.ndarray else form_of(x) for x in self.given]

    def sizes(self, forms: Sequence[Any]) -> Sizes | None:
        """The forms but for extents, and the extents; None for parts of arrays."""
        shapes: list[tuple[int, ...]] = []
        rest: list[Any] = []
        for form, x in zip(forms, self.given, strict=True):
            if type(x) is np.ndarray:
                if not x.flags.c_contiguous:
                    return None
                shapes.append(form)
                continue
            kind, recipe, shape, dtype, *others = form
            own = recipe.shape
            flat = shape != own
            if flat and len(shape) != 1:
                return None
            if recipe is not owned(dtype, own) and (
                not recipe.is_whole(prod(shape), dtype)
            ):
                return None
            shapes.append(own)
            rest.append((kind, dtype, len(own), flat, *others))
        names: dict[int, int] = {1: 0}
        which = [names.setdefault(n, len(names)) for shape in shapes for n in shape]
        if 0 in names or len(names) < 2:
            return None
        return Sizes((*rest, *which), tuple(names)[1:])

    def handles(self, private: Set[int] | None) -> list[Any]:
        """The arrays; NumPy's as arrays of Engine, copies those that are `private`."""
        if not self.arrays:
            return list(self.given)
        return [
            wrap_numpy(x, private is None or k in private)
            if type(x) is np.ndarray
            else x
            for k, x in enumerate(self.given)
        ]

    def write_back(self, handles: Sequence[Array]) -> None:
        """Put what was written into NumPy's arrays."""
        if self.arrays:
            for x, handle in zip(self.given, handles, strict=False):
                if type(x) is np.ndarray and isinstance(handle, Array):
                    line = handle._line
                    if line is not None and line.storage.version:
                        x[...] = handle.computed()

    def invoke(
        self,
        function: Callable[..., Any],
        handles: Sequence[Any],
        floats: Sequence[Any],
    ) -> tuple[Any, bool]:
        """Call a function on other leaves.

        And whether it changed a list or dict that it was given, or returned it: the
        function had one of our own in its place.
        """
        arrays, numbers = iter(handles), iter(floats)

        def replace(leaf: Any) -> Any:
            if type(leaf) is float:
                return next(numbers)
            if isinstance(leaf, Array) or type(leaf) is np.ndarray:
                return next(arrays)
            return leaf

        made: dict[int, Any] = {}
        args = rebuilt(self.args, replace, made)
        options = {k: rebuilt(x, replace, made) for k, x in self.options.items()}
        back = {id(passed): original for original, passed, _ in made.values()}
        try:
            result = function(*args, **options)
        finally:
            own = {
                id(handle): x
                for x, handle in zip(self.given, handles, strict=True)
                if type(x) is np.ndarray
            }
            changed = _carry_over([*made.values()], {**own, **back})
        if not back:
            return result, changed
        returned = with_originals(result, back)
        return returned, changed or returned is not result

    def ordinary(
        self, function: Callable[..., Any], wrap: Callable[[NDArray], Any]
    ) -> Any:
        """Call a function, with NumPy's arrays as arrays of Engine."""
        if not self.arrays:
            return function(*self.args, **self.options)
        handles = []
        for x in self.given:
            handle = x
            if type(x) is np.ndarray and (is_near(x) or wrap is not copied):
                # One that Engine cannot have stays as it is.
                with contextlib.suppress(TypeError, ValueError):
                    handle = wrap(x)
            handles.append(handle)
        try:
            return self.invoke(function, handles, self.floats)[0]
        finally:
            if wrap is copied:
                self.write_back(handles)


def meets_itself(array: NDArray) -> bool:
    """Whether elements of an array may share memory; it does not where this says no.

    Examples
    --------
    >>> meets_itself(np.ones((3, 4)).T[::-1]), meets_itself(np.ones(5)[::2])
    (False, False)
    >>> meets_itself(np.lib.stride_tricks.as_strided(np.ones(4), (3, 2), (8, 8)))
    True
    """
    flags = array.flags
    if flags.c_contiguous or flags.f_contiguous:
        return False
    reach = array.itemsize
    axes = zip(map(abs, array.strides), array.shape, strict=True)
    for stride, extent in sorted(axes):
        if extent > 1:
            if stride < reach:
                return True
            reach += stride * (extent - 1)
    return False


def copied(array: NDArray) -> Array:
    """An array of Engine with the elements of an ndarray."""
    return wrap_numpy(array, private=True)


def with_originals(tree: Any, back: Mapping[int, Any]) -> Any:
    """A tree with the caller's lists and dicts in the place of those that we passed.

    It is the tree itself where there are none of ours.
    """
    if id(tree) in back:
        return back[id(tree)]
    kind = type(tree)
    if kind is tuple or kind is list:
        parts = [with_originals(item, back) for item in tree]
        return kind(parts) if any(map(is_not, parts, tree)) else tree
    if kind is dict:
        items = {key: with_originals(item, back) for key, item in tree.items()}
        return items if any(map(is_not, items.values(), tree.values())) else tree
    return tree


def _carry_over(made: Sequence[tuple[Any, Any, Any]], back: Mapping[int, Any]) -> bool:
    """Let lists and dicts of the caller be as the call has left its own."""
    changed = False
    for original, passed, before in made:
        if len(passed) == len(before) and not any(map(is_not, passed, before)):
            if type(passed) is list:
                continue
            if not any(map(is_not, passed.values(), before.values())):
                continue
        changed = True
        if type(original) is dict:
            parts = {key: back.get(id(x), x) for key, x in passed.items()}
            original.clear()
            original.update(parts)
        else:
            original[:] = [back.get(id(x), x) for x in passed]
    return changed
