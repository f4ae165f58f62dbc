"""The command line: ``python -m engine info | demo | cache info | clear | warm``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from os.path import isfile


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m engine", description="Engine's command line."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="versions, CPU, devices and the kernel cache")
    commands.add_parser("demo", help="NumPy code, training and explain, on real input")
    cache = commands.add_parser("cache", help="the folder of compiled kernels")
    actions = cache.add_subparsers(dest="action", required=True)
    actions.add_parser("info", help="where it is, and how large")
    actions.add_parser("clear", help="remove all of it")
    warm = actions.add_parser(
        "warm", help="compile ahead: common kernels, or a script's"
    )
    warm.add_argument("script", nargs="?", help="a Python script to run, all compiled")
    warm.add_argument("arguments", nargs=argparse.REMAINDER, help="what it is given")
    given = parser.parse_args(arguments)
    # Each command imports what it needs: `info` must work when a demo cannot.
    if given.command == "demo":
        return _demo()
    if given.command == "info":
        return _info()
    if given.action == "warm":
        return _warm(given.script, given.arguments)
    return _cache(given.action)


def _demo() -> int:
    missing = [name for name in ("sklearn", "PIL") if find_spec(name) is None]
    if missing:
        print(
            "demo: scikit-learn and Pillow are required, for their real data; "
            f"{' and '.join(missing)} cannot be imported: "
            "pip install 'numba-engine[demo]'",
            file=sys.stderr,
        )
        return 1
    from engine.demo import run

    return run()


def _info() -> int:
    from engine.info import information

    facts = information()
    width = max(map(len, facts))
    for name, text in facts.items():
        print(f"{name:<{width}}  {text}")
    return 0


def _cache(action: str) -> int:
    from engine.info import in_words
    from engine.kernels import cache

    size = cache.size()
    if action == "clear":
        cache.clear()
        left = cache.size()
        print(f"removed {in_words(size - left)} from {cache.cache_dir()}")
        if left:
            print(f"cache clear: {in_words(left)} cannot be removed", file=sys.stderr)
            return 1
    else:
        print(f"{cache.cache_dir()}  {in_words(size)}")
    return 0


def _warm(script: str | None, arguments: Sequence[str]) -> int:
    from engine.info import in_words
    from engine.kernels import cache
    from engine.warm import warm_common, warm_script

    if script is None:
        made = warm_common()
    elif isfile(script):
        made = warm_script(script, arguments)
    else:
        print(f"cache warm: a script was required; {script!r} is none", file=sys.stderr)
        return 1
    size = in_words(cache.size())
    print(
        f"compiled {made.compiled} kernels in {made.seconds:.1f} s, "
        f"found {made.found}; {cache.cache_dir()}  {size}"
    )
    if made.kept < made.compiled:
        print(
            f"cache warm: {made.kept} of them could be kept in {cache.cache_dir()}",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
