"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.nn.module import Module
from engine.nn.parameter import Parameter


class Sequential(Module):
    """Modules one after another, by position or, from a dict, by name.

    Examples
    --------
    >>> import engine
    >>> engine.nn.Sequential(engine.nn.Linear(4, 8), engine.nn.ReLU())
    Sequential(
      (0): Linear(in_features=4, out_features=8, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        named = modules[0] if len(modules) == 1 else None
        if isinstance(named, Mapping):
            for name, module in named.items():
                self.add_module(name, module)
        else:
            for number, module in enumerate(modules):
                self.add_module(str(number), module)

    def forward(self, input: Any) -> Any:
        """Apply the modules in order."""
        for module in self._modules.values():
            if module is not None:
                input = module(input)
        return input

    def append(self, module: Module) -> Sequential:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __getitem__(self, place: int | slice) -> Any:
        found = list(self.children())[place]
        return Sequential(*found) if isinstance(found, list) else found


class ModuleList(Module):
    """Modules in a list.

    Examples
    --------
    >>> import engine
    >>> layers = engine.nn.ModuleList([engine.nn.Linear(2, 2), engine.nn.Tanh()])
    >>> len(layers), layers[1]
    (2, Tanh())
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        for module in modules:
            self.append(module)

    def append(self, module: Module) -> ModuleList:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __getitem__(self, place: int) -> Module:
        return list(self.children())[place]


class ModuleDict(Module):
    """Modules in a dictionary.

    Examples
    --------
    >>> import engine
    >>> layers = engine.nn.ModuleDict({"act": engine.nn.Tanh()})
    >>> layers["act"]
    Tanh()
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        for name, module in (modules or {}).items():
            self.add_module(name, module)

    def __getitem__(self, name: str) -> Module:
        found = self._modules[name]
        assert found is not None
        return found

    def __setitem__(self, name: str, module: Module) -> None:
        self.add_module(name, module)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def items(self) -> Iterator[tuple[str, Module]]:
        """Names and modules."""
        return self.named_children()


class ParameterList(Module):
    """Parameters in a list.

    Examples
    --------
    >>> import engine
    >>> held = engine.nn.ParameterList([engine.nn.Parameter(engine.ones(2))])
    >>> len(held), held[0].shape
    (1, engine.Size([2]))
    """

    def __init__(self, parameters: Iterable[Parameter] = ()) -> None:
        super().__init__()
        for parameter in parameters:
            self.register_parameter(str(len(self)), parameter)

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Parameter]:
        return iter([p for p in self._parameters.values() if p is not None])

    def __getitem__(self, place: int) -> Parameter:
        return list(self)[place]
