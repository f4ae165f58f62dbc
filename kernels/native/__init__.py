"""Machine code of the engine itself, written as LLVM text.

`sharing` lets threads share the chunks of a launch, `runner` runs the rows of a plan,
`blas` calls the BLAS that NumPy brought along. The text is compiled once for a machine,
in milliseconds, and kept in the disk cache as kernels are; Numba is not imported.
"""
