"""Whether KVM works is asked by running guests: emulation stands in for a KVM that does."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mtv import kvm


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """A machine with /dev/kvm, and how often a guest was run on it."""
    asked: list[str] = []

    def runs(accelerator: str, timeout_s: float) -> bool:
        asked.append(accelerator)
        return len(asked) == 1

    monkeypatch.setenv("MTV_CACHE", str(tmp_path))
    monkeypatch.setattr(kvm, "runs", runs)
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    return asked


def test_guests_run_to_their_end() -> None:
    assert kvm.runs("tcg", 60.0)


def test_an_accelerator_that_is_not_there_runs_nothing() -> None:
    assert not kvm.runs("nonsense", 10.0)


def test_a_guest_that_hangs_is_no_guest_that_runs() -> None:
    assert not kvm.runs("tcg", 0.01)


def test_a_sector_that_runs_is_not_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "kernel"
    broken.write_bytes(b"no kernel")
    monkeypatch.setattr(kvm, "kernels", lambda: [broken])
    assert not kvm.runs("tcg", 10.0)
    monkeypatch.setattr(kvm, "kernels", list)
    assert kvm.runs("tcg", 10.0)


def test_the_answer_is_kept_until_the_next_boot(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert kvm.kvm_works()
    assert kvm.kvm_works()
    assert asked == ["kvm"]
    other = tmp_path / "boot_id"
    other.write_text("another boot\n")
    monkeypatch.setattr(kvm, "_BOOT_ID", other)
    assert not kvm.kvm_works()
    assert asked == ["kvm", "kvm"]
    assert json.loads((tmp_path / "kvm.json").read_text()) == {"boot": "another boot", "works": False}


def test_many_threads_may_ask_at_the_same_time(asked: list[str], tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: kvm.kvm_works(), range(64)))
    assert [path.name for path in tmp_path.iterdir()] == ["kvm.json"]


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"boot": 5}'])
def test_a_torn_answer_is_asked_again(asked: list[str], tmp_path: Path, torn: str) -> None:
    (tmp_path / "kvm.json").write_text(torn)
    assert kvm.kvm_works()
    assert asked == ["kvm"]


def test_an_answer_that_no_qemu_gave_is_not_kept(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    there = False
    monkeypatch.setattr("mtv.process.which", lambda program: program if there else None)
    assert not kvm.kvm_works()
    assert asked == []
    there = True  # it was installed since
    assert kvm.kvm_works()


def test_without_the_device_nothing_is_asked(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert not kvm.kvm_works()
    assert asked == []
