"""NumPy's protocols: its own functions, handed arrays of Engine, stay lazy."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.array import Array

from .fallback import (
    FOREIGN,
    host_call,
    into_foreign,
    quiet_call,
    refuse_gradients,
    to_host,
)

_MODULES = {
    "numpy": "engine.numpy",
    "numpy.linalg": "engine.numpy.linalg",
    "numpy.fft": "engine.numpy.fft",
    "numpy.lib.scimath": "engine.numpy.emath",
    "numpy.lib.stride_tricks": "engine.numpy.lib.stride_tricks",
    "numpy.polynomial.polynomial": "engine.numpy.polynomial.polynomial",
}


def call_ufunc(
    function: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    """``__array_ufunc__``: the lazy function of the same name, or a conversion."""
    if _has_other_faces(inputs):
        return NotImplemented
    outs: tuple[Any, ...] = options.get("out") or ()
    if any(isinstance(out, np.ndarray) for out in outs):
        return _into_foreign(function, method, inputs, options)
    if method == "at" and isinstance(inputs[0], np.ndarray):
        return into_foreign(f"{function.__name__}.at", function.at, *inputs)
    if len(outs) == 1:
        options = {**options, "out": outs[0]}
    lazy = _lazy("numpy", function.__name__)
    if lazy is None:
        call = function if method == "__call__" else getattr(function, method)
        return host_call(function.__name__, call, *inputs, **options)
    return (lazy if method == "__call__" else getattr(lazy, method))(*inputs, **options)


def call_plain(function: np.ufunc, method: str, *inputs: Any) -> Any:
    """``__array_ufunc__`` without options."""
    return call_ufunc(function, method, inputs, {})


def _has_other_faces(inputs: Sequence[Any]) -> bool:
    return any(isinstance(x, Array) and not isinstance(x, face.ndarray) for x in inputs)


def _into_foreign(
    function: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    """An ndarray as `out` is written at once: its owner looks at it."""
    out = options["out"]
    known = {key: x for key, x in options.items() if key != "out"}
    refuse_gradients(function.__name__, FOREIGN, inputs, known)
    if len(out) == 1:
        call = function if method == "__call__" else getattr(function, method)
        return call(*to_host(inputs), **to_host(known), out=out)
    lazy = _lazy("numpy", function.__name__)
    return lazy(*inputs, **options)


def call_function(function: Any, types: Sequence[type], args: Any, options: Any) -> Any:
    """``__array_function__``: the lazy function of the same name, or a conversion."""
    for one in types:
        if one is not face.ndarray and _is_of_other_face(one):
            return NotImplemented
    lazy = _lazy_function(function)
    if lazy is None:
        return host_call(function.__name__, function, *args, **options)
    if lazy is function:  # what is NumPy's own here: printing, dtypes
        return quiet_call(function, *args, **options)
    return lazy(*args, **options)


def _is_of_other_face(cls: type) -> bool:
    return issubclass(cls, Array) and not issubclass(cls, face.ndarray)


@functools.cache
def _lazy_function(function: Any) -> Any:
    """What Engine has in the place of a function of NumPy's."""
    module = getattr(function, "__module__", "numpy") or "numpy"
    return _lazy(module, function.__name__)


@functools.cache
def _lazy(module: str, name: str) -> Any:
    ours = _MODULES.get(module)
    space = importlib.import_module(ours) if ours else None
    return vars(space).get(name) if space else None


_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12", "2025.12")


def namespace(api_version: str | None) -> Any:
    """``__array_namespace__``: the module `engine.numpy`."""
    if api_version is not None and api_version not in _VERSIONS:
        raise ValueError(
            f"__array_namespace__: one of the versions {_VERSIONS} was required; "
            f"{api_version!r} was given"
        )
    return importlib.import_module("engine.numpy")
