"""A worker's folder in its Pod: the task and its secrets are links to what the kubelet mounts, which it renews."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mtv import codec
from mtv.errors import Refused
from mtv.model.estate import Json
from mtv.model.tasks import TASK_LIMIT_BYTES, Task
from mtv.providers.kubevirt.connect.address import IN_CLUSTER, Address
from mtv.providers.kubevirt.connect.inside import find
from mtv.providers.kubevirt.wire.api import Api
from mtv.providers.kubevirt.wire.line import hasty
from mtv.settings import settings


def link(task_folder: Path, work: Path) -> Task:
    """The task. Raises Refused `worker.task`."""
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("TASK.json", "secrets"):
        (work / name).unlink(missing_ok=True)
        (work / name).symlink_to(task_folder / name)
    try:
        with (work / "TASK.json").open("rb") as file:
            return codec.load(Task, json.loads(file.read(TASK_LIMIT_BYTES + 1)), "task")
    except (OSError, ValueError, RecursionError) as error:
        raise Refused("worker.task", f"{task_folder}/TASK.json cannot be read: {error}") from error


@contextmanager
def connected(namespace: str) -> Iterator[Api]:
    """By the Pod's account, and hasty."""
    api = Api(find(Address(IN_CLUSTER, "", namespace)), hasty(settings()))
    try:
        yield api
    finally:
        api.close()


def pass_on(work: Path, control: Mapping[str, Json]) -> None:
    """As control.json, whole or not at all."""
    new = work / ".control.json.new"
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(dict(control), file)
    new.replace(work / "control.json")
