"""The stub of VMware's library beside the tests' vCenter: it has a VM's disks as they are now, and lets one user in."""

from tests.vcenter.server import PASSWORDS, VCenter
from tests.vddk.library import Stub


def shelve(stub: Stub, vc: VCenter, vm: str, user: str) -> None:
    """`vm` is its id. To that VM alone, by that vCenter's certificate."""
    for disk in vc.disks(vm):
        stub.offer(disk.chain[0], disk.path)
    stub.behave(user=user, password=PASSWORDS[user], thumbprint=vc.certificate.sha1, vm=f"moref={vm}")
