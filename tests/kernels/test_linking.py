"""Object files are linked as LLVM links them; what is not known here is left to it."""

from __future__ import annotations

import ctypes
import itertools
import os
import random
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.kernels.cpu import processor, room, target
from engine.kernels.cpu.linking import Unlinkable, link
from engine.kernels.cpu.object_file import read
from engine.kernels.cpu.target import MissingSymbol, binding, load, machine

if not processor.is_known():
    pytest.skip("files are linked by LLVM here", allow_module_level=True)

TEXT = """
@table = private constant [4 x double] [double 1.5, double 2.5, double 4.0, double 8.0]
@calls = internal global i64 40
@zeros = internal global [300 x i64] zeroinitializer, align 64
declare double @sin(double)
define double @look(i64 %k, double %x) {
  %old = load i64, ptr @calls
  %new = add i64 %old, 1
  store i64 %new, ptr @calls
  %place = getelementptr [4 x double], ptr @table, i64 0, i64 %k
  %value = load double, ptr %place
  %sine = call double @sin(double %x)
  %sum = fadd double %value, %sine
  %result = fmul double %sum, 1.25
  ret double %result
}
define i64 @counted() {
  %count = load i64, ptr @calls
  %place = getelementptr [300 x i64], ptr @zeros, i64 0, i64 299
  %last = load i64, ptr %place
  %sum = add i64 %count, %last
  ret i64 %sum
}
define i64 @zeros_at() {
  ret i64 ptrtoint (ptr @zeros to i64)
}
"""
"""Constants, memory that is written, zeros, and a function of the C library."""


def compiled(text: str, **options: Any) -> bytes:
    """The object file of LLVM text, for this machine or one with other options."""
    llvm, made = binding(), machine()
    if options:
        found = llvm.Target.from_triple(llvm.get_process_triple())
        made = found.create_target_machine(cpu=llvm.get_host_cpu_name(), **options)
    return bytes(made.emit_object(llvm.parse_assembly(text)))


def call(result: Any, address: int, *arguments: Any) -> Any:
    """What a function of doubles and integers gives."""
    kinds = {int: ctypes.c_int64, float: ctypes.c_double}
    kind = ctypes.CFUNCTYPE(kinds[result], *(kinds[type(x)] for x in arguments))
    return kind(address)(*arguments)


def by_llvm(code: bytes, *names: str) -> list[int]:
    return target._load_by_llvm(code, names, True)


@pytest.mark.parametrize("brought", [lambda *x: link(x[0], x[1:]), by_llvm])
def test_code_finds_its_constants_memory_and_functions(
    brought: Callable[..., list[int]],
) -> None:
    look, counted, zeros_at = brought(compiled(TEXT), "look", "counted", "zeros_at")
    for k, constant in enumerate((1.5, 2.5, 4.0, 8.0)):
        found = call(float, look, k, 0.5)
        assert found == (constant + float(np.sin(0.5))) * 1.25
    assert call(int, counted) == 44
    assert call(int, zeros_at) % 64 == 0


def test_each_file_has_memory_of_its_own() -> None:
    code = compiled(TEXT)
    (one, counted), (_, other) = (link(code, ("look", "counted")) for _ in range(2))
    call(float, one, 0, 0.0)
    assert (call(int, counted), call(int, other)) == (41, 40)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux tells of maps")
def test_code_cannot_be_written() -> None:
    look, counted, zeros_at = link(compiled(TEXT), ("look", "counted", "zeros_at"))
    rights = {}
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, kept, *_ = line.split()
        first, last = (int(x, 16) for x in span.split("-"))
        for place in (look, counted, call(int, zeros_at)):
            if first <= place < last:
                rights[place] = kept
    assert [*rights.values()] == ["r-xp", "r-xp", "rw-p"]


@pytest.mark.parametrize(
    "options",
    [
        {"reloc": "pic", "codemodel": "small"},
        {"reloc": "static", "codemodel": "small"},
    ],
)
def test_other_relocations_are_left_to_llvm(options: dict[str, str]) -> None:
    code = compiled(TEXT, **options)
    with pytest.raises(Unlinkable, match="relocation"):
        link(code, ["look"])


def test_what_is_not_in_this_process_is_named() -> None:
    text = "declare void @no_such_function()\ndefine void @caller() {\n"
    code = compiled(text + "  call void @no_such_function()\n  ret void\n}\n")
    with pytest.raises(Unlinkable, match="no_such_function"):
        link(code, ["caller"])
    with pytest.raises(MissingSymbol, match="no_such_function"):
        load(code, "caller")
    with pytest.raises(MissingSymbol, match="other"):
        load(compiled(TEXT), "other")


def test_thread_local_memory_and_other_machines_are_left_to_llvm() -> None:
    text = "@kept = thread_local global i64 3\ndefine i64 @own() {\n"
    code = compiled(text + "  %x = load i64, ptr @kept\n  ret i64 %x\n}\n")
    with pytest.raises(Unlinkable):
        link(code, ["own"])
    foreign = bytearray(compiled(TEXT))
    struct.pack_into("<H", foreign, 0x12, 183)  # EM_AARCH64
    with pytest.raises(Unlinkable, match="machine 183"):
        link(bytes(foreign), ["look"])


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_file_is_refused_or_whole(seed: int) -> None:
    """No byte that is wrong, or cut off, leads outside of the file's own memory."""
    rng = random.Random(seed)
    code = compiled(TEXT)
    table = struct.unpack_from("<Q", code, 0x28)[0]
    heads = [
        *range(0x10, 0x40),
        *range(table, len(code)),
        *(k for x in read(code).sections if x.kind != 1 for k in of(x, code)),
    ]
    for _ in range(150):
        broken = bytearray(code)
        for place in rng.sample(heads, rng.randint(1, 3)):
            broken[place] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        if rng.random() < 0.2:
            del broken[rng.randrange(len(broken)) :]
        try:
            found = link(bytes(broken), ["look"])
        except (ValueError, Unlinkable, MissingSymbol):
            continue
        assert len(found) == 1


