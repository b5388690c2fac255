"""Power: a guest is asked to shut down and given time; what comes then is the plan's word."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal

from pyVmomi import vim

from mtv.errors import Held, MtvError
from mtv.providers.vsphere.steering.alarm import refuse_powered_on
from mtv.providers.vsphere.steering.marks import fence_of
from mtv.providers.vsphere.steering.server import Server
from mtv.providers.vsphere.steering.subject import Subject, cards, look, pulse, reconfigure
from mtv.providers.vsphere.steering.tasks import Wait, run, settled

DEAF = (vim.fault.ToolsUnavailable,)
OTHERWISE = (vim.fault.InvalidPowerState,)
Then = Literal["hold", "force"]
LIVE = "mtv.live-cards"  # their keys, while it is off: cards that were plugged in by hand, and not by its start


async def off(server: Server, id_: str, grace_s: float, then: Then) -> None:
    """Returns once the VM is seen to be off; so also for one that is off already."""
    subject = (await look(server, id_)).reachable()
    if subject.power == "off":
        return
    await refuse_powered_on(server, subject)
    await _note_live(server, subject)
    if subject.power == "suspended":
        await _force(server, subject, then, f"{subject.name} is suspended: what is in its memory would be lost")
    elif not await _asked(server, subject):
        why = f"{subject.name} runs no VMware Tools, so that its guest cannot be asked to shut down"
        await _force(server, subject, then, why)
    elif not await _listened(server, subject, grace_s):
        await _force(server, subject, then, f"{subject.name} did not shut down within {grace_s:.0f} s")


async def on(server: Server, id_: str) -> None:
    """Returns once the VM is seen to run; so also for one that runs already. Raises MtvError `source.fenced`."""
    subject = (await look(server, id_)).reachable()
    note = fence_of(subject)
    if note and subject.power != "on":
        raise MtvError("source.fenced", f"{subject.name} is fenced by {note.run} and cannot start", "unfence it first")
    if subject.power != "on":
        await _switch(server, subject, "on")
        subject = await look(server, id_)
    if not note:
        await _plug_live(server, subject)


async def _note_live(server: Server, subject: Subject) -> None:
    """A VM that is off forgets which of its cards were live. An earlier move's note is replaced."""
    live = [one for one in cards(subject).values() if one.connectable.connected and not one.connectable.startConnected]
    keys = " ".join(str(one.key) for one in live)
    if keys != subject.notes.get(LIVE, ""):
        await _keep(server, subject, "noting which cards are live", keys)


async def _plug_live(server: Server, subject: Subject) -> None:
    """What it was before `off`, but for cards that somebody took out meanwhile; then the note goes."""
    if not (keys := subject.notes.get(LIVE)):
        return
    edits = []
    for card in cards(subject).values():
        if str(card.key) in keys.split() and not card.connectable.connected:
            card.connectable.connected = True
            edits.append(vim.vm.device.VirtualDeviceSpec(operation="edit", device=card))
    await _keep(server, subject, "plugging in the cards that were live", "", edits)


async def _keep(server: Server, subject: Subject, doing: str, keys: str, edits: Sequence[Any] = ()) -> None:
    value = vim.option.OptionValue(key=LIVE, value=keys)
    spec = vim.vm.ConfigSpec(extraConfig=[value], deviceChange=list(edits))
    await reconfigure(server, subject, doing, spec)


async def _asked(server: Server, subject: Subject) -> bool:
    """False where nobody in the guest listens."""
    if not subject.tools:
        return False
    doing = f"asking the guest of {subject.name} to shut down"
    await settled(server, subject.ref, doing, Wait(server, server.limits.source_task_s))
    try:
        await server.call(doing, lambda: subject.ref.ShutdownGuest(), (*DEAF, *OTHERWISE))
    except DEAF:
        return False
    except OTHERWISE:
        return True  # how it is now is looked at next
    return True


async def _listened(server: Server, subject: Subject, grace_s: float) -> bool:
    wait = Wait(server, grace_s)
    while (await pulse(server, subject))[0] != "off":
        if wait.over:
            return False
        await wait.pause()
    return True


async def _force(server: Server, subject: Subject, then: Then, why: str) -> None:
    if then == "hold":
        raise Held("source.shutdown", why, "shut it down by hand, or write `power_off: {then: force}`; then `mtv run`")
    await _switch(server, subject, "off")


async def _switch(server: Server, subject: Subject, to: Literal["on", "off"]) -> None:
    doing = f"switching {subject.name} {to}"
    begin = subject.ref.PowerOnVM_Task if to == "on" else subject.ref.PowerOffVM_Task

    async def ask() -> str:
        power, question = await pulse(server, subject)
        if question:
            raise Held("source.question", f"{doing}: its host asks: {question}", "answer it in the vSphere Client")
        return power

    with suppress(*OTHERWISE):  # somebody was quicker: how it is now is looked at next
        await run(server, subject.ref, doing, begin, server.limits.source_task_s, OTHERWISE, ask)
    wait = Wait(server, server.limits.source_task_s)
    while await ask() != to:
        await wait.next(doing)
