"""Templates: trees of tuples, specs and recipes some of whose integers vary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from engine.capture.specs import Effect, Spec
from engine.recipe import Recipe, owned


class Integer:
    """In a structure, the place of an integer."""


class Slot(NamedTuple):
    """In a template, the place of a number."""

    number: int


class Varying(NamedTuple):
    """In a template, what a function makes of parts some of which vary."""

    make: Callable[..., Any]
    parts: tuple[Any, ...]


def taken_apart(thing: Any, numbers: list[int]) -> Any:
    """The structure of a tree; its integers are appended to `numbers`.

    Examples
    --------
    >>> numbers = []
    >>> structure = taken_apart((("a", 5), 7), numbers)
    >>> numbers
    [5, 7]
    >>> template = template_of(structure, iter([5, Slot(0)]))
    >>> filled(template, [9])
    (('a', 5), 9)
    """
    kind = type(thing)
    if kind is int:
        numbers.append(thing)
        return Integer
    if kind is Recipe and thing == owned(thing.dtype, thing.shape):
        # Native code knows what owns its memory by one object.
        return owned, thing.dtype, taken_apart(thing.shape, numbers)
    if kind is Spec or kind is Effect:
        parts = [getattr(thing, one.name) for one in fields(thing)]
        return kind, *[taken_apart(item, numbers) for item in parts]
    if isinstance(thing, tuple):
        make = tuple_of if kind is tuple else kind
        return make, *[taken_apart(item, numbers) for item in thing]
    if kind is list:
        return list_of, *[taken_apart(item, numbers) for item in thing]
    if kind is dict:
        parts = [taken_apart(item, numbers) for item in thing.values()]
        return dict_of, (tuple_of, *thing), *parts
    return thing


def list_of(*parts: Any) -> list[Any]:
    """A list of its arguments."""
    return [*parts]


def dict_of(keys: tuple[Any, ...], *items: Any) -> dict[Any, Any]:
    """A dict of keys and items."""
    return dict(zip(keys, items, strict=True))


def tuple_of(*parts: Any) -> tuple[Any, ...]:
    """A tuple of its arguments."""
    return parts


def template_of(structure: Any, numbers: Iterator[Any]) -> Any:
    """A tree of a structure, whose numbers are integers and slots."""
    if structure is Integer:
        return next(numbers)
    if type(structure) is not tuple:
        return structure
    make, *rest = structure
    parts = [template_of(item, numbers) for item in rest]
    if any([type(part) in (Slot, Varying) for part in parts]):
        return Varying(make, tuple(parts))
    return make(*parts)


def filled(template: Any, numbers: Sequence[int]) -> Any:
    """The tree, with numbers in the slots of its template."""
    kind = type(template)
    if kind is Slot:
        return numbers[template.number]
    if kind is not Varying:
        return template
    return template.make(*[filled(part, numbers) for part in template.parts])
