"""A task on its way to its worker: what was meant comes back, anything else is refused."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mtv import codec
from mtv.converters.worker import folders
from mtv.converters.worker.local import LocalWorkers
from mtv.errors import Refused
from mtv.model.estate import Json
from mtv.model.points import Export, Extent
from mtv.model.tasks import Task, TaskDisk
from mtv.model.volumes import Volume
from mtv.providers.workers import Workers

words = st.text(min_size=1, max_size=20)
sizes = st.integers(0, 1 << 50)
exports = st.builds(
    Export, id=words, kind=st.sampled_from(["random", "stream"]), way=words, size_bytes=sizes, identity=words,
    params=st.dictionaries(words, st.none() | st.integers() | words, max_size=3), secrets=st.tuples(words),
    paths=st.tuples(words),
)  # fmt: skip
volumes = st.builds(
    Volume, id=words, disk=words, index=st.integers(0, 60), size_bytes=sizes, format=words, path=words, identity=words,
    zeroed=st.booleans(),
)  # fmt: skip
disks = st.builds(
    TaskDisk, id=words, size_bytes=sizes, export=st.none() | exports, volume=st.none() | volumes,
    extents=st.none() | st.lists(st.builds(Extent, sizes, sizes, st.booleans()), max_size=3).map(tuple),
)  # fmt: skip
tasks = st.builds(
    Task, run=words, vm=words, name=words, step=st.text("abc d/.", min_size=1, max_size=9), attempt=st.integers(1, 99),
    epoch=st.integers(0, 99), op=st.sampled_from(["inspect", "transfer", "verify", "convert", "journal"]),
    disks=st.lists(disks, max_size=3).map(tuple), pass_=st.integers(0, 99), rate_bytes_per_s=st.none() | sizes,
)  # fmt: skip

TYPED = ("attempt", "disks", "epoch", "op", "pass_", "protocol", "rate_bytes_per_s")

many = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@many
@given(tasks)
def test_a_task_comes_back_equal_and_stays_in_its_scratch(tmp_path: Path, task: Task) -> None:
    placed = codec.load(Task, {**codec.dump(task), "scratch": str(tmp_path)})
    folder = folders.write_task(placed, {"ticket": b"secret"})
    assert folders.read_task(folder) == placed
    assert folder.resolve().is_relative_to(tmp_path)
    assert {path.stat().st_mode & 0o77 for path in folder.rglob("*")} == {0}
    folders.drop_secrets(folder)
    assert not list((folder / "secrets").iterdir())


@many
@given(tasks, st.data())
def test_anything_else_is_refused(tmp_path: Path, task: Task, draw: st.DataObject) -> None:
    data: dict[str, Json] = codec.dump(task)
    key = draw.draw(st.sampled_from(sorted(data)))
    how = draw.draw(st.sampled_from(["more", "other", "cut"]))
    if how == "more":
        data[f"{key}x"] = 1
    elif how == "other":
        data[draw.draw(st.sampled_from(TYPED))] = [{"nobody": "knows"}]
    text = json.dumps(data)
    (tmp_path / "TASK.json").write_text(text[: len(text) // 2] if how == "cut" else text)
    with pytest.raises(Refused):
        folders.read_task(tmp_path)


@many
@given(st.binary(max_size=300))
def test_control_files_of_any_bytes_are_survived(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "control.json").write_bytes(data)
    assert isinstance(folders.read_control(tmp_path), dict)


def test_local_workers_are_workers() -> None:
    assert isinstance(LocalWorkers(), Workers)
