"""What is to be done to a guest: the lightest conversion that is proved safe, and what stands against it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mtv.converters.guest import refusals
from mtv.converters.guest.refusals import Surroundings, known
from mtv.model.estate import VM, Concern, Level
from mtv.model.faults import Fault
from mtv.model.guest import GuestFacts, Kernel
from mtv.model.plans import GuestChoice

Mode = Literal["none", "network", "full"]
BLOCK = ("virtio_blk", "virtio_pci")  # must be there before the root file system is
NET = "virtio_net"  # may also be loaded from the root file system
AGENT = "qemu-guest-agent"
_NAMES_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Decision:
    """`reasons` say why that mode and not a lighter one. With refusals nothing may be changed."""

    mode: Mode
    reasons: tuple[str, ...] = ()
    refusals: tuple[Fault, ...] = ()
    concerns: tuple[Concern, ...] = ()


def decide(facts: GuestFacts, vm: VM, choice: GuestChoice, around: Surroundings | None = None) -> Decision:
    """An explicit `none` refuses nothing: the disks move untouched, whatever is on them."""
    around = around or Surroundings()
    mode, reasons = _mode(facts, choice, around)
    return Decision(
        mode=mode,
        reasons=tuple(reasons),
        refusals=() if choice.conversion == "none" else tuple(refusals.refusals(facts, vm, choice, mode, around)),
        concerns=tuple(_concerns(facts, choice, mode)),
    )


def _mode(facts: GuestFacts, choice: GuestChoice, around: Surroundings) -> tuple[Mode, Sequence[str]]:
    if choice.conversion != "auto":
        return choice.conversion, (f"the plan says conversion: {choice.conversion}",)
    network: Mode = "network" if around.network_changes else "none"
    written = ("its interfaces keep their names only by a file of ours",) if around.network_changes else ()
    if choice.devices == "compatible":
        return network, ("the plan says devices: compatible, which need no new drivers", *written)
    if lacking := unfit(facts):
        return "full", lacking
    if not around.rebuilds:
        return "full", ("its initramfs names the interfaces, and only a full conversion makes it anew", *written)
    return network, ("every kernel has drivers for virtio, and no device name changes", *written)


def unfit(facts: GuestFacts) -> list[str]:
    """Why that guest is not proved to run on virtio as it is; nothing, if it is."""
    if facts.family == "windows":
        return _unfit_windows(facts)
    if facts.family != "linux":
        return [f"the drivers of a guest of family {facts.family} are not known"]
    lacking = [text for kernel in facts.kernels for text in _unfit_kernel(kernel)]
    if not facts.kernels:
        lacking.append("no kernel was found in /boot")
    lacking += [f"cannot be sure: {fault}" for fault in facts.faults]
    return lacking + [
        f"{file} names {', '.join(names[:_NAMES_SHOWN])}, which will not be called so"
        for file, names in facts.device_names.items()
    ]


def _unfit_kernel(kernel: Kernel) -> list[str]:
    lacking = [name for name in BLOCK if name not in kernel.drivers]
    texts = [f"kernel {kernel.version} has no {' and no '.join(lacking)} in its initramfs"] if lacking else []
    if NET not in kernel.drivers and NET not in kernel.modules:
        texts.append(f"kernel {kernel.version} has no {NET}")
    return texts


def _unfit_windows(facts: GuestFacts) -> list[str]:
    wanted = {"viostor": "it does not start viostor at boot", "netkvm": "it has no NetKVM in its driver store"}
    return [text for driver, text in wanted.items() if driver not in facts.drivers]


def _concerns(facts: GuestFacts, choice: GuestChoice, mode: Mode) -> list[Concern]:
    found = []
    if choice.devices == "compatible" and not known(facts):
        text = f"{refusals.system(facts)} is moved as it is, on emulated SATA and e1000e"
        found.append(
            Concern(id="guest.unknown-moved", level=Level.WARNING, text=text, hint="start it in a rehearsal first")
        )
    elif choice.devices == "compatible" and facts.family == "linux" and mode != "full" and _lacks_ahci(facts):
        text = "its initramfs has no ahci: it may not find its disks on emulated SATA"
        found.append(Concern(id="guest.no-ahci", level=Level.WARNING, text=text, hint="`devices: virtio`"))
    if choice.conversion in ("none", "network") and choice.devices == "virtio" and (lacking := unfit(facts)):
        text = f"it may not start on virtio: {lacking[0]}"
        found.append(Concern(id="guest.no-virtio", level=Level.WARNING, text=text, hint="`conversion: auto`"))
    if choice.agent == "install" and mode != "full" and AGENT not in facts.packages:
        found.append(_no_agent(facts, mode))
    if facts.family == "windows":
        text = "addresses that were set by hand belong to the old adapter, and are lost"
        found.append(
            Concern(id="guest.windows-addresses", level=Level.WARNING, text=text, hint="set them again after the move")
        )
    return found


def _no_agent(facts: GuestFacts, mode: Mode) -> Concern:
    """Of a Windows guest nothing tells whether it is there."""
    has_none = facts.family == "linux"
    return Concern(
        id="guest.no-agent",
        level=Level.WARNING if has_none else Level.INFO,
        text=f"only a full conversion installs QEMU's agent, this one is '{mode}', "
        f"and the guest {'has none' if has_none else 'may have none'}",
        hint="`conversion: full`, or install it in the guest; `agent: none` where it is not wanted",
    )


def _lacks_ahci(facts: GuestFacts) -> bool:
    return any("ahci" not in kernel.drivers for kernel in facts.kernels)
