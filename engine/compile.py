"""`engine.compile`: calls that are recorded once, and then done without their Python.

The first calls are ordinary. What they record is compared; where a replay is provably
the same, later calls with arguments of the same kinds are replayed. Otherwise calls
stay as they are, and `Compiled.report` says why, with the user's line.
"""

from __future__ import annotations

import functools
import threading
import types
from collections import OrderedDict
from collections.abc import Callable, Sequence, Set
from itertools import combinations
from operator import is_not
from typing import Any, overload

import numpy as np

from engine.arguments import (
    Taken,
    Unfit,
    check_fit,
    form_of,
    pattern_of,
    rebuilt,
    share_numpy,
    value_of,
    wrap_numpy,
)
from engine.array import Array
from engine.capture import Capture, Recording, Roots, mapped
from engine.config import config
from engine.execute import evaluate, flush
from engine.reach import Reach, Refused
from engine.record.runtime import RunTime, watchers
from engine.record.trace import current_trace, grad_enabled
from engine.replay import Entry, Replay, gathered
from engine.torch.dtypes import Default

NDArray = np.ndarray[Any, Any]

VARIANTS = 4
"""Recordings of one signature that are kept: for other states of what is read."""

TRIALS = 4
"""Recordings of one signature that may differ before it is refused."""


class Signature:
    """What is known of calls with arguments of the same kinds."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.previous: Recording | None = None
        self.refused: Refused | None = None
        self.reason: Refused | None = None
        self.trials = self.recorded = self.replayed = 0


class Call:
    """The arguments of one call."""

    def __init__(self, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.args, self.options = args, options
        self.taken = Taken(args, options)
        self.floats: list[float] = []
        self.given: list[Any] = []
        self.arrays: list[NDArray] = []
        for leaf in self.taken.leaves:
            if type(leaf) is float:
                self.floats.append(leaf)
            else:
                self.given.append(leaf)
                if type(leaf) is np.ndarray:
                    self.arrays.append(leaf)

    def forms(self) -> list[Any]:
        """What a recording depends on, of the arrays; None for NumPy's."""
        for one, other in combinations(self.arrays, 2):
            if np.may_share_memory(one, other):
                raise Unfit("two NumPy arrays share memory")
        if not all(x.dtype.kind in "biufc" and x.dtype.isnative for x in self.arrays):
            raise Unfit("a NumPy array has a dtype that Engine has not")
        return [None if type(x) is np.ndarray else form_of(x) for x in self.given]

    def handles(self, private: Set[int] | None) -> list[Any]:
        """The arrays; NumPy's as arrays of Engine, copies those that are `private`."""
        if not self.arrays:
            return list(self.given)
        return [
            wrap_numpy(x, private is None or k in private)
            if type(x) is np.ndarray
            else x
            for k, x in enumerate(self.given)
        ]

    def write_back(self, handles: Sequence[Array]) -> None:
        """Put what was written into NumPy's arrays."""
        if self.arrays:
            for x, handle in zip(self.given, handles, strict=False):
                line = handle._line
                if type(x) is np.ndarray and line is not None and line.storage.version:
                    x[...] = handle.computed()


