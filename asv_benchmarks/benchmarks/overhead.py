"""What a call costs beside its arithmetic: record, launch, compile, import."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import Any

import numpy as np

import engine
import engine.numpy

CHAIN = """
import engine
import engine.numpy as np
a = np.arange(1000.0)
with engine.config(tier="compiled"):
    engine.eval(np.exp(-a * a) * a + 1)
"""


def run_python(code: str, cache: str) -> None:
    environment = {**os.environ, "ENGINE_CACHE_DIR": cache}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


class Recording:
    """Ops of a known trace: microseconds for 1,000 of them, without running them."""

    def setup(self) -> None:
        self.x = engine.numpy.array(np.ones(16))
        self.time_record_1000_ops()

    def time_record_1000_ops(self) -> None:
        y = self.x
        for _ in range(1000):
            y = y + 1.0


class Launch:
    """One small expression, recorded, run and freed: mostly the launch."""

    params = (["numpy", "engine"],)
    param_names = ("by",)

    def setup(self, by: str) -> None:
        data = np.ones(100)
        self.x: Any = engine.numpy.array(data) if by == "engine" else data
        self.look = engine.eval if by == "engine" else lambda x: x
        for _ in range(5):
            self.time_add_100_elements(by)

    def time_add_100_elements(self, by: str) -> None:
        self.look(self.x + self.x)


class ColdStart:
    """A process that imports Engine and runs one chain."""

    number, repeat, warmup_time = 1, 3, 0
    timeout = 120

    def setup(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.warm = os.path.join(self.folder.name, "warm")
        run_python(CHAIN, self.warm)

    def teardown(self) -> None:
        self.folder.cleanup()

    def time_import(self) -> None:
        run_python("import engine", self.warm)

    def time_chain_from_the_cache(self) -> None:
        run_python(CHAIN, self.warm)

    def time_chain_compiled(self) -> None:
        with tempfile.TemporaryDirectory(dir=self.folder.name) as empty:
            run_python(CHAIN, empty)
