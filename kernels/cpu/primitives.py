"""Numba intrinsics that generated text uses besides the scalar library."""

from __future__ import annotations

from typing import Any

PRIMITIVES: dict[str, Any] = {}
