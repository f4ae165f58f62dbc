"""Text of sums of squared deviations, for rows and for columns.

Values are seen twice while they are near: once for the mean of a block and once for
the distances from it (`moments`).
"""

from __future__ import annotations

from ..text import Lines
from .reductions import Accumulator

WIDTH = 256
"""Columns that are worked on together: what is known of them, eleven numbers for each,
stays in the nearest cache beside the values."""

TALL = 32
"""Rows of a column kernel that are merged at a time, so that a merge, of some thirty
operations, costs one for each value; part of the kernel's meaning."""

STATE = ("mean", "trail", "total", "rest")
"""What is known of the elements so far; see `moments.joined_moments`."""


def begin(lines: Lines, acc: Accumulator, item: str = "") -> None:
    """Write the state of no elements; `item` is the subscript of a column."""
    for name in STATE:
        lines.add(f"{name}{acc.number}{item} = {acc.carrier}(0.0)")


def join(
    lines: Lines,
    state: list[str],
    acc: Accumulator,
    before: str,
    others: list[str],
    count: str,
) -> None:
    """Write the merge of `others` (mean, trail, deviations) of `count` elements."""
    before, count = f"{acc.carrier}({before})", f"{acc.carrier}({count})"
    arguments = [*state, before, *others, count]
    if not state[0].endswith("]"):
        lines.call(f"{', '.join(state)} = joined_moments", arguments, "")
        return
    lines.call(f"joined{acc.number} = joined_moments", arguments, "")
    for part, item in enumerate(state):
        lines.add(f"{item} = joined{acc.number}[{part}]")


def state_of(acc: Accumulator, item: str = "") -> list[str]:
    """The variables, or the items, of the state of all elements so far."""
    return [f"{name}{acc.number}{item}" for name in STATE]


def block_state(acc: Accumulator, item: str = "") -> list[str]:
    """The state of the elements of a block so far, of a row or of one column."""
    return [f"block_{name}{acc.number}{item}" for name in STATE]


def block_moments(acc: Accumulator, item: str = "") -> list[str]:
    """Texts of the moments of a whole block, of a row or of one column."""
    mean, trail, total, rest = block_state(acc, item)
    return [mean, trail, f"compensated({total}, {rest})"]


def join_chunk(
    lines: Lines, acc: Accumulator, total: str, values: str, count: str
) -> None:
    """Write how a chunk of a row, whose sum is `total`, joins its block."""
    k = acc.number
    lines.add(f"count{k} = {acc.carrier}({count})")
    lines.add(f"near{k} = {total} / count{k}")
    distances = "distances" if acc.access is None else "distances_ahead"
    lines.add(f"away{k}, squares{k} = {distances}({values}, {count}, near{k})")
    lines.add(f"part{k}, spread{k} = moments(away{k}, squares{k}, count{k})")
    others = [f"near{k}", f"part{k}", f"spread{k}"]
    join_or_begin(lines, block_state(acc), acc, "start - block", others, count)


def join_or_begin(
    lines: Lines,
    state: list[str],
    acc: Accumulator,
    before: str,
    others: list[str],
    count: str,
) -> None:
    """As `join`, with a shorter way for the first."""
    with lines.block(f"if {before} == 0:"):
        for name, value in zip(state, [*others, f"{acc.carrier}(0.0)"], strict=True):
            lines.add(f"{name} = {value}")
    with lines.block(f"if {before} > 0:"):
        join(lines, state, acc, before, others, count)


# -- columns --------------------------------------------------------------------------
OF_COLUMNS = ("near", "away", "squares", *(f"block_{name}" for name in STATE))
"""Stack arrays with an item for each column, beside those of the state."""


def column_arrays(acc: Accumulator) -> list[str]:
    """Names of the stack arrays of an accumulator, but for that of its values."""
    return [f"{name}{acc.number}" for name in (*STATE, *OF_COLUMNS)]


def tall_item(row: str, item: str) -> str:
    """The subscript of a column, in a row of the values on the stack."""
    return f"[{row} * {WIDTH} + {item[1:-1]}]"


def tall_blocks(lines: Lines, found: list[Accumulator], each: str, item: str) -> None:
    """Write how the moments of some rows join those of their block.

    `each` is the header of a loop over the columns, and `item` its subscript. The
    values are on the stack, their sums where the distances will be added up.
    """
    with lines.block(each):
        for acc in found:
            k = acc.number
            lines.add(f"near{k}{item} = away{k}{item} / {acc.carrier}(stop - start)")
    for acc in found:
        k = acc.number
        arguments = [f"away{k}", f"squares{k}", f"near{k}", f"v{k}", f"{WIDTH}"]
        arguments += ["count", "stop - start"]
        lines.call("columns_distances", arguments, "")
    with lines.block(each):
        for acc in found:
            k = acc.number
            sums = f"away{k}{item}, squares{k}{item}, {acc.carrier}(stop - start)"
            lines.add(f"part{k}, spread{k} = moments({sums})")
            others = [f"near{k}{item}", f"part{k}", f"spread{k}"]
            state = block_state(acc, item)
            join(lines, state, acc, "start - block", others, "stop - start")
