"""New extents: what native code records of them is what Python records."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np
from engine import native
from engine.execute import flush
from engine.record import current_trace
from engine.record.frames import events
from engine.record.registry import REGISTRY
from engine.record.value import Scalar, Value
from engine.steps import by_rank

needs_native = pytest.mark.skipif(
    native.recorder()[0] != "native", reason=f"no native code: {native.recorder()[1]}"
)


@pytest.fixture
def recorder() -> Iterator[Callable[[str], None]]:
    """Chooses the recorder, until the end of the test."""
    yield native.use
    native.use(native.recorder()[0])


MEANS = """
x.mean()
x.mean(axis=0)
x.mean(axis=-1, keepdims=True)
x.std()
x.std(axis=0, keepdims=True)
x.var(axis=-1)
x.sum(axis=0)
x.sum(axis=-1, keepdims=True)
x.max(axis=-1)
x.argmin(axis=0)
"""

TORCH_MEANS = """
x.mean()
x.mean(-1, keepdim=True)
x.var()
x.std(0)
x.softmax(-1)
x.logsumexp(0)
x.norm()
"""

SHAPES = [(5,), (6,), (9,), (2,), (1,), (7,), (3, 4), (5, 6), (1, 4), (4, 1), (8, 3)]
SHAPES += [(2, 1, 5), (3, 1, 4), (3, 2, 4), (4, 2, 3), (1, 1, 1), (2, 2, 2), (0, 3)]


@needs_native
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool"])
@pytest.mark.parametrize("face", ["numpy", "torch"])
@pytest.mark.filterwarnings("ignore:Mean of empty", "ignore:Degrees of freedom")
def test_means_of_new_extents_are_what_python_records(
    face: str, dtype: str, recorder: Callable[[str], None]
) -> None:
    def events_of(line: str) -> list[str]:
        seen = []
        for shape in SHAPES:
            x: Any = np.array(numpy.ones(shape, dtype))
            if face == "torch":
                x = engine.tensor(x.numpy_copy())
            engine.eval(x)
            flush(current_trace())
            with contextlib.suppress(ValueError, IndexError, RuntimeError):
                kept = eval(line, {"x": x})
                trace = current_trace()
                scalars = [complex(number) for number in trace.scalars]
                seen.append(f"{events(trace)} {scalars} {kept.dtype}")
        return seen

    for line in (MEANS if face == "numpy" else TORCH_MEANS).split("\n")[1:-1]:
        found = []
        for which in ("python", "native"):
            recorder(which)
            found.append(events_of(line))
        assert found[0] == found[1], line


@needs_native
def test_a_divisor_is_a_count_only_if_it_is_one_of_two_shapes() -> None:
    def steps_of(count: int, divisor: float) -> Any:
        scalar = Scalar(numpy.float64(divisor), numpy.dtype(float))
        total = (REGISTRY["sum"], ((0,),), (0,))
        return (total, (REGISTRY["divide"], (), (1, scalar))), (count,)

    first = by_rank(*steps_of(4, 4.0), None)
    assert first is not None
    assert first(Value(numpy.dtype(float), (5,))) is None
    other = by_rank(*steps_of(5, 4.0), first)  # as of a sum over four
    assert other is not None
    assert other(Value(numpy.dtype(float), (6,))) is None
    mean = by_rank(*steps_of(6, 6.0), by_rank(*steps_of(5, 5.0), None))
    assert mean is not None
    made = mean(Value(numpy.dtype(float), (7,)))
    assert made is not None
    assert made[1][2] == (1, Scalar(numpy.float64(7.0), numpy.dtype(float)))
    assert mean(Value(numpy.dtype(float), (1,))) is None  # other rules may hold


@needs_native
def test_code_that_is_in_no_file_has_lines(recorder: Callable[[str], None]) -> None:
    recorder("native")
    space: dict[str, Any] = {"__name__": "__main__", "np": np}
    code = compile("x = np.ones(3)\ny = x[1:] * 3\nz = y - 4", "<typed>", "exec")
    for _ in range(2):
        exec(code, space)
        lines = [node.line for node in events(current_trace())]
        assert lines[-2:] == ["<typed>:2", "<typed>:3"]
        engine.eval(space["z"])


@needs_native
def test_a_deviation_is_recorded_anew_where_gradients_flow(
    recorder: Callable[[str], None],
) -> None:
    recorder("native")
    x = np.ones(4)
    for _ in range(3):
        engine.eval(x.std())
    x.requires_grad_()
    with engine.no_grad():
        engine.eval(x.std())
    x.std().backward()
    assert x.grad.tolist() == [0.0] * 4
