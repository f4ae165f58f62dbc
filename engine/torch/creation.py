"""Functions that make tensors."""

from __future__ import annotations

from math import ceil
from typing import Any, SupportsFloat

import numpy as np

from engine import composites
from engine.array import Array
from engine.errors import named
from engine.ops.op import cast
from engine.record.registry import REGISTRY
from engine.record.value import Value
from engine.sharing import shared_line
from engine.torch.device import placed
from engine.torch.dtypes import Default, NumpyDType, known, number_dtype, numpy_dtype
from engine.torch.operands import filled
from engine.torch.tensor import Tensor, value_of_data
from engine.torch.views import sizes

INT64 = np.dtype(np.int64)


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor with the elements of nested lists, of a number or of an array.

    Parameters
    ----------
    data : number, nested sequence, ndarray, Tensor or engine.numpy.ndarray
        The elements. They are copied; only an `engine.numpy.ndarray` is shared, as its
        other face.
    dtype : dtype, optional
        By default that of an array; float32 for Python floats, int64 for integers.
    device : device, optional
        Where to.
    requires_grad : bool
        Whether `backward` shall leave a gradient in `grad`.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import engine
    >>> engine.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    >>> engine.tensor(0.5, dtype=engine.float64)
    tensor(0.5000, dtype=engine.float64)
    """
    if isinstance(data, Array) and not isinstance(data, Tensor) and dtype is None:
        shared = _other_face(data, requires_grad)
        return shared if device is None else shared.to(device)
    return finished(value_of_data(data, dtype), requires_grad, device)


def _other_face(array: Array, requires_grad: bool) -> Tensor:
    """The same memory and gradient history; scalars and read-only arrays are copied."""
    known(array.recipe.dtype)
    if array.scalar or not array.writeable:
        shared = Tensor.wrap(array.read())
    else:
        shared = Tensor.from_line(array.line, array.recipe)
    return shared.requires_grad_() if requires_grad else shared


def finished(value: Value, requires_grad: bool, device: Any = None) -> Tensor:
    """The tensor of a new value, where the user wants it."""
    made = Tensor.wrap(placed(value, device))
    return made.requires_grad_() if requires_grad else made


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor of data, without a copy where it is a tensor or NumPy array already.

    Examples
    --------
    >>> import engine
    >>> x = engine.ones(2)
    >>> engine.as_tensor(x) is x
    True
    """
    if isinstance(data, Tensor):
        return data.to(device, dtype)
    if isinstance(data, np.ndarray) and (
        dtype is None or numpy_dtype(dtype) == data.dtype
    ):
        shared = from_numpy(data)
        return shared if device is None else shared.to(device)
    return tensor(data, dtype=dtype, device=device)


asarray = as_tensor


def from_numpy(ndarray: np.ndarray[Any, Any]) -> Tensor:
    """A tensor on the memory of a NumPy array: each sees what the other writes.

    While somebody else holds the array, every operation reads it when it is written
    down, which costs a copy; `tensor` copies once and stays lazy.

    Raises
    ------
    TypeError
        For anything but a NumPy array of a dtype that tensors have.

    Examples
    --------
    >>> import engine
    >>> import numpy
    >>> a = numpy.zeros(2)
    >>> x = engine.from_numpy(a)
    >>> x[0] = 1
    >>> a
    array([1., 0.])
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(named(f"expected np.ndarray (got {type(ndarray).__name__})"))
    known(ndarray.dtype)
    line, recipe = shared_line(ndarray)
    return Tensor.from_line(line, recipe, ndarray.flags.writeable)


def from_dlpack(
    ext_tensor: Any, *, device: Any = None, copy: bool | None = None
) -> Tensor:
    """A tensor on the memory of another library's array.

    Parameters
    ----------
    ext_tensor : object that exports DLPack
    device : device, optional
        Where the tensor is; on another device than the memory it is a copy.
    copy : bool, optional
        True copies always, False never.

    Raises
    ------
    ValueError
        Where `copy` is False and a copy is needed.

    Examples
    --------
    >>> import engine
    >>> import numpy
    >>> engine.from_dlpack(numpy.arange(3))
    tensor([0, 1, 2])
    """
    if not hasattr(ext_tensor, "__dlpack__"):
        raise TypeError(
            "from_dlpack: an array that exports DLPack was required; "
            f"{type(ext_tensor).__name__} was given"
        )
    shared = from_numpy(np.from_dlpack(ext_tensor))
    made = shared if device is None else shared.to(device)
    if copy is False and made is not shared:
        raise ValueError(
            f"from_dlpack: memory on {shared.device} cannot be shared with {device}"
        )
    return made.clone() if copy and made is shared else made


# -- filled ---------------------------------------------------------------------------
def dtype_or_default(dtype: Any) -> NumpyDType:
    """The dtype of new tensors, where none is asked for the default one."""
    return Default.dtype if dtype is None else numpy_dtype(dtype)


def zeros(
    *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Zeros, ``zeros(2, 3)`` or ``zeros((2, 3))``.

    Examples
    --------
    >>> import engine
    >>> engine.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    options = {"device": device, "requires_grad": requires_grad}
    return full(size, 0, dtype=dtype_or_default(dtype), **options)


def ones(
    *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Ones, ``ones(2, 3)`` or ``ones((2, 3))``.

    Examples
    --------
    >>> import engine
    >>> engine.ones(2, dtype=engine.int64)
    tensor([1, 1])
    """
    options = {"device": device, "requires_grad": requires_grad}
    return full(size, 1, dtype=dtype_or_default(dtype), **options)


