"""What a Linux guest's own files say of it, besides its kernels, devices and network."""

import re

from mtv.converters.guest.files import GuestFiles
from mtv.converters.guest.survey.kernels import text

# Found by their programs: that works for every distribution, and asks no package database in a slow appliance.
_PROGRAMS = {
    "open-vm-tools": ("/usr/bin/vmtoolsd", "/usr/sbin/vmtoolsd"),
    "virtualbox-guest-additions": ("/usr/sbin/VBoxService",),
    "qemu-guest-agent": ("/usr/sbin/qemu-ga", "/usr/bin/qemu-ga"),
    "cloud-init": ("/usr/bin/cloud-init",),
    "network-manager": ("/usr/sbin/NetworkManager",),
    "lvm2": ("/usr/sbin/lvm", "/sbin/lvm"),
    "dracut": ("/usr/bin/dracut", "/usr/sbin/dracut", "/sbin/dracut"),
    "initramfs-tools": ("/usr/sbin/update-initramfs",),
    "selinux": ("/usr/sbin/load_policy",),
}
_LIBRARIES = ("/usr/lib/systemd", "/lib/systemd", "/usr/lib/*/systemd", "/usr/lib64/systemd")
_OLD = {"rhel": {7: 219}, "sles": {12: 228}}  # before 231 no library carries the version
_LIKE_RHEL = ("centos", "rhel", "scientificlinux", "oraclelinux", "redhat-based", "rocky", "almalinux")


def packages(files: GuestFiles) -> tuple[str, ...]:
    """Those that matter, by our own names."""
    return tuple(name for name, paths in _PROGRAMS.items() if any(files.exists(path) for path in paths))


def systemd(files: GuestFiles, distro: str, major: int) -> int:
    """Its version; 0 where there is none or it cannot be told."""
    for folder in _LIBRARIES:
        for path in files.glob(f"{folder}/libsystemd-shared-*.so"):
            if found := re.search(r"shared-(\d+)", path):
                return int(found[1])
    stanza = re.search(
        r"^Package: systemd\n(?:.+\n)*?Version: (\d+)", text(files, "/var/lib/dpkg/status"), re.MULTILINE
    )
    if stanza:
        return int(stanza[1])
    if not files.exists("/usr/lib/systemd/systemd") and not files.exists("/lib/systemd/systemd"):
        return 0
    return _OLD.get("rhel" if distro in _LIKE_RHEL else distro, {}).get(major, 0)


def hostname(files: GuestFiles) -> str:
    lines = (
        line.strip() for line in text(files, "/etc/hostname").splitlines() + text(files, "/etc/HOSTNAME").splitlines()
    )
    first = next((line for line in lines if line and not line.startswith("#")), "")
    told = re.search(r"^HOSTNAME=\"?([^\"\s]+)", text(files, "/etc/sysconfig/network"), re.MULTILINE)
    return first or (told[1] if told else "")
