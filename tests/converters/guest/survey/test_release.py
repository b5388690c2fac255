"""Distributions by their own files, named as libguestfs 1.48 names them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.guest.refusals import DISTRIBUTIONS
from mtv.converters.guest.survey.release import Release, release, values
from tests.converters.guest.survey.trees import tree

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n'


def os_release(name: str, version: str, product: str = "Some Linux") -> str:
    return f'NAME="Some"\nID="{name}"\nID_LIKE="fedora"\nVERSION_ID={version}\nPRETTY_NAME="{product}"\n# end\n'


@pytest.mark.parametrize(
    ("files", "distro", "major", "minor"),
    [
        ({"/etc/os-release": DEBIAN, "/etc/debian_version": "12.9\n"}, "debian", 12, 9),
        ({"/etc/os-release": DEBIAN, "/etc/debian_version": "12\n"}, "debian", 12, 0),
        ({"/etc/os-release": os_release("rhel", '"9.4"')}, "rhel", 9, 4),
        ({"/etc/os-release": os_release("rhel", '"7.9"'), "/etc/redhat-release": "Red Hat"}, "rhel", 7, 9),
        ({"/etc/os-release": os_release("rocky", "'9.3'")}, "rocky", 9, 3),
        ({"/etc/os-release": os_release("fedora", "41")}, "fedora", 41, 0),
        ({"/etc/os-release": os_release("ubuntu", '"22.04"'), "/etc/lsb-release": "x"}, "ubuntu", 22, 4),
        ({"/etc/os-release": os_release("sles", '"15.5"')}, "sles", 15, 5),
        ({"/etc/os-release": os_release("opensuse-leap", '"15.6"')}, "opensuse", 15, 6),
        ({"/etc/os-release": os_release("centos", '"7"'),
          "/etc/centos-release": "CentOS Linux release 7.9.2009 (Core)\n"}, "centos", 7, 9),
        ({"/etc/os-release": os_release("centos", '"9"'),
          "/etc/centos-release": "CentOS Stream release 9\n"}, "centos", 9, 0),
        ({"/etc/os-release": os_release("ol", '"9.3"'), "/etc/redhat-release": "Red Hat Enterprise Linux release 9.3",
          "/etc/oracle-release": "Oracle Linux Server release 9.3\n"}, "oraclelinux", 9, 3),
        ({"/etc/os-release": os_release("almalinux", '"9.4"'),
          "/etc/redhat-release": "AlmaLinux release 9.4 (Seafoam Ocelot)\n"}, "redhat-based", 9, 4),
    ],
)  # fmt: skip
def test_it_is_told_as_libguestfs_has_it(
    tmp_path: Path, files: dict[str, str], distro: str, major: int, minor: int
) -> None:
    found = release(tree(tmp_path, files))
    assert found
    assert (found.distro, found.major, found.minor) == (distro, major, minor)
    assert found.product in ("Debian GNU/Linux 12 (bookworm)", "Some Linux")
    assert distro in DISTRIBUTIONS


def test_the_link_that_distributions_have_is_followed(tmp_path: Path) -> None:
    files = tree(tmp_path, {"/usr/lib/os-release": DEBIAN, "/etc/debian_version": "12.9\n"})
    (tmp_path / "etc/os-release").symlink_to("../usr/lib/os-release")
    assert release(files) == Release(distro="debian", product="Debian GNU/Linux 12 (bookworm)", major=12, minor=9)


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/os-release": DEBIAN, "/etc/debian_version": "trixie/sid\n"},
        {"/etc/os-release": DEBIAN, "/etc/debian_version": "12.9\n", "/etc/lsb-release": "DISTRIB_ID=Ubuntu\n"},
        {"/etc/os-release": DEBIAN, "/etc/debian_version": "12.9\n", "/etc/redhat-release": "Fedora release 3\n"},
        {"/etc/os-release": os_release("centos", '"7"'), "/etc/centos-release": "CentOS release 5 Update 3\n"},
        {"/etc/os-release": os_release("centos", '"7"'), "/etc/centos-release": "nothing\n"},
        {"/etc/os-release": os_release("gentoo", '"2.1"')},
        {"/etc/os-release": os_release("linuxmint", '"21.3"')},
        {"/etc/os-release": os_release("rhel", '""')},
        {"/etc/os-release": os_release("rhel", '"nine"')},
        {"/etc/os-release": os_release("rhel", '"' + "9" * 30 + '"')},
        {"/etc/os-release": os_release("rhel", '"\u0669.\u0664"')},
        {"/etc/os-release": os_release("rhel", "$(reboot)")},
        {"/etc/os-release": os_release("rhel", '"9.4"') + "ID=debian\n"},
        {"/etc/os-release": os_release("rhel", '"9.4"', "")},
        {"/etc/os-release": os_release("rhel", '"9.4"', "a" * 300)},
        {"/etc/os-release": os_release("rhel", '"9.4"', "\x1b[2J")},
        {"/etc/os-release": "ID=rhel\nVERSION_ID=9.4\n"},
        {"/etc/os-release": ""},
    ],
)
def test_what_is_not_plain_is_left_to_libguestfs(tmp_path: Path, files: dict[str, str]) -> None:
    assert release(tree(tmp_path, files)) is None


@given(text=st.one_of(st.text(max_size=200), st.lists(st.sampled_from(
    ["ID=", "VERSION_ID=", "PRETTY_NAME=", '"', "'", "\\", "\n", "rhel", "9.4", "`", "$x", " ", "\0", "\ufffd"]
), max_size=20).map("".join)))  # fmt: skip
def test_no_text_whatever_is_too_much(text: str) -> None:
    found = values(text)
    for value in (found or {}).values():
        assert value.isprintable()
        assert not set(value) & set("\"'`$\\")
