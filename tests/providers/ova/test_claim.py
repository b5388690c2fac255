"""Files that lie on a cluster's claim, too: how they are named, and what a worker there is told of them."""

import asyncio
import shutil
from pathlib import Path

import pytest

from mtv.cli import main
from mtv.errors import Held, Refused
from mtv.model.points import Mount
from mtv.providers.ova import OVA
from mtv.providers.ova.reading.pieces import Pieces
from mtv.providers.ova.reading.stored import elsewhere, stored
from tests.guests.guests import Guest
from tests.guests.ova import make_ova


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    disk = tmp_path / "disk.raw"
    disk.write_bytes(b"data" * 16384)
    folder = tmp_path / "exports"
    folder.mkdir()
    guest = Guest(name="db01", disks=(disk,), hostname="db01", os_id="debian12_64Guest", os_number=96)
    make_ova(guest, folder / "db01.ova")
    return folder


@pytest.mark.parametrize("told", ["claim", "ns/claim", "ns/claim:../up", "NS/claim:x", "ns/a:b:c"])
def test_what_is_no_claim_is_refused(told: str) -> None:
    with pytest.raises(Refused, match="is no claim"):
        OVA.files(f"/srv?claim={told}")


def test_a_worker_elsewhere_sees_the_files_under_their_names_and_knows_them_by_their_sizes(shelf: Path) -> None:
    source = OVA("exports", f"{shelf}?claim=finance/exports:2026")
    assert OVA.files(f"{shelf}?claim=finance/exports:2026") == "finance/exports:2026"
    assert OVA.files(str(shelf)) == ""

    async def exported() -> None:
        found = [one async for one in source.inventory(None)]
        vm = next(one for one in found if getattr(one, "disks", None))
        point = await source.freeze(vm, vm.disks, "p", None, False)  # type: ignore[arg-type,union-attr]
        export = await source.export(point, vm.disks[0])  # type: ignore[union-attr]
        assert export.mounts == (Mount(claim="finance/exports", inside="2026", at="/source"),)
        there = stored(export)
        assert {*(one.path for one in there.pieces), *(one.path for one in there.stamps)} == {"/source/db01.ova"}
        image = elsewhere(there, "/source", str(shelf))
        assert {one.inode for one in image.stamps} == {0}
        shutil.copy(shelf / "db01.ova", shelf / "copy")
        (shelf / "copy").replace(shelf / "db01.ova")
        pieces = Pieces(image.pieces, image.stamps)
        pieces.check_unchanged()
        with (shelf / "db01.ova").open("ab") as file:
            file.write(b"more")
        with pytest.raises(Held, match="was changed since"):
            pieces.check_unchanged()
        pieces.close()
        with pytest.raises(Held, match="where it was looked at"):
            Pieces(image.pieces, image.stamps)

    asyncio.run(exported())


def test_it_is_remembered_with_its_source(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MTV_DATA", str(tmp_path / "data"))
    words = ["add", "provider", "exports", str(shelf), "--kind", "ova", "--from-claim", "finance/exports:"]
    assert main(words) == 0
    capsys.readouterr()
    assert main(["get", "providers", "-o", "csv", "--columns", "address"]) == 0
    assert f"{shelf}?claim=finance/exports:" in capsys.readouterr().out
    assert main(["add", "provider", "other", "lab", "--kind", "kubevirt", "--from-claim", "a/b:c"]) == 2
