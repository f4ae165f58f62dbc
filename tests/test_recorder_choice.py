"""Which recorder records, and what native methods tell of themselves."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys

import pytest

import engine.numpy as np
from engine import native
from engine.kernels.native import objects


@pytest.mark.skipif(
    native.recorder()[0] != "native", reason=f"no native code: {native.recorder()[1]}"
)
@pytest.mark.parametrize("name", ["sum", "max", "any", "argmax", "mean", "var"])
def test_native_methods_tell_their_signature(name: str) -> None:
    told = {}
    for which in ("python", "native"):
        native.use(which)
        found = inspect.signature(getattr(np.ndarray, name)).parameters.values()
        told[which] = [(x.name, x.default) for x in found]
    assert told["native"] == told["python"]
    assert "(self" not in (getattr(np.ndarray, name).__doc__ or "")


@pytest.mark.skipif(objects.unsupported() is not None, reason="no native code here")
def test_native_code_is_there_where_it_is_tested() -> None:
    chosen = {k: x for k, x in os.environ.items() if k != "ENGINE_RECORDER"}
    code = "from engine import native; print(native.recorder())"
    done = subprocess.run(
        [sys.executable, "-c", code], env=chosen, capture_output=True, text=True
    )
    assert done.stdout.strip() == "('native', 'the default')", done.stderr


def test_the_python_recorder_can_be_chosen() -> None:
    code = "from engine import native; import engine.numpy as np; x = np.ones(2) + 1;"
    code += "print(native.recorder(), x[1:], type(np.ndarray.__add__).__name__)"
    chosen = {**os.environ, "ENGINE_RECORDER": "python"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=chosen, capture_output=True, text=True)
    assert done.stdout.strip() == "('python', 'ENGINE_RECORDER=python') [2.] function"


def test_an_unknown_recorder_is_refused() -> None:
    chosen = {**os.environ, "ENGINE_RECORDER": "fast"}
    command = [sys.executable, "-c", "import engine"]
    done = subprocess.run(command, env=chosen, capture_output=True, text=True)
    assert "'native' or 'python' was required; 'fast' was given" in done.stderr


@pytest.mark.skipif(
    native.recorder()[0] != "native", reason=f"no native code: {native.recorder()[1]}"
)
def test_elements_read_and_written_at_once_make_native_code_worth_its_loading() -> None:
    code = "import engine.numpy as np; x = np.ones(9); bool(x[0])\n"
    code += "def getitem(): return type(np.ndarray.__getitem__).__name__\n"
    code += "before = getitem()\nfor k in range(600): x[k % 9] = float(x[k % 5])\n"
    code += "print(before == 'function', getitem() == 'function')"
    usual = {k: x for k, x in os.environ.items() if k != "ENGINE_RECORDER"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=usual, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "False"], done.stderr


JOINING = """
import threading
import engine
from engine import native, native_code

begun, ready = threading.Event(), threading.Event()
original = native_code.start

def slow(face):
    begun.set()
    ready.wait(20)
    original(face)

native_code.start = slow
loading = threading.Thread(target=native.start)
loading.start()
begun.wait(20)
import engine.numpy as np
ready.set()
loading.join()
print(native.recorder()[0], type(np.ndarray.__add__).__name__)
"""


@pytest.mark.skipif(
    native.recorder()[0] != "native", reason=f"no native code: {native.recorder()[1]}"
)
def test_a_face_that_is_imported_while_native_code_is_loaded_gets_it() -> None:
    usual = {k: x for k, x in os.environ.items() if k != "ENGINE_RECORDER"}
    command = [sys.executable, "-c", JOINING]
    done = subprocess.run(command, env=usual, capture_output=True, text=True)
    assert done.stdout.split() == ["native", "method_descriptor"], done.stderr
