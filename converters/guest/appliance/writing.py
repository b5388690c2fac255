"""Writing into a guest that is mounted in the appliance: files of its network, and its initramfs after them."""

from collections.abc import Sequence

from mtv.converters.guest.appliance.handle import Handle
from mtv.converters.network import FileChange
from mtv.errors import MtvError
from mtv.model.guest import GuestFacts

SELINUX = "security.selinux"
_LIKE = "/etc/fstab"  # etc_t, as what lies under /etc/systemd, /etc/udev and /etc/cloud wants


def write(handle: Handle, changes: Sequence[FileChange]) -> None:
    """A file that is there keeps its owner, mode and label; a new one gets root's, and fstab's label."""
    for change in changes:
        try:
            _write(handle, change)
        except RuntimeError as error:
            raise MtvError("guest.unwritable", f"cannot write {change.path} in the guest: {error}") from error
    handle.sync()


def _write(handle: Handle, change: FileChange) -> None:
    if change.after is None:
        handle.rm_f(change.path)
        return
    is_new = not handle.exists(change.path)
    if is_new:
        handle.mkdir_p(change.path.rpartition("/")[0] or "/")
    handle.write(change.path, change.after.encode())
    if is_new:
        handle.chmod(change.mode, change.path)
        if label := _label(handle):
            handle.setxattr(SELINUX, label, len(label), change.path)


def _label(handle: Handle) -> str:
    """Without one a guest with SELinux would not let anybody read the file."""
    if not handle.is_file(_LIKE, followsymlinks=True):
        return ""
    found = {one["attrname"]: one["attrval"] for one in handle.getxattrs(_LIKE)}
    return found.get(SELINUX, b"").rstrip(b"\0").decode("ascii", "replace")


def can_rebuild(facts: GuestFacts) -> bool:
    """Debian's way only: dracut looks at the machine that it runs on, and virt-v2v knows how to tell it better."""
    return "initramfs-tools" in facts.packages and "dracut" not in facts.packages


def rebuild_initramfs(handle: Handle) -> None:
    """Of all its kernels, by the guest's own program (about 20 s each under emulation)."""
    try:
        handle.command(["update-initramfs", "-u", "-k", "all"])
    except RuntimeError as error:
        raise MtvError("guest.initramfs", f"update-initramfs failed in the guest: {str(error)[-300:]}") from error
