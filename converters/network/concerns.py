"""The words for what is wrong or lossy with a guest's network. The ids are stable: plans accept concerns by them."""

from collections.abc import Iterator, Sequence

from mtv.converters.network.pairing import Pairing
from mtv.converters.network.syntax.text import Flaw
from mtv.model.estate import Concern, Level, Nic

MOST_FLAWS = 20  # told one by one; the rest is counted


def critical(what: str, text: str, hint: str = "") -> Concern:
    return Concern(id=f"network.{what}", level=Level.CRITICAL, text=text, hint=hint)


def warning(what: str, text: str, hint: str = "") -> Concern:
    return Concern(id=f"network.{what}", level=Level.WARNING, text=text, hint=hint)


def info(what: str, text: str, hint: str = "") -> Concern:
    return Concern(id=f"network.{what}", level=Level.INFO, text=text, hint=hint)


def label(nic: Nic) -> str:
    """How a NIC is called in a text: what its source shows, and what tells it apart."""
    marks = [nic.mac, f"PCI slot {nic.pci_slot}" if nic.pci_slot is not None else ""]
    extra = ", ".join(filter(None, marks))
    return (nic.label or f"NIC {nic.key}") + (f" ({extra})" if extra else "")


def of_flaws(flaws: Sequence[Flaw]) -> Iterator[Concern]:
    for flaw in flaws[:MOST_FLAWS]:
        yield warning("file-unclear", str(flaw), "what it says may be lost: look at it in the guest")
    if len(flaws) > MOST_FLAWS:
        yield warning("file-unclear", f"and {len(flaws) - MOST_FLAWS} more lines and files that are not understood")


def of_pairing(found: Pairing, has_patterns: bool) -> Iterator[Concern]:
    for pair in found.pairs:
        if pair.by == "guess":
            yield warning(
                "order-guessed",
                f"nothing tells which card {pair.wanted} is: taken by number, it is {label(pair.nic)}",
                "compare its address after the first boot",
            )
    for wanted in found.unfit:
        yield critical(
            "no-nic-fits",
            f"the guest's files expect {wanted} and no card of the VM fits it",
            "give the VM's cards their MACs at the source, or remove what the guest no longer uses",
        )
    for wanted in found.stale:
        yield info("stale-interface", f"the guest's files configure {wanted}, which the VM does not have")
    for nic in () if has_patterns else found.spare:
        yield info("nic-unnamed", f"{label(nic)}: no file in the guest names it, it gets the target's name")


def of_choice(nics: Sequence[Nic], kept: Sequence[str]) -> Iterator[Concern]:
    if not nics:
        yield warning("no-nics", "the VM has no NIC")
    for nic in nics:
        if nic.key not in kept:
            yield warning("nic-dropped", f"{label(nic)} goes to no network: the guest will miss it")
