"""What will be written into a guest so that its interfaces keep their names and addresses, and how people see it."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mtv.model.estate import Concern

# A change's neighbour lines may be a key of 802.1X or Wi-Fi: people see the diff, and runs keep it.
_SECRET = re.compile(
    r"(?im)^(.{0,80}?(?:pass(?:word|wd|phrase)|psk|secret|(?:wep|private|preshared|shared|auth)[-_]?key|mka-c[ak][kn]|"
    r"\bpin\b|\bkeys?\d*\b|\bprivate\b)[\w-]*[\"']?(?:\s*[=:>]\s*|[ \t]+))\S.*$"
)


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """One text file: made where `before` is None, removed where `after` is None."""

    path: str
    mode: int = 0o644  # of a file that is made; one that was there keeps its mode and owner
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True)
class NetworkPlan:
    """All that is done for one guest's network. No changes: nothing need change, or a concern says why not."""

    changes: tuple[FileChange, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)  # NIC key -> interface name in the guest
    macs: Mapping[str, str] = field(default_factory=dict)  # NIC key -> MAC at the target: the manifest takes these
    concerns: tuple[Concern, ...] = ()
    rebuild_initramfs: bool = False  # the initramfs may rename NICs by itself: rebuild it after the changes


def diff(plan: NetworkPlan) -> str:
    """The changes as one unified diff without secrets; "" where there are none."""
    return _SECRET.sub(r"\1(hidden)", "".join(_file_diff(change) for change in plan.changes))


def _file_diff(change: FileChange) -> str:
    before = "/dev/null" if change.before is None else f"a{change.path}"
    after = "/dev/null" if change.after is None else f"b{change.path}"
    lines = difflib.unified_diff(_lines(change.before), _lines(change.after), before, after)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str | None) -> list[str]:
    # Only \n ends a line: splitlines() would also break at \f, \x1c, \u2028, which a guest's file may hold.
    return re.findall(r"[^\n]*\n|[^\n]+", text or "")
