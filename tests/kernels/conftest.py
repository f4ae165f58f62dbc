"""Kernels of these tests are compiled into a cache folder of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.kernels import pool
from engine.kernels.backend import Backend
from engine.kernels.cpu import backend as cpu
from engine.kernels.reference import backend as reference

collect_ignore_glob = ["golden/*"]


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENGINE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(params=[cpu, reference], ids=lambda backend: backend.name)
def backend(request: pytest.FixtureRequest) -> Backend:
    """The backends whose kernels read and write arrays of NumPy."""
    found: Backend = request.param
    return found


@pytest.fixture
def threads() -> Iterator[None]:
    """Put the number of threads back after a test that changes it."""
    before = pool.num_threads()
    yield
    pool.set_num_threads(before)
