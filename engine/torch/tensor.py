"""Tensor: the PyTorch face's array."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from engine.array import Array, accumulate
from engine.contributions import RegionHook, drop_ended, is_view
from engine.errors import named
from engine.ops.op import cast
from engine.recipe import Recipe, whole
from engine.record.trace import grad_enabled
from engine.record.value import Freed, History, Value, constant
from engine.storage import GradCell, leaf
from engine.torch.complexes import Complex
from engine.torch.conversion import Conversion
from engine.torch.copies import Copies
from engine.torch.derived import Derived
from engine.torch.device import placed
from engine.torch.dtypes import Default, dtype_of, known, number_dtype
from engine.torch.hooks import Handle, checked, within_walk
from engine.torch.indexing import Indexing
from engine.torch.inplace import InPlace
from engine.torch.once import FACES
from engine.torch.operands import filled, fits
from engine.torch.products import Products
from engine.torch.protocols import Protocols
from engine.torch.rearrangement import Rearrangement
from engine.torch.views import Views, sizes


class Tensor(
    Conversion,
    Indexing,
    Views,
    Rearrangement,
    InPlace,
    Products,
    Complex,
    Derived,
    Protocols,
    Copies,
):
    """A lazy tensor with PyTorch's semantics.

    Made by `engine.tensor` and the other creation functions. Nothing runs when an
    expression is written; values are computed when they are looked at.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([2., 4., 6.])
    """

    __slots__ = ("__dict__",)

    def __init__(self, *data: Any) -> None:
        """``Tensor(data)`` is ``tensor(data)`` in the default dtype.

        ``Tensor(2, 3)`` has that shape, and holds zeros.
        """
        if data and all(isinstance(n, int) for n in data):
            value = filled(tuple(data), 0, Default.dtype)
        else:
            value = value_of_data(data[0] if data else [], Default.dtype)
        fresh = type(self).wrap(value)
        self.recipe, self.writeable, self.scalar = fresh.recipe, True, False
        self._line, self._value = None, fresh._value

    # -- gradients ----------------------------------------------------------------
    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this tensor; True makes it a leaf."""
        return super().requires_grad

    @requires_grad.setter
    def requires_grad(self, requires_grad: bool) -> None:
        self.requires_grad_(requires_grad)

    @property
    def data(self) -> Self:
        """The same memory without the gradient history."""
        return self.detach()

    @data.setter
    def data(self, data: Array) -> None:
        """Let this tensor be what another one is, with its own `grad`."""
        fresh, cell = data.detach(), self.line.cell
        if self.requires_grad and fresh.recipe.dtype.kind not in "fc":
            raise RuntimeError(
                named(
                    "data set to a tensor that requires gradients must be floating "
                    f"point or complex dtype; {fresh.recipe.dtype.name} was given"
                )
            )
        line = fresh.line
        if line.storage is self.line.storage and fresh.recipe == self.recipe:
            return  # what ``x.data -= y`` assigns at last
        self.recipe, self.writeable = fresh.recipe, fresh.writeable
        self._line, self._value = line, None
        if cell is not None:
            cell.recipe = fresh.recipe
            self._line = line.branch(lambda value: leaf(value, cell), cell)

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor is no result; views of leaves are results."""
        cell = None if self._line is None else self._line.cell
        return not self.requires_grad if cell is None else cell.recipe == self.recipe

    @property
    def grad(self) -> Tensor | None:
        """The gradient that `backward` has accumulated, or None."""
        line = self._line
        cell = None if line is None else line.cell
        if cell is None or cell.recipe is not self.recipe:
            own = self.__dict__.get("_retained") or self.__dict__.get("_frozen")
            cell = own or (cell if cell is not None and self.is_leaf else None)
        found: Tensor | None = None if cell is None else cell.grad
        return found

    @grad.setter
    def grad(self, gradient: Tensor | None) -> None:
        line = self._line
        if gradient is None:
            self._thaw()
            if "_retained" in self.__dict__:
                self.__dict__["_retained"].grad = None
                return
            cell = None if line is None else line.cell
            if cell is not None and cell.recipe == self.recipe:
                cell.grad = None
                return
            if cell is not None:
                return  # a view of a leaf has none
            if not self.requires_grad:
                return
        _require_gradient_like(gradient, self)
        if self.requires_grad:
            Array.grad.fset(self, gradient)  # type: ignore[attr-defined]
        else:
            self._freeze(gradient)

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    def _freeze(self, gradient: Tensor | None) -> None:
        """Keep a gradient while this tensor requires none."""
        cell = self.__dict__["_frozen"] = GradCell(self.recipe, type(self))
        cell.grad = gradient
        FROZEN.add(cell)

    def _thaw(self) -> Tensor | None:
        """Keep none any longer; the gradient that was kept."""
        cell = self.__dict__.pop("_frozen", None)
        if cell is None:
            return None
        FROZEN.discard(cell)
        gradient: Tensor | None = cell.grad
        return gradient

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on this result."""
        return "_retained" in self.__dict__

    def retain_grad(self) -> None:
        """Let `backward` leave the gradient of this result in `grad`, too.

        Raises RuntimeError when the tensor does not require grad.
        """
        if not self.requires_grad:
            raise RuntimeError(
                named("can't retain_grad on Tensor that has requires_grad=False")
            )
        if self.is_leaf or self.retains_grad:
            return
        if not self._is_view():
            self.__dict__["_retained"] = self._cell()
            return
        recipe = whole(self.recipe.dtype, self.recipe.shape)
        own = self.__dict__["_retained"] = GradCell(recipe, type(self))

        def kept(gradient: Value) -> None:
            accumulate(own, gradient, create_graph=grad_enabled())

        hooks = self._cell().result_hooks
        drop_ended(hooks)
        region = Recipe(*self.recipe)
        hooks.append(RegionHook(region, kept, weakref.ref(self), last=True))

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Handle:
        """Call ``hook(grad)`` when the gradient of this tensor is known.

        What it returns, unless None, takes the place of the gradient: a tensor of its
        shape and dtype, or `backward` raises.
        """
        if not self.requires_grad:
            raise RuntimeError(
                named(
                    "cannot register a hook on a tensor that doesn't require gradient"
                )
            )
        cell, called = self.line.cell, checked(hook)
        if cell is not None and not self._is_view():
            cell.hooks.append(called)
            return Handle(cell.hooks, called)
        hooks, face = self._cell().result_hooks, type(self)
        within: Any = within_walk(called, self.recipe, face)
        if self._is_view():

            def changed(gradient: Value) -> Value | None:
                answer = called(face.wrap(gradient))
                return None if answer is None else answer.read()

            drop_ended(hooks)
            within = RegionHook(Recipe(*self.recipe), changed, weakref.ref(self))
        hooks.append(within)
        return Handle(hooks, within)

    def _is_view(self) -> bool:
        """Whether this is a view of its base, and no leaf itself."""
        return is_view(self.recipe, self.line.current()) and not self.is_leaf

    def _cell(self) -> GradCell:
        """Where `backward` leaves what reaches this result, or the base of a view."""
        value = self.line.current()
        history = value.history
        assert history is not None
        if history.cell is None:
            if isinstance(history.op, Freed):  # many results share it
                history = value.history = History(history.op, (), ())
            recipe = whole(value.dtype, value.shape) if self._is_view() else self.recipe
            history.cell = GradCell(recipe, type(self))
        cell: GradCell = history.cell
        return cell

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Make this tensor a leaf: `backward` leaves its gradient in `grad`.

        With False it requires none from here on, and keeps the `grad` that it has.
        """
        before = None if self._line is None else self._line.cell
        super().requires_grad_(requires_grad)
        now = self.line.cell
        if now is not None and before is None:
            now.grad = self._thaw()
        had = None if before is None or before.recipe != self.recipe else before.grad
        if now is None and had is not None:
            before.grad = None  # type: ignore[union-attr]  # graphs of before add to it
            self._freeze(had)
        return self

    # -- new tensors like this one ------------------------------------------------
    def new_tensor(self, data: Any, *, dtype: Any = None, device: Any = None) -> Self:
        """A new tensor of `data`, with this tensor's dtype and device."""
        wanted = self.recipe.dtype if dtype is None else dtype_of(dtype).dtype
        return self._beside(cast(value_of_data(data), wanted), device)

    def new_zeros(self, *size: Any, dtype: Any = None, device: Any = None) -> Self:
        """Zeros with this tensor's dtype and device."""
        return self.new_full(size, 0, dtype=dtype, device=device)

    def new_ones(self, *size: Any, dtype: Any = None, device: Any = None) -> Self:
        """Ones with this tensor's dtype and device."""
        return self.new_full(size, 1, dtype=dtype, device=device)

    new_empty = new_zeros

    def new_full(
        self, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None
    ) -> Self:
        """One number everywhere, with this tensor's dtype and device."""
        wanted = self.recipe.dtype if dtype is None else dtype_of(dtype).dtype
        return self._beside(filled(sizes(size), fill_value, wanted), device)

    def _beside(self, value: Value, device: Any) -> Self:
        """A tensor where this one is, or on another device."""
        return self.wrap(placed(value, self.place if device is None else device))


