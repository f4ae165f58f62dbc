"""Module: what has parameters, and is called on tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Self

from engine.many import forget_grads
from engine.nn.parameter import Parameter
from engine.torch.device import device, usable_device
from engine.torch.dtypes import dtype_of
from engine.torch.tensor import FROZEN, Tensor


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


class Module:
    """Base class of all layers and models.

    Attributes that are parameters or modules are found by `parameters`, `state_dict`
    and the like. Subclasses define `forward`.

    Examples
    --------
    >>> import engine
    >>> class Scale(engine.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = engine.nn.Parameter(engine.ones(1))
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> [name for name, _ in Scale().named_parameters()]
    ['factor']
    """

    training: bool

    def __init__(self) -> None:
        set_plainly = super().__setattr__
        set_plainly("_parameters", {})
        set_plainly("_buffers", {})
        set_plainly("_modules", {})
        set_plainly("_not_saved", set())
        set_plainly("training", True)

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _not_saved: set[str]

    def forward(self, *args: Any, **options: Any) -> Any:
        """Compute; subclasses define it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.forward(*args, **options)

    # -- attributes ---------------------------------------------------------------
    def __setattr__(self, name: str, value: Any) -> None:
        tables = self.__dict__.get("_parameters"), self.__dict__.get("_modules")
        if isinstance(value, (Parameter, Module)) and None in tables:
            raise AttributeError(
                f"cannot assign {name} before Module.__init__() call: call "
                "super().__init__() first"
            )
        if isinstance(value, Parameter):
            self._forget(name, self._parameters)
            self._parameters[name] = value
        elif isinstance(value, Module):
            self._forget(name, self._modules)
            self._modules[name] = value
        elif None in tables or not self._replace(name, value):
            super().__setattr__(name, value)

    def _replace(self, name: str, value: Any) -> bool:
        """Assign to a registered name; whether it was one."""
        if name in self._parameters or name in self._modules:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type(value).__name__}' as '{name}' "
                    "(nn.Parameter, nn.Module or None expected)"
                )
            table: dict[str, Any]
            table = self._parameters if name in self._parameters else self._modules
            table[name] = None
            return True
        if name in self._buffers:
            self._buffers[name] = value
            return True
        return False

    def _forget(self, name: str, kept: Mapping[str, Any]) -> None:
        """Take a name out of all tables but one, where it keeps its place."""
        self.__dict__.pop(name, None)
        for table in (self._parameters, self._buffers, self._modules):
            if table is not kept:
                table.pop(name, None)

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        for table in ("_parameters", "_buffers", "_modules"):
            if table in own and name in own[table]:
                return own[table][name]
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}"
        )

    def __delattr__(self, name: str) -> None:
        for table in (self._parameters, self._buffers, self._modules):
            if name in table:
                del table[name]
                return
        super().__delattr__(name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, or None in the place of one.

        Raises TypeError for anything else, and KeyError for a name with a dot.
        """
        self._check("register_parameter", name, param, Parameter)
        self._forget(name, self._parameters)
        self._parameters[name] = param

    def register_buffer(
        self, name: str, tensor: Tensor | None, persistent: bool = True
    ) -> None:
        """Add a tensor that is saved with the parameters, but not trained.

        Raises TypeError for anything else than a tensor or None, and KeyError for a
        name with a dot.
        """
        self._check("register_buffer", name, tensor, Tensor)
        self._forget(name, self._buffers)
        self._buffers[name] = tensor
        if persistent:
            self._not_saved.discard(name)
        else:
            self._not_saved.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a module, or None in the place of one.

        Raises TypeError for anything else, and KeyError for a name with a dot.
        """
        self._check("add_module", name, module, Module)
        self._forget(name, self._modules)
        self._modules[name] = module

    @staticmethod
    def _check(method: str, name: Any, given: Any, kind: type) -> None:
        if not isinstance(name, str) or "." in name:  # dots are between names
            error = KeyError if isinstance(name, str) else TypeError
            raise error(
                f"{method}: a name without a dot was required; {name!r} was given"
            )
        if not (given is None or isinstance(given, kind)):
            raise TypeError(
                f"{method}: a {kind.__name__} or None was required as {name!r}; "
                f"{type(given).__name__} was given"
            )

    register_module = add_module

    # -- contents -----------------------------------------------------------------
    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all within it, each once, with dotted names.

        Examples
        --------
        >>> import engine
        >>> model = engine.nn.Sequential(engine.nn.Linear(2, 1), engine.nn.Tanh())
        >>> [name for name, _ in model.named_modules()]
        ['', '0', '1']
        """
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield name, module
            inner = [
                (f"{name}.{key}" if name else key, each)
                for key, each in module._modules.items()
                if each is not None
            ]
            stack.extend(reversed(inner))

    def modules(self) -> Iterator[Module]:
        """This module and all within it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly within this one."""
        for name, module in self._modules.items():
            if module is not None:
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly within this one."""
        return (module for _, module in self.named_children())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters, each once, with dotted names.

        Examples
        --------
        >>> import engine
        >>> model = engine.nn.Sequential(engine.nn.Linear(2, 1))
        >>> [(name, list(p.shape)) for name, p in model.named_parameters()]
        [('0.weight', [1, 2]), ('0.bias', [1])]
        """
        return self._named("_parameters", prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, each once."""
        return (parameter for _, parameter in self.named_parameters("", recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """All buffers, each once, with dotted names."""
        return self._named("_buffers", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers, each once."""
        return (buffer for _, buffer in self.named_buffers("", recurse))

    def _named(self, table: str, prefix: str, recurse: bool) -> Iterator[Any]:
        seen: set[int] = set()
        named = self.named_modules(prefix) if recurse else iter([(prefix, self)])
        for name, module in named:
            for key, each in getattr(module, table).items():
                if each is not None and id(each) not in seen:
                    seen.add(id(each))
                    yield (f"{name}.{key}" if name else key), each

    def get_submodule(self, target: str) -> Module:
        """The module of a dotted name."""
        module: Any = self
        for part in filter(None, target.split(".")):
            module = getattr(module, part)
        if not isinstance(module, Module):
            raise AttributeError(f"get_submodule: {target!r} is no module")
        return module

    # -- state --------------------------------------------------------------------
    def state_dict(self, prefix: str = "") -> dict[str, Tensor]:
        """All parameters and buffers by dotted name, detached, on the same memory."""
        return {key: tensor.detach() for key, tensor in self._state(prefix).items()}

    def _state(self, prefix: str = "") -> dict[str, Tensor]:
        state: dict[str, Tensor] = {}
        for name, module in self.named_modules(prefix.rstrip(".")):
            lead = name + "." if name else ""
            for key, parameter in module._parameters.items():
                if parameter is not None:
                    state[lead + key] = parameter
            for key, buffer in module._buffers.items():
                if buffer is not None and key not in module._not_saved:
                    state[lead + key] = buffer
        return state

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True
    ) -> Keys:
        """Copy tensors into the parameters and buffers of the same names.

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
        own = self._state()
        missing = [key for key in own if key not in state_dict]
        unexpected = [key for key in state_dict if key not in own]
        problems = []
        if strict and unexpected:
            names = ", ".join(f'"{key}"' for key in unexpected)
            problems.append(f"Unexpected key(s) in state_dict: {names}. ")
        if strict and missing:
            names = ", ".join(f'"{key}"' for key in missing)
            problems.append(f"Missing key(s) in state_dict: {names}. ")
        for key, tensor in own.items():
            if key not in state_dict:
                continue
            given = state_dict[key]
            if not hasattr(given, "shape"):
                problems.append(
                    f"{key}: a tensor was required; {type(given).__name__} was given."
                )
            elif tuple(given.shape) != tuple(tensor.shape):
                problems.append(
                    f"size mismatch for {key}: copying a param with shape "
                    f"{list(given.shape)} from checkpoint, the shape in current model "
                    f"is {list(tensor.shape)}."
                )
        if problems:
            lines = "\n\t".join(problems)
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{lines}"
            )
        for key, tensor in own.items():
            if key in state_dict:
                tensor.detach().copy_(state_dict[key])
        return Keys(missing, unexpected)

    # -- changes ------------------------------------------------------------------
    def train(self, mode: bool = True) -> Self:
        """Set the training mode here and in all modules within."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Leave the training mode."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say of all parameters whether they require grad."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to 0."""
        zero_grads(list(self.parameters()), set_to_none)

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call a function with each module, this one last."""
        for module in reversed(list(self.modules())):
            fn(module)
        return self

    def to(self, *args: Any, **options: Any) -> Self:
        """Convert all floating parameters and buffers to a dtype, or to a device."""
        wanted = options.pop("dtype", None)
        place = options.pop("device", None)
        options.pop("non_blocking", None)
        if options:
            raise TypeError(f"to: unexpected arguments {sorted(options)} were given")
        for each in args:
            if isinstance(each, Tensor):
                wanted, place = each.dtype, each.device
            elif isinstance(each, (str, device)):
                place = each
            else:
                wanted = each
        where = None if place is None else usable_device(place)
        target = None if wanted is None else dtype_of(wanted)
        if target is not None and target.kind not in "fc":
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, but "
                f"got desired dtype={target!r}"
            )
        for tensor in (*self.parameters(), *self.buffers()):
            dtype = target if tensor.is_floating_point() else None
            if dtype is None and where is None:
                continue
            gradient = tensor.grad
            tensor.data = tensor.detach().to(where, dtype)
            if gradient is not None:
                tensor.grad = gradient.to(where, dtype)
        return self

    def float(self) -> Self:
        """Convert floating parameters and buffers to float32."""
        return self.to(dtype_of("float32"))

    def double(self) -> Self:
        """Convert floating parameters and buffers to float64."""
        return self.to(dtype_of("float64"))

    def cpu(self) -> Self:
        """Move the parameters and buffers into the memory of the host."""
        return self.to("cpu")

    def cuda(self, device: Any = None) -> Self:
        """Move the parameters and buffers to a CUDA device."""
        return self.to("cuda" if device is None else device)

    # -- text ---------------------------------------------------------------------
    def extra_repr(self) -> str:
        """What stands in the brackets; subclasses may define it."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        inner = []
        for name, module in self._modules.items():
            text = repr(module).replace("\n", "\n  ")
            inner.append(f"({name}): {text}")
        if len(lines) <= 1 and not inner:
            return f"{type(self).__name__}({extra})"
        body = "\n  ".join(lines + inner)
        return f"{type(self).__name__}(\n  {body}\n)"


def zero_grads(parameters: list[Any], set_to_none: bool) -> None:
    """Let parameters have no gradients, or gradients of zeros."""
    if set_to_none:
        forget_grads(parameters)
        if FROZEN:
            for parameter in parameters:
                parameter.grad = None
        return
    for parameter in parameters:
        gradient = parameter.grad
        if gradient is not None:
            parameter.grad = gradient.detach().zero_()
