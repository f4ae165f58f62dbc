"""What every backend refuses: kernels whose text would not mean what they say."""

from __future__ import annotations

import re

from .backend import UnsupportedKernel
from .kernel import DTYPES, IOTA, Compute, Gather, Kernel, Load, Loop, Reduce, Store


def check(kernel: Kernel, own_name: re.Pattern[str]) -> None:
    """Raise where generated text would not mean what the kernel says.

    Parameters
    ----------
    kernel : Kernel
    own_name : pattern
        The names that the emitter needs for itself.

    Raises
    ------
    UnsupportedKernel
    """
    used = [argument.dtype for argument in kernel.arguments]
    used += kernel.scalars
    for statement in kernel.statements():
        match statement:
            case Compute(target, dtype, _) | Reduce(target, _, _, dtype):
                used.append(dtype)
                kind = getattr(statement, "kind", "")
                if kind == "squared_deviations" and "float" not in dtype:
                    raise UnsupportedKernel(f"{kind} of {dtype}")
            case Load(target, _) | Gather(target, _, _):
                pass
            case Store(access, _):
                if kernel.accesses[access].argument == IOTA:
                    raise UnsupportedKernel("a store into the virtual iota buffer")
                continue
            case _:
                continue
        if own_name.match(target):
            raise UnsupportedKernel(f"the name {target!r} is taken by the emitter")
    for dtype in used:
        if dtype not in DTYPES:
            raise UnsupportedKernel(f"dtype {dtype}")
    if kernel.inner != (kernel.kind != "map"):
        raise UnsupportedKernel(f"{kernel.inner} inner axes in a {kernel.kind} kernel")
    nested = any(isinstance(statement, Loop | Reduce) for statement in kernel.body)
    if kernel.kind == "map" and nested:
        raise UnsupportedKernel("a loop in a map kernel")
