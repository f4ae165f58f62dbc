"""Functions of tensors that are no methods: joining, comparing, einsum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from engine import composites
from engine.array import Array
from engine.errors import named
from engine.movement import reshape_value, transpose_value
from engine.ops import bounded
from engine.ops.op import cast
from engine.record.registry import REGISTRY
from engine.record.value import Value
from engine.torch.choices import where as select
from engine.torch.creation import tensor
from engine.torch.operands import as_value, check_devices, common_dtype, wrap_dim
from engine.torch.products import product
from engine.torch.tensor import Tensor

M = TypeVar("M", bound=Callable[..., Any])


def as_function(method: M) -> M:
    """A method of tensors as a function: ``engine.exp(x)`` is ``x.exp()``.

    Its first argument may be given as ``input``. An array of the other face is taken as
    a tensor; anything else is refused here, as the method would fail at whatever
    attribute it happens to read first.
    """
    name = _NAMES[method]

    def function(input: Any, *args: Any, **options: Any) -> Any:
        if isinstance(input, Tensor):  # what the class has now may be native code
            return getattr(input, name)(*args, **options)
        if isinstance(input, Array):
            return function(tensor(input), *args, **options)
        raise TypeError(
            f"{function.__name__}: a tensor was required; {type(input).__name__} was "
            "given"
        )

    function.__name__ = function.__qualname__ = name.strip("_")
    function.__module__, function.__doc__ = "engine", method.__doc__
    function.__wrapped__ = method  # type: ignore[attr-defined]
    made: Any = function
    return made  # type: ignore[no-any-return]


_NAMES: dict[Any, str] = {
    method: name
    for cls in reversed(Tensor.__mro__)
    for name, method in reversed([*vars(cls).items()])
    if isinstance(method, FunctionType)
}
"""The methods of tensors by the first of their names."""


def _listed(name: str, tensors: Any) -> list[Value]:
    """The values of tensors, in the dtype in which they meet."""
    if not isinstance(tensors, Iterable):
        raise TypeError(
            f"{name}: a sequence of tensors was required; {type(tensors).__name__} was "
            "given"
        )
    given = list(tensors)
    if not given:
        kind = ValueError if name == "cat" else RuntimeError
        raise kind(f"{name}: expected a non-empty list of Tensors")
    for each in given:
        if not isinstance(each, Array):
            raise TypeError(
                f"{name}: tensors were required; {type(each).__name__} was given"
            )
    dtype = common_dtype(name, *given)
    values = [as_value(each, dtype) for each in given]
    check_devices(name, *values)
    return values


def cat(tensors: Sequence[Any], dim: int = 0) -> Tensor:
    """Tensors one after another along a dimension.

    Raises
    ------
    RuntimeError
        When their other sizes differ.

    Examples
    --------
    >>> import engine
    >>> engine.cat([engine.zeros(1), engine.ones(2)])
    tensor([0., 1., 1.])
    """
    values = _listed("cat", tensors)
    # PyTorch lets empty vectors stand for anything.
    values = [v for v in values if v.shape != (0,)] or values[:1]
    rank = len(values[0].shape)
    if rank == 0:
        raise RuntimeError(
            named("zero-dimensional tensor (at position 0) cannot be concatenated")
        )
    place = wrap_dim(dim, rank)
    for number, value in enumerate(values):
        if len(value.shape) != rank:
            raise RuntimeError(
                named(
                    f"Tensors must have same number of dimensions: got {rank} and "
                    f"{len(value.shape)}"
                )
            )
        for axis, (n, m) in enumerate(zip(values[0].shape, value.shape, strict=True)):
            if axis != place and n != m:
                raise RuntimeError(
                    named(
                        f"Sizes of tensors must match except in dimension {place}. "
                        f"Expected size {n} but got size {m} for tensor number "
                        f"{number} in the list."
                    )
                )
    return Tensor.wrap(composites.concatenate(values, place))


concat = concatenate = cat


def stack(tensors: Sequence[Any], dim: int = 0) -> Tensor:
    """Tensors of one shape along a new dimension.

    Examples
    --------
    >>> import engine
    >>> engine.stack([engine.tensor([1, 2]), engine.tensor([3, 4])], dim=1)
    tensor([[1, 3],
            [2, 4]])
    """
    values = _listed("stack", tensors)
    shapes = [list(value.shape) for value in values]
    for number, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise RuntimeError(
                named(
                    f"stack expects each tensor to be equal size, but got {shapes[0]} "
                    f"at entry 0 and {shape} at entry {number}"
                )
            )
    place = wrap_dim(dim, len(shapes[0]) + 1)
    return Tensor.wrap(composites.stack(values, place))


def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """`input` where a condition holds, `other` elsewhere.

    The gradient of what is not taken is 0, even where it would be infinite or NaN.
    With the condition alone: the indices where it holds.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([0.0, 4.0], requires_grad=True)
    >>> engine.where(x > 0, engine.sqrt(x), 0.0).sum().backward()
    >>> x.grad
    tensor([0.0000, 0.2500])
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    return select(condition, input, other)


