"""NumPy as people write it: blocks of numerical programs, unchanged.

Each module says ``import numpy as np``, has functions, and lists them as `BLOCKS` with
inputs of any size. Tests run them small, benchmarks at a realistic size, in two ways:
with ``np`` taken from `engine.numpy`, and as they are, handed Engine arrays.
"""

from __future__ import annotations

import importlib
import inspect
import types
from collections.abc import Callable
from typing import Any, NamedTuple

MODULES = (
    "fields",
    "finance",
    "images",
    "learning",
    "particles",
    "sequences",
    "spectra",
)


class Block(NamedTuple):
    """A function, its arguments for a size, and the sizes of tests and benchmarks."""

    function: Callable[..., Any]
    arguments: Callable[[int], tuple[Any, ...]]
    small: int
    realistic: int


def blocks() -> dict[str, Block]:
    """All blocks by name."""
    found: dict[str, Block] = {}
    for name in MODULES:
        for block in importlib.import_module(f"blocks.{name}").BLOCKS:
            found[f"{name}.{block.function.__name__}"] = block
    return found


def swapped(name: str) -> Callable[..., Any]:
    """The function of a block as if its module said ``import engine.numpy as np``."""
    module_name, function_name = name.split(".")
    source = inspect.getsource(importlib.import_module(f"blocks.{module_name}"))
    line = "import numpy as np\n"
    assert source.count(line) == 1
    module = types.ModuleType(f"blocks.swapped_{module_name}")
    module.__package__ = "blocks"
    code = compile(
        source.replace(line, "import engine.numpy as np\n"),
        f"<{module_name} with engine.numpy>",
        "exec",
    )
    exec(code, vars(module))
    function: Callable[..., Any] = vars(module)[function_name]
    return function
