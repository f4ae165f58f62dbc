"""Products of tensors: matrices, vectors, and norms."""

from __future__ import annotations

from math import inf
from typing import Any, Self

from engine.array import Array
from engine.errors import named
from engine.movement import reshape_value
from engine.ops.op import cast
from engine.record.registry import REGISTRY
from engine.record.value import Value
from engine.torch.dtypes import known
from engine.torch.elementwise import Elementwise
from engine.torch.operands import NUMBERS, OPERANDS, as_value, check_devices, wrap_dims
from engine.torch.reductions import Reductions, reduce


def product(left: Any, right: Any, name: str = "matmul") -> Value:
    """The matrix product of two tensors of one dtype.

    Raises RuntimeError when their dtypes differ or their shapes do not fit.
    """
    x, y = as_value(left), as_value(right)
    check_devices(name, x, y)
    if x.dtype != y.dtype:
        raise RuntimeError(
            f"{name}: expected m1 and m2 to have the same dtype, but got: "
            f"{known(x.dtype)!r} != {known(y.dtype)!r}"
        )
    if len(x.shape) == 2 and len(y.shape) == 2 and x.shape[1] != y.shape[0]:
        raise RuntimeError(
            f"{name}: mat1 and mat2 shapes cannot be multiplied "
            f"({x.shape[0]}x{x.shape[1]} and {y.shape[0]}x{y.shape[1]})"
        )
    try:
        return REGISTRY["matmul"](x, y)
    except ValueError as error:
        raise RuntimeError(str(error)) from None


def _of_rank(name: str, *operands: tuple[Any, int]) -> None:
    for x, rank in operands:
        if not isinstance(x, Array):
            raise TypeError(
                f"{name}: a tensor was required; {type(x).__name__} was given"
            )
        if len(x.shape) != rank:
            raise RuntimeError(
                f"{name}: a tensor of {rank} dimensions was required; shape "
                f"{list(x.shape)} was given"
            )


class Products(Reductions, Elementwise):
    """Matrix products and norms."""

    __slots__ = ()

    def __matmul__(self, other: Any) -> Self:
        if isinstance(other, NUMBERS) or not isinstance(other, OPERANDS):
            return NotImplemented
        return self.matmul(other)

    def __rmatmul__(self, other: Any) -> Self:
        if isinstance(other, NUMBERS) or not isinstance(other, OPERANDS):
            return NotImplemented
        return self.wrap(product(other, self))

    def matmul(self, other: Any) -> Self:
        """The matrix product; vectors and batches as in PyTorch.

        Raises
        ------
        RuntimeError
            When the dtypes differ, or the sizes do not fit.

        Examples
        --------
        >>> import engine
        >>> x = engine.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> x.matmul(x), x.matmul(engine.ones(2))
        (tensor([[ 7., 10.],
                [15., 22.]]), tensor([3., 7.]))
        """
        return self.wrap(product(self, other))

    def mm(self, mat2: Any) -> Self:
        """The product of two matrices.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1.0, 2.0]]).mm(engine.ones(2, 3))
        tensor([[3., 3., 3.]])
        """
        _of_rank("mm", (self, 2), (mat2, 2))
        return self.wrap(product(self, mat2, "mm"))

    def bmm(self, mat2: Any) -> Self:
        """The products of two batches of matrices.

        Examples
        --------
        >>> import engine
        >>> engine.ones(2, 1, 3).bmm(engine.ones(2, 3, 1)).shape
        engine.Size([2, 1, 1])
        """
        _of_rank("bmm", (self, 3), (mat2, 3))
        if self.recipe.shape[0] != mat2.shape[0]:
            raise RuntimeError(
                f"bmm: batches of one size were required; {self.recipe.shape[0]} and "
                f"{mat2.shape[0]} were given"
            )
        return self.wrap(product(self, mat2, "bmm"))

    def mv(self, vec: Any) -> Self:
        """The product of a matrix and a vector.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1.0, 2.0], [3.0, 4.0]]).mv(engine.ones(2))
        tensor([3., 7.])
        """
        _of_rank("mv", (self, 2), (vec, 1))
        return self.wrap(product(self, vec, "mv"))

    def dot(self, other: Any) -> Self:
        """The inner product of two vectors.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1.0, 2.0]).dot(engine.tensor([3.0, 4.0]))
        tensor(11.)
        """
        _of_rank("dot", (self, 1), (other, 1))
        return self.wrap(product(self, other, "dot"))

    def outer(self, vec2: Any) -> Self:
        """The product of each element with each element of another vector.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1.0, 2.0]).outer(engine.tensor([1.0, 10.0]))
        tensor([[ 1., 10.],
                [ 2., 20.]])
        """
        _of_rank("outer", (self, 1), (vec2, 1))
        column = reshape_value(self.read(), (self.recipe.shape[0], 1))
        return self.wrap(column).mul(vec2)

    def addmm(self, mat1: Any, mat2: Any, *, beta: float = 1, alpha: float = 1) -> Self:
        """``beta * self + alpha * (mat1 @ mat2)``.

        Examples
        --------
        >>> import engine
        >>> engine.ones(1, 1).addmm(engine.ones(1, 2), engine.ones(2, 1), beta=10)
        tensor([[12.]])
        """
        both = self.wrap(product(mat1, mat2, "addmm"))
        return self.mul(beta).add(both, alpha=alpha)

    # -- norms --------------------------------------------------------------------
    def norm(
        self, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None
    ) -> Self:
        """The p-norm over dimensions; "fro" and 2 are the Euclidean norm.

        The gradient of the Euclidean norm is 0 where the norm is 0.

        Examples
        --------
        >>> import engine
        >>> x = engine.tensor([[3.0, 4.0], [6.0, 8.0]])
        >>> x.norm(), x.norm(1), x.norm(dim=1)
        (tensor(11.1803), tensor(21.), tensor([ 5., 10.]))
        """
        dims = wrap_dims(dim, len(self.recipe.shape))
        value = self._real(dtype)
        return self.wrap(_norm(value, 2 if p in ("fro", None) else p, dims, keepdim))

    def dist(self, other: Array, p: float = 2) -> Self:
        """The p-norm of the difference.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([3.0, 0.0]).dist(engine.tensor([0.0, 4.0]))
        tensor(5.)
        """
        return self.sub(other).norm(p)


def _norm(value: Value, p: Any, dims: tuple[int, ...], keepdim: bool) -> Value:
    sizes = REGISTRY["absolute"](value)
    where = REGISTRY["where"]
    if isinstance(p, str):
        raise RuntimeError(
            named(f"a number, 'fro' or inf was required for p; {p!r} was given")
        )
    if p == inf:
        return reduce("max", sizes, dims, keepdim)
    if p == -inf:
        return reduce("min", sizes, dims, keepdim)
    if p == 0:
        flags = REGISTRY["not_equal"](sizes, 0)
        return reduce("sum", cast(flags, sizes.dtype), dims, keepdim)
    if p == 1:
        return reduce("sum", sizes, dims, keepdim)
    powers = REGISTRY["square"](sizes) if p == 2 else sizes ** float(p)
    total = reduce("sum", powers, dims, keepdim)
    # The root's slope at 0 is infinite: selected away, so that the gradient is 0.
    root = REGISTRY["sqrt"](total) if p == 2 else total ** (1.0 / p)
    return where(REGISTRY["equal"](total, 0), 0, root)
