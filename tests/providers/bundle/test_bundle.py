import asyncio
import os
import subprocess
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from mtv.errors import CheckFailed, Held, MtvError
from mtv.providers import base, load
from mtv.providers.bundle import Bundle, disks, room
from tests.providers.bundle.conftest import MIB, spec

T = TypeVar("T")


def do(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def test_what_it_can_do_is_what_it_implements(bundle: Bundle) -> None:
    assert load("targets", "bundle") is Bundle
    assert base.capabilities(bundle) == base.Capabilities(machines=True, storage=("raw", "qcow2"))
    assert isinstance(bundle, base.Volumes)
    assert isinstance(bundle, base.Readies)


class TestVolumes:
    def test_a_raw_disk_is_sparse_private_and_empty(self, bundle: Bundle, out: Path) -> None:
        made = do(bundle.create(spec(size=1 << 40)))
        stat = (out / "web" / "disk0.raw").stat()
        assert (stat.st_size, stat.st_mode & 0o777) == (1 << 40, 0o600)
        assert stat.st_blocks <= 8  # the label's own block
        assert made.path == str(out / "web" / "disk0.raw")
        assert (made.format, made.zeroed, made.disk, made.id) == ("raw", True, "disk-0", "web/disk0.raw")

    def test_a_qcow2_disk(self, bundle: Bundle, out: Path) -> None:
        made = do(bundle.create(spec(to="qcow2")))
        told = subprocess.run(["qemu-img", "info", made.path], capture_output=True, text=True, check=True).stdout
        assert "file format: qcow2" in told
        assert "virtual size: 8 MiB" in told
        assert files(out) == ["web/disk0.qcow2"]
        assert not do(bundle.create(spec(to="qcow2"))).zeroed

    def test_nothing_but_the_disk_is_left(self, bundle: Bundle, out: Path) -> None:
        do(bundle.create(spec()))
        assert os.listdir(out) == ["web"]

    def test_it_is_found_again_and_not_believed_empty(self, bundle: Bundle, out: Path) -> None:
        made = do(bundle.create(spec()))
        with (out / "web" / "disk0.raw").open("r+b") as file:
            file.write(b"data")
        again = Bundle("again", str(out))
        assert do(again.create(spec())) == do(again.find(spec())) == replace(made, zeroed=False)
        assert (out / "web" / "disk0.raw").read_bytes()[:4] == b"data"

    @pytest.mark.parametrize("to", ["raw", "qcow2"])
    def test_one_that_lost_its_size_has_another_identity(self, bundle: Bundle, out: Path, to: str) -> None:
        made = do(bundle.create(spec(to=to)))
        os.truncate(made.path, 16)
        seen = do(bundle.find(spec(to=to)))
        assert seen is not None
        assert Path(made.path).stat().st_size == 16
        found = do(bundle.create(spec(to=to)))
        assert len({made.identity, seen.identity, found.identity}) == 3
        assert disks.size_bytes(Path(found.path), to) == 8 * MIB

    def test_a_copy_put_in_its_place_has_another_identity(self, bundle: Bundle) -> None:
        made = do(bundle.create(spec()))
        subprocess.run(["cp", "-a", made.path, made.path + ".copy"], check=True)
        os.replace(made.path + ".copy", made.path)
        assert do(bundle.create(spec())).identity != made.identity

    def test_a_strangers_file_in_its_place_is_refused_and_kept(self, bundle: Bundle) -> None:
        made = do(bundle.create(spec()))
        os.remove(made.path)
        Path(made.path).write_bytes(b"x" * (8 * MIB))
        with pytest.raises(CheckFailed, match="disk0.raw") as error:
            do(bundle.create(spec()))
        assert error.value.fault.code == "target.foreign-files"
        assert do(bundle.find(spec())) is None
        with pytest.raises(MtvError, match="left alone"):
            do(bundle.remove(made))
        assert Path(made.path).stat().st_size == 8 * MIB

    def test_finding_makes_nothing(self, bundle: Bundle, out: Path) -> None:
        assert do(bundle.find(spec())) is None
        assert not out.exists()

    def test_another_runs_disks_are_refused_by_the_runs_name(self, bundle: Bundle) -> None:
        do(bundle.create(spec()))
        for second in (spec(run="plan-2"), spec(1, run="plan-2"), replace(spec(), vm="ova/other")):
            with pytest.raises(CheckFailed, match="plan-1") as error:
                do(bundle.create(second))
            assert error.value.fault.code == "target.exists"
            assert do(bundle.find(second)) is None

    def test_an_unknown_format_is_refused(self, bundle: Bundle, out: Path) -> None:
        with pytest.raises(CheckFailed, match="ceph-rbd"):
            do(bundle.create(spec(to="ceph-rbd")))
        assert not out.exists()

    def test_many_at_once(self, bundle: Bundle, out: Path) -> None:
        async def all_of_them() -> None:
            await asyncio.gather(*(bundle.create(spec(index)) for index in range(12)))

        do(all_of_them())
        assert len(files(out)) == 12
        assert os.listdir(out) == ["web"]


class TestRemoval:
    def test_the_folder_goes_with_its_last_disk(self, bundle: Bundle, out: Path) -> None:
        first, second = do(bundle.create(spec(0))), do(bundle.create(spec(1)))
        do(bundle.remove(first))
        assert files(out) == ["web/disk1.raw"]
        do(bundle.remove(second))
        do(bundle.remove(second))
        assert os.listdir(out) == []

    def test_strangers_files_keep_the_folder(self, bundle: Bundle, out: Path) -> None:
        made = do(bundle.create(spec()))
        (out / "web" / "notes.txt").write_text("mine")
        do(bundle.remove(made))
        assert files(out) == ["web/notes.txt"]

    @pytest.mark.parametrize("path", ["/etc/passwd", "{out}/../x/disk0.raw", "{out}/disk0.raw", "{out}/.mtv/disk0.raw"])
    def test_nothing_outside_is_touched(self, bundle: Bundle, out: Path, path: str) -> None:
        made = do(bundle.create(spec()))
        with pytest.raises(MtvError) as error:
            do(bundle.remove(replace(made, path=path.format(out=out))))
        assert error.value.fault.code == "target.outside"

    def test_a_link_in_its_place_is_not_followed(self, bundle: Bundle, tmp_path: Path) -> None:
        made = do(bundle.create(spec()))
        moved = tmp_path / "moved.raw"
        os.rename(made.path, moved)
        os.symlink(moved, made.path)
        for work in (bundle.remove(made), bundle.create(spec())):
            with pytest.raises(MtvError, match="disk0.raw"):
                do(work)
        assert moved.exists()


class TestScratch:
    def test_it_is_found_again_and_goes_for_good(self, bundle: Bundle, out: Path) -> None:
        scratch = Path(do(bundle.scratch("plan-1", "web")))
        assert out in scratch.parents
        (scratch / "journal").write_text("rows")
        assert do(Bundle("again", str(out)).scratch("plan-1", "web")) == str(scratch)
        do(bundle.scratch("plan-1", "db"))
        do(bundle.tidy("plan-1", "web"))
        do(bundle.tidy("plan-1", "web"))
        assert files(out) == []
        do(bundle.tidy("plan-1", "db"))
        assert os.listdir(out) == []

    def test_it_outlives_the_making_of_disks(self, bundle: Bundle) -> None:
        scratch = Path(do(bundle.scratch("plan-1", "web")))
        do(bundle.create(spec()))
        assert scratch.is_dir()

    def test_a_planted_link_is_refused(self, bundle: Bundle, out: Path, tmp_path: Path) -> None:
        out.mkdir()
        (out / ".mtv").symlink_to(tmp_path)
        for work in (bundle.scratch("r", "web"), bundle.tidy("r", "web"), bundle.create(spec())):
            with pytest.raises(CheckFailed, match="is a link"):
                do(work)


class TestKilled:
    """What a maker that was killed leaves is found again, and goes with the scratch."""

    class Killed(BaseException):
        pass

    def kill_at(self, monkeypatch: pytest.MonkeyPatch, work: Callable[[], Coroutine[Any, Any, Any]], at: int) -> bool:
        """Ends the work before its `at`-th change of the file system; False if it had fewer."""
        calls = 0

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **words: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls >= at:  # nothing more happens, not even what `finally` would do
                    raise self.Killed
                return real(*args, **words)

            return call

        with monkeypatch.context() as patch:
            for name in ("mkdir", "rename", "setxattr", "rmdir", "unlink", "truncate", "chmod"):
                patch.setattr(os, name, counted(getattr(os, name)))
            for name in ("mkdir", "rename", "replace", "rmdir", "unlink", "chmod", "open"):
                patch.setattr(Path, name, counted(getattr(Path, name)))
            try:
                do(work())
            except self.Killed:
                return True
            return False

    @pytest.mark.parametrize("attributes", [True, False])
    def test_at_every_change(
        self, out: Path, monkeypatch: pytest.MonkeyPatch, attributes: bool, request: pytest.FixtureRequest
    ) -> None:
        if not attributes:
            request.getfixturevalue("no_attributes")

        def move(bundle: Bundle) -> Callable[[], Coroutine[Any, Any, None]]:
            async def work() -> None:
                await bundle.scratch("plan-1", "web")
                await bundle.create(spec())
                await bundle.create(spec(1))
                await bundle.create_machine("web", [{"kind": "X"}], TestMachines.PAPERS)

            return work

        def undo(bundle: Bundle) -> None:
            do(bundle.remove_machine("web"))
            for index in range(2):
                if volume := do(bundle.find(spec(index))):
                    do(bundle.remove(volume))
            do(bundle.tidy("plan-1", "web"))

        at = 1
        while self.kill_at(monkeypatch, move(Bundle("one", str(out))), at):
            again = Bundle("two", str(out))
            do(again.ready([spec(), spec(1)], 0))
            if at % 2:
                do(move(again)())
                assert do(again.machine("web")).state == "halted"
                assert len([file for file in files(out) if file.startswith("web/")]) == 6
            undo(again)
            assert not out.exists() or os.listdir(out) == [], at
            at += 1
        assert at > 30
        undo(Bundle("three", str(out)))


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


class TestMachines:
    PAPERS = {"receipt.json": b"{}\n", "receipt.hashes": b"\0", "README.txt": b"read me\n"}

    def test_papers_and_the_state(self, bundle: Bundle, out: Path) -> None:
        do(bundle.create(spec()))
        assert do(bundle.machine("web")).state == "absent"
        made = do(bundle.create_machine("web", [{"kind": "VirtualMachine"}, {"kind": "X"}], self.PAPERS))
        assert (made.state, made.path) == ("halted", str(out / "web"))
        assert (out / "web" / "vm.yaml").read_bytes() == b"kind: VirtualMachine\n---\nkind: X\n"
        papers = ["README.txt", "disk0.raw", "receipt.hashes", "receipt.json", "vm.yaml"]
        assert files(out) == [f"web/{name}" for name in papers]

    def test_twice_is_once(self, bundle: Bundle, out: Path) -> None:
        do(bundle.create_machine("web", [{"kind": "A"}], self.PAPERS))
        do(bundle.create_machine("web", [{"kind": "B"}], {}))
        assert (out / "web" / "vm.yaml").read_bytes() == b"kind: B\n"

    def test_a_strangers_paper_is_kept(self, bundle: Bundle, out: Path) -> None:
        do(bundle.create(spec()))
        (out / "web" / "README.txt").write_text("mine")
        with pytest.raises(CheckFailed, match="README.txt"):
            do(bundle.create_machine("web", [], self.PAPERS))
        assert (out / "web" / "README.txt").read_text() == "mine"
        assert do(bundle.machine("web")).state == "absent"

    def test_other_files_are_refused(self, bundle: Bundle, out: Path) -> None:
        with pytest.raises(MtvError, match=r"evil\.raw"):
            do(bundle.create_machine("web", [], {"evil.raw": b""}))
        assert not out.exists()

    def test_removal_of_a_failed_vm_leaves_nothing(self, bundle: Bundle, out: Path) -> None:
        made = do(bundle.create(spec()))
        do(bundle.scratch("plan-1", "web"))
        do(bundle.create_machine("web", [{}], self.PAPERS))
        do(bundle.remove_machine("web"))
        do(bundle.remove_machine("web"))
        assert do(bundle.machine("web")).state == "absent"
        do(bundle.remove(made))
        do(bundle.tidy("plan-1", "web"))
        assert os.listdir(out) == []

    @pytest.mark.parametrize("name", ["../../etc", "a/b", ".", "..", ".mtv", "x\ny", "ä" * 300, "-", "", "a" * 4000])
    def test_strangers_names_stay_inside(self, bundle: Bundle, out: Path, name: str) -> None:
        made = do(bundle.create(spec(machine=name)))
        do(bundle.create_machine(name, [{}], self.PAPERS))
        assert Path(made.path).parent.parent == out
        assert Path(made.path).parent.resolve().parent == out.resolve()
        do(bundle.remove_machine(name))
        do(bundle.remove(made))
        assert os.listdir(out) == []


@pytest.mark.usefixtures("no_attributes")
class TestWithoutAttributes:
    """The same promises where files keep no extended attributes."""

    def test_found_again_by_records(self, bundle: Bundle, out: Path) -> None:
        made = do(bundle.create(spec()))
        assert do(Bundle("again", str(out)).create(spec())) == replace(made, zeroed=False)

    def test_replaced_is_foreign(self, bundle: Bundle) -> None:
        made = do(bundle.create(spec()))
        Path(made.path + ".new").write_bytes(b"")
        os.replace(made.path + ".new", made.path)
        with pytest.raises(CheckFailed, match="not made by mtv|did not make"):
            do(bundle.create(spec()))

    def test_labels_outlive_the_run_and_go_with_the_bundle(self, bundle: Bundle, out: Path) -> None:
        made = do(bundle.create(spec()))
        do(bundle.create_machine("web", [{}], TestMachines.PAPERS))
        do(bundle.tidy("plan-1", "web"))
        again = Bundle("again", str(out))
        assert do(again.machine("web")).state == "halted"
        do(again.remove_machine("web"))
        do(again.remove(made))
        assert os.listdir(out) == []
