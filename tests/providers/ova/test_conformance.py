"""The ova source keeps every promise, packed and unpacked."""

from pathlib import Path

from mtv.providers.base import Capabilities
from mtv.providers.ova import OVA
from mtv.providers.testing import SourceBench, source_suite
from tests.providers.ova.builders import Packed, converted, raw, web
from tests.providers.ova.texts import OVIRT

HAS = Capabilities(points=True, steady=True)


def bench(folder: Path, address: Path, vm: str) -> SourceBench:
    return SourceBench(open=lambda: OVA("src", str(address)), vm=vm, scratch=folder / "scratch")


def packed(folder: Path) -> SourceBench:
    return bench(folder, web(folder / "made").ova(folder / "in" / "web.ova"), "web.ova#web")


def unpacked(folder: Path) -> SourceBench:
    return bench(folder, web(folder / "made").folder(folder / "in"), "web.ovf#web")


def many(folder: Path) -> SourceBench:
    """Its VM has a raw disk and a qcow2 behind qemu-nbd."""
    web(folder / "made").ova(folder / "in" / "web.ova")
    (folder / "in" / "broken.ova").write_bytes(b"no tar")
    image = raw(folder / "made", size=4 << 20)
    files = {
        "vm.ovf": OVIRT.format().encode(),
        "img2": image.read_bytes(),
        "img1": converted(image, "q", "qcow2").read_bytes(),
    }
    Packed(files, algorithm="").ova(folder / "in" / "sub" / "rhv.ova")
    return bench(folder, folder / "in", "sub/rhv.ova#5d1f7a0e-8a42-44ae-bc14-5f2c3c0a7d01")


test_packed = source_suite(packed, HAS)
test_unpacked = source_suite(unpacked, HAS)
test_many = source_suite(many, HAS)
