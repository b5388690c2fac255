"""Export leases read in earnest: by a whole transfer, of leases that are shared, kept alive, and gone afterwards."""

from pathlib import Path
from typing import Any

import pytest

from mtv.errors import MtvError
from mtv.providers.vsphere.ways import streams
from mtv.providers.vsphere.ways.lease import Device, Lease, Told
from mtv.providers.vsphere.wire.address import Address
from tests.providers.vsphere.ways.moving import Move, moving
from tests.vcenter.machines import MIB, Wish
from tests.vcenter.server import VCenter


def exported(vc: VCenter, service: Any, folder: Path, wish: Wish) -> Move:
    move = moving(vc, service, folder, wish)
    move.way = "export"
    return move


def test_a_vms_disks_share_a_lease_and_come_whole(vc: VCenter, admin: Any, tmp_path: Path) -> None:
    wish = Wish("way-export", disks=(20 * MIB, 40 * MIB, 3 * MIB), datastores=("LocalDS_0", "LocalDS_1"))
    move = exported(vc, admin, tmp_path, wish)
    facts = move.go()
    assert move.is_equal()
    assert move.warnings == []
    checks = facts["checks"]
    assert isinstance(checks, dict)
    assert set(checks) == {disk.key for disk in move.vm.disks}
    assert all(one["algorithm"] == "sha256" and one["bytes"] for one in checks.values())  # type: ignore[index,call-overload]
    assert vc.state()["leases"] == []


def test_an_empty_disk_comes_too(vc: VCenter, admin: Any, tmp_path: Path) -> None:
    move = exported(vc, admin, tmp_path, Wish("way-empty", disks=(5 * MIB,)))
    with vc.disks(move.vm.id)[0].path.open("r+b") as file:
        file.truncate(0)
        file.truncate(5 * MIB)
    move.go()
    assert move.target().read_bytes() == bytes(5 * MIB)
    assert move.is_equal()


def test_a_checksum_that_differs_is_an_error(
    vc: VCenter, admin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lease, "manifest", lambda self, key: Told("sha256", "0" * 64, 1))
    move = exported(vc, admin, tmp_path, Wish("way-checksum"))
    with pytest.raises(MtvError, match="the server says 1 with 0000") as raised:
        move.go()
    assert raised.value.fault.code == "source.checksum"
    assert vc.state()["leases"] == []


def test_a_server_without_checksums_proves_nothing(
    vc: VCenter, admin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lease, "manifest", lambda self, key: None)
    move = exported(vc, admin, tmp_path, Wish("way-unproven"))
    assert move.go()["checks"] == {}
    assert move.is_equal()


def test_an_older_server_gives_sha1(vc: VCenter, admin: Any, tmp_path: Path) -> None:
    vc.inject("HttpNfcLeaseSetManifestChecksumType", "NotSupported")
    move = exported(vc, admin, tmp_path, Wish("way-sha1"))
    checks = move.go()["checks"]
    assert isinstance(checks, dict)
    [one] = checks.values()
    assert isinstance(one, dict)
    assert one["algorithm"] == "sha1"


def test_a_disk_is_found_by_its_place_not_by_its_number(vc: VCenter, admin: Any, tmp_path: Path) -> None:
    """The second disk alone: the first of the lease is another."""
    move = exported(vc, admin, tmp_path, Wish("way-second", disks=(8 * MIB, 6 * MIB)))
    move.vm = type(move.vm)(**{**move.vm.__dict__, "disks": move.vm.disks[1:]})
    move.go()
    assert move.target(0).read_bytes() == vc.disks(move.vm.id)[1].path.read_bytes()


class Session:
    """What a lease's place is asked of."""

    address, guard = Address("vc01"), object()


class Nothing:
    session, name = Session(), "db01"


def place(url: str, thumbprint: str = "AB:" * 19 + "AB") -> tuple[str, str, str]:
    address, guard, path = streams._place(Nothing(), Device("k", url, thumbprint))  # type: ignore[arg-type]
    pin = "" if guard is Session.guard else guard.trust.fingerprint
    return str(address), pin, path


def test_a_stream_is_had_where_its_lease_says() -> None:
    assert place("https://vc01/nfc/1/disk-0.vmdk") == ("vc01", "", "/nfc/1/disk-0.vmdk")
    assert place("https://*/nfc/1/disk-0.vmdk?a=b") == ("vc01", "", "/nfc/1/disk-0.vmdk?a=b")
    assert place("https://esx1:8443/nfc/2") == ("esx1:8443", "ab" * 20, "/nfc/2")


@pytest.mark.parametrize(
    ("url", "thumbprint"), [("http://esx1/nfc/1", "AB:" * 19 + "AB"), ("https://esx1/nfc/1", ""), ("https://[::/x", "")]
)
def test_a_host_that_nobody_vouches_for_is_not_asked(url: str, thumbprint: str) -> None:
    with pytest.raises(MtvError) as refused:
        place(url, thumbprint)
    assert refused.value.fault.code == "vsphere.lease"
