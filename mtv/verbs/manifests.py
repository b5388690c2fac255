"""The verb behind `mtv check manifest`: files in, what KubeVirt and CDI would say of them out."""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtv.converters.manifests.rules import Finding, Target, Versions, check, objects_of
from mtv.converters.manifests.rules.target import GATES
from mtv.errors import Refused
from mtv.formats import kubefiles

OLDEST, NEWEST = (1, 6), (1, 9)
FILES_LIMIT = 10_000
STDIN = "-"
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class Row:
    """A finding as `-o json` tells it."""

    file: str
    kind: str
    name: str
    level: str
    field: str
    value: str
    rule: str
    text: str
    fix: str
    link: str


@dataclass(frozen=True)
class Checked:
    documents: int
    rows: tuple[Row, ...]

    @property
    def is_refused(self) -> bool:
        return any(row.level == "refused" for row in self.rows)


def check_files(
    files: Sequence[str], inventory: Sequence[str] = (), *, kubevirt: str = "", namespace: str = "",
    gates: Sequence[str] = (),
) -> Checked:  # fmt: skip
    """Every document of the files (`-` is stdin, a folder all files in it), beside what `inventory` says is there.
    Raises Refused `manifest.*`, and `cli.*` for what was asked."""
    versions = Versions(kubevirt=_version(kubevirt)) if kubevirt else Versions()
    there = [document for _, found in _read(inventory) for document in found]
    target = Target(objects=objects_of(there), namespace=namespace, gates=frozenset(map(_gate, gates)))
    names: list[str] = []
    documents: list[kubefiles.Document] = []
    for name, found in _read(files):
        names += [name] * len(found)
        documents += found
    said = check(documents, target, versions)
    return Checked(len(documents), tuple(_row(names[one.number], one) for one in said))


def _row(file: str, found: Finding) -> Row:
    said = found.complaint
    return Row(file, found.kind, found.name, str(said.level), said.field, said.value, said.rule.id, said.text,
               said.rule.fix, said.rule.link)  # fmt: skip


def _read(files: Iterable[str]) -> Iterator[tuple[str, list[kubefiles.Document]]]:
    for file in files:
        if file == STDIN:
            yield "stdin", kubefiles.load(sys.stdin.buffer.read(kubefiles.JSON_LIMIT_BYTES + 1), "stdin")
            continue
        for path in _within(Path(file)):
            yield str(path), kubefiles.load(_bytes(path), str(path))


def _within(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(one for one in path.rglob("*") if one.suffix in _SUFFIXES and one.is_file())
    if not found or len(found) > FILES_LIMIT:
        raise Refused(
            "manifest.no-files", f"{path} holds {len(found)} files of YAML or JSON", "name the files that are meant"
        )
    return found


def _bytes(path: Path) -> bytes:
    """No more than is looked at: it may be a device."""
    try:
        with path.open("rb") as file:
            return file.read(kubefiles.JSON_LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise Refused(
            "manifest.unreadable", f"{path} cannot be read: {said}", "name files that exist, or - for stdin"
        ) from error


def _version(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"v?(\d{1,3})\.(\d{1,3})(\.\d.{0,20})?", text)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    if not OLDEST <= version <= NEWEST:
        raise Refused("manifest.version", f"'{text[:40]}' is no KubeVirt that is judged", "give one of 1.6 to 1.9")
    return version


def _gate(name: str) -> str:
    if name not in GATES:
        raise Refused(
            "manifest.gate", f"no rule asks for the feature gate '{name[:60]}'", f"give one of {', '.join(GATES)}"
        )
    return name
