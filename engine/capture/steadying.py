"""Which recordings native code replays, and how it is told.

They are what is simple: one stretch of native calls, arrays that share no memory, and
results that show memory of their own or of the arguments. Arrays may share memory
where none is written. All else is left to `Replay`, and so is a call that is not as it
was recorded.
"""

from __future__ import annotations

import gc
import itertools
import types
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from engine.capture.guards import MISSING, Guard, Name, Table, is_atom
from engine.capture.recording import Made
from engine.capture.sized import SizedPlan
from engine.capture.steady import Filled, Host, Nested, Steady
from engine.cold import ColdPlan
from engine.kernels.native.guarding import ABSENT, CELL, CLASS, EMPTY, FIELD, KEY
from engine.kernels.native.leaving import KEPT, NOTHING
from engine.kernels.native.runner import FIELDS
from engine.recipe import owned
from engine.record.runtime import CONVERSIONS, Kept
from engine.record.value import Freed
from engine.torch.once import FACES

if TYPE_CHECKING:
    from engine.capture.call import Call
    from engine.capture.numbers import Program
    from engine.capture.reach import Reach
    from engine.capture.replay import Entry, Step
    from engine.capture.specs import Effect, Spec

HELD = 200_000.0
"""Estimated nanoseconds of work for which other Python threads wait, if there are any.

Python's part of a replay, for which they wait as well, takes half as long; what takes
longer is not much quicker here.
"""


class Unsteady(Exception):
    """A recording that native code does not replay."""


def steady(entry: Entry, call: Call, settings: Sequence[Any]) -> Steady | None:
    """A recording for native code, which was just replayed for a call; or None."""
    try:
        return steady_of(entry, *described(call, entry), call, settings)
    except Unsteady:
        return None


def steady_of(
    entry: Entry,
    arguments: tuple[Any, ...],
    forms: tuple[Any, ...],
    call: Call,
    settings: Sequence[Any],
) -> Steady:
    """A recording for native code, whose arguments are `described`.

    Raises
    ------
    Unsteady
    """
    grad, tier, dtype, _ = settings
    recording = entry.recording
    plan, leaves, free, constants, buffers, step = _planned(entry)
    groups = _groups(entry)
    if entry.pattern and (entry.effects or any(free)):
        raise Unsteady
    program = entry.program
    reached = entry.reach.handles
    known = len(forms) + len(reached)
    roots = [x.root for x in entry.specs] + [x.root for x in entry.effects]
    if max(roots, default=NOTHING) >= known:
        raise Unsteady  # a gradient that was there is returned, or written
    lookups, tables = _guarded(entry.reach.guards)
    return Steady(
        *(tier, dtype, grad, tuple(call.options), arguments),
        tuple([(h, h._line, h.recipe, h.writeable) for h in reached]),
        *(lookups, tables, entry.forms, forms),
        *(plan, leaves, free, constants),
        tuple(step.scalars) if step is not None else (),
        program.scalars[0] if step is not None else (),
        program.table,
        program.arguments,
        tuple([_source(*one) for one in program.sources]),
        _steps(program),
        tuple([_effect(effect, entry, buffers) for effect in entry.effects]),
        tuple([_spec(spec, entry, buffers, groups) for spec in entry.specs]),
        tuple([_left(grad) for grad in recording.grads]),
        _result(entry.result, entry.reach),
        *(entry.counts, entry, step is not None and _work(step) > HELD, None),
        tuple(entry.pattern),
    )


# -- the plan --------------------------------------------------------------------
def _planned(entry: Entry) -> tuple[Any, ...]:
    """The plan, what comes in, and where the memory of slots is found then."""
    if not entry.steps:
        return None, (), b"", (), {}, None
    if len(entry.steps) != 1:
        raise Unsteady
    (step,) = entry.steps
    plan = step.plan
    if not isinstance(plan, (ColdPlan, SizedPlan)):
        raise Unsteady
    straight = plan.straight()
    if straight is None:
        raise Unsteady
    constants = [x for x in step.leaves if x in entry.recording.constants]
    leaves = [~constants.index(k) if k in constants else k for k in step.leaves]
    arrays = [entry.recording.constants[k] for k in constants]
    free = bytes([slot in step.overwritten for slot in step.leaves])
    nodes = entry.recording.segments[0].node.path()
    own = {number: nodes[number].shape for number, _ in step.outputs}
    if isinstance(plan, SizedPlan):
        own = plan.shapes()
    places = _buffers(straight[0], step)
    buffers = {slot: (places[slot], nodes[n].dtype, own[n]) for n, slot in step.outputs}
    return (
        (_holding(straight[0]), *straight[1:]),
        *(tuple(leaves), free, tuple(arrays)),
        *(buffers, step),
    )


