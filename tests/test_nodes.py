"""Nodes of the trie: their children, and what the collector need not know."""

from __future__ import annotations

import gc
import threading
from typing import Any

import numpy
from compiling import replays

import engine
import engine.numpy as np
from engine.record import trie
from engine.record.node import LEAF, Node

FLOAT = numpy.dtype(float)


def node(parent: Node | None = None) -> Node:
    return Node(LEAF, (), (), (), FLOAT, (3,), parent, "")


def test_children_are_found_by_their_keys() -> None:
    parent = node()
    assert parent.child((LEAF, 0)) is None
    made = [node(parent) for _ in range(4)]
    for k, child in enumerate(made):
        assert parent.add((LEAF, k), child) is child
        assert parent.add((LEAF, k), node(parent)) is child
        for j, other in enumerate(made):
            assert parent.child((LEAF, j)) is (other if j <= k else None)
    assert parent.only is made[0]
    assert made[0].key == (LEAF, 0)
    assert parent.add((LEAF, "first region"), made[2]) is made[2]
    assert parent.child((LEAF, "first region")) is made[2]


def test_threads_add_children_at_once() -> None:
    parent = node()
    found: list[Any] = []

    def work(number: int) -> None:
        for k in range(300):
            key = (LEAF, k % 50)
            own = parent.add(key, node(parent))
            found.append((key, parent.child(key)))
            assert own is not None

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1200
    for key, child in found:
        assert parent.child(key) is child


def grow(size: int) -> None:
    x = np.array(numpy.zeros(size))
    for k in range(1, size - 2):
        x[k:] += x[:-k] * 0.5
    engine.eval(x)


def test_a_trie_that_is_forgotten_is_freed(recorder: str) -> None:
    trie.TRIE.forget()  # what tests before have recorded: it might be forgotten below
    gc.collect()
    before = len(nodes())
    for size in range(40, 80):
        grow(size)
    assert len(nodes()) > before + 5000
    trie.TRIE.forget()
    for size in range(6000, 6003):  # traces hold the root that they began at
        engine.eval(np.array(numpy.zeros(size + len(recorder))) * 0.5 - 1)
    gc.collect()
    assert len(nodes()) < before + 1500  # of paths whose plans are remembered


def nodes() -> list[Any]:
    return [thing for thing in gc.get_objects() if type(thing) is Node]


def test_there_is_little_for_the_collector(recorder: str) -> None:
    sizes = (50, 61, 62) if recorder == "native" else (51, 63, 64)
    grow(sizes[0])
    gc.collect()
    before = len(gc.get_objects()), len(nodes())
    grow(sizes[1])
    grow(sizes[2])
    gc.collect()
    more = len(gc.get_objects()) - before[0]
    made = len(nodes()) - before[1]
    assert made > 150
    assert more < (2 if recorder == "native" else 6) * made


def test_recordings_agree_though_nodes_were_forgotten_between_them() -> None:
    @engine.compile
    def program(x: Any) -> Any:
        return (x[1:] - x[:-1]) * 0.5 + x.sum()

    x = np.array(numpy.arange(5.0))
    first = program(x)
    trie.TRIE.forget()
    for _ in range(3):
        numpy.testing.assert_array_equal(program(x), first)
    assert replays(program) == 2


def test_threads_go_on_while_nodes_are_forgotten(recorder: str) -> None:
    wrong: list[Any] = []
    over = threading.Event()

    def program(xp: Any, size: int) -> Any:
        x, y = xp.arange(size) * 1.0, xp.zeros(size)
        for k in range(1, 5):
            y[k:] += x[:-k] * 0.5
            y[y > 2] -= 1
        return numpy.asarray(xp.pad(y, 1) + y.sum())

    def work(number: int) -> None:
        try:
            for k in range(60):
                size = 8 + (k * 7 + number) % 11
                found, want = program(np, size), program(numpy, size)
                if not numpy.allclose(found, want):
                    wrong.append((found, want))
        except BaseException as error:
            wrong.append(error)

    def forget() -> None:
        while not over.wait(0.002):
            trie.TRIE.forget()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    other = threading.Thread(target=forget)
    for thread in (*threads, other):
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    other.join()
    assert not wrong
