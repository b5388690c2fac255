"""What an API server, or what sits before it, may answer instead: each has an error of its own."""

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.errors import CheckFailed, MtvError, Refused, Temporary
from mtv.providers.kubevirt.connect.access import Access, User
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api
from tests.providers.kubevirt.fake import FakeApiServer, Said, Time, api_of, serving, status
from tests.vcenter.certificates import Authority

LOGIN_PAGE = b"<html><head><title>Corporate login</title></head></html>"


def test_an_object_comes_as_it_is(fake: FakeApiServer) -> None:
    assert api_of(fake.kubeconfig()).get("/version") == {"gitVersion": "v1.34.4"}
    assert fake.requests[0].headers["Authorization"] == "Bearer tok-secret"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (Said(200, LOGIN_PAGE, {"Content-Type": "text/html"}), "kubevirt.not-api"),
        (Said(302, b"", {"Location": "https://sso", "Content-Type": "text/html"}), "kubevirt.not-api"),
        (Said(200, {"kind": "Table", "rows": []}), "kubevirt.table"),
        (Said(200, b"{broken"), "kubevirt.not-json"),
        (Said(200, []), "kubevirt.not-json"),
        (Said(401, status(401, "Unauthorized")), "kubevirt.unauthorized"),
    ],
)
def test_what_no_api_server_says_is_named(fake: FakeApiServer, said: Said, code: str) -> None:
    fake.scripted.append(said)
    with pytest.raises(MtvError) as caught:
        api_of(fake.kubeconfig()).get("/version")
    assert caught.value.fault.code == code
    assert "tok-secret" not in str(caught.value)
    assert len(fake.requests) == 1


def test_a_page_of_a_proxy_is_told_by_its_title(fake: FakeApiServer) -> None:
    fake.scripted.append(Said(200, LOGIN_PAGE, {"Content-Type": "text/html"}))
    with pytest.raises(CheckFailed, match="answers text/html: 'Corporate login'"):
        api_of(fake.kubeconfig()).get("/version")


@pytest.mark.parametrize(
    ("code", "kind", "error"),
    [
        (403, CheckFailed, "kubevirt.forbidden"), (404, MtvError, "kubevirt.not-found"),
        (409, Temporary, "kubevirt.conflict"), (410, Temporary, "kubevirt.expired"),
        (422, MtvError, "kubevirt.invalid"),
    ],
)  # fmt: skip
def test_a_refusal_is_not_asked_again(fake: FakeApiServer, code: int, kind: type[MtvError], error: str) -> None:
    fake.scripted.append(Said(code, status(code, "Reason", "because of that")))
    api = api_of(fake.kubeconfig())
    with pytest.raises(kind, match="because of that") as caught, api.said("the version"):
        api.get("/version")
    assert caught.value.fault.code == error
    assert len(fake.requests) == 1


def test_too_many_requests_wait_as_long_as_they_are_told(fake: FakeApiServer, time: Time) -> None:
    fake.scripted += [
        Said(429, status(429, "TooManyRequests"), {"Retry-After": "7"}),
        Said(429, status(429, "TooManyRequests", details={"retryAfterSeconds": 3})),
        Said(429, status(429, "TooManyRequests"), {"Retry-After": "86400"}),
    ]
    assert api_of(fake.kubeconfig(), time).get("/version")
    assert time.slept == [7, 3, 60]


@pytest.mark.parametrize(
    "said",
    [
        Said(500, status(500, "InternalError", "etcdserver: leader changed")),
        Said(503, b"<html>overloaded</html>", {"Content-Type": "text/html"}),
        Said(504, b"timeout", {"Content-Type": "text/plain"}),
        Said(200, {"gitVersion": "v1.34.4", "padding": "x" * 4000}, cut=True),
    ],
)
def test_what_passes_is_asked_again(fake: FakeApiServer, time: Time, said: Said) -> None:
    fake.scripted.append(said)
    assert api_of(fake.kubeconfig(), time).get("/version") == {"gitVersion": "v1.34.4"}
    assert time.slept == [0.5]


def test_a_server_that_stays_broken_is_named_in_the_end(fake: FakeApiServer, time: Time) -> None:
    fake.answer = lambda request: Said(500, status(500, "InternalError", "no quorum"))
    api = api_of(fake.kubeconfig(), time)
    with pytest.raises(Temporary, match="no quorum") as caught, api.said("the version"):
        api.get("/version")
    assert caught.value.fault.code == "kubevirt.server"
    assert 100 < sum(time.slept) <= 120


def test_an_api_server_that_is_down_for_a_minute_is_waited_for(fake: FakeApiServer, time: Time) -> None:
    api = api_of(fake.kubeconfig(), time)
    api.get("/version")
    api.close()
    fake.down()
    began = time.now

    def at(now: float) -> None:
        if now - began >= 60:
            time.at = lambda now: None
            fake.up()

    time.at = at
    assert api.get("/version") == {"gitVersion": "v1.34.4"}
    assert 60 <= sum(time.slept) <= 75


