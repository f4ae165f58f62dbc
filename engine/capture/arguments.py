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
from engine.record.value import LEAF_HISTORY, Value, constant
from engine.sharing import shared_line

NDArray = np.ndarray[Any, Any]

_PLAIN = (type(None), bool, int, complex, str, bytes, type(...))


class Unfit(Exception):
    """Why an array cannot be part of a captured call, now."""


class Taken:
    """Arguments, taken apart.

    Attributes
    ----------
    key : tuple
        All that is no array or float: equal keys are arguments of equal structure.
    leaves : list
        Arrays of Engine and of NumPy, and floats, in order.
    objects : list
        Other objects, by identity.
    containers : bool
        Whether there are lists or dicts, which a call may change.
    """

    __slots__ = ("containers", "key", "leaves", "objects")

    def __init__(self, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.leaves: list[Any] = []
        self.objects: list[Any] = []
        self.containers = False
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
            return np.ndarray, x.dtype, x.shape, order, x.flags.writeable
        if kind in _PLAIN or isinstance(x, (np.generic, np.dtype)):
            return kind, repr(x)
        if kind is tuple:
            return tuple, *map(self._take, x)
        if kind is list:
            self.containers = True
            return list, *map(self._take, x)
        if kind is dict:
            self.containers = True
            return dict, *((key, self._take(item)) for key, item in x.items())
        self.objects.append(x)
        return kind, id(x)


def rebuilt(tree: Any, replace: Callable[[Any], Any], made: list[Any]) -> Any:
    """A tree with other leaves; `made` gets each container and its replacement."""
    kind = type(tree)
    if kind is tuple:
        return tuple(rebuilt(item, replace, made) for item in tree)
    if kind is list or kind is dict:
        if kind is list:
            new: Any = [rebuilt(item, replace, made) for item in tree]
            made.append((tree, new, list(new)))
        else:
            new = {key: rebuilt(item, replace, made) for key, item in tree.items()}
            made.append((tree, new, dict(new)))
        return new
    return replace(tree)


def check_fit(handle: Array) -> Value:
    """The value of the memory of an array that may be part of a captured call.

    Raises
    ------
    Unfit
        When it is a result that requires grad, when its memory is shared with others,
        or is not on the host.
    """
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
    )


def value_of(handle: Array) -> Value:
    """The value of all memory that an array is a view of."""
    line = handle._line
    if line is None:
        assert handle._value is not None
        return handle._value
    return line.value if line.version == line.storage.version else line.current()


def separated(handles: Sequence[Array]) -> list[Value]:
    """The values of arrays, computed; no two pieces of memory have one value.

    A copy of an array is the same value until one of the two is written.
    """
    values = [value_of(handle) for handle in handles]
    evaluate(values)
    owners: dict[int, int] = {}
    for k, handle in enumerate(handles):
        line, value = handle._line, values[k]
        owner = id(handle) if line is None else id(line.storage)
        if owners.setdefault(id(value.buffer), owner) == owner:
            continue
        own = Value(value.dtype, value.shape, value.buffer.copy())
        own.history = value.history
        values[k] = own
        if line is None:
            handle._value = own
        else:
            line.storage.latest = line.value = own
    return values


def pattern_of(handles: Sequence[Array], values: Sequence[Value]) -> tuple[Any, ...]:
    """Which arrays share memory, and which share a gradient history too.

    Raises
    ------
    Unfit
        When one piece of memory has two values, as it has where only some of several
        views of it are arguments.
    """
    lines: list[int] = []
    storages: list[int] = []
    for handle in handles:
        line = handle._line
        lines.append(id(handle) if line is None else id(line))
        storages.append(id(handle) if line is None else id(line.storage))
    distinct = len(set(storages))
    if len({id(value.buffer) for value in values}) != distinct:
        raise Unfit("two arrays are views of memory that was just separated")
    if distinct == len(handles):
        return ()
    return (
        *(lines.index(one) for one in lines),
        *(storages.index(one) for one in storages),
    )


def wrap_numpy(array: NDArray, private: bool) -> Array:
    """An array of Engine that shows an ndarray's elements: a copy, if it is `private`.

    One that is not must not outlive the call, or be written.
    """
    from engine.numpy.handle import ndarray

    order = tuple(sorted(range(array.ndim), key=lambda a: -abs(array.strides[a])))
    source = array.transpose(order)
    if private or not (source.flags.c_contiguous and source.flags.aligned):
        value = constant(source)
    else:
        value = Value(source.dtype, source.shape, source)
    return ndarray.wrap(value, order, writeable=array.flags.writeable)


def share_numpy(array: NDArray) -> Array:
    """An array of Engine in the memory of an ndarray: both see each other's writes."""
    from engine.numpy.handle import ndarray

    line, recipe = shared_line(array)
    return ndarray.from_line(line, recipe, bool(array.flags.writeable))
