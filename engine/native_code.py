"""The native recorder: native code in place of methods, where this Python can have it.

The code is `engine.kernels.native`. The Python methods stay: they say what it means,
and do all that it leaves to them. `engine.native` says when it is loaded.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import struct
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from engine import interpret, many, steps
from engine.array import Array
from engine.config import Config
from engine.execute import Native, use_native
from engine.kernels import memory, philox
from engine.kernels.cpu import target
from engine.kernels.native import entries, objects, slots
from engine.kernels.native.entries import KINDS, Code
from engine.kernels.native.objects import FASTCALL, Unknown, fields
from engine.native import NumPy
from engine.native_things import fill
from engine.ops.op import Op
from engine.record import frames, splice
from engine.record.forms import FORMS
from engine.record.node import LEAF, Known, Node
from engine.record.registry import REGISTRY
from engine.record.trace import Trace
from engine.record.trie import Trie
from engine.record.value import (
    History,
    Value,
)
from engine.rewalk import Seen
from engine.storage import GradCell, Line, Storage
from engine.torch.once import Once

REDUCTIONS = frozenset(
    (
        *("sum", "prod", "max", "min", "amax", "amin", "any", "all"),
        *("argmax", "argmin", "mean", "var", "std", "cumsum", "cumprod"),
    )
)
"""Methods whose events depend on the layout of the array, and on axes, alone."""

VIEWS = frozenset(
    (
        *("reshape", "ravel", "transpose", "swapaxes", "squeeze"),
        *("view", "permute", "flatten", "unsqueeze", "t"),
    )
)
"""Methods that show the same memory, by a recipe and integers alone, or copy it."""

PARTS = ("real", "imag")
"""Properties of the NumPy face that show part of the memory of complex numbers."""

OPERATORS = (("__matmul__", "product", "matmul"), ("__pow__", "power", "power"))
"""Operators of the NumPy face that native code does in ways of their own."""

FAILURES = (
    *(target.MissingSymbol, Unknown, OSError, RuntimeError, struct.error),
    ValueError,  # of a source that cannot be read: there may be byte code alone
)
"""What is raised where native code cannot be had."""

_code: Code | None = None
_reason = "it was not started"
_tables: list[tuple[Callable[[Any], None], Any]] = []
"""Native functions that others call, and what takes them, or None for Python's own."""

_methods: list[tuple[Any, str, Any, Any]] = []
"""What was replaced: class, name, Python's method, native code."""

_slots_used: list[tuple[int, int]] = []
"""What of classes calls native code at once: a place, and the address of the code."""


def recorder() -> tuple[str, str]:
    """Which recorder runs, ``"native"`` or ``"python"``, and why."""
    return ("native" if _code is not None else "python"), _reason


@cache
def name_in_cache(face: type[Array]) -> str | None:
    """What the disk cache has native code as; None where there can be none."""
    if objects.unsupported() is not None:
        return None
    try:
        return target.name_in_cache(entries.source(slots_of(face)))
    except FAILURES:
        return None


def start(face: type[Array]) -> None:
    """Use native code for ops, and for the methods of the PyTorch face."""
    global _code, _reason
    missing = objects.unsupported()
    if os.environ.get("ENGINE_RECORDER") == "python":
        _reason = "ENGINE_RECORDER=python"
        return
    if missing is not None:
        _reason = missing
        return
    try:
        code = Code(slots_of(face))
    except FAILURES as error:
        _reason = f"{type(error).__name__}: {error}"
        return
    fill(code)
    code.thing("tensor_type", face)
    _recycle(code, "value_row", _value, ("dtype", "shape", "layout", "device"))
    _recycle(code, "history_row", _history)
    _recycle(code, "tensor_row", lambda: face.wrap(_value()), KEPT)
    _code, _reason = code, "the default"
    _use_functions(code)
    _replace(Op, "__call__", code.addresses["call_op"], FASTCALL)
    _replace(Once, "__call__", code.addresses["call_once"], FASTCALL)
    _join(code, face, ("dim", "keepdim"))


def _use_functions(code: Code) -> None:
    """Use native code for what is neither a method nor an op."""
    _use(
        use_native,
        Native(
            code.one("flush"),
            code.one("survey"),
            code.many("settle"),
            code.one("evaluate"),
        ),
    )
    _use(
        interpret.use_native,
        interpret.Native(code.many("last_words"), code.many("interpreted")),
    )
    _use(frames.use_native, code.one("events"))
    _use(philox.use_native, code.many("fill_bits"))
    _use(steps.use_native, code.many("played"))
    names = "record_again", "walk_again", "free_graph", "backward_again"
    _use(splice.use_native, splice.Native(*map(code.many, names)))
    _use(
        many.use_native,
        many.Native(
            code.one("read_first"),
            code.many("renew_first"),
            code.one("forget_first"),
            code.many("values_again"),
            code.many("counted_again"),
        ),
    )


