"""The snapshot that is taken after the first boot: one document, and none of the VM's."""

from dataclasses import replace

from mtv.converters import manifests
from mtv.converters.manifests import rules
from mtv.model.plans import Wanted
from tests.converters.manifests.estate import WEB, plan


def test_it_names_its_vm_the_same_each_time_and_gives_up_in_time() -> None:
    asked = plan(WEB)
    made = manifests.snapshot(asked, 300.0, namespace="vms")
    assert made == {
        "apiVersion": "snapshot.kubevirt.io/v1beta1",
        "kind": "VirtualMachineSnapshot",
        "metadata": {
            "annotations": {"mtv/name": WEB.name, "mtv/vm": WEB.key},
            "labels": {"app.kubernetes.io/managed-by": "mtv", "app.kubernetes.io/name": asked.machine},
            "name": f"{asked.machine}-first-boot",
            "namespace": "vms",
        },
        "spec": {
            "deletionPolicy": "Delete",
            "failureDeadline": "300s",
            "source": {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": asked.machine},
        },
    }
    assert manifests.snapshot_name(asked) == f"{asked.machine}-first-boot"
    assert rules.check([made], rules.target_of([], [])) == []


def test_the_longest_name_fits() -> None:
    asked = replace(plan(WEB), machine="a" * 63)
    assert len(manifests.snapshot_name(asked)) == 74


def test_it_is_none_of_the_vms_documents() -> None:
    """Which Git may hold, and apply before any VM has started."""
    asked = replace(plan(WEB), wanted=Wanted(snapshot="first_boot"))
    assert manifests.documents(asked, None) == manifests.documents(plan(WEB), None)
