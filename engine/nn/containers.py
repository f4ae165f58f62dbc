"""Modules made of modules, or of parameters: in order, or by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import index
from typing import Any, Self, cast

from engine.nn.module import Module
from engine.nn.parameter import Parameter
from engine.torch.tensor import Tensor


class _Ordered(Module):
    """What a list of modules, or of parameters, can do; they have numbers as names."""

    def _table(self) -> dict[str, Any]:
        """What is in the list, by name."""
        return self._modules

    def _put(self, name: str, item: Any) -> None:
        """Let an item have a name; TypeError for what can be none."""
        self.add_module(name, item)

    def _made(self, names: list[str]) -> Any:
        """A list of the items of some names."""
        table, make = self._table(), cast(Any, type(self))
        return make([table[name] for name in names])

    def _renew(self, items: Iterable[Any]) -> None:
        """Hold other items, by numbers."""
        held = list(items)
        self._table().clear()
        for number, item in enumerate(held):
            self._put(str(number), item)

    def _name(self, place: Any) -> str:
        """The name at a place; TypeError for none, IndexError for one beyond."""
        number, names = index(place), list(self._table())
        if not -len(names) <= number < len(names):
            raise IndexError(
                f"{type(self).__name__}: index {number} is out of range of {len(names)}"
            )
        return names[number]

    def __len__(self) -> int:
        return len(self._table())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._table().values())

    def __contains__(self, item: object) -> bool:
        return any(item is each for each in self)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return self._made(list(self._table())[place])
        return self._table()[self._name(place)]

    def __setitem__(self, place: Any, item: Any) -> None:
        self._put(self._name(place), item)

    def __delitem__(self, place: Any) -> None:
        names = list(self._table())
        gone = names[place] if isinstance(place, slice) else [self._name(place)]
        self._renew(x for name, x in self._table().items() if name not in gone)

    def __iadd__(self, items: Iterable[Any]) -> Self:
        return self.extend(items)

    def append(self, item: Any) -> Self:
        """Add one at the end."""
        self._put(str(len(self)), item)
        return self

    def extend(self, items: Iterable[Any]) -> Self:
        """Add several at the end."""
        if not isinstance(items, Iterable):
            raise TypeError(
                f"{type(self).__name__}: extend should be called with an iterable, but "
                f"got {type(items).__name__}"
            )
        for item in list(items):
            self.append(item)
        return self

    def pop(self, key: Any = -1) -> Any:
        """Take one out, the last one by default."""
        item = self[index(key)]
        del self[key]
        return item


class _Modules(_Ordered):
    """Modules in order: one can be put between others."""

    def insert(self, index: int, item: Any) -> Self:
        """Add one before a place; all have new numbers."""
        if not isinstance(item, Module):
            raise AssertionError(
                f"{type(self).__name__}: a module was required; "
                f"{type(item).__name__} was given"
            )
        if not -len(self) <= index <= len(self):
            raise IndexError(
                f"{type(self).__name__}: index {index} is out of range of {len(self)}"
            )
        items = list(self)
        items.insert(index, item)
        self._renew(items)
        return self


class Sequential(_Modules):
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

    def _made(self, names: list[str]) -> Sequential:
        return Sequential({name: self._modules[name] for name in names})

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(
                "Sequential: add operator supports only objects of Sequential class, "
                f"but {type(other).__name__} was given"
            )
        return Sequential(*self, *other)


class ModuleList(_Modules):
    """Modules in a list.

    Examples
    --------
    >>> import engine
    >>> layers = engine.nn.ModuleList([engine.nn.Linear(2, 2), engine.nn.Tanh()])
    >>> len(layers), layers[1]
    (2, Tanh())
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        """As of any module, but what is alike and side by side stands there once."""
        texts = [repr(module) for module in self]
        lines, start = [], 0
        for text, alike in groupby(texts):
            end = start + len(list(alike)) - 1
            many = f"({start}-{end}): {end - start + 1} x " if end > start else ""
            lines.append((many or f"({start}): ") + text.replace("\n", "\n  "))
            start = end + 1
        if not lines:
            return f"{type(self).__name__}()"
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"


