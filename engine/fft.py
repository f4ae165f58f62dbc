"""Fourier transforms of tensors, with the names of ``torch.fft``: lazy, with gradients.

Integers become floats of the default dtype first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.composites import fourier
from engine.errors import named
from engine.ops.op import cast
from engine.record.value import Value
from engine.torch.creation import tensor
from engine.torch.dtypes import Default, get_default_dtype, known
from engine.torch.operands import as_value, wrap_dim, wrap_dims
from engine.torch.tensor import Tensor

Dims = Any


def _value(input: Any) -> Value:
    value = as_value(input)
    if value.dtype.kind in "fc":
        if value.dtype.itemsize < 4:
            raise RuntimeError(
                named(f"single precision was required; {known(value.dtype)!r} given")
            )
        return value
    return cast(value, Default.dtype)


def _recorded(
    function: Callable[..., Value], *arguments: Any, **options: Any
) -> Tensor:
    """What a transform records; its complaints in PyTorch's class."""
    try:
        return Tensor.wrap(function(*arguments, **options))
    except (ValueError, TypeError) as error:
        raise RuntimeError(str(error)) from None


def _along(
    transform: fourier.Transform, input: Any, n: int | None, dim: int, norm: Any
) -> Tensor:
    value = _value(input)
    return _recorded(transform, value, n, wrap_dim(dim, len(value.shape)), norm)


def _over(
    transform: Callable[..., Value], input: Any, s: Any, dim: Dims, norm: Any, **kw: Any
) -> Tensor:
    value = _value(input)
    rank = len(value.shape)
    dims = None if dim is None else [d for one in dim for d in wrap_dims(one, rank)]
    return _recorded(transform, value, s, dims, norm, **kw)


def fft(input: Any, n: int | None = None, dim: int = -1, norm: Any = None) -> Tensor:
    """The discrete Fourier transform along a dimension, of `n` elements.

    Examples
    --------
    >>> import engine
    >>> engine.fft.fft(engine.tensor([1.0, 0.0, 0.0, 0.0])).real
    tensor([1., 1., 1., 1.])
    """
    return _along(fourier.fft, input, n, dim, norm)


def ifft(input: Any, n: int | None = None, dim: int = -1, norm: Any = None) -> Tensor:
    """The inverse of `fft`."""
    return _along(fourier.ifft, input, n, dim, norm)


def rfft(input: Any, n: int | None = None, dim: int = -1, norm: Any = None) -> Tensor:
    """The transform of real numbers, its first half."""
    return _along(fourier.rfft, input, n, dim, norm)


def irfft(input: Any, n: int | None = None, dim: int = -1, norm: Any = None) -> Tensor:
    """The inverse of `rfft`."""
    return _along(fourier.irfft, input, n, dim, norm)


def hfft(input: Any, n: int | None = None, dim: int = -1, norm: Any = None) -> Tensor:
    """The transform of a Hermitian sequence, given its first half: real numbers."""
    return _along(fourier.hfft, input, n, dim, norm)


def ihfft(input: Any, n: int | None = None, dim: int = -1, norm: Any = None) -> Tensor:
    """The inverse of `hfft`."""
    return _along(fourier.ihfft, input, n, dim, norm)


# -- several dimensions ---------------------------------------------------------------
def fftn(input: Any, s: Any = None, dim: Dims = None, norm: Any = None) -> Tensor:
    """The transform over dimensions, by default all, or the last of `s`."""
    return _over(fourier.fftn, input, s, dim, norm)


def ifftn(input: Any, s: Any = None, dim: Dims = None, norm: Any = None) -> Tensor:
    """The inverse of `fftn`."""
    return _over(fourier.fftn, input, s, dim, norm, inverse=True)


def rfftn(input: Any, s: Any = None, dim: Dims = None, norm: Any = None) -> Tensor:
    """The transform of real numbers over dimensions; half of the last one."""
    return _over(fourier.rfftn, input, s, dim, norm)


def irfftn(input: Any, s: Any = None, dim: Dims = None, norm: Any = None) -> Tensor:
    """The inverse of `rfftn`."""
    return _over(fourier.irfftn, input, s, dim, norm)


def fft2(input: Any, s: Any = None, dim: Dims = (-2, -1), norm: Any = None) -> Tensor:
    """The transform over two dimensions."""
    return fftn(input, s, dim, norm)


def ifft2(input: Any, s: Any = None, dim: Dims = (-2, -1), norm: Any = None) -> Tensor:
    """The inverse of `fft2`."""
    return ifftn(input, s, dim, norm)


def rfft2(input: Any, s: Any = None, dim: Dims = (-2, -1), norm: Any = None) -> Tensor:
    """The transform of real numbers over two dimensions."""
    return rfftn(input, s, dim, norm)


def irfft2(input: Any, s: Any = None, dim: Dims = (-2, -1), norm: Any = None) -> Tensor:
    """The inverse of `rfft2`."""
    return irfftn(input, s, dim, norm)


# -- frequencies ----------------------------------------------------------------------
def _frequencies(made: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    wanted = get_default_dtype() if dtype is None else dtype
    return tensor(made, dtype=wanted, device=device, requires_grad=requires_grad)


def fftfreq(
    n: int,
    d: float = 1.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The frequencies of `fft`, `d` being the distance of samples."""
    return _frequencies(np.fft.fftfreq(n, d), dtype, device, requires_grad)


def rfftfreq(
    n: int,
    d: float = 1.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The frequencies of `rfft`."""
    return _frequencies(np.fft.rfftfreq(n, d), dtype, device, requires_grad)


def _shifted(input: Tensor, dim: Any, sign: int) -> Tensor:
    rank = input.dim()
    for one in range(rank) if dim is None else wrap_dims(dim, rank):
        input = input.roll(sign * (input.shape[one] // 2), one)
    return input


def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The zero frequency moved to the middle."""
    return _shifted(input, dim, 1)


def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The inverse of `fftshift`."""
    return _shifted(input, dim, -1)
