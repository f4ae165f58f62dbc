"""Dates: what concerns business days, computed by NumPy.

Arrays of dates and durations are arrays like others, of the dtypes ``datetime64`` and
``timedelta64``. No kernel computes with them: what is recorded on them is computed by
NumPy, one call after the other, between the kernels of what surrounds it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .fallback import quiet_call
from .reductions import deliver

__all__ = ["busday_count", "busday_offset", "is_busday"]


def busday_count(
    begindates: Any,
    enddates: Any,
    weekmask: Any = "1111100",
    holidays: Any = (),
    busdaycal: Any = None,
    out: Any = None,
) -> Any:
    """How many business days lie from one date to below another one. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.busday_count(np.array(["2024-01-01"], "datetime64[D]"), "2024-01-31")
    array([22])
    """
    given = begindates, enddates
    made = quiet_call(np.busday_count, *given, **_days(weekmask, holidays, busdaycal))
    return deliver("busday_count", made, out)


def busday_offset(
    dates: Any,
    offsets: Any,
    roll: Any = "raise",
    weekmask: Any = "1111100",
    holidays: Any = None,
    busdaycal: Any = None,
    out: Any = None,
) -> Any:
    """The dates so many business days later. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.busday_offset(np.array(["2024-01-05"], "datetime64[D]"), 1)
    array(['2024-01-08'], dtype='datetime64[D]')
    """
    given = dates, offsets, roll
    made = quiet_call(np.busday_offset, *given, **_days(weekmask, holidays, busdaycal))
    return deliver("busday_offset", made, out)


def is_busday(
    dates: Any,
    weekmask: Any = "1111100",
    holidays: Any = None,
    busdaycal: Any = None,
    out: Any = None,
) -> Any:
    """Whether dates are business days. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> days = np.array(["2024-03-01", "2024-03-02"], dtype="datetime64[D]")
    >>> np.is_busday(days)
    array([ True, False])
    """
    made = quiet_call(np.is_busday, dates, **_days(weekmask, holidays, busdaycal))
    return deliver("is_busday", made, out)


def _days(weekmask: Any, holidays: Any, calendar: Any) -> dict[str, Any]:
    """What says which days are business days, as NumPy takes it."""
    if calendar is None:
        return {"weekmask": weekmask, "holidays": () if holidays is None else holidays}
    given: dict[str, Any] = {"busdaycal": calendar}
    if weekmask != "1111100":  # NumPy refuses both
        given["weekmask"] = weekmask
    if holidays is not None and len(holidays):
        given["holidays"] = holidays
    return given
