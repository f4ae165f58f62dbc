"""Parameter: a tensor that a module trains."""

from __future__ import annotations

from typing import Any

from engine.array import Array
from engine.errors import named
from engine.torch.copies import separate
from engine.torch.once import FACES
from engine.torch.tensor import Tensor

_NOTHING = object()


class Parameter(Tensor):
    """A leaf tensor that is one of a module's parameters when it is its attribute.

    Parameters
    ----------
    data : Tensor
        The elements; the memory is shared.
    requires_grad : bool
        Whether `backward` leaves a gradient.

    Examples
    --------
    >>> import engine
    >>> engine.nn.Parameter(engine.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data: Any = _NOTHING, requires_grad: bool = True) -> Any:
        # Views and results of a parameter are made without data: plain tensors.
        return super().__new__(Tensor if data is _NOTHING else cls)

    def __init__(self, data: Array, requires_grad: bool = True) -> None:
        if not isinstance(data, Array):
            raise TypeError(
                named(f"a tensor was required; {type(data).__name__} was given")
            )
        fresh = data.detach()
        self.recipe, self.writeable, self.scalar = fresh.recipe, True, False
        self._line, self._value = fresh.line, None
        if requires_grad:
            self.requires_grad_()

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return object.__format__(self, spec)

    def __deepcopy__(self, memo: dict[Any, Any]) -> Any:
        return separate(self, memo)


FACES.append(Parameter)