def test_a_server_that_never_answered_is_not_waited_for(fake: FakeApiServer, time: Time) -> None:
    kubeconfig = fake.kubeconfig(server="https://localhost:1")
    with pytest.raises(Temporary) as caught:
        api_of(kubeconfig, time).get("/version")
    assert caught.value.fault.code == "kubevirt.refused"
    assert time.slept == [0.5, 2.0]


def test_a_certificate_of_another_authority(fake: FakeApiServer, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other").file.read_bytes()
    kubeconfig = fake.kubeconfig(None, "default", **{"certificate-authority-data": base64.b64encode(other).decode()})
    with pytest.raises(CheckFailed) as caught:
        api_of(kubeconfig).get("/version")
    assert caught.value.fault.code == "kubevirt.certificate"
    assert fake.requests == []


def test_a_certificate_that_has_run_out(tmp_path: Path) -> None:
    with serving(tmp_path, days=-1) as fake, pytest.raises(CheckFailed) as caught:
        api_of(fake.kubeconfig()).get("/version")
    assert caught.value.fault.code == "kubevirt.certificate-expired"


def test_a_certificate_of_another_name(fake: FakeApiServer) -> None:
    with pytest.raises(CheckFailed, match="not trusted"):
        api_of(fake.kubeconfig(None, "default", **{"tls-server-name": "api.example.com"})).get("/version")


def test_insecure_is_what_the_kubeconfig_says(fake: FakeApiServer) -> None:
    kubeconfig = fake.kubeconfig(
        None, "default", **{"insecure-skip-tls-verify": True, "certificate-authority-data": ""}
    )
    assert api_of(kubeconfig).get("/version")


def test_plain_http_is_refused_before_the_login_is_sent() -> None:
    with pytest.raises(Refused) as caught:
        Api(Access(where="lab", server="http://api.example.com:8080", user=User(token="t")))
    assert caught.value.fault.code == "kubeconfig.plain"


@pytest.fixture
def plain() -> Iterator[Callable[[bytes], int]]:
    """A server on loopback that says some bytes to whoever connects."""
    sockets = []

    def start(says: bytes) -> int:
        listening = socket.create_server(("127.0.0.1", 0))
        sockets.append(listening)

        def serve() -> None:
            while True:
                try:
                    one, _ = listening.accept()
                except OSError:
                    return
                with one:
                    one.recv(4096)
                    one.sendall(says)

        threading.Thread(target=serve, daemon=True).start()
        return int(listening.getsockname()[1])

    yield start
    for one in sockets:
        one.shutdown(socket.SHUT_RDWR)
        one.close()


def test_a_server_without_tls(fake: FakeApiServer, plain: Callable[[bytes], int]) -> None:
    port = plain(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(CheckFailed) as caught:
        api_of(fake.kubeconfig(server=f"https://127.0.0.1:{port}")).get("/version")
    assert caught.value.fault.code == "kubevirt.no-tls"


def test_a_proxy_that_does_not_lead_there(fake: FakeApiServer, plain: Callable[[bytes], int]) -> None:
    port = plain(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(MtvError) as caught:
        api_of(fake.kubeconfig(None, "default", **{"proxy-url": f"http://user:pw-secret@127.0.0.1:{port}"})).get(
            "/version"
        )
    assert caught.value.fault.code == "kubevirt.proxy-refused"
    assert "pw-secret" not in str(caught.value)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "https://127.0.0.1:3128", "http://:99999"])
def test_a_proxy_that_is_not_served_is_named(fake: FakeApiServer, proxy: str) -> None:
    with pytest.raises(Refused) as caught:
        api_of(fake.kubeconfig(None, "default", **{"proxy-url": proxy}))
    assert caught.value.fault.code == "kubeconfig.proxy"


def test_an_answer_has_a_limit(fake: FakeApiServer, time: Time) -> None:
    fake.objects["/version"] = {"gitVersion": "v" * 5000}
    api = api_of(fake.kubeconfig(), time)
    api.limits = replace(api.limits, page_limit_bytes=4096)
    with pytest.raises(MtvError) as caught:
        api.get("/version")
    assert caught.value.fault.code == "kubevirt.too-large"


def test_a_bare_number_is_a_status_too(fake: FakeApiServer) -> None:
    fake.scripted.append(Said(404, b"404 page not found", {"Content-Type": "text/plain; charset=utf-8"}))
    with pytest.raises(Status) as caught:
        api_of(fake.kubeconfig()).get("/nothing")
    assert (caught.value.code, caught.value.message) == (404, "404 page not found")
