"""What native code knows by name: objects and numbers that depend on no face."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from engine import counters
from engine.array import Array
from engine.cold import Cold
from engine.config import TIER_HERE, config
from engine.errors import LINES, line_in, user_line
from engine.execute import evaluate, failed, flush
from engine.interpret import IN_PLACE, own_array
from engine.kernels import pool
from engine.kernels.backend import HOST
from engine.kernels.cpu.target import forever
from engine.kernels.memory import Quiet
from engine.kernels.native import cells, numpy_api
from engine.kernels.native.entries import Code
from engine.ops.op import Op
from engine.recipe import Recipe, owned, same_axes
from engine.record import loops, node, splice
from engine.record.frames import LEAVES, UNKNOWN
from engine.record.growth import grow
from engine.record.inferred import FOUND, RANKED
from engine.record.node import END, LEAF, Known, Node
from engine.record.registry import REGISTRY
from engine.record.trace import HERE, Trace, current_trace
from engine.record.trie import LARGE, MAX_EVENTS, MAX_TRIE_NODES, SOFT_EVENTS, TRIE
from engine.record.value import (
    LEAF_HISTORY,
    Freed,
    History,
    Scalar,
    Value,
    sequence,
)
from engine.record.watchers import watchers
from engine.rewalk import FREED, Seen, free_graph
from engine.steps import by_rank, steps_of
from engine.storage import GradCell, Line, Storage
from engine.torch.dtypes import Default
from engine.torch.once import FACES, Once


def fill(code: Code) -> None:
    """The words of the global block that do not depend on a face."""
    known = _constants() | _types() | _ops() | _functions()
    for name, thing in known.items():
        code.thing(name, thing)
    code.number("most_events", MAX_EVENTS)
    code.number("soft_events", SOFT_EVENTS)
    code.number("shift_leaves", LEAVES)
    code.number("no_shift", UNKNOWN)
    code.number("large", LARGE)
    code.number("most_nodes", MAX_TRIE_NODES)
    code.number("most_common", node.MOST)
    code.number("least_events", loops.LEAST)
    code.memory("pool_numbers", pool.NUMBERS)
    code.memory("counts", counters.NATIVE)
    code.memory("passed", splice.PASSED)
    code.memory("cells", _cells())
    code.number("new_array", numpy_api.address(numpy_api.NEW_ARRAY))
    code.number("copy_array", numpy_api.address(numpy_api.COPY_ARRAY))
    code.number("copy_object", numpy_api.address(numpy_api.COPY_OBJECT))
    code.number("from_scalar", numpy_api.address(numpy_api.FROM_SCALAR))


def _constants() -> dict[str, Any]:
    return {
        "none": None,
        "true": True,
        "false": False,
        "zero": 0,
        "no_owner": -1,
        "empty": (),
        "ellipsis": Ellipsis,
        "host": HOST,
        "attributes_name": "attributes",
        "call_name": "__call__",
        "out_name": "out",
        "acquire_name": "acquire",
        "release_name": "release",
        "step_name": "step",
        "trace_name": "trace",
        "here": HERE,
        "numpy_name": "numpy",
        "auto_name": "auto",
        "backward_name": "backward",
        "dtype_name": "dtype",
        "dict_name": "__dict__",
        "default": Default,
        "reference_name": "reference",
        "rule_name": "rule",
        "fails_late_name": "fails_late",
        "bool_dtype": np.dtype(bool),
        "float32": np.dtype(np.float32),
        "float64": np.dtype(np.float64),
        "complex128": np.dtype(np.complex128),
        "int64": np.dtype(np.int64),
        "leaf_history": LEAF_HISTORY,
        "freed": FREED,
        "faces": FACES,
        "tier_here": TIER_HERE,
        "trie": TRIE,
        "config": config,
        "watchers": watchers,
        "common": node.COMMON,
        "node_numbers": node.NUMBERS,
        "ranked": RANKED,
        "found": FOUND,
        "lines": LINES,
    }


def _types() -> dict[str, Any]:
    return {
        "text_type": str,
        "float_type": float,
        "complex_type": complex,
        "int_type": int,
        "tuple_type": tuple,
        "list_type": list,
        "dict_type": dict,
        "slice_type": slice,
        "interrupt": KeyboardInterrupt,
        "exception": Exception,
        "trace_type": Trace,
        "quiet_type": Quiet,
        "cold_type": Cold,
        "single_type": np.float32,
        "double_type": np.float64,
        "long_type": np.int64,
        "array_type": np.ndarray,
        "value_type": Value,
        "scalar_type": Scalar,
        "recipe_type": Recipe,
        "history_type": History,
        "storage_type": Storage,
        "line_type": Line,
        "cell_type": GradCell,
        "freed_type": Freed,
        "known_type": Known,
        "node_type": Node,
        "seen_type": Seen,
    }


def _ops() -> dict[str, Any]:
    names = ["view", "update", "full", "cast", "iota", "matmul"]
    names += ["multiply", "add", "power", "square", "where"]
    return {
        **{f"{name}_op": REGISTRY[name] for name in names},
        "leaf_op": LEAF,
        "end": END,
        "loops": {op: op.loops for op in REGISTRY.values() if _casts(op)},
        "operands": {op: op.nin for op in REGISTRY.values()},
        "writing_ops": {REGISTRY[name]: True for name in IN_PLACE},
        "ufuncs": {},
        "reductions": {op: True for op in REGISTRY.values() if op.kind == "reduce"},
        "codes": {REGISTRY[name]: code for name, code in cells.CODES.items()},
    }


def _functions() -> dict[str, Any]:
    return {
        "typed_scalar": _typed_scalar,
        "own_array": own_array,
        "failed": failed,
        "flush_trace": flush,
        "sequence": sequence,
        "find_trace": current_trace,
        "grow": grow,
        "form": node.form,
        "ends_iterations": loops.ends_iterations,
        "line_in": line_in,
        "call_op": Op.__call__,
        "call_once": Once.__call__,
        "user_line": user_line,
        "let_graph_go": free_graph,
        "written": _written,
        "steps_of": steps_of,
        "by_rank": by_rank,
        "same_axes": same_axes,
        "store_value": Array.store,
        "too_many": _too_many,
        "owned": owned,
        "replay_failed": _replay_failed,
    }


def _casts(op: Op) -> bool:
    """Whether a face casts the operands of an op to those of a loop."""
    return op.kind == "elementwise" or op.loop_rule is not None


def _cells() -> Any:
    """What native code knows of the dtypes whose elements it reads and writes."""
    words = [*cells.head()]
    for letter in "?bhilqBHILQefdFD":
        dtype = np.dtype(letter)
        recipe = owned(dtype, ())
        forever(recipe)
        kind = (
            cells.KINDS.get(dtype.kind, cells.OTHER) if letter != "e" else cells.OTHER
        )
        words += [id(dtype), id(recipe), dtype.itemsize, kind]
    return (ctypes.c_uint64 * (len(words) + 1))(*words, 0)


def _typed_scalar(number: Any, dtype: np.dtype[Any]) -> Scalar:
    return Scalar(dtype.type(number), dtype)


def _written(value: Value) -> None:
    """What a write does past `SOFT_EVENTS`."""
    evaluate([value])


def _replay_failed(_: Any) -> None:
    raise RuntimeError("compile: status 0 was required; a kernel gave another")


def _too_many(*_: Any) -> None:
    raise TypeError("a call: at most 79 arguments were required; more were given")
