"""Receipts as a user meets them: made by a run, held against the disks, one flipped bit found."""

import json
import shutil
from pathlib import Path

import pytest

from mtv.providers.ova import OVA
from tests.cli.sandbox import MIB, Sandbox
from tests.providers.ova.asking import exports, vms


@pytest.fixture
def box(moved: Sandbox, tmp_path: Path) -> Sandbox:
    """A copy of the moved VM, to be spoilt."""
    shutil.copytree(moved.folder / "out" / "db01", tmp_path / "db01")
    made = Sandbox.__new__(Sandbox)
    made.folder = tmp_path
    shutil.copytree(moved.folder / "data" / "keys", tmp_path / "data" / "keys")
    return made


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


def test_a_run_says_that_it_made_the_key_and_its_receipt_holds(moved: Sandbox) -> None:
    for what in ("demo-1", "out/db01/receipt.json", "out/db01"):
        said = moved.mtv("verify", what, "-o", "json")
        assert said.code == 0, said
        (row,) = json.loads(said.out)
        assert (row["verdict"], row["vm"], row["file"]) == ("same", "db01", "disk0.raw")
        assert row["level"] == "read-back, source checksum"
        assert row["signed_by"] in moved.mtv("key", "show").out
    assert (moved.folder / "data" / "keys" / "receipts.pem").stat().st_mode & 0o777 == 0o600


def test_a_receipt_names_the_state_of_the_source_that_was_copied(moved: Sandbox) -> None:
    """As the source tells it: whoever has the package can see whether it is still the same."""
    receipt = json.loads((moved.folder / "out" / "db01" / "receipt.json").read_text())
    [vm] = vms(OVA("again", str(moved.folder / "exports")))
    [export] = exports(moved.folder / "exports", vm)
    assert [one["identity"] for one in receipt["copied"]] == [{"way": "ova.vmdk", "identity": export.identity}]
    assert [one["identity"] for one in receipt["handed_over"]] == [{}], "its guest's, not the source's"


@pytest.mark.parametrize("offset", [0, 8191, 2 * MIB + 77, 3 * MIB, 8 * MIB - 1], ids=lambda at: f"at-{at}")
def test_one_flipped_bit_is_found_in_data_and_in_holes(box: Sandbox, offset: int) -> None:
    assert box.mtv("verify", "db01").code == 0
    flip(box.folder / "db01" / "disk0.raw", offset)
    said = box.mtv("verify", "db01")
    assert said.code == 4
    assert "disk 'vmdisk1' (disk0.raw) differs" in said.err
    block = offset // MIB * MIB
    assert f"in the blocks of 1 MiB that begin at byte {block};" in said.err
    (row,) = json.loads(box.mtv("verify", "db01", "-o", "json").out)
    assert (row["verdict"], row["differing"], row["offsets"]) == ("differs", 1, [block])


def test_a_truncated_and_a_missing_disk_are_no_success(box: Sandbox) -> None:
    disk = box.folder / "db01" / "disk0.raw"
    with disk.open("r+b") as file:
        file.truncate(8 * MIB - 512)
    said = box.mtv("verify", "db01")
    assert (said.code, "8388096 bytes, 8388608 were handed over" in said.err) == (4, True)
    disk.unlink()
    gone = box.mtv("verify", "db01", "-o", "json")
    (row,) = json.loads(gone.out)
    assert (gone.code, row["verdict"], row["offsets"]) == (4, "differs", [])
    assert row["fault"].endswith("No such file or directory")


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("receipt.json", '"read-back, source checksum"', '"notarised"', "was changed after it was signed"),
        ("receipt.json", '"vm": ', '"wm": ', "wm"),
        ("receipt.json", '"disk0.raw"', '"../disk0.raw"', "was changed after it was signed"),
    ],
)
def test_a_changed_receipt_is_refused(box: Sandbox, file: str, old: str, new: str, said: str) -> None:
    path = box.folder / "db01" / file
    path.write_text(path.read_text().replace(old, new))
    answer = box.mtv("verify", "db01")
    assert answer.code in (2, 4)
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_changed_hashes_are_refused(box: Sandbox) -> None:
    path = box.folder / "db01" / "receipt.hashes"
    flip(path, path.stat().st_size // 2)
    answer = box.mtv("verify", "db01")
    assert (answer.code, "receipt.hashes is damaged" in answer.err) == (2, True)


def test_a_strangers_key_is_not_trusted_until_it_is_put_there(box: Sandbox) -> None:
    keys = box.folder / "data" / "keys"
    theirs = (keys / "receipts.pub").read_bytes()
    shutil.rmtree(keys)
    made = box.mtv("key", "create")
    assert made.code == 0
    said = box.mtv("verify", "db01")
    assert (said.code, "is not trusted here" in said.err) == (4, True)
    assert "SHA256:" in said.err
    (keys / "trusted").mkdir()
    (keys / "trusted" / "site-b.pub").write_bytes(theirs)
    assert box.mtv("verify", "db01").code == 0
    assert "site-b.pub" in box.mtv("key", "show").out


def test_a_key_is_made_once_and_kept_from_others(box: Sandbox) -> None:
    assert box.mtv("key", "create").code == 2
    secret = box.folder / "data" / "keys" / "receipts.pem"
    before = secret.read_bytes()
    assert box.mtv("key", "create").code == 2
    assert secret.read_bytes() == before
    assert "PRIVATE" not in box.mtv("key", "show").out
