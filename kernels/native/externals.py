"""Functions of the process that native code calls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class External:
    """A function of this process: its name, parameters and result as LLVM types.

    Integers and pointers are passed as words; a ``double`` as the word of its bits.
    """

    name: str
    parameters: tuple[str, ...]
    result: str

    def __call__(self, *arguments: int) -> int:
        raise TypeError(f"{self.name} can be called by native code alone")


def external(name: str, signature: str) -> External:
    """A function by its signature.

    Examples
    --------
    >>> external("PyFloat_AsDouble", "i64 -> double").parameters
    ('i64',)
    """
    parameters, result = signature.split("->")
    return External(name, tuple(parameters.split()), result.strip())
