"""Which family of systems a guest is said to be: by VMware's, VirtualBox's or oVirt's word, or CIM's number."""

import re
from collections.abc import Mapping

LINUX_WORDS = re.compile(
    "linux|rhel|red_?hat|centos|ubuntu|debian|suse|sles|fedora|oracle|photon|coreos|asianux|mandriva|mandrake|crxsys|"
    "crxpod|rocky|gentoo"
)
OTHER_WORDS = re.compile("bsd|solaris|darwin|macos|netware|^os2|unixware|openserver|vmkernel|^dos|eclipse")
# CIM_OperatingSystem.OSType
LINUX_IDS = {36, 79, 80, 82, 83, 84, 85, 86, 87, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 106, 107, 108,
             109, 125}  # fmt: skip
WINDOWS_IDS = {15, 16, 17, 18, 19, 58, 63, 67, 69, 70, 71, 72, 73, 74, 75, 76, 77, 103, 105, 111, 112, 113, 114, 115,
               116, 117, 118, 119, 120, 121, 122}  # fmt: skip
OTHER_IDS = {2, 29, 42, 65, 78, 81, 104, 110}  # macOS, Solaris, the BSDs, ESXi, eComStation
NAMES: Mapping[int, str] = {
    36: "Linux", 67: "Windows XP", 69: "Windows Server 2003", 70: "Windows Server 2003 64-bit", 73: "Windows Vista",
    76: "Windows Server 2008", 77: "Windows Server 2008 64-bit", 79: "Red Hat Enterprise Linux",
    80: "Red Hat Enterprise Linux 64-bit", 82: "SUSE", 83: "SUSE 64-bit", 84: "SLES", 85: "SLES 64-bit", 93: "Ubuntu",
    94: "Ubuntu 64-bit", 95: "Debian", 96: "Debian 64-bit", 101: "Linux 64-bit", 103: "Windows Server 2008 R2",
    105: "Windows 7", 106: "CentOS", 107: "CentOS 64-bit", 108: "Oracle Linux", 109: "Oracle Linux 64-bit",
    113: "Windows Server 2012", 114: "Windows 8", 115: "Windows 8 64-bit", 116: "Windows Server 2012 R2",
    117: "Windows Server 2016", 120: "Windows 10", 121: "Windows 10 64-bit", 122: "Windows Server 2019",
}  # fmt: skip


def family(word: str, cim: int | None) -> str:
    """linux, windows, other or unknown; the vendor's word knows more than CIM's number."""
    said = word.lower()
    if said.startswith("win") or "windows" in said:
        return "windows"
    if OTHER_WORDS.search(said):
        return "other"
    if LINUX_WORDS.search(said):
        return "linux"
    if cim in LINUX_IDS:
        return "linux"
    if cim in WINDOWS_IDS:
        return "windows"
    return "other" if cim in OTHER_IDS else "unknown"
