"""How alike vectors are, and means of values in proportion to that."""

from __future__ import annotations

from math import inf, sqrt
from typing import Any

from engine.torch.creation import ones
from engine.torch.dtypes import bool_
from engine.torch.tensor import Tensor


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along a dimension.

    Parameters
    ----------
    x1, x2 : Tensor
        The vectors; their shapes broadcast.
    dim : int
        The dimension of their elements.
    eps : float
        The least length that they are divided by.

    Examples
    --------
    >>> import engine
    >>> x, y = engine.tensor([[3.0, 4.0]]), engine.tensor([[4.0, 3.0]])
    >>> engine.nn.functional.cosine_similarity(x, y)
    tensor([0.9600])
    """
    one, other = (x / x.norm(2, dim, keepdim=True).clamp_min(eps) for x in (x1, x2))
    alike: Tensor = (one * other).sum(dim)
    return alike


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """Means of values, in proportion to the softmax of products of queries and keys.

    Parameters
    ----------
    query : Tensor
        Of the shape (..., L, E).
    key, value : Tensor
        Of the shapes (..., S, E) and (..., S, V).
    attn_mask : Tensor, optional
        Which keys take part, if it is of bool; else what is added to the products.
    dropout_p : float
        The probability that a proportion is dropped; of 0 none is.
    is_causal : bool
        Whether each query sees the keys up to its own place only.
    scale : float, optional
        What the products are multiplied by; by default 1 / sqrt(E).

    Returns
    -------
    Tensor
        Of the shape (..., L, V). Zeros for queries that see no key.

    Examples
    --------
    >>> import engine
    >>> x = engine.eye(2)
    >>> attention = engine.nn.functional.scaled_dot_product_attention
    >>> attention(x, x, engine.tensor([[1.0], [3.0]]), is_causal=True)
    tensor([[1.0000],
            [2.3395]])
    """
    from engine.nn.functional import dropout

    scores = query @ key.transpose(-2, -1)
    scores = scores * (1 / sqrt(query.size(-1)) if scale is None else scale)
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError(
                "scaled_dot_product_attention: Explicit attn_mask should not be set "
                "when is_causal=True"
            )
        attn_mask = ones(*scores.shape[-2:], dtype=bool_).tril()
    if attn_mask is not None and attn_mask.dtype == bool_:
        scores = scores.masked_fill(~attn_mask, -inf)
    elif attn_mask is not None:
        scores = scores + attn_mask
    shares = scores.softmax(-1)
    if attn_mask is not None and not is_causal:
        blind = (scores == -inf).all(-1, keepdim=True)
        shares = shares.masked_fill(blind, 0.0)
    if dropout_p > 0:
        shares = dropout(shares, dropout_p)
    mixed: Tensor = shares @ value
    return mixed