def empty(
    *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor to be written to; it holds zeros until then.

    Examples
    --------
    >>> import engine
    >>> engine.empty(2, 3).shape
    engine.Size([2, 3])
    """
    return zeros(*size, dtype=dtype, device=device, requires_grad=requires_grad)


def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """One number everywhere; without a dtype, that of the number.

    Examples
    --------
    >>> import engine
    >>> engine.full((2, 2), 7)
    tensor([[7, 7],
            [7, 7]])
    """
    number = fill_value.item() if isinstance(fill_value, Array) else fill_value
    wanted = number_dtype(number.__class__) if dtype is None else numpy_dtype(dtype)
    shape = checked_sizes(*(size if isinstance(size, (tuple, list)) else (size,)))
    return finished(filled(shape, number, wanted), requires_grad, device)


def checked_sizes(*given: Any) -> tuple[int, ...]:
    """Sizes as integers; TypeError for what is none, RuntimeError for negative ones."""
    found = sizes(given)
    if any(n < 0 for n in found):
        raise RuntimeError(
            named(
                "Trying to create tensor with negative dimension: sizes of at least 0 "
                f"were required; {list(given)} was given"
            )
        )
    return found


def check_numbers(*given: Any) -> None:
    """Raise TypeError for what is no number."""
    if not all(isinstance(x, SupportsFloat) for x in given):
        raise TypeError(named(f"numbers were required; {given} were given"))


def options_like(input: Array, dtype: Any, options: dict[str, Any]) -> dict[str, Any]:
    """The options of a tensor like another one: dtype and device are its own."""
    wanted = input.recipe.dtype if dtype is None else numpy_dtype(dtype)
    return {"device": input.place, **options, "dtype": wanted}


def zeros_like(input: Array, *, dtype: Any = None, **options: Any) -> Tensor:
    """Zeros of another tensor's shape and dtype.

    Examples
    --------
    >>> import engine
    >>> engine.zeros_like(engine.tensor([[1, 2]]))
    tensor([[0, 0]])
    """
    return zeros(input.recipe.shape, **options_like(input, dtype, options))


def ones_like(input: Array, *, dtype: Any = None, **options: Any) -> Tensor:
    """Ones of another tensor's shape and dtype.

    Examples
    --------
    >>> import engine
    >>> engine.ones_like(engine.tensor([1.5, 2.5]))
    tensor([1., 1.])
    """
    return ones(input.recipe.shape, **options_like(input, dtype, options))


def empty_like(input: Array, *, dtype: Any = None, **options: Any) -> Tensor:
    """A tensor of another one's shape and dtype, to be written to.

    Examples
    --------
    >>> import engine
    >>> engine.empty_like(engine.zeros(2, 3)).shape
    engine.Size([2, 3])
    """
    return empty(input.recipe.shape, **options_like(input, dtype, options))


def full_like(
    input: Array, fill_value: Any, *, dtype: Any = None, **options: Any
) -> Tensor:
    """One number everywhere, in another tensor's shape and dtype.

    Examples
    --------
    >>> import engine
    >>> engine.full_like(engine.zeros(2), 3.0)
    tensor([3., 3.])
    """
    options = options_like(input, dtype, options)
    return full(input.recipe.shape, fill_value, **options)


# -- ranges ---------------------------------------------------------------------------
def arange(
    start: Any,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from `start` (0 when only the end is given) to below `end`.

    Examples
    --------
    >>> import engine
    >>> engine.arange(3), engine.arange(0.0, 1.0, 0.25)
    (tensor([0, 1, 2]), tensor([0.0000, 0.2500, 0.5000, 0.7500]))
    """
    if end is None:
        start, end = 0, start
    check_numbers(start, end, step)
    if step == 0 or (end - start) * step < 0:
        raise RuntimeError(
            "arange: a step in the direction of the end was required; "
            f"start {start}, end {end}, step {step} were given"
        )
    whole = all(isinstance(x, (int, np.integer)) for x in (start, end, step))
    wanted = INT64 if whole else Default.dtype
    wanted = wanted if dtype is None else numpy_dtype(dtype)
    count = max(0, -(-(end - start) // step) if whole else ceil((end - start) / step))
    inner = INT64 if whole else np.dtype(np.float64)
    steps = cast(REGISTRY["iota"](attributes=(int(count),)), inner)
    return finished(cast(steps * step + start, wanted), requires_grad, device)


def linspace(
    start: float,
    end: float,
    steps: int,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` numbers from `start` to `end`, both included, equally far apart.

    Examples
    --------
    >>> import engine
    >>> engine.linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    wanted = dtype_or_default(dtype)
    check_numbers(start, end)
    (steps,) = checked_sizes(steps)
    float64 = np.dtype(np.float64)
    places = cast(REGISTRY["iota"](attributes=(steps,)), float64)
    gap = (end - start) / max(steps - 1, 1)
    # From both ends, so that the last number is exactly `end`.
    rising, falling = places * gap + start, (places - (steps - 1)) * gap + end
    both = REGISTRY["where"](places < steps / 2, rising, falling)
    return finished(cast(both, wanted), requires_grad, device)


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A matrix with ones on the diagonal and zeros elsewhere.

    Examples
    --------
    >>> import engine
    >>> engine.eye(2, 3)
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    rows, columns = checked_sizes(n, n if m is None else m)
    made = composites.eye(rows, columns, 0, dtype_or_default(dtype))
    return finished(made, requires_grad, device)
