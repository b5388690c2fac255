"""The bundle as a target: volumes, machines, scratch, labels."""

import asyncio
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.errors import CheckFailed, MtvError
from mtv.providers import base, load
from mtv.providers.bundle import Bundle, disks
from tests.providers.bundle.acts import PAPERS, do, files
from tests.providers.bundle.conftest import MIB, spec


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


class TestMachines:
    def test_papers_and_the_state(self, bundle: Bundle, out: Path) -> None:
        do(bundle.create(spec()))
        assert do(bundle.machine("web")).state == "absent"
        made = do(bundle.create_machine("web", [{"kind": "VirtualMachine"}, {"kind": "X"}], PAPERS))
        assert (made.state, made.path) == ("halted", str(out / "web"))
        assert (out / "web" / "vm.yaml").read_bytes() == b"kind: VirtualMachine\n---\nkind: X\n"
        papers = ["README.txt", "disk0.raw", "receipt.hashes", "receipt.json", "vm.yaml"]
        assert files(out) == [f"web/{name}" for name in papers]

    def test_twice_is_once(self, bundle: Bundle, out: Path) -> None:
        do(bundle.create_machine("web", [{"kind": "A"}], PAPERS))
        do(bundle.create_machine("web", [{"kind": "B"}], {}))
        assert (out / "web" / "vm.yaml").read_bytes() == b"kind: B\n"

    def test_a_strangers_paper_is_kept(self, bundle: Bundle, out: Path) -> None:
        do(bundle.create(spec()))
        (out / "web" / "README.txt").write_text("mine")
        with pytest.raises(CheckFailed, match="README.txt"):
            do(bundle.create_machine("web", [], PAPERS))
        assert (out / "web" / "README.txt").read_text() == "mine"
        assert do(bundle.machine("web")).state == "absent"

    def test_other_files_are_refused(self, bundle: Bundle, out: Path) -> None:
        with pytest.raises(MtvError, match=r"evil\.raw"):
            do(bundle.create_machine("web", [], {"evil.raw": b""}))
        assert not out.exists()

    def test_removal_of_a_failed_vm_leaves_nothing(self, bundle: Bundle, out: Path) -> None:
        made = do(bundle.create(spec()))
        do(bundle.scratch("plan-1", "web"))
        do(bundle.create_machine("web", [{}], PAPERS))
        do(bundle.remove_machine("web"))
        do(bundle.remove_machine("web"))
        assert do(bundle.machine("web")).state == "absent"
        do(bundle.remove(made))
        do(bundle.tidy("plan-1", "web"))
        assert os.listdir(out) == []

    @pytest.mark.parametrize("name", ["../../etc", "a/b", ".", "..", ".mtv", "x\ny", "ä" * 300, "-", "", "a" * 4000])
    def test_strangers_names_stay_inside(self, bundle: Bundle, out: Path, name: str) -> None:
        made = do(bundle.create(spec(machine=name)))
        do(bundle.create_machine(name, [{}], PAPERS))
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
        do(bundle.create_machine("web", [{}], PAPERS))
        do(bundle.tidy("plan-1", "web"))
        again = Bundle("again", str(out))
        assert do(again.machine("web")).state == "halted"
        do(again.remove_machine("web"))
        do(again.remove(made))
        assert os.listdir(out) == []
