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
    """The inverse of `fft`.

    Examples
    --------
    >>> import engine
    >>> engine.fft.ifft(engine.tensor([4.0, 0.0])).real
    tensor([2., 2.])
    """
    return _along(fourier.ifft, input, n, dim, norm)


def rfft(input: Any, n: int | None = None, dim: int = -1, norm: Any = None) -> Tensor:
    """The transform of real numbers, its first half.

    Examples
    --------
    >>> import engine
    >>> engine.fft.rfft(engine.tensor([1.0, 0.0, 1.0, 0.0])).real
    tensor([2., 0., 2.])
    """
    return _along(fourier.rfft, input, n, dim, norm)


def irfft(input: Any, n: int | None = None, dim: int = -1, norm: Any = None) -> Tensor:
    """The inverse of `rfft`.

    Examples
    --------
    >>> import engine
    >>> engine.fft.irfft(engine.fft.rfft(engine.tensor([1.0, 2.0, 3.0, 4.0])))
    tensor([1., 2., 3., 4.])
    """
    return _along(fourier.irfft, input, n, dim, norm)


def hfft(input: Any, n: int | None = None, dim: int = -1, norm: Any = None) -> Tensor:
    """The transform of a Hermitian sequence, given its first half: real numbers.

    Examples
    --------
    >>> import engine
    >>> engine.fft.hfft(engine.tensor([1.0, 0.5, 0.0]))
    tensor([2., 1., 0., 1.])
    """
    return _along(fourier.hfft, input, n, dim, norm)


def ihfft(input: Any, n: int | None = None, dim: int = -1, norm: Any = None) -> Tensor:
    """The inverse of `hfft`.

    Examples
    --------
    >>> import engine
    >>> engine.fft.ihfft(engine.ones(4)).real
    tensor([1., 0., 0.])
    """
    return _along(fourier.ihfft, input, n, dim, norm)


# -- several dimensions ---------------------------------------------------------------
def fftn(input: Any, s: Any = None, dim: Dims = None, norm: Any = None) -> Tensor:
    """The transform over dimensions, by default all, or the last of `s`.

    Examples
    --------
    >>> import engine
    >>> engine.fft.fftn(engine.ones(2, 2)).real
    tensor([[4., 0.],
            [0., 0.]])
    """
    return _over(fourier.fftn, input, s, dim, norm)


def ifftn(input: Any, s: Any = None, dim: Dims = None, norm: Any = None) -> Tensor:
    """The inverse of `fftn`.

    Examples
    --------
    >>> import engine
    >>> engine.fft.ifftn(engine.fft.fftn(engine.eye(2))).real
    tensor([[1., 0.],
            [0., 1.]])
    """
    return _over(fourier.fftn, input, s, dim, norm, inverse=True)


def rfftn(input: Any, s: Any = None, dim: Dims = None, norm: Any = None) -> Tensor:
    """The transform of real numbers over dimensions; half of the last one.

    Examples
    --------
    >>> import engine
    >>> engine.fft.rfftn(engine.ones(2, 4)).shape
    engine.Size([2, 3])
    """
    return _over(fourier.rfftn, input, s, dim, norm)


def irfftn(input: Any, s: Any = None, dim: Dims = None, norm: Any = None) -> Tensor:
    """The inverse of `rfftn`.

    Examples
    --------
    >>> import engine
    >>> engine.fft.irfftn(engine.fft.rfftn(engine.ones(2, 4))).shape
    engine.Size([2, 4])
    """
    return _over(fourier.irfftn, input, s, dim, norm)


def fft2(input: Any, s: Any = None, dim: Dims = (-2, -1), norm: Any = None) -> Tensor:
    """The transform over two dimensions.

    Examples
    --------
    >>> import engine
    >>> engine.fft.fft2(engine.ones(3, 2, 2)).shape
    engine.Size([3, 2, 2])
    """
    return fftn(input, s, dim, norm)


def ifft2(input: Any, s: Any = None, dim: Dims = (-2, -1), norm: Any = None) -> Tensor:
    """The inverse of `fft2`.

    Examples
    --------
    >>> import engine
    >>> engine.fft.ifft2(engine.fft.fft2(engine.eye(2))).real
    tensor([[1., 0.],
            [0., 1.]])
    """
    return ifftn(input, s, dim, norm)


def rfft2(input: Any, s: Any = None, dim: Dims = (-2, -1), norm: Any = None) -> Tensor:
    """The transform of real numbers over two dimensions.

    Examples
    --------
    >>> import engine
    >>> engine.fft.rfft2(engine.ones(2, 4)).real
    tensor([[8., 0., 0.],
            [0., 0., 0.]])
    """
    return rfftn(input, s, dim, norm)


def irfft2(input: Any, s: Any = None, dim: Dims = (-2, -1), norm: Any = None) -> Tensor:
    """The inverse of `rfft2`.

    Examples
    --------
    >>> import engine
    >>> engine.fft.irfft2(engine.fft.rfft2(engine.ones(2, 4)))
    tensor([[1., 1., 1., 1.],
            [1., 1., 1., 1.]])
    """
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
    """The frequencies of `fft`, `d` being the distance of samples.

    Examples
    --------
    >>> import engine
    >>> engine.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    return _frequencies(np.fft.fftfreq(n, d), dtype, device, requires_grad)


def rfftfreq(
    n: int,
    d: float = 1.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The frequencies of `rfft`.

    Examples
    --------
    >>> import engine
    >>> engine.fft.rfftfreq(4, d=0.5)
    tensor([0.0000, 0.5000, 1.0000])
    """
    return _frequencies(np.fft.rfftfreq(n, d), dtype, device, requires_grad)


def _shifted(input: Tensor, dim: Any, sign: int) -> Tensor:
    rank = input.dim()
    for one in range(rank) if dim is None else wrap_dims(dim, rank):
        input = input.roll(sign * (input.shape[one] // 2), one)
    return input


def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The zero frequency moved to the middle.

    Examples
    --------
    >>> import engine
    >>> engine.fft.fftshift(engine.fft.fftfreq(4))
    tensor([-0.5000, -0.2500,  0.0000,  0.2500])
    """
    return _shifted(input, dim, 1)


def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The inverse of `fftshift`.

    Examples
    --------
    >>> import engine
    >>> engine.fft.ifftshift(engine.arange(4))
    tensor([2, 3, 0, 1])
    """
    return _shifted(input, dim, -1)
