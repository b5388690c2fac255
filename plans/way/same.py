"""Whether a VM is still the one that was planned: what its machine at the target is made from, but for what moves do
themselves (its name, its power, whether its cards are plugged in)."""

from mtv.model.estate import VM, Disk, Nic


def difference(planned: VM, found: VM) -> str:
    """The first thing that is not as planned, as planned and as found; "" where all is."""
    return next((words for words in _differences(planned, found) if words), "")


def _differences(planned: VM, found: VM) -> list[str]:
    return [
        _told("its disks are", _sizes(planned), _sizes(found)),
        _told("its disks' places are", _places(planned), _places(found)),
        _told("its NICs are", _keys(planned), _keys(found)),
        *_cards(planned, found),
        _told("its firmware is", planned.firmware.value, found.firmware.value),
        _told("its CPUs are", str(planned.cpus), str(found.cpus)),
        _told("its memory is", f"{planned.memory_bytes} bytes", f"{found.memory_bytes} bytes"),
    ]


def _told(what: str, then: str, now: str) -> str:
    return "" if then == now else f"{what} not as planned: {then} planned, {now} found"


def _sizes(vm: VM) -> str:
    return ", ".join(f"{disk.key} of {disk.size_bytes} bytes" for disk in sorted(vm.disks, key=_key)) or "none"


def _places(vm: VM) -> str:
    disks = sorted(vm.disks, key=_key)
    return ", ".join(f"{disk.key} at {disk.controller} {disk.bus}:{disk.unit}" for disk in disks)


def _keys(vm: VM) -> str:
    return ", ".join(nic.key for nic in sorted(vm.nics, key=_key)) or "none"


def _cards(planned: VM, found: VM) -> list[str]:
    """A MAC may be unknown: it is made when a VM is started for the first time."""
    now = {nic.key: nic for nic in found.nics}
    pairs = [(then, now[then.key]) for then in planned.nics if then.key in now]
    macs = [_told(f"the MAC of NIC {a.key} is", a.mac, b.mac) for a, b in pairs if a.mac and b.mac]
    return macs + [_told(f"the network of NIC {a.key} is", a.network, b.network) for a, b in pairs]


def _key(one: Disk | Nic) -> str:
    return one.key
