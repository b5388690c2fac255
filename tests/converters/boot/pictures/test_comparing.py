from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.boot.hardware import Card, Drive, Hardware
from mtv.converters.boot.pictures.comparing import Row, compare
from mtv.converters.boot.pictures.expecting import of_facts, of_hardware, of_source
from mtv.converters.boot.pictures.picture import DiskSeen, MountSeen, Picture, Port, Route
from mtv.model.guest import GuestFacts, GuestNetwork, Interface, Mount
from tests.converters.boot.pictures.test_telling import WHOLE


def verdicts(before: Picture, after: Picture) -> dict[str, str]:
    return {row.what: row.verdict for row in compare(before, after)}


def odd(before: Picture, after: Picture, verdict: str = "different") -> set[str]:
    return {what for what, found in verdicts(before, after).items() if found == verdict}


def test_a_guest_is_the_same_as_itself() -> None:
    assert odd(WHOLE, WHOLE) == set()
    assert odd(WHOLE, WHOLE, "unknown") == {"ens224 MAC"}
    assert set(verdicts(WHOLE, WHOLE)) == {
        "host name", "operating system", "network cards", "ens192 MAC", "ens192 addresses", "ens224 MAC",
        "ens224 addresses", "route default", "disk 0", "disk 1", "mount /", "mount /home",
    }  # fmt: skip


def test_what_nobody_told_is_unknown_and_never_the_same() -> None:
    for rows in (compare(WHOLE, Picture()), compare(Picture(), WHOLE), compare(Picture(), Picture())):
        assert rows
        assert {row.verdict for row in rows} == {"unknown"}


CHANGES: list[tuple[str, Picture]] = [
    ("host name", replace(WHOLE, hostname="localhost")),
    ("operating system", replace(WHOLE, system="debian 11")),
    ("network cards", replace(WHOLE, macs=("00:50:56:9a:01:03",))),
    ("ens192", replace(WHOLE, ports=(replace(WHOLE.ports[0], name="enp1s0"),) if WHOLE.ports else None)),
    ("ens192 addresses", replace(WHOLE, ports=(Port(name="ens192", addresses=("10.0.2.15/24",)),))),
    ("ens192 addresses", replace(WHOLE, ports=(Port(name="ens192", addresses=()),))),
    ("ens192 MAC", replace(WHOLE, ports=(Port(name="ens192", mac="52:54:00:00:00:01"),))),
    ("route default", replace(WHOLE, routes=())),
    ("route default", replace(WHOLE, routes=(Route(destination="default", gateway="10.0.2.2"),))),
    ("disk 1", replace(WHOLE, disks=WHOLE.disks[:1] if WHOLE.disks else None)),
    ("disk 2", replace(WHOLE, disks=(*(WHOLE.disks or ()), DiskSeen(name="vdc")))),
    ("disk 0", replace(WHOLE, disks=tuple(reversed(WHOLE.disks or ())))),
    ("mount /home", replace(WHOLE, mounts=(MountSeen(path="/", type="ext4", uuid="u-1"),))),
    ("mount /", replace(WHOLE, mounts=(MountSeen(path="/", type="xfs"),))),
    ("mount /", replace(WHOLE, mounts=(MountSeen(path="/", type="ext4", uuid="u-9"),))),
]


@pytest.mark.parametrize(("what", "after"), CHANGES)
def test_each_change_is_seen(what: str, after: Picture) -> None:
    assert what in odd(WHOLE, after)


def test_rows_say_what_was_and_what_is() -> None:
    rows = {row.what: row for row in compare(WHOLE, replace(WHOLE, hostname="web02", routes=()))}
    assert rows["host name"] == Row(what="host name", before="web01", after="web02", verdict="different")
    assert rows["route default"].before == "via 192.0.2.1 2001:db8::1"
    assert rows["route default"].after == "none"
    assert rows["disk 0"].after == "vda one 1.0 KiB"
    assert rows["mount /home"].before == "xfs dm-0 UUID=u-3"


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [("web", "web.example.org", "same"), ("web.a", "web.b", "different"), ("Web", "web", "same")],
)
def test_host_names(before: str, after: str, verdict: str) -> None:
    assert verdicts(Picture(hostname=before), Picture(hostname=after))["host name"] == verdict


def test_bonds_hide_their_cards_addresses() -> None:
    """All cards of a bond tell the bond's MAC: that is no difference, and no proof."""
    before = Picture(macs=("a", "b"), ports=(Port(name="eth0", mac="a"), Port(name="eth1", mac="b")))
    bonded = tuple(Port(name=name, mac="a") for name in ("bond0", "eth0", "eth1"))
    after = Picture(macs=("a", "a", "a"), ports=bonded)
    assert odd(before, after) == set()
    assert {"network cards", "eth1 MAC"} <= odd(before, after, "unknown")
    assert verdicts(before, after)["eth0 MAC"] == "same"


