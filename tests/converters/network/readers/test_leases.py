import pytest

from mtv.converters.network.readers import leases
from tests.converters.network.trees import Tree


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        (
            "/var/lib/dhcp/dhclient.ens192.leases",
            'lease {\n  interface "ens192";\n  option dhcp-client-identifier 1:0:50:56:0:0:a;\n}\n',
            ("ens192", "00:50:56:00:00:0a", 3),
        ),
        (
            "/var/lib/NetworkManager/internal-5e0d41fe-0000-4000-8000-000000000001-ens224.lease",
            "ADDRESS=192.0.2.9\nCLIENTID=0100505600000A\n",
            ("ens224", "00:50:56:00:00:0a", 2),
        ),
        (
            "/var/lib/dhclient/dhclient-eth0.lease",
            "lease {\n option dhcp-client-identifier 1:0:50:56:0:0:b;\n}\n",
            ("eth0", "00:50:56:00:00:0b", 2),
        ),
        (
            "/var/lib/wicked/lease-eth0-dhcp-ipv4.xml",
            "<lease>\n<client-id>01:00:50:56:00:00:0c</client-id></lease>\n",
            ("eth0", "00:50:56:00:00:0c", 2),
        ),
    ],
)
def test_a_lease_remembers_the_mac(path: str, text: str, told: tuple[str, str, int]) -> None:
    found = leases.read(Tree.of(**{path: text})).bindings
    assert [(one.name, one.value, one.line) for one in found] == [told]
    assert [one.key for one in found] == ["lease"]


@pytest.mark.parametrize(
    "text", ["CLIENTID=ff56505600020000ab11\n", "dhcp-client-identifier 1:2:3;\n", "CLIENTID=01ffffffffffff\n", ""]
)
def test_another_kind_of_client_says_nothing(text: str) -> None:
    assert leases.read(Tree.of(**{"/var/lib/NetworkManager/internal-x-ens192.lease": text})).bindings == ()
