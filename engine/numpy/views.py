"""Methods that show the same memory in another shape, order or dtype."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import index
from typing import Any, Self

import numpy as np

from engine.array import Array
from engine.errors import named, naming
from engine.movement import reshape_value, transpose_value
from engine.ops.regions import full_value
from engine.ops.transfer import on_device
from engine.recipe import (
    Recipe,
    index_basic,
    is_c_contiguous,
    is_f_contiguous,
    keep_order,
    reshape,
    resolve_shape,
    storage_order,
    transposed,
)

from .axes import normal_axis, order_letter, strict_axis
from .indexing import get, set_
from .operands import check_kind, read_as
from .quick import again_or_noted


class Views(Array):
    """transpose, reshape, ravel, diagonal, view, real, imag and the like."""

    __slots__ = ()

    @property
    def T(self) -> Self:
        """The array with its axes reversed."""
        return self.transpose()

    @property
    def mT(self) -> Self:
        """The array with its last two axes exchanged."""
        if self.ndim < 2:
            raise ValueError(named("matrix transpose with ndim < 2 is undefined"))
        return self.swapaxes(-1, -2)

    def transpose(self, *axes: Any) -> Self:
        """The array with its axes in another order, by default reversed."""
        rank = self.ndim
        if not axes or (len(axes) == 1 and axes[0] is None):
            return self.view_as(transposed(self.recipe, range(rank)[::-1]))
        if len(axes) == 1 and not isinstance(axes[0], (int, np.integer)):
            axes = tuple(axes[0])
        return self.view_as(transposed(self.recipe, permutation(axes, rank)))

    def swapaxes(self, axis1: int, axis2: int, /) -> Self:
        """The array with two axes exchanged."""
        axes = list(range(self.ndim))
        one, two = normal_axis(axis1, self.ndim), normal_axis(axis2, self.ndim)
        axes[one], axes[two] = axes[two], axes[one]
        return self.view_as(transposed(self.recipe, axes))

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Self:
        """The same elements in another shape: a view where strides allow it."""
        if not shape:
            raise TypeError(named("reshape() takes exactly 1 argument (0 given)"))
        wanted = shape[0] if len(shape) == 1 else shape
        recipe = self.recipe
        extents = recipe.shape if wanted is None else _extents(wanted)
        extents = resolve_shape(recipe.size, extents)
        order = _order(order, recipe)
        found = reshape(recipe, extents, order)
        if found is not None and not copy:
            return self.view_as(found)
        if copy is False:
            raise ValueError(named("Unable to avoid creating a copy while reshaping."))
        if order == "F":
            value = reshape_value(transpose_value(self.read()), extents[::-1])
            return self.wrap(value, tuple(range(len(extents)))[::-1])
        return self.wrap(reshape_value(self.read(), extents))

    def _set_shape(self, shape: Any) -> None:
        extents = resolve_shape(self.recipe.size, _extents(shape))
        found = reshape(self.recipe, extents)
        if found is None:
            raise AttributeError(
                "Incompatible shape for in-place modification. Use `.reshape()` to "
                "make a copy with the desired shape."
            )
        assert self.line is not None  # from now on this is a view of its own value
        self.recipe = found

    def _set_dtype(self, dtype: Any) -> None:
        if self.scalar:
            raise AttributeError("attribute 'dtype' of a scalar is not writable")
        found = self.view(np.dtype(dtype)).recipe
        assert self.line is not None  # from now on this is a view of its own value
        self.recipe = found

    def ravel(self, order: str = "C") -> Self:
        """The elements along one axis: a view where they lie together."""
        recipe, size = self.recipe, self.recipe.size
        order = order_letter(order, "C")
        if order == "K":
            if is_c_contiguous(recipe):
                order = "C"
            elif is_f_contiguous(recipe):
                order = "F"
            else:
                return self._ravel_in_memory_order()
        order = _order(order, recipe)
        if (order == "C" and is_c_contiguous(recipe)) or (
            order == "F" and is_f_contiguous(recipe)
        ):
            return self.reshape((size,), order=order)
        value = self.read() if order == "C" else self.T.read()
        return self.wrap(reshape_value(value, (size,)))

    def _ravel_in_memory_order(self) -> Self:
        recipe = self.recipe
        ordered = transposed(recipe, storage_order(recipe))
        flat = reshape(ordered, (recipe.size,))
        if (
            flat is not None
            and is_c_contiguous(flat)
            and all(s >= 0 for s in recipe.strides)
        ):
            return self.view_as(flat)
        order = keep_order(recipe.shape, [recipe.strides])
        value = read_as(self, transposed(recipe, order))
        return self.wrap(reshape_value(value, (recipe.size,)))

    def flatten(self, order: str = "C") -> Self:
        """A copy of the elements along one axis."""
        what = ("flatten", order)
        return again_or_noted(what, self, lambda: self.wrap(self.ravel(order).read()))  # type: ignore[no-any-return]

    def squeeze(self, axis: Any = None) -> Self:
        """The array without axes of extent 1."""
        recipe = self.recipe
        rank = len(recipe.shape)
        if axis is None:
            gone = {a for a, n in enumerate(recipe.shape) if n == 1}
        else:
            given = axis if isinstance(axis, tuple) else (axis,)
            if not rank:  # NumPy lets the first axis of none be squeezed
                given = tuple(a for a in given if a not in (0, -1))
            gone = {strict_axis(a, rank) for a in given}
            if len(gone) < len(given):
                raise ValueError(named("duplicate value in 'axis'"))
            if any(recipe.shape[a] != 1 for a in gone):
                raise ValueError(
                    named(
                        "cannot select an axis to squeeze out which has size not "
                        f"equal to one: shape {recipe.shape}, axis {axis}"
                    )
                )
        keep = [a for a in range(rank) if a not in gone]
        return self.view_as(transposed(recipe, keep))

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self:
        """A read-only view of a diagonal, in the last axis."""
        return self.view_as(diagonal_recipe(self, offset, axis1, axis2), False)

    # -- parts and dtypes ---------------------------------------------------------
    def _part(self, k: int) -> Self:
        recipe = self.recipe
        dtype = _PART_DTYPES[recipe.dtype]
        strides = tuple(2 * s for s in recipe.strides)
        return self.view_as(Recipe(dtype, 2 * recipe.offset + k, recipe.shape, strides))

    @property
    def real(self) -> Self:
        """The real part: a view of complex numbers, else the array itself."""
        if self.dtype.kind != "c":
            return self
        part = self._part(0)
        return self.wrap(part.read(), scalar=True) if self.scalar else part

    @real.setter
    def real(self, value: Any) -> None:
        if type(value) is int:
            value = np.asarray(value)  # which wraps around, in this one place
        set_(self.real, ..., value)  # type: ignore[arg-type]

    @property
    def imag(self) -> Self:
        """The imaginary part: a view of complex numbers, else read-only zeros."""
        if self.dtype.kind == "c":
            part = self._part(1)
            return self.wrap(part.read(), scalar=True) if self.scalar else part
        recipe = self.recipe
        fortran = is_f_contiguous(recipe) and not is_c_contiguous(recipe)
        order = tuple(range(self.ndim))[:: -1 if fortran else 1]
        zeros = full_value(tuple(recipe.shape[a] for a in order), 0, self.dtype)
        value = on_device(zeros, self.place)
        return self.wrap(value, order, scalar=self.scalar, writeable=False)

    @imag.setter
    def imag(self, value: Any) -> None:
        if self.dtype.kind != "c":
            raise TypeError(named("array does not have imaginary part to set"))
        set_(self.imag, ..., value)  # type: ignore[arg-type]

    def view(self, dtype: Any = None, type: Any = None) -> Any:
        """The same memory, its bytes read as another dtype, by a class of arrays."""
        is_class = isinstance(dtype, builtin_type)
        if is_class and issubclass(dtype, (Array, np.ndarray)):
            dtype, type = None, dtype
        if type is not None:
            return _as_class(self if dtype is None else self.view(dtype), type)
        if dtype is None:
            return self.view_as(self.recipe)
        recipe = self.recipe
        with naming():
            target = np.dtype(dtype)
        check_kind("view", target)
        old, new = recipe.dtype.itemsize, target.itemsize
        if old == new:
            return self.view_as(recipe._replace(dtype=target))
        if not recipe.shape:
            raise ValueError(
                named(
                    "Changing the dtype of a 0d array is only supported if the "
                    "itemsize is unchanged"
                )
            )
        if recipe.strides[-1] != 1 and recipe.shape[-1] != 1 and recipe.size:
            raise ValueError(
                named(
                    "To change to a dtype of a different size, the last axis must be "
                    "contiguous"
                )
            )
        return self.view_as(_rescaled(recipe, target))

    # -- flat ---------------------------------------------------------------------
    @property
    def flat(self) -> Flat:
        """The elements in C order: iterates, can be indexed and assigned to."""
        return Flat(self)

    @flat.setter
    def flat(self, values: Any) -> None:
        from .writing import put

        put(self, np.arange(self.recipe.size), values)


builtin_type = type


def _as_class(array: Any, cls: type) -> Any:
    """The same memory as an array of a class: ours, one of its own, or NumPy's."""
    if cls is np.ndarray:
        return array.view_as(array.recipe)
    if not issubclass(cls, Views):
        raise TypeError(
            f"view: a class of arrays of engine.numpy was required; {cls} was given"
        )
    view: Any = cls.from_line(array.line, array.recipe, array.writeable)
    owner = array.base
    view._base = array if owner is None else owner
    return view


