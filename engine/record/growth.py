"""New nodes for native code: what an event that is new to a path needs to be followed.

An event that no path went on with before is recorded by Python as a rule, through all
of a face. For the ops of everyday the node is all that is missing: it is made, the path
is pointed to it, and native code goes on. Native code makes most of them itself (see
`engine.kernels.native.growing`); what it leaves is done here.
"""

from __future__ import annotations

import _thread
from typing import Any

from .frames import place_of
from .inferred import Found, find
from .node import Node
from .trace import Trace
from .trie import LARGE, leaf_node
from .value import Scalar, Value


def grow(
    trace: Trace,
    parent: Node,
    key: tuple[Any, ...],
    entering: Value | None,
    *inputs: Any,
) -> bool:
    """Make the node of an event, the next one after `parent`; whether there is one.

    Parameters
    ----------
    trace : Trace
    parent : Node
    key : tuple
        Of the event, as `Trace.advance` makes it.
    entering : Value or None
        An operand that has to enter first.
    inputs : Value, Scalar, float or int
    """
    try:
        found = _found(key, inputs)
        if found is None:
            return False
        if entering is not None:
            parent.last = leaf_node(parent, entering)
            return True
        place = place_of(trace, parent, key, inputs)
        node = parent.child(place.key)
        if node is None:
            node = trace.extend(parent, place, inputs, key[2], found)
    except Exception:  # Python records it again, and the user hears of it
        return False
    except KeyboardInterrupt:
        _thread.interrupt_main()  # it is heard when native code is done
        return False
    if node.size > LARGE:  # it is looked up by its line too
        return False
    parent.last = node
    return True


def _found(key: tuple[Any, ...], inputs: tuple[Any, ...]) -> Found | None:
    """The dtype and shape of a result; None for what a face might record otherwise.

    It records reshapes and regions that are neither all of an array nor nothing as they
    are, and other ops as it did before on arrays of these dtypes and shapes.
    """
    op, _, attributes, dtypes = key
    if op.fails_late:
        return None
    if op.name in ("view", "update"):
        base, (recipe,) = inputs[0], attributes
        dtype, offset, shape, strides = recipe
        whole = offset == 0 and recipe.is_whole(base.size, base.dtype)
        if 0 in shape or (whole and (op.name == "update" or shape == base.shape)):
            return None
        if op.name == "view":
            return dtype, shape
        if 0 in strides:  # what is written to must not overlap itself
            return None
        return base.dtype, base.shape
    typed = iter(dtypes)
    forms = [
        (Value, x.dtype, x.shape) if type(x) is Value else (Scalar, next(typed), ())
        for x in inputs
    ]
    return find((op, attributes, *forms))
