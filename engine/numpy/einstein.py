"""Sums of products by subscripts: einsum, two operands at a time."""

from __future__ import annotations

from string import ascii_letters
from typing import Any

import numpy as np

import engine.numpy.handle as face
import engine.numpy.reductions as reductions
from engine.errors import named
from engine.movement import reshape_value

from .fallback import ask, library_call
from .products import matmul
from .reductions import deliver

__all__ = ["einsum", "einsum_path"]


def einsum(
    *operands: Any, out: Any = None, optimize: Any = False, **kwargs: Any
) -> Any:
    """Sums of products, given by subscripts as ``"ij,jk->ik"``.

    Two operands at a time, from the left, as a product of matrices where they share
    summed axes; `optimize` may be a path of `einsum_path`, or say that one be found.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.einsum("ij,j->i", np.eye(2), np.array([1.0, 2.0]))
    array([1., 2.])
    """
    subscripts, given = _spelled(operands)
    if kwargs or not isinstance(subscripts, str):
        return _by_numpy(operands, out, {"optimize": optimize, **kwargs})
    arrays = [face.asarray(x) for x in given]
    shapes = [x.shape for x in arrays]
    terms, result = _parsed(subscripts.replace(" ", ""), shapes)
    if _stretches(terms, shapes):
        return _by_numpy(operands, out, {"optimize": optimize})
    pairs = [_single(x, term) for x, term in zip(arrays, terms, strict=True)]
    for step in _path(subscripts, shapes, optimize):
        chosen = [pairs.pop(place) for place in sorted(step, reverse=True)][::-1]
        while len(chosen) > 1:
            (x, left), (y, right) = chosen.pop(0), chosen.pop(0)
            others = (term for _, term in (*chosen, *pairs))
            chosen.insert(0, _contract(x, left, y, right, set(result).union(*others)))
        pairs.append(chosen[0])
    made = _final(*pairs[0], result)
    made = made if made.shape else face.fresh(made.read())
    return deliver("einsum", made, out)


def einsum_path(
    *operands: Any, optimize: Any = "greedy", einsum_call: bool = False
) -> tuple[list[Any], str]:
    """In which order `einsum` would best contract operands, and a table of it.

    Only shapes are looked at: nothing is computed.
    """
    subscripts, given = _spelled(operands)
    if not isinstance(subscripts, str):
        raise ValueError(named("subscripts and operands were required"))
    shapes = [face.asarray(x).shape for x in given]
    found: tuple[list[Any], str] = ask(
        "einsum_path",
        np.einsum_path,
        subscripts,
        *map(_shaped, shapes),
        optimize=optimize,
        einsum_call=einsum_call,
    )
    return found


def _by_numpy(operands: tuple[Any, ...], out: Any, options: dict[str, Any]) -> Any:
    return deliver(
        "einsum", library_call("einsum", np.einsum, *operands, **options), out
    )


def _spelled(operands: tuple[Any, ...]) -> tuple[Any, list[Any]]:
    """Subscripts and operands, however they were given: text first, or lists between.

    The subscripts are None where lists have too many different numbers for letters.
    """
    if not operands:
        raise ValueError(
            named("subscripts and operands were required; none were given")
        )
    if isinstance(operands[0], str):
        return operands[0], list(operands[1:])
    arrays, lists = list(operands[0 : len(operands) - 1 : 2]), list(operands[1::2])
    last = operands[-1] if len(operands) % 2 else None
    labels = sorted({k for one in (*lists, last or ()) for k in one if k is not ...})
    if len(labels) > len(ascii_letters):
        return None, arrays
    letters = {label: ascii_letters[k] for k, label in enumerate(labels)}
    letters[...] = "..."
    text = ",".join("".join(letters[k] for k in one) for one in lists)
    if last is not None:
        text += "->" + "".join(letters[k] for k in last)
    return text, arrays


def _shaped(shape: tuple[int, ...]) -> Any:
    """An ndarray of a shape that has one element in memory."""
    return np.broadcast_to(np.zeros(()), shape)


def _path(
    subscripts: str, shapes: list[tuple[int, ...]], optimize: Any
) -> list[tuple[int, ...]]:
    """Which operands are contracted in each step; results are put at the end."""
    if len(shapes) == 1:
        return [(0,)]
    if optimize is False:
        ahead = [(0, len(shapes) - 1 - k) for k in range(1, len(shapes) - 1)]
        return [(0, 1), *ahead]
    operands = map(_shaped, shapes)
    path, _ = ask("einsum", np.einsum_path, subscripts, *operands, optimize=optimize)
    return list(path[1:])


