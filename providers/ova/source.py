"""The `ova` source: VMs that lie in files. It has no power and tracks nothing; its points are the files themselves.

`PATH?claim=NS/PVC:PATH` says that the same files lie on a claim of a cluster, where its workers read them.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from json import dumps
from pathlib import Path

from mtv.errors import Held, MtvError, Refused, Temporary
from mtv.model.estate import VM, Change, Disk, Finding
from mtv.model.points import Export, Mount, Point
from mtv.model.reading import Opener, SourceCheck
from mtv.process import which
from mtv.providers.ova.listing import broken_package, changes
from mtv.providers.ova.package import EXPORT_AGAIN
from mtv.providers.ova.reading.checks import CHECKS
from mtv.providers.ova.reading.openers import OPENERS
from mtv.providers.ova.reading.stored import elsewhere
from mtv.providers.ova.shelf import Shelf
from mtv.providers.ova.virtual import Machine, contents

CLAIM = "?claim="
THERE = "/source"  # where a worker's Pod sees the claim; the path here may not be open to its user there


class OVA:
    """`address` is a file or a folder. A VM's id is its package's file and its VirtualSystem's id: `web.ova#web`."""

    kind = "ova"
    steady = True
    openers: Mapping[str, Opener] = OPENERS
    checks: Mapping[str, SourceCheck] = CHECKS

    def __init__(self, name: str, address: str, secrets: Mapping[str, bytes] | None = None) -> None:
        self.name = name
        path, _, _ = address.partition(CLAIM)
        self._shelf, self._claim = Shelf(Path(path).expanduser().absolute()), claim_of(address)

    @staticmethod
    def files(address: str) -> str:
        """NS/PVC:PATH of the claim that holds them, too; "" where none does. Raises Refused `ova.claim`."""
        return ":".join(claim_of(address))

    async def check(self) -> Sequence[Finding]:
        return await asyncio.to_thread(lambda: list(self._findings()))

    async def inventory(self, since: str | None) -> AsyncIterator[Change]:
        found = changes(self.name, self._shelf, since)
        while (change := await asyncio.to_thread(next, found, None)) is not None:
            yield change

    async def vm(self, id: str) -> VM:  # noqa: A002 - the contract's word
        return (await asyncio.to_thread(self._machine, id))[0].vm

    async def close(self) -> None:
        return

    async def freeze(self, vm: VM, disks: Sequence[Disk], name: str, since: Point | None, quiesce: bool) -> Point:
        """Nothing to do: found again by its name, its identity is that of the files as they are."""
        _, identity = await asyncio.to_thread(self._machine, vm.id)
        return Point(id=name, vm=vm.id, identity=identity)

    async def export(self, point: Point, disk: Disk) -> Export:
        """Raises Temporary `source.changed` where a file is another one than at the freeze."""
        machine, identity = await asyncio.to_thread(self._machine, point.vm)
        image = machine.images.get(disk.key)
        if image is None:
            raise Refused("ova.disk", f"{machine.vm.name}: it has no disk '{disk.key}'", "run `mtv refresh`")
        if image.size_bytes != disk.size_bytes:
            raise Held(
                "source.changed",
                f"{machine.vm.name}: its disk '{disk.key}' has {image.size_bytes} bytes now, {disk.size_bytes} before",
                "put back what was planned, then `mtv run` goes on; or `mtv cancel` it, and plan it anew",
            )
        if identity != point.identity:
            raise Temporary(
                "source.changed",
                f"{machine.vm.name}: the package of its disk '{disk.key}' was changed meanwhile",
                "run `mtv refresh`, then `mtv run` again",
            )
        return Export(
            id=f"{point.id}/{disk.key}",
            kind="stream" if image.way == "ova.gzip" else "random",
            way=image.way,
            size_bytes=image.size_bytes,
            identity=identity,
            params=(elsewhere(image, str(self._shelf.address), THERE) if self._claim else image).params(),
            paths=() if self._claim else tuple(dict.fromkeys(stamp.path for stamp in image.stamps)),
            mounts=self._mounts(),
        )

    def _mounts(self) -> tuple[Mount, ...]:
        return (Mount(claim=self._claim[0], inside=self._claim[1], at=THERE),) if self._claim else ()

    async def release(self, point: Point) -> None:
        return

    def _machine(self, id: str) -> tuple[Machine, str]:  # noqa: A002
        """And its identity. Raises what is wrong with it; Refused `ova.gone` where it is no more."""
        found = contents(self.name, self._shelf.open(self._shelf.file_of(id)))
        for machine in found.machines:
            if machine.vm.id == id:
                if machine.error:
                    raise machine.error
                return machine, _identity(machine, found.digest)
        raise Refused("ova.gone", f"there is no VM '{id}' in {self._shelf.address}", "run `mtv refresh`")

    def _findings(self) -> Iterator[Finding]:
        files = self._shelf.files()
        yield Finding(name="packages", ok=bool(files), text=f"{len(files)} in {self._shelf.address}",
                      fix="put .ova files, or .ovf files with their disks, there")  # fmt: skip
        for file in files:
            for machine in self._judged(file):
                if machine.error:
                    fault = machine.error.fault
                    yield Finding(
                        name=machine.vm.id.removesuffix("#"), ok=False, text=fault.text, fix=fault.hint or EXPORT_AGAIN
                    )
        has_qemu = which("qemu-nbd") is not None
        yield Finding(name="qemu-nbd", ok=has_qemu, text="reads qcow2, and any image for inspection",
                      fix="apt-get install qemu-utils")  # fmt: skip

    def _judged(self, file: str) -> Sequence[Machine]:
        try:
            return contents(self.name, self._shelf.open(file)).machines
        except MtvError as error:
            return [broken_package(self.name, file, error)]


def claim_of(address: str) -> tuple[str, str] | tuple[()]:
    """The claim, and the path in it. Raises Refused `ova.claim`."""
    _, asked, told = address.partition(CLAIM)
    found = re.fullmatch(r"([a-z0-9-]+/[a-z0-9.-]+):([^:?]*)", told)
    if not asked:
        return ()
    if not found or ".." in Path(found[2]).parts:
        raise Refused("ova.claim", f"'{told}' is no claim of a cluster", "--from-claim NAMESPACE/CLAIM:PATH")
    return found[1], found[2].strip("/")


def _identity(machine: Machine, digest: str) -> str:
    """Inode, size and time of every file, its lines of the manifest, and the descriptor's digest. Not how much room a
    file takes: its file system changes that by itself, minutes after it was written."""
    images = [{**asdict(machine.images[key]), "allocated_bytes": None} for key in sorted(machine.images)]
    return sha256(dumps([digest, images], sort_keys=True).encode()).hexdigest()[:32]
