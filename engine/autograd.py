"""Differentiate: one walk over histories, from outputs to leaves, that records ops.

Rules are local: ``rule(grad, out, *inputs, *attributes)``. The engine un-broadcasts,
moves masks (see `engine.cotangent`), sums contributions and drops what nobody wants.
The walk uses no recursion, and since gradients are recorded as ops, they fuse with
each other and can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.cotangent import AtPositions, AtRegion, Contribution, Cotangent, settle
from engine.loud import unheard
from engine.movement import broadcast_value, reshape_value
from engine.ops import regions
from engine.ops.op import cast
from engine.ops.transfer import on_device
from engine.record.registry import REGISTRY
from engine.record.trace import current_trace, grad_mode
from engine.record.value import Freed, History, Marker, Scalar, Value
from engine.rewalk import Found, Seeds, note, rewalk

if TYPE_CHECKING:
    from engine.storage import GradCell

BOOL = np.dtype(bool)


def leaf_gradients(
    seeds: Seeds,
    create_graph: bool = False,
    retain_graph: bool = True,
) -> list[tuple[GradCell, Value]]:
    """Gradients of every leaf below the seeds: (cell of the leaf, gradient).

    Seeds are results and their gradients; None stands for ones.
    Without `retain_graph` the histories are let go afterwards, so that what they kept
    need not be computed; walking them again raises RuntimeError.
    """
    found = _gradients(seeds, None, create_graph)
    # Leaves have nothing below them; results that retain their gradient have.
    cells = [(value.history.cell, grad) for value, grad in found.gradients]  # type: ignore[union-attr]
    if not retain_graph:
        found.free()
    return cells


def gradient_values(
    seeds: Seeds,
    inputs: list[Value],
    create_graph: bool = False,
    retain_graph: bool = True,
) -> list[Value | None]:
    """The gradient of each input value, None where the seeds do not depend on it."""
    found = _gradients(seeds, inputs, create_graph)
    if not retain_graph:
        found.free()
    gradients = {id(value): grad for value, grad in found.gradients}
    return [gradients.get(id(value)) for value in inputs]


def _gradients(
    seeds: Seeds,
    inputs: list[Value] | None,
    create_graph: bool,
) -> Found:
    """The gradients of inputs, or of all leaves: as in a walk before, or by a walk."""
    if current_trace().loud:
        with unheard():  # of slopes that are selected away
            return _gradients(seeds, inputs, create_graph)
    start = None
    if not create_graph:
        known = rewalk(seeds, inputs)
        if isinstance(known, Found):
            return known
        start = known
    order = _below(seeds)
    wanted = inputs
    if wanted is None:
        wanted = [x for x in order if x.history is not None and x.history.cell]
    whole = [(value, _ones(value) if seed is None else seed) for value, seed in seeds]
    useful = _useful(order, wanted)
    gradients = _walk(whole, order, useful, {id(x) for x in wanted}, create_graph)
    graph: Sequence[int] = range(len(order))
    if inputs is not None:  # what is below them was not walked
        graph = [k for k, value in enumerate(order) if _leads_on(value, useful)]
    if start is not None:
        note(start, seeds, order, graph, inputs, gradients)
    return Found(order, graph, gradients)


def _useful(order: Sequence[Value], wanted: Sequence[Value]) -> set[int]:
    """Which values, by identity, are wanted or depend on one that is."""
    useful = {id(x) for x in wanted}
    for value in reversed(order):
        if _leads_on(value, useful):
            useful.add(id(value))
    return useful


def _leads_on(value: Value, useful: set[int]) -> bool:
    """Whether a walk goes on below a value."""
    assert value.history is not None
    return any(id(x) in useful for x in value.history.inputs)


def _ones(value: Value) -> Value:
    return regions.full_value(value.shape, 1, value.dtype)


def _below(seeds: Seeds) -> list[Value]:
    """Values with a history that the seeds depend on, newest first."""
    seen: dict[int, Value] = {}
    stack = [value for value, _ in seeds]
    while stack:
        value = stack.pop()
        history = value.history
        if history is None or id(value) in seen:
            continue
        if isinstance(history.op, Freed):
            raise RuntimeError(
                "backward: a graph not walked yet, or retain_graph=True at the "
                "first walk, was required; trying to backward through the graph a "
                "second time"
            )
        seen[id(value)] = value
        stack.extend(x for x in history.inputs if type(x) is Value)
    return sorted(seen.values(), key=_sequence, reverse=True)


def _sequence(value: Value) -> int:
    assert value.history is not None
    return value.history.sequence


def _walk(
    seeds: Sequence[tuple[Value, Value]],
    order: Sequence[Value],
    useful: set[int],
    wanted: set[int],
    create_graph: bool,
) -> list[tuple[Value, Value]]:
    """The wanted values and their gradients; the walk goes on below them.

    `order` are the values with histories that the seeds depend on, newest first;
    `useful` those among them that lead to the wanted ones, which these are, too.
    """
    parts: dict[int, list[Contribution]] = {}
    for value, seed in seeds:
        if id(value) in useful:
            parts.setdefault(id(value), []).append(Cotangent(seed))
    results: list[tuple[Value, Value]] = []
    with grad_mode(create_graph):
        masks = _Masks()
        for value in order:
            arrived = parts.pop(id(value), None)
            if arrived is None:
                continue
            history = value.history
            assert history is not None
            cotangent = _sum(value, arrived)
            for hook in history.cell.result_hooks if history.cell is not None else ():
                cotangent = hook(cotangent)
            if id(value) in wanted:
                results.append((value, on_device(settle(cotangent), value.device)))
            contributions = _contributions(value, history, cotangent, useful, masks)
            for x, part in zip(history.inputs, contributions, strict=True):
                if part is not None:
                    parts.setdefault(id(x), []).append(part)
    return results


class _Masks:
    """ANDs of masks, shared within one walk."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[Value, Value, Value]] = {}
        self._spread: dict[tuple[int, tuple[int, ...]], tuple[Value, Value]] = {}

    def over(self, mask: Value | None, shape: tuple[int, ...]) -> Value | None:
        """A mask of a broadcast operand, in the shape of the result."""
        if mask is None or mask.shape == shape:
            return mask
        key = (id(mask), shape)
        if key not in self._spread:
            self._spread[key] = (broadcast_value(mask, shape), mask)
        return self._spread[key][0]

    def meet(self, left: Value | None, right: Value | None) -> Value | None:
        """Where both hold; None means everywhere."""
        if left is None or right is None:
            return right if left is None else left
        key = (id(left), id(right))
        if key not in self._known:
            self._known[key] = (left & right, left, right)
        return self._known[key][0]