def broadcast_tensors(*tensors: Tensor) -> list[Tensor]:
    """Tensors expanded to their common shape.

    Examples
    --------
    >>> import engine
    >>> row, column = engine.tensor([1, 2]), engine.tensor([[3], [4]])
    >>> engine.broadcast_tensors(row, column)[1]
    tensor([[3, 3],
            [4, 4]])
    """
    from engine.torch.operands import check_broadcast

    shape = check_broadcast("broadcast_tensors", [t.recipe.shape for t in tensors])
    return [t.expand(shape) for t in tensors]


def numel(input: Tensor) -> int:
    """The number of elements.

    Examples
    --------
    >>> import engine
    >>> engine.numel(engine.zeros(2, 3))
    6
    """
    return input.numel()


def is_tensor(obj: Any) -> bool:
    """Whether something is a tensor.

    Examples
    --------
    >>> import engine
    >>> engine.is_tensor(engine.zeros(2)), engine.is_tensor([0.0, 0.0])
    (True, False)
    """
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are real floating point numbers.

    Examples
    --------
    >>> import engine
    >>> engine.is_floating_point(engine.zeros(2))
    True
    """
    return input.is_floating_point()


def is_complex(input: Tensor) -> bool:
    """Whether the elements are complex numbers.

    Examples
    --------
    >>> import engine
    >>> engine.is_complex(engine.tensor([1j]))
    True
    """
    return input.is_complex()


def einsum(equation: Any, *operands: Any) -> Tensor:
    """Sums of products by Einstein's notation, such as ``"bij,bjk->bik"``.

    Subscripts are letters; each may occur once in an operand, and an ellipsis not at
    all. Operands are multiplied from the left to the right, two at a time.

    Raises
    ------
    RuntimeError
        When the equation does not fit the operands.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> engine.einsum("ij,jk->ik", x, x), engine.einsum("ij->i", x)
    (tensor([[ 7., 10.],
            [15., 22.]]), tensor([3., 7.]))
    """
    if not isinstance(equation, str):
        raise TypeError(
            "einsum: an equation, as text, was required first; "
            f"{type(equation).__name__} was given"
        )
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    terms, output = _parsed(equation, len(operands))
    values = _listed("einsum", operands)
    for term, value in zip(terms, values, strict=True):
        if len(set(term)) != len(term) or len(term) != len(value.shape):
            raise RuntimeError(
                f"einsum: a different letter for each of {len(value.shape)} dimensions "
                f"was required; {term!r} was given in {equation!r}"
            )
    letters, total = terms[0], values[0]
    for k in range(1, len(values)):
        wanted = set(output).union(*terms[k + 1 :])
        letters, total = _contracted(
            letters, total, terms[k], values[k], wanted, equation
        )
    letters, total = _summed(letters, total, set(output))
    return Tensor.wrap(transpose_value(total, [letters.index(c) for c in output]))


def _parsed(equation: str, count: int) -> tuple[list[str], str]:
    left, arrow, output = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    everything = "".join(terms)
    if not arrow:
        output = "".join(sorted(c for c in set(everything) if everything.count(c) == 1))
    ok = all(c.isalpha() for c in everything + output)
    if len(terms) != count or not ok or not set(output) <= set(everything):
        raise RuntimeError(
            f"einsum: subscripts of letters for {count} operands were required; "
            f"{equation!r} was given"
        )
    return terms, output


def _summed(letters: str, value: Value, wanted: set[str]) -> tuple[str, Value]:
    """Sum over the dimensions that nothing else speaks of."""
    axes = tuple(k for k, c in enumerate(letters) if c not in wanted)
    if axes:
        value = REGISTRY["sum"](value, attributes=(axes,))
    return "".join(c for c in letters if c in wanted), value


def _contracted(
    a: str, x: Value, b: str, y: Value, wanted: set[str], equation: str
) -> tuple[str, Value]:
    """One product of matrices: batch, then what is left of x, then of y."""
    a, x = _summed(a, x, wanted | set(b))
    b, y = _summed(b, y, wanted | set(a))
    sizes = dict(zip(a, x.shape, strict=True))
    for letter, n in zip(b, y.shape, strict=True):
        if sizes.setdefault(letter, n) != n:
            raise RuntimeError(
                f"einsum: one size for each letter was required; {letter!r} is "
                f"{sizes[letter]} and {n} in {equation!r}"
            )
    batch = "".join(c for c in a if c in b and c in wanted)
    inner = "".join(c for c in a if c in b and c not in wanted)
    rows = "".join(c for c in a if c not in b)
    columns = "".join(c for c in b if c not in a)
    left = _arranged(a, x, (batch, rows, inner))
    right = _arranged(b, y, (batch, inner, columns))
    letters = batch + rows + columns
    shape = tuple(sizes[c] for c in letters)
    return letters, reshape_value(product(left, right, "einsum"), shape)


def _arranged(letters: str, value: Value, groups: tuple[str, str, str]) -> Value:
    """A value with its dimensions in three groups, each merged into one."""
    sizes = dict(zip(letters, value.shape, strict=True))
    order = [letters.index(c) for group in groups for c in group]
    shape = []
    for group in groups:
        extent = 1
        for letter in group:
            extent *= sizes[letter]
        shape.append(extent)
    return reshape_value(transpose_value(value, order), tuple(shape))


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Sums of products over pairs of dimensions.

    Examples
    --------
    >>> import engine
    >>> engine.tensordot(engine.ones(2, 3), engine.ones(3, 4), 1).shape
    engine.Size([2, 4])
    """
    if isinstance(dims, int):
        pairs = (list(range(a.dim() - dims, a.dim())), list(range(dims)))
    else:
        pairs = (list(dims[0]), list(dims[1]))
    values = _listed("tensordot", (a, b))
    try:
        return Tensor.wrap(composites.tensordot(values[0], values[1], *pairs))
    except ValueError as error:
        raise RuntimeError(str(error)) from None


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """1 at the class of each element along a new last dimension, 0 elsewhere.

    Parameters
    ----------
    tensor : Tensor
        Classes: integers of at least 0, of any shape.
    num_classes : int
        How many there are; -1 counts up to the largest one, which is looked at.

    Returns
    -------
    Tensor
        int64, of the shape ``(*tensor.shape, num_classes)``.

    Raises
    ------
    RuntimeError
        For a dtype that is not one of integers.
    IndexError
        For a class that is negative or too large, when the result is computed.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.one_hot(engine.tensor([2, 0]), 3)
    tensor([[0, 0, 1],
            [1, 0, 0]])
    """
    if tensor.recipe.dtype.kind not in "iu":
        raise RuntimeError(
            f"one_hot: integers were required; {tensor.dtype!r} was given"
        )
    classes = num_classes
    if classes < 0:
        classes = int(tensor.computed().max()) + 1
    known = bounded(tensor.read(), attributes=(classes, 0))
    flags = composites.one_hot(known, classes, tensor.dim())
    return Tensor.wrap(cast(flags, np.dtype(np.int64)))
