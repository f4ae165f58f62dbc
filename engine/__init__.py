"""Engine: one lazy array engine with two faces.

``import engine.numpy as np`` is the NumPy face, ``import engine`` the PyTorch face. Ops
are recorded, fused and run as generated kernels when a value is looked at.
"""

from __future__ import annotations

from engine.config import config
from engine.evaluation import eval, reset_stats, stats

__version__ = "0.1.0"

__all__ = ["__version__", "config", "eval", "reset_stats", "stats"]
