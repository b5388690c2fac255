"""Verbs about proof: verify target disks against signed receipts, and the key that signs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtv.converters.receipts import holding, keys, signing
from mtv.converters.receipts.holding import Held
from mtv.converters.transfer import hashfile
from mtv.converters.transfer.tables import HashTable
from mtv.errors import CheckFailed, Refused
from mtv.model.receipts import Receipt
from mtv.plans.deciding.fold import fold
from mtv.settings import settings
from mtv.store import proofs, records, runs
from mtv.store.records import MigrationRow
from mtv.store.store import Store
from mtv.words import plain

COLUMNS = (
    "vm",
    "disk",
    "file",
    "verdict",
    "differing",
    "offsets",
    "fault",
    "size_bytes",
    "data_bytes",
    "read_back",
    "level",
    "signed_by",
    "run",
    "receipt",
)
NARROW = ("vm", "disk", "file", "verdict", "data_bytes", "read_back", "level", "signed_by")
NAMED, NAMED_IN_DATA = 5, 100  # of the blocks that differ
Tell = Callable[[str, int, int], None]  # disk, bytes done, bytes in all


@dataclass(frozen=True)
class Checked:
    """One disk of one receipt, and what is wrong with it."""

    receipt: Receipt
    held: Held
    where: str  # the receipt
    complaints: tuple[str, ...]

    def row(self) -> dict[str, object]:
        return {
            "vm": self.receipt.name, "disk": self.held.disk, "file": self.held.file,
            "verdict": self._verdict(), "differing": len(self.held.differing),
            "offsets": list(self.held.differing[:NAMED_IN_DATA]), "fault": self.held.fault,
            "size_bytes": self.held.size_bytes,
            "data_bytes": self.held.data_bytes, "read_back": self.held.read_back, "level": self.receipt.level,
            "signed_by": keys.fingerprint(self.receipt.key), "run": self.receipt.run, "receipt": self.where,
        }  # fmt: skip

    def _verdict(self) -> str:
        if not self.held.is_read:
            return "unread"
        return "differs" if self.complaints else "same"


def verify(what: str, tell: Tell) -> list[Checked]:
    """Hold the disks of a run, or of one receipt, against what was signed. Raises CheckFailed `receipt.*` for a
    signature or hashes that do not fit, `key.untrusted`; Refused for what is no run and no receipt."""
    path = Path(what)
    if path.exists() or path.suffix == ".json" or "/" in what:
        return list(_one(path / "receipt.json" if path.is_dir() else path, tell))
    with Store(settings().store) as store:
        run = runs.find_run(store, what).name
        made = [(row, place) for row in runs.migrations_of(store, run) if (place := _made(store, row))]
        near = [Path(place) for _, place in made if Path(place).is_absolute()]
        far = [row for row, place in made if not Path(place).is_absolute()]
        found = [one for folder in near for one in _one(folder / "receipt.json", tell)]
        found += _far(store, run, far, tell) if far else []
    if not found:
        raise Refused("receipt.none", f"{what} has no receipt yet", f"see `mtv status {what}`")
    return found


def _made(store: Store, row: MigrationRow) -> str:
    """Where its machine is: a bundle's folder, or NAMESPACE/NAME in a cluster; empty before it was made."""
    rows = store.read(lambda found: records.read_rows(found, row.run, row.vm_key))
    return str(fold(rows).of("create-vm").get("path") or "")


def _far(store: Store, run: str, rows: Sequence[MigrationRow], tell: Tell) -> Iterator[Checked]:
    from mtv.verbs.rereading import reread  # a cluster's code is read where there is one

    for receipt in proofs.receipts(store, run):
        signing.check(receipt)
        _trust(receipt)
    for receipt, held in reread(store, run, rows, tell):
        yield Checked(receipt, held, f"{run}/{receipt.name} in the store", tuple(_complaints(receipt, held)))


def _one(path: Path, tell: Tell) -> Iterator[Checked]:
    receipt = signing.read(path)
    signing.check(receipt)
    _trust(receipt)
    tables = _side_file(path.with_name("receipt.hashes"))
    holding.fit(receipt, tables)
    for told in receipt.handed_over:
        table = tables[holding.names(holding.HANDED_OVER, told.disk)]
        held = holding.hold(path.parent, told, table, tell, lambda: False)
        yield Checked(receipt, held, str(path), tuple(_complaints(receipt, held)))


def _trust(receipt: Receipt) -> None:
    folder = settings().keys
    if receipt.key in keys.trusted(folder):
        return
    who = keys.fingerprint(receipt.key)
    raise CheckFailed(
        "key.untrusted", f"the receipt of VM '{plain(receipt.name)}' is signed by {who}, which is not trusted here",
        f"compare that fingerprint with `mtv key show` there, then put its receipts.pub into {folder / keys.TRUSTED}",
    )  # fmt: skip


def _side_file(path: Path) -> Mapping[str, HashTable]:
    try:
        return hashfile.read(path)
    except OSError as error:
        raise Refused("hashes.missing", f"{path}: {(error.strerror or '').lower()}", "take it from a copy") from error


def _complaints(receipt: Receipt, held: Held) -> Iterator[str]:
    if held.fault:
        yield f"VM '{plain(receipt.name)}', disk '{held.disk}': {held.fault}"
    if held.differing:
        places = ", ".join(str(offset) for offset in held.differing[:NAMED])
        more = f" and {len(held.differing) - NAMED} more" if len(held.differing) > NAMED else ""
        yield (
            f"VM '{plain(receipt.name)}', disk '{held.disk}' ({held.file}) differs from what was handed over, in the"
            f" blocks of 1 MiB that begin at byte {places}{more}; somebody wrote to it, its guest has run, or its"
            " storage is at fault"
        )


def create_key() -> str:
    """Raises Refused `key.exists`."""
    made = keys.create(settings().keys)
    return f"{keys.fingerprint(made.public)} in {settings().keys / keys.KEY}"


def show_key() -> Sequence[str]:
    """Raises Refused `key.none`."""
    folder = settings().keys
    if not (folder / keys.KEY).exists():
        raise Refused("key.none", f"there is no key in {folder} yet", "`mtv key create`; the first run makes it, too")
    own = keys.signer(folder).public
    lines = [f"key          {keys.fingerprint(own)}", f"public       {own}", f"file         {folder / keys.PUBLIC}"]
    others = [
        f"trusted      {keys.fingerprint(key)} ({path.name})"
        for key, path in keys.trusted(folder).items()
        if key != own
    ]
    return [*lines, *others]
