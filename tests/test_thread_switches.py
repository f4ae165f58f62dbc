"""Another thread takes over in the middle of something, at one known place."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, RLock, Thread
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np
from engine import builder, execute, storage
from engine.capture import arguments, compiled, reach
from engine.errors import Unfinished
from engine.kernels import memory
from engine.numpy import at_once
from engine.record import Trace, current_trace, splice


def elsewhere(function: Callable[[], Any]) -> Any:
    """What a function gives in another thread, which does it meanwhile."""
    found: list[Any] = []
    thread = Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join(20)
    return found[0]


class Once:
    """Does something before or after the first call of a function, and only then."""

    def __init__(self, function: Callable[..., Any], then: Callable[[], Any]) -> None:
        self.function, self.then, self.done = function, then, False

    def __call__(self, *given: Any, **options: Any) -> Any:
        result = self.function(*given, **options)
        if not self.done:
            self.done = True
            self.then()
        return result


# -- values ----------------------------------------------------------------------------
def lost_value() -> tuple[Any, Any]:
    """A value that a flush has not kept, as it can be recorded again; and who reads it.

    It is the square of 0, 1, 2.
    """
    x = engine.tensor([0.0, 1.0, 2.0], requires_grad=True)
    y = (x * x).sin()
    engine.eval(y)
    history = y.read().history
    assert history is not None
    lost = history.inputs[0]
    assert lost.buffer is None and lost.trace is None  # type: ignore[union-attr]
    return lost, y


def test_a_lost_value_is_recorded_again_by_one_thread_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost, _y = lost_value()
    ready, enough, wrong = Event(), Event(), []

    def other() -> None:
        own = current_trace()
        execute.ready(lost, own)
        ready.set()
        enough.wait(20)
        # Its number is that of an operand in this very trace, or it is computed.
        if lost.buffer is None and lost.trace is not own:
            wrong.append(lost.trace)

    thread = Thread(target=other)

    def take_over() -> None:
        thread.start()
        ready.wait(20)

    monkeypatch.setattr(execute, "record", Once(execute.record, take_over))
    execute.ready(lost, current_trace())
    enough.set()
    thread.join(20)
    assert not wrong
    assert execute.compute([lost])[0].tolist() == [0.0, 1.0, 4.0]


class Outputs(dict[int, Any]):
    """Results; whoever takes one does something first."""

    def __init__(self, found: dict[int, Any], first: Callable[[], Any]) -> None:
        super().__init__(found)
        self.first = first

    def get(self, number: int, default: Any = None) -> Any:
        """The result of a number."""
        self.first()
        return super().get(number, default)


def test_a_value_that_is_handed_out_is_not_taken_for_a_lost_one() -> None:
    trace = Trace(RLock())  # type: ignore[arg-type]
    value = engine.record.Value(numpy.dtype(float), (2,), None, trace, 0)
    trace.values.append(value)
    seen: list[Any] = []
    made = {0: numpy.ones(2)}
    outputs = Outputs(made, lambda: seen.append(value.trace))
    execute._hand_out_all(trace, outputs)
    assert value.buffer is made[0] and value.trace is None
    assert seen == [trace]


def test_it_is_known_why_a_value_is_lost_before_it_is() -> None:
    trace = Trace(RLock())  # type: ignore[arg-type]
    value = engine.record.Value(numpy.dtype(float), (2,), None, trace, 0)
    trace.values.append(value)
    kinds: list[Any] = []
    outputs = Outputs({}, lambda: kinds.append(type(execute._of_lost(value))))
    execute._lose(trace, Unfinished(IndexError("out of bounds"), outputs))
    assert kinds == [IndexError]


def test_a_plan_that_follows_regions_is_never_known_without_its_frame() -> None:
    class Plan:
        """One that another thread makes while this one asks for it."""

        cold, frame, shifts = None, None, (0,)

        def run(self, leaves: Any, scalars: Any) -> dict[int, Any]:
            return {}

        def straight(self) -> tuple[Any, ...]:
            self.frame = b"frame"  # type: ignore[assignment]
            return (b"plan",)

    trace = current_trace()
    x = np.arange(3.0) + 1
    key = bytes([1] * len(trace.values)) + bytes(len(trace.leaves))
    plan = Plan()
    plan.shifts = (0,) * len(trace.leaves)
    trace.node.plans = None
    known = trace.node.learn(key, plan)
    before = execute._native[:]
    execute._native[:] = before or [SimpleNamespace()]  # type: ignore[list-item]
    try:
        execute._outputs(trace, key, [])
    finally:
        execute._native[:] = before
        trace.node.forget(key)
    assert known.straight == (b"plan",)
    assert known.frame == b"frame"
    assert x.tolist() == [1.0, 2.0, 3.0]


def test_what_a_finalizer_flushes_is_not_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    execute.flush(current_trace())
    x = np.arange(3.0)
    engine.eval(x)
    start = splice.Start.here()
    y = x * 2 + 1
    flush = Once(splice.is_shifted, lambda: execute.flush(current_trace()))
    monkeypatch.setattr(splice, "is_shifted", flush)
    assert splice.passage(start, [x.read()], [y.read()]) is None
    assert y.tolist() == [1.0, 3.0, 5.0]


def test_the_contexts_of_threads_are_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    # A finalizer that computes while CPython 3.11 sets a variable ends the process.
    memory.allocate("float64", (2,))
    calls: list[Any] = []
    seterr = numpy.seterr

    def noted(**options: Any) -> Any:
        calls.append(options)
        return seterr(**options)

    monkeypatch.setattr(numpy, "seterr", noted)
    assert elsewhere(lambda: memory.allocate("float64", (2,))).shape == (2,)
    assert not calls
    monkeypatch.undo()
    divided = elsewhere(lambda: memory.counted(numpy.divide, 1.0, numpy.zeros(1)))
    assert divided.tolist() == [float("inf")]


# -- memory ----------------------------------------------------------------------------
def test_a_write_while_memory_is_taken_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.zeros(4)

    def write() -> None:
        x[1] = 5.0

    monkeypatch.setattr(storage, "evaluate", Once(storage.evaluate, write))
    seen = numpy.asarray(x)
    assert seen.tolist() == x.tolist() == [0.0, 5.0, 0.0, 0.0]


def test_memory_that_is_taken_twice_at_once_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = np.zeros(4)
    found: list[Any] = []
    take = Once(storage.evaluate, lambda: found.append(numpy.asarray(x)))
    monkeypatch.setattr(storage, "evaluate", take)
    found.append(numpy.asarray(x))
    found[0][1], found[1][2] = 5.0, 6.0
    assert x.tolist() == [0.0, 5.0, 6.0, 0.0]


def test_a_write_while_memory_is_taken_is_not_lost() -> None:
    x = np.zeros(4)
    value, held = (np.ones(2) * 3).read(), []

    def build(base: Any) -> Any:
        held.append(numpy.asarray(x))
        return value

    x.change(build, x[1:3].recipe)
    assert held[0].tolist() == x.tolist() == [0.0, 3.0, 3.0, 0.0]


def test_memory_that_another_thread_exports_again_is_not_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = np.zeros(4)
    engine.eval(x)
    memory_of = x.line.storage
    numpy.asarray(x)
    assert memory_of.memory is not None
    found: list[Any] = []

    class Taking:
        """The lock; another thread has it before."""

        def __enter__(self) -> None:
            if not found:
                found.append(None)
                monkeypatch.undo()
                found[0] = elsewhere(lambda: numpy.asarray(x))

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(storage, "changing", Taking())
    assert memory_of.shared()
    found[0][1] = 5.0
    assert x.tolist() == [0.0, 5.0, 0.0, 0.0]


def test_no_thread_records_a_write_in_the_middle_of_another() -> None:
    x = np.zeros((2, 3))
    x[0] = 0.0
    engine.eval(x)

    def write_and_compute() -> None:
        x[1] = np.ones(3) * 2
        engine.eval(x)

    thread = Thread(target=write_and_compute)

    def write(flat: Any) -> None:
        thread.start()
        thread.join(0.2)
        flat[:3] = 1.0

    assert at_once._write_alone(x, x.recipe, write)
    thread.join(20)
    assert x.tolist() == [[1.0] * 3, [2.0] * 3]


class Switching(np.ndarray):
    """An array whose value is looked for while another thread makes its line."""

    __slots__ = ("switched",)

    @property
    def _value(self) -> Any:  # type: ignore[override]
        if not getattr(self, "switched", True):
            self.switched = True
            elsewhere(lambda: self.line)
        return engine.array.Array._value.__get__(self)  # type: ignore[attr-defined]

    @_value.setter
    def _value(self, value: Any) -> None:
        engine.array.Array._value.__set__(self, value)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "look", [lambda x: x.line.current(), lambda x: x.read(), arguments.value_of]
)
def test_the_line_of_an_array_is_made_while_it_is_looked_at(
    look: Callable[[Any], Any],
) -> None:
    handle = Switching.wrap((np.arange(3.0) + 1).read())
    handle.switched = False
    assert execute.compute([look(handle)])[0].tolist() == [1.0, 2.0, 3.0]


# -- compiled functions ----------------------------------------------------------------
def test_what_a_function_reads_may_grow_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = {"a": 1.0, "b": 2.0}
    thing = SimpleNamespace(factor=2.0, other=3.0)
    kinds = {1.0, 2.0}

    def grow() -> None:
        number = len(table)
        table[f"more {number}"] = 1.0
        setattr(thing, f"more{number}", 1.0)
        kinds.add(float(number))

    @engine.compile
    def scaled(x: Any) -> Any:
        return x * table["a"] * thing.factor if 1.0 in kinds else x

    push = reach.Reach._push

    def growing(self: Any, *given: Any) -> None:
        grow()
        push(self, *given)

    monkeypatch.setattr(reach.Reach, "_push", growing)
    for _ in range(3):
        assert scaled(np.ones(2)).tolist() == [2.0, 2.0]


def test_a_report_is_made_while_calls_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    function = engine.compile(lambda x: x + 1)
    function._notes.update({"one reason": 1, "another": 2})
    counted = compiled.counted

    def counting(count: int, noun: str) -> str:
        function._notes[f"reason {len(function._notes)}"] = 1
        return counted(count, noun)

    monkeypatch.setattr(compiled, "counted", counting)
    assert "another" in function.report()


def test_a_write_to_an_argument_that_shares_its_value_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = np.arange(3.0) + 1
    y = x.copy()
    y[0] = 1.0
    engine.eval(y)
    twin = y.copy()
    twin.line.current()

    def write() -> None:
        twin[1] = 9.0

    monkeypatch.setattr(arguments, "evaluate", Once(arguments.evaluate, write))
    total = engine.compile(lambda a, b: a + b)
    total(y, twin)
    assert twin.tolist() == [1.0, 9.0, 3.0]


# -- children --------------------------------------------------------------------------
def test_a_child_that_compiles_is_ended_while_a_thread_asks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process = SimpleNamespace(poll=lambda: None, kill=lambda: None, wait=lambda: None)
    child = builder.Child(process, builder.os.getpid())  # type: ignore[arg-type]

    def ended() -> None:
        builder._child = None

    for call in (lambda: builder.awaited("code"), builder.end):
        monkeypatch.setattr(builder, "_child", child)
        monkeypatch.setattr(builder, "_until", float("inf"))
        getpid = Once(builder.os.getpid, ended)
        monkeypatch.setattr(builder, "os", SimpleNamespace(getpid=getpid))
        call()
        monkeypatch.undo()
