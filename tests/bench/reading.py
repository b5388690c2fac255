"""Reading back what was copied, from storage and not from memory."""

import time

from tests.bench import ours
from tests.bench.copying import SIZE, copy_disk
from tests.bench.pairs import Figure, compare
from tests.bench.places import Place, command, make_cold, served


def verify(place: Place) -> list[Figure]:
    with served(place.folder, "file", str(place.disk())) as uri:
        copy_disk(place, uri)
    starts = ours.Starts()
    target = ours.volume(str(place.target), SIZE, zeroed=False)

    def mine() -> float:
        make_cold(place.target)
        return starts.aside(ours.work("verify", place.folder / "scratch", target))

    def theirs() -> float:
        make_cold(place.target)
        since = time.perf_counter()
        command(["nbdcopy", str(place.target), "null:"])
        return time.perf_counter() - since

    figure = compare(
        "verify of that disk, cold cache", "`nbdcopy TARGET null:`, as cold", mine, theirs, rounds=place.rounds,
        goal=1.5, by="time",
    )  # fmt: skip
    return [starts.told(figure)]
