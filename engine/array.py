"""Array: the handle that both faces share. Views, laziness, gradients, interop.

A handle holds a `Recipe` over a base. Until it is viewed, written or detached it needs
no storage of its own, only the value that it was made with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Self

import numpy as np

from engine.autograd import backward, leaf_gradients
from engine.errors import named, naming, warn_of_parts
from engine.execute import compute
from engine.kernels.backend import HOST
from engine.ops.op import cast
from engine.ops.regions import take
from engine.recipe import (
    Recipe,
    broadcast_strides,
    owned,
    strided,
    transposed,
    whole,
)
from engine.record.trace import grad_enabled, grad_mode
from engine.record.value import Value, constant
from engine.rewalk import backward_again
from engine.shapes import check_axes
from engine.storage import GradCell, Line, Storage, changing, leaf, read_region, stop

NDArray = np.ndarray[Any, Any]


class Array:
    """A lazy array: base class of `engine.numpy.ndarray` and `engine.Tensor`.

    Nothing runs when an expression is written. Values are computed when they are looked
    at: printed, converted (`float`, `bool`, `np.asarray`), or given to `engine.eval`.
    """

    __slots__ = ("__weakref__", "_line", "_value", "recipe", "scalar", "writeable")

    __array_priority__ = 1000.0
    _line: Line | None
    _value: Value | None
    recipe: Recipe
    scalar: bool
    writeable: bool

    # -- construction -------------------------------------------------------------
    @classmethod
    def wrap(
        cls,
        value: Value,
        order: Sequence[int] | None = None,
        *,
        scalar: bool = False,
        writeable: bool = True,
    ) -> Self:
        """A handle that owns `value`.

        With `order` the value's axes are in memory order: axis ``order[k]`` of the
        handle is axis ``k`` of the value. `scalar` marks what is a scalar in NumPy.
        """
        handle = cls.__new__(cls)
        recipe = value.layout
        if recipe is None:
            recipe = value.layout = owned(value.dtype, value.shape)
        handle.recipe = recipe if order is None else _ordered(recipe, tuple(order))
        handle._value = value
        handle._line = None
        handle.writeable = writeable and not scalar
        handle.scalar = scalar
        return handle

    @classmethod
    def from_line(cls, line: Line, recipe: Recipe, writeable: bool = True) -> Self:
        """A view: a handle over memory that others may hold too."""
        handle = cls.__new__(cls)
        handle.recipe = recipe
        handle._value = None
        handle._line = line
        handle.writeable = writeable
        handle.scalar = False
        return handle

    @property
    def line(self) -> Line:
        """The gradient history over the storage, made when it is first needed."""
        line = self._line
        if line is None:
            value = self._value
            if value is None:  # another thread has made one
                line = self._line
                assert line is not None
                return line
            line = Line(Storage(value), value)
            with changing:
                if self._line is None:
                    self._line, self._value = line, None
                else:  # another thread has made one
                    line = self._line
        return line

    def view_as(self, recipe: Recipe, writeable: bool | None = None) -> Self:
        """Another handle on the same memory."""
        check_axes(recipe.shape)
        writeable = self.writeable if writeable is None else writeable
        line = self.line
        if not grad_enabled() and line.cell is None and line.value.history is not None:
            line = line.branch(stop)
        return self.from_line(line, recipe, writeable)

    # -- reading ------------------------------------------------------------------
    def read(self) -> Value:
        """The value that this handle shows now."""
        line = self._line
        if line is None:
            value = self._value
            if value is not None:
                own = self.recipe is value.layout  # as `wrap` made it, in C order
                return value if own else read_region(value, self.recipe)
            line = self._line  # another thread has made it meanwhile
            assert line is not None
        storage, value = line.storage, line.value
        if storage.memory is None and line.version == storage.version:
            if self.recipe is value.layout:
                return value
            return read_region(value, self.recipe)
        return line.read(self.recipe)

    def needed(self) -> list[Value]:
        """The values that hold the elements, once they are computed."""
        return [self.read()]

    def numpy_copy(self) -> NDArray:
        """The computed elements, as an ndarray of their own."""
        return self.computed().copy()

    def computed(self) -> NDArray:
        """The computed elements; the ndarray must not be written to or kept."""
        part = None if self._line is None else self._line.part_at_hand(self.recipe)
        if part is not None:
            return part
        return compute([self.read()])[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """The extent of every axis; known without computing anything."""
        return self.recipe.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype of the elements; tensors show that of the PyTorch face."""
        return self.recipe.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.recipe.shape)

    @property
    def place(self) -> str:
        """Where the memory is: ``"cpu"`` (the host) or ``"cuda"``."""
        value = self._value if self._line is None else self._line.value
        assert value is not None
        return value.device

    # -- writing ------------------------------------------------------------------
    def store(self, value: Value, recipe: Recipe | None = None) -> None:
        """Write a value of the right dtype and shape through this handle.

        Raises ValueError when the handle is read-only.
        """
        self.change(lambda _base: value, recipe)

    def change(
        self, build: Callable[[Value], Value], recipe: Recipe | None = None
    ) -> None:
        """Write what `build` makes of the whole memory's present value, as `store`.

        It is called again where another thread has written in the meantime.
        """
        if not self.writeable:
            raise ValueError(named("assignment destination is read-only"))
        region = recipe or self.recipe
        if region.size:
            self.line.change(build, region)

    def renew(self, value: Value) -> None:
        """Write a new value, which nobody else holds, as `store`; within no_grad."""
        line, recipe = self.line, self.recipe
        if self.writeable and recipe is value.layout and recipe is line.value.layout:
            line.renew(value)
        else:
            self.store(value)

    def fitted(self, value: Value, shape: tuple[int, ...]) -> Value:
        """`value` cast to this dtype and broadcast to `shape`, as assignment does."""
        warn_of_parts(value.dtype, self.recipe.dtype)
        value = cast(value, self.recipe.dtype)
        while len(value.shape) > len(shape) and value.shape[0] == 1:
            value = read_region(value, whole(value.dtype, value.shape[1:]))
        if value.shape != shape:
            strides = broadcast_strides(whole(value.dtype, value.shape), shape)
            value = read_region(value, Recipe(value.dtype, 0, shape, strides))
        return value

    def take_positions(self, positions: NDArray) -> Value:
        """The elements at flat positions of the base."""
        return take(self.line.current(), constant(positions))

    # -- gradients ----------------------------------------------------------------
    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this array."""
        if self._line is None:
            assert self._value is not None
            return self._value.history is not None
        return self._line.cell is not None or self._line.value.history is not None

    @property
    def is_leaf(self) -> bool:
        """Whether the array is no result of a differentiable operation."""
        return not self.requires_grad or self.line.cell is not None

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Make this array a leaf: `backward` leaves its gradient in `grad`.

        Raises RuntimeError for integer dtypes, and for results when it is False.
        """
        line = self.line
        if not requires_grad:
            if line.cell is None and line.value.history is not None:
                raise RuntimeError(
                    "requires_grad_: a leaf was required; a result that requires grad "
                    "was given; use detach()"
                )
            self._line = line.branch(stop)
            return self
        if self.recipe.dtype.kind not in "fc":
            raise RuntimeError(
                named(
                    "only Tensors of floating point and complex dtype can require "
                    f"gradients; {self.recipe.dtype.name} was given"
                )
            )
        if line.cell is None:
            if line.value.history is not None:
                return self  # a result that requires grad stays one
            cell = GradCell(self.recipe, type(self))
            self._line = line.branch(lambda value: leaf(value, cell), cell)
        return self

    def detach(self) -> Self:
        """The same memory without the gradient history."""
        if self.scalar:
            return type(self).wrap(stop(self.read()), scalar=True)
        return self.from_line(self.line.branch(stop), self.recipe, self.writeable)

    @property
    def data(self) -> Self:
        """The same memory without the gradient history, as `detach`."""
        return self.detach()

    @property
    def grad(self) -> Any:
        """The gradient that `backward` has accumulated, or None."""
        cell = None if self._line is None else self._line.cell
        return None if cell is None else cell.grad

    @grad.setter
    def grad(self, gradient: Any) -> None:
        cell = None if self._line is None else self._line.cell
        if cell is None:
            raise RuntimeError(
                "grad: a leaf that requires grad was required; an array without a "
                "gradient was given"
            )
        if not (gradient is None or isinstance(gradient, Array)):
            raise TypeError(
                "grad: an array or None was required; "
                f"{type(gradient).__name__} was given"
            )
        if gradient is not None and gradient.shape != self.shape:
            raise RuntimeError(
                f"grad: the shape {self.shape} of the array was required; "
                f"{gradient.shape} was given"
            )
        cell.grad = gradient

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add the gradient of this array to the `grad` of every leaf it depends on.

        Parameters
        ----------
        gradient : Array, optional
            Cotangent of the array's shape; 1.0 for an array of one element.
        retain_graph : bool, optional
            Keep the graph, so that it can be walked again; default as `create_graph`.
        create_graph : bool
            Record the gradient itself, so that it can be differentiated.
        inputs : Array or sequence of Array, optional
            Whose `grad` is added to, instead of every leaf's.

        Raises
        ------
        RuntimeError
            When no gradient is given for an array of more than one element, when the
            array does not require grad, or when its graph was walked and not retained.
        """
        if inputs is not None:
            backward(self, gradient, retain_graph, create_graph, inputs)
            return
        retain = create_graph if retain_graph is None else retain_graph
        found = None
        if gradient is None and not create_graph:
            found = backward_again(self, bool(retain))
        if found is None:
            found = leaf_gradients([self._seed(gradient)], create_graph, retain)
        for cell, grad in found:
            accumulate(cell, grad, create_graph)

    def _seed(self, gradient: Any) -> tuple[Value, Value | None]:
        """What this array shows, and its gradient; None for ones."""
        value = self.read()
        if value.history is None and not self.requires_grad:
            raise RuntimeError(
                "backward: an array that requires grad was required; element 0 of the "
                "outputs does not require grad and does not have a grad_fn"
            )
        if gradient is None:
            if value.size != 1 or value.dtype.kind == "c":
                real = "real " if value.size == 1 else ""
                raise RuntimeError(
                    named(
                        f"grad can be implicitly created only for {real}scalar outputs;"
                        f" {value.dtype.name}{list(value.shape)} was given; pass a "
                        "gradient like it"
                    )
                )
            return value, None
        seed = gradient.read() if isinstance(gradient, Array) else constant(gradient)
        if seed.shape != value.shape:
            raise RuntimeError(
                f"backward: a gradient of shape {value.shape} was required; "
                f"{seed.shape} was given"
            )
        return value, cast(seed, value.dtype)

    # -- handing memory out -------------------------------------------------------
    def export(self) -> NDArray:
        """The memory itself as an ndarray: both sides see each other's writes."""
        if self.scalar:
            return self.numpy_copy()
        flat = self.line.storage.export()
        if self.recipe.dtype != flat.dtype or self.recipe.size == 0:
            flat = flat.reshape(-1)
        out = strided(flat, self.recipe)
        if not self.writeable:
            out.flags.writeable = False
        return out

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray:
        needs_copy = dtype is not None and np.dtype(dtype) != self.recipe.dtype
        if copy is False and needs_copy:
            raise ValueError(
                "asarray: no copy was allowed, but the cast from "
                f"{self.recipe.dtype.name} to {np.dtype(dtype).name} needs one"
            )
        if copy or needs_copy or self.scalar:
            return np.array(self.computed(), dtype=dtype)
        return self.export()

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        return self.export().__dlpack__(
            stream=stream, max_version=max_version, dl_device=dl_device, copy=copy
        )

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1 if self.place == HOST else 2, 0)  # kDLCPU, kDLCUDA

    # -- Python numbers -----------------------------------------------------------
    def item(self, *args: int) -> Any:
        """One element as a Python number: the only one, or the one at an index."""
        array = self.computed()
        with naming():
            return array.item(*args)

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return self.computed().tolist()

    def __bool__(self) -> bool:
        array = self.computed()
        try:
            return bool(array)
        except ValueError:
            with naming():
                return bool(array)


@lru_cache(maxsize=4096)
def _ordered(recipe: Recipe, order: tuple[int, ...]) -> Recipe:
    """The recipe of a handle whose axis ``order[k]`` is the value's axis ``k``."""
    if order == tuple(range(len(order))):
        return recipe
    return transposed(recipe, sorted(range(len(order)), key=order.__getitem__))


def accumulate(cell: GradCell, grad: Value, create_graph: bool) -> None:
    """Add a gradient of a leaf's base to what its cell has."""
    if cell.grad is None and not cell.hooks and grad.layout is cell.recipe:
        cell.grad = cell.face.wrap(grad)  # type: ignore[attr-defined]
        return
    part = read_region(grad, cell.recipe)
    for hook in cell.hooks:
        replaced = hook(cell.face.wrap(part))  # type: ignore[attr-defined]
        part = part if replaced is None else replaced.read()
    fresh: Array = cell.face.wrap(part)  # type: ignore[attr-defined]
    own = cell.grad  # read once: another thread may set it to None
    if own is None:
        cell.grad = fresh
    elif create_graph:
        cell.grad = cell.face.wrap(own.read() + part)  # type: ignore[attr-defined]
    else:
        with grad_mode(False):
            own.store(own.read() + part)
