"""Engine on a CUDA device beside PyTorch and CuPy, and beside the copy of the device.

    python asv_benchmarks/cuda_table.py             all rows
    python asv_benchmarks/cuda_table.py softmax     those with it in their name

The same functions run on tensors of Engine and of PyTorch, and where they only say what
NumPy has, on arrays of CuPy. Results are compared with NumPy's first. Then all take
turns: a sample starts the work many times and waits once, so that it shows what the
device takes unless starting it takes longer. "of copy" says how fast the least bytes
that the work can move (each operand read once, each result written once) went, as a
share of the speed of a copy on the device.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import engine
from engine import native

SAMPLES = 9
SECONDS = 0.03
"""How long one sample takes, at least."""


@dataclass(frozen=True)
class Work:
    """A function of arrays that says ``lib.`` for the module it runs by.

    Attributes
    ----------
    name : str
        What is printed.
    shapes : sequence of tuple of int
        Those of the operands, which are normal random numbers.
    dtype : str
        Theirs.
    function : callable
        Takes a library and the operands.
    results : int
        Elements that are written.
    by : tuple of str
        Who can run the function.
    """

    name: str
    shapes: Sequence[tuple[int, ...]]
    dtype: str
    function: Callable[..., Any]
    results: int
    by: tuple[str, ...] = ("engine", "torch", "cupy")

    @property
    def nbytes(self) -> int:
        """The least bytes that the work moves."""
        size = np.dtype(self.dtype).itemsize
        return size * (sum(int(np.prod(s)) for s in self.shapes) + self.results)


def chain(lib: Any, a: Any, b: Any) -> Any:
    return lib.exp(-a * a) * b + 1


def streams(lib: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    return a * b + c * d - e


def softmax(lib: Any, x: Any) -> Any:
    return lib.softmax(x, -1)


def layer_norm(lib: Any, x: Any) -> Any:
    return lib.nn.functional.layer_norm(x, x.shape[-1:])


def gelu_gradient(lib: Any, x: Any, g: Any) -> Any:
    x = x.detach().requires_grad_()
    y = lib.nn.functional.gelu(x)
    y.backward(g)
    return x.grad


def total(lib: Any, x: Any) -> Any:
    return x.sum()


def variance(lib: Any, x: Any) -> Any:
    return x.var()


def largest(lib: Any, x: Any) -> Any:
    return x.max()


def columns(lib: Any, x: Any) -> Any:
    return x.sum(0)


def square(lib: Any, a: Any, b: Any) -> Any:
    return a @ b


_optimizers: dict[int, Any] = {}


def training_step(lib: Any, x: Any, y: Any, *weights: Any) -> Any:
    """A step of Adam on a network of three layers; the first call begins it."""
    if id(x) not in _optimizers:
        for weight in weights:
            weight.requires_grad_()
        _optimizers[id(x)] = lib.optim.Adam(weights, lr=1e-4)
    optimizer = _optimizers[id(x)]
    optimizer.zero_grad()
    hidden = x
    for weight in weights[:-1]:
        hidden = lib.relu(hidden @ weight * 0.03)
    loss = ((hidden @ weights[-1] - y) ** 2).mean()
    loss.backward()
    optimizer.step()
    return loss


MANY = 1 << 27
TORCHES = ("engine", "torch")
WORKS = [
    *(
        work
        for dtype in ("float32", "float64")
        for work in (
            Work(f"chain {dtype}", [(MANY,)] * 2, dtype, chain, MANY),
            Work(f"streams {dtype}", [(MANY,)] * 5, dtype, streams, MANY),
            Work(
                f"softmax {dtype}", [(MANY >> 10, 1024)], dtype, softmax, MANY, TORCHES
            ),
            Work(
                f"softmax long {dtype}",
                [(MANY >> 16, 65536)],
                dtype,
                softmax,
                MANY,
                TORCHES,
            ),
            Work(
                f"layer_norm {dtype}",
                [(MANY >> 10, 1024)],
                dtype,
                layer_norm,
                MANY,
                TORCHES,
            ),
            Work(f"sum {dtype}", [(MANY,)], dtype, total, 1),
            Work(f"max {dtype}", [(MANY,)], dtype, largest, 1),
            Work(f"var {dtype}", [(MANY,)], dtype, variance, 1, TORCHES),
            Work(f"sum of columns {dtype}", [(MANY >> 10, 1024)], dtype, columns, 1024),
        )
    ),
    Work(
        "gelu gradient float32", [(MANY,)] * 2, "float32", gelu_gradient, MANY, TORCHES
    ),
    Work("product float32", [(4096, 4096)] * 2, "float32", square, 1 << 24),
    Work("product float64", [(4096, 4096)] * 2, "float64", square, 1 << 24),
    Work(
        "products of 64 x 64",
        [(4096, 64, 64)] * 2,
        "float32",
        square,
        1 << 24,
    ),
    Work(
        "training step 784-2048-2048-10, 256",
        [(256, 784), (256, 10), (784, 2048), (2048, 2048), (2048, 10)],
        "float32",
        training_step,
        0,
        TORCHES,
    ),
    Work("small chain float32", [(1000,)] * 2, "float32", chain, 1000),
]


class Engine:
    """Engine's tensors on the device."""

    lib = engine

    def put(self, x: Any) -> Any:
        return engine.tensor(x).to("cuda")

    def run(self, function: Callable[..., Any], operands: Sequence[Any]) -> Any:
        result = function(engine, *operands)
        engine.eval(result)
        return result

    def wait(self) -> None:
        engine.cuda.synchronize()

    def numpy(self, x: Any) -> Any:
        return x.detach().cpu().numpy()