def _contributions(
    out: Value,
    history: History,
    cotangent: Cotangent,
    useful: set[int],
    masks: _Masks,
) -> list[Contribution | None]:
    """What each input of one event receives."""
    inputs = history.inputs
    op = history.op
    if isinstance(op, Marker):
        return [cotangent for _ in inputs]
    rule = op.rule
    assert rule is not None
    # Operands that were Python scalars come back as plain numbers, weak again.
    operands = [x.value.item() if isinstance(x, Scalar) else x for x in inputs]
    if op.transports:
        found = list(rule(cotangent, out, *operands, *history.attributes))
        found += [None] * (len(inputs) - len(found))
        return [
            part if id(x) in useful else None
            for x, part in zip(inputs, found, strict=True)
        ]
    grads = rule(cotangent.grad, out, *operands, *history.attributes)
    chosen: Sequence[Value | None] = [None] * len(inputs)
    if op.choose is not None:
        chosen = op.choose(out, *operands, *history.attributes)
    result: list[Contribution | None] = []
    for x, grad, choice in zip(inputs, grads, chosen, strict=True):
        if grad is None or id(x) not in useful or not isinstance(x, Value):
            result.append(None)
            continue
        mask = masks.meet(cotangent.mask, masks.over(choice, out.shape))
        clean = op.linear and cotangent.clean and choice is None
        part = Cotangent(cast(grad, x.dtype), mask, clean)
        result.append(unbroadcast(part, x.shape))
    return result