_PART_DTYPES = {np.dtype(code): np.zeros(0, code).real.dtype for code in "FDG"}


class Flat:
    """The elements of an array in C order."""

    def __init__(self, array: Any) -> None:
        self.base = array
        self.index = 0

    def __len__(self) -> int:
        return int(self.base.size)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.base.ravel())

    def __next__(self) -> Any:
        if self.index >= len(self):
            raise StopIteration
        self.index += 1
        return self.base.ravel()[self.index - 1]

    def __getitem__(self, key: Any) -> Any:
        found = get(self.base.ravel(), _flat_key(key))
        return found if found.scalar else found.copy()

    def __setitem__(self, key: Any, value: Any) -> None:
        from .writing import put

        key = _flat_key(key)
        if isinstance(key, tuple) and not key:
            raise IndexError(named("an index was required to write to elements"))
        places = np.arange(len(self))[key]
        if not np.ndim(places) and np.ndim(value):
            raise ValueError(named("a number was required; a sequence was given"))
        put(self.base, places, value)

    def copy(self) -> Any:
        """The elements along one axis."""
        return self.base.flatten()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.base.flatten(), dtype=dtype)

    @property
    def coords(self) -> tuple[int, ...]:
        """The indices of the element that `next` gives."""
        if self.index >= len(self):
            return (self.base.shape[0], *(0 for _ in self.base.shape[1:]))
        return tuple(int(k) for k in np.unravel_index(self.index, self.base.shape))

    def __eq__(self, other: object) -> Any:
        return self.base.ravel() == _elements(other)

    def __ne__(self, other: object) -> Any:
        return self.base.ravel() != _elements(other)

    def __lt__(self, other: Any) -> Any:
        return self.base.ravel() < _elements(other)

    def __le__(self, other: Any) -> Any:
        return self.base.ravel() <= _elements(other)

    def __gt__(self, other: Any) -> Any:
        return self.base.ravel() > _elements(other)

    def __ge__(self, other: Any) -> Any:
        return self.base.ravel() >= _elements(other)

    __hash__ = None  # type: ignore[assignment]


