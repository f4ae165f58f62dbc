"""The kinds of lines that random NumPy programs are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from programs import DTYPES, Array, Lines

UNARY = (
    *("negative", "positive", "absolute", "square", "sign"),
    *("rint", "floor", "ceil", "trunc", "isnan"),
)
FLOATING = ("sqrt", "exp", "tanh", "sin", "cos", "log1p", "arctan", "expm1")
BINARY = ("+", "-", "*", "//", "%")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
REDUCTIONS = (
    *("sum", "prod", "mean", "any", "all", "max", "min"),
    *("argmax", "argmin", "var", "std", "cumsum"),
)


class New(Lines):
    """Arrays of numbers, in C or Fortran order, and the creation functions."""

    weight = 2

    def line(self, name: str, a: Array) -> str:
        p = self.program
        shape, dtype = p.shape(), p.pick(DTYPES)
        count = int(np.prod(shape))
        source = f"np.array({p.elements(dtype, count)}, dtype='{dtype}')"
        options = [f"{source}.reshape({shape})"] * 8
        options += [
            f"np.array({source}.reshape({shape}), order='F')",
            f"np.zeros({shape}, '{dtype}')",
            f"np.full({shape}, {p.literal(dtype)}, '{dtype}', order='F')",
            f"np.arange({p.integer(-3, 3)}, {p.integer(3, 9)}, {p.integer(1, 3)})",
            f"np.arange({p.integer(0, 4)}.5)",
            f"np.eye({p.integer(1, 5)}, {p.integer(1, 5)}, {p.integer(-2, 3)})",
            f"np.linspace({p.integer(-4, 1)}, {p.integer(1, 5)}, {p.integer(1, 6)})",
        ]
        if p.arrays():
            options.append(f"np.{p.pick(['zeros', 'ones'])}_like({name})")
        return f"{p.fresh()} = {p.pick(options)}"


class View(Lines):
    """Everything that gives a view, or a copy where NumPy gives one."""

    weight = 6

    def line(self, name: str, a: Array) -> str:
        p = self.program
        options = [f"{name}[{p.basic_key(a)}]"] * 8
        options += [
            f"{name}.{form}"
            for form in (
                *("T", "ravel()", "squeeze()", "real", "imag", "flatten()", "copy()"),
                *("copy('K')", "reshape(-1)", f"ravel('{p.pick('CFKA')}')"),
                *("copy('F')", "conj()"),
            )
        ]
        dtype = p.pick(DTYPES)
        if a.dtype.kind != "c" or np.dtype(dtype).kind == "c":
            options += [f"{name}.astype('{dtype}')"] * 2
        order = p.pick(["C", "C", "C", "F", "A"])
        options += [f"{name}.reshape({p.factors(a.size)}, order='{order}')"] * 4
        options += [
            f"{name}[...]",
            f"np.flip({name})",
            f"np.expand_dims({name}, {p.integer(0, a.ndim + 1)})",
            f"np.atleast_2d({name})",
        ]
        if a.ndim:
            axes = tuple(int(k) for k in p.rng.permutation(a.ndim))
            options += [
                f"{name}.transpose({axes})",
                f"np.moveaxis({name}, 0, -1)",
                f"{name}.swapaxes(0, -1)",
            ] * 2
        if a.ndim >= 2:
            options += [
                f"{name}.diagonal({p.integer(-2, 3)})",
                f"np.rot90({name}, {p.integer(0, 4)})",
            ]
        options += self.spread(name, a) + self.reread(name, a)
        return f"{p.fresh()} = {p.pick(options)}"

    def spread(self, name: str, a: Array) -> list[str]:
        """Views of a larger shape."""
        p = self.program
        if 0 in a.shape:
            return []
        lead = tuple(p.integers(1, 4, p.integer(0, 2)))
        shape = lead + tuple(p.integer(1, 4) if n == 1 else n for n in a.shape)
        return [f"np.broadcast_to({name}, {shape})"]

    def reread(self, name: str, a: Array) -> list[str]:
        """The same bytes as another dtype."""
        if not a.size or a.dtype.kind == "b":
            return []
        if a.dtype.kind == "c":
            return [f"{name}.view('{a.real.dtype}')"]
        return [
            f"{name}.view('{dtype}')"
            for dtype in ("int64", "float64", "int32", "int8")
            if np.dtype(dtype).itemsize <= a.itemsize
        ]


class Select(Lines):
    """Integer arrays and masks as indices, and the functions that select."""

    weight = 2

    def line(self, name: str, a: Array) -> str:
        p = self.program
        options = [f"{name}[{p.fancy_key(a)}]"] * 6
        options.append(f"{name}[{name} > 1]" if a.dtype.kind != "c" else f"{name}[...]")
        if a.ndim and a.shape[0]:
            options += [
                f"np.take({name}, {p.places(a, 0, 3)}, 0)",
                f"np.roll({name}, {p.integer(-3, 4)}, {p.integer(0, a.ndim)})",
                f"np.repeat({name}, {p.integer(0, 3)}, {p.integer(0, a.ndim)})",
                f"np.flatnonzero({name})",
            ]
        return f"{p.fresh()} = {p.pick(options)}"


class SelectLater(Lines):
    """Integer arrays as indices that have just been computed: in Engine they wait."""

    weight = 4

    def line(self, name: str, a: Array) -> str:
        p = self.program
        if a.ndim == 0 or 0 in a.shape:
            return f"{p.fresh()} = {name}[...]"
        axis = p.integer(0, a.ndim)
        last = axis == a.ndim - 1
        lead = ["..."] if last and p.chance(0.3) else [":"] * axis
        lead = ["None", *lead] if p.chance(0.2) else lead
        options = [
            f"{name}[{', '.join([*lead, self.places(a, axis, 3)])}]",
            f"{name}[{', '.join(self.places(a, k, 2) for k in range(a.ndim))}]",
            f"{name}[{', '.join(self.place(a, k) for k in range(a.ndim))}]",
            f"np.take({name}, {self.places(a, axis, 3)}, {axis})",
            f"np.take_along_axis({name}, np.argsort({name}, {axis}, 'stable'), {axis})",
        ]
        if a.ndim >= 2:
            rest = p.slice_of(a.shape[1])
            options += [
                f"{name}[{self.places(a, 0, 2)}, {rest}]",
                f"{name}[{p.integer(0, a.shape[0])}, {self.places(a, 1, 3)}]",
                f"{name}[{self.places(a, 0, 2)}, None, {self.places(a, 1, 2)}]",
                f"{name}[{self.places(a, 0, 2)}[:, None], {self.places(a, 1, 3)}]",
            ]
        return f"{p.fresh()} = {p.pick(options)}"

    def places(self, a: Array, axis: int, count: int) -> str:
        return f"(np.array({self.program.places(a, axis, count)}) + 0)"

    def place(self, a: Array, axis: int) -> str:
        return f"(np.array({self.program.integer(-a.shape[axis], a.shape[axis])}) + 0)"


class Compute(Lines):
    """Elementwise functions, comparisons, joins."""

    weight = 3

    def line(self, name: str, a: Array) -> str:
        p = self.program
        other = p.partner(a)
        left = p.twisted(name)
        kind = a.dtype.kind
        options = [f"{left} {p.pick(BINARY[:3])} {other}"] * 3
        options += [f"np.{p.pick(('add', 'multiply'))}({name}, {other})"]
        options += [f"{name} {p.pick(COMPARISONS[-2:])} {other}"]
        options += [f"np.where({name} != 1, {name}, {other})"]
        if kind != "c":
            options += [f"{left} {p.pick(COMPARISONS)} {other}"]
            options += [f"np.{p.pick(('maximum', 'minimum'))}({name}, {other})"]
            options += [f"np.clip({name}, 1, {p.integer(1, 9)})"] if kind != "b" else []
        if kind in "iu":
            options += [f"{name} {p.pick(['&', '|', '^'])} {p.integer(0, 9)}"]
            options += [f"{name} {p.pick(BINARY)} {p.integer(1, 9)}", f"~{name}"]
        if kind in "fiu":
            options += [f"np.{p.pick(UNARY)}({name})"] * 2
        if kind == "f":
            options += [f"np.{p.pick(FLOATING)}({name})", f"{name} ** 2"]
            options += [f"{name} / {other}", f"{name} // 2.0", f"-{name}"]
        options += [f"np.concatenate([{name}, {name}])", f"np.stack([{name}, {left}])"]
        return f"{p.fresh()} = {p.pick(options)}"


class Reduce(Lines):
    """Reductions and scans over axes, with dtype, keepdims and where."""

    weight = 2

    def line(self, name: str, a: Array) -> str:
        p = self.program
        function, axis = p.pick(REDUCTIONS), p.axis(a)
        if a.dtype.kind == "c" and function in ("max", "min", "argmax", "argmin"):
            function = "sum"
        if a.dtype in (np.float16, np.complex64) and function in ("var", "std"):
            function = "mean"  # NumPy squares in float16; others show the last bits
        if function in ("argmax", "argmin", "cumsum") and "(" in axis:
            axis = "None"
        keep = ", keepdims=True" if p.chance(0.3) and function != "cumsum" else ""
        options = [f"{name}.{function}({axis}{keep})"] * 4
        if a.dtype.kind != "c":
            options.append(f"{name}.sum({axis}, dtype='{p.pick(DTYPES[:6])}')")
        if function in ("sum", "mean", "any"):
            options.append(f"np.{function}({name}, {axis}, where={name} != 1{keep})")
        if function in ("max", "min"):
            options.append(f"np.{function}({name}, {axis}, initial=2{keep})")
        if a.ndim:
            options.append(f"np.add.reduce({name}, {p.integer(0, a.ndim)})")
        return f"{p.fresh()} = {p.pick(options)}"


class Write(Lines):
    """Assignments, in-place operators, out=, masks, repeated indices."""

    weight = 7

    def line(self, name: str, a: Array) -> str:
        options = self.whole(name, a) + self.parts(name, a) + self.fancy(name, a)
        if a.ndim and a.shape[0] > 1:
            options += self.overlapping(name, a)
        if a.dtype.kind == "c":
            number = self.program.literal("float64")
            options += [
                f"{name}.real = {number}",
                f"{name}.imag[...] = {name}.real",
                f"{name}.real[...] += {name}.imag",
            ]
        return self.program.pick(options)

    def operator(self, a: Array) -> str:
        return self.program.pick(["|", "&"] if a.dtype.kind == "b" else ["+", "-", "*"])

    def other(self, name: str, a: Array) -> str:
        """A value to write, without casts from complex to real."""
        p = self.program
        found = p.partner(a)
        if found[0] != "v":
            return found
        given = p.space[found]
        if given.dtype.kind == "c" and a.dtype.kind != "c":
            return p.literal(a.dtype)
        return p.twisted(found) if given.shape == a.shape else found

    def whole(self, name: str, a: Array) -> list[str]:
        """Writes to all elements."""
        p = self.program
        other, number, op = self.other(name, a), p.literal(a.dtype), self.operator(a)
        options = [f"{name}[...] = {other}"] * 3 + [f"{name} {op}= {other}"] * 3
        options += [
            f"np.add({name}, {other}, out={name})",
            f"np.multiply({name}, {number}, {name})",
            f"{name}.fill({number})",
            f"np.add({name}, {number}, out={name}, where={name} != 1)",
        ]
        if a.ndim == 2 and a.shape[0] == a.shape[1]:
            options += [f"{name}[...] = {name}.T", f"{name} {op}= {name}.T"]
        if a.ndim == 2 and a.size:
            options.append(f"np.fill_diagonal({name}, {number})")
        if a.dtype.kind in "fiu" and a.ndim:
            options += [
                f"{name}.sort()",
                f"np.copyto({name}, {number}, where={name} > 1)",
                f"np.putmask({name}, {name} > 2, {number})",
                f"np.maximum({name}, {number}, out={name})",
            ]
        return options

    def parts(self, name: str, a: Array) -> list[str]:
        """Writes to what a basic key selects, and to views of it."""
        p = self.program
        key, number, op = p.basic_key(a), p.literal(a.dtype), self.operator(a)
        options = [f"{name}[{key}] = {number}"] * 3
        options += [f"{name}[{key}] {op}= {number}"] * 2
        try:
            part = a[eval(f"np.s_[{key}]")]
        except IndexError:
            return options
        options += [f"{name}[{key}][{p.basic_key(part)}] = {number}"] * 2

        def fits(x: Any) -> bool:
            real = x.dtype.kind != "c" or a.dtype.kind == "c"
            return bool(x.shape == np.shape(part) and real)

        value = p.array(fits)
        if value:
            options += [f"{name}[{key}] = {value}", f"{name}[{key}] {op}= {value}"]
        return options

    def fancy(self, name: str, a: Array) -> list[str]:
        """Writes by integer arrays and masks."""
        p = self.program
        key, number, op = p.fancy_key(a), p.literal(a.dtype), self.operator(a)
        options = [f"{name}[{key}] = {number}"] * 2 + [f"{name}[{key}] {op}= {number}"]
        if a.dtype.kind in "fiu" and a.ndim:
            options += [f"{name}[{name} > 2] = {number}"]
            options += [f"{name}[{name} > 1] {op}= {number}"]
        if a.ndim:
            options.append(f"np.add.at({name}, np.s_[{key}], {number})")
        try:
            part = a[eval(f"np.s_[{key}]")]
        except IndexError:
            return options
        if part.size and part.dtype.kind in "fiu":
            values = (np.arange(part.size).reshape(part.shape) % 100).tolist()
            given = f"np.array({values}, dtype='int8')"
            options += [f"{name}[{key}] = {given}"] * 3
            options += [f"np.add.at({name}, np.s_[{key}], {given})"] * 2
        return options

    def overlapping(self, name: str, a: Array) -> list[str]:
        """Writes that read the same memory."""
        op = self.operator(a)
        loop = f"for i in range(1, {a.shape[0]}): {name}[i] = {name}[i - 1]"
        return [
            f"{name}[1:] {op}= {name}[:-1]",
            f"{name}[:-1] = {name}[1:]",
            f"{name}[::-1][...] = {name}",
            f"{name}[0], {name}[-1] = {name}[-1], {name}[0]",
            f"{loop} {op} {name}[i]",
        ]


class Peek(Lines):
    """A look at an array, which computes it."""

    def line(self, name: str, a: Array) -> str:
        return f"peek({name})"


class RoundedView(View):
    """Views, but no integers of the bytes of floats, whose last bit may differ."""

    def reread(self, name: str, a: Array) -> list[str]:
        return super().reread(name, a) if a.dtype.kind != "f" else []


class Outside(Lines):
    """Memory handed out, written to from outside, and given back."""

    weight = 4

    def line(self, name: str, a: Array) -> str:
        p = self.program
        held = [key for key in p.space if key[0] == "e" and key[1:].isdigit()]
        if not held or p.chance(0.4):
            return f"e{p.integer(0, 100)} = export({name})"
        other = p.pick(held)
        number = p.literal(p.space[other].dtype)
        if p.chance(0.2):
            return f"del {other}"
        if p.space[other].dtype.kind == "b" or p.chance(0.5):
            return f"{other}[...] = {number}"
        return f"{other} += {number}"


ALL: tuple[type[Lines], ...] = (New, View, Select, Compute, Reduce, Write, Peek)
SHARED = (*ALL, Outside)
LATER = (*ALL, SelectLater)
ROUNDED: tuple[type[Lines], ...] = (
    *(New, RoundedView, Select, Compute, Reduce, Write, Peek),
)
