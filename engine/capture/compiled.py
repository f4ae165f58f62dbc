"""What `engine.compile` makes: calls that are recorded once, and then replayed.

The first calls are ordinary. What they record is compared; where a replay is provably
the same, later calls with arguments of the same kinds are replayed. Otherwise calls
stay as they are, and `Compiled.report` says why, with the user's line.
"""

from __future__ import annotations

import copy
import functools
import types
from collections import OrderedDict
from collections.abc import Callable
from time import perf_counter
from typing import Any

from engine.capture.arguments import (
    Unfit,
    check_fit,
    pattern_of,
    separated,
    share_numpy,
    value_of,
)
from engine.capture.attempt import attempt, grad_forms, settings
from engine.capture.call import Call, copied
from engine.capture.code import GENERATORS, line_of
from engine.capture.effects import Refused
from engine.capture.family import Family
from engine.capture.guards import ANY
from engine.capture.reach import PARTS, Reach
from engine.capture.recording import Recording
from engine.capture.replay import Entry, Left, Replay, gathered
from engine.capture.rest import Rest
from engine.capture.signature import Signature, counted, told
from engine.capture.sized import Sized
from engine.capture.steady import Host, Nested, Steady
from engine.capture.steadying import steady
from engine.capture.stretching import stretched
from engine.config import config
from engine.execute import done_at_once, flush
from engine.kernels.locks import new_lock
from engine.native import join_compiled
from engine.record.trace import current_trace
from engine.record.watchers import watchers

CHANGES = 16
"""Recordings of one signature after which there must be two replays for each."""

PATIENCE = 128
"""So many calls may be in vain before a function has a rest, or twice its `shapes`."""

CROWDED = 8
"""For so many new signatures, times `shapes`, none is recorded where it is in vain."""


STEADY = 16
"""Recordings that native code replays: each call looks through them."""

AGAIN = 64
"""After so many replays by Python, or less at first, it is looked again whether native
code could do them: plans become native when their kernels are compiled."""

PYTHON = 1.5e-5
"""Seconds that a replay takes longer by Python, at least."""

MISSES = 64
"""So often native code may leave a recording to Python, past half of all times."""

_choosing = new_lock()
"""Held while the signatures of a function are looked through."""