def use(which: str) -> None:
    """Let the ``"native"`` or the ``"python"`` recorder record from now on."""
    if which == "native" and _code is None:
        raise RuntimeError(
            f"use: a native recorder was required; there is none: {_reason}"
        )
    for take, functions in _tables:
        take(functions if which == "native" else None)
    for cls, name, python, native in _methods:
        setattr(cls, name, native if which == "native" else python)
    if which == "native":
        for place, address in _slots_used:
            objects.write_word(place, address)


def _use(take: Callable[[Any], None], functions: Any) -> None:
    """Let native functions be used from now on, as long as native code is."""
    _tables.append((take, functions))
    take(functions)


def _value() -> Value:
    return Value(np.dtype(bool), ())


def _history() -> History:
    return History(LEAF, (), ())


KEPT = ("scalar", "writeable")
"""What most handles have in common."""


def _recycle(
    code: Code, row: str, make: Callable[[], Any], kept: Sequence[str] = ()
) -> None:
    """Let objects that die be used again, where that can be done here.

    The fields `kept` stay as they are meanwhile.
    """
    with contextlib.suppress(Unknown):  # it takes longer, that is all
        places = fields("its", make, *kept).values()
        code.recycle(row, type(make()), make, [*places])


def slots_of(face: type[Array]) -> dict[str, int]:
    """Where the fields lie that native code looks at."""

    def node() -> Node:
        return Node(LEAF, (), (), (), np.dtype(bool), (), None, "")

    def storage() -> Storage:
        return Storage(_value())

    return {
        **objects.header(),
        **objects.slice_fields(),
        **objects.cell_fields(),
        **objects.sequences(),
        **objects.integers(),
        **objects.arrays(),
        "buffer_data": memory.DATA,
        **fields("value", _value, *Value.__slots__[1:]),
        **fields("node", node, *Node.__slots__),
        **fields("trace", lambda: Trace(None), *Trace.__slots__),  # type: ignore[arg-type]
        **fields("trie", Trie, *Trie.__slots__),
        **fields("known", lambda: Known(None), *Known.__slots__),
        **fields("quiet", lambda: memory.Quiet(None), *memory.Quiet.__slots__),  # type: ignore[arg-type]
        **fields("config", Config, *Config.__slots__),
        **fields("seen", Seen, *Seen.__slots__),
        **fields("history", _history, *History.__slots__),
        **fields("storage", storage, *Storage.__slots__[1:]),
        **fields("cell", lambda: GradCell(None, face), *GradCell.__slots__[1:]),  # type: ignore[arg-type]
        **fields("line", lambda: Line(storage(), _value()), *Line.__slots__),
        **fields("array", lambda: face.wrap(_value()), *Array.__slots__[1:]),
    }


def _documented(name: str, python: Any) -> str:
    """A docstring that tells `inspect` the signature, where users look for one."""
    text = python.__doc__ or ""
    if name.startswith("_"):
        return text
    given = inspect.signature(python)
    bare = [x.replace(annotation=x.empty) for x in given.parameters.values()]
    bare[0] = bare[0].replace(kind=inspect.Parameter.POSITIONAL_ONLY)
    signature = inspect.Signature(bare)
    return f"{name}{str(signature).replace('(self', '($self')}\n--\n\n{text}"


def _replace(cls: Any, name: str, address: int, flags: int) -> None:
    python = getattr(cls, name)
    made = objects.method(cls, name, address, flags, _documented(name, python))
    _methods.append((cls, name, python, made))
    setattr(cls, name, made)


def _join(code: Code, face: Any, axes: tuple[str, str]) -> None:
    """Use native code for the methods of a face that have a form, and subscripts.

    `axes` is what the face calls the axes of reductions, and whether they are kept.
    """
    found: dict[str, Any] = {}
    made: dict[str, tuple[int, int]] = {}
    for cls in reversed(face.__mro__):
        found.update({n: x for n, x in vars(cls).items() if callable(x)})
    words = 0
    for name in ("__getitem__", "__setitem__"):
        kind = name.strip("_")
        made[name] = code.method(kind, None, found[name], face, words)
        _replace(face, name, made[name][0], KINDS[kind])
        words = made[name][1]
    address, words = code.method("computed", None, found["computed"], face)
    _replace(face, "computed", address, KINDS["computed"])
    made["__bool__"] = code.method("truth", None, found["__bool__"], face, words)
    _replace(face, "__bool__", made["__bool__"][0], KINDS["truth"])
    for name in REDUCTIONS & found.keys():
        address, _ = code.method("reduced", axes, found[name], face)
        _replace(face, name, address, KINDS["reduced"])
    for name in VIEWS & found.keys():
        address, _ = code.method("viewed", None, found[name], face)
        _replace(face, name, address, KINDS["viewed"])
    for name, python in found.items():
        form = FORMS.get(python)
        if form is not None and (name[:2] == "__" or form.operands == 1):
            kind = "binary" if form.operands == 2 else "unary"
            kind = "in_place" if form.in_place else kind
            op = REGISTRY[form.op]
            made[name] = code.method(kind, op, python, face, int(form.reflected))
            _replace(face, name, made[name][0], KINDS[kind])
    _use_slots(code, face, made)


