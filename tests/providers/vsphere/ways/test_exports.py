"""What a worker is told: all that it needs, no secret, the same by every process."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from mtv import codec
from mtv.errors import CheckFailed, Refused
from mtv.providers.vsphere.rights.roles import EXPORT, FOLDER
from mtv.providers.vsphere.ways.exports import SECRET, fingerprint_of
from tests.providers.vsphere.opening import find, source_of
from tests.providers.vsphere.ways.moving import Move, moving, of
from tests.vcenter.machines import MIB, Wish, allow, disallow
from tests.vcenter.server import COPY, PASSWORDS, VCenter


@pytest.fixture
def move(vc: VCenter, admin: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Move:
    allow(admin, COPY, FOLDER.given + EXPORT.given)
    return moving(vc, admin, tmp_path, Wish(f"export-{request.node.name}"[:60], disks=(MIB, 2 * MIB)), COPY)


def test_an_export_says_where_and_by_whom_and_no_secret(vc: VCenter, move: Move) -> None:
    export = move.export(1)
    disk = move.vm.disks[1]
    assert (export.way, export.kind, export.size_bytes) == ("vsphere.folder", "random", 2 * MIB)
    assert export.identity == move.point().identity
    assert export.secrets == (SECRET,)
    assert export.remote
    wanted = {
        "url": f"127.0.0.1:{vc.port}", "user": COPY, "vm": move.vm.id, "disk": disk.key, "path": disk.path,
        "datastore": "LocalDS_0", "datacenter": "DC0", "snapshot": "",
        "fingerprint": vc.certificate.sha256.replace(":", "").lower(),
    }  # fmt: skip
    assert {name: export.params[name] for name in wanted} == wanted
    told = json.dumps(codec.dump(export))
    assert not any(word in told for word in PASSWORDS.values())


def test_another_process_is_told_the_same(vc: VCenter, move: Move, tmp_path: Path) -> None:
    assert of(vc, move.vm.id, tmp_path, COPY).export() == move.export()


def test_a_disk_that_the_point_does_not_hold_is_refused(move: Move) -> None:
    with pytest.raises(Refused, match="has no disk 9999"):
        move.ways.export(move.point(), replace(move.vm.disks[0], key="9999"), move.vm, move.around, "folder")


def test_a_right_that_one_vm_alone_lacks_closes_the_way_for_it(vc: VCenter, admin: Any, move: Move) -> None:
    [vm] = find(admin, move.vm.name)
    allow(admin, COPY, FOLDER.given, on=vm)
    try:
        move.ways.wanted = "export"
        with pytest.raises(CheckFailed, match="export: the copy account lacks VApp.Export"):
            move.ways.choose(move.vm, move.vm.disks, move.around)
    finally:
        disallow(admin, COPY, vm)


@pytest.mark.parametrize(
    "body", ["", "<byte>1</byte>", "text", "<byte>45</byte>" * 3000, "<byte>-1</byte><byte>x</byte><byte>999</byte>"]
)
def test_a_certificate_that_is_none_gives_no_fingerprint(body: str) -> None:
    assert fingerprint_of({"config.certificate": etree.fromstring(f"<val>{body}</val>")}) == ""
    assert fingerprint_of({}) == ""


def test_a_plans_word_decides_until_another_one_does(vc: VCenter, move: Move) -> None:
    source = source_of(vc, copy_user=COPY)

    async def ways() -> list[str]:
        point = await source.freeze(move.vm, move.vm.disks, "mtv-run-1", None, False)
        found = []
        for word in ("auto", "export", "auto"):
            source.prefer(word)
            found.append((await source.export(point, move.vm.disks[0])).way)
        source.prefer("ssh")
        with pytest.raises(CheckFailed, match="ssh: behind a vCenter"):
            await source.export(point, move.vm.disks[0])
        await source.close()
        return found

    assert asyncio.run(ways()) == ["vsphere.folder", "vsphere.export", "vsphere.folder"]
