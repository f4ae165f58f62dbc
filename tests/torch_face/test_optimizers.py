"""Optimizers: PyTorch's update rules to the last digits; state; schedules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import engine
from engine import Tensor, nn, optim
from engine.optim import SGD, Adam, AdamW

# Parameters after five steps from (1, -2, 0.5) and 0.25, by torch 2.13 in float64.
FACTS: list[tuple[Callable[[Any], optim.Optimizer], list[float]]] = [
    (
        lambda p: SGD(p, lr=0.1),
        [
            0.7325351338864428,
            -2.9723194899743417,
            0.3245484302709376,
            0.4583919611903716,
        ],
    ),
    (
        lambda p: SGD(p, lr=0.1, momentum=0.9),
        [
            0.3048982167645505,
            -4.710700669793958,
            0.040575219012895576,
            0.9045644544018716,
        ],
    ),
    (
        lambda p: SGD(p, lr=0.1, momentum=0.9, dampening=0.3),
        [
            0.4536143170049352,
            -3.95897275674548,
            0.1505937026873483,
            0.6551205793355748,
        ],
    ),
    (
        lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        [
            0.0017120416440647688,
            -6.882050210375556,
            -0.2419229991293524,
            1.6372395212922506,
        ],
    ),
    (
        lambda p: SGD(p, lr=0.1, weight_decay=0.2),
        [
            0.6607122899053808,
            -2.6714263625419727,
            0.2904959493836273,
            0.4183967464580759,
        ],
    ),
    (
        lambda p: SGD(p, lr=0.1, momentum=0.5, maximize=True),
        [
            1.5618922061382667,
            -1.0452494788325615,
            0.8274827734622373,
            0.7589231457540752,
        ],
    ),
    (
        lambda p: Adam(p, lr=0.1),
        [
            0.5002607865023541,
            -2.5022252471511814,
            -0.0009952578981290566,
            0.5925983639456858,
        ],
    ),
    (
        lambda p: Adam(p, lr=0.1, betas=(0.8, 0.9), eps=1e-3),
        [
            0.5009112452923095,
            -2.502415637386379,
            -3.4044881909250924e-05,
            0.6011831826865816,
        ],
    ),
    (
        lambda p: Adam(p, lr=0.1, weight_decay=0.2),
        [
            0.5064475174280925,
            -2.501875199349894,
            0.008952021049670467,
            0.48066405390578304,
        ],
    ),
    (
        lambda p: Adam(p, lr=0.5, betas=(0.5, 0.5), amsgrad=True),
        [
            -1.3640613384941846,
            -4.4351962599550445,
            -1.8719018962946556,
            2.0766045150452688,
        ],
    ),
    (
        lambda p: Adam(p, lr=0.1, maximize=True),
        [
            1.5012834053322701,
            -1.502287430545164,
            0.9999100955065727,
            0.5783759070380934,
        ],
    ),
    (
        lambda p: AdamW(p, lr=0.1),
        [
            0.4963208167375874,
            -2.4912454856691464,
            -0.0024806347611508184,
            0.59088858362678,
        ],
    ),
    (
        lambda p: AdamW(p, lr=0.1, weight_decay=0.3),
        [
            0.3898382705767167,
            -2.1901233415237664,
            -0.04209995475023515,
            0.5436525838309874,
        ],
    ),
]


def start() -> list[Tensor]:
    w = engine.tensor([1.0, -2.0, 0.5], dtype=engine.float64, requires_grad=True)
    b = engine.tensor([[0.25]], dtype=engine.float64, requires_grad=True)
    return [w, b]


def loss_of(parameters: list[Tensor]) -> Tensor:
    w, b = parameters
    loss: Tensor = (w * w * w).sum() * 0.1 + (w.sum() * b).sum() + (b**2).sum()
    return loss


def steps(parameters: list[Tensor], optimizer: optim.Optimizer, count: int) -> None:
    for _ in range(count):
        optimizer.zero_grad()
        loss_of(parameters).backward()
        optimizer.step()


def flat(parameters: list[Tensor]) -> list[float]:
    return [x for p in parameters for x in p.detach().reshape(-1).tolist()]


def test_gradients_are_forgotten_also_behind_a_parameter_that_is_frozen() -> None:
    first, frozen, last = (engine.ones(2, requires_grad=k != 1) for k in range(3))
    (first * frozen * last).sum().backward()
    optim.SGD([first, frozen, last], lr=0.1).zero_grad()
    assert first.grad is None and frozen.grad is None and last.grad is None


@pytest.mark.parametrize(("make", "want"), FACTS)
def test_update_rules_are_pytorchs(
    make: Callable[[Any], optim.Optimizer], want: list[float]
) -> None:
    parameters = start()
    steps(parameters, make(parameters), 5)
    np.testing.assert_allclose(flat(parameters), want, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: SGD(p, lr=0.1, momentum=0.9),
        lambda p: Adam(p, lr=0.1, amsgrad=True),
    ],
)
def test_a_saved_state_goes_on_where_it_was(
    make: Callable[[Any], optim.Optimizer],
) -> None:
    whole = start()
    steps(whole, make(whole), 6)
    first = start()
    optimizer = make(first)
    steps(first, optimizer, 3)
    later = [p.detach().clone().requires_grad_() for p in first]
    other = make(later)
    other.load_state_dict(optimizer.state_dict())
    steps(later, other, 3)
    assert flat(later) == flat(whole)
    # What was loaded is a copy: the first optimizer does not move it.
    steps(first, optimizer, 1)
    steps(whole, make(whole), 0)
    assert flat(later) == flat(whole)


def test_groups_have_options_of_their_own() -> None:
    w, b = start()
    optimizer = SGD([{"params": [w], "lr": 1.0}, {"params": b}], lr=0.0)
    before = b.item()
    w.grad, b.grad = engine.ones_like(w), engine.ones_like(b)
    optimizer.step()
    assert w.tolist() == [0.0, -3.0, -0.5] and b.item() == before


def test_parameters_without_a_gradient_stay() -> None:
    w, b = start()
    optimizer = Adam([w, b], lr=0.1)
    w.sum().backward()
    optimizer.step()
    assert b.item() == 0.25 and w.tolist() != [1.0, -2.0, 0.5]


def test_a_closure_gives_the_loss() -> None:
    parameters = start()
    optimizer = SGD(parameters, lr=0.1)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = loss_of(parameters)
        loss.backward()
        return loss

    before = loss_of(parameters).item()
    assert optimizer.step(closure).item() == before
    assert loss_of(parameters).item() < before


def test_steps_keep_parameters_leaves_and_views_of_them_alive() -> None:
    w, b = start()
    view = w.detach()[:1]
    optimizer = SGD([w, b], lr=0.5)
    w.sum().backward()
    optimizer.step()
    assert w.is_leaf and w.requires_grad and view.tolist() == [0.5]


def test_what_optimizers_refuse() -> None:
    w, b = start()
    with pytest.raises(ValueError, match="empty parameter list"):
        SGD([], lr=0.1)
    with pytest.raises(ValueError, match="Invalid learning rate value: -1"):
        Adam([w], lr=-1)
    with pytest.raises(ValueError, match="beta parameter at index 1"):
        Adam([w], betas=(0.9, 1.0))
    with pytest.raises(ValueError, match="non-leaf"):
        SGD([w * 2], lr=0.1)
    with pytest.raises(ValueError, match="more than one parameter group"):
        SGD([{"params": [w]}, {"params": [w, b]}], lr=0.1)
    with pytest.raises(TypeError, match="iterable of Tensors"):
        SGD(w, lr=0.1)
    with pytest.raises(TypeError, match="foreach"):
        SGD([w], lr=0.1, foreach=True)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match=r"\['rate'\] were given"):
        SGD([{"params": [w], "rate": 2}], lr=0.1)
    with pytest.raises(ValueError, match="Nesterov"):
        SGD([w], lr=0.1, nesterov=True)


def test_optimizers_print_their_options() -> None:
    text = repr(SGD(start(), lr=0.1))
    assert text.startswith(
        "SGD (\nParameter Group 0\n    dampening: 0.0\n    lr: 0.1\n"
    )


def test_step_lr_and_cosine() -> None:
    optimizer = SGD(start(), lr=1.0)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.1)
    rates = []
    for _ in range(5):
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step()
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01])
    optimizer = SGD(start(), lr=1.0)
    cosine = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4, eta_min=0.2)
    rates = []
    for _ in range(5):
        rates += cosine.get_last_lr()
        cosine.step()
    assert rates == pytest.approx(
        [1, 0.6 + 0.4 * 0.5**0.5, 0.6, 0.6 - 0.4 * 0.5**0.5, 0.2]
    )


def test_rates_by_milestones_by_powers_and_by_a_function() -> None:
    schedules = optim.lr_scheduler
    wanted: list[tuple[Callable[[Any], Any], list[float]]] = [
        (lambda o: schedules.MultiStepLR(o, [2, 2, 3], 0.5), [1, 1, 0.25, 0.125]),
        (lambda o: schedules.ExponentialLR(o, 0.5), [1, 0.5, 0.25, 0.125]),
        (lambda o: schedules.LambdaLR(o, lambda n: 1 + n), [1, 2, 3, 4]),
    ]
    for make, want in wanted:
        optimizer = SGD(start(), lr=1.0)
        scheduler = make(optimizer)
        rates = []
        for _ in want:
            rates.append(optimizer.param_groups[0]["lr"])
            scheduler.step()
        assert rates == pytest.approx(want)


def test_schedulers_can_be_combined_and_made_for_a_loaded_optimizer() -> None:
    schedules = optim.lr_scheduler
    optimizer = SGD(start(), lr=1.0)
    both = [
        schedules.StepLR(optimizer, 2, 0.5),
        schedules.ExponentialLR(optimizer, 0.1),
    ]
    for _ in range(3):
        for scheduler in both:
            scheduler.step()
    assert both[0].get_last_lr() == pytest.approx([0.5 * 0.1**3])
    again = SGD(start(), lr=9.0)
    again.load_state_dict(optimizer.state_dict())
    schedules.StepLR(again, 2, 0.5)
    assert again.param_groups[0]["lr"] == pytest.approx(0.5 * 0.1**3)


def test_a_loaded_state_has_the_dtypes_of_the_parameters() -> None:
    kept = {"step": np.array(2.0), "exp_avg": engine.ones(2).array()}
    kept["exp_avg_sq"] = np.ones(2, np.float32)
    x = engine.zeros(2, dtype=engine.float64, requires_grad=True)
    optimizer = Adam([x], lr=0.1)
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": {0: kept}, "param_groups": groups})
    state = optimizer.state[x]
    assert state["exp_avg"].dtype is state["exp_avg_sq"].dtype is engine.float64
    x.grad = engine.full((2,), 1 / 3, dtype=engine.float64)
    optimizer.step()
    # In float64 all the way, as PyTorch does it.
    assert state["exp_avg"].tolist() == [1.0 + (1 / 3 - 1.0) * (1 - 0.9)] * 2
    assert state["step"].item() == 3.0


def wrong(changes: dict[Any, Any]) -> dict[str, Any]:
    group = {"params": [0, 1], "lr": 9.0}
    return {"state": {}, "param_groups": [group], **changes}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (wrong({"state": {7: {}}}), r"parameters \[0, 1\] were required; 7 was given"),
        (wrong({"state": {0: 3}}), "a dictionary was required; int was given"),
        (wrong({"state": [3]}), "a dictionary was required; list was given"),
        (wrong({"param_groups": []}), "different number of parameter groups"),
        (wrong({"param_groups": [{"lr": 9.0}]}), "a dictionary with 'params'"),
        (wrong({"param_groups": [{"params": [0], "lr": 9.0}]}), "doesn't match the"),
    ],
)
def test_what_is_no_state_of_an_optimizer_changes_nothing(
    state: Any, message: str
) -> None:
    parameters = start()
    optimizer = Adam(parameters, lr=0.1)
    steps(parameters, optimizer, 2)
    before = repr(optimizer.state_dict())
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)
    assert repr(optimizer.state_dict()) == before


def test_cosine_rises_again() -> None:
    optimizer = SGD(start(), lr=1.0)
    cosine = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2, eta_min=0.5)
    rates = []
    for _ in range(7):
        rates += cosine.get_last_lr()
        cosine.step()
    assert rates == pytest.approx([1, 0.75, 0.5, 0.75, 1, 0.75, 0.5])


# Parameters after five steps, by torch 2.13 in float64.
RMSPROP: list[tuple[dict[str, Any], list[float]]] = [
    (
        {},
        [
            -0.8729080632742128,
            -4.009359783701302,
            -1.5459187671183738,
            1.7715518091603148,
        ],
    ),
    (
        {"momentum": 0.9},
        [-4.279374880081755, -7.8501935297952, -5.184771511726563, 4.318653101564847],
    ),
    (
        {"centered": True, "weight_decay": 0.1},
        [
            -0.2973035681736306,
            -4.017211397689619,
            -0.7160558390542919,
            1.0675021130962405,
        ],
    ),
    (
        {"maximize": True, "alpha": 0.9},
        [
            1.6179683373964782,
            -1.4735602593945416,
            1.134271472802805,
            0.8075621623214965,
        ],
    ),
]


@pytest.mark.parametrize(("options", "want"), RMSPROP)
def test_rmsprop_is_pytorchs(options: dict[str, Any], want: list[float]) -> None:
    parameters = start()
    steps(parameters, optim.RMSprop(parameters, lr=0.05, **options), 5)
    np.testing.assert_allclose(flat(parameters), want, rtol=1e-12, atol=1e-13)


def test_stored_facts_are_those_of_the_torch_that_is_here() -> None:
    torch = pytest.importorskip("torch", reason="compares with torch where it is")
    w = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([[0.25]], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([w, b], lr=0.1)
    steps([w, b], optimizer, 5)
    np.testing.assert_allclose(flat([w, b]), FACTS[6][1], rtol=1e-12)


def test_modules_are_optimized_by_their_parameters() -> None:
    layer = nn.Linear(2, 1)
    optimizer = SGD(layer.parameters(), lr=0.1)
    layer(engine.ones(1, 2)).sum().backward()
    before = layer.weight.detach().clone()
    optimizer.step()
    np.testing.assert_allclose((before - layer.weight.detach()).numpy(), 0.1, rtol=1e-5)
