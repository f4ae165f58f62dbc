"""What losses and lookups refuse: at once where it is known, else when it is computed.

The expected numbers are PyTorch's.
"""

from __future__ import annotations

from typing import Any

import pytest

import engine
from engine import nn
from engine.nn import functional as F

OUTSIDE = [[1.5, 0.5], [-0.25, 0.5], [float("nan"), 0.5]]


@pytest.mark.parametrize("wrong", OUTSIDE)
def test_binary_cross_entropy_is_of_numbers_between_0_and_1(wrong: list[float]) -> None:
    fine, bad = engine.tensor([0.25, 0.5]), engine.tensor(wrong)
    for _ in range(3):
        with pytest.raises(RuntimeError, match="elements of input should be between"):
            F.binary_cross_entropy(bad, fine)
        with pytest.raises(RuntimeError, match="elements of target should be between"):
            nn.BCELoss()(fine, bad)
        late = F.binary_cross_entropy(bad * 1, fine)
        with pytest.raises(RuntimeError, match="elements of input should be between"):
            late.item()
        late = F.binary_cross_entropy(fine, bad * 1)
        with pytest.raises(RuntimeError, match="elements of target should be between"):
            late.item()


def test_binary_cross_entropy_learns_from_what_is_pending() -> None:
    x = engine.tensor([0.5, -1.0, 2.0], requires_grad=True)
    target = engine.tensor([1.0, 0.0, 0.5])
    for make in (
        lambda: x.sigmoid(),
        lambda: x.sigmoid()[:, None][:, 0],
        lambda: 1 / (1 + (-x).exp()),
    ):
        x.grad = None
        loss = F.binary_cross_entropy(make(), target)
        loss.backward()
        assert loss.item() == pytest.approx(0.638089, abs=1e-6)
        assert x.grad.tolist() == pytest.approx(
            [-0.125847, 0.089647, 0.126932], abs=1e-6
        )


def test_binary_cross_entropy_is_of_tensors_that_are_alike() -> None:
    x = engine.tensor([0.25, 0.5])
    with pytest.raises(ValueError, match="target of the size"):
        F.binary_cross_entropy(x, engine.tensor([[0.0], [1.0]]))
    for other in (engine.tensor([0, 1]), engine.tensor([0.0, 1.0]).double()):
        with pytest.raises(RuntimeError, match="target of the dtype float32"):
            F.binary_cross_entropy(x, other)
    with pytest.raises(TypeError, match="two tensors were required; float"):
        F.binary_cross_entropy(x, 0.5)  # type: ignore[arg-type]


def table(**options: Any) -> nn.Embedding:
    made = nn.Embedding(3, 2, **options)
    made.weight.data = engine.arange(6.0).reshape(3, 2)
    return made


@pytest.mark.parametrize("wrong", [[-1], [0, 3], [[2], [-3]]])
def test_lookups_count_rows_from_the_front(wrong: list[Any]) -> None:
    layer = table()
    for _ in range(3):
        index = engine.tensor(wrong)
        with pytest.raises(IndexError, match="indices from 0 to 2 were required"):
            layer(index)
        late = layer(index + 0)
        with pytest.raises(IndexError, match=r"from 0 to 2 were required"):
            late.sum().item()
    assert layer(engine.tensor([[0], [2]])).tolist() == [[[0.0, 1.0]], [[4.0, 5.0]]]
    assert layer(engine.tensor([1]) + 1).tolist() == [[4.0, 5.0]]
    assert nn.Embedding(0, 2)(engine.zeros(0, dtype=engine.int64)).shape == (0, 2)


def test_lookups_are_by_integers_in_tables() -> None:
    for wrong in ([0.5], [True, False, True], []):
        with pytest.raises(RuntimeError, match="integer indices were required"):
            table()(engine.tensor(wrong))
    with pytest.raises(TypeError, match="tensor of indices was required; list"):
        table()([1])
    with pytest.raises(RuntimeError, match="'weight' must be 2-D"):
        F.embedding(engine.tensor([0]), engine.ones(3))


