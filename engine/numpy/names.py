"""What to say about a name that this face does not have."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np

OBJECTS = "arrays hold booleans, numbers, dates and durations only"
RECORDS = f"{OBJECTS}, no records or text"
MATRIX = "arrays of two axes and the operator @ do what the class matrix does"
BUILD = "it concerns NumPy's own build"
ITERATION = "loops over elements are not fused; write with whole arrays"
WIDE = "complex numbers of extended precision are not supported"

REASONS = {
    "bmat": f"{MATRIX}, and block what bmat does",
    "asmatrix": MATRIX,
    "matrix": MATRIX,
    "datetime_as_string": f"{RECORDS}; NumPy's takes arrays of dates",
    "char": RECORDS,
    "fromregex": RECORDS,
    "rec": RECORDS,
    "recarray": RECORDS,
    "record": RECORDS,
    "strings": RECORDS,
    "clongdouble": WIDE,
    "complex256": WIDE,
    "core": "it is private in NumPy",
    "ctypeslib": BUILD,
    "f2py": BUILD,
    "float128": "longdouble is its name on every platform",
    "get_include": BUILD,
    "info": BUILD,
    "ma": "masked arrays are not supported; where= and the nan functions select",
    "show_config": BUILD,
    "show_runtime": f"{BUILD}; `python -m engine info` tells Engine's",
    "test": BUILD,
    "memmap": "load(file, mmap_mode=...) and from_numpy share mapped memory",
    "nditer": ITERATION,
    "nested_iters": ITERATION,
    "row_stack": "it is an old name of vstack",
}
"""Why names of NumPy's main namespace are absent here, after the word "as"."""


def nearest_message(
    name: str,
    known: Sequence[str],
    module: str = "engine.numpy",
    theirs: Any = np,
) -> str:
    """The message of the AttributeError for a missing name.

    Examples
    --------
    >>> nearest_message("arrange", ["arange", "zeros"])
    "module 'engine.numpy' has no attribute 'arrange'; the nearest is 'arange'"
    """
    message = f"module {module!r} has no attribute {name!r}"
    if name.startswith("_"):
        return message
    if name in REASONS and theirs is np:
        return f"{message}, which NumPy has: it is not provided, as {REASONS[name]}"
    if hasattr(theirs, name):
        message += ", which NumPy has: it is not provided"
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"{message}; the nearest is {close[0]!r}" if close else message