def unbroadcast(cotangent: Cotangent, shape: tuple[int, ...]) -> Cotangent:
    """Sum a cotangent over the axes along which its operand was broadcast."""
    given = cotangent.grad.shape
    if given == shape:
        return cotangent
    lead = len(given) - len(shape)
    if lead < 0 or any(
        n not in (1, m) for n, m in zip(shape, given[lead:], strict=True)
    ):
        return Cotangent(broadcast_value(settle(cotangent), shape))
    axes = tuple(range(lead)) + tuple(
        axis + lead
        for axis, n in enumerate(shape)
        if n == 1 and given[axis + lead] != 1
    )
    grad = settle(cotangent)
    mask = cotangent.mask
    if axes:
        grad = regions.reduce_sum(grad, axes)
        if mask is not None:
            mask = regions.reduce_any(mask, axes)
    return Cotangent(
        reshape_value(grad, shape),
        None if mask is None else reshape_value(mask, shape),
    )


def _sum(value: Value, parts: list[Contribution]) -> Cotangent:
    """All contributions to one value: whole ones first, then those into parts."""
    total: Cotangent | None = None
    for part in parts:
        if isinstance(part, Cotangent):
            total = part if total is None else _add(total, part)
    regional = [part for part in parts if not isinstance(part, Cotangent)]
    if not regional:
        assert total is not None
        return total
    if total is None:
        zeros = regions.full_value(value.shape, 0, value.dtype)
        total = Cotangent(zeros, regions.full_value(value.shape, False, BOOL))
    else:
        total = Cotangent(settle(total), total.mask)
    for part in regional:
        if isinstance(part, AtRegion):
            total = _add_region(total, part)
        else:
            total = _add_positions(total, part)
    return total


def _add(left: Cotangent, right: Cotangent) -> Cotangent:
    if left.mask is right.mask:
        return Cotangent(left.grad + right.grad, left.mask, left.clean and right.clean)
    mask = None
    if left.mask is not None and right.mask is not None:
        mask = left.mask | right.mask
    return Cotangent(settle(left) + settle(right), mask)


def _add_region(total: Cotangent, part: AtRegion) -> Cotangent:
    """Add into a region, in place; stride-0 axes are summed first."""
    cotangent, recipe = part
    repeated = tuple(
        axis
        for axis, (n, s) in enumerate(zip(recipe.shape, recipe.strides, strict=True))
        if s == 0 and n != 1
    )
    if repeated:
        shape = tuple(1 if a in repeated else n for a, n in enumerate(recipe.shape))
        cotangent = unbroadcast(cotangent, shape)
        recipe = recipe._replace(shape=shape)
    if recipe.size == 0:
        return total
    grad = regions.update_add(total.grad, settle(cotangent), attributes=(recipe,))
    mask = total.mask
    if mask is not None and recipe.dtype == total.grad.dtype:
        flags = recipe._replace(dtype=BOOL)
        if cotangent.mask is None:
            seen = regions.full_value(recipe.shape, True, BOOL)
        else:
            seen = regions.view(mask, attributes=(flags,)) | cotangent.mask
        mask = regions.update(mask, seen, attributes=(flags,))
    else:
        mask = None
    return Cotangent(grad, mask)


def _add_positions(total: Cotangent, part: AtPositions) -> Cotangent:
    cotangent, positions = part
    grad = regions.put_add(total.grad, positions, settle(cotangent))
    mask = total.mask
    if mask is not None:
        hits = cotangent.mask
        if hits is None:
            hits = regions.full_value(positions.shape, True, BOOL)
        counts = regions.put_add(
            cast(mask, np.dtype(np.int64)), positions, cast(hits, np.dtype(np.int64))
        )
        mask = REGISTRY["not_equal"](counts, 0)
    return Cotangent(grad, mask)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add gradients to the `grad` of leaves; see `engine.torch.gradients`.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0, 2.0], requires_grad=True)
    >>> engine.autograd.backward([x.sum(), (x * x).sum()])
    >>> x.grad
    tensor([3., 5.])
    """
    # Handles are made of this module, so it cannot import them at its start.
    from engine.torch import gradients

    gradients.backward(tensors, grad_tensors, retain_graph, create_graph, inputs)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of outputs with respect to inputs; see `engine.torch.gradients`.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0, 2.0], requires_grad=True)
    >>> engine.autograd.grad((x * x).sum(), x)
    (tensor([2., 4.]),)
    """
    # Handles are made of this module, so it cannot import them at its start.
    from engine.torch import gradients

    return gradients.grad(
        outputs,
        inputs,
        grad_outputs,
        retain_graph,
        create_graph,
        only_inputs,
        allow_unused,
        materialize_grads,
    )
