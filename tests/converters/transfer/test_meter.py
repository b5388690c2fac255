"""What is told of a copy's bytes: no total before all of it is counted."""

import pytest

from mtv.converters.transfer.meter import Meter
from tests.converters.transfer.disks import Disk


def test_a_total_is_counted_when_somebody_says_so() -> None:
    meter = Meter("d0")
    assert not meter.progress.counted, "a disk that waits for its turn"
    meter.begin("copy")
    meter.total(100, counted=False)
    assert (meter.progress.total_bytes, meter.progress.counted) == (100, False)
    meter.total(300)
    assert (meter.progress.total_bytes, meter.progress.counted) == (300, True)
    meter.begin("verify", total_bytes=0)
    assert meter.progress.counted, "there is nothing to read"


def test_what_a_stream_brought_is_its_total() -> None:
    meter = Meter("d0")
    meter.begin("copy")
    meter.read(70)
    assert not meter.progress.counted
    meter.count_done()
    assert (meter.progress.total_bytes, meter.progress.counted) == (70, True)


@pytest.mark.parametrize("way", ["test.file", "test.nbdkit", "test.stream"])
def test_at_its_end_a_copy_is_told_with_its_whole_total(disk: Disk, way: str) -> None:
    disk.way = way
    disk.transfer(zeroed=True)
    last = [data for kind, data in disk.events if kind == "progress"][-1]
    assert (last["counted"], last["done_bytes"]) == (True, last["total_bytes"])
