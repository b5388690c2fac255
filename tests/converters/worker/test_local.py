"""Workers as processes: what they say is heard, how they end is seen, and a VM never has two."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mtv import codec, process
from mtv.converters.worker import folders, lock
from mtv.converters.worker.local import LocalWorkers
from mtv.errors import MtvError, Refused, Temporary
from mtv.model.estate import Json
from mtv.model.tasks import Ended, Event, Op, Task
from tests.converters.transfer.disks import Disk
from tests.converters.worker import program
from tests.converters.worker.conftest import COMMAND, MakeTask


async def played(workers: LocalWorkers, task: Task, secrets: Mapping[str, bytes] | None = None) -> list[Event]:
    name = await workers.start(task, secrets or {})
    return [event async for event in workers.events(name)]


def ended(events: list[Event]) -> Ended:
    assert [event.type for event in events].count("end") == 1
    assert events[-1].type == "end"
    return codec.load(Ended, events[-1].data)


def play(workers: LocalWorkers, task: Task) -> list[Event]:
    return asyncio.run(played(workers, task))


def test_a_copy_from_hello_to_end(workers: LocalWorkers, task: MakeTask, disk: Disk) -> None:
    events = play(workers, task(zeroed=True))
    assert events[0].type == "hello"
    assert [event.seq for event in events] == sorted({event.seq for event in events})
    end = ended(events)
    assert end.outcome == "done"
    assert end.bytes > 0
    assert end.seconds["work"] > 0
    assert disk.is_equal()
    roots = [event.data for event in events if event.type == "root"]
    assert [(root["disk"], root["offset"]) for root in roots] == [("disk-0", 0)]
    verified = ended(play(workers, task("verify")))
    assert verified.outcome == "done"
    assert verified.facts["read_back"] == "O_DIRECT"
    told = [event.data for event in play(workers, task("journal")) if event.type == "root"]
    assert [root["root"] for root in told] == [root["root"] for root in roots]


@pytest.mark.parametrize("is_there", [True, False])
def test_the_tools_root_is_entered_where_there_is_one_and_else_this_machines_tools_do(
    workers: LocalWorkers, task: MakeTask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_there: bool
) -> None:
    root = tmp_path / "root"
    monkeypatch.setattr("mtv.toolsroot.needed", lambda: True)
    monkeypatch.setenv("MTV_TOOLS_ROOT", str(root))
    entered: list[bool] = []

    def command(argv: list[str], **_: object) -> list[str]:
        entered.append(True)
        return argv

    monkeypatch.setattr("mtv.toolsroot.command", command)
    if is_there:
        (root / "mtv").mkdir(parents=True)
        (root / "mtv/key").write_text("abc")
    assert ended(play(workers, task("inspect", guest={"do": "tell"}))).outcome == "done"
    assert entered == [True] * is_there


def test_large_facts_come_whole(workers: LocalWorkers, task: MakeTask) -> None:
    events = play(workers, task("inspect", guest={"do": "tell"}))
    assert ended(events).facts == {"large": "x" * 100_000, "many": list(range(5000))}
    [facts] = [event.data for event in events if event.type == "facts"]
    assert facts == ended(events).facts


def test_what_others_print_stays_out_of_the_protocol(workers: LocalWorkers, task: MakeTask, disk: Disk) -> None:
    one = task("inspect", guest={"do": "shout"})
    assert ended(play(workers, one)).outcome == "done"
    assert (folders.task_folder(one) / "worker.log").read_text().splitlines()[-2:] == ["out", "err"]


def test_a_defect_is_permanent_and_its_log_is_told(workers: LocalWorkers, task: MakeTask) -> None:
    events = play(workers, task("inspect", guest={"do": "raise"}))
    end = ended(events)
    assert end.outcome == "permanent"
    assert end.fault
    assert end.fault.code == "worker.defect"
    assert "RuntimeError: something that nobody thought of" in end.fault.text
    log = "".join(str(event.data["text"]) for event in events if event.type == "log")
    assert "Traceback" in log


@pytest.mark.parametrize(("what", "text"), [("die", "ended with status 7"), ("kill", "was killed by signal 9")])
def test_a_worker_that_says_no_end_gets_one(workers: LocalWorkers, task: MakeTask, what: str, text: str) -> None:
    async def scene() -> Ended:
        name = await workers.start(task("inspect", guest={"do": "hang" if what == "kill" else what}), {})
        events = list[Event]()
        async for event in workers.events(name):
            events.append(event)
            if event.type == "hello" and what == "kill":
                os.kill(int(str(event.data["pid"])), signal.SIGKILL)
        assert await workers.stop(name) == ended(events)
        return ended(events)

    end = asyncio.run(scene())
    assert end.outcome == "temporary"
    assert end.fault
    assert text in end.fault.text


def test_a_stop_is_seen_and_what_was_copied_is_kept(workers: LocalWorkers, task: MakeTask, disk: Disk) -> None:
    disk.options = {"filters": "delay", "options": "rdelay=200ms"}

    async def scene() -> Ended:
        name = await workers.start(task(zeroed=True), {})
        async for event in workers.events(name):
            if event.type == "progress" and int(str(event.data["done_bytes"])) > 3 << 20:
                break
        end = await workers.stop(name)
        assert not process.tagged(lock.TAG, str(lock.lock_path(disk.folder)))
        assert [event.type async for event in workers.events(name)][-1] == "end"
        return end

    end = asyncio.run(scene())
    assert end.outcome == "cancelled"
    disk.options = {}
    again = ended(play(workers, task(attempt=2)))
    assert again.outcome == "done"
    assert again.facts["written_bytes"] != 0
    assert disk.is_equal()


@pytest.mark.slow
def test_an_operation_that_does_not_stop_is_ended(workers: LocalWorkers, task: MakeTask) -> None:
    async def scene() -> Ended:
        name = await workers.start(task("inspect", guest={"do": "hang"}), {})
        async for event in workers.events(name):
            if event.type == "hello":
                break
        return await workers.stop(name)

    end = asyncio.run(scene())
    assert end.outcome == "cancelled"
    assert end.fault
    assert "had to be ended" in end.fault.text


def test_what_a_dead_worker_left_is_ended_with_it(workers: LocalWorkers, task: MakeTask, disk: Disk) -> None:
    """A child of a child, in a session of its own: as qemu-nbd after a killed virt-v2v-in-place."""
    path = str(lock.lock_path(disk.folder))

    async def scene() -> None:
        name = await workers.start(task("inspect", guest={"do": "orphan"}), {})
        async for event in workers.events(name):
            if event.type == "hello":
                while len(process.tagged(lock.TAG, path)) < 2:
                    await asyncio.sleep(0.01)
                os.kill(int(str(event.data["pid"])), signal.SIGKILL)

    asyncio.run(scene())
    assert process.tagged(lock.TAG, path) == []


def test_a_second_writer_is_refused(workers: LocalWorkers, task: MakeTask, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        name = await workers.start(task("inspect", guest={"do": "hang"}), {})
        with pytest.raises(Temporary, match="was not seen to end"):
            await workers.start(task(attempt=2), {})
        async for event in workers.events(name):
            if event.type == "hello":
                os.kill(int(str(event.data["pid"])), signal.SIGKILL)
        assert await workers.start(task(attempt=2, zeroed=True), {}) != name
        await workers.stop(f"{name[:-1]}2")

    asyncio.run(scene())


def test_a_lock_that_somebody_else_holds_is_waited_for_and_then_refused(
    workers: LocalWorkers, task: MakeTask, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = lock.take(lock.lock_path(disk.folder), 0)
    assert held is not None
    short = replace(program.limits(), worker_stop_s=0.2)
    monkeypatch.setattr("mtv.converters.worker.local.settings", lambda: short)
    with pytest.raises(Temporary, match="still holds"):
        asyncio.run(workers.start(task(), {}))
    os.close(held)
    monkeypatch.setattr("mtv.converters.worker.local.settings", program.limits)
    assert ended(play(workers, task(zeroed=True))).outcome == "done"


@pytest.mark.parametrize(
    ("op", "remote", "network"), [("inspect", True, [True]), ("inspect", False, [False]), ("transfer", True, [])]
)
def test_a_tools_root_has_the_network_only_for_disks_that_are_read_over_it(
    workers: LocalWorkers, task: MakeTask, disk: Disk, monkeypatch: pytest.MonkeyPatch,
    op: Op, remote: bool, network: list[bool],
) -> None:  # fmt: skip
    asked = list[bool]()

    def command(argv: list[str], *, reads: list[Path], writes: list[Path], network: bool) -> list[str]:
        asked.append(network)
        return ["true"]

    monkeypatch.setattr("mtv.toolsroot.needed", lambda: True)
    monkeypatch.setattr("mtv.toolsroot.command", command)
    made = task(op)
    export = replace(disk.export(), remote=remote)
    play(workers, replace(made, disks=(replace(made.disks[0], export=export),)))
    assert asked == network


def test_a_worker_of_nobody_is_gone(workers: LocalWorkers) -> None:
    async def scene() -> list[Event]:
        assert (await workers.stop("mtv-0123456789-transfer-1")).outcome == "cancelled"
        return [event async for event in workers.events("mtv-0123456789-transfer-1")]

    assert ended(asyncio.run(scene())).outcome == "cancelled"


def test_the_rate_is_changed_while_it_runs(workers: LocalWorkers, task: MakeTask, disk: Disk) -> None:
    async def scene() -> Ended:
        name = await workers.start(task(zeroed=True, rate=1 << 20), {})
        events = list[Event]()
        async for event in workers.events(name):
            if event.type == "hello":
                await workers.control(name, {"rate_bytes_per_s": None})
            events.append(event)
        return ended(events)

    assert asyncio.run(scene()).seconds["total"] < 6  # it would be 12 at the first rate
    assert disk.is_equal()


def test_a_replay_says_the_roots_again_and_a_ticket_is_renewed(
    workers: LocalWorkers, task: MakeTask, disk: Disk
) -> None:
    one = task(zeroed=True, rate=4 << 20)

    async def scene() -> list[Event]:
        name = await workers.start(one, {"ticket": b"old"})
        secret = folders.task_folder(one) / "secrets" / "ticket"
        assert secret.stat().st_mode & 0o777 == 0o600
        events, asked = list[Event](), False
        async for event in workers.events(name):
            if not asked and event.type == "progress" and int(str(event.data["done_bytes"])) > 4 << 20:
                asked = True
                await workers.control(name, {"replay": event.seq, "tickets": {"ticket": "new", "../x": "no"}})
            if event.type == "root" and len([one for one in events if one.type == "root"]) == 0:
                assert secret.read_bytes() == b"new"
            events.append(event)
        assert not secret.exists()
        return events

    roots = [event for event in asyncio.run(scene()) if event.type == "root"]
    assert len(roots) == 2
    assert roots[0].data["root"] != roots[1].data["root"]


ENGINE = """
import asyncio, sys
from tests.converters.worker.conftest import COMMAND
from mtv.converters.worker.local import LocalWorkers
from mtv.model.tasks import Task
from mtv import codec
import json
async def main():
    workers = LocalWorkers(COMMAND)
    name = await workers.start(codec.load(Task, json.loads(sys.argv[1])), {})
    async for event in workers.events(name):
        print(event.type, event.data.get("pid", ""), flush=True)
