"""`python -m tests.bench [LINE...]`: measure those lines, or all; all of them write docs/benchmarks.md."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench import copying, footing, moves, reading, report
from tests.bench.pairs import Figure
from tests.bench.places import Place

LINES: Mapping[str, Callable[[Place], list[Figure]]] = {
    "near": copying.near,
    "verify": reading.verify,
    "far": copying.far,
    "delta": copying.delta,
    "vmdk": copying.vmdk,
    "memory": footing.memory,
    "start": footing.start,
    "moves": moves.moves,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", nargs="*", choices=[*LINES, []], metavar="LINE", help=", ".join(LINES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="on the disk that is to be measured")
    asked = parser.parse_args()
    figures = []
    with tempfile.TemporaryDirectory(prefix="mtv-bench-", dir=asked.folder) as folder:
        for name in asked.lines or LINES:
            print(f"{name}:", file=sys.stderr)
            figures += LINES[name](Place(Path(folder), asked.rounds))
    print(report.table(figures), end="")
    if not asked.lines:
        report.write(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
