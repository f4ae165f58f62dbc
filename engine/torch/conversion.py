"""Methods of tensors that convert: dtypes, devices, NumPy, Python numbers, text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from engine.array import Array
from engine.errors import named
from engine.kernels.backend import HOST
from engine.ops.op import cast
from engine.ops.transfer import on_device
from engine.record.extent import asked_for_size, shown
from engine.record.trace import alias
from engine.record.value import History
from engine.record.watchers import watchers
from engine.storage import OVERRIDE
from engine.torch.device import CPU, CUDA, device, usable_device
from engine.torch.dtypes import (
    Size,
    dtype_of,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    known,
    uint8,
)
from engine.torch.dtypes import bool_ as bool_dtype
from engine.torch.printing import tensor_text

NDArray = np.ndarray[Any, Any]


class Conversion(Array):
    """Facts about tensors, and other forms of the same elements."""

    __slots__ = ()

    # -- facts --------------------------------------------------------------------
    @property
    def shape(self) -> Size:
        """The size of every dimension."""
        shape = self.recipe.shape
        return Size(shown(shape) if watchers else shape)

    @property
    def dtype(self) -> Any:
        """The type of the elements."""
        return known(self.recipe.dtype)

    @property
    def device(self) -> device:
        """Where the memory is."""
        return CPU if self.place == HOST else CUDA

    @property
    def is_cuda(self) -> bool:
        """Whether the memory is on a CUDA device."""
        return self.place != HOST

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.recipe.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.recipe.size * self.recipe.dtype.itemsize

    def dim(self) -> int:
        """The number of dimensions."""
        return len(self.recipe.shape)

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return self.recipe.size

    nelement = numel

    def element_size(self) -> int:
        """Bytes of one element."""
        return self.recipe.dtype.itemsize

    def is_floating_point(self) -> bool:
        """Whether the elements are real floating point numbers."""
        return self.recipe.dtype.kind == "f"

    def is_complex(self) -> bool:
        """Whether the elements are complex numbers."""
        return self.recipe.dtype.kind == "c"

    # -- dtypes and devices -------------------------------------------------------
    def to(self, *args: Any, copy: bool = False, **options: Any) -> Self:
        """This tensor with another dtype or on another device.

        Parameters
        ----------
        *args
            A dtype, a device, a device and a dtype, or a tensor that has both.
        copy : bool
            Whether to copy what has the dtype already.
        **options
            ``dtype`` and ``device`` by name; ``non_blocking`` changes nothing.

        Returns
        -------
        Tensor
            This very tensor when nothing changes.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1, 2]).to(engine.float64)
        tensor([1., 2.], dtype=engine.float64)
        """
        wanted, place = self.recipe.dtype, self.place
        options.pop("non_blocking", None)
        given = [*args, *(options.pop(name, None) for name in ("device", "dtype"))]
        if options:
            raise TypeError(f"to: unexpected arguments {sorted(options)} were given")
        for each in given:
            if isinstance(each, Array):
                wanted, place = each.recipe.dtype, each.place
            elif isinstance(each, (device, str)) or type(each) is int:
                place = usable_device(each).type
            elif each is not None and not isinstance(each, bool):
                wanted = dtype_of(each).dtype
        if wanted == self.recipe.dtype and place == self.place:
            return self.clone() if copy else self
        return self.wrap(on_device(cast(self.read(), wanted), place))

    def type(self, dtype: Any = None) -> Any:
        """This tensor with another dtype; without one, the name of its type."""
        return repr(self.dtype) if dtype is None else self.to(dtype)

    def type_as(self, other: Array) -> Self:
        """This tensor with the dtype of another one, on its device."""
        return self.to(device=other.place, dtype=known(other.recipe.dtype))

    def float(self) -> Self:
        """As float32."""
        return self.to(float32)

    def double(self) -> Self:
        """As float64."""
        return self.to(float64)

    def half(self) -> Self:
        """As float16."""
        return self.to(float16)

    def int(self) -> Self:
        """As int32."""
        return self.to(int32)

    def long(self) -> Self:
        """As int64."""
        return self.to(int64)

    def short(self) -> Self:
        """As int16."""
        return self.to(int16)

    def char(self) -> Self:
        """As int8."""
        return self.to(int8)

    def byte(self) -> Self:
        """As uint8."""
        return self.to(uint8)

    def bool(self) -> Self:
        """As bool: whether elements are not 0."""
        return self.to(bool_dtype)

    def cpu(self) -> Self:
        """This tensor in the memory of the host."""
        return self.to("cpu")

    def cuda(self, device: Any = None) -> Self:
        """This tensor on a CUDA device; RuntimeError where there is none."""
        return self.to("cuda" if device is None else device)

    # -- copies -------------------------------------------------------------------
    def clone(self) -> Self:
        """A copy, with the gradient history.

        Examples
        --------
        >>> import engine
        >>> x = engine.zeros(2)
        >>> y = x.clone()
        >>> y[0] = 5.0
        >>> x
        tensor([0., 0.])
        """
        value = self.read()
        if value.history is not None and value.layout is self.recipe:
            # A result of its own: hooks on the copy are none on what it is a copy of.
            value = alias(value, History(OVERRIDE, (value,), ()))
        return self.wrap(value)

    def contiguous(self) -> Self:
        """This tensor, or a copy with its elements in order in memory."""
        from engine.recipe import is_c_contiguous

        return self if is_c_contiguous(self.recipe) else self.clone()

    # -- NumPy and Python ---------------------------------------------------------
    def numpy(self, *, force: Any = False) -> NDArray:
        """The memory as a NumPy array: each sees what the other writes.

        Raises RuntimeError for tensors that require grad, unless `force` is set.
        """
        if self.requires_grad and not force:
            raise RuntimeError(
                named(
                    "Can't call numpy() on Tensor that requires grad. Use "
                    "tensor.detach().numpy() instead."
                )
            )
        return self.export()

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray:
        if self.requires_grad:
            raise RuntimeError(
                named(
                    "Can't call numpy() on Tensor that requires grad. Use "
                    "tensor.detach().numpy() instead."
                )
            )
        return super().__array__(dtype, copy)

    def __dlpack__(self, **options: Any) -> Any:
        """The memory for other libraries, where no gradient is lost by that."""
        if self.requires_grad:
            raise BufferError(
                named("Can't export tensors that require gradient, use tensor.detach()")
            )
        return super().__dlpack__(**options)

    def item(self, *place: Any) -> Any:
        """The only element as a Python number.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([2.5]).item()
        2.5
        """
        if self.recipe.size != 1:
            raise RuntimeError(
                named(
                    f"a Tensor with {self.recipe.size} elements cannot be converted to "
                    "Scalar"
                )
            )
        return super().item(*place)

    def __bool__(self) -> Any:
        if self.recipe.size != 1:
            raise RuntimeError(
                named(
                    f"Boolean value of Tensor with {_count(self.recipe.size)} is "
                    "ambiguous"
                )
            )
        return bool(self.item())

    def __float__(self) -> Any:
        return _float(self._number())

    def __int__(self) -> Any:
        return _int(self._number())

    def _number(self) -> Any:
        """The only element; ValueError, as of PyTorch's conversions, for several."""
        if self.recipe.size != 1:
            raise ValueError(
                named(
                    "only one element tensors can be converted to Python scalars; "
                    f"shape {list(self.recipe.shape)} was given"
                )
            )
        return super().item()

    def __complex__(self) -> complex:
        return complex(self._number())

    def __index__(self) -> Any:
        if self.recipe.dtype.kind not in "biu" or self.recipe.size != 1:
            raise TypeError(
                named(
                    "only integer tensors of a single element can be converted to an "
                    "index"
                )
            )
        return _int(self.item())

    def __len__(self) -> Any:
        if not self.recipe.shape:
            raise TypeError(named("len() of a 0-d tensor"))
        asked_for_size()
        return self.recipe.shape[0]

    def __iter__(self) -> Iterator[Self]:
        if not self.recipe.shape:
            raise TypeError(named("iteration over a 0-d tensor"))
        asked_for_size()
        return (self[i] for i in range(self.recipe.shape[0]))  # type: ignore[index]

    def __contains__(self, item: Any) -> Any:
        return bool(np.any(self.computed() == np.asarray(item)))

    def __format__(self, spec: str) -> str:
        if self.recipe.shape:
            return object.__format__(self, spec)
        return format(self.item(), spec)

    def __repr__(self) -> str:
        suffixes = [f"device='{self.device}'"] if self.is_cuda else []
        function = self.grad_fn
        if function is not None:
            suffixes.append(f"grad_fn={function}")
        elif self.requires_grad:
            suffixes.append("requires_grad=True")
        return tensor_text(self.computed(), suffixes)

    __str__ = __repr__

    @property
    def grad_fn(self) -> GradientFunction | None:
        """What made this tensor, for tensors that have a gradient history."""
        if not self.requires_grad or self.is_leaf:
            return None
        history = self.read().history
        return None if history is None else GradientFunction(history.op.name)


_TITLES = {
    "multiply": "Mul",
    "subtract": "Sub",
    "divide": "Div",
    "negative": "Neg",
    "power": "Pow",
    "square": "Pow",
    "clip": "Clamp",
    "cast": "ToCopy",
    "absolute": "Abs",
    "update": "CopySlices",
    "put": "IndexPut",
    "take": "Index",
    "matmul": "Mm",
    "arctan2": "Atan2",
}


class GradientFunction:
    """What a gradient goes through, by the name of its operation."""

    __slots__ = ("op",)

    def __init__(self, op: str) -> None:
        self.op = op

    def name(self) -> str:
        """The name that PyTorch prints."""
        parts = self.op.split("_")
        title = _TITLES.get(self.op) or "".join(part.capitalize() for part in parts)
        return f"{title}Backward0"

    def __repr__(self) -> str:
        return f"<{self.name()}>"


def _count(size: Any) -> str:
    return "no values" if size == 0 else "more than one value"


_float, _int = float, int
