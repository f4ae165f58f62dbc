"""What a step of a loop does, where it can do it for vectors of items.

The statements of such a step load floats that lie one after the other, or are the same
in all steps, compute, and store such floats.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from numba.core import types

from .values import FLOATS

BYTES = 128
"""Of the widest items of one step: four registers of AVX2, two of AVX-512.

While one vector goes through the chain of multiply-adds that a formula is, the others
do, too; and what the step does beside it is divided among them.
"""

CROWDED = frozenset({"arctan", "arctan2", "expm1"})
"""Functions with so many values at a time that registers hold two vectors of them."""

CASTS = frozenset({"float32", "float64", "bool"})

PARTS = (
    *(ast.Name, ast.Constant, ast.UnaryOp, ast.BinOp, ast.Compare, ast.BoolOp),
    *(ast.IfExp, ast.Call, ast.expr_context, ast.USub, ast.cmpop, ast.boolop),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.BitAnd, ast.BitOr, ast.BitXor),
)
"""What values may consist of, beside items of memory."""


@dataclass(frozen=True)
class Steps:
    """How a loop does some of its steps at once.

    Attributes
    ----------
    lanes : int
        Of how many items that is.
    loads, stores : tuple of ast.Subscript
        Items that move with the loop, in the order of the text.
    fixed : tuple of ast.Subscript
        Items that are the same in all steps.
    used : frozenset of str
        Names of before the loop whose values a step uses.
    made : frozenset of str
        Names that a step binds.
    """

    lanes: int
    loads: tuple[ast.Subscript, ...]
    stores: tuple[ast.Subscript, ...]
    fixed: tuple[ast.Subscript, ...]
    used: frozenset[str]
    made: frozenset[str]


def steps_of(
    index: str,
    statements: Sequence[ast.stmt],
    functions: Collection[str],
    items_of: Callable[[str], Any],
    parallel: bool,
) -> Steps | None:
    """How the loop over `index` does some steps at once; None if it cannot.

    Parameters
    ----------
    functions : collection of str
        The names of those that take vectors as they take numbers.
    items_of : callable
        The type of the items of a pointer, by name; None of all else.
    parallel : bool
        Whether the steps are known not to depend on each other.
    """
    search = _Search(index, functions, items_of)
    if not all(search.statement(statement) for statement in statements):
        return None
    items = (*search.loads, *search.stores, *search.fixed)
    if not search.stores or not (parallel or _apart(search)):
        return None
    if any(search.made & names_of(item.slice) for item in items):
        return None
    wide = "float64" in search.called or types.float64 in {
        items_of(pointer_name(item)) for item in items
    }
    return Steps(
        lanes=BYTES // (8 if wide else 4) // (2 if search.called & CROWDED else 1),
        loads=tuple(search.loads),
        stores=tuple(search.stores),
        fixed=tuple(search.fixed),
        used=frozenset(search.used - search.made),
        made=frozenset(search.made),
    )


class _Search:
    """The walk over the statements of a step, which ends at what has no vectors."""

    def __init__(
        self,
        index: str,
        functions: Collection[str],
        items_of: Callable[[str], Any],
    ) -> None:
        self.index, self.functions, self.items_of = index, functions, items_of
        self.loads: list[ast.Subscript] = []
        self.stores: list[ast.Subscript] = []
        self.fixed: list[ast.Subscript] = []
        self.made: set[str] = set()
        self.used: set[str] = set()
        self.called: set[str] = set()

    def statement(self, statement: ast.stmt) -> bool:
        """Whether a statement has vectors."""
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found = self.expression(value)
                self.made.add(name)
                return found
            case ast.Assign(targets=[ast.Subscript() as item], value=value):
                if not self.expression(value) or not self.is_float(item):
                    return False
                self.stores.append(item)
                return moves(item.slice, self.index) == 1
        return False

    def expression(self, node: ast.expr) -> bool:
        """Whether a value has vectors."""
        waiting: list[ast.AST] = [node]
        while waiting:
            match waiting.pop():
                case ast.Subscript() as item:
                    if not self.load(item):
                        return False
                case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                    if name not in self.functions and name not in CASTS:
                        return False
                    self.called.add(name)
                    waiting += args
                case ast.Name(id=name):
                    if name == self.index:
                        return False
                    self.used.add(name)
                case ast.AST() as other if isinstance(other, PARTS):
                    waiting += ast.iter_child_nodes(other)
                case _:
                    return False
        return True

    def load(self, item: ast.Subscript) -> bool:
        """Whether an item is loaded as a vector, or is one for all."""
        stored = {pointer_name(store) for store in self.stores}
        if not self.is_float(item) or pointer_name(item) in stored:
            return False
        step = moves(item.slice, self.index)
        (self.loads if step else self.fixed).append(item)
        return step in (0, 1)

    def is_float(self, item: ast.Subscript) -> bool:
        return self.items_of(pointer_name(item)) in FLOATS


def pointer_name(item: ast.Subscript) -> str:
    """The name of the pointer; nothing if it has none."""
    return item.value.id if isinstance(item.value, ast.Name) else ""


def _apart(search: _Search) -> bool:
    """Whether no step loads or stores what another one stores."""
    places: dict[str, set[str]] = {}
    for item in (*search.loads, *search.fixed, *search.stores):
        places.setdefault(pointer_name(item), set()).add(ast.dump(item.slice))
    return all(len(places[pointer_name(item)]) == 1 for item in search.stores)


def names_of(node: ast.expr) -> set[str]:
    """The names in an expression."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def moves(place: ast.expr, index: str) -> int | None:
    """By how much `place` grows with the index: 0 or 1; None for all else."""
    if index not in names_of(place):
        return 0
    match place:
        case ast.Name():
            return 1
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            ways = moves(left, index), moves(right, index)
            return 1 if ways in ((0, 1), (1, 0)) else None
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return 1 if (moves(left, index), moves(right, index)) == (1, 0) else None
    return None
