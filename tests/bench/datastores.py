"""A vCenter's disks: by ranges of /folder, near and far, and by an export lease. The server is the tests' own, on the
same cores, and its TLS is half of the work."""

import http.client
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mtv.model.estate import VM, Entity
from mtv.model.login import Login
from mtv.model.points import Export, Point
from mtv.providers.vsphere import VSphere
from mtv.providers.vsphere.reading.inventory import Inventory
from mtv.providers.vsphere.reading.survey import survey
from mtv.providers.vsphere.ways.exports import SECRET, Ways
from tests.bench import ours
from tests.bench.pairs import Figure, compare
from tests.bench.places import GIB, MIB, Place, command
from tests.vcenter.machines import Wish, make
from tests.vcenter.server import ADMIN, PASSWORDS, VCenter, folder_path, vcenter

SIZE, FAR_SIZE, STREAM_SIZE = 2 * GIB, GIB, GIB
SECRETS = {SECRET: PASSWORDS[ADMIN].encode()}


@dataclass(frozen=True)
class Source:
    """A VM of a vCenter, switched off, and how it is read by ours and by others."""

    place: Place
    vc: VCenter
    service: Any
    provider: VSphere
    vm: VM
    around: list[Entity]

    @property
    def size_bytes(self) -> int:
        return self.vm.disks[0].size_bytes

    def export(self, way: str) -> Export:
        provider, disk = self.provider, self.vm.disks[0]
        tokens = {"snapshot": "", disk.key: disk.path}
        point = Point(id="bench", vm=self.vm.id, identity=os.urandom(4).hex(), tokens=tokens)
        return Ways(provider.session, provider.session, provider.login).export(point, disk, self.vm, self.around, way)

    def copy(self, way: str) -> ours.Done:
        ours.clear(self.place.folder / "scratch")
        target = ours.volume(str(self.place.empty_target(self.size_bytes)), self.size_bytes, zeroed=True)
        return ours.work("transfer", self.place.folder / "scratch", target, self.export(way), secrets=SECRETS)

    @property
    def cookie(self) -> str:
        return str(self.service._stub.cookie).split(";")[0]

    @property
    def path(self) -> str:
        return folder_path(f"[LocalDS_0] {self.vm.name}/{self.vm.name}-flat.vmdk")

    def curl(self, url: str, to: Path) -> None:
        """As one would, then durable."""
        command(["curl", "-sSf", "--cacert", str(self.vc.authority.file), "-b", self.cookie, "-o", str(to), url])
        make_durable(to)


def make_durable(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    os.fdatasync(file)
    os.close(file)


@contextmanager
def source(place: Place, size_bytes: int, random_bytes: int) -> Iterator[Source]:
    """What is not random in its disk are zeroes that were never written."""
    with vcenter(place.folder / "vcenter") as vc, vc.connected() as service:
        made = make(service, Wish("bench", disks=(size_bytes,)))
        with vc.disks("bench")[0].path.open("r+b") as file:
            for number in range(random_bytes // (4 * MIB)):
                file.seek(number * (size_bytes // random_bytes) * 4 * MIB)
                file.write(os.urandom(4 * MIB))
            os.fsync(file.fileno())
        provider = VSphere("vc", vc.url, {"password": SECRETS[SECRET]},
                           Login(user=ADMIN, ca=str(vc.authority.file)))  # fmt: skip
        try:
            vm = Inventory(provider.session, "vc").vm(made._moId)
            yield Source(place, vc, service, provider, vm, survey(provider.session, "vc").parts)
        finally:
            provider.session.close()


def folder(place: Place) -> list[Figure]:
    starts = ours.Starts()
    with source(place, SIZE, SIZE) as of:

        def theirs() -> float:
            place.target.unlink(missing_ok=True)
            since = time.perf_counter()
            of.curl(of.vc.url.removesuffix("/sdk") + of.path, place.target)
            return time.perf_counter() - since

        figure = compare(
            "/folder of a vCenter, a disk full of data, 2 GiB, fdatasync, hash and journal", "`curl`, fdatasync",
            lambda: starts.aside(of.copy("folder")), theirs, rounds=place.rounds, goal=0.8,
        )  # fmt: skip
    return [starts.told(figure)]


def folder_far(place: Place) -> list[Figure]:
    starts = ours.Starts()
    with source(place, FAR_SIZE, FAR_SIZE) as of:
        of.vc.timings(folder_latency_ms=10)
        figure = compare(
            "the same at 10 ms latency, 1 GiB", "one connection, 1 MiB a request, fdatasync",
            lambda: starts.aside(of.copy("folder")), lambda: _one_at_a_time(of), rounds=place.rounds, goal=4,
        )  # fmt: skip
    return [starts.told(figure)]


def _one_at_a_time(of: Source) -> float:
    since = time.perf_counter()
    connection = http.client.HTTPSConnection(of.vc.host, of.vc.port, context=of.vc.trust)
    with of.place.empty_target(of.size_bytes).open("r+b") as file:
        for offset in range(0, of.size_bytes, MIB):
            headers = {"Cookie": of.cookie, "Range": f"bytes={offset}-{offset + MIB - 1}"}
            connection.request("GET", of.path, headers=headers)
            file.write(connection.getresponse().read())
        file.flush()
        os.fdatasync(file.fileno())
    connection.close()
    return time.perf_counter() - since


def export(place: Place) -> list[Figure]:
    starts = ours.Starts()
    with source(place, STREAM_SIZE, STREAM_SIZE // 4) as of:
        figure = compare(
            "export lease to raw, 1 GiB with 256 MiB of data, checksum, fdatasync, hash and journal",
            "`curl` to a file, then `qemu-img convert`, fdatasync", lambda: starts.aside(of.copy("export")),
            lambda: _fetch_and_convert(of), rounds=place.rounds, goal=1.0,
        )  # fmt: skip
    return [starts.told(figure)]


def _fetch_and_convert(of: Source) -> float:
    """The lease itself is free for them."""
    stream = of.place.folder / "stream.vmdk"
    of.place.target.unlink(missing_ok=True)
    lease = next(one for one in of.service.content.rootFolder.childEntity[0].vmFolder.childEntity
                 if one.name == of.vm.name).ExportVm()  # fmt: skip
    try:
        since = time.perf_counter()
        base = of.vc.url.removesuffix("/sdk")
        of.curl(base + urlsplit(lease.info.deviceUrl[0].url).path, stream)
        argv = ["qemu-img", "convert", "-f", "vmdk", "-O", "raw", str(stream), str(of.place.target)]
        subprocess.run(argv, check=True)
        make_durable(of.place.target)
        return time.perf_counter() - since
    finally:
        lease.HttpNfcLeaseAbort()
        stream.unlink(missing_ok=True)
