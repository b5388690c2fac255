"""Access credentials: one kind, one source and one way into the guest each."""

from collections.abc import Iterator

from mtv.converters.manifests.rules.machine.instance import Instance
from mtv.converters.manifests.rules.rule import Book, Complaint

BOOK = Book("credential", "https://kubevirt.io/user-guide/user_workloads/accessing_virtual_machines/")
KIND = BOOK.refused("kind", "a credential is an sshPublicKey or a userPassword", "leave one of them")
SOURCE = BOOK.refused("source", "a credential comes from one Secret", "set source.secret")
METHOD = BOOK.refused("method", "a credential has one way into the guest", "leave one propagationMethod")
USERS = BOOK.refused("users", "the guest agent needs to know for which users", "add users")
VOLUME = BOOK.refused("volume", "this way into the guest needs a cloud-init volume of its kind", "add the volume")

_VOLUMES = {"noCloud": "cloudInitNoCloud", "configDrive": "cloudInitConfigDrive"}


def check(machine: Instance) -> Iterator[Complaint]:
    kinds = {kind for volume in machine.volumes for kind in _VOLUMES.values() if volume.has(kind)}
    for credential in machine.spec.each("accessCredentials"):
        if credential.has("sshPublicKey") == credential.has("userPassword"):
            yield KIND.at(credential)
        for kind, ways in (("sshPublicKey", (*_VOLUMES, "qemuGuestAgent")), ("userPassword", ("qemuGuestAgent",))):
            one = credential.at(kind)
            if not one:
                continue
            if not one.has("source", "secret"):
                yield SOURCE.at(one.at("source"))
            if sum(one.has("propagationMethod", way) for way in ways) != 1:
                yield METHOD.at(one.at("propagationMethod"))
            agent = one.at("propagationMethod", "qemuGuestAgent")
            if kind == "sshPublicKey" and agent and not agent.each("users"):
                yield USERS.at(agent.at("users"))
            for way, volume in _VOLUMES.items():
                place = one.at("propagationMethod", way)
                if kind == "sshPublicKey" and place and volume not in kinds:
                    yield VOLUME.at(place)
