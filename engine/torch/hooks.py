"""Hooks on gradients: what they may answer, and how they are taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from engine.array import Array
from engine.cotangent import Cotangent, settle
from engine.ops.regions import update
from engine.recipe import Recipe
from engine.storage import read_region

Hook = Callable[[Any], Any]


class Handle:
    """What `register_hook` gives: `remove` takes the hook away; so does ``with``."""

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self._hooks, self._hook = hooks, hook

    def remove(self) -> None:
        """Call the hook no longer."""
        # One function may be hooked twice, each time with a handle of its own.
        self._hooks[:] = [hook for hook in self._hooks if hook is not self._hook]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def checked(hook: Hook) -> Hook:
    """A hook whose answers can take the place of the gradient, or raise."""

    def called(gradient: Array) -> Array | None:
        answer = hook(gradient)
        if answer is None:
            return None
        name = getattr(hook, "__name__", type(hook).__name__)
        if not isinstance(answer, Array):
            raise TypeError(
                f"backward: a tensor or None was required of hook {name!r}; expected "
                f"Variable, but hook returned {type(answer).__name__!r}"
            )
        given, wanted = answer.recipe, gradient.recipe
        if given.dtype != wanted.dtype:
            raise RuntimeError(
                f"backward: hook {name!r} has changed the type of value (was "
                f"{wanted.dtype.name} got {given.dtype.name})"
            )
        if given.shape != wanted.shape:
            raise RuntimeError(
                f"backward: hook {name!r} has changed the size of value (was "
                f"{list(wanted.shape)} got {list(given.shape)})"
            )
        return answer

    return called


def within_walk(
    hook: Hook, recipe: Recipe, face: type[Array]
) -> Callable[[Cotangent], Cotangent]:
    """A hook on a result as the walk calls it: on gradients of the whole base."""

    def within(cotangent: Cotangent) -> Cotangent:
        total = settle(cotangent)
        answer = hook(face.wrap(read_region(total, recipe)))
        if answer is None:
            return cotangent
        return Cotangent(update(total, answer.read(), attributes=(recipe,)))

    return within
