"""A packed stream decoded whole to a raw file, hashed, through its reader; and the same by qemu-img, to compare with.

made = packed(folder, "guest.raw"); decode(made, folder, folder / "a.raw"); run(peer(made, folder / "b.raw"))
"""

import json
import os
import tarfile
import threading
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from blake3 import blake3

from mtv.model.points import Export
from mtv.providers.ova.reading.readers import Sparse
from mtv.providers.ova.reading.stored import stored
from mtv.settings import settings
from tests.providers.ova.asking import exports, opened
from tests.providers.ova.builders import Vmware, converted, disk


def packed(folder: Path, source: Path) -> Export:
    """A raw disk as the streamOptimized member of an OVA in that folder."""
    text = replace(Vmware(), disks=disk(capacity=source.stat().st_size)).text().encode()
    image = converted(source, "packed.vmdk", "vmdk", "subformat=streamOptimized")
    with tarfile.open(folder / "web.ova", "w", format=tarfile.GNU_FORMAT) as out:
        member = tarfile.TarInfo("web.ovf")
        member.size = len(text)
        out.addfile(member, BytesIO(text))
        out.add(image, "web-disk1.vmdk")
    image.unlink()
    return exports(folder / "web.ova")[0]


def decode(export: Export, scratch: Path, target: Path) -> dict[int, bytes]:
    """As the transfer does it: its number of threads, blocks of 1 MiB, a hash for each."""
    step, hashes, lock = settings().block_bytes, dict[int, bytes](), threading.Lock()
    with opened(export, scratch) as reader, target.open("wb") as out:
        assert isinstance(reader, Sparse)
        out.truncate(export.size_bytes)
        places = (at // step for one in reader.extents() for at in range(one.offset, one.offset + one.length, 4096))
        numbers = iter(dict.fromkeys(places))

        def work() -> None:
            buffer = memoryview(bytearray(step))
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                view = buffer[: min(step, export.size_bytes - number * step)]
                reader.read_into(number * step, view)
                hashes[number] = blake3(view).digest()
                os.pwrite(out.fileno(), view, number * step)

        threads = [threading.Thread(target=work) for _ in range(settings().threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return hashes


def peer(export: Export, target: Path) -> list[str]:
    """qemu-img's command for the same: it reads the member in place, too."""
    piece = stored(export).pieces[0]
    file = {"driver": "file", "filename": piece.path}
    part = {"driver": "raw", "offset": piece.offset, "size": piece.length, "file": file}
    return ["qemu-img", "convert", "-O", "raw", "json:" + json.dumps({"driver": "vmdk", "file": part}), str(target)]
