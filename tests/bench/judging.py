"""What it takes to judge manifests: a cluster's worth of VMs, as `kubectl get -o json` lists them."""

import json
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

from mtv.formats import kubeyaml
from tests.bench.pairs import Figure, compare
from tests.bench.places import Place, command

MANIFESTS = 10_000
CHECK_S = 60.0
_GOLDEN = Path(__file__).parents[1] / "converters" / "manifests" / "golden"


def manifests(place: Place) -> list[Figure]:
    """From the program's start to its end, beside the parsing of the same file alone."""
    file = place.folder / "manifests.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": _documents()}))
    mtv, taken = str(Path(sys.executable).with_name("mtv")), list[float]()

    def ours() -> float:
        taken.append(_timed(mtv, "check", "manifest", str(file), "-o", "json"))
        return taken[-1]

    def theirs() -> float:
        return _timed(sys.executable, "-c", f"import json; json.load(open({str(file)!r}))")

    work = f"`mtv check manifest` of {MANIFESTS:,} VirtualMachines and claims"
    found = compare(work, "json.load of them", ours, theirs, rounds=place.rounds, goal=20, by="time")
    middle = statistics.median(taken)
    return [replace(found, goal=f"{found.goal}, < {CHECK_S:g} s", is_met=found.is_met and middle < CHECK_S)]


def _documents() -> list[dict[str, object]]:
    """Machines and claims of the golden files in turns, each with a name of its own."""
    golden = [one for file in sorted(_GOLDEN.glob("*.yaml")) for one in kubeyaml.load(file.read_bytes())]
    kinds = [one for one in golden if one["kind"] in ("VirtualMachine", "PersistentVolumeClaim")]
    return [
        {**kinds[number % len(kinds)], "metadata": {"name": f"bench-{number}", "namespace": "bench"}}
        for number in range(MANIFESTS)
    ]


def _timed(*argv: str) -> float:
    since = time.perf_counter()
    command(argv)
    return time.perf_counter() - since
