"""The commands that know a cluster, and those that refuse it by name. No cluster is asked."""

import shutil
from pathlib import Path

import pytest
import yaml

from mtv.cli import main

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTV_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(list(words))
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def test_a_context_is_remembered_as_it_is_and_a_path_for_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "conf").write_text("{}")
    assert main(["add", "provider", "one", "--kind", "kubevirt", "default/api-lab:6443/admin"]) == 0
    assert main(["add", "provider", "two", "--kind", "kubevirt", "conf#lab?namespace=vms"]) == 0
    _, shown = said(capsys, "get", "providers", "--columns", "address", "-o", "csv")
    assert "default/api-lab:6443/admin" in shown.splitlines()
    assert f"{tmp_path}/conf#lab?namespace=vms" in shown.splitlines()


def test_a_url_is_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = said(capsys, "add", "provider", "one", "--kind", "kubevirt", "https://api.lab:6443")
    assert (code, "is a URL: a cluster is named by a context" in shown) == (2, True)


def test_without_a_kubeconfig_it_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["check", "provider", "kubevirt:lab"], ["refresh", "kubevirt:lab"]):
        code, shown = said(capsys, *words)
        assert (code, "there is no kubeconfig at" in shown, "set KUBECONFIG" in shown) == (2, True, True)


def test_a_target_that_keeps_only_what_is_moved_has_no_inventory(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = said(capsys, "refresh", "bundle:out")
    assert (code, "kind 'bundle' only keeps what is moved there" in shown) == (2, True)


def test_roles_have_names(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = said(capsys, "describe", "role", "--kind", "kubevirt", "--way", "admin")
    assert (code, "there is no role 'admin': there are read, move" in shown) == (2, True)


def test_a_plan_for_a_cluster_is_linted_without_one_and_files_of_this_machine_are_out_of_reach(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    plan = yaml.safe_load((tmp_path / "examples/ova.yaml").read_text())
    plan |= {"target": "kubevirt:lab", "namespace": "finance", "storage": [{"from": "*", "to": "gold"}]}
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan))
    code, shown = said(capsys, "lint", "plan.yaml")
    assert code == 0, shown
    code, shown = said(capsys, "run", "plan.yaml")
    assert (code, "is files of this machine, and the workers of 'kubevirt:lab' run in its Pods" in shown) == (2, True)
