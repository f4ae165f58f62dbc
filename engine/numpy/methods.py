"""Methods that make new arrays, or change this one as a whole."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.extremes as extremes
import engine.numpy.numeric as numeric
import engine.numpy.products as products
import engine.numpy.rearrangement as rearrangement
import engine.numpy.reductions as reductions
import engine.numpy.scans as scans
import engine.numpy.selection as selection
import engine.numpy.sorting as sorting
import engine.numpy.statistics as statistics
import engine.numpy.writing as writing
from engine.array import Array
from engine.errors import named, naming, warn_of_parts
from engine.ops.op import cast
from engine.recipe import is_c_contiguous, is_f_contiguous, storage_order, transposed
from engine.record.registry import REGISTRY
from engine.record.value import DATES

from . import indexing
from .axes import normal_axis, order_letter
from .fallback import ask
from .operands import check_kind, letter_of, read_as
from .quick import again_or_noted


def memory_order(array: Array, order: Any) -> tuple[int, ...]:
    """The axes of a copy in the order ``"C"``, ``"F"``, ``"A"`` or ``"K"``."""
    rank = array.ndim
    axes = tuple(range(rank))
    order = order_letter(order)
    if order == "K":
        return storage_order(array.recipe)
    if order == "F":
        return axes[::-1]
    if order == "A":
        fortran = is_f_contiguous(array.recipe) and not is_c_contiguous(array.recipe)
        return axes[::-1] if fortran else axes
    return axes


class Methods(Array):
    """Copies, casts, reductions, sorting, and the like."""

    __slots__ = ()

    def copy(self, order: str = "C") -> Self:
        """A copy, by default in C order."""
        value = self._value
        if order == "C" and value is not None and value.layout is self.recipe:
            return self.wrap(value, scalar=self.scalar)
        axes = memory_order(self, order_letter(order, "C"))
        value = read_as(self, transposed(self.recipe, axes))
        return self.wrap(value, axes, scalar=self.scalar)

    def astype(
        self,
        dtype: Any,
        order: str = "K",
        casting: str = "unsafe",
        subok: bool = True,
        copy: bool = True,
    ) -> Self:
        """The elements cast to another dtype.

        The casting "same_value" of NumPy 2.4 looks at them at once.
        """
        letter = letter_of(dtype)
        if letter is not None and self.recipe.dtype.kind != "c":  # which may warn
            given = order, casting, subok, copy
            what, target = ("astype", letter, *map(str, given)), np.dtype(letter)
            return again_or_noted(what, self, lambda: self._cast(target, *given))  # type: ignore[no-any-return]
        return self._cast(dtype, order, casting, subok, copy)

    def _cast(
        self, dtype: Any, order: str, casting: str, subok: bool, copy: bool
    ) -> Self:
        with naming():
            target = np.dtype(dtype)
        check_kind("astype", target)
        if casting == "same_value":
            return self._checked_cast(target, order, copy)
        if not np.can_cast(self.dtype, target, casting):  # type: ignore[arg-type]
            raise TypeError(
                named(
                    f"Cannot cast array data from {self.dtype!r} to {target!r} "
                    f"according to the rule '{casting}'"
                )
            )
        if not copy and target == self.dtype:
            return self
        warn_of_parts(self.dtype, target)
        axes = memory_order(self, order)
        value = read_as(self, transposed(self.recipe, axes))
        return self.wrap(cast(value, target), axes, scalar=self.scalar)

    def _checked_cast(self, dtype: np.dtype[Any], order: str, copy: bool) -> Self:
        """The elements in a dtype that holds them all; ValueError where it does not."""
        if not copy and dtype == self.dtype:
            return self

        def checked(array: Any) -> Any:
            return array.astype(dtype, casting="same_value")

        ask("astype", checked, self.computed())  # which raises
        return self.astype(dtype, order)

    def fill(self, value: Any) -> None:
        """Store one value in every element; nothing happens to a scalar."""
        if self.scalar:
            return
        if not self.writeable:
            raise ValueError(named("assignment destination is read-only"))
        if np.ndim(value) > 0:
            raise ValueError(named("setting an array element with a sequence."))
        self.store(indexing.stored_value(self, value, self.recipe.shape))

    def sort(
        self, axis: int = -1, kind: Any = None, order: Any = None, *, stable: Any = None
    ) -> None:
        """Sort along an axis, in place."""
        if not self.writeable:
            raise ValueError("sort: array is read-only")
        axis = normal_axis(axis, self.ndim)
        self.store(sorting.sort(self, axis, kind, order, stable=stable).read())

    def partition(
        self,
        kth: Any,
        /,
        axis: int = -1,
        kind: Any = "introselect",
        order: Any = None,
    ) -> None:
        """Put the elements around `kth` in place: here, sort."""
        axis = normal_axis(axis, self.ndim)
        self.store(sorting.partition(self, kth, axis, kind, order).read())

    def tobytes(self, order: str = "C") -> bytes:
        """The elements as bytes in C order, Fortran's or ("A") that of the memory."""
        if order == "A":
            order = "F" if memory_order(self, "A") == memory_order(self, "F") else "C"
        return self.computed().tobytes(order)  # type: ignore[arg-type]

    def __bytes__(self) -> bytes:
        is_integer = not self.recipe.shape and self.dtype.kind in "iu"
        return bytes(self.item()) if is_integer else self.tobytes()

    def tofile(self, fid: Any, /, sep: str = "", format: str = "%s") -> None:
        """Write the elements to a file."""
        self.computed().tofile(fid, sep, format)

    def conj(self) -> Any:
        """The complex conjugate: the array itself where it is not complex."""
        if self.dtype.kind in DATES:
            raise TypeError(
                f"conjugate: an array of numbers was required; {self.dtype} was given"
            )
        if self.dtype.kind != "c":
            return self
        return elementwise.apply(REGISTRY["conjugate"], self)

    conjugate = conj

    # -- reductions ---------------------------------------------------------------
    def sum(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        """The sum over axes."""
        return reductions.sum(self, axis, dtype, out, keepdims, initial, where)

    def prod(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        """The product over axes."""
        return reductions.prod(self, axis, dtype, out, keepdims, initial, where)

    def max(
        self,
        axis: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        """The largest element over axes."""
        return extremes.max(self, axis, out, keepdims, initial, where)

    def min(
        self,
        axis: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        """The smallest element over axes."""
        return extremes.min(self, axis, out, keepdims, initial, where)

    def any(
        self,
        axis: Any = None,
        out: Any = None,
        keepdims: bool = False,
        *,
        where: Any = True,
    ) -> Any:
        """Whether any element over axes is true."""
        return reductions.any(self, axis, out, keepdims, where=where)

    def all(
        self,
        axis: Any = None,
        out: Any = None,
        keepdims: bool = False,
        *,
        where: Any = True,
    ) -> Any:
        """Whether all elements over axes are true."""
        return reductions.all(self, axis, out, keepdims, where=where)

    def mean(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        *,
        where: Any = True,
    ) -> Any:
        """The mean over axes."""
        return statistics.mean(self, axis, dtype, out, keepdims, where=where)

    def var(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        where: Any = True,
        mean: Any = None,
        correction: Any = None,
    ) -> Any:
        """The variance over axes."""
        return statistics.var(
            self,
            axis,
            dtype,
            out,
            ddof,
            keepdims,
            where=where,
            mean=mean,
            correction=correction,
        )

    def std(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        where: Any = True,
        mean: Any = None,
        correction: Any = None,
    ) -> Any:
        """The standard deviation over axes."""
        return statistics.std(
            self,
            axis,
            dtype,
            out,
            ddof,
            keepdims,
            where=where,
            mean=mean,
            correction=correction,
        )

    def argmax(
        self, axis: Any = None, out: Any = None, *, keepdims: bool = False
    ) -> Any:
        """The first position of the largest element."""
        return extremes.argmax(self, axis, out, keepdims=keepdims)

    def argmin(
        self, axis: Any = None, out: Any = None, *, keepdims: bool = False
    ) -> Any:
        """The first position of the smallest element."""
        return extremes.argmin(self, axis, out, keepdims=keepdims)

    def cumsum(self, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        """Sums of all elements up to each one."""
        return scans.cumsum(self, axis, dtype, out)

    def cumprod(self, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        """Products of all elements up to each one."""
        return scans.cumprod(self, axis, dtype, out)

    # -- products -----------------------------------------------------------------
    def dot(self, other: Any, /, out: Any = None) -> Any:
        """The dot product."""
        return products.dot(self, other, out)

    def trace(
        self,
        offset: int = 0,
        axis1: int = 0,
        axis2: int = 1,
        dtype: Any = None,
        out: Any = None,
    ) -> Any:
        """The sum of a diagonal."""
        return products.trace(self, offset, axis1, axis2, dtype, out)

    # -- elements -----------------------------------------------------------------
    def clip(
        self, min: Any = None, max: Any = None, out: Any = None, **kwargs: Any
    ) -> Any:
        """The elements, limited to an interval."""
        return numeric.clip(self, min, max, out, **kwargs)

    def round(self, decimals: int = 0, out: Any = None) -> Any:
        """The elements, rounded to decimals."""
        return numeric.round(self, decimals, out)

    def take(
        self, indices: Any, /, axis: Any = None, out: Any = None, mode: str = "raise"
    ) -> Any:
        """Elements at indices along an axis."""
        return selection.take(self, indices, axis, out, mode)

    def put(self, indices: Any, values: Any, /, mode: str = "raise") -> None:
        """Store values at flat indices."""
        writing.put(self, indices, values, mode)

    def repeat(self, repeats: Any, /, axis: Any = None) -> Any:
        """Each element several times."""
        return rearrangement.repeat(self, repeats, axis)

    def nonzero(self) -> Any:
        """Indices of the elements that are not zero, an array for each axis."""
        return selection.nonzero(self)

    def compress(self, condition: Any, axis: Any = None, out: Any = None) -> Any:
        """Slices along an axis where a condition holds."""
        return selection.compress(condition, self, axis, out)

    def choose(self, choices: Any, out: Any = None, mode: str = "raise") -> Any:
        """An array made from choices, by these indices."""
        return selection.choose(self, choices, out, mode)

    def argsort(
        self, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
    ) -> Any:
        """Indices that would sort the array."""
        return sorting.argsort(self, axis, kind, order, stable=stable)

    def argpartition(
        self,
        kth: Any,
        /,
        axis: Any = -1,
        kind: Any = "introselect",
        order: Any = None,
    ) -> Any:
        """Indices that would partition the array: here, sort it."""
        return sorting.argpartition(self, kth, axis, kind, order)

    def searchsorted(self, v: Any, /, side: str = "left", sorter: Any = None) -> Any:
        """Where elements would be put in to keep this array sorted."""
        return sorting.searchsorted(self, v, side, sorter)
