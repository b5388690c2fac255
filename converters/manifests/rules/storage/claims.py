"""Plain claims, snapshots and network attachments: little is asked of them, and some of it breaks later."""

import json
from collections.abc import Iterator

from mtv.converters.manifests.rules.amounts import whole
from mtv.converters.manifests.rules.rule import Book, Complaint
from mtv.converters.manifests.rules.view import View

BOOK = Book("claim", "https://kubernetes.io/docs/concepts/storage/persistent-volumes/#persistentvolumeclaims")
MODES = BOOK.refused("access", "a claim says its access modes, ReadWriteOncePod alone", "set accessModes")
SIZE = BOOK.refused("size", "a claim asks for more than nothing", "set resources.requests.storage")
LIMIT = BOOK.refused("limit", "a claim asks for more than its own limit", "leave the limit out")
SNAPSHOT = Book("snapshot", "https://kubevirt.io/user-guide/storage/snapshot_restore_api/")
SOURCE = SNAPSHOT.refused("source", "a snapshot is of a VirtualMachine of kubevirt.io", "name it in spec.source")
NETWORK = Book("attachment", "https://github.com/k8snetworkplumbingwg/multus-cni/blob/master/docs/quickstart.md")
CONFIG = NETWORK.broken(
    "config", "a network attachment's config is no CNI configuration: no Pod with it starts", "write JSON with a type"
)

PROFILE = "cdi.kubevirt.io/applyStorageProfile"


def claim(document: View) -> Iterator[Complaint]:
    spec = document.at("spec")
    modes = [one.value for one in spec.each("accessModes")]
    profiled = str(document.at("metadata", "labels").fields.get(PROFILE, "")).lower() == "true"
    if not modes and not profiled or "ReadWriteOncePod" in modes and len(modes) > 1:
        yield MODES.at(spec.at("accessModes"))
    size, limit = spec.at("resources", "requests", "storage"), spec.at("resources", "limits", "storage")
    if whole(size.value) <= 0:
        yield SIZE.at(size)
    elif limit and whole(limit.value) < whole(size.value):
        yield LIMIT.at(limit)


def snapshot(document: View) -> Iterator[Complaint]:
    source = document.at("spec", "source")
    if (source.text("kind"), source.text("apiGroup")) != ("VirtualMachine", "kubevirt.io") or not source.text("name"):
        yield SOURCE.at(source)


def attachment(document: View) -> Iterator[Complaint]:
    text = document.text("spec", "config")
    if not text:
        return
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    view = View(found)
    if not (view.text("type") or view.each("plugins")):
        yield CONFIG.at(document.at("spec", "config"))
