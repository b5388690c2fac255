import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.boot.pictures.picture import DiskSeen, MountSeen, Picture, Port, Route
from mtv.converters.boot.pictures.telling import tell
from mtv.errors import MtvError, Temporary
from mtv.model.estate import Json


class Table:
    """An agent that answers from a table; what is not in it is refused, and `None` is silence."""

    def __init__(self, answers: Mapping[str, Any], outputs: Mapping[str, str] | None = None) -> None:
        self.answers = answers
        self.outputs = outputs or {}
        self.asked: list[str] = []

    def ask(self, command: str) -> Json:
        self.asked.append(command)
        if command not in self.answers:
            raise MtvError("agent.refused", f"{command}: not found")
        if self.answers[command] is None:
            raise Temporary("agent.silent", f"{command}: no answer")
        found: Json = self.answers[command]
        return found

    def run(self, path: str, *arguments: str) -> bytes:
        line = " ".join([path, *arguments])
        for start, text in self.outputs.items():
            if line.startswith(start):
                return text.encode()
        raise MtvError("agent.refused", f"{path}: may not be run")


INTERFACES = [
    {"name": "lo", "ip-addresses": [{"ip-address": "127.0.0.1", "prefix": 8}], "hardware-address": "00:00:00:00:00:00"},
    {
        "name": "ens192",
        "hardware-address": "00:50:56:9A:01:02",
        "ip-addresses": [
            {"ip-address": "192.0.2.10", "prefix": 24, "ip-address-type": "ipv4"},
            {"ip-address": "fe80::250:56ff:fe9a:102", "prefix": 64, "ip-address-type": "ipv6"},
            {"ip-address": "2001:DB8::10", "prefix": 64, "ip-address-type": "ipv6"},
        ],
    },
    {"name": "ens224"},
]
LSBLK = {
    "blockdevices": [
        {"name": "fd0", "kname": "fd0", "type": "disk", "size": 4096},
        {"name": "sr0", "kname": "sr0", "type": "rom", "size": 1},
        {"name": "vdb", "kname": "vdb", "type": "disk", "size": 2048, "serial": "two", "uuid": "u-2"},
        {"name": "vda", "kname": "vda", "type": "disk", "size": "1024", "serial": "one", "children": [
            {"name": "vda1", "kname": "vda1", "type": "part", "uuid": "u-1", "fstype": "ext4", "mountpoint": "/"},
            {"name": "vda2", "kname": "vda2", "type": "part", "children": [
                {"name": "vg-home", "kname": "dm-0", "type": "lvm", "uuid": "u-3", "fstype": "xfs",
                 "mountpoint": "/home"}]}]},
    ]
}  # fmt: skip
FSINFO = [
    {"name": "vda1", "mountpoint": "/", "type": "ext4", "disk": []},
    {"name": "dm-0", "mountpoint": "/home", "type": "xfs", "disk": []},
]
ANSWERS = {
    "guest-get-host-name": {"host-name": "web01"},
    "guest-get-osinfo": {"id": "debian", "version-id": "12", "pretty-name": "Debian GNU/Linux 12 (bookworm)"},
    "guest-network-get-interfaces": INTERFACES,
    "guest-get-fsinfo": FSINFO,
}
OUTPUTS = {
    "lsblk": json.dumps(LSBLK),
    "ip -j -4 route": json.dumps(
        [{"dst": "default", "gateway": "192.0.2.1", "dev": "ens192"}, {"dst": "192.0.2.0/24", "dev": "ens192"}]
    ),
    "ip -j -6 route": json.dumps([{"dst": "default", "gateway": "2001:db8::1"}, {"dst": "fe80::/64"}]),
}

