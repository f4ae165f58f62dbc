"""Which functions do nothing but compute, as far as their names tell."""

from __future__ import annotations

import operator
import types
from typing import Any

import numpy as np


class Refused(Exception):
    """Why a call cannot be captured, and the user's line.

    `lasting` says that no later call can be either.
    """

    def __init__(self, reason: str, line: str, lasting: bool = True) -> None:
        super().__init__(f"{reason}; at {line}")
        self.reason, self.line, self.lasting = reason, line, lasting


PURE_MODULES = frozenset(
    [
        "math",
        "cmath",
        "operator",
        "_operator",
        "itertools",
        "functools",
        "_functools",
        "collections",
        "typing",
        "abc",
        "dataclasses",
        "enum",
        "types",
        "numbers",
    ]
)
"""Modules of Python whose functions keep no state."""

PURE_BUILTINS = frozenset(
    [
        "abs",
        "all",
        "any",
        "bin",
        "bool",
        "bytes",
        "callable",
        "chr",
        "complex",
        "delattr",
        "dict",
        "divmod",
        "enumerate",
        "filter",
        "float",
        "format",
        "frozenset",
        "getattr",
        "hasattr",
        "hash",
        "hex",
        "int",
        "isinstance",
        "issubclass",
        "iter",
        "len",
        "list",
        "map",
        "max",
        "min",
        "next",
        "object",
        "oct",
        "ord",
        "pow",
        "property",
        "range",
        "repr",
        "reversed",
        "round",
        "set",
        "setattr",
        "slice",
        "sorted",
        "staticmethod",
        "classmethod",
        "str",
        "sum",
        "super",
        "tuple",
        "type",
        "zip",
        "__build_class__",
        "__debug__",
        "__name__",
    ]
)
"""What is built in and has no effects but on its arguments."""

IMPURE = frozenset(
    [
        "engine.explain",
        "engine.fromfile",
        "engine.get_state",
        "engine.initial_seed",
        "engine.load",
        "engine.loadtxt",
        "engine.manual_seed",
        "engine.reset_stats",
        "engine.save",
        "engine.savetxt",
        "engine.savez",
        "engine.savez_compressed",
        "engine.seed",
        "engine.set_default_dtype",
        "engine.set_printoptions",
        "engine.set_state",
        "engine.seterr",
        "engine.stats",
        "numpy.fromfile",
        "numpy.load",
        "numpy.loadtxt",
        "numpy.memmap",
        "numpy.save",
        "numpy.savetxt",
        "numpy.savez",
        "numpy.savez_compressed",
        "numpy.set_printoptions",
        "numpy.seterr",
    ]
)
"""Functions of Engine and NumPy that do more than compute."""

SIZES = frozenset(
    [
        *("sizes", "nbytes", "strides", "stride", "numel", "nelement"),
        *("__len__", "__iter__", "__sizeof__", "__array_interface__", "__dlpack__"),
        *("flat", "flags", "ctypes", "data_ptr", "storage_offset", "is_contiguous"),
        *("ndenumerate", "ndindex", "nditer", "broadcast", "broadcast_shapes"),
        *("array_equal", "array_equiv", "may_share_memory", "shares_memory"),
        *("binary_repr", "base_repr", "isscalar", "unravel_index", "indices"),
        *("attrgetter", "methodcaller", "__getattribute__", "__getattr__", "__dict__"),
    ]
)
"""Names of what tells Python how many elements there are, or might by another name.

Of `len` and of `shape` and `size` of arrays Python is seen to ask, see `record.extent`.
"""

GETTERS = (operator.itemgetter, operator.attrgetter, operator.methodcaller)


def is_ours(module: str) -> bool:
    """Whether a module is of Engine, NumPy or those of Python that only compute."""
    return module.partition(".")[0] in ("engine", "numpy") or module in PURE_MODULES


def check_attribute(owner: Any, name: str, path: str, line: str) -> None:
    """Refuse a function of a module that does more than compute."""
    module = getattr(owner, "__name__", "")
    root = module.partition(".")[0]
    if (
        module == "numpy.random"
        or f"{module}.{name}" in IMPURE
        or f"{root}.{name}" in IMPURE
    ):
        raise Refused(f"it calls {path}, which has effects", line)


def is_known(thing: Any, path: str, line: str) -> bool:
    """Whether an object has no state that could differ, and does nothing but compute.

    Raises
    ------
    Refused
        For a function that may have effects.
    """
    if isinstance(thing, types.BuiltinFunctionType):
        return _is_pure_builtin(thing, path, line)
    if isinstance(thing, (type, types.FunctionType)):
        module = getattr(thing, "__module__", None) or ""
        if isinstance(thing, types.FunctionType):  # whatever it says of itself
            module = thing.__globals__.get("__name__") or ""
        if not isinstance(module, str):  # some classes describe it
            module = ""
        if is_ours(module):
            root = types.SimpleNamespace(__name__=module.partition(".")[0])
            check_attribute(root, getattr(thing, "__name__", ""), path, line)
        return is_ours(module) or module == "builtins"
    if isinstance(thing, (types.MethodDescriptorType, types.WrapperDescriptorType)):
        return True
    if isinstance(thing, np.ufunc):  # `frompyfunc` makes those that call somebody
        return any("O" not in form for form in thing.types)
    kind = type(thing)
    known = f"{kind.__module__}.{kind.__qualname__}" in KNOWN
    return known or kind.__module__ == "typing"


KNOWN = frozenset(
    (
        *("engine.numpy.ufunc.ufunc", "engine.torch.dtypes.dtype"),
        *("engine.torch.device.device", "engine.torch.dtypes.finfo"),
        *("engine.numpy.finfo", "engine.numpy.iinfo", "engine.torch.dtypes.iinfo"),
        *("numpy.finfo", "numpy.iinfo"),
    )
)
"""Classes of Engine and NumPy whose objects never change, and call nobody."""


def _is_pure_builtin(thing: Any, path: str, line: str) -> bool:
    module = getattr(thing, "__module__", None) or ""
    owner = getattr(thing, "__self__", None)
    bound = owner is not None and not isinstance(owner, (types.ModuleType, type))
    named = module == "builtins" and thing.__name__ in PURE_BUILTINS
    pure = is_ours(module) and not module.startswith("numpy.random")
    if bound or not (named or pure):
        raise Refused(f"it calls {path}, which may have effects", line)
    return True