def _flat_key(key: Any) -> Any:
    """What selects among the elements in C order: no axes, and not one truth value."""
    if isinstance(key, Flat):
        return key.copy()
    parts = key if isinstance(key, tuple) else (key,)
    if any(part is None or isinstance(part, (bool, np.bool)) for part in parts):
        raise IndexError(
            named(
                "integers, slices, an ellipsis, or arrays of integers or booleans were "
                f"required; {key!r} was given"
            )
        )
    return key


def _elements(other: Any) -> Any:
    return other.base.ravel() if isinstance(other, Flat) else other


def permutation(axes: Sequence[Any], rank: int) -> tuple[int, ...]:
    """Axes of a transpose, none negative. Raises ValueError for no permutation."""
    if len(axes) != rank:
        raise ValueError(
            named(f"axes don't match array: {rank} were required; {axes} given")
        )
    found = tuple(strict_axis(axis, rank) for axis in axes)
    if len(set(found)) < rank:
        raise ValueError(named(f"repeated axis in transpose: {tuple(axes)}"))
    return found


_INTEGERS = frozenset((int,))


def _extents(shape: Any) -> tuple[int, ...]:
    """A requested shape as a tuple; every negative extent is one to be found."""
    if type(shape) is tuple and _INTEGERS.issuperset(map(type, shape)):
        return tuple([max(extent, -1) for extent in shape])
    whole: Any = () if shape is None else shape
    is_array = isinstance(shape, (Array, np.ndarray)) and shape.ndim
    is_one = hasattr(shape, "__index__") and not is_array
    with naming():
        extents = (_extent(whole),) if is_one else tuple(_extent(n) for n in whole)
    return tuple(max(extent, -1) for extent in extents)


