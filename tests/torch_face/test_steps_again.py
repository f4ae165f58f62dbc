"""What repeats is recorded at once, and gives what recording it anew gives.

Each claim runs programs in turns, several times: at first they are recorded call by
call, then at once where nothing differs. What must be told apart differs in one thing.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import numpy as np
import pytest
from steps import OPTIMIZERS, TURNS, Passed, in_turns, leaf, numbers_of, trained

import engine
from engine.autograd import _walk
from engine.execute import flush
from engine.record import splice
from engine.record.trace import current_trace

pytestmark = pytest.mark.usefixtures("interpreted")


# -- backward --------------------------------------------------------------------------
def test_both_ways_of_following_a_graph_agree(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = splice.native()
    if known is None:
        pytest.skip("native code is not in use")
    answers = []

    def both(walk: Any, given: list[Any], wanted: Any) -> Any:
        table = walk._table(given)
        pool = known.walk_again(walk, given, wanted)
        if pool is not None:  # it may not know, but what it knows is so
            assert table is not None and walk._asks_for(wanted, table)
            assert list(map(id, table)) == list(map(id, pool[: len(table)]))
        answers.append(pool is not None)
        return pool

    changed = known._replace(walk_again=both, backward_again=lambda *_: None)
    monkeypatch.setattr(splice, "_native", [changed])
    for _ in range(4):
        trained(OPTIMIZERS[2], False)
    assert answers.count(True) > 5


def test_gradients_with_hooks_or_others_before_them_are_left_to_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = splice.native()
    if known is None:
        pytest.skip("native code is not in use")
    left = []

    def noted(*arguments: Any) -> Any:
        pairs = known.backward_again(*arguments)
        left.append(None if pairs is None else len(pairs))
        return pairs

    def program(change: str) -> Any:
        leaves = x, y, z = leaf(2.0), leaf(3.0), leaf(5.0)
        if change == "before":
            y.grad = leaf(100.0, grad=False)
        elif change == "hook":
            y.register_hook(lambda grad: grad * 10)
        (x * y * z).sum().backward()
        return [numbers_of(one.grad)[0] for one in leaves]

    monkeypatch.setattr(splice, "_native", [known._replace(backward_again=noted)])
    in_turns(
        [partial(program, change) for change in ("", "before", "hook")],
        [[15, 10, 6], [15, 110, 6], [15, 100, 6]],
    )
    assert left[0] is None and left[-3:] == [0, 2, 2]


def test_a_walk_like_one_before_calls_no_rule(
    passed: Passed, monkeypatch: pytest.MonkeyPatch
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


def test_which_leaves_require_grad_is_told_apart(passed: Passed) -> None:
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


def test_which_operands_are_detached_is_told_apart(passed: Passed) -> None:
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


def test_numbers_in_the_graph_are_told_apart(passed: Passed) -> None:
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


def test_results_that_retain_their_gradient_are_told_apart(passed: Passed) -> None:
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


def test_gradients_of_chosen_inputs_are_told_apart(passed: Passed) -> None:
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


def test_the_gradient_that_is_given_may_be_any(passed: Passed) -> None:
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


def test_which_gradients_are_given_is_told_apart(passed: Passed) -> None:
    def ten() -> Any:
        return engine.tensor(10.0, dtype=engine.float64)

    def program(*given: Any) -> Any:
        x = leaf(2.0)
        results = [(x * 3).sum(), (x * 5).sum()]
        (grad,) = engine.autograd.grad(results, x, given)
        return numbers_of(grad)

    def same() -> Any:
        both = ten()
        return program(both, both)

    in_turns(
        [
            lambda: program(None, None),
            lambda: program(ten(), None),
            lambda: program(None, ten()),
            lambda: program(ten(), ten()),
            same,
        ],
        [[8], [35], [53], [80], [80]],
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


def test_gradients_add_up_and_shared_parameters_get_both(passed: Passed) -> None:
    x = leaf(1.0, 2.0)
    for k in range(1, TURNS + 1):
        (x * x + x).sum().backward()
        assert numbers_of(x.grad) == [3 * k, 5 * k]
    assert passed


def test_a_write_in_between_is_seen(passed: Passed) -> None:
    def program(writes: bool) -> Any:
        x = leaf(1.0, 2.0)
        y = x * 2
        if writes:
            y[0] = 5.0
        (y * y).sum().backward()
        return numbers_of(x.grad)

    in_turns([lambda: program(False), lambda: program(True)], [[8, 16], [0, 16]])
    assert passed


def test_threads_walk_their_own_graphs(passed: Passed) -> None:
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
