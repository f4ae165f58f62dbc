"""Selections by a boolean mask that stay pending: work on whole arrays, under the mask.

How many elements a mask selects is known only when the mask has been computed. So
``a[mask]`` gives a `Masked`, which keeps the whole array and the mask. Elementwise ops
among selections by the same mask work on the whole arrays; ``b[mask] = selection`` is
a choice between whole arrays, and a reduction leaves out what was not selected.
Whatever needs the extent computes the mask and gathers the elements.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.handle as face
from engine.array import Array
from engine.errors import named, warn_of_parts
from engine.execute import compute, done_at_once, evaluate
from engine.kernels.backend import HOST
from engine.movement import reshape_value
from engine.ops.op import Op, cast
from engine.recipe import Shape, is_c_contiguous, owned, storage_order
from engine.record.registry import REGISTRY
from engine.record.runtime import RunTime
from engine.record.trace import current_trace, grad_mode
from engine.record.value import DATES, Scalar, Value, typed
from engine.record.watchers import watchers
from engine.shapes import broadcast_shapes
from engine.storage import read_region

from .fallback import adopt
from .masks import Mask, Region
from .operands import NUMBERS, WEAK, NDArray

FEW = 4096
"""From so few elements NumPy selects sooner than work on whole arrays is recorded."""


class Pending(NamedTuple):
    """What a selection will have: the elements of `source` where the mask holds."""

    mask: Mask
    source: Region
    computed: bool
    """Whether the source was computed from selections, rather than selected from."""

    @property
    def rest(self) -> Shape:
        """The extents of the axes that the mask leaves alone."""
        return self.source.recipe.shape[len(self.mask.shape) :]


def selected(handle: Array, key: Any) -> Any:
    """``handle[key]`` for a boolean key; None where it shall be copied at once."""
    shape, rank = key.shape, len(key.shape)
    recipe = handle.recipe
    if not rank or recipe.shape[:rank] != shape or not recipe.size:
        return None
    if current_trace().loud:
        return None  # work on whole arrays would tell of what is not selected
    if handle.place != HOST or (isinstance(key, Array) and key.place != HOST):
        return None
    if recipe.size <= FEW:
        found = _selected_now(handle, key)
        if found is not None:
            return found
    if rank < len(recipe.shape) and storage_order(recipe) != tuple(
        range(len(recipe.shape))
    ):
        return None  # the copy keeps the order of the axes that are left
    mask = Mask.of(key)
    if mask.is_sparse:
        return None
    return face.Masked.of(Pending(mask, Region.of(handle), computed=False))


def _selected_now(handle: Array, key: Any) -> Any:
    """What is selected of a few elements, which are computed; None where not.

    It stays pending where gradients flow, and where somebody watches what is recorded.
    """
    if watchers:
        return None
    flags = _elements(key) if isinstance(key, Array) else key
    elements = None if flags is None else _elements(handle)
    if elements is None:
        return None
    done_at_once()
    return adopt(elements[flags])


def wrapped(elements: NDArray) -> face.ndarray:
    """An array of fresh elements, in C order."""
    return face.ndarray.wrap(Value(elements.dtype, elements.shape, elements))


def _elements(handle: Array) -> NDArray | None:
    """What a handle shows, computed; None of what has a history."""
    source = Region.of(handle)
    if source.base.history is not None:
        return None
    if source.base.buffer is None:
        evaluate([source.base])
    return source.known()


def gathered(pending: Pending) -> face.ndarray:
    """The selected elements as an array: the mask is computed."""
    from .indexing import pick

    mask, source = pending.mask, pending.source
    (flags,) = compute([mask.value])
    base, recipe = source.base, source.recipe
    with grad_mode(enabled=True):
        if pending.computed and base.history is not None:
            # Slopes of elements that nobody selected may be infinite.
            base = mask.choose(base, 0, base.shape)
        if recipe.dtype != base.dtype:
            base = source.read()
            recipe = owned(base.dtype, base.shape)
        return pick(base, recipe, (flags,))


def under(mask: Mask, value: Value) -> face.Masked:
    """The selection from a value that was computed from selections."""
    return face.Masked.of(Pending(mask, Region.whole(value), computed=True))


# -- elementwise ops ------------------------------------------------------------------
def apply(op: Op, args: tuple[Any, ...]) -> face.Masked | None:
    """An elementwise op on selections; None where it needs their extent."""
    found = [x._pending if type(x) is face.Masked else None for x in args]
    first = next((pending for pending in found if pending), None)
    if first is None or first.mask.is_sparse or _may_raise(op, args):
        return None
    if current_trace().loud:
        return None
    values = _alike(first, args, found)
    if values is not None:
        with contextlib.suppress(OverflowError):  # of which others know better
            return under(first.mask, op(*values))
    mask, rank = first.mask, len(first.rest)
    shapes = [
        _shape_beside(rank, x) if pending is None else _shape_under(first, pending)
        for x, pending in zip(args, found, strict=True)
    ]
    if None in shapes:
        return None
    try:
        rest = broadcast_shapes(*shapes)  # type: ignore[arg-type]
    except ValueError:
        return None
    if len(rest) != rank:
        return None
    arrays = [
        x if pending is None else face.ndarray.wrap(pending.source.read())
        for x, pending in zip(args, found, strict=True)
    ]
    result, order = elementwise.compute(op, tuple(arrays))
    return under(mask, elementwise.in_c_order(result, order))


def _alike(
    first: Pending, args: tuple[Any, ...], found: list[Pending | None]
) -> list[Any] | None:
    """Operands as values, where they are selections of one shape, or plain numbers."""
    shape = first.source.recipe.shape
    values: list[Any] = []
    for x, pending in zip(args, found, strict=True):
        if pending is None:
            if type(x) not in WEAK:
                return None
            values.append(x)
            continue
        if pending.source.recipe.shape != shape:
            return None
        if pending is not first and not first.mask.agrees(pending.mask):
            return None
        values.append(pending.source.read())
    return values


def _shape_under(first: Pending, other: Pending) -> Shape | None:
    """What is left of a selection's shape; None where it is by another mask."""
    same = len(other.rest) == len(first.rest) and first.mask.agrees(other.mask)
    return other.rest if same else None


