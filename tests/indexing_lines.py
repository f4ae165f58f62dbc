"""The kinds of lines that random programs of indexing and in-place work are made of.

A key is drawn axis by axis: integers, slices, lists and arrays of integers (also those
that broadcast), masks of one axis or two, None, an ellipsis, truth values, in any
mixture; a few are out of bounds, of a wrong extent, or no index at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from program_lines import New, Outside, Peek
from programs import DTYPES, Array, Lines

Maker = Callable[[str, Array], str]

WRONG = ("1.5", "'a'", "np.array([0.5])", "99", "[99]", "-99", "np.array([], float)")
KINDS = "i" * 4 + ":" * 7 + "a" * 3 + "l" * 2 + "m" * 2 + "nMTew"
"""Integer, slice, array, list, mask, None, mask of two axes, truth, ellipsis, wrong."""


class Keyed(Lines):
    """Lines that select by a drawn key."""

    def key(self, a: Array) -> str:
        """The source of a key for an array."""
        p = self.program
        parts: list[str] = []
        axis, wide = 0, p.pick([(), (3,), (2,), (2, 1), (1,), (2, 3)])
        while axis < a.ndim and not (parts and p.chance(0.2)):
            kind = p.pick(KINDS)
            part, taken = self.part(kind, a.shape[axis:], wide)
            if part == "..." and "..." in parts:
                continue
            parts.append(part)
            axis += taken
            if part == "...":
                axis = max(axis, a.ndim - p.integer(0, 2))
        if p.chance(0.02):
            parts += ["0", "0"]
        return ", ".join(parts) or p.pick(["...", "()", "None", "True", "False"])

    def part(self, kind: str, extents: Any, wide: Any) -> tuple[str, int]:
        """The source of one part of a key, and how many axes it takes."""
        p, extent = self.program, extents[0]
        if kind == "M" and len(extents) > 1:
            return f"np.array({p.flags(extents[:2])}, bool)", 2
        if kind in "mM":
            count = extent + (p.chance(0.03) and 1)
            mask = f"np.array({p.flags(count)}, bool)"
            return (str(p.flags(count)) if p.chance(0.2) and count else mask), 1
        if kind in "ne":
            return ("None" if kind == "n" else "..."), 0
        if kind in "Tw" and p.chance(0.3):
            return (p.pick(["True", "False"]), 0) if kind == "T" else (p.pick(WRONG), 1)
        if kind in "ial" and extent:
            return self.places(kind, extent, wide), 1
        return p.slice_of(extent), 1

    def places(self, kind: str, extent: int, wide: Any) -> str:
        """The source of an integer, or of integers of a shape."""
        p = self.program
        if kind == "i":
            place = str(p.integer(-extent, extent))
            return p.pick([place] * 4 + [f"np.int8({place})", f"np.array({place})"])
        if kind == "l":
            return str(p.integers(-extent, extent, wide[-1] if wide else 1))
        drawn = np.array(p.integers(-extent, extent, int(np.prod(wide)))).reshape(wide)
        dtype = "uint8" if drawn.min() >= 0 and p.chance(0.3) else "int64"
        return f"np.array({drawn.tolist()}, '{dtype}')"

    def part_of(self, a: Array, key: str) -> Any:
        """What a key selects; None where it is wrong."""
        try:
            return a[eval(f"np.s_[{key}]", {"np": np})]
        except (IndexError, ValueError):
            return None


class Get(Keyed):
    """Everything that selects."""

    weight = 5

    def line(self, name: str, a: Array) -> str:
        p = self.program
        if p.chance(0.65):
            return f"{p.fresh()} = {name}[{self.key(a)}]"
        makers: list[Maker] = [self.moved, self.moved, self.flat, self.truth]
        if a.ndim:
            makers += [self.take, self.along, self.compress]
        return f"{p.fresh()} = {p.pick(makers)(name, a)}"

    def moved(self, name: str, a: Array) -> str:
        """Views, and a copy or cast now and then."""
        p = self.program
        forms = ["T", "ravel()", "reshape(-1)", "squeeze()", "copy('K')", "flatten()"]
        forms += [f"reshape({p.factors(a.size)})", "real", "imag"]
        if a.dtype.kind != "c":
            forms.append(f"astype('{p.pick(DTYPES)}')")
        if a.ndim > 1:
            forms += ["swapaxes(0, -1)", f"diagonal({p.integer(-1, 2)})"]
        return f"{name}.{p.pick(forms)}"

    def flat(self, name: str, a: Array) -> str:
        return f"{name}.flat[{self.program.slice_of(a.size)}]"

    def truth(self, name: str, a: Array) -> str:
        """Masks made from the array itself."""
        p = self.program
        other = p.array(lambda b: b.shape == a.shape) or name
        return p.pick(
            [f"{name}[{name} == {name}]", f"{other}[{name} != 1]", f"{name} != 2"]
        )

    def take(self, name: str, a: Array) -> str:
        """A take; of an axis of no extent nothing, where NumPy 2.4 may hang."""
        p = self.program
        axis = p.integer(-a.ndim, a.ndim)
        count = p.integer(0, 4)
        mode = p.pick(["raise", "raise", "wrap", "clip"])
        extent = a.shape[axis]
        low, high = (-extent, extent) if mode == "raise" else (-9, 9)
        places = p.integers(low, high, count) + [99] * p.chance(0.04) if extent else []
        return f"np.take({name}, {places}, {axis}, mode='{mode}')"

    def along(self, name: str, a: Array) -> str:
        p = self.program
        axis = p.integer(0, a.ndim)
        return f"np.take_along_axis({name}, {along_places(p, a, axis)}, {axis})"

    def compress(self, name: str, a: Array) -> str:
        p = self.program
        axis = p.integer(0, a.ndim)
        return f"np.compress({p.flags(a.shape[axis])}, {name}, {axis})"


def along_places(p: Any, a: Array, axis: int) -> str:
    """The source of indices for ``take_along_axis``: as many as the array has axes."""
    extent = a.shape[axis]
    shape = tuple(p.integer(1, 4) if k == axis else n for k, n in enumerate(a.shape))
    count = int(np.prod(shape)) if extent else 0
    shape = (
        shape if extent else tuple(0 if k == axis else n for k, n in enumerate(shape))
    )
    places = p.integers(-extent, extent, count) if extent else []
    return f"np.array({places}, int).reshape({shape})"


class Put(Keyed):
    """Everything that writes to a part of an array."""

    weight = 7

    def line(self, name: str, a: Array) -> str:
        p = self.program
        if p.chance(0.75):
            return self.assign(name, a)
        makers: list[Maker] = [self.put, self.add_at, self.where, self.flat, self.whole]
        if a.ndim:
            makers += [self.along, self.swap]
        return p.pick(makers)(name, a)

    def assign(self, name: str, a: Array) -> str:
        """``a[key] = ...``, augmented, or through a view of a view."""
        p = self.program
        key = self.key(a)
        part = self.part_of(a, key)
        if part is None:
            return f"{name}[{key}] = 1"
        target = f"{name}[{key}]"
        if isinstance(part, np.ndarray) and part.ndim and p.chance(0.2):
            inner = self.key(part)
            found = self.part_of(part, inner)
            if found is not None:
                target, part = f"{target}[{inner}]", found
        op = p.pick(["", "", "", "|" if a.dtype.kind == "b" else p.pick("+-*")])
        value = self.value(a, np.shape(part))
        if ("bool" in key or "True" in key) and value[0] == "v":
            value = f"{value}.copy()"  # NumPy reads what masks have just overwritten
        return f"{target} {op}= {value}"

    def value(self, a: Array, shape: Any) -> str:
        """What is written: of the part's shape, or one that broadcasts; some do not."""
        p = self.program
        if p.chance(0.3):
            return p.literal(a.dtype)
        shape = shape[p.integer(0, len(shape) + 1) if p.chance(0.3) else 0 :]
        shape = tuple(1 if p.chance(0.1) else n for n in shape)
        if p.chance(0.1):
            shape = (1, *shape)
        if p.chance(0.03):
            shape = (*shape, 7)

        def fits(b: Array) -> bool:
            return b.shape == shape and (a.dtype.kind == "c" or b.dtype.kind != "c")

        known = p.array(fits) if p.chance(0.6) else None
        if known:
            return p.twisted(known)
        dtype = str(a.dtype) if p.chance(0.5) else p.pick(["int8", "float64", "bool"])
        count = int(np.prod(shape))
        numbers = [abs(x) if dtype == "int8" else x for x in p.elements(dtype, count)]
        return f"np.array({numbers}, '{dtype}').reshape({shape})"

    def put(self, name: str, a: Array) -> str:
        p = self.program
        mode = p.pick(["raise", "wrap", "clip"])
        low, high = (-a.size, a.size) if mode == "raise" else (-99, 99)
        places = p.integers(low, high, p.integer(0, 4)) if a.size else []
        values = [p.literal(a.dtype) for _ in range(p.integer(1, 4))]
        return f"np.put({name}, {places}, [{', '.join(values)}], mode='{mode}')"

    def add_at(self, name: str, a: Array) -> str:
        p = self.program
        key = self.key(a)
        part = self.part_of(a, key)
        if part is None or np.size(part) == 0 or a.dtype.kind == "b":
            return f"np.add.at({name}, np.s_[{key}], 1)"
        numbers = p.elements("int8", np.size(part))
        values = f"np.array({numbers}, 'int8').reshape({np.shape(part)})"
        return f"np.add.at({name}, np.s_[{key}], {values})"

    def where(self, name: str, a: Array) -> str:
        """Writes by masks of the whole array."""
        p = self.program
        number, mask = p.literal(a.dtype), f"{name} != {p.literal(a.dtype)}"
        values = f"[{number}, {p.literal(a.dtype)}]"
        return p.pick(
            [
                f"np.copyto({name}, {number}, where={mask})",
                f"np.putmask({name}, {mask}, {values})",
                f"np.place({name}, {mask}, {values})",
                f"{name}[{mask}] = {number}",
            ]
        )

    def flat(self, name: str, a: Array) -> str:
        p = self.program
        return f"{name}.flat[{p.slice_of(a.size)}] = {p.literal(a.dtype)}"

    def whole(self, name: str, a: Array) -> str:
        p = self.program
        forms = [f"{name}.fill({p.literal(a.dtype)})", f"{name}[()] = {name}"]
        forms.append(f"{name}[...] = {self.value(a, a.shape)}")
        if a.ndim > 1 and a.size:
            forms.append(f"np.fill_diagonal({name}, {p.literal(a.dtype)})")
        return p.pick(forms)

    def along(self, name: str, a: Array) -> str:
        p = self.program
        axis = p.integer(0, a.ndim)
        places = along_places(p, a, axis)
        return f"np.put_along_axis({name}, {places}, {p.literal(a.dtype)}, {axis})"

    def swap(self, name: str, a: Array) -> str:
        """Writes that read the memory they write to."""
        p = self.program
        op = p.pick(["", "|" if a.dtype.kind == "b" else "+"])
        forms = [
            f"{name}[1:] {op}= {name}[:-1]",
            f"{name}[:-1] {op}= {name}[1:]",
            f"{name}[::-1] {op}= {name}",
            f"for part in {name}[::2]: part {op}= 1",
        ]
        if a.shape[0]:
            forms += [
                f"{name}[[0, -1]] {op}= {name}[[-1, 0]]",
                f"{name}[0], {name}[-1] = {name}[-1], {name}[0]",
            ]
        return p.pick(forms)


INDEXING: tuple[type[Lines], ...] = (New, Get, Put, Peek)
INDEXING_SHARED = (*INDEXING, Outside)