def _work(step: Step) -> float:
    """Estimated nanoseconds that a plan takes."""
    plan = step.plan
    if isinstance(plan, SizedPlan):
        return plan.work
    if not isinstance(plan, ColdPlan) or plan.plan is None:
        raise Unsteady
    whole = plan.plan.whole()
    if whole is None:
        raise Unsteady
    return whole.segment.work


def _words(content: bytes) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.frombuffer(content, np.int64)


def _holding(content: bytes) -> bytes:
    """The bytes of a segment that does not let other Python threads run meanwhile."""
    words = _words(content).copy()
    words[FIELDS.index("release")] = 0
    return words.tobytes()


def _buffers(content: bytes, step: Step) -> dict[int, int]:
    """Where the memory of the slots is found that a segment computes."""
    words = _words(content)
    begin = int(words[FIELDS.index("results_at")]) // 8
    count = int(words[FIELDS.index("results")])
    pairs = words[begin : begin + 2 * count].reshape(-1, 2).tolist()
    found = {number: place for number, place in pairs}
    return {slot: found[number] for number, slot in step.outputs}


# -- arguments, and what is read besides -----------------------------------------
def described(call: Call, entry: Entry) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """What the arguments have to be, in order, and the forms of all arrays.

    Raises
    ------
    Unsteady
    """
    found: list[Any] = []
    forms = iter(call.forms())
    floats = itertools.count()

    def form(x: Any) -> Any:
        kind = type(x)
        if kind in FACES or kind is _ndarray():
            found.append(next(forms))
        elif kind is np.ndarray:
            if not (x.flags.c_contiguous and x.flags.aligned):
                raise Unsteady
            found.append(Host(x.dtype, next(forms), x.flags.writeable))
        elif kind is float:
            return float if next(floats) in entry.floats else x
        elif kind in (tuple, list):
            return Nested(kind, (), tuple(map(form, x)))
        elif kind is dict:
            if not all(map(is_atom, x)):
                raise Unsteady
            return Nested(kind, tuple(x), tuple(map(form, x.values())))
        elif x is float:
            raise Unsteady
        else:
            return x
        return found[-1]

    arguments = tuple(map(form, (*call.args, *call.options.values())))
    if next(forms, None) is not None:
        raise Unsteady
    return arguments, tuple(found)


def _ndarray() -> Any:
    from engine.numpy.handle import ndarray

    return ndarray