def _shape_beside(rank: int, x: Any) -> Shape | None:
    """The shape of an operand that has no selected axis; None where it may have one."""
    if isinstance(x, (np.generic, *NUMBERS)) or type(x) is RunTime:
        return ()
    if type(x) is face.ndarray:
        fits = x.place == HOST and is_c_contiguous(x.recipe)
    else:
        fits = type(x) is np.ndarray and x.flags.c_contiguous
    return tuple(x.shape) if fits and x.ndim <= rank else None


def _may_raise(op: Op, args: tuple[Any, ...]) -> bool:
    """Whether an op refuses elements, perhaps such as were not selected."""
    if op.name != "power":
        return False
    return all(getattr(x, "dtype", np.dtype(int)).kind in "iu" for x in args)


def update(op: Op, target: face.Masked, other: Any) -> bool:
    """``target op= other`` for a selection; False where that needs its extent."""
    made = apply(op, (target, other))
    pending = target._pending
    if made is None or pending is None or made._pending.rest != pending.rest:
        return False
    value = cast(made._pending.source.read(), target.dtype)
    target._pending = under(pending.mask, value)._pending
    return True


def like(selection: face.Masked, change: Callable[[face.ndarray], Any]) -> Any:
    """What a change of every element makes of a selection; None for a sparse one."""
    pending = selection._pending
    if pending is None or pending.mask.is_sparse:
        return None
    changed = change(face.ndarray.wrap(pending.source.read()))
    return under(pending.mask, changed.read())


# -- writes ---------------------------------------------------------------------------
def store(handle: Array, key: Any, value: Any) -> bool:
    """``handle[key] = value`` as a choice between whole arrays, where it is one."""
    from .indexing import FILLED, assigned, stored_value

    rank, shape = len(key.shape), handle.recipe.shape
    if not rank or shape[:rank] != key.shape:
        return False
    mask = Mask.of(key)
    own = value._pending if type(value) is face.Masked else None
    if own is not None:
        if own.source.recipe.shape != shape or not mask.agrees(own.mask):
            return False
        warn_of_parts(own.source.recipe.dtype, handle.dtype)
        inside: Any = cast(own.source.read(), handle.dtype)
    elif type(value) in (int, float) and handle.dtype.name in FILLED:
        inside = Scalar(assigned(value, handle.dtype)[()], handle.dtype)
    elif _fits_rest(value, shape[rank:]):
        inside = stored_value(handle, value, shape[rank:])
    else:
        return False
    recipe = handle.recipe
    handle.change(lambda base: mask.choose(inside, read_region(base, recipe), shape))
    return True


