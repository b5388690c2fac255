"""mtv doctor on a machine that lacks things."""

import subprocess
from pathlib import Path

import pytest

from mtv import toolsroot
from mtv.model.estate import Finding
from mtv.verbs import doctor as module
from mtv.verbs.doctor import current_key, doctor

TREE = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _asks_kvm_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("mtv.kvm.kvm_works", lambda: False)
    monkeypatch.setenv("MTV_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MTV_CACHE", str(tmp_path / "cache"))
    toolsroot.host_version.cache_clear()


def found(name: str) -> Finding:
    (one,) = [one for one in doctor() if one.name == name]
    return one


def test_every_probe_says_something_and_every_fault_has_its_fix() -> None:
    findings = doctor()
    assert len({one.name for one in findings}) == len(findings)
    assert all(one.fix for one in findings if not one.ok)
    assert all(one.text for one in findings)


def test_programs_that_are_not_there_are_named_with_their_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("virt-v2v-in-place", "nbdkit", "qemu-img", "qemu-system-x86_64"):
        one = found(name)
        assert not one.ok
        assert one.fix.startswith("apt install ")


@pytest.mark.parametrize("needed", [True, False])
def test_what_enters_a_tools_root_is_asked_for_where_one_is_needed(
    monkeypatch: pytest.MonkeyPatch, needed: bool
) -> None:
    """Not in the workers' image, which is one."""
    monkeypatch.setattr(toolsroot, "needed", lambda: needed)
    assert ("bwrap" in {one.name for one in doctor()}) is needed


def test_an_older_program_is_not_good_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "nbdkit").write_text("#!/bin/sh\necho nbdkit 1.20.1\n")
    (tmp_path / "nbdkit").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert found("nbdkit").text == "1.20.1 here, none in the tools root; copying needs 1.32 or newer"


def test_a_binding_that_does_not_load_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BINDINGS", {"no_such_binding": "python3-no-such"})
    assert found("no_such_binding").fix == "apt install python3-no-such, then run scripts/setup"


def test_a_store_that_is_not_ours_is_a_finding(tmp_path: Path) -> None:
    store = tmp_path / "data/store.db"
    store.parent.mkdir()
    store.write_bytes(b"SQLite format 3\0" + b"not really" * 100)
    one = found("store")
    assert not one.ok
    assert str(store) in one.text


def test_no_store_yet_is_fine() -> None:
    assert found("store").ok


def test_the_tools_roots_key_is_what_its_script_writes() -> None:
    argv = [str(TREE / "scripts/tools-root"), "--key"]
    assert current_key() == subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
    assert '"$(scripts/tools-root --key)"' in (TREE / "scripts/setup").read_text()
