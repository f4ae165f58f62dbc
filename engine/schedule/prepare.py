"""Before scheduling: decide what is written in place and what must be kept.

After this stage every `update` may write into its base's memory: where something else
still needs that memory, the base (or the few elements that are read later) has been
copied by an explicit `copy` step. Reductions are cut so that their axes adjoin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.access import meet
from engine.program import (
    COPY,
    EMPTY,
    Program,
    Step,
    is_leaf,
    is_view,
    is_virtual,
    is_whole,
)
from engine.recipe import Recipe
from engine.schedule.kinds import is_library, is_virtual_view, roots
from engine.schedule.surround import (
    copies_of_slabs,
    neighbours,
    surroundings,
    tile,
)

MOST_PARTS = 16
"""Of what is put together, if it is to be seen that the parts are all of it."""

WRITERS = ("update", "update_add", "put", "put_add")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A program whose writes are decided.

    `in_place` are the writers that overwrite the memory of their first operand;
    `donated` are the leaves that may be overwritten; `early` are copies of leaves that
    can be made before anything else; `by_size` says whether sizes decide what is
    copied.
    """

    program: Program
    in_place: frozenset[int]
    donated: frozenset[int]
    early: tuple[int, ...]
    decisions: tuple[str, ...]
    by_size: bool


def prepare(program: Program, donated: frozenset[int]) -> Prepared:
    """Decide writes; `donated` are recorded leaves whose memory may be overwritten."""
    return _Preparation(program, donated).run()


