"""Loops as loops of vectors, without LLVM's vectoriser.

A step of such a loop does what the text says for as many items as some vector registers
hold. The last step may have fewer: it loads them by masks, works on zeros beside them,
and stores what it has. So there is one loop, where LLVM makes three or four of one (of
some vectors, of one vector, of one item), and takes two or three times as long. The
operations of each item are the same, and so are the bits: see
``tests/kernels/test_wide.py``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from llvmlite import ir
from numba.core import types

from ..intrinsics import dtype_name
from ..scalars import FUSED
from ..term import NoVector, Term, same_everywhere
from .body import Body, lower
from .functions import NAMESPACE
from .quotients import Divisors
from .steps import Steps, pointer_name, steps_of
from .target import has_fused_multiply_add, loads_by_masks
from .values import FLOATS, INT64, Item, cast
from .vectors import (
    copy_some,
    item_bytes,
    load_vectors,
    repeated,
    splat,
)

CALLED = re.compile(r"\b[a-z]\w*(?=\()")

WORTHWHILE = FUSED | {"stack"}
"""What kernels call that have a formula, or a reduction of which LLVM knows nothing."""


def lower_to_vectors(text: str, names: Mapping[str, Any], entry: str) -> ir.Module:
    """What `lower` gives, with vectors in all innermost loops.

    Raises
    ------
    NoVector
        If that is not possible; or if it is not worthwhile, as in loops of plain sums
        and products, of which LLVM makes vectors well and soon enough.
    """
    if not loads_by_masks() or WORTHWHILE.isdisjoint(CALLED.findall(text)):
        raise NoVector("plain loops")
    return lower(text, names, entry, WideBody)


NOTHING: Mapping[int, Item] = MappingProxyType({})


class WideBody(Body):
    """The walk over a text in whose innermost loops the values are vectors."""

    lanes = 0
    """Numbers of each vector; 0 outside of such loops."""

    items: Mapping[int, Item] = NOTHING
    """The items that a step has loaded, by their node."""

    divisors: Divisors | None = None
    """By which numbers a step may divide without a division."""

    def loop(
        self, name: str, bounds: Sequence[Any], statements: Sequence[ast.stmt]
    ) -> None:
        """``for name in range(*bounds)``"""
        inner = list(statements_within(statements))
        if any(isinstance(x, ast.For) for x in inner):
            super().loop(name, bounds, statements)
            return
        steps = None
        if len(bounds) < 3 and name not in self.varying:
            parallel = self.accesses is not None
            steps = steps_of(name, statements, NAMESPACE, self.items_of, parallel)
        if steps is not None and steps.made.isdisjoint(self.varying):
            start, stop = bounds if len(bounds) == 2 else (INT64(0), *bounds)
            self.wide_loop(name, start, stop, statements, steps)
            return
        before = len(self.builder.function.blocks)
        super().loop(name, bounds, statements)
        plain = len(self.builder.function.blocks) - before == 2  # no loop of a call
        branches = any(isinstance(x, ast.If) for x in inner)
        if plain or (branches and not any(isinstance(x, ast.Expr) for x in inner)):
            raise NoVector(f"the loop over {name}")

    def items_of(self, name: str) -> Any:
        """The type of the items of a pointer; None of all else."""
        item = self.bound.get(name)
        pointer = item is not None and isinstance(item.type, types.CPointer)
        return item.type.dtype if item is not None and pointer else None

    def wide_loop(
        self,
        name: str,
        start: Any,
        stop: Any,
        statements: Sequence[ast.stmt],
        steps: Steps,
    ) -> None:
        """Steps of ``steps.lanes`` items from `start` to `stop`."""
        build, lanes = self.builder, steps.lanes
        first, inside, after = (
            build.append_basic_block(f"{name}.{part}")
            for part in ("first", "vectors", "after")
        )
        build.cbranch(build.icmp_signed("<", start, stop), first, after)
        build.position_at_end(first)
        fixed, outside = self.outside_of(steps)
        sources, targets = (self.starts(name, x) for x in (steps.loads, steps.stores))
        kinds = [ir.VectorType(x.type.pointee, lanes) for x in sources]
        zeros = [repeated(kind, 0) for kind in kinds]
        build.branch(inside)
        build.position_at_end(inside)
        index = build.phi(INT64, name)
        index.add_incoming(start, first)
        left = build.sub(stop, index)
        whole = build.icmp_signed(">=", left, INT64(lanes))
        loaded = load_vectors(
            build, [build.gep(x, [index]) for x in sources], whole, left, zeros
        )
        items = {
            id(item): Item(self.items_of(pointer_name(item)), value)
            for item, value in zip(steps.loads, loaded, strict=True)
        }
        values = self.values_of(statements, lanes, fixed | items, outside)
        places = [build.gep(x, [index]) for x in targets]
        with build.if_then(build.not_(whole), likely=False):
            copy_some(build, values, places, left)
            build.branch(after)
        store_vectors(build, values, places)
        following = build.add(index, INT64(lanes), flags=["nsw"])
        index.add_incoming(following, build.block)
        build.cbranch(build.icmp_signed("<", following, stop), inside, after)
        build.position_at_end(after)

    def outside_of(self, steps: Steps) -> tuple[dict[int, Item], dict[str, Item]]:
        """Vectors of what is the same in all steps: items by their node, and names.

        The steps may divide by them without a division.
        """
        items = {id(item): self.expression(item) for item in steps.fixed}
        names = {x: self.name(x) for x in steps.used}
        found: dict[int, Term] = {}

        def spread(number: Item) -> Item:
            vector = self.spread(number, steps.lanes)
            if number.type in FLOATS and has_fused_multiply_add():
                found[id(vector.value)] = self.term(number)
            return vector

        fixed = {node: spread(number) for node, number in items.items()}
        outside = {name: spread(number) for name, number in names.items()}
        self.divisors = Divisors(found, self.builder.block)
        return fixed, outside

    def starts(self, name: str, items: Sequence[ast.Subscript]) -> list[Any]:
        """Where items are at index 0."""
        outside = self.bound
        self.bound = {**outside, name: Item(types.int64, INT64(0))}
        found = [self.element(pointer_name(x), x.slice)[1] for x in items]
        self.bound = outside
        return found

    def values_of(
        self,
        statements: Sequence[ast.stmt],
        lanes: int,
        items: Mapping[int, Item],
        names: Mapping[str, Item],
    ) -> list[Any]:
        """The vectors that a step stores, in the order of its stores.

        `items` are the vectors that are known by the nodes of the text, `names` those
        of what was bound outside.
        """
        outside = self.bound
        self.bound, self.items, self.lanes = {**outside, **names}, items, lanes
        found = []
        for statement in statements:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.bound[name] = self.expression(value)
                case ast.Assign(targets=[ast.Subscript() as target], value=value):
                    kind = self.items_of(pointer_name(target))
                    item = cast(self.place, self.expression(value), kind)
                    found.append(item.value)
        self.bound, self.items, self.lanes = outside, NOTHING, 0
        return found

    def expression(self, node: ast.expr) -> Item:
        """The value of an expression: a vector within a step."""
        if id(node) in self.items:
            return self.items[id(node)]
        return self.spread(super().expression(node), self.lanes)

    def call(self, node: ast.Call) -> Item:
        """A conversion or an intrinsic; or a quotient without a division."""
        match node:
            case ast.Call(
                func=ast.Name(id="divide"), args=[top, ast.Name() as bottom]
            ) if self.divisors and self.lanes:
                y = self.expression(bottom)
                if id(y.value) in self.divisors.numbers:
                    x = self.expression(top)
                    if x.type == y.type:
                        found = self.divisors.quotient(self.term(x), self.term(y))
                        return Item(x.type, found.value)
        return super().call(node)

    def term(self, item: Item) -> Term:
        """A value as a term of the scalar library."""
        return Term(self.place, item.value, dtype_name(item.type))

    def operand(self, node: ast.expr) -> Item:
        """What an intrinsic is given: a type or a vector within a step."""
        return self.spread(super().operand(node), self.lanes)

    def spread(self, item: Item, lanes: int) -> Item:
        """A number in all lanes of a vector; a vector, or a type, as it is."""
        value = item.value
        if not lanes or value is None or isinstance(value.type, ir.VectorType):
            return item
        if isinstance(item.type, types.Complex):
            raise NoVector("a complex number")
        kind = ir.VectorType(value.type, lanes)
        if isinstance(value, ir.Constant):
            return Item(item.type, same_everywhere(value.constant, kind))
        return Item(item.type, splat(self.builder, value, lanes))


def statements_within(block: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a block and of the blocks in it."""
    for statement in block:
        yield statement
        if isinstance(statement, ast.For | ast.If):
            yield from statements_within(statement.body)


def store_vectors(build: Any, values: Sequence[Any], places: Sequence[Any]) -> None:
    """Store vectors."""
    for value, place in zip(values, places, strict=True):
        wide = build.bitcast(place, value.type.as_pointer())
        build.store(value, wide, align=item_bytes(value.type.element))
