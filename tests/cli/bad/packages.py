"""A shelf of exports of which most are bad, each in a way of its own, and what is said of each."""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.formats.build import DESCRIPTOR, Stream, archive, guest, pax, tar_member
from tests.providers.ova.builders import (
    CPU,
    MEMORY,
    QCOW2,
    SCSI,
    SIZE,
    VMDK,
    Packed,
    Vmware,
    disk,
    drive,
    file,
    item,
    manifest,
    tarred,
)

PLAIN = Vmware()
DISK = "web-disk1.vmdk"
GUEST = guest(SIZE, 1)
IMAGE = Stream(GUEST).bytes()
SECTOR = 512
SPARSE = "http://www.vmware.com/specifications/vmdk.html#sparse"  # also what oVirt calls a raw image
NAMESPACE = "http://schemas.dmtf.org/ovf/envelope/1"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'

LAUGHS = '<!DOCTYPE x [<!ENTITY l0 "ha">' + "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)
) + "]>"  # fmt: skip

Maker = Callable[[Path, str], object]


@dataclass(frozen=True)
class Bad:
    """`make` puts it into a folder under that name; `said` is part of what is told of it."""

    make: Maker
    said: str


def named(text: str, name: str) -> bytes:
    """The descriptor with a VM of that name."""
    return text.replace('<VirtualSystem ovf:id="web"', f'<VirtualSystem ovf:id="{name}"').replace(
        "<Name>web<", f"<Name>{name}<"
    ).encode()  # fmt: skip


def packed(name: str, text: str = "", data: bytes = IMAGE) -> Packed:
    return Packed({"web.ovf": named(text or PLAIN.text(), name), DISK: data})


def ovf(said: str, text: str = "", **parts: str) -> Bad:
    content = text or replace(PLAIN, **parts).text()
    return Bad(lambda folder, name: packed(name, content).ova(folder / f"{name}.ova"), said)


def image(said: str, data: bytes) -> Bad:
    return Bad(lambda folder, name: packed(name, data=data).ova(folder / f"{name}.ova"), said)


def tar(said: str, *members: bytes) -> Bad:
    good = [tar_member(b"web.ovf", PLAIN.text().encode()), tar_member(DISK.encode(), IMAGE)]
    return Bad(lambda folder, name: (folder / f"{name}.ova").write_bytes(archive([*good, *members])), said)


def listed(said: str, lines: Callable[[Mapping[str, bytes]], bytes]) -> Bad:
    def make(folder: Path, name: str) -> None:
        made = packed(name)
        made.manifest = lines(made.files)
        made.ova(folder / f"{name}.ova")

    return Bad(make, said)


def _cut(folder: Path, name: str) -> None:
    path = Packed({"web.ovf": PLAIN.text().encode(), DISK: IMAGE}).ova(folder / f"{name}.ova")
    os.truncate(path, path.stat().st_size // 2)


def _two(folder: Path, name: str) -> None:
    text = PLAIN.text().encode()
    tarred(folder / f"{name}.ova", [("a.ovf", text), ("b.ovf", text), (DISK, IMAGE)])


def _none(folder: Path, name: str) -> None:
    tarred(folder / f"{name}.ova", [(DISK, IMAGE)])


def _huge(folder: Path, name: str) -> None:
    with (folder / f"{name}.ovf").open("wb") as out:
        out.truncate(100 << 20)


def _many(folder: Path, name: str) -> None:
    empty = b"".join(tar_member(b"f%d" % number, b"") for number in range(20_000))
    (folder / f"{name}.ova").write_bytes(tar_member(b"web.ovf", PLAIN.text().encode()) + empty + bytes(1024))


def _cut_qcow2(folder: Path, name: str) -> None:
    """Its header and tables are whole: qemu would read what is missing as zeroes."""
    made, path = folder.parent / "cut.raw", folder.parent / "cut.qcow2"
    made.write_bytes(b"x" * SIZE)
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", str(made), str(path)], check=True)
    disked("", QCOW2, "web.qcow2", path.read_bytes()[: 3 << 16]).make(folder, name)


def qcow2(option: str, said: str) -> Bad:
    def make(folder: Path, name: str) -> None:
        secret, path = folder.parent / "secret.raw", folder.parent / f"{name}.qcow2"
        secret.write_bytes(b"host's own" * 512)
        backing = ["-b", str(secret), "-F", "raw"]
        arguments = backing if option == "backing" else ["-o", f"data_file={secret},data_file_raw=on"]
        size = [str(SIZE)] if option != "backing" else []
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *arguments, str(path), *size], check=True)
        text = replace(PLAIN, files=file("web.qcow2"), disks=disk(format_=QCOW2)).text()
        Packed({"web.ovf": named(text, name), "web.qcow2": path.read_bytes()}).ova(folder / f"{name}.ova")

    return Bad(make, said)


