"""NumPy's functions, handed tensors, stay lazy and give tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.array import Array
from engine.record.registry import REGISTRY
from engine.torch.dtypes import known
from engine.torch.operands import OPERANDS, elementwise
from engine.trees import flatten

# What ``ndarray op tensor`` calls: PyTorch's promotion decides there.
_OPERATORS: dict[Any, tuple[str, bool]] = {
    np.add: ("add", False),
    np.subtract: ("subtract", False),
    np.multiply: ("multiply", False),
    np.divide: ("divide", True),
    np.floor_divide: ("floor_divide", False),
    np.remainder: ("remainder", False),
    np.power: ("power", False),
    np.equal: ("equal", False),
    np.not_equal: ("not_equal", False),
    np.less: ("less", False),
    np.less_equal: ("less_equal", False),
    np.greater: ("greater", False),
    np.greater_equal: ("greater_equal", False),
    np.bitwise_and: ("bitwise_and", False),
    np.bitwise_or: ("bitwise_or", False),
    np.bitwise_xor: ("bitwise_xor", False),
}


class Protocols(Array):
    """``__array_ufunc__`` and ``__array_function__``, by way of the NumPy face."""

    __slots__ = ()

    def __array_ufunc__(
        self, function: np.ufunc, method: str, *inputs: Any, **options: Any
    ) -> Any:
        known_operator = _OPERATORS.get(function)
        plain = method == "__call__" and not options
        if known_operator and plain and all(isinstance(x, OPERANDS) for x in inputs):
            name, floating = known_operator
            return self.wrap(elementwise(REGISTRY[name], *inputs, floating=floating))
        call = function if method == "__call__" else getattr(function, method)
        return self._through_numpy(call, inputs, options)

    def __array_function__(
        self, function: Any, types: Sequence[type], args: Any, options: Any
    ) -> Any:
        return self._through_numpy(function, args, options)

    def _through_numpy(self, call: Callable[..., Any], args: Any, options: Any) -> Any:
        """Call on arrays that share the tensors' memory; arrays become tensors."""
        given, rebuild = flatten([list(args), options], _is_tensor)
        arguments, named = rebuild([tensor.array() for tensor in given])
        found, refill = flatten(call(*arguments, **named), _is_array)
        return refill([self._as_tensor(x, given) for x in found])

    def _as_tensor(self, array: Array, given: Sequence[Any]) -> Any:
        """A result as a tensor; the tensor that was given as `out` itself."""
        for tensor in given:
            if array.line is tensor.line and array.recipe == tensor.recipe:
                return tensor
        known(array.recipe.dtype)
        if array.scalar or not array.writeable:
            return self.wrap(array.read())
        return self.from_line(array.line, array.recipe)

    def array(self) -> Any:
        """The same memory as an `engine.numpy.ndarray`: gradients go through."""
        from engine.numpy import ndarray

        return ndarray.from_line(self.line, self.recipe, self.writeable)


def _is_tensor(x: Any) -> bool:
    return isinstance(x, Protocols)


def _is_array(x: Any) -> bool:
    return isinstance(x, Array)
