"""From what a guest's files say to what must be written so that names and addresses stay."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network import concerns, holding, keeping, slotnames, slots
from mtv.converters.network.changes import FileChange, NetworkPlan
from mtv.converters.network.holding import Card
from mtv.converters.network.macs import RESERVED_MAC, normal_mac, stable_mac
from mtv.converters.network.pairing import Pair, Pairing, pair, with_names
from mtv.converters.network.reading import Survey, survey
from mtv.converters.network.rebinding import Overlay, applied, rebind
from mtv.converters.network.syntax.text import load
from mtv.model.estate import VM, Concern, Nic
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
    """What to write into this guest. `network` is what `read(files)` gave; a NIC without a choice goes to no network.
    Cards stand at the target in the order of `slots.pci_order`."""
    chosen = {one.nic: one for one in nics if one.to != "none"}
    told = list(concerns.of_choice(vm.nics, list(chosen)))
    if left := _left_alone(facts, choice):
        macs = _macs(vm, chosen, Pairing(), told)
        return NetworkPlan(macs=macs, concerns=(*told, left))
    seen = survey(files)
    cards = [replace(nic, mac=normal_mac(nic.mac), pci_slot=slots.usable(nic, vm.nics)) for nic in vm.nics]
    kernel_named = holding.is_kernel_named(facts, files)
    later = {nic.key: _first(vm, index, chosen) for index, nic in enumerate(vm.nics) if nic.key in chosen}
    found = pair(network, seen.bindings, cards, kernel_named, later)
    if not kernel_named:
        taken = [one.wanted.name for one in found.pairs]
        found = with_names(found, list(slotnames.relied_on(network, files, found.spare, taken)))
    told += concerns.of_flaws(seen.flaws)
    told += concerns.of_pairing(found, bool(slotnames.patterns(network)))
    told += _lost_patterns(network, found, kernel_named)
    decided = _macs(vm, chosen, found, told)
    macs = {nic.key: decided[nic.key] for nic in slots.pci_order(vm.nics) if nic.key in decided}
    if len(set(macs.values())) < len(macs):
        return NetworkPlan(macs=macs, concerns=tuple(told))  # nothing can be told apart by MAC
    return _Work(facts, choice, files, seen, found, macs, told, kernel_named).done()


def _left_alone(facts: GuestFacts, choice: GuestChoice) -> Concern | None:
    """Why nothing is written, if so."""
    if choice.addresses == "leave" or choice.conversion == "none":
        why = "addresses: leave" if choice.addresses == "leave" else "conversion: none"
        return concerns.warning("addresses-left", f"{why}: the guest's network files stay as they are", _LOOK)
    if facts.family != "linux":
        return concerns.warning("addresses-left", f"the network of a {facts.family} guest is not kept", _LOOK)
    return None


_LOOK = "interfaces may get other names at the target, and lose their addresses: look at the console after the move"


def _lost_patterns(network: GuestNetwork, found: Pairing, kernel_named: bool) -> Iterator[Concern]:
    for one in slotnames.broken_patterns(network) if found.spare and not kernel_named else ():
        text = f"the guest configures every card named {one}, and {concerns.label(found.spare[0])} will not be"
        yield concerns.critical("pattern-lost", text, "name the card in the guest, or make the pattern en*")


def _first(vm: VM, index: int, chosen: Mapping[str, NicChoice]) -> str:
    """The MAC at the target as far as it is known without the guest."""
    nic = vm.nics[index]
    planned = _usable(chosen[nic.key].mac) if nic.key in chosen else ""
    return planned or _usable(nic.mac) or stable_mac(vm.key, index)


def _macs(vm: VM, chosen: Mapping[str, NicChoice], found: Pairing, told: list[Concern]) -> dict[str, str]:
    """The plan's MAC, else the source's, else the one that the guest's files know, else a made one."""
    known = {one.nic.key: one.wanted.mac for one in found.pairs if one.by != "guess"}
    macs: dict[str, str] = {}
    for index, nic in enumerate(vm.nics):
        if nic.key not in chosen:
            continue
        made = stable_mac(vm.key, index)
        mac = _usable(chosen[nic.key].mac) or _usable(nic.mac)
        if not mac and _usable(known.get(nic.key, "")) and known[nic.key] not in macs.values():
            mac = known[nic.key]
            told.append(
                concerns.info("mac-from-guest", f"{nic.label or nic.key}: the guest's files tell its MAC, {mac}")
            )
        if mac in ("", made) and not _usable(nic.mac):
            told.append(_made(nic, made))
        macs[nic.key] = mac or made
        if list(macs.values()).count(macs[nic.key]) > 1:
            text = f"{concerns.label(nic)} has the MAC of another NIC of the same VM: no name can be kept by it"
            told.append(concerns.critical("mac-twice", text, "give one of them another MAC in the plan"))
    return macs


