"""Where a DataVolume's content comes from: what CDI's webhook asks of each source."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from mtv.converters.manifests.rules.rule import Book, Complaint
from mtv.converters.manifests.rules.view import View

BOOK = Book(
    "source", "https://github.com/kubevirt/containerized-data-importer/blob/main/doc/datavolumes.md#source", "cdi"
)
URL = BOOK.refused("url", "a source's URL is http or https, or gs", "write the whole URL")
BLANK = BOOK.refused("blank-archive", "a blank volume is no archive", "leave contentType out")
REGISTRY = BOOK.refused(
    "registry", "a registry source is a URL (docker:// or oci-archive://) or an imageStream", "leave one of them"
)
REGISTRY_KIND = BOOK.refused("registry-archive", "what comes from a registry is no archive", "leave contentType out")
PULL = BOOK.refused("registry-pull", "a pullMethod is pod or node, for an imageStream node", "use one of them")
IMAGEIO = BOOK.refused(
    "imageio", "an imageio source names its disk, its secret, and its certificates unless they are not looked at",
    "set diskId, secretRef and certConfigMap",
)  # fmt: skip
VDDK = BOOK.refused(
    "vddk", "a vddk source names the VM's uuid, its backingFile, the thumbprint and its secret", "set all four"
)
CLONE = BOOK.refused("clone", "a clone's source has a name and a namespace", "set both")

KINDS = ("blank", "upload", "http", "s3", "gcs", "registry", "imageio", "vddk", "pvc", "snapshot")
_VDDK = ("uuid", "backingFile", "thumbprint", "secretRef")


def check(source: View, kind: str, content: str) -> Iterator[Complaint]:
    if kind in ("http", "s3", "gcs", "imageio", "vddk") and not _is_url(source.text("url")):
        yield URL.at(source.at("url"))
    if kind == "blank" and content == "archive":
        yield BLANK.at(source)
    if kind == "registry":
        yield from _registry(source, content)
    if kind == "imageio" and not _is_imageio(source):
        yield IMAGEIO.at(source)
    if kind == "vddk":
        missing = [key for key in _VDDK if not source.text(key)]
        if missing:
            yield VDDK.at(source, f"no {' and no '.join(missing)}")
    if kind in ("pvc", "snapshot") and not (source.text("name") and source.text("namespace")):
        yield CLONE.at(source)


def _is_imageio(source: View) -> bool:
    trusted = source.text("certConfigMap") or source.truth("insecureSkipVerify")
    return bool(source.text("diskId") and source.text("secretRef") and trusted)


def _is_url(text: str) -> bool:
    try:
        return urlsplit(text).scheme in ("http", "https", "gs") and text.isprintable() and " " not in text
    except ValueError:
        return False


def _registry(source: View, content: str) -> Iterator[Complaint]:
    if content not in ("", "kubevirt"):
        yield REGISTRY_KIND.at(source)
    url, stream, pull = source.at("url"), source.at("imageStream"), source.at("pullMethod")
    if bool(url) == bool(stream) or stream.value == "" or url and not _is_image(source.text("url")):
        yield REGISTRY.at(source)
    if pull and pull.value not in ("pod", "node") or stream and pull.value != "node":
        yield PULL.at(pull)


def _is_image(text: str) -> bool:
    try:
        return urlsplit(text).scheme in ("docker", "oci-archive")
    except ValueError:
        return False