def test_a_table_beyond_all_memory_is_damage() -> None:
    broken = bytearray(compiled(TEXT))
    struct.pack_into("<Q", broken, 0x28, 2**63)
    with pytest.raises(ValueError, match="damaged"):
        read(bytes(broken))


def test_a_file_that_is_refused_takes_no_memory() -> None:
    before = list(room._left)
    with pytest.raises(Unlinkable):
        link(compiled(TEXT, reloc="pic", codemodel="small"), ["look"])
    assert room._left == before


def of(section: Any, code: bytes) -> range:
    """The places of a section in a file."""
    end = min(section.offset + section.size, len(code))
    return range(section.offset, end)


def test_threads_may_link_at_once() -> None:
    code = compiled(TEXT)
    places: list[tuple[int, int]] = []

    def work() -> None:
        for _ in range(40):
            look, counted = link(code, ("look", "counted"))
            call(float, look, 1, 0.25)
            places.append((look, call(int, counted)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({place for place, _ in places}) == 8 * 40
    assert {count for _, count in places} == {41}


def test_places_never_meet_and_fill_the_maps() -> None:
    sizes = [200_000] * 12 + [3 * room.MAP, 900_000, 1, *[room.PAGE] * 20]
    places = sorted((room.reserve(size), room.pages(size)) for size in sizes)
    for (one, size), (other, _) in itertools.pairwise(places):
        assert one + size <= other
    assert not any(place % room.PAGE for place, _ in places)


def test_what_a_larger_piece_leaves_is_used() -> None:
    room.reserve(room.MAP - 2 * room.PAGE)
    small = room.reserve(room.PAGE)
    room.reserve(4 * room.MAP)
    assert room.reserve(room.PAGE) == small + room.PAGE


def test_where_memory_cannot_be_made_executable_llvm_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(address: int, size: int) -> None:
        raise PermissionError(13, "mprotect")

    monkeypatch.setattr(room, "make_executable", refuse)
    code = compiled(TEXT)
    with pytest.raises(Unlinkable, match="mprotect"):
        link(code, ["look"])
    (look,) = load(code, "look")
    assert call(float, look, 0, 0.0) == 1.5 * 1.25


# -- the CPU ---------------------------------------------------------------------------
def test_features_are_those_that_llvm_finds() -> None:
    found = {name[1:] for name in target.cpu_features().split(",") if name[0] == "+"}
    assert target.features() == found & {"avx", "fma", "f16c", "avx512f"}


def test_features_of_vectors_need_a_system_that_keeps_them() -> None:
    place = processor.LEAVES.index((1, 0, processor.ECX))
    words = [0] * (len(processor.LEAVES) + 1)
    words[place] = processor.SAVES_VECTORS | processor.AVX | processor.FMA
    assert not processor.Processor(tuple(words)).has(processor.FMA)
    words[-1] = processor.VECTORS_KEPT
    assert processor.Processor(tuple(words)).has(processor.FMA)
    assert not processor.Processor(tuple(words)).has(processor.F16C)


IDENTITY = """
import sys
if len(sys.argv) > 1:
    import numba
from engine.kernels.cpu import target
print(target.identity().encode(), sorted(target.features()))
"""


def test_the_identity_is_the_same_with_llvm_loaded_or_not() -> None:
    found = set()
    for number in range(4):  # on whichever core
        command = [sys.executable, "-c", IDENTITY, *["numba"] * (number % 2)]
        found.add(subprocess.run(command, capture_output=True, check=True).stdout)
    assert len(found) == 1


def test_another_cpu_has_another_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = processor.processor()
    assert cpu is not None
    known = target.identity.__wrapped__()
    other = processor.Processor((*cpu.words[:-1], cpu.words[-1] ^ 0xE0))
    monkeypatch.setattr(target, "processor", lambda: other)
    assert target.identity.__wrapped__() != known
    monkeypatch.setattr(target, "processor", lambda: None)
    assert machine().triple in target.identity.__wrapped__()


WITHOUT = """
from engine.kernels.cpu import linking, processor
processor.is_known = linking.is_known = lambda: False
from engine.kernels.cpu import target
target.is_known = processor.is_known
import engine.native, numpy, engine.numpy as np
x = np.linspace(0, 1, 1000)
for _ in range(40):
    y = np.exp(x) * 2 + x[::-1]
    np.add(y, 1.0, out=y)
    found = numpy.asarray(y)
assert numpy.allclose(found, numpy.exp(x) * 2 + numpy.asarray(x)[::-1] + 1)
import sys
print("llvmlite" in sys.modules, engine.native.recorder()[0])
"""


def test_a_system_that_is_not_known_does_with_llvm(tmp_path: Path) -> None:
    """Twice: the second process takes from the cache what the first has compiled."""
    environment = {**os.environ, "ENGINE_CACHE_DIR": str(tmp_path / "cache")}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.startswith("True "), done.stderr
