"""Both recorders record the same events; the native one leaks and forgets nothing."""

from __future__ import annotations

import contextlib
import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy
import pytest
from numpy_comparison import run
from program_lines import ALL
from programs import Program

import engine
import engine.numpy as np
from engine import native
from engine.execute import flush
from engine.record import current_trace
from engine.record.frames import events
from engine.record.registry import REGISTRY
from engine.record.value import Value

needs_native = pytest.mark.skipif(
    native.recorder()[0] != "native", reason=f"no native code: {native.recorder()[1]}"
)


@pytest.fixture
def recorder() -> Iterator[Callable[[str], None]]:
    """Chooses the recorder, until the end of the test."""
    yield native.use
    native.use(native.recorder()[0])


def recorded(program: Program) -> list[str]:
    """The pending events after every line of a program.

    Those of a line that raises are left out: leaves and casts that were recorded before
    the event that could not be are nobody's.
    """
    flush(current_trace())
    seen: list[str] = []

    def look(space: dict[str, Any]) -> None:
        trace = current_trace()
        if program.lines[len(seen)][1] is not None:
            flush(trace)
        scalars = [complex(x) for x in trace.scalars]
        seen.append(f"{events(trace)} {scalars} {len(trace.leaves)}")

    run(program, look)
    return seen


@needs_native
def test_fuzz_both_recorders_record_the_same_events(
    recorder: Callable[[str], None],
) -> None:
    wanted = int(os.environ.get("ENGINE_FUZZ_PROGRAMS", "2000")) // 20
    with engine.config(tier="numpy"):
        for seed in range(7_000_000, 7_000_000 + wanted):
            program = Program(seed, ALL)
            recorder("python")
            expected = recorded(program)
            recorder("native")
            for _ in range(3):  # at first the path is new, then it is followed
                assert recorded(program) == expected, program.sources


def statements(xp: Any, x: Any, y: Any, z: Any) -> None:
    """Everything that is native, and what it leaves to Python, and errors."""
    y[1:-1] = (x[:-2] + x[1:-1] + x[2:]) * 0.25
    y[2:] += x[:-2]
    z[1:, :2] = z[:-1, 1:] * 2 - 1
    w = xp.exp(-x * x) + y / 3.0 - 1
    w = numpy.maximum(w, x) if xp is np else w
    w = 1 - w[::2] + abs(w[1]) + (x < y)[0]
    if xp is np:
        _casts(z)
    # Shapes that do not broadcast are not here: NumPy leaks a block for each of them.
    for wrong in (lambda: x[1:2, 3], lambda: x + "a", lambda: x["a"]):
        failed = False
        try:
            wrong()
        except (IndexError, TypeError):
            failed = True
        assert failed
    engine.eval(w, y, z)


def _casts(z: Any) -> None:
    i = np.arange(1, 4) * 2.5 + np.arange(2, -1, -1) / 2
    c = np.concatenate([z[..., :2] * 2j, z[:, :1] + i[..., None] + 0j], axis=1)
    w = (c @ z - np.arange(3) @ c) ** np.arange(3)
    far = z * np.arange(2**40, 2**40 + 3)
    engine.eval(w * np.exp(0.5), np.roll(z, (1, 2), (0, 1)), far)


@needs_native
@pytest.mark.parametrize("face", ["numpy", "torch"])
def test_no_reference_is_lost_or_kept(face: str) -> None:
    xp: Any = np if face == "numpy" else engine
    x, y, z = xp.ones(9), xp.ones(9), xp.ones((3, 3))
    things = (None, True, False, Value, type(x), float, x.recipe, 0)

    def counted() -> list[int]:
        for _ in range(50):
            statements(xp, x, y, z)
        gc.collect()
        return [*map(sys.getrefcount, things), sys.getallocatedblocks()]

    with engine.config(tier="numpy"):
        for _ in range(2):
            counted()
        first, second = counted(), counted()
    for before, after in zip(first, second, strict=True):
        assert abs(after - before) < 50  # one for each round would be too many


@needs_native
def test_the_collector_may_run_at_every_step() -> None:
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        with engine.config(tier="numpy"):
            x, y, z = np.ones(9), np.ones(9), np.ones((3, 3))
            for _ in range(20):
                statements(np, x, y, z)
    finally:
        gc.set_threshold(*threshold)
    ones = numpy.ones(9), numpy.ones(9)
    for _ in range(20):
        ones[1][1:-1] = (ones[0][:-2] + ones[0][1:-1] + ones[0][2:]) * 0.25
        ones[1][2:] += ones[0][:-2]
    assert y.tolist() == ones[1].tolist()


