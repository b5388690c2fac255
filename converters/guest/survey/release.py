"""Which distribution a Linux guest's own release files name, by libguestfs's names and its order of these files. None
wherever libguestfs might see more in them than we do."""

import re
from dataclasses import dataclass

from mtv.converters.guest.files import GuestFiles

OS_RELEASE = "/etc/os-release"
LIMIT_BYTES = 64 << 10
PRODUCT_LIMIT = 200
_DISTROS = {  # os-release's ID -> libguestfs's name, where os-release alone decides
    "fedora": "fedora", "opensuse": "opensuse", "opensuse-leap": "opensuse", "opensuse-tumbleweed": "opensuse",
    "rhel": "rhel", "rocky": "rocky", "sled": "sles", "sles": "sles", "ubuntu": "ubuntu",
}  # fmt: skip
_NUMBERS = r"(\d{1,8})(?:\.(\d{1,8}))?"
_FILES = {  # where it does not: it has the major number alone, or libguestfs 1.48 does not know the ID
    "debian": ("debian", "/etc/debian_version", re.compile(rf"{_NUMBERS}\s*")),
    "centos": ("centos", "/etc/centos-release", re.compile(rf"CentOS[\w ]* release {_NUMBERS}(?![\d]).*")),
    "ol": ("oraclelinux", "/etc/oracle-release", re.compile(rf"Oracle Linux[\w ]* release {_NUMBERS}(?![\d]).*")),
    "almalinux": ("redhat-based", "/etc/redhat-release", re.compile(rf"AlmaLinux release {_NUMBERS}(?![\d]).*")),
}
_ORDER = (  # as libguestfs asks them after os-release; one that is there may decide before those after it
    "/etc/lsb-release", "/etc/oracle-release", "/etc/centos-release", "/etc/altlinux-release", "/etc/redhat-release",
    "/etc/debian_version",
)  # fmt: skip
_KEYS = ("ID", "PRETTY_NAME", "VERSION_ID")
_VALUE = re.compile(r"""("?)([^"'`$\\]*)\1|'([^"'`$\\]*)'""")


@dataclass(frozen=True, kw_only=True)
class Release:
    distro: str
    product: str
    major: int
    minor: int


def release(files: GuestFiles) -> Release | None:
    """Raises as `files` does."""
    told = values(_text(files, OS_RELEASE))
    if not told or not told.get("PRETTY_NAME"):
        return None
    name, product = told.get("ID", ""), told["PRETTY_NAME"]
    numbers = _numbers(told.get("VERSION_ID", ""))
    if name in _DISTROS:
        return Release(distro=_DISTROS[name], product=product, major=numbers[0], minor=numbers[1]) if numbers else None
    if name in ("debian", "centos") and numbers and numbers[1]:
        return Release(distro=name, product=product, major=numbers[0], minor=numbers[1])
    return _by_file(files, name, product) if name in _FILES else None


def values(text: str) -> dict[str, str] | None:
    """What of os-release counts here; None where a shell might read it otherwise."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        key, _, value = line.partition("=")
        if key.strip() not in _KEYS:
            continue
        plain = _VALUE.fullmatch(value)
        if key in found or not plain or not value.isprintable() or len(value) > PRODUCT_LIMIT or "\ufffd" in value:
            return None
        found[key] = plain[2] or plain[3] or ""
    return found


def _numbers(version: str) -> tuple[int, int] | None:
    found = re.fullmatch(rf"{_NUMBERS}(?:\.[\d.]*)?", version, re.ASCII)
    return (int(found[1]), int(found[2] or 0)) if found else None


def _by_file(files: GuestFiles, name: str, product: str) -> Release | None:
    distro, path, pattern = _FILES[name]
    if any(files.exists(earlier) for earlier in _ORDER[: _ORDER.index(path)]):
        return None
    line = _text(files, path).split("\n", 1)[0]
    found = pattern.fullmatch(line) if line.isascii() and " Update " not in line else None
    if not found:
        return None
    return Release(distro=distro, product=product, major=int(found[1]), minor=int(found[2] or 0))


def _text(files: GuestFiles, path: str) -> str:
    return files.read(path, LIMIT_BYTES).decode(errors="replace")
