"""Machine code of ours is found by its names, of which LLVM has one table."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine import kernels
from engine.kernels.cpu.target import load_text

ROOT = Path(kernels.__file__).parent


def test_no_two_texts_define_one_name() -> None:
    defined = Counter(
        (name, path.name) if "{" in name or "$" in name else name
        for path in ROOT.rglob("*.py")
        for name in re.findall(
            r"^define (?!internal)[^@\n]*@([\w${}]+)\(", path.read_text(), re.MULTILINE
        )
    )
    assert len(defined) > 15
    assert max(defined.values()) == 1
    assert not [name for name in defined if str(name).startswith("native_")]


def number(k: int) -> int:
    """What the function of a text gives, which all such texts call by one name."""
    text = f"define i32 @test_symbols_one() {{\n  ret i32 {k}\n}}\n"
    (address,) = load_text(text, "test_symbols_one")
    return int(ctypes.CFUNCTYPE(ctypes.c_int)(address)())


def test_names_are_those_of_the_text_that_is_loaded() -> None:
    """Also while other threads load texts that have the same names."""
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(number, range(100))) == list(range(100))
