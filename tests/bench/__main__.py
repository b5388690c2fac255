"""`python -m tests.bench [LINE...]`: measure those lines, or all, and print the table."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench import report, results
from tests.bench.lines import LINES
from tests.bench.places import Place
from tests.bench.results import Result


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("lines", nargs="*", choices=[*LINES, []], metavar="LINE", help=", ".join(LINES))
    parser.add_argument("--rounds", type=int, help="of each line; enough for a figure to count, unless given")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="on the disk that is to be measured")
    parser.add_argument("--keep", action="store_true", help="write what is found into docs/benchmarks.md")
    return parser


def measure(name: str, folder: Path, rounds: int | None) -> Result:
    print(f"{name}:", file=sys.stderr, flush=True)
    before = results.busy()
    with tempfile.TemporaryDirectory(prefix="mtv-bench-", dir=folder) as place:
        figures = LINES[name].measure(Place(Path(place), rounds or LINES[name].rounds))
    return Result(tuple(figures), f"{before} and {results.busy()}", results.machine())


def main() -> int:
    asked = arguments().parse_args()
    found = {}
    for name in asked.lines or LINES:
        found[name] = measure(name, asked.folder, asked.rounds)
        print(report.table([(name, found[name].figures)]), file=sys.stderr, flush=True)
        if asked.keep:
            report.PAGE.write_text(report.page(results.keep({name: found[name]})))
    print(report.table((name, result.figures) for name, result in found.items()), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