class Compiled:
    """A function whose calls are replayed where that is provably the same.

    It is what `engine.compile` makes; call it like the function.
    """

    def __init__(self, function: Callable[..., Any], strict: bool, shapes: int) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._strict = strict
        self._shapes = shapes
        self._signatures: OrderedDict[Any, Signature] = OrderedDict()
        self._static: dict[Any, frozenset[int]] = {}
        self._agreed = False
        self._notes: dict[str, int] = {}
        self._lock = threading.Lock()
        code = getattr(function, "__code__", None)
        self._line = f"{code.co_filename}:{code.co_firstlineno}" if code else "?"
        self._name = getattr(function, "__name__", type(function).__name__)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __call__(self, *args: Any, **options: Any) -> Any:
        if config.tier == "numpy" or (watchers and id(current_trace()) in watchers):
            return self._function(*args, **options)
        call = Call(args, options)
        try:
            signature = self._signature(call)
            if signature.refused is None:
                for entry in signature.entries:
                    replay = _replay(entry, call)
                    if replay is not None:
                        signature.replayed += 1
                        return self._replayed(replay, call)
                return self._record(signature, call)
        except Unfit as unfit:
            self._notes[str(unfit)] = self._notes.get(str(unfit), 0) + 1
            return self._ordinary(call, share_numpy)
        self._complain(signature)
        return self._ordinary(call, _copied)

    def _signature(self, call: Call) -> Signature:
        """What is known of calls with such arguments."""
        key = (
            call.taken.key,
            *call.forms(),
            *(call.floats[k].hex() for k in self._static_floats(call)),
            grad_enabled(),
            config.tier,
            Default.dtype,
        )
        with self._lock:
            signature = self._signatures.get(key)
            if signature is None:
                signature = self._signatures[key] = Signature()
                if len(self._signatures) > self._shapes:
                    self._signatures.popitem(last=False)
            else:
                self._signatures.move_to_end(key)
        return signature

    def _static_floats(self, call: Call) -> Sequence[int]:
        """Which floats belong to the signature: Python looks at their values."""
        if not self._static:
            return ()
        return sorted(self._static.get(call.taken.key, ()))

    def _complain(self, signature: Signature) -> None:
        if self._strict and signature.refused is not None:
            reason, line = signature.refused.reason, signature.refused.line
            raise RuntimeError(
                f"compile: {self._name}: a call that can be replayed was required; "
                f"{reason}; at {line}"
            )

    # -- calls --------------------------------------------------------------------
    def _replayed(self, replay: Replay, call: Call) -> Any:
        result = replay.run([call.floats[k] for k in replay.entry.floats])
        call.write_back(replay.handles)
        return result

    def _ordinary(self, call: Call, wrap: Callable[[NDArray], Any]) -> Any:
        """Call the function, with NumPy's arrays as arrays of Engine."""
        if not call.arrays:
            return self._function(*call.args, **call.options)
        handles = _wrapped(call, wrap)
        try:
            return self._call(call, handles, call.floats)[0]
        finally:
            if wrap is _copied:
                call.write_back(handles)

    def _call(
        self, call: Call, handles: Sequence[Any], floats: Sequence[Any]
    ) -> tuple[Any, bool]:
        """Call the function on other leaves; and whether it changed a list or dict."""
        arrays, numbers = iter(handles), iter(floats)

        def replace(leaf: Any) -> Any:
            if type(leaf) is float:
                return next(numbers)
            if isinstance(leaf, Array) or type(leaf) is np.ndarray:
                return next(arrays)
            return leaf

        made: list[Any] = []
        args = rebuilt(call.args, replace, made)
        options = {k: rebuilt(x, replace, made) for k, x in call.options.items()}
        try:
            result = self._function(*args, **options)
        finally:
            changed = _carry_over(made)
        return result, changed

    def _record(self, signature: Signature, call: Call) -> Any:
        """An ordinary call, watched."""
        trace = current_trace()
        flush(trace)
        reach = Reach()
        try:
            reach.add(self._function, self._name, self._line)
            for thing in call.taken.objects:
                reach.add(thing, type(thing).__name__, self._line)
        except Refused as refused:
            self._refuse(signature, refused)
            self._complain(signature)
            return self._ordinary(call, _copied)
        for handle in reach.handles:
            assert handle.line is not None  # by which it is known again
        handles = call.handles(None)
        grads, cells = gathered(handles, reach.handles)
        everything = [*handles, *reach.handles, *grads]
        for handle in reach.handles:
            check_fit(handle)
        forms = grad_forms(cells)
        values = [value_of(handle) for handle in everything]
        evaluate(values)
        pattern = pattern_of(everything, values)
        capture = Capture(trace, reach)
        for value in values:
            capture.enter(value.buffer)
        del values, value
        static = self._static_floats(call)
        numbers = [
            x if k in static else capture.argument(x) for k, x in enumerate(call.floats)
        ]
        roots = Roots.of(everything, cells, self._line)
        mode = grad_enabled(), config.tier, Default.dtype
        recording = None
        try:
            with capture:
                result, changed = self._call(call, handles, numbers)
                try:
                    if changed:
                        raise Refused(
                            "it changes a list or dict it is given", self._line
                        )
                    if mode != (grad_enabled(), config.tier, Default.dtype):
                        raise Refused("it changes a setting of Engine", self._line)
                    recording = capture.finish(result, roots)
                except Refused as refused:
                    self._refuse(signature, refused)
        finally:
            call.write_back(handles)
        if capture.looks:
            self._look(call, capture, signature)
        elif recording is not None and self._agrees(signature, recording):
            arrays = [k for k, x in enumerate(call.given) if type(x) is np.ndarray]
            free = [k for k in range(len(call.floats)) if k not in static]
            count = len(roots.handles)
            entry = Entry(recording, reach, count, forms, pattern, arrays, free)
            signature.entries[:] = [entry, *signature.entries[: VARIANTS - 1]]
        self._complain(signature)
        return mapped(result, _plain)

    def _refuse(self, signature: Signature, refused: Refused) -> None:
        """Note why a call was not captured; for good, if it is so each time."""
        signature.trials += 1
        signature.reason = refused
        if refused.lasting or signature.trials >= TRIALS:
            signature.refused = refused

    def _look(self, call: Call, capture: Capture, signature: Signature) -> None:
        """Python has looked at numbers: arguments then belong to the signature."""
        found = set(self._static.get(call.taken.key, ()))
        places = iter(k for k in range(len(call.floats)) if k not in found)
        own = {id(x): k for k, x in zip(places, capture.arguments, strict=True)}
        for number, line in capture.looks.items():
            if number not in own:
                reason = "Python looks at a number of draws or steps"
                self._refuse(signature, Refused(reason, line))
                return
        found |= {own[number] for number in capture.looks}
        self._static[call.taken.key] = frozenset(found)

    def _agrees(self, signature: Signature, recording: Recording) -> bool:
        """Whether a recording may be replayed: the first one only when two agree."""
        signature.recorded += 1
        if signature.recorded > 16 and signature.replayed < 2 * signature.recorded:
            reason = "what it reads besides its arguments changes too often"
            self._refuse(signature, Refused(reason, self._line))
            return False
        if self._agreed:
            return True
        previous, signature.previous = signature.previous, recording
        if previous is None:
            return False
        difference = previous.difference(recording)
        if difference is not None:
            self._refuse(signature, Refused(*difference, lasting=False))
            return False
        signature.previous = None
        self._agreed = True
        return True

    # -- what is known --------------------------------------------------------------
    def report(self) -> str:
        """What became of the calls: for each signature, and why some are not captured.

        Examples
        --------
        >>> import engine
        >>> @engine.compile
        ... def double(x):
        ...     return x + x
        >>> for _ in range(4):
        ...     y = double(engine.ones(3))
        >>> print(double.report())
        double: 1 signature
          captured: 1 op in 1 part; replayed 2 times
        """
        signatures = list(self._signatures.values())
        lines = [f"{self._name}: {_counted(len(signatures), 'signature')}"]
        lines += [f"  {_told(signature)}" for signature in signatures]
        lines += [
            f"  not captured, {_counted(count, 'time')}: {reason}"
            for reason, count in self._notes.items()
        ]
        return "\n".join(lines)


