"""DataVolumes, in the order in which CDI's webhook looks at them. CDI says the first only; here all are said."""

from collections.abc import Iterator

from mtv.converters.manifests.rules.amounts import whole
from mtv.converters.manifests.rules.rule import Book, Complaint
from mtv.converters.manifests.rules.storage import sources
from mtv.converters.manifests.rules.target import Target
from mtv.converters.manifests.rules.view import View

LINK = "https://github.com/kubevirt/containerized-data-importer/blob/main/doc/datavolumes.md"
BOOK = Book("datavolume", LINK, "cdi")
EXISTS = BOOK.refused(
    "claim-exists", "a claim of this name is there already, and is not this DataVolume's own",
    "use another name, or annotate the DataVolume with cdi.kubevirt.io/allowClaimAdoption: \"true\"",
)  # fmt: skip
STORAGE = BOOK.refused("storage", "a DataVolume has either storage or pvc", "leave one of them, storage by preference")
SIZE = BOOK.refused(
    "size", "a DataVolume says its size, unless it is a clone with storage", "set resources.requests.storage"
)
SIZE_ZERO = BOOK.refused("size-zero", "a DataVolume's size is above 0", "write the disk's size")
SIZE_SMALL = BOOK.refused("size-small", "a DataVolume has 1 MiB or more", "write 1Mi or more")
CLASS = BOOK.refused("class-long", "a storage class's name has at most 253 characters", "mend the name")
MODE_NONE = BOOK.refused("access-none", "a DataVolume with pvc says its access mode", "set accessModes, or use storage")
MODE_SEVERAL = BOOK.refused("access-several", "a DataVolume with pvc has one access mode", "leave one of them")
MODE = BOOK.refused(
    "access", "an access mode is ReadWriteOnce, ReadWriteOncePod, ReadWriteMany or ReadOnlyMany", "use one of them"
)
SOURCE = BOOK.refused(
    "source", "a DataVolume has either source or sourceRef, or its claim's dataSource", "leave one of them"
)
POPULATED = BOOK.refused(
    "populated", "what populates a claim is a dataSource or a dataSourceRef, named, of a kind and a group, in the same "
    "namespace, without source and sourceRef", "mend dataSourceRef",
)  # fmt: skip
REFERENCE = BOOK.refused("source-ref", "a sourceRef names a DataSource", "set kind to DataSource, and the name")
SOURCES = BOOK.refused("sources", "a DataVolume has exactly one source", "leave one of them")
CONTENT = BOOK.refused("content", "a contentType is kubevirt or archive", "use one of them, or leave it out")
MODE_VOLUME = BOOK.broken("volume-mode", "there is no such volume mode: no claim is made", "write Filesystem or Block")
ARCHIVE_BLOCK = BOOK.broken(
    "archive-block", "an archive is unpacked into a file system: a Block volume gets none", "use Filesystem"
)
CHECKPOINTS = BOOK.warning("checkpoints", "checkpoints are for the sources vddk and imageio alone", "leave them out")

MIB = 1 << 20
MODES = ("ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany")
ADOPTION = "cdi.kubevirt.io/allowClaimAdoption"
POPULATED_FOR = "cdi.kubevirt.io/storage.populatedFor"


def check(document: View, target: Target) -> Iterator[Complaint]:
    yield from _claim(document, target)
    yield from spec(document.at("spec"))


def _claim(document: View, target: Target) -> Iterator[Complaint]:
    name = document.text("metadata", "name")
    claim = target.found("PersistentVolumeClaim", document.text("metadata", "namespace"), name)
    if claim is None or not name:
        return
    adopted = str(document.at("metadata", "annotations").fields.get(ADOPTION, "")).lower() in ("true", "1", "t")
    populated = claim.at("metadata", "annotations").fields.get(POPULATED_FOR) == name
    owners = [one for one in claim.each("metadata", "ownerReferences") if one.truth("controller")]
    owned = any(one.text("kind") == "DataVolume" for one in owners)
    if not (adopted or populated or owned):
        yield EXISTS.at(document.at("metadata", "name"))


def spec(found: View) -> Iterator[Complaint]:
    places = [found.at(key) for key in ("storage", "pvc") if found.has(key)]
    if len(places) != 1:
        yield STORAGE.at(found)
        return
    storage, strict = places[0], places[0].path.endswith("pvc")
    yield from _size(found, storage, strict)
    yield from _modes(storage, strict)
    if len(storage.text("storageClassName")) > 253:
        yield CLASS.at(storage.at("storageClassName"))
    if storage.has("volumeMode") and storage.text("volumeMode") not in (
        "",
        "Filesystem",
        "Block",
        "FromStorageProfile",
    ):
        yield MODE_VOLUME.at(storage.at("volumeMode"))
    if found.text("contentType") == "archive" and storage.text("volumeMode") == "Block":
        yield ARCHIVE_BLOCK.at(storage.at("volumeMode"))
    if found.text("contentType") not in ("", "kubevirt", "archive"):
        yield CONTENT.at(found.at("contentType"))
    yield from _source(found, storage)


def _size(found: View, storage: View, strict: bool) -> Iterator[Complaint]:
    size = storage.at("resources", "requests", "storage")
    clone = found.has("sourceRef") or found.has("source", "pvc") or found.has("source", "snapshot")
    if not size:
        if strict or not clone:
            yield SIZE.at(size)
    elif whole(size.value) <= 0:
        yield SIZE_ZERO.at(size)
    elif whole(size.value) < MIB:
        yield SIZE_SMALL.at(size, f"{whole(size.value)} bytes")


def _modes(storage: View, strict: bool) -> Iterator[Complaint]:
    modes = storage.each("accessModes")
    if strict and not modes:
        yield MODE_NONE.at(storage.at("accessModes"))
    if strict and len(modes) > 1:
        yield MODE_SEVERAL.at(storage.at("accessModes"))
    yield from (MODE.at(one) for one in modes if one.value not in MODES)


def _source(found: View, storage: View) -> Iterator[Complaint]:
    if storage.has("dataSource") or storage.has("dataSourceRef"):
        if not _is_populated(found, storage):
            yield POPULATED.at(storage)
        return
    if found.has("source") == found.has("sourceRef"):
        yield SOURCE.at(found.at("source"))
        return
    if found.has("sourceRef"):
        reference = found.at("sourceRef")
        if reference.text("kind") != "DataSource" or not reference.text("name"):
            yield REFERENCE.at(reference)
        return
    source = found.at("source")
    kinds = [key for key, value in source.fields.items() if value is not None and key in sources.KINDS]
    if len(kinds) != 1:
        yield SOURCES.at(source)
        return
    if found.each("checkpoints") and kinds[0] not in ("vddk", "imageio"):
        yield CHECKPOINTS.at(found.at("checkpoints"))
    yield from sources.check(source.at(kinds[0]), kinds[0], found.text("contentType"))


def _is_populated(found: View, storage: View) -> bool:
    places = [storage.at(key) for key in ("dataSource", "dataSourceRef") if storage.has(key)]
    named = all(one.text("name") and one.text("kind") for one in places)
    grouped = all(one.text("apiGroup") or one.text("kind") == "PersistentVolumeClaim" for one in places)
    near = not storage.text("dataSourceRef", "namespace")
    return len(places) == 1 and named and grouped and near and not found.has("source") and not found.has("sourceRef")
