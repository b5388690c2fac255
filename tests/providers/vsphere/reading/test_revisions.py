"""Digests are made anew where something changed, and only there."""

import pytest

from mtv.providers.vsphere.objects.vm import Around
from mtv.providers.vsphere.reading import revisions
from mtv.providers.vsphere.reading.revisions import Light, Revisions, revision

HERE = Around(source="vc", hosts={"host-1": "esx1"})
VMS: dict[str, Light] = {f"vm-{number}": {"name": f"n{number}", "runtime.host": "host-1"} for number in range(5)}


def test_what_changed_has_another_digest_and_the_rest_its_own() -> None:
    known = Revisions()
    before = known.of(VMS, HERE)
    after = known.of({**VMS, "vm-2": {"name": "renamed", "runtime.host": "host-1"}}, HERE)
    assert [id_ for id_ in VMS if before[id_] != after[id_]] == ["vm-2"]
    assert "vm-4" not in known.of({id_: one for id_, one in VMS.items() if id_ != "vm-4"}, HERE)
    assert known.of(VMS, HERE) == before == {id_: revision(id_, told, HERE) for id_, told in VMS.items()}


def test_what_others_say_of_a_vm_counts() -> None:
    known = Revisions()
    before = known.of(VMS, HERE)
    tagged = known.of(VMS, Around(source="vc", hosts={"host-1": "esx1"}, tags={"vm-3": {"app": "ledger"}}))
    assert [id_ for id_ in VMS if before[id_] != tagged[id_]] == ["vm-3"]
    renamed = known.of(VMS, Around(source="vc", hosts={"host-1": "esx9"}))
    assert not [id_ for id_ in VMS if before[id_] == renamed[id_]]


def test_nothing_is_digested_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    known, made = Revisions(), list[str]()

    def counted(id_: str, told: Light, around: Around) -> str:
        made.append(id_)
        return revision(id_, told, around)

    monkeypatch.setattr(revisions, "revision", counted)
    known.of(VMS, HERE)
    known.of({**VMS, "vm-2": dict(VMS["vm-2"])}, HERE)
    assert made == [*VMS, "vm-2"]
