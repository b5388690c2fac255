"""A moved VM's papers: its manifest, its signed receipt with all hashes, and what a stranger must know."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mtv import codec
from mtv.converters import manifests
from mtv.converters.receipts import holding, keys, signing
from mtv.converters.transfer import hashfile, tables
from mtv.converters.transfer.tables import HashTable
from mtv.errors import MtvError
from mtv.model.estate import Facts, Json
from mtv.model.guest import GuestFacts
from mtv.model.receipts import DiskTable, Receipt
from mtv.model.volumes import Volume
from mtv.plans.world import Document, Documents, Moved, Seal
from mtv.settings import settings
from mtv.store import proofs
from mtv.store.store import Store

NO_STATES: Mapping[str, Facts] = {}


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
        rows, after = _rows(moved, copied, _states(moved)), _rows(moved, handed_over)
        receipt = _signed(store, made_key, _receipt(moved, rows, after))
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


def seal_told(store: Store, made_key: Callable[[str], None] = lambda fingerprint: None) -> Seal:
    """The same of disks whose workers leave their files where nobody reads them: the receipt has the roots that they
    told, and there is no side file."""

    async def sealed(moved: Moved, papers: Sequence[Document]) -> Mapping[str, bytes]:
        copied, converted = moved.verified.get("disks"), moved.converted.get("handed_over")
        rows = _told(moved, copied, _states(moved))
        after = _told(moved, {**_facts(copied), **_facts(converted)}, {})
        receipt = _signed(store, made_key, _receipt(moved, rows, after))
        return {"receipt.json": signing.write(receipt)}

    return sealed


def _signed(store: Store, made_key: Callable[[str], None], receipt: Receipt) -> Receipt:
    """Kept in the store, too."""
    signer = keys.signer(settings().keys)
    if signer.made:
        made_key(keys.fingerprint(signer.public))
    made = signing.sign(receipt, signer)
    proofs.save_receipt(store, made)
    return made


def _rows(
    moved: Moved, found: Mapping[str, HashTable], states: Mapping[str, Facts] = NO_STATES
) -> tuple[DiskTable, ...]:  # fmt: skip
    return tuple(
        tables.disk_table(found[one.disk], one.disk, Path(one.path).name, states.get(one.disk)) for one in moved.volumes
    )


def _told(moved: Moved, disks: Json, states: Mapping[str, Facts]) -> tuple[DiskTable, ...]:
    """Of each volume what was told of its disk; of a blank one, which nobody copied, that it is all zeroes."""
    found, blank = _facts(disks), {disk.key for disk in moved.plan.vm.disks if disk.blank}
    rows = []
    for one in moved.volumes:
        facts = _facts(found.get(one.disk))
        if "root" not in facts and one.disk not in blank:
            raise MtvError("receipt.untold", f"{moved.plan.vm.name}: no worker told the hash of disk '{one.disk}'",
                           "`mtv retry` reads the disks back once more")  # fmt: skip
        size, root = facts.get("data_bytes"), str(facts.get("root") or HashTable(one.size_bytes).root())
        rows.append(
            DiskTable(
                disk=one.disk, file=one.id, size_bytes=one.size_bytes, data_bytes=size if isinstance(size, int) else 0,
                root=root, identity=states.get(one.disk, {}),
            )
        )  # fmt: skip
    return tuple(rows)


def _facts(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _receipt(moved: Moved, copied: tuple[DiskTable, ...], handed_over: tuple[DiskTable, ...]) -> Receipt:
    guest = guest_of(moved)
    facts: dict[str, Json] = {"guest": codec.dump(guest)} if guest else {}
    facts |= {key: moved.converted[key] for key in ("mode", "tools") if key in moved.converted}
    checks = moved.copied.get("checks")
    checked = isinstance(checks, dict) and len(checks) == sum(not disk.blank for disk in moved.plan.vm.disks)
    return Receipt(
        run=moved.run, vm=moved.plan.vm.key, name=moved.plan.vm.name, at=moved.at,
        level="read-back, source checksum" if checked else "read-back",
        read_back=str(moved.verified.get("read_back", "")), algorithm=tables.ALGORITHM,
        copied=copied, handed_over=handed_over,
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
