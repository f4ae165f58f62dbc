"""How tensors print: as PyTorch prints them."""

from __future__ import annotations

import math
from typing import Any, TypedDict, Unpack

import numpy as np

from engine.torch.dtypes import Default, known, number_dtype

NDArray = np.ndarray[Any, Any]


class _Options(TypedDict, total=False):
    """What `set_printoptions` takes."""

    precision: int
    threshold: int
    edgeitems: int
    linewidth: int
    sci_mode: bool | None


_DEFAULTS: _Options = {
    "precision": 4,
    "threshold": 1000,
    "edgeitems": 3,
    "linewidth": 80,
    "sci_mode": None,
}
_options: _Options = _DEFAULTS.copy()


def set_printoptions(**options: Unpack[_Options]) -> None:
    """Change how tensors print.

    Parameters
    ----------
    precision : int
        Digits after the point.
    threshold : int
        Tensors with more elements are shortened.
    edgeitems : int
        How many elements a shortened dimension shows at each end.
    linewidth : int
        Characters in a line.
    sci_mode : bool or None
        Whether to use scientific notation; None decides by the elements.

    Raises
    ------
    TypeError
        For any other option.

    Examples
    --------
    >>> import engine
    >>> engine.set_printoptions(precision=2)
    >>> engine.tensor([0.123456])
    tensor([0.12])
    >>> engine.set_printoptions(precision=4)
    """
    wrong = sorted(set(options) - set(_DEFAULTS))
    if wrong:
        raise TypeError(
            f"set_printoptions: options among {sorted(_DEFAULTS)} were required; "
            f"{wrong} were given"
        )
    _options.update(options)


class _Formatter:
    """One width and notation for all the elements that are shown."""

    def __init__(self, shown: NDArray) -> None:
        self.floating = shown.dtype.kind == "f"
        self.precision = _options["precision"]
        self.whole = True
        self.scientific = False
        self.width = 1
        if self.floating:
            self._measure_floats(shown)
        else:
            texts = (str(x) for x in shown.reshape(-1).tolist())
            self.width = max((len(text) for text in texts), default=1)

    def _measure_floats(self, shown: NDArray) -> None:
        flat = shown.reshape(-1).astype(np.float64)
        finite = flat[np.isfinite(flat) & (flat != 0)]
        if finite.size == 0:
            return  # as PyTorch: zeros and what is not finite do not count
        sizes = np.abs(finite)
        large, small = sizes.max(), sizes.min()
        self.whole = bool((finite == np.ceil(finite)).all())
        with np.errstate(over="ignore"):
            wide = large / small > 1000.0
        chosen = _options["sci_mode"]
        automatic = bool(wide or large > 1.0e8 or small < 1.0e-4)
        self.scientific = automatic if chosen is None else chosen
        self.width = max(len(self._text(x)) for x in finite.tolist())

    def _text(self, x: float) -> str:
        if self.scientific:
            return f"{x:.{self.precision}e}"
        if self.whole:
            return f"{x:.0f}" + ("." if math.isfinite(x) else "")
        return f"{x:.{self.precision}f}"

    def __call__(self, x: Any) -> str:
        text = self._text(x) if self.floating else str(x)
        return text.rjust(self.width)


class _ComplexFormatter:
    """Real and imaginary parts, each with its own width."""

    def __init__(self, shown: NDArray) -> None:
        self.real = _Formatter(shown.real)
        self.imaginary = _Formatter(shown.imag)
        self.width = self.real.width + self.imaginary.width + 1

    def __call__(self, x: complex) -> str:
        imaginary = self.imaginary(x.imag).lstrip()
        sign = "" if imaginary.startswith("-") else "+"
        return f"{self.real(x.real)}{sign}{imaginary}j"


def _shortened(array: NDArray, edge: int) -> NDArray:
    """The elements that a shortened tensor shows, to measure them."""
    for axis, extent in enumerate(array.shape):
        if extent > 2 * edge:
            ends = np.r_[0:edge, extent - edge : extent]
            array = np.take(array, ends, axis)
    return array


def elements_text(array: NDArray, indent: int) -> str:
    """The nested brackets with the elements of an array."""
    summarize = array.size > _options["threshold"]
    edge = _options["edgeitems"]
    shown = _shortened(array, edge) if summarize else array
    make = _ComplexFormatter if array.dtype.kind == "c" else _Formatter
    return _nested(array, indent, summarize, make(shown))


def _nested(
    array: NDArray, indent: int, summarize: bool, show: _Formatter | _ComplexFormatter
) -> str:
    """The text of an array below its first bracket; the depth is that of its axes."""
    if array.ndim == 0:
        return show(array.item())
    edge = _options["edgeitems"]
    split = summarize and len(array) > 2 * edge
    if array.ndim == 1:
        return _row(array, indent, edge if split else None, show)
    parts = [array[:edge], array[len(array) - edge :]] if split else [array]
    texts = [
        [_nested(each, indent + 1, summarize, show) for each in part] for part in parts
    ]
    lines = texts[0] if not split else [*texts[0], "...", *texts[1]]
    between = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return "[" + between.join(lines) + "]"


def _row(
    array: NDArray,
    indent: int,
    edge: int | None,
    show: _Formatter | _ComplexFormatter,
) -> str:
    if edge is None:
        texts = [show(x) for x in array.tolist()]
    else:
        head = [show(x) for x in array[:edge].tolist()]
        texts = [*head, " ...", *(show(x) for x in array[-edge:].tolist())]
    room = _options["linewidth"] - indent
    per_line = max(1, room // (show.width + 2))
    lines = [", ".join(texts[i : i + per_line]) for i in range(0, len(texts), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def tensor_text(array: NDArray, suffixes: list[str], start: str = "tensor(") -> str:
    """All of a tensor's text.

    Parameters
    ----------
    array : ndarray
        The elements.
    suffixes : list of str
        What stands after the elements: device, gradient.
    start : str
        What stands before them.
    """
    indent = len(start)
    dtype = array.dtype
    usual = [
        Default.dtype,
        number_dtype(complex),
        number_dtype(int),
        number_dtype(bool),
    ]
    described = []
    if array.size == 0:
        text = "[]"
        usual = [Default.dtype]
        if array.ndim != 1:
            described.append(f"size={tuple(array.shape)!r}")
    else:
        text = elements_text(array, indent)
    if dtype not in usual:
        described.append(f"dtype={known(dtype)!r}")
    return _joined(start + text, described + suffixes, indent)


def _joined(text: str, suffixes: list[str], indent: int) -> str:
    """Append the suffixes, each on a line of its own where the line is full."""
    parts = [text]
    last = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if last + len(suffix) + 2 > _options["linewidth"]:
            parts.append(",\n" + " " * indent + suffix)
            last = indent + len(suffix)
        else:
            parts.append(", " + suffix)
            last += len(suffix) + 2
    return "".join(parts) + ")"
