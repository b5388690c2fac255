"""Whole packages with bytes changed anywhere: every disk reads in full, or one of our errors says why not."""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import MtvError
from mtv.model.estate import VM
from mtv.providers.ova import OVA
from tests.formats.build import GRAIN, Stream, guest
from tests.providers.ova.asking import changes, content, exports
from tests.providers.ova.builders import QCOW2, VMDK, Packed, Vmware, converted, disk, file, raw, zipped

SIZE = 5 * GRAIN
CONTENT = guest(SIZE, 4)


def package(image: bytes, format_: str = VMDK, attributes: str = "") -> bytes:
    ovf = Vmware(files=file("d", attributes=attributes), disks=disk(capacity=SIZE, format_=format_))
    with tempfile.TemporaryDirectory() as folder:
        return Packed({"web.ovf": ovf.text().encode(), "d": image}).ova(Path(folder) / "web.ova").read_bytes()


def by_qemu(format_: str, options: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return converted(raw(Path(folder), size=SIZE), "image", format_, options).read_bytes()


MAKERS: dict[str, Callable[[], bytes]] = {
    "stream": lambda: package(Stream(CONTENT).bytes()),
    "stream without its footer": lambda: package(Stream(CONTENT, footer=False).bytes()),
    "sparse": lambda: package(by_qemu("vmdk", "subformat=monolithicSparse")),
    "raw": lambda: package(CONTENT, "raw"),
    "compressed stream": lambda: package(zipped(Stream(CONTENT).bytes()), attributes='ovf:compression="gzip"'),
    "compressed raw": lambda: package(zipped(CONTENT), "raw", 'ovf:compression="gzip"'),
    "qcow2": lambda: package(by_qemu("qcow2", ""), QCOW2),
}


@cache
def made(kind: str) -> bytes:
    return MAKERS[kind]()


@pytest.mark.parametrize("kind", MAKERS)
@given(st.data())
def test_whatever_is_changed_the_disks_read_or_say_why_not(kind: str, data: st.DataObject) -> None:
    """The digests would find most of it; without them nothing crashes either, and nothing is endless."""
    wrong = bytearray(made(kind))
    image = wrong.index(b"</Envelope>")
    place = st.integers(0, len(wrong) - 1) | st.integers(0, 1024) | st.integers(image, image + 4096)
    for _ in range(data.draw(st.integers(1, 5))):
        wrong[data.draw(place) % len(wrong)] = data.draw(st.integers(0, 255))
    if data.draw(st.integers(0, 9)) == 0:
        del wrong[data.draw(place) :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "web.ova"
        path.write_bytes(wrong)
        try:
            for vm in (one for one in changes(OVA("o", str(path))) if isinstance(one, VM)):
                read(path, vm, Path(folder), opens=kind != "qcow2")
        except MtvError as error:
            assert "web.ova" in str(error)  # noqa: PT017
        assert {one.name for one in Path(folder).iterdir()} <= {"web.ova", "scratch"}


def read(path: Path, vm: VM, folder: Path, opens: bool) -> None:
    assert sum(one.size_bytes for one in vm.disks) < 1 << 60
    for export in exports(path, vm):
        if opens and export.size_bytes < 64 << 20:
            assert len(content(export, folder / "scratch")) == export.size_bytes
