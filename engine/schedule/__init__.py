"""Stage 4, schedule: which steps become one kernel, and what is written in place.

`prepare` makes writes and copies explicit, `scheduler` forms the groups (`fusing` and
`trial` say what may join one), and `inline` and `recompute` decide what is computed
twice rather than stored.
"""

from .groups import Group
from .prepare import prepare
from .scheduler import Schedule, schedule

__all__ = ["Group", "Schedule", "prepare", "schedule"]
