"""Optimizer: parameter groups, their options and what is kept for each parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any, ClassVar, SupportsFloat

from engine.array import Array
from engine.errors import named
from engine.execute import flush
from engine.many import counted_again, read_all, renew_all, values_again
from engine.nn.module import zero_grads
from engine.nn.state import tensor_of
from engine.ops.op import cast
from engine.optim.steps import (
    Change,
    Entry,
    Known,
    Numbers,
    Source,
    Step,
    kind_of,
    scalars_of,
    source_of,
)
from engine.record.once import repeated
from engine.record.runtime import counted
from engine.record.trace import HERE, current_trace, switch_grad
from engine.record.value import Scalar, Value
from engine.record.watchers import watchers
from engine.torch.gradients import enable_grad
from engine.torch.operands import expanded
from engine.torch.tensor import Tensor

Group = dict[str, Any]

STEP_EVENTS = 256
"""A step runs what is pending when that is more: traces that end where training steps
end repeat, so they are planned and compiled once."""


class Optimizer:
    """Base class of optimizers: subclasses define what they do to one parameter.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        Parameters; or groups, dictionaries with ``params`` and options of their own.
    defaults : dict
        Options of groups that do not say otherwise.
    """

    REMEMBERED: ClassVar = ("_known",)  # compiled functions do not compare it

    def __init__(self, params: Any, defaults: Mapping[str, Any]) -> None:
        if isinstance(params, Array):
            raise TypeError(
                named(
                    "params argument given to the optimizer should be an iterable of "
                    f"Tensors or dicts, but got {type(params).__name__}"
                )
            )
        self.defaults = dict(defaults)
        self.state: dict[Tensor, dict[str, Any]] = {}
        self.param_groups: list[Group] = []
        self._known: Known | None = None
        if not isinstance(params, Iterable):
            raise TypeError(
                named(
                    "an iterable of parameters, or of groups of them, was required; "
                    f"{type(params).__name__} was given"
                )
            )
        given = list(params)
        if not given:
            raise ValueError(named("optimizer got an empty parameter list"))
        if not isinstance(given[0], dict):
            given = [{"params": given}]
        for group in given:
            self.add_param_group(group)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Add parameters with options of their own.

        Raises
        ------
        ValueError
            When a parameter is no leaf, or in a group already.
        TypeError
            When it is no dictionary of tensors and options.
        """
        _require_keys(TypeError, param_group, "params")
        group = dict(param_group)
        params = group["params"]
        group["params"] = [params] if isinstance(params, Tensor) else list(params)
        known = {id(p) for other in self.param_groups for p in other["params"]}
        for parameter in group["params"]:
            if not isinstance(parameter, Tensor):
                raise TypeError(
                    named(
                        "optimizer can only optimize Tensors, but one of the params is "
                        f"{type(parameter).__name__}"
                    )
                )
            if not parameter.is_leaf:
                raise ValueError(named("can't optimize a non-leaf Tensor"))
            if id(parameter) in known:
                raise ValueError(
                    named("some parameters appear in more than one parameter group")
                )
            known.add(id(parameter))
        unknown = sorted(set(group) - set(self.defaults) - {"params", "initial_lr"})
        if unknown:
            raise ValueError(
                f"optimizer: options among {sorted(self.defaults)} were required; "
                f"{unknown} were given"
            )
        self.param_groups.append({**self.defaults, **group})

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change each parameter that has a gradient.

        The changes are recorded, like any other operation, and run when something is
        looked at, or here, when much is pending.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss and its gradients again, and returns the loss.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        before = switch_grad(False)
        try:
            if not self._again():
                self._change(self._step())
        finally:
            HERE.trace.grad = before  # no call: an interrupt would be heard at it
        trace = current_trace()
        if trace.node.number >= STEP_EVENTS:
            flush(trace)
        return loss

    def _again(self) -> bool:
        """Do what the last step did; whether nothing differs, so that it was done."""
        known, groups = self._known, self.param_groups
        if known is None or watchers:
            return False
        lists = [group["params"] for group in groups]
        table = values_again(known.entries, lists, self.state)
        if table is None:
            return False
        if [self._form(group, False) for group in groups] != known.forms:
            return False
        numbers: list[Any] = []
        sets = []
        for source in known.sources:
            step = None if source.counts < 0 else known.steps[source.counts] + 1
            given = self._numbers(step, groups[source.group])
            if tuple(given) != source.names:
                return False
            made = source.numbers(given)
            sets.append(made)
            numbers += made[1]
        if not counted_again(known.states, known.steps):
            return False
        self._record(known.key, known.changes, sets, numbers, table, known.written)
        return True

    def _step(self) -> Step:
        """What is to be done for each parameter that has a gradient."""
        changes: list[Change] = []
        numbers: list[Numbers] = []
        read: list[Array] = []
        written: list[Array] = []
        entries: list[Entry] = []
        sources: list[Source] = []
        steps: list[Any] = []
        states: list[dict[str, Any]] = []
        lasting = not watchers
        for place, group in enumerate(self.param_groups):
            forms = self._form(group, False), self._form(group, True)
            alike: dict[Any, int] = {}
            for parameter in group["params"]:
                grad, dtype = parameter.grad, parameter.recipe.dtype
                if grad is None:
                    entries.append(Entry(parameter, dtype, None, 0, (), ()))
                    continue
                state = self.state.get(parameter)
                form = forms[not state]
                if not state:
                    begun = self._begun(parameter, group)
                    if begun or state is None:  # some keep nothing
                        state = self.state[parameter] = begun
                        lasting = False
                step, counts = None, -1
                if "step" in state:
                    step, counts = counted(state, "step"), len(states)
                    states.append(state)
                    steps.append(step)  # no other has its identity
                    lasting = lasting and type(step) is int
                same = dtype, type(step), step if type(step) is int else id(step)
                own = alike.get(same)
                if own is None:
                    own = alike[same] = len(numbers)
                    given = self._numbers(step, group)
                    source = source_of(given, dtype, place, counts)
                    numbers.append(source.numbers(given))
                    sources.append(source)
                kept = {k: x for k, x in state.items() if isinstance(x, Tensor)}
                tensors = tuple(kept.values())
                changes.append((form, tuple(kept), own))
                written += (parameter, *tensors)
                read += (parameter, *tensors, grad)
                entries.append(
                    Entry(parameter, dtype, state, len(state), tuple(kept), tensors)
                )
        key = kind_of((type(self), *changes, *[names for names, _, _ in numbers]))
        self._known = None
        if lasting:
            self._known = Known(
                key,
                changes,
                written,
                [self._form(group, False) for group in self.param_groups],
                tuple(entries),
                states,
                steps,
                sources,
            )
        return Step(key, changes, numbers, read_all(read), written)

    def _change(self, step: Step) -> None:
        """Do a step."""
        key, changes, sets, table, written = step
        numbers = [x for _, values, _ in sets for x in values]
        self._record(key, changes, sets, numbers, table, written)

    def _record(
        self,
        key: Any,
        changes: list[Change],
        sets: list[Numbers],
        numbers: list[Any],
        table: list[Value],
        written: list[Array],
    ) -> None:
        """Record what is to be done, then write it: an error leaves all as it was.

        `numbers` are those of all sets.
        """
        results = repeated(
            (key,), lambda: self._updates(changes, table, sets), table, numbers
        )
        renew_all(written, results)

    def _updates(
        self, changes: list[Change], table: list[Value], numbers: list[Numbers]
    ) -> list[Value]:
        """The new values of parameters and of what is kept for them."""
        values = iter(table)
        scalars = [*map(scalars_of, numbers)]
        results = []
        for form, names, own in changes:
            parameter = next(values)
            kept = {name: next(values) for name in names}
            old = [parameter, *kept.values()]
            new = self._update(form, parameter, next(values), kept, scalars[own])
            # They may meet in another dtype, as after `load_state_dict`.
            results += [
                expanded("step", cast(value, before.dtype), before.shape)
                for value, before in zip((new, *kept.values()), old, strict=True)
            ]
        return results

    # -- what an optimizer does to one parameter ------------------------------------
    def _form(self, group: Group, first: bool) -> tuple[bool, ...]:
        """The options that decide which operations a change is."""
        raise NotImplementedError

    def _begun(self, parameter: Tensor, group: Group) -> dict[str, Any]:
        """What is kept for a parameter, before its first change."""
        raise NotImplementedError

    def _numbers(self, step: Any, group: Group) -> dict[str, Any]:
        """The numbers in a change, by name; all of them must occur in it.

        `step` counts the changes, for optimizers that keep a number of this name.
        """
        raise NotImplementedError

    def _update(
        self,
        form: tuple[bool, ...],
        parameter: Value,
        grad: Value,
        kept: dict[str, Value],
        numbers: dict[str, Scalar],
    ) -> Value:
        """The new value of a parameter; new values of what is kept go into `kept`.

        Nothing but `form` may decide which operations are recorded.
        """
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to 0."""
        for group in self.param_groups:
            zero_grads(group["params"], set_to_none)

    # -- state --------------------------------------------------------------------
    def _places(self) -> dict[int, int]:
        """The number of each parameter, by identity, through all groups."""
        everything = [p for group in self.param_groups for p in group["params"]]
        return {id(p): number for number, p in enumerate(everything)}

    def state_dict(self) -> dict[str, Any]:
        """What is kept for each parameter, by number, and the options of groups."""
        numbers = self._places()
        groups = [
            {**group, "params": [numbers[id(p)] for p in group["params"]]}
            for group in self.param_groups
        ]
        state = {numbers[id(p)]: dict(kept) for p, kept in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave, as copies of the parameters' dtypes.

        Raises
        ------
        ValueError
            When the groups have other sizes, or something is missing. Nothing is
            changed then.
        """
        _require_keys(ValueError, state_dict, "state", "param_groups")
        groups, states = state_dict["param_groups"], state_dict["state"]
        parameters = self._numbered(groups)
        _require_keys(ValueError, states)
        for number, kept in states.items():
            if number not in parameters:
                given = f"{[*parameters]} were required; {number!r} was given"
                raise ValueError(named(f"states of the parameters {given}"))
            _require_keys(ValueError, kept)
        made = {
            parameters[number]: {
                key: _fitting(key, item, parameters[number])
                for key, item in kept.items()
            }
            for number, kept in states.items()
        }
        for own, group in zip(self.param_groups, groups, strict=True):
            own.update({k: deepcopy(v) for k, v in group.items() if k != "params"})
        self.state = made

    def _numbered(self, groups: list[Group]) -> dict[Any, Tensor]:
        """The parameters by the numbers that they have in a state dict's groups."""
        if len(groups) != len(self.param_groups):
            raise ValueError(
                named(
                    "loaded state dict has a different number of parameter groups: "
                    f"{len(self.param_groups)} were required; {len(groups)} were given"
                )
            )
        for group in groups:
            _require_keys(ValueError, group, "params")
        sizes = [len(group["params"]) for group in self.param_groups]
        if [len(group["params"]) for group in groups] != sizes:
            raise ValueError(
                named(
                    "loaded state dict contains a parameter group that doesn't match "
                    f"the size of optimizer's group: sizes {sizes} were required"
                )
            )
        parameters: dict[Any, Tensor] = {}
        for own, group in zip(self.param_groups, groups, strict=True):
            parameters.update(zip(group["params"], own["params"], strict=True))
        return parameters

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles keep: not what is known of the last step."""
        return {**self.__dict__, "_known": None}

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}")
            options = sorted((k, v) for k, v in group.items() if k != "params")
            lines += [f"    {key}: {value}" for key, value in options]
        return "\n".join([*lines, ")"])


def _require_keys(kind: type[Exception], given: Any, *keys: str) -> None:
    """Raise an exception of a kind unless a dictionary with some keys is given."""
    if not isinstance(given, Mapping) or not set(keys) <= set(given):
        was = [*given] if isinstance(given, Mapping) else type(given).__name__
        wanted = f" with {' and '.join(map(repr, keys))}" if keys else ""
        raise kind(named(f"a dictionary{wanted} was required; {was} was given"))


def _fitting(key: Any, item: Any, parameter: Tensor) -> Any:
    """What is kept for a parameter, on its device, and in its dtype but for steps."""
    tensor = tensor_of(item)
    if not isinstance(tensor, Tensor):
        return deepcopy(item)
    if key == "step":
        return tensor.detach().clone()
    floating = parameter.is_floating_point()
    dtype = parameter.dtype if floating else tensor.dtype
    return tensor.detach().to(parameter.device, dtype, copy=True)


def require(ok: bool, name: str, value: Any) -> None:
    """Raise PyTorch's ValueError about an option."""
    if not ok:
        raise ValueError(named(f"Invalid {name} value: {value}"))


def require_not_negative(name: str, value: Any) -> None:
    """Raise TypeError for what is no number, and ValueError for one below 0."""
    if not isinstance(value, SupportsFloat):
        raise TypeError(named(f"a number was required as {name}; {value!r} was given"))
    require(float(value) >= 0.0, name, value)
