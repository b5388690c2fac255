"""Kubeconfigs as kubectl reads them, and each way in which one can be wrong."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import Refused
from mtv.providers.kubevirt.connect import inside
from mtv.providers.kubevirt.connect.access import Access
from mtv.providers.kubevirt.connect.address import Address, read_address, settled
from mtv.providers.kubevirt.connect.inside import find
from mtv.providers.kubevirt.connect.kubeconfig import Files, access


def config(**more: Any) -> dict[str, Any]:
    return {
        "current-context": "lab",
        "contexts": [{"name": "lab", "context": {"cluster": "c1", "user": "u1", "namespace": "finance"}}],
        "clusters": [{"name": "c1", "cluster": {"server": "https://api.lab:6443"}}],
        "users": [{"name": "u1", "user": {"token": "t1"}}],
        **more,
    }


def write(path: Path, told: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(told if isinstance(told, str) else yaml.safe_dump(told))
    return path


def read(path: Path, more: str = "") -> Access:
    return find(read_address(f"{path}{more}"))


def code(path: Path, more: str = "") -> str:
    with pytest.raises(Refused) as caught:
        read(path, more)
    return caught.value.fault.code


def test_the_current_context_of_a_file(tmp_path: Path) -> None:
    found = read(write(tmp_path / "k", config()))
    assert (found.where, found.server, found.namespace, found.user.token) == (
        "lab", "https://api.lab:6443", "finance", "t1",
    )  # fmt: skip
    assert "t1" not in repr(found)


def test_a_namespace_of_the_address_wins(tmp_path: Path) -> None:
    assert read(write(tmp_path / "k", config()), "?namespace=hr").namespace == "hr"


def test_files_are_merged_and_the_first_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = write(tmp_path / "one", {"users": [{"name": "u1", "user": {"token": "first"}}]})
    two = write(tmp_path / "two", config())
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([str(one), str(tmp_path / "absent"), str(two)]))
    assert find(read_address("lab")).user.token == "first"
    assert find(read_address("")).where == "lab"


def test_without_a_word_it_is_the_home_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path.home() / ".kube/config", config())
    assert find(read_address("")).where == "lab"


def test_paths_begin_at_their_own_file(tmp_path: Path) -> None:
    told = config(users=[{"name": "u1", "user": {"tokenFile": "secrets/token", "client-key": "/abs/key"}}])
    user = read(write(tmp_path / "sub/k", told)).user
    assert (user.token_file, user.key_file) == (str(tmp_path / "sub/secrets/token"), "/abs/key")


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ("{a: [", "kubeconfig.unreadable"),
        ("- a\n- b\n", "kubeconfig.unreadable"),
        ({}, "kubeconfig.context"),
        (config(contexts=[]), "kubeconfig.context"),
        (config(clusters=[]), "kubeconfig.cluster"),
        (config(clusters=[{"name": "c1", "cluster": {}}]), "kubeconfig.cluster"),
        (config(users=[]), "kubeconfig.user"),
        (config(users=[{"name": "u1", "user": {"auth-provider": {"name": "gcp"}}}]), "kubeconfig.auth-provider"),
        (config(users=[{"name": "u1", "user": {"as": "x", "as-uid": "7"}}]), "kubeconfig.impersonation"),
        (config(users=[{"name": "u1", "user": {"client-key-data": "%%%"}}]), "kubeconfig.data"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, told: object, wrong: str) -> None:
    assert code(write(tmp_path / "k", told)) == wrong


def test_a_missing_kubeconfig_and_a_folder(tmp_path: Path) -> None:
    assert code(tmp_path / "absent") == "kubeconfig.missing"
    assert code(tmp_path) == "kubeconfig.unreadable"


def test_contexts_that_there_are_are_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no context 'prod'") as caught:
        read(write(tmp_path / "k", config()), "#prod")
    assert caught.value.fault.hint == "there are: lab"


def test_what_a_broken_file_holds_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        read(write(tmp_path / "k", "token: 'very-secret\nx: ["))
    assert "very-secret" not in str(caught.value)


def test_a_bomb_of_references_is_no_harm(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert code(write(tmp_path / "k", "\n".join(lines))) == "kubeconfig.context"


def test_in_a_pod_without_a_kubeconfig_it_is_its_own_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "FOLDER", tmp_path)
    write(tmp_path / "token", "pod-token")
    write(tmp_path / "namespace", "tools\n")
    with pytest.raises(Refused, match="no kubeconfig"):
        find(Address())
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    found = find(Address())
    assert (found.server, found.namespace, found.user.token_file) == (
        "https://[fd00::1]:443", "tools", str(tmp_path / "token"),
    )  # fmt: skip
    assert find(Address(context="in-cluster", namespace="hr")).namespace == "hr"


def test_outside_of_a_pod_there_is_no_account_of_its_own() -> None:
    with pytest.raises(Refused) as caught:
        find(Address(context="in-cluster"))
    assert caught.value.fault.code == "kubeconfig.not-in-cluster"


def test_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "conf", config())
    assert read_address("default/api-lab:6443/admin") == Address("default/api-lab:6443/admin")
    assert read_address("conf#x?namespace=n1") == Address("x", str(tmp_path / "conf"), "n1")
    assert settled("conf#x?namespace=n1") == f"{tmp_path}/conf#x?namespace=n1"
    assert settled("prod?namespace=n1") == "prod?namespace=n1"


@pytest.mark.parametrize("wrong", ["https://api.lab:6443", "lab?namespace=", "lab?namespace=A", "lab?ns=x"])
def test_addresses_that_are_none(wrong: str) -> None:
    with pytest.raises(Refused) as caught:
        read_address(wrong)
    assert caught.value.fault.code == "kubevirt.address"


_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
_ANY = st.recursive(
    _SCALARS, lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=8), some, max_size=3)
)
_NAMES = st.sampled_from(["lab", "c1", "u1"]) | _ANY


def _listed(key: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.fixed_dictionaries({"name": _NAMES, key: st.fixed_dictionaries(fields) | _ANY}), max_size=3)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "current-context": _NAMES,
            "contexts": _listed("context", cluster=_NAMES, user=_NAMES),
            "clusters": _listed("cluster", server=_ANY),
            "users": _listed("user", exec=_ANY, token=_ANY),
        },
    )
)
def test_any_shape_is_read_or_refused(told: dict[str, object]) -> None:
    try:
        found: object = access(Files("k", [(Path("/k"), told)]), Address())
    except Refused as error:
        found = error.fault.code.partition(".")[0]
    assert found == "kubeconfig" or isinstance(found, Access)


def test_data_is_what_base64_says(tmp_path: Path) -> None:
    pem = base64.b64encode(b"PEM").decode()
    told = config(clusters=[{"name": "c1", "cluster": {"server": "https://x", "certificate-authority-data": pem}}])
    assert read(write(tmp_path / "k", told)).ca == b"PEM"
