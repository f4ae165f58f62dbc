"""The table of all ops by name, filled by the decorators of `engine.ops.op`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.ops.op import Op

REGISTRY: dict[str, Op] = {}
