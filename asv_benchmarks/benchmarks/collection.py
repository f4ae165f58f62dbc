"""The collection of blocks: is a program ever slower, and how much faster is it?

Engine runs each as if its module said ``import engine.numpy as np``.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from blocks import Block, blocks, swapped

from .libraries import by_engine, by_numpy
from .race import Race, Target, Timed

WORST, MEDIAN = 0.8, 2.5
"""Of NumPy's speed: what no block is slower than, and what every other one reaches."""


def race_of(name: str, block: Block) -> Race:
    """The block at its realistic size. Some branch on numbers: a few may stray."""
    return Race(
        f"block {name}",
        partial(block.arguments, block.realistic),
        partial(block.arguments, block.small),
        {"numpy": by_numpy(block.function), "engine": by_engine(swapped(name))},
        targets=(Target(WORST),),
        tolerance=1e-6,
        strays=1e-2,
    )


RACES = [race_of(name, block) for name, block in blocks().items()]


class Blocks(Timed):
    """Each block by NumPy and by Engine."""

    races = RACES
    params: Any = ([race.name for race in RACES], ["numpy", "engine"])
    param_names = ("block", "by")

    def time_block(self, block: str, by: str) -> None:
        self.run()
