"""What code of `language` may call that no function of it can do.

Attributes of `slot` and `state` are numbers and words, see there.
"""

from __future__ import annotations

from collections.abc import Callable


class Names:
    """Stands for `slot` and `state`, whose attributes have a meaning when compiled."""

    def __getattr__(self, name: str) -> int:
        raise AttributeError(name)

    def __setattr__(self, name: str, value: int) -> None:
        raise AttributeError(name)


slot, state = Names(), Names()


def inline(function: Callable[..., int]) -> Callable[..., int]:
    """Let a function be copied into its callers, but for branches that give up.

    No others are: what LLVM would choose by itself takes it half of its time to find.
    """
    return function


def load(address: int) -> int:
    """The word at an address."""
    raise NotImplementedError


def load_half(address: int) -> int:
    """The 32 bits at an address, without a sign."""
    raise NotImplementedError


def load_single(address: int) -> int:
    """The number of single precision at an address, as the bits of a double."""
    raise NotImplementedError


def load_byte(address: int) -> int:
    """The 8 bits at an address, without a sign."""
    raise NotImplementedError


def store(address: int, word: int) -> None:
    """Write a word to an address."""
    raise NotImplementedError


def store_half(address: int, half: int) -> None:
    """Write the lowest 32 bits of a word to an address."""
    raise NotImplementedError


def store_byte(address: int, byte: int) -> None:
    """Write the lowest 8 bits of a word to an address."""
    raise NotImplementedError


def reserve(words: int) -> int:
    """The address of so many words that last until the function returns."""
    raise NotImplementedError


def invoke(address: int, *words: int) -> int:
    """Call the function of so many words that is at an address."""
    raise NotImplementedError


def single(bits: int) -> int:
    """A double rounded to single precision, both as words of bits."""
    raise NotImplementedError


def prefetch(address: int) -> None:
    """Let the line at an address come into the cache; it will be looked at soon."""
    raise NotImplementedError


PRIMITIVES = (
    *(load, load_half, load_single, load_byte, store, store_half, store_byte),
    *(reserve, invoke, single, prefetch),
)
