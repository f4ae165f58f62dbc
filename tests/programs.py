"""Random NumPy programs about views, writes, reductions and casts.

A `Program` is a list of source lines over names v0, v1, ... and ``np``. It is drawn
while NumPy runs it, so that most lines are valid; some are wrong on purpose, and
whatever runs the program must raise the same class of exception there.
"""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

Array = np.ndarray[Any, Any]
T = TypeVar("T")

DTYPES = (
    *("float64",) * 4,
    *("int64", "int32", "int8", "uint8", "uint32", "float32", "float16", "bool"),
    *("complex128", "complex64"),
)
LARGEST = 400
"""Results of more elements are cut down, so that programs stay fast."""


class Draw:
    """Small random choices."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.quick = random.Random(seed)  # ten times as quick for one number

    def integer(self, low: int, high: int) -> int:
        """An integer from low to below high."""
        return self.quick.randrange(low, high)

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.integer(0, len(options))]

    def chance(self, probability: float) -> bool:
        """True with a probability."""
        return self.quick.random() < probability

    def integers(self, low: int, high: int, count: int) -> list[int]:
        """Several integers."""
        return [int(x) for x in self.rng.integers(low, high, count)]

    def flags(self, shape: Any) -> Any:
        """A nested list of booleans."""
        return (self.rng.random(shape) < 0.5).tolist()

    def shape(self) -> tuple[int, ...]:
        """A shape of few elements; some are empty."""
        rank = self.pick([0, 1, 1, 1, 2, 2, 2, 3, 3, 4])
        usual, rare = [2, 3, 4], [0, 1, 1, 2, 3, 4, 5]
        return tuple(
            self.pick(rare if self.chance(0.3) else usual) for _ in range(rank)
        )

    def factors(self, size: int) -> tuple[int, ...]:
        """A shape of `size` elements, mostly."""
        dims, rest = [], size
        while rest > 1 and len(dims) < 3:
            dims.append(self.pick([d for d in range(2, rest + 1) if rest % d == 0]))
            rest //= dims[-1]
        if rest != 1:
            dims.append(rest)
        if self.chance(0.3):
            dims.insert(self.integer(0, len(dims) + 1), 1)
        if dims and size and self.chance(0.3):
            dims[self.integer(0, len(dims))] = -1
        if self.chance(0.02):
            dims.append(7)
        return tuple(dims)

    def literal(self, dtype: Any) -> str:
        """The source of a number that a dtype can hold."""
        kind = np.dtype(dtype).kind
        if kind == "b":
            return self.pick(["True", "False"])
        if kind in "iu":
            return str(self.integer(0, 9))
        if kind == "f":
            return str(self.integer(-16, 17) / 4)
        return f"({self.integer(-6, 7) / 2}+{self.integer(0, 5)}j)"

    def elements(self, dtype: str, count: int) -> list[Any]:
        """Numbers with few digits, so that most results are exact."""
        kind = np.dtype(dtype).kind
        if kind == "b":
            return self.flags(count) if count else []
        if kind in "iu":
            return self.integers(0, 20, count)
        if kind == "f":
            return [x / 4 for x in self.integers(-20, 21, count)]
        return [
            complex(x / 2, i % 5) for i, x in enumerate(self.integers(-4, 5, count))
        ]

    # -- keys ---------------------------------------------------------------------
    def slice_of(self, extent: int) -> str:
        """The source of a slice; bounds may be out of range."""
        step = self.pick([None, None, 1, 2, 3, -1, -1, -2])
        places = [None, None, *range(-extent - 1, extent + 2)]
        parts = [self.pick(places), self.pick(places)] + ([step] if step else [])
        return ":".join("" if part is None else str(part) for part in parts)

    def basic_key(self, a: Array) -> str:
        """A key of integers, slices, None and an ellipsis; rarely out of bounds."""
        parts = []
        count = self.integer(0, a.ndim + 1)
        for extent in a.shape[:count]:
            if extent and self.chance(0.3):
                parts.append(str(self.integer(-extent, extent)))
            elif self.chance(0.03):
                parts.append(str(extent + 1))
            else:
                parts.append(self.slice_of(extent))
        if self.chance(0.15):
            parts.insert(self.integer(0, len(parts) + 1), "None")
        if count < a.ndim and self.chance(0.2):
            parts.append("...")
        elif count == a.ndim and self.chance(0.05):
            parts.insert(0, "...")
        return ", ".join(parts) or "..."

    def fancy_key(self, a: Array) -> str:
        """A key with arrays of integers, often repeated, or of booleans."""
        if a.ndim == 0:
            return "..."
        axis = self.integer(0, a.ndim)
        extent = a.shape[axis]
        if extent == 0:
            return "[]"
        lead = [":"] * axis
        places = self.integers(-extent, extent, self.integer(1, 5))
        options = [
            lambda: f"np.array({self.flags(a.shape)})",
            lambda: ", ".join([*lead, f"np.array({self.flags(extent)})"]),
            lambda: ", ".join([*lead, f"np.array([{places}, {places[::-1]}])"]),
            lambda: ", ".join([*lead, str(places)]),
        ]
        if a.ndim >= 2 and a.shape[0] and a.shape[1]:
            options += [
                lambda: f"{self.places(a, 0, 3)}, {self.places(a, 1, 3)}",
                lambda: f"{self.slice_of(a.shape[0])}, {self.places(a, 1, 3)}",
                lambda: f"{self.places(a, 0, 2)}, {self.slice_of(a.shape[1])}",
                lambda: f"{self.integer(0, a.shape[0])}, {self.places(a, 1, 3)}",
            ]
        if a.ndim >= 3 and a.shape[0] and a.shape[2]:
            options.append(lambda: f"{self.places(a, 0, 2)}, :, {self.places(a, 2, 2)}")
        return self.pick(options)()

    def places(self, a: Array, axis: int, count: int) -> str:
        """The source of a list of valid indices of an axis."""
        extent = a.shape[axis]
        return str(self.integers(-extent, extent, count))

    def axis(self, a: Array) -> str:
        """The source of an `axis` argument: None, one axis or two."""
        if a.ndim == 0 or self.chance(0.3):
            return "None"
        if a.ndim >= 2 and self.chance(0.2):
            one, two = (int(k) for k in self.rng.permutation(a.ndim)[:2])
            return f"({one}, {two})"
        return str(self.integer(-a.ndim, a.ndim))


class Program(Draw):
    """A program, drawn while NumPy runs it.

    Attributes
    ----------
    lines : list of (code, exception or None)
        What was run, and how NumPy complained.
    names : list of str
        The names that hold arrays and scalars at the end.
    space : dict
        The namespace after NumPy's run.
    """

    def __init__(
        self, seed: int, makers: Sequence[type[Lines]], lines: tuple[int, int] = (6, 16)
    ) -> None:
        super().__init__(seed)
        self.space: dict[str, Any] = {
            "np": np,
            "peek": lambda array: None,
            "export": lambda array: array,
        }
        self.sources: list[str] = []
        self.lines: list[tuple[Any, Exception | None]] = []
        self.names: list[str] = []
        self.count = 0
        self.makers = [maker(self) for maker in makers]
        total = self.integer(*lines)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            while len(self.lines) < total:
                self.add(self.line())

    # -- names --------------------------------------------------------------------
    def fresh(self) -> str:
        """A new name."""
        self.count += 1
        return f"v{self.count - 1}"

    def arrays(self, test: Callable[[Array], bool] = lambda a: True) -> list[str]:
        """Names of arrays (no scalars) that pass a test."""
        return [
            name
            for name in self.names
            if isinstance(self.space[name], np.ndarray) and test(self.space[name])
        ]

    def array(self, test: Callable[[Array], bool] = lambda a: True) -> str | None:
        """The name of an array, rather a late one, so that views of views arise."""
        names = self.arrays(test)
        if not names:
            return None
        return names[-1 - min(int(self.rng.geometric(0.35)) - 1, len(names) - 1)]

    # -- lines --------------------------------------------------------------------
    def line(self) -> str:
        """A new line of source."""
        if not self.arrays():
            return self.makers[0].line("v", np.zeros(0))
        name = self.array()
        assert name is not None
        maker = self.pick([m for m in self.makers for _ in range(m.weight)])
        return maker.line(name, self.space[name])

    def add(self, source: str) -> None:
        """Run a line on NumPy and keep it."""
        if self.excluded(source):
            return
        target = source.split(" = ")[0]
        makes = re.fullmatch(r"v\d+", target) is not None
        code, error = self.attempt(source)
        if error is None and makes:
            made = self.space[target]
            if not isinstance(made, (np.ndarray, np.generic)):
                del self.space[target]
                return
            if made.size > LARGEST:
                right = source.split(" = ", 1)[1]
                source = f"{target} = ({right}).ravel()[:4].copy()"
                code, error = self.attempt(source)
            self.names.append(target)
        self.sources.append(source)
        self.lines.append((code, error))

    def attempt(self, source: str) -> tuple[Any, Exception | None]:
        """Compile and run one line."""
        code = compile(source, source, "exec")
        try:
            exec(code, self.space)
        except Exception as error:
            return code, error
        return code, None

    def excluded(self, source: str) -> bool:
        """Whether NumPy 2.4 itself is wrong about this line, or C leaves it open.

        NumPy does not buffer overlapping operands of two dtypes, nor what is written
        where a mask holds, and ``add.at`` writes into read-only arrays. Casts of
        floats that an integer dtype cannot hold depend on the machine instruction; the
        order of numbers that are equal but have other bits (NaN, -0.0) on the algorithm
        that sorts.
        """
        used = [
            self.space[name]
            for name in set(re.findall(r"v\d+", source))
            if isinstance(self.space.get(name), np.ndarray)
        ]
        if source.startswith("np.add.at(") and not used[0].flags.writeable:
            return True
        if source.endswith(".sort()") and used[0].dtype.kind == "f":
            return bool(np.any(np.isnan(used[0]) | (used[0] == 0)))
        writes = "=" in source and not re.match(r"v\d+ = ", source)
        overlap = any(
            a.dtype != b.dtype and np.may_share_memory(a, b) for a in used for b in used
        )
        if writes and (overlap or self.masked_overlap(source)):
            return True
        return self.undefined_cast(source, used, writes)

    def masked_overlap(self, source: str) -> bool:
        """Whether a line writes, where a mask holds, what may share its memory."""
        target, _, written = source.partition(" = ")
        if not re.search(r"bool\)\]|[<>]|\[~", target):
            return False
        targets, sources = (re.findall(r"v\d+", x) for x in (target, written))
        return any(
            np.may_share_memory(self.space[a], self.space[b])
            for a in targets
            for b in sources
            if a in self.space and b in self.space
        )

    @staticmethod
    def undefined_cast(source: str, used: list[Array], writes: bool) -> bool:
        """Whether a line casts floats to an integer dtype that cannot hold them."""
        integers = {a.dtype for a in used if a.dtype.kind in "iu"} if writes else set()
        integers |= {np.dtype(name) for name in re.findall(r"'(u?int\d+)'", source)}
        if ".view(" in source or not integers:
            return False
        low = 0 if any(dtype.kind == "u" for dtype in integers) else -(2**31)
        parts = [x for a in used if a.dtype.kind in "fc" for x in (a.real, a.imag)]
        return any(not np.all((x > low - 1) & (x < 2**31)) for x in parts)

    def partner(self, a: Array) -> str:
        """An operand that broadcasts with `a`: a name or a literal."""

        def fits(b: Array) -> bool:
            try:
                return np.broadcast_shapes(a.shape, b.shape) == a.shape
            except ValueError:
                return False

        if self.chance(0.04):
            return self.array() or "1"
        return self.array(fits) or self.literal(a.dtype)

    def twisted(self, name: str) -> str:
        """An array, its reverse or its transpose: operands that overlap."""
        a = self.space[name]
        forms = [name] * 3
        if a.ndim:
            forms.append(f"{name}[::-1]")
        if a.ndim >= 2 and len(set(a.shape)) == 1:
            forms += [f"{name}.T"] * 2
        return self.pick(forms)


class Lines:
    """One kind of line; `draw` makes the small choices."""

    weight = 1

    def __init__(self, program: Program) -> None:
        self.program = program

    def line(self, name: str, a: Array) -> str:
        """The source of a line about the array `a` called `name`."""
        raise NotImplementedError
