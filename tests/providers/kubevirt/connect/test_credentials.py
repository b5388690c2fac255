"""Logins of each sort reach the server, are renewed where they can be, and are named when they ran out."""

import base64
import json
import os
import time as clock
from pathlib import Path

import pytest

from mtv.errors import CheckFailed, MtvError, Refused, Temporary
from mtv.providers.kubevirt.connect import plugin
from mtv.providers.kubevirt.connect.access import Access, Plugin, User
from tests.providers.kubevirt.fake import FakeApiServer, Said, api_of, status

VERSION = "client.authentication.k8s.io/v1"


def jwt(until: float) -> str:
    parts = [json.dumps(one).encode() for one in ({"alg": "RS256"}, {"exp": int(until)})]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "sig"])


def program(folder: Path, text: str) -> str:
    file = folder / "plugin.sh"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


def answer(**status_: str) -> str:
    told = {"apiVersion": VERSION, "kind": "ExecCredential", "status": status_}
    return f"cat <<'END'\n{json.dumps(told)}\nEND"


def asked(command: str, limit_s: float = 10, **more: object) -> plugin.Login:
    said = Plugin(command=command, **more)  # type: ignore[arg-type]
    return plugin.ask(said, Access(where="lab", server="https://x", user=User(plugin=said)), limit_s)


def headers(fake: FakeApiServer) -> list[str | None]:
    return [request.headers.get("Authorization") for request in fake.requests]


