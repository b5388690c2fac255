"""What mtv doctor concludes from what it found. Pure: versions, bytes and file names in, findings out."""

import re
from dataclasses import dataclass
from pathlib import Path

from mtv.model.estate import Finding, Level

Version = tuple[int, ...]


@dataclass(frozen=True)
class Tool:
    """A program, the oldest version that the tests have seen work, and what fails without it."""

    program: str
    package: str
    oldest: Version
    use: str
    either: bool = False  # the tools root's will do


TOOLS = (
    Tool("virt-v2v-in-place", "virt-v2v", (2, 2), "conversion", either=True),
    Tool("nbdkit", "nbdkit", (1, 32), "copying"),
    Tool("qemu-img", "qemu-utils", (7, 2), "overlays and conversion"),
    Tool("qemu-nbd", "qemu-utils", (7, 2), "qcow2 as source and target"),
    Tool("qemu-system-x86_64", "qemu-system-x86", (7, 2), "mtv boot, and conversion here,"),
    Tool("bwrap", "bubblewrap", (0, 8), "entering the tools root"),
    Tool("zstd", "zstd", (1, 4), "reading a guest's initramfs", either=True),
    Tool("lz4", "lz4", (1, 9), "reading a guest's initramfs", either=True),
    Tool("lzop", "lzop", (1, 3), "reading a guest's initramfs", either=True),
)
STORE_BYTES = 1 << 30  # an estate of ten thousand VMs with its receipts stays below
CACHE_BYTES = 2 << 30  # a tools root and its appliance


def version_in(text: str) -> Version | None:
    """The first number with a dot in what a program says of itself."""
    found = re.search(r"(\d+(?:\.\d+)+)", text)
    return tuple(int(part) for part in found[1].split(".")) if found else None


def shown(version: Version | None) -> str:
    return ".".join(map(str, version)) if version else "none"


def judge_tool(tool: Tool, host: Version | None, inside: Version | None) -> Finding:
    """Copying and booting use this machine's programs; conversion prefers the tools root's."""
    text = f"{shown(host)} here, {shown(inside)} in the tools root"
    ok = any(found is not None and found >= tool.oldest for found in ((host, inside) if tool.either else (host,)))
    needed = f"; {tool.use} needs {shown(tool.oldest)} or newer"
    return Finding(
        name=tool.program, ok=ok, text=text if ok else text + needed, fix="" if ok else f"apt install {tool.package}"
    )


def judge_space(name: str, folder: Path, free_bytes: int, needed_bytes: int) -> Finding:
    text = f"{free_bytes / 2**30:.1f} GiB free in {folder}"
    if free_bytes >= needed_bytes:
        return Finding(name=name, ok=True, text=text)
    return Finding(
        name=name,
        ok=False,
        text=f"{text}, {needed_bytes / 2**30:.0f} GiB are needed",
        fix="make room, or name another folder by $MTV_STORE or $MTV_CACHE",
        level=Level.WARNING,
    )


def judge_kvm(there: bool, usable: bool, works: bool) -> Finding:
    """Without KVM everything works, and conversions take a minute or two instead of seconds."""
    if works:
        return Finding(name="kvm", ok=True, text="a guest started on it")
    if not there:
        why, fix = "there is no /dev/kvm", "switch on virtualization in the firmware or the hypervisor above"
    elif not usable:
        why, fix = "/dev/kvm may not be opened", "sudo adduser $USER kvm, and log in again"
    else:
        why, fix = (
            "/dev/kvm is there, but no guest starts on it",
            "ask for nested virtualization, or use another machine",
        )
    return Finding(name="kvm", ok=False, text=f"{why}: guests are emulated", fix=fix, level=Level.WARNING)


def judge_tools_root(root: Path, host: Version | None, oldest: Version, current: str | None, key: str) -> Finding:
    """`host` is this machine's virt-v2v, which does where there is no root; "" as `key`: there is none."""
    fix = "run scripts/tools-root"
    if key and current in (None, key.strip()):
        return Finding(name="tools-root", ok=True, text=f"{root} is current")
    if key:
        text = f"{root} is of another version of this tree"
        return Finding(name="tools-root", ok=False, text=text, fix=fix, level=Level.WARNING)
    if host is None:
        text = f"there is none in {root}, and no virt-v2v here: no guest can be converted"
        return Finding(name="tools-root", ok=False, text=text, fix=fix)
    if host >= oldest:
        return Finding(name="tools-root", ok=True, text="the tools of this machine are new enough")
    text = f"none in {root}: conversion uses virt-v2v {shown(host)} of this machine, slower, and not for EL9 guests"
    return Finding(name="tools-root", ok=False, text=text, fix=fix, level=Level.WARNING)
