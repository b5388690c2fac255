"""An inventory of a cluster that lacks kinds, breaks, or changes meanwhile: what cannot be read is named."""

from collections.abc import Iterator

from mtv.model.estate import VM, Change, Removal, Revision
from mtv.model.infrastructure import Gap, Host
from mtv.providers.kubevirt.reading.inventory import Inventory
from tests.providers.kubevirt.fake import FakeApiServer, Request, Said, Time, api_of, status
from tests.providers.kubevirt.telling import Object, facility, machine, of

NODE = {"metadata": {"name": "n1"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}
CORE = ("nodes", "namespaces", "resourcequotas", "limitranges", "persistentvolumeclaims")


def plain(fake: FakeApiServer) -> FakeApiServer:
    """A Kubernetes with nothing but itself."""
    for plural in CORE:
        fake.serve(plural)
    fake.serve("nodes", NODE)
    for plural in ("storageclasses", "csidrivers", "csinodes"):
        fake.serve(plural, group="storage.k8s.io")
    fake.serve("deployments", group="apps")
    return fake


def vms(*names: str) -> Iterator[Object]:
    for name in names:
        made = machine(name)
        made["metadata"] |= {"uid": f"u-{name}", "namespace": "default"}
        yield made


def read(fake: FakeApiServer) -> list[Change]:
    found = [one for page in Inventory(api_of(fake.kubeconfig()), "lab").pages() for one in page]
    assert found.pop() == Revision("")
    return found


def gaps(found: list[Change]) -> dict[str, str]:
    return {one.name: one.text for one in of(found, Gap)}


def test_a_cluster_without_any_of_it_is_read_all_the_same(fake: FakeApiServer) -> None:
    found = read(plain(fake))
    assert [host.name for host in of(found, Host)] == ["n1"]
    assert set(gaps(found)) == {
        "networks of nodes", "storage profiles", "snapshot classes", "network attachments", "KubeVirt", "VMs",
        "CDI's configuration",
    }  # fmt: skip
    assert gaps(found)["VMs"] == "VMs: the cluster does not serve them: no VM can run there"


def test_a_version_that_is_not_known_is_named(fake: FakeApiServer) -> None:
    plain(fake).serve("virtualmachines", group="kubevirt.io", version="v9")
    assert gaps(read(fake))["VMs"] == "VMs: served as v9 of kubevirt.io, and known is v1"


def test_a_group_whose_server_is_down_is_named(fake: FakeApiServer) -> None:
    plain(fake).serve("storageprofiles", group="cdi.kubevirt.io", version="v1beta1")
    down = Said(500, status(500, "ServiceUnavailable", "no endpoints available"))
    fake.answer = lambda request: down if request.path == "/apis/cdi.kubevirt.io/v1beta1" else None
    found = read(fake)
    assert (
        gaps(found)["storage profiles"] == "storage profiles: cdi.kubevirt.io does not answer: no endpoints available"
    )
    assert of(found, Host)


def test_a_list_that_fails_stops_no_other(fake: FakeApiServer) -> None:
    plain(fake).serve("virtualmachines", *vms("a", "b"), group="kubevirt.io")
    table = Said(200, {"kind": "Table"})
    fake.answer = lambda request: table if request.path == "/api/v1/persistentvolumeclaims" else None
    found = read(fake)
    assert "answers /api/v1/persistentvolumeclaims with a table" in gaps(found)["claims"]
    assert [vm.name for vm in of(found, VM)] == ["a", "b"]


def test_vms_that_are_gone_when_a_list_begins_anew_are_removed_again(fake: FakeApiServer) -> None:
    """Page one of two was given out; then the list runs out, and the first VM is deleted meanwhile."""
    path = "/apis/kubevirt.io/v1/virtualmachines"
    plain(fake).serve("virtualmachines", *vms(*(f"vm{number:04}" for number in range(501))), group="kubevirt.io")

    def run_out(request: Request) -> Said | None:
        if request.path != path or "continue" not in request.query or len(fake.lists[path]) < 501:
            return None
        del fake.lists[path][0]
        return Said(410, status(410, "Expired"))

    fake.answer = run_out
    found = read(fake)
    assert [one for one in found if isinstance(one, Removal)] == [Removal("vm", "u-vm0000")]
    assert len({vm.id for vm in of(found, VM)}) == 501


def test_a_stranger_among_the_objects_is_read_as_far_as_it_goes(fake: FakeApiServer) -> None:
    odd: list[Object] = [
        {}, {"metadata": []},
        {"metadata": {"uid": "u"}, "spec": {"template": {"spec": {"volumes": "no", "domain": 3}}}},
        {"metadata": {"uid": "v", "name": "v"}, "spec": {"template": {"spec": {"domain": {"cpu": {"cores": "two"}}}}}},
    ]  # fmt: skip
    plain(fake).serve("virtualmachines", *odd, group="kubevirt.io")
    assert [vm.id for vm in of(read(fake), VM)] == ["", "", "u", "v"]


def test_kubemacpool_is_known_by_its_image(fake: FakeApiServer) -> None:
    image = "registry.example.com/kubemacpool:v0.50.2@sha256:00"
    spec = {"template": {"spec": {"containers": [{"image": image}]}}}
    plain(fake).serve("deployments", {"metadata": {"name": "kmp", "namespace": "x"}, "spec": spec}, group="apps")
    assert facility(read(fake), "version", "KubeMacPool").facts["version"] == "v0.50.2"
    asked = [request.query for request in fake.requests if request.path == "/apis/apps/v1/deployments"]
    assert asked == [{"limit": "500", "labelSelector": "app=kubemacpool"}]


def test_the_next_page_is_read_while_one_is_worked_on(fake: FakeApiServer, time: Time) -> None:
    path = "/apis/kubevirt.io/v1/virtualmachines"
    plain(fake).serve("virtualmachines", *vms(*(f"vm{number:04}" for number in range(1200))), group="kubevirt.io")
    pages = Inventory(api_of(fake.kubeconfig(), time), "lab").pages()
    first = next(page for page in pages if of(page, VM))
    assert len(of(first, VM)) == 500
    second = next(page for page in pages if of(page, VM))
    asked = [request for request in fake.requests if request.path == path]
    assert (len(of(second, VM)), 2 <= len(asked) <= 3) == (500, True)
    assert [len(of(page, VM)) for page in pages if of(page, VM)] == [200]
