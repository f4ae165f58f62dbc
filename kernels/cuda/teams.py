"""What threads of a team do together: shuffles, shared memory, reductions.

These are device functions in plain Python, so that the CUDA simulator runs them too.
All threads of a team call them, and all get the result. Which values are combined with
which is fixed, so results never depend on the size of the grid.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from numba import cuda, types

from .forms import COLUMNS, LANES, THREADS, WARP, Team

FULL = 0xFFFFFFFF
WARPS = THREADS // WARP
DEPTH = LANES["column"]
KINDS = ("sum", "prod", "max", "min", "any", "all", "argmax", "argmin")
CARRIERS = (
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    "float32",
    "float64",
)


@cuda.jit(device=True)
def lost(total: Any, value: Any) -> Any:
    """What rounding loses in ``total + value``."""
    new = total + value
    part = new - total
    return (total - (new - part)) + (value - part)


@cuda.jit(device=True)
def compensated(total: Any, rest: Any) -> Any:
    """``total + rest``, but `total` where the rest is infinite or NaN."""
    if rest - rest == 0:
        return total + rest
    return total


@cuda.jit(device=True)
def larger(a: Any, b: Any) -> Any:
    """The larger of two floats: NaN if either is, and -0.0 is below 0.0."""
    if b > a or b != b:
        return b
    if a == 0 and b == 0:
        return a + b
    return a


@cuda.jit(device=True)
def smaller(a: Any, b: Any) -> Any:
    """The smaller of two floats: NaN if either is, and -0.0 is below 0.0."""
    if b < a or b != b:
        return b
    if a == 0 and b == 0:
        return -(-a - b)
    return a


def _join(kind: str, carrier: str) -> Any:
    """Device function: two values combined, to the same bits in either order."""
    if kind in ("max", "min") and carrier.startswith("float"):
        return larger if kind == "max" else smaller
    functions: dict[str, Callable[[Any, Any], Any]] = {
        "sum": lambda a, b: a + b,
        "prod": lambda a, b: a * b,
        "any": lambda a, b: a | b,
        "all": lambda a, b: a & b,
        "max": lambda a, b: max(a, b),
        "min": lambda a, b: min(a, b),
    }
    return cuda.jit(device=True)(functions[kind])


def _wins(kind: str) -> Callable[[Any, int, Any, int], Any]:
    """Whether extreme `b` at position `q` takes the place of `a` at `p`."""
    largest = kind == "argmax"

    def wins(a: Any, p: int, b: Any, q: int) -> Any:
        if q < 0 or p < 0:
            return q >= 0
        if a != a or b != b:
            return b != b and (a == a or q < p)
        if a == b:
            return q < p
        return (b > a) == largest

    return wins


@cache
def shuffle_of(carrier: str) -> Any:
    """The value of the thread whose number differs in the bits of `step`."""
    item = getattr(types, carrier)
    wide = item if carrier.startswith("float") else types.int64

    @cuda.jit(device=True)
    def shuffle(value: Any, step: int) -> Any:
        return item(cuda.shfl_xor_sync(FULL, wide(value), step))

    return shuffle


@cache
def reducer(team: Team, kind: str, carrier: str) -> Any:
    """The device function ``team_kind_carrier``."""
    if kind.startswith("arg"):
        return _arg_reducer(team, kind, carrier)
    item = getattr(types, carrier)
    shuffle, join = shuffle_of(carrier), _join(kind, carrier)

    @cuda.jit(device=True)
    def warp(value: Any) -> Any:
        for step in (16, 8, 4, 2, 1):
            value = item(join(value, shuffle(value, step)))
        return value

    @cuda.jit(device=True)
    def block(value: Any) -> Any:
        parts = cuda.shared.array(WARPS, item)
        value = warp(value)
        if cuda.threadIdx.x % WARP == 0:
            parts[cuda.threadIdx.x // WARP] = value
        cuda.syncthreads()
        total = parts[0]
        for k in range(1, WARPS):
            total = item(join(total, parts[k]))
        cuda.syncthreads()
        return total

    @cuda.jit(device=True)
    def column(value: Any) -> Any:
        parts = cuda.shared.array(THREADS, item)
        parts[cuda.threadIdx.x] = value
        cuda.syncthreads()
        first = cuda.threadIdx.x % COLUMNS
        total = parts[first]
        for k in range(1, DEPTH):
            total = item(join(total, parts[k * COLUMNS + first]))
        cuda.syncthreads()
        return total

    return {"warp": warp, "block": block, "column": column}[team]


def _arg_reducer(team: Team, kind: str, carrier: str) -> Any:
    """First position of the extreme, or of the first NaN; -1 where there is none."""
    item = getattr(types, carrier)
    lanes = LANES[team]
    shuffle, wins = shuffle_of(carrier), cuda.jit(device=True)(_wins(kind))

    @cuda.jit(device=True)
    def warp(value: Any, place: int) -> Any:
        for step in (16, 8, 4, 2, 1):
            other = shuffle(value, step)
            there = cuda.shfl_xor_sync(FULL, place, step)
            if wins(value, place, other, there):
                value, place = other, there
        return place

    @cuda.jit(device=True)
    def through_memory(value: Any, place: int) -> Any:
        values = cuda.shared.array(THREADS, item)
        places = cuda.shared.array(THREADS, types.int64)
        values[cuda.threadIdx.x] = value
        places[cuda.threadIdx.x] = place
        cuda.syncthreads()
        step = THREADS // lanes
        first = cuda.threadIdx.x % step
        best, found = values[first], places[first]
        for k in range(1, lanes):
            other, there = values[k * step + first], places[k * step + first]
            if wins(best, found, other, there):
                best, found = other, there
        cuda.syncthreads()
        return found

    return warp if team == "warp" else through_memory


def last_of(take_ticket: Callable[[Any, Any], Any]) -> Any:
    """The device function ``last_of(tickets, row, parts)``.

    It tells all threads of a block whether every block of `row` has been here, and
    makes visible what those have written. `take_ticket` adds 1 to ``tickets[row]``
    and gives what was there; the last block sets it to 0 for the next launch.
    """

    @cuda.jit(device=True)
    def last_of(tickets: Any, row: int, parts: int) -> Any:
        flag = cuda.shared.array(1, types.int32)
        cuda.threadfence()
        cuda.syncthreads()
        if cuda.threadIdx.x == 0:
            flag[0] = take_ticket(tickets, row) == parts - 1
            if flag[0] != 0:
                tickets[row] = 0
        cuda.syncthreads()
        last = flag[0] != 0
        cuda.threadfence()
        cuda.syncthreads()
        return last

    return last_of


def device_functions() -> dict[str, Any]:
    """Names that generated text may call, in plain Python."""
    found = {"lost": lost, "compensated": compensated}
    found |= {"larger": larger, "smaller": smaller}
    for team in ("warp", "block", "column"):
        for kind in KINDS:
            for carrier in CARRIERS:
                found[f"{team}_{kind}_{carrier}"] = reducer(team, kind, carrier)
    return found
