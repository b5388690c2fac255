"""Whatever a server says of a VM, it is read: an odd value is as if it were not there."""

import re
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from mtv.model.estate import VM
from mtv.providers.vsphere.objects import vm
from mtv.providers.vsphere.objects.devices import Names
from mtv.providers.vsphere.objects.elements import unescaped
from mtv.providers.vsphere.objects.told import Props, value
from mtv.providers.vsphere.objects.vm import FULL, Around
from mtv.providers.vsphere.wire.answer import TYPE, VIM, Element
from mtv.providers.vsphere.wire.soap import Ref
from mtv.store import flat
from tests.vcenter.rich import RichVM
from tests.vcenter.shape import Home, Shape

HOME = Home("host-1", "resgroup-1", "group-v1", "datastore-1", "gold", (("Network", "network-1"), ("Network", "n-2")))
AROUND = Around(source="vc", names=Names(datastores={"datastore-1": "gold"}))
ODD = st.one_of(
    st.sampled_from(["", "-1", "9" * 18, "9" * 40, "true", "NaN", "neverHeardOf", "²"]),
    st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=8),
)  # fmt: skip


def content(number: int) -> Element:
    return etree.fromstring(RichVM(Shape(number), HOME).xml().encode())


def props(of: Element) -> Props:
    """By the paths that are asked for, as a server resolves them."""
    whole = {one[0].text or "": one[1] for one in of.iterchildren(f"{VIM}propSet") if len(one) > 1}
    found = {path: _below(whole.get(path.split(".")[0]), path.split(".")[1:]) for path in FULL if "[" not in path}
    return {path: value(one, path) for path, one in found.items() if one is not None}


def _below(element: Element | None, steps: Sequence[str]) -> Element | None:
    for place, step in enumerate(steps):
        if element is None:
            return None
        below = list(element.iterchildren(VIM + step))
        if place == len(steps) - 1 and step in ("device", "net", "ipStack", "disk"):  # these are arrays
            array = etree.Element(f"{VIM}val")
            array.extend(below)
            return array
        element = below[0] if below else None
    return element


def read(of: Element) -> VM:
    return vm.read(Ref("VirtualMachine", "vm-1"), props(of), AROUND, "1")


@given(number=st.integers(0, 300))
def test_a_vm_is_what_its_shape_says(number: int) -> None:
    shape, found = Shape(number), read(content(number))
    assert (found.name, found.cpus, len(found.disks), len(found.nics)) == (
        unescaped(shape.name), shape.cpus, shape.disks, shape.cards,
    )  # fmt: skip
    assert [disk.unit for disk in found.disks] == list(range(shape.disks))
    assert len(found.snapshots) == shape.snapshots


def test_the_disk_that_is_told_to_boot_comes_first() -> None:
    """What else may boot before it is passed over: a card, a CD, a disk that is gone."""
    number = next(number for number in range(300) if Shape(number).disks > 1)
    usual, whole = [disk.key for disk in read(content(number)).disks], content(number)
    order = [("Ethernet", "4000"), ("Cdrom", ""), ("Disk", "9999"), ("Disk", usual[-1])]
    for what, key in order:
        one = etree.SubElement(next(whole.iter(f"{VIM}bootOptions")), f"{VIM}bootOrder")
        one.set(TYPE, f"VirtualMachineBootOptionsBootable{what}Device")
        etree.SubElement(one, f"{VIM}deviceKey").text = key
    assert [disk.key for disk in read(whole).disks] == [usual[-1], *usual[:-1]]


@given(number=st.integers(0, 300), data=st.data())
def test_it_is_read_whatever_is_missing_empty_or_unknown(number: int, data: st.DataObject) -> None:
    """Elements go, types are unknown ones, texts are odd: enums, numbers, references."""
    whole = content(number)
    inside = [one for one in whole.iter() if one is not whole and one.getparent() is not whole]
    for one in data.draw(st.lists(st.sampled_from(inside), max_size=12)):
        above = one.getparent()
        match data.draw(st.sampled_from(["gone", "type", "text", "empty", "twice"])):
            case "gone" if above is not None:
                above.remove(one)
            case "type":
                one.set(TYPE, data.draw(ODD))
            case "text" if not len(one):
                one.text = data.draw(ODD)
            case "empty":
                one.clear()
            case "twice" if above is not None:
                above.append(etree.fromstring(etree.tostring(one)))
    found = read(whole)
    assert found.key == "vc/vm-1"
    assert all(table and row for table, row in flat.rows(found)), "and it can be stored"


@given(st.text(max_size=30))
def test_names_are_unescaped_once(name: str) -> None:
    written = name.replace("%", "%25").replace("/", "%2f").replace("\\", "%5c")
    assert unescaped(written) == name
    assert not re.search(r"[/\\]", written)
