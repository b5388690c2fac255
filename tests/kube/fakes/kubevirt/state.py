"""What a VirtualMachine's and its instance's status say."""

import json

from tests.kube.api import Object
from tests.kube.fakes.kubevirt.disks import claims_of
from tests.kube.fakes.watching import Watched

GUEST = "fakes.test/guest"  # an annotation: {"agent": false}, or what guestosinfo and filesystemlist shall say


def condition(kind: str, status: str, reason: str = "", message: str = "") -> Object:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def says(found: Object | None, kind: str) -> Object:
    """A condition, or nothing."""
    conditions = (found or {}).get("status", {}).get("conditions") or []
    return next((one for one in conditions if one["type"] == kind), {})


def problem_of_volumes(vm: Object, claims: Watched, data_volumes: Watched) -> str | None:
    """The printable status of a VM whose disks are not there."""
    namespace = vm["metadata"]["namespace"]
    by_claim = {
        one.get("persistentVolumeClaim", {}).get("claimName") for one in vm["spec"]["template"]["spec"]["volumes"]
    }
    for _, name in claims_of(vm["spec"]["template"]["spec"]):
        made = data_volumes.get(namespace, name)
        if made and made.get("status", {}).get("phase") != "Succeeded":
            return _of_data_volume(made, as_claim=name in by_claim)
        if not claims.get(namespace, name):
            return "ErrorPvcNotFound"
    return None


def _of_data_volume(made: Object, *, as_claim: bool) -> str:
    """A failing one shows only where the VM names it as a DataVolume."""
    if says(made, "Bound").get("reason") == "ErrClaimNotValid":
        return "ErrorPvcNotFound"
    if says(made, "Running").get("reason") == "Error":
        return "WaitingForVolumeBinding" if as_claim else "DataVolumeError"
    return "Provisioning"


def persistent(spec: Object) -> bool:
    """NVRAM or a TPM that outlives a start."""
    domain = spec["domain"]
    efi = domain.get("firmware", {}).get("bootloader", {}).get("efi", {})
    return bool(efi.get("persistent") or domain.get("devices", {}).get("tpm", {}).get("persistent"))


def interfaces(vmi: Object, *, agent: bool, ports: Object | None = None) -> list[Object]:
    """`ports`: what a guest that really boots says, by MAC."""
    told = "domain, guest-agent" if agent else "domain"
    return [
        {"name": one["name"], "mac": one.get("macAddress", ""), "infoSource": told, "linkState": one.get("state", "up"),
         **(ports or {}).get(one.get("macAddress", ""), {})}
        for one in vmi["spec"]["domain"]["devices"].get("interfaces", [])
    ]  # fmt: skip


def guest(vm: Object) -> Object:
    """Whether it answers, and what."""
    told: Object = json.loads(vm["metadata"].get("annotations", {}).get(GUEST, "{}"))
    return {"agent": True, "os": {"id": "debian", "name": "Debian GNU/Linux", "versionId": "13"}, **told}
