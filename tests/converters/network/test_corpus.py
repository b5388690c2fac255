import posixpath
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtv.converters.guest.folder import FolderFiles
from mtv.converters.network import read
from tests.converters.network.corpus import FOLDER, NAMES, Case, answer, case, expected
from tests.converters.network.trees import Tree


def test_the_corpus_holds_every_generation() -> None:
    told = {(one.facts.distro, one.facts.major) for one in map(case, NAMES)}
    wanted = {("debian", 10), ("debian", 11), ("debian", 12), ("ubuntu", 18), ("ubuntu", 22), ("ubuntu", 24)}
    wanted |= {("centos", 7), ("rhel", 8), ("rocky", 9), ("sles", 12), ("sles", 15)}
    assert wanted <= told
    assert len(NAMES) >= 20
    assert len(NAMES) == len(list(FOLDER.iterdir()))


def features(one: Case) -> Iterator[str]:
    found = one.network().interfaces
    bonds = {row.name for row in found if row.kind == "bond"}
    for row in found:
        yield row.kind
        yield row.method
        yield from ("IPv6" for address in row.addresses if ":" in address)
        yield from ("VLAN on bond" for _ in bonds & set(row.members) if row.kind == "vlan")
    if sum(row.kind == "ethernet" and row.method == "static" for row in found) > 1:
        yield "two static cards"
    if "net.ifnames=0" in one.facts.cmdline:
        yield "net.ifnames=0"
    if any(path.endswith("persistent-net.rules") for path in one.tree.held):
        yield "persistent rules"
    if any(told.id == "network.cloud-init-kept" for told in one.plan().concerns):
        yield "a lost datasource"


@pytest.mark.parametrize(
    ("feature", "trees"),
    [
        ("bond", 4), ("VLAN on bond", 4), ("bridge", 4), ("two static cards", 4), ("IPv6", 6), ("dhcp", 10),
        ("a lost datasource", 1), ("persistent rules", 3), ("net.ifnames=0", 2),
    ],
)  # fmt: skip
def test_the_corpus_holds_every_feature(feature: str, trees: int) -> None:
    assert sum(feature in set(features(one)) for one in map(case, NAMES)) >= trees


def test_every_system_that_is_read_is_in_the_corpus() -> None:
    systems = {system for one in map(case, NAMES) for system in one.network().systems}
    assert systems == {"ifupdown", "netplan", "networkmanager", "ifcfg", "wicked", "networkd", "cloud-init"}


@pytest.mark.parametrize("name", NAMES)
def test_a_tree_gives_its_golden_answer(name: str) -> None:
    assert answer(case(name)) == expected(name)


@pytest.mark.parametrize("name", NAMES)
def test_planning_again_on_what_was_written_changes_nothing(name: str) -> None:
    one = case(name)
    first = one.plan()
    after = one.tree.changed(first)
    again = one.plan(after)
    assert again.changes == ()
    assert again.names == first.names
    assert again.macs == first.macs


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_leaves_the_interfaces_as_they_were_read(name: str) -> None:
    one = case(name)
    before, after = one.network(), one.network(one.tree.changed(one.plan()))
    assert [(row.name, row.method, row.addresses, row.members) for row in after.interfaces] == [
        (row.name, row.method, row.addresses, row.members) for row in before.interfaces
    ]
    assert (after.systems, after.routes, after.nameservers) == (before.systems, before.routes, before.nameservers)


@pytest.mark.parametrize("name", NAMES)
def test_no_two_cards_get_one_name(name: str) -> None:
    made = case(name).plan()
    assert len(set(made.names.values())) == len(made.names)
    assert len(set(made.macs.values())) == len(made.macs)


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_reads_the_same_as_a_dict(name: str) -> None:
    one = case(name)
    assert read(FolderFiles(FOLDER / name / "root")) == one.network()


@settings(max_examples=150)
@given(st.data())
def test_whatever_a_stranger_did_to_a_file_a_plan_is_made(data: st.DataObject) -> None:
    """Cut, doubled, bytes changed: nothing raises, no path leaves its folder, planning again changes nothing."""
    one = case(data.draw(st.sampled_from(NAMES)))
    path = data.draw(st.sampled_from(sorted(path for path, raw in one.tree.held.items() if raw)))
    raw = one.tree.held[path] or b""
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 40)))
    put = data.draw(st.binary(max_size=12) | st.sampled_from([b"../../etc/shadow", b"*?[", b'"', b"\n", b"\t", raw]))
    tree = Tree({**one.tree.held, path: raw[:start] + put + raw[end:]})
    made = one.plan(tree)
    roots = {posixpath.dirname(posixpath.normpath(change.path)) for change in made.changes}
    assert not [root for root in roots if ".." in root or not root.startswith(("/etc/", "/lib/", "/usr/lib/"))]
    assert one.plan(tree.changed(made)).changes == ()
