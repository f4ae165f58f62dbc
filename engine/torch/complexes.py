"""Complex tensors: their parts as views, conjugates, angles, and making them."""

from __future__ import annotations

from math import pi
from typing import Any, Self

import numpy as np

from engine import composites, ops
from engine.array import Array
from engine.errors import named
from engine.movement import broadcast_value, view_value
from engine.ops.op import cast
from engine.recipe import Recipe, c_strides
from engine.record.value import Value
from engine.shapes import broadcast_shapes
from engine.torch.dtypes import known
from engine.torch.operands import as_value, check_broadcast


class Complex(Array):
    """Parts of complex numbers."""

    __slots__ = ()

    def _complex_part(self, k: int) -> Self:
        recipe = self.recipe
        dtype = np.dtype(f"f{recipe.dtype.itemsize // 2}")
        strides = tuple(2 * s for s in recipe.strides)
        return self.view_as(Recipe(dtype, 2 * recipe.offset + k, recipe.shape, strides))

    @property
    def real(self) -> Self:
        """The real part, a view; a real tensor itself."""
        return self._complex_part(0) if self.recipe.dtype.kind == "c" else self

    @property
    def imag(self) -> Self:
        """The imaginary part of a complex tensor, a view.

        Raises RuntimeError for a real one, as in PyTorch.
        """
        if self.recipe.dtype.kind != "c":
            raise RuntimeError(
                "imag: a complex dtype was required; "
                f"{known(self.recipe.dtype)!r} was given"
            )
        return self._complex_part(1)

    def conj(self) -> Self:
        """The complex conjugate; a real tensor itself.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1 + 2j, 3 - 1j]).conj().imag
        tensor([-2.,  1.])
        """
        if self.recipe.dtype.kind != "c":
            return self
        return self.wrap(ops.conjugate(self.read()))

    def angle(self) -> Self:
        """The angle with the real axis: of real numbers 0 or pi.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1j, -1 + 0j]).angle()
        tensor([1.5708, 3.1416])
        """
        value = self.read()
        if value.dtype.kind == "c":
            return self.wrap(ops.angle(value))
        if value.dtype.kind != "f":
            value = as_value(self, np.dtype(np.float32))
        angle = cast(ops.where(value < 0.0, pi, 0.0), value.dtype)
        return self.wrap(ops.where(ops.isnan(value), value, angle))

    @property
    def mH(self) -> Self:
        """The last two dimensions exchanged, conjugated."""
        turned = self.conj()
        found: Self = turned.transpose(-2, -1)  # type: ignore[attr-defined]
        return found


def view_as_real(input: Complex) -> Any:
    """Real and imaginary part in a new last dimension of extent 2, a view.

    Examples
    --------
    >>> import engine
    >>> engine.view_as_real(engine.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    recipe = input.recipe
    if recipe.dtype.kind != "c":
        raise RuntimeError(
            named(f"a complex dtype was required; {known(recipe.dtype)!r} was given")
        )
    dtype = np.dtype(f"f{recipe.dtype.itemsize // 2}")
    strides = (*(2 * s for s in recipe.strides), 1)
    return input.view_as(Recipe(dtype, 2 * recipe.offset, (*recipe.shape, 2), strides))


def real(input: Complex) -> Any:
    """The real part, a view; a real tensor itself.

    Examples
    --------
    >>> import engine
    >>> engine.real(engine.tensor([1 + 2j]))
    tensor([1.])
    """
    return input.real


def imag(input: Complex) -> Any:
    """The imaginary part of a complex tensor, a view.

    Examples
    --------
    >>> import engine
    >>> engine.imag(engine.tensor([1 + 2j]))
    tensor([2.])
    """
    return input.imag


def complex(real: Any, imag: Any) -> Any:
    """Complex numbers of these parts, which are of one floating dtype.

    Examples
    --------
    >>> import engine
    >>> engine.complex(engine.tensor([1.0]), engine.tensor([2.0])).imag
    tensor([2.])
    """
    x, y = as_value(real), as_value(imag)
    _same_parts(x, y)
    return real.wrap(_joined(x, y))


def polar(abs: Any, angle: Any) -> Any:
    """Complex numbers of these lengths and angles.

    Examples
    --------
    >>> import engine
    >>> engine.polar(engine.tensor([2.0]), engine.tensor([0.0])).real
    tensor([2.])
    """
    x, y = as_value(abs), as_value(angle)
    _same_parts(x, y)
    return abs.wrap(_joined(x * ops.cos(y), x * ops.sin(y)))


def _same_parts(x: Value, y: Value) -> None:
    if x.dtype != y.dtype or x.dtype.kind != "f" or x.dtype.itemsize < 4:
        raise RuntimeError(
            named(
                "two tensors of dtype float32 or of float64 were required; "
                f"{known(x.dtype)!r} and {known(y.dtype)!r} were given"
            )
        )
    check_broadcast("complex", [x.shape, y.shape])


def _joined(x: Value, y: Value) -> Value:
    """Parts side by side, read as complex numbers: no sum that infinities disturb."""
    shape = broadcast_shapes(x.shape, y.shape)
    both = composites.stack([broadcast_value(part, shape) for part in (x, y)], -1)
    dtype = np.dtype(f"c{2 * x.dtype.itemsize}")
    return view_value(both, Recipe(dtype, 0, shape, c_strides(shape)))