class Compiled:
    """A function whose calls are replayed where that is provably the same.

    It is what `engine.compile` makes; call it like the function.

    Attributes
    ----------
    steady : tuple of Steady
        The recordings that native code replays, the latest first.
    """

    __slots__ = ("__dict__", "__weakref__", "steady")

    def __init__(self, function: Callable[..., Any], strict: bool, shapes: int) -> None:
        functools.update_wrapper(self, function)
        self.steady: tuple[Steady, ...] = ()
        self._function = function
        self._strict = strict
        self._shapes = shapes
        self._signatures: OrderedDict[Any, Signature] = OrderedDict()
        self._families: dict[Any, Family] = {}
        self._static: dict[Any, frozenset[int]] = {}
        self._rest = Rest(max(PATIENCE, 2 * shapes))
        self._vain = 0  # signatures that were forgotten before they recurred
        self._agreed = False
        self._notes: dict[str, int] = {}
        self._name = getattr(function, "__name__", type(function).__name__)
        code = getattr(function, "__code__", None)
        self._line = self._name if code is None else line_of(code)
        # What a generator writes, it writes when the call is over.
        lasts = code is not None and code.co_flags & GENERATORS
        self._wrap = share_numpy if lasts else copied

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __deepcopy__(self, memo: Any) -> Any:
        copied = copy.deepcopy(self._function, memo)  # a function is its own copy
        if copied is self._function:
            return self
        return Compiled(copied, self._strict, self._shapes)

    def __reduce__(self) -> Any:
        name = vars(self).get("__qualname__")
        if name is None:  # of an object that can be called, such as a module
            return Compiled, (self._function, self._strict, self._shapes)
        return str(name)  # found by its name, as a function is

    def __call__(self, *args: Any, **options: Any) -> Any:
        trace = current_trace()
        if config.tier == "numpy" or trace.loud or id(trace) in watchers:
            return self._function(*args, **options)
        if self._rest.takes(args, options):
            return self._function(*args, **options)
        call = Call(args, options)
        try:
            return self._called(call)
        finally:
            if call.replayed:
                self._rest.gained()
            elif not (self._strict or call.teaches()):
                self._rest.lost()

    def _called(self, call: Call) -> Any:
        """What a call returns, however that is computed."""
        try:
            if call.taken.nested:
                raise Unfit("a list or dict is there twice among its arguments")
            signature = self._signature(call)
            if signature.pace.is_on_trial() and not self._strict:
                return self._timed(signature, call)
            if not signature.refused and not signature.pace.is_slow:
                start = perf_counter()
                for entry in signature.known():
                    replay = _replay(entry, call)
                    if replay is not None:
                        if entry not in signature.entries:
                            signature.keep(entry)
                        result = self._replayed(signature, replay, call)
                        signature.pace.replayed(perf_counter() - start)
                        return result
                return self._record(signature, call)
        except Unfit as unfit:
            self._note(str(unfit))
            start = perf_counter()
            result = call.ordinary(self._function, share_numpy)
            if call.family is not None:
                call.family.waited(perf_counter() - start)
            return result
        self._complain(signature)
        return call.ordinary(self._function, self._wrap)

    def _timed(self, signature: Signature, call: Call) -> Any:
        """An ordinary call, and what it takes until all is computed."""
        trace = current_trace()
        flush(trace)
        start = perf_counter()
        result = call.ordinary(self._function, self._wrap)
        flush(trace)
        signature.pace.called(perf_counter() - start)
        return result

    def _signature(self, call: Call) -> Signature:
        """What is known of calls with such arguments."""
        static = self._static.get(call.taken.key, ()) if self._static else ()
        rest = (*(call.floats[k].hex() for k in sorted(static)), *settings())
        forms = call.forms()
        key = (call.taken.key, *forms, *rest)
        with _choosing:
            signature = self._signatures.get(key)
            if signature is not None:
                self._signatures.move_to_end(key)
                return signature
            sizes = call.sizes(forms)
            family: Family | None = None
            extents: tuple[int, ...] = ()
            if sizes is not None:
                extents = sizes.extents
                family = self._family((call.taken.key, *sizes.key, *rest))
                call.family = family
            signature = Signature(family, extents)
            entry = None if family is None else family.entry(extents)
            if entry is not None:
                signature.entries = [entry]
            elif self._vain > self._shapes and not (family and family.grants()):
                self._passed_over()
            self._signatures[key] = signature
            if len(self._signatures) > self._shapes:
                _, forgotten = self._signatures.popitem(last=False)
                self._vain += forgotten.replays() == 0
        return signature

    def _family(self, key: Any) -> Family:
        """The family of calls that differ in extents alone."""
        family = self._families.get(key)
        if family is None:
            if len(self._families) >= self._shapes:
                self._families.pop(next(iter(self._families)))
            family = self._families[key] = Family()
        return family

    def _passed_over(self) -> None:
        """Leave a call as it is: its recording would be forgotten before it recurs.

        Now and then some are recorded again, since programs change.
        """
        self._vain += 1
        if self._vain > CROWDED * self._shapes:
            self._vain = 0
        raise Unfit(f"more than shapes={self._shapes} signatures come in turn")

    def _replayed(self, signature: Signature, replay: Replay, call: Call) -> Any:
        ready = False
        try:
            replay.claim()
            ready = replay.prepare(call.floats)
            if ready:
                signature.replayed += 1
                result = replay.run()
                call.replayed = True
                try:
                    self._steadied(signature, replay.entry, call)
                except Exception as error:  # the call is done, and its result waits
                    self._note(f"native code: {type(error).__name__}: {error}")
                return result
        except Left:
            ready = False
        finally:
            replay.settle()
            if ready:
                call.write_back(replay.handles)
        # An ordinary call fails where it does, after what comes before.
        return call.ordinary(self._function, self._wrap)

    def _steadied(self, signature: Signature, entry: Entry, call: Call) -> None:
        """Let native code replay an entry that Python has replayed some times."""
        done_at_once()
        entry.replays += 1
        family = signature.family
        for one in () if family is None else family.sized:
            if not any([one.makes(step.plan) for step in entry.steps]):
                continue
            if one.is_due():
                longer = stretched(one, signature.extents, call, settings())
                if longer is not None:
                    self._keep_steady(one.counts, longer)
            if any([x.counts is one.counts for x in self.steady]):
                return
        if entry.replays < entry.due:
            return
        more = min(entry.due, AGAIN)
        entry.due += more
        made = steady(entry, call, settings()) if _is_of_use(entry) else None
        if made is None:
            for step in entry.steps:
                step.plan.waited(more * PYTHON)
        self._keep_steady(entry.counts, made)

    def _note(self, reason: str) -> None:
        """Count a reason, for the report."""
        self._notes[reason] = self._notes.get(reason, 0) + 1

    def _drop_outdated(self) -> None:
        """Let native code forget recordings of any extents that families gave up."""
        sized = [one for family in [*self._families.values()] for one in family.sized]
        counts = {id(one.counts) for one in sized}
        self.steady = tuple(
            [x for x in self.steady if x.stretch is None or id(x.counts) in counts]
        )

    def _keep_steady(self, counts: Any, made: Steady | None) -> None:
        """Let the recording that has these counts be what native code tries first."""
        kept = [x for x in self.steady if x.counts is not counts]
        if made is not None:
            kept.insert(0, made)
        if len(kept) > STEADY:  # one for a single shape does for fewer calls
            single = [k for k, x in enumerate(kept) if x.stretch is None and k > 0]
            del kept[single[-1] if single else -1]
        self.steady = tuple(kept)

    def _record(self, signature: Signature, call: Call) -> Any:
        """An ordinary call, watched where it may be replayed one day."""
        static = self._static.get(call.taken.key, frozenset())
        reach = Reach()
        try:
            reach.add(self._function, self._name, self._line)
            for thing in call.taken.objects:
                reach.add(thing, type(thing).__name__, self._line)
            if any(map(reach.knows, call.taken.containers)):
                reason = "it reads a list or dict that is an argument as well"
                raise Refused(reason, self._line)
        except Refused as refused:
            signature.refuse(refused)
            self._complain(signature)
            return call.ordinary(self._function, self._wrap)
        if reach.asks_types and len(static) < len(call.floats):
            self._static[call.taken.key] = frozenset(range(len(call.floats)))
            return call.ordinary(self._function, self._wrap)
        start = perf_counter()
        made = attempt(self._function, reach, call, static, self._line)
        if made.looks:
            self._static[call.taken.key] = static | made.looks.keys()
        if made.refused is not None:
            signature.refuse(made.refused)
        elif made.entry is not None:
            if self._agrees(signature, made.entry.recording):
                signature.keep(made.entry)
            family = signature.family
            call.family = family
            if family is not None and made.asked_sizes:
                family.refuse("Python may have asked how many elements there are")
            elif family is not None:
                seconds = perf_counter() - start
                family.add(signature.extents, made.entry, seconds, made.gave_extents)
            self._drop_outdated()
        self._complain(signature)
        return made.result

    def _agrees(self, signature: Signature, recording: Recording) -> bool:
        """Whether a recording may be replayed: the first one only when two agree."""
        signature.recorded += 1
        often = signature.recorded > CHANGES
        if often and signature.replays() < 2 * signature.recorded:
            reason = "what it reads besides its arguments changes too often"
            signature.refuse(Refused(reason, self._line))
            return False
        if self._agreed and not recording.constants:  # another thread's are none
            return True
        previous, signature.previous = signature.previous, recording
        if previous is None:
            return False
        difference = previous.difference(recording)
        if difference is not None:
            signature.refuse(Refused(*difference, lasting=False))
            return False
        signature.previous = None
        self._agreed = True
        return True

    def _complain(self, signature: Signature) -> None:
        if self._strict and signature.refused:
            raise RuntimeError(
                f"compile: {self._name}: a call that can be replayed was required; "
                f"{signature.reason}"
            )

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
        with _choosing:
            signatures = list(self._signatures.values())
            families = list(self._families.values())
        lines = [f"{self._name}: {counted(len(signatures), 'signature')}"]
        sized = [one for family in families for one in family.sized]
        lines += [f"  {one}{_replayed_natively(one)}" for one in sized]
        lines += [f"  {told(signature)}" for signature in signatures]
        reasons = dict.fromkeys([one.reason for one in families if one.reason])
        lines += [f"  not captured for other extents: {reason}" for reason in reasons]
        lines += [
            f"  not captured, {counted(count, 'time')}: {reason}"
            for reason, count in list(self._notes.items())
        ]
        return "\n".join(lines)


