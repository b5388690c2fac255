"""Packages that are wrong or hostile, typed at: named, left out, nothing changed, no traceback, no leftover."""

import json
from pathlib import Path

import pytest

from mtv.cli import main
from tests.cli.bad.packages import BAD, LATE, collection, sparse
from tests.cli.sandbox import Said, Sandbox
from tests.formats.build import guest
from tests.providers.ova.builders import SIZE

GOOD = {"db01", "huge-but-sparse", "one", "two"}
MISMATCH = "mf-wrong"  # a digest that does not fit fails its VM with 1, wherever it is found
REFUSED = [name for name in BAD if name != MISMATCH]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """One folder with all of them beside good ones."""
    box = Sandbox(tmp_path_factory.mktemp("shelf"))
    exports = box.folder / "exports"
    for name, bad in {**BAD, **LATE}.items():
        bad.make(exports, name)
    sparse(exports, "huge-but-sparse")
    collection(exports, "both")
    return box


@pytest.fixture(scope="module")
def refreshed(shelf: Sandbox) -> Said:
    return shelf.mtv("refresh", "ova:exports")


@pytest.fixture(scope="module")
def concerns(shelf: Sandbox, refreshed: Said) -> dict[str, str]:
    """What is said of each VM that cannot move."""
    rows = shelf.rows("get", "concerns", "--where", "level = 'critical'")
    assert all(row["hint"] for row in rows), "each says what to do"
    return {str(row["vm"]): f"{row['id']} {row['text']}" for row in rows}


@pytest.fixture(scope="module")
def run(shelf: Sandbox, refreshed: Said) -> Said:
    shelf.plan(vms=f"[{', '.join(REFUSED)}]")
    return shelf.mtv("run", "plan.yaml")


def test_a_refresh_goes_on_with_what_can_be_read(shelf: Sandbox, refreshed: Said) -> None:
    assert refreshed.code == 0, refreshed
    assert f"and {len(BAD) - 10} more: mtv get concerns --where" in refreshed.err
    assert "Traceback" not in refreshed.err
    found = {row["name"]: row["size_bytes"] for row in shelf.rows("get", "vms", "--where", "critical = 0")}
    assert set(found) == GOOD | set(LATE)
    assert found["huge-but-sparse"] == 10 << 40


@pytest.mark.parametrize("name", BAD)
def test_each_is_named_with_what_is_wrong(concerns: dict[str, str], name: str) -> None:
    assert BAD[name].said in concerns[name]
    assert all(one.isprintable() for one in concerns[name])


def test_a_check_names_every_one_of_them(shelf: Sandbox) -> None:
    said = shelf.mtv("check", "provider", "ova:exports", "-o", "json")
    assert (said.code, said.err) == (4, "")
    wrong = [row["name"] for row in json.loads(said.out) if not row["ok"]]
    assert {Path(name.rstrip("#")).stem for name in wrong} >= set(BAD)


@pytest.mark.parametrize("name", BAD)
def test_alone_each_is_refused_and_nothing_is_kept(
    shelf: Sandbox, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MTV_DATA", str(tmp_path / "data"))
    (path,) = (shelf.folder / "exports").glob(f"{name}.ov[af]")
    before = sorted((shelf.folder / "exports").iterdir())
    code = main(["refresh", f"ova:{path}"])
    err = capsys.readouterr().err
    assert code == (1 if name == MISMATCH else 2), err
    assert BAD[name].said in err
    assert err.startswith("mtv: ")
    assert main(["get", "vms", "-o", "json"]) == 0
    assert capsys.readouterr().out == "[]\n"
    assert sorted((shelf.folder / "exports").iterdir()) == before


def test_a_run_of_all_of_them_is_refused_before_any_change(shelf: Sandbox, run: Said) -> None:
    assert run.code == 4, run
    assert "Traceback" not in run.err
    for name in REFUSED:
        (line,) = [one for one in run.out.splitlines() if one.startswith(f"{name}: ")]
        assert line.startswith(f"{name}: refused before any change: ")
        assert BAD[name].said in line
    assert not (shelf.folder / "out").exists()


def test_a_descriptor_that_does_not_fit_its_digest_fails_its_vm(shelf: Sandbox, run: Said) -> None:
    shelf.plan(MISMATCH, vms=f"[{MISMATCH}]")
    said = shelf.mtv("run", f"{MISMATCH}.yaml")
    assert said.code == 1, said
    assert BAD[MISMATCH].said in said.out
    assert not (shelf.folder / "out").exists()


@pytest.mark.parametrize("name", LATE)
def test_what_shows_only_while_it_is_read_fails_the_vm_and_leaves_nothing(shelf: Sandbox, run: Said, name: str) -> None:
    path = shelf.folder / "exports" / f"{name}.ova"
    shelf.plan(name, source=f"ova:{path}", vms=f"[{name}]")
    said = shelf.mtv("run", f"{name}.yaml")
    assert said.code == 1, said
    assert said.out.startswith(f"{name}: rolled-back in ")
    assert LATE[name].said in said.out
    assert "Traceback" not in said.err
    assert shelf.rows("get", "receipts") == []
    assert not list((shelf.folder / "out").iterdir()), "its folder is gone, and all scratch"


@pytest.mark.slow
def test_what_looks_wrong_and_is_not_moves(shelf: Sandbox, run: Said) -> None:
    """10 TiB of virtual size in a file below 1 MiB, and two VMs of one package, each its own."""
    shelf.plan("allowed", vms="[huge-but-sparse, one, two]", target="bundle:allowed")
    said = shelf.mtv("run", "allowed.yaml")
    assert said.code == 0, said
    out = shelf.folder / "allowed"
    assert sorted(path.name for path in out.iterdir()) == ["huge-but-sparse", "one", "two"]
    huge = (out / "huge-but-sparse" / "disk0.raw").stat()
    assert (huge.st_size, huge.st_blocks * 512 < 4 << 20) == (10 << 40, True)
    for name in ("one", "two"):
        assert (out / name / "disk0.raw").read_bytes() == guest(SIZE, 1)
    verified = shelf.mtv("verify", "allowed-1", "-o", "json")
    assert verified.code == 0, verified
    assert {row["vm"] for row in json.loads(verified.out)} == {"huge-but-sparse", "one", "two"}
