"""Workers as Jobs of a real cluster, with Pod Security restricted enforced and its own controllers."""

from collections.abc import Callable

import pytest

from mtv.errors import Temporary
from mtv.model.tasks import worker_name
from mtv.providers.kubevirt.jobs.crew import Crew
from mtv.providers.kubevirt.jobs.places import lease_name, of_worker
from tests.kube.waiting import until
from tests.providers.kubevirt.jobs.conftest import DONE, HELLO, WAIT, Engine, ended, run, scripted

WORKER = worker_name("r-1", "s/vm-1", "transfer", 1)
JOBS, LEASES = "batch/v1/jobs", "coordination.k8s.io/v1/leases"


def test_a_worker_is_heard_to_its_end_and_its_job_is_removed(engine: Engine) -> None:
    crew = engine.crew(f"cat /task/secrets/password >/dev/null && echo {HELLO}; echo rubbish; echo {DONE}")
    events, told = engine.work(crew)
    assert [event.type for event in events] == ["hello", "end"]
    assert (told.outcome, told.bytes) == ("done", 7)
    until(engine.kube.api, JOBS, engine.kube.name, WORKER, None)
    until(engine.kube.api, "secrets", engine.kube.name, f"{WORKER}-task", None)


def test_the_secret_is_in_no_other_object(engine: Engine) -> None:
    api, name = engine.kube.api, engine.kube.name
    crew = engine.crew(WAIT)

    async def look() -> str:
        await crew.start(scripted(), {"password": b"hunter2-of-the-test"})
        kinds = ("pods", JOBS, LEASES, "configmaps", "events", "serviceaccounts")
        said = str([api.items(kind, name) for kind in kinds])
        await crew.stop(WORKER)
        return said

    assert "hunter2" not in run(look())


def test_what_ends_without_a_word_is_told_by_its_pod(engine: Engine) -> None:
    events, told = engine.work(engine.crew(f"echo {HELLO}; echo it went wrong >&2; exit 3"))
    assert ended(events) == told
    assert told.fault
    assert (told.outcome, told.fault.code) == ("temporary", "worker.died")
    assert "status 3" in told.fault.text
    assert "it went wrong" in told.fault.text


def test_a_lapsed_lease_is_told_from_other_deaths(engine: Engine) -> None:
    _, told = engine.work(engine.crew("exit 86"))
    assert told.fault
    assert told.fault.code == "worker.lease-lapsed"


def test_no_second_worker_starts_while_the_first_may_write(engines: Callable[[], Engine]) -> None:
    first, second = engines(), engines()

    async def both() -> None:
        one, other = first.crew(WAIT), second.crew(f"echo {DONE}")
        await one.start(scripted(), {})
        until(
            first.kube.api, "pods", first.kube.name, first_pod(first), lambda pod: pod["status"]["phase"] == "Running"
        )
        with pytest.raises(Temporary, match="was not seen to end"):
            await other.start(scripted(2), {})
        ended = await other.stop(WORKER)  # the other engine's worker, found by its name
        assert ended.outcome == "cancelled"
        worker = await other.start(scripted(2), {})
        assert [event.type async for event in other.events(worker)] == ["end"]
        lease = first.kube.api.get(LEASES, first.kube.name, lease_name(of_worker(WORKER)))
        assert lease["spec"]["holderIdentity"] == worker
        assert lease["metadata"]["annotations"]["mtv/epoch"] == "2"

    run(both())


def first_pod(engine: Engine) -> str:
    for _, found in engine.kube.api.watch("pods", engine.kube.name, timeout_s=20):
        return str(found["metadata"]["name"])
    raise AssertionError("no Pod was made")


def test_a_worker_never_seen_is_no_error(engine: Engine) -> None:
    crew: Crew = engine.crew("true")

    async def ask() -> None:
        assert (await crew.stop(WORKER)).outcome == "cancelled"
        assert [event.type async for event in crew.events(WORKER)] == ["end"]

    run(ask())


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"image": "localhost/none:1"}, "worker.image"),
        ({"image": "not a name"}, "worker.image"),
        ({"nodes": {"there": "is-none"}}, "worker.unschedulable"),
        ({"memory": "900Ti"}, "worker.unschedulable"),
        ({"ca_bundle": "none"}, "worker.config"),
    ],
)
def test_what_keeps_a_worker_from_starting_is_named(engine: Engine, choice: dict[str, object], code: str) -> None:
    _, told = engine.work(engine.crew("true", **choice))
    assert told.fault
    assert (told.outcome, told.fault.code) == ("hold", code)
