"""Modules in order and by name, what is in them, and hooks on their calls.

What is expected is PyTorch's.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import engine
import engine.numpy
from engine import nn


def linears(kind: Any = nn.Sequential, count: int = 3) -> Any:
    layers = [nn.Linear(k + 1, k + 2) for k in range(count)]
    return kind(*layers) if kind is nn.Sequential else kind(layers)


def held(model: Any) -> list[tuple[str, int]]:
    """Names, and how many features go into what they name; 0 for no layer."""
    return [(n, getattr(m, "in_features", 0)) for n, m in model._modules.items()]


BOTH = pytest.mark.parametrize("kind", [nn.Sequential, nn.ModuleList])


@BOTH
def test_places_are_read_written_and_taken_out(kind: Any) -> None:
    model = linears(kind)
    assert model[-1] is model[2] and model[0] in model
    assert nn.Linear(1, 2) not in model
    model[-1] = nn.ReLU()
    assert held(model) == [("0", 1), ("1", 2), ("2", 0)]
    del model[0]
    assert held(model) == [("0", 2), ("1", 0)]
    assert model.pop(0).in_features == 2
    assert held(model) == [("0", 0)]
    for wrong in (1, -2):
        for method in ("__getitem__", "__delitem__", "pop"):
            with pytest.raises(IndexError, match="out of range"):
                getattr(model, method)(wrong)
        with pytest.raises(IndexError, match="out of range"):
            model[wrong] = nn.ReLU()
    for use in (lambda: model["a"], lambda: model.__setitem__(slice(1), nn.ReLU())):
        with pytest.raises(TypeError):
            use()


@BOTH
def test_places_are_added(kind: Any) -> None:
    model = linears(kind)
    assert model.append(nn.ReLU()) is model
    model.extend(linears(kind, 1))
    model += linears(kind, 1)
    assert [n for _, n in held(model)] == [1, 2, 3, 0, 1, 1]
    model.insert(1, nn.Linear(7, 7))
    model.insert(-1, nn.Linear(8, 8))
    model.insert(len(model), nn.Linear(9, 9))
    assert [n for _, n in held(model)] == [1, 7, 2, 3, 0, 1, 8, 1, 9]
    assert [n for n, _ in held(model)] == [str(k) for k in range(9)]
    assert [n for _, n in held(linears(kind, 2) + linears(kind, 1))] == [1, 2, 1]
    with pytest.raises(IndexError, match="out of range"):
        model.insert(99, nn.ReLU())
    with pytest.raises(AssertionError, match="a module was required; int"):
        model.insert(0, 3)
    with pytest.raises(TypeError, match="extend should be called with an iterable"):
        model.extend(3)
    with pytest.raises(TypeError, match="Module or None was required"):
        model.append(3)


def test_slices_of_models_keep_names_and_those_of_lists_do_not() -> None:
    model = linears()
    part = model[1:]
    assert part[0] is model[1] and held(part) == [("1", 2), ("2", 3)]
    assert held(model[::2]) == [("0", 1), ("2", 3)]
    assert held(linears(nn.ModuleList)[1:]) == [("0", 2), ("1", 3)]
    del model[:2]
    assert held(model) == [("0", 3)]
    named = nn.Sequential({"a": nn.Linear(1, 2), "b": nn.Linear(2, 1)})
    named[0] = nn.Linear(5, 2)
    assert held(named) == [("a", 5), ("b", 2)]
    assert held(named[1:]) == [("b", 2)]


def test_lists_show_what_is_alike_once() -> None:
    assert repr(nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh()])) == (
        "ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Tanh()\n)"
    )
    assert repr(nn.ModuleList()) == "ModuleList()"


def test_dictionaries_of_modules() -> None:
    model = nn.ModuleDict([("a", nn.Linear(1, 2)), ("b", nn.ReLU())])
    assert list(model.keys()) == list(model) == ["a", "b"] and "a" in model
    assert [type(m) for m in model.values()] == [nn.Linear, nn.ReLU]
    model.update({"c": nn.Tanh()})
    model.update(nn.ModuleDict({"d": nn.Tanh()}))
    del model["b"]
    assert isinstance(model.pop("c"), nn.Tanh) and list(model) == ["a", "d"]
    for use in (lambda: model["z"], lambda: model.pop("z")):
        with pytest.raises(KeyError):
            use()
    with pytest.raises(KeyError, match="already exists"):
        model["keys"] = nn.ReLU()
    with pytest.raises(TypeError, match="key/value pairs"):
        model.update(3)
    model.clear()
    assert len(model) == 0


def test_lists_and_dictionaries_of_parameters() -> None:
    values = nn.ParameterList([engine.ones(1), nn.Parameter(engine.ones(2))])
    assert all(isinstance(each, nn.Parameter) for each in values)
    values.append(engine.ones(3)).extend([engine.ones(4)])
    values[0] = engine.ones(9)
    assert [len(p) for p in values] == [9, 2, 3, 4]
    assert [len(p) for p in values[1:3]] == [2, 3]
    assert list(values.state_dict()) == ["0", "1", "2", "3"]
    with pytest.raises(TypeError, match="Parameter or None was required"):
        values.append(3)
    named = nn.ParameterDict({"a": engine.ones(1)})
    named["b"] = nn.Parameter(engine.ones(2))
    assert [n for n, _ in named.named_parameters()] == ["a", "b"]
    assert named.get("z") is None and len(named.pop("a")) == 1 and list(named) == ["b"]


def test_what_is_shared_is_saved_under_each_name() -> None:
    shared = nn.Linear(2, 2)
    model = nn.Sequential(shared, shared)
    names = ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert list(model.state_dict()) == names and len(model) == 2
    assert [n for n, _ in model.named_parameters()] == names[:2]
    assert [n for n, _ in model.named_parameters(remove_duplicate=False)] == names
    assert [n for n, _ in model.named_children()] == ["0"]
    assert [n for n, _ in model.named_modules(prefix="q")] == ["q", "q.0"]
    assert [n for n, _ in model.named_modules(remove_duplicate=False)] == ["", "0", "1"]
    copied = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    assert not any(copied.load_state_dict(model.state_dict()))
    assert (copied[1].weight == shared.weight).all()
    assert not any(model.load_state_dict(copied.state_dict()))
    assert list(copy.deepcopy(model).state_dict()) == names


def test_what_is_loaded_can_take_the_place() -> None:
    layer = nn.Linear(2, 2)
    layer.weight.requires_grad_(False)
    state = {"weight": engine.ones(2, 2).double(), "bias": nn.Parameter(engine.ones(2))}
    layer.load_state_dict(state, assign=True)
    state["weight"][0, 0] = 5.0
    assert layer.weight.tolist() == [[5.0, 1.0], [1.0, 1.0]]
    assert layer.weight.dtype == engine.float64 and not layer.weight.requires_grad
    assert layer.bias is state["bias"]
    assert layer.state_dict(keep_vars=True)["bias"] is layer.bias
    with pytest.raises(RuntimeError, match="size mismatch for weight"):
        layer.load_state_dict({"weight": engine.ones(3), "bias": engine.ones(2)}, True)


def test_what_cannot_take_the_place_changes_nothing() -> None:
    layer = nn.Linear(1, 2)
    weight, before = layer.weight, layer.weight.tolist()
    for bias in (engine.ones(2, dtype=engine.int64), np.zeros(2, "U3"), [0.0, 0.0]):
        state = {"weight": engine.zeros(2, 1), "bias": bias}
        with pytest.raises(RuntimeError, match=r"in loading state_dict .*\n\tbias: "):
            layer.load_state_dict(state, assign=True)
        assert layer.weight is weight and weight.tolist() == before
    frozen = engine.numpy.ones(2)
    frozen.flags.writeable = False
    layer.bias.data = engine.from_numpy(np.broadcast_to(np.float32(1), (2,)))
    with pytest.raises(RuntimeError, match="bias: memory that can be written to"):
        layer.load_state_dict({"weight": engine.zeros(2, 1), "bias": frozen})
    assert layer.weight.tolist() == before


def test_arrays_take_the_places_of_tensors_as_tensors() -> None:
    norm, mean = nn.BatchNorm1d(2, affine=False), engine.numpy.zeros(2)
    norm.load_state_dict({"running_mean": mean, "running_var": np.ones(2)}, assign=True)
    mean[0] = 3.0
    assert type(norm.running_mean) is type(norm.running_var) is engine.Tensor
    assert norm.running_mean.tolist() == [3.0, 0.0]


def test_files_from_before_batches_were_counted_are_loaded() -> None:
    norm = nn.BatchNorm1d(2)
    norm(engine.ones(3, 2))
    state = norm.state_dict()
    del state["num_batches_tracked"]
    assert not any(norm.load_state_dict(state))
    assert norm.num_batches_tracked.item() == 1


def test_modules_keep_what_they_say() -> None:
    class Counted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.calls = 0

        def get_extra_state(self) -> Any:
            return {"calls": self.calls}

        def set_extra_state(self, state: Any) -> None:
            self.calls = state["calls"]

    model, other = nn.Sequential(Counted()), nn.Sequential(Counted())
    model[0].calls = 7
    assert list(model.state_dict(prefix="a.")) == ["a.0._extra_state"]
    assert not any(other.load_state_dict(model.state_dict()))
    assert other[0].calls == 7
    with pytest.raises(RuntimeError, match=r'Missing key.*"0._extra_state"'):
        other.load_state_dict({})
    with pytest.raises(RuntimeError, match=r'Unexpected key.*"0._extra_state"'):
        nn.Sequential(nn.Tanh()).load_state_dict(model.state_dict())


def test_modules_are_visited_in_order_and_the_outer_last() -> None:
    model = nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.ReLU(), nn.Tanh()))
    order: list[str] = []
    assert model.apply(lambda m: order.append(type(m).__name__)) is model
    assert order == ["Linear", "ReLU", "Tanh", "Sequential", "Sequential"]


def test_names_are_taken_once() -> None:
    model = nn.Module()
    model.w = nn.Parameter(engine.ones(1))
    model.register_buffer("b", engine.zeros(1))
    for name in ("forward", "training", "b", ""):
        with pytest.raises(KeyError):
            model.add_module(name, nn.ReLU())
        with pytest.raises(KeyError):
            model.register_parameter(name, nn.Parameter(engine.ones(1)))
    with pytest.raises(KeyError, match="'w' already exists"):
        model.register_buffer("w", engine.ones(1))
    for wrong in (3, nn.ReLU(), engine.ones(1)):
        with pytest.raises(TypeError, match="cannot assign"):
            model.w = wrong
    with pytest.raises(TypeError, match="as buffer 'b'"):
        model.b = 3
    assert "w" in dir(model) and "b" in dir(model)
    assert model.get_parameter("w") is model.w and model.get_buffer("b") is model.b
    for find, name in ((model.get_parameter, "b"), (model.get_buffer, "w")):
        with pytest.raises(AttributeError):
            find(name)


def test_modes_and_dtypes() -> None:
    model = nn.BatchNorm1d(2)
    for wrong in (1, "yes", None):
        with pytest.raises(ValueError, match="expected to be boolean"):
            model.train(wrong)  # type: ignore[arg-type]
    assert model.half().running_mean.dtype == engine.float16
    assert model.num_batches_tracked.dtype == engine.int64
    assert model.type(engine.float64).num_batches_tracked.dtype == engine.float64
    model = nn.Linear(2, 1)
    model(engine.ones(1, 2)).sum().backward()
    assert model.double().weight.grad.dtype == engine.float64


def test_hooks_on_calls_see_and_replace() -> None:
    layer, seen = nn.Linear(2, 2), []
    x = engine.ones(3, 2)

    def after(module: Any, args: Any, output: Any) -> Any:
        seen.append((module is layer, len(args), tuple(output.shape)))
        return output * 0

    with layer.register_forward_hook(after):
        assert layer(x).tolist() == [[0.0, 0.0]] * 3
    assert seen == [(True, 1, (3, 2))]
    assert layer(x).tolist() != [[0.0, 0.0]] * 3
    for answer in (lambda x: x * 0, lambda x: (x * 0,)):
        with layer.register_forward_pre_hook(lambda m, args, a=answer: a(args[0])):
            assert (layer(x) == layer.bias).all()

    class Scale(nn.Module):
        def forward(self, x: Any, *, by: float = 1.0) -> Any:
            return x * by

    scale, order = Scale(), []
    scale.register_forward_hook(
        lambda m, args, options, out: order.append(options), with_kwargs=True
    )
    scale.register_forward_hook(
        lambda m, args, out: order.append("first"), prepend=True
    )
    scale.register_forward_pre_hook(
        lambda m, args, options: (args, {"by": 5.0}), with_kwargs=True
    )
    assert scale(engine.ones(1), by=3.0).tolist() == [5.0]
    assert order == ["first", {"by": 5.0}]
    scale.register_forward_pre_hook(lambda m, args, options: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match="tuple of"):
        scale(engine.ones(1))