def _made(nic: Nic, made: str) -> Concern:
    text = f"{nic.label or nic.key}: neither source nor guest tells its MAC: {made} is made from the VM's key"
    return concerns.warning(
        "mac-made", text, "DHCP reservations and licences that know the old MAC must learn this one"
    )


def _usable(mac: str) -> str:
    clean = normal_mac(mac)
    return "" if clean == RESERVED_MAC else clean


@dataclass
class _Work:
    """The writing part: rebind what names the old card, then pin every name that is not held after that."""

    facts: GuestFacts
    choice: GuestChoice
    files: GuestFiles
    seen: Survey
    found: Pairing
    macs: Mapping[str, str]
    told: list[Concern]
    kernel_named: bool

    def done(self) -> NetworkPlan:
        driver = holding.driver(self.choice)
        edits, told = rebind(self.seen.bindings, self.found, self.macs, driver)
        self.told += told
        texts = {path: after for path, (_, after) in applied(edits, self.files).items()}
        after = survey(Overlay(self.files, texts)) if texts else self.seen
        for card in self._cards(driver):
            if not self._is_held(card, after):
                texts |= self._pinned(card, after, texts)
        kept = keeping.text(self.seen.cloud, self.facts)
        if kept is not None:
            texts[keeping.PATH] = kept
            self.told.append(keeping.concern(self.seen.cloud))
        changes = self._changes(texts)
        rebuild = self._rebuild(changes, driver)
        return NetworkPlan(
            changes=changes,
            names={card.key: card.name for card in self._cards(driver)},
            macs=self.macs,
            concerns=tuple(dict.fromkeys(self.told)),
            rebuild_initramfs=rebuild,
        )

    def _cards(self, driver: str) -> list[Card]:
        """The NICs that go along and have a name, with the name that the kernel will give them first."""
        by_nic: dict[str, Pair] = {one.nic.key: one for one in self.found.pairs if one.wanted.name}
        return [
            Card(key=key, name=by_nic[key].wanted.name, mac=mac, driver=driver, kernel_name=f"eth{index}")
            for index, (key, mac) in enumerate(self.macs.items())
            if key in by_nic
        ]

    def _is_held(self, card: Card, after: Survey) -> bool:
        by_kernel = self.kernel_named and card.name == card.kernel_name
        return holding.is_held(card, after, by_kernel)

    def _pinned(self, card: Card, after: Survey, texts: Mapping[str, str]) -> dict[str, str]:
        if self.facts.systemd < holding.LINK_SINCE:
            before = texts.get(holding.RULES) or self._text(holding.RULES)
            return {holding.RULES: holding.rules_text(card, before)}
        others = [f"eth{index}" for index in range(len(self.macs)) if f"eth{index}" != card.kernel_name]
        if card.name in others:
            text = f"{card.name} must stay on {card.mac}, and by its order the kernel gives that name to another card"
            hint = "send every card to a network, so that their order stays, or bind it to its MAC in the guest"
            self.told.append(concerns.critical("eth-collision", text, hint))
        shadow = holding.shadow(card, after)
        if shadow:
            text = f"{shadow} matches every card before {card.name} gets its name: what else it sets is lost for it"
            self.told.append(concerns.warning("link-shadowed", text))
        return {holding.link_path(card, bool(shadow)): holding.link_text(card, self.facts.systemd)}

    def _text(self, path: str) -> str | None:
        text = load(self.files, path, [])
        return text.whole if text else None

    def _changes(self, texts: Mapping[str, str]) -> tuple[FileChange, ...]:
        made = [FileChange(path=path, before=self._text(path), after=after) for path, after in sorted(texts.items())]
        for one in made:
            if self._is_foreign(one):
                text = f"{one.path} must change and is no text that can be read: left alone"
                self.told.append(concerns.critical("file-undecodable", text, "set it right in the guest"))
        return tuple(one for one in made if one.before != one.after and not self._is_foreign(one))

    def _is_foreign(self, change: FileChange) -> bool:
        return change.before is None and self.files.exists(change.path)

    def _rebuild(self, changes: Sequence[FileChange], driver: str) -> bool:
        """Whether an initramfs would name cards by the files as they were."""
        naming = [one.path for one in changes if one.path.endswith((".link", ".rules"))]
        if not naming or not holding.wants_rebuild(self.facts, driver):
            return False
        text = f"the initramfs knows {driver} and may name the cards itself: it must be rebuilt after {naming[0]}"
        self.told.append(concerns.info("initramfs", text))
        return True
