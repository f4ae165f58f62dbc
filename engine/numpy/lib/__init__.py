"""The part of `numpy.lib` that numerical programs use: views by strides."""

from __future__ import annotations

from . import stride_tricks

__all__ = ["stride_tricks"]
