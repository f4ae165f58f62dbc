"""Text of ``map`` kernels whose threads move 16 bytes at a time.

The ``wide`` form is for one axis whose accesses are contiguous or do not move: a
thread loads a vector of neighbouring elements with one instruction, computes them one
by one, and stores a vector. It needs every address on a multiple of the vector, which
is looked at when a kernel is launched; the bits are those of the plain form.
"""

from __future__ import annotations

from ..cpu.scope import Scope, loaded, stored
from ..kernel import IOTA, Compute, Gather, Kernel, Load, Loop, Store
from .copies import Copies

BYTES = 16
"""What one load or store moves, at most."""

STATEMENTS = 40
"""Longer bodies gain nothing and take too many registers."""

SIZES = {"bool": 1, "float16": 2} | {
    f"{kind}{bits}": bits // 8
    for kind, widths in (("int", (8, 16, 32, 64)), ("uint", (8, 16, 32, 64)))
    for bits in widths
}
SIZES |= {"float32": 4, "float64": 8}


def width(kernel: Kernel) -> int:
    """Elements that a thread takes at a time; 1 if the form does not fit."""
    if kernel.kind != "map" or kernel.outer != 1 or len(kernel.body) > STATEMENTS:
        return 1
    moving = {
        access.argument for access in kernel.accesses if access.strides == ("1",)
    } - {IOTA}
    if not moving or any(access.strides == ("n",) for access in kernel.accesses):
        return 1
    dtypes = [kernel.arguments[argument].dtype for argument in moving]
    if any(dtype not in SIZES for dtype in dtypes):
        return 1
    return min(max(BYTES // max(SIZES[dtype] for dtype in dtypes), 1), 8)


def emit_wide(scope: Scope) -> None:
    """Vectors of elements, a grid apart; then the few that are left over."""
    kernel, lines = scope.kernel, scope.lines
    count = width(kernel)
    copies = Copies([s for s in kernel.body if not isinstance(s, Loop)])
    lines.add(f"i0 = cuda.grid(1) * {count}")
    with lines.block(f"while i0 + {count} <= n0:"):
        for lane in range(count):
            Lane(scope, copies, lane, count).write()
        lines.add(f"i0 += cuda.gridsize(1) * {count}")
    lines.add(f"i0 = n0 - n0 % {count} + cuda.grid(1)")
    with lines.block("while i0 < n0:"):
        for statement in kernel.body:
            scope.statement(statement, range(1))
        lines.add("i0 += cuda.gridsize(1)")


class Lane:
    """Writes the statements of one element of a vector; names end in its number."""

    def __init__(self, scope: Scope, copies: Copies, lane: int, count: int) -> None:
        self.scope = scope
        self.lane = lane
        self.count = count
        self.copies = copies

    def own(self, text: str, lane: int | None = None) -> str:
        """`text` with the names of values of this lane, or of another."""
        return self.copies.own(text, self.lane if lane is None else lane)

    def write(self) -> None:
        """Loads of the vector come with its first element, stores with the last."""
        kernel, add = self.scope.kernel, self.scope.lines.add
        for number, statement in enumerate(kernel.body):
            match statement:
                case Load(target, access):
                    add(f"{self.own(target)} = {self.load(number, access)}")
                case Gather(target, argument, index):
                    item = f"a{argument}[{self.own(index)}]"
                    dtype = kernel.arguments[argument].dtype
                    add(f"{self.own(target)} = {loaded(item, dtype)}")
                case Compute(target, dtype, text):
                    add(f"{self.own(target)} = {dtype}({self.own(text)})")
                case Store(access, value):
                    self.store(access, value)

    def load(self, number: int, access: int) -> str:
        """The text of an element of a vector; the first lane loads it."""
        kernel = self.scope.kernel
        pattern = kernel.accesses[access]
        if pattern.argument == IOTA:
            step = f" + i0 + {self.lane}" if pattern.strides == ("1",) else ""
            return f"o{access}{step}"
        dtype = kernel.arguments[pattern.argument].dtype
        if pattern.strides == ("0",):
            return loaded(f"a{pattern.argument}[o{access}]", dtype)
        if self.lane == 0:
            place = f"a{pattern.argument}, o{access} + i0"
            self.scope.lines.add(f"v{number} = load_{self.count}({place})")
        return loaded(f"v{number}[{self.lane}]", dtype)

    def store(self, access: int, value: str) -> None:
        """The last lane stores the elements of all."""
        kernel = self.scope.kernel
        pattern = kernel.accesses[access]
        dtype = kernel.arguments[pattern.argument].dtype
        if self.lane + 1 < self.count:
            return
        if pattern.strides == ("0",):
            item = f"a{pattern.argument}[o{access}]"
            self.scope.lines.add(f"{item} = {stored(self.own(value), dtype)}")
            return
        values = [stored(self.own(value, k), dtype) for k in range(self.count)]
        head = f"a{pattern.argument}, o{access} + i0"
        self.scope.lines.call(f"store_{self.count}", [head, *values], "")


def aligned(kernel: Kernel, places: tuple[tuple[int, ...], ...]) -> bool:
    """Whether all offsets stand on multiples of the vector."""
    count = width(kernel)
    return all(
        place[0] % count == 0
        for access, place in zip(kernel.accesses, places, strict=True)
        if access.argument != IOTA and access.strides == ("1",)
    )