FACES.append(Tensor)

FROZEN: weakref.WeakSet[GradCell] = weakref.WeakSet()
"""Gradients of tensors that require none; there are few, but `zero_grad` sees them."""


def _require_gradient_like(gradient: Any, x: Tensor) -> None:
    """Raise for what cannot be the gradient of a tensor."""
    if not isinstance(gradient, Array):
        return  # the setter of arrays says so
    if gradient is x:
        raise RuntimeError(named("can't assign Variable as its own grad"))
    if gradient.recipe.dtype != x.recipe.dtype or gradient.shape != x.shape:
        raise RuntimeError(
            named(
                f"assigned grad has data of a different type or size: "
                f"{x.recipe.dtype.name}{list(x.shape)} was required; "
                f"{gradient.recipe.dtype.name}{list(gradient.shape)} was given"
            )
        )
    if gradient.place != x.place:
        raise RuntimeError(
            named(
                f"assigned grad has data located on a different device: {x.place} was "
                f"required; {gradient.place} was given"
            )
        )


def value_of_data(data: Any, dtype: Any = None) -> Value:
    """The value of nested lists of numbers, an array or a tensor: always a copy.

    Python floats have the default dtype, Python integers int64.
    """
    if isinstance(data, Array):
        value = data.detach().read()
    elif isinstance(data, (np.ndarray, np.generic)):
        value = constant(data.astype(known(data.dtype).dtype))
    else:
        value = constant(_from_python(data, dtype))
    return value if dtype is None else cast(value, dtype_of(dtype).dtype)


