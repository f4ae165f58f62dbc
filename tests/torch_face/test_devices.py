"""Tensors on a CUDA device: where results are, what moves, what is refused.

They run where there is a device; on other machines `test_in_the_simulator` runs them in
numba-cuda's simulator, in a process of its own, with a part of the walk over all ops.
"""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine
import engine.numpy as enp
from engine import nn, optim
from engine.kernels.cuda import simulated
from engine.kernels.cuda.blas import has_products, multiply

ROOT = Path(__file__).resolve().parent.parent.parent

on_a_device = pytest.mark.skipif(
    not engine.cuda.is_available(), reason="engine.cuda.is_available() is False"
)
WALK = (
    "sqrt or isnan or left_shift or take or view or full or iota or python_numbers or "
    "to_device"
)
"""Ops of the walk that the simulator runs in some seconds; all of it takes minutes."""


@pytest.mark.skipif(engine.cuda.is_available(), reason="a device runs them directly")
def test_in_the_simulator() -> None:
    pytest.importorskip("numba_cuda", reason="the extra `cuda` has the simulator")
    here = str(Path(__file__).relative_to(ROOT))
    walk = ["tests/test_every_op.py", "--device", "cuda", "-k", f"on_cuda or {WALK}"]
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", here, *walk],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def tensor_on_cuda(*numbers: float, **options: Any) -> engine.Tensor:
    return engine.tensor(numbers, device="cuda", **options)


def assert_on_cuda(x: engine.Tensor, expected: Any, rtol: float = 1e-6) -> None:
    assert x.is_cuda
    assert str(x.device) == "cuda:0"
    np.testing.assert_allclose(x.cpu().numpy(), expected, rtol=rtol)


@on_a_device
def test_results_on_cuda_are_where_the_operands_are() -> None:
    x = tensor_on_cuda(1.0, 2.0, 3.0)
    assert_on_cuda((x * 2 + 1).exp(), np.exp([3.0, 5.0, 7.0]))
    assert_on_cuda(x.sum(), 6.0)
    assert_on_cuda(x.sort(descending=True).values, [3.0, 2.0, 1.0])
    assert_on_cuda(x.reshape(3, 1) @ x.reshape(1, 3), np.outer([1, 2, 3], [1, 2, 3]))
    assert_on_cuda(engine.where(x > 1, x, engine.zeros_like(x)), [0.0, 2.0, 3.0])
    assert_on_cuda(x.half() + 1, [2.0, 3.0, 4.0])


