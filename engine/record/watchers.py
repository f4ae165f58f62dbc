"""Who watches the trace of a thread, to run again what it does: `engine.compile`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Watcher(Protocol):
    """Who wants to know what one trace does; see `watchers`."""

    def looked(self, what: str) -> None:
        """Somebody looked at what only a run can know."""

    def asked_for_size(self) -> None:
        """Python asked how many elements there are."""

    def extents(self, extents: tuple[int, ...]) -> tuple[int, ...]:
        """What stands in for extents that Python asks for."""

    def number(
        self, value: Any, source: Callable[[], Any], place: tuple[Any, Any]
    ) -> Any:
        """What stands in for a number that `source` gives anew in every run."""

    def flushing(self, trace: Any, alive: Any, donated: frozenset[int]) -> None:
        """The trace is about to run."""

    def flushed(self, outputs: dict[int, Any]) -> None:
        """It has run."""


watchers: dict[int, Watcher] = {}
"""The watchers of traces, by the identity of the trace: nearly always none."""
