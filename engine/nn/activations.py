"""Activations as modules."""

from __future__ import annotations

from typing import Literal

from engine.nn import functional
from engine.nn.module import Module
from engine.torch.tensor import Tensor


class ReLU(Module):
    """Negative elements replaced by 0.

    Examples
    --------
    >>> import engine
    >>> engine.nn.ReLU()(engine.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Replace them."""
        return functional.relu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class LeakyReLU(Module):
    """Negative elements multiplied by a small slope.

    Examples
    --------
    >>> import engine
    >>> engine.nn.LeakyReLU(0.1)(engine.tensor([-1.0, 2.0]))
    tensor([-0.1000,  2.0000])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Multiply them."""
        return functional.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        slope = f"negative_slope={self.negative_slope}"
        return f"{slope}, inplace=True" if self.inplace else slope


class ELU(Module):
    """``alpha * (exp(x) - 1)`` below 0.

    Examples
    --------
    >>> import engine
    >>> engine.nn.ELU()(engine.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Apply it."""
        return functional.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        alpha = f"alpha={self.alpha}"
        return f"{alpha}, inplace=True" if self.inplace else alpha


class GELU(Module):
    """x times the normal distribution function of x.

    Examples
    --------
    >>> import engine
    >>> engine.nn.GELU()(engine.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """

    def __init__(self, approximate: Literal["none", "tanh"] = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Apply it."""
        return functional.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """``x * sigmoid(x)``.

    Examples
    --------
    >>> import engine
    >>> engine.nn.SiLU()(engine.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Apply it."""
        return functional.silu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Sigmoid(Module):
    """``1 / (1 + exp(-x))``.

    Examples
    --------
    >>> import engine
    >>> engine.nn.Sigmoid()(engine.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply it."""
        return input.sigmoid()


class Tanh(Module):
    """Hyperbolic tangents.

    Examples
    --------
    >>> import engine
    >>> engine.nn.Tanh()(engine.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply it."""
        return input.tanh()


class Softplus(Module):
    """``log(1 + exp(beta * x)) / beta``.

    Examples
    --------
    >>> import engine
    >>> engine.nn.Softplus()(engine.tensor([-1.0, 100.0]))
    tensor([  0.3133, 100.0000])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        """Apply it."""
        return functional.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Softmax(Module):
    """``exp(x) / sum(exp(x))`` along a dimension.

    Examples
    --------
    >>> import engine
    >>> engine.nn.Softmax(dim=1)(engine.tensor([[0.0, 1.0]]))
    tensor([[0.2689, 0.7311]])
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Apply it."""
        return input.softmax(self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Softmax):
    """``log(softmax(x))`` along a dimension.

    Examples
    --------
    >>> import engine
    >>> engine.nn.LogSoftmax(dim=1)(engine.tensor([[0.0, 1.0]]))
    tensor([[-1.3133, -0.3133]])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply it."""
        return input.log_softmax(self.dim)
