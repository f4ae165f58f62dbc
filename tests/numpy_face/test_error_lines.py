"""Every class of error of the NumPy face: NumPy's class, what was given, and where.

A row is one line of a user's program, over float64 `x` (3,) and `m` (2, 3), int64 `i`,
bool `b`, complex `c`, uint8 `u`, and `r`, which is read-only. NumPy runs the same line
and decides the class.
"""

from __future__ import annotations

import re
from typing import Any

import numpy
import numpy.lib.recfunctions
import pytest
from error_rows import chain, innermost_line, public_class, raised

import engine.numpy as np

ROWS = [
    # shapes
    ("np.zeros((5, 3)) + np.zeros(4)", r"add: .*\(5, 3\) and \(4,\).*-1 has 3, 4"),
    ("np.multiply(x, np.zeros(4))", r"multiply: .*\(3,\) and \(4,\)"),
    ("numpy.add(x, np.zeros(4))", r"add: .*\(3,\) and \(4,\)"),
    ("np.where(x > 0, x, np.zeros(4))", r"where: .*\(3,\) and \(3,\) and \(4,\)"),
    ("x += m", r"add: .*\(2, 3\) was required; .*\(3,\) was given"),
    ("np.add(x, x, out=np.zeros(4))", r"add: .*\(3,\) was required; .*\(4,\)"),
    ("np.sum(m, axis=0, out=x[:2])", r"sum: .*\(3,\) was required; shape \(2,\)"),
    ("m @ m", r"matmul: .*required; shapes \(2, 3\) and \(2, 3\).*3 is"),
    ("m @ np.zeros(2)", "matmul: .*3 is different from 2"),
    ("np.matmul(m, 3.0)", r"matmul: .*required; shapes \(2, 3\) and \(\) were given"),
    ("np.dot(x, np.zeros(2))", r"dot: shapes \(3,\) and \(2,\) not aligned"),
    ("np.tensordot(m, m, 1)", r"tensordot: .*\(2, 3\)"),
    ("np.einsum('i', m)", r"einsum: .*'i'.*\(2, 3\)"),
    ("np.einsum('ii', m)", "einsum: .*'i' was required; 2 and 3 were given"),
    ("np.einsum('ij,ij', m, m.T)", "einsum: .*'i' was required; 2 and 3 were given"),
    ("np.einsum('...i->i', m)", "einsum: output has more dimensions .*'...i->i'"),
    ("np.cross(x, np.zeros(4))", "cross: .*required; 3 and 4 were given"),
    ("x.reshape(2)", r"reshape: cannot reshape array of size 3 into shape \(2,\)"),
    ("np.reshape(m, (4, -1))", r"reshape: .*size 6 into shape \(4, -1\)"),
    ("x.reshape(-1, -1)", "reshape: .*one unknown dimension"),
    ("m.T.reshape(6, copy=False)", "reshape: .*avoid creating a copy"),
    ("m.shape = (4,)", r"shape: .*size 6 into shape \(4,\)"),
    ("np.broadcast_to(x, (2, 4))", r"broadcast_to: .*\(3,\).*\(2, 4\)"),
    ("np.broadcast_arrays(x, np.zeros(4))", r"broadcast_arrays: .*\(3,\) and \(4,\)"),
    ("np.broadcast_shapes((2,), (3,))", r"broadcast_shapes: .*\(2,\).*\(3,\)"),
    ("np.concatenate([])", "concatenate: need at least one array"),
    ("np.concatenate([x, m])", "concatenate: .*0 has 1 .*1 has 2 dim"),
    ("np.concatenate([m, m.T])", "concatenate: .*dimension 1, .*size 3 .* size 2"),
    ("np.stack([x, np.zeros(4)])", r"stack: .*\(3,\) and \(4,\) were given"),
    ("np.split(x, 2)", "split: .*equal division: 2 parts of 3 were asked for"),
    ("np.split(x, 0)", "split: integer modulo by zero"),
    ("np.tile(x, -1)", r"tile: negative dimensions .*: \(-1,\) repetitions given"),
    ("np.tile(x, 1.5)", "tile: 'float' object is not iterable"),
    ("np.repeat(x, [1, 2])", r"repeat: .*\(3,\) \(2,\).*at user.py:2"),
    ("np.pad(x, (1, 2, 3))", "pad: .*broadcast.*at user.py:2"),
    ("np.zeros((2, -1))", r"zeros: negative dimensions .*\(2, -1\) was given"),
    ("np.eye(-1)", r"eye: negative dimensions .*\(-1, -1\)"),
    ("np.random.normal(size=-1)", r"normal: negative dimensions .*\(-1,\)"),
    ("np.zeros(2**62)", rf"zeros: array is too big: .*required; shape \({2**62},\)"),
    ("np.zeros(1.5)", "zeros: integers were required for a shape; 1.5 was given"),
    ("np.linspace(0, 1, 2.5)", "linspace: integers were required .*; 2.5 was given"),
    ("np.zeros(0).max()", "max: zero-size array to reduction operation maximum"),
    ("np.zeros(0).argmin()", "argmin: .*empty sequence"),
    ("np.average(x, weights=m[0, :2])", r"average: .*\(2,\) was given for \(3,\)"),
    # axes
    ("m.sum(2)", "sum: axis 2 is out of bounds for array of dimension 2"),
    ("np.mean(m, axis=-3)", "mean: axis -3 is out of bounds"),
    ("m.argmax(axis=2)", "argmax: axis 2"),
    ("np.sort(m, axis=2)", "sort: axis 2"),
    ("m.cumsum(axis=2)", "cumsum: axis 2"),
    ("np.concatenate([m, m], axis=2)", "concatenate: axis 2"),
    ("np.stack([m, m], axis=3)", "stack: axis 3 is out of bounds .* dimension 3"),
    ("np.expand_dims(m, 5)", "expand_dims: axis 5"),
    ("np.swapaxes(m, 0, 2)", "swapaxes: axis 2"),
    ("numpy.flip(m, 2)", "flip: axis 2"),
    ("m.sum((0, 0))", "sum: duplicate value in 'axis'"),
    ("np.flip(m, (0, 0))", "flip: duplicate value"),
    ("np.transpose(m, (0, 0))", r"transpose: repeated axis in transpose: \(0, 0\)"),
    ("m.transpose(0)", r"transpose: axes don't match .* 2 .*required; \(0,\) given"),
    ("np.squeeze(m, 0)", r"squeeze: .*not equal to one: shape \(2, 3\), axis 0"),
    ("m.sum(axis=1.5)", "sum: an integer, .* was required as axis; 1.5 was given"),
    ("m.sum(axis='a')", "sum: an integer, .* was required as axis; 'a' was given"),
    # dtypes and casting rules
    ("x & 1", "bitwise_and: .*not supported.*; float64 and int given"),
    ("~x", "invert: .*not supported.*; float64 given"),
    ("c % 2", "remainder: .*not supported.*; complex128 and int given"),
    ("np.gcd(x, x)", "gcd: .*did not contain a loop.*; float64 and float64 given"),
    ("b - b", "subtract: numpy boolean subtract.*; bool and bool given"),
    ("-b", "negative: .*boolean negative.*; bool given"),
    ("x + 'a'", r"unsupported operand type\(s\) for \+: 'ndarray' and 'str'"),
    ("np.zeros(2, dtype='nope')", "zeros: data type 'nope' not understood"),
    ("x.astype(int, casting='safe')", r"astype: .*float64.*int64.* rule 'safe'"),
    ("np.add(x, x, dtype='i4')", r"add: Cannot cast .* input 0 .*float64.*int32"),
    ("i += 1.5", r"add: Cannot cast .*float64.*int64.*'same_kind'"),
    ("i /= 2", r"divide: Cannot cast .*float64.*int64"),
    ("np.add(x, x, out=i)", "add: Cannot cast .*float64.*int64"),
    ("np.add(x, x, casting='wrong')", "add: casting must be one of .*'wrong'"),
    ("np.array([1, 'a'], dtype=float)", "array: could not convert string.*: 'a'"),
    ("np.array([[1], [1, 2]])", "array: .*inhomogeneous shape"),
    ("np.bincount(x)", r"bincount: .*float64\[3\] given; at user.py:2"),
    ("np.sum('a')", "sum: operands of boolean, .* were required; str 'a' was given"),
    ("np.arange('a')", r"arange: numbers were required; \(0, 'a', 1\) were given"),
    ("np.random.default_rng('a')", "default_rng: an integer or .* required; 'a' given"),
    ("np.random.choice(0)", "choice: .* unless no samples are taken; 0 elements were"),
    ("np.random.default_rng(0).choice(3, p=[0.5, 0.5])", r"choice: one .*\(2,\) was"),
    ("np.random.choice(3, p=[-1, 1, 1])", r"choice: .*not non-negative: \[-1, 1, 1\]"),
    ("np.block([])", r"block: lists of blocks cannot be empty; \[\] was given"),
    ("np.dot(x, x, out=np.zeros(3))", r"dot: an output of shape \(\) was required;"),
    ("np.random.choice([])", "choice: .* unless no samples are taken; 0 elements were"),
    ("np.random.default_rng(0).choice(2.5)", "choice: .*an integer, not float"),
    # Python numbers that do not fit
    ("u + 300", "add: Python integer 300 out of bounds for uint8"),
    ("u * -1", "multiply: Python integer -1 out of bounds for uint8"),
    ("u += 256", "add: Python integer 256 out of bounds for uint8"),
    ("i + 2**70", "add: Python integer 118059162.* out of bounds for int64"),
    ("np.array([300], dtype='u1')", "array: Python integer 300 out of bounds"),
    ("np.full(2, 300, 'u1')", "full: Python integer 300 out of bounds for uint8"),
    ("np.full_like(u, -1)", "full_like: Python integer -1 out of bounds for uint8"),
    ("u.fill(300)", "fill: Python integer 300 out of bounds for uint8"),
    ("u[0] = 300", "setitem: Python integer 300 out of bounds for uint8"),
    ("i ** -1", "power: .*at least 0 was required for integers; -1 was given"),
    # indices
    ("x[3]", "getitem: index 3 is out of bounds for axis 0 with size 3"),
    ("m[0, -4]", "getitem: index -4 is out of bounds for axis 1 with size 3"),
    ("m[0, 0, 0]", "getitem: .*2-dimensional, but 3 were indexed"),
    ("x[[0, 5]]", "getitem: index 5 is out of bounds for axis 0 with size 3"),
    ("m[[0, 1], np.array([0, 5])]", "getitem: index 5 is out of bounds for axis 1"),
    ("m[[0, 1], [0, 1, 2]]", r"getitem: shape mismatch: .*\(2,\) \(3,\)"),
    ("x[np.array([True, False])]", "getitem: boolean index .* 3 .* 2"),
    ("x[[True] * 4]", "getitem: boolean index .* 3 .* 4"),
    ("x[1.5]", "getitem: only integers.*; float was given"),
    ("x[np.array([1.5])]", "getitem: arrays used as indices must be of integer"),
    ("x[..., ...]", "getitem: .*single ellipsis"),
    ("x[::0]", "getitem: slice step cannot be zero"),
    ("x[7] = 1", "setitem: index 7 is out of bounds for axis 0 with size 3"),
    ("x[[0, 7]] = 1", "setitem: index 7 is out of bounds for axis 0 with size 3"),
    ("x[:] = np.zeros(4)", r"setitem: .*from shape \(4,\) into shape \(3,\)"),
    ("x[[0, 1]] = np.zeros(3)", r"setitem: .*from shape \(3,\) into shape \(2,\)"),
    ("x[0] = 'a'", "setitem: could not convert string to float: 'a'"),
    ("x.item(9)", "item: index 9 is out of bounds for axis 0 with size 3"),
    ("np.take(x, [5])", "take: index 5 is out of bounds for axis 0 with size 3"),
    ("np.put(x, [5], 1.0)", "put: index 5 is out of bounds for axis 0 with size 3"),
    ("np.add.at(x, [5], 1.0)", "at: index 5 is out of bounds for axis 0 with size 3"),
    ("np.take_along_axis(m, np.array([[5]]), 1)", "take_along_axis: index 5 .*size 3"),
    ("np.insert(x, 9, 1.0)", r"insert: index 9 .*size 3; float64\[3\] given"),
    ("np.delete(x, 9)", "delete: index 9 is out of bounds for axis 0 with size 3"),
    ("np.unravel_index(9, (2, 3))", "unravel_index: index 9 .* size 6"),
    ("np.partition(x, 9)", r"partition: kth\(=9\) out of bounds \(3\)"),
    # writes
    ("r[0] = 1", "setitem: .*read-only"),
    ("r += 1", "add: output array is read-only"),
    ("r.fill(1)", "fill: .*read-only"),
    ("r.sort()", "sort: .*read-only"),
    ("np.copyto(r, 1)", "copyto: .*read-only"),
    ("np.add(x, 1, out=r)", "add: output array is read-only"),
    ("np.broadcast_to(x, (2, 3))[0] = 1", "setitem: .*read-only"),
    # Python's own protocols
    ("bool(x)", "bool: The truth value of an array with more than one element"),
    ("float(x)", r"float: .*length-1 arrays.*float\(\) of shape \(3,\) was asked"),
    ("[1, 2][x]", "index: only integer scalar arrays"),
    ("len(x[0])", "len: .*unsized"),
    ("list(x[0])", "iter: .*0-d array"),
    ("hash(x)", "unhashable type: 'ndarray'"),
    # keywords and options
    ("x.sum(axes=0)", r"sum\(\) got an unexpected keyword argument 'axes'"),
    ("np.zeros(2, wrong=1)", r"zeros\(\) got an unexpected keyword argument 'wrong'"),
    ("np.sin(x, wrong=1)", "unexpected keyword argument 'wrong'"),
    ("np.add(x)", r"add\(\) takes from 2 to 3 positional .* 1 were given"),
    ("np.zeros(2, order='Z')", r"zeros: order must be one of .*\(got 'Z'\)"),
    ("np.zeros(2, order='K')", "zeros: only 'C' or 'F' .*; 'K' was given"),
    ("x.reshape(3, order='Z')", r"reshape: order must be one of .*\(got 'Z'\)"),
    ("np.sort(x, kind='wrong')", r"sort: .*\(got 'wrong'\)"),
    ("np.searchsorted(x, 1, side='wrong')", r"searchsorted: .*\(got 'wrong'\)"),
    ("np.take(x, [0], mode='wrong')", r"take: clipmode .*\(wrong\)"),
    ("np.pad(x, 1, mode='wrong')", "pad: mode 'wrong' is not supported"),
    ("np.convolve(x, x, mode='wrong')", "convolve: mode must be one of .*'wrong'"),
    ("np.quantile(x, 2.0)", r"quantile: .*range \[0, 1\]; 2.0 was given"),
    ("np.meshgrid(x, indexing='zz')", "meshgrid: Valid values for `indexing`"),
    ("np.ones(2, device='cuda')", "ones: device 'cpu' was required; 'cuda' was given"),
    ("x.to_device('cuda')", "to_device: device 'cpu' was required; 'cuda' was given"),
    ("np.arange(0, 1, 0)", "arange: a step that is not 0 was required; 0 was given"),
    # what NumPy computes for us
    ("np.linalg.eigvals(np.full((2, 2), np.nan))", "linalg.eigvals: .*infs or NaNs"),
    ("np.interp(x, x, np.zeros(4))", r"interp: .*same length; .*float64\[4\] given"),
    ("np.linalg.qr(m.T, 'wrong')", r"qr: Unrecognized mode 'wrong'; .*at user.py:2"),
    # matrices and transforms
    ("np.linalg.inv(m)", r"inv: .*must be square; shape \(2, 3\) was given"),
    ("numpy.linalg.inv(m)", r"inv: .*must be square; shape \(2, 3\) was given"),
    ("np.linalg.inv(x)", r"inv: 1-dimensional .*two-dimensional; shape \(3,\) was"),
    ("np.linalg.inv(np.eye(2, dtype='f2'))", "inv: array type float16 is unsupported"),
    ("np.linalg.det(m)", r"det: .*must be square; shape \(2, 3\) was given"),
    ("np.linalg.solve(m.T @ m, x[:2])", r"solve: .*\(3, 3\) and \(2, 1\) were given"),
    ("np.linalg.solve(m.T @ m, x[0])", r"solve: .*dimensions: shape \(\) was given"),
    ("np.linalg.eigh(m)", r"eigh: .*must be square; shape \(2, 3\) was given"),
    ("np.linalg.eigvalsh(m.T @ m, 'A')", "eigvalsh: UPLO .*; 'A' was given"),
    ("np.linalg.svd(x)", "svd: 1-dimensional array given"),
    ("np.linalg.lstsq(m, x)", r"lstsq: Incompatible .*\(2, 3\) and \(3, 1\) were"),
    ("np.linalg.pinv(m, 0.1, rtol=0.1)", "pinv: `rtol` and `rcond`"),
    ("np.linalg.matrix_power(m, 2)", r"matrix_power: .*\(2, 3\) was given"),
    ("np.linalg.multi_dot([m])", "multi_dot: Expecting at least two arrays"),
    ("np.linalg.multi_dot([m, m, m])", r"multi_dot: shapes \(2, 3\) .* not aligned"),
    ("np.linalg.tensorsolve(m, x)", r"tensorsolve: .*shape \(2, 3\) was given"),
    ("np.linalg.tensorinv(m, 0)", "tensorinv: a positive number .* required; 0"),
    ("np.linalg.outer(m, x)", "outer: .*x1.ndim=2 and x2.ndim=1"),
    ("np.linalg.norm(m, ord='wrong')", "norm: Invalid norm order .*'wrong' was given"),
    ("np.linalg.norm(x, ord='nuc')", "norm: Invalid norm order 'nuc' for vectors"),
    ("np.linalg.norm(m, axis='a')", "norm: 'axis' must be None, .*'a' was given"),
    ("np.linalg.norm(m, axis=(0, 0))", "norm: Duplicate axes given"),
    ("np.linalg.norm(np.ones((2, 2, 2)), 2)", "norm: Improper number of dimensions"),
    ("np.linalg.cond(np.zeros((0, 0)))", "cond: .*not defined on empty arrays"),
    ("np.linalg.matrix_rank(m, 0.1, rtol=0.1)", "matrix_rank: `tol` and `rtol`"),
    ("np.fft.fft(x, -1)", r"fft: .*\(-1\) specified"),
    ("np.fft.fft(x, norm='wrong')", "fft: Invalid norm value wrong"),
    ("np.fft.rfft(c)", "rfft: real numbers were required; complex128 was given"),
    ("np.fft.fft(x, 3, axis=1)", "fft: axis 1 is out of bounds .*dimension 1"),
    ("np.fft.fft2(m, (2,))", r"fft2: Shape and axes have different lengths: \[2\]"),
    ("np.fft.fftfreq(2.5)", "fftfreq: n should be an integer; 2.5 was given"),
]  # fmt: skip

