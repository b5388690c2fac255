"""Both ways of asking for what may have changed tell the same."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pyVim.task import WaitForTask

from mtv.model.estate import VM
from mtv.providers.vsphere.objects.vm import LIGHT
from mtv.providers.vsphere.reading import collector, scan
from mtv.providers.vsphere.reading.revisions import Light
from mtv.providers.vsphere.reading.watch import Watch
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import SoapFault
from tests.providers.vsphere.opening import change, read, source_of
from tests.vcenter.machines import Wish, make
from tests.vcenter.server import VCenter


def test_the_scan_tells_what_the_watch_does(vc: VCenter, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "PAGE", 2)
    made = [make(admin, Wish(name)) for name in ("plain", "a & b", "🐧 two")]
    session = source_of(vc).session
    ids = collector.listed(session, collector.view(session, "VirtualMachine"))
    told = Watch(session)
    wanted = {id_: {path: light.get(path, "") for path in LIGHT} for id_, light in told.now().items()}
    told.close()
    assert {one["name"] for one in wanted.values()} >= {"plain", "a & b", "🐧 two"}
    assert scan.scan(session, ids) == wanted
    with pytest.raises(SoapFault, match="ManagedObjectNotFound"):
        scan.scan(session, [*ids, "vm-9999"])
    session.close()
    for one in made:
        WaitForTask(one.Destroy_Task())


def test_who_goes_on_watches_from_the_third_reading_on(vc: VCenter, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[str]()
    real, now = scan.scan, Watch.now

    def scanned(session: Session, ids: Sequence[str]) -> Mapping[str, Light]:
        asked.append("scan")
        return real(session, ids)

    def watched(self: Watch) -> Mapping[str, Light]:
        asked.append("watch")
        return now(self)

    monkeypatch.setattr("mtv.providers.vsphere.reading.inventory.scan", scanned)
    monkeypatch.setattr(Watch, "now", watched)
    _, since = read(source_of(vc))
    assert not asked
    source = source_of(vc)
    for note in ("one", "two", "three"):
        change(made, annotation=note)
        found, since = read(source, since, close=False)
        assert [one.notes for one in found if isinstance(one, VM)] == [note]
    assert asked == ["scan", "watch", "watch"]
    asyncio.run(source.close())
