"""Module: what has parameters, and is called on tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from engine.many import forget_grads
from engine.nn.parameter import Parameter
from engine.nn.state import State
from engine.torch.device import device, usable_device
from engine.torch.dtypes import dtype_of
from engine.torch.hooks import Handle
from engine.torch.tensor import FROZEN, Tensor


class Module(State):
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

    def forward(self, *args: Any, **options: Any) -> Any:
        """Compute; subclasses define it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def __call__(self, *args: Any, **options: Any) -> Any:
        if "_hooks" in self.__dict__:
            return self._hooked(args, options)
        return self.forward(*args, **options)

    # -- hooks --------------------------------------------------------------------
    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
    ) -> Handle:
        """Call ``hook(module, args, output)`` after each call of this module.

        What it returns, unless None, takes the place of the output. Keyword arguments
        come after `args`, if `with_kwargs`; `prepend` puts the hook before others.

        Examples
        --------
        >>> import engine
        >>> layer = engine.nn.Tanh()
        >>> handle = layer.register_forward_hook(lambda module, args, out: out + 1)
        >>> layer(engine.zeros(2))
        tensor([1., 1.])
        >>> handle.remove()
        >>> layer(engine.zeros(2))
        tensor([0., 0.])
        """
        return self._hook("after", hook, prepend, with_kwargs)

    def register_forward_pre_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
    ) -> Handle:
        """Call ``hook(module, args)`` before each call of this module.

        What it returns, unless None, takes the place of the arguments: a tuple of them,
        or the only one; if `with_kwargs`, a tuple of them and a dictionary of others.
        """
        return self._hook("before", hook, prepend, with_kwargs)

    def _hook(
        self, when: str, hook: Callable[..., Any], prepend: bool, named: bool
    ) -> Handle:
        # There are none in most modules, which are called without a look at them.
        hooks = self.__dict__.setdefault("_hooks", {"before": [], "after": []})[when]
        entry = (hook, named)
        hooks.insert(0 if prepend else len(hooks), entry)
        return Handle(hooks, entry)

    def _hooked(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        hooks = self.__dict__["_hooks"]
        for hook, named in list(hooks["before"]):
            answer = hook(self, args, options) if named else hook(self, args)
            if named and answer is not None:
                if not isinstance(answer, tuple) or len(answer) != 2:
                    raise RuntimeError(
                        "forward pre-hook must return None or a tuple of (new_args, "
                        f"new_kwargs), but got {answer}"
                    )
                args, options = answer
            elif answer is not None:
                args = answer if isinstance(answer, tuple) else (answer,)
        output = self.forward(*args, **options)
        for hook, named in list(hooks["after"]):
            given = (args, options) if named else (args,)
            answer = hook(self, *given, output)
            output = output if answer is None else answer
        return output

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
        elif isinstance(value, Module) and name not in self._parameters:
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
            if not (value is None or isinstance(value, Tensor)):
                raise TypeError(
                    f"cannot assign '{type(value).__name__}' as buffer '{name}' "
                    "(Tensor or None expected)"
                )
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

    def __dir__(self) -> list[str]:
        tables = (self._parameters, self._buffers, self._modules)
        names = [name for table in tables for name in table if name.isidentifier()]
        return sorted({*super().__dir__(), *names})

    def __delattr__(self, name: str) -> None:
        for table in (self._parameters, self._buffers, self._modules):
            if name in table:
                del table[name]
                return
        super().__delattr__(name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, or None in the place of one.

        Raises TypeError for anything else, and KeyError for a name with a dot,
        without a letter, or of another attribute.
        """
        self._check("register_parameter", name, param, Parameter, self._parameters)
        self._forget(name, self._parameters)
        self._parameters[name] = param

    def register_buffer(
        self, name: str, tensor: Tensor | None, persistent: bool = True
    ) -> None:
        """Add a tensor that is saved with the parameters, but not trained.

        Raises TypeError for anything else than a tensor or None, and KeyError for a
        name with a dot, without a letter, or of another attribute.
        """
        self._check("register_buffer", name, tensor, Tensor, self._buffers)
        self._forget(name, self._buffers)
        self._buffers[name] = tensor
        if persistent:
            self._not_saved.discard(name)
        else:
            self._not_saved.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a module, or None in the place of one.

        Raises TypeError for anything else, and KeyError for a name with a dot,
        without a letter, or of another attribute.
        """
        self._check("add_module", name, module, Module, self._modules)
        self._forget(name, self._modules)
        self._modules[name] = module

    def _check(
        self, method: str, name: Any, given: Any, kind: type, table: Mapping[str, Any]
    ) -> None:
        if not isinstance(name, str) or "." in name or not name:
            error = KeyError if isinstance(name, str) else TypeError
            raise error(  # dots are between names
                f"{method}: a name without a dot was required; {name!r} was given"
            )
        if name not in table and hasattr(self, name):
            raise KeyError(f"{method}: attribute {name!r} already exists")
        if not (given is None or isinstance(given, kind)):
            raise TypeError(
                f"{method}: a {kind.__name__} or None was required as {name!r}; "
                f"{type(given).__name__} was given"
            )

    register_module = add_module

    # -- changes ------------------------------------------------------------------
    def train(self, mode: bool = True) -> Self:
        """Set the training mode here and in all modules within."""
        if not isinstance(mode, bool):
            raise ValueError(
                f"train: training mode is expected to be boolean; {mode!r} was given"
            )
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
        """Call a function with each module: with those within one before it."""
        for module in self.children():
            module.apply(fn)
        fn(self)
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
        self._convert(lambda x: x.to(where, target if x.is_floating_point() else None))
        return self

    def _convert(self, change: Callable[[Tensor], Tensor]) -> None:
        """Let all parameters, buffers and gradients be what is made of them."""
        for tensor in (*self.parameters(), *self.buffers()):
            old, gradient = tensor.detach(), tensor.grad
            new = change(old)
            if new is old:
                continue
            tensor.data = new
            if gradient is not None:
                tensor.grad = change(gradient)

    def float(self) -> Self:
        """Convert floating parameters and buffers to float32."""
        return self.to(dtype_of("float32"))

    def double(self) -> Self:
        """Convert floating parameters and buffers to float64."""
        return self.to(dtype_of("float64"))

    def half(self) -> Self:
        """Convert floating parameters and buffers to float16."""
        return self.to(dtype_of("float16"))

    def type(self, dst_type: Any) -> Self:
        """Convert all parameters and buffers to a dtype, integers too."""
        self._convert(lambda tensor: tensor.to(dtype_of(dst_type)))
        return self

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