def _extent(n: Any) -> int:
    if isinstance(n, (bool, np.bool)):
        raise TypeError("an integer was required as an extent; a boolean was given")
    return index(n)


def _order(order: Any, recipe: Recipe) -> str:
    letter = order_letter(order, "C")
    if letter == "A":
        return "F" if is_f_contiguous(recipe) and not is_c_contiguous(recipe) else "C"
    if letter == "K":
        raise ValueError(named("order 'K' is not permitted for reshaping"))
    return letter


def _rescaled(recipe: Recipe, dtype: np.dtype[Any]) -> Recipe:
    """A recipe in items of another size; the last axis holds the difference."""
    old, new = recipe.dtype.itemsize, dtype.itemsize
    last = recipe.shape[-1] * old
    if last % new:
        raise ValueError(
            named(
                "When changing to a larger dtype, its size must be a divisor of the "
                "total size in bytes of the last axis of the array."
            )
        )
    return Recipe(
        dtype,
        recipe.offset * old // new,
        (*recipe.shape[:-1], last // new),
        (*(s * old // new for s in recipe.strides[:-1]), 1),
    )


def diagonal_recipe(array: Any, offset: int, axis1: int, axis2: int) -> Recipe:
    """The recipe of a diagonal of two axes, put last."""
    if array.ndim < 2:
        raise ValueError(named("diag requires an array of at least two dimensions"))
    one, two = normal_axis(axis1, array.ndim), normal_axis(axis2, array.ndim)
    if one == two:
        raise ValueError(named("axis1 and axis2 cannot be the same"))
    with naming():
        offset = index(offset)
    rest = [a for a in range(array.ndim) if a not in (one, two)]
    recipe = transposed(array.recipe, (*rest, one, two))
    rows, columns = recipe.shape[-2:]
    if offset >= 0:
        length = max(0, min(rows, columns - offset))
        start: tuple[Any, ...] = (..., 0, slice(offset, None))
    else:
        length = max(0, min(rows + offset, columns))
        start = (..., slice(-offset, None), 0)
    begin = recipe.offset
    if length and recipe.size:
        begin = index_basic(recipe, start)[0].offset
    return Recipe(
        recipe.dtype,
        begin,
        (*recipe.shape[:-2], length),
        (*recipe.strides[:-2], recipe.strides[-2] + recipe.strides[-1]),
    )
