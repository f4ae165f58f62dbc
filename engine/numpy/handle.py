"""ndarray: the lazy array that looks like NumPy's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, Self

import numpy as np

import engine.ops as _ops
from engine.array import Array
from engine.errors import called, named, warn_of_parts
from engine.kernels.backend import HOST
from engine.ops.transfer import on_device
from engine.recipe import Recipe, is_c_contiguous, is_f_contiguous
from engine.record.extent import asked_for_size, shown
from engine.record.value import Value, constant
from engine.record.watchers import watchers
from engine.storage import changing

from . import indexing, masked
from .devices import checked_device
from .flags import Flags
from .memory import Memory, laid_over
from .methods import Methods
from .nested import joined
from .operands import KINDS, NDArray, host_array, operand, read_as
from .operators import Operators
from .printing import Printing
from .scalars import Scalars
from .views import Views

assert _ops.__all__  # the import fills the registry


class ndarray(Operators, Methods, Views, Memory, Printing, Scalars):
    """An n-dimensional array whose operations run when a value is looked at.

    Make arrays with `array`, `zeros`, `arange` and the like; the constructor gives
    zeros, as the elements of a new NumPy array are arbitrary.

    Parameters
    ----------
    shape : int or tuple of int
    dtype : dtype, optional
        float64 when none is given.
    buffer : array or object with a buffer, optional
        Memory to lay the array over, which is shared.
    offset : int
        Bytes of the buffer before the first element.
    strides : tuple of int, optional
        Bytes from one element of the buffer to the next, for each axis.
    order : {"C", "F"}, optional
        The layout where no strides are given.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.arange(4.0)
    >>> x[1:] += 1
    >>> x
    array([0., 2., 3., 4.])
    """

    __slots__ = ("_base", "_pending")

    _base: Any
    _pending: Any
    __module__ = "engine.numpy"

    def __init__(
        self,
        shape: Any,
        dtype: Any = float,
        buffer: Any = None,
        offset: int = 0,
        strides: Any = None,
        order: str | None = None,
    ) -> None:
        from .creation import zeros

        if buffer is None:
            made = zeros(shape, dtype, order or "C")
        else:
            made = laid_over(buffer, shape, dtype, offset, strides, order)
            self._base = made.base
        self.recipe, self._value, self._line = made.recipe, made._value, made._line
        self.scalar, self.writeable = False, made.writeable

    # -- views --------------------------------------------------------------------
    def view_as(self, recipe: Recipe, writeable: bool | None = None) -> Self:
        """Another handle on the same memory, whose base is this one's owner.

        Scalars share no memory: theirs are copies.
        """
        if self.scalar:
            return self.wrap(read_as(self, recipe), scalar=not recipe.shape)
        view = super().view_as(recipe, writeable)
        owner = getattr(self, "_base", None)
        view._base = self if owner is None else owner
        return view

    @property
    def base(self) -> Any:
        """The array whose memory this one views, None for an owner."""
        return getattr(self, "_base", None)

    def __getitem__(self, key: Any) -> Any:
        return indexing.get(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        indexing.set_(self, key, value)

    def __iter__(self) -> Iterator[Any]:
        if not self.recipe.shape:
            raise TypeError(named("iteration over a 0-d array"))
        asked_for_size()
        return (self[i] for i in range(self.recipe.shape[0]))

    def __len__(self) -> int:
        if not self.recipe.shape:
            raise TypeError(named("len() of unsized object"))
        asked_for_size()
        return self.recipe.shape[0]

    def __contains__(self, item: Any) -> bool:
        return bool((self == item).any())

    # -- attributes ---------------------------------------------------------------
    @property
    def shape(self) -> tuple[int, ...]:
        """The extent of each axis; it can be set where no copy is needed."""
        shape = self.recipe.shape
        return shown(shape) if watchers else shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        self._set_shape(shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the elements; another one that is set reads their bytes anew."""
        return self.recipe.dtype

    @dtype.setter
    def dtype(self, dtype: Any) -> None:
        self._set_dtype(dtype)

    @property
    def size(self) -> int:
        """The number of elements."""
        if len(self.recipe.shape) > 1:
            asked_for_size()
        return shown((self.recipe.size,))[0]

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.recipe.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.recipe.size * self.recipe.dtype.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one element to the next, for each axis."""
        step = self.recipe.dtype.itemsize
        return tuple(s * step for s in self.recipe.strides)

    @strides.setter
    def strides(self, strides: Any) -> None:
        from .lib.stride_tricks import set_strides

        set_strides(self, strides)

    @property
    def flags(self) -> Flags:
        """Facts about the memory; `writeable` can be set."""
        recipe = self.recipe
        return Flags(
            self,
            is_c_contiguous(recipe),
            is_f_contiguous(recipe),
            self.base is None,
        )

    @property
    def device(self) -> str:
        """Where the elements are: ``"cpu"`` or ``"cuda"``."""
        return self.place

    def to_device(self, device: str, /, *, stream: Any = None) -> Self:
        """This array on another device, or itself where it is there.

        Raises
        ------
        ValueError
            For a device that is not there, and for a stream: there is one.
        """
        if stream is not None:
            raise ValueError(
                f"to_device: stream None was required; {stream!r} was given"
            )
        if checked_device(device) == self.place:
            return self
        return self.wrap(on_device(self.read(), device), scalar=self.scalar)

    # -- Python numbers -----------------------------------------------------------
    def _one(self, kind: str) -> Any:
        shape = self.recipe.shape
        if shape:
            wanted = "0-dimensional" if self.recipe.size == 1 else "length-1"
            raise TypeError(
                named(
                    f"only {wanted} arrays can be converted to Python scalars: "
                    f"{kind}() of shape {shape} was asked"
                )
            )
        return self.computed()

    def __float__(self) -> float:
        return float(self._real_one("float"))

    def __int__(self) -> int:
        return int(self._real_one("int"))

    def _real_one(self, kind: str) -> Any:
        """The only element; the real part of a complex scalar, with NumPy's warning."""
        one = self._one(kind)
        if self.scalar and one.dtype.kind == "c":
            warn_of_parts(one.dtype, np.dtype(float))
            return one.real
        return one

    def __complex__(self) -> complex:
        return complex(self._one("complex"))

    def __index__(self) -> int:
        if self.recipe.shape or self.recipe.dtype.kind not in "iu":
            raise TypeError(
                named("only integer scalar arrays can be converted to a scalar index")
            )
        return int(self.computed())

    def __round__(self, digits: int | None = None) -> Any:
        if digits is None:
            return round(self._one("round").item())
        return self.round(digits)

    # -- copies and protocols -----------------------------------------------------
    def __copy__(self) -> Self:
        return self.copy("K")

    def __deepcopy__(self, memo: Any) -> Self:
        cell = self.line.cell if self.requires_grad else None
        if cell is None or cell.recipe != self.recipe:
            return self.copy("K")
        leaf = self.detach().copy("K").requires_grad_()  # apart from this one
        memo[id(self)] = leaf
        leaf.grad = deepcopy(self.grad, memo)
        return leaf

    def __reduce__(self) -> Any:
        array = self.computed()
        fortran = is_f_contiguous(self.recipe) and not is_c_contiguous(self.recipe)
        elements = array.copy("F" if fortran else "C")
        return _rebuilt, (elements, self.scalar, self.requires_grad, type(self))

    def __array_ufunc__(
        self, function: np.ufunc, method: str, *inputs: Any, **options: Any
    ) -> Any:
        from .protocols import call_ufunc

        return call_ufunc(function, method, inputs, options)

    def __array_function__(
        self, function: Any, types: Sequence[type], args: Any, options: Any
    ) -> Any:
        from .protocols import call_function

        return call_function(function, types, args, options)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        from .protocols import namespace

        return namespace(api_version)


