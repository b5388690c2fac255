"""A task's folder, SCRATCH/tasks/STEP-ATTEMPT: TASK.json, control.json, secrets/ and the worker's log. The engine
writes it, the worker reads it; nothing in it is readable by others."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from mtv import codec
from mtv.errors import MtvError, Refused
from mtv.model.estate import Json
from mtv.model.tasks import PROTOCOL, TASK_LIMIT_BYTES, Task

CONTROL_LIMIT_BYTES = 64 << 10
_SECRET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def task_folder(task: Task) -> Path:
    step = re.sub(r"[^A-Za-z0-9._-]+", "-", task.step)
    return Path(task.scratch) / "tasks" / f"{step}-{task.attempt}"


def write_task(task: Task, secrets: Mapping[str, bytes]) -> Path:
    """Its folder, made anew. Raises MtvError `worker.task-size`."""
    data = json.dumps(codec.dump(task)).encode()
    if len(data) > TASK_LIMIT_BYTES:
        raise MtvError(
            "worker.task-size", f"{task.name}: the task of {task.step} has {len(data)} bytes, {TASK_LIMIT_BYTES} are"
            " allowed", "its list of extents is too long: let the next pass compare the whole disk",
        )  # fmt: skip
    folder = task_folder(task)
    (folder / "secrets").mkdir(mode=0o700, parents=True, exist_ok=True)
    for place in (folder.parent, folder, folder / "secrets"):
        place.chmod(0o700)
    (folder / "control.json").unlink(missing_ok=True)
    for name, value in secrets.items():
        write_secret(folder, name, value)
    write_file(folder / "TASK.json", data)
    return folder


def read_task(folder: Path) -> Task:
    """Raises Refused `worker.task` for anything that is not a task of this protocol."""
    path = folder / "TASK.json"
    try:
        with path.open("rb") as file:
            data = file.read(TASK_LIMIT_BYTES + 1)
        if len(data) > TASK_LIMIT_BYTES:
            raise Refused("worker.task", f"{path} is over {TASK_LIMIT_BYTES} bytes")
        found = json.loads(data)
    except (OSError, ValueError, RecursionError) as error:
        raise Refused("worker.task", f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict) or found.get("protocol") != PROTOCOL:
        spoken = found.get("protocol") if isinstance(found, dict) else None
        raise Refused("worker.protocol", f"{path} speaks protocol {spoken!r}, this worker speaks {PROTOCOL}")
    return codec.load(Task, found, "task")


def write_secret(folder: Path, name: str, value: bytes) -> None:
    """Raises Refused `worker.secret` for a name that would leave the folder."""
    if not _SECRET.fullmatch(name):
        raise Refused("worker.secret", f"'{name}' cannot be the name of a secret's file")
    write_file(folder / "secrets" / name, value)


def drop_secrets(folder: Path) -> None:
    """Once the worker has ended nobody needs them."""
    for path in (folder / "secrets").glob("*"):
        path.unlink()


def write_file(path: Path, data: bytes) -> None:
    """Whole or not at all, for the owner's eyes only."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    new.replace(path)


def write_control(folder: Path, message: Mapping[str, Json]) -> None:
    write_file(folder / "control.json", json.dumps(message).encode())


def read_control(folder: Path) -> Mapping[str, Json]:
    """What the engine wants by now; nothing while there is no such file, or none that can be understood."""
    try:
        with (folder / "control.json").open("rb") as file:
            found = json.loads(file.read(CONTROL_LIMIT_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
