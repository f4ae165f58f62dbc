"""The NumPy face: ``import engine.numpy as np`` in front of a numerical script.

Same names, dtypes, views, writes and errors as NumPy's; nothing runs until a value is
looked at, and gradients flow through all that is differentiable.

Examples
--------
>>> import engine.numpy as np
>>> x = np.linspace(0, 1, 5)
>>> (np.exp(-x * x) * 2).sum().round(6)
np.float64(7.311752)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from numpy import __version__ as __version__  # whose meanings these are

from engine import native as _native

# The array class comes first: the modules below refer to each other through it.
from .handle import ndarray  # isort: skip
from . import (
    along,
    averages,
    bits,
    comparing,
    constants,
    contractions,
    conversion,
    covariance,
    creation,
    dates,
    differences,
    elementwise,
    emath,
    extremes,
    fft,
    files,
    floating_errors,
    gathers,
    grids,
    histograms,
    indexing,
    information,
    inspection,
    joining,
    lib,
    linalg,
    manipulation,
    masked,
    names,
    nanfunctions,
    nanquantiles,
    numeric,
    operators,
    pieces,
    polynomials,
    products,
    protocols,
    quantiles,
    quick,
    ranges,
    rearrangement,
    reductions,
    scans,
    selection,
    sets,
    signals,
    sorting,
    splitting,
    statistics,
    triangles,
    ufuncs,
    windows,
    writing,
)
from .along import *  # noqa: F403
from .averages import *  # noqa: F403
from .bits import *  # noqa: F403
from .comparing import *  # noqa: F403
from .constants import *  # noqa: F403
from .contractions import *  # noqa: F403
from .conversion import *  # noqa: F403
from .covariance import *  # noqa: F403
from .creation import *  # noqa: F403
from .dates import *  # noqa: F403
from .differences import *  # noqa: F403
from .extremes import *  # noqa: F403
from .fallback import FallbackWarning
from .files import *  # noqa: F403
from .floating_errors import *  # noqa: F403
from .grids import *  # noqa: F403
from .histograms import *  # noqa: F403
from .information import *  # noqa: F403
from .inspection import *  # noqa: F403
from .joining import *  # noqa: F403
from .manipulation import *  # noqa: F403
from .nanfunctions import *  # noqa: F403
from .nanquantiles import *  # noqa: F403
from .numeric import *  # noqa: F403
from .pieces import *  # noqa: F403
from .polynomials import *  # noqa: F403
from .products import *  # noqa: F403
from .quantiles import *  # noqa: F403
from .ranges import *  # noqa: F403
from .rearrangement import *  # noqa: F403
from .reductions import *  # noqa: F403
from .scans import *  # noqa: F403
from .selection import *  # noqa: F403
from .sets import *  # noqa: F403
from .signals import *  # noqa: F403
from .sorting import *  # noqa: F403
from .splitting import *  # noqa: F403
from .statistics import *  # noqa: F403
from .triangles import *  # noqa: F403
from .ufunc import ufunc
from .ufuncs import *  # noqa: F403
from .windows import *  # noqa: F403
from .writing import *  # noqa: F403

if TYPE_CHECKING:
    from . import polynomial as polynomial
    from . import random as random
    from . import testing as testing

_native.join_numpy(
    ndarray,
    ufunc,
    _native.NumPy(
        protocols.call_plain,
        operators.update_in_place,
        indexing.located,
        quick.known,
        gathers.PICKED,
        quick.use_native,
        operators.POWERS,
        masked.FEW,
        masked.wrapped,
        elementwise.of_float,
    ),
)

# Each module says what it exports, so that names are written once.
__all__ = [
    "FallbackWarning",
    "emath",
    "fft",
    "lib",
    "linalg",
    "ndarray",
    "polynomial",
    "random",
    "testing",
    "ufunc",
]
__all__ += along.__all__
__all__ += averages.__all__
__all__ += bits.__all__
__all__ += comparing.__all__
__all__ += constants.__all__
__all__ += contractions.__all__
__all__ += conversion.__all__
__all__ += covariance.__all__
__all__ += creation.__all__
__all__ += dates.__all__
__all__ += differences.__all__
__all__ += extremes.__all__
__all__ += files.__all__
__all__ += floating_errors.__all__
__all__ += grids.__all__
__all__ += histograms.__all__
__all__ += information.__all__
__all__ += inspection.__all__
__all__ += joining.__all__
__all__ += manipulation.__all__
__all__ += nanfunctions.__all__
__all__ += nanquantiles.__all__
__all__ += numeric.__all__
__all__ += pieces.__all__
__all__ += polynomials.__all__
__all__ += products.__all__
__all__ += quantiles.__all__
__all__ += ranges.__all__
__all__ += rearrangement.__all__
__all__ += reductions.__all__
__all__ += scans.__all__
__all__ += selection.__all__
__all__ += sets.__all__
__all__ += signals.__all__
__all__ += sorting.__all__
__all__ += splitting.__all__
__all__ += statistics.__all__
__all__ += triangles.__all__
__all__ += ufuncs.__all__
__all__ += windows.__all__
__all__ += writing.__all__


def __getattr__(name: str) -> Any:
    if name in ("polynomial", "random", "testing"):  # long in loading
        return importlib.import_module(f"engine.numpy.{name}")
    raise AttributeError(names.nearest_message(name, __all__))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
