import pytest

from mtv.converters.guest.folder import FolderFiles
from mtv.converters.network import read
from tests.converters.network.corpus import FOLDER, NAMES, answer, case, expected


def test_the_corpus_holds_every_generation() -> None:
    told = {(one.facts.distro, one.facts.major) for one in map(case, NAMES)}
    wanted = {("debian", 10), ("debian", 11), ("debian", 12), ("ubuntu", 18), ("ubuntu", 22), ("ubuntu", 24)}
    wanted |= {("centos", 7), ("rhel", 8), ("rocky", 9), ("sles", 12), ("sles", 15)}
    assert wanted <= told
    assert len(NAMES) >= 20
    assert len(NAMES) == len(list(FOLDER.iterdir()))


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
