"""The native functions that Python calls, as machine code, and what they remember."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..cpu.target import forever, load_optimised
from . import (
    arguments,
    at_once,
    backward,
    calls,
    captured,
    casting,
    cold,
    draws,
    externals,
    flushing,
    frames,
    functions,
    growing,
    guarding,
    handles,
    indexing,
    interpreting,
    keys,
    language,
    leaving,
    lengths,
    lines,
    looking,
    macros,
    making,
    many,
    masking,
    matching,
    objects,
    operators,
    paths,
    python,
    reckoning,
    recording,
    recycling,
    regions,
    remembered,
    repeating,
    results,
    scalars,
    settling,
    slots,
    splicing,
    subscripts,
    threads,
    transposing,
    turning,
    ufuncs,
    viewing,
    walking,
    writing,
)
from .objects import FASTCALL, NONE, ONE

WORDS = (
    # objects of Python
    *("none", "true", "false", "zero", "ellipsis", "host"),
    *("attributes_name", "call_name", "out_name"),
    "interrupt",
    *("float_type", "int_type", "tuple_type", "list_type", "slice_type", "text_type"),
    *("complex_type", "bool_dtype", "float32", "float64", "complex128", "int64"),
    *("single_type", "double_type", "long_type", "array_type"),
    *("acquire_name", "release_name", "step_name", "tier_here"),
    *("numpy_name", "auto_name"),
    # classes and objects of the recorder
    *("value_type", "scalar_type", "recipe_type", "history_type"),
    *("storage_type", "line_type"),
    *("empty", "leaf_history", "faces", "cell_type", "freed", "freed_type"),
    *("tensor_type", "ndarray_type", "ndarray_base", "ufunc_op", "ufunc_called"),
    *("leaf_op", "view_op", "update_op", "full_op", "cast_op", "sequence", "loops"),
    *("iota_op", "multiply_op", "add_op", "power_op", "square_op"),
    *("matmul_op", "where_op"),
    *("known_steps", "picked", "powers", "codes", "few", "gathered", "of_float"),
    *("most_events", "soft_events", "shift_leaves", "no_shift", "no_owner", "end"),
    *("cold_type", "trace_type", "quiet_type", "here", "trace_name", "exception"),
    *("known_type", "trie", "config", "watchers", "pool_numbers", "counts", "passed"),
    # what Python does
    *("find_trace", "call_op", "written", "too_many", "failed", "grow"),
    "flush_trace",
    *("call_once", "user_line", "seen_type", "backward_name", "let_graph_go"),
    "typed_scalar",
    *("store_value", "update_in_place", "locate", "same_axes", "steps_of", "by_rank"),
    *("ufunc", "array_ufunc", "array_ufunc_plain", "ufuncs", "operands"),
    *("reference_name", "writing_ops", "own_array", "reductions"),
    # of compiled functions
    *("compiled_steady", "call_compiled", "replay_failed"),
    *("anything", "default", "dtype_name", "dict_name"),
    *("nested_type", "host_type", "dict_type", "owned"),
    # of nodes
    *("node_type", "node_numbers", "rule_name", "fails_late_name", "form", "common"),
    *("ranked", "found", "ends_iterations", "lines", "line_in"),
    *("large", "most_nodes", "most_common", "least_events"),
    # what NumPy does
    *("new_array", "copy_array", "copy_object", "from_scalar"),
    # what is remembered
    *("thread", "trace", "locks", "methods", "regions", "rows", "cells"),
    *("value_row", "history_row", "tensor_row", "ndarray_row"),
)
"""The words of the global block, see `language`."""

MODULES = (
    *(macros, recycling, matching, frames, threads, turning, recording, settling),
    *(
        interpreting,
        cold,
        flushing,
        handles,
        looking,
        casting,
        scalars,
        transposing,
        operators,
        writing,
        ufuncs,
        at_once,
    ),
    *(remembered, keys, indexing, regions, masking, subscripts, viewing, calls, slots),
    *(functions, splicing, repeating, walking, backward, many),
    *(lines, results, growing, paths),
    *(arguments, guarding, reckoning, leaving, lengths, making, captured, draws),
)

FUNCTIONS = (
    *("call_op", "call_ufunc", "array_ufunc", "called"),
    *("flush", "survey", "settle", "evaluate"),
    *("call_once", "record_again", "walk_again", "free_graph", "backward_again"),
    *("read_first", "renew_first", "forget_first", "values_again", "counted_again"),
    *("counted", "again", "played", "last_words", "interpreted"),
    *("events", "call_compiled", "fill_bits"),
)

KINDS = {
    "binary": ONE,
    "unary": NONE,
    "in_place": ONE,
    "getitem": ONE,
    "setitem": FASTCALL,
    "computed": NONE,
    "truth": NONE,
    "reduced": FASTCALL,
    "product": ONE,
    "power": FASTCALL,
    "viewed": FASTCALL,
}
"""Kinds of methods that differ only in their words, and how Python calls them."""

METHODS = {
    "binary": 64,
    "unary": 56,
    "in_place": 24,
    "getitem": 2,
    "setitem": 2,
    "computed": 2,
    "truth": 2,
    "reduced": 32,
    "product": 1,
    "power": 1,
    "viewed": 24,
    "operator": 24,
    "compare": 2,
    "assign": 2,
    "asked": 2,
}
"""How many methods of each kind there can be; the last are of `slots`."""

_METHOD = """
define i64 @native_{kind}_{k}(i64 %self, i64 %given{more}) {{
  %all = load i64, ptr {words}
  %own = add i64 %all, {offset}
  %result = tail call i64 @native_{kind}(i64 %self, i64 %given{more}, i64 %own)
  ret i64 %result
}}
"""
"""A function for each method, as the code of a method is not told which it is."""

ROWS = ("value_row", "history_row", "tensor_row", "ndarray_row")
"""The words that are addresses of rows, see `recycling`."""

_ROW = """
define i64 @native_alloc_{k}(i64 %class, i64 %items) {{
  %all = load i64, ptr {words}
  %row = add i64 %all, {offset}
  %made = tail call i64 @native_allocate(i64 %class, i64 %items, i64 %row)
  ret i64 %made
}}