asyncio.run(main())
"""


def test_workers_end_with_their_engine(task: MakeTask, disk: Disk) -> None:
    disk.options = {"filters": "delay", "options": "rdelay=500ms"}
    argv = [sys.executable, "-c", ENGINE, json.dumps(codec.dump(task(zeroed=True)))]
    path = lock.lock_path(disk.folder)
    with process.running(argv, out=process_pipe(read := os.pipe()), env={"PYTHONPATH": str(Path.cwd())}) as engine:
        os.close(read[1])
        with os.fdopen(read[0]) as said:
            assert said.readline().startswith("hello")
            assert process.tagged(lock.TAG, str(path))
            os.kill(engine.pid, signal.SIGKILL)
    held = lock.take(path, 10)
    assert held is not None
    os.close(held)
    assert process.tagged(lock.TAG, str(path)) == []


def process_pipe(ends: tuple[int, int]) -> int:
    return ends[1]


@pytest.mark.parametrize(
    ("text", "code"),
    [("{", "worker.task"), ("[]", "worker.protocol"), ('{"protocol": 2}', "worker.protocol"),
     ('{"protocol": 1, "run": "r"}', "codec.shape"), ("[" * 100_000, "worker.task"), (" " * 950_000, "worker.task")],
)  # fmt: skip
def test_a_task_of_another_shape_ends_permanent(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "TASK.json").write_text(text)
    with pytest.raises(Refused) as caught:
        folders.read_task(tmp_path)
    assert caught.value.fault.code == code


def test_an_unknown_key_ends_permanent(workers: LocalWorkers, task: MakeTask, tmp_path: Path) -> None:
    data: dict[str, Json] = {**codec.dump(task()), "color": "blue"}
    (tmp_path / "TASK.json").write_text(json.dumps(data))
    done = process.run([*COMMAND, str(tmp_path)])
    end = json.loads(done.out.splitlines()[-1])
    assert (end["type"], end["outcome"]) == ("end", "permanent")
    assert "color" in end["fault"]["text"]
    assert done.err == ""


def test_too_large_a_task_is_not_started(workers: LocalWorkers, task: MakeTask) -> None:
    with pytest.raises(MtvError, match="921600 are allowed"):
        asyncio.run(workers.start(task(guest={"x": "y" * 1_000_000}), {}))


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "x" * 101])
def test_a_secret_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secrets").mkdir()
    with pytest.raises(Refused, match="secret"):
        folders.write_secret(tmp_path, name, b"")


def test_the_folder_one_stands_in_shadows_no_module(
    workers: LocalWorkers, task: MakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else may have written the folder in which `mtv run` is typed."""
    for name in ("json", "socket", "queue", "mtv"):
        (tmp_path / f"{name}.py").write_text("import os\nopen('was-here', 'w').close()\nos._exit(9)\n")
    monkeypatch.chdir(tmp_path)
    assert ended(play(LocalWorkers(), task("journal"))).outcome == "done"
    assert not (tmp_path / "was-here").exists()
