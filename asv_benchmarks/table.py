"""The table of ratios: every library does the same work, in turns, in one process.

    python asv_benchmarks/table.py                  all rows
    python asv_benchmarks/table.py chain softmax    those with one of them in their name
    python asv_benchmarks/table.py --quick          fewer runs of each
    python asv_benchmarks/table.py --list           the names
    python asv_benchmarks/table.py --blocks         the collection of blocks instead;
                                                    names choose among its blocks

Before anything is timed, the results of every library are compared with NumPy's. Engine
runs undecorated under its default tier, "auto", so it is called until it neither
interprets nor compiles any more. Then all take turns; each has an untimed call before
its sample, so that none pays for what the one before it left in the caches.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

PAGE_MARKS = ("<!-- the table begins -->", "<!-- the table ends -->")
BLOCK_MARKS = ("<!-- the blocks begin -->", "<!-- the blocks end -->")


def main() -> int:
    options = parsed()
    with tempfile.TemporaryDirectory() as empty:
        # Before Engine is imported: a first call is one of a new user.
        os.environ["ENGINE_CACHE_DIR"] = empty
        from benchmarks import contest, report

        rows = report.selected(options.names)
        if options.list:
            print("\n".join(row.name for row in rows))
            return 0
        pace = contest.QUICK if options.quick else contest.THOROUGH
        if options.blocks:
            text, right = report.median_of_blocks(options.names, pace)
        else:
            text, right = report.table(rows, pace)
    if options.write:
        marks = BLOCK_MARKS if options.blocks else PAGE_MARKS
        replace_between_marks(options.write, text, marks)
    return 0 if right else 1


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Engine beside NumPy and its peers.")
    parser.add_argument("names", nargs="*", help="parts of names of rows; default: all")
    parser.add_argument("--quick", action="store_true", help="fewer runs of each")
    parser.add_argument("--blocks", action="store_true", help="the collection instead")
    parser.add_argument("--list", action="store_true", help="print the names of rows")
    parser.add_argument(
        "--write", type=Path, metavar="PAGE", help="put the table into a Markdown page"
    )
    return parser.parse_args()


def replace_between_marks(
    page: Path, text: str, marks: tuple[str, str] = PAGE_MARKS
) -> None:
    """Put a text where the marks of a page say."""
    begin, end = marks
    before, rest = page.read_text().split(begin)
    _, after = rest.split(end)
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


if __name__ == "__main__":
    sys.exit(main())
