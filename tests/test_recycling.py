"""Objects made of the memory of dead ones, and operators that call native code."""

from __future__ import annotations

import gc
import operator
import pickle
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np
from engine import native
from engine.record.value import Value

pytestmark = pytest.mark.skipif(
    native.recorder()[0] != "native", reason=f"no native code: {native.recorder()[1]}"
)


def array(*numbers: float) -> Any:
    return np.array([*map(float, numbers)])


@pytest.fixture
def python_again() -> Iterator[None]:
    """The native recorder, after a test that chose the other."""
    yield
    native.use("native")


def test_a_value_that_dies_is_used_again() -> None:
    first = Value(numpy.dtype(float), ())
    address = id(first)
    del first
    second = Value(numpy.dtype(bool), (3,))
    assert id(second) == address
    assert (second.dtype, second.shape, second.history) == (
        numpy.dtype(bool),
        (3,),
        None,
    )


def test_an_object_that_is_used_again_has_no_fields() -> None:
    Value(numpy.dtype(float), ()).number = 7
    bare = Value.__new__(Value)
    for name in Value.__slots__[1:]:
        with pytest.raises(AttributeError):
            getattr(bare, name)


def test_the_collector_sees_objects_that_are_used_again() -> None:
    del (unused := [array(1) for _ in range(20)])[:]
    assert not unused
    value, handle = Value(numpy.dtype(float), ()), array(1)
    assert gc.is_tracked(value)
    assert gc.is_tracked(handle)
    value.buffer = [value]  # a cycle that the collector alone can break
    gone = weakref.ref(value)
    del value
    gc.collect()
    assert gone() is None


def test_weak_references_know_of_the_death_and_not_of_the_next_object() -> None:
    told: list[str] = []
    x = array(1, 2)
    reference = weakref.ref(x, lambda _: told.append("dead"))
    del x
    y = array(3, 4)
    assert reference() is None
    assert told == ["dead"]
    assert weakref.getweakrefcount(y) == 0


def test_finalizers_and_attributes_of_subclasses_go_as_ever() -> None:
    told: list[int] = []

    class Own(np.ndarray):  # type: ignore[misc]
        __slots__ = ("mark",)

        def __del__(self) -> None:
            told.append(self.mark)

    class Free(engine.Tensor):
        pass

    for k in range(5):
        one = array(k).view(Own)
        one.mark = k
        del one
        other = Free.wrap(engine.ones(2).read())
        other.friend = other
        gone = weakref.ref(other)
        del other
        gc.collect()
        assert gone() is None
    assert told == [0, 1, 2, 3, 4]


def test_long_chains_die_without_a_deep_stack() -> None:
    x = engine.ones(2, requires_grad=True)
    y = x
    for _ in range(30_000):
        y = y * 1.0
    del y
    z = array(1, 2)
    for _ in range(30_000):
        z = z + 1
    assert z.tolist() == [30_001.0, 30_002.0]


def test_objects_die_in_other_threads() -> None:
    made: list[Any] = []

    def work(seed: int) -> None:
        for k in range(300):
            x = array(seed, k)
            made.append(x + x)
            if len(made) > 20:
                made.pop(0)
            numpy.testing.assert_array_equal(x * 2 + 1, [2 * seed + 1, 2 * k + 1])

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((x[1] - x[1]).item() == 0 for x in made)


BINARY = (
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv),
    *(operator.mod, operator.pow, operator.lt, operator.le, operator.eq, operator.ne),
    *(operator.gt, operator.ge),
)
WHOLE = (operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift)
SINGLE = (operator.neg, operator.pos, operator.abs)


@pytest.mark.parametrize("which", BINARY + WHOLE, ids=lambda f: f.__name__)
def test_operators_take_what_numpy_takes(which: Callable[[Any, Any], Any]) -> None:
    dtype = int if which in WHOLE else float
    x = numpy.array([1, 2, 5], dtype)
    ours = np.array(x)
    others = [x, x[:1], x[0], dtype(3), 3, True, x[:2], "a", None, [1, 2, 3]]
    for other in others:
        given = np.array(other) if isinstance(other, numpy.ndarray) else other
        for swap in (False, True):
            told = outcome(which, *((other, x) if swap else (x, other)))
            seen = outcome(which, *((given, ours) if swap else (ours, given)))
            assert seen == told, (other, swap)


def outcome(function: Callable[..., Any], *given: Any) -> Any:
    """The result as text, or the class of what it raises."""
    try:
        result = function(*given)
    except (TypeError, ValueError) as error:
        return ValueError if isinstance(error, ValueError) else TypeError
    return repr(numpy.asarray(result).tolist()), str(numpy.asarray(result).dtype)


