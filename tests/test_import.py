"""``import engine`` imports what all programs need; other names come when asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import engine

LATE = {
    *("numba", "llvmlite", "numpy.random", "_hashlib", "json"),
    *("engine.nn", "engine.optim", "engine.functional", "engine.io"),
    *("engine.capture.compiled", "engine.native_code"),
    *("engine.bound", "engine.library_calls", "engine.kernels.native.table"),
    "engine.kernels.cuda.blas",
}


def printed(code: str) -> str:
    """What a fresh process prints."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_what_few_programs_need_is_not_imported_at_once() -> None:
    code = f"import sys, numpy, engine; print(sorted({LATE!r} & sys.modules.keys()))"
    assert printed(code) == "[]"


def test_a_small_computation_imports_no_numba() -> None:
    code = "import sys, engine; print(float((engine.ones(9) * 2).exp().sum() > 60), "
    code += "'numba' in sys.modules)"
    assert printed(code) == "1.0 False"


def test_the_numpy_face_imports_random_numbers_when_asked_for() -> None:
    code = "import sys, engine.numpy as np; print('numpy.random' in sys.modules, "
    code += "{'random', 'testing'} <= set(dir(np)), np.random.default_rng(1).bytes(1))"
    assert printed(code).startswith("False True b")


def test_late_names_are_there_when_they_are_asked_for() -> None:
    code = "import engine, importlib\n"
    code += "before = set(dir(engine))\n"
    code += "from engine import compile, explain, grad, load, nn, optim\n"
    code += "for name in ('hessian', 'jvp', 'value_and_grad', 'vjp', 'save', 'cuda'):\n"
    code += "    assert name in before and getattr(engine, name)\n"
    code += "importlib.import_module('engine.compile')\n"
    code += (
        "print(all(map(callable, (compile, explain, grad, load, engine.compile))))\n"
    )
    code += "print(nn is engine.nn, optim is engine.optim, before >= {'nn', 'grad'})"
    assert printed(code) == "True\nTrue True True"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'engine' has no attribute 'warp'"):
        _ = engine.warp
