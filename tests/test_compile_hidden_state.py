"""What a compiled function depends on besides its arguments, in places hard to see.

Each case is called by a function and by its compiled form, while something changes
between the calls: both must give the same each time, captured or not.
"""

from __future__ import annotations

import enum
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np

FACTOR = 1.0
LOG: list[Any] = []


class Base:
    factor = 1.0

    def scaled(self, x: Any) -> Any:
        return x * self.factor


class Derived(Base):
    def twice(self, x: Any) -> Any:
        return super().scaled(x) * 2


class Level(int):
    pass


class Mode(enum.IntEnum):
    LOW = 1

    def factor(self) -> float:
        return FACTOR


class Table(dict[Any, Any]):
    shift = 0.0

    def factor(self) -> float:
        return FACTOR


class Private:
    __slots__ = ("__factor",)

    def set(self, factor: float) -> None:
        self.__factor = factor

    def get(self) -> float:
        return self.__factor


class Meta(type):
    def __getitem__(cls, k: int) -> float:
        return FACTOR * k


class Indexed(metaclass=Meta):
    pass


@functools.wraps(numpy.sum)
def posing(x: Any) -> Any:
    return x.sum() * FACTOR


def loss(a: float, x: Any) -> Any:
    return (x * x).sum() * a * FACTOR


def set_factor(value: float) -> None:
    global FACTOR
    FACTOR = value


VALUES = [1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 4.0]


def both(function: Callable[..., Any], *given: Any) -> tuple[Any, Any]:
    """What a function gives for arrays of ours, and its compiled form."""
    return function(*given), engine.compile(function)(*given)


Change = Callable[[float], Any]
Case = tuple[Callable[[Any], Any], Change]


def by_inner() -> Case:
    inner = engine.compile(lambda x: x * FACTOR)
    return lambda x: inner(x) + 1, set_factor


def by_inner_method() -> Case:
    class Model:
        scale = 1.0

        @engine.compile
        def forward(self, x: Any) -> Any:
            return x * self.scale

    model = Model()
    return lambda x: model.forward(x) + 1, lambda v: setattr(model, "scale", v)


def by_base_class() -> Case:
    thing = Derived()
    return lambda x: x * thing.factor, lambda v: setattr(Base, "factor", v)


def by_super() -> Case:
    thing = Derived()

    def change(v: float) -> None:
        Base.scaled = lambda self, x: x * v  # type: ignore[method-assign]

    return lambda x: thing.twice(x), change


def by_class_of_an_object() -> Case:
    kinds = [type("Kind", (), {"k": k}) for k in (1.0, 2.0, 3.0, 4.0)]
    thing = kinds[0]()
    return (
        lambda x: x * thing.k,
        lambda v: setattr(thing, "__class__", kinds[int(v) - 1]),
    )


def by_enum() -> Case:
    return lambda x: x * Mode.LOW.factor(), set_factor


def by_dict_class() -> Case:
    table = Table()
    return lambda x: x * table.factor(), set_factor


def by_attribute_of_a_dict() -> Case:
    table = Table()
    return lambda x: x + table.shift, lambda v: setattr(table, "shift", v)


def by_private_slot() -> Case:
    thing = Private()
    thing.set(1.0)
    return lambda x: x * thing.get(), thing.set


def by_metaclass() -> Case:
    return lambda x: x * Indexed[2], set_factor


def by_partial_attribute() -> Case:
    part: Any = functools.partial(abs)
    part.k = 1.0
    return lambda x: x * part.k, lambda v: setattr(part, "k", v)


def by_vectorize() -> Case:
    made = numpy.vectorize(lambda t: t * FACTOR)
    return lambda x: x * float(made(2.0)), set_factor


def by_frompyfunc() -> Case:
    made = numpy.frompyfunc(lambda t: t * FACTOR, 1, 1)
    return lambda x: x * float(made(2.0)), set_factor


def by_polynomial() -> Case:
    p = numpy.poly1d([1.0, 1.0])
    return lambda x: x * float(p(1.0)), lambda v: p.__setitem__(1, v)


def by_engines_polynomial() -> Case:
    p = np.poly1d([1.0, 1.0])
    return lambda x: x * p(1.0), lambda v: p.__setitem__(1, v)


def by_flat() -> Case:
    w = np.ones(2)
    flat = w.flat
    return lambda x: x * flat[0], lambda v: w.fill(v)


def by_posing() -> Case:
    return lambda x: posing(x) + x, set_factor


def by_partial_loss() -> Case:
    slope = engine.grad(functools.partial(loss, 2.0))
    return lambda x: slope(x), set_factor


def by_methodcaller() -> Case:
    import operator

    call = operator.methodcaller("scaled", np.ones(2))
    thing = Derived()
    Base.scaled = lambda self, x: x * self.factor  # type: ignore[method-assign]
    return lambda x: x + call(thing), lambda v: setattr(Base, "factor", v)


