"""Arrays of what others hold: sequences, ndarrays, buffers, DLPack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.handle as face
from engine.array import Array
from engine.errors import named, naming
from engine.recipe import Recipe
from engine.record.registry import REGISTRY
from engine.record.value import Value, constant
from engine.shapes import MOST_AXES
from engine.storage import Line, Storage

from .axes import order_letter
from .creation import check_device, numeric_dtype
from .devices import placed
from .lists import of_list
from .methods import memory_order
from .nested import holds_handles, joined
from .operands import NDArray, foreign_array, host_array, is_masked

__all__ = [
    "array",
    "asanyarray",
    "asarray",
    "asarray_chkfinite",
    "ascontiguousarray",
    "asfortranarray",
    "copy",
    "from_dlpack",
    "from_numpy",
    "frombuffer",
    "fromiter",
]


def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: str | None = "K",
    subok: bool = False,
    ndmin: int = 0,
    ndmax: int = 0,
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
        None is "K".
    ndmin : int
        The least number of axes.
    ndmax : int
        The greatest number of axes, 0 for no limit. Elements are numbers here, so that
        what is nested deeper is an error.

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
    if type(object) is list and dtype is None and copy is True and order == "K":
        quick = None if subok or ndmin or ndmax or like else of_list(object)
        if quick is not None:
            return quick
    usual = dtype is None and copy is True and order == "K" and like is None
    if usual and type(object) is face.ndarray and not (object.scalar or ndmin or ndmax):
        return object.copy("K")
    check_device(None, like)
    order = order_letter(order)
    if order == "A" and (not copy or dtype != getattr(object, "dtype", dtype)):
        order = "K"  # NumPy changes no layout for it but of what is copied as it is
    object = joined(object)
    if isinstance(copy, str):
        raise ValueError(
            named(f"True, False or None was required as copy; {copy!r} was given")
        )
    if not 0 <= ndmax <= MOST_AXES:
        raise ValueError(
            named(f"ndmax must be in the range [0, {MOST_AXES}]; {ndmax} was given")
        )
    if isinstance(object, Array):
        made = _of_handle(object, dtype, copy, order)
    elif copy is False:
        made = _shared(object, dtype)
    else:
        made = _of_foreign(object, dtype, order)
    if ndmax and made.ndim > ndmax and not hasattr(object, "ndim"):
        raise ValueError(
            f"array: at most {ndmax} axes were required; {made.ndim} were given"
        )
    if made.ndim < ndmin:
        made = made.reshape((1,) * (ndmin - made.ndim) + made.shape)
    return made


def _of_handle(given: Array, dtype: Any, copy: bool | None, order: str) -> face.ndarray:
    handle = face.asarray(given)
    target = handle.dtype if dtype is None else numeric_dtype(dtype, "array")
    axes = memory_order(handle, order)
    laid_out = order == "K" or _is_laid_out(handle, axes)
    if not copy and target == handle.dtype and laid_out and not handle.scalar:
        return handle
    if copy is False:
        raise ValueError(
            named(
                "Unable to avoid copy while creating an array as requested: "
                f"{handle.dtype} to {target}, order {order!r}"
            )
        )
    made = handle.astype(target, order)
    made.scalar, made.writeable = False, True
    return made


def _is_laid_out(handle: face.ndarray, axes: Sequence[int]) -> bool:
    flags = handle.flags
    return flags.c_contiguous if list(axes) == sorted(axes) else flags.f_contiguous


def _of_foreign(given: Any, dtype: Any, order: str | None) -> face.ndarray:
    if is_masked(given):
        given = given.data  # NumPy's `array` drops the mask, too
    with naming():
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
        except TypeError:
            if not holds_handles(given):
                raise
            return host_array(given).astype(wanted)
    return foreign_array(given, wanted)


def _shared(given: Any, dtype: Any) -> face.ndarray:
    source = np.asarray(given, copy=False)
    if dtype is not None and source.dtype != numeric_dtype(dtype, "asarray"):
        raise ValueError(
            named(
                "Unable to avoid copy while creating an array as requested: "
                f"{source.dtype} to {np.dtype(dtype)}"
            )
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

    Parameters
    ----------
    a : array_like
        Arrays of NumPy are copied, unless `copy` is False.
    dtype : dtype, optional
        A cast, where it is another one.
    copy : bool, optional
        True copies always, False never.

    Raises
    ------
    ValueError
        Where `copy` is False and a copy is needed.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.asarray([[1, 2], [3, 4]], dtype="float32")
    array([[1., 2.],
           [3., 4.]], dtype=float32)
    >>> x = np.arange(3)
    >>> np.asarray(x) is x
    True
    """
    given = dtype, order, device, copy, like
    if type(a) is face.ndarray and given == _NOTHING and not a.scalar:
        return a
    check_device(device, like)
    made = array(a, dtype, copy=copy, order=order)
    return placed(made, device, made)


