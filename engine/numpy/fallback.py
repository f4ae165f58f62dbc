"""What has no lazy version: computed by NumPy, with one warning per name and line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import is_
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.array import Array
from engine.errors import is_from_user, said, same_kind, user_line, warn_user
from engine.execute import compute
from engine.kernels.backend import HOST
from engine.ops.transfer import on_device
from engine.recipe import storage_order, transposed
from engine.record.trace import grad_enabled
from engine.record.value import Value, constant

from .operands import KINDS, native, plain_value, read_as

_warned: set[tuple[str, str]] = set()


class FallbackWarning(UserWarning):
    """A function without a lazy version was computed by NumPy."""


def host_call(
    name: str, function: Callable[..., Any], *args: Any, **options: Any
) -> Any:
    """Call a NumPy function that has no lazy version; warn once for a name and line.

    Raises TypeError when a gradient is required, since it would be lost.
    """
    line = user_line()
    if (name, line) not in _warned:
        _warned.add((name, line))
        warn_user(
            f"{name} has no lazy version: its operands were computed and handed to "
            "NumPy",
            FallbackWarning,
        )
    return library_call(name, function, *args, **options)


def library_call(
    name: str, function: Callable[..., Any], *args: Any, **options: Any
) -> Any:
    """Call a NumPy function on computed operands and wrap what it returns.

    Raises TypeError when a gradient is required, since it would be lost.
    """
    arrays = _arrays_in(args, options)
    if any([x.requires_grad for x in arrays]):
        refuse_gradients(name, "the function has no lazy version", arrays)
    return _asked(name, function, args, options, arrays)


def ask(name: str, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call a NumPy function on what it knows.

    Its errors keep their class, and say what the user called, with what, and where.
    Those of functions that the user handed over are left alone.
    """
    try:
        return function(*args, **options)
    except Exception as error:
        if is_from_user(error):
            raise
        arrays = [x for x in args if isinstance(x, (np.ndarray, np.generic))]
        given = " and ".join(f"{x.dtype}{list(x.shape)}" for x in arrays)
        given = f"; {given} given" if given else ""
        message = f"{name}: {said(error)}{given}; at {user_line()}"
        raise same_kind(error, message) from None


def need_gradients(*trees: Any) -> bool:
    """Whether gradients are to flow to any array in nested arguments."""
    return grad_enabled() and any([x.requires_grad for x in _arrays_in(*trees)])


def refuse_gradients(name: str, reason: str, *trees: Any) -> None:
    """Raise TypeError where a gradient would be lost."""
    if need_gradients(*trees):
        raise TypeError(
            f"{name}: arrays without gradients were required, as {reason}; an array "
            "that requires grad was given; use detach()"
        )


FOREIGN = "the result goes into an ndarray of NumPy, which has no gradient"


def into_foreign(
    name: str,
    function: Callable[..., Any],
    target: np.ndarray[Any, Any],
    *args: Any,
    **options: Any,
) -> Any:
    """Call a NumPy function that writes to an ndarray, at once: its owner looks at it.

    Raises TypeError when a gradient is required, since it would be lost.
    """
    refuse_gradients(name, FOREIGN, args, options)
    return ask(name, function, target, *to_host(args), **to_host(options))


def quiet_call(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """`library_call` for results that never carry a gradient: positions, counts."""
    name = getattr(function, "__name__", "function")
    return _asked(name, function, args, options, _arrays_in(args, options))


def _asked(
    name: str,
    function: Callable[..., Any],
    args: Sequence[Any],
    options: Mapping[str, Any],
    arrays: Sequence[Array],
) -> Any:
    """What NumPy answers, wrapped, on the device of any of the arrays among those."""
    found = ask(name, function, *to_host(args), **to_host(options))
    return wrapped(found, _place_of_any(arrays))


def place_of(*trees: Any) -> str:
    """The device of a result: that of any array in nested arguments."""
    return _place_of_any(_arrays_in(*trees))


def _place_of_any(arrays: Sequence[Array]) -> str:
    return next((x.place for x in arrays if x.place != HOST), HOST)


def _arrays_in(*trees: Any) -> list[Array]:
    return [x for x in _flatten(trees) if isinstance(x, Array)]


def _flatten(tree: Any) -> list[Any]:
    found, stack = [], [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            stack.extend(item)
        elif isinstance(item, dict):
            stack.extend(item.values())
        else:
            found.append(item)
    return found


def to_host(tree: Any) -> Any:
    """The same arguments with ndarrays and NumPy scalars in place of handles."""
    if isinstance(tree, Array):
        return host_value(tree)
    if isinstance(tree, list):
        parts = [to_host(x) for x in tree]
        return tree if all(map(is_, parts, tree)) else parts
    if isinstance(tree, tuple):
        return tuple([to_host(x) for x in tree])
    if isinstance(tree, dict):
        return {key: to_host(x) for key, x in tree.items()}
    return tree


def host_value(x: Array) -> Any:
    """A handle's elements as NumPy has them: an ndarray of its layout, or a scalar."""
    if plain_value(x) is not None:
        array = x.computed()
        return array[()] if x.scalar else array
    recipe = x.recipe
    order = storage_order(recipe)
    if order == tuple(range(len(order))):
        array = x.computed()
        return array[()] if x.scalar else array
    (array,) = compute([read_as(x, transposed(recipe, order))])
    return array.transpose(np.argsort(order))


def wrapped(result: Any, device: str = HOST) -> Any:
    """Handles in place of ndarrays and NumPy scalars, in tuples and lists too."""
    if isinstance(result, np.ndarray) and result.dtype.kind in KINDS:
        return adopt(result, device)
    if isinstance(result, np.generic) and result.dtype.kind in KINDS:
        value = on_device(_owned(np.array(result)), device)
        return face.ndarray.wrap(value, scalar=True)
    if type(result) in (list, tuple):
        return type(result)(_wrapped_once(result, device))
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return type(result)(*_wrapped_once(result, device))
    return result


def _wrapped_once(results: Sequence[Any], device: str) -> list[Any]:
    """One handle for an array that NumPy returns twice: two would share its memory."""
    made = {id(x): wrapped(x, device) for x in results}
    return [made[id(x)] for x in results]


def adopt(array: np.ndarray[Any, Any], device: str = HOST) -> face.ndarray:
    """A handle on a fresh ndarray with its layout in memory, copied where shared."""
    array = native(array)
    if array.flags.c_contiguous and array.base is None:
        return face.ndarray.wrap(on_device(_owned(array), device))
    rank = array.ndim
    order = tuple(sorted(range(rank), key=lambda axis: -abs(array.strides[axis])))
    dense = array.transpose(order)
    if dense.base is not None and not (
        dense.flags.c_contiguous and dense.base is array and array.base is None
    ):
        value = constant(dense)
    else:
        value = _owned(np.asarray(dense, order="C"))
    return face.ndarray.wrap(on_device(value, device), order)


def _owned(array: np.ndarray[Any, Any]) -> Value:
    if not array.flags.writeable:
        array = array.copy()
    return Value(array.dtype, array.shape, array)
