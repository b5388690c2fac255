"""What VMware, VirtualBox and oVirt say of a VM, in neutral words."""

import re
from dataclasses import replace
from pathlib import Path

from mtv.model.estate import VM, Datastore, Disk, Firmware, Level, Network, Nic, Removal, Revision
from mtv.providers.ova import OVA
from tests.formats.build import GRAIN
from tests.providers.ova.asking import changes, only, vms
from tests.providers.ova.builders import (
    CPU,
    MEMORY,
    NIC,
    SCSI,
    SIZE,
    VMDK,
    Packed,
    Vmware,
    converted,
    disk,
    drive,
    envelope,
    file,
    item,
    raw,
    stream,
    web,
)
from tests.providers.ova.texts import OVIRT, VIRTUALBOX


def test_a_vm_of_vmwares(tmp_path: Path) -> None:
    vm = only(web(tmp_path).ova(tmp_path / "web.ova"))
    assert vm == VM(
        source="o",
        id="web.ova#web",
        name="web",
        path="web.ova",
        cpus=2,
        cores_per_socket=2,
        memory_bytes=1 << 30,
        firmware=Firmware.BIOS,
        os_id="debian12_64Guest",
        os_family="linux",
        os_name="Debian 64-bit",
        disks=(
            Disk(key="vmdisk1", label="Hard disk 0", size_bytes=SIZE, allocated_bytes=19 * GRAIN, datastore="ova",
                 controller="pvscsi", image="vmdk-stream"),
        ),
        nics=(
            Nic(key="9", label="Network adapter 1", network="VM Network", mac="00:50:56:ab:cd:ef", model="vmxnet3",
                pci_slot=192),
        ),
        attributes={"hardware": "vmx-19"},
        revision=vm.revision,
    )  # fmt: skip


def test_a_vm_of_virtualboxs_in_ovf_2(tmp_path: Path) -> None:
    files = {"box.ovf": VIRTUALBOX.format(size=SIZE, format=VMDK).encode()}
    files |= {f"box-disk00{n}.vmdk": stream(tmp_path, f"d{n}", n) for n in (1, 2)}
    vm = only(Packed(files, algorithm="sha1").ova(tmp_path / "box.ova"))
    assert [(disk.key, disk.label, disk.controller, disk.bus, disk.unit) for disk in vm.disks] == [
        ("vmdisk1", "disk1", "ahci", 0, 0),
        ("vmdisk2", "disk2", "ahci", 0, 1),
    ]
    assert vm.nics == (Nic(key="8", label="NAT", network="NAT", mac="08:00:27:a1:b2:c3", model="e1000"),)
    assert (vm.name, vm.cpus, vm.memory_bytes, vm.firmware, vm.secure_boot) == (
        "box",
        1,
        512 << 20,
        Firmware.EFI,
        False,
    )
    assert (vm.os_id, vm.os_family, vm.uuid) == ("RedHat_64", "linux", "0e2b7c1a-6f57-4b2a-9a53-0b2f3f1d9c11")


def test_virtualboxs_older_ovf_says_the_same(tmp_path: Path) -> None:
    """OVF 1: every item is an Item, and only the Machine element beside them has the MACs."""
    new = VIRTUALBOX.format(size=SIZE, format=VMDK)
    old = re.sub(
        r"(</?)(?:epasd|sasd):", r"\1rasd:", re.sub(r"(</?)(?:StorageItem|EthernetPortItem)>", r"\1Item>", new)
    )
    old = old.replace("envelope/2", "envelope/1").replace('ovf:version="2.0"', 'ovf:version="1.0"')
    found = []
    for name, text in (("new", new), ("old", old)):
        files = {"box.ovf": text.encode()} | {f"box-disk00{n}.vmdk": stream(tmp_path, f"d{n}", n) for n in (1, 2)}
        vm = only(Packed(files, algorithm="sha1").ova(tmp_path / name / "box.ova"))
        found.append((vm.disks, vm.nics, vm.cpus, vm.memory_bytes, vm.firmware, vm.os_id, vm.uuid))
    assert "StorageItem" not in old
    assert found[0] == found[1]


def test_vmwares_words_in_an_ovf_2_say_the_same(tmp_path: Path) -> None:
    first = only(web(tmp_path / "made").ova(tmp_path / "web.ova"))
    two = Vmware().text().replace("envelope/1", "envelope/2")
    files = {"web.ovf": two.encode(), "web-disk1.vmdk": stream(tmp_path, "d")}
    second = only(Packed(files, algorithm="sha512").ova(tmp_path / "two" / "web.ova"))
    assert replace(second, revision="") == replace(first, revision="")