def test_the_row_for_padding_has_no_gradient() -> None:
    for index, row in ((1, 1), (-1, 2)):
        fresh = nn.Embedding(3, 2, index)
        assert fresh.padding_idx == row and fresh.weight[row].tolist() == [0.0, 0.0]
        layer = table(padding_idx=index)
        out = layer(engine.tensor([0, 1, 1, 2]))
        assert out.tolist() == [[0.0, 1.0], [2.0, 3.0], [2.0, 3.0], [4.0, 5.0]]
        (out * out).sum().backward()
        expected = [[0.0, 2.0], [8.0, 12.0], [8.0, 10.0]]
        expected[row] = [0.0, 0.0]
        assert layer.weight.grad.tolist() == expected
    assert repr(table(padding_idx=1)) == "Embedding(3, 2, padding_idx=1)"
    for wrong in (3, -4):
        with pytest.raises(AssertionError, match="within num_embeddings"):
            nn.Embedding(3, 2, padding_idx=wrong)


def test_losses_refuse_options_that_mean_nothing() -> None:
    logits, classes = engine.zeros(2, 3), engine.tensor([1, 2])
    for wrong in (1.5, -0.1):
        with pytest.raises(RuntimeError, match="label_smoothing must be between"):
            F.cross_entropy(logits, classes, label_smoothing=wrong)
    with pytest.raises(RuntimeError, match="ignore_index is not supported"):
        F.cross_entropy(logits, engine.ones(2, 3), ignore_index=1)
    for loss in (F.cross_entropy, F.nll_loss):
        for weight in (engine.ones(2), engine.ones(1), engine.ones(1, 3)):
            with pytest.raises(RuntimeError, match="for all 3 classes or no classes"):
                loss(logits, classes, weight=weight)
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(RuntimeError, match="delta above 0 was required"):
            nn.HuberLoss(delta=wrong)(engine.ones(2), engine.zeros(2))


def test_tensors_without_elements_can_be_written_to() -> None:
    x = engine.zeros(0, 2)
    x += 1
    assert x.add_(1).mul_(2).shape == (0, 2)
    assert nn.init.normal_(engine.empty(2, 0)).shape == (2, 0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("leaky_relu", [-0.01, 2.0]),
        ("elu", [-0.632121, 2.0]),
        ("silu", [-0.268941, 1.761594]),
        ("mish", [-0.303401, 1.943959]),
    ],
)
def test_activations_take_the_place_of_their_input(
    name: str, expected: list[float]
) -> None:
    leaf = engine.tensor([-1.0, 2.0], requires_grad=True)
    x = leaf * 1
    assert getattr(F, name)(x, inplace=True) is x
    assert x.tolist() == pytest.approx(expected, abs=1e-6)
    x.sum().backward()
    assert leaf.grad is not None
    with pytest.raises(RuntimeError, match="leaf"):
        getattr(F, name)(leaf, inplace=True)


def test_modules_of_activations_take_the_place_of_their_input() -> None:
    for made in (nn.LeakyReLU(0.2, True), nn.ELU(inplace=True), nn.SiLU(True)):
        x = engine.tensor([-1.0, 2.0])
        assert made(x) is x and "inplace=True" in repr(made)


def test_layers_start_again() -> None:
    norm = nn.BatchNorm1d(2)
    norm(engine.tensor([[1.0, 2.0], [3.0, 9.0]]))
    with engine.no_grad():
        norm.weight.fill_(5)
        norm.bias.fill_(5)
    norm.reset_running_stats()
    assert norm.running_mean.tolist() == [0.0, 0.0] and norm.num_batches_tracked == 0
    assert norm.running_var.tolist() == [1.0, 1.0] and norm.weight.tolist() == [5.0] * 2
    norm.reset_parameters()
    assert norm.weight.tolist() == [1.0, 1.0] and norm.bias.tolist() == [0.0, 0.0]
    layer = nn.LayerNorm(2)
    with engine.no_grad():
        layer.weight.fill_(5)
    layer.reset_parameters()
    assert layer.weight.tolist() == [1.0, 1.0] and layer.weight.requires_grad


