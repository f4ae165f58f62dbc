"""Storage and Line: mutable memory over immutable values, and its gradient histories.

A `Storage` is one piece of memory; a `Line` is one gradient history over it. Views
share the line that they were taken from; `detach`, `.data` and leaves start a new one.
A write makes a new value of the whole base and raises the version.

While somebody else can see the memory (an exported ndarray, `from_numpy`), the storage
is *shared*: reads and writes then happen at record time. When the last outside holder
is gone, it is lazy again.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.contributions import RegionHook
from engine.cotangent import Cotangent
from engine.errors import named
from engine.execute import compute, done_at_once, evaluate
from engine.kernels.backend import HOST
from engine.kernels.locks import new_lock
from engine.movement import reshape_value
from engine.ops.regions import update, view
from engine.ops.transfer import on_device
from engine.recipe import Recipe, Whole, owned, strided
from engine.record.runtime import looked
from engine.record.trace import alias, current_trace, grad_enabled
from engine.record.trie import SOFT_EVENTS
from engine.record.value import LEAF_HISTORY, History, Marker, Value, constant
from engine.record.watchers import watchers

NDArray = np.ndarray[Any, Any]


changing = new_lock()
"""Held while a storage gets a new value: several threads may write parts of it."""

OVERRIDE: Any = Marker("override")

FEW = 2**17
"""Elements that are copied at once: it takes one thread as long as a plan takes."""


class GradCell:
    """Where `backward` leaves the gradient of a leaf."""

    __slots__ = ("__weakref__", "face", "grad", "hooks", "recipe", "result_hooks")

    def __init__(self, recipe: Recipe, face: type) -> None:
        self.grad: Any = None
        self.recipe = recipe
        self.face = face
        self.hooks: list[Callable[[Any], Any]] = []
        # Those of results act within the walk: they change what goes further down.
        self.result_hooks: list[Callable[[Cotangent], Cotangent] | RegionHook] = []


def leaf(value: Value, cell: GradCell | None = None) -> Value:
    """The same array as the start of a gradient history."""
    return alias(value, History(LEAF_HISTORY, (), (), cell))


def stop(value: Value) -> Value:
    """The same array without a gradient history."""
    return value if value.history is None else alias(value, None)


def override(history: Value, value: Value) -> Value:
    """The array `value`, whose gradient goes to `history` unchanged."""
    past = history.history
    if past is not None and past.op is OVERRIDE:
        first = past.inputs[0]
        assert isinstance(first, Value)
        history = first
    # Memory that was seen outside is flat; the gradient has the history's shape.
    value = reshape_value(value, history.shape)
    return alias(value, History(OVERRIDE, (history,), ()))


def snapshot(memory: NDArray, recipe: Recipe | None = None) -> Value:
    """A copy of what is in shared memory now."""
    return constant(memory if recipe is None else strided(memory, recipe))


class Owner:
    """What an exported ndarray holds on to; its death ends the sharing."""

    def __init__(self, memory: NDArray) -> None:
        self.memory = memory
        self.__array_interface__ = memory.__array_interface__


class Storage:
    """One piece of memory: its latest value, or the memory that others see too."""

    __slots__ = ("__weakref__", "latest", "memory", "owner", "root", "version")

    def __init__(self, latest: Value) -> None:
        self.latest = latest
        self.version = 0
        self.memory: NDArray | None = None
        self.root: NDArray | None = None
        self.owner: weakref.ref[Owner] | None = None

    def shared(self) -> bool:
        """Whether anybody outside sees this memory; takes it back when nobody does."""
        return self.outside() is not None

    def outside(self) -> NDArray | None:
        """The memory, if anybody outside sees it; as `shared`."""
        memory = self.memory
        if memory is None or self._is_seen() or not self._taken_back():
            return memory
        return None

    def _taken_back(self) -> bool:
        """Whether the memory is private again: another thread may have exported it."""
        with changing:
            memory, old = self.memory, self.latest
            if memory is None:  # another thread was faster
                return True
            if self._is_seen():
                return False
            if memory.base is not None or not memory.flags.writeable:
                memory = memory.copy()
            self.latest = Value(memory.dtype, memory.shape, memory)
            self.version += 1
            self.memory = self.root = self.owner = None
        del old  # a finalizer may write, too
        return True

    def _is_seen(self) -> bool:
        owner = self.owner  # read once: another thread may take the memory back
        if owner is not None and owner() is not None:
            return True
        root = self.root
        # Ours are: self.root, the local name and getrefcount's argument, and the
        # `base` of our flat memory.
        return root is not None and (root.base is not None or sys.getrefcount(root) > 4)

    def export(self) -> NDArray:
        """The flat memory itself, for others to see: computes what is pending.

        Raises
        ------
        TypeError
            When the memory is not the host's.
        """
        looked("the memory of an array")
        exported = None
        while exported is None:
            if not self.shared():
                self._compute()
            with changing:
                exported = self._exported()
        return exported

    def _compute(self) -> None:
        value = self.latest
        if value.device != HOST:
            raise TypeError(
                "numpy: an array in the memory of the host was required; one on "
                f"{value.device} was given: can't convert {value.device}:0 device "
                "type tensor to numpy. Use cpu() or to_device('cpu') to copy it "
                "first"
            )
        evaluate([value])

    def _exported(self) -> NDArray | None:
        """The memory, shared from now on; None where another thread has written."""
        if self.memory is None:
            value = self.latest
            buffer = value.buffer
            if buffer is None or value.device != HOST:
                return None
            # The value holds the buffer; storage and line hold the value. And each
            # time, one reference is the local name's, and one the argument's.
            if not buffer.flags.writeable or sys.getrefcount(buffer) > 3:
                buffer = buffer.copy()
            elif sys.getrefcount(value) > 4 or value.history is not None:
                value.buffer = buffer.copy()  # others keep the present value
            flat = buffer.reshape(-1)
            if self.latest is not value:  # native code writes without the lock
                return None
            self.memory = flat
        # Memory that came from outside may outlive its first holder there, too.
        owner = self.owner and self.owner()
        if owner is None:
            owner = Owner(self.memory)
            self.owner = weakref.ref(owner)
        return np.asarray(owner)


class Line:
    """One gradient history over a storage."""

    __slots__ = ("cell", "storage", "value", "version")

    def __init__(
        self, storage: Storage, value: Value, cell: GradCell | None = None
    ) -> None:
        self.storage = storage
        self.value = value
        self.version = storage.version
        self.cell = cell

    def branch(self, start: Callable[[Value], Value], cell: Any = None) -> Line:
        """Another history over the same memory, from what this one shows now."""
        version = self.storage.version
        made = Line(self.storage, start(self.current()), cell)
        made.version = version  # another thread may have written since
        return made

    def current(self) -> Value:
        """The value of the base now, with the gradient history of this line."""
        storage = self.storage
        memory = None if storage.memory is None else storage.outside()
        if memory is not None:
            return self._with_history(snapshot(memory))
        while self.version != storage.version:
            version = storage.version
            self._show(self._with_history(stop(storage.latest)), version)
        return self.value

    def _show(self, value: Value, version: int) -> None:
        """Show the value of a version of the storage, unless there is a later one."""
        old = self.value  # a finalizer of it may write, too
        with changing:
            if self.storage.version == version:
                self.value, self.version = value, version
        del old

    def _with_history(self, value: Value) -> Value:
        if self.cell is not None:
            return leaf(value, self.cell)
        return override(self.value, value) if self.value.history else value

    def read(self, recipe: Recipe) -> Value:
        """The value of a region, as an array of the recipe's shape."""
        storage = self.storage
        memory = storage.outside() if self.cell is None else None
        if memory is not None:
            part = snapshot(memory, recipe)
            if self.value.history is None:
                return part
            return override(read_region(self.value, recipe), part)
        return read_region(self.current(), recipe)

    def is_current(self) -> bool:
        """Whether it shows the latest value of memory that nobody outside sees."""
        storage = self.storage
        return storage.memory is None and self.version == storage.version

    def part_at_hand(self, recipe: Recipe) -> NDArray | None:
        """A copy of a part of memory that is computed, whatever else is pending.

        None for all of it, and for parts that are large: threads copy them.
        """
        value = self.value
        buffer = value.buffer
        if watchers or type(buffer) is not np.ndarray or recipe is value.layout:
            return None
        if not self.is_current() or not buffer.flags.c_contiguous or recipe.size > FEW:
            return None
        looked()
        done_at_once()
        return strided(buffer, recipe).copy()

    def write(self, build: Callable[[Value], Value], region: Recipe | None) -> None:
        """Replace the base by ``build(base)``, which changes only `region`.

        Raises RuntimeError for a leaf that requires grad, while grad is recorded.
        """
        if self.cell is not None and grad_enabled():
            raise RuntimeError(
                named(
                    "an array that is no leaf, or no_grad(), was required; a leaf that "
                    "requires grad was given; write to a copy of it, or within "
                    "engine.no_grad()"
                )
            )
        new = None
        while new is None:
            new = self._written(build, region)
        trace = current_trace()
        if trace.node.number >= SOFT_EVENTS:
            evaluate([new])

    def change(self, build: Callable[[Value], Value], region: Recipe) -> None:
        """Write what `build` makes of the base to a region of it.

        Raises ValueError for a region whose elements share memory.
        """
        if region.is_whole(self.value.size, self.value.dtype):
            self.write(build, None)
            return
        extents = zip(region.shape, region.strides, strict=True)
        if 0 in region.strides and any(s == 0 and n > 1 for n, s in extents):
            raise ValueError(
                named(
                    "memory of its own for each element was required; a view with "
                    f"strides {region.strides} was given; copy it first"
                )
            )
        self.write(lambda base: update(base, build(base), attributes=(region,)), region)

    def _written(
        self, build: Callable[[Value], Value], region: Recipe | None
    ) -> Value | None:
        """The new base; None where another thread has written in the meantime."""
        storage = self.storage
        memory, version = storage.outside(), storage.version
        # What is stored comes to where the memory is, as a copy does in PyTorch.
        new = on_device(self._built(build, memory), self.value.device)
        elements: Any = None if memory is None else compute([new])[0].reshape(-1)
        old = self.value, storage.latest  # finalizers of them may write, too
        with changing:
            if storage.memory is not memory:
                return None
            if memory is None:
                if storage.version != version:
                    return None
            elif region is None:
                memory[...] = elements
            else:
                strided(memory, region)[...] = strided(elements, region)
            self.value = storage.latest = new
            storage.version += 1
            self.version = storage.version
        if grad_enabled():
            move_retained(old[0], new)
        del old
        return new

    def renew(self, value: Value) -> None:
        """Let the base be a new value, which nobody else holds; for use within no_grad.

        It is what ``write(lambda _: value, None)`` does, and as cheap as can be.
        """
        storage, old = self.storage, self.value
        own = self.cell is not None or old.history is None
        if storage.memory is not None or not own or value.device != old.device:
            self.write(lambda _: value, None)
            return
        if self.cell is not None:
            value.history = History(LEAF_HISTORY, (), (), self.cell)
        with changing:
            shared = storage.memory is not None  # another thread has exported it
            if not shared:
                self.value = storage.latest = value
                storage.version += 1
                self.version = storage.version
        if shared:
            self.write(lambda _: value, None)

    def _built(self, build: Callable[[Value], Value], memory: NDArray | None) -> Value:
        if grad_enabled():
            before = self.current()
            return followed(before, build(before))
        old = self.current()
        storage = self.storage
        base = stop(storage.latest) if memory is None else snapshot(memory)
        new = build(base)
        if self.cell is not None:
            return leaf(new, self.cell)
        return override(old, new) if old.history is not None else new