def test_the_guests_own_bridges_are_no_difference() -> None:
    more = replace(WHOLE, macs=(*(WHOLE.macs or ()), "02:42:00:00:00:01"))
    assert odd(WHOLE, replace(more, ports=(*(WHOLE.ports or ()), Port(name="docker0")))) == set()


pictures = st.builds(
    Picture,
    hostname=st.none() | st.sampled_from(["a", "b"]),
    system=st.none() | st.sampled_from(["a 1", "b 2"]),
    macs=st.none() | st.lists(st.sampled_from("ab"), max_size=2).map(tuple),
    ports=st.none()
    | st.lists(
        st.builds(
            Port,
            name=st.sampled_from("xy"),
            mac=st.none() | st.sampled_from("ab"),
            addresses=st.none() | st.just(("10.0.0.1/8",)),
        ),
        max_size=2,
    ).map(tuple),
    routes=st.none() | st.just((Route(destination="default", gateway="g"),)) | st.just(()),
    disks=st.none()
    | st.lists(
        st.builds(DiskSeen, serial=st.none() | st.sampled_from("ab"), size_bytes=st.none() | st.just(1)), max_size=2
    ).map(tuple),
    mounts=st.none()
    | st.lists(
        st.builds(MountSeen, path=st.sampled_from(["/", "/a"]), type=st.none() | st.sampled_from(["ext4", "xfs"])),
        max_size=2,
    ).map(tuple),
)


@given(pictures, pictures)
def test_same_is_only_said_of_what_both_sides_know(before: Picture, after: Picture) -> None:
    for row in compare(before, after):
        if row.verdict != "unknown":
            assert row.before != "-"
            assert row.after != "-"


class TestExpecting:
    HARDWARE = Hardware(
        name="web",
        drives=(Drive(path="disk0.raw", serial="one", size_bytes=1024),),  # type: ignore[arg-type]
        cards=(Card(mac="b"), Card(mac="a")),
    )

    def test_the_manifest_alone_promises_cards_and_disks(self) -> None:
        assert of_hardware(self.HARDWARE) == Picture(macs=("a", "b"), disks=(DiskSeen(serial="one", size_bytes=1024),))

    def test_what_inspection_read(self) -> None:
        facts = GuestFacts(
            roots=1, distro="debian", major=12, hostname="web01",
            mounts=(
                Mount(device="UUID=u-1", path="/", type="ext4", options="errors=remount-ro"),
                Mount(device="/dev/sdb1", path="/data", type="xfs", options="defaults"),
                Mount(device="/dev/sr0", path="/media", type="udf", options="user,noauto"),
                Mount(device="UUID=u-2", path="none", type="swap"),
                Mount(device="/data/x", path="/x", type="none", options="bind"),
                Mount(device="nas:/x", path="/nas", type="nfs"),
            ),
            network=GuestNetwork(
                interfaces=(
                    Interface(name="lo", kind="loopback", addresses=("127.0.0.1/8",)),
                    Interface(name="ens192", method="static", addresses=("192.0.2.10/24",), gateway="192.0.2.1"),
                    Interface(name="ens224", mac="00:50:56:AA:BB:CC", method="dhcp"),
                ),
                routes=("10.0.0.0/8 via 192.0.2.254", "default via 192.0.2.1", "192.0.2.0/24 dev ens192"),
                bound_macs={"ens192": "00:50:56:9A:01:02"},
            ),
        )  # fmt: skip
        found = of_facts(facts, self.HARDWARE)
        assert found.hostname == "web01"
        assert found.system == "debian 12"
        assert found.ports == (
            Port(name="ens192", mac="00:50:56:9a:01:02", addresses=("192.0.2.10/24",)),
            Port(name="ens224", mac="00:50:56:aa:bb:cc", addresses=None),
        )
        assert found.routes == (
            Route(destination="10.0.0.0/8", gateway="192.0.2.254"),
            Route(destination="default", gateway="192.0.2.1"),
        )
        assert found.mounts == (
            MountSeen(path="/", type="ext4", uuid="u-1", device="UUID=u-1"),
            MountSeen(path="/data", type="xfs", device="/dev/sdb1"),
        )
        assert found.macs == ("a", "b")

    def test_what_the_source_told_is_expected_without_its_controllers_words(self) -> None:
        disks = tuple(DiskSeen(name=f"vd{n}", serial=f"mtv-{n}", size_bytes=disk.size_bytes)
                      for n, disk in zip("ab", WHOLE.disks or (), strict=True))  # fmt: skip
        moved = replace(WHOLE, disks=disks, mounts=tuple(replace(m, device="vdx1") for m in WHOLE.mounts or ()))
        assert odd(WHOLE, moved) == {"disk 0", "disk 1"}
        assert odd(of_source(WHOLE), moved) == set()
        assert odd(of_source(WHOLE), replace(moved, disks=disks[::-1])) == {"disk 0", "disk 1"}
        assert of_source(Picture()) == Picture()

    def test_what_inspection_did_not_find_is_not_known(self) -> None:
        found = of_facts(GuestFacts(roots=0), self.HARDWARE)
        assert replace(found, macs=None, disks=None) == Picture()
