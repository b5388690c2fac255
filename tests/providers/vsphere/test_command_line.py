"""The commands that a new user types: add, check, refresh, get, describe role."""

import json
from pathlib import Path
from typing import Any

import pytest

from mtv import cli
from mtv.model.login import Login
from mtv.providers.vsphere.rights.roles import FOLDER
from mtv.store import inventory
from mtv.store.store import Store
from tests.providers.vsphere.opening import find
from tests.vcenter.machines import Wish, allow, make
from tests.vcenter.server import ADMIN, COPY, PASSWORDS, VCenter


@pytest.fixture
def added(vc: VCenter, admin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that knows the vCenter."""
    if not find(admin, "shop"):
        make(admin, Wish("shop"))
    store = tmp_path / "store.db"
    monkeypatch.setenv("MTV_STORE", str(store))
    monkeypatch.setenv("VC_PASSWORD", PASSWORDS[ADMIN])
    monkeypatch.setenv("VC_COPY", PASSWORDS[COPY])
    words = ["--user", ADMIN, "--secret", "env:VC_PASSWORD", "--copy-user", COPY, "--copy-secret", "env:VC_COPY"]
    trust = ["--fingerprint", vc.certificate.sha256]
    assert cli.main(["add", "provider", "vc01", vc.url, "--kind", "vsphere", *words, *trust]) == 0
    return store


def test_from_an_address_to_a_list_of_vms(added: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["refresh", "vc01"]) == 0
    told = capsys.readouterr().err
    assert "3 hosts" in told
    assert cli.main(["get", "vms", "--where", "name = 'shop'", "-o", "json"]) == 0
    [shop] = json.loads(capsys.readouterr().out)
    assert (shop["cluster"], shop["datacenter"], shop["power"]) == ("DC0_C0", "DC0", "off")
    assert cli.main(["get", "hosts", "-o", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 3
    assert cli.main(["refresh", "vc01"]) == 0
    assert cli.main(["describe", "vm", "shop"]) == 0


def test_a_plan_is_written_and_linted_without_a_login(
    added: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only refreshing has to ask the server."""
    assert cli.main(["refresh", "vc01"]) == 0
    monkeypatch.delenv("VC_PASSWORD")
    plan = str(tmp_path / "plan.yaml")
    words = ["create", "plan", plan, "--from", "vc01", "--to", f"bundle:{tmp_path / 'out'}", "--where", "name = 'shop'"]
    assert cli.main(words) == 0, capsys.readouterr()
    assert cli.main(["lint", plan]) == 0, capsys.readouterr()


def test_a_vm_is_told_with_the_ways_to_read_it(added: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["refresh", "vc01"]) == 0
    capsys.readouterr()
    assert cli.main(["describe", "vm", "shop"]) == 0
    told = capsys.readouterr().out
    assert told.partition("reading its disks, once it is off:\n")[2].splitlines() == [
        "  vddk: VMware's library is not configured: MTV_VDDK=DIR",
        "  folder: chosen; from host DC0_C0_H0 where it answers, else by the vCenter",
        "  export: open; folder is taken",
        "  ssh: behind a vCenter, hosts are not logged in to",
    ]


def test_a_plan_may_name_a_way_that_is_open_and_no_other(
    added: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.main(["refresh", "vc01"]) == 0
    plan = tmp_path / "plan.yaml"
    words = ["create", "plan", str(plan), "--from", "vc01", "--to", f"bundle:{tmp_path / 'out'}"]
    assert cli.main([*words, "--where", "name = 'shop'"]) == 0
    text = plan.read_text()
    plan.write_text(f"{text}read: export\n")
    capsys.readouterr()
    assert cli.main(["describe", "vm", "shop", "--plan", str(plan)]) == 0
    assert "  export: chosen" in capsys.readouterr().out
    plan.write_text(f"{text}read: ssh\n")
    assert cli.main(["lint", str(plan)]) == 2
    said = capsys.readouterr()
    assert "'shop' cannot be read by 'ssh': behind a vCenter" in said.out + said.err


def test_all_is_read_again_when_asked(added: Path, admin: Any, vc: VCenter, capsys: pytest.CaptureFixture[str]) -> None:
    """What the light scan does not see: here a guest's own name."""
    assert cli.main(["refresh", "vc01"]) == 0
    [shop] = find(admin, "shop")
    vc.put(shop, "guest.hostName", "shop.example")
    for words, seen in ((["refresh", "vc01"], ""), (["refresh", "--full", "vc01"], "shop.example")):
        assert cli.main(words) == 0
        capsys.readouterr()
        assert cli.main(["get", "vms", "--where", "name = 'shop'", "-o", "json"]) == 0
        assert json.loads(capsys.readouterr().out)[0]["hostname"] == seen


def test_a_check_names_what_the_second_account_lacks(
    added: Path, admin: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    allow(admin, COPY, FOLDER.given)
    cli.main(["check", "provider", "vc01", "-o", "json"])
    out = capsys.readouterr().out
    told = {one["name"]: one for one in json.loads(out)}
    assert "rights" not in told, out
    assert told["login"]["ok"]
    assert told["rights to steer"]["ok"]
    assert "VApp.Export" in told["way export"]["text"]


def test_no_password_is_in_the_store(added: Path) -> None:
    cli.main(["refresh", "vc01"])
    data = b"".join(file.read_bytes() for file in added.parent.iterdir() if file.is_file())
    assert b"VC_PASSWORD" in data
    assert not any(word.encode() in data for word in PASSWORDS.values())


def test_a_login_is_remembered(added: Path, vc: VCenter) -> None:
    with Store(added) as store:
        row = inventory.provider(store, "vc01")
    assert row is not None
    assert (row.user, row.copy_user, row.copy_secret, row.insecure) == (ADMIN, COPY, "env:VC_COPY", 0)
    assert row.fingerprint == vc.certificate.sha256


def test_a_folder_of_ovas_is_not_logged_in_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MTV_STORE", str(tmp_path / "store.db"))
    words = ["add", "provider", "exports", str(tmp_path), "--kind", "ova"]
    assert cli.main([*words, "--fingerprint", "ab" * 32]) == 2
    assert "nothing of kind 'ova' is logged in to" in capsys.readouterr().err
    assert cli.main(words) == 0
    assert Login() == Login(user="")


def test_roles_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["describe", "role", "--kind", "vsphere", "--way", "export"]) == 0
    assert "VApp.Export" in capsys.readouterr().out
    assert cli.main(["describe", "role", "--kind", "vsphere"]) == 0
    assert capsys.readouterr().out.count("\nPowerCLI:") == 4
    assert cli.main(["describe", "role", "--kind", "memory"]) == 2
    assert cli.main(["describe", "role", "--kind", "vsphere", "--way", "magic"]) == 2
