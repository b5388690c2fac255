"""What inspection finds at the source is what the conversion of its copy goes by: one session of the appliance less."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from mtv import process
from mtv.converters.guest import convert as convert_module
from mtv.converters.guest import looking
from mtv.converters.guest.change import virtv2v
from mtv.converters.guest.convert import convert
from mtv.converters.guest.decide import Decision
from mtv.converters.guest.inspect import FOLDER, SEEN, inspect
from mtv.converters.guest.looking import Looked, Wanted
from mtv.converters.network import NetworkPlan
from mtv.converters.transfer.transfer import transfer
from mtv.converters.transfer.verify import verify
from mtv.converters.worker.job import Job
from mtv.errors import CheckFailed, Temporary
from mtv.model.estate import Concern, Level
from mtv.model.faults import Fault
from mtv.model.guest import GuestFacts
from mtv.model.plans import GuestChoice
from mtv.model.tasks import BLOCK_BYTES
from tests.converters.guest.known import DEBIAN, ROOT
from tests.converters.guest.parts import Bench

LOOKED = Looked(guest=GuestFacts(roots=1, family="linux"), decision=Decision(mode="network"), plan=NetworkPlan())


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every start of an appliance, without one: sessions of ours, and virt-v2v's."""
    found: list[str] = []

    @contextmanager
    def session(overlays: Sequence[Path]) -> Iterator[object]:
        found.append("session")
        yield object()

    def virt_v2v(options: virtv2v.Options, heard: object, stopping: object) -> list[virtv2v.Message]:
        found.append("virt-v2v")
        return [virtv2v.Message("info", "This guest has virtio drivers installed.")]

    monkeypatch.setattr(looking, "session", session)
    monkeypatch.setattr(convert_module, "session", session)
    monkeypatch.setattr(virtv2v, "convert", virt_v2v)
    monkeypatch.setattr(virtv2v, "version", lambda: "2.6.0")
    monkeypatch.setattr(looking, "survey", lambda handle, keys: replace(DEBIAN, filesystems=(ROOT,)))
    monkeypatch.setattr(looking, "_plan", lambda handle, guest, what: NetworkPlan())
    return found


@pytest.mark.parametrize(
    ("mode", "changed", "needed"),
    [
        ("auto", False, ["session"]),  # found fit: nothing is done to it
        ("network", False, ["session"]),
        ("full", False, ["session", "virt-v2v"]),
        ("network", True, ["session"] * 2),
        ("full", True, ["session", "session", "virt-v2v"]),
    ],
)
def test_how_often_an_appliance_is_started(
    tmp_path: Path, starts: list[str], mode: Literal["auto", "network", "full"], changed: bool, needed: list[str]
) -> None:
    """One for `network`, two for a full move of what does not change, three for what did. A conversion that is begun
    again after a crash needs none of those that had ended."""
    choice = GuestChoice(conversion=mode, agent="none")
    bench = source(tmp_path)
    inspect(bench.job("inspect", choice))
    if changed:
        bench.sources[0].write_bytes(b"n" * BLOCK_BYTES * 3)
    copied(bench)
    convert_module.convert(bench.job("convert", choice))
    assert starts == needed
    convert_module.convert(bench.job("convert", choice))
    assert starts == needed


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often somebody looked, without an appliance."""
    found: list[str] = []

    def look(overlays: Sequence[Path], what: Wanted, scratch: Path) -> Looked:
        found.extend(overlay.name for overlay in overlays)
        return LOOKED

    monkeypatch.setattr(looking, "look", look)
    return found


def copied(bench: Bench) -> None:
    """By the real transfer and its verify."""
    job = bench.job("transfer")
    disks = [replace(disk, export=bench.export(n)) for n, disk in enumerate(job.task.disks)]
    for disk in disks:
        assert disk.volume
        Path(disk.volume.path).touch()
    job = replace(job, task=replace(job.task, disks=tuple(disks)))
    transfer(job)
    verify(bench.job("verify"))


def source(folder: Path) -> Bench:
    disk = folder / "source.raw"
    disk.write_bytes(b"m" * BLOCK_BYTES * 3)
    return Bench(folder, [disk])


def moved(folder: Path) -> tuple[Bench, Job]:
    bench = source(folder)
    inspect(bench.job("inspect"))
    return bench, bench.job("convert")


def test_a_conversion_does_not_look_again(tmp_path: Path, looks: list[str]) -> None:
    bench, job = moved(tmp_path)
    copied(bench)
    facts = convert(job)
    assert looks == ["seen-0.qcow2"]
    assert isinstance(facts["seconds"], dict)
    assert facts["seconds"]["inspect"] == 0.0


def test_a_conversion_of_other_bytes_looks_at_them(tmp_path: Path, looks: list[str]) -> None:
    bench, job = moved(tmp_path)
    bench.sources[0].write_bytes(b"n" * BLOCK_BYTES * 3)
    copied(bench)
    convert(job)
    assert looks == ["seen-0.qcow2"] * 2


@pytest.mark.parametrize("ends", ["well", "refused", "in an error"])
def test_what_is_seen_through_a_server_that_died_is_no_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    others = set(process.descendants(os.getpid()))  # servers that the whole run shares

    def look(overlays: Sequence[Path], what: Wanted, scratch: Path) -> Looked:
        servers = set(process.descendants(os.getpid())) - others
        assert servers
        process.kill([*servers])
        if ends == "in an error":
            raise RuntimeError("no operating system was found")
        refusals = (Fault("guest.no-os", "no operating system"),) if ends == "refused" else ()
        return replace(LOOKED, decision=Decision(mode="network", refusals=refusals))

    monkeypatch.setattr(looking, "look", look)
    (tmp_path / "source.raw").write_bytes(b"m" * BLOCK_BYTES)
    bench = Bench(tmp_path, [tmp_path / "source.raw"])
    with pytest.raises(Temporary) as caught:
        inspect(bench.job("inspect"))
    assert caught.value.fault.code == "source.connect"
    assert not (bench.scratch / FOLDER / SEEN).exists()


def test_a_critical_concern_that_is_found_in_the_copy_stops_its_conversion_unless_it_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    concern = Concern(id="network.no-nic-fits", level=Level.CRITICAL, text="no card fits eth7", hint="look there")

    def look(overlays: Sequence[Path], what: Wanted, scratch: Path) -> Looked:
        return replace(LOOKED, plan=NetworkPlan(concerns=(concern,)))

    monkeypatch.setattr(looking, "look", look)
    (tmp_path / "source.raw").write_bytes(b"m" * BLOCK_BYTES)
    bench = Bench(tmp_path, [tmp_path / "source.raw"])
    copied(bench)
    with pytest.raises(CheckFailed) as caught:
        convert(bench.job("convert"))
    assert caught.value.fault.code == "check.concern"
    assert "network.no-nic-fits" in caught.value.fault.text
    assert bench.states() == []
    job = bench.job("convert")
    accepting = replace(job.task, guest={**job.task.guest, "accept": ["network.no-nic-fits"]})
    assert convert(replace(job, task=accepting))["mode"] == "network"
