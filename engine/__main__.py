"""The command line: ``python -m engine info | demo | cache info | cache clear``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m engine", description="Engine's command line."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="versions, CPU, devices and the kernel cache")
    commands.add_parser("demo", help="NumPy code, training and explain, on real input")
    cache = commands.add_parser("cache", help="the folder of compiled kernels")
    cache.add_argument("action", choices=("info", "clear"))
    given = parser.parse_args(arguments)
    # Each command imports what it needs: `info` must work when a demo cannot.
    if given.command == "demo":
        return _demo()
    return _info() if given.command == "info" else _cache(given.action)


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

    size = in_words(cache.size())
    if action == "clear":
        cache.clear()
        print(f"removed {size} from {cache.cache_dir()}")
    else:
        print(f"{cache.cache_dir()}  {size}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
