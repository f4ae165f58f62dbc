"""What the code of a function reads by name, and what in it rules out a replay."""

from __future__ import annotations

import dis
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from engine.capture.effects import Refused

GENERATORS = 0x2A0
"""The flags of code of generators, coroutines and asynchronous generators."""

_GLOBALS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
_CELLS = ("LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF")
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "LOAD_SUPER_METHOD")


@dataclass(frozen=True)
class Use:
    """A name, with the attributes that follow it: ``np.linalg.norm``.

    Parameters
    ----------
    name : str
    is_global : bool
        Whether it is no variable of an outer function.
    attributes : tuple of str
    line : str
    """

    name: str
    is_global: bool
    attributes: tuple[str, ...]
    line: str


@dataclass(frozen=True)
class Names:
    """What code reads.

    Parameters
    ----------
    uses : tuple of Use
    attributes : frozenset of str
        The names of all attributes it may ask for, those in strings included.
    refused : Refused or None
        Why calls of it cannot be replayed.
    """

    uses: tuple[Use, ...]
    attributes: frozenset[str]
    refused: Refused | None


@lru_cache(maxsize=1024)
def names_of(code: types.CodeType) -> Names:
    """What code reads, with that of functions and comprehensions inside it.

    Examples
    --------
    >>> import math
    >>> found = names_of((lambda x: math.exp(x) + x.real).__code__)
    >>> [(use.name, use.attributes) for use in found.uses]
    [('math', ('exp',))]
    >>> sorted(found.attributes)
    ['exp', 'real']
    """
    uses: list[Use] = []
    attributes: set[str] = set()
    refused: Refused | None = None
    for one in _codes(code):
        if one.co_flags & GENERATORS and one.co_name != "<genexpr>":
            reason = f"{one.co_name} is a generator or a coroutine"
            refused = refused or Refused(reason, line_of(one))
        attributes.update(x for x in one.co_consts if isinstance(x, str))
        use: Use | None = None
        line = line_of(one)
        for step in dis.get_instructions(one):
            name = step.argval
            if step.opname in _ATTRIBUTES:
                attributes.add(name)
                if use is not None:
                    chain = (*use.attributes, name)
                    use = uses[-1] = Use(use.name, use.is_global, chain, use.line)
                continue
            use = None
            if step.positions is not None and step.positions.lineno is not None:
                line = f"{one.co_filename}:{step.positions.lineno}"
            if step.opname in _GLOBALS:
                use = Use(name, True, (), line)
            elif step.opname in _CELLS and name in code.co_freevars:
                use = Use(name, False, (), line)
            else:
                refused = refused or _refusal(step.opname, name, line, code)
            if use is not None:
                uses.append(use)
    return Names(tuple(uses), frozenset(attributes), refused)


def _refusal(what: str, name: str, line: str, code: types.CodeType) -> Refused | None:
    if what in ("STORE_GLOBAL", "DELETE_GLOBAL"):
        return Refused(f"it writes the global {name}", line)
    if what in ("STORE_DEREF", "DELETE_DEREF") and name in code.co_freevars:
        return Refused(f"it writes the variable {name} of the outer function", line)
    if what == "IMPORT_NAME":
        return Refused(f"it imports {name}", line)
    return None


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def line_of(code: types.CodeType) -> str:
    """Where code begins."""
    return f"{code.co_filename}:{code.co_firstlineno}"
