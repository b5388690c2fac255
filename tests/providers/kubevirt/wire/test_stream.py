"""A streamed answer, line by line, and its ends."""

import threading
from collections.abc import Callable

import pytest

from mtv.errors import MtvError, Temporary
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api
from tests.providers.kubevirt.fake import FakeApiServer, Said, Time, api_of, status

LOG = "/api/v1/namespaces/shop/pods/mtv-1/log"
PLAIN = {"Content-Type": "text/plain"}


@pytest.fixture
def api(fake: FakeApiServer, time: Time) -> Api:
    return api_of(fake.kubeconfig(), time)


def test_lines_come_whole_and_the_last_one_needs_no_end(fake: FakeApiServer, api: Api) -> None:
    long = b"x" * 200_000
    fake.scripted.append(Said(200, b"one\n\n" + long + b"\nlast", PLAIN))
    assert list(api.lines(LOG, {"follow": "true"})) == [b"one", b"", long, b"last"]
    assert fake.requests[0].query == {"follow": "true"}
    assert fake.requests[0].headers["Accept"] == "*/*"


def test_nothing_at_all_is_no_line(fake: FakeApiServer, api: Api) -> None:
    fake.scripted.append(Said(200, b"", PLAIN))
    assert list(api.lines(LOG)) == []


def test_a_stream_that_is_cut_is_no_end(fake: FakeApiServer, api: Api) -> None:
    fake.scripted.append(Said(200, b"one\ntwo\nthree\nfour\n", PLAIN, cut=True))
    stream = api.lines(LOG)
    assert next(stream) == b"one"
    with pytest.raises(Temporary):
        list(stream)


def test_a_stream_that_says_nothing_more_is_given_up(fake: FakeApiServer, api: Api) -> None:
    fake.scripted.append(Said(200, b"one\n", PLAIN, hangs=True))
    stream = api.lines(LOG, stall_s=0.05)
    assert next(stream) == b"one"
    with pytest.raises(Temporary) as caught:
        next(stream)
    assert caught.value.fault.code == "kubevirt.timeout"
    with pytest.raises(StopIteration):
        next(stream)


def test_whoever_waits_for_a_line_is_woken_by_close(fake: FakeApiServer, api: Api) -> None:
    fake.scripted.append(Said(200, b"one\n", PLAIN, hangs=True))
    stream, found = api.lines(LOG), []
    first = threading.Event()

    def read() -> None:
        for line in stream:
            found.append(line)
            first.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert first.wait(10)
    stream.close()
    reader.join(10)
    assert not reader.is_alive()
    assert found == [b"one"]


def test_a_line_without_an_end_has_a_limit(fake: FakeApiServer, api: Api) -> None:
    fake.scripted.append(Said(200, b"x" * 300_000, PLAIN))
    with pytest.raises(MtvError) as caught:
        next(api.lines(LOG, limit_bytes=100_000))
    assert caught.value.fault.code == "kubevirt.too-large"


@pytest.mark.parametrize(
    ("said", "check"),
    [
        (Said(404, status(404, "NotFound", "no such pod")), lambda found: found.code == 404),
        (Said(400, status(400, "BadRequest", "container is waiting to start")), lambda found: found.code == 400),
    ],
)
def test_a_stream_that_is_refused_says_why(
    fake: FakeApiServer, api: Api, said: Said, check: Callable[[Status], bool]
) -> None:
    fake.scripted.append(said)
    with pytest.raises(Status) as caught:
        api.lines(LOG)
    assert check(caught.value)


def test_opening_one_is_tried_again_while_the_server_is_away(fake: FakeApiServer, api: Api, time: Time) -> None:
    fake.scripted += [Said(503, status(503, "Unavailable")), Said(200, b"one\n", PLAIN)]
    assert list(api.lines(LOG)) == [b"one"]
    assert time.slept == [0.5]