@needs_native
def test_finalizers_may_record_while_others_record() -> None:
    class Last:
        def __init__(self, array: Any) -> None:
            self.array, self.itself = array, self

        def __del__(self) -> None:
            self.array + 1.0

    threshold = gc.get_threshold()
    gc.set_threshold(10)
    try:
        with engine.config(tier="numpy"):
            for k in range(40):
                x = np.arange(5.0)
                for i in range(20):
                    Last(x)
                    x = x * 2.0 - np.full(5, float(i + k))
                want = numpy.arange(5.0)
                for i in range(20):
                    want = want * 2.0 - (i + k)
                assert x.tolist() == want.tolist()
    finally:
        gc.set_threshold(*threshold)


@pytest.mark.parametrize("name", sorted({"python", native.recorder()[0]}))
def test_a_finalizer_may_read_what_its_thread_is_computing(
    name: str, recorder: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder(name)
    seen: list[Any] = []

    def interrupted(*operands: Any) -> Any:
        seen.append((y + 1.0).tolist())
        seen.append(y.tolist())
        return numpy.sort(operands[0])

    with engine.config(tier="numpy"), monkeypatch.context() as patch:
        patch.setattr(REGISTRY["sort"], "reference", interrupted)
        x = np.array([3.0, 1.0, 2.0])
        y = x * 2.0
        z = np.sort(y)
        assert z.tolist() == [2.0, 4.0, 6.0]
        assert seen == [[7.0, 3.0, 5.0], [6.0, 2.0, 4.0]]
        assert (y + z).tolist() == [8.0, 6.0, 10.0]
        y = np.array([3.0, 1.0, 2.0]) * 2.0  # whose operand is overwritten
        z = np.sort(y)
        with pytest.raises(RuntimeError, match="a finalizer has interrupted"):
            engine.eval(z)


def test_a_finalizer_does_not_wait_for_ever_for_another_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there, done = threading.Event(), threading.Event()
    other: list[Any] = []

    def computing(*operands: Any) -> Any:
        there.set()
        done.wait(60)
        return numpy.sort(operands[0])

    def interrupted(*_: Any) -> Any:
        return (other[0] + 1.0).tolist()

    def work() -> None:
        x = np.array([3.0, 1.0]) * 2.0
        other.append(x)
        assert np.sort(x).tolist() == [2.0, 6.0]

    with engine.config(tier="numpy"), monkeypatch.context() as patch:
        patch.setattr("engine.execute.PATIENCE", 0.01)
        patch.setattr(REGISTRY["sort"], "reference", computing)
        thread = threading.Thread(target=work)
        thread.start()
        there.wait(60)
        patch.setattr(REGISTRY["argsort"], "reference", interrupted)
        with pytest.raises(RuntimeError, match="may be waiting for this one"):
            engine.eval(np.argsort(np.array([2.0, 1.0])))
        done.set()
        thread.join()
    assert (other[0] + 1.0).tolist() == [7.0, 3.0]


@needs_native
def test_an_interrupt_that_loses_nothing_leaves_all_pending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with engine.config(tier="numpy"):
        x = np.arange(4.0)
        engine.eval(x)
        y = x * 2
        z = np.sort(y)
        with monkeypatch.context() as patch:
            patch.setattr(REGISTRY["sort"], "reference", interrupted)
            with pytest.raises(KeyboardInterrupt):
                engine.eval(z)
        assert (z + y).tolist() == [0.0, 4.0, 8.0, 12.0]


@needs_native
def test_a_trace_belongs_to_the_thread_that_records() -> None:
    def work(k: int) -> list[float]:
        x = np.full(3, float(k))
        for _ in range(50):
            x = x + 1.0
        return x.tolist()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(6) as pool:
            results = list(pool.map(work, range(60)))
    finally:
        sys.setswitchinterval(interval)
    assert results == [[k + 50.0] * 3 for k in range(60)]


@needs_native
def test_users_subclasses_keep_their_own_methods() -> None:
    class Mine(np.ndarray):
        def __add__(self, other: Any) -> Any:
            return "mine"

    mine = Mine((2,))
    assert mine + 1.0 == "mine"
    assert (mine * 2.0).tolist() == [0.0, 0.0]
    assert (np.ones(2) * mine).tolist() == [0.0, 0.0]


BOUNDS = None, 0, 1, -1, -3, 2**30 - 1, 2**30, -(2**30), 2**63, -(2**63) - 1, 2**70


@needs_native
@pytest.mark.parametrize("start", BOUNDS)
@pytest.mark.parametrize("stop", BOUNDS)
def test_slices_end_where_those_of_lists_do(start: Any, stop: Any) -> None:
    """Integers of no digit, of one and of several, below zero and beyond a word."""
    numbers = [*range(12)]
    x = np.array(numbers)
    for step in (None, 1, 2, 2**70):
        for _ in range(3):  # by Python, and then by native code
            assert (x[start:stop:step] + 0).tolist() == numbers[start:stop:step]


@needs_native
def test_a_bare_handle_raises_as_in_python(recorder: Callable[[str], None]) -> None:
    for which in ("python", "native"):
        recorder(which)
        bare = np.ndarray.__new__(np.ndarray)
        for use in (lambda x: x + 1.0, lambda x: -x, lambda x: x[1:]):
            with pytest.raises(AttributeError):
                use(bare)


WRONG: tuple[Callable[[Any, Any, Any], Any], ...] = (
    lambda x, y, t: x + y,
    lambda x, y, t: numpy.add(x, y),
    lambda x, y, t: numpy.add(x, "a"),
    lambda x, y, t: np.exp(x, x, x),
    lambda x, y, t: numpy.bitwise_and(x, x),
    lambda x, y, t: x & x,
    lambda x, y, t: -np.array([True]),
    lambda x, y, t: y[1:] + x[:2, :2],
    lambda x, y, t: x[1:2, 5],
    lambda x, y, t: x[:, :, :],
    lambda x, y, t: x.__setitem__(slice(0, 2), y),
    lambda x, y, t: t + engine.ones(2),
    lambda x, y, t: t[::-1],
    lambda x, y, t: ~t,
    lambda x, y, t: t.__setitem__(slice(0, 2), engine.ones(3)),
)


@needs_native
@pytest.mark.parametrize("wrong", WRONG)
def test_both_recorders_raise_the_same_errors(
    recorder: Callable[[str], None], wrong: Callable[[Any, Any, Any], Any]
) -> None:
    x, y, t = np.ones((5, 3)), np.ones(4), engine.ones(3)
    raised = []
    for which in ("python", "native", "native"):
        recorder(which)
        with pytest.raises((ValueError, TypeError, IndexError, RuntimeError)) as caught:
            wrong(x, y, t)
        raised.append((caught.type, str(caught.value)))
    assert raised == raised[:1] * 3


@needs_native
@pytest.mark.parametrize("name", ["recipe", "_value", "_line"])
@pytest.mark.parametrize("wrong", [None, 5, (), "nothing"])
def test_what_does_not_belong_into_a_handle_crashes_nothing(
    name: str, wrong: Any
) -> None:
    other = np.ones(4)
    for use in (
        lambda x: other + x,
        lambda x: -x,
        lambda x: x[1:],
        lambda x: x.__setitem__(slice(1, 3), other[1:3]),
        lambda x: other.__setitem__(slice(1, 3), x),
    ):
        for view in (False, True):
            x = np.ones(8)[::2] if view else np.ones(4)
            if wrong == "nothing":
                delattr(x, name)
            else:
                setattr(x, name, wrong)
            with contextlib.suppress(
                AttributeError, TypeError, ValueError, AssertionError
            ):
                use(x)


LATE = """
import os, sys
from engine import native
import engine.numpy as np
print("llvmlite" in sys.modules, type(np.ndarray.__add__).__name__)
x = np.ones(3)
for _ in range(native.LOAD_AFTER_EVENTS // 2):
    x = x + 1.0
print(float(x[0]), type(np.ndarray.__add__).__name__)
for _ in range(native.LOAD_AFTER_EVENTS):
    x = x + 1.0
print(float(x[0]), type(np.ndarray.__add__).__name__)
for _ in range(native.LOAD_AFTER_EVENTS):
    x = x + 1.0
print(float(x[0]))
"""


@needs_native
def test_native_code_is_loaded_when_it_is_worth_it() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "ENGINE_RECORDER"}
    command = [sys.executable, "-c", LATE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    half = native.LOAD_AFTER_EVENTS // 2
    assert done.stdout.split("\n") == [
        "False function",
        f"{1.0 + half} function",
        f"{1.0 + half + native.LOAD_AFTER_EVENTS} method_descriptor",
        f"{1.0 + half + 2 * native.LOAD_AFTER_EVENTS}",
        "",
    ], done.stderr


def test_native_code_can_be_had_at_once() -> None:
    code = "import engine; print(type(engine.Tensor.__add__).__name__)"
    chosen = {**os.environ, "ENGINE_RECORDER": "native"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=chosen, capture_output=True, text=True)
    expected = "method_descriptor" if native.recorder()[0] == "native" else "function"
    assert done.stdout.strip() == expected


THREADS = """
import sys, threading
import numpy, engine.numpy as np
sys.setswitchinterval(1e-5)
right = []

def work(k):
    for turn in range(30):
        y = numpy.arange(1.0, 9.0) + k
        x = np.array(y)
        for i in range(4 + turn % 5):
            x, y = np.sqrt(x) * 1.5 + i, numpy.sqrt(y) * 1.5 + i
            x[1:] += x[:-1]
            y[1:] += y[:-1].copy()
            x, y = x - x.mean(), y - y.mean()
            x, y = abs(x), abs(y)
        right.append(numpy.allclose(x, y, rtol=1e-12))

threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
before = type(np.ndarray.__add__).__name__
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(before, type(np.ndarray.__add__).__name__, len(right), all(right))
"""


@needs_native
def test_threads_record_while_native_code_is_loaded() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "ENGINE_RECORDER"}
    command = [sys.executable, "-X", "faulthandler", "-c", THREADS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["function", "method_descriptor", "120", "True"], (
        done.stderr
    )
