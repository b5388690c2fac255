"""Verbs that write what mtv knows in other programs' forms."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from mtv.converters import manifests
from mtv.converters.manifests.names import is_label
from mtv.errors import Refused
from mtv.files import replacing
from mtv.formats import kubeyaml
from mtv.formats.rvtools.filling import Estate, fill, survey
from mtv.formats.rvtools.tab import Around
from mtv.formats.rvtools.writing import Writing
from mtv.model import infrastructure as parts
from mtv.model.estate import VM, Datastore, Facts, Json, Level, Network
from mtv.model.plans import Plan
from mtv.plans.concerns import guest_of, of_plan
from mtv.settings import settings
from mtv.store import inventory
from mtv.store.picture import Picture
from mtv.store.store import Store
from mtv.verbs.ends import read_inventory
from mtv.verbs.opening import Place, place
from mtv.verbs.plans import resolved
from mtv.words import plain

Document = Mapping[str, Json]
LIST = "kustomization.yaml"
KEEP = {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}  # a claim outlives whoever forgets its file
Tell = Callable[[int, str], None]


@dataclass(frozen=True)
class Exported:
    vms: int
    losses: Sequence[str]  # what the file's format could not take


def rvtools(file: Path, source: str, tell: Tell = lambda number, what: None) -> Exported:
    """Write what is known of a source as RVTools would. A source that is a URL is read now, one with a name as it was
    refreshed last. Raises Refused `export.form`, `export.empty`, `file.no-access`."""
    if file.suffix.lower() != ".xlsx":
        raise Refused("export.form", f"{file} is no name of a workbook", "name it FILE.xlsx")
    with Store(settings().store) as store:
        found = place(store, source)
        if inventory.revision(store, found.name) is None or ":" in found.name:
            asyncio.run(read_inventory(store, found, tell))
        path = store.path
    with Picture(path, found.name) as picture:
        estate = Estate(
            vms=lambda: picture.each(VM), hosts=list(picture.each(parts.Host)),
            clusters=list(picture.each(parts.Cluster)), places=list(picture.each(parts.Place)),
            switches=list(picture.each(parts.Switch)), networks=list(picture.each(Network)),
            datastores=list(picture.each(Datastore)),
        )  # fmt: skip
        seen = survey(estate.vms())
        number = sum(load.vms for load in seen.hosts.values())
        if not number:
            raise Refused("export.empty", f"'{source}' has no VM", f"look: mtv refresh {source}")
        with replacing(file) as out:
            with Writing(out, seen.columns) as book:
                fill(book, estate, seen, _around(found), tell)
                tell(number, "VMs written, packing")
            return Exported(number, book.losses())


def _around(found: Place) -> Around:
    server = urlsplit(found.address).hostname if "://" in found.address else ""
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    return Around(server=server or found.name, version=f"mtv {version('mtv-toolkit')}", written_at=now)


def gitops(folder: Path, plan_file: Path, namespace: str) -> Exported:
    """Write each object that a plan makes at its target into a file of its own, and a list of them for Kustomize. The
    folder must be new or empty. Raises Refused `plan.invalid`, `export.not-empty`, `export.twice`, `file.no-access`."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused("export.not-empty", f"{folder} is there and is no empty folder", "name another one")
    with Store(settings().store) as store:
        plan = resolved(store, plan_file).plan
        found = {one.vm.key: inventory.inspection(store, one.vm) for one in plan.vms}
    where = namespace or plan.namespace or "default"
    if not is_label(where):
        raise Refused("export.namespace", f"'{plain(where)[:80]}' is no namespace", "write letters, digits and '-'")
    files: dict[str, bytes] = {}
    for path, document in _objects(plan, where, found):
        text = kubeyaml.dump([document])
        if files.setdefault(path, text) != text:
            raise Refused("export.twice", f"the plan makes {path} in two ways", "see its rows in `networks` and maps")
    listed: Document = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
                        "resources": list[Json](sorted(files))}  # fmt: skip
    _write(folder, {**files, LIST: kubeyaml.dump([listed])})
    lost = [f"{one.vm.name}: {concern.text} ({concern.id})" for one in plan.vms
            for concern in of_plan(one, found[one.vm.key]) if concern.level is not Level.INFO]  # fmt: skip
    return Exported(len(plan.vms), lost)


def _objects(plan: Plan, namespace: str, found: Mapping[str, Facts | None]) -> Iterator[tuple[str, Document]]:
    for made in plan.networks:
        yield from (_filed("networks", one) for one in manifests.network_documents(made, namespace))
    for one in plan.vms:
        facts = found[one.vm.key]
        if one.wanted.priority and one.wanted.priority_value is not None:
            yield _filed("classes", manifests.priority_class(one.wanted.priority, one.wanted.priority_value))
        documents = manifests.documents(one, guest_of(facts), namespace=namespace, macs=manifests.macs_of(facts))
        yield from (_filed(one.machine, _kept(document)) for document in documents)


def _filed(folder: str, document: Document) -> tuple[str, Document]:
    metadata = document["metadata"]
    named = metadata if isinstance(metadata, dict) else {}
    parts = [str(document["kind"]).lower(), *(str(named[key]) for key in ("namespace", "name") if key in named)]
    return f"{folder}/{'-'.join(parts)}.yaml", document


def _kept(document: Document) -> Document:
    """A claim that Git has is filled by others: nothing may offer it for an upload, or remove it with its file."""
    metadata = document["metadata"]
    if document["kind"] != "PersistentVolumeClaim" or not isinstance(metadata, dict):
        return document
    noted = metadata["annotations"] if isinstance(metadata["annotations"], dict) else {}
    left: dict[str, Json] = {key: value for key, value in noted.items() if key not in manifests.UPLOAD}
    return {**document, "metadata": {**metadata, "annotations": {**KEEP, **left}}}


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as out:
                out.write(text)
    except OSError as error:
        raise Refused(
            "file.no-access", f"{folder}: {(error.strerror or str(error)).lower()}", "name another"
        ) from error