def _use_slots(code: Code, face: type, made: dict[str, tuple[int, int]]) -> None:
    """Let operators and subscripts call native methods without looking them up."""
    for name, number in slots.OPERATORS.items():
        both = f"__{name}__", f"__r{name}__"
        if made.keys() >= set(both):
            forward, reflected = (made[one][1] for one in both)
            _use_slot(face, number, code.function("operator", forward, reflected)[0])
    for name, number in slots.SINGLE.items():
        if name in made:
            _use_slot(face, number, made[name][0])
    names = [f"__{name}__" for name in slots.COMPARISONS]
    if made.keys() >= set(names):
        table = code.table(made[name][1] for name in names)
        _use_slot(face, slots.COMPARE, code.function("compare", table)[0])
    _use_slot(face, slots.BOOL, code.function("asked", made["__bool__"][1])[0])
    with contextlib.suppress(Unknown):
        old = objects.word(objects.place_in_type(face, slots.ASSIGN))
        assign, _ = code.function("assign", made["__setitem__"][1], old)
        _use_slot(face, slots.ASSIGN, assign)


def _use_slot(cls: type, number: int, address: int) -> None:
    """Let a function of a class be native code; CPython's own does it, too."""
    with contextlib.suppress(Unknown):
        place = objects.place_in_type(cls, number)
        objects.write_word(place, address)
        _slots_used.append((place, address))


def join_numpy(face: type[Array], ufunc: Any, functions: NumPy) -> None:
    """Use native code for the methods of the NumPy face, and for its functions."""
    code = _code
    if code is None:
        return
    at = fields("array", lambda: face.wrap(_value()), "_base")
    own = fields("ufunc", lambda: ufunc("exp"), "op")
    code.number("ndarray_base", at["array_base"])
    code.number("ufunc_op", own["ufunc_op"])
    code.thing("ndarray_type", face)
    _recycle(code, "ndarray_row", lambda: face.wrap(_value()), KEPT)
    code.thing("ufunc", ufunc.__call__)
    code.thing("array_ufunc", face.__array_ufunc__)  # type: ignore[attr-defined]
    code.thing("array_ufunc_plain", functions.call_ufunc)
    code.thing("update_in_place", functions.update_in_place)
    code.thing("locate", functions.locate)
    code.thing("known_steps", functions.steps)
    code.thing("picked", functions.picked)
    code.thing("powers", functions.powers)
    code.number("few", functions.few)
    code.thing("gathered", functions.gathered)
    code.thing("of_float", functions.of_float)
    _use(functions.take, (code.many("counted"), code.many("again")))
    ops = {getattr(np, name, None): op for name, op in REGISTRY.items()}
    code.thing("ufuncs", {f: op for f, op in ops.items() if isinstance(f, np.ufunc)})
    _replace(ufunc, "__call__", code.addresses["call_ufunc"], FASTCALL)
    with contextlib.suppress(Unknown):
        old = objects.word(objects.place_in_type(ufunc, slots.CALL))
        code.number("ufunc_called", old)
        _use_slot(ufunc, slots.CALL, code.addresses["called"])
    _replace(face, "__array_ufunc__", code.addresses["array_ufunc"], FASTCALL)
    for name, kind, op in OPERATORS:
        address, _ = code.method(kind, REGISTRY[op], getattr(face, name), face)
        _replace(face, name, address, KINDS[kind])
    _join(code, face, ("axis", "keepdims"))
    _use_property(face, "T", face.transpose)  # type: ignore[attr-defined]
    for name in PARTS:
        get = inspect.getattr_static(face, name).fget
        address, _ = code.method("viewed", None, get, face)
        text = get.__doc__ or ""
        shows = objects.method(face, name, address, KINDS["viewed"], text)
        _use_property(face, name, shows)


def join_compiled(
    cls: Any, steady: str, nested: type, host: type, anything: object
) -> None:
    """Use native code for the calls of compiled functions that it can replay."""
    code = _code
    if code is None:
        return
    at = fields("compiled", lambda: cls(len, False, 1), steady)
    code.number("compiled_steady", at[f"compiled_{steady}"])
    code.thing("call_compiled", cls.__call__)
    code.thing("nested_type", nested)
    code.thing("host_type", host)
    code.thing("anything", anything)
    _replace(cls, "__call__", code.addresses["call_compiled"], FASTCALL)


def _use_property(face: Any, name: str, get: Any) -> None:
    """Let native code make what a property shows."""
    python = inspect.getattr_static(face, name)
    made = property(get, python.fset, doc=python.__doc__)
    _methods.append((face, name, python, made))
    setattr(face, name, made)
