"""The user's line, as `engine.errors.user_line` finds it; each is asked for once."""

from __future__ import annotations

from .language import load, reserve, state, store
from .macros import DecRef, IncRef, TupleItem
from .matching import forget_error
from .python import (
    Call,
    CodeOf,
    CurrentFrame,
    DictItem,
    DictSet,
    ErrClear,
    FrameBack,
    IntFrom,
    LineOf,
)

FRAMES = 12
"""So many frames are walked to find it; Python walks more."""


def user_line() -> int:
    """``file:line`` of the innermost frame that is a user's (a new reference), or 0."""
    frame = CurrentFrame()
    IncRef(frame)
    answer = state.true
    i = 0
    while frame != 0 and answer == state.true and i < FRAMES:
        answer = line_of_frame(frame)
        back = FrameBack(frame)
        DecRef(frame)
        frame = back
        i += 1
    DecRef(frame)
    if answer == 0 or answer == state.true:
        answer = Call(state.user_line, 0, 0, 0)
    else:
        IncRef(answer)
    return answer


def line_of_frame(frame: int) -> int:
    """The line (borrowed) of a user's frame, or True for one of ours; or 0."""
    number = LineOf(frame)
    code = CodeOf(frame)
    key = IntFrom((code << 12) ^ number)
    found = 0
    if code != 0 and key != 0:
        found = DictItem(state.lines, key)
    if found != 0 and TupleItem(found, 0) != code:
        found = 0
    if found == 0 and code != 0 and key != 0:
        ErrClear()
        found = noted_line(frame, number, key)
    DecRef(key)
    DecRef(code)
    if found == 0:
        return 0
    return TupleItem(found, 1)


def noted_line(frame: int, number: int, key: int) -> int:
    """Let Python say what the line of a frame is, and remember it (borrowed); or 0."""
    pair = reserve(2)
    store(pair, frame)
    store(pair + 8, IntFrom(number))
    found = 0
    if load(pair + 8) != 0:
        found = Call(state.line_in, pair, 2, 0)
    DecRef(load(pair + 8))
    if found == 0 or DictSet(state.lines, key, found) < 0:
        forget_error()
        DecRef(found)
        return 0
    DecRef(found)
    return found
