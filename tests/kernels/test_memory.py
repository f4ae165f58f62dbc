"""Memory: aligned, counted, used again, and given back by NumPy's own rules."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

from engine.kernels import memory
from engine.kernels.blocks import HUGE_PAGE, LARGE
from engine.kernels.memory import allocate, bytes_in_use, peak_bytes, pointer


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 5), (100, 0, 2), (257, 1001)])
@pytest.mark.parametrize("dtype", ["bool", "float16", "float64", "complex128"])
def test_arrays_are_contiguous_and_aligned(dtype: str, shape: Any) -> None:
    array = allocate(dtype, shape)
    assert type(array) is np.ndarray
    assert (array.dtype, array.shape) == (np.dtype(dtype), shape)
    assert array.flags.c_contiguous and array.flags.writeable and array.flags.owndata
    assert pointer(array) % 64 == 0
    assert pointer(array) == array.ctypes.data


def test_large_blocks_begin_with_a_huge_page() -> None:
    for size in (LARGE, 3 * LARGE + 1):
        header = 64
        assert (pointer(allocate("uint8", (size,))) - header) % HUGE_PAGE == 0


def test_bytes_are_counted_until_the_last_view_is_gone() -> None:
    before = bytes_in_use()
    array = allocate("float64", (1000,))
    assert bytes_in_use() - before == 8000
    view = array[10:20].reshape(2, 5).T
    del array
    assert bytes_in_use() - before == 8000
    del view
    assert bytes_in_use() == before


def test_the_peak_is_kept_until_it_is_reset() -> None:
    memory.reset_peak()
    before = bytes_in_use()
    assert peak_bytes() == before
    for _ in range(3):
        allocate("uint8", (50_000,))
    assert peak_bytes() - before == 50_000
    memory.reset_peak()
    assert peak_bytes() == bytes_in_use()


def test_a_freed_block_is_used_again() -> None:
    first = pointer(allocate("float64", (1_000_000,)))
    assert pointer(allocate("float64", (999_990,))) == first
    memory.trim()
    array = allocate("float64", (1_000_000,))
    array[:] = 1.0
    assert array.sum() == 1_000_000


def test_blocks_of_all_sizes_hold_what_was_asked_for() -> None:
    sizes = [*range(1, 1200), *(2**k + d for k in range(10, 22) for d in (-1, 0, 1))]
    kept = [allocate("uint8", (size,)) for size in sizes]
    for array in kept:
        array[:] = 255
    spans = sorted((pointer(array), array.nbytes) for array in kept)
    for (start, length), (following, _) in itertools.pairwise(spans):
        assert start + length <= following - 64


def test_what_waits_to_be_used_again_is_bounded() -> None:
    memory.trim()
    limit = memory._state[4]
    memory._state[4] = 1_000_000
    try:
        for size in range(100_000, 400_000, 10_000):
            allocate("uint8", (size,))
            assert memory._state[3] <= 1_000_000
        allocate("uint8", (2_000_000,))
        assert 0 < memory._state[3] <= 1_000_000
    finally:
        memory._state[4] = limit


def test_a_block_that_is_alive_is_never_handed_out_again() -> None:
    arrays = [allocate("int64", (n,)) for n in (5, 5, 8, 100, 100, 1000) * 20]
    for k, array in enumerate(arrays):
        array[:] = k
    assert all((array == k).all() for k, array in enumerate(arrays))


def test_other_arrays_are_not_counted() -> None:
    allocate("float64", (10,))
    before = bytes_in_use()
    kept = np.empty(1000)
    assert bytes_in_use() == before
    assert kept.shape == (1000,)


def test_resizing_in_place_keeps_count_and_content() -> None:
    before = bytes_in_use()
    array = allocate("float64", (4,))
    array[:] = range(4)
    array.resize(4000, refcheck=False)
    assert array[:4].tolist() == [0, 1, 2, 3]
    assert bytes_in_use() - before == 32_000


def test_eight_threads_may_allocate_at_once() -> None:
    before = bytes_in_use()
    wrong = []

    def work(mark: int) -> None:
        for n in range(500):
            array = allocate("int64", (n,))
            array[:] = mark
            if not (array == mark).all():
                wrong.append(mark)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert bytes_in_use() == before


def test_a_size_that_does_not_fit_raises_memory_error() -> None:
    with pytest.raises(MemoryError):
        allocate("float64", (2**56,))


def test_arrays_may_outlive_everything_else() -> None:
    """Arrays that die while the interpreter shuts down find their allocator."""
    program = (
        "import sys; from engine.kernels.memory import allocate; import numpy;"
        "sys.kept = [allocate('f8', (n,)) for n in range(1000)];"
        "numpy.kept = allocate('f8', (10**6,))"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
