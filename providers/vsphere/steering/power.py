"""Power: a guest is asked to shut down and given time; what comes then is the plan's word."""

from contextlib import suppress
from typing import Literal

from pyVmomi import vim

from mtv.errors import Held, MtvError
from mtv.providers.vsphere.steering.alarm import refuse_powered_on
from mtv.providers.vsphere.steering.marks import fence_of
from mtv.providers.vsphere.steering.server import Server
from mtv.providers.vsphere.steering.subject import Subject, look, pulse
from mtv.providers.vsphere.steering.tasks import Wait, run, settled

DEAF = (vim.fault.ToolsUnavailable,)
OTHERWISE = (vim.fault.InvalidPowerState,)
Then = Literal["hold", "force"]


async def off(server: Server, id_: str, grace_s: float, then: Then) -> None:
    """Returns once the VM is seen to be off; so also for one that is off already."""
    subject = (await look(server, id_)).reachable()
    if subject.power == "off":
        return
    await refuse_powered_on(server, subject)
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
    if subject.power == "on":
        return
    if note := fence_of(subject):
        raise MtvError("source.fenced", f"{subject.name} is fenced by {note.run} and cannot start", "unfence it first")
    await _switch(server, subject, "on")


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
