"""`mtv check provider` against a real API server: what is there, what is missing, and the line that mends it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from mtv.cli import cli, main
from mtv.model.estate import Level
from tests.kube.cluster import Namespace
from tests.kube.waiting import until
from tests.providers.kubevirt.telling import check, rules


def cluster_role() -> list[dict[str, Any]]:
    """What `mtv describe role` prints, as an admin would apply it."""
    done = CliRunner().invoke(cli, ["describe", "role", "--kind", "kubevirt"], catch_exceptions=False)
    role, binding, *_ = yaml.safe_load_all(done.stdout)
    assert (role["kind"], binding["kind"], binding["roleRef"]["name"]) == (
        "ClusterRole", "ClusterRoleBinding", role["metadata"]["name"],
    )  # fmt: skip
    found: list[dict[str, Any]] = role["rules"]
    return found


def test_the_printed_role_is_enough(kube: Namespace) -> None:
    found = check(kube.account("mtv", cluster_rules=cluster_role()))
    assert found["rights"].ok
    assert f"system:serviceaccount:{kube.name}:mtv" in found["login"].text
    assert found["Kubernetes"].text == "Kubernetes v1.34.4"
    assert found["namespace"].text == f"namespace '{kube.name}' is there, with Pod Security 'restricted'"
    assert (found["validity"].ok, found["validity"].level) == (False, Level.WARNING)
    assert [name for name in found if name.startswith("right ")] == []


def test_each_right_that_is_missing_is_named_with_the_line_that_adds_it(kube: Namespace) -> None:
    """An account that may do nothing: the lines of the fixes, together, are what it lacks."""
    account = kube.account("nobody")
    found = [one for one in check(account).values() if one.name.startswith("right ")]
    lines = [one.fix for one in found]
    assert '- {apiGroups: ["kubevirt.io"], resources: ["virtualmachines"], verbs: ["list"]}' in lines
    (needed,) = [one for one in found if one.name == "right list virtualmachines.kubevirt.io"]
    assert (needed.level, needed.text) == (Level.CRITICAL, "it may list virtualmachines.kubevirt.io nowhere (VMs)")
    mended = check(kube.account("mended", cluster_rules=yaml.safe_load("\n".join(lines))))
    assert mended["rights"].ok


def test_a_right_in_one_namespace_is_half_a_right(kube: Namespace) -> None:
    rule = {"apiGroups": ["kubevirt.io"], "resources": ["virtualmachines"], "verbs": ["list"]}
    found = check(kube.account("half", [rule]))["right list virtualmachines.kubevirt.io"]
    assert (found.level, found.text) == (
        Level.WARNING, f"it may list virtualmachines.kubevirt.io only in namespace '{kube.name}' (VMs)",
    )  # fmt: skip


def test_a_namespace_that_is_not_there(kube: Namespace) -> None:
    found = check(kube.account("mtv", cluster_rules=rules()), "?namespace=no-such-place")["namespace"]
    assert (found.ok, found.level) == (False, Level.CRITICAL)
    assert "kubectl create namespace no-such-place" in found.fix


def test_a_namespace_that_is_being_deleted(kube: Namespace) -> None:
    """A claim that a finalizer holds keeps it so."""
    name = f"{kube.name}-gone"
    kube.api.create("namespaces", None, {"metadata": {"name": name}})
    held = {"metadata": {"name": "held", "finalizers": ["mtv.test/hold"]}, "data": {}}
    kube.api.create("configmaps", name, held)
    try:
        kube.api.delete("namespaces", None, name)
        until(kube.api, "namespaces", None, name, lambda one: one["status"]["phase"] == "Terminating")
        found = check(kube.account("mtv", cluster_rules=rules()), f"?namespace={name}")["namespace"]
        assert (found.ok, found.level) == (False, Level.CRITICAL)
        assert found.text.startswith(f"namespace '{name}' is being deleted: nothing can be made in it")
    finally:
        where = f"/api/v1/namespaces/{name}/configmaps/held"
        kube.api.want("PATCH", where, {"metadata": {"finalizers": None}}, "application/merge-patch+json")


def test_a_token_that_the_cluster_does_not_believe(kube: Namespace, capsys: pytest.CaptureFixture[str]) -> None:
    kubeconfig = kube.cluster.write("stranger", {"token": "no-such-token"}, kube.name)
    assert main(["check", "provider", f"kubevirt:{kubeconfig}"]) == 4
    said = capsys.readouterr().err
    assert "the cluster does not let 'test' in: its login is not known there, or was revoked" in said
    assert "no-such-token" not in said


def test_the_command_tells_it_as_json(kube: Namespace, capsys: pytest.CaptureFixture[str]) -> None:
    account = kube.account("mtv", cluster_rules=rules())
    code = main(["check", "provider", f"kubevirt:{account}", "-o", "json"])
    told = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert told["login"]["ok"] is True
    assert code == (4 if any(not row["ok"] and row["level"] == "critical" for row in told.values()) else 0)


def test_openshifts_constraints_are_judged_by_the_pods_own_account(kube: Namespace) -> None:
    """SCCs of OpenShift's own definition; nothing here enforces them."""
    path = "security.openshift.io/v1/securitycontextconstraints"
    account = kube.account("mtv", cluster_rules=rules())
    assert check(account)["SCC"].level == Level.WARNING
    scc = {
        "apiVersion": "security.openshift.io/v1", "kind": "SecurityContextConstraints",
        "metadata": {"name": f"fit-{kube.name}"}, "runAsUser": {"type": "MustRunAsNonRoot"},
        "users": [f"system:serviceaccount:{kube.name}:default"], "groups": [], "volumes": ["*"],
        "allowHostDirVolumePlugin": False, "allowHostIPC": False, "allowHostNetwork": False, "allowHostPID": False,
        "allowHostPorts": False, "allowPrivilegedContainer": False, "readOnlyRootFilesystem": False,
        "allowedCapabilities": [], "defaultAddCapabilities": [], "requiredDropCapabilities": [], "priority": None,
    }  # fmt: skip
    kube.api.create(path, None, scc)
    try:
        assert check(account)["SCC"].text == (f"Pods of namespace '{kube.name}' may run as user 107 by fit-{kube.name}")
    finally:
        kube.api.delete(path, None, f"fit-{kube.name}")


def test_a_client_certificate_logs_in(kube: Namespace) -> None:
    """The administrator's own."""
    assert check(kube.cluster.kubeconfig)["rights"].ok


def test_a_token_that_is_given_is_used_instead(
    kube: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = yaml.safe_load(kube.account("mtv", cluster_rules=rules()).read_text())
    monkeypatch.setenv("LAB_TOKEN", told["users"][0]["user"].pop("token"))
    monkeypatch.setenv("MTV_DATA", str(tmp_path / "data"))
    file = tmp_path / "without"
    file.write_text(yaml.safe_dump(told))
    assert main(["check", "provider", f"kubevirt:{file}"]) == 4
    assert main(["add", "provider", "lab", "--kind", "kubevirt", str(file), "--secret", "env:LAB_TOKEN"]) == 0
    assert main(["refresh", "lab"]) == 0
    assert "1 cluster" in capsys.readouterr().err
    assert os.environ["LAB_TOKEN"].encode() not in (tmp_path / "data/store.db").read_bytes()
