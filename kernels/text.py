"""Writing generated Python text: lines with indentation, wrapped headers, names."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .scalars import NAMES

if TYPE_CHECKING:
    from .kernel import Kernel

WIDTH = 88


class Lines:
    """A growing list of source lines that knows its indentation.

    Examples
    --------
    >>> lines = Lines()
    >>> with lines.block("for i in range(n):"):
    ...     lines.add("x = a[i]")
    >>> print(lines.text(), end="")
    for i in range(n):
        x = a[i]
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0

    def add(self, line: str) -> None:
        """Append one line at the current depth."""
        self._lines.append("    " * self._depth + line if line else "")

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Append `header` and indent what follows."""
        self.add(header)
        with self.indented():
            yield

    @contextmanager
    def indented(self) -> Iterator[None]:
        """Indent what follows."""
        self._depth += 1
        yield
        self._depth -= 1

    def call(self, head: str, arguments: Sequence[str], tail: str) -> None:
        """Append ``head(arguments)tail``, over several lines where it is long."""
        flat = f"{head}({', '.join(arguments)}){tail}"
        if 4 * self._depth + len(flat) <= WIDTH:
            self.add(flat)
            return
        self.add(f"{head}(")
        self._depth += 1
        for line in fill(arguments, WIDTH - 4 * self._depth):
            self.add(line)
        self._depth -= 1
        self.add(f"){tail}")

    def text(self) -> str:
        """The whole text, with a newline at its end."""
        return "\n".join(self._lines) + "\n"


def fill(items: Sequence[str], width: int) -> list[str]:
    """Lines of ``item, item,`` of at most `width` columns.

    Examples
    --------
    >>> fill(["a0", "a1", "n0"], 8)
    ['a0, a1,', 'n0,']
    """
    lines: list[str] = []
    for item in items:
        piece = f"{item},"
        if lines and len(lines[-1]) + 1 + len(piece) <= width:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return lines


def function_name(kernel: Kernel) -> str:
    """`kernel.name`, made an identifier that is no name of the scalar library.

    Examples
    --------
    >>> from engine.kernels.kernel import Kernel
    >>> function_name(Kernel("2-norm", "map", 0, 0, (), (), (), ()))
    'kernel_2_norm'
    >>> function_name(Kernel("exp", "map", 0, 0, (), (), (), ()))
    'exp_kernel'
    """
    name = re.sub(r"\W", "_", kernel.name)[:60]
    if not name.isidentifier() or keyword.iskeyword(name):
        name = f"kernel_{name}"
    return f"{name}_kernel" if name in NAMES or hasattr(builtins, name) else name
