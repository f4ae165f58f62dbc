"""Gradient mode, and gradients of outputs with respect to chosen inputs."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from engine.array import Array, accumulate
from engine.autograd import gradients_of, leaf_gradients
from engine.contributions import is_view
from engine.errors import named
from engine.recipe import Recipe
from engine.record.trace import grad_enabled, switch_grad
from engine.storage import read_region

F = TypeVar("F", bound=Callable[..., Any])


class _Mode:
    """Whether gradients are recorded: a context, and a decorator of functions."""

    enabled = False

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> Self:
        self._before.append(switch_grad(self.enabled))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        switch_grad(self._before.pop())

    def __call__(self, function: F) -> F:
        self._end_at_once()
        if inspect.isgeneratorfunction(function):
            return self._generators(function)

        @functools.wraps(function)
        def wrapped(*args: Any, **options: Any) -> Any:
            before = switch_grad(self.enabled)
            try:
                return function(*args, **options)
            finally:
                switch_grad(before)

        return wrapped  # type: ignore[return-value]

    def _end_at_once(self) -> None:
        """A decorator changes the mode of a function, and no more."""

    def _generators(self, function: F) -> F:
        """Whenever a generator goes on, it is in this mode, and its caller is not."""

        @functools.wraps(function)
        def wrapped(*args: Any, **options: Any) -> Any:
            generator = function(*args, **options)
            resume: Callable[[Any], Any] = generator.send
            given: Any = None
            while True:
                before = switch_grad(self.enabled)
                try:
                    item = resume(given)
                except StopIteration as stop:
                    return stop.value
                finally:
                    switch_grad(before)
                try:
                    resume, given = generator.send, (yield item)
                except BaseException as error:
                    resume, given = generator.throw, error

        return wrapped  # type: ignore[return-value]


class no_grad(_Mode):
    """Record no gradients: ``with engine.no_grad():`` or ``@engine.no_grad()``.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0], requires_grad=True)
    >>> with engine.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    enabled = False

    def __new__(cls, function: Any = None) -> Any:
        made = super().__new__(cls)
        if function is None:
            return made
        made.__init__()  # type: ignore[misc]
        return made(function)


class inference_mode(_Mode):
    """As `no_grad`; ``inference_mode(False)`` records gradients.

    Examples
    --------
    >>> import engine
    >>> x = engine.ones(1, requires_grad=True)
    >>> with engine.inference_mode():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def __new__(cls, mode: Any = True) -> Any:
        made = super().__new__(cls)
        if not callable(mode):
            return made
        made.__init__()  # type: ignore[misc]
        return made(mode)

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.enabled = not mode


class enable_grad(_Mode):
    """Record gradients, also within `no_grad`.

    Examples
    --------
    >>> import engine
    >>> x = engine.ones(1, requires_grad=True)
    >>> with engine.no_grad(), engine.enable_grad():
    ...     y = x * 2
    >>> y.requires_grad
    True
    """

    enabled = True


class set_grad_enabled(_Mode):
    """Record gradients or not: at once, and as a context until its end.

    Examples
    --------
    >>> import engine
    >>> x = engine.ones(1, requires_grad=True)
    >>> with engine.set_grad_enabled(False):
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.enabled = bool(mode)
        self._at_once: bool | None = switch_grad(self.enabled)

    def __enter__(self) -> Self:
        if self._at_once is None:
            return super().__enter__()
        self._before.append(self._at_once)
        self._at_once = None
        switch_grad(self.enabled)
        return self

    def _end_at_once(self) -> None:
        if self._at_once is not None:
            switch_grad(self._at_once)
            self._at_once = None


def is_grad_enabled() -> bool:
    """Whether gradients are recorded now, in this thread.

    Examples
    --------
    >>> import engine
    >>> with engine.no_grad():
    ...     engine.is_grad_enabled()
    False
    """
    return grad_enabled()