def test_a_vm_of_ovirts(tmp_path: Path) -> None:
    """The boot disk comes first, though the file lists it last; capacities are rounded up to GiB."""
    image = raw(tmp_path)
    files = {"vm.ovf": OVIRT.format().encode(), "img2": image.read_bytes()}
    files["img1"] = converted(image, "q", "qcow2").read_bytes()
    vm = only(Packed(files, algorithm="").ova(tmp_path / "rhv.ova"))
    assert [(d.key, d.label, d.controller, d.image, d.size_bytes) for d in vm.disks] == [
        ("d1", "root", "virtio-scsi", "qcow2", SIZE),
        ("d2", "data", "virtio-blk", "raw", SIZE),
    ]
    assert vm.nics == (Nic(key="n1", label="nic1", network="ovirtmgmt", mac="56:6f:aa:00:00:01", model="virtio"),)
    assert (vm.cpus, vm.cores_per_socket, vm.memory_bytes) == (4, 2, 2 << 30)
    assert (vm.firmware, vm.secure_boot, vm.os_family, vm.name) == (Firmware.EFI, True, "linux", "rhv vm")
    assert vm.uuid == "5d1f7a0e-8a42-44ae-bc14-5f2c3c0a7d01"
    assert [concern.id for concern in vm.concerns] == ["ova.no-manifest"]


def test_an_ovf_of_ovirts_storage_domains(tmp_path: Path) -> None:
    text = (
        OVIRT.format()
        .replace("<DiskSection>", '<Section xsi:type="ovf:DiskSection_Type">')
        .replace("</DiskSection>", "</Section>")
        .replace("<VirtualSystem ovf:id=", '<Content xsi:type="ovf:VirtualSystem_Type" ovf:id=')
        .replace("</VirtualSystem>", "</Content>")
        .replace("<VirtualHardwareSection>", '<Section xsi:type="ovf:VirtualHardwareSection_Type">')
        .replace("</VirtualHardwareSection>", "</Section>")
        .replace("ovf/envelope/1", "ovf/envelope/1/")
        .replace("ovf:/disk/d1", "group/img1")
        .replace("ovf:/disk/d2", "group/img2")
        .replace('href="img', 'href="group/img')
    )
    image = raw(tmp_path)
    folder = tmp_path / "domain"
    files = {"vm.ovf": text.encode(), "group/img2": image.read_bytes()}
    files["group/img1"] = converted(image, "q", "qcow2").read_bytes()
    vm = only(Packed(files, algorithm="").folder(folder))
    assert [(d.key, d.image) for d in vm.disks] == [("d1", "qcow2"), ("d2", "raw")]


def test_what_does_not_move_is_a_concern(tmp_path: Path) -> None:
    hardware = CPU + MEMORY + SCSI + drive("vmdisk1") + NIC
    hardware += item(
        "ovf:required='false'", InstanceID=30, ResourceType=15, ElementName="CD", HostResource="ovf:/file/file2"
    )
    hardware += item(InstanceID=31, ResourceType=1, ResourceSubType="vmware.vtpm", ElementName="Virtual TPM")
    hardware += item(InstanceID=32, ResourceType=14, ElementName="Floppy drive 1")
    hardware += item(InstanceID=33, ResourceType=1, ResourceSubType="vmware.pci.passthrough", ElementName="GPU")
    ovf = Vmware(
        files="".join(
            file(name, n) for n, name in enumerate(("web-disk1.vmdk", "a.iso", "web.nvram", "b.flp", "x.txt"), 1)
        ),
        hardware=hardware,
        inside='<ProductSection><Info/><Property ovf:key="ip" ovf:type="string"/></ProductSection>',
        before="<DeploymentOptionSection><Info/><Configuration ovf:id='small'/>"
        "<Configuration ovf:id='big' ovf:default='true'/></DeploymentOptionSection>",
    )
    files = dict.fromkeys(("a.iso", "web.nvram", "b.flp", "x.txt", "web.cert"), b"x")
    vm = only(web(tmp_path, ovf, **files).ova(tmp_path / "web.ova"))
    assert vm.tpm
    assert sorted((concern.id, concern.level) for concern in vm.concerns) == [
        ("ova.configuration", Level.WARNING),
        ("ova.device-dropped", Level.WARNING),
        ("ova.file-unused", Level.INFO),
        ("ova.floppy-drive-dropped", Level.INFO),
        ("ova.floppy-dropped", Level.WARNING),
        ("ova.iso-dropped", Level.WARNING),
        ("ova.nvram-dropped", Level.WARNING),
        ("ova.properties", Level.WARNING),
        ("ova.signed", Level.INFO),
        ("ova.tpm-empty", Level.WARNING),
    ]
    assert "'big' is taken, not small" in next(c.text for c in vm.concerns if c.id == "ova.configuration")


