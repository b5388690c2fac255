"""Host name, systemd and programs, from the files alone."""

from pathlib import Path

import pytest

from mtv.converters.guest.survey import linux
from tests.converters.guest.survey.trees import tree


@pytest.mark.parametrize(
    ("files", "distro", "major", "version"),
    [
        ({"/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so": ""}, "debian", 12, 252),
        ({"/lib/systemd/libsystemd-shared-237.so": ""}, "ubuntu", 18, 237),
        ({"/usr/lib/systemd/libsystemd-shared-239.so": ""}, "rhel", 8, 239),
        ({"/usr/lib/systemd/systemd": ""}, "centos", 7, 219),
        ({"/usr/lib/systemd/systemd": ""}, "sles", 12, 228),
        ({"/usr/lib/systemd/systemd": ""}, "gentoo", 2, 0),
        ({"/sbin/init": ""}, "rhel", 6, 0),
        (
            {"/var/lib/dpkg/status": "Package: systemd\nStatus: install ok installed\nVersion: 247.3-7\n\n"},
            "debian",
            11,
            247,
        ),
    ],
)
def test_systemds_version(tmp_path: Path, files: dict[str, str], distro: str, major: int, version: int) -> None:
    assert linux.systemd(tree(tmp_path, files), distro, major) == version


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"/etc/hostname": "\n# mine\ndb01.example.net\n"}, "db01.example.net"),
        ({"/etc/HOSTNAME": "sles1\n"}, "sles1"),
        ({"/etc/sysconfig/network": 'NETWORKING=yes\nHOSTNAME="el6.example.net"\n'}, "el6.example.net"),
        ({}, ""),
    ],
)
def test_the_host_name(tmp_path: Path, files: dict[str, str], name: str) -> None:
    assert linux.hostname(tree(tmp_path, files)) == name


def test_programs_that_matter(tmp_path: Path) -> None:
    files = tree(tmp_path, {"/usr/bin/vmtoolsd": "", "/usr/sbin/qemu-ga": "", "/usr/sbin/update-initramfs": ""})
    assert linux.packages(files) == ("open-vm-tools", "qemu-guest-agent", "initramfs-tools")
