"""``x op= y`` of tensors, and `batch_norm`: native code records what Python does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest

import engine
from engine import native, nn
from engine.execute import flush
from engine.record.frames import events
from engine.record.trace import current_trace

pytestmark = pytest.mark.skipif(
    native.recorder()[0] != "native", reason=f"no native code: {native.recorder()[1]}"
)


@pytest.fixture(autouse=True)
def recorder() -> Iterator[None]:
    with engine.config(tier="numpy"):
        yield
    native.use("native")


def floats(*numbers: float, grad: bool = False) -> Any:
    return engine.tensor(numbers, dtype=engine.float32, requires_grad=grad)


def added(x: Any, y: Any) -> Any:
    x += y
    return x


def subtracted(x: Any, y: Any) -> Any:
    x -= y
    return x


def multiplied(x: Any, y: Any) -> Any:
    x *= y
    return x


def divided(x: Any, y: Any) -> Any:
    x /= y
    return x


def in_turn(x: Any, y: Any) -> Any:
    return divided(multiplied(subtracted(added(x, y), 0.5), y), 3)


def twice(x: Any, y: Any) -> Any:
    view = x[1:]
    x += y
    view += x[:-1]
    x *= x
    return x


def without_gradients(x: Any, y: Any) -> Any:
    with engine.no_grad():
        x += y
    return x * y


def then_backward(x: Any, y: Any) -> Any:
    x += y * 2
    (x * x).sum().backward()
    return y.grad


TARGETS: dict[str, Callable[[], Any]] = {
    "floats": lambda: floats(1, -2, 3),
    "doubles": lambda: engine.tensor([1.0, 2.0, 4.0], dtype=engine.float64),
    "matrix": lambda: engine.ones(2, 3),
    "no elements": lambda: engine.ones(0),
    "integers": lambda: engine.tensor([1, 2, 3]),
    "bytes": lambda: engine.tensor([1, 2, 250], dtype=engine.uint8),
    "truths": lambda: engine.tensor([True, False, True]),
    "leaf": lambda: floats(1, 2, 3, grad=True),
    "not a leaf": lambda: floats(1, 2, 3, grad=True) * 2,
    "view": lambda: floats(1, 2, 3, 4)[1:],
    "expanded": lambda: floats(1).expand(3),
    "transposed": lambda: engine.ones(3, 2).T,
    "parameter": lambda: nn.Parameter(floats(1, 2, 3)),
}
OTHERS: dict[str, Callable[[], Any]] = {
    "float": lambda: 2.5,
    "integer": lambda: 3,
    "large integer": lambda: 2**70,
    "truth": lambda: True,
    "complex": lambda: 2j,
    "floats": lambda: floats(3, 2, 1),
    "one": lambda: floats(3),
    "rows": lambda: engine.ones(4, 3),
    "integers": lambda: engine.tensor([3, 0, 1]),
    "gradient": lambda: floats(3, 2, 1, grad=True),
    "text": lambda: "text",
}
WAYS = (in_turn, added, divided, twice, without_gradients, then_backward)


def told(way: Callable[[Any, Any], Any], x: Any, y: Any) -> str:
    """The events that are recorded, the target and the result, or the error."""
    flush(current_trace())
    try:
        result = way(x, y)
        trace = current_trace()
        said = f"{events(trace)} {[complex(n) for n in trace.scalars]}"
        return f"{said} {result!r} {x!r} {x.requires_grad} {x.line.version}"
    except Exception as error:
        return f"{type(error).__name__}: {error} {x!r}"


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize("target", TARGETS)
def test_both_recorders_write_the_same(target: str) -> None:
    for way in WAYS:
        for other in OTHERS.values():
            native.use("python")
            want = told(way, TARGETS[target](), other())
            native.use("native")
            for _ in range(3):  # at first the path is new, then it is followed
                assert told(way, TARGETS[target](), other()) == want


def test_a_tensor_itself_may_be_added_to_it() -> None:
    for which in ("python", "native", "native"):
        native.use(which)
        x = floats(1, 2)
        x += x
        assert x.tolist() == [2, 4]


@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize("shape", [(6, 4), (3, 4, 5)])
def test_batch_norm_has_the_same_bits(momentum: Any, shape: tuple[int, ...]) -> None:
    data = numpy.random.default_rng(0).normal(size=(8, *shape)).astype("float32")

    def trained() -> list[bytes]:
        layer = nn.BatchNorm1d(4, momentum=momentum)
        kept = []
        for batch in data:
            x = engine.tensor(batch, requires_grad=True)
            (layer(x) ** 2).sum().backward()
            kept += [x.grad, layer.running_mean, layer.running_var.clone()]
        layer.eval()
        kept += [layer(engine.tensor(data[0])).detach(), layer.num_batches_tracked]
        return [x.numpy().tobytes() for x in kept]

    native.use("python")
    want = trained()
    native.use("native")
    assert trained() == trained() == want


def test_batch_norm_agrees_with_numpy() -> None:
    x = numpy.random.default_rng(1).normal(size=(5, 3, 2))
    layer = nn.BatchNorm1d(3, dtype=engine.float64)
    mean, var = numpy.zeros(3), numpy.ones(3)
    for _ in range(4):
        got = layer(engine.tensor(x)).detach().numpy()
        mean = 0.9 * mean + 0.1 * x.mean((0, 2))
        var = 0.9 * var + 0.1 * x.var((0, 2), ddof=1)
        centred = x - x.mean((0, 2), keepdims=True)
        want = centred / numpy.sqrt(x.var((0, 2), keepdims=True) + 1e-5)
        numpy.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)
        assert numpy.allclose(layer.running_mean.numpy(), mean, rtol=1e-12)
        assert numpy.allclose(layer.running_var.numpy(), var, rtol=1e-12)
        assert not layer.running_mean.requires_grad