class Torch:
    """PyTorch's tensors on the device."""

    def __init__(self) -> None:
        self.lib = importlib.import_module("torch")
        self.lib.zeros(1, device="cuda")

    def put(self, x: Any) -> Any:
        return self.lib.from_numpy(x).cuda()

    def run(self, function: Callable[..., Any], operands: Sequence[Any]) -> Any:
        return function(self.lib, *operands)

    def wait(self) -> None:
        self.lib.cuda.synchronize()

    def numpy(self, x: Any) -> Any:
        return x.detach().cpu().numpy()


class CuPy:
    """CuPy's arrays."""

    def __init__(self) -> None:
        self.lib = importlib.import_module("cupy")

    def put(self, x: Any) -> Any:
        return self.lib.asarray(x)

    def run(self, function: Callable[..., Any], operands: Sequence[Any]) -> Any:
        return function(self.lib, *operands)

    def wait(self) -> None:
        self.lib.cuda.get_current_stream().synchronize()

    def numpy(self, x: Any) -> Any:
        return self.lib.asnumpy(x)


LIBRARIES = {"engine": Engine, "torch": Torch, "cupy": CuPy}


def sample(library: Any, run: Callable[[], Any], times: int) -> float:
    """Seconds that one run takes, of many."""
    library.wait()
    started = time.perf_counter()
    for _ in range(times):
        run()
    library.wait()
    return (time.perf_counter() - started) / times


def copy_speed(libraries: dict[str, Any]) -> float:
    """Bytes a second that a copy on the device reads and writes; 0 without PyTorch."""
    if "torch" not in libraries:
        return 0.0
    torch = libraries["torch"]
    source = torch.put(np.ones(MANY * 2, np.float32))
    target = source.clone()
    times = [sample(torch, lambda: target.copy_(source), 20) for _ in range(SAMPLES)]
    return 2 * source.nbytes / min(times)


def row(work: Work, libraries: dict[str, Any], copy: float) -> str:
    """A line of the table."""
    generator = np.random.default_rng(0)
    some = generator.standard_normal((len(work.shapes), 1_000_003)).astype(work.dtype)
    data = [
        np.resize(numbers, shape)
        for numbers, shape in zip(some, work.shapes, strict=True)
    ]
    runs: dict[str, Callable[[], Any]] = {}
    results = {}
    for name in work.by:
        if name in libraries:
            library = libraries[name]
            operands = [library.put(x) for x in data]
            runs[name] = lambda lib=library, args=operands: lib.run(work.function, args)
            results[name] = library.numpy(runs[name]())
    reference = results.get("torch", results["engine"])
    error = float(np.max(np.abs(results["engine"] - reference))) / float(
        np.max(np.abs(reference))
    )
    repeats = {}
    for name, run in runs.items():
        sample(libraries[name], run, 3)
        once = sample(libraries[name], run, 3)
        repeats[name] = max(1, min(1000, int(SECONDS / once)))
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(SAMPLES):
        for name, run in runs.items():
            times[name].append(sample(libraries[name], run, repeats[name]))
    best = {name: min(all_) * 1e3 for name, all_ in times.items()}
    cells = [f"{best[name]:.4g}" if name in best else "" for name in LIBRARIES]
    share = work.nbytes / (best["engine"] / 1e3) / copy if copy else float("nan")
    ratio = min([best[n] for n in best if n != "engine"], default=float("nan"))
    return (
        f"| {work.name} | {' | '.join(cells)} | {share:.2f} "
        f"| {ratio / best['engine']:.2f} | {error:.1e} |"
    )


def main(names: Sequence[str]) -> None:
    """Print the table, recorded natively from the start: a row is few events."""
    native.start()
    libraries: dict[str, Any] = {}
    for name, make in LIBRARIES.items():
        try:
            libraries[name] = make()
        except ImportError:
            print(f"{name} is not installed")
    copy = copy_speed(libraries)
    name = engine.cuda.get_device_name()
    print(f"{name}: a copy moves {copy / 1e12:.3g} TB/s. Least, in ms.")
    print(
        "| work | Engine | PyTorch | CuPy | of copy | best peer / Engine | difference |"
    )
    print("|---|---|---|---|---|---|---|")
    for work in WORKS:
        if not names or any(name in work.name for name in names):
            try:
                print(row(work, libraries, copy), flush=True)
            except Exception as error:
                print(
                    f"| {work.name} | {type(error).__name__}: {str(error)[:200]} |",
                    flush=True,
                )


if __name__ == "__main__":
    main(sys.argv[1:])