def _is_of_use(entry: Entry) -> bool:
    """Whether native code replays a recording more often than it leaves it."""
    replayed, missed = entry.counts
    return bool(missed <= replayed + MISSES)


PARTS[Compiled] = ("_function",)  # another one that calls it has it in its recording


def _replayed_natively(sized: Sized) -> str:
    replayed = int(sized.counts[0])
    return f"; replayed {counted(replayed, 'time')} in native code" if replayed else ""


def _replay(entry: Entry, call: Call) -> Replay | None:
    """The replay of an entry; None where it does not hold."""
    if not entry.holds():
        return None
    reached, given = entry.reach.handles, call.handles(entry.private)
    grads, cells = gathered(given, reached)
    if grad_forms(cells) != entry.forms:
        return None
    handles = [*given, *reached, *grads]
    values = [value_of(handle) for handle in given]
    values += [check_fit(handle) for handle in reached]
    values += [value_of(grad) for grad in grads]
    values = separated(handles, values)
    if pattern_of(handles, values) != entry.pattern:
        return None
    return Replay(entry, handles, values, cells)


def compiled(function: Callable[..., Any], strict: bool, shapes: int) -> Compiled:
    """The compiled form of a function; see `engine.compile`."""
    if not callable(function):
        raise TypeError(
            f"compile: a function was required; {type(function).__name__} was given"
        )
    if shapes < 1:
        raise ValueError(f"compile: shapes >= 1 was required; {shapes} was given")
    return Compiled(function, strict, shapes)


join_compiled(Compiled, "steady", Nested, Host, ANY)
