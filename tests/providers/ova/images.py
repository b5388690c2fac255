"""Packages around one disk image of each kind."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mtv.model.points import Export
from tests.formats.build import guest
from tests.providers.ova.asking import exports
from tests.providers.ova.builders import QCOW2, SIZE, VMDK, Packed, Vmware, converted, disk, file, raw

RAW = "raw"
CONTENT = guest(SIZE, 1)
KINDS = {
    "vmdk-stream": (VMDK, "vmdk", "subformat=streamOptimized", "ova.vmdk"),
    "vmdk-sparse": (VMDK, "vmdk", "subformat=monolithicSparse", "ova.vmdk"),
    "raw": (RAW, "raw", "", "ova.raw"),
    "qcow2": (QCOW2, "qcow2", "", "ova.qcow2"),
    "qcow2-old": (QCOW2, "qcow2", "compat=0.10", "ova.qcow2"),
}


def image(folder: Path, kind: str) -> bytes:
    folder.mkdir(exist_ok=True)
    source = raw(folder)
    _, format_, options, _ = KINDS[kind]
    return source.read_bytes() if format_ == "raw" else converted(source, "image", format_, options).read_bytes()


def package(data: bytes, kind: str, attributes: str = "", more: Mapping[str, bytes] | None = None) -> Packed:
    ovf = replace(Vmware(), files=file("disk.img", attributes=attributes), disks=disk(format_=KINDS[kind][0]))
    files = {"web.ovf": ovf.text().encode(), "disk.img": data} if data else {"web.ovf": ovf.text().encode()}
    return Packed({**files, **(more or {})})


def made(packed: Packed, tmp_path: Path, as_ova: bool) -> Export:
    return exports(packed.ova(tmp_path / "web.ova") if as_ova else packed.folder(tmp_path / "in"))[0]
