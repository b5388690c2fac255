"""`mtv check manifest`: what it prints, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mtv.cli import cli
from mtv.errors import Refused
from mtv.formats import kubeyaml
from mtv.verbs import manifests
from tests.converters.manifests.rules.documents import CLAIM, MACHINE, VOLUME, changed

IDE = changed(MACHINE, {"disks": [{"name": "d0", "disk": {"bus": "ide"}}]})
BROKEN = changed(MACHINE, {"firmware/uuid": "xyz"})
KEYS = ["file", "kind", "name", "level", "field", "value", "rule", "text", "fix", "link"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(file: str, *documents: Any) -> str:
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_bytes(kubeyaml.dump(documents))
    return file


def mtv(*words: str, stdin: bytes = b"") -> tuple[int, Result]:
    """The exit code that `mtv.cli.main` would give, errors of mtv's own included."""
    done = CliRunner().invoke(cli, ["check", "manifest", *words], standalone_mode=False, input=stdin)
    if isinstance(done.exception, Refused):
        return done.exception.exit_code, done
    assert done.exception is None, done.exception
    return done.return_value, done


def test_sound_manifests_are_an_empty_list(folder: Path) -> None:
    code, said = mtv(write("vm.yaml", MACHINE, CLAIM), "-o", "json")
    assert (code, json.loads(said.stdout)) == (0, [])
    assert said.stderr == "2 documents: nothing found\n"
    code, said = mtv("vm.yaml")
    assert (code, said.stdout) == (0, "")


def test_what_is_refused_ends_with_4_and_is_told_by_field(folder: Path) -> None:
    code, said = mtv(write("a.yaml", MACHINE), write("b.yaml", CLAIM, IDE), "-o", "json")
    (row,) = json.loads(said.stdout)
    assert (code, list(row)) == (4, KEYS)
    assert (row["file"], row["kind"], row["name"], row["level"]) == ("b.yaml", "VirtualMachine", "web", "refused")
    assert (row["field"], row["value"]) == ("spec.template.spec.domain.devices.disks[0].disk.bus", "ide")
    assert (row["rule"], row["text"]) == ("disk.bus-ide", "KubeVirt has no IDE bus")


def test_people_read_lines(folder: Path) -> None:
    code, said = mtv(write("vm.yaml", IDE))
    assert code == 4
    assert said.stdout.splitlines() == [
        "vm.yaml: VirtualMachine web: refused: spec.template.spec.domain.devices.disks[0].disk.bus (ide)",
        "    KubeVirt has no IDE bus [disk.bus-ide]",
        "    use sata, which every guest that boots from IDE knows",
    ]
    assert said.stderr == "1 document: 1 refused, 0 broken, 0 warnings\n"


def test_what_is_no_document_of_a_kind_is_named_so(folder: Path) -> None:
    assert mtv(write("vm.yaml", {"a": 1}))[1].stdout.splitlines()[0] == "vm.yaml: a document: refused"


@pytest.mark.parametrize("form", ["csv", "md", "yaml", "wide"])
def test_other_forms_are_tables(form: str, folder: Path) -> None:
    assert "disk.bus-ide" in mtv(write("vm.yaml", IDE), "-o", form)[1].stdout


def test_what_is_broken_is_told_and_ends_well(folder: Path) -> None:
    code, said = mtv(write("vm.yaml", BROKEN), "-o", "json")
    assert (code, [row["level"] for row in json.loads(said.stdout)]) == (0, ["broken"])


def test_stdin_and_folders(folder: Path) -> None:
    code, said = mtv("-", "-o", "json", stdin=json.dumps({"kind": "List", "items": [MACHINE, IDE]}).encode())
    assert (code, [row["file"] for row in json.loads(said.stdout)]) == (4, ["stdin"])
    write("all/deep/b.yml", IDE)
    write("all/a.yaml", IDE)
    Path("all/notes.txt").write_text("none")
    assert [row["file"] for row in json.loads(mtv("all", "-o", "json")[1].stdout)] == ["all/a.yaml", "all/deep/b.yml"]


def test_what_is_there_already_is_another_file(folder: Path) -> None:
    there = write("there.yaml", changed(CLAIM, {"metadata/namespace": "demo"}))
    volume = write("dv.yaml", VOLUME)
    assert mtv(volume)[0] == 0
    assert mtv(volume, "--inventory", there)[0] == 4
    assert mtv(volume, "--inventory", there, "--namespace", "other")[0] == 0


def test_versions_and_gates(folder: Path) -> None:
    video = write("vm.yaml", changed(MACHINE, {"video": {"type": "vga"}}))
    assert [mtv(video, "--kubevirt", version)[0] for version in ("1.9", "v1.9.2", "1.8", "1.6.3")] == [0, 0, 4, 4]
    assert mtv(video, "--kubevirt", "1.8", "--gate", "VideoConfig")[0] == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["missing.yaml"], "manifest.unreadable"),
        (["bad.yaml"], "manifest.unreadable"),
        (["good.yaml", "bad.yaml"], "manifest.unreadable"),
        (["good.yaml", "--inventory", "bad.yaml"], "manifest.unreadable"),
        (["/dev/zero"], "manifest.unreadable"),
        (["nothing"], "manifest.no-files"),
        (["good.yaml", "--kubevirt", "2.0"], "manifest.version"),
        (["good.yaml", "--kubevirt", "1.5"], "manifest.version"),
        (["good.yaml", "--gate", "Root"], "manifest.gate"),
    ],
)
def test_what_cannot_be_read_or_judged_ends_with_2(words: list[str], code: str, folder: Path) -> None:
    write("good.yaml", IDE)
    Path("nothing").mkdir()
    Path("bad.yaml").write_text("a: &x [1]\nb: *x\n")
    ended, said = mtv(*words, "-o", "json")
    assert isinstance(said.exception, Refused)
    assert (ended, said.exception.fault.code, said.stdout) == (2, code, "")


def test_many_files_are_too_many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "FILES_LIMIT", 1)
    write("all/a.yaml", MACHINE)
    write("all/b.yaml", MACHINE)
    assert mtv("all")[0] == 2


def test_control_characters_and_secrets_are_not_shown(folder: Path) -> None:
    data = {"userData": "password: hunter2\n" * 200}
    bad = changed(MACHINE, {".hostname": "\x1b[2Jweb", ".volumes": [{"name": "d0", "cloudInitNoCloud": data}]})
    said = mtv(write("vm.yaml", bad))[1]
    assert "\x1b" not in said.stdout
    assert "hostname" in said.stdout
    assert "hunter2" not in said.stdout + mtv("vm.yaml", "-o", "json")[1].stdout