def _many(given: Any) -> list[Any]:
    return [given] if isinstance(given, Array) else list(given)


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
    """The gradients of outputs with respect to inputs, without touching any `grad`.

    Parameters
    ----------
    outputs, inputs : array or sequence of arrays
        Results, and what they were computed from.
    grad_outputs : array or sequence of arrays, optional
        A cotangent for each output; 1 for outputs of one element.
    retain_graph : bool, optional
        Keep the graph, so that it can be walked again; default as `create_graph`.
    create_graph : bool
        Record the gradients, so that they can be differentiated again.
    only_inputs : bool
        Always true: `backward` is what adds to the `grad` of other leaves.
    allow_unused : bool, optional
        Give None for inputs that no output depends on, instead of an error.
    materialize_grads : bool
        Give zeros for them.

    Returns
    -------
    tuple of arrays

    Raises
    ------
    RuntimeError
        When an output or input does not require grad, or an input is not used.
    ValueError
        When `only_inputs` is false.
    """
    if not only_inputs:
        raise ValueError(
            "grad: only_inputs=True was required; False was given; backward() adds to "
            "the grad of all leaves"
        )
    retain = create_graph if retain_graph is None else retain_graph
    results, wanted = _many(outputs), _many(inputs)
    given = [None] * len(results) if grad_outputs is None else _many(grad_outputs)
    if len(given) != len(results):
        raise RuntimeError(
            f"grad: a grad_output for each of {len(results)} outputs was required; "
            f"{len(given)} were given"
        )
    for x in wanted:
        if not x.requires_grad:
            raise RuntimeError(
                named("One of the differentiated Tensors does not require grad")
            )
    seeds = [y._seed(g) for y, g in zip(results, given, strict=True)]
    values = [x.line.current() for x in wanted]
    regions = [
        Recipe(*x.recipe) if is_view(x.recipe, value) and not x.is_leaf else None
        for x, value in zip(wanted, values, strict=True)
    ]
    found, retained = gradients_of(seeds, values, create_graph, retain, regions)
    for cell, gradient in retained:
        accumulate(cell, gradient, create_graph)
    gradients = []
    for x, value, region in zip(wanted, found, regions, strict=True):
        if value is not None:
            shown = read_region(value, x.recipe) if region is None else value
            gradient = x.wrap(shown)
            gradients.append(_hooked(gradient, x) if x.is_leaf else gradient)
        elif materialize_grads:
            gradients.append(x.detach() * 0)
        elif allow_unused:
            gradients.append(None)
        else:
            raise RuntimeError(
                named(
                    "One of the differentiated Tensors appears to not have been used "
                    "in the graph. Set allow_unused=True if this is the desired "
                    "behavior."
                )
            )
    return tuple(gradients)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradients of tensors to the `grad` of the leaves they depend on.

    Parameters
    ----------
    tensors : array or sequence of arrays
        Results; their gradients are added, in one walk.
    grad_tensors : array or sequence of arrays, optional
        A cotangent for each; 1 for those of one element.
    retain_graph : bool, optional
        Keep the graph, so that it can be walked again; default as `create_graph`.
    create_graph : bool
        Record the gradients, so that they can be differentiated again.
    inputs : array or sequence of arrays, optional
        Those whose `grad` is added to, as `retain_grad` says it of results; all leaves
        by default.

    Raises
    ------
    RuntimeError
        When there are more or fewer cotangents than tensors, or a tensor or an input
        requires no grad.
    """
    results = _many(tensors)
    given = [None] * len(results) if grad_tensors is None else _many(grad_tensors)
    if len(given) != len(results):
        raise RuntimeError(
            f"backward: a grad_tensor for each of {len(results)} tensors was required; "
            f"{len(given)} were given"
        )
    retain = create_graph if retain_graph is None else retain_graph
    seeds = [y._seed(g) for y, g in zip(results, given, strict=True)]
    if inputs is None:
        found = leaf_gradients(seeds, create_graph, retain)
    else:
        wanted = _retaining(_many(inputs))
        values = [x.line.current() for x in wanted]
        gradients, found = gradients_of(seeds, values, create_graph, retain)
        of_leaves = {
            id(x.line.cell): (x.line.cell, gradient)
            for x, gradient in zip(wanted, gradients, strict=True)
            if x.is_leaf and gradient is not None
        }
        found = [*found, *of_leaves.values()]
    for cell, gradient in found:
        accumulate(cell, gradient, create_graph)


def _retaining(inputs: list[Any]) -> list[Any]:
    """Tensors whose `grad` a walk adds to: results among them retain it from now on."""
    if not inputs:
        raise RuntimeError(named("`inputs` argument to `backward()` cannot be empty."))
    for x in inputs:
        if not x.requires_grad or not x.is_leaf:
            x.retain_grad()
    return inputs


def _hooked(gradient: Any, x: Any) -> Any:
    """The gradient of a leaf as the hooks on it leave it."""
    cell = x.line.cell
    for hook in () if cell is None else cell.hooks:
        replaced = hook(gradient)
        gradient = gradient if replaced is None else replaced
    return gradient
