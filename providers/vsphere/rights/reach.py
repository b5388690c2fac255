"""Whether this machine reaches the hosts: files come faster straight from a host, VMware's library needs port 902."""

import socket
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from mtv.model.estate import Finding, Level
from mtv.providers.vsphere.rights.missing import KINDS, Objects, objects
from mtv.providers.vsphere.rights.roles import HOST
from mtv.providers.vsphere.wire.session import Session

PORTS: Mapping[int, str] = {
    443: "files then come through the vCenter, which is slower",
    902: "VMware's library reads there; /folder and exports do without",
}
CONNECT_S = 3.0
TOTAL_S = 20.0  # of all hosts: 32 at a time are 200 that do not answer
AT_ONCE = 32
NAMED = 5
Ask = Callable[[str, int], str]


def addresses(session: Session) -> Sequence[str]:
    """HOST:PORT of the server, and of its hosts by the names that it has for them."""
    where = session.address
    own = f"[{where.host}]:{where.port}" if ":" in where.host else f"{where.host}:{where.port}"
    if not session.about.is_vcenter:
        return [own]
    return [own, *(f"{name}:{port}" for name in hosts(objects(session)) for port in PORTS)]


def hosts(seen: Objects) -> Sequence[str]:
    return sorted({name for ref, name in seen[HOST].items() if ref.kind == KINDS[HOST]})


def answers(host: str, port: int) -> str:
    """Why it does not, in a word; "" where it does."""
    try:
        with socket.create_connection((host, port), CONNECT_S):
            return ""
    except TimeoutError:
        return "no answer"
    except socket.gaierror:
        return "no such name"
    except OSError as error:
        return (error.strerror or "no way").lower()


def reach(hosts: Collection[str], ask: Ask = answers, total_s: float = TOTAL_S) -> Iterator[Finding]:
    """A finding a port. Hosts by the names that the vCenter has for them: VMware's library is sent there too."""
    names = sorted(set(hosts))
    if not names:
        return
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="vsphere-reach")
    asked = {port: {host: pool.submit(ask, host, port) for host in names} for port in PORTS}
    wait([one for of in asked.values() for one in of.values()], total_s)
    pool.shutdown(wait=False, cancel_futures=True)
    for port, of in asked.items():
        yield _finding(port, {host: _told(one) for host, one in of.items()})


def _told(one: Future[str]) -> str:
    return one.result() if one.done() and not one.cancelled() else "not tried in time"


def _finding(port: int, told: Mapping[str, str]) -> Finding:
    bad = [f"{host}: {why}" for host, why in told.items() if why]
    if not bad:
        return Finding(name=f"port {port}", ok=True, text=f"port {port} of {_count(told)} answers this machine")
    return Finding(
        name=f"port {port}", ok=False, level=Level.WARNING,
        text=f"port {port} of {len(bad)} of {_count(told)} does not answer this machine ({_some(bad)})",
        fix=f"let this machine, or where workers run, reach port {port} of the hosts by these names: {PORTS[port]}",
    )  # fmt: skip


def _count(told: Collection[str]) -> str:
    return f"{len(told)} host{'' if len(told) == 1 else 's'}"


def _some(words: Sequence[str]) -> str:
    more = f" and {len(words) - NAMED} more" if len(words) > NAMED else ""
    return ", ".join(words[:NAMED]) + more
