"""The light scan by a process that comes once: what may have changed since, of all VMs, and nothing kept at the server.

To have a filter tell it, which would go on telling, takes the server as long, and one of its cores alone.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from mtv.providers.vsphere.objects.told import Props, line, own
from mtv.providers.vsphere.objects.vm import LIGHT
from mtv.providers.vsphere.reading import collector
from mtv.providers.vsphere.reading.revisions import Light
from mtv.providers.vsphere.reading.sieve import Sieve
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import Ref

PAGE = 500  # VMs: 0.9 MB of XML
CONNECTIONS = 2


def scan(session: Session, ids: Sequence[str]) -> Mapping[str, Light]:
    """By id. Raises SoapFault ManagedObjectNotFound where one of them is gone, other SoapFaults, MtvError."""
    sieve, found = Sieve(session.address), dict[str, Light]()

    def page(at: int) -> None:
        refs = [Ref("VirtualMachine", one) for one in ids[at : at + PAGE]]
        spec = collector.of_objects({"VirtualMachine": LIGHT}, refs)
        found.update({str(one.ref): _light(one.props) for one in collector.retrieve_machines(session, spec, sieve)})

    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="vsphere-scan") as pool:
        list(pool.map(page, range(0, len(ids), PAGE)))
    return found


def _light(props: Props) -> Light:
    return {path: line(own(props, path)) for path in LIGHT}
