import pytest

from mtv.converters.network.readers import udev
from mtv.converters.network.readers.udev import Link
from tests.converters.network.trees import Tree

A, B = "00:50:56:00:00:0a", "00:50:56:00:00:0b"
RULES = "/etc/udev/rules.d/70-persistent-net.rules"
NET = 'SUBSYSTEM=="net", ACTION=="add", '


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (f'{NET}DRIVERS=="?*", ATTR{{address}}=="{A.upper()}", KERNEL=="eth*", NAME="eth0"', ("mac", A)),
        (f'{NET}SYSFS{{address}}=="{A}", NAME:="eth0"', ("mac", A)),
        (f'{NET}DRIVERS=="vmxnet3", ATTR{{address}}=="{A}", NAME="eth0"', ("driver", "vmxnet3")),
        (f'{NET}KERNELS=="0000:0b:00.0", ATTR{{type}}=="1", NAME="eth0"', ("path", "0000:0b:00.0")),
        (f'{NET}ENV{{ID_PATH}}=="pci-0000:0b:00.0", NAME="eth0"', ("path", "pci-0000:0b:00.0")),
    ],
)
def test_a_rule_is_tied_by_what_spoils_it_first(rule: str, told: tuple[str, str]) -> None:
    found = udev.read(Tree.of(**{RULES: f"# comment\n\n{rule}\n"})).bindings
    assert [(one.key, one.value, one.name, one.line, one.alone) for one in found] == [(*told, "eth0", 3, True)]


@pytest.mark.parametrize(
    "rule",
    [
        f'#{NET}ATTR{{address}}=="{A}", NAME="eth0"',
        f'{NET}ATTR{{address}}=="{A}", NAME="%k"',
        f'{NET}ATTR{{address}}=="{A}", NAME="$env{{x}}"',
        f'{NET}ATTR{{address}}!="{A}", NAME="eth0"',
        f'{NET}ATTR{{address}}=="{A}", NAME=="eth0"',
        f'SUBSYSTEM=="block", ATTR{{address}}=="{A}", NAME="sda"',
        f'{NET}NAME="eth0"',
        f'{NET}ATTR{{address}}=="{A}", ENV{{NAME}}="eth0"',
        "NAME",
    ],
)
def test_other_rules_say_nothing(rule: str) -> None:
    assert udev.read(Tree.of(**{RULES: rule + "\n"})).bindings == ()


def test_a_name_that_would_leave_the_folder_is_told() -> None:
    found = udev.read(Tree.of(**{RULES: f'{NET}ATTR{{address}}=="{A}", NAME="../x"\n'}))
    assert found.bindings == ()
    assert [one.line for one in found.flaws] == [1]


def test_links_are_sorted_by_name_and_replaced_by_etc() -> None:
    tree = Tree.of(
        **{
            "/usr/lib/systemd/network/99-default.link": "[Match]\nOriginalName=*\n[Link]\nNamePolicy=kernel\n",
            "/lib/systemd/network/20-x.link": "[Match]\nDriver=x\n[Link]\nName=x0\n",
            "/etc/systemd/network/20-x.link": f"[Match]\nMACAddress={A}\n[Link]\nName=y0\n",
        }
    )
    assert [(one.file, one.name) for one in udev.links(tree)] == [
        ("/etc/systemd/network/20-x.link", "y0"),
        ("/usr/lib/systemd/network/99-default.link", ""),
    ]


def test_bindings_of_links() -> None:
    text = f"[Match]\nMACAddress={A} {B}\nDriver=vmxnet3\nPath=pci-0000:0b:00.0\n[Link]\nName=lan0\n"
    found = udev.read(Tree.of(**{"/etc/systemd/network/1.link": text})).bindings
    assert [(one.key, one.name, one.line, one.names_nic) for one in found] == [
        ("mac", "lan0", 2, True),
        ("mac", "lan0", 2, True),
        ("driver", "lan0", 3, False),
        ("path", "lan0", 4, False),
    ]


@pytest.mark.parametrize(
    ("match", "takes"),
    [
        ((("MACAddress", f"{B} {A.upper()}"),), True),
        ((("MACAddress", B),), False),
        ((("PermanentMACAddress", A), ("Type", "ether")), True),
        ((("MACAddress", A), ("Driver", "vmxnet3")), False),
        ((("Driver", "vmxnet3 virtio*"),), True),
        ((("OriginalName", "*"),), True),
        ((("OriginalName", "eth0"),), True),
        ((("OriginalName", "eth1"),), False),
        ((("Path", "pci-*"),), False),
        ((("Virtualization", "vmware"),), False),
        ((("Type", "wlan"),), False),
        ((), False),
    ],
)
def test_whom_a_link_takes(match: tuple[tuple[str, str], ...], takes: bool) -> None:
    assert Link(file="x", match=match).takes(A, "virtio_net", "eth0") is takes