def test_files_without_end_are_not_each_a_concern_of_every_vm(tmp_path: Path) -> None:
    """50,000 of them beside a thousand systems would be 50 million."""
    names = "".join(f'<File ovf:href="f{number}" ovf:id="f{number}"/>' for number in range(3000))
    path = Packed({"web.ovf": Vmware(files=names, disks="", hardware=CPU + MEMORY).text().encode()}).ova(
        tmp_path / "a.ova"
    )
    found = [one.text for one in only(path).concerns if one.id == "ova.file-unused"]
    assert len(found) == 21
    assert found[-1] == "2980 more files are no disks and stay behind"


def collection(*systems: str) -> str:
    return "<VirtualSystemCollection ovf:id='c'><Info/>" + "".join(systems) + "</VirtualSystemCollection>"


def test_each_system_of_a_collection_is_a_vm_with_its_own_disks(tmp_path: Path) -> None:
    one = Vmware(name="one", hardware=CPU + MEMORY + SCSI + drive("vmdisk1"))
    two = Vmware(name="two", hardware=CPU + MEMORY + SCSI + drive("vmdisk2") + NIC)
    three = Vmware(name="three", hardware=CPU + MEMORY + SCSI + drive("nothing"))
    text = envelope(
        file("a.vmdk", 1) + file("b.vmdk", 2), disk(1) + disk(2), one.networks,
        collection(one.system(), collection(two.system()), three.system()),
    )  # fmt: skip
    files = {"app.ovf": text.encode(), "a.vmdk": stream(tmp_path, "a", 1), "b.vmdk": stream(tmp_path, "b", 2)}
    found = {vm.name: vm for vm in vms(OVA("o", str(Packed(files).ova(tmp_path / "app.ova"))))}
    assert [disk.key for disk in found["one"].disks] == ["vmdisk1"]
    assert [disk.key for disk in found["two"].disks] == ["vmdisk2"]
    assert found["two"].id == "app.ova#two"
    assert found["one"].concerns == ()
    assert [(c.id, c.level) for c in found["three"].concerns] == [("ova.disk", Level.CRITICAL)]


def test_one_broken_package_of_many_does_not_stop_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    web(tmp_path / "made").ova(folder / "a.ova")
    web(tmp_path / "made", Vmware(name="other")).folder(folder / "b")
    (folder / "broken.ova").write_bytes(b"no tar at all")
    (folder / "notes.txt").write_text("x")
    source = OVA("o", str(folder))
    found = {vm.id: vm for vm in vms(source)}
    assert sorted(found) == ["a.ova#web", "b/web.ovf#other", "broken.ova#"]
    broken = found["broken.ova#"]
    assert broken.name == "broken"
    assert [(c.id, c.level) for c in broken.concerns] == [("tar.header", Level.CRITICAL)]
    told = changes(source)
    assert [one.name for one in told if isinstance(one, Datastore)] == ["ova"]
    assert [one.name for one in told if isinstance(one, Network)] == ["VM Network"]


def test_a_refresh_tells_only_what_changed(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    first = web(tmp_path / "made").ova(folder / "a.ova")
    web(tmp_path / "made", Vmware(name="b", networks='<Network ovf:name="N2"/>')).ova(folder / "b.ova")
    source = OVA("o", str(folder))
    revision = changes(source)[-1]
    assert isinstance(revision, Revision)
    assert [type(one) for one in changes(source, revision.value)] == [Revision]
    first.unlink()
    (folder / "b.ova").unlink()
    web(tmp_path / "made", Vmware(name="b2")).ova(folder / "b.ova")
    later = changes(source, revision.value)
    assert [one.id for one in later if isinstance(one, VM)] == ["b.ova#b2"]
    assert {one.id for one in later if isinstance(one, Removal)} == {"a.ova#web", "b.ova#b", "N2"}
    assert [one for one in changes(source, "not ours") if isinstance(one, VM)]
