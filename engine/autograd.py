"""Differentiate: one walk over histories, from outputs to leaves, that records ops.

Rules are local: ``rule(grad, out, *inputs, *attributes)``. The engine un-broadcasts,
moves masks (see `engine.cotangent`), sums contributions and drops what nobody wants.
The walk uses no recursion, and since gradients are recorded as ops, they fuse with
each other and can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from engine.contributions import (
    RegionHook,
    added,
    at_region,
    drop_ended,
    hooked,
    is_told_apart,
    through,
    unbroadcast,
)
from engine.cotangent import AtRegion, Contribution, Cotangent, settle
from engine.loud import unheard
from engine.movement import broadcast_value
from engine.ops import regions
from engine.ops.op import cast
from engine.ops.transfer import on_device
from engine.recipe import whole_order
from engine.record.trace import current_trace, grad_mode
from engine.record.value import LEAF_HISTORY, Freed, History, Marker, Scalar, Value
from engine.rewalk import Found, Seeds, note, rewalk

if TYPE_CHECKING:
    from engine.recipe import Recipe
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
    regions: Sequence[Recipe | None] | None = None,
) -> list[Value | None]:
    """The gradient of each input value, None where the seeds do not depend on it.

    With a region for an input, only what comes through that region of it counts, and
    the gradient has the region's shape.
    """
    found, _ = gradients_of(seeds, inputs, create_graph, retain_graph, regions)
    return found


def gradients_of(
    seeds: Seeds,
    inputs: list[Value],
    create_graph: bool = False,
    retain_graph: bool = True,
    regions: Sequence[Recipe | None] | None = None,
) -> tuple[list[Value | None], list[tuple[GradCell, Value]]]:
    """As `gradient_values`, and the gradients of results that retain theirs."""
    wanted = regions or [None] * len(inputs)
    parts: _Parts = {
        id(x): [] for x, at in zip(inputs, wanted, strict=True) if at is not None
    }
    found = _gradients(seeds, inputs, create_graph, parts)
    cells = [
        (value.history.cell, grad)  # type: ignore[union-attr]
        for value, grad in found.gradients
        if _retains(value)
    ]
    if not retain_graph:
        found.free()
    gradients = {id(value): grad for value, grad in found.gradients}
    results: list[Value | None] = []
    for value, region in zip(inputs, wanted, strict=True):
        if region is None:
            results.append(gradients.get(id(value)))
            continue
        inside, _ = through(value, region, parts[id(value)])
        with grad_mode(create_graph):
            results.append(at_region(value, inside, region) if inside else None)
    return results, cells


def _retains(value: Value) -> bool:
    """Whether a value is a result that retains its gradient."""
    history = value.history
    return (
        history is not None
        and history.cell is not None
        and history.op is not LEAF_HISTORY
    )


_Parts: TypeAlias = dict[int, list[Contribution]]


def _gradients(
    seeds: Seeds,
    inputs: list[Value] | None,
    create_graph: bool,
    noted: _Parts | None = None,
) -> Found:
    """The gradients of inputs, or of all leaves: as in a walk before, or by a walk.

    Into `noted` go all contributions to some values.
    """
    if current_trace().loud:
        with unheard():  # of slopes that are selected away
            return _gradients(seeds, inputs, create_graph, noted)
    start = None
    if not (create_graph or noted):
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
    asked = {id(x) for x in wanted}
    if inputs is not None:
        asked |= {id(x) for x in order if id(x) in useful and _retains(x)}
    gradients = _walk(whole, order, useful, asked, create_graph, noted or {})
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
    noted: _Parts,
) -> list[tuple[Value, Value]]:
    """The wanted values and their gradients; the walk goes on below them.

    `order` are the values with histories that the seeds depend on, newest first;
    `useful` those among them that lead to the wanted ones, which these are, too.
    """
    parts: _Parts = {}
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
            if id(value) in noted:
                noted[id(value)] += arrived
            hooks = () if history.cell is None else tuple(history.cell.result_hooks)
            of_views = [hook for hook in hooks if isinstance(hook, RegionHook)]
            if any(hook.view() is None for hook in of_views):
                assert history.cell is not None
                drop_ended(history.cell.result_hooks)
            cotangent = added(value, hooked(value, arrived, of_views))
            for hook in hooks:
                if not isinstance(hook, RegionHook):
                    cotangent = hook(cotangent)
            if id(value) in wanted:
                results.append((value, on_device(settle(cotangent), value.device)))
            contributions = _contributions(value, history, cotangent, useful, masks)
            if history.op is regions.view:
                contributions = _apart(history, cotangent, contributions, noted)
            for x, part in zip(history.inputs, contributions, strict=True):
                if part is not None:
                    parts.setdefault(id(x), []).append(part)
    return results


def _apart(
    view: History,
    cotangent: Cotangent,
    contributions: list[Contribution | None],
    noted: _Parts,
) -> list[Contribution | None]:
    """What a base receives through a view, told apart where that is asked for.

    A view of all of it gives a gradient for all of it else, as any op does.
    """
    (base,), (recipe,) = view.inputs, view.attributes
    assert isinstance(base, Value)
    if not isinstance(contributions[0], Cotangent):
        return contributions
    if id(base) not in noted and not is_told_apart(base):
        return contributions
    if whole_order(recipe, base.size) is None:  # it overlaps itself
        return contributions
    return [AtRegion(cotangent, recipe)]


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