def _fits_rest(value: Any, rest: Shape) -> bool:
    """Whether a value is the same for all that the mask selects."""
    if isinstance(value, NUMBERS):
        return True
    if not isinstance(value, (Array, np.ndarray, np.generic)) or value.ndim > len(rest):
        return False
    try:
        return broadcast_shapes(value.shape, rest) == rest
    except ValueError:
        return False


# -- reductions -----------------------------------------------------------------------
def over_selections(reduction: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: reduce a selection by reducing the whole array under the mask."""
    names = tuple(inspect.signature(reduction).parameters)

    @functools.wraps(reduction)
    def call(a: Any, axis: Any = None, *args: Any, **options: Any) -> Any:
        if type(a) is face.Masked:
            given = {**dict(zip(names[2:], args, strict=False)), **options}
            made = _reduced(reduction, a, axis, given)
            if made is not None:
                return made
        return reduction(a, axis, *args, **options)

    return call


def _reduced(
    reduction: Callable[..., Any], selection: face.Masked, axis: Any, given: Any
) -> Any:
    """The reduction of a selection; None where it needs the extent."""
    from .reductions import normal

    pending = selection._pending
    if pending is None:
        return None
    mask, rest = pending.mask, pending.rest
    plain = given.get("where", True) is True and given.get("mean") is None
    if not plain or given.get("out") is not None or mask.is_sparse:
        return None
    name, lead = reduction.__name__, len(mask.shape)
    axes = normal(name, axis, 1 + len(rest))
    kept = tuple(axis - 1 + lead for axis in axes if axis)
    elements = face.ndarray.wrap(pending.source.read())
    if 0 not in axes:
        return under(mask, reduction(elements, kept, **given).read()) if kept else None
    places = (*range(lead), *kept)
    if name in ("max", "min"):
        result = _extreme(reduction, pending, elements, places, given)
    else:
        flags = reshape_value(mask.value, mask.shape + (1,) * len(rest))
        where = face.ndarray.wrap(flags)
        result = reduction(elements, places, **{**given, "where": where})
    if result is None or not given.get("keepdims", False):
        return result
    return result.reshape((1, *result.shape[lead:]))


def _extreme(
    reduction: Callable[..., Any],
    pending: Pending,
    elements: face.ndarray,
    places: tuple[int, ...],
    given: Any,
) -> Any:
    """The largest or smallest selected element: what was left out is beyond all.

    Without an initial value it is an error when there is none, so this looks.
    """
    dtype, mask = elements.dtype, pending.mask
    if dtype.kind == "c" or pending.source.base.history is not None:
        return None  # what was left out would share a gradient with infinities
    beyond = Scalar(_beyond(reduction.__name__, dtype), dtype)
    chosen = mask.choose(elements.read(), beyond, elements.shape)
    result = reduction(face.ndarray.wrap(chosen), places, **given)
    if given.get("initial") is None:
        known = mask.given.known()
        if known is None:
            flags = mask.value
            axes = tuple(range(len(flags.shape)))
            some = REGISTRY["any"](flags, attributes=(axes,))
            _, known = compute([result.read(), some])
        if not known.any():
            ufunc = "maximum" if reduction.__name__ == "max" else "minimum"
            raise ValueError(
                named(
                    f"zero-size array to reduction operation {ufunc} which has no "
                    "identity"
                )
            )
    return result


def _beyond(name: str, dtype: np.dtype[Any]) -> Any:
    """The number of a dtype that no other is below ("max") or above ("min")."""
    if dtype.kind == "b":
        return np.bool_(name == "min")
    if dtype.kind == "f":
        return dtype.type(-np.inf if name == "max" else np.inf)
    if dtype.kind in DATES:  # the smallest integer of all is no time
        limits = np.iinfo(np.int64)
        return typed(limits.min + 1 if name == "max" else limits.max, dtype)
    limits = np.iinfo(dtype)
    return dtype.type(limits.min if name == "max" else limits.max)