def by_structured_scalar() -> Case:
    row = numpy.ones(1, [("k", "f8")])[0]
    return lambda x: x * float(row["k"]), lambda v: row.__setitem__("k", v)


CASES = [case for name, case in dict(globals()).items() if name.startswith("by_")]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    scaled = Base.scaled
    yield
    set_factor(1.0)
    Base.factor, Base.scaled = 1.0, scaled  # type: ignore[method-assign]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_what_changes_between_calls_is_seen(case: Callable[[], Case]) -> None:
    function, change = case()
    fast = engine.compile(function)
    for value in VALUES:
        change(value)
        wanted = numpy.asarray(function(np.ones(2)))
        numpy.testing.assert_array_equal(fast(np.ones(2)), wanted)


def test_effects_of_a_compiled_function_within_another_happen_each_time() -> None:
    @engine.compile
    def inner(x: Any) -> Any:
        LOG.append(1)
        return x + 1

    outer = engine.compile(lambda x: inner(x) * 2)
    LOG.clear()
    for _ in range(5):
        outer(np.ones(1))
    assert len(LOG) == 5


def test_a_compiled_function_within_another_is_part_of_its_recording() -> None:
    inner = engine.compile(lambda x: x + 1)
    outer = engine.compile(lambda x: inner(x) * 2)
    for _ in range(4):
        assert outer(np.ones(1)).tolist() == [4.0]
    assert "replayed 2 times" in outer.report()


def test_arguments_that_are_numbers_of_a_class_of_ones_own() -> None:
    length = engine.compile(lambda x, r: x * len(r))
    level = engine.compile(lambda x, i: x * i)
    part = engine.compile(lambda x, s: x[s] * 2)
    for k in [2, 2, 2, 3, 4, 5, 2, 6, 3] * 3:
        assert length(np.ones(1), range(k)).tolist() == [k]
        assert level(np.ones(1), Level(k)).tolist() == [k]
        assert part(np.arange(9.0), slice(k, k + 1)).tolist() == [2.0 * k]


def test_keys_that_are_equal_and_differ() -> None:
    fast = engine.compile(lambda d: next(v * k for k, v in d.items()))
    for k in (1, 1, 1, True, 1.0):
        ours = fast({k: np.array([True, False])})
        assert ours.dtype == (numpy.array([True, False]) * k).dtype


def test_an_array_that_is_given_twice_is_not_two_views() -> None:
    def shift(x: Any, out: Any) -> Any:
        if out is not x:
            out = out * 1
        out += 1
        return out

    fast = engine.compile(shift)
    for _ in range(3):
        x = np.zeros(2)
        assert fast(x, x) is x
        assert x.tolist() == [1.0, 1.0]
        y = np.zeros(2)
        fast(y, y[:])
        assert y.tolist() == [0.0, 0.0]


def test_whether_an_array_is_a_view_is_seen() -> None:
    fast = engine.compile(lambda x: x * (2 if x.base is None else 3))
    for _ in range(3):
        x = np.ones(2)
        assert fast(x).tolist() == [2.0, 2.0]
        assert fast(x[:]).tolist() == [3.0, 3.0]


def test_arrays_that_may_not_be_written() -> None:
    def close(x: Any) -> None:
        x.flags.writeable = False

    fast = engine.compile(close)
    for _ in range(4):
        x = np.ones(2)
        fast(x)
        assert not x.flags.writeable

    w = np.ones(2)

    @engine.compile
    def put(x: Any) -> None:
        w[:] = x

    for _ in range(4):
        put(np.zeros(2))
    w.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        put(np.ones(2))


def test_attributes_of_tensors() -> None:
    fast = engine.compile(lambda t: t * t.factor)
    for k in VALUES:
        t: Any = engine.ones(1)
        t.factor = k
        assert fast(t).tolist() == [k]

    def mark(t: Any) -> Any:
        made: Any = t + 1
        made.mark = 3
        return made

    marked = engine.compile(mark)
    assert [marked(engine.ones(1)).mark for _ in range(4)] == [3] * 4


def test_locks_are_taken_each_time() -> None:
    class Counted:
        def __init__(self) -> None:
            self.lock = threading.Lock()

    held = Counted()

    @engine.compile
    def under(x: Any) -> Any:
        with held.lock:
            return x + 1

    for _ in range(4):
        under(np.ones(1))
    assert "not captured" in under.report()


def test_modules_by_another_name_do_what_they_do() -> None:
    def seeded(x: Any) -> Any:
        e = engine
        e.manual_seed(0)
        return x + 1

    def drawn(x: Any) -> Any:
        m = numpy
        return x * float(m.random.randint(0, 2))

    for function in (seeded, drawn):
        fast = engine.compile(function)
        for _ in range(4):
            fast(np.ones(1))
        assert "not captured" in fast.report()
