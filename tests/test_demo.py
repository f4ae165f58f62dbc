"""What the demo claims, on less data: equal results, a trained network, its words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.demo import compare, digits
from engine.demo.compare import Case, Result


def part_of_the_photograph() -> Case:
    case = compare.photograph()
    return case._replace(data=(case.data[0][100:160, 200:280],))


CASES = {
    "photograph": part_of_the_photograph,
    "options": lambda: compare.options(500),
    "plate": lambda: compare.plate(40, 6),
}


@pytest.mark.parametrize("name", CASES)
def test_blocks_give_what_numpy_gives(name: str) -> None:
    assert compare.measure(CASES[name](), runs=1).difference < 1e-11


def test_the_filter_uses_the_whole_scale() -> None:
    (photo,) = part_of_the_photograph().data
    filtered = compare.blocks.photo_filter(photo)
    assert filtered.shape == photo.shape
    assert 0 <= filtered.min() < 0.1 < 0.9 < filtered.max() <= 1


def test_the_network_learns_and_survives_a_file(tmp_path: Path) -> None:
    data = digits.load_digits()
    training = digits.train(data)
    assert training.accuracy >= 0.96
    assert training.losses[-1] < 0.1 < training.losses[0]
    loaded = digits.save_and_load(training.model, tmp_path / "digits.safetensors")
    np.testing.assert_array_equal(
        digits.predict(loaded, data.test_images),
        digits.predict(training.model, data.test_images),
    )


def test_the_file_is_safetensors(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.numpy")
    model = digits.network()
    digits.save_and_load(model, tmp_path / "digits.safetensors")
    stored = safetensors.load_file(tmp_path / "digits.safetensors")
    assert stored.keys() == model.state_dict().keys()
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(stored[name], tensor.numpy())


def test_the_table_lines_up() -> None:
    rows = compare.table(
        [
            Result("short", 0.1, 0.01, 1.0, 1e-16),
            Result("a longer name", 1.0, 0.5, 2.0, 0.0),
        ]
    ).splitlines()
    assert len({len(row) for row in rows}) == 1
    words = " ".join(rows[1].split())
    assert words == "short 100.0 ms 10.0 ms 10.0 1.00 s 1.0e-16"