@pytest.fixture
def products(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The products that are computed on the device from here on."""
    if not has_products():
        pytest.skip("cuBLAS is not installed")
    found: list[Any] = []

    def noted(product: Any, *addresses: int) -> None:
        found.append(product)
        multiply(product, *addresses)

    monkeypatch.setattr("engine.kernels.cuda.blas.multiply", noted)
    return found


PRODUCTS: dict[str, Callable[[Any, Any], Any]] = {
    "plain": lambda a, b: a @ b,
    "transposed": lambda a, b: b.mT @ a.mT,
    "parts": lambda a, b: a[..., 1:4, :] @ b[..., 1:3],
    "every_other_row": lambda a, b: a[..., ::2, :] @ b,
    "of_a_column": lambda a, b: a @ b[..., :1],
    "of_results": lambda a, b: (a + 1) @ (b * 2) + 1,
}


@on_a_device
@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
@pytest.mark.parametrize(
    "batch", [((), ()), ((3,), (3,)), ((2, 3), (3,)), ((2,), (1,))]
)
def test_products_on_cuda_are_computed_there(
    name: str, dtype: str, batch: Any, products: list[Any]
) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(*batch[0], 5, 7)).astype(dtype)
    y = rng.normal(size=(*batch[1], 7, 4)).astype(dtype)
    function = PRODUCTS[name]
    result = function(*[engine.tensor(a).to("cuda") for a in (x, y)])
    assert_on_cuda(result, function(x, y), rtol=1e-4 if dtype != "float64" else 1e-12)
    assert len(products) == 1


@on_a_device
def test_products_of_vectors_and_of_integers_on_cuda(products: list[Any]) -> None:
    x, y = tensor_on_cuda(1.0, 2.0, 3.0), tensor_on_cuda(4.0, 5.0, 6.0)
    assert_on_cuda(x @ y, 32.0)
    assert_on_cuda(x @ engine.eye(3, device="cuda"), [1.0, 2.0, 3.0])
    assert len(products) == 2
    whole = engine.tensor([[1, 2], [3, 4]], device="cuda")
    assert_on_cuda(whole @ whole, [[7, 10], [15, 22]])
    assert_on_cuda(x[:0] @ y[:0], 0.0)
    assert len(products) == 2  # NumPy computed these two


@on_a_device
def test_creation_on_cuda() -> None:
    for made in (
        engine.zeros(2, device="cuda"),
        engine.ones(2, device=engine.device("cuda:0")),
        engine.rand(2, device="cuda"),
        engine.arange(2, device="cuda"),
        engine.eye(2, device="cuda"),
        engine.tensor([1, 2], device="cuda"),
        engine.ones_like(tensor_on_cuda(1.0, 2.0)),
        tensor_on_cuda(1.0).new_zeros(3),
        nn.Linear(2, 2, device="cuda").weight,
    ):
        assert made.is_cuda
        engine.eval(made)
    engine.manual_seed(3)
    here = engine.rand(5)
    engine.manual_seed(3)
    assert engine.equal(engine.rand(5, device="cuda").cpu(), here)


@on_a_device
def test_moves_to_and_from_cuda() -> None:
    x = engine.tensor([1.0, 2.0])
    there = x.cuda()
    assert there.to("cuda") is there
    assert x.cpu() is x
    there += 1
    np.testing.assert_array_equal(x.numpy(), [1.0, 2.0])  # a copy
    np.testing.assert_array_equal(there.cpu().numpy(), [2.0, 3.0])
    assert there.to("cpu", engine.float64).dtype == engine.float64
    assert x.to(there).is_cuda
    assert x.type_as(there).is_cuda
    assert there.__dlpack_device__() == (2, 0)
    assert str(pickle.loads(pickle.dumps(there)).device) == "cuda:0"
    assert copy.deepcopy(there).is_cuda
    assert repr(there) == "tensor([2., 3.], device='cuda:0')"
    assert there.tolist() == [2.0, 3.0]
    assert there[1].item() == 3.0


@on_a_device
def test_writes_on_cuda() -> None:
    x = engine.zeros(4, device="cuda")
    view = x[1:3]
    view += 1
    x[3] = engine.tensor(7.0)
    x[0] = tensor_on_cuda(5.0)[0]
    assert_on_cuda(x, [5.0, 1.0, 1.0, 7.0])
    x[x > 4] = 0
    x[1:] += x[:-1].clone()
    assert_on_cuda(x, [0.0, 1.0, 2.0, 1.0])
    host = engine.zeros(2)
    host[:] = x[1:3]  # a write moves what it writes
    assert not host.is_cuda
    np.testing.assert_array_equal(host.numpy(), [1.0, 2.0])


@on_a_device
def test_threads_share_a_device() -> None:
    def work(seed: int) -> None:
        x = np.random.default_rng(seed).normal(size=(20, 30))
        for _ in range(5):
            y = engine.tensor(x).to("cuda")
            results.append((((y * 2).exp() + 1).sum(1), (np.exp(x * 2) + 1).sum(1)))

    results: list[Any] = []
    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 20
    for result, expected in results:
        assert_on_cuda(result, expected, rtol=1e-12)


@pytest.mark.gpu
@on_a_device
@pytest.mark.skipif(simulated(), reason="the simulator keeps no memory")
def test_memory_of_the_device_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.kernels.cuda import device

    first = engine.zeros(1_000_003, device="cuda") + 1
    engine.eval(first)
    del first
    with monkeypatch.context() as patch:
        patch.setattr(device, "_mapped", lambda size: pytest.fail("maps memory anew"))
        again = engine.zeros(1_000_003, device="cuda") + 2
        engine.eval(again)
    assert_on_cuda(again[-3:], [2.0, 2.0, 2.0])
    del again
    engine.cuda.empty_cache()
    with pytest.raises(MemoryError, match="of the memory of"):
        engine.eval(engine.zeros(1 << 45, device="cuda") + 1)
    assert_on_cuda(engine.zeros(3, device="cuda") + 1, [1.0, 1.0, 1.0])


@on_a_device
def test_gradients_on_cuda() -> None:
    w = tensor_on_cuda(1.0, 2.0, requires_grad=True)
    (w * w * 3).sum().backward()
    assert w.grad is not None
    assert_on_cuda(w.grad, [6.0, 12.0])
    w.sum().backward()
    assert_on_cuda(w.grad, [7.0, 13.0])
    host = engine.tensor([1.0, 2.0], requires_grad=True)
    (host.to("cuda") ** 2).sum().backward()  # through the move
    assert host.grad is not None
    assert not host.grad.is_cuda
    np.testing.assert_allclose(host.grad.numpy(), [2.0, 4.0])


@on_a_device
def test_what_is_found_in_a_tensor_on_cuda_is_there() -> None:
    x = tensor_on_cuda(3.0, 0.0, 3.0)
    assert_on_cuda(x.nonzero(), [[0], [2]])
    assert_on_cuda(engine.where(x > 0)[0], [0, 2])
    assert_on_cuda(x.unique(), [0.0, 3.0])
    square = engine.ones(2, 2, device="cuda")
    assert_on_cuda(engine.linalg.matrix_power(square, 0), np.eye(2))


@on_a_device
def test_dropout_on_cuda_takes_the_numbers_of_the_host() -> None:
    engine.manual_seed(0)
    here = nn.Dropout(0.5)(engine.ones(20))
    engine.manual_seed(0)
    assert_on_cuda(nn.Dropout(0.5)(engine.ones(20, device="cuda")), here.numpy())


@on_a_device
def test_the_state_of_an_optimiser_is_loaded_to_where_its_parameters_are() -> None:
    def stepped(device: str, dtype: Any, state: Any = None) -> Any:
        w = nn.Parameter(engine.ones(2, device=device, dtype=dtype))
        optimiser = optim.Adam([w], lr=0.1)
        if state is not None:
            optimiser.load_state_dict(state)
        (w * w).sum().backward()
        optimiser.step()
        return w, optimiser

    _, saved = stepped("cpu", engine.float64)
    w, optimiser = stepped("cuda", engine.float32, saved.state_dict())
    for kept in (optimiser.state[w]["exp_avg"], optimiser.state[w]["exp_avg_sq"]):
        assert kept.is_cuda
        assert kept.dtype == engine.float32


@on_a_device
def test_training_on_cuda_follows_training_on_the_host() -> None:
    def losses(device: str) -> list[float]:
        engine.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).to(device)
        optimiser = optim.Adam(model.parameters(), lr=0.1)
        x = engine.rand(5, 3).to(device)
        found = []
        for _ in range(2):
            optimiser.zero_grad()
            loss = model(x).square().mean()
            loss.backward()
            optimiser.step()
            found.append(loss.item())
        assert all(p.is_cuda == (device == "cuda") for p in model.parameters())
        return found

    np.testing.assert_allclose(losses("cuda"), losses("cpu"), rtol=1e-5)


@on_a_device
def test_what_is_refused_on_cuda() -> None:
    x, y = tensor_on_cuda(1.0, 2.0), engine.ones(2)
    for call in (
        lambda: x + y,
        lambda: x.reshape(1, 2) @ y,
        lambda: engine.where(x > 0, x, y),
        lambda: y + x[0],  # numbers of a device may not meet tensors of the host
        lambda: y.mul_(x[0]),
    ):
        with pytest.raises(RuntimeError, match=r"same device.*cuda.*were given"):
            call()
    assert_on_cuda(x * engine.tensor(2.0), [2.0, 4.0])  # a number may be anywhere
    for export in (x.numpy, lambda: np.asarray(x), lambda: np.from_dlpack(x)):  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"can't convert cuda:0 device type tensor"):
            export()
    with pytest.raises(RuntimeError, match="cuda or cuda:0 was required"):
        x.to("cuda:1")
    with pytest.raises(IndexError):
        x[engine.tensor([0, 2])]
    with pytest.raises(RuntimeError, match="located on a different device"):
        x.requires_grad_().grad = y


@on_a_device
def test_numpys_face_on_cuda() -> None:
    x = enp.asarray([1.0, 2.0], device="cuda")
    assert x.device == "cuda"
    y = enp.sin(x) + enp.arange(2.0)
    assert y.device == "cuda"
    assert enp.zeros_like(y).device == "cuda"
    assert enp.asarray(x, device="cpu").device == "cpu"
    for found in (
        enp.unique(x),  # these NumPy computes
        *enp.nonzero(x),
        enp.argwhere(x),
        enp.histogram(x)[0],
        enp.convolve(x, x),
        enp.diag(x),
        enp.piecewise(x, [x < 2, x >= 2], [3.0, 4.0]),
        enp.imag(x),
        enp.vectorize(lambda each: each + 1)(x),
        enp.take(x[:0], enp.zeros(0, int)),
    ):
        assert found.device == "cuda"
    np.testing.assert_allclose(
        np.asarray(y.to_device("cpu")), np.sin([1.0, 2.0]) + np.arange(2.0)
    )
    with pytest.raises(ValueError, match="'cpu' or 'cuda' was required"):
        x.to_device("tpu")


@on_a_device
def test_what_is_asked_about_cuda() -> None:
    assert engine.cuda.device_count() == 1
    assert engine.cuda.current_device() == 0
    assert engine.cuda.get_device_name()
    engine.cuda.synchronize()
    explained = str(engine.explain(tensor_on_cuda(1.0) + 1))
    assert "on cuda" in explained
    assert "@cuda.jit(" in explained