class Masked(ndarray):
    """A selection by a boolean mask, whose extent is not known yet.

    It becomes an `ndarray` when somebody asks for what depends on the extent: then the
    mask is computed. Until then it stands for work on whole arrays; see
    `engine.numpy.masked`.
    """

    __slots__ = ()

    @classmethod
    def of(cls, pending: Any) -> Self:
        """A handle whose `recipe`, `_line` and `_value` are not there yet."""
        handle = object.__new__(cls)
        handle._pending = pending
        handle.scalar, handle.writeable = False, True
        return handle

    @classmethod
    def wrap(cls, *args: Any, **options: Any) -> Any:
        """As of `ndarray`: what has a value is no pending selection."""
        return ndarray.wrap(*args, **options)

    @classmethod
    def from_line(cls, *args: Any, **options: Any) -> Any:
        """As of `ndarray`: what has memory is no pending selection."""
        return ndarray.from_line(*args, **options)

    def __getattr__(self, name: str) -> Any:
        """What depends on the extent; Python calls this for slots that are empty."""
        if name not in ("recipe", "_line", "_value"):
            raise AttributeError(f"'ndarray' object has no attribute '{name}'")
        self._gather()
        return getattr(self, name)

    def _gather(self) -> None:
        """Become the array of the selected elements."""
        pending = self._pending
        made = None if pending is None else masked.gathered(pending)
        with changing:
            if made is None or type(self) is not Masked:
                return  # another thread was faster
            self.recipe, self._value, self._line = made.recipe, made._value, None
            object.__setattr__(self, "__class__", ndarray)
            self._pending = None

    def needed(self) -> list[Value]:
        """The values that hold the elements: who needs their extent gathers them."""
        pending = self._pending
        if pending is None:
            return super().needed()
        return [pending.mask.value, pending.source.read()]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the elements."""
        pending = self._pending  # None when another thread has gathered it
        found: np.dtype[Any] = (pending.source if pending else self).recipe.dtype
        return found

    @dtype.setter
    def dtype(self, dtype: Any) -> None:
        self._gather()
        self._set_dtype(dtype)

    @property
    def ndim(self) -> int:
        """The number of axes: those of the mask have become one."""
        pending = self._pending
        return 1 + len(pending.rest) if pending else len(self.recipe.shape)

    @property
    def place(self) -> str:
        """Where the elements are: pending selections are of the host's memory."""
        return HOST

    @property
    def base(self) -> Any:
        """None: a selection is a copy."""
        return None

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow through the selection."""
        pending = self._pending
        if pending is None:
            return super().requires_grad
        return pending.source.base.history is not None

    def copy(self, order: str = "C") -> Any:
        """A copy, by default in C order."""
        made = None if order == "F" else masked.like(self, lambda x: x.copy(order))
        return super().copy(order) if made is None else made

    def astype(self, dtype: Any, order: str = "K", *args: Any, **options: Any) -> Any:
        """The elements cast to another dtype."""
        if not options.get("copy", True) and np.dtype(dtype) == self.dtype:
            return self
        made = None
        if order != "F":
            made = masked.like(self, lambda x: x.astype(dtype, order, *args, **options))
        return super().astype(dtype, order, *args, **options) if made is None else made


def _rebuilt(
    array: NDArray, scalar: bool, requires_grad: bool, kind: type[ndarray]
) -> ndarray:
    made = ndarray.wrap(constant(array), scalar=True) if scalar else asarray(array)
    made = made if kind is ndarray else made.view(kind)
    return made.requires_grad_() if requires_grad else made


def asarray(x: Any) -> ndarray:
    """`x` itself if it is an array of this face, else a new one from its elements."""
    if isinstance(x, ndarray):
        return x
    if isinstance(x, Array):
        return ndarray.from_line(x.line, x.recipe, x.writeable)
    whole = joined(x)
    if isinstance(whole, Array):
        return asarray(whole)
    array = host_array(x)
    if array.dtype.kind not in KINDS:
        operand(x, called())  # says what was given
    rank = array.ndim
    order = tuple(sorted(range(rank), key=lambda axis: -abs(array.strides[axis])))
    return ndarray.wrap(constant(array.transpose(order)), order)


def matmul(x: Any, y: Any, out: Any = None) -> ndarray:
    """The matrix product."""
    from .products import matmul

    product: ndarray = matmul(x, y, out)
    return product


def fresh(value: Value) -> ndarray:
    """A handle in C order; a scalar when it has no axes."""
    return ndarray.wrap(value, scalar=not value.shape)
