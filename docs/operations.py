"""Print the table of all ops, as Markdown. `make docs` writes it to operations.md."""

from __future__ import annotations

import numpy as np

from engine.ops.op import Op
from engine.record.registry import REGISTRY

KINDS = {
    "elementwise": "Element by element, with broadcasting",
    "reduce": "Reductions along axes",
    "region": "Parts of an array: views and writes",
    "gather": "Elements at computed positions",
    "source": "Arrays from nothing",
    "library": "Library calls",
}

FUSED = {"b": "bool", "i": "int64", "u": "uint64", "f": "float64"}

HEAD = """# All ops

Generated from the blocks that define the ops (`engine/ops/`). A *fused* op is part of
the generated kernels for the dtype kinds listed (b bool, i signed, u unsigned, f
float); for the others, and for library calls, its NumPy reference runs.

Everything else (softmax, var, pad, ...) is a composite: a plain function of these ops.
"""


def main() -> None:
    """Print the page."""
    print(HEAD)
    for kind, title in KINDS.items():
        print(f"## {title}\n")
        print("| op | meaning | fused | gradient | ONNX |")
        print("|---|---|---|---|---|")
        for _, op in sorted(REGISTRY.items()):
            if op.kind == kind:
                print(row(op))
        print()


def row(op: Op) -> str:
    """One line of the table."""
    meaning = (op.__doc__ or "").strip().split("\n")[0].replace("|", "\\|")
    gradient = "yes" if op.rule is not None else ""
    return f"| `{op.name}` | {meaning} | {fused(op)} | {gradient} | {op.onnx or ''} |"


def fused(op: Op) -> str:
    """The dtype kinds that kernels compute the op in."""
    if op.kind == "library":
        return ""
    if op.kind != "elementwise":
        return "".join(FUSED)
    return "".join(kind for kind, dtype in FUSED.items() if op.text(np.dtype(dtype)))


if __name__ == "__main__":
    main()
