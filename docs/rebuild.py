"""Engine in 150 lines: record, differentiate, schedule, emit, compile, launch."""

import math
from functools import cache

import numba
import numpy as np
from numpy.lib.stride_tricks import as_strided

# One op is one block: the text of one element, and the gradient, in the same ops.
OPS = {
    "add": ("{} + {}", lambda g, out, x, y: (g, g)),
    "subtract": ("{} - {}", lambda g, out, x, y: (g, -g)),
    "multiply": ("{} * {}", lambda g, out, x, y: (g * y, g * x)),
    "divide": ("{} / {}", lambda g, out, x, y: (g / y, -g * out / y)),
    "negative": ("-{}", lambda g, out, x: (-g,)),
    "exp": ("exp({})", lambda g, out, x: (g * out,)),
    "log": ("log({})", lambda g, out, x: (g / x,)),
    "sin": ("sin({})", lambda g, out, x: (g * np.cos(x),)),
    "cos": ("cos({})", lambda g, out, x: (-g * np.sin(x),)),
    "tanh": ("tanh({})", lambda g, out, x: (g * (1 - out * out),)),
    # To a larger shape by NumPy's rule, and back: each is the gradient of the other.
    "broadcast_to": ("{}", lambda g, out, x: (g,)),
    "sum_to": ("{}", lambda g, out, x: (record("broadcast_to", g, shape=x.shape),)),
}


class Array(np.lib.mixins.NDArrayOperatorsMixin):
    """A float64 array: computed (it has `data`), or pending (an `op` on `inputs`)."""

    def __init__(self, op, inputs, shape, data=None):
        self.op, self.inputs, self.shape, self.data = op, inputs, shape, data
        # The indices that its loop runs over: those of the operand when it sums.
        self.loop = inputs[0].shape if op == "sum_to" else shape

    __hash__ = object.__hash__  # the mixin defines ==, and with it removes this

    def __array_ufunc__(self, ufunc, method, *inputs):
        """NumPy calls this for x + y, np.exp(x), ...: they are recorded, not run."""
        known = method == "__call__" and ufunc.__name__ in OPS
        return record(ufunc.__name__, *inputs) if known else NotImplemented

    def sum(self, axis=None):
        """The sum over everything, or along one axis, which stays with extent 1."""
        kept = tuple(1 if i == axis else n for i, n in enumerate(self.shape))
        return record("sum_to", self, shape=() if axis is None else kept)

    def numpy(self):
        """Look at the values: now what they need runs."""
        evaluate(self)
        return self.data


def array(values):
    """A computed array, without a history."""
    return Array(None, (), np.shape(values), np.array(values, np.float64))


def record(op, *inputs, shape=None):
    """1. A call becomes a pending array; a wrong shape raises here, at your line."""
    inputs = tuple(x if isinstance(x, Array) else array(x) for x in inputs)
    common = np.broadcast_shapes(*(x.shape for x in inputs))
    return Array(op, inputs, common if shape is None else shape)


def ancestors(arrays, inputs_of):
    """The arrays and all that they come from, inputs first; a stack, no recursion."""
    order, stack = {}, [(x, False) for x in arrays]
    while stack:
        x, inputs_done = stack.pop()
        if inputs_done:
            order[x] = None
        elif x not in order:
            stack.append((x, True))
            stack.extend((y, False) for y in inputs_of(x))
    return list(order)


def grad(y, x):
    """2. The gradient of the sum of y: more of the same graph, newest op first."""
    grads = {y: record("broadcast_to", 1.0, shape=y.shape)}
    for out in reversed(ancestors([y], lambda z: z.inputs)):
        if out.inputs and out in grads:
            parts = OPS[out.op][1](grads[out], out, *out.inputs)
            for z, part in zip(out.inputs, parts, strict=True):
                if part.shape != z.shape:  # z was broadcast: undone here, for all ops
                    part = record("sum_to", part, shape=z.shape)
                grads[z] = grads[z] + part if z in grads else part
    return grads.get(x, record("broadcast_to", 0.0, shape=x.shape))


def schedule(order):
    """3. Groups that share a loop nest: equal indices, and no sum in between."""
    depth, groups = {}, {}
    for x in order:
        pending = [y for y in x.inputs if y.data is None]
        after = [depth[y] + (y.op == "sum_to" or y.loop != x.loop) for y in pending]
        depth[x] = max(after, default=0)
        while len(groups.setdefault((depth[x], x.loop), [])) >= 100:  # not too long
            depth[x] += 1
        groups[depth[x], x.loop].append(x)
    return [groups[key] for key in sorted(groups, key=lambda key: key[0])]


def emit(group, stored):
    """4. A group becomes the text of a function, and the arrays that it is given."""
    names, arguments, body = {}, [], []
    for x in group:
        for y in x.inputs:
            if y not in names:
                names[y] = f"x{len(arguments)}"
                body.append(f"{names[y]} = a{len(arguments)}[INDEX]")
                arguments.append(y)
        text = OPS[x.op][0].format(*(names[y] for y in x.inputs))
        names[x] = f"t{len(names)}"
        body.append(f"{names[x]} = {text}")
        if x in stored:
            sign = "+=" if x.op == "sum_to" else "="
            body.append(f"a{len(arguments)}[INDEX] {sign} {names[x]}")
            arguments.append(x)
    rank = len(group[0].loop)
    index = ", ".join(f"i{k}" for k in range(rank)) or "()"
    lines = [f"def kernel({', '.join(f'a{k}' for k in range(len(arguments)))}):"]
    lines += [f"{'    ' * k}    for i{k} in range(a0.shape[{k}]):" for k in range(rank)]
    lines += ["    " * (rank + 1) + line.replace("INDEX", index) for line in body]
    return "\n".join(lines), arguments


@cache
def compile_kernel(source):
    """5. Machine code, once for each text: no extent and no constant stands in it."""
    namespace = dict(vars(math))
    exec(source, namespace)
    return numba.njit(namespace["kernel"])


def evaluate(*wanted):
    """6. Launch the groups. What only its own group reads is never an array."""
    order = ancestors(wanted, lambda x: x.inputs if x.data is None else ())
    groups = schedule([x for x in order if x.data is None])
    stored = set(wanted) | {x for x in order if x.op == "sum_to"}
    for group in groups:
        stored |= {y for x in group for y in x.inputs} - set(group)
    for group in groups:
        source, arguments = emit(group, stored)
        for x in arguments:
            x.data = np.zeros(x.shape) if x.data is None else x.data
        data, loop = [x.data for x in arguments], group[0].loop
        strides = [np.broadcast_to(d, loop).strides for d in data]  # 0 where it repeats
        compile_kernel(source)(*map(as_strided, data, [loop] * len(data), strides))
