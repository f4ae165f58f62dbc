"""Arrays made from nothing, from numbers, or from what others hold."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.handle as face
from engine import composites
from engine.array import Array
from engine.ops.op import cast
from engine.ops.regions import full_value
from engine.recipe import Recipe
from engine.record.registry import REGISTRY
from engine.record.value import Scalar, Value, constant
from engine.storage import Line, Storage

from .methods import memory_order
from .operands import KINDS, NUMBERS, NDArray, host_array

_FLOAT = np.dtype(float)


def _shape(shape: Any) -> tuple[int, ...]:
    if isinstance(shape, (int, np.integer)):
        extents: tuple[int, ...] = (int(shape),)
    elif hasattr(shape, "__index__") and not isinstance(shape, (tuple, list)):
        extents = (int(shape.__index__()),)
    else:
        extents = tuple(int(extent.__index__()) for extent in shape)
    if any(extent < 0 for extent in extents):
        raise ValueError(
            f"negative dimensions are not allowed: shape {extents} was given"
        )
    return extents


def numeric_dtype(dtype: Any, name: str) -> np.dtype[Any]:
    """A dtype that the engine has. Raises TypeError for the others."""
    found = np.dtype(float if dtype is None else dtype)
    if found.kind not in KINDS or found.itemsize > 16 or not found.isnative:
        raise TypeError(
            f"{name}: a boolean, integer, floating or complex dtype was required; "
            f"{found} was given"
        )
    return found


def _check_device(device: Any, like: Any = None) -> None:
    if device not in (None, "cpu"):
        raise ValueError(f"device: 'cpu' was required; {device!r} was given")
    if like is not None and not isinstance(like, Array):
        raise TypeError("like: an array of Engine was required")


def _filled(shape: Any, number: Any, dtype: np.dtype[Any], order: str) -> face.ndarray:
    extents = _shape(shape)
    axes = tuple(range(len(extents)))
    if order == "F":
        axes = axes[::-1]
    elif order != "C":
        raise ValueError(f"only 'C' or 'F' order is permitted; {order!r} was given")
    value = full_value(tuple(extents[axis] for axis in axes), number, dtype)
    return face.ndarray.wrap(value, axes)


def zeros(
    shape: Any,
    dtype: Any = float,
    order: str = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> face.ndarray:
    """An array of zeros.

    Parameters
    ----------
    shape : int or tuple of int
    dtype : dtype, optional
    order : {"C", "F"}

    Returns
    -------
    ndarray

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.zeros((2, 2), dtype=np.int32)
    array([[0, 0],
           [0, 0]], dtype=int32)
    """
    _check_device(device, like)
    return _filled(shape, 0, numeric_dtype(dtype, "zeros"), order)


def ones(
    shape: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> face.ndarray:
    """An array of ones; parameters as of `zeros`."""
    _check_device(device, like)
    return _filled(shape, 1, numeric_dtype(dtype, "ones"), order)


def empty(
    shape: Any,
    dtype: Any = float,
    order: str = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> face.ndarray:
    """An array whose elements are to be written: zeros; parameters as of `zeros`."""
    _check_device(device, like)
    return _filled(shape, 0, numeric_dtype(dtype, "empty"), order)


def full(
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> face.ndarray:
    """An array of one value, or of values broadcast to the shape."""
    _check_device(device, like)
    if dtype is None:
        dtype = fill_value.dtype if hasattr(fill_value, "dtype") else None
        dtype = np.asarray(fill_value).dtype if dtype is None else dtype
    found = numeric_dtype(dtype, "full")
    if isinstance(fill_value, (*NUMBERS, np.generic)):
        return _filled(shape, np.asarray(fill_value).astype(found)[()], found, order)
    out = _filled(shape, 0, found, order)
    out[...] = fill_value
    return out


def _like(
    a: Any, number: Any, dtype: Any, order: str, shape: Any, name: str
) -> face.ndarray:
    array = face.asarray(a)
    found = array.dtype if dtype is None else numeric_dtype(dtype, name)
    if shape is not None and _shape(shape) != array.shape:
        extents = _shape(shape)
        same_rank = len(extents) == array.ndim and order in ("K", "A")
        axes = memory_order(array, order) if same_rank else tuple(range(len(extents)))
        axes = axes[::-1] if order == "F" else axes
    else:
        extents, axes = array.shape, memory_order(array, order)
    value = full_value(tuple(extents[axis] for axis in axes), number, found)
    return face.ndarray.wrap(value, axes)


def zeros_like(
    a: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> face.ndarray:
    """Zeros of the shape, dtype and layout of an array."""
    _check_device(device)
    return _like(a, 0, dtype, order, shape, "zeros_like")


def ones_like(
    a: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> face.ndarray:
    """Ones of the shape, dtype and layout of an array."""
    _check_device(device)
    return _like(a, 1, dtype, order, shape, "ones_like")


def empty_like(
    prototype: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> face.ndarray:
    """An array like another one, whose elements are to be written: zeros."""
    _check_device(device)
    return _like(prototype, 0, dtype, order, shape, "empty_like")


def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> face.ndarray:
    """One value, in the shape, dtype and layout of an array."""
    _check_device(device)
    out = _like(a, 0, dtype, order, shape, "full_like")
    if isinstance(fill_value, NUMBERS):
        return _like(
            a,
            np.asarray(fill_value).astype(out.dtype)[()],
            dtype,
            order,
            shape,
            "full_like",
        )
    out[...] = fill_value
    return out


# -- from what there is ---------------------------------------------------------------
def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: str | None = "K",
    subok: bool = False,
    ndmin: int = 0,
    like: Any = None,
) -> face.ndarray:
    """An array of the elements of anything; foreign memory is copied.

    Parameters
    ----------
    object : array_like
    dtype : dtype, optional
    copy : bool or None
        Whether an Engine array is copied; None: only where it must be. Foreign memory
        is shared only by ``asarray(x, copy=False)`` and `from_numpy`.
    order : {"K", "C", "F", "A"}
    ndmin : int
        The least number of axes.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.array([[1, 2], [3, 4]], dtype=float)
    array([[1., 2.],
           [3., 4.]])
    """
    if isinstance(object, Array):
        made = _of_handle(object, dtype, copy, order)
    elif copy is False:
        made = _shared(object, dtype)
    else:
        made = _of_foreign(object, dtype, order)
    if made.ndim < ndmin:
        made = made.reshape((1,) * (ndmin - made.ndim) + made.shape)
    return made


def _of_handle(
    given: Array, dtype: Any, copy: bool | None, order: str | None
) -> face.ndarray:
    handle = face.asarray(given)
    target = handle.dtype if dtype is None else numeric_dtype(dtype, "array")
    axes = memory_order(handle, order)
    laid_out = order in (None, "K") or _is_laid_out(handle, axes)
    if not copy and target == handle.dtype and laid_out and not handle.scalar:
        return handle
    if copy is False:
        raise ValueError(
            "Unable to avoid copy while creating an array as requested: "
            f"{handle.dtype} to {target}, order {order!r}"
        )
    made = handle.astype(target, order or "K")
    made.scalar, made.writeable = False, True
    return made


def _is_laid_out(handle: face.ndarray, axes: Sequence[int]) -> bool:
    flags = handle.flags
    return flags.c_contiguous if list(axes) == sorted(axes) else flags.f_contiguous


def _of_foreign(given: Any, dtype: Any, order: str | None) -> face.ndarray:
    source = host_array(given) if dtype is None else _typed_host(given, dtype)
    numeric_dtype(source.dtype, "array")
    rank = source.ndim
    axes: tuple[int, ...] = tuple(range(rank))
    fortran = source.flags.f_contiguous and not source.flags.c_contiguous
    if order == "F" or (order == "A" and fortran):
        axes = axes[::-1]
    elif order == "K":
        axes = tuple(sorted(axes, key=lambda axis: -abs(source.strides[axis])))
        axes = tuple(range(rank)) if source.flags.c_contiguous else axes
    return face.ndarray.wrap(constant(source.transpose(axes)), axes)


def _typed_host(given: Any, dtype: Any) -> NDArray:
    wanted = numeric_dtype(dtype, "array")
    if isinstance(given, (list, tuple)):
        try:
            return np.array(given, wanted)
        except TypeError:  # handles in it
            return host_array(given).astype(wanted)
    return np.asarray(given, wanted)


def _shared(given: Any, dtype: Any) -> face.ndarray:
    source = np.asarray(given, copy=False)
    if dtype is not None and source.dtype != numeric_dtype(dtype, "asarray"):
        raise ValueError(
            "Unable to avoid copy while creating an array as requested: "
            f"{source.dtype} to {np.dtype(dtype)}"
        )
    return from_numpy(source)


def asarray(
    a: Any,
    dtype: Any = None,
    order: str | None = None,
    *,
    device: Any = None,
    copy: bool | None = None,
    like: Any = None,
) -> face.ndarray:
    """`a` itself if it is an array of Engine, else a new one from its elements.

    ``copy=False`` shares foreign memory, as `from_numpy` does.
    """
    _check_device(device, like)
    return array(a, dtype, copy=copy, order=order)


def asanyarray(
    a: Any, dtype: Any = None, order: str | None = None, **options: Any
) -> face.ndarray:
    """As `asarray`."""
    return asarray(a, dtype, order, **options)


def ascontiguousarray(a: Any, dtype: Any = None) -> face.ndarray:
    """An array in C order of at least one dimension; copied only where needed."""
    return array(a, dtype, copy=None, order="C", ndmin=1)


def asfortranarray(a: Any, dtype: Any = None) -> face.ndarray:
    """An array in Fortran order of at least one dimension; copied only where needed."""
    return array(a, dtype, copy=None, order="F", ndmin=1)


def asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> face.ndarray:
    """As `asarray`; raises ValueError where an element is infinite or NaN."""
    made = asarray(a, dtype, order)
    finite = elementwise.apply(REGISTRY["isfinite"], made).all()
    if made.dtype.kind in "fc" and not finite:
        raise ValueError("array must not contain infs or NaNs")
    return made


def copy(a: Any, order: str = "K", subok: bool = False) -> face.ndarray:
    """A copy of an array."""
    return array(a, order=order, copy=True)


def from_numpy(source: NDArray) -> face.ndarray:
    """An array over the memory of an ndarray: each side sees the other's writes.

    While others hold the memory, reads and writes happen when they are recorded, so
    nothing is fused across them; `array` copies once and is always lazy.

    Raises
    ------
    TypeError
        When the dtype is not numeric, or the memory is no regular part of one block.

    Examples
    --------
    >>> import numpy
    >>> import engine.numpy as np
    >>> a = numpy.zeros(3)
    >>> x = np.from_numpy(a)
    >>> x[0] = 1.0
    >>> a
    array([1., 0., 0.])
    """
    numeric_dtype(source.dtype, "from_numpy")
    step = source.itemsize
    if any(stride % step for stride in source.strides):
        raise TypeError(
            "from_numpy: strides of whole elements were required; "
            f"{source.strides} were given for items of {step} bytes"
        )
    strides = tuple(stride // step for stride in source.strides)
    extents = list(zip(source.shape, strides, strict=True))
    low = sum((n - 1) * s for n, s in extents if s < 0 and n > 1)
    high = sum((n - 1) * s for n, s in extents if s > 0 and n > 1)
    span = high - low + 1 if source.size else 0
    flat = _block(source, low, span)
    value = Value(flat.dtype, flat.shape, flat)
    storage = Storage(value)
    storage.memory = flat
    storage.root = _owner(source)
    recipe = Recipe(source.dtype, -low, source.shape, strides)
    return face.ndarray.from_line(
        Line(storage, value), recipe, bool(source.flags.writeable)
    )


def _owner(source: NDArray) -> NDArray:
    root = source
    while isinstance(root.base, np.ndarray):
        root = root.base
    return root


def _block(source: NDArray, low: int, span: int) -> NDArray:
    """The flat memory that an ndarray lies in, from its first to its last element."""
    if not span:
        return np.empty(0, source.dtype)
    start = source
    for axis in range(source.ndim):
        if source.strides[axis] < 0:
            start = np.flip(start, axis)
    first = start[(slice(0, 1),) * start.ndim].reshape(-1)
    return np.lib.stride_tricks.as_strided(
        first, (span,), (source.itemsize,), writeable=source.flags.writeable
    )


def frombuffer(
    buffer: Any, dtype: Any = float, count: int = -1, offset: int = 0
) -> face.ndarray:
    """An array of the bytes of a buffer, copied."""
    return array(np.frombuffer(buffer, dtype, count, offset))


def fromiter(iterable: Any, dtype: Any, count: int = -1) -> face.ndarray:
    """An array of what an iterable gives."""
    return array(
        np.fromiter(
            (float(x) if isinstance(x, Array) else x for x in iterable), dtype, count
        )
    )


def fromfunction(
    function: Any, shape: Any, *, dtype: Any = float, **kwargs: Any
) -> Any:
    """A function of the index grids of a shape."""
    return function(*indices(shape, dtype=dtype), **kwargs)


def from_dlpack(
    x: Any, /, *, device: Any = None, copy: bool | None = None
) -> face.ndarray:
    """An array over memory that another library shares by DLPack."""
    _check_device(device)
    if isinstance(x, Array):
        return array(x, copy=copy)
    source = np.from_dlpack(x)
    return array(source) if copy else from_numpy(source)


# -- ranges ---------------------------------------------------------------------------
def _number(x: Any) -> Any:
    """A bound of a range as a Python number; a handle is computed."""
    if isinstance(x, (Array, np.ndarray, np.generic)):
        return x.item()
    return x


def arange(
    start: Any,
    stop: Any = None,
    step: Any = None,
    dtype: Any = None,
    *,
    device: Any = None,
    like: Any = None,
) -> face.ndarray:
    """Evenly spaced numbers: start, start + step, ... up to below stop.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.arange(0, 1, 0.25)
    array([0.  , 0.25, 0.5 , 0.75])
    """
    _check_device(device, like)
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    given = [x.dtype if hasattr(x, "dtype") else x for x in (start, stop, step)]
    found = np.result_type(*given) if dtype is None else np.dtype(dtype)
    if (
        dtype is None
        and found.kind in "iu"
        and not any(isinstance(x, np.dtype) for x in given)
    ):
        found = np.dtype(int)
    found = numeric_dtype(found, "arange")
    value = composites.arange(_number(start), _number(stop), _number(step), found)
    return face.ndarray.wrap(value)


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """`num` evenly spaced numbers from start to stop, or to below it."""
    _check_device(device)
    num = int(num.__index__())
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    parts = num - 1 if endpoint else num
    if _has_axes(start) or _has_axes(stop):
        made, step = _linspace_of_arrays(start, stop, num, parts, endpoint)
        found = made.dtype if dtype is None else np.dtype(dtype)
        made = made.astype(found) if found != made.dtype else made
        from .manipulation import moveaxis

        made = moveaxis(made, 0, axis) if axis != 0 else made
        return (made, step) if retstep else made
    low, high = _number(start), _number(stop)
    low, high = (float(x) if isinstance(x, int) else x for x in (low, high))
    natural = np.result_type(_FLOAT, type(low)(0), type(high)(0))
    found = natural if dtype is None else numeric_dtype(dtype, "linspace")
    value = composites.linspace(low, high, num, bool(endpoint), found)
    made = face.ndarray.wrap(value)
    step = (high - low) / parts if parts > 0 else np.nan
    return (made, step) if retstep else made


def _has_axes(x: Any) -> bool:
    return bool(np.ndim(x)) if not isinstance(x, Array) else x.ndim > 0


def _linspace_of_arrays(
    start: Any, stop: Any, num: int, parts: int, endpoint: bool
) -> tuple[Any, Any]:
    low, high = (face.asarray(x) * 1.0 for x in (start, stop))
    delta = high - low
    step = delta / parts if parts > 0 else delta * np.nan
    place = arange(num, dtype=float).reshape((num,) + (1,) * delta.ndim)
    made = (place * step if parts > 0 else place * delta) + low
    if endpoint and num > 1:
        made[-1] = high
    return made, step


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> face.ndarray:
    """Numbers evenly spaced on a logarithmic scale."""
    exponents = linspace(start, stop, num, endpoint, axis=axis)
    made: face.ndarray = elementwise.apply(REGISTRY["power"], base, exponents)
    return made if dtype is None else made.astype(dtype)


def geomspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> face.ndarray:
    """Numbers in geometric progression."""
    from .fallback import quiet_call

    made: face.ndarray = quiet_call(
        np.geomspace, start, stop, num, endpoint, dtype, axis
    )
    return made


# -- grids and special matrices -------------------------------------------------------
def eye(
    N: int,
    M: int | None = None,
    k: int = 0,
    dtype: Any = float,
    order: str = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> face.ndarray:
    """Ones on a diagonal, zeros elsewhere."""
    _check_device(device, like)
    columns = N if M is None else M
    value = composites.eye(int(N), int(columns), int(k), numeric_dtype(dtype, "eye"))
    made = face.ndarray.wrap(value)
    return made if order == "C" else made.copy(order)


def identity(n: int, dtype: Any = None, *, like: Any = None) -> face.ndarray:
    """The identity matrix."""
    return eye(n, dtype=float if dtype is None else dtype, like=like)


def tri(
    N: int, M: int | None = None, k: int = 0, dtype: Any = float, *, like: Any = None
) -> face.ndarray:
    """Ones at and below a diagonal."""
    columns = N if M is None else M
    value = composites.lower_triangle(int(N), int(columns), int(k))
    return face.ndarray.wrap(cast(value, numeric_dtype(dtype, "tri")))


def indices(dimensions: Any, dtype: Any = int, sparse: bool = False) -> Any:
    """The index grids of a shape, one for each axis."""
    extents = _shape(dimensions)
    rank = len(extents)
    grids = [
        arange(extent, dtype=dtype).reshape((extent,) + (1,) * (rank - axis - 1))
        for axis, extent in enumerate(extents)
    ]
    if sparse:
        return tuple(
            grid.reshape((1,) * axis + grid.shape) for axis, grid in enumerate(grids)
        )
    out = zeros((rank, *extents), dtype)
    for axis, grid in enumerate(grids):
        out[axis] = grid
    return out


def meshgrid(
    *xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> tuple[face.ndarray, ...]:
    """Coordinate grids from coordinate vectors."""
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    rank = len(xi)
    made = []
    for axis, x in enumerate(xi):
        place = axis if indexing == "ij" or rank < 2 or axis > 1 else 1 - axis
        shape = [1] * rank
        shape[place] = -1
        made.append(face.asarray(x).reshape(tuple(shape)))
    if sparse:
        return tuple(grid.copy() if copy else grid for grid in made)
    from .manipulation import broadcast_arrays

    spread = broadcast_arrays(*made) if made else ()
    return tuple(grid.copy() if copy else grid for grid in spread)


def _scalar_value(number: Any) -> Value:
    """A value of one number without axes."""
    cell = np.asarray(number)[()]
    scalar: Any = Scalar(cell, cell.dtype)
    return REGISTRY["full"](scalar, attributes=((), cell.dtype))