OWN_ROWS = [
    ("np.zeros(2, dtype='U3')", TypeError, "zeros: .*required; <U3 was given"),
    ("np.zeros(2, dtype=object)", TypeError, "zeros: .*required; object was given"),
    ("np.array(['a'])", TypeError, "array: .*required; <U1 was given"),
    (
        "numpy.lib.recfunctions.repack_fields(g)",
        TypeError,
        "repack_fields: arrays without gradients",
    ),
    ("np.linalg.qr(g[:, :1], 'complete')", TypeError, "linalg.qr: .*without gradients"),
    ("np.linalg.qr(g, 'raw')", TypeError, "linalg.qr: arrays without gradients"),
    ("np.linalg.svd(g[:, :1])", TypeError, "svd: full_matrices=False was required"),
    ("np.fft.fftfreq(2, dtype=int)", TypeError, "fftfreq: .*required; int64 was given"),
    ("g[0, 0] = 1", RuntimeError, "setitem: .*no leaf.*required; a leaf .*given"),
    ("g += 1", RuntimeError, "add: .*no leaf.*required; a leaf .*given"),
    ("i.requires_grad_()", RuntimeError, "requires_grad_: .*; int64 was given"),
    ("g.backward()", RuntimeError, r"backward: .*scalar outputs; .*\[2, 2\] was"),
    ("(g * 1j).sum().backward()", RuntimeError, "backward: .*only for real scalar .*"),
    ("engine.grad(lambda x: x.sum())(c)", TypeError, "grad: .*real number .*; complex"),
    ("engine.hessian(lambda x: abs(x[0]))(c)", TypeError, "hessian: a real argument"),
    ("x.sum().backward()", RuntimeError, "backward: .*requires grad was required"),
    ("g.sum().backward(x)", RuntimeError, r"backward: .*\(\) was required; \(3,\)"),
    ("s.backward(); s.backward()", RuntimeError, "backward: .*a second time"),
    ("g.grad = x", RuntimeError, r"grad: .*\(2, 2\).* was required; \(3,\) was given"),
    ("np.nothing", AttributeError, "no attribute 'nothing'"),
    ("engine.eval(3)", TypeError, "eval: an array was required; int was given"),
    ("engine.explain(3)", TypeError, "explain: an array was required; int was given"),
    ("engine.grad(3)", TypeError, "grad: a function was required; int was given"),
    ("engine.vjp(3)", TypeError, "vjp: a function was required; int was given"),
    ("engine.grad(abs, 2)(x)", ValueError, "grad: .*position .* at 2.*; 1 were"),
]  # fmt: skip
"""What NumPy does not refuse, or does not have."""


