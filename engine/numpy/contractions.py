"""Einstein's sums: products over named axes, two operands at a time."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from string import ascii_letters
from typing import Any

import numpy as np

import engine.numpy.handle as face
import engine.numpy.reductions as reductions
from engine.errors import named
from engine.movement import reshape_value

from .fallback import ask, library_call
from .products import matmul
from .quick import remembered
from .reductions import deliver
from .views import diagonal_recipe

__all__ = ["einsum", "einsum_path"]


@remembered(8, shows_parts=True)
def einsum(
    *operands: Any, out: Any = None, optimize: Any = False, **kwargs: Any
) -> Any:
    """Sums of products, given by subscripts as ``"ij,jk->ik"``.

    Two operands at a time, from the left, as a product of matrices where they share
    summed axes; `optimize` may be a path of `einsum_path`, or say that one be found.

    Examples
    --------
    >>> import engine.numpy as np
    >>> m = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> np.einsum("...ij,...ji->...", m, m)
    np.float64(29.0)
    """
    if kwargs:
        options = {"optimize": optimize, **kwargs}
        made = library_call("einsum", np.einsum, *operands, **options)
        return deliver("einsum", made, out, kwargs.get("casting", "safe"))
    subscripts, arrays = _spelled(operands)
    arrays = _promoted(arrays, out)
    terms, result = _parsed(subscripts.replace(" ", ""), [x.ndim for x in arrays])
    for term, x in zip(terms, arrays, strict=True):
        if len(term) != x.ndim:
            raise ValueError(
                named(
                    f"einstein sum subscripts string {subscripts!r} gives {len(term)} "
                    f"axes to an operand of shape {x.shape}"
                )
            )
    pairs = [_single(x, term) for x, term in zip(arrays, terms, strict=True)]
    pairs = _without_ones(pairs)
    for step in _path(subscripts, [x.shape for x in arrays], optimize):
        chosen = [pairs.pop(place) for place in sorted(step, reverse=True)][::-1]
        while len(chosen) > 1:
            (x, left), (y, right) = chosen.pop(0), chosen.pop(0)
            others = (term for _, term in (*chosen, *pairs))
            chosen.insert(0, _contract(x, left, y, right, set(result).union(*others)))
        pairs.append(chosen[0])
    found = _final(*pairs[0], result)
    return deliver("einsum", found if found.ndim else face.fresh(found.read()), out)


def _promoted(arrays: list[Any], out: Any) -> list[Any]:
    """The operands in the dtype that they and the output meet in."""
    kinds = [x.dtype for x in (*arrays, *(() if out is None else (out,)))]
    if len(set(kinds)) == 1:
        return arrays
    dtype = np.result_type(*kinds)
    return [x if x.dtype == dtype else x.astype(dtype) for x in arrays]


def einsum_path(
    *operands: Any, optimize: Any = "greedy", einsum_call: bool = False
) -> tuple[list[Any], str]:
    """In which order `einsum` would best contract operands, and a table of it.

    Only shapes are looked at: nothing is computed.
    """
    subscripts, arrays = _spelled(operands)
    shapes = [x.shape for x in arrays]
    found: tuple[list[Any], str] = ask(
        "einsum_path",
        np.einsum_path,
        subscripts,
        *map(_shaped, shapes),
        optimize=optimize,
        einsum_call=einsum_call,
    )
    return found


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


def _spelled(operands: Sequence[Any]) -> tuple[str, list[Any]]:
    """Subscripts as text, and the operands as arrays."""
    if len(operands) < 2:
        raise ValueError(named("subscripts and operands were required"))
    if isinstance(operands[0], str):
        subscripts, given = operands[0], tuple(operands[1:])
    else:
        subscripts, given = _from_lists(operands)
    return subscripts, [face.asarray(x) for x in given]


def _from_lists(given: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """Subscripts and operands of ``x, [0, 1], y, [1, 2], [0, 2]``."""

    def term(numbers: Any) -> str:
        return "".join("..." if k is Ellipsis else _letter(k) for k in numbers)

    pairs = len(given) // 2
    subscripts = ",".join(term(given[2 * k + 1]) for k in range(pairs))
    if len(given) % 2:
        subscripts += "->" + term(given[-1])
    return subscripts, tuple(given[0 : 2 * pairs : 2])


def _letter(number: Any) -> str:
    """The letter of an axis that is given by a number."""
    if not 0 <= index(number) < len(ascii_letters):
        raise ValueError(
            named(f"axes below {len(ascii_letters)} were required; {number} was given")
        )
    return ascii_letters[number]


def _parsed(subscripts: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """A letter for each axis of each operand, and those of the result."""
    inputs, arrow, result = subscripts.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ranks):
        raise ValueError(
            f"einsum: as many operands as terms were required; {subscripts!r} has "
            f"{len(terms)}, and {len(ranks)} were given"
        )
    if not arrow:
        letters = "".join(terms).replace(".", "")
        once = sorted(x for x in set(letters) if letters.count(x) == 1)
        result = ("..." if "..." in inputs else "") + "".join(once)
    free = [x for x in ascii_letters if x not in subscripts]
    extra = [
        rank - len(term) + 3
        for rank, term in zip(ranks, terms, strict=True)
        if "..." in term
    ]
    free = free[: max(extra, default=0)]
    if free and "..." not in result:
        raise ValueError(
            named(
                "output has more dimensions than subscripts given: '...' in it was "
                f"required; {subscripts!r} was given"
            )
        )
    spread = [
        _spread(term, rank - len(term) + 3, free)
        for rank, term in zip(ranks, terms, strict=True)
    ]
    return spread, _spread(result, len(free), free)


def _spread(term: str, count: int, free: Sequence[str]) -> str:
    """A term with the last `count` free letters in place of an ellipsis."""
    if "..." not in term:
        return term
    return term.replace("...", "".join(free[len(free) - max(count, 0) :]), 1)


def _without_ones(pairs: list[tuple[Any, str]]) -> list[tuple[Any, str]]:
    """Operands without the axes of extent 1 along which others are longer."""
    sizes: dict[str, int] = {}
    for x, term in pairs:
        for letter, n in zip(term, x.shape, strict=True):
            known = sizes.get(letter, 1)
            if known != n and 1 not in (known, n):
                raise ValueError(
                    named(
                        "operands could not be broadcast together: one extent for "
                        f"{letter!r} was required; {known} and {n} were given"
                    )
                )
            sizes[letter] = n if known == 1 else known
    found = []
    for x, term in pairs:
        long = [n == sizes[k] for k, n in zip(term, x.shape, strict=True)]
        if not all(long):
            shape = [n for n, kept in zip(x.shape, long, strict=True) if kept]
            x = x.reshape(tuple(shape))
            term = "".join(k for k, kept in zip(term, long, strict=True) if kept)
        found.append((x, term))
    return found


def _single(x: Any, term: str) -> tuple[Any, str]:
    """Repeated letters in one term select a diagonal."""
    while len(set(term)) < len(term):
        letter = next(x for x in term if term.count(x) > 1)
        one = term.index(letter)
        two = term.index(letter, one + 1)
        if x.shape[one] != x.shape[two]:
            raise ValueError(
                named(
                    f"one extent for the collapsing index {letter!r} was required; "
                    f"{x.shape[one]} and {x.shape[two]} were given: they don't match"
                )
            )
        x = x.view_as(diagonal_recipe(x, 0, one, two))  # which can be written to
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
        product = _aligned(x, left, order) * _aligned(y, right, order)
        if product.dtype.kind in "fc":
            product = product + 0  # NumPy adds products to zeros: none is -0.0
        return product, "".join(order)
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
    return x.transpose([term.index(k) for k in result]) if result else x