WHOLE = Picture(
    hostname="web01",
    system="debian 12",
    ports=(
        Port(name="ens192", mac="00:50:56:9a:01:02", addresses=("192.0.2.10/24", "2001:db8::10/64")),
        Port(name="ens224", addresses=()),
    ),
    macs=("00:50:56:9a:01:02",),
    routes=(
        Route(destination="default", gateway="192.0.2.1"),
        Route(destination="default", gateway="2001:db8::1"),
    ),
    disks=(
        DiskSeen(name="vda", serial="one", size_bytes=1024),
        DiskSeen(name="vdb", serial="two", size_bytes=2048),
    ),
    mounts=(
        MountSeen(path="/", type="ext4", uuid="u-1", device="vda1"),
        MountSeen(path="/home", type="xfs", uuid="u-3", device="dm-0"),
    ),
)


def test_all_of_it() -> None:
    assert tell(Table(ANSWERS, OUTPUTS)) == (WHOLE, ())


def test_an_agent_that_may_not_run_programs_tells_less() -> None:
    disks = [
        {"name": "/dev/vdaa", "partition": False, "address": {"bus-type": "virtio"}},
        {"name": "/dev/vdb", "partition": False, "address": {"serial": "two"}},
        {"name": "/dev/vda1", "partition": True, "address": {}},
        {"name": "/dev/dm-0", "partition": False},
    ]
    picture, unanswered = tell(Table({**ANSWERS, "guest-get-disks": disks}))
    assert picture.disks == (DiskSeen(name="vdb", serial="two"), DiskSeen(name="vdaa"))
    assert picture.mounts == (
        MountSeen(path="/", type="ext4", device="vda1"),
        MountSeen(path="/home", type="xfs", device="dm-0"),
    )
    assert picture.routes is None
    assert [text.split(":")[0] for text in unanswered] == ["sizes and UUIDs of disks", "routes"]


def test_newer_agents_tell_routes_themselves() -> None:
    told = [
        {"iface": "ens192", "destination": "0.0.0.0", "mask": "0.0.0.0", "gateway": "192.0.2.1", "version": 4},
        {"iface": "ens192", "destination": "10.0.0.0", "mask": "255.0.0.0", "gateway": "192.0.2.254", "version": 4},
        {"iface": "ens192", "destination": "192.0.2.0", "mask": "255.255.255.0", "gateway": "0.0.0.0", "version": 4},
        {"iface": "ens192", "destination": "2001:db8:1::", "desprefixlen": "48", "nexthop": "2001:db8::1"},
    ]
    picture, _ = tell(Table({**ANSWERS, "guest-network-get-route": told}))
    assert picture.routes == (
        Route(destination="10.0.0.0/8", gateway="192.0.2.254"),
        Route(destination="2001:db8:1::/48", gateway="2001:db8::1"),
        Route(destination="default", gateway="192.0.2.1"),
    )


def test_without_a_list_of_mounts_the_block_devices_tell_them() -> None:
    answers = {name: value for name, value in ANSWERS.items() if name != "guest-get-fsinfo"}
    assert tell(Table(answers, OUTPUTS))[0].mounts == WHOLE.mounts


def test_nothing_is_told_by_one_that_knows_nothing() -> None:
    picture, unanswered = tell(Table({}))
    assert picture == Picture()
    assert len(unanswered) == 7


def test_one_that_falls_silent_is_not_asked_on() -> None:
    agent = Table({**ANSWERS, "guest-get-host-name": None}, OUTPUTS)
    picture, unanswered = tell(agent)
    assert picture.ports == WHOLE.ports
    assert picture.system is None
    assert agent.asked == ["guest-network-get-interfaces", "guest-get-host-name"]
    assert all("no answer" in text for text in unanswered)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["name", "id", "ip-addresses", "hardware-address", "mountpoint", "children", "blockdevices",
                         "address", "partition", "size", "dst", "gateway", "host-name", "prefix", "ip-address"]),
        inner, max_size=4,
    ),
)  # fmt: skip
COMMANDS = [*ANSWERS, "guest-get-disks", "guest-network-get-route"]


@given(st.dictionaries(st.sampled_from(COMMANDS), anything), anything)
def test_a_guest_may_answer_anything(answers: dict[str, Any], output: Any) -> None:
    text = json.dumps(output)
    picture, _ = tell(Table(answers, {"lsblk": text, "ip": text}))
    assert isinstance(picture, Picture)
