"""Which NumPy is installed, for what a user sees otherwise in one than in another."""

from __future__ import annotations

import numpy as np

NUMPY_2_5 = bool(np.lib.NumpyVersion(np.__version__) >= "2.5.0")
"""Since then `eig` is complex, `cross` is of three elements, durations have units."""