def _told(signature: Signature) -> str:
    reason = signature.reason
    if signature.refused is not None or (reason and not signature.entries):
        return f"not captured: {reason}"
    if not signature.entries:
        return "not captured: two calls that record the same are needed"
    segments = signature.entries[0].recording.segments
    ops = sum(one.node.number + 1 - len(one.leaves) for one in segments)
    return (
        f"captured: {_counted(ops, 'op')} in {_counted(len(segments), 'part')}; "
        f"replayed {_counted(signature.replayed, 'time')}"
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _replay(entry: Entry, call: Call) -> Replay | None:
    """The replay of an entry; None where it does not hold."""
    if not entry.holds():
        return None
    reached, given = entry.reach.handles, call.handles(entry.private)
    grads, cells = gathered(given, reached)
    if grad_forms(cells) != entry.forms:
        return None
    for handle in reached:
        check_fit(handle)
    handles = [*given, *reached, *grads]
    values = [value_of(handle) for handle in handles]
    evaluate(values)
    if pattern_of(handles, values) != entry.pattern:
        return None
    return Replay(entry, handles, values, cells)


def grad_forms(cells: Sequence[Any]) -> tuple[Any, ...]:
    """The forms of the gradients of leaves; None for one that has none."""
    return tuple(None if cell.grad is None else form_of(cell.grad) for cell in cells)


def _copied(array: NDArray) -> Array:
    return wrap_numpy(array, private=True)


def _wrapped(call: Call, wrap: Callable[[NDArray], Any]) -> list[Any]:
    """The arrays of a call; one of NumPy that Engine cannot have stays as it is."""
    handles = []
    for x in call.given:
        if type(x) is np.ndarray:
            try:
                x = wrap(x)
            except (TypeError, ValueError):
                pass
        handles.append(x)
    return handles


def _plain(x: Any) -> Any:
    return x.value if type(x) is RunTime else x


def _carry_over(made: Sequence[tuple[Any, Any, Any]]) -> bool:
    """Let lists and dicts of the caller be as the call has left its own."""
    changed = False
    for original, passed, before in made:
        if len(passed) != len(before) or any(map(is_not, passed, before)):
            changed = True
            original.clear()
            (original.update if type(original) is dict else original.extend)(passed)
    return changed


@overload
def compile(
    function: Callable[..., Any], /, *, strict: bool = ..., shapes: int = ...
) -> Compiled: ...


@overload
def compile(
    *, strict: bool = ..., shapes: int = ...
) -> Callable[[Callable[..., Any]], Compiled]: ...


def compile(
    function: Callable[..., Any] | None = None,
    /,
    *,
    strict: bool = False,
    shapes: int = 64,
) -> Any:
    """Record calls of a function once, and do later ones without their Python.

    The function is called as it is until two calls have recorded the same; from then
    on, a call with arguments of the same kinds and shapes runs what was recorded, on
    its own arrays and numbers. A call that cannot be replayed is an ordinary call.

    Parameters
    ----------
    function : callable
        A function of arrays of either face, NumPy arrays, numbers, and nested lists,
        tuples and dicts of them. NumPy arrays reach it as arrays of `engine.numpy`;
        what it writes into them is written in the caller's.
    strict : bool
        Whether a function that cannot be replayed raises RuntimeError, with the
        reason and the line; otherwise `Compiled.report` gives them.
    shapes : int
        How many signatures are kept, the least recently used one being forgotten.

    Returns
    -------
    Compiled
        To be called like the function.

    Examples
    --------
    >>> import engine.numpy as np
    >>> import engine
    >>> @engine.compile
    ... def smooth(x, weight):
    ...     x[1:-1] += weight * (x[:-2] - 2 * x[1:-1] + x[2:])
    >>> x = np.array([0.0, 0.0, 8.0, 0.0, 0.0])
    >>> for weight in (0.25, 0.25, 0.5):
    ...     smooth(x, weight)
    >>> x
    array([0. , 2. , 2. , 2. , 0. ])
    """
    if function is None:
        return functools.partial(_compiled, strict=strict, shapes=shapes)
    return _compiled(function, strict, shapes)


def _compiled(function: Callable[..., Any], strict: bool, shapes: int) -> Compiled:
    if not callable(function):
        raise TypeError(
            f"compile: a function was required; {type(function).__name__} was given"
        )
    if shapes < 1:
        raise ValueError(f"compile: shapes >= 1 was required; {shapes} was given")
    return Compiled(function, strict, shapes)
