"""Gradients of functions: `grad`, `value_and_grad`, `vjp`, `jvp`, `hessian`.

They take arrays of either face, and nested lists, tuples and dicts of them. Functions
may write into their arguments; the caller's arrays stay as they are.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from engine.array import Array
from engine.autograd import gradient_values
from engine.composites import stack
from engine.errors import named
from engine.movement import reshape_value
from engine.ops.op import cast
from engine.ops.regions import full_value, view
from engine.recipe import Recipe
from engine.record.trace import alias, grad_mode
from engine.record.value import LEAF_HISTORY, History, Marker, Value
from engine.storage import stop
from engine.trees import Rebuild, flatten, is_array

Argnums: TypeAlias = int | Sequence[int]

ARGUMENT: Any = Marker("argument")


class _Depth(threading.local):
    """How many of these functions are at work in this thread, one in another."""

    value = 0


_depth = _Depth()


class _Call:
    """One call of a function whose arguments are differentiated."""

    def __init__(self, function: Callable[..., Any], arguments: Any) -> None:
        self.given, self.rebuild = flatten(arguments, _is_number)
        self.given = [_as_array(x) for x in self.given]
        self.function = function
        self.inputs: list[Value] = []

    def run(self, call: Callable[[Any], Any]) -> Any:
        """Call the function with arguments that start a gradient history."""
        _depth.value += 1
        try:
            with grad_mode(True):
                self.inputs = [_argument(x.read()) for x in self.given]
                handles = [
                    x.wrap(value, scalar=x.scalar)
                    for x, value in zip(self.given, self.inputs, strict=True)
                ]
                return call(self.rebuild(handles))
        finally:
            _depth.value -= 1

    def gradients(
        self, seeds: Sequence[tuple[Value, Value]], recorded: bool
    ) -> list[Array]:
        """The gradients of the inputs; zeros where nothing depends on one."""
        found = gradient_values(seeds, self.inputs, recorded)
        return [
            x.wrap(full_value(x.recipe.shape, 0, x.recipe.dtype) if g is None else g)
            for x, g in zip(self.given, found, strict=True)
        ]


def _argument(value: Value) -> Value:
    """The same array, where a gradient can be asked for; outer ones go through."""
    return alias(value, History(ARGUMENT, (value,), ()))


def _is_number(x: Any) -> bool:
    return isinstance(x, (Array, np.ndarray, np.generic, float, complex))


def _as_array(x: Any) -> Array:
    if isinstance(x, Array):
        array = x
    else:
        from engine.numpy import array as numpy_array

        array = numpy_array(x)
    if array.recipe.dtype.kind not in "fc":
        raise TypeError(
            "grad: arguments of a floating dtype were required; "
            f"{array.recipe.dtype.name} was given"
        )
    return array


def _outer(value: Value) -> bool:
    """Whether a result must stay differentiable for somebody outside."""
    if _depth.value:
        return True
    seen: set[int] = set()
    stack = [value]
    while stack:
        top = stack.pop()
        history = top.history
        if history is None or id(top) in seen:
            continue
        seen.add(id(top))
        if history.op is LEAF_HISTORY:
            return True
        stack.extend(x for x in history.inputs if type(x) is Value)
    return False


def _loss_value(loss: Any, name: str) -> Value:
    if not isinstance(loss, Array) or loss.recipe.size != 1:
        given = type(loss).__name__
        if isinstance(loss, Array):
            given = f"an array of shape {tuple(loss.recipe.shape)}"
        raise TypeError(
            f"{name}: a function that returns an array of one element was required; "
            f"{given} was returned"
        )
    if loss.recipe.dtype.kind == "c":
        raise TypeError(
            f"{name}: a function that returns a real number was required; "
            f"{loss.recipe.dtype.name} was returned; take a part of it, or use vjp"
        )
    return loss.read()


def _check_function(function: Any) -> None:
    if not callable(function):
        raise TypeError(
            named(f"a function was required; {type(function).__name__} was given")
        )


def _chosen(args: tuple[Any, ...], place: int) -> Any:
    if not -len(args) <= place < len(args):
        raise ValueError(
            f"grad: an argument by position was required at {place}, which argnums "
            f"names; {len(args)} were given"
        )
    return args[place]


def value_and_grad(
    function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the value of `function` and its gradient.

    Parameters
    ----------
    function : callable
        It returns an array of one element.
    argnums : int or sequence of int
        Which arguments to differentiate: arrays of either face, numbers, or nested
        lists, tuples and dicts of them.
    has_aux : bool
        Whether `function` returns a pair, of which only the first is differentiated.

    Returns
    -------
    callable
        It returns ``(value, gradient)``; the gradient is shaped like the argument,
        or is a tuple where `argnums` is a sequence. With `has_aux` the value is
        ``(value, aux)``.

    Examples
    --------
    >>> import engine
    >>> def loss(parameters, x):
    ...     return ((parameters["w"] * x) ** 2).sum()
    >>> parameters = {"w": engine.tensor([1.0, 2.0])}
    >>> value, gradient = engine.value_and_grad(loss)(parameters, engine.ones(2))
    >>> value, gradient["w"]
    (tensor(5.), tensor([2., 4.]))
    """
    _check_function(function)
    places = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(function)
    def differentiated(*args: Any, **options: Any) -> Any:
        chosen = [_chosen(args, place) for place in places]

        def call(handles: Any) -> Any:
            filled = list(args)
            for place, handle in zip(places, handles, strict=True):
                filled[place] = handle
            return function(*filled, **options)

        state = _Call(function, chosen)
        result = state.run(call)
        loss, aux = result if has_aux else (result, None)
        value = _loss_value(loss, "grad")
        recorded = _outer(value)
        seed = full_value(value.shape, 1, value.dtype)
        gradients = state.rebuild(state.gradients([(value, seed)], recorded))
        if not recorded:
            loss = loss.wrap(stop(value), scalar=loss.scalar)
        found = gradients[0] if isinstance(argnums, int) else tuple(gradients)
        return ((loss, aux) if has_aux else loss), found

    return differentiated


