"""From what a guest's files say to what must be written so that names and addresses stay."""

from collections.abc import Sequence

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network.changes import NetworkPlan
from mtv.converters.network.macs import normal_mac, stable_mac
from mtv.model.estate import VM
from mtv.model.guest import GuestFacts, GuestNetwork
from mtv.model.plans import GuestChoice, NicChoice


def plan(
    network: GuestNetwork,
    facts: GuestFacts,
    vm: VM,
    nics: Sequence[NicChoice],
    choice: GuestChoice,
    files: GuestFiles,
) -> NetworkPlan:
    chosen = {one.nic: one for one in nics if one.to != "none"}
    macs = {
        nic.key: normal_mac(chosen[nic.key].mac) or normal_mac(nic.mac) or stable_mac(vm.key, index)
        for index, nic in enumerate(vm.nics)
        if nic.key in chosen
    }
    return NetworkPlan(macs=macs)
