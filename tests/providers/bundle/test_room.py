"""What a bundle says before anything is changed."""

import os
from pathlib import Path

import pytest

from mtv.errors import CheckFailed, Held
from mtv.providers.bundle import Bundle, disks, room
from mtv.providers.bundle.promises import Promises
from tests.providers.bundle.acts import do, files
from tests.providers.bundle.conftest import MIB, spec


class TestReady:
    def test_nothing_is_changed(self, bundle: Bundle, out: Path) -> None:
        do(bundle.ready([spec(), spec(1)], 5 * MIB))
        assert not out.exists()

    def test_foreign_files_are_named(self, bundle: Bundle, out: Path) -> None:
        (out / "web").mkdir(parents=True)
        (out / "web" / "holiday\n.jpg").write_text("mine")
        for work in (bundle.ready([spec()], 0), bundle.create(spec())):
            with pytest.raises(CheckFailed, match=r"holiday\?\.jpg") as error:
                do(work)
            assert (error.value.fault.code, error.value.exit_code) == ("target.foreign-files", 4)
        assert files(out) == ["web/holiday\n.jpg"]

    def test_a_link_for_a_folder_is_foreign(self, bundle: Bundle, out: Path, tmp_path: Path) -> None:
        out.mkdir()
        (out / "web").symlink_to(tmp_path)
        with pytest.raises(CheckFailed, match="not a folder"):
            do(bundle.ready([spec()], 0))

    def test_an_empty_folder_and_a_fresh_file_system_are_welcome(self, bundle: Bundle, out: Path) -> None:
        (out / "web" / "lost+found").mkdir(parents=True)
        do(bundle.ready([spec()], 0))
        made = do(bundle.create(spec()))
        do(bundle.remove(made))
        assert (out / "web" / "lost+found").is_dir()

    def test_no_space_says_how_much_is_missing(self, bundle: Bundle, out: Path) -> None:
        free = room.free(out)
        with pytest.raises(CheckFailed, match="MiB free") as error:
            do(bundle.ready([spec()], free))
        assert error.value.fault.code == "target.no-space"
        assert "make " in error.value.fault.hint

    def test_what_lies_there_already_needs_no_space(self, bundle: Bundle, out: Path) -> None:
        made = do(bundle.create(spec()))
        Path(made.path).write_bytes(os.urandom(8 * MIB))
        free = room.free(out)
        do(bundle.ready([spec()], free - room.MARGIN_BYTES + 4 * MIB))

    def test_read_only(self) -> None:
        """A read-only file system refuses root too; /sys is one to whoever makes files there."""
        target = Bundle("bundle", "/sys/kernel/out")
        with pytest.raises(CheckFailed, match="cannot be written") as error:
            do(target.ready([spec()], 0))
        assert error.value.fault.code == "target.read-only"
        assert [(finding.name, finding.ok) for finding in do(target.check())] == [("writable", False)]

    def test_a_file_for_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(CheckFailed) as error:
            do(Bundle("bundle", str(tmp_path / "file")).ready([spec()], 0))
        assert error.value.fault.code == "target.not-a-folder"

    def test_a_sound_folder_has_no_findings_against_it(self, bundle: Bundle, out: Path) -> None:
        assert all(finding.ok for finding in do(bundle.check()))
        assert not out.exists()

    def test_full_is_a_hold_and_too_big_says_so(self, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*args: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(disks, "_fill", full)
        with pytest.raises(Held) as error:
            do(bundle.create(spec()))
        assert error.value.fault.code == "target.no-space"
        monkeypatch.undo()
        with pytest.raises(CheckFailed) as big:
            do(bundle.create(spec(size=1 << 62)))
        assert big.value.fault.code == "target.file-too-big"


class TestPromises:
    """Two VMs that each fit, and not together."""

    def test_space_that_another_vm_still_takes_is_not_free(self, bundle: Bundle, out: Path) -> None:
        half = (room.free(out) - 2 * room.MARGIN_BYTES) * 6 // 10
        do(bundle.ready([spec()], half))
        with pytest.raises(CheckFailed, match=r"beside \d+ MiB that other VMs of this run still take") as error:
            do(bundle.ready([spec(machine="app")], half))
        assert error.value.fault.code == "target.no-space"
        do(bundle.ready([spec()], half))
        do(Bundle("alone", str(out)).ready([spec(machine="app")], half))

    def test_who_was_refused_was_promised_nothing(self, bundle: Bundle, out: Path) -> None:
        free = room.free(out)
        with pytest.raises(CheckFailed):
            do(bundle.ready([spec()], free))
        do(bundle.ready([spec(machine="app")], free // 2))

    @pytest.mark.parametrize("end", ["moved", "undone"])
    def test_a_vm_that_has_ended_takes_no_more(self, bundle: Bundle, out: Path, end: str) -> None:
        half = (room.free(out) - 2 * room.MARGIN_BYTES) * 6 // 10
        do(bundle.ready([spec()], half))
        do(bundle.create(spec()))
        do(bundle.create_machine("web", [], {}) if end == "moved" else bundle.tidy("plan-1", "web"))
        do(bundle.ready([spec(machine="app")], half))

    def test_what_it_filled_already_is_counted_once(self, bundle: Bundle) -> None:
        promises = Promises()
        made = do(bundle.create(spec()))
        promises.keep("web", 8 * MIB, [Path(made.path)])
        before = promises.open_bytes(besides="app")
        Path(made.path).write_bytes(os.urandom(6 * MIB))
        assert before - promises.open_bytes(besides="app") >= 5 * MIB
        assert promises.open_bytes(besides="web") == 0
