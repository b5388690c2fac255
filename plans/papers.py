"""The plainest manifest and receipt of a moved VM, for ends that need no others: the memory pair."""

import json
from collections.abc import Mapping, Sequence

from mtv import codec
from mtv.model.estate import Facts
from mtv.model.receipts import DiskTable, Receipt
from mtv.model.volumes import Volume
from mtv.plans.world import Document, Moved


def plain_documents(moved: Moved) -> Sequence[Document]:
    """One machine with its disks and, where it is known, its guest."""
    guest = moved.converted.get("guest") or moved.inspected.get("guest")
    return [
        {
            "kind": "Machine",
            "metadata": {"name": moved.plan.machine},
            "disks": [volume.id for volume in moved.volumes],
            "guest": {"hostname": guest.get("hostname")} if isinstance(guest, dict) else {},
        }
    ]


async def plain_seal(moved: Moved, documents: Sequence[Document]) -> Mapping[str, bytes]:
    """An unsigned receipt: the roots that verification and conversion told."""
    copied = _tables(moved, moved.verified.get("disks"))
    receipt = Receipt(
        run=moved.run,
        vm=moved.plan.vm.key,
        name=moved.plan.vm.name,
        at=moved.at,
        level="read-back",
        read_back="memory",
        algorithm="sha256",
        copied=copied,
        handed_over=_tables(moved, moved.converted.get("handed_over")) or copied,
    )
    return {"receipt.json": json.dumps(codec.dump(receipt), sort_keys=True).encode()}


def _tables(moved: Moved, told: object) -> tuple[DiskTable, ...]:
    told = told if isinstance(told, dict) else {}
    return tuple(_table(volume, told[volume.disk]) for volume in moved.volumes if volume.disk in told)


def _table(volume: Volume, facts: Facts) -> DiskTable:
    data_bytes = facts.get("data_bytes")
    return DiskTable(
        disk=volume.disk,
        file=volume.id,
        size_bytes=volume.size_bytes,
        data_bytes=data_bytes if isinstance(data_bytes, int) else 0,
        root=str(facts.get("root")),
    )
