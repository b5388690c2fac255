"""A stranger's VM name as a DNS-1123 label: what KubeVirt accepts as a name, a host name and a label at once.

KubeVirt takes dots and 253 characters too, but labels its pods by what stands before the first dot: web.x and web.y
would collide. So a name has no dots and at most 63 characters.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

LONGEST = 63
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PLAIN = re.compile(r"[A-Za-z0-9 ._-]*")


def is_label(name: str) -> bool:
    return _LABEL.fullmatch(name) is not None


def machine_name(name: str) -> str:
    """The name in lower case, spaces, dots and underscores as dashes. Where more was lost than that, digits of the
    name's hash keep two such names apart."""
    readable = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    left = re.sub(r"[^a-z0-9]+", "-", readable.lower()).strip("-")
    if _PLAIN.fullmatch(name) and is_label(left):
        return left
    return hashed(left, name)


def document_name(machine: str) -> str:
    """What a plan calls the VM, as its documents do: plans for other targets know other names."""
    return machine if is_label(machine) else machine_name(machine)


def machine_names(names: Iterable[str]) -> dict[str, str]:
    """Names that go together: those that would become equal all get digits of their hash."""
    wanted = {name: machine_name(name) for name in names}
    times = Counter(wanted.values())
    return {name: hashed(label, name) if times[label] > 1 else label for name, label in wanted.items()}


def hashed(label: str, name: str) -> str:
    digits = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
    left = label[: LONGEST - 9].strip("-")
    return f"{left}-{digits}" if left else f"vm-{digits}"


def claim_name(machine: str, index: int) -> str:
    """The claim of a VM's disk: the same each time, so that a crash and a stranger find it."""
    tail = f"-disk{index}"
    if len(machine) + len(tail) <= LONGEST:
        return machine + tail
    return hashed(machine[: LONGEST - 9 - len(tail)], machine) + tail


def snapshot_name(machine: str) -> str:
    """Of the one that is taken once it ran: at most 74 characters, where 253 are allowed."""
    return f"{machine}-first-boot"


def disk_name(index: int) -> str:
    return f"disk{index}"


def interface_name(index: int) -> str:
    return f"net{index}"