def grad(
    function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the gradient of `function`.

    Parameters and results are those of `value_and_grad`, without the value; with
    `has_aux` the result is ``(gradient, aux)``.

    Examples
    --------
    >>> import engine
    >>> import engine.numpy as np
    >>> engine.grad(lambda x: (x**3).sum())(np.array([1.0, 2.0]))
    array([ 3., 12.])
    >>> float(engine.grad(engine.grad(lambda x: x**3))(2.0))
    12.0
    """
    both = value_and_grad(function, argnums, has_aux)

    @functools.wraps(function)
    def differentiated(*args: Any, **options: Any) -> Any:
        value, found = both(*args, **options)
        return (found, value[1]) if has_aux else found

    return differentiated


def _parts(tree: Any) -> tuple[list[Array], Rebuild]:
    return flatten(tree, is_array)


def vjp(
    function: Callable[..., Any], *primals: Any
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of a function, and the function from cotangents to gradients.

    Parameters
    ----------
    function : callable
        It returns arrays: one, or nested lists, tuples and dicts of them.
    *primals
        Its arguments.

    Returns
    -------
    (value, pull) : tuple
        ``pull(cotangents)`` gives a tuple with a gradient for each of `primals`.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0, 2.0])
    >>> value, pull = engine.vjp(lambda x: x * x, x)
    >>> pull(engine.tensor([1.0, 10.0]))
    (tensor([ 2., 40.]),)
    """
    _check_function(function)
    state = _Call(function, list(primals))
    outputs, rebuild = _parts(state.run(lambda handles: function(*handles)))
    values = [y.read() for y in outputs]
    recorded = any(_outer(value) for value in values)

    def pull(cotangents: Any) -> tuple[Any, ...]:
        given, _ = _parts(cotangents)
        seeds = _paired(values, given, "vjp")
        return tuple(state.rebuild(state.gradients(seeds, recorded)))

    if recorded:
        return rebuild(outputs), pull
    return rebuild([y.wrap(stop(y.read()), scalar=y.scalar) for y in outputs]), pull


def _paired(
    values: Sequence[Value], given: Sequence[Array], name: str
) -> list[tuple[Value, Value]]:
    """Values with cotangents (or tangents) of their shapes and dtypes."""
    shapes = [value.shape for value in values]
    if [tuple(g.recipe.shape) for g in given] != shapes:
        raise ValueError(
            f"{name}: arrays of the shapes {shapes} were required; "
            f"{[tuple(g.recipe.shape) for g in given]} were given"
        )
    return [(v, cast(g.read(), v.dtype)) for v, g in zip(values, given, strict=True)]


def jvp(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, Any]:
    """The value of a function, and its derivative in the direction of tangents.

    Parameters
    ----------
    function : callable
    primals, tangents : sequence
        Its arguments, and a direction of the same structure.

    Returns
    -------
    (value, derivative) : tuple

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0, 2.0])
    >>> engine.jvp(lambda x: x * x, (x,), (engine.tensor([1.0, 0.0]),))[1]
    tensor([2., 0.])
    """
    _check_function(function)
    state = _Call(function, list(primals))
    directions, _ = flatten(list(tangents), _is_number)
    outputs, rebuild = _parts(state.run(lambda handles: function(*handles)))
    values = [y.read() for y in outputs]
    pushed = _pushed(values, state.inputs, [_as_array(t) for t in directions])
    if any(_outer(value) for value in values):
        return rebuild(outputs), rebuild(
            [y.wrap(p) for y, p in zip(outputs, pushed, strict=True)]
        )
    plain = [y.wrap(stop(y.read()), scalar=y.scalar) for y in outputs]
    return rebuild(plain), rebuild(
        [y.wrap(stop(p)) for y, p in zip(outputs, pushed, strict=True)]
    )


def _pushed(
    values: Sequence[Value], inputs: Sequence[Value], directions: Sequence[Array]
) -> list[Value]:
    """Tangents of values: gradients are linear in their cotangents, so two walks."""
    zeros = [_argument(full_value(v.shape, 0, v.dtype)) for v in values]
    seeds = list(zip(values, zeros, strict=True))
    pulled = gradient_values(seeds, list(inputs), create_graph=True)
    pairs = _paired(inputs, directions, "jvp")
    again = [
        (gradient, tangent)
        for gradient, (_, tangent) in zip(pulled, pairs, strict=True)
        if gradient is not None
    ]
    found = gradient_values(again, zeros, create_graph=True)
    return [
        full_value(v.shape, 0, v.dtype) if tangent is None else tangent
        for v, tangent in zip(values, found, strict=True)
    ]


def hessian(function: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """A function that returns the second derivatives of `function`.

    Parameters
    ----------
    function : callable
        It returns an array of one element.
    argnum : int
        Which argument, an array, to differentiate by.

    Returns
    -------
    callable
        It returns an array whose shape is the argument's shape twice.

    Examples
    --------
    >>> import engine
    >>> engine.hessian(lambda x: x[0] ** 2 * x[1])(engine.tensor([3.0, 5.0]))
    tensor([[10.,  6.],
            [ 6.,  0.]])
    """
    first = grad(function, argnum)

    @functools.wraps(function)
    def differentiated(*args: Any, **options: Any) -> Any:
        def call(handles: Any) -> Any:
            filled = list(args)
            filled[argnum] = handles[0]
            return first(*filled, **options)

        state = _Call(function, [_chosen(args, argnum)])
        if state.given[0].recipe.dtype.kind == "c":  # has four parts, not one
            raise TypeError(
                "hessian: a real argument was required; "
                f"{state.given[0].recipe.dtype.name} was given; differentiate by its "
                "real and imaginary parts"
            )
        gradient = state.run(call).read()
        recorded = _outer(gradient)
        one = full_value((), 1, gradient.dtype)
        # A row is seeded by one element, a region: what it does not depend on is
        # selected away, where a vector of zeros and a one would be multiplied.
        rows = [
            state.gradients([(_element(gradient, k), one)], recorded)[0].read()
            for k in range(gradient.size)
        ]
        shape = state.given[0].recipe.shape
        whole = reshape_value(stack(rows), (*shape, *shape))
        return state.given[0].wrap(whole)

    return differentiated


def _element(value: Value, place: int) -> Value:
    with grad_mode(True):
        return view(value, attributes=(Recipe(value.dtype, place, (), ()),))
