"""What inspection finds at the source is what the conversion of its copy goes by: one session of the appliance less."""

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mtv import process
from mtv.converters.guest import looking
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
from mtv.model.tasks import BLOCK_BYTES
from tests.converters.guest.parts import Bench

LOOKED = Looked(guest=GuestFacts(roots=1, family="linux"), decision=Decision(mode="network"), plan=NetworkPlan())


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


def moved(folder: Path) -> tuple[Bench, Job]:
    source = folder / "source.raw"
    source.write_bytes(b"m" * BLOCK_BYTES * 3)
    bench = Bench(folder, [source])
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
    def look(overlays: Sequence[Path], what: Wanted, scratch: Path) -> Looked:
        for pid in process.descendants(os.getpid()):
            os.kill(pid, signal.SIGKILL)
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
