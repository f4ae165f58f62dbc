"""Starting values of parameters."""

from __future__ import annotations

from math import sqrt

from engine.errors import named
from engine.random import Generator
from engine.torch.creation import eye
from engine.torch.gradients import no_grad
from engine.torch.sampling import rand, randn
from engine.torch.tensor import Tensor

GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3.0,
    "relu": sqrt(2.0),
    "selu": 0.75,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """How much an activation shrinks what goes through it; 1 / that, roughly.

    Examples
    --------
    >>> import engine
    >>> engine.nn.init.calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return sqrt(2.0 / (1.0 + slope**2))
    if nonlinearity not in GAINS:
        raise ValueError(
            f"calculate_gain: one of {sorted([*GAINS, 'leaky_relu'])} was required; "
            f"{nonlinearity!r} was given"
        )
    return GAINS[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """How many numbers go into and come out of one place of a layer's weight."""
    shape = tensor.shape
    if len(shape) < 2:
        raise ValueError(
            named(
                "Fan in and fan out can not be computed for tensor with fewer than 2 "
                f"dimensions; shape {list(shape)} was given"
            )
        )
    field = 1
    for extent in shape[2:]:
        field *= extent
    return shape[1] * field, shape[0] * field


def _filled(tensor: Tensor, elements: Tensor) -> Tensor:
    with no_grad():
        return tensor.copy_(elements)


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill with uniform numbers in [a, b).

    Examples
    --------
    >>> import engine
    >>> x = engine.nn.init.uniform_(engine.empty(100), 2.0, 3.0)
    >>> bool(((x >= 2) & (x < 3)).all())
    True
    """
    drawn = rand(tensor.shape, dtype=tensor.dtype, generator=generator)
    return _filled(tensor, drawn * (b - a) + a)


def normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal numbers.

    Examples
    --------
    >>> import engine
    >>> engine.nn.init.normal_(engine.empty(2, 3), std=0.1).shape
    engine.Size([2, 3])
    """
    drawn = randn(tensor.shape, dtype=tensor.dtype, generator=generator)
    return _filled(tensor, drawn * std + mean)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number.

    Examples
    --------
    >>> import engine
    >>> engine.nn.init.constant_(engine.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    with no_grad():
        return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0.

    Examples
    --------
    >>> import engine
    >>> engine.nn.init.zeros_(engine.ones(2))
    tensor([0., 0.])
    """
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1.

    Examples
    --------
    >>> import engine
    >>> engine.nn.init.ones_(engine.zeros(2))
    tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Fill with uniform numbers of the variance 2 gain^2 / (fan in + fan out).

    Examples
    --------
    >>> import engine
    >>> x = engine.nn.init.xavier_uniform_(engine.empty(2, 4))
    >>> bool((x.abs() <= 1.0).all())
    True
    """
    bound = gain * sqrt(6.0 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Fill with normal numbers of the variance 2 gain^2 / (fan in + fan out).

    Examples
    --------
    >>> import engine
    >>> engine.nn.init.xavier_normal_(engine.empty(2, 4)).shape
    engine.Size([2, 4])
    """
    return normal_(tensor, 0.0, gain * sqrt(2.0 / sum(fans(tensor))))


def _scale(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(
            f"mode: 'fan_in' or 'fan_out' was required; {mode!r} was given"
        )
    fan = fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / sqrt(fan)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
) -> Tensor:
    """Fill with uniform numbers that keep the variance through an activation.

    Examples
    --------
    >>> import engine
    >>> x = engine.nn.init.kaiming_uniform_(engine.empty(2, 6))
    >>> bool((x.abs() <= 1.0).all())
    True
    """
    bound = sqrt(3.0) * _scale(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
) -> Tensor:
    """Fill with normal numbers that keep the variance through an activation.

    Examples
    --------
    >>> import engine
    >>> engine.nn.init.kaiming_normal_(engine.empty(2, 6)).shape
    engine.Size([2, 6])
    """
    return normal_(tensor, 0.0, _scale(tensor, a, mode, nonlinearity))


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with ones on the diagonal, and zeros elsewhere.

    Examples
    --------
    >>> import engine
    >>> engine.nn.init.eye_(engine.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if len(tensor.shape) != 2:
        raise ValueError(
            "eye_: Only tensors with 2 dimensions are supported; shape "
            f"{list(tensor.shape)} was given"
        )
    return _filled(tensor, eye(*tensor.shape, dtype=tensor.dtype))


def orthogonal_(
    tensor: Tensor, gain: float = 1, generator: Generator | None = None
) -> Tensor:
    """Fill with `gain` times an orthogonal matrix, drawn with equal chances.

    The rows of the tensor, whose other dimensions are taken as one, are orthogonal to
    each other, or its columns, where they are fewer.

    Examples
    --------
    >>> import engine
    >>> x = engine.nn.init.orthogonal_(engine.empty(2, 3), gain=2.0)
    >>> (x @ x.T).allclose(4 * engine.eye(2), atol=1e-5)
    True
    """
    shape = tensor.shape
    if len(shape) < 2:
        raise ValueError(
            "orthogonal_: Only tensors with 2 or more dimensions are supported; shape "
            f"{list(shape)} was given"
        )
    if not tensor.numel():
        return tensor
    from engine.linalg import qr

    rows, columns = shape[0], tensor.numel() // shape[0]
    tall = max(rows, columns), min(rows, columns)
    drawn = randn(tall, dtype=tensor.dtype, generator=generator)
    made, triangle = qr(drawn)
    made = made * triangle.diagonal().sign() * gain
    return _filled(tensor, (made.T if rows < columns else made).reshape(shape))
