"""Copies and pickles of tensors: they keep class, gradient and attributes."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from engine.array import Array
from engine.errors import named
from engine.kernels.backend import HOST
from engine.record.value import constant
from engine.storage import Line, Storage, stop
from engine.torch.device import placed

_OWN = ("_retained", "_frozen")
"""Attributes that a tensor sets itself: what is kept of gradients."""


class Copies(Array):
    """What `copy.copy`, `copy.deepcopy` and `pickle` do."""

    __slots__ = ()

    def __copy__(self) -> Any:
        return remade(type(self), self.detach(), self.requires_grad, _attributes(self))

    def __deepcopy__(self, memo: dict[Any, Any]) -> Any:
        if not self.is_leaf:
            raise RuntimeError(
                named(
                    "Only Tensors created explicitly by the user (graph leaves) "
                    "support the deepcopy protocol at the moment; detach() it first"
                )
            )
        # Tensors that share memory share the copy of it.
        storage = self.line.storage
        if id(storage) not in memo:
            value = stop(self.line.current())
            memo[id(storage)] = storage, Line(Storage(value), value)  # both stay alive
        _, line = memo[id(storage)]
        shown = self.from_line(line, self.recipe)
        copied = _finished(remade(type(self), shown, self.requires_grad), self, memo)
        copied.grad = deepcopy(self.grad, memo)
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        elements, attributes = self.detach().numpy_copy(), _attributes(self)
        kept = type(self), elements, self.requires_grad, self.place
        return _unpickled, kept, attributes or None

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        vars(self).update(attributes)


def remade(
    kind: type[Any],
    like: Array,
    requires_grad: bool,
    attributes: dict[str, Any] | None = None,
) -> Any:
    """A leaf of a class on the memory of a tensor."""
    made = object.__new__(kind)
    made.recipe, made.writeable, made.scalar = like.recipe, like.writeable, False
    made._line, made._value = like.line.branch(stop), None
    vars(made).update(attributes or {})
    return made.requires_grad_() if requires_grad else made


def separate(tensor: Any, memo: dict[Any, Any]) -> Any:
    """A deep copy in memory of its own, whatever else is on that of the tensor."""
    copied = remade(type(tensor), tensor.detach().clone(), tensor.requires_grad)
    return _finished(copied, tensor, memo)


def _finished(copied: Any, tensor: Any, memo: dict[Any, Any]) -> Any:
    memo[id(tensor)] = copied  # its attributes may lead back to it
    vars(copied).update(deepcopy(_attributes(tensor), memo))
    return copied


def _attributes(tensor: Any) -> dict[str, Any]:
    """What a user has set on a tensor."""
    return {name: item for name, item in vars(tensor).items() if name not in _OWN}


def _unpickled(
    kind: type[Any], elements: Any, requires_grad: bool, place: str = HOST
) -> Any:
    """A tensor as it was when it was pickled."""
    from engine.torch.tensor import Tensor

    made = Tensor.wrap(placed(constant(elements), place))
    return remade(kind, made, requires_grad)
