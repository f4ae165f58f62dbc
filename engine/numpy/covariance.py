"""Covariances and correlations of variables."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.handle as face
import engine.numpy.reductions as reductions
from engine.errors import named, warn_user
from engine.record.registry import REGISTRY

from .averages import average
from .joining import concatenate

__all__ = ["corrcoef", "cov"]


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """The covariance matrix of variables: rows, or columns where not `rowvar`.

    Parameters
    ----------
    m, y : array_like
        One or two sets of variables, of one or two axes.
    bias, ddof :
        The number of observations is divided by less `ddof`: 1, or 0 with `bias`.
    fweights : array_like of int, optional
        How often each observation was made.
    aweights : array_like, optional
        How much each observation counts.
    dtype : dtype, optional
        That of the result; at least float64 when none is given.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.cov([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    if ddof is not None and ddof != int(ddof):
        raise ValueError(named("ddof must be integer"))
    given = [face.asarray(x) for x in (m, y) if x is not None]
    target = dtype or np.result_type(*[x.dtype for x in given], np.float64)
    sets = [_variables(x, rowvar, target) for x in given]
    if not sets[0].shape[0]:
        return face.ndarray((0, 0), target)
    array = sets[0] if y is None else concatenate(sets, axis=0)
    freedom = (0 if bias else 1) if ddof is None else ddof
    weights = _weights(array.shape[1], fweights, aweights)
    middle, total = average(array, 1, weights, True)
    count = _left(array.shape[1], freedom, total[0], weights, aweights)
    centred = array - middle[:, None]
    other = centred if weights is None else centred * weights
    return (centred @ other.conj().T / count).squeeze()


def _left(number: int, freedom: int, total: Any, weights: Any, aweights: Any) -> Any:
    """The degrees of freedom that are left."""
    if weights is None:
        if number <= freedom:
            warn_user("cov: Degrees of freedom <= 0 for slice", RuntimeWarning)
        return float(max(number - freedom, 0))
    if freedom and aweights is None:
        total = total - freedom
    elif freedom:
        total = total - freedom * reductions.sum(weights * aweights) / total
    return elementwise.apply(REGISTRY["maximum"], total, 0.0)


def _variables(array: face.ndarray, rowvar: bool, dtype: Any) -> Any:
    if array.ndim > 2:
        raise ValueError(
            named(f"at most 2 axes were required; {array.ndim} were given")
        )
    if array.ndim == 2 and not rowvar:
        array = array.T
    typed = array.astype(dtype)
    return typed.reshape(1, -1) if array.ndim < 2 else typed


def _weights(count: int, fweights: Any, aweights: Any) -> Any:
    """The product of both kinds of weights, None where there are none."""
    found: Any = None
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is None:
            continue
        weights = face.asarray(given).astype(float, copy=False)
        if (
            name == "fweights"
            and (weights != elementwise.apply(REGISTRY["rint"], weights)).any()
        ):
            raise TypeError(named("fweights must be integer"))
        if weights.shape != (count,):
            raise RuntimeError(
                named(
                    f"{name} of shape ({count},) were required; {weights.shape} given"
                )
            )
        if (weights < 0).any():
            raise ValueError(named(f"{name} cannot be negative"))
        found = weights if found is None else found * weights
    return found


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """The correlation coefficients of variables; parameters as of `cov`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.corrcoef(np.array([[1.0, 2.0, 3.0], [1.0, 4.0, 4.0]])).round(3)
    array([[1.   , 0.866],
           [0.866, 1.   ]])
    """
    matrix = cov(x, y, rowvar, dtype=dtype)
    if matrix.ndim == 0:
        return matrix / matrix
    spread = elementwise.apply(REGISTRY["sqrt"], matrix.diagonal().real)
    return _limited(matrix / spread[:, None] / spread[None, :])


def _limited(matrix: Any) -> Any:
    """Rounding may not lead out of [-1, 1]."""
    if matrix.dtype.kind != "c":
        return matrix.clip(-1, 1)
    bounded = matrix.copy()
    bounded.real = matrix.real.clip(-1, 1)
    bounded.imag = matrix.imag.clip(-1, 1)
    return bounded
