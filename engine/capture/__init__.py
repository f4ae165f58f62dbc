"""What `engine.compile` is made of: calls watched, described, compared and replayed.

`compiled` is the function that users call. The first calls are `attempt`s: `watch`
watches one, `call` and `arguments` take it apart, `specs` and `numbers` say what it
did; two that agree are a `recording`. `reach`, `code`, `guards` and `effects` find what
else the function reads. `replay` does it again, `release` takes stand-ins out of it.
A `signature` is what is known of calls of one kind, a `family` of those that differ in
extents alone: `samples` of recordings make a `sized`, by `formulas`. `steadying` says
what native code replays, `stretching` what it replays of any extents, and `rest` when
calls are better left as they are.
"""
