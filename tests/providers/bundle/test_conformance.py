"""A bundle keeps every promise of a target that stores and does not run."""

from pathlib import Path

from mtv.model.volumes import VolumeSpec
from mtv.providers.base import Capabilities
from mtv.providers.bundle import Bundle
from mtv.providers.testing import TargetBench, target_suite


def bench(folder: Path, to: str) -> TargetBench:
    spec = VolumeSpec(run="p-1", vm="src/vm-1", machine="web 1", disk="2000", index=0, size_bytes=1 << 20, to=to)
    return TargetBench(open=lambda: Bundle("dst", str(folder)), spec=spec, documents=[{"kind": "VirtualMachine"}])


test_raw = target_suite(lambda folder: bench(folder, "raw"), Capabilities(machines=True))
test_qcow2 = target_suite(lambda folder: bench(folder, "qcow2"), Capabilities(machines=True))
