"""Random loops on the rows and columns of three arrays, as sources."""

from __future__ import annotations

import numpy

PLACES = ("i", "i - 1", "i + 1", "n - 1 - i", "2", "m[i]", "i // 2", "-i")
KEYS = ("{}", "{}, 1:", ":, {}", "{}:, 0", "{}, :2", "{}:{} + 2")
VALUES = (
    "{0} * 0.5 + {1}",
    "{0} - {1} * 0.25",
    "abs({0}) / (abs({1}) + 3.0)",
    "{0}",
    "{0}.sum() * 0.1 + {1}",
)


def statement(rng: numpy.random.Generator, key: str, targets: str) -> str:
    start = str(rng.choice(PLACES[:3]))

    def place() -> str:
        if key == "{}:, 0":  # the shape depends on it
            return start
        near = key == "{}:{} + 2" or rng.random() < 0.7
        return str(rng.choice(PLACES[:3] if near else PLACES))

    def part(arrays: str) -> str:
        where = place()
        return f"{rng.choice(list(arrays))}[{key.format(where, where)}]"

    value = str(rng.choice(VALUES)).format(part("xyz"), part("xyz"))
    target = part(targets)
    return f"{target} {rng.choice(['=', '=', '+=', '-='])} {value}"


def program(seed: int) -> str:
    """Loops on three square arrays that stay within them, wherever they begin.

    Between them whole arrays are read, and what is pending may be computed.
    """
    rng = numpy.random.default_rng(seed)
    lines = []
    for _ in range(rng.integers(1, 4)):
        key = str(rng.choice(KEYS))
        targets = str(rng.choice(["y", "yz", "xyz"]))  # others are read alone
        body = [statement(rng, key, targets) for _ in range(rng.integers(1, 4))]
        first = rng.integers(1, 9)
        steps = f"range({first} + o, {first + rng.integers(3, 30)} + o)"
        if rng.random() < 0.2:
            steps = f"reversed({steps})"
        if rng.random() < 0.2:
            lines.append("t = x * 0.5")
            body.append("t = t + y")
        if rng.random() < 0.2:
            body.append("k = y.copy()" if rng.random() < 0.5 else "k = y[2:5]")
        lines += [f"for i in {steps}:", *(f"    {line}" for line in body)]
        if rng.random() < 0.7:
            lines.append(str(rng.choice(BETWEEN)))
        if rng.random() < 0.3:
            lines.append("look(x, y)")
    return "\n".join(lines)


BETWEEN = (
    "s = x.sum()",
    "x = x * 0.5 + y[::-1]",
    "z[0] = x.mean(0)",
    "w = y.copy()",
    "y += z.T * 0.1",
    "s = x[o] @ y",
    "z[2:] = z[:-2]",
)