def disked(said: str, format_: str, name: str, *chunks: bytes, size: int = 0, gib: int = 0) -> Bad:
    """Without a manifest: only the descriptor and the bytes themselves tell that the image is not what was exported."""

    def make(folder: Path, vm: str) -> None:
        sizes = f'ovf:size="{size}"' if size else ""
        split = f'ovf:chunkSize="{len(chunks[0])}"' if len(chunks) > 1 else ""
        units = 'ovf:capacityAllocationUnits="byte * 2^30"' if gib else ""
        disks = disk(capacity=gib or SIZE, format_=format_, attributes=units)
        text = replace(PLAIN, files=file(name, attributes=f"{sizes} {split}"), disks=disks).text()
        names = [f"{name}.{number:09}" for number in range(len(chunks))] if split else [name]
        files = dict(zip(names, chunks, strict=True))
        Packed({"web.ovf": named(text, vm), **files}, algorithm="").ova(folder / f"{vm}.ova")

    return Bad(make, said)


BAD: Mapping[str, Bad] = {
    "tar-truncated": Bad(_cut, "are there"),
    "tar-absolute": tar("/etc/cron.d/x", tar_member(b"/etc/cron.d/x", b"x")),
    "tar-dotdot": tar("..", tar_member(b"../x", b"x")),
    "tar-link": tar("link", tar_member(b"link", b"", b"2")),
    "tar-hardlink": tar("a hard link", tar_member(b"link", b"", b"1")),
    "tar-device": tar("device", tar_member(b"device", b"", b"3")),
    "tar-sparse": tar("GNU sparse", tar_member(b"sparse", b"x" * 512, b"S")),
    "tar-sparse-pax": tar("sparse member", pax({b"GNU.sparse.map": b"0,1"}) + tar_member(b"s", b"x")),
    "tar-newline": tar("name", tar_member(b"a\nb", b"x")),
    "tar-4000": tar("name", tar_member(b"", b"n" * 4000 + b"\0", b"L") + tar_member(b"n", b"x")),
    "tar-many": Bad(_many, "10000"),
    "tar-two": Bad(_two, "a.ovf"),
    "tar-none": Bad(_none, ".ovf"),
    "ovf-expansion": ovf("entit", PLAIN.text().replace(HEAD, HEAD + LAUGHS).replace("<Info>vm", "<Info>&l9;vm")),
    "ovf-external": ovf("entit", PLAIN.text().replace(HEAD, f'{HEAD}<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>')),
    "ovf-huge": Bad(_huge, "104857600 bytes"),
    "ovf-namespace": ovf("namespace", PLAIN.text().replace(NAMESPACE, "http://example.com/ovf")),
    "ovf-parent": ovf("'vmdisk1'", disks=disk(attributes='ovf:parentRef="base"')),
    "ovf-missing": ovf("'gone.vmdk'", files=file("gone.vmdk")),
    "ovf-twice": ovf(DISK, files=file(DISK) + file(DISK, 2)),
    "ovf-small": ovf(f"holds {SIZE}", disks=disk(capacity=SIZE - 512)),
    "ovf-negative": ovf("'-5'", disks=disk(capacity=-5)),
    "ovf-units": ovf("furlongs", disks=disk(attributes='ovf:capacityAllocationUnits="furlongs"')),
    "ovf-controller": ovf("quantum.bus", hardware=CPU + MEMORY + SCSI + item(
        InstanceID=8, ResourceType=20, ResourceSubType="quantum.bus", ElementName="Q") + drive("vmdisk1", 8)),
    "ovf-encoding": ovf("no-such-encoding", PLAIN.text().replace("UTF-8", "no-such-encoding")),
    "vmdk-table": image(DISK, Stream(guest(SIZE, 1), directory_of=lambda starts: [1 << 30]).bytes()),
    "vmdk-loop": image("lie at sector", Stream(
        guest(65536, 1) + bytes(65536 * 511) + guest(65536, 1), directory_of=lambda starts: [starts[0]] * 2).bytes()),
    "vmdk-footer": image(DISK, Stream(guest(SIZE, 1), footer=False, end=False, directory=False).bytes()),
    "vmdk-parent": image(DISK, Stream(guest(SIZE, 1), descriptor=DESCRIPTOR.replace("ffffffff", "deadbeef")).bytes()),
    "qcow2-backing": qcow2("backing", "backing file"),
    "qcow2-data": qcow2("data-file", "its data lies in another file"),
    "cut-magic": disked("does not begin so", VMDK, DISK, b"X" + IMAGE[1:]),
    "cut-page": disked("does not begin so", VMDK, DISK, b"<html>404 not found</html>" * 100),
    "cut-page-sparse": disked("its raw image holds 3072", SPARSE, DISK, b"<html>404 not found</html>" * 100),
    "cut-zeroes": disked("does not begin so", VMDK, DISK, bytes(1 << 20)),
    "cut-raw": disked(f"its raw image holds {SIZE // 2}", "raw", "a.img", GUEST[: SIZE // 2]),
    "cut-raw-by-its-size": disked(f"is said to have {SIZE} bytes", "raw", "a.img", GUEST[:-SECTOR], size=SIZE, gib=1),
    "cut-chunks": disked(f"its raw image holds {SIZE // 2}", "raw", "a.img", GUEST[: SIZE // 4], GUEST[: SIZE // 4]),
    "cut-qcow2": Bad(_cut_qcow2, "of 196608 there are"),
    "mf-wrong": listed("web.ovf", lambda files: manifest({**files, "web.ovf": b"another"})),
    "mf-missing": listed(DISK, lambda files: manifest({"web.ovf": files["web.ovf"]})),
    "mf-algorithm": listed("MD5", lambda files: manifest(files).replace(b"SHA256", b"MD5")),
}  # fmt: skip
"""What a refresh refuses, each with part of what it says."""

LATE: Mapping[str, Bad] = {
    "late-digest": listed(DISK, lambda files: manifest({**files, DISK: b"another"})),
    "late-deflate": image(
        DISK, IMAGE[:140_000] + bytes(byte ^ 0xFF for byte in IMAGE[140_000:140_100]) + IMAGE[140_100:]
    ),
}
"""What only shows while the bytes are read."""


def sparse(folder: Path, name: str) -> None:
    """10 TiB in a file below 1 MiB: allowed."""
    data = Stream(b"a" * (1 << 20), grain=2048, capacity=(10 << 40) // 512).bytes()
    text = replace(PLAIN, disks=disk(capacity=10, attributes='ovf:capacityAllocationUnits="byte * 2^40"')).text()
    packed(name, text, data).ova(folder / f"{name}.ova")


def collection(folder: Path, name: str) -> None:
    """Two VMs in one package: allowed, each is one."""
    one, two = (
        replace(PLAIN, name="one"),
        replace(PLAIN, name="two", hardware=PLAIN.hardware.replace("vmdisk1", "vmdisk2")),
    )
    text = one.text().replace(
        one.system(),
        f'<VirtualSystemCollection ovf:id="both"><Info/>{one.system()}{two.system()}</VirtualSystemCollection>',
    )
    text = text.replace(PLAIN.files, file(DISK) + file("web-disk2.vmdk", 2)).replace(PLAIN.disks, disk() + disk(2))
    Packed({"web.ovf": text.encode(), DISK: IMAGE, "web-disk2.vmdk": IMAGE}).ova(folder / f"{name}.ova")
