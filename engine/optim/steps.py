"""What an optimizer's step does, and how the next one finds that it does the same."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct, error
from typing import Any, NamedTuple

import numpy as np

from engine.array import Array
from engine.record.value import Scalar, Value
from engine.torch.operands import typed

Change = tuple[tuple[bool, ...], tuple[str, ...], int]
"""What is to be done for one parameter: its form (see `Optimizer._form`), the names
under which something is kept for it, and which of the sets of numbers it takes."""


Numbers = tuple[tuple[str, ...], Sequence[Any], np.dtype[Any]]
"""A set of numbers of one dtype: their names, and what a trace keeps of them, each an
object of its own."""


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
    counts : int
        Whose number of steps it is, a place in `Known.states`; -1 for none.
    names : tuple of str
    dtype : dtype
        In which they are taken.
    packing : Struct or None
        What rounds them to it.
    """

    group: int
    counts: int
    names: tuple[str, ...]
    dtype: np.dtype[Any]
    packing: Struct | None

    def numbers(self, given: dict[str, Any]) -> Numbers:
        """The numbers of these names, as `typed` makes one of each."""
        packing = self.packing
        if packing is not None:
            try:  # NumPy takes longer for each than this for all
                values = packing.unpack(packing.pack(*given.values()))
            except (OverflowError, error):  # infinite in this dtype, or no floats
                pass
            else:
                return self.names, values, self.dtype
        values = tuple([typed(x, self.dtype).value for x in given.values()])
        return self.names, values, self.dtype


_FORMATS = {np.dtype(np.float32): "f", np.dtype(np.float64): "d"}


def source_of(
    given: dict[str, Any], dtype: np.dtype[Any], group: int, counts: int
) -> Source:
    """Where numbers like those that are given come from."""
    packing = None
    if dtype in _FORMATS and {*map(type, given.values())} == {float}:
        packing = Struct(str(len(given)) + _FORMATS[dtype])
    return Source(group, counts, tuple(given), dtype, packing)


def scalars_of(numbers: Numbers) -> dict[str, Scalar]:
    """A set of numbers as operands, by name."""
    names, values, dtype = numbers
    return dict(zip(names, [Scalar(x, dtype) for x in values], strict=True))


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
    """

    key: Any
    changes: list[Change]
    written: list[Array]
    forms: list[tuple[bool, ...]]
    entries: tuple[Entry, ...]
    states: list[dict[str, Any]]
    steps: list[int]
    sources: list[Source]


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