_NOTHING = (None,) * 5


def asanyarray(
    a: Any,
    dtype: Any = None,
    order: str | None = None,
    *,
    device: Any = None,
    copy: bool | None = None,
    like: Any = None,
) -> face.ndarray:
    """As `asarray`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.asanyarray((1, 2))
    array([1, 2])
    """
    return asarray(a, dtype, order, device=device, copy=copy, like=like)


def ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> face.ndarray:
    """An array in C order of at least one dimension; copied only where needed.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.ascontiguousarray(np.ones((2, 3)).T).flags.c_contiguous
    True
    """
    check_device(None, like)
    return array(a, dtype, copy=None, order="C", ndmin=1)


def asfortranarray(a: Any, dtype: Any = None, *, like: Any = None) -> face.ndarray:
    """An array in Fortran order of at least one dimension; copied only where needed.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.asfortranarray(np.ones((2, 3))).strides
    (8, 16)
    """
    check_device(None, like)
    return array(a, dtype, copy=None, order="F", ndmin=1)


def asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> face.ndarray:
    """As `asarray`; raises ValueError where an element is infinite or NaN.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.asarray_chkfinite([1.0, 2.0])
    array([1., 2.])
    """
    made = asarray(a, dtype, order)
    finite = elementwise.apply(REGISTRY["isfinite"], made).all()
    if made.dtype.kind in "fc" and not finite:
        raise ValueError(named("array must not contain infs or NaNs"))
    return made


def copy(a: Any, order: str = "K", subok: bool = False) -> face.ndarray:
    """A copy of an array.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.arange(3)
    >>> y = np.copy(x)
    >>> y[0] = 9
    >>> x
    array([0, 1, 2])
    """
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
    buffer: Any,
    dtype: Any = None,
    count: int = -1,
    offset: int = 0,
    *,
    like: Any = None,
) -> face.ndarray:
    r"""An array of the bytes of a buffer, copied; of float64 where no dtype is given.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.frombuffer(b"\x01\x02\x03", dtype="uint8", offset=1)
    array([2, 3], dtype=uint8)
    """
    check_device(None, like)
    with naming():
        given = np.frombuffer(buffer, float if dtype is None else dtype, count, offset)
    return array(given)


def fromiter(
    iter: Any, dtype: Any, count: int = -1, *, like: Any = None
) -> face.ndarray:
    """An array of what an iterable gives.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fromiter((n * n for n in range(4)), int)
    array([0, 1, 4, 9])
    """
    check_device(None, like)
    numbers = (x.item() if isinstance(x, Array) else x for x in iter)
    return array(np.fromiter(numbers, dtype, count))


def from_dlpack(
    x: Any, /, *, device: Any = None, copy: bool | None = None
) -> face.ndarray:
    """An array over memory that another library shares by DLPack.

    Examples
    --------
    >>> import engine.numpy as np
    >>> import numpy
    >>> a = numpy.zeros(2)
    >>> x = np.from_dlpack(a)
    >>> a[0] = 5
    >>> x
    array([5., 0.])
    """
    check_device(device)
    if isinstance(x, Array):
        return placed(array(x, copy=copy), device, x)
    source = np.from_dlpack(x)
    return placed(array(source) if copy else from_numpy(source), device)
