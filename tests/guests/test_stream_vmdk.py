"""Our streamOptimized writer against QEMU's reader."""

import random
import subprocess
from pathlib import Path

import pytest

from tests.guests.stream_vmdk import GRAIN, GRAINS_PER_TABLE, write_stream_vmdk

TABLE_BYTES = GRAIN * GRAINS_PER_TABLE


@pytest.mark.parametrize("size", [GRAIN, TABLE_BYTES, 3 * TABLE_BYTES + 5 * GRAIN])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_qemu_reads_back_what_was_written(tmp_path: Path, size: int, seed: int) -> None:
    raw, vmdk = tmp_path / "disk.raw", tmp_path / "disk.vmdk"
    draw = random.Random(seed)
    with raw.open("wb") as disk:
        disk.truncate(size)
        for _ in range(seed * 10 - 10):  # seed 1: an empty disk
            disk.seek(draw.randrange(size - 5000))
            disk.write(draw.randbytes(5000))
    write_stream_vmdk(raw, vmdk)
    compare = ["qemu-img", "compare", "-f", "raw", "-F", "vmdk", str(raw), str(vmdk)]
    assert subprocess.run(compare, capture_output=True, text=True, check=False).stdout == "Images are identical.\n"
    assert b"KDMV" in vmdk.read_bytes()[-1024:-512]  # the footer, then the end of the stream


def test_half_a_grain_is_refused(tmp_path: Path) -> None:
    raw = tmp_path / "disk.raw"
    raw.write_bytes(bytes(GRAIN // 2))
    with pytest.raises(ValueError, match="multiple"):
        write_stream_vmdk(raw, tmp_path / "disk.vmdk")
