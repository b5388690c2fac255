"""Every rule, in the order in which documents are looked at."""

from mtv.converters.manifests.rules import identity, structure
from mtv.converters.manifests.rules.machine import (
    cpu,
    credentials,
    devices,
    disks,
    firmware,
    memory,
    nics,
    placement,
    running,
    volumes,
)  # fmt: skip
from mtv.converters.manifests.rules.rule import Rule
from mtv.converters.manifests.rules.storage import claims, datavolume, sources

BOOKS = (
    structure.KIND_BOOK, structure.BOOK, identity.BOOK,
    running.BOOK, running.TEMPLATES, running.SIZES,
    disks.BOOK, volumes.BOOK, nics.BOOK, nics.NETWORKS,
    cpu.BOOK, cpu.DEDICATED, cpu.NUMA, memory.BOOK, memory.LATER,
    firmware.MACHINES, firmware.BOOK, firmware.LAUNCH,
    devices.BOOK, devices.HYPERV, placement.BOOK, placement.DNS, placement.PROBES, credentials.BOOK,
    datavolume.BOOK, sources.BOOK, claims.BOOK, claims.SNAPSHOT, claims.NETWORK,
)  # fmt: skip

RULES: tuple[Rule, ...] = tuple(rule for book in BOOKS for rule in book)
