"""The three blocks of ``make demo``: is the demo what it was?"""

from __future__ import annotations

import engine
import engine.numpy
from engine.demo import compare


class Demo:
    """A photograph filtered, options priced, a plate heated."""

    params = (["photograph", "options", "plate"], ["numpy", "engine"])
    param_names = ("block", "by")

    def setup(self, block: str, by: str) -> None:
        case = getattr(compare, block)()
        function, self.arrays = case.by_numpy, case.data
        if by == "engine":
            function = case.by_engine
            self.arrays = tuple(engine.numpy.array(array) for array in case.data)
        self.function, self.engine = function, by == "engine"
        for _ in range(3 if self.engine else 1):  # compiled, and known
            self.time_block(block, by)

    def time_block(self, block: str, by: str) -> None:
        if not self.engine:
            self.function(*self.arrays)
            return
        with engine.config(tier="compiled"):
            engine.eval(*self.function(*self.arrays))