def followed(before: Value, new: Value) -> Value:
    """A new value of a base that had a history: it has one, too.

    What is written over it all may have none, and the gradient of what was is 0.
    """
    if before.history is None or new.history is not None:
        return new
    return update(before, new, attributes=(owned(new.dtype, new.shape),))


def move_retained(before: Value, new: Value) -> None:
    """Let what retains the gradient of a base do so for its new value.

    Hooks stay with the value that they were put on.
    """
    past, history = before.history, new.history
    cell = None if past is None or past.op is LEAF_HISTORY else past.cell
    if cell is None or history is None or history.cell is not None:
        return
    assert past is not None
    hooks = cell.result_hooks  # the list that their handles know
    cell.result_hooks = [x for x in hooks if isinstance(x, RegionHook) and x.last]
    hooks[:] = [x for x in hooks if x not in cell.result_hooks]
    past.cell, history.cell = GradCell(cell.recipe, cell.face), cell
    past.cell.result_hooks = hooks


def read_region(base: Value, recipe: Recipe) -> Value:
    """The value of a region of a base; the base itself when it is all of it."""
    if type(recipe) is Whole:
        recipe = recipe.plain()
    elif recipe.shape == base.shape and recipe.is_whole(base.size, base.dtype):
        return base
    return view(base, attributes=(recipe,))
