"""Stage 5, lower: Group -> Kernel, and the numbers that bind it to one layout.

`passes` says in which walk along a row a value is computed; `lower` writes the body.
"""

from .lower import Lowered, lower

__all__ = ["Lowered", "lower"]
