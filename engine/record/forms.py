"""Which methods record one op on their operands, so that native code may do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])


class Form(NamedTuple):
    """A method that records `op` on itself and `operands - 1` others.

    It is `reflected` where the others come first, and `in_place` where the result is
    written to what the first one shows.
    """

    op: str
    operands: int
    reflected: bool = False
    in_place: bool = False


FORMS: dict[Callable[..., Any], Form] = {}
"""The methods of both faces that have a form."""


def form(
    op: str, operands: int, *, reflected: bool = False, in_place: bool = False
) -> Callable[[Method], Method]:
    """Decorator: the method is nothing but this op on its operands."""

    def declare(method: Method) -> Method:
        FORMS[method] = Form(op, operands, reflected, in_place)
        return method

    return declare
