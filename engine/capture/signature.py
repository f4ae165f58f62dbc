"""Signatures: what is known of calls with arguments of the same kinds."""

from __future__ import annotations

from collections.abc import Iterator

from engine.capture.effects import Refused
from engine.capture.family import Family
from engine.capture.recording import Recording
from engine.capture.replay import Entry
from engine.capture.rest import Pace

VARIANTS = 4
"""Recordings of one signature that are kept: for other states of what is read."""

TRIALS = 4
"""Recordings of one signature that may differ before it is refused."""


class Signature:
    """What is known of calls with arguments of the same kinds."""

    def __init__(self, family: Family | None, extents: tuple[int, ...]) -> None:
        self.family, self.extents = family, extents
        self.entries: list[Entry] = []
        self.previous: Recording | None = None
        self.reason: Refused | None = None
        self.refused = False
        self.trials = self.recorded = self.replayed = 0
        self.pace = Pace()

    def known(self) -> Iterator[Entry]:
        """Its entries, and one of its family that may hold where they do not."""
        yield from self.entries
        entry = None if self.family is None else self.family.entry(self.extents)
        if entry is not None:
            yield entry

    def keep(self, entry: Entry) -> None:
        """Let an entry be the first one that is known."""
        self.entries = [entry, *self.entries[: VARIANTS - 1]]

    def replays(self) -> int:
        """How often calls were replayed, in native code or by Python."""
        return self.replayed + sum([int(one.counts[0]) for one in self.entries])

    def refuse(self, refused: Refused) -> None:
        """Note why a call was not captured; for good, if it is so each time."""
        self.trials += 1
        self.reason = refused
        self.refused = refused.lasting or self.trials >= TRIALS


def told(signature: Signature) -> str:
    """What became of its calls."""
    reason = signature.reason
    if signature.refused or (reason and not signature.entries):
        return f"not captured: {reason}"
    if not signature.entries:
        return "not captured: two calls that record the same are needed"
    if signature.pace.is_slow:
        return "not captured: undecorated it is quicker than a replay by Python"
    segments = signature.entries[0].recording.segments
    ops = sum(one.node.number + 1 - len(one.leaves) for one in segments)
    return (
        f"captured: {counted(ops, 'op')} in {counted(len(segments), 'part')}; "
        f"replayed {counted(signature.replays(), 'time')}"
    )


def counted(count: int, noun: str) -> str:
    """A number of things."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