def _guarded(guards: Iterable[Guard]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    lookups: list[Any] = []
    tables: list[Any] = []
    for guard in guards:
        if isinstance(guard, Name):
            lookups.append(_lookup(guard))
        elif type(guard.container) is set and not guard.values:
            lookups.append((EMPTY, guard.container, None, None))
        else:
            tables.append(_table(guard))
    return tuple(lookups), tuple(tables)


def _lookup(guard: Name) -> tuple[int, Any, Any, Any]:
    """How native code finds what a name leads to."""
    get = guard.get
    if not isinstance(get, partial):
        raise Unsteady
    holder = getattr(get.func, "__self__", None)
    if type(holder) is dict and get.func == holder.get:
        missing = guard.value is MISSING
        return ABSENT if missing else KEY, holder, get.args[0], guard.value
    if get.func is type:
        return CLASS, get.args[0], None, guard.value
    if type(get.args[0]) is types.CellType:
        cell = get.args[0]
        if guard.value is MISSING:  # nothing is in it
            raise Unsteady
        return CELL, cell, None, guard.value
    if get.func is getattr:
        thing, name = get.args[:2]
        if (type(thing), name) in _FIELDS:
            return FIELD, thing, name, guard.value
        if type(thing) is types.ModuleType and guard.value is not MISSING:
            return KEY, vars(thing), name, guard.value
    raise Unsteady


_FIELDS = frozenset(
    (
        (types.FunctionType, "__code__"),
        (types.FunctionType, "__defaults__"),
        (types.FunctionType, "__kwdefaults__"),
        (type, "__mro__"),
    )
)
"""Attributes that C has as fields: to read them runs no Python code."""


def _table(guard: Table) -> tuple[Any, ...]:
    """A container as native code compares it."""
    container: Any = guard.container
    if type(container) is types.MappingProxyType:
        (container,) = gc.get_referents(container)  # the dict of a class
    if type(container) is list and guard.keys is None:
        return container, (), tuple(guard.values)
    if type(container) is dict and guard.keys is not None:
        return container, tuple(guard.keys), tuple(guard.values)
    raise Unsteady


# -- numbers ---------------------------------------------------------------------
def _source(place: int, source: Callable[[], Any]) -> tuple[int, int, Any, Any, bool]:
    if not isinstance(source, Kept) or type(source.holder) is not dict:
        raise Unsteady
    return source.more, place, source.holder, source.key, source.before


def _steps(program: Program) -> tuple[Any, ...]:
    """The steps to numbers that the plan gets; all are by functions of C."""
    steps: list[Any] = []
    converted: set[int] = set()
    if program.results:
        raise Unsteady
    for place, function, operands in program.steps:
        if not converted.isdisjoint(operands) or not 1 <= len(operands) <= 3:
            raise Unsteady
        if function in CONVERSIONS:
            converted.add(place)
            steps.append((place, None, *operands[:2]))
        elif _is_arithmetic(function) and len(operands) <= 2:
            steps.append((place, function, *operands, *[NOTHING] * (2 - len(operands))))
        else:
            raise Unsteady
    return tuple(steps)


def _is_arithmetic(function: Any) -> bool:
    """Whether a function of C computes with numbers."""
    known = type(function) is types.BuiltinFunctionType
    return known and function.__module__ in ("_operator", "math")


# -- what a call leaves ----------------------------------------------------------
Buffers: TypeAlias = dict[int, tuple[int, np.dtype[Any], tuple[int, ...]]]
"""For slots that are computed where their memory is found, its dtype and shape."""


def _effect(effect: Effect, entry: Entry, buffers: Buffers) -> Filled:
    """An array that is written."""
    place, *form = buffers.get(effect.slot, (NOTHING,))
    if effect.synced != (effect.root,) or form != [effect.dtype, effect.shape]:
        raise Unsteady
    layout = owned(effect.dtype, effect.shape)
    what = (effect.dtype, effect.shape, layout)
    face = np.ndarray if effect.root in entry.private else None
    if face is not None and prod(effect.shape) == 1:
        raise Unsteady  # of which NumPy does not say how many bytes it has
    return Filled(effect.root, place, *what, effect.leaf, face)


def _groups(entry: Entry) -> list[int]:
    """The pieces of memory that several new arrays show, or views alone."""
    return [*{x.group[0]: None for x in entry.specs if x.group[0] >= 0}]


def _spec(spec: Spec, entry: Entry, buffers: Buffers, groups: list[int]) -> Filled:
    """A handle that is made, or one that was there before."""
    if not entry.private.isdisjoint((spec.root, spec.slot)):
        raise Unsteady  # a copy of an array of NumPy's that was written
    if spec.kind == "root":
        return Filled(spec.root)
    form = (spec.face, spec.scalar, spec.writeable)
    if spec.recipe is None or spec.face not in (FACES[0], _ndarray()):
        raise Unsteady
    if spec.kind == "view":
        shown = Filled(NOTHING, NOTHING, None, (), None, None, *form)
        line = -2 - spec.root
        return shown._replace(line=line, base=spec.base, recipe=spec.recipe)
    if spec.kind != "fresh" or spec.slot not in buffers:
        raise Unsteady
    place, dtype, shape = buffers[spec.slot]
    whole = owned(dtype, shape)
    past = None if spec.freed is None else Freed(spec.freed)
    made = Filled(NOTHING, place, dtype, shape, whole, past, *form)
    alone = _is_alone(spec, entry)
    if alone and spec.recipe == whole:
        return made
    if spec.freed is not None:
        raise Unsteady
    if alone and spec.group[0] < 0:  # its axes lie in another order
        return made._replace(recipe=spec.recipe)
    if not _is_of_one_line(spec, entry):
        raise Unsteady
    line = groups.index(spec.group[0])
    return made._replace(line=line, base=spec.base, recipe=spec.recipe)


def _is_alone(spec: Spec, entry: Entry) -> bool:
    """Whether a new array shares its memory with no other."""
    slots = [*[x.slot for x in entry.specs], *[x.slot for x in entry.effects]]
    owners = [x.group[0] for x in entry.specs if x.group[0] >= 0]
    memory = spec.group[0]
    own = memory < 0 or owners.count(memory) == 1
    return own and spec.base < 0 and slots.count(spec.slot) == 1


def _is_of_one_line(spec: Spec, entry: Entry) -> bool:
    """Whether all arrays that show the memory of one share a line with it."""
    if spec.group[0] < 0 or spec.slot in [x.slot for x in entry.effects]:
        return False
    return all(
        [
            (x.slot == spec.slot) == (x.group[0] == spec.group[0])
            and (x.group[0] != spec.group[0] or x.group == spec.group)
            for x in entry.specs
            if x.kind == "fresh"
        ]
    )


def _left(grad: Any) -> int:
    if grad == "kept":
        return KEPT
    return NOTHING if grad is None else int(grad)


def _result(result: Any, reach: Reach) -> Any:
    """What is returned: the number of a spec, a container of such, or an atom."""
    kind = type(result)
    if kind in (tuple, list, dict):
        if reach.knows(result):
            raise Unsteady  # it is the same one each time
        items = result.values() if kind is dict else result
        keys = tuple(result) if kind is dict else ()
        return Nested(kind, keys, tuple([_result(item, reach) for item in items]))
    if kind is Made and result.kind == "handle":
        return result.number
    if kind in (type(None), bool, float, str):
        return result
    if kind is int:
        return Nested(int, (result,), ())
    raise Unsteady
