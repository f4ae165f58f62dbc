"""What `engine.compile` is made of: calls watched, described, compared and replayed.

`compiled` is the function that users call. The first calls are `attempt`s: `watch`
watches one, `call` and `arguments` take it apart, `specs` and `numbers` say what it
did; two that agree are a `recording`. `reach`, `code`, `guards` and `effects` find what
else the function reads. `replay` does it again, `release` takes stand-ins out of it.
"""
