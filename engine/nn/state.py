"""The state of a module: parameters and buffers that are saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.nn.contents import Contents, Place
from engine.nn.parameter import Parameter
from engine.torch.tensor import Tensor


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


class State(Contents):
    """What `Module` saves and loads."""

    def state_dict(
        self,
        *,
        destination: dict[str, Any] | None = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> dict[str, Any]:
        """All parameters and buffers by dotted name, on the same memory.

        What is shared stands under each of its names.

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
        own = {place.name: place for place in self._places()}
        missing = [key for key in own if key not in state_dict]
        unexpected = [key for key in state_dict if key not in own]
        problems = []
        if strict and unexpected:
            names = ", ".join(f'"{key}"' for key in unexpected)
            problems.append(f"Unexpected key(s) in state_dict: {names}. ")
        if strict and missing:
            names = ", ".join(f'"{key}"' for key in missing)
            problems.append(f"Missing key(s) in state_dict: {names}. ")
        found = [place for key, place in own.items() if key in state_dict]
        problems += _misfits(found, state_dict)
        if problems:
            lines = "\n\t".join(problems)
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{lines}"
            )
        for name, table, key in found:
            if assign:
                table[key] = _instead(table[key], state_dict[name])
            else:
                table[key].detach().copy_(state_dict[name])
        return Keys(missing, unexpected)


def _misfits(places: list[Place], given: Mapping[str, Any]) -> list[str]:
    """What is wrong with tensors that are to be loaded."""
    problems = []
    for name, table, key in places:
        new, old = given[name], table[key]
        if not hasattr(new, "shape"):
            problems.append(
                f"{name}: a tensor was required; {type(new).__name__} was given."
            )
        elif tuple(new.shape) != tuple(old.shape):
            problems.append(
                f"size mismatch for {name}: copying a param with shape "
                f"{list(new.shape)} from checkpoint, the shape in current model "
                f"is {list(old.shape)}."
            )
    return problems


def _instead(old: Tensor, new: Any) -> Tensor:
    """What takes the place of a parameter or buffer."""
    if isinstance(old, Parameter) and not isinstance(new, Parameter):
        return Parameter(new, old.requires_grad)
    if isinstance(new, Parameter):
        new.requires_grad_(old.requires_grad)
    return new  # type: ignore[no-any-return]