def _from_python(data: Any, dtype: Any = None) -> np.ndarray[Any, Any]:
    array = _array_of(data)
    wanted = array.dtype if dtype is None else dtype_of(dtype).dtype
    if wanted.kind in "iu" and array.dtype.kind in "iu" and array.size:
        for extreme in (array.min(), array.max()):
            if not fits(extreme, wanted):
                raise RuntimeError(
                    named(
                        f"value cannot be converted to type {wanted.name} without "
                        f"overflow: {extreme} was given"
                    )
                )
    if dtype is None and (array.size == 0 or array.dtype == np.float64):
        wanted = Default.dtype
    elif dtype is None and array.dtype.kind == "c":
        wanted = number_dtype(complex)
    with np.errstate(over="ignore"):
        return array.astype(wanted)


def _array_of(data: Any) -> np.ndarray[Any, Any]:
    """The elements with NumPy's dtypes; those of lists of NumPy's numbers are kept."""
    if isinstance(data, (list, tuple)) and any(_has_arrays(item) for item in data):
        data = [_host(item) for item in data]
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise ValueError(
            "tensor: sequences of equal lengths were required; ragged ones were given: "
            f"{error}"
        ) from None
    if array.dtype.kind not in "biufc":
        kind: type[Exception] = TypeError if array.dtype.kind in "US" else RuntimeError
        if isinstance(data, int):  # as PyTorch says of more than 64 bits
            kind = ValueError
        raise kind(
            f"tensor: numbers of up to 64 bits were required; {data!r:.60} was given: "
            f"invalid data type '{type(data).__name__}': could not infer dtype"
        )
    return array


def _has_arrays(item: Any) -> bool:
    return isinstance(item, Array) or (
        isinstance(item, (list, tuple)) and any(_has_arrays(each) for each in item)
    )


def _host(item: Any) -> Any:
    if isinstance(item, Array):
        return item.computed().tolist()
    return [_host(each) for each in item] if isinstance(item, (list, tuple)) else item
