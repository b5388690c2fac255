"""`mtv boot`: start what a bundle holds, wait until it is up, and hold what it tells against what was known of it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mtv.converters.boot import console, monitor
from mtv.converters.boot.agent import Agent
from mtv.converters.boot.hardware import Hardware
from mtv.converters.boot.manifest import known_guest, read
from mtv.converters.boot.pictures.comparing import Row, compare
from mtv.converters.boot.pictures.expecting import of_facts, of_hardware
from mtv.converters.boot.pictures.picture import Picture
from mtv.converters.boot.pictures.telling import tell
from mtv.converters.boot.starting import Limits, Running, capped, started
from mtv.converters.boot.waiting import OTHER_S, Patience, Say, Waited, wait
from mtv.errors import MtvError
from mtv.model.guest import GuestFacts
from mtv.settings import settings

SETTLE_S = 45.0
"""Networks come up after the agent does: what differs is asked again for so long."""
SETTLE_EVERY_S = 3.0
POWER_OFF_S = 180.0
CONSOLE_LINES = 40
Expected = GuestFacts | Picture | None


@dataclass(frozen=True, kw_only=True)
class BootReport:
    name: str
    booted: bool
    failure: str = ""
    accelerator: str = "tcg"
    login: str | None = None  # host name at the login prompt
    login_s: float | None = None  # None: no prompt was seen
    agent_s: float | None = None  # None: no agent answered
    told: Picture = Picture()
    rows: tuple[Row, ...] = ()
    unanswered: tuple[str, ...] = ()  # questions that the agent could not answer, and why
    notes: tuple[str, ...] = ()
    console: str = ""  # its last lines

    @property
    def ok(self) -> bool:
        """It came up, and nothing that is known on both sides differs."""
        return self.booted and not any(row.verdict == "different" for row in self.rows)


def boot(
    bundle: Path,
    *,
    timeout_s: float | None = None,
    persist: bool = False,
    expected: Expected = None,
    limits: Limits | None = None,
    say: Say = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> BootReport:
    """Boot a bundle's VM as its manifest says, on throw-away overlays unless `persist`. `expected` is, if not given,
    what the bundle's receipt remembers of the inspection. Raises Refused `boot.*` for what is no bundle; a guest that
    does not come up is a report."""
    return boot_disks(
        read(bundle),
        timeout_s=timeout_s,
        persist=persist,
        expected=expected or known_guest(bundle),
        limits=limits,
        say=say,
        stopping=stopping,
    )


def boot_disks(
    hardware: Hardware,
    *,
    timeout_s: float | None = None,
    persist: bool = False,
    expected: Expected = None,
    limits: Limits | None = None,
    other_s: float = OTHER_S,
    kvm: bool | None = None,
    extra: Sequence[str] = (),
    say: Say = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> BootReport:
    """The same for any hardware: a source's own, to learn what is to be expected."""
    before = of_facts(expected, hardware) if isinstance(expected, GuestFacts) else expected or of_hardware(hardware)
    patience = Patience(timeout_s=timeout_s or settings().guest_timeout_s, other_s=other_s)
    with started(hardware, persist=persist, limits=limits, kvm=kvm, extra=extra) as qemu:
        accelerator = "kvm" if qemu.place.kvm else "tcg"
        say(f"{hardware.name}: QEMU runs ({accelerator}, {qemu.place.cpus} CPUs, {qemu.place.memory_bytes >> 20} MiB)")
        with Agent(qemu.place.agent) as agent:
            waited = wait(qemu, agent, patience, say, stopping)
            report = _report(hardware, qemu, waited, accelerator, _notes(hardware, limits))
            if waited.up:
                report = _heard(agent, waited, before, report, say)
            if persist and not qemu.ended:
                report = _power_off(agent, waited, qemu, report, say)
            return report


def _report(hardware: Hardware, qemu: Running, waited: Waited, accelerator: str, notes: tuple[str, ...]) -> BootReport:
    lines = console.read(qemu.place.console).strip().splitlines()
    return BootReport(
        name=hardware.name,
        booted=waited.up,
        failure=waited.failure,
        accelerator=accelerator,
        login=waited.login,
        login_s=waited.login_s,
        agent_s=waited.agent_s,
        notes=notes,
        console="\n".join(lines[-CONSOLE_LINES:]),
    )


def _notes(hardware: Hardware, limits: Limits | None) -> tuple[str, ...]:
    given = capped(hardware, limits)
    notes = []
    if given.cpus != hardware.cpus:
        notes.append(f"{given.cpus} of {hardware.cpus} CPUs were given")
    if given.memory_bytes and given.memory_bytes < hardware.memory_bytes:
        notes.append(f"{given.memory_bytes >> 20} of {hardware.memory_bytes >> 20} MiB of memory were given")
    return tuple(notes)


def _heard(agent: Agent, waited: Waited, before: Picture, report: BootReport, say: Say) -> BootReport:
    """What the agent tells, asked again while something differs that may still come; all unknown without an agent."""
    if waited.agent_s is None:
        return replace(report, rows=compare(before, Picture()), unanswered=("everything: no agent answered",))
    deadline = time.monotonic() + SETTLE_S
    while True:
        told, unanswered = tell(agent)
        report = replace(report, told=told, unanswered=unanswered, rows=compare(before, told))
        if report.ok or time.monotonic() > deadline:
            return report
        say("something differs still: asking again")
        time.sleep(SETTLE_EVERY_S)


def _power_off(agent: Agent, waited: Waited, qemu: Running, report: BootReport, say: Say) -> BootReport:
    """The disks are the VM's own: let the guest write what it has."""
    say("powering the guest off")
    try:
        if waited.agent_s is not None:
            agent.shutdown()
        else:
            monitor.press(qemu.place.monitor, ("system_powerdown", {}))
    except MtvError as error:
        return replace(report, notes=(*report.notes, f"the guest could not be asked to power off: {error}"))
    deadline = time.monotonic() + POWER_OFF_S
    while not qemu.ended:
        if time.monotonic() > deadline:
            return replace(report, notes=(*report.notes, f"the guest did not power off within {POWER_OFF_S:.0f} s"))
        time.sleep(0.2)
    return report