def _parsed(subscripts: str, shapes: list[tuple[int, ...]]) -> tuple[list[str], str]:
    """A term of letters for each operand, and that of the result."""
    inputs, arrow, result = subscripts.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(shapes):
        raise ValueError(
            f"einsum: as many operands as terms were required; {subscripts!r} has "
            f"{len(terms)}, and {len(shapes)} were given"
        )
    free = "".join(letter for letter in ascii_letters if letter not in subscripts)
    widest = ""
    for k, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        named_axes = term.replace("...", "")
        count = len(shape) - len(named_axes)
        if count < 0 or (count and "..." not in term) or "." in named_axes:
            raise ValueError(
                named(
                    f"einstein sum subscripts string {subscripts!r} gives "
                    f"{len(named_axes)} axes to an operand of shape {shape}"
                )
            )
        dots = free[:count][::-1]
        terms[k] = term.replace("...", dots)
        widest = max(widest, dots, key=len)
    if not arrow:
        letters = "".join(terms)
        once = {x for x in letters if letters.count(x) == 1} - set(widest)
        result = widest + "".join(sorted(once))
    return terms, result.replace("...", widest)


def _stretches(terms: list[str], shapes: list[tuple[int, ...]]) -> bool:
    """Whether an axis of one element is to be repeated."""
    extents: dict[str, set[int]] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for letter, extent in zip(term, shape, strict=True):
            extents.setdefault(letter, set()).add(extent)
    return any(len(found) > 1 for found in extents.values())


def _single(x: Any, term: str) -> tuple[Any, str]:
    """Repeated letters in one term select a diagonal."""
    while len(set(term)) < len(term):
        letter = next(x for x in term if term.count(x) > 1)
        one = term.index(letter)
        two = term.index(letter, one + 1)
        x = x.diagonal(0, one, two)
        term = term[:one] + term[one + 1 : two] + term[two + 1 :] + letter
    return x, term


def _contract(
    x: Any, left: str, y: Any, right: str, later: set[str]
) -> tuple[Any, str]:
    x, left = _summed(x, left, later | set(right))
    y, right = _summed(y, right, later | set(left))
    shared = [k for k in left if k in right]
    batch = [k for k in shared if k in later]
    inner = [k for k in shared if k not in later]
    rows = [k for k in left if k not in shared]
    columns = [k for k in right if k not in shared]
    sizes = {
        **dict(zip(left, x.shape, strict=True)),
        **dict(zip(right, y.shape, strict=True)),
    }
    if not inner:
        order = batch + rows + columns
        return _aligned(x, left, order) * _aligned(y, right, order), "".join(order)
    one = x.transpose([left.index(k) for k in batch + rows + inner])
    two = y.transpose([right.index(k) for k in batch + inner + columns])

    def size(letters: list[str]) -> int:
        return int(np.prod([sizes[k] for k in letters], dtype=int))

    lead = tuple(sizes[k] for k in batch)
    one = one.reshape((*lead, size(rows), size(inner)))
    two = two.reshape((*lead, size(inner), size(columns)))
    order = batch + rows + columns
    made = matmul(one, two).read()
    return (
        face.ndarray.wrap(reshape_value(made, tuple(sizes[k] for k in order))),
        "".join(order),
    )


def _summed(x: Any, term: str, needed: set[str]) -> tuple[Any, str]:
    gone = tuple(k for k, letter in enumerate(term) if letter not in needed)
    if not gone:
        return x, term
    return (
        reductions.sum(x, axis=gone, dtype=x.dtype),
        "".join(letter for letter in term if letter in needed),
    )


def _aligned(x: Any, term: str, order: list[str]) -> Any:
    x = x.transpose([term.index(k) for k in order if k in term])
    extents = iter(x.shape)
    return x.reshape(tuple(next(extents) if k in term else 1 for k in order))


def _final(x: Any, term: str, result: str) -> Any:
    x, term = _summed(x, term, set(result))
    if sorted(term) != sorted(result):
        raise ValueError(
            f"einsum: output subscripts from the inputs were required; {result!r} given"
        )
    return x.transpose([term.index(k) for k in result]) if len(result) > 1 else x
