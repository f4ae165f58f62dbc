"""Training: it learns, it is lazy, a new rate compiles nothing, memory stays flat."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import numpy as np
import pytest

import engine
from engine import Tensor, nn, optim


def data() -> tuple[Tensor, Tensor]:
    """Points in the plane, and whether both coordinates have one sign."""
    points = np.random.default_rng(0).normal(size=(128, 2)).astype(np.float32)
    return engine.tensor(points), engine.tensor(points[:, 0] * points[:, 1] > 0)


def network() -> nn.Sequential:
    engine.manual_seed(4)
    return nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))


def step(
    model: nn.Module, optimizer: optim.Optimizer, x: Tensor, classes: Tensor
) -> Tensor:
    optimizer.zero_grad()
    loss: Tensor = nn.CrossEntropyLoss()(model(x), classes)
    loss.backward()
    optimizer.step()
    return loss


@pytest.mark.parametrize("tier", ["numpy", "compiled"])
def test_a_network_learns_what_no_line_separates(tier: engine.config.Tier) -> None:
    x, same_sign = data()
    classes = same_sign.long()
    model = network()
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    with engine.config(tier=tier):
        first = step(model, optimizer, x, classes).item()
        for _ in range(80):
            loss = step(model, optimizer, x, classes).item()
        accuracy = (model(x).argmax(1) == classes).float().mean().item()
    assert loss < first / 4 and accuracy > 0.95


def test_the_first_step_is_that_of_numpy() -> None:
    x, same_sign = data()
    classes = same_sign.long()
    model = network()
    w1, b1, w2, b2 = (p.detach().numpy().astype(np.float64) for p in model.parameters())
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    loss = step(model, optimizer, x, classes)
    points, chosen = x.numpy().astype(np.float64), np.eye(2)[classes.numpy()]
    hidden = np.tanh(points @ w1.T + b1)
    logits = hidden @ w2.T + b2
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    want = -np.log((probabilities * chosen).sum(1)).mean()
    assert loss.item() == pytest.approx(want, rel=1e-5)
    slope = (probabilities - chosen) / len(points)
    inner = slope @ w2 * (1 - hidden**2)
    new = [w1 - 0.5 * inner.T @ points, b1 - 0.5 * inner.sum(0)]
    new += [w2 - 0.5 * slope.T @ hidden, b2 - 0.5 * slope.sum(0)]
    for parameter, wanted in zip(model.parameters(), new, strict=True):
        np.testing.assert_allclose(
            parameter.detach().numpy(), wanted, rtol=1e-4, atol=1e-6
        )


def test_a_step_runs_when_its_loss_is_looked_at() -> None:
    x, same_sign = data()
    classes = same_sign.long()
    model = network()
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    with engine.config(tier="numpy"):
        engine.eval(x, classes, *model.parameters())
        engine.reset_stats()
        loss = step(model, optimizer, x, classes)
        pending = [p.read() for p in model.parameters()]
        assert engine.stats()["interpreted_ops"] == 0
        assert all(value.buffer is None for value in pending)
        loss.item()
        assert engine.stats()["synchronisations"] == 1
        assert all(value.buffer is not None for value in pending)


def test_a_new_learning_rate_and_more_steps_compile_nothing() -> None:
    x, same_sign = data()
    classes = same_sign.long()
    model = network()
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    with engine.config(tier="compiled"):
        for _ in range(3):
            step(model, optimizer, x, classes).item()
        engine.reset_stats()
        for rate in (0.05, 0.01, 0.003):
            optimizer.param_groups[0]["lr"] = rate
            step(model, optimizer, x, classes).item()
        counted = engine.stats()
    assert counted["kernels_compiled"] == 0 and counted["kernels_loaded"] == 0
    assert counted["launches"] > 0


def test_new_batch_sizes_compile_nothing() -> None:
    model = network()
    optimizer = optim.Adam(model.parameters(), lr=0.1)

    def one(count: int) -> None:
        x, classes = engine.randn(count, 2), engine.randint(2, (count,))
        step(model, optimizer, x, classes).item()

    with engine.config(tier="compiled"):
        for count in (5, 6, 7):
            one(count)
        engine.reset_stats()
        for count in (9, 33, 12, 50, 8):
            one(count)
        assert engine.stats()["kernels_compiled"] == 0


def test_loops_that_look_or_do_not_keep_memory_flat() -> None:
    x, same_sign = data()
    classes = same_sign.long()
    model = network()
    optimizer = optim.Adam(model.parameters(), lr=0.01)

    def loop(count: int, look: bool) -> int:
        for _ in range(count):
            loss = step(model, optimizer, x, classes)
            if look:
                loss.item()
        engine.eval(*model.parameters())
        gc.collect()
        return len(gc.get_objects())

    with engine.config(tier="numpy"):
        for look in (True, False):
            loop(60, look)
            before = loop(60, look)
            # Nodes of the trie may grow a little; a leak would hold every step.
            assert loop(120, look) < before * 1.05 + 2000


def test_trained_weights_come_back_from_a_file(tmp_path: Path) -> None:
    x, same_sign = data()
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(3):
        step(model, optimizer, x, same_sign.long())
    engine.save(model.state_dict(), tmp_path / "model.safetensors")
    other = network()
    other.load_state_dict(engine.load(tmp_path / "model.safetensors"))
    assert other(x).equal(model(x))


def test_mini_batches_by_a_random_order() -> None:
    x, same_sign = data()
    seen = []
    for part in engine.randperm(128).split(32):
        batch, labels = x[part], same_sign[part]
        assert batch.shape == (32, 2) and labels.shape == (32,)
        seen += part.tolist()
    assert sorted(seen) == list(range(128))


def test_importing_engine_imports_no_compiler() -> None:
    import subprocess

    code = "import sys, engine; print('numba' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
