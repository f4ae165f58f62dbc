"""Every backend fills the protocol, which mypy checks too (`kernels/backend.py`)."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from by_hand import elementwise

from engine.kernels.backend import Backend, Compiled
from engine.kernels.cpu import backend as cpu
from engine.kernels.cuda.backend import backend as cuda
from engine.kernels.reference import backend as reference

BACKENDS = (cpu, cuda, reference)

every = pytest.mark.parametrize("backend", BACKENDS, ids=lambda b: str(b.name))


def public(protocol: Any) -> dict[str, Any]:
    """The methods that a protocol asks for, by name."""
    members = inspect.getmembers(protocol, inspect.isfunction)
    return {name: method for name, method in members if not name.startswith("_")}


def assert_filled(thing: Any, protocol: Any) -> None:
    for name in protocol.__annotations__:
        assert hasattr(thing, name), f"{thing} has no {name}"
    for name, method in public(protocol).items():
        wanted = list(inspect.signature(method).parameters)[1:]
        given = list(inspect.signature(getattr(thing, name)).parameters)
        assert given == wanted, f"{thing}.{name}"


@every
def test_backends_have_what_the_protocol_asks_for(backend: Any) -> None:
    assert_filled(backend, Backend)


@every
def test_compiled_kernels_have_what_the_protocol_asks_for(backend: Any) -> None:
    kernel = elementwise("x0 + x0", "float64", "float64")
    compiled = backend.compile(kernel)
    assert_filled(compiled, Compiled)
    assert compiled.source == backend.emit(kernel)
    assert backend.compile(kernel) is compiled


def test_names_tell_backends_apart() -> None:
    assert [backend.name for backend in BACKENDS] == ["cpu", "cuda", "numpy"]
