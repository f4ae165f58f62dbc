"""The state of a module: parameters and buffers that are saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from engine.array import Array
from engine.errors import named
from engine.nn.contents import Contents, Place
from engine.nn.parameter import Parameter
from engine.torch.tensor import Tensor, value_of_data


class Keys(NamedTuple):
    """What `load_state_dict` did not find, and what it had no place for."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return (
            f"Keys(missing_keys={self.missing_keys}, "
            f"unexpected_keys={self.unexpected_keys})"
        )


EXTRA = "_extra_state"
"""The name under which `get_extra_state` of a module is saved."""

_NOT_ALWAYS_SAVED = frozenset({"num_batches_tracked"})
"""Buffers that older files do not have: they stay what they are then."""


class State(Contents):
    """What `Module` saves and loads."""

    def get_extra_state(self) -> Any:
        """What else `state_dict` keeps of this module; subclasses may define it."""
        raise RuntimeError(named("a subclass that defines it was required"))

    def set_extra_state(self, state: Any) -> None:
        """Take over what `get_extra_state` gave; for subclasses that define it."""
        raise RuntimeError(named("a subclass that defines it was required"))

    def state_dict(
        self,
        *,
        destination: dict[str, Any] | None = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> dict[str, Any]:
        """All parameters and buffers by dotted name, on the same memory.

        What is shared stands under each of its names. Where a module defines
        `get_extra_state`, what it gives is there, too.

        Parameters
        ----------
        destination : dict, optional
            Where they are put; a new one by default.
        prefix : str
            What all names begin with.
        keep_vars : bool
            Give the parameters and buffers themselves; they are detached else.
        """
        state: dict[str, Any] = {} if destination is None else destination
        for name, table, key in self._places():
            state[prefix + name] = table[key] if keep_vars else table[key].detach()
        for name, module in self._extras().items():
            state[prefix + name] = module.get_extra_state()
        return state

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Keys:
        """Copy tensors into the parameters and buffers of the same names.

        With `assign` they take their places instead: the memory is shared, the dtype
        is theirs.

        Raises
        ------
        RuntimeError
            When shapes differ, or, if `strict`, when names are missing or unknown.
            Nothing is copied then.
        TypeError
            When it is no mapping.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                "load_state_dict: a mapping of names to tensors was required; "
                f"{type(state_dict).__name__} was given"
            )
        own, extras = {place.name: place for place in self._places()}, self._extras()
        missing = [
            name
            for name, place in own.items()
            if name not in state_dict and place.key not in _NOT_ALWAYS_SAVED
        ]
        missing += [name for name in extras if name not in state_dict]
        unexpected = [key for key in state_dict if key not in {*own, *extras}]
        problems = []
        if strict and unexpected:
            names = ", ".join(f'"{key}"' for key in unexpected)
            problems.append(f"Unexpected key(s) in state_dict: {names}. ")
        if strict and missing:
            names = ", ".join(f'"{key}"' for key in missing)
            problems.append(f"Missing key(s) in state_dict: {names}. ")
        found = [place for key, place in own.items() if key in state_dict]
        given = {place.name: tensor_of(state_dict[place.name]) for place in found}
        problems += _misfits(found, given, assign)
        if problems:
            lines = "\n\t".join(problems)
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{lines}"
            )
        for name, table, key in found:
            if assign:
                table[key] = _instead(table[key], given[name])
            else:
                table[key].detach().copy_(given[name])
        for name, module in extras.items():
            if name in state_dict:
                module.set_extra_state(state_dict[name])
        return Keys(missing, unexpected)

    def _extras(self) -> dict[str, State]:
        """The modules that define `get_extra_state`, by the names of what it gives."""
        return {
            f"{name}.{EXTRA}" if name else EXTRA: module
            for name, module in self.named_modules(None, "", False)
            if type(module).get_extra_state is not State.get_extra_state
        }


def tensor_of(given: Any) -> Any:
    """A tensor on the memory of an array, or of the elements of an ndarray.

    Anything else is left for `_misfits` to find.
    """
    if isinstance(given, Array) and not isinstance(given, Tensor):
        return Tensor.from_line(given.line, given.recipe, given.writeable)
    if isinstance(given, (np.ndarray, np.generic)) and given.dtype.kind in "biufc":
        return Tensor.wrap(value_of_data(given))
    return given


def _misfits(places: list[Place], given: Mapping[str, Any], assign: bool) -> list[str]:
    """What is wrong with tensors that are to be loaded."""
    problems = []
    for name, table, key in places:
        new, old = given[name], table[key]
        if not isinstance(new, Tensor):
            problems.append(
                f"{name}: a tensor was required; {type(new).__name__} was given."
            )
        elif tuple(new.shape) != tuple(old.shape):
            problems.append(
                f"size mismatch for {name}: copying a param with shape "
                f"{list(new.shape)} from checkpoint, the shape in current model "
                f"is {list(old.shape)}."
            )
        elif assign and old.requires_grad and new.recipe.dtype.kind not in "fc":
            problems.append(
                f"{name}: only Tensors of floating point and complex dtype can "
                f"require gradients; {new.recipe.dtype.name} was given."
            )
        elif not assign and not old.writeable:
            problems.append(f"{name}: memory that can be written to was required.")
    return problems


def _instead(old: Tensor, new: Tensor) -> Tensor:
    """What takes the place of a parameter or buffer."""
    if isinstance(old, Parameter) and not isinstance(new, Parameter):
        return Parameter(new, old.requires_grad)
    if isinstance(new, Parameter):
        new.requires_grad_(old.requires_grad)
    return new
