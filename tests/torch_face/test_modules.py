"""Modules: what they contain, save, load and print; layers against their formulas."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import engine
from engine import Tensor, nn


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 3)
        self.scale = nn.Parameter(engine.ones(1))
        self.register_buffer("steps", engine.zeros(1))
        self.register_buffer("scratch", engine.zeros(1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(x) * self.scale + x
        return out


def model() -> nn.Sequential:
    return nn.Sequential(Block(), nn.ReLU(), nn.Linear(3, 2))


# -- contents -------------------------------------------------------------------------
def test_parameters_have_dotted_names_in_order() -> None:
    names = [name for name, _ in model().named_parameters()]
    assert names == [
        "0.scale",
        "0.inner.weight",
        "0.inner.bias",
        "2.weight",
        "2.bias",
    ]


def test_shared_parameters_come_once() -> None:
    layer = nn.Linear(2, 2)
    assert len(list(nn.Sequential(layer, layer).parameters())) == 2


def test_state_dicts_have_buffers_that_persist() -> None:
    state = model().state_dict()
    assert "0.steps" in state and "0.scratch" not in state
    assert list(state)[:2] == ["0.scale", "0.steps"]
    assert not any(tensor.requires_grad for tensor in state.values())


def test_loading_copies_into_the_same_memory() -> None:
    one, other = model(), model()
    weight = one[2].weight
    view = weight.detach()
    answer = one.load_state_dict(other.state_dict())
    assert repr(answer) == "<All keys matched successfully>"
    assert one[2].weight is weight and view.equal(other[2].weight)
    x = engine.ones(4, 3)
    assert one(x).equal(other(x))


def test_loading_is_strict_and_says_everything_that_is_wrong() -> None:
    one = model()
    state = one.state_dict()
    del state["2.bias"]
    state["extra"] = engine.zeros(1)
    state["2.weight"] = engine.zeros(5, 5)
    before = one[0].scale.item()
    state["0.scale"] = engine.full((1,), 9.0)
    with pytest.raises(RuntimeError) as caught:
        one.load_state_dict(state)
    text = str(caught.value)
    assert text.startswith("Error(s) in loading state_dict for Sequential:")
    for part in (
        'Unexpected key(s) in state_dict: "extra"',
        'Missing key(s) in state_dict: "2.bias"',
        "size mismatch for 2.weight: copying a param with shape [5, 5]",
    ):
        assert part in text
    assert one[0].scale.item() == before
    del state["2.weight"]
    answer = one.load_state_dict(state, strict=False)
    assert answer.missing_keys == ["2.weight", "2.bias"]
    assert answer.unexpected_keys == ["extra"] and one[0].scale.item() == 9.0


def test_attributes_are_registered_and_replaced() -> None:
    block = Block()
    block.scale = nn.Parameter(engine.full((1,), 3.0))
    assert [n for n, _ in block.named_parameters()].count("scale") == 1
    with pytest.raises(TypeError, match="cannot assign 'Tensor' as 'scale'"):
        block.scale = engine.ones(1)
    block.steps = engine.ones(1)
    assert block.state_dict()["steps"].item() == 1.0
    del block.scale
    with pytest.raises(AttributeError, match="'Block' object has no attribute 'scale'"):
        _ = block.scale


def test_init_must_be_called_first() -> None:
    class Forgetful(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"before Module\.__init__"):
        Forgetful()


def test_modes_reach_all_modules() -> None:
    made = nn.Sequential(nn.Dropout(0.5), nn.Sequential(nn.Dropout(0.5)))
    x = engine.ones(1000)
    engine.manual_seed(1)
    dropped = made(x)
    # Each survives twice with 1/2, and is doubled twice.
    assert set(dropped.unique().tolist()) == {0.0, 4.0}
    assert 0.15 < (dropped != 0).float().mean().item() < 0.35
    assert made.eval()(x).equal(x) and not made[1][0].training
    assert made.train().training


def test_apply_zero_grad_and_requires_grad() -> None:
    made = model()
    seen: list[str] = []
    made.apply(lambda module: seen.append(type(module).__name__))
    assert sorted(seen) == ["Block", "Linear", "Linear", "ReLU", "Sequential"]
    made(engine.ones(1, 3)).sum().backward()
    made.zero_grad(set_to_none=False)
    assert all(p.grad is not None and not p.grad.any() for p in made.parameters())
    made.zero_grad()
    assert all(p.grad is None for p in made.parameters())
    made.requires_grad_(False)
    assert not made(engine.ones(1, 3)).requires_grad


def test_conversion_keeps_the_parameters_themselves() -> None:
    made = model()
    weight = made[2].weight
    made(engine.ones(1, 3)).sum().backward()
    made.double()
    assert weight.grad is not None and weight.grad.dtype is engine.float64
    assert made[2].weight is weight and weight.dtype is engine.float64
    assert weight.requires_grad and weight.is_leaf
    assert made(engine.ones(1, 3, dtype=engine.float64)).dtype is engine.float64
    with pytest.raises(TypeError, match="floating"):
        made.to(engine.int64)
    with pytest.raises(RuntimeError, match="is_available"):
        made.to("cuda")


def test_deep_copies_are_independent() -> None:
    made = model()
    other = copy.deepcopy(made)
    with engine.no_grad():
        made[2].weight.zero_()
    assert other[2].weight.any() and isinstance(other[2].weight, nn.Parameter)
    assert type(other[2].weight * 1) is Tensor


def test_a_module_without_forward() -> None:
    with pytest.raises(NotImplementedError, match='missing the required "forward"'):
        nn.Module()(1)


# -- text -----------------------------------------------------------------------------
def test_modules_print_as_in_pytorch() -> None:
    made = nn.Sequential(
        nn.Linear(3, 2, bias=False),
        nn.Sequential(nn.Dropout(0.2), nn.Softmax(dim=1)),
        nn.LayerNorm(4),
        nn.Flatten(),
        nn.Embedding(3, 4),
        nn.GELU(),
        nn.LeakyReLU(),
        nn.CrossEntropyLoss(),
        nn.Unflatten(1, (2, 3)),
    )
    assert repr(made) == (
        "Sequential(\n"
        "  (0): Linear(in_features=3, out_features=2, bias=False)\n"
        "  (1): Sequential(\n"
        "    (0): Dropout(p=0.2, inplace=False)\n"
        "    (1): Softmax(dim=1)\n"
        "  )\n"
        "  (2): LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)\n"
        "  (3): Flatten(start_dim=1, end_dim=-1)\n"
        "  (4): Embedding(3, 4)\n"
        "  (5): GELU(approximate='none')\n"
        "  (6): LeakyReLU(negative_slope=0.01)\n"
        "  (7): CrossEntropyLoss()\n"
        "  (8): Unflatten(dim=1, unflattened_size=(2, 3))\n"
        ")"
    )


# -- layers ---------------------------------------------------------------------------
def test_linear_starts_like_pytorchs() -> None:
    engine.manual_seed(0)
    layer = nn.Linear(100, 400)
    bound = 0.1
    for parameter in (layer.weight, layer.bias):
        assert parameter is not None
        array = parameter.detach().numpy()
        assert np.abs(array).max() <= bound
        # Uniform numbers within b of 0 have the deviation b / sqrt(3).
        assert array.std() == pytest.approx(bound / np.sqrt(3), rel=0.1)


def test_linear_is_its_formula_on_batches_and_vectors() -> None:
    layer = nn.Linear(3, 2)
    x = engine.randn(4, 5, 3)
    assert layer.bias is not None
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    want = x.numpy() @ weight.T + bias
    np.testing.assert_allclose(layer(x).detach().numpy(), want, rtol=1e-5, atol=1e-6)
    assert layer(x[0, 0]).shape == (2,)
    with pytest.raises(RuntimeError, match=r"cannot be multiplied.*\[4, 2\]"):
        layer(engine.ones(4, 2))


def test_layer_norm_has_mean_0_and_variance_1() -> None:
    layer = nn.LayerNorm(64)
    out = layer(engine.randn(8, 64) * 3 + 5).detach().numpy()
    np.testing.assert_allclose(out.mean(1), 0, atol=1e-5)
    np.testing.assert_allclose(out.std(1), 1, rtol=1e-3)
    with pytest.raises(RuntimeError, match="normalized_shape"):
        layer(engine.ones(2, 3))


def test_batch_norm_follows_its_batches() -> None:
    layer = nn.BatchNorm1d(2, momentum=0.5)
    x = engine.tensor([[1.0, 10.0], [3.0, 30.0]])
    np.testing.assert_allclose(layer(x).detach().numpy(), [[-1, -1], [1, 1]], rtol=1e-4)
    assert layer.running_mean is not None and layer.running_var is not None
    assert layer.running_mean.tolist() == [1.0, 10.0]
    # The running variance is the unbiased one: (2 and 200) and 1, half each.
    assert layer.running_var.tolist() == [1.5, 100.5]
    out = layer.eval()(x).detach().numpy()
    want = (x.numpy() - [1.0, 10.0]) / np.sqrt(np.array([1.5, 100.5]) + 1e-5)
    np.testing.assert_allclose(out, want, rtol=1e-5)


def test_batch_norm_counts_its_batches_and_may_keep_their_means() -> None:
    layer = nn.BatchNorm1d(1, momentum=None)
    for mean in (0.0, 3.0, 6.0):
        layer(engine.tensor([[mean - 1], [mean + 1]]))
    state = {name: tensor.tolist() for name, tensor in layer.state_dict().items()}
    assert state.pop("running_mean") == pytest.approx([3.0])
    assert state.pop("running_var") == pytest.approx([2.0])
    assert state == {"weight": [1.0], "bias": [0.0], "num_batches_tracked": 3}
    layer.eval()(engine.zeros(1, 1))
    with pytest.raises(ValueError, match=r"more than 1 value per channel"):
        layer.train()(engine.zeros(1, 1))


def test_embedding_rows_and_their_gradients() -> None:
    table = nn.Embedding(4, 2)
    out = table(engine.tensor([[1, 1], [3, 0]]))
    assert out.shape == (2, 2, 2)
    out.sum().backward()
    assert table.weight.grad is not None
    assert table.weight.grad[:, 0].tolist() == [1.0, 2.0, 0.0, 1.0]
    with pytest.raises(IndexError, match="index 4 is out of bounds"):
        table(engine.tensor([4]))


def test_containers() -> None:
    items = nn.ModuleList([nn.Linear(1, 1), nn.ReLU()])
    named = nn.ModuleDict({"a": nn.Linear(1, 1)})
    assert len(items) == 2 and isinstance(items[1], nn.ReLU)
    assert [n for n, _ in named.named_parameters()] == ["a.weight", "a.bias"]
    assert isinstance(nn.Sequential(*items)[:1], nn.Sequential)


@pytest.mark.parametrize(
    ("fill", "deviation"),
    [
        (lambda w: nn.init.xavier_uniform_(w), np.sqrt(2 / 300)),
        (lambda w: nn.init.xavier_normal_(w), np.sqrt(2 / 300)),
        (lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"), np.sqrt(2 / 200)),
        (lambda w: nn.init.kaiming_normal_(w, mode="fan_out"), np.sqrt(2 / 100)),
        (lambda w: nn.init.normal_(w, 1.0, 0.5), 0.5),
    ],
)
def test_starting_values_have_their_variance(fill: Any, deviation: float) -> None:
    engine.manual_seed(3)
    weight = fill(nn.Parameter(engine.empty(100, 200)))
    assert weight.detach().numpy().std() == pytest.approx(deviation, rel=0.05)
    assert weight.requires_grad


# -- losses: stored as torch 2.13 gives them -------------------------------------------
X = [[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]]
WEIGHT = [1.0, 2.0, 0.5]


@pytest.mark.parametrize(
    ("options", "want"),
    [
        ({}, 0.5352404117584229),
        ({"reduction": "sum"}, 1.0704808235168457),
        ({"reduction": "none"}, [1.0045969486236572, 0.06588391214609146]),
        ({"label_smoothing": 0.1}, 0.6852403879165649),
        ({"weight": WEIGHT}, 0.2536265254020691),
        ({"weight": WEIGHT, "label_smoothing": 0.1}, 0.40488630533218384),
        ({"ignore_index": 1}, 1.0045969486236572),
    ],
)
def test_cross_entropy(options: dict[str, Any], want: Any) -> None:
    if "weight" in options:
        options = {**options, "weight": engine.tensor(options["weight"])}
    loss = nn.CrossEntropyLoss(**options)(engine.tensor(X), engine.tensor([2, 1]))
    np.testing.assert_allclose(loss.numpy(), want, rtol=1e-5)


def test_other_losses() -> None:
    x = engine.tensor(X)
    found = [
        nn.BCEWithLogitsLoss()(x, x.sigmoid()).item(),
        nn.MSELoss()(x, x * 2).item(),
        nn.L1Loss()(x, x * 3).item(),
    ]
    np.testing.assert_allclose(
        found, [0.5127665996551514, 2.5416667461395264, 2.5], rtol=1e-6
    )


def test_losses_far_from_0_are_finite() -> None:
    far = engine.tensor([[1000.0, -1000.0]])
    assert nn.CrossEntropyLoss()(far, engine.tensor([1])).item() == 2000.0
    assert nn.BCEWithLogitsLoss()(far, engine.tensor([[0.0, 1.0]])).item() == 1000.0


def test_losses_refuse_what_does_not_fit() -> None:
    x = engine.tensor(X)
    with pytest.raises(ValueError, match=r"target of size \[2\].*\[3\]"):
        nn.CrossEntropyLoss()(x, engine.tensor([0, 1, 2]))
    with pytest.raises(RuntimeError, match="floating dtype was required"):
        nn.CrossEntropyLoss()(engine.tensor([[1, 2]]), engine.tensor([0]))
    with pytest.raises(ValueError, match="'average' was given"):
        nn.MSELoss(reduction="average")
    with pytest.raises(ValueError, match="must be the same as input size"):
        nn.BCEWithLogitsLoss()(x, engine.ones(3))
    with pytest.raises(RuntimeError, match="must match the size"):
        nn.MSELoss()(x, engine.ones(2))
    with pytest.raises(TypeError, match="size_average"):
        nn.MSELoss(size_average=True)  # type: ignore[call-arg]


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss(), nn.NLLLoss()])
@pytest.mark.parametrize("bad", [3, -1])
def test_classes_that_do_not_exist_are_refused(loss: Any, bad: int) -> None:
    with pytest.raises(IndexError, match=rf"(nll_loss|entropy): .*Target {bad} is"):
        loss(engine.tensor(X), engine.tensor([0, bad]))
    found = loss(engine.tensor(X), engine.tensor([0, bad]) + 0)  # not yet known
    with pytest.raises(IndexError, match=rf"0 to 2.*Target {bad} is out.*test_modules"):
        found.item()
    assert np.isfinite(loss(engine.tensor(X), engine.tensor([0, -100])).item())
