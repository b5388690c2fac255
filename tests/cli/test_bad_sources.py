"""A source that is damaged at rest between two attempts: nothing but its bytes tells, and the next attempt finds it."""

import os
from dataclasses import replace

import pytest

from tests.cli.sandbox import MIB, Sandbox
from tests.providers.ova.builders import Packed, Vmware, disk, file

SIZE = 24 * MIB


@pytest.mark.slow
def test_a_digest_is_checked_again_after_a_resume(box: Sandbox) -> None:
    """One bit of what was copied already flips; inode, size and time stay. The journal would not look there again."""
    text = replace(Vmware(name="raw"), files=file("raw.img"), disks=disk(capacity=SIZE, format_="raw")).text()
    data = os.urandom(SIZE)
    ova = Packed({"raw.ovf": text.encode(), "raw.img": data}).ova(box.folder / "exports" / "raw.ova")
    path = box.plan("raw", source=f"ova:{ova}", vms="[raw]", limits="{bytes_per_second: 2M}")
    with box.running("run", str(path)):
        box.until(lambda: copied(box) >= 4 * MIB, "4 MiB are copied, and what its manifest says was read")
        box.kill_engine()
    half = box.folder / "out" / "raw" / "disk0.raw"
    assert half.stat().st_blocks * 512 < SIZE, "it was killed in the midst"
    before = ova.stat()
    with ova.open("r+b") as out:
        at = ova.read_bytes().index(data[:64])
        out.seek(at + 1000)
        out.write(bytes([data[1000] ^ 1]))
    os.utime(ova, ns=(before.st_atime_ns, before.st_mtime_ns))
    path.write_text(path.read_text().replace("2M", "400M"))
    said = box.mtv("run", str(path))
    assert said.code == 1, said
    assert "its manifest says" in said.out
    assert "Traceback" not in said.err
    assert box.rows("get", "receipts") == []
    assert not list((box.folder / "out").iterdir()), "its folder is gone, and all scratch"


def copied(box: Sandbox) -> int:
    return sum(int(str(row["done_bytes"] or 0)) for row in box.rows("status"))
