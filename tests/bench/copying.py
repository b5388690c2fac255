"""Copies: near, far, a delta, and out of a streamOptimized VMDK."""

import os
import random
import subprocess
import time
from pathlib import Path

import nbd

from mtv.model.points import Extent
from tests.bench import ours
from tests.bench.pairs import Figure, compare
from tests.bench.places import GIB, MIB, Place, command, served
from tests.providers.ova import decode

SIZE = 4 * GIB
DELTA_BYTES = 64 << 10
DELTA_EXTENTS = 3000


def copy_disk(place: Place, uri: str) -> ours.Done:
    target = place.empty_target(SIZE)
    ours.clear(place.folder / "scratch")
    made = ours.volume(str(target), SIZE, zeroed=True)
    return ours.work("transfer", place.folder / "scratch", made, ours.server(uri, SIZE))


def _nbdcopy(place: Place, uri: str, *options: str) -> float:
    place.target.unlink(missing_ok=True)
    since = time.perf_counter()
    command(["nbdcopy", "--flush", *options, uri, str(place.target)])
    return time.perf_counter() - since


def near(place: Place) -> list[Figure]:
    starts = ours.Starts()
    with served(place.folder, "file", str(place.disk())) as uri:
        figure = compare(
            "one disk, 4 GiB with 1 GiB of data, nbdkit to a file, fdatasync, hash and journal",
            "`nbdcopy --flush`", lambda: starts.aside(copy_disk(place, uri)), lambda: _nbdcopy(place, uri),
            rounds=place.rounds, goal=1.0,
        )  # fmt: skip
    return [starts.told(figure)]


def far(place: Place) -> list[Figure]:
    starts = ours.Starts()
    with served(place.folder, "file", str(place.disk()), "rdelay=5ms", filters=["delay"]) as uri:
        figure = compare(
            "the same at 5 ms latency", "`nbdcopy --flush`, 4 connections x 64 requests",
            lambda: starts.aside(copy_disk(place, uri)),
            lambda: _nbdcopy(place, uri, "--connections=4", "--requests=64"), rounds=place.rounds, goal=1.0,
        )  # fmt: skip
    return [starts.told(figure)]


def _extents() -> list[Extent]:
    places = random.Random(2).sample(range(SIZE // DELTA_BYTES), DELTA_EXTENTS)
    return [Extent(number * DELTA_BYTES, DELTA_BYTES) for number in sorted(places)]


def delta(place: Place) -> list[Figure]:
    """A copy stands; the extents that are told to have changed are copied again, pass after pass."""
    extents, passes = _extents(), iter(range(1, 1000))
    scratch = place.folder / "scratch"
    with served(place.folder, "file", str(place.disk()), "rdelay=5ms", filters=["delay"]) as uri:
        copy_disk(place, uri)
        other = place.folder / "other.raw"  # a copy for the other: what it wrote to ours would be looked into
        command(["cp", "--sparse=always", str(place.target), str(other)])

        def mine() -> float:
            number = next(passes)
            source = ours.server(uri, SIZE, f"pass {number}")
            target = ours.volume(str(place.target), SIZE, zeroed=False)
            done = ours.work("transfer", scratch, target, source, pass_=number, extents=extents)
            ours.work("verify", scratch, target, pass_=number, extents=extents)
            return done.work_s

        return [
            compare(
                f"delta of {DELTA_EXTENTS:,} extents of 64 KiB at 5 ms, hash and journal", "one request at a time",
                mine, lambda: _one_at_a_time(uri, other, extents), rounds=place.rounds, goal=30,
            )
        ]  # fmt: skip


def _one_at_a_time(uri: str, target: Path, extents: list[Extent]) -> float:
    since = time.perf_counter()
    handle = nbd.NBD()
    handle.connect_uri(uri)
    file = os.open(target, os.O_WRONLY)
    for extent in extents:
        os.pwrite(file, handle.pread(extent.length, extent.offset), extent.offset)
    os.fdatasync(file)
    os.close(file)
    handle.shutdown()
    return time.perf_counter() - since


def vmdk(place: Place) -> list[Figure]:
    """Data that a compressor finds something in, as a guest's is."""
    source = place.folder / "compressible.raw"
    draw = random.Random(3)
    words = [draw.randbytes(draw.randrange(3, 12)) for _ in range(3000)]
    with source.open("wb") as file:
        file.truncate(GIB)
        for number in range(0, 1024, 4):
            file.seek(number * MIB)
            file.write(b"".join(draw.choices(words, k=160_000))[:MIB])
    export, starts = decode.packed(place.folder, source), ours.Starts()
    source.unlink()

    def mine() -> float:
        target = ours.volume(str(place.empty_target(export.size_bytes)), export.size_bytes, zeroed=True)
        ours.clear(place.folder / "scratch")
        return starts.aside(ours.work("transfer", place.folder / "scratch", target, export))

    def theirs() -> float:
        place.target.unlink(missing_ok=True)
        since = time.perf_counter()
        subprocess.run(decode.peer(export, place.target), check=True)
        file = os.open(place.target, os.O_RDONLY)
        os.fdatasync(file)
        os.close(file)
        return time.perf_counter() - since

    figure = compare(
        "streamOptimized VMDK in an OVA to raw, fdatasync, hash and journal", "`qemu-img convert`, fdatasync",
        mine, theirs, rounds=place.rounds, goal=1.0,
    )  # fmt: skip
    return [starts.told(figure)]
