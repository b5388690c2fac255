import socket
import threading
from pathlib import Path

import pytest

from mtv.converters.boot import agent as module
from mtv.converters.boot.agent import Agent
from mtv.errors import MtvError, Temporary
from tests.converters.boot.fake_agent import Failing, fake_agent, programs


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agent.sock"


def test_answers_after_what_was_left_in_the_channel(path: Path) -> None:
    left = b'{"return": {}}\n{"half of a li'
    with fake_agent(path, {}, before=left), Agent(path) as agent:
        assert agent.answers(5)


def test_one_that_sleeps_does_not_answer_and_may_wake(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SYNC_EVERY_S", 0.0)
    with fake_agent(path, {}, deaf=2) as fake, Agent(path) as agent:
        assert [agent.answers(0.2) for _ in range(3)] == [False, False, True]
        assert fake.heard == ["guest-sync-delimited"] * 3


def test_it_is_not_asked_again_at_once(path: Path) -> None:
    """What is sent to a guest that is not up waits there, and is all answered later."""
    with fake_agent(path, {}, deaf=9) as fake, Agent(path) as agent:
        assert [agent.answers(0.01) for _ in range(5)] == [False] * 5
        assert fake.heard == ["guest-sync-delimited"]


def test_a_late_answer_to_an_earlier_number_is_no_answer(path: Path) -> None:
    with fake_agent(path, {}, before=b'\xff{"return": 7}\n', deaf=9), Agent(path) as agent:
        assert not agent.answers(0.1)


def test_asking(path: Path) -> None:
    answers = {"guest-get-host-name": {"host-name": "web"}, "guest-get-users": Failing("not today")}
    with fake_agent(path, answers), Agent(path) as agent:
        assert agent.answers(5)
        assert agent.ask("guest-get-host-name") == {"host-name": "web"}
        with pytest.raises(MtvError, match="guest-get-users: not today") as refused:
            agent.ask("guest-get-users")
        assert refused.value.fault.code == "agent.refused"
        with pytest.raises(MtvError, match="not been found"):
            agent.ask("guest-get-vcpus")


def test_silence_has_a_limit(path: Path) -> None:
    with fake_agent(path, {}, deaf=1), Agent(path) as agent, pytest.raises(Temporary) as silent:
        agent.ask("guest-info", answer_s=0.1)
    assert silent.value.fault.code == "agent.silent"


def test_an_answer_that_comes_late_is_not_taken_for_the_next_ones(path: Path) -> None:
    def slow(_: object) -> object:
        late.wait(5)
        return "late"

    late = threading.Event()
    with fake_agent(path, {"slow": slow, "quick": "quick"}), Agent(path) as agent:
        with pytest.raises(Temporary):
            agent.ask("slow", answer_s=0.05)
        with pytest.raises(Temporary, match="earlier answer"):
            agent.ask("quick", answer_s=0.05)
        late.set()
        assert agent.ask("quick") == "quick"


def test_programs_that_do_not_end(path: Path) -> None:
    answers = {"guest-exec": {"pid": 1}, "guest-exec-status": {"exited": False}, "guest-info": {}}
    with fake_agent(path, answers), Agent(path) as agent:
        with pytest.raises(MtvError, match="did not end") as error:
            agent.run("sleep", "9", answer_s=0.01)
        assert not isinstance(error.value, Temporary), "the agent itself is well"
        assert agent.ask("guest-info") == {}


def test_programs(path: Path) -> None:
    with fake_agent(path, programs({"ip -j": "[]"})), Agent(path) as agent:
        assert agent.run("ip", "-j", "route") == b"[]"
        with pytest.raises(MtvError, match="Failed to execute"):
            agent.run("lsblk")


@pytest.mark.parametrize("status", [{"exited": True, "exitcode": 1}, {"exited": True}])
def test_programs_that_fail(path: Path, status: object) -> None:
    answers = {"guest-exec": {"pid": 1}, "guest-exec-status": status}
    with fake_agent(path, answers), Agent(path) as agent, pytest.raises(MtvError, match="ended with"):
        agent.run("false")


@pytest.mark.parametrize("data", [None, 5, "!", "A"])
def test_programs_whose_output_is_no_output(path: Path, data: object) -> None:
    answers = {"guest-exec": {"pid": 1}, "guest-exec-status": {"exited": True, "exitcode": 0, "out-data": data}}
    with fake_agent(path, answers), Agent(path) as agent:
        assert agent.run("x") == b""


def test_no_channel(path: Path) -> None:
    with pytest.raises(Temporary, match="no channel"):
        Agent(path)


def test_a_channel_that_ends(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        with Agent(path) as agent:
            listener.accept()[0].close()
            with pytest.raises(Temporary, match="channel"):
                agent.answers(5)
            with pytest.raises(Temporary, match="channel"):
                agent.ask("guest-info")
