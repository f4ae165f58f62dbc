"""Machine code of the engine itself, written as LLVM text.

The text is compiled once for a machine, and kept in the disk cache as kernels are;
Numba is not imported. All but the first group below is written in a subset of Python,
which `language` compiles; `entries` names the modules, in the order of their use.

* LLVM text: `sharing` lets threads share the chunks of a launch, `runner` runs the rows
  of a plan, with `arrays`, `cells`, `resting`; `blas` and `parts` call the BLAS that
  NumPy brought along; `table` packs what they read.
* What the rest stands on: `python`, `macros`, `numpy_api`, `externals`, `primitives`;
  `objects` and `slots` find where Python keeps what.
* Recording what was recorded before: `recording`, `matching`, `turning`, `growing`,
  `frames`, `paths`, `splicing`, `repeating`, `remembered`, `results`, `lines`.
* Calls by users: `handles`, `operators`, `transposing`, `calls`, `functions`,
  `scalars`, `casting`, `looking`, `at_once`, `many`, `writing`.
* Subscripts: `subscripts`, `keys`, `indexing`, `regions`.
* Flushes: `flushing`, `settling`, `cold`, `interpreting`, `checks`, `recycling`.
* Calls of compiled functions: `captured`, `arguments`, `guarding`, `reckoning`,
  `lengths`, `making`, `leaving`; `resizing` for those that Python replays.
* Gradients: `backward`, `walking`. Loops by hand: `picks`, `places`, `scans`, `draws`.
"""

MOVED = 64
"""The memory of so many arrays is moved for a plan, at most: see `frames`."""
