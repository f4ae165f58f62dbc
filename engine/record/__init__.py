"""Recording: calls become values of a trace, and known traces form a trie."""

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
