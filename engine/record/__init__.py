"""Recording: calls become values of a trace, and known traces form a trie.

`trace` is the recorder, `value` what it makes, `node` and `trie` what it remembers.
`frames` lets regions of arrays move, `loops` says where a loop is flushed, `inferred`
remembers shapes and dtypes. `splice`, `once`, `forms` and `growth` are what native code
records by. `watchers` and `runtime` serve `engine.compile`.
"""

from .node import LEAF, Node
from .trace import Trace, alias, current_trace, grad_enabled, grad_mode, record
from .value import History, Scalar, Value, constant

__all__ = [
    "LEAF",
    "History",
    "Node",
    "Scalar",
    "Trace",
    "Value",
    "alias",
    "constant",
    "current_trace",
    "grad_enabled",
    "grad_mode",
    "record",
]
