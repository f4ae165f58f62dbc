"""Settings that a program may change, in one object: `engine.config`."""

from __future__ import annotations

import os
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Final, Literal, TypeAlias, cast, get_args

Tier: TypeAlias = Literal["auto", "compiled", "numpy"]

TIERS: Final[tuple[str, ...]] = get_args(Tier)


def _checked(tier: object, name: str) -> Tier:
    if tier not in TIERS:
        raise ValueError(
            f"{name}: 'auto', 'compiled' or 'numpy' was required; {tier!r} was given"
        )
    return cast(Tier, tier)


TIER_HERE: ContextVar[Tier | None] = ContextVar("engine_tier", default=None)
"""The tier of the present ``with config(...)`` block, None outside of one."""


class Config:
    """The settings of Engine.

    Assigning to a setting changes it for the whole process; ``with config(...)``
    changes it for the block, in this thread (and asyncio task) alone, and an assignment
    inside the block ends with it.

    Attributes
    ----------
    tier : {"auto", "compiled", "numpy"}
        What runs a group of ops. ``"compiled"``: a generated kernel, always.
        ``"numpy"``: NumPy, op by op, without a compiler. ``"auto"``: a kernel where it
        exists already or is worth its compilation, NumPy otherwise. It starts as the
        environment variable ``ENGINE_TIER``, or ``"auto"``.

    Examples
    --------
    >>> from engine.config import Config
    >>> config = Config()
    >>> config.tier = "auto"
    >>> with config(tier="numpy"):
    ...     print(config.tier)
    numpy
    >>> config.tier
    'auto'
    >>> config.tier = "fast"
    Traceback (most recent call last):
    ValueError: config.tier: 'auto', 'compiled' or 'numpy' was required; ...
    """

    __slots__ = ("_tier",)

    def __init__(self) -> None:
        self._tier = _checked(os.environ.get("ENGINE_TIER", "auto"), "ENGINE_TIER")

    @property
    def tier(self) -> Tier:
        """What runs a group of ops: ``"auto"``, ``"compiled"`` or ``"numpy"``."""
        return TIER_HERE.get() or self._tier

    @tier.setter
    def tier(self, tier: Tier) -> None:
        checked = _checked(tier, "config.tier")
        if TIER_HERE.get() is None:
            self._tier = checked
        else:
            TIER_HERE.set(checked)

    def __call__(self, *, tier: Tier) -> _Setting:
        """A context in which the given settings hold."""
        return _Setting(_checked(tier, "config.tier"))

    def __repr__(self) -> str:
        return f"config(tier={self.tier!r})"


class _Setting:
    """The context of ``with config(...)``; it may be entered again, also inside."""

    __slots__ = ("_tier", "_tokens")

    def __init__(self, tier: Tier) -> None:
        self._tier = tier
        self._tokens: list[Token[Tier | None]] = []

    def __enter__(self) -> None:
        self._tokens.append(TIER_HERE.set(self._tier))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        TIER_HERE.reset(self._tokens.pop())


config: Final = Config()