define void @native_free_{k}(i64 %self) {{
  %all = load i64, ptr {words}
  %row = add i64 %all, {offset}
  %done = tail call i64 @native_free(i64 %self, i64 %row)
  ret void
}}
"""
"""Functions for each row, as CPython does not tell them which it is."""

_MORE = {
    "reduced": ", i64 %count, i64 %names",
    "power": ", i64 %count, i64 %names",
    "viewed": ", i64 %count, i64 %names",
    "compare": ", i64 %which",
    "assign": ", i64 %value",
}
"""What kinds of methods are told besides."""


def _names(kind: str) -> list[str]:
    return [f"{kind}_{k}" for k in range(METHODS[kind])]


def source(slots: Mapping[str, int]) -> str:
    """What native code is made of: it is another where anything of this is another."""
    modules = (language, externals, python, sys.modules[__name__], *MODULES)
    texts = [language.source_of(module)[0] for module in modules]
    return "\n".join([*texts, str(sorted(slots.items())), str(WORDS), str(METHODS)])


def text(slots: Mapping[str, int]) -> str:
    """LLVM text of everything."""
    sources = [language.source_of(module) for module in MODULES]
    parts = [language.compile_sources(sources, slots, WORDS, set(FUNCTIONS))]
    words = language.word_at(WORDS, "methods")
    offset = 0
    for kind in METHODS:
        for k in range(METHODS[kind]):
            more = _MORE.get(kind, "")
            parts.append(
                _METHOD.format(kind=kind, k=k, words=words, offset=offset, more=more)
            )
            offset += 32
    words = language.word_at(WORDS, "rows")
    for k in range(len(ROWS)):
        parts.append(_ROW.format(k=k, words=words, offset=k * recycling.ROW))
    return "".join(parts)


class Code:
    """Native functions in this process.

    Parameters
    ----------
    slots : mapping of str to int
        Where the fields of objects lie, see `objects.fields`.

    Attributes
    ----------
    addresses : dict of str to int
        Where each function is.
    """

    def __init__(self, slots: Mapping[str, int]) -> None:
        names = [*FUNCTIONS, *(name for kind in METHODS for name in _names(kind))]
        names += [f"{do}_{k}" for k in range(len(ROWS)) for do in ("alloc", "free")]
        first, *addresses = load_optimised(
            source(slots),
            lambda: text(slots),
            [language.STATE, *(language.PREFIX + name for name in names)],
        )
        self.addresses = dict(zip(names, addresses, strict=True))
        at = ctypes.CFUNCTYPE(ctypes.c_uint64)(first)()
        self._state = (ctypes.c_uint64 * len(WORDS)).from_address(at)
        self._methods = self._block("methods", 4 * sum(METHODS.values()))
        self._block("regions", remembered.ENTRY // 8 * (remembered.ENTRIES + 1))
        self._rows = self._block("rows", recycling.ROW // 8 * len(ROWS))
        for k, row in enumerate(ROWS):
            self.number(row, ctypes.addressof(self._rows) + k * recycling.ROW)
        self._used = dict.fromkeys(METHODS, 0)
        self.number("thread", 2**64 - 1)

    def _block(self, name: str, words: int) -> Any:
        """Words that begin with a line of a cache."""
        room = (ctypes.c_uint64 * (words + recycling.LINE // 8))()
        forever(room)
        skipped = -ctypes.addressof(room) % recycling.LINE
        block = (ctypes.c_uint64 * words).from_buffer(room, skipped)
        self.memory(name, block)
        return block

    def memory(self, name: str, block: Any) -> None:
        """Let a word of the global block be the address of an array of ctypes'."""
        forever(block)
        self.number(name, ctypes.addressof(block))

    def table(self, words: Iterable[int]) -> int:
        """The address of a new array of words, which lasts for ever."""
        numbers = tuple(words)
        made = (ctypes.c_uint64 * len(numbers))(*numbers)
        forever(made)
        return ctypes.addressof(made)

    def number(self, name: str, number: int) -> None:
        """Set a word of the global block."""
        self._state[WORDS.index(name)] = number

    def thing(self, name: str, thing: object) -> None:
        """Let a word of the global block be an object, for ever."""
        forever(thing)
        self.number(name, id(thing))

    def recycle(
        self, row: str, cls: type, make: Callable[[], Any], kept: Sequence[int]
    ) -> None:
        """Make objects of a class, in native code, of memory that was used before.

        `kept` are the places of the fields that stay as they are meanwhile.

        Raises
        ------
        objects.Unknown
            If objects of this class, made by ``make()``, are not as they should be.
        """
        k = ROWS.index(row)
        words = recycling.ROW // 8
        self._rows[k * words] = id(cls)
        forever(cls)
        places = objects.all_fields(make)
        if len(places) > recycling.MOST_FIELDS:
            raise objects.Unknown(f"{cls.__name__}: more fields than a row can have")
        at = k * words + recycling.WEAK // 8
        self._rows[at : at + 3 + len(places)] = [
            cls.__weakrefoffset__ % 2**64,
            len(places),
            len(kept),
            *(place for place in places if place not in kept),
            *kept,
        ]
        objects.use_for_type(cls, objects.DEALLOC, self.addresses[f"free_{k}"])
        objects.use_for_type(cls, objects.ALLOC, self.addresses[f"alloc_{k}"])

    def one(self, name: str) -> Any:
        """A function, for Python, that takes one thing."""
        return objects.function(name, self.addresses[name], ONE)

    def many(self, name: str) -> Any:
        """A function, for Python, that takes several things."""
        return objects.function(name, self.addresses[name], FASTCALL)

    def method(
        self, kind: str, op: object, python: object, face: type, last: int = 0
    ) -> tuple[int, int]:
        """The address of a new method of a kind, and that of its words."""
        forever(op)
        forever(python)
        return self.function(kind, id(op), id(python), id(face), last)

    def function(self, kind: str, *words: int) -> tuple[int, int]:
        """The address of a new function of a kind, and that of its words."""
        k = self._used[kind]
        self._used[kind] += 1
        kinds = list(METHODS)
        place = k + sum(METHODS[before] for before in kinds[: kinds.index(kind)])
        self._methods[4 * place : 4 * place + len(words)] = words
        at = ctypes.addressof(self._methods) + 32 * place
        return self.addresses[f"{kind}_{k}"], at
