"""What an optimizer's step does, and how the next one finds that it does the same."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np

from engine.array import Array
from engine.record.value import Scalar, Value
from engine.torch.operands import typed

Change = tuple[tuple[bool, ...], tuple[str, ...], int]
"""What is to be done for one parameter: its form (see `Optimizer._form`), the names
under which something is kept for it, and which of the sets of numbers it takes."""


class Numbers(NamedTuple):
    """A set of numbers in a step, all of one dtype.

    Parameters
    ----------
    names : tuple of str
    values : list
        What a trace keeps of them, each an object of its own.
    dtype : dtype
    """

    names: tuple[str, ...]
    values: list[Any]
    dtype: np.dtype[Any]

    def scalars(self) -> dict[str, Scalar]:
        """The numbers as operands, by name."""
        given = zip(self.names, self.values, strict=True)
        return {name: Scalar(value, self.dtype) for name, value in given}


_FORMATS = {np.dtype(np.float32): "f", np.dtype(np.float64): "d"}


def numbers_of(given: dict[str, Any], dtype: np.dtype[Any]) -> Numbers:
    """A set of Python numbers in a dtype, as `typed` makes one of each."""
    form = _FORMATS.get(dtype)
    values = [*given.values()]
    if form is not None and {*map(type, values)} == {float}:
        packing = str(len(values)) + form
        try:  # NumPy takes ten times as long
            values = [*struct.unpack(packing, struct.pack(packing, *values))]
            return Numbers(tuple(given), values, dtype)
        except OverflowError:  # infinite in this dtype
            pass
    return Numbers(tuple(given), [typed(x, dtype).value for x in values], dtype)


class Entry(NamedTuple):
    """One parameter in a step; native code knows the items by their numbers.

    Parameters
    ----------
    parameter : Tensor
    dtype : dtype
    state : dict or None
        What the optimizer has for it; None for a parameter without a gradient.
    size : int
        How many things that are.
    names : tuple of str
        The names of tensors among them.
    kept : tuple of Tensor
        Those tensors.
    """

    parameter: Array
    dtype: np.dtype[Any]
    state: dict[str, Any] | None
    size: int
    names: tuple[str, ...]
    kept: tuple[Array, ...]


class Source(NamedTuple):
    """Where a set of numbers comes from.

    Parameters
    ----------
    group : int
    dtype : dtype
        In which they are taken.
    counts : int
        Whose number of steps it is, a place in `Known.states`; -1 for none.
    """

    group: int
    dtype: np.dtype[Any]
    counts: int


class Step(NamedTuple):
    """What is to be done for all parameters that have a gradient.

    Parameters
    ----------
    key : hashable
        All that decides which operations it is.
    changes : list of Change
    numbers : list of Numbers
        Parameters share them.
    table : list of Value
        For each change, the parameter, what is kept for it, and its gradient.
    written : list of Tensor
        For each change, the parameter and what is kept for it.
    """

    key: Any
    changes: list[Change]
    numbers: list[Numbers]
    table: list[Value]
    written: list[Array]


class Known(NamedTuple):
    """A step, as the next one finds that it does the same.

    Parameters
    ----------
    key, changes, written
        As in `Step`.
    forms : list
        The form of each group.
    entries : tuple of Entry
        All parameters, in the order of their groups.
    states : list of dict
        Those of parameters whose steps are counted.
    steps : list of int
        What they counted.
    sources : list of Source
        Where the sets of numbers come from.
    names : list of tuple
        The names of the numbers in each set.
    """

    key: Any
    changes: list[Change]
    written: list[Array]
    forms: list[tuple[bool, ...]]
    entries: tuple[Entry, ...]
    states: list[dict[str, Any]]
    steps: list[int]
    sources: list[Source]
    names: list[tuple[str, ...]]


class Kind:
    """Stands for all that decides which operations a step is: quick to find again."""

    __slots__ = ()


KINDS = 1024
"""So many are known at most."""

_kinds: dict[Any, Kind] = {}


def kind_of(key: tuple[Any, ...]) -> Kind:
    """The one that stands for a key."""
    known = _kinds.get(key)
    if known is None:
        if len(_kinds) >= KINDS:
            _kinds.clear()
        known = _kinds.setdefault(key, Kind())
    return known
