"""The documentation is true: its examples run, its links and limits hold."""

from __future__ import annotations

import doctest
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import pytest

from engine.record.registry import REGISTRY
from engine.record.trace import current_trace, flush_trace

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


class Block(NamedTuple):
    """A fenced block of a page; `line` is that of its first line of text."""

    language: str
    line: int
    text: str


def blocks(page: Path) -> Iterator[Block]:
    fence = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    text = page.read_text()
    for found in fence.finditer(text):
        line = text.count("\n", 0, found.start()) + 2
        yield Block(found[1], line, found[2])


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def run(block: Block, page: Path, namespace: dict[str, Any]) -> None:
    if block.language == "python":
        # Lines before it, so that a traceback names the line of the page.
        padded = "\n" * (block.line - 1) + block.text
        exec(compile(padded, str(page), "exec"), namespace)
        return
    parser = doctest.DocTestParser()
    test = parser.get_doctest(block.text, namespace, name(page), str(page), block.line)
    test.globs = namespace  # names live on in the blocks that follow
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    runner.run(test, out=report.append, clear_globs=False)
    assert not report, "".join(report)


@pytest.fixture
def registry() -> Iterator[None]:
    """Ops that a page adds end with it."""
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("page", PAGES, ids=name)
def test_examples_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(ROOT / "docs")  # pages import rebuild
    flush_trace(current_trace())  # pages count what runs, of what they record
    namespace: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page):
        if block.language in ("python", "pycon"):
            run(block, page, namespace)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    local = [link for link in links if "://" not in link]
    generated = {ROOT / "docs" / "operations.md"}
    assert not [
        link
        for link in local
        if not (target := (page.parent / link).resolve()).exists()
        and target not in generated
    ]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_says_what_it_is(page: Path) -> None:
    known = {"python", "pycon", "text", "sh"}
    assert not [b.line for b in blocks(page) if b.language not in known]


@pytest.mark.skipif(
    not numpy.__version__.startswith("2.4."),
    reason="the page lists the names of NumPy 2.4",
)
def test_the_page_of_numpys_names_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs")
    import numpy_names

    page = (ROOT / "docs" / "numpy-names.md").read_text()
    assert page == numpy_names.page(), "run docs/numpy_names.py > docs/numpy-names.md"


def test_the_rebuild_has_150_lines() -> None:
    lines = (ROOT / "docs" / "rebuild.py").read_text().splitlines()
    assert len(lines) <= 150
    assert max(map(len, lines)) <= 88


def test_the_rebuild_walks_long_chains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs")
    import rebuild

    x = y = rebuild.array([1.0, 2.0])
    for _ in range(2 * sys.getrecursionlimit()):
        y = y + 1.0
    assert y.numpy()[0] == 2 * sys.getrecursionlimit() + 1
    assert rebuild.grad(y, x).numpy().tolist() == [1.0, 1.0]
