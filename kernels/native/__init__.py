"""Machine code of the engine itself, written as LLVM text.

`sharing` lets threads share the chunks of a launch, `runner` runs the rows of a plan,
`blas` calls the BLAS that NumPy brought along. `recording`, `handles`, `operators` and
`subscripts` record what was recorded before; they are written in a subset of Python
that `language` compiles. The text is compiled once for a machine, and kept in the disk
cache as kernels are; Numba is not imported.
"""

MOVED = 64
"""The memory of so many arrays is moved for a plan, at most: see `frames`."""
