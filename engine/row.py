"""Row: one launch or one library call of a plan.

Which tier runs a launch is decided here, when the row first runs: a kernel that exists
is used; a cold group is interpreted, until that has cost what compiling it costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.buffers import Buffers
from engine.config import config
from engine.errors import warn_user
from engine.extents import moved_steps
from engine.grouped import interpret_group
from engine.interpret import late_error, moved
from engine.kernels.backend import (
    HOST,
    Backend,
    CompileError,
    UnsupportedKernel,
    backend_of,
)
from engine.lower import Lowered, lower
from engine.program import Later, Step
from engine.schedule import Schedule
from engine.schedule.groups import Group

if TYPE_CHECKING:
    from engine.library_calls import DeviceProduct

Steps: TypeAlias = tuple[Step, ...]

COMPILE = 0.04
"""Seconds that it takes to compile a kernel, roughly."""

GROUP = 3e-5
"""Seconds that interpreting a group takes by itself, as it parts its neighbours."""

CALL = 8e-6
"""Seconds more for each of its steps, whatever their size."""

ELEMENT = 1e-9
"""Seconds more for each element of each step."""

_heat: dict[str, float] = {}
_warned: set[str] = set()


class Row:
    """One launch, or one library call.

    A row may be `placed`: it does what the row `first` does, on other memory.
    """

    def __init__(
        self, schedule: Schedule, group: Group, buffers: Buffers, index: int
    ) -> None:
        self.group = group
        self._steps: Steps | Callable[[], Steps] = schedule.program.steps
        self.buffers = buffers
        self.fresh = tuple((s, *buffers.contents[s]) for s in buffers.fresh[index])
        self.dead = buffers.dead[index]
        self.device = buffers.devices[index]
        self.backend: Backend = backend_of(self.device)
        self.first: Row | None = None
        self.first_scalar = 0
        self.moving: Mapping[int, int] = {}
        self.regions: Sequence[tuple[int, int]] = ()
        self.lowered: Lowered | None = None
        self.launcher: Any = None
        self._known_product: tuple[DeviceProduct | None] | None = None
        self._interpreted = group.kind == "library"
        self.arguments: tuple[int, ...] = ()
        if group.kind != "library":
            lowered = lower(schedule, group, buffers.slots)
            self.lowered = lowered
            self.arguments = lowered.arguments
        self.scalar_numbers = self.lowered.scalars if self.lowered else ()

    @property
    def steps(self) -> Steps:
        """The steps of the program that the group is part of."""
        steps = self._steps
        if callable(steps):  # as another thread may find at once
            steps = self._steps = steps()
        return steps

    def placed(
        self,
        steps: Steps | Callable[[], Steps],
        buffers: Buffers,
        slots: Sequence[int],
        kept: Set[int],
        first_scalar: int,
        lowered: Lowered | None,
        moving: Mapping[int, int],
        regions: Sequence[tuple[int, int]],
    ) -> Row:
        """The same row over other memory.

        Parameters
        ----------
        steps : tuple of Step, or callable
            The steps, or what makes them: native code needs none.
        buffers : Buffers
            Of the table that the new row works on.
        slots : sequence of int
            For each slot of this row's table one of that table.
        kept : set of int
            Slots of this row's table that are needed after it.
        first_scalar : int
            How many scalars stand before those of this row.
        lowered : Lowered or None
            The kernel of this row, with the layout of the new one.
        moving : mapping of int to int
            The steps whose memory is read and written by regions that might as well
            begin elsewhere; for each a number, by which `Bound.moved` knows it.
        regions : sequence of (int, int)
            The steps that have such a region, and the step whose memory it is of.
        """
        row = self._copy()
        row.first, row._steps, row.buffers = self, steps, buffers
        contents = buffers.contents
        row.fresh = tuple([(slots[s], *contents[slots[s]]) for s, *_ in self.fresh])
        row.dead = tuple([slots[s] for s in self.dead if s not in kept])
        row.arguments = tuple([slots[s] if s >= 0 else s for s in self.arguments])
        row.scalar_numbers = tuple([k + first_scalar for k in self.scalar_numbers])
        row.first_scalar, row.moving, row.regions = first_scalar, moving, regions
        row.lowered = lowered
        row.launcher = row._known_product = None
        if self.launcher is not None:
            row.launcher = row._launcher_like(self.launcher)
        return row

    def moved(self, moves: Sequence[int], shared: dict[int, Any]) -> Row:
        """A placed row, its regions moved: by how much, by the numbers of `moving`.

        Rows of a piece are moved by the same object, and are `shared` their steps.
        """
        known = shared.get(id(self.moving))
        if known is None:
            own = {step: moves[k] for step, k in self.moving.items() if moves[k]}
            steps = Later(lambda: moved_steps(self.steps, self.regions, own))
            known = shared[id(self.moving)] = own, steps
        own, steps = known
        if not own:
            return self
        row = self._copy()
        row._steps = steps
        if self.lowered is not None:
            row.lowered = self.lowered.moved(own)
        if self.launcher is not None:
            row.launcher = row._launcher_like(self.launcher)
        return row

    def _copy(self) -> Row:
        """`copy.copy`, in a tenth of its time: each place of a loop's body is one."""
        row = Row.__new__(Row)
        row.__dict__.update(self.__dict__)
        return row

    def settle(self) -> bool:
        """Whether it is known how the row runs: a group that is cold may warm up.

        A kernel that is in the cache is loaded.
        """
        first = self.first
        if self.launcher is None and not self._interpreted:
            if first is not None:
                if first.settle():
                    self._choose_like(first)
            elif self.lowered and self.backend.is_known(self.lowered.kernel):
                self._choose()
        return self.launcher is not None or self._interpreted

    def is_cold(self) -> bool:
        """Whether the group is to be compiled, but not now."""
        if self.settle():
            return False
        assert self.lowered is not None
        return _heat.get(self.lowered.kernel.key, 0.0) < COMPILE

    def is_ready(self) -> bool:
        """Whether it is known how the row runs; what is not cold is compiled."""
        if not self.settle() and not (config.tier == "auto" and self.is_cold()):
            self._choose()
        return self.settle()

    def warm(self, seconds: float) -> None:
        """Note what others have waited since the group is cold, as if it had run."""
        assert self.lowered is not None
        key = self.lowered.kernel.key
        _heat[key] = _heat.get(key, 0.0) + seconds

    @property
    def overhead(self) -> float:
        """Seconds that it takes to interpret the group."""
        steps = len(self.group.steps)
        return GROUP + CALL * steps + ELEMENT * steps * self.group.size

    def run(self, table: list[Any], scalars: Sequence[Any]) -> None:
        """Compute the group over the table of buffers."""
        launcher = self.launcher
        if launcher is None and not self._interpreted:
            launcher = self._choose()
        if launcher is None:
            product = self._product()
            if product is None:
                self._interpret(self.group, table, scalars)
            else:
                self._multiply(product, table)
        else:
            try:
                self._launch(launcher, table, scalars)
            except MemoryError as error:
                largest = max(self.group.outputs, key=lambda n: self.steps[n].size)
                raise late_error(error, self.steps[largest]) from None
        for slot in self.dead:
            table[slot] = None

    def run_unless(
        self, lost: set[int], table: list[Any], scalars: Sequence[Any]
    ) -> None:
        """Run what depends on no lost slot; say in `lost` which slots are."""
        gone = self._gone(lost)
        written = self.written()
        try:
            if gone:
                steps = tuple(n for n in self.group.steps if n not in gone)
                outputs = tuple(n for n in self.group.outputs if n not in gone)
                rest = replace(self.group, steps=steps, outputs=outputs)
                self._interpret(rest, table, scalars)
                lost |= written
                lost -= {self.buffers.slots[n] for n in outputs}
            else:
                self.run(table, scalars)
                lost -= written
        except Exception:  # the first failure is what the user hears of
            lost |= written

    def _interpret(
        self, group: Group, table: list[Any], scalars: Sequence[Any]
    ) -> None:
        own = scalars[self.first_scalar :] if self.first_scalar else scalars
        interpret_group(group, self.steps, self.buffers, table, own)

    def _gone(self, lost: set[int]) -> set[int]:
        """The steps that depend on a lost slot."""
        slots = self.buffers.slots
        own = set(self.group.steps)
        gone: set[int] = set()
        for n in self.group.steps:
            stack = list(self.steps[n].values)
            while stack:
                k = stack.pop()
                if k in gone or (k not in own and slots[k] in lost):
                    gone.add(n)
                    break
                if k not in own and slots[k] < 0:
                    stack.extend(self.steps[k].values)
        return gone

    def written(self) -> set[int]:
        """The slots of the results."""
        return {self.buffers.slots[n] for n in self.group.outputs}

    def _launch(self, launcher: Any, table: list[Any], scalars: Sequence[Any]) -> None:
        lowered = self.lowered
        assert lowered is not None
        for slot, dtype, shape, device in self.fresh:
            table[slot] = backend_of(device).allocate(dtype, shape)
        own = [self.backend.allocate(d, (size,)) for d, size in lowered.temporaries]
        arguments = [
            table[slot] if slot >= 0 else own[~slot] for slot in self.arguments
        ]
        numbers = [scalars[k] for k in self.scalar_numbers]
        pointer = self.backend.pointer
        if self.device == HOST:
            launcher([pointer(buffer) for buffer in arguments], numbers)
            return
        there = [moved(buffer, self.device) for buffer in arguments]
        launcher([pointer(buffer) for buffer in there], numbers)
        roles = [argument.role for argument in lowered.kernel.arguments]
        for buffer, sent, role in zip(arguments, there, roles, strict=True):
            if sent is not buffer and role != "read":
                buffer[...] = moved(sent, HOST).reshape(buffer.shape)

    def _product(self) -> DeviceProduct | None:
        """The product that this row is on a device, if it is one."""
        if self.group.kind != "library" or self.device == HOST:
            return None
        if self._known_product is None:
            from engine.library_calls import device_product

            self._known_product = (device_product(self),)
        return self._known_product[0]

    def _multiply(self, product: DeviceProduct, table: list[Any]) -> None:
        from engine.kernels.cuda.blas import multiply

        for slot, dtype, shape, device in self.fresh:
            if slot != product.result:
                table[slot] = backend_of(device).allocate(dtype, shape)
        (place,) = [fresh[1:] for fresh in self.fresh if fresh[0] == product.result]
        dtype, shape, device = place
        result = self.backend.allocate(dtype, shape)
        operands = [moved(table[k], self.device) for k in (product.x, product.y)]
        pointers = [self.backend.pointer(b) for b in (*operands, result)]
        multiply(product.product, *pointers)
        table[product.result] = moved(result, device)

    def _choose(self) -> Any:
        """The launcher, where the group is to be compiled; None to interpret it."""
        if self.first is not None:
            return self._choose_like(self.first)
        lowered = self.lowered
        assert lowered is not None
        kernel = lowered.kernel
        try:
            if config.tier == "auto" and not self._worth_compiling():
                return None
            launcher = self.backend.compile(kernel).bind(lowered.layout)
        except UnsupportedKernel:
            self._interpreted = True
            return None
        except CompileError as error:
            self._interpreted = True
            self._warn(kernel.name, error)
            return None
        self.launcher = launcher
        return launcher

    def _choose_like(self, first: Row) -> Any:
        launcher = first.launcher
        if launcher is None and not first._interpreted:
            launcher = first._choose()
        self._interpreted = first._interpreted
        if launcher is not None:
            self.launcher = self._launcher_like(launcher)
        return self.launcher

    def _launcher_like(self, launcher: Any) -> Any:
        """A launcher of the row that this one is placed like, over its own layout."""
        assert self.first is not None and self.lowered is not None
        lowered, first = self.lowered, self.first.lowered
        if lowered is first:
            return launcher
        assert first is not None
        return launcher.moved(lowered.layout)

    def _warn(self, name: str, error: CompileError) -> None:
        """Say once for a kernel that NumPy computes it; the reason is for a log."""
        if name in _warned:
            return
        _warned.add(name)
        import logging  # seldom needed, and slow to import

        logging.getLogger("engine.plan").info("%s: %s", name, error.reason)
        ops = ", ".join(dict.fromkeys(self.steps[n].op.name for n in self.group.steps))
        warn_user(
            f"{ops}: a compiled kernel was wanted; {name} could not be compiled; NumPy "
            "computes it instead",
            RuntimeWarning,
        )

    def _worth_compiling(self) -> bool:
        lowered = self.lowered
        assert lowered is not None
        if self.device != HOST:
            return True
        kernel = lowered.kernel
        cost = self.overhead
        spent = _heat[kernel.key] = _heat.get(kernel.key, 0.0) + cost
        if spent >= COMPILE:
            return True
        return self.backend.is_known(kernel)
