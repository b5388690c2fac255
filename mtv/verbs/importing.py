"""`mtv import`: a bundle's disks go up to a cluster from this machine, then its VM is made there, halted. No worker and
no engine: what was sent whole is not sent again."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mtv import providers
from mtv.converters.boot import read as read_hardware
from mtv.converters.boot.hardware import Drive
from mtv.converters.boot.manifest import MANIFEST, RECEIPT
from mtv.converters.manifests import rules
from mtv.converters.receipts import signing
from mtv.errors import CheckFailed, Refused
from mtv.formats import kubeyaml
from mtv.model.estate import Json
from mtv.model.volumes import Image
from mtv.providers.base import Housed
from mtv.settings import settings
from mtv.store.store import Store
from mtv.verbs import proof
from mtv.verbs.opening import Place, opened, place
from mtv.words import count, plain

RUN = "import"  # whose objects these are, in their labels
PAPERS = (RECEIPT, "README.txt")
NAMED = 3
Document = dict[str, Json]
Tell = Callable[[str, str, int, int], None]  # what is done, the disk's file, bytes, bytes in all


@dataclass(frozen=True, kw_only=True)
class Wish:
    """`storage_class` instead of the manifest's; `as_is` sends disks that differ from their receipt."""

    namespace: str = ""
    storage_class: str = ""
    through: str = ""
    as_is: bool = False


@dataclass(frozen=True, kw_only=True)
class Imported:
    """`path` is where the VM is; `notes` say what was done and what is not proved."""

    path: str
    notes: Sequence[str]


def import_bundle(bundle: Path, to: str, wish: Wish, tell: Tell) -> Imported:
    """Raises Refused `boot.*` for what is no bundle, `import.*`; CheckFailed for what the cluster would refuse, and for
    disks that are not what was handed over."""
    drives = {one.path.name: one for one in read_hardware(bundle).drives}
    documents = _documents(bundle, wish)
    if unknown := [file for _, file in _claims(documents) if file not in drives]:
        raise Refused("import.claim", f"{bundle}: a claim is for '{plain(unknown[0])[:60]}', no disk of its VM",
                      "the annotation mtv/disk names the claim's file")  # fmt: skip
    with Store(settings().store) as store:
        found = place(store, to)
    if found.kind not in providers.kinds("targets") or not hasattr(providers.load("targets", found.kind), "upload"):
        raise Refused("import.target", f"'{found.name}' of kind '{found.kind}' takes no disks from here",
                      "name a cluster: mtv add provider NAME --kind kubevirt CONTEXT")  # fmt: skip
    notes = [_proved(bundle, wish, tell)]
    marks = _marks(bundle, drives)
    return asyncio.run(_import(found, bundle, documents, marks, wish, tell, notes))


async def _import(
    found: Place, bundle: Path, documents: Sequence[Document], images: Mapping[str, Image], wish: Wish, tell: Tell,
    notes: list[str],
) -> Imported:  # fmt: skip
    [machine] = [one for one in documents if one.get("kind") == "VirtualMachine"]
    name, whose = str(_at(machine, "metadata")["name"]), str(_at(machine, "metadata", "annotations").get("mtv/vm", ""))
    async with opened("targets", found) as target:
        if isinstance(target, Housed):
            target.house(wish.namespace, RUN)
        sent = []
        for claim, file in _claims(documents):
            told = _telling(tell, file)
            sent.append(await target.upload(RUN, whose, claim, images[file], told, wish.through))
        papers = {one: (bundle / one).read_bytes() for one in PAPERS if (bundle / one).is_file()}
        made = await target.create_machine(name, [one for one in documents if not _is_claim(one)], papers)
    words = [f"{count(sum(sent), 'disk')} sent"]
    words += [f"{count(len(sent) - sum(sent), 'disk')} was there already"] if not all(sent) else []
    return Imported(path=made.path or name, notes=[*notes, ", ".join(words)])


def _telling(tell: Tell, file: str) -> Callable[[int, int], None]:
    return lambda done, total: tell("sending", file, done, total)


def _documents(bundle: Path, wish: Wish) -> list[Document]:
    """As the cluster is to have them. Raises CheckFailed `import.manifest` for what it would refuse."""
    with (bundle / MANIFEST).open("rb") as file:
        found = kubeyaml.load(file.read(kubeyaml.LIMIT_BYTES + 1), str(bundle / MANIFEST))
    if any(_at(one, "spec").get("dataVolumeTemplates") for one in found):
        raise Refused("import.templates", f"{bundle}: its VM makes its own DataVolumes, which deletes the data with it",
                      "write the bundle with `machine: {claims: plain}`")  # fmt: skip
    found = [_placed(one, wish) for one in found]
    refused = [one.complaint for one in rules.check(found) if one.complaint.level is rules.Level.REFUSED]
    if refused:
        named = "; ".join(f"{one.field}: {one.text}" for one in refused[:NAMED])
        more = f" and {len(refused) - NAMED} more" if len(refused) > NAMED else ""
        raise CheckFailed("import.manifest", f"{bundle / MANIFEST}: the cluster would refuse it: {named}{more}",
                          f"mtv check manifest {bundle / MANIFEST}")  # fmt: skip
    return found


def _placed(document: Document, wish: Wish) -> Document:
    metadata = {key: one for key, one in _at(document, "metadata").items() if key != "namespace"}
    placed: Document = {**document, "metadata": metadata}
    if _is_claim(document) and wish.storage_class:
        placed["spec"] = {**_at(document, "spec"), "storageClassName": wish.storage_class}
    return placed


def _at(document: Mapping[str, Json], *path: str) -> dict[str, Json]:
    value: Json = dict(document)
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _is_claim(document: Mapping[str, Json]) -> bool:
    return document.get("kind") == "PersistentVolumeClaim"


def _claims(documents: Sequence[Document]) -> Iterator[tuple[Document, str]]:
    """Each claim, and the bundle's file that it is for."""
    for one in filter(_is_claim, documents):
        yield one, str(_at(one, "metadata", "annotations").get("mtv/disk", ""))


def _proved(bundle: Path, wish: Wish, tell: Tell) -> str:
    """What is known of the disks that are sent. Raises CheckFailed `import.differs`, `key.untrusted`, `receipt.*`."""
    unread = "what the cluster stored cannot be read back over this way"
    if wish.as_is or not (bundle / RECEIPT).is_file():
        why = "as it was asked for" if wish.as_is else "for the bundle has no receipt"
        return f"nothing is proved: disks were sent as they lie there, {why}; {unread}"
    checked = proof.verify(str(bundle), lambda disk, done, total: tell("reading", disk, done, total))
    if complaints := [line for one in checked for line in one.complaints]:
        raise CheckFailed("import.differs", "\n".join(complaints), "`--as-is` sends the disks as they are now")
    return f"each disk was read and is what its receipt signs for; {unread}"


def _marks(bundle: Path, drives: Mapping[str, Drive]) -> dict[str, Image]:
    """By file. A disk that was written to since is another."""
    roots: dict[str, str] = {}
    with suppress(Refused):  # without a receipt, or with one that nobody can read, the file's own state tells
        roots = {one.file: one.root for one in signing.read(bundle / RECEIPT).handed_over}
    return {name: Image(path=one.path, mark=_mark(one.path, roots.get(name, ""))) for name, one in drives.items()}


def _mark(path: Path, root: str) -> str:
    seen = path.stat()
    return hashlib.sha256(f"{root} {seen.st_size} {seen.st_mtime_ns}".encode()).hexdigest()[:32]
