"""VMware's pciSlotNumber: what names Linux made of it, and where it lay on the PCI bus.

Bits 0-4 are the device, 5-9 the bridge, 10 and up the bridge's function: 192 is bridge 6, 1184 bridge 5 function 1.
The firmware tells Linux the slot as number plus function, so 1184 is ens161.
"""

from collections.abc import Sequence

from mtv.model.estate import Nic

_LARGEST = 8 << 10  # eight functions
_PCI_BRIDGE = 1  # the one conventional bridge: bus 2, up to 32 devices
_FIRST_PORT = 4  # PCI Express ports follow; each owns eight buses, one a function


def usable(nic: Nic, nics: Sequence[Nic]) -> int | None:
    """The slot, where it tells this card from the others: VMware writes -1 for none, and a made-up OVF anything."""
    alone = [other.pci_slot for other in nics].count(nic.pci_slot) == 1
    return nic.pci_slot if nic.pci_slot is not None and alone and 0 < nic.pci_slot < _LARGEST else None


def parts(slot: int) -> tuple[int, int, int]:
    """Bridge, function, device: sorts as Linux enumerates."""
    return (slot >> 5) & 31, slot >> 10, slot & 31


def names(slot: int) -> tuple[str, ...]:
    """Predictable names that this slot can have had, the usual one first."""
    bridge, function, device = parts(slot)
    by_slot = f"ens{(slot & 1023) + function}"
    bus = bus_number(slot)
    return (by_slot,) if bus is None else (by_slot, f"enp{bus}s{device}")


def bus_number(slot: int) -> int | None:
    """The bus behind the bridge; None where the layout is not known."""
    bridge, function, _ = parts(slot)
    if bridge == 0:
        return 0
    if bridge == _PCI_BRIDGE:
        return 2
    return 3 + 8 * (bridge - _FIRST_PORT - 1) + function if bridge > _FIRST_PORT else None


def path(slot: int) -> str:
    """The address as Linux writes it, 0000:0b:00.0; "" where it is not known."""
    bus = bus_number(slot)
    return "" if bus is None else f"0000:{bus:02x}:{slot & 31:02x}.0"


def pci_order(nics: Sequence[Nic]) -> list[Nic]:
    """As the source's kernel found them, and as they stand in the manifest: by slot where every slot tells, else as
    they are listed.

    With more than four NICs the two differ: the fifth gets slot 1184 and comes before the second, 192."""
    told = {nic.key: usable(nic, nics) for nic in nics}
    if None in told.values():
        return list(nics)
    return sorted(nics, key=lambda nic: parts(told[nic.key] or 0))
