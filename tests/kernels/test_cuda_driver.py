"""What is done with the driver of a CUDA device: one that is written here stands in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("cuda.bindings", reason="the extra `cuda` is not installed")
from engine.kernels.cuda import cublas, device

ROOT = Path(__file__).parents[2]


class Status(int):
    """The status of a call: 0 is success."""

    name = "CUDA_ERROR"


DONE, EXHAUSTED, LOST = Status(0), Status(2), Status(3)


class Driver:
    """Memory of 8 MiB."""

    CUresult = SimpleNamespace(CUDA_ERROR_OUT_OF_MEMORY=EXHAUSTED)

    def __init__(self) -> None:
        self.mapped: dict[int, int] = {}
        self.status = DONE
        self.made = 0

    def cuMemAlloc(self, size: int) -> tuple[Status, int]:
        if sum(self.mapped.values()) + size > 2**23:
            return EXHAUSTED, 0
        self.made += 1
        self.mapped[self.made] = size
        return DONE, self.made

    def cuMemFree(self, pointer: int) -> tuple[Status]:
        del self.mapped[pointer]
        return (DONE,)

    def cuModuleLoadData(self, code: bytes) -> tuple[Status, int]:
        return self.cuMemAlloc(7 << 20)

    def cuModuleGetFunction(self, module: int, name: bytes) -> tuple[Status, int]:
        return DONE, module

    def cuOccupancyMaxActiveBlocksPerMultiprocessor(
        self, *limits: object
    ) -> tuple[Status, int]:
        return DONE, 8

    def cuCtxSetCurrent(self, context: object) -> tuple[Status]:
        return (self.status,)

    def cuCtxSynchronize(self) -> tuple[Status]:
        return (DONE,)


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """The driver of a device that is not there."""
    made = device.Device.__new__(device.Device)
    made.context, made.process, made.name = 1, os.getpid(), "no device"
    stand_in = Driver()
    monkeypatch.setattr(device, "driver", stand_in)
    monkeypatch.setattr(device, "device", lambda: made)
    monkeypatch.setattr(device, "_free", {})
    yield stand_in


def test_memory_is_used_again_and_given_back(driver: Driver) -> None:
    first = device.Memory(1000)
    pointer = first.pointer
    del first
    again, other = device.Memory(700), device.Memory(700)
    assert again.pointer == pointer != other.pointer
    del again, other
    device.device().empty_cache()
    assert not driver.mapped


def test_what_no_array_holds_is_given_back_before_memory_is_too_little(
    driver: Driver,
) -> None:
    kept = device.Memory(3 << 20)
    del kept
    large = device.Memory(7 << 20)
    assert len(driver.mapped) == 1
    with pytest.raises(MemoryError, match="of the memory of no device"):
        device.Memory(1 << 20)
    assert large.pointer in driver.mapped


def test_machine_code_gets_the_memory_that_no_array_holds(driver: Driver) -> None:
    kept = device.Memory(3 << 20)
    del kept
    module = device.Module(b"code", "entry")
    assert (module.module, module.resident) == (2, 8)


def test_products_get_the_memory_that_no_array_holds(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create(size: int) -> int:
        status, _ = driver.cuMemAlloc(size)
        return 3 if status else 0

    monkeypatch.setattr(cublas, "device", device.device)
    library = cublas._Library.__new__(cublas._Library)
    library.functions = SimpleNamespace(create=create)  # type: ignore[assignment]
    kept = device.Memory(3 << 20)
    del kept
    library.check("create", 7 << 20)
    with pytest.raises(device.CudaError, match="create: status 3"):
        library.check("create", 7 << 20)


class Taken(list[int]):
    """Blocks that another thread takes between a look and what follows it."""

    def __bool__(self) -> bool:
        return True


def test_memory_that_another_thread_takes_is_not_given_back(driver: Driver) -> None:
    device._free[512] = Taken()
    device.device().empty_cache()
    assert not driver.mapped


def test_a_forked_process_says_that_it_has_no_device(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.status = LOST
    with pytest.raises(device.CudaError, match="cuCtxSetCurrent"):
        device.device().use()
    monkeypatch.setattr(device.device(), "process", -1)
    with pytest.raises(device.CudaError, match=r"forked after that.*'spawn'"):
        device.device().use()


AT_THE_END = """
import engine.plan
from engine.kernels.cuda import device
from test_cuda_driver import Driver
device.driver, device.device = Driver(), lambda: None
device._free[512] = [1]
engine.plan.kept = device.Memory(1)
"""


def test_memory_that_is_kept_to_the_end_goes_quietly() -> None:
    paths = f"{ROOT}:{ROOT / 'tests' / 'kernels'}"
    done = subprocess.run(
        [sys.executable, "-c", AT_THE_END],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
