"""What a step is to the scheduler: a part of a kernel, a view, or a library call."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any, get_args

import numpy as np

from engine.kernels.kernel import ReduceKind
from engine.ops.reductions import adjoining
from engine.program import Step, is_leaf, is_view, is_virtual

_DTYPES = frozenset(np.dtype(code) for code in "?bBhHiIlLqQefdFD")
_REDUCTIONS = frozenset(get_args(ReduceKind))


def roots(steps: tuple[Step, ...] | list[Step]) -> list[int]:
    """For each step the step whose memory holds its elements."""
    root: list[int] = []
    for i, step in enumerate(steps):
        root.append(root[step.operands[0]] if is_virtual_view(step, steps) else i)
    return root


def is_virtual_view(step: Step, steps: Any) -> bool:
    """Whether a step shows elements of another one, of the same dtype."""
    return is_view(step) and step.attributes[0].dtype == steps[step.operands[0]].dtype


def is_library(step: Step, steps: Any) -> bool:
    """Whether a step is one call of its reference rather than part of a kernel."""
    operands = [steps[k] for k in step.values]
    kind = step.op.kind
    if 0 in step.shape or any(0 in x.shape for x in operands):
        return True
    if kind == "elementwise":
        dtypes = tuple(x.dtype for x in operands)
        last = text_dtype(step, steps)
        return _has_no_text(step.op, last, step.dtype, step.scalars, dtypes)
    dtypes = (step.dtype, *step.scalars, *(x.dtype for x in operands))
    if not _DTYPES.issuperset(dtypes):
        return not (is_virtual_view(step, steps) or is_leaf(step))
    if kind == "reduce":
        extents = [operands[0].shape[a] for a in step.attributes[0]]
        known = step.op.name in _REDUCTIONS
        if operands[0].dtype.kind == "c":
            known = step.op.name in ("sum", "prod")
        if step.op.name == "squared_deviations":  # those of parts say little
            known = adjoining(operands[0].shape, step.attributes[0])
        return not known or prod(extents) == 1
    if step.op.name in ("update", "update_add"):
        return bool(step.attributes[0].dtype != operands[0].dtype)
    if is_view(step):
        return not is_virtual_view(step, steps)
    return not (is_virtual(step) or is_leaf(step) or kind == "gather")


@lru_cache(maxsize=4096)
def _has_no_text(
    op: Any,
    last: np.dtype[Any],
    result: np.dtype[Any],
    scalars: tuple[np.dtype[Any], ...],
    operands: tuple[np.dtype[Any], ...],
) -> bool:
    """Whether no kernel computes an elementwise op on these dtypes."""
    return not _DTYPES.issuperset((result, *scalars, *operands)) or not op.text(last)


def text_dtype(step: Step, steps: Any) -> np.dtype[Any]:
    """The dtype that chooses an elementwise op's scalar text: its last operand's."""
    if not step.scalars and step.operands:
        dtype: np.dtype[Any] = steps[step.operands[-1]].dtype
        return dtype
    typed = iter(step.scalars)
    dtypes = [steps[k].dtype if k >= 0 else next(typed) for k in step.operands]
    return dtypes[-1] if dtypes else step.dtype
