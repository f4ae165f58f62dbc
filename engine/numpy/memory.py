"""Methods that concern the memory of an array: its extent, bytes, flags and pickles."""

from __future__ import annotations

import pickle
import sys
from functools import lru_cache
from math import prod as product
from pathlib import Path
from types import GenericAlias
from typing import Any, NoReturn

import numpy as np

from engine.array import Array
from engine.errors import named, naming
from engine.movement import reshape_value
from engine.recipe import Recipe, is_c_contiguous

from .creation import extents_of
from .fallback import need_gradients, refuse_gradients
from .joining import concatenate
from .operands import KINDS, NDArray, checked_dtype


class Absent:
    """An attribute of NumPy's arrays that these do not have, and why."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> NoReturn:
        raise AttributeError(
            f"'ndarray' object has no attribute {self._name!r}, which NumPy's has: "
            f"{self._reason}"
        )


_ADDRESS = (
    "its memory may move whenever it is computed; numpy.asarray(x) gives an array "
    "whose memory stays"
)
_LARGEST = 2**31
"""Bytes from which on NumPy has no dtype of one item."""

_NO_HISTORY = "memory outside of Engine has none"
_SUBCLASS = "subclasses are not supported"


class Memory(Array):
    """resize, setflags, byteswap, getfield, dump and the like."""

    __slots__ = ()

    __array_struct__ = Absent(_ADDRESS)
    ctypes = Absent(_ADDRESS)
    __array_finalize__ = Absent(_SUBCLASS)
    __array_wrap__ = Absent(_SUBCLASS)
    __setstate__ = Absent("pickles rebuild arrays by __reduce__")

    def __class_getitem__(cls, item: Any, /) -> GenericAlias:
        return GenericAlias(cls, item)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray:
        """The elements for NumPy, where no gradient is lost by that."""
        refuse_gradients("array", _NO_HISTORY, self)
        return super().__array__(dtype, copy)

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """The memory for other libraries, where no gradient is lost by that."""
        refuse_gradients("__dlpack__", _NO_HISTORY, self)
        return super().__dlpack__(
            stream=stream, max_version=max_version, dl_device=dl_device, copy=copy
        )

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """The memory for NumPy, Pillow and others: both sides see each other's writes.

        Looking computes. What is shared stays shared, as by ``numpy.asarray``, while
        somebody holds the object under ``"data"``; it has a buffer, but it is no pair
        with an address, since the memory of an array that nobody holds may move.
        """
        if need_gradients(self):  # `__array__` says more
            raise AttributeError("__array_interface__: an array that requires grad")
        memory, offset = self._seen_from_outside()
        if memory.nbytes >= _LARGEST:
            raise AttributeError(
                f"__array_interface__: less than {_LARGEST} bytes were required; "
                f"{memory.nbytes} were given; use numpy.asarray(x)"
            )
        dtype, _, shape, places = self.recipe
        step = dtype.itemsize
        return {
            "version": 3,
            "shape": shape,
            "typestr": dtype.str,
            "strides": tuple(place * step for place in places),
            "data": np.ndarray((), _opaque(memory.nbytes), memory),
            "offset": offset * step,
        }

    def _seen_from_outside(self) -> tuple[NDArray, int]:
        """Flat memory that others may see, and where the array begins in it."""
        if not self.recipe.size:
            return np.zeros(1, np.uint8), 0  # a buffer of nothing is none
        if self.scalar:
            return self.numpy_copy().reshape(-1), 0
        flat = self.line.storage.export()
        if not self.writeable:
            flat = flat.view()
            flat.flags.writeable = False
        return flat, self.recipe.offset

    def __delitem__(self, key: Any) -> NoReturn:
        raise ValueError("delitem: cannot delete array elements; use numpy.delete")

    def resize(self, *new_shape: Any, refcheck: bool = True) -> None:
        """Change the shape in place; what is added is 0.

        Raises
        ------
        ValueError
            For a view, for an array that requires grad, and with `refcheck` for one
            that views share memory with: without it they keep the old memory.
        """
        shape = extents_of(new_shape[0] if len(new_shape) == 1 else new_shape)
        if self.base is not None:  # type: ignore[attr-defined]
            raise ValueError(named("an array that owns its data was required"))
        if self.scalar or not self.writeable or self.requires_grad:
            raise ValueError(named("a writeable array without gradients was required"))
        line = self._line
        if refcheck and line is not None and sys.getrefcount(line) > 3:
            raise ValueError(
                named("cannot resize an array that is referenced by another array")
            )
        flat = self.copy("K").ravel("K")  # type: ignore[attr-defined]
        missing = product(shape) - flat.size
        if missing > 0:
            flat = concatenate((flat, np.zeros(missing, self.dtype)))
        flags = self.flags  # type: ignore[attr-defined]
        axes = tuple(range(len(shape)))[:: -1 if flags.fnc else 1]
        value = reshape_value(flat[: product(shape)].read(), [shape[k] for k in axes])
        resized = self.wrap(value, axes)
        self.recipe, self._value, self._line = resized.recipe, resized._value, None

    def setflags(
        self, *, write: Any = None, align: Any = None, uic: Any = None
    ) -> None:
        """Set the flag `write`; the others can only be what they are."""
        if align is not None and not align:
            raise ValueError(named("align=False: every array is aligned"))
        if uic:
            raise ValueError(named("cannot set WRITEBACKIFCOPY flag to True"))
        if write is not None:
            self.flags.writeable = bool(write)  # type: ignore[attr-defined]

    def byteswap(self, inplace: bool = False) -> Any:
        """The elements with the order of their bytes reversed."""
        array: Any = self
        if self.scalar:
            return array.reshape(1).byteswap()[0]
        step = self.dtype.itemsize // (2 if self.dtype.kind == "c" else 1)
        copied = array.copy("K") if array.ndim else array.copy().reshape(1)
        memory = copied.ravel("K").view(np.uint8).reshape(-1, step)
        memory[...] = memory[:, ::-1].copy()
        if inplace:
            array[...] = copied.reshape(array.shape)
            return self
        return copied if array.ndim else copied.reshape(())

    def getfield(self, dtype: Any, offset: int = 0) -> Any:
        """A view of a part of each element: `dtype`, `offset` bytes from its start."""
        target, step = checked_dtype(dtype), self.dtype.itemsize
        last = offset + target.itemsize
        if offset < 0 or last > step or step % target.itemsize:
            raise ValueError(
                named(
                    f"a part of {step} bytes was required; {target} of "
                    f"{target.itemsize} bytes at offset {offset} was given"
                )
            )
        if offset % target.itemsize:
            raise ValueError(
                named(f"an offset in items of {target} was required; {offset} given")
            )
        times, start = step // target.itemsize, offset // target.itemsize
        recipe = self.recipe
        strides = tuple(stride * times for stride in recipe.strides)
        part = recipe._replace(
            dtype=target, offset=recipe.offset * times + start, strides=strides
        )
        return self.view_as(part)

    def setfield(self, val: Any, /, dtype: Any, offset: int = 0) -> None:
        """Store values in a part of each element; parameters as of `getfield`."""
        self.getfield(dtype, offset)[...] = val

    def dumps(self) -> bytes:
        """The array as a pickle."""
        return pickle.dumps(self)

    def dump(self, file: Any) -> None:
        """Write the array as a pickle to a file or path."""
        if hasattr(file, "write"):
            pickle.dump(self, file)
        else:
            Path(file).write_bytes(self.dumps())


@lru_cache(maxsize=256)
def _opaque(count: int) -> np.dtype[Any]:
    """The dtype of so many bytes as one item that means nothing."""
    return np.dtype((np.void, count))


def laid_over(
    buffer: Any, shape: Any, dtype: Any, offset: int, strides: Any, order: Any
) -> Any:
    """An array over the memory of another one, or of any object with a buffer."""
    from .conversion import from_numpy

    place = {"offset": offset, "strides": strides, "order": order}
    with naming():
        if not isinstance(buffer, Array):
            return from_numpy(np.ndarray(shape, dtype, buffer, **place))
        if not is_c_contiguous(buffer.recipe):
            raise ValueError("ndarray is not contiguous")
        own = buffer.recipe.dtype.itemsize
        bytes_ = np.empty(buffer.recipe.size * own, np.uint8)  # nobody touches it
        plan = np.ndarray(shape, dtype, bytes_, **place)
    step, first = plan.itemsize, buffer.recipe.offset * own + offset
    if plan.dtype.kind not in KINDS or any(n % step for n in (first, *plan.strides)):
        raise ValueError(
            named(
                f"a numeric dtype and an offset and strides of whole elements were "
                f"required; {plan.dtype}, {offset} and {plan.strides} were given"
            )
        )
    places = tuple(stride // step for stride in plan.strides)
    return buffer.view_as(Recipe(plan.dtype, first // step, plan.shape, places))
