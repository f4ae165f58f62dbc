"""Bits of bytes, numbers as text, and what else NumPy does by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import named
from engine.shapes import broadcast_shapes

from .comparing import iscomplexobj
from .conversion import array, asarray
from .creation import check_device, ones
from .fallback import quiet_call
from .manipulation import broadcast_arrays
from .selection import nonzero
from .views import Flat

__all__ = [
    "broadcast",
    "flatiter",
    "mask_indices",
    "packbits",
    "real_if_close",
    "require",
    "unpackbits",
]

flatiter = Flat


def packbits(a: Any, /, axis: Any = None, bitorder: str = "big") -> Any:
    """Truth values as bits of bytes. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.packbits(np.array([1, 0, 1]))
    array([160], dtype=uint8)
    """
    return quiet_call(np.packbits, a, axis, bitorder)


def unpackbits(
    a: Any, /, axis: Any = None, count: Any = None, bitorder: str = "big"
) -> Any:
    """The bits of bytes, each in a byte of its own. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.unpackbits(np.array([5], dtype="uint8"))
    array([0, 0, 0, 0, 0, 1, 0, 1], dtype=uint8)
    """
    return quiet_call(np.unpackbits, a, axis, count, bitorder)


def real_if_close(a: Any, tol: float = 100) -> Any:
    """The real part where no imaginary part is more than rounding. Computes.

    `tol` is a number of machine epsilons where it is above 1, else the limit itself.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.real_if_close(np.array([2 + 1e-15j]))
    array([2.])
    """
    given = face.asarray(a)
    if not iscomplexobj(given):
        return given
    limit = tol * np.finfo(given.dtype).eps if tol > 1 else tol
    return given.real if (abs(given.imag) < limit).all() else given


def mask_indices(n: int, mask_func: Any, k: Any = 0) -> tuple[Any, ...]:
    """Where a function such as `triu` leaves elements of an (n, n) array. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.mask_indices(2, np.triu, 1)
    (array([0]), array([1]))
    """
    return nonzero(face.asarray(mask_func(ones((n, n), int), k)) != 0)


_REQUIREMENTS = {
    "C": "C",
    "C_CONTIGUOUS": "C",
    "CONTIGUOUS": "C",
    "F": "F",
    "F_CONTIGUOUS": "F",
    "FORTRAN": "F",
    "A": "A",
    "ALIGNED": "A",
    "W": "W",
    "WRITEABLE": "W",
    "O": "O",
    "OWNDATA": "O",
    "E": "E",
    "ENSUREARRAY": "E",
}


def require(
    a: Any, dtype: Any = None, requirements: Any = None, *, like: Any = None
) -> Any:
    """The array, or a copy where it does not meet requirements on its memory.

    Parameters
    ----------
    a : array_like
    dtype : dtype, optional
    requirements : str or list of str, optional
        ``"C"`` or ``"F"`` order, ``"W"`` writeable, ``"O"`` owner of its memory; every
        array is aligned (``"A"``).

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.require(np.ones((2, 2)).T, requirements="C").flags.c_contiguous
    True
    """
    check_device(None, like)
    names = list(requirements or ())
    unknown = [name for name in names if name.upper() not in _REQUIREMENTS]
    if unknown:
        raise KeyError(named(f"requirements {unknown} are not known"))
    wanted = {_REQUIREMENTS[name.upper()] for name in names}
    if wanted >= {"C", "F"}:
        raise ValueError(named('Cannot specify both "C" and "F" order'))
    order = "F" if "F" in wanted else "C" if "C" in wanted else "A"
    made = asarray(a, dtype, order) if order != "A" else asarray(a, dtype)
    lacks = ("W" in wanted and not made.writeable) or (
        "O" in wanted and not made.flags.owndata
    )
    return array(made, order=order) if lacks else made


_MOST_OPERANDS = 64


class broadcast:
    """Arrays as they are repeated to go together: their common shape, and its elements.

    Examples
    --------
    >>> import engine.numpy as np
    >>> pairs = np.broadcast(np.array([[1], [2]]), np.array([3, 4]))
    >>> pairs.shape
    (2, 2)
    >>> [(int(x), int(y)) for x, y in pairs]
    [(1, 3), (1, 4), (2, 3), (2, 4)]
    """

    def __init__(self, *args: Any) -> None:
        if len(args) > _MOST_OPERANDS:
            raise ValueError(
                named(f"at most {_MOST_OPERANDS} arrays were required, not {len(args)}")
            )
        arrays = [face.asarray(x) for x in args]
        self.shape = broadcast_shapes(*[x.shape for x in arrays])
        self.iters = tuple(Flat(x) for x in broadcast_arrays(*arrays))
        self.index = 0

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    nd = ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape, dtype=int))

    @property
    def numiter(self) -> int:
        """The number of arrays."""
        return len(self.iters)

    def reset(self) -> None:
        """Begin again with the first element."""
        self.index = 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self

    def __next__(self) -> tuple[Any, ...]:
        if self.index >= self.size:
            raise StopIteration
        self.index += 1
        return tuple(flat[self.index - 1] for flat in self.iters)