def test_a_token_that_is_rotated_is_read_again(fake: FakeApiServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one\n")
    api = api_of(fake.kubeconfig({"tokenFile": str(file)}))
    api.get("/version")
    file.write_text("two\n")
    api.get("/version")
    assert headers(fake) == ["Bearer one", "Bearer two"]


def test_a_token_file_that_is_gone(fake: FakeApiServer, tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        api_of(fake.kubeconfig({"tokenFile": str(tmp_path / "absent")})).get("/version")
    assert caught.value.fault.code == "kubeconfig.token-file"


def test_a_token_that_ran_out_is_told_so(fake: FakeApiServer) -> None:
    fake.answer = lambda request: Said(401, status(401, "Unauthorized", "Unauthorized"))
    with pytest.raises(CheckFailed, match="its token ran out at 2001-09-09T01:46:40"):
        api_of(fake.kubeconfig({"token": jwt(1e9)})).get("/version")


def test_a_client_certificate_that_ran_out_is_told_so(fake: FakeApiServer, tmp_path: Path) -> None:
    made = fake.authority.issue("jane", days=-1)
    fake.answer = lambda request: Said(401, status(401, "Unauthorized", "Unauthorized"))
    with pytest.raises(CheckFailed, match="its client certificate ran out at"):
        api_of(fake.kubeconfig({"client-certificate": str(made.file), "client-key": str(made.key)})).get("/version")


def test_a_certificate_of_one_and_a_key_of_another(fake: FakeApiServer) -> None:
    one, other = fake.authority.issue("one"), fake.authority.issue("other")
    with pytest.raises(Refused) as caught:
        api_of(fake.kubeconfig({"client-certificate": str(one.file), "client-key": str(other.key)})).get("/version")
    assert caught.value.fault.code == "kubeconfig.certificate"


def test_account_and_groups_that_are_acted_for(fake: FakeApiServer) -> None:
    api_of(fake.kubeconfig({"username": "u", "password": "p", "as": "jane", "as-groups": ["ops"]})).get("/version")
    told = fake.requests[0].headers
    assert (told["Authorization"], told["Impersonate-User"], told["Impersonate-Group"]) == (
        f"Basic {base64.b64encode(b'u:p').decode()}", "jane", "ops",
    )  # fmt: skip


def test_a_plugin_is_asked_once_and_again_when_it_is_refused(fake: FakeApiServer, tmp_path: Path) -> None:
    count = tmp_path / "count"
    told = answer(token="tok-N").replace("<<'END'", "<<END").replace("tok-N", f"tok-$(wc -c < {count} | tr -d ' ')")
    command = program(tmp_path, f"printf x >> {count}\n{told}")
    api = api_of(fake.kubeconfig({"exec": {"apiVersion": VERSION, "command": command}}))
    api.get("/version")
    api.get("/version")
    fake.scripted.append(Said(401, status(401, "Unauthorized")))
    api.get("/version")
    assert headers(fake) == ["Bearer tok-1", "Bearer tok-1", "Bearer tok-1", "Bearer tok-2"]


def test_a_plugin_whose_token_ends_soon_is_asked_again(fake: FakeApiServer, tmp_path: Path) -> None:
    count = tmp_path / "count"
    soon = answer(token="t", expirationTimestamp="2001-01-01T00:00:00Z")
    api = api_of(
        fake.kubeconfig({"exec": {"apiVersion": VERSION, "command": program(tmp_path, f"printf x >> {count}\n{soon}")}})
    )
    api.get("/version")
    before = len(count.read_text())
    api.get("/version")
    assert len(count.read_text()) == before + 1


def test_a_plugin_is_told_where_and_given_its_environment(tmp_path: Path) -> None:
    out = tmp_path / "told"
    command = program(
        tmp_path, f'printf "%s %s %s" "$1" "$PROFILE" "$KUBERNETES_EXEC_INFO" > {out}\n{answer(token="t")}'
    )
    assert asked(command, arguments=("get",), environment={"PROFILE": "dev"}, wants_cluster=True).token == "t"
    first, profile, info = out.read_text().split(" ", 2)
    assert (first, profile) == ("get", "dev")
    assert json.loads(info)["spec"] == {"interactive": False, "cluster": {"server": "https://x"}}


@pytest.mark.parametrize(
    ("script", "kind", "code"),
    [
        ("echo 'session is over' >&2; exit 3", CheckFailed, "plugin.failed"),
        ("echo no-json", CheckFailed, "plugin.answer"),
        ("echo '{}'", CheckFailed, "plugin.answer"),
        (answer(), CheckFailed, "plugin.answer"),
        (answer(token="t", expirationTimestamp="soon"), CheckFailed, "plugin.answer"),
    ],
)
def test_plugins_that_fail(tmp_path: Path, script: str, kind: type[MtvError], code: str) -> None:
    with pytest.raises(kind) as caught:
        asked(program(tmp_path, script))
    assert caught.value.fault.code == code


def test_a_failing_plugin_is_quoted_and_its_output_is_not(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="status 3: session is over") as caught:
        asked(program(tmp_path, "echo tok-secret; echo 'session is over' >&2; exit 3"))
    assert "tok-secret" not in str(caught.value)


def test_a_plugin_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    began = clock.monotonic()
    with pytest.raises(Temporary) as caught:
        asked(program(tmp_path, f"sleep 600 & echo $! > {pid}; wait"), limit_s=0.5)
    assert caught.value.fault.code == "plugin.timeout"
    assert clock.monotonic() - began < 8
    left = Path(f"/proc/{pid.read_text().strip()}/stat")
    assert not left.exists() or left.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_plugin_that_is_missing_says_how_to_get_it() -> None:
    with pytest.raises(CheckFailed) as caught:
        asked("no-such-plugin", hint="install the cloud's tool")
    assert (caught.value.fault.code, caught.value.fault.hint) == ("plugin.missing", "install the cloud's tool")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"version": "client.authentication.k8s.io/v1alpha1"}, "plugin.version"),
        ({"interactive": "Always"}, "plugin.interactive"),
    ],
)
def test_plugins_that_are_not_served(more: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as caught:
        asked("true", **more)  # type: ignore[arg-type]
    assert caught.value.fault.code == code


def test_no_key_is_written_to_a_disk(fake: FakeApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    made = fake.authority.issue("jane")
    pem = {name: base64.b64encode(file.read_bytes()).decode() for name, file in
           (("client-certificate-data", made.file), ("client-key-data", made.key))}  # fmt: skip
    assert api_of(fake.kubeconfig(pem)).get("/version")
    assert os.listdir(temporary) == []
