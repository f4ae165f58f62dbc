"""Layers: modules with parameters, and those that only reshape or drop."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np

from engine.errors import named
from engine.nn import functional, init
from engine.nn.lookup import padded_row
from engine.nn.module import Module
from engine.nn.parameter import Parameter
from engine.torch.creation import empty, ones, zeros
from engine.torch.gradients import no_grad
from engine.torch.tensor import Tensor


class Identity(Module):
    """Gives its input; takes any arguments.

    Examples
    --------
    >>> import engine
    >>> engine.nn.Identity()(engine.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Give the input."""
        return input


class Linear(Module):
    """``x @ weight.T + bias``.

    Weight and bias start as uniform numbers within 1 / sqrt(in_features) of 0.

    Examples
    --------
    >>> import engine
    >>> layer = engine.nn.Linear(3, 2)
    >>> layer(engine.ones(5, 3)).shape
    engine.Size([5, 2])
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        made = empty(out_features, in_features, device=device, dtype=dtype)
        self.weight = Parameter(made)
        self.register_parameter("bias", None)
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new starting values."""
        if self.weight.numel():
            init.kaiming_uniform_(self.weight, a=sqrt(5))
        if self.bias is not None:
            bound = 1 / sqrt(self.in_features) if self.in_features else 0.0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Any) -> Tensor:
        """Apply the layer."""
        own = self._parameters
        if "weight" in own and "bias" in own:  # found sooner than as attributes
            return functional.linear(input, own["weight"], own["bias"])
        return functional.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Flatten(Module):
    """Merge dimensions, by default all but the first.

    Examples
    --------
    >>> import engine
    >>> engine.nn.Flatten()(engine.zeros(5, 2, 3)).shape
    engine.Size([5, 6])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        """Merge the dimensions."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Split one dimension into several.

    Examples
    --------
    >>> import engine
    >>> engine.nn.Unflatten(1, (2, 3))(engine.zeros(5, 6)).shape
    engine.Size([5, 2, 3])
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        """Split the dimension."""
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Dropout(Module):
    """In training, replace elements by 0 with a probability and scale up the rest.

    Parameters
    ----------
    p : float
        The probability; of 0 nothing is replaced, of 1 everything.
    inplace : bool
        Whether the input is written to.

    Examples
    --------
    >>> import engine
    >>> layer = engine.nn.Dropout(0.5).eval()
    >>> layer(engine.ones(3))
    tensor([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(
                named(f"dropout probability has to be between 0 and 1, but got {p}")
            )
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Drop elements, in training only."""
        return functional.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class LayerNorm(Module):
    """Mean 0 and variance 1 over the last dimensions, then a scale and a shift.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The sizes of the last dimensions.
    eps : float
        What is added to the variance.

    Examples
    --------
    >>> import engine
    >>> layer = engine.nn.LayerNorm(2)
    >>> layer(engine.tensor([[1.0, 3.0]])).detach()
    tensor([[-1.0000,  1.0000]])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        shape = (
            (normalized_shape,)
            if isinstance(normalized_shape, int)
            else tuple(normalized_shape)
        )
        self.normalized_shape, self.eps = shape, eps
        self.elementwise_affine, self.biased = elementwise_affine, bias
        self.register_parameter("weight", None)
        self.register_parameter("bias", None)
        if elementwise_affine:
            self.weight = Parameter(ones(shape, device=device, dtype=dtype))
            if bias:
                self.bias = Parameter(zeros(shape, device=device, dtype=dtype))

    def reset_parameters(self) -> None:
        """Let the scale be 1 and the shift 0 again."""
        _reset(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Normalise."""
        shape = self.normalized_shape
        return functional.layer_norm(input, shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.biased}"
        )


def _reset(one: Tensor | None, zero: Tensor | None) -> None:
    """Fill with ones, and with zeros, what there is."""
    with no_grad():
        if one is not None:
            one.fill_(1)
        if zero is not None:
            zero.zero_()


class BatchNorm1d(Module):
    """Mean 0 and variance 1 over a batch, then a scale and a shift.

    In training the statistics are the batch's, and running ones follow them, by the
    share `momentum`, or as means of all batches when it is None; `eval` uses the
    running ones. Inputs have the shape (N, C) or (N, C, L).

    Examples
    --------
    >>> import engine
    >>> layer = engine.nn.BatchNorm1d(1)
    >>> layer(engine.tensor([[1.0], [3.0]])).detach()
    tensor([[-1.0000],
            [ 1.0000]])
    >>> layer.running_mean
    tensor([0.2000])
    """

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        options = {"device": device, "dtype": dtype}
        self.register_parameter("weight", None)
        self.register_parameter("bias", None)
        if affine:
            self.weight = Parameter(ones(num_features, **options))
            self.bias = Parameter(zeros(num_features, **options))
        self.register_buffer("running_mean", None)
        self.register_buffer("running_var", None)
        self.register_buffer("num_batches_tracked", None)
        if track_running_stats:
            self.running_mean = zeros(num_features, **options)
            self.running_var = ones(num_features, **options)
            self.num_batches_tracked = zeros((), dtype=np.int64, device=device)

    def reset_running_stats(self) -> None:
        """Let the running statistics be those of no batch again."""
        _reset(self.running_var, self.running_mean)
        _reset(None, self.num_batches_tracked)

    def reset_parameters(self) -> None:
        """Let the scale be 1, the shift 0 and the statistics those of no batch."""
        self.reset_running_stats()
        _reset(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Normalise."""
        if input.dim() not in (2, 3):
            raise ValueError(
                named(f"expected 2D or 3D input (got {input.dim()}D input)")
            )
        share: Any = self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
            if share is None:
                share = 1 / self.num_batches_tracked
        return functional.batch_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training,
            share,
            self.eps,
        )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, track_running_stats={self.track_running_stats}"
        )


class Embedding(Module):
    """A table whose rows are looked up by index.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        The rows and columns of the table, which starts as normal numbers.
    padding_idx : int, optional
        A row that starts as zeros and has no gradient.

    Examples
    --------
    >>> import engine
    >>> table = engine.nn.Embedding(10, 3)
    >>> table(engine.tensor([[1, 2], [4, 9]])).shape
    engine.Size([2, 2, 3])
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = padding_idx
        if padding_idx is not None:
            self.padding_idx = padded_row(padding_idx, num_embeddings)
        shape = (num_embeddings, embedding_dim)
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new starting values."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0

    def forward(self, input: Any) -> Tensor:
        """Look the rows up."""
        return functional.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        sizes, row = f"{self.num_embeddings}, {self.embedding_dim}", self.padding_idx
        return sizes if row is None else f"{sizes}, padding_idx={row}"
