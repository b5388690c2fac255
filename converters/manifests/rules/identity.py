"""Names, labels and annotations of any document, as the API server reads them."""

from collections.abc import Iterator

from mtv.converters.manifests.rules import forms
from mtv.converters.manifests.rules.rule import Book, Complaint
from mtv.converters.manifests.rules.view import View

BOOK = Book("name", "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/")
NONE = BOOK.refused("none", "an object has a name", "set metadata.name")
FORM = BOOK.refused(
    "form",
    "a name is a DNS subdomain: at most 253 of a-z, 0-9, - and dots, a letter or digit at both ends",
    "rename it",
)
NAMESPACE = BOOK.refused("namespace", "a namespace's name is a DNS label", "mend it")
LABEL = BOOK.refused("label", "a label's key or value has another form: a value is at most 63 characters", "mend it")
ANNOTATION = BOOK.refused("annotation", "an annotation's key has another form", "mend the key")
LARGE = BOOK.refused("annotations-large", "an object's annotations have at most 256 KiB together", "leave some out")
DOTS = BOOK.broken(
    "dots",
    "a VM's name is cut at its first dot in the label vm.kubevirt.io/name: a.b and a.c become one",
    "write - for dots",
)
LONG = BOOK.broken(
    "long", "a VM's name over 63 characters fits no label and no hostname: both are cut or hashed", "use 63 or fewer"
)

_ANNOTATIONS_BYTES = 256 << 10
_MACHINES = ("VirtualMachine", "VirtualMachineInstance")


def check(document: View) -> Iterator[Complaint]:
    meta = document.at("metadata")
    name, place = meta.text("name"), meta.at("name")
    if not name:
        prefix = meta.text("generateName")
        if not prefix:
            yield NONE.at(place)
        elif not forms.is_subdomain(f"{prefix}x"):
            yield FORM.at(meta.at("generateName"))
    elif not forms.is_subdomain(name):
        yield FORM.at(place)
    elif document.text("kind") in _MACHINES:
        yield from (DOTS.at(place) for _ in range("." in name))
        yield from (LONG.at(place) for _ in range(len(name) > 63))
    if meta.text("namespace") and not forms.is_label(meta.text("namespace")):
        yield NAMESPACE.at(meta.at("namespace"))
    yield from _labels(meta)


def _labels(meta: View) -> Iterator[Complaint]:
    for key, value in meta.pairs("labels"):
        if not forms.is_label_key(key) or not forms.is_label_value(str(value.value or "")):
            yield LABEL.at(value)
    size_bytes = 0
    for key, value in meta.pairs("annotations"):
        size_bytes += len(key) + len(str(value.value or ""))
        if not forms.is_label_key(key.lower()):
            yield ANNOTATION.at(value)
    if size_bytes > _ANNOTATIONS_BYTES:
        yield LARGE.at(meta.at("annotations"), f"{size_bytes} bytes")
