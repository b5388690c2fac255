"""Guest systems: vSphere's id, and what RVTools shows for it, which is the name that vSphere's client has."""

import re

from mtv.model.estate import VM

_ID = re.compile(r"[a-z][A-Za-z0-9_-]*Guest")
_WINDOWS = {
    "windows2022srvNext": "Microsoft Windows Server 2025", "windows2019srvNext": "Microsoft Windows Server 2022",
    "windows2019srv": "Microsoft Windows Server 2019", "windows9Server": "Microsoft Windows Server 2016",
    "windows8Server": "Microsoft Windows Server 2012", "windows12": "Microsoft Windows 12",
    "windows11": "Microsoft Windows 11", "windows9": "Microsoft Windows 10", "windows8": "Microsoft Windows 8.x",
    "windows7": "Microsoft Windows 7", "winLonghorn": "Microsoft Windows Server 2008",
}  # fmt: skip
_LINUX = {
    **{f"debian{one}": f"Debian GNU/Linux {one}" for one in (4, 5, 6, 7, 8, 9, 10, 11, 12, 13)},
    **{f"rhel{one}": f"Red Hat Enterprise Linux {one}" for one in (2, 3, 4, 5, 6, 7, 8, 9, 10)},
    **{f"sles{one}": f"SUSE Linux Enterprise {one}" for one in (10, 11, 12, 15, 16)},
    **{f"oracleLinux{one}": f"Oracle Linux {one}" for one in (6, 7, 8, 9, 10)},
    **{f"centos{one}": f"CentOS {one}" for one in (6, 7, 8, 9)},
    **{f"amazonlinux{one}": f"Amazon Linux {one}" for one in (2, 3)},
    "oracleLinux": "Oracle Linux 4/5", "centos": "CentOS 4/5", "sles": "SUSE Linux Enterprise 8/9",
    "ubuntu": "Ubuntu Linux", "rockylinux": "Rocky Linux", "almalinux": "AlmaLinux", "fedora": "Red Hat Fedora",
    "opensuse": "SUSE openSUSE", "coreos": "CoreOS Linux", "vmwarePhoton": "VMware Photon OS",
    "other24xLinux": "Other 2.4.x Linux", "other26xLinux": "Other 2.6.x Linux", "other3xLinux": "Other 3.x Linux",
    "other4xLinux": "Other 4.x Linux", "other5xLinux": "Other 5.x or later Linux",
    "other6xLinux": "Other 6.x or later Linux", "otherLinux": "Other Linux",
}  # fmt: skip
_OTHERS = {
    "win2000ServGuest": "Microsoft Windows 2000 Server", "win2000ProGuest": "Microsoft Windows 2000 Professional",
    "winNetStandardGuest": "Microsoft Windows Server 2003 Standard (32-bit)",
    "winNetStandard64Guest": "Microsoft Windows Server 2003 Standard (64-bit)",
    "winNetEnterpriseGuest": "Microsoft Windows Server 2003 (32-bit)",
    "winNetEnterprise64Guest": "Microsoft Windows Server 2003 (64-bit)",
    "winXPProGuest": "Microsoft Windows XP Professional (32-bit)",
    "winXPPro64Guest": "Microsoft Windows XP Professional (64-bit)",
    "winVistaGuest": "Microsoft Windows Vista (32-bit)", "winVista64Guest": "Microsoft Windows Vista (64-bit)",
    "windows7Server64Guest": "Microsoft Windows Server 2008 R2 (64-bit)",
    "windowsHyperVGuest": "Microsoft Windows Hyper-V", "winNTGuest": "Microsoft Windows NT",
    "freebsd64Guest": "FreeBSD Pre-11 versions (64-bit)", "freebsdGuest": "FreeBSD Pre-11 versions (32-bit)",
    **{f"freebsd{one}_64Guest": f"FreeBSD {one} (64-bit)" for one in (11, 12, 13)},
    "freebsd14_64Guest": "FreeBSD 14 or later versions (64-bit)",
    "solaris10_64Guest": "Oracle Solaris 10 (64-bit)", "solaris11_64Guest": "Oracle Solaris 11 (64-bit)",
    "vmkernel65Guest": "VMware ESXi 6.5 or later", "vmkernel7Guest": "VMware ESXi 7.0 or later",
    "vmkernel8Guest": "VMware ESXi 8.0 or later", "otherGuest": "Other (32-bit)", "otherGuest64": "Other (64-bit)",
    "crxPod1Guest": "VMware CRX Pod 1 (64-bit)", "crxSys1Guest": "VMware CRX (64-bit)",
}  # fmt: skip


_ONLY_64 = frozenset((
    "almalinux", "amazonlinux2", "amazonlinux3", "centos8", "centos9", "coreos", "oracleLinux8", "oracleLinux9",
    "oracleLinux10", "rhel8", "rhel9", "rhel10", "rockylinux", "sles15", "sles16", "vmwarePhoton", "windows11",
    "windows12", "windows2019srv", "windows2019srvNext", "windows2022srvNext", "windows8Server", "windows9Server",
))  # fmt: skip
_UNDERSCORED = re.compile(r".*(?:\d|srv|Next|rockylinux|almalinux)")


def _table() -> dict[str, str]:
    found = dict(_OTHERS)
    for id_, name in {**_WINDOWS, **_LINUX}.items():
        if id_ not in _ONLY_64:
            found[f"{id_}Guest"] = f"{name} (32-bit)"
        if id_ != "rhel2":
            found[f"{id_}{'_' if _UNDERSCORED.fullmatch(id_) else ''}64Guest"] = f"{name} (64-bit)"
    return found


def _plain(name: str) -> str:
    """Servers of other ages say `or later` of the latest system that they know."""
    return name.strip().casefold().replace(" or later", "")


NAMES = _table()
_IDS = {_plain(name): id_ for id_, name in NAMES.items()}
_FAMILIES = (
    ("windows", ("windows",)),
    ("linux", ("linux", "red hat", "rhel", "debian", "ubuntu", "suse", "sles", "centos", "fedora", "rocky", "alma",
               "photon", "coreos", "oracle linux")),
)  # fmt: skip


def told(vm: VM) -> str:
    """What stands in the column of the configured system: its name; the id of one whose name we do not know."""
    if vm.os_id in NAMES:
        return NAMES[vm.os_id]
    return vm.os_name if vm.os_name and not vm.guest.os_name else vm.os_id


def id_of(name: str) -> str:
    """The id behind what that column says; "" where it is not known."""
    if known := _IDS.get(_plain(name)):
        return known
    return name if _ID.fullmatch(name) or name in NAMES else ""


def family(*names: str) -> str:
    """linux, windows, other; unknown where nothing is told."""
    words = " ".join(names).casefold()
    for one, marks in _FAMILIES:
        if any(mark in words for mark in marks):
            return one
    plain = {name.strip().casefold() for name in names if name.strip()}
    return "other" if plain - {"other (32-bit)", "other (64-bit)", "otherguest", "otherguest64"} else "unknown"
