"""Columns that all tabs of VMs begin and end with."""

from mtv.formats.rvtools import systems
from mtv.formats.rvtools.cells import FLAG, POWER, TEXT
from mtv.formats.rvtools.tab import Column, P


def head() -> tuple[Column[P], ...]:
    """What a row of any of these tabs begins with."""
    return (
        Column("VM", TEXT, "vm", lambda line: line.vm.name, was=("VM Name", "Name")),
        Column("Powerstate", POWER, "power", lambda line: line.vm.power,
               was=("Power State", "Betriebszustand", "État d'alimentation", "Estado de energía")),
        Column("Template", FLAG, "template", lambda line: line.vm.template, was=("Vorlage", "Modèle", "Plantilla")),
        Column("SRM Placeholder", FLAG, "placeholder", nothing),
    )  # fmt: skip


def tail(*between: Column[P]) -> tuple[Column[P], ...]:
    """What such a row ends with."""
    return (
        Column("Datacenter", TEXT, "datacenter", lambda line: line.vm.datacenter,
               was=("Data Center", "Rechenzentrum", "Centre de données", "Centro de datos")),
        Column("Cluster", TEXT, "cluster", lambda line: line.vm.cluster),
        Column("Host", TEXT, "host", lambda line: line.vm.host, was=("ESX Host",)),
        *between,
        Column("OS according to the configuration file", TEXT, "os_config", lambda line: systems.told(line.vm),
               was=("OS", "Guest OS")),
        Column("OS according to the VMware Tools", TEXT, "os_tools", lambda line: line.vm.guest.os_name,
               was=("OSTools",)),
    )  # fmt: skip


def folder(name: str = "Folder") -> Column[P]:
    return Column(name, TEXT, "folder", lambda line: line.vm.path.rpartition("/")[0],
                  was=("Ordner", "Dossier", "Carpeta"))  # fmt: skip


def ids() -> tuple[Column[P], ...]:
    return (
        Column("VM ID", TEXT, "id", lambda line: line.vm.id, was=("VM Object ID", "Object ID")),
        Column("VM UUID", TEXT, "instance", lambda line: line.vm.instance, was=("UUID",)),
        Column("VI SDK Server", TEXT, "server", lambda line: line.around.server, was=("vCenter", "vCenter Server")),
        Column("VI SDK UUID", TEXT, "server_uuid", nothing, was=("vCenter UUID",)),
    )


def note() -> Column[P]:
    return Column("Annotation", TEXT, "notes", lambda line: line.vm.notes,
                  was=("Notes", "Anmerkung", "Anotación"))  # fmt: skip


def nothing(line: object) -> None:
    """Read, and never known here."""
