"""Dataclasses survive the way to JSON and back; strangers' keys do not."""

import json

import pytest

from mtv import codec
from mtv.errors import Refused
from mtv.model.estate import VM, Concern, Disk, Json, Level
from mtv.model.points import Export, Extent
from mtv.model.tasks import Task, TaskDisk


def test_a_vm_comes_back_equal() -> None:
    vm = VM(source="s", id="1", name="ü", disks=(Disk(key="a", size_bytes=5),), tags={"a": "b"},
            concerns=(Concern(id="x.y", level=Level.INFO, text="t"),))  # fmt: skip
    assert codec.load(VM, json.loads(json.dumps(codec.dump(vm)))) == vm


def test_a_task_comes_back_equal() -> None:
    export = Export(id="e", kind="random", way="memory", size_bytes=3, identity="i", params={"a": [1, {"b": None}]})
    disk = TaskDisk(id="a", size_bytes=3, export=export, extents=(Extent(0, 3),))
    task = Task(
        run="r", vm="s/1", name="n", step="transfer", attempt=1, epoch=1, op="transfer", disks=(disk,), guest={"x": [1]}
    )
    assert codec.load(Task, json.loads(json.dumps(codec.dump(task)))) == task


def test_an_unknown_key_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="sizes"):
        codec.load(Disk, {"key": "a", "sizes": 3})


def test_a_wrong_type_is_refused() -> None:
    with pytest.raises(Refused):
        codec.load(Disk, {"key": "a", "size_bytes": "many"})


@pytest.mark.parametrize("data", [[], "text", 5, None])
def test_what_is_no_mapping_is_refused(data: Json) -> None:
    with pytest.raises(Refused):
        codec.load(Disk, data)