def names(xp: Any) -> dict[str, Any]:
    """The arrays that the rows speak of, made by either library."""
    r = xp.ones(3)
    r.flags.writeable = False
    return {
        "np": xp,
        "numpy": numpy,
        "x": xp.ones(3),
        "m": xp.ones((2, 3)),
        "i": xp.arange(3),
        "b": xp.array([True, False, True]),
        "c": xp.ones(2, complex),
        "u": xp.ones(3, "u1"),
        "r": r,
    }


def own_names() -> dict[str, Any]:
    """Those, and `g` requires grad, `s` is a sum of its squares."""
    import engine

    g = np.ones((2, 2)).requires_grad_()
    return {**names(np), "engine": engine, "g": g, "s": (g * g).sum()}


def check(error: Exception, message: str) -> None:
    assert re.search(message, str(error)), str(error)
    assert innermost_line(error) == "user.py:2"
    assert chain(error) == [error]


@pytest.mark.parametrize(("source", "message"), ROWS, ids=[row[0] for row in ROWS])
def test_errors_have_numpys_class_and_the_users_line(source: str, message: str) -> None:
    error = raised(source, names(np))
    expected = raised(source, names(numpy))
    assert public_class(type(error)) is public_class(type(expected))
    check(error, message)


@pytest.mark.parametrize(
    ("source", "kind", "message"), OWN_ROWS, ids=[row[0] for row in OWN_ROWS]
)
@pytest.mark.filterwarnings("ignore:repack_fields has no lazy version")
def test_errors_of_our_own_have_the_users_line(
    source: str, kind: type[Exception], message: str
) -> None:
    error = raised(source, own_names())
    assert type(error) is kind
    check(error, message)