class ParameterList(_Ordered):
    """Parameters in a list; tensors become parameters.

    Examples
    --------
    >>> import engine
    >>> held = engine.nn.ParameterList([engine.nn.Parameter(engine.ones(2))])
    >>> len(held), held[0].shape
    (1, engine.Size([2]))
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        if values is not None:
            self.extend(values)

    def _table(self) -> dict[str, Any]:
        return self._parameters

    def _put(self, name: str, item: Any) -> None:
        self.register_parameter(name, _parameter(item))

    def extra_repr(self) -> str:
        """A line for each parameter."""
        return _lines_of(self._parameters)


class _Named(Module):
    """What a dictionary of modules, or of parameters, can do."""

    def _table(self) -> dict[str, Any]:
        """What is in the dictionary, by name."""
        return self._modules

    def _put(self, name: str, item: Any) -> None:
        """Let an item have a name; TypeError for what can be none."""
        self.add_module(name, item)

    def __init__(self, items: Any = None) -> None:
        super().__init__()
        if items is not None:
            self.update(items)

    def __getitem__(self, key: str) -> Any:
        return self._table()[key]

    def __setitem__(self, key: str, item: Any) -> None:
        self._put(key, item)

    def __delitem__(self, key: str) -> None:
        del self._table()[key]

    def __len__(self) -> int:
        return len(self._table())

    def __iter__(self) -> Iterator[str]:
        return iter(self._table())

    def __contains__(self, key: object) -> bool:
        return key in self._table()

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._table().keys()

    def values(self) -> Iterable[Any]:
        """What they name."""
        return self._table().values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """The names, and what they name."""
        return self._table().items()

    def clear(self) -> None:
        """Take everything out."""
        self._table().clear()

    def pop(self, key: str) -> Any:
        """Take one out."""
        return self._table().pop(key)

    def update(self, items: Any) -> None:
        """Add what another dictionary has, or pairs of names and items."""
        if not isinstance(items, Iterable):
            raise TypeError(
                f"{type(self).__name__}.update should be called with an iterable of "
                f"key/value pairs, but got {type(items).__name__}"
            )
        pairs = items.items() if isinstance(items, (Mapping, _Named)) else items
        for name, item in dict(pairs).items():
            self._put(name, item)


class ModuleDict(_Named):
    """Modules in a dictionary.

    Examples
    --------
    >>> import engine
    >>> layers = engine.nn.ModuleDict({"act": engine.nn.Tanh()})
    >>> layers["act"]
    Tanh()
    """


class ParameterDict(_Named):
    """Parameters in a dictionary; tensors become parameters.

    Examples
    --------
    >>> import engine
    >>> held = engine.nn.ParameterDict({"scale": engine.ones(2)})
    >>> list(held), held["scale"].requires_grad
    (['scale'], True)
    """

    def _table(self) -> dict[str, Any]:
        return self._parameters

    def _put(self, name: str, item: Any) -> None:
        self.register_parameter(name, _parameter(item))

    def get(self, key: str, default: Any = None) -> Any:
        """The parameter of a name, or else the default."""
        return self._parameters.get(key, default)

    def extra_repr(self) -> str:
        """A line for each parameter."""
        return _lines_of(self._parameters)


def _parameter(item: Any) -> Any:
    """A tensor as a parameter; anything else as it is."""
    plain = isinstance(item, Tensor) and not isinstance(item, Parameter)
    return Parameter(item) if plain else item


def _lines_of(parameters: Mapping[str, Parameter | None]) -> str:
    return "\n".join(
        f"  ({name}): Parameter containing: "
        f"[{parameter.dtype} of size {'x'.join(map(str, parameter.shape))}]"
        for name, parameter in parameters.items()
        if parameter is not None
    )
