"""What `python -m engine info` prints: versions, machine, devices, cache."""

from __future__ import annotations

import ctypes
import platform
from importlib import metadata

import engine
from engine import builder
from engine.config import config
from engine.kernels import cache, pool
from engine.kernels.native import blas, table
from engine.native import recorder


def information() -> dict[str, str]:
    """Facts about this installation and machine, by name, in reading order."""
    kept = _cache()  # asking for the runner may put it there
    return {
        "engine": engine.__version__,
        "python": f"{platform.python_version()} ({platform.platform()})",
        "numpy": version("numpy"),
        "numba": version("numba"),
        "llvmlite": version("llvmlite"),
        "numba-cuda": version("numba-cuda"),
        "cpu": _cpu(),
        "threads": str(pool.num_threads()),
        "devices": ", ".join(["cpu", *_cuda_devices()]),
        "tier": config.tier,
        "recorder": "{} ({})".format(*recorder()),
        "builder": builder.told(),
        "runner": _runner(),
        "cache": kept,
    }


def version(distribution: str) -> str:
    """The installed version of a distribution, or "not installed"."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def in_words(size: int) -> str:
    """A number of bytes for people.

    Examples
    --------
    >>> in_words(0), in_words(2048), in_words(3_500_000)
    ('0 B', '2.0 KiB', '3.3 MiB')
    """
    if size < 1024:
        return f"{size} B"
    power = min((size.bit_length() - 1) // 10, 3)
    return f"{size / 1024**power:.1f} {('B', 'KiB', 'MiB', 'GiB')[power]}"


# Of some hundred features, those that decide how wide generated loops run.
_VECTOR = (
    "sse4.2",
    "avx",
    "avx2",
    "fma",
    "avx512f",
    "avx512vl",
    "neon",
    "sve",
)


def _cpu() -> str:
    from llvmlite import binding

    features = binding.get_host_cpu_features()
    names = [name for name in _VECTOR if features.get(name)]
    return f"{binding.get_host_cpu_name()} ({' '.join(names) or 'no vector features'})"


def _cuda_devices() -> list[str]:
    """CUDA devices, asked of the driver: that needs no toolkit and no package."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return []
    count = ctypes.c_int(0)
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return []
    names = []
    for number in range(count.value):
        text = ctypes.create_string_buffer(128)
        driver.cuDeviceGetName(text, len(text), number)
        names.append(f"cuda:{number} ({text.value.decode()})")
    return names


def _runner() -> str:
    """What runs the rows of a plan, and who multiplies matrices in it."""
    if not table.available():
        return f"python ({table.reason()})"
    if not blas.available():
        return "native (matrix products by NumPy: its BLAS was not found)"
    return "native (matrix products by the BLAS of NumPy)"


def _cache() -> str:
    return f"{cache.cache_dir()} ({in_words(cache.size())})"
