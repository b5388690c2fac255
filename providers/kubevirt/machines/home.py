"""Where a run's VMs are: the API, the namespace, and which of the objects there are the run's own."""

from dataclasses import dataclass

from mtv.errors import MtvError
from mtv.providers.kubevirt.fields import Object, pairs, text
from mtv.providers.kubevirt.labels import RUN, Owner, foreign, is_managed, short
from mtv.providers.kubevirt.machines.kinds import MACHINE, Kind
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api


@dataclass(frozen=True)
class Home:
    """`run` is "" where nobody said whose VMs are meant: then every run's are."""

    api: Api
    namespace: str
    run: str = ""

    def look(self, kind: Kind, name: str) -> Object | None:
        """None where there is none."""
        try:
            return self.api.get(kind.path(self.namespace, name))
        except Status as status:
            if status.code != 404:
                raise
            return None

    def is_ours(self, found: Object) -> bool:
        labels = pairs(found, "metadata", "labels")
        return is_managed(labels) and (not self.run or labels.get(RUN) == short(self.run))

    def ours(self, name: str) -> Object:
        """The VM, to be changed. Raises CheckFailed `kubevirt.foreign`, MtvError `kubevirt.no-machine`."""
        vm = self.look(MACHINE, name)
        if vm is None:
            raise MtvError("kubevirt.no-machine", f"there is no VM {self.namespace}/{name}")
        if not self.is_ours(vm):
            raise foreign(vm, MACHINE.name)
        return vm

    def owner(self, document: Object) -> Owner:
        """Whose a VM's document is: it names its source."""
        return Owner(self.run, text(document, "metadata", "annotations", "mtv/vm"))
