"""A moved VM's papers: its manifest, its signed receipt with all hashes, and what a stranger must know."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mtv import codec
from mtv.converters import manifests
from mtv.converters.receipts import holding, keys, signing
from mtv.converters.transfer import hashfile, tables
from mtv.converters.transfer.tables import HashTable
from mtv.model.estate import Facts, Json
from mtv.model.guest import GuestFacts
from mtv.model.receipts import DiskTable, Receipt
from mtv.model.volumes import Volume
from mtv.plans.world import Document, Documents, Moved, Seal
from mtv.settings import settings
from mtv.store import proofs
from mtv.store.store import Store


def documents(namespace: str) -> Documents:
    """The manifests of a moved VM."""

    def made(moved: Moved) -> Sequence[Document]:
        return manifests.documents(moved.plan, guest_of(moved), moved.volumes, namespace=namespace, macs=_macs(moved))

    return made


def guest_of(moved: Moved) -> GuestFacts | None:
    """As conversion or inspection found it; None where nobody looked."""
    told = moved.converted.get("guest") or moved.inspected.get("guest")
    return codec.load(GuestFacts, told) if isinstance(told, dict) else None


def seal(store: Store, made_key: Callable[[str], None] = lambda fingerprint: None) -> Seal:
    """Receipt, side file and README; the receipt is kept in the store, too. `made_key` hears of a key that
    was made because there was none."""

    async def sealed(moved: Moved, papers: Sequence[Document]) -> Mapping[str, bytes]:
        copied = _whole(moved.volumes, _tables(moved.verified))
        handed_over = {**copied, **_tables(moved.converted)}
        signer = keys.signer(settings().keys)
        if signer.made:
            made_key(keys.fingerprint(signer.public))
        receipt = signing.sign(_receipt(moved, copied, handed_over), signer)
        proofs.save_receipt(store, receipt)
        named = {holding.names(part, disk): table for part, found in (("copied", copied), ("handed_over", handed_over))
                 for disk, table in found.items()}  # fmt: skip
        side = Path(moved.scratch) / "receipt.hashes"
        hashfile.write(side, named)
        return {
            "receipt.json": signing.write(receipt),
            "receipt.hashes": side.read_bytes(),
            "README.txt": manifests.readme(moved.plan, guest_of(moved), moved.volumes, macs=_macs(moved)).encode(),
        }

    return sealed


def _receipt(moved: Moved, copied: Mapping[str, HashTable], handed_over: Mapping[str, HashTable]) -> Receipt:
    def told(found: Mapping[str, HashTable], states: Mapping[str, Facts]) -> tuple[DiskTable, ...]:
        return tuple(
            tables.disk_table(found[one.disk], one.disk, Path(one.path).name, states.get(one.disk))
            for one in moved.volumes
        )

    guest = guest_of(moved)
    facts: dict[str, Json] = {"guest": codec.dump(guest)} if guest else {}
    facts |= {key: moved.converted[key] for key in ("mode", "tools") if key in moved.converted}
    checks = moved.copied.get("checks")
    checked = isinstance(checks, dict) and len(checks) == sum(not disk.blank for disk in moved.plan.vm.disks)
    return Receipt(
        run=moved.run, vm=moved.plan.vm.key, name=moved.plan.vm.name, at=moved.at,
        level="read-back, source checksum" if checked else "read-back",
        read_back=str(moved.verified.get("read_back", "")), algorithm=tables.ALGORITHM,
        copied=told(copied, _states(moved)), handed_over=told(handed_over, {}),
        facts={**facts, "checks": checks or {}},
    )  # fmt: skip


def _states(moved: Moved) -> dict[str, Facts]:
    """Of each disk that was copied, the way and the identity of its source's state."""
    disks = moved.copied.get("disks")
    told = disks.items() if isinstance(disks, dict) else ()
    states = {disk: facts.get("identity") for disk, facts in told if isinstance(facts, dict)}
    return {disk: state for disk, state in states.items() if isinstance(state, dict)}


def _whole(volumes: Sequence[Volume], found: Mapping[str, HashTable]) -> dict[str, HashTable]:
    """Of every disk: a blank one, which nobody copied, is all zeroes."""
    return {one.disk: found.get(one.disk) or HashTable(one.size_bytes) for one in volumes}


def _tables(facts: Facts) -> dict[str, HashTable]:
    """The tables that a worker left behind; none where there was nothing to do."""
    path = facts.get("hashes")
    return hashfile.read(Path(path)) if isinstance(path, str) else {}


def _macs(moved: Moved) -> dict[str, str] | None:
    return manifests.macs_of(moved.converted if moved.converted.get("network") else moved.inspected)
