"""What is in a module: parameters, buffers and modules, with dotted names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.nn.parameter import Parameter
from engine.torch.tensor import Tensor

if TYPE_CHECKING:
    from engine.nn.module import Module


class Place(NamedTuple):
    """Where a parameter or buffer is: its name in the whole, and a table and key."""

    name: str
    table: dict[str, Any]
    key: str


class Contents:
    """What `Module` has, and how to find it."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _not_saved: set[str]

    def named_modules(
        self,
        memo: set[Any] | None = None,
        prefix: str = "",
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, Any]]:
        """This module and all within it, with dotted names.

        Parameters
        ----------
        memo : set, optional
            Modules that are left out; those that are found are added.
        prefix : str
            The name of this one.
        remove_duplicate : bool
            Give each once, under its first name.

        Examples
        --------
        >>> import engine
        >>> model = engine.nn.Sequential(engine.nn.Linear(2, 1), engine.nn.Tanh())
        >>> [name for name, _ in model.named_modules()]
        ['', '0', '1']
        """
        seen = set() if memo is None else memo
        stack: list[tuple[str, Any]] = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if remove_duplicate:
                if module in seen:
                    continue
                seen.add(module)
            yield name, module
            inner = [
                (_joined(name, key), each)
                for key, each in module._modules.items()
                if each is not None
            ]
            stack.extend(reversed(inner))

    def modules(self) -> Iterator[Module]:
        """This module and all within it, each once."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly within this one, each once."""
        seen: set[int] = set()
        for name, module in self._modules.items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly within this one, each once."""
        return (module for _, module in self.named_children())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters with dotted names; each once, but for `remove_duplicate`.

        Examples
        --------
        >>> import engine
        >>> model = engine.nn.Sequential(engine.nn.Linear(2, 1))
        >>> [(name, list(p.shape)) for name, p in model.named_parameters()]
        [('0.weight', [1, 2]), ('0.bias', [1])]
        """
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, each once."""
        return (parameter for _, parameter in self.named_parameters("", recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """All buffers with dotted names; each once, but for `remove_duplicate`."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers, each once."""
        return (buffer for _, buffer in self.named_buffers("", recurse))

    def _named(
        self, table: str, prefix: str, recurse: bool, once: bool
    ) -> Iterator[Any]:
        seen: set[int] = set()
        named: Iterator[tuple[str, Any]] = iter([(prefix, self)])
        if recurse:
            named = self.named_modules(None, prefix, once)
        for name, module in named:
            for key, each in getattr(module, table).items():
                if each is not None and id(each) not in seen:
                    if once:
                        seen.add(id(each))
                    yield _joined(name, key), each

    def _places(self, prefix: str = "") -> Iterator[Place]:
        """Where all that is saved is: what is shared, under each of its names."""
        for name, module in self.named_modules(None, prefix, False):
            for key, parameter in module._parameters.items():
                if parameter is not None:
                    yield Place(_joined(name, key), module._parameters, key)
            for key, buffer in module._buffers.items():
                if buffer is not None and key not in module._not_saved:
                    yield Place(_joined(name, key), module._buffers, key)

    def get_submodule(self, target: str) -> Module:
        """The module of a dotted name; AttributeError for none."""
        module: Any = self
        for part in filter(None, target.split(".")):
            module = getattr(module, part)
        if not isinstance(module, Contents):
            raise AttributeError(f"get_submodule: {target!r} is no module")
        return module  # type: ignore[return-value]

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a dotted name; AttributeError for none.

        Examples
        --------
        >>> import engine
        >>> model = engine.nn.Sequential(engine.nn.Linear(2, 1))
        >>> model.get_parameter("0.bias").shape
        engine.Size([1])
        """
        found: Parameter = self._found("_parameters", "get_parameter", target)
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of a dotted name; AttributeError for none."""
        found: Tensor = self._found("_buffers", "get_buffer", target)
        return found

    def _found(self, table: str, method: str, target: str) -> Any:
        owner, _, key = target.rpartition(".")
        found = getattr(self.get_submodule(owner), table).get(key)
        if found is None:
            raise AttributeError(f"{method}: {target!r} is none of {table[1:]}")
        return found


def _joined(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key
