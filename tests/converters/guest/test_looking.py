"""What a look at a guest is told as: to the plan, to the receipt, and so to whoever boots the result."""

import json
from dataclasses import replace

from mtv import codec
from mtv.converters import network
from mtv.converters.boot.hardware import Card, Hardware
from mtv.converters.boot.pictures.comparing import compare
from mtv.converters.boot.pictures.expecting import of_facts
from mtv.converters.boot.pictures.picture import Picture, Port
from mtv.converters.guest.decide import Decision, decide
from mtv.converters.guest.looking import FACTS_LIMIT_BYTES, Looked, fitting, told
from mtv.model.estate import Concern, Level, Nic
from mtv.model.guest import GuestFacts, Interface, Mount
from mtv.model.plans import GuestChoice, NicChoice
from tests.converters.guest.known import DEBIAN, DEBIAN_VM
from tests.converters.network.trees import Tree

OLD, NEW = "00:50:56:0a:0b:0c", "52:54:00:0a:0b:0c"
ADDRESS = "192.0.2.10/24"
FILES = Tree.of(**{"/etc/network/interfaces": f"iface ens192 inet static\n address {ADDRESS}\n"})
VM = replace(DEBIAN_VM, nics=(Nic(key="n0", mac=OLD, model="vmxnet3", pci_slot=192),))


def looked(files: Tree = FILES, mac: str = "", choice: GuestChoice | None = None) -> Looked:
    choice = choice or GuestChoice()
    guest = replace(DEBIAN, network=network.read(files))
    plan = network.plan(guest.network, guest, VM, (NicChoice(nic="n0", to="pod", mac=mac),), choice, files)
    return Looked(guest=guest, decision=decide(guest, VM, choice), plan=plan)


def verdict(seen: Looked, mac: str, name: str = "ens192") -> str:
    """Of the row of the interface's MAC, when the guest is booted with one card and says `mac` of it."""
    facts = codec.load(GuestFacts, fitting(seen)["guest"])
    before = of_facts(facts, Hardware(name="g", cards=(Card(mac=mac),)))
    after = Picture(macs=(mac,), ports=(Port(name=name, mac=mac, addresses=(ADDRESS,)),))
    return next(row.verdict for row in compare(before, after) if row.what in (f"{name} MAC", "ens192"))


def test_the_mac_of_a_name_is_known_although_no_file_of_the_guest_says_it() -> None:
    assert verdict(looked(), OLD) == "same"
    assert verdict(looked(), NEW) == "different"


def test_a_mac_that_the_plan_gives_is_what_is_expected() -> None:
    rule = f'SUBSYSTEM=="net", ACTION=="add", ATTR{{address}}=="{OLD}", NAME="ens192"'
    files = Tree({**FILES.held, "/etc/udev/rules.d/70-persistent-net.rules": rule.encode()})
    assert verdict(looked(files, mac=NEW), NEW) == "same"


def test_what_nobody_paired_stays_unknown() -> None:
    assert verdict(looked(choice=GuestChoice(addresses="leave")), OLD) == "unknown"


def test_facts_of_a_guest_with_a_thousand_mounts_fit_an_event() -> None:
    mounts = tuple(Mount(device=f"/dev/mapper/{n:0100}", path=f"/srv/{n:0100}") for n in range(1000))
    big = replace(DEBIAN, mounts=mounts, faults=("x" * 10_000,) * 30)
    seen = Looked(guest=big, decision=Decision(mode="none"), plan=network.NetworkPlan())
    assert len(json.dumps(told(seen))) > 16 << 10
    assert len(json.dumps(fitting(seen))) <= FACTS_LIMIT_BYTES


def test_a_stranger_cannot_make_them_large() -> None:
    many = " ".join(f"10.{n >> 8}.{n & 255}.1/24" for n in range(10_000))
    lines = "".join(f" up ip addr add {one} dev ens192\n" for one in many.split())
    files = Tree.of(**{"/etc/network/interfaces": f"iface ens192 inet static\n address {ADDRESS}\n{lines}" * 9})
    face = Interface(name="ens192", addresses=tuple(many.split()), members=("x" * 14,) * 10_000)
    guest = replace(DEBIAN, hostname="h" * 100_000, cmdline="c" * 1_000_000, packages=("p" * 100,) * 500)
    guest = replace(guest, network=replace(network.read(files), interfaces=(face,) * 40, nameservers=("::1",) * 9999))
    seen = Looked(guest=guest, decision=Decision(mode="none"), plan=network.NetworkPlan())
    facts = fitting(seen)
    assert len(json.dumps(facts)) <= FACTS_LIMIT_BYTES
    assert codec.load(GuestFacts, facts["guest"]).network.interfaces[0].addresses[:1] == ("10.0.0.1/24",)


def test_what_stops_a_vm_is_never_cut_off() -> None:
    flaws = tuple(Concern(id="network.file-unclear", level=Level.WARNING, text=f"{n}" * 400) for n in range(300))
    stop = Concern(id="network.no-nic-fits", level=Level.CRITICAL, text="nothing fits")
    plan = network.NetworkPlan(concerns=(*flaws, stop))
    facts = fitting(Looked(guest=DEBIAN, decision=Decision(mode="full"), plan=plan))
    assert len(json.dumps(facts)) <= FACTS_LIMIT_BYTES
    (told_first, *_) = codec.load(list[Concern], facts["concerns"])
    assert told_first == stop
