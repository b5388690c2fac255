"""A process that asks a vCenter for its VMs, `python asking.py HOW URL CA STORE`: into the store as mtv does, into
nothing, or into pyVmomi's objects. A line of JSON a reading; a line on stdin asks for the next one, and says how many
VMs the store shall believe to have changed."""

import asyncio
import json
import resource
import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from mtv.model.estate import VM  # noqa: E402
from mtv.model.login import Login  # noqa: E402
from mtv.providers.vsphere import VSphere  # noqa: E402
from mtv.providers.vsphere.objects.vm import FULL  # noqa: E402
from mtv.providers.vsphere.reading import collector, pages  # noqa: E402
from mtv.providers.vsphere.wire.soap import Ref, request  # noqa: E402
from mtv.store import inventory  # noqa: E402
from mtv.store.store import Store  # noqa: E402

USER, PASSWORD = "anybody", b"anything"
CHUNK_BYTES = 128 << 10


class Asking:
    def __init__(self, url: str, ca: str, store: str) -> None:
        self.source = VSphere("vc", url, {"password": PASSWORD}, Login(user=USER, ca=ca))
        self.url, self.ca, self.store = url, ca, Path(store)

    async def store_all(self) -> int:
        """As `mtv refresh` does: everything, or what changed since the last time."""
        with Store(self.store) as store:
            since = inventory.revision(store, "vc")
            work, number = inventory.Refresh(store, "vc", full=since is None), 0
            async for change in self.source.inventory(since):
                work.take(change)
                number += isinstance(change, VM)
            work.finish()
        return number

    def forget(self, number: int) -> None:
        """The simulator itself goes through all VMs for each change that it tells of, which takes minutes: so the
        server tells of none, and these are read all the same."""
        sql = "UPDATE generations SET revision = ? WHERE source = 'vc' AND current = 1"
        with Store(self.store) as store:
            seen = json.loads(inventory.revision(store, "vc") or "")
            seen["vms"].update(dict.fromkeys(list(seen["vms"])[:number], ""))
            store.write(lambda found: found.execute(sql, (json.dumps(seen),)))

    def drain(self, ids: list[Ref]) -> int:
        """The same properties of the same VMs in the same pages, one after another, and nothing done with them."""
        session = self.source.session
        for page in (ids[at : at + pages.PAGE] for at in range(0, len(ids), pages.PAGE)):
            spec = f"<specSet>{collector.of_objects({'VirtualMachine': FULL}, page)}</specSet><options/>"
            body = request("RetrievePropertiesEx", session.manager("propertyCollector"), spec)
            with session._lent() as one:
                response = session._ask(one, body, "/sdk")
                while response.read1(CHUNK_BYTES):
                    pass
                response.close()
        return len(ids)

    def ids(self) -> list[Ref]:
        session = self.source.session
        view = collector.view(session, "VirtualMachine")
        return [one.ref for one in collector.retrieve(session, collector.of_view({"VirtualMachine": ("name",)}, view))]

    def connected(self) -> Any:
        from pyVmomi import SoapStubAdapter, vim

        host, _, port = self.url.removeprefix("https://").partition(":")
        trust = ssl.create_default_context(cafile=self.ca)
        stub = SoapStubAdapter(host=host, port=int(port), sslContext=trust, version="vim.version.v8_0_3_0")
        service: Any = vim.ServiceInstance("ServiceInstance", stub)
        service.content.sessionManager.Login(USER, PASSWORD.decode(), None)
        return service.content

    def objects(self, content: Any) -> int:
        """What pyVmomi makes of the same properties, and nothing done with them."""
        from pyVmomi import vim, vmodl

        query = vmodl.query.PropertyCollector
        view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
        step = query.TraversalSpec(type=vim.view.ContainerView, path="view", skip=False)
        of = query.ObjectSpec(obj=view, skip=True, selectSet=[step])
        wanted = query.FilterSpec(
            objectSet=[of], propSet=[query.PropertySpec(type=vim.VirtualMachine, pathSet=list(FULL))]
        )
        options, number = query.RetrieveOptions(maxObjects=1000), 0
        found = content.propertyCollector.RetrievePropertiesEx([wanted], options)
        while found:
            number += len(found.objects)
            token = found.token
            found = content.propertyCollector.ContinueRetrievePropertiesEx(token) if token else None
        return number


def way(how: str, asking: Asking) -> Callable[[], int]:
    """What is timed: by then everybody is logged in, the drain knows what there is, and there is a store."""
    if how == "drain":
        ids = asking.ids()
        return lambda: asking.drain(ids)
    if how == "pyvmomi":
        content = asking.connected()
        return lambda: asking.objects(content)
    assert asking.source.session.cookie
    Store(asking.store).close()  # who has a provider has a store
    return lambda: asyncio.run(asking.store_all())


def main() -> None:
    how, *where = sys.argv[1:]
    asking = Asking(*where)
    ask = way(how, asking)
    while True:
        since = time.perf_counter()
        number = ask()
        took = time.perf_counter() - since
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        print(json.dumps({"seconds": took, "vms": number, "peak_bytes": peak}), flush=True)
        if not (line := sys.stdin.readline()):
            return asyncio.run(asking.source.close())
        asking.forget(int(line))


if __name__ == "__main__":
    main()
