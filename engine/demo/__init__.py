"""The demo: ``python -m engine demo``, on real input, in under two minutes."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np


def run() -> int:
    """Run all parts; the exit status is 1 when a result is not what it should be."""
    start = time.perf_counter()
    failures = [*show_blocks(), *show_training()]
    show_explanation()
    for failure in failures:
        print(f"FAILED: {failure}")
    print(f"\nall done in {time.perf_counter() - start:.0f} s")
    return 1 if failures else 0


def show_blocks() -> list[str]:
    """NumPy functions by NumPy and by Engine; returns what went wrong."""
    from .compare import cases, measure, table

    title("1. Unchanged NumPy functions (engine/demo/blocks.py)")
    results = []
    for make in cases():
        case = make()
        say(f"   {case.name} ...")
        results.append(measure(case))
    say()
    say(table(results))
    say()
    say(
        "Times are the best of five. Engine's first run compiles what the cache on disk"
    )
    say(
        'has not (engine.config.tier is "compiled"; "auto" waits until a block recurs).'
    )
    say("The delta is a textbook formula in NumPy, and backward() in Engine.")
    return [
        f"{r.name}: differs by {r.difference}" for r in results if r.difference > 1e-9
    ]


def show_training() -> list[str]:
    """A network on handwritten digits; returns what went wrong."""
    from . import digits

    title("2. A network on scikit-learn's digits (engine.nn, engine.optim)")
    data = digits.load_digits()
    start = time.perf_counter()
    training = digits.train(data, progress=lambda epoch, loss: _report(epoch, loss))
    took = time.perf_counter() - start
    say(f"{len(training.losses)} epochs in {took:.1f} s; mean loss of each:")
    say(digits.curve(training.losses))
    say(f"accuracy on {len(data.test_labels)} held-out images: {training.accuracy:.1%}")

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.safetensors"
        loaded = digits.save_and_load(training.model, path)
        size = path.stat().st_size
    before = digits.predict(training.model, data.test_images)
    same = bool(np.array_equal(before, digits.predict(loaded, data.test_images)))
    verdict = "identical" if same else "DIFFERENT"
    say(f"saved to safetensors ({size:,} bytes) and loaded: {verdict} predictions")
    failures = [] if same else ["the loaded network predicts otherwise"]
    if training.accuracy < 0.96:
        failures.append(f"accuracy {training.accuracy:.1%} is below 96%")
    return failures


def show_explanation() -> None:
    """What Engine makes of one step of the heat equation."""
    import engine.numpy

    from . import blocks

    title("3. engine.explain of one step of heat diffusion")
    plate: Any = engine.numpy.array(np.zeros((500, 500)))
    say(engine.explain(blocks.heat(plate, 1)))


def title(text: str) -> None:
    """Print a heading."""
    say(f"\n{text}\n{'-' * len(text)}")


def say(text: object = "") -> None:
    """Print at once, also into a pipe: this is the progress."""
    print(text, flush=True)


def _report(epoch: int, loss: float) -> None:
    if epoch % 5 == 0:
        say(f"   epoch {epoch}: loss {loss:.4f}")
