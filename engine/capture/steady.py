"""Steady calls: a recording as native code replays it.

It is written down in tuples that `kernels.native.guarding`, `reckoning`, `captured` and
`leaving` read by number; `engine.capture.steadying` makes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.kernels.native.leaving import NOTHING

if TYPE_CHECKING:
    from engine.capture.replay import Entry


class Filled(NamedTuple):
    """An array that a call writes, returns or leaves as a gradient.

    Parameters
    ----------
    root : int
        Its number where it was there before, else `NOTHING`.
    buffer : int
        Its memory: which leaf of the plan, or ``~k`` for the k-th new array.
    dtype, shape, layout
        Of the memory; the recipe for all of it.
    past : bool, Freed or None
        What history it has: for one that is written whether that of a leaf, else the
        op of a graph that is gone.
    face, scalar, writeable
        What a handle has besides; NumPy's class for an array of NumPy's.
    line : int
        For a view, whose line it shares: the k-th new one, or ``-2 - root``.
    base : int
        Which of the specs it is a view of, else `NOTHING`.
    recipe : Recipe or None
        What a view selects.
    """

    root: int
    buffer: int = NOTHING
    dtype: Any = None
    shape: tuple[int, ...] = ()
    layout: Any = None
    past: Any = None
    face: Any = None
    scalar: bool = False
    writeable: bool = True
    line: int = NOTHING
    base: int = NOTHING
    recipe: Any = None


class Nested(NamedTuple):
    """A tuple, list or dict: its class, keys of a dict, what is in it; or an integer.

    An integer is the one of its keys, as others stand for what is made.
    """

    kind: type
    keys: tuple[Any, ...]
    items: tuple[Any, ...]


class Host(NamedTuple):
    """An array of NumPy's: in C order, of a dtype and a shape."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    writeable: bool


class Stretch(NamedTuple):
    """Between which lengths extents may be, and what follows from them.

    In the shapes of forms, ``~k`` is the k-th of these extents.

    Parameters
    ----------
    lowest, highest : tuple of int
        For each extent.
    terms : tuple of tuple of int
        Which of them are multiplied, for each term that numbers are sums of.
    table : ndarray of int64, shape (terms, rows)
        How often each number has each term; the words of the plan come first.
    labels : tuple of (int, int, int)
        The rows of lengths that differ for all these calls, and between which each is.
    counts : tuple of (int, int, int)
        Python numbers that change: whether scalars of the plan or of the table of
        numbers, their place there, their row.
    columns : tuple of (int, int, int)
        Words that count steps of columns that are taken together; the rows of how many
        columns there are, and how often.
    """

    lowest: tuple[int, ...]
    highest: tuple[int, ...]
    terms: tuple[tuple[int, ...], ...]
    table: np.ndarray[Any, np.dtype[np.int64]]
    labels: tuple[tuple[int, int, int], ...]
    counts: tuple[tuple[int, int, int], ...]
    columns: tuple[tuple[int, int, int], ...]


class Steady(NamedTuple):
    """A recording as native code replays it; it knows the items by their numbers.

    Parameters
    ----------
    tier, dtype, grad
        The settings: `config.tier`, the default dtype, whether histories are recorded.
    names : tuple of str
        Of the arguments that are given by name.
    arguments : tuple
        For each the form of an array (see `form_of`), `Host`, ``float``, `Nested` with
        such, or what it has to be.
    reached : tuple of (Array, Line, Recipe, bool)
        The arrays that the function reads besides; how they have to be.
    lookups : tuple of (int, object, object, object)
        How something is found, in what, by which name, and what it has to be.
    tables : tuple of (list or dict, tuple, tuple)
        Containers, their keys, what is in them.
    grads : tuple of (tuple or None)
        The forms of the gradients of leaves.
    forms : tuple
        Those of all arrays among the arguments, in order.
    plan : tuple or None
        The bytes of a native segment, and what they need.
    leaves : tuple of int
        What comes into it: numbers of arrays, or ``~k`` for the k-th constant.
    free : bytes
        For each whether it is overwritten.
    constants : tuple of ndarray
    scalars : tuple of number
        What the plan gets;
    changing : tuple of (int, int)
        places among them, and among the numbers which are put there.
    numbers : tuple
        The constants among the numbers, None in other places.
    places : tuple of int
        Where the floats among the arguments go.
    sources : tuple of (int, int, dict, object, bool)
        By how much a number grows, its place, where it is kept, its key, and whether
        what it was before is taken.
    steps : tuple of (int, callable or None, int, int)
        A place, and what gives the number from those at others; None: a conversion.
    effects, specs : tuple of Filled
        What is written, and what is made.
    left : tuple of int
        For each leaf which of `specs` its gradient is, `NOTHING`, or `KEPT`.
    result : object
        The number of a spec, `Nested` with such, or what is returned each time.
    counts : array of int
        How often it was replayed in native code, and how often left to Python.
    entry : Entry
        Keeps alive what the plan needs.
    long : bool
        Whether other Python threads do not wait until the plan has run.
    stretch : Stretch or None
        Where extents may change. Forms of arrays have no recipe then: they own all of
        their memory. Shapes of `Filled` are rows of `Stretch`, and these have no
        layout; `sources` have ``~row`` for what they grow by. Recipes are dtypes,
        whether all of memory is shown, and the rows of offset, shape and strides.
    pattern : tuple of int
        Which arrays share memory, see `engine.capture.arguments.pattern_of`.
    """

    tier: str
    dtype: np.dtype[Any]
    grad: bool
    names: tuple[str, ...]
    arguments: tuple[Any, ...]
    reached: tuple[Any, ...]
    lookups: tuple[Any, ...]
    tables: tuple[Any, ...]
    grads: tuple[Any, ...]
    forms: tuple[Any, ...]
    plan: tuple[Any, ...] | None
    leaves: tuple[int, ...]
    free: bytes
    constants: tuple[Any, ...]
    scalars: tuple[Any, ...]
    changing: tuple[tuple[int, int], ...]
    numbers: tuple[Any, ...]
    places: tuple[int, ...]
    sources: tuple[Any, ...]
    steps: tuple[Any, ...]
    effects: tuple[Filled, ...]
    specs: tuple[Filled, ...]
    left: tuple[int, ...]
    result: Any
    counts: Any
    entry: Entry
    long: bool
    stretch: Stretch | None
    pattern: tuple[int, ...]
