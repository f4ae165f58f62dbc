"""What a user asks of the engine itself: evaluate now, and what has it done so far."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine import counters
from engine.array import Array
from engine.execute import evaluate, evaluated
from engine.kernels import memory
from engine.kernels.counts import COUNTS
from engine.record.trace import current_trace


def eval(*arrays: Any) -> None:
    """Compute arrays now; nested lists, tuples and dicts of arrays are allowed.

    Raises
    ------
    TypeError
        When something else than an array is given.

    Examples
    --------
    >>> import engine.numpy as np
    >>> from engine.evaluation import eval
    >>> x = np.arange(3) + 1
    >>> eval(x)
    """
    if evaluated(arrays):
        return
    for array in arrays:
        if not isinstance(array, Array):
            arrays = tuple(_leaves(arrays))
            break
    evaluate([value for array in arrays for value in array.needed()])


def _leaves(tree: Any) -> Iterator[Array]:
    stack = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, Array):
            yield item
        elif isinstance(item, (list, tuple)):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            stack.extend(reversed(list(item.values())))
        else:
            raise TypeError(
                f"eval: an array was required; {type(item).__name__} was given"
            )


def stats() -> dict[str, int]:
    """Counts since the start, or since `reset_stats`.

    Returns
    -------
    dict
        ``ops_recorded, kernels_compiled, kernels_loaded, launches, interpreted_ops,
        synchronisations`` (counts), ``bytes_in_use, peak_bytes`` (bytes). A library
        call such as matmul is a launch too.

    Examples
    --------
    >>> import engine
    >>> import engine.numpy as np
    >>> engine.reset_stats()
    >>> x = np.arange(3) + 1
    >>> looked = engine.stats()["synchronisations"]
    >>> x.tolist(), looked, engine.stats()["synchronisations"]
    ([1, 2, 3], 0, 1)
    """
    counted = counters.read()
    pending = current_trace()
    counted["launches"] += COUNTS.launches  # of kernels; counters has library calls
    counted["ops_recorded"] += len(pending.values) - len(pending.leaves)
    return {
        **COUNTS.as_dict(),
        **counted,
        "bytes_in_use": memory.bytes_in_use(),
        "peak_bytes": memory.peak_bytes(),
    }


def reset_stats() -> None:
    """Set the counts to 0 and the peak to the bytes in use.

    Examples
    --------
    >>> import engine
    >>> engine.reset_stats()
    >>> engine.stats()["launches"]
    0
    """
    counters.reset()
    COUNTS.reset()
    memory.reset_peak()