def test_an_operator_of_another_class_is_asked() -> None:
    class Other:
        __array_ufunc__ = None

        def __radd__(self, other: Any) -> str:
            return "radd"

        def __add__(self, other: Any) -> str:
            return "add"

        def __gt__(self, other: Any) -> str:
            return "gt"

    x, t = array(1), engine.ones(2)
    assert (x + Other(), Other() + x, x < Other()) == ("radd", "add", "gt")
    assert (t + Other(), Other() + t, t < Other()) == ("radd", "add", "gt")
    with pytest.raises(TypeError):
        x - Other()


def test_a_subclass_may_have_operators_of_its_own() -> None:
    class Own(np.ndarray):  # type: ignore[misc]
        __slots__ = ()

        def __add__(self, other: Any) -> str:
            return "add"

        def __radd__(self, other: Any) -> str:
            return "radd"

        def __getitem__(self, key: Any) -> str:
            return f"item {key}"

    own, x = array(1, 2).view(Own), array(3, 4)
    assert (own + x, x + own, own + 1, 1 + own) == ("add", "radd", "add", "radd")
    assert own[0] == "item 0"
    assert (own * 2).tolist() == [2.0, 4.0]
    assert x[0] == 3.0


def test_an_operator_that_is_replaced_is_heard(
    monkeypatch: pytest.MonkeyPatch, python_again: None
) -> None:
    x = array(1, 2)
    with monkeypatch.context() as patch:
        patch.setattr(np.ndarray, "__add__", lambda self, other: "replaced")
        assert x + x == "replaced"
    assert (x + x).tolist() == [2.0, 4.0]
    native.use("python")
    assert (x + x).tolist() == [2.0, 4.0]
    native.use("native")
    assert (x + x).tolist() == [2.0, 4.0]


def test_elements_cannot_be_deleted() -> None:
    for x in (array(1, 2), engine.ones(2)):
        with pytest.raises((TypeError, AttributeError, ValueError)):
            del x[0]
        x[0] = 5.0
        assert x[0] == 5.0
        with pytest.raises(IndexError):
            x[2] = 1.0


def test_ufuncs_take_names_and_any_number_of_operands() -> None:
    x = array(1, 4)
    out = array(0, 0)
    assert np.sqrt(x, out=out) is out
    assert out.tolist() == [1.0, 2.0]
    assert np.add(x, x, out).tolist() == [2.0, 8.0]
    for wrong in ((), (x, x, x, x)):
        with pytest.raises(TypeError):
            np.add(*wrong)
    with pytest.raises(TypeError):
        np.add(x, x, nonsense=1)
    assert pickle.loads(pickle.dumps(x + x)).tolist() == [2.0, 8.0]


def test_view_by_a_class() -> None:
    class Own(np.ndarray):  # type: ignore[misc]
        __slots__ = ()

    x = np.arange(4.0)
    for view in (x.view(Own), x.view(type=Own), x.view("f8", Own)):
        assert type(view) is Own
        view[0] += 1
    assert x.tolist() == [3.0, 1.0, 2.0, 3.0]
    assert x.view(Own).base is x
    assert type(x.view(numpy.ndarray)) is np.ndarray
    with pytest.raises(TypeError, match=r"engine\.numpy"):
        x.view(type=numpy.matrix)


class Last:
    """Does something when the collector finds it: within whatever runs then."""

    def __init__(self, do: Callable[[], None]) -> None:
        self.do = do
        self.me = self

    def __del__(self) -> None:
        self.do()


def test_an_element_is_not_read_behind_memory_that_a_finalizer_has_shortened() -> None:
    last = 2999
    for _ in range(4):  # until native code knows the subscript
        assert float(np.arange(3000.0)[last]) == last
    x = np.array(numpy.arange(3000.0))
    engine.eval(x)
    used = [x[last] for _ in range(9000)]  # so that no value waits to be used again

    def shorten() -> None:
        x.resize((3,), refcheck=False)
        engine.eval(x)

    before = gc.get_threshold()
    gc.disable()
    Last(shorten)
    gc.set_threshold(1, 1000, 1000)
    gc.enable()
    try:
        found = float(x[last])
    except IndexError:
        found = float(last)  # it was shortened first
    finally:
        gc.set_threshold(*before)
    assert found == last
    assert len(used) == 9000


@pytest.mark.parametrize(
    ("name", "key"), [("located", slice(9000, 3, -2)), ("same_axes", slice(5, 4321))]
)
def test_ctrl_c_within_what_native_code_asks_of_python_is_heard(
    name: str, key: slice
) -> None:
    def interrupt(frame: Any, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_name == name and not asked:
            asked.append(frame)
            raise KeyboardInterrupt

    asked: list[Any] = []
    x = np.array(numpy.arange(12345.0))  # no subscript of such an array is known
    engine.eval(x)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            sys.setprofile(interrupt)
            try:
                x[key] = 1.0
            finally:
                sys.setprofile(None)
    finally:
        signal.signal(signal.SIGINT, before)
    assert asked
    x[key] = 2.0
    expected = numpy.arange(12345.0)
    expected[key] = 2.0
    assert x.tolist() == expected.tolist()
