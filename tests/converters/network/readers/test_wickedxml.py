import pytest

from mtv.converters.network.readers import wickedxml
from mtv.converters.network.readers.parts import Draft, Reading
from tests.converters.network.trees import Tree

A = "00:50:56:00:00:0a"
PATH = "/etc/wicked/ifconfig/a.xml"


def _read(text: str) -> Reading:
    draft = Draft("wicked")
    wickedxml.read(Tree.of(**{PATH: text}), draft)
    return draft.done()


def test_interfaces_in_a_row_without_a_root() -> None:
    found = _read(
        "<interface><name>eth0</name><ipv4:static><address><local>192.0.2.10/24</local></address>"
        "<route><destination>10.0.0.0/8</destination><nexthop><gateway>192.0.2.1</gateway></nexthop></route>"
        "</ipv4:static></interface>\n<interface><name>lo</name></interface>\n"
        "<interface><name>eth1</name><ipv6:dhcp><enabled>true</enabled></ipv6:dhcp></interface>"
    )
    assert [(one.name, one.method, one.addresses) for one in found.interfaces] == [
        ("eth0", "static", ("192.0.2.10/24",)),
        ("eth1", "dhcp", ()),
    ]
    assert found.routes == ("10.0.0.0/8 via 192.0.2.1",)


def test_by_permanent_address() -> None:
    found = _read(
        f"<interface>\n <name namespace='ethernet'>\n  <permanent-address>{A}</permanent-address></name></interface>"
    )
    assert found.interfaces[0].mac == A
    assert [(one.value, one.line) for one in found.bindings] == [(A, 3)]


@pytest.mark.parametrize(
    ("body", "kind", "members"),
    [
        ("<bond><slaves><slave><device>eth0</device></slave></slaves></bond>", "bond", ("eth0",)),
        ("<bridge><ports><port><device>eth0</device></port></ports></bridge>", "bridge", ("eth0",)),
        ("<vlan><device>bond0</device><tag>5</tag></vlan>", "vlan", ("bond0",)),
        ("<team><ports><port><device>eth0</device></port></ports></team>", "bond", ("eth0",)),
    ],
)
def test_kinds(body: str, kind: str, members: tuple[str, ...]) -> None:
    one = _read(f"<interface><name>x0</name>{body}</interface>").interfaces[0]
    assert (one.kind, one.members) == (kind, members)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<interface>\n<name>eth0</nam>", 2),
        ('<!DOCTYPE x [<!ENTITY a "b">]><interface/>', 1),
        ('</all><!DOCTYPE x [<!ENTITY a "b">]>', 1),
        ("<interface><name>a/b</name></interface>", 0),
        ("<interface><name>eth0</name><ipv4:static><address><local>x</local></address></ipv4:static></interface>", 0),
    ],
)
def test_what_cannot_be_used_is_told(text: str, line: int) -> None:
    assert [(one.file, one.line) for one in _read(text).flaws] == [(PATH, line)]
