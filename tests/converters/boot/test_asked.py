"""Bundles whose manifests leave to a cluster what the hardware is, or make the claims themselves."""

from pathlib import Path
from typing import Any

import pytest

from mtv.converters.boot.manifest import read
from mtv.converters.manifests import documents
from mtv.errors import Refused
from mtv.formats.kubeyaml import dump
from tests.converters.boot.test_manifest import bundle
from tests.converters.manifests.estate import CASES, volumes


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_golden_bundle_can_be_read(tmp_path: Path, name: str) -> None:
    wanted, _ = CASES[name]
    hardware = read(bundle(tmp_path, name))
    assert hardware.cpus == wanted.vm.cpus
    assert hardware.memory_bytes == wanted.vm.memory_bytes
    assert [drive.path.name for drive in hardware.drives] == [f"disk{n}.raw" for n in range(len(wanted.vm.disks))]
    assert len(hardware.cards) == len(wanted.vm.nics)


@pytest.mark.parametrize("metadata", [{"name": 5}, {"annotations": 5}, {"name": "x", "annotations": {"mtv/disk": 5}}])
def test_templates_of_strangers(tmp_path: Path, metadata: dict[str, Any]) -> None:
    wanted, guest = CASES["asked"]
    folder = bundle(tmp_path, "asked")
    made: Any = documents(wanted, guest, volumes(wanted.vm))
    made[-1]["spec"]["dataVolumeTemplates"][0]["metadata"] = metadata
    (folder / "vm.yaml").write_bytes(dump(made))
    with pytest.raises(Refused) as error:
        read(folder)
    assert error.value.fault.code == "boot.manifest"


@pytest.mark.parametrize("cpus", ["", "x", "99999", "-1"])
def test_numbers_of_strangers(tmp_path: Path, cpus: str) -> None:
    wanted, guest = CASES["asked"]
    folder = bundle(tmp_path, "asked")
    made: Any = documents(wanted, guest, volumes(wanted.vm))
    made[-1]["metadata"]["annotations"]["mtv/cpus"] = cpus
    (folder / "vm.yaml").write_bytes(dump(made))
    assert read(folder).cpus == 1