class _Preparation:
    """The walk that rewrites one program."""

    def __init__(self, program: Program, donated: frozenset[int]) -> None:
        self.program = program
        self.old = program.steps
        self.root = roots(program.steps)
        self.donated = donated
        self.claims = self._claim_outputs()
        self.claimed = frozenset(self.claims.values())
        self.readers: dict[int, list[tuple[int, int]]] = {}
        for i, step in enumerate(self.old):
            if not is_virtual_view(step, self.old):
                for k in step.values:
                    self.readers.setdefault(self.root[k], []).append((i, k))
        for value, k in program.outputs.items():
            if value not in self.claims:
                self.readers.setdefault(self.root[k], []).append((k, k))
        self.pinned: set[int] = set()
        self.copied: set[int] = set()
        self.decisions: list[tuple[str, tuple[int, ...]]] = []
        self.new: list[Step] = []
        self.number: list[int] = []
        self.in_place: set[int] = set()
        self.copies: dict[int, list[int]] = {}
        self.copy_of: dict[int, int] = {}
        self.slabs: dict[int, list[Recipe]] = {}
        self.blank: set[int] = set()
        self.early: list[int] = []

    def run(self) -> Prepared:
        for i, step in enumerate(self.old):
            if step.op.name in WRITERS:
                self._decide(i, step)
            elif step.op.kind == "gather":
                self._need_memory(step.operands[0])
        outputs: dict[int, int] = {}
        wanted: dict[int, list[int]] = {}
        for value, k in self.program.outputs.items():
            wanted.setdefault(k, []).append(value)
        for i, step in enumerate(self.old):
            self._emit(i, step)
            for value in wanted.get(i, ()):
                if value not in self.claims:
                    outputs[value] = self._copy(self.number[i], step.origin)
        for value, k in self.claims.items():
            outputs[value] = self.number[k]
        donated = frozenset(
            i
            for i, step in enumerate(self.new)
            if is_leaf(step) and step.origin in self.donated
        )
        done = self.program.replaced(self.new, outputs)
        return Prepared(
            done,
            frozenset(self.in_place),
            donated,
            tuple(dict.fromkeys(self.early)),
            tuple(
                text.format(*(self.number[k] for k in numbers))
                for text, numbers in self.decisions
            ),
            bool(self.blank or self.slabs),
        )

    def _claim_outputs(self) -> dict[int, int]:
        """Which outputs get the memory of the step that made them; the rest copy."""
        claims: dict[int, int] = {}
        taken: set[int] = set()
        for value, k in self.program.outputs.items():
            owner = self._below_reshapes(k)
            step = self.old[owner]
            owns = not (
                is_leaf(step) or is_virtual(step) or is_virtual_view(step, self.old)
            )
            if owns and owner not in taken:
                claims[value] = owner
                taken.add(owner)
        return claims

    # -- writes -------------------------------------------------------------------
    def _decide(self, i: int, step: Step) -> None:
        """Whether a writer may overwrite its base; note what must be copied first."""
        base = step.operands[0]
        owner = self.root[base]
        reason = self._reason_to_copy(i, base, owner)
        late = [(p, k) for p, k in self.readers[owner] if p > i]
        if not reason and late:
            kept = {k for _, k in late}
            small = sum(self.old[k].size for k in kept) * 2 <= self.old[owner].size
            if small and all(k < i and k != owner for k in kept):
                self._keep(i, kept)
            else:
                reason = "v{} reads it later"
        if not reason and self._overlaps_itself(step, owner):
            reason = "what is written is read from it"
        slabs = self._surroundings(step)
        if not reason and self._reads_neighbours(i, step) and slabs is not None:
            reason = "its neighbours are read"
        if reason and self._is_filled(i):
            self.blank.add(i)
            reason, slabs = "all of it is written", None
        if not reason:
            self.decisions.append(("v{}: in place into v{}", (i, owner)))
            return
        self.copied.add(i)
        numbers = (i, owner, *[p for p, _ in late[:1]])
        what = "v{}"
        if slabs is not None:
            self.slabs[i] = slabs
            what = "the rest of v{}"
        done = "is not read" if i in self.blank else "is copied"
        self.decisions.append((f"v{{}}: {what} {done}: {reason}", numbers))
        # Copied as early as possible, so that the update can join what it stores.
        self.copies.setdefault(self._below_reshapes(base), []).append(i)

    def _keep(self, i: int, views: set[int]) -> None:
        """Have views of memory copied before a writer overwrites it."""
        self.pinned |= views
        names = ", ".join("v{}" for _ in views)
        text = f"v{{}}: {names} kept, v{{}} is overwritten"
        owner = self.root[self.old[i].operands[0]]
        self.decisions.append((text, (i, *sorted(views), owner)))

    def _is_filled(self, i: int) -> bool:
        """Whether an update, and those of its result, write all before it is read."""
        size = self.old[i].size
        regions: list[Recipe] = []
        while len(regions) < MOST_PARTS:
            step = self.old[i]
            if step.op.name != "update" or is_library(step, self.old):
                return False
            regions.append(step.attributes[0])
            if sum(region.size for region in regions) >= size:
                return tile(regions, size)
            readers = self.readers.get(i, [])
            if i in self.claimed or len(readers) != 1:
                return False
            ((reader, k),) = readers
            if k != i or self.old[reader].operands[0] != i:
                return False
            i = reader
        return False

    def _surroundings(self, step: Step) -> list[Recipe] | None:
        """What to copy around an update of most of an array."""
        base = step.operands[0]
        region = step.op.name == "update" and not is_library(step, self.old)
        if not region or self._below_reshapes(base) != self.root[base]:
            return None
        owner = self.old[self.root[base]]
        if is_virtual(owner):
            return None
        return surroundings(step.attributes[0], owner.size)

    def _reads_neighbours(self, i: int, step: Step) -> bool:
        """Whether many other elements are read where it writes; a few are kept."""
        if step.op.name != "update" or is_library(step, self.old):
            return False
        value = step.operands[1]
        if value < 0 or self.root[value] != value:
            return False
        if value in self.claimed or len(self.readers[value]) > 1:
            return False  # it is stored anyway
        read = neighbours(self.old, self.root, step, lambda s: is_library(s, self.old))
        if sum(self.old[k].size for k in read) * 2 > step.attributes[0].size:
            return True
        if read:
            self._keep(i, read)
        return False

    def _reason_to_copy(self, i: int, base: int, owner: int) -> str:
        step = self.old[owner]
        if is_leaf(step) and step.origin not in self.donated:
            return "others hold it"
        if is_virtual(step):
            return "it has no memory"
        if owner in self.claimed:
            return "it is a result itself"
        if self._below_reshapes(base) != owner:
            return "a part of it is the base"
        return ""

    def _below_reshapes(self, k: int) -> int:
        """The step below views of everything."""
        while self.root[k] != k:
            before = self.old[k].operands[0]
            if not is_whole(self.old[k], self.old[before]):
                break
            k = before
        return k

    def _overlaps_itself(self, step: Step, owner: int) -> bool:
        """Whether what is written is read from the written memory; part of it is kept.

        A value that views the same region, or none of it, is no obstacle.
        """
        for k in step.operands[1:]:
            if k < 0 or self.root[k] != owner:
                continue
            if k == owner or k == step.operands[0]:
                return True
            region = step.attributes[0] if step.op.name.startswith("update") else None
            if not self._reads_apart(self.old[k], region):
                self.pinned.add(k)
        return False

    def _reads_apart(self, view: Step, region: Recipe | None) -> bool:
        before = view.operands[0]
        if region is None or self.root[before] != before:
            return False
        read: Recipe = view.attributes[0]
        return read[1:] == region[1:] or not meet(read, region)

    def _need_memory(self, k: int) -> None:
        """A gathered base must be whole memory: other views of it are copied."""
        k = self._below_reshapes(k)
        if self.root[k] != k or is_virtual(self.old[k]):
            self.pinned.add(k)

    # -- emission -----------------------------------------------------------------
    def _emit(self, i: int, step: Step) -> None:
        operands = tuple(self.number[k] if k >= 0 else k for k in step.operands)
        step = step.on(operands)
        library = is_library(step, self.new)
        if step.op.name in WRITERS:
            self._emit_writer(i, step, library)
        elif step.op.kind == "gather":
            base = self._memory_of(operands[0])
            self._append(step.on((base, *operands[1:])))
        elif step.op.kind == "reduce" and not library:
            self._emit_reduction(step)
        else:
            self._append(step)
        if i in self.pinned:
            self._copy(len(self.new) - 1, -1)
        self.number.append(len(self.new) - 1)
        for writer in self.copies.get(i, ()):
            region = self.old[writer].op.name in ("update", "update_add")
            if region and self.old[writer].attributes[0].dtype == step.dtype:
                base = self.number[i]
                before = len(self.new)
                self.copy_of[writer] = self._base_for(writer, base)
                if is_leaf(self.new[base]) or is_virtual(self.new[base]):
                    self.early += range(before, len(self.new))

    def _base_for(self, writer: int, base: int) -> int:
        """Memory for a writer that may not overwrite its base, with what it needs."""
        if writer in self.blank:
            like = self.new[base]
            return self._append(
                replace(
                    like, op=EMPTY, operands=(), attributes=(), scalars=(), origin=-1
                )
            )
        if writer in self.slabs:
            return self._copy_around(base, self.slabs[writer])
        return self._copy(base, -1)

    def _emit_writer(self, i: int, step: Step, library: bool) -> None:
        base = step.operands[0]
        if not library or i not in self.copied:
            base = self._memory_of(base)
        if i in self.copied and not library:
            base = self.copy_of[i]
        self._append(step.on((base, *step.operands[1:])))
        if not library or i not in self.copied:
            self.in_place.add(len(self.new) - 1)

    def _memory_of(self, k: int) -> int:
        """The step below whole views."""
        while is_view(self.new[k]) and is_whole(
            self.new[k], self.new[self.new[k].operands[0]]
        ):
            k = self.new[k].operands[0]
        return k

    def _emit_reduction(self, step: Step) -> None:
        """Reduce adjoining axes at a time, the last ones first."""
        operand, axes = step.operands[0], list(step.attributes[0])
        rest = step.attributes[1:]
        shape = self.new[operand].shape
        while True:
            run = _last_run(shape, axes)
            axes = [a for a in axes if a not in run]
            shape_left = tuple(n for a, n in enumerate(shape) if a not in run)
            self._append(
                replace(
                    step,
                    operands=(operand,),
                    attributes=(tuple(run), *rest),
                    shape=shape_left,
                    origin=-1 if axes else step.origin,
                )
            )
            if not axes:
                return
            axes = [a - sum(r < a for r in run) for a in axes]
            operand, shape = len(self.new) - 1, shape_left

    def _copy_around(self, base: int, slabs: list[Recipe]) -> int:
        """Fresh memory with some slabs of a step in it."""
        for step in copies_of_slabs(self.new[base], base, slabs, len(self.new)):
            made = self._append(step)
            if step.op.name == "update":
                self.in_place.add(made)
        return made

    def _copy(self, k: int, origin: int) -> int:
        source = self.new[k]
        return self._append(
            Step(COPY, (k,), (), (), source.dtype, source.shape, origin, source.line)
        )

    def _append(self, step: Step) -> int:
        self.new.append(step)
        return len(self.new) - 1


def _last_run(shape: tuple[int, ...], axes: list[int]) -> list[int]:
    """The last of `axes` that adjoin, axes of extent 1 between them included."""
    run = [axes[-1]]
    for axis in reversed(axes[:-1]):
        between = range(axis + 1, run[0])
        if any(shape[a] != 1 for a in between):
            break
        run.insert(0, axis)
    # A run of extent 1 alone is no reduction: the next run takes it along.
    if all(shape[a] == 1 for a in run) and len(run) < len(axes):
        others = [a for a in axes if a not in run]
        return sorted(run + _last_run(shape, others))
    return run
