"""Padding: what is around a tensor, or less of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import composites
from engine.torch.operands import as_value
from engine.torch.tensor import Tensor

MODES: dict[str, Any] = {
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
}
"""Modes that repeat elements, and what NumPy calls them."""


def pad(
    input: Tensor,
    pad: Sequence[int],
    mode: str = "constant",
    value: float | None = None,
) -> Tensor:
    """A number (0) around a tensor: widths before and after, last dimension first.

    Parameters
    ----------
    input : Tensor
    pad : sequence of int
        Pairs of widths; those below 0 take elements away.
    mode : {"constant", "reflect", "replicate", "circular"}
        Others than "constant" repeat elements, and widths are of all dimensions but
        the first one or two.
    value : float, optional
        The number, of mode "constant" only.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([[1.0, 2.0, 3.0]])
    >>> engine.nn.functional.pad(x, (1, -1), value=9.0)
    tensor([[9., 1., 2.]])
    >>> engine.nn.functional.pad(x, (1, 1), "reflect")
    tensor([[2., 1., 2., 3., 2.]])
    """
    if mode != "constant" and mode not in MODES:
        raise NotImplementedError(
            f"pad: mode 'constant', {', '.join(map(repr, MODES))} was required; "
            f"{mode!r} was given"
        )
    widths = _widths(input, pad)
    if mode == "circular":  # what is taken away does not come again
        input, widths = _lessened(input, widths), [_more(ends) for ends in widths]
    more = [_more(ends) for ends in widths]
    if mode == "constant":
        out = composites.pad(as_value(input), more, value or 0)
    else:
        _require_elements(input, pad, mode, value, more)
        out = composites.pad_with_itself(as_value(input), more, MODES[mode])
    padded = _lessened(Tensor.wrap(out), widths)
    return padded if padded.is_contiguous() else padded.clone()


def _more(ends: tuple[int, int]) -> tuple[int, int]:
    return max(ends[0], 0), max(ends[1], 0)


def _lessened(x: Tensor, widths: Sequence[tuple[int, int]]) -> Tensor:
    """What is left where widths are below 0."""
    for dim, (before, after) in enumerate(widths):
        if before < 0 or after < 0:
            start, stop = max(-before, 0), x.size(dim) - max(-after, 0)
            x = x.narrow(dim, start, stop - start)
    return x


def _widths(input: Tensor, pad: Sequence[int]) -> list[tuple[int, int]]:
    """Widths before and after each dimension, the first one first."""
    if len(pad) % 2 or len(pad) > 2 * input.dim():
        raise RuntimeError(
            f"pad: pairs of widths for up to {input.dim()} dimensions were required; "
            f"{list(pad)} were given"
        )
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)]
    widths = [(0, 0)] * (input.dim() - len(pairs)) + pairs[::-1]
    for extent, ends in zip(input.shape, widths, strict=True):
        if extent + sum(ends) < 0 or extent + min(*ends, 0) < 0:
            raise RuntimeError(
                f"pad: widths that take away at most {extent} elements were required; "
                f"{list(ends)} were given"
            )
    return widths


def _require_elements(
    input: Tensor,
    pad: Sequence[int],
    mode: str,
    value: float | None,
    widths: Sequence[tuple[int, int]],
) -> None:
    """Raise for what PyTorch does not pad with its own elements."""
    if value is not None:
        raise RuntimeError(
            f'pad: Padding mode "{mode}" doesn\'t take in value argument; {value} was '
            "given"
        )
    dims = len(pad) // 2
    if not 1 <= dims <= 3 or input.dim() - dims not in (1, 2):
        raise NotImplementedError(
            f"pad: widths of all dimensions but the first one or two were required for "
            f"mode {mode!r}; {list(pad)} were given for {input.dim()} dimensions"
        )
    for extent, ends in zip(input.shape, widths, strict=True):
        most = {"reflect": extent - 1, "circular": extent}.get(mode)
        if any(ends) and (not extent or (most is not None and max(ends) > most)):
            raise RuntimeError(
                f"pad: Padding size should be less than the input dimension: up to "
                f"{most if extent else 0} for mode {mode!r} of {extent} elements was "
                f"required; {list(ends)} was given"
            )
