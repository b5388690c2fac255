"""From QEMU's start to a guest that is up: the login prompt, the agent, or an end that no waiting mends."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from mtv.converters.boot import console
from mtv.converters.boot.starting import Running
from mtv.errors import Cancelled, MtvError

LOOK_EVERY_S = 0.5
OTHER_S = 90.0
"""How long the one of prompt and agent is waited for once the other is there: a first boot installs the agent late."""

Say = Callable[[str], None]


class Asked(Protocol):
    def answers(self, wait_s: float) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long is waited, and by which clock."""

    timeout_s: float
    other_s: float = OTHER_S
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)


@dataclass(frozen=True, kw_only=True)
class Waited:
    login: str | None = None  # the host name at the prompt
    login_s: float | None = None
    agent_s: float | None = None
    failure: str = ""

    @property
    def up(self) -> bool:
        return not self.failure and (self.login_s is not None or self.agent_s is not None)


def wait(qemu: Running, agent: Asked, patience: Patience, say: Say, stopping: Callable[[], bool]) -> Waited:
    """Raises Cancelled when asked to stop."""
    began, found = patience.clock(), Waited()
    while True:
        if stopping():
            raise Cancelled("boot.cancelled", "the boot was cancelled")
        now_s = patience.clock() - began
        found = _look(qemu, agent, patience, found, now_s, say)
        if found.failure or _enough(found, now_s, patience.other_s):
            return found
        if now_s > patience.timeout_s:
            return found if found.up else replace(found, failure=_silence(qemu, patience.timeout_s))


def _look(qemu: Running, agent: Asked, patience: Patience, found: Waited, now_s: float, say: Say) -> Waited:
    if found.agent_s is None and _answers(agent, patience):
        say(f"the guest's agent answers after {now_s:.0f} s")
        found = replace(found, agent_s=now_s)
    seen = console.judge(console.read(qemu.place.firmware_log, qemu.place.console))
    if seen.failure:
        return replace(found, failure=seen.failure)
    if found.login_s is None and seen.login is not None:
        say(f"login prompt of {seen.login} after {now_s:.0f} s")
        found = replace(found, login=seen.login, login_s=now_s)
    if qemu.ended:
        return replace(found, failure=f"QEMU ended, or the guest powered off: {qemu.complaint()}")
    if found.agent_s is not None and found.login_s is None:
        patience.sleep(LOOK_EVERY_S)
    return found


def _answers(agent: Asked, patience: Patience) -> bool:
    """A broken channel is a guest that does not answer; that QEMU ended is seen elsewhere."""
    try:
        return agent.answers(LOOK_EVERY_S)
    except MtvError:
        patience.sleep(LOOK_EVERY_S)
        return False


def _enough(found: Waited, now_s: float, other_s: float) -> bool:
    there = [at_s for at_s in (found.login_s, found.agent_s) if at_s is not None]
    return len(there) == 2 or (len(there) == 1 and now_s - there[0] > other_s)


def _silence(qemu: Running, timeout_s: float) -> str:
    lines = console.read(qemu.place.console).strip().splitlines()
    last = f"the console's last line is: {lines[-1].strip()[:160]}" if lines else "the console shows nothing"
    return f"no login prompt and no answer of the agent within {timeout_s:.0f} s; {last}"
