"""The arguments of a compiled function: taken apart, described, and put together.

What is described is what a recording depends on: the kinds of arrays, their shapes and
layouts, which of them share memory; the values of all else but floats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.array import Array
from engine.execute import evaluate
from engine.kernels.backend import HOST
from engine.recipe import Recipe
from engine.record.value import LEAF_HISTORY, Value, constant
from engine.sharing import shared_line
from engine.storage import Line, Storage, changing

NDArray = np.ndarray[Any, Any]

_PLAIN = (type(None), bool, int, complex, str, bytes, range, type(...))
_BOUNDS = frozenset((type(None), int))


NEAR = 4
"""An array is copied with all between its elements where that is so many times more."""


class Unfit(Exception):
    """Why an array cannot be part of a captured call, now."""


class Taken:
    """Arguments, taken apart.

    Attributes
    ----------
    key : tuple
        All that is no array or float: equal keys are arguments of equal structure. Of
        NumPy's arrays all but their extents.
    leaves : list
        Arrays of Engine and of NumPy, and floats, in order.
    objects : list
        Other objects, by identity.
    containers : list
        Lists and dicts, which a call may change.
    nested : bool
        Whether a list or dict is there more than once, perhaps in itself.
    """

    __slots__ = ("_known", "containers", "key", "leaves", "nested", "objects")

    def __init__(self, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.leaves: list[Any] = []
        self.objects: list[Any] = []
        self.containers: list[Any] = []
        self.nested = False
        self._known: set[int] = set()
        parts = [self._take(x) for x in args]
        if options:
            parts += [(name, self._take(x)) for name, x in options.items()]
        self.key: tuple[Any, ...] = (len(args), *parts)

    def _take(self, x: Any) -> Any:
        kind = type(x)
        if kind is float:
            self.leaves.append(x)
            return float
        if isinstance(x, Array):
            self.leaves.append(x)
            return kind
        if kind is np.ndarray:
            self.leaves.append(x)
            order = None if x.flags.c_contiguous else x.strides
            return np.ndarray, x.dtype, x.ndim, order, x.flags.writeable
        if kind in _PLAIN or isinstance(x, (np.generic, np.dtype)):
            return kind, _written(x)
        if kind is slice and _BOUNDS.issuperset(map(type, (x.start, x.stop, x.step))):
            return kind, repr(x)
        if kind is tuple:
            return tuple, *map(self._take, x)
        if kind is list or kind is dict:
            return self._take_container(x)
        self.objects.append(x)
        return kind, id(x)

    def _take_container(self, x: Any) -> Any:
        if id(x) in self._known:
            self.nested = True
            return "again"
        self._known.add(id(x))
        self.containers.append(x)
        if type(x) is list:
            return list, *map(self._take, x)
        return dict, *((self._take_key(k), self._take(item)) for k, item in x.items())

    def _take_key(self, key: Any) -> Any:
        """A key of a dict, which a call sees as it is: 1, 1.0 and True are three."""
        kind = type(key)
        if kind in _PLAIN or kind is float or isinstance(key, np.generic):
            return kind, _written(key)
        if kind is tuple:
            return tuple, *map(self._take_key, key)
        self.objects.append(key)
        return kind, id(key)


def _written(x: Any) -> str:
    """Text that differs where numbers, strings and the like do."""
    return hex(x) if type(x) is int else repr(x)


def rebuilt(tree: Any, replace: Callable[[Any], Any], made: dict[int, Any]) -> Any:
    """A tree with other leaves.

    `made` gets each list and dict by its identity, as (it, its replacement, what that
    held); one that is there twice is replaced by one.
    """
    kind = type(tree)
    if kind is tuple:
        return tuple(rebuilt(item, replace, made) for item in tree)
    if kind is not list and kind is not dict:
        return replace(tree)
    if id(tree) in made:
        return made[id(tree)][1]
    new: Any = kind()
    made[id(tree)] = tree, new, None
    if kind is list:
        new.extend(rebuilt(item, replace, made) for item in tree)
    else:
        new.update((key, rebuilt(x, replace, made)) for key, x in tree.items())
    made[id(tree)] = tree, new, new.copy()
    return new


def was_given_attributes(handle: Array) -> bool:
    """Whether somebody has set an attribute of an array that no recording knows of."""
    return bool(getattr(handle, "__dict__", None))


def check_fit(handle: Array) -> Value:
    """The value of the memory of an array that may be part of a captured call.

    Raises
    ------
    Unfit
        When it is a result that requires grad, when its memory is shared with others,
        or is not on the host, or when it has attributes of its own.
    """
    if was_given_attributes(handle):
        raise Unfit("it works on an array that was given an attribute")
    line = handle._line
    if line is not None:
        storage = line.storage
        if storage.memory is not None and storage.shared():
            raise Unfit("it works on an array whose memory is shared with NumPy")
    cell = None if line is None else line.cell
    value = value_of(handle)
    history = value.history
    if history is not None and (
        cell is None or history.op is not LEAF_HISTORY or history.cell is not cell
    ):
        raise Unfit("it works on a result that requires grad")
    if value.device != HOST:
        raise Unfit(f"it works on an array on {value.device}")
    return value


def form_of(handle: Array) -> tuple[Any, ...]:
    """What a recording depends on, of an array; it is checked as by `check_fit`."""
    value = check_fit(handle)
    return (
        type(handle),
        handle.recipe,
        value.shape,
        value.dtype,
        handle.scalar,
        handle.writeable,
        value.history is not None,
        getattr(handle, "_base", None) is None,
    )


def value_of(handle: Array) -> Value:
    """The value of all memory that an array is a view of."""
    line, value = handle._line, handle._value
    if line is None and value is not None:
        return value
    line = handle.line  # which another thread may have made just now
    return line.value if line.version == line.storage.version else line.current()


def separated(handles: Sequence[Array], values: list[Value]) -> list[Value]:
    """The `values` of arrays, computed; no two pieces of memory have one value.

    A copy of an array is the same value until one of the two is written.

    Raises
    ------
    Unfit
        When another thread writes to one of them meanwhile.
    """
    evaluate(values)
    if len({id(value.buffer) for value in values}) == len(values):
        return values
    owners: dict[int, int] = {}
    for k, handle in enumerate(handles):
        line, value = handle._line, values[k]
        owner = id(handle) if line is None else id(line.storage)
        if owners.setdefault(id(value.buffer), owner) == owner:
            continue
        own = Value(value.dtype, value.shape, value.buffer.copy())
        own.history = value.history
        values[k] = own
        with changing:
            if line is None and handle._line is None:
                handle._value = own
            elif line is not None and line.is_current() and line.value is value:
                line.storage.latest = line.value = own
            else:
                raise Unfit("another thread writes to an array that it works on")
    return values


def pattern_of(handles: Sequence[Array], values: Sequence[Value]) -> tuple[Any, ...]:
    """Which arrays are the same, share memory, or share a gradient history too.

    Raises
    ------
    Unfit
        When one piece of memory has two values, as it has where only some of several
        views of it are arguments.
    """
    storages = [
        id(handle if handle._line is None else handle._line.storage)
        for handle in handles
    ]
    distinct = len(set(storages))
    if len({id(value.buffer) for value in values}) != distinct:
        raise Unfit("two arrays are views of memory that was just separated")
    if distinct == len(handles):
        return ()
    same = [id(handle) for handle in handles]
    lines = [id(handle if handle._line is None else handle._line) for handle in handles]
    return (
        *(same.index(one) for one in same),
        *(lines.index(one) for one in lines),
        *(storages.index(one) for one in storages),
    )


def wrap_numpy(array: NDArray, private: bool) -> Array:
    """An array of Engine that shows an ndarray's elements: a copy, if it is `private`.

    One that is not must not outlive the call, or be written. Either has the strides of
    the ndarray, which decide what is a view of it.
    """
    from engine.numpy.handle import ndarray

    order = tuple(sorted(range(array.ndim), key=lambda a: -abs(array.strides[a])))
    source = array.transpose(order)
    if not source.flags.c_contiguous:
        return _spread(array, private)
    if private or not source.flags.aligned:
        value = constant(source)
    else:
        value = Value(source.dtype, source.shape, source)
    return ndarray.wrap(value, order, writeable=array.flags.writeable)


def _spread(array: NDArray, private: bool) -> Array:
    """`wrap_numpy` for one with gaps, or turned around: a part of all between its ends.

    It is one that `is_near` accepts.
    """
    from engine.numpy.handle import ndarray

    item = array.itemsize
    strides = tuple(stride // item for stride in array.strides)
    forward = tuple(slice(None, None, -1 if step < 0 else 1) for step in strides)
    memory = np.lib.stride_tricks.as_strided(
        array[forward], (_span(array),), (item,), writeable=False
    )
    value = Value(memory.dtype, memory.shape, memory)
    if private or not memory.flags.aligned:
        value = constant(memory)
    pairs = zip(strides, array.shape, strict=True)
    first = sum(-step * (extent - 1) for step, extent in pairs if step < 0)
    recipe = Recipe(value.dtype, first, array.shape, strides)
    line = Line(Storage(value), value)
    return ndarray.from_line(line, recipe, bool(array.flags.writeable))


def _span(array: NDArray) -> int:
    """How many items there are between the ends of an array."""
    pairs = zip(array.strides, array.shape, strict=True)
    return int(1 + sum(abs(step) // array.itemsize * (n - 1) for step, n in pairs))


def is_near(array: NDArray) -> bool:
    """Whether an array is dense, or little is between its elements, by whole items.

    Examples
    --------
    >>> is_near(np.ones(9)[::-2]), is_near(np.ones((90, 90))[:, 0])
    (True, False)
    """
    flags = array.flags
    if flags.c_contiguous or flags.f_contiguous:
        return True
    whole = not any(stride % array.itemsize for stride in array.strides)
    return whole and _span(array) <= NEAR * array.size


def share_numpy(array: NDArray) -> Array:
    """An array of Engine in the memory of an ndarray: both see each other's writes."""
    from engine.numpy.handle import ndarray

    line, recipe = shared_line(array)
    return ndarray.from_line(line, recipe, bool(array.flags.writeable))
