"""The operation `reach`: who answers, and why the others do not."""

import socket
from pathlib import Path

import pytest

from mtv.converters.worker.job import Job
from mtv.converters.worker.reaching import ADDRESSES, reach
from mtv.errors import MtvError
from mtv.model.estate import Json
from mtv.model.tasks import Task


def job(folder: Path, addresses: Json) -> Job:
    task = Task(run="r", vm="check", name="check", step="reach", attempt=1, epoch=1, op="reach", disks=(),
                guest={"addresses": addresses})  # fmt: skip
    return Job(
        task=task, folder=folder, scratch=folder, openers={}, checks={}, say=lambda kind, data: None,
        stopping=lambda: False, rate_bytes_per_s=lambda: None,
    )  # fmt: skip


def test_those_that_do_not_answer_are_told_with_their_reason(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as closed:
        open_, shut = server.getsockname()[1], closed.getsockname()[1]
        closed.close()
        asked: list[Json] = [f"127.0.0.1:{open_}", f"127.0.0.1:{shut}", "no-such-host.invalid:443", "127.0.0.1:many"]
        assert reach(job(tmp_path, asked)) == {
            "refused": {
                f"127.0.0.1:{shut}": "connection refused",
                "no-such-host.invalid:443": "no such name",
                "127.0.0.1:many": "no such port",
            }
        }


@pytest.mark.parametrize("addresses", [None, "127.0.0.1:1", ["127.0.0.1:1"] * (ADDRESSES + 1)])
def test_a_task_that_names_none_or_too_many_is_refused(tmp_path: Path, addresses: Json) -> None:
    with pytest.raises(MtvError, match="names no addresses, or more than"):
        reach(job(tmp_path, addresses))
