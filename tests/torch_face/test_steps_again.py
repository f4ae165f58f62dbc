"""What repeats is recorded at once, and gives what recording it anew gives.

Each claim runs programs in turns, several times: at first they are recorded call by
call, then at once where nothing differs. What must be told apart differs in one thing.
"""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

import engine
from engine import Tensor, native, nn, optim, rewalk
from engine.autograd import _walk
from engine.execute import flush
from engine.nn import functional as F
from engine.record import once, splice
from engine.record.splice import Passage
from engine.record.trace import current_trace

TURNS = 5


@pytest.fixture(autouse=True, params=["native", "python"])
def interpreted(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing is compiled here: what is recorded, by both recorders, is what counts."""
    own = native.recorder()[0]
    if request.param == "native" and own != "native":
        pytest.skip(f"no native code: {native.recorder()[1]}")
    flush(current_trace())
    native.use(request.param)
    with engine.config(tier="numpy"):
        yield
    flush(current_trace())
    native.use(own)


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A list that grows with each function that was recorded at once."""
    done: list[Any] = []
    append = Passage._append

    def counted(self: Passage, *arguments: Any) -> Any:
        made = append(self, *arguments)
        if made is not None:
            done.append(self)
        return made

    monkeypatch.setattr(Passage, "_append", counted)
    return done


def leaf(*numbers: float, grad: bool = True) -> Tensor:
    return engine.tensor(numbers, dtype=engine.float64, requires_grad=grad)


def numbers_of(x: Tensor | None) -> Any:
    return None if x is None else x.detach().tolist()


def in_turns(programs: list[Callable[[], Any]], wanted: list[Any]) -> None:
    """Run programs in turns; each gives what is wanted, every time."""
    for _ in range(TURNS):
        for program, want in zip(programs, wanted, strict=True):
            assert program() == want
            flush(current_trace())


# -- backward --------------------------------------------------------------------------
def test_both_ways_of_following_a_graph_agree(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = splice.native()
    if known is None:
        pytest.skip("native code is not in use")
    answers = []

    def both(table: list[Any], steps: Any) -> bool:
        other = list(table)
        answer = known.follow_steps(table, steps)
        if answer:  # it may not know, but what it knows is so
            assert rewalk.follow_steps(other, steps)
            assert list(map(id, other)) == list(map(id, table))
        answers.append(answer)
        return answer

    monkeypatch.setattr(splice, "_native", [known._replace(follow_steps=both)])
    for _ in range(4):
        trained(OPTIMIZERS[2], False)
    assert answers.count(True) > 5


def test_a_walk_like_one_before_calls_no_rule(
    passed: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = []

    def walk(*arguments: Any) -> Any:
        walks.append(1)
        return _walk(*arguments)

    monkeypatch.setattr("engine.autograd._walk", walk)
    for k in range(TURNS):
        x = leaf(1.0 + k, 2.0)
        (x.exp() * x).sum().backward()
        want = np.exp([1.0 + k, 2.0]) * [2.0 + k, 3.0]
        np.testing.assert_allclose(numbers_of(x.grad), want, rtol=1e-14)
        flush(current_trace())
    assert len(walks) <= 2 and len(passed) == TURNS - len(walks)


def test_which_leaves_require_grad_is_told_apart(passed: list[Any]) -> None:
    def program(left: bool, right: bool) -> Any:
        x, y = leaf(2.0, 3.0, grad=left), leaf(5.0, 7.0, grad=right)
        (x * y).sum().backward()
        return numbers_of(x.grad), numbers_of(y.grad)

    in_turns(
        [
            lambda: program(True, True),
            lambda: program(True, False),
            lambda: program(False, True),
        ],
        [([5, 7], [2, 3]), ([5, 7], None), (None, [2, 3])],
    )
    assert passed


def test_which_operands_are_detached_is_told_apart(passed: list[Any]) -> None:
    def program(left: bool, right: bool) -> Any:
        x = leaf(2.0, 3.0)
        y = x + 1
        ((y.detach() if left else y) * (y.detach() if right else y)).sum().backward()
        return numbers_of(x.grad)

    in_turns(
        [
            lambda: program(False, False),
            lambda: program(True, False),
            lambda: program(False, True),
        ],
        [[6, 8], [3, 4], [3, 4]],
    )
    assert passed


def test_numbers_in_the_graph_are_told_apart(passed: list[Any]) -> None:
    def program(factor: float) -> Any:
        x = leaf(2.0, -3.0)
        (x * factor).sum().backward()
        return str(numbers_of(x.grad))

    factors = [2.0, 0.0, -0.0, 3.0]
    wanted = [str([factor] * 2) for factor in factors]
    in_turns([partial(program, factor) for factor in factors], wanted)
    assert passed


def test_powers_are_told_apart_though_they_record_the_same() -> None:
    def program(power: float) -> Any:
        x = leaf(0.0, 2.0)
        (x**power).sum().backward()
        return numbers_of(x.grad)

    in_turns(
        [lambda: program(1.0), lambda: program(2.0), lambda: program(0.0)],
        [[1, 1], [0, 4], [0, 0]],
    )


def test_hooks_are_called_every_time_and_only_where_they_are() -> None:
    def program(on_leaf: bool, on_result: bool) -> Any:
        x = leaf(1.0, 2.0)
        y = x * 3
        seen = []
        if on_leaf:
            x.register_hook(lambda g: seen.append("leaf"))
        if on_result:
            y.register_hook(lambda g: g * 10)
        y.sum().backward()
        return numbers_of(x.grad), seen

    in_turns(
        [
            lambda: program(False, False),
            lambda: program(True, False),
            lambda: program(False, True),
        ],
        [([3, 3], []), ([3, 3], ["leaf"]), ([30, 30], [])],
    )


def test_results_that_retain_their_gradient_are_told_apart(passed: list[Any]) -> None:
    def program(retained: bool) -> Any:
        x = leaf(1.0, 2.0)
        y = x * 3
        if retained:
            y.retain_grad()
        (y * y).sum().backward()
        return numbers_of(x.grad), numbers_of(y.grad) if retained else None

    in_turns(
        [lambda: program(False), lambda: program(True)],
        [([18, 36], None), ([18, 36], [6, 12])],
    )
    assert len(passed) >= 2 * TURNS - 3  # all but the first, and one of each form


def test_results_retain_gradients_apart_after_their_graph_is_gone() -> None:
    cells = []
    for _ in range(TURNS):
        x = leaf(1.0)
        y = x * 3
        y.backward()
        y.retain_grad()
        cells.append(y._cell())
        flush(current_trace())
    assert len({id(cell) for cell in cells}) == TURNS


def test_a_retained_graph_is_walked_again_and_a_freed_one_refused() -> None:
    for _ in range(TURNS):
        x = leaf(1.0, 2.0)
        loss = (x * x).sum()
        loss.backward(retain_graph=True)
        loss.backward()
        assert numbers_of(x.grad) == [4, 8]
        with pytest.raises(RuntimeError, match="a second time"):
            loss.backward()
        flush(current_trace())


def test_gradients_that_are_to_be_differentiated_are_never_recorded_at_once() -> None:
    for _ in range(TURNS):
        x = leaf(2.0, 3.0)
        (first,) = engine.autograd.grad((x**3).sum(), x, create_graph=True)
        first.sum().backward()
        assert numbers_of(x.grad) == [12, 18]
        flush(current_trace())


def test_gradients_of_chosen_inputs_are_told_apart(passed: list[Any]) -> None:
    def program(wanted: str) -> Any:
        x, y = leaf(2.0, 3.0), leaf(5.0, 7.0)
        inner = x * y
        known = {"x": x, "y": y, "i": inner}
        grads = engine.autograd.grad((inner * x).sum(), [known[n] for n in wanted])
        return [numbers_of(grad) for grad in grads]

    x, y, i = [20, 42], [4, 9], [2, 3]
    in_turns(
        [
            lambda: program("xy"),
            lambda: program("yx"),
            lambda: program("x"),
            lambda: program("i"),
        ],
        [[x, y], [y, x], [x], [i]],
    )
    assert passed


def test_the_gradient_that_is_given_may_be_any(passed: list[Any]) -> None:
    def program(given: Any) -> Any:
        x = leaf(2.0, 3.0)
        (x * x).backward(given)
        return numbers_of(x.grad)

    in_turns(
        [
            lambda: program(leaf(1.0, 10.0, grad=False)),
            lambda: program(leaf(1.0, 10.0, grad=False) * 2),
            lambda: program(leaf(7.0, grad=False).expand(2)),
        ],
        [[4, 60], [8, 120], [28, 42]],
    )
    assert passed


def test_a_graph_that_has_run_in_part_is_walked_all_the_same() -> None:
    def program(looks: bool) -> Any:
        x = leaf(0.5, 0.25)
        loss = (x.exp().sin() * x).sum()
        if looks:
            loss.item()
        loss.backward()
        return numbers_of(x.grad)

    want = program(False)
    in_turns([lambda: program(False), lambda: program(True)], [want, want])


def test_gradients_add_up_and_shared_parameters_get_both(passed: list[Any]) -> None:
    x = leaf(1.0, 2.0)
    for k in range(1, TURNS + 1):
        (x * x + x).sum().backward()
        assert numbers_of(x.grad) == [3 * k, 5 * k]
    assert passed


def test_a_write_in_between_is_seen(passed: list[Any]) -> None:
    def program(writes: bool) -> Any:
        x = leaf(1.0, 2.0)
        y = x * 2
        if writes:
            y[0] = 5.0
        (y * y).sum().backward()
        return numbers_of(x.grad)

    in_turns([lambda: program(False), lambda: program(True)], [[8, 16], [0, 16]])
    assert passed


def test_threads_walk_their_own_graphs(passed: list[Any]) -> None:
    wrong: list[Any] = []

    def work(number: int) -> None:
        for k in range(20):
            x = leaf(number, k)
            (x * x * 3).sum().backward()
            if numbers_of(x.grad) != [6 * number, 6 * k]:
                wrong.append((number, k))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and passed


# -- functions -------------------------------------------------------------------------
def test_functions_record_at_once_what_they_recorded_before(passed: list[Any]) -> None:
    def program() -> Any:
        x = leaf(1.0, -2.0, 3.0)
        y = F.gelu(F.layer_norm(x, (3,)))
        y.sum().backward()
        return numbers_of(y), numbers_of(x.grad)

    want = program()
    flush(current_trace())
    in_turns([program], [want])
    assert len(passed) >= 3 * (TURNS - 2)


def test_options_of_functions_are_told_apart(passed: list[Any]) -> None:
    def program(slope: Any) -> Any:
        return str(F.leaky_relu(leaf(-2.0, 3.0), slope).tolist())

    in_turns(
        [
            lambda: program(0.5),
            lambda: program(0.0),
            lambda: program(-0.0),
            lambda: program(1),
        ],
        ["[-1.0, 3.0]", "[-0.0, 3.0]", "[0.0, 3.0]", "[-2.0, 3.0]"],
    )
    assert passed


def test_arguments_that_are_not_plain_are_not_remembered(passed: list[Any]) -> None:
    def tripled(x: Any, options: list[float]) -> Any:
        return x * options[0]

    factors = [3.0]
    for factor in (3.0, 3.0, 3.0, 4.0):
        factors[0] = factor
        tripled_value = once.once(tripled, leaf(2.0).read(), factors)
        assert Tensor.wrap(tripled_value).tolist() == [2 * factor]
    assert not passed


def test_one_operand_twice_is_no_pair_of_operands() -> None:
    def program(same: bool) -> Any:
        x = leaf(1.0, 2.0)
        y = x if same else leaf(3.0, 6.0)
        loss = F.mse_loss(x, y)
        loss.backward()
        return loss.item(), numbers_of(x.grad)

    in_turns(
        [lambda: program(True), lambda: program(False)],
        [(0, [0, 0]), (10, [-2, -4])],
    )


def test_functions_know_whether_gradients_are_recorded() -> None:
    def program(recorded: bool) -> Any:
        x = leaf(1.0, -2.0)
        with engine.set_grad_enabled(recorded):
            y = F.relu(x * 2)
        return y.requires_grad

    in_turns([lambda: program(True), lambda: program(False)], [True, False])


def test_more_functions_than_are_kept_at_a_place(passed: list[Any]) -> None:
    x = leaf(-1.0, grad=False)
    for slope in [*range(2 * once.KEPT), *[5] * TURNS]:
        assert F.leaky_relu(x, slope).tolist() == [-slope]
    known = current_trace().node.passages
    assert known is not None and len(known) <= once.KEPT and passed


def test_an_error_is_raised_every_time() -> None:
    for _ in range(TURNS):
        with pytest.raises(RuntimeError, match="linear: an input whose last dimension"):
            F.linear(engine.ones(2, 3), engine.ones(2, 2))


# -- optimizers ------------------------------------------------------------------------
OPTIMIZERS: list[Callable[[Any], optim.Optimizer]] = [
    lambda p: optim.SGD(p, lr=0.1),
    lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1, nesterov=True),
    lambda p: optim.Adam(p, lr=0.1, amsgrad=True),
    lambda p: optim.AdamW(p, lr=0.1, maximize=True),
    lambda p: optim.RMSprop(p, lr=0.1, momentum=0.5, centered=True),
]


def trained(make: Callable[[Any], optim.Optimizer], looks: bool) -> list[Any]:
    """The parameters after some steps, with all that may change between them."""
    engine.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    optimizer = make(model.parameters())
    x = engine.tensor(np.linspace(-1, 1, 15).reshape(5, 3))
    for step in range(10):
        optimizer.zero_grad(set_to_none=step % 4 != 3)
        loss = F.cross_entropy(model(x), engine.tensor([0, 1, 1, 0, 1]))
        loss.backward()
        if step == 5:
            model[0].bias.grad = None
        optimizer.param_groups[0]["lr"] *= 0.9
        optimizer.step()
        if looks:
            loss.item()
    return [numbers_of(p) for p in model.parameters()]


@pytest.mark.parametrize("looks", [True, False])
@pytest.mark.parametrize("make", OPTIMIZERS)
def test_steps_give_the_same_bits_when_they_are_recorded_at_once(
    make: Callable[[Any], optim.Optimizer],
    looks: bool,
    passed: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [trained(make, looks) for _ in range(3)]
    assert len(passed) > 80
    monkeypatch.setattr(Passage, "again", lambda *_: None)
    want = trained(make, looks)
    assert found == [want] * 3


def test_a_step_that_fails_writes_nothing() -> None:
    w, b = leaf(1.0, 2.0), leaf(3.0)
    optimizer = optim.SGD([w, b], lr=0.5)
    w.grad, b.grad = engine.ones_like(w), engine.ones_like(b)
    optimizer.param_groups[0]["params"].append("no parameter")
    for _ in range(TURNS):
        with pytest.raises(AttributeError):
            optimizer.step()
    assert w.tolist() == [1, 2] and b.tolist() == [3]


def test_what_sees_a_parameter_sees_its_steps() -> None:
    w = leaf(1.0, 2.0)
    view, detached = w.detach()[1:], w.detach()
    seen = w.detach().numpy()
    optimizer = optim.SGD([w], lr=1.0)
    for k in range(1, TURNS + 1):
        w.grad = engine.ones_like(w)
        optimizer.step()
        assert seen.tolist() == detached.tolist() == [1 - k, 2 - k]
        assert view.tolist() == [2 - k] and w.is_leaf and w.requires_grad


def test_what_is_remembered_keeps_no_arrays() -> None:
    model = nn.Linear(3, 2)
    optimizer = optim.Adam(model.parameters())
    for _ in range(TURNS):
        optimizer.zero_grad()
        model(engine.ones(4, 3)).sum().backward()
        optimizer.step()
        engine.eval(list(model.parameters()))
    held = [
        weakref.ref(x)
        for x in (optimizer, model.weight, model.weight.read(), model.weight.grad)
    ]
    del model, optimizer
    gc.collect()
    assert [reference() for reference in held] == [None] * len(held)
