"""One operation in a process of its own, on the host's tools or inside the tools root; run as a program.

    child.py inspect|convert FOLDER CHOICE NICS SOURCE...      CHOICE and NICS are JSON

Writes what is said as lines of JSON, the last one `{"facts": ...}` or `{"fault": ...}`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

TREE = Path(__file__).parents[3]
if __name__ == "__main__":
    sys.path.insert(0, str(TREE))

from mtv import codec, toolsroot  # noqa: E402
from mtv.converters.guest.convert import convert  # noqa: E402
from mtv.converters.guest.inspect import inspect  # noqa: E402
from mtv.errors import MtvError  # noqa: E402
from mtv.model.estate import Nic  # noqa: E402
from mtv.model.plans import GuestChoice  # noqa: E402
from tests.converters.guest.parts import Bench  # noqa: E402

OPERATIONS = {"inspect": inspect, "convert": convert}


def main(op: Any, folder: str, choice: str, nics: str, *sources: str) -> None:
    cards = tuple(codec.load(Nic, nic) for nic in json.loads(nics))
    bench = Bench(Path(folder), [Path(source) for source in sources], cards)
    job = bench.job(op, codec.load(GuestChoice, json.loads(choice)))
    try:
        tell({"facts": OPERATIONS[op](replace(job, say=lambda kind, data: tell({kind: data})))})
    except MtvError as error:
        tell({"fault": codec.dump(error.fault)})


def tell(line: Any) -> None:
    print(json.dumps(line), flush=True)


def command(op: str, bench: Bench, choice: GuestChoice, *, in_root: bool) -> list[str]:
    nics = [codec.dump(nic) for nic in bench.vm.nics]
    words = [op, str(bench.folder), json.dumps(codec.dump(choice)), json.dumps(nics), *map(str, bench.sources)]
    argv = [sys.executable, __file__, *words]
    if not in_root:
        return argv
    return toolsroot.command(argv, reads=[TREE / "tests", *bench.sources], writes=[bench.folder])


@contextmanager
def started(argv: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True, env=dict(os.environ))
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()


def run(op: str, bench: Bench, choice: GuestChoice | None = None, *, in_root: bool = True) -> dict[str, Any]:
    """What it said last: `facts` or `fault`."""
    with started(command(op, bench, choice or GuestChoice(), in_root=in_root)) as child:
        assert child.stdout
        lines = [json.loads(line) for line in child.stdout]
        assert child.wait() == 0
    return dict(lines[-1])


if __name__ == "__main__":
    main(*sys.argv[1:])