def test_layers_of_nothing_and_shapes_that_do_not_fit() -> None:
    assert nn.Linear(0, 2)(engine.ones(3, 0)).tolist() == [[0.0, 0.0]] * 3
    with pytest.raises(RuntimeError, match="a bias of 3 elements was required"):
        F.linear(engine.ones(1, 2), engine.ones(3, 2), engine.ones(2))
    with pytest.raises(RuntimeError, match="Expected weight to be of same shape"):
        F.layer_norm(engine.ones(2, 3), (3,), engine.ones(2))


def test_gradients_of_logarithms_of_sums_at_the_ends() -> None:
    inf, nan = float("inf"), float("nan")
    x = engine.tensor([-inf, -1000.0, 0.0, 1000.0, inf, nan], requires_grad=True)
    F.softplus(x).sum().backward()
    assert x.grad[:5].tolist() == [0.0, 0.0, 0.5, 1.0, 1.0] and x.grad[5].isnan()
    x.grad = None
    F.logsigmoid(x).sum().backward()
    assert x.grad[:5].tolist() == [1.0, 1.0, 0.5, 0.0, 0.0] and x.grad[5].isnan()


def test_weights_of_binary_losses() -> None:
    x, target = engine.tensor([0.0, 2.0, -1.0]), engine.tensor([1.0, 0.0, 1.0])
    weight = engine.tensor([1.0, 2.0, 0.5])
    certain = [0.693147, 2.126928, 1.313262]  # of no weights
    shares = nn.BCELoss(weight, reduction="none")(x.sigmoid(), target)
    odds = nn.BCEWithLogitsLoss(weight, reduction="none")(x, target)
    expected = [0.693147, 4.253856, 0.656631]
    assert shares.tolist() == pytest.approx(expected, abs=1e-5)
    assert odds.tolist() == pytest.approx(expected, abs=1e-5)
    loss = nn.BCEWithLogitsLoss(reduction="sum", pos_weight=engine.tensor(3.0))
    assert "pos_weight" in loss.state_dict()
    total = 3 * certain[0] + certain[1] + 3 * certain[2]
    assert loss(x, target).item() == pytest.approx(total, abs=1e-5)
    far = engine.tensor([100.0, -100.0], requires_grad=True)
    loss(far, engine.tensor([0.0, 1.0])).backward()
    assert far.grad.tolist() == [1.0, -3.0]


def test_softplus_is_linear_above_its_threshold() -> None:
    x = engine.tensor([0.5, 2.0])
    assert F.softplus(x, threshold=1.0).tolist() == pytest.approx([0.974077, 2.0])
    assert repr(nn.Softplus()) == "Softplus(beta=1.0, threshold=20.0)"


def test_unique_tells_where_and_how_often() -> None:
    x = engine.tensor([[3, 1], [3, 3]])
    found, places, counts = x.unique(return_inverse=True, return_counts=True)
    assert found.tolist() == [1, 3] and counts.tolist() == [1, 3]
    assert places.tolist() == [[1, 0], [1, 1]]
    assert x.T.unique(dim=1).tolist() == [[3, 3], [1, 3]]
    rows, (first, second) = x.unique(dim=0, return_inverse=True)
    assert rows.tolist() == [[3, 1], [3, 3]] and (first, second) == (0, 1)


def test_each_nan_is_another_element_for_unique() -> None:
    found, counts = engine.tensor([1.0, float("nan"), float("nan")]).unique(
        return_counts=True
    )
    assert found[1:].isnan().all() and counts.tolist() == [1, 1, 1]
